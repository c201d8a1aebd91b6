"""Accuracy of one test against a reference standard: sensitivity, specificity, predictive values.

One of them is the endpoint (``quantity``), with or without a goal; the whole fourfold table and
what follows from it stands beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field as Setting

from clinval.core.results import TestResult
from clinval.endpoints.cases import Cases, calls_of, cases_of
from clinval.endpoints.comparison import lint_share
from clinval.endpoints.engines import recompute
from clinval.endpoints.fourfold import CLUSTERED, QUANTITIES, Calls, Quantity, record_measures
from clinval.endpoints.hypothesis import Side, inverted_test
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import lint_measured
from clinval.endpoints.reference_standard import AgainstReference, lint_reference, record_reference
from clinval.endpoints.single import Goal, Single, lint_subgroups_named
from clinval.protocol.base import Identifier, Words
from clinval.protocol.lint import lint_margin
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clinval.core.results import Estimate
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "Indeterminate", "Spec", "analyze", "lint"]

METHODS = ("clopper_pearson", "wilson", "jeffreys", "agresti_coull", "logit")

Indeterminate = Literal["exclude", "failure", "positive", "negative"]
_WAYS: tuple[Indeterminate, ...] = ("exclude", "failure", "positive", "negative")


class Spec(AgainstReference, Goal):
    """Accuracy of one test; ``measure`` is the rule of a positive call.

    What is neither positive nor ``negative`` is indeterminate: the protocol says how it counts,
    and the result is shown for the other ways too.
    """

    arm: Identifier | None = None
    negative: Words = Setting(description="the rule of a negative call")
    quantity: Literal["sensitivity", "specificity", "accuracy", "ppv", "npv"]
    method: str
    missing: Literal["exclude", "failure"] = "exclude"
    indeterminate: Indeterminate = Setting(
        default="exclude", description="failure: counts against the test, whatever the truth is"
    )
    prevalences: Annotated[
        tuple[Annotated[float, Setting(gt=0, lt=1)], ...], Setting(strict=False)
    ] = Setting(default=(), description="where predictive values are also given for")

    clustered_methods: ClassVar[tuple[str, ...]] = (CLUSTERED,)


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    each = endpoint.combine == "each"
    lint_measured(
        endpoint, draft, report, gives="truth", each=True, failures=endpoint.missing == "failure"
    )
    if endpoint.form in draft.forms:
        check_rule(endpoint.negative, draft.forms, endpoint.form, report, ("negative",))
    lint_reference(endpoint, draft, report)
    offered = (CLUSTERED,) if each else METHODS
    if endpoint.method not in offered:
        report(
            "method-unknown",
            ("method",),
            method=endpoint.method,
            estimand="a proportion of rows clustered in subjects" if each else "a proportion",
            methods=", ".join(offered),
        )
    if endpoint.arm is not None and endpoint.arm not in draft.written_ids("arms"):
        report("arm-unknown", ("arm",), arm=endpoint.arm)
    lint_subgroups_named(endpoint, draft, report)
    if endpoint.goal is not None or endpoint.role == "primary":
        lint_margin(endpoint.goal, draft, report, ("goal",), of=endpoint.id)
    if endpoint.goal is not None:
        lint_share(endpoint.goal, report, ("goal", "value"))


def analyze(endpoint: Spec, context: Context) -> None:
    """Estimate the accuracy: pooled, by center, without each center, by subgroup."""
    test = context.data.protocol.arm("test")
    arm = endpoint.arm or (test.id if test else "")
    rows, unclear = calls_of(endpoint, context, arm, endpoint.negative)
    cases = cases_of(endpoint, context, arm, rows, unclear)
    context.recorder.inputs = cases.sha256
    record_reference(endpoint, context, arm)
    _record_accounting(endpoint, cases, context)
    sample = _resolved(cases, endpoint, endpoint.indeterminate)
    quantity, method = QUANTITIES[endpoint.quantity], endpoint.method
    each = endpoint.combine == "each"
    single = Single(
        endpoint=endpoint,
        context=context,
        sample=sample,
        unit="proportion",
        fit=lambda part, level: part.fit(quantity, method, level),
        describe=lambda part, group: _describe(part, endpoint, context, group),
        differ=None if each else lambda parts: _differ(parts, quantity),
        test=None if each else lambda part, side, bound: _test(part, endpoint, side, bound),
        independent=not each,
    )
    result = single.record()
    if len(sample):
        recompute(
            result,
            sample.call_of(method),
            sample.arguments(quantity),
            {"level": endpoint.level},
            recorder=context.recorder,
            unit="proportion",
            n=int(result.n or 0),
        )
    record_measures(sample, {}, context.recorder, method, endpoint.level, endpoint.prevalences)
    if cases.indeterminate.any():
        _record_ways(cases, endpoint, context)


def _resolved(cases: Cases, endpoint: Spec, way: Indeterminate) -> Calls:
    """Return the cases that count, missing and indeterminate calls as the protocol says."""
    import numpy as np

    call, wrong = cases.value.copy(), 1 - cases.truth
    unclear = cases.indeterminate
    absent = np.isnan(call) & ~unclear
    if endpoint.missing == "failure":
        call[absent] = wrong[absent]
    if way == "failure":
        call[unclear] = wrong[unclear]
    elif way != "exclude":
        call[unclear] = float(way == "positive")
    known = ~np.isnan(cases.truth) & ~np.isnan(call)
    return Calls(
        truth=cases.truth[known] == 1,
        call=call[known] == 1,
        subject=cases.subject[known],
        site=cases.site[known],
        clustered=endpoint.combine == "each",
    )


def _record_accounting(endpoint: Spec, cases: Cases, context: Context) -> None:
    """Record who has no result, or an indeterminate one, of all and by center."""
    import numpy as np

    recorder, names = context.recorder, context.data.site_names
    of_subject = context.data.site_of_subject
    judged, counted = np.zeros((2, len(of_subject)), dtype=bool)
    judged[cases.subject[~np.isnan(cases.truth)]] = True
    counted[cases.subject[cases.known | (cases.indeterminate & ~np.isnan(cases.truth))]] = True
    unclear = np.zeros(len(of_subject), dtype=bool)
    unclear[cases.subject[cases.indeterminate & ~np.isnan(cases.truth)]] = True
    for statistic, who in (("missing", judged & ~counted), ("indeterminate", unclear)):
        recorder.add(statistic, int(who.sum()), unit="subjects")
        by_site = np.bincount(of_subject[who], minlength=len(names))
        for name, value in zip(names, by_site.tolist(), strict=True):
            recorder.add(statistic, value, group={"site": name}, unit="subjects")
    if endpoint.combine == "each":
        left = int((~np.isnan(cases.truth) & np.isnan(cases.value) & ~cases.indeterminate).sum())
        recorder.add("rows_missing", left, unit="rows")


def _describe(part: Calls, endpoint: Spec, context: Context, group: Mapping[str, str]) -> None:
    """Record the cells of a part, and the successes and trials of the quantity."""
    unit = "rows" if part.clustered else "subjects"
    for statistic, count in part.cells.items():
        context.recorder.add(statistic, count, group=group, unit=unit, n=len(part))
    success, trial = QUANTITIES[endpoint.quantity](part)
    trials = int(trial.sum())
    context.recorder.add("x", int((success & trial).sum()), group=group, unit=unit, n=trials)
    context.recorder.add("trials", trials, group=group, unit=unit, n=trials)


def _differ(parts: Sequence[Calls], quantity: Quantity) -> TestResult:
    """Test that the proportion is the same in all parts that have cases of it."""
    from clinval.stats.accuracy import proportion

    counts = [part.arguments(quantity) for part in parts]
    return proportion.homogeneity_test([x for x, n in counts if n], [n for _, n in counts if n])


def _test(part: Calls, endpoint: Spec, side: Side, bound: float) -> TestResult:
    """Return the test of the goal that agrees with the interval."""
    from clinval.stats.accuracy import proportion

    quantity = QUANTITIES[endpoint.quantity]
    x, n = part.arguments(quantity)
    if endpoint.method == "clopper_pearson" and n:
        return proportion.binomial_test(x, n, null=bound, alternative=side)

    def interval(level: float) -> Estimate:
        return part.fit(quantity, endpoint.method, level)

    return inverted_test(interval, side, bound)


def _record_ways(cases: Cases, endpoint: Spec, context: Context) -> None:
    """Record the result with indeterminate calls counted in each way, beside the declared one."""
    recorder, claim = context.recorder, endpoint.hypothesis
    for way in _WAYS:
        group = {"indeterminate": way}
        sample = _resolved(cases, endpoint, way)
        result = sample.fit(QUANTITIES[endpoint.quantity], endpoint.method, endpoint.level)
        recorder.add("n", len(sample), group=group, unit="subjects", n=len(sample))
        limits = dict.fromkeys(("estimate", "ci_low", "ci_high"), "proportion")
        recorder.result(result, limits, group=group, n=result.n)
        word = claim.verdict(result.ci_low, result.ci_high)
        if word != "none":
            recorder.add("verdict", word, group=group)
        for name in ("sensitivity", "specificity"):
            sample.record(name, group, recorder, endpoint.method, endpoint.level)
