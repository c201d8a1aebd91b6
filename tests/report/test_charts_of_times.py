"""Survival, Weibull plots, paired times and courses of times."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import sample_charts as c
from chart_checks import lines_of, shapes_of, words_of

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


def test_a_distribution_is_a_straight_line_through_its_scale():
    fit = f.WeibullFit(label="A", time=(100.0, 1000.0), failed=(0.1, 0.8), shape=2.0, scale=400.0)
    chart = f.WeibullPlot(fits=(fit,), x_axis="days", y_axis="failed")
    drawing = charts.draw(chart, WIDTH, "en")
    [line] = [s for s in shapes_of(drawing, "PolyLine") if s.strokeWidth > 1]
    first, second = [s for s in shapes_of(drawing, "Circle") if s.r < 2.5]
    across = (second.cx - first.cx) / math.log(10)  # points a unit of ln time
    up = (second.cy - first.cy) / (_paper(0.8) - _paper(0.1))
    (x1, y1), (x2, y2) = zip(line.points[::2], line.points[1::2], strict=True)
    assert (y2 - y1) / up / ((x2 - x1) / across) == pytest.approx(2.0)
    at_scale = first.cx + across * math.log(400 / 100)
    height = y1 + (y2 - y1) * (at_scale - x1) / (x2 - x1)
    assert (height - first.cy) / up + _paper(0.1) == pytest.approx(_paper(1 - math.exp(-1)))


def _paper(share):
    return math.log(-math.log(1 - share))


def test_lives_without_a_distribution_have_points_and_no_line():
    chart = c.weibull("en")
    bare = replace(chart.fits[0], shape=None, scale=None, limits=(), said=": none fitted")
    drawing = charts.draw(replace(chart, fits=(bare,)), WIDTH, "en")
    assert not [s for s in shapes_of(drawing, "PolyLine") if s.strokeWidth > 1]
    assert len(shapes_of(drawing, "Circle")) == len(bare.time) + 1  # and one in the key
    assert "Under test: none fitted" in words_of(drawing)


def test_a_far_limit_on_weibull_paper_ends_in_an_arrow():
    chart = c.weibull("en")
    far = replace(chart.fits[0], limits=((0.1, 200.0, 1e7), (0.632, None, 3000.0)))
    drawing = charts.draw(replace(chart, fits=(far,)), WIDTH, "en")
    assert len(shapes_of(drawing, "Polygon")) == 2
    near = charts.draw(replace(chart, fits=chart.fits[:1]), WIDTH, "en")
    assert not shapes_of(near, "Polygon")


def test_a_subject_stands_below_equal_times_where_it_was_shorter_and_is_joined_to_them():
    chart = replace(c.paired_times("en"), reference=(10.0, 20.0), test=(6.0, 25.0), effect=None)
    drawing = charts.draw(chart, WIDTH, "en")
    equal = next(s for s in shapes_of(drawing, "Line") if s.x1 != s.x2 and s.y1 != s.y2)
    assert equal.x2 - equal.x1 == pytest.approx(equal.y2 - equal.y1)  # the axes are alike
    shorter, longer = shapes_of(drawing, "Circle")
    for dot, below in ((shorter, True), (longer, False)):
        on_line = equal.y1 + (dot.cx - equal.x1)
        assert (dot.cy < on_line) is below
        [joint] = [s for s in lines_of(drawing, "0x9db8d9") if abs(s.x1 - dot.cx) < 0.5]
        assert joint.x1 == joint.x2
        assert sorted((joint.y1, joint.y2)) == pytest.approx(sorted((dot.cy, on_line)), abs=0.5)


@pytest.mark.parametrize(("count", "joined"), [(250, True), (251, False)])
def test_many_subjects_are_not_joined(count, joined):
    drawing = charts.draw(c.paired_times("en", count), WIDTH, "en")
    joints = lines_of(drawing, "0x9db8d9")
    assert len(joints) == (count if joined else 0)


@pytest.mark.parametrize(("effect", "enters"), [((0.5, 0.0), 0.0), ((1.0, -6.0), 6.0)])
def test_the_line_of_the_effect_is_the_test_time_of_each_reference_time(effect, enters):
    chart = replace(c.paired_times("en"), reach=(0.0, 30.0), effect=effect)
    drawing = charts.draw(chart, WIDTH, "en")
    equal = next(s for s in shapes_of(drawing, "Line") if s.x1 != s.x2 and s.y1 != s.y2)
    [line] = shapes_of(drawing, "PolyLine")
    unit = (equal.x2 - equal.x1) / 30.9  # 3% above the longest time
    x, y, x2, y2 = line.points
    assert ((x - equal.x1) / unit, (y - equal.y1) / unit) == pytest.approx((enters, 0.0), abs=0.01)
    assert (y2 - equal.y1) / unit == pytest.approx(
        effect[0] * (x2 - equal.x1) / unit + effect[1], abs=0.01
    )


def test_what_was_expected_is_dotted_and_the_start_of_the_product_marked():
    chart = c.time_course("en")
    drawing = charts.draw(chart, WIDTH, "en")
    dashes = [tuple(s.strokeDashArray or ()) for s in shapes_of(drawing, "PolyLine")]
    assert len(dashes) == len(chart.lines)
    assert dashes.count(dashes[-1]) == 1  # the expected one, unlike any other
    start = next(s for s in shapes_of(drawing, "Line") if s.strokeDashArray == (4.0, 2.5))
    ends = shapes_of(drawing, "PolyLine")[0].points
    assert start.x1 == start.x2 == pytest.approx(ends[2])
    assert "product in use" in words_of(drawing)
    without = charts.draw(replace(chart, change=None), WIDTH, "en")
    assert "product in use" not in words_of(without)


def test_each_doubling_of_cases_is_as_wide():
    points = f.TimePoints(label="", at=(1.0, 2.0, 4.0, 8.0), value=(4.0, 3.0, 2.0, 1.0), n=(1,) * 4)
    chart = replace(c.learning("en"), points=(points,), lines=())
    dots = shapes_of(charts.draw(chart, WIDTH, "en"), "Circle")
    steps = [b.cx - a.cx for a, b in pairwise(dots)]
    assert steps == pytest.approx([steps[0]] * 3)
