"""Whatever lies in a folder is read or counted by reason: never fatal, and nothing lost."""

import os
import shutil
import struct
import zipfile
from collections import Counter

import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from made_images import clean_image, written
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from clinval.capture.dicom.files.walking import REASONS, walk
from clinval.capture.dicom.gate.gate import GatePolicy, gate
from clinval.capture.dicom.headers.reading import UnreadableError, read, read_bytes
from clinval.capture.dicom.headers.unreadable import Reason
from clinval.capture.writing.words import words

POLICY = GatePolicy(subjects=frozenset(["S01-001"]))
READER = set(Reason.__args__)
SYNTAXES = (
    ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)  # fmt: skip


def looked_at(folder):
    """Walk, read and judge; return the headers that are taken, and how often what is said."""
    walked = walk(folder)
    counts = Counter(walked.left_out)
    taken = {}
    for source in walked.sources:
        try:
            parsed = read(source)
            reasons = gate(parsed.elements(), parsed.header, source.name, POLICY)
        except UnreadableError as error:
            counts[error.reason] += 1
        else:
            counts.update(reasons)
            if not reasons:
                taken[source.name] = parsed.header
    return taken, dict(counts)


def test_files_that_are_no_images(tmp_path):
    (tmp_path / "notes.txt").write_text("no image\n" * 50, encoding="utf-8")
    (tmp_path / "page.html").write_text("<html></html>", encoding="utf-8")
    (tmp_path / "noise").write_bytes(bytes(number * number % 251 for number in range(5000)))
    (tmp_path / "zeros.dcm").write_bytes(b"\0" * 5000)
    (tmp_path / "short.dcm").write_bytes(b"D")
    (tmp_path / "empty.dcm").write_bytes(b"")
    assert looked_at(tmp_path) == ({}, {"empty": 1, "not_dicom": 5})


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda one: one.name)
def test_common_transfer_syntaxes_are_read(tmp_path, syntax):
    (tmp_path / "1.dcm").write_bytes(written(clean_image(), syntax))
    taken, counts = looked_at(tmp_path)
    assert counts == {}
    header = taken["1.dcm"]
    assert header.text("AcquisitionTime") == "101502.5"
    assert header.text("StudyTime") == "101500.125"
    assert header.number("ExposureTime") == 500
    assert header.text("StudyDescription") == "Thorax^Routine (Adult)"


def test_without_preamble_and_without_its_first_group(tmp_path):
    content = written(clean_image())
    (tmp_path / "no preamble").write_bytes(content[132:])
    length = struct.unpack_from("<I", content, 140)[0]
    (tmp_path / "no first group").write_bytes(content[144 + length :])
    taken, counts = looked_at(tmp_path)
    assert counts == {}
    assert [header.text("PatientID") for header in taken.values()] == ["S01-001"] * 2


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_cut_off_anywhere(data):
    """A file that ends too early is told, or everything that was read of it is as it was."""
    content = written(clean_image(), data.draw(st.sampled_from(SYNTAXES)))
    whole = read_bytes(content).header
    cut = content[: data.draw(st.integers(1, len(content) - 1))]
    reason, values = read_or_told(cut)
    assert reason in ("", "truncated", "damaged", "not_dicom")
    assert values.items() <= dict(whole.values).items()


def read_or_told(content):
    try:
        return "", dict(read_bytes(content).header.values)
    except UnreadableError as error:
        return error.reason, {}


def test_cut_off_before_it_says_that_it_was_deidentified(tmp_path):
    content = written(clean_image())
    (tmp_path / "1.dcm").write_bytes(content[: content.index(b"\x12\0\x62\0CS")])
    assert looked_at(tmp_path) == ({}, {"identity_not_removed": 1})


@settings(deadline=None, max_examples=120)
@given(data=st.data())
def test_changed_anywhere(tmp_path_factory, data):
    content = bytearray(written(clean_image(), data.draw(st.sampled_from(SYNTAXES[:3]))))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("changed")
    (folder / "1.dcm").write_bytes(content)
    taken, counts = looked_at(folder)
    shutil.rmtree(folder)
    assert len(taken) + sum(counts.values()) >= 1


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("GB18030", "膝关节 矢状位"), ("ISO_IR 192", "膝关节 矢状位"), ("ISO_IR 100", "Schädel"),
        ("GBK", "膝关节"), ("ISO_IR 144", "Грудная клетка"),
    ],
)  # fmt: skip
def test_character_sets(tmp_path, charset, text):
    dataset = clean_image(SpecificCharacterSet=charset, SeriesDescription=text)
    (tmp_path / "1.dcm").write_bytes(written(dataset))
    taken, counts = looked_at(tmp_path)
    assert counts == {}
    assert taken["1.dcm"].text("SeriesDescription") == text


@pytest.mark.parametrize("charset", ["GB18030", "ISO_IR 192"])
def test_a_name_is_found_in_every_character_set(tmp_path, charset):
    dataset = clean_image(SpecificCharacterSet=charset, SeriesDescription="患者王芳诉膝痛")
    (tmp_path / "1.dcm").write_bytes(written(dataset))
    assert looked_at(tmp_path) == ({}, {"identifying_text": 1})


@pytest.mark.parametrize("charset", ["", "ISO_IR 999"])
def test_a_character_set_that_is_not_said_or_not_true_stops_nothing(tmp_path, charset):
    content = bytearray(written(clean_image(SeriesDescription="A" * 12)))
    at = content.index(b"A" * 12)
    content[at : at + 12] = "膝关节矢状位".encode("gb18030")
    (tmp_path / "1.dcm").write_bytes(content)
    if charset:
        with pytest.warns(UserWarning, match="Unknown encoding"):
            content = written(clean_image(SpecificCharacterSet=charset))
        (tmp_path / "2.dcm").write_bytes(content)
    taken, counts = looked_at(tmp_path)
    assert counts == {}
    assert set(taken) == {"1.dcm", "2.dcm"} if charset else {"1.dcm"}


def test_times_that_break_their_representation_stay_as_they_are(tmp_path):
    with pydicom.config.disable_value_validation():
        dataset = clean_image(
            StudyTime="160918.0125", AcquisitionTime="16:09:18", ContentTime="24",
            AcquisitionDateTime="20260304160918.5+0000", TimezoneOffsetFromUTC="+0000",
            SeriesTime="160918.1234567",
        )  # fmt: skip
        (tmp_path / "1.dcm").write_bytes(written(dataset))
    taken, counts = looked_at(tmp_path)
    assert counts == {}
    header = taken["1.dcm"]
    assert header.text("StudyTime") == "160918.0125"
    assert header.text("AcquisitionTime") == "16:09:18"
    assert header.text("ContentTime") == "24"
    assert header.text("AcquisitionDateTime") == "20260304160918.5+0000"
    assert header.text("TimezoneOffsetFromUTC") == "+0000"
    assert header.text("SeriesTime") == "160918.1234567"


def test_a_file_that_the_machine_does_not_give(tmp_path, monkeypatch):
    (tmp_path / "1.dcm").write_bytes(written(clean_image()))
    (tmp_path / "2.dcm").write_bytes(written(clean_image()))
    opened = os.open

    def refusing(path, *arguments, **named):
        if str(path).endswith("1.dcm"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **named)

    monkeypatch.setattr(os, "open", refusing)
    taken, counts = looked_at(tmp_path)
    assert list(taken) == ["2.dcm"]
    assert counts == {"unreadable": 1}


def test_a_file_that_goes_between_the_walk_and_the_reader(tmp_path):
    (tmp_path / "1.dcm").write_bytes(written(clean_image()))
    (source,) = walk(tmp_path).sources
    source.path.unlink()
    with pytest.raises(UnreadableError) as refused:
        read(source)
    assert refused.value.reason == "unreadable"


def test_a_member_whose_bytes_are_damaged(tmp_path):
    path = tmp_path / "a.zip"
    noise = bytes(number**3 % 251 for number in range(3000))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.dcm", written(clean_image(), pixels=noise[:512]))
        archive.writestr("2.dcm", written(clean_image(), pixels=noise[:512]))
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    taken, counts = looked_at(tmp_path)
    assert list(taken) == ["a.zip/2.dcm"]
    assert counts == {"unreadable": 1}


def test_a_whole_folder_of_everything(tmp_path):
    good = written(clean_image())
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "1.dcm").write_bytes(good)
    (tmp_path / "good" / "2").write_bytes(good[132:])
    (tmp_path / "cut.dcm").write_bytes(good[:400])
    (tmp_path / "王芳").mkdir()
    (tmp_path / "王芳" / "1.dcm").write_bytes(good)
    (tmp_path / "named.dcm").write_bytes(written(clean_image(PatientName="Wang^Fang")))
    (tmp_path / "us.dcm").write_bytes(written(clean_image(Modality="US")))
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "readme.txt").write_text("hello", encoding="utf-8")
    (tmp_path / "old.tar.gz").write_bytes(b"\x1f\x8b")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("3.dcm", good)
        archive.writestr("inner.zip", b"PK")
    taken, counts = looked_at(tmp_path)
    assert sorted(taken) == ["good/1.dcm", "good/2", "more.zip/3.dcm"]
    assert counts == {
        "truncated": 1, "name_in_path": 1, "identifying_attribute": 1, "burned_in_risk": 1,
        "link_met": 1, "not_dicom": 1, "archive_other": 1, "archive_in_archive": 1,
    }  # fmt: skip


def test_every_reason_has_words(tmp_path):
    said = words("dicom.refusal")
    assert READER | set(REASONS) <= set(said)
    assert all(texts["en"] and texts["zh"] for texts in said.values())
    assert len({texts["en"] for texts in said.values()}) == len(said)
    assert looked_at(tmp_path) == ({}, {})
