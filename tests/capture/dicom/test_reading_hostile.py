"""Files that lie: read as far as they are sound, or refused with the reason, and within bounds."""

from __future__ import annotations

import io
import os
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, strategies as st
from pydicom.data import get_testdata_file

from clinval.capture.dicom.files.source import Source
from clinval.capture.dicom.headers import head, scanning, values
from clinval.capture.dicom.headers.reading import UnreadableError, read, read_bytes

EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
SR = "1.2.840.10008.5.1.4.1.1.88.67"
UNDEFINED = b"\xff\xff\xff\xff"
ITEM, ITEM_ENDS = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0" + bytes(4)
SEQUENCE_ENDS = b"\xfe\xff\xdd\xe0" + bytes(4)
CONTENT = b"\x40\x00\x30\xa7SQ\0\0" + UNDEFINED  # Content Sequence


def element(tag: int, vr: str, value: bytes) -> bytes:
    value += b" " * (len(value) % 2)
    at = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    if vr in ("OB", "OW", "SQ", "UN", "UT"):
        return at + bytes(2) + struct.pack("<L", len(value)) + value
    return at + struct.pack("<H", len(value)) + value


def part10(content: bytes, syntax: str = EXPLICIT, media_class: str = SR) -> bytes:
    meta = element(0x00020002, "UI", media_class.encode())
    meta += element(0x00020010, "UI", syntax.encode())
    return bytes(128) + b"DICM" + meta + content


SOUND = (
    element(0x00080005, "CS", b"ISO_IR 192")
    + element(0x00080016, "UI", SR.encode())
    + element(0x00080070, "LO", "东方医疗".encode())
    + element(0x00181020, "LO", b"VB10A\\SP2")
)


def reason(data: bytes) -> str:
    with pytest.raises(UnreadableError) as raised:
        list(read_bytes(data).elements())
    return raised.value.reason


def test_a_sound_file_is_read():
    header = read_bytes(part10(SOUND)).header
    assert header.text("Manufacturer") == "东方医疗"
    assert header.texts("SoftwareVersions") == ("VB10A", "SP2")


def test_an_ordinary_file_needs_no_pydicom():
    """To import it takes longer than to read a thousand headers."""
    code = (
        "import sys\n"
        "from clinval.capture.dicom.headers.reading import read_bytes\n"
        "header = read_bytes(sys.stdin.buffer.read()).header\n"
        "print(header.text('Modality'), 'pydicom' in sys.modules)\n"
    )
    whole = part10(SOUND + element(0x00080060, "CS", b"CT"))
    run = subprocess.run([sys.executable, "-c", code], input=whole, capture_output=True, check=True)
    assert run.stdout.split() == [b"CT", b"False"]


def test_wherever_it_is_cut_it_is_whole_or_truncated():
    whole = part10(SOUND)
    start = len(part10(b""))
    ends = {start}
    for tag in (0x00080005, 0x00080016, 0x00080070, 0x00181020):
        value = whole.index(struct.pack("<HH", tag >> 16, tag & 0xFFFF), start)
        ends.add(value + 8 + struct.unpack_from("<H", whole, value + 6)[0])
    for cut in range(start + 1, len(whole)):
        if cut in ends:
            assert "SoftwareVersions" not in read_bytes(whole[:cut]).header
        else:
            assert reason(whole[:cut]) == "truncated", cut
    assert reason(whole[:start]) == "truncated"


def test_a_cut_through_the_pixels_costs_nothing():
    whole = part10(SOUND + element(0x7FE00010, "OW", bytes(4000)))
    for cut in (1, 2000, 3999):
        assert read_bytes(whole[:-cut]).header == read_bytes(whole).header


@pytest.mark.parametrize("length", [0x7FFFFFFF, 0xFFFFFFFE])
def test_a_length_that_lies_is_not_believed(length):
    lie = b"\x09\x00\x01\x10OB\0\0" + struct.pack("<L", length)
    tracemalloc.start()
    assert reason(part10(SOUND + lie + b"rest")) == "truncated"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * head.LIMIT


def test_a_bomb_is_not_blown_up(tmp_path):
    zeros = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head_of_bomb = b"\x09\x00\x01\x10OB\0\0" + struct.pack("<L", 0xFFFFFFFE)
    bomb = zeros.compress(SOUND + head_of_bomb)
    for _ in range((head.LIMIT >> 20) + 8):
        bomb += zeros.compress(bytes(1 << 20))
    bomb += zeros.flush()
    path = tmp_path / "bomb.dcm"
    path.write_bytes(part10(bomb, DEFLATED))
    assert path.stat().st_size < 1 << 18
    tracemalloc.start()
    with pytest.raises(UnreadableError, match="unreadable"):
        read(Source(1, path.name, path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * head.LIMIT


def test_no_bomb_comes_to_pydicom():
    """What is odd in group 2, or comes after it once more, does not let pydicom inflate."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    again = element(0x00020010, "UI", DEFLATED.encode())
    packed = packer.compress(again + SOUND) + packer.flush()
    assert reason(part10(packed, DEFLATED)) == "damaged"
    odd = part10(packed, DEFLATED).replace(b"UI", b"??", 1)
    assert reason(odd) == "unreadable"


def test_a_deflated_file_is_read_as_if_it_were_not():
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(SOUND) + packer.flush()
    parsed = read_bytes(part10(packed, DEFLATED))
    assert parsed.by == "fast"
    assert list(parsed.elements()) == list(read_bytes(part10(SOUND)).elements())
    assert parsed.dataset().Manufacturer == "东方医疗"
    assert reason(part10(b"\xff" * 40, DEFLATED)) == "damaged"
    assert reason(part10(packed[:20], DEFLATED)) == "truncated"


@pytest.mark.parametrize("levels", [20, 60, 5_000, 200_000])
def test_however_deep_it_ends(levels):
    nested = CONTENT + ITEM + UNDEFINED
    inner = nested * levels + element(0x0040A160, "UT", b"deep")
    closed = inner + (ITEM_ENDS + SEQUENCE_ENDS) * levels
    if levels > 1_000:
        assert reason(part10(SOUND + closed)) == "damaged"
    else:
        found = list(read_bytes(part10(SOUND + closed)).elements())
        assert found[-1].path == "ContentSequence." * levels + "TextValue"
        assert found[-1].values == ("deep",)


def test_more_elements_than_anybody_has(monkeypatch):
    monkeypatch.setattr(scanning, "_MOST", 50)
    many = b"".join(element(0x00090000 + number, "SH", b"") for number in range(0x10, 0x60))
    assert reason(part10(SOUND + many)) == "unreadable"
    items = CONTENT + (ITEM + bytes(4)) * 60 + SEQUENCE_ENDS
    assert reason(part10(SOUND + items)) == "unreadable"


@pytest.mark.parametrize("odd", [b"", element(0x00080060, "ZZ", b"CT")])
def test_more_values_than_anybody_has(monkeypatch, odd):
    monkeypatch.setattr(values, "_LONGEST", 1_000)
    numbers = element(0x00281054, "LO", b"a\\" * 600)
    assert reason(part10(SOUND + odd + numbers)) == "unreadable"
    pixels = element(0x00291001, "OB", bytes(1_200))  # are not taken apart
    assert list(read_bytes(part10(SOUND + odd + pixels)).elements())[-1].values == ("",)


def test_more_bytes_than_any_header_has(monkeypatch, tmp_path):
    monkeypatch.setattr(head, "LIMIT", 1 << 17)
    path = tmp_path / "long.dcm"
    path.write_bytes(part10(SOUND + element(0x00091001, "OB", bytes(1 << 18)) + SOUND))
    with pytest.raises(UnreadableError, match="unreadable"):
        read(Source(1, path.name, path))


def test_a_long_header_is_read_on(tmp_path):
    private = element(0x00090010, "LO", b"ACME") + element(0x00091001, "OB", bytes(300_000))
    path = tmp_path / "long.dcm"
    path.write_bytes(part10(SOUND + private + element(0x00181020, "LO", b"after")))
    parsed = read(Source(1, path.name, path))
    assert (parsed.by, parsed.header.text("SoftwareVersions")) == ("fast", "after")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not_dicom"),
        (b"BM" + bytes(400), "not_dicom"),
        (b"Name;Value\n" * 40, "not_dicom"),
        (b"\x08\x00" + b"\xff" * 200, "not_dicom"),
        (bytes(1000), "not_dicom"),
        (b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" + bytes(200), "encrypted"),
        (part10(b""), "truncated"),
        (bytes(128) + b"DICM", "truncated"),
        (part10(SOUND, media_class="1.2.840.10008.1.3.10"), "no_objects"),
    ],
)  # fmt: skip
def test_what_is_no_image_says_why(data, why):
    assert reason(data) == why


def test_without_a_preamble_or_without_all_of_group_2():
    whole = list(read_bytes(part10(SOUND)).elements())
    assert list(read_bytes(part10(SOUND)[132:]).elements()) == whole
    assert list(read_bytes(SOUND).elements()) == whole


def test_what_the_machine_does_not_give(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, tmp_path / "gone.dcm", pipe):
        with pytest.raises(UnreadableError) as raised:
            read(Source(1, "x", path))
        assert raised.value.reason in ("unreadable", "not_dicom")


def test_a_member_of_an_archive(tmp_path):
    path = tmp_path / "series.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.dcm", part10(SOUND))
    source = Source(1, "series.zip/a/1.dcm", path, member="a/1.dcm", changed=1)
    assert read(source).header.text("Manufacturer") == "东方医疗"
    with pytest.raises(UnreadableError, match="unreadable"):
        read(Source(2, "x", path, member="a/2.dcm", changed=1))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a/3.dcm", part10(SOUND))
    with pytest.raises(UnreadableError, match="unreadable"):  # it would be unpacked whole
        read(Source(3, "x", path, member="a/3.dcm", changed=3))
    data = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1  # a password is wanted
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match="encrypted"):
        read(Source(1, source.name, path, member="a/1.dcm", changed=2))


@given(st.binary(max_size=400), st.sampled_from([b"", bytes(128) + b"DICM", part10(b"")]))
def test_whatever_the_bytes_it_does_not_fail(tail, start):
    for data in (start + tail, part10(SOUND + tail), part10(tail, IMPLICIT)):
        try:
            list(read_bytes(data).elements())
        except UnreadableError as error:
            seen = error.reason
        else:
            seen = "sound"
        assert seen in ("sound", "not_dicom", "truncated", "damaged", "no_objects", "encrypted")


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_implicit.dcm", "nested_priv_SQ.dcm"])
def test_damage_in_a_real_file_changes_nothing_about_agreement(name):
    """What is read of a spoilt file is what pydicom reads of it."""
    sound = Path(get_testdata_file(name)).read_bytes()[:8_000]
    chance = random.Random(9)  # noqa: S311 - the same spoilt files each time
    read_by_both = 0
    for _ in range(60):
        spoilt = bytearray(sound)
        for _ in range(chance.randint(1, 3)):
            spoilt[chance.randrange(132, len(spoilt))] = chance.choice((0, 1, 32, 85, 254, 255))
        try:
            parsed = read_bytes(bytes(spoilt))
            found = list(parsed.elements())
            dataset = parsed.dataset()
        except UnreadableError:
            continue
        if parsed.by == "fast":
            read_by_both += 1
            again = read_by_pydicom(bytes(spoilt))
            assert [one.path for one in found if "." not in one.path] == again
            assert len(dataset) == len(again)
    assert read_by_both > 10


def read_by_pydicom(data: bytes) -> list[str]:
    dataset = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True, force=True)
    names = []
    for tag in sorted(dataset.keys()):
        keyword = pydicom.datadict.keyword_for_tag(tag)
        names.append(keyword or f"{tag.group:04X},{tag.elem:04X}")
    return names


def test_the_reason_survives_the_way_between_processes():
    import pickle

    error = pickle.loads(pickle.dumps(UnreadableError("damaged")))  # noqa: S301 - our own
    assert error.reason == "damaged"
