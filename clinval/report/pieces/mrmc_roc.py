"""ROC curves of a reader study: the average of the readers in each arm, and single readers."""

from __future__ import annotations

from clinval.core.records import Series
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Figure, Rich
from clinval.report.figures import Roc, RocCurve, RocPoint
from clinval.report.numbers import interval
from clinval.report.pieces.common import printed_text
from clinval.report.pieces.effect import arm_ids, arm_labels, metric_name
from clinval.report.pieces.mrmc_readers import MOST, readers_of
from clinval.report.view import View

__all__ = ["averaged_curves"]

_LIMITS = ("estimate", "ci_low", "ci_high")


def averaged_curves(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the figure of the curves averaged over readers, single readers lightly behind."""
    names, ids = arm_labels(endpoint, view), arm_ids(endpoint, view)
    drawn = [
        (arm, names[role], series)
        for role, arm in ids.items()
        if (series := _series(endpoint, view, arm)) is not None
    ]
    if not drawn:
        return []
    everyone = readers_of(endpoint, view)
    chart = Roc(
        curves=tuple(_average(endpoint, view, *found) for found in drawn),
        readers=tuple(
            _of_reader(endpoint, series, place)
            for place, (arm, _, _) in enumerate(drawn)
            for reader in everyone[:MOST]
            if (series := _series(endpoint, view, arm, reader)) is not None
        ),
        readers_label=view.texts("mrmc.readers.light"),
        x_axis=view.texts("roc.x_axis"),
        y_axis=view.texts("roc.y_axis"),
        chance_label=view.texts("roc.chance"),
    )
    said = (view.texts("label.value", name=c.label, value=c.area) for c in chart.curves)
    name = view.say(endpoint.label)
    records = (
        view.record(endpoint.id, endpoint.set, statistic, {"arm": arm})
        for arm, _, _ in drawn
        for statistic in _LIMITS
    )
    return [
        Figure(
            caption=view.texts("figure.mrmc.roc", endpoint=name, set=endpoint.set),
            chart=chart,
            alternative=view.texts(
                "figure.roc.alternative", endpoint=name, rows=view.listed(said, parts=True)
            ),
            notes=_notes(endpoint, view, chart, len(everyone)),
            anchor=f"fig.{endpoint.id}.roc",
            records=tuple(record.id for record in records if record is not None),
        )
    ]


def _notes(endpoint: Endpoint, view: View, chart: Roc, readers: int) -> tuple[Rich, ...]:
    cut = _cut(endpoint)
    pointed = cut is not None and any(curve.point for curve in chart.readers)
    points = view.texts("figure.mrmc.roc.points", threshold=f"{cut:g}") if pointed else ""
    notes = [view.texts("figure.mrmc.roc.note", points=points)]
    if readers > MOST:
        notes.append(view.texts("figure.mrmc.roc.cut", shown=MOST, all=readers))
    return tuple(notes)


def _average(endpoint: Endpoint, view: View, arm: str, label: str, series: Series) -> RocCurve:
    estimate, low, high = (
        printed_text(view.statistic(endpoint, name, {"arm": arm})) for name in _LIMITS
    )
    return RocCurve(
        false_positive=_column(series, "false_positive"),
        true_positive=_column(series, "true_positive"),
        label=label,
        area=view.texts(
            "mrmc.area.said",
            metric=metric_name(endpoint, view),
            estimate=estimate,
            interval=interval(low, high, view.language),
            readers=printed_text(view.statistic(endpoint, "readers")),
        ),
    )


def _of_reader(endpoint: Endpoint, series: Series, of: int) -> RocCurve:
    false, true = (_column(series, name) for name in ("false_positive", "true_positive"))
    return RocCurve(
        false_positive=false,
        true_positive=true,
        point=_point(_cut(endpoint), series, false, true),
        of=of,
    )


def _point(
    cut: float | None, series: Series, false: tuple[float, ...], true: tuple[float, ...]
) -> RocPoint | None:
    """Return where a reader stands when scores from the cut on are called positive."""
    if cut is None or "threshold" not in series.columns:
        return None
    thresholds = series.columns["threshold"]
    called = [
        place for place, value in enumerate(thresholds) if value is not None and float(value) >= cut
    ]
    if not called:
        return None
    last = max(called, key=lambda place: (false[place], true[place]))
    return RocPoint(
        false_positive=false[last],
        true_positive=true[last],
        false_positive_limits=(None, None),
        true_positive_limits=(None, None),
        label="",
    )


def _cut(endpoint: Endpoint) -> float | None:
    cut: float | None = getattr(endpoint, "cut", None)
    return cut


def _column(series: Series, name: str) -> tuple[float, ...]:
    return tuple(float(str(value)) for value in series.columns[name])


def _series(endpoint: Endpoint, view: View, arm: str, reader: str = "") -> Series | None:
    parts = (endpoint.id, endpoint.set, "roc", arm, reader)
    return view.results.points(".".join(part for part in parts if part))
