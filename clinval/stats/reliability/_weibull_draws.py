"""Draws of a Weibull distribution: what the lives that were seen leave open."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError, count
from clinval.stats.reliability._lives import positive_lives
from clinval.stats.reliability._weibull_fit import PowerSums, fit_groups, two_failures

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, Numbers

__all__ = ["weibull_draws"]

_SHAPES = (0.2, 20.0)  # or ten times less and more than the estimate, where that is wider
_POINTS = 4001


def weibull_draws(
    time: Numbers,
    event: Numbers,
    *,
    entry: Numbers | None = None,
    draws: int,
    seed: int | np.random.SeedSequence,
) -> tuple[FloatArray, FloatArray]:
    r"""Return draws of the Weibull shape and scale of lives, with few failures as with many.

    Parameters
    ----------
    time, event, entry
        As in :func:`weibull`.
    draws
        How many (count), at least 1.
    seed
        Of the draws.

    Returns
    -------
    tuple
        Shapes and scales, each of shape (draws,); a scale that is no number is infinite or 0.

    Raises
    ------
    ValueError
        As :func:`weibull`, and where that is undefined.

    Notes
    -----
    Of the posterior under the right Haar prior, flat in ln shape and ln scale. Its limits cover
    exactly where no life is censored, or all are at one failure (Lawless's conditional limits).
    With r failures and S(k) the sum of t^k less entry^k,

    .. math:: p(\ln k) \propto k^{r-1} \prod t_i^k / S(k)^r, \quad scale^{-k} | k \sim
        \Gamma(r)/S(k)

    Shapes below 0.2 and above 20 are taken as impossible, unless the estimate comes near.

    References
    ----------
    .. [1] Lawless 2003.
    .. [2] Sun 1997.

    Examples
    --------
    >>> shape, scale = weibull_draws([9, 15, 20, 30], [1, 1, 1, 0], draws=1000, seed=1)
    >>> bool(np.quantile(shape, 0.025) < 2.2 < np.quantile(shape, 0.975))
    True
    """
    number = int(count("draws", draws))
    lives = positive_lives(time, event, entry)
    try:
        two_failures(lives)
        sums = PowerSums(lives)
        best = fit_groups([sums], delayed=lives.entry is not None).shape
    except NotEstimableError as problem:
        raise ValueError(problem.reason) from problem
    rng = np.random.default_rng(seed)
    ends = min(_SHAPES[0], best / 10), max(_SHAPES[1], best * 10)
    logs = np.linspace(math.log(ends[0]), math.log(ends[1]), _POINTS)
    density = sums.log_likelihood(np.exp(logs)) - logs
    weight = np.exp(density - density.max())
    below = np.concatenate(([0.0], np.cumsum(weight[1:] + weight[:-1])))
    shape: FloatArray = np.exp(np.interp(rng.random(number) * below[-1], below, logs))
    hazard = rng.standard_gamma(sums.failures, number)
    with np.errstate(over="ignore"):
        scale: FloatArray = np.exp(
            (np.log(_totals(sums, shape)) - np.log(hazard)) / shape + sums.log_unit
        )
    return shape, scale


def _totals(sums: PowerSums, shape: FloatArray) -> FloatArray:
    """Return the sum of t^k at each shape, so many at a time that they fit into memory."""
    return np.concatenate(
        [sums.totals(part) for part in np.array_split(shape, 1 + len(shape) // 2000)]
    )
