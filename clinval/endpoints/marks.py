"""Marks of readers held against the lesions of a reference standard: from forms to arrays.

A read is there where its reader has a row of the case in the arm, if only to say that nothing was
marked. A case is a subject; cases that nobody read are none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field as Setting

from clinval.core.expressions import parse
from clinval.endpoints.kind import Context
from clinval.endpoints.measured import arm_of_row
from clinval.endpoints.reader_reads import StudyReads
from clinval.endpoints.reference_standard import AgainstReference, refuse, truth_of_subjects
from clinval.protocol.base import Identifier, Section, Words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.study.data import FormColumns, StudyData

__all__ = ["Lesions", "MarkedReads", "OfMarks", "marked_reads"]


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
class MarkedReads(StudyReads):
    """Reads of cases and the marks that they hold; a read has no score of its own.

    ``lesions`` counts the lesions of each case. Each mark has its ``read`` (a place among the
    reads), whether it is ``located`` on a lesion, the number of that ``lesion`` from 1, and its
    ``rating``. ``repeated`` counts marks of a lesion that had another mark in the same read; the
    highest counts.
    """

    lesions: NDArray[np.intp]
    read: NDArray[np.intp]
    located: NDArray[np.bool_]
    lesion: NDArray[np.intp]
    rating: NDArray[np.float64]
    repeated: int

    def of(self, mask: NDArray[np.bool_]) -> Self:
        """Return the reads of a mask over reads, with their marks."""
        import numpy as np

        marks = mask[self.read]
        return replace(
            self,
            score=self.score[mask],
            reader=self.reader[mask],
            arm=self.arm[mask],
            case=self.case[mask],
            row=self.row[mask],
            read=(np.cumsum(mask) - 1)[self.read[marks]],
            located=self.located[marks],
            lesion=self.lesion[marks],
            rating=self.rating[marks],
        )

    @property
    def sha256(self) -> str:
        """Hash of the marks, the lesions and the truth."""
        import numpy as np

        digest = hashlib.sha256()
        for array in (self.reader, self.arm, self.subject[self.case], self.truth, self.lesions,
                      self.read, self.located, self.lesion, self.rating):  # fmt: skip
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def tables(self) -> dict[str, Any]:
        """Return marks, cases and reads as figures of merit take them, by their places."""
        import numpy as np

        cases = self.cases
        return {
            "mark_modality": self.arm[self.read],
            "mark_reader": self.reader[self.read],
            "mark_case": self.case[self.read],
            "mark_type": np.where(self.located, "LL", "NL"),
            "mark_lesion": self.lesion,
            "mark_rating": self.rating,
            "case": cases,
            "truth": self.truth[cases],
            "n_lesions": self.lesions[cases],
            "read_modality": self.arm,
            "read_reader": self.reader,
            "read_case": self.case,
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
    scope, site = data.scope(endpoint.form), data.site_of_subject
    readers = endpoint.readers or tuple(reader.id for reader in data.protocol.readers)
    truth, _ = truth_of_subjects(endpoint, data)
    lesions = _lesions_of(endpoint, data)
    contradicts = ~np.isnan(truth) & ((truth == 1) != (lesions.number > 0))
    refuse("lesions-contradict", contradicts & context.member, endpoint, data, lesions.form)
    rows, reader, arm, unused = _rows(endpoint, context, readers, arms)
    subject = data.subject_of_row(endpoint.form)[rows]
    cases, case = np.unique(subject, return_inverse=True)
    key = (case * len(readers) + reader) * len(arms) + arm
    _, first, read = np.unique(key, return_index=True, return_inverse=True)
    located, beside = (
        _true(rule, scope)[rows] for rule in (endpoint.localised, endpoint.elsewhere)
    )
    rating = np.asarray(parse(endpoint.measure).evaluate(scope), dtype=float)[rows]
    number = np.asarray(data.column(endpoint.form, endpoint.lesion), dtype=float)[rows]
    lesion = np.where(located, lesions.place(subject, number), 0)
    marked, judged = located | beside, ~np.isnan(truth)[subject]
    _refuse("mark-is-both", subject[located & beside], endpoint, data)
    _refuse("mark-not-rated", subject[marked & np.isnan(rating)], endpoint, data)
    _refuse("lesion-unknown", subject[located & judged & (lesion < 1)], endpoint, data)
    highest = np.lexsort((-rating, lesion, read))
    highest = highest[marked[highest]]
    kept = np.sort(highest[~_again(read[highest], lesion[highest])])
    return MarkedReads(
        score=np.zeros(len(first)),
        reader=reader[first],
        arm=arm[first],
        case=case[first],
        row=rows[first],
        truth=truth[cases],
        subject=cases,
        site=site[cases],
        readers=readers,
        arms=arms,
        targets=False,
        unused=unused,
        lesions=lesions.number[cases],
        read=read[kept],
        located=located[kept],
        lesion=lesion[kept],
        rating=rating[kept],
        repeated=int(marked.sum()) - len(kept),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _LesionsOf:
    """The lesions of every subject; ``numbers`` of each in order, where they are listed."""

    form: str
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
        return _LesionsOf(form=said.form, number=number.astype(np.intp))
    numbers = np.asarray(data.column(said.form, said.number), dtype=float)
    there &= ~np.isnan(numbers)
    listed = np.unique(np.stack([subject[there].astype(float), numbers[there]]), axis=1)
    whose = listed[0].astype(np.intp)
    number = np.bincount(whose, minlength=subjects)
    return _LesionsOf(form=said.form, number=number, listed=(whose, listed[1]))


def _true(rule: str, scope: FormColumns) -> NDArray[np.bool_]:
    truth = parse(rule).truth(scope)
    return truth.true & truth.known


def _again(read: NDArray[np.intp], lesion: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which marks, in order of read and lesion, hit the lesion of the one before."""
    import numpy as np

    same = (read[1:] == read[:-1]) & (lesion[1:] == lesion[:-1]) & (lesion[1:] > 0)
    return np.append(False, same) if len(read) else np.zeros(0, dtype=bool)


def _refuse(kind: str, subjects: NDArray[np.intp], endpoint: OfMarks, data: StudyData) -> None:
    """Stop where something is wrong with marks of subjects, naming how many and the first."""
    import numpy as np

    wrong = np.bincount(subjects, minlength=len(data.site_of_subject)) > 0
    refuse(kind, wrong, endpoint, data, endpoint.form)


def _rows(
    endpoint: OfMarks, context: Context, readers: Sequence[str], arms: tuple[str, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], dict[str, int]]:
    """Return the rows that are used, their readers and arms, and how many are not, by reason."""
    import numpy as np

    data, form = context.data, endpoint.form
    subject = data.subject_of_row(form)
    column = data.column(form, "reader_id")
    place = [readers.index(name) if name in readers else -1 for name in column.categories]
    reader = np.array([*place, -1], dtype=np.intp)[column.codes]
    arm = arm_of_row(form, data, arms)
    left_out = np.zeros(len(subject), dtype=bool)
    if endpoint.where:
        left_out = ~_true(endpoint.where, data.scope(form))
    out = {
        "not_enrolled": subject < 0,
        "not_in_set": ~np.append(context.member, False)[subject],
        "not_asked": reader < 0,
        "other_arm": arm < 0,
        "left_out": left_out,
    }
    kept, unused = np.ones(len(subject), dtype=bool), dict.fromkeys(out, 0)
    for why, gone in out.items():
        unused[why] = int((kept & gone).sum())
        kept &= ~gone
    rows = np.flatnonzero(kept)
    return rows, reader[rows], arm[rows], unused
