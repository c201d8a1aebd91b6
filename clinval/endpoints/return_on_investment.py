"""Return on investment, hospital by hospital: the measured saving carried through to money.

The saving's uncertainty goes all the way: each draw of the minutes saved gives slots, simulated
days, yearly flows and a net present value. Exams above demand earn nothing, and one day's spare
minutes that do not make up a slot earn nothing.

Records of a site (group ``site``); money in the site's currency, ``<arm>`` is reference or test,
``_low`` and ``_high`` are limits at the endpoint's level:

* effect: ``saved`` (min), ``saved_low``, ``saved_high``, ``saved_scale``, ``saved_df``,
  ``saved_source`` (own | predicted), ``room_reference``, ``room_test`` (min), ``room_cv``
* slots: ``slot_<arm>`` (min), ``slots_<arm>`` (exams/day), ``demand`` (exams/day)
* day: ``served_<arm>``, ``no_shows_<arm>``, ``turned_away_<arm>`` (exams/day), ``wait_<arm>``,
  ``overtime_<arm>`` (min, the latter a day), ``utilization_<arm>`` (proportion)
* year: ``extra_exams`` (and limits, exams/year), ``slots_above_demand`` (exams/year),
  ``investment``, ``yearly_cost``, ``yearly_flow`` (at full use)
* waterfall, money a year: ``waterfall.<step>`` for the steps ``minutes`` (every minute saved, were
  it sold), ``grid`` (minutes that make no slot), ``demand`` (slots above demand), ``day`` (no-shows
  and patients turned away), ``overtime``, ``hire``, ``downtime``, ``running`` (licence and
  service), ``total``
* money over the years: ``flow.<year>``, ``cumulative.<year>`` with ``cumulative_low.<year>``,
  ``cumulative_high.<year>``, ``cumulative_q25.<year>``, ``cumulative_q75.<year>`` (the fan)
* return: ``npv`` (and limits), ``npv_mean``, ``probability_positive``, ``payback``,
  ``discounted_payback``, ``irr``, ``irr_status``, ``irr_root.<i>`` from 1,
  ``break_even_exams`` (extra exams a day), ``break_even_price`` (purchase price)
* tornado, widest first: ``tornado_low.<input>``, ``tornado_high.<input>`` (net present value),
  ``tornado_from.<input>``, ``tornado_to.<input>`` (the input); ``<input>`` is ``saved`` or a key of
  the site's economics
* information: ``evpi``, ``evppi.<input>``, ``value_of_site``, ``value_of_month`` (money)
* refusals, undefined with their reason: ``refusal.scan_time``, ``refusal.demand``,
  ``refusal.irr``, ``refusal.minutes``

Of all sites, in the reporting currency: ``npv`` (and limits), ``probability_positive``, ``sites``,
``sites_positive``, ``worst_site``, ``worst_npv``, ``worst_probability_positive``, and for a further
site ``site_mean``, ``prediction_low``, ``prediction_high``; the first three without each site too.

Series ``<site>.npv_profile``: ``rate``, ``npv``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.endpoints import throughput
from clinval.endpoints.kind import Context, Report
from clinval.protocol.endpoint import Endpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft
    from clinval.protocol.economics import Economics, SiteEconomics

__all__ = ["Spec", "analyze", "lint"]


class Spec(Endpoint):
    """Cash flows, payback and net present value of each site, from a throughput endpoint."""

    throughput: Annotated[str, Setting(description="id of the throughput endpoint it builds on")]
    draws: Annotated[int, Setting(ge=1000, le=200_000)] = 10_000


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    if endpoint.throughput not in draft.written_ids("endpoints"):
        report("endpoint-unknown", ("throughput",), endpoint=endpoint.throughput)
    for _, other in draft.endpoints:
        if other.id == endpoint.throughput and other.kind != "throughput":
            report(
                "design-does-not-fit",
                ("throughput",),
                what=endpoint.throughput,
                design=endpoint.kind,
                remedy="name an endpoint of the kind throughput",
            )
    if draft.economics is None and "economics" not in draft.source.content:
        report("economics-missing", ("kind",), endpoint=endpoint.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One site's business case: the saving of each draw, first the estimate itself."""

    site: str
    currency: str
    inputs: SiteEconomics
    room: float
    saved: NDArray[np.float64]
    n: int


def analyze(endpoint: Spec, context: Context) -> None:
    """Record each site's case, then the sites together in the reporting currency."""
    protocol = context.data.protocol
    economics = protocol.economics
    source = protocol.endpoint(endpoint.throughput)
    assert economics is not None and isinstance(source, throughput.Spec)  # noqa: PT018, S101
    values: dict[str, NDArray[np.float64]] = {}
    generator = context.random()
    recorder = context.recorder
    times = throughput.measure(source, context)
    recorder.inputs = throughput.sha256(times)
    for site in times:
        inputs = economics.sites.get(site.site)
        reason = _why_none(site, inputs)
        if inputs is None or reason:
            recorder.add("npv", None, group={"site": site.site}, reason=reason)
            continue
        case = _case(site, inputs, endpoint, context, generator)
        values[site.site] = _record_case(case, economics, endpoint, context)
    _record_together(values, economics, endpoint, context)


def _why_none(times: throughput.SiteTimes, inputs: SiteEconomics | None) -> str:
    """Return why a site has no business case; empty when it has one."""
    if inputs is None:
        return throughput.NO_ECONOMICS
    if len(times.saved) < 2:
        return "fewer than two subjects with both times"
    if math.isnan(times.reference_room):
        return throughput.NO_ROOM_TIME
    if times.reference_room + inputs.changeover_minutes.value <= float(times.saved.mean()):
        return throughput.NO_SLOT
    return ""


def _case(
    times: throughput.SiteTimes,
    inputs: SiteEconomics,
    endpoint: Spec,
    context: Context,
    generator: np.random.Generator,
) -> _Case:
    import numpy as np

    n = len(times.saved)
    mean = float(times.saved.mean())
    error = float(times.saved.std(ddof=1)) / n**0.5
    draws = mean + error * generator.standard_t(n - 1, endpoint.draws)
    return _Case(
        site=times.site,
        currency=context.data.protocol.site(times.site).currency,
        inputs=inputs,
        room=times.reference_room,
        saved=np.concatenate([[mean], draws]),
        n=n,
    )


def _record_case(
    case: _Case, economics: Economics, endpoint: Spec, context: Context
) -> NDArray[np.float64]:
    """Record one site's case; return its net present value by draw, the estimate first."""
    import numpy as np

    from clinval.stats.roi import cash_flow

    recorder, group, money = context.recorder, {"site": case.site}, case.currency
    flows, extra = _flows(case, economics)
    rate = economics.discount_rate.value
    years = economics.horizon_years
    for statistic, value in (
        ("investment", -float(flows[0, 0])),
        ("yearly_cost", case.inputs.licence_and_service_per_year.value),
        ("yearly_flow", float(flows[0, 1])),
    ):
        recorder.add(statistic, value, group=group, unit=money, n=case.n)
    recorder.add("extra_exams", float(extra[0]), group=group, unit="exams/year", n=case.n)
    _record_interval("extra_exams", extra[1:], group, "exams/year", endpoint, context, case.n)
    npv = cash_flow.npv_draws(rate, flows)
    central = flows[0].tolist()
    present = cash_flow.npv(rate, central)
    recorder.add("npv", present.estimate, group=group, unit=money, n=case.n, method="cash_flow.npv")
    _record_interval("npv", npv[1:], group, money, endpoint, context, case.n)
    recorder.add(
        "probability_positive", float((npv[1:] > 0).mean()), group=group, unit="proportion",
        n=endpoint.draws, method="cash_flow.npv",
    )  # fmt: skip
    payback = cash_flow.payback(central)
    recorder.result(payback, {"estimate": "years"}, rename={"estimate": "payback"}, group=group)
    discounted = cash_flow.discounted_payback(central, rate=rate)
    recorder.result(
        discounted, {"estimate": "years"}, rename={"estimate": "discounted_payback"}, group=group
    )
    irr = cash_flow.irr(central)
    recorder.result(irr, {"estimate": "proportion"}, rename={"estimate": "irr"}, group=group)
    discount = (1 + rate) ** -np.arange(years + 1)
    running = np.cumsum(flows * discount, axis=1)
    low, high = np.quantile(running[1:], _tails(endpoint), axis=0)
    for year in range(years + 1):
        for statistic, value in (
            ("flow", flows[0, year]),
            ("cumulative", running[0, year]),
            ("cumulative_low", low[year]),
            ("cumulative_high", high[year]),
        ):
            recorder.add(f"{statistic}.{year}", float(value), group=group, unit=money, n=case.n)
    return npv


def _flows(case: _Case, economics: Economics) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the yearly flows (draws x years, year 0 first) and the extra exams a year."""
    import numpy as np

    inputs = case.inputs
    slot = case.room + inputs.changeover_minutes.value
    open_minutes, demand = inputs.open_minutes_per_day.value, inputs.demand_per_day.value
    # the rule of capacity.slots_per_day and capacity.demand_cap, over all draws at once
    before = np.floor(open_minutes / slot + 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        after = np.floor(open_minutes / np.maximum(slot - case.saved, 1e-6) + 1e-9)
    extra = inputs.operating_days_per_year.value * (
        np.minimum(after, demand) - np.minimum(before, demand)
    )
    yearly = extra * inputs.contribution - inputs.licence_and_service_per_year.value
    flows = np.repeat(yearly[:, None], economics.horizon_years + 1, axis=1)
    flows[:, 0] = -(inputs.purchase.value + inputs.integration_and_training.value)
    return flows, extra


def _tails(endpoint: Spec) -> tuple[float, float]:
    return (1 - endpoint.level) / 2, (1 + endpoint.level) / 2


def _record_interval(
    statistic: str,
    draws: NDArray[np.float64],
    group: dict[str, str],
    unit: str,
    endpoint: Spec,
    context: Context,
    n: int,
) -> None:
    import numpy as np

    low, high = np.quantile(draws, _tails(endpoint))
    for name, value in ((f"{statistic}_low", low), (f"{statistic}_high", high)):
        context.recorder.add(
            name, float(value), group=group, unit=unit, n=n, level=endpoint.level,
            method="cash_flow.npv" if unit != "exams/year" else "capacity.demand_cap",
        )  # fmt: skip


def _record_together(
    values: dict[str, NDArray[np.float64]], economics: Economics, endpoint: Spec, context: Context
) -> None:
    """Record all sites together and without each; the worst site is named."""
    recorder, money = context.recorder, economics.reporting_currency
    if not values:
        recorder.add("npv", None, unit=money, reason="no center has a business case")
        return
    protocol = context.data.protocol
    converted = {}
    for site, draws in values.items():
        currency = protocol.site(site).currency
        rate = 1.0 if currency == money else economics.exchange_rates[currency].value
        converted[site] = draws * rate
    total = sum(converted.values())
    groups: list[tuple[dict[str, str], NDArray[np.float64]]] = [({}, total)]  # type: ignore[list-item]
    if len(converted) > 1:
        groups += [({"without_site": site}, total - part) for site, part in converted.items()]
    sites = len(converted)
    for group, draws in groups:
        count = sites - len(group)
        recorder.add("npv", float(draws[0]), group=group, unit=money, n=count)
        _record_interval("npv", draws[1:], group, money, endpoint, context, count)
        recorder.add(
            "probability_positive", float((draws[1:] > 0).mean()), group=group,
            unit="proportion", n=endpoint.draws,
        )  # fmt: skip
    positive = sum(1 for part in converted.values() if part[0] > 0)
    recorder.add("sites_positive", positive, unit="sites", n=sites)
    recorder.add("sites", sites, unit="sites", n=sites)
    worst = min(converted, key=lambda site: float(converted[site][0]))
    recorder.add("worst_site", worst, n=sites)
