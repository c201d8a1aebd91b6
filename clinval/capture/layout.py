"""How a form lies on its sheet: which columns in which order, under which headings.

The writer of templates and the reader of returns both go by this module, and by nothing else.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from clinval.protocol.base import Text
from clinval.protocol.reading_plan import Read, planned_among

if TYPE_CHECKING:
    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol

__all__ = [
    "BLANK_ROWS",
    "CODELISTS",
    "FIRST_ROW",
    "ID_ROW",
    "LABEL_ROW",
    "LISTS",
    "LONGEST_TEXT",
    "META",
    "OWN_SHEETS",
    "QUERIES",
    "README",
    "SEPARATOR",
    "SITE_ID",
    "both",
    "choice_text",
    "columns_of",
    "detail_of",
    "heading",
    "is_planned",
    "limits_text",
    "mark_of",
    "options_of",
    "plain_number",
    "planned_keys",
]

SITE_ID = "site_id"
ID_ROW, LABEL_ROW, FIRST_ROW = 1, 2, 3  # of a form's sheet, as Excel counts
BLANK_ROWS = 100  # of a form that has no planned rows
LONGEST_TEXT = 2_000  # characters of a text field
SEPARATOR = " | "  # between the code and the label of a choice

_LISTED = {"site", "subject", "arm", "reader", "choice", "scale"}

README = "README 说明"
CODELISTS = "Codelists"
LISTS = "_codelists"
META = "_meta"
QUERIES = "_queries"  # the stamp of a query workbook, by which it is known
OWN_SHEETS = (README, CODELISTS, LISTS, META, QUERIES)


def columns_of(form: Form) -> tuple[Field, ...]:
    """Return the fields of a form in the order of its columns: site, keys, then the rest."""
    first = [SITE_ID, *(key for key in form.keys if key != SITE_ID)]
    front = [field for name in first for field in form.fields if field.id == name]
    return (*front, *(field for field in form.fields if field.id not in first))


def options_of(protocol: Protocol, field: Field, site_id: str) -> Mapping[str, Text]:
    """Return what may be chosen in a field, code by code; empty for a field typed freely."""
    match field.type:
        case "choice" | "scale":
            return field.codelist
        case "arm":
            return {arm.id: arm.label for arm in protocol.arms}
        case "reader":
            return {reader.id: reader.label for reader in protocol.readers}
        case "subject":
            return {subject: Text(en=subject) for subject in protocol.subjects_of(site_id)}
        case "site":
            return {site_id: protocol.site(site_id).name}
    return {}


def is_planned(form: Form) -> bool:
    """Whether the rows of a form are known beforehand: at least one of its keys can be listed."""
    kinds = {field.type for field in form.fields if field.id in form.keys}
    return form.rows == "planned" and bool(kinds & _LISTED)


def planned_keys(protocol: Protocol, form: Form, site_id: str) -> list[dict[str, str]]:
    """Return the keys of the planned rows: every combination of what can be chosen.

    Where readers have blocks, only of what they are to read. A key that cannot be listed, such as
    the number of a lesion, is left to the site.
    """
    if not is_planned(form):
        return []
    choices, parts = {}, {}
    for key in form.keys:
        field = form.field(key)
        options = options_of(protocol, field, site_id) if field else {}
        if field is not None and options:
            choices[key] = list(options)
            if field.type in Read._fields:
                parts[key] = field.type
    rows = [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]
    if "reader" not in parts.values() or not protocol.reading_blocks:
        return rows
    planned = planned_among(protocol, site_id, list(parts.values()))
    return [row for row in rows if tuple(row[key] for key in parts) in planned]


def choice_text(code: str, label: Text, language: str) -> str:
    """Return a choice as it stands in a cell: the code, then the label in both languages.

    Examples
    --------
    >>> choice_text("1", Text(en="Poor", zh="差"), "en")
    '1 | Poor 差'
    >>> choice_text("S01-001", Text(en="S01-001"), "en")
    'S01-001'
    """
    words = both(label, language, " ")
    return code if words == code else f"{code}{SEPARATOR}{words}"


def both(text: Text, language: str, between: str) -> str:
    """Return a text in both languages, that of the site first; once, when they are the same."""
    chinese = text.zh or text.en
    order = (chinese, text.en) if language == "zh" else (text.en, chinese)
    return between.join(dict.fromkeys(order))


def heading(field: Field, language: str) -> str:
    """Return the heading of a column: label, unit, limits, and whether it has to be filled."""
    last = " ".join(part for part in (mark_of(field), detail_of(field)) if part)
    return "\n".join(part for part in (both(field.label, language, "\n"), last) if part)


def mark_of(field: Field) -> str:
    """Return the mark of a mandatory field, in brackets where it does not apply to every row."""
    if not field.required:
        return ""
    return "(*)" if field.when else "*"


def detail_of(field: Field) -> str:
    """Return unit and limits as they stand in a heading: ``[s] 1–14400``."""
    parts = []
    if field.type == "date":
        parts.append("[yyyy-mm-dd]")
    elif field.type == "datetime":
        parts.append("[yyyy-mm-dd hh:mm]")
    elif field.type == "time":
        parts.append("[hh:mm]")
    elif field.unit:
        parts.append(f"[{field.unit}]")
    if field.numeric and field.range:
        parts.append(limits_text(field.range))
    return " ".join(parts)


def limits_text(limits: tuple[float | datetime.date | None, float | datetime.date | None]) -> str:
    """Return limits in a form that needs no language.

    Examples
    --------
    >>> limits_text((1.0, 14400.0)), limits_text((18.0, None)), limits_text((None, 0.5))
    ('1–14400', '≥ 18', '≤ 0.5')
    """
    low, high = (None if limit is None else _limit_text(limit) for limit in limits)
    if low is None:
        return "" if high is None else f"≤ {high}"
    if high is None:
        return f"≥ {low}"
    return f"{low} – {high}" if isinstance(limits[0], datetime.date) else f"{low}–{high}"


def _limit_text(limit: float | datetime.date) -> str:
    return limit.isoformat() if isinstance(limit, datetime.date) else plain_number(limit)


def plain_number(value: float) -> str:
    """Return a number as a person writes it: no exponent where it can be helped, no ``.0``.

    Examples
    --------
    >>> plain_number(14400.0), plain_number(0.25)
    ('14400', '0.25')
    """
    return str(int(value)) if value == value // 1 and abs(value) < 1e15 else repr(float(value))
