"""All that is asked of returned data, as a list: by field, by row, across forms, over the study.

The list is made from the forms and checks themselves, so that it cannot say anything else than
what is done. Each entry has an example on which it fires and one on which it does not.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from clinval.capture.layout import limits_text, plain_number
from clinval.core.problems import Severity, kinds
from clinval.protocol.base import Text
from clinval.protocol.forms import Field, Form, Limits
from clinval.protocol.model import Protocol
from clinval.protocol.study_checks import (
    AcrossCheck,
    StudyChecks,
    across_checks,
    study_check_library,
)

__all__ = ["Entry", "field_entries", "form_entries", "study_entries"]

_FORMAT = {
    "integer": ("number-not-whole", "1.5", "1"),
    "number": ("number-not-read", "five", "5"),
    "date": ("date-not-read", "31.2.2026", "2026-02-28"),
    "datetime": ("date-not-read", "2026-02-28 25:00", "2026-02-28 09:30"),
}
"""By type: the problem of a value that is not of it, such a value, and one that is."""

_LEVEL = {Severity.ERROR: "critical", Severity.QUERY: "major", Severity.NOTE: "minor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One check.

    Attributes
    ----------
    id
        ``F05-C01``, ``X03``, or field and type: ``F05.scan_time_s:range``.
    type
        presence, branching, list, format, range, plausibility; row; cross_form and the others of
        checks of a study.
    severity
        critical, major or minor.
    kind
        The problem that is reported; its code and texts stand in the catalogue of problems.
    form, field
        What it is about; empty where it is about the study.
    rule
        What is allowed, or when it fires.
    says
        What the site is told.
    fires, silent
        Examples: a value, or values by field.
    """

    id: str
    type: str
    severity: str
    kind: str
    says: Text
    form: str = ""
    field: str = ""
    rule: str = ""
    fires: str = ""
    silent: str = ""

    @property
    def code(self) -> str:
        """The code of the problem."""
        return str(kinds()[self.kind]["code"])

    @property
    def of_field(self) -> bool:
        """Whether it is asked of a field by itself, by what the form says of it."""
        return ":" in self.id

    def plain(self) -> dict[str, str]:
        """Return it as plain values, for machines."""
        said = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        return {**said, "code": self.code, "says": self.says.en, "says_zh": self.says.in_("zh")}


def form_entries(form: Form) -> list[Entry]:
    """Return what is asked of each field of a form, and of its rows."""
    found = [entry for field in form.fields for entry in field_entries(form, field)]
    for check in form.checks:
        critical = check.severity == "critical"
        found.append(
            Entry(
                id=check.id,
                type="row",
                severity=check.severity,
                kind="critical-check-fires" if critical else "check-fires",
                form=form.id,
                rule=check.fires_when,
                says=check.message,
                fires=_row(check.example.fires),
                silent=_row(check.example.silent),
            )
        )
    return found


def field_entries(form: Form, field: Field) -> Iterator[Entry]:
    """Yield what is asked of a field by itself."""
    if field.required:
        kind = "key-part-missing" if field.id in form.keys else "required-is-empty"
        yield _of_field(form, field, "presence", kind, rule=field.when or "", silent="ND")
    if field.when is not None:
        yield _of_field(form, field, "branching", "value-not-applicable", rule=field.when)
    if field.codelist:
        codes = list(field.codelist)
        yield _of_field(form, field, "list", "code-unknown", rule=", ".join(codes),
                        fires="none of these", silent=codes[0])  # fmt: skip
    elif field.type in _FORMAT:
        kind, wrong, right = _FORMAT[field.type]
        right, _ = _examples(field, field.expected or field.range) or (right, "")
        yield _of_field(form, field, "format", kind, rule=field.type, fires=wrong, silent=right)
    if field.pattern:
        yield _of_field(form, field, "format", "text-not-of-form", rule=field.pattern)
    for kind, name, limits, hard in (
        ("value-out-of-range", "range", field.range, None),
        ("value-unexpected", "plausibility", field.expected, field.range),
    ):
        examples = _examples(field, limits, hard)
        if limits is not None and examples is not None:
            unit = f" {field.unit}" if field.unit else ""
            yield _of_field(form, field, name, kind, rule=limits_text(limits) + unit,
                            silent=examples[0], fires=examples[1])  # fmt: skip


def _of_field(
    form: Form, field: Field, name: str, kind: str, rule: str, fires: str = "", silent: str = ""
) -> Entry:
    texts: Mapping[str, Any] = kinds()[kind]
    blank = _Blanks(
        {"field": field.label.en, "field_zh": field.label.in_("zh"), "limits": rule, "codes": rule}
    )
    return Entry(
        id=f"{form.id}.{field.id}:{name}",
        type=name,
        severity=_LEVEL[Severity(texts.get("severity", "error"))],
        kind=kind,
        form=form.id,
        field=field.id,
        rule=rule,
        says=Text(
            en=texts["en"]["says"].format_map(blank), zh=texts["zh"]["says"].format_map(blank)
        ),
        fires=fires,
        silent=silent,
    )


class _Blanks(dict[str, str]):
    """Parameters of a text; one that is not known beforehand stays a blank."""

    def __missing__(self, key: str) -> str:
        return "…"


def _examples(
    field: Field, limits: Limits | None, hard: Limits | None = None
) -> tuple[str, str] | None:
    """Return a value within limits and one outside, but within the hard limits, where it can be.

    A limit itself is within.
    """
    for upper in (True, False):
        edge, wall = (pair and pair[int(upper)] for pair in (limits, hard))
        if edge is None or edge == wall:
            continue
        sign = 1 if upper else -1
        if isinstance(edge, datetime.date):
            return edge.isoformat(), (edge + datetime.timedelta(days=sign)).isoformat()
        outside = edge + sign
        if field.type != "integer":
            far = edge + sign * max(abs(edge), 1.0)
            outside = far if not isinstance(wall, float) else (edge + wall) / 2
        return plain_number(edge), plain_number(outside)
    return None


def study_entries(protocol: Protocol | None = None) -> list[Entry]:
    """Return what is asked of a study as a whole; of the library where no study is given."""
    library = study_check_library()
    own = protocol.checks if protocol is not None else StudyChecks()
    across = list(library.across if protocol is None else across_checks(protocol))
    found = [_across(check) for check in across]
    for kind, check in library.functions.items():
        named = {"value-not-unique": own.unique, "entry-differs": own.headers}.get(kind, (kind,))
        if check.id in own.drop or (protocol is not None and not named):
            continue
        limits = {**check.limits, **own.limits.get(check.id, {})}
        rule = ", ".join(f"{name} {value:g}" for name, value in limits.items())
        found.append(Entry(id=check.id, type=check.type, severity=check.severity, kind=kind,
                           rule=rule, says=check.about))  # fmt: skip
    for header in own.headers:
        critical = header.severity == "critical"
        found.append(
            Entry(
                id=header.id,
                type="header",
                severity=header.severity,
                kind="critical-entry-differs" if critical else "entry-differs",
                form=header.entry.partition(".")[0],
                field=header.entry.partition(".")[2],
                rule=f"{header.header}, within {header.within:g} or {header.share:.0%}",
                says=library.functions["entry-differs"].about,
            )
        )
    return found


def _across(check: AcrossCheck) -> Entry:
    kind = "study-check-fires"
    if check.deviation is not None:
        kind = "deviation-not-recorded"
    elif check.severity == "critical":
        kind = "critical-study-check-fires"
    taken = ", ".join(f"{name} = {taken.form}.{taken.field}" for name, taken in check.take.items())
    return Entry(
        id=check.id,
        type=check.type,
        severity=check.severity,
        kind=kind,
        form=check.form,
        rule=f"{check.fires_when} ({taken})" if taken else check.fires_when,
        says=check.message,
        fires=_row(check.example.fires),
        silent=_row(check.example.silent),
    )


def _row(row: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in row.items())
