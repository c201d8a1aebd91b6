"""Measurements in a phantom as a page: numbers by scan, both components, and where was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from clinval.core.i18n import pick
from clinval.core.records import Record, Results
from clinval.report.blocks import (
    Block,
    Column,
    Document,
    Facts,
    Figure,
    Heading,
    Number,
    Paragraph,
    Rich,
    Row,
    Table,
)
from clinval.report.figures import FrequencyCurve, FrequencyCurves, SliceWithRegions
from clinval.report.numbers import printed
from clinval.report.phantom_words import quantity_words, variant_words
from clinval.report.texts import Texts

__all__ = ["Shown", "compose"]

_SCAN, _PLACE = "scan", "place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A layer of a scan with the regions drawn in; ``low`` and ``high`` are its black and white."""

    scan: int
    layer: str
    picture: SliceWithRegions
    low: float
    high: float
    unit: str


def compose(results: Results, pictures: Sequence[Shown], language: str) -> Document:
    """Return the measurements as a document of a few pages.

    Parameters
    ----------
    results
        Records and series of the scans, and what they were measured with in the provenance.
    pictures
        Where was measured, by the numbers of the scans.
    language
        Of the document.
    """
    return _Page(results, pictures, language).document()


class _Page:
    def __init__(self, results: Results, pictures: Sequence[Shown], language: str) -> None:
        self._results, self._pictures, self._language = results, pictures, language
        self._texts = Texts(language)
        self._plan: Mapping[str, Any] = results.provenance["plan"]
        self._scans: list[Mapping[str, Any]] = results.provenance["scans"]

    def document(self) -> Document:
        texts, plan = self._texts, self._plan
        title = texts("phantom_page.title")
        blocks: list[Block] = [
            Heading(level=1, text=title, anchor="phantom"),
            self._facts(),
            Paragraph(text=texts("phantom_page.what"), style="note"),
        ]
        for place, numbers in groupby(range(len(self._scans)), lambda n: self._scans[n][_PLACE]):
            blocks += self._of_place(place, list(numbers))
        return Document(
            language=self._language,
            title=f"{plan['id']}: {title}",
            author="clinval",
            header=texts("phantom_page.header", plan=plan["id"]),
            footer=texts("phantom_page.footer", plan=plan["id"], hash=plan["sha256"][:16]),
            marks=(),
            blocks=tuple(blocks),
        )

    def _facts(self) -> Block:
        texts, plan = self._texts, self._plan
        roles = [scan["role"] for scan in self._scans]
        counts = {role: roles.count(role) for role in ("test", "reference")}
        rows: list[tuple[str, Rich]] = [
            (texts("phantom_page.phantom"), pick(plan["name"], self._language)),
            (texts("phantom_page.plan"), f"{plan['id']}  {plan['sha256']}"),
            (texts("phantom_page.scans"), texts("phantom_page.slices", **counts)),
        ]
        if plan["source"]:
            rows.append((texts("phantom_page.source"), plan["source"]))
        return Facts(rows=tuple(rows))

    def _of_place(self, place: int, numbers: Sequence[int]) -> Iterator[Block]:
        """Yield what was measured on one scanner at the same settings."""
        at = {_PLACE: str(place)}
        compared = [record for record in self._results.records if record.group == at]
        if not self._says_all(compared, numbers):
            yield self._table(numbers)
        if compared:
            yield self._comparison(compared, numbers)
        yield from self._curves(numbers)
        for number in numbers:
            for shown in self._pictures:
                if shown.scan == number + 1:
                    yield self._picture(shown)

    def _says_all(self, compared: Sequence[Record], numbers: Sequence[int]) -> bool:
        """Return whether the comparison has every number of the scans: one scan a component."""
        if len(numbers) != 2:
            return False
        sides = {
            record.statistic.rpartition(".")[0]
            for record in compared
            if record.statistic.endswith(".test")
        }
        return all(
            {record.statistic for record in self._results.where(group=_group(number))} == sides
            for number in numbers
        )

    def _scanner(self, number: int) -> str:
        scan = self._scans[number]
        return self._texts(
            "phantom_page.scanner", serial=scan["scanner"] or "-", settings=scan["settings"]
        )

    def _name(self, number: int) -> str:
        scan = self._scans[number]
        role = self._texts(f"phantom_page.role.{scan['role']}")
        return self._texts("phantom_page.scan", role=role, number=scan["number"])

    # ------------------------------------------------------------------ numbers

    def _table(self, numbers: Sequence[int]) -> Block:
        """Return a row a number and a column a scan."""
        texts = self._texts
        found: dict[tuple[str, str], dict[int, Record]] = {}
        for number in numbers:
            for record in self._results.where(endpoint="phantom", group=_group(number)):
                measure, _, quantity = record.statistic.rpartition(".")
                found.setdefault((measure, quantity), {})[number] = record
        rows = []
        for (measure, quantity), records in found.items():
            first = next(iter(records.values()))
            numbered = (_cell(records.get(number)) for number in numbers)
            rows.append(Row(cells=(*self._named(measure, quantity, first), *numbered)))
        caption = texts("phantom_page.table", scanner=self._scanner(numbers[0]))
        heads = [Column(header=self._name(n), share=1.2, align="right") for n in numbers]
        notes = tuple(self._undefined(found))
        return Table(
            caption=caption, columns=(*self._first(), *heads), rows=tuple(rows), notes=notes
        )

    def _first(self) -> tuple[Column, ...]:
        texts = self._texts
        return (
            Column(header=texts("phantom_page.measure"), share=2.4),
            Column(header=texts("phantom_page.variant"), share=2.4),
            Column(header=texts("phantom_page.unit"), share=0.8),
        )

    def _named(self, measure: str, quantity: str, record: Record) -> tuple[str, str, str]:
        variants: Mapping[str, str] = self._results.provenance["variants"]
        name = f"{quantity_words(quantity, self._texts)} ({measure})"
        return name, variant_words(variants[f"{measure}.{quantity}"], self._texts), record.unit

    def _undefined(self, found: Mapping[tuple[str, str], Mapping[int, Record]]) -> Iterator[str]:
        for (measure, _), records in found.items():
            for number, record in records.items():
                if record.undefined:
                    yield self._texts(
                        "phantom_page.none",
                        measure=f"{self._name(number)}, {measure}",
                        reason=self._texts.reason(record.reason),
                    )

    def _comparison(self, records: Sequence[Record], numbers: Sequence[int]) -> Block:
        """Return both components side by side, with their difference and ratio."""
        texts = self._texts
        found: dict[str, dict[str, Record]] = {}
        for record in records:
            key, _, side = record.statistic.rpartition(".")
            found.setdefault(key, {})[side] = record
        sides = ("test", "reference", "difference", "ratio")
        rows = []
        for key, by_side in found.items():
            measure, _, quantity = key.rpartition(".")
            cells = (_cell(by_side.get(side)) for side in sides)
            rows.append(Row(cells=(*self._named(measure, quantity, by_side["test"]), *cells)))
        headers = [texts(f"phantom_page.role.{side}") for side in sides[:2]]
        headers += [texts(f"phantom_page.{side}") for side in sides[2:]]
        roles = [self._scans[number]["role"] for number in numbers]
        counts = {role: roles.count(role) for role in sides[:2]}
        return Table(
            caption=texts("phantom_page.compared", scanner=self._scanner(numbers[0])),
            columns=(*self._first(), *(Column(header=h, align="right") for h in headers)),
            rows=tuple(rows),
            notes=(texts("phantom_page.repeats", **counts),),
        )

    # ------------------------------------------------------------------ pictures

    def _curves(self, numbers: Sequence[int]) -> Iterator[Block]:
        """Yield a figure a measure that has curves, all scans in it."""
        texts, scanner = self._texts, self._scanner(numbers[0])
        kinds: Mapping[str, str] = self._results.provenance["curves"]
        for measure, kind in kinds.items():
            curves = []
            for number in numbers:
                series = self._results.points(f"{_SCAN}={number + 1}.{measure}")
                if series is not None:
                    at, values = (
                        tuple(float(v or 0) for v in series.columns[name])
                        for name in ("frequency", "value")
                    )
                    label = self._name(number)
                    curves.append(FrequencyCurve(label=label, frequency=at, value=values))
            if not curves:
                continue
            ends = [at for curve in curves for at in curve.frequency]
            yield Figure(
                caption=texts(f"phantom_page.curve.{kind}", scanner=scanner, measure=measure),
                chart=FrequencyCurves(
                    curves=tuple(curves),
                    x_axis=texts("phantom_page.axis.frequency"),
                    y_axis=texts(f"phantom_page.axis.{kind}", unit=self._plan["unit"] or "1"),
                    levels=(0.5, 0.1) if kind == "mtf" else (),
                ),
                alternative=texts(
                    "phantom_page.curve.alternative", count=len(curves),
                    first=f"{min(ends):.2f}", last=f"{max(ends):.2f}",
                ),
            )  # fmt: skip

    def _picture(self, shown: Shown) -> Block:
        texts, number = self._texts, shown.scan - 1
        return Figure(
            caption=texts(
                "phantom_page.where",
                scanner=self._scanner(number),
                scan=self._name(number),
                layer=shown.layer or texts("phantom_page.where.all"),
            ),
            chart=shown.picture,
            alternative=texts(
                "phantom_page.where.alternative",
                diameter=f"{shown.picture.diameter:.0f}",
                regions=", ".join(outline.label for outline in shown.picture.outlines),
            ),
            notes=(
                texts(
                    "phantom_page.where.note",
                    low=f"{shown.low:.0f}", high=f"{shown.high:.0f}", unit=shown.unit,
                ),
            ),
        )  # fmt: skip


def _group(number: int) -> Mapping[str, str]:
    return {_SCAN: str(number + 1)}


def _cell(record: Record | None) -> Rich:
    if record is None or record.value is None:
        return "-"
    return (Number(printed(record.value, record.unit), record.id),)
