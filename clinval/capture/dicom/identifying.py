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

from clinval.capture.dicom.confidentiality import rows
from clinval.capture.dicom.header import Element
from clinval.capture.phi_found import Look

__all__ = ["Identifying", "Reason", "identifying", "is_dummy", "kinds_of"]

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
    "skip", "empty", "content", "age", "burned_in", "face", "plain", "text", "private",
    "institution", "device",
]  # fmt: skip
_FLAGS: dict[str, _How] = {
    "PatientAge": "age",
    "BurnedInAnnotation": "burned_in",
    "RecognizableVisualFeatures": "face",
}
_TEXTS = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
_NAMING = _TEXTS - {"AE", "CS"}
_PLAIN = frozenset(("AS", "DA", "DS", "DT", "IS", "TM", "UI"))
_ODD = re.compile(r"[^\W\d_eE]{2}|[^\x00-\x7f]")  # letters have no business in those
_PRIVATE = re.compile(r"[0-9A-F]{3}[13579BDF],[0-9A-F]{4}")
# in a sequence that names somebody: what only says how to read its codes
_OF_CODES = re.compile(r"CodingScheme\w*|ContextGroup\w*|MappingResource\w*|ContextIdentifier")

# kinds that a text may hold because of what it is
_ALLOWED = {
    "institution": frozenset(("address", "phone", "account", "email")),
    "device": frozenset(("address", "phone", "account", "record_number", "identity_number")),
}

_WORD = (
    r"(?:de-?|un-?)?identified|anon(?:ym(?:ous|i[sz]ed|e|i)?)?|pseudonym(?:ous|i[sz]ed)?|removed"
    r"|deleted|redacted|masked|cleaned|cleared|hidden|blank|empty|dummy|none|not|available|given"
    r"|unknown|unspecified|no|name|id|number|value|data|test|phantom|patient|subject|person|birth"
    r"|date|n/?a|null|nil|x+|0+|匿名|已?删除|已?脱敏|未知|无"
)
_DUMMY = re.compile(
    rf"(?:(?:{_WORD})(?![^\W_])[\W_]*)+"
    r"|(?:0001|1900|1901|1970)0101(?:0*(?:\.0*)?(?:\+0000)?)?|(?:0001|1900|1901|1970)-01-01"
    r"|0*(?:\.0+)?(?:\+0000)?",
    re.IGNORECASE,
)
_look = Look(None)

# Siemens writes the folder of a protocol before it as DICOM writes a family name: Thorax^Routine.
_LIKE_NAME = re.compile(r"[^\W\d_]{2,}(?:[-' ][^\W\d_]+)?(?:\^[^\W\d_]*(?:[-' .][^\W\d_]+)*)+")
_REGION = re.compile(
    r"head|neck|brain|skull|face|ears?|eyes?|orbits?|sinus(?:es)?|teeth|dental|thorax|chest|lungs?"
    r"|heart|cardiac|cardio(?:logy)?|breasts?|mammo|abdomen|liver|kidneys?|pelvis|prostate|spine"
    r"|[ctl]-?spine|shoulder|arm|elbow|wrist|hand|hip|legs?|knee|ankle|foot|feet"
    r"|(?:upper|lower)? ?(?:extremit(?:y|ies)|limbs?)|joints?|ortho|msk|bones?|vascular|angio"
    r"|vessels|neuro|body|whole ?body|pet|petct|spect|oncology|rt|rtp|respiratory|perfusion"
    r"|specials?|physics|service|qa|phantoms?|user|studies|study|research|clinical|routine|general"
    r"|library|exam|adult|child|pa?ediatrics?|trauma|emergency|interventions?|ct|mr|mri|test",
    re.IGNORECASE,
)


def identifying(elements: Iterable[Element], knows: Callable[[str], bool]) -> Iterator[Identifying]:
    """Yield what may identify somebody.

    Parameters
    ----------
    elements
        Of the header, in order; pixels are not needed.
    knows
        Says whether a text is a code of the study, which may stand where a name or number stood.
    """
    for path, vr, values in elements:
        if not values:
            continue
        how = _how(path, vr)
        if how == "skip":
            continue
        if how == "empty":
            if any(not is_dummy(text) and not knows(text) for text in map(_bare, values)) or (
                vr not in _TEXTS and vr not in _PLAIN and any(not text for text in values)
            ):
                yield Identifying("identifying_attribute", _leaf(path), "header")
        elif how in ("text", "private", "institution", "device", "plain"):
            yield from _in_texts(path, values, how)
        elif how == "age":
            if any(_is_old(text) for text in values):
                yield Identifying("age_over_89", _leaf(path), "age")
        elif how == "content":
            yield Identifying("hidden_content", _leaf(path), "picture")
        elif "YES" in (text.strip().upper() for text in values):
            flag: Reason = "burned_in" if how == "burned_in" else "recognizable_face"
            yield Identifying(flag, _leaf(path), "picture")


def _in_texts(path: str, values: tuple[str, ...], how: str) -> Iterator[Identifying]:
    allowed = _ALLOWED.get(how, frozenset())
    reason: Reason = "private_text" if how == "private" else "identifying_text"
    for text in values:
        if how == "plain" and not _ODD.search(text):
            continue
        for kind in kinds_of(text):
            if kind not in allowed:
                yield Identifying(reason, _leaf(path), kind)


@functools.lru_cache(maxsize=1 << 14)
def _how(path: str, vr: str) -> _How:
    """Return how an element is looked at; headers of a study have the same few hundred."""
    *above, leaf = path.split(".")
    table = rows()
    row = table.get(leaf)
    if leaf in _FLAGS:
        return _FLAGS[leaf]
    named = any(name in table and table[name].handled == "empty" for name in above)
    if named and vr in _NAMING and row is None and not _OF_CODES.fullmatch(leaf):
        return "empty"
    if row is not None and row.handled in ("empty", "content"):
        return "skip" if vr == "SQ" and row.handled == "empty" else row.handled
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


def _bare(text: str) -> str:
    return text.strip(" ^=\0")


@functools.lru_cache(maxsize=1 << 12)
def is_dummy(text: str) -> bool:
    """Return whether a text is what anonymisers leave in the place of a name, a number or a date.

    Examples
    --------
    >>> is_dummy("Anonymized^Patient"), is_dummy("19000101"), is_dummy("Wang^Fang")
    (True, True, False)
    """
    return _DUMMY.fullmatch(text) is not None


@functools.lru_cache(maxsize=1 << 16)  # the texts of a series are the same in all its images
def kinds_of(text: str) -> tuple[str, ...]:
    """Return what a text holds that may identify somebody, by kind.

    Examples
    --------
    >>> kinds_of("MR knee left"), kinds_of("call 13800138000")
    ((), ('phone',))
    """
    if "^" in text:
        first, _, _ = text.partition("^")
        if not _LIKE_NAME.fullmatch(text.strip(" ^")) or _REGION.fullmatch(first.strip()):
            text = text.replace("^", ", ")
    return tuple(kind for kind in _look(text) if kind != "heading")


def _is_old(age: str) -> bool:
    """Return whether an age in years is over 89, which PS3.15 counts as identifying by itself."""
    bare = age.strip()
    return bare[-1:].upper() == "Y" and bare[:-1].isdecimal() and int(bare[:-1]) > 89
