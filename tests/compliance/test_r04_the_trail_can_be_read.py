"""The trail can be read and reviewed by subject, person and field, on screen and as a table.

Rules: ICH E6(R3) 4.2.2(c), 4.2.3
Where: app/auditing.py; `clinval audit list --csv`
"""

import csv
import json

import kit
import proof_kit as k
from compliance_kit import opened

from clinval.app.auditing import HEADER, lines, write
from clinval.study import audit


def test_it_is_listed_by_subject_person_field_and_action(life):
    every = lines(life.folder)
    subject = next(line.entry.subject.split()[2] for line in every if line.entry.action == "change")
    for chosen, own in (
        ({"subject": subject}, lambda line: subject in line.entry.subject.split()),
        ({"person": "sam"}, lambda line: line.entry.actor == "Sam"),
        ({"field": "noise"}, lambda line: line.field == "noise"),
        ({"action": "state"}, lambda line: line.entry.action == "state"),
    ):
        found = lines(life.folder, **chosen)
        assert found == [line for line in every if own(line)]
        assert 0 < len(found) < len(every)


def test_the_table_has_all_of_it_and_runs_nothing(life, tmp_path):
    folder = k.copied(life.folder, tmp_path / "study")
    with opened(folder) as store, store.transaction() as connection:
        event = ("query", "=cmd|' /C calc'!A0", {"field": "f", "old": "+1", "new": "@SUM(A1)"})
        audit.append(connection, [event], actor="-eve", reason="\t=1", clock=lambda: kit.NOW)
    found = lines(folder)
    write(tmp_path / "trail.csv", found)
    with (tmp_path / "trail.csv").open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert tuple(header) == HEADER
    assert [int(row[0]) for row in rows] == [line.entry.seq for line in found]
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t"))]
    change = next(line for line in found if line.entry.action == "change")
    row = dict(zip(header, rows[change.entry.seq - 1], strict=True))
    said = json.loads(change.entry.detail)
    assert (row["person"], row["field"], row["reason"]) == ("Ann", "noise", change.entry.reason)
    assert row["new"] == json.dumps(said["new"])
