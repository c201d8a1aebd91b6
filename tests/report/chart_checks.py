"""What tests of charts look at: shapes, their extent, their words."""

from __future__ import annotations

import math

from clinval.report.pdf import fonts
from clinval.report.pdf.styles import WIDTH

HALF_BLANK = 8.0  # points: the blank half of a full-width mark may hang over


def extent(shape):
    """The corners of a shape: left, right, bottom, top."""
    match type(shape).__name__:
        case "String":
            width = fonts.width(shape.text, shape.fontName, shape.fontSize)
            return shape.x, shape.x + width, shape.y, shape.y
        case "Line":
            return (*sorted((shape.x1, shape.x2)), *sorted((shape.y1, shape.y2)))
        case "Rect" | "Image":
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


def lines_of(drawing, color):
    return [
        s
        for s in drawing.contents
        if type(s).__name__ == "Line" and s.strokeColor.hexval() == color
    ]


def words_of(drawing):
    return [s.text for s in drawing.contents if type(s).__name__ == "String"]


def shapes_of(drawing, kind):
    return [s for s in drawing.contents if type(s).__name__ == kind]
