"""Sizes and powers by family: endpoints that are sized alike, in pairs, in two arms or in one.

What is expected of an endpoint is brought to two numbers, its effect and one that says how much
results vary; formulas, powers and tables of other assumptions all start from these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clinval.endpoints.hypothesis import Hypothesis, Side

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "ALONE",
    "FAMILIES",
    "OF_READERS",
    "READERS",
    "TOO_MANY",
    "Expected",
    "Family",
    "Needed",
    "needed",
    "power_at",
]

TOO_MANY = "more than ten million subjects are needed"
_MOST = 10_000_000
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Endpoints that are sized alike.

    Attributes
    ----------
    size, counted
        Function of the sample size, and its attribute with the subjects of all arms.
    power
        Function of the power.
    keys
        Sets of planning assumptions; one of them has to be complete.
    effect, spread
        Names of the two numbers that the assumptions come down to; no spread for a goal.
    read
        Gives these two numbers from a complete set of assumptions.
    arguments
        Gives the arguments of both functions from the expected numbers.
    least
        Subjects below which the test does not exist.
    agrees
        Analyses that are decided by the very test that is sized.
    """

    size: str
    counted: str
    power: str
    keys: tuple[tuple[str, ...], ...]
    effect: str
    spread: str
    read: Callable[[Mapping[str, Any]], tuple[float, float]]
    arguments: Callable[[Expected], dict[str, Any]]
    least: int
    agrees: tuple[str, ...]
    optional: tuple[str, ...] = ()
    arms: int = 1
    ratio: bool = False
    share: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is expected of an endpoint: its effect, how much results vary, the arms' sizes.

    ``further`` are arguments of the functions that do not come down to these.
    """

    family: Family
    effect: float
    spread: float
    allocation: float = 1.0
    further: Mapping[str, Any] = field(default_factory=dict)

    @property
    def possible(self) -> bool:
        """Whether these numbers can be true together."""
        family, effect, spread = self.family, self.effect, self.spread
        if family in OF_READERS:
            return _readers_possible(self)
        if not family.share:
            return spread > 0 and (effect > 0 or not family.ratio)
        if not family.spread:
            return 0 <= effect <= 1
        if family.arms == 1:
            return abs(effect) <= spread + _ROUNDING <= 1 + 2 * _ROUNDING
        return all(-_ROUNDING <= p <= 1 + _ROUNDING for p in (spread, spread + effect))

    @property
    def parts(self) -> tuple[float, ...]:
        """Each arm's share of the subjects; one of pairs is a whole."""
        if self.family.arms == 1:
            return (1.0,)
        return self.allocation / (1 + self.allocation), 1 / (1 + self.allocation)


def _clip(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _of_pairs(given: Mapping[str, float]) -> tuple[float, float]:
    if "p10" in given:
        return given["p10"] - given["p01"], given["p10"] + given["p01"]
    return given["p_test"] - given["p_reference"], given["discordance"]


def _spread_of_pairs(given: Mapping[str, float]) -> float:
    if "sd_difference" in given:
        return given["sd_difference"]
    return given["sd"] * math.sqrt(2 * (1 - given["correlation"]))


_PAIRED_PROPORTIONS = Family(
    size="sample_size.nam",
    counted="n_pairs",
    power="sample_size.nam_power",
    keys=(("p10", "p01"), ("p_test", "p_reference", "discordance")),
    effect="difference",
    spread="discordance",
    read=_of_pairs,
    arguments=lambda e: {
        "p10": _clip((e.spread + e.effect) / 2),
        "p01": _clip((e.spread - e.effect) / 2),
    },
    least=1,
    agrees=("paired_difference.tango",),
    share=True,
)
_TWO_PROPORTIONS = Family(
    size="sample_size.farrington_manning",
    counted="n_total",
    power="sample_size.farrington_manning_power",
    keys=(("p_test", "p_reference"),),
    effect="difference",
    spread="p_reference",
    read=lambda given: (given["p_test"] - given["p_reference"], given["p_reference"]),
    arguments=lambda e: {
        "p1": _clip(e.spread + e.effect),
        "p2": _clip(e.spread),
        "ratio": e.allocation,
    },
    least=2,
    agrees=("risk_difference.farrington_manning",),
    optional=("allocation_ratio",),
    arms=2,
    share=True,
)
_PAIRED_MEANS = Family(
    size="sample_size.paired_mean_difference_t",
    counted="n_pairs",
    power="sample_size.paired_mean_difference_t_power",
    keys=(("difference", "sd_difference"), ("difference", "sd", "correlation")),
    effect="difference",
    spread="sd_difference",
    read=lambda given: (given["difference"], _spread_of_pairs(given)),
    arguments=lambda e: {"difference": e.effect, "sd": e.spread},
    least=2,
    agrees=("mean_difference.paired_t",),
)
_TWO_MEANS = Family(
    size="sample_size.mean_difference_t",
    counted="n_total",
    power="sample_size.mean_difference_t_power",
    keys=(("difference", "sd"),),
    effect="difference",
    spread="sd",
    read=lambda given: (given["difference"], given["sd"]),
    arguments=lambda e: {"difference": e.effect, "sd": e.spread},
    least=3,
    agrees=("mean_difference.student",),
    arms=2,
)
_PAIRED_RATIO = Family(
    size="sample_size.non_inferiority_ratio_paired",
    counted="sample_size",
    power="sample_size.non_inferiority_ratio_paired_power",
    keys=(("true_ratio", "cv_within"),),
    effect="true_ratio",
    spread="cv_within",
    read=lambda given: (given["true_ratio"], given["cv_within"]),
    arguments=lambda e: {"theta0": e.effect, "cv": e.spread},
    least=2,
    agrees=("mean_ratio.geometric_paired",),
    ratio=True,
)
_TWO_RATIO = Family(
    size="sample_size.non_inferiority_ratio_parallel",
    counted="sample_size",
    power="sample_size.non_inferiority_ratio_parallel_power",
    keys=(("true_ratio", "cv"),),
    effect="true_ratio",
    spread="cv",
    read=lambda given: (given["true_ratio"], given["cv"]),
    arguments=lambda e: {"theta0": e.effect, "cv": e.spread},
    least=3,
    agrees=(),
    arms=2,
    ratio=True,
)
_GOAL = Family(
    size="sample_size.exact_binomial",
    counted="sample_size_stable",
    power="sample_size.exact_binomial_power",
    keys=(("p_expected",),),
    effect="p_expected",
    spread="",
    read=lambda given: (given["p_expected"], 0.0),
    arguments=lambda e: {"p": e.effect},
    least=1,
    agrees=("proportion.clopper_pearson",),
    share=True,
)

READERS = Family(
    size="mrmc_sample_size.obuchowski_rockette",
    counted="sample_size",
    power="mrmc_power.obuchowski_rockette",
    keys=(
        (
            "difference", "n_cases_pilot", "var_reader_modality", "cov1", "cov2", "cov3",
            "var_error",
        ),
        ("difference", "structure", "accuracy", "diseased_share"),
    ),
    effect="difference",
    spread="n_readers",
    read=lambda given: (given["difference"], given["n_readers"]),
    arguments=lambda e: {**e.further, "effect": e.effect, "n_readers": round(e.spread)},
    least=2,
    agrees=("mrmc.obuchowski_rockette", "mrmc.dorfman_berbaum_metz"),
    optional=("var_reader", "accuracy", "diseased_share", "categories"),
)  # fmt: skip

ALONE = Family(
    size="mrmc_sample_size.ai_versus_readers",
    counted="sample_size",
    power="mrmc_power.ai_versus_readers",
    keys=(("difference", "n_cases_pilot", "var_reader", "cov2", "var_error"),),
    effect="difference",
    spread="n_readers",
    read=READERS.read,
    arguments=READERS.arguments,
    least=2,
    agrees=("mrmc.ai_versus_readers",),
)
OF_READERS = (READERS, ALONE)

FAMILIES: Mapping[tuple[str, str, bool], Family] = {
    ("proportion_comparison", "difference", True): _PAIRED_PROPORTIONS,
    ("proportion_comparison", "difference", False): _TWO_PROPORTIONS,
    ("mean_comparison", "difference", True): _PAIRED_MEANS,
    ("mean_comparison", "difference", False): _TWO_MEANS,
    ("mean_comparison", "ratio", True): _PAIRED_RATIO,
    ("mean_comparison", "ratio", False): _TWO_RATIO,
    ("accuracy_comparison", "difference", True): _PAIRED_PROPORTIONS,
    ("accuracy_comparison", "difference", False): _TWO_PROPORTIONS,
    ("diagnostic_accuracy", "", True): _GOAL,
    ("diagnostic_accuracy", "", False): _GOAL,
    ("performance_goal", "", True): _GOAL,
    ("performance_goal", "", False): _GOAL,
    ("mrmc", "", True): READERS,
    ("ai_versus_readers", "", True): ALONE,
    ("ai_versus_readers", "", False): ALONE,
}
_TOST = "sample_size.tost_ratio_paired"  # the one equivalence that has an exact size of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Independent results that are needed, by which function, or why there is no number."""

    n: float | None
    method: str
    reason: str = ""


def needed(expected: Expected, claim: Hypothesis, alpha: float, power: float) -> Needed:
    """Return the independent results, of all arms together, that a claim needs.

    Parameters
    ----------
    expected
        What is expected.
    claim
        What has to be shown: beyond one bound, or between two.
    alpha
        Level of each one-sided test.
    power
        Wanted power, above alpha.
    """
    from clinval import stats
    from clinval.stats._checks import NotEstimableError
    from clinval.stats.planning._claims import smallest

    family, tests = expected.family, claim.sides
    method = _TOST if family is _PAIRED_RATIO and len(tests) > 1 else family.size
    if not expected.possible or not all(_exists(family, bound) for _, bound in tests):
        return Needed(n=None, method=method, reason="these assumptions cannot hold together")
    if not all(_beyond(expected, side, bound) for side, bound in tests):
        reason = "the expected effect is not beyond the bound"
        return Needed(n=None, method=method, reason=reason)
    n: float | None
    if len(tests) > 1 and method != _TOST:
        try:
            n, _ = smallest(
                lambda size: power_at(expected, claim, alpha, size), power, family.least, 1
            )
        except NotEstimableError:
            n = None
    else:
        result: Any = stats.find(method)(
            **family.arguments(expected), **_bounds(family, tests), alpha=alpha, power=power
        )
        n = getattr(result, "sample_size" if method == _TOST else family.counted)
        if result.undefined:
            return Needed(n=None, method=method, reason=result.reason)
    if n is None or n > _MOST:
        return Needed(n=None, method=method, reason=TOO_MANY)
    return Needed(n=float(n), method=method)


def power_at(
    expected: Expected, claim: Hypothesis, alpha: float, n: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the power at independent results, of all arms together.

    Of two one-sided tests it is the probability that neither fails, at least: 1 less what each
    fails by. Where the family has an exact power of both at once, it is that one.
    """
    import numpy as np

    from clinval import stats

    family, tests = expected.family, claim.sides
    usable = np.maximum(n, family.least)
    if family is _GOAL:
        usable = np.floor(usable)
    if family is _TWO_PROPORTIONS:  # whose functions count the reference arm
        usable = np.maximum(usable * expected.parts[1], 1.0)
    both = family is _PAIRED_RATIO and len(tests) > 1
    calls = [(f"{_TOST}_power", tests)] if both else [(family.power, (test,)) for test in tests]
    reached = np.ones(len(n))
    for call, asked in calls:
        function: Callable[..., Any] = stats.find(call)
        given = {**family.arguments(expected), **_bounds(family, asked), "alpha": alpha}
        if family in OF_READERS:  # whose functions take one number of cases
            found = [function(n_cases=math.floor(size), **given).power for size in usable]
        else:
            found = function(usable, **given).power
        reached -= 1 - np.asarray(found)
    return np.where(n >= family.least, np.maximum(reached, 0.0), 0.0)


def _readers_possible(expected: Expected) -> bool:
    """Whether variance components can be those of one study."""
    from clinval import stats

    family = expected.family
    try:
        stats.find(family.power)(n_cases=family.least, **family.arguments(expected))
    except ValueError:
        return False
    return True


def _exists(family: Family, bound: float) -> bool:
    """Whether an effect of a family can be as large as a bound."""
    if family is _GOAL:
        return 0 < bound < 1
    return bound > 0 if family.ratio else -1 < bound < 1 or not family.share


def _beyond(expected: Expected, side: Side, bound: float) -> bool:
    """Whether the expected effect lies on the side of a bound that is claimed."""
    gap = (expected.effect - bound) * (1 if side == "greater" else -1)
    return gap > _ROUNDING * max(abs(bound), abs(expected.effect), _ROUNDING)


def _bounds(family: Family, tests: Sequence[tuple[Side, float]]) -> dict[str, Any]:
    """Return what the functions of a family are told of the bounds."""
    if len(tests) > 1:
        return {"theta_low": tests[0][1], "theta_high": tests[1][1]}
    [(side, bound)] = tests
    if family is _GOAL:
        return {"goal": bound}  # the side is that of the expected proportion
    return {"margin": bound, "alternative": side}
