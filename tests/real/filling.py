"""Fill templates the way a site does: open the workbook, type into the cells, save it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd


def fill(template: Path, returned: Path, forms: dict[str, pd.DataFrame]) -> None:
    """Type rows into a template by their keys and save it elsewhere.

    ``forms`` has a frame a form; its index are the key columns as the template prefilled them.
    """
    workbook = openpyxl.load_workbook(template)
    for form, frame in forms.items():
        sheet = workbook[form]
        header = next(
            row for row in sheet.iter_rows(max_row=20) if any(c.value == "site_id" for c in row)
        )
        columns = {cell.value: cell.column for cell in header}
        keys = list(frame.index.names)
        place = {}
        for row in range(header[0].row + 2, sheet.max_row + 1):
            place[tuple(str(sheet.cell(row, columns[key]).value) for key in keys)] = row
        for key, values in zip(frame.index, frame.to_dict("records"), strict=True):
            row = place[key if isinstance(key, tuple) else (key,)]
            for name, value in values.items():
                if pd.notna(value):
                    sheet.cell(row, columns[name]).value = value
    returned.parent.mkdir(parents=True, exist_ok=True)
    workbook.save(returned)
