"""From a figure of merit of every reader and modality to the reader model's answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import NotEstimableError, check_level, check_option, finite
from clinval.stats.reader_study._covariance import jackknife_of
from clinval.stats.reader_study._designs import recognised
from clinval.stats.reader_study._free_response import FIGURES
from clinval.stats.reader_study._marks import coded_marks
from clinval.stats.reader_study._model import (
    ALTERNATIVES,
    RANDOM,
    Model,
    interval_half,
    margin_test,
    reader_model,
)
from clinval.stats.reader_study._reads import Reads, place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, Labels, Numbers
    from clinval.stats.reader_study._marks import Marks

__all__ = ["FreeResponse", "FreeResponseTest", "Tables", "analysed", "tested"]

Row: TypeAlias = tuple[float | None, ...]

_ONE_READER = "fewer than two readers"
_ONE_MODALITY = "fewer than two modalities"
_NO_MODALITY = "a reader has no read in a modality"
_NO_VARIANCE = "the estimates of the readers do not vary"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeResponse(Estimate):
    """A figure of merit compared between modalities; ``n`` counts cases.

    ``..._by_reader_modality`` has readers in rows and modalities in columns, in the order of
    ``readers`` and ``modalities``; ``covariance_matrix`` modality by modality, readers within.
    ``estimate_by_reader`` to ``p_value_by_reader`` are test minus reference of each reader, who
    is fixed, and so are ``se_``, ``ci_low_`` and ``ci_high_by_reader_modality``. ``design`` is
    that of the reads, as :func:`clinval.stats.reader_study.mrmc.design` names it.
    """

    se: float | None = None
    statistic: float | None = None
    df: float | None = None
    df2: float | None = None
    p_value: float | None = None
    p_value_difference: float | None = None
    df_difference: float | None = None
    ms_modality: float | None = None
    ms_reader: float | None = None
    ms_reader_modality: float | None = None
    var_reader: float | None = None
    var_reader_modality: float | None = None
    var_error: float | None = None
    cov1: float | None = None
    cov2: float | None = None
    cov3: float | None = None
    covariance_matrix: tuple[Row, ...] = ()
    fom_by_modality: Row = ()
    fom_by_reader_modality: tuple[Row, ...] = ()
    se_by_modality: Row = ()
    df_by_modality: Row = ()
    ci_low_by_modality: Row = ()
    ci_high_by_modality: Row = ()
    cov2_by_modality: Row = ()
    ms_reader_by_modality: Row = ()
    estimate_by_reader: Row = ()
    se_by_reader: Row = ()
    ci_low_by_reader: Row = ()
    ci_high_by_reader: Row = ()
    p_value_by_reader: Row = ()
    se_by_reader_modality: tuple[Row, ...] = ()
    ci_low_by_reader_modality: tuple[Row, ...] = ()
    ci_high_by_reader_modality: tuple[Row, ...] = ()
    readers: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    design: str = ""
    n_abnormal: int = 0
    n_normal: int = 0
    n_lesions: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeResponseTest(TestResult):
    """A difference of figures of merit against a margin, with its two-sided interval."""

    estimate: float | None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float = 0.95
    margin: float = 0.0
    n: int = 0


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a study, as the public functions are given them.

    ``marks`` and ``reads`` are columns in the order modality, reader, case and for marks type,
    lesion, rating; ``cases`` are case, truth and number of lesions.
    """

    marks: tuple[Labels, Labels, Labels, Labels, Labels, Numbers]
    cases: tuple[Labels, Numbers, Numbers]
    reads: tuple[Labels | None, Labels | None, Labels | None] = (None, None, None)

    def coded(self) -> Marks:
        """Return the marks as arrays."""
        names = ("modality", "reader", "case")
        given = [column is not None for column in self.reads]
        if any(given) and not all(given):
            raise ValueError("give read_modality, read_reader and read_case together, or none")
        marks = dict(zip((*names, "type", "lesion", "rating"), self.marks, strict=True))
        reads = dict(zip(names, self.reads, strict=True)) if all(given) else None
        return coded_marks(marks, *self.cases, reads)


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A figure, its covariance and model; ``model`` is None where there is no covariance."""

    figure: FloatArray
    covariance: FloatArray
    model: Model
    reason: str


def _fitted(
    name: str, marks: Marks, design: Any, options: dict[str, Any], *, random: str
) -> _Fitted:
    """Return the reader model of a figure."""
    merit = FIGURES[name](marks)
    present = ~np.isnan(merit.figure)
    curves, reason = merit.figure.size, merit.reason
    covariance = np.full((curves, curves), np.nan)
    if merit.without is not None:
        cases = merit.without.shape[-1]  # of the jackknife: those that the figure is about
        covariance = jackknife_of(merit.figure, merit.without, cases).covariance
    nested = design.name == "readers_nested_in_modalities"
    modalities, readers = merit.figure.shape
    if not present.all() and not nested:
        reason = _NO_MODALITY
    elif modalities < 2:
        reason = _ONE_MODALITY
    elif readers < 2 and random != "cases":
        reason = _ONE_READER
    model = reader_model(
        merit.figure, covariance, random=random, nesting=design.nesting, bounded=False, **options
    )
    return _Fitted(merit.figure, covariance, model, reason or _NO_VARIANCE)
