import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import special, stats as scipy_stats

from clinval.stats.comparison import mean_difference
from clinval.stats.missing import missing_data as md

quick = settings(deadline=None, max_examples=40, derandomize=True)

METHODS = [
    md.missing_at_random_paired_normal,
    md.jump_to_reference_paired_normal,
    md.delta_adjusted_paired_normal,
]
NAMES = ("estimate", "se", "variance_within", "variance_between", "df", "ci_low", "ci_high")


def trial(seed=1, n=40, lost=(0.2, 0.15)):
    draw = np.random.default_rng(seed)
    subject = draw.normal(5, 1, n)
    test = subject + 0.5 + draw.normal(0, 0.7, n)
    reference = subject + draw.normal(0, 0.5, n)
    test[draw.random(n) < lost[0]] = np.nan
    reference[draw.random(n) < lost[1]] = np.nan
    return test, reference


def needs(function):
    return {"delta_test": -0.7} if function is md.delta_adjusted_paired_normal else {}


# --- second computations: each data set by itself; the posterior by importance sampling -------


def by_hand(test, reference, seed, m, delta=(0.0, 0.0), *, from_reference=False):
    """Impute pairs without either value, one data set after the other, with the same numbers."""
    draw = np.random.default_rng(seed)
    known = ~np.isnan(test)
    n, gone = known.sum(), (~known).sum()
    mean, s = [v[known].mean() for v in (test, reference)], np.cov(test[known], reference[known])
    s = s * (n - 1)
    # in the order of the documentation: the reference, then the test given the reference
    variance = s[1, 1] / draw.chisquare(n - 2, m)
    about = np.linalg.det(s) / s[1, 1] / draw.chisquare(n - 1, m)
    slope = s[0, 1] / s[1, 1] + np.sqrt(about / s[1, 1]) * draw.standard_normal(m)
    mean_reference = mean[1] + np.sqrt(variance / n) * draw.standard_normal(m)
    mean_test = mean[0] + slope * (mean_reference - mean[1])
    mean_test = mean_test + np.sqrt(about / n) * draw.standard_normal(m)
    draw.standard_normal((0, m))
    noise = [draw.standard_normal((gone, m)) for _ in range(2)]
    estimates, errors = [], []
    for i in range(m):
        y = mean_reference[i] + math.sqrt(variance[i]) * noise[0][:, i]
        x = mean_test[i] + slope[i] * (y - mean_reference[i]) + math.sqrt(about[i]) * noise[1][:, i]
        if from_reference:
            x = x + mean_reference[i] - mean_test[i]
        full = [test.copy(), reference.copy()]
        full[0][~known], full[1][~known] = x + delta[0], y + delta[1]
        result = scipy_stats.ttest_rel(*full)
        estimates.append(np.mean(full[0] - full[1]))
        errors.append(estimates[-1] / result.statistic)
    return md.rubin(estimates, np.abs(errors), df_complete=len(test) - 1)


@pytest.mark.parametrize("seed", [0, 7])
def test_imputations_one_by_one(seed):
    test, reference = trial(seed, lost=(0, 0))
    test[:6] = reference[:6] = np.nan
    for function, options, given_ in (
        (md.missing_at_random_paired_normal, {}, {}),
        (md.jump_to_reference_paired_normal, {"from_reference": True}, {}),
        (
            md.delta_adjusted_paired_normal,
            {"delta": (-1.3, 0.4)},
            {"delta_test": -1.3, "delta_reference": 0.4},
        ),
    ):
        result = function(test, reference, seed=seed, imputations=30, **given_)
        wanted = by_hand(test, reference, seed, 30, **options)
        for name in NAMES:
            assert getattr(result, name) == pytest.approx(getattr(wanted, name), rel=1e-9), name
        assert (result.n, result.imputations) == (len(test), 30)


def weighted(test, reference, *, times=200_000, seed=3):
    """Return the moments of the estimate over the posterior given all observed values.

    Parameters drawn from the posterior of the complete pairs are weighted by the likelihood of
    the values of the other ones; given the parameters the moments are exact.
    """
    draw = np.random.default_rng(seed)
    no_test, no_reference = np.isnan(test), np.isnan(reference)
    known = ~(no_test | no_reference)
    n = known.sum()
    s = np.cov(test[known], reference[known]) * (n - 1)
    covariance = scipy_stats.invwishart(n - 1, s).rvs(times, random_state=draw)
    root = np.linalg.cholesky(covariance / n)
    mean = np.array([test[known].mean(), reference[known].mean()])
    mean = mean + np.einsum("kij,kj->ki", root, draw.standard_normal((times, 2)))
    log = np.zeros(times)
    for values, where, i in (
        (test, ~no_test & no_reference, 0),
        (reference, no_test & ~no_reference, 1),
    ):
        for value in values[where]:
            variance = covariance[:, i, i]
            log -= 0.5 * np.log(variance) + (value - mean[:, i]) ** 2 / (2 * variance)
    weights = special.softmax(log)
    expected, spread = np.full(times, np.sum((test - reference)[known])), np.zeros(times)
    for i, j, observed in (
        (0, 1, reference[no_test & ~no_reference]),
        (1, 0, test[~no_test & no_reference]),
    ):
        slope = covariance[:, 0, 1] / covariance[:, j, j]
        about = covariance[:, i, i] - slope * covariance[:, 0, 1]
        sign = 1 if i == 0 else -1
        for value in observed:
            expected = expected + sign * (mean[:, i] + slope * (value - mean[:, j]) - value)
            spread = spread + about
    neither = (no_test & no_reference).sum()
    expected = expected + neither * (mean[:, 0] - mean[:, 1])
    spread = spread + neither * (
        covariance[:, 0, 0] + covariance[:, 1, 1] - 2 * covariance[:, 0, 1]
    )
    size = len(test)
    estimate = weights @ expected / size
    between = weights @ ((expected / size - estimate) ** 2 + spread / size**2)
    return estimate, between, 1 / np.sum(weights**2)


@pytest.mark.parametrize(
    "lost", [(0.3, 0), (0, 0.3), (0.25, 0.25)], ids=["test", "reference", "both"]
)
def test_imputations_have_the_moments_of_the_posterior(lost):
    test, reference = trial(4, lost=lost)
    times = 20_000
    result = md.missing_at_random_paired_normal(test, reference, seed=5, imputations=times)
    estimate, between, effective = weighted(test, reference)
    assert effective > 10_000
    error = math.sqrt(between / times + between / effective)
    assert result.estimate == pytest.approx(estimate, abs=5 * error)
    assert result.variance_between == pytest.approx(between, rel=0.06)


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_a_map_is_its_cells(alternative):
    test, reference = trial(3)
    tests, references = [-2.5, -1.0, 0.0, 1.5], [-1.0, 0.0, 2.0]
    options = {"seed": 8, "imputations": 25, "level": 0.9}
    table = md.tipping_map_paired_normal(
        test, reference, tests, references, margin=0.1, alternative=alternative, **options
    )
    shown = 0
    for i, one in enumerate(tests):
        for j, other in enumerate(references):
            cell = md.delta_adjusted_paired_normal(
                test, reference, delta_test=one, delta_reference=other, **options
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
    n = draw(st.integers(0, 14))
    value = st.one_of(st.none(), st.integers(-50, 50), st.integers(-50, 50))
    return [draw(st.lists(value, min_size=n, max_size=n)) for _ in range(2)]


@quick
@given(trials(), st.integers(0, 2**31))
def test_properties(data, seed):
    options = {"seed": seed, "imputations": 6}
    for function in METHODS:
        result = function(*data, **options, **needs(function))
        assert result == function(*data, **options, **needs(function))
        assert result.n == len(data[0])
        if result.undefined:
            assert result.estimate is None
            assert result.reason
            continue
        assert result.ci_low <= result.estimate <= result.ci_high
    plain = md.missing_at_random_paired_normal(*data, **options)
    if plain.undefined:
        return
    # the unit and the origin of the values do not matter
    moved = [[None if v is None else 3.0 * v - 7 for v in arm] for arm in data]
    again = md.missing_at_random_paired_normal(*moved, **options)
    assert again.estimate == pytest.approx(3 * plain.estimate, rel=1e-6, abs=1e-6)
    assert again.se == pytest.approx(3 * plain.se, rel=1e-6)


def test_complete_data_are_analyzed_as_they_are():
    test, reference = trial(5, lost=(0, 0))
    paired = mean_difference.paired_t(test, reference)
    for function in METHODS:
        result = function(test, reference, seed=1, **needs(function))
        assert result.estimate == pytest.approx(paired.estimate)
        assert result.se == pytest.approx(paired.se)
        assert result.variance_between == 0
        assert result.df == pytest.approx(paired.df * (paired.df + 1) / (paired.df + 3))


def test_what_the_assumptions_do_to_the_estimate():
    test, reference = trial(6, n=2000, lost=(0.3, 0.1))
    gone = [np.isnan(values).mean() for values in (test, reference)]
    options = {"seed": 1, "imputations": 400}
    plain = md.missing_at_random_paired_normal(test, reference, **options)
    assert plain.estimate == pytest.approx(0.5, abs=0.05)
    jumped = md.jump_to_reference_paired_normal(test, reference, **options)
    assert jumped.estimate == pytest.approx(plain.estimate * (1 - gone[0]), abs=0.01)
    shifted = md.delta_adjusted_paired_normal(
        test, reference, delta_test=-2, delta_reference=1, **options
    )
    assert shifted.estimate == pytest.approx(plain.estimate - 2 * gone[0] - gone[1])
    assert shifted.variance_between == pytest.approx(plain.variance_between)


def test_without_a_tie_within_subjects_the_estimate_is_that_of_two_arms():
    draw = np.random.default_rng(9)
    test, reference = draw.normal(1, 1, 3000), draw.normal(0, 1, 3000)
    test[draw.random(3000) < 0.2] = np.nan
    reference[draw.random(3000) < 0.2] = np.nan
    options = {"seed": 2, "imputations": 200}
    paired = md.missing_at_random_paired_normal(test, reference, **options)
    arms = md.missing_at_random_normal(
        np.concatenate([test, reference]), np.repeat([1, 0], 3000), **options
    )
    assert paired.estimate == pytest.approx(arms.estimate, abs=0.01)
    assert paired.se == pytest.approx(arms.se, rel=0.06)


def test_intervals_cover_in_repeated_studies():
    times, covered = 500, 0
    for number in range(times):
        draw = np.random.default_rng([number, 3])
        reference = draw.normal(0, 1, 40)
        test = 0.4 + 0.8 * reference + draw.normal(0, 0.6, 40)
        # missing at random given the other value: tests are lost where the reference is low
        gone = draw.random(40) < 1 / (1 + np.exp(2 * reference + 1))
        lost = ~gone & (draw.random(40) < 0.1)
        held = np.where(gone, np.nan, test), np.where(lost, np.nan, reference)
        result = md.missing_at_random_paired_normal(*held, seed=number, imputations=20)
        covered += result.ci_low <= 0.4 <= result.ci_high
    assert covered / times == pytest.approx(0.95, abs=0.03)


# --- edges ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "reference", "reason"),
    [
        ([], [], "fewer than two pairs"),
        ([1.5], [1.0], "fewer than two pairs"),
        ([None], [1.0], "fewer than two pairs"),
        ([1.5, 2.5], [1.0, 2.0], "the differences of the pairs do not vary"),
        ([0.3, 0.6], [0.1, 0.4], "the differences of the pairs do not vary"),
        ([1.5, 2.5], [1.0, 2.1], None),
        ([None, None, None], [1.0, 2.0, 2.5], "fewer than three complete pairs"),
        ([1.5, 2.5, 1.0, None], [1.0, 2.0, None, 3.0], "fewer than three complete pairs"),
        ([1.5, 2.5, 1.0, None], [1.0, 2.0, 0.5, 3.0], "the model fits every value"),
        ([1.5, 2.5, 1.0, None], [2.0, 2.0, 2.0, 3.0], "the model fits every value"),
        ([2.5, 2.5, 2.5, None], [2.0, 2.3, 2.6, 3.0], "the model fits every value"),
        ([1.5, 2.5, 1.0, None], [1.0, 2.0, 0.6, 3.0], None),
        ([1.5, 2.5, 1.0, None], [1.0, 2.0, 0.6, None], None),
    ],
)
def test_undefined(test, reference, reason):
    for function in METHODS:
        result = function(test, reference, seed=1, **needs(function))
        assert result.undefined == (reason is not None)
        assert result.reason == (reason or "")
        assert result.method == f"missing_data.{function.__name__}"
    table = md.tipping_map_paired_normal(test, reference, [0, 1], [0], margin=0, seed=1)
    assert table.reason == (reason or "")
    assert table.n_cells == 2
    assert (table.ci_low is None) == (reason is not None)


@pytest.mark.parametrize(
    ("test", "reference", "options", "message"),
    [
        ([1, 2, 3], [1, 0], {}, "lengths differ: test 3, reference 2"),
        ([1, math.inf, 3], [1, 0, 1], {}, "test must be a list of finite numbers"),
        ([1, 2], [[1, 2]], {}, "reference must be a list of finite numbers"),
        ([1, 2, 3], [1, 0, 1], {"imputations": 1}, "imputations must be 2 or more"),
        ([1, 2, 3], [1, 0, 1], {"seed": 0.5}, "seed must be a count"),
        ([1, 2, 3], [1, 0, 1], {"level": 1}, "level must lie strictly"),
    ],
)
def test_invalid(test, reference, options, message):
    for function in METHODS:
        with pytest.raises(ValueError, match=message):
            function(test, reference, **{"seed": 1, **needs(function), **options})
    with pytest.raises(ValueError, match=message):
        md.tipping_map_paired_normal(
            test, reference, [0], [0], **{"seed": 1, "margin": 0, **options}
        )


def test_invalid_shifts():
    test, reference = trial()
    with pytest.raises(ValueError, match="delta_reference must be a finite number"):
        md.delta_adjusted_paired_normal(
            test, reference, delta_test=0, delta_reference=math.nan, seed=1
        )
    for options, message in (
        ({"deltas_test": [0, math.nan]}, "deltas_test holds a missing"),
        ({"deltas_reference": 3}, "deltas_reference must be a list"),
        ({"margin": math.inf}, "margin must be a finite number"),
        ({"alternative": "two-sided"}, "alternative must be one of greater, less"),
    ):
        arguments = {"deltas_test": [0], "deltas_reference": [0], "margin": 0, **options}
        with pytest.raises(ValueError, match=message):
            md.tipping_map_paired_normal(test, reference, seed=1, **arguments)
