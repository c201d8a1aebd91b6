"""Look through a text file (CSV, XML, plain) for what may identify a patient."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from clinval.capture.phi_found import Found, Look
from clinval.capture.reading.package import RefusedError

__all__ = ["look_through_text"]

_IN_TAGS = re.compile(r">([^<]+)<|\"([^\"<>]*)\"|<!\[CDATA\[([^\]]*+)")
_SEPARATORS = ",;\t|"


def look_through_text(content: bytes, look: Look) -> Iterator[Found]:
    """Yield what was found, by line.

    Raises
    ------
    RefusedError
        When the content is no text.
    """
    text = _decoded(content)
    cells = _of_xml(text) if text.lstrip().startswith("<") else _of_table(text)
    seen: dict[str, tuple[str, ...]] = {}
    for line, cell in cells:
        if cell not in seen:
            seen[cell] = look(cell)
        yield from Found.all_of(seen[cell], f"line {line}")


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in content:
        encodings = ()
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RefusedError("file-not-a-workbook", looks="?")


def _of_xml(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        for found in _IN_TAGS.finditer(line):
            yield number, next(part for part in found.groups() if part is not None)


def _of_table(text: str) -> Iterator[tuple[int, str]]:
    head = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    line = 1
    try:
        for row in rows:
            yield from ((line, cell) for cell in row if cell)
            line = rows.line_num + 1
    except csv.Error:  # a cell of more than any form takes
        yield from enumerate(text.splitlines()[line - 1 :], start=line)
