"""The sheet of one form."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clinval.capture.blinding import in_code
from clinval.capture.layout import (
    FIRST_ROW,
    ID_ROW,
    LABEL_ROW,
    SITE_ID,
    both,
    choice_text,
    columns_of,
    detail_of,
    is_planned,
    mark_of,
    options_of,
    plain_number,
)
from clinval.capture.writing.code_lists import CodeLists
from clinval.capture.writing.conditions import translate
from clinval.capture.writing.filling import Content, Entry, Row, entry_of, rows_of
from clinval.capture.writing.styles import GREY, INK, Styles
from clinval.capture.writing.validation import validation_of

if TYPE_CHECKING:
    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol

__all__ = ["FormSheet"]

_OPEN_TO = 1000  # rows below the blank ones that an open form still guides
_LINE = 13.5  # points a line of a heading
_ALLOWED = {
    "sort": True,
    "autofilter": True,
    "format_columns": True,
    "format_rows": True,
    "insert_hyperlinks": False,
    "select_locked_cells": True,
    "select_unlocked_cells": True,
}


class FormSheet:
    """Writes the sheet of a form for a site."""

    def __init__(self, protocol: Protocol, form: Form, site_id: str, lists: CodeLists) -> None:
        self._protocol = protocol
        self._form = form
        self._site = protocol.site(site_id)
        self._lists = lists
        self._columns = columns_of(form)
        self._options = [options_of(protocol, field, site_id) for field in self._columns]
        self._keys = {SITE_ID, *form.keys}
        self._prefilled = {SITE_ID}
        if is_planned(form):
            pairs = zip(self._columns, self._options, strict=True)
            self._prefilled |= {f.id for f, options in pairs if options and f.id in self._keys}

    def write(self, workbook: Any, styles: Styles, content: Sequence[Content]) -> None:
        """Add the sheet to a workbook."""
        sheet = workbook.add_worksheet(self._form.id)
        rows = rows_of(self._protocol, self._form, self._site.id, content)
        rows = in_code(self._protocol, self._form, rows)
        self._write_headings(sheet, styles)
        self._set_widths(sheet, styles)
        for index, row in enumerate(rows):
            self._write_row(sheet, styles, FIRST_ROW - 1 + index, row)
        last = FIRST_ROW - 2 + len(rows)
        guided = last if is_planned(self._form) else max(last, _OPEN_TO)
        self._validate(sheet, guided)
        self._colour(sheet, styles, guided)
        self._set_up(sheet, last)

    # ------------------------------------------------------------------ cells

    def _write_headings(self, sheet: Any, styles: Styles) -> None:
        language = self._site.language
        height = 1.0
        for column, field in enumerate(self._columns):
            sheet.write_string(ID_ROW - 1, column, field.id, styles["id"])
            label, mark, detail = (
                both(field.label, language, "\n"),
                mark_of(field),
                detail_of(field),
            )
            last = " ".join(part for part in (mark, detail) if part)
            fragments = [styles["label_strong"], label]
            if mark:
                fragments += [styles["label_mark"], f"\n{mark}"]
            if detail:
                fragments += [styles["label_faint"], (" " if mark else "\n") + detail]
            if len(fragments) == 2:  # a rich string has at least two fragments
                fragments[1:] = [label[:1], styles["label_strong"], label[1:] or " "]
            sheet.write_rich_string(LABEL_ROW - 1, column, *fragments, styles["label"])
            parts = [*label.split("\n"), *([last] if last else [])]
            room = self._width(column) - 1.5
            height = max(height, sum(-(-_width(part) // room) for part in parts))
        sheet.set_row(ID_ROW - 1, 10.5)
        # one line more than the text: the button of the filter lies over the last one
        sheet.set_row(LABEL_ROW - 1, _LINE * (height + 1))

    def _write_row(self, sheet: Any, styles: Styles, at: int, row: Row) -> None:
        language = self._site.language
        for column, field in enumerate(self._columns):
            if field.id in row.keys:
                key = row.keys[field.id]
                if field.type in ("choice", "scale"):
                    key = choice_text(key, field.codelist[key], language)
                sheet.write_string(at, column, key, styles["key"])
                continue
            # in the columns of locked keys identifiers stand without their labels
            bare = field.id in self._prefilled and not field.codelist
            options = {} if bare else self._options[column]
            entry = entry_of(field, row.content.get(field.id), options, language)
            _write(sheet, at, column, entry, styles.entry(field.type))

    # ------------------------------------------------------------------ guidance

    def _validate(self, sheet: Any, last: int) -> None:
        prefilled = self._prefilled
        for column, field in enumerate(self._columns):
            if field.id in prefilled:
                continue
            name = self._lists.name(self._form, field)
            rule = validation_of(field, name, self._site.language)
            sheet.data_validation(FIRST_ROW - 1, column, last, column, rule)

    def _colour(self, sheet: Any, styles: Styles, last: int) -> None:
        """Grey where a field does not apply, red where impossible, amber where still to fill."""
        first = FIRST_ROW - 1
        begun = self._begun()
        for column, field in enumerate(self._columns):
            if field.id in self._prefilled:
                continue
            cell = _cell(column)
            applies = translate(field.when, self._find) if field.when else None
            if applies:
                rule = _formula(applies.false, styles["idle"], stop_if_true=True)
                sheet.conditional_format(first, column, last, column, rule)
            outside = _outside(field, cell)
            if outside:
                sheet.conditional_format(
                    first, column, last, column, _formula(outside, styles["outside"])
                )
            if field.required and (applies or not field.when):
                empty = f'{begun},TRIM({cell})=""' + (f",{applies.true}" if applies else "")
                sheet.conditional_format(
                    first, column, last, column, _formula(f"AND({empty})", styles["missing"])
                )

    def _begun(self) -> str:
        """Return the formula for whether anybody has entered something in a row."""
        entered = [i for i, field in enumerate(self._columns) if field.id not in self._prefilled]
        if not entered:
            return "TRUE"
        return f"COUNTA({_cell(entered[0])}:{_cell(entered[-1])})>0"

    def _find(self, name: str) -> tuple[Field, str] | None:
        for column, field in enumerate(self._columns):
            if field.id == name:
                return field, _cell(column)
        return None

    # ------------------------------------------------------------------ the sheet as a whole

    def _width(self, column: int) -> float:
        field, options = self._columns[column], self._options[column]
        label = both(field.label, self._site.language, "\n").split("\n")
        # the label may take two lines of a language
        needed = max(_width(part) / (2 if _width(part) > 14 else 1) for part in label) + 3
        detail = _width(detail_of(field)) + (6 if field.required else 2)
        if field.id in self._prefilled and field.type not in ("choice", "scale"):
            content = max((_width(code) for code in options), default=8) + 2.5
            return float(min(max(content, needed, detail, 9), 24))
        if options:
            language = self._site.language
            entries = [choice_text(code, text, language) for code, text in options.items()]
            content = max(map(_width, entries)) + 4
            return float(min(max(content, needed, detail, 12), 32))
        if field.type == "text":
            return float(max(26, needed))
        return float(max(needed, detail, 16.5 if field.type == "datetime" else 12))

    def _set_widths(self, sheet: Any, styles: Styles) -> None:
        for column, field in enumerate(self._columns):
            # below the blank rows of an open form more may be entered, so those cells are unlocked
            open_ended = not is_planned(self._form) and field.id != SITE_ID
            format_ = styles.entry(field.type) if open_ended else None
            sheet.set_column(column, column, self._width(column), format_)

    def _set_up(self, sheet: Any, last: int) -> None:
        form, study = self._form, self._protocol.study
        sheet.freeze_panes(LABEL_ROW, sum(field.id in self._keys for field in self._columns))
        sheet.autofilter(LABEL_ROW - 1, 0, max(last, LABEL_ROW), len(self._columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
        sheet.protect("", _ALLOWED)
        sheet.set_tab_color(GREY if form.optional else INK)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(ID_ROW - 1, LABEL_ROW - 1)
        sheet.set_margins(0.4, 0.4, 0.6, 0.6)
        title = f"{form.id} {form.name.en} {form.name.zh or ''}".replace("&", "&&")
        sheet.set_header(f"&L&B{title}&R{study.id} · {self._site.id}")
        sheet.set_footer(f"&L{study.id} {study.version}&R&P / &N")


def _write(sheet: Any, row: int, column: int, entry: Entry, format_: Any) -> None:
    # a text is always written as one: what begins with = is no formula
    match entry:
        case None | "":
            sheet.write_blank(row, column, None, format_)
        case str():
            sheet.write_string(row, column, entry, format_)
        case bool():
            sheet.write_boolean(row, column, entry, format_)
        case datetime.datetime() | datetime.time():
            sheet.write_datetime(row, column, entry, format_)
        case _:
            sheet.write_number(row, column, entry, format_)


def _outside(field: Field, cell: str) -> str | None:
    if field.range is None or not (field.numeric or field.temporal):
        return None
    tests = []
    for limit, sign in zip(field.range, "<>", strict=True):
        if isinstance(limit, datetime.date):
            after = int(sign == ">")  # any time on the last day is still within
            edge = f"DATE({limit.year},{limit.month},{limit.day}){f'+{after}' if after else ''}"
            tests.append(f"{cell}{'>=' if after else '<'}{edge}")
        elif limit is not None:
            tests.append(f"{cell}{sign}{plain_number(limit)}")
    return f"AND(ISNUMBER({cell}),OR({','.join(tests)}))" if tests else None


def _formula(criteria: str, format_: Any, **more: Any) -> dict[str, Any]:
    return {"type": "formula", "criteria": f"={criteria}", "format": format_, **more}


def _cell(column: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return f"${xl_col_to_name(column)}{FIRST_ROW}"


def _width(text: str) -> int:
    """Return the width of a text in Latin characters: a Chinese one is twice as wide."""
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)
