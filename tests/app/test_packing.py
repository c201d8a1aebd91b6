"""A pack holds what proves a study, laid out for who gets it; the same study gives the same."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import proof_kit as k
import pytest

from clinval.app import packing
from clinval.app.analysis import analyze
from clinval.app.packing import pack
from clinval.app.unpacking import MANIFEST
from clinval.app.verifying import verify
from clinval.core.errors import ReportError, UsageError
from clinval.core.records import Results

PAIRS = [("hospital", "en"), ("hospital", "zh")]


def names(path):
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def _tables(path):
    return [name for name in names(path) if name.startswith("tables/")]


def test_a_pack_has_reports_results_protocol_manifest_and_verification(small, tmp_path):
    made = pack(small, PAIRS, to=tmp_path / "pack.zip")
    assert set(names(made.path)) == {
        "manifest.json", "protocol.yaml", "reports/hospital.en.pdf", "reports/hospital.zh.pdf",
        "results.json", "verification.json", "verification.txt",
        *(f"tables/{path.name}" for path in (small.results / "tables").glob("*.csv")),
    }  # fmt: skip
    assert "tables/P1.csv" in names(made.path)
    assert made.verification.passed
    assert made.files == len(names(made.path))
    said = json.loads(k.inside(made.path, "verification.json"))
    assert said["passed"]
    assert {check["check"] for check in said["checks"]} >= {"numbers", "hashes", "drawing"}
    text = k.inside(made.path, "verification.txt").decode()
    assert "The pack holds" in text
    assert "证据包成立" in text


def test_the_manifest_says_what_is_in_it_and_what_it_is_of(small, packed):
    manifest = json.loads(k.inside(packed, MANIFEST))
    results = Results.load(small.results_path)
    listed = {entry["name"]: entry for entry in manifest["files"]}
    assert set(listed) == set(names(packed)) - {MANIFEST}
    for name, entry in listed.items():
        content = k.inside(packed, name)
        assert (entry["sha256"], entry["size"]) == (k.sha256(content), len(content))
    assert manifest["results"] == results.sha256
    assert manifest["protocol"] == results.provenance["protocol"]
    assert manifest["audit"] == results.provenance["audit"]
    assert manifest["synthetic"] is True
    assert manifest["data"]["state"] == "interim"
    assert manifest["rows"] is False
    assert listed["reports/hospital.en.pdf"]["report"] == "hospital.en"


def test_the_same_study_gives_the_same_bytes(small, packed, tmp_path):
    again = k.copied(small, tmp_path / "again")
    for path in again.reports.glob("*.pdf"):
        path.unlink()
    made = pack(again, k.PAIRS)
    assert [path.name for path in made.made] == ["hospital.en.pdf"]
    assert made.path.read_bytes() == packed.read_bytes()


def test_rows_of_subjects_come_only_when_they_are_asked_for(small, tmp_path):
    with_rows = pack(small, k.PAIRS, to=tmp_path / "rows.zip", with_rows=True)
    assert "rows/analysis_sets.csv" in names(with_rows.path)
    assert json.loads(k.inside(with_rows.path, MANIFEST))["rows"] is True
    assert verify(with_rows.path).passed
    without = pack(small, k.PAIRS, to=tmp_path / "none.zip")
    assert not [name for name in names(without.path) if name.startswith("rows/")]
    assert b"S01-001" in k.inside(with_rows.path, "rows/analysis_sets.csv")
    tables = [name for name in names(without.path) if name.endswith(".csv")]
    assert tables
    assert not [name for name in tables if b"S01-001" in k.inside(without.path, name)]


def test_a_report_that_is_outdated_or_was_changed_is_made_anew(small, tmp_path):
    study = k.copied(small, tmp_path / "study")
    pack(study, k.PAIRS)
    path = study.reports / "hospital.en.pdf"
    good = path.read_bytes()
    assert pack(study, k.PAIRS).made == ()
    path.write_bytes(good[:5000] + bytes([good[5000] ^ 1]) + good[5001:])
    assert pack(study, k.PAIRS).made == (path,)
    assert path.read_bytes() == good


def test_what_was_added_behind_a_report_stays(small, tmp_path):
    study = k.copied(small, tmp_path / "study")
    pack(study, k.PAIRS)
    path = study.reports / "hospital.en.pdf"
    path.write_bytes(path.read_bytes() + b"\n% signed elsewhere\n")
    made = pack(study, k.PAIRS)
    assert made.made == ()
    assert k.inside(made.path, "reports/hospital.en.pdf").endswith(b"signed elsewhere\n")


def test_files_for_fda_are_laid_out_as_an_ecopy(small, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "_FDA", "hospital")
    made = pack(small, PAIRS, to=tmp_path / "pack.zip")
    laid_out = [name for name in names(made.path) if name.startswith("hospital/")]
    assert [name.split("/")[1][:4] for name in laid_out] == ["001_", "002_", "STAT"]
    assert all(name.endswith(".pdf") for name in laid_out[:2])
    first = k.inside(made.path, laid_out[0])
    assert first == k.inside(made.path, "reports/hospital.en.pdf")
    with zipfile.ZipFile(io.BytesIO(k.inside(made.path, laid_out[2]))) as data:
        assert data.namelist() == ["results.json", *_tables(made.path)]
        assert data.read("results.json") == k.inside(made.path, "results.json")
    found = verify(made.path)
    assert found.passed
    assert [check.name for check in found.checks].count("copy") == 2


def test_a_csv_of_the_pack_has_the_records(packed):
    text = k.inside(packed, "tables/P1.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["id"] for row in rows} >= {"P1.FAS.all.estimate", "P1.FAS.all.ci_low"}


@pytest.mark.parametrize(
    ("pairs", "kind", "error"),
    [
        ([("nobody", "en")], "audience-unknown", UsageError),
    ],
)
def test_what_cannot_be_packed_is_said(small, pairs, kind, error):
    with pytest.raises(error) as raised:
        pack(small, pairs)
    assert [problem.kind for problem in raised.value.problems] == [kind]


def test_a_study_without_results_or_with_edited_ones_is_not_packed(small, tmp_path):
    study = k.copied(small, tmp_path / "study")
    content = study.results_path.read_text(encoding="utf-8")
    study.results_path.write_text(content.replace('"value": 30', '"value": 31'), encoding="utf-8")
    with pytest.raises(ReportError) as raised:
        pack(study, k.PAIRS)
    assert raised.value.problems[0].kind == "results-unusable"
    study.results_path.unlink()
    with pytest.raises(UsageError) as raised:
        pack(study, k.PAIRS)
    assert raised.value.problems[0].kind == "no-results"


def test_results_of_a_protocol_that_was_changed_are_not_packed(small, tmp_path):
    study = k.copied(small, tmp_path / "study")
    text = study.protocol_path.read_text(encoding="utf-8")
    study.protocol_path.write_text(text.replace('"sponsor": "X"', '"sponsor": "Y"'), "utf-8")
    with pytest.raises(ReportError) as raised:
        pack(study, k.PAIRS)
    assert raised.value.problems[0].kind == "results-outdated"


def test_a_logo_goes_with_the_protocol_and_is_drawn_again(tmp_path):
    from PIL import Image

    study = k.empty(tmp_path / "study", study={"logo": "logo.png"})
    Image.new("RGB", (200, 80), "navy").save(study.root / "logo.png")
    k.store(study, when="2026-01-01T00:00:00+00:00")
    analyze(study)
    made = pack(study, k.PAIRS)
    assert made.verification.passed, made.verification.lines("en")
    assert "logo.png" in names(made.path)
    found = verify(made.path)
    assert found.passed, found.lines("en")
    another = io.BytesIO()
    Image.new("RGB", (200, 80), "red").save(another, "PNG")
    changed = k.rezipped(made.path, tmp_path / "changed.zip", {"logo.png": another.getvalue()})
    assert "page-differs" in {problem.kind for problem in verify(changed).problems}
