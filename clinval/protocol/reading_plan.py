"""Who reads what: sessions, their order, and blocks of readers with the subjects they read."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field as Setting

from clinval.protocol.base import Identifier, Section

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft
    from clinval.protocol.model import Protocol

__all__ = [
    "BlockSubjects",
    "Read",
    "ReadingBlock",
    "ReadingPlan",
    "lint_reading",
    "planned_among",
    "reads_of",
]

_CROSSED = ("crossed_readers", "split_plot")  # designs in which a reader of a case reads every arm

Names = Annotated[tuple[Identifier, ...], Setting(strict=False)]


class BlockSubjects(Section):
    """Which subjects a block reads: those of some sites, or every so many of each site's list."""

    sites: Names = Setting(default=(), description="all sites where none are named")
    every: Annotated[int, Setting(ge=1, le=1000)] = Setting(
        default=1, description="2: every second subject of each site's list, in its order"
    )
    offset: Annotated[int, Setting(ge=0, le=999)] = Setting(
        default=0, description="how many subjects stand before the first: 0 to every - 1"
    )

    def has(self, site: str, position: int) -> bool:
        """Whether the subject at a position of a site's list (from 0) is one of them."""
        return (not self.sites or site in self.sites) and position % self.every == self.offset


class ReadingBlock(Section):
    """Readers who read the same subjects, in the same arms."""

    id: Identifier
    readers: Annotated[tuple[Identifier, ...], Setting(strict=False, min_length=1)]
    subjects: BlockSubjects = BlockSubjects()
    arms: Names = Setting(default=(), description="all arms where none are named")


class ReadingPlan(Section):
    """How reads are planned. Days of washout between sessions stand under ``design``.

    With as many sessions as a block has arms, a reader meets a case once a session; with one
    session, all arms of a case are read in it.
    """

    sessions: Annotated[int, Setting(ge=1, le=20)] = 1
    order: Literal["balanced", "random", "reference_first"] = Setting(
        default="balanced",
        description="which arm of a case is read first. balanced: each arm equally often first, "
        "for every reader and site; random: drawn case by case; reference_first: the reference, "
        "as where the product is a second look",
    )
    show_arms: bool = Setting(
        default=True,
        description="whether reading lists name the arm of each read, as where the product is "
        "switched on or off; false where readers must not know it: a key has the arms",
    )
    blocks: Annotated[tuple[ReadingBlock, ...], Setting(strict=False)] = Setting(
        default=(), description="without blocks every reader reads every subject in every arm"
    )


class Read(NamedTuple):
    """A planned read; its parts are called as the types of the fields that name them."""

    subject: str
    arm: str
    reader: str


def reads_of(protocol: Protocol, site_id: str) -> list[Read]:
    """Return the planned reads of a site's subjects, by subject, then arm, then reader."""
    arms = [arm.id for arm in protocol.arms]
    readers = [reader.id for reader in protocol.readers]
    subjects = protocol.subjects_of(site_id)
    blocks = protocol.reading_blocks
    if not blocks:
        return [Read(*names) for names in itertools.product(subjects, arms, readers)]
    found = []
    for position, subject in enumerate(subjects):
        mine = [block for block in blocks if block.subjects.has(site_id, position)]
        planned = {
            (arm, reader)
            for block in mine
            for arm, reader in itertools.product(block.arms or arms, block.readers)
        }
        found += [
            Read(subject, arm, reader)
            for arm, reader in itertools.product(arms, readers)
            if (arm, reader) in planned
        ]
    return found


def planned_among(protocol: Protocol, site_id: str, parts: Sequence[str]) -> set[tuple[str, ...]]:
    """Return the planned reads of a site's subjects by some of their parts, such as the readers.

    ``parts`` are names of parts of a `Read`.
    """
    return {tuple(getattr(read, part) for part in parts) for read in reads_of(protocol, site_id)}


def lint_reading(draft: Draft, report: Callable[..., None]) -> None:
    """Report blocks that do not fit the readers, subjects, arms and design declared."""
    plan, design = draft.reading, draft.design
    if plan is None:
        if (
            design is not None
            and design.type == "split_plot"
            and not draft.source.content.get("reading")
        ):
            report("blocks-missing", ("design", "type"))
        return
    arms = draft.written_items("arms")
    if plan.sessions > max(len(arms), 1):
        path = ("reading", "sessions")
        report("sessions-beyond-arms", path, sessions=plan.sessions, arms=len(arms))
    if plan.sessions > 1 and design is not None and not design.washout_days:
        report("sessions-without-washout", ("reading", "sessions"), sessions=plan.sessions)
    sound = [_lint_block(plan, index, draft, report) for index in range(len(plan.blocks))]
    if sound and all(sound):
        _lint_together(plan, draft, report)
        _lint_design(plan, draft, report)


def _lint_block(plan: ReadingPlan, index: int, draft: Draft, report: Callable[..., None]) -> bool:
    """Report what is wrong with a block by itself; return whether its subjects can be told."""
    block, at = plan.blocks[index], ("reading", "blocks", index)
    if block.id in [other.id for other in plan.blocks[:index]]:
        report("id-twice", (*at, "id"), id=block.id, section="blocks")
    sound = True
    for kind, path, names in (
        ("reader", ("readers",), block.readers),
        ("arm", ("arms",), block.arms),
        ("site", ("subjects", "sites"), block.subjects.sites),
    ):
        known = draft.written_items(f"{kind}s")
        for position, name in enumerate(names):
            if name not in known:
                sound = False
                report(f"{kind}-unknown", (*at, *path, position), **{kind: name})
    every = block.subjects.every
    if block.subjects.offset >= every:
        sound = False
        report("block-empty", (*at, "subjects", "offset"), block=block.id, every=every)
    return sound


def _lint_together(plan: ReadingPlan, draft: Draft, report: Callable[..., None]) -> None:
    """Report who reads nothing, what nobody reads, and what a reader is to read twice."""
    here = ("reading", "blocks")
    busy = {reader for block in plan.blocks for reader in block.readers}
    idle = [reader for reader in draft.written_items("readers") if reader not in busy]
    if idle:
        report("readers-idle", here, readers=", ".join(idle))
    for site, position in _places(plan, draft):
        if not any(block.subjects.has(site, position) for block in plan.blocks):
            report("subject-unread", here, site=site, number=position + 1)
            break
    for one, other in itertools.combinations(range(len(plan.blocks)), 2):
        a, b = plan.blocks[one], plan.blocks[other]
        both = [reader for reader in b.readers if reader in a.readers]
        arms = not a.arms or not b.arms or bool(set(a.arms) & set(b.arms))
        if (
            both
            and arms
            and any(
                a.subjects.has(*place) and b.subjects.has(*place) for place in _places(plan, draft)
            )
        ):
            names = f"{a.id}, {b.id}"
            report("reads-planned-twice", (*here, other), reader=both[0], blocks=names)


def _lint_design(plan: ReadingPlan, draft: Draft, report: Callable[..., None]) -> None:
    """Report blocks that are not those of the design declared."""
    design = draft.design
    if design is None or design.type not in _CROSSED:
        return
    for index, block in enumerate(plan.blocks):
        absent = [a for a in draft.written_items("arms") if block.arms and a not in block.arms]
        if absent:
            path = ("reading", "blocks", index, "arms")
            report("block-without-arm", path, block=block.id, arm=absent[0], design=design.type)
    readers = set(draft.written_items("readers"))
    crossed = all(
        readers <= {r for b in plan.blocks if b.subjects.has(*place) for r in b.readers}
        for place in _places(plan, draft)
    )
    if crossed != (design.type == "crossed_readers"):
        report("blocks-crossed" if crossed else "blocks-not-crossed", ("design", "type"))


def _places(plan: ReadingPlan, draft: Draft) -> Iterator[tuple[str, int]]:
    """Yield sites and positions in their lists that show all that blocks do: a cycle of each."""
    cycle = math.lcm(*(block.subjects.every for block in plan.blocks))
    for _, site in draft.sites:
        planned = len(draft.subject_ids.get(site.id, ())) or site.planned_subjects
        yield from ((site.id, position) for position in range(min(cycle, planned)))
