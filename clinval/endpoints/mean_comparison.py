"""Comparison of scores, times and doses: difference of means, or ratio of geometric means."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.core.expressions import parse
from clinval.endpoints.comparing import record_comparison
from clinval.endpoints.comparison import Methods, TwoArms, arms_of, lint_two_arms
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Measured, Units, lint_measured, units_of
from clinval.endpoints.sensitivity import Sensitivity, lint_sensitivity, record_sensitivity
from clinval.endpoints.two_arms import Comparison, Count, Sample, record_counts
from clinval.protocol.base import Identifier
from clinval.protocol.lint import ENROLMENT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft
    from clinval.protocol.forms import Form

__all__ = [
    "METHODS",
    "TESTS",
    "Spec",
    "Values",
    "analyze",
    "lint",
    "lint_numbers",
    "record_accounting",
    "unit_of",
    "unit_on",
]

_ADJUSTED = "ancova"


class Spec(TwoArms):
    """Comparison of means; ``measure`` is a number."""

    estimate: Literal["difference", "ratio"] = "difference"
    baseline: Identifier | None = Setting(
        default=None, description="a number of the enrolment form, for the method ancova"
    )
    sensitivity: Annotated[tuple[Sensitivity, ...], Setting(strict=False)] = Setting(
        default=(), description="what the missing results may have been, shown beside the result"
    )


METHODS: Methods = {
    (True, "difference", "pooled"): {
        "paired_t": "mean_difference.paired_t",
    },
    (True, "difference", "random"): {
        "paired_random_site": "mean_difference.paired_random_site",
        "cluster_bootstrap": "mean_difference.cluster_bootstrap",
    },
    (False, "difference", "pooled"): {
        "welch": "mean_difference.welch",
        "student": "mean_difference.student",
        _ADJUSTED: "mean_difference.ancova",
    },
    (False, "difference", "random"): {
        "random_site_satterthwaite": "mean_difference.random_site_satterthwaite",
        "random_site_kenward_roger": "mean_difference.random_site_kenward_roger",
    },
    (True, "ratio", "pooled"): {
        "geometric_paired": "mean_ratio.geometric_paired",
        "fieller_paired": "mean_ratio.fieller_paired",
    },
    (True, "ratio", "random"): {"geometric_random_site": "mean_ratio.geometric_random_site"},
    (True, "ratio", "two_stage"): {"geometric_two_stage": "mean_ratio.geometric_two_stage"},
    (False, "ratio", "pooled"): {
        "geometric_welch": "mean_ratio.geometric_welch",
        "fieller": "mean_ratio.fieller",
    },
}

_OF_CENTERS = {
    name: f"heterogeneity.{name}"
    for name in (
        "fixed_effect", "dersimonian_laird", "reml", "paule_mandel", "q_profile", "gail_simon_test",
    )
}  # fmt: skip

# What may be asked for beside the result: tests of the centers, and methods of their effects.
TESTS: Methods = {
    (True, "difference", "pooled"): _OF_CENTERS
    | {"paired_site_test": "heterogeneity.paired_site_test"},
    (False, "difference", "pooled"): _OF_CENTERS
    | {"treatment_by_site_test": "heterogeneity.treatment_by_site_test"},
    (True, "ratio", "pooled"): _OF_CENTERS,
    (False, "ratio", "pooled"): _OF_CENTERS,
}

# Methods that are told the center of each subject.
_WITH_SITE = (
    "heterogeneity.paired_site_test",
    "mean_difference.cluster_bootstrap",
    "mean_difference.paired_random_site",
    "mean_ratio.geometric_random_site",
    "mean_ratio.geometric_two_stage",
)
# Methods of one value a row: score, arm, and the center.
_LONG = (
    "heterogeneity.treatment_by_site_test",
    "mean_difference.random_site_kenward_roger",
    "mean_difference.random_site_satterthwaite",
)
_WITH_BASELINE = "mean_difference.ancova"
_OF_VALUES = "heterogeneity."  # tests of centers, which have no interval

# The unit of what a function of two times gives.
_SPANS = {"minutes": "min", "days": "days"}


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_measured(endpoint, draft, report, gives="number")
    lint_two_arms(endpoint, draft, report, METHODS, TESTS)
    lint_sensitivity(endpoint, draft, report, outcome="normal")
    lint_numbers(endpoint, report)
    _lint_baseline(endpoint, draft, report)


def lint_numbers(endpoint: TwoArms, report: Report) -> None:
    """Report missing results that count as failures, which a number cannot be."""
    if endpoint.missing == "failure":
        report(
            "design-does-not-fit",
            ("missing",),
            what="missing: failure",
            design=endpoint.kind,
            remedy="write missing: exclude; a missing number cannot be a failure",
        )


def _lint_baseline(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report a baseline that is missing, not used, or no number of the enrolment form."""
    form = draft.forms.get(ENROLMENT)
    adjusted = _ADJUSTED in (endpoint.method, *(c.split(".")[-1] for c in endpoint.also_methods))
    if adjusted and endpoint.baseline is None:
        report("key-missing", (), key="baseline")
    elif endpoint.baseline is not None and not adjusted:
        report("baseline-not-used", ("baseline",), of=endpoint.id)
    elif endpoint.baseline is not None and form is not None:
        field = form.field(endpoint.baseline)
        if field is None or not field.numeric:
            report("form-field-unknown", ("baseline",), form=form.id, field=endpoint.baseline)


def analyze(endpoint: Spec, context: Context) -> None:
    """Compare the arms: pooled, by center, without each center, with all that stands beside."""
    paired = context.data.protocol.design.paired
    arms = arms_of(endpoint, context)
    everyone = units_of(endpoint, context, arms)
    context.recorder.inputs = everyone.sha256
    usable, impossible = _usable(everyone, endpoint, paired=paired)
    unit = unit_of(endpoint, context)
    baseline = _baseline(endpoint, usable, context)
    sample = Values(units=usable, paired=paired, unit=unit, baseline=baseline)
    if baseline is not None:
        sample = sample.of(~_nan(baseline))
    record_accounting(everyone, sample, context)
    if endpoint.estimate == "ratio":
        context.recorder.add("not_positive", impossible, unit="subjects")
        if paired and len(usable):
            _record_pairs(usable, context)
    ratio = endpoint.estimate == "ratio"
    comparison = Comparison(
        endpoint=endpoint,
        context=context,
        methods=METHODS,
        everyone=everyone,
        sample=sample,
        unit="ratio" if ratio else unit,
    )
    record_comparison(comparison)
    record_sensitivity(
        endpoint,
        context,
        _positive(everyone) if ratio else everyone,
        arms=arms,
        paired=paired,
        outcome="normal",
        ratio=ratio,
        claim=endpoint.hypothesis,
        complete=lambda units: comparison.fit(
            dataclasses.replace(sample, units=units), comparison.call
        ),
        unit=comparison.unit,
    )


def _record_pairs(units: Units, context: Context) -> None:
    """Record the points of the figure: both values of each subject."""
    names = context.data.site_names
    columns = {
        "site": [names[site] for site in units.site],
        "reference": units.reference,
        "test": units.test,
    }
    context.recorder.points("pairs", columns)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The subjects with the values that the method needs."""

    units: Units
    paired: bool
    unit: str
    baseline: NDArray[np.float64] | None = None

    @property
    def n(self) -> int:
        """Subjects."""
        return len(self.units)

    def of(self, mask: NDArray[np.bool_]) -> Values:
        """Return the subjects of a mask."""
        baseline = None if self.baseline is None else self.baseline[mask]
        return dataclasses.replace(self, units=self.units.of(mask), baseline=baseline)

    def only(self, site: int) -> Values:
        """Return the subjects of a center."""
        return self.of(self.units.site == site)

    def without(self, site: int) -> Values:
        """Return the subjects of all other centers."""
        return self.of(self.units.site != site)

    def arguments(self, call: str) -> tuple[Any, ...]:
        """Return the values by arm; with the center or the baseline for methods that want it."""
        import numpy as np

        units = self.units
        if not call.startswith(_OF_VALUES):
            call = call.removesuffix("_test")  # a test takes what its interval takes
        if call in _WITH_SITE:
            return units.test, units.reference, units.site
        if self.paired:
            return units.test, units.reference
        in_test, in_reference = ~_nan(units.test), ~_nan(units.reference)
        test, reference = units.test[in_test], units.reference[in_reference]
        if call not in _LONG and call != _WITH_BASELINE:
            return test, reference
        beside = (
            self.baseline if call == _WITH_BASELINE and self.baseline is not None else units.site
        )
        score = np.concatenate([test, reference])
        arm = np.repeat([1, 0], [len(test), len(reference)])
        return score, arm, np.concatenate([beside[in_test], beside[in_reference]])

    def counts(self) -> Iterator[Count]:
        """Yield mean, standard deviation and median of each arm."""
        import numpy as np

        for arm in ("test", "reference"):
            values = getattr(self.units, arm)
            values = values[~_nan(values)]
            n = len(values)
            reason = "fewer than two values" if n else "no subject has a result"
            for statistic, value in (
                ("mean", float(values.mean()) if n else None),
                ("sd", float(values.std(ddof=1)) if n > 1 else None),
                ("median", float(np.median(values)) if n else None),
            ):
                yield Count(
                    statistic=f"{statistic}_{arm}", value=value, unit=self.unit, n=n, reason=reason
                )


def _nan(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    import numpy as np

    absent: NDArray[np.bool_] = np.isnan(values)
    return absent


def _baseline(endpoint: Spec, units: Units, context: Context) -> NDArray[np.float64] | None:
    """Return the baseline of each unit, NaN where it is not known."""
    import numpy as np

    if endpoint.baseline is None:
        return None
    column = np.asarray(context.data.column(ENROLMENT, endpoint.baseline), dtype=np.float64)
    return column[units.subject]


def _usable(units: Units, endpoint: Spec, *, paired: bool) -> tuple[Units, int]:
    """Return the subjects with a result, and how many have one without a logarithm."""
    import numpy as np

    impossible = np.zeros(len(units), dtype=bool)
    if endpoint.estimate == "ratio":
        impossible = (units.test <= 0) | (units.reference <= 0)
        units = _positive(units)
    has_test, has_reference = ~_nan(units.test), ~_nan(units.reference)
    used = has_test & has_reference if paired else has_test | has_reference
    return units.of(used), int((impossible & ~used).sum())


def _positive(units: Units) -> Units:
    """Return the units with NaN where a value has no logarithm."""
    import numpy as np

    test, reference = (np.where(v > 0, v, np.nan) for v in (units.test, units.reference))
    return dataclasses.replace(units, test=test, reference=reference)


def unit_of(endpoint: Measured, context: Context) -> str:
    """Return the unit of the measure."""
    return unit_on(endpoint, context.data.protocol.form(endpoint.form))


def unit_on(endpoint: Measured, form: Form, plain: str = "points") -> str:
    """Return the unit of a measure: of a span of time, or of the only field that it reads.

    ``plain`` is that of a number without one.
    """
    measure = parse(endpoint.measure)
    match measure.node:
        case ast.Call(func=ast.Name(id=function)) if function in _SPANS:
            return _SPANS[function]
    names = {name for _, name in measure.names}
    if len(names) != 1:
        return plain
    field = form.field(names.pop())
    return (field.unit or plain) if field else plain


def record_accounting(everyone: Units, sample: Values, context: Context) -> None:
    """Record who has a result and who has none, and each arm by itself, of all and by center."""
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
        if part.n or not group:
            record_counts(recorder, part, group)
