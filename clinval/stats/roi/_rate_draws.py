"""Internal rates of return of many simulated series of flows in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._roots import bracketed_roots_by_row
from clinval.stats.roi._flows import flow_table
from clinval.stats.roi._internal_rates import irr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import FloatArray, IntArray, Numbers

__all__ = ["irr_draws"]

_FAR = 700.0  # ln(1 + r) beyond which a rate is no number
_FIRST_BRACKET = 0.25  # of ln(1 + r), on either side of 0; doubled until it holds the root


def irr_draws(cash_flows: Numbers) -> tuple[FloatArray, NDArray[np.str_]]:
    """Find the internal rates of return of many simulated series of flows.

    Parameters
    ----------
    cash_flows
        Flows, shape (draws, periods + 1), flow 0 at time 0.

    Returns
    -------
    tuple of numpy.ndarray
        Rate a period of each draw (NaN where there is not exactly one) and its status
        ("unique", "tangent", "multiple" or "none"), both of shape (draws,).

    Raises
    ------
    ValueError
        For a shape that is not draws by periods, or a missing flow.

    Notes
    -----
    Flows that change their sign once have one rate: these are solved together. All others go
    through :func:`irr`, one by one.

    Examples
    --------
    >>> rates, status = irr_draws([[-100, 60, 60], [-100, 230, -132], [5, 5, 5]])
    >>> rates.round(4).tolist(), status.tolist()
    ([0.1307, nan, nan], ['unique', 'multiple', 'none'])
    """
    flows = flow_table(cash_flows)
    rates = np.full(len(flows), np.nan)
    status = np.full(len(flows), "none", dtype="U8")
    changes = _sign_changes(flows)
    once = np.flatnonzero(changes == 1)
    rates[once] = _single_rates(flows[once])
    # a rate that is too large for a number is left to the function that says so
    found = once[np.isfinite(rates[once])]
    status[found] = "unique"
    for row in np.flatnonzero((changes > 0) & np.isnan(rates)):
        result = irr(flows[row])
        status[row] = result.status
        rates[row] = np.nan if result.estimate is None else result.estimate
    return rates, status


def _sign_changes(flows: FloatArray) -> IntArray:
    """Return how often the flows of each row change their sign, zeros left out."""
    signs = np.sign(flows)
    place = np.maximum.accumulate(np.where(signs != 0, np.arange(flows.shape[1]), 0), axis=1)
    last = np.take_along_axis(signs, place, axis=1)
    changes: IntArray = np.sum(last[:, 1:] * last[:, :-1] < 0, axis=1)
    return changes


def _single_rates(flows: FloatArray) -> FloatArray:
    """Return the rates of rows that have one each, NaN beyond what a number holds."""
    # the present value of early flows outweighs that of late ones far to the right
    first = np.sign(np.take_along_axis(flows, (flows != 0).argmax(axis=1)[:, None], axis=1))
    scaled = flows * first / np.abs(flows).max(axis=1, keepdims=True, initial=0.0)

    def value(point: FloatArray, rows: IntArray) -> FloatArray:
        factor = np.exp(-np.abs(point))
        # discounted from whichever end keeps every term small
        mine = scaled[rows]
        forward = np.where((point >= 0)[:, None], mine[:, ::-1], mine)
        total = np.zeros(len(point))
        for column in forward.T:
            total = total * factor + column
        return total

    every = np.arange(len(flows))
    high, low = np.full(len(flows), _FIRST_BRACKET), np.full(len(flows), -_FIRST_BRACKET)
    for ends, sign in ((high, 1.0), (low, -1.0)):
        outside = every
        while len(outside):
            outside = outside[(sign * value(ends[outside], outside) <= 0)]
            outside = outside[np.abs(ends[outside]) < _FAR]
            ends[outside] *= 2
    roots = bracketed_roots_by_row(value, high, low)
    beyond = np.abs(roots) >= _FAR
    return np.where(beyond, np.nan, np.expm1(np.where(beyond, 0.0, roots)))
