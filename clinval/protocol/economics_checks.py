"""Checks of the economics of a protocol."""

from __future__ import annotations

import math
from collections.abc import Callable

from clinval.protocol.component_costs import Ownership
from clinval.protocol.draft import Draft
from clinval.protocol.economics import Economics, SiteInputs, Uncertain
from clinval.protocol.forms import FINANCE

__all__ = ["lint_economics", "lint_limits", "lint_site"]

_ROUNDING = 1e-9
_MIDDLE = (0.45, 0.55)  # of the way from the lower to the upper limit


def lint_economics(draft: Draft, report: Callable[..., None]) -> None:
    """Report inputs that cannot be, and money that cannot be added up."""
    economics = draft.economics
    if economics is None:
        return
    for part, named in (("sites", economics.entered), ("ownership", economics.ownership)):
        for name in named:
            if name not in draft.written_ids("sites"):
                report("site-unknown", ("economics", part, name), site=name)
    if economics.reporting_currency in economics.exchange_rates:
        own = economics.reporting_currency
        report("exchange-rate-own", ("economics", "exchange_rates", own), currency=own)
    with_money = {*economics.entered, *economics.ownership}
    currencies = {site.currency for _, site in draft.sites if site.id in with_money}
    for currency in currencies - {economics.reporting_currency, *economics.exchange_rates}:
        report(
            "exchange-rate-missing",
            ("economics", "exchange_rates"),
            currency=currency,
            reporting=economics.reporting_currency,
        )
    for name, site in economics.sites.items():
        lint_site(site, ("economics", "sites", name), report)
    for name, left in economics.left_to_form.items():
        place = ("economics", "sites", name)
        _every_limit(left, place, report)
        if FINANCE not in draft.written_items("forms", "use"):
            report("finance-form-missing", place, site=name, form=FINANCE)
    for name, owned in economics.ownership.items():
        _ownership(owned, ("economics", "ownership", name), report)
    _correlations(economics, report)


def _ownership(owned: Ownership, place: tuple[str, ...], report: Callable[..., None]) -> None:
    for component, name, entered in owned.inputs():
        here = (*place, component) if component else place
        if isinstance(entered, Uncertain):
            lint_limits(name, entered, (*here, name), report)


def lint_site(site: SiteInputs, place: tuple[str, ...], report: Callable[..., None]) -> None:
    """Report inputs of a hospital that do not go together; the place is that of the hospital."""
    _every_limit(site, place, report)
    if site.contribution_per_exam is None and not site.payers:
        report("contribution-missing", place)
    elif site.contribution_per_exam is not None and site.payers:
        report("contribution-twice", (*place, "payers"))
    total = sum(payer.share.value for payer in site.payers)
    if site.payers and abs(total - 1) > _ROUNDING:
        report("payer-shares", (*place, "payers"), total=f"{total:g}")
    for one, other in (
        ("hire_avoided_per_year", "hire_minutes_per_day"),
        ("variable_cost_per_exam", "payers"),
    ):
        if bool(getattr(site, one)) != bool(getattr(site, other)):
            given, missing = (one, other) if getattr(site, one) else (other, one)
            report("input-needs-other", (*place, given), input=given, other=missing)


def _every_limit(site: SiteInputs, place: tuple[str, ...], report: Callable[..., None]) -> None:
    for name, entered in site.inputs():
        if isinstance(entered, Uncertain):
            lint_limits(name, entered, _place_of(name, place), report)


def _place_of(name: str, place: tuple[str, ...]) -> tuple[str | int, ...]:
    """Return where an input stands in the protocol."""
    key, _, number = name.partition(".")
    return (*place, "payers", int(number) - 1, key) if number else (*place, key)


def lint_limits(
    name: str, entered: Uncertain, place: tuple[str | int, ...], report: Callable[..., None]
) -> None:
    """Report limits of an uncertain input that do not hold its value."""
    low, high = entered.low, entered.high
    if low is None and high is None:
        return
    if low is None or high is None or not low <= entered.value <= high or low == high:
        report("input-limits", place, input=name)
    elif entered.distribution == "lognormal" and (
        low == 0 or not _MIDDLE[0] < _share(entered.value, low, high) < _MIDDLE[1]
    ):
        report("input-lognormal", place, input=name, middle=f"{math.sqrt(low * high):.4g}")


def _share(value: float, low: float, high: float) -> float:
    """Return how far a value is from the lower to the upper limit, by ratios."""
    return math.log(value / low) / math.log(high / low)


def _correlations(economics: Economics, report: Callable[..., None]) -> None:
    known = {"saved"} | {
        name
        for site in economics.entered.values()
        for name, entered in site.inputs()
        if isinstance(entered, Uncertain) and entered.low is not None
    }
    if economics.left_to_form:  # a finance department may give limits to any of them
        known |= {name for name in SiteInputs.model_fields if name not in ("payers", "ramp_up")}
    for index, correlation in enumerate(economics.correlations):
        place = ("economics", "correlations", index, "between")
        for name in correlation.between:
            if name not in known:
                report("correlation-unknown", place, input=name, inputs=", ".join(sorted(known)))
    if economics.correlations and not _possible(economics):
        report("correlation-impossible", ("economics", "correlations"))


def _possible(economics: Economics) -> bool:
    """Whether numbers can go together like this: no combination of them has a negative variance."""
    import numpy as np

    names = sorted({name for each in economics.correlations for name in each.between})
    matrix = np.eye(len(names))
    for each in economics.correlations:
        one, other = (names.index(name) for name in each.between)
        matrix[one, other] = matrix[other, one] = each.value
    return bool(np.linalg.eigvalsh(matrix)[0] > _ROUNDING)
