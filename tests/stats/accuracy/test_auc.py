import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize, stats
from sklearn.metrics import roc_auc_score, roc_curve

from clinval.stats.accuracy import auc, auc_difference

quick = settings(deadline=None, max_examples=60, derandomize=True)
Z = 1.959963984540054


@st.composite
def reads(draw, scores=1, smallest=2):
    """Truth and scores with ties, at least some subjects in each class."""
    m, n = draw(st.integers(smallest, 12)), draw(st.integers(smallest, 12))
    values = st.lists(
        st.integers(0, draw(st.sampled_from([3, 8, 1000]))), min_size=m + n, max_size=m + n
    )
    order = draw(st.permutations([1] * m + [0] * n))
    return np.array(order), *(np.array(draw(values), float) for _ in range(scores))


def pairs(truth, score):
    x, y = score[truth == 1], score[truth == 0]
    return (x[:, None] > y) + 0.5 * (x[:, None] == y)


# ---------------------------------------------------------------------- DeLong


@quick
@given(reads())
def test_area_and_variance_by_all_pairs(data):
    truth, score = data
    result, above = auc.delong(truth, score), pairs(truth, score)
    m, n = above.shape
    variance = above.mean(1).var(ddof=1) / m + above.mean(0).var(ddof=1) / n
    assert result.estimate == pytest.approx(roc_auc_score(truth, score), abs=1e-12)
    assert result.variance == pytest.approx(variance, abs=1e-14)
    assert (result.n, result.n_diseased, result.n_nondiseased) == (m + n, m, n)
    if result.variance > 0:
        assert result.ci_low == pytest.approx(max(0, above.mean() - Z * result.se))
    else:
        assert (result.ci_low, result.reason) == (None, "the placement values do not vary")


@quick
@given(reads(), st.integers(0, 99))
def test_only_order_counts(data, seed):
    truth, score = data
    one = auc.delong(truth, score)
    order = np.random.default_rng(seed).permutation(len(truth))
    again = auc.delong(truth[order], np.exp(score[order] / 500))
    assert (again.estimate, again.n) == (one.estimate, one.n)
    assert again.variance == pytest.approx(one.variance, rel=1e-12)
    turned = auc.delong(1 - truth, score)
    assert turned.estimate == pytest.approx(1 - one.estimate, abs=1e-12)
    assert turned.variance == pytest.approx(one.variance, abs=1e-14)
    assert auc.delong(1 - truth, -score).estimate == pytest.approx(one.estimate, abs=1e-12)


@quick
@given(reads())
def test_rows_without_a_score_are_dropped_and_counted(data):
    truth, score = data
    with_gaps = [None, *score.tolist(), float("nan")]
    result = auc.delong([1, *truth.tolist(), 0], with_gaps)
    assert result.dropped == 2
    assert result.estimate == auc.delong(truth, score).estimate
    assert result.n == len(truth)


def test_areas_without_variance_have_intervals_of_other_names():
    truth, score = [0] * 12 + [1] * 9, list(range(21))
    plain = auc.delong(truth, score)
    assert (plain.estimate, plain.se, plain.ci_low, plain.undefined) == (1, 0, None, True)
    assert auc.delong_logit(truth, score).reason == "the area is 0 or 1: its logit is infinite"
    for function in (auc.newcombe, auc.separated):
        result = function(truth, score)
        assert not result.undefined
        assert 0 < result.ci_low < result.ci_high == 1
        mirrored = function(truth, [-value for value in score])
        assert (mirrored.ci_low, mirrored.estimate) == (0, 0)
        assert mirrored.ci_high == pytest.approx(1 - result.ci_low, abs=1e-12)
    # k of k pairs: the area at which all are in order with probability 0.025
    low = auc.separated(truth, score).ci_low
    assert low**9 == pytest.approx(0.025)
    assert stats.binomtest(9, 9).proportion_ci(method="exact").low == pytest.approx(low)
    constant = auc.delong(truth, [5] * 21)
    assert (constant.estimate, constant.se, constant.ci_low) == (0.5, 0, None)
    assert auc.separated(truth, [5] * 21).reason == "the area is neither 0 nor 1"
    assert auc.newcombe(truth, [5] * 21).ci_low < 0.5 < auc.newcombe(truth, [5] * 21).ci_high


def test_too_few_subjects():
    none = auc.delong([1, 1], [1, 2])
    assert (none.estimate, none.reason) == (None, "no diseased or no non-diseased subject")
    assert auc.delong([], []).estimate is None
    single = auc.delong([0, 0, 1], [1, 3, 2])
    assert (single.estimate, single.se) == (0.5, None)
    assert single.reason == "fewer than two diseased or two non-diseased subjects"
    assert auc.newcombe([0, 1], [1, 2]).ci_low is not None
    assert auc.separated([0, 1], [1, 2]).ci_low == pytest.approx(0.025)
    assert auc.curve([1], [3]).threshold == ()


@quick
@given(reads(), st.floats(0.5, 0.99))
def test_the_score_interval_inverts_its_definition(data, level):
    truth, score = data
    result = auc.newcombe(truth, score, level=level)
    m, n, a = result.n_diseased, result.n_nondiseased, result.estimate
    z = stats.norm.ppf((1 + level) / 2)

    def excess(t):
        v = t * (1 - t) / (m * n)
        v *= 1 + ((m + n) / 2 - 1) * ((1 - t) / (2 - t) + t / (1 + t))
        return (a - t) ** 2 - z**2 * v

    for limit in (result.ci_low, result.ci_high):
        if 0 < limit < 1:
            assert excess(limit) == pytest.approx(0, abs=1e-12)
    for inside in np.linspace(result.ci_low, result.ci_high, 9)[1:-1]:
        assert excess(inside) < 1e-12


def test_coverage_of_the_intervals():
    rng = np.random.default_rng(6)
    truth = np.repeat([1, 0], [25, 40])
    area = stats.norm.cdf(1.6 / math.sqrt(2))
    covered = np.zeros(3)
    for _ in range(1200):
        score = rng.normal(1.6 * truth, 1)
        for place, function in enumerate((auc.delong, auc.delong_logit, auc.newcombe)):
            result = function(truth, score)
            covered[place] += result.ci_low is not None and (
                result.ci_low <= area <= result.ci_high
            )
    wald, logit, score = covered / 1200
    assert 0.90 < wald < 0.96
    assert 0.93 < logit < 0.97
    assert 0.94 < score < 0.985


def test_separation_is_covered_whatever_the_distributions():
    # the least favourable case for pairs: two values each, an area below the limit
    rng = np.random.default_rng(3)
    truth = np.repeat([1, 0], [4, 6])
    missed = 0
    for _ in range(4000):
        score = np.where(truth == 1, rng.choice([0, 2], 10, p=[0.45, 0.55]), 1.0)
        result = auc.separated(truth, score)
        missed += not result.undefined and result.ci_low > 0.55
    assert missed / 4000 < 0.025


@quick
@given(reads(), st.sampled_from([0.3, 0.5, 0.8]))
def test_the_test_is_the_interval(data, null):
    truth, score = data
    result = auc.delong(truth, score, level=0.9)
    test = auc.delong_test(truth, score, null=null, alternative="greater")
    if result.ci_low is None:
        assert test.p_value is None
        assert test.undefined
    elif result.ci_low > 0:
        assert (test.p_value < 0.05) == (result.ci_low > null)
        less = auc.delong_test(truth, score, null=null, alternative="less")
        assert less.p_value == pytest.approx(1 - test.p_value)


@pytest.mark.parametrize("size", [100_000])
def test_many_subjects_with_and_without_ties(size):
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, size)
    for score in (rng.normal(truth, 1), np.round(rng.normal(truth, 1))):
        result = auc.delong(truth, score)
        assert result.estimate == pytest.approx(roc_auc_score(truth, score), abs=1e-12)
        above, below = (stats.rankdata(score[truth == k]) for k in (1, 0))
        ranks = stats.rankdata(score)
        m, n = len(above), len(below)
        v10, v01 = (ranks[truth == 1] - above) / n, 1 - (ranks[truth == 0] - below) / m
        assert result.variance == pytest.approx(v10.var(ddof=1) / m + v01.var(ddof=1) / n)


# ---------------------------------------------------------------------- curve and parts of it


@quick
@given(reads())
def test_the_curve_is_that_of_scikit_learn(data):
    truth, score = data
    result = auc.curve(truth, score)
    fpr, tpr, thresholds = roc_curve(truth, score, drop_intermediate=False)
    np.testing.assert_allclose(1 - np.array(result.specificity), fpr[1:], atol=1e-12)
    np.testing.assert_allclose(result.sensitivity, tpr[1:], atol=1e-12)
    np.testing.assert_array_equal(result.threshold, thresholds[1:])
    called = [(score >= t) & (truth == 1) for t in result.threshold]
    assert result.true_positives == tuple(int(c.sum()) for c in called)


@quick
@given(reads(), st.floats(0.05, 1))
def test_partial_areas_are_those_of_scikit_learn(data, most):
    truth, score = data
    found = auc.partial(truth, score, low=1 - most, high=1.0, corrected=True).estimate
    wanted = roc_auc_score(truth, score, max_fpr=most)
    if most < 1:
        assert found == pytest.approx(wanted, abs=1e-9)
    else:
        assert found == pytest.approx(0.5 + (wanted - 0.5), abs=1e-12)


@quick
@given(
    reads(),
    st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True).map(sorted),
    st.sampled_from(["specificity", "sensitivity"]),
)
def test_parts_add_up_and_turn(data, bounds, focus):
    truth, score = data
    assume(min(bounds[1] - bounds[0], bounds[0], 1 - bounds[1]) > 0.01)
    edges = [0.0, *bounds, 1.0]
    parts = [
        auc.partial(truth, score, focus=focus, low=a, high=b).estimate
        for a, b in itertools.pairwise(edges)
    ]
    assert sum(parts) == pytest.approx(auc.delong(truth, score).estimate, abs=1e-12)
    other = "sensitivity" if focus == "specificity" else "specificity"
    turned = auc.partial(1 - truth, -score, focus=other, low=bounds[0], high=bounds[1])
    assert turned.estimate == pytest.approx(parts[1], abs=1e-12)
    part = auc.partial_delong(truth, score, focus=focus, low=bounds[0], high=bounds[1])
    assert part.estimate == pytest.approx(parts[1], abs=1e-12)
    if part.ci_low is not None:
        assert 0 <= part.ci_low <= part.estimate <= part.ci_high <= bounds[1] - bounds[0]


@quick
@given(reads(scores=2), st.sampled_from(["specificity", "sensitivity"]), st.booleans())
def test_the_whole_curve_is_delong(data, focus, corrected):
    truth, test, reference = data
    options = {"focus": focus, "low": 0.0, "high": 1.0, "corrected": corrected}
    whole, part = auc.delong(truth, test), auc.partial_delong(truth, test, **options)
    assert part.estimate == pytest.approx(whole.estimate, abs=1e-12)
    assert part.variance == pytest.approx(whole.variance, abs=1e-12)
    difference = auc_difference.delong(truth, test, reference)
    parts = auc_difference.partial_delong(truth, test, reference, **options)
    assert parts.covariance == pytest.approx(difference.covariance, abs=1e-12)


@pytest.mark.parametrize("focus", ["specificity", "sensitivity"])
def test_the_error_of_a_part_is_that_of_simulated_studies(focus):
    rng = np.random.default_rng(2)
    truth = np.repeat([1, 0], [80, 120])
    estimates, variances = [], []
    for _ in range(800):
        result = auc.partial_delong(truth, rng.normal(truth, 1), focus=focus, low=0.8, high=0.95)
        estimates.append(result.estimate)
        variances.append(result.variance)
    assert math.sqrt(np.mean(variances)) == pytest.approx(np.std(estimates), rel=0.1)


def test_the_bootstrap_of_the_whole_curve_is_near_delong():
    rng = np.random.default_rng(7)
    truth = np.repeat([1, 0], [60, 90])
    score = np.round(rng.normal(truth, 1), 1)
    plain = auc.delong(truth, score)
    drawn = auc.partial_bootstrap(truth, score, low=0.0, high=1.0, draws=4000, seed=3)
    # drawn variances have divisors m and n
    assert drawn.se == pytest.approx(plain.se, rel=0.05)
    assert (drawn.ci_low, drawn.ci_high) == pytest.approx((plain.ci_low, plain.ci_high), abs=0.012)
    assert drawn == auc.partial_bootstrap(truth, score, low=0.0, high=1.0, draws=4000, seed=3)
    assert drawn != auc.partial_bootstrap(truth, score, low=0.0, high=1.0, draws=4000, seed=4)


def test_the_bootstrap_by_loops():
    truth, score = np.array([1, 1, 1, 0, 0, 0, 0]), np.array([3, 1, 2, 2, 0, 1, 0.0])
    rng, areas = np.random.default_rng(5), []
    for _ in range(4000):
        rows = np.concatenate(
            [rng.choice(np.flatnonzero(truth == k), (truth == k).sum()) for k in (0, 1)]
        )
        areas.append(auc.partial(truth[rows], score[rows], low=0.5).estimate)
    result = auc.partial_bootstrap(truth, score, low=0.5, draws=4000)
    assert result.se == pytest.approx(np.std(areas), rel=0.05)
    wanted = np.quantile(areas, [0.025, 0.975])
    assert (result.ci_low, result.ci_high) == pytest.approx(tuple(wanted), abs=0.04)


def test_parts_at_the_edges():
    perfect = auc.partial_delong([0, 0, 1, 1], [1, 2, 3, 4], corrected=True)
    assert (perfect.estimate, perfect.se, perfect.ci_low) == (1, 0, None)
    drawn = auc.partial_bootstrap([0, 0, 1, 1], [1, 2, 3, 4])
    assert (drawn.estimate, drawn.se) == (pytest.approx(0.1), None)
    assert drawn.reason == "no draw of the bootstrap differs from another"
    for function in (auc.partial, auc.partial_delong, auc.partial_bootstrap):
        assert function([1, 1], [1, 2]).reason == "no diseased or no non-diseased subject"


# ---------------------------------------------------------------------- binormal

RATINGS = (
    [1] * 30
    + [2] * 19
    + [3] * 8
    + [4] * 2
    + [5] * 1
    + [1] * 5
    + [2] * 6
    + [3] * 5
    + [4] * 12
    + [5] * 22
)
TRUTH = [0] * 60 + [1] * 50


def binormal_by_search(truth, score):
    """The same maximum by a general optimiser on differently chosen parameters."""
    truth, score = np.array(truth), np.array(score)
    levels = np.unique(score)
    n, m = (np.array([((score == k) & (truth == t)).sum() for k in levels]) for t in (0, 1))

    def loss(theta):
        cuts = theta[2] + np.concatenate([[0], np.cumsum(np.exp(theta[3:]))])
        b = math.exp(theta[1])
        total = 0.0
        for counts, at in ((n, cuts), (m, b * cuts - theta[0])):
            p = np.diff(np.concatenate([[0], stats.norm.cdf(at), [1]]))
            total -= counts @ np.log(np.maximum(p, 1e-300))
        return total

    start = np.concatenate([[1.0, 0.0, -0.5], np.full(len(levels) - 2, -0.5)])
    found = optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-7, "maxiter": 2000})
    found = optimize.minimize(
        loss,
        found.x,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 9000},
    )
    a, b = found.x[0], math.exp(found.x[1])
    return a, b, stats.norm.cdf(a / math.sqrt(1 + b * b))


def test_the_binormal_maximum_by_a_general_search():
    a, b, area = binormal_by_search(TRUTH, RATINGS)
    result = auc.binormal(TRUTH, RATINGS)
    assert (result.a, result.b, result.estimate) == pytest.approx((a, b, area), abs=2e-5)
    assert result.ci_low < result.estimate < result.ci_high


def test_joining_categories_of_one_class_changes_nothing():
    # 0 and 1 hold non-diseased subjects only, 6 and 7 diseased ones only
    truth = [0] * 5 + [0] * 4 + [0, 1] * 6 + [1, 0, 1] * 5 + [1] * 4 + [1] * 3
    score = [0] * 5 + [1] * 4 + [2] * 12 + [3] * 15 + [6] * 4 + [7] * 3
    joined = [{0: 1, 7: 6}.get(value, value) for value in score]
    one, other = auc.binormal(truth, score), auc.binormal(truth, joined)
    assert (one.a, one.b, one.se) == pytest.approx((other.a, other.b, other.se), abs=1e-9)


def test_binormal_scores_give_their_own_area_and_error():
    rng = np.random.default_rng(9)
    truth = np.repeat([1, 0], [150, 200])
    estimates, errors = [], []
    for _ in range(150):
        # any monotone scale, many distinct values
        score = np.exp(rng.normal(np.where(truth == 1, 1.2, 0), np.where(truth == 1, 1.4, 1)))
        result = auc.binormal(truth, np.round(score, 1))
        estimates.append(result.estimate)
        errors.append(result.se)
    assert np.mean(estimates) == pytest.approx(stats.norm.cdf(1.2 / math.hypot(1, 1.4)), abs=0.006)
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.2)


@pytest.mark.parametrize(
    ("truth", "score"),
    [
        ([0, 0, 1, 1], [1, 2, 3, 4]),
        ([0, 1, 0, 1], [1, 1, 1, 1]),
        ([0, 0, 1, 1], [1, 2, 1, 2]),
        ([0, 0, 0, 1, 1, 1], [1, 1, 2, 2, 3, 3]),
        ([0, 0, 0, 1, 1, 1], [1, 2, 5, 3, 3, 4]),
    ],
)
def test_no_binormal_maximum(truth, score):
    result = auc.binormal(truth, score)
    assert (result.estimate, result.undefined) == (None, True)
    assert result.reason == "the likelihood of the binormal curve has no maximum"


@quick
@given(reads())
def test_the_binormal_fit_never_fails_otherwise(data):
    truth, score = data
    result = auc.binormal(truth, score)
    if not result.undefined:
        assert 0 < result.ci_low <= result.estimate <= result.ci_high < 1
        turned = auc.binormal(1 - truth, -score)
        assert turned.estimate == pytest.approx(result.estimate, abs=1e-6)


# ---------------------------------------------------------------------- invalid input


def test_invalid_input():
    for function in (auc.delong, auc.partial, auc.binormal, auc.curve, auc.separated):
        with pytest.raises(ValueError, match="truth must be 1"):
            function([0, 1, 2], [1, 2, 3])
        with pytest.raises(ValueError, match="truth must be 1"):
            function([0, None, 1], [1, 2, 3])
        with pytest.raises(ValueError, match="lengths differ"):
            function([0, 1], [1, 2, 3])
        with pytest.raises(ValueError, match="infinite"):
            function([0, 1], [1, math.inf])
        with pytest.raises(ValueError, match="score"):
            function([0, 1], ["a", "b"])
        with pytest.raises(ValueError, match="score"):
            function([0, 1], [[1], [2]])
    truth, score = [0, 1], [1, 2]
    with pytest.raises(ValueError, match="focus"):
        auc.partial(truth, score, focus="both")
    for low, high in ((0.5, 0.5), (0.9, 0.1), (-0.1, 1), (0, 1.1)):
        with pytest.raises(ValueError, match=r"low|high"):
            auc.partial(truth, score, low=low, high=high)
    with pytest.raises(ValueError, match="draws"):
        auc.partial_bootstrap(truth, score, draws=0)
    with pytest.raises(ValueError, match="null"):
        auc.delong_test(truth, score, null=1.5)
    with pytest.raises(ValueError, match="alternative"):
        auc.delong_test(truth, score, alternative="more")
