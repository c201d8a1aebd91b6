"""Imputed data sets of a normal outcome in pairs, drawn and analyzed all at once.

The model of the imputations is a bivariate normal distribution of the test and the reference
value of a subject; the analysis is that of their differences. The data sets are the columns of a
matrix.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from clinval.stats._checks import FloatArray, NotEstimableError, check_same_length
from clinval.stats._moments import differences, variance_of
from clinval.stats.missing._draws import chain_steps, number_of_imputations, seed_of
from clinval.stats.missing._imputed_scores import (
    Gappy,
    ImputedScores,
    analyzed,
    check_errors,
    gappy_sample,
)

__all__ = ["imputed_pairs"]


@dataclass(frozen=True, slots=True)
class _Bivariate:
    """Bivariate normal distributions, one an imputation: arrays of shape (imputations,).

    The reference has mean and variance; the test has a mean, a slope on the reference and a
    variance about that line.
    """

    mean_test: FloatArray
    mean_reference: FloatArray
    variance_reference: FloatArray
    slope: FloatArray
    variance_about: FloatArray

    def test_given(self, reference: FloatArray, draw: np.random.Generator) -> FloatArray:
        """Draw test values given those of the reference, shape (subjects, imputations)."""
        mean = self.mean_test + self.slope * (reference - self.mean_reference)
        return _normal(mean, self.variance_about, draw)

    def reference_given(self, test: FloatArray, draw: np.random.Generator) -> FloatArray:
        """Draw reference values given those of the test, shape (subjects, imputations)."""
        variance_test = self.variance_about + self.slope**2 * self.variance_reference
        slope = self.slope * self.variance_reference / variance_test
        mean = self.mean_reference + slope * (test - self.mean_test)
        variance = self.variance_reference * self.variance_about / variance_test
        return _normal(mean, variance, draw)

    def reference(self, subjects: int, draw: np.random.Generator) -> FloatArray:
        """Draw reference values, shape (subjects, imputations)."""
        mean = np.broadcast_to(self.mean_reference, (subjects, len(self.mean_reference)))
        return _normal(mean, self.variance_reference, draw)


def imputed_pairs(
    test: Gappy,
    reference: Gappy,
    seed: int,
    imputations: int,
    *,
    from_reference: bool = False,
) -> ImputedScores:
    """Draw all imputed data sets and analyze their differences."""
    x, y = gappy_sample("test", test), gappy_sample("reference", reference)
    check_same_length(test=x, reference=y)
    draw, m = np.random.default_rng(seed_of(seed)), number_of_imputations(imputations)
    if len(x) < 2:
        raise NotEstimableError("fewer than two pairs")
    no_test, no_reference = np.isnan(x), np.isnan(y)
    data = np.repeat((x - y)[:, None], m, axis=1)
    if no_test.any() or no_reference.any():
        model = _posterior(x, y, draw, m)
        only_reference, only_test = no_test & ~no_reference, no_reference & ~no_test
        neither = no_test & no_reference
        known_reference, known_test = y[only_reference, None], x[only_test, None]
        data[only_reference] = model.test_given(known_reference, draw) - known_reference
        data[only_test] = known_test - model.reference_given(known_test, draw)
        drawn = model.reference(int(neither.sum()), draw)
        data[neither] = model.test_given(drawn, draw) - drawn
        if from_reference:
            data[no_test] += model.mean_reference - model.mean_test
    elif variance_of(differences(x, y)) == 0:
        raise NotEstimableError("the differences of the pairs do not vary")
    shifts = np.column_stack([no_test, -1.0 * no_reference])
    return analyzed(data, np.ones((len(x), 1)), 0, shifts)


def _posterior(x: FloatArray, y: FloatArray, draw: np.random.Generator, m: int) -> _Bivariate:
    """Draw the distribution from its posterior given all observed values, by data augmentation."""
    no_test, no_reference = np.isnan(x), np.isnan(y)
    complete = ~(no_test | no_reference)
    n = int(complete.sum())
    if n < 3:
        raise NotEstimableError("fewer than three complete pairs")
    origin_test, origin_reference = x[complete].mean(), y[complete].mean()
    x, y = x - origin_test, y - origin_reference  # sums of squares about 0 lose no digits
    pairs = x[complete, None], y[complete, None]
    check_errors(pairs[1], pairs[1] + origin_reference)
    slope = (pairs[0] * pairs[1]).sum() / (pairs[1] ** 2).sum()
    check_errors(pairs[0] - slope * pairs[1], pairs[0] + origin_test)
    only_reference, only_test = y[no_test & ~no_reference, None], x[no_reference & ~no_test, None]
    partial = len(only_reference) + len(only_test)
    of_complete = _sums(*pairs)
    model = _drawn(n, of_complete, draw, m)
    for _ in range(chain_steps(n, partial)):
        sums = of_complete + _sums(model.test_given(only_reference, draw), only_reference)
        sums = sums + _sums(only_test, model.reference_given(only_test, draw))
        model = _drawn(n + partial, sums, draw, m)
    return dataclasses.replace(
        model,
        mean_test=model.mean_test + origin_test,
        mean_reference=model.mean_reference + origin_reference,
    )


def _sums(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the sums of x, y, x^2, xy and y^2 over subjects (rows), shape (5, imputations)."""
    x, y = np.broadcast_arrays(x, y)
    return np.stack([values.sum(axis=0) for values in (x, y, x * x, x * y, y * y)])


def _drawn(n: int, sums: FloatArray, draw: np.random.Generator, m: int) -> _Bivariate:
    """Draw distributions from their posterior given n complete pairs, by the sums of each."""
    mean_x, mean_y = sums[0] / n, sums[1] / n
    xx, xy, yy = sums[2] - n * mean_x**2, sums[3] - n * mean_x * mean_y, sums[4] - n * mean_y**2
    about = np.maximum(xx - xy**2 / yy, 0)
    variance_reference = yy / draw.chisquare(n - 2, m)
    variance_about = about / draw.chisquare(n - 1, m)
    slope = _normal(xy / yy, variance_about / yy, draw)
    mean_reference = _normal(mean_y, variance_reference / n, draw)
    centered = mean_x + slope * (mean_reference - mean_y)
    mean_test = _normal(centered, variance_about / n, draw)
    return _Bivariate(mean_test, mean_reference, variance_reference, slope, variance_about)


def _normal(mean: FloatArray, variance: FloatArray, draw: np.random.Generator) -> FloatArray:
    """Draw normal values of the shape that mean and variance broadcast to."""
    shape = np.broadcast_shapes(mean.shape, variance.shape)
    return mean + np.sqrt(variance) * draw.standard_normal(shape)
