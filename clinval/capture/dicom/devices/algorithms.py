"""Algorithms that say they made a segmentation, an annotation or a structured report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Algorithm", "algorithms"]

_NAME, _VERSION = ("111001", "DCM"), ("111003", "DCM")
"""Concepts of a report: Algorithm Name, Algorithm Version (PS3.16, TID 4019)."""

_CONTENT = 0x0040A730
_SKIPPED = frozenset({0x52009230, _CONTENT})
"""Not looked into: one item a frame, which repeats what the head says; the content of a report,
which is looked at by its concepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """An algorithm, as an object that it made identifies it.

    Attributes
    ----------
    name, version
        As written.
    family
        What kind of algorithm it calls itself, such as ``Artificial Intelligence``.
    maker
        Who made the algorithm; empty where it does not say.
    """

    name: str
    version: str = ""
    family: str = ""
    maker: str = ""


def algorithms(dataset: Dataset) -> tuple[Algorithm, ...]:
    """Return the algorithms that an object names, each once, in the order of the object.

    They stand in the identification of an algorithm (PS3.3, 10.16) wherever it is used: for
    segments, surfaces, tracks, annotations, derivations; in the name of a segment that was not
    made by hand; and in a structured report, as Algorithm Name and Algorithm Version.

    Parameters
    ----------
    dataset
        The header of a segmentation, an annotation or a structured report.
    """
    return tuple(dict.fromkeys((*_identified(dataset), *_reported(dataset))))


def _identified(item: Dataset) -> Iterator[Algorithm]:
    name = _text(item, "AlgorithmName")
    if name:
        yield Algorithm(
            name=name,
            version=_text(item, "AlgorithmVersion"),
            family=_meaning(item, "AlgorithmFamilyCodeSequence"),
            maker=_text(item, "AlgorithmSource"),
        )
    if "SegmentationAlgorithmIdentificationSequence" not in item:
        name = _text(item, "SegmentAlgorithmName")
        if name and _text(item, "SegmentAlgorithmType") != "MANUAL":
            yield Algorithm(name=name)
    for inner in _items(item):
        yield from _identified(inner)


def _reported(item: Dataset) -> Iterator[Algorithm]:
    """Yield name and version of each group of content; a version belongs to the name before it."""
    name = version = ""
    for content in item.get("ContentSequence") or ():
        concept = _concept(content)
        if concept == _NAME:
            if name:
                yield Algorithm(name=name, version=version)
            name, version = _text(content, "TextValue"), ""
        elif concept == _VERSION:
            version = _text(content, "TextValue")
        yield from _reported(content)
    if name:
        yield Algorithm(name=name, version=version)


def _items(item: Dataset) -> Iterator[Dataset]:
    """Yield the items of all sequences; other values stay unread, however odd they are."""
    from pydicom.datadict import dictionary_has_tag, dictionary_VR

    for tag in item.keys():  # noqa: SIM118  iterating over a dataset would convert its values
        kind: str | None = item.get_item(tag).VR  # none where it is implicit
        if kind is None and dictionary_has_tag(tag):
            kind = dictionary_VR(tag)
        if kind == "SQ" and tag not in _SKIPPED:
            yield from item[tag].value or ()


def _concept(content: Dataset) -> tuple[str, str]:
    for code in content.get("ConceptNameCodeSequence") or ():
        return _text(code, "CodeValue"), _text(code, "CodingSchemeDesignator")
    return "", ""


def _meaning(item: Dataset, keyword: str) -> str:
    return next((_text(code, "CodeMeaning") for code in item.get(keyword) or ()), "")


def _text(item: Dataset, keyword: str) -> str:
    value: Any = item.get(keyword)
    if value is None:
        return ""
    parts = [value] if isinstance(value, str) else value  # a name may hold a backslash
    return "\\".join(str(part) for part in parts).strip()
