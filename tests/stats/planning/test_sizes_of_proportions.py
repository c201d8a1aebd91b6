import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize, stats as scipy_stats

from clinval.stats._score import TwoArms, difference_variance
from clinval.stats.comparison import paired_difference
from clinval.stats.planning import sample_size as ss

quick = settings(deadline=None, max_examples=60, derandomize=True)
norm = scipy_stats.norm
share = st.integers(0, 40).map(lambda k: k / 40)
margin = st.integers(-30, 30).filter(bool).map(lambda k: k / 100)
level = st.sampled_from([0.005, 0.025, 0.05])
target = st.sampled_from([0.5, 0.8, 0.9, 0.95])


# --- a second computation: the expected likelihood -----------------------------------------


def most_likely(terms, low, high):
    """The root of sum weight x sign/p of the terms (weight, sign, p(x)) in an open range."""

    def slope(x):
        return sum(weight * sign / p(x) for weight, sign, p in terms if weight)

    def total(x):
        return sum(weight * math.log(max(p(x), 1e-300)) for weight, _, p in terms if weight)

    try:
        return optimize.brentq(slope, low + 1e-13, high - 1e-13, xtol=1e-16)
    except ValueError:
        return max((low, high), key=total)


def two_arms(p1, p2, d, ratio):
    terms = [
        (ratio * p1, 1, lambda q: q + d),
        (ratio * (1 - p1), -1, lambda q: 1 - q - d),
        (p2, 1, lambda q: q),
        (1 - p2, -1, lambda q: 1 - q),
    ]
    q = most_likely(terms, max(0.0, -d), min(1.0, 1.0 - d))
    a = q + d
    s0 = math.sqrt(max(a * (1 - a), 0) / ratio + q * (1 - q))
    return s0, math.sqrt(p1 * (1 - p1) / ratio + p2 * (1 - p2))


def pairs(p10, p01, d):
    terms = [
        (p10, 1, lambda q: q + d),
        (p01, 1, lambda q: q),
        (1 - p10 - p01, -2, lambda q: 1 - 2 * q - d),
    ]
    q = most_likely(terms, max(0.0, -d), (1 - d) / 2)
    v1 = p10 + p01 - (p10 - p01) ** 2
    return math.sqrt(max(2 * q + d * (1 - d), 0)), math.sqrt(max(v1, 0))


@quick
@given(share, share, margin, st.sampled_from([0.5, 1, 2, 3]), level, target)
def test_farrington_manning_by_the_likelihood(p1, p2, d, ratio, alpha, power):
    side = 1 if d < 0 else -1
    gap = side * (p1 - p2 - d)
    assume(abs(gap) > 1e-9)
    if gap < 0:
        with pytest.raises(ValueError, match="on the wrong side of margin"):
            ss.farrington_manning(p1, p2, margin=d, alpha=alpha, power=power, ratio=ratio)
        return
    result = ss.farrington_manning(p1, p2, margin=d, alpha=alpha, power=power, ratio=ratio)
    s0, s1 = two_arms(p1, p2, d, ratio)
    n = ((norm.isf(alpha) * s0 + norm.isf(1 - power) * s1) / gap) ** 2
    assert result.n_reference == pytest.approx(n, rel=1e-6, abs=1e-9)
    assert result.n_total == pytest.approx((1 + ratio) * result.n_reference)
    assert result.n_test == pytest.approx(ratio * result.n_reference)
    assert 0 <= result.sample_size_reference - result.n_reference < 1 + 1e-9
    whole = max(result.sample_size_reference, 1)
    reached = ss.farrington_manning_power(
        [max(n, 1), whole, 2 * whole], p1, p2, margin=d, alpha=alpha, ratio=ratio
    )
    assert list(reached.power) == sorted(reached.power)
    if n >= 1 and s1 > 0:
        assert reached.power[0] == pytest.approx(power, abs=1e-6)
        assert reached.power[1] >= power - 1e-9


@quick
@given(st.integers(0, 20), st.integers(0, 20), margin, level, target)
def test_nam_by_the_likelihood(k10, k01, d, alpha, power):
    p10, p01, side = k10 / 40, k01 / 40, 1 if d < 0 else -1
    gap = side * (p10 - p01 - d)
    assume(gap > 1e-9)
    result = ss.nam(p10, p01, margin=d, alpha=alpha, power=power)
    s0, s1 = pairs(p10, p01, d)
    n = ((norm.isf(alpha) * s0 + norm.isf(1 - power) * s1) / gap) ** 2
    assert result.n_pairs == pytest.approx(n, rel=1e-6, abs=1e-9)
    assert 0 <= result.sample_size - result.n_pairs < 1 + 1e-9
    if n >= 1 and s1 > 0:
        reached = ss.nam_power(result.n_pairs, p10, p01, margin=d, alpha=alpha)
        assert reached.power == pytest.approx((power,), abs=1e-9)


@quick
@given(share, share, margin, level)
def test_swapping_arms_or_outcomes_mirrors_the_size(p1, p2, d, alpha):
    assume((1 if d < 0 else -1) * (p1 - p2 - d) > 1e-9)
    one = ss.farrington_manning(p1, p2, margin=d, alpha=alpha)
    swapped = ss.farrington_manning(p2, p1, margin=-d, alpha=alpha)
    failures = ss.farrington_manning(1 - p1, 1 - p2, margin=-d, alpha=alpha)
    assert swapped.n_reference == pytest.approx(one.n_reference, rel=1e-6)
    assert failures.n_reference == pytest.approx(one.n_reference, rel=1e-6)


# --- the tests themselves, table by table --------------------------------------------------


@pytest.mark.parametrize(("p1", "p2", "d"), [(0.9, 0.9, -0.12), (0.6, 0.5, -0.1), (0.2, 0.2, 0.15)])
def test_farrington_manning_power_over_all_tables(p1, p2, d):
    n1, n2, alpha = 90, 60, 0.025
    x1, x2 = np.meshgrid(np.arange(n1 + 1.0), np.arange(n2 + 1.0), indexing="ij")
    arms = TwoArms(x1, np.full_like(x1, n1), x2, np.full_like(x2, n2))
    gap, variance = arms.difference - d, difference_variance(arms, np.full_like(x1, d))
    statistic = np.divide(gap, np.sqrt(variance), out=np.sign(gap) * 99, where=variance > 0)
    chance = np.outer(scipy_stats.binom.pmf(x1[:, 0], n1, p1), scipy_stats.binom.pmf(x2[0], n2, p2))
    exact = chance[(statistic if d < 0 else -statistic) > norm.isf(alpha)].sum()
    result = ss.farrington_manning_power(n2, p1, p2, margin=d, alpha=alpha, ratio=n1 / n2)
    assert result.power[0] == pytest.approx(exact, abs=0.035)


def test_nam_power_over_all_tables():
    n, p10, p01, d = 250, 0.06, 0.05, -0.05
    exact = 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            chance = scipy_stats.multinomial.pmf([a, b, n - a - b], n, [p10, p01, 1 - p10 - p01])
            if chance > 1e-7:
                test = paired_difference.nam_test(n - a - b, a, b, 0, margin=d)
                exact += chance * (test.p_value <= 0.025)
    assert ss.nam_power(n, p10, p01, margin=d).power[0] == pytest.approx(exact, abs=0.02)


# --- one arm against a goal ----------------------------------------------------------------


def exact_power(n, p, goal, alpha):
    """The power of the exact test and its deciding number, from the distribution itself."""
    x = np.arange(n + 1)
    if p > goal:
        few = x[scipy_stats.binom.sf(x - 1, n, goal) < alpha]
        return (few[0], scipy_stats.binom.sf(few[0] - 1, n, p)) if len(few) else (n + 1, 0.0)
    few = x[scipy_stats.binom.cdf(x, n, goal) < alpha]
    return (few[-1], scipy_stats.binom.cdf(few[-1], n, p)) if len(few) else (-1, 0.0)


@pytest.mark.parametrize(
    ("p", "goal", "alpha", "power"),
    [
        (0.95, 0.88, 0.025, 0.9),
        (0.99, 0.96, 0.05, 0.8),
        (0.02, 0.05, 0.025, 0.9),
        (1.0, 0.95, 0.025, 0.9),
        (0.0, 0.3, 0.025, 0.8),
        (0.6, 0.5, 0.025, 0.8),
        (0.999, 0.99, 0.05, 0.9),
        (0.9, 0.3, 0.001, 0.99),
        (0.002, 0.01, 0.025, 0.8),
    ],
)
def test_exact_sizes_by_trying_every_number(p, goal, alpha, power):
    result = ss.exact_binomial(p, goal=goal, alpha=alpha, power=power)
    largest = 2 * result.sample_size_stable + 300
    tried = [exact_power(n, p, goal, alpha) for n in range(1, largest + 1)]
    powers = np.array([value for _, value in tried])
    assert result.sample_size == np.flatnonzero(powers >= power)[0] + 1
    assert result.sample_size_stable == np.flatnonzero(powers < power)[-1] + 2
    x, reached = tried[result.sample_size - 1]
    assert result.critical_x == x
    assert result.achieved_power == pytest.approx(reached, rel=1e-9)
    several = ss.exact_binomial_power(range(1, 201), p, goal=goal, alpha=alpha)
    np.testing.assert_allclose(several.power, powers[:200], rtol=1e-9, atol=1e-12)


def test_exact_power_is_that_of_the_interval():
    from clinval.stats.accuracy import proportion

    n, p, goal = 70, 0.95, 0.85
    reaches = [proportion.clopper_pearson(x, n).ci_low > goal for x in range(n + 1)]
    wanted = scipy_stats.binom.pmf(range(n + 1), n, p)[reaches].sum()
    assert ss.exact_binomial_power(n, p, goal=goal).power[0] == pytest.approx(wanted)


def test_a_goal_that_is_too_near():
    result = ss.exact_binomial(0.50001, goal=0.5)
    assert (result.sample_size, result.sample_size_stable, result.undefined) == (None, None, True)
    assert result.reason == "more than ten million subjects are needed"
    near = ss.exact_binomial(0.501, goal=0.5)  # two and a half million
    assert near.achieved_power >= 0.9
    assert near.sample_size == pytest.approx(
        (norm.isf(0.025) + norm.isf(0.1)) ** 2 / 4e-6, rel=1e-3
    )


# --- edges ---------------------------------------------------------------------------------


def test_proportions_at_the_ends():
    certain = ss.farrington_manning(1, 1, margin=-0.1)
    assert certain.n_reference > 0
    assert ss.farrington_manning_power([1, 1000], 1, 1, margin=-0.1).power == (0, 1)
    assert ss.nam(0, 0, margin=-0.05).n_pairs > 0
    assert ss.nam_power([1, 1000], 0, 0, margin=-0.05).power == (0, 1)


def test_the_side_of_the_margin():
    # superiority by a margin has to be asked for
    with pytest.raises(ValueError, match=r"wrong side of margin 0\.05"):
        ss.farrington_manning(0.8, 0.6, margin=0.05)
    asked = ss.farrington_manning(0.8, 0.6, margin=0.05, alternative="greater")
    mirrored = ss.farrington_manning(0.2, 0.4, margin=-0.05, alternative="less")
    assert asked.n_reference == pytest.approx(mirrored.n_reference)
    # beyond 0 the effect points to its own side
    up, down = ss.nam(0.2, 0.1, margin=0), ss.nam(0.1, 0.2, margin=0)
    assert up.n_pairs == pytest.approx(down.n_pairs)
    # power at the margin is the level, beyond it less
    assert ss.farrington_manning_power(100, 0.8, 0.9, margin=-0.1).power[0] == pytest.approx(
        0.025, abs=1e-3
    )
    assert ss.farrington_manning_power(100, 0.75, 0.9, margin=-0.1).power[0] < 0.01


def test_inflation_is_not_rounded_twice():
    plain = ss.farrington_manning(0.9, 0.9, margin=-0.08)
    result = ss.farrington_manning(
        0.9, 0.9, margin=-0.08, dropout=0.15, icc=0.3, cluster_size=2.4, cluster_size_cv=0.5
    )
    assert result.n_reference == plain.n_reference
    assert result.sample_size_reference_inflated == math.ceil(plain.n_reference * 1.6 / 0.85)
    assert result.sample_size_reference_inflated < math.ceil(312 * 1.6 / 0.85) + 1
    half = ss.inflated(204.0 * 1.25, dropout=0.15)
    assert (half.n_inflated, half.sample_size) == (pytest.approx(300), 300)


@pytest.mark.parametrize(
    ("p1", "options", "message"),
    [
        (1.1, {}, "p1 must lie between 0 and 1"),
        (0.8, {}, "on the wrong side of margin -0.1"),
        (0.7, {}, "on the wrong side of margin -0.1"),
        (0.9, {"margin": -2}, "margin must lie between -1 and 1"),
        (0.9, {"ratio": 0}, "ratio must be above 0"),
        (0.9, {"alpha": 0.5}, "alpha must lie strictly between 0 and 0.5"),
        (0.9, {"power": 0.02}, "power must lie strictly between alpha and 1"),
        (0.9, {"power": 1}, "power must lie strictly"),
        (0.9, {"dropout": 1}, r"dropout must lie in \[0, 1\)"),
        (0.9, {"icc": 1.5}, "icc must lie between 0 and 1"),
        (0.9, {"cluster_size": 0.5}, "cluster_size must be 1 or more"),
        (0.9, {"cluster_size_cv": -1}, "cluster_size_cv must not be negative"),
        (0.9, {"alternative": "two-sided"}, "alternative must be one of greater, less"),
    ],
)
def test_invalid_farrington_manning(p1, options, message):
    with pytest.raises(ValueError, match=message):
        ss.farrington_manning(p1, 0.9, **{"margin": -0.1, **options})


def test_other_invalid_arguments():
    for n, message in (
        (0, "n_reference must be 1 or more, not 0"),
        ([100, -5], "n_reference must be 1 or more, not -5"),
        ([100, math.nan], "n_reference holds a missing"),
    ):
        with pytest.raises(ValueError, match=message):
            ss.farrington_manning_power(n, 0.9, 0.9, margin=-0.1)
    with pytest.raises(ValueError, match=r"p10 and p01 sum to 1\.2"):
        ss.nam(0.7, 0.5, margin=-0.1)
    with pytest.raises(ValueError, match="p01 must lie between"):
        ss.nam_power(100, 0.7, -0.1, margin=-0.1)
    for p, goal, message in (
        (0.9, 0.9, "p must not be the goal itself"),
        (0.9, 1.0, "goal must lie strictly between 0 and 1"),
        (1.9, 0.5, "p must lie between 0 and 1"),
    ):
        with pytest.raises(ValueError, match=message):
            ss.exact_binomial(p, goal=goal)
    with pytest.raises(ValueError, match="n must hold whole numbers"):
        ss.exact_binomial_power([10.5], 0.9, goal=0.8)
