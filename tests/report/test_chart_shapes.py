"""Charts are read in grey and by the colour-blind: series differ in shape, not only in colour."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import pytest
import sample_charts as c
from test_pdf_charts import SAMPLES

from clinval.report.pdf import charts
from clinval.report.pdf.charts import series
from clinval.report.pdf.styles import WIDTH

# Colours that carry no series: paper, ink, greys, tints, and the words.
NEUTRAL = 0.12  # saturation: less is a grey
THIN = 0.6  # points: grid, leaders, connectors
SHORT = 8.0  # points: ends of intervals, marks of the censored
LEAST_CONTRAST = 3.0  # of marks against paper, WCAG 2.2 success criterion 1.4.11


def luminance(color):
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (color.red, color.green, color.blue)
    ]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(color):
    return 1.05 / (luminance(color) + 0.05)


def is_hue(color):
    parts = (color.red, color.green, color.blue)
    return max(parts) - min(parts) > NEUTRAL


def depth(color):
    """How dark an area is in grey: paper, light or dark."""
    steps = (1.5, LEAST_CONTRAST)
    return 0 if color is None else sum(contrast(color) > step for step in steps)


def marks(drawing):
    """Every mark of a series: its colour, and the look that is left of it in grey."""
    for shape in drawing.contents:
        kind = type(shape).__name__
        if kind in {"String", "Group"} or (kind == "Line" and length(shape) < SHORT):
            continue
        fill, stroke = getattr(shape, "fillColor", None), getattr(shape, "strokeColor", None)
        drawn = stroke is not None and shape.strokeWidth > THIN
        color = stroke if drawn and not is_paper(stroke) else fill if depth(fill) else None
        if color is None or not is_hue(color):
            continue
        dash = tuple(getattr(shape, "strokeDashArray", None) or ())
        if kind in {"Line", "PolyLine"}:
            yield color.hexval(), ("Stroke", dash)
        else:
            corners = len(shape.points) if kind == "Polygon" else 0
            yield color.hexval(), (kind, corners, depth(fill), drawn and shape.strokeWidth)


def length(line):
    return math.dist((line.x1, line.y1), (line.x2, line.y2))


def is_paper(color):
    return contrast(color) < 1.05


def series_of(drawing):
    """The looks of each colour."""
    found = {}
    for color, look in marks(drawing):
        found.setdefault(color, set()).add(look)
    return found


def alike(drawing):
    """The pairs of colours that grey leaves alike: one has no look that the other lacks."""
    return [
        (a, b) for (a, first), (b, second) in combinations(series_of(drawing).items(), 2)
        if first <= second or second <= first
    ]  # fmt: skip


@pytest.mark.parametrize("make", [make for make in SAMPLES if make is not c.matrix])
def test_series_differ_in_grey(make):
    drawing = charts.draw(make("en"), WIDTH, "en")
    assert alike(drawing) == []


@pytest.mark.parametrize("make", [c.survival, c.roc, c.acceptability, c.decision_curve])
def test_curves_of_one_shape_would_be_found(make, monkeypatch):
    """The test above fails where only colour tells curves apart."""
    looks = series.look
    plain = looks(0)
    for module in (charts.survival, charts.roc, charts.acceptability, charts.decision_curve):
        monkeypatch.setattr(module, "look", lambda index: replace(plain, color=looks(index).color))
    assert alike(charts.draw(make("en"), WIDTH, "en"))


@pytest.mark.parametrize("make", SAMPLES)
def test_marks_are_seen_on_paper_in_grey(make):
    drawing = charts.draw(make("en"), WIDTH, "en")
    for shape in drawing.contents:
        fill, stroke = getattr(shape, "fillColor", None), getattr(shape, "strokeColor", None)
        thick = stroke is not None and shape.strokeWidth > THIN
        if type(shape).__name__ in {"Circle", "Line", "PolyLine"} and thick and is_hue(stroke):
            inside = fill is not None and contrast(fill) >= LEAST_CONTRAST
            assert inside or contrast(stroke) >= LEAST_CONTRAST, shape.getProperties()


def test_sixteen_series_differ_in_dash_and_mark():
    looks = [series.look(index) for index in range(16)]
    assert len({(look.dash, look.mark) for look in looks}) == 16


def test_a_cell_of_the_matrix_is_darker_the_more_it_counts():
    """Its colours are a scale, not series, and each cell prints its number."""
    chart = c.matrix("en")
    drawing = charts.draw(chart, WIDTH, "en")
    cells = [s for s in drawing.contents if type(s).__name__ == "Rect" and s.fillColor]
    counts = [n for row in chart.counts for n in row]
    pairs = sorted(zip(counts, (luminance(cell.fillColor) for cell in cells), strict=True))
    greys = [grey for _, grey in pairs]
    assert greys == sorted(greys, reverse=True)
    assert greys[0] - greys[-1] > 0.5
