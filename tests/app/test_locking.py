"""Data are locked when nothing critical is open, and opened again by two people with a reason."""

from __future__ import annotations

import json

import kit
import pandas as pd
import proof_kit as k
import pytest

from clinval import __version__
from clinval.app.analysis import analyze
from clinval.app.asking import ask
from clinval.app.locking import lock, manifest_of, unlock
from clinval.app.open_items import open_items
from clinval.app.reporting import usable_results
from clinval.app.verifying import verify
from clinval.core.errors import AnalysisError, ClinvalError
from clinval.core.files import sha256_of_json
from clinval.core.problems import Place, Problem
from clinval.core.records import Results
from clinval.study.people import add
from clinval.study.queries import read_queries
from clinval.study.receive import receive
from clinval.study.returns import Defect
from clinval.study.states import history, read_state
from clinval.study.store import StudyStore

WHY = "the source document was lost"


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Return a study in which nothing is open."""
    folder = k.empty(tmp_path_factory.mktemp("locking") / "study")
    with opened(folder) as store:
        kit.fill(store, folder.protocol(), k.rows())
        ask(folder.protocol(), store, actor="ann")
    return folder


@pytest.fixture
def folder(clean, tmp_path):
    return k.copied(clean, tmp_path / "study")


def opened(folder):
    return StudyStore(folder.store_path, kit.STUDY, clock=lambda: kit.NOW)


def take_in(folder, *, site="S01", defects=(), refused=False, name=None, reason="", value=5.0):
    """Take in a file of a site, in which each read has the same value."""
    declared, tables = folder.protocol(), k.rows()
    own = {form: rows[rows["site_id"] == site] for form, rows in tables.items()}
    own["F07"] = own["F07"].assign(image_quality=value)
    file = kit.returned(declared, site, own, defects=defects, refused=refused, name=name)
    with opened(folder) as store:
        receipt = receive(store, file, actor="ann", reason=reason)
        ask(declared, store, actor="ann")
    return receipt


def critical(field="image_quality"):
    problem = Problem(
        kind="value-not-number", place=Place(file="S01.xlsx", sheet="F07", cell="G9"),
        parameters={"field": field, "value": "x", "label": field, "shown": "x"},
    )  # fmt: skip
    key = "S01-001 | TEST | R1"
    return Defect(problem=problem, form="F07", key=key, field=field)


def kinds(error):
    return [problem.kind for problem in error.value.problems]


def state_of(folder):
    with opened(folder) as store:
        return read_state(store)


def events(folder, action):
    with opened(folder) as store:
        return [entry for entry in store.audit_entries() if entry.action == action]


def people(folder, **roles):
    with opened(folder) as store:
        first = next(iter(roles))
        for name, role in roles.items():
            add(store, name, role, site="", actor=first, reason="")


# ---------------------------------------------------------------------- states


def test_a_study_is_a_draft_until_something_is_accepted(tmp_path):
    folder = k.empty(tmp_path / "study")
    assert state_of(folder).state == "draft"
    with pytest.raises(ClinvalError) as error:
        lock(folder, actor="ann")
    assert kinds(error) == ["lock-without-data"]
    take_in(folder, refused=True)
    assert state_of(folder).state == "draft"
    take_in(folder)
    assert state_of(folder).state == "collecting"


def test_the_lock_goes_through_what_lies_between_and_says_so(folder):
    done = lock(folder, actor="ann", reason="all is in")
    assert [state.state for state in done.states] == ["cleaning", "frozen", "locked"]
    assert done.open == ()
    said = [(entry.actor, entry.subject, entry.reason) for entry in events(folder, "state")]
    assert said == [("ann", state, "all is in") for state in ("cleaning", "frozen", "locked")]
    with opened(folder) as store:
        assert [state.state for state in history(store)] == ["cleaning", "frozen", "locked"]
        assert store.audit_fault(rows=True) is None


def test_each_step_may_be_taken_by_itself_and_none_backwards(folder):
    for to in ("cleaning", "frozen", "locked"):
        (state,) = lock(folder, to=to, actor="ann").states
        assert state.state == to
        with pytest.raises(ClinvalError) as error:
            lock(folder, to=to, actor="ann")
        assert kinds(error) == ["state-passed"]
    with pytest.raises(ClinvalError) as error:
        lock(folder, to="cleaning", actor="ann")
    assert kinds(error) == ["state-passed"]


@pytest.mark.parametrize(
    ("to", "taken"), [("cleaning", True), ("frozen", False), ("locked", False)]
)
def test_frozen_and_locked_data_take_in_nothing(folder, to, taken):
    lock(folder, to=to, actor="ann")
    if taken:
        assert take_in(folder, reason="corrected").status == "accepted"
        return
    before = folder.store_path.read_bytes()
    for refused in (False, True):
        with pytest.raises(ClinvalError) as error:
            take_in(folder, refused=refused, reason="corrected")
        assert kinds(error) == ["data-closed"]
    assert folder.store_path.read_bytes() == before


def test_what_is_known_already_changes_nothing_and_is_no_mistake(folder):
    lock(folder, actor="ann")
    tables = k.rows()
    own = {form: rows[rows["site_id"] == "S01"] for form, rows in tables.items()}
    with opened(folder) as store:
        file = kit.returned(folder.protocol(), "S01", own)
        assert receive(store, file, actor="ann").status == "unchanged"


# ---------------------------------------------------------------------- what is open


def test_whatever_is_critical_and_open_is_listed_with_its_remedy(folder):
    take_in(folder, defects=[critical()], reason="corrected")
    damaged = Problem(kind="file-damaged", place=Place(file="S02.xlsx"), parameters={"detail": "x"})
    take_in(folder, site="S02", refused=True, defects=[Defect(problem=damaged)])
    done = lock(folder, actor="ann")
    assert [state.state for state in done.states] == ["cleaning"]
    assert [(item.name, item.problem.kind) for item in done.open] == [
        ("Q1", "lock-query-open"), ("S02.xlsx", "lock-file-refused"),
    ]  # fmt: skip
    with opened(folder) as store:
        (query,) = (query for query in read_queries(store) if query.critical)
    (item,) = (item for item in done.open if item.name == query.name)
    assert query.problem.says() in item.problem.says()
    assert f"--waive {query.name}" in item.problem.remedy()
    assert state_of(folder).state == "cleaning"


def test_a_site_without_data_holds_up_the_lock(tmp_path):
    folder = k.empty(tmp_path / "study")
    take_in(folder)
    done = lock(folder, actor="ann")
    assert [(item.name, item.problem.kind) for item in done.open] == [("S02", "lock-site-empty")]
    done = lock(folder, actor="ann", waive=["S02"], reason="closed before its first patient")
    assert [state.state for state in done.states] == ["frozen", "locked"]


def test_a_correction_without_a_reason_holds_up_the_lock(folder):
    take_in(folder)
    kinds_open = {item.problem.kind for item in lock(folder, actor="ann").open}
    assert kinds_open == {"lock-query-open"}
    with opened(folder) as store:
        items = open_items(folder, folder.protocol(), store)
    assert all("without a reason" in item.problem.says("en") for item in items)
    names = [item.name for item in items]
    assert lock(folder, actor="ann", waive=names, reason=WHY).states[-1].state == "locked"


def test_what_is_waived_is_named_with_the_reason(folder):
    take_in(folder, defects=[critical()], reason="corrected")
    names = [item.name for item in lock(folder, actor="ann").open]
    for waive, reason, kind in (
        (names, "", "reason-missing"),
        (names, " \t", "reason-missing"),
        (["Q999"], WHY, "waiver-unknown"),
        ([*names, ""], WHY, "waiver-unknown"),
    ):
        with pytest.raises(ClinvalError) as error:
            lock(folder, actor="ann", waive=waive, reason=reason)
        assert kinds(error) == [kind]
    assert state_of(folder).state == "cleaning"
    lock(folder, actor="ann", waive=names, reason=WHY)
    assert dict(state_of(folder).waivers) == dict.fromkeys(names, WHY)
    assert [(e.subject, e.actor, e.reason) for e in events(folder, "waive")] == [
        (name, "ann", WHY) for name in names
    ]


def test_what_was_waived_to_freeze_is_waived_to_lock(folder):
    take_in(folder, defects=[critical()], reason="corrected")
    names = [item.name for item in lock(folder, actor="ann").open]
    lock(folder, to="frozen", actor="ann", waive=names, reason=WHY)
    assert lock(folder, actor="ann").states[-1].state == "locked"


def test_a_trail_that_does_not_hold_is_not_locked(folder):
    with opened(folder) as store:
        store._connection.execute("DROP TRIGGER row_no_update")
        store._connection.execute("UPDATE row SET content = '{}' WHERE id = 3")
    with pytest.raises(ClinvalError) as error:
        lock(folder, actor="ann")
    assert kinds(error) == ["audit-data-changed"]


# ---------------------------------------------------------------------- what was locked


def test_what_was_locked_is_named_by_hashes(folder):
    done = lock(folder, actor="ann")
    said = json.loads(done.manifest.read_text(encoding="utf-8"))
    state = state_of(folder)
    assert sha256_of_json(said) == state.manifest_sha256
    assert said["protocol"]["sha256"] == folder.protocol_sha256()
    with opened(folder) as store:
        assert said["data"]["sha256"] == store.manifest_sha256
        assert said["data"]["version"] == store.version == state.data_version
        again = manifest_of(folder, folder.protocol(), store)
    assert again["code"] == said["code"]
    assert said["code"]["clinval"] == __version__
    assert len(said["code"]["sha256"]) == 64
    assert said["seed"] == folder.protocol().seed
    assert {"python", "system", "numpy", "pandas"} <= said["environment"].keys()
    (entry,) = (e for e in events(folder, "state") if e.subject == "locked")
    assert json.loads(entry.detail)["manifest"] == said


def test_results_of_locked_data_are_final_and_the_same_each_time(folder):
    assert analyze(folder).provenance["data"]["state"] == "interim"
    lock(folder, actor="ann")
    first = analyze(folder, actor="sam")
    assert first.provenance["data"]["state"] == "locked"
    assert state_of(folder).state == "analysed"
    before = folder.results_path.read_bytes()
    assert analyze(folder, actor="tom") == first
    assert folder.results_path.read_bytes() == before
    assert [entry.actor for entry in events(folder, "state")][-1] == "sam"


def test_locked_data_are_not_analysed_by_another_protocol(folder):
    lock(folder, actor="ann")
    text = folder.protocol_path.read_text(encoding="utf-8")
    folder.protocol_path.write_text(text.replace('"value": 0.1', '"value": 0.2'), encoding="utf-8")
    with pytest.raises(AnalysisError) as error:
        analyze(folder)
    assert kinds(error) == ["locked-protocol-differs"]


# ---------------------------------------------------------------------- unlock


@pytest.fixture(scope="module")
def final(clean, tmp_path_factory):
    """Return a study that was locked and analysed, with people who have roles."""
    folder = k.copied(clean, tmp_path_factory.mktemp("final") / "study")
    people(folder, Ann="data_manager", Sam="statistician", Dan="data_manager", Mo="reader")
    lock(folder, actor="Ann")
    analyze(folder, actor="Sam")
    return folder


@pytest.mark.parametrize(
    ("by", "reason", "kind"),
    [
        (["Ann"], WHY, "unlock-needs-two"),
        (["Ann", " ann "], WHY, "unlock-needs-two"),
        (["Ann", "Dan"], WHY, "role-missing"),  # two people with one role
        (["Ann", "Mo"], WHY, "role-missing"),
        (["Ann", "Eve"], WHY, "role-missing"),
        (["Eve", "Mallory"], WHY, "role-missing"),
        (["Ann", "Sam"], "", "reason-missing"),
        (["Ann", "Sam"], "\t ", "reason-missing"),
    ],
)
def test_two_people_with_two_roles_and_a_reason_are_needed(final, by, reason, kind):
    before = final.store_path.read_bytes()
    with pytest.raises(ClinvalError) as error:
        unlock(final, by=by, reason=reason)
    assert kinds(error) == [kind]
    assert final.store_path.read_bytes() == before


def test_two_people_are_needed_also_where_nobody_has_a_role(folder):
    lock(folder, actor="ann")
    with pytest.raises(ClinvalError) as error:
        unlock(folder, by=["ann", "bob"], reason=WHY)
    assert kinds(error) == ["unlock-needs-people"]


def test_data_that_are_not_closed_are_not_opened(folder):
    with pytest.raises(ClinvalError) as error:
        unlock(folder, by=["ann"], reason=WHY)
    assert kinds(error) == ["unlock-not-locked"]


def test_frozen_data_are_opened_by_one_and_stay_the_same_version(folder):
    lock(folder, to="frozen", actor="ann")
    state = unlock(folder, by=["ann"], reason=WHY)
    assert (state.state, state.data_version) == ("cleaning", 2)
    assert take_in(folder, reason="corrected").status == "accepted"


def test_an_unlock_begins_a_version_and_ends_what_was_made_from_the_old(final, tmp_path):
    folder = k.copied(final, tmp_path / "study")
    protocol = folder.protocol()
    assert usable_results(folder, protocol).provenance["data"]["version"] == 2
    old = folder.results_path.read_bytes()
    state = unlock(folder, by=["Sam", "Ann"], reason=WHY)
    assert (state.state, state.data_version) == ("cleaning", 3)
    assert state.role == "statistician + data_manager"
    with pytest.raises(ClinvalError) as error:
        usable_results(folder, protocol)
    assert kinds(error) == ["results-unlocked"]
    assert WHY in error.value.problems[0].says("en")
    (folder.results / "protocol.yaml").write_bytes(folder.protocol_path.read_bytes())
    checks = {check.name: check for check in verify(folder.results, study=folder).checks}
    assert checks["audit"].state == "failed"
    assert [p.kind for p in checks["audit"].problems] == ["results-unlocked"]
    assert (folder.superseded / "data-v2" / "results" / "results.json").read_bytes() == old
    with opened(folder) as store:
        assert store.audit_fault(rows=True) is None
        assert store.version == 3
        before = store.table("F07", version=2)
        pd.testing.assert_frame_equal(store.table("F07"), before)


def test_both_versions_stay_readable_after_a_correction(final, tmp_path):
    folder = k.copied(final, tmp_path / "study")
    with opened(folder) as store:
        before = store.table("F07")
    unlock(folder, by=["Ann", "Sam"], reason=WHY)
    rows = k.rows()
    own = {form: table[table["site_id"] == "S01"] for form, table in rows.items()}
    own["F07"] = own["F07"].assign(image_quality=1.0)
    with opened(folder) as store:
        file = kit.returned(folder.protocol(), "S01", own)
        assert receive(store, file, actor="Ann", reason="wrong scale").data_version == 4
        pd.testing.assert_frame_equal(store.table("F07", version=2), before)
        now = store.table("F07")
        assert set(now["image_quality"][now["site_id"] == "S01"]) == {1.0}
    lock(folder, actor="Ann", reason="corrected")
    results = analyze(folder, actor="Sam")
    assert results.provenance["data"]["version"] == 4
    assert usable_results(folder, folder.protocol()) == Results.load(folder.results_path)


def test_who_has_no_role_neither_locks_nor_analyses_final_data(final, tmp_path):
    folder = k.copied(final, tmp_path / "study")
    unlock(folder, by=["Ann", "Sam"], reason=WHY)
    for who in ("Eve", "Mo", "Sam"):
        with pytest.raises(ClinvalError) as error:
            lock(folder, actor=who)
        assert kinds(error) == ["role-missing"]
    lock(folder, actor="Dan")
    with pytest.raises(ClinvalError) as error:
        analyze(folder, actor="Mo")
    assert kinds(error) == ["role-missing"]
