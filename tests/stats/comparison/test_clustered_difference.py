import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings, strategies as st
from scipy import special

from clinval.stats.accuracy.clustered_proportion import rao_scott
from clinval.stats.comparison import clustered_difference as cd, risk_difference

quick = settings(deadline=None, max_examples=50, derandomize=True)
DATA = (
    [1, 2, 2, 2, 0, 3, 2, 3, 4, 1],
    [1, 2, 3, 2, 1, 4, 2, 3, 5, 2],
    [1, 2, 0, 3, 3, 1, 1, 2],
    [2, 2, 1, 3, 4, 2, 1, 2],
)
GEE = [cd.gee_independence, cd.gee_exchangeable]
arm = st.lists(
    st.integers(1, 6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=2,
    max_size=10,
).map(lambda rows: tuple(map(list, zip(*rows, strict=True))))


def rows_of(x1, n1, x2, n2):
    """Return outcome, arm and cluster of every subject."""
    outcome, test, cluster = [], [], []
    for label, (x, n) in enumerate([*zip(x1, n1, strict=True), *zip(x2, n2, strict=True)]):
        outcome += [1.0] * x + [0.0] * (n - x)
        test += [float(label < len(x1))] * n
        cluster += [label] * n
    return np.array(outcome), np.array(test), np.array(cluster)


def varies(x, n):
    return 0 < sum(x) < sum(n)


# --- a second computation -----------------------------------------------------------------


@quick
@given(arm, arm)
def test_independence_agrees_with_statsmodels(test, reference):
    assume(varies(*test) and varies(*reference))
    outcome, group, cluster = rows_of(*test, *reference)
    fit = sm.GEE(outcome, sm.add_constant(group), groups=cluster).fit(maxiter=0)
    result = cd.gee_independence(*test, *reference)
    assert result.estimate == pytest.approx(fit.params[1], abs=1e-9)
    assert result.se == pytest.approx(fit.bse[1], rel=1e-7, abs=1e-9)
    assert result.n == len(outcome)
    assert result.clusters == len(test[0]) + len(reference[0])
    assert result.correlation == 0


def by_matrices(test, reference, correlation):
    """Solve the estimating equations with matrices, the correlation given."""
    bread, meat, right = np.zeros((2, 2)), np.zeros((2, 2)), np.zeros(2)
    blocks, means = [], [sum(x) / sum(n) for x, n in (reference, test)]
    for group, (x, n) in enumerate((reference, test)):
        for successes, size in zip(x, n, strict=True):
            y = np.repeat([1.0, 0.0], [successes, size - successes])
            design = np.column_stack([np.ones(size), np.full(size, float(group))])
            variance = means[group] * (1 - means[group])
            working = variance * ((1 - correlation) * np.eye(size) + correlation)
            blocks.append((y, design, np.linalg.inv(working)))
    for y, design, inverse in blocks:
        bread += design.T @ inverse @ design
        right += design.T @ inverse @ y
    beta = np.linalg.solve(bread, right)
    for y, design, inverse in blocks:
        score = design.T @ inverse @ (y - design @ beta)
        meat += np.outer(score, score)
    inverse = np.linalg.inv(bread)
    return beta, math.sqrt((inverse @ meat @ inverse)[1, 1])


def moment(test, reference, beta):
    """The correlation from all pairs of residuals of a cluster."""
    products, squares, pairs, subjects = 0.0, 0.0, 0, 0
    for group, (x, n) in enumerate((reference, test)):
        p = beta[0] + group * beta[1]
        for successes, size in zip(x, n, strict=True):
            r = (np.repeat([1.0, 0.0], [successes, size - successes]) - p) / math.sqrt(p * (1 - p))
            products += sum(r[i] * r[j] for i in range(size) for j in range(i))
            squares += float(r @ r)
            pairs += size * (size - 1) // 2
            subjects += size
    return products / pairs / (squares / subjects)


@quick
@given(arm, arm)
def test_exchangeable_solves_its_equations(test, reference):
    result = cd.gee_exchangeable(*test, *reference)
    if result.undefined:
        assert result.estimate is None
        return
    beta, se = by_matrices(test, reference, result.correlation)
    assert result.estimate == pytest.approx(beta[1], abs=1e-9)
    assert result.se == pytest.approx(se, rel=1e-7, abs=1e-9)
    if max(test[1] + reference[1]) > 1:
        assert result.correlation == pytest.approx(moment(test, reference, beta), abs=1e-9)


def test_exchangeable_is_near_statsmodels_which_takes_degrees_of_freedom_off():
    rng = np.random.default_rng(4)
    sizes = rng.integers(1, 8, (2, 150))
    p = rng.beta(3, 2, 150), rng.beta(2, 2, 150)
    data = [
        column
        for n, share in zip(sizes, p, strict=True)
        for column in (rng.binomial(n, share).tolist(), n.tolist())
    ]
    outcome, group, cluster = rows_of(*data)
    fit = sm.GEE(
        outcome,
        sm.add_constant(group),
        groups=cluster,
        cov_struct=sm.cov_struct.Exchangeable(),
    ).fit()
    result = cd.gee_exchangeable(*data)
    # there the variance is the same in both arms: with similar proportions hardly another
    assert result.estimate == pytest.approx(fit.params[1], abs=2e-3)
    assert result.se == pytest.approx(fit.bse[1], rel=0.01)
    assert result.correlation == pytest.approx(fit.cov_struct.dep_params, abs=0.02)


@quick
@given(arm, arm, st.sampled_from([0.8, 0.95]))
def test_rao_scott_solves_the_score_equation_of_effective_counts(test, reference, level):
    result = cd.rao_scott_miettinen_nurminen(*test, *reference, level=level)
    effective = [rao_scott(*one) for one in (test, reference)]
    wanted = sum(test[0]) / sum(test[1]) - sum(reference[0]) / sum(reference[1])
    assert result.estimate == pytest.approx(wanted)
    if any(one.undefined for one in effective):
        assert (result.ci_low, result.ci_high, result.undefined) == (None, None, True)
        return
    x1, n1, x2, n2 = (getattr(e, f"effective_{k}") for e in effective for k in "xn")
    if n1 + n2 <= 1:
        assert result.undefined
        return
    z = {0.8: 1.2815515655446004, 0.95: 1.959963984540054}[level]
    for limit, side, end in ((result.ci_low, 1, -1), (result.ci_high, -1, 1)):
        at = limit + side * 1e-7 * (limit == end)
        low, high = max(0.0, -at), min(1.0, 1.0 - at)
        for _ in range(200):
            p = (low + high) / 2
            score = p * (1 - p) * (x1 - n1 * (p + at)) + (p + at) * (1 - p - at) * (x2 - n2 * p)
            low, high = (p, high) if score > 0 else (low, p)
        p2, p1 = low, low + at
        variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * (n1 + n2) / (n1 + n2 - 1)
        statistic = side * (wanted - at) / math.sqrt(variance)
        if limit == end:
            assert statistic < z + 1e-6
        else:
            assert statistic == pytest.approx(z, rel=1e-6)


@quick
@given(arm, arm, st.sampled_from([-0.9, -0.1, 0.0, 0.25]))
def test_the_score_test_of_effective_counts(test, reference, margin):
    result = cd.rao_scott_miettinen_nurminen_test(*test, *reference, margin=margin)
    interval = cd.rao_scott_miettinen_nurminen(*test, *reference)
    effective = [rao_scott(*one) for one in (test, reference)]
    if interval.undefined:
        assert (result.statistic, result.p_value, result.reason) == (None, None, interval.reason)
        return
    x1, n1, x2, n2 = (getattr(e, f"effective_{k}") for e in effective for k in "xn")
    low, high = max(0.0, -margin), min(1.0, 1.0 - margin)
    for _ in range(200):
        p = (low + high) / 2
        p1 = p + margin
        score = p * (1 - p) * (x1 - n1 * p1) + p1 * (1 - p1) * (x2 - n2 * p)
        low, high = (p, high) if score > 0 else (low, p)
    p2, p1 = low, low + margin
    variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * (n1 + n2) / (n1 + n2 - 1)
    wanted = (interval.estimate - margin) / math.sqrt(variance)
    assert result.statistic == pytest.approx(wanted, rel=1e-6, abs=1e-9)
    assert result.p_value == pytest.approx(special.ndtr(-wanted), rel=1e-4)


def test_clusters_of_one_subject_are_subjects():
    test, reference = [1] * 30 + [0] * 10, [1] * 20 + [0] * 15
    data = test, [1] * 40, reference, [1] * 35
    result = cd.gee_exchangeable(*data)
    assert result.correlation == 0
    plain = cd.gee_independence(*data)
    assert (result.estimate, result.se) == (plain.estimate, plain.se)
    wald = risk_difference.wald(30, 40, 20, 35)
    assert result.se == pytest.approx((wald.ci_high - wald.ci_low) / 2 / 1.959963984540054)
    # the design effect is m/(m - 1): the effective counts are a little smaller
    score = risk_difference.miettinen_nurminen(30, 40, 20, 35)
    clustered = cd.rao_scott_miettinen_nurminen(*data)
    assert clustered.ci_low == pytest.approx(score.ci_low, abs=0.005)
    assert clustered.ci_high == pytest.approx(score.ci_high, abs=0.005)


def test_the_error_is_that_of_simulated_clusters():
    rng = np.random.default_rng(10)
    size = np.tile([1, 2, 5], 20)
    estimates, errors, inside = [], [], 0
    for _ in range(1200):
        data = [
            column
            for mean in (0.6, 0.4)
            for column in (rng.binomial(size, rng.beta(4 * mean, 4 * (1 - mean), 60)), size)
        ]
        result = cd.gee_exchangeable(*data)
        estimates.append(result.estimate)
        errors.append(result.se**2)
        limits = cd.rao_scott_miettinen_nurminen(*data)
        inside += limits.ci_low <= 0.2 <= limits.ci_high
    assert np.mean(estimates) == pytest.approx(0.2, abs=0.01)
    assert np.mean(errors) == pytest.approx(np.var(estimates), rel=0.13)
    assert 0.93 < inside / 1200 < 0.97


# --- properties ---------------------------------------------------------------------------


@quick
@given(arm, arm, st.integers(0, 99))
def test_mirror_and_order(test, reference, seed):
    order = np.random.default_rng(seed).permutation(len(test[0]))
    shuffled = [[column[i] for i in order] for column in test]
    for function in (*GEE, cd.rao_scott_miettinen_nurminen):
        one, other = function(*test, *reference), function(*reference, *test)
        again = function(*shuffled, *reference)
        assert one.undefined == other.undefined == again.undefined
        if one.undefined:
            continue
        assert one.estimate == pytest.approx(-other.estimate, abs=1e-10)
        error = "ci_low" if function is cd.rao_scott_miettinen_nurminen else "se"
        assert getattr(one, error) == pytest.approx(getattr(again, error), abs=1e-8)


# --- edges --------------------------------------------------------------------------------


def test_clusters_without_subjects_are_none():
    x1, n1, x2, n2 = DATA
    for function in (*GEE, cd.rao_scott_miettinen_nurminen):
        assert function([*x1, 0], [*n1, 0], x2, n2) == function(*DATA)


def test_undefined():
    for function in (*GEE, cd.rao_scott_miettinen_nurminen):
        empty = function([0], [0], [1, 2], [2, 2])
        assert (empty.estimate, empty.undefined) == (None, True)
        assert empty.reason == "an arm has no subject"
        assert function([], [], [], []).undefined
        single = function([1], [2], [1, 2], [2, 3])
        assert single.undefined
    assert cd.gee_independence([1], [2], [1, 2], [2, 3]).estimate == pytest.approx(-0.1)
    assert cd.gee_independence([1], [2], [1, 2], [2, 3]).reason == "an arm has a single cluster"
    everyone = ([2, 3], [2, 3], [1, 2], [2, 2])
    assert cd.gee_exchangeable(*everyone).reason == "all subjects of an arm succeed, or none"
    assert cd.gee_independence(*everyone).estimate == pytest.approx(0.25)
    score = cd.rao_scott_miettinen_nurminen(*everyone)
    assert (score.estimate, score.ci_low) == (pytest.approx(0.25), None)
    assert score.reason == "all trials succeed, or none"
    alike = cd.rao_scott_miettinen_nurminen([1, 1], [2, 2], [1, 2], [2, 2])
    assert alike.reason == "the clusters do not differ"
    # every cluster is mixed: two subjects of one are as unlike as can be
    mixed = cd.gee_exchangeable([1, 1], [2, 2], [1, 1], [2, 2])
    assert mixed.reason == "the working correlation leaves no positive variance"


def test_invalid_input():
    test = cd.rao_scott_miettinen_nurminen_test
    for function in (*GEE, cd.rao_scott_miettinen_nurminen, test):
        with pytest.raises(ValueError, match="lengths differ: x1 2, n1 3"):
            function([1, 2], [4, 5, 6], [1, 1], [4, 4])
        with pytest.raises(ValueError, match="more successes in x2 than subjects in n2"):
            function([1], [4], [5], [4])
        with pytest.raises(ValueError, match="n2 must be a count"):
            function([1], [4], [1], [-4])
    with pytest.raises(ValueError, match="level"):
        cd.rao_scott_miettinen_nurminen(*DATA, level=0)
    with pytest.raises(ValueError, match="margin must lie between -1 and 1"):
        test(*DATA, margin=1.1)
    with pytest.raises(ValueError, match="alternative"):
        test(*DATA, alternative="bigger")
