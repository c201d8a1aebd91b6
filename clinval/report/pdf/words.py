"""The few words that the writer itself prints."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LANGUAGES", "Words", "words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The writer's own words in one language."""

    table: str
    figure: str
    continued: str
    page: str
    comma: str
    up_to: str
    logo: str

    def number(self, kind: str, number: int, *, continued: bool = False) -> str:
        """Return ``Table 3`` or ``Table 3 (continued)``."""
        text = kind.format(number)
        return text + self.continued if continued else text


LANGUAGES = {"en": "en-US", "zh": "zh-CN"}  # as PDF names them

_WORDS = {
    "en": Words(
        table="Table {}",
        figure="Figure {}",
        continued=" (continued)",
        page="Page {} of {}",
        comma=", ",
        up_to="–",
        logo="Logo: {}",
    ),
    "zh": Words(
        table="表{}",
        figure="图{}",
        continued="（续）",
        page="第{}页 共{}页",
        comma="、",
        up_to="～",
        logo="标志：{}",
    ),
}


def words(language: str) -> Words:
    """Return the words of a language."""
    return _WORDS[language]
