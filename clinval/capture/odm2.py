"""The metadata of a study as CDISC ODM 2.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.capture.odm import (
    CONTEXT,
    EVENT,
    HASH,
    MEANING,
    MISSING,
    OdmWriter,
    captured,
    condition_oid,
    form_oid,
    group_oid,
    item_oid,
    location_oid,
    meaning_hash,
    version_oid,
)  # fmt: skip

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from clinval.capture.instrument import Form, Instrument, Item

__all__ = ["NAMESPACE", "odm2", "unit_oid"]

NAMESPACE = "http://www.cdisc.org/ns/odm/v2.0"


def odm2(made: Instrument) -> str:
    """Return the metadata of a study as ODM 2.0; the same instrument gives the same text.

    A form is an item group of the type Form that holds the section of its items. A unit is an item
    of its own with the unit as its value, as ODM 2.0 has no other way.

    Parameters
    ----------
    made
        What is captured.

    References
    ----------
    .. [1] CDISC, Operational Data Model, version 2.0.
    """
    writer = _Writer(made, NAMESPACE, text_type=True)
    root = writer.root("2.0")
    writer.study(root)
    writer.admin(root)
    return writer.text(root)


def unit_oid(unit: str) -> str:
    """Return the identifier of the item that holds a unit."""
    return f"UNIT.{unit}"


class _Writer(OdmWriter):
    def study(self, root: Element) -> None:
        made = self.made
        study = self.add(
            root, "Study", OID=made.study, StudyName=made.study,
            ProtocolName=f"{made.study} {made.version}", VersionID=made.version,
        )  # fmt: skip
        self.texts(study, "Description", made.title)
        self._metadata(study)

    def _metadata(self, study: Element) -> None:
        made = self.made
        metadata = self.add(
            study, "MetaDataVersion", OID=version_oid(made), Name=f"{made.study} {made.version}"
        )
        about = {
            code: self.words(
                "about", title=made.title[code], version=made.version,
                sha256=made.protocol_sha256, missing=MISSING,
            )[code]
            for code in made.languages
        }  # fmt: skip
        self.texts(metadata, "Description", about)
        protocol = self.add(metadata, "Protocol")
        self.alias(protocol, HASH, made.protocol_sha256)
        event = self.add(
            metadata, "StudyEventDef", OID=EVENT, Name=self.words("event")[made.languages[0]],
            Repeating="No", Type="Common",
        )  # fmt: skip
        for number, form in enumerate(made.forms, start=1):
            self.add(
                event, "ItemGroupRef", ItemGroupOID=form_oid(form.id), OrderNumber=number,
                Mandatory="No" if form.optional else "Yes",
            )  # fmt: skip
        for form in made.forms:
            self._form(metadata, form)
        for form in made.forms:
            for item in captured(form):
                self._item(metadata, item, form)
        self._units(metadata)
        self.code_lists(metadata, decimal="decimal")
        for unit in self.units():
            codes = self.add(
                metadata, "CodeList", OID=f"CL.{unit_oid(unit)}", Name=unit, DataType="text"
            )
            only = self.add(codes, "CodeListItem", CodedValue=unit)
            self.texts(only, "Decode", dict.fromkeys(made.languages, unit))
        for item, rule, words in self.conditions():
            condition = self.add(
                metadata, "ConditionDef", OID=condition_oid(item), Name=condition_oid(item)
            )
            self.texts(condition, "Description", words)
            self.add(condition, "MethodSignature")
            self.expression(condition, CONTEXT, rule)

    def _form(self, metadata: Element, form: Form) -> None:
        name = next(iter(form.name.values()))
        element = self.add(
            metadata, "ItemGroupDef", OID=form_oid(form.id), Name=f"{form.id} {name}",
            Repeating="No", Type="Form",
        )  # fmt: skip
        self.texts(element, "Description", form.name)
        self.add(element, "ItemGroupRef", ItemGroupOID=group_oid(form.id), Mandatory="Yes")
        self.alias(element, CONTEXT, form.id)
        group = self.add(
            metadata, "ItemGroupDef", OID=group_oid(form.id), Name=form.id,
            Repeating="Simple" if form.repeats else "No", Type="Section",
        )  # fmt: skip
        self.texts(group, "Description", form.purpose)
        self.item_refs(group, form)
        units = {item_oid(form.id, i.field): i.unit for i in captured(form) if i.unit}
        for reference in list(group):
            unit = units.get(reference.get("ItemOID", ""))
            if unit:
                reference.set("UnitsItemOID", unit_oid(unit))
        for unit in dict.fromkeys(units.values()):
            self.add(
                group, "ItemRef", ItemOID=unit_oid(unit), Mandatory="No", PreSpecifiedValue=unit
            )
        self.alias(group, CONTEXT, " ".join(form.keys))

    def _item(self, metadata: Element, item: Item, form: Form) -> None:
        element = self.add(
            metadata, "ItemDef", OID=item_oid(item.form, item.field), Name=item.field,
            DataType=self.data_type(item), Length=self.length(item),
        )  # fmt: skip
        self.texts(element, "Question", item.label)
        self.texts(element, "CRFCompletionInstructions", item.help)
        self.range_checks(element, item, form)
        if item.codelist:
            self.add(element, "CodeListRef", CodeListOID=f"CL.{item.codelist}")
        self.alias(element, CONTEXT, item.oid)
        self.alias(element, MEANING, meaning_hash(item, self.made))

    def _units(self, metadata: Element) -> None:
        for unit in self.units():
            element = self.add(
                metadata, "ItemDef", OID=unit_oid(unit), Name=unit, DataType="text",
                Length=len(unit),
            )  # fmt: skip
            self.texts(element, "Question", self.words("unit"))
            self.add(element, "CodeListRef", CodeListOID=f"CL.{unit_oid(unit)}")

    def expression(self, parent: Element, context: str, text: str) -> None:
        rule = self.add(parent, "FormalExpression", Context=context)
        self.add(rule, "Code", text)

    def admin(self, root: Element) -> None:
        made = self.made
        admin = self.add(root, "AdminData", StudyOID=made.study)
        for site, name in made.sites.items():
            location = self.add(admin, "Location", OID=location_oid(site), Name=site, Role="Site")
            self.texts(location, "Description", name)
            self.add(
                location, "MetaDataVersionRef", StudyOID=made.study,
                MetaDataVersionOID=version_oid(made), EffectiveDate=made.date.isoformat(),
            )  # fmt: skip
