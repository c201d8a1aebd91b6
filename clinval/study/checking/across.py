"""Rules over rows of several forms: values of other rows beside each row of a form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.core.errors import ClinvalError
from clinval.core.expressions import Expression, parse
from clinval.protocol.forms import ENROLMENT
from clinval.protocol.study_checks import (
    ARM_ROLE,
    AcrossCheck,
    HeaderCheck,
    Taken,
    across_checks,
    limits_of,
)
from clinval.study.checking.rows import Finding, StudyRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.forms import Check

__all__ = [
    "DEVIATIONS",
    "differing",
    "fired",
    "header_findings",
    "joined",
    "recorded",
    "rule_findings",
]

DEVIATIONS = "F09"
"""The form on which sites record deviations from the protocol."""


def rule_findings(rows: StudyRows) -> Iterator[Finding]:
    """Yield the rows on which a check across forms fires.

    A row that is a deviation is asked about only where its subject has none of that category in
    the form of deviations.
    """
    for check in across_checks(rows.protocol):
        found = fired(rows, check)
        if check.deviation is not None:
            found = found[~recorded(rows, check.form, check.deviation)[found]]
        kind = "study-check-fires"
        if check.deviation is not None:
            kind = "deviation-not-recorded"
        elif check.severity == "critical":
            kind = "critical-study-check-fires"
        if not len(found):
            continue
        form = rows.protocol.form(check.form)
        own = [name for name in _own(check) if form.field(name) is not None]
        about = {
            "check": check.id,
            "severity": check.severity,
            "message": check.message.en,
            "message_zh": check.message.in_("zh"),
            "reads": own,
        }
        scope = _scope(rows, check)
        for row in found.tolist():
            seen = {name: scope.find(name)[row] for name in (*own, *check.take)}
            value = "; ".join(f"{name} = {_shown(said)}" for name, said in seen.items())
            yield Finding(kind, check.form, row, own[0] if own else "", {**about, "value": value})


def fired(rows: StudyRows, check: AcrossCheck | Check, form: str = "") -> NDArray[np.intp]:
    """Return the rows of a form on which a check fires; none where it cannot be decided.

    Parameters
    ----------
    rows
        The rows of the study.
    check
        A check across forms, or one of a form by itself.
    form
        The form of a check of a form.
    """
    import numpy as np
    import pandas as pd

    nothing = np.empty(0, dtype=np.intp)
    take = check.take if isinstance(check, AcrossCheck) else {}
    home = check.form if isinstance(check, AcrossCheck) else form
    scope = _scope(rows, check, home)
    if parse(check.fires_when).forms and home != ENROLMENT:
        return nothing  # counts go by subject, not by row
    if any(scope.find(name) is None for name in (*_own(check), *take)):
        return nothing
    try:
        truth = parse(check.fires_when).truth(scope)
    except ClinvalError:  # rows that it counts cannot be gone by; what is wrong is said elsewhere
        return nothing
    fires = truth.true & truth.known
    for name, taken in take.items():  # what has not been returned yet is not missing
        fires &= ~pd.isna(scope.taken[name]) | _returned(rows, home, taken.form)
    return np.flatnonzero(fires)


def _own(check: AcrossCheck | Check) -> list[str]:
    """Return the fields of its own form that a check reads."""
    take = check.take if isinstance(check, AcrossCheck) else {}
    return [name for form, name in parse(check.fires_when).names if not form and name not in take]


def _scope(rows: StudyRows, check: AcrossCheck | Check, form: str = "") -> _Scope:
    """Return the columns that a check reads, with what it takes from other rows."""
    if not isinstance(check, AcrossCheck):
        return _Scope(rows, form)
    scope = _Scope(rows, check.form)
    for name, taken in check.take.items():
        values = joined(rows, check.form, taken)
        if values is not None:
            scope.taken[name] = values
    return scope


def _returned(rows: StudyRows, home: str, other: str) -> NDArray[np.bool_]:
    """Return the rows of a form whose site has returned rows of another form."""
    import numpy as np

    returned = set(rows.sites(other))
    return np.array([site in returned for site in rows.sites(home)], dtype=bool)


def joined(rows: StudyRows, home: str, taken: Taken) -> Any:
    """Return the value taken for each row of a form, missing where there is none.

    A row is looked for at the row's own site, and only then at all sites: readers and subjects
    of another hospital have their rows there. ``None`` where a column cannot be gone by.
    """
    import numpy as np
    import pandas as pd

    values = rows.column(taken.form, taken.field)
    by = taken.by or _shared(rows, home, taken.form)
    here = [rows.column(home, name) for name in by]
    there = [rows.column(taken.form, name) for name in by]
    if values is None or any(column is None for column in (*here, *there)):
        return None
    texts = hasattr(values, "categories")
    numbers = np.asarray(values.codes, dtype=float) if texts else values
    known = np.asarray(values.codes) >= 0 if texts else ~pd.isna(values)
    if taken.where is not None:
        rule = parse(taken.where)
        scope = _Scope(rows, taken.form)
        if any(scope.find(name) is None for _, name in rule.names):
            return None
        truth = rule.truth(scope)
        known &= truth.true & truth.known
    left = pd.DataFrame({f"k{n}": _plain(column) for n, column in enumerate(here)})
    left["site"], left["row"] = rows.sites(home), np.arange(len(left))
    right = pd.DataFrame({f"k{n}": _plain(column) for n, column in enumerate(there)})
    right["site"], right["value"] = rows.sites(taken.form), numbers
    right["at"] = np.arange(len(right))
    right = right[known]
    picked = pd.Series(np.nan if numbers.dtype.kind == "f" else np.datetime64("NaT", "s"),
                       index=range(len(left)), dtype=numbers.dtype)  # fmt: skip
    keys = [f"k{n}" for n in range(len(by))]
    for on in ([*keys, "site"], keys):
        todo = left[picked.isna().to_numpy()]
        pairs = todo.merge(right, on=on, how="inner")
        if home == taken.form:
            pairs = pairs[pairs["row"] != pairs["at"]]
        group = pairs.groupby("row", sort=True)["value"]
        least, most = group.min(), group.max()
        chosen = most if taken.pick == "most" else least
        if taken.pick == "only":
            chosen = chosen[least == most]
        picked.loc[chosen.index] = chosen
    if not texts:
        return picked.to_numpy()
    codes = picked.fillna(-1).to_numpy().astype(np.intp)
    return pd.Categorical.from_codes(codes, dtype=values.dtype)


def _shared(rows: StudyRows, home: str, other: str) -> tuple[str, ...]:
    """Return the keys of another form that a form has too."""
    form = rows.protocol.form(home)
    return tuple(key for key in rows.protocol.form(other).keys if form.field(key) is not None)


def _plain(column: Any) -> Any:
    import numpy as np

    return np.asarray(column, dtype=object) if hasattr(column, "categories") else column


@dataclass(slots=True)
class _Scope:
    """A form's columns and what was taken from other rows, as a rule reads them."""

    rows: StudyRows
    form: str
    taken: dict[str, Any]

    def __init__(self, rows: StudyRows, form: str) -> None:
        self.rows, self.form, self.taken = rows, form, {}

    def find(self, name: str) -> Any:
        """Return a column, or ``None`` where there is none to go by."""
        if name in self.taken:
            return self.taken[name]
        if name != ARM_ROLE:
            return self.rows.column(self.form, name)
        import numpy as np
        import pandas as pd

        form = self.rows.protocol.form(self.form)
        arm = next((field.id for field in form.fields if field.type == "arm"), "")
        values = self.rows.column(self.form, arm)
        roles = {arm.id: arm.role for arm in self.rows.protocol.arms}
        if values is None:
            return None
        return pd.Categorical([roles.get(value) for value in np.asarray(values, dtype=object)])

    def column(self, name: str) -> Any:
        return self.find(name)

    def aggregate(self, function: str, form: str, condition: Expression | None) -> Any:
        return self.rows.aggregate(self.form, function, form, condition)


def recorded(rows: StudyRows, form: str, category: str) -> NDArray[np.bool_]:
    """Return the rows of a form whose subject has a deviation of a category on record."""
    import numpy as np

    subjects = rows.column(form, "subject_id")
    count = len(rows.sites(form))
    if subjects is None or rows.column(DEVIATIONS, "category") is None:
        return np.zeros(count, dtype=bool)
    known = rows.texts(DEVIATIONS, "subject_id")[rows.texts(DEVIATIONS, "category") == category]
    return np.isin(np.asarray(subjects, dtype=object), known)


def differing(
    entry: Sequence[Any], header: Sequence[Any], *, within: float, share: float
) -> NDArray[np.intp]:
    """Return the rows whose entry is not what the images say.

    Parameters
    ----------
    entry, header
        Numbers (NaN = missing), times or texts; a row without one of the two is not compared.
    within, share
        What a number may differ by: in its unit, or as a share of the header's, whichever is more.
    """
    import numpy as np

    one, other = np.asarray(entry), np.asarray(header)
    if one.dtype.kind in "fi":
        bound = np.maximum(within, share * np.abs(other.astype(float)))
        with np.errstate(invalid="ignore"):
            return np.flatnonzero(np.abs(one - other) > bound + 1e-9 * np.abs(other))
    if one.dtype.kind == "M":
        return np.flatnonzero((one != other) & ~np.isnat(one) & ~np.isnat(other))
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    return np.array([row for row, pair in enumerate(pairs) if _differ(*pair)], dtype=np.intp)


def _differ(entry: object, header: object) -> bool:
    if not isinstance(entry, str) or not isinstance(header, str):
        return False
    return "".join(entry.split()).casefold() != "".join(header.split()).casefold()


def header_findings(rows: StudyRows) -> Iterator[Finding]:
    """Yield entries that are not what the headers of the images say."""
    unasked = limits_of(rows.protocol, "entry-differs") is None
    for check in () if unasked else rows.protocol.checks.headers:
        yield from _compared(rows, check)


def _compared(rows: StudyRows, check: HeaderCheck) -> Iterator[Finding]:
    form, _, name = check.entry.partition(".")
    other, _, field = check.header.partition(".")
    entry = rows.column(form, name)
    if entry is None or not rows.has(other):
        return
    of_row = other == form  # a form that holds what the images say beside what was entered
    header = (
        rows.column(form, field) if of_row else joined(rows, form, Taken(form=other, field=field))
    )
    if header is None:
        return
    plain, there = _plain(entry), _plain(header)
    for row in differing(plain, there, within=check.within, share=check.share).tolist():
        about = {"check": check.id, "value": _shown(plain[row]), "header": _shown(there[row])}
        kind = "critical-entry-differs" if check.severity == "critical" else "entry-differs"
        yield Finding(kind, form, row, name, about)


def _shown(value: Any) -> str:
    """Return a value for people: a date without its midnight, nothing for what is missing."""
    if value is None or value != value:  # noqa: PLR0124 - NaN and NaT
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value).removesuffix("T00:00:00")
