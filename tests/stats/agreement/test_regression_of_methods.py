import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats as scipy_stats

from clinval.stats.agreement import method_comparison as mc

quick = settings(deadline=None, max_examples=50, derandomize=True)


@st.composite
def methods(draw, least=5, most=14):
    n = draw(st.integers(least, most))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    truth = 10 + 5 * rng.normal(size=n)
    slope = draw(st.floats(0.5, 2))
    return draw(st.floats(-5, 5)) + slope * truth + rng.normal(size=n), truth + rng.normal(size=n)


@quick
@given(methods(), st.floats(0.2, 5))
def test_deming_is_orthogonal_regression(data, ratio):
    y, x = data
    result = mc.deming(y, x, error_ratio=ratio)

    def distances(angle):
        slope = math.tan(angle)
        return (((y - y.mean()) - slope * (x - x.mean())) ** 2).sum() / (1 + ratio * slope**2)

    found = optimize.minimize_scalar(
        distances, bounds=(-1.57, 1.57), method="bounded", options={"xatol": 1e-12}
    )
    grid = np.linspace(-1.57, 1.57, 400)
    assert distances(math.atan(result.slope)) <= min(map(distances, grid)) + 1e-9
    if abs(math.tan(found.x) - result.slope) > 0.1:  # a bounded search may end in the other hollow
        assert distances(math.atan(result.slope)) < found.fun
    else:
        assert math.tan(found.x) == pytest.approx(result.slope, rel=1e-5)
    assert result.intercept == pytest.approx(y.mean() - result.slope * x.mean())
    r = np.corrcoef(x, y)[0, 1]
    se = abs(result.slope) * math.sqrt((1 - r**2) / (r**2 * (len(x) - 2)))
    assert result.slope_se == pytest.approx(se, rel=1e-9)
    t = scipy_stats.t.ppf(0.975, len(x) - 2)
    assert result.slope_ci_high == pytest.approx(result.slope + t * se)
    half = t * se * math.sqrt((x**2).mean())
    assert result.intercept_ci_low == pytest.approx(result.intercept - half)


@quick
@given(methods(), st.floats(0.2, 5))
def test_jackknife_leaves_each_pair_out(data, ratio):
    y, x = data
    n = len(x)

    def line(rows):
        one = mc.deming(y[rows], x[rows], error_ratio=ratio)
        return np.array([one.slope, one.intercept])

    result = mc.deming_jackknife(y, x, error_ratio=ratio)
    whole = line(np.arange(n))
    pseudo = np.array([n * whole - (n - 1) * line(np.arange(n) != i) for i in range(n)])
    se = pseudo.std(axis=0, ddof=1) / math.sqrt(n)
    assert (result.slope, result.intercept) == pytest.approx(tuple(whole))
    assert (result.slope_se, result.intercept_se) == pytest.approx(tuple(se), rel=1e-6)


@quick
@given(methods(), st.floats(0.2, 5))
def test_methods_can_swap(data, ratio):
    y, x = data
    one, other = mc.deming(y, x, error_ratio=ratio), mc.deming(x, y, error_ratio=1 / ratio)
    assert one.slope == pytest.approx(1 / other.slope)
    assert one.intercept == pytest.approx(-other.intercept / other.slope, abs=1e-6)


def brute_passing_bablok(y, x, z=1.959963984540054):
    """Slopes of all pairs, one at a time; angles of a descending line are moved to the end."""
    angles = []
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            dx, dy = x[j] - x[i], y[j] - y[i]
            if dx == 0 and dy == 0:
                continue
            angle = math.pi / 2 if dx == 0 else math.atan(dy / dx)
            angles.append(angle)
    angles.sort()
    below = sum(angle < -math.pi / 4 for angle in angles)
    at = sum(angle == -math.pi / 4 for angle in angles)
    shift, n = (2 * below + at) / 2, len(x)
    reach = round(z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)) / 2

    def place(middle):
        low, high = math.floor(middle), math.ceil(middle)
        return math.tan((angles[low - 1] + angles[high - 1]) / 2)

    middle = (len(angles) + 1) / 2 + shift
    return place(middle), place(middle - reach), place(middle + reach)


@quick
@given(methods(least=9, most=20), st.booleans())
def test_passing_bablok_by_hand(data, rounded):
    y, x = (np.round(column) if rounded else column for column in data)
    result = mc.passing_bablok(y, x)
    slope, low, high = brute_passing_bablok(y.tolist(), x.tolist())
    if result.undefined:
        assert max(map(abs, (slope, low, high))) > 1e11
        return
    assert (result.slope, result.slope_ci_low, result.slope_ci_high) == pytest.approx(
        (slope, low, high), rel=1e-9
    )
    assert result.intercept == pytest.approx(np.median(y - slope * x))
    assert result.intercept_ci_low == pytest.approx(np.median(y - high * x))


@quick
@given(methods(least=9, most=20))
def test_passing_bablok_of_swapped_methods_is_the_inverse_line(data):
    y, x = data
    one, other = mc.passing_bablok(y, x), mc.passing_bablok(x, y)
    if one.undefined or other.undefined or one.slope_ci_low <= 0:
        return
    assert one.slope_ci_low == pytest.approx(1 / other.slope_ci_high, rel=1e-9)
    # the mean of two angles mirrors in the diagonal as they do
    assert one.slope == pytest.approx(1 / other.slope, rel=1e-9)


def test_intervals_cover():
    rng = np.random.default_rng(6)
    hits = np.zeros(3)
    for _ in range(600):
        truth = 10 * rng.random(40)
        y, x = 1 + 1.2 * truth + rng.normal(size=40), truth + rng.normal(size=40) / 1.2
        # errors on the scale of the line: the ratio of their variances is 1/1.44
        for place, line in enumerate(
            (
                mc.deming(y, x, error_ratio=1 / 1.44),
                mc.deming_jackknife(y, x, error_ratio=1 / 1.44),
                mc.passing_bablok(y, x),
            )
        ):
            hits[place] += line.slope_ci_low <= 1.2 <= line.slope_ci_high
    assert (hits / 600 > 0.92).all()
    assert (hits / 600 < 0.98).all()


def test_edges():
    exact = mc.deming([2, 4, 6, 9], [1, 2, 3, 4.5])
    assert (exact.slope, exact.slope_se) == (2, pytest.approx(0, abs=1e-7))
    falling = mc.deming([3, 2, 1.5, 0], [1, 2, 3, 4])
    assert falling.slope < 0
    for function in (mc.deming, mc.deming_jackknife):
        assert function([1, 2], [1, 2]).reason == "fewer than three pairs"
        assert function([], []).undefined
        flat = function([2, 2, 2, 2], [1, 2, 3, 4])
        assert (flat.slope, flat.reason) == (None, "the values of a method do not vary")
        level = function([1, 2, 1], [1, 2, 3])
        assert level.reason == "the methods are uncorrelated"
        with pytest.raises(ValueError, match="error_ratio must be above 0"):
            function([1, 2, 3], [1, 2, 4], error_ratio=0)
    # without the last pair the reference does not vary
    lonely = mc.deming_jackknife([1, 2, 3, 9], [1, 1, 1, 2])
    assert lonely.reason == "the values of a method do not vary"
    same = mc.passing_bablok([2, 2, 2], [1, 1, 1])
    assert (same.slope, same.reason) == (None, "no two subjects differ")
    assert mc.passing_bablok([], []).undefined
    few = mc.passing_bablok([1, 2, 4], [1, 2, 3])
    assert (few.slope_ci_low, few.undefined) == (None, True)
    assert few.slope == pytest.approx(math.tan(math.atan(1.5)))
    upright = mc.passing_bablok([1, 2, 3, 4], [1, 1, 1, 1])
    assert (upright.slope, upright.intercept) == (None, None)
    with pytest.raises(ValueError, match="lengths differ"):
        mc.passing_bablok([1, 2], [1])
