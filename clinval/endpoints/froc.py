"""Readers who mark lesions with and without the product: figures of merit of free response.

What is recorded of an analysis set is what is recorded of an ``mrmc`` endpoint, with the figure of
merit for its metric, and beside it (groups in braces; {} is everybody):

* {}: ``lesions``, ``marks``, ``marks_repeated`` (of a lesion that the read had marked already)
* {figure}, {figure, arm}: the other figures that the endpoint asks for
* series ``froc.<arm>``, ``froc.<arm>.<reader>`` (``nonlesion_marks``, ``lesions``) and
  ``afroc.<arm>``, ``afroc.<arm>.<reader>`` (``false_positive``, ``lesions``) instead of ``roc``
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.endpoints.comparison import arms_of, lint_share
from clinval.endpoints.froc_study import FrocStudy, record_figures, record_points
from clinval.endpoints.hypothesis import Hypothesis, hypothesis
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.marks import OfMarks, marked_reads
from clinval.endpoints.measured import lint_measured
from clinval.endpoints.mrmc_beside import record_complete, record_targets
from clinval.endpoints.mrmc_conduct import record_warnings
from clinval.endpoints.mrmc_parts import record_centers, record_subgroups
from clinval.endpoints.mrmc_result import record_design, record_missing, record_result
from clinval.endpoints.reference_standard import lint_reference, record_reference
from clinval.endpoints.single import lint_subgroups_named
from clinval.protocol.base import Identifier
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import lint_margin
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["Figure", "Spec", "analyze", "lint"]

Figure = Literal[
    "wafroc", "afroc", "wafroc1", "afroc1", "hr_auc", "hr_sensitivity", "hr_specificity",
    "max_llf", "max_nlf",
]  # fmt: skip
_READ = ("subject_id", "arm", "reader_id")


class Spec(OfMarks):
    """A figure of merit of readers' marks in the test arm, compared with the reference arm."""

    combine: Literal["each"] = Setting(default="each", description="each mark is one by itself")
    figure: Figure = Setting(
        default="wafroc",
        description="wafroc weighs the lesions of a case alike, so that every case counts once",
    )
    also_figures: Annotated[tuple[Figure, ...], Setting(strict=False)] = Setting(
        default=("hr_sensitivity", "hr_specificity", "max_llf", "max_nlf"),
        description="further figures shown beside the result",
    )
    random: Literal["readers_cases", "cases", "readers"] = Setting(
        default="readers_cases", description="what the result is inferred to: other such ones"
    )
    comparison: Literal["superiority", "non_inferiority", "equivalence", "estimation"]
    margin: Margin | None = None
    subgroups: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="declared subgroups that the result is also shown for"
    )

    @property
    def metric(self) -> Figure:
        """What the readers are measured by, as reader studies call it."""
        return self.figure

    @property
    def method(self) -> Literal["obuchowski_rockette"]:
        """How the figures are analysed."""
        return "obuchowski_rockette"

    @property
    def negative_variance(self) -> Literal["report"]:
        """What is done with a component of variance below zero."""
        return "report"

    @property
    def direction(self) -> Literal["higher_is_better", "lower_is_better"]:
        """Every figure is better the higher it is, but for marks beside lesions."""
        return "lower_is_better" if self.figure == "max_nlf" else "higher_is_better"

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown of the difference test minus reference."""
        return hypothesis(self.comparison, self.direction, self.margin, level=self.level)


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_measured(endpoint, draft, report, gives="number", each=True)
    lint_reference(endpoint, draft, report)
    _lint_marks(endpoint, draft, report)
    _lint_lesions(endpoint, draft, report)
    _lint_design(endpoint, draft, report)
    margin = endpoint.margin
    if endpoint.comparison in ("non_inferiority", "equivalence") or (
        endpoint.comparison == "superiority" and margin is not None
    ):
        lint_margin(margin, draft, report, ("margin",), of=endpoint.id)
    elif margin is not None:
        report("margin-not-used", ("margin",), of=endpoint.id)
    if margin is not None and endpoint.figure != "max_nlf":
        lint_share(margin, report, ("margin", "value"))
    lint_subgroups_named(endpoint, draft, report)


def _lint_marks(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report a form that does not say whose marks these are, and rules that it cannot answer."""
    form = draft.forms.get(endpoint.form)
    if form is None:
        return
    for key in _READ[1:]:
        if key not in form.keys:
            report("endpoint-form-keys", ("form",), form=form.id, key=key)
    for name in ("localised", "elsewhere"):
        check_rule(getattr(endpoint, name), draft.forms, form.id, report, (name,))
    check_rule(endpoint.lesion, draft.forms, form.id, report, ("lesion",), gives="number")


def _lint_lesions(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report a form of lesions that does not say whose, or how many they are."""
    said = endpoint.lesions
    form = draft.forms.get(said.form)
    if form is None:
        if said.form not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", ("lesions", "form"), form=said.form)
        return
    if "subject_id" not in form.keys:
        report("endpoint-form-keys", ("lesions", "form"), form=form.id, key="subject_id")
    if said.count is None:
        path = ("lesions", "number")
        check_rule(said.number, draft.forms, form.id, report, path, gives="number")
        return
    check_rule(said.count, draft.forms, form.id, report, ("lesions", "count"), gives="number")
    if form.keys != ("subject_id",):
        report("lesions-not-by-subject", ("lesions", "count"), form=form.id)


def _lint_design(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report arms that are not compared here, and too few readers."""
    if endpoint.compare is not None and endpoint.compare.by != "arm":
        report(
            "design-does-not-fit",
            ("compare", "by"),
            what="by: reader",
            design=endpoint.kind,
            remedy="compare arms; drop by",
        )
    if draft.design is not None and draft.design.type == "single_arm":
        report(
            "design-does-not-fit",
            ("kind",),
            what=endpoint.kind,
            design=draft.design.type,
            remedy="declare the reads without the product as a second arm",
        )
    declared = draft.written_ids("readers")
    for index, reader in enumerate(endpoint.readers):
        if reader not in declared:
            report("reader-unknown", ("readers", index), reader=reader)
    given, needed = len(endpoint.readers or declared), 1 if endpoint.random == "cases" else 2
    if given < needed:
        report("readers-too-few", ("readers",), method=endpoint.kind, needed=needed, given=given)


def analyze(endpoint: Spec, context: Context) -> None:
    """Compare the figures: of all, by center, without each center, by subgroup."""
    test, reference = arms_of(endpoint, context)
    every = marked_reads(endpoint, context, (reference, test))
    part, recorder = every.judged(), context.recorder
    recorder.inputs = every.sha256
    record_reference(endpoint, context, test)
    record_design(every, part, context)
    recorder.add("marks", len(part.rating), unit="rows", n=len(part.rating))
    recorder.add("marks_repeated", every.repeated, unit="rows", n=len(every.rating))
    declared: Any = endpoint  # of this kind, where reader studies have their own
    study = FrocStudy(endpoint=declared, context=context, reads=part, covariance="jackknife")
    study.count(part, {})
    record_missing(part, context)
    record_result(study)
    if not len(part.score):
        return
    study.record_readers(record_targets(study), part)
    record_figures(study)
    if 0 < len(part.of_cases(part.complete).score) < len(part.score):
        record_complete(study)
    record_centers(study)
    record_subgroups(study)
    record_warnings(study)
    record_points(study)
