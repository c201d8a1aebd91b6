"""Charts as vector drawings: one file a chart, all on the same sheet with the same ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.report import figures as f
from clinval.report.pdf.charts import (
    acceptability,
    agreement_matrix,
    bland_altman,
    boundaries,
    calibration,
    cash_flow,
    decision_curve,
    effect_plane,
    flow,
    forest,
    frequency_curves,
    funnel,
    graph,
    intervals,
    npv_profile,
    paired_bars,
    paired_dots,
    paired_times,
    panels,
    power_curve,
    roc,
    slice_regions,
    survival,
    time_course,
    tipping_map,
    tornado,
    waterfall,
    weibull_plot,
)

if TYPE_CHECKING:
    from clinval.report.pdf.charts.rows import Cut

__all__ = ["draw", "pages"]

_FEW = 3  # rows: fewer do not stand alone on a page


def draw(chart: f.Chart, width: float, language: str) -> Any:
    """Return a chart as a ``reportlab.graphics.shapes.Drawing``, as high as its content needs."""
    return _part(chart, width, language, (0, _length(chart)))


def pages(chart: f.Chart, width: float, height: float, language: str) -> tuple[Any, ...]:
    """Return a chart as drawings no higher than ``height``, on the same scale.

    A chart whose rows do not fit is cut between rows; each part holds as many as it can.
    """
    drawings, start, length = [], 0, _length(chart)
    while True:
        whole = _part(chart, width, language, (start, length))
        end = length
        if whole.height > height and length - start > 1:
            end = _fitting(chart, width, height, language, start)
            whole = _part(chart, width, language, (start, end))
        drawings.append(whole)
        if end >= length:
            return tuple(drawings)
        start = end


def _fitting(chart: f.Chart, width: float, height: float, language: str, start: int) -> int:
    """Return the end of the longest part that fits, leaving no few rows for the last one."""
    length = _length(chart)
    low, high = start + 1, length - 1
    while low < high:
        middle = (low + high + 1) // 2
        if _part(chart, width, language, (start, middle)).height <= height:
            low = middle
        else:
            high = middle - 1
    return max(min(low, length - _FEW), start + 1)


def _part(chart: f.Chart, width: float, language: str, cut: Cut) -> Any:
    """Draw some rows of a chart."""
    match chart:
        case f.Forest():
            return forest.draw(chart, width, language, cut)
        case f.Intervals():
            return intervals.draw(chart, width, language, cut)
        case f.PairedBars():
            return paired_bars.draw(chart, width, language, cut)
        case f.PairedDots():
            return paired_dots.draw(chart, width, language, cut)
        case f.Flow():
            return flow.draw(chart, width, language, cut)
        case f.BlandAltman():
            return bland_altman.draw(chart, width, language)
        case f.AgreementMatrix():
            return agreement_matrix.draw(chart, width, language)
        case f.CashFlow():
            return cash_flow.draw(chart, width, language)
        case f.TippingMap():
            return tipping_map.draw(chart, width, language)
        case f.Graph():
            return graph.draw(chart, width, language)
        case f.Boundaries():
            return boundaries.draw(chart, width, language)
        case f.Survival():
            return survival.draw(chart, width, language)
        case f.Panels():
            return panels.draw(chart, width, language, cut, draw)
        case f.PowerCurve():
            return power_curve.draw(chart, width, language)
        case f.Funnel():
            return funnel.draw(chart, width, language)
        case f.Roc():
            return roc.draw(chart, width, language)
        case f.Tornado():
            return tornado.draw(chart, width, language, cut)
        case f.Waterfall():
            return waterfall.draw(chart, width, language, cut)
        case f.Acceptability():
            return acceptability.draw(chart, width, language)
        case f.WeibullPlot():
            return weibull_plot.draw(chart, width, language)
        case f.PairedTimes():
            return paired_times.draw(chart, width, language)
        case f.TimeCourse():
            return time_course.draw(chart, width, language)
        case f.Calibration():
            return calibration.draw(chart, width, language)
        case f.DecisionCurve():
            return decision_curve.draw(chart, width, language)
        case f.EffectPlane():
            return effect_plane.draw(chart, width, language)
        case f.NpvProfile():
            return npv_profile.draw(chart, width, language)
        case f.SliceWithRegions():
            return slice_regions.draw(chart, width, language)
        case f.FrequencyCurves():
            return frequency_curves.draw(chart, width, language)


def _length(chart: f.Chart) -> int:
    match chart:
        case f.Forest() | f.Intervals() | f.Tornado() | f.PairedDots():
            return len(chart.rows)
        case f.PairedBars(bars=bars):
            return len(bars)
        case f.Flow(steps=steps) | f.Waterfall(steps=steps):
            return len(steps)
        case f.Panels():
            return panels.rows(chart)
        case _:
            return 1
