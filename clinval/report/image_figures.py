"""What pictures of phantoms show: a slice with the regions drawn in, and curves by frequency."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FrequencyCurve", "FrequencyCurves", "Outline", "SliceWithRegions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A region on a slice: its middle in millimeters from the upper left corner of the picture.

    ``size`` is the diameter of a round one and the side of a square.
    """

    label: str
    x: float
    y: float
    size: float
    round: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceWithRegions:
    """A slice in grey with the outlines of regions, numbered and named beside it.

    ``grey`` has a byte a pixel, row by row; ``width`` and ``height`` are millimeters. ``middle``
    is that of the phantom, ``diameter`` 0 where it has none. In words (``alternative``): what the
    slice shows and which regions are drawn.
    """

    grey: bytes
    rows: int
    columns: int
    width: float
    height: float
    middle: tuple[float, float]
    diameter: float
    outlines: tuple[Outline, ...]
    ruler: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyCurve:
    """A curve by frequency and what it is called."""

    label: str
    frequency: tuple[float, ...]
    value: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyCurves:
    """Modulation transfer or noise power of scans; ``levels`` are values marked with a line.

    In words (``alternative``): how many curves there are, and over which frequencies.
    """

    curves: tuple[FrequencyCurve, ...]
    x_axis: str
    y_axis: str
    levels: tuple[float, ...] = ()
