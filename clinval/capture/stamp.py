"""What a workbook says it was made for, so that a return can be told from a stranger's file.

The stamp names the study, the protocol, the site and what every column means. A workbook made
for another version of the protocol is still read where its columns mean the same: filled work
is not thrown away because a site got ten more subjects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clinval import __version__
from clinval.capture.layout import columns_of
from clinval.core.files import canonical_json, sha256_of_json
from clinval.protocol.reading_plan import reads_of
from clinval.study.meaning import meaning_of

if TYPE_CHECKING:
    from clinval.protocol.forms import Form
    from clinval.protocol.model import Protocol

__all__ = ["FORMAT", "Stamp", "StampedForm", "stamp_of", "template_hash"]

FORMAT = 1
_PROPERTY = "clinval "

# The words go into messages and the store, so nothing else may come in with them.
_HASH = r"[0-9a-f]{0,64}"
_WORDS = {
    "study": r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}",
    "protocol_version": r"\d{1,9}(\.\d{1,9}){0,9}",
    "protocol_sha256": _HASH,
    "template": _HASH,
    "site": r"[A-Za-z][A-Za-z0-9_-]{0,39}",
    "clinval": r"[0-9A-Za-z.+-]{1,40}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StampedForm:
    """A form as it was when the template was made: its keys, and what each column means."""

    keys: tuple[str, ...]
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The stamp of a workbook."""

    study: str
    protocol_version: str
    protocol_sha256: str
    template: str
    site: str
    clinval: str
    format: int = FORMAT
    forms: Mapping[str, StampedForm] = field(default_factory=dict)

    @property
    def words(self) -> dict[str, str]:
        """The parts of the stamp that are plain words."""
        return {"format": str(self.format), **{name: getattr(self, name) for name in _WORDS}}

    @property
    def properties(self) -> dict[str, str]:
        """The plain words under the names that they have among the document's properties."""
        return {_PROPERTY + name: value for name, value in self.words.items()}

    def json(self) -> str:
        """Return the whole stamp as text."""
        forms = {
            name: {
                "keys": list(form.keys),
                "columns": [list(item) for item in form.columns.items()],
            }
            for name, form in self.forms.items()
        }
        return canonical_json({**self.words, "format": self.format, "forms": forms})

    @classmethod
    def of_json(cls, text: str) -> Stamp:
        """Return the stamp of a text.

        Raises
        ------
        ValueError
            When the text is not that of a stamp.
        """
        content = json.loads(text)
        if not isinstance(content, dict) or not isinstance(content.get("forms"), dict):
            raise ValueError("not a stamp")  # noqa: TRY004 - of the text, not of an argument
        forms = {str(name): _form_of(form) for name, form in content["forms"].items()}
        return cls(forms=forms, **_words_of(content))

    @classmethod
    def of_properties(cls, properties: Mapping[str, object]) -> Stamp:
        """Return the stamp of a document's properties; what columns mean is not among them.

        Raises
        ------
        ValueError
            When the properties are not those of a stamp.
        """
        words = {
            name.removeprefix(_PROPERTY): value
            for name, value in properties.items()
            if name.startswith(_PROPERTY)
        }
        return cls(**_words_of(words))


def _words_of(content: Mapping[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {name: content.get(name) for name in _WORDS}
    for name, word in words.items():
        if not isinstance(word, str) or not re.fullmatch(_WORDS[name], word, re.ASCII):
            raise ValueError("not a stamp")
    return {**words, "format": int(str(content.get("format")))}


def _form_of(content: Any) -> StampedForm:
    try:
        return StampedForm(
            keys=tuple(str(key) for key in content["keys"]),
            columns={str(name): str(meaning) for name, meaning in content["columns"]},
        )
    except (KeyError, TypeError) as error:
        raise ValueError("not a stamp") from error


def stamp_of(protocol: Protocol, site_id: str, protocol_sha256: str) -> Stamp:
    """Return the stamp of the template of a site."""
    return Stamp(
        study=protocol.study.id,
        protocol_version=protocol.study.version,
        protocol_sha256=protocol_sha256,
        template=template_hash(protocol, site_id),
        site=site_id,
        clinval=__version__,
        forms={form.id: _stamped(form) for form in protocol.asked_forms},
    )


def _stamped(form: Form) -> StampedForm:
    return StampedForm(
        keys=form.keys,
        columns={field.id: sha256_of_json(meaning_of(field))[:12] for field in columns_of(form)},
    )


def template_hash(protocol: Protocol, site_id: str) -> str:
    """Return the SHA-256 of what a site's template captures.

    It changes with the forms, their fields, codes, units and keys, with the arms, the readers, the
    site's subjects and which readers are to read them. It does not change with margins, endpoints,
    limits or texts: an amendment of the statistics makes no filled template old.
    """
    reads = reads_of(protocol, site_id) if protocol.reading_blocks else ()
    return sha256_of_json(
        {
            "format": FORMAT,
            "study": protocol.study.id,
            "site": site_id,
            "subjects": list(protocol.subjects_of(site_id)),
            "arms": [arm.id for arm in protocol.arms],
            "readers": [reader.id for reader in protocol.readers],
            **({"reads": [list(read) for read in reads]} if reads else {}),
            "forms": [
                {
                    "id": form.id,
                    "keys": list(form.keys),
                    "fields": [[field.id, meaning_of(field)] for field in columns_of(form)],
                }
                for form in protocol.asked_forms
            ],
        }
    )
