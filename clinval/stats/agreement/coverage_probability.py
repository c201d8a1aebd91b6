"""Coverage probability: the share of differences that stay within a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import Numbers, finite, paired_samples
from clinval.stats._moments import differences, variance_of

__all__ = ["CoverageProbability", "normal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageProbability(Result):
    """The probability (``estimate``) that a difference lies within -/+ ``limit``."""

    estimate: float | None
    limit: float
    n: int = 0


def normal(test: Numbers, reference: Numbers, *, limit: float) -> CoverageProbability:
    r"""Coverage probability of normal differences.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    limit
        The largest absolute difference that is acceptable, in the unit of the values.

    Returns
    -------
    CoverageProbability
        ``estimate``, ``limit`` and ``n``. Undefined with fewer than two pairs.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, or a limit that is
        negative or not finite.

    Notes
    -----
    With mean m and standard deviation s (divisor n - 1) of test - reference and the limit L:
    Phi((L - m)/s) - Phi((-L - m)/s). Without variation it is 1 where abs(m) <= L and else 0.

    References
    ----------
    .. [1] Lin et al. 2002.

    Examples
    --------
    >>> result = normal([494, 395, 516, 434, 476], [512, 430, 520, 428, 500], limit=30)
    >>> round(result.estimate, 4)
    0.8197
    """
    test_, reference_ = paired_samples(test, reference)
    limit = finite("limit", limit)
    if limit < 0:
        raise ValueError(f"limit must not be negative, it is {limit:g}")
    method, n = "coverage_probability.normal", len(test_)
    if n < 2:
        return CoverageProbability(
            method=method,
            estimate=None,
            limit=limit,
            n=n,
            undefined=True,
            reason="fewer than two pairs",
        )
    values = differences(test_, reference_)
    mean, sd = abs(float(values.mean())), math.sqrt(variance_of(values))
    if sd == 0:
        estimate = 1.0 if mean <= limit else 0.0
    else:
        estimate = float(special.ndtr((limit - mean) / sd) - special.ndtr((-limit - mean) / sd))
    return CoverageProbability(method=method, estimate=estimate, limit=limit, n=n)
