"""What ODM 1.3.2 and ODM 2.0 have in common: identifiers, types, texts, rules, the parts of XML.

The identifiers say what they are of, so that data can be read by them alone: ``IT.F05.scan_time_s``
is the item, ``IG.F05`` the group of a form's items, ``LOC.S01`` the site. The metadata version is
named by the protocol's version and a hash of what is captured. A subject, or the site of forms
about the site itself, is the subject of the data; rows of a form are repeats of its item group.
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING

from clinval import __version__
from clinval.capture.layout import LONGEST_TEXT, SITE_ID, plain_number
from clinval.core.files import sha256_of_json
from clinval.core.i18n import catalogue, pick

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lxml.etree import _Element as Element

    from clinval.capture.instrument import CodeList, Form, Instrument, Item, Limit, Texts

__all__ = [
    "CONTEXT", "EVENT", "HASH", "MEANING", "MISSING", "OdmWriter", "capture_hash", "captured",
    "condition_oid", "form_oid", "group_oid", "item_oid", "location_oid", "meaning_hash",
    "odm_files", "version_oid",
]  # fmt: skip

CONTEXT = "clinval"
HASH = "clinval.protocol_sha256"
MEANING = "clinval.meaning"
EVENT, MISSING = "SE.STUDY", "CL.MISSING"

_XML = "{http://www.w3.org/XML/1998/namespace}"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS = Path(__file__).parent / "odm_words.yaml"
_TYPES = {
    "integer": "integer", "number": "float", "date": "date", "datetime": "datetime",
    "time": "time",
}  # fmt: skip


def odm_files(made: Instrument) -> dict[str, str]:
    """Return the metadata of a study in both versions of ODM, by the name of the file."""
    from clinval.capture.odm2 import odm2
    from clinval.capture.odm132 import odm132

    return {"odm-1.3.2.xml": odm132(made), "odm-2.0.xml": odm2(made)}


def form_oid(form: str) -> str:
    """Return the identifier of a form."""
    return f"F.{form}"


def group_oid(form: str) -> str:
    """Return the identifier of the group of a form's items."""
    return f"IG.{form}"


def item_oid(form: str, field: str) -> str:
    """Return the identifier of an item."""
    return f"IT.{form}.{field}"


def condition_oid(item: Item) -> str:
    """Return the identifier of the condition under which an item is not asked for."""
    return f"COND.{item.oid}"


def location_oid(site: str) -> str:
    """Return the identifier of a site."""
    return f"LOC.{site}"


def captured(form: Form) -> list[Item]:
    """Return the items of a form that are data; site and subject are those of the record."""
    return [
        item
        for item in form.items
        if item.field != SITE_ID and not (item.key and item.type == "subject")
    ]


def meaning_hash(item: Item, made: Instrument) -> str:
    """Return a hash of what the values of an item stand for: type, unit and codes."""
    codes = made.codes_of(item) if item.type in ("choice", "scale") else {}
    labels = {code: _one(texts) for code, texts in codes.items()}
    return sha256_of_json({"type": item.type, "unit": item.unit, "codes": labels})[:12]


def capture_hash(made: Instrument) -> str:
    """Return a hash of what is captured; limits, texts and endpoints are not part of it."""
    return sha256_of_json(
        [
            [
                form.id,
                list(form.keys),
                [[item.field, meaning_hash(item, made)] for item in form.items],
            ]
            for form in made.forms
        ]
    )[:12]


def version_oid(made: Instrument) -> str:
    """Return the identifier of the metadata: the protocol's version and what is captured."""
    return f"MDV.{made.version}.{capture_hash(made)}"


def _one(texts: Texts) -> str:
    return texts.get("en") or next(iter(texts.values()), "")


class OdmWriter:
    """Writes elements of one version of ODM.

    Parameters
    ----------
    made
        What is captured.
    namespace
        That of the version of ODM.
    text_type
        Whether translated texts say their type, as they do in ODM 2.0.
    """

    def __init__(self, made: Instrument, namespace: str, *, text_type: bool) -> None:
        self.made = made
        self._namespace = namespace
        self._text_type = text_type

    def root(self, version: str) -> Element:
        """Return the element of the file."""
        from lxml import etree

        made = self.made
        root = etree.Element(f"{{{self._namespace}}}ODM", nsmap={None: self._namespace})
        for name, value in (
            ("FileType", "Snapshot"),
            ("Granularity", "Metadata"),
            ("FileOID", ".".join((made.study, made.version, made.protocol_sha256[:12]))),
            # the clock would make every run another file
            ("CreationDateTime", f"{made.date.isoformat()}T00:00:00Z"),
            ("ODMVersion", version),
            ("SourceSystem", "clinval"),
            ("SourceSystemVersion", __version__),
        ):
            root.set(name, value)
        return root

    def add(self, parent: Element, tag: str, text: str = "", /, **attributes: object) -> Element:
        """Add an element; attributes that are ``None`` are left out."""
        from lxml import etree

        element = etree.SubElement(parent, f"{{{self._namespace}}}{tag}")
        for name, value in attributes.items():
            if value is not None:
                element.set(name, _safe(str(value)))
        if text:
            element.text = _safe(text)
        return element

    def texts(self, parent: Element, tag: str, texts: Texts) -> None:
        """Add an element that says something in every language; nothing where there is no text."""
        if not texts:
            return
        element = self.add(parent, tag)
        for language, text in texts.items():
            kind = {"Type": "text/plain"} if self._text_type else {}
            said = self.add(element, "TranslatedText", text, **kind)
            said.set(f"{_XML}lang", language)

    def words(self, key: str, **parameters: object) -> dict[str, str]:
        """Return fixed words in every language of the instrument."""
        texts: Mapping[str, str] = catalogue(_WORDS)[key]
        return {code: pick(texts, code).format(**parameters) for code in self.made.languages}

    def alias(self, parent: Element, context: str, name: str) -> None:
        """Add a name of clinval's own."""
        self.add(parent, "Alias", Context=context, Name=name)

    def text(self, root: Element) -> str:
        """Return the file."""
        from lxml import etree

        etree.indent(root, space=" ")
        body = etree.tostring(root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'

    # ------------------------------------------------------------------ what both versions say

    def item_refs(self, group: Element, form: Form) -> None:
        """Add the references to the items of a form, in their order."""
        keys = list(form.keys)
        for number, item in enumerate(captured(form), start=1):
            self.add(
                group, "ItemRef", ItemOID=item_oid(form.id, item.field), OrderNumber=number,
                Mandatory="Yes" if item.required and not item.shown_when else "No",
                KeySequence=keys.index(item.field) + 1 if item.field in keys else None,
                CollectionExceptionConditionOID=condition_oid(item) if item.shown_when else None,
            )  # fmt: skip

    def range_checks(self, definition: Element, item: Item, form: Form) -> None:
        """Add the limits of an item, hard and soft, its pattern, and the checks that it begins."""
        for kind, low, high in (
            ("Hard", item.minimum, item.maximum),
            ("Soft", item.expected_minimum, item.expected_maximum),
        ):
            for comparator, limit in (("GE", low), ("LE", high)):
                if limit is not None:
                    check = self.add(definition, "RangeCheck", Comparator=comparator, SoftHard=kind)
                    self.add(check, "CheckValue", limit_text(limit, item, comparator))
        if item.pattern:
            check = self.add(definition, "RangeCheck", SoftHard="Hard")
            self.expression(check, "regex", item.pattern)
            self.texts(check, "ErrorMessage", self.words("pattern", pattern=item.pattern))
        for about in form.checks:
            if (form.id, item.field) == _first_read(about.fires_when.reads, form):
                check = self.add(definition, "RangeCheck", SoftHard="Soft")
                self.expression(check, CONTEXT, f"not ({about.fires_when.text})")
                message = {
                    code: f"{about.id} ({about.severity}): {text}"
                    for code, text in about.message.items()
                }
                self.texts(check, "ErrorMessage", message)

    def expression(self, parent: Element, context: str, text: str) -> None:
        """Add a rule in a language that its context names."""
        self.add(parent, "FormalExpression", text, Context=context)

    def code_lists(self, metadata: Element, *, decimal: str) -> None:
        """Add the lists to choose from, and the codes for values that are not there."""
        for codelist in self.made.codelists.values():
            self._code_list(metadata, f"CL.{codelist.id}", codelist, decimal)
        words = self.words("missing")
        self._items(
            self.add(
                metadata, "CodeList", OID=MISSING, Name=_one(words), DataType="text",
            ),
            self.made.missing,
        )  # fmt: skip

    def _code_list(self, metadata: Element, oid: str, codelist: CodeList, decimal: str) -> None:
        kind = "text"
        if codelist.numeric:
            whole = all(float(code).is_integer() for code in codelist.codes)
            kind = "integer" if whole else decimal
        self._items(
            self.add(metadata, "CodeList", OID=oid, Name=codelist.id, DataType=kind),
            codelist.codes,
        )

    def _items(self, parent: Element, codes: Mapping[str, Texts]) -> None:
        for number, (code, texts) in enumerate(codes.items(), start=1):
            item = self.add(parent, "CodeListItem", CodedValue=code, OrderNumber=number)
            self.texts(item, "Decode", texts)

    def conditions(self) -> Iterator[tuple[Item, str, dict[str, str]]]:
        """Yield items that are not always asked for, the rule for when not, and its words."""
        for form in self.made.forms:
            for item in captured(form):
                if item.shown_when is not None:
                    rule = item.shown_when.text
                    yield item, f"not ({rule})", self.words("shown_when", rule=rule)

    def data_type(self, item: Item) -> str:
        """Return the type of an item in the words of ODM."""
        if item.type == "scale":
            whole = all(float(code).is_integer() for code in self.made.codes_of(item))
            return "integer" if whole else "float"
        return _TYPES.get(item.type, "text")

    def length(self, item: Item) -> int | None:
        """Return how many characters the values of an item may have; of texts only."""
        if self.data_type(item) != "text":
            return None
        return max(map(len, self.made.codes_of(item)), default=LONGEST_TEXT)

    def units(self) -> list[str]:
        """Return the units of all items, each once."""
        items = [item for form in self.made.forms for item in captured(form)]
        return list(dict.fromkeys(item.unit for item in items if item.unit))


def limit_text(limit: Limit, item: Item, comparator: str) -> str:
    """Return a limit; of a moment, the whole of the last day is within."""
    if isinstance(limit, datetime.date):
        clock = "T23:59:59" if comparator == "LE" else "T00:00:00"
        return limit.isoformat() + (clock if item.type == "datetime" else "")
    return plain_number(limit or 0.0)


def _first_read(reads: Sequence[tuple[str, str]], form: Form) -> tuple[str, str] | None:
    """Return the first item of a form that a rule reads, else the first of the form."""
    own = {item.field for item in captured(form)}
    of_form = [read for read in reads if read[0] == form.id and read[1] in own]
    return of_form[0] if of_form else (form.id, captured(form)[0].field)


def _safe(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return _NOT_XML.sub("", text)
