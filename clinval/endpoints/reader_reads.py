"""Reads of cases by readers, held against a reference standard: what a protocol says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Setting

from clinval.endpoints.kind import Report
from clinval.endpoints.measured import lint_measured
from clinval.endpoints.ratings_lint import names_of
from clinval.endpoints.reference_standard import AgainstReference, lint_reference
from clinval.protocol.base import Identifier

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft
    from clinval.protocol.forms import Form

__all__ = ["CALLED", "Metric", "OfReads", "lint_reads"]

Metric = Literal["auc", "partial_auc", "sensitivity", "specificity"]

CALLED = ("sensitivity", "specificity")
"""The metrics of calls: a score is positive from a threshold on."""

_OF_READ = ("subject_id", "arm", "reader_id")
_SHARE = Annotated[float, Setting(gt=0, lt=1)]


class OfReads(AgainstReference):
    """An endpoint on the reads of readers; ``measure`` is their score, larger if more suspicious.

    With ``metric: sensitivity`` or ``specificity`` and no threshold, ``measure`` is the rule of a
    positive call. A case is a subject, or where ``target`` names a key of the form, a target of
    one (a lesion, a region); targets are clustered in their subjects.
    """

    combine: Literal["each"] = Setting(default="each", description="each read is one by itself")
    readers: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="all readers where none are named"
    )
    target: Identifier | None = Setting(
        default=None,
        description="the key of the form that tells the targets of a subject apart",
    )
    metric: Metric = "auc"
    threshold: float | None = Setting(
        default=None, description="the score from which on a call is positive"
    )
    fpr_max: _SHARE | None = Setting(
        default=None, description="partial_auc: the largest false positive rate of the part"
    )

    @property
    def cut(self) -> float | None:
        """The score from which on a call is positive; that of a rule lies between no and yes."""
        if self.metric not in CALLED:
            return None
        return 0.5 if self.threshold is None else self.threshold


def lint_reads(endpoint: OfReads, draft: Draft, report: Report) -> None:
    """Report what is wrong with the rows, the readers, the targets, the metric, the reference."""
    form = draft.forms.get(endpoint.form)
    called = endpoint.metric in CALLED
    rule = called and endpoint.threshold is None
    field = form.field(endpoint.measure) if form is not None else None
    if rule and field is not None and field.numeric:
        report("key-missing", ("metric",), key="threshold")
    else:
        gives: Literal["truth", "number"] = "truth" if rule else "number"
        lint_measured(endpoint, draft, report, gives=gives, each=True)
    lint_reference(endpoint, draft, report)
    if endpoint.metric == "partial_auc" and endpoint.fpr_max is None:
        report("key-missing", ("metric",), key="fpr_max")
    for key, used in (("threshold", called), ("fpr_max", endpoint.metric == "partial_auc")):
        if getattr(endpoint, key) is not None and not used:
            report(
                "design-does-not-fit",
                (key,),
                what=key,
                design=f"metric: {endpoint.metric}",
                remedy=f"drop {key}, or declare the metric that uses it",
            )
    if form is not None:
        _lint_keys(endpoint, form, report)
    declared = draft.written_ids("readers")
    for index, reader in enumerate(endpoint.readers):
        if reader not in declared:
            report("reader-unknown", ("readers", index), reader=reader)


def _lint_keys(endpoint: OfReads, form: Form, report: Report) -> None:
    """Report a form without readers, and keys whose rows would be taken for further reads."""
    if "reader_id" not in form.keys:
        report("endpoint-form-keys", ("form",), form=form.id, key="reader_id")
    spare = [key for key in form.keys if key not in _OF_READ]
    if endpoint.target is not None and endpoint.target not in spare:
        report(
            "replicate-not-key", ("target",), form=form.id, key=endpoint.target,
            keys=", ".join(spare) or "-",
        )  # fmt: skip
    for key in spare:
        if key != endpoint.target and key not in names_of(endpoint.where):
            report("reads-not-apart", ("target",), form=form.id, key=key)
