"""Names of attributes as tags: what is looked for in a header."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from clinval.capture.dicom.headers.dictionary import tag_of_keyword

__all__ = ["Step", "steps_of"]

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
    steps = []
    rest = name
    while rest:
        if private := _PRIVATE.fullmatch(rest):  # a creator may have dots in its name
            tag = int(private["group"] + "00" + private["element"], 16)
            steps.append(Step(tag, private["creator"]))
            break
        keyword, _, rest = rest.partition(".")
        found = tag_of_keyword(keyword)
        if found is None:
            raise ValueError(f"no attribute is called {keyword}")
        steps.append(Step(found))
    return tuple(steps)
