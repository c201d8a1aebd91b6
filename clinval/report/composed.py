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
    unfilled: list[NotSupplied] = field(default_factory=list)
    """What the cover should say and the study does not."""

    def add(self, blocks: list[Block], piece: str, anchor: str, title: str, neutral: str) -> None:
        """Append what a piece gave."""
        supplied = any(not isinstance(block, NotSupplied) for block in blocks)
        self.placed.append(
            Placed(piece=piece, anchor=anchor, title=title, neutral=neutral, supplied=supplied)
        )
        self.blocks += blocks

    def anchor_of(self, *pieces: str) -> str:
        """Return the section in which the first of these pieces stands, empty where none does.

        A piece that had something to say goes before one that had not.
        """
        found = [placed for name in pieces for placed in self.placed if placed.piece == name]
        found.sort(key=lambda placed: not placed.supplied)
        return found[0].anchor if found else ""

    def missing(self) -> list[NotSupplied]:
        """Return what the study did not supply, each once, in the order of the report."""
        blocks = [*self.unfilled, *self.blocks]
        found = {block.slot: block for block in blocks if isinstance(block, NotSupplied)}
        return list(found.values())
