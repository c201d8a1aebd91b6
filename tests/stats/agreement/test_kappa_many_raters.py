"""Conger, Brennan-Prediger, Scott, Light and the test of Fleiss' kappa."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats as scipy_stats
from sklearn.metrics import cohen_kappa_score

from clinval.stats._agreement_weights import WEIGHTS, weight_matrix
from clinval.stats.agreement import agreement, kappa

quick = settings(deadline=None, max_examples=60, derandomize=True)


@st.composite
def ratings(draw, raters=3, missing=True):
    label = st.sampled_from([1, 2, 4, 5, None] if missing else [1, 2, 4, 5])
    rows = draw(
        st.lists(st.lists(label, min_size=raters, max_size=raters), min_size=3, max_size=14)
    )
    assume(any(sum(value is not None for value in row) > 1 for row in rows))
    return rows


def observed_by_hand(rows, w, place):
    pairs = [
        np.mean([w[place[a], place[b]] for a, b in itertools.permutations(row, 2)])
        for row in ([v for v in row if v is not None] for row in rows)
        if len(row) > 1
    ]
    return float(np.mean(pairs))


def conger_by_hand(rows, weights):
    """Average the agreement of all pairs of raters, had they rated by their shares alone."""
    labels = sorted({v for row in rows for v in row if v is not None})
    w, place = weight_matrix(weights, labels), {label: i for i, label in enumerate(labels)}
    columns = [[v for v in column if v is not None] for column in zip(*rows, strict=True)]
    columns = [column for column in columns if column]
    chance = np.mean(
        [
            np.mean([w[place[a], place[b]] for a in one for b in other])
            for one, other in itertools.permutations(columns, 2)
        ]
    )
    return observed_by_hand(rows, w, place), float(chance)


@pytest.mark.parametrize("weights", WEIGHTS)
@settings(deadline=None, max_examples=25, derandomize=True)
@given(rows=ratings())
def test_conger_by_hand(weights, rows):
    observed, expected = conger_by_hand(rows, weights)
    result = kappa.conger(rows, weights=weights)
    assert result.observed_agreement == pytest.approx(observed, abs=1e-12)
    assert result.expected_agreement == pytest.approx(expected, abs=1e-12)
    if expected > 1 - 1e-12:
        assert (result.estimate, result.undefined) == (None, True)
    else:
        assert result.estimate == pytest.approx((observed - expected) / (1 - expected))


@quick
@given(ratings(raters=2, missing=False), st.sampled_from(WEIGHTS))
def test_two_raters_are_cohen_and_scott(rows, weights):
    conger, cohen = kappa.conger(rows, weights=weights), kappa.cohen(rows, weights=weights)
    scott, fleiss = kappa.scott(rows, weights=weights), kappa.fleiss(rows, weights=weights)
    light = kappa.light(rows, weights=weights)
    assert (conger.estimate is None) == (cohen.estimate is None) == (light.estimate is None)
    if cohen.estimate is not None:
        assert conger.estimate == pytest.approx(cohen.estimate, abs=1e-9)
        assert light.estimate == pytest.approx(cohen.estimate, abs=1e-9)
        # the linearised error has the divisor n - 1 for n
        n = len(rows)
        assert conger.se == pytest.approx(cohen.se * math.sqrt(n / (n - 1)), abs=1e-9)
    assert (scott.estimate, scott.se, scott.ci_low) == (fleiss.estimate, fleiss.se, fleiss.ci_low)
    assert scott.method == "kappa.scott"
    assert scott.estimate_by_category == fleiss.estimate_by_category


def test_scott_by_hand_and_for_two_raters_only():
    table = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
    shares = (np.sum(table, axis=0) + np.sum(table, axis=1)) / 400
    expected = float(shares @ shares)
    result = kappa.scott(table=table)
    assert result.estimate == pytest.approx((0.7 - expected) / (1 - expected))
    with pytest.raises(ValueError, match="must have two raters"):
        kappa.scott([[1, 2, None], [1, None, 2], [None, 1, 1]])
    # a column without a rating is no rater
    assert kappa.scott([[1, None, 2], [2, None, 2]]) == kappa.scott([[1, 2], [2, 2]])


@quick
@given(rows=ratings(missing=False), weights=st.sampled_from(WEIGHTS))
def test_the_errors_are_the_influence_of_subjects(rows, weights):
    labels = sorted({value for row in rows for value in row})
    assume(len(labels) > 1)
    w, n = weight_matrix(weights, labels), len(rows)
    place = {label: i for i, label in enumerate(labels)}
    unit = np.eye(len(labels))
    each = np.array([[unit[place[v]] for v in row] for row in rows])  # n x raters x q
    own = np.array([observed_by_hand([row], w, place) for row in rows])

    def coefficient(mass, function):
        observed = mass @ own
        expected = w.mean()
        if function is kappa.conger:
            p = np.einsum("i,irk->rk", mass, each)
            expected = np.mean([a @ w @ b for a, b in itertools.permutations(p, 2)])
        return (observed - expected) / (1 - expected)

    for function in (kappa.conger, kappa.brennan_prediger):
        result = function(rows, weights=weights)
        if result.estimate is None or 1 - result.expected_agreement < 0.05:
            continue
        flat, step, influence = np.full(n, 1 / n), 1e-6, []
        for i in range(n):
            toward = np.eye(n)[i] - flat
            up, down = (coefficient(flat + sign * step * toward, function) for sign in (1, -1))
            influence.append((up - down) / (2 * step))
        wanted = math.sqrt(np.sum(np.square(influence)) / (n * (n - 1)))
        assert result.se == pytest.approx(wanted, abs=2e-6)
        t = scipy_stats.t.ppf(0.975, n - 1)
        assert result.ci_low == pytest.approx(result.estimate - t * result.se)
        assert result.ci_high == pytest.approx(min(1, result.estimate + t * result.se))


@pytest.mark.parametrize("function", [kappa.conger, kappa.brennan_prediger, kappa.fleiss])
def test_the_error_is_that_of_simulated_studies_with_missing_ratings(function):
    rng = np.random.default_rng(11)
    leaning = np.array([[0.5, 0.3, 0.2], [0.3, 0.4, 0.3], [0.2, 0.3, 0.5]])
    estimates, errors = [], []
    for _ in range(500):
        truth = rng.integers(1, 4, 80)
        guess = np.column_stack([rng.choice([1, 2, 3], 80, p=p) for p in leaning])
        rows = np.where(rng.random((80, 3)) < 0.6, truth[:, None], guess).astype(float)
        rows[rng.random(rows.shape) < 0.2] = np.nan
        result = function(rows, weights="linear")
        estimates.append(result.estimate)
        errors.append(result.se)
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.1)


@quick
@given(ratings(), st.sampled_from(WEIGHTS))
def test_brennan_prediger_by_hand(rows, weights):
    labels = sorted({v for row in rows for v in row if v is not None})
    w, place = weight_matrix(weights, labels), {label: i for i, label in enumerate(labels)}
    result = kappa.brennan_prediger(rows, weights=weights)
    if len(labels) == 1:
        assert (result.estimate, result.observed_agreement) == (None, 1)
        return
    chance = np.mean([w[i, j] for i, j in itertools.product(range(len(labels)), repeat=2)])
    assert result.expected_agreement == pytest.approx(chance)
    observed = observed_by_hand(rows, w, place)
    assert result.estimate == pytest.approx((observed - chance) / (1 - chance))
    # chance is known: the error is that of observed agreement, less the single ratings
    raw = agreement.observed(rows, weights=weights)
    if result.se is not None and all(None not in row for row in rows):
        assert result.se == pytest.approx(raw.se / (1 - chance), abs=1e-9)


def test_brennan_prediger_of_two_categories_is_pabak():
    for cells in ((10, 3, 2, 85), (0, 3, 2, 95), (40, 10, 20, 30)):
        n11, n10, n01, n00 = cells
        result = kappa.brennan_prediger(table=[[n11, n10], [n01, n00]])
        assert result.estimate == pytest.approx(kappa.pabak(*cells).estimate)


@quick
@given(ratings(missing=False), st.sampled_from(["unweighted", "linear", "quadratic"]))
def test_light_is_the_mean_of_sklearns_kappas(rows, weights):
    ranks = {1: 1, 2: 2, 4: 3, 5: 4}  # sklearn weighs by rank
    rows = [[ranks[value] for value in row] for row in rows]
    labels = sorted({value for row in rows for value in row})
    assume(labels == list(range(labels[0], labels[-1] + 1)))
    name = None if weights == "unweighted" else weights
    pairs = list(itertools.combinations(zip(*rows, strict=True), 2))
    result = kappa.light(rows, weights=weights)
    assert result.pairs == 3
    if any(len({*one, *other}) == 1 for one, other in pairs):
        assert (result.estimate, result.reason) == (None, "a pair of raters has no kappa")
        return
    wanted = [cohen_kappa_score(*pair, labels=labels, weights=name) for pair in pairs]
    assert result.estimate == pytest.approx(np.mean(wanted), abs=1e-9)


def test_light_counts_the_subjects_of_each_pair():
    rows = [[1, 1, None], [2, 2, 2], [1, 2, 1], [2, None, 2], [1, 1, 1], [None, 2, 1]]
    pairs = [
        kappa.cohen([[row[i], row[j]] for row in rows]).estimate
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    result = kappa.light(rows)
    assert result.estimate == pytest.approx(np.mean(pairs))
    assert result.n == 6
    # two raters who share no subject have no kappa
    apart = kappa.light([[1, 1, None], [2, None, 2], [1, 2, None], [2, None, 1]])
    assert (apart.estimate, apart.reason) == (None, "a pair of raters has no kappa")
    assert kappa.light([[1], [2]]).reason == "fewer than two raters"
    # the ordinal weights of a pair are those of all categories
    wide = [[1, 1, 3], [2, 2, 2], [1, 2, 1], [2, 2, 2], [1, 1, 1]]
    first = kappa.cohen([row[:2] for row in wide], weights="ordinal", categories=[1, 2, 3])
    assert first.estimate == pytest.approx(
        kappa.light([row[:2] for row in wide], weights="ordinal", categories=[1, 2, 3]).estimate
    )


@quick
@given(ratings(), st.integers(0, 99))
def test_order_of_subjects_and_raters_does_not_matter(rows, seed):
    rng = np.random.default_rng(seed)
    subjects, raters = rng.permutation(len(rows)), rng.permutation(3)
    shuffled = [[rows[i][j] for j in raters] for i in subjects]
    for function in (kappa.conger, kappa.brennan_prediger):
        one, other = function(rows, weights="linear"), function(shuffled, weights="linear")
        if one.estimate is None:
            assert other.estimate is None
            continue
        assert one.estimate <= 1 + 1e-12
        assert one.estimate == pytest.approx(other.estimate, abs=1e-9)
        if one.se is not None:
            assert one.se == pytest.approx(other.se, abs=1e-9)


# --- the test of Fleiss ---------------------------------------------------------------------


def test_the_null_error_is_that_of_ratings_at_random():
    rng = np.random.default_rng(9)
    statistics, p_values = [], []
    for _ in range(1500):
        rows = rng.choice([1, 2, 3], (60, 4), p=[0.6, 0.3, 0.1])
        result = kappa.fleiss_test(rows)
        statistics.append(result.statistic)
        p_values.append(result.p_value)
    assert np.std(statistics) == pytest.approx(1, rel=0.06)
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.02)


def test_alternatives_of_the_test():
    rows = [[1, 1, 1], [1, 1, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2]]
    two = kappa.fleiss_test(rows)
    greater = kappa.fleiss_test(rows, alternative="greater")
    less = kappa.fleiss_test(rows, alternative="less")
    assert two.estimate == kappa.fleiss(rows).estimate
    assert greater.p_value == pytest.approx(scipy_stats.norm.sf(two.statistic))
    assert greater.p_value + less.p_value == pytest.approx(1)
    assert two.p_value == pytest.approx(2 * greater.p_value)
    with pytest.raises(ValueError, match="alternative must be one of"):
        kappa.fleiss_test(rows, alternative="unequal")
    with pytest.raises(ValueError, match="missing rating"):
        kappa.fleiss_test([[1, 1, 2], [1, None, 2]])
    one = kappa.fleiss_test([[1, 1], [1, 1]])
    assert (one.estimate, one.p_value, one.undefined) == (None, None, True)
    assert kappa.fleiss_test([[1], [2]]).reason == "no subject has two ratings"
    assert kappa.fleiss_test([]).reason == "no rating"


# --- degenerate ratings, many subjects ------------------------------------------------------


@pytest.mark.parametrize("function", [kappa.conger, kappa.brennan_prediger, kappa.scott])
def test_degenerate_ratings(function):
    one = function([[1, 1]] * 8)
    assert (one.estimate, one.se, one.ci_low) == (None, None, None)
    assert (one.observed_agreement, one.n, one.undefined) == (1, 8, True)
    single = function([[1, 2]])
    assert (single.se, single.reason) == (None, "fewer than two subjects")
    assert single.estimate is not None
    assert function([]).reason == "no rating"
    assert function([[1, None], [2, None]]).reason == "no subject has two ratings"
    perfect = function([[1, 1], [2, 2], [1, 1], [2, 2]])
    assert (perfect.estimate, perfect.se, perfect.ci_low, perfect.ci_high) == (1, 0, 1, 1)


def test_declared_categories_tell_chance_for_brennan_prediger_alone():
    rows = [[1, 1]] * 8
    result = kappa.brennan_prediger(rows, categories=[1, 2])
    assert (result.estimate, result.expected_agreement) == (1, 0.5)
    assert kappa.conger(rows, categories=[1, 2]).estimate is None
    constant = kappa.conger([[1, 1], [1, 2], [1, 1]])
    assert constant.estimate == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    "function", [kappa.fleiss, kappa.gwet, kappa.brennan_prediger, agreement.observed]
)
def test_subjects_rated_alike_are_counted_once_to_the_same_numbers(function):
    rng = np.random.default_rng(5)
    rows = rng.choice([1.0, 2.0, np.nan], (300, 3), p=[0.5, 0.3, 0.2])
    counted = function(rows, weights="linear")
    # with enough declared categories every subject has its own row
    categories = list(range(1, 12))
    w = np.eye(11)
    one, other = function(rows, weights="unweighted"), function(rows, weights=np.eye(2))
    assert (one.estimate, one.se) == (other.estimate, other.se)
    apart = function(rows, weights=w, categories=categories)
    if function in {kappa.fleiss, agreement.observed}:  # which do not go by unused categories
        assert apart.estimate == pytest.approx(counted.estimate, abs=1e-12)
        assert apart.se == pytest.approx(counted.se, abs=1e-12)
    assert apart.n == counted.n
