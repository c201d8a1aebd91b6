"""Activity of a radiopharmaceutical, as the images of PET and nuclear medicine carry it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from clinval.capture.dicom.dose.image_facts import acquired, instant
from clinval.capture.dicom.dose.report import Quantity
from clinval.capture.dicom.dose.units import converted, summed
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import Instance, hash_of_uid
from clinval.capture.dicom.measured import UNITS, Measured, Scope
from clinval.capture.dicom.times.moments import Moment, read_moment

__all__ = ["activities"]

_ITEM = "RadiopharmaceuticalInformationSequence."
_COLUMNS = (
    "RadionuclideTotalDose",
    "Radiopharmaceutical",
    "RadiopharmaceuticalStartDateTime",
    "RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalAdministrationEventUID",
)

_IN_BQ = ("1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.128.1")
"""Classes of PET images, and of what was converted from them, give it in Bq (PS3.3, C.8.9.2); those
of nuclear medicine and the enhanced one of PET in MBq (C.8.4.10 and C.8.22.4)."""

_OTHER_UNITS = ("Bq", "kBq", "MBq", "GBq", "mCi")
_LEAST, _MOST = 0.1, 20_000.0
"""MBq that people are given, from an uptake test of the thyroid to a therapy. A number outside of
it is in another unit than its class says."""


class _Given(NamedTuple):
    """One administration, as one image has it."""

    event: str
    agent: str
    started: Moment | None
    flags: tuple[str, ...]
    activity: Quantity


def activities(instances: Iterable[Instance]) -> Iterator[Measured]:
    """Yield the activity of each administration, and of each examination their sum.

    The series of an examination repeat what was administered. Two of them mean the same
    administration when they name the same event; else when agent, start and activity are the same.
    A start that has a time only lies before the acquisition: one that is later by the clock was
    on the day before, and ``midnight`` says so. An administration without a name of its own is
    called by a hash of what tells it from others.
    """
    found: defaultdict[tuple[str, str], list[tuple[_Given, str]]] = defaultdict(list)
    for instance in instances:
        for given in _given(instance.header):
            started = instant(given.started) if given.started else ""
            event = given.event or hash_of_uid(
                f"{instance.study}|{given.agent}|{started}|{given.activity.original}"
            )
            found[instance.study, event].append((given, instance.uid))
    totals: defaultdict[str, list[Measured]] = defaultdict(list)
    for (study, event), said in sorted(found.items()):
        one = _measured(_agreed([given for given, _ in said]), "event", study, event, said)
        totals[study].append(one)
        yield one
    for study, parts in totals.items():
        whole = summed([Quantity(value=one.value, original=one.original) for one in parts])
        yield Measured(
            quantity="administered_activity",
            value=whole.value,
            source="image_header",
            confidence="low" if any(one.confidence == "low" for one in parts) else "high",
            scope="examination",
            study=study,
            instances=tuple(sorted({uid for one in parts for uid in one.instances})),
            original=whole.original,
            flags=tuple(sorted({flag for one in parts for flag in one.flags} - {"event_unnamed"})),
            label=", ".join(dict.fromkeys(one.label for one in parts if one.label)),
        )


def _given(header: Header) -> Iterator[_Given]:
    columns = [header.texts(_ITEM + name) for name in _COLUMNS]
    count = len(columns[0])
    # What no item has is missing as a whole.
    aligned = (one if len(one) == count else ("",) * count for one in columns)
    for activity, agent, moment, time, event in zip(*aligned, strict=True):
        if not activity:
            continue
        started, flags = _start(header, moment, time)
        unnamed = () if event else ("event_unnamed",)
        yield _Given(event, agent, started, (*flags, *unnamed), _activity(activity, header))


def _start(header: Header, moment: str, time: str) -> tuple[Moment | None, tuple[str, ...]]:
    """Return when it was administered."""
    started = read_moment("", moment)
    if started is not None:
        return started, ()
    started, scanned = read_moment("", time), acquired(header)
    if started is None or scanned is None or scanned.day is None:
        return started, ()
    before = started.clock > scanned.clock
    return started._replace(day=scanned.day - before), ("midnight",) if before else ()


def _activity(text: str, header: Header) -> Quantity:
    """Return an activity in MBq.

    A number that no one is given in the unit of its class is in another one. It is corrected only
    where a single unit makes sense of it: ``203000000`` of nuclear medicine is in Bq, while ``394``
    of PET may be MBq, kBq or mCi.
    """
    unit = "Bq" if header.text("SOPClassUID") in _IN_BQ else "MBq"
    said = converted(text, unit, UNITS["administered_activity"])
    if said.value is None or _LEAST <= said.value <= _MOST:
        return said
    if said.value == 0:
        return Quantity(value=None, original=said.original, flags=("empty",))
    fitting = [
        value
        for other in _OTHER_UNITS
        if (value := converted(text, other, UNITS["administered_activity"]).value) is not None
        and _LEAST <= value <= _MOST
    ]
    if len(fitting) == 1:
        return Quantity(value=fitting[0], original=said.original, flags=("unit_corrected",))
    return Quantity(value=None, original=said.original, flags=("unit_wrong",))


def _agreed(found: Sequence[_Given]) -> _Given:
    """Return what most images say of an administration, with a flag where they do not agree."""
    counts = Counter(one.activity for one in found)
    most = min(counts, key=lambda one: (-counts[one], one.original))
    flags = {flag for one in found for flag in one.flags} | set(most.flags)
    if len({one.value for one in counts}) > 1:
        flags.add("images_differ")
    agent = min(one.agent for one in found)
    return found[0]._replace(agent=agent, activity=most, flags=tuple(sorted(flags)))


def _measured(
    given: _Given, scope: Scope, study: str, event: str, said: Sequence[tuple[_Given, str]]
) -> Measured:
    return Measured(
        quantity="administered_activity",
        value=given.activity.value,
        source="image_header",
        confidence="low" if {"unit_corrected", "images_differ"} & set(given.flags) else "high",
        scope=scope,
        study=study,
        event=event,
        instances=tuple(sorted({uid for _, uid in said})),
        original=given.activity.original,
        flags=given.flags,
        label=given.agent,
    )
