"""What a hospital's business case needs; every input is entered with its source, none built in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field as Setting

from clinval.protocol.base import Identifier, Section, Sourced, Text

__all__ = ["Currency", "Economics", "Input", "SiteEconomics"]

Currency = Annotated[str, Setting(pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["EUR"])]


class Input(Sourced):
    """A number with the source it was taken from."""

    value: Annotated[float, Setting(ge=0)]
    source: Text
    date: datetime.date | None = None


class Share(Input):
    """A part of a whole, per cent by a hundred."""

    value: Annotated[float, Setting(ge=0, lt=1)]


class Rate(Input):
    """What one unit of a currency is worth in another."""

    value: Annotated[float, Setting(gt=0)]


class Minutes(Input):
    """A part of a day."""

    value: Annotated[float, Setting(ge=0, le=1440)]


class Days(Input):
    """A part of a year."""

    value: Annotated[float, Setting(ge=0, le=366)]


class SiteEconomics(Section):
    """One hospital's inputs, money in the hospital's own currency."""

    open_minutes_per_day: Minutes
    operating_days_per_year: Days
    demand_per_day: Input
    room_minutes_per_exam: Minutes | None = Setting(
        default=None,
        description="today's room time of an exam, where the study does not measure it",
    )
    changeover_minutes: Minutes
    contribution_per_exam: Input = Setting(
        description="what one more exam earns after its variable costs"
    )
    purchase: Input
    integration_and_training: Input
    licence_and_service_per_year: Input


class Economics(Section):
    """The frame of the business case, and the inputs of each site."""

    perspective: Text
    price_year: Annotated[int, Setting(ge=2000, le=2100)]
    horizon_years: Annotated[int, Setting(ge=1, le=20)]
    discount_rate: Share
    reporting_currency: Currency
    exchange_rates: Mapping[Currency, Rate] = Setting(
        default_factory=dict, description="value of one unit in the reporting currency"
    )
    sites: Mapping[Identifier, SiteEconomics]
