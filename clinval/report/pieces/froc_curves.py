"""FROC and AFROC curves: the mean of the readers in each arm, and single readers behind it."""

from __future__ import annotations

import math
from typing import Literal

from clinval.core.records import Series
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Figure
from clinval.report.figures import Roc, RocCurve
from clinval.report.numbers import interval
from clinval.report.pieces.common import printed_text
from clinval.report.pieces.effect import arm_ids, arm_labels, metric_name
from clinval.report.pieces.mrmc_readers import MOST, readers_of
from clinval.report.view import View

__all__ = ["froc_curves"]

_LIMITS = ("estimate", "ci_low", "ci_high")
_ACROSS = {"froc": "nonlesion_marks", "afroc": "false_positive"}
_STEP = 0.25  # of the axis of false marks, which ends at a whole number of them


def froc_curves(endpoint: Endpoint, view: View, which: Literal["froc", "afroc"]) -> list[Block]:
    """Return the figure of the curves averaged over readers, single readers lightly behind."""
    names, ids = arm_labels(endpoint, view), arm_ids(endpoint, view)
    drawn = [
        (arm, names[role], series)
        for role, arm in ids.items()
        if (series := _series(endpoint, view, which, arm)) is not None
    ]
    if not drawn:
        return []
    everyone = readers_of(endpoint, view)
    readers = tuple(
        RocCurve(
            false_positive=_column(series, _ACROSS[which]),
            true_positive=_column(series, "lesions"),
            of=place,
        )
        for place, (arm, _, _) in enumerate(drawn)
        for reader in everyone[:MOST]
        if (series := _series(endpoint, view, which, arm, reader)) is not None
    )
    curves = tuple(_average(endpoint, view, which, *found) for found in drawn)
    most = max((x for curve in (*curves, *readers) for x in curve.false_positive), default=0.0)
    chart = Roc(
        curves=curves,
        readers=readers,
        readers_label=view.texts("mrmc.readers.light"),
        x_axis=view.texts(f"{which}.x_axis"),
        y_axis=view.texts("froc.y_axis"),
        chance_label="",
        end=max(math.ceil(most / _STEP), 1) * _STEP if which == "froc" else None,
    )
    said = (view.texts("label.value", name=c.label, value=c.area) for c in curves)
    name = view.say(endpoint.label)
    records = (
        view.record(endpoint.id, endpoint.set, statistic, {"arm": arm})
        for arm, _, _ in drawn
        for statistic in _LIMITS
    )
    notes = [view.texts(f"figure.{which}.note")]
    if len(everyone) > MOST:
        notes.append(view.texts("figure.mrmc.roc.cut", shown=MOST, all=len(everyone)))
    return [
        Figure(
            caption=view.texts(f"figure.{which}", endpoint=name, set=endpoint.set),
            chart=chart,
            alternative=view.texts(
                f"figure.{which}.alternative", endpoint=name, rows=view.listed(said, parts=True)
            ),
            notes=tuple(notes),
            anchor=f"fig.{endpoint.id}.{which}",
            records=tuple(record.id for record in records if record is not None),
        )
    ]


def _average(
    endpoint: Endpoint, view: View, which: str, arm: str, label: str, series: Series
) -> RocCurve:
    estimate, low, high = (
        printed_text(view.statistic(endpoint, name, {"arm": arm})) for name in _LIMITS
    )
    return RocCurve(
        false_positive=_column(series, _ACROSS[which]),
        true_positive=_column(series, "lesions"),
        label=label,
        area=view.texts(
            "mrmc.area.said",
            metric=metric_name(endpoint, view),
            estimate=estimate,
            interval=interval(low, high, view.language),
            readers=printed_text(view.statistic(endpoint, "readers")),
        ),
    )


def _column(series: Series, name: str) -> tuple[float, ...]:
    return tuple(float(str(value)) for value in series.columns[name])


def _series(
    endpoint: Endpoint, view: View, which: str, arm: str, reader: str = ""
) -> Series | None:
    parts = (endpoint.id, endpoint.set, which, arm, reader)
    return view.results.points(".".join(part for part in parts if part))
