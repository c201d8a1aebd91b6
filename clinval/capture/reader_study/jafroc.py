"""Workbooks of RJafroc: the sheets TRUTH, FP (or NL) and TP (or LL), a row a mark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.capture.reader_study.cells import Cells, heading_key, report_rows
from clinval.capture.reader_study.contents import MarkTables, ReaderStudyFile, ReadTable
from clinval.capture.reader_study.jafroc_truth import Truth, read_truth
from clinval.capture.reader_study.reads import report_read_twice
from clinval.core.errors import SubmissionError
from clinval.core.problems import Place, Problems

if TYPE_CHECKING:
    from clinval.capture.reader_study.cells import NumberColumn

__all__ = ["is_jafroc", "read_jafroc"]

_SHEETS = {"TRUTH": ("truth",), "FP": ("fp", "nl"), "TP": ("tp", "ll")}
_MARK = {"reader": ("readerid",), "modality": ("modalityid",), "case": ("caseid",)}
_LESION = {"lesion": ("lesionid",)}
_COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "TRUTH": {"case": ("caseid",), **_LESION},
    "FP": {**_MARK, "rating": ("fprating", "nlrating", "rating")},
    "TP": {**_MARK, **_LESION, "rating": ("tprating", "llrating", "rating")},
}
_MAY_HAVE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "TRUTH": {
        "weight": ("weight", "weights"),
        "readers": ("readerid",),
        "modalities": ("modalityid",),
        "paradigm": ("paradigm",),
    }
}
_PARADIGMS = ("", "ROC", "FROC")


def is_jafroc(names: Iterable[str]) -> bool:
    """Tell whether the sheets are those of such a workbook, or of one that lacks a sheet."""
    keys = {heading_key(name) for name in names}
    return sum(not keys.isdisjoint(wanted) for wanted in _SHEETS.values()) > 1


def read_jafroc(tables: Mapping[str, Cells], file: str, problems: Problems) -> ReaderStudyFile:
    """Return the reads of an ROC study, or the marks of a free-response study.

    In the older layout a study is one of reads where each reader has one rating of each case in
    each modality, none beside a lesion of a diseased case.

    Raises
    ------
    SubmissionError
        When a sheet or a column is missing, or the study is of another paradigm.
    """
    sheets = _sheets(tables, file, problems)
    if problems.errors:
        raise SubmissionError(problems)
    truth = read_truth(sheets["TRUTH"], problems)
    if truth.paradigm not in _PARADIGMS:
        place = Place(file=file, sheet=sheets["TRUTH"].sheet)
        problems.report("reads-paradigm-other", place, paradigm=truth.paradigm)
    ratings = {name: _marked(sheets[name], truth, problems) for name in ("FP", "TP")}
    _check_lesions(sheets["TP"], truth, problems)
    if truth.paradigm == "ROC" or (not truth.paradigm and _all_rated_once(sheets, truth)):
        reads = _reads(sheets, ratings, truth, problems)
        return ReaderStudyFile(layout="RJafroc", content=reads, design=truth.design)
    if problems.errors:
        raise SubmissionError(problems)
    marks = _mark_tables(sheets, ratings, truth)
    return ReaderStudyFile(layout="RJafroc", content=marks, design=truth.design)


def _sheets(tables: Mapping[str, Cells], file: str, problems: Problems) -> dict[str, Cells]:
    """Return the three sheets, their columns called by what they are for."""
    found = {}
    for name, keys in _SHEETS.items():
        sheet = next((tables[title] for title in tables if heading_key(title) in keys), None)
        if sheet is None:
            problems.report(
                "reads-sheet-missing", Place(file=file), sheet=name, sheets=", ".join(tables)
            )
            continue
        headings = {heading_key(heading): heading for heading in reversed(sheet.columns)}
        names = {}
        for column, keys_ in {**_COLUMNS[name], **_MAY_HAVE.get(name, {})}.items():
            heading = next((headings[key] for key in keys_ if key in headings), None)
            if heading is not None:
                names[column] = heading
            elif column in _COLUMNS[name]:
                problems.report(
                    "reads-column-missing",
                    Place(file=file, sheet=sheet.sheet),
                    column=keys_[0],
                    name=column,
                    columns=", ".join(sheet.columns) or "-",
                )
        found[name] = sheet.named(names)
    return found


def _marked(cells: Cells, truth: Truth, problems: Problems) -> NumberColumn:
    """Check whose marks these are, and return their ratings."""
    reader, modality, case = (cells.labels(name, problems) for name in _MARK)
    unknown = [row for row, name in enumerate(case) if name and name not in truth.lesions]
    report_rows(
        problems, "reads-case-unknown", cells, "case", unknown, lambda row: {"case": case[row]}
    )
    if truth.reads is not None:
        made = truth.reads
        keys = list(zip(reader, modality, case, strict=True))
        others = [row for row, key in enumerate(keys) if key not in made]
        report_rows(
            problems,
            "reads-not-planned",
            cells,
            "reader",
            sorted(set(others) - set(unknown)),
            lambda row: dict(zip(_MARK, keys[row], strict=True)),
        )
    return cells.measured("rating", problems)


def _check_lesions(cells: Cells, truth: Truth, problems: Problems) -> None:
    """Report marks of lesions that there are not, and lesions that a reader marked twice."""
    reader, modality, case = (cells.columns[name] for name in _MARK)
    lesion = cells.labels("lesion", problems)
    known = truth.lesions
    bad = [row for row, name in enumerate(case) if name in known and lesion[row] not in known[name]]
    report_rows(
        problems,
        "reads-lesion-unknown",
        cells,
        "lesion",
        bad,
        lambda row: {"case": case[row], "lesions": ", ".join(known[case[row]]) or "-"},
    )
    target = np.array([f"{name}/{number}" for name, number in zip(case, lesion, strict=True)])
    report_read_twice(cells, "lesion", (reader, modality, target.astype(object)), problems)


def _all_rated_once(sheets: Mapping[str, Cells], truth: Truth) -> bool:
    """Tell whether every reader rated every case once in every modality, and nothing else."""
    rows = [
        key
        for name in ("FP", "TP")
        for key in zip(*(sheets[name].columns[column] for column in _MARK), strict=True)
    ]
    readers, modalities = ({row[place] for row in rows} for place in (0, 1))
    whole = len(readers) * len(modalities) * len(truth.lesions)
    beside = any(truth.lesions.get(case) for case in sheets["FP"].columns["case"])
    return not beside and len(rows) == len(set(rows)) == whole


def _reads(
    sheets: Mapping[str, Cells],
    ratings: Mapping[str, NumberColumn],
    truth: Truth,
    problems: Problems,
) -> ReadTable:
    """Return the reads of an ROC study: FP has the non-diseased cases, TP the diseased ones."""
    fp = sheets["FP"]
    case = fp.columns["case"]
    diseased = [row for row, name in enumerate(case) if truth.lesions.get(name)]
    report_rows(
        problems,
        "reads-truth-differs",
        fp,
        "case",
        diseased,
        lambda row: {"case": case[row], "truth": 0, "other": 1, "first": truth.first[case[row]]},
    )
    for name in ("FP", "TP"):
        reader, modality, cases = (sheets[name].columns[column] for column in _MARK)
        report_read_twice(sheets[name], "case", (reader, modality, cases), problems)
    columns = {
        column: np.concatenate([sheets["FP"].columns[column], sheets["TP"].columns[column]])
        for column in _MARK
    }
    return ReadTable(
        score=np.concatenate([ratings["FP"], ratings["TP"]]),
        truth=np.repeat([0.0, 1.0], [len(sheets["FP"]), len(sheets["TP"])]),
        **columns,
    )


def _mark_tables(
    sheets: Mapping[str, Cells], ratings: Mapping[str, NumberColumn], truth: Truth
) -> MarkTables:
    """Return the marks with the cases; lesions are numbered from 1 in each case."""
    fp, tp = sheets["FP"], sheets["TP"]
    numbers: list[Any] = [
        truth.lesions[case].index(lesion) + 1
        for case, lesion in zip(tp.columns["case"], tp.columns["lesion"], strict=True)
    ]
    reads = sorted(truth.reads or ())
    made = [list(column) for column in zip(*reads, strict=True)] if reads else [None] * 3
    return MarkTables(
        **{f"mark_{column}": [*fp.columns[column], *tp.columns[column]] for column in _MARK},
        mark_type=["NL"] * len(fp) + ["LL"] * len(tp),
        mark_lesion=[None] * len(fp) + numbers,
        mark_rating=[*ratings["FP"].tolist(), *ratings["TP"].tolist()],
        case=list(truth.lesions),
        truth=[int(bool(lesions)) for lesions in truth.lesions.values()],
        n_lesions=[len(lesions) for lesions in truth.lesions.values()],
        read_reader=made[0],
        read_modality=made[1],
        read_case=made[2],
    )
