"""What a series is: acquired by the scanner, or made of what was acquired.

Only what was acquired has a scan time. Whatever was computed afterwards (reformations, parametric
maps, output of algorithms, segmentations) may carry the times of its sources, and would count them
twice.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Literal

from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import Instance

__all__ = ["Kind", "called_localizer", "instance_kind", "kinds_of_series", "series_kind"]

Kind = Literal["original", "localizer", "derived", "report", "capture"]

_CLASSES = "1.2.840.10008.5.1.4.1.1."
_CAPTURES = ("7",)
_COMPUTED = ("30", "66.4", "66.5", "66.6", "67", "81", "82", "91", "481.2")
_RADIOTHERAPY_IMAGES = frozenset(("481.1", "481.23", "481.24"))
_NO_IMAGES = ("8", "9", "10", "11", "66", "68", "78", "79", "80", "88", "90", "104", "131", "200",
              "201", "481")  # fmt: skip
"""Classes of objects (PS3.6 annex A) by what comes after `_CLASSES`: secondary captures; what is
computed (parametric maps, segmentations, real world values, topographies, annotations, dose grids);
and what has no pixels of its own (waveforms, reports, presentations, plans)."""

_WITHOUT_IMAGES = frozenset(("SR", "KO", "PR", "DOC", "REG", "PLAN", "RTPLAN", "RTSTRUCT"))
_COMPUTED_MODALITIES = frozenset(("SEG", "ANN", "FID", "RWV", "RTDOSE", "M3D"))
_PROJECTIONS = frozenset(("CR", "DX", "MG", "IO", "PX"))

_LOCALIZER = re.compile(
    r"locali[sz]er|scout|surview|topogram|scanogram|survey|定位"
    r"|(?<![a-z])(?:loc|pilot)(?![a-z])|3-?pl(?:ane)?(?![a-z])",
    re.IGNORECASE,
)
_FUNCTIONAL = re.compile(r"(?:task|func|fmri|bold)", re.IGNORECASE)


def instance_kind(header: Header) -> Kind:
    """Return what one image or report is.

    Notes
    -----
    A radiograph (CR, DX, MG, IO, PX) is called derived by its detector's own processing, which is
    part of taking it (PS3.3 C.8.11.3): it is original unless it is secondary too. Localizers of MR
    have no mark in the standard; they are known by what the scanner calls the series.
    """
    modality = header.text("Modality").upper()
    by_class = _kind_of_class(header.text("SOPClassUID"))
    if by_class == "derived" or modality in _COMPUTED_MODALITIES:
        return "derived"
    if by_class == "report" or modality in _WITHOUT_IMAGES:
        return "report"
    types = [text.strip().upper() for text in header.texts("ImageType")]
    if by_class == "capture" or any("SCREEN" in one for one in types[2:]):
        return "capture"
    made = types[:1] == ["DERIVED"] and modality not in _PROJECTIONS
    if made or types[1:2] == ["SECONDARY"]:
        return "derived"
    if "LOCALIZER" in types or _planned(header):
        return "localizer"
    return "localizer" if modality == "MR" and called_localizer(header) else "original"


def called_localizer(header: Header) -> bool:
    """Whether the scanner's names of the series are those of a localizer.

    Examples
    --------
    >>> [called_localizer(Header({"SeriesDescription": (text,)}))
    ...  for text in ("AAHScout", "3pl_loc", "T1 local coil", "task-localizer_bold")]
    [True, True, False, False]
    """
    names = header.text("SeriesDescription") or header.text("ProtocolName")
    # a task that localizes a function of the brain is an examination, not a view to plan one
    return bool(_LOCALIZER.search(names)) and not _FUNCTIONAL.search(names)


def series_kind(kinds: Sequence[Kind]) -> Kind:
    """Return what a series is by what its instances are: what was acquired decides.

    Examples
    --------
    >>> series_kind(["derived", "original", "derived"]), series_kind(["derived", "report"])
    ('original', 'derived')
    """
    order: tuple[Kind, ...] = ("original", "localizer", "derived", "capture", "report")
    return next((kind for kind in order if kind in kinds), "report")


def kinds_of_series(instances: Sequence[Instance]) -> dict[tuple[str, str], Kind]:
    """Return what each series is, by the hashes of its study and series, in one pass."""
    kinds: dict[tuple[str, str], list[Kind]] = {}
    for instance in instances:
        kinds.setdefault((instance.study, instance.series), []).append(
            instance_kind(instance.header)
        )
    return {key: series_kind(found) for key, found in kinds.items()}


def _planned(header: Header) -> bool:
    options = " ".join(header.texts("ScanOptions")).upper()
    return any(word in options for word in ("SCOUT", "SURVIEW", "SCANOSCOPE"))


@functools.lru_cache(maxsize=256)
def _kind_of_class(uid: str) -> Kind | None:
    """Return what objects of a class are, ``None`` where that depends on the image."""
    rest = uid.removeprefix(_CLASSES)
    if rest == uid or rest in _RADIOTHERAPY_IMAGES:
        return None
    kinds: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("derived", _COMPUTED), ("report", _NO_IMAGES), ("capture", _CAPTURES),
    )  # fmt: skip
    for kind, classes in kinds:
        if any(f"{rest}.".startswith(f"{one}.") for one in classes):
            return kind
    return None
