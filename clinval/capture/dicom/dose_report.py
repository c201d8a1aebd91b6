"""What a dose report says: its totals, and its irradiation events one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["DoseReport", "IrradiationEvent", "Quantity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number of a report in our unit (`measured.UNITS`), and as it was written.

    ``value`` is ``None`` where the report leaves it empty or where its unit cannot be understood;
    ``flags`` say which.
    """

    value: float | None
    original: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IrradiationEvent:
    """One irradiation, or one administration of a radiopharmaceutical.

    Attributes
    ----------
    uid
        Hash of its identifier; the same event in two reports has the same one.
    kind
        ``ct``, ``projection``, ``mammography`` or ``administration``.
    started
        When it began, as written (DT), empty where it does not say.
    exposure_seconds
        How long it irradiated.
    values
        Its quantities by their names in `measured.UNITS`.
    label
        What the scanner calls it: protocol, type of acquisition, target region.
    """

    uid: str
    kind: str
    started: str = ""
    exposure_seconds: Quantity | None = None
    values: Mapping[str, Quantity] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseReport:
    """One report.

    Attributes
    ----------
    kind
        ``ct``, ``projection``, ``mammography``, ``radiopharmaceutical``.
    began, ended
        Start and end of X-ray irradiation, as written (DT), empty where it does not say.
    events
        In the order of the report.
    totals
        What it states for all of its events together, by quantity.
    """

    kind: str
    began: str = ""
    ended: str = ""
    events: tuple[IrradiationEvent, ...] = ()
    totals: Mapping[str, Quantity] = field(default_factory=dict)
