"""Imputed data sets of a normal outcome, drawn and analyzed all at once.

The model of the imputations is that of the analysis: score = intercept + arm (+ baseline) with
normal errors of one variance. The data sets are the columns of a matrix. A shift of the imputed
values moves every estimate by the same amount, so that a whole map of shifts follows from the
sums of one set of imputations; so it does for the differences of pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clinval.stats._checks import (
    FloatArray,
    NotEstimableError,
    Numbers,
    arm_indicator,
    check_same_length,
    sample,
)
from clinval.stats._moments import rounding_of, variance_of
from clinval.stats.missing._draws import number_of_imputations, seed_of
from clinval.stats.missing._rubin import Combined, combine

__all__ = [
    "Gappy",
    "ImputedScores",
    "analyzed",
    "check_errors",
    "gappy_sample",
    "imputed_scores",
]

# a list that may hold None or NaN where a value is missing
Gappy: TypeAlias = Sequence[float | None] | NDArray[Any]

_EXACT = 1e-13  # of the values: errors that rounding alone can leave


@dataclass(frozen=True, slots=True)
class ImputedScores:
    """What the analyses of all imputed data sets leave, before any shift.

    ``moved`` is what a unit shift of the test arm and of the reference arm adds to the
    estimate; ``products`` the mean products of the errors of the data and of both shifts.
    """

    estimate: float
    between: float
    moved: FloatArray
    products: FloatArray
    unit_variance: float
    imputations: int
    df: int
    n: int

    def shifted(self, test: FloatArray, reference: FloatArray) -> Combined:
        """Return the combined analyses with shifts that broadcast against each other."""
        shift = (1.0, test, reference)
        squares = sum(self.products[i, j] * shift[i] * shift[j] for i in range(3) for j in range(3))
        within = squares * self.unit_variance / self.df
        estimate = self.estimate + self.moved[0] * test + self.moved[1] * reference
        return combine(estimate, within, self.between, self.imputations, self.df)


def imputed_scores(
    score: Gappy,
    arm: Numbers,
    baseline: Numbers | None,
    seed: int,
    imputations: int,
    *,
    from_reference: bool = False,
) -> ImputedScores:
    """Draw all imputed data sets and analyze them."""
    y, design = _data(score, arm, baseline)
    draw, m = np.random.default_rng(seed_of(seed)), number_of_imputations(imputations)
    gone = np.isnan(y)
    where = design[gone]
    if from_reference:
        where[:, 1] = 0.0
    data = np.repeat(y[:, None], m, axis=1)
    data[gone] = _drawn(y[~gone], design[~gone], where, m, draw)
    shifts = np.column_stack([gone & (design[:, 1] == arm_) for arm_ in (1.0, 0.0)])
    return analyzed(data, design, 1, shifts)


def analyzed(
    data: FloatArray, design: FloatArray, column: int, shifts: NDArray[Any]
) -> ImputedScores:
    """Analyze data sets (columns) by least squares.

    Parameters
    ----------
    data
        Values, shape (rows, imputations).
    design
        What explains them, shape (rows, columns); the coefficient of ``column`` is the estimate.
    shifts
        What a unit shift of the test arm and of the reference arm adds, shape (rows, 2): 0 but
        for imputed values.
    """
    m = data.shape[1]
    q, r = np.linalg.qr(design)
    of_estimate = np.linalg.solve(r, q.T)[column]  # weights of the values
    errors, shift_errors = data - q @ (q.T @ data), shifts - q @ (q.T @ shifts)
    mean_errors = np.column_stack([errors.mean(axis=1), shift_errors])
    products = mean_errors.T @ mean_errors
    products[0, 0] = np.sum(errors**2) / m
    estimates = of_estimate @ data
    return ImputedScores(
        estimate=float(estimates.mean()),
        between=variance_of(estimates) if shifts.any() else 0.0,
        moved=of_estimate @ shifts,
        products=products,
        unit_variance=float(of_estimate @ of_estimate),
        imputations=m,
        df=len(data) - design.shape[1],
        n=len(data),
    )


def gappy_sample(name: str, values: Gappy) -> FloatArray:
    """Return a list of numbers, NaN where one is missing."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or np.isinf(array).any():
        raise ValueError(f"{name} must be a list of finite numbers, None where one is missing")
    return array


def check_errors(errors: FloatArray, values: FloatArray) -> None:
    """Raise where nothing but rounding is left of the values."""
    if float(np.abs(errors).max()) <= _EXACT * float(np.abs(values).max()):
        raise NotEstimableError("the model fits every value")


def _data(score: Gappy, arm: Numbers, baseline: Numbers | None) -> tuple[FloatArray, FloatArray]:
    """Return the outcome, NaN where it is missing, and the columns that explain it."""
    y, arms = gappy_sample("score", score), arm_indicator(arm)
    check_same_length(score=y, arm=arms)
    columns = [np.ones(len(y)), arms]
    if baseline is not None:
        x = sample("baseline", baseline)
        check_same_length(score=y, baseline=x)
        columns.append(x - x.mean() if len(x) else x)
    return y, np.column_stack(columns)


def _drawn(
    y: FloatArray, design: FloatArray, where: FloatArray, m: int, draw: np.random.Generator
) -> FloatArray:
    """Draw m values at each place from the predictive distribution of a normal regression."""
    arms = design[:, 1]
    if not (arms == 1).any() or not (arms == 0).any():
        raise NotEstimableError("an arm has no observed result")
    df = len(y) - design.shape[1]
    if df < 1:
        raise NotEstimableError("no degrees of freedom for the error")
    for x in design[:, 2:].T:
        if max(float(np.ptp(x[arms == a])) for a in (0, 1)) <= rounding_of(x):
            raise NotEstimableError("the baseline does not vary within the arms")
    q, r = np.linalg.qr(design)
    coefficients = np.linalg.solve(r, q.T @ y)
    errors = y - design @ coefficients
    check_errors(errors, y)
    sigma = np.sqrt(errors @ errors / draw.chisquare(df, m))
    spread = np.linalg.solve(r, draw.standard_normal((design.shape[1], m)))
    means = where @ (coefficients[:, None] + sigma * spread)
    values: FloatArray = means + sigma * draw.standard_normal(means.shape)
    return values
