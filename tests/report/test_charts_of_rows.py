"""Forests and intervals."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import sample_charts as c
from chart_checks import shapes_of

from clinval.report import figures as f
from clinval.report.pdf import charts
from clinval.report.pdf.styles import HEIGHT, WIDTH


@pytest.mark.parametrize("count", [1, 2, 12, 26, 27, 42, 60])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_forest_of_up_to_sixty_sites_fits_on_a_page(count, language):
    assert len(charts.pages(c.forest(language, count), WIDTH, HEIGHT - 80, language)) == 1


def test_an_undefined_site_says_so_and_has_no_mark():
    row = f.ForestRow(label="S", n="0", estimate=None, low=None, high=None, result="no positives")
    chart = replace(c.forest("en"), rows=(row,), prediction=None)
    drawing = charts.draw(chart, WIDTH, "en")
    boxes = [shape for shape in drawing.contents if type(shape).__name__ == "Rect"]
    assert all(box.fillColor.hexval() != "0x0072b2" for box in boxes)
    assert any(getattr(s, "text", "") == "no positives" for s in drawing.contents)


def test_an_interval_beyond_the_axis_ends_in_an_arrow():
    rows = (
        *c.forest("en", 6).rows[:3],
        f.ForestRow(label="S", n="3", estimate=0.0, low=-9.0, high=math.inf, result="r"),
    )
    chart = replace(c.forest("en"), rows=rows, prediction=None, left="", right="")
    drawing = charts.draw(chart, WIDTH, "en")
    arrows = [s for s in drawing.contents if type(s).__name__ == "Polygon" and len(s.points) == 6]
    assert len(arrows) == 2


def test_a_wide_prediction_interval_does_not_squeeze_the_sites():
    chart = replace(c.forest("en", 6), left="", right="", prediction=(-1.03, 1.15))
    drawing = charts.draw(chart, WIDTH, "en")
    narrow = charts.draw(replace(chart, prediction=(-0.034, 0.022)), WIDTH, "en")
    arrows, before = (
        [s for s in shapes_of(d, "Polygon") if s.fillColor.hexval() == "0x87919a"]
        for d in (drawing, narrow)
    )
    assert (len(before), len(arrows)) == (0, 2)
    boxes, wanted = (
        [s.x for s in d.contents if type(s).__name__ == "Rect" and s.width == s.height]
        for d in (drawing, narrow)
    )
    assert max(boxes) - min(boxes) > 0.5 * (max(wanted) - min(wanted))


def test_only_a_summary_is_a_diamond():
    drawing = charts.draw(replace(c.forest("en"), left="", right=""), WIDTH, "en")
    diamonds = [s for s in drawing.contents if type(s).__name__ == "Polygon" and len(s.points) == 8]
    assert len(diamonds) == 1


def test_the_tones_of_intervals_differ_in_shape():
    drawing = charts.draw(c.intervals("en"), WIDTH, "en")
    kinds = [type(s).__name__ for s in drawing.contents]
    circles = [s for s in drawing.contents if type(s).__name__ == "Circle"]
    assert kinds.count("Circle") == 2
    assert len({s.fillColor.hexval() for s in circles}) == 2  # a disc and a ring


def test_a_heading_of_a_forest_has_words_and_no_mark():
    drawing = charts.draw(c.subgroups("en"), WIDTH, "en")
    texts = [s for s in drawing.contents if type(s).__name__ == "String"]
    heading, level = (next(s for s in texts if s.text == text) for text in ("Sex", "Women"))
    assert heading.fontName.endswith("Bold")
    assert level.x > heading.x
    assert {"interaction p 0.81", "(−3.0 to 2.0)"} <= {s.text for s in texts}
    boxes = [s for s in drawing.contents if type(s).__name__ == "Rect"]
    assert sum(box.fillColor.hexval() == "0x0072b2" for box in boxes) == 2  # the two levels
