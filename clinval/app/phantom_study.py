"""Measurements in a phantom as rows of form F15, in the workbook of a site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.phantom import ROLES, Measurement, PhantomReport
from clinval.app.phantom_results import write_phantom
from clinval.core.errors import UsageError
from clinval.core.problems import Place, Problem, Problems

if TYPE_CHECKING:
    from clinval.app.folder import StudyFolder
    from clinval.protocol.model import Protocol

__all__ = ["PHANTOM", "rows_of", "site_of", "write_for_study"]

PHANTOM = "F15"
"""The form with measurements of phantoms."""

_DIGITS = 4  # behind the point
# field of the form -> quantity, and how much of the form's unit one of ours is
_FIELDS = {
    "ct_number_water_hu": ("ct_number", 1.0),
    "noise_hu": ("noise", 1.0),
    "uniformity_hu": ("uniformity", 1.0),
    "mtf50_per_cm": ("mtf50", 10.0),
    "mtf10_per_cm": ("mtf10", 10.0),
    "cnr": ("cnr", 1.0),
    "nps_mean_per_cm": ("nps_mean", 10.0),
}


def site_of(folder: StudyFolder, protocol: Protocol, site: str) -> str:
    """Return the site whose scans these are; a study with one site needs none to be named.

    Raises
    ------
    UsageError
        When the protocol does not use the form, has no such site, or has several and none is named.
    """
    place, known = Place(file=folder.protocol_path.name), [one.id for one in protocol.sites]
    if all(form.id != PHANTOM for form in protocol.forms):
        raise UsageError.of("phantom-form-unused", place)
    if not site and len(known) > 1:
        raise UsageError.of("phantom-site-missing", place, sites=", ".join(known))
    if site and site not in known:
        raise UsageError.of("site-not-found", place, site=site, sites=", ".join(known))
    return site or known[0]


def write_for_study(
    report: PhantomReport, folder: StudyFolder, site: str, languages: Sequence[str]
) -> tuple[list[Path], tuple[Problem, ...]]:
    """Write the measurements and the workbook of the site with the rows of F15 filled in.

    What no image holds (the dose measured with a chamber, the serial number of the component) stays
    empty, for the site to fill in.

    Returns
    -------
    paths, problems
        The files, and what has to be written into the workbook by hand.

    Raises
    ------
    UsageError
        As :func:`site_of`; when the protocol has no arm for one of the components.
    """
    from clinval.capture.template import write_template

    protocol = folder.protocol()
    site = site_of(folder, protocol, site)
    problems = Problems()
    rows = list(rows_of(report, protocol, site, problems))
    home = folder.phantom / site
    paths = write_phantom(report, home, languages)
    paths.append(home / f"{site}_phantom.xlsx")
    sha256 = folder.protocol_sha256()
    content = {PHANTOM: rows}
    write_template(protocol, site, paths[-1], protocol_sha256=sha256, content=content)
    return paths, tuple(problems)


def rows_of(
    report: PhantomReport, protocol: Protocol, site: str, problems: Problems
) -> Iterator[dict[str, object]]:
    """Yield a row of F15 for each scan of a CT.

    Parameters
    ----------
    report
        The measurements.
    protocol
        Whose arms have the roles of the components, and whose form may lack fields.
    site
        Whose scans these are.
    problems
        Told of scans whose header lacks a number of the scanner or a date.

    Raises
    ------
    UsageError
        When the protocol has no arm for one of the components (``phantom-no-reference``).
    """
    arms = {role: protocol.arm(role) for role in ROLES}
    form = protocol.form(PHANTOM)
    for one in report.measurements:
        if one.unit != "HU":  # the form asks for CT numbers
            continue
        arm = arms[one.role]
        if arm is None:
            place = Place(file="protocol.yaml")
            raise UsageError.of("phantom-no-reference", place, role=one.role)
        place = Place(file=site, sheet=f"{one.settings} {one.number}")
        for value, attribute in (
            (one.scanner, "DeviceSerialNumber"), (one.date, "AcquisitionDate"),
        ):  # fmt: skip
            if not value:
                problems.report("phantom-without-scanner", place, attribute=attribute)
        row: dict[str, object] = {
            "site_id": site,
            "scanner_serial": one.scanner or None,
            "arm": arm.id,
            "scan_protocol": one.settings,
            "measurement_number": one.number,
            "measured_date": one.date or None,
            **dict(_numbers(one)),
        }
        yield {name: value for name, value in row.items() if form.field(name) is not None}


def _numbers(one: Measurement) -> Iterator[tuple[str, float]]:
    """Yield the fields of the form that the scan has a number for, in the unit of the form."""
    for name, (quantity, factor) in _FIELDS.items():
        value = one.value(quantity)
        if value is not None and value.value is not None:
            yield name, round(value.value * factor, _DIGITS)
