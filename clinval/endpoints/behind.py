"""The rows behind a record: which rows of which form a number was computed from.

They are found again from the protocol and the data, by the record's endpoint, set and group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.core.expressions import parse
from clinval.core.records import Record
from clinval.endpoints.measured import Measured, arm_of_row, compared_of_row
from clinval.endpoints.subgroups import levels_of
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.lint import ENROLMENT
from clinval.study.analysis_sets import Membership
from clinval.study.data import StudyData

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Behind", "behind"]

_MEASURES = (
    "measure",
    "negative",
    "scan_seconds",
    "room_minutes",
    "localised",
    "elsewhere",
    "lesion",
)  # keys of endpoints that are rules
_NARROWED = {"site", "without_site", "readers", "reader", "arm", "subgroup", "level", "test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """The rows behind a record.

    Attributes
    ----------
    form
        The form that they are rows of.
    rows
        Their positions among the rows of the form, site by site.
    fields
        What was read of them.
    wider
        Parts of the record's group that these rows are not narrowed to.
    """

    form: str
    rows: NDArray[np.intp]
    fields: tuple[str, ...]
    wider: tuple[str, ...] = ()


def behind(record: Record, data: StudyData, sets: Mapping[str, Membership]) -> Behind | None:
    """Return the rows behind a record, ``None`` where it is not counted or computed from rows.

    That is so for what the protocol says, for what is planned, and for what is decided from other
    records.
    """
    if record.endpoint == "disposition":
        return _counted(record, data, sets)
    endpoint = _declared(record, data)
    form = getattr(endpoint, "form", None)
    if endpoint is None or form is None or record.analysis_set not in sets:
        return None
    import numpy as np

    subject = data.subject_of_row(form)
    keep = (subject >= 0) & _of(sets[record.analysis_set].member, subject)
    product = getattr(endpoint, "product", None)
    role = record.group.get("test") if product is None else "reference"
    arms = _arms(endpoint, data, role)
    if "arm" in record.group:
        if product is not None and record.group["arm"] not in arms:
            return _of_product(record, endpoint, data, sets)
        arms = (record.group["arm"],)
    if isinstance(endpoint, Measured):
        keep &= compared_of_row(endpoint, data, arms) >= 0
    else:
        keep &= arm_of_row(form, data, arms) >= 0
    where = getattr(endpoint, "where", None)
    if where:
        truth = parse(where).truth(data.scope(form))
        keep &= truth.true & truth.known
    keep &= _of(_in_group(record, data), subject)
    named = record.group.get("readers") or record.group.get("reader")
    readers = named or "+".join(getattr(endpoint, "readers", ()))
    if readers and data.protocol.form(form).field("reader_id") is not None:
        keep &= np.isin(np.asarray(data.column(form, "reader_id")), readers.split("+"))
    rules = [getattr(endpoint, name, None) for name in _MEASURES]
    fields = [name for rule in rules if rule for source, name in parse(rule).names if not source]
    return Behind(
        form=form,
        rows=np.flatnonzero(keep),
        fields=tuple(dict.fromkeys(fields)),
        wider=tuple(
            f"{key}={value}" for key, value in record.group.items() if key not in _NARROWED
        ),
    )


def _of_product(
    record: Record, endpoint: Any, data: StudyData, sets: Mapping[str, Membership]
) -> Behind:
    """Return the rows with the results of a product that is held against readers."""
    import numpy as np

    said = endpoint.product
    subject = data.subject_of_row(said.form)
    keep = (subject >= 0) & _of(sets[record.analysis_set].member, subject)
    if data.protocol.form(said.form).field("arm") is not None:
        keep &= arm_of_row(said.form, data, (record.group["arm"],)) >= 0
    if said.where:
        truth = parse(said.where).truth(data.scope(said.form))
        keep &= truth.true & truth.known
    keep &= _of(_in_group(record, data), subject)
    fields = tuple(dict.fromkeys(name for source, name in parse(said.measure).names if not source))
    return Behind(form=said.form, rows=np.flatnonzero(keep), fields=fields)


def _declared(record: Record, data: StudyData) -> Endpoint | None:
    """Return the endpoint of a record, or the one that it builds on."""
    declared = {endpoint.id: endpoint for endpoint in data.protocol.endpoints}
    endpoint = declared.get(record.endpoint)
    return declared.get(getattr(endpoint, "throughput", ""), endpoint)


def _arms(endpoint: Endpoint, data: StudyData, role: str | None) -> tuple[str, ...]:
    """Return the arms, or the readers, whose rows an endpoint uses; of one role where said."""
    single = getattr(endpoint, "arm", None)
    compare = getattr(endpoint, "compare", None)
    if single is not None:
        return (str(single),)
    if compare is not None:
        return (compare.test, compare.reference) if role is None else (getattr(compare, role),)
    roles = ("test", "reference") if role is None else (role,)
    return tuple(arm.id for arm in data.protocol.arms if arm.role in roles)


def _of(chosen: NDArray[np.bool_], subject: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return what holds of each row's subject; nothing holds of a subject that is not enrolled."""
    import numpy as np

    of_row: NDArray[np.bool_] = np.append(chosen, False)[subject]
    return of_row


def _in_group(record: Record, data: StudyData) -> NDArray[np.bool_]:
    """Return the subjects that the group of a record is restricted to."""
    import numpy as np

    group, site = record.group, np.array(data.site_names)[data.site_of_subject]
    chosen = np.ones(len(site), dtype=bool)
    if "site" in group:
        chosen &= site == group["site"]
    if "without_site" in group:
        chosen &= site != group["without_site"]
    if "subgroup" in group and "level" in group:
        levels, code = levels_of(data.protocol.subgroups[group["subgroup"]], data)
        chosen &= code == levels.index(group["level"]) if group["level"] in levels else False
    return chosen


def _counted(record: Record, data: StudyData, sets: Mapping[str, Membership]) -> Behind | None:
    """Return the rows that the disposition counts."""
    import numpy as np

    what, _, rest = record.statistic.partition(".")
    form, chosen = ENROLMENT, None
    membership = sets.get(record.analysis_set)
    if what == "received":
        chosen = np.ones(data.rows(ENROLMENT), dtype=bool)
    elif what == "rows":
        form = rest
        chosen = np.ones(data.rows(form), dtype=bool)
    elif what == "events":
        form, field, code = rest.split(".", 2)
        chosen = np.asarray(data.column(form, field)) == code
    elif membership is not None and what in ("candidates", "n", "excluded"):
        named = {"candidates": membership.candidates, "n": membership.member}
        subjects = membership.steps[int(rest)].out if what == "excluded" else named[what]
        chosen = _of(subjects, data.subject_of_row(form))
    if chosen is None:
        return None
    if "site" in record.group:
        chosen &= data.site_of_row(form) == data.site_names.index(record.group["site"])
    fields = (field,) if what == "events" else ("enrolled",) if form == ENROLMENT else ()
    known = [name for name in fields if data.protocol.form(form).field(name) is not None]
    return Behind(form=form, rows=np.flatnonzero(chosen), fields=tuple(known))
