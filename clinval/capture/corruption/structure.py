"""Mistakes in the structure of a workbook: its sheets, their headings, columns and rows."""

from __future__ import annotations

import random
from typing import Any

from clinval.capture.corruption.mistake import CHECKS, Hand, SheetMistake
from clinval.capture.layout import FIRST_ROW, ID_ROW, LABEL_ROW, META, SITE_ID
from clinval.protocol.base import Text

__all__ = ["HEADINGS", "SHEETS"]


def _mistake(family: str) -> Any:
    """Return a maker of the mistakes of a family, one line a mistake in the tables below."""

    def made(name: str, spoil: Any, says: str, en: str, zh: str, **more: Any) -> SheetMistake:
        return SheetMistake(
            id=name, family=family, what=Text(en=en, zh=zh), says=tuple(says.split()),
            spoil=spoil, **more,
        )  # fmt: skip

    return made


# ------------------------------------------------------------------------------------ sheets


def _rename(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    hand.book[form.id].title = f"{form.name.en} final"[:31].replace("/", " ")
    return form.id


def _delete(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    del hand.book[form.id]
    return form.id


def _hide(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    hand.book[form.id].sheet_state = "hidden"
    return form.id


def _copy(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    hand.book.copy_worksheet(hand.book[form.id]).title = f"{form.id} (2)"
    return form.id


def _notes(hand: Hand, _: random.Random) -> str:
    hand.book.create_sheet("Notes")["A1"] = "scanner was down in May"
    return ""


def _export_summary(hand: Hand, draw: random.Random) -> str:
    """Spoil it as a spreadsheet program of tablets does: a summary, and a title over each table."""
    form = hand.form(draw)
    hand.book.create_sheet("Export Summary", 0)["A1"] = "This document was exported."
    hand.book[form.id].insert_rows(1)
    hand.book[form.id]["A1"] = "Table 1"
    return form.id


def _empty_sheet(hand: Hand, _: random.Random) -> str:
    hand.book.create_sheet("Sheet1")
    return ""


def _other_order(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    hand.book.move_sheet(form.id, offset=2)
    return form.id


def _show_own_sheets(hand: Hand, _: random.Random) -> str:
    for sheet in hand.book:
        sheet.sheet_state = "visible"
    return ""


def _stamp_lost(hand: Hand, _: random.Random) -> str:
    del hand.book[META]
    return ""


def _stamp_edited(hand: Hand, _: random.Random) -> str:
    sheet = hand.book[META]
    sheet["A1"] = str(sheet["A1"].value).replace('"site"', '"center"')
    return ""


# ------------------------------------------------------------------------------------ headings


def _row_above(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    hand.book[form.id].insert_rows(1)
    hand.book[form.id]["A1"] = "Department of Radiology"
    return form.id


def _headings_gone(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    hand.book[form.id].delete_rows(ID_ROW, LABEL_ROW)
    return form.id


def _ids_gone(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    hand.book[form.id].delete_rows(ID_ROW)
    return form.id


def _headings_again(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    sheet = hand.book[form.id]
    at = draw.choice(hand.rows(form.id)[1:])
    sheet.insert_rows(at)
    for column in range(1, sheet.max_column + 1):
        sheet.cell(at, column).value = sheet.cell(ID_ROW, column).value
    return form.id


def _entered(hand: Hand, draw: random.Random) -> tuple[Any, int, str]:
    """Return a sheet, and a column in which something was entered that is no key."""
    form = hand.form(draw)
    frame = hand.frames[form.id]
    names = [
        field.id
        for field in form.fields
        if field.id not in (SITE_ID, *form.keys) and frame[field.id].notna().any()
    ]
    return hand.book[form.id], hand.columns(form)[draw.choice(names)], form.id


def _heading_changed(hand: Hand, draw: random.Random) -> str:
    sheet, column, form = _entered(hand, draw)
    sheet.cell(ID_ROW, column).value = "our own name"
    return form


def _both_headings_changed(hand: Hand, draw: random.Random) -> str:
    sheet, column, form = _entered(hand, draw)
    sheet.cell(ID_ROW, column).value = sheet.cell(LABEL_ROW, column).value = "our own name"
    return form


def _label_changed(hand: Hand, draw: random.Random) -> str:
    sheet, column, form = _entered(hand, draw)
    sheet.cell(LABEL_ROW, column).value = "our own words"
    return form


def _column_deleted(hand: Hand, draw: random.Random) -> str:
    sheet, column, form = _entered(hand, draw)
    sheet.delete_cols(column)
    return form


def _column_added(hand: Hand, draw: random.Random) -> str:
    sheet, column, form = _entered(hand, draw)
    sheet.insert_cols(column)
    sheet.cell(LABEL_ROW, column).value = "checked by"
    sheet.cell(hand.rows(form)[0], column).value = "MK"
    return form


def _column_twice(hand: Hand, draw: random.Random) -> str:
    sheet, column, form = _entered(hand, draw)
    last = sheet.max_column + 1
    for row in range(1, sheet.max_row + 1):
        sheet.cell(row, last).value = sheet.cell(row, column).value
    sheet.cell(hand.rows(form)[0], last).value = None
    sheet.cell(hand.rows(form)[1], last).value = "7"
    return form


def _columns_in_other_order(hand: Hand, draw: random.Random) -> str:
    sheet, column, form = _entered(hand, draw)
    for row in range(1, sheet.max_row + 1):
        _swap(sheet.cell(row, column), sheet.cell(row, column + 1))
    return form


def _swap(one: Any, other: Any) -> None:
    one.value, other.value = other.value, one.value
    one.number_format, other.number_format = other.number_format, one.number_format


def _merged(hand: Hand, draw: random.Random) -> str:
    sheet, column, form = _entered(hand, draw)
    first = draw.choice(hand.rows(form)[:-1])
    sheet.merge_cells(
        start_row=first, end_row=first + 1, start_column=column, end_column=column
    )  # fmt: skip
    return form


def _rows_filtered(hand: Hand, draw: random.Random) -> str:
    form = hand.form(draw)
    hand.book[form.id].row_dimensions[draw.choice(hand.rows(form.id))].hidden = True
    return form.id


def _column_hidden(hand: Hand, draw: random.Random) -> str:
    from openpyxl.utils import get_column_letter

    sheet, column, form = _entered(hand, draw)
    sheet.column_dimensions[get_column_letter(column)].hidden = True
    return form


def _comment(hand: Hand, draw: random.Random) -> str:
    from openpyxl.comments import Comment

    sheet, column, form = _entered(hand, draw)
    sheet.cell(hand.rows(form)[0], column).comment = Comment("patient moved", "site")
    return ""


def _comment_on_patient(hand: Hand, draw: random.Random) -> str:
    from openpyxl.comments import Comment

    sheet, column, form = _entered(hand, draw)
    sheet.cell(hand.rows(form)[0], column).comment = Comment("姓名：王芳", "openpyxl")
    return ""


def _hidden_list(hand: Hand, _: random.Random) -> str:
    sheet = hand.book.create_sheet("Recruitment")
    sheet["A1"], sheet.sheet_state = "our own list of subjects", "hidden"
    return ""


def _writer_named(hand: Hand, _: random.Random) -> str:
    hand.book.properties.creator = "Fang Wang"
    hand.book.properties.lastModifiedBy = "Fang Wang"
    return ""


def _look_changed(hand: Hand, draw: random.Random) -> str:
    from openpyxl.styles import PatternFill

    sheet, column, form = _entered(hand, draw)
    sheet.column_dimensions["A"].width = 40
    sheet.freeze_panes = "A1"
    sheet.data_validations.dataValidation.clear()
    sheet.cell(FIRST_ROW, column).fill = PatternFill("solid", fgColor="FFFF00")
    return form


_CELL_KINDS = (
    "required-is-empty", "code-unknown", "number-not-read", "date-not-read", "date-for-number",
    "value-out-of-range", "value-unexpected", "value-not-applicable", *CHECKS,
    "text-not-of-form", "date-for-text", "read-text-from-number", "read-date-from-text",
    "number-not-whole", "read-missing-word", "date-from-number", "column-missing",
)  # fmt: skip

_sheet, _heading = _mistake("sheet"), _mistake("heading")

SHEETS: tuple[SheetMistake, ...] = (
    _sheet("sheet-renamed", _rename, "sheet-renamed", "sheet renamed", "工作表改名"),
    _sheet("sheet-deleted", _delete, "sheet-missing optional-sheet-missing",
           "sheet deleted", "删除工作表", also=("required-is-empty",)),
    _sheet("sheet-hidden", _hide, "sheet-hidden", "sheet hidden", "隐藏工作表"),
    _sheet("sheet-copied", _copy, "sheet-twice", "sheet copied within the workbook",
           "工作簿内复制工作表"),
    _sheet("sheet-of-notes", _notes, "sheet-extra", "sheet of the site's own", "自行增加工作表"),
    _sheet("comment", _comment, "comments-not-read", "comment on a cell", "单元格批注",
           also=("file-names-author-clean",)),
    _sheet("comment-on-patient", _comment_on_patient, "file-identifies file-identifies-refused",
           "comment with the name of a patient", "批注中有患者姓名", also=("comments-not-read",)),
    _sheet("hidden-list", _hidden_list, "sheets-hidden", "hidden sheet of the site's own",
           "自建隐藏工作表", also=("sheet-extra",)),
    _sheet("writer-named", _writer_named, "file-names-author-clean file-names-author-keep"
           " file-names-author-refuse", "properties of the file name who wrote it",
           "文件属性含填写人姓名"),
    _sheet("stamp-deleted", _stamp_lost, "stamp-sheet-lost", "hidden sheets deleted",
           "删除隐藏工作表"),
    _sheet("stamp-edited", _stamp_edited, "stamp-damaged", "hidden stamp edited", "改动隐藏标记"),
    _sheet("sheets-in-other-order", _other_order, "", "sheets in another order (harmless)",
           "工作表顺序改变（无害）"),
    _sheet("empty-sheet", _empty_sheet, "", "empty sheet added (harmless)",
           "增加空白工作表（无害）"),
    _sheet("own-sheets-shown", _show_own_sheets, "", "hidden sheets shown (harmless)",
           "取消隐藏工作表（无害）"),
    _sheet("export-of-tables", _export_summary, "headings-moved",
           "exported from a program that adds a summary and titles", "导出时增加摘要表和标题行",
           also=("sheet-extra",)),
)  # fmt: skip

HEADINGS: tuple[SheetMistake, ...] = (
    _heading("row-above-headings", _row_above, "headings-moved",
             "row inserted above the headings", "表头上方插入行"),
    _heading("headings-deleted", _headings_gone, "headings-not-found",
             "both rows of headings deleted", "删除两行表头", also=("required-is-empty",)),
    _heading("ids-deleted", _ids_gone, "headings-moved", "row of field names deleted",
             "删除字段名行",
             also=("column-renamed",)),
    _heading("headings-repeated", _headings_again, "headings-repeated",
             "headings pasted among the data", "数据中间重复表头"),
    _heading("heading-changed", _heading_changed, "column-renamed",
             "name of a column changed", "改动列名"),
    _heading("both-headings-changed", _both_headings_changed, "column-missing",
             "name and label of a column changed", "列名与标签均改动",
             also=("column-extra", "required-is-empty", *CHECKS)),
    _heading("column-deleted", _column_deleted, "column-missing", "column deleted", "删除列",
             also=("required-is-empty", *CHECKS)),
    _heading("column-added", _column_added, "column-extra", "column added", "增加列"),
    _heading("column-twice", _column_twice, "column-twice",
             "column twice, with other values", "同一列出现两次且数值不同",
             also=("column-missing", "required-is-empty", *CHECKS)),
    _heading("cells-merged", _merged, "cells-merged", "cells merged down a column",
             "纵向合并单元格",
             also=_CELL_KINDS),
    _heading("rows-filtered", _rows_filtered, "rows-hidden", "rows hidden by a filter",
             "筛选隐藏行"),
    _heading("column-hidden", _column_hidden, "columns-hidden", "column hidden", "隐藏列"),
    _heading("label-changed", _label_changed, "", "label of a column changed (harmless)",
             "改动列标签（无害）"),
    _heading("columns-moved", _columns_in_other_order, "",
             "columns with their headings in another order (harmless)", "整列连同表头移动（无害）"),
    _heading("look-changed", _look_changed, "",
             "colours, widths and list boxes changed (harmless)",
             "改动颜色、列宽或下拉列表（无害）"),
)  # fmt: skip
