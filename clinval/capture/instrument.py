"""What a study captures, as plain data: forms, items, limits, code lists and rules.

Every other format of capture (REDCap, XLSForm, ODM, paper) is written from an `Instrument` and from
nothing else, so that none of them knows more or less of the protocol than another.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from clinval.capture.layout import SITE_ID, columns_of, is_planned
from clinval.core.expressions import parse
from clinval.protocol.form_library import library_codelists
from clinval.protocol.forms import MISSING_CODES, form_files

if TYPE_CHECKING:
    from clinval.protocol.base import Text
    from clinval.protocol.forms import Codelist, Field, Form as ProtocolForm
    from clinval.protocol.model import Protocol

__all__ = [
    "Catalogues",
    "Check",
    "CodeList",
    "Form",
    "Instrument",
    "Item",
    "Limit",
    "Rule",
    "Texts",
    "instrument",
]

Texts = Mapping[str, str]
"""A text by language, in every language of the instrument; empty where there is none."""

Limit = float | datetime.date | None

Catalogues = Mapping[str, Mapping[str, str]]
"""Translations by language: English text -> text. English and Chinese stand in the protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule in the language of `clinval.core.expressions`, and the items it reads.

    ``reads`` are pairs of form and field; the field is empty where rows of the form are counted.
    """

    text: str
    reads: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """A list to choose from; on a ``numeric`` one the codes are the points of a scale."""

    id: str
    codes: Mapping[str, Texts]
    numeric: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A field of a form.

    ``minimum`` and ``maximum`` are hard: a value outside is not accepted. The expected ones are
    soft: a value outside is accepted and asked about. Both ends are within. A ``required`` item has
    to be answered wherever its rule ``shown_when`` is true; a missing code is an answer, except in
    a ``key``. ``decimals`` is 0 where only whole numbers go.
    """

    form: str
    field: str
    type: Literal[
        "site", "subject", "arm", "reader",
        "text", "integer", "number", "date", "datetime", "time", "choice", "scale",
    ]  # fmt: skip
    label: Texts
    help: Texts
    unit: str
    codelist: str
    minimum: Limit
    maximum: Limit
    expected_minimum: Limit
    expected_maximum: Limit
    decimals: int | None
    pattern: str
    required: bool
    key: bool
    shown_when: Rule | None

    @property
    def oid(self) -> str:
        """The identifier of the item in the study: ``F05.scan_time_s``."""
        return f"{self.form}.{self.field}"

    @property
    def variable(self) -> str:
        """The name of the item where names are of one project: ``f05_scan_time_s``."""
        return f"{self.form.lower()}_{self.field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An edit check: where the rule is true, the row is asked about."""

    id: str
    severity: Literal["critical", "major", "minor"]
    fires_when: Rule
    message: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form; it ``repeats`` where a record, which is a subject or a site, has several rows.

    ``slug`` is its name for programs, the same in every language and study: ``f05_acquisition``.
    """

    id: str
    slug: str
    name: Texts
    purpose: Texts
    keys: tuple[str, ...]
    record: Literal["subject", "site"]
    planned: bool
    optional: bool
    items: tuple[Item, ...]
    checks: tuple[Check, ...]

    @property
    def repeats(self) -> bool:
        """Whether a record has more than one row of the form."""
        of_record = {"site": {SITE_ID}, "subject": {SITE_ID, *self.subject_keys}}
        return bool(set(self.keys) - of_record[self.record])

    @property
    def subject_keys(self) -> tuple[str, ...]:
        """The keys that are identifiers of subjects."""
        return tuple(item.field for item in self.items if item.key and item.type == "subject")

    def item(self, name: str) -> Item | None:
        """Return an item by the name of its field."""
        return next((item for item in self.items if item.field == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """All that a study captures, at one site or (``site`` is empty) at all of its sites.

    ``missing`` are the codes for a value that is not there, which go with every item but keys.
    """

    study: str
    title: Texts
    sponsor: str
    contact: str
    version: str
    date: datetime.date
    synthetic: bool
    protocol_sha256: str
    site: str
    languages: tuple[str, ...]
    sites: Mapping[str, Texts]
    subjects: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, Texts]
    codelists: Mapping[str, CodeList]
    forms: tuple[Form, ...]
    catalogues: Catalogues = field(default_factory=dict)
    untranslated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By language, the English texts that have no translation and stand as they are."""

    def form(self, form_id: str) -> Form:
        """Return a form by id."""
        return next(form for form in self.forms if form.id == form_id)

    def codes_of(self, item: Item) -> Mapping[str, Texts]:
        """Return what may be chosen in an item; empty for one that is typed freely."""
        return self.codelists[item.codelist].codes if item.codelist else {}


def instrument(
    protocol: Protocol,
    site: str | None = None,
    *,
    protocol_sha256: str,
    languages: Sequence[str] = ("en", "zh"),
    catalogues: Catalogues | None = None,
    sites: Sequence[str] = (),
) -> Instrument:
    """Return what a study captures.

    Parameters
    ----------
    protocol
        The study.
    site
        The site that it is for; all where none is named.
    protocol_sha256
        Hash of the protocol file.
    languages
        The languages of its texts, that of the reader first.
    catalogues
        Translations for languages other than English and Chinese. What they do not have stays
        English and is named in ``untranslated``.
    sites
        Where no site is named, the sites that it is for; all where there are none.
    """
    chosen = [site] if site else list(sites) or [other.id for other in protocol.sites]
    making = _Making(protocol, chosen, tuple(languages), catalogues or {})
    return making.instrument(site or "", protocol_sha256)


class _Making:
    """Makes one instrument."""

    def __init__(
        self,
        protocol: Protocol,
        sites: Sequence[str],
        languages: tuple[str, ...],
        catalogues: Catalogues,
    ) -> None:
        self._protocol = protocol
        self._sites = sites
        self._languages = languages
        self._catalogues = catalogues
        self._missing: dict[str, dict[str, None]] = {
            language: {} for language in languages if language not in ("en", "zh")
        }
        self._lists: dict[str, CodeList] = {}

    def instrument(self, site_id: str, protocol_sha256: str) -> Instrument:
        protocol, study = self._protocol, self._protocol.study
        sites = [protocol.site(site) for site in self._sites]
        for name, texts in (
            ("arms", {arm.id: arm.label for arm in protocol.arms}),
            ("readers", {reader.id: reader.label for reader in protocol.readers}),
            ("sites", {site.id: site.name for site in sites}),
        ):
            if texts:
                self._lists[name] = CodeList(id=name, codes=self._codes(texts))
        return Instrument(
            study=study.id,
            title=self._texts(study.title),
            sponsor=study.sponsor,
            contact=study.contact or "",
            version=study.version,
            date=study.date,
            synthetic=study.synthetic,
            protocol_sha256=protocol_sha256,
            site=site_id,
            languages=self._languages,
            sites={site.id: self._texts(site.name) for site in sites},
            subjects={site.id: protocol.subjects_of(site.id) for site in sites},
            missing=self._codes(MISSING_CODES),
            forms=tuple(self._form(form) for form in protocol.asked_forms),
            codelists=self._lists,
            catalogues=self._catalogues,
            untranslated={name: tuple(texts) for name, texts in self._missing.items() if texts},
        )

    def _form(self, form: ProtocolForm) -> Form:
        items = tuple(self._item(form, field) for field in columns_of(form))
        return Form(
            id=form.id,
            slug=form_files()[form.id].stem.lower(),
            name=self._texts(form.name),
            purpose=self._texts(form.purpose),
            keys=form.keys,
            record="subject" if any(i.key and i.type == "subject" for i in items) else "site",
            planned=is_planned(form),
            optional=form.optional,
            items=items,
            checks=tuple(
                Check(
                    id=check.id,
                    severity=check.severity,
                    fires_when=_rule(check.fires_when, form.id),
                    message=self._texts(check.message),
                )
                for check in form.checks
            ),
        )

    def _item(self, form: ProtocolForm, field: Field) -> Item:
        low, high = field.range or (None, None)
        expected_low, expected_high = field.expected or (None, None)
        return Item(
            form=form.id,
            field=field.id,
            type=field.type,
            label=self._texts(field.label),
            help=self._texts(field.help) if field.help else {},
            unit=field.unit or "",
            codelist=self._codelist(form, field),
            minimum=low,
            maximum=high,
            expected_minimum=expected_low,
            expected_maximum=expected_high,
            decimals=0 if field.type in ("integer", "scale") else None,
            pattern=field.pattern or "",
            required=field.required,
            key=field.id in (SITE_ID, *form.keys),
            shown_when=_rule(field.when, form.id) if field.when else None,
        )

    def _codelist(self, form: ProtocolForm, field: Field) -> str:
        """Return the name of the list of a field; the same list is there once."""
        if field.type in ("arm", "reader", "site"):
            return f"{field.type}s"
        if not field.codelist:
            return ""
        codes, numeric = self._codes(field.codelist), field.type == "scale"
        for name, known in self._lists.items():
            # the order of codes is that in which they are read, so it belongs to the list
            same = list(known.codes.items()) == list(codes.items()) and known.numeric == numeric
            if same and name not in ("arms", "readers", "sites"):
                return name
        name = self._name_of(field.codelist)
        if not name or name in self._lists:
            name = f"{form.id}_{field.id}"
        self._lists[name] = CodeList(id=name, codes=codes, numeric=numeric)
        return name

    def _name_of(self, codes: Codelist) -> str:
        """Return the name that a list has in the protocol or the form library, if it has one."""
        named = {**library_codelists(), **self._protocol.codelists}
        return next((name for name, known in named.items() if known == codes), "")

    def _codes(self, codes: Mapping[str, Text]) -> dict[str, Texts]:
        return {code: self._texts(label) for code, label in codes.items()}

    def _texts(self, text: Text) -> Texts:
        return {language: self._text(text, language) for language in self._languages}

    def _text(self, text: Text, language: str) -> str:
        if language in ("en", "zh"):
            return text.in_(language)
        translated = self._catalogues.get(language, {}).get(text.en)
        if not translated:
            self._missing[language][text.en] = None
        return translated or text.en


@functools.cache
def _rule(text: str, home: str) -> Rule:
    return Rule(text=text, reads=tuple((form or home, name) for form, name in parse(text).names))
