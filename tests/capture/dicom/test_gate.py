"""The gate: what it refuses and why, and what it takes."""

import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from made_images import clean_image
from pydicom.datadict import DicomDictionary, dictionary_has_tag, keyword_for_tag
from pydicom.dataset import Dataset

from clinval.capture.dicom.gate.gate import REFUSALS, GatePolicy, gate, refusals
from clinval.capture.dicom.gate.identifying import identifying
from clinval.capture.dicom.headers.attributes import ATTRIBUTES
from clinval.capture.dicom.headers.by_pydicom import elements_of, header_of
from clinval.capture.dicom.headers.header import Element
from clinval.protocol.dicom import BURNED_IN

POLICY = GatePolicy(subjects=frozenset(["S01-001"]), private_creators=("MAKER",))
PLACE = "S01-001/CT/IM000001.dcm"


@pytest.fixture(autouse=True, scope="module")
def _values_that_break_their_representation():
    with pydicom.config.disable_value_validation():
        yield


def judged(dataset, name=PLACE, policy=POLICY):
    header = header_of(dataset, ATTRIBUTES)
    reasons = gate(elements_of(dataset), header, name, policy)
    told = refusals(elements_of(dataset), header, name, policy)
    assert {one.reason for one in told} == set(reasons)
    return reasons


def places(dataset, policy=POLICY):
    found = refusals(elements_of(dataset), header_of(dataset, ATTRIBUTES), PLACE, policy)
    return {(one.reason, one.place) for one in found}


def item(**values):
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def said(concept, kind, **values):
    """Return an item of a structured report."""
    code = item(CodeValue=concept, CodingSchemeDesignator="DCM", CodeMeaning="concept")
    return item(ValueType=kind, ConceptNameCodeSequence=[code], **values)


def test_a_file_that_was_deidentified_properly_is_taken():
    assert judged(clean_image()) == ()


@pytest.mark.parametrize(
    ("reason", "values"),
    [
        ("identity_not_removed", {"PatientIdentityRemoved": "NO"}),
        ("identity_not_removed", {"PatientIdentityRemoved": None}),
        ("method_not_stated", {"DeidentificationMethod": None}),
        ("identifying_attribute", {"PatientName": "Wang^Fang"}),
        ("identifying_attribute", {"PatientID": "445566"}),
        ("identifying_attribute", {"PatientBirthDate": "19580304"}),
        ("identifying_attribute", {"AccessionNumber": "7788"}),
        ("identifying_attribute", {"OperatorsName": "Li^M"}),
        ("identifying_attribute", {"StudyID": "20260304-7"}),
        ("identifying_attribute", {"StudyID": "1204"}),
        ("identifying_attribute", {"OtherPatientIDsSequence": [item(PatientID="445566")]}),
        ("identifying_attribute",
         {"ReferringPhysicianIdentificationSequence": [item(InstitutionCodeSequence=[]),
                                                       item(PersonAddress="12 Baker Street")]}),
        ("identifying_attribute",
         {"OperatorIdentificationSequence": [
             item(PersonIdentificationCodeSequence=[item(CodeMeaning="Li Ming")])]}),
        ("identifying_attribute",
         {"ContentSequence": [said("121030", "TEXT", TextValue="445566")]}),
        ("identifying_attribute",
         {"ContentSequence": [said("113014", "CONTAINER", ContentSequence=[
             said("121031", "DATE", Date="19580304")])]}),
        ("identifying_attribute",
         {"ContentSequence": [said("121008", "PNAME", PersonName="Li^M")]}),
        ("identifying_text", {"ImageComments": "call 13800138000"}),
        ("identifying_text", {"ImageComments": "回电１３８００１３８０００"}),
        ("identifying_text", {"SeriesDescription": "患者王芳诉膝痛"}),
        ("identifying_text", {"StudyDescription": "Mueller^Hans"}),
        ("identifying_text", {"ContentSequence": [said("121106", "TEXT", TextValue="Mr Smith")]}),
        ("identifying_text", {"StationName": "患者王芳"}),
        ("identifying_text", {"InstitutionName": "MRN 12345678"}),
        ("age_over_89", {"PatientAge": "093Y"}),
        ("burned_in", {"BurnedInAnnotation": "YES"}),
        ("burned_in_risk", {"Modality": "US"}),
        ("burned_in_risk", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}),
        ("burned_in_risk", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.4"}),
        ("burned_in_risk", {"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}),
        ("recognizable_face", {"RecognizableVisualFeatures": "YES"}),
        ("hidden_content", {"IconImageSequence": [item(Rows=8, Columns=8)]}),
        ("hidden_content", {"EncapsulatedDocument": b"%PDF-1.7"}),
    ],
)  # fmt: skip
def test_each_reason_alone(reason, values):
    dataset = clean_image()
    for name, value in values.items():
        setattr(dataset, name, value)
    assert judged(dataset) == (reason,)


def test_overlays_cannot_be_looked_into():
    dataset = clean_image()
    dataset.add_new(0x60023000, "OW", b"\1\0" * 8)
    assert places(dataset) == {("hidden_content", "OverlayData")}


@pytest.mark.parametrize("burned_in", ["NO", "no "])
def test_an_image_that_says_nothing_is_burned_in_is_no_risk(burned_in):
    for modality in BURNED_IN:
        assert judged(clean_image(Modality=modality)) == ("burned_in_risk",)
        assert judged(clean_image(Modality=modality, BurnedInAnnotation=burned_in)) == ()


def test_a_study_says_what_it_asks():
    dataset = clean_image(PatientIdentityRemoved="NO", Modality="US", PatientID="P-77")
    asked = ("identity_not_removed", "identifying_attribute", "burned_in_risk")
    assert judged(dataset) == asked
    lenient = GatePolicy(pattern=r"P-\d+", identity_removed=False, burned_in=("XA",))
    assert judged(dataset, policy=lenient) == ()
    assert judged(dataset, policy=GatePolicy(subjects=frozenset(["P-7"]))) == asked


def test_a_method_may_be_told_by_code():
    code = item(CodeValue="113100", CodingSchemeDesignator="DCM", CodeMeaning="Basic profile")
    dataset = clean_image(DeidentificationMethod=None, DeidentificationMethodCodeSequence=[code])
    assert judged(dataset) == ()


@pytest.mark.parametrize(
    "value",
    ["", "ANONYMOUS", "Anonymized^Patient", "anon^anon", "REMOVED", "^^^^", "no name", "N/A",
     "De-identified", "XXXXXX", "Test^Phantom", "已脱敏", "none", "S01-001"],
)  # fmt: skip
def test_what_anonymisers_leave_is_nothing(value):
    assert judged(clean_image(PatientName=value, PatientID=value, AccessionNumber=value)) == ()


@pytest.mark.parametrize("value", ["00000000", "19000101", "00010101", "19700101"])
def test_a_date_that_anonymisers_leave_is_nothing(value):
    assert judged(clean_image(PatientBirthDate=value)) == ()


@pytest.mark.parametrize("value", ["Anonymized7", "Noname^Li", "Patientin^A", "test.user", "X1"])
def test_what_only_begins_like_a_dummy_is_something(value):
    assert judged(clean_image(PatientName=value)) == ("identifying_attribute",)


def test_the_number_by_which_a_scanner_counts_is_of_nobody():
    assert judged(clean_image(StudyID="12")) == ()
    assert judged(clean_image(PatientID="12")) == ("identifying_attribute",)


def test_several_values_one_of_which_is_somebody():
    dataset = clean_image(OtherPatientIDs=["S01-001", "", "445566"])
    assert places(dataset) == {("identifying_attribute", "OtherPatientIDs")}
    assert judged(clean_image(OtherPatientIDs=["S01-001", ""])) == ()


def private(creator, text, group=0x0029, block=0x10):
    dataset = Dataset()
    dataset.add_new((group, block), "LO", creator)
    dataset.add_new((group, (block << 8) + 1), "LO", text)
    return dataset


def test_private_attributes_only_of_makers_that_are_allowed():
    dataset = clean_image()
    dataset.update(private("MAKER", "gain 2"))
    assert judged(dataset) == ()
    dataset.update(private("STRANGER", "gain 2", block=0x11))
    assert places(dataset) == {("private_attributes", "STRANGER")}


def test_a_maker_speaks_for_its_own_block_in_its_own_item():
    dataset = clean_image()
    dataset.update(private("STRANGER", ""))
    dataset.SourceImageSequence = [private("MAKER", "a"), private("STRANGER", "b")]
    assert places(dataset) == {("private_attributes", "STRANGER")}
    dataset.SourceImageSequence = [private("MAKER", "a"), private("MAKER", "b")]
    assert places(dataset) == set()


def test_private_attributes_without_a_maker_and_with_a_name_in_its_place():
    dataset = clean_image()
    dataset.add_new((0x0029, 0x1001), "LO", "gain 2")
    assert places(dataset) == {("private_attributes", "0029")}
    dataset.update(private("患者王芳", "gain 2"))
    assert places(dataset) == {("private_attributes", "0029"), ("private_text", "0029,0010")}


def test_private_texts_of_allowed_makers_are_looked_at():
    dataset = clean_image()
    dataset.update(private("MAKER", "患者王芳"))
    assert places(dataset) == {("private_text", "0029,1001")}


@pytest.mark.parametrize(
    "name",
    ["王芳/CT/1.dcm", "inbox/WangFang_CT/1.dcm", "a.zip/Mueller, Hans/IM1", "S01/Thomas_Muller.dcm",
     "MRN12345678/IM1", "110101195803040015_CT/1"],
)  # fmt: skip
def test_a_name_in_the_path(name):
    dataset = clean_image()
    kinds = judged(dataset, name=name)
    assert kinds == ("name_in_path",)


@pytest.mark.parametrize(
    "name",
    ["S01-001/CT thorax/IM1", "1.2.840.113619.2.5.1762583153.215519.978957063.78.dcm",
     "20260304/101500_0012/00000017.dcm", "S01_001_002_0003.dcm", "0001/13800138000", "DICOM/ST0/",
     "site 1.zip/SE1/IM 1", "PX-Im-NewTom_Go.dcm", "CT-RDSR-Siemens_Flash-QA-DS.dcm"],
)  # fmt: skip
def test_an_ordinary_path_names_nobody(name):
    assert judged(clean_image(), name=name) == ()


def test_a_path_may_name_a_code_of_the_study_that_looks_like_a_person():
    policy = GatePolicy(subjects=frozenset(["S01-001", "WangFang"]))
    assert judged(clean_image(), name="WangFang/1.dcm", policy=policy) == ()
    assert judged(clean_image(), name="WangFang/1.dcm") == ("name_in_path",)


# -- properties

NAMES = st.sampled_from(
    ["王芳", "患者李伟诉膝痛", "Mueller^Hans", "Thomas Mueller", "MUELLER, THOMAS", "Zhang Wei",
     "Mrs. Smith", "patient name: Li"]
)  # fmt: skip
NAME = ("患者王芳",)
TEXT_VRS = ("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT")
TEXTS = sorted(
    tag
    for tag, (vr, *_, keyword) in DicomDictionary.items()
    if vr in TEXT_VRS and keyword and tag >> 16 not in (0x0000, 0x0002, 0x0004)
)
SEQUENCES = ("SourceImageSequence", "RequestAttributesSequence", "ContentSequence")


@settings(deadline=None, max_examples=150)
@given(tag=st.sampled_from(TEXTS), name=NAMES, way=st.lists(st.sampled_from(SEQUENCES), max_size=3))
def test_a_name_in_any_text_at_any_depth_is_refused(tag, name, way):
    inner = Dataset()
    inner.add_new(tag, DicomDictionary[tag][0], name)
    for step in way:
        inner = item(**{step: [inner]})
    dataset = clean_image()
    dataset.update(inner)
    found = places(dataset)
    keyword = keyword_for_tag(tag)
    assert {("identifying_attribute", keyword), ("identifying_text", keyword)} & found
    assert name not in repr(found)


def test_no_text_attribute_of_the_dictionary_may_hold_a_name():
    assert len(TEXTS) > 1500
    assert all(dictionary_has_tag(tag) for tag in TEXTS)
    missed = [
        keyword_for_tag(tag)
        for tag in TEXTS
        if not any(identifying([Element(keyword_for_tag(tag), DicomDictionary[tag][0], NAME)],
                               POLICY.knows))
    ]  # fmt: skip
    assert missed == []


@settings(deadline=None, max_examples=60)
@given(
    name=NAMES,
    vr=st.sampled_from(TEXT_VRS),
    element=st.integers(0x1000, 0x10FF),
    group=st.integers(0x0009, 0x5001).map(lambda one: one | 1),
)
def test_a_name_in_any_private_text_is_refused(name, vr, element, group):
    dataset = clean_image()
    dataset.add_new((group, 0x0010), "LO", "MAKER")
    dataset.add_new((group, element), vr, name)
    reason = "identifying_attribute" if vr == "PN" else "private_text"
    assert judged(dataset) == (reason,)


@settings(deadline=None, max_examples=60)
@given(
    texts=st.dictionaries(
        st.sampled_from(["SeriesDescription", "ProtocolName", "ImageComments", "StationName",
                         "SoftwareVersions", "BodyPartExamined", "StudyDescription"]),
        st.sampled_from(["Lung 1.0 B70f", "CHEST", "syngo CT VA30A", "t2_tse_sag_p2",
                         "Head^Routine", "AX 3D T1 +C", "左膝 矢状位", "Knee/sagittal (1/2)"]),
    ),
    when=st.datetimes().map(lambda moment: moment.strftime("%H%M%S.%f")),
    uid=st.integers(1, 10**38).map(lambda number: f"2.25.{number}"),
)  # fmt: skip
def test_a_deidentified_file_is_taken_whatever_was_measured(texts, when, uid):
    dataset = clean_image(**texts, AcquisitionTime=when, SOPInstanceUID=uid)
    assert judged(dataset) == ()


def test_every_reason_has_words_in_both_languages():
    from clinval.capture.writing.words import words

    for reason in REFUSALS:
        said_in = words(f"dicom.refusal.{reason}")
        assert said_in["en"]
        assert said_in["zh"]
