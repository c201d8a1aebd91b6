"""What a product and its reference cost and bring: measured on forms, or declared with sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Setting

from clinval.endpoints.comparison import lint_arm
from clinval.endpoints.kind import Report
from clinval.endpoints.measured import Measured, lint_measured
from clinval.protocol.base import Identifier, Section, Sourced, Text, Words
from clinval.protocol.economics import Currency, Rate, Uncertain
from clinval.protocol.economics_checks import lint_limits
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["Cost", "Effect", "Quantity", "Threshold", "lint_currencies", "lint_quantity"]


class Quantity(Section):
    """What each arm has of something: measured in each subject, or declared for both arms."""

    label: Text
    form: Annotated[str, Setting(pattern=r"^F\d{2}$")] | None = None
    measure: Words | None = None
    where: Words | None = None
    combine: Literal["only", "mean", "median", "majority", "all", "any"] = Setting(
        default="only", description="how several rows of a subject and arm become one value"
    )
    test: Uncertain | None = Setting(
        default=None, description="of the test arm, where it is not measured"
    )
    reference: Uncertain | None = None

    @property
    def measured(self) -> bool:
        """Whether subjects have values of it."""
        return self.measure is not None

    def of(self, endpoint: Endpoint) -> Measured:
        """Return what is measured as an endpoint measures it."""
        return Measured(
            id=endpoint.id, kind=endpoint.kind, role=endpoint.role, label=endpoint.label,
            set=endpoint.set, form=self.form or "", measure=self.measure or "", where=self.where,
            combine=self.combine,
        )  # fmt: skip


class Effect(Quantity):
    """What the product is for; a rule counts 1 where it is true."""

    unit: Text = Setting(description="one unit of the effect, such as an examination to be used")
    direction: Literal["higher_is_better", "lower_is_better"]

    def inputs(self) -> Iterator[tuple[str, Uncertain]]:
        """Yield the declared numbers by name."""
        for arm, entered in (("test", self.test), ("reference", self.reference)):
            if entered is not None:
                yield f"effect.{arm}", entered


class Cost(Quantity):
    """A cost of each subject: what was used times its price, or money declared for both arms."""

    id: Identifier
    price: Uncertain | None = Setting(default=None, description="of one unit of the measure")
    currency: Currency | None = Setting(
        default=None, description="of its money, where it is not that of the endpoint"
    )

    def inputs(self) -> Iterator[tuple[str, Uncertain]]:
        """Yield the declared numbers by name."""
        if self.price is not None:
            yield f"{self.id}.price", self.price
        for arm, entered in (("test", self.test), ("reference", self.reference)):
            if entered is not None:
                yield f"{self.id}.{arm}", entered


class Threshold(Sourced):
    """What one unit of the effect may cost."""

    value: Annotated[float, Setting(ge=0)]
    source: Text


def lint_quantity(
    quantity: Cost | Effect,
    endpoint: Endpoint,
    draft: Draft,
    report: Report,
    path: tuple[str | int, ...],
) -> None:
    """Report a quantity that is neither measured nor declared, or not soundly."""

    def here(kind: str, at: tuple[str | int, ...], offset: int = 0, **words: object) -> None:
        report(kind, (*path, *at), offset=offset, **words)

    name = quantity.id if isinstance(quantity, Cost) else "effect"
    declared = [quantity.test, quantity.reference]
    measured = [quantity.form, quantity.measure]
    if isinstance(quantity, Cost):
        measured.append(quantity.price)  # type: ignore[arg-type]
    from_rows = all(measured) and not any(declared)
    if not from_rows and not (all(declared) and not any(measured)):
        here("quantity-source", (), item=name)
        return
    for key, entered in quantity.inputs():
        lint_limits(key, entered, (*path, key.rpartition(".")[2]), report)
    if not quantity.measured:
        return
    rule = quantity.of(endpoint)
    gives: Literal["truth", "number"] = "number"
    if isinstance(quantity, Effect) and _is_truth(rule, draft):
        gives = "truth"
    lint_measured(rule, draft, here, gives=gives)
    lint_arm(rule, draft, here)


def _is_truth(rule: Measured, draft: Draft) -> bool:
    """Whether a sound rule is true or false rather than a number."""
    found: list[str] = []

    def keep(kind: str, *_: object, **__: object) -> None:
        found.append(kind)

    if rule.form in draft.forms:
        check_rule(rule.measure, draft.forms, rule.form, keep, gives="number")
    return found == ["rule-is-a-truth"]


def lint_currencies(
    costs: Mapping[tuple[str | int, ...], Cost],
    currency: str,
    rates: Mapping[str, Rate],
    report: Report,
) -> None:
    """Report money of a currency without a rate, and a rate of the endpoint's own."""
    if currency in rates:
        report("exchange-rate-own", ("exchange_rates", currency), currency=currency)
    for path, cost in costs.items():
        if cost.currency not in (None, currency, *rates):
            report(
                "exchange-rate-missing",
                (*path, "currency"),
                currency=cost.currency,
                reporting=currency,
            )
