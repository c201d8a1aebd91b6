"""Dose reports made for the purpose: what makers get wrong, and what an enemy would send."""

from __future__ import annotations

import dose_made as made
import pytest
from hypothesis import given, settings, strategies as st
from pydicom import DataElement, Dataset, Sequence

from clinval.capture.dicom.dose import items as dose_items
from clinval.capture.dicom.dose.codes import (
    BEGAN,
    ENDED,
    EVENTS,
    MODES,
    PHANTOMS,
    PLANES,
    QUANTITIES,
    SIDES,
    TOTALS,
)
from clinval.capture.dicom.dose.report_reading import is_dose_report, read_dose_report
from clinval.capture.dicom.headers.header import Header
from clinval.capture.dicom.instance import hash_of_uid
from clinval.capture.dicom.measured import UNITS


def event(*below, concept="113706"):
    return made.item("CONTAINER", concept, *below)


def accumulated(*below, plane=None):
    marks = [made.coded("113764", plane)] if plane else []
    return made.item("CONTAINER", "113702", *marks, *below)


def only(*events):
    (found,) = read_dose_report(made.report(*events)).events
    return found


def test_classes_that_may_hold_dose():
    storage = "1.2.840.10008.5.1.4.1.1.88."
    assert is_dose_report(Header({"SOPClassUID": (storage + "67",)}))
    assert is_dose_report(Header({"SOPClassUID": (storage + "22",)}))
    assert not is_dose_report(Header({"SOPClassUID": ("1.2.840.10008.5.1.4.1.1.2",)}))
    assert not is_dose_report(Header({}))


def test_a_report_is_one_by_its_title_and_not_by_its_class():
    assert read_dose_report(made.report(title="113701", storage="22")) is not None
    assert read_dose_report(made.report(title="126000")) is None
    assert read_dose_report(Dataset()) is None


def test_size_specific_dose_and_phantoms():
    dose = made.item(
        "CONTAINER", "113829",
        made.number("113830", "12.5", "mGy"),
        made.coded("113835", "113690"),
        made.number("113838", "250", "mGycm"),
        made.number("113930", "16.25", "mGy"),
    )  # fmt: skip
    found = only(event(made.uid("113769", "1.2.3"), dose, concept="113819"))
    assert found.uid == hash_of_uid("1.2.3")
    assert {name: value.value for name, value in found.values.items()} == {
        "ctdivol": 12.5, "ctdi_phantom": 16, "dlp": 250, "ssde": 16.25,
    }  # fmt: skip
    strange = only(event(made.coded("113835", "113999"), concept="113819"))
    assert strange.values["ctdi_phantom"].flags == ("phantom_unknown",)


@pytest.mark.parametrize(("code", "size"), [("113690", 16), ("113691", 32)])
def test_each_phantom_has_its_size(code, size):
    found = only(event(made.coded("113835", code), concept="113819"))
    assert found.values["ctdi_phantom"].value == size


@pytest.mark.parametrize(("code", "mode"), MODES.items())
def test_each_kind_of_acquisition_is_known(code, mode):
    concept = "113819" if mode in {"localizer", "spiral", "sequenced", "free"} else "113706"
    kind = "113820" if concept == "113819" else "113721"
    assert only(event(made.coded(kind, code), concept=concept)).mode == mode


def test_both_tubes_of_a_system_are_added_up_and_said():
    planes = [
        accumulated(made.number("113722", dap, "Gy.m2"), plane=plane)
        for plane, dap in (("113620", "0.0001"), ("113621", "0.0003"))
    ]
    report = read_dose_report(made.report(*planes))
    assert report.totals["dose_area_product"].value == 4
    assert report.flags == ("two_planes",)
    idle = accumulated(made.number("113722", "0", "Gy.m2"), plane="113621")
    assert read_dose_report(made.report(planes[0], idle)).flags == ()


def test_a_missing_total_is_made_of_its_two_parts_but_never_of_one():
    fluoro, shots = (
        made.number("113726", "0.0001", "Gy.m2"),
        made.number("113727", "0.0002", "Gy.m2"),
    )
    total = read_dose_report(made.report(accumulated(fluoro, shots))).totals["dose_area_product"]
    assert (total.value, total.flags) == (3, ("total_of_parts",))
    assert "dose_area_product" not in read_dose_report(made.report(accumulated(fluoro))).totals


def test_several_values_of_one_quantity_are_none():
    twice = [made.number("122130", value, "Gy.m2") for value in ("0.0001", "0.0002")]
    value = only(event(*twice)).values["dose_area_product"]
    assert (value.value, value.flags) == (None, ("several_values",))
    assert value.original == "0.0001 Gy.m2; 0.0002 Gy.m2"
    same = [made.number("122130", "0.0001", "Gy.m2") for _ in range(2)]
    assert only(event(*same)).values["dose_area_product"].value == 1


def test_sides_of_breasts_in_either_place_and_either_scheme():
    procedure = made.coded("121058", "71651007", scheme="SCT")
    for code, side in (("G-A101", "left"), ("24028007", "right"), ("51440002", "both")):
        laterality = made.coded("272741003", code, scheme="SCT")
        region = made.coded("123014", "76752008", laterality, scheme="SCT")
        dose = made.number("111631", "1.5", "mGy")
        (found,) = read_dose_report(made.report(procedure, event(region, dose))).events
        assert (found.kind, found.side) == ("mammography", side)


def test_the_entrance_dose_is_one_of_mammography():
    """Elsewhere some makers write the dose at the reference point a second time under its code."""
    both = made.number("111636", "3.5", "mGy"), made.number("113738", "0.0035", "Gy")
    assert set(only(event(*both)).values) == {"reference_point_dose"}
    procedure = made.coded("121058", "P5-40010", scheme="SRT")
    (found,) = read_dose_report(made.report(procedure, event(*both))).events
    assert found.values["entrance_dose"].value == 3.5


def test_private_codes_are_not_those_of_the_standard():
    private = made.number("122130", "5", "Gy.m2", scheme="99ACME")
    assert "dose_area_product" not in only(event(private)).values


def test_events_without_values_or_identifier_are_events():
    found = only(event())
    assert (found.uid, found.values, found.started) == ("", {}, "")


def test_a_time_that_is_none_is_left_out():
    assert only(event(made.moment("111526", "20200102030405.25"))).started == "20200102030405.25"
    nonsense = made.text("111526", "Doe, John")
    assert only(event(nonsense)).started == ""


def test_labels_are_one_short_line():
    label = only(event(made.text("125203", "  Thorax\r\n AP  " + "x" * 500))).label
    assert label.startswith("Thorax AP xxx")
    assert len(label) == 64


def test_exposure_that_the_irradiation_has_no_room_for():
    def report(seconds):
        times = made.moment("113809", "20200102235950"), made.moment("113810", "20200103000010")
        scan = event(made.number("113824", seconds, "s"), concept="113819")
        (found,) = read_dose_report(made.report(*times, scan)).events
        return found.exposure_seconds

    assert (report("19.5").value, report("19.5").flags) == (19.5, ())
    assert report("30").value == 30  # clocks of 1 s and rounding are no reason
    assert (report("19500").value, report("19500").flags) == (None, ("unit_wrong",))


NAMES = {
    "113690": "IEC Head Dosimetry Phantom", "113691": "IEC Body Dosimetry Phantom",
    "113809": "Start of X-Ray Irradiation", "113810": "End of X-Ray Irradiation",
    "113819": "CT Acquisition", "113706": "Irradiation Event X-Ray Data",
    "113502": "Radiopharmaceutical Administration", "113830": "Mean CTDIvol", "113838": "DLP",
    "113930": "Size Specific Dose Estimate", "122130": "Dose Area Product",
    "113738": "Dose (RP)", "111631": "Average Glandular Dose",
    "111636": "Entrance Exposure at RP", "113507": "Administered activity",
    "113813": "CT Dose Length Product Total", "113722": "Dose Area Product Total",
    "113726": "Fluoro Dose Area Product Total", "113727": "Acquisition Dose Area Product Total",
    "113725": "Dose (RP) Total", "113728": "Fluoro Dose (RP) Total",
    "113729": "Acquisition Dose (RP) Total", "113730": "Total Fluoro Time",
    "111637": "Accumulated Average Glandular Dose (mammo)",
    "113805": "Constant Angle Acquisition", "116152004": "Spiral Acquisition",
    "113804": "Sequenced Acquisition", "113806": "Stationary Acquisition",
    "113807": "Free Acquisition", "44491008": "Fluoroscopy", "113611": "Stationary Acquisition",
    "113612": "Stepping Acquisition", "113613": "Rotational Acquisition", "113620": "Plane A",
    "113621": "Plane B", "24028007": "Right", "7771000": "Left",
}  # fmt: skip
"""What the codes are called by the dictionary of pydicom, which is made from the standard."""


def test_codes_mean_what_they_are_taken_for():
    from pydicom.sr._concepts_dict import concepts

    called = {
        (code, meaning)
        for scheme in ("DCM", "SCT")
        for found in concepts[scheme].values()
        for code, (meaning, _) in found.items()
    }
    assert set(NAMES.items()) <= called
    read = {code for asked in QUANTITIES.values() for code in asked.concepts}
    read |= {code for options in TOTALS.values() for asked in options for code in asked.concepts}
    read |= {*PHANTOMS, *PLANES, *EVENTS, BEGAN, ENDED}
    read |= {code for code in MODES if code.isdecimal()}
    assert {code for code in read if not code.startswith("99")} <= set(NAMES)
    names = {"24028007": "right", "7771000": "left"}
    assert {code: SIDES[code] for code in names} == names


def test_every_quantity_that_is_read_has_a_unit_of_ours():
    for name, asked in QUANTITIES.items():
        assert asked.unit == UNITS[name]
    for name, options in TOTALS.items():
        assert {asked.unit for asked in options} == {UNITS[name]}


def nested(depth):
    innermost = event(made.number("122130", "0.0001", "Gy.m2"))
    for _ in range(depth):
        innermost = made.item("CONTAINER", "113900", innermost)
    return made.report(innermost)


def test_depth_has_an_end():
    assert read_dose_report(nested(10)).flags == ()
    assert len(read_dose_report(nested(10)).events) == 1
    deep = read_dose_report(nested(200))
    assert deep.flags == ("report_cut",)
    assert deep.events == ()


def test_size_has_an_end(monkeypatch):
    monkeypatch.setattr(dose_items, "_MOST", 50)
    report = read_dose_report(made.report(*(event() for _ in range(60))))
    assert report.flags == ("report_cut",)
    assert len(report.events) < 50


def test_items_by_reference_are_not_followed_so_nothing_goes_round():
    """PS3.3 C.17.3.2.5: a relationship by reference names an item by its position in the tree."""
    back = Dataset()
    back.RelationshipType = "INFERRED FROM"
    back.ReferencedContentItemIdentifier = [1]
    around = event(made.number("122130", "0.0001", "Gy.m2", back), back)
    report = read_dose_report(made.written(made.report(around, back)))
    assert [one.values["dose_area_product"].value for one in report.events] == [1]


def test_one_tree_may_not_hold_itself_by_the_back_door():
    inner = event(made.number("122130", "0.0001", "Gy.m2"))
    inner.ContentSequence = [*inner.ContentSequence, inner]
    report = read_dose_report(made.report(inner))
    assert report.flags == ("report_cut",)


def test_values_that_cannot_be_decoded_are_left_out_and_said():
    class Broken(Dataset):
        def get(self, *_):
            raise ValueError

    broken = Broken()
    report = made.report(event(made.number("122130", "0.0001", "Gy.m2")))
    report["ContentSequence"].value._list.append(broken)
    found = read_dose_report(report)
    assert found.flags == ("report_damaged",)
    assert [one.values["dose_area_product"].value for one in found.events] == [1]


KINDS = ["CONTAINER", "NUM", "CODE", "TEXT", "UIDREF", "DATETIME", "PNAME", "", "X"]
CODES = ["113706", "113819", "113502", "113702", "113811", "113769", "122130", "113838", "113813"]


@st.composite
def trees(draw, depth=3):
    below = [draw(trees(depth=depth - 1)) for _ in range(draw(st.integers(0, 3)))] if depth else []
    found = made.item(draw(st.sampled_from(KINDS)), draw(st.sampled_from(CODES)), *below)
    word = st.text("0123456789.eE+- GymcsB", max_size=16)
    if draw(st.booleans()):
        measured = Dataset()
        measured.add(DataElement("NumericValue", "LO", draw(word)))
        measured.MeasurementUnitsCodeSequence = [made.code(draw(word))]
        found.MeasuredValueSequence = Sequence([measured] * draw(st.integers(1, 2)))
    found.TextValue = draw(word)
    return found


@settings(max_examples=40)
@given(st.lists(trees(), max_size=4))
def test_no_tree_makes_it_fail(items):
    report = read_dose_report(made.report(*items))
    assert report is not None
    for one in report.events:
        for value in one.values.values():
            assert value.value is None or value.value >= 0
