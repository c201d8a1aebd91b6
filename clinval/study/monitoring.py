"""What a monitor asks of a running study: enrolment in time, completeness, queries and their age.

The counts of subjects and rows are those of :mod:`clinval.study.disposition`; here are the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from clinval.core.records import Record, Series
from clinval.study.deviations import deviations
from clinval.study.disposition import enrolled_subjects

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.study.data import StudyData
    from clinval.study.queries import Query

__all__ = ["AGES", "ENDPOINT", "age_class", "age_names", "monitoring"]

ENDPOINT = "monitoring"

AGES = ((0, 7), (8, 14), (15, 28), (29, None))
"""Classes of the days for which a query has not been closed; the last has no end."""


def age_class(days: int) -> int:
    """Return the number of the class of :data:`AGES` that so many days are in.

    Examples
    --------
    >>> [age_class(days) for days in (0, 7, 8, 28, 29, 1000)]
    [0, 0, 1, 2, 3, 3]
    """
    return next(number for number, (_, last) in enumerate(AGES) if last is None or days <= last)


def age_names() -> tuple[str, ...]:
    """Return the names of the classes of :data:`AGES`: ``0-7`` ... ``>28`` days."""
    return tuple(f"{first}-{last}" if last else f">{first - 1}" for first, last in AGES)


def monitoring(
    data: StudyData, queries: Sequence[Query], now_utc: str, counted: Iterable[Record]
) -> tuple[list[Record], list[Series]]:
    """Return the counts of queries by site, of complete forms, and enrolment in time.

    ``counted`` are the records of the disposition.

    Of queries: ``open``, ``answered``, ``closed``, ``critical`` (not closed, and holding something
    back), ``age.<k>`` (not closed, by the classes of :data:`AGES`) and ``oldest`` in days. Of
    enrolment: ``dated`` subjects, and the series ``monitoring.enrolment`` of days and how many
    were enrolled by then. The day of a subject is the first that its rows have. For each form with
    planned rows: ``complete.<form>``, the enrolled subjects of whom it has every row, and
    ``missing``, how many forms of subjects are not complete. ``unrecorded`` are the deviations that
    follow from the data and that no site has recorded.
    """
    records = []
    names = ("", *data.site_names)
    for site in names:
        own = [query for query in queries if not site or query.site == site]
        records += [
            _record(name, site, value, unit)
            for name, (value, unit) in _counts(own, now_utc).items()
        ]
    records += _complete(data, {record.id: int(record.value or 0) for record in counted})
    found = Counter(one.site for one in deviations(data.protocol, data.store) if not one.recorded)
    records += [
        _record("unrecorded", site, found[site] if site else found.total(), "events")
        for site in names
    ]
    day = _first_days(data)[enrolled_subjects(data)]
    series = _enrolment(day)
    dated = series.columns["enrolled"][-1] if series.columns["enrolled"] else 0
    records.append(_record("dated", "", int(dated or 0), "subjects"))
    return records, [series]


def _counts(queries: Sequence[Query], now_utc: str) -> Mapping[str, tuple[int, str]]:
    waiting = [query for query in queries if query.state != "closed"]
    days = [query.days_open(now_utc) for query in waiting]
    classes = [age_class(count) for count in days]
    counts = {state: sum(query.state == state for query in queries)
              for state in ("open", "answered", "closed")}  # fmt: skip
    counts["critical"] = sum(query.critical for query in waiting)
    counts |= {f"age.{number}": classes.count(number) for number in range(len(AGES))}
    found = {name: (count, "queries") for name, count in counts.items()}
    return {**found, "oldest": (max(days, default=0), "days")}


def _complete(data: StudyData, counted: Mapping[str, int]) -> list[Record]:
    """Return of each form with planned rows how many subjects have it complete, and what lacks."""
    records = []
    for site in ("", *data.site_names):
        prefix = f"disposition.{f'site={site}' if site else 'all'}."
        missing = 0
        for form in data.protocol.forms:
            parts = [counted.get(f"{prefix}{part}.{form.id}") for part in ("without", "incomplete")]
            lacking = [part for part in parts if part is not None]
            if lacking:
                missing += sum(lacking)
                complete = counted[prefix + "enrolled"] - sum(lacking)
                records.append(_record(f"complete.{form.id}", site, complete, "subjects"))
        records.append(_record("missing", site, missing, ""))
    return records


def _record(statistic: str, site: str, value: int, unit: str) -> Record:
    place = f"site={site}" if site else "all"
    return Record(
        id=f"{ENDPOINT}.{place}.{statistic}",
        endpoint=ENDPOINT,
        group={"site": site} if site else {},
        statistic=statistic,
        value=value,
        unit=unit,
    )


def _first_days(data: StudyData) -> NDArray[np.datetime64]:
    """Return the first day that the rows of each subject have; not a time where they have none."""
    import numpy as np

    latest = np.datetime64("9999-12-31", "D")
    first = np.full(len(data.subject_ids), latest)
    for form in data.protocol.forms:
        if form.field("subject_id") is None:
            continue
        position = data.subject_of_row(form.id)
        for field in form.fields:
            if field.temporal:
                days = data.column(form.id, field.id).astype("datetime64[D]")
                known = (position >= 0) & ~np.isnat(days)
                np.minimum.at(first, position[known], days[known])
    return np.where(first == latest, np.datetime64("NaT"), first)


def _enrolment(days: NDArray[np.datetime64]) -> Series:
    """Return on each day on which somebody came how many had come by then."""
    import numpy as np

    unique, counts = np.unique(days[~np.isnat(days)], return_counts=True)
    return Series(
        id=f"{ENDPOINT}.enrolment",
        columns={
            "day": [str(day) for day in unique],
            "enrolled": np.cumsum(counts).tolist(),
        },
    )
