"""A complete copy for people and machines: tables, trail and queries as CSV and JSON.

Rules: 21 CFR 11.10(b)
Where: exports/archive.py; `clinval export --format csv`
Also: tests/exports/test_export.py
"""

import csv
import hashlib
import json

from compliance_kit import opened


def test_the_archive_is_read_without_the_program(life):
    archive = life.locked.exports / "csv"
    files = [path for path in archive.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".csv", ".json"}
    tables = {}
    for path in files:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as stream:
                tables[path.stem] = list(csv.DictReader(stream))
        elif path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
    with opened(life.locked) as store:
        stored = store.table("F07")
        entries = [entry.hash for entry in store.audit_entries() if entry.action != "export"]
    reads = tables["F07"]
    assert len(reads) == len(stored)
    values = [float(row["image_quality"]) for row in reads if row["image_quality"]]
    assert sorted(values) == sorted(stored["image_quality"].dropna())
    hashes = {row["hash"] for row in tables["audit"]}
    assert set(entries[:-1]) <= hashes  # all that was before it, but the analysis of its seal


def test_each_file_has_its_checksum(life):
    archive = life.locked.exports / "csv"
    (sums,) = [path for path in archive.iterdir() if "sums" in path.name.lower()]
    said = [line.split(maxsplit=1) for line in sums.read_text(encoding="utf-8").splitlines()]
    assert len(said) > 4
    for digest, name in said:
        content = (archive / name.lstrip("*")).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
