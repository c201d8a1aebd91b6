"""Obuchowski-Rockette beside a computation by definition, its identities and its edge cases."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from reads_by_definition import Study, crossed_model
from scipy import stats

from clinval.stats.accuracy import auc_difference
from clinval.stats.reader_study import mrmc
from clinval.stats.reader_study._covariance import jackknife
from clinval.stats.reader_study._model import reader_model
from clinval.stats.reader_study._placements import placements

quick = settings(deadline=None, max_examples=20, derandomize=True)
TARGETS = ("readers_cases", "cases", "readers")
OPTIONS = {"sensitivity": {"threshold": 3}, "specificity": {"threshold": 3}}
OPTIONS["partial_auc"] = {"fpr_max": 0.3}


@st.composite
def crossed(draw, modalities=None, cases=4):
    """Return the reads of a crossed study, truth and cluster of its cases."""
    i = modalities or draw(st.integers(2, 3))
    j, n1, n0 = (draw(st.integers(2, most)) for most in (3, cases, cases))
    keys = itertools.product(range(i), range(j), range(n1 + n0))
    reads = {key: draw(st.integers(1, 5)) for key in keys}
    truth = {case: int(case < n1) for case in range(n1 + n0)}
    return Study(reads, truth, {case: case // 2 % 4 for case in truth})


def columns(study, **more):
    keys = list(study.reads)
    found = {
        "score": list(study.reads.values()),
        "truth": [study.truth[case] for _, _, case in keys],
        "reader": [f"R{reader}" for _, reader, _ in keys],
        "modality": [modality for modality, _, _ in keys],
        "case": [case for _, _, case in keys],
    }
    return found | more


def analysed(study, **options):
    return mrmc.obuchowski_rockette(**columns(study), **options)


def matrix(result):
    return np.array(result.covariance_matrix, dtype=float)


@quick
@given(crossed(), st.sampled_from(["auc", "sensitivity", "specificity", "partial_auc"]))
def test_jackknife_is_that_of_estimates_computed_again(study, metric):
    options = OPTIONS.get(metric, {})
    result = analysed(study, metric=metric, covariance="jackknife", **options)
    theta = study.theta(metric, **options).reshape(len(study.modalities), -1)
    name = "auc" if metric == "partial_auc" else metric
    assert np.allclose(getattr(result, f"{name}_by_reader_modality"), theta.T)
    if all(count > 1 for count in (result.n_diseased, result.n_nondiseased)):
        assert np.allclose(matrix(result), study.jackknife(metric, **options), atol=1e-14)


@quick
@given(crossed(), st.sampled_from(TARGETS))
def test_the_reader_model_is_that_of_its_definition(study, random):
    covariance, theta = study.delong(), study.theta("auc")
    result = analysed(study, random=random)
    assert np.allclose(matrix(result), covariance, atol=1e-14)
    if result.undefined:
        assert result.reason == "the variance of the difference is not above 0"
        return
    shape = len(study.modalities), len(study.readers)
    for name, value in crossed_model(theta, covariance, *shape, random).items():
        found = getattr(result, name)
        if name == "df2" and value is not None and not math.isfinite(value):
            assert found is None
        else:
            assert found == (None if value is None else pytest.approx(value, abs=1e-9)), name


@settings(deadline=None, max_examples=6, derandomize=True)
@given(crossed(modalities=2, cases=3), st.sets(st.integers(0, 30), max_size=4))
def test_unbiased_covariance_leaves_out_pairs_that_share_a_case(study, missing):
    reads = dict(item for place, item in enumerate(study.reads.items()) if place not in missing)
    study = Study(reads, study.truth)
    for curve in study.curves:
        if min(len(study.scores(curve, diseased)) for diseased in (0, 1)) < 2:
            return
    result = analysed(study, covariance="unbiased")
    assert np.allclose(matrix(result), study.unbiased(), atol=1e-12)


@quick
@given(crossed(modalities=2, cases=8))
def test_clustered_covariance_is_that_of_obuchowski(study):
    cluster = [study.cluster[case] for _, _, case in study.reads]
    result = analysed(study, covariance="clustered", cluster=cluster)
    clusters = {(study.truth[case], study.cluster[case]) for case in study.cases}
    if all(sum(held[0] == diseased for held in clusters) > 1 for diseased in (0, 1)):
        assert np.allclose(matrix(result), study.clustered(), atol=1e-12)
    else:
        assert result.undefined


def test_a_case_a_cluster_gives_the_covariance_of_cases():
    study = simulated(2, 3, 12, 10)
    case = columns(study)["case"]
    for metric, options in (("sensitivity", {"threshold": 0.5}), ("specificity", {"threshold": 1})):
        alone = analysed(study, metric=metric, covariance="clustered", cluster=case, **options)
        jackknife = analysed(study, metric=metric, covariance="jackknife", **options)
        assert np.allclose(matrix(alone), matrix(jackknife))
    by_patient = [number // 3 for number in case]
    together = analysed(
        study, metric="sensitivity", threshold=0.5, covariance="clustered", cluster=by_patient
    )
    theta = study.theta("sensitivity", threshold=0.5).reshape(2, 3)
    met = np.array(
        [[study.reads[0, reader, case] >= 0.5 for case in range(12)] for reader in range(3)]
    )
    sums = (met - theta[0][:, None]).reshape(3, 4, 3).sum(axis=2) / 12
    assert np.allclose(matrix(together)[:3, :3], 4 / 3 * sums @ sums.T)


def simulated(i, j, n1, n0, seed=1, ties=False):
    random = np.random.default_rng(seed)
    case = random.normal(size=n1 + n0) + 1.2 * (np.arange(n1 + n0) < n1)
    score = random.normal(size=(i, j, n1 + n0)) + case + 0.3 * np.arange(i)[:, None, None]
    score = np.round(score) if ties else score
    reads = {tuple(key): float(score[key]) for key in np.ndindex(score.shape)}
    return Study(reads, {case: int(case < n1) for case in range(n1 + n0)})


@pytest.mark.parametrize("ties", [False, True])
def test_one_fixed_reader_is_the_paired_comparison_of_two_areas(ties):
    study = simulated(2, 1, 15, 20, ties=ties)
    result = analysed(study, random="cases")
    truth = [study.truth[case] for case in study.cases]
    test, reference = ([study.reads[i, 0, case] for case in study.cases] for i in (1, 0))
    peer = auc_difference.delong(truth, test, reference)
    assert result.estimate == pytest.approx(peer.estimate)
    assert (result.se, result.p_value) == pytest.approx((peer.se, peer.p_value))
    assert (result.ci_low, result.ci_high) == pytest.approx((peer.ci_low, peer.ci_high))
    assert (result.cov2, result.cov3) == (None, None)
    assert analysed(study).reason == "fewer than two readers"
    assert analysed(study).estimate == result.estimate


@pytest.mark.parametrize("random", TARGETS)
def test_nothing_changes_with_the_order_of_rows_the_labels_or_the_scale(random):
    study = simulated(3, 4, 9, 11, ties=True)
    result = analysed(study, random=random, test=2, reference=1)
    rows = columns(study)
    order = np.random.default_rng(3).permutation(len(rows["score"]))
    changed = {name: [values[place] for place in order] for name, values in rows.items()}
    changed["score"] = [math.exp(score) for score in changed["score"]]
    changed["modality"] = [f"m{label}" for label in changed["modality"]]
    again = mrmc.obuchowski_rockette(**changed, random=random, test="m2", reference="m1")
    for name in ("estimate", "se", "df2", "p_value", "p_value_difference", "var_reader"):
        assert getattr(again, name) == pytest.approx(getattr(result, name)), name


def test_exchanging_test_and_reference_turns_the_sign():
    study = simulated(3, 3, 8, 9)
    one = analysed(study, test=2, reference=0)
    other = analysed(study, test="0", reference="2")
    assert (one.estimate, one.ci_low) == pytest.approx((-other.estimate, -other.ci_high))
    assert one.p_value_difference == pytest.approx(other.p_value_difference)


def test_numbers_by_reader_are_those_of_the_reader_alone():
    study = simulated(2, 3, 9, 8)
    result = analysed(study, random="cases")
    for place, reader in enumerate(study.readers):
        own = Study({key: v for key, v in study.reads.items() if key[1] == reader}, study.truth)
        alone = analysed(own, random="cases")
        assert result.estimate_by_reader[place] == pytest.approx(alone.estimate)
        assert result.se_by_reader[place] == pytest.approx(alone.se)
        assert result.p_value_by_reader[place] == pytest.approx(alone.p_value)


# ---------------------------------------------------------------------- margins


@pytest.mark.parametrize("random", TARGETS)
@pytest.mark.parametrize("covariance", ["delong", "jackknife", "unbiased"])
def test_margins_are_tested_by_the_interval(random, covariance):
    rows = columns(simulated(2, 4, 12, 14))
    result = mrmc.obuchowski_rockette(**rows, random=random, covariance=covariance, level=0.9)
    options = {"random": random, "covariance": covariance}

    def p_value(margin, alternative):
        return mrmc.obuchowski_rockette_test(
            **rows, **options, margin=margin, alternative=alternative
        ).p_value

    assert p_value(result.ci_low, "greater") == pytest.approx(0.05)
    assert p_value(result.ci_high, "less") == pytest.approx(0.05)
    assert p_value(result.ci_low, "two-sided") == pytest.approx(0.1)
    assert p_value(0, "two-sided") == pytest.approx(result.p_value_difference)
    widest = max(abs(result.ci_low), abs(result.ci_high))
    assert p_value(widest, "equivalence") == pytest.approx(0.05)
    assert p_value(-widest, "equivalence") == pytest.approx(0.05)
    law = stats.norm if result.df_difference is None else stats.t(result.df_difference)
    assert p_value(-0.1, "greater") == pytest.approx(law.sf((result.estimate + 0.1) / result.se))


def test_one_call_gives_estimate_interval_and_p():
    rows = columns(simulated(2, 4, 12, 14))
    result = mrmc.obuchowski_rockette_test(**rows, margin=-0.05)
    whole = mrmc.obuchowski_rockette(**rows)
    for name in ("estimate", "se", "ci_low", "ci_high"):
        assert getattr(result, name) == getattr(whole, name)
    assert (result.df, result.n) == (whole.df2, 26)
    assert result.margin == -0.05
    with pytest.raises(ValueError, match="needs a margin"):
        mrmc.obuchowski_rockette_test(**rows, alternative="equivalence")


# ---------------------------------------------------------------------- designs


def nested(sizes, n1=10, n0=12, seed=2):
    """Return a study whose readers each read one modality, as many as ``sizes`` says."""
    whole = simulated(len(sizes), max(sizes), n1, n0, seed)
    return Study(
        {
            (modality, 10 * modality + reader, case): score
            for (modality, reader, case), score in whole.reads.items()
            if reader < sizes[modality]
        },
        whole.truth,
    )


@pytest.mark.parametrize("sizes", [(3, 3), (2, 4), (3, 2, 4)])
@pytest.mark.parametrize("random", TARGETS)
def test_readers_nested_in_modalities_have_the_variance_of_two_means(sizes, random):
    result = analysed(nested(sizes), random=random, covariance="jackknife")
    assert result.design == "readers_nested_in_modalities"
    table = [
        [v for v in row if v is not None] for row in np.transpose(result.auc_by_reader_modality)
    ]
    s = matrix(result)
    owner = np.repeat(range(len(sizes)), len(s) // len(sizes))
    own = ~np.isnan(np.diag(s))
    pairs = [
        (owner[a] == owner[b], s[a, b]) for a, b in itertools.permutations(np.flatnonzero(own), 2)
    ]
    error = np.mean(np.diag(s)[own])
    cov2 = np.mean([value for same, value in pairs if same])
    cov3 = np.mean([value for same, value in pairs if not same])
    spread = sum((v - np.mean(row)) ** 2 for row in table for v in row) / (sum(sizes) - len(sizes))
    between = {"readers_cases": max(cov2 - cov3, 0), "cases": cov2 - cov3, "readers": 0}[random]
    m = error - cov2 if random == "cases" else spread
    variance = m * (1 / sizes[0] + 1 / sizes[-1]) + 2 * between
    assert result.estimate == pytest.approx(np.mean(table[-1]) - np.mean(table[0]))
    assert result.se == pytest.approx(math.sqrt(variance))
    assert (result.cov2, result.cov3) == pytest.approx((cov2, cov3))
    if len(sizes) == 2:
        assert result.p_value == pytest.approx(result.p_value_difference)
    elif random == "readers":
        peer = stats.f_oneway(*table)
        assert (result.statistic, result.p_value) == pytest.approx((peer.statistic, peer.pvalue))


def test_nested_readers_hold_their_level_in_simulated_studies():
    """With a weight below the right one the denominator is too small, or not above 0."""
    random = np.random.default_rng(5)
    studies, j, n = 400, 4, 60
    reader = 0.4 * random.normal(size=(studies, 2 * j, 1))
    truth = np.arange(n) < n // 2
    case = random.normal(size=(studies, 1, n))
    score = case + random.normal(size=(studies, 2 * j, n)) + (1.5 + reader) * truth
    placed = np.full((studies, 2, 2 * j, n), np.nan)
    placed[:, 0, :j], placed[:, 1, j:] = score[:, :j], score[:, j:]
    estimates = jackknife(placements(placed[..., truth], placed[..., ~truth]))
    rejected = np.mean(reader_model(*estimates).p_value < 0.05)
    assert 0.02 < rejected < 0.09


def test_missing_reads_need_a_covariance_for_any_design():
    study = simulated(2, 3, 8, 9)
    del study.reads[1, 2, 3]
    for covariance in ("jackknife", "unbiased"):
        result = analysed(study, covariance=covariance)
        assert not result.undefined
        assert (result.design, result.missing_reads) == ("unbalanced", 1)
    with pytest.raises(ValueError, match="use jackknife or unbiased"):
        analysed(study)
    assert not analysed(study, random="readers").undefined


def test_a_score_that_is_missing_is_a_read_that_was_not_made():
    study = simulated(2, 3, 8, 9)
    rows = columns(study)
    rows["score"][5] = None
    result = mrmc.obuchowski_rockette(**rows, covariance="jackknife")
    del study.reads[list(study.reads)[5]]
    without = analysed(study, covariance="jackknife")
    assert (result.dropped, without.dropped) == (1, 0)
    assert (result.estimate, result.se) == (without.estimate, without.se)


# ---------------------------------------------------------------------- no value, with a reason


def test_a_reader_without_a_modality_has_a_reason():
    study = simulated(2, 3, 8, 9)
    reads = {key: v for key, v in study.reads.items() if key[:2] != (1, 2)}
    result = analysed(Study(reads, study.truth), covariance="jackknife")
    assert result.estimate is None
    assert result.reason == "a reader has no read in a modality"
    assert result.auc_by_reader_modality[2][1] is None
    assert result.auc_by_reader_modality[1][1] is not None


@pytest.mark.parametrize("covariance", ["delong", "jackknife", "unbiased"])
def test_one_case_of_a_class_has_estimates_without_error(covariance):
    result = analysed(simulated(2, 3, 1, 9), covariance=covariance)
    assert result.estimate is not None
    assert result.se is None
    assert result.reason == ("a reader has fewer than two cases of a class in a modality")
    assert not analysed(simulated(2, 3, 1, 9), random="readers").undefined


def test_no_case_of_a_class_has_a_reason():
    result = analysed(simulated(2, 3, 0, 9))
    assert result.reason == "a reader has no diseased or no non-diseased case in a modality"
    sensitivity = analysed(
        simulated(2, 3, 9, 0), metric="sensitivity", threshold=1, covariance="jackknife"
    )
    assert not sensitivity.undefined


@pytest.mark.parametrize("random", TARGETS)
@pytest.mark.parametrize("shift", [0, 100])
def test_scores_that_are_equal_or_separate_perfectly_have_no_variance(random, shift):
    study = simulated(2, 3, 6, 7)
    for key in study.reads:
        study.reads[key] = float(shift * study.truth[key[2]])
    result = analysed(study, random=random)
    assert result.estimate == 0
    assert set(result.auc_by_modality) == {1.0 if shift else 0.5}
    assert (result.se, result.p_value) == (None, None)
    assert result.reason == "the variance of the difference is not above 0"


@pytest.mark.parametrize("random", TARGETS)
@pytest.mark.parametrize("covariance", ["delong", "jackknife", "unbiased"])
def test_modalities_with_the_same_reads_have_no_variance_but_rounding(random, covariance):
    study = simulated(2, 3, 7, 9)
    for modality, reader, case in study.reads:
        study.reads[modality, reader, case] = study.reads[0, reader, case]
    result = analysed(study, random=random, covariance=covariance)
    assert (result.estimate, result.reason) == (0, "the variance of the difference is not above 0")
    assert set(result.se_by_reader) == {0}
    assert set(result.p_value_by_reader) == {None}
    assert all(error > 0 for error in result.se_by_modality)


def test_one_modality_has_its_mean_and_no_difference():
    result = analysed(simulated(1, 3, 8, 9))
    assert result.reason == "fewer than two modalities"
    assert (result.estimate, result.p_value) == (None, None)
    assert result.ci_low_by_modality[0] < result.auc_by_modality[0] < result.ci_high_by_modality[0]


def test_no_read_at_all_has_a_reason():
    result = mrmc.obuchowski_rockette([None], [1], ["R"], ["M"], ["C"])
    assert (result.undefined, result.estimate, result.dropped, result.n) == (True, None, 1, 0)


# ---------------------------------------------------------------------- negative variances


def test_what_is_below_zero_is_named_and_stays_unless_it_is_truncated():
    study = simulated(2, 3, 6, 7, seed=11)
    for modality, reader, case in study.reads:  # readers who share the case but not the modality
        study.reads[modality, reader, case] += 2.0 * np.sin(case * (1 + modality) + reader)
    reported = analysed(study)
    truncated = analysed(study, negative_variance="truncate")
    assert reported.negative_components == truncated.negative_components
    assert "var_reader_modality" in reported.negative_components
    assert reported.var_reader_modality < 0
    assert (truncated.var_reader_modality, truncated.negative_variance) == (0, "truncate")
    between = max(reported.cov2 - reported.cov3, 0)
    fixed = reported.var_error - reported.cov1 - between
    assert fixed > reported.ms_reader_modality
    assert truncated.se == pytest.approx(math.sqrt(2 * (fixed + 3 * between) / 3))
    assert truncated.se > reported.se


def test_covariance_between_readers_below_zero_counts_as_none_with_fixed_readers():
    random = np.random.default_rng(1)
    n = 12
    for _ in range(200):
        score = random.normal(size=(2, 3, n))
        score += np.array([1.5, -1.5])[:, None, None] * random.normal(size=(3, n))
        reads = {tuple(key): float(score[key]) for key in np.ndindex(score.shape)}
        study = Study(reads, {case: case % 2 for case in range(n)})
        result = analysed(study, random="cases")
        if "cov2_minus_cov3" in result.negative_components:
            break
    assert result.cov2 < result.cov3
    truncated = analysed(study, random="cases", negative_variance="truncate")
    variance = 2 * (result.var_error - result.cov1) / 3
    assert truncated.se == pytest.approx(math.sqrt(variance))


# ---------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"metric": "npv"}, "metric must be one of"),
        ({"metric": "sensitivity"}, "needs a threshold"),
        ({"metric": "partial_auc"}, "needs fpr_max"),
        ({"metric": "partial_auc", "fpr_max": 0}, "fpr_max must lie"),
        ({"metric": "partial_auc", "fpr_max": 0.2}, "use jackknife"),
        ({"covariance": "clustered"}, "needs the cluster"),
        ({"random": "nobody"}, "random must be one of"),
        ({"negative_variance": "hide"}, "negative_variance must be"),
        ({"test": "5"}, "test is '5', which is none of 0, 1"),
        ({"test": 0, "reference": 0}, "test and reference are both"),
        ({"cluster": [0]}, "lengths differ"),
    ],
)
def test_arguments_that_do_not_fit_are_named(change, problem):
    with pytest.raises(ValueError, match=problem):
        analysed(simulated(2, 2, 3, 3), **change)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("truth", 2, "truth must be 1"),
        ("truth", 0, "truth of case 0 is not the same"),
        ("reader", None, "reader lacks a label"),
        ("case", 1, "reader R0 has two reads of case 1 in modality 0"),
        ("score", math.inf, "score holds an infinite value"),
        ("score", "high", "score must hold numbers"),
    ],
)
def test_rows_that_contradict_are_named(name, value, problem):
    rows = columns(simulated(2, 2, 3, 3))
    rows[name][0] = value
    with pytest.raises(ValueError, match=problem):
        mrmc.obuchowski_rockette(**rows)


def test_labels_are_text_in_the_order_of_their_numbers():
    study = simulated(3, 2, 4, 4)
    rows = columns(study)
    rows["modality"] = [("10", "9", "1.10")[modality] for modality in rows["modality"]]
    rows["case"] = [("1.1", "1.10", *"abcdef")[case] for case in rows["case"]]
    result = mrmc.obuchowski_rockette(**rows)
    assert (result.modalities, result.n) == (("1.10", "9", "10"), 8)
    assert (result.reference, result.test) == ("1.10", "10")
