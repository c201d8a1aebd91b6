"""Bootstrap of coefficients of agreement: clusters drawn within strata, many draws at once.

A coefficient is a function of totals over subjects (of a table, of agreeing pairs, of ratings in
each category). A draw is told by how often it has each distinct cluster, so that its totals are
one product of matrices; clusters that are alike are drawn together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import check_level, count
from clinval.stats._labels import group_codes
from clinval.stats.agreement._results import BootstrapAgreement
from clinval.stats.agreement._strata import CLUSTER_IN_TWO_STRATA

if TYPE_CHECKING:
    from clinval.core.results import Estimate
    from clinval.stats._checks import FloatArray, IntArray, Labels

__all__ = ["LEAST_DRAWS", "bootstrap"]

LEAST_DRAWS = 100
_AT_ONCE = 2**21  # numbers in one array
_ROUNDING = 1e-12


def bootstrap(
    point: Estimate,
    totals: FloatArray,
    used: IntArray,
    coefficient: Callable[[FloatArray], FloatArray],
    *,
    rows: int,
    cluster: Labels | None,
    strata: Labels | None,
    draws: int,
    seed: int,
    level: float,
) -> BootstrapAgreement:
    """Return a coefficient with the percentile interval of its draws.

    Parameters
    ----------
    point
        The coefficient of all subjects.
    totals
        What each subject that is used adds to the totals (subjects in rows).
    used
        The places of these subjects among all rows of the ratings.
    coefficient
        Gives the coefficients of the totals of draws (draws in rows), NaN where one is 0/0.
    rows
        How many rows the ratings have.
    cluster, strata, draws, seed, level
        As the method got them; the labels are of all rows.
    """
    check_level(level)
    number = int(count("draws", draws))
    if number < LEAST_DRAWS:
        raise ValueError(f"draws must be at least {LEAST_DRAWS}, not {number}")
    random = np.random.default_rng(int(count("seed", seed)))
    sums, stratum = _clusters(
        totals, used, _codes("cluster", cluster, rows), _codes("strata", strata, rows)
    )
    se = low = high = None
    undefined_draws, reason = 0, point.reason
    if point.estimate is not None:
        reason = ""
        if len(sums) - len(np.unique(stratum)) < 1:
            reason = "no stratum has two clusters"
        else:
            drawn = _draws(random, sums, stratum, coefficient, number)
            known = drawn[np.isfinite(drawn)]
            undefined_draws = number - len(known)
            known = np.where(np.abs(known - point.estimate) <= _ROUNDING, point.estimate, known)
            if undefined_draws > (1 - level) * number:
                reason = "more draws are undefined than the interval leaves out"
            else:
                se = float(known.std(ddof=1)) if np.ptp(known) else 0.0
                tail = (1 - level) / 2
                low, high = np.quantile(known, [tail, 1 - tail]).tolist()
    return BootstrapAgreement(
        method=f"{point.method}_bootstrap",
        estimate=point.estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        level=level,
        n=point.n,
        clusters=len(sums),
        draws=number,
        undefined_draws=undefined_draws,
        undefined=bool(reason),
        reason=reason,
    )


def _codes(name: str, labels: Labels | None, rows: int) -> IntArray | None:
    """Return the group of every row, None without groups."""
    if labels is None:
        return None
    codes = group_codes(name, labels)[1]
    if len(codes) != rows:
        raise ValueError(f"lengths differ: ratings {rows}, {name} {len(codes)}")
    return codes


def _clusters(
    totals: FloatArray, used: IntArray, cluster: IntArray | None, strata: IntArray | None
) -> tuple[FloatArray, IntArray]:
    """Return the totals of each cluster and its stratum."""
    stratum = np.zeros(len(used), dtype=np.intp) if strata is None else strata[used]
    if cluster is None:
        return totals, stratum
    code = cluster[used]
    order = np.argsort(code, kind="stable")
    first = np.flatnonzero(np.diff(code[order], prepend=-1))
    own = stratum[order][first]
    size = np.diff(first, append=len(order))
    if (np.repeat(own, size) != stratum[order]).any():
        raise ValueError(CLUSTER_IN_TWO_STRATA)
    sums: FloatArray = np.add.reduceat(totals[order], first, axis=0) if len(order) else totals
    return sums, own


def _draws(
    random: np.random.Generator,
    sums: FloatArray,
    stratum: IntArray,
    coefficient: Callable[[FloatArray], FloatArray],
    number: int,
) -> FloatArray:
    """Return the coefficients of draws of as many clusters of each stratum as it has."""
    strata = [
        np.unique(sums[stratum == code], axis=0, return_counts=True) for code in np.unique(stratum)
    ]
    drawn = np.empty(number)
    step = max(1, _AT_ONCE // max(sums.shape[1], *(len(kinds) for kinds, _ in strata)))
    for start in range(0, number, step):
        part = drawn[start : start + step]
        total = np.zeros((len(part), sums.shape[1]))
        for kinds, size in strata:
            total += random.multinomial(size.sum(), size / size.sum(), len(part)) @ kinds
        part[:] = coefficient(total)
    return drawn
