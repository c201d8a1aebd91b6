"""Accuracy of one test against a reference standard: the fourfold table and what follows."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Paragraph, Rich, Row, Table
from clinval.report.numbers import printed
from clinval.report.pieces import Aspect, goal
from clinval.report.pieces.centers import Scale, forest, heterogeneity, site_label, without_each
from clinval.report.pieces.common import undefined_notes, word
from clinval.report.pieces.subgroups import subgroups
from clinval.report.view import View

__all__ = ["aspect", "fourfold", "headline", "hypothesis", "measures", "result"]

_PROPORTIONS = ("sensitivity", "specificity", "ppv", "npv", "accuracy", "prevalence")
_RATIOS = ("lr_pos", "lr_neg", "diagnostic_odds_ratio")
_BARE = ("youden", "number_needed_to_diagnose")
_CELLS = ("tp", "fn", "fp", "tn")
_APART = ("missing", "indeterminate", "no_reference", "reference_indeterminate")
_WAYS = ("exclude", "failure", "positive", "negative")


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return which measure is reported, its estimate and its interval."""
    estimate = view.statistic(endpoint, "estimate")
    return _name(endpoint, view), (estimate,), view.limits(endpoint, suffix=True)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    return goal.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision, the fourfold table and the picture across centers."""
    decided, *_ = goal.aspect(endpoint, view, "decision")
    return [decided, fourfold(endpoint, view), *forest(endpoint, view, _scale(endpoint, view))]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the decision with every measure; centers; counts; indeterminate calls; subgroups."""
    scale = _scale(endpoint, view)
    match which:
        case "decision":
            return [
                *goal.aspect(endpoint, view, "decision"),
                fourfold(endpoint, view),
                measures(endpoint, view),
                *_at_prevalence(endpoint, view),
            ]
        case "sites":
            return [
                *forest(endpoint, view, scale),
                *heterogeneity(endpoint, view),
                *without_each(endpoint, view, scale),
            ]
        case "counts":
            return [_by_site(endpoint, view)]
        case "missing":
            return _ways(endpoint, view)
        case "subgroups":
            return subgroups(endpoint, view, scale)


def fourfold(endpoint: Endpoint, view: View, group: Mapping[str, str] | None = None) -> Block:
    """Return calls against the reference, with who is in none of the four cells."""
    of = dict(group or {})
    rows = [
        Row(
            cells=(
                view.texts(f"accuracy.call.{call}"),
                *((view.statistic(endpoint, cell, of),) for cell in cells),
            )
        )
        for call, cells in (("positive", ("tp", "fp")), ("negative", ("fn", "tn")))
    ]
    columns = (
        Column(header=view.texts("accuracy.call"), share=3),
        Column(header=view.texts("accuracy.with"), share=2, align="right"),
        Column(header=view.texts("accuracy.without"), share=2, align="right"),
    )
    apart = [
        view.texts.rich(f"accuracy.apart.{name}", n=view.number(record))
        for name in _APART
        if (record := view.record(endpoint.id, endpoint.set, name, of)) is not None
    ]
    caption = view.texts("table.fourfold", endpoint=_label(endpoint, view, of), set=endpoint.set)
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(apart))


def measures(endpoint: Endpoint, view: View, group: Mapping[str, str] | None = None) -> Block:
    """Return every measure of the fourfold table, with its interval and how it was computed."""
    of = dict(group or {})
    rows = []
    for name in (*_PROPORTIONS, *_RATIOS, *_BARE):
        record = view.record(endpoint.id, endpoint.set, name, of)
        if record is None:
            continue
        limits: Rich = view.texts("value.none")
        if name not in _BARE:
            ends = (f"{name}_ci_low", f"{name}_ci_high")
            limits = view.limits(endpoint, of, names=ends, suffix=name in _PROPORTIONS)
        n: Rich = "" if record.n is None else printed(record.n, "subjects")
        number = view.methods.get(record.method, "")
        rows.append(
            Row(cells=(view.texts(f"statistic.{name}"), n, (view.number(record),), limits, number))
        )
    columns = (
        Column(header=view.texts("table.measure"), share=3.2),
        Column(header="n", share=0.9, align="right"),
        Column(header=view.texts("table.estimate"), share=1.4, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2.4,
            align="right",
        ),
        Column(header=view.texts("table.method"), share=0.9),
    )
    caption = view.texts("table.accuracy", endpoint=_label(endpoint, view, of), set=endpoint.set)
    notes = (view.texts("accuracy.note"), *undefined_notes(view, rows))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)


def _at_prevalence(endpoint: Endpoint, view: View) -> list[Block]:
    """Return predictive values at prevalences that are not that of the study."""
    rows = []
    for prevalence in getattr(endpoint, "prevalences", ()):
        of = {"prevalence": f"{prevalence:g}"}
        cells: list[Rich] = [printed(prevalence, "proportion")]
        for name in ("ppv", "npv"):
            cells.append((view.statistic(endpoint, name, of),))
            ends = (f"{name}_ci_low", f"{name}_ci_high")
            cells.append(view.limits(endpoint, of, names=ends, suffix=True))
        rows.append(Row(cells=tuple(cells)))
    if not rows:
        return []
    interval = view.texts("table.interval", level=f"{endpoint.level:.0%}")
    columns = (
        Column(header=view.texts("statistic.prevalence"), share=1.6),
        Column(header=view.texts("statistic.ppv"), share=2, align="right"),
        Column(header=interval, share=2, align="right"),
        Column(header=view.texts("statistic.npv"), share=2, align="right"),
        Column(header=interval, share=2, align="right"),
    )
    caption = view.texts("table.at_prevalence", endpoint=view.say(endpoint.label))
    record = view.record(endpoint.id, endpoint.set, "ppv", {"prevalence": f"{prevalence:g}"})
    notes: list[Rich] = []
    if record is not None and record.method:
        said = view.texts.method(record.method)
        level = f"{endpoint.level:.0%}"
        notes.append(
            view.texts("method.note", name=said["name"], variant=said["variant"], level=level)
        )
    notes += undefined_notes(view, rows)
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(notes))]


def _by_site(endpoint: Endpoint, view: View) -> Block:
    """Return the cells by center, with those who are in none."""
    shown = (*_CELLS, "missing", "indeterminate", "no_reference")

    def cells(group: Mapping[str, str]) -> list[Rich]:
        return [(view.statistic(endpoint, name, group),) for name in shown]

    rows = [
        Row(cells=(site_label(view, site.id), *cells({"site": site.id})))
        for site in view.protocol.sites
    ]
    rows.append(Row(cells=(view.texts("forest.all"), *cells({})), summary=True))
    columns = (
        Column(header=view.texts("table.site"), share=3.4),
        *(Column(header=view.texts(f"cell.{name}"), share=1.2, align="right") for name in shown),
    )
    caption = view.texts("table.cells", endpoint=view.say(endpoint.label), set=endpoint.set)
    measure, negative = (getattr(endpoint, name, "") for name in ("measure", "negative"))
    notes = (view.texts("accuracy.rules", positive=measure, negative=negative),)
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)


def _ways(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the result with indeterminate calls counted in each way."""
    rows = []
    for way in _WAYS:
        of = {"indeterminate": way}
        if view.record(endpoint.id, endpoint.set, "n", of) is None:
            continue
        label = view.texts(f"accuracy.way.{way}")
        if way == getattr(endpoint, "indeterminate", ""):
            label = view.texts("accuracy.way.declared", way=label)
        cells: list[Rich] = [label, (view.statistic(endpoint, "n", of),)]
        for name in ("sensitivity", "specificity"):
            cells.append((view.statistic(endpoint, name, of),))
            ends = (f"{name}_ci_low", f"{name}_ci_high")
            cells.append(view.limits(endpoint, of, names=ends, suffix=True))
        verdict = view.record(endpoint.id, endpoint.set, "verdict", of)
        cells.append(word(view, verdict, "verdict"))
        rows.append(Row(cells=tuple(cells)))
    if not rows:
        return []
    interval = view.texts("table.interval", level=f"{endpoint.level:.0%}")
    columns = (
        Column(header=view.texts("accuracy.way"), share=3.2),
        Column(header="n", share=0.8, align="right"),
        Column(header=view.texts("statistic.sensitivity"), share=1.5, align="right"),
        Column(header=interval, share=2, align="right"),
        Column(header=view.texts("statistic.specificity"), share=1.5, align="right"),
        Column(header=interval, share=2, align="right"),
        Column(header=view.texts("table.decision"), share=1.5),
    )
    caption = view.texts("table.indeterminate_ways", endpoint=view.say(endpoint.label))
    notes = tuple(undefined_notes(view, rows))
    table = Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)
    n = view.statistic(endpoint, "indeterminate")
    return [Paragraph(text=view.texts.rich("accuracy.ways", n=n)), table]


def _name(endpoint: Endpoint, view: View) -> str:
    return view.texts(f"statistic.{getattr(endpoint, 'quantity', 'accuracy')}")


def _label(endpoint: Endpoint, view: View, group: Mapping[str, str]) -> str:
    """Return the endpoint's name, with the test that a table is of."""
    label, test = view.say(endpoint.label), group.get("test")
    if test is None:
        return label
    from clinval.report.pieces.effect import arm_labels

    return view.texts("label.value", name=label, value=arm_labels(endpoint, view)[test])


def _scale(endpoint: Endpoint, view: View) -> Scale:
    bound = view.value(endpoint, "goal")
    label = "" if bound is None else view.texts("forest.goal", value=printed(bound, "proportion"))
    axis = view.texts("accuracy.axis", name=_name(endpoint, view))
    return Scale(axis=axis, unit="proportion", margin=bound, margin_label=label)
