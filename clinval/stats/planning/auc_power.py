"""Power to show that one area under the ROC curve is not one half."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import check_level
from clinval.stats.planning._auc_sizes import variance_of_auc
from clinval.stats.planning._claims import upper_quantile
from clinval.stats.planning._reader_study_power import whole_number

__all__ = ["AucPower", "obuchowski"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AucPower(Result):
    """The power."""

    power: float


def obuchowski(auc: float, n_diseased: int, n_nondiseased: int, *, alpha: float = 0.05) -> AucPower:
    r"""Power of the two-sided test of one area against 1/2.

    Parameters
    ----------
    auc
        Expected area, in (0, 1).
    n_diseased, n_nondiseased
        Cases of each class, 1 or more.
    alpha
        Level of both sides together.

    Returns
    -------
    AucPower
        ``power``: the probability that the test shows the area on its side of 1/2.

    Raises
    ------
    ValueError
        For an area or a level outside (0, 1), or a class without cases.

    Notes
    -----
    With r the non-diseased cases for each diseased one and V the variance of the binormal area
    (times the diseased cases):

    .. math:: z_{power} = \frac{|AUC - 1/2| \sqrt{n_1}
              - z_{1 - \alpha/2} \sqrt{0.0792 (1 + 1/r)}}{\sqrt{V}}

    .. math:: V = 0.0099 e^{-A^2/2} [(5 A^2 + 8) + (A^2 + 8)/r],\quad A = 1.414 \Phi^{-1}(AUC)

    References
    ----------
    .. [1] Obuchowski 2000.

    Examples
    --------
    >>> round(obuchowski(0.7, 40, 40).power, 4)
    0.8984
    """
    expected, level = check_level(auc, "auc"), check_level(alpha, "alpha")
    diseased = whole_number("n_diseased", n_diseased, 1)
    ratio = whole_number("n_nondiseased", n_nondiseased, 1) / diseased
    null = upper_quantile(level / 2) * math.sqrt(0.0792 * (1 + 1 / ratio))
    shift = abs(expected - 0.5) * math.sqrt(diseased) - null
    power = float(special.ndtr(shift / math.sqrt(variance_of_auc(expected, ratio))))
    return AucPower(method="auc_power.obuchowski", power=power)
