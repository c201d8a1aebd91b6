"""Read an export of a REDCap project that was set up from clinval's data dictionary.

Headings and values may each be codes ("raw") or labels. Which they are is told by the data
dictionary, as `clinval.capture.redcap` writes it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING

from clinval.capture.dialects import RECORD_ID
from clinval.capture.instrument import Form, instrument
from clinval.capture.layout import SITE_ID, columns_of
from clinval.capture.odm import captured
from clinval.capture.reading.headers import Header, Headings
from clinval.capture.reading.package import RefusedError
from clinval.capture.reading.sheets import Row, Rows
from clinval.capture.reading.text_records import DELIMITERS, records_of
from clinval.capture.reading.text_tables import SiteOf, TextFile, TextTable
from clinval.capture.redcap import HEADERS, STAMP, group_of, redcap_files
from clinval.capture.said import said

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol
    from clinval.study.returns import WorkbookReturn

__all__ = ["read_redcap"]

_LANGUAGES = (("en", "zh"), ("zh", "en"), ("en",), ("zh",))
_GROUP = "redcap_data_access_group"
# the export's own columns, by variable and by label, with the variable that each stands for
_OWN = {
    _GROUP: _GROUP, "Data Access Group": _GROUP,
    "redcap_repeat_instrument": "", "Repeat Instrument": "",
    "redcap_repeat_instance": "", "Repeat Instance": "",
    "redcap_event_name": "", "Event Name": "",
    "redcap_survey_identifier": "", "Survey Identifier": "", "Survey Timestamp": "",
    "Complete?": "",
}  # fmt: skip
_STATUS = re.compile(r"\w+_(?:complete|timestamp)")
_CHECKBOX = re.compile(r"(\w+?)___(\w+)")
_CHECKED = ("1", "checked")
_TOP = 200_000  # characters, within which the headings are
_ENOUGH = 2  # variables of the dictionary, to take a text for an export of the project
_STAMP = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class _Project:
    """The project as the data dictionary of the study sets it up, in any of its languages.

    ``labels`` are those of the variables, one set a choice of languages; ``codes`` are the codes
    of each variable by label, and those for values that are not there; a label that two codes
    share names neither.
    """

    forms: tuple[Form, ...] = ()
    labels: list[dict[str, str]] = member(default_factory=list)
    codes: dict[str, dict[str, str]] = member(default_factory=dict)

    def learn(self, protocol: Protocol, languages: tuple[str, ...]) -> None:
        """Learn the labels of the dictionary in these languages."""
        made = instrument(protocol, protocol_sha256="", languages=languages)
        self.forms = made.forms
        missing = [(said(texts), code) for code, texts in made.missing.items()]
        labels = {}
        rows = csv.DictReader(io.StringIO(redcap_files(made)["data_dictionary.csv"]))
        for row in rows:
            name = row[HEADERS[0]]
            labels[name] = _folded(row[HEADERS[4]])
            choices = [choice.partition(",") for choice in row[HEADERS[5]].split(" | ")]
            options = [(label, code.strip()) for code, comma, label in choices if comma]
            known = self.codes.setdefault(name, {})
            for label, code in (*options, *missing):
                if known.setdefault(_folded(label), code) != code:
                    known[_folded(label)] = ""
        self.labels.append(labels)

    def code(self, variable: str, text: str) -> str:
        """Return the code that a label stands for; any other text as it is."""
        return self.codes.get(variable, {}).get(_folded(text)) or text


@dataclass(frozen=True, slots=True)
class _Export:
    """The records of an export: headings, and what each column stands for.

    ``variables`` has a variable, or one of the export's own, for each column that is known.
    """

    project: _Project
    heading: Row
    variables: Mapping[int, str]
    numbers: list[int]
    cells: list[Row]


def read_redcap(file: TextFile, text: str, protocol: Protocol) -> list[WorkbookReturn] | None:
    """Return what is in an export of REDCap, one return a site; ``None`` where it is none.

    Parameters
    ----------
    file
        The file that the text is of.
    text
        The text.
    protocol
        The study.
    """
    if not any(name in text[:_TOP] for name in (RECORD_ID, *_OWN)):
        return None
    project = _Project()
    for languages in _LANGUAGES:
        project.learn(protocol, languages)
    found = _find(text, project)
    if found is None:
        return None
    reading = _Reading(file, found, protocol)
    try:
        return reading.returns()
    except RefusedError as refusal:
        return file.refused(refusal)


def _find(text: str, project: _Project) -> _Export | None:
    """Return the export, by the separator and the languages that know most of its headings."""
    best: tuple[int, str, dict[int, str]] | None = None
    for delimiter in DELIMITERS:
        try:
            top = records_of(text, delimiter, 1)
        except RefusedError:
            continue
        for labels in project.labels if top.cells else ():
            variables = _variables(top.cells[0], labels)
            named = set(variables.values()) & set(labels)
            enough = len(named) >= _ENOUGH and RECORD_ID in named
            if enough and (best is None or len(named) > best[0]):
                best = (len(named), delimiter, variables)
    if best is None:
        return None
    _, delimiter, variables = best
    records = records_of(text, delimiter)
    return _Export(project, records.cells[0], variables, records.numbers[1:], records.cells[1:])


def _variables(heading: Row, labels: Mapping[str, str]) -> dict[int, str]:
    """Return the variable of each column of an export.

    Labels that several variables share come in the order of the dictionary; where not all of them
    are there, they name none.
    """
    sharing: dict[str, list[str]] = {}
    for variable, label in labels.items():
        sharing.setdefault(label, []).append(variable)
    columns: dict[str, list[int]] = {}
    found = {}
    for at, cell in enumerate(heading):
        name = str(cell or "").strip()
        checkbox = _CHECKBOX.fullmatch(name)
        if name in labels or (checkbox and checkbox[1] in labels):
            found[at] = name
        elif name in _OWN:
            found[at] = _OWN[name]
        elif _folded(name) in sharing:
            columns.setdefault(_folded(name), []).append(at)
        elif _STATUS.fullmatch(name):
            found[at] = ""
    for label, positions in columns.items():
        if len(positions) == len(sharing[label]):
            found.update(zip(positions, sharing[label], strict=True))
    return found


class _Reading:
    """Makes the tables of the forms from the records of an export."""

    def __init__(self, file: TextFile, export: _Export, protocol: Protocol) -> None:
        self._file = file
        self._export = export
        self._protocol = protocol
        self._at = {name: at for at, name in export.variables.items() if name}
        self._width = len(export.heading)
        self._site_of = SiteOf(protocol)
        self._sites = {
            _bare(name): site.id for site in protocol.sites for name in (group_of(site.id), site.id)
        }

    def returns(self) -> list[WorkbookReturn]:
        """Return one return a site."""
        rows = self._whole_rows()
        self._say_unknown(rows)
        tables = [
            table
            for order, form in enumerate(self._export.project.forms)
            if (table := self._table(form, order, rows)).rows.cells
        ]
        if not tables:
            forms = ", ".join(form.id for form in self._protocol.asked_forms)
            raise RefusedError("text-of-no-form", looks=forms)
        stamps = {row[self._at[STAMP]] for _, row in rows} - {None} if STAMP in self._at else set()
        sha256 = str(stamps.pop()) if len(stamps) == 1 else ""
        stamp = {"protocol_sha256": sha256} if _STAMP.fullmatch(sha256) else {}
        return self._file.returns(tables, stamp=stamp)

    def _whole_rows(self) -> list[tuple[int, Row]]:
        """Return the records whose fields are as many as the headings."""
        rows = []
        for number, row in zip(self._export.numbers, self._export.cells, strict=True):
            if len(row) == self._width:
                rows.append((number, row))
                continue
            self._file.lose(sum(cell is not None for cell in row))
            self._file.say(
                "text-row-length", order=0, row=number, column=1,
                parameters={"found": len(row), "wanted": self._width},
            )  # fmt: skip
        return rows

    def _say_unknown(self, rows: Sequence[tuple[int, Row]]) -> None:
        """Say which columns are not of the project, and how many values are not stored."""
        for at in range(self._width):
            count = sum(row[at] is not None for _, row in rows)
            if at not in self._export.variables and count:
                self._file.lose(count)
                self._file.say(
                    "column-extra", order=0, row=1, column=at + 1, parameters={"count": count}
                )

    def _table(self, form: Form, order: int, rows: Sequence[tuple[int, Row]]) -> TextTable:
        """Return the rows of a form: of each record, or each repeat, that has something of it."""
        own = self._protocol.form(form.id)
        items = {item.field: item.variable for item in captured(form)}
        boxes = {field: self._boxes(variable) for field, variable in items.items()}
        positions = {
            field: (self._at[variable] if variable in self._at else boxes[field][0][0]) + 1
            for field, variable in items.items()
            if variable in self._at or boxes[field]
        }
        record = self._at[RECORD_ID]
        subject = form.subject_keys[0] if form.record == "subject" else ""
        if subject:
            positions[subject] = record + 1
        positions[SITE_ID] = self._at.get(_GROUP, self._width) + 1
        numbers: list[int] = []
        cells: list[Row] = []
        for number, row in rows:
            made: list[str | None] = [None] * (self._width + 1)
            for field, at in positions.items():
                if field in items:
                    made[at - 1] = self._value(items[field], boxes[field], row)
            if not any(cell is not None for cell in made):
                continue
            if subject:
                made[record] = row[record]
            made[positions[SITE_ID] - 1] = self._site(row, form)
            numbers.append(number)
            cells.append(tuple(made))
        return TextTable(
            form=own,
            name="",
            order=order,
            header=Header(score=1.0, row=1, first=2, positions=positions),
            headings=Headings(own, [site.id for site in self._protocol.sites]),
            top=Rows([1], [self._export.heading]),
            rows=Rows(numbers, cells),
            asked=frozenset(field.id for field in columns_of(own)),
        )

    def _boxes(self, variable: str) -> list[tuple[int, str]]:
        """Return the columns of a field that was made one of check boxes, with their codes."""
        found = []
        for at, name in self._export.variables.items():
            box = _CHECKBOX.fullmatch(name)
            if box and box[1] == variable:
                found.append((at, box[2]))
        return found

    def _value(self, variable: str, boxes: Sequence[tuple[int, str]], row: Row) -> str | None:
        """Return a value as a code; several checked boxes are no code, and so are not accepted."""
        if variable not in self._at:
            checked = [
                code for at, code in boxes if str(row[at] or "").strip().casefold() in _CHECKED
            ]
            return "; ".join(checked) or None
        cell = row[self._at[variable]]
        return None if cell is None else self._export.project.code(variable, str(cell))

    def _site(self, row: Row, form: Form) -> str | None:
        """Return the site of a row: that of its group, else of its record where that is a site."""
        group = row[self._at[_GROUP]] if _GROUP in self._at else None
        if group is not None:
            return self._sites.get(_bare(group), str(group))
        record = row[self._at[RECORD_ID]]
        at_record = (record, None) if form.record == "site" else (None, record)
        return self._site_of.site(*at_record) or None


def _bare(text: object) -> str:
    """Return a name without what REDCap changes in it: case, blanks, signs."""
    return re.sub(r"[\W_]", "", str(text).casefold())


def _folded(text: str) -> str:
    """Return a label without case and blanks, as exports may break it."""
    return "".join(text.casefold().split())
