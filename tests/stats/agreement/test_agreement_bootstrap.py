"""The bootstrap of coefficients of agreement, against loops that draw patients one by one."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.metrics import cohen_kappa_score

from clinval.stats._agreement_weights import WEIGHTS, weight_matrix
from clinval.stats.agreement import _totals, agreement, kappa

quick = settings(deadline=None, max_examples=40, derandomize=True)
BOOTSTRAPS = {
    kappa.cohen: kappa.cohen_bootstrap,
    kappa.scott: kappa.scott_bootstrap,
    kappa.fleiss: kappa.fleiss_bootstrap,
    kappa.light: kappa.light_bootstrap,
    kappa.conger: kappa.conger_bootstrap,
    kappa.gwet: kappa.gwet_bootstrap,
    kappa.brennan_prediger: kappa.brennan_prediger_bootstrap,
    kappa.krippendorff: kappa.krippendorff_bootstrap,
    agreement.observed: agreement.observed_bootstrap,
}
each = pytest.mark.parametrize("single", BOOTSTRAPS, ids=lambda function: function.__name__)
each_with_error = pytest.mark.parametrize(
    "single", [one for one in BOOTSTRAPS if one is not kappa.light], ids=lambda one: one.__name__
)


def study(rng, n, raters, missing=0.0, sharp=0.7):
    truth = rng.integers(1, 4, n)
    guess = rng.integers(1, 4, (n, raters))
    rows = np.where(rng.random((n, raters)) < sharp, truth[:, None], guess).astype(float)
    rows[rng.random(rows.shape) < missing] = np.nan
    return rows


def raters_of(single):
    return 2 if single in {kappa.cohen, kappa.scott} else 3


@each
@quick
@given(seed=st.integers(0, 9999), weights=st.sampled_from(WEIGHTS))
def test_totals_give_the_coefficient(single, seed, weights):
    """Totals of a sample, drawn any number of times, give what the method says of its rows."""
    rng = np.random.default_rng(seed)
    rows = study(rng, 12, raters_of(single), missing=0.25, sharp=0.5)
    if single is kappa.cohen:
        rows = rows[~np.isnan(rows).any(axis=1)]
    rows = rows[~np.isnan(rows).all(axis=1)]
    labels = (1.0, 2.0, 3.0)
    codes = np.where(np.isnan(rows), -1, rows - 1).astype(int)
    times = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)))
    w = weight_matrix(weights, labels)
    option = {"weights": weights}
    if single is kappa.cohen:
        totals, of = _totals.pair_totals(codes, w), lambda t: _totals.cohen_of(t, w)
    elif single is kappa.light:
        totals, of = _totals.all_pair_totals(codes, w), lambda t: _totals.light_of(t, w)
    elif single is kappa.conger:
        totals, of = _totals.rater_totals(labels, codes, w), lambda t: _totals.conger_of(t, w)
    elif single is kappa.krippendorff:
        option = {"metric": ("nominal", "ordinal", "interval", "ratio")[seed % 4]}
        totals = _totals.coincidence_totals(labels, codes, option["metric"])

        def of(t):
            return _totals.krippendorff_of(t, option["metric"], labels)
    else:
        totals = _totals.share_totals(labels, codes, w)
        of = {
            kappa.scott: lambda t: _totals.fleiss_of(t, w),
            kappa.fleiss: lambda t: _totals.fleiss_of(t, w),
            kappa.gwet: lambda t: _totals.gwet_of(t, w),
            kappa.brennan_prediger: lambda t: _totals.brennan_prediger_of(t, w),
            agreement.observed: _totals.observed_of,
        }[single]
    found = of((times @ totals)[None, :])[0]
    wanted = single(np.repeat(rows, times, axis=0), categories=labels, **option).estimate
    if wanted is None:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(wanted, abs=1e-9)


@each
def test_against_drawing_patients_in_centers_one_by_one(single):
    rng = np.random.default_rng(21)
    # a patient whose lesions lack a rating would be dropped by Cohen's kappa before the draws
    rows = study(rng, 60, raters_of(single), missing=0.0 if single is kappa.cohen else 0.1)
    cluster = [f"patient {i // 2}" for i in range(60)]
    strata = ["north" if i < 40 else "south" for i in range(60)]
    result = BOOTSTRAPS[single](rows, cluster=cluster, strata=strata, draws=20_000, seed=1)
    assert result.estimate == single(rows).estimate
    drawn = []
    for _ in range(1500):
        patients = np.concatenate([rng.integers(0, 20, 20), rng.integers(20, 30, 10)])
        chosen = np.concatenate([[2 * p, 2 * p + 1] for p in patients])
        drawn.append(single(rows[chosen], categories=[1, 2, 3]).estimate)
    assert result.se == pytest.approx(np.std(drawn), rel=0.08)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert result.ci_low == pytest.approx(low, abs=0.25 * result.se)
    assert result.ci_high == pytest.approx(high, abs=0.25 * result.se)
    assert (result.clusters, result.draws, result.undefined_draws) == (30, 20_000, 0)


def test_weighted_kappa_against_a_loop_of_sklearn():
    rng = np.random.default_rng(22)
    rows = study(rng, 200, 2).astype(int)
    result = kappa.cohen_bootstrap(rows, weights="quadratic", draws=20_000, seed=2)
    drawn = []
    for _ in range(1500):
        i = rng.integers(0, 200, 200)
        drawn.append(cohen_kappa_score(rows[i, 0], rows[i, 1], weights="quadratic"))
    assert result.se == pytest.approx(np.std(drawn), rel=0.08)
    assert result.ci_low == pytest.approx(np.quantile(drawn, 0.025), abs=0.25 * result.se)


@each_with_error
def test_large_studies_have_the_linearised_error(single):
    rows = study(np.random.default_rng(23), 800, raters_of(single), missing=0.05)
    analytic = single(rows)
    result = BOOTSTRAPS[single](rows, draws=4000, seed=3)
    assert result.se == pytest.approx(analytic.se, rel=0.06)
    assert result.ci_low == pytest.approx(analytic.ci_low, abs=0.2 * analytic.se)
    assert result.ci_high == pytest.approx(analytic.ci_high, abs=0.2 * analytic.se)
    assert (result.n, result.level) == (analytic.n, 0.95)


def test_lesions_of_a_patient_have_the_error_of_clusters():
    rng = np.random.default_rng(24)
    hard = rng.random(150) < 0.4
    cluster = np.repeat(np.arange(150), 4)
    truth = rng.integers(1, 4, 600)
    slips = rng.random((600, 2)) < 0.7 * hard[cluster][:, None]
    rows = np.where(slips, rng.integers(1, 4, (600, 2)), truth[:, None])
    clustered = kappa.cohen_clustered(rows, cluster=cluster)
    result = kappa.cohen_bootstrap(rows, cluster=cluster, draws=4000, seed=4)
    assert result.se == pytest.approx(clustered.se, rel=0.06)
    assert result.se > 1.3 * kappa.cohen(rows).se


@each
@quick
@given(data=st.data())
def test_the_seed_and_the_data_alone_decide(single, data):
    n = data.draw(st.integers(3, 15))
    seed = data.draw(st.integers(0, 999))
    rows = study(np.random.default_rng(seed), n, raters_of(single), missing=0.2)
    cluster = [f"p{code}" for code in np.random.default_rng(seed).integers(0, 5, n)]
    function = BOOTSTRAPS[single]
    one = function(rows, cluster=cluster, draws=200, seed=seed)
    assert one == function(rows, cluster=cluster, draws=200, seed=seed)
    assert one.method == f"{single(rows).method}_bootstrap"
    assert one.estimate == single(rows).estimate
    if one.ci_low is not None:
        assert one.ci_low <= one.ci_high <= 1 + 1e-12
        assert one.se >= 0
        assert one.undefined_draws <= 0.05 * 200
    else:
        assert one.undefined


def test_many_draws_in_parts_are_drawn_from_the_same_law():
    rows = study(np.random.default_rng(25), 3000, 3)
    patients = np.arange(3000) // 2  # nearly all different: parts of some thousand draws
    result = kappa.fleiss_bootstrap(rows, cluster=patients, draws=5000, seed=5)
    assert result.se == pytest.approx(kappa.fleiss(rows).se, rel=0.08)


def test_strata_take_the_difference_of_centers_out():
    good, bad = [[1, 1], [2, 2]] * 20, [[1, 2], [2, 1]] * 20
    strata = ["A"] * 40 + ["B"] * 40
    free = agreement.observed_bootstrap(good + bad, draws=2000, seed=6)
    held = agreement.observed_bootstrap(good + bad, strata=strata, draws=2000, seed=6)
    assert free.se == pytest.approx(np.sqrt(0.25 / 80), rel=0.06)
    assert (held.estimate, held.se, held.ci_low, held.ci_high) == (0.5, 0, 0.5, 0.5)


def test_undefined_draws_are_counted_and_too_many_leave_no_interval():
    # one subject in ten is of the other category: a draw without it is 0/0
    rare = [[1, 1]] * 9 + [[2, 2]]
    result = kappa.cohen_bootstrap(rare, draws=4000, seed=7)
    assert result.estimate == 1
    assert result.undefined_draws / 4000 == pytest.approx(0.9**10, abs=0.03)
    assert (result.ci_low, result.se, result.undefined) == (None, None, True)
    assert result.reason == "more draws are undefined than the interval leaves out"
    # with four of them only few draws are
    some = kappa.cohen_bootstrap([[1, 1]] * 9 + [[2, 2]] * 4, draws=4000, seed=7)
    assert 0 < some.undefined_draws < 0.05 * 4000
    assert (some.ci_low, some.ci_high, some.se, some.undefined) == (1, 1, 0, False)


def test_a_rater_who_drops_out_of_a_draw_takes_no_part_in_it():
    # the third rater rates one subject only; a draw without it has two raters
    rows = [[1, 1, None], [2, 2, None], [1, 2, None], [2, 2, None], [1, 1, 2], [2, 1, None]]
    totals = _totals.rater_totals(
        (1.0, 2.0), np.array([[-1 if v is None else v - 1 for v in row] for row in rows]), np.eye(2)
    )
    without = np.array([2, 1, 1, 1, 0, 1])
    found = _totals.conger_of((without @ totals)[None, :], np.eye(2))[0]
    chosen = [row[:2] for row, times in zip(rows, without, strict=True) for _ in range(times)]
    assert found == pytest.approx(kappa.conger(chosen).estimate)


@each
def test_degenerate_ratings(single):
    function = BOOTSTRAPS[single]
    one = function([[1, 1]] * 5, draws=100, seed=1)
    assert one.undefined == (single is not agreement.observed)
    if single is not agreement.observed:
        assert (one.estimate, one.se, one.undefined_draws) == (None, None, 0)
        assert one.reason == single([[1, 1]] * 5).reason
    nothing = function([[1, None], [None, 2]], draws=100, seed=1)
    assert (nothing.estimate, nothing.undefined) == (None, True)
    empty = function([[None, None]], draws=100, seed=1)
    assert (empty.estimate, empty.n, empty.clusters, empty.undefined) == (None, 0, 0, True)
    alone = function([[1, None], [2, None], [1, None]], draws=100, seed=1)
    assert (alone.estimate, alone.undefined) == (None, True)
    rows = [[1, 1], [1, 2], [2, 2], [2, 2]]
    for lonely in ({"cluster": ["a"] * 4}, {"strata": [1, 2, 3, 4]}):
        result = function(rows, draws=100, seed=1, **lonely)
        assert (result.se, result.reason) == (None, "no stratum has two clusters")
        assert result.estimate == single(rows).estimate


@each
def test_invalid_input(single):
    function, rows = BOOTSTRAPS[single], [[1, 1], [1, 2], [2, 2]]
    with pytest.raises(ValueError, match="draws must be at least 100, not 99"):
        function(rows, draws=99, seed=1)
    with pytest.raises(ValueError, match="lengths differ: ratings 3, cluster 2"):
        function(rows, cluster=["a", "b"], seed=1)
    with pytest.raises(ValueError, match="lengths differ: ratings 3, strata 4"):
        function(rows, strata=["a", "b", "c", "d"], seed=1)
    with pytest.raises(ValueError, match="cluster lacks a label"):
        function(rows, cluster=["a", None, "c"], seed=1)
    with pytest.raises(ValueError, match="a cluster lies in two strata"):
        function(rows, cluster=["a", "a", "b"], strata=["A", "B", "B"], seed=1)
    with pytest.raises(ValueError, match="seed must be a count"):
        function(rows, seed=-1)
