"""What a hospital's business case needs; every input is entered with its source, none built in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field as Setting

from clinval.protocol.base import Identifier, Section, Text, Words
from clinval.protocol.component_costs import Ownership
from clinval.protocol.entered import (
    Days,
    FullShare,
    Input,
    Length,
    Minutes,
    Number,
    Rate,
    Share,
    Uncertain,
    UncertainShare,
)

__all__ = [
    "Correlation", "Currency", "Economics", "Input", "Payer", "Rate", "SiteEconomics", "Uncertain",
]  # fmt: skip

Currency = Annotated[str, Setting(pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["EUR"])]


class Payer(Section):
    """Who pays for an examination, how many of them, and how much."""

    name: Text
    share: Share = Setting(description="share of the examinations, 1 over all payers")
    reimbursement: Uncertain = Setting(description="collected for an examination, not charged")


class SiteEconomics(Section):
    """One hospital's inputs, money in the hospital's own currency."""

    open_minutes_per_day: Minutes
    operating_days_per_year: Days
    demand_per_day: Uncertain
    room_minutes_per_exam: Length | None = Setting(
        default=None,
        description="today's room time of an exam, where the study does not measure it",
    )
    changeover_minutes: Minutes
    contribution_per_exam: Uncertain | None = Setting(
        default=None,
        description="what one more exam earns after its variable costs, where payers are not named",
    )
    payers: Annotated[tuple[Payer, ...], Setting(strict=False)] = ()
    variable_cost_per_exam: Uncertain | None = Setting(
        default=None, description="with payers: staff, material and reading of one more exam"
    )
    purchase: Uncertain
    integration_and_training: Uncertain
    licence_and_service_per_year: Uncertain
    extra_staff_per_year: Uncertain | None = Setting(
        default=None, description="posts that the product needs, a year"
    )
    residual_value: Uncertain | None = Setting(
        default=None, description="what the product is worth at the end of the horizon"
    )
    scanners: Number | None = Setting(
        default=None, description="scanners that share the demand; 1 where it is not given"
    )
    teams: Number | None = Setting(
        default=None, description="teams on duty; as many as scanners where it is not given"
    )
    slot_minutes_today: Length | None = Setting(
        default=None, description="today's slot; room time and changeover where it is not given"
    )
    slot_step_minutes: Length | None = Setting(
        default=None, description="slots are cut in steps of this length; any length without it"
    )
    room_time_cv: Uncertain | None = Setting(
        default=None,
        description="standard deviation of room times over their mean; 0 where it is not given",
    )
    no_show_share: UncertainShare | None = None
    overbooked_per_day: Input | None = Setting(
        default=None, description="patients booked beyond the slots of a scanner"
    )
    urgent_per_day: Uncertain | None = Setting(
        default=None, description="patients without an appointment, who go first"
    )
    overtime_limit_minutes: Minutes | None = Setting(
        default=None, description="after closing, until when an exam may still begin"
    )
    overtime_cost_per_hour: Uncertain | None = None
    hire_avoided_per_year: Uncertain | None = Setting(
        default=None, description="cost of a post that need not be filled when minutes are saved"
    )
    hire_minutes_per_day: Minutes | None = Setting(
        default=None, description="minutes saved a day from which on the post need not be filled"
    )
    downtime_days_per_year: Days | None = Setting(
        default=None, description="days a year lost to the product's own failures and updates"
    )
    demand_growth_per_year: UncertainShare | None = None
    ramp_up: Annotated[tuple[FullShare, ...], Setting(strict=False)] = Setting(
        default=(), description="share of the full use in the first years; then 1"
    )

    def inputs(self) -> Iterator[tuple[str, Input]]:
        """Yield the inputs that were entered, by name; those of lists are numbered from 1."""
        for name in type(self).model_fields:
            entered = getattr(self, name)
            if name == "payers":
                for number, payer in enumerate(entered, 1):
                    yield f"payer_share.{number}", payer.share
                    yield f"reimbursement.{number}", payer.reimbursement
            elif name == "ramp_up":
                yield from ((f"ramp_up.{number}", share) for number, share in enumerate(entered, 1))
            elif entered is not None:
                yield name, entered

    @property
    def contribution(self) -> float:
        """What one more exam earns after its variable costs."""
        if self.contribution_per_exam is not None:
            return self.contribution_per_exam.value
        earned = sum(payer.share.value * payer.reimbursement.value for payer in self.payers)
        return earned - (self.variable_cost_per_exam.value if self.variable_cost_per_exam else 0.0)


class Correlation(Section):
    """How far two uncertain inputs of a hospital go together."""

    between: Annotated[tuple[Words, ...], Setting(strict=False, min_length=2, max_length=2)] = (
        Setting(description="names of two inputs; `saved` is the minutes saved an exam")
    )
    value: Annotated[float, Setting(gt=-1, lt=1)] = Setting(
        description="correlation of their normal scores (Gaussian copula)"
    )
    source: Text


class Economics(Section):
    """The frame of the business case, and the inputs of each site."""

    perspective: Text
    price_year: Annotated[int, Setting(ge=2000, le=2100)]
    horizon_years: Annotated[int, Setting(ge=1, le=20)]
    discount_rate: Share
    inflation: Share | None = Setting(
        default=None,
        description="a year; with it the discount rate is nominal and prices rise, without it real",
    )
    timing: Literal["end", "mid"] = Setting(
        default="end", description="when in its year the money of a year comes"
    )
    reporting_currency: Currency
    exchange_rates: Mapping[Currency, Rate] = Setting(
        default_factory=dict, description="value of one unit in the reporting currency"
    )
    correlations: Annotated[tuple[Correlation, ...], Setting(strict=False)] = ()
    sites: Mapping[Identifier, SiteEconomics] = Setting(default_factory=dict)
    ownership: Mapping[Identifier, Ownership] = Setting(
        default_factory=dict, description="by site: what it costs to own the components"
    )
