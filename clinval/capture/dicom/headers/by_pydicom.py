"""Headers read by pydicom: the truth, and the way for all that is out of the ordinary."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from clinval.capture.dicom.headers.dictionary import name_of_tag, vr_of_tag
from clinval.capture.dicom.headers.head import DEFLATED, Head
from clinval.capture.dicom.headers.header import Element, Header
from clinval.capture.dicom.headers.paths import Step, steps_of
from clinval.capture.dicom.headers.unreadable import UnreadableError
from clinval.capture.dicom.headers.values import must_be_short

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.dataelem import DataElement, RawDataElement

__all__ = ["elements_of", "header_of", "load"]

_TEXTS = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI",
     "UR", "UT")
)  # fmt: skip

_LIMIT = 1 << 24
"""Bytes of a header that pydicom is given: its elements take a hundred times as many."""

_UNDEFINED = 0xFFFFFFFF
_PIXELS = (b"\xe0\x7f", b"\x7f\xe0")


def load(head: Head) -> Dataset:
    """Return what stands before the pixels.

    Raises
    ------
    UnreadableError
        ``truncated`` where it ends inside of an element, ``damaged`` where pydicom cannot go on,
        ``unreadable`` where it is larger than any that is read.
    """
    import pydicom

    head.have(_LIMIT)
    if DEFLATED in head.data:  # pydicom would inflate it without a bound
        raise UnreadableError("unreadable")
    file = io.BytesIO(head.data)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            dataset = pydicom.dcmread(file, stop_before_pixels=True, force=True)
        except Exception as error:  # a broken header leads pydicom anywhere
            raise UnreadableError("damaged") from error
    rest = head.data[file.tell() :]
    if rest[:2] not in _PIXELS and not head.whole:
        raise UnreadableError("unreadable")
    if _cut_off(dataset) or any("nd of file" in str(one.message) for one in said):
        raise UnreadableError("truncated")
    if not len(dataset):
        raise UnreadableError("truncated")
    return dataset


def _cut_off(dataset: Dataset) -> bool:
    """Whether an element at the top is longer than what there is of it: pydicom does not say."""
    from pydicom.dataelem import RawDataElement

    for tag in sorted(dataset.keys()):
        raw: Any = dataset.get_item(tag, keep_deferred=True)
        if isinstance(raw, RawDataElement) and len(raw.value or b"") < raw.length != _UNDEFINED:
            return True
    return False


def header_of(dataset: Dataset, names: Sequence[str]) -> Header:
    """Return the values of attributes that are there."""
    values = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that are not as the standard has them
        for name in names:
            found = _values(dataset, steps_of(name))
            if found is not None:
                values[name] = found
    return Header(values)


def _values(dataset: Dataset, steps: tuple[Step, ...]) -> tuple[str, ...] | None:
    tag = _tag(dataset, steps[0])
    if tag is None:
        return None
    vr, texts, items = _content(dataset, tag)
    if len(steps) == 1:
        return texts
    if vr != "SQ":
        return None
    found = _in_items(items, steps[1:])
    return None if all(one is None for one in found) else tuple(one or "" for one in found)


def _in_items(items: Sequence[Dataset], steps: tuple[Step, ...]) -> list[str | None]:
    """Return a text for each item of the innermost sequence, ``None`` where it has no such one."""
    found: list[str | None] = []
    for item in items:
        tag = _tag(item, steps[0])
        if tag is None:
            found.append(None)
            continue
        vr, texts, inner = _content(item, tag)
        if len(steps) == 1:
            found.append("\\".join(texts))
        elif vr == "SQ" and inner:
            found.extend(_in_items(inner, steps[1:]))
        else:
            found.append(None)
    return found


def _tag(dataset: Dataset, step: Step) -> int | None:
    """Return the tag of a step in a data set; that of a private element depends on its block."""
    tag = step.tag
    if step.creator:
        group = tag >> 16 << 16
        for block in range(0x10, 0x100):
            if group | block in dataset and _content(dataset, group | block)[1] == (step.creator,):
                tag |= block << 8
                break
        else:
            return None
    return tag if tag in dataset else None


def elements_of(dataset: Dataset) -> list[Element]:
    """Return every element of a data set and of the sequences in it, by tag.

    Raises
    ------
    UnreadableError
        ``damaged`` where a sequence cannot be taken apart, or lies too deep.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        return list(_elements(dataset, ""))


def _elements(dataset: Dataset, above: str) -> Iterator[Element]:
    for tag in sorted(dataset.keys()):
        vr, texts, items = _content(dataset, tag)
        path = above + name_of_tag(int(tag))
        yield Element(path, vr, texts)
        for item in items:
            yield from _elements(item, path + ".")


def _content(dataset: Dataset, tag: Any) -> tuple[str, tuple[str, ...], Sequence[Dataset]]:
    """Return VR and texts of an element, and its items if it is a sequence."""
    from pydicom.dataelem import RawDataElement

    raw: Any = dataset.get_item(tag, keep_deferred=True)
    if isinstance(raw, RawDataElement):
        must_be_short(raw.VR or vr_of_tag(int(tag)), len(raw.value or b""))
    try:
        element = dataset[tag]
    except RecursionError:
        raise UnreadableError("damaged") from None
    except Exception:  # noqa: BLE001 - a value that breaks its VR leads pydicom anywhere
        return _as_it_stands(raw)
    if element.VR == "SQ":
        return "SQ", ("",) if element.value else (), element.value or ()
    return str(element.VR), _texts(element), ()


def _as_it_stands(raw: RawDataElement) -> tuple[str, tuple[str, ...], Sequence[Dataset]]:
    """Return what pydicom cannot convert: a text stays a text."""
    vr, value = raw.VR or "UN", raw.value or b""
    if vr == "SQ":
        raise UnreadableError("damaged")
    if vr in _TEXTS:
        return vr, tuple(one.strip(" \0") for one in value.decode("latin-1").split("\\")), ()
    return vr, ("",) if value else (), ()


def _texts(element: DataElement) -> tuple[str, ...]:
    value = element.value
    if value is None:
        return ()
    if isinstance(value, bytes):
        return ("",) if value else ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        text = str(value)
        return (text,) if text else ()
    return tuple(str(one) for one in value)
