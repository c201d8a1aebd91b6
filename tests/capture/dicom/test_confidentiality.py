"""The table of PS3.15: its rows, held against pydicom's dictionary and against what is read."""

from collections import Counter

import pytest
from pydicom.datadict import (
    DicomDictionary,
    RepeatersDictionary,
    dictionary_VR,
    keyword_for_tag,
    tag_for_keyword,
)

from clinval.capture.dicom.gate.confidentiality import rows
from clinval.capture.dicom.headers.attributes import ATTRIBUTES

ROWS = {row.tag: row for row in rows().values()}
REPEATED = {"50xx,xxxx": "CurveData", "60xx,3000": "OverlayData", "60xx,4000": "OverlayComments"}
SINGLE = {int(tag.replace(",", ""), 16): row for tag, row in ROWS.items() if tag not in REPEATED}
# what came into the standard after pydicom's dictionary
NEWER = {
    0x00081301, 0x00081302, 0x00081303, 0x00081304, 0x00100011, 0x00100012, 0x00100013,
    0x00100014, 0x00100015, 0x00100016, 0x00100041, 0x00100042, 0x00100043, 0x00100044,
    0x00100045, 0x00100046, 0x00100047, 0x00102162, 0x0040A034, 0x0040A035, 0x0040B034,
    0x0040B036, 0x0040B03B, 0x0040B03F, 0x0040E012,
}  # fmt: skip


def test_each_row_is_an_attribute_of_the_standard():
    assert len(ROWS) == 655
    assert set(REPEATED) <= set(ROWS)
    known = {tag: row for tag, row in SINGLE.items() if tag not in NEWER or keyword_for_tag(tag)}
    assert {tag: row.keyword for tag, row in known.items()} == {
        tag: keyword_for_tag(tag) for tag in known
    }
    repeaters = {entry[4] for entry in RepeatersDictionary.values()}
    assert {ROWS[tag].keyword for tag in REPEATED} == set(REPEATED.values()) <= repeaters


def test_actions_are_those_of_the_profile():
    assert {row.action for row in ROWS.values()} == {
        "X", "Z", "D", "U", "X/Z", "X/D", "Z/D", "X/Z/D", "X/Z/U*",
    }  # fmt: skip
    # rows of the standard that everybody knows
    assert {name: rows()[name].action for name in (
        "PatientName", "PatientBirthDate", "AccessionNumber", "InstitutionName", "PatientAge",
        "StudyInstanceUID", "OperatorsName", "StudyDescription", "ContentDate", "PersonName",
    )} == {
        "PatientName": "Z", "PatientBirthDate": "Z", "AccessionNumber": "Z",
        "InstitutionName": "X/Z/D", "PatientAge": "X", "StudyInstanceUID": "U",
        "OperatorsName": "X/Z/D", "StudyDescription": "X", "ContentDate": "Z/D", "PersonName": "D",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("handled", "representations"),
    [
        ("dates", {"DA", "TM", "DT", "SH", "OB"}),  # SH: an offset; OB: time stamps of a device
        ("uids", {"UI"}),
        ("structure", {"SQ"}),
        ("content", {"OB", "OW", "SQ", "UN"}),
        ("institution", {"LO", "ST", "SQ"}),
    ],
)
def test_what_is_handled_alike_is_of_one_kind(handled, representations):
    found = {
        dictionary_VR(tag)
        for tag, row in SINGLE.items()
        if row.handled == handled and tag in DicomDictionary
    }
    assert found <= representations


def test_no_name_of_a_person_may_stay():
    of_people = [tag for tag in SINGLE if tag in DicomDictionary and dictionary_VR(tag) == "PN"]
    assert len(of_people) > 20
    assert {SINGLE[tag].handled for tag in of_people} == {"empty"}
    counts = Counter(row.handled for row in ROWS.values())
    assert counts["empty"] > 150


def test_nothing_that_names_somebody_is_read():
    """Attributes leave a header by name: none of them may be one that has to be empty."""
    for name in ATTRIBUTES:
        public, _, _ = name.partition(",")  # a private attribute may stand in a sequence
        for keyword in public.split(".")[: None if public == name else -1]:
            row = rows().get(keyword)
            assert row is None or row.handled != "empty" or keyword == "PatientID", name
            assert dictionary_VR(tag_for_keyword(keyword)) != "PN"
