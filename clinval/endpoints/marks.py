"""Marks of readers held against the lesions of a reference standard: from forms to arrays.

A read is there where its reader has a row of the case in the arm, if only to say that nothing was
marked. Cases without a reference result are not used, nor are cases that nobody read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field as Setting

from clinval.core.expressions import parse
from clinval.endpoints.kind import Context
from clinval.endpoints.measured import arm_of_row
from clinval.endpoints.reference_standard import AgainstReference, refuse, truth_of_subjects
from clinval.protocol.base import Identifier, Section, Words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.study.data import FormColumns, StudyData

__all__ = ["UNUSED", "Lesions", "MarkedReads", "OfMarks", "marked_reads"]

UNUSED = ("not_enrolled", "not_in_set", "not_asked", "other_arm", "left_out", "no_reference")
"""Why a row is not used, in the order in which it is asked."""


class Lesions(Section):
    """The lesions of the cases: one row each, or their number in a field of a form."""

    form: Annotated[str, Setting(pattern=r"^F\d{2}$", examples=["F13"])] = "F13"
    number: Identifier = Setting(
        default="lesion_number", description="the field that numbers the lesions of a subject"
    )
    count: Words | None = Setting(
        default=None,
        description="how many lesions a subject has, where the form has one row a subject",
    )


class OfMarks(AgainstReference):
    """An endpoint on marks; ``measure`` is their rating, larger if more suspicious."""

    measure: Words = "rating"
    readers: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="all readers where none are named"
    )
    localised: Words = Setting(
        default="mark_type == 'lesion'", description="the rule of a mark that hits a lesion"
    )
    elsewhere: Words = Setting(
        default="mark_type == 'non_lesion'",
        description="the rule of a mark that hits none; rows of neither kind say that a read "
        "was made and nothing marked",
    )
    lesion: Identifier = Setting(
        default="lesion_number", description="the field of a mark that says which lesion it hits"
    )
    lesions: Lesions = Lesions()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedReads:
    """Cases, the reads of them and the marks of these; a case is a subject.

    Attributes
    ----------
    subject, site, truth, lesions
        The cases, one element each, in the order of subjects.
    read_case, read_reader, read_arm
        The reads: places among the cases, readers and arms.
    mark_read, located, lesion, rating
        The marks: their read, whether they hit a lesion, its number from 1, and their rating.
    readers, arms
        Ids by place.
    unused
        Rows of the form that are not used, by reason.
    repeated
        Marks of a lesion that the reader had marked already in that read; the highest counts.
    """

    subject: NDArray[np.intp]
    site: NDArray[np.intp]
    truth: NDArray[np.bool_]
    lesions: NDArray[np.intp]
    read_case: NDArray[np.intp]
    read_reader: NDArray[np.intp]
    read_arm: NDArray[np.intp]
    mark_read: NDArray[np.intp]
    located: NDArray[np.bool_]
    lesion: NDArray[np.intp]
    rating: NDArray[np.float64]
    readers: tuple[str, ...]
    arms: tuple[str, ...]
    unused: dict[str, int]
    repeated: int

    def of(self, cases: NDArray[np.bool_]) -> MarkedReads:
        """Return the cases of a mask with their reads and marks."""
        import numpy as np

        reads = cases[self.read_case]
        marks = reads[self.mark_read]
        return replace(
            self,
            subject=self.subject[cases],
            site=self.site[cases],
            truth=self.truth[cases],
            lesions=self.lesions[cases],
            read_case=(np.cumsum(cases) - 1)[self.read_case[reads]],
            read_reader=self.read_reader[reads],
            read_arm=self.read_arm[reads],
            mark_read=(np.cumsum(reads) - 1)[self.mark_read[marks]],
            located=self.located[marks],
            lesion=self.lesion[marks],
            rating=self.rating[marks],
        )

    def __len__(self) -> int:
        return len(self.subject)

    @property
    def sha256(self) -> str:
        """Hash of what the numbers are computed from."""
        import numpy as np

        digest = hashlib.sha256()
        for array in (self.subject, self.truth, self.lesions, self.read_case, self.read_reader,
                      self.read_arm, self.mark_read, self.located, self.lesion, self.rating):  # fmt: skip
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def arguments(self) -> dict[str, Any]:
        """Return what a figure of merit is given: marks, cases and reads, by their places."""
        import numpy as np

        read = self.mark_read
        return {
            "mark_modality": self.read_arm[read],
            "mark_reader": self.read_reader[read],
            "mark_case": self.read_case[read],
            "mark_type": np.where(self.located, "LL", "NL"),
            "mark_lesion": self.lesion,
            "mark_rating": self.rating,
            "case": np.arange(len(self)),
            "truth": self.truth.astype(float),
            "n_lesions": self.lesions,
            "read_modality": self.read_arm,
            "read_reader": self.read_reader,
            "read_case": self.read_case,
        }


def marked_reads(endpoint: OfMarks, context: Context, arms: tuple[str, ...]) -> MarkedReads:
    """Return the marks of the endpoint's readers in some arms, on the cases of the analysis set.

    Raises
    ------
    AnalysisError
        When lesions and reference contradict each other, a mark hits a lesion that its case does
        not have, or a mark has no rating.
    """
    import numpy as np

    data = context.data
    scope = data.scope(endpoint.form)
    readers = endpoint.readers or tuple(reader.id for reader in data.protocol.readers)
    truth, _ = truth_of_subjects(endpoint, data)
    lesions = _lesions_of(endpoint, data)
    judged = ~np.isnan(truth)
    contradicts = context.member & judged & ((truth == 1) != (lesions.number > 0))
    refuse("lesions-contradict", contradicts, endpoint, data, endpoint.lesions.form)
    rows, reader, arm, unused = _rows(endpoint, context, readers, arms, judged)
    subject = data.subject_of_row(endpoint.form)[rows]
    cases, case = np.unique(subject, return_inverse=True)
    reads, read = np.unique((case * len(readers) + reader) * len(arms) + arm, return_inverse=True)
    located, beside = (
        _true(rule, scope)[rows] for rule in (endpoint.localised, endpoint.elsewhere)
    )
    _refuse("mark-is-both", subject[located & beside], endpoint, data)
    rating = np.asarray(parse(endpoint.measure).evaluate(scope), dtype=float)[rows]
    _refuse("mark-not-rated", subject[(located | beside) & np.isnan(rating)], endpoint, data)
    lesion = lesions.place(subject, np.asarray(data.column(endpoint.form, endpoint.lesion))[rows])
    _refuse("lesion-unknown", subject[located & (lesion < 1)], endpoint, data)
    kept = np.flatnonzero(located | beside)
    kept = kept[np.argsort(-rating[kept], kind="stable")]
    again = _again(read[kept], np.where(located, lesion, 0)[kept])
    kept = np.sort(kept[~again])
    return MarkedReads(
        subject=cases,
        site=data.site_of_subject[cases],
        truth=truth[cases] == 1,
        lesions=lesions.number[cases],
        read_case=reads // (len(readers) * len(arms)),
        read_reader=reads // len(arms) % len(readers),
        read_arm=reads % len(arms),
        mark_read=read[kept],
        located=located[kept],
        lesion=np.where(located, lesion, 0)[kept],
        rating=rating[kept],
        readers=readers,
        arms=arms,
        unused=unused,
        repeated=int(again.sum()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _LesionsOf:
    """The lesions of every subject; ``numbers`` of each in order, where they are listed."""

    number: NDArray[np.intp]
    listed: tuple[NDArray[np.intp], NDArray[np.float64]] | None = None

    def place(self, subject: NDArray[np.intp], number: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return which lesion of its subject a number means, from 1; 0 where there is none."""
        import numpy as np

        if self.listed is None:
            whole = (number >= 1) & (number <= self.number[subject]) & (number == np.floor(number))
            return np.where(whole, number, 0).astype(np.intp)
        whose, numbers = self.listed
        if not len(whose):
            return np.zeros(len(subject), dtype=np.intp)
        # both in order of subject and number: one search finds the lesion, or where it would be
        levels = np.unique(np.concatenate([numbers, number[~np.isnan(number)]]))
        key = whose * (len(levels) + 1) + np.searchsorted(levels, numbers)
        wanted = subject * (len(levels) + 1) + np.searchsorted(levels, number)
        found = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        first = np.searchsorted(whose, subject)
        return np.where(key[found] == wanted, found - first + 1, 0)


def _lesions_of(endpoint: OfMarks, data: StudyData) -> _LesionsOf:
    """Return how many lesions each subject has, and where they are listed their numbers."""
    import numpy as np

    said = endpoint.lesions
    subject = data.subject_of_row(said.form)
    there, subjects = subject >= 0, len(data.site_of_subject)
    if said.count is not None:
        count = np.asarray(parse(said.count).evaluate(data.scope(said.form)), dtype=float)
        number = np.bincount(subject[there], np.nan_to_num(count[there]), subjects)
        return _LesionsOf(number=number.astype(np.intp))
    numbers = np.asarray(data.column(said.form, said.number), dtype=float)
    there &= ~np.isnan(numbers)
    listed = np.unique(np.stack([subject[there].astype(float), numbers[there]]), axis=1)
    whose = listed[0].astype(np.intp)
    return _LesionsOf(number=np.bincount(whose, minlength=subjects), listed=(whose, listed[1]))


def _true(rule: str, scope: FormColumns) -> NDArray[np.bool_]:
    truth = parse(rule).truth(scope)
    return truth.true & truth.known


def _again(read: NDArray[np.intp], lesion: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which marks hit a lesion that an earlier one of the read has hit."""
    import numpy as np

    key = read * (int(lesion.max(initial=0)) + 1) + lesion
    again = np.ones(len(key), dtype=bool)
    again[np.unique(key, return_index=True)[1]] = False
    return again & (lesion > 0)


def _refuse(kind: str, subjects: NDArray[np.intp], endpoint: OfMarks, data: StudyData) -> None:
    """Stop where something is wrong with marks of subjects, naming how many and the first."""
    import numpy as np

    wrong = np.bincount(subjects, minlength=len(data.site_of_subject)) > 0
    refuse(kind, wrong, endpoint, data, endpoint.form)


def _rows(
    endpoint: OfMarks,
    context: Context,
    readers: Sequence[str],
    arms: tuple[str, ...],
    judged: NDArray[np.bool_],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], dict[str, int]]:
    """Return the rows that are used, their readers and arms, and how many are not, by reason."""
    import numpy as np

    data, form = context.data, endpoint.form
    subject = data.subject_of_row(form)
    column = data.column(form, "reader_id")
    place = [readers.index(name) if name in readers else -1 for name in column.categories]
    reader = np.array([*place, -1], dtype=np.intp)[column.codes]
    arm = arm_of_row(form, data, arms)
    out = {
        "not_enrolled": subject < 0,
        "not_in_set": ~np.append(context.member, False)[subject],
        "not_asked": reader < 0,
        "other_arm": arm < 0,
    }
    if endpoint.where:
        out["left_out"] = ~_true(endpoint.where, data.scope(form))
    out["no_reference"] = ~np.append(judged, False)[subject]
    kept, unused = np.ones(len(subject), dtype=bool), dict.fromkeys(UNUSED, 0)
    for why, gone in out.items():
        unused[why] = int((kept & gone).sum())
        kept &= ~gone
    rows = np.flatnonzero(kept)
    return rows, reader[rows], arm[rows], unused
