"""The errors that reach the user; each carries the problems that caused it and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clinval.core.problems import Place, Problem

__all__ = [
    "AnalysisError",
    "ClinvalError",
    "ProtocolError",
    "ReportError",
    "SubmissionError",
    "UsageError",
]


class ClinvalError(Exception):
    """Something the user can mend; every cause is in ``problems``."""

    exit_code: ClassVar[int] = 1

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.line("en") for problem in self.problems))

    @classmethod
    def of(cls, kind: str, place: Place, **parameters: object) -> ClinvalError:
        """Return the error of a single problem."""
        from clinval.core.problems import Problem

        return cls([Problem(kind=kind, place=place, parameters=parameters)])


class UsageError(ClinvalError):
    """The command cannot be carried out as it was given."""

    exit_code = 2


class ProtocolError(ClinvalError):
    """The protocol has problems (codes P)."""

    exit_code = 3


class SubmissionError(ClinvalError):
    """Returned data have problems (codes S)."""

    exit_code = 4


class AnalysisError(ClinvalError):
    """The analysis cannot be done (codes A)."""

    exit_code = 5


class ReportError(ClinvalError):
    """A report cannot be made (codes R)."""

    exit_code = 5
