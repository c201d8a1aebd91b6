"""Predictive values of two tests in the same subjects."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import Counts, check_level
from clinval.stats._distributions import chi_square_p, normal_p, normal_quantile
from clinval.stats.accuracy._paired_tables import paired_cells

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = [
    "PredictiveValueDifferences",
    "PredictiveValueRatios",
    "kosinski",
    "leisenring",
    "moskowitz_pepe",
]

_NO_CALL = "a test makes no such call"
_NO_CORRECT_CALL = "a test makes no correct call: a logarithm is infinite"
_NO_VARIANCE = "the predictive values do not vary"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictiveValueDifferences(Result):
    """Predictive values of two tests, test minus reference, each with a chi-square test."""

    ppv_test: float | None
    ppv_reference: float | None
    ppv_difference: float | None
    ppv_statistic: float | None
    ppv_p_value: float | None
    npv_test: float | None
    npv_reference: float | None
    npv_difference: float | None
    npv_statistic: float | None
    npv_p_value: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictiveValueRatios(Result):
    """Relative predictive values, test over reference, with their tests and intervals."""

    ppv_test: float | None
    ppv_reference: float | None
    ppv_ratio: float | None
    ppv_ratio_se_log: float | None
    ppv_ratio_ci_low: float | None
    ppv_ratio_ci_high: float | None
    ppv_statistic: float | None
    ppv_p_value: float | None
    npv_test: float | None
    npv_reference: float | None
    npv_ratio: float | None
    npv_ratio_se_log: float | None
    npv_ratio_ci_low: float | None
    npv_ratio_ci_high: float | None
    npv_statistic: float | None
    npv_p_value: float | None
    level: float
    n: int


class _Calls(NamedTuple):
    """Calls of one kind (positive or negative), right and wrong ones: both, test, reference."""

    right: FloatArray
    wrong: FloatArray

    @property
    def test(self) -> tuple[float, float]:
        """Right and all calls of the test."""
        right = float(self.right[0] + self.right[1])
        return right, right + float(self.wrong[0] + self.wrong[1])

    @property
    def reference(self) -> tuple[float, float]:
        """Right and all calls of the reference test."""
        right = float(self.right[0] + self.right[2])
        return right, right + float(self.wrong[0] + self.wrong[2])


def leisenring(diseased: Counts, healthy: Counts) -> PredictiveValueDifferences:
    r"""Compare predictive values of paired tests by the generalized score statistic.

    Parameters
    ----------
    diseased, healthy
        Counts [positive with both, with the test only, with the reference test only, with
        neither] among the subjects with and without the condition.

    Returns
    -------
    PredictiveValueDifferences
        For ``ppv`` and ``npv``: the value of each test, the difference, the ``statistic``
        (chi-square with 1 degree of freedom) and ``p_value``; ``n`` subjects. A value is
        undefined when its test makes no such call, the statistic when its variance is 0.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or lists that are not of four counts.

    Notes
    -----
    Estimating equations with working independence, evaluated under equal predictive values.
    With E the true and F the false calls of both tests, of the test only and of the reference
    only, nT and nR calls of each test, zb = nT/(nT + nR), db = (2 E1 + E2 + E3)/(nT + nR) and
    c = (1 - 2 zb, 1 - zb, -zb),

    .. math:: T = \frac{(E \cdot c)^2}{(1 - db)^2\, E \cdot c^2 + db^2\, F \cdot c^2}

    References
    ----------
    .. [1] Leisenring, Alonzo & Pepe 2000.

    Examples
    --------
    >>> result = leisenring([319, 22, 78, 32], [31, 22, 53, 155])
    >>> round(result.ppv_statistic, 4), round(result.npv_statistic, 4)
    (5.7112, 17.7857)
    """
    return _differences("leisenring", diseased, healthy, _generalized_score)


def kosinski(diseased: Counts, healthy: Counts) -> PredictiveValueDifferences:
    r"""Compare predictive values of paired tests by the weighted generalized score statistic.

    Parameters
    ----------
    diseased, healthy
        Counts [positive with both, with the test only, with the reference test only, with
        neither] among the subjects with and without the condition.

    Returns
    -------
    PredictiveValueDifferences
        For ``ppv`` and ``npv``: the value of each test, the difference, the ``statistic``
        (chi-square with 1 degree of freedom) and ``p_value``; ``n`` subjects. A value is
        undefined when its test makes no such call, the statistic when its variance is 0.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, or lists that are not of four counts.

    Notes
    -----
    With p the predictive value of all calls pooled, nT and nR calls of each test, E1 true and
    F1 false calls that both make, and C = (E1 (1 - p)^2 + F1 p^2)/(nT + nR),

    .. math:: T = \frac{(PV_T - PV_R)^2}{(p (1 - p) - 2 C)(1/n_T + 1/n_R)}

    References
    ----------
    .. [1] Kosinski 2013.

    Examples
    --------
    >>> result = kosinski([319, 22, 78, 32], [31, 22, 53, 155])
    >>> round(result.ppv_statistic, 4), round(result.npv_statistic, 4)
    (5.4659, 16.5354)
    """
    return _differences("kosinski", diseased, healthy, _weighted_score)


def moskowitz_pepe(
    diseased: Counts, healthy: Counts, *, level: float = 0.95
) -> PredictiveValueRatios:
    r"""Relative predictive values of paired tests, interval on the logarithm.

    Parameters
    ----------
    diseased, healthy
        Counts [positive with both, with the test only, with the reference test only, with
        neither] among the subjects with and without the condition.
    level
        Two-sided level of the intervals.

    Returns
    -------
    PredictiveValueRatios
        For ``ppv`` and ``npv``: the value of each test, the ``ratio`` with its ``se_log`` and
        limits, the ``statistic`` (standard normal) and the two-sided ``p_value``; ``n``
        subjects. Undefined when a test makes no such call or no correct one; the test when the
        variance is 0.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, lists that are not of four counts or a level
        outside (0, 1).

    Notes
    -----
    Delta method over the multinomial counts:

    .. math:: v = \sum_i \left[\frac{I_T (e - PV_T)}{E_T} - \frac{I_R (e - PV_R)}{E_R}\right]^2

    over subjects, with I_T and I_R whether each test makes the call, e whether it is true, and
    E_T, E_R the correct calls.

    References
    ----------
    .. [1] Moskowitz & Pepe 2006.

    Examples
    --------
    >>> result = moskowitz_pepe([319, 22, 78, 32], [31, 22, 53, 155])
    >>> round(result.ppv_ratio, 4), round(result.ppv_ratio_ci_low, 4)
    (1.0486, 1.0085)
    """
    z = normal_quantile(check_level(level))
    kinds, n = _calls(diseased, healthy)
    numbers: dict[str, float | None] = {}
    for name, calls in kinds.items():
        numbers |= _values(name, calls) | _log_ratio(name, calls, z)
    reason = ""
    if None in numbers.values():
        bad = "npv" if numbers["ppv_p_value"] is not None else "ppv"
        reason = _why_no_ratio(kinds[bad])
    return PredictiveValueRatios(
        method="accuracy.moskowitz_pepe",
        undefined=bool(reason),
        reason=reason,
        level=level,
        n=n,
        **numbers,
    )


def _calls(diseased: Counts, healthy: Counts) -> tuple[dict[str, _Calls], int]:
    cells, controls = paired_cells("diseased", diseased), paired_cells("healthy", healthy)
    positive, negative = [0, 1, 2], [3, 2, 1]
    kinds = {
        "ppv": _Calls(cells[positive], controls[positive]),
        "npv": _Calls(controls[negative], cells[negative]),
    }
    return kinds, int(cells.sum() + controls.sum())


def _values(name: str, calls: _Calls) -> dict[str, float | None]:
    (right_t, n_t), (right_r, n_r) = calls.test, calls.reference
    return {
        f"{name}_test": right_t / n_t if n_t else None,
        f"{name}_reference": right_r / n_r if n_r else None,
    }


def _differences(
    function: str,
    diseased: Counts,
    healthy: Counts,
    statistic_of: Callable[[_Calls], float | None],
) -> PredictiveValueDifferences:
    kinds, n = _calls(diseased, healthy)
    numbers: dict[str, float | None] = {}
    for name, calls in kinds.items():
        (right_t, n_t), (right_r, n_r) = calls.test, calls.reference
        called = n_t and n_r
        statistic = statistic_of(calls) if called else None
        numbers |= _values(name, calls) | {
            f"{name}_difference": right_t / n_t - right_r / n_r if called else None,
            f"{name}_statistic": statistic,
            f"{name}_p_value": None if statistic is None else chi_square_p(statistic, 1),
        }
    reason = ""
    if None in numbers.values():
        all_called = None not in (numbers["ppv_difference"], numbers["npv_difference"])
        reason = _NO_VARIANCE if all_called else _NO_CALL
    return PredictiveValueDifferences(
        method=f"accuracy.{function}", undefined=bool(reason), reason=reason, n=n, **numbers
    )


def _generalized_score(calls: _Calls) -> float | None:
    (_, n_t), (_, n_r) = calls.test, calls.reference
    share, right = n_t / (n_t + n_r), calls.right
    true = float(2 * right[0] + right[1] + right[2]) / (n_t + n_r)
    c = np.array([1 - 2 * share, 1 - share, -share])
    variance = (1 - true) ** 2 * float(right @ c**2) + true**2 * float(calls.wrong @ c**2)
    return float(right @ c) ** 2 / variance if variance > 0 else None


def _weighted_score(calls: _Calls) -> float | None:
    (right_t, n_t), (right_r, n_r) = calls.test, calls.reference
    pooled = (right_t + right_r) / (n_t + n_r)
    # p (1 - p) - 2 C is what calls of one test only add to p (1 - p)
    alone = float(calls.right[1:].sum() * (1 - pooled) ** 2 + calls.wrong[1:].sum() * pooled**2)
    if alone == 0:
        return None
    variance = alone / (n_t + n_r) * (1 / n_t + 1 / n_r)
    return (right_t / n_t - right_r / n_r) ** 2 / variance


def _why_no_ratio(calls: _Calls) -> str:
    """Return why the ratio of predictive values, or its test, has no value."""
    (right_t, n_t), (right_r, n_r) = calls.test, calls.reference
    if not (n_t and n_r):
        return _NO_CALL
    if not (right_t and right_r):
        return _NO_CORRECT_CALL
    return _NO_VARIANCE


def _log_ratio(name: str, calls: _Calls, z: float) -> dict[str, float | None]:
    parts = ("ratio", "ratio_se_log", "ratio_ci_low", "ratio_ci_high", "statistic", "p_value")
    numbers: dict[str, float | None] = dict.fromkeys(f"{name}_{part}" for part in parts)
    (right_t, n_t), (right_r, n_r) = calls.test, calls.reference
    if not (right_t and right_r):
        return numbers
    t, r = right_t / n_t, right_r / n_r
    called_t, called_r = np.array([1, 1, 0]), np.array([1, 0, 1])
    squares = [
        float(cells @ (called_t * (true - t) / right_t - called_r * (true - r) / right_r) ** 2)
        for cells, true in ((calls.right, 1), (calls.wrong, 0))
    ]
    se = math.sqrt(sum(squares))
    numbers[f"{name}_ratio"] = t / r
    numbers[f"{name}_ratio_se_log"] = se
    numbers[f"{name}_ratio_ci_low"] = t / r * math.exp(-z * se)
    numbers[f"{name}_ratio_ci_high"] = t / r * math.exp(z * se)
    if se > 0:
        statistic = math.log(t / r) / se
        numbers[f"{name}_statistic"] = statistic
        numbers[f"{name}_p_value"] = normal_p(statistic, "two-sided")
    return numbers
