"""Which rows a form's sheet has, and what stands in them before the site begins."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING, Any

from clinval.capture.layout import (
    BLANK_ROWS,
    SITE_ID,
    choice_text,
    is_planned,
    planned_keys,
)
from clinval.capture.writing.spoken import say
from clinval.protocol.forms import MISSING_CODES

if TYPE_CHECKING:
    from clinval.protocol.base import Text
    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol

__all__ = ["Entry", "Row", "entry_of", "rows_of"]

_MOMENTS: dict[str, tuple[re.Pattern[str], Callable[[str], datetime.date | datetime.time]]] = {
    "date": (re.compile(r"\d{4}-\d\d-\d\d"), datetime.date.fromisoformat),
    "datetime": (
        re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?"), datetime.datetime.fromisoformat,
    ),
    "time": (re.compile(r"\d\d:\d\d(:\d\d)?"), datetime.time.fromisoformat),
}  # fmt: skip


Content = Mapping[str, object]
Entry = str | float | bool | datetime.datetime | datetime.time | None


@dataclass(slots=True)
class Row:
    """A row of a sheet: the keys filled in beforehand, and what is entered."""

    keys: dict[str, str]
    content: Content = member(default_factory=dict)


def rows_of(protocol: Protocol, form: Form, site_id: str, content: Sequence[Content]) -> list[Row]:
    """Return the rows of a form, given content put where its keys are.

    Content whose keys match no row that is still free is appended at the end.
    """
    rows = [Row({SITE_ID: site_id, **keys}) for keys in planned_keys(protocol, form, site_id)]
    free: dict[tuple[str, ...], list[Row]] = {}
    names = [name for name in (rows[0].keys if rows else ()) if name != SITE_ID]
    for row in reversed(rows):
        free.setdefault(tuple(row.keys[name] for name in names), []).append(row)
    appended = []
    for given in content:
        own = given.get(SITE_ID, site_id) == site_id
        waiting = free.get(tuple(_plain(given.get(name)) for name in names)) if own else None
        if waiting:
            waiting.pop().content = given
        else:
            appended.append(Row({}, {SITE_ID: site_id, **given}))
    if not is_planned(form):
        blank = max(BLANK_ROWS - len(appended), BLANK_ROWS // 5)
        appended += [Row({SITE_ID: site_id}) for _ in range(blank)]
    return rows + appended


def entry_of(field: Field, value: object, options: Mapping[str, Text], language: str) -> Entry:
    """Return a value as it stands in a cell: codes with their labels, dates as dates.

    What is none of these is written as it is, so that the mistakes of sites can be imitated.
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN, of whatever library
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, datetime.date | datetime.time):
        return _moment(value)
    text = _plain(value)
    missing = MISSING_CODES.get(text)
    if options:
        label = options.get(text) or (say(missing) if missing else None)
        return text if label is None else choice_text(text, label, language)
    if missing is not None:
        return text
    if field.type in ("date", "datetime", "time") and isinstance(value, str):
        return _moment_of_text(field, value)
    if isinstance(value, str):
        return value
    return text if field.type == "text" else float(text)


def _plain(value: Any) -> str:
    if hasattr(value, "item"):  # a scalar of numpy
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _moment(value: datetime.date | datetime.time) -> Entry:
    if isinstance(value, datetime.time | datetime.datetime):
        return value
    return datetime.datetime.combine(value, datetime.time())


def _moment_of_text(field: Field, text: str) -> Entry:
    pattern, read = _MOMENTS[field.type]
    if not pattern.fullmatch(text) or (field.type != "time" and text < "1900"):
        return text
    try:
        return _moment(read(text))
    except ValueError:
        return text
