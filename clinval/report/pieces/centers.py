"""How a result is shown across centers: the forest, the heterogeneity, the result without each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Paragraph, Rich, Row, Table
from clinval.report.figures import Forest, ForestRow
from clinval.report.numbers import factor, interval, printed
from clinval.report.pieces.common import endpoint_label, in_parts, undefined_notes, word
from clinval.report.view import View

__all__ = [
    "Scale",
    "drawn",
    "forest",
    "forest_chart",
    "forest_row",
    "gaps",
    "heterogeneity",
    "rows_in_words",
    "site_label",
    "without_each",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The axis of an effect and the lines on it.

    ``estimate``, ``low`` and ``high`` name the statistics that are drawn.
    """

    axis: str
    unit: str
    null: float | None = None
    margin: float | None = None
    margin_label: str = ""
    left: str = ""
    right: str = ""
    kind: Literal["linear", "log"] = "linear"
    estimate: str = "estimate"
    low: str = "ci_low"
    high: str = "ci_high"


def site_label(view: View, site: str) -> str:
    """Return a site's id and name."""
    return f"{site} {view.say(view.protocol.site(site).name)}"


def forest(
    endpoint: Endpoint,
    view: View,
    scale: Scale,
    group: Mapping[str, str] | None = None,
    notes: tuple[Rich, ...] = (),
) -> list[Block]:
    """Return the forest of a result: each center, then all of them; ``group`` narrows it."""
    base = dict(group or {})
    rows = [
        forest_row(endpoint, view, scale, {**base, "site": site.id}, site_label(view, site.id))
        for site in view.protocol.sites
    ]
    rows.append(forest_row(endpoint, view, scale, base, view.texts("forest.all"), summary=True))
    low, high = (view.value(endpoint, name, base) for name in ("prediction_low", "prediction_high"))
    chart = forest_chart(endpoint, view, scale, tuple(rows), view.texts("table.site"))
    if low is not None and high is not None:
        ends = [printed(value, scale.unit, suffix=False) for value in (low, high)]
        chart = replace(
            chart,
            prediction=(low, high),
            prediction_label=view.texts("forest.prediction", level=f"{endpoint.level:.0%}"),
            prediction_result=f"({interval(ends[0], ends[1], view.language)})",
        )
    name = endpoint_label(endpoint, view, base)
    words = view.texts(
        "figure.forest.alternative",
        endpoint=name,
        rows=rows_in_words(view, rows),
    )
    caption = view.texts("figure.forest", endpoint=name, set=endpoint.set)
    anchor = ".".join(["fig", endpoint.id, *base.values(), "forest"])
    groups = {site.id: {**base, "site": site.id} for site in view.protocol.sites}
    groups[view.texts("forest.all")] = base
    return [
        Figure(
            caption=caption,
            chart=chart,
            alternative=words,
            anchor=anchor,
            notes=(view.texts("figure.forest.note"), *gaps(endpoint, view, scale, groups), *notes),
            records=drawn(endpoint, view, scale, groups.values()),
        )
    ]


def without_each(
    endpoint: Endpoint,
    view: View,
    scale: Scale,
    group: Mapping[str, str] | None = None,
) -> list[Block]:
    """Return the result without each center in turn, and the centers it hangs on."""
    base = dict(group or {})
    rows = []
    for site in view.protocol.sites:
        here = {**base, "without_site": site.id}
        if view.record(endpoint.id, endpoint.set, scale.estimate, here) is not None:
            label = view.texts("forest.without", site=site.id)
            rows.append(forest_row(endpoint, view, scale, here, label))
    if not rows:
        return []
    rows.append(forest_row(endpoint, view, scale, base, view.texts("forest.all"), summary=True))
    blocks: list[Block] = []
    flips = view.word(endpoint, "centers_that_flip", base)
    if flips == "none":
        blocks.append(Paragraph(text=view.texts("centers.no_flip")))
    elif flips != "undefined":
        number = view.statistic(endpoint, "centers_that_flip", base)
        blocks.append(Paragraph(text=view.texts.rich("centers.flip", sites=number)))
    chart = forest_chart(endpoint, view, scale, tuple(rows), view.texts("forest.left_out"))
    name = endpoint_label(endpoint, view, base)
    words = view.texts(
        "figure.without.alternative",
        endpoint=name,
        rows=rows_in_words(view, rows),
    )
    caption = view.texts("figure.without", endpoint=name, set=endpoint.set)
    anchor = ".".join(["fig", endpoint.id, *base.values(), "without"])
    groups = {
        view.texts("forest.without", site=site.id): {**base, "without_site": site.id}
        for site in view.protocol.sites
    }
    groups[view.texts("forest.all")] = base
    figure = Figure(
        caption=caption,
        chart=chart,
        alternative=words,
        anchor=anchor,
        notes=tuple(gaps(endpoint, view, scale, groups)),
        records=drawn(endpoint, view, scale, groups.values()),
    )
    return [*blocks, figure]


def heterogeneity(
    endpoint: Endpoint, view: View, group: Mapping[str, str] | None = None
) -> list[Block]:
    """Return the table of how much centers differ, in the statistics that the analysis gave."""
    rows = []
    for statistic in ("q", "q_df", "q_p_value", "i2", "tau2"):
        record = view.record(endpoint.id, endpoint.set, statistic, group)
        if record is None:
            continue
        number = view.number(record)
        detail = view.texts.method(record.method)["name"] if record.method else ""
        if record.undefined:
            detail = view.reason(record)
        value: Rich = (number,)
        if statistic == "tau2" and _known(endpoint, view, "tau2_low", group):
            names = ("tau2_low", "tau2_high")
            limits = view.limits(endpoint, group, names=names)
            value = view.texts.rich("result.interval", estimate=number, interval=limits)
        rows.append(Row(cells=(view.texts(f"statistic.{statistic}"), value, detail)))
    low = view.record(endpoint.id, endpoint.set, "prediction_low", group)
    if low is not None:
        limits = view.limits(endpoint, group, names=("prediction_low", "prediction_high"))
        what = view.reason(low) or view.texts("prediction.what")
        verdict = view.record(endpoint.id, endpoint.set, "prediction_verdict", group)
        parts = [what] if verdict is None else [what, word(view, verdict, "prediction")]
        name = view.texts("statistic.prediction", level=f"{endpoint.level:.0%}")
        rows.append(Row(cells=(name, limits, in_parts(view, parts))))
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.statistic"), share=3),
        Column(header=view.texts("table.value"), share=2.3, align="decimal"),
        Column(header=view.texts("table.method"), share=4),
    )
    caption = view.texts("table.heterogeneity", endpoint=endpoint_label(endpoint, view, group))
    return [Table(caption=caption, columns=columns, rows=tuple(rows))]


def _known(endpoint: Endpoint, view: View, statistic: str, group: Mapping[str, str] | None) -> bool:
    record = view.record(endpoint.id, endpoint.set, statistic, group)
    return record is not None and not record.undefined


def forest_row(
    endpoint: Endpoint,
    view: View,
    scale: Scale,
    group: Mapping[str, str],
    label: str,
    *,
    summary: bool = False,
    indent: int = 0,
) -> ForestRow:
    """Return a row of a forest: the estimate of a group, or in a few words why there is none."""
    estimate = view.record(endpoint.id, endpoint.set, scale.estimate, group)
    n = view.record(endpoint.id, endpoint.set, "n", group)
    size = estimate.n if estimate is not None and estimate.n is not None else n.value if n else None
    if estimate is None or estimate.undefined:
        why = view.texts("forest.no_estimate" if size else "forest.no_subjects")
        return ForestRow(
            label=label, n=printed(size or 0, "subjects"), estimate=None, low=None, high=None,
            result=why, summary=summary, indent=indent,
        )  # fmt: skip
    low, high = (view.value(endpoint, name, group) for name in (scale.low, scale.high))
    words = printed(estimate.value, scale.unit, suffix=False)
    if low is not None and high is not None:
        limits = interval(
            printed(low, scale.unit, suffix=False),
            printed(high, scale.unit, suffix=False),
            view.language,
        )
        words = f"{words} ({limits})"
    return ForestRow(
        label=label,
        n=printed(size, "subjects"),
        estimate=view.value(endpoint, scale.estimate, group),
        low=low,
        high=high,
        result=words,
        summary=summary,
        indent=indent,
    )


def rows_in_words(view: View, rows: Iterable[ForestRow]) -> str:
    """Return the rows of a forest as they are read aloud."""
    words = (view.texts("label.value", name=row.label, value=row.result) for row in rows)
    return view.listed(words, parts=True)


def gaps(
    endpoint: Endpoint, view: View, scale: Scale, groups: Mapping[str, Mapping[str, str]]
) -> list[Rich]:
    """Return why rows have no estimate, and why estimates that are drawn have no interval."""
    bare, undefined = [], []
    for label, group in groups.items():
        if view.value(endpoint, scale.estimate, group) is None:
            undefined.append(Row(cells=(label, (view.statistic(endpoint, scale.estimate, group),))))
        else:
            limits = view.limits(endpoint, group, names=(scale.low, scale.high))
            bare.append(Row(cells=(label, limits)))
    return [
        *undefined_notes(view, undefined, "forest.undefined"),
        *undefined_notes(view, bare, "forest.no_interval"),
    ]


def drawn(
    endpoint: Endpoint, view: View, scale: Scale, groups: Iterable[Mapping[str, str]]
) -> tuple[str, ...]:
    """Return the ids of the records that a forest draws."""
    found = (
        view.record(endpoint.id, endpoint.set, name, group)
        for group in groups
        for name in (scale.estimate, scale.low, scale.high, "prediction_low", "prediction_high")
    )
    return tuple(record.id for record in found if record is not None)


def forest_chart(
    endpoint: Endpoint, view: View, scale: Scale, rows: tuple[ForestRow, ...], header: str
) -> Forest:
    """Return rows as a forest plot on the axis of an effect."""
    return Forest(
        rows=rows,
        axis=scale.axis,
        label_header=header,
        n_header="n",
        result_header=view.texts("forest.result", level=f"{endpoint.level:.0%}"),
        null=scale.null,
        margin=scale.margin,
        margin_label=scale.margin_label,
        left=scale.left,
        right=scale.right,
        scale=scale.kind,
        factor=factor(scale.unit),
    )
