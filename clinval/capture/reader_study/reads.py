"""From rows of a table to reads: every row with its labels, its score and the truth of its case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.capture.reader_study.cells import Cells, is_missing, report_rows
from clinval.capture.reader_study.contents import ReadTable

if TYPE_CHECKING:
    from clinval.capture.reader_study.cells import NumberColumn, TextColumn
    from clinval.core.problems import Problems

__all__ = ["TRUTH_READERS", "read_table", "report_read_twice", "report_truth_differs"]

TRUTH_READERS = ("-1", "truth")  # who "reads" the truth of a case in files of iMRMC


def read_table(cells: Cells, problems: Problems) -> ReadTable:
    """Return the reads of a table.

    Parameters
    ----------
    cells
        Columns ``reader``, ``modality``, ``case``, ``score`` and ``truth``; without ``truth``,
        the rows of a reader called "truth" or "-1" hold it as their score.
    problems
        Takes what is wrong, each with its place.
    """
    if "truth" in cells.columns:
        truth = cells.binary("truth", problems)
    else:
        cells, truth = _with_truth_rows(cells, problems)
    reader, modality, case = (
        cells.labels(name, problems) for name in ("reader", "modality", "case")
    )
    score = cells.measured("score", problems)
    report_truth_differs(cells, case, truth, problems)
    made = ~np.isnan(score)
    report_read_twice(
        cells.kept(made), "case", (reader[made], modality[made], case[made]), problems
    )
    return ReadTable(score=score, truth=truth, reader=reader, modality=modality, case=case)


def _with_truth_rows(cells: Cells, problems: Problems) -> tuple[Cells, NumberColumn]:
    """Return the rows that are reads, and the truth of the case of each."""
    readers = cells.columns["reader"]
    of_truth = np.fromiter(
        (reader.casefold() in TRUTH_READERS for reader in readers), np.bool_, len(readers)
    )
    known, reads = cells.kept(of_truth), cells.kept(~of_truth)
    values = known.binary("score", problems)
    cases = known.labels("case", problems)
    report_truth_differs(known, cases, values, problems)
    truth = dict(zip(cases.tolist(), values.tolist(), strict=True))
    found = np.array([truth.get(case, np.nan) for case in reads.columns["case"]], dtype=np.float64)
    lacking = np.flatnonzero(np.isnan(found) & ~is_missing(reads.columns["case"]))
    report_rows(
        problems,
        "reads-case-unknown",
        reads,
        "case",
        _first_of_each(reads.columns["case"], lacking),
        lambda row: {"case": reads.columns["case"][row]},
    )
    return reads, np.nan_to_num(found)


def _first_of_each(values: TextColumn, rows: np.ndarray) -> np.ndarray:
    """Return those of some rows where a value comes for the first time among them."""
    _, first = np.unique(values[rows].astype(str), return_index=True)
    return np.sort(rows[first])


def report_truth_differs(
    cells: Cells, case: TextColumn, truth: NumberColumn, problems: Problems
) -> None:
    """Report rows in which a case has another truth than where it comes first."""
    import pandas as pd

    codes, _ = pd.factorize(case)
    _, first = np.unique(codes, return_index=True)
    begins = first[codes]
    bad = np.flatnonzero(truth != truth[begins])
    report_rows(
        problems,
        "reads-truth-differs",
        cells,
        "case",
        bad,
        lambda row: {
            "case": case[row],
            "truth": int(truth[row]),
            "other": int(truth[begins[row]]),
            "first": str(cells.place(int(begins[row]), "case")),
        },
    )


def report_read_twice(
    cells: Cells, column: str, labels: tuple[TextColumn, TextColumn, TextColumn], problems: Problems
) -> None:
    """Report rows whose reader, modality and case have been in a row before."""
    import pandas as pd

    codes = np.zeros(len(labels[0]), dtype=np.int64)
    for values in labels:
        found, distinct = pd.factorize(values)
        codes = codes * len(distinct) + found
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    begins = first[place]
    bad = np.flatnonzero(begins != np.arange(len(codes)))
    reader, modality, case = labels
    report_rows(
        problems,
        "reads-twice",
        cells,
        column,
        bad,
        lambda row: {
            "reader": reader[row],
            "modality": modality[row],
            "case": case[row],
            "first": str(cells.place(int(begins[row]), column)),
        },
    )
