"""The status on the terminal and as a page, in both languages."""

import kit
import pypdfium2
import pytest
from click.testing import CliRunner

from clinval.app.folder import StudyFolder
from clinval.app.status import status, write_status
from clinval.cli.queries import queries
from clinval.cli.study import status as status_command
from clinval.core.problems import Place, Problem
from clinval.study.queries import found_now, sync
from clinval.study.receive import receive
from clinval.study.returns import Defect

NOW = "2026-01-21T12:00:00+00:00"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study of two sites; one returned a row and is asked about it."""
    folder = StudyFolder(tmp_path_factory.mktemp("status") / "study")
    folder.root.mkdir()
    declared = kit.content()
    declared["forms"] = ["F04", "F05", "F07", "F09"]
    folder.protocol_path.write_text(kit.text(declared), encoding="utf-8")
    problem = Problem(
        kind="number-not-read",
        place=Place(file="S01.xlsx", sheet="F05", cell="D5"),
        parameters={"field": "Scan time", "field_zh": "扫描时间", "value": "x", "value_zh": "x"},
    )
    defect = Defect(problem=problem, form="F05", key="S01-001 | TEST", field="scan_time_s")
    rows = {
        "F04": [{"site_id": "S01", "subject_id": "S01-001", "enrolled": "yes"}],
        "F05": [
            {"site_id": "S01", "subject_id": "S01-001", "arm": "TEST",
             "acquisition_date": "2026-01-05"}
        ],
        "F09": [
            {"site_id": "S01", "subject_id": "S01-001", "deviation_number": 1, "severity": "major"}
        ],
    }  # fmt: skip
    with kit.opened(folder.store_path) as store:
        file = kit.returned(folder.protocol(), "S01", rows, defects=[defect])
        receive(store, file, actor="ann")
        sync(store, found_now(store), actor="ann")
    return folder


def pages(path):
    document = pypdfium2.PdfDocument(path)
    return [page.get_textpage().get_text_range() for page in document]


def test_a_study_without_data_stands_at_zero(tmp_path):
    folder = StudyFolder(tmp_path)
    folder.protocol_path.write_text(kit.text(kit.content()), encoding="utf-8")
    found = status(folder)
    assert (found.state, found.data_version, found.sites[0].open) == ("draft", 0, 0)
    (path,) = write_status(folder, ["en"])
    assert "draft" in pages(path)[0]


def test_what_is_still_to_come_is_counted_by_site(folder):
    found = status(folder, now_utc=NOW)
    first, second = found.sites
    assert (first.open, first.answered, first.critical, first.ages) == (1, 0, 1, (0, 0, 1, 0))
    assert (first.enrolled, first.missing, second.open, second.missing) == (1, 2, 0, 0)
    assert found.state == "collecting"


def test_the_page_says_it_in_both_languages_with_the_head_of_the_trail(folder):
    paths = write_status(folder, ["en", "zh"], now_utc=NOW)
    assert [path.name for path in paths] == ["status.en.pdf", "status.zh.pdf"]
    head = status(folder).results.provenance["audit"]["head"]
    words = {"en": ("INTERIM", "Queries open", "Major"), "zh": ("中期", "未答复质疑", "重大偏离")}
    for path, said in zip(paths, words.values(), strict=True):
        read = pages(path)
        whole = "".join("".join(read).split())
        assert head in whole
        assert all("".join(word.split()) in whole for word in said)
        assert all(said[0] in page for page in read)
        assert "2026-01-2112:00UTC" in whole


def test_the_terminal_lists_queries_and_their_ages(folder):
    listed = CliRunner().invoke(queries, ["--study", str(folder.root)])
    assert listed.exit_code == 0
    assert "Q1" in listed.output
    assert "F05!D5" in listed.output
    assert "1 open, 0 answered, 0 closed" in listed.output
    shown = CliRunner().invoke(status_command, ["--study", str(folder.root)])
    assert "forms missing" in shown.output
    assert ">28" in shown.output


def test_two_acts_at_once_are_refused(folder):
    both = ["--study", str(folder.root), "--close", "Q1", "--reopen", "Q1", "--reason", "x"]
    refused = CliRunner().invoke(queries, both)
    assert refused.exit_code == 2
    assert "one at a time" in refused.output
