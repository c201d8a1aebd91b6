"""Quantiles across sites and the limits of a funnel, computed in another way."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats.centers.sites import binomial_limits, quantiles


@settings(max_examples=60)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=12))
def test_quantiles_are_those_of_the_ordered_values(values):
    found, ordered = quantiles(values), sorted(values)
    for p, name in ((0, "least"), (0.25, "lower_quartile"), (0.5, "median"),
                    (0.75, "upper_quartile"), (1, "greatest")):  # fmt: skip
        place = Fraction(p) * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        wanted = ordered[low] + (place - low) * (ordered[high] - ordered[low])
        assert getattr(found, name) == pytest.approx(float(wanted))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(0, 100), st.sampled_from(["0.95", "0.998"]))
def test_limits_are_quantiles_of_the_binomial_distribution(n, percent, level):
    center = Fraction(percent, 100)
    found = binomial_limits(float(center), n, level=float(level))
    chances = [comb(n, x) * center**x * (1 - center) ** (n - x) for x in range(n + 1)]
    tail = (1 - Fraction(level)) / 2
    below = sum(chance for x, chance in enumerate(chances) if x < found.low * n - 1)
    above = sum(chance for x, chance in enumerate(chances) if x > found.high * n + 1)
    assert 0 <= found.low <= found.high <= 1
    assert below <= tail
    assert above <= tail


def test_a_wider_level_has_wider_limits_and_a_larger_site_narrower_ones():
    narrow, wide = (binomial_limits(0.8, 60, level=level) for level in (0.95, 0.998))
    large = binomial_limits(0.8, 600)
    assert wide.low < narrow.low < large.low < 0.8 < large.high < narrow.high < wide.high


@pytest.mark.parametrize(("center", "n"), [(1.2, 10), (-0.1, 10), (0.5, 0), (float("nan"), 5)])
def test_arguments_that_cannot_be_are_refused(center, n):
    with pytest.raises(ValueError, match=r"center|n must"):
        binomial_limits(center, n)
