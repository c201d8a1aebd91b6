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
    undefined_fit,
    wald_fit,
)
from clinval.stats.reliability._weibull_fit import (
    TENTH,
    Fit,
    PowerSums,
    fit_groups,
    two_failures,
)
from clinval.stats.reliability._weibull_profile import NO_LIMIT, profile_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, Numbers

__all__ = ["WeibullBootstrap", "weibull_bootstrap"]

_MOST_REFUSED = 0.1  # of the draws; the others would tell of luckier studies only
_STEPS = 60
_CLOSE = 1e-10
_LONGEST_STEP = 1.0
_LARGEST = 300.0  # whose exponential leaves room for sums and products
_SHARE = math.log(-math.log1p(-TENTH))


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
    and fitted again; the quantiles of their signed roots of the likelihood ratio take the place
    of the normal ones in the profile-likelihood intervals of scale, shape and B10.

    References
    ----------
    .. [1] Jeng & Meeker 2000.
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
        sums = PowerSums(lives)
        fit = fit_groups([sums], delayed=lives.entry is not None)
        roots = _simulated_roots(fit, lives.entry, ends, number, np.random.default_rng(seed))
    except NotEstimableError as problem:
        plain = undefined_fit(method, lives, level, problem.reason)
        return WeibullBootstrap(**_attributes(plain), draws=number)
    tail = (1 - level) / 2
    quantiles = np.quantile(roots, [1 - tail, tail], axis=0)
    plain = wald_fit(method, lives, fit, z, level)
    limits: dict[str, float | None] = {}
    for name, (low, high) in zip(("scale", "shape", "b10"), quantiles.T, strict=True):
        # a limit below the estimate has a positive root, one above it a negative one
        below, above = max(float(low), 0.0) ** 2 / 2, min(float(high), 0.0) ** 2 / 2
        limits[f"{name}_ci_low"] = profile_limits(sums, fit, below)[name][0]
        limits[f"{name}_ci_high"] = profile_limits(sums, fit, above)[name][1]
    unwritten = None in (plain.mean_time_to_failure, *limits.values())
    found = WeibullBootstrap(**_attributes(plain), draws=number, refused=number - len(roots))
    return replace(found, **limits, undefined=unwritten, reason=NO_LIMIT if unwritten else "")  # type: ignore[arg-type]


def _attributes(fit: WeibullFit) -> dict[str, Any]:
    return {field.name: getattr(fit, field.name) for field in fields(fit)}


def _simulated_roots(
    fit: Fit, entry: FloatArray | None, ends: FloatArray, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Return signed roots of the likelihood ratio of scale, shape and B10, a row a draw."""
    shape, scale = fit.shape, fit.scales[0]
    used = 0.0 if entry is None else (entry / scale) ** shape
    hazard = used + rng.standard_exponential((draws, len(ends)))
    logs, last = np.log(hazard) / shape, np.log(ends / scale)
    failed = logs <= last
    logs = np.minimum(logs, last)
    some = failed.sum(axis=1) >= 2
    late = None if entry is None else np.log(entry[entry > 0] / scale)
    roots = _signed_roots(logs[some], failed[some], late, math.log(shape))
    if len(roots) < (1 - _MOST_REFUSED) * draws:
        raise NotEstimableError("too many draws have fewer than two distinct failure times")
    return roots


def _signed_roots(
    logs: FloatArray, failed: NDArray[np.bool_], late: FloatArray | None, start: float
) -> FloatArray:
    """Return the signed roots of every row; times are in units of the true scale.

    Rows without a maximum are left out.
    """
    peak = logs.max(axis=1)
    x = logs - peak[:, None]
    begun = None if late is None else late - peak[:, None]
    r = failed.sum(axis=1)
    of_logs = (x * failed).sum(axis=1) / r

    def free(shape: FloatArray) -> tuple[FloatArray, FloatArray]:
        _, first, second = _sums(x, begun, shape)
        slope = 1 + shape * (of_logs - first)
        return slope, shape * (of_logs - first) - shape**2 * (second - first**2)

    def likelihood(shape: FloatArray) -> FloatArray:
        total = _sums(x, begun, shape)[0]
        return np.asarray(
            r * (np.log(shape) - np.log(total / r) - 1 + (shape - 1) * of_logs), dtype=np.float64
        )

    with np.errstate(all="ignore"):  # a row without a maximum is left out below
        point, close = _highest(free, np.full(len(logs), start))
        shape = np.exp(point)
        scale = np.log(_sums(x, begun, shape)[0] / r) / shape + peak
        most = likelihood(shape)
        deviations = [scale, point - start, scale + _SHARE / shape - _SHARE / math.exp(start)]
        held = [(0.0, 0.0), None, (_SHARE, _SHARE / math.exp(start))]
        roots = []
        for deviation, quantile in zip(deviations, held, strict=True):
            if quantile is None:
                under = likelihood(np.full(len(logs), math.exp(start)))
            else:
                share, at = quantile
                away = peak - at
                there = None if begun is None else begun + away[:, None]
                under, found = _at_quantile(
                    x + away[:, None], there, (r, of_logs, away), share, start
                )
                close &= found
            roots.append(np.sign(deviation) * np.sqrt(2 * np.maximum(most - under, 0)))
    table = np.stack(roots, axis=1)
    return np.asarray(table[close & np.isfinite(table).all(axis=1)], dtype=np.float64)


def _at_quantile(
    y: FloatArray,
    begun: FloatArray | None,
    known: tuple[FloatArray, FloatArray, FloatArray],
    share: float,
    start: float,
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the most of each log-likelihood when a quantile is given, and whether it was found.

    ``y`` are logarithms of times over the quantile, of which a share of exp(-exp(share)) of the
    units lives longer; ``known`` are failures, the mean of their logarithms and what is to be
    added to it.
    """
    r, of_logs, away = known
    weight = math.exp(share)

    def slopes(shape: FloatArray) -> tuple[FloatArray, FloatArray]:
        total, first, second = _sums(y, begun, shape)
        linear = shape * r * (of_logs + away)
        hazard = weight * total * shape * first
        return r + linear - hazard, linear - hazard - weight * total * shape**2 * second

    point, close = _highest(slopes, np.full(len(y), start))
    shape = np.exp(point)
    total = weight * _sums(y, begun, shape)[0]
    value = r * (point + share + (shape - 1) * of_logs + shape * away) - total
    return np.asarray(value, dtype=np.float64), close


def _highest(
    slopes: Callable[[FloatArray], tuple[FloatArray, FloatArray]], point: FloatArray
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the logarithm of the shape at the maximum of every row, and whether it was found.

    Newton's steps between bounds, as in :func:`fit_groups`.
    """
    low, high = np.full(len(point), -np.inf), np.full(len(point), np.inf)
    close = np.zeros(len(point), dtype=bool)
    for _ in range(_STEPS):
        slope, bend = slopes(np.exp(point))
        low, high = np.where(slope > 0, point, low), np.where(slope > 0, high, point)
        step = np.where(bend < 0, -slope / np.where(bend < 0, bend, -1), np.sign(slope))
        new = point + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        new = np.where((low <= new) & (new <= high), new, (low + high) / 2)
        close = np.abs(new - point) <= _CLOSE
        point = new
        if close.all():
            break
    return point, close


def _sums(
    x: FloatArray, begun: FloatArray | None, shape: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the sum of t^k of each row and the means of ln t and (ln t)^2 weighted with it."""
    powers = np.exp(np.minimum(shape[:, None] * x, _LARGEST))
    sums = [powers.sum(axis=1), (powers * x).sum(axis=1), (powers * x**2).sum(axis=1)]
    if begun is not None:
        powers = np.exp(np.minimum(shape[:, None] * begun, _LARGEST))
        for i in range(3):
            sums[i] = sums[i] - (powers * begun**i).sum(axis=1)
    return sums[0], sums[1] / sums[0], sums[2] / sums[0]
