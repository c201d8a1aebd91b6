"""Data go from draft to analysed; the lock waits for what is critical; two roles open it again.

Rules: controlled closing and re-opening of data
Where: study/states.py, app/locking.py, app/final.py; `clinval lock`, `clinval unlock`
Also: tests/app/test_locking.py
"""

import json

import proof_kit as k
import pytest
from compliance_kit import WHY, opened

from clinval.app.analysis import analyze
from clinval.app.locking import lock
from clinval.app.reporting import usable_results
from clinval.core.errors import ReportError
from clinval.core.records import Results
from clinval.protocol.audiences import audiences
from clinval.report.profile import Profile, compose
from clinval.study.states import history


def test_the_states_follow_one_another_with_who_in_which_role_and_why(life):
    with opened(life.folder) as store:
        states = history(store)
    assert [(s.state, s.data_version, s.actor, s.role) for s in states] == [
        ("cleaning", 3, "Ann", "data_manager"), ("frozen", 3, "Ann", "data_manager"),
        ("locked", 3, "Ann", "data_manager"), ("analysed", 3, "Sam", "statistician"),
        ("cleaning", 4, "Ann + Sam", "data_manager + statistician"),
    ]  # fmt: skip


def test_what_was_let_pass_is_named_with_its_reason(life):
    waived = life.entries("waive")
    assert waived
    assert {entry.reason for entry in waived} == {WHY}
    with opened(life.folder) as store:
        locked = next(state for state in history(store) if state.state == "locked")
    assert dict(locked.waivers) == {entry.subject: WHY for entry in waived}


def test_it_waits_for_what_is_open(life, tmp_path):
    done = lock(k.copied(life.folder, tmp_path / "study"), actor="Ann")
    assert done.open  # waivers were those of the lock that was opened
    assert done.states == ()
    assert all(item.problem.remedy("en") for item in done.open)


def test_what_was_made_from_the_old_version_is_no_longer_valid(life):
    declared = life.locked.protocol()
    final = usable_results(life.locked, declared)
    assert final.provenance["data"]["state"] == "locked"
    with pytest.raises(ReportError, match="no longer valid"):
        usable_results(life.folder, declared)
    kept = life.folder.superseded / "data-v3" / "results" / "results.json"
    assert Results.load(kept) == final
    with opened(life.folder) as store:
        versions = [store.table("F07", version=version) for version in (2, 3, 4)]
    assert versions[1].equals(versions[2])  # opened, and not yet corrected
    assert not versions[0].equals(versions[1])
    (entry,) = life.entries("unlock")
    assert json.loads(entry.detail)["data_version"] == 4


@pytest.fixture(scope="module")
def interim(life, tmp_path_factory):
    """Return results of the same data, opened again."""
    folder = k.copied(life.folder, tmp_path_factory.mktemp("interim") / "study")
    return analyze(folder, actor="Sam")


@pytest.mark.parametrize("audience", audiences())
def test_every_page_of_data_that_are_not_locked_says_so(life, interim, audience):
    """And every report has the head of the audit trail, whole."""
    profile, declared = Profile.load(audience), life.locked.protocol()
    site = "S01" if profile.each_site else ""
    final = Results.load(life.locked.results_path)
    for results, marked in ((interim, True), (final, False)):
        for language, mark in (("en", "INTERIM"), ("zh", "中期")):
            document = compose(profile, declared, results, language, site)
            assert (mark in document.marks) is marked
            assert results.provenance["audit"]["head"] in repr(document.blocks[0])
