"""What the centers of a study say of one more of them, and what that one says itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.stats._checks import FloatArray, check_same_length, positive, positive_sample, sample
from clinval.stats._roots import bracketed_roots

__all__ = ["CenterPrediction", "further_center"]

_CHANCES = (np.arange(400) + 0.5) / 400
_NEAR, _FAR = 0.75, 0.975  # quantiles that fix scale and degrees of freedom
_LEAST_DF, _MOST_DF = 0.5, 1e4


@dataclass(frozen=True, slots=True, kw_only=True)
class CenterPrediction:
    """The true mean of one more center: Student's t with ``df`` around ``mean``.

    ``learned`` is the share of the variance that another center in the study would take away.
    """

    mean: float
    scale: float
    df: float
    learned: float


def further_center(
    means: FloatArray, variances: FloatArray, own: tuple[float, float] | None = None
) -> CenterPrediction:
    """Predict the true mean of a center that is like those of a study.

    Parameters
    ----------
    means, variances
        Observed mean of each center and its squared standard error, at least 3 centers.
    own
        The same two of the center itself, where it has data.

    Returns
    -------
    CenterPrediction
        The prediction.

    Raises
    ------
    ValueError
        For fewer than 3 centers, lists of different length or a variance that is not above 0.

    Notes
    -----
    True means are normal with variance tau2 between centers. Cochran's statistic with the
    weights 1/(variance + tau2) is a chi-square with k - 1 degrees of freedom at the true tau2;
    each of its quantiles gives a tau2 (0 where it is never so large), and with it a normal
    prediction, which is weighed with the center's own data by their precision. The mixture of
    them all holds that tau2 is not known, which an estimate put in its place forgets: its
    intervals are too narrow where centers differ about as much as their errors. Without errors
    it is Student's t with k - 1 degrees of freedom. It is returned as the t that has its median
    and its middle 50 and 95 percent.

    References
    ----------
    .. [1] Nagashima, Noma & Furukawa 2019.
    """
    y, v = sample("means", means), positive_sample("variances", variances)
    check_same_length(means=y, variances=v)
    number = len(y)
    if number < 3:
        raise ValueError(f"a prediction needs 3 centers, there are {number}")
    tau2 = _between(y, v, np.asarray(special.chdtri(number - 1, 1 - _CHANCES)))
    weight = 1 / (v + tau2[:, None])
    of_mean = 1 / weight.sum(axis=1)
    mean = (weight @ y) * of_mean
    before, after = tau2 + of_mean, tau2 + of_mean * number / (number + 1)
    if own is not None:
        apart, error = own[0] - mean, positive("own variance", own[1])
        mean = mean + before / (before + error) * apart
        before, after = (1 / (1 / variance + 1 / error) for variance in (before, after))
    ends = _quantiles(mean, np.sqrt(before))
    near, far = ends[3] - ends[1], ends[4] - ends[0]
    df = _df(far / near)
    return CenterPrediction(
        mean=float(ends[2]),
        scale=float(far / 2 / special.stdtrit(df, _FAR)),
        df=df,
        learned=float(np.mean(1 - after / before)),
    )


def _between(y: FloatArray, v: FloatArray, statistic: FloatArray) -> FloatArray:
    """Return the variance between centers at which Cochran's statistic has each value."""

    def excess(tau2: FloatArray) -> FloatArray:
        weight = 1 / (v + tau2[:, None])
        mean = (weight * y).sum(axis=1) / weight.sum(axis=1)
        found: FloatArray = (weight * (y - mean[:, None]) ** 2).sum(axis=1) - statistic
        return found

    # the weighted squares lie below the plain ones over tau2
    most = np.sum((y - y.mean()) ** 2) / statistic
    return bracketed_roots(excess, np.zeros_like(statistic), most)


def _quantiles(mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Return the quantiles of an even mixture of normals, the middle one its median."""
    chances = np.array([1 - _FAR, 1 - _NEAR, 0.5, _NEAR, _FAR])
    each = mean[:, None] + sd[:, None] * special.ndtri(chances)

    def left(points: FloatArray) -> FloatArray:
        scores = (points - mean[:, None]) / sd[:, None]
        below = np.mean(special.ndtr(scores), axis=0)
        return np.asarray(chances - below, dtype=np.float64)

    return bracketed_roots(left, each.min(axis=0), each.max(axis=0))


def _df(ratio: float) -> float:
    """Return the degrees of freedom at which far and near quantiles have a ratio."""

    def wider(log_df: FloatArray) -> FloatArray:
        df = np.exp(log_df)
        found = special.stdtrit(df, _FAR) / special.stdtrit(df, _NEAR) - ratio
        return np.asarray(found, dtype=np.float64)

    ends = np.log([[_LEAST_DF], [_MOST_DF]])
    return float(np.exp(bracketed_roots(wider, ends[0], ends[1])[0]))
