"""Two methods of measuring on the same subjects: limits of agreement against a clinical limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.endpoints.hypothesis import Hypothesis
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.mean_comparison import unit_of
from clinval.endpoints.measured import Measured, lint_measured
from clinval.endpoints.method_beside import record_beside
from clinval.endpoints.method_pairs import Pairs, pairs_of
from clinval.protocol.base import Words
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import lint_margin
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.recorder import Recorder
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "Spec", "analyze", "lint"]

METHODS = {
    "single": ("bland_altman", "exact", "log_ratio", "random_site"),
    "each": ("replicates_constant", "replicates_varying"),
}
"""Methods for one pair of values a subject, and for several."""

_DECIDING = ("bland_altman", "exact", "log_ratio")  # have intervals of their limits
_LIMITS = (
    "estimate", "ci_low", "ci_high", "sd",
    "loa_low", "loa_low_ci_low", "loa_low_ci_high",
    "loa_high", "loa_high_ci_low", "loa_high_ci_high",
)  # fmt: skip
_VARIANCES = (
    "variance_mean_difference", "variance_within_test", "variance_within_reference",
    "variance_between", "variance_within", "variance_site", "variance_residual",
)  # fmt: skip


class Spec(Measured):
    """Agreement of two methods: of two arms, or of two fields of the same row.

    ``measure`` is the test's value. The reference's is that of the reference arm, or the field or
    rule ``reference``. With ``combine: each`` rows are replicates of a subject.
    """

    reference: Words | None = Setting(
        default=None,
        description="the reference's value in the same row, where arms are not compared",
    )
    method: str
    coverage: Annotated[float, Setting(gt=0.5, lt=1)] = Setting(
        default=0.95, description="share of differences between the limits of agreement"
    )
    goal: Margin | None = Setting(
        default=None,
        description="the clinical limit: the largest difference, or ratio, that is accepted",
    )
    regression: Literal["deming", "deming_jackknife", "passing_bablok"] | None = None
    error_ratio: Annotated[float, Setting(gt=0)] = Setting(
        default=1.0, description="variance of the error, reference over test (Deming)"
    )

    @property
    def claim(self) -> Hypothesis:
        """What has to be shown: both limits of agreement lie within the clinical limit.

        It is decided by the ends of two intervals, not by that of the estimate, as looks at the
        data and adjusted p values need it.
        """
        ratio, value = self.method == "log_ratio", self.goal.value if self.goal else None
        low = high = None
        if value is not None:
            low, high = (min(value, 1 / value), max(value, 1 / value)) if ratio else (-value, value)
        return Hypothesis(
            comparison="equivalence",
            above=low,
            below=high,
            null=1.0 if ratio else 0.0,
            level=self.level,
        )


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_measured(endpoint, draft, report, gives="number", each=True)
    offered = METHODS["each" if endpoint.combine == "each" else "single"]
    if endpoint.method not in offered:
        what = "several pairs of a subject" if endpoint.combine == "each" else "a pair a subject"
        report(
            "method-unknown",
            ("method",),
            method=endpoint.method,
            estimand=f"limits of agreement, {what}",
            methods=", ".join(offered),
        )
    form = draft.forms.get(endpoint.form)
    if form is None:
        return
    if endpoint.reference is not None:
        check_rule(endpoint.reference, draft.forms, form.id, report, ("reference",), gives="number")
    if endpoint.reference is not None and endpoint.compare is not None:
        _misfit(report, "compare", "reference of the same row", "drop compare or reference")
    if endpoint.reference is None and (not draft.has_arm("reference") or not _paired(draft)):
        _misfit(
            report, "reference", "one without pairs of arms",
            "name the reference's field under reference",
        )  # fmt: skip
    if endpoint.goal is not None or endpoint.role == "primary":
        lint_margin(endpoint.goal, draft, report, ("goal",), of=endpoint.id)
    if endpoint.goal is not None and endpoint.method not in _DECIDING:
        _misfit(
            report, "goal", endpoint.method,
            f"write one of: {', '.join(_DECIDING)}; a limit is judged by its interval",
        )  # fmt: skip


def _misfit(report: Report, key: str, design: str, remedy: str) -> None:
    report("design-does-not-fit", (key,), what=key, design=design, remedy=remedy)


def _paired(draft: Draft) -> bool:
    return draft.design is None or draft.design.paired


def analyze(endpoint: Spec, context: Context) -> None:
    """Estimate the limits: of all, by center, without each center, and what stands beside."""
    import numpy as np

    recorder, names = context.recorder, context.data.site_names
    pairs = pairs_of(endpoint, context, endpoint.reference)
    recorder.inputs = pairs.sha256
    ratio = endpoint.method == "log_ratio"
    if ratio:
        positive = (pairs.test > 0) & (pairs.reference > 0)
        recorder.add("not_positive", int((~positive).sum()), unit="rows")
        pairs = pairs.of(positive)
    unit = unit_of(endpoint, context)
    comparison = _Comparison(endpoint=endpoint, context=context, unit="ratio" if ratio else unit)
    comparison.record(pairs, {})
    low, high = endpoint.claim.above, endpoint.claim.below
    if low is not None and high is not None:
        recorder.add("limit_low", low, unit=comparison.unit)
        recorder.add("limit_high", high, unit=comparison.unit)
        if endpoint.method == "exact" and len(pairs.test):
            _record_test(pairs, high, endpoint, recorder)
    occupied = np.unique(pairs.site).tolist()
    for place, name in enumerate(names):
        group = {"site": name}
        if place in occupied:
            comparison.record(pairs.of(pairs.site == place), group)
        else:
            recorder.add("n", 0, group=group, unit="subjects", n=0)
    if len(occupied) > 1:
        for place in occupied:
            group = {"without_site": names[place]}
            comparison.record(pairs.of(pairs.site != place), group)
        _record_heterogeneity(pairs, endpoint, recorder)
    if len(pairs.test) > 1:
        record_beside(pairs, endpoint, unit, recorder)
    _record_points(pairs, endpoint, context)


def _record_test(pairs: Pairs, limit: float, endpoint: Spec, recorder: Recorder) -> None:
    """Record the p value that agrees with the exact intervals of both limits."""
    from clinval.stats.agreement import limits_of_agreement

    test = limits_of_agreement.exact_test(
        pairs.test.tolist(),
        pairs.reference.tolist(),
        limit=limit,
        coverage=endpoint.coverage,
    )
    recorder.result(test, {"p_value": "p"}, n=pairs.subjects)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """How the limits of some pairs are recorded."""

    endpoint: Spec
    context: Context
    unit: str

    def record(self, pairs: Pairs, group: Mapping[str, str]) -> None:
        """Record counts, limits and, but for a single center, the verdict."""
        import numpy as np

        recorder, endpoint = self.context.recorder, self.endpoint
        n = pairs.subjects
        if "without_site" not in group:
            recorder.add("n", n, group=group, unit="subjects", n=n)
            recorder.add("pairs", len(pairs.test), group=group, unit="rows", n=n)
            member, site = self.context.member, self.context.data.site_of_subject
            of_site = np.ones(len(site), dtype=bool)
            if "site" in group:
                of_site = site == self.context.data.site_names.index(group["site"])
            missing = int((member & of_site).sum()) - n
            recorder.add("missing", missing, group=group, unit="subjects")
        result: Any = self.fit(pairs)
        if result is None:
            for name in _LIMITS:
                recorder.add(name, None, group=group, unit=self.unit, reason="no pair")
        else:
            found = [name for name in (*_LIMITS, *_VARIANCES) if hasattr(result, name)]
            squared = f"{self.unit}²"
            units = {name: squared if name in _VARIANCES else self.unit for name in found}
            recorder.result(result, units, group=group, n=n)
        if endpoint.goal is not None and "site" not in group:
            low, high = (getattr(result, name, None) for name in
                         ("loa_low_ci_low", "loa_high_ci_high"))  # fmt: skip
            recorder.add("verdict", endpoint.claim.verdict(low, high), group=group)

    def fit(self, pairs: Pairs) -> Any:
        """Return the limits of some pairs; nothing where there is no pair."""
        from clinval import stats

        if not len(pairs.test):
            return None
        endpoint = self.endpoint
        options: dict[str, Any] = {"coverage": endpoint.coverage}
        if endpoint.method in _DECIDING:
            options["level"] = endpoint.level
        elif endpoint.method == "random_site":
            options["site"] = pairs.site.tolist()
        else:
            options["subject"] = pairs.subject.tolist()
        function: Any = stats.find(f"limits_of_agreement.{endpoint.method}")
        return function(pairs.test.tolist(), pairs.reference.tolist(), **options)


def _record_heterogeneity(pairs: Pairs, endpoint: Spec, recorder: Recorder) -> None:
    """Record whether the bias differs between the centers where it has an error."""
    import numpy as np

    from clinval.stats.centers import heterogeneity

    difference, subject, site = _differences(pairs, endpoint)
    estimates, errors = [], []
    for place in np.unique(site):
        here = site == place
        _, person = np.unique(subject[here], return_inverse=True)
        means = np.bincount(person, difference[here]) / np.bincount(person)
        if len(means) > 1 and np.ptp(means) > 0:
            estimates.append(float(means.mean()))
            errors.append(float(means.std(ddof=1) / np.sqrt(len(means))))
    recorder.add("centers_with_error", len(estimates), unit="centers")
    names = {"q": "q", "q_df": "q_df", "q_p_value": "q_p_value"}
    if len(estimates) < 2:
        for name in names:
            recorder.add(name, None, reason="fewer than two centers with an error")
        return
    result: Any = heterogeneity.fixed_effect(estimates, errors, level=endpoint.level)
    recorder.result(result, {"q": "", "q_p_value": "p"}, n=len(estimates))
    recorder.add("q_df", len(estimates) - 1, n=len(estimates))


def _differences(
    pairs: Pairs, endpoint: Spec
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Return the differences, of logarithms where ratios are estimated, with subject and site."""
    import numpy as np

    if endpoint.method == "log_ratio":
        return np.log(pairs.test) - np.log(pairs.reference), pairs.subject, pairs.site
    return pairs.test - pairs.reference, pairs.subject, pairs.site


def _record_points(pairs: Pairs, endpoint: Spec, context: Context) -> None:
    """Record the points of the figure: the means, the differences, whose they are."""
    import numpy as np

    if endpoint.method == "log_ratio":
        mean = np.sqrt(pairs.test) * np.sqrt(pairs.reference)
        with np.errstate(over="ignore"):
            difference = pairs.test / pairs.reference
    else:
        mean, difference = (pairs.test + pairs.reference) / 2, pairs.test - pairs.reference
    _, person = np.unique(pairs.subject, return_inverse=True)
    drawn = np.isfinite(difference)  # a ratio to next to nothing is no number, and has no place
    columns = {"mean": mean, "difference": difference, "subject": person}
    context.recorder.points("limits", {name: each[drawn] for name, each in columns.items()})
