"""The area under the ROC curve of one score, with or without a goal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from clinval.endpoints.cases import Cases, cases_of
from clinval.endpoints.comparison import lint_share
from clinval.endpoints.engines import recompute
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import lint_measured, rows_of
from clinval.endpoints.reference_standard import AgainstReference, lint_reference, record_reference
from clinval.endpoints.scores import OfScores, Scores, record_probabilities, record_scores
from clinval.endpoints.single import Goal, Single, lint_subgroups_named
from clinval.protocol.base import Identifier
from clinval.protocol.lint import lint_margin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "Spec", "analyze", "lint", "lint_scores"]

METHODS = ("delong", "delong_logit", "newcombe")
_CLUSTERED = "obuchowski"


class Spec(AgainstReference, OfScores, Goal):
    """The area under the ROC curve; ``measure`` is the score, a number."""

    arm: Identifier | None = None
    method: str

    clustered_methods: ClassVar[tuple[str, ...]] = (_CLUSTERED,)


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    each = endpoint.combine == "each"
    lint_measured(endpoint, draft, report, gives="number", each=True)
    lint_reference(endpoint, draft, report)
    lint_scores(endpoint, report)
    offered = (_CLUSTERED,) if each else METHODS
    if endpoint.method not in offered:
        report(
            "method-unknown",
            ("method",),
            method=endpoint.method,
            estimand="an area of rows clustered in subjects" if each else "an area",
            methods=", ".join(offered),
        )
    if endpoint.arm is not None and endpoint.arm not in draft.written_ids("arms"):
        report("arm-unknown", ("arm",), arm=endpoint.arm)
    lint_subgroups_named(endpoint, draft, report)
    if endpoint.goal is not None or endpoint.role == "primary":
        lint_margin(endpoint.goal, draft, report, ("goal",), of=endpoint.id)
    if endpoint.goal is not None:
        lint_share(endpoint.goal, report, ("goal", "value"))


def lint_scores(endpoint: OfScores, report: Report) -> None:
    """Report a part of the curve that is none, and thresholds that nothing is done with."""
    part = endpoint.partial
    if part is not None and part.low >= part.high:
        report("value-out-of-limits", ("partial", "low"), value=part.low, limit=f"< {part.high:g}")
    if endpoint.thresholds and not endpoint.probability:
        report(
            "design-does-not-fit",
            ("thresholds",),
            what="thresholds",
            design="a score",
            remedy="write probability: true if the score is a probability, or operating_points",
        )


def analyze(endpoint: Spec, context: Context) -> None:
    """Estimate the area: pooled, by center, without each center, by subgroup."""
    import numpy as np

    each, recorder = endpoint.combine == "each", context.recorder
    test = context.data.protocol.arm("test")
    arm = endpoint.arm or (test.id if test else "")
    rows = rows_of(endpoint, context.data, (arm,), keyed=each)
    cases = cases_of(endpoint, context, arm, rows, np.zeros(len(rows.value), dtype=bool))
    recorder.inputs = cases.sha256
    record_reference(endpoint, context, arm)
    _record_missing(cases, context)
    sample = Scores.of_cases(cases, clustered=each)
    single = Single(
        endpoint=endpoint,
        context=context,
        sample=sample,
        unit="",
        fit=lambda part, level: part.area(endpoint.method, level),
        describe=lambda part, group: _describe(part, group, context),
    )
    result = single.record()
    if len(sample):
        cluster = {"cluster": sample.subject} if each else {}
        recompute(
            result,
            result.method,
            (sample.truth, sample.score),
            {"level": endpoint.level, **cluster},
            recorder=recorder,
            unit="",
            n=len(sample),
        )
    record_scores(sample, endpoint, {}, recorder, endpoint.level)
    if endpoint.probability:
        record_probabilities(sample, endpoint, recorder, endpoint.level)


def _describe(part: Scores, group: Mapping[str, str], context: Context) -> None:
    """Record how many have the condition, of parts; of all it is said with the curve."""
    if not group:
        return
    unit = "rows" if part.clustered else "subjects"
    ill = int(part.truth.sum())
    context.recorder.add("diseased", ill, group=group, unit=unit, n=len(part))
    context.recorder.add("healthy", len(part) - ill, group=group, unit=unit, n=len(part))


def _record_missing(cases: Cases, context: Context) -> None:
    """Record who has a reference and no score, of all and by center."""
    import numpy as np

    recorder, names = context.recorder, context.data.site_names
    site = context.data.site_of_subject
    absent = np.zeros(len(site), dtype=bool)
    absent[cases.subject[~np.isnan(cases.truth)]] = True
    absent[cases.subject[cases.known]] = False
    recorder.add("missing", int(absent.sum()), unit="subjects")
    by_site = np.bincount(site[absent], minlength=len(names))
    for name, value in zip(names, by_site.tolist(), strict=True):
        recorder.add("missing", value, group={"site": name}, unit="subjects")
