"""Uncertain inputs: their distributions, and draws of several that go together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.stats._checks import FloatArray, finite, positive

__all__ = ["Uncertain", "draw", "lognormal", "student", "triangular", "uniform"]

_LIMIT_Z = float(special.ndtri(0.975))  # 19 values of 20 between the limits of a log-normal


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """A distribution around a value; made by the functions of this module.

    ``shape`` holds the limits, or the scale and the degrees of freedom of Student's t.
    """

    value: float
    distribution: str
    shape: tuple[float, float]

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return the quantiles at probabilities between 0 and 1."""
        first, second = self.shape
        if self.distribution == "uniform":
            even: FloatArray = first + (second - first) * probability
            return even
        if self.distribution == "lognormal":
            spread = math.log(second / first) / (2 * _LIMIT_Z)
            scores = np.asarray(special.ndtri(probability), dtype=np.float64)
            ratios: FloatArray = np.exp(spread * scores)
            return math.sqrt(first * second) * ratios
        if self.distribution == "student":
            deviations = np.asarray(special.stdtrit(second, probability), dtype=np.float64)
            return self.value + first * deviations
        left = (self.value - first) / (second - first)
        rising = first + np.sqrt(probability * (second - first) * (self.value - first))
        falling = second - np.sqrt((1 - probability) * (second - first) * (second - self.value))
        return np.where(probability < left, rising, falling)

    def limits(self, level: float) -> tuple[float, float]:
        """Return the quantiles that hold the middle of the distribution."""
        low, high = self.quantile(np.array([(1 - level) / 2, (1 + level) / 2]))
        return float(low), float(high)


def triangular(value: float, low: float, high: float) -> Uncertain:
    """Return a triangular distribution with its peak at the value."""
    return _between("triangular", value, low, high)


def uniform(value: float, low: float, high: float) -> Uncertain:
    """Return a uniform distribution; the value is the estimate that stands for it."""
    return _between("uniform", value, low, high)


def lognormal(value: float, low: float, high: float) -> Uncertain:
    """Return a log-normal distribution with 19 values of 20 between its limits."""
    positive("low", low)
    return _between("lognormal", value, low, high)


def student(value: float, scale: float, df: float) -> Uncertain:
    """Return Student's t around a value: what an estimate leaves open."""
    return Uncertain(
        value=finite("value", value), distribution="student",
        shape=(positive("scale", scale), positive("df", df)),
    )  # fmt: skip


def draw(
    generator: np.random.Generator,
    inputs: Mapping[str, Uncertain],
    draws: int,
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> dict[str, FloatArray]:
    """Draw inputs that go together by a Gaussian copula.

    Parameters
    ----------
    generator
        Source of the random numbers.
    inputs
        Distributions by name.
    draws
        How many.
    correlations
        Correlations of the normal scores by pairs of names; pairs that are not named are
        independent, and pairs of which one is no input are passed over.

    Returns
    -------
    dict
        Draws by name.

    Raises
    ------
    ValueError
        When no numbers can have these correlations together.

    Notes
    -----
    Normal scores z = L e with L L' the correlations; an input is its quantile at Phi(z). What is
    drawn of an input does not depend on which inputs follow it.

    References
    ----------
    .. [1] Nelsen 2006.
    """
    names = list(inputs)
    matrix = np.eye(len(names))
    for (one, other), value in (correlations or {}).items():
        if one in inputs and other in inputs:
            row, column = names.index(one), names.index(other)
            matrix[row, column] = matrix[column, row] = value
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError as error:
        raise ValueError("no numbers can have these correlations together") from error
    scores = factor @ np.array([generator.standard_normal(draws) for _ in names])
    shares = special.ndtr(scores) if names else []
    return {
        name: inputs[name].quantile(np.clip(share, 1e-12, 1 - 1e-12))
        for name, share in zip(names, shares, strict=True)
    }


def _between(distribution: str, value: float, low: float, high: float) -> Uncertain:
    middle = finite("value", value)
    first, second = finite("low", low), finite("high", high)
    if not first <= middle <= second or first == second:
        raise ValueError(f"the limits {first:g} and {second:g} do not hold {middle:g}")
    return Uncertain(value=middle, distribution=distribution, shape=(first, second))
