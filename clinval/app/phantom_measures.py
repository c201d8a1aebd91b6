"""What is measured in one scan of a phantom, by the functions of the statistics.

Nothing is computed here that those functions do: this says which pixels each of them gets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clinval.capture.phantom import plan as p
from clinval.capture.phantom.parts import Located, Part, differences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Curve", "Value", "measure_in"]

_MTF, _NPS = "mtf", "nps"
_SNR = "image_quality.snr_region"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One number: of which measure, in which unit, by which function and which variant of it.

    ``n`` counts what it rests on: slices, or for noise power regions over all slices. ``reason`` is
    why it has no value.
    """

    measure: str
    quantity: str
    value: float | None
    unit: str
    method: str
    variant: str
    n: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A transfer (``mtf``) or a noise power (``nps``) by frequency (1/mm)."""

    measure: str
    kind: str
    frequencies: tuple[float, ...]
    values: tuple[float, ...]


def measure_in(located: Located) -> tuple[tuple[Value, ...], tuple[Curve, ...]]:
    """Measure in a scan whatever its plan asks for.

    Parameters
    ----------
    located
        The scan, with where the phantom is in it. What cannot be measured is reported there.

    Returns
    -------
    values, curves
        Numbers in the order of the plan; transfers and noise powers by frequency.
    """
    measuring, measures = _Measuring(located), located.plan.measures
    # what rests on the curves of other measures comes after them, wherever it stands
    for measure in sorted(measures, key=lambda one: isinstance(one, p.Detectability)):
        _MEASURES[type(measure)](measuring, measure)
    order = [measure.id for measure in measures]
    values = sorted(measuring.values, key=lambda value: order.index(value.measure))
    return tuple(values), tuple(measuring.curves.values())


@dataclass(slots=True)
class _Measuring:
    """One scan while it is measured."""

    located: Located
    values: list[Value] = field(default_factory=list)
    curves: dict[str, Curve] = field(default_factory=dict)

    def add(
        self,
        measure: p.Measure,
        quantity: str,
        value: float | None,
        method: str,
        n: int,
        *,
        variant: str = "",
        unit: str | None = None,
        reason: str = "",
    ) -> None:
        """Keep a number; without a unit it is in that of the pixels."""
        self.values.append(
            Value(
                measure=measure.id,
                quantity=quantity,
                value=value,
                unit=self.located.scan.unit if unit is None else unit,
                method=method,
                variant=variant,
                n=n,
                reason=reason,
            )
        )


def _ct_number(measuring: _Measuring, measure: p.CtNumber) -> None:
    part = measuring.located.part_of(measure)
    if part is not None:
        means = [found.mean for found in _regions(measuring, part, measure.region)]
        measuring.add(measure, "ct_number", _mean(means), _SNR, len(means), variant="slices")


def _noise(measuring: _Measuring, measure: p.Noise) -> None:
    from clinval.stats.imaging.image_quality import snr_region

    part = measuring.located.part_of(measure)
    if part is None:
        return
    if measure.of == "slices":
        found = [one.noise for one in _regions(measuring, part, measure.region)]
    elif measuring.located.has_pairs(measure, part):
        pixels = measuring.located.pixels(part, measure.region)
        found = [snr_region(one).noise for one in differences(pixels)]
    else:
        return
    measuring.add(measure, "noise", _mean(found), _SNR, len(found), variant=measure.of)


def _uniformity(measuring: _Measuring, measure: p.Uniformity) -> None:
    part = measuring.located.part_of(measure)
    if part is None:
        return
    center, *edges = (
        _mean([found.mean for found in _regions(measuring, part, name)])
        for name in (measure.center, *measure.edges)
    )
    worst = max(abs(edge - center) for edge in edges)
    measuring.add(measure, "uniformity", worst, _SNR, len(part.slices), variant="edges")


def _cnr(measuring: _Measuring, measure: p.Cnr) -> None:
    from clinval.stats.imaging.image_quality import cnr_regions

    part = measuring.located.part_of(measure)
    if part is None:
        return
    signals, behind = (
        measuring.located.pixels(part, name) for name in (measure.signal, measure.background)
    )
    found = [cnr_regions(*pair, noise=measure.noise) for pair in zip(signals, behind, strict=True)]
    known = [one.estimate for one in found if one.estimate is not None]
    whole = len(known) == len(found)
    measuring.add(
        measure, "cnr", _mean(known) if whole else None, found[0].method, len(found),
        variant=measure.noise, unit="", reason="" if whole else _reason(found),
    )  # fmt: skip


def _mtf(measuring: _Measuring, measure: p.Mtf) -> None:
    """Measure in the mean of the slices, whose noise is lower."""
    from clinval.stats.imaging.image_quality import mtf_disk, mtf_edge, mtf_point

    part = measuring.located.part_of(measure)
    if part is None:
        return
    x, y = measuring.located.scan.spacing
    if measure.by == "disk" and not math.isclose(x, y, rel_tol=1e-6):
        measuring.located.report("phantom-pixels-not-square", measure=measure.id)
        return
    image = measuring.located.blocks(part, measure.region).mean(axis=0)
    if measure.by == "disk" and _reaches_border(image):
        measuring.located.report("phantom-disk-cut", measure=measure.id)
        return
    found: Any
    try:
        if measure.by == "disk":
            found = mtf_disk(image, x)
        else:
            found = {"edge": mtf_edge, "point": mtf_point}[measure.by](image, x, y)
    except ValueError as error:
        measuring.located.report("phantom-region-small", measure=measure.id, detail=str(error))
        return
    for quantity in ("mtf50", "mtf10"):
        value = getattr(found, quantity)
        reason = found.reason or ("" if value is not None else "beyond the highest frequency")
        measuring.add(
            measure, quantity, value, found.method, len(part.slices), variant=measure.by,
            unit="1/mm", reason=reason,
        )  # fmt: skip
    if found.frequencies:
        measuring.curves[measure.id] = Curve(
            measure=measure.id, kind=_MTF, frequencies=found.frequencies, values=found.mtf
        )


def _reaches_border(image: NDArray[np.float64]) -> bool:
    """Return whether some of the border of a region is nearer to its middle than to its corners."""
    import numpy as np

    rows, columns = image.shape
    corners = np.median([image[0, 0], image[0, -1], image[-1, 0], image[-1, -1]])
    near = np.median(image[rows // 2 - 1 : rows // 2 + 2, columns // 2 - 1 : columns // 2 + 2])
    # thirds of each side: noise of single pixels is no rim
    sides = (image[0], image[-1], image[:, 0], image[:, -1])
    thirds = [np.mean(third) for side in sides for third in np.array_split(side, 3)]
    means = np.array(thirds, dtype=np.float64)
    return bool((np.abs(means - near) < np.abs(means - corners)).any())


def _nps(measuring: _Measuring, measure: p.Nps) -> None:
    import numpy as np

    from clinval.stats.imaging.image_quality import nps

    part = measuring.located.part_of(measure)
    if part is None or (measure.of == "pairs" and not measuring.located.has_pairs(measure, part)):
        return
    blocks = [measuring.located.blocks(part, name) for name in measure.regions]
    if measure.of == "pairs":
        blocks = [differences(block) for block in blocks]
    regions = np.concatenate(blocks)
    if len(regions) < measure.at_least:
        measuring.located.report(
            "phantom-nps-few", measure=measure.id, count=len(regions), least=measure.at_least
        )
        return
    try:
        found = nps(regions, *measuring.located.scan.spacing, trend=measure.trend)
    except ValueError as error:
        measuring.located.report("phantom-region-small", measure=measure.id, detail=str(error))
        return
    variant, unit = f"{measure.of}, {measure.trend}", measuring.located.scan.unit
    reason = "" if found.peak_frequency is not None else "the noise is 0"
    for quantity, value, of in (
        ("nps_noise", found.noise, unit),
        ("nps_mean", found.mean_frequency, "1/mm"),
        ("nps_peak", found.peak_frequency, "1/mm"),
    ):
        measuring.add(
            measure, quantity, value, found.method, found.n, variant=variant, unit=of,
            reason=reason if value is None else "",
        )  # fmt: skip
    measuring.curves[measure.id] = Curve(
        measure=measure.id, kind=_NPS, frequencies=found.frequencies, values=found.nps
    )


def _detectability(measuring: _Measuring, measure: p.Detectability) -> None:
    """Compute from both curves; the transfer is read between its frequencies at those of noise."""
    import numpy as np

    from clinval.stats.imaging.image_quality import detectability_npw

    transfer, noise = (measuring.curves.get(name) for name in (measure.mtf, measure.nps))
    if transfer is None or noise is None:  # which has been reported
        return
    at = np.asarray(noise.frequencies)
    between = np.interp(at, transfer.frequencies, transfer.values)
    found = detectability_npw(
        at, between, noise.values, contrast=measure.contrast, diameter=measure.diameter_mm
    )
    variant = f"{measure.contrast:g} {measuring.located.scan.unit}, {measure.diameter_mm:g} mm"
    n = next(value.n for value in measuring.values if value.measure == measure.nps)
    measuring.add(
        measure, "detectability", found.estimate, found.method, n, variant=variant, unit="",
        reason=found.reason or "",
    )  # fmt: skip


def _regions(measuring: _Measuring, part: Part, name: str) -> Iterator[Any]:
    """Yield mean and noise of a region, slice by slice."""
    from clinval.stats.imaging.image_quality import snr_region

    return (snr_region(pixels) for pixels in measuring.located.pixels(part, name))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _reason(found: Sequence[Any]) -> str:
    return next(str(one.reason) for one in found if one.reason)


_MEASURES: dict[type[p.Measure], Callable[[_Measuring, Any], None]] = {
    p.CtNumber: _ct_number, p.Noise: _noise, p.Uniformity: _uniformity, p.Cnr: _cnr, p.Mtf: _mtf,
    p.Nps: _nps, p.Detectability: _detectability,
}  # fmt: skip
