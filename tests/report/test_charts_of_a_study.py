"""Flow of subjects, tipping maps, graphs of hypotheses, looks, funnels."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import sample_charts as c
from chart_checks import assert_texts_are_apart, check, lines_of, words_of

from clinval.report import figures as f
from clinval.report.pdf import charts, fonts
from clinval.report.pdf.styles import WIDTH


def _small_funnel(language):
    funnel = c.funnel(language)
    named = zip(funnel.limits, ("95%", "99.8%"), strict=True)
    limits = tuple(replace(limit, label=label) for limit, label in named)
    own = tuple(site for site in funnel.sites if site.own)
    return replace(funnel, sites=own, limits=limits, center_label="96.7%", count="")


def test_a_compact_flow_is_less_high():
    high, low = (charts.draw(make("en"), WIDTH, "en") for make in (c.flow, c.compact_flow))
    assert low.height < 0.85 * high.height
    check(low)


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
