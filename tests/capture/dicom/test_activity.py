"""Activity in images of PET and nuclear medicine: its unit, its administration, its midnight."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st
from image_kit import ABSENT, ENHANCED_PET, ITEM, NM, PET, SHARED, image, real

from clinval.capture.dicom.dose.image_dose import image_doses

REAL = pytest.mark.skipif(not SHARED.is_dir(), reason=ABSENT)

# Tests of OpenREM (test_import_nm_image): MBq, by file.
PUBLISHED = {
    "NM-PetIm-Siemens": (394.0, "394000000 Bq"),
    "NM-PetIm-GE": (221.596288, "221596288 Bq"),
    "NM-NmIm-Siemens": (764.0, "764 MBq"),
}


def of(found, scope="event"):
    return [one for one in found if one.scope == scope]


def injected(activity, sop=PET, agent="FDG", **values):
    about = {
        f"{ITEM}RadionuclideTotalDose": activity,
        f"{ITEM}Radiopharmaceutical": agent,
        **{f"{ITEM}{name}": values.pop(name) for name in list(values) if name.startswith("Radio")},
    }
    return image(SOPClassUID=sop, **about, **values)


@REAL
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_activity_is_the_published_one_whatever_the_unit_of_its_class(name):
    (one,) = of(image_doses([real(name)]))
    assert (one.value, one.original) == PUBLISHED[name]
    assert one.unit == "MBq"


@REAL
def test_the_series_of_one_examination_repeat_one_administration():
    names = ("Siemens", "Siemens-2", "Siemens-3", "Siemens-3-sameseries")
    found = image_doses([real(f"NM-PetIm-{name}") for name in names])
    (one,), (total,) = of(found), of(found, "examination")
    assert one.value == total.value == 394.0
    assert len(one.instances) == 4
    assert one.label == "Fluorodeoxyglucose"
    assert one.flags == ()
    (rest,) = of(image_doses([real(f"NM-NmIm-Siemens-s1-{number}") for number in (1, 2)]))
    assert (rest.value, len(rest.instances), rest.flags) == (320.0, 2, ("event_unnamed",))


@pytest.mark.parametrize(
    ("sop", "written", "value", "flags"),
    [
        (PET, "370000000", 370.0, ()),
        (PET + ".1", "370000000", 370.0, ()),
        (ENHANCED_PET, "370", 370.0, ()),
        (NM, "740", 740.0, ()),
        (NM, "740000000", 740.0, ("unit_corrected",)),  # only Bq makes sense of it
        (NM, "740000", None, ("unit_wrong",)),  # kBq or Bq
        (PET, "394", None, ("unit_wrong",)),  # MBq, kBq or mCi
        (PET, "10", None, ("unit_wrong",)),
        (PET, "0", None, ("empty",)),
        (NM, "x", None, ("not_a_number",)),
    ],
)
def test_the_unit_is_that_of_the_class_and_is_corrected_only_where_one_other_fits(
    sop, written, value, flags
):
    (one,) = of(image_doses([injected(written, sop)]))
    assert one.value == (None if value is None else pytest.approx(value, rel=1e-12))
    assert set(one.flags) - {"event_unnamed"} == set(flags)
    assert one.original.split()[0] == written
    assert (one.confidence == "low") == ("unit_corrected" in flags)


def test_a_start_without_a_date_lies_before_the_scan_even_across_midnight():
    start = {"RadiopharmaceuticalStartTime": "233000"}
    before = injected("3e8", AcquisitionDate="20260301", AcquisitionTime="235000", **start)
    after = injected("3e8", AcquisitionDate="20260302", AcquisitionTime="003000", **start)
    (one,) = of(image_doses([before, after]))
    assert (one.value, len(one.instances)) == (300.0, 2)
    assert "midnight" in one.flags
    next_day = injected("3e8", AcquisitionDate="20260302", AcquisitionTime="235000", **start)
    assert len(of(image_doses([before, after, next_day]))) == 2


def test_a_start_with_its_date_needs_no_guess():
    start = {"RadiopharmaceuticalStartDateTime": "20260301233000.00"}
    (one,) = of(image_doses([injected("3e8", AcquisitionDate="20260302", **start)]))
    assert "midnight" not in one.flags


def test_rest_and_stress_add_up_and_are_two_administrations():
    found = image_doses([injected("320", NM), injected("764", NM), injected("764", NM)])
    assert [one.value for one in sorted(of(found), key=lambda one: one.value)] == [320.0, 764.0]
    (total,) = of(found, "examination")
    assert total.value == 1084.0
    assert len(total.instances) == 3


def test_two_agents_of_one_image_are_two_administrations():
    found = of(image_doses([injected(("320", "111"), NM, agent=("MIBI", "Tl-201"))]))
    assert sorted((one.label, one.value) for one in found) == [("MIBI", 320.0), ("Tl-201", 111.0)]


def test_images_that_do_not_agree_about_one_administration_say_so():
    uid = {"RadiopharmaceuticalAdministrationEventUID": "a"}
    found = [injected(text, **uid) for text in ("3e8", "3e8", "2e8")]
    (one,) = of(image_doses(found))
    assert (one.value, one.event, one.confidence) == (300.0, "a", "low")
    assert one.flags == ("images_differ",)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from((100, 250, 400))),
        max_size=20,
    ),
    st.randoms(use_true_random=False),
)
def test_administrations_counted_another_way_and_in_any_order(given_, order: random.Random):
    instances = [
        injected(
            str(mbq * 10**6), study=f"e{study}",
            RadiopharmaceuticalStartDateTime=f"2026030{hour + 1}1000",
        )
        for study, hour, mbq in given_
    ]  # fmt: skip
    found = image_doses(instances)
    expected = Counter((f"e{study}", float(mbq)) for study, _, mbq in set(given_))
    assert Counter((one.study, one.value) for one in of(found)) == expected
    for total in of(found, "examination"):
        parts = {(hour, mbq) for study, hour, mbq in given_ if f"e{study}" == total.study}
        assert total.value == sum(mbq for _, mbq in parts)
    order.shuffle(instances)
    assert image_doses(instances) == found
