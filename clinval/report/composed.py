"""What has been composed of a report so far, for the pieces that close it.

An appendix that lists records, a crosswalk of a checklist and the page of gaps look at what stands
before them: what was printed, where it stands and what the study did not supply.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from clinval.report.blocks import Block, NotSupplied

__all__ = ["Composed", "Placed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A piece of the report: the section that it stands in, and whether it had anything to say.

    ``neutral`` holds the letters of the section in the neutral content model, a space between
    them, empty where it has none.
    """

    piece: str
    anchor: str
    title: str
    neutral: str
    supplied: bool


@dataclass(slots=True)
class Composed:
    """The blocks of a report in order, which piece stands where, and the checklists it answers."""

    blocks: list[Block] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    checklists: tuple[str, ...] = ()

    def add(self, blocks: list[Block], piece: str, anchor: str, title: str, neutral: str) -> None:
        """Append what a piece gave."""
        supplied = any(not isinstance(block, NotSupplied) for block in blocks)
        self.placed.append(
            Placed(piece=piece, anchor=anchor, title=title, neutral=neutral, supplied=supplied)
        )
        self.blocks += blocks

    def missing(self) -> list[NotSupplied]:
        """Return what the study did not supply, each once, in the order of the report."""
        found = {block.slot: block for block in self.blocks if isinstance(block, NotSupplied)}
        return list(found.values())
