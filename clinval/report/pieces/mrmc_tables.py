"""Tables of a reader study: arms, centers, versions of the truth, other looks at the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Rich, Row, Table
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import method_note, undefined_notes, word
from clinval.report.pieces.effect import arm_headers, arm_ids, arm_labels
from clinval.report.pieces.mrmc_words import worded
from clinval.report.pieces.second_engine import second_note
from clinval.report.view import View

__all__ = [
    "analyses",
    "arms",
    "declared",
    "groups_with",
    "sites",
    "tested",
    "tested_columns",
    "truths",
]

Group = Mapping[str, str]


def arms(endpoint: Endpoint, view: View) -> Block:
    """Return the average of the readers in each arm, and the difference."""
    names, ids = arm_labels(endpoint, view), arm_ids(endpoint, view)
    rows = [_arm(endpoint, view, names[role], {"arm": arm}) for role, arm in ids.items()]
    rows.append(_arm(endpoint, view, view.texts(worded(endpoint, view, "mrmc.difference")), {}))
    columns = (
        Column(header=view.texts("table.arm"), share=3.4),
        Column(header=view.texts("table.estimate"), share=1.3, align="right"),
        Column(header=view.texts("mrmc.se"), share=1.1, align="right"),
        Column(header=_interval(endpoint, view), share=2.2, align="right"),
        Column(header=view.texts("mrmc.p_equal"), share=1.2, align="right"),
    )
    caption = view.texts(
        worded(endpoint, view, "table.mrmc.arms"),
        endpoint=view.say(endpoint.label),
        set=endpoint.set,
    )
    notes = [
        *method_note(endpoint, view, names=True),
        *second_note(endpoint, view),
        *undefined_notes(view, rows),
    ]
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(notes))


def _arm(endpoint: Endpoint, view: View, label: str, group: Group) -> Row:
    p: Rich = "" if group else (view.statistic(endpoint, "p_value_difference"),)
    cells = (
        label,
        (view.statistic(endpoint, "estimate", group, suffix=bool(group)),),
        (view.statistic(endpoint, "se", group, suffix=False),),
        view.limits(endpoint, group),
        p,
    )
    return Row(cells=cells, summary=not group)


def sites(endpoint: Endpoint, view: View) -> Block:
    """Return by center the cases of each class, both arms and the difference."""
    names, ids = arm_headers(endpoint, view), arm_ids(endpoint, view)

    def cells(base: Group) -> list[Rich]:
        counts = [(view.statistic(endpoint, name, base),) for name in ("diseased", "nondiseased")]
        both = [
            (view.statistic(endpoint, "estimate", {**base, "arm": arm}, suffix=False),)
            for arm in ids.values()
        ]
        estimate = (view.statistic(endpoint, "estimate", base, suffix=False),)
        return [*counts, *both, estimate, view.limits(endpoint, base)]

    rows = [
        Row(cells=(site_label(view, site.id), *cells({"site": site.id})))
        for site in view.protocol.sites
    ]
    rows.append(Row(cells=(view.texts("forest.all"), *cells({})), summary=True))
    columns = (
        Column(header=view.texts("table.site"), share=3),
        Column(header=view.texts("cell.diseased"), share=1.1, align="right"),
        Column(header=view.texts("cell.healthy"), share=1.1, align="right"),
        *(Column(header=names[role], share=1.7, align="right") for role in ids),
        Column(header=view.texts("mrmc.difference.short"), share=1.3, align="right"),
        Column(header=_interval(endpoint, view), share=2.1, align="right"),
    )
    caption = view.texts("table.mrmc.sites", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("mrmc.site.note"), *undefined_notes(view, rows))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)


def truths(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the result under each version of the reference standard, where there are several."""
    groups = groups_with(endpoint, view, "truth")
    if not groups:
        return []
    labels = {
        version.id: view.say(version.label) for version in getattr(endpoint, "truth_versions", ())
    }
    rows = []
    for group in ({}, *groups):
        name = labels.get(group.get("truth", ""), group.get("truth", ""))
        label = name if group else declared(endpoint, view, "mrmc.truth.declared")
        counts = [(view.statistic(endpoint, n, group),) for n in ("diseased", "nondiseased")]
        changed: Rich = (view.statistic(endpoint, "changed", group),) if group else ""
        result = tested(endpoint, view, group)
        rows.append(Row(cells=(label, *counts, changed, *result), summary=not group))
    columns = (
        Column(header=view.texts("mrmc.truth.version"), share=2.6),
        Column(header=view.texts("cell.diseased"), share=1.1, align="right"),
        Column(header=view.texts("cell.healthy"), share=1.1, align="right"),
        Column(header=view.texts("mrmc.truth.changed"), share=1.1, align="right"),
        *tested_columns(endpoint, view),
    )
    caption = view.texts("table.mrmc.truth", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("mrmc.truth.note"), *undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]


def analyses(endpoint: Endpoint, view: View, names: Iterable[str]) -> list[Block]:
    """Return other looks at the same data beside the declared one, those that were taken."""
    taken = [g for g in groups_with(endpoint, view, "analysis") if g["analysis"] in names]
    if not taken:
        return []
    rows = [
        Row(
            cells=(
                view.texts(
                    worded(endpoint, view, f"mrmc.analysis.{group.get('analysis', 'declared')}")
                ),
                *tested(endpoint, view, group),
            ),
            summary=not group,
        )
        for group in ({}, *taken)
    ]
    columns = (
        Column(header=view.texts("mrmc.analysis"), share=4),
        *tested_columns(endpoint, view),
    )
    caption = view.texts("table.mrmc.analyses", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = tuple(undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def tested(endpoint: Endpoint, view: View, group: Group) -> list[Rich]:
    """Return estimate, interval, p and verdict of a group; without a hypothesis no verdict."""
    found: list[Rich] = [
        (view.statistic(endpoint, "estimate", group, suffix=False),),
        view.limits(endpoint, group),
    ]
    if not _decides(endpoint):
        return [*found, (view.statistic(endpoint, "p_value_difference", group),)]
    verdict = view.record(endpoint.id, endpoint.set, "verdict", group)
    p = (view.statistic(endpoint, "p_value", group),)
    return [*found, p, word(view, verdict, "verdict")]


def tested_columns(endpoint: Endpoint, view: View) -> tuple[Column, ...]:
    """Return the columns of :func:`tested`."""
    decides = _decides(endpoint)
    decision = Column(header=view.texts("table.decision"), share=1.3)
    p = view.texts("mrmc.p_shown" if decides else "mrmc.p_equal")
    return (
        Column(header=view.texts("mrmc.difference.short"), share=1.3, align="right"),
        Column(header=_interval(endpoint, view), share=2.1, align="right"),
        Column(header=p, share=1.1, align="right"),
        *((decision,) if decides else ()),
    )


def declared(endpoint: Endpoint, view: View, key: str) -> str:
    """Return what marks the declared one of several, which decides where something is decided."""
    return view.texts(key if _decides(endpoint) else f"{key}.only")


def _decides(endpoint: Endpoint) -> bool:
    return getattr(endpoint, "comparison", "estimation") != "estimation"


def groups_with(endpoint: Endpoint, view: View, name: str) -> list[Group]:
    """Return the groups of records that say nothing but one thing, in their order."""
    found = (
        record.group[name]
        for record in view.results.where(endpoint=endpoint.id, analysis_set=endpoint.set)
        if set(record.group) == {name}
    )
    return [{name: value} for value in dict.fromkeys(found)]


def _interval(endpoint: Endpoint, view: View) -> str:
    return view.texts("table.interval", level=f"{endpoint.level:.0%}")
