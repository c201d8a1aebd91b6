"""The rungs of the ladder of scan times: what each says of the acquired images of one series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from clinval.capture.dicom.dose.report import IrradiationEvent, Quantity
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.measured import Confidence
from clinval.capture.dicom.times.moments import SECOND, on_one_axis, read_seconds
from clinval.capture.dicom.times.shots import (
    Shot,
    acquired,
    believed,
    content_moment,
    events_of,
    frames,
    is_spiral,
    times_modified,
)  # fmt: skip
from clinval.capture.dicom.times.spans import NOTABLE, span_of

__all__ = ["Images", "Rung", "event_length", "rungs_of"]

_GE = "0019,xx5A GEMS_ACQU_01"
_SIEMENS = "0051,xx0A SIEMENS MR HEADER"
_PHILIPS = "2005,xx33 Philips MR Imaging DD 001"
_LOWERING = frozenset((
    "clock_offset", "coarse_clock", "content_time", "no_last_slice", "nominal_frames",
    "some_without_times", "times_modified",
))  # fmt: skip
"""What makes a span less reliable than spans are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What one rung says.

    Attributes
    ----------
    source
        Its name.
    seconds
        The scan time.
    confidence
        How far it can be relied upon.
    original
        What was read, where that is a duration: never a time of day.
    flags
        What is to be known about it.
    tolerance
        Seconds by which it may be off because its clock is coarse.
    """

    source: str
    seconds: float
    confidence: Confidence
    original: str = ""
    flags: tuple[str, ...] = ()
    tolerance: float = 0.0


@dataclass(frozen=True)
class Images:
    """The acquired images of one series, each file once, in the order of the folder."""

    headers: Sequence[Header]
    events: Mapping[str, IrradiationEvent] = field(default_factory=dict)

    @cached_property
    def shots(self) -> list[Shot]:
        """When and how long each image was acquired."""
        return [acquired(header) for header in self.headers]

    @cached_property
    def uids(self) -> frozenset[str]:
        """The irradiation events that the images come from."""
        return frozenset(uid for header in self.headers for uid in events_of(header))

    @cached_property
    def modified(self) -> str:
        """What was done to the times of any of them."""
        told = {times_modified(header) for header in self.headers}
        return "times_removed" if "REMOVED" in told else "times_modified" if any(told) else ""

    def durations(self, name: str, factor: float) -> list[float]:
        """Return the distinct durations in an attribute, in seconds, from the shortest."""
        found = {header.number(name) for header in self.headers if name in header}
        seconds = (believed(None if number is None else number * factor) for number in found)
        return sorted(one for one in seconds if one is not None)


def rungs_of(images: Images) -> list[Rung]:
    """Return what each rung that is there says, from the highest.

    Parameters
    ----------
    images
        The acquired images of one series, with the irradiation events that reports tell of.
    """
    found = (
        _irradiation_times(images),
        _acquisition_duration(images),
        _vendor_private(images),
        _frame_times(images),
        _acquisition_span(images),
        _content_span(images),
    )
    return [rung for rung in found if rung is not None]


def event_length(event: IrradiationEvent) -> Quantity | None:
    """Return how long an irradiation event lasted, ``None`` where its report does not say.

    From start to end where the report says that, which a pulsed run of fluoroscopy does; otherwise
    as long as X-rays were on.
    """
    for quantity in (event.duration_seconds, event.exposure_seconds):
        if quantity is not None and believed(quantity.value) is not None:
            return quantity
    return None


def _irradiation_times(images: Images) -> Rung | None:
    """Add up the irradiation events that the images come from, when reports have all of them."""
    events = [images.events.get(uid) for uid in sorted(images.uids)]
    times = [event_length(event) for event in events if event is not None]
    known = [one for one in times if one is not None]
    if not known or len(known) < len(events):
        return None
    return Rung(
        source="irradiation_times",
        seconds=sum(one.value or 0.0 for one in known),
        confidence="medium" if any(one.flags for one in known) else "high",
        original="; ".join(one.original for one in known),
        flags=tuple(dict.fromkeys(flag for one in known for flag in one.flags)),
    )


def _acquisition_duration(images: Images) -> Rung | None:
    """AcquisitionDuration, of each acquisition once.

    Whether images of several acquisition numbers come from one acquisition shows in their times: a
    duration that reaches over all of their starts is that of all of them.
    """
    positions, _ = on_one_axis([shot.start for shot in images.shots if shot.start is not None])
    rest = iter(positions)
    told: dict[str, list[tuple[float, float]]] = {}
    for shot, header in zip(images.shots, images.headers, strict=True):
        begin = 0.0 if shot.start is None else next(rest) / SECOND
        number = believed(header.number("AcquisitionDuration"))
        if number is not None:
            told.setdefault(shot.acquisition, []).append((begin, number))
    if not told:
        return None
    lengths = [length for own in told.values() for length in _one_after_another(own)]
    distinct = sorted({number for own in told.values() for _, number in own})
    differ = any(len({number for _, number in own}) > 1 for own in told.values())
    reach = (max(positions, default=0) - min(positions, default=0)) / SECOND
    whole = len(distinct) == 1 and distinct[0] > reach
    return Rung(
        source="acquisition_duration",
        seconds=distinct[0] if whole else sum(lengths),
        confidence="medium" if differ else "high",
        original="; ".join(f"AcquisitionDuration {number:g} s" for number in distinct),
        flags=("values_differ",) if differ else (),
    )


def _one_after_another(images: Sequence[tuple[float, float]]) -> list[float]:
    """Return the durations of acquisitions that carry one number, from begins and durations.

    An image that begins while an acquisition lasts is of it, and so is one a little later: a
    duration as scanners plan it is not exact.
    """
    lengths: list[float] = []
    until = float("-inf")
    for begin, length in sorted(images):
        if begin < until:
            lengths[-1] = max(lengths[-1], length)
        else:
            lengths.append(length)
            until = begin + (1 + NOTABLE) * length
    return lengths


def _vendor_private(images: Images) -> Rung | None:
    """Scan time of the series by the makers' own attributes, told by their private creators.

    GE writes microseconds, held against the console for all kinds of series (dcm2niix #808).
    Siemens writes what its console shows: minutes and seconds (``TA 05:01``), or seconds with
    hundredths (``TA 01.28``), which are those of one measurement. Philips writes seconds.
    """
    for name, unit, factor in ((_GE, "us", 1e-6), (_PHILIPS, "s", 1.0)):
        found = images.durations(name, factor)
        if found:
            return Rung(
                source="vendor_private",
                seconds=found[-1],
                confidence="high" if name == _GE and len(found) == 1 else "medium",
                original=f"({name}) {found[-1] / factor:.10g} {unit}",
                flags=("values_differ",) if len(found) > 1 else (),
            )
    return _siemens(images)


def _siemens(images: Images) -> Rung | None:
    texts = {header.text(_SIEMENS).strip() for header in images.headers} - {""}
    told = {text.removeprefix("TA").strip() for text in texts if text.startswith("TA")}
    hundredths = (float(text) for text in told if re.fullmatch(r"[0-9]{1,6}[.][0-9]{1,6}", text))
    totals = [one for one in map(believed, map(read_seconds, told)) if one is not None]
    single = [one for one in map(believed, hundredths) if one is not None]
    if not told or len(totals) + len(single) < len(told) or (totals and single):
        return None
    measurements = len({shot.acquisition for shot in images.shots})
    flags = ("values_differ",) if len(told) > 1 else ()
    return Rung(
        source="vendor_private",
        seconds=max(totals) if totals else max(single) * measurements,
        confidence="medium" if totals else "low",
        original=f"({_SIEMENS}) " + "; ".join(sorted(texts)),
        flags=flags if totals else (*flags, "per_measurement"),
    )


def _frame_times(images: Images) -> Rung | None:
    """First start to last end of the frames, or how long an image of many frames took."""
    shots: list[Shot] = []
    for header in images.headers:
        own = frames(header)
        if not own:
            return None
        shots += own
    nominal = any(shot.written.startswith("FrameTime") for shot in shots)
    return _span(images, shots, "frame_times", ("nominal_frames",) if nominal else ())


def _acquisition_span(images: Images) -> Rung | None:
    """First start to last end of the images of each acquisition."""
    spiral = any(is_spiral(header) for header in images.headers)
    return _span(images, images.shots, "acquisition_span", ("spiral",) if spiral else ())


def _content_span(images: Images) -> Rung | None:
    """Time over which the images were reconstructed: what is left where nothing else is there."""
    # no length is a length of nothing here: no image is open at its end
    shots = [Shot("", content_moment(header), 0) for header in images.headers]
    return _span(images, shots, "content_span", ("content_time",))


def _span(
    images: Images, shots: Sequence[Shot], source: str, flags: tuple[str, ...]
) -> Rung | None:
    span = span_of(shots)
    if span is None:
        return None
    flags = (*flags, *span.flags)
    if images.modified and span.step:  # what was shifted tells spans as long as all was alike
        flags = (*flags, images.modified)
    written = sorted({shot.written for shot in shots if shot.written})
    return Rung(
        source=source,
        seconds=span.length / SECOND,
        confidence="medium" if _LOWERING.isdisjoint(flags) else "low",
        original="; ".join(written[:1] + written[1:][-1:]),
        flags=flags,
        tolerance=span.step / SECOND,
    )
