"""Looks at accumulating data that may decide endpoints early: the section ``interim``."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Setting

from clinval.protocol.base import Identifier, Section
from clinval.protocol.endpoint import only_estimated
from clinval.protocol.multiplicity import lint_level

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["Interim", "Look", "lint_interim", "too_close"]

Report = Callable[..., None]


class Look(Section):
    """A look at the data: when it is planned and, once it was taken, at how many subjects."""

    subjects: Annotated[int, Setting(ge=1)] = Setting(
        description="evaluable subjects at which it is planned"
    )
    analyzed: Annotated[int, Setting(ge=1)] | None = Setting(
        default=None,
        description="evaluable subjects that an earlier look had; without it, as planned",
    )

    @property
    def taken(self) -> int:
        """The subjects that the look had, as far as is known."""
        return self.subjects if self.analyzed is None else self.analyzed


class Interim(Section):
    """Which endpoints are decided sequentially, by which boundaries, at which looks."""

    endpoints: Annotated[tuple[Identifier, ...], Setting(strict=False, min_length=1)]
    boundary: Literal[
        "lan_demets_obrien_fleming", "lan_demets_pocock", "hwang_shih_decani",
        "obrien_fleming", "pocock",
    ]  # fmt: skip
    gamma: Annotated[float, Setting(ge=-500, le=500)] | None = Setting(
        default=None, description="of hwang_shih_decani: -4 spends late, 1 early"
    )
    alpha: Annotated[float, Setting(gt=0, lt=0.5)] = Setting(
        default=0.025, description="one-sided, of all looks together"
    )
    looks: Annotated[tuple[Look, ...], Setting(strict=False, min_length=1)]
    look: Annotated[int, Setting(ge=1)] | None = Setting(
        default=None,
        description="which look the data are; without it, the last one whose subjects are reached",
    )

    @property
    def spends(self) -> bool:
        """Whether a spending function adapts the boundaries to the subjects at hand."""
        return self.boundary not in ("obrien_fleming", "pocock")

    @property
    def subjects(self) -> int:
        """The planned subjects of the last look."""
        return self.looks[-1].subjects


def too_close(fewer: int, more: int) -> bool:
    """Whether two looks lie too close for boundaries to tell them apart: within a thousandth."""
    return 1000 * (more - fewer) <= more


def lint_interim(draft: Draft, report: Report) -> None:
    """Report looks that cannot be taken as declared."""
    plan = draft.interim
    if plan is None:
        return
    _boundary(plan, report)
    _looks(plan, report)
    _endpoints(plan, draft, report)
    _size(plan, draft, report)
    _procedure(plan, draft, report)


def _boundary(plan: Interim, report: Report) -> None:
    if plan.boundary == "hwang_shih_decani":
        if plan.gamma is None:
            report("key-missing", ("interim",), key="gamma")
    elif plan.gamma is not None:
        report("procedure-without-key", ("interim", "gamma"), procedure=plan.boundary, key="gamma")


def _looks(plan: Interim, report: Report) -> None:
    for position, (before, after) in enumerate(pairwise(plan.looks), start=1):
        here = ("interim", "looks", position)
        for key, earlier, later in (
            ("subjects", before.subjects, after.subjects),
            ("analyzed", before.taken, after.taken),
        ):
            if too_close(earlier, later):
                report("looks-not-increasing", (*here, key), look=position + 1, least=earlier + 1)
                break
    if plan.look is not None and plan.look > len(plan.looks):
        report(
            "value-out-of-limits",
            ("interim", "look"),
            value=plan.look,
            limit=f"<= {len(plan.looks)}",
        )


def _endpoints(plan: Interim, draft: Draft, report: Report) -> None:
    declared = {endpoint.id: (index, endpoint) for index, endpoint in draft.endpoints}
    written = draft.written_ids("endpoints")
    for position, name in enumerate(plan.endpoints):
        here = ("interim", "endpoints", position)
        if name not in written:
            report("endpoint-unknown", here, endpoint=name)
        if name not in declared:
            continue
        index, endpoint = declared[name]
        if only_estimated(endpoint):
            if endpoint.role != "primary":  # of a primary endpoint it is said where it stands
                report("nothing-decided", here, endpoint=name)
            continue
        lint_level(index, name, endpoint.level, plan.alpha, "interim", report)
        if not hasattr(endpoint, "hypothesis"):
            report("interim-needs-interval", here, endpoint=name, what=endpoint.kind)


def _size(plan: Interim, draft: Draft, report: Report) -> None:
    """Report a last look that is not the sample size of what is decided sequentially."""
    sizes = [
        size.subjects
        for _, size in draft.sample_size
        if size.endpoint in plan.endpoints and size.subjects is not None
    ]
    if sizes and max(sizes) != plan.subjects:
        report(
            "interim-last-look",
            ("interim", "looks", len(plan.looks) - 1, "subjects"),
            subjects=plan.subjects,
            needed=max(sizes),
        )


def _procedure(plan: Interim, draft: Draft, report: Report) -> None:
    """Report endpoints that are decided together, but not at the same looks."""
    together = draft.multiplicity
    if together is None:
        return
    if together.adjusts:
        report("interim-with-procedure", ("interim",), procedure=together.procedure)
        return
    for name in together.family(draft.primaries()):
        if name not in plan.endpoints and name in draft.written_ids("endpoints"):
            report("interim-leaves-out", ("interim", "endpoints"), endpoint=name)
