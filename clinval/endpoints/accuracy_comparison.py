"""Sensitivity or specificity of two tests on the same cases, or of two groups, compared.

It is the comparison of two proportions, of those who have the condition or of those who have not.
Beside it stand both tests by themselves, and what pairs of calls say of predictive values and
likelihood ratios.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from pydantic import Field as Setting

from clinval.endpoints import proportion_comparison
from clinval.endpoints.cases import Cases, calls_of, cases_of
from clinval.endpoints.comparison import CLUSTERED, arms_of
from clinval.endpoints.diagnostic_accuracy import Indeterminate
from clinval.endpoints.fourfold import CLUSTERED as BY_CLUSTER, Calls, record_measures
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.proportion_comparison import METHODS, TESTS
from clinval.endpoints.reference_standard import AgainstReference, lint_reference, subjects_with
from clinval.protocol.base import Words
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "TESTS", "Spec", "analyze", "lint"]

# What pairs of calls are compared by, with the units of what each function gives.
_PROPORTION = {"test": "proportion", "reference": "proportion"}
_RATIO = {"ratio": "ratio", "ratio_ci_low": "ratio", "ratio_ci_high": "ratio", "p_value": "p"}
_PAIRED = {
    "relative": (("sensitivity", "specificity"), {**_PROPORTION, **_RATIO}),
    "kosinski": (
        ("ppv", "npv"),
        {**_PROPORTION, "difference": "proportion_difference", "statistic": "", "p_value": "p"},
    ),
    "moskowitz_pepe": (("ppv", "npv"), {**_PROPORTION, **_RATIO}),
    "gu_pepe": (("lr_pos", "lr_neg"), {"test": "ratio", "reference": "ratio", **_RATIO}),
}
_LEVELLESS = ("kosinski",)


class Spec(proportion_comparison.Spec, AgainstReference):
    """Sensitivity or specificity of two tests; ``measure`` is the rule of a positive call."""

    negative: Words = Setting(description="the rule of a negative call")
    quantity: Literal["sensitivity", "specificity"]
    indeterminate: Indeterminate = Setting(
        default="exclude", description="failure: counts against the test, whatever the truth is"
    )


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    proportion_comparison.lint(endpoint, draft, report)
    if endpoint.form in draft.forms:
        check_rule(endpoint.negative, draft.forms, endpoint.form, report, ("negative",))
    lint_reference(endpoint, draft, report)
    form = draft.forms.get(endpoint.reference.form)
    if form is not None and endpoint.combine == "each" and endpoint.form != form.id:
        spare = [key for key in form.keys if key != "subject_id"]
        if spare:
            report("reference-not-by-subject", ("reference", "form"), form=form.id, unit="subject")
    if endpoint.missing == "failure" and endpoint.indeterminate == "exclude":
        report(
            "design-does-not-fit",
            ("indeterminate",),
            what="indeterminate: exclude",
            design="missing: failure",
            remedy="write indeterminate: failure; a call that is left out would count as missing",
        )


def analyze(endpoint: Spec, context: Context) -> None:
    """Compare the tests on those whom the quantity is about; record both by themselves."""
    proportion_comparison.analyze(_proportion(endpoint), _restricted(endpoint, context))
    _record_beside(endpoint, context)


def _proportion(endpoint: Spec) -> Spec:
    """Return the endpoint as a comparison of proportions: what is a success, of which rows."""
    success, failure = endpoint.measure, endpoint.negative
    truth, favourable = endpoint.reference.positive, "positive"
    if endpoint.quantity == "specificity":
        success, failure = failure, success
        truth, favourable = endpoint.reference.negative, "negative"
    where = [endpoint.where] if endpoint.where else []
    if endpoint.indeterminate == "exclude":
        where.append(f"({success}) or ({failure})")
    if endpoint.reference.form == endpoint.form:
        where.append(truth)
        where += [endpoint.reference.where] if endpoint.reference.where else []
    measure = f"not ({failure})" if endpoint.indeterminate == favourable else success
    joined = " and ".join(f"({rule})" for rule in where)
    return endpoint.model_copy(update={"measure": measure, "where": joined or None})


def _restricted(endpoint: Spec, context: Context) -> Context:
    """Return the context with sets of those only who have the condition, or have not."""
    who = subjects_with(endpoint, context.data, condition=endpoint.quantity == "sensitivity")
    sets = {
        name: dataclasses.replace(membership, member=membership.member & who)
        for name, membership in context.sets.items()
    }
    return dataclasses.replace(context, sets=sets)


# ---------------------------------------------------------------------- beside it


def _record_beside(endpoint: Spec, context: Context) -> None:
    """Record each test by itself, and on pairs the comparisons of everything else."""
    each, level, recorder = endpoint.center_model == CLUSTERED, endpoint.level, context.recorder
    found = []
    for role, arm in zip(("test", "reference"), arms_of(endpoint, context), strict=True):
        rows, unclear = calls_of(endpoint, context, arm, endpoint.negative)
        cases = cases_of(endpoint, context, arm, rows, unclear)
        found.append(cases)
        group, calls = {"test": role}, _calls(cases, cases.known, each=each)
        for statistic, count in calls.cells.items():
            unit = "rows" if each else "subjects"
            recorder.add(statistic, count, group=group, unit=unit, n=len(calls))
        unclear_calls = int((cases.indeterminate & (cases.truth == cases.truth)).sum())
        recorder.add("indeterminate", unclear_calls, group=group, unit="rows" if each else
                     "subjects")  # fmt: skip
        record_measures(calls, group, recorder, BY_CLUSTER if each else "clopper_pearson", level)
    if context.data.protocol.design.paired and not each:
        _record_pairs(*found, level=level, context=context)


def _calls(cases: Cases, known: NDArray[np.bool_], *, each: bool) -> Calls:
    kept = cases.of(known)
    return Calls(
        truth=kept.truth == 1,
        call=kept.value == 1,
        subject=kept.subject,
        site=kept.site,
        clustered=each,
    )


def _record_pairs(test: Cases, reference: Cases, *, level: float, context: Context) -> None:
    """Record what subjects with both calls say of relative accuracy and predictive values."""
    import numpy as np

    from clinval import stats
    from clinval.stats.comparison import paired_difference

    known = test.known & reference.known
    ill = test.truth[known] == 1
    first, second = test.value[known] == 1, reference.value[known] == 1
    cell = 2 * ~first + ~second
    diseased, healthy = (np.bincount(cell[mask], minlength=4).tolist() for mask in (ill, ~ill))
    recorder, n = context.recorder, int(known.sum())
    for name, cells in (("diseased", diseased), ("healthy", healthy)):
        for place, count in zip(("n11", "n10", "n01", "n00"), cells, strict=True):
            group = {"pairs": name}
            recorder.add(place, int(count), group=group, unit="subjects", n=int(sum(cells)))
    for name, (n11, n10, n01, n00) in (
        ("sensitivity", diseased), ("specificity", healthy[::-1]),
    ):  # fmt: skip
        group = {"paired": name}
        difference = paired_difference.tango(n11, n10, n01, n00, level=level)
        units = dict.fromkeys(("estimate", "ci_low", "ci_high"), "proportion_difference")
        recorder.result(difference, units, group=group, n=n11 + n10 + n01 + n00)
        test_of = paired_difference.mcnemar_exact_test(n11, n10, n01, n00)
        recorder.result(test_of, {"p_value": "p"}, group=group, n=n11 + n10 + n01 + n00)
    for call, (measures, units) in _PAIRED.items():
        options = {} if call in _LEVELLESS else {"level": level}
        result = stats.find(f"accuracy.{call}")(diseased, healthy, **options)
        for measure in measures:
            names = {f"{measure}_{name}": unit for name, unit in units.items()}
            recorder.result(result, names, group={"paired": call}, n=n)
