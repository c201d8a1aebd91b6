"""How several endpoints are decided together: the section ``multiplicity`` and its checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Setting

from clinval.protocol.base import Identifier, Section, Text
from clinval.protocol.endpoint import only_estimated

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["Multiplicity", "Transition", "lint_level", "lint_multiplicity"]

Place = tuple[str | int, ...]
Report = Callable[..., None]

_ROUNDING = 1e-9  # thirds are written in decimals

# The keys that a procedure uses beside alpha.
_KEYS = {"fixed_sequence": ("order",), "graphical": ("weights", "transitions")}
_ADJUSTING = ("bonferroni", "holm", "hochberg", "hommel", "graphical")
_NEEDS_DEPENDENCE = ("hochberg", "hommel")


class Transition(Section):
    """What an endpoint that is shown passes on of its share of alpha."""

    from_: Identifier = Setting(alias="from")
    to: Identifier
    weight: Annotated[float, Setting(gt=0)]


class Multiplicity(Section):
    """How several endpoints are decided together: the family, its alpha, and the procedure.

    The family of a fixed sequence is its order, that of a graph its endpoints; any other
    procedure decides the primary endpoints.
    """

    procedure: Literal[
        "single_primary", "co_primary", "fixed_sequence",
        "bonferroni", "holm", "hochberg", "hommel", "graphical",
    ]  # fmt: skip
    alpha: Annotated[float, Setting(gt=0, lt=0.5)] = Setting(
        default=0.025, description="one-sided, of the whole family"
    )
    order: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="of a fixed sequence"
    )
    weights: Mapping[Identifier, Annotated[float, Setting(ge=0)]] = Setting(
        default_factory=dict, description="of a graph: the share of alpha that each begins with"
    )
    transitions: Annotated[tuple[Transition, ...], Setting(strict=False)] = Setting(
        default=(), description="of a graph: what an endpoint that is shown passes on"
    )
    justification: Text

    @property
    def adjusts(self) -> bool:
        """Whether adjusted p values decide; otherwise each endpoint's own interval does."""
        return self.procedure in _ADJUSTING

    @property
    def nodes(self) -> list[str]:
        """The endpoints of a graph."""
        ends = (name for edge in self.transitions for name in (edge.from_, edge.to))
        return list(dict.fromkeys([*self.weights, *ends]))

    def family(self, primaries: list[str]) -> list[str]:
        """Return the endpoints that are decided together, in the order of the declaration."""
        if self.procedure == "fixed_sequence":
            return list(dict.fromkeys(self.order))
        return self.nodes if self.procedure == "graphical" else primaries

    def reached(self, shown: set[str]) -> set[str]:
        """Return the endpoints of a graph that hold a share of alpha once some are shown."""
        holding = {name for name, weight in self.weights.items() if weight > 0}
        while (
            passed := {edge.to for edge in self.transitions if edge.from_ in holding & shown}
            - holding
        ):
            holding |= passed
        return holding


def lint_multiplicity(draft: Draft, report: Report) -> None:
    """Report a family that cannot be decided as declared."""
    plan = draft.multiplicity
    if plan is None:
        return
    here = ("multiplicity",)
    written = draft.written_ids("endpoints")
    named = dict(_named(plan, here))
    for place, name in named.items():
        if name not in written:
            report("endpoint-unknown", place, endpoint=name)
    primaries = draft.primaries()
    if plan.procedure == "single_primary" and len(primaries) > 1:
        names = ", ".join(primaries)
        report("multiplicity-single", (*here, "procedure"), endpoints=names)
    else:
        for key in ("order", "weights", "transitions"):
            if getattr(plan, key) and key not in _KEYS.get(plan.procedure, ()):
                report("procedure-without-key", (*here, key), procedure=plan.procedure, key=key)
    if plan.procedure in _NEEDS_DEPENDENCE:
        report("procedure-needs-dependence", (*here, "procedure"), procedure=plan.procedure)
    family = plan.family(primaries)
    for name in primaries:
        if name not in family:
            sequence = plan.procedure == "fixed_sequence"
            kind, key = (
                ("multiplicity-order", "order") if sequence else ("weight-missing", "weights")
            )
            report(kind, (*here, key), endpoint=name)
    if plan.procedure == "graphical":
        _graph(plan, written, report)
    _endpoints(plan, family, named, draft, report)


def lint_level(index: int, name: str, level: float, alpha: float, of: str, report: Report) -> None:
    """Report an endpoint whose interval does not have the level of the one-sided alpha."""
    decided = (1 - level) / 2
    if not math.isclose(decided, alpha):
        report(
            "level-not-of-alpha",
            ("endpoints", index, "level"),
            endpoint=name,
            level=f"{level:g}",
            decided=f"{decided:g}",
            of=of,
            alpha=f"{alpha:g}",
            needed=f"{1 - 2 * alpha:g}",
        )


def _named(plan: Multiplicity, here: Place) -> Iterator[tuple[Place, str]]:
    """Yield the places that name an endpoint, with the name."""
    for position, name in enumerate(plan.order):
        yield (*here, "order", position), name
    for name in plan.weights:
        yield (*here, "weights", name), name
    for position, edge in enumerate(plan.transitions):
        yield (*here, "transitions", position, "from"), edge.from_
        yield (*here, "transitions", position, "to"), edge.to


def _graph(plan: Multiplicity, written: set[str], report: Report) -> None:
    """Report shares of alpha that are more than there is, or that never arrive."""
    at_start = sum(plan.weights.values())
    if not 0 < at_start <= 1 + _ROUNDING:
        report("weights-sum", ("multiplicity", "weights"), sum=f"{at_start:g}")
    passed: dict[str, float] = {}
    for position, edge in enumerate(plan.transitions):
        here = ("multiplicity", "transitions", position)
        before = passed.get(edge.from_, 0.0)
        passed[edge.from_] = before + edge.weight
        if edge.from_ == edge.to:
            report("transition-to-itself", here, endpoint=edge.to)
        elif any((edge.from_, edge.to) == (o.from_, o.to) for o in plan.transitions[:position]):
            report("item-twice", here, item=f"{edge.from_} -> {edge.to}")
        elif before <= 1 + _ROUNDING < passed[edge.from_]:
            total = sum(other.weight for other in plan.transitions if other.from_ == edge.from_)
            report("transitions-sum", here, endpoint=edge.from_, sum=f"{total:g}")
    if at_start > 0:
        for name in written.intersection(plan.nodes) - plan.reached(set(plan.nodes)):
            place = "weights" if name in plan.weights else "transitions"
            report("never-tested", ("multiplicity", place, name), endpoint=name)


def _endpoints(
    plan: Multiplicity, family: list[str], named: Mapping[Place, str], draft: Draft, report: Report
) -> None:
    """Report endpoints of the family that nothing could be shown of, or not at this alpha."""
    first = {name: place for place, name in reversed([*named.items()])}
    for index, endpoint in draft.endpoints:
        if endpoint.id not in family:
            continue
        path = first.get(endpoint.id, ("endpoints", index, "kind"))
        if only_estimated(endpoint):
            if endpoint.role != "primary":  # of a primary endpoint it is said where it stands
                report("nothing-decided", path, endpoint=endpoint.id)
            continue
        lint_level(index, endpoint.id, endpoint.level, plan.alpha, "multiplicity", report)
        if plan.adjusts and not hasattr(endpoint, "hypothesis"):
            report(
                "procedure-needs-p",
                path,
                procedure=plan.procedure,
                endpoint=endpoint.id,
                what=endpoint.kind,
            )
