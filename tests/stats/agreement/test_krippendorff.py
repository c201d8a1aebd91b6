"""Krippendorff's alpha against the package of that name, plain loops and simulation."""

import itertools
import math

import krippendorff as package
import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.agreement import kappa

quick = settings(deadline=None, max_examples=60, derandomize=True)
METRICS = ("nominal", "ordinal", "interval", "ratio")
RATINGS = [  # four raters, twelve units: Krippendorff 2011
    [1, 1, None, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [None, 5, 5, 5],
    [None, None, 1, 1],
    [None, 3, None, None],
]


@st.composite
def ratings(draw, raters=3, missing=True):
    label = st.sampled_from([1, 2, 4, 5, None] if missing else [1, 2, 4, 5])
    rows = draw(
        st.lists(st.lists(label, min_size=raters, max_size=raters), min_size=2, max_size=12)
    )
    pairable = [v for row in rows if sum(v is not None for v in row) > 1 for v in row]
    assume(len({value for value in pairable if value is not None}) > 1)
    return rows


def by_raters(rows):
    return np.array([[np.nan if v is None else v for v in row] for row in rows], float).T


@pytest.mark.parametrize("metric", METRICS)
@quick
@given(rows=ratings())
def test_against_the_package(metric, rows):
    result = kappa.krippendorff(rows, metric=metric)
    wanted = package.alpha(reliability_data=by_raters(rows), level_of_measurement=metric)
    assert result.estimate == pytest.approx(wanted, abs=1e-9)


def brute_force(rows, metric):
    """Average the distance of all pairs of ratings, within subjects and mixed."""
    rows = [[value for value in row if value is not None] for row in rows]
    rows = [row for row in rows if len(row) > 1]
    pool = [value for row in rows for value in row]

    def distance(a, b):
        if metric == "nominal":
            return float(a != b)
        if metric == "interval":
            return (a - b) ** 2
        if metric == "ratio":
            return ((a - b) / (a + b)) ** 2
        low, high = min(a, b), max(a, b)
        between = sum(low <= value <= high for value in pool)
        return (between - (pool.count(a) + pool.count(b)) / 2) ** 2

    within = sum(
        distance(a, b) / (len(row) - 1) for row in rows for a, b in itertools.permutations(row, 2)
    )
    mixed = sum(distance(a, b) for a, b in itertools.permutations(pool, 2)) / (len(pool) - 1)
    return 1 - within / mixed


@pytest.mark.parametrize("metric", METRICS)
@settings(deadline=None, max_examples=25, derandomize=True)
@given(rows=ratings())
def test_by_brute_force(metric, rows):
    result = kappa.krippendorff(rows, metric=metric)
    assert result.estimate == pytest.approx(brute_force(rows, metric), abs=1e-9)
    assert result.pairable == sum(
        size for row in rows if (size := sum(v is not None for v in row)) > 1
    )
    assert result.n == sum(any(value is not None for value in row) for row in rows)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(rows=ratings(missing=False), metric=st.sampled_from(["nominal", "interval", "ratio"]))
def test_the_error_is_the_influence_of_subjects(rows, metric):
    labels = sorted({value for row in rows for value in row})
    n, m = len(rows), len(rows[0])
    delta = np.array([[metric_distance(metric, a, b) for b in labels] for a in labels])
    counts = np.array([[row.count(label) for label in labels] for row in rows], float)
    within = np.einsum("ik,kl,il->i", counts, delta, counts) / (m * (m - 1))

    def coefficient(mass):
        share = mass @ counts / m
        return 1 - mass @ within / (share @ delta @ share)

    flat, step, influence = np.full(n, 1 / n), 1e-6, []
    for i in range(n):
        toward = np.eye(n)[i] - flat
        up, down = (coefficient(flat + sign * step * toward) for sign in (1, -1))
        influence.append((up - down) / (2 * step))
    result = kappa.krippendorff(rows, metric=metric)
    wanted = math.sqrt(np.sum(np.square(influence)) / (n * (n - 1)))
    assert result.se == pytest.approx(wanted, abs=2e-5 * max(1, wanted))
    t = scipy_stats.t.ppf(0.975, n - 1)
    assert result.ci_low == pytest.approx(result.estimate - t * result.se)
    assert result.ci_high == pytest.approx(min(1, result.estimate + t * result.se))


def metric_distance(metric, a, b):
    if metric == "nominal":
        return float(a != b)
    return (a - b) ** 2 / ((a + b) ** 2 if metric == "ratio" else 1)


def test_the_error_is_that_of_simulated_studies():
    rng = np.random.default_rng(8)
    estimates, errors = [], []
    for _ in range(400):
        truth = rng.integers(1, 5, 60)
        rows = np.where(
            rng.random((60, 3)) < 0.7, truth[:, None], rng.integers(1, 5, (60, 3))
        ).astype(float)
        rows[rng.random(rows.shape) < 0.15] = np.nan
        result = kappa.krippendorff(rows, metric="interval")
        estimates.append(result.estimate)
        errors.append(result.se)
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.12)


def test_published_values():
    found = [kappa.krippendorff(RATINGS, metric=metric).estimate for metric in METRICS]
    assert [round(value, 3) for value in found] == [0.743, 0.815, 0.849, 0.797]
    # raters in rows instead of subjects is another question, with another answer
    transposed = kappa.krippendorff([list(row) for row in zip(*RATINGS, strict=True)])
    assert transposed.estimate == pytest.approx(-0.055, abs=5e-4)


@quick
@given(ratings(), st.integers(0, 99), st.sampled_from(METRICS))
def test_order_of_subjects_and_raters_does_not_matter(rows, seed, metric):
    rng = np.random.default_rng(seed)
    subjects, raters = rng.permutation(len(rows)), rng.permutation(3)
    shuffled = [[rows[i][j] for j in raters] for i in subjects]
    one = kappa.krippendorff(rows, metric=metric)
    other = kappa.krippendorff(shuffled, metric=metric)
    assert one.estimate <= 1 + 1e-12
    assert one.estimate == pytest.approx(other.estimate, abs=1e-9)
    if one.se is None:
        assert other.se is None
    else:
        assert one.se == pytest.approx(other.se, abs=1e-9)


@quick
@given(ratings(raters=2, missing=False), st.sampled_from(METRICS))
def test_a_table_is_its_subjects(rows, metric):
    categories = [1, 2, 4, 5]
    table = np.zeros((4, 4))
    for a, b in rows:
        table[categories.index(a), categories.index(b)] += 1
    one = kappa.krippendorff(rows, metric=metric, categories=categories)
    other = kappa.krippendorff(table=table, metric=metric, categories=categories)
    assert (one.n, one.pairable) == (other.n, other.pairable)
    assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
    assert one.se == pytest.approx(other.se, abs=1e-9)


def test_many_subjects_are_counted_by_how_they_were_rated():
    rng = np.random.default_rng(2)
    rows = rng.choice([1.0, 2.0, np.nan], (400, 3), p=[0.5, 0.3, 0.2])
    rows = rows[~np.isnan(rows).all(axis=1)]
    result = kappa.krippendorff(rows)  # 64 possible counts
    wanted = package.alpha(reliability_data=rows.T, level_of_measurement="nominal")
    assert result.estimate == pytest.approx(wanted, abs=1e-12)
    few = [kappa.krippendorff(rows[i : i + 40]) for i in range(0, 360, 40)]
    for part, result in zip(range(0, 360, 40), few, strict=True):
        again = kappa.krippendorff(np.repeat(rows[part : part + 40], 9, axis=0))
        # nine times as many subjects: alpha is another by 1/n, its error about a third
        assert again.se == pytest.approx(result.se / 3, rel=0.05)


def test_degenerate_ratings():
    one = kappa.krippendorff([[1, 1]] * 8)
    assert (one.estimate, one.se, one.pairable, one.undefined) == (None, None, 16, True)
    assert one.reason == "all ratings that can be paired are of one category"
    # the other category is used, but never where a pair can be made
    assert kappa.krippendorff([[1, 1], [1, 1], [2, None]]).estimate is None
    assert kappa.krippendorff([[1, 1]] * 8, categories=[1, 2]).estimate is None
    single = kappa.krippendorff([[1, 2]])
    assert (single.estimate, single.se, single.reason) == (0, None, "fewer than two subjects")
    assert kappa.krippendorff([[1, None], [None, 2]]).reason == "no subject has two ratings"
    assert kappa.krippendorff([]).reason == "no rating"
    assert kappa.krippendorff([[None, None]]).n == 0
    # both 0: no distance
    zero = kappa.krippendorff([[0, 0], [0, 1], [1, 1]], metric="ratio")
    assert zero.estimate == pytest.approx(kappa.krippendorff([[0, 0], [0, 1], [1, 1]]).estimate)


def test_a_declared_category_far_away_changes_nothing():
    rows = [[1, 1, 2], [2, 2, 2], [1, 2, 1], [3, 3, 2], [1, 1, None]]
    for metric in METRICS:
        near = kappa.krippendorff(rows, metric=metric)
        far = kappa.krippendorff(rows, metric=metric, categories=[1, 2, 3, 1e12])
        assert far.estimate == pytest.approx(near.estimate)
        assert far.se == pytest.approx(near.se)


def test_text_goes_by_its_declared_order():
    words = {1: "none", 2: "mild", 4: "moderate", 5: "severe"}
    rows = [[1, 2, 2], [4, 5, 4], [1, 1, 2], [5, 5, 4], [2, None, 4]]
    text = [[None if v is None else words[v] for v in row] for row in rows]
    order = list(words.values())
    for metric in ("nominal", "ordinal"):  # ranks are all that these need
        assert kappa.krippendorff(text, metric=metric, categories=order).estimate == pytest.approx(
            kappa.krippendorff(rows, metric=metric).estimate
        )
    ranks = [[None if v is None else [1, 2, 4, 5].index(v) + 1 for v in row] for row in rows]
    assert kappa.krippendorff(text, metric="interval", categories=order).estimate == pytest.approx(
        kappa.krippendorff(ranks, metric="interval").estimate
    )


def test_invalid_input():
    with pytest.raises(ValueError, match="metric must be one of"):
        kappa.krippendorff([[1, 2]], metric="linear")
    with pytest.raises(ValueError, match="either ratings or table"):
        kappa.krippendorff()
    with pytest.raises(ValueError, match="not negative numbers"):
        kappa.krippendorff([[-1, 2], [1, 2]], metric="ratio")
    with pytest.raises(ValueError, match="not among the categories"):
        kappa.krippendorff([[1, 3]], categories=[1, 2])
