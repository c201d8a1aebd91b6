"""What pydicom says of a header, written down without any code of the reader."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pydicom
from pydicom.data import get_charset_files, get_testdata_files
from pydicom.datadict import keyword_for_tag

SHARED = Path(__file__).resolve().parents[4] / "shared" / "dicom"


def shared_files() -> list[Path]:
    """The real files beside the checkout; none where they are missing."""
    return sorted(SHARED.rglob("*.dcm"))


def pydicom_files() -> list[Path]:
    """The test files that come with pydicom."""
    paths = (Path(name) for name in (*get_testdata_files(), *get_charset_files()))
    return sorted({path for path in paths if path.is_file()})


def texts(value) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, bytes):
        return ("",) if value else ()
    if isinstance(value, list | pydicom.multival.MultiValue):
        return tuple(str(one) for one in value)
    return (str(value),) if str(value) else ()


def elements(dataset: pydicom.Dataset, above: str = "") -> Iterator[tuple]:
    """Path, VR and texts; no VR and texts where pydicom cannot convert the value."""
    for tag in sorted(dataset.keys()):
        path = above + (keyword_for_tag(tag) or f"{tag.group:04X},{tag.elem:04X}")
        try:
            element = dataset[tag]
        except Exception:  # noqa: BLE001 - whatever it raises, it has no value
            yield path, None, None
            continue
        if element.VR == "SQ":
            yield path, "SQ", ("",) if len(element.value) else ()
            for item in element.value:
                yield from elements(item, f"{path}.")
        else:
            yield path, element.VR, texts(element.value)


def attribute(dataset: pydicom.Dataset, name: str) -> tuple[str, ...] | None:
    """The values of a public attribute, at the top or in sequences."""
    *sequences, last = name.split(".")
    if not sequences:
        return texts(dataset[last].value) if last in dataset else None
    items: list[pydicom.Dataset | None] = [dataset]
    for sequence in sequences:
        inside: list[pydicom.Dataset | None] = []
        for item in items:
            deeper = item.get(sequence) if item is not None else None
            inside += deeper or ([] if item is dataset else [None])
        items = inside
    found = [None if item is None or last not in item else texts(item[last].value)
             for item in items]  # fmt: skip
    if all(one is None for one in found):
        return None
    return tuple("\\".join(one or ()) for one in found)


def truth(path: Path) -> pydicom.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, stop_before_pixels=True, force=True)
