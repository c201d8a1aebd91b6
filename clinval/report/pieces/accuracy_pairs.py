"""Sensitivity or specificity of two tests compared, and what pairs of calls say beside it."""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Rich, Row, Table
from clinval.report.pieces import Aspect, comparison
from clinval.report.pieces.accuracy import fourfold, measures
from clinval.report.pieces.common import undefined_notes
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

# Comparisons of pairs: by which records, of which measures, as which contrast.
_ROWS = (
    ("sensitivity", ("sensitivity",), "difference"),
    ("specificity", ("specificity",), "difference"),
    ("relative", ("sensitivity", "specificity"), "ratio"),
    ("kosinski", ("ppv", "npv"), "difference"),
    ("moskowitz_pepe", ("ppv", "npv"), "ratio"),
    ("gu_pepe", ("lr_pos", "lr_neg"), "ratio"),
)
_LIMITS = ("ci_low", "ci_high")


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return what is compared, its estimate and its interval."""
    return comparison.headline(endpoint, view)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    return comparison.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision, the numbers behind it and its picture across centers."""
    return comparison.result(endpoint, view)


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return an aspect of the comparison; with the decision, both tests and their contrasts."""
    blocks = comparison.aspect(endpoint, view, which)
    if which == "decision":
        for role in ("test", "reference"):
            if view.record(endpoint.id, endpoint.set, "tp", {"test": role}) is not None:
                of = {"test": role}
                blocks += [fourfold(endpoint, view, of), measures(endpoint, view, of)]
        blocks += _contrasts(endpoint, view)
    return blocks


def _contrasts(endpoint: Endpoint, view: View) -> list[Block]:
    """Return how the tests differ in every measure, by pairs of calls."""
    rows = []
    for call, names, contrast in _ROWS:
        group = {"paired": call}
        for name in names:
            alone = call == name
            estimate = "estimate" if alone else f"{name}_{contrast}"
            record = view.record(endpoint.id, endpoint.set, estimate, group)
            if record is None:
                continue
            ends = _LIMITS if alone else tuple(f"{name}_{contrast}_{end}" for end in _LIMITS)
            p = "p_value" if alone else f"{name}_p_value"
            has_limits = view.record(endpoint.id, endpoint.set, ends[0], group) is not None
            limits = view.limits(endpoint, group, names=(ends[0], ends[1]))
            rows.append(
                Row(
                    cells=(
                        view.texts(f"statistic.{name}"),
                        view.texts(f"accuracy.contrast.{contrast}"),
                        (view.statistic(endpoint, estimate, group, suffix=False),),
                        limits if has_limits else view.texts("value.none"),
                        (view.statistic(endpoint, p, group),),
                        view.methods.get(record.method, ""),
                    )
                )
            )
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.measure"), share=3),
        Column(header=view.texts("accuracy.contrast"), share=2.6),
        Column(header=view.texts("table.estimate"), share=1.3, align="right"),
        Column(
            header=view.texts("table.interval", level=f"{endpoint.level:.0%}"),
            share=2.2,
            align="right",
        ),
        Column(header=view.texts("accuracy.p_two_sided"), share=1.3, align="right"),
        Column(header=view.texts("table.method"), share=0.9),
    )
    caption = view.texts("table.contrasts", endpoint=view.say(endpoint.label), set=endpoint.set)
    notes = (view.texts("accuracy.contrasts.note"), *undefined_notes(view, rows))
    return [Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)]
