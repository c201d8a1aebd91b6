from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import sample_charts as c
from hypothesis import given, settings, strategies as st

from clinval.report import figures as f
from clinval.report.pdf import charts, fonts
from clinval.report.pdf.charts.ticks import finite, scale, spread
from clinval.report.pdf.styles import HEIGHT, WIDTH

HALF_BLANK = 8.0  # points: the blank half of a full-width mark may hang over

huge = st.floats(allow_nan=True, allow_infinity=True)
tame = st.floats(-1e6, 1e6)
values = st.one_of(tame, huge, st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e308, -1e308, 0.05]))
maybe = st.one_of(st.none(), values)
words = st.text(st.sampled_from("ab c-d_12.中文试验（），"), max_size=40)
tones = st.sampled_from(["good", "bad", "neutral"])
scales = st.sampled_from(["linear", "log"])
languages = st.sampled_from(["en", "zh"])
factors = st.sampled_from([1.0, 100.0, 0.001])

forest_rows = st.builds(
    f.ForestRow, label=words, n=st.one_of(words, st.integers(0, 10**7).map("{:,}".format)),
    estimate=maybe, low=maybe, high=maybe, result=words, summary=st.booleans(),
    heading=st.booleans(), indent=st.integers(0, 1),
)  # fmt: skip
forests = st.builds(
    f.Forest, rows=st.lists(forest_rows, max_size=9).map(tuple), axis=words, label_header=words,
    n_header=words, result_header=words, null=maybe, margin=maybe, margin_label=words, left=words,
    right=words, prediction=st.one_of(st.none(), st.tuples(values, values)),
    prediction_label=words, prediction_result=words, scale=scales, factor=factors,
)  # fmt: skip
interval_rows = st.builds(
    f.IntervalRow, label=words, estimate=maybe, low=maybe, high=maybe, result=words,
    verdict=words, tone=tones,
)  # fmt: skip
intervals = st.builds(
    f.Intervals, rows=st.lists(interval_rows, max_size=6).map(tuple), axis=words, margin=values,
    margin_label=words, shade=st.sampled_from(["left", "right", "both"]), upper_margin=maybe,
    null=maybe, null_label=words, scale=scales, factor=factors,
)  # fmt: skip
counts = st.integers(0, 10**9)
exclusions = st.builds(f.FlowExclusion, reason=words, n=counts)
steps = st.builds(
    f.FlowStep, label=words, n=counts, excluded=st.lists(exclusions, max_size=4).map(tuple)
)
flows = st.builds(f.Flow, steps=st.lists(steps, max_size=5).map(tuple), excluded_title=words)
lines = st.tuples(values, values, values)
bland_altmans = st.lists(st.tuples(values, values), max_size=30).flatmap(
    lambda pairs: st.builds(
        f.BlandAltman, mean=st.just(tuple(a for a, _ in pairs)),
        difference=st.just(tuple(b for _, b in pairs)), bias=lines, lower=lines, upper=lines,
        x_axis=words, y_axis=words, bias_label=words, lower_label=words, upper_label=words,
    )
)  # fmt: skip
matrices = st.integers(0, 12).flatmap(
    lambda size: st.builds(
        f.AgreementMatrix, categories=st.lists(words, min_size=size, max_size=size).map(tuple),
        counts=st.lists(
            st.lists(counts, min_size=size, max_size=size).map(tuple), min_size=size, max_size=size
        ).map(tuple),
        row_title=words, column_title=words,
    )
)  # fmt: skip
bars = st.builds(
    f.PairedBar, label=words, reference=values, test=values, reference_text=words, test_text=words
)
paired = st.builds(
    f.PairedBars, bars=st.lists(bars, max_size=8).map(tuple), axis=words, reference_label=words,
    test_label=words,
)  # fmt: skip
dots_rows = st.builds(
    f.PairedDotsRow, label=words, reference=maybe, test=maybe, estimate=maybe, low=maybe,
    high=maybe, result=words, summary=st.booleans(),
)  # fmt: skip
dots = st.builds(
    f.PairedDots, rows=st.lists(dots_rows, max_size=9).map(tuple), axis=words,
    difference_axis=words, label_header=words, result_header=words, reference_label=words,
    test_label=words, null=maybe, margin=maybe, margin_label=words, factor=factors,
)  # fmt: skip
cash_flows = st.lists(lines, max_size=20).flatmap(
    lambda years: st.builds(
        f.CashFlow, flows=st.just(tuple(year[0] for year in years)),
        cumulative=st.just(tuple(year[1] for year in years)),
        cumulative_low=st.just(tuple(year[2] for year in years)),
        cumulative_high=st.just(tuple(year[1] for year in years)), axis=words, year_label=words,
        flow_label=words, cumulative_label=words, payback=maybe, payback_label=words,
    )
)  # fmt: skip
tippings = st.tuples(st.integers(0, 30), st.integers(0, 30)).flatmap(
    lambda size: st.builds(
        f.TippingMap,
        test=st.lists(values, min_size=size[0], max_size=size[0]).map(tuple),
        reference=st.lists(values, min_size=size[1], max_size=size[1]).map(tuple),
        shown=st.lists(
            st.lists(
                st.sampled_from([True, False, None]), min_size=size[1], max_size=size[1]
            ).map(tuple),
            min_size=size[0], max_size=size[0],
        ).map(tuple),
        x_axis=words, y_axis=words, shown_label=words, not_shown_label=words,
        boundary_label=words, point=st.one_of(st.none(), st.tuples(values, values)),
        point_label=words,
    )
)  # fmt: skip
graph_nodes = st.builds(
    f.GraphNode, label=words, name=words, weight=words, result=words, tone=tones
)
graphs = st.integers(0, 7).flatmap(
    lambda size: st.builds(
        f.Graph,
        nodes=st.lists(graph_nodes, min_size=size, max_size=size).map(tuple),
        edges=st.lists(
            st.builds(
                f.GraphEdge, start=st.integers(0, max(size - 1, 0)),
                end=st.integers(0, max(size - 1, 0)), weight=words,
            ),
            max_size=8 if size else 0,
        ).map(tuple),
    )
)  # fmt: skip
limits_of_looks = st.builds(
    f.Boundaries,
    looks=st.lists(
        st.builds(
            f.BoundaryLook, label=words, information=values, critical=maybe, text=words,
            current=st.booleans(),
        ),
        max_size=6,
    ).map(tuple),
    x_axis=words, y_axis=words, shown_label=words, continue_label=words, current_label=words,
)  # fmt: skip
steps_of_a_curve = st.lists(
    st.tuples(values, values, maybe, maybe, counts, st.integers(0, 9)), max_size=12
)
curves = st.tuples(words, steps_of_a_curve).map(
    lambda made: f.SurvivalCurve(
        label=made[0], time=tuple(row[0] for row in made[1]),
        survival=tuple(row[1] for row in made[1]), low=tuple(row[2] for row in made[1]),
        high=tuple(row[3] for row in made[1]), at_risk=tuple(row[4] for row in made[1]),
        censored=tuple(row[5] for row in made[1]),
    )
)  # fmt: skip
survivals = st.builds(
    f.Survival, curves=st.lists(curves, max_size=4).map(tuple), x_axis=words, y_axis=words,
    at_risk_label=words,
)  # fmt: skip

funnel_sites = st.builds(f.FunnelSite, size=values, value=maybe, label=words, own=st.booleans())
funnel_limits = st.lists(st.tuples(values, maybe, maybe), max_size=8).flatmap(
    lambda rows: st.builds(
        f.FunnelLimit, label=words, size=st.just(tuple(row[0] for row in rows)),
        low=st.just(tuple(row[1] for row in rows)), high=st.just(tuple(row[2] for row in rows)),
    )
)  # fmt: skip
funnels = st.builds(
    f.Funnel, sites=st.lists(funnel_sites, max_size=12).map(tuple),
    limits=st.lists(funnel_limits, max_size=3).map(tuple), center=values, center_label=words,
    count=words, x_axis=words, y_axis=words, named=st.booleans(),
    within=st.one_of(st.none(), st.tuples(maybe, maybe)), factor=factors,
)  # fmt: skip

limits = st.tuples(maybe, maybe)
roc_points = st.builds(
    f.RocPoint, false_positive=values, true_positive=values, false_positive_limits=limits,
    true_positive_limits=limits, label=words,
)  # fmt: skip
roc_curves = st.lists(st.tuples(values, values), max_size=8).flatmap(
    lambda pairs: st.builds(
        f.RocCurve, false_positive=st.just(tuple(pair[0] for pair in pairs)),
        true_positive=st.just(tuple(pair[1] for pair in pairs)), label=words, area=words,
        point=st.one_of(st.none(), roc_points),
        points=st.lists(roc_points, max_size=3).map(tuple),
    )
)  # fmt: skip
rocs = st.builds(
    f.Roc, curves=st.lists(roc_curves, max_size=5).map(tuple),
    readers=st.lists(roc_curves, max_size=5).map(tuple), readers_label=words,
    chance_label=words, x_axis=words, y_axis=words,
    end=st.one_of(st.none(), values),
)  # fmt: skip
tornado_rows = st.builds(
    f.TornadoRow, label=words, low=maybe, high=maybe, low_input=words, high_input=words
)
tornados = st.builds(
    f.Tornado, rows=st.lists(tornado_rows, max_size=9).map(tuple), base=values, base_label=words,
    low_label=words, high_label=words, axis=words, factor=factors,
)  # fmt: skip
waterfall_steps = st.builds(
    f.WaterfallStep, label=words, value=maybe, text=words, total=st.booleans()
)
waterfalls = st.builds(
    f.Waterfall, steps=st.lists(waterfall_steps, max_size=9).map(tuple), axis=words,
    factor=factors,
)  # fmt: skip
acceptabilities = st.lists(values, max_size=12).flatmap(
    lambda at: st.builds(
        f.Acceptability, values=st.just(tuple(at)),
        curves=st.lists(
            st.builds(
                f.AcceptabilityCurve, label=words,
                probability=st.lists(maybe, min_size=len(at), max_size=len(at)).map(tuple),
            ),
            max_size=6,
        ).map(tuple),
        threshold=maybe, threshold_label=words, count=words, x_axis=words, y_axis=words,
    )
)  # fmt: skip
planes = st.lists(st.tuples(values, values), max_size=12).flatmap(
    lambda pairs: st.builds(
        f.EffectPlane, gain=st.just(tuple(pair[0] for pair in pairs)),
        cost=st.just(tuple(pair[1] for pair in pairs)), point=st.tuples(values, values),
        point_label=words, thresholds=st.lists(st.tuples(values, words), max_size=3).map(tuple),
        quadrants=st.tuples(words, words, words, words), x_axis=words, y_axis=words,
    )
)  # fmt: skip
calibrations = st.builds(
    f.Calibration,
    groups=st.lists(
        st.builds(
            f.CalibrationGroup, predicted=values, observed=values, low=maybe,
            high=maybe, n=st.integers(0, 10**6),
        ),
        max_size=12,
    ).map(tuple),
    x_axis=words, y_axis=words, ideal_label=words, groups_label=words,
    said=st.lists(words, max_size=5).map(tuple),
)  # fmt: skip
decision_curves = st.lists(values, max_size=12).flatmap(
    lambda at: st.builds(
        f.DecisionCurve, thresholds=st.just(tuple(sorted(at))),
        lines=st.lists(
            st.builds(
                f.DecisionLine, label=words,
                benefit=st.lists(maybe, min_size=len(at), max_size=len(at)).map(tuple),
            ),
            max_size=5,
        ).map(tuple),
        x_axis=words, y_axis=words,
    )
)  # fmt: skip


def extent(shape):
    """The corners of a shape: left, right, bottom, top."""
    match type(shape).__name__:
        case "String":
            width = fonts.width(shape.text, shape.fontName, shape.fontSize)
            return shape.x, shape.x + width, shape.y, shape.y
        case "Line":
            return (*sorted((shape.x1, shape.x2)), *sorted((shape.y1, shape.y2)))
        case "Rect":
            assert shape.width >= 0
            assert shape.height >= 0
            return shape.x, shape.x + shape.width, shape.y, shape.y + shape.height
        case "Circle":
            return shape.cx - shape.r, shape.cx + shape.r, shape.cy - shape.r, shape.cy + shape.r
        case "Group":
            _, _, _, _, x, y = shape.transform
            (text,) = shape.contents
            width = fonts.width(text.text, text.fontName, text.fontSize)
            return x - text.fontSize, x, y + text.x, y + text.x + width
        case _:
            xs, ys = shape.points[::2], shape.points[1::2]
            return min(xs), max(xs), min(ys), max(ys)


def check(drawing, width=WIDTH):
    assert drawing.width == width
    assert math.isfinite(drawing.height)
    assert drawing.height > 0
    for shape in drawing.contents:
        left, right, bottom, top = extent(shape)
        assert all(map(math.isfinite, (left, right, bottom, top)))
        assert left >= -HALF_BLANK, shape.getProperties()
        assert right <= width + HALF_BLANK, shape.getProperties()
        if type(shape).__name__ != "Group":
            assert bottom >= -1, shape.getProperties()
            assert top <= drawing.height + 1, shape.getProperties()


@pytest.mark.parametrize(
    "kind",
    [
        forests,
        intervals,
        flows,
        bland_altmans,
        matrices,
        paired,
        dots,
        cash_flows,
        tippings,
        graphs,
        limits_of_looks,
        survivals,
        funnels,
        rocs,
        tornados,
        waterfalls,
        acceptabilities,
        planes,
        calibrations,
        decision_curves,
    ],
)
def test_every_chart_stays_within_its_drawing_whatever_its_numbers(kind):
    @settings(max_examples=80, deadline=None)
    @given(kind, languages)
    def run(chart, language):
        check(charts.draw(chart, WIDTH, language))

    run()


SAMPLES = [
    c.forest, c.ratio_forest, c.intervals, c.equivalence, c.flow, c.bland_altman, c.matrix,
    c.paired, c.cash, c.subgroups, c.tipping, c.graph, c.boundaries, c.survival,
    c.funnel, c.roc, c.tornado, c.waterfall, c.acceptability, c.calibration, c.decision_curve,
    c.effect_plane,
    c.read_by, c.reader_pairs, c.froc,
]  # fmt: skip


def _small_funnel(language):
    funnel = c.funnel(language)
    named = zip(funnel.limits, ("95%", "99.8%"), strict=True)
    limits = tuple(replace(limit, label=label) for limit, label in named)
    own = tuple(site for site in funnel.sites if site.own)
    return replace(funnel, sites=own, limits=limits, center_label="96.7%", count="")


def _compact(language):
    return replace(c.flow(language), compact=True)


SAMPLES += [_compact]


def test_a_compact_flow_is_less_high():
    high, low = (charts.draw(make("en"), WIDTH, "en") for make in (c.flow, _compact))
    assert low.height < 0.85 * high.height
    check(low)


@pytest.mark.parametrize("make", SAMPLES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_of_a_chart_do_not_overlap(make, language):
    assert_texts_are_apart(charts.draw(make(language), WIDTH, language))


@pytest.mark.parametrize("columns", [2, 3])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_of_small_funnels_side_by_side_do_not_overlap(columns, language):
    funnel = _small_funnel(language)
    panel = f.Panel(title="A name of an endpoint that takes a second line", chart=funnel)
    drawing = charts.draw(f.Panels(panels=(panel,) * columns, columns=columns), WIDTH, language)
    groups = [shape for shape in drawing.contents if type(shape).__name__ == "Group"]
    assert len(groups) == columns
    for group in groups:
        assert {"95%", "99.8%", "96.7%"} <= set(words_of(group))
        assert_texts_are_apart(group)


def assert_texts_are_apart(drawing):
    boxes = []
    for shape in drawing.contents:
        if type(shape).__name__ == "String" and shape.text.strip(" –"):
            left, right, base, _ = extent(shape)
            size = shape.fontSize
            boxes.append((left, right, base - 0.1 * size, base + 0.6 * size, shape.text))
    for index, a in enumerate(boxes):
        for b in boxes[index + 1 :]:
            apart = a[1] <= b[0] + 0.5 or b[1] <= a[0] + 0.5 or a[3] <= b[2] or b[3] <= a[2]
            assert apart, (a, b)


@pytest.mark.parametrize("count", [1, 2, 12, 26, 27, 42, 60])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_forest_of_up_to_sixty_sites_fits_on_a_page(count, language):
    assert len(charts.pages(c.forest(language, count), WIDTH, HEIGHT - 80, language)) == 1


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


def test_a_heading_of_a_forest_has_words_and_no_mark():
    drawing = charts.draw(c.subgroups("en"), WIDTH, "en")
    texts = [s for s in drawing.contents if type(s).__name__ == "String"]
    heading, level = (next(s for s in texts if s.text == text) for text in ("Sex", "Women"))
    assert heading.fontName.endswith("Bold")
    assert level.x > heading.x
    assert {"interaction p 0.81", "(−3.0 to 2.0)"} <= {s.text for s in texts}
    boxes = [s for s in drawing.contents if type(s).__name__ == "Rect"]
    assert sum(box.fillColor.hexval() == "0x0072b2" for box in boxes) == 2  # the two levels


def lines_of(drawing, color):
    return [
        s
        for s in drawing.contents
        if type(s).__name__ == "Line" and s.strokeColor.hexval() == color
    ]


def test_what_is_not_met_is_hatched_and_nothing_else_is():
    chart = c.tipping("en")
    drawing = charts.draw(chart, WIDTH, "en")
    boxes = {s.fillColor.hexval(): s for s in drawing.contents if type(s).__name__ == "Rect"}
    assert len(boxes) == 2
    hatching = lines_of(drawing, "0xd55e00")
    fills = [s for s in drawing.contents if type(s).__name__ == "Rect"]
    for line in hatching:
        x, y = (line.x1 + line.x2) / 2, (line.y1 + line.y2) / 2
        under = [b for b in fills if b.x <= x <= b.x + b.width and b.y <= y <= b.y + b.height]
        assert {b.fillColor.hexval() for b in under} == {"0xfbeadf"}
    met = replace(chart, shown=tuple((True,) * len(row) for row in chart.shown))
    key = len(lines_of(charts.draw(met, WIDTH, "en"), "0xd55e00"))
    assert key < len(hatching) / 10  # only the cell of the key


def test_the_heavy_line_runs_between_met_and_not_met():
    chart = c.tipping("en", 3, 2)
    heavy = lines_of(charts.draw(chart, WIDTH, "en"), "0x123a57")
    pairs = [pair for row in chart.shown for pair in pairwise(row)]
    pairs += [pair for column in zip(*chart.shown, strict=True) for pair in pairwise(column)]
    assert len(heavy) == sum(a != b for a, b in pairs) + 1  # and one in the key


@pytest.mark.parametrize("point", [(0, 0), (8, 12), (4, 6), (99, -99)])
def test_the_point_of_a_map_lies_in_its_cell(point):
    chart = replace(c.tipping("en"), point=point)
    drawing = charts.draw(chart, WIDTH, "en")
    dot = next(s for s in drawing.contents if type(s).__name__ == "Circle")
    texts = [s for s in drawing.contents if type(s).__name__ == "String"]
    number = str(min(point[0], 8))
    across = min((s for s in texts if s.text == number), key=lambda s: s.y)  # below the map
    width = fonts.width(across.text, across.fontName, across.fontSize)
    assert across.x + width / 2 == pytest.approx(dot.cx, abs=1)


def test_a_map_of_another_size_is_refused():
    with pytest.raises(ValueError, match="row for each"):
        charts.draw(replace(c.tipping("en"), test=(1.0,)), WIDTH, "en")


def test_every_arrow_of_a_graph_ends_at_its_box_and_carries_its_weight():
    chart = c.graph("en")
    drawing = charts.draw(chart, WIDTH, "en")
    boxes = [s for s in drawing.contents if type(s).__name__ == "Rect" and s.strokeColor]
    heads = [s for s in drawing.contents if type(s).__name__ == "Polygon"]
    assert len(boxes) == len(chart.nodes)
    assert len(heads) == len(chart.edges)
    for edge, head in zip(chart.edges, heads, strict=True):
        x, y = head.points[:2]
        box = boxes[edge.end]
        assert box.x - 6 <= x <= box.x + box.width + 6
        assert box.y - 6 <= y <= box.y + box.height + 6
    texts = [s.text for s in drawing.contents if type(s).__name__ == "String"]
    assert [texts.count(weight) for weight in ("0.5", "1")] == [4, 2]


def test_no_arrow_runs_through_another_box():
    drawing = charts.draw(c.graph("en"), WIDTH, "en")
    boxes = [s for s in drawing.contents if type(s).__name__ == "Rect" and s.strokeColor]
    lines = [s for s in drawing.contents if type(s).__name__ == "PolyLine"]
    assert lines
    for line in lines:
        for x, y in zip(line.points[::2], line.points[1::2], strict=True):
            assert not any(b.x < x < b.x + b.width and b.y < y < b.y + b.height for b in boxes)


def test_what_is_shown_has_a_heavier_frame():
    chart = c.graph("en")
    drawing = charts.draw(chart, WIDTH, "en")
    boxes = [s for s in drawing.contents if type(s).__name__ == "Rect" and s.strokeColor]
    frames = {node.tone: box.strokeWidth for node, box in zip(chart.nodes, boxes, strict=True)}
    assert frames["good"] > frames["bad"] > frames["neutral"]


def test_a_sequence_is_a_row():
    chart = c.graph("en")
    chain = tuple(f.GraphEdge(start=a, end=a + 1, weight="1") for a in range(2))
    drawing = charts.draw(f.Graph(nodes=chart.nodes[:3], edges=chain), WIDTH, "en")
    boxes = [s for s in drawing.contents if type(s).__name__ == "Rect" and s.strokeColor]
    assert len({box.y for box in boxes}) == 1
    assert [box.x for box in boxes] == sorted(box.x for box in boxes)


def test_only_the_current_look_is_a_full_mark():
    chart = c.boundaries("en")
    drawing = charts.draw(chart, WIDTH, "en")
    circles = [s for s in drawing.contents if type(s).__name__ == "Circle"]
    fills = [s.fillColor.hexval() for s in circles]
    assert fills == ["0xffffff", "0x123a57", "0xffffff", "0x123a57"]  # the last one is the key
    ahead = replace(chart, looks=tuple(replace(look, current=False) for look in chart.looks))
    later = charts.draw(ahead, WIDTH, "en")
    assert not any(getattr(s, "text", "") == "these data" for s in later.contents)


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


def words_of(drawing):
    return [s.text for s in drawing.contents if type(s).__name__ == "String"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_funnel_names_no_other_site_unless_told_to(language):
    chart = c.funnel(language, 10)
    others = [site.label for site in chart.sites if not site.own]
    drawn = " ".join(words_of(charts.draw(chart, WIDTH, language)))
    assert not any(label[:10] in drawn for label in others)
    (own,) = (site.label for site in chart.sites if site.own)
    assert own[:10] in drawn
    told = " ".join(words_of(charts.draw(replace(chart, named=True), WIDTH, language)))
    assert sum(label[:10] in told for label in others) >= 5


def test_the_own_site_of_a_funnel_is_the_only_full_diamond():
    chart = c.funnel("en")
    drawing = charts.draw(chart, WIDTH, "en")
    kinds = [type(s).__name__ for s in drawing.contents]
    diamonds = [s for s in drawing.contents if type(s).__name__ == "Polygon"]
    assert [len(diamond.points) for diamond in diamonds] == [8]
    assert kinds.count("Circle") == len(chart.sites) - 1


def test_a_site_of_a_funnel_stands_on_its_side_of_the_limits():
    chart = c.funnel("en")
    outer = chart.limits[1]
    site = replace(chart.sites[0], size=100.0, value=outer.low[49] - 0.001, own=True)
    inside = replace(site, value=outer.low[49] + 0.001)
    sides = []
    for own in (site, inside):
        drawing = charts.draw(replace(chart, sites=(*chart.sites, own)), WIDTH, "en")
        curves = [s for s in drawing.contents if type(s).__name__ == "PolyLine"]
        lower = min((s for s in curves if not s.strokeDashArray), key=lambda s: s.points[-1])
        points = list(zip(lower.points[::2], lower.points[1::2], strict=True))
        mark = [s for s in drawing.contents if type(s).__name__ == "Polygon"][-1]
        x, y = mark.points[2], (mark.points[3] + mark.points[7]) / 2
        at = min(points, key=lambda point: abs(point[0] - x))
        assert at[0] == pytest.approx(x, abs=0.6)
        sides.append(y > at[1])
    assert sides == [False, True]


def shapes_of(drawing, kind):
    return [s for s in drawing.contents if type(s).__name__ == kind]


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


def test_marginal_numbers_of_the_matrix():
    drawing = charts.draw(c.matrix("en"), WIDTH, "en")
    texts = [s.text for s in drawing.contents if type(s).__name__ == "String"]
    assert "1,131" in texts
    assert {"4", "22", "115", "373", "617", "20", "113", "372", "621"} <= set(texts)


def test_charts_of_different_lengths_are_refused():
    chart = replace(c.bland_altman("en"), mean=(1.0,))
    with pytest.raises(ValueError, match="zip"):
        charts.draw(chart, WIDTH, "en")


@given(values, values, st.booleans(), factors)
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
