"""Points of the pictures of a time trend: weeks, the levels of the model, and learning."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["at_one_mix", "learning", "levels", "weeks"]

_WEEK = 7.0  # days
_MONTH = 30.0  # days, of which the trend is a ratio
_ALL = "all"
_POINTS = 9  # of a line that is bent: a trend is a ratio


def at_one_mix(
    time: NDArray[np.float64],
    day: NDArray[np.float64],
    after: NDArray[np.float64],
    changed: NDArray[np.float64] | None,
    kind: NDArray[np.intp] | None,
    result: Any,
) -> NDArray[np.float64]:
    """Return a center's times as if each were of its mix of examinations.

    What a kind of examination takes longer is what is left of it by the ratio and the trend of
    the model; times stay as they are where there is no ratio.
    """
    import numpy as np

    found = _logs(result)
    if kind is None or found is None:
        return time
    slope, change, other = found
    product = after if changed is None else after * changed
    y = np.log(time)
    rest = y - slope * day / _MONTH - change * product - other * after
    return np.asarray(np.exp(_leveled(y, rest, (kind,), changed)), dtype=np.float64)


def weeks(
    time: NDArray[np.float64],
    day: NDArray[np.float64],
    changed: NDArray[np.float64] | None,
    start: float,
) -> Iterator[dict[str, Any]]:
    """Yield the geometric mean of each week of a center, counted from the day of the change.

    Parameters
    ----------
    time, day
        Times, above 0, and the day of each.
    changed
        1 for a room with the product, 0 for another one, where a study has both.
    start
        The first day with the product.

    Yields
    ------
    dict
        ``room`` (``with``, ``without`` or ``all``), ``week`` (its middle), ``time`` and ``n``.
    """
    import numpy as np

    week = np.floor((day - start) / _WEEK)
    for room, here in _rooms(changed, len(time)):
        found, place, n = np.unique(week[here], return_inverse=True, return_counts=True)
        mean = np.exp(np.bincount(place, np.log(time[here])) / n) if len(found) else found
        for at, value, count in zip(found, mean, n, strict=True):
            yield {"room": room, "week": float(at) + 0.5, "time": float(value), "n": int(count)}


def levels(
    time: NDArray[np.float64],
    day: NDArray[np.float64],
    after: NDArray[np.float64],
    changed: NDArray[np.float64] | None,
    start: float,
    result: Any,
) -> Iterator[dict[str, Any]]:
    """Yield points of the lines of a center's model, at the mix of examinations as it is.

    Of one with a trend: what was before, what is, and what would have gone on. Beside rooms
    without the product: the level of both before, and what the ratios make of it. Nothing where
    the model gave no ratio.

    Yields
    ------
    dict
        ``room``, ``part`` (``before``, ``after``, ``expected``), ``week`` and ``time``.
    """
    import numpy as np

    found = _logs(result)
    if found is None:
        return
    y, month = np.log(time), (day - start) / _MONTH
    slope, change, other = found
    ends = float(day.min() - start), 0.0, float(day.max() - start)
    for room, here in _rooms(changed, len(time)):
        if changed is None:
            level = float((y - slope * month - change * after).mean())
        else:
            level = float(y[here & (after == 0)].mean())
        product = change if room != "without" else 0.0
        lines = {"before": (0.0, ends[:2]), "after": (other + product, ends[1:])}
        if product:
            lines["expected"] = (other, ends[1:])
        for part, (step, span) in lines.items():
            for at in np.linspace(*span, _POINTS if slope else 2).tolist():
                value = math.exp(level + step + slope * at / _MONTH)
                yield {"room": room, "part": part, "week": at / _WEEK, "time": value}


def learning(
    time: NDArray[np.float64],
    number: NDArray[np.float64],
    site: NDArray[np.intp],
    kind: NDArray[np.intp] | None,
    ratio: float,
) -> dict[str, Any]:
    """Return mean times by doublings of the number of cases, centers and kinds at one level.

    Parameters
    ----------
    time, number, site, kind
        Times, the number of each examination in its center, the center, and the kind of
        examination where it is adjusted for.
    ratio
        Ratio of times each time the number doubles.

    Returns
    -------
    dict
        ``case`` (geometric mean of the numbers), ``time`` and ``n``, an element a doubling.
    """
    import numpy as np

    y, doublings = np.log(time), np.log2(number)
    rest = y - math.log(ratio) * doublings
    factors = (site,) if kind is None else (site, kind)
    adjusted = _leveled(y, rest, factors)
    _, step, n = np.unique(np.floor(doublings), return_inverse=True, return_counts=True)
    return {
        "case": np.exp2(np.bincount(step, doublings) / n),
        "time": np.exp(np.bincount(step, adjusted) / n),
        "n": n,
    }


def _rooms(
    changed: NDArray[np.float64] | None, size: int
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the rooms with and without the product, or all."""
    import numpy as np

    if changed is None:
        yield _ALL, np.ones(size, dtype=bool)
        return
    yield "with", changed == 1
    yield "without", changed == 0


def _logs(result: Any) -> tuple[float, float, float] | None:
    """Return the logarithms of trend, ratio and the change of other rooms; without ratio none."""
    given = (
        getattr(result, "trend", 1.0), result.estimate, getattr(result, "control_change", 1.0)
    )  # fmt: skip
    if None in given:
        return None
    slope, change, other = map(math.log, given)
    return slope, change, other


def _leveled(
    y: NDArray[np.float64],
    rest: NDArray[np.float64],
    factors: tuple[NDArray[np.intp], ...],
    beside: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return values without what factors do to what is ``rest`` of them, at the mean of that.

    ``beside`` is a column of which the effect stays.
    """
    import numpy as np

    columns = np.column_stack(
        [np.equal.outer(factor, np.unique(factor)[1:]) for factor in factors]
    ).astype(np.float64)
    kept = [np.ones(len(y)), *([] if beside is None else [beside])]
    effects = np.linalg.lstsq(np.column_stack([columns, *kept]), rest, rcond=None)[0]
    moved = columns @ effects[: columns.shape[1]]
    return np.asarray(y - moved + moved.mean(), dtype=np.float64)
