"""What the comparisons of two arms share: their protocol keys and their checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.endpoints.hypothesis import Hypothesis, Scale, hypothesis
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.margin_evidence import lint_evidence
from clinval.endpoints.measured import Measured
from clinval.protocol.base import Identifier
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import ENROLMENT, lint_margin

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["CLUSTERED", "Methods", "TwoArms", "arms_of", "lint_arm", "lint_share", "lint_two_arms"]

CLUSTERED = "clustered"  # stands for the centers where rows stay apart, clustered in subjects

_SCALES: Mapping[str, Scale] = {
    "difference": "difference",
    "location_shift": "difference",
    "rmst_difference": "difference",
    "win_probability": "probability",
}  # of what is estimated; anything else is a ratio

_HALF = 0.5  # the most that a probability can lie away from no effect


class TwoArms(Measured):
    """A comparison of the test arm with the reference arm."""

    comparison: Literal["non_inferiority", "equivalence", "superiority", "estimation"]
    direction: Literal["higher_is_better", "lower_is_better"]
    estimate: str = "difference"
    margin: Margin | None = None
    method: str
    centers: Literal["pooled", "stratified", "random", "two_stage"] = Setting(
        description="how centers enter the primary result; every center is also shown by itself"
    )
    missing: Literal["exclude", "failure"] = Setting(
        default="exclude", description="failure: a missing result counts as a failed one"
    )
    subgroups: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="declared subgroups that the result is also shown for"
    )
    also_methods: Annotated[tuple[str, ...], Setting(strict=False)] = Setting(
        default=(),
        description="further methods shown beside the result, such as paired_difference.newcombe",
    )

    @property
    def scale(self) -> Scale:
        """The scale of what is estimated."""
        return _SCALES.get(self.estimate, "ratio")

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown."""
        return hypothesis(
            self.comparison, self.direction, self.margin, scale=self.scale, level=self.level
        )

    @property
    def center_model(self) -> str:
        """How centers, or clusters of rows, enter the result: a key of the kind's methods."""
        return CLUSTERED if self.combine == "each" else self.centers

    def options(self, call: str) -> dict[str, Any]:  # noqa: ARG002  kinds add theirs
        """Return what a method is told beside the data and the level."""
        return {}


Methods = Mapping[tuple[bool, str, str], Mapping[str, str]]
"""(paired, estimate, centers) -> method name -> function; the first is the one proposed."""


def lint_two_arms(
    endpoint: TwoArms, draft: Draft, report: Report, methods: Methods, tests: Methods
) -> None:
    """Report methods that do not fit the design, and a margin that is missing or wrong.

    ``tests`` are what may be asked for beside the result, by the same key as ``methods``.
    """
    lint_arm(endpoint, draft, report)
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
        _lint_methods(endpoint, draft.design.paired, report, methods, tests)
    for position, name in enumerate(endpoint.subgroups):
        if name not in draft.written_ids("subgroups"):
            report("subgroup-unknown", ("subgroups", position), subgroup=name)
    _lint_margin(endpoint, draft, report)


def _lint_methods(
    endpoint: TwoArms, paired: bool, report: Report, methods: Methods, tests: Methods
) -> None:
    model = endpoint.center_model
    offered = methods.get((paired, endpoint.estimate, model), {})
    clustered = model == CLUSTERED
    design = "paired" if paired else "unpaired"
    estimand = f"a {design} {endpoint.estimate}, " + (
        "rows clustered in subjects (combine: each)" if clustered else f"centers {model}"
    )
    if clustered and endpoint.centers != "pooled":
        report(
            "design-does-not-fit",
            ("centers",),
            what=f"centers: {endpoint.centers}",
            design="combine: each",
            remedy="write centers: pooled; clusters are the subjects",
        )
    if clustered and not any(centers == CLUSTERED for _, _, centers in methods):
        return  # rows apart are no way of this kind, which has been said of `combine`
    if endpoint.method not in offered:
        others = sorted(
            f"{name} (centers: {centers})"
            for (is_paired, estimate, centers), names in methods.items()
            if is_paired == paired and estimate == endpoint.estimate and centers != CLUSTERED
            for name in names
        )
        report(
            "method-unknown",
            ("method",),
            method=endpoint.method,
            estimand=estimand,
            methods=", ".join(offered or others),
        )
    known = {
        call
        for table in (methods, tests)
        for (is_paired, estimate, centers), names in table.items()
        if is_paired == paired
        and estimate == endpoint.estimate
        and (centers == CLUSTERED) == clustered
        for call in names.values()
    }
    for position, call in enumerate(endpoint.also_methods):
        if call not in known:
            report(
                "method-unknown",
                ("also_methods", position),
                method=call,
                estimand=estimand,
                methods=", ".join(sorted(known)),
            )


def lint_arm(endpoint: Measured, draft: Draft, report: Report) -> None:
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
    if margin is not None and margin.evidence is not None:
        lint_evidence(endpoint.id, margin, endpoint.hypothesis, report)
    if value is not None and endpoint.scale == "probability" and value >= _HALF:
        report("value-out-of-limits", ("margin", "value"), value=value, limit="< 0.5")
    if value is None or endpoint.scale != "ratio" or endpoint.comparison == "equivalence":
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


def arms_of(endpoint: Measured, context: Context) -> tuple[str, str]:
    """Return the ids of the test and the reference arm."""
    if endpoint.compare is not None:
        return endpoint.compare.test, endpoint.compare.reference
    protocol = context.data.protocol
    test, reference = protocol.arm("test"), protocol.arm("reference")
    return test.id if test else "", reference.id if reference else ""
