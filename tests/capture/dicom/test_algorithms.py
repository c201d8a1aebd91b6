"""Algorithms that segmentations, annotations and structured reports name."""

from __future__ import annotations

import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from image_kit import ABSENT, SHARED, observed, real
from pydicom.data import get_testdata_file

from clinval.capture.dicom.devices.algorithms import Algorithm, algorithms

WORDS = st.text("abc 1.2", min_size=1, max_size=8).map(str.strip).filter(bool)


def item(**values):
    found = pydicom.Dataset()
    for name, value in values.items():
        setattr(found, name, value)
    return found


def code(value, meaning="", scheme="DCM"):
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def text(concept, written, *inner, scheme="DCM"):
    return item(
        RelationshipType="HAS CONCEPT MOD", ValueType="TEXT", TextValue=written,
        ConceptNameCodeSequence=[code(concept, scheme=scheme)],
        **({"ContentSequence": list(inner)} if inner else {}),
    )  # fmt: skip


def group(*inner):
    return item(ValueType="CONTAINER", ContentSequence=list(inner))


@pytest.mark.skipif(not SHARED.is_dir(), reason=ABSENT)
def test_the_shared_segmentations_name_their_algorithm_and_nothing_else_does():
    ai = Algorithm(name="test", version="v1.0", family="Artificial Intelligence")
    for name in ("seg_image_ct_binary", "seg_image_cr_binary"):
        assert real(f"highdicom_mit/{name}").algorithms == (ai,)
    for name in ("sr_document", "sm_annotations"):  # made by a person
        header = pydicom.dcmread(SHARED / "highdicom_mit" / f"{name}.dcm")
        assert algorithms(header) == ()
    for path in SHARED.glob("openrem_gplv3/CT-RDSR-T*.dcm"):
        assert algorithms(pydicom.dcmread(path, stop_before_pixels=True)) == (), path.name


def test_the_name_of_a_segment_counts_unless_it_was_drawn_by_hand():
    found = pydicom.dcmread(get_testdata_file("liver_1frame.dcm"), stop_before_pixels=True)
    assert [one.SegmentAlgorithmType for one in found.SegmentSequence] == ["SEMIAUTOMATIC"]
    assert algorithms(found) == (Algorithm(name="SlicerEditor"),)
    found.SegmentSequence[0].SegmentAlgorithmType = "MANUAL"
    assert algorithms(found) == ()


@pytest.mark.parametrize("name", ["AUTOMATIC", "MANUAL"])
def test_what_highdicom_writes_into_a_segmentation(name):
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription
    from pydicom.sr.codedict import codes

    identified = AlgorithmIdentificationSequence(
        name="Nodule", family=codes.DCM.ArtificialIntelligence, version="3.1", source="Deep"
    )
    made = {"algorithm_type": name}
    if name == "AUTOMATIC":
        made["algorithm_identification"] = identified
    segment = SegmentDescription(
        segment_number=1, segment_label="x", segmented_property_category=codes.SCT.Tissue,
        segmented_property_type=codes.SCT.Bone, **made,
    )  # fmt: skip
    expected = Algorithm(
        name="Nodule", version="3.1", family="Artificial Intelligence", maker="Deep"
    )
    found = algorithms(item(SegmentSequence=[segment, segment]))
    assert found == ((expected,) if name == "AUTOMATIC" else ())


def test_what_highdicom_writes_into_a_report():
    from highdicom.sr import AlgorithmIdentification

    content = AlgorithmIdentification(name="Nodule", version="3.1", parameters=("spiral=1",))
    measured = group(*content, item(ValueType="NUM"))
    report = item(ContentSequence=[group(group(measured)), measured])
    assert algorithms(report) == (Algorithm(name="Nodule", version="3.1"),)


def test_a_version_belongs_to_the_name_before_it_in_the_same_group():
    report = item(ContentSequence=[
        group(text("111001", "A"), text("111001", "B"), text("111003", "2")),
        group(text("111003", "9"), text("111001", "C")),
        group(text("111001", "D", text("111003", "5")), text("111003", "4")),
    ])  # fmt: skip
    assert [(one.name, one.version) for one in algorithms(report)] == [
        ("A", ""), ("B", "2"), ("C", ""), ("D", "4"),
    ]  # fmt: skip


def test_the_same_numbers_of_another_scheme_are_other_concepts():
    report = item(ContentSequence=[text("111001", "A", scheme="99X"), text("111003", "1")])
    assert algorithms(report) == ()


def test_a_report_that_is_odd_is_read_as_far_as_it_goes():
    empty = item(ValueType="TEXT")
    nameless = item(ValueType="TEXT", ConceptNameCodeSequence=[code("111001")])
    report = item(ContentSequence=[empty, nameless, text("111001", "A")])
    assert algorithms(report) == (Algorithm(name="A"),)
    assert algorithms(item(ContentSequence=None, SegmentSequence=None)) == ()
    assert algorithms(pydicom.Dataset()) == ()


@pytest.mark.parametrize("implicit", [True, False])
def test_algorithms_pass_through_the_file_and_the_reader(tmp_path, implicit):
    header = item(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33", SOPInstanceUID="1.1",
        StudyInstanceUID="1.2", SeriesInstanceUID="1.3", Modality="SR", Manufacturer="Deep",
        ContentSequence=[group(text("111001", "Nodule"), text("111003", "3.1"))],
    )  # fmt: skip
    path = tmp_path / "report.dcm"
    pydicom.dcmwrite(
        path, header, implicit_vr=implicit, little_endian=True, enforce_file_format=False
    )
    assert observed(path).algorithms == (Algorithm(name="Nodule", version="3.1"),)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WORDS, st.none() | WORDS), max_size=8), st.integers(0, 3))
def test_what_is_written_is_found_once_and_in_order(pairs, depth):
    groups = []
    for name, version in pairs:
        inside = [text("111001", name), *([text("111003", version)] if version else [])]
        for _ in range(depth):
            inside = [group(*inside)]
        groups.append(group(*inside))
    expected = dict.fromkeys((name, version or "") for name, version in pairs)
    found = algorithms(item(ContentSequence=groups))
    assert [(one.name, one.version) for one in found] == list(expected)
