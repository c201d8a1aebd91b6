"""The fast reader and pydicom agree: each value of each element of each real file."""

from __future__ import annotations

import shutil
import subprocess
import warnings

import header_truth
import pytest
from pydicom.datadict import tag_for_keyword

from clinval.capture.dicom.files.source import Source
from clinval.capture.dicom.headers.attributes import ATTRIBUTES
from clinval.capture.dicom.headers.reading import UnreadableError, read

SHARED = header_truth.shared_files()
THEIRS = header_truth.pydicom_files()
LEFT_TO_PYDICOM = {
    # numbers with letters in them, or none
    "CT-RDSR-Toshiba_MultiValSD.dcm", "DX-Im-Carestream_DR7500-2.dcm", "badVR.dcm",
    # sequences that are said to be unknown
    "CT-SC-Philips_Brilliance16P.dcm", "MG-Im-Hologic-PropProj.dcm", "UN_sequence.dcm",
    "rtdose_rle.dcm", "rtdose_rle_1frame.dcm",
    # another transfer syntax than the file says
    "SC_rgb_jpeg.dcm",
    # big endian
    "ExplVR_BigEnd.dcm", "ExplVR_BigEndNoMeta.dcm", "MG-RDSR-Giotto-DBT.dcm", "MR_small_expb.dcm",
    "MR_small_bigendian.dcm", "SC_rgb_small_odd_big_endian.dcm", "liver_expb_1frame.dcm",
    "rtdose_expb.dcm", "rtdose_expb_1frame.dcm",
}  # fmt: skip
UNREADABLE = {
    "rtplan_truncated.dcm": "truncated",
    "no_meta.dcm": "not_dicom",  # a byte too much before its data set
}
WITNESSED = ("SOPInstanceUID", "StudyDate", "StudyTime", "AcquisitionTime", "SoftwareVersions",
             "DeviceSerialNumber", "ManufacturerModelName", "KVP", "ExposureTime",
             "SeriesInstanceUID", "Modality", "ImageType")  # fmt: skip


def source(path) -> Source:
    return Source(number=1, name=path.name, path=path)


def named(paths) -> list:
    return [pytest.param(path, id=path.stem) for path in paths]


@pytest.fixture(scope="module", params=named([*SHARED, *THEIRS]))
def both(request):
    """What is read, and pydicom's data set; files that nobody reads are looked at below."""
    try:
        return request.param, read(source(request.param)), header_truth.truth(request.param)
    except UnreadableError as error:
        return request.param, error.reason, None


def test_each_element_is_as_pydicom_has_it(both):
    path, parsed, dataset = both
    if dataset is None:
        if path in SHARED or (path.suffix == ".dcm" and not path.name.startswith("DICOMDIR")):
            assert parsed == UNREADABLE[path.name]
        else:
            assert parsed in ("not_dicom", "no_objects")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = list(header_truth.elements(dataset))
    found = list(parsed.elements())
    assert [one.path for one in found] == [path for path, _, _ in expected]
    for one, (_, vr, texts) in zip(found, expected, strict=True):
        if vr is not None:
            assert (one.vr, one.values) == (vr, texts), one.path


def test_each_attribute_is_as_pydicom_has_it(both):
    _, parsed, dataset = both
    if dataset is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ATTRIBUTES:
            if "," not in name:
                expected = header_truth.attribute(dataset, name)
                assert parsed.header.values.get(name) == expected, name


def test_only_what_is_odd_is_left_to_pydicom():
    slow = set()
    for path in (*SHARED, *THEIRS):
        try:
            parsed = read(source(path), ())
            list(parsed.elements())
        except UnreadableError:
            continue
        if parsed.by == "pydicom":
            slow.add(path.name)
    assert slow == {name for name in LEFT_TO_PYDICOM if SHARED or "-" not in name}


@pytest.mark.skipif(not SHARED, reason="the shared DICOM files are not on this machine")
@pytest.mark.skipif(not shutil.which("dcmdump"), reason="dcmdump (dcmtk) is not installed")
def test_dcmdump_reads_the_same():
    asked = []
    for name in WITNESSED:
        tag = int(tag_for_keyword(name))
        asked += ["+P", f"{tag >> 16:04x},{tag & 0xFFFF:04x}"]
    command = ["dcmdump", "-q", "-Un", "+L", "+p", "+F", *asked, *map(str, SHARED)]
    printed = subprocess.run(command, capture_output=True, check=False).stdout.decode("latin-1")
    compared = 0
    for path, part in zip(SHARED, printed.split("# dcmdump (")[1:], strict=True):
        header = read(source(path)).header
        for line in part.splitlines()[1:]:
            name = line.rpartition(" ")[2]
            if line[11:15] == " " + line[12:14] + " " and "[" in line:
                value = line[line.index("[") + 1 : line.rindex("]")]
                ours = "\\".join(header.texts(name))
                assert [one.strip() for one in ours.split("\\")] == [
                    one.strip() for one in value.rstrip("\0 ").split("\\")
                ], (path.name, name)
                compared += 1
    assert compared > 600


@pytest.mark.skipif(not SHARED, reason="the shared DICOM files are not on this machine")
def test_four_digits_of_a_fraction_stay():
    path = next(path for path in SHARED if path.name == "DX-Im-SiemensMultix.dcm")
    assert read(source(path)).header.texts("AcquisitionTime") == ("160918.0125",)


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("chrGerm.dcm", "Äneas^Rüdiger"),
        ("chrFren.dcm", "Buc^Jérôme"),
        ("chrX1.dcm", "Wang^XiaoDong=王^小東"),
        ("chrX2.dcm", "Wang^XiaoDong=王^小东"),
        ("chrI2.dcm", "Hong^Gildong=洪^吉洞=홍^길동"),
        ("chrH31.dcm", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ],
)
def test_names_are_decoded_by_their_character_set(name, person):
    """The names that annexes H, I and J of PS3.5 give as examples."""
    (path,) = (path for path in THEIRS if path.name == name)
    assert read(source(path), ("PatientName",)).header.text("PatientName") == person
