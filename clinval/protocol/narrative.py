"""What a study says in words and no analysis can compute: slots that the reports have places for.

The slots are data (``reports/narrative.yaml``): what belongs there, in which section of the neutral
content model it stands, and which audiences ask for it. A report says of each slot that is not
filled that it was not supplied.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Setting

from clinval.core.i18n import catalogue
from clinval.core.resources import folder
from clinval.protocol.base import Section, Text, Words

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["Slot", "lint_narrative", "slots"]


class _Both(Text):
    """Text in both languages."""

    zh: Words


class Slot(Section):
    """A place for words of the sponsor; ``neutral`` is its letter in the neutral content model."""

    title: _Both
    belongs: _Both
    neutral: Annotated[str, Setting(pattern=r"^[A-Z]\d?$")]
    audiences: Annotated[tuple[str, ...], Setting(strict=False, min_length=1)]


@functools.cache
def slots() -> Mapping[str, Slot]:
    """Return the slots by name, in the order of the neutral content model."""
    content = catalogue(folder("reports") / "narrative.yaml")
    return {name: Slot.model_validate(slot) for name, slot in content.items()}


def lint_narrative(draft: Draft, report: Callable[..., None]) -> None:
    """Report words that no report has a place for, and words that a Chinese report lacks."""
    chinese = sorted(r.audience for _, r in draft.reports if "zh" in r.languages)
    for name, text in draft.narrative.items():
        here = ("narrative", name)
        if name not in slots():
            close = get_close_matches(name, slots(), n=3) or list(slots())
            report("narrative-slot-unknown", here, slot=name, slots=", ".join(close))
        elif chinese and not text.zh:
            audiences = ", ".join(chinese)
            report("narrative-not-translated", here, slot=name, audiences=audiences)
