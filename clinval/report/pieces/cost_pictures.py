"""Pictures of costs and effects: the plane of the draws, and the acceptability curves."""

from __future__ import annotations

from typing import Any

from clinval.report.blocks import Block, Figure
from clinval.report.figures import Acceptability, AcceptabilityCurve, EffectPlane
from clinval.report.pieces.common import printed_text
from clinval.report.view import View

__all__ = ["CORNERS", "acceptability", "arm_name", "plane", "threshold_text", "words_of"]

CORNERS = ("NW", "NE", "SW", "SE")
"""Quadrants in the order of the plane: above left, above right, below left, below right."""


def words_of(endpoint: Any, view: View) -> dict[str, Any]:
    """Return the currency and the unit of effect, for texts that name them."""
    return {"currency": endpoint.currency, "unit": view.say(endpoint.effect.unit)}


def threshold_text(endpoint: Any, view: View, number: int) -> str:
    """Return what a unit of effect may cost at a threshold, as printed."""
    return printed_text(view.statistic(endpoint, f"threshold.{number}"))


def arm_name(view: View, role: str) -> str:
    """Return what an arm is called."""
    arm = view.protocol.arm(role)
    return view.say(arm.label) if arm else view.texts(f"worth.arm.{role}")


def plane(endpoint: Any, view: View) -> list[Block]:
    """Return the draws of added cost and effect; nothing without draws."""
    series = view.results.points(f"{endpoint.id}.{endpoint.set}.plane")
    gain, cost = (view.value(endpoint, name) for name in ("gain", "cost_difference"))
    if series is None or gain is None or cost is None:
        return []
    points: Any = series.columns
    words = words_of(endpoint, view)
    shares = {name: view.statistic(endpoint, f"share.{name}") for name in CORNERS}
    corners = [
        view.texts(f"worth.corner.{name}", share=printed_text(shares[name])) for name in CORNERS
    ]
    chart = EffectPlane(
        gain=tuple(points["gain"]),
        cost=tuple(points["cost"]),
        point=(gain, cost),
        point_label=view.texts("worth.point"),
        thresholds=tuple(
            (each.value, f"{threshold_text(endpoint, view, number)} {endpoint.currency}")
            for number, each in enumerate(endpoint.thresholds, 1)
            if each.value > 0
        ),
        quadrants=(corners[0], corners[1], corners[2], corners[3]),
        x_axis=view.texts("worth.axis.gain", **words),
        y_axis=view.texts("worth.axis.cost", **words),
    )
    drawn = [f"{endpoint.id}.{endpoint.set}.all.share.{name}" for name in CORNERS]
    return [
        Figure(
            caption=view.texts("figure.plane", endpoint=view.say(endpoint.label)),
            chart=chart,
            alternative=view.texts(
                "figure.plane.alternative", rows=view.listed(corners, parts=True)
            ),
            anchor=f"fig.{endpoint.id}",
            notes=(view.texts("figure.plane.note"),),
            records=tuple(drawn),
        )
    ]


def acceptability(endpoint: Any, view: View) -> list[Block]:
    """Return how probable it is that each arm is worth most; nothing without draws."""
    series = view.results.points(f"{endpoint.id}.{endpoint.set}.acceptability")
    if series is None:
        return []
    points: Any = series.columns
    share = view.statistic(endpoint, "probability.1")
    threshold = endpoint.thresholds[0].value
    at = f"{threshold_text(endpoint, view, 1)} {endpoint.currency}"
    chart = Acceptability(
        values=tuple(points["value"]),
        curves=tuple(
            AcceptabilityCurve(label=arm_name(view, arm), probability=tuple(points[arm]))
            for arm in ("test", "reference")
        ),
        threshold=threshold,
        threshold_label=at,
        count=view.texts("worth.count", draws=f"{endpoint.draws:,}"),
        x_axis=view.texts("worth.column.threshold", **words_of(endpoint, view)),
        y_axis=view.texts("worth.axis.probability"),
    )
    return [
        Figure(
            caption=view.texts("figure.acceptability", endpoint=view.say(endpoint.label)),
            chart=chart,
            alternative=view.texts(
                "figure.acceptability.alternative", threshold=at, share=printed_text(share)
            ),
            anchor=f"fig.{endpoint.id}.acceptability",
            notes=(),
            records=(f"{endpoint.id}.{endpoint.set}.all.probability.1",),
        )
    ]
