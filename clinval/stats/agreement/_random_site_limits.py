"""Limits of agreement over sites that are a sample of sites."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import (
    Labels,
    NotEstimableError,
    Numbers,
    check_level,
    check_same_length,
    paired_samples,
)
from clinval.stats._distributions import normal_quantile
from clinval.stats._labels import group_codes
from clinval.stats._moments import differences
from clinval.stats._random_intercept import random_intercept

__all__ = ["RandomSiteLimits", "random_site"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSiteLimits(Result):
    """The bias, the variances between and within sites, and the limits from their sum."""

    estimate: float | None
    se: float | None = None
    variance_site: float | None = None
    variance_residual: float | None = None
    sd: float | None = None
    loa_low: float | None = None
    loa_high: float | None = None
    coverage: float = 0.95
    sites: int = 0
    n: int = 0


def random_site(
    test: Numbers, reference: Numbers, *, site: Labels, coverage: float = 0.95
) -> RandomSiteLimits:
    r"""Limits of agreement for a subject of any site, from REML with a random site.

    Parameters
    ----------
    test, reference
        The values of the same subjects (lists of equal length, one pair an entry).
    site
        Label of the site of each subject (list).
    coverage
        Share of differences between the limits.

    Returns
    -------
    RandomSiteLimits
        ``estimate`` (bias), ``se``, ``variance_site``, ``variance_residual``, ``sd``,
        ``loa_low``, ``loa_high``, ``sites`` and ``n`` pairs. Undefined with one site, when no
        site has two pairs and without variation within the sites.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or infinite, subjects without a
        site or a coverage outside (0, 1).

    Notes
    -----
    test - reference = bias + site + error with independent normal sites and errors and a site
    variance of 0 or more, by restricted maximum likelihood; the bias by generalised least
    squares. The limits are bias -/+ zc sd, sd^2 the sum of both variances.

    References
    ----------
    .. [1] Laird & Ware 1982.

    Examples
    --------
    >>> test = [5.1, 6.0, 4.2, 7.1, 7.7, 8.4, 3.0, 4.1, 3.3]
    >>> reference = [5.0, 5.7, 4.4, 6.2, 6.9, 7.3, 3.2, 4.0, 3.5]
    >>> result = random_site(test, reference, site=["A"] * 3 + ["B"] * 3 + ["C"] * 3)
    >>> round(result.estimate, 2), round(result.loa_low, 2), round(result.loa_high, 2)
    (0.3, -0.83, 1.43)
    """
    test_, reference_ = paired_samples(test, reference)
    _, groups = group_codes("site", site)
    check_same_length(test=test_, site=groups)
    reach = normal_quantile(check_level(coverage, "coverage"))
    method, n = "limits_of_agreement.random_site", len(test_)
    sites = len(np.unique(groups))
    try:
        fit = random_intercept(differences(test_, reference_), np.ones((n, 1)), groups)
    except NotEstimableError as problem:
        return RandomSiteLimits(
            method=method,
            estimate=None,
            coverage=coverage,
            sites=sites,
            n=n,
            undefined=True,
            reason=problem.reason,
        )
    bias = float(fit.coefficients[0])
    sd = math.sqrt(fit.variance_group + fit.variance_residual)
    return RandomSiteLimits(
        method=method,
        estimate=bias,
        se=math.sqrt(float(fit.covariance[0, 0])),
        variance_site=fit.variance_group,
        variance_residual=fit.variance_residual,
        sd=sd,
        loa_low=bias - reach * sd,
        loa_high=bias + reach * sd,
        coverage=coverage,
        sites=sites,
        n=n,
    )
