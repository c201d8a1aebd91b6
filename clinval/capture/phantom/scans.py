"""The slices of a scan, in the order of the table.

Whoever measures in slices has to know that they belong together, so everything that must not
differ between the slices of a scan is compared, and a scan in which it does is not measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from clinval.capture.phantom.slices import SAME, Slice
from clinval.core.problems import Place, Problems

__all__ = ["Scan", "scans_of"]

_NEAR = 0.01  # mm: positions nearer than this are the same


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """Slices that belong together, in the order of their positions."""

    slices: tuple[Slice, ...]

    @property
    def said(self) -> Mapping[str, str]:
        """What the header of the first slice says."""
        return self.slices[0].said

    @property
    def unit(self) -> str:
        """The unit of the pixels."""
        return self.slices[0].unit

    @property
    def spacing(self) -> tuple[float, float]:
        """Distance of the columns and of the rows (mm)."""
        return self.slices[0].spacing

    @property
    def step(self) -> float | None:
        """The usual distance of neighbouring slices (mm), ``None`` of a single one."""
        import numpy as np

        places = [one.position for one in self.slices]
        return float(np.median(np.diff(places))) if len(places) > 1 else None

    @property
    def overlaps(self) -> bool:
        """Whether neighbouring slices are thicker than their distance, and share their noise."""
        thickness = _number(self.said["SliceThickness"])
        return self.step is not None and thickness is not None and self.step < 0.99 * thickness


def scans_of(slices: Sequence[Slice], problems: Problems, folder: str) -> list[Scan]:
    """Return the scans that slices make; what does not belong together is reported.

    Slices of a series are one scan where no two are at the same place. Where some are, the series
    holds repeats, which are told apart by their acquisition numbers.

    Parameters
    ----------
    slices
        In any order.
    problems
        Told of series whose slices differ (``slices-differ``), or lie on each other
        (``slices-twice``); those are no scans.
    folder
        Its name, for the place of problems.
    """
    series: dict[str, list[Slice]] = {}
    for one in slices:
        series.setdefault(one.series, []).append(one)
    scans = []
    for group in series.values():
        place = Place(file=folder, sheet=_series_name(group[0]))
        differing = _differing(group)
        if differing:
            problems.report("slices-differ", place, attributes=", ".join(differing))
            continue
        for part in _repeats(group):
            ordered = tuple(sorted(part, key=lambda one: (one.position, one.uid)))
            if _twice(ordered):
                problems.report("slices-twice", place, count=len(ordered))
            else:
                scans.append(Scan(slices=ordered))
    return sorted(scans, key=_order)


def _order(scan: Scan) -> tuple[str, str, float, str]:
    """Put scans in the order in which they were made."""
    first = scan.slices[0]
    day = first.said["AcquisitionDate"] or first.said["StudyDate"]
    time = min(one.said["AcquisitionTime"] for one in scan.slices)
    return day, time, _number(first.said["SeriesNumber"]) or 0.0, first.uid


def _series_name(one: Slice) -> str:
    """Return the number of a series; its description may say anything."""
    return f"series {one.said['SeriesNumber'] or '-'}"


def _differing(group: Sequence[Slice]) -> list[str]:
    """Return what differs between slices that have to be alike."""
    first = group[0]
    found = [name for name in SAME if any(one.said[name] != first.said[name] for one in group)]
    if any(one.pixels.shape != first.pixels.shape for one in group):
        found.append("Rows, Columns")
    if any(one.spacing != first.spacing for one in group):
        found.append("PixelSpacing")
    return found


def _repeats(group: Sequence[Slice]) -> list[list[Slice]]:
    if not _twice(sorted(group, key=lambda one: one.position)):
        return [list(group)]
    parts: dict[str, list[Slice]] = {}
    for one in group:
        parts.setdefault(one.acquisition, []).append(one)
    return list(parts.values())


def _twice(ordered: Sequence[Slice]) -> bool:
    return any(b.position - a.position < _NEAR for a, b in pairwise(ordered))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
