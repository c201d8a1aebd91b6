"""The plan of a phantom: what it looks like, where to measure in it, and what.

A small YAML file. Lengths are millimeters from the middle of the phantom: x to the right of the
picture, y downwards, layers along the table.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.protocol.base import Identifier, Section, Text, Words
from clinval.protocol.source import Path

__all__ = [
    "MEASURES", "Cnr", "CtNumber", "Detectability", "Find", "Layer", "Measure", "Mtf", "Noise",
    "Nps", "Plan", "Region", "Settings", "Uniformity",
]  # fmt: skip

_Length = Annotated[float, Setting(gt=0, le=2000)]
_Place = Annotated[float, Setting(ge=-1000, le=1000)]


class Find(Section):
    """How the phantom is found: a round object of a known size, or the middle of the picture."""

    by: Literal["cylinder", "image"] = "cylinder"
    diameter_mm: _Length | None = None
    tolerance_mm: _Length = 5.0
    above: float = Setting(
        default=-500.0, description="what is brighter belongs to the phantom; halfway to the air"
    )


class Layer(Section):
    """A part of the phantom along the table, from its middle towards the head."""

    id: Identifier
    from_mm: _Place
    to_mm: _Place


class Region(Section):
    """Where pixels are taken: a disk, or a square whose side is its size."""

    id: Identifier
    layer: Identifier | None = None
    shape: Literal["disk", "square"] = "disk"
    x_mm: _Place = 0.0
    y_mm: _Place = 0.0
    size_mm: _Length

    @property
    def reach(self) -> float:
        """The distance of its farthest point from the middle of the phantom (mm)."""
        half = self.size_mm / 2
        if self.shape == "disk":
            return math.hypot(self.x_mm, self.y_mm) + half
        return math.hypot(abs(self.x_mm) + half, abs(self.y_mm) + half)


class Settings(Section):
    """A name for the settings of series: shell wildcards over what their headers say."""

    name: Annotated[str, Setting(min_length=1, max_length=40)]
    series: Mapping[str, Words] = Setting(min_length=1)


class Measure(Section):
    """One measure; ``regions_used`` are the regions it needs."""

    id: Identifier

    def regions_used(self) -> Iterator[tuple[Path, str]]:
        """Yield the key under which each region is named, and its name."""
        for key in ("region", "center", "signal", "background"):
            name = getattr(self, key, None)
            if isinstance(name, str):
                yield (key,), name
        for key in ("edges", "regions"):
            for index, name in enumerate(getattr(self, key, ())):
                yield (key, index), name


class CtNumber(Measure):
    """Mean of a region: the CT number of what is there, of water first of all."""

    kind: Literal["ct_number"]
    region: Identifier


class Noise(Measure):
    """Standard deviation: within a slice, or of differences of neighbouring slices."""

    kind: Literal["noise"]
    region: Identifier
    of: Literal["slices", "pairs"] = "slices"


class Uniformity(Measure):
    """Largest difference between means at the edge and in the center."""

    kind: Literal["uniformity"]
    center: Identifier
    edges: Annotated[tuple[Identifier, ...], Setting(strict=False, min_length=1)]


class Cnr(Measure):
    """Contrast over noise: that of the background, or of both regions."""

    kind: Literal["cnr"]
    signal: Identifier
    background: Identifier
    noise: Literal["background", "pooled"]


class Mtf(Measure):
    """Modulation transfer: at an edge, at the rim of a disk, or of a point."""

    kind: Literal["mtf"]
    region: Identifier
    by: Literal["edge", "disk", "point"]


class Nps(Measure):
    """Noise power: of slices without their trend, or of differences of neighbouring slices."""

    kind: Literal["nps"]
    regions: Annotated[tuple[Identifier, ...], Setting(strict=False, min_length=1)]
    of: Literal["slices", "pairs"] = "slices"
    trend: Literal["mean", "plane", "quadratic"] = "quadratic"
    at_least: Annotated[int, Setting(ge=1, le=10_000)] = Setting(
        default=16, description="so many regions over all slices, or there is no spectrum"
    )


class Detectability(Measure):
    """Detectability of a disk, by the transfer and the noise power that were measured."""

    kind: Literal["detectability"]
    mtf: Identifier
    nps: Identifier
    contrast: Annotated[float, Setting(gt=0)]
    diameter_mm: _Length


MEASURES: dict[str, type[Measure]] = {
    "ct_number": CtNumber, "noise": Noise, "uniformity": Uniformity, "cnr": Cnr, "mtf": Mtf,
    "nps": Nps, "detectability": Detectability,
}  # fmt: skip
"""The measures by their kind."""


class Plan(Section):
    """A plan; its measures are each of the kind that it names."""

    id: Identifier
    name: Text
    source: Words | None = None
    called: Annotated[tuple[Words, ...], Setting(strict=False)] = Setting(
        default=(), description="what scanners have as name and number of the phantom"
    )
    find: Find
    layers: Annotated[tuple[Layer, ...], Setting(strict=False)] = ()
    regions: Annotated[tuple[Region, ...], Setting(strict=False, min_length=1)]
    settings: Annotated[tuple[Settings, ...], Setting(strict=False)] = ()
    measures: Annotated[tuple[Any, ...], Setting(strict=False, min_length=1)]

    def region(self, name: str) -> Region:
        """Return a region by its name."""
        return next(region for region in self.regions if region.id == name)

    def layer(self, name: str | None) -> Layer | None:
        """Return a layer by its name; without a name all of the phantom is meant."""
        return next((layer for layer in self.layers if layer.id == name), None)
