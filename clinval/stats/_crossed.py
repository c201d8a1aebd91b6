"""Two crossed random effects (subject and rater) with missing cells: REML.

The subjects, of whom there are many, are eliminated in closed form and summed once; the
likelihood itself works on matrices of the size of the number of raters.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize

from clinval.stats._checks import NotEstimableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray

__all__ = ["CrossedFit", "crossed_random_effects"]

_STEP = 1e-30  # of complex differentiation
_STARTS = (0.3, 3.0)  # ratios of standard deviations to that of the error
_NO_VARIATION = 1e-24  # a sum of squares below this share of the data's is rounding


@dataclass(frozen=True, slots=True)
class CrossedFit:
    """REML estimates of value = mean + subject + rater + error."""

    mean: float
    variance_subject: float
    variance_rater: float
    variance_residual: float


@dataclass(frozen=True, slots=True)
class _Cells:
    """Present cells (1 or 0) and the values centered at their mean, 0 where missing."""

    present: FloatArray
    values: FloatArray


@dataclass(frozen=True, slots=True)
class _Sums:
    """All that the likelihood needs: cross products of the intercept (1), values (y), raters.

    Subjects count only through their number of ratings; the first axis of ``squared_...`` runs
    over these numbers (``size``, had by ``subjects`` subjects) and holds the cross products of
    the subjects' sums.
    """

    observations: float
    total: float
    squares: float
    per_rater: FloatArray
    sums_per_rater: FloatArray
    size: FloatArray
    subjects: FloatArray
    squared_one_y: FloatArray
    squared_y_y: FloatArray
    squared_rater_one: FloatArray
    squared_rater_y: FloatArray
    squared_rater_rater: FloatArray


def crossed_random_effects(ratings: FloatArray) -> CrossedFit:
    """Return the REML fit of a matrix of subjects (rows) by raters, NaN where missing.

    Raises
    ------
    NotEstimableError
        With fewer than two subjects or raters, when subjects and raters are confounded, or
        when the values do not vary at all.
    """
    present = ~np.isnan(ratings)
    subjects, raters = ratings.shape
    if subjects < 2 or raters < 2:
        raise NotEstimableError("fewer than two subjects or raters")
    center = float(ratings[present].mean())
    values = np.where(present, ratings - center, 0.0)
    cells = _Cells(present.astype(np.float64), values)
    size = float((ratings[present] ** 2).sum())
    if float((values**2).sum()) <= _NO_VARIATION * size:
        raise NotEstimableError("the ratings do not vary")
    left_over, degrees = _additive_residual(cells)
    if degrees < 1:
        raise NotEstimableError("no degrees of freedom for the error")
    if left_over <= _NO_VARIATION * size:
        return _without_error(ratings)
    return _fit(_sums(cells), center)


def _additive_residual(cells: _Cells) -> tuple[float, int]:
    """Return the residual sum of squares of fixed subjects and raters and its freedom."""
    per_subject = cells.present.sum(axis=1)
    means = cells.values.sum(axis=1) / per_subject
    # raters after subjects: both sides centered within the subjects
    centered = (cells.values - means[:, None]) * cells.present
    shares = cells.present / per_subject[:, None]
    information = np.diag(cells.present.sum(axis=0)) - cells.present.T @ shares
    effects, _, rank, _ = np.linalg.lstsq(information, centered.sum(axis=0), rcond=1e-10)
    spread = effects - (shares @ effects)[:, None]
    residual = (centered - spread) * cells.present
    degrees = round(float(cells.present.sum())) - len(per_subject) - int(rank)
    return float((residual**2).sum()), degrees


def _without_error(ratings: FloatArray) -> CrossedFit:
    """Return the limit of a vanishing error: complete ratings, variances of the means."""
    if np.isnan(ratings).any():
        raise NotEstimableError("the error is 0 and ratings are missing")
    subject_means, rater_means = ratings.mean(axis=1), ratings.mean(axis=0)
    return CrossedFit(
        mean=float(ratings.mean()),
        variance_subject=_plain_variance(subject_means),
        variance_rater=_plain_variance(rater_means),
        variance_residual=0.0,
    )


def _plain_variance(means: FloatArray) -> float:
    variance = float(means.var(ddof=1))
    return variance if variance > _NO_VARIATION * float((means**2).mean()) else 0.0


def _fit(sums: _Sums, center: float) -> CrossedFit:
    def deviance(roots: FloatArray) -> float:
        return float(_deviance(sums, roots.astype(np.complex128)).real)

    def slope(roots: FloatArray) -> FloatArray:
        return _slope(sums, roots)

    best: tuple[float, FloatArray] | None = None
    for start in itertools.product(_STARTS, _STARTS):
        found = optimize.minimize(
            deviance, np.array(start), jac=slope, method="BFGS", options={"gtol": 1e-9}
        )
        if best is None or float(found.fun) < best[0] - 1e-9:
            best = (float(found.fun), np.abs(found.x))
    _, roots = best if best is not None else (0.0, np.zeros(2))
    for effect in range(2):  # the boundary is a stationary point of the roots
        on_boundary = roots.copy()
        on_boundary[effect] = 0.0
        if deviance(on_boundary) <= deviance(roots) + 1e-10:
            roots = on_boundary
    mean, squares = _solution(sums, (roots**2).astype(np.complex128))[:2]
    variance = float(squares.real) / (sums.observations - 1)
    return CrossedFit(
        mean=center + float(mean.real),
        variance_subject=float(roots[0] ** 2) * variance,
        variance_rater=float(roots[1] ** 2) * variance,
        variance_residual=variance,
    )


def _sums(cells: _Cells) -> _Sums:
    present, values = cells.present, cells.values
    per_subject, sums = present.sum(axis=1), values.sum(axis=1)
    size, group = np.unique(per_subject, return_inverse=True)
    members = (group == np.arange(len(size))[:, None]).astype(np.float64)
    return _Sums(
        observations=float(present.sum()),
        total=float(values.sum()),
        squares=float((values**2).sum()),
        per_rater=present.sum(axis=0),
        sums_per_rater=values.sum(axis=0),
        size=size,
        subjects=members.sum(axis=1),
        squared_one_y=size * (members @ sums),
        squared_y_y=members @ sums**2,
        squared_rater_one=size[:, None] * (members @ present),
        squared_rater_y=members @ (present * sums[:, None]),
        squared_rater_rater=np.array(
            [present[group == code].T @ present[group == code] for code in range(len(size))]
        ),
    )


def _slope(sums: _Sums, roots: FloatArray) -> FloatArray:
    slope = np.empty(2)
    for effect in range(2):
        step = roots.astype(np.complex128)
        step[effect] += 1j * _STEP
        slope[effect] = _deviance(sums, step).imag / _STEP
    return slope


def _deviance(sums: _Sums, roots: NDArray[np.complex128]) -> complex:
    """Return -2 log REML likelihood by the ratios of standard deviations, up to a constant.

    The roots of the ratios of variances have the whole line as their range, and the likelihood
    is smooth in them.
    """
    _, squares, information, log_determinant = _solution(sums, roots**2)
    degrees = sums.observations - 1
    return complex(degrees * np.log(squares) + np.log(information) + log_determinant)


def _solution(
    sums: _Sums, ratios: NDArray[np.complex128]
) -> tuple[complex, complex, complex, complex]:
    """Return mean, residual squares, information of the mean and log determinant."""
    by_subject, by_rater = ratios
    shrink = by_subject / (1 + sums.size * by_subject)
    # cross products of the intercept (1), the values (y) and the raters after the subjects
    one_one = sums.observations - shrink @ (sums.subjects * sums.size**2)
    one_y = sums.total - shrink @ sums.squared_one_y
    y_y = sums.squares - shrink @ sums.squared_y_y
    rater_one = sums.per_rater - shrink @ sums.squared_rater_one
    rater_y = sums.sums_per_rater - shrink @ sums.squared_rater_y
    removed: NDArray[Any] = np.einsum("m,mab->ab", shrink, sums.squared_rater_rater)
    matrix = np.eye(len(rater_one)) + by_rater * (np.diag(sums.per_rater) - removed)
    solved = by_rater * np.linalg.solve(matrix, np.column_stack([rater_one, rater_y]))
    information = one_one - rater_one @ solved[:, 0]
    product = one_y - rater_one @ solved[:, 1]
    mean = product / information
    squares = y_y - rater_y @ solved[:, 1] - mean * product
    sign, size = np.linalg.slogdet(matrix)
    log_determinant = sums.subjects @ np.log(1 + sums.size * by_subject) + np.log(sign) + size
    return complex(mean), complex(squares), complex(information), complex(log_determinant)
