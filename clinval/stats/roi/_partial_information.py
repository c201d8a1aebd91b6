"""What is known of net benefit when some of the parameters of a model are known.

Cost and effect are regressed on the parameters; what the regression explains is what knowing
them would tell. The share of explained variation that noise adds is taken off.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import NotEstimableError
from clinval.stats.roi._strategy_draws import StrategyDraws

if TYPE_CHECKING:
    from clinval.stats._checks import FloatArray

__all__ = ["explained_draws"]

_KNOTS = (0.05, 0.275, 0.5, 0.725, 0.95)  # quantiles of a parameter
_DRAWS_A_COLUMN = 10
_RANK = 1e-9  # directions of the basis with a smaller share of its size are rounding


def explained_draws(draws: StrategyDraws, parameters: FloatArray) -> StrategyDraws:
    """Return what the parameters explain of the draws.

    Parameters
    ----------
    draws
        Cost and effect.
    parameters
        Shape (draws, parameters).

    Raises
    ------
    NotEstimableError
        With fewer than ten draws for each column of the regression.

    Notes
    -----
    Restricted cubic splines of each parameter, with knots at its quantiles, and the products of
    those of two parameters. Differences from the first strategy are fitted; their deviations
    from the mean are shrunk by sqrt(1 - q s2/SS), with q columns, the residual variance s2 and
    the explained sum of squares SS, so that a parameter that tells nothing is worth nothing.
    """
    basis = _basis(parameters)
    if len(basis) < _DRAWS_A_COLUMN * (basis.shape[1] + 1):
        raise NotEstimableError("too few draws for the regression on the parameters")
    return StrategyDraws(
        strategies=draws.strategies,
        cost=_explained(draws.cost, basis),
        effect=_explained(draws.effect, basis),
    )


def _explained(values: FloatArray, basis: FloatArray) -> FloatArray:
    """Return the fit of each column less the first, the first kept at its mean."""
    mean = values.mean(axis=0)
    outcome = values - values[:, [0]]
    outcome -= outcome.mean(axis=0)
    fit = basis @ np.linalg.lstsq(basis, outcome, rcond=None)[0]
    squares = np.sum(fit**2, axis=0)
    columns = basis.shape[1]
    noise = np.sum((outcome - fit) ** 2, axis=0) / (len(basis) - columns - 1)
    share = 1 - columns * noise / np.where(squares > 0, squares, 1.0)
    explained: FloatArray = mean + fit * np.sqrt(np.clip(share, 0, None))
    return explained


def _basis(parameters: FloatArray) -> FloatArray:
    """Return orthonormal columns, each of mean 0, that span the splines and their products."""
    splines = [_spline(column) for column in parameters.T]
    products = [
        (first[:, :, None] * second[:, None, :]).reshape(len(parameters), -1)
        for first, second in itertools.combinations(splines, 2)
    ]
    columns = np.concatenate([*splines, *products], axis=1)
    columns = columns - columns.mean(axis=0)
    spread = np.sqrt(np.sum(columns**2, axis=0))
    columns = columns[:, spread > 0] / spread[spread > 0]
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, size > _RANK * size.max(initial=0.0)], dtype=np.float64)


def _spline(values: FloatArray) -> FloatArray:
    """Return the columns of a restricted cubic spline of the standardised values."""
    spread = float(values.std())
    x = (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)
    knots = np.unique(np.quantile(x, _KNOTS))
    if len(knots) < 3:
        return x[:, None]
    last, before = knots[-1], knots[-2]
    cubes = np.maximum(x[:, None] - knots, 0) ** 3
    inner = knots[:-2]
    tail = cubes[:, [-2]] * (last - inner) - cubes[:, [-1]] * (before - inner)
    bends = (cubes[:, :-2] - tail / (last - before)) / (last - knots[0]) ** 2
    return np.concatenate([x[:, None], bends], axis=1)
