"""Doses in images, held to what others have published of the same files, and counted again."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from fractions import Fraction

import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from image_kit import ABSENT, SHARED, image, observed, real

from clinval.capture.dicom.dose.image_dose import image_doses
from clinval.capture.dicom.dose.report import DoseReport
from clinval.capture.dicom.dose.units import exact_sum

REAL = pytest.mark.skipif(not SHARED.is_dir(), reason=ABSENT)

# Tests of OpenREM (test_import_dx, _mam, _px, _mg_im_hol_proj): dose area product in Gy.m2, here
# times 10 000; glandular and entrance dose in mGy.
EXPOSURES = {
    "DX-Im-GE_XR220-1": {"dose_area_product": 0.041},
    "DX-Im-GE_XR220-2": {"dose_area_product": 0.082},
    "DX-Im-GE_XR220-3": {"dose_area_product": 0.205},
    "DX-Im-Carestream_DR7500-1": {"dose_area_product": 1.1013},
    "DX-Im-Carestream_DR7500-2": {"dose_area_product": 1.0157},
    "PX-Im-NewTom_Go": {"dose_area_product": 0.081},
    "MG-Im-GE-SenDS-scaled": {"average_glandular_dose": 1.373, "entrance_dose": 5.071},
    "MG-Im-GE_Seno_1_ForPresentation": {"average_glandular_dose": 0.547, "entrance_dose": 1.694},
    "MG-Im-Hologic-PropProj": {"average_glandular_dose": 0.26, "entrance_dose": 0.42},
}

LOCALIZER = ("ORIGINAL", "PRIMARY", "LOCALIZER")


def of(found, quantity, scope="event"):
    return [one for one in found if one.quantity == quantity and one.scope == scope]


@REAL
@pytest.mark.parametrize("name", EXPOSURES)
def test_the_dose_of_one_exposure_is_the_published_one(name):
    found = image_doses([real(name)])
    assert {one.quantity: one.value for one in found if one.scope == "event"} == EXPOSURES[name]
    assert all(one.instances == (real(name).uid,) for one in found)


@REAL
def test_every_dose_attribute_of_the_shared_images_becomes_one_value_of_its_unit():
    factors = {
        "ImageAndFluoroscopyAreaDoseProduct": ("dose_area_product", Fraction(1, 10)),
        "OrganDose": ("average_glandular_dose", Fraction(100)),
        "EntranceDoseInmGy": ("entrance_dose", Fraction(1)),
    }
    seen = Counter()
    for path in sorted(SHARED.glob("*/*.dcm")):
        header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        expected = {
            quantity: float(Fraction(str(header[name].value)) * factor)
            for name, (quantity, factor) in factors.items()
            if header.get(name) is not None
        }
        if header.get("Modality") == "SR":
            assert not expected
            continue
        seen.update(expected.keys())
        found = image_doses([real(f"{path.parent.name}/{path.stem}")])
        ours = {
            one.quantity: one.value
            for one in found
            if one.quantity in {"dose_area_product", "average_glandular_dose", "entrance_dose"}
            and one.scope == "event"
        }
        assert ours == expected, path.name
    assert seen == {"dose_area_product": 10, "average_glandular_dose": 5, "entrance_dose": 5}


@REAL
def test_one_exposure_for_processing_and_for_presentation_counts_once():
    names = ("1_ForPresentation", "1_ForProcessing", "2_ForPresentation")
    found = image_doses([real(f"MG-Im-GE_Seno_{name}") for name in names])
    doses = of(found, "average_glandular_dose")
    assert [(one.value, len(one.instances)) for one in doses] == [(0.547, 2), (1.409, 1)]
    (total,) = of(found, "average_glandular_dose", "examination")
    assert total.value == 1.956  # OpenREM: total_agd_left, 0.00547 + 0.01409 dGy
    assert set(total.flags) == {"left", "sum_of_images"}


@REAL
def test_a_summary_of_philips_gives_each_scan_and_the_published_total():
    name = "CT-SC-Philips_Brilliance16P"
    found = image_doses([real(name)])
    header = pydicom.dcmread(SHARED / "openrem_gplv3" / f"{name}.dcm", stop_before_pixels=True)
    (total,) = of(found, "dlp", "examination")
    assert round(total.value, 5) == 1102.44609  # OpenREM, test_import_ct_sc_philips
    assert "Total DLP=1102.4" in header.CommentsOnRadiationDose
    shown = [line.split() for line in header.CommentsOnRadiationDose.splitlines()[:-1]]
    printed = [float(line[-1].removeprefix("DLP=")) for line in shown]
    dlp = of(found, "dlp")
    assert [round(one.value, 1) for one in dlp] == [0.0, *printed]
    assert [one.label for one in dlp] == ["", "PRE KIDNEYS", "30S KIDNEYS", "100S C/A/P"]
    assert [round(one.value, 2) for one in of(found, "ctdivol")] == [0.0, 7.2, 11.33, 9.32]
    assert {one.source for one in found} == {"dose_summary"}
    assert len({one.event for one in dlp}) == 4


@REAL
def test_a_summary_that_was_written_again_adds_nothing():
    summary = real("CT-SC-Philips_Brilliance16P")
    again = image(study=summary.study, **{
        name.replace(".", "__"): summary.header.texts(name)
        for name in summary.header if name.startswith("ExposureDoseSequence.")
    })  # fmt: skip
    (total,) = of(image_doses([summary, again]), "dlp", "examination")
    assert round(total.value, 5) == 1102.44609
    assert set(total.instances) == {summary.uid, again.uid}


def ct(dose, **values):
    return image(**{"Modality": "CT", "CTDIvol": dose, **values})


def test_ctdivol_of_two_reconstructions_of_one_irradiation_is_one_value():
    found = image_doses([
        ct("8.5", series="thin", IrradiationEventUID="a"),
        ct("8.5", series="thick", IrradiationEventUID="a"),
        ct("0.12", series="plan", IrradiationEventUID="b", ImageType=LOCALIZER),
    ])  # fmt: skip
    assert [(one.event, one.series, one.value, one.flags) for one in found] == [
        ("a", "", 8.5, ()),
        ("b", "plan", 0.12, ("localizer",)),
    ]
    assert {one.confidence for one in found} == {"high"}


def test_ctdivol_that_follows_the_tube_current_is_the_mean_over_the_slices_with_its_range():
    (one,) = image_doses([ct(dose, SeriesDescription="Chest") for dose in ("6.1", "9.25", "7.3")])
    assert one.value == pytest.approx((6.1 + 9.25 + 7.3) / 3, rel=1e-12)
    assert (one.scope, one.label, one.original) == ("series", "Chest", "6.1 .. 9.25 mGy")
    assert (one.confidence, one.flags) == ("medium", ("mean_of_images",))


def test_two_acquisitions_in_one_series_are_two_values():
    found = image_doses([ct("4", AcquisitionNumber="1"), ct("6", AcquisitionNumber="2")])
    assert [one.value for one in found] == [4.0, 6.0]


def test_computed_images_count_only_where_nothing_acquired_is_there():
    derived = ct("9", ImageType=("DERIVED", "PRIMARY"), IrradiationEventUID="a")
    (alone,) = image_doses([derived])
    assert (alone.value, alone.confidence, alone.flags) == (9.0, "low", ("of_derived_images",))
    (both,) = image_doses([derived, ct("8", IrradiationEventUID="a")])
    assert (both.value, both.confidence, both.flags) == (8.0, "high", ())


def test_an_image_of_several_irradiations_speaks_for_its_series():
    (one,) = image_doses([ct("8", IrradiationEventUID=("a", "b"))])
    assert (one.event, one.scope) == ("", "series")


@pytest.mark.parametrize(
    ("codes", "size", "flags"),
    [(("113690",), 16.0, ()), (("113691",), 32.0, ()),
     (("113690", "113691"), None, ("several_values",)), (("9",), None, ("phantom_unknown",))],
)  # fmt: skip
def test_the_phantom_stands_beside_ctdivol(codes, size, flags):
    found = image_doses([ct("5", CTDIPhantomTypeCodeSequence__CodeValue=(code,)) for code in codes])
    (phantom,) = of(found, "ctdi_phantom", "series")
    assert (phantom.value, phantom.flags) == (size, flags)


def test_doses_of_an_enhanced_ct_stand_in_its_functional_groups(tmp_path):
    path = tmp_path / "enhanced.dcm"
    header = pydicom.Dataset()
    header.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    header.SOPInstanceUID, header.StudyInstanceUID, header.SeriesInstanceUID = "1.1", "1.2", "1.3"
    header.Modality, header.ImageType = "CT", ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    shared, event = pydicom.Dataset(), pydicom.Dataset()
    event.IrradiationEventUID = "1.2.3.4"
    shared.IrradiationEventIdentificationSequence = [event]
    header.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for dose in (4.0, 5.5, 7.0):
        exposure, frame = pydicom.Dataset(), pydicom.Dataset()
        exposure.CTDIvol = dose
        frame.CTExposureSequence = [exposure]
        frames.append(frame)
    header.PerFrameFunctionalGroupsSequence = frames
    pydicom.dcmwrite(path, header, implicit_vr=False, little_endian=True, enforce_file_format=False)
    instance = observed(path)
    (one,) = image_doses([instance])
    assert (one.quantity, one.value, one.scope) == ("ctdivol", 5.5, "event")
    assert one.event
    assert "1.2.3.4" not in one.event
    assert one.instances == (instance.uid,)


def shot(area, **values):
    return image(**{"Modality": "DX", "ImageAndFluoroscopyAreaDoseProduct": area, **values})


def test_slices_and_reconstructions_of_a_cone_beam_are_one_exposure():
    about = {"Modality": "CT", "AcquisitionDate": "20260102"}
    slices = [shot("5.1", series="a", AcquisitionTime=f"1000{n:02d}", **about) for n in range(40)]
    again = [shot("5.1", series="b", AcquisitionTime=f"1000{n:02d}", **about) for n in range(20)]
    other = [shot("5.1", series="c", AcquisitionTime="110000", **about)]
    found = image_doses([*slices, *again, *other])
    areas = of(found, "dose_area_product")
    assert [(one.value, len(one.instances)) for one in areas] == [(0.51, 60), (0.51, 1)]
    assert of(found, "dose_area_product", "examination")[0].value == 1.02


def test_two_planes_at_one_time_are_two_exposures():
    time = {"AcquisitionDateTime": "20260102100000"}
    found = image_doses([shot("5", **time), shot("7", **time)])
    assert [one.value for one in of(found, "dose_area_product")] == [0.5, 0.7]


def test_a_time_is_the_same_however_finely_it_is_written():
    fine, coarse = ({"AcquisitionTime": text} for text in ("101010.000000", "101010"))
    (one,) = of(image_doses([shot("5", **fine), shot("5", **coarse)]), "dose_area_product")
    assert len(one.instances) == 2


def test_without_a_time_images_of_two_classes_are_one_exposure_and_those_of_one_class_are_not():
    classes = ("1.1.1", "1.1.1.1", "1.1.1")
    found = image_doses([shot("5", SOPClassUID=name, KVP="80") for name in classes])
    areas = of(found, "dose_area_product")
    assert sorted(len(one.instances) for one in areas) == [1, 2]
    assert {one.confidence for one in areas} == {"medium"}
    assert all("exposure_guessed" in one.flags for one in areas)
    assert "exposure_guessed" in of(found, "dose_area_product", "examination")[0].flags


def test_an_entrance_dose_in_whole_decigray_counts_only_where_there_is_no_finer_one():
    both = image(Modality="MG", EntranceDose="0", EntranceDoseInmGy="1.694")
    assert [one.value for one in image_doses([both])] == [1.694]
    assert [one.value for one in image_doses([image(EntranceDose="2")])] == [200.0]
    assert image_doses([image(EntranceDose="0")]) == []


def test_the_dose_of_another_organ_is_no_glandular_dose():
    assert image_doses([image(Modality="DX", OrganDose="0.01", OrganExposed="LUNG")]) == []
    found = image_doses([image(Modality="DX", OrganDose="0.01", OrganExposed="BREAST")])
    assert [one.quantity for one in found] == ["average_glandular_dose"]


def test_what_is_no_number_has_no_value_and_says_why():
    (one,) = of(image_doses([shot("n/a")]), "dose_area_product")
    assert (one.value, one.original) == (None, "n/a dGy.cm2")
    assert "not_a_number" in one.flags


def test_a_report_is_no_image():
    assert image_doses([ct("5", report=DoseReport(kind="ct"))]) == []


SHOTS = st.lists(
    st.tuples(
        st.integers(0, 3),  # study
        st.integers(0, 5),  # event; 0 has none
        st.integers(0, 4),  # minute
        st.integers(1, 4),  # dose
        st.booleans(),  # for presentation
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None)
@given(SHOTS, st.randoms(use_true_random=False))
def test_exposures_counted_another_way_and_in_any_order(shots, order: random.Random):
    instances = [
        shot(
            str(dose), study=f"e{study}", SOPClassUID="1" if shown else "2",
            AcquisitionDate="20260102", AcquisitionTime=f"10{minute:02d}00",
            **({"IrradiationEventUID": f"{study}.{event}"} if event else {}),
        )
        for study, event, minute, dose, shown in shots
    ]  # fmt: skip
    expected = defaultdict(set)
    doses = {}
    for one, (study, event, minute, dose, _) in zip(instances, shots, strict=True):
        key = ("event", event) if event else ("time", minute, dose)
        expected[f"e{study}", key].add(one.uid)
    for (study, key), uids in expected.items():
        first = min(uids)
        dose = next(s[3] for one, s in zip(instances, shots, strict=True) if one.uid == first)
        doses[study, key] = dose / 10
    found = image_doses(instances)
    areas = of(found, "dose_area_product")
    assert sorted((one.study, one.value, one.instances) for one in areas) == sorted(
        (study, doses[study, key], tuple(sorted(uids))) for (study, key), uids in expected.items()
    )
    for total in of(found, "dose_area_product", "examination"):
        assert total.value == exact_sum(
            v for (study, _), v in doses.items() if study == total.study
        )
    shuffled = list(instances)
    order.shuffle(shuffled)
    assert image_doses(shuffled) == found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 900)), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_ctdivol_is_the_mean_over_the_images_of_an_event_in_any_order(slices, order: random.Random):
    instances = [ct(f"{dose / 100}", IrradiationEventUID=f"v{event}") for event, dose in slices]
    by_event = defaultdict(list)
    for event, dose in slices:
        by_event[f"v{event}"].append(Fraction(dose, 100))
    found = image_doses(instances)
    assert {one.event: one.value for one in found} == {
        event: pytest.approx(float(sum(doses) / len(doses)), rel=1e-12)
        for event, doses in by_event.items()
    }
    for one in found:
        assert ("mean_of_images" in one.flags) == (len(set(by_event[one.event])) > 1)
    order.shuffle(instances)
    assert image_doses(instances) == found
