"""Parametric bootstrap of a Weibull distribution: what few failures really tell."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.stats._checks import (
    NotEstimableError,
    check_level,
    check_same_length,
    count,
    sample,
)
from clinval.stats._distributions import normal_quantile
from clinval.stats.reliability._lives import positive_lives
from clinval.stats.reliability._weibull import (
    WeibullFit,
    log_parameters,
    undefined_fit,
    wald_fit,
)
from clinval.stats.reliability._weibull_fit import (
    TENTH,
    TOO_LARGE,
    Fit,
    PowerSums,
    exponential,
    fit_groups,
    log_quantile_variance,
    two_failures,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, Numbers

__all__ = ["WeibullBootstrap", "weibull_bootstrap"]

_MOST_REFUSED = 0.1  # of the draws; the others would tell of luckier studies only
_STEPS = 60
_CLOSE = 1e-10
_LONGEST_STEP = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeibullBootstrap(WeibullFit):
    """A Weibull distribution with bootstrap limits; ``refused`` draws had no maximum."""

    draws: int = 0
    refused: int = 0


def weibull_bootstrap(
    time: Numbers,
    event: Numbers,
    limit: Numbers,
    *,
    entry: Numbers | None = None,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> WeibullBootstrap:
    """Weibull distribution of lives with limits of a parametric bootstrap, for few failures.

    Parameters
    ----------
    time
        Time at which each unit failed or was last seen in service (list), above 0, any unit.
    event
        1 (failure) or 0 (censored) for each unit (list).
    limit
        Time at which the observation of each unit ends, or would have ended had it not failed
        (list), not before its time.
    entry
        Time in service at which the observation of each unit began (list), before its end.
    level
        Two-sided level of the intervals.
    draws
        Simulated studies (count), at least 100.
    seed
        Of the simulation.

    Returns
    -------
    WeibullBootstrap
        As :func:`weibull`, but for the limits, with ``draws`` and ``refused``. Undefined as
        there, and where more than a tenth of the simulated studies has fewer than two distinct
        failure times.

    Raises
    ------
    ValueError
        As :func:`weibull`, for a limit before its time, and for fewer than 100 draws.

    Notes
    -----
    Studies are simulated from the fitted distribution, each unit from its entry to its limit,
    and fitted again; the quantiles of (ln estimate* - ln estimate)/se* take the place of the
    normal ones in Wald's intervals of ln scale, ln shape and ln B10.

    References
    ----------
    .. [1] Efron & Tibshirani 1993, chapter 12.
    .. [2] Meeker & Escobar 1998, chapter 9.

    Examples
    --------
    >>> time = [1500, 2700, 3100, 3600, 3900, 4000, 4000, 4000]
    >>> result = weibull_bootstrap(time, [1, 1, 1, 1, 1, 0, 0, 0], [4000] * 8, draws=500)
    >>> result.shape_ci_low < result.shape < result.shape_ci_high
    True
    """
    z = normal_quantile(check_level(level))
    lives, ends = positive_lives(time, event, entry), sample("limit", limit)
    check_same_length(time=lives.time, limit=ends)
    if (ends < lives.time).any():
        raise ValueError("limit must not lie before time")
    number = int(count("draws", draws))
    if number < 100:
        raise ValueError(f"draws must be at least 100, not {number}")
    method = "survival.weibull_bootstrap"
    try:
        two_failures(lives)
        fit = fit_groups([PowerSums(lives)], delayed=lives.entry is not None)
        pivots = _pivots(fit, lives.entry, ends, number, np.random.default_rng(seed))
    except NotEstimableError as problem:
        plain = undefined_fit(method, lives, level, problem.reason)
        return WeibullBootstrap(**_attributes(plain), draws=number)
    tail = (1 - level) / 2
    quantiles = np.quantile(pivots, [1 - tail, tail], axis=0)
    plain = wald_fit(method, lives, fit, z, level)
    limits: dict[str, Any] = {}
    for name, log, pair, error in zip(
        ("scale", "shape", "b10"), log_parameters(fit), quantiles.T, _errors(fit), strict=True
    ):
        low, high = (exponential(float(end)) for end in log - pair * error)
        limits |= {f"{name}_ci_low": low, f"{name}_ci_high": high}
    unwritten = None in (plain.mean_time_to_failure, *limits.values())
    return replace(
        WeibullBootstrap(**_attributes(plain), draws=number, refused=number - len(pivots)),
        **limits,
        undefined=unwritten,
        reason=TOO_LARGE if unwritten else "",
    )


def _attributes(fit: WeibullFit) -> dict[str, Any]:
    return {field.name: getattr(fit, field.name) for field in fields(fit)}


def _errors(fit: Fit) -> tuple[float, float, float]:
    """Return the standard errors of ln scale, ln shape and ln B10."""
    v = fit.covariance
    b10 = log_quantile_variance(fit.shape, v, TENTH)
    return math.sqrt(v[0, 0]), math.sqrt(v[1, 1]), math.sqrt(b10)


def _pivots(
    fit: Fit, entry: FloatArray | None, ends: FloatArray, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Return (ln estimate* - ln estimate)/se* of scale, shape and B10, a row a draw with one."""
    shape, scale = fit.shape, fit.scales[0]
    used = 0.0 if entry is None else (entry / scale) ** shape
    hazard = used + rng.standard_exponential((draws, len(ends)))
    logs, last = np.log(hazard) / shape, np.log(ends / scale)
    failed = logs <= last
    logs = np.minimum(logs, last)
    some = failed.sum(axis=1) >= 2
    late = None if entry is None else np.log(entry[entry > 0] / scale)
    pivots = _refitted(logs[some], failed[some], late, math.log(shape))
    if len(pivots) < (1 - _MOST_REFUSED) * draws:
        raise NotEstimableError("too many draws have fewer than two distinct failure times")
    return pivots


def _refitted(
    logs: FloatArray, failed: NDArray[np.bool_], late: FloatArray | None, start: float
) -> FloatArray:
    """Fit every row, as :func:`fit_groups` does one study; times are in units of the scale."""
    peak = logs.max(axis=1)
    x = logs - peak[:, None]
    begun = None if late is None else late - peak[:, None]
    r = failed.sum(axis=1)
    of_logs = (x * failed).sum(axis=1) / r
    point = np.full(len(logs), start)
    low, high = np.full(len(logs), -np.inf), np.full(len(logs), np.inf)
    close = np.zeros(len(logs), dtype=bool)
    for _ in range(_STEPS):
        shape = np.exp(point)
        _, first, second = _sums(x, begun, shape)
        slope = 1 + shape * (of_logs - first)
        bend = shape * (of_logs - first) - shape**2 * (second - first**2)
        low, high = np.where(slope > 0, point, low), np.where(slope > 0, high, point)
        step = np.where(bend < 0, -slope / np.where(bend < 0, bend, -1), np.sign(slope))
        new = point + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        with np.errstate(invalid="ignore"):
            new = np.where((low <= new) & (new <= high), new, (low + high) / 2)
        close = np.abs(new - point) <= _CLOSE
        point = new
        if close.all():
            break
    shape = np.exp(point)
    s0, first, second = _sums(x, begun, shape)
    log_scale = np.log(s0 / r) / shape
    of_z = shape * (first - log_scale)
    of_z2 = shape**2 * (second - 2 * log_scale * first + log_scale**2)
    # the inverse of the information [[k^2 r, -k r of_z], [-k r of_z, r (1 + of_z2)]]
    det = r * (1 + of_z2 - of_z**2)
    scale_variance, shape_variance = (1 + of_z2) / (shape**2 * det), 1 / det
    tenth = math.log(-math.log1p(-TENTH)) / shape
    b10_variance = scale_variance - 2 * tenth * of_z / (shape * det) + tenth**2 * shape_variance
    known = math.log(-math.log1p(-TENTH)) / math.exp(start)
    deviations = np.stack(
        (log_scale + peak, point - start, log_scale + peak + tenth - known), axis=1
    )
    with np.errstate(invalid="ignore"):
        pivots = deviations / np.sqrt(
            np.stack((scale_variance, shape_variance, b10_variance), axis=1)
        )
    return np.asarray(pivots[close & np.isfinite(pivots).all(axis=1)], dtype=np.float64)


def _sums(
    x: FloatArray, begun: FloatArray | None, shape: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the sum of t^k of each row and the means of ln t and (ln t)^2 weighted with it."""
    powers = np.exp(shape[:, None] * x)
    sums = [powers.sum(axis=1), (powers * x).sum(axis=1), (powers * x**2).sum(axis=1)]
    if begun is not None:
        powers = np.exp(shape[:, None] * begun)
        for i in range(3):
            sums[i] = sums[i] - (powers * begun**i).sum(axis=1)
    return sums[0], sums[1] / sums[0], sums[2] / sums[0]
