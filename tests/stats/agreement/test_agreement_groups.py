"""Clusters and strata: lesions of a patient, centers of a study."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats._agreement_weights import WEIGHTS
from clinval.stats.agreement import agreement, kappa

quick = settings(deadline=None, max_examples=60, derandomize=True)
COEFFICIENTS = {
    kappa.fleiss: kappa.fleiss_stratified,
    kappa.conger: kappa.conger_stratified,
    kappa.gwet: kappa.gwet_stratified,
    kappa.brennan_prediger: kappa.brennan_prediger_stratified,
    kappa.krippendorff: kappa.krippendorff_stratified,
    agreement.observed: agreement.observed_stratified,
}
pairs = st.tuples(st.sampled_from([1, 2, 4]), st.sampled_from([1, 2, 4]))


def lesions(rng, patients, most):
    """Lesions of patients who share the difficulty of their reads."""
    rows, cluster = [], []
    for patient in range(patients):
        hard = rng.random() < 0.4
        for _ in range(rng.integers(1, most + 1)):
            truth = rng.integers(1, 4)
            read = [truth if rng.random() > 0.7 * hard else rng.integers(1, 4) for _ in range(2)]
            rows.append([int(value) for value in read])
            cluster.append(f"patient {patient}")
    return rows, cluster


# --- clusters -------------------------------------------------------------------------------


@quick
@given(st.lists(pairs, min_size=3, max_size=30), st.sampled_from(WEIGHTS))
def test_one_lesion_a_patient_is_cohen(rows, weights):
    result = kappa.cohen_clustered(rows, cluster=range(len(rows)), weights=weights)
    cohen = kappa.cohen(rows, weights=weights)
    assert result.estimate == cohen.estimate
    assert (result.n, result.clusters) == (len(rows), len(rows))
    if cohen.estimate is None:
        assert (result.se, result.undefined) == (None, True)
        return
    # the divisor is m - 1 clusters for m
    m = len(rows)
    assert result.se == pytest.approx(cohen.se * math.sqrt(m / (m - 1)), abs=1e-9)
    z = scipy_stats.norm.ppf(0.975)
    assert result.ci_high - result.estimate == pytest.approx(z * result.se)
    assert result.estimate - result.ci_low == pytest.approx(z * result.se)


@quick
@given(st.lists(pairs, min_size=4, max_size=20), st.integers(2, 4))
def test_copies_of_lesions_tell_nothing_new(rows, copies):
    once = kappa.cohen_clustered(rows, cluster=range(len(rows)), weights="linear")
    again = kappa.cohen_clustered(
        rows * copies, cluster=list(range(len(rows))) * copies, weights="linear"
    )
    assert again.clusters == once.clusters
    assert again.n == copies * once.n
    if once.estimate is not None:
        assert again.estimate == pytest.approx(once.estimate, abs=1e-9)
        assert again.se == pytest.approx(once.se, abs=1e-9)


def test_the_error_is_that_of_simulated_patients():
    rng = np.random.default_rng(10)
    results, plain = [], []
    for _ in range(500):
        rows, cluster = lesions(rng, 50, 6)
        results.append(kappa.cohen_clustered(rows, cluster=cluster, weights="quadratic"))
        plain.append(kappa.cohen(rows, weights="quadratic").se)
    spread = np.std([result.estimate for result in results])
    assert np.mean([result.se for result in results]) == pytest.approx(spread, rel=0.08)
    assert np.mean(plain) < 0.9 * spread  # as if the lesions were of different patients


def test_clusters_of_dropped_lesions_do_not_count():
    rows = [[1, 1], [1, 2], [2, 2], [2, None], [None, 1], [2, 2]]
    cluster = ["a", "a", "b", "c", "c", "d"]
    result = kappa.cohen_clustered(rows, cluster=cluster)
    assert (result.clusters, result.n) == (3, 4)
    wanted = kappa.cohen_clustered([rows[i] for i in (0, 1, 2, 5)], cluster=["a", "a", "b", "d"])
    assert result == wanted
    one = kappa.cohen_clustered(rows, cluster=["a"] * 6)
    assert (one.se, one.reason) == (None, "fewer than two clusters")
    assert one.estimate == result.estimate
    assert kappa.cohen_clustered([[1, 1]] * 3, cluster="abc").estimate is None
    none = kappa.cohen_clustered([[1, None]], cluster=["a"])
    assert (none.reason, none.clusters) == ("no subject rated by both raters", 0)
    perfect = kappa.cohen_clustered([[1, 1], [2, 2], [3, 3]] * 3, cluster=[1, 2, 3] * 3)
    assert (perfect.estimate, perfect.se, perfect.ci_low) == (1, 0, 1)
    with pytest.raises(ValueError, match="lengths differ: ratings 6, cluster 5"):
        kappa.cohen_clustered(rows, cluster=cluster[:5])
    with pytest.raises(ValueError, match="cluster lacks a label"):
        kappa.cohen_clustered(rows, cluster=[*cluster[:5], None])


@quick
@given(st.integers(0, 9999), st.sampled_from(WEIGHTS))
def test_clusters_in_strata_are_pooled_by_inverse_variance(seed, weights):
    rng = np.random.default_rng(seed)
    studies = [lesions(rng, int(rng.integers(1, 9)), 3) for _ in range(rng.integers(1, 4))]
    rows = [row for study, _ in studies for row in study]
    cluster = [f"{n} {name}" for n, (_, names) in enumerate(studies) for name in names]
    strata = [n for n, (_, names) in enumerate(studies) for _ in names]
    order = rng.permutation(len(rows))
    result = kappa.cohen_clustered_stratified(
        [rows[i] for i in order],
        cluster=[cluster[i] for i in order],
        strata=[strata[i] for i in order],
        weights=weights,
        categories=[1, 2, 3],
    )
    parts = [
        kappa.cohen_clustered(study, cluster=names, weights=weights, categories=[1, 2, 3])
        for study, names in studies
    ]
    assert result.n == len(rows)
    for got, name in (
        (result.estimate_by_stratum, "estimate"),
        (result.se_by_stratum, "se"),
        (result.ci_low_by_stratum, "ci_low"),
        (result.ci_high_by_stratum, "ci_high"),
    ):
        for one, part in zip(got, parts, strict=True):
            wanted = getattr(part, name)
            assert one is wanted if wanted is None else one == pytest.approx(wanted, abs=1e-9)
    if any(not one.se for one in parts):
        assert (result.estimate, result.undefined) == (None, True)
        return
    w = np.array([1 / one.se**2 for one in parts])
    k = np.array([one.estimate for one in parts])
    assert result.estimate == pytest.approx((w * k).sum() / w.sum())
    assert result.q == pytest.approx((w * (k - result.estimate) ** 2).sum(), rel=1e-6, abs=1e-9)


def test_a_patient_is_of_one_center():
    rows, cluster = [[1, 1], [1, 2], [2, 2], [2, 2]], ["a", "a", "b", "b"]
    with pytest.raises(ValueError, match="a cluster lies in two strata"):
        kappa.cohen_clustered_stratified(rows, cluster=cluster, strata=["A", "B", "B", "B"])
    with pytest.raises(ValueError, match="lengths differ: ratings 4, strata 3"):
        kappa.cohen_clustered_stratified(rows, cluster=cluster, strata=["A", "A", "B"])
    none = kappa.cohen_clustered_stratified([[1, None]], cluster=["a"], strata=["A"])
    assert (none.estimate, none.reason) == (None, "no subject rated by both raters")


@quick
@given(st.lists(pairs, min_size=4, max_size=30), st.integers(0, 99))
def test_scott_of_strata_is_fleiss(rows, seed):
    strata = np.random.default_rng(seed).integers(0, 3, len(rows))
    one = kappa.scott_stratified(rows, strata=strata, weights="linear")
    other = kappa.fleiss_stratified(rows, strata=strata, weights="linear")
    assert (one.estimate, one.q, one.se_by_stratum) == (
        other.estimate,
        other.q,
        other.se_by_stratum,
    )
    assert one.method == "kappa.scott_stratified"
    with pytest.raises(ValueError, match="must have two raters"):
        kappa.scott_stratified([[1, 2, 2], [1, 1, 2]], strata=["A", "A"])


# --- strata ---------------------------------------------------------------------------------


@st.composite
def centers(draw):
    label = st.sampled_from([1, 2, 4, None])
    row = st.lists(label, min_size=3, max_size=3)
    sizes = draw(st.integers(1, 3))
    return [draw(st.lists(row, min_size=2, max_size=10)) for _ in range(sizes)]


@pytest.mark.parametrize("single", COEFFICIENTS, ids=lambda function: function.__name__)
@quick
@given(studies=centers(), seed=st.integers(0, 99))
def test_strata_are_pooled_by_inverse_variance(single, studies, seed):
    rows = [row for study in studies for row in study]
    labels = [f"center {number}" for number, study in enumerate(studies) for _ in study]
    order = np.random.default_rng(seed).permutation(len(rows))
    result = COEFFICIENTS[single](
        [rows[i] for i in order], strata=[labels[i] for i in order], categories=[1, 2, 4]
    )
    each = [single(study, categories=[1, 2, 4]) for study in studies]
    each = [one for one in each if one.n]  # a center without a rating is none
    assert result.method == f"{single(rows).method}_stratified"
    assert result.n == sum(one.n for one in each)
    for got, name in (
        (result.estimate_by_stratum, "estimate"),
        (result.se_by_stratum, "se"),
        (result.ci_low_by_stratum, "ci_low"),
        (result.ci_high_by_stratum, "ci_high"),
    ):
        assert len(got) == len(each)
        for one, wanted in zip(got, each, strict=True):
            assert (one is None) == (getattr(wanted, name) is None)
            if one is not None:
                assert one == pytest.approx(getattr(wanted, name), abs=1e-9)
    if any(not one.se for one in each) or not each:
        assert (result.estimate, result.q, result.undefined) == (None, None, True)
        return
    w = np.array([1 / one.se**2 for one in each])
    k = np.array([one.estimate for one in each])
    pooled = (w * k).sum() / w.sum()
    assert result.estimate == pytest.approx(pooled)
    assert result.se == pytest.approx(w.sum() ** -0.5)
    assert result.q == pytest.approx((w * (k - pooled) ** 2).sum(), rel=1e-6, abs=1e-9)
    assert result.df == len(each) - 1
    if len(each) > 1:
        assert result.p_value == pytest.approx(scipy_stats.chi2.sf(result.q, result.df))
        assert not result.undefined
    else:
        assert (result.p_value, result.reason) == (None, "fewer than two strata")


@pytest.mark.parametrize("single", COEFFICIENTS, ids=lambda function: function.__name__)
def test_the_homogeneity_test_keeps_its_level_and_finds_a_difference(single):
    rng = np.random.default_rng(12)

    def p_value(sharpness):
        rows, strata = [], []
        for center, sharp in enumerate(sharpness):
            truth = rng.integers(1, 4, 120)
            guess = rng.integers(1, 4, (120, 3))
            rows.append(np.where(rng.random((120, 3)) < sharp, truth[:, None], guess))
            strata += [center] * 120
        return COEFFICIENTS[single](np.concatenate(rows), strata=strata).p_value

    same = [p_value((0.7, 0.7, 0.7)) for _ in range(600)]
    assert np.mean(np.array(same) < 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.median([p_value((0.85, 0.5, 0.7)) for _ in range(9)]) < 0.001


def test_a_reader_of_one_center_only_takes_no_part_in_the_other():
    here = [[1, 1, None], [2, 1, None], [2, 2, None], [1, 1, None], [2, 2, None]]
    there = [[1, 1, 2], [2, 2, 2], [1, 2, 1], [2, 2, 2], [1, 1, 1]]
    result = kappa.conger_stratified(here + there, strata=["A"] * 5 + ["B"] * 5)
    both = kappa.conger([row[:2] for row in here]), kappa.conger(there)
    assert result.estimate_by_stratum == pytest.approx([one.estimate for one in both])


@pytest.mark.parametrize("stratified", COEFFICIENTS.values(), ids=lambda f: f.__name__)
def test_strata_that_are_no_strata(stratified):
    rows = [[1, 2], [2, 2], [1, 1]]
    with pytest.raises(ValueError, match="lengths differ: ratings 3, strata 2"):
        stratified(rows, strata=["A", "B"])
    with pytest.raises(ValueError, match="strata lacks a label"):
        stratified(rows, strata=["A", None, "B"])
    nothing = stratified([[None, None]], strata=["A"])
    assert (nothing.estimate, nothing.n, nothing.reason) == (None, 0, "no rating")


@quick
@given(centers())
def test_one_stratum_is_the_coefficient_itself(studies):
    rows = [row for study in studies for row in study]
    for single, stratified in COEFFICIENTS.items():
        one, pooled = single(rows), stratified(rows, strata=["all"] * len(rows))
        assume(one.se)
        assert pooled.estimate == pytest.approx(one.estimate)
        assert pooled.se == pytest.approx(one.se)
