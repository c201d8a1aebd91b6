"""Figures of merit of free-response reads, and each of them without each of the cases.

A figure is a ratio of sums over cases, or over pairs of a lesion and a case. What a case adds to
the sums is known once they are, so leaving it out costs one subtraction, not another analysis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from clinval.stats._checks import NotEstimableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray
    from clinval.stats.reader_study._marks import Marks

__all__ = ["FIGURES", "NO_ABNORMAL", "NO_NORMAL", "Merit"]

NO_ABNORMAL = "no abnormal case"
NO_NORMAL = "no normal case"
_ONE_ABNORMAL = "fewer than two abnormal cases"
_ONE_NORMAL = "fewer than two normal cases"


class Merit(NamedTuple):
    """A figure of merit of each modality and reader, shape (I, J), and without each case.

    A reader who read nothing in a modality has NaN there.
    ``without`` has shape (I, J, P), P the cases of the jackknife; ``None`` where leaving one out
    leaves none, ``reason`` then says of which. A case that was not read changes nothing.
    """

    figure: FloatArray
    without: FloatArray | None
    reason: str = ""


class _Halves(NamedTuple):
    """Two sides of comparisons: lesions (or abnormal cases) above cases.

    ``above`` has shape (I, J, L) with a weight and a case each; ``below`` shape (I, J, F), with a
    case each.
    """

    above: FloatArray
    weight: FloatArray
    case_above: NDArray[np.intp]
    below: FloatArray
    case_below: NDArray[np.intp]


def _area(marks: Marks, halves: _Halves) -> Merit:
    """Return the weighted share of comparisons won, ties counting half."""
    shape = marks.read.shape
    figure, without = np.empty(shape[:2]), np.empty(shape)
    reason = ""
    for place in np.ndindex(*shape[:2]):
        read = marks.read[place]
        above, below = read[halves.case_above], read[halves.case_below]
        if not read.any():
            figure[place] = without[place] = np.nan  # a reader who has not this modality
            continue
        if not above.any() or not below.any():
            raise NotEstimableError(NO_NORMAL if above.any() else NO_ABNORMAL)
        curve = _Halves(
            above=halves.above[place][above],
            weight=halves.weight[above],
            case_above=halves.case_above[above],
            below=halves.below[place][below],
            case_below=halves.case_below[below],
        )
        if len(np.unique(curve.case_above)) < 2:
            reason = _ONE_ABNORMAL
        elif len(curve.case_below) < 2:
            reason = _ONE_NORMAL
        won, won_without = _weights_won(curve, 1.0, shape[-1])
        lost, lost_without = _weights_won(curve, -1.0, shape[-1])
        figure[place] = won / (won + lost)
        if not reason:
            without[place] = won_without / (won_without + lost_without)
    return Merit(figure, None if reason else without, reason=reason)


def _weights_won(curve: _Halves, sign: float, n_cases: int) -> tuple[float, FloatArray]:
    """Return the weight of comparisons won (sign 1) or lost (-1), of all and without each case.

    Won and lost are counted apart, so that a share of 1 is exactly 1.
    """
    above, below = sign * curve.above, sign * curve.below
    order, ascending = np.sort(below), np.argsort(above)
    beats = np.searchsorted(order, above, "left") + np.searchsorted(order, above, "right")
    cumulative = np.cumsum(np.append(curve.weight[ascending], 0.0)[::-1])[::-1]
    ranked = above[ascending]
    beaten = (
        cumulative[np.searchsorted(ranked, below, "left")]
        + cumulative[np.searchsorted(ranked, below, "right")]
    )
    own = np.full(n_cases, np.nan)  # of a case with a lesion that also stands below
    own[curve.case_below] = below
    against = own[curve.case_above]
    itself = 1.0 * (above > against) + (above >= against)
    won = curve.weight * beats / 2
    # a case takes with it what its lesions win and what its rating loses, but its own once
    gone = np.bincount(curve.case_above, won - curve.weight * itself / 2, n_cases)
    gone += np.bincount(curve.case_below, beaten / 2, n_cases)
    total = float(won.sum())
    return total, (total - gone).astype(np.float64)


def _of_lesions(marks: Marks, *, weighted: bool, everywhere: bool) -> Merit:
    """Return the area of lesions above normal cases, or above all cases."""
    below = np.arange(len(marks.truth)) if everywhere else np.flatnonzero(~marks.truth)
    weight = 1 / marks.n_lesions[marks.case_of_lesion] if weighted else 1.0
    halves = _Halves(
        above=marks.lesion,
        weight=np.broadcast_to(weight, marks.case_of_lesion.shape).astype(np.float64),
        case_above=marks.case_of_lesion,
        below=marks.highest[..., below],
        case_below=below,
    )
    return _area(marks, halves)


def _hr_auc(marks: Marks) -> Merit:
    """Return the area of the highest rating of each case."""
    rating = marks.highest_of_case
    abnormal, normal = np.flatnonzero(marks.truth), np.flatnonzero(~marks.truth)
    halves = _Halves(
        above=rating[..., abnormal],
        weight=np.ones(len(abnormal)),
        case_above=abnormal,
        below=rating[..., normal],
        case_below=normal,
    )
    return _area(marks, halves)


def _share(
    marks: Marks, amount: NDArray[Any], of: NDArray[Any] | float = 1.0, *, abnormal: bool
) -> Merit:
    """Return the sum of an amount over the sum of what it is of, over the cases of one class."""
    read = marks.read[..., marks.truth == abnormal]
    if (marks.read.any(axis=-1) & ~read.any(axis=-1)).any():
        raise NotEstimableError(NO_ABNORMAL if abnormal else NO_NORMAL)
    counted, size = np.where(read, amount, 0.0), np.where(read, of, 0.0)
    total, sizes = counted.sum(axis=-1, keepdims=True), size.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):  # a reader who has not this modality
        figure = (total / sizes)[..., 0]
        if (read.sum(axis=-1) == 1).any():
            return Merit(figure, None, reason=_ONE_ABNORMAL if abnormal else _ONE_NORMAL)
        return Merit(figure, (total - counted) / (sizes - size))


def _hr_sensitivity(marks: Marks) -> Merit:
    """Return the share of abnormal cases with any mark."""
    return _share(marks, marks.highest_of_case[..., marks.truth] > -np.inf, abnormal=True)


def _hr_specificity(marks: Marks) -> Merit:
    """Return the share of normal cases without a mark."""
    return _share(marks, marks.nonlesion[..., ~marks.truth] == 0, abnormal=False)


def _max_llf(marks: Marks) -> Merit:
    """Return the share of lesions that were marked."""
    return _share(marks, marks.marked_lesions, marks.n_lesions[marks.truth], abnormal=True)


def _max_nlf(marks: Marks) -> Merit:
    """Return the non-lesion marks a normal case."""
    return _share(marks, marks.nonlesion[..., ~marks.truth], abnormal=False)


FIGURES: dict[str, Callable[[Marks], Merit]] = {
    "wafroc": lambda marks: _of_lesions(marks, weighted=True, everywhere=False),
    "afroc": lambda marks: _of_lesions(marks, weighted=False, everywhere=False),
    "wafroc1": lambda marks: _of_lesions(marks, weighted=True, everywhere=True),
    "afroc1": lambda marks: _of_lesions(marks, weighted=False, everywhere=True),
    "hr_auc": _hr_auc,
    "hr_sensitivity": _hr_sensitivity,
    "hr_specificity": _hr_specificity,
    "max_llf": _max_llf,
    "max_nlf": _max_nlf,
}
"""Figure of merit by name."""
