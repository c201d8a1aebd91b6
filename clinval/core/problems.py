"""Problems a user can cause: what is wrong, where, and what to do; collected, never one by one.

A problem is raised by the name of its kind and its parameters. Its code and its texts, in every
language, stand in the catalogue ``text/problems/``, which is also the user's reference.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.core.i18n import catalogue, language

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Place", "Problem", "Problems", "Severity", "kinds"]

_CATALOGUE = Path(__file__).parent / "text" / "problems"
_LONGEST = 400  # characters of a parameter


class Severity(enum.StrEnum):
    """How much a problem holds up."""

    ERROR = "error"  # stops: the thing cannot be used as it is
    QUERY = "query"  # somebody has to answer; the rest goes on
    NOTE = "note"  # was dealt with; said so that nothing is silent


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where a problem is: a line and column of a text file, or a cell of a workbook.

    The cell of a returned text file is its line and the number of its field, that of XML the path
    of its element.

    Examples
    --------
    >>> str(Place(file="protocol.yaml", line=41, column=13))
    'protocol.yaml:41:13'
    >>> str(Place(file="S03.xlsx", sheet="F05", cell="D17"))
    'S03.xlsx!F05!D17'
    >>> str(Place(file="S03.csv", cell="17:4"))
    'S03.csv:17:4'
    """

    file: str
    line: int = 0
    column: int = 0
    sheet: str = ""
    cell: str = ""

    def __str__(self) -> str:
        if self.line:
            return f"{self.file}:{self.line}:{self.column}"
        where = "!".join(part for part in (self.file, self.sheet) if part)
        if not self.cell:
            return where
        return f"{where}{':' if ':' in self.cell and self.cell[0].isdigit() else '!'}{self.cell}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem at one place."""

    kind: str
    place: Place
    parameters: Mapping[str, object] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The short code of the kind, such as ``P021``."""
        return str(kinds()[self.kind]["code"])

    @property
    def severity(self) -> Severity:
        """How much the problem holds up."""
        return Severity(str(kinds()[self.kind].get("severity", "error")))

    def says(self, code: str | None = None) -> str:
        """Return what is wrong, in a language."""
        return self._text("says", code)

    def remedy(self, code: str | None = None) -> str:
        """Return what to do about it, in a language."""
        return self._text("do", code)

    def line(self, code: str | None = None) -> str:
        """Return the whole problem on one line."""
        return f"{self.place} {self.code} {self.says(code)} - {self.remedy(code)}"

    def _text(self, part: str, code: str | None) -> str:
        texts = kinds()[self.kind]
        template: str = texts[code or language()][part]
        # parameters come from files: whatever is in them, a problem stays on one line
        parameters = {name: _short(value) for name, value in self.parameters.items()}
        return " ".join(template.format_map(parameters).split())


def _short(value: object) -> object:
    """Return a text that can be read at a glance, however long it is in the file."""
    too_long = isinstance(value, str) and len(value) > _LONGEST
    return f"{value[:_LONGEST]}..." if too_long and isinstance(value, str) else value


class Problems:
    """A collector: layers report into it and raise once; it keeps what is said twice once."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._found: dict[tuple[Place, str, str], Problem] = {}
        self.extend(problems)

    def report(self, kind: str, place: Place, **parameters: object) -> None:
        """Add a problem of a kind of the catalogue."""
        self.extend([Problem(kind=kind, place=place, parameters=parameters)])

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add problems found elsewhere."""
        for problem in problems:
            said = (problem.place, problem.code, str(dict(problem.parameters)))
            self._found.setdefault(said, problem)

    def __iter__(self) -> Iterator[Problem]:
        return (self._found[said] for said in sorted(self._found))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop."""
        return [problem for problem in self if problem.severity is Severity.ERROR]


@functools.cache
def kinds() -> dict[str, dict[str, dict[str, str]]]:
    """Return the catalogue of problems by kind."""
    merged: dict[str, dict[str, dict[str, str]]] = {}
    for path in sorted(_CATALOGUE.glob("*.yaml")):
        merged.update(catalogue(path))
    return merged
