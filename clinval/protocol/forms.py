"""Forms: which data sites return, field by field, and the checks that every return must pass."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field as Setting

from clinval.core.resources import folder
from clinval.protocol.base import Identifier, Section, Text, Words

__all__ = [
    "ENROLMENT",
    "FINANCE",
    "HEADERS",
    "MISSING_CODES",
    "REFERENCES",
    "Check",
    "Codelist",
    "Example",
    "Field",
    "FieldChange",
    "Form",
    "FormId",
    "FormUse",
    "Row",
    "form_files",
]

ENROLMENT = "F04"
"""The form with one row a subject, on which analysis sets are built."""

FINANCE = "F11"
"""The form on which a hospital's finance department gives the inputs of its business case."""

HEADERS = "headers"
"""Who fills a form that no site is asked for: its values come from the headers of images."""

# What a site writes where there is no value to write.
MISSING_CODES: Mapping[str, Text] = {
    "ND": Text(en="not done", zh="未做"),
    "NA": Text(en="not applicable", zh="不适用"),
    "UNK": Text(en="unknown", zh="不详"),
}

# Fields whose allowed values the protocol declares elsewhere.
REFERENCES = ("site", "subject", "arm", "reader")

FieldType = Literal[
    "site", "subject", "arm", "reader",
    "text", "integer", "number", "date", "datetime", "time", "choice", "scale",
]  # fmt: skip
FieldName = Annotated[str, Setting(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["scan_time_s"])]
Codelist = Annotated[Mapping[str, Text], Setting(min_length=1)]
FormId = Annotated[str, Setting(pattern=r"^F\d{2}$", examples=["F05"])]
Row = Mapping[str, float | str | datetime.date | None]
Limit = float | datetime.date
Limits = Annotated[tuple[Limit | None, Limit | None], Setting(strict=False)]


class Field(Section):
    """One column of a form.

    ``range`` is what is possible: a value outside is not accepted. ``expected`` is what is
    plausible: a value outside is accepted and asked about. ``when`` is the rule under which the
    field applies at all.
    """

    id: FieldName
    type: FieldType
    label: Text
    help: Text | None = None
    unit: Words | None = None
    required: bool = False
    range: Limits | None = None
    expected: Limits | None = None
    codes: Codelist | Identifier | None = None
    pattern: Words | None = None
    when: Words | None = None
    target: float | None = Setting(
        default=None, description="the best value of a scale, when it is neither end"
    )

    @property
    def numeric(self) -> bool:
        """Whether values are numbers."""
        return self.type in ("integer", "number", "scale")

    @property
    def temporal(self) -> bool:
        """Whether values are points in time."""
        return self.type in ("date", "datetime")

    @property
    def codelist(self) -> Mapping[str, Text]:
        """The codes of a choice or a scale; named lists have been looked up on reading."""
        return self.codes if isinstance(self.codes, Mapping) else {}


class FieldChange(Section):
    """What a study changes in a field of the library."""

    label: Text | None = None
    help: Text | None = None
    required: bool | None = None
    range: Limits | None = None
    expected: Limits | None = None
    codes: Codelist | Identifier | None = None
    when: Words | None = None
    target: float | None = None


class Example(Section):
    """Values of one row, to try a check on."""

    fires: Row
    silent: Row


class Check(Section):
    """An edit check: where ``fires_when`` is true, the row is asked about."""

    id: Annotated[str, Setting(pattern=r"^F\d{2}-C\d{2}$", examples=["F05-C11"])]
    severity: Literal["critical", "major", "minor"]
    fires_when: Words
    deviation: Identifier | None = Setting(
        default=None, description="category of F09, where a row that fires is a deviation"
    )
    message: Text
    example: Example


class Form(Section):
    """One form: a sheet of the workbook, a table of the study."""

    id: FormId
    name: Text
    purpose: Text
    keys: Annotated[tuple[FieldName, ...], Setting(strict=False, min_length=1)]
    rows: Literal["planned", "open"] = Setting(
        description="planned: one row for each combination of the keys; open: as many as needed"
    )
    optional: bool = Setting(default=False, description="whether a site may return it empty")
    filled_by: Literal["site", "headers"] = Setting(
        default="site",
        description="headers: no site is asked for it; its values come from the headers of images",
    )
    fields: Annotated[tuple[Field, ...], Setting(strict=False, min_length=1)]
    checks: Annotated[tuple[Check, ...], Setting(strict=False)] = ()

    def field(self, name: str) -> Field | None:
        """Return a field by name."""
        return next((field for field in self.fields if field.id == name), None)


class FormUse(Section):
    """A form of the library as a study uses it."""

    use: FormId
    name: Text | None = None
    purpose: Text | None = None
    keys: Annotated[tuple[FieldName, ...], Setting(strict=False, min_length=1)] | None = None
    rows: Literal["planned", "open"] | None = None
    optional: bool | None = None
    add: Annotated[tuple[Field, ...], Setting(strict=False)] = ()
    drop: Annotated[tuple[FieldName, ...], Setting(strict=False)] = ()
    change: Mapping[str, FieldChange] = Setting(default_factory=dict)
    checks: Annotated[tuple[Check, ...], Setting(strict=False)] = ()
    drop_checks: Annotated[tuple[str, ...], Setting(strict=False)] = ()


@functools.cache
def form_files() -> Mapping[str, Path]:
    """Return the files of the form library by form id."""
    return {
        path.name[:3]: path for path in sorted(folder("site_templates").glob("F[0-9][0-9]_*.yaml"))
    }
