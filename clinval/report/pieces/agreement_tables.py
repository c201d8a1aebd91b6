"""The tables of agreement: the coefficients, what stands beside them, what was not used."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Number, Rich, Row, Table
from clinval.report.numbers import printed
from clinval.report.pieces.agreement_groups import (
    coefficient_name,
    groups_of,
    in_full,
    shown,
    together,
)
from clinval.report.pieces.common import method_note, readers_words, undefined_notes
from clinval.report.view import View

__all__ = ["by_category", "coefficients", "components", "panel", "unused", "width_note"]

_REASONS = (
    "not_enrolled", "not_in_set", "not_asked", "other_arm", "left_out", "no_value", "repeated",
    "alone",
)  # fmt: skip

_COMPONENTS = (
    "within_center", "same_reader", "variance_center", "variance_subject", "variance_reader",
    "variance_subject_reader", "variance_session", "variance_residual",
)  # fmt: skip


def coefficients(endpoint: Endpoint, view: View, *, brief: bool) -> Block:
    """Return the coefficient of each group of readers with its interval and raw agreement.

    In full, the interval that decides and the other one stand side by side.
    """
    icc = getattr(endpoint, "coefficient", "") not in ("kappa", "agreement")
    groups: list[Mapping[str, str]] = [{"readers": name} for name in shown(endpoint, view)]
    everybody = together(endpoint, view)
    other = _other_interval(endpoint)
    groups += [everybody] if everybody else []
    drawn = not brief and any(_beside(endpoint, view, group, other) for group in groups)
    rows = []
    for group in groups:
        cells: list[Rich] = [
            _label(endpoint, view, group),
            _used(view, view.record(endpoint.id, endpoint.set, "estimate", group)),
            (view.statistic(endpoint, "estimate", group),),
            view.limits(endpoint, group),
        ]
        if drawn:
            cells.append(view.limits(endpoint, {**group, "analysis": other}))
        if not icc:
            cells.append(_raw(endpoint, view, group, brief=brief))
        rows.append(Row(cells=tuple(cells), summary=group is everybody))
    level = f"{endpoint.level:.0%}"
    columns = [
        Column(header=view.texts("table.readers"), share=2.5),
        Column(header=view.texts("table.rated_by_all"), share=1.3, align="right"),
        Column(header=coefficient_name(endpoint, view), share=2, align="right"),
        Column(header=view.texts("table.interval", level=level), share=2, align="right"),
    ]
    if drawn:
        header = view.texts(f"agreement.interval.{other}", level=level)
        columns.append(Column(header=header, share=2, align="right"))
    if not icc:
        columns.append(
            Column(header=view.texts("statistic.observed_agreement"), share=2.2, align="right")
        )
    caption = view.texts("table.agreement", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (
        *method_note(endpoint, view, names=not brief),
        *_notes(endpoint, view, everybody, drawn=drawn),
        *undefined_notes(view, rows),
        *width_note(endpoint, view, groups),
    )
    return Table(caption=caption, columns=tuple(columns), rows=tuple(rows), notes=notes)


def _other_interval(endpoint: Endpoint) -> str:
    """Return the interval that stands beside the one that was declared."""
    declared = getattr(endpoint, "interval", "analytic")
    return "analytic" if declared == "bootstrap" else "bootstrap"


def _beside(endpoint: Endpoint, view: View, group: Mapping[str, str], other: str) -> Record | None:
    return view.record(endpoint.id, endpoint.set, "ci_low", {**group, "analysis": other})


def _label(endpoint: Endpoint, view: View, group: Mapping[str, str]) -> str:
    """Return the readers of a row, with the coefficient where it is another one."""
    readers = readers_words(view, group["readers"])
    sessions = view.word(endpoint, "sessions", group)
    if sessions != "undefined":
        return view.texts("agreement.sessions", reader=readers, sessions=sessions.replace("+", "/"))
    if "analysis" not in group:
        return readers
    name = coefficient_name(endpoint, view, group)
    return view.texts("agreement.together", readers=readers, coefficient=name)


def _raw(endpoint: Endpoint, view: View, group: Mapping[str, str], *, brief: bool) -> Rich:
    """Return the raw agreement with its interval, the bare one where only that was computed."""
    raw = {**group, "analysis": "raw"}
    if brief or view.record(endpoint.id, endpoint.set, "estimate", raw) is None:
        return (view.statistic(endpoint, "observed_agreement", group),)
    return view.texts.rich(
        "result.interval",
        estimate=(view.statistic(endpoint, "estimate", raw),),
        interval=view.limits(endpoint, raw),
    )


def _used(view: View, estimate: Record | None) -> Rich:
    """Return how many images an estimate was computed from."""
    if estimate is None or estimate.n is None:
        return view.texts("value.none")
    return (Number(printed(estimate.n, "images"), estimate.id),)


def _notes(
    endpoint: Endpoint, view: View, everybody: Mapping[str, str] | None, *, drawn: bool
) -> list[Rich]:
    """Return what the rows are, how intervals were drawn, and that images are not independent."""
    notes: list[Rich] = []
    groups, rows = groups_of(endpoint, view), shown(endpoint, view)
    if len(rows) < len(groups):
        notes.append(view.texts("agreement.cut", shown=len(rows), all=len(groups)))
    first = {"readers": groups[0]} if groups else everybody
    if first is None:
        return notes
    place = {**first, "analysis": "bootstrap"}
    decides = getattr(endpoint, "interval", "analytic") == "bootstrap"
    if decides:
        notes.append(view.texts("agreement.bootstrap.decides"))
    elif drawn:
        notes.append(
            view.texts.rich(
                "agreement.bootstrap",
                draws=view.statistic(endpoint, "draws", place),
                clusters=view.statistic(endpoint, "clusters", place),
            )
        )
    twice = view.value(endpoint, "rated_twice", first)
    patients = view.value(endpoint, "patients", first)
    if twice is not None and patients is not None and patients < twice:
        notes.append(
            view.texts.rich(
                "agreement.clustered" if drawn or decides else "agreement.clustered.alone",
                images=view.statistic(endpoint, "rated_twice", first),
                patients=view.statistic(endpoint, "patients", first),
            )
        )
    return notes


def width_note(
    endpoint: Endpoint, view: View, groups: Iterable[Mapping[str, str]]
) -> tuple[Rich, ...]:
    """Return what an interval of width zero means, where one is printed."""
    if getattr(endpoint, "coefficient", "") == "icc":
        return ()  # its interval does not come from a standard error
    for group in groups:
        low, high = (view.value(endpoint, name, group) for name in ("ci_low", "ci_high"))
        if low is not None and high is not None and math.isclose(low, high, abs_tol=1e-9):
            return (view.texts("agreement.no_width"),)
    return ()


def panel(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the coefficients beside the declared one: how far it hangs on prevalence."""
    every = [{"readers": name} for name in groups_of(endpoint, view)]
    groups = [group for group in every if _coefficients_beside(endpoint, view, group)]
    everybody = together(endpoint, view)
    if not groups and everybody is not None:
        groups = [dict(everybody)]
    found = {call: None for group in groups for call in _coefficients_beside(endpoint, view, group)}
    if not found:
        return []
    calls, first = list(found), {**groups[0], "analysis": "panel"}
    indices = [
        name
        for name in ("prevalence_index", "bias_index")
        if view.record(endpoint.id, endpoint.set, name, first)
    ]
    rows = []
    for group in groups:
        cells: list[Rich] = [_label(endpoint, view, group), _with_limits(endpoint, view, group)]
        cells += [_with_limits(endpoint, view, {**group, "coefficient": call}) for call in calls]
        where = {**group, "analysis": "panel"}
        cells += [(view.statistic(endpoint, name, where),) for name in indices]
        rows.append(Row(cells=tuple(cells)))
    columns = (
        Column(header=view.texts("table.readers"), share=1.3),
        Column(header=coefficient_name(endpoint, view), share=2.4, align="right"),
        *(
            Column(header=view.texts.method(call)["name"], share=2.4, align="right")
            for call in calls
        ),
        *(
            Column(header=view.texts(f"statistic.{name}"), share=1.4, align="right")
            for name in indices
        ),
    )
    caption = view.texts("table.panel", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("agreement.panel"), *undefined_notes(view, rows))
    table = Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)
    return [table, *by_category(endpoint, view)]


def _coefficients_beside(endpoint: Endpoint, view: View, group: Mapping[str, str]) -> list[str]:
    """Return the coefficients that stand beside that of some readers."""
    return [
        record.group["coefficient"]
        for record in view.results.where(
            endpoint=endpoint.id, analysis_set=endpoint.set, statistic="estimate"
        )
        if "coefficient" in record.group
        and {**group, "coefficient": record.group["coefficient"]} == record.group
    ]


def _with_limits(endpoint: Endpoint, view: View, group: Mapping[str, str]) -> Rich:
    if view.value(endpoint, "estimate", group) is None:
        return (view.statistic(endpoint, "estimate", group),)
    return view.texts.rich(
        "result.interval",
        estimate=(view.statistic(endpoint, "estimate", group),),
        interval=view.limits(endpoint, group),
    )


def by_category(endpoint: Endpoint, view: View) -> list[Block]:
    """Return how far readers agree on each category, and how frequent it is."""
    rows = []
    for group in in_full(endpoint, view):
        labels = (
            record.group["category"]
            for record in view.results.where(
                endpoint=endpoint.id, analysis_set=endpoint.set, statistic="specific_agreement"
            )
            if {**group, "category": record.group.get("category", "")} == record.group
        )
        for label in labels:
            here = {**group, "category": label}
            cells = [(view.statistic(endpoint, name, here),) for name in
                     ("specific_agreement", "share")]  # fmt: skip
            words = label.replace("-", "\N{MINUS SIGN}", 1)
            rows.append(Row(cells=(readers_words(view, group["readers"]), words, *cells)))
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.readers"), share=3),
        Column(header=view.texts("table.category"), share=3),
        Column(header=view.texts("statistic.specific_agreement"), share=2, align="right"),
        Column(header=view.texts("statistic.share"), share=2, align="right"),
    )
    caption = view.texts("table.by_category", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("agreement.by_category"), *undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]


def components(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the variances of a correlation by REML, and it within a center and a reader."""
    [*groups] = groups_of(endpoint, view)
    group = {"readers": groups[0], "analysis": "components"} if groups else {}
    rows = []
    for name in _COMPONENTS:
        record = view.record(endpoint.id, endpoint.set, name, group)
        if record is None or record.undefined:
            continue
        limits = (f"{name}_ci_low", f"{name}_ci_high")
        value: Rich = (view.number(record),)
        if view.record(endpoint.id, endpoint.set, limits[0], group) is not None:
            value = view.texts.rich(
                "result.interval",
                estimate=value,
                interval=view.limits(endpoint, group, names=limits),
            )
        rows.append(Row(cells=(view.texts(f"components.{name}"), value)))
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.statistic"), share=6),
        Column(header=view.texts("table.value"), share=3, align="right"),
    )
    caption = view.texts("table.components", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = tuple(undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]


def unused(endpoint: Endpoint, view: View) -> list[Block]:
    """Return how many ratings were not used, by reason."""
    found = next(
        (
            record.group
            for record in view.results.where(endpoint=endpoint.id, analysis_set=endpoint.set)
            if record.group.get("analysis") == "data"
        ),
        None,
    )
    if found is None:
        return []
    group = {key: found[key] for key in ("readers", "analysis") if key in found}
    rows = [
        Row(
            cells=(
                view.texts(f"unused.{reason}"),
                (view.statistic(endpoint, f"unused.{reason}", group),),
            )
        )
        for reason in _REASONS
        if view.value(endpoint, f"unused.{reason}", group) is not None
    ]
    columns = (
        Column(header=view.texts("unused.reason"), share=6),
        Column(header=view.texts("unused.ratings"), share=1.5, align="right"),
    )
    caption = view.texts("table.unused", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("unused.note"),)
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]
