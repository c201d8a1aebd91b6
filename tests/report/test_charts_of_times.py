"""Survival, Weibull plots, paired times and courses of times."""

from __future__ import annotations

from dataclasses import replace

import sample_charts as c

from clinval.report import figures as f
from clinval.report.pdf import charts
from clinval.report.pdf.styles import WIDTH


def test_curves_differ_without_colour_and_begin_with_everybody():
    chart = c.survival("en")
    drawing = charts.draw(chart, WIDTH, "en")
    curves = [
        s for s in drawing.contents
        if type(s).__name__ == "PolyLine" and s.strokeWidth > 1
    ]  # fmt: skip
    assert len({repr(s.strokeDashArray) for s in curves}) == len(chart.curves) == 2
    starts = {tuple(s.points[:2]) for s in curves}
    assert len(starts) == 1  # all at time 0, at 100%
    marks = [
        s for s in drawing.contents
        if type(s).__name__ == "Line" and s.x1 == s.x2 and s.strokeWidth == 0.8
    ]  # fmt: skip
    assert len(marks) == sum(sum(curve.censored) for curve in chart.curves)


def test_numbers_at_risk_are_those_just_before_a_time():
    curve = f.SurvivalCurve(
        label="A", time=(0.0, 50.0, 60.0, 100.0), survival=(0.9, 0.8, 0.7, 0.5),
        low=(None,) * 4, high=(None,) * 4, at_risk=(10, 8, 5, 2), censored=(0, 0, 0, 0),
    )  # fmt: skip
    chart = replace(c.survival("en"), curves=(curve,))
    drawing = charts.draw(chart, WIDTH, "en")
    texts = [s for s in drawing.contents if type(s).__name__ == "String"]
    label = min((s for s in texts if s.text == "A"), key=lambda s: s.y)
    numbers = sorted((s.x, s.text) for s in texts if abs(s.y - label.y) < 2 and s is not label)
    assert {"0", "20", "40", "60", "80", "100"} <= {s.text for s in texts}
    assert [text for _, text in numbers] == ["10", "8", "8", "5", "2", "2"]
