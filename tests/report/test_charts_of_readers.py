"""Agreement, ROC and FROC curves, calibration, decision curves."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sample_charts as c
from chart_checks import shapes_of, words_of

from clinval.report.pdf import charts
from clinval.report.pdf.styles import WIDTH


def test_dots_that_coincide_are_drawn_once():
    chart = c.bland_altman("en", 50)
    doubled = replace(chart, mean=chart.mean * 40, difference=chart.difference * 40)
    drawing = charts.draw(doubled, WIDTH, "en")
    assert sum(type(s).__name__ == "Circle" for s in drawing.contents) <= 50
    assert any(getattr(s, "text", "") == "n = 2,000" for s in drawing.contents)


def test_a_dot_of_many_images_is_larger_than_one_of_few():
    chart = replace(c.bland_altman("en"), mean=(1.0,) * 9 + (2.0,), difference=(0.0,) * 9 + (1.0,))
    drawing = charts.draw(chart, WIDTH, "en")
    many, one = (s.r for s in drawing.contents if type(s).__name__ == "Circle")
    assert many == pytest.approx(3 * one, rel=0.2)  # nine times the area


def test_the_axes_of_a_roc_chart_are_alike():
    drawing = charts.draw(c.roc("en"), WIDTH, "en")
    diagonal = next(s for s in shapes_of(drawing, "Line") if s.x1 != s.x2 and s.y1 != s.y2)
    assert diagonal.x2 - diagonal.x1 == pytest.approx(diagonal.y2 - diagonal.y1)
    curves = [s for s in shapes_of(drawing, "PolyLine") if s.strokeWidth > 1]
    for curve in curves:  # from corner to corner
        assert curve.points[:2] == pytest.approx([diagonal.x1, diagonal.y1])
        assert curve.points[-2:] == pytest.approx([diagonal.x2, diagonal.y2])
    assert len(shapes_of(drawing, "PolyLine")) == 2 + 6
    assert any("AUC 0.910" in text for text in words_of(drawing))


def test_a_curve_of_marks_ends_with_its_points_and_has_no_line_of_chance():
    chart = c.froc("en")
    drawing = charts.draw(chart, WIDTH, "en")
    lines = shapes_of(drawing, "Line")
    assert not [s for s in lines if s.x1 != s.x2 and s.y1 != s.y2]
    grid = [s for s in lines if s.y1 == s.y2]
    left, right = min(s.x1 for s in grid), max(s.x2 for s in grid if s.x1 < 60)
    curves = [s for s in shapes_of(drawing, "PolyLine") if s.strokeWidth > 1]
    for curve, drawn in zip(chart.curves, curves, strict=True):
        share = (drawn.points[-2] - left) / (right - left)
        assert share == pytest.approx(curve.false_positive[-1] / chart.end, abs=0.01)
    assert len(shapes_of(drawing, "PolyLine")) == 2 + len(chart.readers)


def test_an_operating_point_stands_where_its_intervals_cross():
    chart = c.roc("en")
    alone = replace(chart, curves=chart.curves[:1], readers=())
    drawing = charts.draw(alone, WIDTH, "en")
    disc = shapes_of(drawing, "Circle")[0]
    arms = [
        s for s in shapes_of(drawing, "Line")
        if s.strokeColor.hexval() == "0x0072b2" and s.strokeWidth == 1.0
    ]  # fmt: skip
    assert len(arms) == 6  # two intervals and their ends
    across = max(arms, key=lambda s: abs(s.x2 - s.x1))
    up = max(arms, key=lambda s: abs(s.y2 - s.y1))
    assert across.y1 == pytest.approx(disc.cy)
    assert min(across.x1, across.x2) < disc.cx < max(across.x1, across.x2)
    assert up.x1 == pytest.approx(disc.cx)


def test_marginal_numbers_of_the_matrix():
    drawing = charts.draw(c.matrix("en"), WIDTH, "en")
    texts = [s.text for s in drawing.contents if type(s).__name__ == "String"]
    assert "1,131" in texts
    assert {"4", "22", "115", "373", "617", "20", "113", "372", "621"} <= set(texts)


def test_charts_of_different_lengths_are_refused():
    chart = replace(c.bland_altman("en"), mean=(1.0,))
    with pytest.raises(ValueError, match="zip"):
        charts.draw(chart, WIDTH, "en")


def test_groups_of_a_calibration_stand_at_their_shares_with_their_intervals():
    chart = c.calibration("en")
    drawing = charts.draw(chart, WIDTH, "en")
    ideal = next(s for s in shapes_of(drawing, "Line") if s.x1 != s.x2 and s.y1 != s.y2)
    discs = [s for s in shapes_of(drawing, "Circle") if s.cx <= ideal.x2 + 1][: len(chart.groups)]
    for disc, group in zip(discs, chart.groups, strict=True):
        side = ideal.x2 - ideal.x1
        assert disc.cx == pytest.approx(ideal.x1 + group.predicted * side)
        assert disc.cy == pytest.approx(ideal.y1 + group.observed * side)
    bare = replace(chart, groups=tuple(replace(g, low=None, high=None) for g in chart.groups))
    fewer = charts.draw(bare, WIDTH, "en")
    assert len(shapes_of(drawing, "Line")) - len(shapes_of(fewer, "Line")) == 3 * len(chart.groups)
    assert {"Calibration slope: 1.07", "Brier score: 0.141"} <= set(words_of(drawing))


def test_a_decision_curve_is_cut_where_it_falls_below_what_is_shown():
    chart = c.decision_curve("en")
    drawing = charts.draw(chart, WIDTH, "en")
    product, everybody, nobody = shapes_of(drawing, "PolyLine")
    assert everybody.points[-2] < nobody.points[-2]  # it leaves the picture to the left
    assert nobody.points[1] == pytest.approx(nobody.points[-1])
    lowest = min(everybody.points[1::2])
    assert lowest == pytest.approx(everybody.points[-1])
    assert lowest < nobody.points[1]
    assert product.strokeDashArray != everybody.strokeDashArray
    assert {line.label for line in chart.lines} <= set(words_of(drawing))


def test_every_operating_point_of_a_curve_is_drawn():
    chart = c.roc("en")
    one = chart.curves[0]
    alone = replace(chart, curves=(one,), readers=())
    twice = replace(alone, curves=(replace(one, points=(one.point,)),))
    drawn = [len(shapes_of(charts.draw(roc, WIDTH, "en"), "Circle")) for roc in (alone, twice)]
    assert drawn[1] == drawn[0] + 1
