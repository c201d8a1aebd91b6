"""When and how long each image was acquired, as its header says it."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.times.moments import SECOND, Moment, read_moment, read_offset

__all__ = [
    "Shot",
    "acquired",
    "believed",
    "content_moment",
    "events_of",
    "frames",
    "is_spiral",
    "times_modified",
]

_FRAME = "PerFrameFunctionalGroupsSequence.FrameContentSequence."
_ROTATION = "RotationInformationSequence."
_PHASE = "PhaseInformationSequence."
_SHARED = "SharedFunctionalGroupsSequence."
_EVENTS = (
    "IrradiationEventUID",
    _SHARED + "IrradiationEventIdentificationSequence.IrradiationEventUID",
)
_TYPES = ("AcquisitionType", _SHARED + "CTAcquisitionTypeSequence.AcquisitionType")
_RADIOGRAPHY = frozenset(("CR", "DX", "MG", "IO", "PX", "XA", "RF"))
_IMAGE_BY_IMAGE = _RADIOGRAPHY | {"NM", "US"}
"""Modalities of which each image, or run of frames, is acquired by itself; slices are not."""
_LONGEST = 7 * 86_400
_SPIRAL = re.compile(r"SPIRAL|(?<!NON)(?<!NON[-_ ])HELI")
_STANDING = ("AXIAL", "CINE", "SEQUENCE", "SEQUENTIAL", "SCOUT", "SURVIEW", "SCANOSCOPE")
_STOOD = frozenset(("SEQUENCED", "STATIONARY", "CONSTANT_ANGLE", "FREE"))
"""Ways of a CT without a moving table, as scanners and the standard (CT Acquisition Type) say."""


class Shot(NamedTuple):
    """One image or one frame.

    Attributes
    ----------
    acquisition
        What tells its acquisition from others of its series.
    start
        When it began, ``None`` where the header does not say.
    length
        Microseconds that it took, ``None`` where the header does not say.
    written
        The length as it is written, with its unit.
    separate
        Whether its acquisition is one of its own beyond doubt: an irradiation event, a radiograph.
        Numbers count rotations of a CT and volumes of a time series, too.
    """

    acquisition: str
    start: Moment | None
    length: int | None = None
    written: str = ""
    separate: bool = False


def acquired(header: Header) -> Shot:
    """Return when an image was acquired, and for how long the radiation or the counting lasted.

    Notes
    -----
    The exposure time of an image of a spiral is by definition the time of a revolution over the
    pitch (PS3.3 C.8.15.3.8.1), and scanners that write the whole scan into it would have it counted
    twice: it is taken from its definition or not at all. An exposure time of a CT that does not say
    whether it stood still is left out for the same reason.
    """
    start = None
    if not _times_removed(header):
        start = read_moment("", header.text("AcquisitionDateTime"), _offset(header))
        if start is None:
            start = _pair(header, "Acquisition")
    length, written = _length(header)
    acquisition, separate = _acquisition(header)
    return Shot(acquisition, start, length, written, separate)


def content_moment(header: Header) -> Moment | None:
    """Return when the pixels were made: of a CT or MR, when the image was reconstructed."""
    return None if _times_removed(header) else _pair(header, "Content")


def frames(header: Header) -> list[Shot]:
    """Return the frames of an image of several, none where they say no times of their own.

    Notes
    -----
    Enhanced objects have the time of each frame. A cine loop has one time a frame and begins with
    the image; a gamma camera says how many views and phases it took and how long each lasted.
    """
    starts = header.texts(_FRAME + "FrameAcquisitionDateTime")
    if starts and not _times_removed(header):
        offset = _offset(header)
        durations = header.texts(_FRAME + "FrameAcquisitionDuration")
        if len(durations) != len(starts):
            durations = ("",) * len(starts)
        acquisition, separate = _acquisition(header)
        return [
            Shot(
                acquisition,
                read_moment("", start, offset),
                _microseconds(_number(lasted)),
                separate=separate,
            )
            for start, lasted in zip(starts, durations, strict=True)
        ]
    for name, total in (
        ("FrameTime", _cine(header)),
        ("RotationInformationSequence", _views(header)),
        ("PhaseInformationSequence", _phases(header)),
    ):
        length = _microseconds(total)
        if length is not None:
            written = f"{name} {total:.10g} ms"
            return [acquired(header)._replace(length=length, written=written)]
    return []


def is_spiral(header: Header) -> bool:
    """Whether the table of a CT moved while it irradiated."""
    modes = " ".join(
        text for name in ("ScanOptions", "ImageType", *_TYPES) for text in header.texts(name)
    ).upper()
    return bool(_SPIRAL.search(modes) or header.number("SpiralPitchFactor"))


def events_of(header: Header) -> tuple[str, ...]:
    """Return the irradiation events that an image comes from, as hashes, in order."""
    return tuple(sorted({uid for name in _EVENTS for uid in header.texts(name) if uid}))


def times_modified(header: Header) -> str:
    """Return what was done to dates and times: nothing known, ``MODIFIED`` or ``REMOVED``."""
    told = header.text("LongitudinalTemporalInformationModified").strip().upper()
    return told if told in ("MODIFIED", "REMOVED") else ""


def believed(seconds: float | None) -> float | None:
    """Return a duration, ``None`` where it is none: not above zero, or longer than a week."""
    return seconds if seconds is not None and 0 < seconds <= _LONGEST else None


def _length(header: Header) -> tuple[int | None, str]:
    counted = _microseconds(header.number("ActualFrameDuration"))
    if counted is not None:
        return counted, f"ActualFrameDuration {header.text('ActualFrameDuration')} ms"
    modality = header.text("Modality")
    if modality == "CT" and is_spiral(header):
        turn, pitch = (
            header.number(name) or 0.0 for name in ("RevolutionTime", "SpiralPitchFactor")
        )
        length = _microseconds(turn / pitch * 1000 if pitch > 0 else None)
        return length, f"RevolutionTime / SpiralPitchFactor {turn / pitch:g} s" if length else ""
    if modality in _RADIOGRAPHY or (modality == "CT" and _stood(header)):
        exposed = _microseconds(header.number("ExposureTime"))
        return exposed, f"ExposureTime {header.text('ExposureTime')} ms" if exposed else ""
    return None, ""


def _stood(header: Header) -> bool:
    """Whether the table of a CT is known to have stood still."""
    options = " ".join(header.texts("ScanOptions")).upper()
    kinds = {text for name in _TYPES for text in header.texts(name)}
    return (
        any(word in options for word in _STANDING)
        or not kinds.isdisjoint(_STOOD)
        or "LOCALIZER" in header.texts("ImageType")
    )


def _acquisition(header: Header) -> tuple[str, bool]:
    """Return what tells an acquisition from others of its series, and whether beyond doubt."""
    told = "+".join(events_of(header)) or header.text("AcquisitionUID")
    if not told and header.text("Modality") in _IMAGE_BY_IMAGE:
        told = header.text("AcquisitionDateTime") or header.text("AcquisitionTime")
    return (told, True) if told else (header.text("AcquisitionNumber").strip(), False)


def _pair(header: Header, name: str) -> Moment | None:
    return read_moment(header.text(f"{name}Date"), header.text(f"{name}Time"), _offset(header))


def _offset(header: Header) -> int | None:
    return read_offset(header.text("TimezoneOffsetFromUTC"))


def _times_removed(header: Header) -> bool:
    # what stands in their place is made up, the same in all images or different in each
    return times_modified(header) == "REMOVED"


def _cine(header: Header) -> float | None:
    number = header.number("NumberOfFrames")
    if number is None or number < 2:
        return None
    steps = [_number(text) or 0.0 for text in header.texts("FrameTimeVector")]
    step = header.number("FrameTime") or 0.0
    if step <= 0 and len(steps) == number and all(one > 0 for one in steps[1:]):
        # the first of the vector is zero: it has the steps between frames, not the last one's time
        return sum(steps[1:])
    return number * step


def _views(header: Header) -> float:
    """Milliseconds of a turning gamma camera: all heads take their views at the same time."""
    turns = _items(header, _ROTATION, "NumberOfFramesInRotation")
    return sum(number * lasted for number, lasted in turns)


def _phases(header: Header) -> float:
    """Milliseconds of a dynamic scan of a gamma camera, with the pauses between its frames."""
    phases = _items(header, _PHASE, "NumberOfFramesInPhase")
    pauses = [_number(text) or 0.0 for text in header.texts(_PHASE + "PauseBetweenFrames")]
    pauses += [0.0] * (len(phases) - len(pauses))
    return sum(
        number * lasted + (number - 1) * pause
        for (number, lasted), pause in zip(phases, pauses, strict=False)
    )


def _items(header: Header, sequence: str, number: str) -> list[tuple[float, float]]:
    """Return how many frames each item has and how long each took; none where one is missing."""
    items = [
        (_number(many) or 0.0, _number(lasted) or 0.0)
        for many, lasted in zip(
            header.texts(sequence + number),
            header.texts(sequence + "ActualFrameDuration"),
            strict=False,
        )
    ]
    return items if all(many and lasted for many, lasted in items) else []


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _microseconds(milliseconds: float | None) -> int | None:
    seconds = believed(None if milliseconds is None else milliseconds / 1000)
    return None if seconds is None else round(seconds * SECOND)
