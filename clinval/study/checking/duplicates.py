"""The same subject, or the same exam, twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from clinval.protocol.forms import ENROLMENT, FINANCE, HEADERS
from clinval.protocol.study_checks import limits_of
from clinval.study.checking.rows import Finding, StudyRows, by_value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.forms import Form

__all__ = ["alike", "repeated", "rows_alike", "subjects_at_two_sites", "values_not_unique"]

Column = Any
"""A sequence or array of values."""

_LARGEST = 50  # rows with the same two telling values that are compared with one another


def repeated(values: Iterable[Any], of: Column) -> list[tuple[int, int]]:
    """Return (row, earlier row) where a value stands that belongs to another already.

    Parameters
    ----------
    values
        Identifiers, ``None`` where there is none.
    of
        Whose each is: of the same subject, or returned by the same site, it may stand again.
    """
    plain = [value.strip().casefold() if isinstance(value, str) else None for value in values]
    return sorted(
        (int(row), int(own[0]))
        for own in by_value(plain).values()
        if len(own) > 1
        for row in own[1:]
        if of[row] != of[own[0]]
    )


def subjects_at_two_sites(rows: StudyRows) -> Iterator[Finding]:
    """Yield the subjects that another site has enrolled too, at their rows of the later sites."""
    unasked = limits_of(rows.protocol, "subject-at-two-sites") is None
    if unasked or rows.column(ENROLMENT, "subject_id") is None:
        return
    subjects, sites = rows.texts(ENROLMENT, "subject_id"), rows.sites(ENROLMENT)
    for row, first in repeated(subjects, sites):
        about = {"subject": subjects[row], "other": sites[first]}
        yield Finding("subject-at-two-sites", ENROLMENT, row, "subject_id", about)


def values_not_unique(rows: StudyRows) -> Iterator[Finding]:
    """Yield identifiers that two subjects share, without saying what they are."""
    unasked = limits_of(rows.protocol, "value-not-unique") is None
    for place in () if unasked else rows.protocol.checks.unique:
        form, _, name = place.partition(".")
        if rows.column(form, name) is None or rows.column(form, "subject_id") is None:
            continue
        subjects = rows.texts(form, "subject_id")
        for row, first in repeated(rows.texts(form, name), subjects):
            yield Finding("value-not-unique", form, row, name, {"other": subjects[first]})


def alike(
    columns: Mapping[str, Column], of: Column, limits: Mapping[str, float]
) -> list[tuple[int, int]]:
    """Return pairs of rows of different subjects that agree where chance would not have it.

    Two rows are compared in the columns in which both have a value. How often rows have a value
    is how likely another has it too; where the agreeing columns, at least ``fields`` of them, are
    so unlikely together that fewer than ``chance`` such pairs are to be expected among all pairs,
    and at most ``differing`` columns disagree, the rows are taken for copies. Values of single
    columns are taken to be independent, which is why the limit on chance is very small.

    Parameters
    ----------
    columns
        Numbers (NaN = missing) or texts by field.
    of
        The subject of each row.
    limits
        ``fields``, ``chance``, ``differing``.
    """
    import numpy as np
    import pandas as pd

    codes = np.array([pd.factorize(np.asarray(v, dtype=object))[0] for v in columns.values()])
    if not codes.size or codes.shape[1] < 2:
        return []
    rows = codes.shape[1]
    weight = np.array([_bits(line) for line in codes])  # of each value: how telling it is
    needed = np.log2(rows * (rows - 1) / 2) - np.log2(limits["chance"])
    if weight.max(axis=1).sum() < needed:
        return []  # not even the rarest values together would tell
    subject = pd.factorize(np.asarray(of, dtype=object))[0]
    found: set[tuple[int, int]] = set()
    # rows that disagree in so many columns agree in all but so many of the most telling ones
    telling = np.argsort(-weight.mean(axis=1), kind="stable")[: int(limits["differing"]) + 2]
    for pair in itertools.combinations(telling.tolist(), 2):
        known = np.flatnonzero((codes[list(pair)] >= 0).all(axis=0))
        value = codes[pair[0]][known] * np.int64(rows) + codes[pair[1]][known]
        by = np.argsort(value, kind="stable")
        order, value = known[by], value[by]
        for step in range(1, _LARGEST):
            near = np.flatnonzero(value[step:] == value[:-step])
            if not len(near):
                break
            one, other = order[near], order[near + step]
            one, other = one[subject[one] != subject[other]], other[subject[one] != subject[other]]
            both = (codes[:, one] >= 0) & (codes[:, other] >= 0)
            same = both & (codes[:, one] == codes[:, other])
            copied = (
                (np.where(same, weight[:, one], 0.0).sum(axis=0) >= needed)
                & (same.sum(axis=0) >= limits["fields"])
                & ((both & ~same).sum(axis=0) <= limits["differing"])
            )
            low, high = np.minimum(one, other)[copied], np.maximum(one, other)[copied]
            found |= set(zip(low.tolist(), high.tolist(), strict=True))
    return sorted(found)


def _bits(codes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return of each value how unlikely another row has it: minus the logarithm of its share."""
    import numpy as np

    known = codes[codes >= 0]
    if not len(known):
        return np.zeros(len(codes))
    share = np.bincount(known) / len(known)
    return np.where(codes >= 0, -np.log2(share[np.maximum(codes, 0)]), 0.0)


def rows_alike(rows: StudyRows) -> Iterator[Finding]:
    """Yield rows of measured values that another subject's row repeats."""
    import numpy as np

    limits = limits_of(rows.protocol, "rows-alike")
    if limits is None:
        return
    for name in rows.forms():
        form = rows.protocol.form(name)
        typed = name != FINANCE and form.filled_by != HEADERS
        if not typed or rows.column(name, "subject_id") is None:
            continue
        columns = _measured(rows, form)
        subjects = rows.texts(name, "subject_id")
        sites = rows.sites(name)
        for one, other in alike(columns, subjects, limits):
            fields = sum(bool(values[one] == values[other]) for values in columns.values())
            about = {"subject": subjects[one], "site": sites[one], "fields": fields}
            yield Finding("rows-alike", name, int(np.intp(other)), "", about)


def _measured(rows: StudyRows, form: Form) -> dict[str, Any]:
    """Return the columns that are measured or scored, not chosen for all alike."""
    found = {}
    for field in form.fields:
        if field.id not in form.keys and field.type in ("number", "integer", "scale"):
            values = rows.column(form.id, field.id)
            if values is not None:
                found[field.id] = values
    return found
