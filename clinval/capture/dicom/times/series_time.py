"""One series that was acquired: what the rungs say of it, and when it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from clinval.capture.dicom.dose.report import IrradiationEvent
from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.measured import Confidence
from clinval.capture.dicom.times.scan_rungs import Images, Rung, rungs_of
from clinval.capture.dicom.times.series_kind import Kind, called_localizer
from clinval.capture.dicom.times.shots import Shot
from clinval.capture.dicom.times.spans import NOTABLE

__all__ = ["LOWER", "SeriesTime", "differing"]

LOWER: Mapping[Confidence, Confidence] = {"high": "medium", "medium": "low", "low": "low"}
"""The next lower confidence."""


@dataclass(frozen=True)
class SeriesTime:
    """The acquired images of one series, with the ladder on them.

    Attributes
    ----------
    instances
        The acquired ones, each file once, in the order of the folder.
    kind
        ``original`` or ``localizer``.
    left_out
        Whether the series has images, too, that were computed.
    events
        Irradiation events of reports, by their hashes.
    """

    instances: Sequence[Instance]
    kind: Kind
    left_out: bool
    events: Mapping[str, IrradiationEvent]

    @cached_property
    def images(self) -> Images:
        """Their headers."""
        return Images([instance.header for instance in self.instances], self.events)

    @cached_property
    def rungs(self) -> list[Rung]:
        """What each rung says, from the highest."""
        return rungs_of(self.images)

    @property
    def seconds(self) -> float | None:
        """The scan time of the highest rung."""
        return self.rungs[0].seconds if self.rungs else None

    @property
    def name(self) -> str:
        """Hash of the identifier of the series."""
        return self.instances[0].series

    @property
    def modality(self) -> str:
        """How it was acquired."""
        return self.instances[0].header.text("Modality")

    @property
    def order(self) -> tuple[float, str]:
        """Its place in the examination: the scanner's number, whatever the files are called."""
        numbers = [instance.header.number("SeriesNumber") for instance in self.instances]
        return min((one for one in numbers if one is not None), default=float("inf")), self.name

    @property
    def label(self) -> str:
        """What the scanner calls it."""
        header = self.instances[0].header
        return header.text("SeriesDescription") or header.text("ProtocolName")

    @cached_property
    def shots(self) -> list[Shot]:
        """The images of which the time is known."""
        return [shot for shot in self.images.shots if shot.start is not None]

    @property
    def flags(self) -> tuple[str, ...]:
        """What is to be known about it, whichever rung is taken."""
        flags = []
        if self.kind == "localizer":
            flags.append("localizer")
            headers = (instance.header for instance in self.instances)
            if self.modality == "MR" and all(
                called_localizer(header) and "LOCALIZER" not in header.texts("ImageType")
                for header in headers
            ):
                flags.append("localizer_by_name")
        if self.left_out:
            flags.append("derived_left_out")
        if not all(instance.header.texts("ImageType") for instance in self.instances):
            flags.append("no_image_type")
        if not self.rungs:
            removed = self.images.modified == "times_removed"
            reason = "single_moment" if self.shots else "no_times"
            flags.append("times_removed" if removed else reason)
        return tuple(flags)


def differing(rungs: Sequence[Rung]) -> bool:
    """Whether another rung gives a time that differs notably from that of the highest.

    The time of reconstruction is no measure of the others: it differs by its nature. A second on a
    clock that counts seconds is no difference either.
    """
    others = [rung for rung in rungs[1:] if rung.source != "content_span"]
    return any(
        abs(rung.seconds - rungs[0].seconds)
        > NOTABLE * rungs[0].seconds + rung.tolerance + rungs[0].tolerance
        for rung in others
    )
