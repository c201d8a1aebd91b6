"""Which sheet of a returned workbook holds which form."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from clinval.capture.layout import OWN_SHEETS
from clinval.capture.reading.findings import Findings
from clinval.capture.reading.headers import SEARCHED, Header, Headings
from clinval.capture.reading.raw_cells import raw_numbers
from clinval.capture.reading.sheet_scan import SheetFacts

if TYPE_CHECKING:
    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol

__all__ = [
    "MOST_COLUMNS",
    "MOST_ROWS",
    "FoundSheet",
    "Rows",
    "find_sheets",
    "part_of",
    "read_rows",
    "shown_name",
]

MOST_ROWS = 100_000  # rows with a value in one sheet
MOST_COLUMNS = 500  # what stands further right is counted, not looked at
_SURE = 0.6  # of the columns, to take a sheet of another name for that of a form
_PLAIN_NAME = re.compile(
    r"(?:F\d\d|Sheet|Tabelle|Feuil|Hoja|工作表|表)[ _-]?\(?\d{0,3}\)?", re.IGNORECASE
)

Row = Sequence[Any]


class Rows(NamedTuple):
    """Rows of a sheet, with their numbers."""

    numbers: list[int]
    cells: list[Row]


RawNumbers = Callable[[Iterable[tuple[int, int]]], dict[tuple[int, int], float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSheet:
    """The sheet of a form.

    ``order`` is its position in the workbook, ``raw_numbers`` gives numbers of cells as they
    stand in the file.
    """

    form: Form
    name: str
    order: int
    sheet: Any
    facts: SheetFacts
    header: Header
    headings: Headings
    raw_numbers: RawNumbers

    def report(
        self,
        findings: Findings,
        kind: str,
        *,
        row: int = 0,
        column: int = 0,
        field: Field | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> None:
        """Report something about the sheet or a part of it."""
        findings.report(
            kind,
            sheet=self.name,
            order=self.order,
            row=row,
            column=column,
            form=self.form.id,
            field=field,
            parameters=parameters,
        )


def find_sheets(
    workbook: Any,
    content: bytes,
    facts: dict[str, SheetFacts],
    protocol: Protocol,
    asked: set[str],
    findings: Findings,
) -> list[FoundSheet]:
    """Return the sheets of the forms; what else is there, and what is not, is reported.

    Parameters
    ----------
    workbook
        As openpyxl opened it.
    content
        Its bytes.
    facts
        Facts of each sheet, by name.
    protocol
        The study.
    asked
        The forms that the template had.
    findings
        Where problems go.
    """
    sites = [site.id for site in protocol.sites]
    headings = {form.id: Headings(form, sites) for form in protocol.asked_forms}
    scored = []
    sheets = [sheet for sheet in workbook.worksheets if sheet.title in facts]
    used = {sheet.title: read_rows(sheet, facts[sheet.title], SEARCHED + 2) for sheet in sheets}
    for order, sheet in enumerate(sheets):
        if sheet.title in OWN_SHEETS:
            continue
        for form in protocol.asked_forms:
            header = headings[form.id].find(*used[sheet.title])
            if header is not None:
                named = sheet.title.strip().casefold() == form.id.casefold()
                sure = header.score >= _SURE
                if named or sure:
                    # a name counts for less than columns that fit another form much better
                    rank = 2 if not sure else 0 if named else 1
                    scored.append((rank, -header.score, order, form, sheet, header))
    taken: dict[str, FoundSheet] = {}
    names: set[str] = set()
    copies: dict[str, str] = {}
    for _, _, order, form, sheet, header in sorted(scored, key=lambda item: item[:3]):
        if sheet.title in names:
            continue
        if form.id in taken:
            copies.setdefault(sheet.title, form.id)
            continue
        names.add(sheet.title)
        taken[form.id] = FoundSheet(
            form=form,
            name=shown_name(sheet.title, order),
            order=order,
            sheet=sheet,
            facts=facts[sheet.title],
            header=header,
            headings=headings[form.id],
            raw_numbers=functools.partial(raw_numbers, content, part_of(sheet)),
        )
    for form in protocol.asked_forms:
        _report_form(form, taken.get(form.id), sheets, asked, findings)
    for order, sheet in enumerate(sheets):
        name = sheet.title.strip().upper()
        without_headings = name in headings and name not in taken  # and reported as such
        if sheet.title not in names and sheet.title not in OWN_SHEETS and not without_headings:
            _report_extra(sheet, order, copies, used[sheet.title], taken, findings)
    return [taken[form.id] for form in protocol.asked_forms if form.id in taken]


def _report_form(
    form: Form, found: FoundSheet | None, sheets: list[Any], asked: set[str], findings: Findings
) -> None:
    if found is None:
        if form.id not in asked:
            return
        named = [
            sheet.title for sheet in sheets if sheet.title.strip().casefold() == form.id.casefold()
        ]
        kind = "optional-sheet-missing" if form.optional else "sheet-missing"
        about = {"form": form.id, "name": form.name.en, "name_zh": form.name.in_("zh")}
        findings.report(
            "headings-not-found" if named else kind,
            sheet=named[0] if named else "",
            form=form.id,
            parameters=about,
        )
        return
    if found.sheet.title != form.id:
        found.report(findings, "sheet-renamed", parameters={"form": form.id})
    if found.sheet.sheet_state != "visible":
        found.report(findings, "sheet-hidden")
    if found.facts.hidden_rows:
        found.report(findings, "rows-hidden")
    if found.facts.hidden_columns:
        found.report(findings, "columns-hidden")


def _report_extra(
    sheet: Any,
    order: int,
    copies: dict[str, str],
    rows: Rows,
    taken: dict[str, FoundSheet],
    findings: Findings,
) -> None:
    name = shown_name(sheet.title, order)
    form = copies.get(sheet.title)
    if form is not None:
        parameters = {"form": form, "used": taken[form].name}
        findings.report("sheet-twice", sheet=name, order=order, form=form, parameters=parameters)
    elif rows.cells:
        findings.report("sheet-extra", sheet=name, order=order)


def part_of(sheet: Any) -> str:
    """Return the part of the archive that a sheet is read from."""
    part: str = sheet._worksheet_path  # noqa: SLF001 - openpyxl has no public name for it
    return part


def shown_name(title: str, order: int) -> str:
    """Return the name of a sheet as messages and the store may have it.

    A sheet may be called after a patient; such a name is replaced by the number of the sheet.

    Examples
    --------
    >>> shown_name("F05 (2)", 4), shown_name("Wang Fang", 4)
    ('F05 (2)', 'sheet 5')
    """
    title = title.strip()
    return title if title in OWN_SHEETS or _PLAIN_NAME.fullmatch(title) else f"sheet {order + 1}"


def read_rows(sheet: Any, facts: SheetFacts, most: int = MOST_ROWS) -> Rows:
    """Return the rows of a sheet that hold something, at most so many.

    It ends with the last row that has a value: behind it there may be a million formatted ones,
    and parts of the sheet that no two programs write alike.
    """
    numbers: list[int] = []
    rows: list[Row] = []
    if not facts.last_row:
        return Rows(numbers, rows)
    sheet.reset_dimensions()  # what a file says about its size need not be true
    every = sheet.iter_rows(values_only=True, max_row=facts.last_row)
    for number, row in enumerate(every, start=1):
        if row.count(None) < len(row):
            numbers.append(number)
            rows.append(row if len(row) <= MOST_COLUMNS else _folded(row))
        if number >= facts.last_row or len(rows) >= most:
            break
    return Rows(numbers, rows)


def _folded(row: Row) -> Row:
    """Return a row of bearable length, its last cell the number of those beyond."""
    beyond = len(row) - row[MOST_COLUMNS:].count(None) - MOST_COLUMNS
    return (*row[:MOST_COLUMNS], beyond or None)
