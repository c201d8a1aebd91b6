"""Read a report back: every number with its record and page, every figure, the words of a page.

A number is a structure element that is called as its record; what it prints is what is drawn
inside its marks, by the fonts' own maps from codes to characters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinval.report.proof.files import Stopped, opened
from clinval.report.proof.fonts import Decoder
from clinval.report.proof.marks import Marks, marks_of

__all__ = ["Picture", "Reading", "Tagged", "bare", "read"]

_MOST_ELEMENTS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """A number as it is printed: its record, its text without spaces, and its first page."""

    record: str
    text: str
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure: the text that is drawn in it, and the words for those who do not see it."""

    text: str
    alternative: str
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a PDF says.

    Attributes
    ----------
    numbers
        In reading order.
    figures
        In reading order.
    pages
        All text of each page, in the order of drawing.
    """

    numbers: tuple[Tagged, ...]
    figures: tuple[Picture, ...]
    pages: tuple[str, ...]


def read(file: Path | bytes, name: str = "") -> Reading:
    """Read a PDF back.

    Raises
    ------
    ReportError
        When it cannot be read; see :func:`clinval.report.proof.files.opened`. A PDF without
        structure has no numbers.
    """
    with opened(file, name) as pdf:
        fonts: dict[tuple[int, int], Decoder] = {}
        marks = [marks_of(page, fonts) for page in pdf.pages]
        walk = _Walk(pdf, marks)
        walk.elements()
        return Reading(
            numbers=tuple(walk.numbers),
            figures=tuple(walk.figures),
            pages=tuple("".join(page.whole) for page in marks),
        )


def bare(text: str) -> str:
    """Return a text without spaces, line ends and what is not seen, as texts are compared."""
    return "".join(text.replace("\u200b", "").split())


@dataclass(slots=True)
class _Open:
    """A number or figure whose marks are being collected."""

    kind: str
    called: str
    alternative: str
    texts: list[str] = field(default_factory=list)
    page: int = 0


class _Walk:
    """Goes through the structure tree in reading order, however deep or wrong it is."""

    def __init__(self, pdf: Any, marks: list[Marks]) -> None:
        self._root = pdf.Root.get("/StructTreeRoot")
        self._marks = marks
        self._pages = {page.obj.objgen: index for index, page in enumerate(pdf.pages)}
        self._seen: set[tuple[int, int]] = set()
        self.numbers: list[Tagged] = []
        self.figures: list[Picture] = []

    def elements(self) -> None:
        """Collect numbers and figures."""
        if self._root is None:
            return
        waiting: list[tuple[Any, Any, tuple[_Open, ...]] | _Open] = [(self._root, None, ())]
        steps = 0
        while waiting:
            steps += 1
            if steps > _MOST_ELEMENTS:
                raise Stopped("more structure elements than a report has")
            item = waiting.pop()
            if isinstance(item, _Open):
                self._close(item)
            else:
                waiting += reversed(self._inside(*item))

    def _inside(
        self, element: Any, page: Any, around: tuple[_Open, ...]
    ) -> list[tuple[Any, Any, tuple[_Open, ...]] | _Open]:
        """Return what an element contains, to be gone through next; its end closes it."""
        import pikepdf

        if isinstance(element, int):
            self._mark(page, element, around)
            return []
        if not isinstance(element, pikepdf.Dictionary):
            return []
        if element.get("/Type") in ("/MCR", "/OBJR"):
            if element.Type == "/MCR":
                self._mark(element.get("/Pg", page), int(element.MCID), around)
            return []
        key = element.objgen
        if key != (0, 0):
            if key in self._seen:  # an element that contains itself
                return []
            self._seen.add(key)
        page = element.get("/Pg", page)
        tag = str(element.get("/S", ""))
        begun = []
        if tag in ("/Span", "/Link") and "/T" in element:
            begun = [_Open("number", str(element["/T"]), "")]
        elif tag == "/Figure":
            begun = [_Open("figure", "", str(element.get("/Alt", "")))]
        kids: Any = element.get("/K", [])
        inside = list(kids) if isinstance(kids, pikepdf.Array) else [kids]
        within = (*around, *begun)
        return [*((kid, page, within) for kid in inside), *begun]

    def _mark(self, page: Any, number: int, around: tuple[_Open, ...]) -> None:
        index = self._pages.get(page.objgen) if page is not None else None
        if index is None:
            raise Stopped("a mark of the structure is on no page")
        for item in around:
            item.page = item.page or index + 1
            item.texts.append(self._marks[index].texts.get(number, ""))

    def _close(self, item: _Open) -> None:
        if item.kind == "number":
            text = bare("".join(item.texts))
            self.numbers.append(Tagged(record=item.called, text=text, page=item.page))
        else:
            text = "".join(item.texts)
            self.figures.append(Picture(text=text, alternative=item.alternative, page=item.page))
