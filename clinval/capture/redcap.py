"""REDCap: the data dictionary, the groups of the sites, the rules, and what to do with them.

A record is a subject, or a site for the forms about the site itself. The identifier of a subject is
the record's, the site is its data access group, and a form of which a record has several rows is a
repeating instrument. The codes for missing values are those of the project, so that they go with
every field.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from clinval.capture.dialects import RECORD_ID, RedcapLogic, is_record
from clinval.capture.layout import LONGEST_TEXT
from clinval.capture.rule_text import Untranslatable
from clinval.capture.said import Words, expected_of, limit_text, limits_of, said
from clinval.core.csv_tables import starts_formula

if TYPE_CHECKING:
    from clinval.capture.instrument import Form, Instrument, Item, Limit, Rule

__all__ = ["HEADERS", "RECORD_FORM", "RECORD_ID", "STAMP", "group_of", "redcap_files"]

HEADERS = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note",
    "Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max",
    "Identifier?", "Branching Logic (Show field only if...)", "Required Field?",
    "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name",
    "Matrix Ranking?", "Field Annotation",
)  # fmt: skip
RECORD_FORM, STAMP = "record", "clinval_protocol"

_VALIDATION = {
    "integer": "integer", "number": "number", "date": "date_ymd", "datetime": "datetime_ymd",
    "time": "time",
}  # fmt: skip
_FEW = 6  # choices that are shown as buttons; a longer list drops down
_GROUP = 18  # characters of the name that REDCap gives a group
_PLAIN_CODE = re.compile(r"-?[A-Za-z0-9_]+")


def group_of(site: str) -> str:
    """Return the unique name that REDCap gives the data access group of a site.

    Examples
    --------
    >>> group_of("S01"), group_of("North-2")
    ('s01', 'north2')
    """
    return re.sub(r"[^a-z0-9_]", "", site.lower().replace(" ", "_"))[:_GROUP]


def redcap_files(made: Instrument) -> dict[str, str]:
    """Return the files that set a project up, by name: CSV files in UTF-8, and ``NOTES.txt``.

    Parameters
    ----------
    made
        What is captured; the languages of an instrument stand side by side in the labels.
    """
    dictionary = _Dictionary(made)
    rows = dictionary.rows()
    rules = dictionary.rules()
    return {
        "data_dictionary.csv": _csv(HEADERS, rows),
        "dags.csv": _csv(
            ("data_access_group_name", "unique_group_name"), [(site, "") for site in made.sites]
        ),
        "records.csv": _csv((RECORD_ID, "redcap_data_access_group", STAMP), _records(made)),
        "repeating_instruments.csv": _csv(
            ("form_name", "custom_form_label"),
            [(form.slug, _row_label(form)) for form in made.forms if form.repeats],
        ),
        "data_quality_rules.csv": _csv(("rule_name", "rule_logic", "real_time_execution"), rules),
        "NOTES.txt": dictionary.notes(),
    }


def _records(made: Instrument) -> Iterable[tuple[str, str, str]]:
    for site, subjects in made.subjects.items():
        for record in (site, *subjects):
            yield record, group_of(site), made.protocol_sha256


def _row_label(form: Form) -> str:
    shown = [item for item in form.items if item.key and item.type not in ("site", "subject")]
    return " ".join(f"[{item.variable}]" for item in shown)


class _Dictionary:
    def __init__(self, made: Instrument) -> None:
        self._made = made
        self._words = Words(made)
        self._logic = RedcapLogic(made.missing)
        self._notes: dict[str, None] = {}

    def rows(self) -> list[dict[str, str]]:
        """Return the rows of the dictionary."""
        rows = self._record()
        for form in self._made.forms:
            header = f"{form.id} {said(form.name)}\n{said(form.purpose)}"
            items = [item for item in form.items if not (is_record(item) or item.type == "site")]
            for item in items:
                rows.append(self._row(form, item, header))
                header = ""
        self._say_codes()
        return rows

    def _record(self) -> list[dict[str, str]]:
        made, words = self._made, self._words
        stamp = words(
            "made_for", study=made.study, version=made.version, sha256=made.protocol_sha256
        )
        return [
            {
                HEADERS[0]: RECORD_ID, HEADERS[1]: RECORD_FORM, HEADERS[2]: said(stamp, "\n"),
                HEADERS[3]: "text", HEADERS[4]: said(words("record_id")),
                HEADERS[6]: said(words("record_help")),
            },
            {
                HEADERS[0]: STAMP, HEADERS[1]: RECORD_FORM, HEADERS[3]: "text",
                HEADERS[4]: said(words("stamp")),
                HEADERS[17]: f"clinval @READONLY @DEFAULT='{made.protocol_sha256}'",
            },
        ]  # fmt: skip

    def _row(self, form: Form, item: Item, header: str) -> dict[str, str]:
        kind = _VALIDATION.get(item.type, "")
        low, high = (_limit(limit, item, last) for limit, last in _ends(item)) if kind else ("", "")
        unit = f" [{item.unit}]" if item.unit else ""
        return {
            HEADERS[0]: item.variable,
            HEADERS[1]: form.slug,
            HEADERS[2]: _safe(header),
            HEADERS[3]: self._type(item),
            HEADERS[4]: _safe(said(item.label) + unit),
            HEADERS[5]: _safe(self._choices(item)),
            HEADERS[6]: _safe(self._note(item)),
            HEADERS[7]: kind,
            HEADERS[8]: low,
            HEADERS[9]: high,
            HEADERS[11]: self._shown(form, item),
            HEADERS[12]: "y" if item.required else "",
            HEADERS[17]: self._annotation(item),
        }

    def _type(self, item: Item) -> str:
        codes = self._made.codes_of(item)
        if codes:
            return "radio" if len(codes) <= _FEW else "dropdown"
        return "text"

    def _choices(self, item: Item) -> str:
        parts = []
        for code, texts in self._made.codes_of(item).items():
            label = " ".join(said(texts).split())
            if "|" in label:
                self._note_down("bar", where=item.oid)
                label = label.replace("|", "¦")
            parts.append(f"{code}, {label}")
        return " | ".join(parts)

    def _note(self, item: Item) -> str:
        parts = [said(item.help)] if item.help else []
        if limits := limits_of(item):
            parts.append(said(self._words("limits", limits=limits)))
        elif item.unit:
            parts.append(f"[{item.unit}]")
        if expected := expected_of(item):
            parts.append(said(self._words("expected", limits=expected)))
        return "\n".join(parts)

    def _shown(self, form: Form, item: Item) -> str:
        return self._rule(item.shown_when, form, item.oid) if item.shown_when else ""

    def _annotation(self, item: Item) -> str:
        if item.pattern:
            self._note_down("pattern", where=item.oid, pattern=item.pattern)
        # what no action of REDCap begins with is not acted on
        return item.oid + (f" @CHARLIMIT={LONGEST_TEXT}" if item.type == "text" else "")

    def rules(self) -> list[tuple[str, str, str]]:
        """Return the rules: hard limits, what is expected, and the checks of the forms."""
        rules = []
        for form in self._made.forms:
            for item in form.items:
                label = said(item.label)
                for kind, low, high, limits, now in (
                    ("outside", item.minimum, item.maximum, limits_of(item), "y"),
                    (
                        "unexpected", item.expected_minimum, item.expected_maximum,
                        expected_of(item), "n",
                    ),
                ):  # fmt: skip
                    if logic := self._beyond(item, low, high):
                        words = self._words(kind, label=label, limits=limits)
                        rules.append((f"{item.oid} {said(words)}", logic, now))
            for check in form.checks:
                logic = self._rule(check.fires_when, form, check.id)
                severity = said(self._words(f"severity.{check.severity}"))
                now = "y" if check.severity == "critical" else "n"
                if logic:
                    rules.append((f"{check.id} ({severity}) {said(check.message)}", logic, now))
        return rules

    def _beyond(self, item: Item, low: Limit, high: Limit) -> str:
        tests = []
        for limit, sign in ((low, "<"), (high, ">")):
            if isinstance(limit, float):
                tests.append(f"{self._logic.name(item)} {sign} {limit_text(limit)}")
            elif limit is not None:
                name, day = self._logic.name(item), f"'{limit.isoformat()}'"
                tests.append(self._logic.moments(name, sign, day))
        if not tests:
            return ""
        return f"{self._logic.known(item)} and ({' or '.join(tests)})"

    def _rule(self, rule: Rule, form: Form, where: str) -> str:
        try:
            return self._logic.translate(rule, form).true
        except Untranslatable as cause:
            why = self._said(cause)
            self._note_down("rule", where=where, rule=rule.text, why=why)
            return ""

    def _said(self, cause: Untranslatable) -> str:
        return said({language: cause.reason.in_(language) for language in self._made.languages})

    def _note_down(self, kind: str, **parameters: object) -> None:
        for text in self._words(f"notes.{kind}", **parameters).values():
            self._notes[text] = None

    def _say_codes(self) -> None:
        for codelist in self._made.codelists.values():
            for code in codelist.codes:
                if not _PLAIN_CODE.fullmatch(code):
                    self._note_down("code", where=codelist.id, code=code)

    def notes(self) -> str:
        """Return how to set the project up, and what it lacks."""
        made, words = self._made, self._words
        codes = "; ".join(f"{code}, {said(texts)}" for code, texts in made.missing.items())
        forms = {
            record: ", ".join(form.slug for form in made.forms if form.record == record)
            for record in ("subject", "site")
        }
        lines = []
        groups = Counter(group_of(site) for site in made.sites)
        for group in [group for group, count in groups.items() if count > 1]:
            same = ", ".join(site for site in made.sites if group_of(site) == group)
            self._note_down("group", sites=same, group=group)
        for language in made.languages:
            one = {"study": made.study, "version": made.version, "sha256": made.protocol_sha256}
            lines += [words("made_for", **one)[language], "", words("redcap.title")[language]]
            lines += [
                f"{number}. {words(f'redcap.steps.{number - 1}', codes=codes)[language]}"
                for number in range(1, 7)
            ]
            about = words("redcap.about_subject", forms=forms["subject"], others=forms["site"])
            lines += ["", about[language], "", words("redcap.notes_title")[language]]
            lines += [f"- {words('notes.soft')[language]}", ""]
        lines += [f"- {text}" for text in self._notes]
        return "\n".join(lines) + "\n"


def _ends(item: Item) -> tuple[tuple[Limit, bool], tuple[Limit, bool]]:
    return (item.minimum, False), (item.maximum, True)


def _limit(limit: Limit, item: Item, last: bool) -> str:
    """Return a limit as the dictionary writes it; of a moment, the whole last day is within."""
    if limit is None:
        return ""
    clock = (" 23:59" if last else " 00:00") if item.type == "datetime" else ""
    return limit_text(limit) + clock


def _safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f" {text}" if starts_formula(text) else text


def _csv(headers: Sequence[str], rows: Iterable[Sequence[str] | Mapping[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(headers)
    for row in rows:
        writer.writerow(
            [row.get(header, "") for header in headers] if isinstance(row, Mapping) else row
        )
    return stream.getvalue()
