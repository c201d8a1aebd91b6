"""Both engines say the same, on random arguments of every method and at the edges."""

import inspect

import numpy as np
import pytest
import random_arguments

from clinval import stats
from clinval.stats.second_engine import OUT_OF_REACH, agrees, recomputed_methods, second_engine

METHODS = recomputed_methods()
DRAWS = 300
# What searches within a search takes a while.
FEWER = {
    "restricted_likelihood": 60,
    "enumeration": 100,
    "risk_difference.chan_zhang": 12,
    "stratified_difference.miettinen_nurminen": 25,
}
WEIGHTS = ("mantel_haenszel", "miettinen_nurminen", "inverse_variance")


def draws(method):
    road = second_engine(method).method.partition(".")[2]
    return FEWER.get(method, FEWER.get(road, DRAWS))


def numbers(result):
    return result.estimate, result.ci_low, result.ci_high


def assert_both_say_the_same(method, args, **options):
    first, engine = stats.find(method)(*args, **options), second_engine(method)
    again = engine(*args, **options)
    agreed, _ = agrees(first, again, engine.tolerance)
    assert agreed, (args, options, numbers(first), numbers(again), again.reason)
    assert again.reason not in OUT_OF_REACH
    assert again.method == engine.method
    assert again.level == first.level
    assert again.n in {None, first.n}
    assert again.undefined == bool(again.reason)
    assert again.undefined == (None in numbers(again))
    return first


@pytest.mark.parametrize("method", METHODS)
def test_random_arguments(method):
    random = np.random.default_rng([20260101, *method.encode()])
    weighted = "weights" in inspect.signature(stats.find(method)).parameters
    defined = 0
    for _ in range(draws(method)):
        args = random_arguments.arguments(method, random)
        options = {"level": float(random.choice([0.9, 0.95, 0.99]))}
        options |= random_arguments.keywords(method, random, args)
        for weights in WEIGHTS if weighted else (None,):
            more = {} if weights is None else {"weights": weights}
            first = assert_both_say_the_same(method, args, **options, **more)
            defined += first.ci_low is not None
    assert defined >= draws(method) / 10


# Defects of the first engine that the second one found; they have been repaired.
FOUND = [
    # the end of the search for a limit, where an arm does not vary
    ("odds_ratio.miettinen_nurminen", (28, 51, 30, 30), {"level": 0.99}),
    ("odds_ratio.miettinen_nurminen", (7, 157, 0, 2), {"level": 0.95}),
    # a limit that was not the outermost
    (
        "stratified_difference.miettinen_nurminen",
        ([2, 3, 3], [2, 4, 3], [0, 1, 0], [1, 1, 5]),
        {"level": 0.95, "weights": "inverse_variance"},
    ),
    # tables that come to count and cease to more than once
    ("risk_difference.chan_zhang", (0, 29, 0, 2), {"level": 0.99}),
    ("risk_difference.chan_zhang", (2, 2, 2, 30), {"level": 0.95}),
    ("risk_difference.chan_zhang", (18, 20, 0, 2), {"level": 0.9}),
    # a variance between centers that is rounding
    (
        "mean_difference.random_site_satterthwaite",
        ([14.1, 16.1, 15.1, 13.1], [0, 1, 1, 0], ["S05", "S04", "S03", "S05"]),
        {"level": 0.9},
    ),
]


@pytest.mark.parametrize(("method", "args", "options"), FOUND)
def test_what_the_second_engine_found(method, args, options):
    assert_both_say_the_same(method, args, **options)


TWO_ARMS = [
    (0, 10, 0, 20),
    (10, 10, 20, 20),
    (0, 10, 20, 20),
    (10, 10, 0, 20),
    (150, 150, 150, 150),
    (1, 1, 0, 1),
    (0, 1, 0, 1),
    (0, 0, 3, 5),
    (0, 0, 0, 0),
    (56, 70, 48, 80),
    (173, 174, 169, 181),
    (99_950, 100_000, 99_990, 100_000),
]
PAIRS = [
    (0, 0, 0, 0),
    (1, 0, 0, 0),
    (0, 0, 0, 1),
    (0, 1, 0, 0),
    (0, 0, 1, 0),
    (40, 0, 0, 0),
    (20, 0, 0, 20),
    (0, 7, 0, 0),
    (0, 0, 7, 0),
    (43, 0, 1, 0),
    (0, 5, 5, 0),
    (90_000, 3_000, 2_800, 4_200),
]
STRATA = [
    ([], [], [], []),
    ([0], [0], [0], [0]),
    ([1, 2], [3, 2], [0, 0], [0, 0]),
    ([3], [4], [2], [5]),
    ([0, 0, 0], [1, 2, 3], [0, 0, 0], [3, 2, 1]),
    ([1, 2, 3], [1, 2, 3], [3, 2, 1], [3, 2, 1]),
    ([0, 2, 3], [1, 2, 3], [3, 0, 1], [3, 2, 1]),
    ([18, 20, 3], [20, 22, 4], [17, 19, 2], [20, 20, 5]),
    ([4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33]),
]
PAIRED_STRATA = [
    ([], [], []),
    ([0, 0], [0, 0], [0, 0]),
    ([0, 0, 0], [0, 0, 0], [5, 1, 30]),
    ([1], [0], [1]),
    ([1, 2], [0, 0], [1, 2]),
    ([5, 3, 0, 1], [2, 4, 0, 0], [60, 45, 8, 3]),
    ([0, 1], [0, 0], [90_000, 1]),
]
EDGES = {
    "two arms": (TWO_ARMS, random_arguments.two_arms),
    "pairs": (PAIRS, random_arguments.pairs),
    "strata": (STRATA, random_arguments.strata),
    "strata of pairs": (PAIRED_STRATA, random_arguments.paired_strata),
    "one arm": ([table[:2] for table in TWO_ARMS], random_arguments.one_arm),
}
OF_EDGES = [
    pytest.param(method, args, id=f"{method}-{number}")
    for cases, draw in EDGES.values()
    for method in METHODS
    if random_arguments.OF_MODULE.get(method.partition(".")[0]) is draw
    if method != "risk_difference.chan_zhang"
    for number, args in enumerate(cases)
]


@pytest.mark.parametrize(("method", "args"), OF_EDGES)
def test_edges(method, args):
    assert_both_say_the_same(method, args, level=0.95)


@pytest.mark.parametrize("table", [table for table in TWO_ARMS if max(table) <= 20])
def test_edges_of_the_exact_difference(table):
    assert_both_say_the_same("risk_difference.chan_zhang", table, level=0.95)


SAMPLES = [
    ([], []),
    ([1.0], []),
    ([1.0], [2.0]),
    ([1.0, 2.0], [1.0]),
    ([5.0, 5.0], [5.0, 5.0]),
    ([5.0, 5.0, 5.0], [7.0, 7.0]),
    ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]),
    ([0.1 + 0.2, 1.3, 2.3], [0.3, 1.3, 2.3]),
    ([1e6 + 1, 1e6 + 3, 1e6 + 4], [1e6, 1e6 + 2, 1e6 + 7]),
    ([1e-7, 3e-7, 2e-7], [2e-7, 2.5e-7, 4e-7]),
]
OF_SAMPLES = [
    method
    for method in METHODS
    if random_arguments.OF_METHOD.get(
        method, random_arguments.OF_MODULE.get(method.partition(".")[0])
    )
    in {random_arguments.samples, random_arguments.paired_samples}
]


@pytest.mark.parametrize("method", OF_SAMPLES)
@pytest.mark.parametrize("samples", SAMPLES)
def test_edges_of_samples(method, samples):
    in_pairs = "paired" in method
    if not in_pairs or len(samples[0]) == len(samples[1]):
        assert_both_say_the_same(method, samples, level=0.95)


AT_CENTERS = [
    ([], [], []),
    ([5.0, 6.0], [4.0, 4.5], ["A", "A"]),
    ([5.0, 6.0, 7.0], [4.0, 4.5, 6.0], ["A", "B", "C"]),
    ([5.0, 6.0, 7.0, 5.5], [4.0, 4.5, 6.0, 5.5], ["A", "A", "B", "B"]),
    ([5.0, 5.0, 5.0, 5.0], [4.0, 4.0, 4.0, 4.0], ["A", "A", "B", "B"]),
    ([5.0, 5.0, 7.0, 7.0], [4.0, 4.0, 4.0, 4.0], ["A", "A", "B", "B"]),
    ([5.0, 6.0, 7.0, 5.5, 9.0], [4.0, 4.5, 6.0, 5.5, 3.0], ["A", "A", "A", "B", "C"]),
    ([5.1, 6.0, 4.2, 5.0, 7.1, 7.7], [4.0, 5.1, 3.6, 4.1, 5.2, 6.1], list("AABBCC")),
]


@pytest.mark.parametrize(
    "method",
    [
        "mean_difference.paired_random_site",
        "mean_ratio.geometric_random_site",
        "mean_ratio.geometric_two_stage",
        "win_probability.paired_clustered",
    ],
)
@pytest.mark.parametrize("args", AT_CENTERS)
def test_edges_of_pairs_at_centers(method, args):
    assert_both_say_the_same(method, args, level=0.95)


ARMS_AT_CENTERS = [
    ([], [], []),
    ([5.0, 6.0], [1, 1], ["A", "B"]),
    ([5.0, 6.0, 4.0, 4.5], [1, 1, 0, 0], ["A", "A", "B", "B"]),
    ([5.0, 6.0, 4.0, 4.5], [1, 0, 1, 0], ["A", "A", "A", "A"]),
    ([5.0, 6.0, 4.0, 4.5], [1, 0, 1, 0], ["A", "A", "B", "B"]),
    ([5.0, 6.0, 4.0, 4.5, 5.5], [1, 0, 1, 0, 1], ["A", "A", "B", "B", "C"]),
    ([5.1, 6.0, 4.2, 5.0, 7.1, 7.7, 6.4], [0, 1, 0, 1, 0, 1, 1], list("AAABBBC")),
]


@pytest.mark.parametrize("adjusted", ["satterthwaite", "kenward_roger"])
@pytest.mark.parametrize("args", ARMS_AT_CENTERS)
def test_edges_of_arms_at_centers(adjusted, args):
    assert_both_say_the_same(f"mean_difference.random_site_{adjusted}", args, level=0.95)


SURVIVAL = [
    ([], [], []),
    ([1.0, 2.0], [1, 1], [1, 1]),
    ([1.0, 2.0], [0, 0], [1, 0]),
    ([1.0, 2.0], [1, 1], [1, 0]),
    ([1.0, 1.0, 1.0, 1.0], [1, 1, 1, 1], [1, 0, 1, 0]),
    ([6, 6, 7, 10, 13, 1, 2, 2, 4, 8], [1, 0, 1, 0, 1, 1, 1, 1, 1, 1], [1] * 5 + [0] * 5),
    ([0.0, 0.0, 3.0, 5.0, 5.0], [1, 0, 1, 1, 0], [1, 1, 0, 0, 1]),
]


@pytest.mark.parametrize("args", SURVIVAL)
def test_edges_of_survival(args):
    for method in ("cox_efron", "cox_breslow"):
        assert_both_say_the_same(f"time_to_event.{method}", args, level=0.95)
    for method in ("rmst_difference", "rmst_ratio"):
        for tau in (0.5, 5, 10):
            assert_both_say_the_same(f"time_to_event.{method}", (*args, tau), level=0.95)
