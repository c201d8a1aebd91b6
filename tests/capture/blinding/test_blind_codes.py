"""Codes instead of arms: in templates, and back out of returns."""

import openpyxl
import pytest

from clinval.capture.blinding import BlindKey, make_key, shown_key
from clinval.capture.phi import kinds_in
from clinval.protocol.reading_plan import Read, ReadingPlan

SALT = "7" * 64
ARMS = ("TEST", "REF")


@pytest.fixture(scope="module")
def plain(make_protocol):
    return make_protocol(reading=ReadingPlan(show_arms=False))


@pytest.fixture(scope="module")
def key(plain):
    return make_key(plain, SALT)


@pytest.fixture(scope="module")
def blind(plain, key):
    return plain.model_copy(update={"read_codes": dict(key.reads)})


def frame(returned, form):
    (found,) = (part.frame for part in returned.forms if part.form == form)
    return found


def in_order(table):
    keys = ["subject_id", "arm", "reader_id"]
    return table.drop(columns="_row").sort_values(keys).reset_index(drop=True)


def test_a_key_follows_from_the_seed_and_the_salt(plain, key):
    assert make_key(plain, SALT) == key
    assert len(key.reads) == 2 * 3 * 2 * 2  # sites, subjects, arms, readers
    assert len(set(key.arms.values())) == 2
    assert not set(make_key(plain, "8" * 64).reads) & set(key.reads)
    other = plain.model_copy(update={"seed": plain.seed + 1})
    assert not set(make_key(other, SALT).reads) & set(key.reads)
    assert BlindKey.of_text(key.text()) == key


def test_reads_that_are_planned_later_change_no_code(make_protocol, key):
    larger = make_protocol(readers=3, planned=4, reading=ReadingPlan(show_arms=False))
    later = make_key(larger, SALT)
    assert key.reads.items() <= later.reads.items()
    assert len(later.reads) == 2 * 4 * 2 * 3


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"format":2}', '{"format":1,"study":"X","salt":"","arms":[],"reads":1}'],
)
def test_what_is_no_key(text):
    with pytest.raises(ValueError, match=r".*"):
        BlindKey.of_text(text)


def test_a_template_has_codes_in_an_order_that_tells_nothing(fill, blind, key):
    path = fill(None, of=blind).path
    rows = openpyxl.load_workbook(path)["F07"].iter_rows(min_row=3, values_only=True)
    head = [cell.value for cell in openpyxl.load_workbook(path)["F07"][1]]
    listed = [dict(zip(head, row, strict=True)) for row in rows]
    codes = [row["arm"] for row in listed]
    assert codes == sorted(codes)
    assert {Read(r["subject_id"], key.reads[r["arm"]].arm, r["reader_id"]) for r in listed} == {
        read for read in key.reads.values() if read.subject.startswith("S01")
    }
    # who acquires has to know the arm
    others = openpyxl.load_workbook(path)["F05"].iter_rows(min_row=3, values_only=True)
    assert {row[2] for row in others} == set(ARMS)


def test_what_comes_back_has_its_arms(fill, plain, blind, content):
    named = fill(content, of=plain).read()
    coded = fill(content, of=blind).read()
    assert [d.problem.kind for d in coded.defects] == []
    assert in_order(frame(coded, "F07")).equals(in_order(frame(named, "F07")))


def test_the_key_of_a_row_is_shown_with_its_code(blind, plain, key):
    code, read = next(iter(key.reads.items()))
    row = f"{read.subject} | {read.arm} | {read.reader}"
    assert shown_key(blind, "F07", row) == f"{read.subject} | {code} | {read.reader}"
    assert shown_key(blind, "F07", "S09-001 | TEST | R1") == "S09-001 | ? | R1"
    assert shown_key(blind, "F05", "S01-001 | TEST") == "S01-001 | TEST"
    assert shown_key(plain, "F07", row) == row


def test_no_code_is_taken_for_something_of_a_person(key):
    assert [code for code in key.reads if kinds_in(code)] == []
    assert kinds_in("QQ34679") == ()


def test_the_code_of_another_row_is_held_back(fill, blind, content, key):
    returned = fill(content, of=blind)
    first, second = (
        next(code for code, read in key.reads.items() if read == Read("S01-001", "TEST", reader))
        for reader in ("R1", "R2")
    )

    def shift(workbook):
        for (cell,) in workbook["F07"]["C3:C20"]:
            cell.value = {first: second}.get(cell.value, cell.value)

    read = returned.edit(shift).read()
    (defect,) = (d for d in read.defects if d.problem.kind == "read-code-of-other-row")
    assert defect.problem.place.sheet == "F07"
    held = frame(read, "F07")
    assert held["_held"].notna().sum() == 1
    assert "TEST" not in defect.problem.line("en")


def test_an_arm_by_its_name_stands_and_is_asked_about(fill, blind, content, key):
    code = next(c for c, read in key.reads.items() if read == Read("S01-002", "REF", "R1"))

    def name(workbook):
        for (cell,) in workbook["F07"]["C3:C20"]:
            cell.value = "REF" if cell.value == code else cell.value

    read = fill(content, of=blind).edit(name).read()
    (defect,) = read.defects
    assert (defect.problem.kind, defect.problem.parameters["count"]) == ("arm-not-blind", 1)
    assert frame(read, "F07")["_held"].isna().all()
