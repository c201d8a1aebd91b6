import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats.throughput import duration

quick = settings(deadline=None, max_examples=80, derandomize=True)


@quick
@given(st.lists(st.tuples(st.integers(0, 86399), st.integers(0, 86399)), max_size=8))
def test_clock_times_go_forward_from_start_to_end(rows):
    midnight = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    starts = [midnight + dt.timedelta(seconds=a) for a, _ in rows]
    ends = [a + dt.timedelta(seconds=b) for a, (_, b) in zip(starts, rows, strict=True)]
    result = duration.clock_time(
        [moment.strftime("%H:%M:%S") for moment in starts],
        [moment.strftime("%H:%M:%S") for moment in ends],
    )
    assert result.durations == tuple(float(b) for _, b in rows)
    assert result.midnight_crossings == sum(
        a.date() != b.date() for a, b in zip(starts, ends, strict=True)
    )
    assert result.n == len(rows)


def test_clock_edges():
    assert duration.clock_time(["08:00:00"], ["08:00:00"]).durations == (0,)
    assert duration.clock_time(["23:59:59.5"], ["0:00:01"]).durations == (1.5,)
    empty = duration.clock_time([], [])
    assert (empty.durations, empty.midnight_crossings, empty.n) == ((), 0, 0)


@pytest.mark.parametrize(
    "reading", ["24:00:00", "12:60:00", "12:00", "12.30.00", "", None, 3, "12:00:00 PM", "१२:००:००"]
)
def test_invalid_clock_readings(reading):
    with pytest.raises(ValueError, match=r"is not a clock reading HH:MM:SS"):
        duration.clock_time([reading], ["12:00:00"])
    with pytest.raises(ValueError, match="lengths differ: start 2, end 1"):
        duration.clock_time(["12:00:00", "12:00:00"], ["12:00:00"])
    with pytest.raises(ValueError, match="start must be a list of times"):
        duration.clock_time("12:00:00", ["12:00:00"])


@quick
@given(
    st.datetimes(dt.datetime(2015, 1, 1), dt.datetime(2030, 1, 1)),  # noqa: DTZ001 - local times
    st.integers(0, 10 * 86400),
    st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]),
)
def test_local_times_against_pandas(start, seconds, zone):
    begun = pd.Timestamp(start.replace(microsecond=0)).tz_localize(
        zone, ambiguous=True, nonexistent="shift_forward"
    )
    ended = (begun.tz_convert("UTC") + pd.Timedelta(seconds=seconds)).tz_convert(zone)
    texts = [moment.tz_localize(None).isoformat() for moment in (begun, ended)]
    result = duration.local_time(texts[:1], texts[1:], zone)
    # an end in the second of two equal hours reads as the first, unless that is before the start
    first = pd.Timestamp(texts[1]).tz_localize(zone, ambiguous=True)
    wanted = (first - begun).total_seconds()
    assert result.durations[0] == (wanted if wanted >= 0 else seconds)


def test_changes_of_the_clock():
    berlin = "Europe/Berlin"
    spring = duration.local_time(["2024-03-31T01:50:00"], ["2024-03-31T03:10:00"], berlin)
    assert spring.durations == (1200,)
    # 02:50 and then 02:10 of the hour that comes twice
    autumn = duration.local_time(["2024-10-27T02:50:00"], ["2024-10-27T02:10:00"], berlin)
    assert autumn.durations == (1200,)
    through = duration.local_time(["2024-10-27T01:30:00"], ["2024-10-27T03:30:00"], berlin)
    assert through.durations == (3 * 3600,)
    backwards = duration.local_time(["2024-06-01T12:00:00"], ["2024-06-01T11:00:00"], berlin)
    assert backwards.durations == (-3600,)
    china = duration.local_time(["2024-03-31 01:50"], ["2024-03-31 03:10"], "Asia/Shanghai")
    assert china.durations == (4800,)
    assert duration.local_time([], [], berlin).n == 0


@pytest.mark.parametrize(
    ("text", "zone", "message"),
    [
        ("2024-03-31T02:30:00", "Europe/Berlin", "did not occur in Europe/Berlin"),
        ("2024-03-31T02:30:00+01:00", "Europe/Berlin", "has an offset"),
        ("31.03.2024 02:30", "Europe/Berlin", "is not a time in ISO 8601"),
        (None, "Europe/Berlin", "is not a time in ISO 8601"),
        ("2024-03-31T02:30:00", "Europe/Bonn", "there is no time zone 'Europe/Bonn'"),
        ("2024-03-31T02:30:00", "../etc/passwd", "there is no time zone"),
        ("2024-03-31T02:30:00", "", "there is no time zone"),
    ],
)
def test_invalid_local_times(text, zone, message):
    with pytest.raises(ValueError, match=message):
        duration.local_time([text], ["2024-03-31T04:00:00"], zone)


def test_times_that_no_clock_has_are_refused():
    for start, end in (("0001-01-01T00:00:00", "2024-01-01T00:00:00"),):
        with pytest.raises(ValueError, match="outside the years"):
            duration.local_time([start], [end], "Asia/Tokyo")
    with pytest.raises(ValueError, match="outside the years"):
        duration.local_time(["2024-01-01"], ["9999-12-31T23:59:59"], "America/New_York")
    with pytest.raises(ValueError, match="no time zone"):
        duration.local_time([], [], None)
    with pytest.raises(ValueError, match="list of times"):
        duration.clock_time(None, None)


def test_screened_pairs_add_up_and_are_those_of_the_strict_functions():
    start = ["23:59:59", "08:00:00", None, "25:00:00", "12:00:00", "12:00:00"]
    end = ["00:00:01", "08:00:00", "08:10:00", "01:00:00", "11:59:59", ""]
    result = duration.screened(start, end)
    strict = duration.clock_time([start[0], start[1], start[4]], [end[0], end[1], end[4]])
    assert tuple(d for d in result.durations if d is not None) == strict.durations
    assert result.midnight_crossings == strict.midnight_crossings == 2
    left_out = (
        result.missing + result.unreadable + result.skipped + result.negative + result.too_long
    )
    assert (left_out, result.n_used, result.n) == (3, 3, 6)
    assert (result.missing, result.unreadable) == (2, 1)
    assert duration.screened(start, end, longest=3600).too_long == 1
    assert duration.screened([], []).n == 0


def test_screened_local_times_through_both_changes_of_the_clock():
    start = ["2024-10-27T02:50:00", "2024-10-27T01:30:00", "2024-06-01T23:00:00", "never"]
    end = [
        "2024-10-27T02:10:00",
        "2024-10-27T03:30:00",
        "2024-06-02T01:00:00",
        "2024-06-02T01:00:00",
    ]
    result = duration.screened(start, end, timezone="Europe/Berlin")
    assert result.durations == (1200.0, 3 * 3600.0, 7200.0, None)
    assert (result.clock_changes, result.midnight_crossings, result.unreadable) == (2, 1, 1)
    with pytest.raises(ValueError, match="there is no time zone"):
        duration.screened(start, end, timezone="Berlin")
    with pytest.raises(ValueError, match="longest must be above 0"):
        duration.screened(start, end, longest=0)
    with pytest.raises(ValueError, match="lengths differ"):
        duration.screened(start, end[:2])
