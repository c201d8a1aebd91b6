"""A number leads to its record, its rows and their history; several are listed, none is guessed."""

from __future__ import annotations

import json

import kit
import proof_kit as k
import pytest

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.tracing import FEW, trace
from clinval.capture.template import write_template
from clinval.core.errors import AnalysisError, ReportError, UsageError
from clinval.core.records import Results
from clinval.report.numbers import printed

ESTIMATE = "P1.FAS.all.estimate"


@pytest.fixture(scope="module")
def returned(tmp_path_factory):
    """Return the small study as sites return it: in workbooks, one of them corrected."""
    folder = k.empty(tmp_path_factory.mktemp("traced") / "study")
    protocol, tables = folder.protocol(), k.rows()
    for reads in (tables, k.corrected(tables)):
        for site in ("S01", "S02"):
            content = {
                form: rows[rows["site_id"] == site].to_dict("records")
                for form, rows in reads.items()
            }
            write_template(
                protocol, site, folder.inbox / f"{site}.xlsx",
                protocol_sha256=folder.protocol_sha256(), content=content,
            )  # fmt: skip
        ingest(folder, actor="monitor", reason="a slip of the pen")
    analyze(folder)
    return folder


# ---------------------------------------------------------------------- which record


@pytest.fixture(scope="module")
def results(small):
    return Results.load(small.results_path)


def test_an_id_or_a_part_of_one_is_found(small):
    assert [record.id for record in trace(small, ESTIMATE).records] == [ESTIMATE]
    several = trace(small, "P1.FAS.site=")
    assert len(several.records) > 2
    assert several.behind is None
    assert several.rows == ()
    assert {record.group["site"] for record in several.records} == {"S01", "S02"}


def test_every_record_that_prints_so_is_found_however_it_is_written(small, results):
    numbers = [
        record
        for record in results.records
        if isinstance(record.value, float) and not isinstance(record.value, bool)
    ]
    assert len(numbers) > 20
    for record in numbers:
        shown = printed(record.value, record.unit)
        for sought in (shown, shown.replace("\N{MINUS SIGN}", "-"), f"{record.value:.6g}"):
            assert record.id in {found.id for found in trace(small, sought).records}, sought


def test_a_share_is_found_in_percent_and_as_it_is(small, results):
    share = next(
        record
        for record in results.records
        if record.unit == "proportion" and isinstance(record.value, float) and record.value < 1
    )
    for sought in (f"{share.value:.1%}", f"{share.value:.4f}"):
        assert share.id in {found.id for found in trace(small, sought).records}


@pytest.mark.parametrize("sought", ["", "no such thing", "123456.789", "%", "-"])
def test_what_is_nowhere_is_said(small, sought):
    with pytest.raises(UsageError) as raised:
        trace(small, sought)
    assert raised.value.problems[0].kind == "number-unknown"


# ---------------------------------------------------------------------- the rows


def test_the_rows_of_a_number_are_those_it_was_computed_from(small):
    found = trace(small, ESTIMATE, every_row=True)
    reads = k.rows()["F07"]
    assert found.behind.form == "F07"
    assert found.behind.fields == ("image_quality",)
    wanted = {
        (row.site_id, f"{row.subject_id} | {row.arm} | {row.reader_id}", row.image_quality)
        for row in reads.itertuples()
    }
    assert {(row.site, row.key, row.values["image_quality"]) for row in found.rows} == wanted
    assert len(found.rows) == len(reads)
    assert len(trace(small, ESTIMATE).rows) == FEW


def test_the_rows_of_a_site_are_of_that_site_alone(small):
    own = trace(small, "P1.FAS.site=S01.estimate", every_row=True)
    rest = trace(small, "P1.FAS.without_site=S01.estimate", every_row=True)
    assert {row.site for row in own.rows} == {"S01"}
    assert {row.site for row in rest.rows} == {"S02"}


def test_counted_subjects_lead_to_their_rows_too(small):
    found = trace(small, "disposition.FAS.site=S02.n", every_row=True)
    assert found.behind.form == "F04"
    assert len(found.rows) == found.records[0].value == 14
    received = trace(small, "disposition.all.rows.F07")
    assert len(received.behind.rows) == received.records[0].value


def test_what_is_planned_comes_from_no_rows(small):
    found = trace(small, "disposition.all.planned")
    assert found.behind is None
    assert found.records[0].value == 60


# ---------------------------------------------------------------------- cells and history


def test_a_row_leads_to_the_cell_it_was_returned_in(returned):
    from openpyxl import load_workbook

    found = trace(returned, ESTIMATE, every_row=True)
    books = {
        path.stem: load_workbook(path, read_only=False) for path in returned.received.glob("*.xlsx")
    }
    for row in found.rows:
        sheet = books[row.sha256][row.sheet]
        code = str(sheet[row.cells["image_quality"]].value).split(" | ")[0]
        assert float(code) == row.values["image_quality"]
        assert row.file == f"{row.site}.xlsx"
        site, subject = row.site, row.key.split(" | ")[0]
        line = [cell.value for cell in sheet[row.row]]
        assert site in line
        assert subject in line


def test_a_row_has_the_entries_of_its_return_and_of_its_corrections(returned):
    found = trace(returned, ESTIMATE, every_row=True)
    corrected = [row for row in found.rows if len(row.audit) > 1]
    [row] = corrected
    received, change = row.audit
    assert (received.action, change.action) == ("receive", "change")
    assert change.actor == "monitor"
    assert change.reason == "a slip of the pen"
    detail = json.loads(change.detail)
    assert detail["field"] == "image_quality"
    assert detail["new"] == row.values["image_quality"] == k.CORRECTED


def test_a_file_that_is_not_kept_or_was_changed_has_rows_but_no_cells(returned, tmp_path):
    study = k.copied(returned, tmp_path / "study")
    for path in study.received.glob("*.xlsx"):
        path.write_bytes(path.read_bytes() + b"\0")
    row = trace(study, ESTIMATE).rows[0]
    assert row.cells == {}
    assert row.row > 2


# ---------------------------------------------------------------------- what is not as it was


def test_results_of_other_data_or_another_protocol_are_not_followed(small, tmp_path):
    study = k.copied(small, tmp_path / "study")
    k.correct(study)
    with pytest.raises(ReportError) as raised:
        trace(study, ESTIMATE)
    assert raised.value.problems[0].kind == "results-of-other-data"
    study.store_path.unlink()
    with pytest.raises(AnalysisError) as raised:
        trace(study, ESTIMATE)
    assert raised.value.problems[0].kind == "no-data"
    text = study.protocol_path.read_text(encoding="utf-8")
    study.protocol_path.write_text(text.replace('"sponsor": "X"', '"sponsor": "Y"'), "utf-8")
    with pytest.raises(ReportError) as raised:
        trace(study, ESTIMATE)
    assert raised.value.problems[0].kind == "results-outdated"
    study.results_path.unlink()
    with pytest.raises(UsageError) as raised:
        trace(study, ESTIMATE)
    assert raised.value.problems[0].kind == "no-results"


def test_all_of_it_can_be_read_by_a_machine(small):
    content = json.loads(json.dumps(trace(small, ESTIMATE).plain()))
    assert content["records"][0]["id"] == ESTIMATE
    assert content["form"] == "F07"
    assert content["count"] == len(k.rows()["F07"])
    assert len(content["rows"]) == FEW
    assert content["software"]["clinval"]
    assert StudyFolder(small.root).protocol().study.id == kit.STUDY
