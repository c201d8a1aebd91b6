"""Read what a site answered in its query workbook.

Only the two columns of the answer are taken. A row is known by its question: where that is not
the one that was sent, it cannot be told what was answered, and the answer is not taken.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.capture.layout import SEPARATOR, both
from clinval.capture.phi import identifies
from clinval.capture.query_opening import Asked, QuestionRows, Returned, open_query_workbook
from clinval.capture.query_workbook import ANSWER, LONGEST_ANSWER, WORDS, row_sha256
from clinval.capture.reading.findings import cell_name
from clinval.capture.reading.package import (
    RefusedError,
    look_through,
    read_bytes,
    shown_file_name,
)
from clinval.capture.reading.reading import narrow, tidy
from clinval.capture.writing.words import word
from clinval.core.files import sha256_of_bytes
from clinval.core.i18n import LANGUAGES
from clinval.core.problems import Place, Problem
from clinval.study.query_acts import CODES, Given

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol

__all__ = ["Answers", "Found", "read_answers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer, the name of its query, and where it stands."""

    given: Given
    name: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a query workbook brought; ``refused`` where nothing of it can be used."""

    file_name: str
    sha256: str
    site: str
    refused: bool
    found: tuple[Found, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Reading:
    name: str
    problems: list[Problem] = field(default_factory=list)

    def report(self, kind: str, sheet: str = "", cell: str = "", **parameters: object) -> None:
        place = Place(file=self.name, sheet=sheet, cell=cell)
        self.problems.append(Problem(kind=kind, place=place, parameters=parameters))


def read_answers(path: Path, protocol: Protocol) -> Answers:
    """Return what a site answered.

    Parameters
    ----------
    path
        The file, as it came.
    protocol
        The study.

    Returns
    -------
    Answers
        At most one answer a query, and what is wrong. Bad content never raises.
    """
    reading = _Reading(name=shown_file_name(path))
    content, site, found = b"", "", []
    refused = False
    try:
        content = read_bytes(path)
        package = look_through(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that are not read here
            returned = open_query_workbook(package, protocol)
        site, found = returned.site, _answers(returned, reading)
    except RefusedError as refusal:
        refused = True
        place = Place(file=reading.name, sheet=refusal.sheet)
        problem = Problem(kind=refusal.kind, place=place, parameters=refusal.parameters)
        reading.problems.append(problem)
    return Answers(
        file_name=reading.name,
        sha256=sha256_of_bytes(content) if content else "",
        site=site,
        refused=refused,
        found=tuple(found),
        problems=tuple(reading.problems),
    )


def _answers(returned: Returned, reading: _Reading) -> list[Found]:
    rows, asked, choices = returned.rows, returned.asked, _choices()
    found: list[Found] = []
    for number, cells in rows.cells:
        texts = {name: _text(cells, column) for name, column in rows.columns.items()}
        code, said = texts[ANSWER], texts[WORDS]
        if not (code or said or rows.is_formula(number, ANSWER, WORDS)):
            continue
        row = _Row(rows, number, texts, reading)
        query = row.query(asked)
        if query is None:
            continue
        chosen = row.code(choices)
        if chosen and row.is_sound(chosen):
            given = Given(query=query.id, code=chosen, text=said, value_sha256=query.value_sha256)
            place = Place(file=reading.name, sheet=rows.sheet, cell=row.cell(ANSWER))
            found.append(Found(given=given, name=query.name, place=place))
    return _once(found, reading)


def _once(found: list[Found], reading: _Reading) -> list[Found]:
    """Return what is answered once, or several times in the same way."""
    said = {(one.name, one.given.code, one.given.text) for one in found}
    times = Counter(name for name, _, _ in said)
    kept: dict[str, Found] = {}
    for one in found:
        if times[one.name] > 1:
            reading.report("answer-twice", one.place.sheet, one.place.cell, query=one.name)
        else:
            kept.setdefault(one.name, one)
    return list(kept.values())


class _Row:
    """A row that the site has written into."""

    def __init__(
        self, rows: QuestionRows, number: int, texts: Mapping[str, str], reading: _Reading
    ) -> None:
        self._rows = rows
        self._number = number
        self._texts = texts
        self._reading = reading
        self._name = ""

    def cell(self, name: str) -> str:
        return cell_name(self._number, self._rows.columns[name] + 1)

    def _report(self, kind: str, column: str, **parameters: object) -> None:
        self._reading.report(kind, self._rows.sheet, self.cell(column), **parameters)

    def query(self, asked: Mapping[str, Asked]) -> Asked | None:
        """Return the query of the row, if its question is the one that was sent."""
        query = asked.get(self._texts["query"])
        if query is None:
            self._report("answer-to-no-query", "query")
            return None
        self._name = query.name
        question = [text for name, text in self._texts.items() if name not in (ANSWER, WORDS)]
        if row_sha256(question) != query.row_sha256:
            self._report("answer-question-changed", "question", query=self._name)
            return None
        return query

    def code(self, choices: Mapping[str, str]) -> str:
        """Return the code of the answer, empty where it is none."""
        if self._rows.is_formula(self._number, ANSWER, WORDS):
            self._report("answer-is-formula", ANSWER, query=self._name)
            return ""
        text = narrow(self._texts[ANSWER])[0]
        code = choices.get(_folded(text.split(SEPARATOR)[0]), "")
        if not code:
            codes = ", ".join(dict.fromkeys(choices.values()))
            kind = "answer-code-unknown" if text else "answer-without-code"
            self._report(kind, ANSWER, query=self._name, codes=codes)
        return code

    def is_sound(self, code: str) -> bool:
        """Return whether the words of the answer may be stored, and are there if they must."""
        text = self._texts[WORDS]
        if code == "other" and not text:
            self._report("answer-needs-words", WORDS, query=self._name)
        elif len(text) > LONGEST_ANSWER:
            self._report(
                "answer-too-long", WORDS, query=self._name, length=len(text), most=LONGEST_ANSWER
            )
        elif identifies(narrow(text)[0]):
            self._report("answer-identifies", WORDS, query=self._name)
        else:
            return True
        return False


def _text(cells: tuple[Any, ...], column: int) -> str:
    value = cells[column] if column < len(cells) else None
    return "" if value is None else tidy(str(value))[0]


def _choices() -> dict[str, str]:
    """Return the codes by what may stand in a cell: code, label, or both, in each language."""
    choices: dict[str, str] = {}
    for code in CODES:
        label = word(f"queries.codes.{code}")
        said = [code, *(label.in_(language) for language in LANGUAGES)]
        said += [both(label, language, " ") for language in LANGUAGES]
        choices |= {_folded(text): code for text in said}
    return choices


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
