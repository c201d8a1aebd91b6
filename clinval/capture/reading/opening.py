"""Open a workbook that has been looked through."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from clinval.capture.reading.package import Package, RefusedError
from clinval.capture.reading.sheets import part_of

if TYPE_CHECKING:
    from clinval.capture.reading.sheet_scan import SheetFacts

__all__ = ["facts_by_sheet", "open_package"]


def open_package(package: Package, *, data_only: bool = True) -> Any:
    """Return the workbook, its cells read as they are asked for."""
    import openpyxl

    return openpyxl.load_workbook(
        io.BytesIO(package.content), read_only=True, data_only=data_only, keep_links=False
    )


def facts_by_sheet(workbook: Any, package: Package) -> dict[str, SheetFacts]:
    """Return the facts of each sheet by its name.

    Raises
    ------
    RefusedError
        When the rows of a sheet are not those of a spreadsheet.
    """
    facts = {}
    for sheet in workbook.worksheets:
        part = package.sheets.get(part_of(sheet))
        if part is None or not part.in_order:
            raise RefusedError("file-damaged", detail="rows")
        facts[sheet.title] = part
    return facts
