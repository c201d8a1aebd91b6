"""Linear model with several random factors, crossed or nested, with gaps: REML.

The factor with the many levels (subjects, and cells within them) is eliminated in closed form and
all its sums are taken once, so that the likelihood works on matrices of the size of the other
factors (readers, centers, sessions) however many subjects there are. A variance of 0 is a proper
answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize

from clinval.stats._checks import NotEstimableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, IntArray

__all__ = ["NO_ERROR", "ComponentFit", "fit_components"]

NO_ERROR = "the model fits every value"

_STEP = 1e-30  # of complex differentiation
_DIFFERENCE = 1e-5  # relative step of the central difference that follows it
_STARTS = (0.3, 3.0)  # ratios of standard deviations to that of the error
_LARGEST_ROOT = 1e5
_NO_VARIATION = 1e-24  # a sum of squares below this share of the data's is rounding
_COLLINEAR = 1e-10
_ALIKE = 1e-7  # an eigenvalue of the information, scaled to ones, below this is 0


@dataclass(frozen=True, slots=True)
class ComponentFit:
    """REML estimates.

    Attributes
    ----------
    coefficients, covariance
        Of the fixed effects, by generalised least squares.
    variances
        One a random factor in the order given (subject, cell, others), the residual last.
    information
        Asymptotic covariance of the variances, the inverse of the expected information.
    covariance_slopes
        Derivatives of ``covariance`` by the variances, shape (variances, p, p).
    """

    coefficients: FloatArray
    covariance: FloatArray
    variances: FloatArray
    information: FloatArray
    covariance_slopes: FloatArray


@dataclass(frozen=True, slots=True)
class _Sums:
    """Cross products of the columns [fixed, levels of the other factors, y].

    ``whole`` is over all rows. ``cells`` has one matrix for each size that cells have, summed
    over these cells. ``subjects`` has, for each make-up that subjects have (how many cells of
    each size), a matrix for each pair of sizes, summed over these subjects.
    """

    fixed: int
    observations: int
    factor: IntArray  # the random factor of each level of the others
    whole: FloatArray
    size: FloatArray
    cell_count: FloatArray
    cells: FloatArray
    make_up: FloatArray
    subject_count: FloatArray
    subjects: FloatArray
    has_subjects: bool
    has_cells: bool

    @property
    def degrees(self) -> int:
        return self.observations - self.fixed


def fit_components(
    y: FloatArray,
    x: FloatArray,
    *,
    subject: IntArray | None = None,
    cell: IntArray | None = None,
    others: Sequence[IntArray] = (),
) -> ComponentFit:
    """Return the REML fit of y = x b + subject + cell + others + error.

    Parameters
    ----------
    y
        Observations, shape (n,).
    x
        Fixed effects, shape (n, p), of full rank.
    subject
        Code 0, 1, ... of the level of the factor with many levels, None for no such factor.
    cell
        Code of a factor nested in ``subject``, None for no such factor.
    others
        Codes of the other random factors, which may cross everything.

    Raises
    ------
    NotEstimableError
        When the values do not vary, without a degree of freedom for the error or without error,
        and when the design does not tell the variances apart.
    """
    start = np.linalg.lstsq(x, y, rcond=None)[0].astype(np.float64)
    residual = y - x @ start
    if float(residual @ residual) <= _NO_VARIATION * float(y @ y):
        raise NotEstimableError("the values do not vary")
    indicators = [np.eye(int(codes.max()) + 1)[codes] for codes in others]
    columns = np.column_stack([x, *indicators, residual])
    rows = np.arange(len(y))
    sums = _sums(
        columns,
        rows if subject is None else subject,
        rows if cell is None else cell,
        fixed=x.shape[1],
        factor=np.repeat(np.arange(len(others)), [part.shape[1] for part in indicators]),
        has=(subject is not None, cell is not None),
    )
    left_over, degrees = _saturated(columns, subject if cell is None else cell)
    if degrees < 1:
        raise NotEstimableError("no degrees of freedom for the error")
    if left_over <= _NO_VARIATION * float(y @ y):
        raise NotEstimableError(NO_ERROR)
    factors = _factors(sums)
    if _alike(_information(sums, np.ones(factors + 1))):
        raise NotEstimableError("the design does not tell the variances apart")
    roots = _best_roots(sums, factors)
    b, inverse, squares, _ = _solution(sums, roots.astype(np.complex128))
    error = float(squares.real) / sums.degrees
    variances = np.append(roots**2, 1.0) * error
    return ComponentFit(
        coefficients=start + b.real,
        covariance=error * inverse.real,
        variances=variances,
        information=2 * np.linalg.inv(_information(sums, variances)).astype(np.float64),
        covariance_slopes=_covariance_slopes(sums, variances),
    )


def _factors(sums: _Sums) -> int:
    return sums.has_subjects + sums.has_cells + int(sums.factor.max(initial=-1)) + 1


def _sums(
    columns: FloatArray,
    subject: IntArray,
    cell: IntArray,
    *,
    fixed: int,
    factor: IntArray,
    has: tuple[bool, bool],
) -> _Sums:
    size_of = np.bincount(cell)
    in_cell = _totals(columns, cell, len(size_of))
    owner = np.zeros(len(size_of), dtype=np.intp)
    owner[cell] = subject
    size, kind = np.unique(size_of, return_inverse=True)
    sizes, people, width = len(size), int(subject.max()) + 1, columns.shape[1]
    place = owner * sizes + kind
    in_subject = _totals(in_cell, place, people * sizes).reshape(people, sizes * width)
    cells_of = np.bincount(place, minlength=people * sizes).reshape(people, sizes)
    make_up, alike = np.unique(cells_of, axis=0, return_inverse=True)
    groups = [in_subject[alike.ravel() == code] for code in range(len(make_up))]
    of_size = [in_cell[kind == code] for code in range(sizes)]
    crossed = np.array([group.T @ group for group in groups])
    return _Sums(
        fixed=fixed,
        observations=len(columns),
        factor=factor,
        whole=columns.T @ columns,
        size=size.astype(np.float64),
        cell_count=np.bincount(kind).astype(np.float64),
        cells=np.array([part.T @ part for part in of_size]),
        make_up=make_up.astype(np.float64),
        subject_count=np.array([float(len(group)) for group in groups]),
        subjects=crossed.reshape(-1, sizes, width, sizes, width).swapaxes(2, 3),
        has_subjects=has[0],
        has_cells=has[1],
    )


def _totals(columns: FloatArray, groups: IntArray, count: int) -> FloatArray:
    """Return the sums of the rows of each group, shape (count, columns)."""
    return np.column_stack([np.bincount(groups, column, count) for column in columns.T])


def _saturated(columns: FloatArray, absorbed: IntArray | None) -> tuple[float, int]:
    """Return the residual squares and their freedom with every factor as a fixed one."""
    centered, groups = columns, 0
    if absorbed is not None:
        size = np.bincount(absorbed)
        groups = len(size)
        centered = columns - (_totals(columns, absorbed, groups) / size[:, None])[absorbed]
    products = centered.T @ centered
    solved, _, rank, _ = np.linalg.lstsq(products[:-1, :-1], products[:-1, -1], rcond=_COLLINEAR)
    residual = centered[:, -1] - centered[:, :-1] @ solved
    return float(residual @ residual), len(columns) - groups - int(rank)


def _best_roots(sums: _Sums, factors: int) -> FloatArray:
    """Return the ratios of standard deviations to that of the error with the least deviance.

    The roots of the ratios of variances have the whole line as their range, and the likelihood is
    smooth in them.
    """
    if factors == 0:
        return np.zeros(0)
    low, high = _STARTS
    starts = [np.full(factors, low), np.full(factors, high)]
    starts += [np.where(np.arange(factors) == one, high, low) for one in range(factors)]

    def deviance(roots: FloatArray) -> float:
        return _deviance(sums, roots.astype(np.complex128)).real

    def with_slope(roots: FloatArray) -> tuple[float, FloatArray]:
        return _with_slope(lambda at: _deviance(sums, at), roots)

    least, roots = math.inf, np.zeros(factors)
    for start in starts:
        found = optimize.minimize(
            with_slope,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-_LARGEST_ROOT, _LARGEST_ROOT)] * factors,
            options={"gtol": 1e-9, "ftol": 1e-15},
        )
        if float(found.fun) < least - 1e-9:
            least, roots = float(found.fun), np.abs(found.x)
    for factor in range(factors):  # the boundary is a stationary point of the roots
        at_zero = roots.copy()
        at_zero[factor] = 0.0
        if deviance(at_zero) <= deviance(roots) + 1e-10:
            roots = at_zero
    return roots


def _with_slope(
    function: Callable[[NDArray[np.complex128]], complex], point: FloatArray
) -> tuple[float, FloatArray]:
    """Return the value and the derivatives of an analytic function."""
    values = np.empty(len(point), dtype=np.complex128)
    for one in range(len(point)):
        step = point.astype(np.complex128)
        step[one] += 1j * _STEP
        values[one] = function(step)
    return float(values[0].real), values.imag / _STEP


def _deviance(sums: _Sums, roots: NDArray[np.complex128]) -> complex:
    """Return -2 log REML likelihood by the roots of the ratios, up to a constant."""
    _, _, squares, log_determinants = _solution(sums, roots)
    return complex(sums.degrees * np.log(squares) + log_determinants)


def _covariance_slopes(sums: _Sums, variances: FloatArray) -> FloatArray:
    slopes = np.empty((len(variances), sums.fixed, sums.fixed))
    for one in range(len(variances)):
        step = variances.astype(np.complex128)
        step[one] += 1j * _STEP
        inverse = _solution(sums, step[:-1] / step[-1], squared=True)[1]
        slopes[one] = (step[-1] * inverse).imag / _STEP
    return slopes


def _information(sums: _Sums, variances: FloatArray) -> FloatArray:
    """Return tr(P G_i P G_j) for the derivatives G of the covariance by the variances.

    With P the inverse covariance on what the fixed effects leave, that is the second derivative,
    with its sign turned, of the part of the deviance that has no data.
    """

    def without_data(at: NDArray[np.complex128]) -> complex:
        # variances other than the error's need not be positive for this function to be smooth
        ratios = at[:-1] / at[-1]
        return complex(sums.degrees * np.log(at[-1]) + _solution(sums, ratios, squared=True)[3])

    count = len(variances)
    scale = float(variances[-1])
    second = np.empty((count, count))
    for one in range(count):
        reach = _DIFFERENCE * max(float(variances[one]), 0.01 * scale)
        step = np.where(np.arange(count) == one, reach, 0.0)
        ahead, behind = (
            _with_slope(without_data, variances + sign * step)[1] for sign in (1.0, -1.0)
        )
        second[one] = (behind - ahead) / (2 * reach)
    return (second + second.T) / 2


def _alike(information: FloatArray) -> bool:
    """Return whether some combination of variances leaves no trace in the data."""
    size = np.sqrt(np.maximum(np.diag(information), 0))
    if (size == 0).any():
        return True
    return float(np.linalg.eigvalsh(information / np.outer(size, size))[0]) < _ALIKE


def _solution(
    sums: _Sums, roots: NDArray[np.complex128], *, squared: bool = False
) -> tuple[NDArray[Any], NDArray[Any], complex, complex]:
    """Return coefficients, inverse information of them, residual squares, log determinants.

    ``roots`` are those of the ratios of variances to the error's, or the ratios if ``squared``.
    """
    ratios = roots if squared else roots**2
    place = 0
    of_subject = of_cell = 0j
    if sums.has_subjects:
        of_subject, place = ratios[place], place + 1
    if sums.has_cells:
        of_cell, place = ratios[place], place + 1
    shrunk = 1 / (1 + sums.size * of_cell)
    products = sums.whole - np.einsum("a,ajk->jk", of_cell * shrunk, sums.cells)
    log_determinants = -sums.cell_count @ np.log(shrunk)
    if sums.has_subjects:
        weight = sums.make_up @ (sums.size * shrunk)
        pulled = of_subject / (1 + of_subject * weight)
        by_size = pulled[:, None, None] * shrunk[:, None] * shrunk
        products = products - np.einsum("hab,habjk->jk", by_size, sums.subjects)
        log_determinants += sums.subject_count @ np.log(1 + of_subject * weight)
    p, q = sums.fixed, len(sums.factor)
    levels, rest = slice(p, p + q), [*range(p), p + q]
    by_level = ratios[place:][sums.factor]
    matrix = np.eye(q) + by_level[:, None] * products[levels, levels]
    solved = np.linalg.solve(matrix, by_level[:, None] * products[levels][:, rest])
    reduced = products[np.ix_(rest, rest)] - products[rest][:, levels] @ solved
    inverse = np.linalg.inv(reduced[:p, :p])
    b = inverse @ reduced[:p, -1]
    squares = reduced[-1, -1] - b @ reduced[:p, -1]
    for square in (matrix, reduced[:p, :p]):
        sign, size = np.linalg.slogdet(square)
        log_determinants += np.log(sign) + size
    return b, inverse, complex(squares), complex(log_determinants)
