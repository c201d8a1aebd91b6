"""Doses of events and of examinations from dose reports, each irradiation counted once.

The total of an examination is what those reports state that no other one contains, and it is held
against the sum of the events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from clinval.capture.dicom.dose.report import Quantity
from clinval.capture.dicom.dose.union import EventKey, Report, UnitedEvent, in_order, united
from clinval.capture.dicom.dose.units import exact_sum, quantum, summed
from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.measured import UNITS, Confidence, Measured

__all__ = ["report_doses"]

# What a sum of events may differ from the total that is stated, beside what rounding explains.
_TOLERANCE = 0.01
# Dose area product by dose is the area of the beam at the reference point, in cm2: a spot, or at
# most some large detectors. A unit that is not what it is called makes it wrong by 100 and more.
_AREAS = (1, 4000)
_ADDITIVE = ("dlp", "dose_area_product", "reference_point_dose", "administered_activity")
_BREASTS = tuple(f"average_glandular_dose{side}" for side in ("", ".left", ".right", ".both"))
_TOTALS = (*_ADDITIVE, "fluoroscopy_time", *_BREASTS)
_KINDS = {"dlp": ("ct",), "administered_activity": ("administration",)}
_LOST = {"report_cut", "report_damaged"}
_DOUBTFUL = {
    *_LOST,
    "events_missing",
    "events_without_value",
    "fluoroscopy_not_counted",
    "reports_differ",
    "reports_overlap",
    "total_differs",
    "unit_by_its_name",
    "unit_contradicts_its_name",
}
_UNSURE = {"no_event_uid", "reports_without_events"}


def report_doses(instances: Sequence[Instance]) -> list[Measured]:
    """Return the doses that reports state, of events and of whole examinations.

    Parameters
    ----------
    instances
        Of any examinations and in any order; those without a report are passed over.

    Returns
    -------
    list of Measured
        By examination: first its events in the order of the reports (source ``report_event``), then
        its totals (``report_total`` where reports state them, ``report_sum`` where only the events
        do). A quantity that a report leaves empty has the value ``None`` and says so.

        Totals are flagged ``total_differs`` where they and the sum of the events are more than 1 %
        and more than the rounding of the printed numbers apart; ``events_without_value`` where
        events lack the quantity; ``mixed_phantoms`` where a DLP adds up what is given for a 16 cm
        and for a 32 cm phantom; ``two_planes`` where both tubes contributed; ``doses_disagree``
        where dose area product and dose at the reference point cannot be of the same beam.
    """
    studies: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        if instance.report is not None:
            studies[instance.study].append(instance)
    found: list[Measured] = []
    for study in sorted(studies):
        reports = in_order(studies[study])
        events = united(reports)
        found += _of_events(study, events)
        found += _cross_checked([*_of_examination(study, reports, events)])
    return found


def _of_events(study: str, events: Mapping[EventKey, UnitedEvent]) -> Iterator[Measured]:
    for event in events.values():
        localizer = ["localizer"] if event.says.mode == "localizer" else []
        for name, quantity in event.says.values.items():
            flags = _flags(quantity.flags, event.flags, [event.says.side], localizer)
            yield Measured(
                quantity=name,
                value=quantity.value,
                source="report_event",
                confidence=_confidence(quantity, flags),
                scope="event",
                study=study,
                event=event.says.uid,
                instances=event.instances,
                original=quantity.original,
                flags=flags,
                label=event.says.label,
            )


def _of_examination(
    study: str, reports: Sequence[Report], events: Mapping[EventKey, UnitedEvent]
) -> Iterator[Measured]:
    for name in _TOTALS:
        quantity, _, side = name.partition(".")
        parts = {
            key: event
            for key, event in events.items()
            if quantity in event.says.values and event.says.side == side
        }
        stating = [report for report in reports if name in report.says.totals]
        if not stating and not parts:
            continue
        total, source = _total(name, stating, parts)
        files = {file for event in parts.values() for file in event.instances}
        files |= {report.instance.uid for report in stating}
        flags = _flags(
            total.flags,
            [side],
            *(event.flags for event in parts.values()),
            *(report.says.flags for report in stating),
            # what is lost of one report may be part of any total
            [flag for report in reports for flag in report.says.flags if flag in _LOST],
            _of_all_events(name, reports, events, source),
        )
        yield Measured(
            quantity=quantity,
            value=total.value,
            source=source,
            confidence=_confidence(total, flags),
            scope="examination",
            study=study,
            instances=tuple(sorted(files)),
            original=total.original,
            flags=flags,
        )


def _cross_checked(totals: list[Measured]) -> list[Measured]:
    """Flag the two doses of a projection where they cannot be of the same beam."""
    given = {value.quantity: value.value for value in totals}
    product, dose = given.get("dose_area_product"), given.get("reference_point_dose")
    if not product or not dose or _AREAS[0] <= product / (dose / 1000) <= _AREAS[1]:
        return totals
    return [
        replace(value, flags=_flags(value.flags, ["doses_disagree"]), confidence="low")
        if value.quantity in ("dose_area_product", "reference_point_dose")
        else value
        for value in totals
    ]


def _total(
    name: str, stating: Sequence[Report], parts: Mapping[EventKey, UnitedEvent]
) -> tuple[Quantity, str]:
    """Return the total of an examination, and whether it is what is stated or the sum of events."""
    quantity = name.partition(".")[0]
    given = [event.says.values[quantity] for event in parts.values()]
    of_events = summed(given)
    if not stating:
        return of_events, "report_sum"
    kept, flags = _outermost(name, stating)
    totals = [report.says.totals[name] for report in kept]
    stated = summed(totals)
    stated = replace(stated, flags=(*stated.flags, *flags))
    keys = [key for report in kept for key in set(report.keys)]
    apart = len(keys) == len(set(keys))
    if of_events.value is None:
        unclear = () if apart else ("reports_overlap",)
        return replace(stated, flags=(*stated.flags, *unclear)), "report_total"
    if stated.value is None or not apart or not set(parts) <= set(keys):
        # what is stated overlaps, or is not of all events: only the events can be added up
        return replace(of_events, flags=(*stated.flags, *of_events.flags)), "report_sum"
    rounding = exact_sum(
        quantum(one.original, UNITS[quantity]) / 2
        for one in (*given, *totals)
        if one.value  # a zero does not show to how many digits it was rounded
    )
    allowed = max(_TOLERANCE * max(stated.value, of_events.value), rounding)
    if exact_sum([stated.value, -of_events.value]) <= allowed and (
        exact_sum([of_events.value, -stated.value]) <= allowed
    ):
        return stated, "report_total"
    flags = {*stated.flags, "total_differs"}
    if len(kept) == 1:
        return replace(stated, flags=tuple(flags)), "report_total"
    # of several reports each may state its own part, or all so far
    return replace(of_events, flags=(*flags, *of_events.flags)), "report_sum"


def _outermost(name: str, stating: Sequence[Report]) -> tuple[list[Report], set[str]]:
    """Return the reports whose events no other one has all of, and what is to be said of that."""
    whole: dict[frozenset[EventKey], Report] = {}
    flags = set()
    for report in stating:
        keys = frozenset(report.keys)
        before = whole.get(keys, report)
        one, other = before.says.totals[name].value, report.says.totals[name].value
        if one != other:
            flags.add("reports_differ" if keys else "reports_without_events")
        # summaries without events may be copies or parts: the largest is the least that was given
        larger = bool(keys) or (other or 0) >= (one or 0)
        whole[keys] = report if larger else before
    kept = [report for keys, report in whole.items() if not any(keys < other for other in whole)]
    return kept, flags


def _of_all_events(
    name: str, reports: Sequence[Report], events: Mapping[EventKey, UnitedEvent], source: str
) -> list[str]:
    """Return what the events of an examination mean for a total of it."""
    kinds = _KINDS.get(name, ("projection", "mammography"))
    concerned = [event.says for event in events.values() if event.says.kind in kinds]
    flags = []
    if name in _ADDITIVE and source == "report_sum":
        given = [event.values.get(name) for event in concerned]
        if any(quantity is None or quantity.value is None for quantity in given):
            flags.append("events_without_value")
    if name == "administered_activity" and len(concerned) > 1:
        flags.append("several_administrations")
    if name == "dlp":
        sizes = {
            event.values["ctdi_phantom"].value
            for event in concerned
            if "dlp" in event.values and "ctdi_phantom" in event.values
        }
        flags += ["mixed_phantoms"] if len(sizes - {None}) > 1 else []
        flags += ["events_missing"] if any(map(_lacks_events, reports)) else []
    if name == "fluoroscopy_time":
        stated = [report.says.totals.get(name) for report in reports]
        seen = any(event.mode == "fluoroscopy" for event in concerned)
        if seen and all(total is None or total.value == 0 for total in stated):
            flags.append("fluoroscopy_not_counted")
    return flags


def _lacks_events(report: Report) -> bool:
    stated = report.says.stated_events
    return stated is not None and stated > len(set(report.keys))


def _flags(*parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({flag for part in parts for flag in part if flag}))


def _confidence(quantity: Quantity, flags: Sequence[str]) -> Confidence:
    if quantity.value is None or _UNSURE & set(flags):
        return "low"
    return "medium" if _DOUBTFUL & set(flags) else "high"
