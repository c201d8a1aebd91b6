"""XLSForm, for ODK, KoboToolbox and others: one form that holds all forms of the study.

A submission is about one record, a subject or the site itself. Forms of which a record has several
rows are repeats. What is outside the hard limits is refused; what is not expected, and each edit
check, is a note that appears where it fires. A required number, date or text has a question beside
it that asks, where it is empty, why there is no value.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clinval.capture.dialects import RECORD_ID, XPath
from clinval.capture.layout import LONGEST_TEXT
from clinval.capture.rule_text import Untranslatable
from clinval.capture.said import Words, expected_of, limit_text, limits_of

if TYPE_CHECKING:
    from clinval.capture.instrument import Check, Form, Instrument, Item, Limit, Rule, Texts

__all__ = ["RECORD_ID", "SITE", "STAMP", "VERSION", "xlsform"]

SITE, STAMP, VERSION = "site_id", "clinval_protocol", "clinval_version"
_MISSING = "missing"
_TYPES = {"number": "decimal", "integer": "integer", "date": "date", "datetime": "dateTime"}
_LANGUAGES = {"en": "English (en)", "zh": "中文 (zh)"}
_TRANSLATED = ("label", "hint", "constraint_message")
_COLUMNS = (
    "type", "name", "label", "hint", "required", "relevant", "constraint", "constraint_message",
    "calculation", "choice_filter", "appearance", "default",
)  # fmt: skip

_Row = dict[str, "str | Texts"]


def xlsform(made: Instrument) -> bytes:
    """Return the XLSForm as a workbook; the same instrument gives the same bytes.

    The sheet ``notes`` names what the form cannot say.

    Parameters
    ----------
    made
        What is captured; each of its languages is a translation of the form.
    """
    import xlsxwriter

    form = _Form(made)
    survey = form.survey()
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True})
    created = datetime.datetime.combine(made.date, datetime.time())
    workbook.set_properties({"title": f"{made.study} {made.site}".strip(), "created": created})
    for name, columns, rows in (
        ("survey", _COLUMNS, survey),
        ("choices", ("list_name", "name", "label", "site"), form.choices()),
        ("settings", tuple(form.settings()), [form.settings()]),
        ("notes", ("label",), form.notes()),
    ):
        _write(workbook.add_worksheet(name), _spread(columns, made.languages), rows)
    workbook.close()
    return buffer.getvalue()


class _Form:
    def __init__(self, made: Instrument) -> None:
        self._made = made
        self._words = Words(made)
        self._logic = XPath(made)
        self._notes: list[Texts] = []
        self._lists: dict[str, None] = {}

    def settings(self) -> _Row:
        """Return the settings: the version tells forms of two versions of the protocol apart."""
        made = self._made
        title = next(iter(made.title.values()))
        return {
            "form_title": f"{made.study} {made.site} {title}".replace("  ", " "),
            "form_id": re.sub(r"[^A-Za-z0-9_-]", "_", "_".join(filter(None, _who(made)))),
            "version": f"{made.version}-{made.protocol_sha256[:12]}",
            "default_language": _language(made.languages[0]),
            "instance_name": f"concat('{made.study} ', ${{{RECORD_ID}}})",
        }

    def survey(self) -> list[_Row]:
        """Return the questions."""
        made, words = self._made, self._words
        stamp = words(
            "made_for", study=made.study, version=made.version, sha256=made.protocol_sha256
        )
        rows: list[_Row] = [
            {"type": "calculate", "name": STAMP, "calculation": f"'{made.protocol_sha256}'"},
            {"type": "calculate", "name": VERSION, "calculation": f"'{made.version}'"},
            {"type": "note", "name": "made_for", "label": stamp},
            {
                "type": "select_one sites", "name": SITE, "label": words("xlsform.site"),
                "required": "yes", "appearance": "minimal", "default": made.site,
            },
            {
                "type": "select_one records", "name": RECORD_ID, "label": words("record_id"),
                "hint": words("record_help"), "required": "yes", "appearance": "minimal",
                "choice_filter": f"site = ${{{SITE}}}",
            },
        ]  # fmt: skip
        for form in made.forms:
            rows += self._form(form)
        return rows

    def _form(self, form: Form) -> list[_Row]:
        kind = "repeat" if form.repeats else "group"
        sign = "=" if form.record == "site" else "!="
        name = {language: f"{form.id} {text}" for language, text in form.name.items()}
        rows: list[_Row] = [
            {
                "type": f"begin_{kind}", "name": form.slug, "label": name,
                "relevant": f"${{{RECORD_ID}}} {sign} ${{{SITE}}}",
            },
            {"type": "note", "name": f"{form.id.lower()}__about", "label": form.purpose},
        ]  # fmt: skip
        for item in form.items:
            rows += self._item(form, item)
        rows += [row for check in form.checks for row in self._check(form, check)]
        return [*rows, {"type": f"end_{kind}"}]

    def _item(self, form: Form, item: Item) -> list[_Row]:
        if item.key and item.type in ("site", "subject"):
            of = SITE if item.type == "site" else RECORD_ID
            return [{"type": "calculate", "name": item.variable, "calculation": f"${{{of}}}"}]
        shown = self._rule(item.shown_when, form, item.oid) if item.shown_when else ""
        constraint, refusal = self._constraint(item)
        unit = f" [{item.unit}]" if item.unit else ""
        asks_why = item.required and not (item.key or item.codelist)
        rows: list[_Row] = [
            {
                "type": self._type(item),
                "name": item.variable,
                "label": {language: text + unit for language, text in item.label.items()},
                "hint": self._hint(item),
                "required": "yes" if item.required and not asks_why else "",
                "relevant": shown,
                "constraint": constraint,
                "constraint_message": refusal,
            }
        ]
        if asks_why:
            empty = f"${{{item.variable}}} = ''"
            rows.append(
                {
                    "type": f"select_one {_MISSING}", "name": f"{item.variable}__{_MISSING}",
                    "label": self._each(item, "xlsform.missing"),
                    "hint": self._words("xlsform.missing_help"),
                    "required": "yes",
                    "relevant": f"{shown} and {empty}" if shown else empty,
                    "appearance": "minimal",
                }
            )  # fmt: skip
        return rows + self._unexpected(item)

    def _type(self, item: Item) -> str:
        if item.codelist:
            name = item.codelist if item.key else f"{item.codelist}_or_{_MISSING}"
            self._lists[name] = None
            return f"select_one {name}"
        return _TYPES.get(item.type, item.type if item.type == "time" else "text")

    def _hint(self, item: Item) -> Texts:
        parts: list[Texts] = [item.help] if item.help else []
        if limits := limits_of(item):
            parts.append(self._words("limits", limits=limits))
        if expected := expected_of(item):
            parts.append(self._words("expected", limits=expected))
        return {
            language: " ".join(part[language] for part in parts)
            for language in self._made.languages
        }

    def _constraint(self, item: Item) -> tuple[str, Texts]:
        if item.type == "text":
            parts = [f"string-length(.) <= {LONGEST_TEXT}"]
            if item.pattern and "'" not in item.pattern:
                parts.append(f"regex(., '^({item.pattern})$')")
            elif item.pattern:
                self._notes.append(
                    self._words("notes.pattern", where=item.oid, pattern=item.pattern)
                )
            asked = {"pattern": item.pattern} if item.pattern else {"limit": LONGEST_TEXT}
            return " and ".join(parts), self._words(f"xlsform.{next(iter(asked))}", **asked)
        parts = [
            test
            for limit, within in ((item.minimum, ">="), (item.maximum, "<="))
            if (test := self._test(".", item, limit, within))
        ]
        if item.codelist or not parts:  # a list has nothing outside it
            return "", {}
        return " and ".join(parts), self._words("limits", limits=limits_of(item))

    def _test(self, name: str, item: Item, limit: Limit, sign: str) -> str:
        """Return the comparison of an item with a limit; of a moment, the last day is within."""
        if limit is None:
            return ""
        if not isinstance(limit, datetime.date):
            return f"{name} {sign} {limit_text(limit)}"
        if item.type == "datetime" and sign in ("<=", ">"):
            limit, sign = limit + datetime.timedelta(days=1), {"<=": "<", ">": ">="}[sign]
        return self._logic.moments(name, sign, f"date('{limit.isoformat()}')")

    def _unexpected(self, item: Item) -> list[_Row]:
        """Return the note that appears where a value is not expected."""
        name = self._logic.name(item)
        tests = [
            test
            for limit, beyond in ((item.expected_minimum, "<"), (item.expected_maximum, ">"))
            if (test := self._test(name, item, limit, beyond))
        ]
        if not tests:
            return []
        texts = self._each(item, "unexpected", limits=expected_of(item))
        where = f"{self._logic.known(item)} and ({' or '.join(tests)})"
        return [
            {
                "type": "note",
                "name": f"{item.variable}__expected",
                "label": texts,
                "relevant": where,
            }
        ]

    def _each(self, item: Item, name: str, **parameters: object) -> Texts:
        """Return fixed words with the label of an item in the language of each."""
        return {
            language: self._words(name, label=label, **parameters)[language]
            for language, label in item.label.items()
        }

    def _check(self, form: Form, check: Check) -> list[_Row]:
        """Return the note that appears where a check fires."""
        fires = self._rule(check.fires_when, form, check.id)
        severity = self._words(f"severity.{check.severity}")
        texts = {
            language: f"{check.id} ({severity[language]}) {message}"
            for language, message in check.message.items()
        }
        name = check.id.lower().replace("-", "__")
        return [{"type": "note", "name": name, "label": texts, "relevant": fires}] if fires else []

    def _rule(self, rule: Rule, form: Form, where: str) -> str:
        try:
            return self._logic.translate(rule, form).true
        except Untranslatable as cause:
            for language in self._made.languages:
                note = self._words(
                    "notes.rule", where=where, rule=rule.text, why=cause.reason.in_(language)
                )
                self._notes.append({language: note[language]})
            return ""

    def choices(self) -> list[_Row]:
        """Return the lists of choices, each once without and once with what to say for no value."""
        made = self._made
        rows: list[_Row] = [
            {"list_name": "sites", "name": site, "label": _coded(site, name)}
            for site, name in made.sites.items()
        ]
        for site, subjects in made.subjects.items():
            about = self._words("xlsform.forms_of_site", site=site)
            rows.append({"list_name": "records", "name": site, "label": about, "site": site})
            rows += [
                {"list_name": "records", "name": subject, "label": self._same(subject),
                 "site": site}
                for subject in subjects
            ]  # fmt: skip
        for name in self._lists:
            listed = made.codelists[name.removesuffix(f"_or_{_MISSING}")]
            codes = {**listed.codes, **({} if name == listed.id else made.missing)}
            rows += [
                {"list_name": name, "name": code, "label": text} for code, text in codes.items()
            ]
        return rows + [
            {"list_name": _MISSING, "name": code, "label": text}
            for code, text in made.missing.items()
        ]

    def _same(self, text: str) -> Texts:
        return dict.fromkeys(self._made.languages, text)

    def notes(self) -> list[_Row]:
        """Return what the form cannot say, and what to send back."""
        title = self._words("xlsform.notes_title")
        said = self._notes or [self._words("xlsform.nothing")]
        about = (self._words("xlsform.send"), self._words("xlsform.optional"))
        return [{"label": text} for text in (*about, title, *said)]


def _who(made: Instrument) -> tuple[str, str]:
    return made.study, made.site


def _coded(code: str, texts: Texts) -> Texts:
    return {language: f"{code} {text}" for language, text in texts.items()}


def _language(code: str) -> str:
    return _LANGUAGES.get(code, f"{code} ({code})")


def _spread(columns: Sequence[str], languages: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the columns of a sheet by their headers: what is translated has one a language."""
    headers: dict[str, tuple[str, str]] = {}
    for column in columns:
        if column in _TRANSLATED:
            headers |= {
                f"{column}::{_language(language)}": (column, language) for language in languages
            }
        else:
            headers[column] = (column, "")
    return headers


def _write(sheet: Any, headers: Mapping[str, tuple[str, str]], rows: Iterable[_Row]) -> None:
    for place, header in enumerate(headers):
        sheet.write_string(0, place, header)
        sheet.set_column(place, place, 24)
    for number, row in enumerate(rows, start=1):
        for place, (column, language) in enumerate(headers.values()):
            value = row.get(column, "")
            text = value if isinstance(value, str) else value.get(language, "")
            if text:
                sheet.write_string(number, place, text)
