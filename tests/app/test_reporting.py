"""Reports that cannot be made say why: results, audiences and languages that do not fit."""

from __future__ import annotations

import dataclasses
import json
import shutil

import proof_kit
import pytest

from clinval.app.folder import StudyFolder
from clinval.app.reporting import chosen, report
from clinval.core.errors import ReportError, UsageError
from clinval.core.records import Results
from clinval.report.definition import Profile
from clinval.report.profile import audiences


@pytest.fixture
def copied(demonstration, tmp_path) -> StudyFolder:
    root = tmp_path / "study"
    root.mkdir()
    (root / "results").mkdir()
    for name in ("protocol.yaml", "results/results.json"):
        shutil.copy(demonstration.folder.root / name, root / name)
    return StudyFolder(root)


def kinds(stopped) -> list[str]:
    return [problem.kind for problem in stopped.value.problems]


def test_audiences_and_languages_are_those_asked_for_or_declared(demonstration):
    protocol = demonstration.folder.protocol()
    declared = [("fda", "en"), ("eu", "en"), ("nmpa", "zh"), ("hospital", "en"), ("hospital", "zh")]
    assert [pair for pair in chosen(protocol) if pair[0] != "site"] == declared
    assert chosen(protocol, ["nmpa", "fda"]) == [("nmpa", "zh"), ("fda", "en")]
    assert chosen(protocol, ["eu"], ["zh", "en", "zh"]) == [("eu", "zh"), ("eu", "en")]
    undeclared = protocol.model_copy(update={"reports": ()})
    assert chosen(undeclared, ["eu"]) == [("eu", "en")]


def test_every_audience_and_language_that_does_not_exist_is_named_at_once(copied):
    with pytest.raises(UsageError) as stopped:
        report(copied, [("fda", "en"), ("regulators", "en"), ("eu", "de"), ("boards", "fr")])
    assert sorted(kinds(stopped)) == [
        "audience-unknown", "audience-unknown", "language-unknown", "language-unknown",
    ]  # fmt: skip
    text = str(stopped.value)
    assert "eu, fda, hospital, nmpa" in text
    assert "en, zh" in text
    assert not copied.reports.exists()


def test_reports_of_every_audience_keep_to_the_standards_of_archives_and_for_all_readers(
    small, tmp_path
):
    from vera import verdicts

    folder = proof_kit.copied(small, tmp_path / "study")
    languages = {"nmpa": ["zh"], "hospital": ["zh"], "site": ["en", "zh"]}
    written = report(folder, [(a, code) for a in audiences() for code in languages.get(a, ["en"])])
    told = {path.name: [one.broken for one in found] for path, found in verdicts(written).items()}
    assert all(broken == [(), ()] for broken in told.values()), told
    assert {name.split(".")[0] for name in told} == set(audiences())


def test_results_of_another_study_are_refused(copied):
    results = Results.load(copied.results_path)
    other = dataclasses.replace(results, provenance={**results.provenance, "study": "OTHER"})
    other.save(copied.results_path)
    with pytest.raises(ReportError) as stopped:
        report(copied, [("hospital", "en")])
    assert kinds(stopped) == ["results-of-other-study"]
    assert "OTHER" in str(stopped.value)


def test_results_without_records_of_a_declared_endpoint_are_refused(copied):
    results = Results.load(copied.results_path)
    left = tuple(r for r in results.records if r.endpoint not in ("P2", "S4"))
    dataclasses.replace(results, records=left).save(copied.results_path)
    with pytest.raises(ReportError) as stopped:
        report(copied, [("hospital", "en")])
    assert kinds(stopped) == ["records-missing"]
    assert "P2, S4" in str(stopped.value)


def test_results_of_an_earlier_protocol_are_refused(copied):
    with copied.protocol_path.open("a") as stream:
        stream.write("# changed\n")
    with pytest.raises(ReportError) as stopped:
        report(copied, [("hospital", "en")])
    assert kinds(stopped) == ["results-outdated"]


def test_a_report_that_is_too_long_or_too_large_is_written_and_told(copied, monkeypatch):
    from clinval.core.problems import Problems

    sound = Profile.load("nmpa")
    rules = sound.file.model_copy(update={"page_limit": 3, "size_limit_mb": 0})
    small = sound.model_copy(update={"file": rules})
    monkeypatch.setattr(Profile, "load", lambda _: small)
    problems = Problems()
    [path] = report(copied, [("nmpa", "zh")], problems=problems)
    assert path.is_file()
    assert {problem.kind for problem in problems} == {"report-too-long", "report-too-large"}


def test_results_that_were_edited_are_refused(copied):
    content = json.loads(copied.results_path.read_text())
    content["records"][0]["value"] = 1
    copied.results_path.write_text(json.dumps(content))
    with pytest.raises(ReportError) as stopped:
        report(copied, [("hospital", "en")])
    assert kinds(stopped) == ["results-unusable"]
