"""Files that say more than the forms ask for: found by kind and place, kept apart, never shown."""

import dataclasses
import io
import time
import zipfile

import openpyxl
import pytest
from openpyxl.comments import Comment

from clinval.capture.phi_found import Look
from clinval.capture.phi_gate import gated, screen
from clinval.capture.phi_workbook import cleaned, look_through_workbook
from clinval.capture.returned import read_returned
from clinval.protocol.privacy import Privacy

SECRETS = ("王芳", "张建国", "Wang Fang", "13800138000", "wang.fang", "445566")


def places(screened):
    return {(found.kind, found.place) for found in screened.found}


def says(screened, privacy=None):
    """Return kind and text of what is said, which never holds what was found."""
    defects = screened.defects(privacy or Privacy())
    texts = [d.problem.line(language) for d in defects for language in ("en", "zh")]
    assert not [text for text in texts for secret in SECRETS if secret in text]
    return [defect.problem.kind for defect in defects]


def test_a_clean_return_has_nothing(filled, protocol):
    screened = screen(filled.path, protocol)
    assert (screened.found, screened.readable) == ((), True)
    assert says(screened) == []


def test_cells_that_no_form_asks_for(filled, protocol):
    def write(workbook):
        workbook["F05"]["X9"] = "患者王芳诉膝痛"
        workbook["F07"]["Z2"] = "Patient name"
        workbook.create_sheet("张建国")["B7"] = "call 13800138000"

    screened = screen(filled.edit(write).path, protocol)
    last = len(openpyxl.load_workbook(filled.path).sheetnames)
    assert places(screened) == {
        ("name", "F05!X9"), ("heading", "F07!Z2"), ("name", f"sheet {last}"),
        ("phone", f"sheet {last}!B7"),
    }  # fmt: skip
    assert says(screened) == ["file-identifies"]


def test_comments_properties_margins_hidden_sheets_and_paths(filled, protocol):
    def write(workbook):
        comment = Comment("病历号 20031234", "Wang Fang")
        workbook["F05"]["H3"].comment = comment
        workbook.properties.creator = "Wang Fang"
        workbook.properties.lastModifiedBy = "王芳"
        workbook["F04"].oddFooter.left.text = "MRN 445566"
        workbook.create_sheet("old").sheet_state = "hidden"

    filled.edit(write)
    path = b'<x15ac:absPath url="C:\\Users\\wang.fang\\Desktop\\" xmlns:x15ac="x"/>'
    filled.surgery("xl/workbook.xml", lambda xml: xml.replace(b"<sheets>", path + b"<sheets>", 1))
    found = places(screen(filled.path, protocol))
    assert found == {
        ("record_number", "comment"),
        ("author", "comment author"),
        ("author", "creator"),
        ("author", "lastModifiedBy"),
        ("author", "path"),
        ("record_number", "F04 header"),
        ("hidden_sheet", "workbook"),
    }
    assert says(screen(filled.path, protocol)) == [
        "file-identifies", "file-names-author-clean", "sheets-hidden",
    ]  # fmt: skip


def test_a_picture_cannot_be_looked_through(filled, protocol):
    filled.surgery("xl/media/image1.png", lambda _: b"\x89PNG")
    assert says(screen(filled.path, protocol)) == ["file-identifies"]


def test_texts_written_into_the_sheet_itself(filled, protocol):
    part = filled.sheet_part("F05")
    cell = '<c r="Y9" t="inlineStr"><is><t>张建国，男，58岁</t></is></c></row></sheetData>'
    filled.surgery(part, lambda xml: xml.replace(b"</row></sheetData>", cell.encode()))
    assert {kind for kind, _ in places(screen(filled.path, protocol))} == {"name"}


def test_what_the_protocol_names_itself_does_not_count(filled, protocol):
    filled.edit(lambda workbook: setattr(workbook.properties, "creator", "Example Imaging Ltd"))
    assert screen(filled.path, protocol).found == ()
    assert places(screen(filled.path)) >= {("author", "creator")}


def test_a_clean_copy_has_no_names_and_the_same_cells(filled, protocol):
    def write(workbook):
        workbook.properties.creator = "Wang Fang"
        workbook.properties.lastModifiedBy = "王芳"
        workbook["F05"]["H3"].comment = Comment("see chart", "Wang Fang")

    content = filled.edit(write).path.read_bytes()
    clean = cleaned(content)
    assert clean == cleaned(content)
    with zipfile.ZipFile(io.BytesIO(clean)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert not [secret for secret in SECRETS if secret.encode() in everything]
    before = read_returned(filled.path, protocol)[0]
    filled.path.write_bytes(clean)
    assert screen(filled.path, protocol).found == ()
    after = read_returned(filled.path, protocol)[0]
    for one, other in zip(after.forms, before.forms, strict=True):
        assert one.frame.equals(other.frame)


@pytest.mark.parametrize(
    ("privacy", "kinds", "refused"),
    [
        (Privacy(), ["file-identifies", "file-names-author-clean"], False),
        (
            Privacy(identifying="refuse"),
            ["file-identifies-refused", "file-names-author-clean"],
            True,
        ),
        (Privacy(metadata="keep"), ["file-identifies", "file-names-author-keep"], False),
        (Privacy(metadata="refuse"), ["file-identifies", "file-names-author-refuse"], True),
    ],
)  # fmt: skip
def test_the_protocol_says_what_becomes_of_a_file(filled, protocol, privacy, kinds, refused):
    def write(workbook):
        workbook.properties.creator = "Wang Fang"
        workbook.create_sheet("notes")["B7"] = "call 13800138000"

    screened = screen(filled.edit(write).path, protocol)
    assert says(screened, privacy) == kinds
    returned = gated(read_returned(filled.path, protocol)[0], screened, privacy)
    assert (returned.refused, bool(returned.forms)) == (refused, not refused)
    assert [defect.problem.kind for defect in returned.defects][: len(kinds)] == kinds


# ---------------------------------------------------------------------- other files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_in_any_encoding(tmp_path, encoding):
    path = tmp_path / "S01.csv"
    text = '编号;姓名;备注\nS01-001;王芳;"膝痛;\n两周"\nS01-002;;电话 13800138000\n'
    path.write_bytes(text.encode(encoding))
    assert places(screen(path)) == {
        ("heading", "line 1"), ("name", "line 2"), ("phone", "line 4"),
    }  # fmt: skip


def test_an_xml_by_lines(tmp_path):
    path = tmp_path / "S01.xml"
    path.write_text(
        '<?xml version="1.0"?>\n<ODM Originator="study desk">\n<ItemData Value="MRN 445566"/>\n'
        "<Comment>Patient called Bjork</Comment></ODM>\n",
        encoding="utf-8",
    )
    assert places(screen(path)) == {("record_number", "line 3"), ("name", "line 4")}


def test_a_zip_of_texts_file_by_file(tmp_path):
    path = tmp_path / "S01.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("F04.csv", "a,b\n1,2\n")
        archive.writestr("F05_王芳.csv", "a,b\n1,tel 13800138000\n")
    assert places(screen(path)) == {
        ("name", "file 2, file name"), ("phone", "file 2, line 2"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04broken", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), b"\x01\x00\x02",
        bytes(128) + b"DICM" + b"\xff" * 40, b"\xff\xfe\x00",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_and_never_raises(tmp_path, content):
    path = tmp_path / "S01.dat"
    path.write_bytes(content)
    assert screen(path).found == ()
    assert not screen(path).readable
    assert not screen(tmp_path / "missing").readable


def test_a_bomb_or_an_entity_is_not_opened(filled, protocol):
    filled.surgery("xl/media/bomb.xml", lambda _: b"\0" * 40_000_000)
    assert not screen(filled.path, protocol).readable


def test_an_archive_in_an_archive_is_not_opened(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.csv", "a")
    path = tmp_path / "S01.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.csv", inner.getvalue())
    assert not screen(path).readable


def test_many_places_are_told_shortly(filled, protocol):
    def write(workbook):
        sheet = workbook.create_sheet("notes")
        for row in range(1, 40):
            sheet.cell(row, 2, f"MRN 4455{row:02d}")

    screened = screen(filled.edit(write).path, protocol)
    (defect,) = screened.defects(Privacy())
    assert defect.problem.parameters["kinds"] == "medical record number (39)"
    assert defect.problem.parameters["places"].endswith("…")
    assert dataclasses.asdict(screened)["file"] == "S01.xlsx"


@pytest.mark.parametrize(
    ("part", "piece"),
    [
        ("xl/sharedStrings.xml", '<si><t x="'), ("xl/sharedStrings.xml", "<si>"),
        ("xl/comments1.xml", '<comment ref="A1">'), ("xl/comments1.xml", "<text><t>"),
        ("xl/workbook.xml", '<sheet name="'), ("xl/workbook.xml", "<x15ac:absPath url=a "),
        ("xl/worksheets/sheet9.xml", '<c r="A1" t="str">'), ("xl/persons/person.xml", "<person a"),
        ("docProps/core.xml", "<dc:creator a"),
    ],
)  # fmt: skip
def test_no_broken_part_takes_long(part, piece):
    shell = {"xl/workbook.xml": '<sheets><sheet name="a" r:id="r1"/></sheets>'}
    shell["xl/_rels/workbook.xml.rels"] = '<Relationship Id="r1" Target="worksheets/sheet9.xml"/>'
    shell["xl/sharedStrings.xml"] = "<si><t>MRN 445566</t></si>"
    shell[part] = shell.get(part, "") + piece * (1_000_000 // len(piece))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in shell.items():
            archive.writestr(name, content)
    before = time.process_time()
    list(look_through_workbook(buffer.getvalue(), Look(None)))
    assert time.process_time() - before < 1


def test_a_text_of_a_megabyte_is_looked_at_in_pieces():
    before = time.process_time()
    assert Look(None)("knee pain " * 50_000 + "MRN 445566") == ("record_number",)
    assert Look(None)("Aa" * 500_000) == ()
    assert time.process_time() - before < 3


def test_answers_to_queries_are_gated_too(filled, protocol):
    from clinval.capture.phi_gate import gated_answers
    from clinval.capture.query_answers import Answers

    filled.edit(lambda workbook: workbook.create_sheet("notes").append(["call 13800138000"]))
    screened = screen(filled.path, protocol)
    answers = Answers(file_name="S01.xlsx", sha256="", site="S01", refused=False)
    told = gated_answers(answers, screened, Privacy())
    assert ([problem.kind for problem in told.problems], told.refused) == (
        ["file-identifies"], False,
    )  # fmt: skip
    assert gated_answers(answers, screened, Privacy(identifying="refuse")).refused
