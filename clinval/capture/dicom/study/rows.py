"""The rows of the form that headers fill, one for each subject and arm, and what is behind them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clinval.capture.dicom.measured import UNITS, Confidence, Measured
from clinval.capture.dicom.study.belonging import Belonging, Key
from clinval.capture.dicom.study.coding import Coding
from clinval.capture.dicom.times.acquisitions import once_per_acquisition
from clinval.protocol.forms import HEADERS

if TYPE_CHECKING:
    from clinval.capture.dicom.devices.device import Device
    from clinval.capture.dicom.instance import Instance
    from clinval.protocol.model import Protocol

__all__ = ["FIELDS", "Row", "Rows", "Value", "rows_of_harvest"]

FIELDS = {
    "scan_time": "scan_time_s",
    "examination_time": "examination_time_s",
    "ctdivol": "ctdivol_mgy",
    "dlp": "dlp_mgy_cm",
    "ctdi_phantom": "ctdi_phantom_cm",
    "ssde": "ssde_mgy",
    "dose_area_product": "dap_gy_cm2",
    "reference_point_dose": "reference_point_dose_mgy",
    "fluoroscopy_time": "fluoroscopy_time_s",
    "average_glandular_dose": "glandular_dose_mgy",
    "entrance_dose": "entrance_dose_mgy",
    "administered_activity": "activity_mbq",
}
"""The field of the form for each quantity; its unit is that of the quantity."""

_SUMMED = ("dlp", "dose_area_product", "reference_point_dose", "fluoroscopy_time",
           "administered_activity")  # fmt: skip
_HIGHEST = ("ctdivol", "ssde", "average_glandular_dose", "entrance_dose")
_LADDER = ("irradiation_times", "acquisition_duration", "vendor_private", "frame_times",
           "acquisition_span", "content_span", "none")  # fmt: skip
_REPORTS = ("SR",)
_CONFIDENCE: tuple[Confidence, ...] = ("high", "medium", "low")
_PLACES = 6  # decimals of a sum: what lies behind them is rounding of the computer
_INCOMPLETE = "part_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of a row, and what it was made of.

    Attributes
    ----------
    value
        A number in ``unit``, a text, or ``None`` where it is missing; ``flags`` say why.
    source, confidence
        The least reliable of its parts; empty for what is not measured.
    flags
        Those of all parts.
    parts
        What was added up, or chosen from.
    """

    value: float | str | None
    unit: str = ""
    source: str = ""
    confidence: Confidence | None = None
    flags: tuple[str, ...] = ()
    parts: tuple[Measured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What headers say of one arm of one subject.

    ``values`` are by field of the form, ``instances`` the hashes of all files behind them, sorted.
    """

    site: str
    subject: str
    arm: str
    values: Mapping[str, Value]
    instances: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a harvest in the order of the protocol, and what went into none.

    ``left_out`` counts, by reason: ``refused`` files, files of ``no_subject``, of
    ``several_subjects`` in one series, of ``no_arm``, of ``several_arms``, and values of
    ``events_of_no_arm``.
    """

    rows: tuple[Row, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    def of_site(self, site: str) -> tuple[Row, ...]:
        """Return the rows of one site."""
        return tuple(row for row in self.rows if row.site == site)


def rows_of_harvest(
    measured: Iterable[Measured],
    devices: Sequence[Device],
    instances: Sequence[Instance],
    protocol: Protocol,
) -> Rows:
    """Return the rows that a study takes from a harvest.

    Parameters
    ----------
    measured
        Values of series, events and examinations, those of reports and images merged.
    devices
        What made the instances.
    instances
        The files that they were read from. Those that the gate refuses go into no row.
    protocol
        The study.

    Notes
    -----
    The scan time of an arm is the sum over its original series, repeats too and localizers not;
    reconstructions of one acquisition count once.
    Where one of them has no time the sum is missing, not smaller. DLP, dose area product, dose at
    the reference point and activity are sums over the events of the arm, each counted once;
    CTDIvol, SSDE and doses of single views are the highest. What a report says of a whole
    examination counts where every series of the examination is of the arm.
    """
    belonging = Belonging(instances, Coding(protocol))
    by_key: dict[Key, dict[str, list[Measured]]] = {}
    for one in measured:
        key = belonging.of(one)
        if key is not None:
            by_key.setdefault(key, {}).setdefault(one.quantity, []).append(one)
    form = next((form for form in protocol.forms if form.filled_by == HEADERS), None)
    asked = {each.id for each in form.fields} if form else set()
    rows = []
    for key in belonging.keys(protocol):
        values = _values(by_key.get(key, {}), belonging) | _made_by(key, devices, belonging)
        own = {one.uid for one in belonging.instances_of(key)}
        own |= {uid for value in values.values() for part in value.parts for uid in part.instances}
        kept = {name: value for name, value in values.items() if name in asked}
        rows.append(
            Row(
                site=belonging.coding.site(key.subject), subject=key.subject, arm=key.arm,
                values=kept, instances=tuple(sorted(own)),
            )
        )  # fmt: skip
    left = Counter(belonging.left_out)
    return Rows(rows=tuple(rows), left_out=dict(sorted(left.items())))


def _values(found: Mapping[str, list[Measured]], belonging: Belonging) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for quantity, parts in found.items():
        if quantity == "scan_time":
            counted = [part for part in parts if belonging.counts(part)]
            values |= _scan_time(once_per_acquisition(counted))
        elif quantity == "examination_time":
            values[FIELDS[quantity]] = _sum(parts)
        elif quantity in _SUMMED:
            values[FIELDS[quantity]] = _sum(_once(parts))
        elif quantity in _HIGHEST:
            values[FIELDS[quantity]] = _highest(parts)
    values |= _phantom(found)
    return values | _dose_as_a_whole(found, values)


def _scan_time(parts: Sequence[Measured]) -> dict[str, Value]:
    """Return the scan time with its source, as the form has them."""
    if not parts:
        return {}
    total = _sum(parts)
    about = {
        "scan_time_source": total.source,
        "scan_time_confidence": total.confidence or "",
        "scan_time_flags": "; ".join(total.flags),
    }
    told = {name: Value(value=text) for name, text in about.items() if text}
    return {FIELDS["scan_time"]: total, **told, "series_counted": Value(value=float(len(parts)))}


def _once(parts: Sequence[Measured]) -> list[Measured]:
    """Return the parts of a sum: the total of an examination instead of its events.

    A total without a value counts for nothing; the events are then added up.
    """
    totals = {
        part.study: part for part in parts if part.scope == "examination" and part.value is not None
    }
    single = [p for p in parts if p.scope != "examination" and p.study not in totals]
    return [*totals.values(), *single]


def _sum(parts: Sequence[Measured]) -> Value:
    """Return a sum; missing where a part is missing, because the rest would be too small."""
    known = [part.value for part in parts if part.value is not None]
    whole = len(known) == len(parts) and bool(parts)
    value = round(math.fsum(known), _PLACES) if whole else None
    return _value(value, parts, () if whole or not known else (_INCOMPLETE,))


def _highest(parts: Sequence[Measured]) -> Value:
    single = [part for part in parts if part.scope != "examination"] or list(parts)
    known = [part for part in single if part.value is not None]
    if not known:
        return _value(None, single)
    chosen = max(known, key=lambda part: part.value or 0.0)
    missing = (_INCOMPLETE,) if len(known) < len(single) else ()
    return _value(round(chosen.value or 0.0, _PLACES), [chosen], missing)


def _phantom(found: Mapping[str, list[Measured]]) -> dict[str, Value]:
    """Return the phantom of the event with the highest CTDIvol, which it belongs to."""
    phantoms = [part for part in found.get("ctdi_phantom", ()) if part.value is not None]
    if not phantoms:
        return {}
    doses = {
        (part.event, part.series): part.value or 0.0
        for part in found.get("ctdivol", ())
        if part.scope != "examination"
    }
    chosen = max(phantoms, key=lambda part: doses.get((part.event, part.series), -1.0))
    differ = ("phantoms_differ",) if len({part.value for part in phantoms}) > 1 else ()
    return {FIELDS["ctdi_phantom"]: _value(chosen.value, [chosen], differ)}


def _dose_as_a_whole(
    found: Mapping[str, list[Measured]], values: Mapping[str, Value]
) -> dict[str, Value]:
    """Return how far the doses of a row can be relied upon, and whether reports add up."""
    doses = [
        values[name]
        for quantity, name in FIELDS.items()
        if quantity not in ("scan_time", "examination_time") and name in values
    ]
    parts = tuple(dict.fromkeys(part for value in doses for part in value.parts))
    if not parts:
        return {}
    told: dict[str, Value] = {}
    told["dose_confidence"] = Value(value=_least(parts))
    flags = tuple(dict.fromkeys(flag for value in doses for flag in value.flags))
    if flags:
        told["dose_flags"] = Value(value="; ".join(flags))
    totals = tuple(
        part for quantity in _SUMMED for part in found.get(quantity, ())
        if part.scope == "examination"
    )  # fmt: skip
    if totals:
        differs = any("total_differs" in part.flags for part in totals)
        told["dose_total_agrees"] = Value(value="no" if differs else "yes")
    return told


def _made_by(key: Key, devices: Sequence[Device], belonging: Belonging) -> dict[str, Value]:
    """Return what made the images of a row; where it was several devices, all are named.

    A scanner writes its software otherwise into reports than into images; images count.
    """
    own = belonging.series_of(key)
    used = [device for device in devices if own.intersection(device.series)]
    scanners = [device for device in used if device.kind == "scanner"]
    scanners = [one for one in scanners if one.modalities != _REPORTS] or scanners
    algorithms = [device for device in used if device.kind == "algorithm"]
    names = {
        "device_serial": [one.serial for one in scanners],
        "manufacturer": [one.manufacturer for one in scanners],
        "model": [one.model for one in scanners],
        "scanner_software": [one.software for one in scanners],
        "udi": [one.udi for one in scanners],
        "algorithm": [one.algorithm for one in algorithms],
        "algorithm_version": [one.version for one in algorithms],
    }
    return {
        name: Value(value="; ".join(dict.fromkeys(filter(None, texts))))
        for name, texts in names.items()
        if any(texts)
    }


def _value(value: float | None, parts: Sequence[Measured], flags: Sequence[str] = ()) -> Value:
    every = (*flags, *(flag for part in parts for flag in part.flags))
    sources = {part.source for part in parts}
    ladder = [rung for rung in _LADDER if rung in sources]
    return Value(
        value=value,
        unit=UNITS[parts[0].quantity] if parts else "",
        source=ladder[-1] if ladder else "; ".join(sorted(sources)),
        confidence=_least(parts) if parts else None,
        flags=tuple(dict.fromkeys(every)),
        parts=tuple(parts),
    )


def _least(parts: Sequence[Measured]) -> Confidence:
    return max((part.confidence for part in parts), key=_CONFIDENCE.index)
