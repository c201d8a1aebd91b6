"""Several hypotheses at once: p values adjusted so that each can be held against alpha itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinval.core.results import Result
from clinval.stats._checks import FloatArray, Numbers, check_level, check_same_length, sample

__all__ = [
    "AdjustedP",
    "GraphicalTest",
    "benjamini_hochberg",
    "bonferroni",
    "fixed_sequence",
    "graphical",
    "hochberg",
    "holm",
    "hommel",
    "sidak",
]

_SLACK = 1e-12  # relative: 0.01 / 0.4 is 0.025, though not in floating point
_SUM_SLACK = 1e-9  # weights given in decimals, such as thirds, may sum to a little above 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedP(Result):
    """Adjusted p values in the order of the hypotheses, at most 1."""

    adjusted_p: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphicalTest(AdjustedP):
    """Adjusted p values with the hypotheses that are rejected at ``alpha``, one-sided."""

    reject: tuple[bool, ...]
    alpha: float = 0.025


def bonferroni(p: Numbers) -> AdjustedP:
    """Bonferroni's single-step adjustment.

    Parameters
    ----------
    p
        The p value of each hypothesis (list, in [0, 1]).

    Returns
    -------
    AdjustedP
        ``adjusted_p`` in input order.

    Raises
    ------
    ValueError
        For p values that are missing or outside [0, 1].

    Notes
    -----
    min(1, m p) with m hypotheses.

    References
    ----------
    .. [1] Dunn 1961.

    Examples
    --------
    >>> bonferroni([0.01, 0.04, 0.03, 0.005]).adjusted_p
    (0.04, 0.16, 0.12, 0.02)
    """
    values = _p_values(p)
    return _adjusted("bonferroni", len(values) * values)


def sidak(p: Numbers) -> AdjustedP:
    """Sidak's single-step adjustment, for independent p values.

    Parameters
    ----------
    p
        The p value of each hypothesis (list, in [0, 1]).

    Returns
    -------
    AdjustedP
        ``adjusted_p`` in input order.

    Raises
    ------
    ValueError
        For p values that are missing or outside [0, 1].

    Notes
    -----
    1 - (1 - p)^m with m hypotheses.

    References
    ----------
    .. [1] Sidak 1967.

    Examples
    --------
    >>> [round(value, 6) for value in sidak([0.01, 0.04]).adjusted_p]
    [0.0199, 0.0784]
    """
    values = _p_values(p)
    with np.errstate(divide="ignore"):  # the logarithm of 1 - 1
        return _adjusted("sidak", -np.expm1(len(values) * np.log1p(-values)))


def holm(p: Numbers) -> AdjustedP:
    """Holm's step-down adjustment: Bonferroni over the hypotheses not yet rejected.

    Parameters
    ----------
    p
        The p value of each hypothesis (list, in [0, 1]).

    Returns
    -------
    AdjustedP
        ``adjusted_p`` in input order.

    Raises
    ------
    ValueError
        For p values that are missing or outside [0, 1].

    Notes
    -----
    With p sorted upwards, the running maximum of (m - i + 1) p_(i), i = 1 ... m.

    References
    ----------
    .. [1] Holm 1979.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005]).adjusted_p
    (0.03, 0.06, 0.06, 0.02)
    """
    ordered, back = _sorted(_p_values(p))
    factor = np.arange(len(ordered), 0, -1)
    return _adjusted("holm", np.maximum.accumulate(factor * ordered)[back])


def hochberg(p: Numbers) -> AdjustedP:
    """Hochberg's step-up adjustment, for p values that are not negatively dependent.

    Parameters
    ----------
    p
        The p value of each hypothesis (list, in [0, 1]).

    Returns
    -------
    AdjustedP
        ``adjusted_p`` in input order.

    Raises
    ------
    ValueError
        For p values that are missing or outside [0, 1].

    Notes
    -----
    With p sorted upwards, the running minimum from the largest of (m - i + 1) p_(i).

    References
    ----------
    .. [1] Hochberg 1988.

    Examples
    --------
    >>> hochberg([0.01, 0.04, 0.03, 0.005]).adjusted_p
    (0.03, 0.04, 0.04, 0.02)
    """
    ordered, back = _sorted(_p_values(p))
    factor = np.arange(len(ordered), 0, -1)
    return _adjusted("hochberg", _running_minimum(factor * ordered)[back])


def hommel(p: Numbers) -> AdjustedP:
    """Hommel's adjustment: the closed test by Simes, for p values as in :func:`hochberg`.

    Parameters
    ----------
    p
        The p value of each hypothesis (list, in [0, 1]).

    Returns
    -------
    AdjustedP
        ``adjusted_p`` in input order, never above Hochberg's.

    Raises
    ------
    ValueError
        For p values that are missing or outside [0, 1].

    Notes
    -----
    The largest Simes p value, min over i of s p_(i)/i, among all sets of s hypotheses that the
    hypothesis is in, s = 1 ... m.

    References
    ----------
    .. [1] Hommel 1988.
    .. [2] Wright 1992, Biometrics 48:1005.

    Examples
    --------
    >>> hommel([0.012, 0.02, 0.02, 0.3, 0.049]).adjusted_p
    (0.04, 0.06, 0.06, 0.3, 0.098)
    """
    ordered, back = _sorted(_p_values(p))
    m = len(ordered)
    largest = ordered.copy()
    for size in range(2, m + 1):
        # the worst set holds the size - 1 largest p values, and the hypothesis or the next one
        others, smallest = ordered[m - size + 1 :], np.minimum(ordered, ordered[m - size])
        simes = float((size * others / np.arange(2, size + 1)).min())
        largest = np.maximum(largest, np.minimum(simes, size * smallest))
    return _adjusted("hommel", largest[back])


def benjamini_hochberg(p: Numbers) -> AdjustedP:
    """Benjamini and Hochberg's adjustment, which bounds the false discovery rate.

    Parameters
    ----------
    p
        The p value of each hypothesis (list, in [0, 1]).

    Returns
    -------
    AdjustedP
        ``adjusted_p`` in input order. It does not bound the probability of any false claim.

    Raises
    ------
    ValueError
        For p values that are missing or outside [0, 1].

    Notes
    -----
    With p sorted upwards, the running minimum from the largest of m p_(i)/i.

    References
    ----------
    .. [1] Benjamini & Hochberg 1995.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.005]).adjusted_p
    (0.02, 0.04, 0.04, 0.02)
    """
    ordered, back = _sorted(_p_values(p))
    rank = np.arange(1, len(ordered) + 1)
    return _adjusted("benjamini_hochberg", _running_minimum(len(ordered) * ordered / rank)[back])


def fixed_sequence(p: Numbers) -> AdjustedP:
    """Test in a fixed sequence: each at full alpha as long as all before it are rejected.

    Parameters
    ----------
    p
        The p values in the order declared beforehand (list, in [0, 1]).

    Returns
    -------
    AdjustedP
        ``adjusted_p`` in input order.

    Raises
    ------
    ValueError
        For p values that are missing or outside [0, 1].

    Notes
    -----
    The running maximum of p.

    References
    ----------
    .. [1] Maurer, Hothorn & Lehmacher 1995.

    Examples
    --------
    >>> fixed_sequence([0.01, 0.04, 0.03, 0.005]).adjusted_p
    (0.01, 0.04, 0.04, 0.04)
    """
    return _adjusted("fixed_sequence", np.maximum.accumulate(_p_values(p)))


def graphical(
    p: Numbers,
    hypothesis_weights: Numbers,
    transitions: Sequence[Sequence[float]] | NDArray[np.float64],
    *,
    alpha: float = 0.025,
) -> GraphicalTest:
    r"""Graphical procedure of Bretz: weighted Bonferroni that passes on what a rejection frees.

    Parameters
    ----------
    p
        The p value of each hypothesis (list, in [0, 1]).
    hypothesis_weights
        Share of alpha of each hypothesis at the start (list, in [0, 1], sum at most 1).
    transitions
        What share of its weight a rejected hypothesis (row) passes to each other one (column);
        nothing to itself, a row sums to at most 1.
    alpha
        One-sided level of the whole family.

    Returns
    -------
    GraphicalTest
        ``adjusted_p`` and ``reject`` in input order. A hypothesis that no weight reaches has an
        adjusted p of 1.

    Raises
    ------
    ValueError
        For p values outside [0, 1], lists of different length, weights or transitions that are
        negative or sum to above 1, a hypothesis that passes weight to itself or an alpha
        outside (0, 1).

    Notes
    -----
    Again and again the hypothesis with the smallest p/w is taken; its adjusted p is the largest
    such ratio so far. Its weight is passed on,

    .. math:: w_k \leftarrow w_k + w_j g_{jk}, \quad
              g_{kl} \leftarrow \frac{g_{kl} + g_{kj} g_{jl}}{1 - g_{kj} g_{jk}}

    with 0 where the denominator is 0, through all hypotheses. Rejected are those with an
    adjusted p of at most alpha.

    References
    ----------
    .. [1] Bretz, Maurer, Brannath & Posch 2009, Stat Med 28:586.

    Examples
    --------
    >>> chain = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    >>> result = graphical([0.02, 0.004, 0.03], [1, 0, 0], chain)
    >>> result.adjusted_p, result.reject
    ((0.02, 0.02, 0.03), (True, True, False))
    """
    values, weight = _p_values(p), sample("hypothesis_weights", hypothesis_weights)
    check_same_length(p=values, hypothesis_weights=weight)
    graph = np.array(transitions, dtype=np.float64)
    _check_graph(weight, graph)
    check_level(alpha, "alpha")
    left = np.ones(len(values), dtype=bool)
    adjusted, reached = np.ones(len(values)), 0.0
    while left.any():
        ratio = np.full(len(values), np.inf)
        np.divide(values, weight, out=ratio, where=left & (weight > 0))
        first = int(ratio.argmin())
        reached = max(reached, float(ratio[first]))
        if reached >= 1:
            break
        adjusted[first] = reached
        left[first] = False
        weight, graph = _passed_on(weight, graph, first)
    reject = adjusted <= alpha * (1 + _SLACK)
    return GraphicalTest(
        method="multiplicity.graphical",
        adjusted_p=tuple(adjusted.tolist()),
        reject=tuple(reject.tolist()),
        alpha=alpha,
    )


def _passed_on(weight: FloatArray, graph: FloatArray, j: int) -> tuple[FloatArray, FloatArray]:
    """Return weights and transitions after hypothesis j is rejected."""
    new_weight = weight + weight[j] * graph[j]
    new_weight[j] = 0.0
    around = 1 - graph[:, j] * graph[j]
    new_graph = graph + np.outer(graph[:, j], graph[j])
    new_graph /= np.where(around > _SLACK, around, np.inf)[:, None]
    new_graph[j], new_graph[:, j] = 0.0, 0.0
    np.fill_diagonal(new_graph, 0.0)
    return new_weight, new_graph


def _check_graph(weight: FloatArray, graph: FloatArray) -> None:
    if (weight < 0).any() or weight.sum() > 1 + _SUM_SLACK:
        raise ValueError("hypothesis_weights must not be negative and sum to at most 1")
    m = len(weight)
    if graph.shape != (m, m) and (m or graph.size):
        raise ValueError(f"transitions must have {m} rows of {m}, not shape {graph.shape}")
    if not (graph >= 0).all() or (m and (graph.sum(axis=1) > 1 + _SUM_SLACK).any()):
        raise ValueError("transitions must not be negative and a row must sum to at most 1")
    if m and np.diagonal(graph).any():
        raise ValueError("transitions must pass nothing from a hypothesis to itself")


def _p_values(p: Numbers) -> FloatArray:
    values = sample("p", p)
    outside = (values < 0) | (values > 1)
    if outside.any():
        raise ValueError(f"p must lie between 0 and 1, not {values[outside][0]:g}")
    return values


def _sorted(p: FloatArray) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return the p values sorted upwards, and the place of each of the given ones among them."""
    order = np.argsort(p, kind="stable")
    return p[order], np.argsort(order, kind="stable")


def _running_minimum(values: FloatArray) -> FloatArray:
    """Return the smallest of each value and all after it."""
    smallest: FloatArray = np.minimum.accumulate(values[::-1])[::-1]
    return smallest


def _adjusted(function: str, values: FloatArray) -> AdjustedP:
    return AdjustedP(
        method=f"multiplicity.{function}", adjusted_p=tuple(np.minimum(values, 1).tolist())
    )
