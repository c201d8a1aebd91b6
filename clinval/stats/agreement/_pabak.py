"""Kappa of two raters and two categories, adjusted for prevalence and bias."""

from __future__ import annotations

from clinval.core.results import Estimate
from clinval.stats._checks import count
from clinval.stats.accuracy.proportion import clopper_pearson

__all__ = ["pabak"]


def pabak(n11: int, n10: int, n01: int, n00: int, *, level: float = 0.95) -> Estimate:
    """Prevalence-adjusted bias-adjusted kappa of two raters and two categories.

    Parameters
    ----------
    n11, n10, n01, n00
        Subjects positive with both raters, with the first only, with the second only, with
        neither (counts).
    level
        Two-sided level of the interval.

    Returns
    -------
    Estimate
        ``estimate``, ``ci_low``, ``ci_high`` and ``n``. Undefined without subjects.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or a level outside (0, 1).

    Notes
    -----
    2 p_o - 1 of the observed agreement p_o, and the same of its Clopper-Pearson limits.

    References
    ----------
    .. [1] Byrt, Bishop & Carlin 1993.

    Examples
    --------
    >>> result = pabak(0, 3, 2, 95)
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.9, 0.7743, 0.9671)
    """
    cells = (count("n11", n11), count("n10", n10), count("n01", n01), count("n00", n00))
    agreement = clopper_pearson(int(cells[0] + cells[3]), int(sum(cells)), level=level)

    def rescaled(share: float | None) -> float | None:
        return None if share is None else 2 * share - 1

    return Estimate(
        method="kappa.pabak",
        estimate=rescaled(agreement.estimate),
        ci_low=rescaled(agreement.ci_low),
        ci_high=rescaled(agreement.ci_high),
        level=level,
        n=agreement.n,
        undefined=agreement.undefined,
        reason="no subject" if agreement.undefined else "",
    )
