"""What a failure rate leaves out: whether it changes with time, and survival of a mission.

Cumulative time is that of all components together, on the calendar: at a failure, what each of them
had been in service under observation by that day. Where a fleet grows, failures on the calendar
become more frequent although each component does not; on cumulative time they do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.endpoints.components import Clock, Lives
from clinval.endpoints.kind import Context, Report
from clinval.protocol.base import Identifier, Section, Text

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft

__all__ = [
    "Growth",
    "Mission",
    "cumulative_times",
    "lint_growth",
    "record_growth",
    "record_mission",
]

_ALLOWED = range(4)
_ZERO = "failure_rate.demonstration_binomial"


class Growth(Section):
    """Where the calendar of a component begins."""

    began: Identifier = Setting(
        description="the field with the date from which the clock of the component counts"
    )


class Mission(Section):
    """The share of components that is to survive a time, one-sided, and the plan that shows it.

    With ``units`` and ``shape`` the time that so many units would have to run without a failure is
    planned, too.
    """

    reliability: Annotated[float, Setting(gt=0, lt=1)]
    time: Annotated[float, Setting(gt=0)] = Setting(description="in the unit of the clock")
    level: Annotated[float, Setting(gt=0.5, lt=1)] = 0.95
    units: Annotated[int, Setting(ge=1)] | None = Setting(
        default=None, description="units that a demonstration would have"
    )
    shape: Annotated[float, Setting(gt=0)] | None = Setting(
        default=None, description="Weibull shape that the plan assumes"
    )
    source: Text | None = None


def lint_growth(growth: Growth, clock: Clock, form_id: str, draft: Draft, report: Report) -> None:
    """Report a clock that does not count days, and a field that is no date."""
    if clock.unit != "days":
        report("growth-not-days", ("growth",), unit=clock.unit)
    form = draft.forms.get(form_id)
    if form is None:
        return
    field = form.field(growth.began)
    if field is None or field.type != "date":
        dates = ", ".join(each.id for each in form.fields if each.type == "date")
        report("growth-no-date", ("growth", "began"), field=growth.began, form=form_id, dates=dates)


def cumulative_times(
    begun: NDArray[np.float64], lives: Lives, here: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float]:
    """Return the cumulative time at each failure, sorted, and that of the end of observation.

    Parameters
    ----------
    begun
        Day on which the clock of each life began, NaN where nobody knows.
    lives, here
        The lives, and which of them count.
    """
    import numpy as np

    used = here & ~np.isnan(begun)
    start = begun[used] + lives.entry[used]
    length = lives.time[used] - lives.entry[used]
    failed = begun[used] + lives.time[used]
    at = np.sort(failed[lives.event[used] == 1])
    served = np.clip(at[:, None] - start, 0, length).sum(axis=1)
    return served, float(length.sum())


def record_growth(
    growth: Growth, lives: Lives, form: str, level: float, compared: bool, context: Context
) -> None:
    """Record the power law of failures over cumulative time, and the test of a trend."""
    import numpy as np

    from clinval.stats.reliability import failure_rate

    recorder = context.recorder
    dates = np.asarray(context.data.column(form, growth.began))[lives.row]
    days = dates.astype("datetime64[D]").astype(np.float64)
    begun = np.where(np.isnat(dates), np.nan, days)
    points: dict[str, list[Any]] = {"component": [], "time": [], "failures": [], "expected": []}
    for group, here, _ in lives.parts(compared=compared):
        times, end = cumulative_times(begun, lives, here)
        n = int((here & ~np.isnan(begun)).sum())
        recorder.add("no_start", int(here.sum()) - n, group=group, unit="components", n=n)
        times = np.minimum(times, end)
        law = failure_rate.crow_amsaa(times, end_time=end or 1.0, level=level)
        trend = failure_rate.laplace_trend(times, end_time=end or 1.0)
        units = dict.fromkeys(("shape", "shape_modified", "shape_ci_low", "shape_ci_high"), "")
        units |= {"mtbf_end": "days", "mtbf_end_modified": "days"}
        names = {name: f"growth_{name}" for name in units}
        recorder.result(law, units, group=group, n=n, rename=names)
        recorder.result(
            trend, {"statistic": "", "p_value": "p"}, group=group, n=n,
            rename={"statistic": "laplace_statistic", "p_value": "laplace_p_value"},
        )  # fmt: skip
        if compared and "component" not in group:
            continue
        scale = law.scale or 0.0
        points["component"] += [group.get("component", "")] * len(times)
        points["time"] += times.tolist()
        points["failures"] += list(range(1, len(times) + 1))
        points["expected"] += (
            (scale * times**law.shape).tolist() if law.shape is not None else [None] * len(times)
        )
    if points["time"]:
        recorder.points("growth", points)


def record_mission(
    mission: Mission, lives: Lives, mine: NDArray[np.bool_], clock: Clock, context: Context
) -> None:
    """Record whether the components survive the mission, and what would demonstrate it."""
    from clinval.stats.reliability import failure_rate, survival

    recorder, n = context.recorder, int(mine.sum())
    recorder.add("mission_reliability", mission.reliability, unit="proportion")
    recorder.add("mission_time", mission.time, unit=clock.unit)
    curve = survival.kaplan_meier(
        lives.time[mine], lives.event[mine], entry=lives.entry[mine], at=[mission.time],
        level=2 * mission.level - 1,
    )  # fmt: skip
    share, lower, method = curve.survival[0], curve.survival_ci_low[0], curve.method
    if share == 1 and curve.at_risk[0]:
        # nothing failed: the bound is that of so many units that ran through
        lower, method = (1 - mission.level) ** (1 / curve.at_risk[0]), _ZERO
    shown = None if lower is None else "met" if lower >= mission.reliability else "not_met"
    beyond = "a time lies beyond the last observation"
    for statistic, value, unit in (
        ("mission_survival", share, "proportion"),
        ("mission_lower_bound", lower, "proportion"),
        ("mission_shown", shown, ""),
    ):
        recorder.add(
            statistic, value, unit=unit, n=n, method=method, reason=beyond,
            level=mission.level if statistic == "mission_lower_bound" else None,
        )  # fmt: skip
    recorder.add("mission_at_risk", curve.at_risk[0], unit="components", n=n)
    for allowed in _ALLOWED:
        size = failure_rate.demonstration_binomial(
            mission.reliability, failures=allowed, level=mission.level
        )
        recorder.add(f"mission_units.{allowed}", size.sample_size, unit="components",
                     method=size.method, level=mission.level)  # fmt: skip
    if mission.units is not None and mission.shape is not None:
        plan = failure_rate.demonstration_weibull(
            mission.reliability, mission.shape, mission.units, mission.time, level=mission.level
        )
        recorder.add("mission_test_time", plan.test_time, unit=clock.unit, method=plan.method,
                     level=mission.level)  # fmt: skip
