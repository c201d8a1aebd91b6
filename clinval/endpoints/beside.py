"""What stands beside a result: a second engine, further methods, subjects of one set only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from clinval.endpoints.center_models import effects_of
from clinval.endpoints.engines import recompute
from clinval.endpoints.two_arms import Comparison, record_counts

if TYPE_CHECKING:
    from clinval.core.results import Estimate, Result

__all__ = ["record_also_methods", "record_not_in_sets", "record_second_engine"]

# Units of what methods give beside an effect, which has the endpoint's.
_UNITS = {
    "statistic": "",
    "df": "",
    "df2": "",
    "p_value": "p",
    "q": "",
    "q_p_value": "p",
    "q_positive": "",
    "q_negative": "",
    "i2": "percent",
    "tau2": "",
    "tau2_low": "",
    "tau2_high": "",
}
_EFFECTS = ("estimate", "ci_low", "ci_high", "prediction_low", "prediction_high")
_OF_CENTERS = "heterogeneity."  # methods of estimates and errors, but for two of single values
_OF_VALUES = ("heterogeneity.paired_site_test", "heterogeneity.treatment_by_site_test")


def record_second_engine(comparison: Comparison, result: Estimate) -> None:
    """Compute the result a second time, in another way, and record whether both agree."""
    endpoint, call = comparison.endpoint, comparison.call
    recompute(
        result,
        call,
        comparison.sample.arguments(call),
        {"level": endpoint.level, **comparison.options(comparison.sample, call)},
        recorder=comparison.context.recorder,
        unit=comparison.unit,
        n=comparison.sample.n,
    )


def record_also_methods(comparison: Comparison, alone: Mapping[int, Estimate]) -> None:
    """Record the further methods that the protocol asks for, each under its name."""
    recorder, sample = comparison.context.recorder, comparison.sample
    for call in comparison.endpoint.also_methods:
        group = {"method": call}
        if call.startswith(_OF_CENTERS) and call not in _OF_VALUES:
            _record_of_centers(comparison, alone, call)
            continue
        result = comparison.fit(sample, call)
        n = getattr(result, "n", None) or sample.n
        present = _given(result)
        effects = [name for name in _EFFECTS if hasattr(result, name)]
        if "se" in dir(result) and "ci_low" not in effects:
            effects.append("se")
        units = dict.fromkeys(effects, comparison.unit)
        recorder.result(result, {**units, **present}, group=group, n=n)
        if "ci_low" in effects:
            comparison.verdict(result, group)


def _record_of_centers(comparison: Comparison, alone: Mapping[int, Estimate], call: str) -> None:
    """Record a method of the centers' estimates and their standard errors."""
    from clinval import stats

    recorder, group = comparison.context.recorder, {"method": call}
    effects = effects_of(comparison, alone)
    if len(effects) < 2:
        reason = "fewer than two centers with an error"
        recorder.add("estimate", None, group=group, unit=comparison.unit, reason=reason)
        return
    estimates, errors = zip(*effects.values(), strict=True)
    level = {} if call.endswith("_test") else {"level": comparison.endpoint.level}
    result = stats.find(call)(estimates, errors, **level)
    present = _given(result)
    recorder.result(result, present, group=group, n=len(effects))
    units = {name: comparison.unit for name in _EFFECTS if hasattr(result, name)}
    recorder.result(result, units, group=group, n=len(effects), transform=comparison.from_line)


def _given(result: Result) -> dict[str, str]:
    """Return what a method gives beside an effect; an exact test has no statistic."""
    return {
        name: unit
        for name, unit in _UNITS.items()
        if getattr(result, name, None) is not None or (name == "p_value" and result.undefined)
    }


def record_not_in_sets(comparison: Comparison) -> None:
    """Record the subjects who are not in the other sets of the endpoint, by themselves."""
    context = comparison.context
    for other in comparison.endpoint.also_sets:
        if comparison.endpoint.set != context.set_id:
            return
        outside = ~context.sets[other].member
        group = {"not_in": other}
        rest = comparison.sample.of(outside[comparison.sample.units.subject])
        n = int(outside[comparison.everyone.subject].sum())
        context.recorder.add("n", n, group=group, unit="subjects", n=n)
        context.recorder.add("missing", n - rest.n, group=group, unit="subjects", n=n)
        if rest.n:
            record_counts(context.recorder, rest, group)
            comparison.record(comparison.fit(rest, comparison.alone), group, rest.n)
