"""Cost-effectiveness: what a unit of effect costs, and whether it is worth that.

Costs and effects are those of the study's subjects (what they used, times its price) or declared
with their sources. Subjects, or whole centers, are drawn with replacement, and every declared
input with limits is drawn with them, so that one set of draws carries all that is not known. A
ratio is never shown alone: its quadrant says whether it is a price or a saving, and the net
benefit at each declared threshold whether it is worth it. Nothing is tested.

Records; money in the endpoint's currency a subject, ``<arm>`` is test or reference, ``_low`` and
``_high`` hold the middle of the draws at the endpoint's level, thresholds are numbered from 1:

* of the set: ``n``, ``missing`` (subjects), in a parallel design ``n_<arm>``; ``cost_<arm>``,
  ``cost_difference``, each also with ``.<cost>`` for a part of it, ``effect_<arm>``, ``gain``
  (positive where the product is better), the whole differences with limits; ``icer``,
  ``quadrant``, ``status``, ``share.<quadrant>`` and ``share.axis`` (of the draws);
  ``threshold.<i>``, ``net_benefit.<i>`` with limits, ``net_benefit_mean.<i>`` (of the draws),
  ``probability.<i>`` (that the product is worth it), ``evpi.<i>``, ``evppi.<i>.<input>`` (money
  a subject); ``<input>`` is a declared input with limits, or ``study`` (what was measured)
* by ``site`` and ``without_site``: ``n``, ``cost_difference``, ``gain``, ``net_benefit.<i>``, with
  limits, and ``probability.<i>``
* declared inputs: ``input.<input>``, ``input_low.<input>``, ``input_high.<input>``,
  ``rate.<currency>``

Series: ``plane`` (``gain``, ``cost``: some of the draws), ``acceptability`` (``value``, ``test``,
``reference``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Setting

from clinval.endpoints.cost_inputs import (
    Cost,
    Effect,
    Threshold,
    lint_currencies,
    lint_quantity,
)
from clinval.endpoints.kind import Context, Report
from clinval.protocol.base import Text
from clinval.protocol.economics import Currency, Rate, Uncertain
from clinval.protocol.endpoint import Endpoint

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["Spec", "analyze", "lint"]


class Spec(Endpoint):
    """Costs and effects of the product against the reference, and what a unit of effect costs."""

    effect: Effect
    costs: Annotated[tuple[Cost, ...], Setting(strict=False, min_length=1)]
    thresholds: Annotated[tuple[Threshold, ...], Setting(strict=False, min_length=1)] = Setting(
        description="what a unit of effect may cost, with who says so; the first one leads"
    )
    currency: Currency
    price_year: Annotated[int, Setting(ge=2000, le=2100)]
    perspective: Text = Setting(description="who pays what is counted")
    horizon: Text = Setting(description="how long costs and effects are counted")
    exchange_rates: Mapping[Currency, Rate] = Setting(
        default_factory=dict, description="value of one unit in the endpoint's currency"
    )
    resample: Literal["subjects", "centers"] = Setting(
        default="subjects",
        description="what is drawn with replacement; with few centers, drawing them is too narrow",
    )
    draws: Annotated[int, Setting(ge=1000, le=100_000)] = 5000

    def inputs(self) -> Iterator[tuple[str, Uncertain]]:
        """Yield the declared numbers by name."""
        for cost in self.costs:
            yield from cost.inputs()
        yield from self.effect.inputs()


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    if draft.design is not None and draft.design.type == "single_arm":
        report(
            "design-does-not-fit",
            ("kind",),
            what=endpoint.kind,
            design=draft.design.type,
            remedy="compare two arms: a cost says nothing without what it is held against",
        )
        return
    lint_quantity(endpoint.effect, endpoint, draft, report, ("effect",))
    costs: dict[tuple[str | int, ...], Cost] = {}
    for place, cost in enumerate(endpoint.costs):
        path = ("costs", place)
        if cost.id in ("effect", "study", *(other.id for other in costs.values())):
            report("item-twice", (*path, "id"), item=cost.id)
        costs[path] = cost
        lint_quantity(cost, endpoint, draft, report, path)
    lint_currencies(costs, endpoint.currency, endpoint.exchange_rates, report)
    values = [threshold.value for threshold in endpoint.thresholds]
    for place, value in enumerate(values):
        if value in values[:place]:
            report("item-twice", ("thresholds", place, "value"), item=f"{value:g}")


def analyze(endpoint: Spec, context: Context) -> None:
    """Record costs, effects and what they are worth: together, by center and without each."""
    from clinval.endpoints import cost_records

    cost_records.record(endpoint, context)
