"""The sheet TRUTH of an RJafroc workbook: cases, their lesions, and who read what.

A row a case, or a row a lesion of a diseased case: CaseID, LesionID (0 without a lesion) and
Weight; in the newer layout also the readers and modalities of the row, separated by commas, and a
column with the paradigm and the design below each other.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.capture.reader_study.cells import Cells, is_missing, report_rows

if TYPE_CHECKING:
    from clinval.core.problems import Problems

__all__ = ["Truth", "read_truth"]

_PARADIGM_ROWS = 2  # the paradigm, and the design below it


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a workbook says of its cases.

    Attributes
    ----------
    lesions
        Lesions of each case, in order; none of a non-diseased one.
    first
        Where each case stands first.
    reads
        Reader, modality and case of the reads that were made, if the sheet says so.
    paradigm, design
        In capitals; empty in the older layout.
    """

    lesions: dict[str, list[str]]
    first: dict[str, str]
    reads: frozenset[tuple[str, str, str]] | None
    paradigm: str
    design: str


def read_truth(cells: Cells, problems: Problems) -> Truth:
    """Return what the sheet says, its columns being called by what they are for."""
    words = [word.upper() for word in cells.columns.get("paradigm", ())[:_PARADIGM_ROWS]]
    paradigm, design = (*words, "", "")[:_PARADIGM_ROWS]
    case = cells.labels("case", problems)
    lesion = cells.labels("lesion", problems)
    lesions: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for row, (name, number) in enumerate(zip(case, lesion, strict=True)):
        first.setdefault(name, str(cells.place(row, "case")))
        found = lesions.setdefault(name, [])
        if number != "0" and number not in found:
            found.append(number)
    # a case has no lesion, or has lesions: not both
    bad = [row for row, name in enumerate(case) if lesion[row] == "0" and lesions[name]]
    report_rows(
        problems,
        "reads-truth-differs",
        cells,
        "lesion",
        bad,
        lambda row: {"case": case[row], "truth": 0, "other": 1, "first": first[case[row]]},
    )
    _note_weights(cells, problems)
    return Truth(
        lesions={name: sorted(found, key=_order) for name, found in lesions.items()},
        first=first,
        reads=_reads(cells, problems) if "readers" in cells.columns else None,
        paradigm=paradigm,
        design=design,
    )


def _order(lesion: str) -> tuple[float, str]:
    return (float(lesion), lesion) if lesion.isdigit() else (np.inf, lesion)


def _reads(cells: Cells, problems: Problems) -> frozenset[tuple[str, str, str]]:
    """Return the reads of each row: each of its readers with each of its modalities."""
    columns = [
        [_listed(text) for text in cells.labels(name, problems)]
        for name in ("readers", "modalities")
    ]
    return frozenset(
        (reader, modality, case)
        for readers, modalities, case in zip(*columns, cells.columns["case"], strict=True)
        for reader, modality in itertools.product(readers, modalities)
    )


def _listed(text: str) -> list[str]:
    """Return the labels of a list such as "0, 1" or "(4)", the brackets of nested readers."""
    return [part for part in re.split(r"[\s,;()]+", text) if part]


def _note_weights(cells: Cells, problems: Problems) -> None:
    """Say that the weights of lesions are not used where they are not equal within their case."""
    weights = cells.columns.get("weight")
    if weights is None:
        return
    by_case: dict[str, set[str]] = {}
    for case, weight in zip(cells.columns["case"], weights, strict=True):
        by_case.setdefault(case, set()).add(weight)
    given = ~is_missing(weights)
    apart = [row for row, case in enumerate(cells.columns["case"]) if len(by_case[case]) > 1]
    if apart and given[apart[0]]:
        problems.report("reads-weights-not-used", cells.place(apart[0], "weight"))
