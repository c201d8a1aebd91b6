"""Where a number would be wrong there is none, and what is wrong is said."""

from __future__ import annotations

import numpy as np
import phantom_scans as scans
import pytest
from test_phantom_truth import PLAN, changed, measured

from clinval.capture.phantom.plan import Region


def without_layers(*kept, **of):
    plan = changed(**of)
    regions = tuple(region.model_copy(update={"layer": None}) for region in plan.regions)
    measures = tuple(measure for measure in plan.measures if measure.id in kept)
    return plan.model_copy(update={"layers": (), "regions": regions, "measures": measures})


def one(image, **header):
    return [scans.slice_of(image, 0.0, series="a", number=1, **header)]


WATER = without_layers("water")


@pytest.mark.parametrize(
    ("image", "kinds"),
    [
        (np.full((64, 64), -1000.0), ["phantom-not-found"]),
        (scans.picture(diameter=160.0), ["phantom-not-found"]),
        (scans.picture(middle=(60.0, 112.0)), ["phantom-cut-off"]),
        (scans.picture(), []),
    ],
    ids=["air", "another phantom", "beyond the picture", "the phantom"],
)
def test_a_phantom_that_cannot_be_found_is_not_measured(image, kinds):
    found, _, problems = measured(one(image), WATER)
    assert problems == kinds
    assert bool(found) == (kinds == [])


def test_slices_beside_the_phantom_are_left_out():
    draw = np.random.default_rng(1)
    air = np.full((scans.SIDE, scans.SIDE), -1000.0)
    half = scans.picture(water=-480.0)  # the end of the phantom, within the slice by half
    images = [air, half, *[scans.picture()] * 4, half, air]
    made = [
        scans.slice_of(scans.noisy(image, 1.0, draw), 5.0 * n, series="a", number=n)
        for n, image in enumerate(images)
    ]
    plan = without_layers("water")
    narrow = plan.model_copy(update={"find": plan.find.model_copy(update={"above": -400.0})})
    found, _, problems = measured(made, narrow)
    assert problems == []
    assert found["water", "ct_number"].n == 4
    assert found["water", "ct_number"].value == pytest.approx(0.0, abs=0.1)


def test_a_layer_without_slices_is_named_and_the_other_measured():
    found, _, problems = measured(scans.scan(slices=8, step=2.0))
    assert problems == ["phantom-layer-missing"] * 2
    assert found == {}
    lower = PLAN.model_copy(
        update={"layers": (PLAN.layers[0], PLAN.layers[1].model_copy(update={"from_mm": 40.0}))}
    )
    found, _, problems = measured(scans.scan(slices=8, step=5.0), lower)
    assert problems == ["phantom-layer-missing", "phantom-nps-few"]
    assert set(found) == {("water", "ct_number"), ("noise", "noise"), ("uniformity", "uniformity")}


def test_a_region_outside_the_picture_is_not_measured():
    plan = without_layers("water", "noise", noise={"region": "left"})
    plan = plan.model_copy(
        update={"regions": (*plan.regions, Region(id="far", x_mm=95.0, size_mm=20.0))}
    )
    outside = plan.measures[0].model_copy(update={"region": "far"})
    plan = plan.model_copy(update={"measures": (outside, plan.measures[1])})
    found, _, problems = measured(one(scans.picture()), plan)
    assert problems == ["phantom-region-outside"]
    assert list(found) == [("noise", "noise")]


def test_pixels_at_the_limit_of_the_file_are_refused():
    image = scans.picture(rod=(50.0, 30.0, 70000.0))
    found, _, problems = measured(one(image), without_layers("water", "cnr"))
    assert problems == ["phantom-saturated"]
    assert list(found) == [("water", "ct_number")]


def test_too_few_regions_have_no_spectrum_and_no_detectability():
    made = scans.scan(slices=12, step=10.0)
    found, curves, problems = measured(made)
    assert problems == ["phantom-nps-few"]
    assert set(curves) == {"mtf"}
    assert ("disk-5mm", "detectability") not in found
    found, _, problems = measured(made, changed(nps={"at_least": 8}))
    assert problems == []
    assert found["nps", "nps_noise"].n == 8


def test_overlapping_slices_have_no_noise_of_pairs():
    made = scans.scan(slices=24, step=5.0, SliceThickness="10")
    found, _, problems = measured(made)
    assert problems == ["phantom-pairs-overlap"]
    assert ("nps", "nps_noise") not in found
    assert ("noise", "noise") in found


def test_pairs_need_two_slices():
    plan = without_layers("noise", noise={"of": "pairs"})
    _, _, problems = measured(one(scans.picture()), plan)
    assert problems == ["phantom-no-pairs"]


def test_a_region_too_small_for_its_method_is_named():
    plan = without_layers("mtf", "nps", around_rod={"size_mm": 10.0}, nps={"of": "slices"},
                          **{f"power_{n}": {"size_mm": 4.0} for n in range(1, 5)})  # fmt: skip
    plan = plan.model_copy(
        update={
            "measures": tuple(
                m.model_copy(update={"by": "edge"}) if m.id == "mtf" else
                m.model_copy(update={"at_least": 1}) for m in plan.measures
            )
        }
    )  # fmt: skip
    found, _, problems = measured(one(scans.picture(rod=scans.ROD)), plan)
    assert problems == ["phantom-region-small"] * 2
    assert found == {}


def test_a_disk_that_reaches_the_border_of_its_region_is_refused():
    plan = without_layers("mtf")
    for width, kinds in ((30.0, []), (60.0, ["phantom-disk-cut"])):
        _, _, problems = measured(one(scans.picture(rod=(50.0, width, 100.0))), plan)
        assert problems == kinds
    # beside the place that the plan says
    _, _, problems = measured(one(scans.picture(rod=(65.0, 30.0, 100.0))), plan)
    assert problems == ["phantom-disk-cut"]


def test_a_disk_needs_square_pixels():
    image = scans.picture(rod=scans.ROD)[::2]
    made = one(image, PixelSpacing=[2 * scans.PIXEL, scans.PIXEL])
    _, _, problems = measured(made, without_layers("mtf"))
    assert problems == ["phantom-pixels-not-square"]


def test_a_region_without_a_disk_says_that_it_has_none():
    found, _, problems = measured(one(scans.picture()), without_layers("mtf"))
    assert problems == []
    value = found["mtf", "mtf50"]
    assert value.value is None
    assert value.reason == "the image shows no edge"


def test_a_tilted_phantom_is_asked_about():
    made = [
        scans.slice_of(scans.picture(middle=(118.0 + shift, 112.0)), 5.0 * shift, series="a",
                       number=shift)
        for shift in range(1, 6)
    ]  # fmt: skip
    found, _, problems = measured(made, WATER)
    assert problems == ["phantom-tilted"]
    assert found["water", "ct_number"].value == pytest.approx(0.0, abs=0.1)
