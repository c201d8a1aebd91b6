import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from clinval.stats.comparison import time_to_event
from clinval.stats.reliability import survival

quick = settings(deadline=None, max_examples=40, derandomize=True)
units = st.lists(
    st.tuples(st.integers(1, 12), st.booleans(), st.integers(0, 11)), min_size=1, max_size=15
).map(lambda rows: [(time, event, min(entry, time - 1)) for time, event, entry in rows])


def product(rows, t):
    """Multiply over the failure times up to t, each counted by hand."""
    value, variance = 1.0, 0.0
    for at in sorted({time for time, event, _ in rows if event and time <= t}):
        n = sum(entry < at <= time for time, _, entry in rows)
        d = sum(event and time == at for time, event, _ in rows)
        value *= 1 - d / n
        variance += d / (n * (n - d)) if n > d else math.inf
    return value, value * math.sqrt(variance) if value else None


@quick
@given(units, st.sampled_from(["plain", "log", "log-log"]))
def test_curve_median_and_numbers_at_risk_by_hand(rows, transform):
    time, event, entry = (list(column) for column in zip(*rows, strict=True))
    at = [0, 0.5, *range(1, 13)]
    result = survival.kaplan_meier(time, event, entry=entry, at=at, transform=transform)
    for i, t in enumerate(at):
        value, se = product(rows, t)
        if t > max(time) and value > 1e-12:
            assert result.survival[i] is None
            continue
        assert result.survival[i] == pytest.approx(value, abs=1e-12)
        assert result.survival_se[i] == pytest.approx(se, abs=1e-12)
        assert result.at_risk[i] == sum((e < t or e == 0) and t <= end for end, _, e in rows)
        assert result.failed[i] == sum(d and end <= t for end, d, _ in rows)
        if result.survival_ci_low[i] is not None:
            assert 0 <= result.survival_ci_low[i] <= value + 1e-12
            assert value - 1e-12 <= result.survival_ci_high[i] <= 1
    if result.estimate is None:
        assert product(rows, max(time))[0] > 0.5 - 1e-9
    else:
        assert product(rows, result.estimate)[0] <= 0.5 + 1e-9
        before = np.nextafter(result.estimate, 0)
        assert product(rows, before)[0] >= 0.5 - 1e-9


@quick
@given(units, st.floats(0.01, 1e6))
def test_the_unit_of_time_does_not_matter(rows, unit):
    time, event, entry = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    one = survival.kaplan_meier(time, event, entry=entry)
    other = survival.kaplan_meier(unit * time, event, entry=unit * entry)
    for name in ("estimate", "ci_low", "ci_high"):
        value = getattr(one, name)
        assert getattr(other, name) == (None if value is None else pytest.approx(unit * value))


def test_a_curve_on_one_half_to_the_end_has_its_median_in_the_middle():
    result = survival.kaplan_meier([1, 2, 3, 5], [1, 1, 0, 0])
    assert result.estimate == 3.5


def test_area_under_the_curve_is_the_restricted_mean():
    rng = np.random.default_rng(2)
    time, event = rng.integers(1, 40, 60).astype(float), rng.integers(0, 2, 60)
    arm = np.repeat([0, 1], 30)
    tau = 20.0
    areas = []
    for value in (1, 0):
        mine = arm == value
        at = [t for t in sorted(set(time[mine & (event == 1)])) if t < tau]
        curve = survival.kaplan_meier(time[mine], event[mine], at=at)
        widths = np.diff([0, *at, tau])
        areas.append(float(widths @ [1, *curve.survival]))
    wanted = time_to_event.rmst_difference(time, event, arm, tau=tau).estimate
    assert areas[0] - areas[1] == pytest.approx(wanted)


def test_failures_at_the_very_beginning_count_where_nobody_entered_late():
    result = survival.kaplan_meier([0, 0, 5, 6], [1, 1, 1, 1], at=[0])
    assert (result.survival, result.at_risk, result.estimate) == ((0.5,), (4,), 2.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"time": [1, 2], "event": [1]}, "lengths differ"),
        ({"time": [-1, 2], "event": [1, 0]}, "below 0"),
        ({"time": [1, 2], "event": [1, 2]}, "event must be 1"),
        ({"time": [1, math.nan], "event": [1, 0]}, "missing"),
        ({"time": [4, 2], "event": [1, 0], "entry": [1, 2]}, "ends at 2 must begin before it"),
        ({"time": [4, 2], "event": [1, 0], "entry": [-1, 0]}, "entry holds -1"),
        ({"time": [4, 2], "event": [1, 0], "at": [math.inf]}, "at holds a missing"),
    ],
)
def test_bad_lives_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        survival.kaplan_meier(**arguments)


@quick
@given(units)
def test_one_group_has_no_undefined_number_without_a_reason(rows):
    time, event, entry = (list(column) for column in zip(*rows, strict=True))
    result = survival.kaplan_meier(time, event, entry=entry)
    assume(result.estimate is None)
    assert result.undefined
    assert result.reason == "the median is not reached"
