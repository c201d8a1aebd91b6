"""Blind codes: what stands on reading lists and in reading forms instead of an arm.

Codes follow from the seed of the protocol and a random salt, so that the same key gives the same
codes, also for reads that are planned later; without the salt nobody can work them out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.core.files import canonical_json
from clinval.protocol.reading_plan import Read, reads_of

if TYPE_CHECKING:
    from clinval.capture.reading.columns import Column
    from clinval.capture.writing.filling import Row
    from clinval.protocol.forms import Form
    from clinval.protocol.model import Protocol

__all__ = [
    "SALT_BYTES",
    "BlindKey",
    "in_code",
    "is_reading_form",
    "make_key",
    "out_of_code",
    "shown_key",
]

SALT_BYTES = 32
_LETTERS = "BCDFGHJKMNPQRTVWXY346789"  # none that is taken for another, and no words
_FORMAT = 1
_JOINED = " | "  # between the parts of a key
_UNKNOWN = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindKey:
    """What the codes of a study stand for.

    Attributes
    ----------
    study
        Id of the study.
    salt
        Random bytes in hexadecimal.
    arms
        Code of each arm.
    reads
        Subject, arm and reader of each code.
    """

    study: str
    salt: str
    arms: Mapping[str, str]
    reads: Mapping[str, Read]

    def text(self) -> str:
        """Return the key as it is kept: canonical JSON."""
        reads = {code: list(read) for code, read in self.reads.items()}
        content = {"format": _FORMAT, "study": self.study, "salt": self.salt}
        return canonical_json({**content, "arms": dict(self.arms), "reads": reads}) + "\n"

    @classmethod
    def of_text(cls, text: str) -> BlindKey:
        """Return the key of a text.

        Raises
        ------
        ValueError
            When the text is not that of a key.
        """
        content: Any = json.loads(text)
        try:
            if content["format"] != _FORMAT:
                raise ValueError("format")
            reads = {str(code): Read(*map(str, read)) for code, read in content["reads"].items()}
            arms = {str(arm): str(code) for arm, code in content["arms"].items()}
            return cls(study=content["study"], salt=content["salt"], arms=arms, reads=reads)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError("not a key") from error


def make_key(protocol: Protocol, salt: str) -> BlindKey:
    """Return the key of a study: a code for each arm and for each planned read.

    Parameters
    ----------
    protocol
        The study; its seed goes into the codes.
    salt
        Random bytes in hexadecimal.
    """
    codes = _Codes(protocol.seed, salt)
    arms = {arm.id: codes.of("arm", arm.id, length=3) for arm in protocol.arms}
    planned = sorted(
        read for site in protocol.sites for read in reads_of(protocol, site.id)
    )  # in an order of their own: a later protocol must not change what comes first
    reads = {codes.of("read", *read, length=7): read for read in planned}
    return BlindKey(
        study=protocol.study.id, salt=salt, arms=arms, reads=dict(sorted(reads.items()))
    )


class _Codes:
    """Makes codes, none twice."""

    def __init__(self, seed: int, salt: str) -> None:
        self._seed = seed
        self._salt = bytes.fromhex(salt)
        self._given: set[str] = set()

    def of(self, *parts: str, length: int) -> str:
        attempt = 0
        while True:
            text = canonical_json([self._seed, *parts, attempt])
            number = int.from_bytes(hmac.digest(self._salt, text.encode(), hashlib.sha256))
            code = ""
            for _ in range(length):
                number, letter = divmod(number, len(_LETTERS))
                code += _LETTERS[letter]
            if code not in self._given:
                self._given.add(code)
                return code
            attempt += 1


def is_reading_form(form: Form) -> bool:
    """Return whether a row of a form is a read: its keys name subject, arm and reader."""
    types = {field.type for field in form.fields if field.id in form.keys}
    return set(Read._fields) <= types


def in_code(protocol: Protocol, form: Form, rows: list[Row]) -> list[Row]:
    """Return the rows of a form with codes for arms, in the order of the codes.

    The order of the protocol would tell the arms. Rows of a form that is none of reads, and of a
    study without codes, stay as they are.
    """
    if not protocol.read_codes or not is_reading_form(form):
        return rows
    codes = {Read(*read): code for code, read in protocol.read_codes.items()}
    keys = _key_fields(form)
    coded, rest = [], []
    for row in rows:
        given: Any = row.keys or row.content
        code = codes.get(Read(*(str(given.get(keys[part])) for part in Read._fields)))
        if code is None:
            rest.append(row)
            continue
        side = "keys" if row.keys else "content"
        setattr(row, side, {**given, keys["arm"]: code})
        coded.append((code, row))
    return [row for _, row in sorted(coded, key=lambda item: item[0])] + rest


def out_of_code(protocol: Protocol, form: Form, columns: Mapping[str, Column]) -> None:
    """Put arms where a site returned codes; a code of another read is not accepted.

    An arm by its own name is taken, and asked about: whoever wrote it knew it.
    """
    import numpy as np

    from clinval.capture.reading.columns import Issue

    if not protocol.read_codes or not is_reading_form(form):
        return
    keys = _key_fields(form)
    arm = columns[keys["arm"]]
    others = {part: columns[keys[part]].data for part in Read._fields if part != "arm"}
    foreign, named = [], []
    for row in np.flatnonzero(arm.present).tolist():
        read = protocol.read_codes.get(arm.data[row])
        if read is None:
            named.append(row)
        elif any(own[row] != getattr(Read(*read), part) for part, own in others.items()):
            foreign.append(row)
        else:
            arm.data[row] = Read(*read).arm
    for kind, rows in (("read-code-of-other-row", foreign), ("arm-not-blind", named)):
        if rows:
            arm.issues.append(Issue(kind=kind, rows=np.array(rows, dtype=np.intp)))
    if foreign:
        arm.reject(np.array(foreign, dtype=np.intp))


def shown_key(protocol: Protocol, form_id: str, key: str) -> str:
    """Return the key of a row as those may see it who must not know arms: with its code.

    Parameters
    ----------
    protocol
        The study.
    form_id
        The form of the row.
    key
        The values of its key fields, joined as the store has them.
    """
    form = next((form for form in protocol.forms if form.id == form_id), None)
    if not protocol.read_codes or form is None or not is_reading_form(form):
        return key
    values = dict(zip(form.keys, key.split(_JOINED), strict=False))
    keys = _key_fields(form)
    read = tuple(values.get(keys[part], "") for part in Read._fields)
    code = next((code for code, own in protocol.read_codes.items() if tuple(own) == read), _UNKNOWN)
    return _JOINED.join(code if name == keys["arm"] else own for name, own in values.items())


def _key_fields(form: Form) -> dict[str, str]:
    """Return the key field that names each part of a read."""
    named = {field.type: field.id for field in form.fields if field.id in form.keys}
    return {part: named[part] for part in Read._fields}  # type: ignore[index]
