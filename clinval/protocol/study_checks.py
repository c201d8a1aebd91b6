"""Checks of a study as a whole: rules over rows of several forms, and what is asked of sites.

A rule over one form cannot see another. A check across forms therefore says which values it takes
from other rows (`Taken`), gives each a name, and reads them beside the fields of its own form:
``read_date < scan_date``. The checks of the library stand in ``site_templates/study_checks.yaml``,
a protocol adds its own under ``checks``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.core.i18n import catalogue
from clinval.core.resources import folder
from clinval.protocol.base import Identifier, Section, Text, Words
from clinval.protocol.forms import Example, Field, FieldName, Form, FormId

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol

__all__ = [
    "ARM_ROLE",
    "AcrossCheck",
    "HeaderCheck",
    "Library",
    "StatisticalCheck",
    "StudyChecks",
    "Taken",
    "across_checks",
    "applies",
    "beside",
    "factors",
    "limits_of",
    "study_check_library",
]

ARM_ROLE = "arm_role"
"""A column that rules across forms may read where the form names arms: test, reference, other."""

Severity = Literal["critical", "major", "minor"]
CheckId = Annotated[str, Setting(pattern=r"^[A-Z]\d{2,3}$", examples=["X51"])]
FieldPlace = Annotated[
    str, Setting(pattern=r"^F\d{2}\.[a-z][a-z0-9_]{0,39}$", examples=["F05.software_version"])
]


class Taken(Section):
    """A value of other rows: those that have the same values in the fields named by ``by``."""

    form: FormId
    field: FieldName
    by: Annotated[tuple[FieldName, ...], Setting(strict=False)] = Setting(
        default=(), description="default: the keys of the form that the row has too"
    )
    where: Words | None = Setting(default=None, description="which of those rows count")
    pick: Literal["only", "least", "most"] = Setting(
        default="only",
        description="of several rows: the smallest or earliest, the largest or latest, or only a "
        "value that all of them have",
    )


class AcrossCheck(Section):
    """A check across forms or visits: where ``fires_when`` is true, the row is asked about.

    Values taken from the rows of the form itself never come from the row that is asked about.
    With ``deviation`` the row is a deviation from the protocol, of that category of F09; it is
    asked about where F09 does not have it.
    """

    id: CheckId
    type: Literal["cross_form", "cross_visit", "window", "eligibility"]
    severity: Severity
    form: FormId
    take: Mapping[FieldName, Taken] = Setting(default_factory=dict)
    fires_when: Words
    deviation: Identifier | None = None
    message: Text
    example: Example


class HeaderCheck(Section):
    """A value that was entered, against the one that the images carry.

    A number may differ by ``within`` (in its unit) or by ``share`` of the header's, whichever is
    more; a text has to be the same but for case and blanks.
    """

    id: CheckId
    severity: Severity = "major"
    entry: FieldPlace
    header: FieldPlace
    within: Annotated[float, Setting(ge=0)] = 0.0
    share: Annotated[float, Setting(ge=0, lt=1)] = 0.0


class StudyChecks(Section):
    """What a protocol adds to the checks of the library, and what it changes in them."""

    across: Annotated[tuple[AcrossCheck, ...], Setting(strict=False)] = ()
    headers: Annotated[tuple[HeaderCheck, ...], Setting(strict=False)] = ()
    unique: Annotated[tuple[FieldPlace, ...], Setting(strict=False)] = Setting(
        default=(),
        description="fields that no two subjects may share, such as a hash of the patient number",
    )
    versions: Annotated[tuple[FieldPlace, ...], Setting(strict=False)] = Setting(
        default=(),
        description="fields that hold a version; a change during the study is asked about",
    )
    drop: Annotated[tuple[str, ...], Setting(strict=False)] = Setting(
        default=(), description="checks of the library that this study does without"
    )
    limits: Mapping[str, Mapping[str, float]] = Setting(
        default_factory=dict, description="limits of checks of the library, by check and name"
    )


class StatisticalCheck(Section):
    """A check that is a function of whole columns; its words are those of its problem."""

    id: CheckId
    type: Words
    severity: Severity
    about: Text
    limits: Mapping[str, float] = Setting(default_factory=dict)
    example: Mapping[Literal["fires", "silent"], Mapping[str, Any]]


class Library(Section):
    """The checks of the library: across forms by rule, and by function under the problem's name."""

    across: Annotated[tuple[AcrossCheck, ...], Setting(strict=False)]
    functions: Mapping[str, StatisticalCheck]
    words: Mapping[str, Text] = Setting(description="what types and severities are called")
    units: Mapping[str, Mapping[str, float]] = Setting(
        description="by unit: other units people write in, and how many of the unit one of them is"
    )


@functools.cache
def study_check_library() -> Library:
    """Return the checks of the library."""
    path = folder("site_templates") / "study_checks.yaml"
    return Library.model_validate(catalogue(path), strict=False)


def factors(unit: str | None) -> Mapping[str, float]:
    """Return, by the name of another unit, how many of the unit one of that is.

    Examples
    --------
    >>> factors("s")["min"], factors("mGy")["Gy"]
    (60.0, 1000.0)
    """
    return study_check_library().units.get(unit or "", {})


def across_checks(protocol: Protocol) -> Iterator[AcrossCheck]:
    """Yield the checks across forms of a study: those of the library that fit, and its own."""
    forms = {form.id: form for form in protocol.forms}
    for check in study_check_library().across:
        if check.id not in protocol.checks.drop and applies(check, forms):
            yield check
    yield from protocol.checks.across


def limits_of(protocol: Protocol, kind: str) -> Mapping[str, float] | None:
    """Return the limits of a check by function, ``None`` where the study does without it."""
    check = study_check_library().functions[kind]
    if check.id in protocol.checks.drop:
        return None
    return {**check.limits, **protocol.checks.limits.get(check.id, {})}


def applies(check: AcrossCheck, forms: Mapping[str, Form]) -> bool:
    """Whether a study has the forms and fields that a check of the library reads."""
    from clinval.core.expressions import parse

    home = forms.get(check.form)
    if home is None:
        return False
    for taken in check.take.values():
        other = forms.get(taken.form)
        wanted = [taken.field, *taken.by]
        wanted += [name for _, name in parse(taken.where).names] if taken.where else []
        if other is None or any(other.field(name) is None for name in wanted):
            return False
        if any(home.field(name) is None for name in taken.by):
            return False
    own = [name for form, name in parse(check.fires_when).names if not form]
    known = beside(check, forms)
    return all(known.field(name) is not None for name in own)


def beside(check: AcrossCheck, forms: Mapping[str, Form]) -> Form:
    """Return the form of a check with what it takes from other rows as further fields."""
    home = forms[check.form]
    fields = list(home.fields)
    if any(field.type == "arm" for field in fields):
        roles = {role: Text(en=role) for role in ("test", "reference", "other")}
        label = Text(en="Role of the arm", zh="组别的作用")
        fields.append(Field(id=ARM_ROLE, type="choice", codes=roles, label=label))
    for name, taken in check.take.items():
        field = forms[taken.form].field(taken.field) if taken.form in forms else None
        if field is not None:
            fields.append(field.model_copy(update={"id": name, "when": None}))
    return home.model_copy(update={"fields": tuple(fields)})
