"""Ratio of location of positive measurements, test over reference: medians of ratios."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from clinval.stats._checks import Numbers, check_level, paired_samples
from clinval.stats._moments import rounding_of
from clinval.stats.comparison._hodges_lehmann import HodgesLehmann, paired

__all__ = ["HodgesLehmann", "hodges_lehmann_paired"]


def hodges_lehmann_paired(
    test: Numbers, reference: Numbers, *, level: float = 0.95
) -> HodgesLehmann:
    """Hodges and Lehmann's ratio of pairs, with exact interval and signed-rank test.

    Parameters
    ----------
    test, reference
        Positive values of the same subjects (lists of equal length, one pair an entry).
    level
        Two-sided level of the interval.

    Returns
    -------
    HodgesLehmann
        ``estimate``, ``ci_low``, ``ci_high`` as ratios; ``statistic`` and ``p_value`` of the
        signed-rank test on logarithms; ``coverage`` of the interval without ties and ``n``
        pairs. Undefined without pairs.

    Raises
    ------
    ValueError
        For lists of different length, values that are missing or not positive, or a level
        outside (0, 1).

    Notes
    -----
    exp of :func:`location_shift.hodges_lehmann_paired` of ln(test) and ln(reference).

    References
    ----------
    .. [1] Hodges & Lehmann 1963.

    Examples
    --------
    >>> result = hodges_lehmann_paired([198, 190, 260, 150, 280], [412, 388, 530, 295, 610])
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.4855, 0.459, 0.5085)
    """
    test_, reference_ = paired_samples(test, reference, positive=True)
    check_level(level)
    logs, log_reference = np.log(test_), np.log(reference_)
    rounding = rounding_of(logs, log_reference, np.ones(1)) if len(logs) else 0.0
    method = "location_ratio.hodges_lehmann_paired"
    result = paired(method, logs - log_reference, rounding, level)
    if result.estimate is None or result.ci_low is None or result.ci_high is None:
        return result
    return replace(
        result,
        estimate=math.exp(result.estimate),
        ci_low=math.exp(result.ci_low),
        ci_high=math.exp(result.ci_high),
    )
