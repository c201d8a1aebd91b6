"""Pictures of pairs: both values of each subject, of all and by center."""

from __future__ import annotations

from dataclasses import replace

from clinval.core.records import Series
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Figure
from clinval.report.figures import PairedTimes, Panel, Panels
from clinval.report.numbers import printed
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.effect import arm_labels, time_unit, unit_name
from clinval.report.view import View

__all__ = ["pairs", "pairs_by_center"]

_CENTERS = 12  # more have no picture each
_SECONDS = 60.0


def pairs(endpoint: Endpoint, view: View) -> list[Figure]:
    """Return the picture of all subjects, nothing where no pairs were recorded."""
    chart = _chart(endpoint, view, "")
    if chart is None:
        return []
    shown = _effect_record(endpoint, view, "")
    return [
        Figure(
            caption=view.texts("figure.pairs", endpoint=view.say(endpoint.label), set=endpoint.set),
            chart=chart,
            alternative=view.texts(
                "figure.pairs.alternative", x=chart.x_axis, y=chart.y_axis, rows=_words(view, chart)
            ),
            notes=(view.texts("pairs.note"),),
            anchor=f"fig.{endpoint.id}.pairs",
            records=() if shown is None else (shown,),
        )
    ]


def pairs_by_center(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the subjects of each center in a panel of its own, on one scale."""
    named = [
        (site_label(view, site.id), site.id, chart)
        for site in view.protocol.sites
        if (chart := _chart(endpoint, view, site.id)) is not None
    ]
    if not 1 < len(named) <= _CENTERS:
        return []
    values = [
        value for _, _, chart in named for part in (chart.reference, chart.test) for value in part
    ]
    reach = min(0.0, *values), max(values)
    panels = tuple(
        Panel(title=label, chart=replace(chart, reach=reach)) for label, _, chart in named
    )
    rows = (
        view.texts("label.value", name=label, value=_words(view, chart))
        for label, _, chart in named
    )
    shown = (_effect_record(endpoint, view, site) for _, site, _ in named)
    return [
        Figure(
            caption=view.texts("figure.pairs.sites", endpoint=view.say(endpoint.label),
                               set=endpoint.set),
            chart=Panels(panels=panels, columns=3),
            alternative=view.texts(
                "figure.pairs.alternative", x=named[0][2].x_axis, y=named[0][2].y_axis,
                rows=view.listed(rows, parts=True),
            ),
            notes=(
                view.texts("pairs.note"), view.texts("pairs.arms", **arm_labels(endpoint, view)),
            ),
            anchor=f"fig.{endpoint.id}.pairs.sites",
            records=tuple(record for record in shown if record is not None),
        )
    ]  # fmt: skip


def _chart(endpoint: Endpoint, view: View, site: str) -> PairedTimes | None:
    """Return the pairs of a center, or of all, with the line of their ratio or difference.

    The small picture of a center calls the arms by their roles.
    """
    series = view.results.points(f"{endpoint.id}.{endpoint.set}.pairs")
    if series is None:
        return None
    reference, test = _values(series, site)
    if not reference:
        return None
    unit = unit_name(view, _unit(endpoint, view))
    axis = {}
    for role, label in arm_labels(endpoint, view).items():
        name = view.texts(f"pairs.{role}") if site else label
        axis[role] = view.texts("pairs.axis", name=name, unit=unit) if unit else name
    return _with_effect(
        PairedTimes(
            reference=reference,
            test=test,
            x_axis=axis["reference"],
            y_axis=axis["test"],
            equal_label=view.texts("pairs.equal"),
        ),
        endpoint,
        view,
        site,
    )


def _values(series: Series, site: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    columns = series.columns
    rows = [
        (reference, test)
        for of, reference, test in zip(
            columns["site"], columns["reference"], columns["test"], strict=True
        )
        if not site or of == site
    ]
    reference, test = zip(*rows, strict=True) if rows else ((), ())
    return tuple(map(_float, reference)), tuple(map(_float, test))


def _float(value: object) -> float:
    return float(value) if isinstance(value, float | int) else float("nan")


def _unit(endpoint: Endpoint, view: View) -> str:
    """Return the unit of the pairs: of room or scan times, or of the measure."""
    if endpoint.kind != "throughput":
        return time_unit(endpoint, view)
    return "min" if _measures_room(endpoint) else "s"


def _measures_room(endpoint: Endpoint) -> bool:
    return any(getattr(endpoint, name, None) for name in ("room_minutes", "room_clock"))


def _effect_record(endpoint: Endpoint, view: View, site: str) -> str | None:
    """Return the record that the line shows."""
    name = "saved" if endpoint.kind == "throughput" else "estimate"
    record = view.record(endpoint.id, endpoint.set, name, {"site": site} if site else None)
    return None if record is None or record.undefined else record.id


def _with_effect(chart: PairedTimes, endpoint: Endpoint, view: View, site: str) -> PairedTimes:
    """Return the chart with the line of the minutes saved, or of the ratio."""
    shown = _effect_record(endpoint, view, site)
    if shown is None:
        return chart
    record = view.results[shown]
    value = _float(record.value)
    words = printed(record.value, record.unit)
    if endpoint.kind != "throughput":
        return replace(
            chart, effect=(value, 0.0), effect_label=view.texts("pairs.ratio", ratio=words)
        )
    shift = -value if _measures_room(endpoint) else -value * _SECONDS
    return replace(chart, effect=(1.0, shift), effect_label=view.texts("pairs.saved", saved=words))


def _words(view: View, chart: PairedTimes) -> str:
    """Return how many subjects there are, and how many were shorter with the product."""
    shorter = sum(t < r for r, t in zip(chart.reference, chart.test, strict=True))
    return view.texts("pairs.in_words", n=f"{len(chart.test):,}", shorter=f"{shorter:,}")
