"""A test rejects exactly when its interval excludes the value that it tests, on random data.

Every method that has both is here. The margins are the limits themselves, moved by a millionth to
either side, and others at random: where the two are computed in different ways, it shows there.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from clinval import stats
from clinval.stats.comparison import (
    clustered_paired_difference,
    location_shift,
    mean_difference,
    mean_ratio,
    odds_ratio,
    paired_difference,
    paired_odds_ratio,
    paired_ratio,
    risk_difference,
    risk_ratio,
    stratified_difference,
)

ALPHAS = [0.01, 0.025, 0.05, 0.2]
BESIDE = 1e-6  # of a limit
TIE = 1e-8  # a margin nearer to a limit is on it


# --- data: few and many, all or none, alike and not -----------------------------------------


def two_arms(rng, strata=None):
    n1, n2 = rng.integers(1, rng.choice([4, 15, 120]), (2, *(() if strata is None else (strata,))))
    p1, p2 = rng.choice([0.0, 0.02, 0.2, 0.5, 0.9, 1.0], 2)
    return rng.binomial(n1, p1), n1 + 0, rng.binomial(n2, p2), n2 + 0


def pairs(rng):
    shares = rng.dirichlet([2, rng.choice([0.2, 1]), rng.choice([0.2, 1]), 1])
    return tuple(rng.multinomial(rng.choice([1, 3, 12, 60, 300]), shares).tolist())


def strata(rng):
    return two_arms(rng, strata=rng.integers(1, 8))


def paired_strata(rng):
    tables = [pairs(rng) for _ in range(rng.integers(1, 8))]
    return (
        [table[1] for table in tables],
        [table[2] for table in tables],
        [sum(table) for table in tables],
    )


def clusters(rng):
    data = []
    for mean in rng.choice([0.05, 0.3, 0.6, 0.95], 2):
        size = rng.integers(1, 7, rng.choice([2, 5, 30]))
        alike = rng.choice([0.5, 5])
        data += [rng.binomial(size, rng.beta(alike * mean, alike * (1 - mean), len(size))), size]
    return tuple(data)


def paired_clusters(rng):
    shares = rng.dirichlet([2, rng.choice([0.2, 1]), rng.choice([0.2, 1]), 1])
    return tuple(rng.multinomial(rng.integers(1, 8, rng.choice([2, 5, 30])), shares).T.tolist())


def samples(rng):
    sizes = rng.integers(2, rng.choice([4, 30]), 2)
    return tuple(
        rng.normal(rng.normal(), rng.choice([0.1, 1, 3]), n).round(rng.choice([0, 3]))
        for n in sizes
    )


def without_ties(rng):
    n = rng.integers(2, rng.choice([6, 30]))
    return rng.normal(rng.normal(), 1, n), rng.normal(0, 1, n)


def paired_values(rng):
    n = rng.integers(2, rng.choice([4, 30]))
    reference = rng.normal(5, 2, n)
    return (reference + rng.normal(rng.normal(), 1, n)).round(2), reference.round(2)


def positive(draw, rng):
    return tuple(np.exp(values) for values in draw(rng))


def at_sites(rng):
    n, sites = rng.integers(6, 30), rng.integers(2, 6)
    site, arm = rng.integers(0, sites, n), rng.integers(0, 2, n)
    return arm + rng.choice([0, 2]) * rng.normal(size=sites)[site] + rng.normal(size=n), arm, site


def pairs_at_sites(rng):
    score, _, site = at_sites(rng)
    return score, np.zeros(len(score)), site


def grades_in_clusters(rng):
    test, reference = rng.integers(1, 6, (2, rng.integers(4, 40)))
    return test, reference, rng.integers(0, rng.choice([2, 4, 12]), len(test))


# --- margins --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """What margins of an estimand may be, and where the limits of its interval are."""

    null: float
    low: float
    high: float
    random: Callable

    def margins(self, rng, limits):
        near = [limit for limit in limits if math.isfinite(limit)]
        size = [BESIDE * max(abs(limit), 0.1) for limit in near]
        beside = [limit + s * by for limit, by in zip(near, size, strict=True) for s in (-1, 1)]
        everywhere = [self.null, float(self.random(rng)), *beside]
        return [
            margin
            for margin in everywhere
            if self.low <= margin <= self.high
            and all(abs(margin - limit) > TIE * max(abs(limit), 0.1) for limit in near)
        ]


DIFFERENCE = Scale(0, -1, 1, lambda rng: rng.uniform(-1, 1))
RATIO = Scale(1, 1e-300, 1e300, lambda rng: math.exp(rng.normal()))
MEAN = Scale(0, -math.inf, math.inf, lambda rng: rng.normal(0, 2))
# the margin of a win probability is counted from 0.5
WIN = Scale(0.5, 0, 1, lambda rng: rng.uniform(0, 1))

stratified = stratified_difference.miettinen_nurminen
stratified_test = stratified_difference.miettinen_nurminen_test

PAIRED_WITH = {
    "risk_difference.miettinen_nurminen": (DIFFERENCE, two_arms, 120),
    "risk_difference.farrington_manning": (DIFFERENCE, two_arms, 120),
    "risk_ratio.miettinen_nurminen": (RATIO, two_arms, 120),
    "risk_ratio.koopman": (RATIO, two_arms, 120),
    "odds_ratio.miettinen_nurminen": (RATIO, two_arms, 120),
    "paired_difference.tango": (DIFFERENCE, pairs, 120),
    "paired_ratio.tang": (RATIO, pairs, 120),
    "stratified_paired_difference.tango": (DIFFERENCE, paired_strata, 120),
    "clustered_difference.rao_scott_miettinen_nurminen": (DIFFERENCE, clusters, 120),
    "clustered_paired_difference.cluster_robust": (DIFFERENCE, paired_clusters, 250),
    "mean_difference.welch": (MEAN, samples, 250),
    "mean_difference.student": (MEAN, samples, 250),
    "mean_difference.paired_t": (MEAN, paired_values, 250),
    "mean_difference.random_site_satterthwaite": (MEAN, at_sites, 40),
    "mean_difference.random_site_kenward_roger": (MEAN, at_sites, 40),
    "mean_difference.paired_random_site": (MEAN, pairs_at_sites, 40),
    "mean_ratio.geometric_welch": (RATIO, partial(positive, samples), 250),
    "mean_ratio.geometric_paired": (RATIO, partial(positive, paired_values), 250),
    "win_probability.brunner_munzel": (WIN, samples, 250),
    "win_probability.paired_clustered": (WIN, grades_in_clusters, 250),
}
# a test that is not named after its interval, and intervals whose weights are to be given
TESTS = {"paired_difference.tango": "paired_difference.nam_test"}
# tests that are held against their intervals where the two are tested
ELSEWHERE = {
    "auc_difference.delong_test",
    "froc.figure_test",
    "interchangeability.individual_equivalence_test",
    "mrmc.ai_versus_readers_test",
    "mrmc.obuchowski_rockette_test",
    "mrmc.u_statistic_test",
    "mrmc.v_statistic_test",
    "rate_ratio.exact_conditional_test",
}
WEIGHTED = {
    f"stratified_difference.miettinen_nurminen, {weights}": (
        partial(stratified, weights=weights),
        partial(stratified_test, weights=weights),
        DIFFERENCE,
        strata,
        tables,
    )
    for weights, tables in (("mantel_haenszel", 80), ("miettinen_nurminen", 80))
}
ALL = {
    call: (stats.find(call), stats.find(TESTS.get(call, f"{call}_test")), *rest)
    for call, rest in PAIRED_WITH.items()
} | WEIGHTED


@pytest.mark.parametrize("name", ALL)
def test_tests_reject_exactly_what_their_intervals_exclude(name):
    interval, test, scale, draw, tables = ALL[name]
    rng = np.random.default_rng(20260401)
    seen = {True: 0, False: 0}
    for _ in range(tables):
        data, alpha = draw(rng), float(rng.choice(ALPHAS))
        result = interval(*data, level=1 - 2 * alpha)
        if result.ci_low is None:  # there is nothing to agree with
            margin = 0.0 if scale is WIN else scale.null
            assert test(*data, margin=margin).undefined, data
            continue
        low, high = result.ci_low, math.inf if result.ci_high is None else result.ci_high
        for margin in scale.margins(rng, (low, high)):
            options = {"margin": margin - 0.5 if scale is WIN else margin}
            greater = test(*data, **options, alternative="greater")
            if greater.undefined:  # nothing varies at this margin
                assert low == high or low <= margin <= high, (data, margin, alpha)
                continue
            seen[low > margin] += 1
            assert (greater.p_value < alpha) == (low > margin), (data, margin, alpha)
            less = test(*data, **options, alternative="less")
            assert (less.p_value < alpha) == (high < margin), (data, margin, alpha)
            both = test(*data, **options, alternative="two-sided")
            assert both.p_value == pytest.approx(2 * min(greater.p_value, less.p_value), rel=1e-9)
    assert min(seen.values()) > tables / 2


def test_every_test_of_a_margin_is_here():
    calls = [f"{module}.{name}" for module in stats.MODULES for name in stats.methods(module)]
    found = {
        call
        for call in calls
        if call.endswith("_test") and "margin" in inspect.signature(stats.find(call)).parameters
    }
    assert found == {TESTS.get(call, f"{call}_test") for call in PAIRED_WITH} | ELSEWHERE | {
        "stratified_difference.miettinen_nurminen_test"
    }


def test_inverse_variance_weights_exclude_only_what_the_test_rejects():
    # the statistic is not monotone where a stratum does not vary: the limits are the outermost
    rng = np.random.default_rng(20260402)
    for _ in range(120):
        data = strata(rng)
        limits = stratified(*data, weights="inverse_variance")
        for margin in rng.uniform(-1, 1, 2).tolist():
            result = stratified_test(*data, weights="inverse_variance", margin=margin)
            if limits.ci_low > margin + TIE:
                assert result.p_value < 0.025, (data, margin)
            if limits.ci_high < margin - TIE:
                assert result.p_value > 0.975, (data, margin)


def test_intervals_of_draws_reject_exactly_as_tests_of_draws():
    rng = np.random.default_rng(20260403)
    n1, n2 = rng.integers(1, 80, (2, 20_000))
    p1, p2 = rng.choice([0.0, 0.1, 0.5, 0.85, 1.0], (2, 20_000))
    data = rng.binomial(n1, p1), n1, rng.binomial(n2, p2), n2
    low, high = risk_difference.miettinen_nurminen_draws(*data)
    for margin in (-0.15, 0.0, 0.1):
        far = np.minimum(np.abs(low - margin), np.abs(high - margin)) > TIE
        test = risk_difference.miettinen_nurminen_test_draws
        greater = test(*data, margin=margin)
        less = test(*data, margin=margin, alternative="less")
        assert ((greater < 0.025) == (low > margin))[far].all()
        assert ((less < 0.025) == (high < margin))[far].all()


def test_equivalence_is_shown_exactly_when_the_interval_lies_between_the_margins():
    rng = np.random.default_rng(20260407)
    seen = {True: 0, False: 0}
    for _ in range(1000):
        data, alpha = samples(rng), float(rng.choice(ALPHAS))
        low, high = sorted(rng.normal(0, 3, 2).tolist())
        result = mean_difference.welch_tost(*data, margin_low=low, margin_high=high, alpha=alpha)
        if result.undefined:
            continue
        inside = low < result.ci_low and result.ci_high < high
        seen[inside] += 1
        assert (result.p_value < alpha) == inside, (data, low, high, alpha)
        assert (result.p_low < alpha) == (low < result.ci_low), (data, low, alpha)
        assert (result.p_high < alpha) == (result.ci_high < high), (data, high, alpha)
    assert min(seen.values()) > 50


# --- tests of no effect beside exact intervals, and p values in the result of an interval ------


def test_exact_unconditional():
    rng = np.random.default_rng(20260404)
    further = 0
    for _ in range(50):
        n1, n2 = (int(n) for n in rng.integers(1, 18, 2))
        x1, x2 = int(rng.binomial(n1, rng.uniform())), int(rng.binomial(n2, rng.uniform()))
        limits = risk_difference.chan_zhang(x1, n1, x2, n2)
        greater = risk_difference.suissa_shuster_test(x1, n1, x2, n2, alternative="greater")
        less = risk_difference.suissa_shuster_test(x1, n1, x2, n2, alternative="less")
        assert greater.p_value <= 0.025 or limits.ci_low <= 0
        assert less.p_value <= 0.025 or limits.ci_high >= 0
        # what is not rejected need not be an interval, and the limits are the outermost: beyond
        # a difference of 0 that is rejected others may be that are not (8/26 and 4/4, to 0.031)
        further += (greater.p_value <= 0.025) != (limits.ci_low > 0)
        further += (less.p_value <= 0.025) != (limits.ci_high < 0)
    assert further <= 2


def test_conditional_exact_and_fisher():
    rng = np.random.default_rng(20260405)
    seen = {True: 0, False: 0}
    for _ in range(600):
        data, alpha = two_arms(rng), float(rng.choice(ALPHAS))
        limits = odds_ratio.conditional_exact(*data, level=1 - 2 * alpha)
        greater = odds_ratio.fisher_exact_test(*data, alternative="greater")
        less = odds_ratio.fisher_exact_test(*data, alternative="less")
        if min(abs(greater.p_value - alpha), abs(less.p_value - alpha)) <= TIE:
            continue
        seen[limits.ci_low > 1] += 1
        assert (greater.p_value < alpha) == (limits.ci_low > 1), (data, alpha)
        assert (less.p_value < alpha) == (limits.ci_high is not None and limits.ci_high < 1)
    assert min(seen.values()) > 15


def test_paired_conditional_exact_and_mcnemar():
    rng = np.random.default_rng(20260406)
    seen = {True: 0, False: 0}
    for _ in range(1000):
        data, alpha = pairs(rng), float(rng.choice(ALPHAS))
        limits = paired_odds_ratio.conditional_exact(*data, level=1 - 2 * alpha)
        two_sided = paired_difference.mcnemar_exact_test(*data)
        if abs(two_sided.p_value - 2 * alpha) <= TIE:
            continue
        excluded = limits.ci_low > 1 or (limits.ci_high is not None and limits.ci_high < 1)
        seen[excluded] += 1
        assert (two_sided.p_value < 2 * alpha) == excluded, (data, alpha)
    assert min(seen.values()) > 20


@pytest.mark.parametrize(
    ("interval", "null", "draw"),
    [
        (mean_ratio.geometric_welch, 1, partial(positive, samples)),
        (mean_ratio.geometric_paired, 1, partial(positive, paired_values)),
        (location_shift.hodges_lehmann, 0, without_ties),
        (location_shift.hodges_lehmann_paired, 0, without_ties),
    ],
    ids=["geometric_welch", "geometric_paired", "hodges_lehmann", "hodges_lehmann_paired"],
)
def test_p_values_of_no_effect_that_stand_beside_an_interval(interval, null, draw):
    rng = np.random.default_rng(20260408)
    seen = {True: 0, False: 0}
    for _ in range(300):
        data, alpha = draw(rng), float(rng.choice(ALPHAS))
        result = interval(*data, level=1 - alpha)
        if None in (result.p_value, result.ci_low, result.ci_high):
            continue
        # too few values for the level: the interval is the widest there is
        if getattr(result, "coverage", 1) < 1 - alpha:
            continue
        if min(abs(result.p_value - alpha), abs(result.ci_low - null)) <= TIE:
            continue
        excluded = not result.ci_low <= null <= result.ci_high
        seen[excluded] += 1
        assert (result.p_value < alpha) == excluded, (data, alpha)
    assert min(seen.values()) > 20


def test_tests_of_no_effect_are_those_that_are_known():
    rng = np.random.default_rng(20260409)
    for _ in range(200):
        data, table = two_arms(rng), pairs(rng)
        known = risk_difference.miettinen_nurminen_test(*data).statistic
        for module in (risk_ratio, odds_ratio):
            found = module.miettinen_nurminen_test(*data).statistic
            assert found == (None if known is None else pytest.approx(known, rel=1e-9, abs=1e-12))
        known = paired_difference.nam_test(*table).statistic
        found = paired_ratio.tang_test(*table).statistic
        assert found == (None if known is None else pytest.approx(known, rel=1e-9, abs=1e-12))
        # clusters of equal size
        cells = rng.multinomial(5, [0.4, 0.2, 0.2, 0.2], 6).T.tolist()
        robust = clustered_paired_difference.cluster_robust_test(*cells).statistic
        known = clustered_paired_difference.obuchowski_test(*cells).statistic
        if robust and known:
            assert 1 / known == pytest.approx(1 / robust**2 + 1 / 5, rel=1e-9)
