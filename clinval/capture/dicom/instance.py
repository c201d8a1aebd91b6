"""One file that was read: whatever is used of it afterwards, and nothing that tells whose it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from clinval.capture.dicom.devices.algorithms import Algorithm
from clinval.capture.dicom.dose.report import DoseReport
from clinval.capture.dicom.headers.header import Header

__all__ = ["Instance", "hash_of_uid"]


def hash_of_uid(uid: str) -> str:
    """Return what stands for a unique identifier; the same identifier has the same hash anywhere.

    Examples
    --------
    >>> hash_of_uid("1.2.840.10008.1.1")
    '7a96f697a695cd07561035711de364f9'
    """
    return hashlib.sha256(uid.encode()).hexdigest()[:32] if uid else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One image or report.

    Attributes
    ----------
    file
        Number of the file in the order of the folder; its name may hold a name.
    folder
        Parts of its path inside the folder, as far as they are codes of the study.
    subject
        Code of the subject, empty where the file does not say one that the study knows.
    uid, study, series
        Hashes of SOPInstanceUID, StudyInstanceUID and SeriesInstanceUID.
    header
        The attributes of `clinval.capture.dicom.headers.attributes`; identifiers of events,
        acquisitions and frames of reference in it are hashes too.
    report
        What a dose report says.
    algorithms
        What a segmentation, an annotation or another report names as its makers.
    refusals
        Why the gate does not take it; empty for an instance that may be used in a study.
    """

    file: int
    uid: str
    study: str
    series: str
    header: Header
    subject: str = ""
    folder: tuple[str, ...] = ()
    report: DoseReport | None = None
    algorithms: tuple[Algorithm, ...] = ()
    refusals: tuple[str, ...] = ()
