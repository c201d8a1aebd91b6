"""One dose where a report and the images of an examination both state it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st
from image_kit import ABSENT, SHARED, real, value

from clinval.capture.dicom.dose.image_dose import TOLERANCE, image_doses, merge_doses
from clinval.capture.dicom.dose.report_doses import report_doses


def stated(quantity, number, event="", scope="", **more):
    return value(quantity, number, event=event, scope=scope, source="report_event", **more)


@pytest.mark.skipif(not SHARED.is_dir(), reason=ABSENT)
def test_the_report_of_a_pet_scan_and_its_images_state_one_activity():
    names = ("PetIm-Siemens", "PetIm-Siemens-2", "PetIm-Siemens-3", "CT-RDSR-Siemens")
    instances = [real(f"NM-{name}") for name in (*names, "RRDSR-Siemens")]
    assert len({one.study for one in instances}) == 1
    reports, images = report_doses(instances), image_doses(instances)
    activity = [one for one in images if one.quantity == "administered_activity"]
    assert {one.value for one in activity} == {394.0}
    # The report names the administration otherwise than the images do.
    events = {one.event for one in reports if one.quantity == "administered_activity"}
    assert not events & {one.event for one in activity if one.event}
    merged = merge_doses(reports, images)
    assert merged == reports
    found = [one for one in merged if one.quantity == "administered_activity"]
    assert {one.value for one in found} == {394.0}
    assert all("image_differs" not in one.flags for one in merged)


def test_an_image_gives_way_to_the_event_of_a_report():
    report = [stated("ctdivol", 8.0, "a"), stated("ctdivol", 3.0, "b")]
    assert merge_doses(report, [value("ctdivol", 8.2, event="a")]) == report


@pytest.mark.parametrize(
    ("image", "differs"),
    [(10.0, False), (10.5, False), (9.5, False), (10.5001, True), (9.4999, True), (0.0, True)],
)
def test_an_image_farther_away_than_the_tolerance_is_told(image, differs):
    (one,) = merge_doses([stated("ctdivol", 10.0, "a")], [value("ctdivol", image, event="a")])
    assert one.value == 10.0
    assert ("image_differs" in one.flags) is differs


def test_an_image_of_an_event_that_no_report_has_stays_and_totals_say_so():
    reports = [
        stated("ctdivol", 8.0, "a"),
        stated("dlp", 300.0, "a"),
        stated("dlp", 300.0, scope="examination"),
    ]
    merged = merge_doses(reports, [value("ctdivol", 5.0, event="b")])
    assert [(one.quantity, one.value, one.flags) for one in merged] == [
        ("ctdivol", 8.0, ()),
        ("dlp", 300.0, ()),
        ("dlp", 300.0, ("irradiation_missing",)),
        ("ctdivol", 5.0, ("not_in_report",)),
    ]


def test_an_event_that_the_report_has_without_this_quantity_takes_it_from_the_image():
    reports = [stated("ctdivol", 8.0, "a"), stated("dlp", 2.0, "b")]
    merged = merge_doses(reports, [value("ctdivol", 0.1, event="b")])
    assert merged[:2] == reports
    assert (merged[2].value, merged[2].flags) == (0.1, ("report_empty",))


def test_an_empty_number_of_a_report_is_filled_by_the_image():
    reports = [stated("dose_area_product", None, "a"), stated("dose_area_product", 2.0, "b")]
    merged = merge_doses(reports, [value("dose_area_product", 1.0, event="a")])
    assert [(one.event, one.value) for one in merged] == [("b", 2.0), ("a", 1.0)]
    assert merged[1].flags == ("report_empty",)


def test_an_image_without_an_event_is_held_against_the_closest_value():
    reports = [stated("dose_area_product", 1.0, "a"), stated("dose_area_product", 4.0, "b")]
    unnamed = {"event": "stand-in", "flags": ("event_unnamed",)}
    assert merge_doses(reports, [value("dose_area_product", 4.1, **unnamed)]) == reports
    merged = merge_doses(reports, [value("dose_area_product", 3.0, **unnamed)])
    assert [one.flags for one in merged] == [(), ("image_differs",)]
    assert merge_doses(reports, [value("dose_area_product", 1.01)]) == reports


def test_where_a_report_has_no_number_at_all_the_images_stand_in():
    reports = [stated("dose_area_product", None, "a"), stated("dose_area_product", None, "b")]
    unnamed = {"event": "stand-in", "flags": ("event_unnamed",)}
    merged = merge_doses(reports, [value("dose_area_product", 1.5, **unnamed)])
    assert [(one.value, one.flags) for one in merged] == [(1.5, ("event_unnamed", "report_empty"))]


def test_an_administration_is_the_same_under_another_name():
    report = [stated("administered_activity", 350.0, "a")]
    (one,) = merge_doses(report, [value("administered_activity", 394.0, event="b")])
    assert (one.value, one.flags) == (350.0, ("image_differs",))


def test_an_administration_that_the_report_lacks_is_kept():
    report = [
        stated("administered_activity", 764.0, "stress"),
        stated("administered_activity", 764.0, scope="examination"),
    ]
    images = [
        value("administered_activity", 320.0, event="x"),
        value("administered_activity", 764.0, event="y"),
        value("administered_activity", 1084.0, scope="examination"),
    ]
    merged = merge_doses(report, images)
    assert [(one.event, one.value, one.flags) for one in merged] == [
        ("stress", 764.0, ()),
        ("", 764.0, ("image_differs", "irradiation_missing")),
        ("x", 320.0, ("not_in_report",)),
    ]


def test_an_activity_that_the_report_leaves_empty_is_that_of_the_images():
    report = [stated("administered_activity", None, "a")]
    (one,) = merge_doses(report, [value("administered_activity", 394.0, event="b")])
    assert (one.value, one.flags) == (394.0, ("report_empty",))


def test_a_value_whose_event_an_image_names_goes_with_no_other_image():
    reports = [stated("dose_area_product", 1.0, "a"), stated("dose_area_product", 4.0, "b")]
    images = [
        value("dose_area_product", 1.0, event="a"),
        value("dose_area_product", 1.0, event="stand-in", flags=("event_unnamed",)),
    ]
    merged = merge_doses(reports, images)
    assert [one.flags for one in merged] == [(), ("image_differs",)]


def test_the_dose_of_a_breast_is_compared_with_that_of_the_same_breast():
    reports = [
        stated("average_glandular_dose", 2.0, scope="examination", flags=("left",)),
        stated("average_glandular_dose", 1.5, scope="examination", flags=("right",)),
    ]
    image = value("average_glandular_dose", 1.5, scope="examination", flags=("left",))
    merged = merge_doses(reports, [image])
    assert [one.flags for one in merged] == [("image_differs", "left"), ("right",)]


def test_an_image_without_a_number_says_nothing_beside_a_report():
    reports = [stated("ctdivol", 8.0, "a")]
    assert merge_doses(reports, [value("ctdivol", None, event="a")]) == reports
    alone = [value("ctdivol", None, event="a")]
    assert merge_doses([], alone) == alone


def test_examinations_do_not_mix():
    reports = [stated("ctdivol", 8.0, "a")]
    other = value("ctdivol", 80.0, event="a", study="e2")
    assert merge_doses(reports, [other]) == [*reports, other]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=5),
    st.lists(st.integers(1, 30), max_size=5),
)
def test_exposures_without_a_name_go_with_one_value_each(in_report, in_images):
    reports = [stated("dose_area_product", float(n), f"r{k}") for k, n in enumerate(in_report)]
    images = [
        value("dose_area_product", float(n), event=f"i{k}", flags=("event_unnamed",))
        for k, n in enumerate(in_images)
    ]
    merged = merge_doses(reports, images)
    assert [one.value for one in merged[: len(reports)]] == [float(n) for n in in_report]
    added = merged[len(reports) :]
    assert len(added) == max(0, len(images) - len(reports))
    assert all("not_in_report" in one.flags for one in added)
    exact = Counter(in_report) & Counter(in_images)
    told = sum("image_differs" in one.flags for one in merged)
    assert told <= min(len(reports), len(images)) - exact.total()


NUMBERS = st.dictionaries(st.integers(0, 8), st.integers(1, 40), max_size=8)


@settings(max_examples=150, deadline=None)
@given(NUMBERS, NUMBERS)
def test_reports_win_and_nothing_is_lost_or_counted_twice(in_reports, in_images):
    reports = [stated("ctdivol", float(n), f"v{event}") for event, n in in_reports.items()]
    images = [value("ctdivol", float(n), event=f"v{event}") for event, n in in_images.items()]
    merged = merge_doses(reports, images)
    counts = Counter(one.event for one in merged)
    assert set(counts.values()) <= {1}
    assert counts.keys() == {f"v{event}" for event in (*in_reports, *in_images)}
    for one in merged:
        event = int(one.event[1:])
        assert one.value == float(in_reports.get(event, in_images.get(event, 0)))
        if event in in_reports and event in in_images:
            apart = abs(in_images[event] - in_reports[event]) * 100 > 5 * in_reports[event]
            assert ("image_differs" in one.flags) == apart
        assert ("not_in_report" in one.flags) == (bool(in_reports) and event not in in_reports)
    assert TOLERANCE == 0.05
