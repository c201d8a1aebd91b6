"""The reference standard of an endpoint, and the results of a test held against it case by case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.core.errors import AnalysisError
from clinval.core.expressions import parse
from clinval.core.problems import Place
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Measured, Rows, combined, in_arm, rows_of
from clinval.protocol.base import Section, Words
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft
    from clinval.study.data import StudyData

__all__ = [
    "AgainstReference",
    "Cases",
    "Reference",
    "calls_of",
    "cases_of",
    "lint_reference",
    "record_reference",
    "subjects_with",
    "truth_of_subjects",
]


_DAYS = "days_to_reference"  # the field of a reference's form that says when it was decided


class Reference(Section):
    """Who has the target condition: two rules over the rows of a form.

    What is neither positive nor negative (an indeterminate reference) is no reference result; it
    is counted, never taken for negative.
    """

    form: Annotated[str, Setting(pattern=r"^F\d{2}$", examples=["F06"])]
    positive: Words
    negative: Words
    where: Words | None = None


class AgainstReference(Measured):
    """An endpoint whose rows are held against a reference standard."""

    reference: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What is judged, one element a case: a subject, or a row where rows stay apart.

    ``truth`` is 1 with the condition and 0 without it, ``value`` the result of the test (1 and 0
    for a call, or a score), both NaN where there is none. ``indeterminate`` are calls that were
    made and are neither positive nor negative.
    """

    truth: NDArray[np.float64]
    value: NDArray[np.float64]
    indeterminate: NDArray[np.bool_]
    subject: NDArray[np.intp]
    site: NDArray[np.intp]

    def of(self, mask: NDArray[np.bool_]) -> Cases:
        """Return the cases of a mask."""
        return Cases(
            truth=self.truth[mask],
            value=self.value[mask],
            indeterminate=self.indeterminate[mask],
            subject=self.subject[mask],
            site=self.site[mask],
        )

    @property
    def known(self) -> NDArray[np.bool_]:
        """Cases with a reference and a result."""
        import numpy as np

        return ~np.isnan(self.truth) & ~np.isnan(self.value)

    @property
    def subjects(self) -> int:
        """Subjects that the cases belong to."""
        import numpy as np

        return len(np.unique(self.subject))

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def sha256(self) -> str:
        """Hash of what the numbers are computed from."""
        from clinval.core.files import sha256_of_bytes

        arrays = (self.subject, self.truth, self.value, self.indeterminate)
        return sha256_of_bytes(b"".join(array.tobytes() for array in arrays))


# ---------------------------------------------------------------------- checks


def lint_reference(endpoint: AgainstReference, draft: Draft, report: Report) -> None:
    """Report rules of the reference that do not fit its form, and rows that find no reference."""
    reference = endpoint.reference
    form = draft.forms.get(reference.form)
    if form is None:
        if reference.form not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", ("reference", "form"), form=reference.form)
        return
    for name in ("positive", "negative", "where"):
        rule = getattr(reference, name)
        if rule:
            check_rule(rule, draft.forms, form.id, report, ("reference", name))
    if "subject_id" not in form.keys:
        report("endpoint-form-keys", ("reference", "form"), form=form.id, key="subject_id")
        return
    home = draft.forms.get(endpoint.form)
    if home is None or home.id == form.id:
        return
    spare = [key for key in form.keys if key != "subject_id"]
    if endpoint.combine != "each" and spare:
        report("reference-not-by-subject", ("reference", "form"), form=form.id, unit="subject")
    for key in spare if endpoint.combine == "each" else ():
        if key not in home.keys:
            report("reference-key", ("reference", "form"), form=form.id, key=key, home=home.id)


# ---------------------------------------------------------------------- the reference


def truth_of_subjects(
    endpoint: AgainstReference, data: StudyData
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the truth of each subject, NaN without one, and who has only indeterminate rows.

    Raises
    ------
    AnalysisError
        When rows of one subject contradict each other: whose truth is it then?
    """
    import numpy as np

    form = endpoint.reference.form
    truth, unclear = _truth_of_rows(endpoint, data)
    positive, negative = (_have(truth == value, form, data) for value in (1, 0))
    if endpoint.combine != "each":
        _refuse("reference-contradicts", positive & negative, endpoint, data, form)
    known = positive | negative
    neither = _have(unclear, form, data) & ~known
    return np.where(known, positive.astype(float), np.nan), neither


def subjects_with(
    endpoint: AgainstReference, data: StudyData, *, condition: bool
) -> NDArray[np.bool_]:
    """Return which subjects have the condition, or are known not to have it, in some row."""
    truth, _ = _truth_of_rows(endpoint, data)
    return _have(truth == float(condition), endpoint.reference.form, data)


def _have(chosen: NDArray[np.bool_], form: str, data: StudyData) -> NDArray[np.bool_]:
    """Return which subjects have one of the chosen rows of a form."""
    import numpy as np

    subject = data.subject_of_row(form)
    there = chosen & (subject >= 0)
    return np.bincount(subject[there], minlength=len(data.site_of_subject)) > 0


def _truth_of_rows(
    endpoint: AgainstReference, data: StudyData
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the truth of each row of the reference's form, and which rows are indeterminate."""
    reference = endpoint.reference
    scope = data.scope(reference.form)
    positive, negative = (
        parse(rule).truth(scope) for rule in (reference.positive, reference.negative)
    )
    chosen = positive.known | True
    if reference.where:
        where = parse(reference.where).truth(scope)
        chosen = where.true & where.known
    yes, no = positive.true & positive.known, negative.true & negative.known
    _refuse_both(yes & no & chosen, endpoint, data, reference.form)
    return _three_valued(yes & chosen, no & chosen, positive.known & negative.known & chosen)


def _three_valued(
    yes: NDArray[np.bool_], no: NDArray[np.bool_], known: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return 1, 0 or NaN, and which of the NaN are known to be neither."""
    import numpy as np

    return np.where(yes, 1.0, np.where(no, 0.0, np.nan)), known & ~yes & ~no


def _truth_by_row(
    endpoint: AgainstReference, data: StudyData, rows: Rows
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the truth of each row that is used, and the reference rows that none belongs to.

    Rows find their reference by the keys that both forms have.
    """
    import numpy as np
    import pandas as pd

    home, form = endpoint.form, endpoint.reference.form
    truth, _ = _truth_of_rows(endpoint, data)
    if rows.row is None:
        raise AssertionError("rows are asked for with their keys")
    if form == home:
        return truth[rows.row], np.empty(0, dtype=np.intp)
    names = [key for key in data.protocol.form(form).keys if key != "subject_id"]

    def keys(of: str, chosen: NDArray[np.intp]) -> pd.MultiIndex:
        columns = [np.asarray(data.column(of, name)).astype(str)[chosen] for name in names]
        return pd.MultiIndex.from_arrays([data.subject_of_row(of)[chosen], *columns])

    enrolled = np.flatnonzero(data.subject_of_row(form) >= 0)
    index, wanted = keys(form, enrolled), keys(home, rows.row)
    twice = np.zeros(len(data.site_of_subject), dtype=bool)
    twice[data.subject_of_row(form)[enrolled[index.duplicated()]]] = True
    _refuse("rows-not-combined", twice, endpoint, data, form)
    place = index.get_indexer(wanted)
    found = np.where(place >= 0, truth[enrolled][place], np.nan)
    left = np.setdiff1d(np.arange(len(enrolled)), place)
    return found, enrolled[left]


def record_reference(endpoint: AgainstReference, context: Context, arm: str) -> None:
    """Record what the reference says of the subjects of the set in an arm, of all and by center.

    Where its form says how many days lie between test and reference, their quantiles too.
    """
    import numpy as np

    from clinval.stats.centers.sites import quantiles

    recorder, data = context.recorder, context.data
    names, site = data.site_names, data.site_of_subject
    truth, neither = truth_of_subjects(endpoint, data)
    judged, member = ~np.isnan(truth), context.member & in_arm(endpoint, data, (arm,))[:, 0]
    counts = {
        "reference_positive": truth == 1,
        "reference_negative": truth == 0,
        "reference_indeterminate": neither,
        "no_reference": ~judged & ~neither,
    }
    for statistic, who in counts.items():
        chosen = member & who
        recorder.add(statistic, int(chosen.sum()), unit="subjects")
        by_site = np.bincount(site[chosen], minlength=len(names))
        for name, value in zip(names, by_site.tolist(), strict=True):
            recorder.add(statistic, value, group={"site": name}, unit="subjects")
    form = endpoint.reference.form
    if data.protocol.form(form).field(_DAYS) is None:
        return
    subject, days = data.subject_of_row(form), np.asarray(data.column(form, _DAYS), dtype=float)
    known = (subject >= 0) & ~np.isnan(days)
    known[known] &= (member & judged)[subject[known]]
    spread = quantiles(days[known])
    units = dict.fromkeys(
        ("least", "lower_quartile", "median", "upper_quartile", "greatest"), "days"
    )
    recorder.result(spread, units, rename={name: f"days_{name}" for name in units}, n=spread.n)


# ---------------------------------------------------------------------- cases


def cases_of(
    endpoint: AgainstReference, context: Context, arm: str, value: Rows, unclear: NDArray[np.bool_]
) -> Cases:
    """Return the cases of a set: results of one arm, each beside its truth.

    Parameters
    ----------
    endpoint, context
        The endpoint on an analysis set.
    arm
        Id of the arm.
    value
        The rows with their results, keyed where they stay apart.
    unclear
        Rows whose call is neither positive nor negative.
    """
    import numpy as np

    data = context.data
    subjects = len(data.site_of_subject)
    belongs = context.member & in_arm(endpoint, data, (arm,))[:, 0]
    if endpoint.combine != "each":
        truth, _ = truth_of_subjects(endpoint, data)
        result = combined(value, endpoint, data, 1)[:, 0]
        some = np.bincount(value.subject[unclear], minlength=subjects) > 0
        who = np.flatnonzero(belongs)
        return Cases(
            truth=truth[who],
            value=result[who],
            indeterminate=(some & np.isnan(result))[who],
            subject=who,
            site=data.site_of_subject[who],
        )
    truth, left = _truth_by_row(endpoint, data, value)
    alone = data.subject_of_row(endpoint.reference.form)[left]
    rest, _ = _truth_of_rows(endpoint, data)
    nothing = np.full(len(left), np.nan)
    subject = np.concatenate([value.subject, alone])
    cases = Cases(
        truth=np.concatenate([truth, rest[left]]),
        value=np.concatenate([value.value, nothing]),
        indeterminate=np.concatenate([unclear, np.zeros(len(left), dtype=bool)]),
        subject=subject,
        site=data.site_of_subject[subject],
    )
    return cases.of(belongs[subject])


def calls_of(
    endpoint: AgainstReference, context: Context, arm: str, negative: str
) -> tuple[Rows, NDArray[np.bool_]]:
    """Return the calls of an arm as 1 and 0, and the rows whose call is neither.

    The measure is the rule of a positive call, ``negative`` that of a negative one.

    Raises
    ------
    AnalysisError
        When a row is both.
    """
    import numpy as np

    data, keyed = context.data, endpoint.combine == "each"
    yes = rows_of(endpoint, data, (arm,), keyed=keyed)
    no = rows_of(endpoint.model_copy(update={"measure": negative}), data, (arm,))
    both = np.zeros(len(data.site_of_subject), dtype=bool)
    both[yes.subject[(yes.value == 1) & (no.value == 1)]] = True
    _refuse("call-is-both", both, endpoint, data, endpoint.form)
    known = ~np.isnan(yes.value) & ~np.isnan(no.value)
    call, unclear = _three_valued(yes.value == 1, no.value == 1, known)
    rows = Rows(value=call, subject=yes.subject, arm=yes.arm, key=yes.key, row=yes.row)
    return rows, unclear


def _refuse_both(
    both: NDArray[np.bool_], endpoint: AgainstReference, data: StudyData, form: str
) -> None:
    _refuse("call-is-both", _have(both, form, data), endpoint, data, form)


def _refuse(
    kind: str, subjects: NDArray[np.bool_], endpoint: AgainstReference, data: StudyData, form: str
) -> None:
    """Stop where something is wrong with subjects, naming how many and the first."""
    import numpy as np

    found = np.flatnonzero(subjects)
    if len(found):
        raise AnalysisError.of(
            kind,
            Place(file=f"endpoint {endpoint.id}"),
            subjects=len(found),
            form=form,
            first=data.subject_ids[int(found[0])],
        )
