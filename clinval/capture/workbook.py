"""Read what a site sends back: everything that can be used, and every defect with its cell.

Nothing in a returned file makes reading fail, and nothing in it is dropped in silence: what is
not in the rows is in the defects.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.capture.reading.cells import CellReaders
from clinval.capture.reading.findings import Findings
from clinval.capture.reading.finished import counts_of, finished
from clinval.capture.reading.forms import read_form
from clinval.capture.reading.opening import facts_by_sheet, open_package
from clinval.capture.reading.package import (
    Package,
    RefusedError,
    look_through,
    read_bytes,
    shown_file_name,
)
from clinval.capture.reading.sheets import MOST_ROWS, FoundSheet, find_sheets, read_rows
from clinval.capture.reading.stamped import read_stamp
from clinval.capture.reading.table import FormTable
from clinval.core.files import sha256_of_bytes
from clinval.study.returns import CellCounts, FormReturn, WorkbookReturn

if TYPE_CHECKING:
    from clinval.capture.stamp import Stamp
    from clinval.protocol.model import Protocol

__all__ = ["read_workbook"]


def read_workbook(path: Path, protocol: Protocol) -> WorkbookReturn:
    """Return what a site entered in its workbook.

    Parameters
    ----------
    path
        The file, as it came.
    protocol
        The study.

    Returns
    -------
    WorkbookReturn
        Typed rows by form, and the defects. ``refused`` is true when nothing can be used; one of
        the defects then says why. Bad content never raises.
    """
    return _Reading(path, protocol).read()


class _Reading:
    """Reads one file."""

    def __init__(self, path: Path, protocol: Protocol) -> None:
        self._path = path
        self._protocol = protocol
        self._name = shown_file_name(path)
        self._findings = Findings(self._name)
        self._content: bytes | None = None  # until the file has been read
        self._stamp: Stamp | None = None
        self._counts = CellCounts()

    def read(self) -> WorkbookReturn:
        try:
            content = self._content = read_bytes(self._path)
            package = look_through(content)
            forms = self._open(package)
        except RefusedError as refusal:
            self._findings.report(refusal.kind, sheet=refusal.sheet, parameters=refusal.parameters)
            return self._return((), refused=True)
        return self._return(forms, refused=False)

    def _return(self, forms: tuple[FormReturn, ...], *, refused: bool) -> WorkbookReturn:
        stamp = self._stamp
        return WorkbookReturn(
            file_name=self._name,
            sha256="" if self._content is None else sha256_of_bytes(self._content),
            size=len(self._content or b""),
            site=stamp.site if stamp else "",
            template=stamp.template if stamp else "",
            refused=refused,
            forms=forms,
            defects=self._findings.defects(),
            stamp=stamp.words if stamp else {},
            counts=self._counts,
        )

    def _open(self, package: Package) -> tuple[FormReturn, ...]:
        with warnings.catch_warnings():
            # of parts that are not read here, and of dates that are read as errors
            warnings.simplefilter("ignore")
            try:
                return self._read(package)
            except RefusedError:
                raise
            except Exception as error:  # a broken part leads openpyxl anywhere
                raise RefusedError("file-damaged", detail=type(error).__name__) from error

    def _read(self, package: Package) -> tuple[FormReturn, ...]:
        workbook = open_package(package)
        facts = facts_by_sheet(workbook, package)
        self._stamp = read_stamp(workbook, facts, self._protocol, self._findings)
        for kind, there in (
            ("comments-not-read", package.comments),
            ("links-not-followed", package.links),
        ):
            if there:
                self._findings.report(kind)
        asked = {name: set(form.columns) for name, form in self._stamp.forms.items()}
        for form in self._protocol.asked_forms:
            if not self._stamp.forms:  # the short stamp does not name them
                asked[form.id] = {field.id for field in form.fields}
        found = find_sheets(
            workbook, package.content, facts, self._protocol, set(asked), self._findings
        )
        for sheet in found:
            if sheet.facts.valued_rows > MOST_ROWS:
                raise RefusedError(
                    "file-too-many-rows", sheet=sheet.name,
                    rows=sheet.facts.valued_rows, most=MOST_ROWS,
                )  # fmt: skip
        formulas = _formulas(package, found)
        readers = CellReaders(self._protocol, self._stamp.site, workbook.epoch)
        tables: dict[str, FormTable] = {}
        for sheet in found:
            rows = read_rows(sheet.sheet, sheet.facts)
            tables[sheet.form.id] = read_form(
                sheet,
                rows,
                formulas.get(sheet.form.id, frozenset()),
                readers,
                asked.get(sheet.form.id, set()),
                self._findings,
            )
        self._counts = sum(map(counts_of, tables.values()), CellCounts())
        return finished(self._protocol, self._stamp.site, tables, self._findings)


def _formulas(
    package: Package, found: list[FoundSheet]
) -> Mapping[str, frozenset[tuple[int, int]]]:
    """Return the cells with formulas, by form; most returns have none and are not read again."""
    if not any(sheet.facts.formulas for sheet in found):
        return {}
    workbook = open_package(package, data_only=False)
    cells = {}
    for sheet in found:
        if sheet.facts.formulas:
            other = workbook[sheet.sheet.title]
            other.reset_dimensions()
            cells[sheet.form.id] = frozenset(
                (cell.row, cell.column)
                for row in other.iter_rows(max_row=sheet.facts.last_row)
                for cell in row
                if cell.data_type == "f"
            )
    return cells
