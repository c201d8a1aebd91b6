"""Which scanners and algorithms are behind images, and what changed about them."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from dataclasses import replace

import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from image_kit import ABSENT, SHARED, image, observed, real

from clinval.capture.dicom.devices.algorithms import Algorithm
from clinval.capture.dicom.devices.device import Device, device_changes, devices
from clinval.capture.dicom.dose.report import DoseReport

REAL = pytest.mark.skipif(not SHARED.is_dir(), reason=ABSENT)
PURPOSE = "ContributingEquipmentSequence__PurposeOfReferenceCodeSequence__CodeValue"
SCANNER = {
    "Modality": "CT", "Manufacturer": "Acme", "ManufacturerModelName": "One",
    "DeviceSerialNumber": "17", "SoftwareVersions": "5.1", "AcquisitionDate": "20260110",
}  # fmt: skip
DERIVED = ("DERIVED", "PRIMARY")


def names(found):
    return [(one.kind, one.model, one.algorithm, one.version, one.instances) for one in found]


@REAL
def test_the_images_and_reports_of_one_scanner_are_of_one_device():
    files = ("PetIm-Siemens", "PetIm-Siemens-2", "PetIm-GE", "CT-RDSR-Siemens", "RRDSR-Siemens")
    found = devices([real(f"NM-{name}") for name in files])
    vision = [one for one in found if one.serial == "11090"]
    assert [(one.model, one.instances, one.modalities) for one in vision] == [
        ("Biograph64_Vision 600", 3, ("PT", "SR")),
        ("Biograph64_Vision 600_Vision 600-1208", 1, ("SR",)),
    ]
    assert {one.software for one in vision} == {"VG80B"}
    assert {one.first for one in vision} == {datetime.date(2022, 2, 24)}
    (other,) = [one for one in found if one.serial != "11090"]
    assert (other.manufacturer, other.model, other.software) == (
        "GE MEDICAL SYSTEMS", "Discovery 690", "52.00",
    )  # fmt: skip


@REAL
def test_every_shared_image_has_the_equipment_that_pydicom_reads():
    attributes = {
        "manufacturer": "Manufacturer", "model": "ManufacturerModelName",
        "serial": "DeviceSerialNumber", "software": "SoftwareVersions",
    }  # fmt: skip
    seen = 0
    for path in sorted(SHARED.glob("openrem_gplv3/*-*Im*.dcm")):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        (device,) = devices([real(path.stem)])
        for ours, name in attributes.items():
            value = header.get(name) or ""
            parts = [value] if isinstance(value, str) else value
            assert getattr(device, ours) == "\\".join(parts), (path.name, ours)
        assert device.kind == "scanner"
        seen += 1
    assert seen == 23


@REAL
def test_a_segmentation_is_of_its_algorithm_and_of_no_scanner():
    (found,) = devices([real("highdicom_mit/seg_image_ct_binary")])
    assert (found.kind, found.algorithm, found.version) == ("algorithm", "test", "v1.0")
    assert found.first == datetime.date(2021, 6, 27)


def test_an_algorithm_that_writes_images_of_its_own_is_no_scanner():
    original = image(**SCANNER)
    made = {**SCANNER, "Manufacturer": "Deep", "ManufacturerModelName": "Denoise",
            "SoftwareVersions": "2.0", "DeviceSerialNumber": ""}  # fmt: skip
    found = devices([original, image(series="s2", ImageType=DERIVED, **made)])
    assert names(found) == [
        ("scanner", "One", "", "", 1),
        ("algorithm", "Denoise", "Denoise", "2.0", 1),
    ]
    assert found[1].series == ("s2",)


def test_derived_images_of_the_scanner_are_counted_to_its_originals():
    # a workstation that keeps the scanner's name but writes its own version and no serial number
    derived = {**SCANNER, "SoftwareVersions": "MPR 3", "DeviceSerialNumber": ""}
    found = devices([image(**SCANNER), image(ImageType=DERIVED, **derived)])
    assert names(found) == [("scanner", "One", "", "", 2)]
    assert found[0].software == "5.1"
    assert names(devices([image(ImageType=DERIVED, **derived)])) == [("scanner", "One", "", "", 1)]


def test_a_radiograph_is_derived_on_its_own_scanner():
    about = {**SCANNER, "Modality": "DX"}
    found = devices([image(ImageType=DERIVED, **about), image(**about)])
    assert names(found) == [("scanner", "One", "", "", 2)]


def test_a_capture_of_a_screen_by_other_equipment_says_nothing():
    screen = {**SCANNER, "ManufacturerModelName": "Archive",
              "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}  # fmt: skip
    captured = image(ImageType=("DERIVED", "SECONDARY"), **screen)
    assert names(devices([image(**SCANNER), captured])) == [("scanner", "One", "", "", 1)]


def contributed(purposes, models=("Denoise",), **more):
    return image(**{
        **SCANNER, "ImageType": DERIVED, **more,
        "ContributingEquipmentSequence__Manufacturer": ("Deep",) * len(models),
        "ContributingEquipmentSequence__ManufacturerModelName": models,
        "ContributingEquipmentSequence__SoftwareVersions": ("2.0",) * len(models),
        **({PURPOSE: purposes} if purposes else {}),
    })  # fmt: skip


def test_processing_equipment_that_contributed_is_an_algorithm():
    found = devices([image(**SCANNER), contributed(("109102",))])
    assert names(found)[1:] == [("algorithm", "Denoise", "Denoise", "2.0", 1)]
    assert found[1].manufacturer == "Deep"
    assert names(found)[0] == ("scanner", "One", "", "", 2)


@pytest.mark.parametrize(
    ("purposes", "models", "more", "found"),
    [
        (("109101", "109102"), ("Deidentifier", "Denoise"), {}, ["Denoise"]),
        (("109104",), ("Deidentifier",), {}, []),
        ((), ("Denoise",), {}, ["Denoise"]),  # no purpose: of derived images
        ((), ("Denoise",), {"ImageType": ("ORIGINAL", "PRIMARY")}, []),
        (("109102", "109103", "1"), ("Denoise", "Other"), {}, ["Denoise", "Other"]),
        (("109102",), ("One",), {"Manufacturer": "DEEP"}, []),  # the scanner itself
    ],
)
def test_what_else_contributed_is_none(purposes, models, more, found):
    made = [one for one in devices([contributed(purposes, models, **more)]) if one.algorithm]
    assert [one.algorithm for one in made] == found


def test_an_object_that_a_person_made_and_a_report_of_findings_are_of_no_device():
    about = {**SCANNER, "Modality": "SEG", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"}
    assert devices([image(**about)]) == []
    finding = {**SCANNER, "Modality": "SR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.33"}
    assert devices([image(**finding)]) == []
    dose = image(**finding, report=DoseReport(kind="ct"))
    assert names(devices([dose])) == [("scanner", "One", "", "", 1)]
    measured = image(**finding, algorithms=[Algorithm(name="Nodule", version="3", maker="Deep")])
    (algorithm,) = devices([measured])
    assert (algorithm.algorithm, algorithm.version, algorithm.manufacturer) == (
        "Nodule",
        "3",
        "Deep",
    )


def test_a_file_that_went_through_the_reader_keeps_what_contributed(tmp_path):
    header, maker, purpose = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    header.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    header.SOPInstanceUID, header.StudyInstanceUID, header.SeriesInstanceUID = "1.1", "1.2", "1.3"
    header.Modality, header.ImageType = "MR", ["DERIVED", "PRIMARY", "OTHER"]
    header.Manufacturer, header.ManufacturerModelName = "Acme", "Tesla"
    maker.Manufacturer, maker.ManufacturerModelName = "Deep", "Denoise MR"
    maker.SoftwareVersions = ["2.0", "model 7"]
    purpose.CodeValue, purpose.CodingSchemeDesignator = "109102", "DCM"
    maker.PurposeOfReferenceCodeSequence = [purpose]
    header.ContributingEquipmentSequence = [maker]
    udi = pydicom.Dataset()
    udi.UniqueDeviceIdentifier = "(01)00844588003288(11)141231"
    header.UDISequence = [udi]
    path = tmp_path / "derived.dcm"
    pydicom.dcmwrite(path, header, implicit_vr=True, little_endian=True, enforce_file_format=False)
    scanner, algorithm = devices([observed(path)])
    assert (scanner.model, scanner.udi) == ("Tesla", "(01)00844588003288(11)141231")
    assert (algorithm.algorithm, algorithm.version) == ("Denoise MR", "2.0\\model 7")


def device(day=None, kind="scanner", **more):
    first = None if day is None else datetime.date(2026, 1, day)
    return Device(**{
        "kind": kind, "manufacturer": "Acme", "model": "One", "serial": "17", "software": "5.1",
        "modalities": ("CT",), "first": first, "last": first, "instances": 1, **more,
    })  # fmt: skip


def changes(*found):
    return [(one.what, one.before.first, one.on) for one in device_changes({"S01": found})]


DAY = [None, *(datetime.date(2026, 1, day) for day in range(1, 20))]


@pytest.mark.parametrize(
    ("after", "what"),
    [
        ({"software": "5.2"}, ["software"]),
        ({"serial": "18"}, ["serial"]),
        ({"model": "Two", "serial": "20"}, ["model"]),
        ({"serial": "18", "software": "5.2"}, ["serial"]),
        ({"software": " 5.1"}, []),
        ({"manufacturer": "ACME"}, []),
        ({"software": ""}, []),
        ({"serial": "", "software": ""}, []),
        ({"model": "One-1208"}, []),  # one serial number: the same scanner, called otherwise
        ({"software": "9", "modalities": ("SR",)}, []),  # reports write it otherwise
        ({"model": "Two", "serial": "20", "modalities": ("MR",)}, []),
        ({"model": "Two", "serial": "20", "modalities": ("SR",)}, []),
    ],
)
def test_what_counts_as_a_change(after, what):
    assert changes(device(1), device(5, **after)) == [(one, DAY[1], DAY[5]) for one in what]


def test_reports_of_two_models_may_be_of_two_modalities():
    reports = [
        device(1, modalities=("SR",)),
        device(5, model="C-arm", serial="2", modalities=("SR",)),
    ]
    assert changes(*reports) == []


def test_another_version_of_an_algorithm_is_a_change_and_another_algorithm_is_none():
    about = {"kind": "algorithm", "algorithm": "Denoise", "modalities": ("SEG",)}
    found = [device(1, version="1", **about), device(9, version="2", **about)]
    other = device(3, version="7", **{**about, "algorithm": "Nodule"})
    assert changes(*found, other) == [("version", DAY[1], DAY[9])]


def test_changes_are_told_by_site_and_in_the_order_of_use():
    first, second, third = (device(day, software=f"5.{day}") for day in (2, 4, 9))
    found = device_changes({"S02": [third, first], "S01": [second, third, first]})
    assert [(one.site, one.before.software, one.after.software) for one in found] == [
        ("S01", "5.2", "5.4"), ("S01", "5.4", "5.9"), ("S02", "5.2", "5.9"),
    ]  # fmt: skip


def test_without_days_a_change_is_told_without_one():
    assert changes(device(software="1"), device(software="2")) == [("software", None, None)]


def test_the_same_state_on_another_day_is_one_device():
    days = ("20260110", "20260301", "2026.02.01", "not a day", "")
    found = devices([image(**{**SCANNER, "AcquisitionDate": day}) for day in days])
    (one,) = found
    assert (one.first, one.last) == (datetime.date(2026, 1, 10), datetime.date(2026, 3, 1))
    assert one.instances == 5
    assert device_changes({"S01": found}) == []


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 2), st.integers(1, 28)),
        max_size=25,
    ),
    st.randoms(use_true_random=False),
)
def test_devices_counted_another_way_and_in_any_order(scans, order: random.Random):
    instances = [
        image(**{
            **SCANNER, "ManufacturerModelName": f"m{model}", "DeviceSerialNumber": f"n{serial}",
            "SoftwareVersions": f"v{version}", "AcquisitionDate": f"202602{day:02d}",
        })
        for model, serial, version, day in scans
    ]  # fmt: skip
    found = devices(instances)
    counted = Counter((f"m{m}", f"n{n}", f"v{v}") for m, n, v, _ in scans)
    assert {(one.model, one.serial, one.software): one.instances for one in found} == counted
    for one in found:
        state = (one.model, one.serial, one.software)
        days = [day for m, n, v, day in scans if state == (f"m{m}", f"n{n}", f"v{v}")]
        assert (one.first.day, one.last.day) == (min(days), max(days))
    order.shuffle(instances)
    assert devices(instances) == found
    told = device_changes({"S01": found})
    for what, scope, what_of in (
        ("software", lambda one: one.serial, lambda one: one.software),
        ("serial", lambda one: one.model, lambda one: one.serial),
    ):
        values = {}
        for one in found:
            values.setdefault(scope(one), set()).add(what_of(one))
        assert sum(one.what == what for one in told) == sum(
            len(each) - 1 for each in values.values()
        )
    assert device_changes({"S01": found[::-1]}) == told
    silent = device_changes({"S01": [replace(one, software="") for one in found]})
    assert [one.what for one in silent] == [one.what for one in told if one.what != "software"]
