"""A product alone against a group of readers of the same cases.

The arm of the role test is the product, that of the role reference its readers. What is recorded
of an analysis set is what is recorded of an ``mrmc`` endpoint, with these differences (groups in
braces; {} is everybody):

* {}: ``unused.no_product`` (reads of cases without a result of the product),
  ``var_reader_observed``; no components but ``ms_reader``, ``var_error`` and ``cov2``, which are
  those of the differences of the product and each reader
* {arm}: the product's metric, and the mean of the readers; {reader}: product minus reader;
  {reader, arm}: the reader's metric, and again the product's
* {target}, {site}, {without_site}, {subgroup, level}: as there; centers are put together by
  inverse variance, readers fixed ({analysis: stratified})
* series ``roc.<arm>`` of the product, ``roc.<arm>`` and ``roc.<arm>.<reader>`` of the readers; of
  calls ``points.<arm>`` (``reader``, ``false_positive``, ``true_positive``)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.endpoints.comparison import arms_of, lint_share
from clinval.endpoints.hypothesis import Hypothesis, hypothesis
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.mrmc_beside import record_complete, record_targets
from clinval.endpoints.mrmc_conduct import record_curves, record_warnings
from clinval.endpoints.mrmc_parts import record_centers, record_subgroups
from clinval.endpoints.mrmc_result import record_design, record_missing, record_result
from clinval.endpoints.product_reads import OfProduct, product_reads
from clinval.endpoints.product_study import ProductStudy, record_product
from clinval.endpoints.reader_reads import CALLED, lint_reads
from clinval.endpoints.reference_standard import record_reference
from clinval.endpoints.single import lint_subgroups_named
from clinval.protocol.base import Identifier
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import lint_margin
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["Spec", "analyze", "lint"]


class Spec(OfProduct):
    """A metric of the product alone, compared with the mean of its readers."""

    covariance: Literal["jackknife", "unbiased"] = "jackknife"
    random: Literal["readers_cases", "cases", "readers"] = Setting(
        default="readers_cases", description="what the result is inferred to: other such ones"
    )
    comparison: Literal["superiority", "non_inferiority", "equivalence", "estimation"]
    margin: Margin | None = None
    subgroups: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="declared subgroups that the result is also shown for"
    )

    @property
    def method(self) -> Literal["obuchowski_rockette"]:
        """How the metric is analysed: by the model of a single treatment."""
        return "obuchowski_rockette"

    @property
    def negative_variance(self) -> Literal["report"]:
        """What is done with a covariance below zero."""
        return "report"

    @property
    def direction(self) -> Literal["higher_is_better"]:
        """Every metric is better the higher it is."""
        return "higher_is_better"

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown of the difference product minus readers."""
        return hypothesis(self.comparison, self.direction, self.margin, level=self.level)


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_reads(endpoint, draft, report)
    _lint_product(endpoint, draft, report)
    for key, wrong in (("target", endpoint.target is not None), ("compare", _by_reader(endpoint))):
        if wrong:
            report(
                "design-does-not-fit",
                (key,),
                what=key,
                design=endpoint.kind,
                remedy="drop it; the product is compared with the mean of its readers",
            )
    if endpoint.covariance == "unbiased" and endpoint.metric != "auc":
        report(
            "design-does-not-fit",
            ("covariance",),
            what="covariance: unbiased",
            design=f"metric: {endpoint.metric}",
            remedy="use jackknife",
        )
    given, needed = len(endpoint.readers or draft.readers), 1 if endpoint.random == "cases" else 2
    if given < needed:
        report("readers-too-few", ("readers",), method=endpoint.kind, needed=needed, given=given)
    margin = endpoint.margin
    if endpoint.comparison in ("non_inferiority", "equivalence") or (
        endpoint.comparison == "superiority" and margin is not None
    ):
        lint_margin(margin, draft, report, ("margin",), of=endpoint.id)
    elif margin is not None:
        report("margin-not-used", ("margin",), of=endpoint.id)
    if margin is not None:
        lint_share(margin, report, ("margin", "value"))
    lint_subgroups_named(endpoint, draft, report)


def _by_reader(endpoint: Spec) -> bool:
    return endpoint.compare is not None and endpoint.compare.by == "reader"


def _lint_product(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report a form without results of the product, and a measure that the metric cannot use."""
    said = endpoint.product
    form = draft.forms.get(said.form)
    if form is None:
        if said.form not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", ("product", "form"), form=said.form)
        return
    if "subject_id" not in form.keys:
        report("endpoint-form-keys", ("product", "form"), form=form.id, key="subject_id")
    called = endpoint.metric in CALLED
    field = form.field(said.measure)
    number = field is not None and field.numeric
    if called and said.threshold is None and number:
        report("key-missing", ("product",), key="threshold")
    elif said.threshold is not None and not called:
        report(
            "design-does-not-fit",
            ("product", "threshold"),
            what="threshold",
            design=f"metric: {endpoint.metric}",
            remedy="drop threshold, or declare the metric that uses it",
        )
    gives: Literal["truth", "number"] = "truth" if called and said.threshold is None else "number"
    if not (called and said.threshold is None and number):
        check_rule(said.measure, draft.forms, form.id, report, ("product", "measure"), gives=gives)
    if said.where:
        check_rule(said.where, draft.forms, form.id, report, ("product", "where"))


def analyze(endpoint: Spec, context: Context) -> None:
    """Compare product and readers: of all, by center, without each center, by subgroup."""
    product, readers = arms_of(endpoint, context)
    every = product_reads(endpoint, context, product, readers)
    judged, recorder = every.judged(), context.recorder
    part = judged.known()
    recorder.inputs = every.sha256
    record_reference(endpoint, context, readers)
    record_design(every, judged, context)
    lost = len(judged.score) - len(part.score)
    recorder.add("unused.no_product", lost, unit="rows", n=len(part.score))
    declared: Any = endpoint  # of this kind, where reader studies have their own
    study = ProductStudy(
        endpoint=declared, context=context, reads=part, covariance=endpoint.covariance
    )
    study.count(part, {})
    record_missing(part, context)
    record_result(study)
    if not len(part.score):
        return
    record_product(study)
    study.record_readers(record_targets(study), part)
    if 0 < len(part.of_cases(part.complete).score) < len(part.score):
        record_complete(study)
    record_centers(study)
    record_subgroups(study)
    record_warnings(study)
    record_curves(study)
