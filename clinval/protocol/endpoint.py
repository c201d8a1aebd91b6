"""What every endpoint declares, whatever its kind; a kind adds its own keys."""

from __future__ import annotations

import datetime
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import Field as Setting

from clinval.protocol.base import Identifier, Section, Sourced, Text
from clinval.protocol.estimand import Estimand

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft
    from clinval.protocol.model import SampleSize

__all__ = ["Endpoint", "Evidence", "Kind", "Kinds", "Margin", "has_goal", "only_estimated"]


class Evidence(Section):
    """What is known of the reference against no treatment, from which a margin is reasoned.

    On the scale of the endpoint: a difference, or a ratio.
    """

    estimate: float
    ci_low: float
    ci_high: float
    preserve: Annotated[float, Setting(gt=0, lt=1)] = Setting(
        default=0.5, description="the share of the reference's effect that has to be kept"
    )
    source: Text


class Margin(Sourced):
    """The largest difference that is still acceptable, and why.

    ``value`` is positive. On a difference it is the size of the loss (0.05 is five percentage
    points); its sign follows from the endpoint's direction, which is declared once. On a ratio
    it is the ratio itself (0.9 or 1.25). For a goal it is the goal.
    """

    value: Annotated[float, Setting(gt=0)] | None = None
    source: Text | None = None
    justification: Text | None = None
    status: Literal["published", "analogue", "sponsor", "illustrative", "none_found"] = "sponsor"
    evidence: Evidence | None = Setting(
        default=None, description="the historical effect of the reference: gives M1 and M2"
    )


class Endpoint(Section):
    """An endpoint: what is measured, on whom, and how it is decided."""

    id: Annotated[str, Setting(pattern=r"^[A-Z][A-Za-z0-9]{0,11}$", examples=["P1"])]
    kind: Identifier
    role: Literal["primary", "secondary", "exploratory", "safety"]
    label: Text
    rationale: Text | None = None
    estimand: Estimand | None = None
    set: Identifier = Setting(description="the analysis set the endpoint is decided on")
    also_sets: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="sets on which the same analysis is repeated for comparison"
    )
    level: Annotated[float, Setting(gt=0.5, lt=1)] = Setting(
        default=0.95, description="two-sided level of intervals"
    )
    declared: datetime.date | None = Setting(
        default=None, description="when the endpoint was added, if after the first version"
    )


class Kind(Protocol):
    """What the protocol has to know of an endpoint kind; the kinds themselves lie above it."""

    Spec: type[Endpoint]

    def lint(self, endpoint: Any, draft: Draft, report: Callable[..., None]) -> None:
        """Report what is wrong with an endpoint, as ``report(kind, path, **parameters)``."""
        ...


class Kinds(Mapping[str, Kind]):
    """Every endpoint kind by its name, and what they know of sizes together."""

    @abstractmethod
    def lint_size(
        self, endpoint: Endpoint, size: SampleSize, draft: Draft, report: Callable[..., None]
    ) -> None:
        """Report what is wrong with the planned size of an endpoint."""


def has_goal(endpoint: Any) -> bool:
    """Whether an endpoint is of a kind that is held against a goal."""
    return "goal" in type(endpoint).model_fields


def only_estimated(endpoint: Any) -> bool:
    """Whether nothing is compared with the limits of an endpoint."""
    if has_goal(endpoint):
        return endpoint.goal is None
    return bool(getattr(endpoint, "comparison", "estimation") == "estimation")
