"""Shift of location, test minus reference: medians of differences."""

from __future__ import annotations

from clinval.stats._checks import Numbers, check_level, paired_samples, sample
from clinval.stats._moments import rounding_of
from clinval.stats.comparison._hodges_lehmann import HodgesLehmann, independent, paired

__all__ = ["HodgesLehmann", "hodges_lehmann", "hodges_lehmann_paired"]


def hodges_lehmann(test: Numbers, reference: Numbers, *, level: float = 0.95) -> HodgesLehmann:
    r"""Hodges and Lehmann's shift between independent samples, with exact interval and test.

    Parameters
    ----------
    test, reference
        The values of each arm (lists, any lengths).
    level
        Two-sided level of the interval.

    Returns
    -------
    HodgesLehmann
        ``estimate``, ``ci_low``, ``ci_high``, ``statistic`` (Mann and Whitney's U: pairs with
        test above reference, and half of the ties), ``p_value`` (two-sided), ``coverage`` of
        the interval without ties and ``n``. The p value is undefined with ties among more than
        40,000 pairs, everything with an empty arm.

    Raises
    ------
    ValueError
        For values that are missing or infinite, or a level outside (0, 1).

    Notes
    -----
    The median of the m n differences test_i - reference_j, sorted D. With c the smallest k at
    which

    .. math:: P(U \le k) \ge (1 - level)/2

    without ties, but at least 1, the interval is D_(c) to D_(mn + 1 - c), the same rule with
    ties. Where the samples are too small for the level it is the whole range; ``coverage`` is
    then below ``level``. The p value is twice the smaller tail of the sum of midranks over all
    ways to choose the test arm.

    References
    ----------
    .. [1] Hodges & Lehmann 1963.
    .. [2] Hollander & Wolfe, Nonparametric Statistical Methods, 4.1-4.3.

    Examples
    --------
    >>> result = hodges_lehmann([3.1, 4.2, 5.5, 6.1, 2.2], [2.9, 4.8, 5.1, 7.7, 3.3])
    >>> round(result.estimate, 1), round(result.ci_low, 1), round(result.ci_high, 1)
    (-0.6, -3.5, 2.6)
    >>> result.statistic, round(result.p_value, 4)
    (11.0, 0.8413)
    """
    samples = sample("test", test), sample("reference", reference)
    return independent("location_shift.hodges_lehmann", *samples, check_level(level))


def hodges_lehmann_paired(
    test: Numbers, reference: Numbers, *, level: float = 0.95
) -> HodgesLehmann:
    r"""Hodges and Lehmann's shift between pairs, with exact interval and signed-rank test.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    level
        Two-sided level of the interval.

    Returns
    -------
    HodgesLehmann
        ``estimate``, ``ci_low``, ``ci_high``, ``statistic`` (Wilcoxon's V: ranks of the
        positive differences), ``p_value`` (two-sided), ``coverage`` of the interval without
        ties and ``n`` pairs. Undefined without pairs.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or a level outside
        (0, 1).

    Notes
    -----
    The median of the n(n + 1)/2 Walsh averages (d_i + d_j)/2, i <= j, of d = test - reference,
    sorted A. With c the smallest k at which

    .. math:: P(V \le k) \ge (1 - level)/2

    without ties, but at least 1, the interval is A_(c) to A_(n(n + 1)/2 + 1 - c). V is the sum
    of the midranks of the absolute differences that are positive. The p value is twice the
    smaller tail over all signs of the differences; a difference of 0 has a rank but no sign.
    Differences that only rounding tells apart are tied.

    References
    ----------
    .. [1] Hodges & Lehmann 1963.
    .. [2] Hollander & Wolfe, Nonparametric Statistical Methods, 3.1-3.3.

    Examples
    --------
    >>> result = hodges_lehmann_paired([198, 190, 260, 150, 280], [412, 388, 530, 295, 610])
    >>> result.estimate, result.ci_low, result.ci_high, result.p_value
    (-234.0, -330.0, -145.0, 0.0625)
    >>> result.coverage
    0.9375
    """
    test_, reference_ = paired_samples(test, reference)
    check_level(level)
    rounding = rounding_of(test_, reference_) if len(test_) else 0.0
    method = "location_shift.hodges_lehmann_paired"
    return paired(method, test_ - reference_, rounding, level)
