"""Files that must not or cannot be opened: one clear refusal each, before anything parses them."""

import io
import struct
import zipfile

import pytest

from clinval.capture.reading import package
from clinval.capture.workbook import read_workbook


def _archive(parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


OLE2 = bytes.fromhex("D0CF11E0A1B11AE1")
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
SHELL = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}

FILES = {
    "empty": (b"", "file-empty"),
    "text": (b"site_id,subject_id\nS01,S01-001\n", "file-not-a-workbook"),
    "pdf": (b"%PDF-1.7 ...", "file-not-a-workbook"),
    "html": (b"<html><table><tr><td>1</td></tr></table></html>", "file-not-a-workbook"),
    "xls": (OLE2 + b"\0" * 600, "file-old-excel"),
    "encrypted": (OLE2 + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "file-encrypted"),
    "docx": (
        _archive({"[Content_Types].xml": "<a/>", "word/document.xml": "<a/>"}),
        "file-without-workbook",
    ),
    "plain zip": (_archive({"S01.xlsx": b"PK"}), "file-without-workbook"),
    "ods": (_archive({"mimetype": "application/vnd.oasis.opendocument"}), "file-other-format"),
    "xlsb": (
        _archive({"[Content_Types].xml": "<a/>", "xl/workbook.bin": b"1"}),
        "file-other-format",
    ),
    "no content": (_archive(SHELL), "file-damaged"),
    "not even zip": (b"PK\x03\x04" + b"\x07" * 400, "file-damaged"),
    "climbs out": (_archive({**SHELL, "../../etc/passwd": "x"}), "file-part-names"),
    "absolute": (_archive({**SHELL, "/xl/workbook.xml": "x"}), "file-part-names"),
    "backslash": (_archive({**SHELL, "xl\\worksheets\\sheet1.xml": "x"}), "file-part-names"),
    "drive": (_archive({**SHELL, "C:/x.xml": "x"}), "file-part-names"),
    "many parts": (
        _archive({**SHELL, **{f"xl/{n}.xml": "" for n in range(2001)}}),
        "file-unpacks-too-large",
    ),
    "doctype": (
        _archive({**SHELL, "xl/sharedStrings.xml": '<!DOCTYPE s [<!ENTITY a "b">]><s>&a;</s>'}),
        "file-defines-entities",
    ),
    "utf-16": (
        _archive({**SHELL, "docProps/app.xml": "<!DOCTYPE a><a/>".encode("utf-16")}),
        "file-defines-entities",
    ),
    "utf-16 without mark": (
        _archive({**SHELL, "docProps/app.xml": "<!DOCTYPE a><a/>".encode("utf-16-le")}),
        "file-defines-entities",
    ),
    "odd encoding": (
        _archive({**SHELL, "docProps/app.xml": b'<?xml version="1.0" encoding="utf-7"?><a/>'}),
        "file-defines-entities",
    ),
    "macros": (_archive({**SHELL, "xl/vbaProject.bin": b"1"}), "file-has-macros"),
    "macros of Excel 4.0": (
        _archive({**SHELL, "xl/macrosheets/sheet1.xml": "<a/>"}),
        "file-has-macros",
    ),
    "strict": (
        _archive({**SHELL, "xl/workbook.xml": f'<workbook xmlns="{STRICT}"/>'}),
        "file-other-format",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_refused_with_one_reason(tmp_path, protocol, name):
    content, kind = FILES[name]
    path = tmp_path / "S01.xlsx"
    path.write_bytes(content)
    returned = read_workbook(path, protocol)
    assert returned.refused
    assert returned.forms == ()
    assert [defect.problem.kind for defect in returned.defects] == [kind]
    assert returned.size == len(content)
    for language in ("en", "zh"):
        assert "S01.xlsx" in returned.defects[0].problem.line(language)


def test_no_file_and_no_file_but_a_folder(tmp_path, protocol):
    for path in (tmp_path / "missing.xlsx", tmp_path):
        returned = read_workbook(path, protocol)
        assert returned.refused
        assert returned.defects[0].problem.kind == "file-unreadable"


def test_a_file_too_large_is_not_even_read(tmp_path, protocol, monkeypatch):
    path = tmp_path / "S01.xlsx"
    path.write_bytes(b"PK" + bytes(2000))
    monkeypatch.setattr(package, "MOST_BYTES", 1000)
    assert read_workbook(path, protocol).defects[0].problem.kind == "file-too-large"


def test_a_bomb_is_told_by_what_it_declares(filled):
    # 40 MB of zeros pack into 40 kB; nothing unpacks them
    filled.surgery("xl/media/bomb.xml", lambda _: b"\0" * 40_000_000)
    (defect,) = filled.read().defects
    assert defect.problem.kind == "file-unpacks-too-large"
    assert "MB" in defect.problem.says("en")


def test_a_bomb_that_lies_about_its_size_is_damaged(filled):
    filled.surgery("xl/media/bomb.xml", lambda _: b"\0" * 1_000_000)
    content = bytearray(filled.path.read_bytes())
    at = content.rfind(b"xl/media/bomb.xml") - 46
    assert content[at : at + 4] == b"PK\x01\x02"
    struct.pack_into("<I", content, at + 24, 10)
    filled.path.write_bytes(content)
    assert filled.read().defects[0].problem.kind == "file-damaged"


def test_the_same_part_twice_is_refused(filled):
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(filled.path, "a") as archive,
    ):
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert filled.read().defects[0].problem.kind == "file-part-names"


def test_a_doctype_is_found_across_the_seam_of_two_reads(monkeypatch):
    monkeypatch.setattr(package, "_CHUNK", 64)
    for shift in range(0, 64, 3):
        text = b"<a>" + b" " * shift + b"<!DOCTYPE a></a>" + b" " * 80
        content = _archive({**SHELL, "xl/x.xml": text})
        with pytest.raises(package.RefusedError) as refusal:
            package.look_through(content)
        assert refusal.value.kind == "file-defines-entities"


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.999])
def test_a_file_cut_off_on_the_way(filled, keep):
    content = filled.path.read_bytes()
    filled.path.write_bytes(content[: int(len(content) * keep)])
    returned = filled.read()
    assert returned.refused
    assert returned.defects[0].problem.kind == "file-damaged"


def test_flipped_bytes_never_raise(filled):
    content = filled.path.read_bytes()
    for at in range(50, len(content), len(content) // 40):
        broken = bytearray(content)
        broken[at] ^= 0xFF
        filled.path.write_bytes(broken)
        filled.read()


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"]
)
def test_broken_xml_is_damaged(filled, part):
    filled.surgery(part, lambda content: content[: len(content) // 2])
    returned = filled.read()
    assert returned.refused
    assert returned.defects[0].problem.kind == "file-damaged"


@pytest.mark.parametrize("row", [4, 5, 8])
def test_a_sheet_that_ends_between_two_rows(filled, row):
    part = filled.sheet_part("F05")
    filled.surgery(part, lambda xml: xml[: xml.index(b'<row r="%d"' % row)])
    assert filled.read().defects[0].problem.kind == "file-damaged"


def test_row_numbers_no_sheet_can_have(filled):
    part = filled.sheet_part("F05")
    filled.surgery(part, lambda xml: xml.replace(b'<row r="8"', b'<row r="99999999"'))
    assert filled.read().defects[0].problem.kind == "file-damaged"


def test_rows_out_of_order(filled):
    part = filled.sheet_part("F05")
    filled.surgery(part, lambda xml: xml.replace(b'<row r="8"', b'<row r="4"'))
    assert filled.read().defects[0].problem.kind == "file-damaged"


def test_more_rows_than_a_return_can_have(fill, monkeypatch, content):
    from clinval.capture import workbook

    monkeypatch.setattr(workbook, "MOST_ROWS", 10)
    returned = fill(content).read()
    assert returned.refused
    (defect,) = returned.defects
    assert defect.problem.kind == "file-too-many-rows"
    assert defect.problem.place.sheet == "F07"


def test_a_million_formatted_rows_below_the_data_are_not_read(filled):
    blank = b"".join(b'<row r="%d" s="1"/>' % row for row in range(9, 1_048_577, 3))
    part = filled.sheet_part("F05")
    filled.surgery(part, lambda xml: xml.replace(b"</sheetData>", blank + b"</sheetData>"))
    returned = filled.read()
    assert not returned.refused
    assert not returned.defects


def test_a_value_far_below_is_still_read(filled, kinds):
    filled.set("F05", "D900000", "yes | Yes 是")
    found = kinds(filled.read())
    assert ("key-part-missing", "F05!B900000") in found


def test_comments_and_links_are_noted(filled, kinds):
    from openpyxl.comments import Comment

    def comment(workbook):
        workbook["F05"]["H3"].comment = Comment("see chart", "site")

    filled.edit(comment)
    assert ("comments-not-read", "") in kinds(filled.read())
    filled.surgery("xl/externalLinks/externalLink1.xml", lambda _: b"<externalLink/>")
    assert ("links-not-followed", "") in kinds(filled.read())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("S01 中心（1）.xlsx", "S01 中心（1）.xlsx"),
        ("a\x1b[31m\nS01.xlsx", "a?[31m S01.xlsx"),  # would colour a terminal and break the line
        ("\udcd6\udcd0S01.xlsx", "??S01.xlsx"),  # GBK, unpacked where names are UTF-8
    ],
)
def test_any_name_of_a_file_can_be_shown_and_stored(filled, name, shown):
    returned = read_workbook(filled.path.rename(filled.path.with_name(name)), filled.protocol)
    assert returned.file_name == shown
    assert not returned.refused
