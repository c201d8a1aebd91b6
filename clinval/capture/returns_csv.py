"""Read CSV that a site or an export sends back: one table, or a zip of several.

Which form a table is of, and what separates its fields, is told by its headings.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clinval.capture.reading.headers import SEARCHED, Headings
from clinval.capture.reading.package import MOST_BYTES, RefusedError, check_archive
from clinval.capture.reading.sheets import Row, Rows, shown_name
from clinval.capture.reading.text_tables import TextFile, TextTable

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol
    from clinval.study.returns import WorkbookReturn

__all__ = ["Records", "csv_cell", "decoded", "part_name", "parts_of", "read_csv", "records_of"]

DELIMITERS = ",;\t|"
_LONGEST_FIELD = 1 << 20  # characters
_TEXT_PARTS = (".csv", ".tsv", ".txt")
_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)  # how spreadsheets are kept from eating zeros


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The records of a text, each with the number of its first line; empty fields are ``None``."""

    numbers: list[int]
    cells: list[Row]


def read_csv(
    name: str, content: bytes, parts: Mapping[str, bytes], protocol: Protocol
) -> list[WorkbookReturn]:
    """Return what is in a file of tables, one return a site.

    Parameters
    ----------
    name
        Name of the file, as it may be shown.
    content
        Its bytes.
    parts
        The texts in it by their names; one with the empty name, where the file is a table itself.
    protocol
        The study.
    """
    file = TextFile(name, content, protocol, csv_cell)
    tables = []
    for order, (title, part) in enumerate(parts.items()):
        shown = part_name(title, order)
        try:
            text, encoding = decoded(part, protocol)
            table = table_of(text, shown, order, protocol)
        except RefusedError as refusal:
            if len(parts) == 1:
                return file.refused(refusal)
            file.say(refusal.kind, sheet=shown, order=order, parameters=refusal.parameters)
            continue
        if encoding != "UTF-8":
            about = {"encoding": encoding}
            file.say("text-not-utf8", sheet=shown, order=order, parameters=about)
        table = without_broken(table, file)
        tables.append(table)
    if not tables:
        return file.refused(RefusedError("text-of-no-form", looks=_looks(protocol)))
    return file.returns(tables)


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


def table_of(text: str, name: str, order: int, protocol: Protocol) -> TextTable:
    """Return the table of a text: the form whose headings it has, separated as they are.

    Raises
    ------
    RefusedError
        When it has the headings of no form, or of several alike.
    """
    sites = [site.id for site in protocol.sites]
    best: list[tuple[float, str, str]] = []
    for delimiter in DELIMITERS:
        try:
            top = records_of(text, delimiter, SEARCHED + 2)
        except RefusedError:
            continue
        for form in protocol.forms:
            header = Headings(form, sites).find(top.numbers, top.cells)
            if header is not None:
                best.append((header.score, form.id, delimiter))
    if not best:
        records_of(text, ",")  # says so, where its quotation marks are why
        raise RefusedError("text-of-no-form", looks=_looks(protocol))
    score, form_id, delimiter = max(best)
    alike = sorted({form for other, form, _ in best if other == score})
    if len(alike) > 1:
        raise RefusedError("text-of-several-forms", forms=", ".join(alike))
    records = records_of(text, delimiter)
    form = protocol.form(form_id)
    headings = Headings(form, sites)
    header = headings.find(records.numbers, records.cells)
    if header is None:  # pragma: no cover - it was found among the same records
        raise RefusedError("text-of-no-form", looks=_looks(protocol))
    return TextTable(
        form=form,
        name=name,
        order=order,
        header=header,
        headings=headings,
        rows=Rows(records.numbers, records.cells),
        asked=frozenset(field.id for field in form.fields),
    )


def without_broken(table: TextTable, file: TextFile) -> TextTable:
    """Leave out rows with more or fewer fields than the headings: their values have shifted."""
    at = table.rows.numbers.index(table.header.row)
    wanted = len(table.rows.cells[at])
    numbers, cells = [], []
    for number, row in zip(*table.rows, strict=True):
        if number < table.header.first or len(row) == wanted:
            numbers.append(number)
            cells.append(row)
            continue
        file.lose(sum(cell is not None for cell in row))
        file.say(
            "text-row-length", sheet=table.name, order=table.order, row=number, column=1,
            form=table.form.id, parameters={"found": len(row), "wanted": wanted},
        )  # fmt: skip
    return replace(table, rows=Rows(numbers, cells))


def parts_of(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Return the texts in a zip by their names, in its order; none where it holds anything else.

    Raises
    ------
    RefusedError
        When it must not be opened.
    """
    entries = [part for part in archive.infolist() if not part.is_dir()]
    check_archive(entries)
    kept = [part for part in entries if not _is_of_the_system(part.filename)]
    if not kept or not all(part.filename.lower().endswith(_TEXT_PARTS) for part in kept):
        return {}
    unpacked = sum(part.file_size for part in kept)
    if unpacked > MOST_BYTES:
        raise RefusedError("file-unpacks-too-large", what=f"{unpacked // 1_000_000} MB")
    try:
        return {part.filename: archive.read(part) for part in kept}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise RefusedError("file-damaged", detail=type(error).__name__) from error


def csv_cell(order: int, row: int, column: int) -> str:
    """Return the place of a field: its line and its number.

    Examples
    --------
    >>> csv_cell(0, 17, 4), csv_cell(0, 17, 0), csv_cell(0, 0, 0)
    ('17:4', '17:1', '')
    """
    del order
    return f"{row}:{column or 1}" if row else ""


def part_name(title: str, order: int) -> str:
    """Return the name of a part as messages and the store may have it."""
    if not title:
        return ""
    stem = re.split(r"[/\\]", title)[-1].rpartition(".")[0]
    return shown_name(stem, order).replace("sheet ", "file ")


def _is_of_the_system(name: str) -> bool:
    """Whether an archiver of a system put a file of its own beside the others."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] in (".DS_Store", "Thumbs.db")


def _cell(field: str) -> str | None:
    text = _AS_TEXT.fullmatch(field)
    value = text[1] if text else field
    return value if value.strip() else None


def _looks(protocol: Protocol) -> str:
    return ", ".join(form.id for form in protocol.forms)
