"""Return on investment, hospital by hospital: the measured saving carried through to money.

The saving's uncertainty goes all the way: each draw of the minutes saved gives slots, simulated
days, yearly flows and a net present value. Exams above demand earn nothing, and one day's spare
minutes that do not make up a slot earn nothing.

Records of a site (group ``site``); money in the site's currency, ``<arm>`` is reference or test,
``_low`` and ``_high`` are limits at the endpoint's level:

* effect: ``saved`` (min), ``saved_low``, ``saved_high``, ``saved_scale``, ``saved_df``,
  ``saved_source`` (own | predicted), ``room_reference``, ``room_test`` (min)
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
``sites_positive``, ``worst_site``, ``worst_npv``, ``worst_probability_positive``, ``best_site``,
``median_site`` (of an even number the lesser of both in the middle), and for a further site
``site_mean``, ``prediction_low``, ``prediction_high``; the first three without each site too.

Series ``<site>.npv_profile``: ``rate``, ``npv``; ``<site>.probability_by_price``: ``price``,
``probability`` (of a positive value at that purchase price).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.endpoints import throughput
from clinval.endpoints.business_records import record_case, record_limits
from clinval.endpoints.kind import Context, Report
from clinval.protocol.endpoint import Endpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft
    from clinval.protocol.economics import Economics

__all__ = ["Spec", "analyze", "lint"]

_SCAN_TIME = "scan time alone makes no return"


class Spec(Endpoint):
    """Cash flows, payback and net present value of each site, from a throughput endpoint."""

    throughput: Annotated[str, Setting(description="id of the throughput endpoint it builds on")]
    draws: Annotated[int, Setting(ge=1000, le=200_000)] = 10_000
    own_effect_from: Annotated[
        int,
        Setting(
            ge=2,
            le=1000,
            description="subjects from which on a site's own saving stands alone; with fewer it "
            "is predicted from all sites",
        ),
    ] = 10
    subjects_per_month: Annotated[int, Setting(ge=1, le=10_000)] | None = Setting(
        default=None, description="subjects that one more month at a site brings"
    )


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


def analyze(endpoint: Spec, context: Context) -> None:
    """Record each site's case, then the sites together in the reporting currency."""
    import numpy as np

    from clinval.endpoints import business_case

    protocol = context.data.protocol
    economics = protocol.economics
    source = protocol.endpoint(endpoint.throughput)
    assert economics is not None and isinstance(source, throughput.Spec)  # noqa: PT018, S101
    values: dict[str, NDArray[np.float64]] = {}
    times = throughput.measure(source, context)
    context.recorder.inputs = throughput.sha256(times)
    effects = business_case.effects(times, endpoint.own_effect_from)
    for site, effect in effects.items():
        inputs = economics.sites.get(site)
        if inputs is None:
            left = site in economics.left_to_form
            reason = throughput.NOT_ANSWERED if left else throughput.NO_ECONOMICS
            _record_none(site, reason, context)
            continue
        if isinstance(effect, business_case.NoEffect):
            _record_none(site, effect.reason, context)
            continue
        if effect.room + inputs.changeover_minutes.value <= effect.saved:
            _record_none(site, throughput.NO_SLOT, context)
            continue
        case = business_case.case(effect, inputs, economics)
        found = business_case.simulate(case, endpoint.draws, endpoint.level, context.seed, site)
        money = protocol.site(site).currency
        record_case(site, money, case, found, endpoint, context.recorder)
        values[site] = np.concatenate([found.center.npv[:1], found.draws.npv])
    _record_together(values, economics, endpoint, context)


def _record_none(site: str, reason: str, context: Context) -> None:
    """Record that a site has no case; without room time, that scan time alone makes none."""
    group = {"site": site}
    context.recorder.add("npv", None, group=group, reason=reason)
    if reason == throughput.NO_ROOM_TIME:
        context.recorder.add("refusal.scan_time", None, group=group, reason=_SCAN_TIME)


def _record_together(
    values: dict[str, NDArray[np.float64]], economics: Economics, endpoint: Spec, context: Context
) -> None:
    """Record all sites together and without each; the worst site is named."""
    import numpy as np

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
    total = np.sum(list(converted.values()), axis=0)
    groups: list[tuple[dict[str, str], NDArray[np.float64]]] = [({}, total)]
    if len(converted) > 1:
        groups += [({"without_site": site}, total - part) for site, part in converted.items()]
    sites = len(converted)
    for group, draws in groups:
        count = sites - len(group)
        recorder.add("npv", float(draws[0]), group=group, unit=money, n=count)
        record_limits("npv", draws[1:], group, money, endpoint, recorder, count)
        recorder.add(
            "probability_positive", float((draws[1:] > 0).mean()), group=group,
            unit="proportion", n=endpoint.draws,
        )  # fmt: skip
    positive = sum(1 for part in converted.values() if part[0] > 0)
    recorder.add("sites_positive", positive, unit="sites", n=sites)
    recorder.add("sites", sites, unit="sites", n=sites)
    ordered = sorted(converted, key=lambda site: float(converted[site][0]))
    worst = ordered[0]
    recorder.add("worst_site", worst, n=sites)
    recorder.add("median_site", ordered[(sites - 1) // 2], n=sites)
    recorder.add("best_site", ordered[-1], n=sites)
    recorder.add("worst_npv", float(converted[worst][0]), unit=money, n=sites)
    recorder.add(
        "worst_probability_positive", float((converted[worst][1:] > 0).mean()),
        unit="proportion", n=endpoint.draws,
    )  # fmt: skip
    _record_further_site(converted, money, endpoint, context)


def _record_further_site(
    converted: dict[str, NDArray[np.float64]], money: str, endpoint: Spec, context: Context
) -> None:
    """Record what the sites say of the return of one that was not in the study."""
    import numpy as np

    from clinval.stats.roi import decision

    of_sites = np.array([float(draws[0]) for draws in converted.values()])
    limits = decision.further_site(of_sites, endpoint.level)
    low, high = limits or (None, None)
    recorder, n = context.recorder, len(of_sites)
    recorder.add("site_mean", float(of_sites.mean()), unit=money, n=n)
    for statistic, value in (("prediction_low", low), ("prediction_high", high)):
        recorder.add(
            statistic, value, unit=money, n=n, level=endpoint.level,
            reason="fewer than two centers have a business case",
        )  # fmt: skip
