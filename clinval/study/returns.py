"""What a site returned, once read: typed rows by form, and the defects found in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from clinval.core.problems import Problem
    from clinval.study.meaning import Meaning

__all__ = [
    "HELD",
    "KEY",
    "MISSING",
    "SHEET_ROW",
    "SUBMISSION",
    "CellCounts",
    "Defect",
    "FormReturn",
    "WorkbookReturn",
]

# Columns that every table has beside the fields of its form.
KEY = "_key"  # the values of the key fields, joined
SHEET_ROW = "_row"  # row number in the returned sheet
MISSING = "_missing"  # why values are missing: "scan_time_s=ND;noise=UNK", or None
HELD = "_held"  # kind of the problem for which a row is not used, or None

# A column that the store adds.
SUBMISSION = "_submission"  # number of the submission that the row came with


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """A problem of returned data, with the row and field it is about."""

    problem: Problem
    form: str = ""
    key: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormReturn:
    """The rows of one form.

    ``frame`` has the columns of the form (numbers as float64, times as datetime64, texts as
    object with ``None``) and the four columns named above; one row a returned row. ``lost`` are
    the fields that the sheet does not have, ``meaning`` is what the values of each field stand for.
    """

    form: str
    sheet: str
    frame: pd.DataFrame
    lost: frozenset[str] = frozenset()
    meaning: Mapping[str, Meaning] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCounts:
    """What became of the filled cells of a file: ``given`` is the sum of the other three.

    Attributes
    ----------
    given
        Filled cells below the headings.
    stored
        Values and missing codes of rows that are used.
    rejected
        Cells that were not accepted, are in a row that is not used, or in no column of the form.
    untouched
        Prefilled keys of rows in which nothing was entered.
    """

    given: int = 0
    stored: int = 0
    rejected: int = 0
    untouched: int = 0

    def __add__(self, other: CellCounts) -> CellCounts:
        return CellCounts(
            given=self.given + other.given,
            stored=self.stored + other.stored,
            rejected=self.rejected + other.rejected,
            untouched=self.untouched + other.untouched,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbookReturn:
    """What one site returned in one file; ``sha256`` is empty where it could not be read at all.

    ``refused`` is true when nothing of the file can be used; ``forms`` is then empty and the
    defects say why.
    """

    file_name: str
    sha256: str
    size: int
    site: str
    template: str
    refused: bool
    forms: tuple[FormReturn, ...] = ()
    defects: tuple[Defect, ...] = ()
    stamp: Mapping[str, str] = field(default_factory=dict)
    counts: CellCounts = CellCounts()
    reasons: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    """Why a value was changed where it was entered, by form, key and field."""
