"""Limits of agreement of two methods on the same subjects, test minus (or over) reference."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import Numbers, check_level, paired_samples
from clinval.stats._distributions import normal_quantile, student_quantile
from clinval.stats._moments import TOO_LARGE, differences, log_ratios, ratio_of, variance_of
from clinval.stats.agreement._limit_test import LimitTest, exact_test
from clinval.stats.agreement._limits_components import LimitsComponents, components
from clinval.stats.agreement._limits_with_mean import LimitsWithMean, with_mean
from clinval.stats.agreement._proportional_bias import ProportionalBias, proportional_bias
from clinval.stats.agreement._random_site_limits import RandomSiteLimits, random_site
from clinval.stats.agreement._replicate_limits import (
    ReplicateLimitsConstant,
    ReplicateLimitsVarying,
    replicates_constant,
    replicates_varying,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.stats._checks import FloatArray

__all__ = [
    "LimitTest",
    "LimitsComponents",
    "LimitsOfAgreement",
    "LimitsWithMean",
    "ProportionalBias",
    "RandomSiteLimits",
    "ReplicateLimitsConstant",
    "ReplicateLimitsVarying",
    "bland_altman",
    "components",
    "exact",
    "exact_test",
    "log_ratio",
    "proportional_bias",
    "random_site",
    "replicates_constant",
    "replicates_varying",
    "with_mean",
]


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
    return _limits("bland_altman", differences(test_, reference_), level, coverage, _approximate)


def exact(
    test: Numbers, reference: Numbers, *, level: float = 0.95, coverage: float = 0.95
) -> LimitsOfAgreement:
    r"""Limits of agreement with the exact intervals of Carkeet.

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
        As :func:`bland_altman`; only the intervals of the limits differ, which are not
        symmetric: they reach farther outwards than inwards.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or a level or
        coverage outside (0, 1).

    Notes
    -----
    With d, s, and zc as in :func:`bland_altman`, sqrt(n) (limit - bias)/s of the true upper limit
    follows the noncentral t distribution with n - 1 degrees of freedom and noncentrality
    zc sqrt(n). With its quantiles q at (1 -/+ level)/2 the interval of the upper limit is

    .. math:: bias + q_{low}\, s/\sqrt n, \quad bias + q_{high}\, s/\sqrt n

    and that of the lower limit its mirror image.

    References
    ----------
    .. [1] Carkeet 2015, Optom Vis Sci 92:e71.

    Examples
    --------
    >>> result = exact([494, 395, 516, 434, 476], [512, 430, 520, 428, 500])
    >>> [round(x, 2) for x in (result.loa_high, result.loa_high_ci_low, result.loa_high_ci_high)]
    [16.79, -0.03, 81.9]
    """
    test_, reference_ = paired_samples(test, reference)
    return _limits("exact", differences(test_, reference_), level, coverage, _noncentral)


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
    logs = _limits("log_ratio", log_ratios(test_, reference_), level, coverage, _approximate)
    ratios: dict[str, Any] = {name: ratio_of(getattr(logs, name)) for name in _ON_LOG_SCALE}
    # a log without a value has its reason already
    reason = logs.reason or (TOO_LARGE if None in ratios.values() else "")
    return replace(logs, **ratios, undefined=bool(reason), reason=reason)


def _limits(
    function: str,
    values: FloatArray,
    level: float,
    coverage: float,
    interval: Callable[[int, float, float], tuple[float, float]],
) -> LimitsOfAgreement:
    """Return the limits; ``interval`` places that of the upper one, in sd above the bias."""
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
    half = student_quantile(level, n - 1) * sd / math.sqrt(n)
    inner, outer = interval(n, reach, level)
    return LimitsOfAgreement(
        method=method,
        estimate=bias,
        sd=sd,
        ci_low=bias - half,
        ci_high=bias + half,
        loa_low=bias - reach * sd,
        loa_high=bias + reach * sd,
        loa_low_ci_low=bias - outer * sd,
        loa_low_ci_high=bias - inner * sd,
        loa_high_ci_low=bias + inner * sd,
        loa_high_ci_high=bias + outer * sd,
        level=level,
        coverage=coverage,
        n=n,
    )


def _approximate(n: int, reach: float, level: float) -> tuple[float, float]:
    half = student_quantile(level, n - 1) * math.sqrt(1 / n + reach**2 / (2 * (n - 1)))
    return reach - half, reach + half


def _noncentral(n: int, reach: float, level: float) -> tuple[float, float]:
    shift, root = reach * math.sqrt(n), math.sqrt(n)
    low, high = (
        float(special.nctdtrit(n - 1, shift, share)) / root
        for share in ((1 - level) / 2, (1 + level) / 2)
    )
    return low, high
