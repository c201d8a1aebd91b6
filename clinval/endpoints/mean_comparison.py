"""Comparison of scores, times and doses: difference of means, or ratio of geometric means."""

from __future__ import annotations

import ast
import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from clinval.core.expressions import parse
from clinval.endpoints.comparison import (
    Methods,
    TwoArms,
    arms_of,
    lint_two_arms,
    record_centers,
    record_decision,
)
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Units, lint_measured, units_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "Spec", "analyze", "lint"]


class Spec(TwoArms):
    """Comparison of means; ``measure`` is a number."""


METHODS: Methods = {
    (True, "difference", "pooled"): {"paired_t": "mean_difference.paired_t"},
    (True, "difference", "random"): {"paired_random_site": "mean_difference.paired_random_site"},
    (False, "difference", "pooled"): {
        "welch": "mean_difference.welch",
        "student": "mean_difference.student",
    },
    (False, "difference", "random"): {
        "random_site_satterthwaite": "mean_difference.random_site_satterthwaite"
    },
    (True, "ratio", "pooled"): {"geometric_paired": "mean_ratio.geometric_paired"},
    (True, "ratio", "random"): {"geometric_random_site": "mean_ratio.geometric_random_site"},
    (True, "ratio", "two_stage"): {"geometric_two_stage": "mean_ratio.geometric_two_stage"},
    (False, "ratio", "pooled"): {"geometric_welch": "mean_ratio.geometric_welch"},
}

# Methods that are told the center of each subject.
_WITH_SITE = (
    "mean_difference.paired_random_site",
    "mean_ratio.geometric_random_site",
    "mean_ratio.geometric_two_stage",
)
_LONG = ("mean_difference.random_site_satterthwaite",)  # score, arm, site

# The unit of what a function of two times gives.
_SPANS = {"minutes": "min", "days": "days"}

# The test that agrees with the interval, where there is one against a margin; a ratio is tested as
# the difference of logarithms that it is.
TESTS = {
    "mean_difference.paired_t": "mean_difference.paired_t_test",
    "mean_difference.welch": "mean_difference.welch_test",
    "mean_difference.student": "mean_difference.student_test",
    "mean_ratio.geometric_paired": "mean_difference.paired_t_test",
    "mean_ratio.geometric_welch": "mean_difference.welch_test",
}

# What a single center is estimated with.
ALONE = {
    "mean_difference.paired_random_site": "mean_difference.paired_t",
    "mean_difference.random_site_satterthwaite": "mean_difference.welch",
    "mean_ratio.geometric_random_site": "mean_ratio.geometric_paired",
    "mean_ratio.geometric_two_stage": "mean_ratio.geometric_paired",
}


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_measured(endpoint, draft, report, gives="number")
    lint_two_arms(endpoint, draft, report, METHODS)
    if endpoint.missing == "failure":
        report(
            "design-does-not-fit",
            ("missing",),
            what="missing: failure",
            design=endpoint.kind,
            remedy="write missing: exclude; a missing number cannot be a failure",
        )


def analyze(endpoint: Spec, context: Context) -> None:
    """Compare the arms: pooled, by center, without each center, with heterogeneity."""
    data = context.data
    paired = data.protocol.design.paired
    everyone = units_of(endpoint, context, arms_of(endpoint, context))
    context.recorder.inputs = everyone.sha256
    usable, impossible = _usable(everyone, endpoint, paired=paired)
    sample = _Sample(usable, endpoint, paired=paired)
    unit = _unit(endpoint, context)
    _record_accounting(everyone, sample, context, unit)
    of_effect = "ratio" if endpoint.estimate == "ratio" else unit
    if endpoint.estimate == "ratio":
        context.recorder.add("not_positive", impossible, unit="subjects")
    call = METHODS[paired, endpoint.estimate, endpoint.centers][endpoint.method]
    record = _record(context, of_effect)
    result = sample.fit(call)
    record(result, {}, sample.n)
    _record_test(endpoint, sample, call, result, context)
    record_decision(endpoint, context, result, of_effect)
    sizes = sample.sizes(len(data.site_names))
    estimates = record_centers(
        endpoint,
        context,
        counts=sizes,
        alone=lambda site: sample.only(site).fit(ALONE.get(call, call)),
        without=lambda site: sample.without(site).fit(call),
        record=record,
    )
    _record_heterogeneity(endpoint, context, [result for _, result in estimates], sizes)


@dataclasses.dataclass(frozen=True, slots=True)
class _Sample:
    """The subjects with the values that the method needs."""

    units: Units
    endpoint: Spec
    paired: bool

    @property
    def n(self) -> int:
        return len(self.units)

    def sizes(self, sites: int) -> dict[int, int]:
        import numpy as np

        return dict(enumerate(np.bincount(self.units.site, minlength=sites).tolist()))

    def only(self, site: int) -> _Sample:
        return _Sample(self.units.of(self.units.site == site), self.endpoint, self.paired)

    def without(self, site: int) -> _Sample:
        return _Sample(self.units.of(self.units.site != site), self.endpoint, self.paired)

    def logarithms(self) -> _Sample:
        import numpy as np

        units = self.units
        logs = dataclasses.replace(
            units, test=np.log(units.test), reference=np.log(units.reference)
        )
        return dataclasses.replace(self, units=logs)

    def fit(self, call: str, **options: Any) -> Any:
        """Call a statistical function on the sample; without options, for its interval."""
        import numpy as np

        from clinval import stats

        function, options = stats.find(call), options or {"level": self.endpoint.level}
        test, reference = self.units.test, self.units.reference
        if call in _WITH_SITE:
            return function(test, reference, self.units.site, **options)
        if self.paired:
            return function(test, reference, **options)
        in_test, in_reference = ~np.isnan(test), ~np.isnan(reference)
        if call in _LONG:
            score = np.concatenate([test[in_test], reference[in_reference]])
            arm = np.repeat([1, 0], [in_test.sum(), in_reference.sum()])
            site = np.concatenate([self.units.site[in_test], self.units.site[in_reference]])
            return function(score, arm, site, **options)
        return function(test[in_test], reference[in_reference], **options)


def _usable(units: Units, endpoint: Spec, *, paired: bool) -> tuple[Units, int]:
    """Return the subjects with a result, and how many have one without a logarithm."""
    import numpy as np

    impossible = np.zeros(len(units), dtype=bool)
    if endpoint.estimate == "ratio":
        impossible = (units.test <= 0) | (units.reference <= 0)
        positive = [
            np.where(values > 0, values, np.nan) for values in (units.test, units.reference)
        ]
        units = Units(
            subject=units.subject, site=units.site, test=positive[0], reference=positive[1]
        )
    has_test, has_reference = ~np.isnan(units.test), ~np.isnan(units.reference)
    used = has_test & has_reference if paired else has_test | has_reference
    return units.of(used), int((impossible & ~used).sum())


def _unit(endpoint: Spec, context: Context) -> str:
    """Return the unit of the measure: of a span of time, or of the only field that it reads."""
    measure = parse(endpoint.measure)
    match measure.node:
        case ast.Call(func=ast.Name(id=function)) if function in _SPANS:
            return _SPANS[function]
    names = {name for _, name in measure.names}
    form = context.data.protocol.form(endpoint.form)
    if len(names) != 1:
        return "points"
    field = form.field(names.pop())
    return (field.unit or "points") if field else "points"


def _record(context: Context, unit: str) -> Callable[[Estimate, Mapping[str, str], int], None]:
    def record(result: Estimate, group: Mapping[str, str], n: int) -> None:
        limits = {"estimate": unit, "ci_low": unit, "ci_high": unit}
        context.recorder.result(result, limits, group=group, n=n)

    return record


def _record_accounting(everyone: Units, sample: _Sample, context: Context, unit: str) -> None:
    import numpy as np

    recorder, names = context.recorder, context.data.site_names
    sites = len(names)
    recorder.add("n", sample.n, unit="subjects", n=sample.n)
    recorder.add("missing", len(everyone) - sample.n, unit="subjects")
    all_sizes = np.bincount(everyone.site, minlength=sites)
    used = sample.sizes(sites)
    for site, name in enumerate(names):
        absent = int(all_sizes[site]) - used[site]
        recorder.add("missing", absent, group={"site": name}, unit="subjects")
    for arm in ("test", "reference"):
        values = getattr(sample.units, arm)
        _record_summary(recorder, arm, values[~np.isnan(values)], {}, unit)
        for site, name in enumerate(names):
            here = values[(sample.units.site == site) & ~np.isnan(values)]
            if len(here):
                _record_summary(recorder, arm, here, {"site": name}, unit)


def _record_summary(
    recorder: Any, arm: str, values: NDArray[np.float64], group: Mapping[str, str], unit: str
) -> None:
    import numpy as np

    n = len(values)
    reason = "fewer than two values" if n else "no subject has a result"
    for statistic, value in (
        ("mean", float(values.mean()) if n else None),
        ("sd", float(values.std(ddof=1)) if n > 1 else None),
        ("median", float(np.median(values)) if n else None),
    ):
        recorder.add(f"{statistic}_{arm}", value, group=group, unit=unit, n=n, reason=reason)


def _record_test(endpoint: Spec, sample: _Sample, call: str, result: Any, context: Context) -> None:
    """Record the test that agrees with the interval, and what else the method says.

    A test of no effect says nothing about a margin: it is recorded where nothing is to be shown.
    """
    recorder, claim = context.recorder, endpoint.hypothesis
    units = {"df": "", "reduction_percent": "percent"}
    if endpoint.comparison == "estimation":
        units |= {"statistic": "", "p_value": "p"}
    present = {name: unit for name, unit in units.items() if hasattr(result, name)}
    recorder.result(result, present, n=result.n)
    if call in TESTS and claim.alternative != "two-sided":
        ratio = endpoint.estimate == "ratio"
        margin = math.log(claim.bound) if ratio else claim.bound
        tested = sample.logarithms() if ratio else sample
        test = tested.fit(TESTS[call], margin=margin, alternative=claim.alternative)
        recorder.result(test, {"statistic": "", "p_value": "p"}, n=result.n)


def _record_heterogeneity(
    endpoint: Spec, context: Context, results: list[Estimate], sizes: Mapping[int, int]
) -> None:
    """Record how centers differ: random effects over the centers' estimates, by REML."""
    from clinval.stats.centers import heterogeneity

    ratio = endpoint.estimate == "ratio"
    estimates, errors = [], []
    for result in results:
        error = getattr(result, "se", None)  # of a ratio, that of its logarithm
        if result.estimate is not None and error:
            estimates.append(math.log(result.estimate) if ratio else result.estimate)
            errors.append(error)
    recorder = context.recorder
    left_out = sum(1 for size in sizes.values() if size) - len(estimates)
    recorder.add("centers_without_error", left_out, unit="centers")
    if len(estimates) < 2:
        recorder.add("i2", None, unit="percent", reason="fewer than two centers with an error")
        return
    result = heterogeneity.reml(estimates, errors, level=endpoint.level)
    recorder.result(
        result,
        {"q": "", "q_p_value": "p", "i2": "percent", "tau2": ""},
        n=len(estimates),
    )
    unit = "ratio" if ratio else _unit(endpoint, context)
    recorder.result(
        result,
        {"prediction_low": unit, "prediction_high": unit},
        n=len(estimates),
        transform=math.exp if ratio else None,
    )
