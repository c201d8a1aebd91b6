"""From the first start to the last end of what was acquired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from clinval.capture.dicom.times.moments import SECOND, Moment, on_one_axis
from clinval.capture.dicom.times.shots import Shot

__all__ = ["NOTABLE", "Span", "clock_step", "span_of"]

NOTABLE = 0.1
"""Share of a time from which a difference is worth telling."""


class Span(NamedTuple):
    """A time with what is to be known about it, in microseconds.

    ``step`` is how finely the clock it rests on goes; zero where no clock was needed.
    """

    length: int
    flags: tuple[str, ...] = ()
    step: int = 0


class _Part(NamedTuple):
    """One acquisition: ``still_open`` where its last image does not say how long it took."""

    begin: int
    end: int
    still_open: bool


def span_of(shots: Sequence[Shot]) -> Span | None:
    """Return how long the acquisitions of one series lasted.

    Each acquisition lasts from its first start to its last end, and pauses between acquisitions do
    not count. Rotations of a CT that steps and volumes of a time series are numbered as
    acquisitions too: where one has a single moment, the time from the first start to the last end
    of all is taken, unless each is one of its own beyond doubt.

    Parameters
    ----------
    shots
        Images or frames of one series.

    Returns
    -------
    Span or None
        ``None`` where there are no times, or only one moment and nothing that says how long it was.
    """
    starts = [shot.start for shot in shots if shot.start is not None]
    if not starts:
        only = shots[0].length if len(shots) == 1 else None
        return Span(only) if only else None
    positions, told = on_one_axis(starts)
    flags = list(told)
    if len(starts) < len(shots):
        flags.append("some_without_times")
    by_acquisition: dict[tuple[str, bool], list[tuple[int, int | None]]] = {}
    placed = (shot for shot in shots if shot.start is not None)
    for position, shot in zip(positions, placed, strict=True):
        key = (shot.acquisition, shot.separate)
        by_acquisition.setdefault(key, []).append((position, shot.length))
    parts = [_part(images) for images in by_acquisition.values()]
    alone = all(
        part.end > part.begin and (separate or any(start > part.begin for start, _ in images))
        for part, ((_, separate), images) in zip(parts, by_acquisition.items(), strict=True)
    )
    whole = _Part(
        min(part.begin for part in parts),
        max(part.end for part in parts),
        max(parts, key=lambda part: (part.end, part.still_open)).still_open,
    )
    length = whole.end - whole.begin
    if alone:
        length = _covered(parts)
        if length < (1 - NOTABLE) * (whole.end - whole.begin):
            flags.append("pauses_left_out")
        unfinished = any(part.still_open for part in parts)
    else:
        unfinished = whole.still_open
    if not length:
        return None
    flags += ["no_last_slice"] if unfinished else []
    if len(set(positions)) == 1:
        return Span(length, (*flags, "single_moment"))
    step = clock_step(starts)
    flags += ["coarse_clock"] if step > NOTABLE * length else []
    return Span(length, tuple(flags), step)


def clock_step(moments: Sequence[Moment]) -> int:
    """Return how finely a clock goes by the moments that it wrote, in microseconds.

    Scanners without fractions of a second write zeros in their place: a clock whose every moment is
    a whole second counts seconds.
    """
    coarsest = max(moment.step for moment in moments)
    whole = all(moment.clock % SECOND == 0 for moment in moments)
    return max(coarsest, SECOND) if whole else coarsest


def _part(images: Sequence[tuple[int, int | None]]) -> _Part:
    begin = min(start for start, _ in images)
    end = max(start + (length or 0) for start, length in images)
    latest = max(start for start, _ in images)
    unfinished = end == latest and any(length is None for start, length in images if start == end)
    return _Part(begin, end, unfinished)


def _covered(parts: Sequence[_Part]) -> int:
    """Return the time that at least one of the acquisitions lasted."""
    total, reached = 0, min(part.begin for part in parts)
    for part in sorted(parts):
        total += max(0, part.end - max(part.begin, reached))
        reached = max(reached, part.end)
    return total
