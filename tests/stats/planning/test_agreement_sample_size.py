"""Sizes of studies of agreement, against tables, models and simulated studies."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.agreement import kappa
from clinval.stats.planning import agreement_sample_size as size

quick = settings(deadline=None, max_examples=60, derandomize=True)
shares = st.floats(0.05, 0.95)
kappas = st.floats(0, 0.95)


def table_of(rate1, rate2, value):
    expected = rate1 * rate2 + (1 - rate1) * (1 - rate2)
    both = (value * (1 - expected) + expected + rate1 + rate2 - 1) / 2
    return np.array([[both, rate1 - both], [rate2 - both, 1 - rate1 - rate2 + both]])


def error_of(table, subjects=10_000_000):
    """The standard error of kappa in a very large study of this table, times sqrt n."""
    counts = np.round(table * subjects)
    return kappa.cohen(table=counts).se * math.sqrt(counts.sum())


@quick
@given(shares, shares, kappas, kappas, st.floats(0.01, 0.2), st.floats(0.5, 0.95))
def test_cantor_takes_the_errors_of_its_tables(rate1, rate2, expected, null, alpha, power):
    assume(abs(expected - null) > 0.05)
    tables = [table_of(rate1, rate2, value) for value in (null, expected)]
    if min(table.min() for table in tables) < -1e-9:
        with pytest.raises(ValueError, match="no table of two raters has these margins"):
            size.cantor(rate1, rate2, expected, null, alpha=alpha, power=power)
        return
    assume(min(table.min() for table in tables) > 1e-3)
    for alternative, sides in (("greater", 1), ("two-sided", 2)):
        result = size.cantor(
            rate1, rate2, expected, null, alpha=alpha, power=power, alternative=alternative
        )
        tau0, tau1 = map(error_of, tables)
        quantile = scipy_stats.norm.isf
        wanted = quantile(alpha / sides) * tau0 + quantile(1 - power) * tau1
        wanted = (wanted / (expected - null)) ** 2
        assert result.sample_size_exact == pytest.approx(wanted, rel=1e-3)
        assert result.sample_size == math.ceil(result.sample_size_exact)


def test_the_test_has_its_power_in_simulated_studies():
    subjects = size.cantor(0.4, 0.45, 0.75, 0.5, alpha=0.05, power=0.9).sample_size
    draws = np.random.default_rng(3).multinomial(subjects, table_of(0.4, 0.45, 0.75).ravel(), 2000)
    null_error = error_of(table_of(0.4, 0.45, 0.5)) / math.sqrt(subjects)
    estimates = [kappa.cohen(table=draw.reshape(2, 2)).estimate for draw in draws]
    shown = np.mean((np.array(estimates) - 0.5) / null_error > scipy_stats.norm.isf(0.05))
    assert shown == pytest.approx(0.9, abs=0.03)


@quick
@given(st.floats(0.1, 0.9), kappas, kappas)
def test_flack_of_two_categories_is_cantor(rate, expected, null):
    assume(abs(expected - null) > 0.05)
    one = size.flack([rate, 1 - rate], expected, null)
    other = size.cantor(rate, rate, expected, null)
    assert one.sample_size_exact == pytest.approx(other.sample_size_exact, rel=1e-6)


@quick
@given(
    st.lists(st.floats(0.1, 1), min_size=3, max_size=4),
    st.floats(0.3, 0.9),
    st.integers(0, 999),
)
def test_no_table_has_a_larger_error_than_flack_takes(weights, null, seed):
    margins = np.array(weights) / sum(weights)
    expected = (null + 1) / 2
    result = size.flack(margins, expected, null, alpha=0.05, power=0.5)
    tau = math.sqrt(result.sample_size_exact) * (expected - null) / scipy_stats.norm.isf(0.05)
    # a table with these margins and this kappa: independence and perfect agreement, mixed
    table = null * np.diag(margins) + (1 - null) * np.outer(margins, margins)
    # moved along cycles that leave margins and agreement as they are
    rng = np.random.default_rng(seed)
    for cycle in itertools.permutations(range(len(margins)), 3):
        step = np.zeros_like(table)
        for i, j in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            step[i, j] += 1
            step[j, i] -= 1
        room = (table / np.where(step < 0, 1.0, np.inf)).max(initial=0, where=step < 0)
        table = table + step * rng.uniform(0, min(room, table[step < 0].min()))
        assert table.min() > -1e-12
        assert error_of(table) <= tau * (1 + 1e-3)


def common_correlation(value, prevalence, raters):
    """Count positive ratings subject by subject: all alike with the probability kappa."""
    probability = np.zeros(raters + 1)
    for ratings in itertools.product((0, 1), repeat=raters):
        independent = math.prod(prevalence if r else 1 - prevalence for r in ratings)
        together = 0.0
        if len(set(ratings)) == 1:
            together = prevalence if ratings[0] else 1 - prevalence
        probability[sum(ratings)] += (1 - value) * independent + value * together
    return probability


@quick
@given(shares, kappas, kappas, st.integers(2, 5), st.floats(0.01, 0.2), st.floats(0.5, 0.95))
def test_donner_eliasziw_has_the_power_of_its_chi_square(
    prevalence, expected, null, raters, alpha, power
):
    assume(abs(expected - null) > 0.02)
    result = size.donner_eliasziw(
        expected, null, prevalence, raters=raters, alpha=alpha, power=power
    )
    under0, under1 = (common_correlation(k, prevalence, raters) for k in (null, expected))
    noncentral = result.sample_size_exact * ((under1 - under0) ** 2 / under0).sum()
    critical = scipy_stats.chi2.isf(alpha, 1)
    assert scipy_stats.ncx2.sf(critical, 1, noncentral) == pytest.approx(power, abs=1e-6)
    assert result.sample_size == math.ceil(result.sample_size_exact)


@quick
@given(shares, kappas, kappas, st.integers(2, 5), st.floats(0.01, 0.2))
def test_rotondi_donner_is_the_smallest_size_that_will_do(prevalence, one, other, raters, alpha):
    assume(abs(one - other) > 0.02)
    low, high = sorted([one, other])
    result = size.rotondi_donner(high, low, prevalence, raters=raters, alpha=alpha)
    under0, under1 = (common_correlation(k, prevalence, raters) for k in (low, high))
    step = ((under1 - under0) ** 2 / under0).sum()
    needed = scipy_stats.chi2.isf(2 * alpha, 1)
    assert result.sample_size * step >= needed * (1 - 1e-8)
    assert (result.sample_size - 1) * step < needed
    # at kappa itself the limit lies beyond that value in half of the studies
    shift = math.sqrt(result.sample_size_exact * step)
    assert scipy_stats.norm.cdf(shift - scipy_stats.norm.isf(alpha)) == pytest.approx(0.5)


def test_more_raters_need_fewer_subjects():
    sizes = [
        size.donner_eliasziw(0.7, 0.5, 0.3, raters=raters).sample_size for raters in range(2, 7)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


@pytest.mark.parametrize(
    ("call", "arguments", "match"),
    [
        ("cantor", (0.3, 0.4, 0.7, 0.7), "are the same"),
        ("cantor", (0.0, 0.4, 0.7, 0.5), "rate1 must lie strictly between"),
        ("cantor", (0.05, 0.6, 0.7, 0.1), "no table of two raters"),
        ("cantor", (0.3, 0.4, float("nan"), 0.5), "kappa1 must be a finite number"),
        ("flack", ([0.5, 0.6], 0.7, 0.5), "sum to 1"),
        ("flack", ([1.0], 0.7, 0.5), "two or more shares"),
        ("flack", ([1.0, 0.0], 0.7, 0.5), "two categories that are used"),
        ("flack", ([1.2, -0.2], 0.7, 0.5), "sum to 1"),
        ("flack", ([0.5, 0.5], 1.5, 0.5), "no table of two raters"),
        ("donner_eliasziw", (0.5, 0.5, 0.3), "no test of kappa 0.5 against 0.5"),
        ("donner_eliasziw", (0.5, 1.0, 0.3), "no test of kappa 1"),
        ("donner_eliasziw", (0.5, -0.9, 0.1), "no test of kappa -0.9"),
        ("donner_eliasziw", (0.6, 0.4, 1.0), "prevalence must lie strictly between"),
        ("rotondi_donner", (0.4, 0.6, 0.3), "kappa_low must be below kappa"),
    ],
)
def test_invalid_input(call, arguments, match):
    with pytest.raises(ValueError, match=match):
        getattr(size, call)(*arguments)


def test_levels_and_options_out_of_range():
    with pytest.raises(ValueError, match="alternative must be one of greater, two-sided"):
        size.cantor(0.3, 0.4, 0.7, 0.5, alternative="less")
    with pytest.raises(ValueError, match="alpha must lie"):
        size.flack([0.5, 0.5], 0.7, 0.5, alpha=0)
    with pytest.raises(ValueError, match="power must lie strictly between alpha and 1"):
        size.donner_eliasziw(0.6, 0.4, 0.3, alpha=0.2, power=0.1)
    with pytest.raises(ValueError, match=r"alpha must lie strictly between 0 and 0\.5"):
        size.rotondi_donner(0.6, 0.4, 0.3, alpha=0.5)
    with pytest.raises(ValueError, match="raters must be 2 or more"):
        size.rotondi_donner(0.6, 0.4, 0.3, raters=1)
