"""Questions of a paper form: what is asked at the left, where it is answered at the right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clinval.report.pdf import fonts
from clinval.report.pdf.boxes import Box
from clinval.report.pdf.styles import FAINT, HAIR, INK, MUTED, NAVY, WHITE, WIDTH, Style
from clinval.report.pdf.text import Line, lay, natural_width
from clinval.report.pdf.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinval.report.blocks import Answer, Question, Questions
    from clinval.report.pdf.styles import Styles
    from clinval.report.pdf.surface import Surface

__all__ = ["QuestionsBox", "questions"]

_NUMBER, _ASKED, _MISSING = 20.0, 186.0, 36.0  # widths of the columns
_GAP, _PAD = 12.0, 3.8
_CODE_LINE = 10.5  # between the codes for a missing answer
_CELL, _CELL_HEIGHT = 12.5, 15.0  # a box for one character
_SQUARE = 8.0  # to cross
_LINE = 19.0  # between lines to write on
_APART = 9.0  # between choices side by side
_SIGNED = 50.0  # height of the places to sign
_MANY = 15  # choices: more stand below their question, in two columns as wide as the page


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


class _Row:
    """One question, laid out."""

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
        self._below = len(question.answer.choices) > _MANY
        beside = 0.0 if self._below else _ASKED + _GAP
        self._room = WIDTH - _NUMBER - beside - taken
        self._choices = [self._choice(*choice) for choice in question.answer.choices]
        self._across, self._down = self._arranged()
        asked = sum(len(lines) * style.leading for lines, style in self._left)
        missing, answered = len(question.missing) * _CODE_LINE, self._answer_height()
        below = asked + 3 if self._below else 0.0
        self.height = max(asked, below + answered, missing) + 2 * _PAD

    def _choice(self, code: str, label: str) -> _Choice:
        shown = "" if code.casefold() == label.casefold() else code
        width = natural_width(shown, self._code, self._language) if shown else 0.0
        room = self._room / 2 - _APART if self._below else self._room
        room -= _SQUARE + 5 + (width + 4 if shown else 0)
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
        if self._below:
            self._draw_answer(surface, question.answer, x + _NUMBER, y + 3)
        else:
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
        style = self._code.but(color=INK, leading=_CODE_LINE)
        for code in self._question.missing:
            _square(surface, x, top + _CODE_LINE / 2, 6.5)
            with surface.element("P"):
                line = lay(code, style, 60, self._language)
                top = surface.lines(x + 9, top, 60, line, style, end=" ")


class QuestionsBox(Box):
    """Questions, cut between two of them.

    A page on which they go on begins with their title and with the questions that say what it is
    about, so that a sheet that gets lost is known again.
    """

    before = 6.0

    def __init__(
        self, block: Questions, rows: Sequence[_Row], heads: Sequence[_Row], styles: Styles,
        language: str, *, begun: bool = False,
    ) -> None:  # fmt: skip
        self._block, self._rows, self._heads = block, rows, heads
        self._styles, self._language, self._begun = styles, language, begun
        title = block.title + words(language).continued
        self._title = lay(title, styles.headings[2], WIDTH, language) if begun else ()
        self._labels = [lay(text, styles.dense, WIDTH, language) for text in block.signed]
        self.height = self._frame + sum(row.height for row in rows) + self._signed

    @property
    def _frame(self) -> float:
        if not self._begun:
            return 1.0
        title = len(self._title) * self._styles.headings[2].leading + 4
        return title + sum(row.height for row in self._heads)

    @property
    def _signed(self) -> float:
        return _SIGNED if self._block.signed else 0.0

    @property
    def least(self) -> float:
        """The first question stays with what stands above it."""
        return self._frame + self._rows[0].height

    def split(self, room: float) -> tuple[Box, Box] | None:
        """Cut between questions; the last stays with the signature."""
        used, fitting = self._frame, 0
        for row in self._rows[:-1]:
            used += row.height
            if used > room:
                break
            fitting += 1
        if not fitting:
            return None
        first = QuestionsBox(
            replace(self._block, signed=()), self._rows[:fitting], self._heads, self._styles,
            self._language, begun=self._begun,
        )  # fmt: skip
        rest = QuestionsBox(
            self._block, self._rows[fitting:], self._heads, self._styles, self._language, begun=True
        )
        return first, rest

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the questions, and the places to sign at their end."""
        y = top
        if self._begun:
            with surface.decoration():
                y = surface.lines(x, y, WIDTH, self._title, self._styles.headings[2]) + 4
                for row in self._heads:
                    row.draw(surface, x, y)
                    y += row.height
        surface.rule(x, y, x + WIDTH, y, color=INK, width=0.9)
        for row in self._rows:
            row.draw(surface, x, y)
            y += row.height
        if self._block.signed:
            self._sign(surface, x, y + _SIGNED - 16)

    def _sign(self, surface: Surface, x: float, y: float) -> None:
        each = (WIDTH - _GAP * (len(self._labels) - 1)) / len(self._labels)
        for label in self._labels:
            surface.rule(x, y, x + each, y, color=MUTED, width=0.6)
            with surface.element("P"):
                surface.lines(x, y + 2, each, label, self._styles.dense, end=" ")
            x += each + _GAP


def _square(surface: Surface, x: float, middle: float, size: float = _SQUARE) -> None:
    surface.box(x, middle - size / 2, size, size, fill=WHITE, stroke=INK, line=0.7)


def questions(block: Questions, styles: Styles, language: str) -> list[Box]:
    """Return the box of the questions of a form."""
    rows = [_Row(question, styles, language) for question in block.rows]
    heads = [_Row(_short(question), styles, language) for question in block.rows[: block.heads]]
    return [QuestionsBox(block, rows, heads, styles, language)]


def _short(question: Question) -> Question:
    """Return a question as it stands at the top of a further page: a code of a long list there."""
    if len(question.answer.choices) <= _MANY:
        return question
    return replace(question, answer=replace(question.answer, choices=(), lines=1))
