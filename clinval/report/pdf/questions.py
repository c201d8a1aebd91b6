"""Questions of a paper form: what is asked at the left, where it is answered at the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.report.pdf import fonts
from clinval.report.pdf.boxes import Box
from clinval.report.pdf.styles import FAINT, HAIR, INK, MUTED, NAVY, WHITE, WIDTH, Style
from clinval.report.pdf.text import Line, lay, natural_width

if TYPE_CHECKING:
    from clinval.report.blocks import Answer, Question, Questions
    from clinval.report.pdf.styles import Styles
    from clinval.report.pdf.surface import Surface

__all__ = ["QuestionBox", "questions"]

_NUMBER, _ASKED, _MISSING = 20.0, 196.0, 92.0  # widths of the columns
_GAP, _PAD = 12.0, 5.0
_CELL, _CELL_HEIGHT = 12.5, 15.0  # a box for one character
_SQUARE = 8.0  # to cross
_LINE = 19.0  # between lines to write on
_APART = 9.0  # between choices side by side


@dataclass(frozen=True, slots=True)
class _Choice:
    lines: tuple[Line, ...]
    code: str
    code_width: float

    @property
    def width(self) -> float:
        """The width with its square and its code."""
        label = max(line.width for line in self.lines) if self.lines else 0.0
        return _SQUARE + 5 + label + (self.code_width + 4 if self.code else 0)


class QuestionBox(Box):
    """One question; it is not cut."""

    def __init__(self, question: Question, styles: Styles, language: str) -> None:
        self._question, self._language = question, language
        self._asking = styles.cell.but(bold=True)
        self._cell = styles.cell
        self._detail = styles.dense.but(color=MUTED)
        self._condition = styles.dense.but(color=NAVY, bold=True)
        self._code = Style(size=6.5, leading=styles.cell.leading, color=MUTED)
        self._name = Style(size=6.0, leading=7.5, color=FAINT)
        self._left = [
            (lay(text, style, _ASKED, language), style)
            for text, style in (
                (question.condition, self._condition),
                (question.text, self._asking),
                (question.detail, self._detail),
                (question.name, self._name),
            )
            if text
        ]
        taken = _MISSING if question.missing else 0.0
        self._room = WIDTH - _NUMBER - _ASKED - _GAP - taken
        self._choices = [self._choice(*choice) for choice in question.answer.choices]
        self._across, self._down = self._arranged()
        asked = sum(len(lines) * style.leading for lines, style in self._left)
        self.height = max(asked, self._answer_height()) + 2 * _PAD

    def _choice(self, code: str, label: str) -> _Choice:
        shown = "" if code.casefold() == label.casefold() else code
        width = natural_width(shown, self._code, self._language) if shown else 0.0
        room = self._room - _SQUARE - 5 - (width + 4 if shown else 0)
        return _Choice(lay(label, self._cell, room, self._language), shown, width)

    def _arranged(self) -> tuple[float, int]:
        """Return the width of a column of choices, and how many stand in each."""
        if not self._choices:
            return 0.0, 0
        widest = max(choice.width for choice in self._choices) + _APART
        columns = max(1, min(len(self._choices), int((self._room + _APART) // widest)))
        return max(widest, self._room / columns), -(-len(self._choices) // columns)

    def _answer_height(self) -> float:
        answer = self._question.answer
        if self._choices:
            columns = [
                self._choices[start : start + self._down]
                for start in range(0, len(self._choices), self._down)
            ]
            return max(
                sum(len(choice.lines) * self._cell.leading + 3 for choice in column)
                for column in columns
            )
        return _CELL_HEIGHT + 1 if answer.boxes else answer.lines * _LINE

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the question, the places for its answer and the rule below."""
        question = self._question
        y = top + _PAD
        if question.number:
            with surface.element("P"):
                number = lay(question.number, self._asking, _NUMBER, self._language)
                below = len(self._left[0][0]) * self._condition.leading if question.condition else 0
                surface.lines(x, y + below, _NUMBER, number, self._asking, end=" ")
        for lines, style in self._left:
            with surface.element("P"):
                y = surface.lines(x + _NUMBER, y, _ASKED, lines, style)
        left = x + _NUMBER + _ASKED + _GAP
        self._draw_answer(surface, question.answer, left, top + _PAD)
        if question.missing:
            self._draw_missing(surface, x + WIDTH - _MISSING + 8, top + _PAD)
        bottom = top + self.height
        surface.rule(x, bottom, x + WIDTH, bottom, color=HAIR, width=0.5)

    def _draw_answer(self, surface: Surface, answer: Answer, x: float, top: float) -> None:
        if self._choices:
            for start in range(0, len(self._choices), self._down):
                y = top
                for choice in self._choices[start : start + self._down]:
                    y = self._draw_choice(surface, choice, x, y) + 3
                x += self._across
            return
        if answer.boxes:
            x = self._draw_boxes(surface, answer.boxes, x, top)
        else:
            width = self._room - (natural_width(answer.after, self._cell, self._language) + 6)
            for line in range(1, answer.lines + 1):
                surface.rule(
                    x, top + line * _LINE - 3, x + width, top + line * _LINE - 3,
                    color=FAINT, width=0.6,
                )  # fmt: skip
            x += width
        if answer.after:
            with surface.element("P"):
                lines = lay(answer.after, self._cell, 200, self._language)
                surface.lines(x + 5, top + 2, 200, lines, self._cell)

    def _draw_choice(self, surface: Surface, choice: _Choice, x: float, y: float) -> float:
        middle = y + self._cell.leading / 2
        _square(surface, x, middle)
        with surface.element("P"):
            end = surface.lines(x + _SQUARE + 5, y, self._room, choice.lines, self._cell, end=" ")
            if choice.code:
                after = x + _SQUARE + 5 + choice.lines[-1].width + 4
                code = lay(choice.code, self._code, 300, self._language)
                surface.lines(after, end - self._cell.leading, 300, code, self._code)
        return end

    def _draw_boxes(self, surface: Surface, boxes: str, x: float, top: float) -> float:
        for character in boxes:
            if character == "#":
                surface.box(x, top, _CELL, _CELL_HEIGHT, fill=WHITE, stroke=MUTED, line=0.6)
                x += _CELL
                continue
            width = fonts.measure(character, self._cell.size, language=self._language)
            with surface.decoration():
                line = lay(character, self._cell, 50, self._language)
                surface.lines(x + 2.5, top + 2, 50, line, self._cell)
            x += width + 5
        return x

    def _draw_missing(self, surface: Surface, x: float, top: float) -> None:
        style = self._code.but(color=INK)
        for code in self._question.missing:
            _square(surface, x, top + self._cell.leading / 2, 6.5)
            with surface.element("P"):
                line = lay(code, style, 60, self._language)
                surface.lines(x + 9, top, 60, line, style, end=" ")
            x += 9 + natural_width(code, style, self._language) + 6


def _square(surface: Surface, x: float, middle: float, size: float = _SQUARE) -> None:
    surface.box(x, middle - size / 2, size, size, fill=WHITE, stroke=INK, line=0.7)


def questions(block: Questions, styles: Styles, language: str) -> list[Box]:
    """Return a box for each question."""
    return [QuestionBox(question, styles, language) for question in block.rows]
