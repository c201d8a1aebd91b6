import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import special, stats as scipy_stats

from clinval.stats.comparison import risk_difference as rd
from clinval.stats.missing import missing_data as md

quick = settings(deadline=None, max_examples=40, derandomize=True)

IMPUTED = [md.missing_at_random_binary, md.jump_to_reference_binary, md.delta_adjusted_binary]
ARMS = (60, 80, 20, 62, 82, 18)


@st.composite
def arms(draw, largest=20, missing=6, least=0):
    one = []
    for _ in range(2):
        observed = draw(st.integers(least, largest))
        one += [draw(st.integers(0, observed)), observed, draw(st.integers(0, missing))]
    return tuple(one)


def needs(function):
    return {"delta_test": -0.7} if function is md.delta_adjusted_binary else {}


# --- all that the missing may have been ----------------------------------------------------


@quick
@given(arms(), st.integers(-20, 20).map(lambda k: k / 50), st.sampled_from([0.9, 0.95]))
def test_maps_are_single_analyses_cell_by_cell(counts, margin, level):
    x1, observed1, missing1, x2, observed2, missing2 = counts
    point = md.tipping_point(*counts, margin=margin, level=level)
    table = md.tipping_map_binary(*counts, margin=margin, level=level)
    upper = md.tipping_map_binary(*counts, margin=margin, level=level, alternative="less")
    n1, n2 = observed1 + missing1, observed2 + missing2
    assert point.n_cells == table.n_cells == (missing1 + 1) * (missing2 + 1)
    if min(n1, n2) == 0:
        assert (table.ci_low, point.worst_case_ci_low) == (None, None)
        assert table.reason == point.reason == "an arm has no subject"
        assert point.min_test_successes_by_reference_successes == (None,) * (missing2 + 1)
        return
    fewest = [None] * (missing2 + 1)
    shown = 0
    for s1, s2 in itertools.product(range(missing1 + 1), range(missing2 + 1)):
        cell = rd.miettinen_nurminen(x1 + s1, n1, x2 + s2, n2, level=level)
        assert table.ci_low[s1][s2] == pytest.approx(cell.ci_low, abs=1e-12)
        assert table.ci_high[s1][s2] == pytest.approx(cell.ci_high, abs=1e-12)
        assert table.non_inferior[s1][s2] == (table.ci_low[s1][s2] > margin)
        assert upper.non_inferior[s1][s2] == (table.ci_high[s1][s2] < margin)
        shown += table.non_inferior[s1][s2]
        if table.non_inferior[s1][s2] and fewest[s2] is None:
            fewest[s2] = s1
    assert point.n_non_inferior == table.n_non_inferior == shown
    assert point.min_test_successes_by_reference_successes == tuple(fewest)
    assert point.worst_case_ci_low == table.ci_low[0][-1]
    assert point.best_case_ci_low == table.ci_low[-1][0]


@quick
@given(arms(), st.integers(-20, 20).map(lambda k: k / 50))
def test_more_successes_in_the_test_arm_never_hurt(counts, margin):
    table = md.tipping_map_binary(*counts, margin=margin)
    if table.undefined:
        return
    low = np.array(table.ci_low)
    assert (np.diff(low, axis=0) >= -1e-12).all()
    assert (np.diff(low, axis=1) <= 1e-12).all()
    worst = md.worst_case(*counts)
    assert worst.ci_low == pytest.approx(low.min(), abs=1e-12)
    best = md.worst_case(*counts, alternative="less")  # the worst where successes are bad
    assert best.ci_low == pytest.approx(low.max(), abs=1e-12)
    assert worst.method == "missing_data.worst_case"
    assert worst.n == counts[1] + counts[2] + counts[4] + counts[5]


def test_nothing_missing_is_a_single_cell():
    table = md.tipping_map_binary(8, 10, 0, 7, 10, 0, margin=-0.5)
    single = rd.miettinen_nurminen(8, 10, 7, 10)
    assert table.ci_low == ((pytest.approx(single.ci_low, abs=1e-14),),)
    assert md.worst_case(8, 10, 0, 7, 10, 0).ci_low == single.ci_low
    empty = md.worst_case(0, 0, 0, 7, 10, 1)
    assert (empty.estimate, empty.reason) == (None, "an arm has no subject")


# --- imputations ---------------------------------------------------------------------------


def by_hand(counts, seed, m, delta=(0.0, 0.0), *, from_reference=False):
    """Each imputed data set by itself, with the same random numbers; then Rubin's rules."""
    draw = np.random.default_rng(seed)
    sides = [counts[:3], counts[3:]]
    chances = [draw.beta(x + 0.5, observed - x + 0.5, m) for x, observed, _ in sides]
    if from_reference:
        chances[0] = chances[1]
    totals = [
        x + draw.binomial(missing, special.expit(special.logit(p) + shift))
        for (x, _, missing), p, shift in zip(sides, chances, delta, strict=True)
    ]
    n1, n2 = (observed + missing for _, observed, missing in sides)
    estimates, errors = [], []
    for x1, x2 in zip(*totals, strict=True):
        wald = rd.wald(int(x1), n1, int(x2), n2)
        estimates.append(wald.estimate)
        errors.append((wald.ci_high - wald.estimate) / 1.959963984540054)
    return md.rubin(estimates, errors, df_complete=n1 + n2 - 2)


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_imputations_one_by_one(seed):
    for function, options in (
        (md.missing_at_random_binary, {}),
        (md.delta_adjusted_binary, {"delta": (-1.0, 0.4)}),
        (md.jump_to_reference_binary, {"from_reference": True}),
    ):
        given_ = {}
        if "delta" in options:
            given_ = dict(zip(("delta_test", "delta_reference"), options["delta"], strict=True))
        result = function(*ARMS, seed=seed, imputations=40, **given_)
        wanted = by_hand(ARMS, seed, 40, **options)
        for name in ("estimate", "se", "variance_between", "df", "ci_low", "ci_high"):
            assert getattr(result, name) == pytest.approx(getattr(wanted, name), rel=1e-9), name
        assert result.n == 200


def test_the_shift_is_on_the_log_odds_and_falls_away_without_missing():
    plain = md.missing_at_random_binary(*ARMS, seed=3)
    assert md.delta_adjusted_binary(*ARMS, delta_test=0, seed=3).estimate == plain.estimate
    never = md.delta_adjusted_binary(*ARMS, delta_test=-50, delta_reference=50, seed=3)
    worst = md.worst_case(*ARMS)
    assert never.estimate == pytest.approx(worst.estimate)
    assert never.variance_between == 0
    complete = (60, 80, 0, 62, 82, 0)
    for function in IMPUTED:
        result = function(*complete, seed=3, **needs(function))
        wald = rd.wald(60, 80, 62, 82)
        assert result.estimate == pytest.approx(wald.estimate)
        assert result.variance_between == 0
        assert result.df == pytest.approx(160 * 161 / 163)


def test_jump_to_reference_pulls_towards_no_difference():
    good = (75, 80, 20, 40, 80, 20)
    plain = md.missing_at_random_binary(*good, seed=1, imputations=2000)
    jumped = md.jump_to_reference_binary(*good, seed=1, imputations=2000)
    assert plain.estimate == pytest.approx(75.5 / 81 - 40.5 / 81, abs=0.01)
    assert jumped.estimate == pytest.approx(
        (75 + 20 * 0.5) / 100 - 0.5, abs=0.01
    )  # the missing succeed as in the reference arm


@quick
@given(arms(least=1), st.integers(0, 2**31))
def test_the_same_seed_is_the_same_result(counts, seed):
    for function in IMPUTED:
        options = {"seed": seed, "imputations": 5, **needs(function)}
        one = function(*counts, **options)
        assert one == function(*counts, **options)
        if not one.undefined:
            assert -1 <= one.estimate <= 1
            assert one.ci_low <= one.estimate <= one.ci_high
            assert one.variance_within > 0


def test_intervals_cover_in_repeated_studies():
    draw, times, covered = np.random.default_rng(12), 600, 0
    for number in range(times):
        seen = draw.binomial(90, 0.8, 2)
        x1, x2 = draw.binomial(seen[0], 0.75), draw.binomial(seen[1], 0.6)
        result = md.missing_at_random_binary(
            x1, seen[0], 90 - seen[0], x2, seen[1], 90 - seen[1], seed=number, imputations=20
        )
        covered += result.ci_low <= 0.15 <= result.ci_high
    assert covered / times == pytest.approx(0.95, abs=0.03)


def test_undefined():
    for function in IMPUTED:
        unseen = function(0, 0, 5, 3, 8, 0, seed=1, **needs(function))
        assert (unseen.estimate, unseen.undefined) == (None, True)
        assert unseen.reason == "an arm has no observed result"
        empty = function(0, 0, 0, 3, 8, 0, seed=1, **needs(function))
        assert empty.reason == "an arm has no observed result"
        same = function(5, 5, 0, 0, 8, 0, seed=1, **needs(function))
        assert (same.se, same.reason) == (None, "the values do not vary in either arm")


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ((11, 10, 1, 5, 10, 1), {}, "x1 is 11, more than observed1, which is 10"),
        ((1, 10, -1, 5, 10, 1), {}, "missing1 must be a count"),
        ((1, 10, 1, 5, 10, 1.5), {}, "missing2 must be a count"),
        ((1, 10, 1, 5, math.nan, 1), {}, "observed2 must be a count"),
        ((1, 10, 1, 5, 10, 1), {"level": 0}, "level must lie strictly"),
    ],
)
def test_invalid_counts(counts, options, message):
    maps = {"margin": -0.1, **options}
    for function in (md.tipping_point, md.tipping_map_binary):
        with pytest.raises(ValueError, match=message):
            function(*counts, **maps)
    with pytest.raises(ValueError, match=message):
        md.worst_case(*counts, **options)
    for function in IMPUTED:
        with pytest.raises(ValueError, match=message):
            function(*counts, seed=1, **needs(function), **options)


def test_invalid_options():
    for function in (md.tipping_point, md.tipping_map_binary):
        with pytest.raises(ValueError, match="margin must lie between -1 and 1"):
            function(*ARMS, margin=-10)
    for function, options in ((md.worst_case, {}), (md.tipping_map_binary, {"margin": 0})):
        with pytest.raises(ValueError, match="alternative must be one of greater, less"):
            function(*ARMS, alternative="two-sided", **options)
    for function in IMPUTED:
        with pytest.raises(ValueError, match="imputations must be 2 or more"):
            function(*ARMS, seed=1, imputations=1, **needs(function))
        with pytest.raises(ValueError, match="seed must be a count"):
            function(*ARMS, seed=-1, **needs(function))
    with pytest.raises(ValueError, match="delta_test must be a finite number"):
        md.delta_adjusted_binary(*ARMS, delta_test=math.inf, seed=1)


def test_beta_binomial_moments():
    result = md.missing_at_random_binary(*ARMS, seed=5, imputations=40_000)
    successes = [scipy_stats.betabinom(m, x + 0.5, o - x + 0.5) for x, o, m in (ARMS[:3], ARMS[3:])]
    wanted = (60 + successes[0].mean() - 62 - successes[1].mean()) / 100
    between = sum(one.var() for one in successes) / 100**2
    assert result.estimate == pytest.approx(wanted, abs=5 * math.sqrt(between / 40_000))
    assert result.variance_between == pytest.approx(between, rel=0.03)
