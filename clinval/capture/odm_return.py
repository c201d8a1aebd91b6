"""Read the clinical data of a file in ODM 1.3.2 or 2.0, as another system exports them.

Site and subject are those of the subject's data, rows are item groups. What is not of the study is
named by its identifier and not stored; a value in another unit is not converted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING

from clinval.capture.layout import SITE_ID, columns_of
from clinval.capture.odm import (
    CONTEXT,
    MEANING,
    capture_hash,
    form_oid,
    group_oid,
    item_oid,
    location_oid,
)
from clinval.capture.odm2 import NAMESPACE as ODM2, unit_oid
from clinval.capture.odm132 import NAMESPACE as ODM132
from clinval.capture.phi import identifies
from clinval.capture.reading.headers import Header, Headings
from clinval.capture.reading.package import RefusedError, check_xml_head, defines_entities
from clinval.capture.reading.sheets import Rows
from clinval.capture.reading.stamped import compared
from clinval.capture.reading.text_tables import TextFile, TextTable
from clinval.capture.stamp import Stamp, StampedForm, stamp_of
from clinval.core.files import sha256_of_bytes
from clinval.protocol.forms import MISSING_CODES

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol
    from clinval.study.returns import WorkbookReturn

__all__ = ["is_odm", "read_odm"]

_ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?ODM[\s>]")
_VERSION = re.compile(r"MDV\.(\d{1,9}(?:\.\d{1,9}){0,9})\.([0-9a-f]{12})", re.ASCII)
_PLAIN_OID = re.compile(r"[A-Za-z0-9_.:*/^-]{1,80}", re.ASCII)
_LONGEST_REASON = 400


def is_odm(head: bytes) -> bool:
    """Return whether a file that begins like this is ODM."""
    return _ROOT.search(head) is not None


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


def parsed(content: bytes) -> Element:
    """Return the root of XML from outside; nothing in it is expanded or fetched.

    Raises
    ------
    RefusedError
        When it defines entities, nests too deep or is broken.
    """
    from lxml import etree

    check_xml_head(content[:4096])
    if defines_entities(content):
        raise RefusedError("file-defines-entities")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        deep = "depth" in str(error).lower()
        kind = "xml-too-deep" if deep else "xml-broken"
        raise RefusedError(kind, line=error.lineno or 1) from error


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
            for order, form in enumerate(protocol.forms)
        }
        self._groups = {
            oid(form.id): form.id for form in protocol.forms for oid in (group_oid, form_oid)
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
            raise RefusedError("odm-not-read", detail=_shown(found))
        if root.get("FileType") == "Transactional":
            raise RefusedError("odm-not-read", detail="FileType Transactional")
        self._space = f"{{{space}}}"
        data = self._all(root, "ClinicalData")
        if not data:
            raise RefusedError("odm-not-read", detail="ClinicalData -")
        self._learn(root)
        for clinical in data:
            stamp = self._check_version(root, clinical)
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
        return self.file.returns(tables, stamp=stamp.words)

    def _all(self, parent: Element, tag: str) -> list[Element]:
        return list(parent.findall(self._space + tag))

    def _learn(self, root: Element) -> None:
        """Learn what the file calls units and sites."""
        for unit in root.iter(self._space + "MeasurementUnit"):
            self._units[unit.get("OID", "")] = unit.get("Name", "")
        for location in root.iter(self._space + "Location"):
            self._locations[location.get("OID", "")] = location.get("Name", "")

    # ------------------------------------------------------------------ study and version

    def _check_version(self, root: Element, clinical: Element) -> Stamp:
        """Return the stamp that the data's metadata version stands for.

        Raises
        ------
        RefusedError
            When the data are of another study, of a newer protocol, or mean something else.
        """
        own = self._protocol.study
        study = clinical.get("StudyOID", "")
        names = {study} | {
            (name.text or "").strip()
            for about in self._all(root, "Study")
            if about.get("OID") == study
            for name in about.iter(self._space + "StudyName")
        }
        if own.id not in names:
            raise RefusedError("stamp-of-other-study", study=_shown(study), own=own.id)
        from clinval.capture.instrument import instrument

        now = stamp_of(self._protocol, self._protocol.sites[0].id, "")
        oid = clinical.get("MetaDataVersionOID", "")
        found = _VERSION.fullmatch(oid)
        if found is None:
            self.file.say("odm-version-foreign", parameters={"oid": _shown(oid)})
            return now
        same = found[2] == capture_hash(instrument(self._protocol, protocol_sha256=""))
        stamp = Stamp(
            study=own.id,
            protocol_version=found[1],
            protocol_sha256="",
            template=now.template if same else "",
            site=now.site,
            clinval=now.clinval,
            forms=self._stamped(root, oid, now),
        )
        older = compared(stamp, now)
        if older is not None:
            self.file.say("template-older", parameters=older)
        return stamp

    def _stamped(self, root: Element, version: str, now: Stamp) -> dict[str, StampedForm]:
        """Return the forms of the metadata in the file itself, if these are there."""
        metadata = [
            found for found in root.iter(self._space + "MetaDataVersion")
            if found.get("OID") == version
        ]  # fmt: skip
        if not metadata:
            return {}
        meanings = {
            alias.get("Name", ""): self._alias(item, MEANING)
            for item in self._all(metadata[0], "ItemDef")
            for alias in self._all(item, "Alias")
            if alias.get("Context") == CONTEXT
        }
        forms = {}
        for group in self._all(metadata[0], "ItemGroupDef"):
            form = group.get("Name", "")
            if group.get("OID") != group_oid(form):
                continue
            of_record = now.forms[form].columns if form in now.forms else {}
            named = {name for oid in meanings for at, _, name in [oid.partition(".")] if at == form}
            columns = {
                # what the record holds is no item
                **{name: meaning for name, meaning in of_record.items() if name not in named
                   and name in (SITE_ID, *self._alias(group, CONTEXT).split())},
                **{name: meanings[f"{form}.{name}"] for name in named},
            }  # fmt: skip
            keys = tuple(self._alias(group, CONTEXT).split())
            forms[form] = StampedForm(keys=keys, columns=columns)
        return forms

    def _alias(self, element: Element, context: str) -> str:
        named = [a for a in self._all(element, "Alias") if a.get("Context") == context]
        return named[0].get("Name", "") if named else ""

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
                self._unknown[_shown(oid)] += len(items)
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
                self._unknown[_shown(oid)] += value is not None
                continue
            if value is not None and not self._in_unit(item, field, units):
                self.file.lose(1)
                unit = self._unit_of(item) or units.get(unit_oid(field.unit or ""), "")
                self.file.say(
                    "odm-unit-differs", order=rows.order, row=number, form=form.id, field=field,
                    column=rows.position(field.id),
                    parameters={"unit": _shown(unit), "wanted": field.unit or "-"},
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


def _shown(text: str) -> str:
    """Return an identifier as messages may have it."""
    return text if _PLAIN_OID.fullmatch(text) else f"#{sha256_of_bytes(text.encode())[:8]}"
