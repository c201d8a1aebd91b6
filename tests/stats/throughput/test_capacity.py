import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.throughput import capacity

quick = settings(deadline=None, max_examples=80, derandomize=True)


@quick
@given(st.floats(1, 500), st.floats(0, 1), st.floats(-0.5, 0.99))
def test_amdahl_counts_examinations_of_a_long_day(total, share, reduction):
    part = total * share
    result = capacity.amdahl(total, part, reduction)
    new = (total - part) + part * (1 - reduction)
    assert result.new_total_time == pytest.approx(new)
    # examinations in 10 000 units of time, after over before
    assert result.estimate == pytest.approx((1e4 / new) / (1e4 / total) - 1, abs=1e-9)
    if reduction >= 0:
        assert result.estimate <= result.naive_gain + 1e-9
    whole = capacity.amdahl(total, total, reduction)
    assert whole.estimate == pytest.approx(whole.naive_gain, abs=1e-9)


def test_amdahl_edges():
    vanished = capacity.amdahl(30, 18, 1)
    assert (vanished.naive_gain, vanished.undefined) == (None, True)
    assert vanished.estimate == pytest.approx(1.5)
    nothing = capacity.amdahl(30, 30, 1)
    assert (nothing.estimate, nothing.naive_gain, nothing.new_total_time) == (None, None, 0)
    assert capacity.amdahl(30, 0, 0.9).estimate == 0
    for arguments, message in (
        ((0, 0, 0.5), "total_time must be above 0"),
        ((30, 40, 0.5), "part_time 40 is longer than total_time 30"),
        ((30, 10, 53), "reduction is a share of at most 1, not 53"),
        ((30, -1, 0.5), "part_time must not be negative"),
        ((30, 10, math.nan), "reduction must be a finite number"),
    ):
        with pytest.raises(ValueError, match=message):
            capacity.amdahl(*arguments)


@quick
@given(st.integers(1, 60), st.integers(1, 200))
def test_slots_are_whole_in_tenths_too(slots, tenths):
    slot = tenths / 10
    assert capacity.slots_per_day(slots * slot, slot).estimate == slots
    assert capacity.slots_per_day(slots * slot + slot * 0.99, slot).estimate == slots
    assert capacity.slots_per_day(0, slot).estimate == 0


def test_slots_and_the_examination():
    plain = capacity.slots_per_day(600, 30)
    assert (plain.estimate, plain.exam_fits_slot) == (20, None)
    assert isinstance(plain.estimate, int)
    assert capacity.slots_per_day(600, 30, exam_time=30).exam_fits_slot is True
    assert capacity.slots_per_day(600, 30, exam_time=30.1).exam_fits_slot is False
    with pytest.raises(ValueError, match="slot_time must be above 0"):
        capacity.slots_per_day(600, 0)
    with pytest.raises(ValueError, match="exam_time must not be negative"):
        capacity.slots_per_day(600, 30, exam_time=-1)


@quick
@given(*[st.floats(0, 100)] * 3, st.integers(0, 300), st.floats(-50, 500))
def test_demand_caps_day_by_day(before, after, demand, days, margin):
    result = capacity.demand_cap(before, after, demand, days, unit_margin=margin)
    done_before, done_after = (days * min(c, demand) for c in (before, after))
    assert result.estimate == pytest.approx(done_after - done_before)
    assert result.extra_margin == pytest.approx(result.estimate * margin)
    assert result.naive_margin == pytest.approx(days * (after - before) * margin)
    assert abs(result.estimate) <= days * abs(after - before) + 1e-9
    unbounded = capacity.demand_cap(before, after, 1e6, days, unit_margin=margin)
    assert unbounded.extra_margin == pytest.approx(unbounded.naive_margin)


def test_demand_cap_edges():
    assert capacity.demand_cap(20, 28, 15, 250).estimate == 0
    assert capacity.demand_cap(20, 28, 23, 250).extra_margin == 0
    with pytest.raises(ValueError, match="demand must not be negative"):
        capacity.demand_cap(20, 28, -1, 250)
    with pytest.raises(ValueError, match="unit_margin must be a finite number"):
        capacity.demand_cap(20, 28, 1, 250, unit_margin=math.inf)


@quick
@given(st.integers(0, 40), st.integers(0, 50), st.integers(0, 1000).map(lambda k: k / 1000))
def test_overbooking_by_enumeration(slots, booked, show):
    arrivals = np.arange(booked + 1)
    probability = scipy_stats.binom.pmf(arrivals, booked, show)
    result = capacity.overbooking(slots, booked, show)
    assert result.mean_arrivals == pytest.approx(probability @ arrivals, abs=1e-9)
    over = arrivals > slots
    assert result.overflow_probability == pytest.approx(probability[over].sum(), abs=1e-10)
    assert result.expected_overflow == pytest.approx(
        (probability * np.maximum(arrivals - slots, 0)).sum(), abs=1e-9
    )


def test_overbooking_edges():
    fits = capacity.overbooking(24, 24, 0.9)
    assert (fits.overflow_probability, fits.expected_overflow) == (0, 0)
    assert capacity.overbooking(0, 3, 1).expected_overflow == pytest.approx(3)
    with pytest.raises(ValueError, match="show_probability must lie between 0 and 1"):
        capacity.overbooking(24, 26, 88)
    with pytest.raises(ValueError, match="booked must be a count"):
        capacity.overbooking(24, 26.5, 0.8)


def test_a_slot_of_almost_no_length_is_refused():
    with pytest.raises(ValueError, match="too short"):
        capacity.slots_per_day(1e308, 1e-308)
