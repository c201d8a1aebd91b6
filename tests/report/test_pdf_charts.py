"""What holds of every chart, and charts of money."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import chart_strategies as a
import pytest
import sample_charts as c
from chart_checks import assert_texts_are_apart, check, shapes_of
from hypothesis import given, settings, strategies as st

from clinval.report import figures as f
from clinval.report.pdf import charts, fonts
from clinval.report.pdf.charts.ticks import finite, scale, spread
from clinval.report.pdf.styles import HEIGHT, WIDTH


@pytest.mark.parametrize(
    "kind",
    [
        a.forests,
        a.intervals,
        a.flows,
        a.bland_altmans,
        a.matrices,
        a.paired,
        a.dots,
        a.cash_flows,
        a.profiles,
        a.tippings,
        a.graphs,
        a.limits_of_looks,
        a.survivals,
        a.funnels,
        a.rocs,
        a.tornados,
        a.waterfalls,
        a.acceptabilities,
        a.planes,
        a.calibrations,
        a.decision_curves,
        a.weibull_plots,
        a.paired_times,
        a.time_courses,
    ],
)
def test_every_chart_stays_within_its_drawing_whatever_its_numbers(kind):
    @settings(max_examples=80, deadline=None)
    @given(kind, a.languages)
    def run(chart, language):
        check(charts.draw(chart, WIDTH, language))

    run()


SAMPLES = [
    c.forest, c.ratio_forest, c.intervals, c.equivalence, c.flow, c.bland_altman, c.matrix,
    c.paired, c.cash, c.subgroups, c.tipping, c.graph, c.boundaries, c.survival,
    c.funnel, c.roc, c.tornado, c.waterfall, c.acceptability, c.calibration, c.decision_curve,
    c.effect_plane,
    c.read_by, c.reader_pairs, c.froc, c.compact_flow, c.weibull, c.paired_times, c.time_course,
    c.learning, c.price, c.profile,
]  # fmt: skip


@pytest.mark.parametrize("make", SAMPLES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_of_a_chart_do_not_overlap(make, language):
    assert_texts_are_apart(charts.draw(make(language), WIDTH, language))


@pytest.mark.parametrize("make", [c.forest, c.paired])
def test_more_rows_are_cut_into_parts_on_one_scale(make):
    chart = make("en", 200)
    parts = charts.pages(chart, WIDTH, HEIGHT - 80, "en")
    assert len(parts) > 1
    axes = []
    for part in parts:
        check(part)
        assert part.height <= HEIGHT - 80
        labels = [s for s in part.contents if type(s).__name__ == "String"]
        numbers = [s for s in labels if s.text in {"−10", "−5", "15", "20"}]
        axes.append({(s.text, round(s.x, 3)) for s in numbers})
    assert all(axis == axes[0] for axis in axes)
    drawn = " ".join(s.text for p in parts for s in p.contents if type(s).__name__ == "String")
    for row in getattr(chart, "rows", None) or chart.bars:
        text = getattr(row, "result", None) or row.test_text
        assert text in drawn


def test_a_tornado_is_sorted_and_prints_the_inputs_at_the_ends_of_the_bars():
    chart = c.tornado("en")
    drawing = charts.draw(chart, WIDTH, "en")
    texts = shapes_of(drawing, "String")
    names = {row.label: abs(row.high - row.low) for row in chart.rows}
    drawn = sorted((s for s in texts if s.text in names), key=lambda s: -s.y)
    spans = [names[s.text] for s in drawn]
    assert spans == sorted(spans, reverse=True)
    assert len(spans) == len(chart.rows)
    bars = [s for s in shapes_of(drawing, "Rect") if s.strokeWidth == 0.9][2:]
    assert len(bars) == 2 * len(chart.rows)
    for row in chart.rows:
        for text in (row.low_input, row.high_input):
            (said,) = (s for s in texts if s.text == text)
            width = fonts.width(said.text, said.fontName, said.fontSize)
            ends = [e for bar in bars for e in (bar.x, bar.x + bar.width)]
            assert min(abs(said.x - e) for e in ends) < 5 or (
                min(abs(said.x + width - e) for e in ends) < 5
            )


def test_a_tornado_whose_bars_go_one_way_keeps_its_words_apart():
    row = f.TornadoRow(label="a", low=2.0, high=5.0, low_input="low", high_input="high")
    drawing = charts.draw(replace(c.tornado("en"), rows=(row,), base=1.0), WIDTH, "en")
    low, high = (next(s for s in shapes_of(drawing, "String") if s.text == t) for t in (
        "low", "high"
    ))  # fmt: skip
    bars = [s for s in shapes_of(drawing, "Rect") if s.strokeWidth == 0.9][2:]
    assert low.x + 5 < min(bar.x for bar in bars) + 1
    assert high.x > max(bar.x + bar.width for bar in bars)


def test_each_step_of_a_waterfall_begins_where_the_one_before_ends():
    chart = c.waterfall("en")
    drawing = charts.draw(chart, WIDTH, "en")
    bars = sorted(shapes_of(drawing, "Rect"), key=lambda s: -s.y)
    assert len(bars) == len(chart.steps)
    ends = []
    for bar, step in zip(bars, chart.steps, strict=True):
        near, far = bar.x, bar.x + bar.width
        start, end = (far, near) if step.value < 0 else (near, far)
        if ends and not step.total:
            assert start == pytest.approx(ends[-1])
        ends.append(end)
    assert ends[-1] == pytest.approx(ends[-2])  # the sum is the net value
    full = [bar.fillColor.hexval() != "0xffffff" for bar in bars]
    assert full == [step.value > 0 for step in chart.steps]


@pytest.mark.parametrize("make", [c.tornado, c.waterfall])
def test_long_charts_of_rows_are_cut(make):
    chart = make("en")
    field = "rows" if hasattr(chart, "rows") else "steps"
    many = replace(chart, **{field: getattr(chart, field) * 30})
    parts = charts.pages(many, WIDTH, HEIGHT - 80, "en")
    assert len(parts) > 1
    for part in parts:
        check(part)
        assert part.height <= HEIGHT - 80


def test_the_threshold_of_acceptability_is_marked_and_curves_are_named_at_their_ends():
    chart = c.acceptability("en")
    drawing = charts.draw(chart, WIDTH, "en")
    dashed = [
        s for s in shapes_of(drawing, "Line")
        if s.strokeColor.hexval() == "0xd55e00" and s.strokeDashArray
    ]  # fmt: skip
    assert len(dashed) == 1
    words = {s.text: s for s in shapes_of(drawing, "String")}
    assert "threshold 30,000" in words
    last = {curve.label: curve.probability[-1] for curve in chart.curves}
    drawn = sorted((s for s in words.values() if s.text in last), key=lambda s: -s.y)
    assert [s.text for s in drawn] == sorted(last, key=last.__getitem__, reverse=True)


@given(a.values, a.values, st.booleans(), a.factors)
def test_ticks_lie_on_the_axis_and_are_not_equal(low, high, log, factor):
    axis = scale([low, high], 10.0, 400.0, log=log, factor=factor)
    ticks = axis.ticks(lambda label: 5.0 * len(label) + 6)
    assert len(ticks) <= 7
    assert all(10 - 1e-6 <= tick.at <= 400 + 1e-6 for tick in ticks)
    assert len({tick.label for tick in ticks}) == len(ticks)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_an_ordinary_axis_has_at_least_two_ticks(low, span):
    axis = scale([low, low + max(span, abs(low) * 1e-3)], 0.0, 400.0)
    assert len(axis.ticks(lambda _: 30.0)) >= 2


@given(st.lists(st.floats(0, 100), max_size=8))
def test_spread_blocks_do_not_overlap(wanted):
    placed = spread(wanted, [10.0] * len(wanted), 0.0, 100.0)
    ordered = sorted(placed)
    assert all(b - a >= 10 - 1e-6 for a, b in pairwise(ordered))
    assert all(5 - 1e-6 <= at <= 95 + 1e-6 for at in placed)


def test_finite():
    assert finite(math.nan) is None
    assert finite(-math.inf) is None
