"""A product alone against readers: the decision, where it stands among them, centers."""

from __future__ import annotations

from dataclasses import replace

from clinval.core.records import Series
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Figure, Paragraph, Rich
from clinval.report.figures import Roc, RocCurve, RocPoint
from clinval.report.numbers import interval, printed
from clinval.report.pieces import Aspect, comparison, mrmc
from clinval.report.pieces.centers import forest
from clinval.report.pieces.common import printed_text
from clinval.report.pieces.effect import arm_ids, arm_labels, metric_name, scale_of
from clinval.report.pieces.mrmc_methods import metric_in_plain_words, result_paragraph
from clinval.report.pieces.mrmc_readers import MOST, reader_table, readers_of
from clinval.report.pieces.mrmc_tables import arms
from clinval.report.pieces.mrmc_words import cautions, decision
from clinval.report.pieces.robustness import robustness
from clinval.report.pieces.sets import intervals, side_by_side
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_LIMITS = ("estimate", "ci_low", "ci_high")


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return what is compared, its estimate and its interval."""
    return comparison.headline(endpoint, view)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    return comparison.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision, what speaks against it, the product among the readers, and centers."""
    meaning = metric_in_plain_words(endpoint, view)
    return [
        decision(endpoint, view),
        *([Paragraph(text=meaning)] if meaning else []),
        *cautions(endpoint, view),
        *_among_readers(endpoint, view),
        *forest(endpoint, view, scale_of(endpoint, view)),
    ]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return an aspect of the study; with the decision, the product among the readers."""
    if which != "decision":
        return mrmc.aspect(endpoint, view, which)
    return [
        decision(endpoint, view),
        *cautions(endpoint, view),
        arms(endpoint, view),
        Paragraph(text=result_paragraph(endpoint, view), style="note"),
        *robustness(endpoint, view),
        *_among_readers(endpoint, view),
        *reader_table(endpoint, view),
        *intervals(endpoint, view, scale_of(endpoint, view)),
        *side_by_side(endpoint, view),
    ]


# ---------------------------------------------------------------------- the picture


def _among_readers(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the figure of the product's curve or point, and those of the readers."""
    ids, names = arm_ids(endpoint, view), arm_labels(endpoint, view)
    product, readers = ids.get("test", ""), ids.get("reference", "")
    calls = getattr(endpoint, "cut", None) is not None
    curve = _curve(endpoint, view, "roc", product, "product")
    points = _points(endpoint, view, product) if calls else []
    if curve is None and not points:
        return []
    own = RocCurve(
        false_positive=curve.false_positive if curve else (),
        true_positive=curve.true_positive if curve else (),
        label=names["test"],
        area=_said(endpoint, view, product),
        points=tuple(points),
    )
    mean = None if calls else _curve(endpoint, view, "roc", readers)
    everyone = readers_of(endpoint, view)[:MOST]
    apart = _points(endpoint, view, readers) if calls else []
    if calls:
        single = [
            RocCurve(false_positive=(), true_positive=(), point=point, of=1) for point in apart
        ]
    else:
        found = (_curve(endpoint, view, "roc", readers, reader) for reader in everyone)
        single = [curve for curve in found if curve is not None]
    average = RocCurve(
        false_positive=mean.false_positive if mean else (),
        true_positive=mean.true_positive if mean else (),
        label=names["reference"],
        area=_said(endpoint, view, readers),
        points=tuple(_middle(apart)),
    )
    chart = Roc(
        curves=(own, average),
        readers=tuple(single),
        readers_label=view.texts("ai.points.light" if calls else "mrmc.readers.light"),
        x_axis=view.texts("roc.x_axis"),
        y_axis=view.texts("roc.y_axis"),
        chance_label=view.texts("roc.chance"),
    )
    said = (view.texts("label.value", name=c.label, value=c.area) for c in chart.curves)
    name = view.say(endpoint.label)
    records = (
        view.record(endpoint.id, endpoint.set, statistic, {"arm": arm})
        for arm in (product, readers)
        for statistic in _LIMITS
    )
    return [
        Figure(
            caption=view.texts("figure.ai", endpoint=name, set=endpoint.set),
            chart=chart,
            alternative=view.texts(
                "figure.roc.alternative", endpoint=name, rows=view.listed(said, parts=True)
            ),
            notes=(view.texts("figure.ai.note.calls" if calls else "figure.ai.note"),),
            anchor=f"fig.{endpoint.id}.roc",
            records=tuple(record.id for record in records if record is not None),
        )
    ]


def _said(endpoint: Endpoint, view: View, arm: str) -> str:
    """Return the metric of the product or of the readers with its interval."""
    estimate, low, high = (
        printed_text(view.statistic(endpoint, name, {"arm": arm})) for name in _LIMITS
    )
    return view.texts(
        "ai.metric.said",
        metric=metric_name(endpoint, view),
        estimate=estimate,
        interval=interval(low, high, view.language),
    )


def _curve(endpoint: Endpoint, view: View, *names: str) -> RocCurve | None:
    series = _series(endpoint, view, *names)
    if series is None:
        return None
    return RocCurve(
        false_positive=_column(series, "false_positive"),
        true_positive=_column(series, "true_positive"),
    )


def _points(endpoint: Endpoint, view: View, arm: str) -> list[RocPoint]:
    """Return both rates of the product, or of each reader, at their thresholds."""
    series = _series(endpoint, view, "points", arm)
    if series is None:
        return []
    product = arm == arm_ids(endpoint, view).get("test")
    found = []
    rates = (_column(series, name) for name in ("false_positive", "true_positive"))
    for x, y in zip(*rates, strict=True):
        words = view.texts(
            "ai.point.said",
            sensitivity=printed(y, "proportion"),
            specificity=printed(1 - x, "proportion"),
        )
        found.append(
            RocPoint(
                false_positive=x,
                true_positive=y,
                false_positive_limits=(None, None),
                true_positive_limits=(None, None),
                label=words if product else "",
            )
        )
    return found


def _middle(points: list[RocPoint]) -> list[RocPoint]:
    """Return the mean of the rates of the readers."""
    if not points:
        return []
    x = sum(point.false_positive for point in points) / len(points)
    y = sum(point.true_positive for point in points) / len(points)
    return [replace(points[0], false_positive=x, true_positive=y)]


def _column(series: Series, name: str) -> tuple[float, ...]:
    return tuple(float(str(value)) for value in series.columns[name])


def _series(endpoint: Endpoint, view: View, *names: str) -> Series | None:
    return view.results.points(".".join((endpoint.id, endpoint.set, *names)))
