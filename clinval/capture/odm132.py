"""The metadata of a study as CDISC ODM 1.3.2."""

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

__all__ = ["NAMESPACE", "odm132"]

NAMESPACE = "http://www.cdisc.org/ns/odm/v1.3"


def odm132(made: Instrument) -> str:
    """Return the metadata of a study as ODM 1.3.2; the same instrument gives the same text.

    Parameters
    ----------
    made
        What is captured.

    References
    ----------
    .. [1] CDISC, Operational Data Model, version 1.3.2.
    """
    writer = _Writer(made, NAMESPACE, text_type=False)
    root = writer.root("1.3.2")
    writer.study(root)
    writer.admin(root)
    return writer.text(root)


class _Writer(OdmWriter):
    def study(self, root: Element) -> None:
        made = self.made
        study = self.add(root, "Study", OID=made.study)
        about = self.add(study, "GlobalVariables")
        title = next(iter(made.title.values()))
        self.add(about, "StudyName", made.study)
        self.add(about, "StudyDescription", title)
        self.add(about, "ProtocolName", f"{made.study} {made.version}")
        if self.units():
            basics = self.add(study, "BasicDefinitions")
            for unit in self.units():
                element = self.add(basics, "MeasurementUnit", OID=f"MU.{unit}", Name=unit)
                self.texts(element, "Symbol", dict.fromkeys(made.languages, unit))
        self._metadata(study)

    def _metadata(self, study: Element) -> None:
        made = self.made
        metadata = self.add(
            study, "MetaDataVersion", OID=version_oid(made), Name=f"{made.study} {made.version}",
            Description=f"protocol SHA-256 {made.protocol_sha256}",
        )  # fmt: skip
        protocol = self.add(metadata, "Protocol")
        about = {
            code: self.words(
                "about", title=made.title[code], version=made.version,
                sha256=made.protocol_sha256, missing=MISSING,
            )[code]
            for code in made.languages
        }  # fmt: skip
        self.texts(protocol, "Description", about)
        self.add(protocol, "StudyEventRef", StudyEventOID=EVENT, OrderNumber=1, Mandatory="Yes")
        self.alias(protocol, HASH, made.protocol_sha256)
        event = self.add(
            metadata, "StudyEventDef", OID=EVENT, Name=self.words("event")[made.languages[0]],
            Repeating="No", Type="Common",
        )  # fmt: skip
        for number, form in enumerate(made.forms, start=1):
            self.add(
                event, "FormRef", FormOID=form_oid(form.id), OrderNumber=number,
                Mandatory="No" if form.optional else "Yes",
            )  # fmt: skip
        for form in made.forms:
            self._form(metadata, form)
        for form in made.forms:
            self._group(metadata, form)
        for form in made.forms:
            for item in captured(form):
                self._item(metadata, item, form)
        self.code_lists(metadata, decimal="float")
        for item, rule, words in self.conditions():
            condition = self.add(
                metadata, "ConditionDef", OID=condition_oid(item), Name=condition_oid(item)
            )
            self.texts(condition, "Description", words)
            self.expression(condition, CONTEXT, rule)

    def _form(self, metadata: Element, form: Form) -> None:
        name = next(iter(form.name.values()))
        element = self.add(
            metadata, "FormDef", OID=form_oid(form.id), Name=f"{form.id} {name}", Repeating="No"
        )
        self.texts(element, "Description", form.name)
        self.add(
            element, "ItemGroupRef", ItemGroupOID=group_oid(form.id), OrderNumber=1,
            Mandatory="Yes",
        )  # fmt: skip
        self.alias(element, CONTEXT, form.id)

    def _group(self, metadata: Element, form: Form) -> None:
        group = self.add(
            metadata, "ItemGroupDef", OID=group_oid(form.id), Name=form.id,
            Repeating="Yes" if form.repeats else "No",
        )  # fmt: skip
        self.texts(group, "Description", form.purpose)
        self.item_refs(group, form)
        self.alias(group, CONTEXT, " ".join(form.keys))

    def _item(self, metadata: Element, item: Item, form: Form) -> None:
        element = self.add(
            metadata, "ItemDef", OID=item_oid(item.form, item.field), Name=item.field,
            DataType=self.data_type(item), Length=self.length(item),
        )  # fmt: skip
        self.texts(element, "Description", item.help)
        self.texts(element, "Question", item.label)
        if item.unit:
            self.add(element, "MeasurementUnitRef", MeasurementUnitOID=f"MU.{item.unit}")
        self.range_checks(element, item, form)
        if item.codelist:
            self.add(element, "CodeListRef", CodeListOID=f"CL.{item.codelist}")
        self.alias(element, CONTEXT, item.oid)
        self.alias(element, MEANING, meaning_hash(item, self.made))

    def admin(self, root: Element) -> None:
        made = self.made
        admin = self.add(root, "AdminData", StudyOID=made.study)
        for site, name in made.sites.items():
            location = self.add(
                admin, "Location", OID=location_oid(site),
                Name=f"{site} {next(iter(name.values()))}",
                LocationType="Site",
            )  # fmt: skip
            self.add(
                location, "MetaDataVersionRef", StudyOID=made.study,
                MetaDataVersionOID=version_oid(made), EffectiveDate=made.date.isoformat(),
            )  # fmt: skip
