"""Accuracy of one test from its counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from clinval.core.results import Result
from clinval.stats._checks import Counts, check_level, count, counts
from clinval.stats._distributions import normal_quantile
from clinval.stats.accuracy.proportion import clopper_pearson

__all__ = [
    "IndeterminateResults",
    "PredictiveValues",
    "TwoByTwo",
    "indeterminate",
    "mercaldo",
    "two_by_two",
]

_NO_DENOMINATOR = "no subject in a denominator"
_ZERO_CELL = "a ratio has a zero cell"
_NO_YOUDEN = "sensitivity and specificity add up to 1"
_NOT_BOTH = "no diseased or no non-diseased subject"
_ALL_OR_NONE_CORRECT = "sensitivity or specificity is 0 or 1: a logit is infinite"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoByTwo(Result):
    """Everything a 2 x 2 table of a test against a reference standard says."""

    sensitivity: float | None
    sensitivity_ci_low: float | None
    sensitivity_ci_high: float | None
    specificity: float | None
    specificity_ci_low: float | None
    specificity_ci_high: float | None
    ppv: float | None
    ppv_ci_low: float | None
    ppv_ci_high: float | None
    npv: float | None
    npv_ci_low: float | None
    npv_ci_high: float | None
    accuracy: float | None
    accuracy_ci_low: float | None
    accuracy_ci_high: float | None
    prevalence: float | None
    prevalence_ci_low: float | None
    prevalence_ci_high: float | None
    lr_pos: float | None
    lr_pos_ci_low: float | None
    lr_pos_ci_high: float | None
    lr_neg: float | None
    lr_neg_ci_low: float | None
    lr_neg_ci_high: float | None
    diagnostic_odds_ratio: float | None
    diagnostic_odds_ratio_ci_low: float | None
    diagnostic_odds_ratio_ci_high: float | None
    youden: float | None
    number_needed_to_diagnose: float | None
    level: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictiveValues(Result):
    """Predictive values at a prevalence that is given, not observed."""

    ppv: float | None
    ppv_ci_low: float | None
    ppv_ci_high: float | None
    npv: float | None
    npv_ci_low: float | None
    npv_ci_high: float | None
    level: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndeterminateResults(Result):
    """Accuracy with the indeterminate results left out, and counted either way."""

    indeterminate: float | None
    indeterminate_ci_low: float | None
    indeterminate_ci_high: float | None
    indeterminate_diseased: float | None
    indeterminate_nondiseased: float | None
    sensitivity_excluded: float | None
    sensitivity_excluded_ci_low: float | None
    sensitivity_excluded_ci_high: float | None
    sensitivity_as_positive: float | None
    sensitivity_as_positive_ci_low: float | None
    sensitivity_as_positive_ci_high: float | None
    sensitivity_as_negative: float | None
    sensitivity_as_negative_ci_low: float | None
    sensitivity_as_negative_ci_high: float | None
    specificity_excluded: float | None
    specificity_excluded_ci_low: float | None
    specificity_excluded_ci_high: float | None
    specificity_as_positive: float | None
    specificity_as_positive_ci_low: float | None
    specificity_as_positive_ci_high: float | None
    specificity_as_negative: float | None
    specificity_as_negative_ci_low: float | None
    specificity_as_negative_ci_high: float | None
    level: float
    n: int


def two_by_two(tp: int, fp: int, fn: int, tn: int, *, level: float = 0.95) -> TwoByTwo:
    r"""Measures of a 2 x 2 table: Clopper-Pearson for proportions, log intervals for ratios.

    Parameters
    ----------
    tp, fp, fn, tn
        True positives, false positives, false negatives, true negatives (counts of independent
        subjects).
    level
        Two-sided level of the intervals.

    Returns
    -------
    TwoByTwo
        Sensitivity, specificity, predictive values, accuracy, prevalence, likelihood ratios and
        the diagnostic odds ratio, each with limits; ``youden`` and
        ``number_needed_to_diagnose``; ``n`` subjects. A proportion without a denominator, a
        ratio with a zero cell in it and the inverse of a Youden index of 0 are undefined; the
        other numbers are given.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or a level outside (0, 1).

    Notes
    -----
    With D = tp + fn and H = fp + tn,

    .. math:: \log LR_+ \mp z \sqrt{1/tp - 1/D + 1/fp - 1/H}, \quad
              \log LR_- \mp z \sqrt{1/fn - 1/D + 1/tn - 1/H}

    and the log of the diagnostic odds ratio with the square root of the sum of 1/cell. Youden's
    index is sensitivity + specificity - 1, the number needed to diagnose its inverse. Predictive
    values and prevalence are those of the sample.

    References
    ----------
    .. [1] Simel, Samsa & Matchar 1991.
    .. [2] Glas et al. 2003.

    Examples
    --------
    >>> result = two_by_two(90, 5, 10, 195)
    >>> result.sensitivity, round(result.lr_pos, 1), round(result.lr_pos_ci_low, 2)
    (0.9, 36.0, 15.11)
    """
    z = normal_quantile(check_level(level))
    tp_, fp_, fn_, tn_ = count("tp", tp), count("fp", fp), count("fn", fn), count("tn", tn)
    diseased, healthy, n = tp_ + fn_, fp_ + tn_, tp_ + fp_ + fn_ + tn_
    shares = {
        "sensitivity": (tp_, diseased),
        "specificity": (tn_, healthy),
        "ppv": (tp_, tp_ + fp_),
        "npv": (tn_, tn_ + fn_),
        "accuracy": (tp_ + tn_, n),
        "prevalence": (diseased, n),
    }
    numbers: dict[str, float | None] = {}
    for name, (x, trials) in shares.items():
        numbers |= _share(name, x, trials, level)
    numbers |= _likelihood_ratio("lr_pos", (tp_, diseased), (fp_, healthy), z)
    numbers |= _likelihood_ratio("lr_neg", (fn_, diseased), (tn_, healthy), z)
    numbers |= _odds_ratio((tp_, fp_, fn_, tn_), z)
    youden = inverse = None
    if diseased and healthy:
        # over the common denominator the index is 0 exactly where it should be
        excess = tp_ * healthy + tn_ * diseased - diseased * healthy
        youden = excess / (diseased * healthy)
        inverse = diseased * healthy / excess if excess else None
    if any(trials == 0 for _, trials in shares.values()):
        reason = _NO_DENOMINATOR
    elif numbers["diagnostic_odds_ratio"] is None:
        reason = _ZERO_CELL
    else:
        reason = "" if youden else _NO_YOUDEN
    return TwoByTwo(
        method="accuracy.two_by_two",
        undefined=bool(reason),
        reason=reason,
        youden=youden,
        number_needed_to_diagnose=inverse,
        level=level,
        n=int(n),
        **numbers,
    )


def mercaldo(
    tp: int, fp: int, fn: int, tn: int, *, prevalence: float, level: float = 0.95
) -> PredictiveValues:
    r"""Predictive values at a given prevalence, with intervals on the logit scale.

    Parameters
    ----------
    tp, fp, fn, tn
        True positives, false positives, false negatives, true negatives (counts of independent
        subjects).
    prevalence
        Prevalence where the test is to be used, inside (0, 1).
    level
        Two-sided level of the intervals.

    Returns
    -------
    PredictiveValues
        ``ppv`` and ``npv`` with limits and ``n`` subjects. Limits are undefined where the logit
        of a predictive value is infinite, a value where it is 0/0, everything without diseased
        or without non-diseased subjects.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or a prevalence or level outside (0, 1).

    Notes
    -----
    Bayes' theorem with the observed sensitivity se (of D subjects) and specificity sp (of H):

    .. math:: v_{PPV} = \frac{1 - se}{se\, D} + \frac{sp}{(1 - sp) H}, \quad
              v_{NPV} = \frac{se}{(1 - se) D} + \frac{1 - sp}{sp\, H}

    are the variances of the logits; normal quantile.

    References
    ----------
    .. [1] Mercaldo, Lau & Zhou 2007.

    Examples
    --------
    >>> result = mercaldo(240, 87, 178, 288, prevalence=0.03)
    >>> round(result.ppv, 4), round(result.ppv_ci_low, 4), round(result.ppv_ci_high, 4)
    (0.0711, 0.0589, 0.0856)
    """
    z = normal_quantile(check_level(level))
    check_level(prevalence, "prevalence")
    tp_, fp_, fn_, tn_ = count("tp", tp), count("fp", fp), count("fn", fn), count("tn", tn)
    diseased, healthy = tp_ + fn_, fp_ + tn_
    odds = prevalence / (1 - prevalence)
    numbers: dict[str, float | None] = {}
    reason = "" if diseased and healthy else _NOT_BOTH
    for name, right, wrong, chances in (
        ("ppv", (tp_, diseased), (fp_, healthy), odds),
        ("npv", (tn_, healthy), (fn_, diseased), 1 / odds),
    ):
        numbers |= _given_prevalence(name, right, wrong, chances, z)
    if not reason and None in numbers.values():
        reason = _ALL_OR_NONE_CORRECT
    return PredictiveValues(
        method="accuracy.mercaldo",
        undefined=bool(reason),
        reason=reason,
        level=level,
        n=int(diseased + healthy),
        **numbers,
    )


def indeterminate(
    diseased: Counts, nondiseased: Counts, *, level: float = 0.95
) -> IndeterminateResults:
    """Sensitivity and specificity with indeterminate results left out and counted both ways.

    Parameters
    ----------
    diseased, nondiseased
        Counts [positive, indeterminate, negative] of the test among independent subjects with
        and without the condition.
    level
        Two-sided level of the intervals.

    Returns
    -------
    IndeterminateResults
        The share of ``indeterminate`` results, with limits, and among the diseased and the
        non-diseased; ``sensitivity_`` and ``specificity_`` ``excluded``, ``as_positive`` and
        ``as_negative``, each with limits; ``n`` subjects. A share without a denominator is
        undefined.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, lists that are not of three counts or a level
        outside (0, 1).

    Notes
    -----
    ``excluded`` conditions on a result that is positive or negative. Counted as negative an
    indeterminate result is an error among the diseased, counted as positive an error among the
    non-diseased: these two are the lowest sensitivity and specificity that the data allow.
    Intervals are Clopper and Pearson's.

    References
    ----------
    .. [1] Simel, Feussner, DeLong & Matchar 1987.
    .. [2] Shinkins, Thompson, Mallett & Perera 2013.

    Examples
    --------
    >>> result = indeterminate([80, 10, 10], [15, 5, 180])
    >>> result.sensitivity_as_positive, result.sensitivity_as_negative, result.indeterminate
    (0.9, 0.8, 0.05)
    """
    check_level(level)
    cells = {}
    for name, values in (("diseased", diseased), ("nondiseased", nondiseased)):
        cells[name] = counts(name, values).tolist()
        if len(cells[name]) != 3:
            raise ValueError(f"{name} must be [positive, indeterminate, negative]")
    (tp, d_open, fn), (fp, h_open, tn) = cells["diseased"], cells["nondiseased"]
    d_all, h_all = tp + d_open + fn, fp + h_open + tn
    shares = {
        "indeterminate": (d_open + h_open, d_all + h_all),
        "sensitivity_excluded": (tp, tp + fn),
        "sensitivity_as_positive": (tp + d_open, d_all),
        "sensitivity_as_negative": (tp, d_all),
        "specificity_excluded": (tn, fp + tn),
        "specificity_as_positive": (tn, h_all),
        "specificity_as_negative": (tn + h_open, h_all),
    }
    numbers: dict[str, float | None] = {}
    for name, (x, trials) in shares.items():
        numbers |= _share(name, x, trials, level)
    reason = _NO_DENOMINATOR if None in numbers.values() else ""
    return IndeterminateResults(
        method="accuracy.indeterminate",
        undefined=bool(reason),
        reason=reason,
        indeterminate_diseased=d_open / d_all if d_all else None,
        indeterminate_nondiseased=h_open / h_all if h_all else None,
        level=level,
        n=int(d_all + h_all),
        **numbers,
    )


def _named(
    name: str, estimate: float | None, limits: tuple[float | None, float | None]
) -> dict[str, float | None]:
    return {name: estimate, f"{name}_ci_low": limits[0], f"{name}_ci_high": limits[1]}


def _share(name: str, x: float, trials: float, level: float) -> dict[str, float | None]:
    interval = clopper_pearson(int(x), int(trials), level=level)
    return _named(name, interval.estimate, (interval.ci_low, interval.ci_high))


def _log_interval(name: str, ratio: float, se: float, z: float) -> dict[str, float | None]:
    return _named(name, ratio, (ratio * math.exp(-z * se), ratio * math.exp(z * se)))


def _likelihood_ratio(
    name: str, diseased: tuple[float, float], healthy: tuple[float, float], z: float
) -> dict[str, float | None]:
    """Return a ratio of two shares x of n, undefined with a zero cell."""
    (a, d), (b, h) = diseased, healthy
    if not (a and b):
        return _named(name, None, (None, None))
    return _log_interval(name, a * h / (d * b), math.sqrt(1 / a - 1 / d + 1 / b - 1 / h), z)


def _odds_ratio(cells: tuple[float, float, float, float], z: float) -> dict[str, float | None]:
    name = "diagnostic_odds_ratio"
    if not all(cells):
        return _named(name, None, (None, None))
    tp, fp, fn, tn = cells
    return _log_interval(name, tp * tn / (fp * fn), math.sqrt(sum(1 / cell for cell in cells)), z)


def _given_prevalence(
    name: str, right: tuple[float, float], wrong: tuple[float, float], odds: float, z: float
) -> dict[str, float | None]:
    """Return a predictive value from the right and the wrong calls (x of n) and the odds."""
    (a, d), (b, h) = right, wrong
    if not (d and h) or not (a or b):
        return _named(name, None, (None, None))
    true, false = a / d * odds, b / h
    value = true / (true + false)
    if not (a and b):
        return _named(name, value, (None, None))
    center, half = math.log(true / false), z * math.sqrt(1 / a - 1 / d + 1 / b - 1 / h)
    return _named(
        name, value, (float(special.expit(center - half)), float(special.expit(center + half)))
    )
