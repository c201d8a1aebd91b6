"""What the second engine promises: independence, notice of defects, words, no blow-up."""

import ast
import dataclasses
import inspect
import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
import random_arguments

from clinval import stats
from clinval.core.i18n import LANGUAGES, catalogue
from clinval.core.resources import folder
from clinval.core.results import Estimate
from clinval.stats.second_engine import OUT_OF_REACH, agrees, recomputed_methods, second_engine

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "clinval" / "stats" / "second_engine"
FILES = sorted(PACKAGE.glob("*.py"))

# ---------------------------------------------------------------------- what is computed twice

# What decides over no endpoint alone, or is random.
WITHOUT = {
    "auc.binormal",  # describes a curve beside the empirical one
    "auc.separated",  # a closed form for a single case, one limit being the estimate
    "auc.partial_bootstrap",  # its limits are those of its own random draws
    "auc_difference.partial_bootstrap",  # likewise
    "mean.student",  # a mean and its error, which their tests compute with other libraries
    "mean.cluster_robust",  # likewise
    "mean_difference.cluster_bootstrap",  # its limits are those of its own random draws
    "mean_difference.welch_tost",  # the interval of mean_difference.welch
}


def gives_an_interval(method):
    function = stats.find(method)
    result = getattr(inspect.getmodule(function), inspect.signature(function).return_annotation)
    return {"estimate", "ci_low", "ci_high"} <= {field.name for field in dataclasses.fields(result)}


def test_every_interval_of_a_comparison_or_a_proportion_is_computed_twice():
    compared = {
        f"{module}.{name}"
        for module, path in stats.MODULES.items()
        if path.startswith(("clinval.stats.comparison.", "clinval.stats.accuracy."))
        for name in stats.methods(module)
    }
    twice = {name for name in recomputed_methods() if not name.startswith("mrmc.")}
    assert set(filter(gives_an_interval, compared)) == twice | WITHOUT
    assert {name for name in WITHOUT if second_engine(name) is not None} == set()


def test_the_model_of_readers_that_decides_is_computed_twice():
    of_readers = {name for name in recomputed_methods() if name.startswith("mrmc.")}
    assert of_readers == {"mrmc.obuchowski_rockette"}


def test_there_is_none_for_a_test_or_a_name_that_is_no_method():
    for name in ("paired_difference.nam_test", "nothing.at_all", ""):
        assert second_engine(name) is None


def test_tolerance_is_far_below_what_decides():
    assert {second_engine(method).tolerance for method in recomputed_methods()} == {1e-6}


def test_roads_have_words_and_are_no_methods_that_a_protocol_can_name():
    words = catalogue(folder("reports") / "text" / "methods.yaml")
    roads = {second_engine(name).method for name in recomputed_methods()}
    assert {name for name in words if name.startswith("second_engine.")} == roads
    for road in roads:
        assert set(words[road]) == {*LANGUAGES, "reference"}
        assert all(set(words[road][code]) == {"name", "variant"} for code in LANGUAGES)
    assert "second_engine" not in stats.MODULES


# ---------------------------------------------------------------------- independence

OF_CHECKS = {"Counts", "FloatArray", "IntArray", "Labels", "NotEstimableError", "Numbers"}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, path
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_of_the_first_engine_is_imported(path):
    for module, name in imports(path):
        if module.partition(".")[0] != "clinval" or module.startswith(
            "clinval.stats.second_engine"
        ):
            continue
        allowed = module == "clinval.core.results" or (
            module == "clinval.stats._checks" and name in OF_CHECKS
        )
        assert allowed, (path.name, module, name)


def test_the_first_engine_imports_nothing_of_the_second():
    for path in sorted((ROOT / "clinval" / "stats").rglob("*.py")):
        if PACKAGE not in path.parents:
            for module, _ in imports(path):
                assert not module.startswith("clinval.stats.second_engine"), path


def test_all_roads_run_without_a_module_of_the_first_engine():
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from clinval.stats.second_engine import recomputed_methods, second_engine\n"
        "heavy = {'pandas', 'statsmodels', 'scipy.stats', 'scipy.optimize'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "import numpy, random_arguments\n"
        "for name in recomputed_methods():\n"
        "    rng = numpy.random.default_rng(1)\n"
        "    args = random_arguments.arguments(name, rng)\n"
        "    second_engine(name)(*args, **random_arguments.keywords(name, rng, args))\n"
        "own = {name for name in sys.modules if name.startswith('clinval.stats.')}\n"
        "own = {name for name in own if not name.startswith('clinval.stats.second_engine')}\n"
        "assert own == {'clinval.stats._checks'}, own\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr


# ---------------------------------------------------------------------- agreement


def estimate(*numbers):
    value, low, high = numbers
    return Estimate(
        method="m.f", estimate=value, ci_low=low, ci_high=high, undefined=None in numbers
    )


@pytest.mark.parametrize(
    ("first", "again", "agreed", "difference"),
    [
        ((0.2, 0.1, 0.3), (0.2, 0.1, 0.3), True, 0.0),
        ((0.2, 0.1, 0.3), (0.2, 0.1 + 5e-8, 0.3), True, 5e-8),
        ((0.2, 0.1, 0.3), (0.2, 0.1 + 5e-7, 0.3), False, 5e-7),
        ((0.0, -0.1, 0.1), (5e-8, -0.1, 0.1), True, 5e-8),  # 0 has the digits of the interval
        ((0.0, -0.1, 0.1), (5e-7, -0.1, 0.1), False, 5e-7),
        ((0.1, 0.0, 0.2), (0.1, 5e-8, 0.2), True, 5e-8),
        ((1.0, 0.5, 1e5), (1.0, 0.51, 1e5), False, 0.01),  # a wide side excuses no other
        ((1e-8, 5e-9, 2e-8), (1e-8, 6e-9, 2e-8), False, 1e-9),  # small units are no excuse
        ((0.0, 0.0, 0.0), (0.0, 0.0, 1e-17), True, 1e-17),
        ((None, None, None), (None, None, None), True, None),
        ((0.2, None, None), (0.2, None, None), True, 0.0),
        ((None, 0.4, None), (None, 0.4, None), True, 0.0),
        ((0.2, None, None), (0.2, 0.1, 0.3), False, 0.0),
        ((0.2, 0.1, 0.3), (None, None, None), False, None),
        ((None, None, None), (0.2, 0.1, 0.3), False, None),
        ((0.2, 0.1, None), (0.2, 0.2, None), False, 0.1),
    ],
)
def test_agreement(first, again, agreed, difference):
    found, largest = agrees(estimate(*first), estimate(*again), 1e-6)
    assert found is agreed
    assert largest == (None if difference is None else pytest.approx(difference, rel=1e-4))


# Defects that other software has or had, and slips that are easily made, each as the result that
# they would give.
RD = ("risk_difference.miettinen_nurminen", (56, 70, 48, 80))
STRATA = ([4, 6, 1, 10], [16, 16, 34, 34], [5, 10, 4, 11], [15, 17, 33, 33])
SMALLER = tuple(column[:3] for column in STRATA)
LARGER = tuple([*column[:3], column[3] + 1] for column in STRATA)
SCORES = [5.1, 6.0, 4.2, 5.0, 7.1, 7.7, 6.4, 7.5, 3.0, 4.1, 3.3]
ARMS = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]
SITES = list("AAAABBBBCCC")
TEST, REFERENCE = [3.1, 4.2, 5.5, 6.1, 2.2, 4.9], [2.9, 4.8, 5.1, 7.7, 3.3, 4.0]
SURVIVAL = ([6, 6, 7, 10, 13, 1, 2, 2, 4, 8], [1, 0, 1, 0, 1, 1, 1, 1, 1, 1], [1] * 5 + [0] * 5)


def result_of(method, args, **options):
    first = stats.find(method)(*args, **options)
    return first.estimate, first.ci_low, first.ci_high


DEFECTS = {
    "a wrong coefficient in the cubic": (*RD, (0.2, 0.052552, 0.344039)),
    "N/(N-1) forgotten": (*RD, result_of("risk_difference.farrington_manning", RD[1])),
    "N/(N-1) too much": (
        "risk_difference.farrington_manning",
        RD[1],
        result_of("risk_difference.miettinen_nurminen", RD[1]),
    ),
    "arms exchanged": (*RD, result_of(RD[0], (48, 80, 56, 70))),
    "limits exchanged": (*RD, (0.2, 0.338173, 0.052830)),
    "limits rounded": (*RD, (0.2, 0.0528, 0.3382)),
    "90 percent": (*RD, result_of(*RD, level=0.9)),
    "a crash at an edge, passed over": (
        "risk_difference.miettinen_nurminen",
        (0, 10, 0, 20),
        (0.0, None, None),
    ),
    "no width where both arms always succeed": (
        "risk_ratio.miettinen_nurminen",
        (10, 10, 20, 20),
        (1.0, 1.0, 1.1987),
    ),
    "no width without a discordant pair": (
        "paired_difference.tango",
        (38, 0, 0, 2),
        (0.0, 0.0, 0.0),
    ),
    "a summary of strata for a stratified interval": (
        "stratified_difference.miettinen_nurminen",
        STRATA,
        result_of("stratified_difference.summary_score", STRATA),
    ),
    "a stratum lost": (
        "stratified_difference.miettinen_nurminen",
        STRATA,
        result_of("stratified_difference.miettinen_nurminen", SMALLER),
    ),
    "a subject counted twice": (
        "stratified_difference.mantel_haenszel_sato",
        STRATA,
        result_of("stratified_difference.mantel_haenszel_sato", LARGER),
    ),
    "one definition of stratified Newcombe for the other": (
        "stratified_difference.newcombe_yan_su",
        STRATA,
        result_of("stratified_difference.newcombe_effective_n", STRATA),
    ),
    "strata of pairs taken together": (
        "stratified_paired_difference.tango",
        ([5, 3, 0, 1], [2, 4, 0, 0], [60, 45, 8, 3]),
        result_of("paired_difference.tango", (0, 9, 6, 101)),
    ),
    "a normal quantile for one of Student": (
        "mean_difference.paired_t",
        (TEST, REFERENCE),
        tuple(
            float(np.mean(np.subtract(TEST, REFERENCE)) + side * 1.959964 * error)
            for error in [np.std(np.subtract(TEST, REFERENCE), ddof=1) / 6**0.5]
            for side in (0, -1, 1)
        ),
    ),
    "pooled variances for unequal ones": (
        "mean_difference.welch",
        (TEST, REFERENCE),
        result_of("mean_difference.student", (TEST, REFERENCE)),
    ),
    "centers ignored": (
        "mean_difference.random_site_satterthwaite",
        (SCORES, ARMS, SITES),
        result_of(
            "mean_difference.student",
            (
                [y for y, arm in zip(SCORES, ARMS, strict=True) if arm],
                [y for y, arm in zip(SCORES, ARMS, strict=True) if not arm],
            ),
        ),
    ),
    "Kenward and Roger's error left out": (
        "mean_difference.random_site_kenward_roger",
        (SCORES, ARMS, SITES),
        result_of("mean_difference.random_site_satterthwaite", (SCORES, ARMS, SITES)),
    ),
    "the next order statistic": (
        "location_shift.hodges_lehmann",
        (TEST, REFERENCE),
        (
            float(np.median(np.subtract.outer(TEST, REFERENCE))),
            float(np.sort(np.subtract.outer(TEST, REFERENCE), axis=None)[6]),
            float(np.sort(np.subtract.outer(TEST, REFERENCE), axis=None)[-7]),
        ),
    ),
    "Breslow for Efron": (
        "time_to_event.cox_efron",
        SURVIVAL,
        result_of("time_to_event.cox_breslow", SURVIVAL),
    ),
    "an exact interval that is asymptotic": (
        "risk_difference.chan_zhang",
        (9, 10, 3, 10),
        result_of("risk_difference.miettinen_nurminen", (9, 10, 3, 10)),
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_noticed(defect):
    method, args, wrong = DEFECTS[defect]
    engine = second_engine(method)
    again = engine(*args)
    right = stats.find(method)(*args)
    assert agrees(right, again, engine.tolerance)[0]
    assert not agrees(estimate(*wrong), again, engine.tolerance)[0]


@pytest.mark.parametrize("method", recomputed_methods())
def test_a_limit_that_is_a_thousandth_off_is_noticed(method):
    engine, random = second_engine(method), np.random.default_rng(5)
    for _ in range(300):
        args = random_arguments.arguments(method, random)
        options = random_arguments.keywords(method, random, args)
        first = stats.find(method)(*args, **options)
        if not first.undefined and first.ci_low < first.estimate < first.ci_high:
            break
    again = engine(*args, **options)
    assert agrees(first, again, engine.tolerance)[0]
    for name in ("ci_low", "ci_high"):
        moved = 0.999 * getattr(first, name) + 0.001 * first.estimate
        wrong = dataclasses.replace(first, **{name: moved})
        assert not agrees(wrong, again, engine.tolerance)[0]


# ---------------------------------------------------------------------- size

LARGE, CENTERS = 100_000, 200


def large_arguments():
    random = np.random.default_rng(2)
    codes = random.integers(0, CENTERS, LARGE)
    sites = [f"S{code:03}" for code in codes]
    arm = random.integers(0, 2, LARGE)
    score = random.normal(5, 1, LARGE) + random.normal(0, 0.1, CENTERS)[codes]
    other = random.normal(5, 1, LARGE)
    size = np.full(CENTERS, LARGE // CENTERS // 2)
    x1, x2 = random.binomial(size, 0.9), random.binomial(size, 0.88)
    cells = random.multinomial(LARGE // CENTERS, [0.6, 0.15, 0.1, 0.15], CENTERS).T
    time, status = random.exponential(50, LARGE), random.integers(0, 2, LARGE)
    return {
        "mean_difference.random_site_satterthwaite": (score, arm, sites),
        "mean_difference.random_site_kenward_roger": (score, arm, sites),
        "mean_difference.ancova": (score, arm, other),
        "mean_difference.welch": (score, other),
        "mean_ratio.geometric_random_site": (np.exp(score / 5), np.exp(other / 5), sites),
        "mean_ratio.geometric_two_stage": (np.exp(score / 5), np.exp(other / 5), sites),
        "win_probability.brunner_munzel": (score, other),
        "ordinal_odds_ratio.proportional_odds": (np.round(score), np.round(other)),
        "stratified_difference.miettinen_nurminen": (x1, size, x2, size),
        "stratified_difference.newcombe_yan_su": (x1, size, x2, size),
        "stratified_difference.summary_score": (x1, size, x2, size),
        "stratified_paired_difference.tango": (cells[1], cells[2], cells.sum(axis=0)),
        "clustered_paired_difference.cluster_robust": tuple(cells),
        "clustered_proportion.ratio_estimator": (x1, size),
        "odds_ratio.woolf": (44_000, 50_000, 43_500, 50_000),
        "time_to_event.rmst_difference": (np.ceil(time), status, arm, 40.0),
        # out of reach
        "location_shift.hodges_lehmann": (score, other),
        "location_shift.hodges_lehmann_paired": (score, other),
        "odds_ratio.conditional_exact": (44_000, 50_000, 43_500, 50_000),
        "risk_difference.chan_zhang": (44_000, 50_000, 43_500, 50_000),
        "time_to_event.cox_efron": (time, status, arm),
        "time_to_event.rmst_ratio": (time, status, arm, 40.0),
    }


def test_a_large_study_agrees_or_is_out_of_reach():
    reached = {}
    for method, args in large_arguments().items():
        engine = second_engine(method)
        tracemalloc.start()
        again = engine(*args)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 200e6, (method, peak)
        reached[method] = again.reason not in OUT_OF_REACH
        if reached[method]:
            assert agrees(stats.find(method)(*args), again, engine.tolerance)[0], method
        else:
            assert again.estimate is None
            assert again.undefined
    assert list(reached.values()) == [True] * 16 + [False] * 6


def test_many_centers_are_out_of_reach():
    sites = [f"S{number // 2}" for number in range(3000)]
    score = np.random.default_rng(3).normal(0, 1, 3000)
    again = second_engine("mean_difference.random_site_satterthwaite")(score, [0, 1] * 1500, sites)
    assert again.reason == "too many centers for the second engine"


@pytest.mark.parametrize(
    "method",
    [
        "stratified_difference.miettinen_nurminen",
        "stratified_difference.summary_score",
        "stratified_difference.newcombe_yan_su",
    ],
)
def test_many_strata_are_out_of_reach(method):
    ones = [1] * 6000
    again = second_engine(method)(ones, ones, [0] * 6000, ones)
    assert again.reason == "too many centers for the second engine"


def test_many_strata_of_pairs_are_out_of_reach():
    again = second_engine("stratified_paired_difference.tango")([1] * 6000, [0] * 6000, [2] * 6000)
    assert again.reason == "too many centers for the second engine"


def test_a_continuous_scale_is_out_of_reach_of_the_ordinal_road():
    values = np.arange(60.0)
    again = second_engine("ordinal_odds_ratio.proportional_odds")(values, values + 0.5)
    assert again.reason == "too many categories for the second engine"


def test_what_a_road_cannot_do_is_no_traceback_and_no_warning(monkeypatch):
    from clinval.stats.second_engine import _library_proportions as road

    def fails(*args, **options):
        warnings.warn("not what it was", RuntimeWarning, stacklevel=2)
        raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr(road, "wald", fails)
    again = second_engine("risk_difference.wald")(1, 2, 1, 2)
    assert (again.estimate, again.reason) == (None, "the second engine came to no result")
    assert again.reason in OUT_OF_REACH
