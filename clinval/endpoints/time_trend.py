"""Times before and after the product came, with what else changed: trend, case mix, other rooms.

The reference arm is what was examined before, the test arm what was examined after. A product
that comes while times fall anyway is not the reason that they fell: each center's own trend goes
on through the change, and rooms without the product, where a study has some, are held beside it.

Records, by set: ``n``, ``n_before``, ``n_after``, ``days``, ``missing`` (rows without a time above
0, a date or a kind of examination), ``estimate`` (ratio after over before), ``ci_low``,
``ci_high``, ``p_equal`` (of a ratio of 1); over all centers also ``prediction_low``,
``prediction_high``, ``verdict``, and where something is to be shown ``bound_high`` (and
``bound_low`` of an equivalence) with ``p_value``; by
``site``: the same with ``trend`` (a month), ``trend_ci_low``, ``trend_ci_high`` and
``unadjusted``, or, beside rooms without the product, ``control_change`` and ``earlier_trend`` with
limits; with ``analysis: learning``: ``estimate`` (ratio a doubling of cases), limits, ``first``,
``last``, ``cases`` (the highest number), ``excess``. Where clock readings are used, what of them
was left out is recorded as :mod:`clinval.endpoints.clock_times` says, as ``time``.

Series: ``weeks`` (``site, room, week, time, n``: geometric means at the center's mix of kinds,
weeks counted from the day of the change), ``levels`` (``site, room, part, week, time``: the lines
of each center's model) and ``learning`` (``case, time, n``: means by doublings, centers and kinds
at one level).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field as Setting

from clinval.endpoints import clock_times, time_points
from clinval.endpoints.clock_times import ClockTimes, Screened
from clinval.endpoints.components import record_decision
from clinval.endpoints.hypothesis import Comparison, Hypothesis, Side, hypothesis
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Measured, rows_of
from clinval.protocol.base import Identifier, Words
from clinval.protocol.endpoint import Endpoint, Margin
from clinval.protocol.lint import lint_margin
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import TestResult
    from clinval.protocol.draft import Draft
    from clinval.protocol.forms import Form
    from clinval.stats.throughput.time_trend import (
        DifferenceInDifferences,
        InterruptedSeries,
        PooledSeries,
    )

    _Result: TypeAlias = DifferenceInDifferences | InterruptedSeries | PooledSeries

__all__ = ["Spec", "analyze", "lint"]

_LIMITS = {"estimate": "ratio", "ci_low": "ratio", "ci_high": "ratio", "p_value": "p"}
_RENAMED = {"p_value": "p_equal"}  # two-sided, of a ratio of 1: no p value against a margin
_PREDICTION = {"prediction_low": "ratio", "prediction_high": "ratio"}
_TREND = dict.fromkeys(("trend", "trend_ci_low", "trend_ci_high", "unadjusted"), "ratio")
_BESIDE = dict.fromkeys(
    (
        "control_change", "control_change_ci_low", "control_change_ci_high", "earlier_trend",
        "earlier_trend_ci_low", "earlier_trend_ci_high",
    ),
    "ratio",
)  # fmt: skip


class Spec(Endpoint):
    """Ratio of times after over before the product came, by center and over all centers."""

    form: Annotated[str, Setting(pattern=r"^F\d{2}$")] = "F05"
    measure: Words = "room_time_min"
    clock: ClockTimes | None = Setting(
        default=None, description="when the time began and ended, in place of measure; in minutes"
    )
    where: Words | None = None
    date: Identifier = Setting(
        default="acquisition_date", description="the field with the date of the examination"
    )
    case_mix: Identifier | None = Setting(
        default=None, description="the field with the kind of examination, adjusted for"
    )
    changed: Words | None = Setting(
        default=None,
        description="a rule that is true in rooms that get the product, where others do not",
    )
    comparison: Comparison = "estimation"
    margin: Margin | None = Setting(default=None, description="of the ratio, after over before")

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown of the ratio of times; below a margin of 0.5 is half the time."""
        return hypothesis(
            self.comparison, "lower_is_better", self.margin, scale="ratio", level=self.level
        )


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    form = draft.forms.get(endpoint.form)
    if form is None:
        if endpoint.form not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", ("form",), form=endpoint.form)
        return
    if draft.design is not None and draft.design.type != "parallel":
        report(
            "design-does-not-fit",
            ("kind",),
            what=endpoint.kind,
            design=draft.design.type,
            remedy="write type: parallel; the arms are what was examined before and after",
        )
    if "subject_id" not in form.keys:
        report("endpoint-form-keys", ("form",), form=form.id, key="subject_id")
    if endpoint.clock is None:
        check_rule(endpoint.measure, draft.forms, form.id, report, ("measure",), gives="number")
    else:
        clock_times.lint_clock(endpoint.clock, "clock", form, report)
        if "measure" in endpoint.model_fields_set:
            report("clock-and-entered", ("measure",), clock="clock", entered="measure")
    for name in ("where", "changed"):
        rule = getattr(endpoint, name)
        if rule:
            check_rule(rule, draft.forms, form.id, report, (name,))
    _lint_field(endpoint.date, "date", form, report)
    if endpoint.case_mix is not None:
        _lint_field(endpoint.case_mix, "case_mix", form, report)
    if endpoint.comparison == "estimation":
        return
    if endpoint.comparison != "superiority" or endpoint.margin is not None:
        lint_margin(endpoint.margin, draft, report, ("margin",), of=endpoint.id)


def _lint_field(name: str, key: str, form: Form, report: Report) -> None:
    """Report a field that the form has not, or that is no date where one is needed."""
    field = form.field(name)
    if field is None or (key == "date") != field.temporal or (key == "case_mix" and field.numeric):
        report("form-field-unknown", (key,), form=form.id, field=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    """One element an examination; ``day`` counts from any day, ``number`` from 1 in its center."""

    time: NDArray[np.float64]
    day: NDArray[np.float64]
    after: NDArray[np.float64]
    changed: NDArray[np.float64] | None
    kind: NDArray[np.intp] | None
    site: NDArray[np.intp]

    def of(self, mask: NDArray[np.bool_]) -> _Times:
        """Return the examinations of a mask."""
        return _Times(
            time=self.time[mask],
            day=self.day[mask],
            after=self.after[mask],
            changed=None if self.changed is None else self.changed[mask],
            kind=None if self.kind is None else self.kind[mask],
            site=self.site[mask],
        )

    def __len__(self) -> int:
        return len(self.time)


def analyze(endpoint: Spec, context: Context) -> None:
    """Record the ratio of each center, over all of them, and what was learnt with the product."""
    import numpy as np

    recorder = context.recorder
    every, usable, screened = _times(endpoint, context)
    times = every.of(usable)
    recorder.inputs = _sha256(times)
    courses: dict[str, list[dict[str, Any]]] = {"weeks": [], "levels": []}
    for index, name in enumerate(context.data.site_names):
        here = times.site == index
        group = {"site": name}
        missing = int(np.count_nonzero((every.site == index) & ~usable))
        recorder.add("missing", missing, group=group, unit="rows")
        result = _record(times.of(here), endpoint, context, group)
        _gather(times.of(here), name, result, courses)
    for series, rows in courses.items():
        if rows:
            recorder.points(series, {key: [row[key] for row in rows] for key in rows[0]})
    recorder.add("missing", int(np.count_nonzero(~usable)), unit="rows")
    _record_all(times, endpoint, context)
    _record_learning(times, endpoint, context)
    if endpoint.clock is not None or not screened.clean:
        clock_times.record(screened, "time", context)


def _times(endpoint: Spec, context: Context) -> tuple[_Times, NDArray[np.bool_], Screened]:
    """Return the examinations of the set, which have all that the model needs, and their times."""
    import numpy as np

    data, protocol = context.data, context.data.protocol
    reference, test = protocol.arm("reference"), protocol.arm("test")
    arms = (reference.id if reference else "", test.id if test else "")
    measured = Measured(
        id=endpoint.id, kind=endpoint.kind, role=endpoint.role, label=endpoint.label,
        set=endpoint.set, form=endpoint.form, where=endpoint.where, combine="each",
        measure=f"present({endpoint.clock.start})" if endpoint.clock else endpoint.measure,
    )  # fmt: skip
    screened = (
        clock_times.clock_times(endpoint.clock, measured, context, arms)
        if endpoint.clock
        else clock_times.entered_times(measured, context, arms)
    )
    rows = screened.rows
    member = context.member[rows.subject]
    day = data.column(endpoint.form, endpoint.date)[rows.row]
    usable = ~np.isnan(rows.value) & (np.nan_to_num(rows.value) > 0) & ~np.isnat(day)
    kind = changed = None
    if endpoint.case_mix is not None:
        kind = np.asarray(data.column(endpoint.form, endpoint.case_mix).codes)[rows.row]
        usable &= kind >= 0
    if endpoint.changed is not None:
        changed = rows_of(
            measured.model_copy(update={"measure": endpoint.changed}), data, arms
        ).value
        usable &= ~np.isnan(changed)
    every = _Times(
        time=rows.value,
        day=day.astype("datetime64[D]").astype(np.float64),
        after=rows.arm.astype(np.float64),
        changed=changed,
        kind=kind,
        site=data.site_of_subject[rows.subject],
    )
    return every.of(member), usable[member], screened


def _sha256(times: _Times) -> str:
    """Return the hash of the examinations, for the provenance of what is computed from them."""
    digest = hashlib.sha256()
    for array in (times.time, times.day, times.after, times.site, times.changed, times.kind):
        digest.update(b"" if array is None else array.tobytes())
    return digest.hexdigest()


def _gather(
    times: _Times,
    site: str,
    result: InterruptedSeries | DifferenceInDifferences,
    courses: dict[str, list[dict[str, Any]]],
) -> None:
    """Add the points of a center, where the product came, to those of the pictures."""
    mine = times.after == 1
    if times.changed is not None:
        mine &= times.changed == 1
    if not mine.any():
        return
    start, name = float(times.day[mine].min()), {"site": site}
    adjusted = time_points.at_one_mix(
        times.time, times.day, times.after, times.changed, times.kind, result
    )
    given = adjusted, times.day
    for row in time_points.weeks(*given, times.changed, start):
        courses["weeks"].append(name | row)
    for row in time_points.levels(*given, times.after, times.changed, start, result):
        courses["levels"].append(name | row)


def _record(
    times: _Times, endpoint: Spec, context: Context, group: dict[str, str]
) -> InterruptedSeries | DifferenceInDifferences:
    """Record the counts and the ratio of one center, and return the latter."""
    recorder, n = context.recorder, len(times)
    result = _of_center(times, endpoint)
    _record_counts(times, result.days, context, group)
    beside = _TREND if times.changed is None else _BESIDE
    recorder.result(result, _LIMITS | beside, group=group, n=n, rename=_RENAMED)
    return result


def _record_counts(times: _Times, days: int, context: Context, group: dict[str, str]) -> None:
    recorder, n = context.recorder, len(times)
    for statistic, value in (
        ("n", n),
        ("n_before", int((times.after == 0).sum())),
        ("n_after", int(times.after.sum())),
    ):
        recorder.add(statistic, value, group=group, unit="rows", n=n)
    recorder.add("days", days, group=group, unit="days", n=n)


def _of_center(times: _Times, endpoint: Spec) -> InterruptedSeries | DifferenceInDifferences:
    from clinval.stats.throughput import time_trend

    given = (times.time, times.day, times.after)
    if times.changed is None:
        return time_trend.interrupted_series(*given, case_mix=times.kind, level=endpoint.level)
    return time_trend.difference_in_differences(
        *given, times.changed, case_mix=times.kind, level=endpoint.level
    )


def _record_all(times: _Times, endpoint: Spec, context: Context) -> None:
    """Record the ratio over all centers, which differ at random."""
    import numpy as np

    from clinval.stats.throughput import time_trend

    recorder, n = context.recorder, len(times)
    whole = (times.time, times.day, times.after)
    days = len(np.unique(np.column_stack([times.site, times.day]), axis=0))
    _record_counts(times, days, context, {})
    result: _Result
    if len(np.unique(times.site)) < 2:
        result = _of_center(times, endpoint)
    elif times.changed is None:
        result = time_trend.interrupted_series_two_stage(
            *whole, times.site, case_mix=times.kind, level=endpoint.level
        )
    else:
        result = time_trend.difference_in_differences_two_stage(
            *whole, times.changed, times.site, case_mix=times.kind, level=endpoint.level
        )

    test = partial(_tested, result)
    record_decision(endpoint.hypothesis, result, test, "ratio", n, recorder)
    recorder.result(result, {"p_value": "p"}, n=n, rename=_RENAMED)
    if isinstance(result, time_trend.PooledSeries):
        recorder.result(result, _PREDICTION, n=n)


def _tested(result: _Result, side: Side, bound: float) -> TestResult:
    """Return the one-sided test that agrees with the interval: Student's t of the logarithm."""
    from scipy.special import stdtr

    from clinval.core.results import TestResult

    if result.estimate is None or not result.se or result.df is None:
        return TestResult(method=result.method, p_value=None, undefined=True, reason=result.reason)
    apart = math.log(result.estimate / bound) / result.se
    tail = stdtr(result.df, apart if side == "less" else -apart)
    return TestResult(method=result.method, p_value=float(tail))


def _record_learning(times: _Times, endpoint: Spec, context: Context) -> None:
    """Record how times with the product fall with the number of examinations done with it."""
    from clinval.stats.throughput import time_trend

    with_product = times.after == 1
    if times.changed is not None:
        with_product &= times.changed == 1
    mine = times.of(with_product)
    number = _numbers(mine)
    result = time_trend.learning_curve(
        mine.time, number, case_mix=mine.kind, center=mine.site, level=endpoint.level
    )
    context.recorder.result(
        result,
        _LIMITS | {"first": "", "last": "", "cases": "rows", "excess": "proportion"},
        group={"analysis": "learning"},
        n=len(mine),
        rename=_RENAMED,
    )
    if result.estimate is not None:
        points = time_points.learning(mine.time, number, mine.site, mine.kind, result.estimate)
        context.recorder.points("learning", points)


def _numbers(times: _Times) -> NDArray[np.float64]:
    """Return the place of each examination among those of its center, from 1.

    Those of one day have the number of the first of them: their order is not known.
    """
    import numpy as np

    order = np.lexsort((times.day, times.site))
    site, day = times.site[order], times.day[order]
    place = np.arange(len(times)) - np.searchsorted(site, site)
    same_day = (np.diff(site, prepend=-1) == 0) & (np.diff(day, prepend=np.nan) == 0)
    number = np.empty(len(times))
    number[order] = np.maximum.accumulate(np.where(same_day, 0, np.arange(len(times)))) - (
        np.arange(len(times)) - place
    )
    return number + 1
