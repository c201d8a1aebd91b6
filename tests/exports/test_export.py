"""Exports of a study: what is written, what is refused, and that the trail knows of each."""

import csv
import hashlib
import json
import re
from pathlib import Path

import amended_kit
import jsonschema
import proof_kit
import pytest

from clinval.app.amend import amend
from clinval.app.blinding import blind, open_key
from clinval.app.export import FORMATS, export
from clinval.app.folder import StudyFolder
from clinval.cli import main
from clinval.core.errors import SubmissionError, UsageError
from clinval.core.files import sha256_of_file
from clinval.core.records import Results
from clinval.study.redaction import redact
from clinval.study.store import StudyStore

ARS = Path(__file__).resolve().parents[3] / "shared/formats/schemas/ars/ars_ldm.schema.json"


@pytest.fixture(scope="module")
def analyzed(tmp_path_factory):
    return proof_kit.study(tmp_path_factory.mktemp("analyzed") / "study")


@pytest.fixture(scope="module")
def event(analyzed):
    (done,) = export(analyzed, ["ars"], actor="A. Stat")
    return json.loads(done.files[0].read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    return amended_kit.study(tmp_path_factory.mktemp("collected") / "study")


@pytest.fixture(scope="module")
def archive(collected):
    (done,) = export(collected, ["csv"], actor="A. Stat", reason="for the archive")
    return collected.exports / "csv", done


# ---------------------------------------------------------------------- results


def test_the_reporting_event_is_of_the_form_of_the_standard(event):
    if not ARS.is_file():
        pytest.skip("the schemas of CDISC (../shared/formats) are not on this machine")
    validator = jsonschema.Draft202012Validator(json.loads(ARS.read_text(encoding="utf-8")))
    validator.validate(event)
    assert not validator.is_valid({**event, "analyses": [{"id": "x"}]})


def test_every_record_is_a_result_with_the_same_value(analyzed, event):
    results = Results.load(analyzed.results_path)
    operations = {
        operation["id"]: operation
        for method in event["methods"]
        for operation in method["operations"]
    }
    groups = {
        (grouping["id"], group["id"]): group["name"]
        for grouping in event["analysisGroupings"] for group in grouping["groups"]
    }  # fmt: skip
    found = [
        (
            analysis["name"],
            operations[result["operationId"]]["name"],
            {
                part["groupingId"].removeprefix("GF."): groups[part["groupingId"], part["groupId"]]
                for part in result.get("resultGroups", ())
            },
            result.get("rawValue"),
        )
        for analysis in event["analyses"] for result in analysis["results"]
    ]  # fmt: skip
    assert len(found) == len(results.records)
    by_name = {}
    for name, *rest in found:
        by_name.setdefault(name, []).append(rest)
    for record in results.records:
        name = " ".join(filter(None, (record.endpoint, record.analysis_set)))
        statistic, group, raw = by_name[name].pop(0)
        assert (statistic, group) == (record.statistic, dict(record.group))
        if isinstance(record.value, float):
            assert float(raw) == record.value
        elif record.value is None:
            assert raw is None
        else:
            assert raw == (
                record.value if isinstance(record.value, str) else json.dumps(record.value)
            )


def test_references_within_the_reporting_event_lead_somewhere(event):
    ids = {
        part["id"]
        for name in (
            "analysisSets",
            "methods",
            "analysisGroupings",
            "analyses",
            "referenceDocuments",
        )
        for part in event[name]
    }
    for analysis in event["analyses"]:
        assert analysis["methodId"] in ids
        assert analysis.get("analysisSetId", analysis["id"]) in ids
        assert {part["groupingId"] for part in analysis.get("orderedGroupings", ())} <= ids
    listed = event["mainListOfContents"]["contentsList"]["listItems"]
    assert [item["analysisId"] for item in listed] == [a["id"] for a in event["analyses"]]


# ---------------------------------------------------------------------- a blind study


def test_while_the_key_is_closed_no_export_tells_the_arm_of_a_read(analyzed, tmp_path):
    folder = proof_kit.copied(analyzed, tmp_path / "study")
    text = folder.protocol_path.read_text(encoding="utf-8")
    plan = '{"reading": {"sessions": 2, "show_arms": false},'
    folder.protocol_path.write_text(text.replace("{", plan, 1), encoding="utf-8")
    key = blind(folder, actor="A. Stat")
    export(folder, ["csv", "ndjson"], actor="A. Stat")
    archive = folder.exports / "csv"
    with (archive / "tables" / "F07.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    codes = [row["arm"] for row in rows]
    assert set(codes) <= set(key.reads)
    assert all(
        (key.reads[row["arm"]].subject, key.reads[row["arm"]].reader)
        == (row["subject_id"], row["reader_id"])
        for row in rows
    )
    for site in ("S01", "S02"):  # the order of rows tells nothing either
        of_site = [row["arm"] for row in rows if row["site_id"] == site]
        assert of_site == sorted(of_site)
    written = {path.name for path in archive.rglob("*")}
    assert "audit.jsonl" not in written
    assert "results.json" not in written
    told = [
        path.name
        for path in (*archive.rglob("*"), *(folder.exports / "ndjson").iterdir())
        if path.is_file() and path.name not in ("protocol.yaml", "meanings.json")
        and re.search(r"\b(TEST|REF)\b", path.read_text(encoding="utf-8"))
    ]  # fmt: skip
    assert told == []
    with pytest.raises(UsageError) as error:
        export(folder, ["ars"], actor="A. Stat")
    assert error.value.problems[0].kind == "blind-closed"
    open_key(folder, actor="A. Stat", role="statistician", reason="locked")
    export(folder, ["csv"], actor="A. Stat")
    assert "TEST" in (archive / "tables" / "F07.csv").read_text(encoding="utf-8")
    assert (archive / "audit.jsonl").is_file()


# ---------------------------------------------------------------------- the archive


def test_the_archive_is_read_with_nothing_but_csv_and_json(archive):
    folder, _ = archive
    with (folder / "tables" / "F05.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    given = amended_kit.content()["F05"]
    by_key = {(row["subject_id"], row["arm"]): row for row in rows}
    assert len(rows) == len(given)
    for scan in given:
        row = by_key[scan["subject_id"], scan["arm"]]
        assert float(row["scan_time_s"]) == scan["scan_time_s"]
        assert row["start_time"] == scan["start_time"].replace(" ", "T")
        assert row["lesion_side"] == scan["lesion_side"]
        assert row["protocol_version"] == "1.0"
        expected = "" if scan["coil_position_mm"] == "UNK" else str(scan["coil_position_mm"])
        assert row["coil_position_mm"].removesuffix(".0") == expected
    assert by_key["S01-001", "REF"]["missing_codes"] == "coil_position_mm=UNK"
    assert by_key["S01-002", "TEST"]["device_serial"] == "'=SUM(A1)"
    book = json.loads((folder / "codebook.json").read_text(encoding="utf-8"))
    said = {(line["table"], line["column"]): line for line in book}
    assert {name for table, name in said if table == "F05"} == set(rows[0])
    assert said["F05", "lesion_side"]["codes"] == {"medial": "Medial", "lateral": "Lateral"}
    assert said["F05", "scan_time_s"]["unit"] == "s"


def test_every_file_of_the_archive_has_its_checksum(archive):
    folder, done = archive
    sums = dict(
        reversed(line.split("  ", 1))
        for line in (folder / "SHA256SUMS.txt").read_text(encoding="utf-8").splitlines()
    )
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert set(sums) == there - {"SHA256SUMS.txt"}
    assert {path.relative_to(folder).as_posix() for path in done.files} == there
    for name, sha256 in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256


def test_the_audit_trail_is_verified_by_the_recipe_of_the_readme(archive, collected):
    folder, _ = archive
    previous = "0" * 64
    for line in (folder / "audit.jsonl").read_text(encoding="utf-8").splitlines():
        inner, sealed = json.loads(line)
        text = json.dumps(inner, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert inner[-1] == previous
        assert hashlib.sha256(text.encode()).hexdigest() == sealed
        previous = sealed
    with StudyStore(collected.store_path, "KNEE-1") as store:
        assert previous in {entry.hash for entry in store.audit_entries()}
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    assert "SHA256SUMS.txt" in readme
    assert "稽查轨迹" in readme


def test_a_redacted_entry_is_said_and_the_chain_goes_on_through_it(collected, archive, tmp_path):
    folder = proof_kit.copied(collected, tmp_path / "study")
    with StudyStore(folder.store_path, "KNEE-1") as store:
        number = next(entry.seq for entry in store.audit_entries() if entry.action == "export")
        redact(store, number, actor="A. Manager", reason="a name had slipped in")
    export(folder, ["csv"], actor="A. Stat")
    lines = (folder.exports / "csv" / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    broken = [
        inner[0]
        for inner, sealed in entries
        if hashlib.sha256(json.dumps(
            inner, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()).hexdigest() != sealed
    ]  # fmt: skip
    assert broken == [number]
    assert json.loads(entries[number - 1][0][5]).keys() == {"redacted"}
    assert [inner[-1] for inner, _ in entries[1:]] == [sealed for _, sealed in entries[:-1]]
    said = (folder.exports / "csv" / "redactions.csv").read_text(encoding="utf-8-sig")
    assert said.splitlines()[1].startswith(f"{number},")


def test_an_archive_replaces_an_earlier_one_and_leaves_what_is_none_of_it(collected, archive):
    folder, _ = archive
    gone, own = folder / "tables" / "F99.csv", folder / "notes.txt"
    for path in (gone, own, folder.parent / "outside.txt"):
        path.write_text("x", encoding="utf-8")
    with (folder / "SHA256SUMS.txt").open("a", encoding="utf-8") as stream:
        stream.write("0  tables/F99.csv\n0  ../outside.txt\n")
    export(collected, ["csv"], actor="A. Stat")
    assert not gone.exists()
    assert own.exists()
    assert (folder.parent / "outside.txt").exists()
    own.unlink()


# ---------------------------------------------------------------------- the command as a whole


def test_each_export_is_in_the_audit_trail_with_the_hashes_of_its_files(collected):
    done = export(collected, ["dataset-json", "ndjson"], actor="A. Stat", reason="to the sponsor")
    with StudyStore(collected.store_path, "KNEE-1") as store:
        assert store.audit_broken_at(rows=True) is None
        entries = [entry for entry in store.audit_entries() if entry.action == "export"][-2:]
    for entry, each in zip(entries, done, strict=True):
        assert (entry.actor, entry.reason) == ("A. Stat", "to the sponsor")
        said = json.loads(entry.detail)
        assert said["format"] == each.format
        assert set(said["files"].values()) == {sha256_of_file(path) for path in each.files}


def test_names_that_do_not_fit_are_refused_once_and_then_taken_from_the_proposal(collected, capsys):
    with pytest.raises(SubmissionError) as error:
        export(collected, ["xpt"])
    assert {problem.kind for problem in error.value.problems} == {"xpt-name"}
    assert not (collected.exports / "xpt").exists()
    proposal = collected.exports / "xpt-names.csv"
    with pytest.raises(SystemExit) as ended:
        main(
            ["export", "--study", str(collected.root), "--format", "xpt", "--names", str(proposal)]
        )
    assert ended.value.code == 0
    assert "f05.xpt" in capsys.readouterr().out


def test_what_cannot_be_exported_is_named(collected, tmp_path):
    with pytest.raises(UsageError) as error:
        export(collected, ["csv", "spss"])
    assert error.value.problems[0].kind == "export-format-unknown"
    with pytest.raises(UsageError) as error:
        export(collected, ["ars"])  # it was not analyzed
    assert error.value.problems[0].kind == "no-results"
    amended_kit.protocol_of(tmp_path / "study", amended_kit.FIRST)
    with pytest.raises(SubmissionError) as error:
        export(StudyFolder(tmp_path / "study"), ["csv"])
    assert error.value.problems[0].kind == "export-nothing"


def test_values_that_mean_something_else_now_are_not_exported_under_its_labels(collected, tmp_path):
    folder = proof_kit.copied(collected, tmp_path / "study")
    (tmp_path / "v2.yaml").write_text(amended_kit.second(), encoding="utf-8")
    amend(folder, tmp_path / "v2.yaml", apply=True, reason="amendment 1")
    with pytest.raises(SubmissionError) as error:
        export(folder, ["dataset-json"])
    assert {problem.kind for problem in error.value.problems} == {"stored-code-unknown"}


def test_the_formats_that_are_named_in_the_help_are_those_that_exist():
    from clinval.cli.export import export as command

    option = next(each for each in command.params if each.name == "formats")
    assert ", ".join(FORMATS) in option.help
