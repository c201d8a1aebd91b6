import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, special

from clinval.stats.comparison import paired_difference as pd
from clinval.stats.missing import _paired_binary_outcome as inside, missing_data as md

quick = settings(deadline=None, max_examples=40, derandomize=True)

IMPUTED = [
    md.missing_at_random_paired_binary,
    md.jump_to_reference_paired_binary,
    md.delta_adjusted_paired_binary,
]
PAIRS = (40, 12, 7, 11, 6, 4, 5, 3, 4)


@st.composite
def pairs(draw, largest=8, missing=2, least=0):
    complete = [draw(st.integers(least, largest)) for _ in range(4)]
    return (*complete, *(draw(st.integers(0, missing)) for _ in range(5)))


def needs(function):
    return {"delta_test": -0.7} if function is md.delta_adjusted_paired_binary else {}


def completions(counts):
    """Yield (s1, s2, cells) for everything that the missing results may have been."""
    n11, n10, n01, n00, nm1, nm0, n1m, n0m, nmm = counts
    ranges = [range(number + 1) for number in (nm1, nm0, n1m, n0m)]
    for a, b, c, d in itertools.product(*ranges):
        for e11, e10, e01 in itertools.product(range(nmm + 1), repeat=3):
            e00 = nmm - e11 - e10 - e01
            if e00 < 0:
                continue
            cells = (
                n11 + a + c + e11,
                n10 + b + n1m - c + e10,
                n01 + nm1 - a + d + e01,
                n00 + nm0 - b + n0m - d + e00,
            )
            yield a + b + e11 + e10, c + d + e11 + e01, cells


# --- all that the missing may have been ----------------------------------------------------


@quick
@given(pairs(), st.integers(-20, 20).map(lambda k: k / 50), st.sampled_from([0.9, 0.95]))
def test_a_cell_is_the_widest_interval_of_its_completions(counts, margin, level):
    table = md.tipping_map_paired_binary(*counts, margin=margin, level=level)
    upper = md.tipping_map_paired_binary(*counts, margin=margin, level=level, alternative="less")
    missing1, missing2 = counts[4] + counts[5] + counts[8], counts[6] + counts[7] + counts[8]
    assert table.successes_test == tuple(range(missing1 + 1))
    assert table.successes_reference == tuple(range(missing2 + 1))
    assert table.n_cells == (missing1 + 1) * (missing2 + 1)
    if sum(counts) == 0:
        assert (table.ci_low, table.estimate, table.reason) == (None, None, "no pair")
        return
    low, high, estimate = (np.full((missing1 + 1, missing2 + 1), np.nan) for _ in range(3))
    for s1, s2, cells in completions(counts):
        result = pd.tango(*cells, level=level)
        low[s1, s2] = np.fmin(low[s1, s2], result.ci_low)
        high[s1, s2] = np.fmax(high[s1, s2], result.ci_high)
        if not np.isnan(estimate[s1, s2]):
            assert estimate[s1, s2] == pytest.approx(result.estimate, abs=1e-12)
        estimate[s1, s2] = result.estimate
    np.testing.assert_allclose(table.ci_low, low, atol=1e-12)
    np.testing.assert_allclose(table.ci_high, high, atol=1e-12)
    np.testing.assert_allclose(table.estimate, estimate, atol=1e-12)
    assert (np.array(table.non_inferior) == (np.array(table.ci_low) > margin)).all()
    assert (np.array(upper.non_inferior) == (np.array(table.ci_high) < margin)).all()
    assert table.n_non_inferior == np.sum(table.non_inferior)
    worst, best = (
        md.worst_case_paired(*counts, level=level, alternative=a) for a in ("greater", "less")
    )
    assert worst.ci_low == pytest.approx(low.min(), abs=1e-12)
    assert best.ci_high == pytest.approx(high.max(), abs=1e-12)
    assert worst.estimate == pytest.approx(estimate.min(), abs=1e-12)
    assert worst.method == "missing_data.worst_case_paired"
    assert worst.n == best.n == sum(counts)


@quick
@given(pairs(largest=12, missing=4, least=1))
def test_the_differences_are_those_of_unpaired_arms(counts):
    n11, n10, n01, _, nm1, nm0, n1m, n0m, nmm = counts
    missing1, missing2, n = nm1 + nm0 + nmm, n1m + n0m + nmm, sum(counts)
    arms = n11 + n10 + n1m, n - missing1, missing1, n11 + n01 + nm1, n - missing2, missing2
    paired = md.tipping_map_paired_binary(*counts, margin=0)
    unpaired = md.tipping_map_binary(*arms, margin=0)
    np.testing.assert_allclose(paired.estimate, unpaired.estimate, atol=1e-12)
    assert paired.successes_test == unpaired.successes_test
    for side in ("greater", "less"):
        ours = md.worst_case_paired(*counts, alternative=side)
        theirs = md.worst_case(*arms, alternative=side)
        assert ours.estimate == pytest.approx(theirs.estimate, abs=1e-12)


def test_chosen_numbers_of_successes():
    whole = md.tipping_map_paired_binary(*PAIRS, margin=-0.1)
    part = md.tipping_map_paired_binary(
        *PAIRS, margin=-0.1, successes_test=[0, 7, 14], successes_reference=[12]
    )
    assert part.ci_low == tuple((whole.ci_low[s][12],) for s in (0, 7, 14))
    assert (part.n_cells, part.successes_test) == (3, (0, 7, 14))
    arms = md.tipping_map_binary(60, 80, 20, 62, 82, 18, margin=-0.1)
    some = md.tipping_map_binary(
        60, 80, 20, 62, 82, 18, margin=-0.1, successes_test=[3, 20], successes_reference=[0, 18]
    )
    assert some.ci_low == tuple(tuple(arms.ci_low[s][r] for r in (0, 18)) for s in (3, 20))
    for function, counts in (
        (md.tipping_map_binary, (60, 80, 20, 62, 82, 18)),
        (md.tipping_map_paired_binary, PAIRS),
    ):
        with pytest.raises(ValueError, match="successes_reference holds 19, but"):
            function(*counts, margin=0, successes_reference=[19])
        with pytest.raises(ValueError, match="successes_test must be a list of counts"):
            function(*counts, margin=0, successes_test=3)


def test_nothing_missing_is_a_single_cell():
    complete = (40, 12, 7, 11, 0, 0, 0, 0, 0)
    tango = pd.tango(*complete[:4])
    table = md.tipping_map_paired_binary(*complete, margin=0)
    assert table.ci_low == ((pytest.approx(tango.ci_low, abs=1e-14),),)
    assert md.worst_case_paired(*complete).ci_high == tango.ci_high


def test_everything_missing_may_be_anything():
    worst = md.worst_case_paired(0, 0, 0, 0, 0, 0, 0, 0, 9)
    assert (worst.estimate, worst.ci_low) == (-1, -1)
    one = md.tipping_map_paired_binary(0, 0, 0, 0, 0, 0, 0, 0, 1, margin=0)
    assert one.estimate == ((0, -1), (1, 0))
    assert md.worst_case_paired(*[0] * 9).reason == "no pair"


# --- imputations at random: the exact posterior, by enumeration ------------------------------


def exact(counts):
    """Return the mean of the estimate, of its variance and their spread over all completions.

    A completion has a Dirichlet-multinomial probability: of the cells, times the number of ways in
    which the incomplete pairs can lie in them.
    """
    n, total = sum(counts), []
    nm1, nm0, n1m, n0m, nmm = counts[4:]
    n11, n10, n01, n00 = counts[:4]
    for a, b, c, d in itertools.product(*(range(k + 1) for k in (nm1, nm0, n1m, n0m))):
        ways = math.comb(nm1, a) * math.comb(nm0, b) * math.comb(n1m, c) * math.comb(n0m, d)
        cells = np.array(
            [n11 + a + c, n10 + b + n1m - c, n01 + nm1 - a + d, n00 + nm0 - b + n0m - d]
        )
        weight = math.log(ways) + special.gammaln(cells + 0.5).sum()
        total.append((weight, cells))
    weights = special.softmax([weight for weight, _ in total])
    moments = np.zeros(3)
    for weight, (_, cells) in zip(weights, total, strict=True):
        chances = list(_dirichlet_multinomial(cells + 0.5, nmm))
        assert sum(chance for chance, _ in chances) == pytest.approx(1)
        for chance, added in chances:
            _, b, c, _ = cells + added
            estimate = (b - c) / (n + 2)
            within = ((b + c + 2) / (n + 2) - estimate**2) / (n + 2)
            moments += weight * chance * np.array([estimate, estimate**2, within])
    return moments[0], moments[1] - moments[0] ** 2, moments[2]


def _dirichlet_multinomial(prior, n):
    for added in itertools.product(range(n + 1), repeat=4):
        if sum(added) != n:
            continue
        ways = math.factorial(n) / math.prod(map(math.factorial, added))
        log = special.gammaln(prior + np.array(added)).sum() - special.gammaln(prior).sum()
        log += special.gammaln(prior.sum()) - special.gammaln(prior.sum() + n)
        yield ways * math.exp(log), np.array(added)


@pytest.mark.parametrize(
    "counts",
    [
        (9, 4, 2, 5, 3, 2, 0, 0, 0),
        (9, 4, 2, 5, 0, 0, 4, 2, 0),
        (9, 4, 2, 5, 3, 2, 2, 3, 2),
        (1, 0, 0, 0, 4, 1, 2, 3, 1),  # hardly a complete pair: the chain has far to go
        (3, 0, 0, 3, 0, 0, 0, 0, 3),
    ],
)
def test_imputations_have_the_moments_of_the_exact_posterior(counts):
    times = 40_000
    result = md.missing_at_random_paired_binary(*counts, seed=11, imputations=times)
    estimate, between, within = exact(counts)
    n = sum(counts)
    center = (result.ci_low + result.ci_high) / 2
    assert center == pytest.approx(result.estimate * n / (n + 2))
    assert center == pytest.approx(estimate, abs=5 * math.sqrt(between / times))
    assert result.variance_between == pytest.approx(between, rel=0.04)
    assert result.variance_within == pytest.approx(within, rel=0.01)
    rubin = (1 + 1 / times) * result.variance_between + result.variance_within
    assert result.se == pytest.approx(math.sqrt(rubin))


def test_missing_at_random_is_not_missing_completely_at_random():
    # tests are missing where the reference failed: the complete pairs alone would mislead
    draw = np.random.default_rng(2)
    cells = draw.multinomial(20_000, [0.5, 0.2, 0.1, 0.2])
    gone1, gone0 = draw.binomial([cells[2], cells[3]], 0), draw.binomial([cells[1], cells[3]], 0.6)
    n11, n10, n01, n00 = cells - [0, gone0[0], 0, gone0[1]]
    counts = (n11, n10, n01, n00, gone1[0], gone0.sum(), 0, 0, 0)
    result = md.missing_at_random_paired_binary(*counts, seed=1)
    among_complete = (n10 - n01) / (n11 + n10 + n01 + n00)
    assert result.estimate == pytest.approx(0.1, abs=0.015)
    assert abs(among_complete - 0.1) > 0.05


def test_intervals_cover_in_repeated_studies():
    draw, times, covered = np.random.default_rng(5), 500, 0
    truth = np.array([0.55, 0.2, 0.1, 0.15])
    for number in range(times):
        cell = draw.choice(4, 120, p=truth)
        test, reference = cell < 2, cell % 2 == 0
        no_test = draw.random(120) < np.where(reference, 0.1, 0.35)
        no_reference = ~no_test & (draw.random(120) < 0.1)
        state = [np.where(no_test, 2, 1 - test), np.where(no_reference, 2, 1 - reference)]
        n11, n10, n1m, n01, n00, n0m, nm1, nm0, nmm = np.bincount(
            3 * state[0] + state[1], minlength=9
        )
        result = md.missing_at_random_paired_binary(
            n11, n10, n01, n00, nm1, nm0, n1m, n0m, nmm, seed=number, imputations=20
        )
        covered += result.ci_low <= 0.1 <= result.ci_high
    assert covered / times == pytest.approx(0.95, abs=0.03)


# --- shifted, and as the reference -----------------------------------------------------------


def test_the_shift_is_on_the_log_odds_and_goes_as_far_as_the_worst_case():
    plain = md.missing_at_random_paired_binary(*PAIRS, seed=3)
    none = md.delta_adjusted_paired_binary(*PAIRS, delta_test=0, seed=3)
    assert none.estimate == plain.estimate
    far = {"delta_test": -500, "delta_reference": 500, "seed": 3}
    never = md.delta_adjusted_paired_binary(*PAIRS, **far)
    assert never.estimate == pytest.approx(md.worst_case_paired(*PAIRS).estimate)
    assert never.variance_between == 0
    best = md.delta_adjusted_paired_binary(*PAIRS, delta_test=60, delta_reference=-60, seed=3)
    assert best.estimate == pytest.approx(md.worst_case_paired(*PAIRS, alternative="less").estimate)


def test_a_shift_given_the_other_result():
    # so many complete pairs that the probabilities are known: 0.4, 0.2, 0.1, 0.3
    known = (400_000, 200_000, 100_000, 300_000)
    many = 100_000
    logit = special.logit
    for place, cells, delta in (
        (4, (0.4, 0.1), {"delta_test": -0.8}),  # the test, the reference being positive
        (5, (0.2, 0.3), {"delta_test": -0.8}),
        (6, (0.4, 0.2), {"delta_test": 3, "delta_reference": -0.8}),
        (7, (0.1, 0.3), {"delta_test": 3, "delta_reference": -0.8}),
    ):
        gaps = [0] * 5
        gaps[place - 4] = many
        result = md.delta_adjusted_paired_binary(*known, *gaps, **delta, seed=4)
        share = special.expit(logit(cells[0] / sum(cells)) - 0.8)
        added = {4: share - 1, 5: share, 6: 1 - share, 7: -share}[place]
        wanted = (100_000 + many * added) / (1_000_000 + many)
        assert result.estimate == pytest.approx(wanted, abs=2e-4), place
    both = md.delta_adjusted_paired_binary(
        *known, 0, 0, 0, 0, many, delta_test=-0.8, delta_reference=0.5, seed=4
    )
    tilted = np.array([0.4 * np.exp(-0.3), 0.2 * np.exp(-0.8), 0.1 * np.exp(0.5), 0.3])
    tilted /= tilted.sum()
    wanted = (100_000 + many * (tilted[1] - tilted[2])) / (1_000_000 + many)
    assert both.estimate == pytest.approx(wanted, abs=2e-4)


@quick
@given(st.lists(st.floats(-30, 30), min_size=4, max_size=4))
def test_two_results_of_the_reference_have_its_margins_and_the_odds_ratio(logs):
    weights = np.array(logs)[:, None]
    p11, p10, p01, p00 = np.exp(inside._alike(weights))[:, 0]
    shares = special.softmax(logs)
    assert p10 == p01
    assert p11 + p01 == pytest.approx(shares[0] + shares[2], rel=1e-9)
    assert p00 + p01 == pytest.approx(shares[1] + shares[3], rel=1e-9)
    log_ratio = math.log(p11) + math.log(p00) - 2 * math.log(p10)
    assert log_ratio == pytest.approx(logs[0] + logs[3] - logs[1] - logs[2], abs=1e-6)


def test_jump_to_reference_against_a_root_found_by_bisection():
    # so few incomplete pairs that they do not move the probabilities: 0.4, 0.2, 0.1, 0.3
    known, few, p = (400_000, 200_000, 100_000, 300_000), 1000, 0.5
    # the shift of the log odds of the test, given the reference, that makes it succeed as often
    odds = special.logit([0.4 / 0.5, 0.2 / 0.5])
    shift = optimize.brentq(lambda d: p * special.expit(odds + d).sum() - p, -20, 20)
    one, zero = special.expit(odds + shift)
    for gaps, added in (
        ((few, 0, 0, 0, 0), one - 1),
        ((0, few, 0, 0, 0), zero),
        ((0, 0, few, 0, 0), 0.2 / 0.6),  # the reference is imputed at random
        ((0, 0, 0, few, 0), -0.1 / 0.4),
        ((0, 0, 0, 0, few), 0.0),
    ):
        result = md.jump_to_reference_paired_binary(*known, *gaps, seed=2)
        differences = result.estimate * result.n - 100_000
        assert differences == pytest.approx(few * added, abs=10), gaps


def test_jump_to_reference_pulls_towards_no_difference():
    good = (50, 30, 5, 15, 12, 8, 0, 0, 0)
    plain = md.missing_at_random_paired_binary(*good, seed=2)
    jumped = md.jump_to_reference_paired_binary(*good, seed=2)
    assert 0 < jumped.estimate < plain.estimate
    worst = md.worst_case_paired(*good)
    assert worst.ci_low < jumped.ci_low


# --- properties and edges --------------------------------------------------------------------


@quick
@given(pairs(), st.integers(0, 2**31))
def test_properties(counts, seed):
    for function in IMPUTED:
        options = {"seed": seed, "imputations": 5, **needs(function)}
        result = function(*counts, **options)
        assert result == function(*counts, **options)
        assert (result.n, result.imputations) == (sum(counts), 5)
        assert result.method == f"missing_data.{function.__name__}"
        if result.undefined:
            assert result.reason in {"fewer than two pairs", "no complete pair"}
            continue
        assert -1 <= result.estimate <= 1
        assert result.ci_low <= result.estimate <= result.ci_high
        worst = md.worst_case_paired(*counts)
        best = md.worst_case_paired(*counts, alternative="less")
        assert worst.estimate - 1e-12 <= result.estimate <= best.estimate + 1e-12


@pytest.mark.parametrize("complete", [(40, 12, 7, 11), (30, 0, 0, 9), (0, 8, 0, 0)])
def test_nothing_missing_is_the_analysis_of_the_pairs(complete):
    own, n = pd.bonett_price(*complete), sum(complete)
    for function in IMPUTED:
        result = function(*complete, 0, 0, 0, 0, 0, seed=3, **needs(function))
        assert result.estimate == pytest.approx(own.estimate)
        half = (own.ci_high - own.ci_low) / 2
        assert result.se == pytest.approx(half / special.ndtri(0.975))
        assert result.ci_low + result.ci_high == pytest.approx(own.ci_low + own.ci_high)
        assert result.variance_between == 0
        assert result.df == pytest.approx((n - 1) * n / (n + 2))


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ((0,) * 9, "fewer than two pairs"),
        ((0, 1, 0, 0, 0, 0, 0, 0, 0), "fewer than two pairs"),
        ((0, 0, 0, 0, 3, 4, 0, 0, 0), "no complete pair"),
        ((0, 0, 0, 0, 3, 4, 5, 6, 1), "no complete pair"),
        ((5, 0, 0, 9, 2, 0, 0, 0, 0), None),
        ((0, 1, 0, 0, 1, 0, 0, 0, 0), None),
    ],
)
def test_undefined(counts, reason):
    for function in IMPUTED:
        result = function(*counts, seed=1, **needs(function))
        assert result.reason == (reason or "")
        assert (result.estimate is None) == result.undefined == (reason is not None)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, -1, "n11 must be a count"),
        (4, 1.5, "nm1 must be a count"),
        (7, math.nan, "n0m must be a count"),
        (8, None, "nmm must be a count"),
    ],
)
def test_invalid_counts(place, value, message):
    counts = [*PAIRS]
    counts[place] = value
    with pytest.raises(ValueError, match=message):
        md.worst_case_paired(*counts)
    with pytest.raises(ValueError, match=message):
        md.tipping_map_paired_binary(*counts, margin=0)
    for function in IMPUTED:
        with pytest.raises(ValueError, match=message):
            function(*counts, seed=1, **needs(function))


def test_invalid_options():
    with pytest.raises(ValueError, match="margin must lie between -1 and 1"):
        md.tipping_map_paired_binary(*PAIRS, margin=-10)
    for function, options in (
        (md.worst_case_paired, {}),
        (md.tipping_map_paired_binary, {"margin": 0}),
    ):
        with pytest.raises(ValueError, match="alternative must be one of greater, less"):
            function(*PAIRS, alternative="two-sided", **options)
        with pytest.raises(ValueError, match="level must lie strictly"):
            function(*PAIRS, level=1, **options)
    for function in IMPUTED:
        with pytest.raises(ValueError, match="imputations must be 2 or more"):
            function(*PAIRS, seed=1, imputations=1, **needs(function))
        with pytest.raises(ValueError, match="seed must be a count"):
            function(*PAIRS, seed=-1, **needs(function))
        with pytest.raises(ValueError, match="level must lie strictly"):
            function(*PAIRS, seed=1, level=0, **needs(function))
    with pytest.raises(ValueError, match="delta_reference must be a finite number"):
        md.delta_adjusted_paired_binary(*PAIRS, delta_test=0, delta_reference=math.inf, seed=1)
