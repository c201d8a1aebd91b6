"""Budget impact: what a payer spends each year with the product and without it.

Nothing of it is measured in the study: who is eligible, how many of them get the product and what
they cost is declared, with sources, for the payer who asks. Years are not discounted, as a budget
is spent in them. A scenario is the whole computation again with some inputs replaced.

Records; money in the endpoint's currency, years are numbered from 1, ``_low`` and ``_high`` hold
the middle of the draws at the endpoint's level:

* ``people.<year>``, ``with.<year>``, ``without.<year>``, ``impact.<year>`` (and limits),
  ``impact`` (all years, and limits), ``impact_mean`` (of the draws), ``per_person`` (added in the
  first year for each eligible person), ``probability_saving`` (of the draws)
* by ``scenario``: ``impact.<year>``, ``impact``, ``input.<input>`` (what is replaced)
* one input at its limits, the widest first: ``tornado_low.<input>``, ``tornado_high.<input>``
  (``impact``)
* ``input.<input>``, ``input_low.<input>``, ``input_high.<input>``; ``<input>`` is a key of the
  endpoint, of lists with its year
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field as Setting

from clinval.endpoints.kind import Context, Report
from clinval.endpoints.uncertain_inputs import distributions
from clinval.protocol.base import Identifier, Section, Text
from clinval.protocol.economics import Currency, Input, Uncertain
from clinval.protocol.economics_checks import lint_limits
from clinval.protocol.endpoint import Endpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.recorder import Recorder
    from clinval.protocol.draft import Draft
    from clinval.stats.roi.budget import Budgets

__all__ = ["Inputs", "Scenario", "Spec", "analyze", "lint"]

_METHOD = "budget_impact.undiscounted"
_SURE = "no input is uncertain"
_OPTIONAL = ("growth", "offset", "one_off", "fixed")  # 0 where they are not given
_LISTS = ("uptake", "uptake_without")


class Growth(Uncertain):
    """Growth a year, per cent by a hundred; it may be negative."""

    value: Annotated[float, Setting(gt=-1, lt=1)]
    low: Annotated[float, Setting(gt=-1, lt=1)] | None = None
    high: Annotated[float, Setting(gt=-1, lt=1)] | None = None


class Uptake(Uncertain):
    """The share of the eligible who get the product in a year."""

    value: Annotated[float, Setting(ge=0, le=1)]
    high: Annotated[float, Setting(ge=0, le=1)] | None = None


Years = Annotated[tuple[Uptake, ...], Setting(strict=False)]


class Inputs(Section):
    """Numbers of a budget; in a scenario those that are replaced."""

    eligible: Uncertain | None = Setting(
        default=None, description="people or examinations of the first year that may get it"
    )
    growth: Growth | None = Setting(default=None, description="of their number, a year")
    uptake: Years = Setting(default=(), description="one a year, with the product in the budget")
    uptake_without: Years = Setting(
        default=(), description="one a year, without the decision; nobody where it is not given"
    )
    cost_new: Uncertain | None = Setting(default=None, description="of one person with the product")
    cost_old: Uncertain | None = None
    offset: Uncertain | None = Setting(
        default=None, description="saved elsewhere by one person with the product"
    )
    one_off: Uncertain | None = Setting(default=None, description="money spent in the first year")
    fixed: Uncertain | None = Setting(default=None, description="money a year for having it")

    def entered(self) -> Iterator[tuple[str, Input]]:
        """Yield the inputs that are given, by name; those of lists are numbered from 1."""
        for name in Inputs.model_fields:
            value = getattr(self, name)
            if name in _LISTS:
                yield from ((f"{name}.{year}", share) for year, share in enumerate(value, 1))
            elif value is not None:
                yield name, value


class Scenario(Section):
    """The budget under other inputs."""

    id: Identifier
    label: Text
    inputs: Inputs = Setting(description="what is replaced; a list replaces all its years")


class Spec(Endpoint, Inputs):
    """Added spending by year, undiscounted, with scenarios."""

    eligible: Uncertain
    uptake: Annotated[tuple[Uptake, ...], Setting(strict=False, min_length=1, max_length=10)]
    cost_new: Uncertain
    cost_old: Uncertain
    payer: Text = Setting(description="whose budget it is")
    population: Text = Setting(description="who is eligible")
    currency: Currency
    price_year: Annotated[int, Setting(ge=2000, le=2100)]
    first_year: Annotated[int, Setting(ge=2000, le=2100)]
    scenarios: Annotated[tuple[Scenario, ...], Setting(strict=False)] = ()
    draws: Annotated[int, Setting(ge=1000, le=100_000)] = 5000

    @property
    def years(self) -> int:
        """How many years the budget is looked at."""
        return len(self.uptake)


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    del draft
    _lint_inputs(endpoint, endpoint.years, report, ())
    seen: list[str] = []
    for place, scenario in enumerate(endpoint.scenarios):
        path = ("scenarios", place)
        if scenario.id in seen:
            report("item-twice", (*path, "id"), item=scenario.id)
        seen.append(scenario.id)
        if not any(True for _ in scenario.inputs.entered()):
            report("scenario-empty", (*path, "inputs"), scenario=scenario.id)
        _lint_inputs(scenario.inputs, endpoint.years, report, (*path, "inputs"))


def _lint_inputs(inputs: Inputs, years: int, report: Report, path: tuple[str | int, ...]) -> None:
    """Report limits that do not hold their values, and lists that do not have all years."""
    for name, entered in inputs.entered():
        key, _, year = name.partition(".")
        if isinstance(entered, Uncertain):
            at = (*path, key, int(year) - 1) if year else (*path, key)
            lint_limits(name, entered, at, report)
    for name in _LISTS:
        given = len(getattr(inputs, name))
        if given not in (0, years):
            report("uptake-years", (*path, name), input=name, given=given, years=years)


def analyze(endpoint: Spec, context: Context) -> None:
    """Record the budget of each year, its scenarios and what it hangs on."""
    from clinval.stats.roi import uncertain
    from clinval.stats.roi.budget import budgets

    recorder, money = context.recorder, endpoint.currency
    for name, entered in endpoint.entered():
        unit = _unit(name, money)
        recorder.add(f"input.{name}", entered.value, unit=unit)
        if isinstance(entered, Uncertain) and entered.low is not None:
            recorder.add(f"input_low.{name}", entered.low, unit=unit)
            recorder.add(f"input_high.{name}", entered.high, unit=unit)
    values, spread = _values(endpoint, {})
    center = budgets(values, endpoint.years)
    draws = None
    if spread:
        drawn = uncertain.draw(context.random(), spread, endpoint.draws)
        draws = budgets({**values, **drawn}, endpoint.years)
    _record_years(center, draws, endpoint, recorder)
    for scenario in endpoint.scenarios:
        replaced, _ = _values(endpoint, dict(scenario.inputs.entered()))
        other = budgets(replaced, endpoint.years).impact[0]
        group = {"scenario": scenario.id}
        for name, entered in scenario.inputs.entered():
            unit = _unit(name, money)
            recorder.add(f"input.{name}", entered.value, group=group, unit=unit)
        _record_impact(other, group, money, recorder)
    swings = []
    for name, distribution in spread.items():
        ends = [
            float(budgets({**values, name: end}, endpoint.years).impact.sum())
            for end in distribution.limits(endpoint.level)
        ]
        swings.append((name, ends))
    for name, (low, high) in sorted(swings, key=lambda swing: -abs(swing[1][1] - swing[1][0])):
        recorder.add(f"tornado_low.{name}", low, unit=money)
        recorder.add(f"tornado_high.{name}", high, unit=money)


def _values(endpoint: Spec, replaced: Mapping[str, Input]) -> tuple[dict[str, float], Any]:
    """Return the values by name, 0 for what is not given, and the distributions."""
    inputs = {**dict(endpoint.entered()), **replaced}
    values, spread = distributions(inputs.items())
    years = range(1, endpoint.years + 1)
    nothing = [*_OPTIONAL, *(f"uptake_without.{year}" for year in years)]
    return dict.fromkeys(nothing, 0.0) | values, spread


def _unit(name: str, money: str) -> str:
    if name == "eligible":
        return "people"
    if name == "growth" or name.startswith("uptake"):
        return "proportion"
    return money if name in ("one_off", "fixed") else f"{money}/person"


def _record_years(
    center: Budgets, draws: Budgets | None, endpoint: Spec, recorder: Recorder
) -> None:
    """Record people and budgets by year, and the impact with limits."""
    money = endpoint.currency
    for year in range(1, endpoint.years + 1):
        for statistic, table, unit in (
            ("people", center.people, "people"),
            ("with", center.with_product, money),
            ("without", center.without, money),
        ):
            recorder.add(f"{statistic}.{year}", float(table[0, year - 1]), unit=unit)
    _record_impact(center.impact[0], {}, money, recorder)
    impact = None if draws is None else draws.impact
    for year in range(1, endpoint.years + 1):
        of_year = None if impact is None else impact[:, year - 1]
        _record_limits(f".{year}", of_year, endpoint, recorder)
    total = None if impact is None else impact.sum(axis=1)
    _record_limits("", total, endpoint, recorder)
    mean = None if total is None else float(total.mean())
    recorder.add("impact_mean", mean, unit=money, n=endpoint.draws, reason=_SURE)
    people = float(center.people[0, 0])
    first = float(center.impact[0, 0])
    recorder.add(
        "per_person", first / people if people else None, unit=f"{money}/person",
        reason="nobody is eligible",
    )  # fmt: skip
    saving = None if total is None else float((total < 0).mean())
    recorder.add("probability_saving", saving, unit="proportion", n=endpoint.draws, reason=_SURE)


def _record_impact(
    impact: NDArray[np.float64], group: Mapping[str, str], money: str, recorder: Recorder
) -> None:
    """Record the added spending of each year and of all."""
    for year, added in enumerate(impact.tolist(), 1):
        recorder.add(f"impact.{year}", added, group=group, unit=money, method=_METHOD)
    recorder.add("impact", float(impact.sum()), group=group, unit=money, method=_METHOD)


def _record_limits(
    suffix: str, values: NDArray[np.float64] | None, endpoint: Spec, recorder: Recorder
) -> None:
    """Record the quantiles of the draws that hold the middle of them."""
    import numpy as np

    tails = (1 - endpoint.level) / 2, (1 + endpoint.level) / 2
    limits = (None, None) if values is None else np.quantile(values, tails)
    for name, value in zip(("low", "high"), limits, strict=True):
        recorder.add(
            f"impact_{name}{suffix}", value, unit=endpoint.currency, n=endpoint.draws,
            level=endpoint.level, method=_METHOD, reason=_SURE,
        )  # fmt: skip
