"""Irradiation events of one examination united over all of its reports.

A scanner may write one report at the end, a new one after each acquisition that repeats all before
(cumulative), or one for each part of an interrupted examination (continued), and archives keep
copies. An irradiation event has an identifier of its own, and by it events are united: what is in
several reports counts once, what is in one of them counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clinval.capture.dicom.dose.report import DoseReport, IrradiationEvent
from clinval.capture.dicom.instance import Instance

__all__ = ["EventKey", "Report", "UnitedEvent", "in_order", "united"]

EventKey = tuple[str, ...]
"""What tells one event from all others of its examination."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report: whose file it is, what it says, and the keys of its events, in its order."""

    instance: Instance
    says: DoseReport
    keys: tuple[EventKey, ...]

    @property
    def order(self) -> tuple[object, ...]:
        """Later ones have more events and end later; the rest is to have one order at all."""
        return (len(set(self.keys)), self.says.ended, self.instance.uid, repr(self.says))


@dataclass(frozen=True, slots=True)
class UnitedEvent:
    """One event, as the last report that has it tells it, and all the files that have it."""

    says: IrradiationEvent
    instances: tuple[str, ...]
    flags: tuple[str, ...]


def in_order(instances: Iterable[Instance]) -> list[Report]:
    """Return the reports of an examination, the one that holds most at the end.

    The order is that of their contents and not of the files, so that it is always the same.
    """
    made = [
        Report(instance, instance.report, _keys(instance, instance.report))
        for instance in instances
        if instance.report is not None
    ]
    return sorted(made, key=lambda report: report.order)


def _keys(instance: Instance, report: DoseReport) -> tuple[EventKey, ...]:
    """Return the keys of the events of a report.

    Both tubes of a system may irradiate in one event. An event without an identifier is known again
    by what it says, if it says when it began; otherwise each file is taken to have its own events.
    Where one identifier stands for different contents they are told apart by their number.
    """
    keys: list[EventKey] = []
    contents: dict[EventKey, dict[str, int]] = defaultdict(dict)
    for place, event in enumerate(report.events):
        if event.uid:
            key: EventKey = (event.uid, event.plane)
        elif event.started:
            key = ("", repr(event))
        else:
            key = ("", instance.uid, str(place))
        number = contents[key].setdefault(repr(event), len(contents[key]))
        keys.append((*key, str(number)) if number else key)
    return tuple(keys)


def united(reports: Sequence[Report]) -> dict[EventKey, UnitedEvent]:
    """Return every event of an examination once, in the order of time as far as reports tell it.

    Parameters
    ----------
    reports
        As `in_order` gives them. Where they disagree on an event the last one is believed, and the
        event is flagged ``reports_differ``.
    """
    files: dict[EventKey, set[str]] = defaultdict(set)
    versions: dict[EventKey, dict[str, IrradiationEvent]] = defaultdict(dict)
    for report in reports:
        for key, event in zip(report.keys, report.says.events, strict=True):
            files[key].add(report.instance.uid)
            versions[key].pop(repr(event), None)  # the last one that says it stands last
            versions[key][repr(event)] = event
    found: dict[EventKey, UnitedEvent] = {}
    for report in sorted(reports, key=lambda one: (one.says.began, one.order)):
        for key in report.keys:
            if key in found:
                continue
            last = [*versions[key].values()][-1]
            flags = ["reports_differ"] if len(versions[key]) > 1 else []
            flags += [] if last.uid else ["no_event_uid"]
            found[key] = UnitedEvent(last, tuple(sorted(files[key])), tuple(flags))
    return found
