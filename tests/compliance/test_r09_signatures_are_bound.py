"""What is signed or locked is bound to hashes of data, protocol and code; any change breaks it.

Rules: 21 CFR 11.50, 11.70 (11.100 to 11.300: who signs is for the organisation); Annex 11, 14
Where: app/locking.py, app/packing.py, app/signing.py; `clinval lock`, `clinval pack --sign`
Also: tests/app/test_packing.py, tests/app/test_signing.py, tests/app/test_verifying.py
"""

import json

import proof_kit as k
import pytest
from compliance_kit import opened

from clinval.app.analysis import analyze
from clinval.app.verifying import verify
from clinval.core.errors import AnalysisError
from clinval.core.files import sha256_of_json
from clinval.study.states import history


def locked_state(folder):
    with opened(folder) as store:
        return next(state for state in history(store) if state.state == "locked")


def test_what_was_locked_lists_data_protocol_and_code_who_when_and_why(life):
    state = locked_state(life.locked)
    (path,) = life.locked.locks.glob("*.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for part in ("data", "protocol", "code"):
        assert len(manifest[part]["sha256"]) == 64
    assert sha256_of_json(manifest) == state.manifest_sha256
    assert (state.actor, state.role) == ("Ann", "data_manager")
    assert state.reason
    assert state.at_utc.endswith("+00:00")


@pytest.mark.parametrize("part", ["data", "protocol", "code"])
def test_a_changed_hash_in_it_shows(life, part):
    state = locked_state(life.locked)
    (path,) = life.locked.locks.glob("*.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest[part]["sha256"] = "0" * 64
    assert sha256_of_json(manifest) != state.manifest_sha256


def test_a_changed_protocol_or_result_breaks_what_was_made(life, tmp_path):
    folder = k.copied(life.locked, tmp_path / "study")
    text = folder.protocol_path.read_text(encoding="utf-8")
    (folder.results / "protocol.yaml").write_text(text, encoding="utf-8")
    checks = {check.name: check.state for check in verify(folder.results, study=folder).checks}
    assert checks["results"] == checks["protocol"] == checks["audit"] == "passed"
    folder.protocol_path.write_text(text.replace('"value": 0.1', '"value": 0.3'), encoding="utf-8")
    with pytest.raises(AnalysisError, match="is not the one that was locked"):
        analyze(folder, actor="Sam")
    results = folder.results_path.read_text(encoding="utf-8")
    folder.results_path.write_text(results.replace('"n":', '"n" :', 1), encoding="utf-8")
    folder.results_path.write_text(results.replace("S01", "S09", 1), encoding="utf-8")
    checks = {check.name: check.state for check in verify(folder.results).checks}
    assert checks["results"] == "failed"
