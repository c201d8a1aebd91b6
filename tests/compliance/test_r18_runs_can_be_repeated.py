"""Seed, versions, hashes and system are recorded with what was locked and with the results.

Rules: reproducibility of what was validated
Where: app/analysis.py, app/locking.py
Also: tests/app/test_reproducible.py
"""

import json

import proof_kit as k

from clinval import __version__
from clinval.app.analysis import analyze
from clinval.core.records import Results


def test_results_say_what_they_were_made_from_and_with(life):
    provenance = Results.load(life.locked.results_path).provenance
    assert provenance["seed"] == life.locked.protocol().seed
    assert provenance["software"]["clinval"] == __version__
    assert {"python", "numpy", "pandas", "scipy"} <= provenance["software"].keys()
    for part in ("data", "protocol"):
        assert len(provenance[part]["sha256"]) == 64
    assert len(provenance["audit"]["head"]) == 64


def test_what_was_locked_says_the_system_too(life):
    (path,) = life.locked.locks.glob("*.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert manifest["seed"] == life.locked.protocol().seed
    assert {"python", "system", "release", "machine", "scipy"} <= manifest["environment"].keys()


def test_a_second_run_gives_the_same_bytes(life, tmp_path):
    folder = k.copied(life.locked, tmp_path / "study")
    before = folder.results_path.read_bytes()
    analyze(folder, actor="Sam")
    assert folder.results_path.read_bytes() == before
