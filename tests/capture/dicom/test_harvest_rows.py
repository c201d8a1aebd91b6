"""Which rows come of what was measured: sums, highest values, and what belongs to no arm."""

import dataclasses
import random

import pytest
from harvest_kit import CT, FORMS, dose, image, report, study, time
from hypothesis import given, settings, strategies as st

from clinval.capture.dicom.devices.device import devices
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import hash_of_uid
from clinval.capture.dicom.study.coding import Coding
from clinval.capture.dicom.study.rows import FIELDS, rows_of_harvest
from clinval.protocol.form_library import library_form

STUDY = study()
DL, AGAIN, CONV, SCOUT = "T2 DL", "T2 DL again", "conv T2", "Topogram"
LOCALIZER = {"ImageType": ("ORIGINAL", "PRIMARY", "LOCALIZER"), "SeriesDescription": SCOUT}


def rows(measured, instances, protocol=STUDY):
    return rows_of_harvest(measured, devices(instances), instances, protocol)


def value(found, field, at=0):
    return found.rows[at].values[field]


@pytest.fixture(scope="module")
def two_arms():
    """One examination with both arms: a localizer, a repeated series, a derived one, a report."""
    return [
        image("scout", SCOUT, **LOCALIZER),
        *(image(f"{DL} {n}", DL, IrradiationEventUID=("IE1",)) for n in (1, 2, 3)),
        *(image(f"{AGAIN} {n}", AGAIN, IrradiationEventUID=("IE2",)) for n in (1, 2)),
        image(f"{CONV} 1", CONV, IrradiationEventUID=("IE3",)),
        image("mpr", "DL MPR", ImageType=("DERIVED", "SECONDARY", "MPR")),
        report("report 1"),
    ]


# ---------------------------------------------------------------------- the form and the units


def test_every_quantity_has_a_field_of_the_form_in_its_unit():
    form = library_form("F16")
    assert len(set(FIELDS.values())) == len(FIELDS)
    for quantity, name in FIELDS.items():
        assert form.field(name).unit == dose(quantity, 1.0).unit, quantity


def test_the_rungs_and_confidences_have_codes():
    form = library_form("F16")
    assert list(form.field("scan_time_source").codelist)[-1] == "none"
    assert list(form.field("scan_time_confidence").codelist) == ["high", "medium", "low"]


# ---------------------------------------------------------------------- scan time


def test_the_scan_time_of_an_arm_is_the_sum_of_its_original_series(two_arms):
    measured = [time(DL, 100.5), time(AGAIN, 80.25, source="frame_times", confidence="medium"),
                time(CONV, 300.0), time(SCOUT, 4.0), time("DL MPR", 99.0)]  # fmt: skip
    found = rows(measured, two_arms)
    assert [(row.site, row.subject, row.arm) for row in found.rows] == [
        ("S01", "S01-001", "TEST"), ("S01", "S01-001", "REF"),
    ]  # fmt: skip
    total = value(found, "scan_time_s")
    assert (total.value, total.unit, total.source) == (180.75, "s", "frame_times")
    assert total.confidence == "medium"
    assert [part.value for part in total.parts] == [100.5, 80.25]
    assert value(found, "scan_time_source").value == "frame_times"
    assert value(found, "scan_time_confidence").value == "medium"
    assert value(found, "series_counted").value == 2
    assert value(found, "scan_time_s", 1).value == 300.0


def test_a_series_without_a_time_makes_no_shorter_scan(two_arms):
    nothing = time(AGAIN, None, source="none", confidence="low", flags=("no_last_slice",))
    found = rows([time(DL, 100.5), nothing, time(CONV, 3.0)], two_arms)
    total = value(found, "scan_time_s")
    assert total.value is None
    assert total.flags == ("part_missing", "no_last_slice")
    assert value(found, "scan_time_source").value == "none"
    assert value(found, "scan_time_flags").value == "part_missing; no_last_slice"
    assert value(found, "scan_time_s", 1).value == 3.0


@given(st.lists(st.floats(0.001, 5000), min_size=1, max_size=8), st.randoms())
@settings(max_examples=40, deadline=None)
def test_the_order_of_files_and_values_does_not_matter(seconds, draw):
    names = [f"DL {number}" for number in range(len(seconds))]
    instances = [image(f"{name} 1", name) for name in names]
    measured = [time(name, each) for name, each in zip(names, seconds, strict=True)]
    straight = rows(measured, instances)
    draw.shuffle(instances)
    draw.shuffle(measured)
    mixed = rows(measured, instances)
    assert value(mixed, "scan_time_s").value == value(straight, "scan_time_s").value
    assert value(mixed, "scan_time_s").value == pytest.approx(sum(seconds), abs=1e-5)
    assert mixed.rows[0].instances == straight.rows[0].instances


# ---------------------------------------------------------------------- dose


def test_events_go_to_the_arm_of_their_images_and_each_counts_once(two_arms):
    measured = [
        dose("dlp", 120.25, event="IE1"), dose("dlp", 80.5, event="IE2"),
        dose("dlp", 310.75, event="IE3"), dose("dlp", 511.5),
        dose("ctdivol", 8.5, event="IE1"), dose("ctdivol", 9.75, event="IE2"),
        dose("ctdivol", 14.0, event="IE3"),
        dose("ctdi_phantom", 32.0, event="IE2"), dose("ctdi_phantom", 16.0, event="IE1"),
    ]  # fmt: skip
    found = rows(measured, two_arms)
    assert value(found, "dlp_mgy_cm").value == 200.75
    assert value(found, "dlp_mgy_cm", 1).value == 310.75
    assert value(found, "ctdivol_mgy").value == 9.75
    phantom = value(found, "ctdi_phantom_cm")
    assert (phantom.value, phantom.flags) == (32.0, ("phantoms_differ",))
    # the total is of both arms, so it is of neither
    assert "dose_total_agrees" not in found.rows[0].values
    assert found.left_out == {"no_arm": 2}  # the localizer and the report, of both arms at once


def test_the_total_of_an_examination_of_one_arm_stands_for_its_events():
    instances = [
        image("scout", SCOUT, IrradiationEventUID=("IE0",), **LOCALIZER),
        image(f"{DL} 1", DL, IrradiationEventUID=("IE1",)), report("report 1"),
    ]  # fmt: skip
    measured = [
        dose("dlp", 5.0, event="IE0"), dose("dlp", 120.25, event="IE1"),
        dose("dlp", 130.0, flags=("total_differs",)), dose("fluoroscopy_time", 71.0),
    ]  # fmt: skip
    found = rows(measured, instances)
    assert value(found, "dlp_mgy_cm").value == 130.0
    assert value(found, "dose_total_agrees").value == "no"
    assert value(found, "dose_flags").value == "total_differs"
    assert value(found, "fluoroscopy_time_s").value == 71.0
    assert len(found.rows[0].instances) == 3
    again = rows([dataclasses.replace(one, flags=()) for one in measured], instances)
    assert value(again, "dose_total_agrees").value == "yes"
    assert found.left_out == {}


def test_an_event_whose_images_are_of_no_arm_is_left_out():
    instances = [
        image(f"{DL} 1", DL, IrradiationEventUID=("IE1",)),
        image("liver", "Liver, clinical", IrradiationEventUID=("IE9",)), report("report 1"),
    ]  # fmt: skip
    measured = [dose("dlp", 120.25, event="IE1"), dose("dlp", 700.0, event="IE9"),
                dose("dlp", 820.25)]  # fmt: skip
    found = rows(measured, instances)
    assert value(found, "dlp_mgy_cm").value == 120.25
    assert found.left_out == {"no_arm": 2, "events_of_no_arm": 1}


def test_a_report_alone_is_of_the_arm_of_its_folder():
    protocol = study(subject="folder")
    about = {"subject": "S01-004", "folder": ("S01-004", "fast*")}
    instances = [report("report 1", **about), image("other", "clinical", examination="E2", **about)]
    length = {"scope": "event", "event": hash_of_uid("IE1"), "series": ""}
    seen = dataclasses.replace(time("", 6.5, source="irradiation_times"), **length)
    planned = dataclasses.replace(seen, event=hash_of_uid("IE0"), flags=("localizer",), value=2.0)
    measured = [seen, planned, dose("dlp", 250.5, event="IE1"), dose("dlp", 251.0)]
    found = rows(measured, instances, protocol)
    assert [(row.subject, row.arm) for row in found.rows] == [("S01-004", "TEST")]
    assert value(found, "dlp_mgy_cm").value == 251.0
    assert value(found, "scan_time_s").value == 6.5


def test_two_examinations_of_an_arm_are_added_up():
    instances = [
        *(image(f"{DL} {n}", DL, examination=f"E{n}") for n in (1, 2)),
        *(report(f"report {n}", examination=f"E{n}") for n in (1, 2)),
    ]
    measured = [
        dose("dlp", 100.0), dose("dlp", 50.5, examination="E2"),
        time(DL, 10.0), time(DL, 20.0, examination="E2"),
        dose("administered_activity", 394.0),
    ]  # fmt: skip
    found = rows(measured, instances)
    assert value(found, "dlp_mgy_cm").value == 150.5
    assert value(found, "scan_time_s").value == 30.0
    assert value(found, "activity_mbq").value == 394.0


def test_a_dose_that_is_missing_is_not_zero():
    instances = [image(f"{DL} 1", DL, IrradiationEventUID=("IE1",))]
    nothing = dose("ctdivol", None, event="IE1", confidence="low", flags=("unit_unknown",))
    found = rows([nothing, dose("dlp", None, event="IE1", flags=("empty",))], instances)
    assert value(found, "ctdivol_mgy").value is None
    assert value(found, "dlp_mgy_cm").value is None
    assert value(found, "dose_flags").value == "unit_unknown; empty"
    assert value(found, "dose_confidence").value == "low"


def test_sums_agree_with_a_count_by_hand():
    """Many subjects, arms and events at random; the same sums by plain loops."""
    draw = random.Random(20261122)  # noqa: S311 - made-up doses
    instances, measured, wanted = [], [], {}
    for subject in STUDY.subjects_of("S02")[:12]:
        for name, arm in (("DL", "TEST"), ("conv", "REF")):
            examination = subject + draw.choice(("", name))
            for number in range(draw.randint(1, 4)):
                event = f"{subject}{name}{number}"
                millis = draw.randint(1, 400_000)
                instances.append(image(event, f"{name} {number}", subject=subject,
                                       examination=examination,
                                       IrradiationEventUID=(event,)))  # fmt: skip
                measured.append(dose("dlp", millis / 1000, event=event, examination=examination))
                wanted[subject, arm] = wanted.get((subject, arm), 0) + millis
    draw.shuffle(instances)
    found = {
        (row.subject, row.arm): row.values["dlp_mgy_cm"].value
        for row in rows(measured, instances).rows
    }
    assert found == {key: millis / 1000 for key, millis in wanted.items()}


# ---------------------------------------------------------------------- whose, which arm


def test_files_that_belong_to_nothing_are_counted():
    instances = [
        image("a 1", "DL", subject=""), image("b 1", "conv DL"), image("c 1", "other"),
        image("d 1", "DL x", refusals=("burned_in",)),
    ]  # fmt: skip
    arms = {"TEST": [{"SeriesDescription": "*DL*"}], "REF": [{"SeriesDescription": "conv*"}]}
    found = rows([], instances, study(arms=arms))
    assert found.rows == ()
    assert found.left_out == {"no_arm": 1, "no_subject": 1, "refused": 1, "several_arms": 1}


def test_a_series_that_two_subjects_share_is_nobodys():
    shared = [image("a 1", "DL"), image("a 2", "DL", subject="S01-002"), image("b 1", "DL b")]
    found = rows([time("DL", 60.0), time("DL b", 30.0), dose("dlp", 99.0)], shared)
    assert [row.subject for row in found.rows] == ["S01-001"]
    assert "dlp_mgy_cm" not in found.rows[0].values  # nobody knows whose the examination was
    assert value(found, "scan_time_s").value == 30.0
    assert found.left_out == {"several_subjects": 2}


def test_a_folder_is_kept_as_the_pattern_it_fits_and_nothing_else_of_a_path():
    coding = Coding(study(subject="folder"))
    kept = coding.folder(("s01-002", "fast (Zhang San)", "Li Si", "S01", "DICOM"))
    assert kept == ("S01-002", "fast*", "S01")
    instance = image("x", "whatever", subject="S01-002", folder=kept)
    assert coding.arms(instance) == ("TEST",)
    assert coding.subject(Header({}), kept) == "S01-002"
    assert coding.subject(Header({}), ("S01-002", "S01-003")) == ""
    assert coding.site("S01-002") == "S01"


@pytest.mark.parametrize(
    ("where", "header"),
    [
        ("patient_id", {"PatientID": (" s01-003",)}),
        ("clinical_trial_subject_id", {"ClinicalTrialSubjectID": ("S01-003",)}),
    ],
)
def test_the_code_of_a_subject_is_known_or_there_is_none(where, header):
    coding = Coding(study(subject=where))
    assert coding.subject(Header(header)) == "S01-003"
    name = next(iter(header))
    assert coding.subject(Header({name: ("4711",)})) == ""
    assert coding.subject(Header({})) == ""


def test_every_attribute_of_an_alternative_has_to_fit():
    coding = Coding(STUDY)
    assert coding.arms(image("1", "CONV T1", Modality="MT")) == ("REF",)
    assert coding.arms(image("1", "CONV T1", Modality="MRT")) == ()
    assert coding.arms(image("1", "conv T1 dl")) == ("TEST", "REF")


def test_a_study_of_one_arm_needs_no_patterns():
    alone = study(arms={}, design="single_arm", endpoints=[{
        "id": "P1", "kind": "performance_goal", "form": "F07", "measure": "image_quality >= 3",
        "combine": "all", "direction": "higher_is_better", "method": "wilson",
        "goal": {"value": 0.8, "source": "a paper", "justification": "because"},
    }])  # fmt: skip
    assert Coding(alone).arms(image("1", "anything", SOPClassUID=CT)) == ("TEST",)


# ---------------------------------------------------------------------- devices, files


def test_a_row_names_its_scanner_and_the_algorithm(two_arms):
    found = rows([], two_arms)
    values = {name: one.value for name, one in found.rows[0].values.items()}
    assert values["device_serial"] == "70001"
    assert values["manufacturer"] == "Maker"
    assert values["model"] == "M1"
    assert values["scanner_software"] == "V1\\SP2"


def test_two_scanners_of_an_arm_are_both_named():
    instances = [image("a", "DL a"), image("b", "DL b", DeviceSerialNumber="70002")]
    assert value(rows([], instances), "device_serial").value == "70001; 70002"


def test_a_row_has_the_hashes_of_its_files_sorted(two_arms):
    own = rows([], two_arms).rows[0].instances
    names = [f"{DL} 1", f"{DL} 2", f"{DL} 3", f"{AGAIN} 1", f"{AGAIN} 2", "mpr"]
    assert list(own) == sorted(map(hash_of_uid, names))


def test_what_a_study_does_not_ask_for_is_not_in_its_rows(two_arms):
    forms = [*FORMS[:3], {"use": "F16", "drop": ["model", "series_counted"]}]
    found = rows([time(DL, 1.0), time(AGAIN, 1.0)], two_arms, study(forms=forms))
    assert "scan_time_s" in found.rows[0].values
    assert not {"model", "series_counted"} & set(found.rows[0].values)
