"""The REDCap project: its dictionary by an independent schema and by rules of REDCap's own."""

import csv
import io
import json
import re
from itertools import groupby
from pathlib import Path

import pytest

from clinval.capture.instrument import instrument
from clinval.capture.redcap import HEADERS, group_of, redcap_files
from clinval.protocol.base import Text
from clinval.protocol.forms import Check, Example, Field, FieldChange, FormUse

EVERY_FORM = tuple(f"F{number:02d}" for number in range(1, 16))
SCHEMA = Path(__file__).resolve().parents[4] / "shared/formats/schemas/rcdd.schema.json"
SHA = "0123456789abcdef" * 4
# the columns of the file by the names of the schema
KEYS = (
    "variable_field_name", "form_name", "section_header", "field_type", "field_label",
    "choices_calculations_slider_labels", "field_note",
    "text_validation_type_or_show_slider_number", "text_validation_min", "text_validation_max",
    "identifier", "branching_logic", "required_field", "custom_alignment", "question_number",
    "matrix_group_name", "matrix_ranking", "field_annotation",
)  # fmt: skip


def project(protocol, languages=("en", "zh"), **more):
    return redcap_files(instrument(protocol, protocol_sha256=SHA, languages=languages, **more))


def table(files, name):
    return list(csv.DictReader(io.StringIO(files[name])))


@pytest.fixture(scope="module")
def files(make_protocol):
    return project(make_protocol(forms=EVERY_FORM))


@pytest.fixture(scope="module")
def dictionary(files):
    return table(files, "data_dictionary.csv")


def validator():
    jsonschema = pytest.importorskip("jsonschema")
    if not SCHEMA.is_file():
        pytest.skip("the schema of REDCap dictionaries (../shared/formats) is not on this machine")
    return jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text()))


def as_fields(rows):
    return {
        "fields": [
            {key: row[head] for key, head in zip(KEYS, HEADERS, strict=True) if row[head]}
            for row in rows
        ]
    }


def test_the_dictionary_passes_an_independent_schema(dictionary):
    errors = list(validator().iter_errors(as_fields(dictionary)))
    assert errors == []


@pytest.mark.parametrize(
    ("header", "value"), [(3, "decimal"), (0, "Scan-Time"), (7, "number_9dp"), (1, "F05 Scan")]
)
def test_that_schema_does_find_mistakes(dictionary, header, value):
    wrong = [*dictionary[:5], {**dictionary[5], HEADERS[header]: value}]
    assert list(validator().iter_errors(as_fields(wrong)))


def test_the_dictionary_keeps_the_rules_that_no_schema_knows(dictionary):
    assert tuple(dictionary[0]) == HEADERS
    names = [row[HEADERS[0]] for row in dictionary]
    assert names[0] == "record_id"
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 100
    forms = [form for form, _ in groupby(row[HEADERS[1]] for row in dictionary)]
    assert len(set(forms)) == len(forms) == len(EVERY_FORM) + 1  # the rows of a form stand together
    for row in dictionary:
        read = set(re.findall(r"\[(\w+)\]", row[HEADERS[11]]))
        assert read <= set(names)
        choices = [part.split(", ", 1) for part in row[HEADERS[5]].split(" | ") if part]
        assert all(len(choice) == 2 and choice[1] for choice in choices)
        assert bool(choices) == (row[HEADERS[3]] in ("radio", "dropdown"))
        assert len({choice[0] for choice in choices}) == len(choices)
        if row[HEADERS[8]] or row[HEADERS[9]]:
            assert row[HEADERS[7]]  # limits need a type


def test_no_cell_is_a_formula_for_a_spreadsheet(make_protocol):
    evil = FormUse(
        use="F04",
        change={
            "sex": FieldChange(
                label=Text(en="=1+1", zh="@SUM(A1)"),
                help=Text(en="+1"),
                codes={"-1": Text(en="less"), "1": Text(en="more")},
            )
        },
    )
    files = project(make_protocol(forms=("F04",), uses={"F04": evil}))
    for name, text in files.items():
        if name.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    choices = {r[HEADERS[0]]: r[HEADERS[5]] for r in table(files, "data_dictionary.csv")}
    assert choices["f04_sex"].strip() == "-1, less | 1, more"


def test_sites_are_groups_and_records_belong_to_them(files):
    assert [row["data_access_group_name"] for row in table(files, "dags.csv")] == ["S01", "S02"]
    records = table(files, "records.csv")
    assert [(r["record_id"], r["redcap_data_access_group"]) for r in records[:2]] == [
        ("S01", "s01"),
        ("S01-001", "s01"),
    ]
    assert len(records) == 2 * (1 + 3)
    assert {row["clinval_protocol"] for row in records} == {SHA}


def test_only_the_sites_asked_for(make_protocol):
    files = project(make_protocol(), sites=["S02"])
    assert [row["data_access_group_name"] for row in table(files, "dags.csv")] == ["S02"]
    assert {row["redcap_data_access_group"] for row in table(files, "records.csv")} == {"s02"}


def test_forms_with_several_rows_a_record_repeat(files):
    repeating = {
        row["form_name"]: row["custom_form_label"]
        for row in table(files, "repeating_instruments.csv")
    }
    assert repeating["f07_read"] == "[f07_arm] [f07_reader_id]"
    assert "f04_subject" not in repeating
    assert "f01_site" not in repeating
    assert "f02_device" in repeating  # of the record of the site


def test_limits_are_soft_there_so_rules_run_when_a_form_is_saved(files):
    rules = {row["rule_name"]: row for row in table(files, "data_quality_rules.csv")}
    (hard,) = [
        row
        for name, row in rules.items()
        if name.startswith("F05.scan_time_s Scan time") and "7200" in name
    ]
    assert hard["real_time_execution"] == "y"
    assert hard["rule_logic"].endswith("([f05_scan_time_s] < 1 or [f05_scan_time_s] > 7200)")
    critical = [row for name, row in rules.items() if "(critical / 严重)" in name]
    assert critical
    assert {row["real_time_execution"] for row in critical} == {"y"}
    assert "soft: they warn" in files["NOTES.txt"]
    assert "软性限制" in files["NOTES.txt"]


def test_every_check_of_the_forms_is_a_rule(files, make_protocol):
    names = [row["rule_name"] for row in table(files, "data_quality_rules.csv")]
    ids = {name.split()[0] for name in names}
    assert {c.id for form in make_protocol(forms=EVERY_FORM).forms for c in form.checks} <= ids


def test_what_redcap_cannot_say_is_said_in_the_notes(make_protocol):
    use = FormUse(
        use="F04",
        add=(
            Field(id="ward", type="text", label=Text(en="Ward"), pattern="[A-Z]{2}"),
            Field(
                id="grade", type="choice", label=Text(en="Grade"),
                codes={"a-b": Text(en="A | B"), "c": Text(en="C")},
            ),
            Field(id="late", type="text", label=Text(en="Late"), when="log(age_years) > 4"),
        ),
        checks=(
            Check(
                id="F04-C90", severity="major", fires_when="log(age_years) < 1",
                message=Text(en="Young"),
                example=Example(fires={"age_years": 1.0}, silent={"age_years": 50.0}),
            ),
        ),
    )  # fmt: skip
    files = project(make_protocol(forms=("F04",), uses={"F04": use}), languages=("en",))
    notes = files["NOTES.txt"]
    for expected in (
        "F04.ward: the form of the text ([A-Z]{2}) is not checked",
        "F04_grade: the code a-b holds more than letters",
        "F04.grade: | in a label is written ¦",
        "F04.late: the rule “log(age_years) > 4” is not in this format: the format has no such",
        "F04-C90: the rule “log(age_years) < 1” is not in this format",
    ):
        assert expected in notes
    choices = {row[HEADERS[0]]: row[HEADERS[5]] for row in table(files, "data_dictionary.csv")}
    assert choices["f04_grade"] == "a-b, A ¦ B | c, C"


def test_sites_that_redcap_would_take_for_one_are_named(make_protocol):
    protocol = make_protocol()
    sites = [
        site.model_copy(update={"id": name})
        for site, name in zip(protocol.sites, ("N-1", "N1"), strict=True)
    ]
    notes = project(protocol.model_copy(update={"sites": tuple(sites)}))["NOTES.txt"]
    assert "Sites N-1, N1 would have the same data access group n1" in notes


def test_group_names_are_those_that_redcap_makes():
    assert group_of("North-Campus_Hospital-2026") == "northcampus_hospital"[:18]
