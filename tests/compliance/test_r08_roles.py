"""Roles are given and taken in the trail; nobody acts beyond theirs; blinding is protected.

Rules: ICH E6(R3) 4.1, 4.2.2(a)(i)
Where: study/people.py, app/blinding.py; `clinval people`, `clinval blind`
Also: tests/study/test_people.py
"""

import json
import stat

import kit
import proof_kit as k
import pytest
from compliance_kit import opened

from clinval.app.acting import give, take
from clinval.app.analysis import analyze
from clinval.app.auditing import redact
from clinval.app.locking import lock, unlock
from clinval.core.errors import ClinvalError
from clinval.study.receive import receive


def test_each_role_that_was_given_has_an_entry(life):
    said = [(e.subject, json.loads(e.detail)["role"], e.reason) for e in life.entries("role")]
    assert said == [
        ("Ann", "data_manager", "delegation log"), ("Sam", "statistician", "delegation log"),
        ("Mo", "reader", "delegation log"),
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["Mo", "Eve"])
def test_a_reader_or_a_stranger_does_nothing_of_this(life, who):
    folder, declared = life.folder, life.folder.protocol()
    before = folder.store_path.read_bytes()
    rows = {"F04": kit.enrolled({"S01": 3}, sex="F")}

    def bring():
        with opened(folder) as store:
            receive(store, kit.returned(declared, "S01", rows), actor="Eve", reason="x")

    for act in (
        bring,
        lambda: lock(folder, actor=who),
        lambda: unlock(life.locked, by=["Ann", who], reason="x"),
        lambda: redact(folder, life.entries("change")[0].seq, actor=who, reason="x"),
        lambda: give(folder.root, who, "sponsor", site="", actor=who, reason="x"),
        lambda: take(folder.root, "Sam", "statistician", site="", actor=who, reason="x"),
    ):
        with pytest.raises(ClinvalError) as error:
            act()
        assert [problem.kind for problem in error.value.problems] == ["role-missing"]
    assert folder.store_path.read_bytes() == before


def test_a_reader_does_not_analyse_final_data_but_an_export_is_known(life, tmp_path):
    folder = k.copied(life.folder, tmp_path / "study")
    with opened(folder) as store:
        names = [e.subject for e in store.audit_entries() if e.action == "waive"]
    lock(folder, actor="Ann", waive=names, reason="as before")
    with pytest.raises(ClinvalError) as error:
        analyze(folder, actor="Mo")
    assert [problem.kind for problem in error.value.problems] == ["role-missing"]
    assert [entry.actor for entry in life.entries("export")] == ["Sam"]


def test_the_key_of_blinding_is_for_its_owner_and_not_for_readers(tmp_path):
    from clinval.app.blinding import blind, open_key

    folder = k.empty(tmp_path / "study", study={})
    text = folder.protocol_path.read_text(encoding="utf-8")
    said = json.loads(text.replace('"date": 2026-01-01', '"date": "2026-01-01"'))
    said["reading"] = {"sessions": 2, "show_arms": False}
    said["design"]["washout_days"] = 28
    folder.protocol_path.write_text(kit.text(said), encoding="utf-8")
    blind(folder, actor="Ann")
    assert stat.S_IMODE(folder.blind_key.stat().st_mode) == 0o600
    give(folder.root, "Ann", "data_manager", site="", actor="Ann", reason="")
    give(folder.root, "Mo", "reader", site="", actor="Ann", reason="")
    with pytest.raises(ClinvalError):
        open_key(folder, actor="Mo", role="reader", reason="curious")
    with opened(folder) as store:
        assert [e.action for e in store.audit_entries() if e.action in ("blind", "unblind")] == [
            "blind"
        ]
