"""The mean of one sample: of subjects, or of measurements that are clustered in subjects."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import (
    FloatArray,
    Labels,
    Numbers,
    check_level,
    check_same_length,
    sample,
)
from clinval.stats._distributions import student_quantile
from clinval.stats._labels import group_codes
from clinval.stats._moments import variance_of

__all__ = ["Mean", "cluster_robust", "student"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean(Estimate):
    """A mean with its standard error; ``clusters`` are independent, the values in one are not."""

    se: float | None = None
    sd: float | None = None
    df: float | None = None
    clusters: int = 0


def student(values: Numbers, *, level: float = 0.95) -> Mean:
    r"""Mean of independent values with Student's interval.

    Parameters
    ----------
    values
        One value a subject, any unit.
    level
        Two-sided level of the interval.

    Returns
    -------
    Mean
        ``estimate``, ``se``, ``sd``, limits in the unit of the values and ``n``; ``clusters`` is
        ``n``. Without values all is undefined, with one all but the estimate.

    Raises
    ------
    ValueError
        For values that are missing or infinite, or a level outside (0, 1).

    Notes
    -----
    .. math:: \bar x \mp t_{n-1} s / \sqrt{n}, \quad s^2 = \sum (x - \bar x)^2/(n - 1)

    References
    ----------
    .. [1] Student 1908, Biometrika 6:1.

    Examples
    --------
    >>> result = student([0.91, 0.84, 0.88, 0.93])
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.89, 0.8277, 0.9523)
    """
    check_level(level)
    given = sample("values", values)
    n = len(given)
    se = math.sqrt(variance_of(given) / n) if n > 1 else None
    return _mean("student", given, se, n, level, reason="fewer than two values")


def cluster_robust(values: Numbers, *, cluster: Labels, level: float = 0.95) -> Mean:
    r"""Mean of all values with the variance between clusters.

    Parameters
    ----------
    values
        One value a measurement (lesion, structure, read), any unit.
    cluster
        The subject of each value.
    level
        Two-sided level of the interval.

    Returns
    -------
    Mean
        ``estimate`` over all values, ``se``, ``sd``, limits, ``n`` values and ``clusters``. With
        a single cluster all but the estimate and ``sd`` are undefined.

    Raises
    ------
    ValueError
        For values that are missing or infinite, lists of different length or a level outside
        (0, 1).

    Notes
    -----
    With S_g the sum of the values of cluster g less their mean and N values in m clusters,

    .. math:: se^2 = \frac{m}{m - 1} \sum_g S_g^2 / N^2

    and Student's t with m - 1 degrees of freedom; with one value a cluster it is :func:`student`.

    References
    ----------
    .. [1] Cochran 1977, Sampling Techniques, 3rd ed.

    Examples
    --------
    >>> result = cluster_robust([0.9, 0.8, 0.7, 0.95, 0.85], cluster=["a", "a", "b", "c", "c"])
    >>> round(result.estimate, 4), round(result.se, 4), result.clusters
    (0.84, 0.0454, 3)
    """
    check_level(level)
    given = sample("values", values)
    _, codes = group_codes("cluster", cluster)
    check_same_length(values=given, cluster=codes)
    clusters = len(np.unique(codes))
    se = None
    if clusters > 1:
        constant = float(np.ptp(given)) == 0
        sums = np.bincount(codes, 0 * given if constant else given - given.mean())
        spread = clusters / (clusters - 1) * float(sums @ sums)
        se = math.sqrt(spread) / len(given)
    return _mean("cluster_robust", given, se, clusters, level, reason="fewer than two clusters")


def _mean(
    name: str, given: FloatArray, se: float | None, clusters: int, level: float, reason: str
) -> Mean:
    """Return a mean with Student's interval on one degree of freedom less than clusters."""
    n = len(given)
    estimate = float(given.mean()) if n else None
    if not n:
        reason = "no subject"
    elif se is not None:
        reason = ""
    half = None if se is None else student_quantile(level, clusters - 1) * se
    return Mean(
        method=f"mean.{name}",
        estimate=estimate,
        se=se,
        sd=math.sqrt(variance_of(given)) if n > 1 else None,
        df=clusters - 1 if se is not None else None,
        ci_low=None if half is None or estimate is None else estimate - half,
        ci_high=None if half is None or estimate is None else estimate + half,
        level=level,
        n=n,
        clusters=clusters,
        undefined=bool(reason),
        reason=reason,
    )
