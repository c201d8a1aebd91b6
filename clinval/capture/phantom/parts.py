"""The slices of a scan that show the phantom, by layer, and the pixels of regions in them.

Pixels are refused where a number from them would be wrong: at the limit of what the file can hold,
outside the phantom, or from slices that overlap and share their noise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.capture.phantom.finding import Found, block_of, find, inside, pixels_inside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.capture.phantom.plan import Measure, Plan
    from clinval.capture.phantom.scans import Scan
    from clinval.capture.phantom.slices import Slice
    from clinval.core.problems import Place, Problems

__all__ = ["Located", "Part", "differences", "locate"]

_TILT = 2.0  # mm that the middle may move along the table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """The slices of a layer in which the phantom was found, and where its middle is in them."""

    layer: str
    slices: tuple[Slice, ...]
    found: Found

    def shown(self) -> Part:
        """Return the layer with the slice in its middle alone, to show where was measured."""
        middle = self.slices[len(self.slices) // 2]
        return Part(layer=self.layer, slices=(middle,), found=self.found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Located:
    """A scan in which the phantom was found; ``parts`` by the ids of the layers."""

    plan: Plan
    scan: Scan
    parts: Mapping[str | None, Part]
    problems: Problems
    place: Place

    def report(self, kind: str, **parameters: object) -> None:
        """Report a problem of the scan."""
        self.problems.report(kind, self.place, **parameters)

    def part_of(self, measure: Measure) -> Part | None:
        """Return the layer of a measure, ``None`` where one of its regions cannot be taken.

        Reported are regions outside, and pixels at the limit of what the file can hold.
        """
        regions = [self.plan.region(name) for _, name in measure.regions_used()]
        part = self.parts.get(regions[0].layer)
        if part is None:  # which has been reported
            return None
        for region in regions:
            if not inside(region, part.found, part.slices[0]):
                self.report("phantom-region-outside", region=region.id, measure=measure.id)
                return None
        clipped = sum(
            int((one.clipped & pixels_inside(region, part.found, one)).sum())
            for one in part.slices
            for region in regions
        )
        if clipped:
            self.report("phantom-saturated", count=clipped, measure=measure.id)
            return None
        return part

    def pixels(self, part: Part, name: str) -> NDArray[np.float64]:
        """Return the pixels of a region: slices by pixels."""
        import numpy as np

        where = pixels_inside(self.plan.region(name), part.found, part.slices[0])
        return np.stack([one.pixels[where] for one in part.slices])

    def blocks(self, part: Part, name: str) -> NDArray[np.float64]:
        """Return the pixels of a square: slices by rows by columns."""
        import numpy as np

        block = block_of(self.plan.region(name), part.found, part.slices[0])
        return np.stack([one.pixels[block] for one in part.slices])

    def has_pairs(self, measure: Measure, part: Part) -> bool:
        """Return whether neighbouring slices have noise of their own; otherwise it is reported."""
        if len(part.slices) < 2:
            self.report("phantom-no-pairs", measure=measure.id)
            return False
        if self.scan.overlaps:
            thickness = self.scan.said["SliceThickness"]
            self.report(
                "phantom-pairs-overlap",
                measure=measure.id,
                step=f"{self.scan.step:g}",
                thickness=thickness,
            )
            return False
        return True


def differences(values: NDArray[Any]) -> NDArray[Any]:
    """Return differences of neighbours over the root of two, which have the noise of one slice.

    Each slice is in one pair only; the last of an odd number is in none.

    Examples
    --------
    >>> import numpy as np
    >>> differences(np.array([[1.0], [3.0], [5.0]])).round(3).tolist()
    [[1.414]]
    """
    count = len(values) // 2 * 2
    found: NDArray[Any] = (values[1:count:2] - values[0:count:2]) / math.sqrt(2)
    return found


def locate(plan: Plan, scan: Scan, problems: Problems, place: Place) -> Located | None:
    """Find the phantom in a scan, and the layers that the plan measures in.

    Parameters
    ----------
    plan
        What the phantom looks like.
    scan
        The slices.
    problems
        Told of a phantom that is not found (``phantom-not-found``), reaches beyond the picture
        (``phantom-cut-off``) or is tilted, and of layers without a slice.
    place
        The scan, for problems.

    Returns
    -------
    Located or None
        ``None`` where no slice shows the phantom.
    """
    shown = _shown(plan, scan, problems, place)
    if not shown:
        return None
    ends = [one.position for one, _ in shown]
    middle = (ends[0] + ends[-1]) / 2
    used = {
        plan.region(name).layer for measure in plan.measures for _, name in measure.regions_used()
    }
    parts: dict[str | None, Part] = {}
    for name in sorted(used, key=str):
        layer = plan.layer(name)
        chosen = [
            pair
            for pair in shown
            if layer is None or layer.from_mm <= pair[0].position - middle <= layer.to_mm
        ]
        if chosen:
            parts[name] = _part(name or "", chosen, problems, place)
        else:
            start, end = (f"{at - middle:.1f}" for at in (ends[0], ends[-1]))
            problems.report("phantom-layer-missing", place, layer=name, start=start, end=end)
    return Located(plan=plan, scan=scan, parts=parts, problems=problems, place=place)


def _shown(plan: Plan, scan: Scan, problems: Problems, place: Place) -> list[tuple[Slice, Found]]:
    """Return the slices that show all of the phantom's width, with where it is."""
    pairs = [(one, found) for one in scan.slices if (found := find(one, plan.find)) is not None]
    wanted = plan.find.diameter_mm
    if plan.find.by == "image" or wanted is None:
        return pairs
    fitting = [pair for pair in pairs if abs(pair[1].diameter - wanted) <= plan.find.tolerance_mm]
    whole = [pair for pair in fitting if not pair[1].cut]
    if not whole:
        if fitting or any(found.cut for _, found in pairs):
            problems.report("phantom-cut-off", place)
        else:
            largest = max((found.diameter for _, found in pairs), default=0.0)
            problems.report(
                "phantom-not-found", place, wanted=f"{wanted:g}", found=f"{largest:.1f}"
            )
    return whole


def _part(
    name: str, chosen: Sequence[tuple[Slice, Found]], problems: Problems, place: Place
) -> Part:
    """Return a layer; regions stand at one place in it, so that slices can be averaged."""
    import numpy as np

    middles = np.array([(found.x, found.y) for _, found in chosen])
    shift = float(np.hypot(*np.ptp(middles, axis=0)))
    if shift > _TILT:
        problems.report("phantom-tilted", place, shift=f"{shift:.1f}")
    x, y = np.median(middles, axis=0)
    diameter = float(np.median([found.diameter for _, found in chosen]))
    found = Found(x=float(x), y=float(y), diameter=diameter)
    return Part(layer=name, slices=tuple(one for one, _ in chosen), found=found)
