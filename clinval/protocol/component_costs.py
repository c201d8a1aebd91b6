"""What it costs to own a component: its price, its failures and its upkeep, entered with sources.

Nothing is built in. A life, an age or a term is in the unit of the clock on which the life of the
components is counted; money is in the hospital's own currency.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field as Setting

from clinval.protocol.base import Section
from clinval.protocol.entered import Days, Input, Number, Uncertain

__all__ = ["ComponentCosts", "Ownership", "Warranty"]


class UncertainPart(Uncertain):
    """A part of a whole, or the whole."""

    value: Annotated[float, Setting(ge=0, le=1)]
    high: Annotated[float, Setting(ge=0, le=1)] | None = None


class Age(Input):
    """A life or a time that is set, not found out."""

    value: Annotated[float, Setting(gt=0)]


class Warranty(Section):
    """What the supplier bears of a component that fails early."""

    kind: Literal["free", "pro_rata"] = Setting(
        description="free: the supplier replaces it; pro_rata: the price falls by the unused share"
    )
    until: Age = Setting(description="life up to which it holds, in the unit of the clock")
    replaced: Literal["own_term", "remaining_term"] = Setting(
        default="own_term",
        description="the term of a component that was replaced under warranty: its own, or the "
        "rest of that of the one before",
    )


class ComponentCosts(Section):
    """What one component costs, under test or as the reference."""

    price: Uncertain = Setting(description="of a component that replaces another")
    first_price: Uncertain | None = Setting(
        default=None,
        description="of the first component; the price where it is not given, 0 where it comes "
        "with the scanner",
    )
    replacement_cost: Uncertain | None = Setting(
        default=None, description="work, transport and calibration of one replacement"
    )
    service_per_year: Uncertain | None = Setting(
        default=None, description="service contract of one component in use"
    )
    downtime_hours: Uncertain | None = Setting(
        default=None,
        description="hours, nights and closed days included, from a failure until the scanner "
        "works again, where they are not taken from the data",
    )
    exchange_at: Age | None = Setting(
        default=None, description="life at which it is exchanged although it works"
    )
    exchange_downtime_hours: Uncertain | None = Setting(
        default=None,
        description="hours that the scanner stands still for a planned exchange, or for one of a "
        "component that failed but did not stop it",
    )
    warranty: Warranty | None = None
    lead_time_days: Age | None = Setting(
        default=None, description="days from an order until a component is delivered"
    )

    def inputs(self) -> Iterator[tuple[str, Input]]:
        """Yield the inputs that were entered, by name."""
        for name in type(self).model_fields:
            entered = getattr(self, name)
            if isinstance(entered, Warranty):
                yield "warranty_until", entered.until
            elif entered is not None:
                yield name, entered


class Ownership(Section):
    """One hospital's inputs: how its scanners are used, and what the components cost it."""

    in_service: Number | None = Setting(
        default=None, description="components in use at once, one a scanner; 1 where not given"
    )
    use_per_year: Uncertain | None = Setting(
        default=None,
        description="use of one component a year in the unit of the clock; a clock of days needs "
        "none",
    )
    operating_days_per_year: Days
    exams_per_day: Uncertain = Setting(description="that one scanner can do on a day")
    demand_per_day: Uncertain = Setting(description="exams asked of all these scanners on a day")
    made_up_share: UncertainPart = Setting(
        description="share of the exams missed that are done later, in time that is free"
    )
    contribution_per_exam: Uncertain = Setting(
        description="what one more exam earns after its variable costs"
    )
    test: ComponentCosts
    reference: ComponentCosts

    def inputs(self) -> Iterator[tuple[str, str, Input]]:
        """Yield the inputs that were entered, by component (empty: of the site) and name."""
        for name in type(self).model_fields:
            entered = getattr(self, name)
            if isinstance(entered, ComponentCosts):
                yield from ((name, each, value) for each, value in entered.inputs())
            elif entered is not None:
                yield "", name, entered
