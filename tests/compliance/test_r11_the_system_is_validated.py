"""Each requirement has its test, and the installed statistics are qualified on the user's machine.

Rules: 21 CFR 11.10(a); ICH E6(R3) 4.3.4; ISO 14155:2020 7.8.3
Where: docs/compliance.md, qualify/; `clinval qualify`
"""

import re
from pathlib import Path

from clinval.qualify.cases import run_files

ROOT = Path(__file__).resolve().parents[2]


def test_every_requirement_has_a_test_that_is_there():
    page = (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (R\d+) \|.*\| (.*) \|$", page, re.MULTILINE)
    assert [name for name, _ in rows] == [f"R{number}" for number in range(1, 20)]
    for name, tests in rows:
        named = re.findall(r"`(tests/[^`]+)`", tests)
        assert named, name
        for path in named:
            assert (ROOT / path).is_file(), path


def test_the_installed_statistics_are_held_against_reference_cases():
    outcomes = run_files([ROOT / "tests" / "reference" / "capacity.json"])
    assert outcomes
    assert all(outcome.passed for outcome in outcomes)
