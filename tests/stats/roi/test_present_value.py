"""Profiles of the present value, break-even examinations a day, rates of many draws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats.roi import cash_flow as cf

few = settings(deadline=None, max_examples=30, derandomize=True)
money = st.integers(-900, 900)


@few
@given(
    st.lists(money, min_size=1, max_size=8),
    st.sampled_from(["end", "mid"]),
    st.sampled_from([1, 12]),
)
def test_profile_is_npv_at_each_rate_and_zero_at_its_roots(flows, timing, periods):
    rates = [-0.3, 0.0, 0.07, 0.4]
    result = cf.npv_profile(flows, rates=rates, timing=timing, periods_per_year=periods)
    for rate, value in zip(rates, result.npv_by_rate, strict=True):
        alone = cf.npv(rate, flows, timing=timing, periods_per_year=periods).estimate
        assert value == pytest.approx(alone, abs=1e-9)
    for root in result.roots:
        if 1e-6 < 1 + root < 1e6:  # further out the rate has no digits left for this
            value = cf.npv(root, flows, timing=timing, periods_per_year=periods).estimate
            size = cf.npv(root, np.abs(flows), timing=timing, periods_per_year=periods).estimate
            assert value == pytest.approx(0, abs=1e-8 * size)
    periodic = cf.irr(flows, periods_per_year=periods)
    assert timing == "mid" or result.status == periodic.status
    if timing == "end" and periodic.annual_effective is not None:
        assert result.roots[0] == pytest.approx(periodic.annual_effective, rel=1e-6, abs=1e-9)


def test_profile_of_a_replacement_and_of_no_crossing():
    result = cf.npv_profile([-100, 230, -132])
    assert result.status == "multiple"
    assert result.roots == pytest.approx([0.1, 0.2])
    assert (len(result.rates), result.rates[0], result.rates[-1]) == (51, 0.0, 0.5)
    above = [
        rate for rate, value in zip(result.rates, result.npv_by_rate, strict=True) if value > 1e-9
    ]
    assert (min(above), max(above)) == (0.11, 0.19)
    assert cf.npv_profile([10, 20]).roots == ()
    assert cf.npv_profile([0, 0]).status == "none"
    for change, message in (
        ({"rates": []}, "rates is empty"),
        ({"rates": [-1]}, "rate must be a number above -1"),
        ({"timing": "start"}, "timing must be one of"),
        ({"cash_flows": []}, "cash_flows is empty"),
    ):
        with pytest.raises(ValueError, match=message):
            cf.npv_profile(**({"cash_flows": [-1, 2]} | change))


@few
@given(
    st.floats(0, 1e6), st.integers(1, 12), st.floats(0, 0.2), st.floats(-1e4, 1e5),
    st.floats(1, 500), st.integers(1, 365), st.floats(0, 1e4),
)  # fmt: skip
def test_break_even_examinations_bring_the_present_value_to_zero(
    capital, life, rate, cost, margin, days, residual
):
    result = cf.break_even_per_day(capital, life, rate, cost, margin, days, residual=residual)
    yearly = result.estimate * margin * days - cost
    flows = [-capital, *[yearly] * (life - 1), yearly + residual]
    value = cf.npv(rate, flows).estimate
    if result.estimate > 0:
        assert value == pytest.approx(0, abs=1e-6 * (capital + abs(cost) + residual + 1))
    else:
        assert value >= -1e-6 * (capital + abs(cost) + residual + 1)
    assert result.estimate <= result.units + 1e-6
    assert result.reachable is None


def test_break_even_examinations_where_there_is_no_room_or_no_margin():
    arguments = (100_000, 5, 0, 5000, 100, 250)
    assert cf.break_even_per_day(*arguments).estimate == 1.0
    assert cf.break_even_per_day(*arguments, room=1).reachable is True
    assert cf.break_even_per_day(*arguments, room=0.9).reachable is False
    nothing = cf.break_even_per_day(1000, 5, 0.05, 0, 0, 250, room=3)
    assert (nothing.estimate, nothing.units, nothing.reachable) == (None, None, None)
    assert nothing.reason == "a unit earns nothing"
    with pytest.raises(ValueError, match="days must be above 0"):
        cf.break_even_per_day(1000, 5, 0.05, 0, 10, 0)
    with pytest.raises(ValueError, match="room must not be negative"):
        cf.break_even_per_day(1000, 5, 0.05, 0, 10, 250, room=-1)


@few
@given(st.lists(st.lists(money, min_size=5, max_size=5), min_size=1, max_size=8))
def test_rates_of_draws_are_the_rates_one_by_one(table):
    rates, status = cf.irr_draws(table)
    for flows, rate, word in zip(table, rates.tolist(), status.tolist(), strict=True):
        alone = cf.irr(flows)
        assert word == alone.status
        if alone.estimate is None:
            assert math.isnan(rate)
        else:
            assert rate == pytest.approx(alone.estimate, rel=1e-9, abs=1e-12)


def test_rates_of_draws_far_out():
    table = [[-1e-300, 1, 0], [-1, 1e-30, 0], [-1, 0, 1e300], [0, 0, 0], [0, 0, -3]]
    rates, status = cf.irr_draws(table)
    assert status.tolist() == ["unique", "unique", "unique", "none", "none"]
    assert rates[:3].tolist() == pytest.approx([1e300, -1.0, 1e150])
    assert cf.irr_draws(np.empty((0, 3)))[0].shape == (0,)
    for bad in ([1, 2], np.empty((2, 0)), [[1, math.inf]]):
        with pytest.raises(ValueError, match="cash_flows"):
            cf.irr_draws(bad)


@pytest.mark.parametrize("timing", ["end", "mid"])
@pytest.mark.parametrize("flows", [[-100, 230, -132], [-500, 150, 180, 200, 220], [-50, 90, -45]])
def test_a_rate_is_one_at_which_flows_of_its_timing_are_worth_nothing(flows, timing):
    rates = cf.irr(flows, timing=timing).roots
    assert rates == pytest.approx(cf.npv_profile(flows, timing=timing).roots)
    for rate in rates:
        assert cf.npv(rate, flows, timing=timing).estimate == pytest.approx(0, abs=1e-9)
