"""Whether a workbook is one of ours, and of this study, in a version that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.capture.layout import META
from clinval.capture.reading.findings import Findings
from clinval.capture.reading.package import RefusedError
from clinval.capture.reading.sheet_scan import SheetFacts
from clinval.capture.stamp import FORMAT, Stamp, stamp_of

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol

__all__ = ["compared", "find_stamp", "read_stamp"]

_MOST_ROWS = 1_000  # of the sheet that holds the stamp


def read_stamp(
    workbook: Any, facts: dict[str, SheetFacts], protocol: Protocol, findings: Findings
) -> Stamp:
    """Return the stamp of a workbook that can be read with a protocol.

    Raises
    ------
    RefusedError
        When it cannot: no stamp, another study, an unknown site, or columns that have come to
        mean something else.
    """
    stamp = find_stamp(workbook, facts)
    if not stamp.forms:
        findings.report("stamp-sheet-lost")
    if stamp.format > FORMAT:
        raise RefusedError("stamp-of-newer-clinval", clinval=stamp.clinval)
    if stamp.study != protocol.study.id:
        raise RefusedError("stamp-of-other-study", study=stamp.study, own=protocol.study.id)
    if stamp.site not in {site.id for site in protocol.sites}:
        known = ", ".join(site.id for site in protocol.sites)
        raise RefusedError("stamp-of-unknown-site", site=stamp.site, sites=known)
    older = compared(stamp, stamp_of(protocol, stamp.site, ""))
    if older is not None:
        findings.report("template-older", parameters=older)
    return stamp


def find_stamp(workbook: Any, facts: dict[str, SheetFacts]) -> Stamp:
    """Return the stamp of a workbook, of whatever study; the short one where its sheet is lost.

    Raises
    ------
    RefusedError
        When it has none, or one that was damaged.
    """
    return _stamp_of_sheet(workbook, facts) or _stamp_of_properties(workbook)


def _stamp_of_sheet(workbook: Any, facts: dict[str, SheetFacts]) -> Stamp | None:
    sheet = next((sheet for sheet in workbook.worksheets if sheet.title == META), None)
    if sheet is None:
        return None
    last = facts[sheet.title].last_row
    sheet.reset_dimensions()
    parts = sheet.iter_rows(max_row=min(last, _MOST_ROWS), max_col=1, values_only=True)
    text = "".join(str(row[0]) for row in parts if row and row[0] is not None)
    try:
        return Stamp.of_json(text)
    except ValueError as error:
        raise RefusedError("stamp-damaged") from error


def _stamp_of_properties(workbook: Any) -> Stamp:
    properties = {prop.name: prop.value for prop in workbook.custom_doc_props.props}
    try:
        return Stamp.of_properties(properties)
    except ValueError as error:
        raise RefusedError("stamp-missing") from error


def compared(stamp: Stamp, now: Stamp) -> dict[str, object] | None:
    """Return what is said of a file made for an older protocol that can still be read.

    Parameters
    ----------
    stamp, now
        That of the file, and that of a file made now.

    Returns
    -------
    dict or None
        Parameters of ``template-older``; ``None`` where both capture the same.

    Raises
    ------
    RefusedError
        When it is of a newer protocol, or its columns have come to mean something else.
    """
    if stamp.template == now.template:
        return None
    versions = {"version": stamp.protocol_version, "own": now.protocol_version}
    if _version(stamp.protocol_version) > _version(now.protocol_version):
        raise RefusedError("template-newer", **versions)
    if not stamp.forms:
        raise RefusedError("template-outdated", **versions, changed="?")
    changed, added = [], []
    for name, form in now.forms.items():
        before = stamp.forms.get(name)
        if before is None:
            added.append(name)
            continue
        if before.keys != form.keys:
            changed.append(f"{name} ({', '.join(form.keys)})")
        for column, meaning in form.columns.items():
            if column not in before.columns:
                added.append(f"{name} {column}")
            elif before.columns[column] != meaning:
                changed.append(f"{name} {column}")
    if changed:
        raise RefusedError("template-outdated", **versions, changed=", ".join(changed[:12]))
    return {**versions, "added": ", ".join(added[:12]) or "-"}


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdecimal())
