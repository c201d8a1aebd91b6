"""What holds of scan times whatever the series, and the same times counted by another road."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st
from scan_kit import examination, image, only_scan, scans

from clinval.capture.dicom.headers.attributes import DOSE, GATE, PLACE, TIMES
from clinval.capture.dicom.instance import Instance
from clinval.capture.dicom.times.acquisitions import once_per_acquisition
from clinval.capture.dicom.times.scan_time import scan_times

BASE = datetime.fromisoformat("2024-02-28T21:00:00")
LENGTHS = st.one_of(st.none(), st.integers(1, 3000))
"""Milliseconds of exposure."""

shots = st.lists(
    st.tuples(st.integers(0, 6 * 3600 * 1000), LENGTHS, st.sampled_from("123")),
    min_size=1,
    max_size=7,
)
"""Milliseconds from the beginning, length, acquisition number."""


def series(plan, begin=BASE, dates=True, name="s1", **values):
    """Images of a CT that stood still, at those times."""
    made = []
    for late, length, number in plan:
        when = begin + timedelta(milliseconds=late)
        made.append(
            image(
                name,
                modality="CT",
                ScanOptions="AXIAL MODE",
                AcquisitionDate=when.strftime("%Y%m%d") if dates else "",
                AcquisitionTime=when.strftime("%H%M%S.%f"),
                AcquisitionNumber=number,
                ExposureTime="" if length is None else str(length),
                **values,
            )
        )
    return made


def told(one):
    """What a shift of all times must not change."""
    return one.value, one.source, one.confidence, set(one.flags) - {"midnight"}


def by_hand(plan) -> float | None:
    """The span of a series in seconds, by marking milliseconds instead of joining intervals."""
    numbers = {number for _, _, number in plan}
    groups = [[(t, n or 0) for t, n, number in plan if number == one] for one in sorted(numbers)]
    moments = {t for t, _, _ in plan}
    if all(len({t for t, _ in group}) > 1 for group in groups):
        edges = sorted({edge for group in groups for t, n in group for edge in (t, t + n)})
        spans = [(min(t for t, _ in g), max(t + n for t, n in g)) for g in groups]
        total = sum(
            later - sooner
            for sooner, later in pairwise(edges)
            if any(begin <= sooner and later <= end for begin, end in spans)
        )
    else:
        total = max(t + (n or 0) for t, n, _ in plan) - min(moments)
    return total / 1000 if total else None


@given(shots)
def test_spans_are_those_counted_by_hand(plan):
    one = only_scan(series(plan))
    assert one.value == by_hand(plan)


@given(shots)
def test_an_end_that_is_not_known_is_told(plan):
    """The last image of something that counts by itself has no length."""
    one = only_scan(series(plan))
    lasts = [t for t, n, _ in plan if t == max(t for t, _, _ in plan) and n is None]
    ends = max(t + (n or 0) for t, n, _ in plan)
    if one.value is not None and len({number for _, _, number in plan}) == 1:
        assert ("no_last_slice" in one.flags) == (bool(lasts) and ends == lasts[0])


@given(shots, st.integers(-(10**8), 10**8), st.booleans())
def test_shifting_all_times_changes_nothing(plan, seconds, dates):
    begin = BASE + timedelta(seconds=seconds)
    before, after = series(plan, dates=dates), series(plan, begin, dates=dates)
    assert told(only_scan(before)) == told(only_scan(after))
    assert told(examination(before)) == told(examination(after))


@given(shots)
def test_midnight_changes_nothing(plan):
    """Times alone, of a scan shorter than half a day, say the same as times with dates."""
    late = BASE.replace(hour=23, minute=59)
    dated, undated = series(plan, late), series(plan, late, dates=False)
    assert told(only_scan(dated)) == told(only_scan(undated))
    assert examination(dated).value == examination(undated).value


@settings(max_examples=40)
@given(st.lists(shots, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_instances_changes_nothing(plans, rng: random.Random):
    instances = [
        one
        for k, plan in enumerate(plans)
        for one in series(plan, name=f"s{k}", SeriesNumber=str(k % 2))
    ]
    before = scan_times(instances)
    rng.shuffle(instances)
    assert scan_times(instances) == before


@given(shots)
def test_a_computed_series_changes_no_scan_time(plan):
    acquired = series(plan)
    computed = series(plan, name="s2", image_type=("DERIVED", "PRIMARY"))
    (one,) = scans([*acquired, *computed])
    assert one == only_scan(acquired)


@given(shots)
def test_a_reconstruction_of_the_same_images_adds_no_time(plan):
    acquired = series(plan, SeriesNumber="1")
    again = series(plan, name="s2", SeriesNumber="2")
    found = scans([*acquired, *again])
    assert [one.event for one in found] == ["s1", "s1"]
    assert once_per_acquisition(found) == [found[0]]
    assert examination([*acquired, *again]).value == examination(acquired).value


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 90), st.integers(0, 90)), min_size=1, max_size=6),
    st.integers(1, 3),
)
def test_series_one_after_the_other_are_as_many_acquisitions(blocks, copies):
    """Each block is scanned, reconstructed a few times, and followed by a pause."""
    instances: list[Instance] = []
    at = number = 0
    for lasted, pause in blocks:
        plan = [(at * 1000, 1000, "1"), ((at + lasted) * 1000 - 500, 500, "1")]
        for _ in range(copies):
            number += 1
            instances += series(plan, name=f"s{number:02}", SeriesNumber=str(number))
        at += lasted + pause
    found = scans(instances)
    repeated = [one for one in found if "repeated_reconstruction" in one.flags]
    assert len(found) - len(repeated) == len(blocks)
    whole = sum(one.value for one in once_per_acquisition(found))
    expected = sum(max(lasted, 1.0) for lasted, _ in blocks)
    assert whole == pytest.approx(expected, abs=1e-9)


NASTY = st.lists(
    st.sampled_from([
        "", " ", "0", "-1", "1", "17", "120000", "120000.123456", "235959", "20240229", "2024",
        "20240229120000.5+0100", "20240229120000-9999", "TA", "TA 00:00", "TA 00.00", "TA 01.28",
        "TA 99999:99", "1e308", "1e-308", "-0", "nan", "inf", "0x10", "１２００００", "+0000",
        "REMOVED", "MODIFIED", "SPIRAL", "AXIAL", "9" * 400, "9" * 400 + ".5",
        "TA " + "9" * 400 + ":00", "a\\b", "\x00", "LOCALIZER", "DERIVED",
    ]),
    max_size=3,
).map(tuple)  # fmt: skip


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["CT", "MR", "PT", "NM", "XA", "DX", "SR", ""]),
            st.dictionaries(st.sampled_from((*TIMES, *GATE, *DOSE, *PLACE)), NASTY, max_size=12),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_stands_in_a_header_gives_a_time_or_none(headers):
    instances = [image(modality=modality, private=values) for modality, values in headers]
    for one in scan_times(instances):
        assert one.value is None or 0 < one.value < 10**7
        assert (one.value is None) == (one.source == "none")
        assert one.flags or one.value is not None


def test_a_great_many_instances_are_grouped_in_one_pass():
    """As many looks at headers for ten times the images are ten times as many, not a hundred."""
    looks = []
    for many in (60, 600):
        instances = [
            image(f"s{k % 20}", AcquisitionTime=f"12{k // 60 % 60:02}{k % 60:02}.5",
                  AcquisitionNumber=str(k % 7), SeriesNumber=str(k % 20))
            for k in range(many)
        ]  # fmt: skip
        counter = _Counted()
        for one in instances:
            object.__setattr__(one.header, "values", counter.wrap(one.header.values))
        scan_times(instances)
        looks.append(counter.looks)
    assert 9 <= looks[1] / looks[0] <= 11


class _Counted:
    """Counts how often values of headers are looked up."""

    def __init__(self):
        self.looks = 0

    def wrap(self, values):
        counter = self

        class Values(dict):
            def get(self, *args):
                counter.looks += 1
                return super().get(*args)

        return Values(values)
