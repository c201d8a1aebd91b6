"""Who the subjects were: the characteristics that the enrolment form asks for, counted.

Each characteristic is counted over each analysis set that an endpoint uses, for all centers and by
center: of a choice the subjects of each code and their share of those known, of a number mean,
standard deviation, median and extremes; of both how many are not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from clinval.core.records import Record
from clinval.protocol.forms import ENROLMENT, Field

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.study.analysis_sets import Membership
    from clinval.study.data import StudyData

__all__ = ["ENDPOINT", "baseline", "characteristics"]

ENDPOINT = "baseline"

# What the enrolment form asks about enrolment itself: the flow of subjects shows it.
_ENROLMENT = frozenset(
    (
        "consent", "eligible", "enrolled", "screen_failure_reason", "completed",
        "withdrawal_reason",
    )
)  # fmt: skip


def characteristics(fields: tuple[Field, ...]) -> list[Field]:
    """Return the fields of an enrolment form that describe subjects: choices and numbers."""
    return [
        field
        for field in fields
        if field.id not in _ENROLMENT and (field.numeric or (field.type == "choice"))
    ]


def baseline(data: StudyData, sets: Mapping[str, Membership]) -> list[Record]:
    """Return the records of the subjects' characteristics."""
    import numpy as np

    found: list[Record] = []
    used = dict.fromkeys(endpoint.set for endpoint in data.protocol.endpoints)
    groups: list[tuple[dict[str, str], NDArray[np.bool_]]] = [
        ({}, np.ones(len(data.site_of_subject), dtype=bool))
    ]
    groups += [
        ({"site": name}, data.site_of_subject == index)
        for index, name in enumerate(data.site_names)
    ]
    for field in characteristics(data.protocol.form(ENROLMENT).fields):
        column = data.column(ENROLMENT, field.id)
        for set_id in used:
            for group, here in groups:
                members = here & sets[set_id].member
                for statistic, value, unit in _described(field, column[members]):
                    found.append(_record(field, set_id, group, statistic, value, unit))
    return found


def _described(field: Field, values: Any) -> Iterator[tuple[str, float | int | None, str]]:
    """Yield the statistics of a characteristic: name, value (undefined: ``None``), unit."""
    import numpy as np

    if not field.numeric:
        chosen = np.asarray(values, dtype=object)
        known = sum(int(np.count_nonzero(chosen == code)) for code in field.codelist)
        yield "missing", len(chosen) - known, "subjects"
        for code in field.codelist:
            count = int(np.count_nonzero(chosen == code))
            yield f"count.{code}", count, "subjects"
            yield f"share.{code}", count / known if known else None, "proportion"
        return
    numbers = np.asarray(values, dtype=float)
    numbers = numbers[~np.isnan(numbers)]
    unit = field.unit or "points" if field.type == "scale" else field.unit or ""
    yield "missing", len(values) - len(numbers), "subjects"
    yield "mean", float(np.mean(numbers)) if len(numbers) else None, unit
    yield "sd", float(np.std(numbers, ddof=1)) if len(numbers) > 1 else None, unit
    yield "median", float(np.median(numbers)) if len(numbers) else None, unit
    yield "lowest", float(np.min(numbers)) if len(numbers) else None, unit
    yield "highest", float(np.max(numbers)) if len(numbers) else None, unit


def _record(
    field: Field,
    set_id: str,
    group: dict[str, str],
    statistic: str,
    value: float | None,
    unit: str,
) -> Record:
    place = "+".join(f"{key}={name}" for key, name in group.items()) or "all"
    undefined = value is None
    reason = "too few subjects with a value" if undefined else ""
    return Record(
        id=f"{ENDPOINT}.{set_id}.{place}.{field.id}.{statistic}",
        endpoint=ENDPOINT,
        analysis_set=set_id,
        group=group,
        statistic=f"{field.id}.{statistic}",
        value=value,
        unit=unit,
        undefined=undefined,
        reason=reason,
    )
