"""Sample size and power to show a ratio of geometric means beyond a margin, on the log scale."""

from __future__ import annotations

import math

from clinval.stats._checks import FloatArray, Numbers
from clinval.stats.planning._claims import (
    ROUNDING,
    Power,
    check_error_rates,
    check_one_sided,
    numbers_of,
    power_result,
    side_of,
)
from clinval.stats.planning._ratio_designs import (
    PAIRED,
    PARALLEL,
    RatioDesign,
    RatioSize,
    log_errors,
    positive_ratio,
    ratio_size,
)
from clinval.stats.planning._student import one_sided_power

__all__ = [
    "non_inferiority_ratio_paired",
    "non_inferiority_ratio_paired_power",
    "non_inferiority_ratio_parallel",
    "non_inferiority_ratio_parallel_power",
]


def non_inferiority_ratio_parallel(
    cv: float,
    *,
    theta0: float = 0.95,
    margin: float = 0.8,
    power: float = 0.8,
    alpha: float = 0.025,
    alternative: str | None = None,
) -> RatioSize:
    r"""Sample size of a one-sided test of a ratio of geometric means in two equal groups.

    Parameters
    ----------
    cv
        Coefficient of variation in each group, in total (0.3 is 30 percent).
    theta0
        Expected ratio of test over reference.
    margin
        The ratio under the null hypothesis.
    power
        Power at the expected ratio.
    alpha
        One-sided level.
    alternative
        "greater" (the ratio has to be shown above the margin) or "less"; without it the margin
        tells: above one below 1, below one above 1.

    Returns
    -------
    RatioSize
        ``sample_size``, the smallest even total that has the power, and ``achieved_power``.
        Undefined beyond ten million subjects.

    Raises
    ------
    ValueError
        For numbers that are not positive, a margin on the wrong side of the expected ratio or
        levels out of range.

    Notes
    -----
    .. math:: \sigma^2 = \ln(1 + cv^2), \quad se = \sigma \sqrt{4/n}, \quad df = n - 2

    Noncentral t with the noncentrality (ln theta0 - ln margin)/se.

    References
    ----------
    .. [1] Julious 2004.

    Examples
    --------
    >>> result = non_inferiority_ratio_parallel(0.25)
    >>> result.sample_size, round(result.achieved_power, 4)
    (68, 0.8094)
    """
    function, gap = "non_inferiority_ratio_parallel", _log_distance(theta0, margin, alternative)
    return _ratio_size(function, PARALLEL, cv, gap, power, alpha)


def non_inferiority_ratio_parallel_power(
    n: Numbers | float,
    cv: float,
    *,
    theta0: float = 0.95,
    margin: float = 0.8,
    alpha: float = 0.025,
    alternative: str | None = None,
) -> Power:
    """Power of a one-sided test of a ratio in two equal groups at one or many totals.

    Parameters
    ----------
    n
        Subjects in total (a number or a list, 3 or more).
    cv
        Coefficient of variation in each group, in total (0.3 is 30 percent).
    theta0
        Expected ratio of test over reference.
    margin
        The ratio under the null hypothesis.
    alpha
        One-sided level.
    alternative
        "greater" or "less", as in :func:`non_inferiority_ratio_parallel`.

    Returns
    -------
    Power
        ``power`` at each of ``n``.

    Raises
    ------
    ValueError
        For numbers that are not positive or too small, or a level out of range.

    Notes
    -----
    As :func:`non_inferiority_ratio_parallel`.

    References
    ----------
    .. [1] Julious 2004.

    Examples
    --------
    >>> result = non_inferiority_ratio_parallel_power([40, 68], 0.25)
    >>> [round(value, 4) for value in result.power]
    [0.5758, 0.8094]
    """
    gap = _signed_log_distance(theta0, margin, alternative)
    return _ratio_powers("non_inferiority_ratio_parallel_power", PARALLEL, n, cv, gap, alpha)


def non_inferiority_ratio_paired(
    cv: float,
    *,
    theta0: float = 0.95,
    margin: float = 0.8,
    power: float = 0.8,
    alpha: float = 0.025,
    alternative: str | None = None,
) -> RatioSize:
    r"""Sample size of a one-sided test of a ratio of geometric means in pairs.

    Parameters
    ----------
    cv
        Coefficient of variation within subjects, of one measurement (0.3 is 30 percent).
    theta0
        Expected ratio of test over reference.
    margin
        The ratio under the null hypothesis.
    power
        Power at the expected ratio.
    alpha
        One-sided level.
    alternative
        "greater" or "less", as in :func:`non_inferiority_ratio_parallel`.

    Returns
    -------
    RatioSize
        ``sample_size``, the smallest number of pairs that has the power, and
        ``achieved_power``. Undefined beyond ten million pairs.

    Raises
    ------
    ValueError
        As :func:`non_inferiority_ratio_parallel`.

    Notes
    -----
    .. math:: \sigma^2 = \ln(1 + cv^2), \quad se = \sigma \sqrt{2/n}, \quad df = n - 1

    Noncentral t with the noncentrality (ln theta0 - ln margin)/se.

    References
    ----------
    .. [1] Julious 2004.

    Examples
    --------
    >>> result = non_inferiority_ratio_paired(0.25)
    >>> result.sample_size, round(result.achieved_power, 4)
    (35, 0.8096)
    """
    function, gap = "non_inferiority_ratio_paired", _log_distance(theta0, margin, alternative)
    return _ratio_size(function, PAIRED, cv, gap, power, alpha)


def non_inferiority_ratio_paired_power(
    n: Numbers | float,
    cv: float,
    *,
    theta0: float = 0.95,
    margin: float = 0.8,
    alpha: float = 0.025,
    alternative: str | None = None,
) -> Power:
    """Power of a one-sided test of a ratio in pairs at one or many numbers of pairs.

    Parameters
    ----------
    n
        Pairs (a number or a list, 2 or more).
    cv
        Coefficient of variation within subjects, of one measurement (0.3 is 30 percent).
    theta0
        Expected ratio of test over reference.
    margin
        The ratio under the null hypothesis.
    alpha
        One-sided level.
    alternative
        "greater" or "less", as in :func:`non_inferiority_ratio_parallel`.

    Returns
    -------
    Power
        ``power`` at each of ``n``.

    Raises
    ------
    ValueError
        For numbers that are not positive or too small, or a level out of range.

    Notes
    -----
    As :func:`non_inferiority_ratio_paired`.

    References
    ----------
    .. [1] Julious 2004.

    Examples
    --------
    >>> result = non_inferiority_ratio_paired_power([20, 35], 0.25)
    >>> [round(value, 4) for value in result.power]
    [0.5537, 0.8096]
    """
    gap = _signed_log_distance(theta0, margin, alternative)
    return _ratio_powers("non_inferiority_ratio_paired_power", PAIRED, n, cv, gap, alpha)


def _log_distance(theta0: float, margin: float, alternative: str | None) -> float:
    """Return how far the expected ratio lies beyond the margin, which it has to."""
    gap = _signed_log_distance(theta0, margin, alternative)
    if gap <= ROUNDING:
        raise ValueError(f"theta0 {theta0:g} lies on the wrong side of margin {margin:g}")
    return gap


def _signed_log_distance(theta0: float, margin: float, alternative: str | None) -> float:
    expected = math.log(positive_ratio("theta0", theta0))
    bound = math.log(positive_ratio("margin", margin))
    return side_of(expected, bound, alternative) * (expected - bound)


def _one_sided(
    design: RatioDesign, n: FloatArray, cv: float, gap: float, alpha: float
) -> FloatArray:
    return one_sided_power(gap / log_errors(design, n, cv), n - design.lost, alpha)


def _ratio_size(
    function: str, design: RatioDesign, cv: float, gap: float, power: float, alpha: float
) -> RatioSize:
    level, target = check_error_rates(alpha, power)
    return ratio_size(function, design, lambda n: _one_sided(design, n, cv, gap, level), target)


def _ratio_powers(
    function: str, design: RatioDesign, n: Numbers | float, cv: float, gap: float, alpha: float
) -> Power:
    level, numbers = check_one_sided(alpha), numbers_of("n", n, least=design.lost + 1)
    return power_result(function, numbers, _one_sided(design, numbers, cv, gap, level))
