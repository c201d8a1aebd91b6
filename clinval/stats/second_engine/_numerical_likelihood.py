"""Random centers: likelihoods of eigenvalues, least squares of transformed rows, numerical slopes.

The restricted likelihood of a random intercept is that of independent normal values whose variances
are s2 + t2 * eigenvalue, with the eigenvalues of the center indicators after the design is taken
out. Coefficients come from ordinary least squares after the transformation of Fuller and Battese;
degrees of freedom and Kenward and Roger's correction from finite differences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import (
    EMPTY_ARM,
    MOST_CENTERS,
    TOO_MANY_CENTERS,
    Answer,
    without_limits,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.stats._checks import FloatArray, IntArray, Labels, Numbers

__all__ = [
    "geometric_random_site",
    "geometric_two_stage",
    "paired_random_site",
    "random_site_kenward_roger",
    "random_site_satterthwaite",
]

_STEP = 0.02  # of finite differences, as a share of a variance
_NOTHING = 1e-12  # share of a size that is rounding
_FLAT = 1e-6  # of -2 log likelihood: what tells no ratio of variances from another
_LARGEST_QUANTILE = 1e120  # beyond, SciPy's is not right
# logarithms of the smallest and largest ratio of variances that are looked at, beside 0; below
# 1e-7 a maximum may be one at 0 that rounding has moved
_NEAREST, _FARTHEST = -16.0, 20.0


def random_site_satterthwaite(
    score: Numbers, arm: Numbers, site: Labels, *, level: float
) -> Answer:
    """Recompute the difference of arms with random centers."""
    return _arms(score, arm, site, level, adjusted=False)


def random_site_kenward_roger(
    score: Numbers, arm: Numbers, site: Labels, *, level: float
) -> Answer:
    """Recompute the difference of arms with Kenward and Roger's error."""
    return _arms(score, arm, site, level, adjusted=True)


def paired_random_site(test: Numbers, reference: Numbers, site: Labels, *, level: float) -> Answer:
    """Recompute the paired difference with random centers."""
    x, y = np.asarray(test, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    return _interval(x - y, np.ones((len(x), 1)), _codes(site), level, adjusted=False)


def geometric_random_site(
    test: Numbers, reference: Numbers, site: Labels, *, level: float
) -> Answer:
    """Recompute the paired ratio with random centers, on logarithms."""
    logs = paired_random_site(np.log(test), np.log(reference), site, level=level)
    return _exponential(logs)


def geometric_two_stage(test: Numbers, reference: Numbers, site: Labels, *, level: float) -> Answer:
    """Recompute the pooled ratio of centers, on logarithms."""
    from statsmodels.regression.linear_model import WLS

    logs, centers = np.log(np.asarray(test)) - np.log(np.asarray(reference)), _codes(site)
    by_center = [logs[centers == code] for code in range(int(centers.max(initial=-1)) + 1)]
    if len(by_center) < 2:
        raise NotEstimableError("fewer than two centers")
    if any(len(own) < 2 for own in by_center):
        raise NotEstimableError("a center has fewer than two pairs")
    means = np.array([np.mean(own) for own in by_center])
    errors = np.array([np.std(own, ddof=1) / math.sqrt(len(own)) for own in by_center])
    if any(np.std(own, ddof=1) <= 1e-14 * np.abs(logs).max() for own in by_center):
        raise NotEstimableError("the ratio does not vary within a center")
    spread = _variance_between(means, errors**2)
    fit = WLS(means, np.ones(len(means)), weights=1 / (errors**2 + spread)).fit()
    low, high = fit.conf_int(alpha=1 - level)[0]
    answer = Answer(estimate=float(fit.params[0]), low=float(low), high=float(high), n=len(logs))
    return _exponential(answer)


def _codes(site: Labels) -> IntArray:
    if len(site) == 0:
        return np.zeros(0, dtype=np.intp)
    codes: IntArray = np.unique(np.asarray(site), return_inverse=True)[1]
    return codes


def _exponential(answer: Answer) -> Answer:
    points = [
        None if log is None else float(np.exp(log))
        for log in (answer.estimate, answer.low, answer.high)
    ]
    return Answer(estimate=points[0], low=points[1], high=points[2], n=answer.n)


def _arms(score: Numbers, arm: Numbers, site: Labels, level: float, *, adjusted: bool) -> Answer:
    y, arms = np.asarray(score, dtype=np.float64), np.asarray(arm, dtype=np.float64)
    if len(y) == 0 or np.ptp(arms) == 0:
        return without_limits(EMPTY_ARM, len(y))
    design = np.column_stack([np.ones(len(y)), arms])
    return _interval(y, design, _codes(site), level, adjusted=adjusted)


def _interval(
    y: FloatArray, x: FloatArray, centers: IntArray, level: float, *, adjusted: bool
) -> Answer:
    """Return the last coefficient of the design with its t interval."""
    from scipy.stats import t as student_law

    model = _RandomCenters.of(y, x, centers)
    ratio = model.likeliest_ratio()
    residual = model.residual_variance(ratio)
    variances = np.array([residual, ratio * residual])
    estimate = float(model.coefficients(ratio)[-1])
    if adjusted:
        variance, df = model.kenward_roger(variances)
    else:
        variance = float(np.linalg.inv(model.precision(variances))[-1, -1])
        df = model.degrees if ratio == 0 else model.satterthwaite(variances)
    quantile = float(student_law.ppf((1 + level) / 2, df))
    half = quantile * math.sqrt(variance)
    if not (quantile <= _LARGEST_QUANTILE and math.isfinite(2 * half)):
        reason = "not a finite number"
        return without_limits(reason, len(y), estimate=estimate)
    return Answer(estimate=estimate, low=estimate - half, high=estimate + half, n=len(y))


@dataclass(frozen=True, slots=True)
class _RandomCenters:
    """y = x b + center + error, and what its restricted likelihood is made of.

    ``projected`` are the squares of the values whose variance is s2 + t2 * ``eigenvalues``;
    ``within`` is the sum of those of variance s2, ``within_degrees`` their number.
    """

    y: FloatArray
    x: FloatArray
    centers: IntArray
    size: FloatArray
    eigenvalues: FloatArray
    projected: FloatArray
    within: float
    within_degrees: int

    @classmethod
    def of(cls, y: FloatArray, x: FloatArray, centers: IntArray) -> _RandomCenters:
        """Take the data apart, or say why there is nothing to estimate."""
        size = np.bincount(centers).astype(np.float64)
        n, columns = x.shape
        if len(size) < 2:
            raise NotEstimableError("fewer than two centers")
        if len(size) == n:
            raise NotEstimableError("no center has two observations")
        if n <= columns:
            raise NotEstimableError("no degrees of freedom for the error")
        if len(size) > MOST_CENTERS:
            raise NotEstimableError(TOO_MANY_CENTERS)
        basis = np.linalg.qr(x)[0]
        residual = y - basis @ (basis.T @ y)
        residual -= basis @ (basis.T @ residual)
        sums = np.array([np.bincount(centers, column, len(size)) for column in basis.T])
        matrix = np.diag(size) - sums.T @ sums
        eigenvalues, vectors = np.linalg.eigh(matrix)
        used = eigenvalues > 1e-9 * size.max()
        eigenvalues, vectors = eigenvalues[used], vectors[:, used]
        along = vectors.T @ np.bincount(centers, residual, len(size))
        inner = [column - (np.bincount(centers, column) / size)[centers] for column in x.T]
        inner_y = residual - (np.bincount(centers, residual) / size)[centers]
        fit = np.linalg.lstsq(np.column_stack(inner), inner_y, rcond=1e-10)
        rank = int(fit[2])
        left = inner_y - np.column_stack(inner) @ fit[0]
        within_degrees = n - len(size) - rank
        if len(size) + rank <= columns:
            raise NotEstimableError("the arms cannot be told from the centers")
        same = bool(np.ptp(eigenvalues) <= 1e-9 * eigenvalues.max())
        if within_degrees == 0 and same:
            raise NotEstimableError("the variances within and between centers cannot be told apart")
        within = float(left @ left) if within_degrees else 0.0
        squares = within if within_degrees else float(residual @ residual)
        if squares <= _NOTHING**2 * float(y @ y):
            raise NotEstimableError("no variation within centers")
        return cls(
            y=y,
            x=x,
            centers=centers,
            size=size,
            eigenvalues=eigenvalues,
            projected=along**2 / eigenvalues,
            within=within,
            within_degrees=within_degrees,
        )

    @property
    def degrees(self) -> int:
        return self.within_degrees + len(self.eigenvalues)

    def residual_variance(self, ratio: float) -> float:
        """Return s2 at a ratio t2/s2."""
        squares = self.within + float(np.sum(self.projected / (1 + ratio * self.eigenvalues)))
        return squares / self.degrees

    def deviance(self, ratio: float) -> float:
        """Return -2 log restricted likelihood at the best s2 of a ratio, up to a constant."""
        logs = float(np.sum(np.log1p(ratio * self.eigenvalues)))
        return self.degrees * math.log(self.residual_variance(ratio)) + logs

    def slope(self, ratio: float) -> float:
        """Return the derivative of the deviance by the ratio."""
        stretched = 1 + ratio * self.eigenvalues
        pull = float(np.sum(self.projected * self.eigenvalues / stretched**2))
        return float(np.sum(self.eigenvalues / stretched)) - pull / self.residual_variance(ratio)

    def likeliest_ratio(self) -> float:
        """Return the ratio t2/s2 of the highest likelihood, 0 or more."""
        from scipy.optimize import brentq

        vanishing = "the variance within centers vanishes beside that between them"
        largest = math.log(1e6) if self.within_degrees == 0 else _FARTHEST
        ratios = np.exp(np.linspace(_NEAREST, largest, 400))
        slopes = np.array([self.slope(float(ratio)) for ratio in ratios])
        candidates = [0.0]
        for i in np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0)):
            root = brentq(self.slope, ratios[i], ratios[i + 1], xtol=1e-300, rtol=1e-14)
            candidates.append(float(root))
        best = min(candidates, key=self.deviance)
        if self.within_degrees == 0:
            if self.deviance(float(ratios[-1])) <= self.deviance(best) + _FLAT:
                raise NotEstimableError(vanishing)
        elif len(candidates) == 1 and slopes[-1] < 0:
            raise NotEstimableError(vanishing)
        return best

    def _transformed(self, columns: FloatArray, kept: FloatArray) -> FloatArray:
        """Return rows less a share of their center's mean; ``kept`` is what is left of the mean."""
        means = np.array([np.bincount(self.centers, column) / self.size for column in columns.T])
        inner = columns - means.T[self.centers]
        rows: FloatArray = inner + (kept[:, None] * means.T)[self.centers]
        return rows

    def coefficients(self, ratio: float) -> FloatArray:
        """Return the generalised least squares of a ratio."""
        kept = 1 / np.sqrt(1 + ratio * self.size)
        center = float(self.y.mean())
        rows = self._transformed(np.column_stack([self.x, self.y - center]), kept)
        found = np.linalg.lstsq(rows[:, :-1], rows[:, -1], rcond=None)[0].astype(np.float64)
        found[0] += center  # the first column is the constant
        return found

    def precision(self, variances: FloatArray) -> FloatArray:
        """Return X'V^-1X at the variances s2, t2."""
        residual, between = float(variances[0]), float(variances[1])
        rows = self._transformed(self.x, np.sqrt(residual / (residual + between * self.size)))
        found: FloatArray = rows.T @ rows / residual
        return found

    def _units(self, variances: FloatArray) -> FloatArray:
        """Return steps that change no variance by more than a share of it."""
        residual, between = float(variances[0]), float(variances[1])
        return np.array([residual, between + residual / float(self.size.max())])

    def satterthwaite(self, variances: FloatArray) -> float:
        """Return 2 v^2 / (g'Cg), slopes and curvatures by finite differences."""
        values = np.append(self.projected, self.within)
        counts = np.append(np.ones(len(self.eigenvalues)), float(self.within_degrees))
        eigenvalues = np.append(self.eigenvalues, 0.0)
        here = variances[0] + variances[1] * eigenvalues

        def change(point: FloatArray) -> FloatArray:
            # of -2 log likelihood, term by term
            step = (point[0] - variances[0]) + (point[1] - variances[1]) * eigenvalues
            terms = counts * np.log1p(step / here) - values * step / (here * (here + step))
            return np.array(np.sum(terms))

        def variance(point: FloatArray) -> FloatArray:
            return np.array(np.linalg.inv(self.precision(point))[-1, -1])

        units = self._units(variances)
        curvature = _curvatures(change, variances, units)
        slope = _slopes(variance, variances, units)
        spread = float(slope @ np.linalg.solve(curvature / 2, slope))
        return 2 * float(variance(variances)) ** 2 / spread

    def kenward_roger(self, variances: FloatArray) -> tuple[float, float]:
        """Return the adjusted variance of the last coefficient and its degrees of freedom.

        The expected information is half the curvature of -log|V| - log|X'V^-1X|, and the
        curvature of X'V^-1X is what the correction is made of, V being linear in the variances.
        """
        units = self._units(variances)

        def logs(point: FloatArray) -> FloatArray:
            own = (len(self.y) - len(self.size)) * np.log(point[0])
            own = own + np.sum(np.log(point[0] + point[1] * self.size))
            return np.array(-own - np.linalg.slogdet(self.precision(point))[1])

        phi = np.linalg.inv(self.precision(variances))
        weights = np.linalg.inv(_curvatures(logs, variances, units) / 2)
        first = _slopes(self.precision, variances, units)
        second = _curvatures(self.precision, variances, units)
        added = np.einsum("ij,ijab->ab", weights, second / 2)
        added = added - np.einsum("ij,iab,bc,jcd->ad", weights, first, phi, first)
        covariance = phi + 2 * phi @ added @ phi
        slope = -np.einsum("ab,ibc,cd->iad", phi, first, phi)[:, -1, -1]
        spread = float(slope @ weights @ slope)
        return float(covariance[-1, -1]), 2 * float(phi[-1, -1]) ** 2 / spread


def _slopes(
    function: Callable[[FloatArray], FloatArray], point: FloatArray, units: FloatArray
) -> FloatArray:
    """Return first derivatives in these units, from central differences."""

    def differences(width: float) -> FloatArray:
        found = []
        for i in range(len(point)):
            step = np.eye(len(point))[i] * units * width
            found.append((function(point + step) - function(point - step)) / (2 * width))
        return np.array(found)

    return _at_no_width(differences)


def _curvatures(
    function: Callable[[FloatArray], FloatArray], point: FloatArray, units: FloatArray
) -> FloatArray:
    """Return second derivatives in these units, from central differences."""

    def differences(width: float) -> FloatArray:
        steps = np.diag(units * width)
        here = function(point)
        found = [[here] * len(point) for _ in point]
        for i, a in enumerate(steps):
            for j, b in enumerate(steps):
                if i == j:
                    around = function(point + a) + function(point - a) - 2 * here
                    found[i][j] = around / width**2
                else:
                    around = function(point + a + b) + function(point - a - b)
                    across = function(point + a - b) + function(point - a + b)
                    found[i][j] = (around - across) / (4 * width**2)
        return np.array(found)

    return _at_no_width(differences)


def _at_no_width(differences: Callable[[float], FloatArray]) -> FloatArray:
    """Return what differences of ever smaller widths, whose error is even in it, come to."""
    wide, half, quarter = (differences(_STEP / share) for share in (1, 2, 4))
    found: FloatArray = (64 * quarter - 20 * half + wide) / 45
    return found


def _variance_between(means: FloatArray, variances: FloatArray) -> float:
    """Return the variance between centers of the highest restricted likelihood, 0 or more."""
    from scipy.optimize import minimize_scalar

    def deviance(spread: float) -> float:
        weights = 1 / (variances + spread)
        center = np.average(means, weights=weights)
        squares = float(np.sum(weights * (means - center) ** 2))
        return squares - float(np.sum(np.log(weights))) + math.log(float(weights.sum()))

    scale = max(float(np.ptp(means)) ** 2, float(variances.max()))
    grid = np.concatenate([[0.0], scale * np.exp(np.linspace(-28, 4, 400))])
    heights = np.array([deviance(float(spread)) for spread in grid])
    candidates = [0.0]
    for i in np.flatnonzero((heights[1:-1] <= heights[:-2]) & (heights[1:-1] <= heights[2:])) + 1:
        found = minimize_scalar(
            deviance,
            bounds=(grid[i - 1], grid[i + 1]),
            method="bounded",
            options={"xatol": 1e-14 * scale},
        )
        candidates.append(float(found.x))
    return min(candidates, key=deviance)
