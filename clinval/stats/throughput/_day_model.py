"""A linear model of log times whose days differ at random.

Examinations of one day share its crew, its patients' list and its trouble: they are not
independent. The day is a random intercept, by REML, with Kenward and Roger's degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from clinval.stats._checks import NotEstimableError, sample
from clinval.stats._labels import group_codes
from clinval.stats._moments import MeanContrast, ratio_of
from clinval.stats._random_intercept import kenward_roger, random_intercept

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, IntArray, Labels, Numbers

__all__ = [
    "DayFit",
    "Ratio",
    "factor",
    "fit_days",
    "groups_of",
    "ratio_with_limits",
    "zero_or_one",
]

Ratio: TypeAlias = tuple[float | None, float | None, float | None]

_IN_SPAN = 1e-8  # a column with a smaller share outside the span of others is inside it
_NO_VARIATION = 1e-24  # a sum of squares below this share of the data's is rounding


@dataclass(frozen=True, slots=True)
class DayFit:
    """Contrasts of the columns of interest, and the deviations between and within days."""

    contrasts: tuple[MeanContrast, ...]
    sd_day: float
    sd_within: float


def factor(name: str, labels: Labels | None, size: int) -> FloatArray:
    """Return one column a label, all but the first; no column without labels."""
    if labels is None:
        return np.empty((size, 0))
    groups, codes = group_codes(name, labels)
    if len(codes) != size:
        raise ValueError(f"lengths differ: duration {size}, {name} {len(codes)}")
    columns: FloatArray = np.eye(len(groups))[codes][:, 1:]
    return columns


def groups_of(*columns: FloatArray) -> IntArray:
    """Return the code 0, 1, ... of each distinct row of the columns."""
    codes: IntArray = np.unique(np.column_stack(columns), axis=0, return_inverse=True)[1].ravel()
    return codes


def fit_days(
    y: FloatArray, interest: FloatArray, nuisance: FloatArray, days: IntArray, reason: str
) -> DayFit:
    """Return the fit of y on the columns of interest, an intercept and nuisance columns.

    Nuisance columns that say what others say already are left out.

    Raises
    ------
    NotEstimableError
        With ``reason`` when a column of interest lies in the span of the others; without a degree
        of freedom; when days and their examinations do not vary.
    """
    n = len(y)
    base = _spanning(np.column_stack([np.ones(n), nuisance]))
    for column in range(interest.shape[1]):
        others = np.column_stack([base, np.delete(interest, column, axis=1)])
        left = interest[:, column] - others @ np.linalg.lstsq(others, interest[:, column])[0]
        if float(left @ left) <= _IN_SPAN**2 * float(interest[:, column] @ interest[:, column]):
            raise NotEstimableError(reason)
    x = np.column_stack([interest, base])
    if len(np.unique(days)) == n:
        return _independent(y, x, interest.shape[1])
    try:
        fit = random_intercept(y, x, days)
    except NotEstimableError as error:
        raise NotEstimableError("too few days, or days that do not vary") from error
    covariance, df = kenward_roger(x, days, fit)
    return DayFit(
        contrasts=tuple(
            MeanContrast(float(fit.coefficients[k]), float(np.sqrt(covariance[k, k])), float(df[k]))
            for k in range(interest.shape[1])
        ),
        sd_day=float(np.sqrt(fit.variance_group)),
        sd_within=float(np.sqrt(fit.variance_residual)),
    )


def _independent(y: FloatArray, x: FloatArray, interest: int) -> DayFit:
    """Return the ordinary fit, every examination being a day of its own."""
    df = len(y) - x.shape[1]
    if df < 1:
        raise NotEstimableError("no degrees of freedom for the error")
    coefficients = np.linalg.lstsq(x, y)[0]
    error = y - x @ coefficients
    squares = float(error @ error)
    if squares <= _NO_VARIATION * float(y @ y):
        raise NotEstimableError("too few days, or days that do not vary")
    variance = squares / df
    spread = np.sqrt(variance * np.diag(np.linalg.inv(x.T @ x)))
    return DayFit(
        contrasts=tuple(
            MeanContrast(float(coefficients[k]), float(spread[k]), df) for k in range(interest)
        ),
        sd_day=0.0,
        sd_within=float(np.sqrt(variance)),
    )


def _spanning(columns: FloatArray) -> FloatArray:
    """Return orthonormal columns of the same span."""
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, size > _IN_SPAN * size[0]], dtype=np.float64)


def ratio_with_limits(contrast: MeanContrast, level: float) -> Ratio:
    """Return a contrast of logarithms and its limits as ratios, None where no number holds one."""
    low, high = contrast.interval(level)
    return ratio_of(contrast.estimate), ratio_of(low), ratio_of(high)


def zero_or_one(name: str, values: Numbers) -> FloatArray:
    """Return a list of 0 and 1."""
    array = sample(name, values)
    if not np.isin(array, (0.0, 1.0)).all():
        raise ValueError(f"{name} must be 0 or 1")
    return array
