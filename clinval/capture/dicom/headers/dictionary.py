"""Keywords, tags and VRs, as pydicom's dictionaries have them."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["name_of_tag", "private_vr", "tag_of_keyword", "vr_of_tag"]

_VR, _KEYWORD = 0, 4  # of an entry


@functools.cache
def _standard() -> Mapping[int, tuple[str, ...]]:
    """Return the dictionary of the standard from pydicom's file of it.

    To import pydicom takes longer than to read a thousand headers. What is not found here is
    asked of pydicom itself: all of it, should the file have another name one day.
    """
    package = importlib.util.find_spec("pydicom")
    if package is None or package.origin is None:
        return MappingProxyType({})
    path = Path(package.origin).with_name("_dicom_dict.py")
    spec = importlib.util.spec_from_file_location("clinval_dicom_dictionary", path)
    if not path.is_file() or spec is None or spec.loader is None:
        return MappingProxyType({})
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return MappingProxyType(getattr(module, "DicomDictionary", {}))


@functools.cache
def _keywords() -> Mapping[str, int]:
    return {entry[_KEYWORD]: tag for tag, entry in _standard().items()}


def tag_of_keyword(keyword: str) -> int | None:
    """Return the tag of a keyword of the standard, ``None`` where there is no such one.

    Examples
    --------
    >>> hex(tag_of_keyword("PatientName")), tag_of_keyword("PatientsName")
    ('0x100010', None)
    """
    tag = _keywords().get(keyword)
    if tag is not None:
        return tag
    from pydicom.datadict import tag_for_keyword

    found = tag_for_keyword(keyword)
    return None if found is None else int(found)


@functools.lru_cache(maxsize=1 << 14)
def name_of_tag(tag: int) -> str:
    """Return the keyword of a tag, or its numbers where it has none.

    Examples
    --------
    >>> name_of_tag(0x00100010), name_of_tag(0x60023000), name_of_tag(0x0019105A)
    ('PatientName', 'OverlayData', '0019,105A')
    """
    numbers = f"{tag >> 16:04X},{tag & 0xFFFF:04X}"
    if tag >> 16 & 1:
        return numbers
    if tag in _standard():
        return _standard()[tag][_KEYWORD] or numbers
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(tag) or numbers


@functools.lru_cache(maxsize=1 << 14)
def vr_of_tag(tag: int) -> str:
    """Return the VR that the standard gives a tag, none where it is not in its dictionary.

    Examples
    --------
    >>> vr_of_tag(0x00100010), vr_of_tag(0x00280106), vr_of_tag(0x0019105A)
    ('PN', 'US or SS', '')
    """
    if tag in _standard():
        return _standard()[tag][_VR]
    if tag >> 16 & 1:
        return ""
    from pydicom.datadict import dictionary_VR

    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return ""


@functools.lru_cache(maxsize=1 << 14)
def private_vr(tag: int, creator: str) -> str:
    """Return the VR that a vendor gives an element of its block, ``UN`` where it is not known.

    Examples
    --------
    >>> private_vr(0x0019105A, "GEMS_ACQU_01"), private_vr(0x0019105A, "ACME")
    ('FL', 'UN')
    """
    from pydicom.datadict import private_dictionary_VR

    try:
        return str(private_dictionary_VR(tag, creator))
    except KeyError:
        return "UN"
