"""Read CSV that a site or an export sends back: one table, or a zip of several.

Which form a table is of, and what separates its fields, is told by its headings.
"""

from __future__ import annotations

import bisect
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from clinval.capture.reading.headers import SEARCHED, Header, Headings
from clinval.capture.reading.package import MOST_BYTES, RefusedError, check_archive
from clinval.capture.reading.sheets import Rows, shown_name
from clinval.capture.reading.text_records import DELIMITERS, decoded, records_of
from clinval.capture.reading.text_tables import TextFile, TextTable
from clinval.capture.redcap_return import read_redcap
from clinval.core.archives import DAMAGED

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol
    from clinval.study.returns import WorkbookReturn

__all__ = ["csv_cell", "parts_of", "read_csv"]

_TEXT_PARTS = (".csv", ".tsv", ".txt")


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
        shown = _part_name(title, order)
        try:
            text, encoding = decoded(part, protocol)
            if encoding != "UTF-8":
                about = {"encoding": encoding}
                file.say("text-not-utf8", sheet=shown, order=order, parameters=about)
            exported = read_redcap(file, text, protocol) if len(parts) == 1 else None
            if exported is not None:
                return exported
            tables.append(_without_broken(_table_of(text, shown, order, protocol), file))
        except RefusedError as refusal:
            if len(parts) == 1:
                return file.refused(refusal)
            file.say(refusal.kind, sheet=shown, order=order, parameters=refusal.parameters)
    if not tables:
        return file.refused(RefusedError("text-of-no-form", looks=_looks(protocol)))
    return file.returns(tables)


def _table_of(text: str, name: str, order: int, protocol: Protocol) -> TextTable:
    """Return the table of a text: the form whose headings it has, separated as they are.

    Raises
    ------
    RefusedError
        When it has the headings of no form, or of several alike.
    """
    sites = [site.id for site in protocol.sites]
    found: dict[tuple[float, str, str], tuple[Headings, Header]] = {}
    for delimiter in DELIMITERS:
        try:
            top = records_of(text, delimiter, SEARCHED + 2)
        except RefusedError:
            continue
        for form in protocol.asked_forms:
            headings = Headings(form, sites)
            header = headings.find(top.numbers, top.cells)
            if header is not None:
                found[header.score, form.id, delimiter] = headings, header
    if not found:
        records_of(text, ",")  # says so, where its quotation marks are why
        raise RefusedError("text-of-no-form", looks=_looks(protocol))
    score, form_id, delimiter = max(found)
    alike = sorted({form for other, form, _ in found if other == score})
    if len(alike) > 1:
        raise RefusedError("text-of-several-forms", forms=", ".join(alike))
    records = records_of(text, delimiter)
    form = protocol.form(form_id)
    headings, header = found[score, form_id, delimiter]
    below = records.cells[records.numbers.index(header.row) + 1 :][:1]
    if header.first > header.row + 1 and not (below and headings.repeats(below[0], header)):
        header.first = header.row + 1  # no second line of headings: data without a site
    start = bisect.bisect_left(records.numbers, header.first)
    return TextTable(
        form=form,
        name=name,
        order=order,
        header=header,
        headings=headings,
        top=Rows(records.numbers[:start], records.cells[:start]),
        rows=Rows(records.numbers[start:], records.cells[start:]),
        asked=frozenset(field.id for field in form.fields),
    )


def _without_broken(table: TextTable, file: TextFile) -> TextTable:
    """Leave out rows with more or fewer fields than the headings: their values have shifted."""
    wanted = len(table.top.cells[table.top.numbers.index(table.header.row)])
    numbers, cells = [], []
    for number, row in zip(*table.rows, strict=True):
        if len(row) == wanted:
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
    except DAMAGED as error:
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


def _part_name(title: str, order: int) -> str:
    """Return the name of a part as messages and the store may have it."""
    if not title:
        return ""
    stem = re.split(r"[/\\]", title)[-1].rpartition(".")[0]
    return shown_name(stem, order).replace("sheet ", "file ")


def _is_of_the_system(name: str) -> bool:
    """Whether an archiver of a system put a file of its own beside the others."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] in (".DS_Store", "Thumbs.db")


def _looks(protocol: Protocol) -> str:
    return ", ".join(form.id for form in protocol.asked_forms)
