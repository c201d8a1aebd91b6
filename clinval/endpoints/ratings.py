"""Ratings in long form: what each reader said of each case, and what was left unused and why.

A case is a row of the form without its reader and without what tells repeats apart: a subject, a
subject and arm, a lesion. Categories have the order of the protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.core.errors import AnalysisError
from clinval.core.expressions import Truth, parse
from clinval.core.problems import Place
from clinval.endpoints.kind import Context
from clinval.endpoints.measured import arm_of_row
from clinval.endpoints.rating_matrix import LongRatings
from clinval.protocol.base import Identifier, Words
from clinval.protocol.endpoint import Endpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.recorder import Recorder
    from clinval.protocol.forms import Form
    from clinval.study.data import StudyData

__all__ = ["UNUSED", "Rated", "long_ratings", "record_data"]

UNUSED = (
    "not_enrolled", "not_in_set", "not_asked", "other_arm", "left_out", "no_value", "repeated",
    "alone",
)  # fmt: skip
"""Why a rating is not used, in the order in which it is asked."""


class Rated(Endpoint):
    """An endpoint on the ratings that readers give to the same cases.

    ``measure`` is a field (its codes give the categories and their order) or a rule over fields.
    """

    form: Annotated[str, Setting(pattern=r"^F\d{2}$")]
    measure: Words
    where: Words | None = None
    readers: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="all readers where none are named"
    )
    categories: Annotated[tuple[str | int | float, ...], Setting(strict=False)] = Setting(
        default=(), description="the categories in their order, where the codes do not give it"
    )
    replicate: Identifier | None = Setting(
        default=None, description="the key that tells a reader's repeated ratings of a case apart"
    )
    repeats: Literal["only", "first", "mean"] = Setting(
        default="only", description="what is used of a reader's repeats: only, there are none"
    )


def long_ratings(
    endpoint: Rated,
    context: Context,
    *,
    measured: bool = False,
    repeated: bool = False,
    arms: tuple[str, ...] = (),
) -> LongRatings:
    """Return the ratings that an endpoint is about, of its readers and the analysis set.

    Parameters
    ----------
    endpoint
        Says which form, rows, readers and categories.
    context
        The data and the analysis set.
    measured
        Whether ratings are measurements: numbers without categories.
    repeated
        Whether the repeats of a reader are what is looked at.
    arms
        Arms that are compared on the same case; without them, each arm is a case of its own.

    Raises
    ------
    AnalysisError
        For a rating outside the declared categories, and a reader who rated a case twice where
        nothing tells the ratings apart.
    """
    import numpy as np

    data = context.data
    form = data.protocol.form(endpoint.form)
    readers = endpoint.readers or tuple(reader.id for reader in data.protocol.readers)
    value, labels, levels = _values(endpoint, context, measured=measured)
    subject = data.subject_of_row(form.id)
    reader = _readers(endpoint, data, readers)
    kept = np.ones(len(subject), dtype=bool)
    unused = dict.fromkeys(UNUSED, 0)

    def drop(why: str, out: NDArray[np.bool_]) -> None:
        unused[why] = int((kept & out).sum())
        kept[out] = False

    drop("not_enrolled", subject < 0)
    drop("not_in_set", ~np.append(context.member, False)[subject])
    drop("not_asked", reader < 0)
    arm = arm_of_row(form.id, data, arms) if arms else np.zeros_like(subject)
    drop("other_arm", arm < 0)
    if endpoint.where:
        truth = parse(endpoint.where).truth(data.scope(form.id))
        drop("left_out", ~(truth.true & truth.known))
    drop("no_value", np.isnan(value))
    within = ("subject_id", "reader_id", endpoint.replicate, *(("arm",) if arms else ()))
    other = [key for key in form.keys if key not in within]
    case, first = _cases(other, form, data, np.flatnonzero(kept))
    session, sessions = _sessions(endpoint, data, kept)
    may_repeat = repeated or endpoint.repeats != "only"
    apart = session if may_repeat else np.zeros_like(session)
    _refuse_twice([case, reader[kept], apart, arm[kept]], subject[kept], endpoint, context)
    if not levels and not measured:
        # numbers that no code list declares: those of these readers and cases only, since a
        # category that is declared and not used changes coefficients and weights
        levels = tuple(np.unique(value[kept]).tolist())
        labels = tuple(f"{level:g}" for level in levels)
    return LongRatings(
        case=case,
        reader=reader[kept],
        session=session,
        arm=arm[kept],
        row=np.flatnonzero(kept),
        value=value[kept],
        patient=subject[first],
        site=data.site_of_subject[subject[first]],
        readers=readers,
        sessions=sessions,
        labels=labels,
        levels=levels,
        unused=unused,
    )


def record_data(
    ratings: LongRatings, unused: Mapping[str, int], group: Mapping[str, str], recorder: Recorder
) -> None:
    """Record how many readers, cases, patients and ratings there are, and what is not used."""
    import numpy as np

    total = len(ratings.value)
    counts = {
        "readers": (len(np.unique(ratings.reader)), ""),
        "images": (len(ratings.patient), "images"),
        "subjects": (len(np.unique(ratings.patient)), "subjects"),
        "sessions": (len(ratings.sessions), ""),
        "ratings": (total, "rows"),
    }
    for name, (count, unit) in counts.items():
        recorder.add(name, count, group=group, unit=unit, n=total)
    for reason, count in unused.items():
        recorder.add(f"unused.{reason}", count, group=group, unit="rows", n=count)


def _values(
    endpoint: Rated, context: Context, *, measured: bool
) -> tuple[NDArray[np.float64], tuple[str, ...], tuple[float, ...]]:
    """Return the rating of each row as a number, with the labels and values of the categories.

    Words are numbered from 1 in their order.
    """
    import numpy as np

    data = context.data
    form = data.protocol.form(endpoint.form)
    field = form.field(endpoint.measure)
    result: Any = parse(endpoint.measure).evaluate(data.scope(form.id))
    if isinstance(result, Truth):
        value = np.where(result.known, result.true.astype(float), np.nan)
        return value, ("no", "yes"), (0.0, 1.0)
    if hasattr(result, "categories"):
        codes = [*map(str, endpoint.categories)] or list(field.codelist if field else ())
        codes = codes or sorted(result.categories)
        order = [codes.index(name) + 1 if name in codes else 0 for name in result.categories]
        index = np.array([*order, -1])[result.codes]
        _refuse_undeclared(index == 0, np.asarray(result), endpoint, context)
        value = np.where(index > 0, index, np.nan)
        return value, tuple(codes), tuple(float(k) for k in range(1, len(codes) + 1))
    value = np.asarray(result, dtype=float)
    given = endpoint.categories or tuple(field.codelist if field else ())
    if measured or not given:
        return value, (), ()
    levels = [float(code) for code in given]
    levels = levels if endpoint.categories else sorted(levels)
    known = np.isin(value, levels) | np.isnan(value)
    _refuse_undeclared(~known, value, endpoint, context)
    return value, tuple(f"{level:g}" for level in levels), tuple(levels)


def _refuse_undeclared(
    strange: NDArray[np.bool_], value: NDArray[Any], endpoint: Rated, context: Context
) -> None:
    """Stop at a rating outside the categories: nobody knows where in their order it belongs."""
    import numpy as np

    data = context.data
    subject = data.subject_of_row(endpoint.form)
    strange = strange & np.append(context.member, False)[subject] & (subject >= 0)
    if endpoint.where:
        truth = parse(endpoint.where).truth(data.scope(endpoint.form))
        strange &= truth.true & truth.known
    rows = np.flatnonzero(strange)
    if len(rows):
        first = value[rows[0]]
        raise AnalysisError.of(
            "rating-undeclared",
            Place(file=f"endpoint {endpoint.id}"),
            ratings=len(rows),
            measure=endpoint.measure,
            value=first if isinstance(first, str) else f"{first:g}",
            first=data.subject_ids[int(subject[rows[0]])],
        )


def _readers(endpoint: Rated, data: StudyData, readers: tuple[str, ...]) -> NDArray[np.intp]:
    """Return the position of each row's reader, -1 for one that is not asked for."""
    import numpy as np

    column = data.column(endpoint.form, "reader_id")
    place = [readers.index(name) if name in readers else -1 for name in column.categories]
    reader: NDArray[np.intp] = np.array([*place, -1], dtype=np.intp)[column.codes]
    return reader


def _cases(
    keys: Sequence[str], form: Form, data: StudyData, rows: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the case of each row, by subject and keys, and a row of each case."""
    import numpy as np

    code = data.subject_of_row(form.id)[rows].astype(np.int64)
    for key in keys:
        _, part = np.unique(_coded(data.column(form.id, key))[rows], return_inverse=True)
        code = code * (int(part.max(initial=0)) + 1) + part
    _, first, case = np.unique(code, return_index=True, return_inverse=True)
    return case, rows[first]


def _sessions(
    endpoint: Rated, data: StudyData, kept: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Return the place of each rating among a reader's repeats, and what these are called."""
    import numpy as np

    if endpoint.replicate is None:
        return np.zeros(int(kept.sum()), dtype=np.intp), ("1",)
    column = data.column(endpoint.form, endpoint.replicate)
    found, place = np.unique(_coded(column)[kept], return_inverse=True)
    if hasattr(column, "categories"):
        return place, tuple(str(column.categories[code]) for code in found)
    return place, tuple(f"{value:g}" for value in found)


def _coded(column: Any) -> NDArray[Any]:
    """Return a column as numbers: a column of words by its codes."""
    codes: NDArray[Any] = column.codes if hasattr(column, "codes") else column
    return codes


def _refuse_twice(
    keys: list[NDArray[np.intp]], subject: NDArray[np.intp], endpoint: Rated, context: Context
) -> None:
    """Stop where a reader rated a case twice and nothing says which rating counts."""
    import numpy as np

    _, first, count = np.unique(np.stack(keys), axis=1, return_index=True, return_counts=True)
    several = np.sort(subject[first[count > 1]])
    if len(several):
        raise AnalysisError.of(
            "rows-not-combined",
            Place(file=f"endpoint {endpoint.id}"),
            subjects=len(np.unique(several)),
            form=endpoint.form,
            first=context.data.subject_ids[int(several[0])],
        )
