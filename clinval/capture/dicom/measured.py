"""One measured value: never a bare number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["UNITS", "Confidence", "Measured", "Scope"]

UNITS = {
    "scan_time": "s",
    "examination_time": "s",
    "ctdivol": "mGy",
    "dlp": "mGy*cm",
    "ctdi_phantom": "cm",
    "ssde": "mGy",
    "dose_area_product": "Gy*cm2",
    "reference_point_dose": "mGy",
    "fluoroscopy_time": "s",
    "average_glandular_dose": "mGy",
    "entrance_dose": "mGy",
    "administered_activity": "MBq",
}
"""The quantities, and the unit in which each is given."""

Confidence = Literal["high", "medium", "low"]
Scope = Literal["event", "series", "examination"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value with where it comes from.

    Attributes
    ----------
    quantity
        One of `UNITS`.
    value
        In the unit of the quantity; ``None`` where it is missing, and ``flags`` say why.
    source
        The rung of the ladder or the place it was read from, such as ``acquisition_duration``.
    confidence
        How far it can be relied upon.
    scope
        What it is the value of: an irradiation event, a series, a whole examination.
    study, series, event
        Hashes of the identifiers of what it is the value of; empty where they do not apply.
    instances
        Hashes of the SOPInstanceUIDs of the files it rests on, in order.
    original
        The value and its unit as they were written, such as ``5.1e-06 Gy.m2``.
    flags
        What is to be known about it, such as ``midnight``, ``unit_corrected``.
    label
        What the scanner calls the series or event, for people: its protocol or description.
    others
        What other sources give for the same, from the next lower rung on, in the same unit.
    """

    quantity: str
    value: float | None
    source: str
    confidence: Confidence
    scope: Scope
    study: str
    series: str = ""
    event: str = ""
    instances: tuple[str, ...] = ()
    original: str = ""
    flags: tuple[str, ...] = ()
    label: str = ""
    others: tuple[tuple[str, float], ...] = ()

    @property
    def unit(self) -> str:
        """The unit of the value."""
        return UNITS[self.quantity]
