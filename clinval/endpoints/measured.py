"""Endpoints measured on the rows of a form: from rows to one value per subject and arm."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field as Setting

from clinval.core.errors import AnalysisError
from clinval.core.expressions import Truth, parse
from clinval.core.problems import Place
from clinval.endpoints.kind import Context, Report
from clinval.protocol.base import Identifier, Section, Words
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.lint import ENROLMENT
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft
    from clinval.protocol.forms import Form
    from clinval.study.data import StudyData

__all__ = [
    "Compare",
    "Measured",
    "Rows",
    "Units",
    "apart",
    "arm_of_row",
    "combined",
    "compared_of_row",
    "in_arm",
    "lint_measured",
    "rows_of",
    "units_of",
]

Combine = Literal["only", "mean", "median", "majority", "all", "any", "each"]

_READER = "reader_id"

# How several truths, and how several numbers, become one of their kind.
_COMBINES = {"truth": ("only", "majority", "all", "any"), "number": ("only", "mean", "median")}


class Compare(Section):
    """What is compared, where it is not the arms of the roles test and reference.

    Two other arms, or two readers of the same subjects.
    """

    test: Identifier
    reference: Identifier
    by: Literal["arm", "reader"] = "arm"


class Measured(Endpoint):
    """An endpoint measured on the rows of a form.

    ``measure`` is a field or a rule over the form's fields; ``where`` restricts the rows;
    ``combine`` says how several rows of a subject and arm (reads, sequences) become one value.
    """

    form: Annotated[str, Setting(pattern=r"^F\d{2}$")]
    measure: Words
    where: Words | None = None
    combine: Combine = Setting(
        default="only",
        description="only: there is one row; each: rows stay apart, clustered in subjects",
    )
    compare: Compare | None = None

    clustered_methods: ClassVar[tuple[str, ...]] = ()
    """The kind's intervals of rows that stay apart, clustered in subjects."""

    @property
    def clustered(self) -> str:
        """What a protocol writes so that rows stay apart; a dash where the kind has none."""
        methods = " / ".join(self.clustered_methods)
        return f"combine: each, method: {methods}" if methods else "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a form that an endpoint uses, one element a row.

    ``value`` is the measure (1 and 0 for a rule), NaN where it is missing; ``subject`` indexes
    the enrolled subjects; ``arm`` indexes the arms asked for. Rows of subjects that the enrolment
    form does not have are none of them; the disposition counts them.
    """

    value: NDArray[np.float64]
    subject: NDArray[np.intp]
    arm: NDArray[np.intp]
    key: NDArray[np.intp] | None = None
    """What else tells rows of a subject and arm apart (reader, lesion), where it was asked for."""
    row: NDArray[np.intp] | None = None
    """Which rows of the form these are, where keys were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """One element a subject of the set: its site, and its value in the test and reference arm."""

    subject: NDArray[np.intp]
    site: NDArray[np.intp]
    test: NDArray[np.float64]
    reference: NDArray[np.float64]

    def of(self, mask: NDArray[np.bool_]) -> Units:
        """Return the units of a mask."""
        return Units(
            subject=self.subject[mask],
            site=self.site[mask],
            test=self.test[mask],
            reference=self.reference[mask],
        )

    def __len__(self) -> int:
        return len(self.subject)

    @property
    def sha256(self) -> str:
        """Hash of the values, for the provenance of what is computed from them."""
        import numpy as np

        digest = hashlib.sha256()
        for array in (self.subject, self.test, self.reference):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def lint_measured(
    endpoint: Measured,
    draft: Draft,
    report: Report,
    *,
    gives: Literal["truth", "number"],
    each: bool = False,
    failures: bool = False,
) -> None:
    """Report what is wrong with the form, the measure, the rows and the arms.

    ``each`` says whether the kind of endpoint can leave rows apart, ``failures`` whether a missing
    result counts as a failed one.
    """
    form = draft.forms.get(endpoint.form)
    if form is None:
        if endpoint.form not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", ("form",), form=endpoint.form)
        return
    check_rule(endpoint.measure, draft.forms, form.id, report, ("measure",), gives=gives)
    if endpoint.where:
        check_rule(endpoint.where, draft.forms, form.id, report, ("where",))
        if failures:
            report("left-out-fails", ("where",), set=endpoint.set)
    spare = [key for key in form.keys if key not in ("subject_id", "arm")]
    if "subject_id" not in form.keys:
        report("endpoint-form-keys", ("form",), form=form.id, key="subject_id")
    elif spare and endpoint.combine == "only" and not endpoint.where:
        clustered = endpoint.clustered
        report(
            "rows-exceed-subjects", ("combine",), form=form.id, unit="subject", clustered=clustered
        )
    allowed = (*_COMBINES[gives], *(("each",) if each else ()))
    if endpoint.combine not in allowed:
        report(
            "design-does-not-fit",
            ("combine",),
            what=f"combine: {endpoint.combine}",
            design=endpoint.kind,
            remedy=f"write one of: {', '.join(allowed)}",
        )
    field = form.field(endpoint.measure)
    if field is not None and field.target is not None:
        report("target-scale", ("measure",), field=field.id, target=f"{field.target:g}")
    if endpoint.compare:
        _lint_compared(endpoint.compare, form, draft, report)


def _lint_compared(compare: Compare, form: Form, draft: Draft, report: Report) -> None:
    """Report arms or readers that are not declared, and readers that nobody can tell apart."""
    key = f"{compare.by}s"
    declared = draft.written_ids(key)
    for role in ("test", "reference"):
        name = getattr(compare, role)
        if name not in declared:
            report(f"{compare.by}-unknown", ("compare", role), **{compare.by: name})
    if compare.by == "arm":
        return
    if _READER not in form.keys:
        report("endpoint-form-keys", ("compare", "by"), form=form.id, key=_READER)
    if draft.design is not None and not draft.design.paired:
        report(
            "design-does-not-fit",
            ("compare", "by"),
            what="by: reader",
            design=draft.design.type,
            remedy="compare the readers of a paired design: both read the same subjects",
        )


def rows_of(
    endpoint: Measured, data: StudyData, arms: tuple[str, ...], *, keyed: bool = False
) -> Rows:
    """Return the rows that an endpoint uses, of the arms asked for.

    Parameters
    ----------
    endpoint
        Says which form, rows and measure.
    data
        The study's data.
    arms
        Ids of the arms.
    keyed
        Whether the rows of a subject and arm are to be told apart.
    """
    import numpy as np

    measure = parse(endpoint.measure)
    where = parse(endpoint.where) if endpoint.where else None
    form = endpoint.form
    data.read(form, [name for _, name in (*measure.names, *(where.names if where else ()))])
    scope = data.scope(form)
    result: Any = measure.evaluate(scope)
    if isinstance(result, Truth):
        value = np.where(result.known, result.true.astype(np.float64), np.nan)
    else:
        value = np.asarray(result, dtype=np.float64)
    subject = data.subject_of_row(form)
    arm = compared_of_row(endpoint, data, arms)
    keep = (subject >= 0) & (arm >= 0)
    if where is not None:
        truth = where.truth(scope)
        keep &= truth.true & truth.known
    compared = _READER if _by_reader(endpoint) else "arm"
    key = _key_of_row(form, data, compared)[keep] if keyed else None
    row = np.flatnonzero(keep) if keyed else None
    if not keep.all():
        value, subject, arm = value[keep], subject[keep], arm[keep]
    return Rows(value=value, subject=subject, arm=arm, key=key, row=row)


def _key_of_row(form: str, data: StudyData, compared: str) -> NDArray[np.intp]:
    """Return a number for what tells rows of a subject apart, but for what is compared."""
    import numpy as np
    import pandas as pd

    key = np.zeros(data.rows(form), dtype=np.intp)
    for name in data.protocol.form(form).keys:
        if name not in ("subject_id", compared):
            codes, distinct = pd.factorize(data.column(form, name), use_na_sentinel=False)
            key = key * len(distinct) + codes
    return key


def apart(rows: Rows) -> Units:
    """Return one unit for each read of a subject: the rows of both arms with the same key.

    The unit has no site; NaN stands where an arm has no row of it.
    """
    import numpy as np

    key = np.zeros_like(rows.subject) if rows.key is None else rows.key
    width = int(key.max(initial=0)) + 1
    read, place = np.unique(rows.subject * width + key, return_inverse=True)
    values = np.full((len(read), 2), np.nan)
    values[place, rows.arm] = rows.value
    subject = read // width
    return Units(
        subject=subject, site=np.full_like(subject, -1), test=values[:, 0], reference=values[:, 1]
    )


def arm_of_row(form: str, data: StudyData, arms: tuple[str, ...]) -> NDArray[np.intp]:
    """Return the index of each row's arm, -1 for another one.

    Where the form has no arm it is that of the subject, as it was enrolled; where the enrolment
    form does not say it either, every row belongs to the first.
    """
    import numpy as np

    subject = data.subject_of_row(form)
    for source in (form, ENROLMENT):
        if data.protocol.form(source).field("arm") is None:
            continue
        arm = _among(data.column(source, "arm"), arms)
        return arm if source == form else np.where(subject < 0, -1, np.append(arm, -1)[subject])
    return np.zeros(len(subject), dtype=np.intp)


def compared_of_row(
    endpoint: Measured, data: StudyData, names: tuple[str, ...]
) -> NDArray[np.intp]:
    """Return the index of each row's arm, or of its reader where readers are compared."""
    if _by_reader(endpoint):
        return _among(data.column(endpoint.form, _READER), names)
    return arm_of_row(endpoint.form, data, names)


def _by_reader(endpoint: Measured) -> bool:
    return endpoint.compare is not None and endpoint.compare.by == "reader"


def _among(column: Any, names: tuple[str, ...]) -> NDArray[np.intp]:
    """Return the place of each value among names, -1 for another one and for none."""
    import numpy as np

    places = [names.index(name) if name in names else -1 for name in column.categories]
    found: NDArray[np.intp] = np.array([*places, -1], dtype=np.intp)[column.codes]
    return found  # the code of missing is -1, the last place


def in_arm(endpoint: Measured, data: StudyData, arms: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return whether each subject (rows) belongs to each arm (columns).

    Everybody belongs to every arm, unless the arms are groups of subjects. Then it is the arm that
    the enrolment form says, or without one there, any that the subject has a row of.
    """
    import numpy as np

    subjects = len(data.site_of_subject)
    if data.protocol.design.type != "parallel":
        return np.ones((subjects, len(arms)), dtype=bool)
    said = data.protocol.form(ENROLMENT).field("arm") is not None
    source = ENROLMENT if said else endpoint.form
    arm, subject = arm_of_row(source, data, arms), data.subject_of_row(source)
    keep = (arm >= 0) & (subject >= 0)
    found = np.zeros((subjects, len(arms)), dtype=bool)
    found[subject[keep], arm[keep]] = True
    return found


def units_of(endpoint: Measured, context: Context, arms: tuple[str, ...]) -> Units:
    """Return one unit for each subject of the set; NaN where a subject has no value in an arm."""
    import numpy as np

    data = context.data
    values = combined(rows_of(endpoint, data, arms), endpoint, data, len(arms))
    chosen = np.flatnonzero(context.member)
    reference = values[:, 1] if len(arms) > 1 else np.full(len(values), np.nan)
    return Units(
        subject=chosen,
        site=data.site_of_subject[chosen],
        test=values[chosen, 0],
        reference=reference[chosen],
    )


def combined(rows: Rows, endpoint: Measured, data: StudyData, arms: int) -> NDArray[np.float64]:
    """Return the value of each subject (rows) and arm (columns), combined over its rows.

    Rows without a value are passed over; a subject and arm with none has NaN. A majority is more
    than half of the rows: a tie is no majority.

    Raises
    ------
    AnalysisError
        When ``combine: only`` promised one row and there are several.
    """
    import numpy as np

    how, size = endpoint.combine, len(data.site_of_subject) * arms
    cell = rows.subject * arms + rows.arm
    if how == "only":
        _refuse_several(cell, endpoint, data, arms)
        result = np.full(size, np.nan)
        result[cell] = rows.value
        return result.reshape(-1, arms)
    known = ~np.isnan(rows.value)
    cell, value = cell[known], rows.value[known]
    count = np.bincount(cell, minlength=size)
    if how == "median":
        result = _medians(cell, value, count)
    else:
        total = np.bincount(cell, weights=value, minlength=size)
        with np.errstate(invalid="ignore"):
            mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        match how:
            case "majority":
                result = np.where(count > 0, (mean > 0.5).astype(float), np.nan)
            case "all":
                result = np.where(count > 0, (total == count).astype(float), np.nan)
            case "any":
                result = np.where(count > 0, (total > 0).astype(float), np.nan)
            case _:
                result = mean
    return result.reshape(-1, arms)


def _refuse_several(cell: NDArray[np.intp], endpoint: Measured, data: StudyData, arms: int) -> None:
    """Stop where one row was promised and there are more: pooling them would hide a cluster."""
    import numpy as np

    several = np.flatnonzero(np.bincount(cell) > 1)
    if len(several):
        first = data.subject_ids[int(several[0]) // arms]
        kind, words = "rows-not-combined", {}
        if endpoint.clustered_methods:
            kind, words = "rows-not-independent", {"clustered": endpoint.clustered}
        raise AnalysisError.of(
            kind,
            Place(file=f"endpoint {endpoint.id}"),
            subjects=len(np.unique(several // arms)),
            form=endpoint.form,
            first=first,
            **words,
        )


def _medians(
    cell: NDArray[np.intp], value: NDArray[np.float64], count: NDArray[np.intp]
) -> NDArray[np.float64]:
    import numpy as np

    order = np.lexsort((value, cell))
    ordered = value[order]
    start = np.cumsum(count) - count
    result = np.full(len(count), np.nan)
    filled = count > 0
    low = start[filled] + (count[filled] - 1) // 2
    high = start[filled] + count[filled] // 2
    result[filled] = (ordered[low] + ordered[high]) / 2
    return result
