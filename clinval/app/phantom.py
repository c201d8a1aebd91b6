"""Measure in scans of a phantom: of the component under test, and of the one before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.app.phantom_measures import Curve, Value, measure_in
from clinval.capture.dicom.gate.gate import GatePolicy
from clinval.capture.phantom.files import slices_in
from clinval.capture.phantom.parts import locate
from clinval.capture.phantom.plan_reading import plan_path, read_plan
from clinval.capture.phantom.scans import scans_of
from clinval.core.errors import UsageError
from clinval.core.files import sha256_of_file, write
from clinval.core.problems import Place, Problem, Problems
from clinval.core.progress import SILENT, Progress

if TYPE_CHECKING:
    from clinval.capture.phantom.parts import Part
    from clinval.capture.phantom.plan import Plan
    from clinval.capture.phantom.scans import Scan

__all__ = [
    "ROLES",
    "Comparison",
    "Measurement",
    "PhantomReport",
    "groups",
    "measure_phantom",
    "write_plan",
]

ROLES = ("test", "reference")
"""The component under test, and the one before it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurement:
    """One scan, measured.

    ``number`` counts repeats of a scanner at the same settings. ``unit`` is that of the pixels: HU
    of CT, empty of a detector. ``slices`` are hashes of SOPInstanceUIDs. ``parts`` are the layers
    with one slice each, in which it can be shown where was measured.
    """

    role: str
    scanner: str
    settings: str
    number: int
    date: str
    unit: str
    slices: tuple[str, ...]
    values: tuple[Value, ...]
    curves: tuple[Curve, ...]
    parts: tuple[Part, ...]

    def value(self, quantity: str) -> Value | None:
        """Return the first number of a quantity in the order of the plan."""
        return next((value for value in self.values if value.quantity == quantity), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A number with both components on one scanner at the same settings: means of the repeats.

    ``ratio`` is ``None`` where the number is no ratio scale (CT numbers) or the reference is 0.
    """

    scanner: str
    settings: str
    measure: str
    quantity: str
    unit: str
    test: float
    reference: float
    difference: float
    ratio: float | None
    repeats: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomReport:
    """What was measured, compared, and left out."""

    plan: Plan
    plan_sha256: str
    measurements: tuple[Measurement, ...]
    comparisons: tuple[Comparison, ...]
    problems: tuple[Problem, ...]


def measure_phantom(
    folder: Path,
    plan: str,
    *,
    against: Path | None = None,
    policy: GatePolicy | None = None,
    progress: Progress = SILENT,
) -> PhantomReport:
    """Measure in the scans of a folder, and in those of the component before the exchange.

    Parameters
    ----------
    folder
        Scans with the component under test.
    plan
        A plan of the library by its name, or a file.
    against
        Scans of the same phantom on the same scanner with the component before the exchange.
    policy
        What the gate of a study lets pass; files that it refuses are not measured. Without a study
        all are, and what the gate would refuse is counted.
    progress
        Told of each file.

    Raises
    ------
    UsageError
        With every slip of the plan.
    SubmissionError
        When a folder has no slice that can be measured (``phantom-no-slices``).
    """
    path = plan_path(plan)
    read = read_plan(path)
    problems = Problems()
    measurements: list[Measurement] = []
    for role, where in zip(ROLES, (folder, against), strict=True):
        if where is not None:
            slices = slices_in(
                where,
                problems,
                progress,
                policy=_policy(read, policy),
                refuse=policy is not None,
            )
            scans = scans_of(slices, problems, where.name)
            measurements += _measured(read, role, scans, where.name, problems)
    return PhantomReport(
        plan=read,
        plan_sha256=sha256_of_file(path),
        measurements=tuple(measurements),
        comparisons=tuple(_compared(measurements)),
        problems=tuple(problems),
    )


def _policy(plan: Plan, policy: GatePolicy | None) -> GatePolicy:
    """Return what the gate lets pass of a phantom: it has a name and a number, and no identity.

    So nothing has to be removed from its files, and what the plan says that scanners call it may
    stand where a patient's name or number would. All else holds for it as for any file.
    """
    base = policy or GatePolicy()
    known = base.subjects | frozenset(plan.called)
    return replace(base, subjects=known, identity_removed=False)


def _measured(
    plan: Plan, role: str, scans: Sequence[Scan], folder: str, problems: Problems
) -> Iterator[Measurement]:
    """Yield what is measured in each scan in which the phantom is found."""
    repeats: Counter[tuple[str, str]] = Counter()
    for scan in scans:
        place = Place(file=folder, sheet=f"series {scan.said['SeriesNumber'] or '-'}")
        settings = _settings(plan, scan)
        if settings is None:
            names = ", ".join(named.name for named in plan.settings)
            problems.report("phantom-settings-unknown", place, names=names)
            continue
        located = locate(plan, scan, problems, place)
        if located is None:
            continue
        values, curves = measure_in(located)
        scanner = scan.said["DeviceSerialNumber"].strip()
        repeats[scanner, settings] += 1
        yield Measurement(
            role=role,
            scanner=scanner,
            settings=settings,
            number=repeats[scanner, settings],
            date=_iso(scan.said["AcquisitionDate"] or scan.said["StudyDate"]),
            unit=scan.unit,
            slices=tuple(one.uid for one in scan.slices),
            values=values,
            curves=curves,
            parts=tuple(part.shown() for part in located.parts.values()),
        )


def _settings(plan: Plan, scan: Scan) -> str | None:
    """Return what the settings of a scan are called, ``None`` where the plan does not name them."""
    said = scan.said
    if plan.settings:
        for named in plan.settings:
            if all(
                fnmatchcase(said[name].casefold(), pattern.casefold())
                for name, pattern in named.series.items()
            ):
                return named.name
        return None
    parts = [plan.id]
    for name, unit in (("KVP", "kV"), ("XRayTubeCurrent", "mA"), ("SliceThickness", "mm")):
        if said[name]:
            parts.append(f"{float(said[name]):g}{unit}")
    return "-".join([*parts, *filter(None, [said["ConvolutionKernel"]])])


def _iso(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 and date.isdigit() else ""


# ---------------------------------------------------------------------- both components


def _compared(measurements: Sequence[Measurement]) -> Iterator[Comparison]:
    """Yield each number that both components have on a scanner at the same settings."""
    import numpy as np

    found: dict[tuple[str, str, str, str, str], dict[str, list[float]]] = {}
    for one in measurements:
        for value in one.values:
            if value.value is not None:
                key = (one.scanner, one.settings, value.measure, value.quantity, value.unit)
                found.setdefault(key, {}).setdefault(one.role, []).append(value.value)
    for (scanner, settings, measure, quantity, unit), sides in found.items():
        if set(sides) != set(ROLES):
            continue
        test, reference = (float(np.mean(sides[role])) for role in ROLES)
        yield Comparison(
            scanner=scanner,
            settings=settings,
            measure=measure,
            quantity=quantity,
            unit=unit,
            test=test,
            reference=reference,
            difference=test - reference,
            ratio=test / reference if quantity != "ct_number" and reference else None,
            repeats=(len(sides["test"]), len(sides["reference"])),
        )


def groups(
    measurements: Sequence[Measurement],
) -> Mapping[tuple[str, str], Sequence[Measurement]]:
    """Return the scans by scanner and settings, in the order in which they came."""
    found: dict[tuple[str, str], list[Measurement]] = {}
    for one in measurements:
        found.setdefault((one.scanner, one.settings), []).append(one)
    return found


def write_plan(name: str, path: Path) -> None:
    """Write a plan of the library to a file, to be changed; a file that is there stays.

    Raises
    ------
    UsageError
        When there is no such plan, or such a file already (``plan-exists``).
    """
    source = plan_path(name)
    read_plan(source)
    if path.exists():
        raise UsageError.of("plan-exists", Place(file=path.name))
    write(path, source.read_bytes())
