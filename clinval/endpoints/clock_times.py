"""Times of examinations: from clock readings on a form, or as they were entered.

What cannot be a duration is left out and counted, never mended: an end that does not come after
its start, a time that the clocks of the site skipped, a duration longer than can be right. A time
of day without a date ran past midnight where its end lies before its start; with a date, the
clocks are those of the site's time zone, through every change of them.

Records of what was screened, ``<time>`` being ``scan``, ``room`` or ``time``, over all sites, by
``site`` and by ``arm``, in rows: ``<time>.rows`` = ``<time>.used`` + ``<time>.missing`` +
``<time>.negative`` + ``<time>.skipped`` + ``<time>.too_long``; of those used ``<time>.midnight``
and ``<time>.clock_change``. Times that were entered have them only where one is negative.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Measured, Rows, rows_of
from clinval.protocol.base import Identifier, Section

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.forms import Form
    from clinval.study.data import StudyData

__all__ = ["ClockTimes", "Screened", "clock_times", "entered_times", "lint_clock", "record"]

_COUNTS = (
    "rows", "used", "missing", "negative", "skipped", "too_long", "midnight", "clock_change",
)  # fmt: skip
_TYPES = ("time", "datetime")
_SECONDS = 60.0


class ClockTimes(Section):
    """The fields of a form that hold when something began and when it ended.

    Both of type ``datetime`` (local times of the site), or both of type ``time``.
    """

    start: Identifier
    end: Identifier
    longest_minutes: Annotated[float, Setting(gt=0, le=1440)] = Setting(
        description="the longest time that can be right; what is longer is left out and counted"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """Rows with their times in minutes, NaN where there is none, and what was left out."""

    rows: Rows
    counts: dict[tuple[str, str], Counter[str]]
    """By site and arm."""

    @property
    def clean(self) -> bool:
        """Whether no time was negative."""
        return not any(count["negative"] for count in self.counts.values())


def lint_clock(clock: ClockTimes, key: str, form: Form, report: Report) -> None:
    """Report fields that the form has not, and fields that hold no times or not the same kind."""
    types = set()
    for name in ("start", "end"):
        field = form.field(getattr(clock, name))
        if field is None or field.type not in _TYPES:
            report("clock-field", (key, name), form=form.id, field=getattr(clock, name))
        else:
            types.add(field.type)
    if len(types) > 1 or clock.start == clock.end:
        report("clock-fields-differ", (key, "end"), start=clock.start, end=clock.end)


def clock_times(
    clock: ClockTimes, measured: Measured, context: Context, arms: tuple[str, ...]
) -> Screened:
    """Return the rows of an endpoint with the minutes between their clock readings.

    Parameters
    ----------
    clock
        The fields.
    measured
        Says which form and rows; its measure may be any.
    context
        The data and the set; rows of other subjects have no time.
    arms
        Ids of the arms.
    """
    import numpy as np

    from clinval.stats.throughput import duration

    data = context.data
    rows = rows_of(measured, data, arms, keyed=True)
    start, end = (
        _readings(data, measured.form, name)[rows.row] for name in (clock.start, clock.end)
    )
    dated = _is_dated(data, measured.form, clock.start)
    minutes = np.full(len(rows.value), np.nan)
    counts = {}
    for place, here in _cells(rows, context, arms):
        zone = data.protocol.site(place[0]).time_zone if dated else None
        found = duration.screened(
            start[here].tolist(), end[here].tolist(),
            timezone=zone, longest=clock.longest_minutes * _SECONDS,
        )  # fmt: skip
        seconds = np.array(found.durations, dtype=np.float64)
        none = int(np.count_nonzero(seconds == 0))  # both readings alike, or dates without a time
        minutes[here] = np.where(seconds > 0, seconds / _SECONDS, np.nan)
        counts[place] = Counter(
            rows=found.n, used=found.n_used - none, missing=found.missing + found.unreadable,
            negative=found.negative + none, skipped=found.skipped, too_long=found.too_long,
            midnight=found.midnight_crossings, clock_change=found.clock_changes,
        )  # fmt: skip
    return Screened(rows=_with(rows, minutes), counts=counts)


def entered_times(measured: Measured, context: Context, arms: tuple[str, ...]) -> Screened:
    """Return the rows of an endpoint with the times that its measure gives; no negative ones."""
    import numpy as np

    rows = rows_of(measured, context.data, arms, keyed=True)
    value = rows.value
    counts = {}
    for place, here in _cells(rows, context, arms):
        missing, negative = (int(np.count_nonzero(part)) for part in (
            np.isnan(value[here]), value[here] < 0
        ))  # fmt: skip
        size = int(np.count_nonzero(here))
        counts[place] = Counter(
            rows=size, used=size - missing - negative, missing=missing, negative=negative
        )
    return Screened(rows=_with(rows, np.where(value < 0, np.nan, value)), counts=counts)


def record(screened: Screened, time: str, context: Context) -> None:
    """Record how many rows were used and why the others were not: of all, by site, by arm."""
    sites, arms = context.data.site_names, [arm.id for arm in context.data.protocol.arms]
    groups: list[dict[str, str]] = [{}, *({"site": site} for site in sites)]
    groups += [{"arm": arm} for arm in arms]
    for group in groups:
        total: Counter[str] = Counter()
        for (site, arm), counted in screened.counts.items():
            if group.get("site", site) == site and group.get("arm", arm) == arm:
                total.update(counted)
        for name in _COUNTS:
            context.recorder.add(
                f"{time}.{name}", total[name], group=group, unit="rows", method="duration.screened"
            )


def _cells(
    rows: Rows, context: Context, arms: tuple[str, ...]
) -> list[tuple[tuple[str, str], NDArray[np.bool_]]]:
    """Return the rows of subjects of the set, by site and arm, where there are some."""
    data = context.data
    site, member = data.site_of_subject[rows.subject], context.member[rows.subject]
    cells = []
    for index, name in enumerate(data.site_names):
        for number, arm in enumerate(arms):
            here = member & (site == index) & (rows.arm == number)
            if here.any():
                cells.append(((name, arm), here))
    return cells


def _with(rows: Rows, value: NDArray[np.float64]) -> Rows:
    return Rows(value=value, subject=rows.subject, arm=rows.arm, key=rows.key, row=rows.row)


def _is_dated(data: StudyData, form: str, name: str) -> bool:
    field = data.protocol.form(form).field(name)
    return field is not None and field.type == "datetime"


def _readings(data: StudyData, form: str, name: str) -> NDArray[np.object_]:
    """Return a column of clock readings as texts with seconds, None where there is none."""
    import numpy as np

    column = data.column(form, name)
    if _is_dated(data, form, name):
        texts = np.datetime_as_string(column, unit="s").astype(object)
        texts[np.isnat(column)] = None
        dated: NDArray[np.object_] = texts
        return dated
    spelled = [text if text.count(":") > 1 else f"{text}:00" for text in column.categories]
    found: NDArray[np.object_] = np.array([*spelled, None], dtype=object)[column.codes]
    return found  # the code of missing is -1, the last place
