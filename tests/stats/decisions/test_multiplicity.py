import itertools
import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from statsmodels.stats.multitest import multipletests

from clinval.stats.decisions import multiplicity as mp

quick = settings(deadline=None, max_examples=80, derandomize=True)

SINGLE = {
    mp.bonferroni: "bonferroni",
    mp.sidak: "sidak",
    mp.holm: "holm",
    mp.hochberg: "simes-hochberg",
    mp.hommel: "hommel",
    mp.benjamini_hochberg: "fdr_bh",
}
ALL = [*SINGLE, mp.fixed_sequence]
p_value = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.025, 0.05, 1.0]))
p_values = st.lists(p_value, min_size=1, max_size=7)


@quick
@given(p_values)
def test_against_statsmodels(p):
    for function, name in SINGLE.items():
        # statsmodels collects garbage in one of them, which takes longer than all the rest
        with np.errstate(divide="ignore"), mock.patch("gc.collect"):
            wanted = multipletests(p, method=name)[1]
        assert function(p).adjusted_p == pytest.approx(wanted, abs=1e-12), name


def subsets(m):
    for size in range(1, m + 1):
        yield from itertools.combinations(range(m), size)


@quick
@given(st.lists(p_value, min_size=1, max_size=6))
def test_hommel_and_holm_are_closed_tests(p):
    m = len(p)
    simes, bonferroni = [0.0] * m, [0.0] * m
    for chosen in subsets(m):
        ordered = sorted(p[i] for i in chosen)
        by_simes = min(len(chosen) * value / rank for rank, value in enumerate(ordered, start=1))
        for i in chosen:
            simes[i] = max(simes[i], min(1, by_simes))
            bonferroni[i] = max(bonferroni[i], min(1, len(chosen) * ordered[0]))
    assert mp.hommel(p).adjusted_p == pytest.approx(simes, abs=1e-12)
    assert mp.holm(p).adjusted_p == pytest.approx(bonferroni, abs=1e-12)


@quick
@given(p_values, st.randoms())
def test_properties_of_all(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    for function in ALL:
        adjusted = function(p).adjusted_p
        assert all(own <= value <= 1 for own, value in zip(p, adjusted, strict=True)), function
        if function is not mp.fixed_sequence:
            shuffled = function([p[i] for i in order]).adjusted_p
            assert shuffled == pytest.approx([adjusted[i] for i in order], abs=1e-15)
    names = (mp.bonferroni, mp.holm, mp.hochberg, mp.hommel, mp.benjamini_hochberg)
    values = [np.array(function(p).adjusted_p) for function in names]
    for larger, smaller in itertools.pairwise(values):
        assert (smaller <= larger + 1e-12).all()


@quick
@given(p_values)
def test_fixed_sequence_stops_at_the_first_that_fails(p):
    result = mp.fixed_sequence(p)
    for alpha in (0.01, 0.05, 0.3):
        going, rejected = True, []
        for value in p:
            going = going and value <= alpha
            rejected.append(going)
        assert [value <= alpha for value in result.adjusted_p] == rejected


# --- the graph -----------------------------------------------------------------------------


@st.composite
def graphs(draw, largest=5):
    m = draw(st.integers(1, largest))
    shares = st.lists(st.integers(0, 4), min_size=m + 1, max_size=m + 1).filter(any)

    def parts():
        numbers = draw(shares)
        return [number / sum(numbers) for number in numbers[:m]]

    rows = [parts() for _ in range(m)]
    for i in range(m):
        rows[i][i] = 0.0
    return draw(st.lists(p_value, min_size=m, max_size=m)), parts(), rows


def weights_of(subset, weights, transitions):
    """Remove the other hypotheses one by one (Bretz et al. 2011, algorithm 1), by scalars."""
    w, g = dict(enumerate(weights)), {}
    for i, row in enumerate(transitions):
        for j, value in enumerate(row):
            g[i, j] = value
    left = list(w)
    for j in [i for i in left if i not in subset]:
        left.remove(j)
        w_new, g_new = {}, {}
        for k in left:
            w_new[k] = w[k] + w[j] * g[j, k]
            for n in left:
                around = 1 - g[k, j] * g[j, k]
                moved = g[k, n] + g[k, j] * g[j, n]
                g_new[k, n] = moved / around if k != n and around > 1e-12 else 0.0
        w, g = w_new, g_new
    return w


@quick
@given(graphs())
def test_graphical_is_the_closed_weighted_bonferroni_test(graph):
    p, weights, transitions = graph
    adjusted = [0.0] * len(p)
    for subset in subsets(len(p)):
        w = weights_of(subset, weights, transitions)
        smallest = min(p[i] / w[i] if w[i] > 1e-12 else math.inf for i in subset)
        for i in subset:
            adjusted[i] = max(adjusted[i], min(1.0, smallest))
    result = mp.graphical(p, weights, transitions, alpha=0.05)
    assert result.adjusted_p == pytest.approx(adjusted, abs=1e-9)
    assume(all(abs(value - 0.05) > 1e-9 for value in adjusted))
    assert result.reject == tuple(value <= 0.05 for value in adjusted)


@quick
@given(st.lists(p_value, min_size=2, max_size=6))
def test_special_graphs_are_known_procedures(p):
    m = len(p)
    even = [1 / m] * m
    full = [[0 if i == j else 1 / (m - 1) for j in range(m)] for i in range(m)]
    chain = [[1 if j == i + 1 else 0 for j in range(m)] for i in range(m)]
    nothing = [[0] * m for _ in range(m)]
    for weights, graph, known in (
        (even, full, mp.holm),
        (even, nothing, mp.bonferroni),
        ([1] + [0] * (m - 1), chain, mp.fixed_sequence),
    ):
        result = mp.graphical(p, weights, graph)
        assert result.adjusted_p == pytest.approx(known(p).adjusted_p, abs=1e-9)


def test_the_family_keeps_its_level():
    draw = np.random.default_rng(5)
    graph = [[0, 0.5, 0.5], [0.5, 0, 0.5], [0, 1, 0]]
    false_claims = 0
    for p in draw.random((3000, 3)):
        p[0] *= 1e-6  # one hypothesis is false, and hands its weight on
        false_claims += any(mp.graphical(p, [0.6, 0.4, 0], graph, alpha=0.1).reject[1:])
    assert false_claims / 3000 < 0.1 + 3 * math.sqrt(0.1 * 0.9 / 3000)


def test_on_the_level_itself_rounding_does_not_decide():
    assert mp.graphical([0.01], [0.4], [[0]], alpha=0.025).reject == (True,)
    assert mp.graphical([0.03 / 10], [0.3], [[0]], alpha=0.01).reject == (True,)
    assert mp.graphical([0.0100001], [0.4], [[0]], alpha=0.025).reject == (False,)


def test_one_hypothesis_and_none():
    for function in ALL:
        assert function([]).adjusted_p == ()
        assert function([0.3]).adjusted_p == pytest.approx((0.3,))
    assert mp.graphical([], [], []).adjusted_p == ()


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([0.1, 1.2], "p must lie between 0 and 1, not 1.2"),
        ([-0.1], "p must lie between 0 and 1"),
        ([0.1, math.nan], "p holds a missing"),
        ([[0.1]], "p must be a list"),
    ],
)
def test_invalid_p_values(function, p, message):
    with pytest.raises(ValueError, match=message):
        function(p)


@pytest.mark.parametrize(
    ("weights", "graph", "alpha", "message"),
    [
        ([1], [[0, 1], [1, 0]], 0.05, "lengths differ: p 2, hypothesis_weights 1"),
        ([0.6, 0.5], [[0, 1], [1, 0]], 0.05, "hypothesis_weights must not be negative and sum"),
        ([-0.1, 0.5], [[0, 1], [1, 0]], 0.05, "hypothesis_weights must not be negative"),
        ([0.5, 0.5], [[0, 1]], 0.05, "transitions must have 2 rows of 2"),
        ([0.5, 0.5], [[0, 1.1], [1, 0]], 0.05, "a row must sum to at most 1"),
        ([0.5, 0.5], [[0, -1], [1, 0]], 0.05, "transitions must not be negative"),
        ([0.5, 0.5], [[0, math.nan], [1, 0]], 0.05, "transitions must not be negative"),
        ([0.5, 0.5], [[0.2, 0.8], [1, 0]], 0.05, "nothing from a hypothesis to itself"),
        ([0.5, 0.5], [[0, 1], [1, 0]], 5, "alpha must lie strictly between 0 and 1"),
    ],
)
def test_invalid_graphs(weights, graph, alpha, message):
    with pytest.raises(ValueError, match=message):
        mp.graphical([0.1, 0.2], weights, graph, alpha=alpha)
