"""Files of folders, archives and links: what is found, in which order, and what is left out."""

import inspect
import io
import os
import shutil
import socket
import struct
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from clinval.capture.dicom.files import archive_members, media_directory
from clinval.capture.dicom.files.archive_members import members_of
from clinval.capture.dicom.files.media_directory import compared, references_in
from clinval.capture.dicom.files.walking import REASONS, walk
from clinval.capture.dicom.headers.reading import read
from clinval.core.progress import SILENT


def put(folder, *names, content=b"image"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def zipped(path, *names, content=b"image", method=zipfile.ZIP_DEFLATED):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def names(walked):
    assert [source.number for source in walked.sources] == list(range(1, len(walked.sources) + 1))
    return [source.name for source in walked.sources]


def test_folders_in_the_order_of_their_names(tmp_path):
    put(tmp_path, "b/2", "b/10", "b-c/1", "a/x/1", "a.dcm", "z")
    walked = walk(tmp_path)
    assert names(walked) == ["a/x/1", "a.dcm", "b/10", "b/2", "b-c/1", "z"]
    assert walked.left_out == {}
    assert all(source.path.read_bytes() == b"image" for source in walked.sources)
    assert {source.size for source in walked.sources} == {5}
    assert walked.sources[0].changed == (tmp_path / "a/x/1").stat().st_mtime_ns


@settings(deadline=None, max_examples=40)
@given(
    paths=st.lists(
        st.lists(st.sampled_from(["a", "b", "a b", "a-", "王", "A", "1"]), min_size=1, max_size=4),
        max_size=12,
    ),
    seed=st.randoms(use_true_random=False),
)  # fmt: skip
def test_the_order_in_which_files_were_made_does_not_matter(tmp_path_factory, paths, seed):
    wanted = {"/".join([*path, "image.dcm"]) for path in paths}
    found = []
    for _ in range(2):
        shuffled = sorted(wanted)
        seed.shuffle(shuffled)
        folder = tmp_path_factory.mktemp("walk")
        put(folder, *shuffled)
        found.append(names(walk(folder)))
        shutil.rmtree(folder)
    assert found[0] == found[1]
    assert set(found[0]) == wanted


def test_a_single_file_and_a_folder_that_is_not_there(tmp_path):
    put(tmp_path, "1.dcm")
    assert names(walk(tmp_path / "1.dcm")) == ["1.dcm"]
    assert walk(tmp_path / "none").left_out == {"unreadable_folder": 1}


def test_what_systems_leave_and_what_is_empty(tmp_path):
    put(tmp_path, ".DS_Store", "a/Thumbs.db", "a/._1.dcm", "a/1.dcm", "__MACOSX/a/1.dcm")
    put(tmp_path, "empty.dcm", content=b"")
    walked = walk(tmp_path)
    assert names(walked) == ["a/1.dcm"]
    assert walked.left_out == {"empty": 1, "system_file": 4}


def test_loops_of_links_end_and_nothing_is_counted_twice(tmp_path):
    put(tmp_path, "a/1.dcm", "b/c/2.dcm")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b" / "c" / "round").symlink_to("../c")
    (tmp_path / "0.dcm").symlink_to("a/1.dcm")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "gone").symlink_to("nowhere")
    walked = walk(tmp_path)
    assert names(walked) == ["a/1.dcm", "b/c/2.dcm"]
    assert walked.left_out == {"link_broken": 2, "link_met": 3}


def test_a_link_to_something_else_is_followed_once(tmp_path):
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "folder"
    put(elsewhere, "deep/2.dcm", "3.dcm")
    put(folder, "1.dcm")
    (folder / "x").symlink_to(elsewhere)
    (folder / "y").symlink_to(elsewhere)
    (elsewhere / "deep" / "back").symlink_to(folder)
    (folder / "z.dcm").symlink_to(elsewhere / "3.dcm")
    walked = walk(folder)
    assert names(walked) == ["1.dcm", "x/3.dcm", "x/deep/2.dcm"]
    assert walked.left_out == {"link_met": 3}


def test_folders_that_lie_deeper_than_calls(tmp_path):
    put(tmp_path, "/".join([*(["d"] * 300), "1.dcm"]))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 150)
    try:
        walked = walk(tmp_path)
    finally:
        sys.setrecursionlimit(limit)
    assert names(walked) == ["d/" * 300 + "1.dcm"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are of other systems")
def test_pipes_and_sockets_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    put(tmp_path, "1.dcm")
    here = os.getcwd()  # noqa: PTH109
    os.chdir(tmp_path)  # the name of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("socket.dcm")
            walked = walk(tmp_path)
    finally:
        os.chdir(here)
    assert names(walked) == ["1.dcm"]
    assert walked.left_out == {"not_a_file": 2}


def test_a_folder_that_may_not_be_opened(tmp_path, monkeypatch):
    put(tmp_path, "a/1.dcm", "b/2.dcm")
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("a"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    walked = walk(tmp_path)
    assert names(walked) == ["b/2.dcm"]
    assert walked.left_out == {"unreadable_folder": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_names_that_are_no_text(tmp_path):
    with open(os.fsencode(tmp_path) + b"/\xd6\xd0.dcm", "wb") as stream:  # noqa: PTH123
        stream.write(b"image")
    walked = walk(tmp_path)
    assert names(walked) == ["\udcd6\udcd0.dcm"]
    assert walked.sources[0].path.read_bytes() == b"image"


def test_members_of_archives_stand_where_the_archive_stands(tmp_path):
    put(tmp_path, "a.dcm", "c.dcm")
    zipped(tmp_path / "b.ZIP", "S/2", "S/1", "S/")
    walked = walk(tmp_path)
    assert names(walked) == ["a.dcm", "b.ZIP/S/1", "b.ZIP/S/2", "c.dcm"]
    assert [source.member for source in walked.sources] == ["", "S/1", "S/2", ""]
    assert walked.sources[1].path == tmp_path / "b.ZIP"
    assert names(walk(tmp_path / "b.ZIP")) == ["b.ZIP/S/1", "b.ZIP/S/2"]


def test_a_member_is_read(tmp_path):
    path = get_testdata_file("CT_small.dcm")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "CT/1.dcm")
    (source,) = walk(tmp_path).sources
    assert read(source).header.text("Modality") == "CT"


def test_archives_that_are_not_looked_into(tmp_path):
    put(tmp_path, "a.tar.gz", "b.7z", "c.tar", "no archive.zip")
    zipped(tmp_path / "d.zip", "inner.zip", "inner.tgz", "1.dcm")
    walked = walk(tmp_path)
    assert names(walked) == ["d.zip/1.dcm", "no archive.zip"]
    assert walked.left_out == {"archive_in_archive": 2, "archive_other": 3}


@pytest.mark.parametrize("name", ["../1.dcm", "/etc/1.dcm", "a\\..\\1.dcm", "C:/1.dcm"])
def test_an_archive_with_names_that_lead_elsewhere(tmp_path, name):
    zipped(tmp_path / "a.zip", "1.dcm", name)
    assert members_of(tmp_path / "a.zip").left_out == {"archive_names": 1}
    assert walk(tmp_path).sources == ()


def test_an_archive_in_which_a_name_stands_twice(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        zipped(tmp_path / "a.zip", "1.dcm", "1.dcm")
    assert walk(tmp_path).left_out == {"archive_names": 1}


def test_a_bomb(tmp_path):
    content = b"\0" * 30_000_000
    zipped(tmp_path / "a.zip", "1", "2", "3", "4", content=content)
    assert (tmp_path / "a.zip").stat().st_size < 200_000
    assert walk(tmp_path).left_out == {"archive_too_large": 1}


def test_empty_images_pack_well_and_are_no_bomb(tmp_path):
    zipped(tmp_path / "a.zip", "1", "2", "3", content=b"\0" * 1_000_000)
    assert len(walk(tmp_path).sources) == 3


def test_members_that_share_their_bytes(tmp_path):
    """Overlapping members unpack into more than the file holds, whatever each of them declares."""
    path = zipped(tmp_path / "a.zip", "1", content=os.urandom(200) + b"\0" * 900_000)
    packed = path.read_bytes()
    at = packed.rindex(b"PK\x01\x02")
    entry = packed[at : packed.rindex(b"PK\x05\x06")]
    many = 2000
    entries = b"".join(entry[:46] + f"{number:06d}".encode() + entry[47:] for number in range(many))
    entries = entries.replace(struct.pack("<H", 1) + entry[30:32], struct.pack("<H", 6) + b"\0\0")
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, many, many, len(entries), at, 0)
    path.write_bytes(packed[:at] + entries + end)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.infolist()) == many
    assert walk(tmp_path).left_out == {"archive_too_large": 1}


def test_a_directory_of_an_archive_that_would_fill_the_memory(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", *map(str, range(50)))
    assert len(members_of(path).files) == 50
    monkeypatch.setattr(archive_members, "_MOST_DIRECTORY", 1000)
    assert members_of(path).left_out == {"archive_too_large": 1}


def test_an_archive_with_a_password(tmp_path):
    path = zipped(tmp_path / "a.zip", "1.dcm", "2.dcm")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    walked = walk(tmp_path)
    assert names(walked) == ["a.zip/2.dcm"]
    assert walked.left_out == {"archive_encrypted": 1}


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_damaged_archives_never_stop_a_walk(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    path = zipped(folder / "a.zip", "DICOMDIR", "1.dcm", "S/2.dcm")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(4, len(content)))])
    walked = walk(folder)
    assert set(walked.left_out) <= set(REASONS)
    assert len(walked.sources) + sum(walked.left_out.values()) >= 1
    shutil.rmtree(folder)


# -- directories of media


MEDIUM = Path(get_testdata_file("DICOMDIR")).parent
"""A medium among pydicom's own test files; there is another one inside of it."""


def test_a_directory_of_a_medium(tmp_path):
    copy = shutil.copytree(MEDIUM, tmp_path / "copy")
    listed = references_in((copy / "DICOMDIR").read_bytes())
    assert len(listed) == len(set(listed)) == 31
    walked = walk(copy)
    assert {"/".join(parts) for parts in listed} <= set(names(walked))
    assert walked.left_out == {"media_directory": 2}
    assert names(walk(copy / "DICOMDIR")) == names(walked)
    copy.joinpath(*listed[0]).unlink()
    copy.joinpath(*listed[7]).unlink()
    assert walk(copy).left_out == {"media_directory": 2, "media_directory_missing": 2}


def test_a_medium_in_an_archive_copied_in_small_letters(tmp_path):
    with zipfile.ZipFile(tmp_path / "cd.zip", "w") as archive:
        for path in (MEDIUM / "DICOMDIR", *(MEDIUM / "77654033").rglob("*")):
            if path.is_file():
                archive.write(path, "cd/" + path.relative_to(MEDIUM).as_posix().lower())
    walked = walk(tmp_path)
    of_the_patient = [one for one in references_in((MEDIUM / "DICOMDIR").read_bytes())
                      if one[0] == "77654033"]  # fmt: skip
    assert len(walked.sources) == len(of_the_patient) == 7
    assert walked.left_out == {"media_directory": 1, "media_directory_missing": 31 - 7}


def test_references_that_leave_the_folder():
    outside = [("..", "S"), ("/etc/passwd",), ("A", "", "B"), ("C:", "X"), ("A\\B",), ("A", ".")]
    assert compared(outside, "", set()) == {"media_directory_outside": 6}
    assert compared([("IM", "1")], "cd/", {"cd/im/1"}) == {}


@pytest.mark.parametrize(
    "content", [b"", b"text", b"\0" * 200, b"\0" * 128 + b"DICM" + b"\2\0" * 9]
)
def test_a_directory_that_cannot_be_read(tmp_path, content):
    put(tmp_path, "1.dcm")
    put(tmp_path, "DICOMDIR", content=content or b"\0")
    walked = walk(tmp_path)
    assert names(walked) == ["1.dcm"]
    assert walked.left_out == {"media_directory": 1, "media_directory_damaged": 1}
    with pytest.raises(ValueError, match=r"\w"):
        references_in(content)


def test_records_without_a_file(tmp_path):
    dataset = Dataset()
    dataset.DirectoryRecordSequence = [Dataset()]
    buffer = io.BytesIO()
    dataset.save_as(buffer, implicit_vr=False, little_endian=True)
    assert references_in(buffer.getvalue()) == ()
    assert media_directory.NAME == "dicomdir"


# -- many


@pytest.fixture
def spacious(tmp_path):
    """A folder in memory where there is one: a disk needs long for so many files."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as own:
        yield Path(own)


def test_a_hundred_thousand_entries(spacious):
    many = 100_000
    put(spacious, "S/1.dcm")
    folder = os.open(spacious, os.O_RDONLY)
    for number in range(many):
        os.close(os.open(f"{number}", os.O_WRONLY | os.O_CREAT, dir_fd=folder))
    os.close(folder)
    steps = []

    class Counting:
        def steps(self, items, label, total=None):
            for item in SILENT.steps(items, label, total):
                steps.append(label)
                yield item

    walked = walk(spacious, Counting())
    assert walked.left_out == {"empty": many}
    assert names(walked) == ["S/1.dcm"]
    assert len(steps) == many + 2
