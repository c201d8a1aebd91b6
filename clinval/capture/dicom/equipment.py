"""Which equipment had a part in one instance, and as what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from clinval.capture.dicom.header import Header
from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.series_kind import instance_kind

__all__ = ["Kind", "State", "originals", "plain", "states"]

Kind = Literal["scanner", "algorithm"]

_SCANNED = frozenset(
    ("CR", "CT", "DX", "IO", "MG", "MR", "NM", "PT", "PX", "RF", "US", "XA")
)  # fmt: skip
"""Modalities whose derived and captured images are evidence of the scanner where there is no other
one. Objects about images (segmentations, annotations) have modalities of their own."""

_PROCESSING = "109102"
"""Processing Equipment (PS3.16, CID 7005)."""

_MODEL_OF_CONTRIBUTOR = "ContributingEquipmentSequence.ManufacturerModelName"


class State(NamedTuple):
    """What tells a device from others."""

    kind: Kind
    manufacturer: str
    model: str
    serial: str = ""
    software: str = ""
    udi: str = ""
    algorithm: str = ""
    version: str = ""


def originals(instances: Sequence[Instance]) -> dict[tuple[str, str], set[State]]:
    """Return, by examination and modality, the scanners that made original images."""
    found: defaultdict[tuple[str, str], set[State]] = defaultdict(set)
    for instance in instances:
        if instance_kind(instance.header) == "original":
            found[instance.study, instance.header.text("Modality")].add(_scanner(instance.header))
    return found


def states(instance: Instance, scanners: Mapping[tuple[str, str], set[State]]) -> Iterator[State]:
    """Yield the devices that had a part in an instance."""
    header = instance.header
    own = _scanner(header)
    for made in filter(lambda one: one.name, instance.algorithms):
        yield own._replace(
            kind="algorithm",
            manufacturer=made.maker or own.manufacturer,
            algorithm=made.name,
            version=made.version,
        )
    for contributor in _contributors(header):
        if _name(contributor) != _name(own):
            yield contributor
    kind, modality = instance_kind(header), header.text("Modality")
    if kind in {"derived", "capture"}:
        known = scanners.get((instance.study, modality), set())
        same = sorted(one for one in known if _name(one) == _name(own))
        if same:
            yield same[0]
        elif known and kind == "derived":
            yield _as_algorithm(own)
        elif not known and modality in _SCANNED and any(own[1:]):
            yield own
    elif any(own[1:]) and (kind != "report" or instance.report is not None):
        yield own


def _contributors(header: Header) -> Iterator[State]:
    """Yield processing equipment; without a purpose, only of images that are derived."""
    models = header.texts(_MODEL_OF_CONTRIBUTOR)
    derived = instance_kind(header) == "derived"
    columns = [
        header.texts(f"ContributingEquipmentSequence.{name}")
        for name in ("Manufacturer", "SoftwareVersions", "PurposeOfReferenceCodeSequence.CodeValue")
    ]
    # What no item has is not there, and an item with two purposes has two values: of neither can
    # be told which item it belongs to.
    makers, versions, purposes = (
        column if len(column) == len(models) else ("",) * len(models) for column in columns
    )
    for maker, model, version, purpose in zip(makers, models, versions, purposes, strict=True):
        if model and (purpose == _PROCESSING or (not purpose and derived)):
            yield _as_algorithm(State("algorithm", maker, model, software=version))


def _as_algorithm(state: State) -> State:
    return state._replace(kind="algorithm", algorithm=state.model, version=state.software)


def _scanner(header: Header) -> State:
    return State(
        "scanner",
        *(
            "\\".join(header.texts(name)).strip()
            for name in (
                "Manufacturer",
                "ManufacturerModelName",
                "DeviceSerialNumber",
                "SoftwareVersions",
                "UDISequence.UniqueDeviceIdentifier",
            )
        ),
    )


def _name(state: State) -> tuple[str, str]:
    return plain(state.manufacturer), plain(state.model)


def plain(text: str) -> str:
    """Return a text without what tells no two devices apart: case and spaces."""
    return " ".join(text.casefold().split())
