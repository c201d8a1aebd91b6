"""The simulated day against a plain discrete-event model, on the same days and on other ones."""

import math

import numpy as np
import pytest
import simpy_clinic
from hypothesis import given, settings, strategies as st

from clinval.stats.throughput import capacity, clinic_day, days

PLAIN = {
    "open_time": 600.0, "slot_time": 25.0, "slots": 24.0, "booked": 24.0, "exam_time": 20.0,
    "exam_cv": 0.0, "changeover": 5.0, "no_show": 0.0, "urgent": 0.0, "overtime_limit": 0.0,
    "scanners": 1, "teams": 1,
}  # fmt: skip
BUSY = PLAIN | {
    "booked": 26.4, "exam_cv": 0.4, "no_show": 0.12, "urgent": 2.5, "overtime_limit": 40.0,
}  # fmt: skip
PLANS = {
    "plain": PLAIN,
    "busy": BUSY,
    "no overtime": BUSY | {"overtime_limit": 0.0, "exam_time": 24.0},
    "few booked": BUSY | {"booked": 11.3},
    "twice booked": BUSY | {"booked": 50.0, "no_show": 0.5},
    "three scanners": BUSY | {"scanners": 3, "teams": 3},
    "two teams for three scanners": BUSY | {"scanners": 3, "teams": 2},
    "only urgent": BUSY | {"booked": 0.0, "slots": 0.0, "urgent": 20.0},
    "nobody comes": BUSY | {"no_show": 1.0, "urgent": 0.0},
}
NAMES = ("booked", "no_shows", "served", "turned_away", "urgent_served", "urgent_turned_away",
         "overtime", "busy", "wait", "urgent_wait")  # fmt: skip


def simulated(plan, number, seed=1):
    declared = days.Plan(**plan)
    chance = days.draw_chance(np.random.default_rng(seed), number, (declared,))
    return days.simulate(declared, chance), chance


def referenced(plan, chance, days):
    found = [simpy_clinic.Day(plan, chance, day).run() for day in range(days)]
    return {name: np.array([day[name] for day in found]) for name in NAMES}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_same_days_go_the_same_way(plan):
    found, chance = simulated(plan, 40)
    expected = referenced(plan, chance, 40)
    for name in NAMES:
        assert getattr(found, name) == pytest.approx(expected[name], abs=1e-6), name


def test_other_days_have_the_same_distribution():
    many, _ = simulated(BUSY, 4000)
    expected = referenced(BUSY, simpy_clinic.Fresh(2, 400, BUSY), 400)
    for name in NAMES:
        found = getattr(many, name)
        error = math.hypot(found.std() / math.sqrt(4000), expected[name].std() / math.sqrt(400))
        assert abs(found.mean() - expected[name].mean()) < 4 * error + 1e-9, name
        if name in {"overtime", "wait"}:  # and not only their means
            for share in (0.25, 0.5, 0.9):
                below = (expected[name] <= np.quantile(found, share)).mean()
                assert abs(below - share) < 4 * math.sqrt(share * (1 - share) / 400), name


@settings(max_examples=25, deadline=None)
@given(
    st.fixed_dictionaries({
        "open_time": st.floats(30, 900), "slot_time": st.floats(8, 60), "slots": st.just(12.0),
        "booked": st.floats(0, 20), "exam_time": st.floats(1, 60), "exam_cv": st.floats(0, 1),
        "changeover": st.floats(0, 20), "no_show": st.floats(0, 1), "urgent": st.floats(0, 6),
        "overtime_limit": st.floats(0, 120), "scanners": st.integers(1, 3),
        "teams": st.integers(1, 3),
    })
)  # fmt: skip
def test_every_patient_is_counted_once(plan):
    found, chance = simulated(plan, 30)
    assert (found.booked == found.no_shows + found.served + found.turned_away).all()
    urgent = (chance.arrival < plan["urgent"]).sum(axis=1)
    assert (urgent == found.urgent_served + found.urgent_turned_away).all()
    for name in NAMES:
        assert (getattr(found, name) >= -1e-9).all(), name
    assert (found.busy <= 1e-6 + min(plan["scanners"], plan["teams"]) * (plan["open_time"]
            + found.overtime)).all()  # fmt: skip


def test_numbers_may_differ_from_day_to_day():
    """Each day of one run is that day of a run with its own numbers."""
    values = {"exam_time": np.array([15.0, 22.0, 31.0]), "slot_time": np.array([20.0, 25.0, 30.0]),
              "slots": np.array([30.0, 24.0, 20.0]), "booked": np.array([30.0, 26.5, 18.0]),
              "no_show": np.array([0.0, 0.2, 0.1]), "urgent": np.array([0.0, 3.0, 1.0]),
              "open_time": np.array([600.0, 610.0, 590.0]), "changeover": np.array([5.0, 0.0, 2.0]),
              "overtime_limit": np.array([0.0, 30.0, 60.0])}  # fmt: skip
    found, chance = simulated(BUSY | values, 3)
    for day in range(3):
        own = BUSY | {name: float(column[day]) for name, column in values.items()}
        expected = simpy_clinic.Day(own, chance, day).run()
        for name in NAMES:
            assert getattr(found, name)[day] == pytest.approx(expected[name], abs=1e-6), name


def test_without_chance_a_day_is_its_slots():
    result = clinic_day.simulation(605, 25, 20, changeover=5, days=2)
    assert result.estimate == capacity.slots_per_day(605, 25).estimate == 24
    assert (result.se, result.overtime, result.turned_away, result.mean_wait) == (0, 0, 0, 0)
    assert result.utilization == pytest.approx(24 * 20 / 605)


def test_arrivals_of_an_overbooked_day_are_binomial():
    result = clinic_day.simulation(600, 25, 0.5, booked=26, no_show=0.12, days=20_000)
    assert result.estimate == pytest.approx(
        capacity.overbooking(24, 26, 0.88).mean_arrivals, abs=4 * result.se
    )


def test_nobody_served_has_no_waiting_time():
    result = clinic_day.simulation(600, 25, 20, no_show=1, days=5)
    assert (result.estimate, result.no_shows, result.mean_wait) == (0, 24, None)
    assert (result.undefined, result.reason) == (True, "nobody was served")
    closed = clinic_day.simulation(0, 25, 20, booked=3, days=2)
    assert (closed.estimate, closed.turned_away, closed.utilization) == (0, 3, 0)


@pytest.mark.parametrize("wrong", [
    {"slot_time": 0}, {"exam_time": 0}, {"open_time": -1}, {"no_show": 1.2}, {"urgent": -1},
    {"scanners": 0}, {"teams": 0}, {"days": 1}, {"exam_cv": -0.1}, {"seed": -1},
    {"open_time": float("nan")},
])  # fmt: skip
def test_what_makes_no_day_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must|needs"):
        clinic_day.simulation(**({"open_time": 600, "slot_time": 25, "exam_time": 20} | wrong))
