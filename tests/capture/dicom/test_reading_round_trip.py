"""What pydicom writes, both read alike: any values, four transfer syntaxes, nested sequences."""

from __future__ import annotations

import io
import struct
import warnings

import header_truth
import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from pydicom.charset import convert_encodings
from pydicom.datadict import keyword_dict, tag_for_keyword
from pydicom.dataset import FileMetaDataset

from clinval.capture.dicom.headers import values
from clinval.capture.dicom.headers.attributes import ATTRIBUTES
from clinval.capture.dicom.headers.dictionary import name_of_tag, tag_of_keyword, vr_of_tag
from clinval.capture.dicom.headers.reading import read_bytes

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
FAST = (EXPLICIT, IMPLICIT, DEFLATED)

LETTERS = {
    "": st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"),
    "ISO_IR 100": st.characters(codec="latin-1", min_codepoint=32, exclude_characters="\\\x7f"),
    "ISO_IR 192": st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\\"),
    "GB18030": st.sampled_from("磁共振成像设备 abc=^王小东一丂"),
}
NUMBERS = st.sampled_from(["1", "-2.50", "1e-3", " 7 ", "0.33333333333", "+4", "160918"])


def words(charset: str, longest: int):
    return st.text(LETTERS[charset], max_size=longest)


@st.composite
def datasets(draw, charset: str, depth: int = 2):
    dataset = pydicom.Dataset()
    text = words(charset, 16)
    offered = {
        "Manufacturer": text,
        "SoftwareVersions": st.lists(text, min_size=1, max_size=3),
        "StationName": words(charset, 8),
        "PatientName": text,
        "ImageComments": words(charset, 40),
        "PatientID": text,
        "KVP": NUMBERS,
        "ImagePositionPatient": st.lists(NUMBERS, min_size=3, max_size=3),
        "ExposureTime": st.sampled_from(["1200", "0", " 15", "-3", "1.0"]),
        "CTDIvol": st.floats(allow_nan=False),
        "TableHeight": NUMBERS,
        "SpacingBetweenSlices": st.just(None),
        "Rows": st.integers(0, 65535),
        "PixelRepresentation": st.sampled_from([0, 1]),
        "AcquisitionTime": st.sampled_from(["10", "1015", "101502", "101502.1234", "10:15:02"]),
        "AcquisitionDateTime": st.sampled_from(["20250317101502.123456+0800", "2025"]),
        "SOPInstanceUID": st.sampled_from(["1.2.840.1", "1.2.3", ""]),
        "FrameIncrementPointer": st.sampled_from([0x00181063, 0x00540010]),
        "DoubleFloatRealWorldValueFirstValueMapped": st.floats(),
    }
    for keyword in draw(st.lists(st.sampled_from(sorted(offered)), unique=True)):
        setattr(dataset, keyword, draw(offered[keyword]))
    if draw(st.booleans()):
        block = dataset.private_block(0x0019, "GEMS_ACQU_01", create=True)
        block.add_new(0x5A, "FL", draw(st.floats(width=32)))
        block.add_new(0x99, "LO", draw(text))
    if "PixelRepresentation" in dataset and draw(st.booleans()):
        signed = dataset.PixelRepresentation
        dataset.add_new("SmallestImagePixelValue", "SS" if signed else "US", draw(
            st.integers(-9, 9) if signed else st.integers(0, 65535)))  # fmt: skip
    if depth and draw(st.booleans()):
        sequence = [draw(datasets(charset, depth - 1)) for _ in range(draw(st.integers(0, 2)))]
        dataset.UDISequence = sequence
        dataset["UDISequence"].is_undefined_length = draw(st.booleans())
        for item in sequence:
            item.is_undefined_length_sequence_item = draw(st.booleans())
    return dataset


def written(dataset: pydicom.Dataset, syntax: str, *, preamble: bool = True) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.file_meta = meta
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue() if preamble else buffer.getvalue()[132:]


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that break their VR, which are wanted here
        yield


@settings(deadline=None, max_examples=40)
@given(
    st.data(),
    st.sampled_from(sorted(LETTERS)),
    st.sampled_from([*FAST, BIG_ENDIAN]),
    st.booleans(),
)
def test_both_read_what_pydicom_writes(data, charset, syntax, preamble):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = data.draw(datasets(charset))
        dataset.SpecificCharacterSet = charset
        content = written(dataset, syntax, preamble=preamble)
        truth = pydicom.dcmread(io.BytesIO(content), force=True)
        parsed = read_bytes(content)
        found = [tuple(one) for one in parsed.elements()]
        assert found == list(header_truth.elements(truth))
        for name in ATTRIBUTES:
            if "," not in name:
                assert parsed.header.values.get(name) == header_truth.attribute(truth, name)
    assert parsed.by == ("pydicom" if syntax == BIG_ENDIAN else "fast")


@pytest.mark.parametrize("syntax", FAST)
def test_an_attribute_of_a_vendor_is_found_by_its_creator(syntax):
    dataset = pydicom.Dataset()
    dataset.PatientID = "S01-0001"
    dataset.private_block(0x0019, "ACME", create=True).add_new(0x5A, "FL", 1.5)
    dataset.private_block(0x0019, "GEMS_ACQU_01", create=True).add_new(0x5A, "FL", 301185150.0)
    names = ("0019,xx5A GEMS_ACQU_01", "0019,xx5B GEMS_ACQU_01", "0019,xx5A NOBODY")
    header = read_bytes(written(dataset, syntax), names).header
    assert header.values == {"0019,xx5A GEMS_ACQU_01": ("301185152.0",)}  # of single precision


@pytest.mark.parametrize("syntax", [*FAST, BIG_ENDIAN])
def test_frames_stay_in_step(syntax):
    """A frame that lacks a value keeps its place, one of several values has them together."""
    names = ("PerFrameFunctionalGroupsSequence.FrameContentSequence.FrameAcquisitionDuration",
             "PerFrameFunctionalGroupsSequence.FrameContentSequence.DimensionIndexValues",
             "PerFrameFunctionalGroupsSequence.FrameContentSequence.FrameComments")  # fmt: skip
    dataset = pydicom.Dataset()
    dataset.PatientID = "S01-0001"
    frames = [pydicom.Dataset() for _ in range(4)]
    for number in (0, 1, 3):
        content = pydicom.Dataset()
        content.DimensionIndexValues = [1, number]
        if number != 1:
            content.FrameAcquisitionDuration = 10.5 * number
        frames[number].FrameContentSequence = [content]
    dataset.PerFrameFunctionalGroupsSequence = frames
    assert read_bytes(written(dataset, syntax), names).header.values == {
        names[0]: ("0.0", "", "", "31.5"),
        names[1]: ("1\\0", "1\\1", "", "1\\3"),
    }


@pytest.mark.parametrize(
    ("vr", "raw", "texts"),
    [
        (b"DS", b"abc ", ("abc",)),
        (b"IS", b"40.196", ("40.196",)),
        (b"IS", b"1A", ("1A",)),
        (b"IS", b"inf ", ("inf",)),
        (b"DS", b"1.5\\\\ 2", ("1.5", "", "2")),
        (b"TM", b"160918.0125 ", ("160918.0125",)),
        (b"DA", b"2022.03.10", ("2022.03.10",)),
        (b"LO", b" left ", (" left",)),
        (b"UI", b"1.2.3\0", ("1.2.3",)),
        (b"AE", b" A \\ B ", ("A", "B")),
        (b"LO", b"  ", ()),
        (b"CS", b"\\ ", ("", "")),
    ],
)
def test_values_that_break_their_vr_stay_texts(vr, raw, texts):
    tag = {b"DS": "KVP", b"IS": "ExposureTime", b"TM": "StudyTime", b"DA": "StudyDate",
           b"LO": "Manufacturer", b"UI": "StudyInstanceUID", b"AE": "StationAETitle",
           b"CS": "ImageType"}[vr]  # fmt: skip
    number = tag_for_keyword(tag)
    content = struct.pack("<HH2sH", number >> 16, number & 0xFFFF, vr, len(raw)) + raw
    meta = pydicom.Dataset()
    meta.PatientID = "S01-0001"
    header = read_bytes(written(meta, EXPLICIT) + content, (tag,)).header
    assert header.texts(tag) == texts


def test_character_sets_that_are_known_here_are_those_of_pydicom():
    for names, encodings in values._COMMON.items():
        assert tuple(convert_encodings(list(names))) == encodings


def test_the_dictionary_is_that_of_pydicom():
    for keyword, tag in keyword_dict.items():
        assert tag_of_keyword(keyword) == tag
        assert name_of_tag(tag) == (keyword or "300A,0782")  # one was retired without a keyword
        assert vr_of_tag(tag) == pydicom.datadict.dictionary_VR(tag)
