"""What in the header of a DICOM file that is returned identifies a patient.

The rules are those of the gate for images (`clinval.capture.dicom.gate.identifying`). Whether the
file says that it has been de-identified is not asked here: nothing of it is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from clinval.capture.dicom.gate.identifying import identifying
from clinval.capture.dicom.headers.header import Element
from clinval.capture.phi_found import Found

__all__ = ["identifying_elements", "look_through_dicom"]


def identifying_elements(
    elements: Iterable[Element], known: Collection[str] = ()
) -> Iterator[Found]:
    """Yield what identifies a patient, by the name of the attribute.

    Parameters
    ----------
    elements
        Of the header; pixels are not needed.
    known
        What may stand there: the identifiers of the study's subjects.
    """
    for found in identifying(elements, frozenset(known).__contains__):
        yield Found(kind=found.kind, place=found.attribute)


def look_through_dicom(content: bytes) -> Iterator[Found]:
    """Yield what the header of a DICOM file holds.

    Raises
    ------
    RefusedError
        When it cannot be read.
    """
    from clinval.capture.dicom.headers.reading import UnreadableError, read_bytes
    from clinval.capture.reading.package import RefusedError

    try:
        yield from identifying_elements(read_bytes(content).elements())
    except UnreadableError as error:
        raise RefusedError("file-damaged", detail=error.reason) from error
