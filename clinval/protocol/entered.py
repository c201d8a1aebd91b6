"""Numbers that are entered with their source: how sure they are, and what range they may have."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field as Setting

from clinval.protocol.base import Sourced, Text

__all__ = [
    "Days",
    "FullShare",
    "Input",
    "Length",
    "Minutes",
    "Number",
    "Patients",
    "Rate",
    "Share",
    "Uncertain",
    "UncertainShare",
]

Distribution: TypeAlias = Literal["triangular", "uniform", "lognormal"]


class Input(Sourced):
    """A number with the source it was taken from."""

    value: Annotated[float, Setting(ge=0, le=1e15)]
    source: Text
    date: datetime.date | None = None


class Rate(Input):
    """What one unit of a currency is worth in another."""

    value: Annotated[float, Setting(gt=0)]


class Share(Input):
    """A part of a whole, per cent by a hundred."""

    value: Annotated[float, Setting(ge=0, lt=1)]


class Uncertain(Input):
    """A number of a hospital, and between what limits it may lie."""

    low: Annotated[float, Setting(ge=0)] | None = None
    high: Annotated[float, Setting(ge=0, le=1e15)] | None = None
    distribution: Distribution = Setting(
        default="triangular",
        description=(
            "triangular and uniform: low and high are the least and the most; lognormal: they hold "
            "19 values of 20, with the value in the middle of their ratio"
        ),
    )


class UncertainShare(Uncertain):
    """A part of a whole, per cent by a hundred."""

    value: Annotated[float, Setting(ge=0, lt=1)]
    high: Annotated[float, Setting(ge=0, lt=1)] | None = None


class Minutes(Uncertain):
    """A part of a day."""

    value: Annotated[float, Setting(ge=0, le=1440)]
    high: Annotated[float, Setting(ge=0, le=1440)] | None = None


class Days(Uncertain):
    """A part of a year."""

    value: Annotated[float, Setting(ge=0, le=366)]
    high: Annotated[float, Setting(ge=0, le=366)] | None = None


class Patients(Uncertain):
    """Patients of a day."""

    value: Annotated[float, Setting(ge=0, le=200)]
    high: Annotated[float, Setting(ge=0, le=200)] | None = None


class Length(Input):
    """A length of time that is set, not found out."""

    value: Annotated[float, Setting(gt=0, le=1440)]


class Number(Input):
    """A small whole number."""

    value: Annotated[int, Setting(ge=1, le=50)]


class FullShare(Share):
    """A part of a whole or the whole."""

    value: Annotated[float, Setting(ge=0, le=1)]
