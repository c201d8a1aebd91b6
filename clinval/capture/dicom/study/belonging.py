"""Which arm of which subject a series, an irradiation event or an examination belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from clinval.capture.dicom.times.series_kind import kinds_of_series

if TYPE_CHECKING:
    from clinval.capture.dicom.instance import Instance
    from clinval.capture.dicom.measured import Measured
    from clinval.capture.dicom.study.coding import Coding
    from clinval.protocol.model import Protocol

__all__ = ["Belonging", "Key"]

_NAMED = ("original", "derived")
"""The kinds of series that are told to be of an arm by their own words; all others follow."""


class Key(NamedTuple):
    """What a row of the form is of."""

    subject: str
    arm: str


class Belonging:
    """Says of what was measured to which row it belongs.

    A series of images is of the arm that the protocol's patterns give it. Localizers, reports and
    captures have descriptions of their own, so where no pattern fits them they are of the arm of
    their examination: that of its original series, or, where only reports were sent, of these. An
    irradiation event is of the arm of its images, and where none of them is there, of that of its
    examination.

    Parameters
    ----------
    instances
        The files of a harvest.
    coding
        What the protocol says of them.
    """

    def __init__(self, instances: Sequence[Instance], coding: Coding) -> None:
        self.coding = coding
        self.left_out: Counter[str] = Counter()
        """How many files belong to no row, by reason, and how many values of events."""
        self._series: dict[tuple[str, str], Key | None] = {}
        self._events: dict[str, set[Key | None]] = {}
        self._examinations: dict[str, set[Key | None]] = {}
        self._beside: dict[str, set[Key | None]] = {}
        self._instances: dict[Key, list[Instance]] = {}
        by_series: dict[tuple[str, str], list[Instance]] = {}
        subjects: dict[tuple[str, str], set[str]] = {}
        for one in instances:
            subjects.setdefault((one.study, one.series), set()).add(one.subject)
        for one in instances:
            reason = "refused" if one.refusals else "" if one.subject else "no_subject"
            if not reason and len(subjects[one.study, one.series] - {""}) > 1:
                reason = "several_subjects"
                self._examinations.setdefault(one.study, set()).add(None)
            if reason:
                self.left_out[reason] += 1
            else:
                by_series.setdefault((one.study, one.series), []).append(one)
        self._kinds = kinds_of_series([one for own in by_series.values() for one in own])
        for own in by_series.values():
            self._named(own)
        for own in by_series.values():
            self._following(own)

    def _named(self, own: list[Instance]) -> None:
        """Place a series by its own words."""
        first = own[0]
        place = first.study, first.series
        kind = self._kinds[place]
        arms = {arm for one in own for arm in self.coding.arms(one)}
        key = Key(first.subject, arms.pop()) if len(arms) == 1 else None
        if kind in _NAMED or key is not None:
            self._series[place] = key
        if kind not in _NAMED:
            self._beside.setdefault(first.study, set()).update(() if key is None else (key,))
            return
        if key is None:
            self.left_out["several_arms" if arms else "no_arm"] += len(own)
        if kind == "original":
            self._examinations.setdefault(first.study, set()).add(key)
            for one in own:
                for event in one.header.texts("IrradiationEventUID"):
                    self._events.setdefault(event, set()).add(key)

    def _following(self, own: list[Instance]) -> None:
        """Place a series that has no words of its own by its examination, and keep its files."""
        place = own[0].study, own[0].series
        if place not in self._series:
            self._series[place] = key = self._whole(own[0].study)
            if key is None:
                self.left_out["no_arm"] += len(own)
        key = self._series[place]
        if key is not None:
            self._instances.setdefault(key, []).extend(own)

    def of(self, measured: Measured) -> Key | None:
        """Return the row that a value belongs to; ``None`` where it belongs to none."""
        if measured.scope == "series":
            return self._series.get((measured.study, measured.series))
        if measured.scope == "examination":
            return self._whole(measured.study)
        found = self._events.get(measured.event, set())
        if not found:
            return self._whole(measured.study)
        key = next(iter(found)) if len(found) == 1 else None
        if key is None:
            self.left_out["events_of_no_arm"] += 1
        return key

    def counts(self, measured: Measured) -> bool:
        """Whether a scan time counts: that of an original series, or of an event of a report."""
        if measured.scope == "event":
            return "localizer" not in measured.flags
        return self._kinds.get((measured.study, measured.series)) == "original"

    def keys(self, protocol: Protocol) -> list[Key]:
        """Return the rows that there are, in the order of the protocol."""
        arms = [arm.id for arm in protocol.arms]
        return [
            Key(subject, arm)
            for site in protocol.sites
            for subject in protocol.subjects_of(site.id)
            for arm in arms
            if (subject, arm) in self._instances
        ]

    def instances_of(self, key: Key) -> Iterable[Instance]:
        """Return the files of a row."""
        return self._instances.get(key, ())

    def series_of(self, key: Key) -> set[str]:
        """Return the hashes of the series of a row."""
        return {one.series for one in self.instances_of(key)}

    def _whole(self, study: str) -> Key | None:
        """Return the row of an examination all of whose original series are of one arm."""
        found = self._examinations.get(study) or self._beside.get(study, set())
        return next(iter(found)) if len(found) == 1 else None
