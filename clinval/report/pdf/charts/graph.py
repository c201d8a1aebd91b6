"""Graph of hypotheses: a box for each with its weight, arrows for what is passed on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.sheet import BOLD, LABEL, SMALL, Sheet, block_height
from clinval.report.pdf.styles import INK, MUTED, NAVY, TONE_MARK, TONE_TEXT, TONE_TINT, WHITE
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from clinval.report.figures import Graph, GraphNode
    from clinval.report.pdf.charts.sheet import Points
    from clinval.report.pdf.text import Line

__all__ = ["draw"]

_WIDEST = 118.0  # of a box
_PAD = 5.0
_GAP = 60.0  # between boxes of a chain
_BELOW = 40.0  # between its rows
_A_ROW = 3  # boxes of a chain side by side
_BEND = 13.0  # how far an arrow that has another coming back leaves the straight line
_DOWN = {3: 1.25, 4: 1.75, 5: 2.0}  # half the height of the ellipse, in boxes
_LINE = {"good": 1.6, "bad": 1.0, "neutral": 0.8}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    """A box by its middle, with its lines of text."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, x: float, y: float, around: float = 2.0) -> bool:
        """Whether a point lies in the box, or close to it."""
        return (
            abs(x - self.x) <= self.width / 2 + around
            and abs(y - self.y) <= self.height / 2 + around
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The texts of a box, broken into lines."""

    label: tuple[Line, ...]
    name: tuple[Line, ...]
    weight: tuple[Line, ...]
    result: tuple[Line, ...]

    @property
    def height(self) -> float:
        styles = ((self.label, BOLD), (self.name, SMALL), (self.weight, LABEL), (self.result, BOLD))
        return sum(block_height(lines, style) for lines, style in styles) + 2 * _PAD


def draw(chart: Graph, width: float, language: str) -> Any:
    """Draw the graph: a chain in rows, anything else on an ellipse."""
    sheet = Sheet(width, language)
    if not chart.nodes:
        return sheet.drawing(1.0)
    side = min(_WIDEST, width / 4)
    words = [_words(node, side, language) for node in chart.nodes]
    height = max(part.height for part in words)
    boxes, total = _layout(chart, width, side, height)
    for edge in chart.edges:
        back = any((o.start, o.end) == (edge.end, edge.start) for o in chart.edges)
        _arrow(sheet, boxes[edge.start], boxes[edge.end], edge.weight, bent=back)
    for node, part, box in zip(chart.nodes, words, boxes, strict=True):
        _node(sheet, node, part, box)
    return sheet.drawing(total)


def _words(node: GraphNode, side: float, language: str) -> _Words:
    room = side - 2 * _PAD
    return _Words(
        label=shortened(node.label, BOLD, room, language),
        name=shortened(node.name, SMALL, room, language, 2),
        weight=shortened(node.weight, LABEL, room, language, 2),
        result=shortened(node.result, BOLD, room, language, 2),
    )


def _layout(chart: Graph, width: float, side: float, height: float) -> tuple[list[_Box], float]:
    """Return where the boxes stand, and how high the drawing is."""
    count = len(chart.nodes)
    if count <= 2 or all(edge.end == edge.start + 1 for edge in chart.edges):
        row = min(count, _A_ROW)
        step = side + _GAP
        left = (width - (row * step - _GAP)) / 2 + side / 2
        boxes = [
            _Box(
                x=left + (index % row) * step,
                y=2.0 + height / 2 + (index // row) * (height + _BELOW),
                width=side,
                height=height,
            )
            for index in range(count)
        ]
        rows = -(-count // row)
        return boxes, rows * height + (rows - 1) * _BELOW + 4.0
    across = (width - side) / 2 - 12.0
    down = height * _DOWN.get(count, 0.45 * count)
    middle = down + height / 2 + 8.0
    boxes = []
    for index in range(count):
        angle = 2 * math.pi * index / count - math.pi / 2
        boxes.append(
            _Box(
                x=width / 2 + across * math.cos(angle),
                y=middle + down * math.sin(angle),
                width=side,
                height=height,
            )
        )
    return boxes, 2 * middle


def _node(sheet: Sheet, node: GraphNode, words: _Words, box: _Box) -> None:
    """Draw a box; a heavier frame is shown."""
    left, top = box.x - box.width / 2, box.y - box.height / 2
    sheet.box(
        left, top, box.width, box.height,
        fill=TONE_TINT[node.tone], stroke=TONE_MARK[node.tone], line=_LINE[node.tone],
    )  # fmt: skip
    y, room = box.y - words.height / 2 + _PAD, box.width - 2 * _PAD
    for lines, style in (
        (words.label, BOLD.but(color=NAVY)),
        (words.name, SMALL.but(color=MUTED)),
        (words.weight, LABEL),
        (words.result, BOLD.but(color=TONE_TEXT[node.tone])),
    ):
        sheet.block(left + _PAD, y, room, lines, style.but(align="center"))
        y += block_height(lines, style)


def _arrow(sheet: Sheet, start: _Box, end: _Box, weight: str, *, bent: bool) -> None:
    """Draw an arrow from box to box; one that has another coming back leaves the line."""
    points = [
        point
        for point in _path(start, end, _BEND if bent else 0.0)
        if not start.holds(*point) and not end.holds(*point)
    ]
    if len(points) < 2:
        return
    sheet.polyline(points, color=INK, width=0.9)
    _head(sheet, *points[-2], *points[-1])
    if weight:
        _on(sheet, points, weight)


def _path(start: _Box, end: _Box, bend: float) -> Points:
    """Return a curve from middle to middle, bent to its left by so many points."""
    across, down = end.x - start.x, end.y - start.y
    far = 2 * bend / (math.hypot(across, down) or 1.0)
    x, y = (start.x + end.x) / 2 + far * down, (start.y + end.y) / 2 - far * across
    steps = 80
    return [
        (
            (1 - t) ** 2 * start.x + 2 * t * (1 - t) * x + t * t * end.x,
            (1 - t) ** 2 * start.y + 2 * t * (1 - t) * y + t * t * end.y,
        )
        for t in (step / steps for step in range(steps + 1))
    ]


def _head(sheet: Sheet, x: float, y: float, tip_x: float, tip_y: float) -> None:
    length = math.hypot(tip_x - x, tip_y - y) or 1.0
    along, across = (tip_x - x) / length * 6.0, (tip_y - y) / length * 6.0
    sheet.polygon(
        [
            (tip_x, tip_y),
            (tip_x - along + across * 0.42, tip_y - across - along * 0.42),
            (tip_x - along - across * 0.42, tip_y - across + along * 0.42),
        ],
        fill=INK,
    )


def _on(sheet: Sheet, points: Points, weight: str) -> None:
    """Write a weight on its arrow, nearer to where it starts, on white."""
    lengths = [math.dist(a, b) for a, b in pairwise(points)]
    gone, wanted, at = 0.0, sum(lengths) * 0.36, points[0]
    for length, point in zip(lengths, points[1:], strict=True):
        gone, at = gone + length, point
        if gone >= wanted:
            break
    style = LABEL.but(size=8, leading=9.8)
    lines = shortened(weight, style, 60.0, sheet.language)
    half = max((line.width for line in lines), default=0.0) / 2
    x, y = at
    sheet.box(x - half - 2, y - 5.5, 2 * half + 4, 11.0, fill=WHITE)
    sheet.block(x - half, y - style.leading / 2, 2 * half, lines, style)
