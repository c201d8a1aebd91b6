"""What the sponsor says in words, by slot; a slot that is not filled says so."""

from __future__ import annotations

from clinval.protocol.narrative import slots
from clinval.report.blocks import Block, NotSupplied, Paragraph, Strong
from clinval.report.view import View

__all__ = ["fact", "narrative", "unfilled"]


def narrative(view: View, slot: str) -> list[Block]:
    """Return the words of a slot, its title first; what belongs there where it is not filled."""
    words = view.protocol.narrative.get(slot)
    if words is None:
        return [unfilled(view, slot)]
    title = Strong(view.texts("narrative.title", title=view.say(slots()[slot].title)))
    first, *others = [part for part in view.say(words).split("\n") if part.strip()]
    return [Paragraph(text=(title, first)), *(Paragraph(text=part) for part in others)]


def unfilled(view: View, slot: str) -> NotSupplied:
    """Return that a slot is not filled, and what belongs there."""
    declared = slots()[slot]
    text = view.texts.rich(
        "narrative.not_supplied",
        title=Strong(view.say(declared.title)),
        belongs=view.say(declared.belongs),
        slot=slot,
    )
    return NotSupplied(slot=f"narrative.{slot}", text=text)


def fact(view: View, slot: str) -> tuple[str, str]:
    """Return a slot as a fact of the cover: its title, and its words if it is filled."""
    words = view.protocol.narrative.get(slot)
    value = view.texts("not_supplied") if words is None else view.say(words)
    return view.say(slots()[slot].title), value
