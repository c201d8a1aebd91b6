"""Reads of cases by readers, held against a reference standard."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field as Setting

from clinval.endpoints.cases import truth_by_row
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Rows, lint_measured
from clinval.endpoints.ratings import Rated, long_ratings
from clinval.endpoints.ratings_lint import names_of
from clinval.endpoints.reference_standard import AgainstReference, lint_reference, refuse
from clinval.protocol.base import Identifier

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft
    from clinval.protocol.forms import Form
    from clinval.study.data import StudyData

__all__ = ["CALLED", "Metric", "OfReads", "StudyReads", "lint_reads", "reads_of", "truth_of_cases"]

Metric = Literal["auc", "partial_auc", "sensitivity", "specificity"]

CALLED = ("sensitivity", "specificity")
"""The metrics of calls: a score is positive from a threshold on."""

UNUSED = ("not_enrolled", "not_in_set", "not_asked", "other_arm", "left_out", "no_value")
"""Why a row is no read of the endpoint, in the order in which it is asked; ``no_truth`` follows."""

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


# ---------------------------------------------------------------------- the reads


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyReads:
    """Reads with a score, one element a read, and their cases, one element a case.

    ``reader`` and ``arm`` are places in ``readers`` and ``arms``, ``case`` in the arrays by case,
    ``row`` among the rows of the form. ``truth`` is 1 with the condition, 0 without it and NaN
    where it is not known; ``subject`` and ``site`` are places among the enrolled subjects and the
    sites of the protocol.
    """

    score: NDArray[np.float64]
    reader: NDArray[np.intp]
    arm: NDArray[np.intp]
    case: NDArray[np.intp]
    row: NDArray[np.intp]
    truth: NDArray[np.float64]
    subject: NDArray[np.intp]
    site: NDArray[np.intp]
    readers: tuple[str, ...]
    arms: tuple[str, ...]
    targets: bool
    unused: dict[str, int]

    def of(self, mask: NDArray[np.bool_]) -> Self:
        """Return the reads of a mask over reads."""
        return replace(
            self,
            score=self.score[mask],
            reader=self.reader[mask],
            arm=self.arm[mask],
            case=self.case[mask],
            row=self.row[mask],
        )

    def of_cases(self, mask: NDArray[np.bool_]) -> Self:
        """Return the reads of the cases of a mask over cases."""
        return self.of(mask[self.case])

    def judged(self, truth: NDArray[np.float64] | None = None) -> Self:
        """Return the reads of cases whose truth is known, by another truth where one is given."""
        import numpy as np

        known = self if truth is None else replace(self, truth=truth)
        return known.of_cases(~np.isnan(known.truth))

    @property
    def cases(self) -> NDArray[np.intp]:
        """The cases that have a read."""
        import numpy as np

        return np.flatnonzero(np.bincount(self.case, minlength=len(self.truth)))

    @property
    def subjects(self) -> int:
        """How many subjects have a read."""
        import numpy as np

        return len(np.unique(self.subject[self.cases]))

    @property
    def diseased(self) -> int:
        """How many cases with a read have the condition."""
        return int((self.truth[self.cases] == 1).sum())

    @property
    def read_by(self) -> tuple[str, ...]:
        """The readers who made a read, in the order of the protocol."""
        import numpy as np

        return tuple(self.readers[place] for place in np.unique(self.reader))

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which cases every reader who made a read has read in every arm."""
        import numpy as np

        wanted = len(np.unique(self.reader)) * len(self.arms)
        found: NDArray[np.bool_] = np.bincount(self.case, minlength=len(self.truth)) == wanted
        return found

    @property
    def crossed(self) -> bool:
        """Whether every reader who made a read has read every case in every arm."""
        return len(self.score) == len(self.cases) * len(self.read_by) * len(self.arms)

    def arguments(self) -> dict[str, Any]:
        """Return the reads as the statistics of reader studies take them."""
        return {
            "score": self.score,
            "truth": self.truth[self.case].astype(int),
            "reader": self.reader,
            "modality": self.arm,
            "case": self.case,
        }

    @property
    def sha256(self) -> str:
        """Hash of the reads and the truth, for the provenance of what is computed from them."""
        import numpy as np

        digest = hashlib.sha256()
        for array in (self.score, self.reader, self.arm, self.subject[self.case], self.truth):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def reads_of(endpoint: OfReads, context: Context, arms: tuple[str, ...]) -> StudyReads:
    """Return the reads of an endpoint in some arms, with and without a known truth.

    Parameters
    ----------
    endpoint, context
        The endpoint on an analysis set.
    arms
        Ids of the arms.

    Raises
    ------
    AnalysisError
        For a reader who read a case of an arm twice, and rows of the reference that contradict
        each other.
    """
    shared = ("id", "kind", "form", "measure", "where", "readers")
    rated = Rated.model_construct(**{name: getattr(endpoint, name) for name in shared})
    found = long_ratings(rated, context, measured=True, arms=arms)
    reads = StudyReads(
        score=found.value,
        reader=found.reader,
        arm=found.arm,
        case=found.case,
        row=found.row,
        truth=found.value[:0],
        subject=found.patient,
        site=found.site,
        readers=found.readers,
        arms=arms,
        targets=endpoint.target is not None,
        unused={reason: found.unused[reason] for reason in UNUSED},
    )
    return replace(reads, truth=truth_of_cases(endpoint, reads, context.data))


def truth_of_cases(
    endpoint: AgainstReference, reads: StudyReads, data: StudyData
) -> NDArray[np.float64]:
    """Return the truth of each case by the reference of an endpoint, NaN where it is not known.

    Raises
    ------
    AnalysisError
        When rows of one case contradict each other.
    """
    import numpy as np

    _, first = np.unique(reads.case, return_index=True)
    same = endpoint.reference.form == endpoint.form  # then every read has its own
    used = np.arange(len(reads.row)) if same else first
    case = reads.case[used]
    rows = Rows(
        value=reads.score[used], subject=reads.subject[case], arm=reads.arm[used],
        row=reads.row[used],
    )  # fmt: skip
    truth, _ = truth_by_row(endpoint, data, rows)
    cases = len(reads.subject)
    ill, well = (np.bincount(case[truth == value], minlength=cases) > 0 for value in (1, 0))
    both = np.zeros(len(data.site_of_subject), dtype=bool)
    both[reads.subject[ill & well]] = True
    refuse("reference-contradicts", both, endpoint, data, endpoint.reference.form)
    return np.where(ill, 1.0, np.where(well, 0.0, np.nan))
