"""Clusters and centers in planning: design effect, inflation, subjects of each center."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import (
    Counts,
    Numbers,
    check_same_length,
    count,
    counts,
    finite,
    fraction,
    sample,
)
from clinval.stats.planning._claims import whole

__all__ = [
    "Allocation",
    "DesignEffect",
    "Inflated",
    "allocation",
    "design_effect",
    "effect_of_clusters",
    "inflated",
    "inflation",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignEffect(Result):
    """How many times as many subjects clusters need as independent subjects."""

    design_effect: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflated(Result):
    """Subjects to enrol: as the formula gives them, and whole."""

    n_inflated: float
    sample_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation(Result):
    """Subjects of each center, with the mean and the coefficient of variation of their number."""

    subjects_by_center: tuple[int | None, ...]
    cluster_size: float | None = None
    cluster_size_cv: float | None = None


def design_effect(icc: float, cluster_size: float, *, cluster_size_cv: float = 0) -> DesignEffect:
    r"""Design effect of clusters (lesions in patients, patients in centers) of varying size.

    Parameters
    ----------
    icc
        Correlation of two subjects of a cluster, in [0, 1].
    cluster_size
        Mean number of subjects in a cluster, 1 or more.
    cluster_size_cv
        Coefficient of variation of that number: its standard deviation over its mean, not
        negative.

    Returns
    -------
    DesignEffect
        ``design_effect``, 1 or more.

    Raises
    ------
    ValueError
        For a correlation, a size or a variation out of range.

    Notes
    -----
    .. math:: 1 + ((1 + cv^2)\, \bar m - 1)\, \rho

    Exact for the variance of a mean over all subjects when cv has the number of clusters as its
    divisor. A comparison within clusters gains from them instead: there it is too large.

    References
    ----------
    .. [1] Eldridge, Ashby & Kerry 2006.

    Examples
    --------
    >>> round(design_effect(0.3, 2.4, cluster_size_cv=0.5).design_effect, 4)
    1.6
    """
    return DesignEffect(
        method="sample_size.design_effect",
        design_effect=effect_of_clusters(icc, cluster_size, cluster_size_cv),
    )


def inflated(n: float, *, design_effect: float = 1, dropout: float = 0) -> Inflated:
    """Subjects to enrol so that clusters and dropout leave the information of a sample size.

    Parameters
    ----------
    n
        Independent subjects with a result that a method needs, not rounded (above 0).
    design_effect
        From :func:`design_effect`, above 0.
    dropout
        Expected share of subjects without a result, in [0, 1).

    Returns
    -------
    Inflated
        ``n_inflated`` and ``sample_size``, the next whole number.

    Raises
    ------
    ValueError
        For a number that is not positive, or a design effect or dropout out of range.

    Notes
    -----
    n x design effect/(1 - dropout), rounded once, at the end.

    References
    ----------
    .. [1] Eldridge, Ashby & Kerry 2006.

    Examples
    --------
    >>> inflated(461.4, design_effect=1.2, dropout=0.1).sample_size
    616
    """
    if not finite("n", n) > 0:
        raise ValueError(f"n must be above 0, not {n:g}")
    if not finite("design_effect", design_effect) > 0:
        raise ValueError(f"design_effect must be above 0, not {design_effect:g}")
    subjects = n * inflation(design_effect, dropout)
    return Inflated(method="sample_size.inflated", n_inflated=subjects, sample_size=whole(subjects))


def allocation(
    n: int, weights: Numbers, *, minimum: int = 0, maximum: Counts | None = None
) -> Allocation:
    r"""Subjects of each center, in proportion to what each can be expected to enrol.

    Parameters
    ----------
    n
        Subjects of the study (count).
    weights
        Expected enrolment of each center, on any scale (list, above 0).
    minimum
        Subjects that every center has at least (count).
    maximum
        Most subjects that each center can take (list of counts); without it there is no limit.

    Returns
    -------
    Allocation
        ``subjects_by_center`` in the order of the weights, their mean ``cluster_size`` and its
        ``cluster_size_cv`` (divisor: the number of centers), as :func:`design_effect` takes
        them. Undefined when all minima or maxima together do not fit the subjects.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, weights that are not positive, no center, or
        lists of different length.

    Notes
    -----
    After the minimum, each further subject goes to the center with the largest w/(k + 1/2), k
    the subjects it has, of those below their maximum; of two alike, to the one that comes
    first. Without limits this is the allocation of Webster (Sainte-Lague), which is nearest
    to proportion in the least-squares sense and gives no center fewer subjects of a larger
    study.

    References
    ----------
    .. [1] Balinski & Young 1982, Fair Representation.

    Examples
    --------
    >>> result = allocation(100, [5, 3, 1], minimum=10, maximum=[60, 30, 30])
    >>> result.subjects_by_center, round(result.cluster_size_cv, 3)
    ((58, 30, 12), 0.568)
    """
    method = "sample_size.allocation"
    total, least, share = (
        int(count("n", n)),
        int(count("minimum", minimum)),
        sample("weights", weights),
    )
    if len(share) == 0 or (share <= 0).any():
        raise ValueError("weights must hold a number above 0 for each center")
    limits = np.full(len(share), math.inf) if maximum is None else counts("maximum", maximum)
    check_same_length(weights=share, maximum=limits)
    if (limits < least).any():
        raise ValueError(f"maximum of a center is below the minimum {least}")
    reason = ""
    if least * len(share) > total:
        reason = "the minima of the centers are more than all subjects"
    elif limits.sum() < total:
        reason = "the centers have no room for all subjects"
    if reason:
        return Allocation(
            method=method, subjects_by_center=(None,) * len(share), undefined=True, reason=reason
        )
    given = [least] * len(share)
    waiting = [(-share[k] / (least + 0.5), k) for k in range(len(share)) if least < limits[k]]
    heapq.heapify(waiting)
    for _ in range(total - least * len(share)):
        _, center = waiting[0]
        given[center] += 1
        if given[center] < limits[center]:
            heapq.heapreplace(waiting, (-share[center] / (given[center] + 0.5), center))
        else:
            heapq.heappop(waiting)
    mean = total / len(share)
    return Allocation(
        method=method,
        subjects_by_center=tuple(given),
        cluster_size=mean,
        cluster_size_cv=float(np.std(given)) / mean if total else None,
        undefined=total == 0,
        reason="" if total else "no subject",
    )


def effect_of_clusters(icc: float, cluster_size: float, cluster_size_cv: float) -> float:
    """Return the design effect of clusters of varying size."""
    correlation = fraction("icc", icc)
    if not finite("cluster_size", cluster_size) >= 1:
        raise ValueError(f"cluster_size must be 1 or more, not {cluster_size:g}")
    if finite("cluster_size_cv", cluster_size_cv) < 0:
        raise ValueError(f"cluster_size_cv must not be negative, it is {cluster_size_cv:g}")
    return 1 + ((1 + cluster_size_cv**2) * cluster_size - 1) * correlation


def inflation(effect: float, dropout: float) -> float:
    """Return by what a number of independent subjects with a result is multiplied."""
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must lie in [0, 1), not {dropout!r}")
    return effect / (1 - dropout)
