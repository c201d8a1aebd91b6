"""Dates and times as headers write them, and the time between them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from clinval.capture.dicom.times.moments import (
    DAY,
    SECOND,
    Moment,
    on_one_axis,
    read_moment,
    read_offset,
    read_seconds,
)

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


@pytest.mark.parametrize(
    ("text", "clock", "step"),
    [
        ("16", 16 * HOUR, HOUR),
        ("1609", 16 * HOUR + 9 * MINUTE, MINUTE),
        ("160918", 58_158 * SECOND, SECOND),
        ("160918.0", 58_158 * SECOND, 1),
        ("160918.0125", 58_158_012_500, 1),  # four digits: CR of Siemens Multix
        ("160918.012500", 58_158_012_500, 1),
        ("160918.0125009", 58_158_012_500, 1),  # more digits than there may be
        ("160918.   ", None, None),
        ("160918 ", 58_158 * SECOND, SECOND),  # padded
        ("16:09:18", 58_158 * SECOND, SECOND),  # ACR-NEMA
        ("16:09", 16 * HOUR + 9 * MINUTE, MINUTE),
        ("16:09:18.5", 58_158_500_000, 1),
        ("16:0918", None, None),
        ("000000", 0, SECOND),
        ("235960", DAY, SECOND),  # a leap second
        ("240000", None, None),
        ("126000", None, None),
        ("120061", None, None),
        ("1", None, None),
        ("120", None, None),
        ("100000-110000", None, None),
        ("１２００００", None, None),
        ("", None, None),
        ("noon", None, None),
    ],
)
def test_spellings_of_a_time(text, clock, step):
    moment = read_moment("20200617", text)
    if clock is None:
        assert moment is None
    else:
        assert moment == Moment(clock, date(2020, 6, 17).toordinal(), None, step)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20010101", date(2001, 1, 1)),
        ("1997.04.24", date(1997, 4, 24)),
        ("1997-04-24", date(1997, 4, 24)),
        ("20000229", date(2000, 2, 29)),
        ("20010229", None),
        ("200101", None),
        ("", None),
        ("00000000", None),
    ],
)
def test_a_date_that_does_not_exist_leaves_the_time(text, day):
    moment = read_moment(text, "0800")
    assert moment is not None
    assert moment.clock == 8 * HOUR
    assert moment.day == (None if day is None else day.toordinal())


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+0000", 0), ("-0000", 0), ("+0800", 480), ("-0330", -210), ("+1400", 840),
        ("-1200", -720), ("UTC-04:00", -240), ("utc+0100", 60), ("GMT+02:00", 120),
        ("+1430", None), ("-1300", None), ("0800", None), ("", None), ("EST", None),
    ],
)  # fmt: skip
def test_offsets(text, minutes):
    assert read_offset(text) == minutes


def test_the_offset_of_a_datetime_goes_before_that_of_the_file():
    assert read_moment("", "20120820120804.06+0200", -300).offset == 120
    assert read_moment("", "20120820120804.06", -300).offset == -300
    assert read_moment("", "2012082012", None).step == HOUR
    assert read_moment("", "20120820") is None  # a date alone says no time


def test_durations_in_minutes_and_seconds():
    assert [read_seconds(t) for t in ("05:01", "00:14", "61:00", "1:02:03")] == [
        301,
        14,
        3660,
        3723,
    ]
    assert [read_seconds(t) for t in ("5:1", "01.28", "", "a:bc")] == [None] * 4


@given(
    st.dates(date(1950, 1, 1), date(2099, 12, 31)),
    st.times(),
    st.integers(0, 6),
    st.sampled_from(["plain", "datetime"]),
)
def test_what_python_writes_is_read_back(day, time, digits, way):
    when = datetime.combine(day, time)
    cut = 10 ** (6 - digits)
    when = when.replace(microsecond=when.microsecond // cut * cut)
    fraction = f".{when.microsecond:06d}"[: digits + 1] if digits else ""
    texts = when.strftime("%Y%m%d"), when.strftime("%H%M%S") + fraction
    moment = read_moment(*texts) if way == "plain" else read_moment("", "".join(texts))
    start = datetime.combine(date.fromordinal(moment.day), datetime.min.time())
    assert start + timedelta(microseconds=moment.clock) == when


def _spread(moments, **options):
    positions, flags = on_one_axis(moments, **options)
    return max(positions) - min(positions), flags


def test_midnight_without_dates():
    late, early = Moment(23 * HOUR + 59 * MINUTE), Moment(MINUTE)
    assert _spread([late, early]) == (2 * MINUTE, ("midnight",))
    assert _spread([early, Moment(2 * MINUTE)]) == (MINUTE, ())
    # where either side of the dial is as long, nothing is unwrapped
    assert _spread([Moment(6 * HOUR), Moment(18 * HOUR)]) == (12 * HOUR, ())


def test_midnight_with_dates():
    late, early = Moment(23 * HOUR, 10), Moment(HOUR, 11)
    assert _spread([late, early]) == (2 * HOUR, ())


def test_midnight_with_the_date_of_the_beginning_in_all_images():
    late, early = Moment(23 * HOUR, 10), Moment(HOUR, 10)
    assert _spread([late, early]) == (2 * HOUR, ("midnight",))
    # delayed images of an examination: the day is what it says
    assert _spread([late, early], dates_may_lag=False) == (22 * HOUR, ())


def test_offsets_that_are_all_alike_change_nothing():
    one, other = (Moment(k * HOUR, 10, 60) for k in (3, 4))
    assert _spread([one, other]) == (HOUR, ())


def test_clocks_of_two_offsets_are_brought_to_utc():
    summer, winter = Moment(2 * HOUR + 59 * MINUTE, 10, 120), Moment(2 * HOUR + MINUTE, 10, 60)
    assert _spread([summer, winter]) == (2 * MINUTE, ("clock_offset",))
    # UTC's midnight is not the scanner's
    early, late = Moment(HOUR, 10, 120), Moment(90 * MINUTE, 10, 60)
    assert _spread([early, late]) == (90 * MINUTE, ("clock_offset",))
    without_dates = [moment._replace(day=None) for moment in (summer, winter)]
    assert _spread(without_dates) == (2 * MINUTE, ("clock_offset",))


def test_an_offset_that_only_some_say_is_not_used():
    told, silent = Moment(2 * HOUR, 10, 60), Moment(3 * HOUR, 10)
    assert _spread([told, silent]) == (HOUR, ("clock_offset",))


def test_nothing_has_no_place():
    assert on_one_axis([]) == ([], ())


clocks = st.lists(st.integers(0, 86_399), min_size=1, max_size=8)


@given(clocks)
def test_the_dial_is_cut_where_all_moments_lie_closest(seconds):
    """Turn the dial to every moment in turn: no turn gives a shorter time than is given."""
    found, flags = _spread([Moment(second * SECOND) for second in seconds])
    turns = [[(second - start) % 86_400 for second in seconds] for start in seconds]
    assert found == min(max(turn) for turn in turns) * SECOND
    natural = (max(seconds) - min(seconds)) * SECOND
    assert found <= natural
    assert ("midnight" in flags) == (found < natural)


@given(clocks, st.integers(-200_000, 200_000))
def test_turning_the_dial_changes_nothing(seconds, shift):
    before, _ = _spread([Moment(second * SECOND) for second in seconds])
    after, _ = _spread([Moment((second + shift) % 86_400 * SECOND) for second in seconds])
    assert before == after


@given(st.lists(st.integers(0, 40 * 3600), min_size=1, max_size=8), st.integers(0, 86_399))
def test_a_scan_shorter_than_half_a_day_is_as_long_with_dates_as_without(seconds, begin):
    seconds = [second % 43_000 for second in seconds]
    whole = [begin + second for second in seconds]
    dated = [Moment(t % 86_400 * SECOND, 700_000 + t // 86_400) for t in whole]
    long = max(seconds) - min(seconds)
    assert _spread(dated)[0] == long * SECOND
    gaps = [later - sooner for sooner, later in pairwise(sorted(seconds))]
    undated = [moment._replace(day=None) for moment in dated]
    assert _spread(undated)[0] == min(long, 86_400 - max(gaps, default=0)) * SECOND
