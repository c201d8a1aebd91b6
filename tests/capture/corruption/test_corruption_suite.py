"""Mistakes made on purpose are told where they are; where there is none, nothing is said."""

import datetime
import json
import random

import kit
import pytest
from click.testing import CliRunner

from clinval.app.corruption import as_data, rehearse
from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.capture.corruption.catalogue import MISTAKES
from clinval.capture.corruption.mistake import FAMILIES
from clinval.capture.template import write_template
from clinval.cli.main import cli
from clinval.core.errors import UsageError
from clinval.core.problems import kinds
from clinval.protocol.reading_order import reading_order

SITES = {
    "S01": {"planned_subjects": 9},
    "S02": {"planned_subjects": 9, "country": "CN", "language": "zh", "currency": "CNY"},
}
START = {"id": "start_time", "type": "datetime", "label": {"en": "Start", "zh": "开始时间"}}
CONTENT = kit.content(
    sites=SITES,
    design={"type": "crossed_readers", "washout_days": 28},
    forms=["F04", {"use": "F05", "add": [START]}, "F07"],
    reading={"sessions": 2},
    sample_size=[
        {
            "endpoint": "P1", "subjects": 18, "alpha": 0.025, "power": 0.8,
            "assumptions": "none", "source": "none",
        }
    ],
)  # fmt: skip


def rows_of(protocol, site):
    """Return what a careful site enters: every row, and no two rows alike."""
    draw = random.Random(site)  # noqa: S311 - made-up data
    listed = {
        (read.subject, read.arm, reader): read.session
        for reader, reads in reading_order(protocol).items()
        for read in reads
    }
    rows = {"F04": [], "F05": [], "F07": []}
    for number, subject in enumerate(protocol.subjects_of(site)):
        day = datetime.date(2026, 2, 14) + datetime.timedelta(number)
        rows["F04"].append({
            "subject_id": subject, "consent": "yes", "eligible": "yes", "enrolled": "yes",
            "sex": draw.choice(("female", "male")), "age_years": draw.randint(30, 80),
            "indication": draw.choice(("knee pain", "膝关节疼痛", "swelling")), "completed": "yes",
        })  # fmt: skip
        for order, arm in enumerate(("TEST", "REF"), start=1):
            seconds = round(draw.uniform(200, 420), 1)
            rows["F05"].append({
                "subject_id": subject, "arm": arm, "completed": "yes",
                "acquisition_date": day.isoformat(), "acquisition_order": order,
                "scan_time_s": seconds, "room_time_min": round(seconds / 60 + 12.5, 1),
                "repeated": "no", "ctdivol_mgy": "NA", "dlp_mgy_cm": "NA",
                "software_version": "1", "start_time": f"{day} 1{order}:{10 + number}",
            })  # fmt: skip
            for reader in ("R1", "R2"):
                session = listed[subject, arm, reader]
                read = datetime.date(2026, 5, 4) + datetime.timedelta(35 * (session - 1))
                rows["F07"].append({
                    "subject_id": subject, "arm": arm, "reader_id": reader, "session": session,
                    "read_date": read.isoformat(), "image_quality": draw.randint(3, 5),
                    "noise": draw.randint(2, 5), "sharpness": draw.randint(2, 5),
                    "artifact": draw.randint(2, 5), "call": draw.choice(("positive", "negative")),
                    "confidence": draw.randint(2, 5), "reading_time_s": draw.randint(40, 200),
                })  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a study with the returns of two careful sites."""
    made = StudyFolder(tmp_path_factory.mktemp("rehearsal"))
    made.inbox.mkdir()
    made.protocol_path.write_text(kit.text(CONTENT), encoding="utf-8")
    protocol = made.protocol()
    for site in SITES:
        write_template(
            protocol, site, made.inbox / f"{site}.xlsx", protocol_sha256=made.protocol_sha256(),
            content=rows_of(protocol, site),
        )  # fmt: skip
    assert all(taken.defects == () for taken in ingest(made))
    return made


@pytest.fixture(scope="module")
def report(folder):
    return rehearse(folder, seed=3, times=1)


def test_every_mistake_that_can_be_known_is_told_where_it_is(report):
    missed = {line.mistake.id: line.untold for line in report.lines if line.missed}
    assert missed == {}
    assert report.recall == 1


def test_nothing_is_said_where_there_is_no_mistake(report):
    said = {
        line.mistake.id: [alarm.problem.line("en") for alarm in line.false_alarms]
        for line in report.lines
        if line.false_alarms
    }
    assert said == {}
    assert [alarm.problem.line("en") for alarm in report.on_clean] == []
    assert report.precision == 1
    assert report.clean_rows == 2 * 9 * (1 + 2 + 4)


def test_more_than_eighty_kinds_are_made(report):
    made = [line for line in report.lines if line.injected]
    assert len(made) > 150
    assert {line.mistake.family for line in made} == set(FAMILIES)
    # the study has no form of adverse events, and no list whose codes are not its labels
    not_here = {line.mistake.id for line in report.lines if not line.injected}
    assert not_here == {"ends-before-onset", "label-for-code"}


def test_what_no_file_gives_away_is_not_counted_as_missed(report):
    silent = [line for line in report.lines if line.mistake.family == "silent"]
    assert silent
    assert all(line.injected and not line.missed for line in silent)
    assert report.lines[-1].mistake.id == "row-deleted"
    assert report.lines[-1].caught == 0


def test_what_is_to_be_told_is_in_the_catalogue_of_problems():
    for mistake in MISTAKES.values():
        assert {*mistake.says, *mistake.also} <= set(kinds()), mistake.id
        assert mistake.family in FAMILIES
        assert mistake.what.zh
        assert mistake.known or not mistake.says


def test_a_seed_makes_the_same_mistakes_again(folder, report):
    kinds = ["row-shifted", "column-deleted", "rows-filtered", "heading-changed"]
    again, other = (rehearse(folder, seed=seed, kinds=kinds).lines for seed in (3, 4))
    assert [line for line in report.lines if line.mistake.id in kinds] == list(again)
    assert [line.places for line in again] != [line.places for line in other]


def test_a_mistake_that_is_not_told_is_counted_as_missed(folder, monkeypatch):
    """The report itself can fail: with a check taken away, its mistake is missed."""
    monkeypatch.setattr("clinval.capture.reading.finished.run_checks", lambda *_: None)
    report = rehearse(folder, kinds=["scores-contradict", "two-digit-year"])
    missed = {line.mistake.id: line.missed for line in report.lines}
    assert missed == {"scores-contradict": 3, "two-digit-year": 0}
    assert report.recall == 0.5


def test_the_command_prints_a_table_and_leaves_the_study_alone(folder):
    before = {path: path.read_bytes() for path in folder.root.rglob("*") if path.is_file()}
    run = CliRunner().invoke(
        cli, ["corruption-report", str(folder.root), "--kinds", "file,percent"]
    )  # fmt: skip
    assert run.exit_code == 0, run.output
    assert "recall: 17 of 17 that can be known (100.0%)" in run.output
    assert "false alarms in 126 clean rows: 0" in run.output
    after = {path: path.read_bytes() for path in folder.root.rglob("*") if path.is_file()}
    assert before == after


def test_the_report_as_data(report):
    data = json.loads(json.dumps(as_data(report)))
    lines = {line["id"]: line for line in data["mistakes"]}
    assert list(lines) == list(MISTAKES)
    told = {"made": 1, "told": 1, "missed": 0, "missed_at": [], "false_alarms": [], "known": True}
    assert told.items() <= lines["percent"].items()
    assert not lines["row-deleted"]["known"]
    assert data["recall"] == 1


def test_a_name_that_is_not_known_and_a_study_without_data(folder, tmp_path):
    with pytest.raises(UsageError) as error:
        rehearse(folder, kinds=["typo"])
    assert error.value.problems[0].kind == "mistake-unknown"
    empty = StudyFolder(tmp_path)
    empty.protocol_path.write_text(kit.text(CONTENT), encoding="utf-8")
    with pytest.raises(UsageError) as error:
        rehearse(empty)
    assert error.value.problems[0].kind == "nothing-to-rehearse"
