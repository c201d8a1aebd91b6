"""What the name of a file says about people, and the name without it."""

from __future__ import annotations

import re

from clinval.capture.phi import kinds_in
from clinval.capture.phi_names import is_name

__all__ = ["kinds_in_name", "without_people"]

_MARKS = re.compile(r"([_\s.\-()（）+,，]+)")  # what words of a name stand between
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def kinds_in_name(stem: str) -> tuple[str, ...]:
    """Return what the name of a file holds, by kind.

    Examples
    --------
    >>> kinds_in_name("S01_return-2"), kinds_in_name("S01_WangFang")
    ((), ('name',))
    """
    words = _MARKS.sub(" ", stem)
    kinds = dict.fromkeys((*kinds_in(stem), *kinds_in(words), *kinds_in(_HUMP.sub(" ", words))))
    if any(is_name(word) for word in words.split()):
        kinds["name"] = None
    return tuple(kinds)


def without_people(name: str) -> str:
    """Return the name of a file with ``*`` for what may identify somebody.

    Examples
    --------
    >>> without_people("S01_王芳.xlsx"), without_people("S01.xlsx"), without_people("Wang Fang.csv")
    ('S01_*.xlsx', 'S01.xlsx', '*.csv')
    """
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    if not kinds_in_name(stem):
        return name
    words = _MARKS.split(stem)
    masked = "".join("*" if kinds_in_name(word) else word for word in words)
    return ("*" if kinds_in_name(masked) else masked) + dot + suffix
