"""The shape of what a statistical function returns: numbers and the identity of the method.

A result never holds text for people and never formats itself. A number that has no value is
``None``, with ``undefined`` true and a ``reason``; it is never NaN and never a made-up limit.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

__all__ = ["Estimate", "Result", "TestResult", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What every statistic says of itself.

    Attributes
    ----------
    method
        ``<module>.<function>``, the name under which the method is called and documented.
    undefined
        True when a number that was asked for has no value; ``reason`` then says why.
    reason
        A short English phrase, empty when everything is defined; reports translate it.
    """

    method: str
    undefined: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(Result):
    """A point estimate with a two-sided interval at ``level``."""

    estimate: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float = 0.95
    n: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult(Result):
    """A test: its statistic, degrees of freedom where it has some, and its p value."""

    __test__ = False  # pytest collects classes whose name starts with "Test"

    p_value: float | None
    statistic: float | None = None
    df: float | None = None


def plain(result: Result) -> dict[str, object]:
    """Return the attributes of a result as plain Python values, NaN and infinities as None.

    Examples
    --------
    >>> plain(TestResult(method="m.f", p_value=float("nan")))["p_value"] is None
    True
    """
    return {field.name: _plain(getattr(result, field.name)) for field in dataclasses.fields(result)}


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
