"""What in the header of a DICOM file may identify somebody, element by element.

The one set of rules, for files of a folder (`gate`) and for files that are returned
(`clinval.capture.phi_dicom`). An attribute that names somebody has to be empty or hold a dummy;
a text is looked at like any text that comes from a site; what a study works with (times, device,
institution, identifiers that are hashed) may be there, but no name in it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from clinval.capture.dicom.gate.confidentiality import rows
from clinval.capture.dicom.gate.header_texts import is_dummy, kinds_of
from clinval.capture.dicom.headers.header import Element

__all__ = ["Identifying", "Reason", "identifying"]

Reason = Literal[
    "identifying_attribute", "identifying_text", "private_text", "age_over_89", "burned_in",
    "recognizable_face", "hidden_content",
]  # fmt: skip


class Identifying(NamedTuple):
    """One thing that was found: why it counts, the attribute it is in, and its kind.

    Kinds are those of `clinval.capture.phi_found.Found`.
    """

    reason: Reason
    attribute: str
    kind: str


_How = Literal[
    "skip", "empty", "content", "age", "burned_in", "recognizable_face", "plain", "text",
    "private", "institution", "device", "concept", "answer",
]  # fmt: skip
_BY_NAME: dict[str, _How] = {
    "PatientAge": "age",
    "BurnedInAnnotation": "burned_in",
    "RecognizableVisualFeatures": "recognizable_face",
    # an item of a structured report: what it is about, and what it says
    "ConceptNameCodeSequence.CodeValue": "concept",
    "TextValue": "answer", "Date": "answer", "DateTime": "answer",
}  # fmt: skip
_SAYS_YES: dict[str, Reason] = {
    "burned_in": "burned_in",
    "recognizable_face": "recognizable_face",
}
_TEXTS = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
_NAMING = _TEXTS - {"AE", "CS"}
_PLAIN = frozenset(("AS", "DA", "DS", "DT", "IS", "TM", "UI"))
_ODD = re.compile(r"[^\W\d_]{2}|[^\x00-\x7f]")  # letters have no business in those
_SMALL = re.compile(r"[0-9]{1,3}")  # as many patients have it as there are
_PRIVATE = re.compile(r"[0-9A-F]{3}[13579BDF],[0-9A-F]{4}")
# in a sequence that names somebody: what only says how to read its codes, or what device it was
_OF_NOBODY = re.compile(
    r"(?:CodingScheme|ContextGroup|MappingResource|Manufacturer)\w*|ContextIdentifier"
)
_NAMING_CONCEPTS = frozenset((
    "121008", "121009",  # person observer: name, organization
    "121020", "121021", "121022",  # number of the placer, of the filler; accession number
    "121029", "121030", "121031",  # subject: name, identifier, date of birth
))  # fmt: skip
"""Concepts of DICOM's own terminology (DCM, PS3.16) whose value is of a person."""

# kinds that a text may hold because of what it is
_ALLOWED = {
    "institution": frozenset(("address", "phone", "account", "email")),
    "device": frozenset(("address", "phone", "account", "record_number", "identity_number")),
}


def identifying(elements: Iterable[Element], knows: Callable[[str], bool]) -> Iterator[Identifying]:
    """Yield what may identify somebody.

    Parameters
    ----------
    elements
        Of the header, in order; pixels are not needed.
    knows
        Says whether a text is a code of the study, which may stand where a name or number stood.
    """
    about: dict[str, str] = {}  # the concept of the item of a report that is being read
    for path, vr, given in elements:
        if not given:
            continue
        how = _how(path, vr)
        if how == "skip" or (how == "plain" and not _ODD.search("".join(given))):
            continue
        if how == "concept":
            about[_item(path, 2)] = given[0]
        if how == "answer":
            asked = about.get(_item(path, 1), "")
            how = "empty" if asked in _NAMING_CONCEPTS else "text" if vr in _TEXTS else "plain"
        if how == "empty":
            if any(not (knows(text) or _is_count(path, text)) for text in _said(vr, given)):
                yield Identifying("identifying_attribute", _leaf(path), "header")
        elif len("".join(given)) < _REMEMBERED:
            yield from _remembered(path, how, given)
        else:
            yield from _judged(path, how, given)


def _said(vr: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return what of an attribute that should be empty is no dummy.

    Content that is no text is an empty text here: nobody can say that it is a dummy.
    """
    if vr not in _TEXTS and vr not in _PLAIN:
        return values
    bare = (text.strip(" ^=\0") for text in values)
    return tuple(text for text in bare if not is_dummy(text))


def _is_count(path: str, text: str) -> bool:
    """Return whether it is the number under which scanners count examinations, one of a few."""
    return _leaf(path) == "StudyID" and _SMALL.fullmatch(text) is not None


def _judged(path: str, how: _How, values: tuple[str, ...]) -> tuple[Identifying, ...]:
    """Return what the values of one element hold."""
    attribute = _leaf(path)
    if how == "content":
        return (Identifying("hidden_content", attribute, "picture"),)
    found = []
    if how == "age" and any(_is_old(text) for text in values):
        found.append(Identifying("age_over_89", attribute, "age"))
    if how in _SAYS_YES and any(text.strip().upper() == "YES" for text in values):
        found.append(Identifying(_SAYS_YES[how], attribute, "picture"))
    allowed = _ALLOWED.get(how, frozenset())
    reason: Reason = "private_text" if how == "private" else "identifying_text"
    for text in values:
        if how != "age" or _ODD.search(text):
            kinds = (kind for kind in kinds_of(text) if kind not in allowed)
            found += (Identifying(reason, attribute, kind) for kind in kinds)
    return tuple(found)


# most of what one image says, its series says; what is long would fill the memory
_REMEMBERED = 256
_remembered = functools.lru_cache(maxsize=1 << 14)(_judged)


@functools.lru_cache(maxsize=1 << 14)
def _how(path: str, vr: str) -> _How:
    """Return how an element is looked at; headers of a study have the same few hundred."""
    *above, leaf = path.split(".")
    table = rows()
    row = table.get(leaf)
    named = _BY_NAME.get(leaf) or _BY_NAME.get(".".join((*above[-1:], leaf)))
    if named:
        return named
    of_person = any(name in table and table[name].handled == "empty" for name in above)
    if of_person and vr in _NAMING and row is None and not _OF_NOBODY.fullmatch(leaf):
        return "empty"
    if row is not None and row.handled == "empty":
        return "skip" if vr == "SQ" else "empty"
    if row is not None and row.handled == "content":
        return "content"
    if vr == "PN":
        return "empty"
    if vr in _PLAIN:
        return "plain"
    if vr not in _TEXTS:
        return "skip"
    if row is not None and row.handled in ("institution", "device"):
        return row.handled
    return "private" if _PRIVATE.fullmatch(leaf) else "text"


def _leaf(path: str) -> str:
    return path.rpartition(".")[2]


def _item(path: str, steps: int) -> str:
    """Return the path of the item that an element is in, so many steps above it."""
    return path.rsplit(".", steps)[0] if path.count(".") >= steps else ""


def _is_old(age: str) -> bool:
    """Return whether an age in years is over 89, which counts as identifying by itself (HIPAA)."""
    bare = age.strip()
    return bare[-1:].upper() == "Y" and bare[:-1].isdecimal() and int(bare[:-1]) > 89
