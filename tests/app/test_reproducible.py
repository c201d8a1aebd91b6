"""The same study gives the same files: elsewhere, later, in another country."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "TZ": "Asia/Shanghai",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "4711",
    "SOURCE_DATE_EPOCH": "1700000000",
    "CLINVAL_LANG": "zh",
    "PYTHONPATH": str(ROOT),
}


def test_another_machine_gives_the_same_bytes(demonstration, tmp_path):
    """Another folder, clock, locale, time zone, hash seed and home: results and report agree."""
    study = tmp_path / "another study"
    shutil.copytree(demonstration.folder.root, study)
    shutil.rmtree(study / "reports")
    shutil.rmtree(study / "results")
    environment = {**os.environ, **ELSEWHERE, "HOME": str(tmp_path)}
    for arguments in (["analyze", "--no-report"], ["report", "--for", "hospital", "--lang", "zh"]):
        subprocess.run(
            [sys.executable, "-m", "clinval", *arguments, "--study", str(study)],
            env=environment, cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip
    for name in ("results/results.json", "reports/hospital.zh.pdf"):
        here, there = demonstration.folder.root / name, study / name
        assert there.read_bytes() == here.read_bytes(), name
