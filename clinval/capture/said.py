"""What formats of capture say to people: texts in several languages, limits, the fixed words."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.capture.layout import limits_text, plain_number
from clinval.core.i18n import catalogue, pick

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from clinval.capture.instrument import Instrument, Item, Limit, Texts

__all__ = ["Words", "expected_of", "fixed_texts", "limit_text", "limits_of", "said"]

_WORDS = Path(__file__).parent / "formats.yaml"


def said(texts: Texts, between: str = " / ") -> str:
    """Return a text in all of its languages; once, where they are the same.

    Examples
    --------
    >>> said({"en": "Noise", "zh": "噪声"}), said({"en": "CT", "zh": "CT"})
    ('Noise / 噪声', 'CT')
    """
    return between.join(dict.fromkeys(texts.values()))


def limits_of(item: Item) -> str:
    """Return the hard limits of an item with its unit; empty where it has none."""
    return _with_unit(item.minimum, item.maximum, item)


def expected_of(item: Item) -> str:
    """Return the soft limits of an item with its unit; empty where it has none."""
    return _with_unit(item.expected_minimum, item.expected_maximum, item)


def _with_unit(low: Limit, high: Limit, item: Item) -> str:
    limits = limits_text((low, high))
    return f"{limits} {item.unit}" if limits and item.unit else limits


def limit_text(limit: float | datetime.date) -> str:
    """Return a limit as people and programs write it: ISO 8601, no needless digits."""
    return limit.isoformat() if isinstance(limit, datetime.date) else plain_number(limit)


def fixed_texts() -> list[str]:
    """Return the English of all fixed words, for those who translate them."""

    def english(part: Any) -> Iterator[str]:
        if isinstance(part, dict) and "en" in part:
            yield part["en"]
        else:
            for inner in part.values() if isinstance(part, dict) else part:
                yield from english(inner)

    return list(english(catalogue(_WORDS)))


class Words:
    """The fixed words of the formats, in the languages of an instrument."""

    def __init__(self, made: Instrument) -> None:
        self._languages, self._catalogues = made.languages, made.catalogues

    def __call__(self, name: str, **parameters: object) -> Texts:
        """Return a text of ``formats.yaml`` by its dotted name, its places filled."""
        texts: Any = catalogue(_WORDS)
        for step in name.split("."):
            texts = texts[int(step)] if step.isdecimal() else texts[step]
        return {
            language: self._in(texts, language).format(**parameters) for language in self._languages
        }

    def _in(self, texts: Mapping[str, str], language: str) -> str:
        translated = self._catalogues.get(language, {}).get(texts["en"])
        return translated or pick(texts, language)
