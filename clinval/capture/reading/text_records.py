"""Texts that tables come in: their encoding, and their records with the lines they begin in."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.capture.reading.package import RefusedError
from clinval.capture.reading.sheets import Row

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol

__all__ = ["DELIMITERS", "Records", "decoded", "records_of"]

DELIMITERS = ",;\t|"
_LONGEST_FIELD = 1 << 20  # characters
_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)  # how spreadsheets are kept from eating zeros


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The records of a text, each with the number of its first line; empty fields are ``None``."""

    numbers: list[int]
    cells: list[Row]


def decoded(content: bytes, protocol: Protocol) -> tuple[str, str]:
    """Return a text and the name of its encoding.

    Without a mark and not UTF-8, it is GB 18030 where a site of the study writes Chinese, else
    the encoding of Western Europe.

    Raises
    ------
    RefusedError
        When it is no text.
    """
    chinese = any(site.language == "zh" for site in protocol.sites)
    tried = [("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")]
    if chinese:
        tried.insert(1, ("gb18030", "GB 18030"))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        tried = [("utf-16", "UTF-16")]
    elif b"\0" in content:
        tried = []
    for codec, encoding in tried:
        try:
            return content.decode(codec), encoding
        except UnicodeDecodeError:
            continue
    raise RefusedError("text-not-decoded")


def records_of(text: str, delimiter: str, most: int | None = None) -> Records:
    """Return the records of a text.

    Raises
    ------
    RefusedError
        When quotation marks leave it open where a field ends.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    numbers: list[int] = []
    cells: list[Row] = []
    before = 0
    try:
        for record in reader:
            row = tuple(_cell(field) for field in record)
            if any(cell is not None for cell in row):
                numbers.append(before + 1)
                cells.append(row)
            before = reader.line_num
            if most is not None and len(cells) >= most:
                break
    except csv.Error as error:
        raise RefusedError("text-quotes-open", line=before + 1) from error
    return Records(numbers=numbers, cells=cells)


def _cell(field: str) -> str | None:
    text = _AS_TEXT.fullmatch(field)
    value = text[1] if text else field
    return value if value.strip() else None
