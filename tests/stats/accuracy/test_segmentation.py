import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from clinval.stats.accuracy import segmentation as sg

quick = settings(deadline=None, max_examples=60, derandomize=True)
shapes = st.lists(st.integers(1, 6), min_size=1, max_size=3).map(tuple)


@st.composite
def masks(draw):
    shape = draw(shapes)
    one, other = (draw(arrays(np.uint8, shape, elements=st.integers(0, 2))) for _ in range(2))
    spacing = draw(
        st.lists(st.sampled_from([0.5, 1, 2.5]), min_size=len(shape), max_size=len(shape))
    )
    return one, other, np.array(spacing)


def surface(mask):
    """Points of the object with a face neighbour outside, one by one."""
    points = set(map(tuple, np.argwhere(mask).tolist()))
    steps = [s for s in itertools.product((-1, 0, 1), repeat=mask.ndim) if sum(map(abs, s)) == 1]
    return np.array(
        [p for p in points if any(tuple(np.add(p, s).tolist()) not in points for s in steps)], float
    )


@quick
@given(masks())
def test_overlap_by_sets(data):
    one, other, spacing = data
    result = sg.overlap(one, other, spacing=spacing)
    t, r = (set(map(tuple, np.argwhere(mask).tolist())) for mask in (one, other))
    unit = spacing.prod()
    assert result.volume_test == pytest.approx(len(t) * unit)
    assert result.volume_difference == pytest.approx((len(t) - len(r)) * unit)
    if t | r:
        assert result.dice == pytest.approx(2 * len(t & r) / (len(t) + len(r)))
        assert result.jaccard == pytest.approx(len(t & r) / len(t | r))
        assert result.dice == pytest.approx(2 * result.jaccard / (1 + result.jaccard))
    else:
        assert (result.dice, result.reason) == (None, "both masks are empty")
    turned = sg.overlap(other, one)
    assert (turned.sensitivity, turned.precision) == (result.precision, result.sensitivity)


@quick
@given(masks())
def test_distances_by_all_pairs_of_points(data):
    one, other, spacing = data
    result = sg.surface_distance(one, other, spacing=spacing, tolerance=1.0)
    if not (one.any() and other.any()):
        assert result.hausdorff is None
        assert result.undefined
        return
    apart = cdist(surface(one) * spacing, surface(other) * spacing)
    of_test, of_reference = apart.min(axis=1), apart.min(axis=0)
    every = np.concatenate([of_test, of_reference])
    assert result.hausdorff == pytest.approx(every.max())
    assert result.hausdorff_95 == pytest.approx(
        max(np.quantile(of_test, 0.95), np.quantile(of_reference, 0.95))
    )
    assert result.mean_surface_distance == pytest.approx(every.mean())
    assert result.mean_distance_test == pytest.approx(of_test.mean())
    assert result.mean_distance_reference == pytest.approx(of_reference.mean())
    assert result.surface_dice == pytest.approx((every <= 1 + 1e-12).mean())
    same = sg.surface_distance(one, one, spacing=spacing, tolerance=0)
    assert (same.hausdorff, same.surface_dice) == (0, 1)


@quick
@given(masks(), st.integers(0, 3))
def test_background_around_changes_nothing_inside(data, width):
    one, other, spacing = data
    padded = [np.pad(mask, width) for mask in (one, other)]
    assert sg.surface_distance(*padded, spacing=spacing) == sg.surface_distance(
        one, other, spacing=spacing
    )
    assert sg.overlap(*padded).dice == sg.overlap(one, other).dice


def test_a_distance_of_the_tolerance_is_within_it():
    one, other = np.zeros((2, 12)), np.zeros((2, 12))
    one[:, :4], other[:, :7] = 1, 1
    spacing = [0.8, 0.8]
    assert sg.surface_distance(one, other, spacing=spacing).hausdorff == pytest.approx(2.4)
    within = sg.surface_distance(one, other, spacing=spacing, tolerance=2.4)
    assert within.surface_dice == 1
    assert sg.surface_distance(one, other, spacing=spacing, tolerance=2.39).surface_dice < 1


def test_one_empty_mask():
    result = sg.overlap([[0, 0]], [[0, 1]])
    assert (result.dice, result.sensitivity, result.precision) == (0, 0, None)
    assert result.reason == "one of the masks is empty"
    assert sg.surface_distance([[0, 0]], [[0, 1]]).reason == "one of the masks is empty"
    assert sg.surface_distance([[1, 0]], [[0, 1]]).surface_dice is None  # not asked for


def test_invalid_input():
    for function in (sg.overlap, sg.surface_distance):
        with pytest.raises(ValueError, match="differ in shape"):
            function([[0, 1]], [0, 1])
        with pytest.raises(ValueError, match="one an axis"):
            function([[0, 1]], [[0, 1]], spacing=[1])
        for spacing in ([1, 0], [1, -1], [1, None], ["a", 1]):
            with pytest.raises(ValueError, match="spacing"):
                function([[0, 1]], [[0, 1]], spacing=spacing)
        for mask in ([[0, None]], [["a"]], [[0], [0, 1]], 1, [[float("nan"), 1]]):
            with pytest.raises(ValueError, match=r"test must|test holds"):
                function(mask, [[0, 1]])
    with pytest.raises(ValueError, match="tolerance"):
        sg.surface_distance([1], [1], tolerance=-1)
