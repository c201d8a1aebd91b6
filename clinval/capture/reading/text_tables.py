"""Tables that came as text (CSV, exports, XML), read on the road that sheets of workbooks take.

One file may hold several sites; each becomes a return of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.capture.layout import SEPARATOR, SITE_ID
from clinval.capture.reading.cells import CellReaders
from clinval.capture.reading.findings import Findings
from clinval.capture.reading.finished import counts_of, finished
from clinval.capture.reading.forms import read_form
from clinval.capture.reading.headers import Header, Headings
from clinval.capture.reading.package import RefusedError, read_bytes, shown_file_name
from clinval.capture.reading.reading import narrow, tidy
from clinval.capture.reading.sheet_scan import SheetFacts
from clinval.capture.reading.sheets import MOST_ROWS, FoundSheet, Rows
from clinval.capture.stamp import template_hash
from clinval.core.files import sha256_of_bytes
from clinval.study.returns import CellCounts, WorkbookReturn

if TYPE_CHECKING:
    from clinval.capture.reading.table import FormTable
    from clinval.protocol.forms import Form
    from clinval.protocol.model import Protocol

__all__ = ["SiteOf", "TextFile", "TextTable", "refused_file"]

# every number and every date of a text file is text, and its headings are in its first line;
# what a comma means in it, only the site knows
_INSTEAD = {
    "read-number-from-text": "", "read-date-from-text": "", "headings-moved": "",
    "read-decimal-comma": "decimal-comma-asked",
}  # fmt: skip
_EPOCH = datetime.datetime(1899, 12, 30)  # noqa: DTZ001 - the day that spreadsheets count from
_SUBJECT = "subject_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """The rows of one form in one part of a file; cells are texts, ``None`` where empty.

    ``top`` are the rows down to the headings, ``rows`` those below.
    ``name`` is that of the part, as places show it, ``order`` its position in the file.
    ``asked`` are the fields that the form of the file has.
    """

    form: Form
    name: str
    order: int
    header: Header
    headings: Headings
    top: Rows
    rows: Rows
    asked: frozenset[str]


class SiteOf:
    """Tells the site of a row by what it says, else by its subject."""

    def __init__(self, protocol: Protocol) -> None:
        self._sites = {_folded(site.id): site.id for site in protocol.sites}
        self._by_subject: dict[str, str] = {}
        for site in protocol.sites:
            for subject in protocol.subjects_of(site.id):
                # an identifier of two sites tells neither
                known = self._by_subject.get(_folded(subject), site.id)
                self._by_subject[_folded(subject)] = site.id if known == site.id else ""

    def site(self, said: object, subject: object = None) -> str:
        """Return the id of a site, empty where it cannot be told."""
        known = self._sites.get(_folded(said), "")
        return known or ("" if _folded(said) else self._by_subject.get(_folded(subject), ""))

    def of(self, tables: Sequence[TextTable]) -> list[list[str]]:
        """Return the site of each row of tables.

        A row that says one site while its subject is of another is of the one that has further
        rows: a slip in a row makes no return of another site.
        """
        told = [[self._told(*pair) for pair in _pairs(table)] for table in tables]
        sure = {sites[0] for rows in told for sites in rows if len(sites) == 1}
        return [
            [next((site for site in sites if site in sure), (*sites, "")[0]) for sites in rows]
            for rows in told
        ]

    def _told(self, said: object, subject: object) -> tuple[str, ...]:
        site, other = self.site(said, subject), self.site(None, subject)
        return tuple(dict.fromkeys(filter(None, (site, other)))) if site else ()


class TextFile:
    """One file of texts, and the returns that come of it.

    Parameters
    ----------
    name
        Name of the file, as it may be shown.
    content
        Its bytes.
    protocol
        The study.
    cell_of
        Gives the name of a cell by the order of its table, its row and its column.
    """

    def __init__(
        self,
        name: str,
        content: bytes,
        protocol: Protocol,
        cell_of: Callable[[int, int, int], str],
    ) -> None:
        self._name = name
        self._sha256 = sha256_of_bytes(content) if content else ""
        self._size = len(content)
        self._protocol = protocol
        self._cell_of = cell_of
        self._said: list[tuple[str, dict[str, Any]]] = []
        self._lost = CellCounts()
        self.reasons_at: Mapping[tuple[str, int, str], str] = {}
        """Why a value was changed where it was entered, by form, row and field."""

    def say(self, kind: str, **where: Any) -> None:
        """Say something, as `Findings.report` has it, in the return that it is about.

        What is about a row goes to the site of the row, or to the first where that cannot be
        told; what is about no row goes to every site.
        """
        self._said.append((kind, where))

    def lose(self, cells: int) -> None:
        """Count filled cells that were rejected before they came to a form."""
        self._lost += CellCounts(given=cells, rejected=cells)

    def refused(self, refusal: RefusedError) -> list[WorkbookReturn]:
        """Return what comes of a file of which nothing can be used."""
        findings = self._findings(self._said)
        findings.report(refusal.kind, sheet=refusal.sheet, parameters=refusal.parameters)
        return [self._return("", findings, refused=True)]

    def returns(
        self, tables: Sequence[TextTable], *, stamp: Mapping[str, str] | None = None
    ) -> list[WorkbookReturn]:
        """Return one return a site of the rows of all tables.

        A row whose site cannot be told goes to the only site of the file; where there are
        several, it is rejected.
        """
        rows_of = SiteOf(self._protocol).of(tables)
        found = {site for sites in rows_of for site in sites}
        sites = [site.id for site in self._protocol.sites if site.id in found]
        too_long = next((table for table in tables if len(table.rows.cells) > MOST_ROWS), None)
        if too_long is not None:
            many = len(too_long.rows.cells)
            return self.refused(RefusedError("file-too-many-rows", rows=many, most=MOST_ROWS))
        if not sites:
            known = ", ".join(site.id for site in self._protocol.sites)
            return self.refused(RefusedError("return-without-site", sites=known))
        if len(sites) == 1:
            rows_of = [[sites[0]] * len(rows) for rows in rows_of]
        else:
            for table, rows in zip(tables, rows_of, strict=True):
                self._without_site(table, rows)
        of_row = {
            (table.order, number): site
            for table, own in zip(tables, rows_of, strict=True)
            for number, site in zip(table.rows.numbers, own, strict=True)
            if site
        }
        returns = []
        for site in sites:
            said = [
                (kind, where)
                for kind, where in self._said
                if not where.get("row")
                or of_row.get((where["order"], where["row"]), sites[0]) == site
            ]
            returns.append(self._of_site(site, tables, rows_of, said, stamp or {}))
            self._lost = CellCounts()  # counted once, with the first of them
        return returns

    def _without_site(self, table: TextTable, sites: Sequence[str]) -> None:
        for number, cells, site in zip(*table.rows, sites, strict=True):
            if not site:
                self.lose(sum(cell is not None for cell in cells))
                self.say(
                    "row-of-no-site", sheet=table.name, order=table.order, row=number,
                    column=table.header.positions.get(SITE_ID, 1), form=table.form.id,
                )  # fmt: skip

    def _of_site(
        self,
        site: str,
        tables: Sequence[TextTable],
        rows_of: Sequence[Sequence[str]],
        said: Sequence[tuple[str, dict[str, Any]]],
        stamp: Mapping[str, str],
    ) -> WorkbookReturn:
        findings = self._findings(())
        readers = CellReaders(self._protocol, site, _EPOCH)
        taken: dict[str, tuple[TextTable, FormTable]] = {}
        counts = self._lost
        for table, sites in zip(tables, rows_of, strict=True):
            own = [index for index, of in enumerate(sites) if of == site]
            if not own:
                continue
            numbers, cells = table.rows
            rows = Rows([numbers[index] for index in own], [cells[index] for index in own])
            if table.form.id in taken:
                filled = sum(cell is not None for row in rows.cells for cell in row)
                counts += CellCounts(given=filled, rejected=filled)
                findings.report(
                    "sheet-twice", sheet=table.name, order=table.order, form=table.form.id,
                    parameters={"form": table.form.id, "used": taken[table.form.id][0].name},
                )  # fmt: skip
                continue
            found = FoundSheet(
                form=table.form,
                name=table.name,
                order=table.order,
                sheet=None,
                facts=SheetFacts(),
                header=table.header,
                headings=table.headings,
                raw_numbers=lambda _: {},
            )
            every = Rows(table.top.numbers + rows.numbers, table.top.cells + rows.cells)
            read = read_form(found, every, frozenset(), readers, table.asked, findings)
            taken[table.form.id] = (table, read)
        read_tables = {form: read for form, (_, read) in taken.items()}
        keys = {
            (form, int(number)): key
            for form, read in read_tables.items()
            for number, key in zip(read.rows, read.keys, strict=True)
        }
        for kind, where in said:
            key = keys.get((where.get("form", ""), where.get("row", 0)), "")
            findings.report(kind, key=key, **where)
        forms = finished(self._protocol, site, read_tables, findings)
        counts = sum(map(counts_of, read_tables.values()), counts)
        return self._return(
            site, findings, refused=False, forms=forms, counts=counts, stamp=stamp,
            template=template_hash(self._protocol, site),
            reasons={
                (form, keys[form, row], field): why
                for (form, row, field), why in self.reasons_at.items()
                if (form, row) in keys
            },
        )  # fmt: skip

    def _findings(self, said: Sequence[tuple[str, dict[str, Any]]]) -> Findings:
        findings = Findings(self._name, cell_of=self._cell_of, instead=_INSTEAD)
        for kind, where in said:
            findings.report(kind, **where)
        return findings

    def _return(
        self, site: str, findings: Findings, *, template: str = "", **more: object
    ) -> WorkbookReturn:
        return WorkbookReturn(
            file_name=self._name,
            sha256=self._sha256,
            size=self._size,
            site=site,
            template=template,
            defects=findings.defects(),
            **more,  # type: ignore[arg-type]
        )


def refused_file(path: Path, refusal: RefusedError, protocol: Protocol) -> list[WorkbookReturn]:
    """Return what comes of a file that must not or cannot be opened."""
    try:
        content = read_bytes(path)
    except RefusedError:
        content = b""
    file = TextFile(shown_file_name(path), content, protocol, lambda *_: "")
    return file.refused(refusal)


def _pairs(table: TextTable) -> Iterator[tuple[object, object]]:
    """Yield what each row says of its site and its subject."""
    return zip(_column(table, SITE_ID), _column(table, _SUBJECT), strict=True)


def _column(table: TextTable, name: str) -> list[object]:
    position = table.header.positions.get(name, 0)
    return [row[position - 1] if 0 < position <= len(row) else None for row in table.rows.cells]


def _folded(text: object) -> str:
    """Return an identifier without case, blanks and label."""
    if not isinstance(text, str):
        return ""
    code = narrow(tidy(text)[0].partition(SEPARATOR.strip())[0])[0]
    return "".join(code.casefold().split())
