"""Cases to show that one area under the ROC curve is not one half."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clinval.core.results import Result
from clinval.stats._checks import check_level, finite
from clinval.stats.planning._auc_sizes import variance_of_auc
from clinval.stats.planning._claims import check_error_rates, upper_quantile, whole

__all__ = ["AucSize", "obuchowski"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AucSize(Result):
    """Cases of each class as the formula gives them, and whole cases of both together."""

    n_diseased: float
    n_nondiseased: float
    sample_size: int


def obuchowski(auc: float, power: float, *, alpha: float = 0.05, ratio: float = 1.0) -> AucSize:
    r"""Cases for the two-sided test of one area against 1/2.

    Parameters
    ----------
    auc
        Expected area, in (0, 1) and not 1/2.
    power
        Probability that the test shows it, above alpha/2.
    alpha
        Level of both sides together.
    ratio
        Non-diseased cases for each diseased one.

    Returns
    -------
    AucSize
        ``n_diseased`` and ``n_nondiseased``, unrounded, and ``sample_size``, whole.

    Raises
    ------
    ValueError
        For an area of 1/2, levels out of range, or a ratio that is not above 0.

    Notes
    -----
    .. math:: n_1 = \frac{[z_{1 - \alpha/2} \sqrt{0.0792 (1 + 1/r)} + z_{power} \sqrt{V}]^2}
              {(AUC - 1/2)^2}

    .. math:: V = 0.0099 e^{-A^2/2} [(5 A^2 + 8) + (A^2 + 8)/r],\quad A = 1.414 \Phi^{-1}(AUC)

    References
    ----------
    .. [1] Obuchowski 2000.

    Examples
    --------
    >>> obuchowski(0.7, 0.9).sample_size
    82
    """
    expected, share = check_level(auc, "auc"), finite("ratio", ratio)
    if expected == 0.5:
        raise ValueError("auc is 0.5; there is no difference to show")
    if share <= 0:
        raise ValueError(f"ratio must be above 0, not {ratio!r}")
    level, wanted = check_error_rates(check_level(alpha, "alpha") / 2, check_level(power, "power"))
    null = upper_quantile(level) * math.sqrt(0.0792 * (1 + 1 / share))
    beyond = -upper_quantile(wanted) * math.sqrt(variance_of_auc(expected, share))
    diseased = ((null + beyond) / (expected - 0.5)) ** 2
    return AucSize(
        method="auc_sample_size.obuchowski",
        n_diseased=diseased,
        n_nondiseased=diseased * share,
        sample_size=whole(diseased) + whole(diseased * share),
    )
