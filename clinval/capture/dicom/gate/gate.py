"""The gate: which files a study may use, because nothing in them tells whose they are.

What is found is told by reason and attribute; a value is never shown and never kept. The gate
lessens what a site has to see to itself and replaces nothing: it looks at headers and names of
files, not at pixels.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from clinval.capture.dicom.gate.header_texts import kinds_of
from clinval.capture.dicom.gate.identifying import identifying
from clinval.capture.dicom.headers.header import Element, Header
from clinval.capture.phi_file_name import kinds_in_name
from clinval.protocol.dicom import BURNED_IN

__all__ = ["REFUSALS", "GatePolicy", "Refusal", "gate", "refusals"]

REFUSALS = (
    "identity_not_removed", "method_not_stated", "identifying_attribute", "identifying_text",
    "age_over_89", "private_attributes", "private_text", "burned_in", "burned_in_risk",
    "recognizable_face", "hidden_content", "name_in_path",
)  # fmt: skip
"""Why a file may not be used."""

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_LONGEST_SUFFIX = 5
_COUNTED = re.compile(  # what most files are called; no name, no number of a person
    r"(?:[A-Z]{0,2}|img|image|slice)[-_ ]?\d{1,10}", re.IGNORECASE
)
_NO_NAME = re.compile(r"\d+(?:\.\d+){4,}|newtom", re.IGNORECASE)  # identifiers; a maker
# Numbers are what names of image files are made of: only what says that it is a person's counts.
_IN_NAMES = frozenset(("name", "birth", "record_number", "identity_number", "email"))


class Refusal(NamedTuple):
    """Why a file may not be used, and where: an attribute, or the maker of private ones."""

    reason: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """What a study asks of the files that it uses.

    Attributes
    ----------
    subjects
        Codes of the study's subjects: they may stand where a name or number stood.
    pattern
        A regular expression that codes match as a whole; none if empty.
    private_creators
        Makers of private attributes that may be there.
    identity_removed
        Whether a file has to say that the identity has been removed, and how.
    burned_in
        Modalities whose images have to say that nothing is burned in.
    """

    subjects: frozenset[str] = frozenset()
    pattern: str = ""
    private_creators: tuple[str, ...] = ()
    identity_removed: bool = True
    burned_in: tuple[str, ...] = BURNED_IN

    def knows(self, text: str) -> bool:
        """Return whether a text is the code of a subject.

        Examples
        --------
        >>> GatePolicy(subjects=frozenset(["S01-001"])).knows("S01-001")
        True
        """
        return text in self.subjects or bool(
            self.pattern and re.fullmatch(self.pattern, text) is not None
        )


def gate(
    elements: Iterable[Element], header: Header, name: str, policy: GatePolicy
) -> tuple[str, ...]:
    """Return why a file may not be used, by `REFUSALS`; nothing for one that may.

    Parameters
    ----------
    elements, header
        What `clinval.capture.dicom.headers.reading` gives.
    name
        Its path inside the folder, as a `Source` has it.
    policy
        What the study asks.
    """
    found = {refusal.reason for refusal in refusals(elements, header, name, policy)}
    return tuple(reason for reason in REFUSALS if reason in found)


def refusals(
    elements: Iterable[Element], header: Header, name: str, policy: GatePolicy
) -> tuple[Refusal, ...]:
    """Return why a file may not be used and where that lies, each once; see `gate`."""
    strangers: dict[str, None] = {}
    seen = _noting(elements, policy.private_creators, strangers)
    found = [
        *_of_status(header, policy),
        *(Refusal(one.reason, one.attribute) for one in identifying(seen, policy.knows)),
        *(Refusal("private_attributes", maker) for maker in strangers),
        *(Refusal("name_in_path") for part in name.split("/") if _names(part, policy)),
    ]
    return tuple(dict.fromkeys(found))


def _of_status(header: Header, policy: GatePolicy) -> Iterator[Refusal]:
    """Yield what a header fails to say of being de-identified."""
    if policy.identity_removed:
        if header.text("PatientIdentityRemoved").strip().upper() != "YES":
            yield Refusal("identity_not_removed", "PatientIdentityRemoved")
        elif not any(header.texts("DeidentificationMethod")) and not any(
            header.texts("DeidentificationMethodCodeSequence.CodeValue")
        ):
            yield Refusal("method_not_stated", "DeidentificationMethod")
    if header.text("BurnedInAnnotation").strip().upper() not in ("YES", "NO") and (
        _may_be_burned_in(header, policy.burned_in)
    ):
        yield Refusal("burned_in_risk", "BurnedInAnnotation")


def _may_be_burned_in(header: Header, modalities: tuple[str, ...]) -> bool:
    uid = header.text("SOPClassUID")
    captured = uid == _SECONDARY_CAPTURE or uid.startswith(_SECONDARY_CAPTURE + ".")
    captured = captured or "SCREEN SAVE" in header.texts("ImageType")
    return header.text("Modality") in modalities or (captured and "SC" in modalities)


def _noting(
    elements: Iterable[Element], allowed: tuple[str, ...], strangers: dict[str, None]
) -> Iterator[Element]:
    """Pass elements on, and note the makers of private ones that may not be there.

    A block of private elements has the name of its maker in front of it, at the top and in each
    item of a sequence by itself.
    """
    makers: dict[str, str] = {}
    for element in elements:
        block = _block(element.path)
        if block.endswith("*"):
            makers[block[:-1]] = element.values[0] if element.values else ""
        elif block and element.values:
            maker = makers.get(block, "").strip()
            if maker not in allowed or not maker:
                strangers[_shown(maker) or block[-6:-2]] = None
        yield element


@functools.lru_cache(maxsize=1 << 14)
def _block(path: str) -> str:
    """Return the block of private elements that one is in, with ``*`` if it names the maker.

    Examples
    --------
    >>> _block("0029,1008"), _block("0029,0010"), _block("PatientName")
    ('002910', '002910*', '')
    """
    above, group, number = path[:-9], path[-9:-5], path[-4:]
    if path[-5:-4] != "," or int(group, 16) % 2 == 0:
        return ""
    if number < "0100":
        return f"{above}{group}{number[2:]}*"
    return f"{above}{group}{number[:2]}"


@functools.lru_cache(maxsize=1 << 10)
def _shown(maker: str) -> str:
    """Return the maker of private attributes unless something else stands in its place."""
    return maker if maker.isprintable() and not kinds_of(maker) else ""


def _names(part: str, policy: GatePolicy) -> bool:
    """Return whether a part of the name of a file tells who it is of."""
    return _says_who(part) and not policy.knows(part.partition(".")[0])


@functools.lru_cache(maxsize=1 << 12)
def _says_who(part: str) -> bool:
    stem, dot, suffix = part.rpartition(".")
    if _COUNTED.fullmatch(stem or part):
        return False
    clean = _NO_NAME.sub(" ", stem if dot and len(suffix) <= _LONGEST_SUFFIX else part)
    return not _IN_NAMES.isdisjoint(kinds_in_name(clean))
