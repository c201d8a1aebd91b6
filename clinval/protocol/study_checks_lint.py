"""Whether the checks that a protocol adds to those of the library can be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from clinval.protocol.examples import lint_example
from clinval.protocol.rules import check_rule
from clinval.protocol.study_checks import (
    AcrossCheck,
    StudyChecks,
    Taken,
    beside,
    study_check_library,
)

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["lint_study_checks"]

Report = Callable[..., None]
Path = tuple[str | int, ...]

_DEVIATIONS = "F09"


def lint_study_checks(draft: Draft, report: Report) -> None:
    """Report checks across forms that cannot be evaluated, or name what does not exist."""
    checks = draft.checks
    if checks is None:
        return
    _ids(checks, report)
    for index, check in enumerate(checks.across):
        _across(check, draft, report, ("checks", "across", index))
    for path, place in _places(checks):
        form_id, _, name = place.partition(".")
        form = draft.forms.get(form_id)
        if form is None:
            report("rule-form-unknown", path, form=form_id)
        elif form.field(name) is None:
            report("form-field-unknown", path, form=form_id, field=name)
    _of_library(checks, report)


def _ids(checks: StudyChecks, report: Report) -> None:
    library = study_check_library()
    taken = [check.id for check in library.across]
    taken += [check.id for check in library.functions.values()]
    across = [(("across", index), check.id) for index, check in enumerate(checks.across)]
    headers = [(("headers", index), check.id) for index, check in enumerate(checks.headers)]
    for path, name in (*across, *headers):
        if name in taken:
            report("id-twice", ("checks", *path, "id"), id=name, section="checks")
        taken.append(name)


def _places(checks: StudyChecks) -> Iterator[tuple[Path, str]]:
    for index, check in enumerate(checks.headers):
        yield ("checks", "headers", index, "entry"), check.entry
        yield ("checks", "headers", index, "header"), check.header
    for section in ("unique", "versions"):
        for index, place in enumerate(getattr(checks, section)):
            yield ("checks", section, index), place


def _across(check: AcrossCheck, draft: Draft, report: Report, path: Path) -> None:
    if check.form not in draft.forms:
        report("rule-form-unknown", (*path, "form"), form=check.form)
        return
    home = draft.forms[check.form]
    sound = True
    for name, taken in check.take.items():
        here = (*path, "take", name)
        if home.field(name) is not None:
            report("form-field-twice", here, form=check.form, field=name)
            sound = False
        sound &= _taken(taken, check.form, draft, report, here)
    if not sound:
        return
    forms = {**draft.forms, check.form: beside(check, draft.forms)}
    rule = check_rule(check.fires_when, forms, check.form, report, (*path, "fires_when"))
    if rule is not None and not rule.forms:
        lint_example(check, forms[check.form], path, report)
    categories = draft.forms[_DEVIATIONS].field("category") if _DEVIATIONS in draft.forms else None
    if check.deviation is not None and categories is None:
        report("rule-form-unknown", (*path, "deviation"), form=_DEVIATIONS)
    elif categories is not None and check.deviation not in (None, *categories.codelist):
        allowed = ", ".join(categories.codelist)
        report("value-not-of-list", (*path, "deviation"), value=check.deviation, allowed=allowed)


def _taken(taken: Taken, home: str, draft: Draft, report: Report, path: Path) -> bool:
    """Report what is wrong with a value taken from other rows; return whether it can be taken."""
    other = draft.forms.get(taken.form)
    if other is None:
        report("rule-form-unknown", (*path, "form"), form=taken.form)
        return False
    field = other.field(taken.field)
    if field is None:
        report("form-field-unknown", (*path, "field"), form=taken.form, field=taken.field)
        return False
    sound = True
    for index, name in enumerate(taken.by):
        for form in (draft.forms[home], other):
            if form.field(name) is None:
                report("form-field-unknown", (*path, "by", index), form=form.id, field=name)
                sound = False
                break
    if taken.pick != "only" and not (field.numeric or field.temporal):
        report("rule-texts-have-no-order", (*path, "pick"))
        sound = False
    if taken.where is not None:
        where = (*path, "where")
        sound &= check_rule(taken.where, draft.forms, taken.form, report, where) is not None
    return sound


def _of_library(checks: StudyChecks, report: Report) -> None:
    """Report checks and limits of the library that do not exist."""
    library = study_check_library()
    limits = {check.id: check.limits for check in library.functions.values()}
    known = [*(check.id for check in library.across), *limits]
    for index, name in enumerate(checks.drop):
        if name not in known:
            allowed = ", ".join(get_close_matches(name, known) or known)
            report("value-not-of-list", ("checks", "drop", index), value=name, allowed=allowed)
    for name, changed in checks.limits.items():
        if name not in limits:
            report("yaml-key-unknown", ("checks", "limits", name), key=name,
                   allowed=", ".join(limits))  # fmt: skip
            continue
        for key in changed:
            if key not in limits[name]:
                report("yaml-key-unknown", ("checks", "limits", name, key), key=key,
                       allowed=", ".join(limits[name]))  # fmt: skip
