"""A site answers in its query workbook; whatever comes back is read as data from outside."""

import json
import shutil
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor

import kit
import openpyxl
import pytest

from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.queries import (
    ages_by_site,
    close_queries,
    listed,
    reopen_queries,
    take_answers,
    write_queries,
)
from clinval.capture.layout import LISTS, QUERIES
from clinval.capture.query_answers import read_answers
from clinval.capture.query_opening import is_query_workbook
from clinval.capture.query_workbook import QUESTIONS
from clinval.capture.template import write_template
from clinval.core.problems import Place, Problem
from clinval.study.queries import found_now, read_queries, sync
from clinval.study.receive import receive
from clinval.study.returns import Defect

FIRST = 3  # row of the first question
ANSWER, WORDS = "I", "J"
NAME = "S01.queries.xlsx"


def defect(kind, key, field, cell, **parameters):
    said = {"field": "Scan time", "field_zh": "扫描时间", "limits": "1-9", **parameters}
    said |= {"value_zh": said["value"]} if "value" in said else {}
    place = Place(file="S01.xlsx", sheet="F05", cell=cell)
    problem = Problem(kind=kind, place=place, parameters=said)
    return Defect(problem=problem, form="F05", key=key, field=field)


FOUND = [
    defect("value-unexpected", "S01-001 | TEST", "scan_time_s", "D5", value="20"),
    defect("number-not-read", "S01-002 | TEST", "scan_time_s", "D6", value="=1+1"),
    defect("required-is-empty", "S01-003 | TEST", "scan_time_s", "D7"),
]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study with three queries of S01 and its query workbook."""
    declared = kit.content(sites={"S01": {"language": "zh"}, "S02": {}})
    folder = StudyFolder(tmp_path_factory.mktemp("queries") / "study")
    folder.root.mkdir()
    folder.protocol_path.write_text(kit.text(declared), encoding="utf-8")
    row = {"site_id": "S01", "arm": "TEST"}
    rows = [
        row | {"subject_id": f"S01-{number:03d}", "scan_time_s": time}
        for number, time in enumerate((20.0, None, None), start=1)
    ]
    with kit.opened(folder.store_path) as store:
        file = kit.returned(folder.protocol(), "S01", {"F05": rows}, defects=FOUND)
        receive(store, file, actor="ann")
        sync(store, found_now(store), actor="ann")
    write_queries(folder, actor="mona")
    return folder


@pytest.fixture
def folder(study, tmp_path):
    shutil.copytree(study.root, tmp_path / "study")
    return StudyFolder(tmp_path / "study")


def edit(folder, change, name=NAME):
    """Change the query workbook as a spreadsheet program does; return the new file."""
    workbook = openpyxl.load_workbook(folder.queries / NAME)
    change(workbook[QUESTIONS])
    path = folder.root / name
    workbook.save(path)
    return path


def put(cell, text):
    """Write a text that stays one, as spreadsheet programs keep it when they move a cell."""
    cell.value = text
    if text is not None:
        cell.data_type = "s"


def answered(folder, cells, name=NAME):
    """Ingest the workbook with cells filled; return what became of it."""

    def fill(sheet):
        for cell, value in cells.items():
            sheet[cell] = value

    return taken(folder, edit(folder, fill, name))


def taken(folder, path):
    (ingested,) = ingest(folder, [path], actor="sue")
    kinds = [found.problem.kind for found in ingested.defects]
    return ingested.receipt.status, ingested.answers, kinds


def answers(folder):
    return {
        part.query.key[4:7]: (part.query.answer.code, part.query.answer.text)
        for part in listed(folder)
        if part.query.answer is not None
    }


def test_the_workbook_asks_in_both_languages_and_lets_only_answers_in(study):
    path = study.queries / NAME
    assert is_query_workbook(path)
    workbook = openpyxl.load_workbook(path)
    sheet = workbook[QUESTIONS]
    assert sheet.protection.sheet
    assert sheet["A1"].protection.locked
    assert not sheet[f"{ANSWER}{FIRST}"].protection.locked
    rows = {row[0]: row for row in sheet.iter_rows(min_row=FIRST, values_only=True)}
    assert list(rows) == ["Q2", "Q3", "Q1"]  # what holds something back comes first
    assert rows["Q1"][2:6] == ("F05!D5", "S01-001 | TEST", rows["Q1"][4], "20")
    assert rows["Q1"][4].startswith("扫描时间\n")  # the language of the site
    assert rows["Q3"][5] == "空 empty"
    assert "number" in rows["Q2"][6]
    assert "数值" in rows["Q2"][6]
    assert sheet[f"F{FIRST}"].data_type == "s"  # what was returned never becomes a formula
    (offered,) = (rule for rule in sheet.data_validations.dataValidation if rule.type == "list")
    assert f"{ANSWER}{FIRST}" in offered.sqref
    stamp = json.loads(workbook[QUERIES]["A1"].value)
    assert (stamp["study"], stamp["site"]) == (kit.STUDY, "S01")
    assert stamp["protocol_sha256"] == study.protocol_sha256()
    hidden = [workbook[name].sheet_state for name in (QUERIES, LISTS)]
    assert hidden == ["veryHidden", "hidden"]


def test_the_same_queries_give_the_same_bytes_and_are_sent_once(folder):
    before = (folder.queries / NAME).read_bytes()
    assert [(site, count) for site, count, _ in write_queries(folder, actor="mona")] == [
        ("S01", 3),
        ("S02", 0),
    ]
    assert (folder.queries / NAME).read_bytes() == before
    sent = [
        event for part in listed(folder) for event in part.query.events if event.event == "sent"
    ]
    assert len(sent) == 3


def test_a_template_is_no_query_workbook_and_nor_is_anything_else(folder, tmp_path):
    write_template(folder.protocol(), "S01", tmp_path / "t.xlsx", protocol_sha256="5" * 64)
    (tmp_path / "broken.xlsx").write_bytes((folder.queries / NAME).read_bytes()[:-200])
    for name in ("t.xlsx", "broken.xlsx", "none.xlsx", ""):
        assert not is_query_workbook(tmp_path / name)


def test_answers_come_in_by_code_or_label_in_each_language(folder):
    cells = {
        "I3": "confirmed | Confirmed as it is 经核对，数值无误",
        "I4": "无法获得",
        "I5": "ｏｔｈｅｒ",
        "J5": "the scanner was new",
    }
    assert answered(folder, cells) == ("accepted", 3, [])
    assert answers(folder) == {
        "002": ("confirmed", ""),
        "003": ("not_available", ""),
        "001": ("other", "the scanner was new"),
    }
    assert taken(folder, folder.root / NAME) == ("unchanged", 0, [])
    states = [part.query.state for part in listed(folder)]
    assert states == ["answered"] * 3
    assert write_queries(folder, actor="mona")[0] == ("S01", 0, None)  # nothing is left to ask


def test_sorted_rows_and_unanswered_ones_are_fine(folder):
    def turn(sheet):
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST)]
        rows[0][8] = "confirmed"
        for at, row in enumerate(reversed(rows), start=FIRST):
            for column, value in enumerate(row, start=1):
                put(sheet.cell(at, column), value)

    assert taken(folder, edit(folder, turn)) == ("accepted", 1, [])
    assert answers(folder) == {"002": ("confirmed", "")}


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"I3": "=HYPERLINK(1)"}, "answer-is-formula"),
        ({"I3": "confirmed", "J3": "=1+1"}, "answer-is-formula"),
        ({"I3": "maybe"}, "answer-code-unknown"),
        ({"J3": "it is right"}, "answer-without-code"),
        ({"I3": "other"}, "answer-needs-words"),
        ({"I3": "confirmed", "J3": "x" * 501}, "answer-too-long"),
        ({"A3": "Q99", "I3": "confirmed"}, "answer-to-no-query"),
        ({"A3": "Q3", "I3": "confirmed"}, "answer-question-changed"),
        ({"G3": "what?", "I3": "confirmed"}, "answer-question-changed"),
        ({"F3": "2", "I3": "confirmed"}, "answer-question-changed"),
    ],
)
def test_an_answer_that_cannot_count_is_named_and_not_taken(folder, cells, kind):
    status, count, kinds = answered(folder, {**cells, "I4": "confirmed"})
    assert (status, count, kinds) == ("accepted", 1, [kind])
    assert set(answers(folder)) == {"003"}  # the sound one beside it


def dump(folder):
    with kit.opened(folder.store_path) as store:
        return list(store._connection.iterdump())


def test_words_that_identify_are_not_stored_not_shown_and_not_kept_beside_the_study(folder):
    before = sorted(folder.received.rglob("*"))
    status, count, kinds = answered(
        folder, {"I3": "confirmed", "J3": "please call 13800138000", "I4": "confirmed"}
    )
    assert (status, count, kinds) == ("accepted", 1, ["file-identifies", "answer-identifies"])
    assert "13800138000" not in "".join(dump(folder))
    assert sorted(folder.received.rglob("*")) == before
    assert any((folder.root / "quarantine").iterdir())


def test_a_study_that_refuses_identifying_files_takes_none_of_the_answers(folder):
    declared = kit.content(sites={"S01": {"language": "zh"}, "S02": {}})
    declared["privacy"] = {"identifying": "refuse"}
    folder.protocol_path.write_text(kit.text(declared), encoding="utf-8")
    given = {"I3": "other", "J3": "please call 13800138000", "I4": "confirmed"}
    status, count, kinds = answered(folder, given)
    assert (status, count, kinds[-1]) == ("refused", 0, "file-identifies-refused")
    assert answers(folder) == {}


def test_two_answers_to_one_question_are_not_taken(folder):
    def double(sheet):
        for column in range(1, 9):
            put(sheet.cell(6, column), sheet.cell(3, column).value)
        sheet["I3"], sheet["I6"] = "confirmed", "corrected"

    assert taken(folder, edit(folder, double)) == ("unchanged", 0, ["answer-twice"] * 2)


def stamped(folder, change):
    """Return the workbook with its stamp changed."""
    workbook = openpyxl.load_workbook(folder.queries / NAME)
    workbook[QUESTIONS]["I3"] = "confirmed"
    stamp = json.loads(workbook[QUERIES]["A1"].value)
    workbook[QUERIES]["A1"] = change(stamp) or json.dumps(stamp)
    path = folder.root / NAME
    workbook.save(path)
    return path


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda stamp: stamp.update(study="OTHER"), "stamp-of-other-study"),
        (lambda stamp: stamp.update(site="S77"), "stamp-of-unknown-site"),
        (lambda stamp: stamp.update(format=99), "stamp-of-newer-clinval"),
        (lambda stamp: stamp.update(study="x\x1b[2J"), "answers-stamp-damaged"),
        (lambda stamp: stamp["queries"][0].pop(), "answers-stamp-damaged"),
        (lambda stamp: stamp.pop("queries") and None, "answers-stamp-damaged"),
        (lambda _: "[" * 30_000, "answers-stamp-damaged"),
        (lambda _: "{}", "answers-stamp-damaged"),
    ],
)
def test_a_file_of_others_is_refused_whole(folder, change, kind):
    assert taken(folder, stamped(folder, change)) == ("refused", 0, [kind])
    assert answers(folder) == {}


def test_a_workbook_of_another_site_answers_for_nobody(folder):
    path = stamped(folder, lambda stamp: stamp.update(site="S02"))
    assert taken(folder, path) == ("unchanged", 0, ["answer-not-current"])
    assert answers(folder) == {}


def test_lost_headings_are_named(folder):
    path = edit(folder, lambda sheet: sheet.delete_rows(1))
    assert taken(folder, path) == ("refused", 0, ["answers-headings-lost"])


def test_a_hostile_archive_is_refused_like_any_other(folder):
    path = folder.root / NAME
    with (
        zipfile.ZipFile(folder.queries / NAME) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
        target.writestr("xl/evil.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    assert taken(folder, path) == ("refused", 0, ["file-defines-entities"])


def test_two_files_race_and_both_answers_are_kept(folder):
    assert answered(folder, {"I3": "confirmed"}, "a.xlsx") == ("accepted", 1, [])
    late = answered(folder, {"I3": "other", "J3": "no"}, "b.xlsx")
    assert late == ("accepted", 1, ["answer-replaced"])
    assert answers(folder) == {"002": ("other", "no")}


def test_an_answer_to_what_is_closed_or_has_changed_is_not_taken(folder):
    close_queries(folder, ["Q2"], actor="mona", reason="seen in the source")
    with kit.opened(folder.store_path) as store:
        changed = [defect("value-unexpected", "S01-001 | TEST", "scan_time_s", "D5", value="21")]
        sync(store, [("S01", found) for found in [*changed, *FOUND[2:]]], actor="ann")
        assert {query.name: query.state for query in read_queries(store)} == {
            "Q1": "open", "Q2": "closed", "Q3": "open",
        }  # fmt: skip
    outdated = answered(folder, {"I3": "confirmed", "I5": "confirmed"})
    assert outdated == ("unchanged", 0, ["answer-not-current"] * 2)


def test_the_next_workbook_says_why_it_asks_again(folder):
    answered(folder, {"I3": "confirmed"})
    reopen_queries(folder, ["Q2"], actor="mona", reason="of which scanner?")
    write_queries(folder, actor="mona")
    sheet = openpyxl.load_workbook(folder.queries / NAME)[QUESTIONS]
    assert "of which scanner?" in sheet["G3"].value
    assert ages_by_site(listed(folder, now_utc="2026-01-10T00:00:00+00:00")) == {
        "S01": [0, 3, 0, 0]
    }


def test_a_check_asks_by_its_message_with_the_values_that_it_reads(folder, tmp_path):
    check = {"check": "F05-C01", "message": "Shorter than the scan.", "message_zh": "短于扫描。"}
    found = defect(
        "check-fires", "S01-001 | TEST", "scan_time_s", "D5", severity="minor",
        reads=["scan_time_s", "repeated"], **check,
    )  # fmt: skip
    with kit.opened(folder.store_path) as store:
        sync(store, [("S01", found)], actor="ann")
    write_queries(folder, ["S01"], out=tmp_path, actor="mona")
    row = openpyxl.load_workbook(tmp_path / NAME)[QUESTIONS][FIRST]
    assert row[5].value == "scan_time_s = 20\nrepeated = 空 empty"
    assert row[6].value == "短于扫描。\nShorter than the scan. (F05-C01)"


def test_two_people_take_answers_at_once(folder):
    files = {}
    for name, words in (("a.xlsx", "first"), ("b.xlsx", "second")):
        workbook = openpyxl.load_workbook(folder.queries / NAME)
        workbook[QUESTIONS]["I3"], workbook[QUESTIONS]["J3"] = "other", words
        workbook.save(folder.root / name)
        files[name] = read_answers(folder.root / name, folder.protocol())

    def take(name):
        with kit.opened(folder.store_path) as store:
            return take_answers(store, files[name], actor=name).taken

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(take, files)) == [1, 1]
    (query,) = (part.query for part in listed(folder) if part.query.name == "Q2")
    given = [event for event in query.events if event.event == "answered"]
    assert sorted(event.text for event in given) == ["first", "second"]
    assert query.answer == given[-1]
    with kit.opened(folder.store_path) as store:
        assert store.audit_broken_at(rows=True) is None


def test_libreoffice_saves_what_we_read(folder, tmp_path):
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    workbook = openpyxl.load_workbook(folder.queries / NAME)
    workbook[QUESTIONS]["I3"] = "confirmed"
    workbook.save(tmp_path / NAME)
    command = [
        program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to",
        "xlsx", "--outdir", str(tmp_path / "saved"), str(tmp_path / NAME),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    saved = tmp_path / "saved" / NAME
    rules = openpyxl.load_workbook(saved)[QUESTIONS].data_validations.dataValidation
    assert sorted(rule.type for rule in rules) == ["list", "textLength"]
    assert taken(folder, saved) == ("accepted", 1, [])
