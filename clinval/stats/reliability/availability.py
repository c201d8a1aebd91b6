"""Share of time in which a component works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import special

from clinval.core.results import Estimate
from clinval.stats._checks import check_level, sample

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray, Numbers

__all__ = ["Availability", "exponential_f"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability(Estimate):
    """Availability with the mean up and the mean down time; ``n`` up times."""

    mtbf: float | None = None
    mttr: float | None = None


def exponential_f(up_time: Numbers, down_time: Numbers, *, level: float = 0.95) -> Availability:
    """Availability with its exact interval, up and down times being exponential.

    Parameters
    ----------
    up_time
        Times between the end of a repair and the next failure (list), 0 or more.
    down_time
        Times from a failure to the end of its repair (list), 0 or more, same unit.
    level
        Two-sided level of the interval.

    Returns
    -------
    Availability
        ``estimate`` mtbf/(mtbf + mttr) with ``ci_low`` and ``ci_high``, ``mtbf`` and ``mttr``,
        the means of up and down times. Undefined without up or without down times, and where one
        of the two adds up to 0.

    Raises
    ------
    ValueError
        For values that are missing or below 0.

    Notes
    -----
    With n up and m down times the limits are 1/(1 + (mttr/mtbf) F), F the quantiles 1 - a/2 and
    a/2 of the F distribution with 2n and 2m degrees of freedom, a = 1 - level.

    References
    ----------
    .. [1] Mann, Schafer & Singpurwalla 1974.

    Examples
    --------
    >>> result = exponential_f([120, 300, 95, 410], [4, 6, 3, 9])
    >>> round(result.estimate, 4), round(result.ci_low, 4), round(result.ci_high, 4)
    (0.9768, 0.9046, 0.9947)
    """
    tail = (1 - check_level(level)) / 2
    up, down = _spans("up_time", up_time), _spans("down_time", down_time)
    n, m = len(up), len(down)
    mtbf, mttr = _mean(up), _mean(down)
    method = "availability.exponential_f"
    if not mtbf or not mttr:
        reason = "no up time or no down time"
        return Availability(
            method=method,
            estimate=None,
            level=level,
            n=n,
            mtbf=mtbf,
            mttr=mttr,
            undefined=True,
            reason=reason,
        )
    longer = mttr / mtbf
    low, high = (
        1 / (1 + longer * float(special.fdtri(2 * n, 2 * m, share))) for share in (1 - tail, tail)
    )
    return Availability(
        method=method,
        estimate=mtbf / (mtbf + mttr),
        ci_low=low,
        ci_high=high,
        level=level,
        n=n,
        mtbf=mtbf,
        mttr=mttr,
    )


def _spans(name: str, values: Numbers) -> FloatArray:
    spans = sample(name, values)
    if (spans < 0).any():
        raise ValueError(f"{name} holds {spans.min():g}; a time must not be below 0")
    return spans


def _mean(values: FloatArray) -> float | None:
    return float(values.mean()) if len(values) else None
