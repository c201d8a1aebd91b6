"""What the header of an image says of the irradiation that made it."""

from __future__ import annotations

from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.times.moments import Moment, read_moment

__all__ = ["acquired", "event_of", "instant", "name_of"]

_EVENT = (
    "IrradiationEventUID",
    "SharedFunctionalGroupsSequence.IrradiationEventIdentificationSequence.IrradiationEventUID",
)


def event_of(header: Header) -> str:
    """Return the irradiation event of an image, empty where it names none or several.

    An image that was made of several irradiations names each of them, and its dose is of none.
    """
    events = {one for name in _EVENT for one in header.texts(name) if one}
    return events.pop() if len(events) == 1 else ""


def name_of(header: Header) -> str:
    """Return what the scanner calls the series of an image."""
    return header.text("SeriesDescription") or header.text("ProtocolName")


def acquired(header: Header) -> Moment | None:
    """Return when the acquisition of an image began; its content may be much younger."""
    return read_moment("", header.text("AcquisitionDateTime")) or read_moment(
        header.text("AcquisitionDate"), header.text("AcquisitionTime")
    )


def instant(moment: Moment) -> tuple[int, int]:
    """Return day and time of day of a moment, however finely it is written."""
    return moment.day or 0, moment.clock
