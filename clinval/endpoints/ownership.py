"""What it costs to own a component, test against reference, hospital by hospital.

From the lives that a ``component_life`` endpoint has measured to money: each draw of the two
Weibull distributions, and of the hospital's uncertain inputs, gives replacements over the horizon,
what the supplier bears of them, hours of standstill, exams lost, and the discounted cost of the
years. The life is that of all sites together; prices, use and demand are the hospital's own.
Estimates are expectations at the fitted distributions and at the values entered; ``_low`` and
``_high`` hold, at the endpoint's level, what a hospital may come to see: what is not known of the
lives and the inputs, and chance.

Records of a component (group ``component``: test or reference): ``n``, ``failures``,
``shape``, ``mean_life`` with ``mean_life_low`` and ``mean_life_high``, ``longest_seen`` (all on the
clock); ``stopped_share`` of the failures, where the endpoint has a rule ``stops``; where the hours
of standstill are from the data ``downtime_n``, ``downtime_mean`` (h) and on a clock of days
``availability_observed`` with ``_ci_low`` and ``_ci_high``; and undefined with its reason
``refusal.life`` where nothing follows from the life.

Records of a component at a site (group ``site, component``), over the horizon and for all
components in service at once; money in the site's currency, discounted:

* ``renewals``, ``failures``, ``exchanges`` (planned), ``claims`` (failures of which the supplier
  bears a part), each with ``_low`` and ``_high``
* ``reserve``: replacements that are enough with probability ``reserve_level``;
  ``reserve_known_life``, were the fitted life known; ``claims_reserve``; ``spares``, the components
  to hold so that one is there in any lead time with that probability
* ``downtime`` (h), ``lost_exams``, ``availability`` (proportion), each with ``_low`` and ``_high``
* ``cost`` with ``cost_low`` and ``cost_high``, ``cost_mean`` (mean of the draws), its parts
  ``part.first``, ``part.units``, ``part.warranty`` (below 0), ``part.work``, ``part.service``,
  ``part.lost_exams``, and ``annual_cost`` (equivalent annual cost)
* ``flow.<year>``: what is paid in each year from 0 on, not discounted

Records of a site (group ``site``): ``difference`` (test minus reference; below 0 the component
under test is cheaper) with ``difference_low`` and ``difference_high``, ``difference_mean``,
``annual_difference``, ``probability_cheaper``, ``break_even_price`` (price of a component under
test at which the costs are equal), ``lost_per_day`` (exams lost a day that one scanner stands
still), and undefined with its reason ``refusal.lost_exams`` where standstill loses none.

Of all sites, in the reporting currency: ``cost`` by component, ``difference`` (and limits),
``difference_mean``, ``probability_cheaper``, ``sites``, ``sites_cheaper``, ``worst_site``,
``worst_difference``, ``worst_probability_cheaper``, and for a further site ``site_mean``,
``prediction_low``, ``prediction_high``; ``difference`` and ``probability_cheaper`` without each
site too.

Where a component has fewer than two distinct failure times nothing follows from its life:
``difference`` is undefined at every site, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.endpoints import component_life
from clinval.endpoints.components import lint_sets, lives_of
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.ownership_case import SIDES, Case, NoCase, case, frame_of, wear
from clinval.endpoints.ownership_records import (
    record_case,
    record_difference,
    record_limits,
    record_wear,
)
from clinval.endpoints.throughput import NO_ECONOMICS
from clinval.protocol.base import Identifier, Words
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft
    from clinval.protocol.economics import Economics
    from clinval.protocol.model import Protocol

__all__ = ["Spec", "analyze", "clock_of", "lint"]

_NO_CASE = "no center has a business case"


class Spec(Endpoint):
    """Total cost of ownership of the component under test against the reference."""

    life: Annotated[str, Setting(description="id of the component_life endpoint it builds on")]
    clock: Identifier | None = Setting(
        default=None, description="the clock of that endpoint that lives are taken from; its first"
    )
    downtime: Words | None = Setting(
        default=None,
        description="hours that a failure stopped the scanner: a field or rule of that endpoint's "
        "form; without it the economics of each site say it",
    )
    stops: Words | None = Setting(
        default=None,
        description="rule that is true where the end of a life stopped the scanner unexpectedly; "
        "the other components were exchanged in time. Without it every end of a life does",
    )
    draws: Annotated[int, Setting(ge=1000, le=50_000)] = 10_000
    reserve_level: Annotated[float, Setting(gt=0.5, lt=1)] = Setting(
        default=0.95, description="probability with which reserves and spares are enough"
    )


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_sets(endpoint, report)
    if draft.economics is None:
        if "economics" not in draft.source.content:
            report("economics-missing", ("kind",), endpoint=endpoint.id)
    elif not draft.economics.ownership:
        report("ownership-missing", ("kind",), endpoint=endpoint.id)
    source = next((other for _, other in draft.endpoints if other.id == endpoint.life), None)
    if source is None:
        if endpoint.life not in draft.written_ids("endpoints"):
            report("endpoint-unknown", ("life",), endpoint=endpoint.life)
    elif not isinstance(source, component_life.Spec):
        report(
            "design-does-not-fit",
            ("life",),
            what=endpoint.life,
            design=endpoint.kind,
            remedy="name an endpoint of the kind component_life",
        )
    else:
        _lint_life(endpoint, source, draft, report)


def _lint_life(endpoint: Spec, source: component_life.Spec, draft: Draft, report: Report) -> None:
    """Report what does not go together with the life endpoint."""
    if source.test is None:
        report("ownership-needs-test", ("life",), life=source.id)
    if endpoint.downtime and source.form in draft.forms:
        check_rule(endpoint.downtime, draft.forms, source.form, report, ("downtime",),
                   gives="number")  # fmt: skip
    if endpoint.stops and source.form in draft.forms:
        check_rule(endpoint.stops, draft.forms, source.form, report, ("stops",))
    clocks = {clock.id: clock for clock in source.clocks}
    if endpoint.clock is not None and endpoint.clock not in clocks:
        report("clock-unknown", ("clock",), clock=endpoint.clock, clocks=", ".join(clocks))
        return
    clock = clocks[endpoint.clock or source.clocks[0].id]
    for site, inputs in (draft.economics.ownership if draft.economics else {}).items():
        if clock.unit != "days" and inputs.use_per_year is None:
            report("use-missing", ("clock",), site=site, unit=clock.unit)
        for name, arm in (("test", inputs.test), ("reference", inputs.reference)):
            if endpoint.downtime is None and arm.downtime_hours is None:
                report("downtime-missing", ("downtime",), site=site, component=name)
            elif endpoint.downtime and arm.downtime_hours is not None:
                report("downtime-twice", ("downtime",), site=site, component=name)
            without = arm.exchange_at is None and endpoint.stops is None
            if arm.exchange_downtime_hours is not None and without:
                given = f"{site}.{name}.exchange_downtime_hours"
                report("input-needs-other", ("kind",), input=given, other="exchange_at")


def analyze(endpoint: Spec, context: Context) -> None:
    """Record the lives, each site's costs of ownership, then the sites together."""
    protocol, recorder = context.data.protocol, context.recorder
    economics = protocol.economics
    source = protocol.endpoint(endpoint.life)
    assert economics is not None and isinstance(source, component_life.Spec)  # noqa: PT018, S101
    clock = clock_of(endpoint, protocol)
    lives = lives_of(source, clock, context)
    recorder.inputs = lives.sha256
    worn = {
        side: wear(lives, code, endpoint, source.form, context)
        for side, code in zip(SIDES, (1, 0), strict=True)
    }
    for side, known in worn.items():
        record_wear(side, known, clock, endpoint.level, recorder)
    frame = frame_of(economics)
    cases: dict[str, Case] = {}
    for site in context.data.site_names:
        group, money = {"site": site}, protocol.site(site).currency
        owned = economics.ownership.get(site)
        if owned is None:
            recorder.add("difference", None, group=group, unit=money, reason=NO_ECONOMICS)
            continue
        made = case(site, owned, worn, clock, frame, endpoint.draws, context.seed)
        if isinstance(made, NoCase):
            recorder.add("difference", None, group=group, unit=money, reason=made.reason)
            continue
        record_case(site, money, owned, worn, made, frame, endpoint, recorder)
        cases[site] = made
    _record_together(cases, economics, endpoint, context)


def _record_together(
    cases: dict[str, Case], economics: Economics, endpoint: Spec, context: Context
) -> None:
    """Record all sites together and without each, the worst site, and a further one."""
    import numpy as np

    from clinval.stats.roi import decision

    recorder, money = context.recorder, economics.reporting_currency
    if not cases:
        recorder.add("difference", None, unit=money, reason=_NO_CASE)
        return
    sites, protocol = len(cases), context.data.protocol
    expected: dict[str, dict[str, float]] = {}
    drawn: dict[str, dict[str, NDArray[np.float64]]] = {}
    for site, made in cases.items():
        currency = protocol.site(site).currency
        rate = 1.0 if currency == money else economics.exchange_rates[currency].value
        expected[site] = {side: float(made.center[side].cost.mean()) * rate for side in SIDES}
        drawn[site] = {side: made.draws[side].cost * rate for side in SIDES}
    for side in SIDES:
        group = {"component": side}
        total = sum(each[side] for each in expected.values())
        recorder.add("cost", total, group=group, unit=money, n=sites, method="cash_flow.npv")
        record_limits("cost", np.sum([each[side] for each in drawn.values()], axis=0), group,
                      money, endpoint.level, recorder, sites)  # fmt: skip
    differences = {site: each["test"] - each["reference"] for site, each in expected.items()}
    draws = {site: each["test"] - each["reference"] for site, each in drawn.items()}
    for omitted in ("", *(cases if sites > 1 else ())):
        group = {"without_site": omitted} if omitted else {}
        kept = [site for site in cases if site != omitted]
        record_difference(
            sum(differences[site] for site in kept),
            np.sum([draws[site] for site in kept], axis=0),
            group, money, endpoint.level, recorder, len(kept),
        )  # fmt: skip
    recorder.add("sites", sites, unit="sites", n=sites)
    cheaper = sum(1 for value in differences.values() if value < 0)
    recorder.add("sites_cheaper", cheaper, unit="sites", n=sites)
    worst = max(differences, key=lambda site: differences[site])
    recorder.add("worst_site", worst, n=sites)
    recorder.add("worst_difference", differences[worst], unit=money, n=sites)
    recorder.add("worst_probability_cheaper", float((draws[worst] < 0).mean()),
                 unit="proportion", n=endpoint.draws)  # fmt: skip
    every = np.array(list(differences.values()))
    limits = decision.further_site(every, endpoint.level) or (None, None)
    recorder.add("site_mean", float(every.mean()), unit=money, n=sites)
    for statistic, value in zip(("prediction_low", "prediction_high"), limits, strict=True):
        recorder.add(statistic, value, unit=money, n=sites, level=endpoint.level,
                     reason="fewer than two centers have a business case")  # fmt: skip


def clock_of(endpoint: Spec, protocol: Protocol) -> component_life.LifeClock:
    """Return the clock that lives are taken from."""
    source = protocol.endpoint(endpoint.life)
    assert isinstance(source, component_life.Spec)  # noqa: S101 - checked with the protocol
    first = source.clocks[0]
    return next((clock for clock in source.clocks if clock.id == endpoint.clock), first)
