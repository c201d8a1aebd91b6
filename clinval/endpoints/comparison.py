"""What the comparisons of two arms share: their protocol keys, their checks, their records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field as Setting

from clinval.endpoints.hypothesis import Hypothesis, hypothesis
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Measured
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import ENROLMENT, lint_margin

if TYPE_CHECKING:
    from clinval.core.results import Estimate
    from clinval.protocol.draft import Draft

__all__ = [
    "TwoArms",
    "arms_of",
    "lint_share",
    "lint_two_arms",
    "record_centers",
    "record_decision",
]


class TwoArms(Measured):
    """A comparison of the test arm with the reference arm."""

    comparison: Literal["non_inferiority", "equivalence", "superiority", "estimation"]
    direction: Literal["higher_is_better", "lower_is_better"]
    estimate: Literal["difference", "ratio"] = "difference"
    margin: Margin | None = None
    method: str
    centers: Literal["pooled", "stratified", "random", "two_stage"] = Setting(
        description="how centers enter the primary result; every center is also shown by itself"
    )
    missing: Literal["exclude", "failure"] = Setting(
        default="exclude", description="failure: a missing result counts as a failed one"
    )

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown."""
        return hypothesis(
            self.comparison, self.direction, self.margin, ratio=self.estimate == "ratio"
        )


Methods = Mapping[tuple[bool, str, str], Mapping[str, str]]
"""(paired, estimate, centers) -> method name -> function; the first is the one proposed."""


def lint_two_arms(endpoint: TwoArms, draft: Draft, report: Report, methods: Methods) -> None:
    """Report a method that does not fit the design, and a margin that is missing or wrong."""
    _lint_arm(endpoint, draft, report)
    if draft.design is not None:
        if draft.design.type == "single_arm":
            report(
                "design-does-not-fit",
                ("kind",),
                what=endpoint.kind,
                design=draft.design.type,
                remedy="compare with a goal: kind performance_goal",
            )
            return
        offered = methods.get((draft.design.paired, endpoint.estimate, endpoint.centers), {})
        if endpoint.method not in offered:
            paired = "paired" if draft.design.paired else "unpaired"
            estimand = f"a {paired} {endpoint.estimate}, centers {endpoint.centers}"
            others = sorted(
                f"{name} (centers: {centers})"
                for (is_paired, estimate, centers), names in methods.items()
                if is_paired == draft.design.paired and estimate == endpoint.estimate
                for name in names
            )
            report(
                "method-unknown",
                ("method",),
                method=endpoint.method,
                estimand=estimand,
                methods=", ".join(offered or others),
            )
    _lint_margin(endpoint, draft, report)


def _lint_arm(endpoint: TwoArms, draft: Draft, report: Report) -> None:
    """Report a form on which nothing says which arm a row belongs to."""
    form, enrolment = draft.forms.get(endpoint.form), draft.forms.get(ENROLMENT)
    if form is None or form.field("arm") is not None:
        return
    grouped = draft.design is not None and not draft.design.paired
    if not (grouped and enrolment is not None and enrolment.field("arm") is not None):
        report("endpoint-form-keys", ("form",), form=form.id, key="arm")


def _lint_margin(endpoint: TwoArms, draft: Draft, report: Report) -> None:
    margin, value = endpoint.margin, endpoint.margin.value if endpoint.margin else None
    if endpoint.comparison in ("non_inferiority", "equivalence") or (
        endpoint.comparison == "superiority" and margin is not None
    ):
        lint_margin(margin, draft, report, ("margin",), of=endpoint.id)
    elif endpoint.comparison == "estimation" and margin is not None:
        report("margin-not-used", ("margin",), of=endpoint.id)
    if value is None or endpoint.estimate != "ratio" or endpoint.comparison == "equivalence":
        return
    higher = endpoint.direction == "higher_is_better"
    tolerates = endpoint.comparison == "non_inferiority"
    # a tolerated ratio lies on the worse side of 1, a claimed one on the better side
    below = higher == tolerates
    if (value < 1) != below:
        side = "below" if below else "above"
        report(
            "margin-wrong-side",
            ("margin", "value"),
            value=value,
            of=endpoint.id,
            remedy=f"write a ratio {side} 1, for {endpoint.direction} and {endpoint.comparison}",
        )


def lint_share(margin: Margin, report: Report, path: tuple[str, ...]) -> None:
    """Report a margin or a goal that no proportion, and no difference of two, can reach."""
    if margin.value is not None and margin.value >= 1:
        report("value-out-of-limits", path, value=margin.value, limit="< 1 (5% = 0.05)")


def arms_of(endpoint: TwoArms, context: Context) -> tuple[str, str]:
    """Return the ids of the test and the reference arm."""
    if endpoint.compare is not None:
        return endpoint.compare.test, endpoint.compare.reference
    protocol = context.data.protocol
    test, reference = protocol.arm("test"), protocol.arm("reference")
    return test.id if test else "", reference.id if reference else ""


def record_decision(endpoint: TwoArms, context: Context, result: Estimate, unit: str) -> None:
    """Record the bounds, in the unit of the effect, and the verdict of the interval on them."""
    recorder, claim = context.recorder, endpoint.hypothesis
    for name, bound in (("bound_low", claim.above), ("bound_high", claim.below)):
        if bound is not None:
            recorder.add(name, bound, unit=unit)
    verdict = claim.verdict(result.ci_low, result.ci_high)
    recorder.add("verdict", verdict)
    if endpoint.comparison == "non_inferiority" and verdict == "met":
        # after non-inferiority, superiority may be read from the same interval at no cost
        beyond = hypothesis(
            "superiority", endpoint.direction, None, ratio=endpoint.estimate == "ratio"
        )
        recorder.add("superiority", beyond.verdict(result.ci_low, result.ci_high))


def record_centers(
    endpoint: TwoArms,
    context: Context,
    *,
    counts: Mapping[int, int],
    alone: Callable[[int], Estimate],
    without: Callable[[int], Estimate],
    record: Callable[[Estimate, Mapping[str, str], int], None],
) -> list[tuple[str, Estimate]]:
    """Record each center by itself and the result without it; return the centers' estimates.

    Parameters
    ----------
    counts
        Units of analysis by site index; a site without any is recorded with n = 0.
    alone, without
        The estimate of a center, and of all others.
    record
        Records an estimate of a group with its n.
    """
    recorder, claim = context.recorder, endpoint.hypothesis
    names = context.data.site_names
    total = sum(counts.values())
    estimates = []
    flips = []
    overall = None
    for site in range(len(names)):
        n = counts.get(site, 0)
        recorder.add("n", n, group={"site": names[site]}, unit="subjects", n=n)
        if n:
            result = alone(site)
            estimates.append((names[site], result))
            record(result, {"site": names[site]}, n)
    if len([site for site in counts if counts[site]]) > 1:
        for site in range(len(names)):
            if not counts.get(site):
                continue
            rest = without(site)
            group = {"without_site": names[site]}
            record(rest, group, total - counts[site])
            verdict = claim.verdict(rest.ci_low, rest.ci_high)
            if verdict != "none":
                recorder.add("verdict", verdict, group=group)
                flips.append((names[site], verdict))
    if flips:
        overall = next(
            (r.value for r in recorder.records if r.id == recorder.id_of("verdict")), None
        )
        changed = [name for name, verdict in flips if verdict != overall]
        recorder.add("centers_that_flip", ", ".join(changed) or "none", n=len(changed))
    return estimates
