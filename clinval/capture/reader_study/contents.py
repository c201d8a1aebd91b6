"""What a file of a reader study holds: reads with a score, or marks with ratings."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinval.capture.reader_study.cells import NumberColumn, TextColumn
    from clinval.core.problems import Problem

__all__ = ["MarkTables", "ReadTable", "ReaderStudyFile"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadTable:
    """One entry a read: shape (reads,) each; NaN is a read without a score."""

    score: NumberColumn
    truth: NumberColumn
    reader: TextColumn
    modality: TextColumn
    case: TextColumn

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that methods for reads with a score take."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarkTables:
    """Marks (one entry each), cases, and the reads that were made if the file says so."""

    mark_modality: Sequence[str]
    mark_reader: Sequence[str]
    mark_case: Sequence[str]
    mark_type: Sequence[str]
    mark_lesion: Sequence[int | None]
    mark_rating: Sequence[float]
    case: Sequence[str]
    truth: Sequence[int]
    n_lesions: Sequence[int]
    read_modality: Sequence[str] | None = None
    read_reader: Sequence[str] | None = None
    read_case: Sequence[str] | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that methods for free-response reads take."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderStudyFile:
    """What a file holds, and what is to be said of it.

    ``layout`` is "iMRMC", "RJafroc" or "table"; ``design`` is what the file itself calls its
    design, if it does.
    """

    layout: str
    content: ReadTable | MarkTables
    design: str = ""
    notes: tuple[Problem, ...] = ()
