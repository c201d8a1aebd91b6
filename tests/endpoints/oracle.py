"""Statistics once more, slowly and from first principles, to hold the analyses against.

Restricted estimates are found by maximising the likelihood numerically, variance components by
maximising the restricted likelihood of the whole covariance matrix; nothing is taken from clinval.
"""

import math

import numpy as np
from scipy import optimize, stats

LEVEL = 0.95


def quantile(level=LEVEL):
    return stats.norm.ppf((1 + level) / 2)


def _per(count, share):
    """Return what a count adds to the slope of a log-likelihood."""
    return count / max(share, 1e-300) if count else 0.0


def _highest(slope, low, high):
    """Return where a falling slope crosses 0, or the end of the range on which it does not."""
    inside = (high - low) * 1e-13
    low, high = low + inside, high - inside
    if high <= low or slope(low) <= 0:
        return low
    if slope(high) >= 0:
        return high
    return optimize.brentq(slope, low, high, xtol=1e-16, rtol=1e-15)


def _limits(score, estimate, z):
    """Return where a falling score is z and -z, cut to [-1, 1]."""
    found = []
    for target, end in ((z, -1.0), (-z, 1.0)):
        edge = end + (1e-13 if end < 0 else -1e-13)
        reached = score(edge) - target
        if (reached <= 0) if end < 0 else (reached >= 0):
            found.append(end)
            continue
        low, high = sorted((edge, estimate))
        found.append(optimize.brentq(lambda d: score(d) - target, low, high, xtol=1e-13))  # noqa: B023
    return tuple(found)


# ------------------------------------------------------------------- paired proportions


def tango_variance(n10, n01, n, d):
    """Return the variance of (n10 - n01) / n when the difference is d."""
    low, high = max(0.0, -d), (1 - d) / 2
    rest = n - n10 - n01

    def slope(q):
        return _per(n10, q + d) + _per(n01, q) - 2 * _per(rest, 1 - 2 * q - d)

    q = _highest(slope, low, high) if n10 + n01 else low
    return max(2 * q + d * (1 - d), 0.0) / n


def tango(tables, level=LEVEL):
    """Return the estimate and limits over strata (n11, n10, n01, n00), weighted by their size."""
    tables = [table for table in tables if sum(table)]
    total = sum(map(sum, tables))
    estimate = sum(n10 - n01 for _, n10, n01, _ in tables) / total

    def score(d):
        parts = [
            (sum(t), (t[1] - t[2]) / sum(t), tango_variance(t[1], t[2], sum(t), d)) for t in tables
        ]
        gap = sum(n * (own - d) for n, own, _ in parts)
        return gap / math.sqrt(max(sum(n**2 * v for n, _, v in parts), 1e-300))

    return estimate, *_limits(score, estimate, quantile(level)), score


def tango_heterogeneity(tables):
    """Return Q and its degrees of freedom, ``None`` where it is not defined."""
    tables = [table for table in tables if sum(table)]
    if len(tables) < 2:
        return None
    estimate = sum(t[1] - t[2] for t in tables) / sum(map(sum, tables))
    terms = []
    for table in tables:
        _, n10, n01, _ = table
        variance = tango_variance(n10, n01, sum(table), estimate)
        if variance > 1e-12:
            terms.append(((n10 - n01) / sum(table) - estimate) ** 2 / variance)
    return (sum(terms), len(tables) - 1) if terms else None


# ------------------------------------------------------------------- unpaired proportions


def miettinen_nurminen_variance(x1, n1, x2, n2, d):
    """Return the variance of p1 - p2 when it is d, with the factor N / (N - 1)."""

    def slope(p2):
        p1 = p2 + d
        rising, falling = _per(x1, p1) + _per(x2, p2), _per(n1 - x1, 1 - p1) + _per(n2 - x2, 1 - p2)
        return rising - falling

    p2 = _highest(slope, max(0.0, -d), min(1.0, 1 - d))
    p1 = p2 + d
    total = n1 + n2
    return (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * total / (total - 1)


def miettinen_nurminen(tables, level=LEVEL):
    """Return the estimate and limits over strata (x1, n1, x2, n2), Mantel-Haenszel weights."""
    tables = [t for t in tables if t[1] and t[3]]
    weights = [n1 * n2 / (n1 + n2) for _, n1, _, n2 in tables]
    differences = [x1 / n1 - x2 / n2 for x1, n1, x2, n2 in tables]
    estimate = np.average(differences, weights=weights)

    def score(d):
        gap = sum(w * (own - d) for w, own in zip(weights, differences, strict=True))
        spread = sum(
            w**2 * miettinen_nurminen_variance(*t, d) for w, t in zip(weights, tables, strict=True)
        )
        return gap / math.sqrt(max(spread, 1e-300))

    return estimate, *_limits(score, estimate, quantile(level)), score


# ------------------------------------------------------------------- means


def mean_interval(values, level=LEVEL):
    """Return the mean of a sample with its t interval."""
    n, mean = len(values), float(np.mean(values))
    half = stats.t.ppf((1 + level) / 2, n - 1) * np.std(values, ddof=1) / math.sqrt(n)
    return mean, mean - half, mean + half


def restricted_deviance(y, x, relations):
    """Return -2 log of the restricted likelihood as a function of variances.

    ``relations`` are matrices of 0 and 1 that say which values share an effect; the last variance
    is that of the error. The function also gives the covariance of the fixed effects and these.
    """
    matrices = [*relations, np.eye(len(y))]

    def parts(variances):
        whole = sum(v * matrix for v, matrix in zip(variances, matrices, strict=True))
        inverse = np.linalg.inv(whole)
        covariance = np.linalg.inv(x.T @ inverse @ x)
        return inverse, covariance, covariance @ x.T @ inverse @ y

    def deviance(variances):
        inverse, covariance, beta = parts(variances)
        rest = y - x @ beta
        return (
            -np.linalg.slogdet(inverse)[1]
            - np.linalg.slogdet(covariance)[1]
            + rest @ inverse @ rest
        )

    return deviance, parts


def variance_components(deviance, start, effects):
    """Return the variances at which a restricted deviance is least, the error's last."""
    best = min(
        (
            optimize.minimize(
                lambda logs: deviance(np.exp(logs)),
                np.log([start * share] * effects + [start]),
                method="Nelder-Mead",
                options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 4000},
            )
            for share in (0.1, 1.0)
        ),
        key=lambda found: found.fun,
    )
    return np.exp(best.x)


def same(labels):
    """Return which pairs of values have the same label."""
    labels = np.asarray(labels)
    return (labels[:, None] == labels[None, :]).astype(float)


def random_site(values, sites, design=None, level=LEVEL):
    """Return the last fixed effect of a model with a random intercept by site, by REML.

    The degrees of freedom are Satterthwaite's, with numerical derivatives.
    """
    y = np.asarray(values, dtype=float)
    x = np.ones((len(y), 1)) if design is None else np.asarray(design, dtype=float)
    deviance, parts = restricted_deviance(y, x, [same(sites)])
    variances = variance_components(deviance, float(np.var(y, ddof=1)), 1)
    if variances[0] < 1e-7 * variances[1]:  # on the boundary: ordinary least squares
        df = len(y) - x.shape[1]
        covariance = np.linalg.inv(x.T @ x)
        beta = covariance @ x.T @ y
        rest = y - x @ beta
        error = math.sqrt(covariance[-1, -1] * (rest @ rest) / df)
    else:
        _, covariance, beta = parts(variances)
        error = math.sqrt(covariance[-1, -1])
        gradient = _gradient(lambda v: parts(v)[1][-1, -1], variances)
        spread = 2 * np.linalg.inv(_hessian(deviance, variances))
        df = 2 * covariance[-1, -1] ** 2 / (gradient @ spread @ gradient)
    half = stats.t.ppf((1 + level) / 2, df) * error
    return beta[-1], beta[-1] - half, beta[-1] + half, error, df


def _gradient(function, at):
    steps = np.diag(1e-5 * at)
    return np.array([
        (function(at + step) - function(at - step)) / (2 * step.sum()) for step in steps
    ])  # fmt: skip


def _hessian(function, at):
    steps = np.diag(1e-3 * at)
    return np.array([
        [
            (function(at + a + b) - function(at + a - b) - function(at - a + b)
             + function(at - a - b)) / (4 * a.sum() * b.sum())
            for b in steps
        ]
        for a in steps
    ])  # fmt: skip


def between_centers(estimates, errors, level=LEVEL):
    """Return Q, its p, I2, tau2 by REML, and the prediction interval of another center."""
    y, v = np.asarray(estimates), np.asarray(errors) ** 2

    def deviance(tau2):
        w = 1 / (v + tau2)
        mean = np.average(y, weights=w)
        return -np.log(w).sum() + math.log(w.sum()) + (w * (y - mean) ** 2).sum()

    grid = np.concatenate([[0.0], np.geomspace(1e-9, 100, 400) * np.var(y)])
    nearest = grid[int(np.argmin([deviance(tau2) for tau2 in grid]))]
    found = optimize.minimize_scalar(
        deviance, bounds=(nearest / 1.2, nearest * 1.2), method="bounded",
        options={"xatol": 1e-14},
    )  # fmt: skip
    tau2 = float(found.x) if nearest and found.fun < deviance(0.0) else 0.0
    fixed = 1 / v
    q = float((fixed * (y - np.average(y, weights=fixed)) ** 2).sum())
    df = len(y) - 1
    typical = df * fixed.sum() / (fixed.sum() ** 2 - (fixed**2).sum())
    w = 1 / (v + tau2)
    mean = np.average(y, weights=w)
    further = math.sqrt(1 / w.sum() + tau2)
    half = stats.t.ppf((1 + level) / 2, df - 1) * further if df > 1 else math.nan
    return {
        "q": q,
        "q_p_value": float(stats.chi2.sf(q, df)),
        "i2": 100 * tau2 / (tau2 + typical),
        "tau2": tau2,
        "prediction_low": mean - half,
        "prediction_high": mean + half,
    }
