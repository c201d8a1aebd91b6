"""Cases of a reader study that has no pilot: from ranges of accuracies and correlations."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special

from clinval.core.results import Result
from clinval.stats._checks import check_level, check_option, finite, fraction
from clinval.stats.planning._auc_sizes import variance_of_auc
from clinval.stats.planning._claims import check_error_rates
from clinval.stats.planning._reader_study_power import OUT_OF_REACH, whole_number
from clinval.stats.planning._student import two_sided_power

__all__ = ["ConjecturedSize", "obuchowski"]

_METRICS = ("auc", "sensitivity", "specificity")
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_REACH = 10.0  # standard deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class ConjecturedSize(Result):
    """Cases, and the variance components that the ranges and correlations amount to."""

    var_reader: float
    var_reader_modality: float
    var_within: float
    sample_size: int | None = None
    n_units: int | None = None
    n_diseased: int | None = None
    n_nondiseased: int | None = None
    var_error: float | None = None
    cov1: float | None = None
    cov2: float | None = None
    cov3: float | None = None


def obuchowski(
    metric: str,
    n_readers: int,
    effect: float,
    accuracy: float,
    range_between: float,
    range_within: float,
    ratio: float,
    r1: float,
    r2: float,
    r3: float,
    rb: float,
    *,
    n_repeats: int = 1,
    power: float = 0.8,
    alpha: float = 0.05,
    icc: float | None = None,
    lesions_per_case: float = 1.0,
) -> ConjecturedSize:
    r"""Cases to show a difference of two modalities, from conjectured ranges and correlations.

    Parameters
    ----------
    metric
        "auc", "sensitivity" or "specificity".
    n_readers
        Readers, each of whom reads every case in both modalities.
    effect
        Expected difference of the readers' mean accuracy.
    accuracy
        Mean accuracy of the readers.
    range_between, range_within
        Expected range of accuracies between readers, and of two readings of one reader.
    ratio
        Non-diseased cases for each diseased one.
    r1, r2, r3
        Correlations of accuracies on the same cases: other modality, other reader, both other.
    rb
        Correlation of the readers' own accuracies in the two modalities.
    n_repeats
        Readings of a case by a reader in a modality.
    power
        Probability that the test shows the difference.
    alpha
        Level of the two-sided test.
    icc
        Correlation of the findings within a case; none where a case has one.
    lesions_per_case
        Mean number of them.

    Returns
    -------
    ConjecturedSize
        ``sample_size``, ``n_diseased``, ``n_nondiseased``, ``n_units`` (findings, if they were
        independent) and the variance components.

    Raises
    ------
    ValueError
        For numbers outside their ranges.

    Notes
    -----
    With c(n) one over the expected range of n normal values, lambda the noncentrality at which
    F(1, J - 1) has the power, and V the variance of the accuracy times the diseased cases (times
    the non-diseased ones for specificity):

    .. math:: \sigma^2_b = (range_b\, c(J))^2,\quad \sigma^2_w = (range_w\, c(2))^2,\quad
              s = \frac{J\,effect^2/(2\lambda) - \sigma^2_b (1 - r_b) - \sigma^2_w/repeats}
              {(1 - r_1) + (J - 1)(r_2 - r_3)},\quad n = \lceil V / s \rceil

    Degrees of freedom are the original J - 1, which is conservative. If s is not above 0 no
    number of cases suffices.

    References
    ----------
    .. [1] Obuchowski 2000.

    Examples
    --------
    >>> found = obuchowski("auc", 10, 0.1, 0.75, 0.1, 0.05, 1, 0.47, 0.3, 0.3, 0.8)
    >>> found.n_diseased, found.n_nondiseased
    (25, 25)
    """
    check_option("metric", metric, _METRICS)
    readers = whole_number("n_readers", n_readers, 2)
    repeats = whole_number("n_repeats", n_repeats, 1)
    share, lesions = finite("ratio", ratio), finite("lesions_per_case", lesions_per_case)
    if share <= 0:
        raise ValueError(f"ratio must be above 0, not {ratio!r}")
    if lesions < 1:
        raise ValueError(f"lesions_per_case must be 1 or more, not {lesions_per_case!r}")
    if finite("effect", effect) == 0:
        raise ValueError("effect is 0; there is no difference to show")
    same_case = [fraction(name, r) for name, r in (("r1", r1), ("r2", r2), ("r3", r3))]
    denominator = (1 - same_case[0]) + (readers - 1) * (same_case[1] - same_case[2])
    if denominator <= 0:
        raise ValueError("r1, r2 and r3 leave the difference no variance")
    expected = check_level(accuracy, "accuracy")
    unit = variance_of_auc(expected, share) if metric == "auc" else expected * (1 - expected)
    between = (fraction("range_between", range_between) * _per_range(readers)) ** 2
    within = (fraction("range_within", range_within) * _per_range(2)) ** 2
    crossed = between * (1 - fraction("rb", rb))
    noncentrality = _noncentrality(readers - 1, alpha, power)
    left = readers * effect**2 / (2 * noncentrality) - crossed - within / repeats
    found = ConjecturedSize(
        method="mrmc_sample_size.obuchowski",
        var_reader=between,
        var_reader_modality=crossed,
        var_within=within,
    )
    if left <= 0:
        return replace(found, undefined=True, reason=OUT_OF_REACH)
    sampling = left / denominator
    units = math.ceil(unit / sampling)
    cases = units
    if icc is not None:
        effective = math.ceil(units * (1 + (lesions - 1) * fraction("icc", icc)))
        cases = math.ceil(effective / lesions)
    if metric == "specificity":
        diseased, nondiseased = math.ceil(cases / share), cases
    else:
        diseased, nondiseased = cases, math.ceil(cases * share)
    var_error = sampling + within
    return replace(
        found,
        sample_size=diseased + nondiseased,
        n_units=units,
        n_diseased=diseased,
        n_nondiseased=nondiseased,
        var_error=var_error,
        cov1=same_case[0] * var_error,
        cov2=same_case[1] * var_error,
        cov3=same_case[2] * var_error,
    )


def _per_range(n: int) -> float:
    """Return one over the expected range of n standard normal values."""
    x, weight = _REACH * _POINTS, _REACH * _WEIGHTS
    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return 1 / (2 * n * float(np.sum(weight * x * special.ndtr(x) ** (n - 1) * density)))


def _noncentrality(df: int, alpha: float, power: float) -> float:
    """Return the noncentrality at which F with 1 and df degrees of freedom has the power."""
    level, wanted = check_level(alpha, "alpha"), check_level(power, "power")
    check_error_rates(level / 2, wanted)

    def beyond(shift: float) -> float:
        return float(two_sided_power(np.array([shift]), np.array([df]), level)[0]) - wanted

    top = 1.0
    while beyond(top) < 0:
        top *= 2
    return float(optimize.brentq(beyond, 0.0, top, xtol=1e-12)) ** 2
