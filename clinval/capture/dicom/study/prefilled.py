"""What headers fill in beforehand on the forms that a site is asked for.

A value that the study holds against the headers (``checks: headers``) is not filled in: compared
with itself it would always agree, and nobody would learn that it was typed wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from clinval.protocol.forms import HEADERS

if TYPE_CHECKING:
    from clinval.capture.dicom.study.rows import Row
    from clinval.protocol.forms import Form
    from clinval.protocol.model import Protocol

__all__ = ["ACQUISITION", "DEVICES", "prefilled"]

ACQUISITION, DEVICES = "F05", "F02"

_SAME = ("scan_time_s", "ctdivol_mgy", "dlp_mgy_cm", "device_serial")
"""Fields that the form of acquisitions and the form of headers both have under one name."""

_SEVERAL = "; "  # stands between two devices of one arm, of which neither is the device


def prefilled(
    rows: Iterable[Row], site: str, protocol: Protocol
) -> dict[str, list[dict[str, object]]]:
    """Return rows of forms, as `clinval.capture.template.write_template` takes them.

    Parameters
    ----------
    rows
        Rows of `rows_of_harvest`; those of other sites are left out.
    site
        The site that the workbook is for.
    protocol
        The study.

    Returns
    -------
    dict
        Rows of the forms of acquisitions and of devices, where the study has them: values under
        the names of their fields. A missing value is not there.
    """
    own = [row for row in rows if row.site == site]
    forms = {form.id: form for form in protocol.asked_forms}
    filled: dict[str, list[dict[str, object]]] = {}
    if ACQUISITION in forms:
        form = forms[ACQUISITION]
        filled[ACQUISITION] = [_acquisition(row, form, protocol) for row in own]
    if DEVICES in forms:
        filled[DEVICES] = _devices(own, forms[DEVICES])
    return {form: kept for form, rows_ in filled.items() if (kept := [r for r in rows_ if r])}


def _acquisition(row: Row, form: Form, protocol: Protocol) -> dict[str, object]:
    compared = _compared(protocol)
    found = {name: row.values[name].value for name in _SAME if name in row.values}
    # in the arm of software under test the version asked for is that of the software
    tested = next((arm.id for arm in protocol.arms if arm.role == "test"), "")
    if "scanner_software" in row.values and not (
        row.arm == tested and protocol.product.kind == "software"
    ):
        found["software_version"] = row.values["scanner_software"].value
    kept = {
        name: value
        for name, value in found.items()
        if value is not None
        and form.field(name) is not None
        and f"{form.id}.{name}" not in compared
        and _SEVERAL not in str(value)
    }
    keys = {"subject_id": row.subject, "arm": row.arm}
    return {**{key: keys[key] for key in form.keys if key in keys}, **kept} if kept else {}


def _compared(protocol: Protocol) -> set[str]:
    """Return the entries that are held against what headers say."""
    of_headers = tuple(f"{form.id}." for form in protocol.forms if form.filled_by == HEADERS)
    return {check.entry for check in protocol.checks.headers if check.header.startswith(of_headers)}


def _devices(rows: Iterable[Row], form: Form) -> list[dict[str, object]]:
    """Return the scanners and algorithms of rows, each state of software once."""
    found: list[dict[str, object]] = []
    for row in rows:
        said = {name: str(value.value) for name, value in row.values.items() if value.value}
        if said.get("device_serial"):
            found.append(_known(form, "scanner", said, {
                "device_serial": "device_serial", "manufacturer": "manufacturer",
                "model": "model", "udi": "udi", "software_version": "scanner_software",
            }))  # fmt: skip
        if said.get("algorithm"):
            name = "-".join(filter(None, (said["algorithm"], said.get("algorithm_version"))))
            about = {"device_serial": name, **said}
            found.append(_known(form, "software", about, {
                "device_serial": "device_serial", "model": "algorithm",
                "software_version": "algorithm_version",
            }))  # fmt: skip
    return [device for at, device in enumerate(found) if device and device not in found[:at]]


def _known(
    form: Form, component: str, said: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, object]:
    if any(_SEVERAL in said.get(name, "") for name in names.values()):
        return {}
    device: dict[str, object] = {
        field: said[name] for field, name in names.items() if said.get(name) and form.field(field)
    }
    kinds = form.field("component")
    known = kinds is not None and component in kinds.codelist
    return {**device, **({"component": component} if known else {})}
