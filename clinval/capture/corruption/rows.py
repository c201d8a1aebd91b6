"""Mistakes that move, repeat or add rows, and those that nothing in a file can give away."""

from __future__ import annotations

import random
from typing import Any

from clinval.capture.corruption.mistake import CHECKS, Hand, SheetMistake
from clinval.capture.layout import SITE_ID
from clinval.protocol.base import Text
from clinval.protocol.forms import Form

__all__ = ["ROWS", "SILENT"]

_SHIFTED = (
    "code-unknown", "number-not-read", "date-not-read", "date-for-number", "value-out-of-range",
    "value-unexpected", "number-not-whole", "date-for-text", "required-is-empty", *CHECKS,
    "value-not-applicable", "read-text-from-number", "read-number-from-text", "truth-for-number",
    "read-missing-word", "date-from-number", "column-extra", "text-not-of-form", "read-trimmed",
    "read-date-from-text", "number-with-comparison", "time-missing", "time-dropped", "read-label",
)  # fmt: skip


def _row(name: str, spoil: Any, says: str, en: str, zh: str, **more: Any) -> SheetMistake:
    return SheetMistake(
        id=name, family=more.pop("family", "row"), what=Text(en=en, zh=zh),
        says=tuple(says.split()), spoil=spoil, **more,
    )  # fmt: skip


def _content(sheet: Any, row: int) -> list[Any]:
    return [sheet.cell(row, column).value for column in range(1, sheet.max_column + 1)]


def _fill(sheet: Any, row: int, content: list[Any]) -> None:
    for column, value in enumerate(content, start=1):
        sheet.cell(row, column).value = value


def _end(sheet: Any) -> int:
    """Return the number of the first row below everything that stands in a sheet."""
    return int(sheet.max_row) + 1


def _varied(hand: Hand, form: Form, rows: tuple[int, int]) -> str:
    """Return a field, no key, whose values in two rows differ; empty where there is none."""
    frame = hand.frames[form.id].set_index("_row")
    for field in form.fields:
        if field.id not in (SITE_ID, *form.keys):
            first, second = (frame[field.id][row] for row in rows)
            if first == first and second == second and first != second:  # noqa: PLR0124 - not NaN
                return field.id
    return ""


def _two_rows(hand: Hand, draw: random.Random) -> tuple[Form, int, int, str]:
    """Return a form, two of its rows, and a field in which they differ."""
    while True:
        form = hand.form(draw)
        first, second = draw.sample(hand.rows(form.id), 2)
        field = _varied(hand, form, (first, second))
        if field:
            return form, first, second, field


def _twice_alike(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    sheet = hand.book[form.id]
    _fill(sheet, _end(sheet), _content(sheet, draw.choice(hand.rows(form.id))))
    return form.id


def _twice_different(hand: Hand, draw: random.Random) -> str:
    form, first, second, field = _two_rows(hand, draw)
    sheet, end = hand.book[form.id], _end(hand.book[form.id])
    _fill(sheet, end, _content(sheet, first))
    column = hand.columns(form)[field]
    sheet.cell(end, column).value = sheet.cell(second, column).value
    return form.id


def _key_of_another(hand: Hand, draw: random.Random) -> str:
    form, first, second, _ = _two_rows(hand, draw)
    sheet = hand.book[form.id]
    for key in form.keys:
        column = hand.columns(form)[key]
        sheet.cell(first, column).value = sheet.cell(second, column).value
    return form.id


def _sums(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    sheet, rows, end = hand.book[form.id], hand.rows(form.id), _end(hand.book[form.id])
    columns = hand.columns(form)
    sheet.cell(end, columns[form.keys[0]]).value = "Total"
    letter = sheet.cell(1, sheet.max_column).column_letter
    sheet.cell(end, sheet.max_column).value = f"=SUM({letter}{rows[0]}:{letter}{rows[-1]})"
    return form.id


def _mean(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    sheet = hand.book[form.id]
    numeric = [f.id for f in form.fields if f.numeric and hand.frames[form.id][f.id].notna().any()]
    column = hand.columns(form)[draw.choice(numeric)] if numeric else sheet.max_column
    sheet.cell(_end(sheet), column).value = 3
    return form.id


def _note_below(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    sheet = hand.book[form.id]
    sheet.cell(_end(sheet) + 1, 1).value = "all values checked in May"
    return form.id


def _row_shifted(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    sheet, row = hand.book[form.id], draw.choice(hand.rows(form.id))
    first = len(form.keys) + 2
    content = _content(sheet, row)[first - 1 :]
    for column, value in enumerate([None, *content], start=first):
        sheet.cell(row, column).value = value
    return form.id


def _column_shifted(hand: Hand, draw: random.Random) -> str:
    """Paste a column one row too low; the last of its values falls below the table."""
    form = hand.form(draw)
    sheet, rows = hand.book[form.id], hand.rows(form.id)
    frame = hand.frames[form.id]
    full = [
        f.id for f in form.fields
        if f.id not in (SITE_ID, *form.keys) and frame[f.id].notna().all() and f.required
    ]  # fmt: skip
    column = hand.columns(form)[draw.choice(full)]
    values = [sheet.cell(row, column).value for row in rows]
    sheet.cell(rows[0], column).value = None
    for row, value in zip([*rows[1:], _end(sheet)], values, strict=True):
        sheet.cell(row, column).value = value
    return form.id


def _blank_rows(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    hand.book[form.id].insert_rows(draw.choice(hand.rows(form.id)), 3)
    return form.id


def _sorted(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    sheet, rows = hand.book[form.id], hand.rows(form.id)
    content = [_content(sheet, row) for row in rows]
    for row, values in zip(rows, draw.sample(content, len(content)), strict=True):
        _fill(sheet, row, values)
    return form.id


def _patients_swapped(hand: Hand, draw: random.Random) -> str:
    form, first, second, _ = _two_rows(hand, draw)
    sheet = hand.book[form.id]
    start = len(form.keys) + 2
    contents = [_content(sheet, row)[start - 1 :] for row in (first, second)]
    for row, content in zip((second, first), contents, strict=True):
        for column, value in enumerate(content, start=start):
            sheet.cell(row, column).value = value
    return form.id


def _value_of_another(hand: Hand, draw: random.Random) -> str:
    form, first, second, field = _two_rows(hand, draw)
    sheet, column = hand.book[form.id], hand.columns(form)[field]
    sheet.cell(first, column).value = sheet.cell(second, column).value
    return form.id


def _one_column_sorted(hand: Hand, draw: random.Random) -> str:
    form, _, _, field = _two_rows(hand, draw)
    sheet, column = hand.book[form.id], hand.columns(form)[field]
    cells = [sheet.cell(row, column) for row in hand.rows(form.id)]
    for cell, value in zip(cells, sorted((c.value for c in cells), key=str), strict=True):
        cell.value = value
    return form.id


def _row_deleted(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    hand.book[form.id].delete_rows(draw.choice(hand.rows(form.id)))
    return form.id


_ANYTHING = (*_SHIFTED, "unit-suspected", "value-far-out", "rows-alike", "unit-unexpected")

ROWS: tuple[SheetMistake, ...] = (
    _row("row-twice", _twice_alike, "row-repeated", "row entered twice", "同一行录入两次"),
    _row("row-twice-different", _twice_different, "rows-contradict",
         "row entered twice, with other values", "同一行录入两次且数值不同", also=_ANYTHING),
    _row("key-of-another-row", _key_of_another, "rows-contradict",
         "row under the identifiers of another", "误用其他行的标识"),
    _row("sums-below", _sums, "key-unknown", "row of sums below the table", "表下方合计行",
         also=("formula-without-value", "required-is-empty", "site-filled-in", "key-part-missing")),
    _row("mean-below", _mean, "key-part-missing", "mean below a column, without a word",
         "列下方平均值且无说明", also=("required-is-empty", "site-filled-in", *_ANYTHING)),
    _row("note-below", _note_below, "row-of-other-site key-part-missing",
         "note below the table", "表下方备注"),
    _row("row-shifted", _row_shifted, " ".join(_SHIFTED), "row pasted one cell too far right",
         "粘贴时整行右移一格", also=_SHIFTED),
    _row("column-shifted", _column_shifted, "key-part-missing required-is-empty",
         "column pasted one row too low", "粘贴时整列下移一行",
         also=(*_SHIFTED, "site-filled-in")),
    _row("blank-rows", _blank_rows, "", "blank rows among the data (harmless)",
         "数据中间有空行（无害）"),
    _row("rows-sorted", _sorted, "", "rows in another order (harmless)", "行顺序改变（无害）"),
)  # fmt: skip

SILENT: tuple[SheetMistake, ...] = (
    _row("patients-swapped", _patients_swapped, "", "rows of two patients swapped",
         "两名患者的数据互换",
         family="silent", known=False, also=_ANYTHING),
    _row("value-of-another", _value_of_another, "", "value of another patient in a cell",
         "误填其他患者的数值", family="silent", known=False, also=_ANYTHING),
    _row("one-column-sorted", _one_column_sorted, "", "one column sorted without the others",
         "仅对一列排序", family="silent", known=False, also=_ANYTHING),
    _row("row-deleted", _row_deleted, "", "row deleted, as if it had never been entered",
         "删除整行", family="silent", known=False, also=_ANYTHING),
)  # fmt: skip
