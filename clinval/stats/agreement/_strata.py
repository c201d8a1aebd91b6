"""A coefficient of agreement by stratum, pooled, with the test that the strata share one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import check_same_length
from clinval.stats._distributions import chi_square_p, normal_quantile
from clinval.stats._labels import group_codes
from clinval.stats._ratings import MISSING, coded_ratings
from clinval.stats.agreement._results import StratifiedAgreement

if TYPE_CHECKING:
    from clinval.stats._checks import IntArray, Labels, Ratings
    from clinval.stats._labels import Label
    from clinval.stats.agreement._results import AgreementEstimate

__all__ = ["CLUSTER_IN_TWO_STRATA", "by_stratum", "pooled_strata"]

CLUSTER_IN_TWO_STRATA = "a cluster lies in two strata; give each cluster a label of its own"


def by_stratum(
    method: str,
    ratings: Ratings,
    strata: Labels,
    categories: Labels | None,
    level: float,
    coefficient: Callable[[tuple[Label, ...], IntArray], AgreementEstimate],
) -> StratifiedAgreement:
    """Return a coefficient of any number of raters in each stratum, and pooled.

    Parameters
    ----------
    method
        The name of the method that asks.
    ratings, strata, categories, level
        As the method got them.
    coefficient
        Gives the coefficient of the categories, which all strata share, and of the codes of one
        stratum, without its empty subjects.
    """
    labels, codes = coded_ratings(ratings, categories)
    _, groups = group_codes("strata", strata)
    check_same_length(ratings=codes, strata=groups)
    rated = (codes != MISSING).any(axis=1)
    codes, groups = codes[rated], groups[rated]
    each = [coefficient(labels, codes[groups == stratum]) for stratum in np.unique(groups)]
    return pooled_strata(method, each, len(codes), level, "no rating")


def pooled_strata(
    method: str, strata: Iterable[AgreementEstimate], n: int, level: float, reason: str
) -> StratifiedAgreement:
    """Return coefficients of strata pooled by inverse variance, with their homogeneity.

    ``reason`` says what is missing where there is no stratum.
    """
    each = tuple(strata)
    if not each:
        return StratifiedAgreement(
            method=method, estimate=None, level=level, n=n, undefined=True, reason=reason
        )
    pooled = [(one.estimate, 1 / one.se**2) for one in each if one.estimate is not None and one.se]
    estimate = se = low = high = statistic = p_value = None
    df, reason = len(each) - 1, ""
    if len(pooled) < len(each):
        reason = "a stratum has no coefficient, or one with a standard error of 0"
    else:
        values, precisions = np.array(pooled).T
        total = float(precisions.sum())
        estimate, se = float(values @ precisions) / total, 1 / math.sqrt(total)
        half = normal_quantile(level) * se
        low, high = estimate - half, estimate + half
        statistic = float(precisions @ (values - estimate) ** 2)
        if df:
            p_value = chi_square_p(statistic, df)
        else:
            reason = "fewer than two strata"
    return StratifiedAgreement(
        method=method,
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        q=statistic,
        df=df,
        p_value=p_value,
        level=level,
        n=n,
        estimate_by_stratum=tuple(one.estimate for one in each),
        se_by_stratum=tuple(one.se for one in each),
        ci_low_by_stratum=tuple(one.ci_low for one in each),
        ci_high_by_stratum=tuple(one.ci_high for one in each),
        undefined=bool(reason),
        reason=reason,
    )
