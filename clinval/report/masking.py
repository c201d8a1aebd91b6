"""Disclosure control: which counts of people are masked, so that none of 1 to 4 can be worked out.

A count of 1 to 4 is printed as "<5". Where it could be worked out from sums that are printed, the
next smallest count is withheld as well, and so on until nothing that is masked has only one
possible value. The search for a second possible value is exact: it knows that counts are whole and
not negative, that "<5" says 1 to 4, and that what is withheld, being no "<5", is none of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["FEW", "Mask", "Sum", "is_few", "masks"]

FEW = 5
"""Counts of people below this, but for 0, are not printed."""

Mask = Literal["few", "withheld"]

_STEPS = 2000  # of a search; what has not been found by then counts as not being there
_NEAR = (1, -1, 2, -2, 3, -3, 4, -4)  # other values that are tried
_REACHES = (1, 4, None)  # how far the other counts may move, in one search after the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A count that is the sum of others, as every reader of the report can know."""

    total: str
    parts: tuple[str, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """The total and its parts."""
        return (self.total, *self.parts)


def is_few(count: float) -> bool:
    """Whether a count of people is too small to be printed.

    Examples
    --------
    >>> [is_few(count) for count in (0, 1, 4, 4.5, 5)]
    [False, True, True, True, False]
    """
    return 0 < count < FEW


def masks(
    counts: Mapping[str, int],
    sums: Sequence[Sum],
    printed: Collection[str],
    needed: Collection[str] = (),
) -> dict[str, Mask]:
    """Return how each printed count is masked, for those that are.

    Parameters
    ----------
    counts
        Counts of people by name.
    sums
        What readers know of them: totals and their parts, all of them among the counts.
    printed
        The counts that the report would print. Small ones that it does not print are protected
        too.
    needed
        Counts that are withheld only where nothing else helps.

    Returns
    -------
    dict
        ``few`` for what is printed as less than :data:`FEW`, ``withheld`` for what is not printed
        at all, be it small or only in the way.
    """
    table = _Table(counts=counts, sums=sums, printed=frozenset(printed), needed=frozenset(needed))
    table.protect()
    table.restore()
    return {
        name: "few" if name in table.few else "withheld"
        for name in counts
        if name in table.printed and name not in table.shown
    }


@dataclass(slots=True, kw_only=True)
class _Table:
    """Counts, of which some are shown and some only known to be few."""

    counts: Mapping[str, int]
    sums: Sequence[Sum]
    printed: frozenset[str]
    needed: frozenset[str]
    shown: set[str] = field(default_factory=set)
    few: set[str] = field(default_factory=set)
    others: list[dict[str, int]] = field(default_factory=list)
    """Tables that readers cannot tell from the true one; counts that are not there are true."""

    def __post_init__(self) -> None:
        for name in self.printed:
            (self.few if is_few(self.counts[name]) else self.shown).add(name)

    def protect(self) -> None:
        """Withhold counts until nothing that is masked has only one possible value."""
        while open_ := self._open():
            self._withhold(open_)

    def restore(self) -> None:
        """Show again what need not be withheld: what is needed first, then large counts."""
        given = [name for name in self._masked() if not is_few(self.counts[name])]
        for name in sorted(given, key=self._cost, reverse=True):
            before, next_, others = set(self.shown), name, self.others
            while next_ and not is_few(self.counts[next_]):
                self.shown.add(next_)  # and what then can be worked out, as it is not small
                self.others = [one for one in self.others if not self._differs(one, next_)]
                next_ = self._open()
            if next_:
                known = set(map(id, others))
                found = [one for one in self.others if id(one) not in known]
                self.shown, self.others = before, others + found

    def _open(self) -> str:
        """Return the first masked count that has only one possible value, empty without one."""
        return next((name for name in self._masked() if not self._has_another(name)), "")

    def _differs(self, table: Mapping[str, int], name: str) -> bool:
        return table.get(name, self.counts[name]) != self.counts[name]

    def _masked(self) -> Iterator[str]:
        for name, count in self.counts.items():
            if name not in self.shown and (is_few(count) or name in self.printed):
                yield name

    def _withhold(self, name: str) -> None:
        """Take away one more thing that readers know: the next smallest count, else a "<5"."""
        reached = self._reached(name)
        near = {cell for one in self.sums if name in one.cells for cell in one.cells}
        shown = reached & self.shown
        choice = shown - self.needed or shown
        if choice:
            self.shown.remove(min(choice, key=lambda cell: (cell not in near, self._cost(cell))))
        else:
            self.few.remove(name if name in self.few else min(reached & self.few))

    def _cost(self, name: str) -> tuple[bool, int, str]:
        """Order the counts by how much is lost without them."""
        return (name in self.needed, self.counts[name], name)

    def _reached(self, name: str) -> set[str]:
        """Return the counts that are tied to this one by sums over what is not shown."""
        found, waiting = {name}, [name]
        while waiting:
            cell = waiting.pop()
            for one in self.sums:
                if cell in one.cells:
                    new = set(one.cells) - found
                    found |= new
                    waiting += sorted(new - self.shown)
        return found

    def _has_another(self, name: str) -> bool:
        """Whether a count could be another than it is, for all that readers know."""
        if any(self._differs(table, name) for table in self.others):
            return True
        cells = self._reached(name)
        sums = [one for one in self.sums if set(one.cells) & (cells - self.shown)]
        most = 2 * max(self.counts[cell] for cell in cells) + 2 * FEW
        domains = {cell: self._domain(cell, most) for one in sums for cell in one.cells}
        low, high = domains.get(name, self._domain(name, most))
        holes = {cell for cell in domains if self._has_hole(cell)}
        tried = [*(self.counts[name] + step for step in _NEAR), 0, FEW]
        others = [
            other
            for other in tried
            if low <= other <= high and other != self.counts[name]
            if not (name in holes and is_few(other))
        ]
        for reach in _REACHES:
            near = domains if reach is None else self._within(domains, reach)
            for other in others:
                search = _Search(sums=sums, hints=self.counts, holes=holes)
                found = search.run(near | {name: (other, other)})
                if found is not None:
                    self.others.append({cell: low for cell, (low, _) in found.items()})
                    return True
        return False

    def _within(self, domains: _Domains, reach: int) -> _Domains:
        """Return domains no further than so much from the true counts."""
        return {
            cell: (max(low, self.counts[cell] - reach), min(high, self.counts[cell] + reach))
            for cell, (low, high) in domains.items()
        }

    def _has_hole(self, name: str) -> bool:
        """Whether readers know that a withheld count is not small: it would be printed as such."""
        return name in self.printed - self.shown and not is_few(self.counts[name])

    def _domain(self, name: str, most: int) -> tuple[int, int]:
        if name in self.shown:
            return (self.counts[name], self.counts[name])
        return (1, FEW - 1) if name in self.few else (0, most)


_Domains = dict[str, tuple[int, int]]


@dataclass(slots=True, kw_only=True)
class _Search:
    """Looks for whole numbers that fit all sums, near the true ones first."""

    sums: Sequence[Sum]
    hints: Mapping[str, int]
    holes: Collection[str]
    steps: int = 0

    def run(self, domains: _Domains) -> _Domains | None:
        """Return a table that fits, each domain a single number; nothing where there is none."""
        narrowed = self._narrowed(domains)
        if narrowed is None or self.steps > _STEPS:
            return None
        open_ = [name for name, (low, high) in narrowed.items() if low < high]
        if not open_:
            return narrowed
        self.steps += 1
        name = min(open_, key=lambda one: (narrowed[one][1] - narrowed[one][0], one))
        low, high = narrowed[name]
        tried = sorted(range(low, high + 1), key=lambda value: abs(value - self.hints[name]))
        if name in self.holes:
            tried = [value for value in tried if not is_few(value)]
        found = (self.run(narrowed | {name: (value, value)}) for value in tried)
        return next((table for table in found if table is not None), None)

    def _narrowed(self, domains: _Domains) -> _Domains | None:
        """Return the domains that the sums leave, nothing where they leave none."""
        found, changed = dict(domains), True
        while changed:
            changed = False
            for one in self.sums:
                for name in one.cells:
                    low, high = _implied(one, name, found)
                    old = found[name]
                    new = (max(old[0], low), min(old[1], high))
                    if name in self.holes:
                        new = (FEW if is_few(new[0]) else new[0], 0 if is_few(new[1]) else new[1])
                    if new[0] > new[1]:
                        return None
                    if new != old:
                        found[name], changed = new, True
        return found


def _implied(one: Sum, name: str, domains: _Domains) -> tuple[int, int]:
    """Return the bounds that a sum sets to one of its counts."""
    lows = sum(domains[part][0] for part in one.parts)
    highs = sum(domains[part][1] for part in one.parts)
    if name == one.total:
        return lows, highs
    low, high = domains[name]
    total = domains[one.total]
    return total[0] - (highs - high), total[1] - (lows - low)
