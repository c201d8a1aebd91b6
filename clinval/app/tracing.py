"""Follow a printed number to its record, from there to its rows, their cells and their history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from clinval.app.folder import StudyFolder
from clinval.app.reporting import usable_results
from clinval.capture.dicom.study.harvest_return import is_harvest, origins_of
from clinval.capture.reading.headers import SEARCHED, Headings
from clinval.capture.reading.sheets import shown_name
from clinval.capture.returned import is_workbook
from clinval.core.errors import AnalysisError, ReportError, UsageError
from clinval.core.problems import Place
from clinval.core.records import Record, Results
from clinval.endpoints.behind import Behind, behind
from clinval.protocol.finance_form import KEPT, with_answers
from clinval.protocol.model import Protocol
from clinval.report.numbers import printed
from clinval.study.analysis_sets import memberships
from clinval.study.audit import Entry
from clinval.study.data import StudyData
from clinval.study.returns import KEY, SHEET_ROW, SUBMISSION
from clinval.study.store import StudyStore, Submission

__all__ = ["FEW", "Row", "Trace", "trace"]

FEW = 10  # rows that are shown unless all are asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row behind a number: what was read of it, where it was returned, and its history.

    ``cells`` has the cell of each field, without those of a file that is not kept or was changed.
    ``origins`` are, of values that were read from headers of images, their source, confidence and
    flags, and the parts that they were made of with the hashes of the files of each.
    ``audit`` are the entries of the submission it came with and of changes to it.
    """

    site: str
    key: str
    values: Mapping[str, Any]
    file: str
    sha256: str
    sheet: str
    row: int
    cells: Mapping[str, str]
    audit: tuple[Entry, ...]
    origins: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where a number comes from.

    Attributes
    ----------
    records
        Every record that prints so, or is called so; with more than one, nothing else is said.
    software, data
        What the results were computed with and from.
    behind
        The rows of the one record, ``None`` where it is not computed from rows.
    rows
        The first of them, or all.
    """

    records: tuple[Record, ...]
    software: Mapping[str, str]
    data: Mapping[str, Any]
    behind: Behind | None = None
    rows: tuple[Row, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for machines."""
        content: dict[str, Any] = {
            "records": [asdict(record) for record in self.records],
            "software": dict(self.software),
            "data": dict(self.data),
        }
        if self.behind is not None:
            content["form"] = self.behind.form
            content["count"] = len(self.behind.rows)
            content["fields"] = list(self.behind.fields)
            content["wider"] = list(self.behind.wider)
            content["rows"] = [asdict(row) for row in self.rows]
        return content


def trace(folder: StudyFolder, sought: str, *, every_row: bool = False) -> Trace:
    """Follow a number.

    Parameters
    ----------
    folder
        The study, analyzed.
    sought
        The id of a record, a part of it, or a number as it is printed (``0.912``, ``91.2%``).
    every_row
        Whether all rows are returned, not only the first.

    Raises
    ------
    UsageError
        When there are no results, or no record prints so or is called so (``number-unknown``).
    ReportError
        When the results cannot be used, or are not of the protocol and the data as they are now
        (``results-of-other-data``).
    AnalysisError
        When there are no data.
    """
    protocol = folder.protocol()
    results = usable_results(folder, protocol)
    records = _found(results, sought)
    provenance = results.provenance
    if not records:
        place = Place(file=folder.results_path.name)
        raise UsageError.of("number-unknown", place, sought=sought)
    known = {"software": provenance["software"], "data": provenance["data"]}
    if len(records) > 1:
        return Trace(records=records, **known)
    if not folder.store_path.is_file():
        raise AnalysisError.of("no-data", Place(file=folder.store_path.name))
    with StudyStore(folder.store_path, protocol.study.id) as store:
        if store.manifest_sha256 != provenance["data"]["sha256"]:
            place = Place(file=folder.results_path.name)
            raise ReportError.of(
                "results-of-other-data", place, version=provenance["data"]["version"],
                now=store.version,
            )  # fmt: skip
        data = StudyData(with_answers(protocol, provenance.get(KEPT, {})), store)
        found = behind(records[0], data, memberships(data))
        rows = () if found is None else _rows(folder, data, found, every_row=every_row)
    return Trace(records=records, behind=found, rows=rows, **known)


# ---------------------------------------------------------------------- which records


def _found(results: Results, sought: str) -> tuple[Record, ...]:
    """Return the record of this id, else those that print so, else those whose id has this part."""
    exact = results.get(sought)
    if exact is not None:
        return (exact,)
    number = _plain(sought)
    printing = [record for record in results.records if number in _forms(record, number)]
    if printing:
        return tuple(printing)
    return tuple(record for record in results.records if sought in record.id) if sought else ()


def _forms(record: Record, number: str) -> set[str]:
    """Return how a record may be printed: by its unit, in the appendix, or rounded as asked."""
    value = record.value
    if value is None or isinstance(value, (bool, str)):
        return set() if value is None else {str(value)}
    forms = {printed(value, record.unit, suffix=suffix) for suffix in (True, False)}
    forms |= {f"{value:.6g}", str(value)}
    decimals = len(number.partition(".")[2])
    if decimals >= 2 and isinstance(value, float):  # a share as it is, where 91.2% is printed
        forms.add(f"{value:.{decimals}f}")
    return {_plain(form) for form in forms}


def _plain(text: str) -> str:
    """Return a number without what only helps to read it.

    Examples
    --------
    >>> _plain(" 1,234"), _plain("\N{MINUS SIGN}14.2"), _plain("91.2 %")
    ('1234', '-14.2', '91.2%')
    """
    return text.replace("\N{MINUS SIGN}", "-").replace(",", "").replace(" ", "")


# ---------------------------------------------------------------------- the rows


def _rows(
    folder: StudyFolder, data: StudyData, found: Behind, *, every_row: bool
) -> tuple[Row, ...]:
    positions = found.rows if every_row else found.rows[:FEW]
    table = data.store.table(found.form, [KEY, SHEET_ROW, SUBMISSION, *found.fields])
    if table is None or not len(positions):
        return ()
    site = [data.site_names[index] for index in data.site_of_row(found.form)[positions]]
    submissions = {submission.id: submission for submission in data.store.submissions()}
    history, columns = _history(data.store), _Columns(folder, data.protocol)
    rows = []
    for where, values in zip(site, table.iloc[positions].to_dict("records"), strict=True):
        submission = submissions[int(values[SUBMISSION])]
        key = str(values[KEY])
        sheet, number = data.store.place_of(submission.id, found.form, where, key)
        letters = columns.of(submission, found.form, sheet)
        origins = columns.origins(submission, number)
        subjects = (f"submission {submission.id}", f"{where} {found.form} {key}")
        rows.append(
            Row(
                site=where,
                key=key,
                values={name: _value(values.get(name)) for name in found.fields},
                file=submission.file_name,
                sha256=submission.sha256,
                sheet=sheet,
                row=number,
                cells={
                    **{name: f"{number}:{name}" for name in found.fields if name in origins},
                    **{
                        name: f"{letters[name]}{number}" for name in found.fields if name in letters
                    },
                },
                origins={name: origins[name] for name in found.fields if name in origins},
                audit=tuple(entry for subject in subjects for entry in history.get(subject, ())),
            )
        )
    return tuple(rows)


def _value(value: Any) -> Any:
    """Return a value as people read it, ``None`` where there is none."""
    import pandas as pd

    if pd.isna(value):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


_OF_ROWS = ("receive", "change")  # what a row came with, and what was corrected in it


def _history(store: StudyStore) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in store.audit_entries():
        if entry.action in _OF_ROWS:
            found.setdefault(entry.subject, []).append(entry)
    return found


@dataclass(frozen=True, slots=True)
class _Columns:
    """The letters of the columns of returned files, as they came and are kept."""

    folder: StudyFolder
    protocol: Protocol
    known: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    harvests: dict[str, list[str]] = field(default_factory=dict)

    def of(self, submission: Submission, form: str, sheet: str) -> Mapping[str, str]:
        """Return the letter of each field; none where the file is not kept as it came."""
        key = (submission.sha256, sheet)
        if key not in self.known:
            kept = self.folder.as_it_came(submission.sha256)
            self.known[key] = self._read(kept, form, sheet) if kept else {}
        return self.known[key]

    def origins(self, submission: Submission, line: int) -> Mapping[str, Mapping[str, Any]]:
        """Return what a line of values from headers says of each; nothing of any other file."""
        if submission.sha256 not in self.harvests:
            kept = self.folder.as_it_came(submission.sha256)
            content = kept.read_bytes() if kept else b""
            text = content.decode("utf-8-sig") if is_harvest(content) else ""
            self.harvests[submission.sha256] = text.split("\n")
        lines = self.harvests[submission.sha256]
        return origins_of(lines[line - 1]) if 0 < line <= len(lines) else {}

    def _read(self, path: Path, form: str, sheet: str) -> Mapping[str, str]:
        import warnings

        from openpyxl import load_workbook
        from openpyxl.utils import get_column_letter

        if not is_workbook(path):
            return {}  # the fields of a text have no letters
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a spreadsheet may have beside its cells
            workbook = load_workbook(path, read_only=True, data_only=True)
        try:
            names = [
                name
                for order, name in enumerate(workbook.sheetnames)
                if shown_name(name, order) == sheet
            ]
            top = list(workbook[names[0]].iter_rows(max_row=SEARCHED + 2, values_only=True))
        finally:
            workbook.close()
        sites = [site.id for site in self.protocol.sites]
        header = Headings(self.protocol.form(form), sites).find(range(1, len(top) + 1), top)
        positions = {} if header is None else header.positions
        return {name: get_column_letter(position) for name, position in positions.items()}
