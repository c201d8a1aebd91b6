"""What a statistic demands of its arguments: one check, one place, one wording.

Every function here returns the checked value in the form the formulas need, or raises
``ValueError`` with a message that names the argument and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Counts",
    "FloatArray",
    "IntArray",
    "Labels",
    "NotEstimableError",
    "Numbers",
    "Ratings",
    "arm_indicator",
    "check_level",
    "check_option",
    "check_same_length",
    "count",
    "counts",
    "finite",
    "fraction",
    "margin_in",
    "not_negative",
    "paired_samples",
    "positive",
    "positive_sample",
    "sample",
    "successes",
]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.intp]
# What callers hand over. The names matter: a parameter annotated ``Labels`` takes text labels,
# and the reader of case files goes by that.
Numbers: TypeAlias = Sequence[float] | NDArray[Any]
Counts: TypeAlias = Sequence[int] | NDArray[Any]
Labels: TypeAlias = Sequence[object] | NDArray[Any]
Ratings: TypeAlias = Sequence[Sequence[object]] | NDArray[Any]


_LARGEST_COUNT = 2.0**53  # beyond, floating point does not tell n from n + 1


class NotEstimableError(Exception):
    """Raised inside the statistics when a number has no value; it never leaves them.

    The public function that catches it returns a result with ``undefined`` and this reason.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_level(level: float, name: str = "level") -> float:
    """Return a probability strictly between 0 and 1."""
    number = _number(name, level)
    if not 0 < number < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1, not {level!r}")
    return number


def _number(name: str, value: float | None) -> float:
    """Return one number; a missing one is NaN, which no demand accepts."""
    if value is None:
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be one number of ordinary size") from error


def _numbers(name: str, values: Numbers) -> FloatArray:
    """Return numbers as an array of any shape, NaN where missing."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must hold numbers of ordinary size") from error


def check_option(name: str, value: str, allowed: Sequence[str]) -> str:
    """Return one of the allowed words."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def finite(name: str, value: float) -> float:
    """Return a finite number."""
    number = _number(name, value)
    if not np.isfinite(number):
        raise ValueError(f"{name} must be a finite number, not {value!r}")
    return number


def not_negative(name: str, value: float) -> float:
    """Return a finite number of 0 or more."""
    number = finite(name, value)
    if number < 0:
        raise ValueError(f"{name} must not be negative, it is {number:g}")
    return number


def positive(name: str, value: float) -> float:
    """Return a finite number above 0."""
    number = finite(name, value)
    if number <= 0:
        raise ValueError(f"{name} must be above 0, it is {number:g}")
    return number


def fraction(name: str, value: float) -> float:
    """Return a number in [0, 1]."""
    number = _number(name, value)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {value!r}")
    return number


def margin_in(low: float, high: float, margin: float) -> float:
    """Return a margin inside the range of its estimand."""
    number = _number("margin", margin)
    if not low <= number <= high:
        raise ValueError(f"margin must lie between {low:g} and {high:g}, not {margin!r}")
    return number


def count(name: str, value: float) -> float:
    """Return a whole number that is not negative, as a float for the formulas."""
    return float(_whole(name, np.array(_number(name, value))))


def counts(name: str, values: Counts) -> FloatArray:
    """Return a list of whole numbers that are not negative."""
    array = _numbers(name, values)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a list of counts, not of shape {array.shape}")
    return _whole(name, array)


def _whole(name: str, array: FloatArray) -> FloatArray:
    bad = ~(np.isfinite(array) & (array >= 0) & (array == np.floor(array)))
    if (np.isfinite(array) & (array > _LARGEST_COUNT)).any():
        raise ValueError(f"{name} is too large to be a count")
    if bad.any():
        wrong = array[bad].flat[0]
        raise ValueError(f"{name} must be a count (0, 1, 2, ...), not {wrong:g}")
    return array


def successes(x_name: str, x: float, n_name: str, n: float) -> tuple[float, float]:
    """Return successes and trials, no more successes than trials."""
    successes_, trials = count(x_name, x), count(n_name, n)
    if successes_ > trials:
        raise ValueError(f"{x_name} is {successes_:g}, more than {n_name}, which is {trials:g}")
    return successes_, trials


def check_same_length(**arrays: NDArray[Any]) -> None:
    """Raise when arrays that describe the same rows differ in length."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        parts = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"lengths differ: {parts}")


def sample(name: str, values: Numbers) -> FloatArray:
    """Return a list of finite numbers."""
    array = _numbers(name, values)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a list of numbers, not of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a missing or infinite value; leave such rows out")
    return array


def positive_sample(name: str, values: Numbers) -> FloatArray:
    """Return a list of numbers above 0, whose logarithm exists."""
    array = sample(name, values)
    if (array <= 0).any():
        raise ValueError(
            f"{name} holds {array[array <= 0][0]:g}; a logarithm needs positive values"
        )
    return array


def paired_samples(
    test: Numbers, reference: Numbers, *, positive: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Return two samples of equal length, one pair an entry."""
    checked = positive_sample if positive else sample
    test_, reference_ = checked("test", test), checked("reference", reference)
    check_same_length(test=test_, reference=reference_)
    return test_, reference_


def arm_indicator(arm: Numbers) -> FloatArray:
    """Return the arm as 1 (test) and 0 (reference)."""
    array = sample("arm", arm)
    if not np.isin(array, (0.0, 1.0)).all():
        raise ValueError("arm must be 1 (test) or 0 (reference)")
    return array
