"""What is installed from the wheel has everything that a checkout has."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUILD = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The files of the wheel, as pip would lay them down."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    target = folder / "site-packages"
    with zipfile.ZipFile(folder / built.stdout.splitlines()[-1]) as wheel:
        wheel.extractall(target)
    return target


def tracked(name: str) -> set[str]:
    files = (path for path in (ROOT / name).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}


@pytest.mark.parametrize("name", ["protocols", "site_templates", "reports"])
def test_the_data_folders_are_in_the_wheel(installed, name):
    data = installed / "clinval" / "data"
    inside = {path.relative_to(data).as_posix() for path in (data / name).rglob("*")}
    assert tracked(name) - inside == set()


def test_the_catalogues_of_texts_are_in_the_wheel(installed):
    texts = {path for path in tracked("clinval") if path.endswith((".yaml", "py.typed"))}
    assert len(texts) > 5
    assert [path for path in sorted(texts) if not (installed / path).is_file()] == []


def test_tests_and_benchmarks_are_not(installed):
    assert sorted(path.name for path in installed.iterdir() if path.suffix != ".dist-info") == [
        "clinval"
    ]


def test_commands_run_from_the_wheel(installed, tmp_path):
    def run(*arguments: str) -> str:
        answer = subprocess.run(
            [sys.executable, "-m", "clinval", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(installed), "CLINVAL_LANG": "en"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    where = "import clinval.core.resources as r; print(r.folder('protocols'))"
    found = subprocess.run(
        [sys.executable, "-c", where],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(found.stdout.strip()) == installed / "clinval" / "data" / "protocols"
    assert "dl-mri-fast" in run("library")
    assert "scan_time_s" in run("library", "F05")
