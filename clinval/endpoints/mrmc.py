"""Readers who read the same cases with and without the product: the multi-reader study.

What is recorded of an analysis set (groups in braces; {} is everybody):

* {}: ``n`` (subjects), ``diseased``, ``nondiseased`` and with targets ``cases``; ``readers``,
  ``reads``, ``missing_reads`` (planned and not made), ``missing`` (subjects), ``unused.<reason>``
  (rows of the form); ``design`` (as recognised), ``design_declared``, ``design_as_declared``;
  ``estimate``, ``ci_low``, ``ci_high``, ``se``; ``statistic``, ``df``, ``df2`` and
  ``p_value_difference`` of equal arms; ``p_value`` (one-sided) of what is to be shown, of an
  equivalence with ``p_low``, ``p_high``; ``bound_low``, ``bound_high``, ``verdict``, after
  non-inferiority ``superiority``, ``superiority_p_value``; ``covariance`` (the one that was
  used), ``ms_*``, ``var_*``, ``cov1`` to ``cov3``, ``negative_variance`` (which, or "none") and
  ``negative_variance_policy``; ``second_engine``; ``q``, ``q_df``, ``q_p_value`` (centers),
  ``centers_that_flip``; ``below_half`` (readers), ``readers_on_truth_panel``,
  ``verdict_by_truth`` (versions by which it is another), ``washout_declared``,
  ``washout_shortest`` (days), ``washout_short`` (pairs of reads)
* {arm}: the metric with ``se`` and limits; {reader, arm}: the same, with ``n``;
  {reader}: the difference with limits and ``p_value`` (two-sided), ``reads``, ``washout_short``
* {target}: the inference to other readers and cases, to other cases, to other readers;
  {method}: other methods and covariances; {analysis}: ``stratified``, ``complete_cases``
* {site}, {site, arm}, {without_site}, {subgroup, level}, {subgroup, level, arm}, {subgroup};
  {truth}, {truth, arm}: each version of the reference, ``changed`` the cases whose truth differs
* series ``roc.<arm>.<reader>`` and ``roc.<arm>`` (``false_positive``, ``true_positive``; of a
  reader ``threshold`` too, the average over readers is vertical)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Setting

from clinval.endpoints.comparison import arms_of, lint_share
from clinval.endpoints.hypothesis import Hypothesis, hypothesis
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.margin_evidence import lint_evidence
from clinval.endpoints.mrmc_beside import (
    record_complete,
    record_methods,
    record_targets,
    record_truths,
)
from clinval.endpoints.mrmc_conduct import record_curves, record_warnings
from clinval.endpoints.mrmc_parts import record_centers, record_subgroups
from clinval.endpoints.mrmc_result import (
    record_again,
    record_design,
    record_missing,
    record_result,
)
from clinval.endpoints.mrmc_study import METHODS, ReaderStudy
from clinval.endpoints.reader_reads import OfReads, lint_reads, reads_of
from clinval.endpoints.reference_standard import Reference, lint_reference, record_reference
from clinval.endpoints.single import lint_subgroups_named
from clinval.protocol.base import Identifier, Section, Text
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import lint_margin

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "Covariance", "Spec", "Target", "analyze", "lint"]

Target = Literal["readers_cases", "cases", "readers"]
"""To what the result is inferred: other readers and cases, other cases, other readers."""
Covariance = Literal["delong", "jackknife", "unbiased", "clustered"]

_COVARIANCES: dict[str, tuple[Covariance, ...]] = {
    "auc": ("delong", "jackknife", "unbiased", "clustered"),
    "partial_auc": ("jackknife",),
    "sensitivity": ("delong", "jackknife", "clustered"),
    "specificity": ("delong", "jackknife", "clustered"),
}


class TruthVersion(Section):
    """Another version of the reference standard, under which the result is also given."""

    id: Identifier
    label: Text
    reference: Reference


class Spec(OfReads):
    """A metric of readers in the test arm, compared with the same readers in the reference arm."""

    method: str = "obuchowski_rockette"
    covariance: Covariance | None = Setting(
        default=None,
        description="of obuchowski_rockette; without it delong where every reader reads every "
        "case in every arm, clustered with targets, and jackknife otherwise",
    )
    random: Target = Setting(
        default="readers_cases", description="what the result is inferred to: other such ones"
    )
    comparison: Literal["superiority", "non_inferiority", "equivalence", "estimation"]
    margin: Margin | None = None
    negative_variance: Literal["report", "truncate", "v_statistic"] = Setting(
        default="report",
        description="what is done with a variance that is estimated below zero: truncate is of "
        "obuchowski_rockette, v_statistic (use its variance instead) of u_statistic",
    )
    truth_versions: Annotated[tuple[TruthVersion, ...], Setting(strict=False)] = ()
    subgroups: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="declared subgroups that the result is also shown for"
    )

    @property
    def direction(self) -> Literal["higher_is_better"]:
        """Every metric is better the higher it is."""
        return "higher_is_better"

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown of the difference test minus reference."""
        return hypothesis(self.comparison, self.direction, self.margin, level=self.level)


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_reads(endpoint, draft, report)
    if endpoint.compare is not None and endpoint.compare.by != "arm":
        _misfit(report, "compare", "by: reader", endpoint.kind, "compare arms; drop by")
    form = draft.forms.get(endpoint.form)
    if form is not None and "arm" not in form.keys:
        report("endpoint-form-keys", ("form",), form=form.id, key="arm")
    if draft.design is not None and draft.design.type == "single_arm":
        remedy = "declare the reads without the product as a second arm, or compare with a goal"
        _misfit(report, "kind", endpoint.kind, draft.design.type, remedy)
    _lint_method(endpoint, report)
    _lint_crossed(endpoint, draft, report)
    given = len(endpoint.readers or draft.readers)
    if given < 2:
        report("readers-too-few", ("readers",), method=endpoint.kind, needed=2, given=given)
    _lint_margin(endpoint, draft, report)
    _lint_truth(endpoint, draft, report)
    lint_subgroups_named(endpoint, draft, report)


def _misfit(report: Report, key: str, what: str, design: str, remedy: str) -> None:
    report("design-does-not-fit", (key,), what=what, design=design, remedy=remedy)


def _lint_method(endpoint: Spec, report: Report) -> None:
    """Report a method that is none, and keys that it does not know with this metric."""
    if endpoint.method not in METHODS:
        report(
            "method-unknown",
            ("method",),
            method=endpoint.method,
            estimand="a reader study",
            methods=", ".join(METHODS),
        )
        return
    said, random = f"method: {endpoint.method}", f"random: {endpoint.random}"
    rockette = endpoint.method == "obuchowski_rockette"
    moments = endpoint.method in ("u_statistic", "v_statistic")
    policies = {"truncate": rockette, "v_statistic": endpoint.method == "u_statistic"}
    if not policies.get(endpoint.negative_variance, True):
        what = f"negative_variance: {endpoint.negative_variance}"
        _misfit(report, "negative_variance", what, said, "write report")
    if endpoint.covariance is not None and not rockette:
        _misfit(report, "covariance", "covariance", said, "drop it; the method has its own")
    if moments and endpoint.random != "readers_cases":
        _misfit(report, "random", random, said, "use obuchowski_rockette")
    if moments and endpoint.metric == "partial_auc":
        _misfit(report, "metric", "metric: partial_auc", said, "use obuchowski_rockette")
    if endpoint.target is not None and (not rockette or endpoint.metric == "partial_auc"):
        _misfit(report, "target", "target", said, "use obuchowski_rockette, and no part of an area")
    fitting = _COVARIANCES[endpoint.metric]
    if endpoint.covariance is not None and endpoint.covariance not in fitting:
        what, remedy = f"covariance: {endpoint.covariance}", f"use {' or '.join(fitting)}"
        _misfit(report, "covariance", what, f"metric: {endpoint.metric}", remedy)
    if (endpoint.target is None) == (endpoint.covariance == "clustered"):
        _lint_clusters(endpoint, report)


def _lint_crossed(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report a method or covariance of crossed studies in a study that is declared another."""
    if draft.design is None or draft.design.type not in ("split_plot", "parallel"):
        return
    if endpoint.method == "dorfman_berbaum_metz":
        remedy = "use obuchowski_rockette, which knows every design"
        _misfit(report, "method", f"method: {endpoint.method}", draft.design.type, remedy)
    if endpoint.covariance == "delong":
        _misfit(report, "covariance", "covariance: delong", draft.design.type, "use jackknife")


def _lint_clusters(endpoint: Spec, report: Report) -> None:
    """Report clusters without targets, and targets whose clusters would be forgotten."""
    if endpoint.target is None:
        remedy = "name the key of targets under target, or drop it"
        _misfit(report, "covariance", "covariance: clustered", "subject by subject", remedy)
    elif endpoint.covariance is not None:
        what = f"covariance: {endpoint.covariance}"
        _misfit(report, "covariance", what, "target", "use clustered: targets share a subject")


def _lint_margin(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report a margin that is missing, out of reach, or of no use."""
    margin = endpoint.margin
    if endpoint.comparison in ("non_inferiority", "equivalence") or (
        endpoint.comparison == "superiority" and margin is not None
    ):
        lint_margin(margin, draft, report, ("margin",), of=endpoint.id)
    elif margin is not None:
        report("margin-not-used", ("margin",), of=endpoint.id)
    if margin is not None and margin.evidence is not None:
        lint_evidence(endpoint.id, margin, endpoint.hypothesis, report)
    if margin is not None:
        lint_share(margin, report, ("margin", "value"))


def _lint_truth(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report versions of the reference that cannot be read, and ids that stand twice."""
    names = [version.id for version in endpoint.truth_versions]
    for index, version in enumerate(endpoint.truth_versions):
        here = ("truth_versions", index)
        if version.id in names[:index]:
            report("id-twice", (*here, "id"), id=version.id, section="truth_versions")

        def below(
            kind: str,
            path: tuple[str | int, ...],
            *,
            at: tuple[str | int, ...] = here,
            **said: object,
        ) -> None:
            report(kind, (*at, *path), **said)

        changed = endpoint.model_copy(update={"reference": version.reference})
        lint_reference(changed, draft, below)


def analyze(endpoint: Spec, context: Context) -> None:
    """Record the result and all that stands beside it."""
    test, reference = arms_of(endpoint, context)
    every = reads_of(endpoint, context, (reference, test))
    part, recorder = every.judged(), context.recorder
    recorder.inputs = every.sha256
    record_reference(endpoint, context, test)
    record_design(every, part, context)
    covariance = endpoint.covariance or _covariance(endpoint, crossed=part.crossed)
    study = ReaderStudy(endpoint=endpoint, context=context, reads=part, covariance=covariance)
    study.count(part, {})
    record_missing(part, context)
    record_again(study, record_result(study))
    if not len(part.score):
        return
    study.record_readers(record_targets(study), part)
    record_methods(study)
    record_complete(study)
    record_centers(study)
    record_subgroups(study)
    record_truths(study, every)
    record_warnings(study)
    record_curves(study)


def _covariance(endpoint: Spec, *, crossed: bool) -> Covariance:
    """Return the covariance that goes with the design where none is declared."""
    if endpoint.target is not None:
        return "clustered"
    return "delong" if crossed and "delong" in _COVARIANCES[endpoint.metric] else "jackknife"
