"""The form library: reads a form and applies what a study changes in it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml.error import YAMLError

from clinval.core.expressions import parse
from clinval.core.i18n import catalogue
from clinval.core.resources import folder
from clinval.protocol.base import Text
from clinval.protocol.forms import Check, Field, FieldChange, Form, FormUse, form_files

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SITE", "adapt", "library_codelists", "library_form"]

SITE = Field(
    id="site_id",
    type="site",
    label=Text(en="Site", zh="中心"),
    required=True,
)
"""The first column of every form; filled in beforehand."""


class BrokenLibraryError(Exception):
    """A file of the form library is not valid: the installation is damaged."""


@functools.cache
def library_form(form_id: str) -> Form:
    """Return a form of the library, site column included, named code lists looked up."""
    path = form_files()[form_id]
    try:
        form = Form.model_validate(catalogue(path))
    except (YAMLError, ValidationError) as error:
        raise BrokenLibraryError(f"{path.name}: {error}") from error
    fields = tuple(_with_codes(field, library_codelists()) for field in form.fields)
    return form.model_copy(update={"fields": (SITE, *fields)})


@functools.cache
def library_codelists() -> Mapping[str, Mapping[str, Text]]:
    """Return the named code lists that forms share."""
    path = folder("site_templates") / "codelists.yaml"
    adapter: TypeAdapter[dict[str, dict[str, Text]]] = TypeAdapter(dict[str, dict[str, Text]])
    return adapter.validate_python(catalogue(path))


def _with_codes(field: Field, codelists: Mapping[str, Mapping[str, Text]]) -> Field:
    if isinstance(field.codes, str) and field.codes in codelists:
        return field.model_copy(update={"codes": codelists[field.codes]})
    return field


def adapt(
    use: FormUse,
    codelists: Mapping[str, Mapping[str, Text]],
    report: Callable[..., None],
) -> Form:
    """Return the library's form as a study uses it.

    Parameters
    ----------
    use
        What the study takes, adds, drops and changes.
    codelists
        The study's own named code lists.
    report
        Called as ``report(kind, path, **parameters)`` for each problem, with the path inside the
        use.
    """
    form = library_form(use.use)
    names = {field.id for field in form.fields}
    keys = use.keys or form.keys
    kept = [field for field in form.fields if field.id not in use.drop]
    for name in use.change:
        if name not in names:
            report("form-field-unknown", ("change", name), form=use.use, field=name)
    for index, name in enumerate(use.drop):
        needed = ["keys"] if name in (SITE.id, *keys) else []
        needed += [field.id for field in kept if _applies_by(field, use, {name})]
        if name not in names:
            report("form-field-unknown", ("drop", index), form=use.use, field=name)
        elif needed:
            by = ", ".join(needed)
            report("form-field-needed", ("drop", index), form=use.use, field=name, by=by)
    fields = [_changed(field, use) for field in kept]
    for index, field in enumerate(use.add):
        if field.id in {field.id for field in fields}:
            report("form-field-twice", ("add", index, "id"), form=use.use, field=field.id)
        else:
            fields.append(field)
    for index, key in enumerate(use.keys or ()):
        if key not in names | {field.id for field in fields}:
            report("form-field-unknown", ("keys", index), form=use.use, field=key)
    known = {**library_codelists(), **codelists}
    written: dict[tuple[str | int, ...], tuple[str, Any]] = {
        **{("add", index, "codes"): (field.id, field.codes) for index, field in enumerate(use.add)},
        **{("change", name, "codes"): (name, change.codes) for name, change in use.change.items()},
    }
    for path, (name, codes) in written.items():
        if isinstance(codes, str) and codes not in known:
            report("codelist-unknown", path, form=use.use, field=name, codelist=codes)
    adapted: dict[str, Any] = {
        "fields": tuple(_required_if_key(_with_codes(field, known), keys) for field in fields),
        "keys": keys,
        "checks": _checks(form, use, report),
    }
    for name in ("name", "purpose", "rows", "optional"):
        if getattr(use, name) is not None:
            adapted[name] = getattr(use, name)
    return form.model_copy(update=adapted)


def _changed(field: Field, use: FormUse) -> Field:
    """Return a field of the library with what the study changes in it."""
    change = use.change.get(field.id, FieldChange())
    update = {key: getattr(change, key) for key in change.model_fields_set}
    for key in ("label", "required"):  # nothing written is no change, as a field has to have them
        if update.get(key, ...) is None:
            del update[key]
    if _applies_by(field, use, set(use.drop)):
        update["when"] = None
    return field.model_copy(update=update)


def _applies_by(field: Field, use: FormUse, names: set[str]) -> bool:
    """Whether a field applies by a rule of the library that reads one of these fields."""
    changed = field.id in use.change and "when" in use.change[field.id].model_fields_set
    return field.when is not None and not changed and _reads(field.when, names)


def _checks(form: Form, use: FormUse, report: Callable[..., None]) -> tuple[Check, ...]:
    """Return the checks that remain; one that reads a dropped field has nothing to check."""
    known = {check.id for check in form.checks}
    for index, name in enumerate(use.drop_checks):
        if name not in known:
            report("form-check-unknown", ("drop_checks", index), form=use.use, check=name)
    kept = [
        check
        for check in form.checks
        if check.id not in use.drop_checks and not _reads(check.fires_when, set(use.drop))
    ]
    taken = {check.id for check in kept}
    for index, check in enumerate(use.checks):
        if check.id in taken:
            report("form-check-twice", ("checks", index, "id"), form=use.use, check=check.id)
        taken.add(check.id)
    return (*kept, *use.checks)


def _required_if_key(field: Field, keys: tuple[str, ...]) -> Field:
    return field.model_copy(update={"required": True}) if field.id in keys else field


def _reads(rule: str, names: set[str]) -> bool:
    return any(name in names for _, name in parse(rule).names)
