"""Limits of agreement of two methods on the same subjects, test minus (or over) reference."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clinval.core.results import Estimate
from clinval.stats._checks import Numbers, check_level, paired_samples
from clinval.stats._distributions import normal_quantile, student_quantile
from clinval.stats._moments import TOO_LARGE, differences, log_ratios, ratio_of, variance_of

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["LimitsOfAgreement", "bland_altman", "log_ratio"]


# What log_ratio transforms back; the standard deviation stays as it is.
_ON_LOG_SCALE = (
    "estimate", "ci_low", "ci_high",
    "loa_low", "loa_low_ci_low", "loa_low_ci_high",
    "loa_high", "loa_high_ci_low", "loa_high_ci_high",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsOfAgreement(Estimate):
    """The bias (``estimate``), the limits and the interval of each."""

    sd: float | None = None
    loa_low: float | None = None
    loa_high: float | None = None
    loa_low_ci_low: float | None = None
    loa_low_ci_high: float | None = None
    loa_high_ci_low: float | None = None
    loa_high_ci_high: float | None = None
    coverage: float = 0.95


def bland_altman(
    test: Numbers, reference: Numbers, *, level: float = 0.95, coverage: float = 0.95
) -> LimitsOfAgreement:
    r"""Bland and Altman's limits of agreement with their approximate intervals.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    level
        Two-sided level of the intervals.
    coverage
        Share of differences between the limits.

    Returns
    -------
    LimitsOfAgreement
        ``estimate`` (bias), ``sd``, ``ci_low``, ``ci_high`` (of the bias), ``loa_low``,
        ``loa_high``, their limits ``loa_low_ci_low`` ... ``loa_high_ci_high``, and ``n``. With
        one pair only the bias is defined; a difference that is always the same has an ``sd`` of
        0 and intervals without width.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or a level or
        coverage outside (0, 1).

    Notes
    -----
    With d = test - reference, its standard deviation s (divisor n - 1) and the normal quantile
    zc of the coverage (1.959964 for 0.95): bias -/+ zc s; bias with t(n - 1) s/sqrt(n); a limit
    with

    .. math:: t_{n-1}\, s \sqrt{1/n + z_c^2 / (2 (n - 1))}

    References
    ----------
    .. [1] Bland & Altman 1986, 1999.

    Examples
    --------
    >>> result = bland_altman([494, 395, 516, 434, 476], [512, 430, 520, 428, 500])
    >>> round(result.estimate, 1), round(result.loa_low, 2), round(result.loa_high, 2)
    (-15.0, -46.79, 16.79)
    """
    test_, reference_ = paired_samples(test, reference)
    return _limits("bland_altman", differences(test_, reference_), level, coverage)


def log_ratio(
    test: Numbers, reference: Numbers, *, level: float = 0.95, coverage: float = 0.95
) -> LimitsOfAgreement:
    """Limits of agreement of the ratio test/reference, from differences of logarithms.

    Parameters
    ----------
    test, reference
        Positive values of the same subjects (lists of equal length, one pair an entry).
    level
        Two-sided level of the intervals.
    coverage
        Share of ratios between the limits.

    Returns
    -------
    LimitsOfAgreement
        As :func:`bland_altman`, transformed back to ratios; ``sd`` stays on the log scale.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or not positive, or a level or
        coverage outside (0, 1).

    Notes
    -----
    exp of :func:`bland_altman` on ln(test) - ln(reference).

    References
    ----------
    .. [1] Bland & Altman 1999.

    Examples
    --------
    >>> result = log_ratio([494, 395, 516, 434, 476], [512, 430, 520, 428, 500])
    >>> round(result.estimate, 4), round(result.loa_low, 4), round(result.loa_high, 4)
    (0.9678, 0.8982, 1.0428)
    """
    test_, reference_ = paired_samples(test, reference, positive=True)
    logs = _limits("log_ratio", log_ratios(test_, reference_), level, coverage)
    ratios: dict[str, Any] = {name: ratio_of(getattr(logs, name)) for name in _ON_LOG_SCALE}
    # a log without a value has its reason already
    reason = logs.reason or (TOO_LARGE if None in ratios.values() else "")
    return replace(logs, **ratios, undefined=bool(reason), reason=reason)


def _limits(function: str, values: FloatArray, level: float, coverage: float) -> LimitsOfAgreement:
    check_level(level)
    reach, n = normal_quantile(check_level(coverage, "coverage")), len(values)
    method = f"limits_of_agreement.{function}"
    if n < 2:
        return LimitsOfAgreement(
            method=method,
            estimate=float(values[0]) if n else None,
            level=level,
            coverage=coverage,
            n=n,
            undefined=True,
            reason="fewer than two pairs",
        )
    bias, sd = float(values.mean()), math.sqrt(variance_of(values))
    t = student_quantile(level, n - 1)
    half = t * sd / math.sqrt(n)
    half_of_limit = t * sd * math.sqrt(1 / n + reach**2 / (2 * (n - 1)))
    low, high = bias - reach * sd, bias + reach * sd
    return LimitsOfAgreement(
        method=method,
        estimate=bias,
        sd=sd,
        ci_low=bias - half,
        ci_high=bias + half,
        loa_low=low,
        loa_high=high,
        loa_low_ci_low=low - half_of_limit,
        loa_low_ci_high=low + half_of_limit,
        loa_high_ci_low=high - half_of_limit,
        loa_high_ci_high=high + half_of_limit,
        level=level,
        coverage=coverage,
        n=n,
    )
