"""The words of reports: catalogues by language, and sentences with numbers set into them."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinval.core.i18n import catalogue, pick
from clinval.core.resources import folder
from clinval.report.blocks import Number, Rich, Run, Strong

__all__ = ["Texts"]


@dataclass(frozen=True, slots=True)
class Texts:
    """The catalogue of one language."""

    language: str

    def __call__(self, key: str, **words: object) -> str:
        """Return a text with plain words set into it.

        Raises
        ------
        KeyError
            When the catalogue lacks the key: a slip in the program, caught by the tests.
        """
        template: str = self._catalogue()[key]
        return template.format(**words) if words else template

    def has(self, key: str) -> bool:
        """Whether there is a text of this key."""
        return key in self._catalogue()

    def rich(self, key: str, **parts: Rich | Number | Strong) -> Rich:
        """Return a text with numbers and strong words set into it, each keeping what it is."""
        found: list[Run] = []
        for literal, name, _, _ in string.Formatter().parse(self._catalogue()[key]):
            if literal:
                found.append(literal)
            if name:
                part = parts[name]
                found.extend(part if isinstance(part, tuple) else (part,))
        return tuple(found)

    def method(self, call: str) -> Mapping[str, str]:
        """Return name, variant and reference of a method, and its names in SAS and R if known."""
        methods: Mapping[str, Any] = catalogue(folder("reports") / "text" / "methods.yaml")
        entry = methods[call]
        words = entry.get(self.language) or entry["en"]
        source = entry["reference"]
        reference = source if isinstance(source, str) else pick(source, self.language)
        return {
            "name": words["name"],
            "variant": words["variant"],
            "reference": reference,
            "sas": entry.get("sas", ""),
            "r": entry.get("r", ""),
        }

    def reason(self, english: str) -> str:
        """Return why a number is undefined, by its English; unknown words stay as they are."""
        reasons: Mapping[str, Mapping[str, str]] = catalogue(
            folder("reports") / "text" / "reasons.yaml"
        )
        return reasons.get(english, {}).get(self.language, english)

    def _catalogue(self) -> Mapping[str, str]:
        texts: Mapping[str, str] = catalogue(folder("reports") / "text" / f"{self.language}.yaml")
        return texts
