"""Throughput by site: from scan time to room time to exams a day.

Scan time is not room time: only the scanning part of an exam gets shorter. Room time is measured
where the study measures it; otherwise the scan minutes saved are taken off today's room time. And
an exam more a day needs a whole slot: minutes that do not add up to one are reported, not counted.

Times are minutes and seconds that were entered, or clock readings: what of them was left out, and
why, is recorded as :mod:`clinval.endpoints.clock_times` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.endpoints import clock_times
from clinval.endpoints.clock_times import ClockTimes, Screened
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Measured, combined
from clinval.protocol.base import Words
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft
    from clinval.stats.comparison.mean_difference import MeanDifference, RandomSiteDifference

__all__ = [
    "NOT_ANSWERED",
    "NO_ECONOMICS",
    "NO_ROOM_TIME",
    "NO_SLOT",
    "NO_TIMES",
    "SiteTimes",
    "Spec",
    "analyze",
    "lint",
    "measure",
    "sha256",
]

NO_ECONOMICS = "no economic inputs were given"
NOT_ANSWERED = "the finance form does not answer what the business case needs"
NO_ROOM_TIME = "no room time is known"
NO_SLOT = "the slot would have no length"
NO_TIMES = "no subject has both times"

_SECONDS = 60.0


class Spec(Endpoint):
    """Room minutes and exams a day by site, test against reference, of a paired design."""

    form: Annotated[str, Setting(pattern=r"^F\d{2}$")] = "F05"
    scan_seconds: Words = "scan_time_s"
    room_minutes: Words | None = Setting(
        default=None, description="the field that measures room time, where the study measures it"
    )
    scan_clock: ClockTimes | None = Setting(
        default=None, description="when the scan began and ended, in place of scan_seconds"
    )
    room_clock: ClockTimes | None = Setting(
        default=None, description="when the room was entered and left, in place of room_minutes"
    )
    where: Words | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTimes:
    """One site's times; ``saved`` are room minutes an exam, one element a subject.

    ``pairs`` has the reference and the test time of each of them, room minutes where the study
    measures them, otherwise scan seconds. ``missing`` are the subjects of the set without both
    times. A time that nobody knows is NaN.
    """

    site: str
    reference_scan: float
    test_scan: float
    reference_room: float
    saved: NDArray[np.float64]
    pairs: NDArray[np.float64]
    measured: bool
    missing: int


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    form = draft.forms.get(endpoint.form)
    if form is None:
        if endpoint.form not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", ("form",), form=endpoint.form)
        return
    if draft.design is not None and not draft.design.paired:
        report(
            "design-does-not-fit",
            ("kind",),
            what=endpoint.kind,
            design=draft.design.type,
            remedy="throughput compares two acquisitions of the same subject",
        )
    for key in ("subject_id", "arm"):
        if key not in form.keys:
            report("endpoint-form-keys", ("form",), form=form.id, key=key)
    for clock, entered in (("scan_clock", "scan_seconds"), ("room_clock", "room_minutes")):
        given = getattr(endpoint, clock)
        if given is not None:
            clock_times.lint_clock(given, clock, form, report)
            if entered in endpoint.model_fields_set:
                report("clock-and-entered", (entered,), clock=clock, entered=entered)
        elif getattr(endpoint, entered):
            rule = getattr(endpoint, entered)
            check_rule(rule, draft.forms, form.id, report, (entered,), gives="number")
    if endpoint.where:
        check_rule(endpoint.where, draft.forms, form.id, report, ("where",))
    if draft.economics is None:
        if "economics" not in draft.source.content:
            report("economics-missing", ("kind",), endpoint=endpoint.id)
    elif not _measures_room(endpoint) and any(
        site.room_minutes_per_exam is None for site in draft.economics.sites.values()
    ):
        report("input-room-time-missing", ("room_minutes",), endpoint=endpoint.id)


def analyze(endpoint: Spec, context: Context) -> None:
    """Record times, minutes saved and exams a day, by site and over all sites."""
    recorder = context.recorder
    times, screened = _measured(endpoint, context)
    recorder.inputs = sha256(times)
    for site in times:
        _record_site(site, endpoint, context)
        _record_capacity(site, endpoint, context)
    _record_together(times, endpoint, context)
    _record_pairs(times, context)
    for name, found in screened.items():
        if getattr(endpoint, f"{name}_clock") is not None or not found.clean:
            clock_times.record(found, name, context)


def _record_pairs(times: list[SiteTimes], context: Context) -> None:
    """Record the points of the figure: both times of each subject."""
    import numpy as np

    pairs = np.concatenate([site.pairs for site in times])
    if len(pairs):
        name = [site.site for site in times for _ in site.saved]
        columns = {"site": name, "reference": pairs[:, 0], "test": pairs[:, 1]}
        context.recorder.points("pairs", columns)


def _record_together(times: list[SiteTimes], endpoint: Spec, context: Context) -> None:
    """Record the minutes saved over all sites, without each, and how far the sites vary."""
    import numpy as np

    from clinval.stats.centers import heterogeneity

    recorder = context.recorder
    every = [site for site in times if len(site.saved)]
    saved = np.concatenate([site.saved for site in every]) if every else np.empty(0)
    label = np.repeat(np.arange(len(every)), [len(site.saved) for site in every])
    limits = {"estimate": "min", "ci_low": "min", "ci_high": "min"}
    names = {"estimate": "saved", "ci_low": "saved_ci_low", "ci_high": "saved_ci_high"}
    recorder.add("n", len(saved), unit="subjects", n=len(saved))
    recorder.add("missing", sum(site.missing for site in times), unit="subjects")
    if len(saved) < 2:
        recorder.add("saved", None, unit="min", reason="fewer than two subjects with both times")
        return
    pooled = _pooled(saved, label, endpoint)
    recorder.result(pooled, limits, rename=names, n=len(saved))
    for omitted, site in enumerate(every if len(every) > 1 else ()):
        rest, group = label != omitted, {"without_site": site.site}
        without = _pooled(saved[rest], label[rest], endpoint)
        recorder.result(without, limits, rename=names, group=group, n=int(rest.sum()))
    means = [_mean_saved(site, endpoint) for site in every]
    precise = [(mean.estimate, mean.se) for mean in means if mean.estimate is not None and mean.se]
    recorder.add("centers_without_error", len(every) - len(precise), unit="centers")
    if len(precise) < 2:
        recorder.add("i2", None, unit="percent", reason="fewer than two centers with an error")
        return
    estimates, errors = zip(*precise, strict=True)
    between = heterogeneity.reml(estimates, errors, level=endpoint.level)
    recorder.result(
        between,
        {"q": "", "q_p_value": "p", "i2": "percent",
         "prediction_low": "min", "prediction_high": "min"},
        n=len(precise),
    )  # fmt: skip


def _mean_saved(site: SiteTimes, endpoint: Spec) -> MeanDifference:
    """Return the mean of the minutes saved at one site."""
    from clinval.stats.comparison import mean_difference

    return mean_difference.paired_t(site.saved, [0.0] * len(site.saved), level=endpoint.level)


def _pooled(
    saved: NDArray[np.float64], site: NDArray[np.intp], endpoint: Spec
) -> RandomSiteDifference | MeanDifference:
    """Return the mean over sites that differ at random; of a single site, its own."""
    import numpy as np

    from clinval.stats.comparison import mean_difference

    zero = np.zeros(len(saved))
    if (site == site[0]).all():
        return mean_difference.paired_t(saved, zero, level=endpoint.level)
    return mean_difference.paired_random_site(saved, zero, site, level=endpoint.level)


def measure(endpoint: Spec, context: Context) -> list[SiteTimes]:
    """Return each site's times, of the subjects of the set that have both acquisitions.

    Without a measured room time, the minutes saved are the scan minutes saved, and the room time
    of the reference is the one that the site entered.
    """
    return _measured(endpoint, context)[0]


def _measures_room(endpoint: Spec) -> bool:
    return endpoint.room_minutes is not None or endpoint.room_clock is not None


def _measured(endpoint: Spec, context: Context) -> tuple[list[SiteTimes], dict[str, Screened]]:
    """Return each site's times, and which rows they were taken from, by ``scan`` and ``room``."""
    import numpy as np

    economics = context.data.protocol.economics
    scan, screened = _times(endpoint, endpoint.scan_clock, endpoint.scan_seconds, context)
    if endpoint.scan_clock is not None:
        scan = scan * _SECONDS
    screenings, room = {"scan": screened}, None
    if _measures_room(endpoint):
        room, screened = _times(endpoint, endpoint.room_clock, endpoint.room_minutes, context)
        screenings["room"] = screened
    complete = ~np.isnan(scan[0]) & ~np.isnan(scan[1])
    if room is not None:
        complete &= ~np.isnan(room[0]) & ~np.isnan(room[1])
    site_of = context.data.site_of_subject[context.member]
    shown = scan if room is None else room
    found = []
    for index, name in enumerate(context.data.site_names):
        here = complete & (site_of == index)
        test_scan, reference_scan = scan[0][here], scan[1][here]
        inputs = economics.sites.get(name) if economics else None
        if room is not None:
            saved = room[1][here] - room[0][here]
            reference_room = float(room[1][here].mean()) if here.any() else float("nan")
        else:
            saved = (reference_scan - test_scan) / _SECONDS
            entered = inputs.room_minutes_per_exam if inputs else None
            reference_room = entered.value if entered else float("nan")
        found.append(
            SiteTimes(
                site=name,
                reference_scan=float(reference_scan.mean()) if here.any() else float("nan"),
                test_scan=float(test_scan.mean()) if here.any() else float("nan"),
                reference_room=reference_room,
                saved=saved,
                pairs=np.column_stack([shown[arm][here] for arm in (1, 0)]),
                measured=room is not None,
                missing=int(((site_of == index) & ~complete).sum()),
            )
        )
    return found, screenings


def _times(
    endpoint: Spec, clock: ClockTimes | None, entered: str | None, context: Context
) -> tuple[NDArray[np.float64], Screened]:
    """Return the mean time of each subject of the set (columns) in the test and reference arm.

    In minutes by the clock, otherwise in the unit in which they were entered; with the rows.
    """
    protocol = context.data.protocol
    test, reference = protocol.arm("test"), protocol.arm("reference")
    arms = (test.id if test else "", reference.id if reference else "")
    measure = f"present({clock.start})" if clock else entered or ""
    measured = Measured(
        id=endpoint.id, kind=endpoint.kind, role=endpoint.role, label=endpoint.label,
        set=endpoint.set, form=endpoint.form, measure=measure, where=endpoint.where, combine="mean",
    )  # fmt: skip
    screened = (
        clock_times.clock_times(clock, measured, context, arms)
        if clock
        else clock_times.entered_times(measured, context, arms)
    )
    values = combined(screened.rows, measured, context.data, len(arms))
    return values[context.member].T, screened


def sha256(times: list[SiteTimes]) -> str:
    """Return the hash of the minutes saved, for the provenance of what is computed from them."""
    from clinval.core.files import sha256_of_bytes

    return sha256_of_bytes(b"".join(site.saved.tobytes() for site in times))


def _record_site(site: SiteTimes, endpoint: Spec, context: Context) -> None:
    recorder, group, n = context.recorder, {"site": site.site}, len(site.saved)
    recorder.add("n", n, group=group, unit="subjects", n=n)
    recorder.add("missing", site.missing, group=group, unit="subjects")
    for statistic, value, unit in (
        ("scan_reference", site.reference_scan, "s"),
        ("scan_test", site.test_scan, "s"),
        ("room_reference", site.reference_room, "min"),
        ("room_test", site.reference_room - float(site.saved.mean()) if n else None, "min"),
    ):
        reason = NO_ROOM_TIME if n and unit == "min" else NO_TIMES
        recorder.add(statistic, value, group=group, unit=unit, n=n, reason=reason)
    if n == 0:
        recorder.add("saved", None, group=group, unit="min", reason=NO_TIMES)
        return
    recorder.result(
        _mean_saved(site, endpoint),
        {"estimate": "min", "ci_low": "min", "ci_high": "min"},
        rename={"estimate": "saved", "ci_low": "saved_ci_low", "ci_high": "saved_ci_high"},
        group=group,
        n=n,
    )


def _record_capacity(site: SiteTimes, endpoint: Spec, context: Context) -> None:
    """Record exams a day before and after, at the estimate and at the limits of the saving."""
    from clinval.stats.throughput import capacity

    recorder, group, n = context.recorder, {"site": site.site}, len(site.saved)
    economics = context.data.protocol.economics
    inputs = economics.sites.get(site.site) if economics else None
    reason = NO_ROOM_TIME if n else NO_TIMES
    left = economics is not None and site.site in economics.left_to_form
    why = NOT_ANSWERED if left else NO_ECONOMICS
    if inputs is None or n == 0 or site.reference_room != site.reference_room:
        for statistic in ("exams_reference", "exams_test"):
            recorder.add(
                statistic, None, group=group, unit="exams/day",
                reason=why if inputs is None else reason,
            )  # fmt: skip
        return
    result = _mean_saved(site, endpoint)
    open_minutes = inputs.open_minutes_per_day.value
    slot = site.reference_room + inputs.changeover_minutes.value
    for statistic, saving in (
        ("exams_reference", 0.0),
        ("exams_test", result.estimate),
        ("exams_test_low", result.ci_low),
        ("exams_test_high", result.ci_high),
    ):
        slots = (
            capacity.slots_per_day(open_minutes, slot - saving)
            if saving is not None and slot > saving
            else None
        )
        recorder.add(
            statistic,
            None if slots is None or slots.estimate is None else int(slots.estimate),
            group=group,
            unit="exams/day",
            n=n,
            method="capacity.slots_per_day",
            level=endpoint.level if statistic.endswith(("_low", "_high")) else None,
            reason=result.reason if saving is None else NO_SLOT,
        )
    recorder.add("demand", inputs.demand_per_day.value, group=group, unit="exams/day")
