import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats as scipy_stats

from clinval.stats.agreement import icc

quick = settings(deadline=None, max_examples=40, derandomize=True)
FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


@st.composite
def matrices(draw, subjects=10, raters=5):
    n, k = draw(st.integers(3, subjects)), draw(st.integers(2, raters))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    sd = [draw(st.floats(0.1, 5)) for _ in range(3)]
    table = 50 + sd[0] * rng.normal(size=(n, 1)) + sd[1] * rng.normal(size=(1, k))
    return table + sd[2] * rng.normal(size=(n, k))


@quick
@given(matrices())
def test_against_pingouin(table):
    import pingouin

    subject, rater = np.indices(table.shape)
    frame = pd.DataFrame(
        {"subject": subject.ravel(), "rater": rater.ravel(), "score": table.ravel()}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = pingouin.intraclass_corr(frame, "subject", "rater", "score")
    for form, (_, row) in zip(FORMS, wanted.iterrows(), strict=True):
        result = icc.shrout_fleiss(table, form=form)
        if result.estimate is None:
            continue
        assert result.estimate == pytest.approx(row["ICC"], rel=1e-6, abs=1e-9)
        assert result.statistic == pytest.approx(row["F"], rel=1e-6)
        assert (result.df, result.df2) == (row["df1"], row["df2"])
        low, high = next(row[name] for name in ("CI95%", "CI95") if name in row.index)
        if result.ci_low is not None and result.estimate > 0:
            assert result.ci_low == pytest.approx(low, abs=0.0051)
            assert result.ci_high == pytest.approx(high, abs=0.0051)


def test_the_published_table():
    wanted = (0.17, 0.29, 0.71, 0.44, 0.62, 0.91)
    for form, value in zip(FORMS, wanted, strict=True):
        assert icc.shrout_fleiss(SHROUT_FLEISS, form=form).estimate == pytest.approx(
            value, abs=0.005
        )


@quick
@given(matrices(), st.floats(0.1, 100), st.floats(-1000, 1000))
def test_unit_and_origin_do_not_matter(table, unit, origin):
    order = np.random.default_rng(1).permutation(len(table))
    for form in FORMS:
        one, other = (
            icc.shrout_fleiss(table, form=form),
            icc.shrout_fleiss(origin + unit * table[order, ::-1], form=form),
        )
        for name in ("estimate", "ci_low", "ci_high", "statistic", "p_value"):
            a, b = getattr(one, name), getattr(other, name)
            assert (a is None) == (b is None)
            if a is not None:
                assert a == pytest.approx(b, rel=1e-5, abs=1e-7)
        if one.ci_low is not None:
            assert one.ci_high <= 1
            # form 2 approximates degrees of freedom, which are next to 0 for some negative r
            if "2" not in form or one.estimate > 0:
                assert one.ci_low <= one.estimate + 1e-9
                assert one.estimate <= one.ci_high + 1e-9
            narrow = icc.shrout_fleiss(table, form=form, level=0.8)
            if narrow.ci_low is not None:
                assert one.ci_low <= narrow.ci_low + 1e-9


def test_the_interval_of_consistency_covers():
    rng = np.random.default_rng(12)
    hits = 0
    for _ in range(800):
        table = 2 * rng.normal(size=(15, 1)) + rng.normal(size=(15, 3))
        result = icc.shrout_fleiss(table, form="ICC(3,1)")
        hits += result.ci_low <= 0.8 <= result.ci_high
    assert 0.927 < hits / 800 < 0.973


# --- REML -----------------------------------------------------------------------------------


def dense_fit(table):
    """REML with full matrices, over the logarithms of the three variances."""
    table = np.asarray(table, float)
    subject, rater = np.nonzero(~np.isnan(table))
    y = table[subject, rater]
    same_subject = (subject[:, None] == subject).astype(float)
    same_rater = (rater[:, None] == rater).astype(float)
    one = np.ones(len(y))

    def parts(theta):
        v = theta[0] * same_subject + theta[1] * same_rater + theta[2] * np.eye(len(y))
        inverse = np.linalg.inv(v)
        information = one @ inverse @ one
        mean = one @ inverse @ y / information
        r = y - mean
        return np.linalg.slogdet(v)[1] + np.log(information) + r @ inverse @ r, mean

    best = min(
        (
            optimize.minimize(
                lambda t: parts(np.exp(t))[0],
                start,
                method="Nelder-Mead",
                options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000, "maxfev": 4000},
            )
            for start in ([0, 0, 0], [1, -1, 0], [-1, 1, 0])
        ),
        key=lambda found: found.fun,
    )
    return np.exp(best.x), parts(np.exp(best.x))[1]


@pytest.mark.parametrize("seed", [1, 2, 3, 5])
def test_reml_with_missing_cells_agrees_with_dense_matrices(seed):
    rng = np.random.default_rng(seed)
    table = 20 + 2 * rng.normal(size=(9, 1)) + 1.5 * rng.normal(size=(1, 4))
    table = table + rng.normal(size=(9, 4))
    table[rng.random(table.shape) < 0.2] = np.nan
    (subject, rater, error), mean = dense_fit(table)
    result = icc.reml(table)
    assert result.variance_subject == pytest.approx(subject, rel=1e-4, abs=1e-6)
    assert result.variance_rater == pytest.approx(rater, rel=1e-4, abs=1e-6)
    assert result.variance_residual == pytest.approx(error, rel=1e-4)
    assert result.mean == pytest.approx(mean, rel=1e-6)
    assert result.estimate == pytest.approx(subject / (subject + rater + error), rel=1e-4)
    consistency = icc.reml(table, form="ICC(3,1)")
    assert consistency.estimate == pytest.approx(subject / (subject + error), rel=1e-4)


@quick
@given(matrices(8, 4))
def test_reml_of_complete_ratings_is_the_analysis_of_variance(table):
    n, k = table.shape
    residual = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    error = (residual**2).sum() / ((n - 1) * (k - 1))
    between = k * table.mean(axis=1).var(ddof=1)
    raters = n * table.mean(axis=0).var(ddof=1)
    result = icc.reml(table)
    assert result.mean == pytest.approx(table.mean(), rel=1e-9)
    if min(between, raters) > 1.01 * error:
        assert result.variance_residual == pytest.approx(error, rel=1e-5)
        assert result.variance_subject == pytest.approx((between - error) / k, rel=1e-3)
        assert result.variance_rater == pytest.approx((raters - error) / n, rel=1e-3)
        single = icc.shrout_fleiss(table, form="ICC(2,1)")
        assert result.estimate == pytest.approx(single.estimate, rel=1e-4)
    assert 0 <= result.estimate <= 1


def test_reml_of_many_subjects():
    rng = np.random.default_rng(9)
    table = 2 * rng.normal(size=(50_000, 1)) + rng.normal(size=(50_000, 3))
    table[rng.random(table.shape) < 0.1] = np.nan
    result = icc.reml(table)
    assert result.estimate == pytest.approx(0.8, abs=0.01)
    assert result.n == int((~np.isnan(table)).any(axis=1).sum())


# --- edges --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_perfect_and_constant_ratings(form):
    perfect = icc.shrout_fleiss([[1, 1], [2, 2], [3, 3]], form=form)
    assert (perfect.estimate, perfect.ci_low, perfect.ci_high) == (1, 1, 1)
    assert (perfect.statistic, perfect.p_value) == (None, None)
    decimals = icc.shrout_fleiss([[0.1, 0.1], [0.7, 0.7], [0.3, 0.3]], form=form)
    assert (decimals.estimate, decimals.statistic) == (1, None)
    constant = icc.shrout_fleiss([[3.3, 3.3]] * 6, form=form)
    assert (constant.estimate, constant.ci_low, constant.undefined) == (None, None, True)
    for table in ([[1, 2]], [[1], [2]], [[], []], []):
        few = icc.shrout_fleiss(table, form=form)
        assert (few.estimate, few.undefined) == (None, True)


def test_a_constant_shift_between_raters_is_no_perfect_agreement():
    # consistency is perfect, absolute agreement is not, though the error is 0
    table = [[1, 2], [2, 3], [3, 4]]
    assert icc.shrout_fleiss(table, form="ICC(3,1)").estimate == 1
    shifted = icc.shrout_fleiss(table, form="ICC(2,1)")
    assert shifted.estimate == pytest.approx(2 / 3)
    # the limits of the formula as the error vanishes
    nearly = icc.shrout_fleiss(np.array(table) + 1e-7 * np.eye(3, 2), form="ICC(2,1)")
    assert shifted.ci_low == pytest.approx(nearly.ci_low, rel=1e-4)
    assert shifted.ci_high == pytest.approx(nearly.ci_high, rel=1e-4)
    assert shifted.statistic is None
    reml = icc.reml(table)
    assert reml.variance_residual == 0
    assert reml.estimate == pytest.approx(2 / 3)
    assert icc.reml(table, form="ICC(3,1)").estimate == 1


def test_no_difference_between_subjects():
    table = [[1, 2, 3], [3, 1, 2], [2, 3, 1]]
    single = icc.shrout_fleiss(table, form="ICC(1,1)")
    assert single.estimate == pytest.approx(-0.5)
    mean = icc.shrout_fleiss(table, form="ICC(1,k)")
    assert (mean.estimate, mean.undefined) == (None, True)
    assert icc.reml(table).estimate == 0
    only_raters = icc.shrout_fleiss([[1, 2], [1, 2]], form="ICC(3,1)")
    assert only_raters.reason == "neither subjects nor the error vary"


def test_reml_that_cannot_be_estimated():
    for table in ([[3, 3]] * 4, [[1, 2]], [[1], [2]], []):
        result = icc.reml(table)
        assert (result.estimate, result.undefined) == (None, True)
    apart = icc.reml([[1, None], [None, 2], [3, None], [None, 5]])
    assert apart.reason == "no degrees of freedom for the error"


def test_empty_rows_and_columns_are_dropped():
    padded = [[*row, None] for row in SHROUT_FLEISS] + [[None] * 5]
    assert icc.shrout_fleiss(padded) == icc.shrout_fleiss(SHROUT_FLEISS)
    assert icc.reml(padded).n == 6


def test_invalid_input():
    holes = [[9, 2, 5, 8], [6, 1, None, 2], [8, 4, 6, 8]]
    with pytest.raises(ValueError, match="ratings lacks a value"):
        icc.shrout_fleiss(holes)
    with pytest.raises(ValueError, match="form must be one of"):
        icc.shrout_fleiss(SHROUT_FLEISS, form="ICC(4,1)")
    with pytest.raises(ValueError, match="form must be one of"):
        icc.reml(SHROUT_FLEISS, form="ICC(1,1)")
    with pytest.raises(ValueError, match="level"):
        icc.shrout_fleiss(SHROUT_FLEISS, level=1)
    for function in (icc.shrout_fleiss, icc.reml):
        with pytest.raises(ValueError, match="rows of equal length that hold numbers"):
            function([["a", "b"], ["c", "d"]])
        with pytest.raises(ValueError, match="rows of equal length"):
            function([[1, 2], [3]])
        with pytest.raises(ValueError, match="must be a matrix"):
            function([1, 2, 3])
        with pytest.raises(ValueError, match="infinite"):
            function([[1, float("inf")], [2, 3]])


def test_an_interval_with_hardly_a_degree_of_freedom():
    # v is 0.01, whose F quantile is beyond all numbers
    table = [[47.59445036, 53.13762247], [46.14192997, 53.63908766], [43.59635602, 55.14148612]]
    result = icc.shrout_fleiss(table, form="ICC(2,1)")
    assert result.estimate == pytest.approx(-0.0605052, abs=1e-6)
    # the limit of the formula as its quantile grows: -n MSE / (k MSJ + (k n - k - n) MSE)
    assert result.ci_low == pytest.approx(-3 * 4.685636666 / (2 * 100.7408064 + 4.685636666))
    assert math.isfinite(result.ci_high)
    mean = icc.shrout_fleiss(table, form="ICC(2,k)")
    assert mean.ci_low is not None
    assert not mean.undefined


def test_p_value_is_the_tail_of_f():
    result = icc.shrout_fleiss(SHROUT_FLEISS, form="ICC(2,1)")
    assert result.p_value == pytest.approx(scipy_stats.f.sf(result.statistic, 5, 15), rel=1e-9)


def test_a_limit_beyond_the_pole_of_spearman_and_brown_does_not_exist():
    # k r/(1 + (k - 1) r) of a single limit below -1/(k - 1) would be above 1
    ratings = [[1.80, 0.69], [-1.27, 1.23]]
    single = icc.shrout_fleiss(ratings, form="ICC(2,1)", level=0.5)
    mean = icc.shrout_fleiss(ratings, form="ICC(2,k)", level=0.5)
    assert single.ci_low < -1 < single.estimate
    assert mean.ci_low is None
    assert mean.undefined
    assert mean.estimate == pytest.approx(2 * single.estimate / (1 + single.estimate))
    assert mean.ci_high == pytest.approx(2 * single.ci_high / (1 + single.ci_high))


# --- components -----------------------------------------------------------------------------


def long_form(table):
    table = np.asarray(table, float)
    subject, reader = np.nonzero(~np.isnan(table))
    return {"value": table[subject, reader], "subject": subject, "reader": reader}


@pytest.mark.parametrize("form", ["ICC(2,1)", "ICC(3,1)"])
@pytest.mark.parametrize("seed", [1, 2])
def test_components_of_subjects_and_readers_are_those_of_reml(form, seed):
    rng = np.random.default_rng(seed)
    table = 2 * rng.normal(size=(30, 1)) + rng.normal(size=(1, 4)) + rng.normal(size=(30, 4))
    table[rng.random(table.shape) < 0.15] = np.nan
    whole, result = icc.reml(table, form=form), icc.components(**long_form(table), form=form)
    for name in ("estimate", "mean", "variance_subject", "variance_residual"):
        assert getattr(result, name) == pytest.approx(getattr(whole, name), rel=1e-5), name
    assert result.variance_reader == pytest.approx(whole.variance_rater, rel=1e-5)
    assert result.within_center == result.estimate
    assert (result.same_reader, result.variance_center, result.variance_session) == (None,) * 3
    assert (result.n, result.readers, result.centers, result.sessions) == (30, 4, 1, 1)
    assert 0 < result.ci_low < result.estimate < result.ci_high < 1


def test_the_interval_of_the_components_covers():
    rng = np.random.default_rng(41)
    hits = 0
    for _ in range(100):
        table = 2 * rng.normal(size=(25, 1)) + 0.7 * rng.normal(size=(1, 5))
        table = table + rng.normal(size=(25, 5))
        result = icc.components(**long_form(table))
        hits += result.ci_low <= 4 / 5.49 <= result.ci_high
    assert hits / 100 > 0.88


def study_of_centers(seed, gaps=0.0):
    rng = np.random.default_rng(seed)
    subject, reader, session = (grid.ravel() for grid in np.indices((160, 4, 2)))
    center = subject % 8
    value = 3 * np.linspace(-1, 1, 8)[center] + 2 * rng.normal(size=160)[subject]
    value = (
        value + np.array([1, -1, 0.5, -0.5])[reader] + rng.normal(size=(160, 4))[subject, reader]
    )
    value = value + np.linspace(-0.9, 0.9, 8)[reader * 2 + session] + 0.5 * rng.normal(size=1280)
    kept = rng.random(1280) >= gaps
    columns = {"value": value, "subject": subject, "reader": reader}
    columns |= {"center": center, "session": session}
    return {name: column[kept] for name, column in columns.items()}


def test_centers_and_sessions_have_their_shares():
    result = icc.components(**study_of_centers(1, gaps=0.1))
    assert result.variance_subject == pytest.approx(4, rel=0.3)
    assert result.variance_subject_reader == pytest.approx(1, rel=0.2)
    assert result.variance_residual == pytest.approx(0.25, rel=0.15)
    parts = {
        name: getattr(result, f"variance_{name}")
        for name in ("center", "subject", "reader", "subject_reader", "session", "residual")
    }
    total = sum(parts.values())
    assert result.estimate == pytest.approx((parts["center"] + parts["subject"]) / total)
    assert result.within_center == pytest.approx(parts["subject"] / (total - parts["center"]))
    same = parts["center"] + parts["subject"] + parts["reader"] + parts["subject_reader"]
    assert result.same_reader == pytest.approx(same / total)
    assert result.within_center < result.estimate < result.same_reader
    assert result.same_reader_ci_low < result.same_reader < result.same_reader_ci_high
    consistent = icc.components(**study_of_centers(1, gaps=0.1), form="ICC(3,1)")
    left = total - parts["reader"] - parts["session"]
    assert consistent.estimate == pytest.approx((parts["center"] + parts["subject"]) / left)
    same = parts["center"] + parts["subject"] + parts["subject_reader"]
    assert consistent.same_reader == pytest.approx(same / left)


def test_replicates_without_sessions_are_replicates():
    study = study_of_centers(2)
    session = study.pop("session")
    result = icc.components(**study)
    assert (result.variance_session, result.sessions) == (None, 1)
    assert result.variance_subject_reader == pytest.approx(1, rel=0.3)
    with pytest.raises(ValueError, match="in one session"):
        icc.components(**study, session=0 * session)


def test_unit_origin_and_order_of_components_do_not_matter():
    study = study_of_centers(3, gaps=0.2)
    order = np.random.default_rng(1).permutation(len(study["value"]))
    moved = {name: column[order] for name, column in study.items()}
    moved["value"] = 1000 + 9 * moved["value"]
    one, other = icc.components(**study), icc.components(**moved)
    for name in ("estimate", "se", "ci_low", "within_center", "same_reader_ci_high"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-4), name
    assert other.variance_reader == pytest.approx(81 * one.variance_reader, rel=1e-4)


def test_components_that_cannot_be_estimated():
    def reason(value, subject, reader, **more):
        result = icc.components(value, subject=subject, reader=reader, **more)
        assert result.undefined
        return result.reason

    missing = "no subject has two values, or all have one reader"
    assert reason([], [], []) == missing
    assert reason([1, 2, 3, 4], [1, 1, 2, 2], ["A"] * 4) == missing
    assert reason([1, 2, 3], [1, 2, 3], ["A", "B", "A"]) == missing
    assert reason([2, 2, 2, 2], [1, 1, 2, 2], ["A", "B"] * 2) == "the values do not vary"
    perfect = [1, 1, 2, 2, 5, 5]
    assert reason(perfect, [1, 1, 2, 2, 3, 3], ["A", "B"] * 3) == "the model fits every value"
    rng = np.random.default_rng(1)
    own = np.arange(40) // 2
    confounded = reason(rng.normal(size=40), own, own % 4, center=own % 4)
    assert confounded == "the design does not tell the variances apart"
    low = icc.components([1, 2, 2, 1, 1.5, 1.6], subject=[1, 1, 2, 2, 3, 3], reader=["A", "B"] * 3)
    assert (low.estimate, low.ci_low, low.reason) == (0, None, "the correlation is 0 or 1")
    with pytest.raises(ValueError, match="two centers"):
        icc.components([1, 2, 3, 4], subject=[1, 1, 2, 2], reader=[1, 2, 1, 2], center=[1, 2, 1, 1])
    with pytest.raises(ValueError, match="form"):
        icc.components([1, 2], subject=[1, 1], reader=[1, 2], form="ICC(1,1)")
    with pytest.raises(ValueError, match="lengths differ"):
        icc.components([1, 2], subject=[1, 1], reader=[1])


# --- bootstrap --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_bootstrap_draws_patients_within_centers(form):
    rng = np.random.default_rng(51)
    table = 50 + 4 * np.repeat([0, 1, 2], 10)[:, None] + 2 * rng.normal(size=(30, 1))
    table = table + 0.5 * rng.normal(size=(1, 3)) + rng.normal(size=(30, 3))
    patient, center = np.arange(30) // 2, np.arange(30) // 10
    labels = {"cluster": patient, "strata": center}
    result = icc.shrout_fleiss_bootstrap(table, form=form, **labels, draws=4000, seed=5)
    drawn = []
    for _ in range(1200):
        whom = np.concatenate([5 * c + rng.integers(0, 5, 5) for c in range(3)])
        rows = (2 * whom[:, None] + [0, 1]).ravel()
        drawn.append(icc.shrout_fleiss(table[rows], form=form).estimate)
    assert result.method == "icc.shrout_fleiss_bootstrap"
    assert result.estimate == icc.shrout_fleiss(table, form=form).estimate
    assert result.se == pytest.approx(np.std(drawn), rel=0.1)
    assert (result.ci_low, result.ci_high) == pytest.approx(
        np.quantile(drawn, [0.025, 0.975]), abs=0.02
    )
    assert (result.clusters, result.n, result.undefined_draws) == (15, 30, 0)


def test_edges_of_the_bootstrap():
    perfect = icc.shrout_fleiss_bootstrap([[1, 1], [2, 2], [7, 7], [9, 9]], draws=4000, seed=1)
    assert (perfect.estimate, perfect.se, perfect.ci_low) == (1, 0, 1)
    # draws of one subject four times do not vary
    assert perfect.undefined_draws == pytest.approx(4000 / 64, rel=0.4)
    constant = icc.shrout_fleiss_bootstrap([[3, 3], [3, 3]], seed=1)
    assert (constant.estimate, constant.undefined) == (None, True)
    assert icc.shrout_fleiss_bootstrap([], seed=1).undefined
    # an empty subject is dropped with its label
    gap = icc.shrout_fleiss_bootstrap(
        [[1, 2], [None, None], [4, 3], [7, 8]], cluster=["a", "b", "c", "d"], seed=1
    )
    assert (gap.n, gap.clusters) == (3, 3)
    with pytest.raises(ValueError, match="lacks a value"):
        icc.shrout_fleiss_bootstrap([[1, 2], [2, None]], seed=1)
    with pytest.raises(ValueError, match="lengths differ"):
        icc.shrout_fleiss_bootstrap([[1, 2], [2, 3]], cluster=["a"], seed=1)
