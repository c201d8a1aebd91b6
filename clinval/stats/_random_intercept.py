"""Linear model with one random intercept a group: REML, Satterthwaite, Kenward and Roger.

Everything runs on sums within and between groups, never on a matrix with one row an
observation. The likelihood is profiled to the one ratio of variances, all its local maxima are
found, and the boundary (no variance between groups) is a proper answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats._roots import bracketed_roots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["RandomInterceptFit", "kenward_roger", "random_intercept"]

# ratios of the variance between groups to that within, among which the maxima are looked for; 0
# is one as well. Where the slope of the likelihood at 0 is exactly 0, as whole numbers can make
# it, rounding moves a maximum to about 1e-16 (half of the digits, 1e-8, where the curvature is 0
# too), times the size of the data over their spread. What lies below the first is 0.
_RATIOS = np.logspace(-7, 9, 321)
_STEP = 1e-30  # of complex differentiation: there is no cancellation, so it may be tiny
_COLLINEAR = 1e-10  # a direction of the design with a smaller share of its size is rounding
_NO_VARIATION = 1e-24  # a sum of squares below this share of the data's is rounding
_LARGEST_RATIO = 1e6  # stands for infinity where the likelihood has a limit there
_FLAT = 1e-6  # of the deviance: likelihoods that differ by less do not tell ratios apart
_EQUAL = 1e-10  # relative: eigenvalues that differ by less do not tell variances apart


@dataclass(frozen=True, slots=True)
class RandomInterceptFit:
    """REML estimates; ``df`` holds Satterthwaite's degrees of freedom of each coefficient."""

    coefficients: FloatArray
    covariance: FloatArray
    variance_group: float
    variance_residual: float
    df: FloatArray


@dataclass(frozen=True, slots=True)
class _Sums:
    """Cross products of [X, y]: within groups, and of the group totals over n."""

    n: FloatArray
    within: FloatArray
    between: FloatArray

    @property
    def observations(self) -> float:
        return float(self.n.sum())

    @property
    def columns(self) -> int:
        return len(self.within) - 1


def random_intercept(y: FloatArray, x: FloatArray, groups: IntArray) -> RandomInterceptFit:
    """Return the REML fit of y = x b + group + error.

    Parameters
    ----------
    y
        Observations, shape (n,).
    x
        Design matrix with the intercept, shape (n, p), of full rank.
    groups
        Code 0, 1, ... of the group of each observation.

    Raises
    ------
    NotEstimableError
        With fewer than two groups, when no group has two observations, without a degree of
        freedom, when the design leaves nothing between the groups, or nothing that tells the two
        variances apart, without variation within the groups, or with none beside that between
        them.
    """
    n = np.bincount(groups).astype(np.float64)
    if len(n) < 2:
        raise NotEstimableError("fewer than two centers")
    if len(n) == len(y):
        raise NotEstimableError("no center has two observations")
    if len(y) <= x.shape[1]:
        raise NotEstimableError("no degrees of freedom for the error")
    # fitting the residuals of ordinary least squares keeps large means out of the squares
    start = np.linalg.lstsq(x, y, rcond=None)[0].astype(np.float64)
    residual = y - x @ start
    sums = _sums(residual, x, groups, n)
    left_over, _, rank, _ = np.linalg.lstsq(
        sums.within[:-1, :-1], sums.within[:-1, -1], rcond=_COLLINEAR
    )
    if len(n) + int(rank) <= sums.columns:
        raise NotEstimableError("the arms cannot be told from the centers")
    if not _tells_variances_apart(sums):
        raise NotEstimableError("the variances within and between centers cannot be told apart")
    squares = float(sums.within[-1, -1] - left_over @ sums.within[:-1, -1])
    # the design may take up all there is within groups: what is left then lies between them
    saturated = len(y) == len(n) + int(rank)
    if saturated:
        squares = float(residual @ residual)
    if squares <= _NO_VARIATION * float(y @ y):
        raise NotEstimableError("no variation within centers")
    ratio = _best_ratio(sums, saturated=saturated)
    a, b, rss = _normal_equations(sums, np.array([ratio]))
    df_residual = sums.observations - sums.columns
    variance = float(rss[0]) / df_residual
    covariance = variance * np.linalg.inv(a[0])
    return RandomInterceptFit(
        coefficients=start + b[0],
        covariance=covariance,
        variance_group=ratio * variance,
        variance_residual=variance,
        df=(
            np.full(sums.columns, df_residual)
            if ratio == 0
            else _satterthwaite(sums, variance, ratio * variance)
        ),
    )


def kenward_roger(
    x: FloatArray, groups: IntArray, fit: RandomInterceptFit
) -> tuple[FloatArray, FloatArray]:
    """Return Kenward and Roger's covariance of the coefficients and their degrees of freedom.

    With G_i the derivative of the variance V by a variance component (residual, group) and W
    the inverse of the components' expected information, P_i = -X'V^-1 G_i V^-1 X and
    Q_ij = X'V^-1 G_i V^-1 G_j V^-1 X, the covariance is
    Phi + 2 Phi [sum_ij W_ij (Q_ij - P_i Phi P_j)] Phi. For a single coefficient the degrees of
    freedom come to 2 v^2/(g' W g), v its variance in Phi and g the gradient of v.
    """
    n = np.bincount(groups).astype(np.float64)
    sums = _sums(np.zeros(len(x)), x, groups, n)
    within, between = sums.within[:-1, :-1], sums.between[:, :-1, :-1]
    residual, phi = fit.variance_residual, fit.covariance
    # V has the eigenvalue of the residual within groups, and one of its own a group between
    eigenvalues = residual + n * fit.variance_group
    inner, outer = np.array([1.0, 0.0]), np.stack([np.ones_like(n), n])
    inner_pairs, outer_pairs = np.outer(inner, inner), outer[:, None] * outer
    p = -inner[:, None, None] * within / residual**2
    p -= np.einsum("ig,gab->iab", outer / eigenvalues**2, between)
    q = inner_pairs[..., None, None] * within / residual**3
    q += np.einsum("ijg,gab->ijab", outer_pairs / eigenvalues**3, between)
    traces = inner_pairs * float((n - 1).sum()) / residual**2
    traces += (outer_pairs / eigenvalues**2).sum(axis=-1)
    pp = np.einsum("iab,bc,jcd->ijad", p, phi, p)
    information = traces - np.einsum("ab,ijba->ij", phi, 2 * q - pp)
    components = 2 * np.linalg.inv(information)
    covariance = phi + 2 * phi @ np.einsum("ij,ijab->ab", components, q - pp) @ phi
    gradient = np.einsum("ab,ibc,ca->ia", phi, p, phi)
    spread = np.einsum("ia,ij,ja->a", gradient, components, gradient)
    return covariance, 2 * np.diag(phi) ** 2 / spread


def _sums(y: FloatArray, x: FloatArray, groups: IntArray, n: FloatArray) -> _Sums:
    columns = np.column_stack([x, y])
    totals = np.zeros((len(n), columns.shape[1]))
    np.add.at(totals, groups, columns)
    deviations = columns - (totals / n[:, None])[groups]
    return _Sums(
        n=n,
        within=deviations.T @ deviations,
        between=totals[:, :, None] * totals[:, None, :] / n[:, None, None],
    )


def _normal_equations(sums: _Sums, ratio: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return X'X, coefficients and residual sum of squares in the metric of each ratio."""
    weight = 1 / (1 + sums.n * ratio[:, None])
    products = sums.within + np.einsum("rj,jab->rab", weight, sums.between)
    a, c = products[:, :-1, :-1], products[:, :-1, -1]
    b = np.linalg.solve(a, c[..., None])[..., 0]
    return a, b, products[:, -1, -1] - np.einsum("rp,rp->r", b, c)


def _deviance(sums: _Sums, ratio: FloatArray) -> FloatArray:
    """Return -2 log REML likelihood, up to a constant."""
    a, _, rss = _normal_equations(sums, ratio)
    degrees = sums.observations - sums.columns
    logs = np.sum(np.log1p(sums.n * ratio[:, None]), axis=1)
    deviance: FloatArray = degrees * np.log(rss) + np.linalg.slogdet(a).logabsdet + logs
    return deviance


def _slope(sums: _Sums, ratio: FloatArray) -> FloatArray:
    """Return the derivative of the deviance by the ratio."""
    a, b, rss = _normal_equations(sums, ratio)
    shrunk = sums.n / (1 + sums.n * ratio[:, None]) ** 2
    pulled = np.einsum("rj,jab->rab", shrunk, sums.between)
    with_residual = np.concatenate([-b, np.ones((len(ratio), 1))], axis=1)
    fit = np.einsum("ra,rab,rb->r", with_residual, pulled, with_residual) / rss
    trace = np.einsum("rab,rba->r", np.linalg.inv(a), pulled[:, :-1, :-1])
    own = (sums.n / (1 + sums.n * ratio[:, None])).sum(axis=1)
    slope: FloatArray = own - trace - (sums.observations - sums.columns) * fit
    return slope


def _tells_variances_apart(sums: _Sums) -> bool:
    """Return whether the residuals of the design have more than one ratio of the two variances.

    With M the projection on these residuals and G the indicator of observations of one group,
    the variances enter through the eigenvalues of M G M on them: when all are equal the
    likelihood depends on one sum of the two. That is equality in tr(MG)^2 <= tr(M) tr(MGMG).
    """
    between = sums.between[:, :-1, :-1]
    inverse = np.linalg.inv(sums.within[:-1, :-1] + between.sum(axis=0))
    products = np.tensordot(sums.n, between, 1)
    share = inverse @ products
    first = sums.observations - float(np.trace(share))
    second = float((sums.n**2).sum() + np.trace(share @ share))
    second -= 2 * float(np.trace(inverse @ np.tensordot(sums.n**2, between, 1)))
    degrees = sums.observations - sums.columns
    return first**2 < (1 - _EQUAL) * degrees * second


def _best_ratio(sums: _Sums, *, saturated: bool) -> float:
    """Return the ratio of the variances with the smallest deviance.

    It grows without bound with the ratio unless the design is saturated within the groups: then
    it has a limit, and no residual variance at all may be the likeliest.
    """
    ratios = _RATIOS[_RATIOS <= _LARGEST_RATIO] if saturated else _RATIOS
    slopes = _slope(sums, ratios)
    falling_then_rising = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0))
    minima = [0.0]
    if len(falling_then_rising):
        low, high = ratios[falling_then_rising], ratios[falling_then_rising + 1]
        minima += bracketed_roots(lambda r: -_slope(sums, r), low, high).tolist()
    vanishes = not saturated and len(falling_then_rising) == 0 and bool(slopes[-1] < 0)
    candidates = np.array(minima)
    deviances = _deviance(sums, candidates)
    if saturated:
        vanishes = float(_deviance(sums, ratios[-1:])[0]) <= float(deviances.min()) + _FLAT
    if vanishes:
        raise NotEstimableError("the variance within centers vanishes beside that between them")
    return float(candidates[np.argmin(deviances)])


def _satterthwaite(sums: _Sums, residual: float, group: float) -> FloatArray:
    """Return 2 v^2 / (g' C g) for the variance v of each coefficient.

    g is the gradient of v by the two variances and C their covariance, the inverse of the
    observed information. Both derivatives are taken by a complex step.
    """
    variances = np.array([residual, group])
    hessian = np.empty((2, 2))
    gradient = np.empty((2, sums.columns))
    for column in range(2):
        step = variances.astype(np.complex128)
        step[column] += 1j * _STEP * residual
        hessian[:, column] = _score(sums, step).imag / (_STEP * residual)
        gradient[column] = np.diag(_coefficient_covariance(sums, step)).imag / (_STEP * residual)
    covariance = 2 * np.linalg.inv((hessian + hessian.T) / 2)
    v = np.diag(_coefficient_covariance(sums, variances.astype(np.complex128))).real
    df: FloatArray = 2 * v**2 / np.einsum("ak,ab,bk->k", gradient, covariance, gradient)
    return df


def _products(sums: _Sums, variances: NDArray[np.complex128]) -> NDArray[Any]:
    """Return the cross products of [X, y] in the metric of the inverse variance."""
    eigenvalues = variances[0] + sums.n * variances[1]
    between = np.einsum("j,jab->ab", 1 / eigenvalues, sums.between)
    products: NDArray[Any] = sums.within / variances[0] + between
    return products


def _coefficient_covariance(sums: _Sums, variances: NDArray[np.complex128]) -> NDArray[Any]:
    return np.linalg.inv(_products(sums, variances)[:-1, :-1])


def _score(sums: _Sums, variances: NDArray[np.complex128]) -> NDArray[Any]:
    """Return the derivatives of the deviance by the residual and the group variance."""
    residual, group = variances
    eigenvalues = residual + sums.n * group
    products = _products(sums, variances)
    covariance = np.linalg.inv(products[:-1, :-1])
    with_residual = np.append(-covariance @ products[:-1, -1], 1.0)

    def derivative(own: complex, squared: NDArray[Any]) -> complex:
        trace = np.trace(covariance @ squared[:-1, :-1])
        return complex(own - trace - with_residual @ squared @ with_residual)

    by_residual = sums.within / residual**2 + np.einsum(
        "j,jab->ab", 1 / eigenvalues**2, sums.between
    )
    by_group = np.einsum("j,jab->ab", sums.n / eigenvalues**2, sums.between)
    return np.array(
        [
            derivative(((sums.n - 1) / residual + 1 / eigenvalues).sum(), by_residual),
            derivative((sums.n / eigenvalues).sum(), by_group),
        ]
    )
