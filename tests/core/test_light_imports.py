"""Help starts at once and a check stays light: neither imports what it does not need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NUMERIC = {
    "matplotlib", "numpy", "openpyxl", "pandas", "pikepdf", "pingouin", "pyarrow", "pydantic",
    "pydicom", "pyhanko", "reportlab", "rich", "ruamel", "scipy", "sqlite3", "statsmodels",
    "xlsxwriter",
}  # fmt: skip
NOT_FOR_A_CHECK = NUMERIC - {"numpy", "pandas", "pyarrow", "pydantic", "ruamel"}


def imported(*arguments):
    """Run a command in an interpreter of its own; return its code and what it imported."""
    code = (
        "import sys\n"
        "from clinval.cli import main\n"
        "try:\n"
        f"    main({list(arguments)!r})\n"
        "except SystemExit as stop:\n"
        "    names = {name.partition('.')[0] for name in sys.modules}\n"
        "    print('IMPORTED', stop.code, *sorted(names))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CLINVAL_LANG": "en"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    _, exit_code, *names = run.stdout.splitlines()[-1].split()
    return int(exit_code), set(names), run.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["nothing"]])
def test_help_imports_no_library(arguments):
    code, names, _ = imported(*arguments)
    assert code == (2 if arguments == ["nothing"] else 0)
    assert names & NUMERIC == set()
    assert "click" in names


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "library",
        "new",
        "check",
        "design",
        "templates",
        "ingest",
        "status",
        "analyze",
        "report",
        "pack",
        "verify",
        "trace",
        "lint",
        "calc",
        "qualify",
    ],
)
def test_help_of_a_command_imports_no_library(command):
    code, names, output = imported(command, "--help")
    assert code == 0
    assert names & NUMERIC == set()
    assert "Example:" in output


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [("protocols/dl-mri-fast/protocol.yaml", 3), ("tests/data/bad_protocol.yaml", 3)],
)
def test_a_check_imports_no_statistics_and_no_writer(protocol, expected):
    code, names, _ = imported("check", protocol)
    assert code == expected
    assert names & NOT_FOR_A_CHECK == set()
    assert "pydantic" in names
