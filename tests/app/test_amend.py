"""A protocol is amended while the study runs: what was filled in stays good, or is asked about."""

import csv
import json

import amended_kit
import numpy as np
import pytest

from clinval.app.amend import amend
from clinval.app.folder import StudyFolder
from clinval.app.ingest import ingest
from clinval.app.migrate import migrate
from clinval.capture.workbook import read_workbook
from clinval.cli import main
from clinval.core.errors import ProtocolError, SubmissionError, UsageError
from clinval.endpoints import KINDS
from clinval.protocol.reading import read_protocol
from clinval.study.data import StudyData
from clinval.study.misfits import misfits
from clinval.study.store import StudyStore

WHY = {"actor": "A. Monitor", "reason": "amendment 1"}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return amended_kit.study(tmp_path_factory.mktemp("original") / "study")


@pytest.fixture
def folder(original, tmp_path):
    import shutil

    shutil.copytree(original.root, tmp_path / "study")
    return StudyFolder(tmp_path / "study")


@pytest.fixture
def new(tmp_path):
    return _written(tmp_path / "v2.yaml", amended_kit.second())


def _written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def _store(folder):
    return StudyStore(folder.store_path, "KNEE-1")


def _amendments(folder):
    with _store(folder) as store:
        return [entry for entry in store.audit_entries() if entry.action == "amend"]


def _kinds(error):
    return [problem.kind for problem in error.value.problems]


def test_looking_at_an_amendment_changes_nothing(folder, new):
    before = folder.protocol_path.read_bytes(), folder.store_path.read_bytes()
    seen = amend(folder, new)
    assert seen.difference.endpoints == ("P2", "T1", "V1")
    assert not seen.applied
    assert [problem.kind for problem in seen.data].count("stored-code-unknown") == 1
    assert (folder.protocol_path.read_bytes(), folder.store_path.read_bytes()) == before
    assert not folder.versions.exists()


def test_an_amendment_needs_a_reason(folder, new):
    with pytest.raises(UsageError) as error:
        amend(folder, new, apply=True, reason="  ")
    assert _kinds(error) == ["amendment-without-reason"]
    assert _amendments(folder) == []


def test_an_applied_amendment_is_in_force_in_the_trail_and_the_version_before_is_kept(folder, new):
    before = folder.protocol_path.read_text(encoding="utf-8")
    amend(folder, new, apply=True, **WHY)
    assert folder.protocol().study.version == "2.0"
    kept = folder.versions / "1.0" / "protocol.yaml"
    assert kept.read_text(encoding="utf-8") == before
    (entry,) = _amendments(folder)
    assert (entry.actor, entry.reason, entry.subject) == (*WHY.values(), "protocol 2.0")
    said = json.loads(entry.detail)
    assert said["from"]["version"] == "1.0"
    margin = next(change for change in said["changes"] if change["aspect"] == "margin.value")
    assert (margin["old"], margin["new"], margin["endpoints"]) == ("0.5", "0.6", ["P2"])


def test_killed_before_the_protocol_was_replaced_the_same_call_makes_it_good(folder, new):
    before = folder.protocol_path.read_bytes()
    amend(folder, new, apply=True, **WHY)
    folder.protocol_path.write_bytes(before)  # as it was found after the power cut
    amend(folder, new, apply=True, **WHY)
    assert folder.protocol().study.version == "2.0"
    assert len(_amendments(folder)) == 1


def test_frozen_data_take_no_amendment_and_people_need_a_role(folder, new):
    from clinval.app.locking import lock, open_items
    from clinval.study.people import add

    with _store(folder) as store:
        waive = [item.name for item in open_items(folder, folder.protocol(), store)]
    lock(folder, to="frozen", actor="A. Monitor", reason="an early look", waive=waive)
    with pytest.raises(SubmissionError) as error:
        amend(folder, new, apply=True, **WHY)
    assert _kinds(error) == ["amendment-while-locked"]
    assert folder.protocol().study.version == "1.0"
    assert not folder.versions.exists()
    with _store(folder) as store:
        add(store, "A. Manager", "data_manager", site="", actor="A. Manager", reason="")
    with pytest.raises(UsageError) as error:
        amend(folder, new, apply=True, **WHY)
    assert _kinds(error) == ["role-missing"]


@pytest.mark.parametrize(
    ("old", "text", "kind"),
    [
        ('version: "2.0"', 'version: "1.0"', "amendment-version"),
        ("id: KNEE-1", "id: KNEE-2", "amendment-of-other-study"),
        ("medial: {en: Medial compartment, zh: 内侧}", "medial: {en: Outer, zh: 外侧}", None),
        ("medial: medial, lateral", "lateral", "code-reused"),
        ("coil_position_mm / 10", "coil_position / 10", "rule-column-unknown"),
        ("coil_position_mm / 10", "coil_position_mm > 10", "rule-is-a-truth"),
        (
            "{F05: {coil_position_cm: coil_position_mm / 10}}",
            "{F04: {age_years: count(F04)}}",
            "rule-counts-elsewhere",
        ),
    ],
)
def test_what_cannot_be_an_amendment_is_named_and_nothing_is_written(
    folder, tmp_path, old, text, kind
):
    words = amended_kit.second()
    assert old in words
    path = _written(tmp_path / "v2.yaml", words.replace(old, text, 1))
    before = folder.protocol_path.read_bytes()
    if kind is None:  # another label of a code that is declared to mean the same
        amend(folder, path)
        return
    with pytest.raises(ProtocolError) as error:
        amend(folder, path, apply=True, **WHY)
    assert kind in _kinds(error)
    assert folder.protocol_path.read_bytes() == before


def test_a_version_that_changes_nothing_is_said(folder, tmp_path):
    path = _written(
        tmp_path / "v2.yaml", amended_kit.FIRST.replace('version: "1.0"', 'version: "2.0"')
    )
    assert [problem.kind for problem in amend(folder, path).problems] == ["amendment-empty"]


def test_what_an_amendment_names_and_the_version_does_not_have_is_named_at_once(tmp_path):
    text = amended_kit.second()
    for old, new in (
        (
            "{coil_position_cm: coil_position_mm / 10}",
            "{coil: 1 * x, scan_start: coil_position_mm}",
        ),
        ("lateral: outer}", "lateral: upper}"),
        ("renamed: {F05:", "renamed: {F06: {a: b}, F05:"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    reading = read_protocol(_written(tmp_path / "v2.yaml", text), KINDS)
    assert sorted(problem.kind for problem in reading.problems) == [
        "amendment-code-unknown", "amendment-form-unknown", "amendment-not-a-number",
        "form-field-unknown",
    ]  # fmt: skip
    assert all(problem.place.line for problem in reading.problems)


def test_a_code_that_was_retired_two_versions_ago_does_not_come_back_as_another(
    folder, tmp_path, new
):
    amend(folder, new, apply=True, **WHY)
    third = amended_kit.second(
        more=(
            ('version: "2.0"', 'version: "3.0"'),
            ("    outer: {en", "    lateral: {en: Both compartments, zh: 两侧}\n    outer: {en"),
        )
    )
    with pytest.raises(ProtocolError) as error:
        amend(folder, _written(tmp_path / "v3.yaml", third))
    (problem,) = error.value.problems
    assert (problem.kind, problem.parameters["code"], problem.parameters["was"]) == (
        "code-reused", "lateral", "Lateral",
    )  # fmt: skip


def test_a_protocol_changed_in_place_is_held_against_what_was_stored(folder, capsys):
    text = folder.protocol_path.read_text(encoding="utf-8")
    changed = text.replace("lateral: {en: Lateral", "lateral: {en: Both compartments")
    folder.protocol_path.write_text(changed, encoding="utf-8")
    with pytest.raises(SystemExit) as done:
        main(["check", str(folder.root)])
    assert done.value.code == 3
    assert "P423" in capsys.readouterr().out


def test_an_undeclared_rename_is_asked_about(folder, tmp_path):
    text = amended_kit.FIRST.replace('version: "1.0"', 'version: "1.1"')
    text = text.replace("{id: start_time", "{id: scan_start")
    seen = amend(folder, _written(tmp_path / "v.yaml", text))
    assert [problem.kind for problem in seen.problems] == ["amendment-rename-undeclared"]
    assert "start_time: scan_start" in seen.problems[0].remedy("en")


def test_stored_values_are_read_under_the_new_name_and_the_rest_is_said(folder, new):
    with _store(folder) as store:
        before = StudyData(folder.protocol(), store).column("F05", "start_time")
    amend(folder, new, apply=True, **WHY)
    with _store(folder) as store:
        data = StudyData(folder.protocol(), store)
        assert (data.column("F05", "scan_start") == before).all()
        said = {(p.kind, p.parameters.get("field", p.parameters.get("id"))) for p in misfits(data)}
        assert said == {
            ("stored-field-not-asked", "coil_position_mm"),
            ("stored-field-not-asked", "device_serial"),
            ("stored-code-unknown", "Side of the lesion"),
        }
        with pytest.raises(SubmissionError):  # the codes are not those of the version in force
            data.column("F05", "lesion_side")


def test_a_filled_workbook_is_carried_over_cell_by_cell_and_taken_in(folder, new):
    filled = folder.root / "filled" / "S01.xlsx"
    amend(folder, new, apply=True, **WHY)
    refused = read_workbook(filled, folder.protocol())
    assert refused.refused
    assert "clinval migrate" in refused.defects[0].problem.remedy("en")

    (done,) = migrate(folder, [filled])
    with done.report.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    cells = sum(
        value is not None for rows in amended_kit.content().values() for row in rows
        for value in row.values()
    )  # fmt: skip
    sites = 3 + 6  # the column that the template fills in itself
    assert len(rows) == cells + sites == sum(done.counts.values())
    by_field = {
        name: [
            (r["old value"], r["action"], r["new value"]) for r in rows if r["old field"] == name
        ]
        for name in ("coil_position_mm", "lesion_side", "start_time", "device_serial")
    }
    assert by_field["coil_position_mm"] == [
        ("100", "converted", "10"), ("UNK", "carried", "UNK"), ("200", "converted", "20"),
        ("200", "converted", "20"), ("300", "converted", "30"), ("300", "converted", "30"),
    ]  # fmt: skip
    assert by_field["lesion_side"][:3] == [
        ("medial", "carried", "medial"), ("medial", "carried", "medial"),
        ("lateral", "converted", "outer"),
    ]  # fmt: skip
    assert by_field["start_time"][0] == ("2026-03-04 09:30:00", "carried", "2026-03-04 09:30:00")
    assert by_field["device_serial"][2] == ("'=SUM(A1)", "dropped", "")
    assert done.counts["asked"] == 0

    (taken,) = ingest(folder, [done.workbook], reason="amendment 1")
    assert taken.receipt.status == "accepted"
    with _store(folder) as store:
        data = StudyData(folder.protocol(), store)
        assert list(data.column("F05", "lesion_side"))[2] == "outer"
        cm = data.column("F05", "coil_position_cm")
        assert sorted(cm[~np.isnan(cm)]) == [10, 20, 20, 30, 30]
        assert list(store.protocol_versions({}).values()) == ["1.0", "2.0"]
        assert [entry.reason for entry in store.audit_entries() if entry.action == "change"]


def test_what_has_no_place_is_asked_with_its_value_in_the_report(folder, tmp_path):
    text = amended_kit.second(more=(("range: [1, 3000]", "range: [1, 205]"),)).replace(
        "    converted: {F05: {coil_position_cm: coil_position_mm / 10}}\n", ""
    )
    text = text.replace("lateral: outer", "medial: medial").replace(
        "medial: medial, medial: medial", "medial: medial"
    )  # fmt: skip
    rows = amended_kit.content()
    rows["F05"][5]["room_time_min"] = "about half an hour"
    filled = amended_kit.filled(folder, folder.protocol(), "S01", tmp_path / "S01.xlsx", rows)
    amend(folder, _written(tmp_path / "v2.yaml", text), apply=True, **WHY)
    (done,) = migrate(folder, [filled], out=tmp_path / "out")
    with done.report.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    asked = {(r["old field"], r["old value"], r["why"]) for r in rows if r["action"] == "asked"}
    assert asked == {
        ("scan_time_s", "210.5", "outside of the limits of the new version"),
        ("scan_time_s", "220.5", "outside of the limits of the new version"),
        ("lesion_side", "lateral", "the list no longer has this code"),
        ("room_time_min", "", "was not accepted; the value stands in the old workbook only"),
    }
    (rejected,) = (r for r in rows if r["old field"] == "room_time_min" and r["action"] == "asked")
    assert rejected["old place"].startswith("F05!")
    dropped = {(r["old field"], r["why"]) for r in rows if r["action"] == "dropped"}
    assert ("coil_position_mm", "the new version does not ask for it") in dropped


def test_what_cannot_be_migrated_is_named(folder, new, tmp_path):
    filled = folder.root / "filled" / "S01.xlsx"
    with pytest.raises(SubmissionError) as error:
        migrate(folder, [filled])
    assert _kinds(error) == ["migration-not-needed"]
    with pytest.raises(UsageError) as error:
        migrate(folder, [])
    assert _kinds(error) == ["migration-nothing"]
    amend(folder, new, apply=True, **WHY)
    (folder.versions / "1.0" / "protocol.yaml").unlink()
    with pytest.raises(SubmissionError) as error:
        migrate(folder, [filled])
    assert _kinds(error) == ["migration-version-unknown"]
    (tmp_path / "x.xlsx").write_bytes(filled.read_bytes()[:3000])
    with pytest.raises(SubmissionError) as error:
        migrate(folder, [tmp_path / "x.xlsx"])
    assert _kinds(error) == ["file-damaged"]


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "Touches an endpoint"), ("zh", "涉及终点")]
)
def test_the_command_says_what_is_touched(folder, new, capsys, language, heading):
    arguments = ["--lang", language, "amend", str(new), "--study", str(folder.root)]
    with pytest.raises(SystemExit) as done:
        main(arguments)
    assert done.value.code == 0
    said = capsys.readouterr().out
    assert heading in said
    assert "margin.value" in said
    with pytest.raises(SystemExit):
        main([*arguments, "--json"])
    assert json.loads(capsys.readouterr().out)["endpoints"] == ["P2", "T1", "V1"]
