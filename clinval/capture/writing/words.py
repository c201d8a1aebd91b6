"""The words of a template in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clinval.capture.writing.spoken import say
from clinval.core.i18n import catalogue
from clinval.protocol.base import Text

__all__ = ["cut", "lines", "word", "words"]

_WORDS = Path(__file__).parent / "words.yaml"


def words(name: str) -> Any:
    """Return a part of the catalogue: ``steps``, ``facts.study``."""
    part: Any = catalogue(_WORDS)
    for step in name.split("."):
        part = part[step]
    return part


def word(name: str, **parameters: object) -> Text:
    """Return a text of the catalogue in the languages that are spoken, its places filled."""
    text = say(Text(**words(name)))
    return Text(
        en=text.en.format(**parameters), zh=text.zh.format(**parameters) if text.zh else None
    )


def cut(text: str, most: int) -> str:
    """Return a text of at most so many characters as Excel counts them, cut between words.

    Examples
    --------
    >>> cut("Sum of the acquisition times", 20)
    'Sum of the…'
    """
    if _length(text) <= most:
        return text
    while _length(text) > most - 1:
        text = text[:-1]
    head, space, _ = text.rpartition(" ")
    # a text without spaces, such as Chinese, may be cut anywhere
    kept = head if space and len(head) > len(text) // 2 else text
    return kept.rstrip(" ,;:.，；：。") + "…"


def lines(first: str, second: str, most: int) -> str:
    r"""Return two texts on two lines, each cut as far as the room for both demands.

    Examples
    --------
    >>> lines("Poor", "差", 255)
    'Poor\n差'
    """
    room = most - 1
    shorter = min(_length(first), _length(second), room // 2)
    longer = room - shorter
    parts = (cut(part, shorter if _length(part) <= shorter else longer) for part in (first, second))
    return "\n".join(dict.fromkeys(parts))


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
