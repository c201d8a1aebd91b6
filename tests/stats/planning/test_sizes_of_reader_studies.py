"""Sizes of reader studies, against the covariance matrix of all estimates written out."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.planning import auc_power, auc_sample_size, mrmc_power, mrmc_sample_size

quick = settings(deadline=None, max_examples=25, derandomize=True)
PILOT = {
    "n_cases_pilot": 114,
    "var_reader_modality": 0.0002,
    "cov1": 0.0003466,
    "cov2": 0.000344,
    "cov3": 0.000239,
    "var_error": 0.0008023,
}
NESTED = ("readers_nested_in_modalities", "unpaired")
DESIGNS = (
    "crossed", "split_plot", "cases_nested_in_readers", "cases_nested_in_modalities", *NESTED,
)  # fmt: skip


def estimates(design, readers, blocks):
    """Modality, reader and set of cases of each estimate."""
    for modality, number in itertools.product((0, 1), range(readers)):
        block = {"split_plot": number * blocks // readers, "cases_nested_in_readers": number}
        cases = [block.get(design, 0)]
        if design in ("cases_nested_in_modalities", "unpaired"):
            cases.append(modality)
        yield modality, (modality, number) if design in NESTED else number, tuple(cases)


def variance_and_df(design, readers, blocks, cases, var_reader):
    """Variance of the difference and Hillis' degrees of freedom, from the whole matrix."""
    rows = list(estimates(design, readers, blocks))
    k = PILOT["n_cases_pilot"] * len({row[2] for row in rows}) / cases
    matrix = np.zeros((2 * readers, 2 * readers))
    for (a, one), (b, other) in itertools.product(enumerate(rows), enumerate(rows)):
        if one[2] == other[2]:
            same = one[0] == other[0], one[1] == other[1]
            name = {(True, True): "var_error", (False, True): "cov1", (True, False): "cov2"}
            matrix[a, b] = k * PILOT[name.get(same, "cov3")]
        if one[1] == other[1]:
            matrix[a, b] += var_reader + PILOT["var_reader_modality"] * (one[0] == other[0])
    contrast = np.repeat([-1, 1], readers) / readers
    inside = np.eye(2) if design in NESTED else np.array([[0.5, -0.5], [-0.5, 0.5]])
    df = (readers - 1) * (2 if design in NESTED else 1)
    residual = np.kron(inside, np.eye(readers) - 1 / readers)
    mean_square = np.trace(residual @ matrix) / df
    variance = contrast @ matrix @ contrast
    return variance, df * (variance * readers / 2 / mean_square) ** 2


@quick
@given(
    st.sampled_from(DESIGNS),
    st.integers(2, 5),
    st.sampled_from([1, 2, 3]),
    st.integers(20, 2000),
    st.floats(0, 0.001),
    st.floats(0.01, 0.1),
    st.sampled_from([-0.05, 0.0, 0.005]),
)
def test_power_is_that_of_the_matrix_of_all_estimates(
    design, per_block, blocks, cases, var_reader, effect, margin
):
    blocks = max(blocks, 2) if design == "split_plot" else 1
    readers = per_block * blocks
    variance, df = variance_and_df(design, readers, blocks, cases, var_reader)
    said = {
        **PILOT, "effect": effect, "n_readers": readers, "n_cases": cases,
        "var_reader": var_reader, "design": design, "n_blocks": blocks, "margin": margin,
    }  # fmt: skip
    both = mrmc_power.obuchowski_rockette(**said, alpha=0.05)
    noncentrality = (effect - margin) ** 2 / variance
    critical = scipy_stats.f.isf(0.05, 1, df)
    assert both.noncentrality == pytest.approx(noncentrality, rel=1e-9)
    assert both.df2 == pytest.approx(df, rel=1e-9)
    wanted = scipy_stats.ncf.sf(critical, 1, df, noncentrality)
    assert both.power == pytest.approx(wanted, rel=1e-6)
    one = mrmc_power.obuchowski_rockette(**said, alpha=0.025, alternative="greater")
    assert one.power <= both.power + 1e-12
    assert one.power == pytest.approx(both.power, abs=0.026)


@quick
@given(
    st.sampled_from(["readers_cases", "cases", "readers"]),
    st.integers(3, 12),
    st.floats(0.03, 0.1),
    st.sampled_from(["two-sided", "greater", "equivalence"]),
)
def test_a_size_is_the_first_with_the_power(random, readers, effect, alternative):
    said = {**PILOT, "n_readers": readers, "random": random, "alternative": alternative}
    said |= {"effect": effect / 10, "margin": 0.1} if alternative == "equivalence" else {
        "effect": effect,
    }  # fmt: skip
    found = mrmc_sample_size.obuchowski_rockette(**said, power=0.8)
    if found.undefined:
        assert found.reason == "no number of cases gives this power with so few readers"
        assert mrmc_power.obuchowski_rockette(**said, n_cases=9_000_000).power < 0.8
        return
    assert mrmc_power.obuchowski_rockette(**said, n_cases=found.sample_size).power == found.power
    assert found.power >= 0.8
    if found.sample_size > 2:
        assert mrmc_power.obuchowski_rockette(**said, n_cases=found.sample_size - 1).power < 0.8


def test_equivalence_has_its_power_in_simulated_estimates():
    said = {**PILOT, "n_readers": 6, "effect": 0.01, "margin": 0.06, "alternative": "equivalence"}
    found = mrmc_power.obuchowski_rockette(**said, n_cases=200)
    variance, df = variance_and_df("crossed", 6, 1, 200, 0.0)
    rng = np.random.default_rng(11)
    estimate = rng.normal(0.01, math.sqrt(variance), 200_000)
    limit = scipy_stats.t.isf(0.05, df) * np.sqrt(variance * rng.chisquare(df, 200_000) / df)
    shown = np.mean((estimate - limit > -0.06) & (estimate + limit < 0.06))
    assert found.power == pytest.approx(shown, abs=0.005)
    fixed = mrmc_power.obuchowski_rockette(**said, n_cases=200, random="cases")
    assert fixed.df2 is None
    assert fixed.power > found.power


def test_a_product_alone_has_its_power_in_simulated_readers():
    readers, cases = 9, 240
    k = 120 / cases
    rng = np.random.default_rng(5)
    shared = rng.normal(0, math.sqrt(k * 0.0006), (100_000, 1))
    spread = math.sqrt(0.0005 + k * (0.0009 - 0.0006))
    differences = 0.05 + shared + rng.normal(0, spread, (100_000, readers))
    mean_square = differences.var(axis=1, ddof=1)
    denominator = mean_square + readers * k * 0.0006
    df = (readers - 1) * (denominator / mean_square) ** 2
    t = np.abs(differences.mean(axis=1)) / np.sqrt(denominator / readers)
    shown = np.mean(t > scipy_stats.t.isf(0.025, df))
    found = mrmc_power.ai_versus_readers(0.05, readers, cases, 120, 0.0005, 0.0006, 0.0009)
    assert found.power == pytest.approx(shown, abs=0.01)
    alone = mrmc_power.ai_versus_readers(
        0.05, readers, cases, 120, 0.0005, 0.0006, 0.0009, random="readers"
    )
    assert alone.df2 == readers - 1


def test_blocks_that_cannot_be_equal_share_pairs_as_they_are():
    said = {**PILOT, "effect": 0.05, "n_cases": 300, "design": "split_plot"}
    three = mrmc_power.obuchowski_rockette(**said, n_readers=7, n_blocks=3)
    sizes = (3, 2, 2)
    shared = sum(n * (n - 1) for n in sizes) / (7 * 6)
    k = 114 * 3 / 300
    gap = shared * (PILOT["cov2"] - PILOT["cov3"])
    denominator = PILOT["var_reader_modality"] + k * (PILOT["var_error"] - PILOT["cov1"] + 6 * gap)
    assert three.noncentrality == pytest.approx(0.05**2 * 7 / (2 * denominator), rel=1e-12)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n_readers": 1}, "n_readers must be a whole number, 2 or more"),
        ({"n_readers": 2.5}, "n_readers must be a whole number"),
        ({"n_cases": 1}, "n_cases must be a whole number, 2 or more"),
        ({"n_blocks": 2}, 'n_blocks above 1 and design="split_plot" go together'),
        ({"design": "split_plot"}, 'n_blocks above 1 and design="split_plot" go together'),
        ({"design": "split_plot", "n_blocks": 9}, "n_blocks is 9, more than n_readers"),
        ({"design": "latin"}, "design must be one of crossed"),
        ({"random": "all"}, "random must be one of readers_cases"),
        ({"alternative": "both"}, "alternative must be one of"),
        ({"alternative": "equivalence"}, "margin must be above 0 for an equivalence"),
        ({"alternative": "greater", "alpha": 0.6}, "alpha must lie strictly between 0 and 0.5"),
        ({"cov1": 0.01}, "a covariance of 0.01 exceeds var_error"),
        ({"var_error": 0.0}, "var_error must be above 0"),
        ({"cov1": 0.0008, "cov2": 0.0004}, "no variance is left"),
        ({"effect": math.nan}, "effect must be a finite number"),
    ],
)
def test_what_cannot_be_is_a_value_error(changed, said):
    arguments = {**PILOT, "effect": 0.05, "n_readers": 8, "n_cases": 200, **changed}
    with pytest.raises(ValueError, match=said):
        mrmc_power.obuchowski_rockette(**arguments)


def test_sizes_that_have_no_effect_to_show_are_value_errors():
    for changed in (
        {"effect": 0.0},
        {"effect": -0.06, "margin": -0.05, "alternative": "greater"},
        {"effect": 0.06, "margin": 0.05, "alternative": "equivalence"},
    ):
        with pytest.raises(ValueError, match="margin"):
            mrmc_sample_size.obuchowski_rockette(**{**PILOT, "n_readers": 8, **changed})


def test_one_reader_can_be_sized_where_readers_are_fixed():
    found = mrmc_power.obuchowski_rockette(
        **{**PILOT, "effect": 0.1, "n_readers": 1, "n_cases": 200}, random="cases"
    )
    z = 0.1 / math.sqrt(2 * 114 / 200 * (PILOT["var_error"] - PILOT["cov1"]))
    wanted = scipy_stats.norm.sf(1.959963984540054 - z) + scipy_stats.norm.sf(1.959963984540054 + z)
    assert found.power == pytest.approx(wanted, rel=1e-9)


CONJECTURED = {
    "metric": "sensitivity", "n_readers": 6, "effect": 0.1, "accuracy": 0.8, "range_between": 0.1,
    "range_within": 0.05, "ratio": 2, "r1": 0.5, "r2": 0.3, "r3": 0.3, "rb": 0.8,
}  # fmt: skip


def test_conjectured_sizes_have_their_power():
    found = mrmc_sample_size.obuchowski(**CONJECTURED, power=0.8)
    ranges = np.ptp(np.random.default_rng(2).normal(size=(200_000, 6)), axis=1).mean()
    assert found.var_reader == pytest.approx((0.1 / ranges) ** 2, rel=0.01)
    assert found.var_within == pytest.approx(0.05**2 * math.pi / 4, rel=1e-9)
    sampling = 0.8 * 0.2 / found.n_units
    denominator = found.var_reader_modality + found.var_within + sampling * (1 - 0.5)
    noncentrality = 6 * 0.1**2 / (2 * denominator)
    power = scipy_stats.ncf.sf(scipy_stats.f.isf(0.05, 1, 5), 1, 5, noncentrality)
    assert 0.8 <= power < 0.81
    assert found.n_nondiseased == 2 * found.n_diseased
    other = mrmc_sample_size.obuchowski(**{**CONJECTURED, "metric": "specificity"}, power=0.8)
    assert (other.n_nondiseased, other.n_diseased) == (found.n_units, math.ceil(found.n_units / 2))


def test_conjectures_that_readers_alone_defeat_have_no_size():
    found = mrmc_sample_size.obuchowski(**{**CONJECTURED, "n_readers": 2, "effect": 0.02})
    assert found.undefined
    assert found.sample_size is None
    assert found.var_reader > 0
    for changed in ({"ratio": 0}, {"effect": 0}, {"r1": 1, "r2": 0.2}, {"n_readers": 1}):
        with pytest.raises(ValueError, match=r"must|is 0|leave"):
            mrmc_sample_size.obuchowski(**{**CONJECTURED, **changed})
    with pytest.raises(ValueError, match="lesions_per_case must be 1 or more"):
        mrmc_sample_size.obuchowski(**CONJECTURED, icc=0.5, lesions_per_case=0.5)


@quick
@given(st.floats(0.55, 0.95), st.floats(0.5, 0.95), st.sampled_from([0.5, 1.0, 3.0]))
def test_one_area_has_the_power_that_it_was_sized_for(auc, power, ratio):
    found = auc_sample_size.obuchowski(auc, power, ratio=ratio)
    whole = math.ceil(found.n_diseased), math.ceil(found.n_nondiseased)
    assert found.sample_size == sum(whole)
    reached = auc_power.obuchowski(auc, 1000 * whole[0], 1000 * whole[1])
    assert reached.power > power
    larger, smaller = (math.ceil(f * found.n_diseased) for f in (1.2, 0.8))
    assert auc_power.obuchowski(auc, larger + 1, math.ceil(larger * ratio) + 1).power > power
    if smaller > 30:
        assert auc_power.obuchowski(auc, smaller - 1, int(smaller * ratio)).power < power


def test_one_area_of_one_half_has_no_size():
    with pytest.raises(ValueError, match=r"auc is 0\.5"):
        auc_sample_size.obuchowski(0.5, 0.8)
    with pytest.raises(ValueError, match="ratio must be above 0"):
        auc_sample_size.obuchowski(0.7, 0.8, ratio=0)
    with pytest.raises(ValueError, match="n_diseased must be a whole number"):
        auc_power.obuchowski(0.7, 0, 10)
