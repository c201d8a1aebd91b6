"""How often components fail in service: rate and mean time between failures, and what they show.

Records, by statistic; ``component`` is ``test`` or ``reference``, where the endpoint has a rule
``test``:

* ``{}``, ``{component}`` and ``{site}``: ``n`` components, ``failures``, ``time_in_service``, and
  what was left out: ``no_component``, ``no_time``, ``no_life``, ``no_cause``, ``no_entry``,
  ``late``;
* ``{}`` and ``{component}``: ``rate`` (failures in ``per`` units of time) with ``rate_ci_low`` and
  ``rate_ci_high``; ``mtbf`` with ``mtbf_ci_low`` and ``mtbf_ci_high``, and
  ``mtbf_lower_bound`` (one-sided);
* ``{}``, compared: ``estimate`` (ratio of rates, test over reference) with ``ci_low`` and
  ``ci_high``, ``verdict``, and where something is to be shown ``bound_low`` or ``bound_high`` and
  ``p_value``;
* with ``target``, for the components under test, or all: ``target``, ``target_bound`` (one-sided),
  ``target_shown`` (met or not_met), and for 0, 1, 2, 3 failures that are allowed
  ``demonstration.<failures>``, the time in service that a demonstration of the target needs;
* with ``mission``, for the same components: ``mission_reliability``, ``mission_time``,
  ``mission_survival`` (Kaplan and Meier) with ``mission_lower_bound`` (one-sided),
  ``mission_at_risk``, ``mission_shown``, for 0, 1, 2, 3 failures ``mission_units.<failures>`` that
  a demonstration needs, and with ``units`` and ``shape`` ``mission_test_time`` (of each, none
  failing);
* with ``growth``, ``{}`` and ``{component}``: ``no_start`` (components without the date),
  ``growth_shape`` of the power law (below 1: failures become rarer) with ``_ci_low`` and
  ``_ci_high``, ``growth_shape_modified``, ``growth_mtbf_end``, ``growth_mtbf_end_modified`` (at the
  end of observation), ``laplace_statistic``, ``laplace_p_value``.

Series: ``growth`` with ``component, time, failures, expected``, a row a failure, over the time in
service of all components together.
"""

from __future__ import annotations

from functools import partial
from operator import mul
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.endpoints.components import (
    Clock,
    Components,
    Lives,
    lint_components,
    lives_of,
    record_decision,
)
from clinval.endpoints.failure_trend import (
    Growth,
    Mission,
    lint_growth,
    record_growth,
    record_mission,
)
from clinval.endpoints.hypothesis import Comparison, Hypothesis, Side, hypothesis
from clinval.endpoints.kind import Context, Report
from clinval.protocol.base import Section, Text
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import lint_margin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import TestResult
    from clinval.protocol.draft import Draft

__all__ = ["Spec", "Target", "analyze", "lint"]

_RATIO = "rate_ratio"
_ALLOWED = range(4)


class Target(Section):
    """The mean time between failures that is to be demonstrated, one-sided."""

    mtbf: Annotated[float, Setting(gt=0)]
    level: Annotated[float, Setting(gt=0.5, lt=1)] = 0.95
    source: Text | None = None


class Spec(Components):
    """Failures over time in service, alone or against a reference component."""

    clock: Clock
    per: Annotated[float, Setting(gt=0)] = Setting(
        default=1000.0, description="time in service that the failure rate is printed for"
    )
    comparison: Comparison = "estimation"
    margin: Margin | None = Setting(default=None, description="of the ratio of rates, above 1")
    target: Target | None = None
    mission: Mission | None = None
    growth: Growth | None = Setting(
        default=None, description="whether failures become rarer or more frequent is asked, too"
    )

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown of the ratio of rates, test over reference."""
        return hypothesis(
            self.comparison, "lower_is_better", self.margin, scale="ratio", level=self.level
        )


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_components(endpoint, {("clock",): endpoint.clock}, draft, report)
    if endpoint.growth is not None:
        lint_growth(endpoint.growth, endpoint.clock, endpoint.form, draft, report)
    mission = endpoint.mission
    if mission is not None and (mission.units is None) != (mission.shape is None):
        given, missing = ("units", "shape") if mission.units else ("shape", "units")
        report("input-needs-other", ("mission", given), input=given, other=missing)
    if endpoint.comparison == "estimation":
        return
    if endpoint.test is None:
        report("key-missing", (), key="test")
    if endpoint.comparison != "superiority" or endpoint.margin is not None:
        lint_margin(endpoint.margin, draft, report, ("margin",), of=endpoint.id)


def analyze(endpoint: Spec, context: Context) -> None:
    """Record rates of all, of each component and of each site, and the ratio of rates."""
    import numpy as np

    lives = lives_of(endpoint, endpoint.clock, context)
    recorder = context.recorder
    recorder.inputs = lives.sha256
    for group, here, rows in lives.parts(
        compared=endpoint.test is not None, sites=context.data.site_names
    ):
        lives.record_counts(here, rows, group, endpoint.clock, recorder)
        if "site" not in group:
            _record_rate(lives, here, group, endpoint, context)
    if endpoint.test:
        _record_ratio(lives, endpoint, context)
    mine = lives.component == 1 if endpoint.test else np.ones(len(lives.time), dtype=bool)
    if endpoint.mission:
        record_mission(endpoint.mission, lives, mine, endpoint.clock, context)
    if endpoint.growth:
        compared = endpoint.test is not None
        record_growth(endpoint.growth, lives, endpoint.form, endpoint.level, compared, context)
    if endpoint.target:
        _record_target(lives, mine, endpoint.target, endpoint, context)


def _record_rate(
    lives: Lives,
    here: NDArray[np.bool_],
    group: dict[str, str],
    endpoint: Spec,
    context: Context,
) -> None:
    from clinval.stats.reliability import failure_rate

    recorder, unit, n = context.recorder, endpoint.clock.unit, int(here.sum())
    failures, served = lives.exposure(here)
    rate = failure_rate.exact_poisson(failures, served, level=endpoint.level)
    mtbf = failure_rate.mtbf_chi_square(served, failures, level=endpoint.level)
    bound = failure_rate.mtbf_lower_bound(served, failures, level=endpoint.level)
    for result, name, of, scale in (
        (rate, "rate", f"failures/{endpoint.per:g} {unit}", endpoint.per),
        (mtbf, "mtbf", unit, 1.0),
    ):
        recorder.result(
            result,
            dict.fromkeys(("estimate", "ci_low", "ci_high"), of),
            rename={"estimate": name, "ci_low": f"{name}_ci_low", "ci_high": f"{name}_ci_high"},
            group=group,
            n=n,
            transform=partial(mul, scale),
        )
    recorder.result(
        bound, {"ci_low": unit}, rename={"ci_low": "mtbf_lower_bound"}, group=group, n=n
    )


def _record_ratio(lives: Lives, endpoint: Spec, context: Context) -> None:
    """Record the ratio of rates and what it shows; the test agrees with the interval."""
    from clinval.stats.reliability import rate_ratio

    n = len(lives.time)
    counts = (*lives.exposure(lives.component == 1), *lives.exposure(lives.component == 0))
    result = rate_ratio.exact_conditional(*counts, level=endpoint.level)

    def test(side: Side, bound: float) -> TestResult:
        return rate_ratio.exact_conditional_test(*counts, margin=bound, alternative=side)

    record_decision(endpoint.hypothesis, result, test, _RATIO, n, context.recorder)


def _record_target(
    lives: Lives, mine: NDArray[np.bool_], target: Target, endpoint: Spec, context: Context
) -> None:
    """Record whether the data demonstrate the target, and what a demonstration needs."""
    from clinval.stats.reliability import failure_rate

    recorder, unit = context.recorder, endpoint.clock.unit
    failures, served = lives.exposure(mine)
    recorder.add("target", target.mtbf, unit=unit)
    found = failure_rate.mtbf_lower_bound(served, failures, level=target.level)
    recorder.result(found, {"ci_low": unit}, rename={"ci_low": "target_bound"}, n=int(mine.sum()))
    bound = found.ci_low
    shown = None if bound is None else "met" if bound >= target.mtbf else "not_met"
    recorder.add("target_shown", shown, reason="no time in service")
    for allowed in _ALLOWED:
        plan = failure_rate.demonstration_exponential(
            target.mtbf, failures=allowed, level=target.level
        )
        recorder.add(
            f"demonstration.{allowed}", plan.total_time, unit=unit, method=plan.method,
            level=target.level,
        )  # fmt: skip
