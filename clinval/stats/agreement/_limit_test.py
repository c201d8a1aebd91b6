"""Whether limits of agreement lie within a clinical limit that was set before."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from clinval.core.results import TestResult
from clinval.stats._checks import Numbers, check_level, finite, paired_samples
from clinval.stats._distributions import normal_quantile
from clinval.stats._moments import differences, variance_of

__all__ = ["LimitTest", "exact_test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTest(TestResult):
    """Whether both limits of agreement lie within a clinical limit; the p value is the larger."""

    limit: float
    loa_low: float | None = None
    loa_high: float | None = None
    p_value_low: float | None = None
    p_value_high: float | None = None
    coverage: float = 0.95
    n: int = 0


def exact_test(
    test: Numbers, reference: Numbers, *, limit: float, coverage: float = 0.95
) -> LimitTest:
    r"""Test that both limits of agreement lie within a clinical limit, exact for normal data.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    limit
        The largest difference, up or down, that is acceptable; above 0, in the unit of the values.
    coverage
        Share of differences between the limits of agreement.

    Returns
    -------
    LimitTest
        ``p_value`` (one-sided, the larger of both), ``p_value_low``, ``p_value_high``,
        ``loa_low``, ``loa_high`` and ``n``. Undefined with fewer than two pairs and when the
        differences do not vary.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, a limit that is not
        above 0 or a coverage outside (0, 1).

    Notes
    -----
    The null hypothesis is that a limit lies at -limit or below, or at limit or above. With the
    noncentral t distribution F of :func:`exact` the p value of the upper one is
    1 - F(sqrt(n) (limit - bias)/s); it is below alpha exactly when the interval of :func:`exact`
    at level 1 - 2 alpha ends below the clinical limit.

    References
    ----------
    .. [1] Carkeet 2015, Optom Vis Sci 92:e71.

    Examples
    --------
    >>> result = exact_test([5.1, 6, 4.2, 5, 7.1, 7.7], [5, 5.9, 4.4, 5, 7.3, 7.6], limit=1)
    >>> round(result.loa_low, 2), round(result.loa_high, 2), round(result.p_value, 4)
    (-0.31, 0.27, 0.0076)
    """
    test_, reference_ = paired_samples(test, reference)
    limit = finite("limit", limit)
    if limit <= 0:
        raise ValueError(f"limit must be above 0, it is {limit:g}")
    reach = normal_quantile(check_level(coverage, "coverage"))
    method, n = "limits_of_agreement.exact_test", len(test_)
    values = differences(test_, reference_)
    sd = math.sqrt(variance_of(values)) if n > 1 else 0.0
    if sd == 0:
        return LimitTest(
            method=method,
            p_value=None,
            limit=limit,
            coverage=coverage,
            n=n,
            undefined=True,
            reason="the differences of the pairs do not vary" if n > 1 else "fewer than two pairs",
        )
    bias, root = float(values.mean()), math.sqrt(n)
    # the upper tail of t with its sign turned is the lower tail of t with the other noncentrality
    p_high, p_low = (
        float(special.nctdtr(n - 1, -reach * root, -root * room / sd))
        for room in (limit - bias, limit + bias)
    )
    return LimitTest(
        method=method,
        p_value=max(p_low, p_high),
        limit=limit,
        loa_low=bias - reach * sd,
        loa_high=bias + reach * sd,
        p_value_low=p_low,
        p_value_high=p_high,
        coverage=coverage,
        n=n,
    )
