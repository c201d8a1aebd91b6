"""Which scanners made the images, which algorithms had a part in them, and what changed."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from clinval.capture.dicom.devices.algorithms import Algorithm, algorithms
from clinval.capture.dicom.devices.equipment import Kind, State, originals, plain, seen, states
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.times.moments import read_moment

__all__ = ["Algorithm", "Device", "DeviceChange", "algorithms", "device_changes", "devices"]

What = Literal["software", "serial", "model", "version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A scanner or an algorithm in one state; another version of its software is another one.

    Attributes
    ----------
    kind
        ``scanner``, or ``algorithm`` for whatever made or changed images afterwards.
    manufacturer, model, serial, software, udi
        As written; several values joined by a backslash.
    algorithm, version
        Of an algorithm.
    modalities
        What it made, sorted.
    series
        Hashes of the SeriesInstanceUIDs of what it made, sorted.
    first, last
        First and last day on which it was used, ``None`` where no file says a day.
    instances
        In how many files it had a part.
    """

    kind: Kind
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    software: str = ""
    udi: str = ""
    algorithm: str = ""
    version: str = ""
    modalities: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    first: datetime.date | None = None
    last: datetime.date | None = None
    instances: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChange:
    """Something about the devices of a site that was not the same all the time.

    Attributes
    ----------
    what
        ``software``: the same scanner with other software; ``serial``: another scanner of the
        same model; ``model``: another model for the same modality; ``version``: another version
        of the same algorithm.
    before, after
        The device that was used first, and the other one.
    on
        The first day of the other one, ``None`` where no file says a day.
    """

    site: str
    what: What
    before: Device
    after: Device
    on: datetime.date | None

    @property
    def values(self) -> tuple[str, str]:
        """What it was before, and afterwards."""
        before: str = getattr(self.before, self.what)
        after: str = getattr(self.after, self.what)
        return before, after


@dataclass(slots=True)
class _Use:
    modalities: set[str] = field(default_factory=set)
    series: set[str] = field(default_factory=set)
    days: set[str] = field(default_factory=set)
    instances: int = 0


def devices(instances: Iterable[Instance]) -> list[Device]:
    """Return the scanners and algorithms behind instances, scanners first, by day and name.

    A scanner is what made images or a dose report. Derived images are no evidence of a scanner
    where their examination has original ones: the same equipment counts them to the state of its
    originals, other equipment is an algorithm, called by its model and its software. An algorithm
    is also what a segmentation or a report names, and processing equipment that contributed to an
    image without having made it. Captures of screens by other equipment, and objects about images
    that name no algorithm, say nothing of either.
    """
    looked_at = seen(instances)
    made = originals(looked_at)
    uses: defaultdict[State, _Use] = defaultdict(_Use)
    for one in looked_at:
        header = one.instance.header
        for state in dict.fromkeys(states(one, made)):
            use = uses[state]
            use.instances += 1
            use.series.add(one.instance.series)
            use.modalities.add(header.text("Modality"))
            use.days.add(_day(header, state.kind))
    found = [_device(state, use) for state, use in uses.items()]
    return sorted(found, key=lambda one: (one.kind != "scanner", *_order(one)))


def device_changes(by_site: Mapping[str, Sequence[Device]]) -> list[DeviceChange]:
    """Return what changed about the devices of each site, in the order of their use.

    What is empty is unknown and no change, and software is compared only between devices that made
    the same modality: a scanner writes its software otherwise into reports than into images. Where
    two states were in use at the same time, the one that was used first is ``before``.
    """
    return [
        DeviceChange(site=site, what=what, before=before, after=after, on=after.first)
        for site in sorted(by_site)
        for what, before, after in _changes(sorted(by_site[site], key=_order))
    ]


def _changes(found: Sequence[Device]) -> Iterator[tuple[What, Device, Device]]:
    scanners = [one for one in found if one.kind == "scanner"]
    # Reports of any modality are of the modality SR.
    images = [one for one in scanners if one.modalities != ("SR",)]
    made_by = [one for one in found if one.kind == "algorithm"]
    for same in _alike(scanners, lambda one: (plain(one.manufacturer), one.serial or one.model)):
        yield from _steps("software", same, lambda one: plain(one.software))
    for same in _alike(scanners, lambda one: (plain(one.manufacturer), plain(one.model))):
        yield from _steps("serial", same, lambda one: plain(one.serial))
    for what, before, after in _steps("model", images, lambda one: plain(one.model)):
        if not before.serial or before.serial != after.serial:  # one scanner, called otherwise
            yield what, before, after
    for same in _alike(made_by, lambda one: (plain(one.algorithm),)):
        yield from _steps("version", same, lambda one: plain(one.version))


def _alike(
    found: Sequence[Device], same: Callable[[Device], tuple[str, ...]]
) -> Iterable[list[Device]]:
    groups: defaultdict[tuple[str, ...], list[Device]] = defaultdict(list)
    for one in found:
        groups[same(one)].append(one)
    return groups.values()


def _steps(
    what: What, found: Sequence[Device], value: Callable[[Device], str]
) -> Iterator[tuple[What, Device, Device]]:
    """Yield, by modality, each value that is not the first one, with the device before it."""
    told = set()
    for modality in sorted({name for one in found for name in one.modalities}):
        firsts: dict[str, Device] = {}
        for one in found:
            if modality in one.modalities and value(one):
                firsts.setdefault(value(one), one)
        for before, after in pairwise(firsts.values()):
            if (before, after) not in told:
                told.add((before, after))
                yield what, before, after


def _day(header: Header, kind: Kind) -> str:
    """Return the day of use: an algorithm comes to work after the acquisition."""
    names = ("AcquisitionDate", "SeriesDate", "StudyDate", "ContentDate")
    found = (header.text(name) for name in (names if kind == "scanner" else names[:0:-1]))
    return next((day for day in found if day), "")


def _device(state: State, use: _Use) -> Device:
    days = sorted(day for text in use.days if (day := _date(text)))
    return Device(
        **state._asdict(),
        modalities=tuple(sorted(use.modalities - {""})),
        series=tuple(sorted(use.series - {""})),
        first=days[0] if days else None,
        last=days[-1] if days else None,
        instances=use.instances,
    )


def _date(text: str) -> datetime.date | None:
    moment = read_moment(text, "00")
    return datetime.date.fromordinal(moment.day) if moment and moment.day else None


def _order(one: Device) -> tuple[bool, datetime.date, tuple[str, ...]]:
    return (
        one.first is None,
        one.first or datetime.date.min,
        (
            one.manufacturer,
            one.model,
            one.serial,
            one.software,
            one.algorithm,
            one.version,
            one.udi,
        ),
    )
