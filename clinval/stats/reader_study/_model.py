"""The reader model: from estimates and their covariance to tests of modalities.

The model of Obuchowski and Rockette with the degrees of freedom of Hillis, over any leading axes:
one study, or a thousand simulated ones. A number that has no value is NaN here; the public
functions say why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from clinval.stats.reader_study._components import Components, components, rounding_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "ALTERNATIVES",
    "NEGATIVE_VARIANCE",
    "RANDOM",
    "MarginTest",
    "Model",
    "error_of",
    "fisher_p",
    "interval_half",
    "margin_test",
    "reader_model",
    "single_modalities",
]

RANDOM = ("readers_cases", "cases", "readers")
NEGATIVE_VARIANCE = ("report", "truncate")
ALTERNATIVES = ("greater", "less", "two-sided", "equivalence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What the reader model says; every array has the leading axes (...) of the estimates.

    Attributes
    ----------
    components
        Mean squares and covariances.
    estimate, se, ci_low, ci_high, p_value_difference
        Of test minus reference, shape (...).
    df_difference
        Degrees of freedom of t for the difference; infinite for the normal distribution.
    statistic, df, df2, p_value
        Of the test that all modalities are equal: F, or with fixed readers chi-square, whose
        ``df2`` is infinite.
    denominator
        What the mean square of modalities is compared with.
    var_reader, var_reader_modality
        Components of variance; 0 where they are negative and truncated.
    se_by_modality, df_by_modality, ci_low_by_modality, ci_high_by_modality
        Of the mean of the readers in each modality, shape (..., modalities).
    """

    components: Components
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p_value_difference: FloatArray
    df_difference: FloatArray
    statistic: FloatArray
    df: int
    df2: FloatArray
    p_value: FloatArray
    denominator: FloatArray
    var_reader: FloatArray
    var_reader_modality: FloatArray
    se_by_modality: FloatArray
    df_by_modality: FloatArray
    ci_low_by_modality: FloatArray
    ci_high_by_modality: FloatArray


class MarginTest(NamedTuple):
    """Statistic and p value of a test against a margin, shape of the estimates."""

    statistic: FloatArray
    p_value: FloatArray


class _Noise(NamedTuple):
    """Mean square, its degrees of freedom, and the covariance between readers beside it."""

    square: FloatArray
    df: float
    between: FloatArray


def reader_model(
    theta: FloatArray,
    covariance: FloatArray,
    *,
    random: str = "readers_cases",
    nesting: str = "none",
    test: int = -1,
    reference: int = 0,
    level: float = 0.95,
    bounded: bool = True,
    negative_variance: str = "report",
) -> Model:
    """Return tests and intervals of modalities from estimates by reader.

    Parameters
    ----------
    theta
        Estimates, shape (..., I modalities, J readers). Where a reader has no estimate in a
        modality (NaN), every reader must have one in a single modality only: nested readers.
    covariance
        Shape (..., I J, I J), modality by modality; NaN where it is not known, which
        ``random="readers"`` does without.
    random
        "readers_cases", "cases" (readers fixed) or "readers" (cases fixed).
    nesting
        What the design makes 0: "cases_in_readers" cov2 and cov3, "cases_in_modalities" cov1 and
        cov3, "cases_in_both" all three, "none" nothing.
    test, reference
        Places of the two modalities that are compared.
    level
        Two-sided level of the intervals.
    bounded
        Whether intervals of single modalities are cut to [0, 1].
    negative_variance
        "report": components below 0 are reported as they are, and only cov2 - cov3 counts as 0
        where it is negative and readers are random. "truncate": components below 0 are 0, in the
        denominators too, so that random readers never give less variance than fixed ones.

    Notes
    -----
    With M the mean square of readers by modality (of readers within modalities where they are
    nested), d = cov2 - cov3 and w = J (nested: (n^2 - sum n_i^2)/(n (I - 1))), modalities are
    compared with M + w max(d, 0) where readers and cases are random, with var_error - cov1 + (J -
    1) d where only cases are, with M where only readers are. A pair has the variance
    M (1/n_t + 1/n_r) + 2 d, and degrees of freedom (M + w d)^2/(M^2/df_M).
    """
    of = components(theta, covariance, nesting)
    noise = _noise(of, random, negative_variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        over = 1 / of.sizes[..., test] + 1 / of.sizes[..., reference]
        denominator = noise.square + of.weight * noise.between
        variance = noise.square * over + 2 * noise.between
        least = rounding_of(of.var_error)
        ratio = np.where(denominator > least, of.ms_modality / denominator, np.nan)
        estimate = of.means[..., test] - of.means[..., reference]
        se = _root(np.where(variance > least, variance, 0.0))
        df2 = _satterthwaite(denominator, noise.square, noise.df)
        df_pair = _satterthwaite(variance, noise.square * over, noise.df)
        half = interval_half(se, df_pair, level)
        p_pair = margin_test(estimate, se, df_pair).p_value
    df = theta.shape[-2] - 1
    truncated = negative_variance == "truncate"
    var_reader, var_reader_modality = (
        np.maximum(value, 0.0) if truncated else value
        for value in (of.var_reader, of.var_reader_modality)
    )
    se_by, df_by, low_by, high_by = single_modalities(of, random, level, bounded=bounded)
    return Model(
        components=of,
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        p_value_difference=p_pair,
        df_difference=df_pair,
        statistic=ratio * df if random == "cases" else ratio,
        df=df,
        df2=df2,
        p_value=fisher_p(ratio, df, df2),
        denominator=denominator,
        var_reader=var_reader,
        var_reader_modality=var_reader_modality,
        se_by_modality=se_by,
        df_by_modality=df_by,
        ci_low_by_modality=low_by,
        ci_high_by_modality=high_by,
    )


def single_modalities(
    of: Components, random: str, level: float, *, bounded: bool
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return error, degrees of freedom and limits of each modality's mean of readers.

    The shapes are (..., modalities). Covariance between readers below 0 counts as 0.
    """
    n = of.sizes
    between = np.where(n > 1, np.maximum(of.cov2_by_modality, 0.0), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        if random == "cases":
            variance = (of.var_by_modality + (n - 1) * between) / n
            df = np.full(n.shape, np.inf)
        elif random == "readers":
            variance, df = of.ms_reader_by_modality / n, n - 1
        else:
            whole = of.ms_reader_by_modality + n * between
            variance, df = whole / n, _satterthwaite(whole, of.ms_reader_by_modality, n - 1)
        se = _root(variance)
        half = interval_half(se, df, level)
        low, high = of.means - half, of.means + half
    if bounded:
        low, high = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
    return se, df, low, high


def margin_test(
    estimate: FloatArray,
    se: FloatArray,
    df: FloatArray | float,
    *,
    margin: float = 0.0,
    alternative: str = "two-sided",
) -> MarginTest:
    """Return (estimate - margin)/se and its p value from t.

    Parameters
    ----------
    estimate, se
        Any shape.
    df
        Degrees of freedom; infinite for the normal distribution.
    margin
        The value under the null hypothesis; with "equivalence" the width of the two margins.
    alternative
        "greater", "less", "two-sided" or "equivalence": two one-sided tests against -|margin| and
        +|margin|, of which the statistic with the larger p value is given.
    """
    estimate, se = np.asarray(estimate, dtype=np.float64), np.asarray(se, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        if alternative == "equivalence":
            above = np.where(se > 0, (estimate + abs(margin)) / se, np.nan)
            below = np.where(se > 0, (estimate - abs(margin)) / se, np.nan)
            statistic = np.where(above < -below, above, below)
            tail = np.minimum(above, -below)
            return MarginTest(statistic, _student_tail(tail, df))
        statistic = np.where(se > 0, (estimate - margin) / se, np.nan)
    if alternative == "two-sided":
        return MarginTest(statistic, np.minimum(1.0, 2 * _student_tail(np.abs(statistic), df)))
    side = statistic if alternative == "greater" else -statistic
    return MarginTest(statistic, _student_tail(side, df))


def interval_half(se: FloatArray, df: FloatArray | float, level: float) -> FloatArray:
    """Return half the width of a two-sided interval; infinite ``df`` is the normal."""
    half: FloatArray = se * special.stdtrit(np.asarray(df, dtype=np.float64), (1 + level) / 2)
    return half


def _noise(of: Components, random: str, negative_variance: str) -> _Noise:
    """Return what modalities are compared with, by what is random."""
    between = of.between_readers
    positive = np.maximum(between, 0.0)
    if random == "readers":
        return _Noise(of.spread, of.spread_df, np.zeros_like(of.spread))
    if negative_variance == "truncate":
        between = positive
    if random == "cases":
        return _Noise(of.fixed_spread(between), np.inf, between)
    square = of.spread
    if negative_variance == "truncate":
        square = np.maximum(square, of.fixed_spread(positive))
    return _Noise(square, of.spread_df, positive)


def _satterthwaite(whole: FloatArray, square: FloatArray, df: FloatArray | float) -> FloatArray:
    """Return whole^2/(square^2/df), infinite where nothing of the whole was estimated by it."""
    found = np.where(np.isinf(df), np.inf, df * (whole / square) ** 2)
    degrees: FloatArray = np.where(square == 0, np.inf, found)
    return degrees


def error_of(variance: FloatArray, scale: FloatArray) -> FloatArray:
    """Return standard errors: 0 where the variance is rounding of ``scale``, NaN below 0."""
    kept = np.where(np.abs(variance) <= rounding_of(scale), 0.0, variance)
    with np.errstate(invalid="ignore"):
        error: FloatArray = np.sqrt(kept)
    return error


def _root(variance: FloatArray) -> FloatArray:
    """Return the standard error, NaN where the variance is not above 0."""
    root: FloatArray = np.sqrt(np.where(variance > rounding_of(0.0), variance, np.nan))
    return root


def _student_tail(t: FloatArray, df: FloatArray | float) -> FloatArray:
    """Return the probability above t; infinite ``df`` is the normal."""
    tail: FloatArray = special.stdtr(np.asarray(df, dtype=np.float64), -t)
    return tail


def fisher_p(ratio: FloatArray, df: int, df2: FloatArray) -> FloatArray:
    """Return the upper tail of F; infinite ``df2`` is chi-square of df times the ratio."""
    bounded = np.where(np.isfinite(df2), df2, 1.0)
    chi_square = special.chdtrc(df, df * ratio)
    tail: FloatArray = np.where(np.isinf(df2), chi_square, special.fdtrc(df, bounded, ratio))
    return tail
