"""A test rejects exactly when its interval excludes the value that it tests, on random tables."""

import numpy as np
import pytest

from clinval.stats.comparison import (
    odds_ratio,
    paired_difference,
    paired_odds_ratio,
    risk_difference,
    stratified_difference,
    stratified_paired_difference,
)

TABLES = 1000
TIE = 1e-9  # a margin nearer to a limit is on it


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


def weighted(weights):
    """Return the stratified interval and test with weights, and tables that they take."""
    return (
        lambda *data, **options: stratified_difference.miettinen_nurminen(
            *data, weights=weights, **options
        ),
        lambda *data, **options: stratified_difference.miettinen_nurminen_test(
            *data, weights=weights, **options
        ),
        strata,
    )


MARGINS = {
    "miettinen_nurminen": (
        risk_difference.miettinen_nurminen,
        risk_difference.miettinen_nurminen_test,
        two_arms,
    ),
    "farrington_manning": (
        risk_difference.farrington_manning,
        risk_difference.farrington_manning_test,
        two_arms,
    ),
    "tango": (paired_difference.tango, paired_difference.nam_test, pairs),
    "stratified tango": (
        stratified_paired_difference.tango,
        stratified_paired_difference.tango_test,
        paired_strata,
    ),
    "stratified, Mantel-Haenszel": weighted("mantel_haenszel"),
    "stratified, Miettinen-Nurminen": weighted("miettinen_nurminen"),
}


@pytest.mark.parametrize("name", MARGINS)
def test_score_tests_reject_exactly_what_their_intervals_exclude(name):
    interval, test, draw = MARGINS[name]
    rng = np.random.default_rng(20260401)
    seen = {True: 0, False: 0}
    for _ in range(TABLES):
        data = draw(rng)
        alpha = float(rng.choice([0.01, 0.025, 0.05, 0.2]))
        limits = interval(*data, level=1 - 2 * alpha)
        margin = float(rng.choice([0, -0.1, rng.uniform(-1, 1), limits.ci_low, limits.ci_high]))
        margin = float(np.clip(margin + rng.choice([0, 1e-6, -1e-6]), -1, 1))
        if min(abs(limits.ci_low - margin), abs(limits.ci_high - margin)) <= TIE:
            continue
        greater = test(*data, margin=margin, alternative="greater")
        less = test(*data, margin=margin, alternative="less")
        if greater.undefined:  # nothing varies at this margin: it is the estimate
            assert limits.ci_low <= margin <= limits.ci_high
            continue
        seen[limits.ci_low > margin] += 1
        assert (greater.p_value < alpha) == (limits.ci_low > margin), (data, margin, alpha)
        assert (less.p_value < alpha) == (limits.ci_high < margin), (data, margin, alpha)
    assert min(seen.values()) > TABLES / 20


def test_inverse_variance_weights_exclude_only_what_the_test_rejects():
    # the statistic is not monotone where a stratum does not vary: the limits are the outermost
    interval, test, draw = weighted("inverse_variance")
    rng = np.random.default_rng(20260402)
    for _ in range(TABLES // 2):
        data = draw(rng)
        limits = interval(*data)
        margin = float(rng.uniform(-1, 1))
        result = test(*data, margin=margin)
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


def test_exact_unconditional():
    rng = np.random.default_rng(20260404)
    further = 0
    for _ in range(150):
        n1, n2 = (int(n) for n in rng.integers(1, 40, 2))
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
    for _ in range(TABLES):
        data, alpha = two_arms(rng), float(rng.choice([0.01, 0.025, 0.05, 0.2]))
        limits = odds_ratio.conditional_exact(*data, level=1 - 2 * alpha)
        greater = odds_ratio.fisher_exact_test(*data, alternative="greater")
        less = odds_ratio.fisher_exact_test(*data, alternative="less")
        if min(abs(greater.p_value - alpha), abs(less.p_value - alpha)) <= TIE:
            continue
        seen[limits.ci_low > 1] += 1
        assert (greater.p_value < alpha) == (limits.ci_low > 1), (data, alpha)
        assert (less.p_value < alpha) == (limits.ci_high is not None and limits.ci_high < 1)
    assert min(seen.values()) > TABLES / 50


def test_paired_conditional_exact_and_mcnemar():
    rng = np.random.default_rng(20260406)
    seen = {True: 0, False: 0}
    for _ in range(TABLES):
        data, alpha = pairs(rng), float(rng.choice([0.01, 0.025, 0.05, 0.2]))
        limits = paired_odds_ratio.conditional_exact(*data, level=1 - 2 * alpha)
        two_sided = paired_difference.mcnemar_exact_test(*data)
        if abs(two_sided.p_value - 2 * alpha) <= TIE:
            continue
        excluded = limits.ci_low > 1 or (limits.ci_high is not None and limits.ci_high < 1)
        seen[excluded] += 1
        assert (two_sided.p_value < 2 * alpha) == excluded, (data, alpha)
    assert min(seen.values()) > TABLES / 50
