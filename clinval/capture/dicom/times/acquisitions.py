"""Series that come from one acquisition: reconstructions of the same data, echoes, phases.

One acquisition is irradiated, and waited for, once. Its series share their irradiation event or
acquisition identifier; where scanners do not write those, they share the time: nothing acquires two
things of one modality at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clinval.capture.dicom.measured import Measured
from clinval.capture.dicom.times.moments import SECOND, on_one_axis
from clinval.capture.dicom.times.series_time import SeriesTime

__all__ = ["once_per_acquisition", "places_of", "united"]

Place = tuple[int, int]
"""Begin and end on the axis of the examination, in microseconds."""


def once_per_acquisition(values: Iterable[Measured]) -> list[Measured]:
    """Return values of series so that each acquisition is there once: its longest.

    To be used before scan times of series are added up. A reconstruction may hold a part of what
    was acquired, never more.

    Parameters
    ----------
    values
        Scan times of series, of one arm or one examination.
    """
    found: dict[tuple[str, str], Measured] = {}
    for value in values:
        key = (value.study, value.event or value.series)
        known = found.get(key)
        if known is None or (known.value or 0.0) < (value.value or 0.0):
            found[key] = value
    return list(found.values())


def places_of(series: Sequence[SeriesTime]) -> tuple[list[Place | None], tuple[str, ...]]:
    """Return when each series of an examination was, and what is to be known about the clocks.

    A series of which only the start is known lasts as long as its scan time.
    """
    shots = [shot for one in series for shot in one.shots]
    # a series on which midnight was unwrapped has dates that lag behind its times
    lag = any("midnight" in rung.flags for one in series for rung in one.rungs)
    starts = [shot.start for shot in shots if shot.start is not None]
    positions, flags = on_one_axis(starts, dates_may_lag=lag)
    rest = iter(positions)
    places: list[Place | None] = []
    for one in series:
        own = [(next(rest), shot.length or 0) for shot in one.shots]
        if not own:
            places.append(None)
            continue
        begin = min(start for start, _ in own)
        end = max(start + length for start, length in own)
        if one.rungs and one.rungs[0].source != "content_span":
            end = max(end, begin + round(one.rungs[0].seconds * SECOND))
        places.append((begin, end))
    return places, flags


def united(series: Sequence[SeriesTime], places: Sequence[Place | None]) -> list[str]:
    """Return what stands for the acquisition of each series of an examination, as hashes.

    It is the irradiation event where all series of the acquisition come from this one alone, so
    that times and doses can be brought together, and the smallest hash of its series otherwise.
    """
    leader = list(range(len(series)))

    def first(k: int) -> int:
        while leader[k] != k:
            leader[k] = leader[leader[k]]
            k = leader[k]
        return k

    seen: dict[str, int] = {}
    identifiers = [_identifiers(one) for one in series]
    for k, own in enumerate(identifiers):
        for uid in own:
            leader[first(k)] = first(seen.setdefault(uid, k))
    groups: dict[tuple[str, str], list[tuple[Place, int]]] = {}
    for k, (one, place) in enumerate(zip(series, places, strict=True)):
        if place is not None:
            groups.setdefault((one.modality, one.kind), []).append((place, k))
    for members in groups.values():
        members.sort()
        last, holder = members[0]
        for place, k in members[1:]:
            apart = identifiers[k] and identifiers[holder]
            if not apart and _same_time(last, place):
                leader[first(k)] = first(holder)
            if place[1] > last[1]:
                last, holder = place, k
    together: dict[int, list[SeriesTime]] = {}
    for k, one in enumerate(series):
        together.setdefault(first(k), []).append(one)
    names = {key: _name(members) for key, members in together.items()}
    return [names[first(k)] for k in range(len(series))]


def _identifiers(one: SeriesTime) -> frozenset[str]:
    told = (instance.header.text("AcquisitionUID") for instance in one.instances)
    return one.images.uids | {uid for uid in told if uid}


def _name(members: Sequence[SeriesTime]) -> str:
    events = frozenset(uid for one in members for uid in one.images.uids)
    return min(events) if len(events) == 1 else min(one.name for one in members)


def _same_time(one: Place, other: Place) -> bool:
    """Whether two places, of which ``one`` begins first, are on each other for half the shorter."""
    shorter = min(one[1] - one[0], other[1] - other[0])
    if shorter == 0:
        return one[0] == other[0] or other[0] < one[1]
    return 2 * (min(one[1], other[1]) - other[0]) >= shorter
