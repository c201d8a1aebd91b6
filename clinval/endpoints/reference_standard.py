"""The reference standard of an endpoint: who has the condition, by which rows of which form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.core.errors import AnalysisError
from clinval.core.expressions import parse
from clinval.core.problems import Place
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Measured, in_arm
from clinval.protocol.base import Section, Words
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft
    from clinval.study.data import StudyData

__all__ = [
    "AgainstReference",
    "Reference",
    "lint_reference",
    "record_reference",
    "refuse",
    "subjects_with",
    "three_valued",
    "truth_of_rows",
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
    truth, unclear = truth_of_rows(endpoint, data)
    positive, negative = (_have(truth == value, form, data) for value in (1, 0))
    if endpoint.combine != "each":
        refuse("reference-contradicts", positive & negative, endpoint, data, form)
    known = positive | negative
    neither = _have(unclear, form, data) & ~known
    return np.where(known, positive.astype(float), np.nan), neither


def subjects_with(
    endpoint: AgainstReference, data: StudyData, *, condition: bool
) -> NDArray[np.bool_]:
    """Return which subjects have the condition, or are known not to have it, in some row."""
    truth, _ = truth_of_rows(endpoint, data)
    return _have(truth == float(condition), endpoint.reference.form, data)


def _have(chosen: NDArray[np.bool_], form: str, data: StudyData) -> NDArray[np.bool_]:
    """Return which subjects have one of the chosen rows of a form."""
    import numpy as np

    subject = data.subject_of_row(form)
    there = chosen & (subject >= 0)
    return np.bincount(subject[there], minlength=len(data.site_of_subject)) > 0


def truth_of_rows(
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
    return three_valued(yes & chosen, no & chosen, positive.known & negative.known & chosen)


def three_valued(
    yes: NDArray[np.bool_], no: NDArray[np.bool_], known: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return 1, 0 or NaN, and which of the NaN are known to be neither."""
    import numpy as np

    return np.where(yes, 1.0, np.where(no, 0.0, np.nan)), known & ~yes & ~no


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


def _refuse_both(
    both: NDArray[np.bool_], endpoint: AgainstReference, data: StudyData, form: str
) -> None:
    refuse("call-is-both", _have(both, form, data), endpoint, data, form)


def refuse(
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
