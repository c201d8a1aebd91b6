"""Pseudovalues, a product against readers, and strata, each beside another computation."""

import math

import numpy as np
import pytest
from reads_by_definition import Study
from scipy import stats

from clinval.stats.reader_study import mrmc

TARGETS = ("readers_cases", "cases", "readers")


def rows_of(score, truth):
    modality, reader, case = np.indices(score.shape)
    return {
        "score": score.ravel(),
        "truth": np.broadcast_to(truth, score.shape).ravel(),
        "reader": reader.ravel(),
        "modality": modality.ravel(),
        "case": case.ravel(),
    }


@pytest.fixture(scope="module")
def crossed():
    random = np.random.default_rng(6)
    truth = np.arange(24) % 3 == 0
    score = random.normal(size=(3, 4, 24)) + random.normal(size=24) + 1.4 * truth
    return rows_of(np.round(score, 1), truth.astype(int))


# ---------------------------------------------------------------------- pseudovalues


@pytest.mark.parametrize(
    "options",
    [{}, {"metric": "sensitivity", "threshold": 1}, {"metric": "partial_auc", "fpr_max": 0.4}],
)
def test_pseudovalues_give_what_the_jackknife_gives(crossed, options):
    for random in ("readers_cases", "readers"):
        one = mrmc.dorfman_berbaum_metz(**crossed, random=random, **options)
        other = mrmc.obuchowski_rockette(
            **crossed, random=random, covariance="jackknife", **options
        )
        for name in ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "df2", "p_value"):
            assert getattr(one, name) == pytest.approx(getattr(other, name)), name
        assert one.p_value_difference == pytest.approx(other.p_value_difference)
    cases = 8 if "threshold" in options else 24
    assert one.ms_reader == pytest.approx(cases * other.ms_reader)
    assert one.var_reader == pytest.approx(other.var_reader)
    assert one.var_reader_modality == pytest.approx(other.var_reader_modality)


def test_with_fixed_readers_only_the_distribution_differs(crossed):
    one = mrmc.dorfman_berbaum_metz(**crossed, random="cases")
    other = mrmc.obuchowski_rockette(**crossed, random="cases", covariance="jackknife")
    assert one.se == pytest.approx(other.se)
    assert one.statistic == pytest.approx(other.statistic / 2)
    assert one.df2 == 2 * 23
    assert one.p_value == pytest.approx(stats.f.sf(one.statistic, 2, 46))
    assert one.ci_high == pytest.approx(one.estimate + stats.t.ppf(0.975, 46) * one.se)


def test_the_analysis_of_variance_is_complete(crossed):
    """The sums of squares and the mean add up to the sum of all squares of pseudovalues."""
    result = mrmc.dorfman_berbaum_metz(**crossed)
    study = Study(
        {
            (m, r, c): s
            for m, r, c, s in zip(
                *(crossed[n] for n in ("modality", "reader", "case", "score")), strict=True
            )
        },
        dict(zip(crossed["case"].tolist(), crossed["truth"].tolist(), strict=True)),
    )
    pseudo = np.array(
        [
            [24 * study.value(c, "auc") - 23 * study.value(c, "auc", without=k) for k in range(24)]
            for c in study.curves
        ]
    )
    pseudo += (study.theta("auc") - pseudo.mean(axis=1))[:, None]
    df = {"modality": 2, "reader": 3, "case": 23, "reader_modality": 6, "modality_case": 46}
    df |= {"reader_case": 69, "reader_modality_case": 138}
    total = sum(getattr(result, f"ms_{name}") * value for name, value in df.items())
    assert total == pytest.approx(np.sum((pseudo - pseudo.mean()) ** 2))
    assert result.var_error == result.ms_reader_modality_case


@pytest.mark.parametrize(
    ("shape", "random", "reason"),
    [
        ((1, 3, 8), "readers_cases", "fewer than two modalities"),
        ((2, 1, 8), "readers_cases", "fewer than two readers"),
        ((2, 3, 2), "readers_cases", "a reader has fewer than two cases of a class"),
        ((2, 3, 2), "readers", "a reader has fewer than two cases of a class"),
        ((2, 3, 1), "cases", "a reader has no diseased"),
    ],
)
def test_pseudovalues_without_a_test_say_why(shape, random, reason):
    score = np.random.default_rng(1).normal(size=shape)
    result = mrmc.dorfman_berbaum_metz(**rows_of(score, np.arange(shape[2]) % 2), random=random)
    assert result.reason.startswith(reason)
    assert (result.se, result.p_value) == (None, None)


def test_pseudovalues_need_every_read(crossed):
    score = crossed["score"].copy()
    score[3] = np.nan
    with pytest.raises(ValueError, match="use obuchowski_rockette"):
        mrmc.dorfman_berbaum_metz(**crossed | {"score": score})


@pytest.mark.parametrize("random", TARGETS)
def test_pseudovalues_without_variance_have_a_reason(random):
    same = np.broadcast_to(np.random.default_rng(1).normal(size=(3, 8)), (2, 3, 8))
    for score in (np.ones((2, 3, 8)), same):
        result = mrmc.dorfman_berbaum_metz(**rows_of(score, np.arange(8) % 2), random=random)
        assert result.estimate == 0
        assert result.reason == "the variance of the difference is not above 0"


# ---------------------------------------------------------------------- product against readers


def alone(crossed):
    """Return the reads of the first modality; reader 0 is the product."""
    first = crossed["modality"] == 0
    return {name: values[first] for name, values in crossed.items() if name != "modality"}


@pytest.mark.parametrize("random", TARGETS)
def test_a_product_is_compared_as_a_modality_that_all_readers_share(crossed, random):
    """Obuchowski-Rockette with the product's reads as the other modality of every reader.

    The mean square of readers by modality is half the variance of the differences, cov1 - cov2 is
    theirs: the two models have one variance.
    """
    rows = alone(crossed)
    result = mrmc.ai_versus_readers(**rows, ai=0, random=random)
    score = rows["score"].reshape(4, 24)
    doubled = np.stack([score[1:], np.broadcast_to(score[0], (3, 24))])
    truth = rows["truth"].reshape(4, 24)[0]
    model = mrmc.obuchowski_rockette(
        **rows_of(doubled, truth), random=random, covariance="jackknife"
    )
    assert result.estimate == pytest.approx(model.estimate)
    assert result.estimate_by_reader == pytest.approx(model.estimate_by_reader)
    assert result.se_by_reader == pytest.approx(model.se_by_reader)
    assert result.ms_reader == pytest.approx(2 * model.ms_reader_modality)
    assert result.auc_ai == pytest.approx(model.auc_by_modality[1])
    assert result.auc_readers == pytest.approx(model.auc_by_modality[0])
    assert result.var_reader_observed == pytest.approx(np.var(result.auc_by_reader, ddof=1))
    if random == "cases":
        matrix = np.array(model.covariance_matrix)
        contrast = np.repeat([-1 / 3, 1 / 3], 3)
        assert result.se == pytest.approx(math.sqrt(contrast @ matrix @ contrast))
        assert result.df is None
    else:
        between = max(result.cov2, 0) if random == "readers_cases" else 0
        whole = result.ms_reader + 3 * between
        assert result.se == pytest.approx(math.sqrt(whole / 3))
        assert result.df == pytest.approx(2 * (whole / result.ms_reader) ** 2)
        assert result.p_value == pytest.approx(
            2 * stats.t.sf(abs(result.estimate) / result.se, result.df)
        )


def test_a_product_has_a_threshold_of_its_own(crossed):
    rows = alone(crossed)
    options = {"metric": "sensitivity", "ai": "0"}
    one = mrmc.ai_versus_readers(**rows, **options, threshold=1)
    scaled = rows["score"] * np.where(rows["reader"] == 0, 10, 1)
    other = mrmc.ai_versus_readers(
        **rows | {"score": scaled}, **options, threshold=1, ai_threshold=10
    )
    assert one == other
    ill = (rows["truth"] == 1) & (rows["reader"] == 0)
    assert one.sensitivity_ai == pytest.approx(np.mean(rows["score"][ill] >= 1))
    with pytest.raises(ValueError, match="takes no ai_threshold"):
        mrmc.ai_versus_readers(**rows, ai=0, ai_threshold=1)
    with pytest.raises(ValueError, match="ai is 'AI', which is none of"):
        mrmc.ai_versus_readers(**rows, ai="AI")


def test_a_product_is_compared_over_patients(crossed):
    rows = alone(crossed)
    patient = rows["case"] // 2
    result = mrmc.ai_versus_readers(**rows, ai=0, covariance="clustered", cluster=patient)
    matrix = mrmc.obuchowski_rockette(
        **rows, modality=[0] * 96, covariance="clustered", cluster=patient
    ).covariance_matrix
    contrast = np.column_stack([np.ones(3), -np.eye(3)])
    between = contrast @ np.array(matrix) @ contrast.T
    assert result.var_error == pytest.approx(np.trace(between) / 3)
    assert result.cov2 == pytest.approx((between.sum() - np.trace(between)) / 6)


def test_margins_of_a_product_are_tested_by_the_interval(crossed):
    rows = alone(crossed)
    result = mrmc.ai_versus_readers(**rows, ai=0, level=0.9)

    def p_value(margin, alternative):
        return mrmc.ai_versus_readers_test(
            **rows, ai=0, margin=margin, alternative=alternative
        ).p_value

    assert p_value(result.ci_low, "greater") == pytest.approx(0.05)
    assert p_value(result.ci_high, "less") == pytest.approx(0.05)
    widest = max(abs(result.ci_low), abs(result.ci_high))
    assert p_value(widest, "equivalence") == pytest.approx(0.05)
    assert p_value(0, "two-sided") == pytest.approx(result.p_value)


@pytest.mark.parametrize(
    ("readers", "cases", "random", "reason"),
    [
        (1, 8, "readers_cases", "no reader beside the product"),
        (2, 8, "readers_cases", "fewer than two readers"),
        (4, 2, "readers_cases", "a reader has fewer than two cases of a class"),
        (4, 1, "readers_cases", "a reader has no diseased"),
    ],
)
def test_a_product_without_a_test_says_why(readers, cases, random, reason):
    rows = rows_of(np.random.default_rng(1).normal(size=(1, readers, cases)), np.arange(cases) % 2)
    del rows["modality"]
    result = mrmc.ai_versus_readers(**rows, ai=0, random=random)
    assert result.reason.startswith(reason)
    assert (result.se, result.p_value) == (None, None)


def test_a_product_equal_to_its_readers_has_no_variance():
    rows = rows_of(np.broadcast_to(np.arange(8) % 4, (1, 3, 8)).astype(float), np.arange(8) % 2)
    del rows["modality"]
    result = mrmc.ai_versus_readers(**rows, ai=0)
    assert (result.estimate, result.reason) == (0, "the variance of the difference is not above 0")


# ---------------------------------------------------------------------- strata


def test_one_stratum_is_the_whole_study(crossed):
    whole = mrmc.obuchowski_rockette(**crossed)
    one = mrmc.obuchowski_rockette_stratified(**crossed, stratum=["S"] * len(crossed["score"]))
    for name in ("estimate", "se", "df2", "p_value", "cov3", "covariance_matrix"):
        assert np.allclose(
            np.array(getattr(one, name), float), np.array(getattr(whole, name), float)
        )
    assert (one.strata, one.n_by_stratum, one.q, one.q_df) == (("S",), (24,), None, 0)


@pytest.mark.parametrize("metric", ["auc", "sensitivity", "specificity"])
def test_strata_are_weighted_means_of_their_studies(crossed, metric):
    options = {"metric": metric, "covariance": "jackknife", "random": "cases"}
    options |= {} if metric == "auc" else {"threshold": 1}
    stratum = np.where(crossed["case"] < 10, 1, 2)
    result = mrmc.obuchowski_rockette_stratified(**crossed, stratum=stratum, **options)
    parts = [
        mrmc.obuchowski_rockette(
            **{name: values[stratum == label] for name, values in crossed.items()}, **options
        )
        for label in (1, 2)
    ]
    counts = [(part.n_diseased, part.n_nondiseased) for part in parts]
    weight = np.array(
        [
            {"sensitivity": n1, "specificity": n0}.get(metric, n1 * n0 / (n1 + n0))
            for n1, n0 in counts
        ]
    )
    weight = weight / weight.sum()
    table = [getattr(part, f"{metric}_by_reader_modality") for part in parts]
    assert np.allclose(
        getattr(result, f"{metric}_by_reader_modality"), np.tensordot(weight, table, 1)
    )
    matrices = [np.array(part.covariance_matrix) for part in parts]
    assert np.allclose(result.covariance_matrix, np.tensordot(weight**2, matrices, 1))
    assert result.n_by_stratum == (10, 14)
    assert result.estimate_by_stratum == pytest.approx([part.estimate for part in parts])
    contrast = np.repeat([-1 / 4, 0, 1 / 4], 4)
    variance = np.array([contrast @ matrix @ contrast for matrix in matrices])
    assert result.se_by_stratum == pytest.approx(np.sqrt(variance))
    difference = np.array(result.estimate_by_stratum)
    q = (difference[0] - difference[1]) ** 2 / variance.sum()
    assert (result.q, result.q_df) == (pytest.approx(q), 1)
    assert result.q_p_value == pytest.approx(stats.chi2.sf(q, 1))


def test_a_stratum_without_a_class_is_left_out_and_named(crossed):
    stratum = np.where(crossed["case"] == 1, "lone", np.where(crossed["case"] < 12, "a", "b"))
    result = mrmc.obuchowski_rockette_stratified(**crossed, stratum=stratum)
    assert (result.strata, result.strata_left_out) == (("a", "b"), ("lone",))
    lone = mrmc.obuchowski_rockette_stratified(**crossed, stratum=crossed["case"])
    assert lone.undefined
    assert lone.strata == ()


def test_readers_of_one_site_each_count_within_their_site():
    random = np.random.default_rng(3)
    score = random.normal(size=(2, 4, 20)) + np.arange(20) % 2
    site = np.arange(20) // 10
    score[:, :2, site == 1] = score[:, 2:, site == 0] = np.nan
    rows = rows_of(score, np.arange(20) % 2)
    result = mrmc.obuchowski_rockette_stratified(
        **rows, stratum=site[rows["case"]], covariance="unbiased"
    )
    plain = mrmc.obuchowski_rockette(**rows, covariance="unbiased")
    assert result.design == "split_plot"
    assert (result.estimate, result.se) == pytest.approx((plain.estimate, plain.se))


def test_a_case_lies_in_one_stratum(crossed):
    with pytest.raises(ValueError, match="stratum of case 0 is not the same"):
        mrmc.obuchowski_rockette_stratified(**crossed, stratum=crossed["reader"])
