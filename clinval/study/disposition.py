"""Where every subject and every row went: planned, received, held, in each set, and why not."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from clinval.core.problems import Severity
from clinval.core.records import Record, Series
from clinval.protocol.lint import ENROLMENT
from clinval.protocol.reading_plan import Read, planned_among
from clinval.study.analysis_sets import Membership
from clinval.study.data import StudyData

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.forms import Form

__all__ = ["disposition", "enrolled_subjects"]

ENDPOINT = "disposition"

# What is counted of the open forms: events by kind, deviations by weight, failed exams by stage.
_EVENTS = (("F08", "event_type"), ("F08", "serious"), ("F09", "severity"), ("F10", "stage"))


def disposition(data: StudyData, sets: dict[str, Membership]) -> tuple[list[Record], list[Series]]:
    """Return the counts of subjects and rows, over all sites and by site.

    ``planned``, ``received`` (rows of the enrolment form), ``enrolled`` (not known to be screen
    failures), for each set ``n`` and one ``excluded.<k>`` a reason, which add up to the candidates,
    and ``left_out``, the sum of these reasons; for each form the rows received and held, those that
    ``stray`` (the enrolment form does not have their subject), and the subjects without one, whose
    ids are a series; open queries by severity.
    """
    records = _Records(data)
    listed = data.protocol.subject_ids
    records.add(
        "planned",
        [len(listed.get(site.id, ())) or site.planned_subjects for site in data.protocol.sites],
    )
    records.add("received", records.by_site())
    for name, membership in sets.items():
        records.add("candidates", records.by_site(membership.candidates), name)
        for index, step in enumerate(membership.steps):
            records.add(f"excluded.{index}", records.by_site(step.out), name)
        left = membership.candidates & ~membership.member
        records.add("left_out", records.by_site(left), name)
        records.add("n", records.by_site(membership.member), name)
    series = _rows_and_gaps(data, records)
    _events(data, records)
    _queries(data, records)
    return records.found, series


class _Records:
    def __init__(self, data: StudyData) -> None:
        self._data = data
        self.found: list[Record] = []

    def by_site(self, mask: NDArray[np.bool_] | None = None) -> list[int]:
        import numpy as np

        sites = self._data.site_of_subject
        chosen = sites if mask is None else sites[mask]
        counts: list[int] = np.bincount(chosen, minlength=len(self._data.site_names)).tolist()
        return counts

    def add(self, statistic: str, by_site: list[int], set_id: str = "", unit: str = "") -> None:
        """Record a count of each site and their sum."""
        unit = unit or "subjects"
        groups: list[tuple[dict[str, str], int]] = [({}, sum(by_site))]
        groups += [
            ({"site": name}, count)
            for name, count in zip(self._data.site_names, by_site, strict=True)
        ]
        for group, count in groups:
            place = "+".join(f"{key}={value}" for key, value in group.items()) or "all"
            parts = [part for part in (ENDPOINT, set_id, place, statistic) if part]
            self.found.append(
                Record(
                    id=".".join(parts),
                    endpoint=ENDPOINT,
                    analysis_set=set_id,
                    group=group,
                    statistic=statistic,
                    value=count,
                    unit=unit,
                )
            )


def _rows_and_gaps(data: StudyData, records: _Records) -> list[Series]:
    """Count the rows of each form, and the enrolled subjects that have none."""
    import numpy as np

    names = data.site_names
    rows = {(part["form"], part["site"]): part["rows"] for part in data.store.manifest()}
    held = Counter((form, site) for site, form, _, _ in data.store.held_rows())
    enrolled = enrolled_subjects(data)
    records.add("enrolled", records.by_site(enrolled))
    series = []
    for form in data.protocol.forms:
        records.add(
            f"rows.{form.id}", [rows.get((form.id, site), 0) for site in names], unit="rows"
        )
        records.add(f"held.{form.id}", [held[form.id, site] for site in names], unit="rows")
        if "subject_id" not in form.keys or form.id == ENROLMENT:
            continue
        position = data.subject_of_row(form.id)
        stray = data.site_of_row(form.id)[position < 0]
        counts = np.bincount(stray[stray >= 0], minlength=len(names)).tolist()
        records.add(f"stray.{form.id}", counts, unit="rows")
        if form.rows != "planned":
            continue
        count = np.bincount(position + 1, minlength=len(enrolled) + 1)[1:]  # 0: the stray ones
        complete = _rows_per_subject(form, data)
        without = enrolled & (count == 0) & (complete > 0)
        records.add(f"without.{form.id}", records.by_site(without))
        incomplete = enrolled & (count > 0) & (count < complete)
        records.add(f"incomplete.{form.id}", records.by_site(incomplete))
        series.append(
            Series(
                id=f"{ENDPOINT}.without.{form.id}",
                columns={
                    "site": [names[site] for site in data.site_of_subject[without]],
                    "subject": list(data.subject_ids[without]),
                },
            )
        )
    return series


def enrolled_subjects(data: StudyData) -> NDArray[np.bool_]:
    """Return who is not known to be a screen failure, a truth value a subject."""
    import numpy as np

    if data.protocol.form(ENROLMENT).field("enrolled") is None:
        return np.ones(len(data.subject_ids), dtype=bool)
    column = data.column(ENROLMENT, "enrolled")
    refused = np.flatnonzero(np.asarray(column.categories) == "no")
    return ~np.isin(column.codes, refused)


def _rows_per_subject(form: Form, data: StudyData) -> NDArray[np.intp]:
    """Return how many rows each subject has when complete: the product of the other keys' values.

    Where readers have blocks, the planned reads take the place of all readers in all arms.
    """
    import numpy as np

    protocol = data.protocol
    fields = [field for key in form.keys if (field := form.field(key)) is not None]
    parts = [field.type for field in fields if field.type in Read._fields]
    sizes = {"arm": len(protocol.arms), "reader": len(protocol.readers), "subject": 1}
    read = "reader" in parts and bool(protocol.reading_blocks)
    rows = math.prod(
        1 if read and field.type in parts else sizes.get(field.type, len(field.codelist) or 1)
        for field in fields
    )
    if not read:
        return np.full(len(data.subject_ids), rows)
    planned = Counter(
        combination[parts.index("subject")]
        for site in data.site_names
        for combination in planned_among(protocol, site, parts)
    )
    return rows * np.array([planned[subject] for subject in data.subject_ids], dtype=np.intp)


def _events(data: StudyData, records: _Records) -> None:
    """Count the rows of open forms by the code that says what happened."""
    import numpy as np

    used = {form.id for form in data.protocol.forms}
    for form_id, field_id in _EVENTS:
        field = data.protocol.form(form_id).field(field_id) if form_id in used else None
        if field is None:
            continue
        column, site = data.column(form_id, field_id), data.site_of_row(form_id)
        for code in field.codelist:
            here = site[np.asarray(column) == code]
            counts = np.bincount(here[here >= 0], minlength=len(data.site_names))
            records.add(f"events.{form_id}.{field_id}.{code}", counts.tolist(), unit="events")


def _queries(data: StudyData, records: _Records) -> None:
    found = [
        Counter(defect.problem.severity for defect in data.store.open_defects(site))
        for site in data.site_names
    ]
    for severity in (Severity.ERROR, Severity.QUERY):
        records.add(f"open.{severity}", [count[severity] for count in found], unit="queries")
