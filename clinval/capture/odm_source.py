"""A file of ODM from outside: parsed with nothing in it expanded, and what it was made for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clinval.capture.instrument import instrument
from clinval.capture.layout import SITE_ID
from clinval.capture.odm import CONTEXT, MEANING, capture_hash, group_oid
from clinval.capture.reading.package import RefusedError, check_xml_head, defines_entities
from clinval.capture.reading.stamped import compared
from clinval.capture.stamp import Stamp, StampedForm, stamp_of
from clinval.core.files import sha256_of_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element as Element

    from clinval.capture.reading.text_tables import TextFile
    from clinval.protocol.model import Protocol

__all__ = ["is_odm", "parsed", "shown", "stamp_of_data"]

_ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?ODM[\s>]")
_VERSION = re.compile(r"MDV\.(\d{1,9}(?:\.\d{1,9}){0,9})\.([0-9a-f]{12})", re.ASCII)
_PLAIN_OID = re.compile(r"[A-Za-z0-9_.:*/^-]{1,80}", re.ASCII)


def is_odm(head: bytes) -> bool:
    """Return whether a file that begins like this is ODM."""
    return _ROOT.search(head) is not None


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


def shown(text: str) -> str:
    """Return an identifier as messages may have it."""
    return text if _PLAIN_OID.fullmatch(text) else f"#{sha256_of_bytes(text.encode())[:8]}"


def stamp_of_data(
    root: Element, clinical: Element, space: str, file: TextFile, protocol: Protocol
) -> Stamp:
    """Return the stamp that the metadata version of clinical data stands for.

    Parameters
    ----------
    root, clinical
        The file and the data in it.
    space
        Namespace of the version of ODM, in braces.
    file
        Where it is said that the version is older, or not one of clinval's.
    protocol
        The study.

    Raises
    ------
    RefusedError
        When the data are of another study, of a newer protocol, or mean something else.
    """
    own = protocol.study
    study = clinical.get("StudyOID", "")
    names = {study} | {
        (name.text or "").strip()
        for about in root.findall(f"{space}Study")
        if about.get("OID") == study
        for name in about.iter(f"{space}StudyName")
    }
    if own.id not in names:
        raise RefusedError("stamp-of-other-study", study=shown(study), own=own.id)
    now = stamp_of(protocol, protocol.sites[0].id, "")
    oid = clinical.get("MetaDataVersionOID", "")
    found = _VERSION.fullmatch(oid)
    if found is None:
        file.say("odm-version-foreign", parameters={"oid": shown(oid)})
        return now
    same = found[2] == capture_hash(instrument(protocol, protocol_sha256=""))
    stamp = Stamp(
        study=own.id,
        protocol_version=found[1],
        protocol_sha256="",
        template=now.template if same else "",
        site=now.site,
        clinval=now.clinval,
        forms=_stamped(root, oid, space, now.forms),
    )
    older = compared(stamp, now)
    if older is not None:
        file.say("template-older", parameters=older)
    return stamp


def _stamped(
    root: Element, version: str, space: str, now: Mapping[str, StampedForm]
) -> dict[str, StampedForm]:
    """Return the forms of the metadata in the file itself, if these are there."""
    metadata = [
        found for found in root.iter(f"{space}MetaDataVersion") if found.get("OID") == version
    ]
    if not metadata:
        return {}
    meanings = {
        _alias(item, CONTEXT, space): _alias(item, MEANING, space)
        for item in metadata[0].findall(f"{space}ItemDef")
    }
    forms = {}
    for group in metadata[0].findall(f"{space}ItemGroupDef"):
        form = group.get("Name", "")
        if group.get("OID") != group_oid(form):
            continue
        keys = tuple(_alias(group, CONTEXT, space).split())
        named = dict(_of_form(meanings, form))
        # what the record holds, site and subject, is no item
        of_record = now[form].columns if form in now else {}
        held = {name: of_record[name] for name in (SITE_ID, *keys) if name in of_record}
        forms[form] = StampedForm(keys=keys, columns={**held, **named})
    return forms


def _of_form(meanings: Mapping[str, str], form: str) -> list[tuple[str, str]]:
    parts = [(name.partition("."), meaning) for name, meaning in meanings.items()]
    return [(name, meaning) for (of, _, name), meaning in parts if of == form]


def _alias(element: Element, context: str, space: str) -> str:
    named = [a for a in element.findall(f"{space}Alias") if a.get("Context") == context]
    return named[0].get("Name", "") if named else ""
