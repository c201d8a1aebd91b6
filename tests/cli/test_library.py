"""The protocol library from the command line: listed, described, made into a study, checked."""

from __future__ import annotations

import re

import pytest

from clinval.app.library import entries, entry
from clinval.core.problems import Severity
from clinval.endpoints import KINDS
from clinval.protocol.reading import read_protocol

ENTRIES = [found.name for found in entries()]


def test_the_library_lists_every_entry_with_its_title(clinval):
    for code, arguments in (("en", ()), ("zh", ("--lang", "zh"))):
        lines = clinval(*arguments, "library").stdout.splitlines()
        listed = {line.split()[0]: line for line in lines if line}
        for name in ENTRIES:
            assert listed[name].endswith(entry(name).title[code])


def test_an_entry_without_made_up_data_has_no_demonstration(clinval, tmp_path):
    answer = clinval("demo", "look", "--from", "pet-fast", cwd=tmp_path)
    assert answer.returncode == 2
    assert "U013" in answer.stderr
    assert "cad-mrmc, dl-mri-fast, xray-source-detector" in answer.stderr
    assert not (tmp_path / "look").exists()


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_becomes_a_study_whose_problems_are_those_of_the_entry(clinval, tmp_path, name):
    assert clinval("library", name).stdout.strip() == entry(name).readme.strip()
    assert clinval("new", "trial", "--from", name, cwd=tmp_path).returncode == 0
    answer = clinval("check", cwd=tmp_path / "trial")
    problems = read_protocol(entry(name).path / "protocol.yaml", KINDS).problems
    named = [line for line in answer.stdout.splitlines() if re.match(r"protocol\.yaml:\d", line)]
    assert named == [problem.line("en") for problem in problems]
    errors = any(problem.severity is Severity.ERROR for problem in problems)
    assert answer.returncode == (3 if errors else 0)
