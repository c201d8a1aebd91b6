"""What was measured in a phantom as records, a table, and pages with pictures of where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinval import __version__
from clinval.app.phantom import Comparison, Measurement, PhantomReport, groups
from clinval.core.csv_tables import write_rows
from clinval.core.files import sha256_of_json
from clinval.core.records import Record, Results, Series
from clinval.report.figures import Outline, SliceWithRegions
from clinval.report.phantom_page import Shown, compose

if TYPE_CHECKING:
    from clinval.capture.phantom.parts import Part
    from clinval.capture.phantom.plan import Plan

__all__ = ["COLUMNS", "pictures_of", "results_of", "write_phantom"]

COLUMNS = (
    "role", "scanner", "settings", "number", "date", "measure", "quantity", "value", "unit",
    "method", "variant", "n", "reason",
)  # fmt: skip
"""The columns of ``measures.csv``."""

_SHOWN = (1.0, 99.0)  # percentiles of the pixels of the phantom that are nearly black and white
_ROOM = 0.25  # of their distance, on both sides


def write_phantom(report: PhantomReport, folder: Path, languages: Sequence[str]) -> list[Path]:
    """Write ``measures.csv``, ``phantom.json`` and a PDF a language, and return their paths."""
    from clinval.report.pdf.writer import write

    results = results_of(report)
    paths = [folder / "measures.csv", folder / "phantom.json"]
    write_rows(paths[0], COLUMNS, list(_table(report)))
    results.save(paths[1])
    pictures = tuple(pictures_of(report))
    for language in languages:
        paths.append(folder / f"phantom.{language}.pdf")
        write(compose(results, pictures, language), paths[-1])
    return paths


def _table(report: PhantomReport) -> Iterator[list[object]]:
    for one in report.measurements:
        for value in one.values:
            yield [
                one.role, one.scanner, one.settings, one.number, one.date, value.measure,
                value.quantity, "" if value.value is None else value.value, value.unit,
                value.method, value.variant, value.n, value.reason,
            ]  # fmt: skip


def results_of(report: PhantomReport) -> Results:
    """Return every number as a record, and what it was measured in and with as provenance.

    Records of a scan are called ``phantom.scan=1.noise.noise`` by its number, measure and quantity,
    those of both components ``phantom.place=1.noise.noise.ratio``; a place is a scanner with its
    settings.
    """
    ordered = [one for scans in groups(report.measurements).values() for one in scans]
    places = list(groups(report.measurements))
    records = [
        record for number, one in enumerate(ordered, start=1) for record in _records(number, one)
    ]
    for one in report.comparisons:
        place = places.index((one.scanner, one.settings)) + 1
        records += _compared(place, one)
    series = [
        Series(
            id=f"scan={number}.{curve.measure}",
            columns={"frequency": list(curve.frequencies), "value": list(curve.values)},
        )
        for number, one in enumerate(ordered, start=1)
        for curve in one.curves
    ]
    plan = report.plan
    provenance = {
        "plan": {
            "id": plan.id,
            "name": {"en": plan.name.en, "zh": plan.name.zh or plan.name.en},
            "source": plan.source or "",
            "sha256": report.plan_sha256,
            "unit": next((v.unit for one in ordered for v in one.values if v.unit), ""),
        },
        "scans": [
            {
                "role": one.role, "scanner": one.scanner, "settings": one.settings,
                "number": one.number, "date": one.date, "slices": list(one.slices),
                "place": places.index((one.scanner, one.settings)) + 1,
            }
            for one in ordered
        ],
        "variants": {
            f"{value.measure}.{value.quantity}": value.variant
            for one in ordered for value in one.values
        },
        "curves": {curve.measure: curve.kind for one in ordered for curve in one.curves},
        "software": {"clinval": __version__},
    }  # fmt: skip
    return Results(provenance=provenance, records=tuple(records), series=tuple(series))


def _records(number: int, one: Measurement) -> Iterator[Record]:
    inputs = sha256_of_json(list(one.slices))
    for value in one.values:
        yield Record(
            id=f"phantom.scan={number}.{value.measure}.{value.quantity}",
            endpoint="phantom",
            group={"scan": str(number)},
            statistic=f"{value.measure}.{value.quantity}",
            value=value.value,
            unit=value.unit,
            n=value.n,
            method=value.method,
            undefined=value.value is None,
            reason=value.reason,
            inputs=inputs,
        )


def _compared(place: int, one: Comparison) -> Iterator[Record]:
    for side in ("test", "reference", "difference", "ratio"):
        value = getattr(one, side)
        if value is not None:
            name = f"{one.measure}.{one.quantity}.{side}"
            yield Record(
                id=f"phantom.place={place}.{name}",
                endpoint="phantom",
                group={"place": str(place)},
                statistic=name,
                value=value,
                unit="ratio" if side == "ratio" else one.unit,
                n=sum(one.repeats),
            )


# ---------------------------------------------------------------------- pictures


def pictures_of(report: PhantomReport) -> Iterator[Shown]:
    """Yield a slice of each layer of each scan, with the regions that were measured in it."""
    ordered = [one for scans in groups(report.measurements).values() for one in scans]
    for number, one in enumerate(ordered, start=1):
        for part in one.parts:
            yield _shown(number, part, report.plan)


def _shown(number: int, part: Part, plan: Plan) -> Shown:
    """Return a picture whose greys are those of the phantom; air and metal are cut off."""
    import numpy as np

    image, found = part.slices[0], part.found
    rows, columns = image.pixels.shape
    across, down = image.spacing
    far = np.hypot(
        np.arange(columns) * across - found.x, (np.arange(rows) * down - found.y)[:, None]
    )
    of_phantom = image.pixels[far < 0.45 * found.diameter] if found.diameter else image.pixels
    low, high = (float(value) for value in np.percentile(of_phantom, _SHOWN))
    room = (high - low) * _ROOM or 1.0
    low, high = low - room, high + room
    grey = np.clip((image.pixels - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    used: dict[str, list[str]] = {}
    for measure in plan.measures:
        for _, name in measure.regions_used():
            used.setdefault(name, []).append(measure.id)
    regions = [plan.region(name) for name in used if (plan.region(name).layer or "") == part.layer]
    half = across / 2, down / 2  # places count from the middle of the first pixel
    picture = SliceWithRegions(
        grey=grey.tobytes(),
        rows=rows,
        columns=columns,
        width=columns * across,
        height=rows * down,
        middle=(found.x + half[0], found.y + half[1]),
        diameter=found.diameter,
        outlines=tuple(
            Outline(
                label=f"{region.id}: {', '.join(dict.fromkeys(used[region.id]))}",
                x=found.x + region.x_mm + half[0],
                y=found.y + region.y_mm + half[1],
                size=region.size_mm,
                round=region.shape == "disk",
            )
            for region in regions
        ),
        ruler="mm",
    )
    return Shown(
        scan=number, layer=part.layer, picture=picture, low=low, high=high, unit=image.unit
    )
