"""Waterfall, fan, tornado, profile and probability of a return, wide and side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sample_charts as c
from chart_checks import assert_texts_are_apart, check, lines_of, shapes_of, words_of

from clinval.report import figures as f
from clinval.report.pdf import charts, fonts
from clinval.report.pdf.styles import WIDTH

HALF = (WIDTH - 18) / 2


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("make", [c.waterfall, c.cash, c.tornado, c.price, c.profile])
def test_texts_of_small_charts_do_not_overlap(make, language):
    drawing = charts.draw(make(language), HALF, language)
    check(drawing, HALF)
    assert_texts_are_apart(drawing)


def test_every_root_stands_on_the_line_of_no_value():
    drawing = charts.draw(c.profile("en"), WIDTH, "en")
    [zero] = [s for s in shapes_of(drawing, "Line") if s.y1 == s.y2 and s.strokeWidth == 0.8]
    roots = shapes_of(drawing, "Circle")
    assert [root.cy for root in roots] == pytest.approx([zero.y1] * 2)
    [curve] = [s for s in shapes_of(drawing, "PolyLine") if s.strokeWidth > 1]
    points = list(zip(curve.points[::2], curve.points[1::2], strict=True))
    for root in roots:  # the curve crosses the line where the root is marked
        x, _ = min(points, key=lambda point: abs(point[0] - root.cx))
        near = [y - zero.y1 for at, y in points if abs(at - x) < 12]
        assert min(near) <= 0 <= max(near)
    assert {"1.0%", "15.7%", "rate used: 5.0%"} <= set(words_of(drawing))


def test_a_root_beyond_the_axis_is_not_drawn():
    chart = replace(c.profile("en"), roots=(f.RateRoot(rate=-0.4, label="−40.0%"),))
    drawing = charts.draw(chart, WIDTH, "en")
    assert not shapes_of(drawing, "Circle")
    assert "−40.0%" not in words_of(drawing)


def test_the_value_at_the_rate_that_is_used_is_marked_on_the_curve():
    drawing = charts.draw(c.profile("en"), WIDTH, "en")
    [line] = lines_of(drawing, "0xd55e00")
    [mark] = [s for s in shapes_of(drawing, "Rect") if s.width < 6]
    assert mark.x + mark.width / 2 == pytest.approx(line.x1)
    [curve] = [s for s in shapes_of(drawing, "PolyLine") if s.strokeWidth > 1]
    points = list(zip(curve.points[::2], curve.points[1::2], strict=True))
    assert mark.y + mark.height / 2 == pytest.approx(points[5][1], abs=0.5)  # 5 percent


def test_quartiles_lie_within_the_fan():
    chart = c.cash("en")
    bands = shapes_of(charts.draw(chart, WIDTH, "en"), "Polygon")
    assert len(bands) == 2
    last = len(chart.flows) - 1
    outer, inner = (band.points[1::2][last : last + 2] for band in bands)
    assert outer[0] > inner[0] > inner[1] > outer[1]
    without = replace(chart, cumulative_q25=(), cumulative_q75=())
    assert len(shapes_of(charts.draw(without, WIDTH, "en"), "Polygon")) == 1


def test_a_curve_alone_takes_the_room_of_the_names():
    alone, several = (charts.draw(make("en"), WIDTH, "en") for make in (c.price, c.acceptability))
    ends = [
        max(max(s.points[::2]) for s in shapes_of(drawing, "PolyLine") if s.strokeWidth > 1)
        for drawing in (alone, several)
    ]
    assert ends[0] > WIDTH - 20 > ends[1]


def test_names_of_steps_on_one_line_make_a_waterfall_less_high():
    steps = tuple(f.WaterfallStep(label=name, value=1.0, text="1") for name in "abcdef")
    short = f.Waterfall(steps=steps, axis="EUR")
    long = replace(
        short, steps=(replace(steps[0], label="a step whose name is long " * 2), *steps[1:])
    )
    low, high = (charts.draw(chart, HALF, "en").height for chart in (short, long))
    assert low < 0.8 * high


def test_no_number_of_a_waterfall_runs_through_the_zero_line():
    for cost in range(20_000, 70_000, 500):
        steps = {"all": 110_894, "demand": -41_250, "costs": -cost}
        chart = f.Waterfall(
            steps=tuple(
                f.WaterfallStep(label=k, value=v, text=f"{v:+,}") for k, v in steps.items()
            ),
            axis="EUR",
        )
        drawing = charts.draw(chart, HALF, "en")
        [zero] = {s.x1 for s in shapes_of(drawing, "Line") if s.x1 == s.x2 and s.strokeWidth == 0.8}
        [number] = [s for s in shapes_of(drawing, "String") if s.text == f"{-cost:+,}"]
        # a text that ends at its anchor has it as its place
        end = number.x
        start = end - fonts.width(number.text, number.fontName, number.fontSize)
        if number.textAnchor != "end":
            start, end = number.x, number.x + (end - start)
        assert not start < zero < end, cost
