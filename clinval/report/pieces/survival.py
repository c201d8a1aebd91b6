"""Times to an event: the share of each arm that is still without it, with the numbers at risk."""

from __future__ import annotations

from clinval.core.records import Series
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Figure
from clinval.report.figures import Survival, SurvivalCurve
from clinval.report.pieces.effect import arm_labels, time_unit
from clinval.report.view import View

__all__ = ["survival", "survival_curve"]


def survival(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the Kaplan-Meier curves of the arms, where the analysis gave them."""
    series = view.results.points(f"{endpoint.id}.{endpoint.set}.survival")
    if series is None:
        return []
    curves = tuple(
        survival_curve(series, "arm", arm, label)
        for arm, label in arm_labels(endpoint, view).items()
    )
    if not any(curve.time for curve in curves):
        return []
    name = view.say(endpoint.label)
    unit = time_unit(endpoint, view)
    rows = (
        view.texts(
            "label.value",
            name=curve.label,
            value=view.texts(
                "survival.in_words",
                n=curve.at_risk[0],
                end=f"{curve.survival[-1]:.0%}",
                time=f"{curve.time[-1]:g}",
            ),
        )
        for curve in curves
        if curve.time
    )
    drawn = [
        r.id
        for statistic in ("events_test", "events_reference")
        if (r := view.record(endpoint.id, endpoint.set, statistic)) is not None
    ]
    return [
        Figure(
            caption=view.texts("figure.survival", endpoint=name, set=endpoint.set),
            chart=Survival(
                curves=curves,
                x_axis=view.texts("survival.time", unit=unit)
                if unit
                else view.texts("survival.time.plain"),
                y_axis=view.texts("survival.axis"),
                at_risk_label=view.texts("survival.at_risk"),
            ),
            alternative=view.texts(
                "figure.survival.alternative",
                endpoint=name,
                rows=view.listed(rows, parts=True),
            ),
            notes=(view.texts("survival.note", level=f"{endpoint.level:.0%}"),),
            anchor=f"fig.{endpoint.id}.survival",
            records=tuple(drawn),
        )
    ]


def survival_curve(series: Series, column: str, group: str, label: str) -> SurvivalCurve:
    """Return the rows of a group, named in a column of the series, as a curve."""
    names = ("time", "survival", "low", "high", "at_risk", "censored")
    rows = [
        values
        for of, *values in zip(
            series.columns[column], *(series.columns[name] for name in names), strict=True
        )
        if of == group
    ]
    time, share, low, high, at_risk, censored = zip(*rows, strict=True) if rows else ((),) * 6
    return SurvivalCurve(
        label=label,
        time=tuple(map(_number, time)),
        survival=tuple(map(_number, share)),
        low=tuple(None if value is None else _number(value) for value in low),
        high=tuple(None if value is None else _number(value) for value in high),
        at_risk=tuple(int(_number(value)) for value in at_risk),
        censored=tuple(int(_number(value)) for value in censored),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
