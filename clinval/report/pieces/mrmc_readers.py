"""Reader studies by reader: both arms and their difference, as a picture and as a table."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Number, Rich, Row, Table
from clinval.report.figures import PairedDots, PairedDotsRow
from clinval.report.numbers import factor
from clinval.report.pieces.common import printed_text, undefined_notes
from clinval.report.pieces.effect import (
    arm_headers,
    arm_ids,
    arm_labels,
    estimated,
    metric_name,
    scale_of,
)
from clinval.report.view import View

__all__ = ["MOST", "by_reader", "reader_table", "readers_of"]

MOST = 40
"""Readers that are drawn; a table has them all."""

_LIMITS = ("estimate", "ci_low", "ci_high")
Group = Mapping[str, str]


def readers_of(endpoint: Endpoint, view: View) -> list[str]:
    """Return the readers that the analysis has results of, in the order of the records."""
    found = (
        record.group["reader"]
        for record in view.results.where(
            endpoint=endpoint.id, analysis_set=endpoint.set, statistic="estimate"
        )
        if set(record.group) in ({"reader"}, {"reader", "arm"})
    )
    return list(dict.fromkeys(found))


def by_reader(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the figure of both arms by reader, with the interval of each difference."""
    everyone = readers_of(endpoint, view)
    if not everyone:
        return []
    shown = _drawn(endpoint, view, everyone)
    rows = [_row(endpoint, view, {"reader": reader}, reader) for reader in shown]
    rows.append(_row(endpoint, view, {}, view.texts("mrmc.all_readers")))
    scale = scale_of(endpoint, view)
    names, level = arm_labels(endpoint, view), f"{endpoint.level:.0%}"
    chart = PairedDots(
        rows=tuple(rows),
        axis=_axis(endpoint, view),
        difference_axis=view.texts(
            "effect.proportion_difference" if scale.unit else "mrmc.difference"
        ),
        label_header=view.texts("table.reader"),
        result_header=view.texts("forest.result", level=level),
        reference_label=names["reference"],
        test_label=names["test"],
        null=scale.null,
        margin=scale.margin,
        margin_label=scale.margin_label,
        factor=factor(scale.unit),
    )
    notes: list[Rich] = [view.texts("figure.mrmc.readers.note", level=level)]
    if len(shown) < len(everyone):
        notes.append(view.texts("figure.mrmc.readers.cut", shown=len(shown), all=len(everyone)))
    name = view.say(endpoint.label)
    return [
        Figure(
            caption=view.texts("figure.mrmc.readers", endpoint=name, set=endpoint.set),
            chart=chart,
            alternative=view.texts(
                "figure.mrmc.readers.alternative",
                endpoint=name,
                rows=view.listed((_said(endpoint, view, row) for row in rows), parts=True),
            ),
            notes=tuple(notes),
            anchor=f"fig.{endpoint.id}.readers",
            records=_records(endpoint, view, shown),
        )
    ]


def reader_table(endpoint: Endpoint, view: View) -> list[Block]:
    """Return each reader's reads, both arms and the difference, each with its interval."""
    readers = readers_of(endpoint, view)
    if not readers:
        return []
    rows = [Row(cells=(reader, *_cells(endpoint, view, {"reader": reader}))) for reader in readers]
    everyone = view.texts("mrmc.all_readers")
    rows.append(Row(cells=(everyone, *_cells(endpoint, view, {})), summary=True))
    names, level = arm_headers(endpoint, view), f"{endpoint.level:.0%}"
    columns = (
        Column(header=view.texts("table.reader"), share=1.2),
        Column(header=view.texts("mrmc.reads"), share=0.8, align="right"),
        *(Column(header=names[role], share=2.3, align="right") for role in ("test", "reference")),
        Column(header=view.texts("mrmc.difference.short"), share=2.5, align="right"),
        Column(header="p", share=0.9, align="right"),
    )
    caption = view.texts("table.mrmc.readers", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("mrmc.readers.note", level=level), *undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]


def _cells(endpoint: Endpoint, view: View, group: Group) -> list[Rich]:
    """Return the numbers of a reader, or of all of them."""
    ids = arm_ids(endpoint, view)
    arms = [
        _with_limits(endpoint, view, {**group, "arm": ids.get(role, "")})
        for role in ("test", "reference")
    ]
    difference = _with_limits(endpoint, view, group)
    p = "p_value" if group else "p_value_difference"
    reads = (view.statistic(endpoint, "reads", group),)
    return [reads, *arms, difference, (view.statistic(endpoint, p, group),)]


def _with_limits(endpoint: Endpoint, view: View, group: Group) -> Rich:
    estimate = view.statistic(endpoint, "estimate", group, suffix=False)
    limits = view.limits(endpoint, group)
    record = view.results.get(estimate.record) if isinstance(estimate, Number) else None
    if record is None or record.undefined:
        return (estimate,)
    return view.texts.rich("result.interval", estimate=estimate, interval=limits)


# ---------------------------------------------------------------------- the picture


def _axis(endpoint: Endpoint, view: View) -> str:
    """Return the metric as the title of an axis."""
    name = metric_name(endpoint, view)
    shares = scale_of(endpoint, view).unit == "proportion_difference"
    return view.texts("metric.share", metric=name) if shares else name


def _drawn(endpoint: Endpoint, view: View, readers: list[str]) -> list[str]:
    """Return the readers that are drawn: of many those whose differences lie furthest out."""
    if len(readers) <= MOST:
        return readers

    def key(reader: str) -> float:
        value = view.value(endpoint, "estimate", {"reader": reader})
        return 0.0 if value is None else value

    ordered = sorted(readers, key=key)
    kept = {*ordered[: MOST // 2], *ordered[-(MOST // 2) :]}
    return [reader for reader in readers if reader in kept]


def _row(endpoint: Endpoint, view: View, group: Group, label: str) -> PairedDotsRow:
    ids, unit = arm_ids(endpoint, view), scale_of(endpoint, view).unit
    values = {
        role: view.value(endpoint, "estimate", {**group, "arm": ids.get(role, "")})
        for role in ("test", "reference")
    }
    estimate, low, high = (view.value(endpoint, name, group) for name in _LIMITS)
    if estimate is None:
        result = view.texts("mrmc.row.none")
    elif low is None or high is None:
        result = printed_text(view.statistic(endpoint, "estimate", group, suffix=False))
    else:
        result = estimated(view, unit, estimate, low, high)
    return PairedDotsRow(
        label=label,
        reference=values["reference"],
        test=values["test"],
        estimate=estimate,
        low=low,
        high=high,
        result=result,
        summary=not group,
    )


def _said(endpoint: Endpoint, view: View, row: PairedDotsRow) -> str:
    """Return a row as it is read aloud: both arms, then the difference."""
    group = {} if row.summary else {"reader": row.label}
    ids = arm_ids(endpoint, view)
    arms = {
        role: printed_text(
            view.statistic(endpoint, "estimate", {**group, "arm": ids.get(role, "")})
        )
        for role in ("test", "reference")
    }
    value = view.texts("mrmc.both.said", difference=row.result, **arms)
    return view.texts("label.value", name=row.label, value=value)


def _records(endpoint: Endpoint, view: View, readers: list[str]) -> tuple[str, ...]:
    """Return the ids of the records that the picture draws."""
    arms = arm_ids(endpoint, view).values()
    groups: list[Group] = [{}, *({"reader": reader} for reader in readers)]
    found = [
        view.record(endpoint.id, endpoint.set, name, group)
        for base in groups
        for group, names in (
            (base, _LIMITS),
            *(({**base, "arm": arm}, _LIMITS[:1]) for arm in arms),
        )
        for name in names
    ]
    return tuple(record.id for record in found if record is not None)
