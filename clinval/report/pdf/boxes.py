"""What a page is made of, and how boxes fill pages.

A box knows its height before anything is drawn. So the whole document is laid out first, every
page number is known, and each page is drawn once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clinval.report.pdf.surface import Surface

__all__ = ["Box", "Break", "Page", "paginate"]


class Box:
    """A laid out piece of content, as wide as the page allows.

    Attributes
    ----------
    height
        In points.
    before, after
        Space kept free; between two boxes the larger of the two counts, at a page's edge none.
    keep
        Whether the box stays on the page of the one that follows.
    """

    height: float = 0.0
    before: float = 0.0
    after: float = 0.0
    keep: bool = False

    @property
    def least(self) -> float:
        """The room without which the box cannot begin on a page."""
        return self.height

    def split(self, room: float) -> tuple[Box, Box] | None:
        """Return what fits into ``room`` and the rest, or nothing if the box must not be cut."""
        del room
        return None

    def anchors(self) -> Iterable[str]:
        """Return the anchors that the box defines."""
        return ()

    def records(self) -> Iterable[str]:
        """Return the records that the box prints or draws."""
        return ()

    def draw(self, surface: Surface, x: float, top: float) -> None:
        """Draw the box with its upper left corner at a point."""
        raise NotImplementedError


class Break(Box):
    """The end of a page."""


@dataclass(slots=True)
class Page:
    """The boxes of a page and how far below the margin each begins."""

    boxes: list[tuple[float, Box]] = field(default_factory=list)
    used: float = 0.0

    def gap(self, box: Box) -> float:
        """Return the space between what stands here and a box."""
        return max(self.boxes[-1][1].after, box.before) if self.boxes else 0.0

    def add(self, box: Box) -> None:
        """Put a box below the others."""
        top = self.used + self.gap(box)
        self.boxes.append((top, box))
        self.used = top + box.height


def paginate(boxes: Iterable[Box], height: float, begun: Sequence[Page] = ()) -> list[Page]:
    """Fill pages of a height with boxes, going on behind pages that have ``begun``."""
    pages = [*begun[:-1], replace(begun[-1], boxes=[*begun[-1].boxes])] if begun else [Page()]
    waiting = deque(boxes)
    while waiting:
        page = pages[-1]
        if isinstance(waiting[0], Break):
            waiting.popleft()
            if page.boxes:
                pages.append(Page())
            continue
        if page.boxes and _need(page, waiting) > height + 0.01:
            pages.append(Page())
            continue
        box = waiting.popleft()
        room = height - page.used - page.gap(box)
        parts = box.split(room) if box.height > room + 0.01 else None
        if parts:
            page.add(parts[0])
            waiting.appendleft(parts[1])
            pages.append(Page())
        elif box.height > room + 0.01 and page.boxes:
            waiting.appendleft(box)
            pages.append(Page())
        else:
            page.add(box)
    if len(pages) > 1 and not pages[-1].boxes:
        pages.pop()
    return pages


def _need(page: Page, waiting: deque[Box]) -> float:
    """Return how far down the page the next box reaches, with the start of what it belongs to."""
    used, after = page.used, page.boxes[-1][1].after
    for box in waiting:
        used += max(after, box.before)
        if not box.keep:
            return used + box.least
        used += box.height
        after = box.after
    return used
