"""Each rung of the ladder of scan times, and each trap on it."""

from __future__ import annotations

import pytest
from scan_kit import event, image, images, only_scan, report, scans

GE = "0019,xx5A GEMS_ACQU_01"
SIEMENS = "0051,xx0A SIEMENS MR HEADER"
PHILIPS = "2005,xx33 Philips MR Imaging DD 001"
FRAME = "PerFrameFunctionalGroupsSequence.FrameContentSequence."


# 1: dose reports


def test_an_irradiation_event_gives_the_time_of_its_images():
    found = scans([image(modality="CT", IrradiationEventUID="x"), report(event("x", 4.25))])
    (one,) = found
    assert (one.value, one.source, one.confidence) == (4.25, "irradiation_times", "high")
    assert (one.event, one.original, one.unit) == ("x", "4.25 s", "s")


def test_events_of_a_series_are_added_and_each_counts_once_over_cumulative_reports():
    pictures = [image(modality="CT", IrradiationEventUID=uid) for uid in ("x", "y", "x")]
    reports = [report(event("x", 4.0)), report(event("x", 4.0), event("y", 2.5))]
    assert only_scan([*pictures, *reports]).value == 6.5


def test_an_event_that_a_report_leaves_empty_may_stand_in_a_later_one():
    reports = [report(event("x")), report(event("x", 4.0))]
    assert only_scan([image(modality="CT", IrradiationEventUID="x"), *reports]).value == 4.0


def test_events_that_no_report_tells_of_leave_the_rung_out():
    pictures = [image(modality="CT", IrradiationEventUID=uid) for uid in ("x", "y")]
    one = only_scan([*pictures, report(event("x", 4.0))])
    assert (one.value, one.source, one.flags) == (None, "none", ("no_times",))


def test_enhanced_images_have_their_event_in_a_shared_group():
    path = "SharedFunctionalGroupsSequence.IrradiationEventIdentificationSequence."
    picture = image(modality="CT", private={path + "IrradiationEventUID": "x"})
    assert only_scan([picture, report(event("x", 3.5))]).value == 3.5


def test_a_run_of_fluoroscopy_lasts_from_start_to_end_and_not_as_long_as_its_pulses():
    run = event("x", 0.5, duration=8.0, kind="projection")
    picture = image(modality="XA", IrradiationEventUID="x")
    assert only_scan([picture, report(run, kind="projection")]).value == 8.0


def test_remarks_on_the_time_of_an_event_go_with_it():
    told = report(event("x", 4.0, flags=("unit_unusual",)))
    one = only_scan([image(modality="CT", IrradiationEventUID="x"), told])
    assert (one.confidence, one.flags) == ("medium", ("unit_unusual",))


def test_a_report_of_ct_without_images_gives_the_times_of_its_events():
    reports = [
        report(event("x", 3.0, mode="localizer"), event("y", 8.0)),
        report(event("x", 3.0, mode="localizer"), event("y", 8.0), event("z")),
    ]
    found = scans(reports)
    assert [(one.event, one.value, one.scope, one.flags) for one in found] == [
        ("x", 3.0, "event", ("localizer",)),
        ("y", 8.0, "event", ()),
    ]
    assert found[0].instances == tuple(one.uid for one in reports)
    # once there are images, the times are those of their series
    assert [one.scope for one in scans([*reports, image(modality="CT")])] == ["series"]


# 2: acquisition duration


def test_acquisition_duration_of_an_enhanced_image():
    one = only_scan([image(AcquisitionDuration="652.70703125")])
    assert (one.value, one.source, one.confidence) == (652.70703125, "acquisition_duration", "high")
    assert one.original == "AcquisitionDuration 652.707 s"


def test_a_duration_that_all_images_repeat_counts_once():
    volumes = [
        image(AcquisitionDuration="349.76", AcquisitionNumber=str(k), AcquisitionTime=f"1200{k:02}")
        for k in range(5)
    ]
    assert only_scan(volumes).value == 349.76


def test_durations_of_two_acquisitions_in_one_series_are_added():
    parts = [
        image(AcquisitionDuration="20", AcquisitionNumber=number, AcquisitionTime=time)
        for number, time in (("1", "120000"), ("1", "120000"), ("2", "120500"))
    ]
    assert only_scan(parts).value == 40.0


def test_two_acquisitions_of_one_number_are_told_by_their_times():
    """Enhanced images of one series, ten minutes apart; slices a little past the planned end."""
    both = [image(AcquisitionDuration="300", AcquisitionTime=t) for t in ("120000", "121000")]
    assert only_scan(both).value == 600.0
    slices = [
        image(AcquisitionDuration="250", AcquisitionTime=t)
        for t in ("120000.0", "120200.0", "120411.5")
    ]
    assert only_scan(slices).value == 250.0
    assert only_scan([image(AcquisitionDuration="250") for _ in range(3)]).value == 250.0


def test_different_durations_of_one_acquisition_are_told():
    one = only_scan([image(AcquisitionDuration=text) for text in ("33", "34")])
    assert (one.value, one.confidence, one.flags) == (34.0, "medium", ("values_differ",))


@pytest.mark.parametrize("text", ["0", "-1", "nan", "", "n/a"])
def test_a_duration_that_is_none_is_none(text):
    assert only_scan([image(AcquisitionDuration=text)]).source == "none"


# 3: attributes of makers


def test_ge_writes_microseconds():
    # the value of dcm2niix #808, which the console shows as 05:01
    one = only_scan([image(private={GE: "301185150.0"})])
    assert one.value == pytest.approx(301.18515, abs=1e-9)
    assert (one.source, one.confidence) == ("vendor_private", "high")
    assert one.original == f"({GE}) 301185150 us"


@pytest.mark.parametrize(
    ("text", "seconds"), [("TA 05:01", 301.0), ("TA 00:14", 14.0), ("TA 1:02:03", 3723.0)]
)
def test_siemens_writes_what_the_console_shows(text, seconds):
    one = only_scan([image(private={SIEMENS: text}), image(private={SIEMENS: text})])
    assert (one.value, one.source, one.confidence) == (seconds, "vendor_private", "medium")
    assert text in one.original


def test_siemens_writes_the_time_of_one_volume_of_a_time_series():
    volumes = [image(private={SIEMENS: "TA 01.28"}, AcquisitionNumber=str(k)) for k in range(10)]
    one = only_scan(volumes)
    assert one.value == pytest.approx(12.8)
    assert (one.confidence, one.flags) == ("low", ("per_measurement",))


@pytest.mark.parametrize("text", ["TA", "TA 1.5*10", "TP 0", "05:01", "TA abc"])
def test_a_text_of_siemens_that_is_not_understood_is_not_guessed(text):
    assert only_scan([image(private={SIEMENS: text})]).value is None


def test_philips_writes_seconds():
    one = only_scan([image(private={PHILIPS: "143.6"})])
    assert (one.value, one.confidence) == (143.6, "medium")


# 4: times of frames


def _frames(starts, durations, **values):
    frames = {FRAME + "FrameAcquisitionDateTime": tuple(starts)}
    if durations:
        frames[FRAME + "FrameAcquisitionDuration"] = tuple(durations)
    return image(private=frames, **values)


def test_frames_last_from_the_first_start_to_the_last_end():
    # the longest is not the last one: an end is a start and its own duration
    starts = ("20200101120000.0", "20200101120010.0", "20200101120005.5")
    one = only_scan([_frames(starts, ("1000", "500", "7000"))])
    assert (one.value, one.source, one.confidence) == (12.5, "frame_times", "medium")


def test_frames_without_durations_leave_out_the_last():
    starts = ("20200101235959", "20200102000009")
    one = only_scan([_frames(starts, ())])
    assert (one.value, one.confidence) == (10.0, "low")
    assert one.flags == ("no_last_slice",)


def test_a_cine_loop_lasts_as_long_as_its_frames():
    one = only_scan([image(modality="XA", NumberOfFrames="30", FrameTime="33.5")])
    assert (one.value, one.confidence) == (1.005, "low")
    assert one.flags == ("nominal_frames",)
    vector = image(modality="XA", NumberOfFrames="4", FrameTimeVector=("0", "100", "100", "300"))
    assert only_scan([vector]).value == 0.5
    assert only_scan([image(modality="XA", NumberOfFrames="1", FrameTime="33")]).value is None
    assert only_scan([image(modality="PT", NumberOfFrames="2", FrameTime="0")]).value is None


def test_runs_of_one_series_are_added_without_their_pauses():
    runs = [
        image(modality="XA", NumberOfFrames="40", FrameTime="50", AcquisitionTime=time)
        for time in ("120000.0", "120500.0")
    ]
    assert only_scan(runs).value == 4.0


def test_early_and_late_images_of_a_gamma_camera_are_two_acquisitions():
    both = [
        image(modality="NM", ActualFrameDuration="300000", AcquisitionTime=time)
        for time in ("100000", "120000")
    ]
    one = only_scan(both)
    assert (one.value, one.flags) == (600.0, ("pauses_left_out",))


def test_a_gamma_camera_takes_its_views_with_all_heads_at_once():
    turn = {
        "RotationInformationSequence.NumberOfFramesInRotation": "17",
        "RotationInformationSequence.ActualFrameDuration": "14695",
    }
    one = only_scan([image(modality="NM", private=turn, AcquisitionTime="120736.246")])
    assert (one.value, one.source) == (249.815, "frame_times")
    assert "nominal_frames" not in one.flags


def test_phases_of_a_gamma_camera_are_added_with_their_pauses():
    phases = {
        "PhaseInformationSequence.NumberOfFramesInPhase": ("60", "20"),
        "PhaseInformationSequence.ActualFrameDuration": ("1000", "60000"),
        "PhaseInformationSequence.PauseBetweenFrames": ("0", "100"),
    }
    assert only_scan([image(modality="NM", private=phases)]).value == 60 + 1200 + 1.9
    phases["PhaseInformationSequence.ActualFrameDuration"] = ("1000", "")
    assert only_scan([image(modality="NM", private=phases)]).value is None


# 5: times of images


def test_the_last_slice_lasts_as_long_as_it_was_exposed():
    one = only_scan(
        images(
            ("120000.0", "120004.5", "120002.0"),
            modality="CT", ScanOptions="AXIAL MODE", ExposureTime="1500",
        )
    )  # fmt: skip
    assert (one.value, one.source, one.confidence) == (6.0, "acquisition_span", "medium")
    assert one.original == "ExposureTime 1500 ms"
    assert one.flags == ()


def test_a_span_without_the_last_slice_is_told():
    one = only_scan(images(("120000.0", "120030.0")))
    assert (one.value, one.confidence, one.flags) == (30.0, "low", ("no_last_slice",))


def test_the_exposure_of_a_spiral_is_a_turn_over_the_pitch_and_never_the_scan():
    mode = {"modality": "CT", "ScanOptions": "HELICAL MODE", "ExposureTime": "9000"}
    one = only_scan(images(("120000.2", "120008.2"), **mode))
    assert (one.value, one.flags) == (8.0, ("spiral", "no_last_slice"))
    told = mode | {"RevolutionTime": "0.5", "SpiralPitchFactor": "1.25"}
    one = only_scan(images(("120000.2", "120008.2"), **told))
    assert (one.value, one.flags) == (8.4, ("spiral",))
    # one moment for all slices, and an exposure time that may be anything: nothing says how long
    one = only_scan(images(("120000.0", "120000.0"), **mode))
    assert (one.value, one.flags) == (None, ("single_moment",))


@pytest.mark.parametrize(
    "values",
    [
        {"image_type": ("ORIGINAL", "PRIMARY", "AXIAL", "HELIX")},
        {"AcquisitionType": "SPIRAL"},
        {"SpiralPitchFactor": "0.9"},
        {"ScanOptions": ("FILTER", "SPIRAL")},
        {},  # a CT that does not say whether its table moved
    ],
)
def test_an_exposure_time_counts_only_where_the_table_stood_still(values):
    assert only_scan([image(modality="CT", ExposureTime="2000", AcquisitionTime="12", **values)]
                     ).value is None  # fmt: skip


@pytest.mark.parametrize("mode", ["NONHELICAL_CT", "NON-HELICAL", "SEQUENCE", "CINE MODE"])
def test_a_table_that_stood_still_is_no_spiral(mode):
    one = only_scan(images(("120000.0", "120019.5"), modality="CT", ScanOptions=mode))
    assert "spiral" not in one.flags


def test_positron_emission_lasts_as_long_as_its_beds_count():
    beds = [
        image(modality="PT", AcquisitionTime=time, ActualFrameDuration=lasted)
        for time, lasted in (("121448", "166436"), ("121519", "135021"), ("121448", "166436"))
    ]
    one = only_scan(beds)  # the two beds of a real scan with continuous motion end together
    assert (one.value, one.confidence, one.flags) == (166.436, "medium", ())


def test_acquisitions_are_added_without_their_pauses():
    phases = [
        image(modality="CT", ScanOptions="CINE", ExposureTime="500", AcquisitionTime=time,
              AcquisitionNumber=number)
        for number, time in (("1", "120000.0"), ("1", "120003.5"), ("2", "120100.0"),
                             ("2", "120103.5"))
    ]  # fmt: skip
    one = only_scan(phases)
    assert (one.value, one.flags) == (8.0, ("pauses_left_out",))


def test_volumes_that_are_numbered_as_acquisitions_are_one_time_series():
    volumes = [
        image(AcquisitionTime=f"1200{2 * k:02}.500", AcquisitionNumber=str(k + 1))
        for k in range(20)
    ]
    one = only_scan(volumes)
    assert (one.value, one.flags) == (38.0, ("no_last_slice",))


def test_exposures_of_radiography_are_acquisitions_each():
    views = [
        image(modality="DX", AcquisitionTime=time, ExposureTime=lasted)
        for time, lasted in (("141133.000000", "6"), ("141215.000000", "11"),
                             ("141243.000000", "27"), ("141243.000000", "27"))
    ]  # fmt: skip
    assert only_scan(views).value == 0.044


def test_a_clock_that_counts_seconds_cannot_measure_a_few_of_them():
    assert "coarse_clock" in only_scan(images(("120000", "120004"))).flags
    assert "coarse_clock" in only_scan(images(("120000.0", "120004.0"))).flags
    assert "coarse_clock" not in only_scan(images(("120000.0", "120004.1"))).flags
    assert "coarse_clock" not in only_scan(images(("120000", "120014"))).flags
    assert "coarse_clock" in only_scan(images(("1200", "1205"))).flags


def test_images_that_say_no_time_are_told():
    one = only_scan([*images(("120000.0", "120030.0")), image()])
    assert (one.value, one.flags) == (30.0, ("some_without_times", "no_last_slice"))


def test_midnight_without_and_with_dates():
    one = only_scan(images(("235950", "000010")))
    assert (one.value, one.flags) == (20.0, ("midnight", "no_last_slice"))
    dated = [
        image(AcquisitionDate=day, AcquisitionTime=time)
        for day, time in (("20240229", "235950"), ("20240301", "000010"))
    ]
    one = only_scan(dated)
    assert (one.value, one.flags) == (20.0, ("no_last_slice",))
    lagging = [image(AcquisitionDate="20240229", AcquisitionTime=t) for t in ("235950", "000010")]
    assert only_scan(lagging).value == 20.0


def test_a_datetime_goes_before_date_and_time():
    two = [
        image(AcquisitionDateTime=f"2020010112{k:02}00.5+0100", AcquisitionTime="090000")
        for k in (0, 3)
    ]
    assert only_scan(two).value == 180.0


def test_the_end_of_summer_time_is_no_hour():
    two = [
        image(AcquisitionDate="20241027", AcquisitionTime=time, TimezoneOffsetFromUTC=offset)
        for time, offset in (("025900", "+0200"), ("020100", "+0100"))
    ]
    one = only_scan(two)
    assert (one.value, one.flags) == (120.0, ("clock_offset", "no_last_slice"))


def test_shifted_times_tell_spans_and_removed_ones_nothing():
    one = only_scan(images(("120000.0", "120030.0"), ExposureTime="1",
                           LongitudinalTemporalInformationModified="MODIFIED"))  # fmt: skip
    assert (one.value, one.confidence) == (30.0, "low")
    assert "times_modified" in one.flags
    # an exposure time has no date to be shifted
    view = {"ExposureTime": "80", "LongitudinalTemporalInformationModified": "MODIFIED"}
    one = only_scan(images(("120000.0",), modality="MG", **view))
    assert (one.value, one.confidence, one.flags) == (0.08, "medium", ("single_moment",))
    removed = {"LongitudinalTemporalInformationModified": "REMOVED"}
    one = only_scan(images(("000000", "000030"), ContentTime="000040", **removed))
    assert (one.value, one.source, one.flags) == (None, "none", ("times_removed",))
    # a duration is no time of day
    one = only_scan(images(("000000",), AcquisitionDuration="12.5", **removed))
    assert (one.value, one.flags) == (12.5, ())


# 6 and none


def test_times_of_reconstruction_are_the_last_resort():
    two = [image(ContentTime=time) for time in ("120000.0", "120055.0")]
    one = only_scan(two)
    assert (one.value, one.source, one.confidence) == (55.0, "content_span", "low")
    assert one.flags == ("content_time",)


def test_nothing_is_told_as_nothing():
    one = only_scan([image()])
    assert (one.value, one.source, one.confidence) == (None, "none", "low")
    assert one.flags == ("no_times",)
    assert only_scan(images(("120000", "120000"))).flags == ("single_moment",)
