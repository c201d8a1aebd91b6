"""How a study was conducted: software that changed, reads out of order, readers on the panel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clinval.protocol.reading_order import reading_order
from clinval.protocol.study_checks import limits_of
from clinval.study.checking.rows import Finding, StudyRows, by_value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.forms import Form
    from clinval.protocol.model import Protocol

__all__ = [
    "on_panel",
    "out_of_order",
    "panel_members",
    "reads_out_of_order",
    "same_version",
    "version_changes",
    "versions",
]

_VERSIONS = (
    "software_version", "ai_version", "model_version", "model_hash", "threshold",
    "scanner_software", "algorithm_version",
)  # fmt: skip
"""Fields that hold a version where the protocol names none."""

_PRODUCT = ("software_version", "ai_version", "product_version")
"""Fields whose value has to be the version of the product, in the arm that it is tested in."""


def version_changes(versions: Sequence[Any], dates: Sequence[Any]) -> NDArray[np.intp]:
    """Return the first row, by date, of each version but the one in use first.

    Parameters
    ----------
    versions
        Texts, ``None`` where there is none.
    dates
        When each was in use (``datetime64``); rows without a date come last, in their order.
    """
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame({"version": pd.Series(versions, dtype=object), "date": dates})
    frame = frame[frame["version"].notna()].sort_values("date", kind="stable", na_position="last")
    return frame.index[~frame["version"].duplicated()].to_numpy()[1:].astype(np.intp)


def same_version(one: str, other: str) -> bool:
    """Return whether two ways of writing a version mean the same.

    Examples
    --------
    >>> same_version("V 2.1", "2.1.0"), same_version("2.1.0", "2.10")
    (True, False)
    """
    plain = [text.casefold().replace(" ", "").removeprefix("v") for text in (one, other)]
    return re.sub(r"(\.0)+$", "", plain[0]) == re.sub(r"(\.0)+$", "", plain[1])


def versions(rows: StudyRows) -> Iterator[Finding]:
    """Yield where a version changed, by site and arm, and where it is not that of the protocol."""
    import numpy as np
    import pandas as pd

    protocol = rows.protocol
    tested = {arm.id for arm in protocol.arms if arm.role == "test"}
    for form in protocol.forms:
        named = [place.partition(".")[2] for place in protocol.checks.versions
                 if place.startswith(f"{form.id}.")]  # fmt: skip
        for name in named or _VERSIONS:
            if rows.column(form.id, name) is None:
                continue
            said = rows.texts(form.id, name)
            arms = rows.column(form.id, "arm")
            dates = _dates(rows, form, len(said))
            place = pd.DataFrame({"site": rows.sites(form.id)})
            for key in ("arm", "device_serial"):
                column = rows.column(form.id, key)
                place[key] = "" if column is None else np.asarray(column, dtype=object)
            for at in place.groupby([*place], sort=False, dropna=False).indices.values():
                arm = None if arms is None else arms[at[0]]
                of_product = arm in tested if arms is not None else bool(named)
                is_product = of_product and name in _PRODUCT and protocol.product.kind == "software"
                yield from _changed(rows, form.id, name, at, said, dates)
                if is_product and limits_of(protocol, "version-not-of-protocol") is not None:
                    yield from _other(protocol, form.id, name, at, said)


def _dates(rows: StudyRows, form: Form, count: int) -> Any:
    """Return when each row was, by the first date of the form."""
    import numpy as np

    first = next((field.id for field in form.fields if field.temporal), None)
    dates = rows.column(form.id, first) if first else None
    return np.full(count, np.datetime64("NaT", "s")) if dates is None else dates


def _changed(
    rows: StudyRows, form: str, name: str, at: Any, said: Any, dates: Any
) -> Iterator[Finding]:
    import numpy as np

    if limits_of(rows.protocol, "version-changed") is None or len(set(said[at])) == 1:
        return
    order = at[np.argsort(dates[at], kind="stable")]
    first = next((said[row] for row in order.tolist() if said[row] is not None), None)
    for row in at[version_changes(said[at], dates[at])].tolist():
        count = int((said[at] == said[row]).sum())
        day = "-" if np.isnat(dates[row]) else str(dates[row].astype("datetime64[D]"))
        about = {"old": first, "new": said[row], "date": day, "count": count}
        yield Finding("version-changed", form, row, name, about)


def _other(protocol: Protocol, form: str, name: str, at: Any, said: Any) -> Iterator[Finding]:
    for version, own in by_value(said[at]).items():
        if not same_version(version, protocol.product.version):
            expected = protocol.product.version
            about = {"version": version, "expected": expected, "count": len(own)}
            yield Finding("version-not-of-protocol", form, int(at[own[0]]), name, about)


def out_of_order(days: Sequence[Any]) -> NDArray[np.intp]:
    """Return the reads dated before one that stands earlier in the list.

    Parameters
    ----------
    days
        When each read was made (``datetime64``), in the order of the reading list.
    """
    import numpy as np

    moments = np.asarray(days, dtype="datetime64[s]")
    known = np.flatnonzero(~np.isnat(moments))
    latest = np.maximum.accumulate(moments[known]) if len(known) else moments[known]
    return known[moments[known] < latest]


def reads_out_of_order(rows: StudyRows) -> Iterator[Finding]:
    """Yield readers who did not read in the order of their list, once each."""
    import numpy as np

    if rows.protocol.reading is None or limits_of(rows.protocol, "reads-out-of-order") is None:
        return
    listed = reading_order(rows.protocol)
    for form in rows.protocol.forms:
        types = {rows.protocol.form(form.id).field(key): key for key in form.keys}
        keys = {field.type: key for field, key in types.items() if field is not None}
        moment = _moment(form)
        if not {"subject", "arm", "reader"} <= set(keys) or moment is None:
            continue
        columns = [rows.column(form.id, keys[part]) for part in ("reader", "subject", "arm")]
        dates = rows.column(form.id, moment)
        if dates is None or any(column is None for column in columns):
            continue
        texts = [np.asarray(column, dtype=object) for column in columns]
        place = {key: row for row, key in enumerate(zip(*texts, strict=True))}
        for reader, reads in listed.items():
            found: list[int] = []
            for session in sorted({read.session for read in reads}):
                own = [place.get((reader, read.subject, read.arm), -1)
                       for read in reads if read.session == session]  # fmt: skip
                at = np.array([row for row in own if row >= 0], dtype=np.intp)
                found += at[out_of_order(dates[at])].tolist()
            if found:
                about = {"reader": reader, "count": len(found)}
                yield Finding("reads-out-of-order", form.id, found[0], keys["reader"], about)


def _moment(form: Form) -> str | None:
    """Return the field that says most exactly when a read was made."""
    times = [field for field in form.fields if field.temporal]
    exact = [field.id for field in times if field.type == "datetime"]
    return next(iter(exact or [field.id for field in times]), None)


def on_panel(
    panel: Mapping[str, Sequence[str]], reads: Mapping[str, Sequence[str]]
) -> list[tuple[str, str]]:
    """Return (subject, reader) of those who set the reference of a case that they read.

    Parameters
    ----------
    panel
        By subject, who set its reference.
    reads
        By subject, who read it.
    """
    return [
        (subject, reader)
        for subject, members in panel.items()
        for reader in dict.fromkeys(members)
        if reader in reads.get(subject, ())
    ]


def panel_members(rows: StudyRows) -> Iterator[Finding]:
    """Yield cases whose reference was set by one of their readers."""
    if limits_of(rows.protocol, "reader-set-reference") is None:
        return
    fields = [
        (form, field.id, field.id in form.keys)
        for form in rows.protocol.forms
        for field in form.fields
        if field.type == "reader"
        and rows.column(form.id, "subject_id") is not None
        and rows.column(form.id, field.id) is not None
    ]
    panels = [(form.id, name) for form, name, is_key in fields if not is_key]
    reads: dict[str, set[str]] = {}
    for form, name, is_key in fields if panels else ():
        if is_key:
            subjects, readers = rows.texts(form.id, "subject_id"), rows.texts(form.id, name)
            for subject, own in by_value(subjects).items():
                reads.setdefault(subject, set()).update(filter(None, readers[own]))
    for form_id, name in panels:
        subjects, members = rows.texts(form_id, "subject_id"), rows.texts(form_id, name)
        panel = {subject: [member] for subject, member in zip(subjects, members, strict=True)}
        found = set(on_panel(panel, {subject: sorted(each) for subject, each in reads.items()}))
        for row, pair in enumerate(zip(subjects, members, strict=True)):
            if pair in found:
                about = {"reader": pair[1], "subject": pair[0]}
                yield Finding("reader-set-reference", form_id, row, name, about)
