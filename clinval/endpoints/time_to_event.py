"""Comparison of times to an event, of which some are not seen: hazard ratio or restricted mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.endpoints.comparing import record_comparison
from clinval.endpoints.comparison import Methods, TwoArms, arms_of, lint_two_arms
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.mean_comparison import lint_numbers, unit_of
from clinval.endpoints.measured import Units, lint_measured, units_of
from clinval.endpoints.two_arms import Comparison, Count, Sample, record_counts
from clinval.protocol.base import Words
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "TESTS", "Spec", "analyze", "lint"]


class Spec(TwoArms):
    """Comparison of times to an event; ``measure`` is the time, seen or not.

    ``event`` is a rule that is true where the time ended with the event; where it is false the
    time was cut short (censored).
    """

    estimate: Literal["hazard_ratio", "rmst_difference", "rmst_ratio"] = "hazard_ratio"
    event: Words
    tau: Annotated[float, Setting(gt=0)] | None = Setting(
        default=None, description="the time up to which restricted means are taken"
    )

    def options(self, call: str) -> dict[str, Any]:
        """Return the time up to which restricted means are taken."""
        return {"tau": self.tau} if call.startswith("time_to_event.rmst") else {}


METHODS: Methods = {
    (False, "hazard_ratio", "pooled"): {
        "cox_efron": "time_to_event.cox_efron",
        "cox_breslow": "time_to_event.cox_breslow",
    },
    (False, "rmst_difference", "pooled"): {"rmst_difference": "time_to_event.rmst_difference"},
    (False, "rmst_ratio", "pooled"): {"rmst_ratio": "time_to_event.rmst_ratio"},
}

TESTS: Methods = {
    (False, estimate, "pooled"): {"logrank_test": "time_to_event.logrank_test"}
    for estimate in ("hazard_ratio", "rmst_difference", "rmst_ratio")
}


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_measured(endpoint, draft, report, gives="number")
    lint_two_arms(endpoint, draft, report, METHODS, TESTS)
    lint_numbers(endpoint, report)
    if endpoint.form in draft.forms:
        check_rule(endpoint.event, draft.forms, endpoint.form, report, ("event",))
    if endpoint.combine != "only":
        report(
            "design-does-not-fit",
            ("combine",),
            what=f"combine: {endpoint.combine}",
            design=endpoint.kind,
            remedy="write combine: only; a subject has one time to the event",
        )
    if endpoint.estimate != "hazard_ratio" and endpoint.tau is None:
        report("key-missing", (), key="tau")


def analyze(endpoint: Spec, context: Context) -> None:
    """Compare the arms: pooled, by center, without each center, with all that stands beside."""
    import numpy as np

    recorder, arms = context.recorder, arms_of(endpoint, context)
    everyone = units_of(endpoint, context, arms)
    seen = units_of(endpoint.model_copy(update={"measure": endpoint.event}), context, arms)
    in_test = ~np.isnan(everyone.test)
    time = np.where(in_test, everyone.test, everyone.reference)
    status = np.where(in_test, seen.test, seen.reference)
    # a time below 0 is none; one of which it is not known whether the event was seen, neither
    usable = ~np.isnan(time) & ~np.isnan(status) & (np.nan_to_num(time) >= 0)
    sample = _Times(
        units=everyone.of(usable),
        time=time[usable],
        status=status[usable],
        arm=in_test[usable].astype(np.intp),
    )
    recorder.inputs = everyone.sha256
    _record_accounting(everyone, sample, context)
    unit = unit_of(endpoint, context)
    units = {"hazard_ratio": "hazard_ratio", "rmst_ratio": "time_ratio"}
    record_comparison(
        Comparison(
            endpoint=endpoint,
            context=context,
            methods=METHODS,
            everyone=everyone,
            sample=sample,
            unit=units.get(endpoint.estimate, unit),
        )
    )
    _record_survival(sample, endpoint.level, context)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    """The subjects with a time; ``status`` is 1 for an event, ``arm`` 1 for the test arm."""

    units: Units
    time: NDArray[np.float64]
    status: NDArray[np.float64]
    arm: NDArray[np.intp]

    @property
    def n(self) -> int:
        """Subjects."""
        return len(self.units)

    def of(self, mask: NDArray[np.bool_]) -> _Times:
        """Return the subjects of a mask."""
        return _Times(
            units=self.units.of(mask),
            time=self.time[mask],
            status=self.status[mask],
            arm=self.arm[mask],
        )

    def only(self, site: int) -> _Times:
        """Return the subjects of a center."""
        return self.of(self.units.site == site)

    def without(self, site: int) -> _Times:
        """Return the subjects of all other centers."""
        return self.of(self.units.site != site)

    def arguments(self, call: str) -> tuple[Any, ...]:  # noqa: ARG002  all take the same
        """Return time, status and arm."""
        return self.time, self.status, self.arm

    def counts(self) -> Iterator[Count]:
        """Yield the subjects, events and time of each arm."""
        for name, code in (("test", 1), ("reference", 0)):
            mine = self.arm == code
            n = int(mine.sum())
            events = int(self.status[mine].sum())
            yield Count(statistic=f"subjects_{name}", value=n, unit="subjects", n=n)
            yield Count(statistic=f"events_{name}", value=events, unit="events", n=n)


def _record_accounting(everyone: Units, sample: _Times, context: Context) -> None:
    import numpy as np

    recorder, names = context.recorder, context.data.site_names
    recorder.add("n", sample.n, unit="subjects", n=sample.n)
    recorder.add("missing", len(everyone) - sample.n, unit="subjects")
    of_set = np.bincount(everyone.site, minlength=len(names))
    used = np.bincount(sample.units.site, minlength=len(names))
    parts: list[tuple[dict[str, str], Sample]] = [({}, sample)]
    for site, name in enumerate(names):
        absent = int(of_set[site] - used[site])
        recorder.add("missing", absent, group={"site": name}, unit="subjects")
        parts.append(({"site": name}, sample.only(site)))
    for group, part in parts:
        record_counts(recorder, part, group)


def _record_survival(sample: _Times, level: float, context: Context) -> None:
    """Record the steps of the Kaplan-Meier curve of each arm, with log-log limits."""
    import numpy as np
    from scipy.special import ndtri

    z = float(ndtri((1 + level) / 2))
    columns: dict[str, list[Any]] = {
        name: [] for name in ("arm", "time", "survival", "low", "high", "at_risk", "censored")
    }
    for name, code in (("test", 1), ("reference", 0)):
        mine = sample.arm == code
        time, status = sample.time[mine], sample.status[mine]
        times, place = np.unique(time, return_inverse=True)
        events = np.bincount(place, status, minlength=len(times))
        leaving = np.bincount(place, minlength=len(times))
        at_risk = leaving[::-1].cumsum()[::-1]
        survival = np.cumprod(1 - events / np.maximum(at_risk, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = np.cumsum(events / (at_risk * (at_risk - events)))
            width = z * np.sqrt(variance) / np.abs(np.log(survival))
            low, high = survival ** np.exp(width), survival ** np.exp(-width)
        sure = (survival > 0) & (survival < 1)
        columns["arm"] += [name] * len(times)
        columns["time"] += times.tolist()
        columns["survival"] += survival.tolist()
        columns["low"] += [x if k else None for x, k in zip(low.tolist(), sure, strict=True)]
        columns["high"] += [x if k else None for x, k in zip(high.tolist(), sure, strict=True)]
        columns["at_risk"] += at_risk.tolist()
        columns["censored"] += (leaving - events).tolist()
    if columns["time"]:
        context.recorder.points("survival", columns)
