"""Names of attributes as tags: what is looked for in a header."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

__all__ = ["Step", "name_of_tag", "steps_of"]

_PRIVATE = re.compile(r"(?P<group>[0-9A-Fa-f]{4}),xx(?P<element>[0-9A-Fa-f]{2}) (?P<creator>.+)")


@dataclass(frozen=True, slots=True)
class Step:
    """An attribute in a data set: a tag, or an element of the block of a private creator.

    ``tag`` of a private element has no block: its third byte is zero.
    """

    tag: int
    creator: str = ""


@functools.cache
def steps_of(name: str) -> tuple[Step, ...]:
    """Return the way to an attribute: the sequences it is in, then itself.

    Raises
    ------
    ValueError
        When a part of the name is no keyword of the standard.

    Examples
    --------
    >>> steps_of("UDISequence.UniqueDeviceIdentifier")
    (Step(tag=1576970, creator=''), Step(tag=1576969, creator=''))
    >>> steps_of("0019,xx5A GEMS_ACQU_01")
    (Step(tag=1638490, creator='GEMS_ACQU_01'),)
    """
    from pydicom.datadict import tag_for_keyword

    steps = []
    rest = name
    while rest:
        if private := _PRIVATE.fullmatch(rest):  # a creator may have dots in its name
            tag = int(private["group"] + "00" + private["element"], 16)
            steps.append(Step(tag, private["creator"]))
            break
        keyword, _, rest = rest.partition(".")
        found = tag_for_keyword(keyword)
        if found is None:
            raise ValueError(f"no attribute is called {keyword}")
        steps.append(Step(int(found)))
    return tuple(steps)


@functools.lru_cache(maxsize=1 << 14)
def name_of_tag(tag: int) -> str:
    """Return the keyword of a tag, or its numbers where it has none.

    Examples
    --------
    >>> name_of_tag(0x00100010), name_of_tag(0x60023000), name_of_tag(0x0019105A)
    ('PatientName', 'OverlayData', '0019,105A')
    """
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(tag) or f"{tag >> 16:04X},{tag & 0xFFFF:04X}"
