"""What is kept of a header: numbers, moments and texts, identifiers as hashes, and no person.

The gate decides whether a study takes a file. Of one that it does not take the numbers may still
be looked at by those who have it; its texts then are cleaned here of every name and number of a
person that stands anywhere in the same file.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from clinval.capture.dicom.devices.algorithms import Algorithm
from clinval.capture.dicom.dose.report import DoseReport, IrradiationEvent, Quantity
from clinval.capture.dicom.gate.confidentiality import rows
from clinval.capture.dicom.gate.header_texts import is_dummy, kinds_of
from clinval.capture.dicom.headers.header import Element, Header
from clinval.capture.dicom.headers.paths import steps_of
from clinval.capture.dicom.instance import hash_of_uid

__all__ = ["Cleaner", "kept_header"]

_LEFT_BEHIND = ("PatientID", "ClinicalTrialSubjectID", "InstitutionName")
"""Asked for to know whose and from where a file is; a code of the study takes their place."""

_OF_THE_STANDARD = "1.2.840.10008."
_NUMBERS = re.compile(r"[0-9.eE+-]*", re.ASCII)
_MOMENT = re.compile(r"[0-9.:&+-]*", re.ASCII)
_AGE = re.compile(r"[0-9]{0,3}[DWMY]?", re.ASCII)
_SHAPES = {
    **dict.fromkeys(("DS", "IS", "FL", "FD", "SL", "SS", "SV", "UL", "US", "UV"), _NUMBERS),
    **dict.fromkeys(("DA", "DT", "TM"), _MOMENT),
    "AS": _AGE,
}
"""What values look like that are no texts; whatever looks otherwise may be a name."""

_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d{4,}")
_CHINESE = re.compile(r"[\u3400-\u9fff]{2,}")
_SHORTEST = 3  # letters of a name that texts are searched for


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Takes texts that repeat something of a person out of what is kept.

    ``words`` are those of the file's names and numbers of persons, in small letters; without any
    (``None``) texts stay as they are: the gate has looked at them.
    """

    words: frozenset[str] | None = None

    @classmethod
    def of(cls, elements: Iterable[Element]) -> Cleaner:
        """Return what cleans the texts of a file that has these elements."""
        told: set[str] = set()
        for path, vr, values in elements:
            row = rows().get(path.rpartition(".")[2])
            if vr == "PN" or (row is not None and row.handled == "empty"):
                told.update(*(_words(value) for value in values if not is_dummy(value)))
        return cls(frozenset(told))

    def text(self, text: str) -> str:
        """Return a text, or an empty one where it may tell of a person."""
        if self.words is None or not text:
            return text
        if not self.words.isdisjoint(_words(text)) or _has_any(text, self.words):
            return ""
        return "" if kinds_of(text) else text

    def report(self, report: DoseReport) -> DoseReport:
        """Return a dose report with cleaned texts; its numbers are untouched."""
        return replace(
            report,
            events=tuple(self._event(event) for event in report.events),
            totals=self._quantities(report.totals),
        )

    def _event(self, event: IrradiationEvent) -> IrradiationEvent:
        exposure, duration = event.exposure_seconds, event.duration_seconds
        return replace(
            event,
            label=self.text(event.label),
            values=self._quantities(event.values),
            exposure_seconds=exposure and self._quantity(exposure),
            duration_seconds=duration and self._quantity(duration),
        )

    def _quantities(self, quantities: Mapping[str, Quantity]) -> dict[str, Quantity]:
        return {name: self._quantity(one) for name, one in quantities.items()}

    def _quantity(self, one: Quantity) -> Quantity:
        return replace(one, original=self.text(one.original) if _is_number(one) else "")

    def algorithm(self, algorithm: Algorithm) -> Algorithm:
        """Return an algorithm with cleaned texts."""
        return Algorithm(
            name=self.text(algorithm.name),
            version=self.text(algorithm.version),
            family=self.text(algorithm.family),
            maker=self.text(algorithm.maker),
        )


def kept_header(header: Header, clean: Cleaner) -> Header:
    """Return what is kept of a header."""
    return Header({
        name: _kept(name, header.texts(name), clean)
        for name in header
        if name not in _LEFT_BEHIND
    })  # fmt: skip


def _kept(name: str, texts: tuple[str, ...], clean: Cleaner) -> tuple[str, ...]:
    vr = _vr(name)
    if vr == "UI":
        return tuple("\\".join(_hashed(uid) for uid in text.split("\\")) for text in texts)
    shape = _SHAPES.get(vr)
    if shape is not None:
        return tuple(text if shape.fullmatch(text.replace("\\", "")) else "" for text in texts)
    return tuple(text if _NUMBERS.fullmatch(text) else clean.text(text) for text in texts)


def _is_number(quantity: Quantity) -> bool:
    """Return whether what was written is a number; a text in its place may be anything."""
    return "not_a_number" not in quantity.flags


def _hashed(uid: str) -> str:
    """Return the hash of an identifier; those that the standard itself gives identify nobody."""
    return uid if uid.startswith(_OF_THE_STANDARD) else hash_of_uid(uid)


@functools.cache
def _vr(name: str) -> str:
    from pydicom.datadict import dictionary_VR

    last = steps_of(name)[-1]
    return "UN" if last.creator else dictionary_VR(last.tag)


def _words(text: str) -> set[str]:
    found = {word for word in _LETTERS.findall(text.casefold()) if len(word) >= _SHORTEST}
    found.update(_DIGITS.findall(text))
    chinese = "".join(_CHINESE.findall(text.replace("^", "").replace(" ", "")))
    return found | {chinese} if chinese else found


def _has_any(text: str, words: frozenset[str]) -> bool:
    """Return whether Chinese names stand in a text, which does not part words."""
    if not _CHINESE.search(text):
        return False
    return any(word in text for word in words if _CHINESE.fullmatch(word))
