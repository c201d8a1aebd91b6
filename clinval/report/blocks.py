"""The neutral content of a report: what is said, not how it is drawn.

A number in a text is a :class:`Number`: its printed form together with the id of the record it
was printed from, so that a writer can link it and a reader can follow it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from clinval.report.figures import Chart

__all__ = [
    "Answer",
    "Archive",
    "Attachment",
    "Block",
    "Bullets",
    "Callout",
    "Column",
    "Contents",
    "Cover",
    "Document",
    "Facts",
    "Figure",
    "Heading",
    "KeyFigure",
    "KeyFigures",
    "NotSupplied",
    "Number",
    "PageBreak",
    "PageOf",
    "PagesOf",
    "Paragraph",
    "Question",
    "Questions",
    "Rich",
    "Row",
    "Strong",
    "Table",
    "numbers",
    "runs",
]

Tone = Literal["good", "bad", "neutral"]
TypeSizes = Literal["ordinary", "regulatory"]


@dataclass(frozen=True, slots=True)
class Number:
    """A printed number and the record it stands for."""

    text: str
    record: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that carry the sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class PageOf:
    """The number of the page on which an anchor stands, linked to it.

    The page is known only when all is laid out: ``text`` is what it is measured by, and so it
    belongs to the end of a text.
    """

    anchor: str
    text: str = "000"


@dataclass(frozen=True, slots=True)
class PagesOf:
    """The pages on which a record is printed or drawn, each linked; none where it is on no page."""

    record: str
    text: str = ""


Run = str | Number | Strong | PageOf | PagesOf
Rich = str | tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading; level 1 begins a chapter. The anchor is unique in the document."""

    level: Literal[1, 2, 3]
    text: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Running text."""

    text: Rich
    style: Literal["body", "lead", "note"] = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list."""

    items: tuple[Rich, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """A box that says the one thing a reader has to take away; ``tone`` is said in words too."""

    title: str
    text: Rich
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSupplied:
    """What a report should say and the study does not: named, never made up.

    ``slot`` identifies what is missing; ``text`` says what it is and where to supply it.
    """

    slot: str
    text: Rich


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """One of the few numbers that decide."""

    value: Rich
    label: str
    detail: Rich = ""
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigures:
    """A row of key figures."""

    items: tuple[KeyFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and their values, two columns without a header."""

    rows: tuple[tuple[str, Rich], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; ``share`` is its part of the width, relative to the other columns.

    In a ``decimal`` column the decimal points of the first numbers stand below each other.
    """

    header: str
    share: float = 1.0
    align: Literal["left", "right", "center", "decimal"] = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table; a ``summary`` row stands out, an ``indent`` belongs to the row above.

    ``records`` are the ids of records that the row describes, in a table that describes records.
    """

    cells: tuple[Rich, ...]
    summary: bool = False
    indent: int = 0
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; its notes are repeated on every page it runs over.

    A table whose anchor is ``records``, or begins with ``records.``, describes records: the
    :class:`Number` that stands alone in the first cell, or in another cell by the id of its record,
    is where every other number printed from that record leads to; so is a row with ``records``.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[Rich, ...] = ()
    anchor: str = ""
    dense: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart with its caption; ``alternative`` says in words what the picture shows.

    ``records`` are the ids of the records that the chart draws.
    """

    caption: str
    chart: Chart
    alternative: str
    notes: tuple[Rich, ...] = ()
    anchor: str = ""
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Where a person writes or crosses an answer on paper.

    ``boxes`` has a ``#`` for each character to write, other characters are printed: ``####-##-##``.
    ``choices`` are squares to cross, each with its code and its words. With neither there are so
    many ``lines`` to write on. ``after`` is printed behind, such as a unit.
    """

    boxes: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    lines: int = 1
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of a paper form.

    ``condition`` says where it is to be answered, ``detail`` how; ``name`` is what the answer is
    called in the data, and ``missing`` are the squares for no answer.
    """

    number: str
    text: str
    answer: Answer
    condition: str = ""
    detail: str = ""
    name: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """The questions of a paper form, one below the other.

    Where they go on on another page, its ``title`` and the first ``heads`` questions stand there
    again. ``signed`` are the labels of the lines to sign on at the end.
    """

    title: str
    rows: tuple[Question, ...]
    heads: int = 0
    signed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The first page; the ``logo`` is a PNG or JPEG image."""

    kicker: str
    title: str
    subtitle: str
    facts: tuple[tuple[str, Rich], ...]
    notices: tuple[str, ...] = ()
    logo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """The linked table of contents."""

    title: str


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins a new page."""


Block = (
    Heading | Paragraph | Bullets | Callout | NotSupplied | KeyFigures | Facts | Table | Figure
    | Questions | Cover | Contents | PageBreak
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that travels within the report."""

    name: str
    media_type: str
    content: bytes
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The archival standard of the file: a part of PDF/A, and what the file carries.

    Part 2 is what authorities take; only files of part 3 may carry others.
    """

    part: Literal[2, 3] = 2
    attachments: tuple[Attachment, ...] = ()

    def __post_init__(self) -> None:
        if self.part == 2 and self.attachments:
            raise ValueError("PDF/A-2 carries no files: use part 3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report.

    Attributes
    ----------
    language
        ``en`` or ``zh``.
    title, author
        Document properties.
    header, footer
        Short lines on every page but the cover; the page number is added to the footer.
    marks
        Words that stand on every page, such as ``SYNTHETIC DATA`` or ``INTERIM``.
    archive
        The archival standard of the file and the files it carries.
    type_sizes
        ``regulatory`` for authorities that set the least size of type.
    spoken
        The code of the language of the texts, where they are in neither: they are set as those of
        ``language``.
    """

    language: str
    title: str
    author: str
    header: str
    footer: str
    marks: tuple[str, ...]
    blocks: tuple[Block, ...] = ()
    archive: Archive = field(default_factory=Archive)
    type_sizes: TypeSizes = "ordinary"
    spoken: str = ""

    @property
    def language_tag(self) -> str:
        """The language of the document as PDF names it."""
        return self.spoken or {"en": "en-US", "zh": "zh-CN"}[self.language]


def runs(rich: Rich) -> tuple[Run, ...]:
    """Return a text as its runs."""
    return rich if isinstance(rich, tuple) else (rich,)


def numbers(blocks: tuple[Block, ...], *, drawn: bool = True) -> Iterator[Number]:
    """Yield every number that the blocks print or (unless told not to) draw, in reading order."""
    for block in blocks:
        if drawn and isinstance(block, Figure):
            yield from (Number("", record) for record in block.records)
        for rich in _texts(block):
            if not isinstance(rich, str):
                yield from (run for run in rich if isinstance(run, Number))


def _texts(block: Block) -> Iterator[Rich]:
    match block:
        case Paragraph(text=text) | Callout(text=text) | NotSupplied(text=text):
            yield text
        case Bullets(items=items):
            yield from items
        case KeyFigures(items=figures):
            for figure in figures:
                yield figure.value
                yield figure.detail
        case Facts(rows=facts) | Cover(facts=facts):
            yield from (value for _, value in facts)
        case Table(rows=rows, notes=notes):
            for row in rows:
                yield from row.cells
            yield from notes
        case Figure(notes=notes):
            yield from notes
        case _:
            return
