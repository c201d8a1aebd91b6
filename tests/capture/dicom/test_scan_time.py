"""Which rung of the ladder is taken, of which series, and what counts as one acquisition."""

from __future__ import annotations

from scan_kit import event, image, images, only_scan, report, scans

from clinval.capture.dicom.times.acquisitions import once_per_acquisition

GE = "0019,xx5A GEMS_ACQU_01"
PHILIPS = "2005,xx33 Philips MR Imaging DD 001"


# which rung is taken, and what the others say


def test_the_highest_rung_is_taken_and_the_others_are_told():
    two = [
        image(AcquisitionTime=t, ContentTime=c, AcquisitionDuration="30", private={GE: "31000000"})
        for t, c in (("120000.0", "120100"), ("120028.0", "120200"))
    ]
    one = only_scan(two)
    assert (one.value, one.source, one.confidence) == (30.0, "acquisition_duration", "high")
    assert one.others == (
        ("vendor_private", 31.0), ("acquisition_span", 28.0), ("content_span", 60.0),
    )  # fmt: skip
    assert one.flags == ()  # within a tenth; times of reconstruction are no measure of the others


def test_rungs_that_differ_by_more_than_a_tenth_are_told():
    one = only_scan([image(AcquisitionDuration="30", private={PHILIPS: "33.1"})])
    assert (one.value, one.confidence) == (30.0, "medium")
    assert one.flags == ("several_rungs_differ",)
    one = only_scan([image(AcquisitionDuration="30", private={PHILIPS: "33"})])
    assert (one.confidence, one.flags) == ("high", ())


def test_a_second_of_a_clock_that_counts_seconds_is_no_difference():
    two = images(("120000", "120004"), AcquisitionDuration="4.9")
    assert "several_rungs_differ" not in only_scan(two).flags
    two = images(("120000.1", "120004.1"), AcquisitionDuration="4.9")
    assert "several_rungs_differ" in only_scan(two).flags


def test_no_text_that_is_kept_tells_a_time_of_day():
    two = [
        image(AcquisitionDate="20240229", AcquisitionTime=f"12345{k}.5", ContentTime="112233")
        for k in (1, 9)
    ]
    one = only_scan(two)
    assert one.value == 8.0
    assert one.original == ""


# series


def test_computed_series_have_no_scan_time():
    derived = ("DERIVED", "PRIMARY")
    found = scans(
        [
            *images(("120000.0", "120030.0"), series="a"),
            *images(("120000.0", "120030.0"), series="b", image_type=derived),
            image("c", modality="SEG", image_type=derived, AcquisitionDuration="5"),
            image("d", modality="SR", image_type=()),
            *images(("120000.0",), series="a", image_type=derived),
        ]
    )
    (one,) = found
    assert (one.series, one.value) == ("a", 30.0)
    assert "derived_left_out" in one.flags
    assert len(one.instances) == 2


def test_localizers_are_told():
    (by_name,) = scans([image(SeriesDescription="Localizer", AcquisitionDuration="9")])
    assert by_name.flags == ("localizer", "localizer_by_name")
    types = ("ORIGINAL", "PRIMARY", "LOCALIZER")
    (by_type,) = scans([image(modality="CT", image_type=types, AcquisitionDuration="9")])
    assert by_type.flags == ("localizer",)
    (unknown,) = scans([image(image_type=(), AcquisitionDuration="9")])
    assert unknown.flags == ("no_image_type",)


def test_series_stand_in_the_order_of_the_scanner():
    found = scans([image("b", SeriesNumber="10"), image("a", SeriesNumber="9"), image("c")])
    assert [one.series for one in found] == ["a", "b", "c"]


def test_labels_are_the_scanner_s():
    assert only_scan([image(SeriesDescription="T1", ProtocolName="P")]).label == "T1"
    assert only_scan([image(ProtocolName="P")]).label == "P"


def test_a_file_that_is_there_twice_counts_once():
    one = image(AcquisitionDuration="9")
    assert only_scan([one, one]).instances == (one.uid,)


def test_images_that_do_not_say_their_series_belong_to_none():
    assert scans([image(series="", AcquisitionDuration="9")]) == []
    assert scans([image(study="", AcquisitionDuration="9")]) == []


# one acquisition, several series


def test_two_reconstructions_share_an_event_and_count_once():
    found = scans(
        [
            image("thin", modality="CT", IrradiationEventUID="x", SeriesNumber="2"),
            image("thick", modality="CT", IrradiationEventUID="x", SeriesNumber="3"),
            image("other", modality="CT", IrradiationEventUID="y", SeriesNumber="4"),
            report(event("x", 4.0), event("y", 2.0)),
        ]
    )
    assert [(one.series, one.event, one.flags) for one in found] == [
        ("thin", "x", ()),
        ("thick", "x", ("repeated_reconstruction",)),
        ("other", "y", ()),
    ]
    assert sum(one.value for one in once_per_acquisition(found)) == 6.0


def test_two_reconstructions_share_the_time_where_nothing_else_is_written():
    found = scans(
        [
            *images(("120000.0", "120004.0", "120008.0"), series="thin", SeriesNumber="2"),
            *images(("120001.0", "120007.0"), series="thick", SeriesNumber="3"),
            *images(("120008.0", "120012.0"), series="next", SeriesNumber="4"),
            *images(("120000.0", "120008.0"), series="pet", modality="PT", SeriesNumber="5"),
        ]
    )
    assert [(one.series, "repeated_reconstruction" in one.flags) for one in found] == [
        ("thin", False), ("thick", True), ("next", False), ("pet", False),
    ]  # fmt: skip
    assert [one.value for one in once_per_acquisition(found)] == [8.0, 4.0, 8.0]


def test_parts_of_an_acquisition_belong_to_it():
    """A few slices of the beginning, one of the middle, and a part of the end."""
    parts = {
        "whole": ("120000.0", "120100.0"), "begin": ("120002.0", "120004.0"),
        "slice": ("120030.0",), "end": ("120040.0", "120100.0"), "next": ("120100.0", "120110.0"),
    }  # fmt: skip
    found = scans([
        one
        for k, (name, times) in enumerate(parts.items())
        for one in images(times, series=name, SeriesNumber=str(k))
    ])  # fmt: skip
    assert len({one.event for one in found}) == 2
    assert [one.value for one in once_per_acquisition(found)] == [60.0, 10.0]
    reversed_order = once_per_acquisition(reversed(found))
    assert sorted(one.value for one in reversed_order) == [10.0, 60.0]


def test_echoes_that_share_one_time_are_one_acquisition():
    echoes = [
        image(f"e{k}", AcquisitionTime="120000.5", AcquisitionDuration="240", SeriesNumber=str(k))
        for k in (1, 2)
    ]
    later = image("late", AcquisitionTime="120400.5", AcquisitionDuration="60", SeriesNumber="3")
    found = scans([*echoes, later])
    assert sum(one.value for one in once_per_acquisition(found)) == 300.0


def test_acquisitions_that_say_they_are_two_are_two():
    found = scans(
        [
            *images(("120000.0", "120010.0"), series="a", AcquisitionUID="p"),
            *images(("120002.0", "120008.0"), series="b", AcquisitionUID="q"),
            *images(("120000.0", "120010.0"), series="c", AcquisitionUID="q"),
        ]
    )
    assert [one.event for one in found] == ["a", "b", "b"]


def test_reconstructions_of_other_examinations_are_others():
    found = scans([image(study=s, AcquisitionTime="12", AcquisitionDuration="9") for s in "ab"])
    assert len(once_per_acquisition(found)) == 2
