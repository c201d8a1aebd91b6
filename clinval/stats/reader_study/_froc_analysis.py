"""From a figure of merit of every reader and modality to the reader model's answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats._checks import NotEstimableError, check_level, check_option, finite
from clinval.stats.reader_study._components import ROUNDING
from clinval.stats.reader_study._covariance import jackknife_of
from clinval.stats.reader_study._designs import Design, recognised
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


class _Fitted(NamedTuple):
    """A figure by modality and reader, its covariance, and the model where there can be one."""

    figure: FloatArray
    covariance: FloatArray
    model: Model | None
    reason: str


def analysed(
    name: str, tables: Tables, *, random: str, test: object, reference: object, level: float
) -> FreeResponse:
    """Return the comparison of a figure of merit between modalities.

    Raises
    ------
    ValueError
        For an unknown option or label, and whatever the tables do not allow.
    """
    level = check_level(level)
    check_option("random", random, RANDOM)
    marks = tables.coded()
    places = _pair(marks, test, reference)
    design = _design(marks)
    about: dict[str, Any] = {
        "method": f"froc.{name}",
        "level": level,
        "n": len(marks.truth),
        "readers": marks.readers,
        "modalities": marks.modalities,
        "design": design.name,
        "n_abnormal": int(marks.truth.sum()),
        "n_normal": int((~marks.truth).sum()),
        "n_lesions": len(marks.case_of_lesion),
        "dropped": marks.dropped,
    }
    try:
        fitted = _fitted(name, marks, design, random=random, places=places, level=level)
    except NotEstimableError as error:
        return FreeResponse(estimate=None, undefined=True, reason=error.reason, **about)
    numbers = {"estimate": None} | _of_readers(fitted, places, level)
    if fitted.model is not None:
        numbers |= _of_model(fitted.model)
    lacking = any(numbers.get(key) is None for key in ("estimate", "ci_low", "p_value"))
    reason = fitted.reason if lacking else ""
    return FreeResponse(**numbers, undefined=lacking, reason=reason, **about)


def tested(
    name: str,
    tables: Tables,
    *,
    margin: float,
    alternative: str,
    random: str,
    test: object,
    reference: object,
    level: float,
) -> FreeResponseTest:
    """Return the test of a difference of figures of merit against a margin.

    Raises
    ------
    ValueError
        As :func:`analysed`, and for a margin that is not finite or an unknown alternative.
    """
    margin = finite("margin", margin)
    check_option("alternative", alternative, ALTERNATIVES)
    found = analysed(name, tables, random=random, test=test, reference=reference, level=level)
    statistic = p_value = None
    if found.estimate is not None and found.se is not None:
        df = np.inf if found.df_difference is None else found.df_difference
        estimate, se = np.array(found.estimate), np.array(found.se)
        outcome = margin_test(estimate, se, df, margin=margin, alternative=alternative)
        statistic, p_value = _number(outcome.statistic), _number(outcome.p_value)
    return FreeResponseTest(
        method="froc.figure_test",
        estimate=found.estimate,
        se=found.se,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        level=found.level,
        statistic=statistic,
        df=found.df_difference,
        p_value=p_value,
        margin=margin,
        n=len(tables.cases[1]),
        undefined=p_value is None,
        reason=found.reason if p_value is None else "",
    )


def _pair(marks: Marks, test: object, reference: object) -> tuple[int, int]:
    """Return the places of the two modalities that are compared."""
    labels = marks.modalities
    place_test = len(labels) - 1 if test is None else place_of("test", test, labels)
    place_reference = 0 if reference is None else place_of("reference", reference, labels)
    if place_test == place_reference and not (test is None or reference is None):
        raise ValueError("test and reference must be two modalities")
    return place_test, place_reference


def _design(marks: Marks) -> Design:
    """Return the design that the reads have."""
    modality, reader, case = np.nonzero(marks.read)
    return recognised(
        Reads(
            score=np.zeros(len(case)),
            truth=marks.truth[case],
            reader=reader,
            modality=modality,
            case=case,
            readers=marks.readers,
            modalities=marks.modalities,
            cases=tuple(map(str, range(len(marks.truth)))),
            cluster=None,
            dropped=0,
        )
    )


def _fitted(
    name: str,
    marks: Marks,
    design: Design,
    *,
    random: str,
    places: tuple[int, int],
    level: float,
) -> _Fitted:
    """Return a figure with its covariance, and the reader model of them."""
    merit = FIGURES[name](marks)
    modalities, readers = merit.figure.shape
    covariance = np.full((merit.figure.size, merit.figure.size), np.nan)
    if merit.without is not None:
        covariance = jackknife_of(merit.figure, merit.without).covariance
    nested = design.name == "readers_nested_in_modalities"
    if modalities < 2 or (np.isnan(merit.figure).any() and not nested):
        reason = _ONE_MODALITY if modalities < 2 else _NO_MODALITY
        return _Fitted(merit.figure, covariance, None, reason=reason)
    test, reference = places
    model = reader_model(
        merit.figure,
        covariance,
        random=random,
        nesting=design.nesting,
        test=test,
        reference=reference,
        level=level,
        bounded=False,
    )
    reason = merit.reason or _NO_VARIANCE
    if readers < 2 and random != "cases":
        reason = _ONE_READER
    return _Fitted(merit.figure, covariance, model, reason=reason)


def _of_model(model: Model) -> dict[str, Any]:
    """Return the numbers of the model under the names of the result."""
    of = model.components
    return {
        **{
            name: _number(getattr(model, name))
            for name in (
                "estimate", "se", "ci_low", "ci_high", "statistic", "df", "df2", "p_value",
                "p_value_difference", "df_difference", "var_reader", "var_reader_modality",
            )
        },
        **{
            name: _number(getattr(of, name))
            for name in (
                "ms_modality", "ms_reader", "ms_reader_modality", "var_error", "cov1", "cov2",
                "cov3",
            )
        },
        "se_by_modality": _row(model.se_by_modality),
        "df_by_modality": _row(model.df_by_modality),
        "ci_low_by_modality": _row(model.ci_low_by_modality),
        "ci_high_by_modality": _row(model.ci_high_by_modality),
        "cov2_by_modality": _row(of.cov2_by_modality),
        "ms_reader_by_modality": _row(of.ms_reader_by_modality),
    }  # fmt: skip


def _of_readers(fitted: _Fitted, places: tuple[int, int], level: float) -> dict[str, Any]:
    """Return the figures, and what is said of each reader by itself, who is fixed."""
    figure, covariance = fitted.figure, fitted.covariance
    i, j = figure.shape
    blocks = covariance.reshape(i, j, i, j)
    test, reference = places
    each = np.arange(j)
    own = blocks[:, each, :, each]  # (readers, modalities, modalities)
    se = _root(own[:, range(i), range(i)].T)
    apart = figure[test] - figure[reference]
    shared = own[:, test, test] + own[:, reference, reference] - 2 * own[:, test, reference]
    se_apart = _root(np.where(shared > ROUNDING, shared, 0.0))
    half, half_apart = (interval_half(width, np.inf, level) for width in (se, se_apart))
    two = i > 1
    p_value = margin_test(apart, se_apart, np.inf).p_value
    with_limits = {
        "estimate_by_reader": apart,
        "se_by_reader": se_apart,
        "ci_low_by_reader": apart - half_apart,
        "ci_high_by_reader": apart + half_apart,
        "p_value_by_reader": p_value,
    }
    present = ~np.isnan(figure)
    sizes = present.sum(axis=1)
    means = np.divide(
        np.where(present, figure, 0.0).sum(axis=1), sizes, out=np.full(i, np.nan), where=sizes > 0
    )
    return {
        "covariance_matrix": _rows(covariance),
        "fom_by_modality": _row(means),
        "fom_by_reader_modality": _rows(figure.T),
        "se_by_reader_modality": _rows(se.T),
        "ci_low_by_reader_modality": _rows((figure - half).T),
        "ci_high_by_reader_modality": _rows((figure + half).T),
        **({name: _row(values) for name, values in with_limits.items()} if two else {}),
    }


def _root(variance: FloatArray) -> FloatArray:
    """Return the standard error, NaN where the variance is not above 0."""
    root: FloatArray = np.sqrt(np.where(variance > 0, variance, np.nan))
    return root


def _number(value: FloatArray | float) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None


def _row(values: FloatArray) -> Row:
    return tuple(map(_number, values.tolist()))


def _rows(values: FloatArray) -> tuple[Row, ...]:
    return tuple(map(_row, values))
