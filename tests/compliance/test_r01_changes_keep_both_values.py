"""Every change keeps old and new value, who, when (UTC) and why; nothing can switch it off.

Rules: 21 CFR 11.10(e); ICH E6(R3) 4.2.2; EU GMP Annex 11, 9; ISO 14155:2020 7.8.3
Where: study/audit.py, study/receive.py, study/schema.py; `clinval audit verify`
"""

import json
import sqlite3

import proof_kit as k
import pytest

from clinval.app.auditing import verify_trail
from clinval.study.store import StudyStore


def test_a_correction_has_old_new_who_when_and_why(life):
    for entry in life.entries("change"):
        said = json.loads(entry.detail)
        assert {"field", "old", "new"} <= said.keys()
        assert said["old"] != said["new"]
        assert entry.actor == "Ann"
        assert entry.reason
        assert entry.at_utc.endswith("+00:00")
    assert len(life.entries("change")) > 10


def test_nothing_in_the_interface_or_the_database_deletes(life):
    for name in dir(StudyStore):
        assert not any(word in name for word in ("delete", "drop", "purge", "disable")), name
    connection = sqlite3.connect(life.folder.store_path)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        held = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        if held:
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608
    connection.close()
    assert len(tables) >= 13


def test_an_edit_by_hand_is_found_at_its_entry(life, tmp_path):
    folder = k.copied(life.folder, tmp_path / "study")
    assert verify_trail(folder).problem is None
    changed = life.entries("change")[3]
    connection = sqlite3.connect(folder.store_path)
    connection.execute("DROP TRIGGER audit_no_update")
    connection.execute(
        "UPDATE audit SET detail = replace(detail, 'noise', 'other') WHERE seq = ?", (changed.seq,)
    )
    connection.commit()
    connection.close()
    problem = verify_trail(folder).problem
    assert problem.kind == "audit-entry-changed"
    assert f"entry {changed.seq} " in problem.says("en")
