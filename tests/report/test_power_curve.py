"""The power curve: within its drawing whatever its numbers, and every mark named."""

import pytest
from chart_checks import check, extent
from chart_strategies import languages, values, words
from hypothesis import given, settings, strategies as st

from clinval.report import figures as f
from clinval.report.pdf import charts
from clinval.report.pdf.styles import WIDTH

CURVES = st.lists(st.tuples(values, values), max_size=30).flatmap(
    lambda points: st.builds(
        f.PowerCurve, subjects=st.just(tuple(n for n, _ in points)),
        power=st.just(tuple(power for _, power in points)), wanted=values, wanted_label=words,
        marks=st.lists(st.tuples(values, values, words), max_size=4).map(tuple),
        x_axis=words, y_axis=words,
    )
)  # fmt: skip


def curve(language="en"):
    chinese = language == "zh"
    return f.PowerCurve(
        subjects=tuple(range(20, 400, 20)),
        power=tuple(1 - 0.99 ** (n / 2) for n in range(20, 400, 20)),
        wanted=0.9,
        wanted_label="要求 90.0%" if chinese else "wanted 90.0%",
        marks=(
            (256, 0.72, "计划 256 例：72.0%" if chinese else "planned 256: 72.0%"),
            (1200, 0.9, "需要 1,200 例" if chinese else "needed 1,200"),
        ),
        x_axis="入组例数" if chinese else "Subjects enrolled",
        y_axis="检验效能 [%]" if chinese else "Power [%]",
    )


@settings(max_examples=80, deadline=None)
@given(CURVES, languages, st.sampled_from([WIDTH, WIDTH / 3]))
def test_a_curve_stays_within_its_drawing(chart, language, width):
    check(charts.draw(chart, width, language), width)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [WIDTH, WIDTH / 3])
def test_texts_do_not_overlap_and_every_mark_is_named(language, width):
    chart = curve(language)
    drawing = charts.draw(chart, width, language)
    texts = [s for s in drawing.contents if type(s).__name__ == "String"]
    said = "".join(shape.text for shape in texts)
    for label in (chart.wanted_label, *(label for *_, label in chart.marks), chart.x_axis):
        assert label in said
    boxes = [(*extent(s)[:2], s.y - 0.1 * s.fontSize, s.y + 0.6 * s.fontSize) for s in texts]
    for index, a in enumerate(boxes):
        for b in boxes[index + 1 :]:
            assert a[1] <= b[0] + 0.5 or b[1] <= a[0] + 0.5 or a[3] <= b[2] or b[3] <= a[2]


def test_a_number_beyond_the_curve_is_on_the_axis():
    drawing = charts.draw(curve(), WIDTH, "en")
    dots = [shape for shape in drawing.contents if type(shape).__name__ == "Circle"]
    key, plot = dots[:2], dots[2:]
    assert len(plot) == 2
    assert max(dot.cy for dot in plot) < min(dot.cy for dot in key)
    assert all(a.fillColor == b.fillColor for a, b in zip(key, plot, strict=True))
    assert max(dot.cx for dot in plot) <= WIDTH


def test_curves_stand_side_by_side():
    panels = f.Panels(panels=tuple(f.Panel(title=t, chart=curve()) for t in "abc"), columns=3)
    assert charts.draw(panels, WIDTH, "en").height < 260
