"""How long components last, on calendar time and on use, and against a reference component.

Records, by statistic. ``{clock}`` is every clock of the protocol; ``component`` is ``test`` or
``reference``, where the endpoint has a rule ``test``:

* ``{}``: where components are compared, ``estimate`` (ratio of lives, test over reference, on the
  first clock) with ``ci_low`` and ``ci_high``, ``verdict``, and where something is to be shown
  ``bound_low`` or ``bound_high`` and ``p_value``;
* ``{clock}``, ``{clock, component}`` and ``{clock, site}``: ``n``, ``failures``, ``censored``,
  ``delayed`` (observed only from a later age on), ``time_in_service``, and what was left out:
  ``no_component``, ``no_time``, ``no_life``, ``no_cause``, ``no_entry``, ``late``;
* ``{clock}`` and ``{clock, component}``: ``median``, ``median_ci_low``, ``median_ci_high``; for
  each time of ``at``: ``survival.<time>``, ``survival_ci_low.<time>``,
  ``survival_ci_high.<time>``, ``at_risk.<time>``; Weibull: ``shape``, ``scale``, ``b10``, each with
  ``_ci_low`` and ``_ci_high`` (profile likelihood; with a ``limit`` and fewer than ``few_failures``
  parametric bootstrap, the method says which), and ``mean_life``; with a ``limit``, ``no_limit``:
  failures of which it is not known, which leave the profile likelihood;
* ``{clock}``, compared: ``life_ratio``, ``b10_ratio``, each with limits, ``life_ratio_p_value``,
  ``common_shape``, ``shape_p_value``, ``logrank_p_value``;
* ``{cause}`` with ``causes``: ``ended``, the components that ended with each cause.

Series: ``life.<clock>`` with ``component, time, survival, low, high, at_risk, failed, censored``,
a row a time at which something happened, ``failed`` counted up to then; ``weibull.<clock>`` with
``component, time, failed_share``, the points of a Weibull plot, one a failure time.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field as Setting

from clinval.endpoints.components import (
    Clock,
    Components,
    Lives,
    chosen_rows,
    lint_components,
    lives_of,
    record_decision,
)
from clinval.endpoints.hypothesis import Comparison, Hypothesis, Side, hypothesis, inverted_test
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.life_distribution import ends_of, record_distribution
from clinval.protocol.base import Identifier, Words
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import lint_margin
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    from clinval.core.results import TestResult
    from clinval.endpoints.recorder import Recorder
    from clinval.protocol.draft import Draft
    from clinval.stats.reliability.survival import WeibullComparison

__all__ = ["LifeClock", "Spec", "analyze", "lint"]

_RATIO = "life_ratio"


class LifeClock(Clock):
    """A clock, and the times on it at which survival is reported."""

    at: Annotated[tuple[Annotated[float, Setting(gt=0)], ...], Setting(strict=False)] = ()
    limit: Words | None = Setting(
        default=None,
        description="life that a component would have reached at the end of its observation had it "
        "not failed; with it few failures have bootstrap limits",
    )


class Spec(Components):
    """Survival and Weibull life of components; the first clock decides."""

    clocks: Annotated[tuple[LifeClock, ...], Setting(strict=False, min_length=1)]
    causes: Identifier | None = Setting(
        default=None, description="field of the form that says why a component is out of use"
    )
    few_failures: Annotated[int, Setting(ge=2, le=1000)] = Setting(
        default=20,
        description="failures below which the limits of a Weibull distribution are bootstrapped, "
        "on a clock that says its limit",
    )
    comparison: Comparison = "estimation"
    margin: Margin | None = Setting(default=None, description="of the ratio of lives, below 1")

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown of the ratio of lives, test over reference."""
        return hypothesis(
            self.comparison, "higher_is_better", self.margin, scale="ratio", level=self.level
        )


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    clocks: dict[tuple[str | int, ...], Clock] = {
        ("clocks", i): clock for i, clock in enumerate(endpoint.clocks)
    }
    lint_components(endpoint, clocks, draft, report)
    names = [clock.id for clock in endpoint.clocks]
    for index, name in enumerate(names):
        if name in names[:index]:
            report("item-twice", ("clocks", index, "id"), item=name)
    form = draft.forms.get(endpoint.form)
    for index, clock in enumerate(endpoint.clocks):
        if clock.limit and form is not None:
            place = ("clocks", index, "limit")
            check_rule(clock.limit, draft.forms, form.id, report, place, gives="number")
    if endpoint.causes and form is not None and form.field(endpoint.causes) is None:
        known = ", ".join(field.id for field in form.fields)
        report(
            "rule-column-unknown", ("causes",), form=form.id, column=endpoint.causes, close=known
        )
    if endpoint.comparison == "estimation":
        return
    if endpoint.test is None:
        report("key-missing", (), key="test")
    if endpoint.comparison != "superiority" or endpoint.margin is not None:
        lint_margin(endpoint.margin, draft, report, ("margin",), of=endpoint.id)


def analyze(endpoint: Spec, context: Context) -> None:
    """Record each clock: lives, curves, Weibull distributions, and test against reference."""
    for number, clock in enumerate(endpoint.clocks):
        lives = lives_of(endpoint, clock, context)
        context.recorder.inputs = lives.sha256
        if number == 0 and endpoint.test:
            _record_effect(lives, endpoint, context)
        compared, of_clock = endpoint.test is not None, {"clock": clock.id}
        for group, here, rows in lives.parts(compared=compared, sites=context.data.site_names):
            lives.record_counts(here, rows, of_clock | group, clock, context.recorder)
        _record_curves(lives, clock, endpoint, context)
        if endpoint.test:
            _record_comparison(lives, clock, endpoint, context)
    if endpoint.causes:
        _record_causes(endpoint.causes, endpoint, context)


def _record_effect(lives: Lives, endpoint: Spec, context: Context) -> None:
    """Record the ratio of lives on the first clock, and what it shows."""

    def test(side: Side, bound: float) -> TestResult:
        return inverted_test(partial(_compared, lives), side, bound)

    result = _compared(lives, endpoint.level)
    n = len(lives.time)
    record_decision(endpoint.hypothesis, result, test, _RATIO, n, context.recorder)


def _compared(lives: Lives, level: float) -> WeibullComparison:
    from clinval.stats.reliability import survival

    return survival.weibull_comparison(
        lives.time, lives.event, lives.component, entry=lives.entry, level=level
    )


def _record_curves(lives: Lives, clock: LifeClock, endpoint: Spec, context: Context) -> None:
    """Record curve and Weibull distribution of all, and of each component."""
    import numpy as np

    recorder = context.recorder
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            "component", "time", "survival", "low", "high", "at_risk", "failed", "censored",
        )
    }  # fmt: skip
    points: dict[str, list[Any]] = {"component": [], "time": [], "failed_share": []}
    limits = ends_of(lives, clock.limit, endpoint.form, context)
    for group, here, _ in lives.parts(compared=endpoint.test is not None):
        given = lives.time[here], lives.event[here], lives.entry[here]
        whole = {"clock": clock.id} | group
        _record_life(given, clock, whole, endpoint.level, recorder)
        ends = None if limits is None else limits[here]
        few = endpoint.few_failures
        record_distribution(given, ends, clock, whole, endpoint.level, few, context)
        if endpoint.test and "component" not in group:
            continue
        # where observation begins late, the number at risk grows there
        times = np.unique(np.concatenate([given[0], given[2][given[2] > 0]]))
        place = np.searchsorted(times, given[0])
        curve = _curve(given, times, endpoint.level)
        name = [group.get("component", "")] * len(times)
        columns["component"] += name
        columns["time"] += times.tolist()
        columns["survival"] += curve.survival
        columns["low"] += curve.survival_ci_low
        columns["high"] += curve.survival_ci_high
        columns["at_risk"] += curve.at_risk
        columns["failed"] += curve.failed
        columns["censored"] += np.bincount(place, 1 - given[1], len(times)).astype(int).tolist()
        failed = np.bincount(place, given[1], len(times)) > 0
        # a point lies half way up its step, so that the last one has a share below 1
        survival = np.array([1.0, *curve.survival], dtype=np.float64)
        share = 1 - (survival[1:] + survival[:-1]) / 2
        points["component"] += [group.get("component", "")] * int(failed.sum())
        points["time"] += times[failed].tolist()
        points["failed_share"] += share[failed].tolist()
    if columns["time"]:
        recorder.points(f"life.{clock.id}", columns)
    if points["time"]:
        recorder.points(f"weibull.{clock.id}", points)


def _curve(given: tuple[Any, Any, Any], at: Any, level: float) -> Any:
    from clinval.stats.reliability import survival

    time, event, entry = given
    return survival.kaplan_meier(time, event, entry=entry, at=at, level=level)


def _record_life(
    given: tuple[Any, Any, Any],
    clock: LifeClock,
    group: dict[str, str],
    level: float,
    recorder: Recorder,
) -> None:
    n = len(given[0])
    curve = _curve(given, clock.at, level)
    recorder.result(
        curve,
        dict.fromkeys(("estimate", "ci_low", "ci_high"), clock.unit),
        rename={"estimate": "median", "ci_low": "median_ci_low", "ci_high": "median_ci_high"},
        group=group,
        n=n,
    )
    for i, at in enumerate(clock.at):
        for statistic, values in (
            ("survival", curve.survival),
            ("survival_ci_low", curve.survival_ci_low),
            ("survival_ci_high", curve.survival_ci_high),
        ):
            recorder.add(
                f"{statistic}.{at:g}", values[i], group=group, unit="proportion", n=n,
                method=curve.method, level=level if "ci" in statistic else None,
                reason="a time lies beyond the last observation",
            )  # fmt: skip
        recorder.add(f"at_risk.{at:g}", curve.at_risk[i], group=group, unit="components", n=n)


def _record_comparison(lives: Lives, clock: Clock, endpoint: Spec, context: Context) -> None:
    """Record the ratios of lives on one clock, with the test of a common shape."""
    from clinval.stats.comparison import time_to_event

    recorder, group, n = context.recorder, {"clock": clock.id}, len(lives.time)
    result = _compared(lives, endpoint.level)
    ratios = {"estimate": "life_ratio", "ci_low": "life_ratio_ci_low",
              "ci_high": "life_ratio_ci_high", "p_value": "life_ratio_p_value"}  # fmt: skip
    units = dict.fromkeys(("estimate", "ci_low", "ci_high"), _RATIO)
    units |= dict.fromkeys(("b10_ratio", "b10_ratio_ci_low", "b10_ratio_ci_high"), _RATIO)
    units |= {"common_shape": "", "p_value": "p", "shape_p_value": "p"}
    recorder.result(result, units, rename=ratios, group=group, n=n)
    if lives.entry.any():
        recorder.add(
            "logrank_p_value", None, group=group, unit="p", n=n,
            method="time_to_event.logrank_test", reason="components were observed from a later age",
        )  # fmt: skip
        return
    test = time_to_event.logrank_test(lives.time, lives.event, lives.component)
    recorder.result(test, {"p_value": "p"}, rename={"p_value": "logrank_p_value"}, group=group, n=n)


def _record_causes(field: str, endpoint: Spec, context: Context) -> None:
    """Record how many components ended with each cause, the chosen rows of the form."""
    import numpy as np

    column = context.data.column(endpoint.form, field)
    codes = np.asarray(column.codes)[chosen_rows(endpoint, context)]
    for code, name in enumerate(column.categories):
        number = int((codes == code).sum())
        context.recorder.add("ended", number, group={"cause": str(name)}, unit="components")
