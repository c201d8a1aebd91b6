"""How centers differ, and what the result is when they enter it in the other way.

Centers of a fixed model are those of the study; of a random one, a sample of all centers. The
declared model decides; the other one is shown beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from clinval.core.results import Estimate
from clinval.endpoints.two_arms import Comparison

if TYPE_CHECKING:
    from clinval.stats.centers.heterogeneity import RandomEffects

__all__ = ["record_heterogeneity", "record_other_model"]

_RANDOM = ("random", "two_stage")
_FEW = "fewer than two centers with an error"


def record_heterogeneity(comparison: Comparison, alone: Mapping[int, Estimate]) -> None:
    """Record how centers differ: Cochran's Q or the kind's own test, and random effects by REML.

    Parameters
    ----------
    comparison
        The endpoint on a set.
    alone
        The estimate of each center by itself, by site index.
    """
    from clinval.stats.centers import heterogeneity

    recorder, sample = comparison.context.recorder, comparison.sample
    effects = effects_of(comparison, alone)
    recorder.add("centers_without_error", len(alone) - len(effects), unit="centers")
    own = comparison.differ
    if own is not None:
        names = {"statistic": "q", "df": "q_df", "p_value": "q_p_value"}
        between_cells = own([sample.only(site) for site in alone])
        recorder.result(
            between_cells, {"statistic": "", "df": "", "p_value": "p"}, rename=names, n=sample.n
        )
    if len(effects) < 2:
        recorder.add("i2", None, unit="percent", reason=_FEW)
        return
    estimates, errors = zip(*effects.values(), strict=True)
    level, n = comparison.endpoint.level, len(effects)
    between = heterogeneity.reml(estimates, errors, level=level)
    summary = {"i2": "percent", "tau2": ""}
    recorder.result(between, summary if own else {"q": "", "q_p_value": "p", **summary}, n=n)
    profile = heterogeneity.q_profile(estimates, errors, level=level)
    recorder.result(profile, {"tau2_low": "", "tau2_high": ""}, n=n)
    limits = dict.fromkeys(("prediction_low", "prediction_high"), comparison.unit)
    recorder.result(between, limits, n=n, transform=comparison.from_line)
    word = comparison.endpoint.hypothesis.verdict(
        *(_back(comparison, getattr(between, name)) for name in limits)
    )
    if word != "none":
        recorder.add("prediction_verdict", word)


def effects_of(
    comparison: Comparison, results: Mapping[int, Estimate]
) -> dict[int, tuple[float, float]]:
    """Return estimates and standard errors on the scale where effects add up, where there are."""
    found = {key: comparison.on_line(result) for key, result in results.items()}
    return {key: effect for key, effect in found.items() if effect is not None}


def record_other_model(comparison: Comparison, alone: Mapping[int, Estimate]) -> None:
    """Record the result with centers random where they were declared fixed, or the reverse."""
    if len(alone) < 2:
        return
    declared = comparison.endpoint.center_model
    random = declared not in _RANDOM
    result = _other(comparison, alone, random=random)
    if result is None:
        return
    recorder = comparison.context.recorder
    group = {"center_model": "random" if random else "fixed"}
    comparison.record(result, group, comparison.sample.n)
    word = comparison.verdict(result, group)
    if word != "none":
        same = word == recorder.value("verdict")
        recorder.add("center_models_agree", "yes" if same else "no")


def _other(
    comparison: Comparison, alone: Mapping[int, Estimate], *, random: bool
) -> Estimate | None:
    models = ("random",) if random else ("stratified", "pooled")
    for model in models:
        call = comparison.proposed(model)
        if call is not None:
            result: Estimate = comparison.fit(comparison.sample, call)
            return result
    return _between(comparison, alone) if random else None


def _between(comparison: Comparison, alone: Mapping[int, Estimate]) -> Estimate:
    """Return the mean of centers by random effects, with the interval of Hartung and Knapp."""
    from clinval.stats.centers import heterogeneity

    level, n = comparison.endpoint.level, comparison.sample.n
    effects = effects_of(comparison, alone)
    if len(effects) < 2:
        return Estimate(
            method="heterogeneity.reml", estimate=None, level=level, n=n, undefined=True,
            reason=_FEW,
        )  # fmt: skip
    estimates, errors = zip(*effects.values(), strict=True)
    between: RandomEffects = heterogeneity.reml(estimates, errors, level=level)
    return Estimate(
        method="heterogeneity.reml",
        estimate=_back(comparison, between.estimate),
        ci_low=_back(comparison, between.hartung_knapp_ci_low),
        ci_high=_back(comparison, between.hartung_knapp_ci_high),
        level=level,
        n=n,
    )


def _back(comparison: Comparison, value: float | None) -> float | None:
    return None if value is None else comparison.from_line(value)
