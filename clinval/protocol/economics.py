"""What a hospital's business case needs; every input is entered with its source, none built in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    Discriminator,
    Field as Setting,
    GetJsonSchemaHandler,
    Tag,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

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
    "MONEY",
    "Correlation",
    "Currency",
    "Economics",
    "Input",
    "LeftToForm",
    "Payer",
    "Rate",
    "SiteEconomics",
    "SiteInputs",
    "Uncertain",
]

MONEY = (
    "contribution_per_exam", "reimbursement", "variable_cost_per_exam", "purchase",
    "integration_and_training", "licence_and_service_per_year", "extra_staff_per_year",
    "residual_value", "overtime_cost_per_hour", "hire_avoided_per_year",
)  # fmt: skip
"""Inputs that are money, and have a currency and a price year."""

Currency = Annotated[str, Setting(pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["EUR"])]


class Payer(Section):
    """Who pays for an examination, how many of them, and how much."""

    name: Text
    share: Share = Setting(description="share of the examinations, 1 over all payers")
    reimbursement: Uncertain = Setting(description="collected for an examination, not charged")


class SiteInputs(Section):
    """What may be entered of a hospital, money in the hospital's own currency."""

    open_minutes_per_day: Minutes | None = None
    operating_days_per_year: Days | None = None
    demand_per_day: Uncertain | None = None
    room_minutes_per_exam: Length | None = Setting(
        default=None,
        description="today's room time of an exam, where the study does not measure it",
    )
    changeover_minutes: Minutes | None = None
    contribution_per_exam: Uncertain | None = Setting(
        default=None,
        description="what one more exam earns after its variable costs, where payers are not named",
    )
    payers: Annotated[tuple[Payer, ...], Setting(strict=False)] = ()
    variable_cost_per_exam: Uncertain | None = Setting(
        default=None, description="with payers: staff, material and reading of one more exam"
    )
    purchase: Uncertain | None = None
    integration_and_training: Uncertain | None = None
    licence_and_service_per_year: Uncertain | None = None
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
        for name in SiteInputs.model_fields:
            entered = getattr(self, name)
            if name == "payers":
                for number, payer in enumerate(entered, 1):
                    yield f"payer_share.{number}", payer.share
                    yield f"reimbursement.{number}", payer.reimbursement
            elif name == "ramp_up":
                yield from ((f"ramp_up.{number}", share) for number, share in enumerate(entered, 1))
            elif entered is not None:
                yield name, entered


class SiteEconomics(SiteInputs):
    """One hospital's inputs, with all that its business case needs."""

    open_minutes_per_day: Minutes
    operating_days_per_year: Days
    demand_per_day: Uncertain
    changeover_minutes: Minutes
    purchase: Uncertain
    integration_and_training: Uncertain
    licence_and_service_per_year: Uncertain

    @property
    def contribution(self) -> float:
        """What one more exam earns after its variable costs."""
        if self.contribution_per_exam is not None:
            return self.contribution_per_exam.value
        earned = sum(payer.share.value * payer.reimbursement.value for payer in self.payers)
        return earned - (self.variable_cost_per_exam.value if self.variable_cost_per_exam else 0.0)


class LeftToForm(SiteInputs):
    """A hospital whose finance department answers on form F11, but for what stands here."""

    form: Literal["fills", "replaces"] = Setting(
        description="an input that stands here and on the form: `fills` keeps the one that stands "
        "here, `replaces` takes that of the form"
    )

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return {"form": "replaces"} if value == "form" else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"const": "form"}, handler(core_schema)]}


def _who_answers(value: Any) -> str:
    left = value == "form" or isinstance(value, LeftToForm)
    return "left" if left or (isinstance(value, dict) and "form" in value) else "whole"


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
    entered: Mapping[
        Identifier,
        Annotated[
            Annotated[SiteEconomics, Tag("whole")] | Annotated[LeftToForm, Tag("left")],
            Discriminator(_who_answers),
        ],
    ] = Setting(
        alias="sites",
        default_factory=dict,
        description="the inputs of each site, or `form`: it answers on F11",
    )

    ownership: Mapping[Identifier, Ownership] = Setting(
        default_factory=dict, description="by site: what it costs to own the components"
    )

    @property
    def sites(self) -> Mapping[str, SiteEconomics]:
        """The inputs of each site that has all of them."""
        return {k: site for k, site in self.entered.items() if isinstance(site, SiteEconomics)}

    @property
    def left_to_form(self) -> Mapping[str, LeftToForm]:
        """The sites whose inputs are to come from their finance department."""
        return {k: site for k, site in self.entered.items() if isinstance(site, LeftToForm)}
