"""Comparisons of two arms, of proportions and of means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import (
    Block,
    Callout,
    Column,
    Figure,
    Number,
    Paragraph,
    Rich,
    Row,
    Run,
    Table,
    runs,
)
from clinval.report.figures import IntervalRow, Intervals
from clinval.report.numbers import factor, interval, printed
from clinval.report.pieces.centers import Scale, forest, heterogeneity, site_label, without_each
from clinval.report.pieces.common import (
    method_note,
    set_label,
    tone,
    undefined_notes,
    unit_words,
    verdict_words,
    with_reasons,
)
from clinval.report.view import View

__all__ = ["headline", "hypothesis", "result"]


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return what is compared, its estimate and its interval."""
    unit = _unit(endpoint, view)
    what = _effect_words(view, unit)
    estimate = view.statistic(endpoint, "estimate", suffix=False)
    return what, (estimate,), view.limits(endpoint)


def result(endpoint: Endpoint, view: View, *, brief: bool) -> list[Block]:
    """Return the decision, the numbers behind it, its picture, and how it holds across centers."""
    scale = _scale(endpoint, view)
    blocks: list[Block] = [_decision(endpoint, view), *_by_arm(endpoint, view)]
    blocks += _intervals(endpoint, view, scale)
    blocks += forest(endpoint, view, scale)
    if not brief:
        blocks += heterogeneity(endpoint, view)
        blocks += without_each(endpoint, view, scale)
        blocks += _by_site(endpoint, view)
    return blocks


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words; the bounds are those of the analysis."""
    unit = _unit(endpoint, view)
    name = unit_words(view, "proportion_difference" if unit == "percent" else unit)
    level = f"{endpoint.level:.0%}"
    found: list[Run] = []
    for statistic, key in (("bound_low", "hypothesis.above"), ("bound_high", "hypothesis.below")):
        record = view.record(endpoint.id, endpoint.set, statistic)
        if record is not None:
            bound = Number(printed(record.value, unit, suffix=False), record.id)
            found += [view.texts("hypothesis.and")] if found else []
            found += runs(view.texts.rich(key, level=level, bound=bound, unit=name))
    return tuple(found) or view.texts("hypothesis.none")


def _unit(endpoint: Endpoint, view: View) -> str:
    record = view.record(endpoint.id, endpoint.set, "estimate")
    return record.unit if record else ""


def _effect(unit: str) -> str:
    if unit in ("ratio", "proportion_difference"):
        return unit
    return "difference"


def _effect_words(view: View, unit: str) -> str:
    """Return what is estimated, with its unit: percentages differ by percentage points."""
    apart = "proportion_difference" if unit == "percent" else unit
    return view.texts(f"effect.{_effect(unit)}", unit=_unit_name(view, apart))


def _unit_name(view: View, unit: str) -> str:
    key = f"unit.{unit}"
    return view.texts(key) if view.texts.has(key) else unit.replace("*", "·")


def _scale(endpoint: Endpoint, view: View) -> Scale:
    unit = _unit(endpoint, view)
    low = view.value(endpoint, "bound_low")
    high = view.value(endpoint, "bound_high")
    margin = low if low is not None else high
    ratio = unit == "ratio"
    null = 1.0 if ratio else 0.0
    higher = getattr(endpoint, "direction", "higher_is_better") == "higher_is_better"
    worse, better = view.texts("forest.worse"), view.texts("forest.better")
    label = ""
    if margin is not None and margin != null:
        label = view.texts("forest.margin", value=printed(margin, unit, suffix=False))
    return Scale(
        axis=_effect_words(view, unit),
        unit=unit,
        null=null,
        margin=margin if label else None,
        margin_label=label,
        left=worse if higher else better,
        right=better if higher else worse,
        kind="log" if ratio else "linear",
    )


def _decision(endpoint: Endpoint, view: View) -> Block:
    verdict = view.word(endpoint, "verdict")
    comparison = getattr(endpoint, "comparison", "estimation")
    key = "decision.none" if verdict == "none" else "decision"
    text = view.texts.rich(
        key,
        effect=_effect_words(view, _unit(endpoint, view)),
        estimate=view.statistic(endpoint, "estimate", suffix=False),
        interval=view.limits(endpoint),
        level=f"{endpoint.level:.0%}",
        n=view.statistic(endpoint, "n"),
        set=set_label(view, endpoint.set),
        hypothesis=hypothesis(endpoint, view),
    )
    text = with_reasons(view, text)
    if verdict == "none":
        return Paragraph(text=text)
    title = view.texts(f"verdict.{comparison}.{verdict}", endpoint=view.say(endpoint.label))
    return Callout(title=title, text=text, tone=tone(verdict))


def _by_arm(endpoint: Endpoint, view: View) -> list[Block]:
    """Return each arm by itself: a proportion, or mean, standard deviation and median."""
    proportions = view.record(endpoint.id, endpoint.set, "proportion_test") is not None
    statistics = ("proportion",) if proportions else ("mean", "sd", "median")
    arms = _arm_labels(endpoint, view)
    rows = []
    for arm, label in arms.items():
        records = [view.record(endpoint.id, endpoint.set, f"{name}_{arm}") for name in statistics]
        n: Rich = printed(records[0].n, "subjects") if records[0] else ""
        if records[0] is not None:
            n = (Number(printed(records[0].n, "subjects"), records[0].id),)
        rows.append(Row(cells=(label, n, *_numbers(view, records))))
    columns = [
        Column(header=view.texts("table.arm"), share=3),
        Column(header="n", share=1, align="right"),
    ]
    unit = _measure_unit(endpoint, view)
    columns += [
        Column(
            header=view.texts(f"statistic.{name}", unit=_unit_name(view, unit)),
            share=1.6,
            align="right",
        )
        for name in statistics
    ]
    notes: list[Rich] = [*method_note(endpoint, view)]
    missing = view.statistic(endpoint, "missing")
    notes.append(view.texts.rich(f"missing.{getattr(endpoint, 'missing', 'exclude')}", n=missing))
    notes += undefined_notes(view, rows)
    caption = view.texts("table.by_arm", endpoint=view.say(endpoint.label), set=endpoint.set)
    return [Table(caption=caption, columns=tuple(columns), rows=tuple(rows), notes=tuple(notes))]


def _numbers(view: View, records: Iterable[Record | None]) -> list[Rich]:
    """Return numbers whose unit, but that of proportions, stands in the header."""
    return [
        (view.number(record, suffix=record is not None and record.unit == "proportion"),)
        for record in records
    ]


def _measure_unit(endpoint: Endpoint, view: View) -> str:
    record = view.record(endpoint.id, endpoint.set, "mean_test")
    return record.unit if record else "proportion"


def _arm_labels(endpoint: Endpoint, view: View) -> dict[str, str]:
    compare = getattr(endpoint, "compare", None)
    labels = {}
    for role in ("test", "reference"):
        arm_id = getattr(compare, role) if compare else None
        arm = next(
            (
                arm
                for arm in view.protocol.arms
                if (arm.id == arm_id if arm_id else arm.role == role)
            ),
            None,
        )
        labels[role] = view.say(arm.label) if arm else role
    return labels


def _intervals(endpoint: Endpoint, view: View, scale: Scale) -> list[Block]:
    """Return the interval against its margin, on every set that the endpoint is shown on."""
    if scale.margin is None and view.word(endpoint, "verdict") == "none":
        return []
    rows, said = [], []
    for set_id in (endpoint.set, *endpoint.also_sets):
        estimate = view.value(endpoint, "estimate", set_id=set_id)
        low, high = (view.value(endpoint, name, set_id=set_id) for name in ("ci_low", "ci_high"))
        verdict = view.word(endpoint, "verdict", set_id=set_id)
        number = view.statistic(endpoint, "estimate", set_id=set_id)
        said.append(Row(cells=(set_id, (number,), view.limits(endpoint, set_id=set_id))))
        words = view.texts("value.undefined")
        if None not in (estimate, low, high):
            words = "{} ({})".format(
                printed(estimate, scale.unit, suffix=False),
                interval(
                    printed(low, scale.unit, suffix=False),
                    printed(high, scale.unit, suffix=False),
                    view.language,
                ),
            )
        rows.append(
            IntervalRow(
                label=set_id,
                estimate=estimate,
                low=low,
                high=high,
                result=words,
                verdict=verdict_words(view, verdict),
                tone=tone(verdict),
            )
        )
    bound_low, bound_high = (view.value(endpoint, f"bound_{side}") for side in ("low", "high"))
    both = bound_low is not None and bound_high is not None
    margin = bound_low if bound_low is not None else bound_high
    if margin is None:
        return []
    chart = Intervals(
        rows=tuple(rows),
        axis=scale.axis,
        margin=margin,
        margin_label=scale.margin_label or view.texts("forest.null"),
        shade="both" if both else "left" if bound_low is not None else "right",
        upper_margin=bound_high if both else None,
        null=scale.null if scale.null != margin else None,
        null_label=view.texts("forest.null"),
        scale=scale.kind,
        factor=factor(scale.unit),
    )
    words = view.texts(
        "figure.intervals.alternative",
        endpoint=view.say(endpoint.label),
        rows=view.listed(
            (
                view.texts(
                    "label.value", name=row.label, value=view.listed((row.result, row.verdict))
                )
                for row in rows
            ),
            parts=True,
        ),
    )
    key = "figure.intervals" if scale.margin_label else "figure.intervals.null"
    caption = view.texts(key, endpoint=view.say(endpoint.label))
    sets = view.texts("sets.note", sets=view.listed(set_label(view, row.label) for row in rows))
    return [
        Figure(
            caption=caption,
            chart=chart,
            alternative=words,
            notes=(sets, *undefined_notes(view, said)),
            anchor=f"fig.{endpoint.id}.intervals",
            records=tuple(
                record.id
                for row in rows
                for name in ("estimate", "ci_low", "ci_high", "verdict")
                if (record := view.record(endpoint.id, row.label, name)) is not None
            ),
        )
    ]


def _by_site(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the cells behind the result, site by site, as a reviewer recomputes it from."""
    paired = view.record(endpoint.id, endpoint.set, "n11") is not None
    cells = ("n11", "n10", "n01", "n00") if paired else ("x1", "n1", "x2", "n2")
    if view.record(endpoint.id, endpoint.set, cells[0]) is None:
        return _means_by_site(endpoint, view)
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        numbers = [(view.statistic(endpoint, cell, group),) for cell in (*cells, "missing")]
        rows.append(Row(cells=(site_label(view, site.id), *numbers)))
    total = [(view.statistic(endpoint, cell),) for cell in (*cells, "missing")]
    rows.append(Row(cells=(view.texts("forest.all"), *total), summary=True))
    columns = (
        Column(header=view.texts("table.site"), share=4),
        *(
            Column(header=view.texts(f"cell.{cell}"), share=1.5, align="right")
            for cell in (*cells, "missing")
        ),
    )
    caption = view.texts("table.cells", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("cells.measure", measure=getattr(endpoint, "measure", "")),)
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]


def _record(
    endpoint: Endpoint, view: View, statistic: str, group: Mapping[str, str] | None = None
) -> Record | None:
    return view.record(endpoint.id, endpoint.set, statistic, group)


def _means_by_site(endpoint: Endpoint, view: View) -> list[Block]:
    statistics = ("mean_test", "sd_test", "mean_reference", "sd_reference")
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        if view.record(endpoint.id, endpoint.set, "mean_test", group) is None:
            continue
        numbers = _numbers(view, (_record(endpoint, view, name, group) for name in statistics))
        rows.append(
            Row(
                cells=(site_label(view, site.id), (view.statistic(endpoint, "n", group),), *numbers)
            )
        )
    if not rows:
        return []
    total = _numbers(view, (_record(endpoint, view, name) for name in statistics))
    rows.append(
        Row(
            cells=(view.texts("forest.all"), (view.statistic(endpoint, "n"),), *total),
            summary=True,
        )
    )
    unit = _unit_name(view, _measure_unit(endpoint, view))
    columns = (
        Column(header=view.texts("table.site"), share=4),
        Column(header="n", share=1, align="right"),
        *(
            Column(header=view.texts(f"cell.{name}", unit=unit), share=1.5, align="right")
            for name in statistics
        ),
    )
    caption = view.texts("table.means", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = tuple(undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes)]
