"""The query workbook of a site: one row a question, with room for the answer."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval import __version__
from clinval.capture.blinding import shown_key
from clinval.capture.layout import LISTS, QUERIES, README, both, choice_text
from clinval.capture.writing.styles import INK, Styles
from clinval.capture.writing.words import cut, lines, word, words
from clinval.core.files import canonical_json, sha256_of_json, write
from clinval.protocol.base import Text
from clinval.study.query_acts import CODES

if TYPE_CHECKING:
    from clinval.core.problems import Problem
    from clinval.protocol.model import Protocol
    from clinval.study.queries import Query

__all__ = [
    "ANSWER", "COLUMNS", "FORMAT", "LONGEST_ANSWER", "QUESTIONS", "WORDS",
    "answer_texts", "row_sha256", "write_query_workbook",
]  # fmt: skip

FORMAT = 1
QUESTIONS = "Queries 质疑"
ANSWER, WORDS = "answer", "words"  # the columns that the site fills
LONGEST_ANSWER = 500  # characters

COLUMNS = {
    "query": 9, "asked": 12, "place": 16, "row": 24, "field": 26, "value": 26, "question": 52,
    "todo": 40, ANSWER: 32, WORDS: 40,
}  # fmt: skip
"""The columns of the sheet by their ids, and their widths."""

_ALLOWED = {"sort": True, "autofilter": True, "format_columns": True, "format_rows": True}
_CELL = 30_000  # characters; a cell holds 32,767
_LINE = 15  # points


def write_query_workbook(
    protocol: Protocol,
    site_id: str,
    queries: Sequence[Query],
    values: Mapping[str, Mapping[str, object]],
    path: Path,
    *,
    protocol_sha256: str,
) -> None:
    """Write the open queries of a site; the same arguments give the same bytes.

    Parameters
    ----------
    protocol
        The study.
    site_id
        The site.
    queries
        What is asked, in the order of the rows.
    values
        The values that are stored of the row of each query: query id -> field -> value.
    path
        Where the workbook goes; it is written whole or not at all.
    protocol_sha256
        Hash of the protocol file, for the stamp.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book = _Book(protocol, site_id, workbook, protocol_sha256)
    book.front(len(queries))
    book.questions(queries, values)
    book.stamp()
    workbook.close()
    write(path, buffer.getvalue())


def answer_texts(language: str) -> dict[str, str]:
    """Return what may be chosen as an answer, by its code, as it stands in a cell."""
    return {code: choice_text(code, word(f"queries.codes.{code}"), language) for code in CODES}


def row_sha256(texts: Sequence[str]) -> str:
    """Return the hash of the question cells of a row, whatever a program makes of their blanks."""
    return sha256_of_json([" ".join(text.split()) for text in texts])


class _Book:
    def __init__(
        self, protocol: Protocol, site_id: str, workbook: Any, protocol_sha256: str
    ) -> None:
        self._protocol = protocol
        self._site = protocol.site(site_id)
        self._workbook = workbook
        self._styles = Styles(workbook)
        self._asked: list[list[str]] = []
        self._stamp = {
            "study": protocol.study.id,
            "protocol_version": protocol.study.version,
            "protocol_sha256": protocol_sha256,
            "site": site_id,
            "clinval": __version__,
        }

    def _both(self, text: Text, between: str = " ") -> str:
        return both(text, self._site.language, between)

    def _word(self, name: str, between: str = " ", **parameters: object) -> str:
        return self._both(word(f"queries.{name}", **parameters), between)

    # ------------------------------------------------------------------ the first sheet

    def front(self, count: int) -> None:
        """Write what the workbook is, for whom, and how to answer."""
        study, site, styles = self._protocol.study, self._site, self._styles
        sheet = self._workbook.add_worksheet(README)
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 96)
        rows: list[tuple[str, str, str, float]] = [
            ("title", self._both(study.title, "\n"), "", 46),
            ("subtitle", self._word("title"), "", 20),
        ]
        if study.synthetic:
            rows.append(("alarm", self._both(word("synthetic")), "", 24))
        facts = {
            "facts.study": study.id,
            "facts.site": f"{site.id} · {self._both(site.name)}",
            "facts.contact": study.contact or "",
            "facts.version": f"{study.version} ({study.date.isoformat()})",
            "queries.count": str(count),
        }
        rows += [("fact", self._both(word(name)), said, 18) for name, said in facts.items() if said]
        rows.append(("section", self._word("steps_title"), "", 24))
        rows += [
            ("words", self._both(Text(**step), "\n"), "", 2 * _LINE + 4)
            for step in words("queries.steps")
        ]
        rows.append(("section", self._word("codes_title"), "", 24))
        for code in CODES:
            rows.append(("fact", code, self._word(f"codes.{code}"), 18))
        rows.append(("section", self._both(word("never_title")), "", 24))
        rows.append(("strong", self._both(word("never"), "\n"), "", 4 * _LINE))
        stamp = " · ".join(f"{name} {said}" for name, said in self._stamp.items())
        rows.append(("stamp", f"{self._both(word('stamp'))}: {stamp}", "", 28))
        for at, (style, text, value, height) in enumerate(rows):
            sheet.set_row(at, height)
            if value:
                sheet.write_string(at, 0, text, styles["fact"])
                sheet.write_string(at, 1, value, styles["fact_value"])
            else:
                sheet.merge_range(at, 0, at, 1, text, styles[style])
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 1)
        sheet.protect("", {"format_columns": True, "format_rows": True})

    # ------------------------------------------------------------------ the questions

    def questions(
        self, queries: Sequence[Query], values: Mapping[str, Mapping[str, object]]
    ) -> None:
        """Write one row a query."""
        sheet, styles = self._workbook.add_worksheet(QUESTIONS), self._styles
        for column, (name, width) in enumerate(COLUMNS.items()):
            sheet.write_string(0, column, name, styles["id"])
            sheet.write_string(1, column, self._word(f"columns.{name}", "\n"), styles["label"])
            sheet.set_column(column, column, width)
        sheet.set_row(0, 10.5)
        sheet.set_row(1, 44)
        for at, query in enumerate(queries, start=2):
            texts = self._texts(query, values.get(query.id, {}))
            self._asked.append([query.id, query.name, query.value_sha256, row_sha256(texts)])
            for column, text in enumerate(texts):
                sheet.write_string(at, column, text, styles["question"])
            for column in (len(texts), len(texts) + 1):
                sheet.write_blank(at, column, None, styles["text"])
            room = zip(texts, COLUMNS.values(), strict=False)
            sheet.set_row(at, _LINE * max(_lines(text, width) for text, width in room) + 4)
        last = max(len(queries) + 1, 2)
        self._validate(sheet, last)
        sheet.freeze_panes(2, 1)
        sheet.autofilter(1, 0, last, len(COLUMNS) - 1)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
        sheet.set_tab_color(INK)
        sheet.protect("", _ALLOWED)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, 1)
        title = self._word("title").replace("&", "&&")
        sheet.set_header(f"&L&B{title}&R{self._protocol.study.id} · {self._site.id}")
        sheet.set_footer(f"&L{self._stamp['protocol_sha256'][:16]}&R&P / &N")
        sheet.activate()

    def _texts(self, query: Query, values: Mapping[str, object]) -> list[str]:
        """Return the cells of a row before the answer."""
        place, problem = query.problem.place, query.problem
        said, todo = self._said(problem)
        parts = [self._again(query), said]
        if query.more:
            parts.append(self._word("more", "\n", count=query.more))
        return [
            query.name,
            query.opened_utc[:10],
            "!".join(part for part in (place.sheet or query.form, place.cell) if part),
            shown_key(self._protocol, query.form, query.key),
            self._field(query.form, query.field),
            self._value(query, values),
            "\n".join(part for part in parts if part),
            todo,
        ]

    def _said(self, problem: Problem) -> tuple[str, str]:
        """Return what is asked, and what to do; a check asks by its message."""
        check = problem.parameters.get("check")
        message = problem.parameters.get("message")
        if check and message:
            chinese = problem.parameters.get("message_zh", message)
            text = self._both(Text(en=str(message), zh=str(chinese)), "\n")
            return f"{text} ({check})", self._word("check_todo", "\n")
        says = Text(en=problem.says("en"), zh=problem.says("zh"))
        remedy = Text(en=problem.remedy("en"), zh=problem.remedy("zh"))
        return self._both(says, "\n"), self._both(remedy, "\n")

    def _again(self, query: Query) -> str:
        """Return why the query is asked once more, empty where it is asked for the first time."""
        for event in reversed(query.events):
            if event.event == "reopened":
                return self._word(f"again.{event.code}", "\n", reason=event.text)
        return ""

    def _field(self, form_id: str, name: str) -> str:
        form = next((form for form in self._protocol.forms if form.id == form_id), None)
        field = form.field(name) if form is not None else None
        return name if field is None else self._both(field.label, "\n")

    def _value(self, query: Query, values: Mapping[str, object]) -> str:
        """Return what was returned: as the message shows it, else what is stored."""
        shown = query.problem.parameters.get("value")
        if shown is not None:
            chinese = query.problem.parameters.get("value_zh", shown)
            return self._both(Text(en=str(shown) or "''", zh=str(chinese) or "''"), "\n")
        if not values:
            return ""
        if len(values) == 1:
            (value,) = values.values()
            return self._shown(query.form, next(iter(values)), value)
        return "\n".join(
            f"{name} = {self._shown(query.form, name, value)}" for name, value in values.items()
        )

    def _shown(self, form_id: str, name: str, value: object) -> str:
        if value is None:
            return self._word("empty")
        form = next((form for form in self._protocol.forms if form.id == form_id), None)
        field = form.field(name) if form is not None else None
        label = field.codelist.get(str(value)) if field is not None else None
        return cut(
            choice_text(str(value), label, self._site.language) if label else str(value), 200
        )

    def _validate(self, sheet: Any, last: int) -> None:
        """Offer the answers, and keep the words short."""
        texts = list(answer_texts(self._site.language).values())
        codes = self._workbook.add_worksheet(LISTS)
        codes.hide()
        for row, text in enumerate(texts):
            codes.write_string(row, 0, text)
        self._workbook.define_name("answers", f"='{LISTS}'!$A$1:$A${len(texts)}")
        answer, said = list(COLUMNS).index(ANSWER), list(COLUMNS).index(WORDS)
        for column, rule in (
            (answer, {"validate": "list", "source": "=answers"}),
            (said, {"validate": "length", "criteria": "<=", "value": LONGEST_ANSWER}),
        ):
            name = list(COLUMNS)[column]
            asked = word(f"queries.prompts.{name}", most=LONGEST_ANSWER)
            message = lines(asked.en, asked.zh or "", 255)
            title = cut(self._word(f"columns.{name}"), 32)
            sheet.data_validation(
                2, column, last, column,
                {**rule, "input_title": title, "input_message": message, "error_title": title,
                 "error_message": message},
            )  # fmt: skip

    # ------------------------------------------------------------------ the stamp

    def stamp(self) -> None:
        """Write by what the answers will be recognized."""
        study = self._protocol.study
        self._workbook.set_properties(
            {
                "title": f"{study.id} {self._site.id} {word('queries.title').en}",
                "subject": study.title.en[:255],
                "company": study.sponsor[:255],
                # the clock would make every run another file
                "created": datetime.datetime.combine(study.date, datetime.time()),
            }
        )
        sheet = self._workbook.add_worksheet(QUERIES)
        text = canonical_json({"format": FORMAT, **self._stamp, "queries": self._asked})
        for row, start in enumerate(range(0, len(text), _CELL)):
            sheet.write_string(row, 0, text[start : start + _CELL])
        sheet.protect()
        sheet.very_hidden()


def _lines(text: str, width: int) -> int:
    """Return how many lines a text takes in a column; a Chinese character is twice as wide."""
    room = width - 2
    wide = (
        sum(2 if ord(character) > 0x2E80 else 1 for character in line) for line in text.split("\n")
    )
    return sum(max(-(-length // room), 1) for length in wide)
