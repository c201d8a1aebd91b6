"""Errors carry their problems and the exit code; data folders are found or missed loudly."""

import pytest

from clinval.core import resources
from clinval.core.errors import (
    AnalysisError,
    ClinvalError,
    ProtocolError,
    ReportError,
    SubmissionError,
    UsageError,
)
from clinval.core.problems import Place, Problem

PLACE = Place(file="p.yaml", line=1, column=1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError, 2),
        (ProtocolError, 3),
        (SubmissionError, 4),
        (AnalysisError, 5),
        (ReportError, 5),
    ],
)
def test_each_error_has_the_exit_code_of_its_kind(error, code):
    assert error.exit_code == code
    raised = error.of("key-missing", PLACE, key="study")
    assert isinstance(raised, error)
    assert isinstance(raised, ClinvalError)
    assert [problem.kind for problem in raised.problems] == ["key-missing"]
    assert str(raised) == "p.yaml:1:1 P010 the key 'study' is missing here - add it"


def test_an_error_says_everything():
    problems = (
        Problem(kind="key-missing", place=PLACE, parameters={"key": name})
        for name in ("study", "arms")
    )
    raised = ProtocolError(problems)
    assert len(raised.problems) == 2
    assert "'study'" in str(raised)
    assert "'arms'" in str(raised)


def test_data_folders_are_found_in_a_checkout_and_in_an_installed_package(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "clinval")
    with pytest.raises(FileNotFoundError, match="install it again"):
        resources.folder("protocols")
    (tmp_path / "protocols").mkdir()
    assert resources.folder("protocols") == tmp_path / "protocols"
    (tmp_path / "clinval" / "data" / "protocols").mkdir(parents=True)
    assert resources.folder("protocols") == tmp_path / "clinval" / "data" / "protocols"
