"""Running text: headings, paragraphs, lists, callouts."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from clinval.report.pdf.boxes import Box
from clinval.report.pdf.styles import (
    BLUE,
    INK,
    TONE_BAR,
    TONE_TEXT,
    TONE_TINT,
    WHITE,
    WIDTH,
    Style,
    Styles,
)
from clinval.report.pdf.text import Line, lay, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clinval.report.blocks import (
        Bullets,
        Callout,
        Heading,
        NotSupplied,
        Paragraph,
        Rich,
        Tone,
    )
    from clinval.report.pdf.surface import Surface

__all__ = [
    "CalloutBox",
    "HeadingBox",
    "TextBox",
    "bullets",
    "callout",
    "heading",
    "not_supplied",
    "paragraph",
]

_ALONE = 2  # lines of a paragraph that may not stand alone on a page
_INDENT = 12.0

# The strokes of a tick, a cross and an i, from the middle of their disc.
_SIGNS: dict[Tone, tuple[list[tuple[float, float]], ...]] = {
    "good": ([(-2.8, 0.2), (-0.8, 2.3), (2.9, -2.2)],),
    "bad": ([(-2.2, -2.2), (2.2, 2.2)], [(-2.2, 2.2), (2.2, -2.2)]),
    "neutral": ([(0, -0.8), (0, 3.0)], [(0, -3.1), (0, -2.3)]),
}


class TextBox(Box):
    """Lines of text in one style, cut between lines."""

    def __init__(
        self,
        lines: Sequence[Line],
        style: Style,
        *,
        indent: float = 0.0,
        bullet: bool = False,
        tags: tuple[tuple[str, object], ...] = (),
    ) -> None:
        self._lines = lines
        self._style = style
        self._indent = indent
        self._bullet = bullet
        self._tags = tags or (("P", object()),)
        self.height = len(lines) * style.leading

    @property
    def least(self) -> float:
        """A paragraph begins with two lines, or whole."""
        whole = len(self._lines) < 2 * _ALONE
        return self.height if whole else _ALONE * self._style.leading

    def split(self, room: float) -> tuple[Box, Box] | None:
        """Cut between lines, leaving no line alone."""
        fitting = int((room + 0.01) / self._style.leading)
        fitting = min(fitting, len(self._lines) - _ALONE)
        if fitting < _ALONE:
            return None
        first = TextBox(
            self._lines[:fitting],
            self._style,
            indent=self._indent,
            bullet=self._bullet,
            tags=self._tags,
        )
        rest = TextBox(self._lines[fitting:], self._style, indent=self._indent, tags=self._tags)
        first.before, rest.after, rest.keep = self.before, self.after, self.keep
        return first, rest

    def records(self) -> Iterable[str]:
        """Return the records of the numbers in its lines."""
        return records(self._lines)

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the lines."""
        if self._bullet:
            surface.circle(x + 4, top + self._style.leading / 2, 1.5, fill=BLUE)
        with ExitStack() as stack:
            for tag, key in self._tags:
                stack.enter_context(surface.element(tag, key=key))
            surface.lines(x + self._indent, top, WIDTH - self._indent, self._lines, self._style)


class HeadingBox(Box):
    """A heading: an anchor, a line of the outline, and never the last thing on a page."""

    keep = True

    def __init__(self, block: Heading, styles: Styles, language: str) -> None:
        self._style = styles.headings[block.level - 1]
        self._lines = lay(block.text, self._style, WIDTH, language)
        self._block = block
        self.before = (26.0, 18.0, 13.0)[block.level - 1]
        self.after = (8.0, 5.0, 3.0)[block.level - 1]
        self.height = len(self._lines) * self._style.leading

    def anchors(self) -> Iterable[str]:
        """Return the heading's anchor."""
        return (self._block.anchor,)

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the heading and enter it into the outline."""
        surface.anchor(self._block.anchor, top)
        with surface.heading(self._block.text, self._block.anchor, self._block.level):
            surface.lines(x, top, WIDTH, self._lines, self._style)


class CalloutBox(Box):
    """A tinted box with a coloured bar; cut between lines when it must be."""

    before = after = 10.0
    _PAD = 9.0
    _LEFT = 30.0

    def __init__(
        self, title: Sequence[Line], text: Sequence[Line], tone: Tone, styles: tuple[Style, Style]
    ) -> None:
        self._title, self._text, self._tone, self._styles = title, text, tone, styles
        gap = 2.0 if title and text else 0.0
        self._gap = gap
        self.height = (
            len(title) * styles[0].leading + gap + len(text) * styles[1].leading + 2 * self._PAD
        )

    @property
    def least(self) -> float:
        """A callout moves to the next page whole, unless it is longer than a few lines."""
        extra = max(len(self._text) - 8, 0) * self._styles[1].leading
        return self.height - extra

    def split(self, room: float) -> tuple[Box, Box] | None:
        """Cut between lines of the text."""
        fixed = self.height - len(self._text) * self._styles[1].leading
        fitting = int((room - fixed) / self._styles[1].leading)
        fitting = min(fitting, len(self._text) - _ALONE)
        if fitting < _ALONE:
            return None
        first = CalloutBox(self._title, self._text[:fitting], self._tone, self._styles)
        return first, CalloutBox((), self._text[fitting:], self._tone, self._styles)

    def records(self) -> Iterable[str]:
        """Return the records of the numbers in its text."""
        return records(self._text)

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the box, its bar, its sign and its words."""
        surface.box(x, top, WIDTH, self.height, fill=TONE_TINT[self._tone])
        surface.box(x, top, 3.0, self.height, fill=TONE_BAR[self._tone])
        left, width = x + self._LEFT, WIDTH - self._LEFT - 14
        y = top + self._PAD
        if self._title:
            sign(surface, x + 17, y + self._styles[0].leading / 2, self._tone)
            with surface.element("P"):
                y = surface.lines(left, y, width, self._title, self._styles[0]) + self._gap
        with surface.element("P"):
            surface.lines(left, y, width, self._text, self._styles[1])


def sign(surface: Surface, x: float, y: float, tone: Tone) -> None:
    """Draw a tick, a cross or an i in a disc: the tone for those who print in grey."""
    surface.circle(x, y, 6.0, fill=TONE_TEXT[tone])
    for points in _SIGNS[tone]:
        surface.path([(x + dx, y + dy) for dx, dy in points], stroke=WHITE, line=1.3)


def heading(block: Heading, styles: Styles, language: str) -> list[Box]:
    """Return the box of a heading."""
    return [HeadingBox(block, styles, language)]


def paragraph(block: Paragraph, styles: Styles, language: str) -> list[Box]:
    """Return the box of a paragraph."""
    style = {"body": styles.body, "lead": styles.lead, "note": styles.note}[block.style]
    box = TextBox(lay(block.text, style, WIDTH, language), style)
    box.after = {"body": 6.0, "lead": 9.0, "note": 5.0}[block.style]
    return [box]


def bullets(block: Bullets, styles: Styles, language: str) -> list[Box]:
    """Return a box for each item of a list."""
    whole = object()
    return [_bullet(item, styles.body, language, whole) for item in block.items]


def _bullet(item: Rich, style: Style, language: str, whole: object) -> Box:
    lines = lay(item, style, WIDTH - _INDENT, language)
    tags = (("L", whole), ("LI", object()), ("LBody", object()))
    box = TextBox(lines, style, indent=_INDENT, bullet=True, tags=tags)
    box.after = 3.0
    return box


def not_supplied(block: NotSupplied, styles: Styles, language: str) -> list[Box]:
    """Return the box that says what the study does not say."""
    style = styles.body.but(color=INK, justify=False)
    width = WIDTH - CalloutBox._LEFT - 14  # noqa: SLF001 - the box's own inset
    return [CalloutBox((), lay(block.text, style, width, language), "neutral", (style, style))]


def callout(block: Callout, styles: Styles, language: str) -> list[Box]:
    """Return the box of a callout."""
    title = styles.body.but(
        size=11, leading=styles.body.leading + 1, bold=True, color=TONE_TEXT[block.tone],
        justify=False,
    )  # fmt: skip
    text = styles.body.but(color=INK)
    width = WIDTH - CalloutBox._LEFT - 14  # noqa: SLF001 - the box's own inset
    lines = lay(block.text, text, width, language) if block.text else ()
    return [CalloutBox(lay(block.title, title, width, language), lines, block.tone, (title, text))]
