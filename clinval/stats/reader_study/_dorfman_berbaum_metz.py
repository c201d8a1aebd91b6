"""Difference of two modalities by the analysis of variance of jackknife pseudovalues."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import Labels, Numbers, check_level, check_option
from clinval.stats.reader_study._analysis import asked, left_out_of, pair_of, plain_array
from clinval.stats.reader_study._components import ROUNDING
from clinval.stats.reader_study._grid import grid_of
from clinval.stats.reader_study._model import RANDOM, fisher_p, interval_half, margin_test
from clinval.stats.reader_study._reader_study import (
    NO_VARIANCE,
    ONE_CASE,
    ONE_CLASS,
    ONE_MODALITY,
    ONE_READER,
    Row,
    Table,
)
from clinval.stats.reader_study._reads import coded

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["PseudovalueStudy", "dorfman_berbaum_metz"]

_AXES = {
    "modality": (0,),
    "reader": (1,),
    "case": (2,),
    "reader_modality": (0, 1),
    "modality_case": (0, 2),
    "reader_case": (1, 2),
    "reader_modality_case": (0, 1, 2),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudovalueStudy(Estimate):
    """Test minus reference with the analysis of variance of pseudovalues; ``n`` counts cases."""

    se: float | None = None
    statistic: float | None = None
    df: float | None = None
    df2: float | None = None
    p_value: float | None = None
    p_value_difference: float | None = None
    ms_modality: float | None = None
    ms_reader: float | None = None
    ms_case: float | None = None
    ms_reader_modality: float | None = None
    ms_modality_case: float | None = None
    ms_reader_case: float | None = None
    ms_reader_modality_case: float | None = None
    var_reader: float | None = None
    var_case: float | None = None
    var_reader_modality: float | None = None
    var_modality_case: float | None = None
    var_reader_case: float | None = None
    var_error: float | None = None
    auc_by_modality: Row | None = None
    auc_by_reader_modality: Table | None = None
    sensitivity_by_modality: Row | None = None
    sensitivity_by_reader_modality: Table | None = None
    specificity_by_modality: Row | None = None
    specificity_by_reader_modality: Table | None = None
    readers: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    dropped: int = 0


def dorfman_berbaum_metz(
    score: Numbers,
    truth: Numbers,
    reader: Labels,
    modality: Labels,
    case: Labels,
    *,
    metric: str = "auc",
    random: str = "readers_cases",
    threshold: float | None = None,
    fpr_max: float | None = None,
    test: object = None,
    reference: object = None,
    level: float = 0.95,
) -> PseudovalueStudy:
    r"""Difference of two modalities by Dorfman, Berbaum and Metz, with Hillis' df.

    Parameters
    ----------
    score
        Score of each read (list), larger when more suspicious; ``None`` is a read not made.
    truth
        1 for a diseased, 0 for a non-diseased case (list).
    reader, modality, case
        Labels of each read (lists); every reader reads every case in every modality.
    metric
        "auc", "partial_auc", "sensitivity" or "specificity", of each reader in each modality.
    random
        What the result is to hold for: "readers_cases", "cases" (these readers only) or "readers"
        (these cases only).
    threshold
        Positive is score >= threshold, for sensitivity and specificity.
    fpr_max
        Largest false positive rate of a partial area.
    test, reference
        Labels of the modalities that are compared; the last and the first by default.
    level
        Two-sided level of the interval.

    Returns
    -------
    PseudovalueStudy
        ``estimate`` (test minus reference), ``se``, ``ci_low``, ``ci_high``, the global F
        ``statistic`` with ``df``, ``df2`` and ``p_value``, ``p_value_difference`` of the pair,
        mean squares and components of variance, which may be negative. Undefined with a single
        modality, with a single reader unless readers are fixed, without two cases of each class,
        and where the variance is not above 0.

    Raises
    ------
    ValueError
        As :func:`obuchowski_rockette`, and for a study in which a read is missing.

    Notes
    -----
    The pseudovalues K theta - (K - 1) theta_(k) of K cases, centred at theta, are analysed by
    modality, reader and case. Readers and cases random,

    .. math:: F = \frac{MS(T)}{MS(TR) + \max[MS(TC) - MS(TRC), 0]}

    with df2 = [denominator]^2/(MS(TR)^2/[(I - 1)(J - 1)]); readers fixed MS(T)/MS(TC), cases fixed
    MS(T)/MS(TR). The same as Obuchowski-Rockette with the jackknife, but for fixed readers, where
    it takes t and F in place of the normal and chi-square.

    References
    ----------
    .. [1] Dorfman, Berbaum & Metz 1992, Invest Radiol 27:723.
    .. [2] Hillis 2007, Stat Med 26:596.

    Examples
    --------
    >>> score = [1, 2, 3, 4, 2, 1, 4, 3, 1, 2, 4, 5, 1, 3, 2, 4, 2, 3, 3, 5, 1, 2, 4, 4]
    >>> truth, case = [0, 0, 1, 1] * 6, [1, 2, 3, 4] * 6
    >>> modality, reader = list("x" * 12 + "y" * 12), list("AAAABBBBCCCC" * 2)
    >>> result = dorfman_berbaum_metz(score, truth, reader, modality, case)
    >>> round(result.estimate, 4), round(result.se, 4), round(result.df2, 2)
    (-0.125, 0.1909, 98.0)
    """
    check_level(level)
    check_option("random", random, RANDOM)
    ask = asked(metric, "jackknife", threshold, fpr_max)
    reads = coded(score, truth, reader, modality, case)
    test_, reference_ = pair_of(reads, test, reference)
    grid = grid_of(reads)
    if not grid.crossed:
        raise ValueError(
            "the analysis of pseudovalues needs every case to be read by every reader in every "
            "modality; use obuchowski_rockette"
        )
    theta, left_out = left_out_of(grid, ask)
    i, j = theta.shape
    said: dict[str, Any] = {
        "method": "mrmc.dorfman_berbaum_metz",
        "level": level,
        "n": grid.cases,
        "readers": reads.readers,
        "modalities": reads.modalities,
        "dropped": reads.dropped,
    }
    if not left_out.size:
        return PseudovalueStudy(**said, estimate=None, undefined=True, reason=ONE_CLASS)
    table = _Table(theta, left_out)
    denominator, df2 = table.denominator(random)
    reason = ""
    if np.isnan(theta).any():
        reason = ONE_CLASS
    elif i < 2:
        reason = ONE_MODALITY
    elif j < 2 and random != "cases":
        reason = ONE_READER
    elif np.isnan(denominator):
        reason = ONE_CASE
    elif not denominator > ROUNDING:
        reason = NO_VARIANCE
    defined = not reason
    means = table.means
    apart = np.array(means[test_] - means[reference_]) if i > 1 else np.array(np.nan)
    se = np.array(np.sqrt(2 * denominator / (j * table.cases)) if defined else np.nan)
    ratio = np.array(table.squares["modality"] / denominator if defined else np.nan)
    half = interval_half(se, df2, level)
    numbers = {
        "estimate": apart,
        "se": se,
        "ci_low": apart - half,
        "ci_high": apart + half,
        "statistic": ratio,
        "df2": df2 if defined else np.nan,
        "p_value": fisher_p(ratio, i - 1, np.array(df2)),
        "p_value_difference": margin_test(apart, se, df2).p_value,
        **{f"ms_{name}": square for name, square in table.squares.items()},
        **table.variances(),
        f"{ask.name}_by_modality": means,
        f"{ask.name}_by_reader_modality": theta.T,
    }
    return PseudovalueStudy(
        **said,
        df=i - 1 if i > 1 else None,
        undefined=not defined,
        reason=reason,
        **{name: plain_array(value) for name, value in numbers.items()},
    )


class _Table:
    """The analysis of variance of pseudovalues by modality, reader and case."""

    def __init__(self, theta: FloatArray, left_out: FloatArray) -> None:
        self.means = theta.mean(axis=-1)
        self.cases = left_out.shape[-1]
        pseudo = self.cases * theta[..., None] - (self.cases - 1) * left_out
        pseudo += (theta - pseudo.mean(axis=-1))[..., None]
        self.shape = pseudo.shape
        self.squares = {name: _mean_square(pseudo, axes) for name, axes in _AXES.items()}

    def denominator(self, random: str) -> tuple[float, float]:
        """Return what the mean square of modalities is compared with, and its df."""
        i, j, k = self.shape
        by_reader, by_case = self.squares["reader_modality"], self.squares["modality_case"]
        if random == "cases":
            return by_case, (i - 1) * (k - 1)
        df = float((i - 1) * (j - 1))
        if random == "readers":
            return by_reader, df
        whole = by_reader + max(by_case - self.squares["reader_modality_case"], 0.0)
        return whole, df * (whole / by_reader) ** 2 if by_reader > 0 else np.inf

    def variances(self) -> dict[str, float]:
        """Return the components of variance; they may be negative."""
        (i, j, k), of = self.shape, self.squares
        error = of["reader_modality_case"]
        by_reader, by_case = of["reader_modality"], of["modality_case"]
        both = of["reader_case"]
        return {
            "var_reader": (of["reader"] - by_reader - both + error) / (i * k),
            "var_case": (of["case"] - by_case - both + error) / (i * j),
            "var_reader_modality": (by_reader - error) / k,
            "var_modality_case": (by_case - error) / j,
            "var_reader_case": (both - error) / i,
            "var_error": error,
        }


def _mean_square(values: FloatArray, axes: tuple[int, ...]) -> float:
    """Return the mean square of the effect of some axes beyond the effects of fewer of them."""
    effect = np.zeros([size if axis in axes else 1 for axis, size in enumerate(values.shape)])
    for kept in itertools.chain.from_iterable(
        itertools.combinations(axes, size) for size in range(len(axes) + 1)
    ):
        over = tuple(axis for axis in range(values.ndim) if axis not in kept)
        sign = (-1) ** (len(axes) - len(kept))
        effect = effect + sign * values.mean(axis=over, keepdims=True)
    df = math.prod(values.shape[axis] - 1 for axis in axes)
    square = float(np.sum(effect**2)) * (values.size / effect.size)
    if not df:
        return math.nan
    return 0.0 if square <= ROUNDING * values.size else square / df
