"""The chain from minutes to money, once more in plain Python and with a discrete-event model."""

import math

import numpy as np
import pytest
import simpy_clinic
from hypothesis import given, settings, strategies as st

from clinval.stats.roi import cash_flow, chain, decision, uncertain

PLAIN = {
    "room": 24.0, "saved": 6.0, "open_minutes_per_day": 720.0, "operating_days_per_year": 250.0,
    "demand_per_day": 30.0, "changeover_minutes": 5.0, "contribution_per_exam": 95.0,
    "purchase": 120000.0, "integration_and_training": 20000.0,
    "licence_and_service_per_year": 30000.0,
}  # fmt: skip
FULL = PLAIN | {
    "demand_per_day": 27.0,
    "no_show_share": 0.08, "urgent_per_day": 1.5, "room_time_cv": 0.25, "slot_step_minutes": 5.0,
    "overtime_limit_minutes": 60.0, "overtime_cost_per_hour": 180.0, "overbooked_per_day": 1.0,
    "downtime_days_per_year": 2.0, "hire_avoided_per_year": 40000.0, "hire_minutes_per_day": 30.0,
    "extra_staff_per_year": 4000.0, "residual_value": 9000.0, "demand_growth_per_year": 0.04,
}  # fmt: skip
FRAME = chain.Frame(years=5, rate=0.05)
SHORT = chain.Frame(years=1, rate=0.05)
LATER = chain.Frame(years=3, rate=0.08, inflation=0.02, timing="mid", ramp_up=(0.4, 0.8))


def days(*cases, number=2, frame=FRAME, seed=1):
    return chain.draw_days(np.random.default_rng(seed), cases, frame, number)


def by_hand(value, frame):
    """Return extra exams and flows of a day without chance."""
    opened, changeover = value["open_minutes_per_day"], value["changeover_minutes"]
    slot = value["room"] + changeover
    before = math.floor(opened / slot + 1e-9)
    after = math.floor(opened / max(slot - value["saved"], changeover + 1e-6) + 1e-9)
    added = min(after, value["demand_per_day"]) - min(before, value["demand_per_day"])
    extra = value["operating_days_per_year"] * added
    flows = [-(value["purchase"] + value["integration_and_training"])]
    for year in range(1, frame.years + 1):
        use = frame.ramp_up[year - 1] if year <= len(frame.ramp_up) else 1
        gained = use * extra * value["contribution_per_exam"]
        gained -= value["licence_and_service_per_year"]
        flows.append(gained * (1 + frame.inflation) ** year)
    return extra, flows


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    st.fixed_dictionaries({
        "room": st.floats(10, 50), "saved": st.floats(-5, 9.9), "demand_per_day": st.floats(0, 60),
        "changeover_minutes": st.floats(0.5, 10), "open_minutes_per_day": st.floats(60, 1000),
    }),
    st.sampled_from([FRAME, LATER]),
)  # fmt: skip
def test_without_chance_the_chain_is_floor_and_demand(changed, frame):
    value = PLAIN | changed
    found = chain.outcome(value, frame, days(value, number=64, frame=frame))
    extra, flows = by_hand(value, frame)
    assert found.extra[0] == pytest.approx(extra, abs=1e-6)
    assert found.flows[0] == pytest.approx(flows, rel=1e-9, abs=1e-4)
    assert found.npv[0] == pytest.approx(
        cash_flow.npv(frame.rate, flows, timing=frame.timing).estimate, rel=1e-9, abs=1e-3
    )
    assert found.steps["minutes"] + found.steps["grid"] + found.steps["demand"] == pytest.approx(
        extra * 95, abs=1e-3
    )


def test_each_draw_has_its_own_numbers():
    columns = {"saved": np.array([2.0, 6.0, -3.0, 9.0]), "purchase": np.array([1e5, 2e5, 0.0, 5e4]),
               "demand_per_day": np.array([25.0, 26.0, 40.0, 34.0])}  # fmt: skip
    value = PLAIN | columns
    found = chain.outcome(value, FRAME, days(value, number=8))
    for draw in range(4):
        own = PLAIN | {name: float(column[draw]) for name, column in columns.items()}
        extra, flows = by_hand(own, FRAME)
        assert found.extra[draw] == pytest.approx(extra)
        assert found.flows[draw] == pytest.approx(flows)


def reference(value, frame, chance, count):
    """Return the flows of one draw: days of a discrete-event model, money in plain Python."""
    flows = [-(value["purchase"] + value["integration_and_training"])]
    for year in range(1, frame.years + 1):
        demand = value["demand_per_day"] * (1 + value["demand_growth_per_year"]) ** (year - 1)
        slots_and_rooms = [(30.0, value["room"]), (25.0, value["room"] - value["saved"])]
        served, late = [], []
        for slot, room in slots_and_rooms:
            slots = math.floor(value["open_minutes_per_day"] / slot)
            plan = {
                "open_time": value["open_minutes_per_day"], "slot_time": slot, "slots": slots,
                "booked": min(slots + value["overbooked_per_day"], demand), "exam_time": room,
                "exam_cv": value["room_time_cv"], "changeover": value["changeover_minutes"],
                "no_show": value["no_show_share"], "urgent": value["urgent_per_day"],
                "overtime_limit": value["overtime_limit_minutes"], "scanners": 1, "teams": 1,
            }  # fmt: skip
            found = [simpy_clinic.Day(plan, chance, day).run() for day in range(count)]
            served.append(np.mean([day["served"] + day["urgent_served"] for day in found]))
            late.append(np.mean([day["overtime"] for day in found]))
        added = served[1] - served[0]
        cash = value["operating_days_per_year"] * (
            added * value["contribution_per_exam"]
            + (late[0] - late[1]) / 60 * value["overtime_cost_per_hour"]
        )
        cash -= value["downtime_days_per_year"] * served[1] * value["contribution_per_exam"]
        spare = served[0] * value["saved"] - max(added, 0) * 25
        if spare >= value["hire_minutes_per_day"]:
            cash += value["hire_avoided_per_year"]
        use = frame.ramp_up[year - 1] if year <= len(frame.ramp_up) else 1
        cash = use * cash - value["licence_and_service_per_year"] - value["extra_staff_per_year"]
        cash += value["residual_value"] if year == frame.years else 0
        flows.append(cash * (1 + frame.inflation) ** year)
    return np.array(flows)


@pytest.mark.parametrize("frame", [SHORT, LATER], ids=["plain", "ramp-up and inflation"])
def test_days_of_chance_against_a_discrete_event_model(frame):
    found = chain.outcome(FULL, frame, days(FULL, number=5000, frame=frame))
    assert found.before.slot == 30
    assert found.after.slot == 25
    expected = reference(FULL, frame, days(FULL, number=150, frame=frame, seed=2), 150)
    # the mean of 150 other days is off by some 6 examinations and 2 hours of overtime a year
    assert found.flows[0] == pytest.approx(expected, abs=4000)
    assert found.flows[0, 0] == expected[0]


def test_the_waterfall_adds_up_to_the_flow_of_a_year():
    value = FULL | {"demand_growth_per_year": 0.0, "residual_value": 0.0}
    found = chain.outcome(value, FRAME, days(value, number=1000))
    parts = [step for name, step in found.steps.items() if name != "total"]
    assert sum(parts)[0] == pytest.approx(found.steps["total"][0])
    assert found.steps["total"][0] == pytest.approx(found.flows[0, 1])
    assert found.steps["minutes"][0] == pytest.approx(250 * 95 * (720 / 24 - 720 / 30))
    assert found.steps["overtime"][0] > 0
    assert found.steps["downtime"][0] < 0


def test_few_days_a_draw_do_not_widen_the_draws():
    """The spread of draws is that of their plans, not of the chance of two days."""
    generator = np.random.default_rng(3)
    draws = {
        "saved": generator.normal(6, 0.5, 1000),
        "demand_per_day": generator.uniform(24, 32, 1000),
    }
    value = FULL | {"demand_growth_per_year": 0.0} | draws
    few = chain.outcome(value, FRAME, days(value, number=2000, seed=4))
    many = chain.outcome(value, FRAME, days(value, number=10_000, seed=5))
    assert few.npv.std() == pytest.approx(many.npv.std(), rel=0.08)
    assert few.npv.mean() == pytest.approx(many.npv.mean(), abs=4000)
    same = FULL | {"demand_growth_per_year": 0.0, "saved": np.full(1000, 6.0)}
    still = chain.outcome(same, FRAME, days(same, number=2000))
    assert still.npv.std() < 0.1 * many.npv.std()


def test_several_scanners_share_the_demand():
    value = PLAIN | {"scanners": 2.0, "demand_per_day": 55.0}
    found = chain.outcome(value, FRAME, days(value))
    assert found.extra[0] == pytest.approx(250 * (55 - 48))
    one_team = chain.outcome(value | {"teams": 1.0}, FRAME, days(value))
    assert one_team.day_after.served[0] < 55


def test_the_room_that_todays_slot_leaves_is_no_gain_of_the_product():
    value = PLAIN | {"slot_minutes_today": 36.0, "saved": 0.0}
    assert chain.outcome(value, FRAME, days(value)).extra[0] == 0
    saved = value | {"saved": 6.0}
    assert chain.grids(saved)[1].slot == 30


def test_a_tornado_is_widest_first_and_holds_the_estimate():
    inputs = {"saved": uncertain.student(6, 0.4, 12),
              "purchase": uncertain.uniform(12e4, 1e5, 14e4),
              "demand_per_day": uncertain.triangular(30, 24, 36)}  # fmt: skip
    ends = [PLAIN | {name: end} for name, made in inputs.items() for end in made.limits(0.95)]
    chance = days(PLAIN, *ends)
    swings = decision.tornado(PLAIN, inputs, FRAME, chance, 0.95)
    wide = [abs(swing.npv_high - swing.npv_low) for swing in swings]
    assert wide == sorted(wide, reverse=True)
    assert {swing.name for swing in swings} == set(inputs)
    for swing in swings:
        for end, npv in ((swing.low, swing.npv_low), (swing.high, swing.npv_high)):
            _, flows = by_hand(PLAIN | {swing.name: end}, FRAME)
            assert npv == pytest.approx(cash_flow.npv(0.05, flows).estimate)


def test_break_even_is_where_the_return_is_nothing():
    found = chain.outcome(PLAIN, FRAME, days(PLAIN))
    npv = float(found.npv[0])
    of_exams, of_one = float(found.npv_of_exams[0]), float(found.npv_of_one[0])
    exams = decision.break_even_exams(npv, of_exams, of_one)
    closed = cash_flow.break_even_per_day(140000, 5, 0.05, 30000, 95, 250)
    assert exams == pytest.approx(closed.estimate)
    assert of_exams / of_one == pytest.approx(found.extra[0] / 250)
    assert decision.break_even_exams(npv, of_exams, 0.0) is None
    assert decision.break_even_exams(9.0, 3.0, 3.0) == 0
    price = decision.break_even_price(120000, npv)
    at_price = chain.outcome(PLAIN | {"purchase": price}, FRAME, days(PLAIN))
    assert at_price.npv[0] == pytest.approx(0, abs=1e-6)
    assert decision.break_even_price(1.0, -2.0) is None


@pytest.mark.parametrize("uncertain", [False, True])
def test_a_return_at_a_price_is_that_of_the_draws_it_would_pay_in(uncertain):
    draw = np.random.default_rng(5)
    bought = draw.uniform(90, 130, 500) if uncertain else 110.0
    npv = draw.normal(20, 60, 500)
    prices, probability = decision.positive_by_price(npv, bought, points=21)
    for price, share in zip(prices, probability, strict=True):
        assert share == pytest.approx(np.mean(npv + bought - price > 0), abs=1e-12)
    assert prices[0] == 0
    assert prices[-1] >= 1.5 * np.max(bought)
    nothing, never = decision.positive_by_price(np.full(3, -7.0), 0.0)
    assert (nothing[-1], never.max()) == (1.0, 0.0)


def test_the_value_of_information_of_a_normal_return():
    from clinval.stats.roi import cost_effectiveness

    random = np.random.default_rng(6)
    known, rest = random.normal(0, 1, (2, 40_000))
    npv = 100 + 300 * known + 400 * rest
    exact = {scale: cost_effectiveness.normal_net_benefit(100, scale).evpi for scale in (500, 300)}
    assert decision.evpi(npv) == pytest.approx(exact[500], rel=0.05)
    assert decision.evppi(npv, known) == pytest.approx(exact[300], rel=0.05)
    half = cost_effectiveness.normal_net_benefit(100, 300 * math.sqrt(0.5)).evpi
    assert decision.evsi(npv, known, 0.5) == pytest.approx(half, rel=0.08)
    assert decision.evsi(npv, known, 0.0) == 0
    assert decision.evppi(npv, random.normal(size=40_000)) < 3
    assert decision.evpi(np.full(9, 5.0)) == 0


def test_payers_pay_what_one_contribution_would():
    payers = {"payer_share.1": 0.8, "reimbursement.1": 100.0, "payer_share.2": 0.2,
              "reimbursement.2": 175.0, "variable_cost_per_exam": 20.0}  # fmt: skip
    value = {name: number for name, number in PLAIN.items() if name != "contribution_per_exam"}
    found = chain.outcome(value | payers, FRAME, days(PLAIN))
    assert found.npv == pytest.approx(chain.outcome(PLAIN, FRAME, days(PLAIN)).npv)
