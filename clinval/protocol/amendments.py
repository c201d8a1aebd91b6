"""Amendments: what a protocol says of the version before it, so that what was filled in stays good.

What has the same name and means the same is carried over without a word. Whatever else is to be
carried has to be declared here; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.core.expressions import ExpressionError, parse
from clinval.protocol.base import Section, Text, Words
from clinval.protocol.forms import FieldName, FormId

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft
    from clinval.protocol.forms import Form
    from clinval.protocol.model import Protocol

__all__ = ["Amendment", "ProtocolVersion", "former_names", "lint_amendments", "reworded"]

ProtocolVersion = Annotated[str, Setting(pattern=r"^\d+(\.\d+)*$", examples=["1.0"])]
_ByField = Mapping[FieldName, Words]
_Path = tuple[str | int, ...]


class Amendment(Section):
    """Why a version was amended, and what has become of its fields in the version at hand."""

    reason: Text
    renamed: Mapping[FormId, Mapping[FieldName, FieldName]] = Setting(
        default_factory=dict, description="fields that have another name: form, old: new"
    )
    converted: Mapping[FormId, _ByField] = Setting(
        default_factory=dict,
        description="numbers that are computed: form, new field: rule over the old fields, such "
        "as scan_time_min: scan_time_s / 60",
    )
    recoded: Mapping[FormId, Mapping[FieldName, Mapping[str, str]]] = Setting(
        default_factory=dict,
        description="codes that have changed: form, new field, old code: new code. A code named "
        "as its own successor means the same, only its label was reworded",
    )


def former_names(protocol: Protocol, form: str, field: str) -> tuple[str, ...]:
    """Return the names that a field had in earlier versions."""
    return tuple(
        old
        for amendment in protocol.amendments.values()
        for old, new in amendment.renamed.get(form, {}).items()
        if new == field
    )


def reworded(protocol: Protocol, form: str, field: str) -> frozenset[str]:
    """Return the codes of a field that mean what they meant, under another label."""
    return frozenset(
        old
        for amendment in protocol.amendments.values()
        for old, new in amendment.recoded.get(form, {}).get(field, {}).items()
        if old == new
    )


def lint_amendments(draft: Draft, report: Callable[..., None]) -> None:
    """Report what an amendment names that this version does not have."""
    for version, amendment in draft.amendments.items():
        path = ("amendments", version)
        for form_id, names in amendment.renamed.items():
            form = _form(draft, form_id, (*path, "renamed", form_id), report)
            for old, new in names.items() if form else ():
                _field(form, new, (*path, "renamed", form_id, old), report)
        for form_id, rules in amendment.converted.items():
            form = _form(draft, form_id, (*path, "converted", form_id), report)
            for new, rule in rules.items() if form else ():
                here = (*path, "converted", form_id, new)
                if _field(form, new, here, report):
                    _lint_rule(form, new, rule, here, report)
        for form_id, fields in amendment.recoded.items():
            form = _form(draft, form_id, (*path, "recoded", form_id), report)
            for new, codes in fields.items() if form else ():
                here = (*path, "recoded", form_id, new)
                if _field(form, new, here, report):
                    _lint_codes(form, new, codes, here, report)


def _form(draft: Draft, form_id: str, path: _Path, report: Callable[..., None]) -> Form | None:
    if form_id not in draft.forms and form_id not in draft.written_ids("forms", "use"):
        report("amendment-form-unknown", path, form=form_id, forms=", ".join(draft.forms))
    return draft.forms.get(form_id)


def _field(form: Form | None, name: str, path: _Path, report: Callable[..., None]) -> bool:
    known = form is not None and form.field(name) is not None
    if form is not None and not known:
        report("form-field-unknown", path, form=form.id, field=name)
    return known


def _lint_rule(
    form: Form | None, name: str, rule: str, path: _Path, report: Callable[..., None]
) -> None:
    """Report a rule that cannot be read; what it reads belongs to the version before."""
    try:
        parse(rule)
    except ExpressionError as error:
        report(error.kind, path, offset=error.offset, **error.parameters)
    field = form.field(name) if form else None
    if field is not None and field.type not in ("integer", "number"):
        report("amendment-not-a-number", path, field=name, type=field.type)


def _lint_codes(
    form: Form | None,
    name: str,
    codes: Mapping[str, str],
    path: _Path,
    report: Callable[..., None],
) -> None:
    field = form.field(name) if form else None
    known = field.codelist if field else {}
    for old, new in codes.items():
        if new not in known:
            report(
                "amendment-code-unknown", (*path, old),
                field=name, code=new, codes=", ".join(known) or "-",
            )  # fmt: skip
