import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize

from clinval.stats.roi import cash_flow as cf

quick = settings(deadline=None, max_examples=80, derandomize=True)
money = st.integers(-2000, 2000)
series = st.lists(money, min_size=1, max_size=10)
rates = st.floats(-0.5, 2).map(lambda r: round(r, 3))


# --- present values -------------------------------------------------------------------------


@quick
@given(series, rates, st.sampled_from([1, 4, 12]))
def test_npv_by_horner(flows, rate, periods):
    factor = 1 / (1 + rate) ** (1 / periods)
    value = 0.0
    for flow in reversed(flows):
        value = value * factor + flow
    size = sum(map(abs, flows)) * max(factor, 1) ** len(flows)
    result = cf.npv(rate, flows, periods_per_year=periods)
    assert result.estimate == pytest.approx(value, abs=1e-10 * size + 1e-12)
    # half a period earlier, but for the first flow
    mid = cf.npv(rate, flows, timing="mid", periods_per_year=periods)
    moved = flows[0] + (value - flows[0]) * (1 + rate) ** (0.5 / periods)
    assert mid.estimate == pytest.approx(moved, abs=1e-9 * size + 1e-12)


def test_npv_draws_are_npv_of_each_draw():
    rng = np.random.default_rng(1)
    flows, rate = rng.normal(0, 1000, (200, 8)), rng.uniform(0, 0.2, 200)
    for timing in ("end", "mid"):
        values = cf.npv_draws(rate, flows, timing=timing, periods_per_year=4)
        wanted = [
            cf.npv(r, row, timing=timing, periods_per_year=4).estimate
            for r, row in zip(rate, flows, strict=True)
        ]
        np.testing.assert_allclose(values, wanted, rtol=1e-12)
    one_rate = cf.npv_draws(0.05, flows)
    assert one_rate.shape == (200,)
    assert one_rate[7] == pytest.approx(cf.npv(0.05, flows[7]).estimate)
    for bad, message in (
        ((0.1, [1, 2, 3]), "draws by periods"),
        ((0.1, np.empty((3, 0))), "draws by periods"),
        (([0.1, 0.2], flows), "rate must be one number or 200"),
        ((-1.0, flows), "rate must be a number above -1"),
        ((0.1, [[1, math.nan]]), "missing or infinite"),
    ):
        with pytest.raises(ValueError, match=message):
            cf.npv_draws(*bad)


# --- internal rates ---------------------------------------------------------------------------


def real_rates(flows):
    """Rates above -1 from the companion matrix of the polynomial in 1/(1 + r)."""
    roots = np.roots(np.trim_zeros(flows[::-1], "f"))
    real = roots[np.abs(roots.imag) < 1e-9 * np.abs(roots)].real
    return np.sort(1 / real[real > 0] - 1)


@quick
@given(st.lists(money, min_size=2, max_size=8))
def test_irr_finds_the_roots_of_the_polynomial(flows):
    assume(any(flows))
    wanted = real_rates(np.array(flows, float))
    assume(np.all(np.diff(wanted) > 1e-3))  # double roots are not those of a companion matrix
    derivative = np.polyder(np.poly1d(flows[::-1]))
    for rate in wanted:
        slope = abs(derivative(1 / (1 + rate))) / (1 + rate)
        assume(slope > 1e-6 * sum(abs(f) for f in flows))
    result = cf.irr(flows)
    np.testing.assert_allclose(result.roots, wanted, rtol=1e-6, atol=1e-7)
    assert result.status == ("none", "unique", "multiple")[min(len(wanted), 2)] or (
        result.status == "tangent" and len(wanted) == 1
    )
    assert result.undefined == (result.estimate is None)


@quick
@given(st.lists(money, min_size=2, max_size=8), st.floats(0.001, 1e6), st.integers(0, 3))
def test_irr_does_not_depend_on_money_or_later_start(flows, unit, later):
    result = cf.irr(flows)
    for other in (
        cf.irr([unit * flow for flow in flows]),
        cf.irr([-flow for flow in flows]),
        cf.irr([0] * later + flows + [0]),
    ):
        assert other.status == result.status
        assert other.roots == pytest.approx(result.roots, rel=1e-6, abs=1e-9)
    for root in result.roots:
        terms = np.array(flows) * (1 + root) ** -np.arange(len(flows), dtype=float)
        assert abs(terms.sum()) <= 1e-9 * np.abs(terms).sum()


@quick
@given(st.integers(100, 5000), st.lists(st.integers(0, 900), min_size=1, max_size=12))
def test_an_outlay_followed_by_income_has_one_rate(outlay, income):
    assume(any(income))
    result = cf.irr([-outlay, *income], periods_per_year=12)
    assert result.status == "unique"
    assert (result.estimate > 0) == (sum(income) > outlay) or sum(income) == outlay
    assert result.annual_effective == pytest.approx((1 + result.estimate) ** 12 - 1)
    assert result.annual_nominal == 12 * result.estimate
    if result.estimate > -0.5:  # further down the annual rate is -1 but for the last digits
        annual = cf.npv(result.annual_effective, [-outlay, *income], periods_per_year=12)
        assert annual.estimate == pytest.approx(0, abs=1e-8 * outlay)


@pytest.mark.parametrize(
    ("flows", "status", "roots"),
    [
        ([-400, 1000, -625], "tangent", [0.25]),
        ([-100, 220, -121], "tangent", [0.1]),
        ([-100, 214, -114.49], "tangent", [0.07]),
        ([-300, 3 * 206, -300 * 1.03**2], "tangent", [0.03]),
        ([-400, 1000, -625.001], "none", []),
        ([-1, 3.3, -3.63, 1.331], "unique", [0.1]),  # a triple root: the sign changes
        ([-100, 230, -132], "multiple", [0.1, 0.2]),
        ([100, 50, 25], "none", []),
        ([-1000, 0, 0, 0], "none", []),
        ([0, 0, 0], "none", []),
        ([5], "none", []),
        ([-100, 100], "unique", [0]),
        ([-100, 0, 0, 400], "unique", [4 ** (1 / 3) - 1]),
        ([1e-9, -1], "unique", [1e9 - 1]),
    ],
)
def test_status_of_internal_rates(flows, status, roots):
    result = cf.irr(flows)
    assert result.status == status
    # a triple root is known to the cube root of the rounding
    assert result.roots == pytest.approx(roots, rel=1e-4, abs=1e-9)
    assert (result.estimate is None) == (status in {"none", "multiple"})
    assert bool(result.reason) == result.undefined


def test_many_periods():
    flows = [-500_000] + [4_000] * 360
    result = cf.irr(flows, periods_per_year=12)
    wanted = optimize.brentq(lambda r: -500_000 + 4_000 * (1 - (1 + r) ** -360) / r, 1e-6, 0.1)
    assert result.estimate == pytest.approx(wanted, rel=1e-9)
    alternating = [(-1) ** k * 100.0 for k in range(60)]
    assert cf.irr(alternating).roots == pytest.approx([0.0], abs=1e-9)


def test_xirr_is_irr_where_years_have_365_days():
    dates = ["2021-01-01", "2022-01-01", "2023-01-01", "2024-01-01"]
    flows = [-1000, 300, 420, 680]
    assert cf.xirr(dates, flows).estimate == pytest.approx(cf.irr(flows).estimate, rel=1e-12)
    shuffled = cf.xirr([dates[i] for i in (2, 0, 3, 1)], [flows[i] for i in (2, 0, 3, 1)])
    assert shuffled.estimate == pytest.approx(cf.irr(flows).estimate, rel=1e-12)
    twice = cf.xirr(["2021-01-01", "2021-01-01", "2022-01-01"], [-600, -400, 1100])
    assert twice.estimate == pytest.approx(0.1)
    leap = cf.xirr(["2024-01-01", "2025-01-01"], [-1000, 1100])
    assert leap.estimate == pytest.approx(1.1 ** (365 / 366) - 1)
    tiny = cf.xirr(["2024-01-01", "2024-01-02"], [-1, 1000])  # beyond the largest number
    assert (tiny.estimate, tiny.roots, tiny.undefined) == (None, (), True)
    assert cf.xirr(["2024-01-01"], [5]).status == "none"
    with pytest.raises(ValueError, match="is not a date in ISO 8601"):
        cf.xirr(["01.01.2024"], [1])
    with pytest.raises(ValueError, match="lengths differ: dates 1, cash_flows 2"):
        cf.xirr(["2024-01-01"], [1, 2])
    with pytest.raises(ValueError, match="cash_flows is empty"):
        cf.xirr([], [])


@quick
@given(st.lists(money, min_size=2, max_size=8), st.floats(0, 0.5), st.floats(0, 0.5))
def test_mirr_balances_its_own_account(flows, finance, reinvest):
    result = cf.mirr(flows, finance_rate=finance, reinvest_rate=reinvest)
    n = len(flows) - 1
    paid = sum(-f / (1 + finance) ** k for k, f in enumerate(flows) if f < 0)
    grown = sum(f * (1 + reinvest) ** (n - k) for k, f in enumerate(flows) if f > 0)
    if paid and grown:
        assert paid * (1 + result.estimate) ** n == pytest.approx(grown)
    else:
        assert (result.estimate, result.undefined) == (None, True)
    assert cf.mirr([5], finance_rate=0.1, reinvest_rate=0.1).undefined


# --- payback -----------------------------------------------------------------------------------


@quick
@given(st.lists(money, min_size=1, max_size=9))
def test_payback_on_a_fine_grid(flows):
    result = cf.payback(flows)
    cumulative = np.cumsum(flows)
    assert result.cumulative == tuple(cumulative)
    assert result.final_cumulative == cumulative[-1]
    fine = np.linspace(0, len(flows) - 1, 2000 * (len(flows) - 1) + 1)
    value = np.interp(fine, np.arange(len(flows)), cumulative)
    rises = fine[1:][(value[:-1] < -1e-9) & (value[1:] >= -1e-9)]
    assert result.multiple_crossings == (len(rises) > 1)
    if len(rises):
        assert result.first_crossing == pytest.approx(rises[0], abs=1e-3)
    else:
        assert result.first_crossing is None
    if cumulative[-1] < 0 or not len(rises):
        assert (result.estimate, result.undefined) == (None, True)
    else:
        assert result.estimate == pytest.approx(rises[-1], abs=1e-3)
        # it stays at or above 0 from there
        assert (value[fine >= result.estimate] >= -1e-9).all()


def test_payback_edges():
    assert cf.payback([-0.8, 0.7, 0.1]).estimate == pytest.approx(2)  # 0 but for the last bit
    assert cf.payback([-100, 100]).estimate == 1
    assert cf.payback([100, 5]).reason.startswith("the cumulative flow is never below 0")
    assert cf.payback([-100]).reason == "the cumulative flow ends below 0"
    exact = cf.discounted_payback([-1000, 1100], rate=0.1)
    assert exact.estimate == pytest.approx(1)
    undiscounted = cf.discounted_payback([-300, 200, 150, -180, 120, 160], rate=0)
    assert undiscounted.estimate == cf.payback([-300, 200, 150, -180, 120, 160]).estimate


@quick
@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=8), rates)
def test_the_middle_of_periods_is_half_a_period_of_interest_earlier(later, rate):
    flows = [-1000.0, *later]
    mid = cf.discounted_payback(flows, rate=rate, timing="mid")
    earlier = [-1000.0, *(flow * (1 + rate) ** 0.5 for flow in later)]
    end = cf.discounted_payback(earlier, rate=rate)
    assert mid.cumulative == pytest.approx(end.cumulative, abs=1e-6)
    worth = cf.npv(rate, flows, timing="mid").estimate
    assert mid.final_cumulative == pytest.approx(worth, abs=1e-6)
    if mid.estimate is not None and end.estimate is not None:
        assert mid.estimate == pytest.approx(end.estimate, abs=1e-6)


# --- annual cost and the rest ---------------------------------------------------------------


@quick
@given(st.floats(1, 1e6), st.integers(1, 30), rates, st.floats(0, 1e5))
def test_the_annual_cost_pays_the_capital_back(capital, life, rate, residual):
    annual = cf.equivalent_annual_cost(capital, life, rate, residual=residual).estimate
    paid = sum(annual / (1 + rate) ** k for k in range(1, life + 1))
    wanted = capital - residual / (1 + rate) ** life
    assert paid == pytest.approx(wanted, rel=1e-9, abs=1e-6 * (capital + residual))
    unit = cf.cost_per_unit(capital, life, rate, 5000, 250, 12, residual=residual)
    assert unit.estimate == pytest.approx((annual + 5000) / 250 + 12, rel=1e-9, abs=1e-9)


def test_annual_cost_at_tiny_rates():
    flat = cf.equivalent_annual_cost(1000, 8, 0, residual=200).estimate
    assert flat == 100
    assert cf.equivalent_annual_cost(1000, 8, 1e-13, residual=200).estimate == pytest.approx(flat)


@quick
@given(st.floats(0, 1e6), st.floats(0.01, 500), st.floats(0, 500))
def test_break_even(fixed, revenue, variable):
    result = cf.break_even(fixed, revenue, variable)
    if revenue <= variable:
        assert (result.estimate, result.units, result.undefined) == (None, None, True)
        return
    assert result.estimate * (revenue - variable) == pytest.approx(fixed, abs=1e-6)
    assert result.units >= result.estimate * (1 - 1e-8) - 1e-8
    assert result.units < result.estimate + 1


def test_break_even_of_a_whole_number():
    assert cf.break_even(0.3, 0.1, 0).units == 3  # 0.3/0.1 is 2.9999999999999996
    assert cf.break_even(1.1, 0.1, 0).units == 11  # 1.1/0.1 is 11.000000000000002
    assert cf.break_even(0, 5, 1).units == 0


@quick
@given(rates, rates)
def test_real_rate_multiplies(nominal, inflation):
    real = cf.real_rate(nominal, inflation).estimate
    assert (1 + real) * (1 + inflation) == pytest.approx(1 + nominal)


def test_return_on_investment():
    result = cf.return_on_investment(451, 100)
    assert (result.estimate, result.gross) == (3.51, 4.51)
    free = cf.return_on_investment(5, 0)
    assert (free.estimate, free.gross, free.undefined) == (None, None, True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cf.npv(-1, [1]), "rate must be a number above -1"),
        (lambda: cf.npv(0.1, []), "cash_flows is empty"),
        (lambda: cf.npv(0.1, [1, None]), "missing"),
        (lambda: cf.npv(0.1, [1], timing="start"), "timing must be one of end, mid"),
        (lambda: cf.npv(0.1, [1], periods_per_year=0), "periods_per_year must be above 0"),
        (lambda: cf.irr([]), "cash_flows is empty"),
        (lambda: cf.irr([1], periods_per_year=-1), "periods_per_year"),
        (lambda: cf.mirr([1], finance_rate=-2, reinvest_rate=0), "finance_rate must be above -1"),
        (lambda: cf.mirr([1], finance_rate=0, reinvest_rate=-1), "reinvest_rate"),
        (lambda: cf.discounted_payback([1], rate=-1), "rate must be above -1"),
        (lambda: cf.discounted_payback([1], rate=0, timing="start"), "timing"),
        (lambda: cf.payback([[1]]), "must be a list of numbers"),
        (lambda: cf.break_even(-1, 2, 1), "fixed_cost must not be negative"),
        (lambda: cf.equivalent_annual_cost(1, 0, 0.1), "life must be above 0"),
        (lambda: cf.equivalent_annual_cost(1, 5, -1), "rate must be above -1"),
        (lambda: cf.cost_per_unit(1, 5, 0.1, 1, 0, 1), "annual_units must be above 0"),
        (lambda: cf.real_rate(0.1, -1), "inflation must be above -1"),
        (lambda: cf.return_on_investment(1, -1), "cost must not be negative"),
        (lambda: cf.return_on_investment(math.nan, 1), "gain must be a finite number"),
    ],
)
def test_invalid_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_rate_below_0_for_very_long_leaves_the_residual():
    # (1 + r)^-L grows beyond all numbers: the cost tends to r times the residual
    for life in (900, 1e5, 1e308):
        cost = cf.equivalent_annual_cost(1000, life, -0.5, residual=100).estimate
        assert cost == pytest.approx(-50)
