"""Which equipment had a part in one instance, and as what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.times.series_kind import instance_kind

__all__ = ["Kind", "Seen", "State", "originals", "plain", "seen", "states"]

Kind = Literal["scanner", "algorithm"]

_SCANNED = frozenset(
    ("CR", "CT", "DX", "IO", "MG", "MR", "NM", "PT", "PX", "RF", "US", "XA")
)  # fmt: skip
"""Modalities whose derived and captured images are evidence of the scanner where there is no other
one. Objects about images (segmentations, annotations) have modalities of their own."""

_PROCESSING = "109102"
"""Processing Equipment (PS3.16, CID 7005)."""

_IDENTITY = (
    "Manufacturer",
    "ManufacturerModelName",
    "DeviceSerialNumber",
    "SoftwareVersions",
    "UDISequence.UniqueDeviceIdentifier",
)
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


class Seen(NamedTuple):
    """An instance, what it is, and what its header calls the equipment that made it."""

    instance: Instance
    kind: str
    own: State


def seen(instances: Iterable[Instance]) -> list[Seen]:
    """Return instances with what is asked of each of them more than once."""
    return [Seen(one, instance_kind(one.header), _scanner(one.header)) for one in instances]


def originals(looked_at: Iterable[Seen]) -> dict[tuple[str, str], set[State]]:
    """Return, by examination and modality, the scanners that made original images."""
    found: defaultdict[tuple[str, str], set[State]] = defaultdict(set)
    for instance, kind, own in looked_at:
        if kind == "original":
            found[instance.study, instance.header.text("Modality")].add(own)
    return found


def states(one: Seen, scanners: Mapping[tuple[str, str], set[State]]) -> Iterator[State]:
    """Yield the devices that had a part in an instance."""
    instance, kind, own = one
    for made in instance.algorithms:
        if made.name:
            yield own._replace(
                kind="algorithm",
                manufacturer=made.maker or own.manufacturer,
                algorithm=made.name,
                version=made.version,
            )
    if _MODEL_OF_CONTRIBUTOR in instance.header:
        for contributor in _contributors(one):
            if _name(contributor) != _name(own):
                yield contributor
    modality = instance.header.text("Modality")
    if kind in {"derived", "capture"}:
        known = scanners.get((instance.study, modality), set())
        same = sorted(scanner for scanner in known if _name(scanner) == _name(own))
        if same:
            yield same[0]
        elif known and kind == "derived":
            yield _as_algorithm(own)
        elif not known and modality in _SCANNED and any(own[1:]):
            yield own
    elif any(own[1:]) and (kind != "report" or instance.report is not None):
        yield own


def _contributors(one: Seen) -> Iterator[State]:
    """Yield processing equipment; without a purpose, only of images that are derived."""
    header = one.instance.header
    models = header.texts(_MODEL_OF_CONTRIBUTOR)
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
        if model and (purpose == _PROCESSING or (not purpose and one.kind == "derived")):
            yield _as_algorithm(State("algorithm", maker, model, software=version))


def _as_algorithm(state: State) -> State:
    return state._replace(kind="algorithm", algorithm=state.model, version=state.software)


def _scanner(header: Header) -> State:
    return State("scanner", *("\\".join(header.texts(name)).strip() for name in _IDENTITY))


def _name(state: State) -> tuple[str, str]:
    return plain(state.manufacturer), plain(state.model)


def plain(text: str) -> str:
    """Return a text without what tells no two devices apart: case and spaces."""
    return " ".join(text.casefold().split())
