"""Slices of a phantom: pixels, order, and what does not belong together."""

from __future__ import annotations

import io

import numpy as np
import phantom_scans as scans
import pydicom
import pytest
from hypothesis import given, settings, strategies as st

from clinval.capture.phantom.scans import scans_of
from clinval.capture.phantom.slices import NO_SLICES, NoSliceError, read_slice
from clinval.capture.writing.words import words
from clinval.core.errors import SubmissionError
from clinval.core.problems import Place, Problems

PLACE = Place(file="folder")


def small(value=40.0, position=0.0, number=1, series="a", **header):
    pixels = np.full((24, 30), value)
    return scans.slice_of(pixels, position, series=series, number=number, **header)


def read(*datasets):
    problems = Problems()
    found = scans_of([read_slice(one, PLACE) for one in datasets], problems, "folder")
    return found, [(one.kind, dict(one.parameters)) for one in problems]


def refused(dataset):
    with pytest.raises(SubmissionError) as caught:
        read_slice(dataset, PLACE)
    [problem] = caught.value.problems
    return problem.kind, str(dict(problem.parameters))


def test_pixels_are_ct_numbers_by_slope_and_intercept():
    found = read_slice(small(40.0), PLACE)
    assert found.unit == "HU"
    assert found.pixels.shape == (24, 30)
    assert np.unique(found.pixels).tolist() == [40.0]
    dataset = small(40.0, RescaleSlope="0.5")
    assert np.unique(read_slice(dataset, PLACE).pixels).tolist() == [(40 + 8192) * 0.5 - 8192]


@pytest.mark.parametrize("syntax", ["RLELossless", "DeflatedExplicitVRLittleEndian"])
def test_what_pydicom_decodes_by_itself_has_the_same_pixels(syntax):
    dataset = small()
    dataset.PixelData = np.arange(24 * 30, dtype="<u2").tobytes()
    plain = read_slice(dataset, PLACE).pixels
    uid = getattr(pydicom.uid, syntax)
    if syntax == "RLELossless":
        dataset.compress(uid, encoding_plugin="pydicom")
    else:
        dataset.file_meta.TransferSyntaxUID = uid
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    stream.seek(0)
    assert np.array_equal(read_slice(pydicom.dcmread(stream), PLACE).pixels, plain)


def test_signed_pixels_and_padding_count_as_clipped():
    dataset = small()
    stored = np.zeros((24, 30), dtype="<i2")
    stored[0, 0], stored[0, 1], stored[0, 2], stored[0, 3] = -2048, 2047, -2000, 2046
    dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = 1, 12, 11
    dataset.PixelPaddingValue = -2000
    dataset["PixelPaddingValue"].VR = "SS"
    dataset.PixelData = stored.tobytes()
    found = read_slice(dataset, PLACE)
    assert np.argwhere(found.clipped).tolist() == [[0, 0], [0, 1], [0, 2]]


def test_columns_and_rows_have_their_own_distance():
    assert read_slice(small(PixelSpacing=[0.5, 0.75]), PLACE).spacing == (0.75, 0.5)


@settings(max_examples=25, deadline=None)
@given(
    st.permutations(range(6)),
    st.sampled_from([[1, 0, 0, 0, 1, 0], [1, 0, 0, 0, -1, 0], [0, 1, 0, 0, 0, -1]]),
)
def test_the_order_of_the_files_changes_nothing(order, directions):
    normal = np.cross(directions[:3], directions[3:])
    made = [
        small(value=number, number=number + 1, ImageOrientationPatient=directions,
              ImagePositionPatient=list(normal * 3.0 * number + [5, 6, 7] * (normal == 0)))
        for number in range(6)
    ]  # fmt: skip
    [scan], problems = read(*(made[place] for place in order))
    assert problems == []
    assert [one.pixels[0, 0] for one in scan.slices] == list(range(6))
    assert scan.step == pytest.approx(3.0)


def test_slices_thicker_than_their_distance_overlap():
    apart = [small(position=5.0 * n, number=n) for n in range(1, 4)]
    [scan], _ = read(*apart)
    assert not scan.overlaps
    [scan], _ = read(*(small(position=2.5 * n, number=n) for n in range(1, 4)))
    assert scan.overlaps
    [scan], _ = read(small())
    assert scan.step is None
    assert not scan.overlaps


@pytest.mark.parametrize(
    ("name", "value"),
    [("ConvolutionKernel", "FC52"), ("KVP", "140"), ("SliceThickness", "1"),
     ("DeviceSerialNumber", "CT-2"), ("ImageOrientationPatient", [1, 0, 0, 0, 0, 1])],
)  # fmt: skip
def test_slices_that_differ_are_no_scan(name, value):
    found, problems = read(small(), small(position=5.0, number=2, **{name: value}))
    assert found == []
    assert problems == [("slices-differ", {"attributes": name})]


def test_slices_of_another_size_are_no_scan():
    other = scans.slice_of(np.zeros((20, 30)), 5.0, series="a", number=2, pixel=0.5)
    found, problems = read(small(), other)
    assert found == []
    assert problems == [("slices-differ", {"attributes": "Rows, Columns, PixelSpacing"})]


def test_repeats_in_one_series_are_told_apart_by_their_acquisition():
    twice = [
        small(value=10 * repeat + place, position=5.0 * place, number=10 * repeat + place,
              AcquisitionNumber=str(repeat), AcquisitionTime=f"10{repeat}000")
        for repeat in (2, 1) for place in (1, 2)
    ]  # fmt: skip
    found, problems = read(*twice)
    assert problems == []
    assert [[one.pixels[0, 0] for one in scan.slices] for scan in found] == [[11, 12], [21, 22]]


def test_slices_at_the_same_place_are_no_scan():
    found, problems = read(small(), small(number=2))
    assert found == []
    assert problems == [("slices-twice", {"count": 2})]


def test_every_acquisition_with_its_own_number_is_one_scan():
    found, problems = read(
        *(small(position=5.0 * n, number=n, AcquisitionNumber=str(n)) for n in range(1, 4))
    )
    assert problems == []
    assert [len(scan.slices) for scan in found] == [3]


@pytest.mark.parametrize(
    ("reason", "header"),
    [
        ("no_pixels", {"Rows": 0}),
        ("other_modality", {"Modality": "MR"}),
        ("localizer", {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}),
        ("several_frames", {"NumberOfFrames": "2"}),
        ("colour", {"SamplesPerPixel": 3}),
        ("large", {"Rows": 60000, "Columns": 60000}),
    ],
)
def test_what_is_no_slice_is_told_by_its_reason(reason, header):
    with pytest.raises(NoSliceError) as caught:
        read_slice(small(**header), PLACE)
    assert caught.value.reason == reason
    assert reason in NO_SLICES
    assert words(f"dicom.slice.{reason}")["zh"]


@pytest.mark.parametrize("name", ["NumberOfFrames", "RescaleSlope", "InstanceNumber"])
def test_numbers_that_are_none_tell_of_a_damaged_file(name):
    made = small(Modality="DX") if name == "InstanceNumber" else small()
    made[name] = pydicom.DataElement(name, "LO", "1A")
    with pytest.raises(NoSliceError) as caught:
        read_slice(made, PLACE)
    assert caught.value.reason == "odd_header"


def test_what_cannot_be_measured_is_named():
    assert refused(small(RescaleType="US"))[0] == "slice-not-linear"
    assert refused(small(Modality="DX", PixelIntensityRelationship="LOG"))[0] == "slice-not-linear"
    assert refused(small(PixelSpacing=None))[1] == "{'attribute': 'PixelSpacing'}"
    assert refused(small(ImagePositionPatient=None))[1] == "{'attribute': 'ImagePositionPatient'}"
    cut = small()
    cut.PixelData = cut.PixelData[:100]
    assert refused(cut)[0] == "slice-pixels-unreadable"


def test_an_image_of_a_detector_is_a_linear_signal():
    made = small(Modality="DX", PixelIntensityRelationship="LIN", InstanceNumber="7",
                 PixelSpacing=None, ImagerPixelSpacing=[0.15, 0.15])  # fmt: skip
    found = read_slice(made, PLACE)
    assert (found.unit, found.position, found.spacing) == ("", 7.0, (0.15, 0.15))
