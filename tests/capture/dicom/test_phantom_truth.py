"""What is measured in simulated scans is what was put into them."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import numpy as np
import phantom_scans as scans
import pytest
from hypothesis import given, settings, strategies as st
from ruamel.yaml import YAML

from clinval.app.phantom_measures import measure_in
from clinval.capture.phantom.finding import block_of, find, pixels_inside
from clinval.capture.phantom.parts import differences, locate
from clinval.capture.phantom.plan import Find, Region
from clinval.capture.phantom.plan_reading import plan_path, read_plan
from clinval.capture.phantom.scans import scans_of
from clinval.capture.phantom.slices import read_slice
from clinval.core.problems import Place, Problems
from clinval.stats.imaging.image_quality import mtf_gaussian

PLACE = Place(file="folder")
PLAN = read_plan(plan_path("water-cylinder"))
SD = 5.0
ROUNDED = math.sqrt(SD**2 + 1 / 12)  # CT numbers are whole


def scan_of(datasets):
    problems = Problems()
    [scan] = scans_of([read_slice(one, PLACE) for one in datasets], problems, "folder")
    assert list(problems) == []
    return scan


def measured(datasets, plan=PLAN):
    problems = Problems()
    located = locate(plan, scan_of(datasets), problems, PLACE)
    values, curves = measure_in(located) if located else ((), ())
    found = {(value.measure, value.quantity): value for value in values}
    return found, {curve.measure: curve for curve in curves}, [one.kind for one in problems]


def changed(**of):
    """The plan with keys of regions or measures changed, by their ids."""

    def parts(items):
        return tuple(
            item.model_copy(update=of[item.id.replace("-", "_")])
            if item.id.replace("-", "_") in of
            else item
            for item in items
        )

    return PLAN.model_copy(
        update={"regions": parts(PLAN.regions), "measures": parts(PLAN.measures)}
    )


@pytest.fixture(scope="module")
def datasets():
    return scans.scan(slices=24, step=5.0, sd=SD)


@pytest.fixture(scope="module")
def everything(datasets):
    return measured(datasets)


@pytest.fixture(scope="module")
def numbers(everything):
    found, _, problems = everything
    assert problems == []
    return {key: value.value for key, value in found.items()}


def test_water_noise_and_uniformity_are_those_of_the_simulation(numbers):
    # cupping is 3 HU at the edge: its mean over a disk of 20 mm, and over one at 80 mm
    center, edge = 3 * (20**2 / 2) / 100**2, 3 * (80**2 + 10**2 / 2) / 100**2
    assert numbers["water", "ct_number"] == pytest.approx(1 + center, abs=0.15)
    assert numbers["noise", "noise"] == pytest.approx(ROUNDED, rel=0.02)
    assert numbers["uniformity", "uniformity"] == pytest.approx(edge - center, abs=0.3)


def test_contrast_to_noise_is_that_of_the_simulation_in_both_variants(datasets, numbers):
    assert numbers["cnr", "cnr"] == pytest.approx(100 / ROUNDED, rel=0.04)
    found, _, _ = measured(datasets, changed(cnr={"noise": "pooled"}))
    pooled = found["cnr", "cnr"]
    assert (pooled.variant, pooled.method) == ("pooled", "image_quality.cnr_regions")
    assert pooled.value == pytest.approx(100 / ROUNDED, rel=0.04)
    assert pooled.value != numbers["cnr", "cnr"]


def test_modulation_transfer_is_that_of_the_blur(everything):
    found, curves, _ = everything
    truth = mtf_gaussian(scans.SPREAD)
    assert found["mtf", "mtf50"].value == pytest.approx(truth.mtf50, rel=0.03)
    at = np.array(curves["mtf"].frequencies)
    expected = np.exp(-2 * (math.pi * scans.SPREAD * at) ** 2)
    assert np.abs(np.array(curves["mtf"].values) - expected)[at < 0.4].max() < 0.04


@pytest.mark.parametrize("spread", [0.6, 0.9, 1.2])
def test_modulation_transfer_without_noise_is_that_of_the_blur(spread):
    image = scans.picture(rod=scans.ROD, spread=spread)
    one = scans.slice_of(image * 8, 0.0, series="a", number=1, RescaleSlope="0.125",
                         RescaleIntercept="-1024")  # fmt: skip
    plan = PLAN.model_copy(
        update={
            "layers": (),
            "regions": tuple(r.model_copy(update={"layer": None}) for r in PLAN.regions),
            "measures": tuple(m for m in PLAN.measures if m.id == "mtf"),
        }
    )
    found, _, problems = measured([one], plan)
    assert problems == []
    truth = mtf_gaussian(spread)
    assert found["mtf", "mtf50"].value == pytest.approx(truth.mtf50, rel=0.01)
    assert found["mtf", "mtf10"].value == pytest.approx(truth.mtf10, rel=0.02)


@pytest.mark.parametrize("of", ["pairs", "slices"])
def test_the_noise_power_of_white_noise_is_its_variance_over_all_frequencies(datasets, of):
    found, curves, problems = measured(datasets, changed(nps={"of": of}))
    assert problems == []
    assert found["nps", "nps_noise"].value == pytest.approx(ROUNDED, rel=0.03)
    curve = curves["nps"]
    white = ROUNDED**2 * scans.PIXEL**2
    middle = np.array(curve.frequencies) > 0.1  # below, the trend that is taken off is missing
    assert np.array(curve.values)[middle].mean() == pytest.approx(white, rel=0.05)
    assert np.array(curve.values)[middle] == pytest.approx(white, rel=0.25)
    slices = 10
    assert found["nps", "nps_noise"].n == 4 * (slices // 2 if of == "pairs" else slices)


def test_detectability_is_that_of_its_formula_with_white_noise_and_the_blur(everything):
    """Another road: the disk in space, blurred by a Fourier transform on a fine grid."""
    found, curves, _ = everything
    d, contrast, size, step = 5.0, 10.0, 512, 0.25
    at = (np.arange(size) - size // 2) * step
    disk = contrast * (np.hypot(at, at[:, None]) <= d / 2)
    f = np.fft.fftfreq(size, step)
    radius = np.hypot(f, f[:, None])
    transfer = np.interp(radius, curves["mtf"].frequencies, curves["mtf"].values, right=0.0)
    noise = np.array(curves["nps"].values)
    power = np.interp(radius, curves["nps"].frequencies, noise)
    inside = (radius >= min(curves["nps"].frequencies)) & (radius <= max(curves["nps"].frequencies))
    signal = (np.abs(np.fft.fft2(disk)) * step**2 * transfer) ** 2 * inside
    cell = (f[1] - f[0]) ** 2
    expected = signal.sum() * cell / math.sqrt((signal * power).sum() * cell)
    assert found["disk-5mm", "detectability"].value == pytest.approx(expected, rel=0.04)
    assert found["disk-5mm", "detectability"].variant == "10 HU, 5 mm"


def test_numbers_are_those_of_a_computation_pixel_by_pixel(datasets):
    """The plan read by another road, pixels told one by one, the middle as it was simulated."""
    plan = YAML(typ="safe").load(plan_path("water-cylinder").read_text(encoding="utf-8"))
    regions = {region["id"]: region for region in plan["regions"]}
    ordered = sorted(datasets, key=lambda one: float(one.ImagePositionPatient[2]))
    heights = [float(one.ImagePositionPatient[2]) for one in ordered]
    middle = (heights[0] + heights[-1]) / 2
    layers = {
        layer["id"]: [
            one for one, height in zip(ordered, heights, strict=True)
            if layer["from_mm"] <= height - middle <= layer["to_mm"]
        ]
        for layer in plan["layers"]
    }  # fmt: skip

    def pixels(one, region):
        x, y = (region.get(key, 0) + at for key, at in zip(
            ("x_mm", "y_mm"), scans.MIDDLE, strict=True
        ))  # fmt: skip
        stored = np.frombuffer(one.PixelData, "<u2").reshape(one.Rows, one.Columns)
        reach = region["size_mm"] / 2
        return [
            float(stored[row, column]) - 8192
            for row in range(one.Rows)
            for column in range(one.Columns)
            if math.dist((column * scans.PIXEL, row * scans.PIXEL), (x, y)) <= reach
        ]

    water = layers["water"][:2]  # enough to tell, and quick
    two = [one for one in datasets if one in water or one in layers["insert"][:2]]
    short = PLAN.model_copy(
        update={
            "layers": tuple(
                layer.model_copy(update={"from_mm": -1000.0 if layer.id == "water" else 0.0,
                                         "to_mm": 0.0 if layer.id == "water" else 1000.0})
                for layer in PLAN.layers
            ),
            "measures": tuple(m for m in PLAN.measures if m.id not in ("mtf", "nps", "disk-5mm")),
        }
    )  # fmt: skip
    found, _, problems = measured(two, short)
    assert problems == []
    center = [pixels(one, regions["center"]) for one in water]
    mean = statistics.fmean(statistics.fmean(part) for part in center)
    assert found["water", "ct_number"].value == pytest.approx(mean, abs=1e-9)
    noise = statistics.fmean(statistics.stdev(part) for part in center)
    assert found["noise", "noise"].value == pytest.approx(noise, rel=1e-9)
    edges = [
        statistics.fmean(statistics.fmean(pixels(one, regions[name])) for one in water)
        for name in ("top", "right", "bottom", "left")
    ]
    worst = max(abs(edge - mean) for edge in edges)
    assert found["uniformity", "uniformity"].value == pytest.approx(worst, abs=1e-9)
    ratios = []
    for one in layers["insert"][:2]:
        rod, beside = (pixels(one, regions[name]) for name in ("rod", "beside"))
        difference = statistics.fmean(rod) - statistics.fmean(beside)
        ratios.append(abs(difference) / statistics.stdev(beside))
    assert found["cnr", "cnr"].value == pytest.approx(statistics.fmean(ratios), rel=1e-9)


def test_differences_of_neighbours_are_free_of_what_stays():
    draw = np.random.default_rng(3)
    rings = 30 * np.sin(np.arange(60))
    blocks = rings + draw.normal(0, 2, (40, 60, 60))
    assert differences(blocks).std() == pytest.approx(2.0, rel=0.02)
    assert blocks.std() > 10
    assert len(differences(blocks[:7])) == 3


def test_noise_of_pairs_is_free_of_rings_and_that_of_slices_is_not():
    rings = 6 * np.cos(np.arange(scans.SIDE) * 0.9)
    image = scans.picture() + rings
    draw = np.random.default_rng(5)
    made = [
        scans.slice_of(scans.noisy(image, SD, draw), 5.0 * n, series="a", number=n)
        for n in range(12)
    ]
    plan = PLAN.model_copy(
        update={"layers": (), "regions": (Region(id="center", size_mm=40.0),),
                "measures": tuple(m for m in PLAN.measures if m.id == "noise")}
    )  # fmt: skip
    slices, _, _ = measured(made, plan)
    pairs = plan.measures[0].model_copy(update={"of": "pairs"})
    of_pairs, _, _ = measured(made, plan.model_copy(update={"measures": (pairs,)}))
    assert of_pairs["noise", "noise"].value == pytest.approx(ROUNDED, rel=0.03)
    assert slices["noise", "noise"].value == pytest.approx(
        math.hypot(ROUNDED, 6 / 2**0.5), rel=0.03
    )
    assert of_pairs["noise", "noise"].variant == "pairs"


def test_where_the_phantom_lies_in_the_picture_changes_nothing():
    draw = np.random.default_rng(8)
    base = scans.noisy(scans.picture(rod=scans.ROD), SD, draw)
    moved = np.roll(base, (7, -9), axis=(0, 1))
    plan = PLAN.model_copy(
        update={
            "layers": (),
            "regions": tuple(r.model_copy(update={"layer": None}) for r in PLAN.regions),
            "measures": tuple(m for m in PLAN.measures if m.id in ("water", "noise", "cnr", "mtf")),
        }
    )
    values = []
    for image in (base, moved):
        found, _, _ = measured([scans.slice_of(image, 0.0, series="a", number=1)], plan)
        values.append([value.value for value in found.values()])
    assert values[0] == pytest.approx(values[1], rel=1e-12)


# ---------------------------------------------------------------------- finding


@settings(max_examples=20, deadline=None)
@given(
    st.floats(60, 90), st.floats(50, 70), st.floats(60, 80), st.sampled_from([0.6, 0.8, 1.0]),
    st.sampled_from([0.6, 0.8, 1.0]),
)  # fmt: skip
def test_a_phantom_on_a_table_is_found_wherever_it_is(x, y, diameter, across, down):
    rows, columns = int(140 / down), int(160 / across)
    far = np.hypot(np.arange(columns) * across - x, (np.arange(rows) * down - y)[:, None])
    image = np.where(far <= diameter / 2, 0.0, -1000.0)
    image[far < 8] = -1000.0  # an insert of air
    table = int((y + diameter / 2) / down)
    image[table : table + max(int(3 / down), 1), 2:-2] = 200.0
    made = read_slice(scans.slice_of(image, 0.0, series="a", number=1), PLACE)
    made = replace(made, spacing=(across, down))
    found = find(made, Find(diameter_mm=diameter))
    assert found.x == pytest.approx(x, abs=0.5)
    assert found.y == pytest.approx(y, abs=0.8)  # a pixel of the table may stay at its rim
    assert found.diameter == pytest.approx(diameter, abs=1.5)
    assert not found.cut


@settings(max_examples=40, deadline=None)
@given(st.floats(-30, 30), st.floats(-30, 30), st.floats(8, 40), st.sampled_from([0.5, 0.7, 1.0]))
def test_squares_have_the_same_number_of_pixels_wherever_they_are(x, y, size, pixel):
    image = np.zeros((200, 220))
    made = read_slice(scans.slice_of(image, 0.0, series="a", number=1, pixel=pixel), PLACE)
    found = find(made, Find(by="image"))
    region = Region(id="a", shape="square", x_mm=x, y_mm=y, size_mm=size)
    rows, columns = block_of(region, found, made)
    assert rows.stop - rows.start == columns.stop - columns.start == round(size / pixel)
    middle = (rows.start + rows.stop - 1) / 2 * pixel
    assert middle == pytest.approx(found.y + y, abs=pixel / 2 + 1e-9)
    inside = pixels_inside(region, found, made)
    assert abs(inside.sum() - (size / pixel) ** 2) <= 2.1 * size / pixel + 1.1
