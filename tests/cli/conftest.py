"""Run the command line as a user does: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # the kits lie beside the folders that use them


@pytest.fixture
def clinval():
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def run(*arguments: str, cwd: Path | None = None, **environment: str):
        return subprocess.run(
            [sys.executable, "-m", "clinval", *arguments],
            cwd=cwd,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            env={**inherited, "LC_ALL": "C.UTF-8", "COLUMNS": "100", **environment},
        )

    return run
