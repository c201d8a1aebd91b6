"""The list of checks: it says what is done, and every example in it does what it says."""

import datetime
import json

import numpy as np
import pytest

from clinval.capture.check_catalogue import form_entries, study_entries
from clinval.capture.reading.cells import CellReaders, check_limits
from clinval.capture.reading.columns import read_column
from clinval.cli.main import main
from clinval.core.i18n import set_language
from clinval.core.problems import kinds
from clinval.protocol.form_library import library_form
from clinval.protocol.forms import form_files
from clinval.protocol.study_checks import HeaderCheck, StudyChecks, study_check_library

FORMS = [library_form(name) for name in form_files()]
ENTRIES = [(form, entry) for form in FORMS for entry in form_entries(form)]
VALUES = [(form, entry) for form, entry in ENTRIES if entry.of_field and entry.fires]


@pytest.fixture(scope="module")
def said(make_protocol):
    """Return the problems that a value of a field has by itself."""
    readers = CellReaders(make_protocol(), "S01", datetime.datetime(1899, 12, 30))  # noqa: DTZ001 - days have none

    def problems(form, entry, text):
        field = form.field(entry.field)
        column = read_column(field, 1, [text], readers.of(form, field))
        check_limits(column)
        return {issue.kind for issue in column.issues if len(issue.rows)}

    return problems


@pytest.fixture(autouse=True)
def _own_language():
    yield
    set_language(None)


def printed(capsys, *arguments):
    """Return what a command prints."""
    with pytest.raises(SystemExit) as stop:
        main([*arguments])
    assert stop.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_examples_of_single_fields_fire_and_stay_silent(form, said):
    tried = [entry for of, entry in VALUES if of is form]
    assert tried or form.id == "F13"
    for entry in tried:
        named = {entry.kind, "unit-unexpected"} if entry.type == "plausibility" else {entry.kind}
        assert said(form, entry, entry.fires) & named, entry.id
        assert not said(form, entry, entry.silent) & named, entry.id


def test_ids_are_given_once_and_every_kind_can_be_said():
    entries = [entry for _, entry in ENTRIES] + study_entries()
    ids = [entry.id for entry in entries]
    assert len(ids) == len(set(ids)) > 400
    words = study_check_library().words
    for entry in entries:
        assert entry.kind in kinds()
        assert {entry.severity, entry.type} <= set(words), entry.id
        assert entry.says.en
        assert entry.says.zh


def test_every_field_with_limits_codes_or_need_is_listed():
    for form in FORMS:
        listed = {(entry.field, entry.type) for of, entry in ENTRIES if of is form}
        for field in form.fields:
            assert (field.required, bool(field.codelist), field.range is not None) == (
                (field.id, "presence") in listed,
                (field.id, "list") in listed,
                (field.id, "range") in listed,
            ), field.id


def test_a_study_lists_what_fits_its_forms_and_what_it_adds(make_protocol):
    without_reads = make_protocol(forms=("F04", "F05"))
    known = {entry.id for entry in study_entries(without_reads)}
    assert "X02" in known
    assert not known & {"X01", "Y02", "Y13"}  # no reads, no identifiers, nothing of the images
    more = StudyChecks(
        unique=("F05.coil",),
        headers=(HeaderCheck(id="D01", entry="F05.scan_time_s", header="F05.room_time_min"),),
        drop=("X02",),
        limits={"Y05": {"ratio": 20}},
    )
    listed = {
        entry.id: entry
        for entry in study_entries(without_reads.model_copy(update={"checks": more}))
    }
    assert {"Y02", "D01"} <= set(listed)
    assert "X02" not in listed
    assert "ratio 20" in listed["Y05"].rule


def test_the_command_prints_a_form_in_both_languages_and_for_machines(capsys):
    english = printed(capsys, "--lang", "en", "checks", "--form", "f05")
    assert "F05.scan_time_s:range" in english
    assert "1–14400 s" in english
    assert "F05-C01" in english
    chinese = printed(capsys, "--lang", "zh", "checks", "--form", "F05")
    assert "检查室占用时间短于扫描时间" in chinese
    entries = json.loads(printed(capsys, "checks", "--json"))
    assert {entry["id"] for entry in entries} >= {"F05-C01", "X03", "Y04", "F05.arm:presence"}
    assert all(entry["code"] and entry["says_zh"] for entry in entries)
    assert np.unique([entry["severity"] for entry in entries]).tolist() == [
        "critical", "major", "minor",
    ]  # fmt: skip


def test_a_form_that_is_not_there_is_named_with_those_that_are(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["checks", "--form", "F99"])
    assert stop.value.code == 2
    assert "F15" in capsys.readouterr().err
