"""Checks across the parts of a protocol."""

from __future__ import annotations

import datetime
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Any

from clinval.protocol.amendments import lint_amendments
from clinval.protocol.audiences import audiences, checklists
from clinval.protocol.base import Text
from clinval.protocol.claims import lint_claims
from clinval.protocol.dicom import lint_dicom
from clinval.protocol.draft import Draft
from clinval.protocol.economics_checks import lint_economics
from clinval.protocol.endpoint import Kinds, Margin, has_goal, only_estimated
from clinval.protocol.examples import lint_example
from clinval.protocol.form_library import library_form
from clinval.protocol.forms import ENROLMENT, Field, Form
from clinval.protocol.interim import lint_interim
from clinval.protocol.model import AnalysisSet, SampleSize
from clinval.protocol.multiplicity import lint_multiplicity
from clinval.protocol.narrative import lint_narrative
from clinval.protocol.reading_plan import lint_reading
from clinval.protocol.rules import check_rule
from clinval.protocol.study_checks_lint import lint_study_checks
from clinval.protocol.subgroups import lint_subgroups

__all__ = ["ENROLMENT", "lint", "lint_margin"]

Report = Callable[..., None]

# The sections that are lists, and the key that tells their items apart.
_LISTS = {
    "arms": "id", "sites": "id", "readers": "id", "forms": "use", "endpoints": "id",
    "claims": "id", "sample_size": "endpoint", "reports": "audience",
}  # fmt: skip

# The sections whose ids name files, and what Windows does not let a file be called.
_NAME_FILES = ("sites", "readers", "endpoints")
_RESERVED = {"CON", "PRN", "AUX", "NUL"} | {
    f"{port}{n}" for port in ("COM", "LPT") for n in range(10)
}

_WASHOUT_DAYS = 28  # FDA, clinical performance assessment of CADe devices, 2022: four weeks
_ROUNDING = 1e-9


def lint(draft: Draft, kinds: Kinds, report: Report) -> None:
    """Report what does not fit together."""
    draft.forms = {name: _with_declared_codes(form, draft) for name, form in draft.forms.items()}
    _unique(draft, report)
    _file_names(draft, report)
    _named_once(draft.source.content, (), report)
    _sites(draft, report)
    _subjects(draft, report)
    _design(draft, report)
    lint_reading(draft, report)
    for form in draft.forms.values():
        _form(form, draft, report)
    lint_study_checks(draft, report)
    _analysis_sets(draft, report)
    lint_subgroups(draft, report)
    for index, endpoint in draft.endpoints:
        _endpoint(index, endpoint, draft, kinds, report)
    _primaries(draft, report)
    lint_multiplicity(draft, report)
    lint_interim(draft, report)
    _sample_size(draft, kinds, report)
    lint_claims(draft, report)
    lint_economics(draft, report)
    lint_narrative(draft, report)
    lint_dicom(draft, report)
    _reports(draft, report)
    lint_amendments(draft, report)


def _with_declared_codes(form: Form, draft: Draft) -> Form:
    """Return a form whose columns of arms, readers and sites know what the protocol declares.

    So a rule that misspells one is found like one that misspells a code.
    """
    codes = {
        kind: {name: Text(en=name) for name in draft.written_items(f"{kind}s") if name}
        for kind in ("arm", "reader", "site")
    }
    fields = [
        field.model_copy(update={"codes": codes[field.type]}) if field.type in codes else field
        for field in form.fields
    ]
    return form.model_copy(update={"fields": tuple(fields)})


def _unique(draft: Draft, report: Report) -> None:
    for section, key in _LISTS.items():
        items = draft.written_items(section, key)
        for index, name in enumerate(items):
            if name and name in items[:index]:
                report("id-twice", (section, index, key), id=name, section=section)


def _file_names(draft: Draft, report: Report) -> None:
    """Report ids whose files some computers would not tell apart, or not let be."""
    for section in _NAME_FILES:
        names = draft.written_items(section)
        for index, name in enumerate(names):
            here = (section, index, "id")
            other = next((o for o in names[:index] if o.lower() == name.lower()), name)
            if other != name:
                report("id-by-case", here, id=name, other=other)
            if name.upper() in _RESERVED:
                report("id-reserved", here, id=name)


def _named_once(content: Any, path: tuple[str | int, ...], report: Report) -> None:
    """Report a word that stands twice in a list of words, anywhere in the protocol."""
    if isinstance(content, dict):
        for key, value in content.items():
            _named_once(value, (*path, key), report)
    elif isinstance(content, list):
        for index, item in enumerate(content):
            _named_once(item, (*path, index), report)
            if isinstance(item, str) and item in content[:index] and path != ("forms",):
                report("item-twice", (*path, index), item=item)


def _sites(draft: Draft, report: Report) -> None:
    zones = _tzdata("zones").split()
    lines = _tzdata("zoneinfo/iso3166.tab").splitlines()
    countries = {line.split("\t")[0] for line in lines if not line.startswith("#")}
    for index, zone in draft.written_values("sites", "time_zone"):
        if isinstance(zone, str) and zone not in zones:
            report("time-zone-unknown", ("sites", index, "time_zone"), value=zone)
    for index, country in draft.written_values("sites", "country"):
        if isinstance(country, str) and country not in countries:
            report("country-unknown", ("sites", index, "country"), value=country)


def _tzdata(name: str) -> str:
    """Return a list of the time-zone database: of its zones, of the ISO 3166 country codes."""
    return files("tzdata").joinpath(name).read_text(encoding="utf-8")


def _subjects(draft: Draft, report: Report) -> None:
    subjects = draft.subjects
    if subjects is None:
        return
    sites = draft.written_items("sites")
    if subjects.file is None and _shared(subjects.pattern, draft):
        report("subject-pattern-shared", ("subjects", "pattern"))
    here = ("subjects", "file")
    for site in draft.subject_ids:
        if site not in sites:
            report("subjects-file-site", here, site=site)
    for site in sites:
        if draft.subject_ids and site not in draft.subject_ids:
            report("subjects-file-without-site", here, site=site)
    counted = Counter(subject for ids in draft.subject_ids.values() for subject in ids)
    for subject, times in counted.items():
        if times > 1 and subject:
            report("subjects-file-twice", here, subject=subject)


def _shared(pattern: str, draft: Draft) -> bool:
    """Whether a pattern gives subjects of different sites the same identifier: S1-11, S11-1."""
    if "{site}" not in pattern:
        return len(draft.written_items("sites")) > 1
    sites = [site for _, site in draft.sites]
    names = {site.id for site in sites}
    close = [
        site
        for site in sites
        if any(a != b and site.id in (a, b) and b.startswith(a) for a in names for b in names)
    ]
    taken: dict[str, str] = {}
    return any(
        taken.setdefault(pattern.format(site=site.id, number=number + 1), site.id) != site.id
        for site in close
        for number in range(site.planned_subjects)
    )


def _design(draft: Draft, report: Report) -> None:
    if draft.design is None:
        return
    needed = ["test"] if draft.design.type == "single_arm" else ["test", "reference"]
    all_sound = len(draft.written_items("arms")) == len(draft.arms)
    for role in needed:
        if all_sound and not draft.has_arm(role):
            report("arm-missing", ("arms",), role=role, design=draft.design.type)
    roles = [arm.role for _, arm in draft.arms]
    for position, (index, arm) in enumerate(draft.arms):
        if arm.role != "other" and arm.role in roles[:position]:
            report("arm-role-twice", ("arms", index, "role"), arm=arm.id, role=arm.role)
    readers = draft.written_ids("readers")
    if draft.design.type in ("crossed_readers", "split_plot") and not readers:
        report("readers-missing", ("design", "type"), design=draft.design.type)
    washout = draft.design.washout_days
    if washout is not None and washout < _WASHOUT_DAYS and "fda" in draft.regions:
        report("washout-short", ("design", "washout_days"), days=washout, least=_WASHOUT_DAYS)
    for index, member in enumerate(draft.truth_panel):
        if member in readers:
            report("reader-on-truth-panel", ("truth_panel", index), reader=member)


def _form(form: Form, draft: Draft, report: Report) -> None:
    index, use = draft.form_uses[form.id]
    added = {field.id: position for position, field in reversed([*enumerate(use.add)])}

    def at(field: str, *rest: str) -> tuple[str | int, ...]:
        if field in added:
            return ("forms", index, "add", added[field], *rest)
        return ("forms", index, "change", field, *rest)

    for field in form.fields:
        if field.type == "reader" and not draft.written_ids("readers"):
            report("form-needs-readers", ("forms", index), form=form.id)
        if field.type in ("choice", "scale") and not field.codes:
            report("field-needs-codes", at(field.id), field=field.id)
        if field.type == "scale" and not all(_is_integer(code) for code in field.codelist):
            report("scale-codes-not-integers", at(field.id, "codes"), field=field.id)
        if field.pattern and not _is_pattern(field.pattern):
            report("pattern-unusable", at(field.id, "pattern"), field=field.id)
        _limits(field, at, report)
        if field.when:
            check_rule(field.when, draft.forms, form.id, report, at(field.id, "when"), counts=True)
    own = len(form.checks) - len(use.checks)
    for position, check in enumerate(form.checks, start=-own):
        # a check of the library stands nowhere in the file: its problems stand at the form
        path = ("forms", index, *(("checks", position) if position >= 0 else ()))
        rule = check_rule(
            check.fires_when, draft.forms, form.id, report, (*path, "fires_when"), counts=True
        )
        # a row by itself cannot show what a check that counts other rows does
        if position >= 0 and rule is not None and not any(other for other, _ in rule.names):
            lint_example(check, form, path, report)


def _limits(field: Field, at: Callable[..., Any], report: Report) -> None:
    for name in ("range", "expected"):
        limits = getattr(field, name)
        if limits is None:
            continue
        low, high = limits
        dates = {isinstance(limit, datetime.date) for limit in limits if limit is not None}
        if not (field.numeric or field.temporal) or dates - {field.temporal}:
            report("limits-of-wrong-type", at(field.id, name), field=field.id, type=field.type)
        elif low is not None and high is not None and low > high:
            report("limits-reversed", at(field.id, name), field=field.id)


def _is_integer(code: str) -> bool:
    try:
        int(code)
    except ValueError:
        return False
    return True


def _is_pattern(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _analysis_sets(draft: Draft, report: Report) -> None:
    written = draft.written_ids("analysis_sets")
    forms = draft.forms
    if forms and ENROLMENT not in draft.written_ids("forms", "use"):
        report("enrolment-form-missing", ("forms",), form=ENROLMENT)
        forms = {**forms, ENROLMENT: library_form(ENROLMENT)}
    circled: set[str] = set()
    for name, analysis_set in draft.analysis_sets.items():
        path = ("analysis_sets", name)
        if analysis_set.within is not None and analysis_set.within not in written:
            report("set-unknown", (*path, "within"), set=analysis_set.within)
        circle = _circle(name, draft.analysis_sets)
        if circle and name not in circled:
            report("sets-in-circle", (*path, "within"), set=name)
            circled |= circle
        if ENROLMENT in forms:
            for position, exclusion in enumerate(analysis_set.exclude):
                here = (*path, "exclude", position, "when")
                check_rule(exclusion.when, forms, ENROLMENT, report, here)


def _circle(name: str, sets: Mapping[str, AnalysisSet]) -> set[str]:
    """Return the sets of the circle that a set lies in; none where it lies in no circle."""
    seen = {name}
    above = sets[name].within
    while above is not None and above in sets and above not in seen:
        seen.add(above)
        above = sets[above].within
    return seen if above == name else set()


def _endpoint(index: int, endpoint: Any, draft: Draft, kinds: Kinds, report: Report) -> None:
    path = ("endpoints", index)
    sets = draft.written_ids("analysis_sets")
    for name, where in (
        (endpoint.set, (*path, "set")),
        *((other, (*path, "also_sets", i)) for i, other in enumerate(endpoint.also_sets)),
    ):
        if name not in sets:
            report("set-unknown", where, set=name)
        elif name == endpoint.set and where[-1] != "set":
            report("item-twice", where, item=name)

    kinds[endpoint.kind].lint(endpoint, draft, _under(path, report))


def lint_margin(
    margin: Margin | None, draft: Draft, report: Report, path: tuple[str | int, ...], *, of: str
) -> None:
    """Report what a margin lacks; ``of`` names what it is a margin of."""
    if margin is None:
        report("margin-missing", path, of=of)
        return
    if margin.value is None:
        report("margin-without-value", path, of=of)
        return
    if not margin.source:
        report("margin-without-source", path, of=of)
    if margin.justification is None:
        report("margin-without-justification", path, of=of)
    if margin.status == "illustrative" and draft.study and not draft.study.synthetic:
        report("margin-illustrative", (*path, "status"), of=of)


def _primaries(draft: Draft, report: Report) -> None:
    primaries = draft.primaries()
    all_sound = len(draft.endpoints) == len(draft.written_items("endpoints"))
    if all_sound and draft.endpoints and not primaries:
        report("primary-missing", ("endpoints",))
    if len(primaries) > 1 and "multiplicity" not in draft.source.content:
        report("multiplicity-missing", ("endpoints",), endpoints=", ".join(primaries))
    sized = draft.written_ids("sample_size", "endpoint")
    for index, endpoint in draft.endpoints:
        if endpoint.role == "primary" and endpoint.id not in sized:
            report("sample-size-missing", ("endpoints", index), endpoint=endpoint.id)
        # a kind with goals says itself that a primary endpoint needs one, and a margin that it is
        # not used
        unsaid = not has_goal(endpoint) and getattr(endpoint, "margin", None) is None
        if endpoint.role == "primary" and unsaid and only_estimated(endpoint):
            report("nothing-decided", ("endpoints", index, "role"), endpoint=endpoint.id)


def _sample_size(draft: Draft, kinds: Kinds, report: Report) -> None:
    written = draft.written_ids("endpoints")
    planned = draft.planned_subjects()
    endpoints = {endpoint.id: endpoint for _, endpoint in draft.endpoints}
    together = draft.multiplicity
    shared = together is not None and together.adjusts
    for index, size in draft.sample_size:
        path = ("sample_size", index)
        endpoint = endpoints.get(size.endpoint)
        if size.endpoint not in written:
            report("endpoint-unknown", (*path, "endpoint"), endpoint=size.endpoint)
        if endpoint is not None:
            _alpha(size, endpoint.level, (*path, "alpha"), report, shared=shared)
            kinds.lint_size(endpoint, size, draft, _under(path, report))
        if size.subjects is None:
            if size.planning is None:
                report("sample-size-missing", path, endpoint=size.endpoint)
            continue
        needed = math.ceil(size.subjects / size.enrolled_share - _ROUNDING)
        if planned is not None and planned < needed:
            report(
                "underpowered",
                (*path, "subjects"),
                planned=planned,
                needed=needed,
                endpoint=size.endpoint,
            )


def _alpha(
    size: SampleSize,
    level: float,
    path: tuple[str | int, ...],
    report: Report,
    *,
    shared: bool,
) -> None:
    """Report a level of the size that is not that of the interval that decides.

    Where endpoints share alpha, a size may rest on a share of it.
    """
    decided = (1 - level) / 2
    if not math.isclose(size.alpha, decided) and not (shared and size.alpha < decided):
        report(
            "alpha-not-of-level",
            path,
            endpoint=size.endpoint,
            alpha=f"{size.alpha:g}",
            level=f"{level:g}",
            decided=f"{decided:g}",
        )


def _under(path: tuple[str | int, ...], report: Report) -> Report:
    """Return what reports below a path."""

    def within(kind: str, inner: Iterable[Any], offset: int = 0, **parameters: Any) -> None:
        report(kind, (*path, *inner), offset, **parameters)

    return within


def _reports(draft: Draft, report: Report) -> None:
    known = audiences()
    for index, request in draft.reports:
        if request.audience not in known:
            report(
                "audience-unknown",
                ("reports", index, "audience"),
                audience=request.audience,
                audiences=", ".join(known),
            )
        for position, name in enumerate(request.checklists):
            if name not in checklists():
                report(
                    "report-checklist-unknown",
                    ("reports", index, "checklists", position),
                    name=name,
                    names=", ".join(checklists()),
                )
