import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st

from clinval.stats.comparison import mean_difference
from clinval.stats.missing import missing_data as md

quick = settings(deadline=None, max_examples=40, derandomize=True)

METHODS = [md.missing_at_random_normal, md.jump_to_reference_normal, md.delta_adjusted_normal]
NAMES = ("estimate", "se", "variance_within", "variance_between", "df", "ci_low", "ci_high")


def trial(seed=1, n=30, lost=0.25):
    draw = np.random.default_rng(seed)
    arm = np.repeat([1, 0], [n, n + 4])
    baseline = draw.normal(5, 1, len(arm))
    score = 2 + 0.5 * arm + 0.8 * baseline + draw.normal(0, 0.7, len(arm))
    score[draw.random(len(arm)) < lost] = np.nan
    return score, arm, baseline


def needs(function):
    return {"delta_test": -0.7} if function is md.delta_adjusted_normal else {}


# --- a second computation: each data set by itself, by statsmodels -------------------------


def by_hand(score, arm, baseline, seed, m, delta=(0.0, 0.0), *, from_reference=False):
    draw = np.random.default_rng(seed)
    columns = [np.ones(len(score)), arm]
    if baseline is not None:
        columns.append(baseline - np.mean(baseline))
    x, gone = np.column_stack(columns).astype(float), np.isnan(score)
    fit = sm.OLS(score[~gone], x[~gone]).fit()
    # the random numbers in the order of the documentation: sigma, coefficients, values
    sigma = np.sqrt(fit.ssr / draw.chisquare(fit.df_resid, m))
    root = np.linalg.inv(np.linalg.qr(x[~gone])[1])  # of (X'X)^-1
    standard = draw.standard_normal((x.shape[1], m))
    noise = draw.standard_normal((gone.sum(), m))
    where = x[gone].copy()
    if from_reference:
        where[:, 1] = 0
    estimates, errors = [], []
    for i in range(m):
        coefficients = fit.params + sigma[i] * root @ standard[:, i]
        y = score.copy()
        y[gone] = where @ coefficients + sigma[i] * noise[:, i]
        y[gone & (arm == 1)] += delta[0]
        y[gone & (arm == 0)] += delta[1]
        analysis = sm.OLS(y, x).fit()
        estimates.append(analysis.params[1])
        errors.append(analysis.bse[1])
    return md.rubin(estimates, errors, df_complete=len(score) - x.shape[1])


@pytest.mark.parametrize("with_baseline", [False, True])
@pytest.mark.parametrize("seed", [0, 7])
def test_imputations_one_by_one(with_baseline, seed):
    score, arm, baseline = trial(seed)
    x = baseline if with_baseline else None
    for function, options, given_ in (
        (md.missing_at_random_normal, {}, {}),
        (md.jump_to_reference_normal, {"from_reference": True}, {}),
        (
            md.delta_adjusted_normal,
            {"delta": (-1.3, 0.4)},
            {"delta_test": -1.3, "delta_reference": 0.4},
        ),
    ):
        result = function(score, arm, baseline=x, seed=seed, imputations=30, **given_)
        wanted = by_hand(score, arm, x, seed, 30, **options)
        for name in NAMES:
            assert getattr(result, name) == pytest.approx(getattr(wanted, name), rel=1e-9), name
        assert (result.n, result.imputations) == (len(score), 30)


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_a_map_is_its_cells(alternative):
    score, arm, baseline = trial(3)
    tests, references = [-2.5, -1.0, 0.0, 1.5], [-1.0, 0.0, 2.0]
    options = {"baseline": baseline, "seed": 8, "imputations": 25, "level": 0.9}
    table = md.tipping_map_normal(
        score, arm, tests, references, margin=0.1, alternative=alternative, **options
    )
    shown = 0
    for i, one in enumerate(tests):
        for j, other in enumerate(references):
            cell = md.delta_adjusted_normal(
                score, arm, delta_test=one, delta_reference=other, **options
            )
            assert table.estimate[i][j] == pytest.approx(cell.estimate, abs=1e-12)
            assert table.ci_low[i][j] == pytest.approx(cell.ci_low, abs=1e-12)
            assert table.ci_high[i][j] == pytest.approx(cell.ci_high, abs=1e-12)
            above = cell.ci_low > 0.1 if alternative == "greater" else cell.ci_high < 0.1
            assert table.non_inferior[i][j] == above
            shown += above
    assert (table.n_cells, table.n_non_inferior) == (12, shown)
    assert (table.deltas_test, table.deltas_reference) == (tuple(tests), tuple(references))


# --- properties ----------------------------------------------------------------------------


@st.composite
def trials(draw):
    n = draw(st.integers(6, 20))
    arm = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    score = draw(st.lists(st.one_of(st.none(), st.integers(-50, 50)), min_size=n, max_size=n))
    baseline = draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))
    return score, arm, draw(st.sampled_from([None, baseline]))


@quick
@given(trials(), st.integers(0, 2**31))
def test_properties(data, seed):
    score, arm, baseline = data
    options = {"seed": seed, "baseline": baseline, "imputations": 6}
    for function in METHODS:
        result = function(score, arm, **options, **needs(function))
        assert result == function(score, arm, **options, **needs(function))
        assert result.n == len(score)
        if result.undefined:
            assert result.estimate is None
            assert result.reason
            continue
        assert result.ci_low <= result.estimate <= result.ci_high
        # the unit and the origin of the score do not matter
        moved = [None if value is None else 3.0 * value - 7 for value in score]
        again = md.missing_at_random_normal(moved, arm, **options)
        plain = md.missing_at_random_normal(score, arm, **options)
        assert again.estimate == pytest.approx(3 * plain.estimate, rel=1e-6, abs=1e-6)
        assert again.se == pytest.approx(3 * plain.se, rel=1e-6)


def test_complete_data_are_analyzed_as_they_are():
    score, arm, baseline = trial(5, lost=0)
    student = mean_difference.student(score[arm == 1], score[arm == 0])
    for function in METHODS:
        result = function(score, arm, seed=1, **needs(function))
        assert result.estimate == pytest.approx(student.estimate)
        assert result.se == pytest.approx(student.se)
        assert result.variance_between == 0
        assert result.df == pytest.approx(student.df * (student.df + 1) / (student.df + 3))
    adjusted = mean_difference.ancova(score, arm, baseline)
    result = md.missing_at_random_normal(score, arm, baseline=baseline, seed=1)
    assert result.estimate == pytest.approx(adjusted.estimate)
    assert result.se == pytest.approx(adjusted.se)


def test_what_the_assumptions_do_to_the_estimate():
    score, arm, _ = trial(6, n=200)
    observed = ~np.isnan(score)
    means = [score[observed & (arm == a)].mean() for a in (0, 1)]
    lost = [1 - observed[arm == a].mean() for a in (0, 1)]
    options = {"seed": 1, "imputations": 4000}
    plain = md.missing_at_random_normal(score, arm, **options)
    assert plain.estimate == pytest.approx(means[1] - means[0], abs=0.01)
    jumped = md.jump_to_reference_normal(score, arm, **options)
    assert jumped.estimate == pytest.approx((1 - lost[1]) * (means[1] - means[0]), abs=0.01)
    shifted = md.delta_adjusted_normal(score, arm, delta_test=-2, delta_reference=1, **options)
    assert shifted.estimate == pytest.approx(plain.estimate - 2 * lost[1] - lost[0])
    assert shifted.variance_between == pytest.approx(plain.variance_between)


def test_intervals_cover_in_repeated_studies():
    times, covered = 500, 0
    for number in range(times):
        draw = np.random.default_rng([number, 3])
        arm = np.repeat([1, 0], 25)
        baseline = draw.normal(0, 1, 50)
        score = 0.6 * arm + baseline + draw.normal(0, 0.8, 50)
        # missing at random given the baseline: those who start low drop out
        gone = draw.random(50) < 1 / (1 + np.exp(2 * baseline + 1))
        held = np.where(gone, np.nan, score)
        result = md.missing_at_random_normal(
            held, arm, baseline=baseline, seed=number, imputations=20
        )
        covered += result.ci_low <= 0.6 <= result.ci_high
    assert covered / times == pytest.approx(0.95, abs=0.03)


# --- edges ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "arm", "baseline", "reason"),
    [
        ([], [], None, "an arm has no observed result"),
        ([1.5, 2.0, 3.0], [1, 1, 1], None, "an arm has no observed result"),
        ([1.5, 2.0, None, None], [1, 1, 0, 0], None, "an arm has no observed result"),
        ([1.5, None, 2.0, None], [1, 1, 0, 0], None, "no degrees of freedom for the error"),
        ([1.5, 2.0, 1.0, 2.0], [1, 1, 0, 0], [3, 3, 5, 5], "the baseline does not vary"),
        ([1.5, 1.5, 1.0, 1.0], [1, 1, 0, 0], None, "the model fits every value"),
        ([0.3, 0.6, 0.2, 0.4], [1, 1, 0, 0], [1, 2, 1, 2], None),
        ([0.3, 0.6, 0.1, 0.4], [1, 1, 0, 0], [1, 2, 1, 2], "the model fits every value"),
    ],
)
def test_undefined(score, arm, baseline, reason):
    for function in METHODS:
        result = function(score, arm, baseline=baseline, seed=1, **needs(function))
        assert result.undefined == (reason is not None)
        assert result.reason.startswith(reason or "")
        assert result.method == f"missing_data.{function.__name__}"
    table = md.tipping_map_normal(score, arm, [0, 1], [0], margin=0, baseline=baseline, seed=1)
    assert table.reason.startswith(reason or "")
    assert table.n_cells == 2
    assert (table.ci_low is None) == (reason is not None)


@pytest.mark.parametrize(
    ("score", "arm", "options", "message"),
    [
        ([1, 2, 3], [1, 0], {}, "lengths differ: score 3, arm 2"),
        ([1, 2, 3], [1, 0, 2], {}, "arm must be 1"),
        ([1, math.inf, 3], [1, 0, 1], {}, "score must be a list of finite numbers"),
        ([[1, 2]], [1, 0], {}, "score must be a list of finite numbers"),
        ([1, 2, 3], [1, 0, 1], {"baseline": [1, 2]}, "lengths differ: score 3, baseline 2"),
        ([1, 2, 3], [1, 0, 1], {"baseline": [1, None, 2]}, "baseline holds a missing"),
        ([1, 2, 3], [1, 0, 1], {"imputations": 1}, "imputations must be 2 or more"),
        ([1, 2, 3], [1, 0, 1], {"seed": 0.5}, "seed must be a count"),
        ([1, 2, 3], [1, 0, 1], {"level": 1}, "level must lie strictly"),
    ],
)
def test_invalid(score, arm, options, message):
    for function in METHODS:
        with pytest.raises(ValueError, match=message):
            function(score, arm, **{"seed": 1, **needs(function), **options})
    with pytest.raises(ValueError, match=message):
        md.tipping_map_normal(score, arm, [0], [0], **{"seed": 1, "margin": 0, **options})


def test_invalid_shifts():
    score, arm, _ = trial()
    with pytest.raises(ValueError, match="delta_reference must be a finite number"):
        md.delta_adjusted_normal(score, arm, delta_test=0, delta_reference=math.nan, seed=1)
    for options, message in (
        ({"deltas_test": [0, math.nan]}, "deltas_test holds a missing"),
        ({"deltas_reference": 3}, "deltas_reference must be a list"),
        ({"margin": math.inf}, "margin must be a finite number"),
        ({"alternative": "two-sided"}, "alternative must be one of greater, less"),
    ):
        arguments = {"deltas_test": [0], "deltas_reference": [0], "margin": 0, **options}
        with pytest.raises(ValueError, match=message):
            md.tipping_map_normal(score, arm, seed=1, **arguments)
