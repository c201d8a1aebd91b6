"""Funnel plot: sites' values against their size, with the limits within which chance moves them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from clinval.report.pdf.charts.axis import GRID, NUMBERS, bottom, ticks_down, title_left
from clinval.report.pdf.charts.series import BEFORE_NAME, End, name_ends
from clinval.report.pdf.charts.sheet import BOLD, SMALL, Sheet, block_height
from clinval.report.pdf.charts.ticks import Scale, finite, scale
from clinval.report.pdf.styles import BLUE, MUTED, NAVY, WHITE, WIDTH
from clinval.report.pdf.text import shortened

if TYPE_CHECKING:
    from clinval.report.figures import Funnel, FunnelLimit, FunnelSite
    from clinval.report.pdf.charts.sheet import Points

__all__ = ["draw"]

_HEIGHT, _SHAPE = 200.0, 0.6  # of the plot: the greatest, and its part of the width
_TOP = 16.0
_LABELS, _MOST = 0.2, 0.45  # for the words at the right: at least and at most, of the width
_NAME = {False: 120.0, True: 190.0}  # the widest name beside a mark, the own one's
_RING, _OWN = 2.7, 4.8  # half the sides of the marks
_AWAY = {False: (5.2,), True: (8.8, 20.0, 34.0, 50.0)}  # of a name from its mark, the own one's
_LINES: tuple[tuple[float, tuple[float, ...]], ...] = ((0.9, (4.0, 2.5)), (1.1, ()))
_WORDS = SMALL.but(color=MUTED)
_OWN_WORDS = BOLD.but(size=8, leading=9.8, color=NAVY)

_Box = tuple[float, float, float, float]  # left, top, right, bottom


def draw(chart: Funnel, width: float, language: str) -> Any:
    """Draw the plot: limits, then sites, then the names for which there is room."""
    sheet = Sheet(width, language)
    foot = _TOP + min(_HEIGHT, _SHAPE * width)
    known = [(site, *place) for site in chart.sites if (place := _known(site)) is not None]
    down = _down(chart, [value for _, _, value in known], foot)
    ticks = ticks_down(down)
    left = 22.0 + max((sheet.measure(tick.label, NUMBERS) for tick in ticks), default=0.0)
    sizes = [size for _, size, _ in known]
    reach = scale([0.0, *sizes], left, width - _right(chart, sheet))
    high = reach.high
    if len(known) <= 1:  # the others are not shown: the plot ends where the limits do
        reached = [finite(size) or 0.0 for limit in chart.limits for size in limit.size]
        high = max(reached, default=0.0) or high
    across = Scale(low=0.0, high=high, start=reach.start, end=reach.end)
    for tick in ticks:
        sheet.line(across.start, tick.at, across.end, tick.at, color=GRID, width=0.5)
        y = tick.at + SMALL.size * 0.36
        sheet.text(across.start - 4, y, tick.label, NUMBERS, anchor="end")
    ends, drawn = _limits(chart, sheet, across, down)
    places = [(site, across.at(size), down.at(value)) for site, size, value in known]
    _names(chart, sheet, (across, down), places, drawn)
    for site, x, y in sorted(places, key=lambda place: place[0].own):
        _mark(sheet, x, y, own=site.own)
    name_ends(sheet, across.end, ends, _TOP - 6, foot + 6)
    sheet.line(across.start, _TOP, across.start, foot, color=MUTED, width=0.6)
    room = across.end - across.start
    count = shortened(chart.count, _WORDS, room, language)
    sheet.block(across.start, 1.0, room, count, _WORDS.but(align="right"))
    title_left(sheet, _TOP, foot, chart.y_axis)
    return sheet.drawing(bottom(sheet, across, foot, chart.x_axis) + 2.0)


def _right(chart: Funnel, sheet: Sheet) -> float:
    """Return the room for the words at the right: a small plot gives them what they need."""
    words = [(chart.center_label, _OWN_WORDS), *((limit.label, _WORDS) for limit in chart.limits)]
    need = BEFORE_NAME + max(sheet.measure(*word) for word in words) + 1.0
    return max(_LABELS * sheet.width, min(need, _MOST * sheet.width, _LABELS * WIDTH))


def _known(site: FunnelSite) -> tuple[float, float] | None:
    size, value = finite(site.size), finite(site.value)
    return None if size is None or value is None or size < 0 else (size, value)


def _down(chart: Funnel, values: list[float], foot: float) -> Scale:
    """Return the vertical scale: all sites, and the limits where the smallest site stands."""
    sizes = [place[0] for site in chart.sites if (place := _known(site)) is not None]
    shown: list[float | None] = [*values, chart.center]
    for limit in chart.limits:
        rows = zip(limit.size, limit.low, limit.high, strict=True)
        reached = [row for row in rows if row[0] >= min(sizes, default=0.0)]
        shown += [value for _, *pair in reached[:1] for value in pair]
    found = scale(shown, foot, _TOP, factor=chart.factor)
    low, high = (finite(value) for value in chart.within or (None, None))
    low = found.low if low is None else max(found.low, low)
    high = found.high if high is None else min(found.high, high)
    if low >= high:
        return found
    return Scale(low=low, high=high, start=foot, end=_TOP, factor=found.factor)


def _limits(
    chart: Funnel, sheet: Sheet, across: Scale, down: Scale
) -> tuple[list[End], list[_Box]]:
    """Draw center and limits; return where each ends, what it is called, and what it covers."""
    ends: list[End] = []
    drawn: list[_Box] = []
    for index, limit in enumerate(chart.limits):
        thick, dash = _LINES[index % len(_LINES)]
        for values in (limit.low, limit.high):
            curve = _curve(limit, values, across, down)
            sheet.polyline(curve, color=BLUE, width=thick, dash=dash)
            drawn += _along(curve)
            if curve and curve[-1][0] >= across.end - 1.0:
                ends.append(End(y=curve[-1][1], label=limit.label, style=_WORDS))
    center = finite(chart.center)
    if center is not None:
        y = down.at(center)
        sheet.line(across.start, y, across.end, y, color=NAVY, width=1.1)
        ends.append(End(y=y, label=chart.center_label, style=_OWN_WORDS))
        drawn += _along([(across.start, y), (across.end, y)])
    return ends, drawn


def _curve(
    limit: FunnelLimit, values: tuple[float | None, ...], across: Scale, down: Scale
) -> Points:
    """Return a limit as far as the plot shows it: it enters at an edge, and runs to the right."""
    given = zip(map(finite, limit.size), map(finite, values), strict=True)
    known = [(size, value) for size, value in given if size is not None and value is not None]
    shown: Points = []
    for (size, value), (after, later) in pairwise(known):
        if after <= size or size > across.high or not down.covers(later):
            continue
        if not shown:
            edge = min(max(value, down.low), down.high)
            share = (edge - value) / (later - value) if later != value else 0.0
            start = max(size + (after - size) * share, across.low)
            shown.append((across.at(start), down.at(edge)))
        if after > across.high:
            share = (across.high - size) / (after - size)
            after, later = across.high, value + (later - value) * share  # noqa: PLW2901 - cut
        shown.append((across.at(after), down.at(later)))
    return shown


def _mark(sheet: Sheet, x: float, y: float, *, own: bool) -> None:
    """Draw a site as a ring, the own one as a full diamond."""
    if own:
        sheet.polygon(
            [(x - _OWN, y), (x, y - _OWN), (x + _OWN, y), (x, y + _OWN)],
            fill=NAVY, stroke=WHITE, line=0.9,
        )  # fmt: skip
    else:
        sheet.circle(x, y, _RING, fill=WHITE, stroke=MUTED, line=1.0)


def _names(
    chart: Funnel,
    sheet: Sheet,
    scales: tuple[Scale, Scale],
    places: list[tuple[FunnelSite, float, float]],
    drawn: list[_Box],
) -> None:
    """Name the own site, and the others as far as they are named and there is room."""
    across, down = scales
    marks = [(x - _RING, y - _RING, x + _RING, y + _RING) for _, x, y in places]
    taken = [*drawn, *marks]
    for site, x, y in sorted(places, key=lambda place: not place[0].own):
        if not site.label or not (site.own or chart.named):
            continue
        style = _OWN_WORDS if site.own else _WORDS
        lines = shortened(site.label, style, _NAME[site.own], sheet.language)
        width, height = lines[0].width, block_height(lines, style)
        wanted = [box for away in _AWAY[site.own] for box in _around(x, y, width, height, away)]
        inside = [
            (left, top, right, below)
            for left, top, right, below in wanted
            if left > across.start + 1 and right < across.end
            if top > down.end and below < down.start
        ]
        free = [box for box in inside if not any(_touch(box, other) for other in taken)]
        found = next(iter(free or (inside if site.own else [])), None)
        if found is None:
            continue
        if site.own:
            _lead(sheet, x, y, found)
        sheet.block(found[0], found[1], width, lines, style)
        taken.append(found)


def _around(x: float, y: float, width: float, height: float, away: float) -> list[_Box]:
    """Return places for words so far from a mark: beside it, above, below, at the corners."""
    right, left, middle = x + away, x - away - width, y - height / 2
    above, below = y - away - height, y + away
    corners = [
        (right, middle), (left, middle), (x - width / 2, above), (x - width / 2, below),
        (right, above), (right, below), (left, above), (left, below),
    ]  # fmt: skip
    return [(x, y, x + width, y + height) for x, y in corners]


def _lead(sheet: Sheet, x: float, y: float, box: _Box) -> None:
    """Draw a line from a mark to words that stand away from it."""
    at = min(max(x, box[0]), box[2]), min(max(y, box[1] + 1), box[3] - 1)
    if math.dist(at, (x, y)) > _AWAY[True][0] + 1:
        sheet.line(x, y, *at, color=NAVY, width=0.5)


def _along(points: Points) -> list[_Box]:
    """Return boxes that cover a curve."""
    return [
        (min(a, c), min(b, d) - 0.5, max(a, c), max(b, d) + 0.5)
        for (a, b), (c, d) in pairwise(points)
    ]


def _touch(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
