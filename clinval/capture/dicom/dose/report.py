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
    mode
        How it was acquired, one of `dose_codes.MODES`, empty where it does not say.
    plane, side
        ``A`` or ``B`` of a system with two tubes; ``left``, ``right`` or ``both`` breasts. Empty
        where there is nothing to tell apart.
    started
        When it began, as written (DT), empty where it does not say.
    exposure_seconds
        How long X-rays were on; of pulsed fluoroscopy the pulses together.
    duration_seconds
        From its start to its end, with the pauses between pulses; only projection says it.
    values
        Its quantities by their names in `measured.UNITS`.
    label
        What the scanner calls it: its protocol, or else the target region.
    """

    uid: str
    kind: str
    mode: str = ""
    plane: str = ""
    side: str = ""
    started: str = ""
    exposure_seconds: Quantity | None = None
    duration_seconds: Quantity | None = None
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
        What it states for all of its events together, by quantity; the dose of one breast as
        ``average_glandular_dose.left`` and ``.right``.
    stated_events
        How many events it says that there are, ``None`` where it does not say.
    flags
        ``report_cut`` where it is larger than is read, ``report_damaged`` where items could not be
        decoded, ``two_planes`` where both tubes of a system contributed.
    """

    kind: str
    began: str = ""
    ended: str = ""
    events: tuple[IrradiationEvent, ...] = ()
    totals: Mapping[str, Quantity] = field(default_factory=dict)
    stated_events: int | None = None
    flags: tuple[str, ...] = ()
