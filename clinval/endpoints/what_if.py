"""Sizes if things were otherwise: a table of subjects over what is expected, or to be shown.

Where the protocol makes no assumptions, or has no margin yet, the table covers a range of round
values instead. They are for orientation; nothing of the kind is assumed anywhere else.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clinval.endpoints.hypothesis import Hypothesis
from clinval.endpoints.planning import Plan, with_margin
from clinval.endpoints.sizing import OF_READERS, Expected, Family, Needed

__all__ = ["Cell", "Table", "table_of"]

_AROUND = (-0.4, -0.2, 0.0, 0.2, 0.4)  # of the way from the bound to the expected effect
_LOSSES = (0.025, 0.05, 0.075, 0.1)  # of a proportion
_RATIOS = (1.1, 1.15, 1.2, 1.25)
_STANDARDISED = (0.2, 0.3, 0.4, 0.5)  # standard deviations
_READERS = (-4, -2, 0, 2, 4, 8)  # more than are planned
_POWERS = (0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: the values of its row and column, and what they need."""

    row: float
    column: float
    needed: Needed
    to_enrol: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Subjects to enrol over two assumptions, named as in the protocol.

    ``columns`` are effects, or margins (goals) where none is declared; ``assumed`` is whether the
    protocol makes the assumptions around which the values lie.
    """

    rows: str
    columns: str
    cells: tuple[Cell, ...]
    assumed: bool


def table_of(plan: Plan) -> Table | None:
    """Return the table of an endpoint; none where nothing is decided or nothing is known of it."""
    family, claim = plan.family, plan.claim
    start = plan.expected
    if start is None and family is not None and claim is not None:
        start = _usual(family, claim)
    if family is None or claim is None or start is None:
        return None
    if plan.bounded:
        columns, across = family.effect, _effects(start, claim, assumed=plan.expected is not None)
    else:
        columns = "margin" if family.spread else "goal"
        across = _margins(plan, start)
    rows = family.spread or "power"
    down = _spreads(start, claim, assumed=plan.expected is not None)
    if not family.spread:
        down = sorted({*_POWERS, plan.power})
    cells = tuple(_cells(plan, start, columns, down, across))
    return Table(rows=rows, columns=columns, cells=cells, assumed=plan.expected is not None)


def _cells(
    plan: Plan, start: Expected, columns: str, down: Sequence[float], across: Sequence[float]
) -> Iterator[Cell]:
    by_margin = columns in ("margin", "goal")
    for row in down:
        for column in across:
            expected, claim, power = start, plan.claim, plan.power
            if start.family.spread:
                expected = dataclasses.replace(expected, spread=row)
            else:
                power = row
            if by_margin:
                claim = with_margin(plan.endpoint, column)
            else:
                expected = dataclasses.replace(expected, effect=column)
            if claim is None:
                continue
            needed = plan.needed(expected, claim, power)
            to_enrol = (
                None if needed.n is None else plan.enrolment.to_enrol(needed.n, expected.parts)
            )
            yield Cell(row=row, column=column, needed=needed, to_enrol=to_enrol)


def _usual(family: Family, claim: Hypothesis) -> Expected | None:
    """Return round numbers to begin with where the protocol expects nothing."""
    superior = claim.comparison == "superiority"
    if family in OF_READERS:  # of whom nothing round can be said
        return None
    if superior and not claim.sides:  # a goal that is not known
        return None
    side, bound = claim.sides[0] if claim.sides else ("greater", claim.null)
    better = 1.0 if side == "greater" else -1.0
    if not family.spread:
        effect = bound + (1 - bound) / 2 if better > 0 else bound / 2
        return Expected(family=family, effect=effect, spread=0.0)
    spread = 0.3 if family.ratio else 0.1 if family.arms == 1 else 0.9
    if not family.ratio and not family.share:
        spread = 3 * abs(bound) or 1.0
    if not superior:
        return Expected(family=family, effect=claim.null, spread=spread)
    if family.ratio:
        return Expected(family=family, effect=bound * 0.8**-better, spread=spread)
    step = 0.05 if family.share else spread / 2
    return Expected(family=family, effect=bound + better * step, spread=spread)


def _effects(start: Expected, claim: Hypothesis, *, assumed: bool) -> list[float]:
    """Return effects around the expected one, as far as the bound leaves room."""
    family, here = start.family, start.effect
    if family.ratio:
        gap = min((math.log(here / bound) for _, bound in claim.sides), key=abs)
        found = [here * math.exp(part * gap) for part in _AROUND]
    else:
        gap = min((here - bound for _, bound in claim.sides), key=abs)
        found = [here + part * gap for part in _AROUND]
    kept = [_short(value, 3 if assumed else 2) for value in found]
    if not family.spread:
        kept = [value for value in kept if 0 <= value <= 1]
    return sorted(set(kept))


def _spreads(start: Expected, claim: Hypothesis, *, assumed: bool) -> list[float]:
    """Return values of how much results vary."""
    family, here = start.family, start.spread
    if family in OF_READERS:
        least = max(2 * start.further.get("n_blocks", 1), 3)
        return sorted({here, *(here + more for more in _READERS if here + more >= least)})
    if family.share and family.arms > 1:
        found = [here + step for step in (-0.1, -0.05, 0.0, 0.05)] if assumed else [
            0.7, 0.8, 0.9, 0.95,
        ]  # fmt: skip
    elif assumed:
        parts = (0.5, 1.0, 1.5, 2.0) if family.share else (0.8, 1.0, 1.2, 1.5)
        found = [here * part for part in parts]
    elif family.share:
        found = [0.05, 0.1, 0.15, 0.2]
    elif family.ratio:
        found = [0.1, 0.2, 0.3, 0.5]
    else:
        bounds = [abs(bound) for _, bound in claim.sides if bound]
        found = [bounds[0] * part for part in (2, 3, 4, 5)] if bounds else [1.0]
    top = 1.0 if family.share else math.inf
    return sorted({_short(value) for value in found if 0 < value <= top})


def _margins(plan: Plan, start: Expected) -> list[float]:
    """Return margins, or goals on the worse side of what is expected."""
    family = start.family
    higher = getattr(plan.endpoint, "direction", "") == "higher_is_better"
    if not family.spread:
        found = [start.effect + (-loss if higher else loss) for loss in _LOSSES]
    elif family.ratio:
        found = [1 / ratio if higher else ratio for ratio in _RATIOS]
    elif family.share or family in OF_READERS:
        found = list(_LOSSES)
    else:
        found = [start.spread * part for part in _STANDARDISED]
    return sorted({_short(value) for value in found if value > 0})


def _short(value: float, digits: int = 3) -> float:
    """Return a number with few digits, as it is written in a heading."""
    return float(f"{round(value, 12):.{digits}g}") + 0.0
