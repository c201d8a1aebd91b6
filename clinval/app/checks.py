"""What proving a pack came to: one check after the other, and what was found wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from clinval.core.problems import Problem, Severity
from clinval.report.texts import Texts

__all__ = ["Check", "Verification"]

State = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked.

    Attributes
    ----------
    name
        What was checked: ``manifest``, ``results``, ``numbers`` ...
    file
        The file that it is about.
    state
        ``skipped`` where it could not be checked.
    text
        Key of the line that says what came of it, in the catalogue of texts.
    facts
        What is set into the line.
    problems
        What was found wrong.
    """

    name: str
    file: str
    state: State
    text: str
    facts: dict[str, object] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, name: str, file: str, problems: Iterable[Problem] = (), **facts: object) -> Check:
        """Return a check that has failed where one of its problems is an error."""
        found = tuple(problems)
        failed = any(problem.severity is Severity.ERROR for problem in found)
        state: State = "failed" if failed else "passed"
        count = {"count": len(found)} if failed else {}
        return cls(
            name=name, file=file, state=state, text=f"proof.{name}.{state}",
            facts={**facts, **count}, problems=found,
        )  # fmt: skip

    @classmethod
    def skipped(cls, name: str, file: str, why: str = "", **facts: object) -> Check:
        """Return a check that could not be done; ``why`` tells several reasons apart."""
        key = f"proof.{name}.skipped" + (f".{why}" if why else "")
        return cls(name=name, file=file, state="skipped", text=key, facts=facts)

    def line(self, language: str) -> str:
        """Return what came of it, on one line."""
        texts = Texts(language)
        says = texts(self.text, **self.facts) if self.facts else texts(self.text)
        return f"{texts(f'proof.{self.state}')}  {self.file}: {says}"

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for machines."""
        return {
            "check": self.name,
            "file": self.file,
            "state": self.state,
            "says": Texts("en")(self.text, **self.facts),
            **self.facts,
            "problems": [
                {
                    "code": problem.code,
                    "kind": problem.kind,
                    "file": problem.place.file,
                    **problem.parameters,
                    "says": problem.says("en"),
                }
                for problem in self.problems
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All checks of a pack, in order."""

    pack: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing that was checked is wrong."""
        return all(check.state != "failed" for check in self.checks)

    @property
    def problems(self) -> list[Problem]:
        """All that was found wrong, in the order of the checks."""
        return [problem for check in self.checks for problem in check.problems]

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for machines."""
        return {
            "pack": self.pack,
            "passed": self.passed,
            "checks": [check.plain() for check in self.checks],
        }

    def lines(self, language: str) -> list[str]:
        """Return it for people: the first thing wrong, a line each check, then all problems."""
        texts = Texts(language)
        problems = self.problems
        first = [] if self.passed else [_first(problems).line(language), ""]
        listed = ["", *(problem.line(language) for problem in problems)] if problems else []
        verdict = texts("proof.verdict.passed" if self.passed else "proof.verdict.failed")
        return [
            *first, *(check.line(language) for check in self.checks), *listed, "", verdict,
        ]  # fmt: skip


def _first(problems: list[Problem]) -> Problem:
    """Return what says most: a number that differs, else the first error."""
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    return next((problem for problem in errors if problem.kind == "number-differs"), errors[0])
