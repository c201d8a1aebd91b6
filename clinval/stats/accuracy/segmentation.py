"""How well two masks of one image agree: overlap of their volumes, distance of their surfaces.

A mask is an array of any dimension, on the same grid for both; what is not 0 belongs to the
object. ``spacing`` is the distance of neighbouring grid points on each axis; without it the unit
is one grid step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clinval.core.results import Result
from clinval.stats._checks import Numbers, finite, positive_sample

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["Overlap", "SurfaceDistance", "overlap", "surface_distance"]

Mask: TypeAlias = Sequence[object] | NDArray[Any]
_Object: TypeAlias = NDArray[np.bool_]

_BOTH_EMPTY = "both masks are empty"
_ONE_EMPTY = "one of the masks is empty"
_PERCENTILE = 0.95
_ROUNDING = 1e-9  # three steps of 0.8 are 2.4, to this


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap(Result):
    """Overlap of two masks; volumes in grid points or in the unit of the spacing."""

    dice: float | None
    jaccard: float | None
    sensitivity: float | None
    precision: float | None
    volume_test: float
    volume_reference: float
    volume_difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceDistance(Result):
    """Distances between the surfaces of two masks, in grid steps or the unit of the spacing."""

    hausdorff: float | None
    hausdorff_95: float | None
    mean_surface_distance: float | None
    mean_distance_test: float | None
    mean_distance_reference: float | None
    surface_dice: float | None


def overlap(test: Mask, reference: Mask, *, spacing: Numbers | None = None) -> Overlap:
    r"""Dice coefficient and other shares of the volume that two masks have in common.

    Parameters
    ----------
    test, reference
        The two masks, arrays of the same shape; 0 (or false) is background.
    spacing
        Distance of neighbouring grid points on each axis, one positive number an axis.

    Returns
    -------
    Overlap
        ``dice``, ``jaccard``, ``sensitivity`` (share of the reference that the test covers) and
        ``precision`` (share of the test that is reference), both volumes and ``volume_difference``
        (test minus reference). Shares are undefined when both masks are empty, a share of an
        empty mask too; with one empty mask Dice is 0.

    Raises
    ------
    ValueError
        For masks of different shape or with missing values, or a spacing that is not one
        positive number an axis.

    Notes
    -----
    With T and R the points of each mask,

    .. math:: Dice = \frac{2 |T \cap R|}{|T| + |R|}, \quad
              Jaccard = \frac{|T \cap R|}{|T \cup R|}

    References
    ----------
    .. [1] Dice 1945.
    .. [2] Jaccard 1912.

    Examples
    --------
    >>> result = overlap([[0, 1, 1], [0, 1, 0]], [[0, 1, 0], [0, 1, 1]])
    >>> round(result.dice, 4), result.jaccard
    (0.6667, 0.5)
    """
    t, r, steps = _masks(test, reference, spacing)
    both, in_test, in_reference = (int(np.count_nonzero(x)) for x in (t & r, t, r))
    total = in_test + in_reference
    reason = ""
    if total == 0:
        reason = _BOTH_EMPTY
    elif not (in_test and in_reference):
        reason = _ONE_EMPTY
    unit = float(np.prod(steps))
    return Overlap(
        method="segmentation.overlap",
        dice=2 * both / total if total else None,
        jaccard=both / (total - both) if total else None,
        sensitivity=both / in_reference if in_reference else None,
        precision=both / in_test if in_test else None,
        volume_test=in_test * unit,
        volume_reference=in_reference * unit,
        volume_difference=(in_test - in_reference) * unit,
        undefined=bool(reason),
        reason=reason,
    )


def surface_distance(
    test: Mask,
    reference: Mask,
    *,
    spacing: Numbers | None = None,
    tolerance: float | None = None,
) -> SurfaceDistance:
    """Hausdorff distance, its 95th percentile and mean distance of the surfaces of two masks.

    Parameters
    ----------
    test, reference
        The two masks, arrays of the same shape; 0 (or false) is background.
    spacing
        Distance of neighbouring grid points on each axis, one positive number an axis.
    tolerance
        Distance up to which surfaces count as the same, not negative; asks for ``surface_dice``.

    Returns
    -------
    SurfaceDistance
        ``hausdorff``, ``hausdorff_95``, ``mean_surface_distance`` (symmetric), the mean distance
        from each surface to the other one, and with a tolerance ``surface_dice``. Undefined when
        a mask is empty.

    Raises
    ------
    ValueError
        For masks of different shape or with missing values, a spacing that is not one positive
        number an axis or a tolerance that is negative.

    Notes
    -----
    The surface is every point of the object with a neighbour across a face outside of it; beyond
    the edge of the array is outside. d(T) are the Euclidean distances of the points of the test's
    surface to the nearest point of the reference's, d(R) the other way. Hausdorff is the larger
    of the two maxima, ``hausdorff_95`` the larger of the two 95% quantiles (linear
    interpolation), the mean is over all points of both, and surface Dice is the share of points of
    both within the tolerance.

    References
    ----------
    .. [1] Huttenlocher, Klanderman & Rucklidge 1993.
    .. [2] Nikolov et al. 2021.

    Examples
    --------
    >>> result = surface_distance([[1, 1, 0, 0]], [[1, 1, 1, 1]], spacing=[1, 0.5])
    >>> result.hausdorff, round(result.mean_surface_distance, 4)
    (1.0, 0.25)
    """
    t, r, steps = _masks(test, reference, spacing)
    if tolerance is not None and finite("tolerance", tolerance) < 0:
        raise ValueError(f"tolerance must not be negative, not {tolerance!r}")
    if not (t.any() and r.any()):
        reason = _ONE_EMPTY if t.any() or r.any() else _BOTH_EMPTY
        return SurfaceDistance(
            method="segmentation.surface_distance",
            hausdorff=None,
            hausdorff_95=None,
            mean_surface_distance=None,
            mean_distance_test=None,
            mean_distance_reference=None,
            surface_dice=None,
            undefined=True,
            reason=reason,
        )
    of_test, of_reference = _distances(t, r, steps)
    every = np.concatenate((of_test, of_reference))
    share = None
    if tolerance is not None:
        share = float(np.mean(every <= tolerance * (1 + _ROUNDING) + _ROUNDING))
    return SurfaceDistance(
        method="segmentation.surface_distance",
        hausdorff=float(every.max()),
        hausdorff_95=max(float(np.quantile(d, _PERCENTILE)) for d in (of_test, of_reference)),
        mean_surface_distance=float(every.mean()),
        mean_distance_test=float(of_test.mean()),
        mean_distance_reference=float(of_reference.mean()),
        surface_dice=share,
    )


def _masks(
    test: Mask, reference: Mask, spacing: Numbers | None
) -> tuple[_Object, _Object, FloatArray]:
    t, r = _object("test", test), _object("reference", reference)
    if t.shape != r.shape:
        raise ValueError(f"the masks differ in shape: test {t.shape}, reference {r.shape}")
    steps = np.ones(t.ndim) if spacing is None else positive_sample("spacing", spacing)
    if len(steps) != t.ndim:
        raise ValueError(f"spacing must hold {t.ndim} numbers, one an axis, not {len(steps)}")
    return t, r, steps


def _object(name: str, mask: Mask) -> _Object:
    try:
        array = np.asarray(mask)
        if array.dtype.kind not in "biuf":
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be an array of numbers") from error
    if array.ndim == 0:
        raise ValueError(f"{name} must be an array, not one number")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} holds a missing or infinite value")
    inside: _Object = array != 0
    return inside


def _distances(test: _Object, reference: _Object, steps: FloatArray) -> tuple[FloatArray, ...]:
    """Return the distances from each point of a surface to the other surface, both ways."""
    from scipy.spatial import KDTree

    box = _box(test | reference)
    points = [np.argwhere(_surface(mask[box])) * steps for mask in (test, reference)]
    nearest = (KDTree(points[1 - one]).query(points[one])[0] for one in (0, 1))
    return tuple(map(np.asarray, nearest))


def _surface(mask: _Object) -> _Object:
    from scipy.ndimage import binary_erosion

    surface: _Object = mask & ~binary_erosion(mask)
    return surface


def _box(mask: _Object) -> tuple[slice, ...]:
    """Return the smallest box around an object; outside of it is no surface."""
    axes = range(mask.ndim)
    spans = [
        np.flatnonzero(mask.any(axis=tuple(other for other in axes if other != axis)))
        for axis in axes
    ]
    return tuple(slice(int(span[0]), int(span[-1]) + 1) for span in spans)
