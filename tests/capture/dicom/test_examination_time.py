"""From the first start to the last end of an examination."""

from __future__ import annotations

import pytest
from scan_kit import event, examination, image, images, report

from clinval.capture.dicom.times.scan_time import scan_times

CT = {"modality": "CT", "ScanOptions": "AXIAL", "ExposureTime": "1000"}


def test_all_series_count_and_so_does_the_localizer():
    one = examination(
        [
            image(
                "loc", image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"), AcquisitionTime="115950.5"
            ),
            *images(("120100.0", "120109.0"), series="a", **CT),
        ]
    )
    assert (one.value, one.source, one.confidence) == (79.5, "acquisition_span", "medium")
    assert (one.scope, one.unit, one.series) == ("examination", "s", "")
    assert len(one.instances) == 3


def test_the_last_series_lasts_as_long_as_its_scan():
    one = examination(
        [
            image("a", AcquisitionTime="120000.5", AcquisitionDuration="300"),
            image("b", AcquisitionTime="121000.5", AcquisitionDuration="240"),
        ]
    )
    assert (one.value, one.flags) == (840.0, ())


def test_a_last_series_whose_end_is_not_known_is_told():
    one = examination(
        [
            image("a", AcquisitionTime="120000.5", AcquisitionDuration="300"),
            image("b", AcquisitionTime="121000.5"),
        ]
    )
    assert (one.value, one.flags) == (600.0, ("no_last_slice",))


def test_time_of_reconstruction_is_no_part_of_an_examination():
    slow = [
        image("a", AcquisitionTime="120000.5", ContentTime=time) for time in ("120100", "120420")
    ]
    one = examination([*slow, image("b", AcquisitionTime="120030.5")])
    assert (one.value, one.source) == (30.0, "acquisition_span")


def test_computed_series_do_not_count():
    derived = image("x", image_type=("DERIVED", "PRIMARY"), AcquisitionTime="230000.0")
    one = examination([*images(("120000.0", "120009.0"), **CT), derived])
    assert (one.value, one.flags) == (10.0, ("derived_left_out",))


def test_reports_tell_the_first_and_the_last_irradiation():
    cumulative = [
        report(began="20180105171933.5", ended="20180105171940"),
        report(began="20180105171933.5", ended="20180105172528.25"),
    ]
    one = examination(cumulative)
    assert (one.value, one.source, one.confidence) == (354.75, "irradiation_times", "high")
    assert one.instances == tuple(each.uid for each in cumulative)


def test_continued_reports_of_one_examination_are_one_time():
    parts = [
        report(began="20180427101100", ended="20180427101200"),
        report(began="20180427101900", ended="20180427101930"),
    ]
    assert examination(parts).value == 510.0


def test_reports_without_start_and_end_are_taken_by_their_events():
    told = report(
        event("x", 2.5, "20200101120000.5", "projection"),
        event("y", None, "20200101120100.0", "projection"),
        event("z", 1.0, "20200101120058.0", "projection", duration=9.0),
        kind="projection",
    )
    one = examination([told])
    assert (one.value, one.flags) == (66.5, ())
    open_end = report(event("x", None, "20200101120000"), event("y", None, "20200101120100"))
    assert examination([open_end]).flags == ("no_last_slice",)


def test_one_exposure_is_told_as_one():
    alone = report(event("x", 0.005, "20200101120000"), kind="projection")
    one = examination([alone])
    assert (one.value, one.confidence, one.flags) == (0.005, "medium", ("single_moment",))
    one = examination(images(("120000",), modality="DX", ExposureTime="5"))
    assert (one.value, one.flags) == (0.005, ("single_moment",))


def test_images_and_reports_of_x_ray_are_held_against_each_other():
    pictures = images(("120000.0", "120059.0"), **CT)
    agreeing = report(began="20200101115958", ended="20200101120101")
    one = examination([*pictures, agreeing])
    assert (one.value, one.others) == (63.0, (("acquisition_span", 60.0),))
    assert one.flags == ()
    other = report(began="20200101115900", ended="20200101120101")
    one = examination([*pictures, other])
    assert (one.value, one.confidence, one.flags) == (121.0, "medium", ("several_rungs_differ",))


def test_a_report_of_ct_tells_of_a_part_of_a_pet_ct():
    pet = image("p", modality="PT", AcquisitionTime="120000", ActualFrameDuration="900000")
    told = report(began="20200101115800", ended="20200101115830")
    one = examination([pet, told])
    assert (one.value, one.source) == (900.0, "acquisition_span")
    assert one.others == (("irradiation_times", 30.0),)
    assert "several_rungs_differ" not in one.flags


def test_administrations_are_no_irradiation_by_x_ray():
    times = {"x": "20200101080000", "y": "20200101093000"}
    given = [event(uid, None, time, "administration") for uid, time in times.items()]
    told = report(*given, kind="radiopharmaceutical")
    assert scan_times([told]) == []


def test_offsets_of_reports():
    told = report(
        began="19970101001000+0000", ended="19970101001030", TimezoneOffsetFromUTC="UTC-00:00"
    )
    assert (examination([told]).value, examination([told]).flags) == (30.0, ())


def test_times_of_day_alone_run_past_midnight():
    one = examination(
        [
            *images(("235000.0", "235009.0"), series="a", **CT),
            *images(("001000.0", "001009.0"), series="b", **CT),
        ]
    )
    assert (one.value, one.flags) == (1210.0, ("midnight",))


def test_delayed_images_of_the_same_day_are_as_late_as_they_say():
    both = [
        image("a", modality="NM", AcquisitionDate="20200101", AcquisitionTime="080000",
              ActualFrameDuration="600000"),
        image("b", modality="NM", AcquisitionDate="20200101", AcquisitionTime="213000",
              ActualFrameDuration="600000"),
    ]  # fmt: skip
    assert examination(both).value == 13.5 * 3600 + 600


def test_a_date_that_lags_behind_in_one_series_is_seen_in_the_examination():
    lagging = [
        image("b", AcquisitionDate="20200101", AcquisitionTime=time, **CT)
        for time in ("235959.0", "000003.0")
    ]
    before = images(("235900.0",), series="a", AcquisitionDate="20200101", **CT)
    one = examination([*before, *lagging])
    assert (one.value, one.flags) == (64.0, ("midnight",))


def test_what_has_no_time_is_told():
    assert examination([image()]).flags == ("no_times",)
    assert examination([image(AcquisitionTime="12")]).flags == ("single_moment",)
    assert examination([image()]).value is None
    one = examination([image("a"), *images(("120000.0", "120019.0"), series="b", **CT)])
    assert (one.value, one.confidence, one.flags) == (20.0, "low", ("some_without_times",))


@pytest.mark.parametrize(
    ("told", "flags"),
    [("MODIFIED", ("times_modified",)), ("UNMODIFIED", ())],
)
def test_shifted_times_of_an_examination(told, flags):
    values = {"LongitudinalTemporalInformationModified": told}
    assert examination(images(("120000.0", "120019.0"), **CT, **values)).flags == flags
    removed = {"LongitudinalTemporalInformationModified": "REMOVED"}
    assert examination(images(("120000.0", "120019.0"), **CT, **removed)).value is None
