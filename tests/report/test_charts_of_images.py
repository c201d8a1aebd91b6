"""A slice with the regions drawn in, and curves by frequency."""

from __future__ import annotations

from dataclasses import replace

import chart_strategies as a
import pikepdf
import pytest
from chart_checks import assert_texts_are_apart, check, lines_of, shapes_of, words_of
from hypothesis import given, settings, strategies as st
from sample_charts_images import picture, transfers

from clinval.report import figures as f
from clinval.report.blocks import Document, Figure
from clinval.report.pdf import charts
from clinval.report.pdf.styles import WIDTH
from clinval.report.pdf.writer import write

sizes = st.floats(1.0, 2000.0)
outlines = st.builds(
    f.Outline, label=a.words, x=st.floats(-100, 3000), y=st.floats(-100, 3000), size=sizes,
    round=st.booleans(),
)  # fmt: skip
slices = st.builds(
    f.SliceWithRegions, grey=st.just(bytes(12)), rows=st.just(3), columns=st.just(4),
    width=st.floats(60.0, 1200.0),
    height=st.floats(60.0, 1200.0), middle=st.tuples(sizes, sizes), diameter=st.floats(0, 3000),
    outlines=st.lists(outlines, max_size=12).map(tuple), ruler=a.words,
)  # fmt: skip
curves = st.lists(st.tuples(a.values, a.values), max_size=20).flatmap(
    lambda points: st.builds(
        f.FrequencyCurve, label=a.words, frequency=st.just(tuple(p[0] for p in points)),
        value=st.just(tuple(p[1] for p in points)),
    )
)  # fmt: skip
many_curves = st.builds(
    f.FrequencyCurves, curves=st.lists(curves, max_size=4).map(tuple), x_axis=a.words,
    y_axis=a.words, levels=st.lists(a.tame, max_size=2).map(tuple),
)  # fmt: skip


@pytest.mark.parametrize("kind", [slices, many_curves])
def test_the_drawing_holds_everything_whatever_its_numbers(kind):
    @settings(max_examples=60, deadline=None)
    @given(kind, a.languages)
    def run(chart, language):
        check(charts.draw(chart, WIDTH, language))

    run()


@pytest.mark.parametrize("make", [picture, transfers])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_do_not_overlap(make, language):
    assert_texts_are_apart(charts.draw(make(language), WIDTH, language))


def test_outlines_lie_where_the_regions_are():
    chart = picture("en")
    drawing = charts.draw(chart, WIDTH, "en")
    [image] = shapes_of(drawing, "Image")
    scale = image.width / chart.width
    drawn = [s for s in shapes_of(drawing, "Polygon") if s.strokeWidth == 1.0]
    for shape, outline in zip(drawn, chart.outlines, strict=True):
        across, down = shape.points[::2], [drawing.height - y for y in shape.points[1::2]]
        assert (min(across) + max(across)) / 2 == pytest.approx(outline.x * scale)
        assert (min(down) + max(down)) / 2 == pytest.approx(outline.y * scale)
        assert max(across) - min(across) == pytest.approx(outline.size * scale)
    assert image.path.size == (chart.columns, chart.rows)
    column, row = 83, 61  # in the rod
    assert image.path.getpixel((column, row)) == chart.grey[row * chart.columns + column] > 150
    assert {"1", "2", "center: noise", "rod: mtf", "50 mm"} <= set(words_of(drawing))


def test_curves_differ_without_colour_and_levels_are_marked():
    drawing = charts.draw(transfers("en"), WIDTH, "en")
    drawn = [s for s in shapes_of(drawing, "PolyLine") if s.strokeWidth == 1.4]
    assert len({repr(s.strokeDashArray) for s in drawn}) == len(drawn) == 2
    levels = [s for s in shapes_of(drawing, "Line") if s.strokeDashArray and s.strokeWidth == 0.9]
    assert len(levels) == 2
    assert lines_of(drawing, levels[0].strokeColor.hexval())
    bare = charts.draw(replace(transfers("en"), levels=()), WIDTH, "en")
    assert len(shapes_of(bare, "Line")) == len(shapes_of(drawing, "Line")) - 2


def test_a_page_with_a_slice_is_archival_and_the_same_every_time(tmp_path):
    figure = Figure(caption="where", chart=picture("en"), alternative="a slice")
    document = Document(
        language="en", title="t", author="a", header="h", footer="f", marks=(), blocks=(figure,)
    )
    paths = [tmp_path / f"{number}.pdf" for number in (1, 2)]
    for path in paths:
        write(document, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with pikepdf.open(paths[0]) as pdf:
        [image] = [image for page in pdf.pages for image in page.get_images().values()]
        assert (image.Width, image.Height) == (120, 120)
        assert image.ColorSpace == "/DeviceGray"
        assert "/OutputIntents" in pdf.Root
