import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import special

from clinval.stats.imaging import image_quality as iq

few = settings(deadline=None, max_examples=20, derandomize=True)


def edge(angle, sigma, *, size=64, pixel=0.4, noise=0.0, seed=1):
    """Image of an edge at an angle from the columns, blurred by a Gaussian (sigma in mm)."""
    y, x = np.mgrid[:size, :size] - size / 2
    distance = (x * math.cos(angle) - y * math.sin(angle)) * pixel
    image = 50 + 100 * special.ndtr(distance / sigma)
    return image + np.random.default_rng(seed).normal(0, noise, image.shape)


@few
@given(st.floats(2, 12), st.floats(0.3, 1.0), st.booleans(), st.booleans())
def test_edge_of_known_blur(degrees, sigma, turned, inverted):
    image = edge(math.radians(degrees), sigma)
    image = -image if inverted else image
    result = iq.mtf_edge(image.T if turned else image, 0.4, 0.4)
    wanted = iq.mtf_gaussian(sigma)
    assert result.mtf50 == pytest.approx(wanted.mtf50, rel=0.02)
    if wanted.mtf10 < 1.2:
        assert result.mtf10 == pytest.approx(wanted.mtf10, rel=0.03)
    assert abs(result.angle) == pytest.approx(degrees, abs=0.3)
    frequency, mtf = np.array(result.frequencies), np.array(result.mtf)
    np.testing.assert_allclose(mtf, np.exp(-2 * (math.pi * sigma * frequency) ** 2), atol=0.02)
    assert (frequency[0], mtf[0]) == (0, 1)
    assert frequency[-1] <= 1.25 + 1e-9


def test_edge_of_pixels_that_are_not_square_and_with_noise():
    y, x = np.mgrid[:80, :60] - 30.0
    distance = (x * 0.3 - 0.06 * y * 0.6) / math.hypot(1, 0.06)
    image = 100 * special.ndtr(distance / 0.5)
    assert iq.mtf_edge(image, 0.3, 0.6).mtf50 == pytest.approx(0.3748, rel=0.02)
    noisy = edge(math.radians(5), 0.5, noise=1.0)
    assert iq.mtf_edge(noisy, 0.4, 0.4).mtf50 == pytest.approx(0.3748, rel=0.05)


def test_images_without_an_edge_a_disk_or_a_point():
    flat = np.full((32, 32), 7.0)
    straight = np.where(np.arange(32) < 16, 0.0, 1.0) * np.ones((32, 1))
    assert iq.mtf_edge(flat, 1, 1).reason == "the image shows no edge"
    assert iq.mtf_edge(straight, 1, 1).reason == "the edge is not slanted enough"
    assert iq.mtf_disk(flat, 1).reason == "the image shows no edge"
    assert iq.mtf_point(flat, 1, 1).reason == "the image shows no point"
    for call in (lambda i: iq.mtf_edge(i, 1, 1), lambda i: iq.mtf_disk(i, 1)):
        with pytest.raises(ValueError, match="at least 16 pixels a side"):
            call(np.ones((15, 40)))
        with pytest.raises(ValueError, match="missing or infinite"):
            call(np.full((20, 20), np.nan))
        with pytest.raises(ValueError, match="rows of equal length"):
            call([[1, 2], [3]])
    with pytest.raises(ValueError, match="pixel_x must be above 0"):
        iq.mtf_edge(flat, 0, 1)


@few
@given(st.floats(0.35, 0.9), st.floats(-2, 2), st.floats(-2, 2), st.sampled_from([-200.0, 40.0]))
def test_disk_of_known_blur(sigma, right, down, contrast):
    y, x = np.mgrid[:64, :64] - 32.0
    radius = np.hypot(x - right, y - down) * 0.4
    image = 10 + contrast * special.ndtr((6 - radius) / sigma)
    result = iq.mtf_disk(image, 0.4)
    assert result.mtf50 == pytest.approx(iq.mtf_gaussian(sigma).mtf50, rel=0.04)
    assert result.angle is None


@few
@given(st.floats(0.4, 0.9), st.floats(-1, 1))
def test_point_of_known_blur(sigma, shift):
    y, x = (np.mgrid[:48, :48] - 24.0) * 0.3
    image = 5 + 80 * np.exp(-((x - shift) ** 2 + y**2) / (2 * sigma**2))
    result = iq.mtf_point(image, 0.3, 0.3)
    assert result.mtf50 == pytest.approx(iq.mtf_gaussian(sigma).mtf50, rel=0.02)
    assert result.mtf10 == pytest.approx(iq.mtf_gaussian(sigma).mtf10, rel=0.02)


def test_white_noise_has_the_power_of_white_noise():
    regions = np.random.default_rng(3).normal(100, 10, (60, 32, 48))
    result = iq.nps(regions, 0.5, 0.25)
    wanted = iq.nps_white(10, 0.5, 0.25)
    assert np.mean(result.nps_2d) == pytest.approx(wanted.estimate, rel=0.02)
    np.testing.assert_allclose(result.nps[2:], wanted.estimate, rtol=0.2)
    assert result.noise == pytest.approx(10, rel=0.01)
    step = (1 / (48 * 0.5)) * (1 / (32 * 0.25))
    assert np.sum(result.nps_2d) * step == pytest.approx(result.noise**2)
    assert np.shape(result.nps_2d) == (len(result.frequencies_y), len(result.frequencies_x))
    assert result.frequencies_x == tuple(sorted(result.frequencies_x))
    assert result.n == 60


def test_noise_of_known_color():
    # white noise under a Gaussian of deviation 1 mm has the power exp(-4 pi^2 f^2) x white
    rng = np.random.default_rng(6)
    fx, fy = np.fft.fftfreq(64, 0.5), np.fft.fftfreq(64, 0.5)
    blur = np.exp(-2 * np.pi**2 * (fx**2 + fy[:, None] ** 2))
    white = rng.normal(0, 20, (40, 64, 64))
    colored = np.fft.ifft2(np.fft.fft2(white) * blur).real
    result = iq.nps(colored, 0.5, 0.5, trend="mean")
    frequency = np.array(result.frequencies)
    wanted = 400 * 0.25 * np.exp(-4 * np.pi**2 * frequency**2)
    seen = wanted > 1
    np.testing.assert_allclose(np.array(result.nps)[seen], wanted[seen], rtol=0.15)
    assert result.mean_frequency == pytest.approx(frequency @ wanted / wanted.sum(), rel=0.05)
    assert result.peak_frequency < 0.15


def test_trends_are_taken_off():
    y, x = np.mgrid[:16, :16]
    plane, bowl = 3.0 * x - y, (x - 8.0) ** 2 + x * y
    for trend, surface, left in (
        ("plane", plane, 0), ("quadratic", bowl, 0), ("mean", plane, 1), ("plane", bowl, 1),
    ):  # fmt: skip
        noise = iq.nps([surface], 1, 1, trend=trend).noise
        assert (noise > 1) == bool(left), trend
    flat = iq.nps(np.ones((1, 8, 8)), 1, 1)
    assert (flat.noise, flat.mean_frequency, flat.peak_frequency) == (0, None, None)
    with pytest.raises(ValueError, match="trend must be one of"):
        iq.nps(np.ones((1, 8, 8)), 1, 1, trend="cubic")
    with pytest.raises(ValueError, match="regions, rows and columns"):
        iq.nps(np.ones((8, 8)), 1, 1)


def test_detectability_in_white_noise_is_that_of_the_energy():
    f = np.linspace(0, 60, 60_001)
    white = np.full(len(f), 20.0)
    result = iq.detectability_npw(f, np.ones(len(f)), white, contrast=10, diameter=5)
    # all of the energy of the disk, contrast^2 x area, over the noise power
    assert result.estimate == pytest.approx(math.sqrt(100 * math.pi * 6.25 / 20), rel=2e-3)
    twice = iq.detectability_npw(f, np.ones(len(f)), 4 * white, contrast=20, diameter=5)
    assert twice.estimate == pytest.approx(result.estimate)
    blurred = iq.detectability_npw(f, np.exp(-f), white, contrast=10, diameter=5)
    assert blurred.estimate < result.estimate


def test_detectability_on_a_grid_of_two_dimensions():
    u = np.fft.fftfreq(256, 0.25)
    radius = np.hypot(u, u[:, None])
    task = (
        4
        * np.where(radius > 0, special.j1(math.pi * 6 * radius), 0)
        * 3
        / np.where(radius > 0, radius, 1)
    )
    task[0, 0] = 4 * math.pi * 9
    transfer, power = np.exp(-6 * radius**2), 5 + 40 * radius * np.exp(-3 * radius)
    signal = (task * transfer) ** 2
    wanted = signal.sum() / math.sqrt((signal * power).sum()) / (256 * 0.25)
    f = np.linspace(0, 2, 2001)
    result = iq.detectability_npw(
        f, np.exp(-6 * f**2), 5 + 40 * f * np.exp(-3 * f), contrast=4, diameter=6
    )
    assert result.estimate == pytest.approx(wanted, rel=0.01)


def test_detectability_edges():
    none = iq.detectability_npw([0, 1], [1, 1], [0, 0], contrast=1, diameter=1)
    assert none.reason == "no noise at the frequencies of the disk"
    assert iq.detectability_npw([0, 1], [1, 1], [1, 1], contrast=0, diameter=1).estimate == 0
    for change, message in (
        ({"frequencies": [1, 0]}, "ascending from 0"),
        ({"mtf": [1, -1]}, "must not be negative"),
        ({"mtf": [1]}, "lengths differ"),
        ({"diameter": 0}, "diameter must be above 0"),
    ):
        arguments = {
            "frequencies": [0, 1],
            "mtf": [1, 1],
            "nps": [1, 1],
            "contrast": 1,
            "diameter": 1,
        }
        with pytest.raises(ValueError, match=message):
            iq.detectability_npw(**(arguments | change))


def test_regions_and_their_numbers():
    rng = np.random.default_rng(9)
    signal, background = rng.normal(112, 14, (20, 20)), rng.normal(61, 13, 300)
    means, sds = (
        (signal.mean(), background.mean()),
        (np.std(signal, ddof=1), np.std(background, ddof=1)),
    )
    assert iq.snr_region(signal).estimate == pytest.approx(iq.snr(means[0], sds[0]).estimate)
    plain = iq.cnr_regions(signal, background)
    assert plain.estimate == pytest.approx(iq.cnr_background(*means, sds[1]).estimate)
    pooled = iq.cnr_regions(signal, background, noise="pooled")
    assert pooled.estimate == pytest.approx(iq.cnr_pooled(*means, *sds).estimate)
    assert pooled.n == 700
    turned = iq.cnr_regions(background, signal, noise="pooled")
    assert turned.estimate == pytest.approx(pooled.estimate)


def test_without_noise_and_out_of_range():
    for result in (
        iq.snr(5, 0), iq.snr_region([3, 3]), iq.cnr_background(5, 4, 0), iq.cnr_pooled(5, 4, 0, 0),
        iq.cnr_regions([1, 2], [3, 3]),
    ):  # fmt: skip
        assert (result.estimate, result.reason) == (None, "the noise is 0")
    for call, arguments, message in (
        (iq.snr, (5, -1), "sd must not be negative"),
        (iq.snr_region, ([5],), "at least two pixels"),
        (iq.cnr_regions, ([5, math.nan], [1, 2]), "missing or infinite"),
        (iq.cnr_regions, (["x", "y"], [1, 2]), "signal must hold numbers"),
        (iq.figure_of_merit, (5, 0), "dose must be above 0"),
        (iq.quantum_noise, (5, 0), "dose_ratio must be above 0"),
        (iq.mtf_gaussian, (0,), "sigma must be above 0"),
        (iq.dqe, (0.5, 0, 1), "nnps must be above 0"),
        (iq.nps_white, (-1, 1, 1), "sd must not be negative"),
    ):
        with pytest.raises(ValueError, match=message):
            call(*arguments)
