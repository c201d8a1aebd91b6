"""What in the header of a DICOM file identifies a patient.

Asked for are the attributes that the basic profile of PS3.15 (annex E) removes or empties because
they name a person, a number of a person or where a person can be found; dates of the examination,
the institution and unique identifiers are what studies work with and are not among them.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from clinval.capture.phi import kinds_in
from clinval.capture.phi_found import Found

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.dataelem import DataElement

__all__ = ["identifying_elements", "look_through_dicom"]

_DIRECT = re.compile(
    # the patient
    "PatientName|PatientID|PatientBirth(Date|Time|Name)|PatientMotherBirthName|OtherPatientIDs"
    "|OtherPatientIDsSequence|OtherPatientNames|PatientAddress|PatientTelephoneNumbers"
    "|PatientTelecomInformation|PatientInsurancePlanCodeSequence|PatientReligiousPreference"
    "|MilitaryRank|BranchOfService|CountryOfResidence|RegionOfResidence|MedicalRecordLocator"
    "|IssuerOfPatientID|ResponsiblePerson|ResponsibleOrganization|PersonAddress"
    "|PersonTelephoneNumbers|PersonTelecomInformation|PatientInstitutionResidence"
    "|CurrentPatientLocation|Occupation"
    # numbers of the visit
    "|AccessionNumber|AdmissionID|ServiceEpisodeID|RequestedProcedureID"
    "|(Placer|Filler)OrderNumberImagingServiceRequest|OrderCallback(PhoneNumber|TelecomInformation)"
    # people of the hospital, beside all whose value is the name of a person
    "|ReferringPhysician(Address|TelephoneNumbers)|OrderEnteredBy"
)
_TEXTS = ("LO", "LT", "PN", "SH", "ST", "UC", "UT")
_NOTHING = re.compile(
    "|anon|anonym(ous|ized|ised)?|removed|de-?identified|none|unknown|no.?name|test|phantom|n/?a"
    "|null|0+|19000101|x+",
    re.IGNORECASE,
)


def identifying_elements(dataset: Dataset, known: Collection[str] = ()) -> list[Found]:
    """Return the elements of a dataset that identify a patient, by the name of their attribute.

    Parameters
    ----------
    dataset
        The header; pixels are not needed.
    known
        What may stand there: the identifiers of the study's subjects.
    """
    return list(_found(dataset, frozenset(known)))


def _found(dataset: Dataset, known: Collection[str]) -> Iterator[Found]:
    for element in dataset:
        name = element.keyword or str(element.tag)
        if element.VR == "SQ":
            if _DIRECT.fullmatch(name) and len(element.value):
                yield Found(kind="header", place=name)
                continue
            for item in element.value:
                yield from _found(item, known)
        elif _DIRECT.fullmatch(name) or element.VR == "PN":
            if any(t not in known and not _NOTHING.fullmatch(t) for t in _texts(element)):
                yield Found(kind="header", place=name)
        elif name == "PatientAge":
            if any(_is_old(text) for text in _texts(element)):
                yield Found(kind="age", place=name)
        elif name in ("BurnedInAnnotation", "RecognizableVisualFeatures"):
            if "YES" in _texts(element):
                yield Found(kind="picture", place=name)
        elif element.VR in _TEXTS:
            for text in _texts(element):
                yield from Found.all_of(kinds_in(text), name)


def _texts(element: DataElement) -> list[str]:
    """Return the values of an element as texts without padding; an empty one has none."""
    value = element.value
    if value is None or value == "":
        return []
    many = value if element.VM > 1 else [value]
    return [str(one).strip(" ^=\0") for one in many]


def _is_old(age: str) -> bool:
    return age[-1:].upper() == "Y" and age[:-1].isdecimal() and int(age[:-1]) > 89


def look_through_dicom(content: bytes) -> Iterator[Found]:
    """Yield what the header of a DICOM file holds.

    Raises
    ------
    RefusedError
        When it cannot be read.
    """
    import pydicom

    from clinval.capture.reading.package import RefusedError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that are not as the standard has them
        try:
            dataset = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True)
            found = identifying_elements(dataset)
        except Exception as error:  # a broken header leads pydicom anywhere
            raise RefusedError("file-damaged", detail=type(error).__name__) from error
    if not len(dataset):
        raise RefusedError("file-damaged", detail="no elements")
    yield from found
