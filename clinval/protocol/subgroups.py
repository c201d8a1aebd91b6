"""Subgroups that results are also shown for, declared before the data are seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.protocol.base import Identifier, Section, Text
from clinval.protocol.forms import ENROLMENT

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["Subgroup", "lint_subgroups"]

_BY_SITE, _BY_SUBJECT = ("site_id",), ("subject_id",)


class Subgroup(Section):
    """A partition of the subjects: by a field, by bands of a number, or by groups of sites."""

    label: Text
    form: Annotated[str, Setting(pattern=r"^F\d{2}$", examples=["F04"])] | None = Setting(
        default=None, description="a form with one row a subject or one row a site"
    )
    field: Identifier | None = None
    bands: Annotated[tuple[float, ...], Setting(strict=False)] = Setting(
        default=(), description="where a number is cut: [40, 65] gives < 40, 40 to < 65, >= 65"
    )
    sites: Mapping[Identifier, Annotated[tuple[Identifier, ...], Setting(strict=False)]] = Setting(
        default_factory=dict, description="groups of sites, such as regions: name to sites"
    )
    minimum: Annotated[int, Setting(ge=2)] = Setting(
        default=10, description="subjects below which counts are shown, but no estimate"
    )


def lint_subgroups(draft: Draft, report: Callable[..., None]) -> None:
    """Report subgroups that do not tell subjects apart."""
    for name, subgroup in draft.subgroups.items():
        path = ("subgroups", name)
        if (subgroup.field is None) == (not subgroup.sites):
            report("subgroup-by-nothing", path, subgroup=name)
        if subgroup.field is not None:
            _lint_field(subgroup, path, draft, report)
        if list(subgroup.bands) != sorted(set(subgroup.bands)):
            report("subgroup-bands-order", (*path, "bands"), subgroup=name)
        _lint_sites(subgroup, path, draft, report)


def _lint_field(
    subgroup: Subgroup, path: tuple[str, str], draft: Draft, report: Callable[..., None]
) -> None:
    form_id = subgroup.form or ENROLMENT
    form = draft.forms.get(form_id)
    if form is None:
        if form_id not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", (*path, "form"), form=form_id)
        return
    field = form.field(subgroup.field or "")
    if field is None:
        report("form-field-unknown", (*path, "field"), form=form.id, field=subgroup.field)
        return
    if form.keys not in (_BY_SITE, _BY_SUBJECT):
        report("subgroup-form-rows", (*path, "form"), form=form.id)
    if subgroup.bands and not field.numeric:
        report("subgroup-bands-of-words", (*path, "bands"), field=field.id, type=field.type)


def _lint_sites(
    subgroup: Subgroup, path: tuple[str, str], draft: Draft, report: Callable[..., None]
) -> None:
    sites = draft.written_items("sites")
    seen: set[str] = set()
    for group, members in subgroup.sites.items():
        for position, site in enumerate(members):
            here = (*path, "sites", group, position)
            if site not in sites:
                report("site-unknown", here, site=site)
            elif site in seen:
                report("item-twice", here, item=site)
            seen.add(site)
