"""The joint distribution of the statistics of several looks at accumulating data.

At information t (a share of the final one) the statistic is Z(t), and Z(t) sqrt(t) has
independent increments (Armitage, McPherson & Rowe 1969). The density of Z at a look, among the
courses that no earlier look has stopped, is carried from look to look on Gauss-Legendre nodes.
Everything is computed without drift; a drift d, the expected final statistic, weights a course
that stands at z with exp(d z sqrt(t) - d^2 t/2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from clinval.stats._checks import FloatArray
from clinval.stats._roots import bracketed_roots

__all__ = ["LEAST_STEP", "Looks"]

LEAST_STEP = 1e-3  # of the information so far, between two looks
_LOWEST = -8.5  # below it lies a probability of 1e-17
_HIGHEST = 30.0  # above it lies none that matters, under any drift looked at
_LARGEST = 40.0  # of a critical value: no probability above it can be told from 0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_PANEL = 2.0  # width of a panel of 16 nodes, in standard deviations of what it resolves
_BLOCK = 512  # nodes whose densities are computed at once: bounds the memory


@dataclass(frozen=True, slots=True)
class Looks:
    """The courses that have passed the looks so far without stopping for efficacy.

    Attributes
    ----------
    information
        Information of the last look passed, as a share of the final one; 0 before the first.
    nodes, mass
        Values of the statistic at that look and the probability mass that each stands for.
    """

    information: float
    nodes: FloatArray
    mass: FloatArray

    @classmethod
    def begin(cls) -> Looks:
        """Return the state before the first look: all courses, at a score of 0."""
        return cls(0.0, np.zeros(1), np.ones(1))

    def crossing(self, information: float, critical: FloatArray) -> FloatArray:
        """Return the probability to stop at the next look, for an array of critical values."""
        step = math.sqrt(information - self.information)
        gap = critical[..., None] * math.sqrt(information) - self._score
        probability: FloatArray = special.ndtr(-gap / step) @ self.mass
        return probability

    def critical_value(self, information: float, probability: float) -> float:
        """Return the critical value at which the next look stops with a probability above 0."""
        return float(
            bracketed_roots(
                lambda c: self.crossing(information, c) - probability,
                np.array(_LOWEST),
                np.array(_LARGEST),
            )
        )

    def passed(self, information: float, critical: float, following: float | None) -> Looks:
        """Return the courses that pass the next look as well.

        ``following`` is the information of the look after that, whose step the nodes have to
        resolve; None after the last look.
        """
        step = information - self.information
        resolved = step if following is None else min(step, following - information)
        width = _PANEL * math.sqrt(min(1.0, resolved / information))
        low, high = _LOWEST, min(critical, _HIGHEST)
        panels = math.ceil((high - low) / width)
        half = (high - low) / panels / 2
        middle = low + half * (2 * np.arange(panels) + 1)
        nodes = (middle[:, None] + half * _NODES).ravel()
        density = np.empty(len(nodes))
        for block in range(0, len(nodes), _BLOCK):
            score = nodes[block : block + _BLOCK, None] * math.sqrt(information)
            gap = (score - self._score) / math.sqrt(step)
            density[block : block + _BLOCK] = np.exp(-(gap**2) / 2) @ self.mass
        density *= math.sqrt(information / (2 * math.pi * step))
        return Looks(information, nodes, density * np.tile(half * _WEIGHTS, panels))

    def remaining(self, drift: FloatArray) -> FloatArray:
        """Return the probability to have passed all looks so far, for an array of drifts."""
        score = drift[..., None] * self._score - drift[..., None] ** 2 * self.information / 2
        probability: FloatArray = np.exp(score) @ self.mass
        return probability

    @property
    def _score(self) -> FloatArray:
        return self.nodes * math.sqrt(self.information)
