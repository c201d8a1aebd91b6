"""Read the clinical data of a file in ODM 1.3.2 or 2.0, as another system exports them.

Site and subject are those of the subject's data, rows are item groups. What is not of the study is
named by its identifier and not stored; a value in another unit is not converted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING

from clinval.capture.layout import SITE_ID, columns_of
from clinval.capture.odm import (
    form_oid,
    group_oid,
    item_oid,
    location_oid,
)
from clinval.capture.odm2 import NAMESPACE as ODM2, unit_oid
from clinval.capture.odm132 import NAMESPACE as ODM132
from clinval.capture.odm_source import parsed, shown, stamp_of_data
from clinval.capture.phi import identifies
from clinval.capture.reading.headers import Header, Headings
from clinval.capture.reading.package import RefusedError
from clinval.capture.reading.sheets import Rows
from clinval.capture.reading.text_tables import TextFile, TextTable
from clinval.capture.stamp import Stamp
from clinval.protocol.forms import MISSING_CODES

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol
    from clinval.study.returns import WorkbookReturn

__all__ = ["read_odm"]

_LONGEST_REASON = 400


def read_odm(name: str, content: bytes, protocol: Protocol) -> list[WorkbookReturn]:
    """Return the clinical data of a file, one return a site.

    Parameters
    ----------
    name
        Name of the file, as it may be shown.
    content
        Its bytes.
    protocol
        The study.
    """
    reading = _Reading(name, content, protocol)
    try:
        return reading.read()
    except RefusedError as refusal:
        return reading.file.refused(refusal)


@dataclass(slots=True)
class _FormRows:
    """The rows of a form as they come out of the file: by column, and where each stood."""

    form: Form
    order: int
    columns: tuple[Field, ...]
    cells: list[tuple[str | None, ...]] = member(default_factory=list)
    paths: list[str] = member(default_factory=list)

    def position(self, field: str) -> int:
        """Return the column of a field, counted from 1."""
        return next(at for at, column in enumerate(self.columns, start=1) if column.id == field)


class _Reading:
    """Reads one file."""

    def __init__(self, name: str, content: bytes, protocol: Protocol) -> None:
        self.file = TextFile(name, content, protocol, self._cell)
        self._content = content
        self._protocol = protocol
        self._forms = {
            form.id: _FormRows(form, order, columns_of(form))
            for order, form in enumerate(protocol.asked_forms)
        }
        self._groups = {
            oid(form.id): form.id for form in protocol.asked_forms for oid in (group_oid, form_oid)
        }
        self._unknown: Counter[str] = Counter()
        self._units: dict[str, str] = {}
        self._locations: dict[str, str] = {}
        self._records: dict[str, Element] = {}
        self._reasons: dict[tuple[str, int, str], str] = {}

    def read(self) -> list[WorkbookReturn]:
        root = parsed(self._content)
        space = {f"{{{ODM132}}}ODM": ODM132, f"{{{ODM2}}}ODM": ODM2}.get(str(root.tag))
        if space is None:
            found = str(root.tag).lstrip("{").partition("}")[0]
            raise RefusedError("odm-not-read", detail=shown(found))
        if root.get("FileType") == "Transactional":
            raise RefusedError("odm-not-read", detail="FileType Transactional")
        self._space = f"{{{space}}}"
        data = self._all(root, "ClinicalData")
        if not data:
            raise RefusedError("odm-not-read", detail="ClinicalData -")
        self._learn(root)
        for clinical in data:
            stamp = stamp_of_data(root, clinical, self._space, self.file, self._protocol)
            records = clinical.iter(self._space + "AuditRecord")
            self._records = {record.get("ID"): record for record in records if record.get("ID")}
            for number, subject in enumerate(self._all(clinical, "SubjectData"), start=1):
                self._subject(subject, f"SubjectData[{number}]")
        for oid, count in self._unknown.items():
            self.file.lose(count)
            self.file.say("odm-unknown-oid", parameters={"oid": oid, "count": count})
        tables = [self._table(rows, stamp) for rows in self._forms.values() if rows.cells]
        if not tables:
            raise RefusedError("odm-not-read", detail="ItemGroupData -")
        self.file.reasons_at = self._reasons
        about = {"study": stamp.study, "protocol_version": stamp.protocol_version}
        return self.file.returns(tables, stamp=about)

    def _all(self, parent: Element, tag: str) -> list[Element]:
        return list(parent.findall(self._space + tag))

    def _learn(self, root: Element) -> None:
        """Learn what the file calls units and sites."""
        for unit in root.iter(self._space + "MeasurementUnit"):
            self._units[unit.get("OID", "")] = unit.get("Name", "")
        for location in root.iter(self._space + "Location"):
            self._locations[location.get("OID", "")] = location.get("Name", "")

    # ------------------------------------------------------------------ data

    def _subject(self, subject: Element, path: str) -> None:
        site = self._site(subject)
        key = subject.get("SubjectKey") or None
        counts: Counter[str] = Counter()
        for group in subject.iter(self._space + "ItemGroupData"):
            items = list(self._items(group))
            if not items:
                continue
            oid = group.get("ItemGroupOID", "")
            form = self._groups.get(oid)
            if form is None:
                self._unknown[shown(oid)] += len(items)
                continue
            counts[oid] += 1
            self._row(self._forms[form], site, key, group, items, f"{path}/{oid}[{counts[oid]}]")

    def _site(self, subject: Element) -> str | None:
        reference = subject.find(self._space + "SiteRef")
        if reference is None:
            return None
        oid = reference.get("LocationOID", "")
        sites = [site.id for site in self._protocol.sites]
        for site in sites:
            if oid in (site, location_oid(site)) or self._locations.get(oid) == site:
                return site
        return oid or None

    def _items(self, group: Element) -> Iterator[tuple[str, Element]]:
        """Yield the items of a group; those of groups within it are theirs."""
        for item in group:
            if str(item.tag).startswith(self._space + "ItemData"):
                yield item.get("ItemOID", ""), item

    def _row(
        self,
        rows: _FormRows,
        site: str | None,
        subject: str | None,
        group: Element,
        items: list[tuple[str, Element]],
        path: str,
    ) -> None:
        form = rows.form
        number = len(rows.cells) + 1
        rows.paths.append(path)
        cells: dict[str, str | None] = {}
        about_subject = False
        for column in rows.columns:
            if column.type == "subject" and column.id in form.keys:
                cells[column.id] = subject
                about_subject = True
        known = {site.id for site in self._protocol.sites}
        cells[SITE_ID] = subject if not about_subject and subject in known else site
        fields = {item_oid(form.id, field.id): field for field in rows.columns}
        units = self._given_units(items)
        for oid, item in items:
            field = fields.get(oid)
            value = self._value(item)
            if oid in units:
                continue
            if field is None:
                self._unknown[shown(oid)] += value is not None
                continue
            if value is not None and not self._in_unit(item, field, units):
                self.file.lose(1)
                unit = self._unit_of(item) or units.get(unit_oid(field.unit or ""), "")
                self.file.say(
                    "odm-unit-differs", order=rows.order, row=number, form=form.id, field=field,
                    column=rows.position(field.id),
                    parameters={"unit": shown(unit), "wanted": field.unit or "-"},
                )  # fmt: skip
                continue
            cells[field.id] = value
            self._note_reason(item, group, (form.id, number, field.id), rows)
        rows.cells.append(tuple(cells.get(column.id) for column in rows.columns))

    def _value(self, item: Element) -> str | None:
        """Return what an item holds: its value, or the code of why there is none."""
        if item.get("IsNull") == "Yes":
            flags = [(flag.text or "").strip() for flag in item.iter(self._space + "FlagValue")]
            return next((flag for flag in flags if flag in MISSING_CODES), None)
        texts = [value.text or "" for value in self._all(item, "Value")]
        if not texts:
            text = item.get("Value")
            texts = [item.text or "" if text is None else text]
        joined = "; ".join(texts)
        return joined if joined.strip() else None

    def _given_units(self, items: list[tuple[str, Element]]) -> dict[str, str]:
        """Return the units that ODM 2.0 has as items of their own, by their identifiers."""
        return {
            oid: self._value(item) or ""
            for oid, item in items
            if oid.startswith(unit_oid("")) and oid not in self._groups
        }

    def _unit_of(self, item: Element) -> str:
        reference = item.find(self._space + "MeasurementUnitRef")
        oid = (
            item.get("MeasurementUnitOID", "")
            if reference is None
            else reference.get("MeasurementUnitOID", "")
        )
        return self._units.get(oid) or oid.removeprefix("MU.")

    def _in_unit(self, item: Element, field: Field, units: Mapping[str, str]) -> bool:
        wanted = field.unit or ""
        given = units.get(unit_oid(wanted)) if wanted else None
        return self._unit_of(item) in ("", wanted) and given in (None, "", wanted)

    def _note_reason(
        self, item: Element, group: Element, about: tuple[str, int, str], rows: _FormRows
    ) -> None:
        """Keep why a value was changed, from the item's own audit record or that of its group."""
        for element in (item, group):
            record = element.find(self._space + "AuditRecord")
            if record is None:
                record = self._records.get(element.get("AuditRecordID", ""))
            text = "" if record is None else record.findtext(self._space + "ReasonForChange", "")
            reason = " ".join(text.split())[:_LONGEST_REASON]
            if not reason:
                continue
            if identifies(reason):
                form, number, name = about
                self.file.say(
                    "text-identifies", order=rows.order, row=number, form=form,
                    column=rows.position(name), field=rows.form.field(name),
                )  # fmt: skip
            else:
                self._reasons[about] = reason
            return

    def _table(self, rows: _FormRows, stamp: Stamp) -> TextTable:
        """Return the table of a form, without the columns that its metadata did not have yet."""
        form = rows.form
        had = stamp.forms[form.id].columns if form.id in stamp.forms else None
        positions = {
            field.id: at
            for at, field in enumerate(rows.columns, start=1)
            if had is None or field.id in had
        }
        return TextTable(
            form=form,
            name="",
            order=rows.order,
            header=Header(score=1.0, row=0, first=1, positions=positions),
            headings=Headings(form, [site.id for site in self._protocol.sites]),
            top=Rows([], []),
            rows=Rows(list(range(1, len(rows.cells) + 1)), list(rows.cells)),
            asked=frozenset(positions),
        )

    def _cell(self, order: int, row: int, column: int) -> str:
        """Return the path of an element by identifiers."""
        if order < 0:
            return ""
        rows = list(self._forms.values())[order]
        path = rows.paths[row - 1] if 0 < row <= len(rows.paths) else group_oid(rows.form.id)
        if not column:
            return path
        return f"{path}/{item_oid(rows.form.id, rows.columns[column - 1].id)}"
