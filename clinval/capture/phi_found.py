"""What was found that may identify somebody: its kind, where, how often; never the thing itself."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.capture.phi import kinds_in
from clinval.capture.reading.reading import narrow

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol

__all__ = ["Found", "Look"]

# headings under which there is nothing but what identifies
_HEADINGS = re.compile(
    r"patient(?:'s)?[ _](?:name|initials)|(?:full|first|last|family|given)[ _]?name|surname"
    r"|d\.?o\.?b\.?|date[ _]of[ _]birth|birth[ _]?date"
    r"|(?:tele|mobile )?phone(?:[ _](?:no|number))?\.?"
    r"|(?:home )?address|e-?mail(?:[ _]address)?|mrn|ssn|passport(?:[ _](?:no|number))?"
    r"|(?:患者|病人)?姓名(?:拼音)?|出生日期|生日|(?:联系)?电话|手机(?:号码?)?|(?:家庭)?住址"
    r"|身份证号?码?|病历号|住院号|门诊号|医保号",
    re.IGNORECASE,
)
_SHORTEST = 2  # characters that can tell anything
_LONGEST = 4_000  # characters that are looked at together
_OVERLAP = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something found in a file.

    Attributes
    ----------
    kind
        A kind of `clinval.capture.phi`; or ``author`` (who wrote the file), ``heading`` (a column
        for what identifies), ``picture``, ``hidden_sheet``, ``header`` (of a DICOM file).
    place
        Where: ``file name``, ``sheet 3!K17``, ``line 4``, ``comment``, a tag.
    count
        How often.
    """

    kind: str
    place: str
    count: int = 1

    @classmethod
    def all_of(cls, kinds: Iterable[str], place: str) -> Iterator[Found]:
        """Yield one for each kind."""
        return (cls(kind=kind, place=place) for kind in kinds)


class Look:
    """Says what a text holds; what the protocol itself names is known and does not count."""

    def __init__(self, protocol: Protocol | None) -> None:
        self._known: tuple[str, ...] = ()
        if protocol is not None:
            study = protocol.study
            said = [study.sponsor, study.contact, study.registration, protocol.product.manufacturer]
            for site in protocol.sites:
                said += [site.name.en, site.name.zh, site.equipment, site.investigator]
            self._known = tuple(sorted({text for text in said if text}, key=len, reverse=True))

    def __call__(self, text: str) -> tuple[str, ...]:
        """Return the kinds of what a text holds; ``text`` may have entities of XML."""
        clean = narrow(html.unescape(text))[0].strip()
        if len(clean) < _SHORTEST:
            return ()
        if len(clean) > _LONGEST:  # no honest cell; looked at piece by piece
            pieces = range(0, len(clean), _LONGEST - _OVERLAP)
            found = [kind for at in pieces for kind in self(clean[at : at + _LONGEST])]
            return tuple(dict.fromkeys(found))
        if _HEADINGS.fullmatch(clean):
            return ("heading",)
        kinds = kinds_in(clean)
        return kinds_in(self.unknown(clean)) if kinds and self._known else kinds

    def unknown(self, text: str) -> str:
        """Return a text without what the protocol names."""
        clean = html.unescape(text)
        for known in self._known:
            clean = clean.replace(known, " ")
        return clean.strip()
