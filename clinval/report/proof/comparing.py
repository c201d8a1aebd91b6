"""Hold what a PDF says against what it should say: numbers by their records, pages by their ink."""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from clinval.report.blocks import Document, Number, numbers
from clinval.report.pdf.fonts import normal
from clinval.report.proof.files import Stopped, opened
from clinval.report.proof.reading import Picture, Reading, Tagged, bare

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Difference",
    "differing_figures",
    "differing_numbers",
    "differing_words",
    "drawings",
    "expected_numbers",
]

# Of a page's dictionary: what leads elsewhere, or is drawn over the page by the program that
# shows it; links are annotations.
_ELSEWHERE = frozenset(("/Parent", "/StructParents", "/Annots", "/B", "/Tabs"))
_APART = _ELSEWHERE | {"/Contents", "/MediaBox", "/Resources"}
_MOST_OBJECTS = 100_000  # of a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is printed and what should be: one of them is empty where there is nothing.

    ``record`` is empty where words differ, ``page`` is 0 where what should be there is not.
    """

    page: int
    record: str
    printed: str
    expected: str


def expected_numbers(document: Document) -> Iterator[Number]:
    """Yield the numbers that a document prints; the name of a record is none."""
    for number in numbers(document.blocks, drawn=False):
        if number.text != number.record:
            yield number


def differing_numbers(document: Document, reading: Reading) -> list[Difference]:
    """Return where the numbers of a PDF are not those of its document, in the order of pages.

    Each record's texts are counted: printed twice and asked for once is a difference too.
    """
    wanted: dict[str, list[str]] = {}
    for number in expected_numbers(document):
        wanted.setdefault(number.record, []).append(bare(normal(number.text)))
    found: dict[str, list[Tagged]] = {}
    for tagged in reading.numbers:
        found.setdefault(tagged.record, []).append(tagged)
    differences: list[Difference] = []
    for record in dict.fromkeys((*wanted, *found)):
        differences += _of_record(record, wanted.get(record, []), found.get(record, []))
    return sorted(differences, key=lambda each: (each.page == 0, each.page))


def _of_record(record: str, wanted: list[str], found: list[Tagged]) -> list[Difference]:
    missing = Counter(wanted)
    surplus = []
    for tagged in found:
        if missing[tagged.text]:
            missing[tagged.text] -= 1
        else:
            surplus.append(tagged)
    expected = list(missing.elements())
    return [
        Difference(
            page=surplus[at].page if at < len(surplus) else 0,
            record=record,
            printed=surplus[at].text if at < len(surplus) else "",
            expected=expected[at] if at < len(expected) else "",
        )
        for at in range(max(len(surplus), len(expected)))
    ]


def differing_figures(expected: Reading, found: Reading) -> list[Difference]:
    """Return where the figures of two PDFs say other things, drawn or in their alternatives."""
    differences = []
    for before, after in zip_longest(expected.figures, found.figures):
        words = [(_said(before), _said(after))]
        if before is not None and after is not None:
            words = [(before.text, after.text), (before.alternative, after.alternative)]
        differences += [
            Difference(
                page=0 if after is None else after.page, record="", printed=does, expected=should
            )
            for should, does in words
            if bare(should) != bare(does)
        ]
    return differences


def _said(figure: Picture | None) -> str:
    return "" if figure is None else figure.alternative


def differing_words(expected: Reading, found: Reading) -> list[Difference]:
    """Return where the texts of two PDFs differ, line by line of each page."""
    differences = []
    pages = max(len(expected.pages), len(found.pages))
    for index in range(pages):
        before, after = (_lines(reading, index) for reading in (expected, found))
        if before == after:
            continue
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        differences += [
            Difference(
                page=index + 1,
                record="",
                printed=" ".join(after[low:high]),
                expected=" ".join(before[start:end]),
            )
            for tag, start, end, low, high in matcher.get_opcodes()
            if tag != "equal"
        ]
    return differences


def _lines(reading: Reading, index: int) -> list[str]:
    if index >= len(reading.pages):
        return []
    return [line for part in reading.pages[index].split("\n") if (line := part.strip())]


def drawings(file: Path | bytes, name: str = "") -> list[str]:
    """Return a hash of all that is drawn on each page: its operators, fonts and pictures.

    Two files that show the same have the same hashes, in whatever way they were packed.

    Raises
    ------
    ReportError
        When the file cannot be read.
    """
    with opened(file, name) as pdf:
        known: dict[tuple[int, int], str] = {}
        return [_page(page, known) for page in pdf.pages]


def _page(page: Any, known: dict[tuple[int, int], str]) -> str:
    import pikepdf

    contents = page.obj.get("/Contents", [])
    streams = contents if isinstance(contents, pikepdf.Array) else [contents]
    rest = [
        f"{key} {_hash(page.obj[key], known, 0)}"
        for key in sorted(page.obj.keys())
        if key not in _APART
    ]
    shared = (str(list(page.mediabox)), _hash(page.resources, known, 0))  # perhaps of all pages
    drawn = b"\n".join(stream.read_bytes() for stream in streams)
    return _sha256(drawn, "\n".join((*shared, *rest)).encode())


def _hash(value: Any, known: dict[tuple[int, int], str], depth: int) -> str:
    """Return a text that two objects share only when they mean the same."""
    import pikepdf

    if not isinstance(value, (pikepdf.Array, pikepdf.Dictionary, pikepdf.Stream)):
        return repr(value) if isinstance(value, (int, str, bool)) else str(value)
    if depth > 50 or len(known) > _MOST_OBJECTS:
        raise Stopped("objects within objects without end")
    key = value.objgen
    if key != (0, 0) and key in known:
        return known[key]
    if key != (0, 0):
        known[key] = "again"  # within itself
    if isinstance(value, pikepdf.Array):
        parts = [_hash(item, known, depth + 1) for item in value]
        said = _sha256(f"[{' '.join(parts)}]".encode())
    else:
        skip = {*_ELSEWHERE, "/Length", "/Filter", "/DecodeParms"}
        parts = [
            f"{name} {_hash(value[name], known, depth + 1)}"
            for name in sorted(value.keys())
            if name not in skip
        ]
        stream = _content(value) if isinstance(value, pikepdf.Stream) else b""
        said = _sha256(" ".join(parts).encode(), stream)
    if key != (0, 0):
        known[key] = said
    return said


def _content(stream: Any) -> bytes:
    """Return the bytes of a stream; a picture that cannot be unpacked stands for itself."""
    import pikepdf

    try:
        content: bytes = stream.read_bytes()
    except pikepdf.PdfError:
        content = stream.read_raw_bytes()
    return content


def _sha256(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8))
        total.update(part)
    return total.hexdigest()
