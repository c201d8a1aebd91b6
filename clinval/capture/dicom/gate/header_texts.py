"""Texts of headers: what anonymisers leave behind, and what identifies somebody."""

from __future__ import annotations

import re

from clinval.capture.phi_found import Look

__all__ = ["is_dummy", "kinds_of"]

_WORD = (
    r"(?:de-?|un-?)?identified|anon(?:ym(?:ous|i[sz]ed|e|i)?)?|pseudonym(?:ous|i[sz]ed)?|removed"
    r"|deleted|redacted|masked|cleaned|cleared|hidden|blank|empty|dummy|none|not|available|given"
    r"|unknown|unspecified|no|name|id|number|value|data|test|phantom|patient|subject|person|birth"
    r"|date|n/?a|null|nil|x+|0+|匿名|已?删除|已?脱敏|未知|无"
)
_DUMMY = re.compile(
    rf"(?:(?:{_WORD})(?![^\W_])[\W_]*)+"
    r"|(?:0001|1900|1901|1970)(?:0101(?:0*(?:\.0*)?(?:\+0000)?)?|-01-01)"
    r"|0*(?:\.0+)?(?:\+0000)?",
    re.IGNORECASE,
)

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
_look = Look(None)


def is_dummy(text: str) -> bool:
    """Return whether a text is what anonymisers leave in the place of a name, a number or a date.

    Examples
    --------
    >>> is_dummy("Anonymized^Patient"), is_dummy("19000101"), is_dummy("Wang^Fang")
    (True, True, False)
    """
    return _DUMMY.fullmatch(text) is not None


def kinds_of(text: str) -> tuple[str, ...]:
    """Return what a text holds that may identify somebody, by kind.

    Examples
    --------
    >>> kinds_of("MR knee left"), kinds_of("call 13800138000")
    ((), ('phone',))
    >>> kinds_of("Thorax^Routine"), kinds_of("Mueller^Hans")
    ((), ('name',))
    """
    if "^" in text:
        first = text.partition("^")[0].strip()
        if not _LIKE_NAME.fullmatch(text.strip(" ^")) or _REGION.fullmatch(first):
            text = text.replace("^", ", ")
    return tuple(kind for kind in _look(text) if kind != "heading")
