"""What an analysis of a reader study says: the result, and how it is made of the reader model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.core.results import Estimate, TestResult
from clinval.stats.reader_study._analysis import Asked, plain_array
from clinval.stats.reader_study._model import (
    Model,
    error_of,
    interval_half,
    margin_test,
    reader_model,
)

if TYPE_CHECKING:
    from clinval.stats.reader_study._covariance import Estimates
    from clinval.stats.reader_study._designs import Design
    from clinval.stats.reader_study._reads import Reads

__all__ = [
    "INCOMPLETE",
    "NO_VARIANCE",
    "ONE_CASE",
    "ONE_CLASS",
    "ONE_MODALITY",
    "ONE_READER",
    "ReaderStudy",
    "ReaderStudyTest",
    "Row",
    "Table",
    "by_reader",
    "margin_tested",
    "negative_components",
    "of_model",
    "result_of",
    "tested",
]

ONE_MODALITY = "fewer than two modalities"
ONE_READER = "fewer than two readers"
INCOMPLETE = "a reader has no read in a modality"
ONE_CLASS = "a reader has no diseased or no non-diseased case in a modality"
ONE_CASE = "a reader has fewer than two cases of a class in a modality"
NO_VARIANCE = "the variance of the difference is not above 0"

Row = tuple[float | None, ...]
Table = tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderStudy(Estimate):
    """Test minus reference with all that the reader model holds; ``n`` counts cases.

    ``<name>_by_modality`` is in the order of ``modalities``, ``<name>_by_reader`` in that of
    ``readers``; ``<name>_by_reader_modality`` has one row a reader. Of ``auc_...``,
    ``sensitivity_...`` and ``specificity_...`` those of the metric are there.
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
    covariance_matrix: Table = ()
    auc_by_modality: Row | None = None
    auc_by_reader_modality: Table | None = None
    sensitivity_by_modality: Row | None = None
    sensitivity_by_reader_modality: Table | None = None
    specificity_by_modality: Row | None = None
    specificity_by_reader_modality: Table | None = None
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
    se_by_reader_modality: Table = ()
    ci_low_by_reader_modality: Table = ()
    ci_high_by_reader_modality: Table = ()
    readers: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    test: str = ""
    reference: str = ""
    design: str = ""
    n_diseased: int = 0
    n_nondiseased: int = 0
    reads: int = 0
    missing_reads: int = 0
    dropped: int = 0
    negative_components: tuple[str, ...] = ()
    negative_variance: str = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderStudyTest(TestResult):
    """A test of the difference against a margin, with the estimate and its interval."""

    estimate: float | None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float = 0.95
    margin: float = 0.0
    n: int = 0


def tested(method: str, found: ReaderStudy, margin: float, alternative: str) -> ReaderStudyTest:
    """Return the test of a margin that goes with an estimate."""
    statistic, p_value = margin_tested(
        found.estimate, found.se, found.df_difference, margin, alternative
    )
    return ReaderStudyTest(
        method=f"mrmc.{method}",
        estimate=found.estimate,
        se=found.se,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        level=found.level,
        margin=margin,
        statistic=statistic,
        df=found.df_difference,
        p_value=p_value,
        n=found.n or 0,
        undefined=found.undefined,
        reason=found.reason,
    )


def margin_tested(
    estimate: float | None, se: float | None, df: float | None, margin: float, alternative: str
) -> tuple[float | None, float | None]:
    """Return statistic and p value of one estimate; without ``df`` by the normal."""
    if estimate is None or se is None:
        return None, None
    done = margin_test(
        np.array(estimate),
        np.array(se),
        np.inf if df is None else df,
        margin=margin,
        alternative=alternative,
    )
    return plain_array(done.statistic), plain_array(done.p_value)


def result_of(
    method: str,
    reads: Reads,
    design: Design,
    ask: Asked,
    estimates: Estimates,
    pair: tuple[int, int],
    random: str,
    level: float,
    negative_variance: str,
) -> ReaderStudy:
    """Return estimates, covariance and what the reader model makes of them as a result."""
    test, reference = pair
    found: dict[str, Any] = {
        "covariance_matrix": plain_array(estimates.covariance),
        f"{ask.name}_by_reader_modality": plain_array(estimates.theta.T),
        **by_reader(estimates, pair, level),
    }
    reason = _gap(reads, design, estimates)
    model = None
    if not reason:
        model = reader_model(
            estimates.theta,
            estimates.covariance,
            random=random,
            nesting=design.nesting,
            test=test,
            reference=reference,
            level=level,
            negative_variance=negative_variance,
        )
        found |= of_model(model, ask.name)
        reason = _missing_variance(model, design, random)
        if design.modalities == 1:
            found["estimate"] = None
    return ReaderStudy(
        method=f"mrmc.{method}",
        level=level,
        n=design.cases,
        readers=reads.readers,
        modalities=reads.modalities,
        test=reads.modalities[test] if reads.modalities else "",
        reference=reads.modalities[reference] if reads.modalities else "",
        design=design.name,
        n_diseased=design.diseased,
        n_nondiseased=design.nondiseased,
        reads=design.reads,
        missing_reads=design.missing_reads,
        dropped=design.dropped,
        negative_components=() if model is None else negative_components(model),
        negative_variance=negative_variance,
        undefined=bool(reason),
        reason=reason,
        **({"estimate": None} | found),
    )


def of_model(model: Model, name: str) -> dict[str, Any]:
    """Return the numbers of a model as attributes of a result; ``name`` is that of the metric."""
    of = model.components
    single = (
        *("estimate", "se", "ci_low", "ci_high", "p_value_difference", "df_difference"),
        *("statistic", "df2", "p_value", "var_reader", "var_reader_modality"),
        *("se_by_modality", "df_by_modality", "ci_low_by_modality", "ci_high_by_modality"),
    )
    parts = (
        *("ms_modality", "ms_reader", "ms_reader_modality", "var_error", "cov1", "cov2", "cov3"),
        *("cov2_by_modality", "ms_reader_by_modality"),
    )
    found = {key: plain_array(getattr(model, key)) for key in single}
    found |= {key: plain_array(getattr(of, key)) for key in parts}
    found["df"] = model.df or None
    found[f"{name}_by_modality"] = plain_array(of.means)
    return found


def by_reader(
    estimates: Estimates, pair: tuple[int, int], level: float, *, bounded: bool = True
) -> dict[str, Any]:
    """Return each reader's difference and estimates, readers fixed, by the normal.

    The limits of estimates are cut to [0, 1] where they are ``bounded``.
    """
    theta, (test, reference) = estimates.theta, pair
    i, j = theta.shape
    if not theta.size:
        return {}
    blocks = estimates.covariance.reshape(i, j, i, j)
    own = np.einsum("ijij->ij", blocks)
    between = np.einsum("jj->j", blocks[test, :, reference, :])
    with np.errstate(invalid="ignore"):
        apart = theta[test] - theta[reference]
        both = own[test] + own[reference]
        error, errors = error_of(both - 2 * between, both), error_of(own, own)
    half, halves = (interval_half(values, np.inf, level) for values in (error, errors))
    found = {
        "estimate_by_reader": apart,
        "se_by_reader": error,
        "ci_low_by_reader": apart - half,
        "ci_high_by_reader": apart + half,
        "p_value_by_reader": margin_test(apart, error, np.inf).p_value,
    }
    if test == reference:
        found = {}
    low, high = theta - halves, theta + halves
    if bounded:
        low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    found |= {
        "se_by_reader_modality": errors.T,
        "ci_low_by_reader_modality": low.T,
        "ci_high_by_reader_modality": high.T,
    }
    return {name: plain_array(values) for name, values in found.items()}


def _gap(reads: Reads, design: Design, estimates: Estimates) -> str:
    """Return why the estimates do not fit into the model, or nothing."""
    if not len(reads.score):
        return ONE_CLASS
    has = ~np.isnan(estimates.theta)
    if not design.readers_incomplete:
        return "" if has.all() else ONE_CLASS
    if design.name != "readers_nested_in_modalities":
        return INCOMPLETE
    read = np.zeros(has.shape, dtype=np.bool_)
    read[reads.modality, reads.reader] = True
    return "" if (has == read).all() else ONE_CLASS


def _missing_variance(model: Model, design: Design, random: str) -> str:
    """Return why the difference has no test, or nothing."""
    if design.modalities == 1:
        return ONE_MODALITY
    if np.isfinite(model.se):
        return ""
    if random != "cases" and model.components.spread_df < 1:
        return ONE_READER
    if random != "readers" and np.isnan(model.components.var_error):
        return ONE_CASE
    return NO_VARIANCE


def negative_components(model: Model) -> tuple[str, ...]:
    """Return the names of the components of variance that were estimated below 0."""
    of = model.components
    values = {
        "var_reader": of.var_reader,
        "var_reader_modality": of.var_reader_modality,
        "cov2_minus_cov3": of.between_readers,
        "denominator": model.denominator,
    }
    return tuple(name for name, value in values.items() if value < 0)
