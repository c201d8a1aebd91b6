"""The lists that cells choose from: hidden ranges behind defined names, and a copy to read.

A list written into a validation itself may hold 255 characters; one more, and Excel drops every
validation of the workbook. A defined name has no such limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clinval.capture.layout import CODELISTS, LISTS, both, choice_text, columns_of, options_of
from clinval.capture.writing.spoken import english_and_chinese, say
from clinval.capture.writing.styles import Styles
from clinval.capture.writing.words import word
from clinval.protocol.forms import MISSING_CODES

if TYPE_CHECKING:
    from clinval.protocol.base import Text
    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol

__all__ = ["CodeLists"]

_USERS = 4  # fields named beside a list; yes and no have dozens
_SHOWN = ("choice", "scale", "arm", "reader")  # subjects are read on the forms themselves


class CodeLists:
    """The lists of one workbook; the same list is written once, however many fields use it."""

    def __init__(self, protocol: Protocol, site_id: str) -> None:
        self._language = protocol.site(site_id).language
        self._names: dict[tuple[str, ...], str] = {}
        self._of_field: dict[tuple[str, str], str] = {}
        self._shown: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
        for form in protocol.asked_forms:
            for field in columns_of(form):
                options = options_of(protocol, field, site_id)
                if options and field.type != "site":
                    self._add(form, field, options)

    def _add(self, form: Form, field: Field, options: Mapping[str, Text]) -> None:
        entries = [choice_text(code, label, self._language) for code, label in options.items()]
        if field.id not in form.keys:
            entries += missing_entries(self._language)
        name = self._names.setdefault(tuple(entries), f"list_{form.id}_{field.id}")
        self._of_field[form.id, field.id] = name
        if field.type in _SHOWN:
            table = tuple((code, label.en, label.zh or label.en) for code, label in options.items())
            self._shown.setdefault(table, []).append(f"{form.id} {_spaced(field.label)}")

    def name(self, form: Form, field: Field) -> str | None:
        """Return the defined name of the list of a field, ``None`` for a field typed freely."""
        return self._of_field.get((form.id, field.id))

    def write_ranges(self, workbook: Any) -> None:
        """Write the hidden sheet that the defined names point to."""
        from xlsxwriter.utility import xl_col_to_name

        sheet = workbook.add_worksheet(LISTS)
        sheet.hide()
        for index, (entries, name) in enumerate(self._names.items()):
            sheet.write_string(0, index, name)
            for row, entry in enumerate(entries, start=1):
                sheet.write_string(row, index, entry)
            column = xl_col_to_name(index, col_abs=True)
            workbook.define_name(name, f"='{LISTS}'!{column}$2:{column}${len(entries) + 1}")

    def write_copy(self, workbook: Any, styles: Styles) -> None:
        """Write the sheet on which people look codes up."""
        sheet = workbook.add_worksheet(CODELISTS)
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 58)
        sheet.set_column(1, 1, 20)
        sheet.set_column(2, 3, 44)
        sheet.write_string(0, 0, _spaced(word("codelists.title")), styles["title"])
        sheet.set_row(0, 26)
        headed = ("used", "code", *(("english", "chinese") if english_and_chinese() else ()))
        for column, name in enumerate(headed):
            sheet.write_string(2, column, _spaced(word(f"codelists.{name}")), styles["head"])
        sheet.freeze_panes(3, 0)
        missing = tuple(
            (code, label.en, label.zh or label.en)
            for code, label in ((code, say(text)) for code, text in MISSING_CODES.items())
        )
        row = 3
        everywhere = _spaced(word("codelists.anywhere"))
        for table, users in [(missing, [everywhere]), *self._shown.items()]:
            used = users[:_USERS] + ([f"+ {len(users) - _USERS}"] if len(users) > _USERS else [])
            for line in range(max(len(table), len(used))):
                if line < len(used):
                    sheet.write_string(row, 0, used[line], styles["strong"])
                if line < len(table):
                    texts = table[line] if english_and_chinese() else dict.fromkeys(table[line])
                    for column, text in enumerate(texts, start=1):
                        sheet.write_string(row, column, text, styles["words"])
                row += 1
            row += 1
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(2)
        sheet.protect("", {"format_columns": True, "format_rows": True})


def missing_entries(language: str) -> list[str]:
    """Return the ends of lists: what to choose where there is no value."""
    return [choice_text(code, say(label), language) for code, label in MISSING_CODES.items()]


def _spaced(text: Text) -> str:
    return both(text, "en", " ")
