"""The single-treatment reader model: a product's estimate less that of each of its readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.stats.reader_study._components import ROUNDING, rounding_of
from clinval.stats.reader_study._reader_study import NO_VARIANCE, ONE_CASE, ONE_CLASS, ONE_READER

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["SingleTreatment", "single_treatment"]

NO_READER = "no reader beside the product"


class SingleTreatment(NamedTuple):
    """Mean difference and its variance, shape (); NaN without a value.

    Attributes
    ----------
    estimate, variance, df
        Mean of the differences, its variance, and degrees of freedom of t (infinite: normal).
    ms_reader, var_error, cov2
        Variance of the differences, mean of their error variances and of their covariances.
    reason
        Why the variance has no value above 0, or nothing.
    """

    estimate: float
    variance: float
    df: float
    ms_reader: float
    var_error: float
    cov2: float
    reason: str


def single_treatment(
    theta: FloatArray, difference: FloatArray, matrix: FloatArray, own: float, random: str
) -> SingleTreatment:
    """Return the mean of a product's differences to its readers.

    Parameters
    ----------
    theta
        Estimates of the readers and the product, shape (J + 1,).
    difference, matrix
        Product less each reader, shape (J,), and their covariance, shape (J, J).
    own
        Variance of the product's estimate.
    random
        "readers_cases", "cases" (readers fixed) or "readers" (cases fixed).
    """
    j = len(difference)
    with np.errstate(invalid="ignore", divide="ignore"):
        square = float(np.var(difference, ddof=1)) if j > 1 else np.nan
        square = 0.0 if square <= ROUNDING else square
        error = float(np.trace(matrix) / np.float64(j))
        cov2 = float((matrix.sum() - np.trace(matrix)) / np.float64(j * (j - 1)))
    if random == "cases":
        between = cov2 if j > 1 else 0.0
        whole, df = error + (j - 1) * between, np.inf
    else:
        whole = square + (j * max(cov2, 0.0) if random == "readers_cases" else 0.0)
        df = (j - 1) * (whole / square) ** 2 if square else np.inf
    mean = float(difference.mean()) if j else np.nan
    variance = whole / j if j else np.nan
    reason = _reason(theta, error, random)
    if not reason and not variance > rounding_of(own):
        reason = NO_VARIANCE
    return SingleTreatment(mean, variance, df, square, error, cov2, reason=reason)


def _reason(theta: FloatArray, error: float, random: str) -> str:
    """Return why there is no variance, or nothing."""
    if len(theta) < 2:
        return NO_READER
    if np.isnan(theta).any():
        return ONE_CLASS
    if len(theta) == 2 and random != "cases":
        return ONE_READER
    if random != "readers" and np.isnan(error):
        return ONE_CASE
    return ""
