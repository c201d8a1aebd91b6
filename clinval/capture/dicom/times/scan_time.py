"""Scan times of series and the time of examinations, from whatever headers and dose reports say.

Scanners say how long they scanned in many ways and most of them in none: of 163 public files two
have an AcquisitionDateTime and none an AcquisitionDuration. Every way that is there is read, the
most direct one is taken (`scan_rungs`), and the value says which it was, how far it can be relied
upon and what the others give.

Computed series have no scan time. How long software took to compute them is another quantity, of
which headers tell nothing that could be relied upon; it is asked for in a form where it matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clinval.capture.dicom.dose.report import IrradiationEvent
from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.measured import Measured
from clinval.capture.dicom.times.acquisitions import places_of, united
from clinval.capture.dicom.times.examination_time import examination_time
from clinval.capture.dicom.times.scan_rungs import event_length
from clinval.capture.dicom.times.series_kind import instance_kind, series_kind
from clinval.capture.dicom.times.series_time import LOWER, SeriesTime, differing

__all__ = ["scan_times"]


def scan_times(instances: Sequence[Instance]) -> list[Measured]:
    """Return the scan time of each acquired series, and the time of each examination after them.

    Parameters
    ----------
    instances
        Images and dose reports, in any order; a file that is there twice counts once, and an image
        that does not say its study and series belongs to none.

    Returns
    -------
    list of Measured
        ``scan_time`` (s, scope ``series``) of each series with an original image or a localizer,
        in the order of the scanner's numbers; ``event`` is the same in series that come from one
        acquisition (see `clinval.capture.dicom.times.acquisitions.once_per_acquisition`). Its
        ``value`` is ``None`` and its source ``none`` where nothing says it. Where a report of CT is
        there and its images are not, ``scan_time`` of each of its events (scope ``event``) instead.
        ``examination_time`` (s, scope ``examination``) from the first start to the last end,
        localizers included.
    """
    examinations: dict[str, list[Instance]] = {}
    events: dict[str, IrradiationEvent] = {}
    for instance in _once(instances):
        if instance.study and (instance.series or instance.report):
            examinations.setdefault(instance.study, []).append(instance)
        for event in instance.report.events if instance.report else ():
            # a later report of the same event may say what an earlier one left empty
            if event.uid not in events or event_length(events[event.uid]) is None:
                events[event.uid] = event
    return [
        value
        for study, members in examinations.items()
        for value in _of_examination(study, members, events)
    ]


def _once(instances: Sequence[Instance]) -> list[Instance]:
    ordered = sorted(instances, key=lambda instance: instance.file)
    first: dict[str, Instance] = {}
    for instance in ordered:
        first.setdefault(instance.uid or f"file {instance.file}", instance)
    return list(first.values())


def _of_examination(
    study: str, instances: Sequence[Instance], events: Mapping[str, IrradiationEvent]
) -> list[Measured]:
    by_series: dict[str, list[Instance]] = {}
    reports = []
    for instance in instances:
        if instance.report is not None:
            reports.append(instance)
        else:
            by_series.setdefault(instance.series, []).append(instance)
    found, derived = [], False
    for members in by_series.values():
        kinds = [instance_kind(instance.header) for instance in members]
        computed = any(kind in ("derived", "capture") for kind in kinds)
        derived = derived or computed
        acquired = [
            instance
            for instance, kind in zip(members, kinds, strict=True)
            if kind in ("original", "localizer")
        ]
        if acquired:
            found.append(SeriesTime(acquired, series_kind(kinds), computed, events))
    found.sort(key=lambda one: one.order)
    places, clocks = places_of(found)
    values = []
    told: set[str] = set()
    for one, event in zip(found, united(found, places), strict=True):
        values.append(_scan_time(study, one, event, repeated=event in told))
        told.add(event)
    if not any(one.modality == "CT" for one in found):
        values += _of_events(study, reports)
    x_ray = [one for one in reports if one.report and one.report.kind != "radiopharmaceutical"]
    whole = examination_time(study, found, places, clocks, x_ray, derived=derived)
    return [*values, *([whole] if whole is not None else [])]


def _scan_time(study: str, one: SeriesTime, event: str, *, repeated: bool) -> Measured:
    best = one.rungs[0] if one.rungs else None
    differ = best is not None and differing(one.rungs)
    confidence = best.confidence if best else "low"
    flags = (
        *(best.flags if best else ()),
        *(("several_rungs_differ",) if differ else ()),
        *(("repeated_reconstruction",) if repeated else ()),
        *one.flags,
    )
    return Measured(
        quantity="scan_time",
        value=best.seconds if best else None,
        source=best.source if best else "none",
        confidence=LOWER[confidence] if differ else confidence,
        scope="series",
        study=study,
        series=one.name,
        event=event,
        instances=tuple(instance.uid for instance in one.instances),
        original=best.original if best else "",
        flags=tuple(dict.fromkeys(flags)),
        label=one.label,
        others=tuple((rung.source, rung.seconds) for rung in one.rungs[1:]),
    )


def _of_events(study: str, reports: Sequence[Instance]) -> list[Measured]:
    """Scan times of the irradiation events of CT that reports tell of, each event once."""
    found: dict[str, tuple[IrradiationEvent, list[str]]] = {}
    for report in reports:
        for event in report.report.events if report.report else ():
            if event.kind == "ct" and event.uid and event_length(event) is not None:
                found.setdefault(event.uid, (event, []))[1].append(report.uid)
    values = []
    for uid, (event, files) in found.items():
        length = event_length(event)
        if length is None or length.value is None:
            continue
        localizer = ("localizer",) if event.mode == "localizer" else ()
        values.append(
            Measured(
                quantity="scan_time",
                value=length.value,
                source="irradiation_times",
                confidence="medium" if length.flags else "high",
                scope="event",
                study=study,
                event=uid,
                instances=tuple(dict.fromkeys(files)),
                original=length.original,
                flags=(*length.flags, *localizer),
                label=event.label,
            )
        )
    return values
