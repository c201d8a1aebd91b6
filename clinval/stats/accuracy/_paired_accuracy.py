"""Relative sensitivity, specificity and likelihood ratios of two tests in the same subjects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from clinval.core.results import Result
from clinval.stats._checks import Counts, check_level
from clinval.stats._distributions import normal_p, normal_quantile
from clinval.stats.accuracy._paired_tables import paired_cells

__all__ = ["RelativeAccuracy", "RelativeLikelihoodRatios", "gu_pepe", "relative"]

_NO_CALL = "a test makes no such call in the diseased or the non-diseased"
_NO_CORRECT_CALL = "a test makes no correct call: a logarithm is infinite"
_NO_DISCORDANT = "no discordant pair"
_NOT_BOTH = "no diseased or no non-diseased subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeAccuracy(Result):
    """Ratios of sensitivity and of specificity, test over reference."""

    sensitivity_test: float | None
    sensitivity_reference: float | None
    sensitivity_ratio: float | None
    sensitivity_ratio_se_log: float | None
    sensitivity_ratio_ci_low: float | None
    sensitivity_ratio_ci_high: float | None
    sensitivity_p_value: float | None
    specificity_test: float | None
    specificity_reference: float | None
    specificity_ratio: float | None
    specificity_ratio_se_log: float | None
    specificity_ratio_ci_low: float | None
    specificity_ratio_ci_high: float | None
    specificity_p_value: float | None
    level: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeLikelihoodRatios(Result):
    """Ratios of likelihood ratios, test over reference."""

    lr_pos_test: float | None
    lr_pos_reference: float | None
    lr_pos_ratio: float | None
    lr_pos_ratio_se_log: float | None
    lr_pos_ratio_ci_low: float | None
    lr_pos_ratio_ci_high: float | None
    lr_pos_statistic: float | None
    lr_pos_p_value: float | None
    lr_neg_test: float | None
    lr_neg_reference: float | None
    lr_neg_ratio: float | None
    lr_neg_ratio_se_log: float | None
    lr_neg_ratio_ci_low: float | None
    lr_neg_ratio_ci_high: float | None
    lr_neg_statistic: float | None
    lr_neg_p_value: float | None
    level: float
    n: int


class _Pairs(NamedTuple):
    """Calls of paired tests in one group: by both, one only, and all subjects of the group."""

    both: float
    test_only: float
    reference_only: float
    n: float

    @property
    def test(self) -> float:
        return self.both + self.test_only

    @property
    def reference(self) -> float:
        return self.both + self.reference_only

    @property
    def discordant(self) -> float:
        return self.test_only + self.reference_only

    @property
    def log_variance(self) -> float:
        """Variance of log(calls of the test / calls of the reference test)."""
        return self.discordant / (self.test * self.reference)


def relative(diseased: Counts, healthy: Counts, *, level: float = 0.95) -> RelativeAccuracy:
    r"""Relative sensitivity and specificity of paired tests, interval on the logarithm.

    Parameters
    ----------
    diseased, healthy
        Counts [positive with both, with the test only, with the reference test only, with
        neither] among the subjects with and without the condition.
    level
        Two-sided level of the intervals.

    Returns
    -------
    RelativeAccuracy
        For ``sensitivity`` and ``specificity``: the value of each test, the ``ratio`` with its
        ``se_log`` and limits and the two-sided ``p_value``; ``n`` subjects. A ratio is undefined
        when a test is never right, the p value without a discordant pair.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, lists that are not of four counts or a level
        outside (0, 1).

    Notes
    -----
    With a subjects called rightly by both tests, b by the test and c by the reference only,

    .. math:: \log\frac{a + b}{a + c} \mp z \sqrt{\frac{b + c}{(a + b)(a + c)}}

    References
    ----------
    .. [1] Alonzo, Pepe & Moskowitz 2002.

    Examples
    --------
    >>> result = relative([319, 22, 78, 32], [31, 22, 53, 155])
    >>> round(result.sensitivity_ratio, 4), round(result.specificity_ratio, 4)
    (0.8589, 1.1751)
    """
    z = normal_quantile(check_level(level))
    positive_d, _ = _pairs("diseased", diseased)
    _, negative_h = _pairs("healthy", healthy)
    numbers: dict[str, float | None] = {}
    reason = ""
    for name, right in (("sensitivity", positive_d), ("specificity", negative_h)):
        numbers[f"{name}_test"] = right.test / right.n if right.n else None
        numbers[f"{name}_reference"] = right.reference / right.n if right.n else None
        ratio = right.test / right.reference if right.test and right.reference else None
        parts = _log_ratio(name, ratio, right.log_variance if ratio else None, z)
        del parts[f"{name}_statistic"]
        numbers |= parts
        if not right.n:
            reason = _NOT_BOTH
        elif ratio is None:
            reason = _NO_CORRECT_CALL
        elif not right.discordant:
            reason = _NO_DISCORDANT
    return RelativeAccuracy(
        method="accuracy.relative",
        undefined=bool(reason),
        reason=reason,
        level=level,
        n=int(positive_d.n + negative_h.n),
        **numbers,
    )


def gu_pepe(diseased: Counts, healthy: Counts, *, level: float = 0.95) -> RelativeLikelihoodRatios:
    r"""Compare likelihood ratios of paired tests, interval of their ratio on the logarithm.

    Parameters
    ----------
    diseased, healthy
        Counts [positive with both, with the test only, with the reference test only, with
        neither] among the subjects with and without the condition.
    level
        Two-sided level of the intervals.

    Returns
    -------
    RelativeLikelihoodRatios
        For ``lr_pos`` and ``lr_neg``: the value of each test, the ``ratio`` with its ``se_log``
        and limits, the ``statistic`` (standard normal) and the two-sided ``p_value``; ``n``
        subjects. Undefined when a test makes no such call in a group, the test of equality
        without a discordant pair.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, lists that are not of four counts or a level
        outside (0, 1).

    Notes
    -----
    The log ratio of the two likelihood ratios has the variance

    .. math:: \frac{b + c}{(a + b)(a + c)}

    summed over the diseased and the non-diseased, where in each group a calls are made by both
    tests, b by the test and c by the reference only: positive calls for LR+, negative for LR-.

    References
    ----------
    .. [1] Gu & Pepe 2009.

    Examples
    --------
    >>> result = gu_pepe([319, 22, 78, 32], [31, 22, 53, 155])
    >>> round(result.lr_pos_ratio, 4), round(result.lr_neg_ratio, 4)
    (1.3613, 1.7334)
    """
    z = normal_quantile(check_level(level))
    positive_d, negative_d = _pairs("diseased", diseased)
    positive_h, negative_h = _pairs("healthy", healthy)
    numbers: dict[str, float | None] = {}
    reason = ""
    for name, d, h in (("lr_pos", positive_d, positive_h), ("lr_neg", negative_d, negative_h)):
        numbers[f"{name}_test"] = _ratio(d.test * h.n, h.test * d.n)
        numbers[f"{name}_reference"] = _ratio(d.reference * h.n, h.reference * d.n)
        calls = (d.test, d.reference, h.test, h.reference)
        ratio = d.test * h.reference / (h.test * d.reference) if all(calls) else None
        variance = d.log_variance + h.log_variance if ratio else None
        numbers |= _log_ratio(name, ratio, variance, z)
        if not (d.n and h.n):
            reason = _NOT_BOTH
        elif ratio is None:
            reason = _NO_CALL
        elif not d.discordant + h.discordant:
            reason = _NO_DISCORDANT
    return RelativeLikelihoodRatios(
        method="accuracy.gu_pepe",
        undefined=bool(reason),
        reason=reason,
        level=level,
        n=int(positive_d.n + positive_h.n),
        **numbers,
    )


def _pairs(name: str, values: Counts) -> tuple[_Pairs, _Pairs]:
    """Return the positive and the negative calls of one group."""
    both, test, reference, neither = paired_cells(name, values).tolist()
    n = both + test + reference + neither
    return _Pairs(both, test, reference, n), _Pairs(neither, reference, test, n)


def _ratio(numerator: float, denominator: float) -> float | None:
    """Return a likelihood ratio; without a call in one of the groups it is 0, infinite or 0/0."""
    return numerator / denominator if numerator and denominator else None


def _log_ratio(
    name: str, ratio: float | None, variance: float | None, z: float
) -> dict[str, float | None]:
    parts = ("ratio", "ratio_se_log", "ratio_ci_low", "ratio_ci_high", "statistic", "p_value")
    numbers: dict[str, float | None] = dict.fromkeys(f"{name}_{part}" for part in parts)
    if ratio is None or variance is None:
        return numbers
    se = math.sqrt(variance)
    numbers[f"{name}_ratio"] = ratio
    numbers[f"{name}_ratio_se_log"] = se
    numbers[f"{name}_ratio_ci_low"] = ratio * math.exp(-z * se)
    numbers[f"{name}_ratio_ci_high"] = ratio * math.exp(z * se)
    if se > 0:
        statistic = math.log(ratio) / se
        numbers[f"{name}_statistic"] = statistic
        numbers[f"{name}_p_value"] = normal_p(statistic, "two-sided")
    return numbers
