"""Every time says its offset from UTC.

Rules: ICH E6(R3) 4.2.2(d)
Where: study/audit.py
"""

import datetime

import proof_kit as k
import pytest
from compliance_kit import opened

from clinval.study import audit

TIMES = {
    "audit": "at_utc", "submission": "received_utc", "data_version": "created_utc",
    "state": "at_utc", "query": "opened_utc", "query_event": "at_utc", "person": "at_utc",
    "redaction": "at_utc",
}  # fmt: skip


@pytest.mark.parametrize("table", TIMES)
def test_each_stored_time_is_utc(life, table):
    with opened(life.folder) as store:
        times = [time for (time,) in store.select(f"SELECT {TIMES[table]} FROM {table}")]  # noqa: S608
    assert times
    for time in times:
        assert datetime.datetime.fromisoformat(time).utcoffset() == datetime.timedelta(0)


@pytest.mark.parametrize(
    "time", ["2026-01-01T00:00:00", "2026-01-01 12:00", "2026-01-01T00:00+02:00"]
)
def test_a_local_time_is_not_taken(life, tmp_path, time):
    folder = k.copied(life.folder, tmp_path / "study")
    with opened(folder) as store:
        before = store.audit_head()
        with pytest.raises(ValueError, match="UTC"), store.transaction() as connection:
            audit.append(connection, [("x", "y", {})], actor="a", reason="", clock=lambda: time)
        assert store.audit_head() == before
