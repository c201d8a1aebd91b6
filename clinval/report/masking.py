"""Disclosure control: which counts of people are masked, so that none of 1 to 4 can be worked out.

A count of 1 to 4 is printed as "<5". Where it could be worked out from sums that are printed, the
next smallest count is withheld as well, and so on until nothing that is masked has only one
possible value. The search for a second possible value is exact: it knows that counts are whole and
not negative, that "<5" says 1 to 4, and that what is withheld, being no "<5", is none of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Literal

__all__ = ["FEW", "Mask", "Sum", "is_few", "masks"]

FEW = 5
"""Counts of people below this, but for 0, are not printed."""

Mask = Literal["few", "withheld"]
_Domains = dict[str, tuple[int, int]]

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
    of: dict[str, list[int]] = field(default_factory=dict)
    """The sums that a count belongs to, by their places."""
    places: dict[str, int] = field(default_factory=dict)
    others: list[frozenset[str]] = field(default_factory=list)
    """The counts that differ from the true ones, in tables that readers cannot tell from these."""
    doubtful: list[tuple[int, str]] = field(default_factory=list)
    """A heap, by place: the masked counts for which none of the other tables may speak."""

    pinned: set[str] = field(default_factory=set)
    """Counts known to have only one possible value, for as long as no less is shown."""

    def __post_init__(self) -> None:
        for name in self.printed:
            (self.few if is_few(self.counts[name]) else self.shown).add(name)
        self.places = {name: place for place, name in enumerate(self.counts)}
        self.of = {name: [] for name in self.counts}
        for place, one in enumerate(self.sums):
            for cell in dict.fromkeys(one.cells):
                self.of[cell].append(place)

    def protect(self) -> None:
        """Withhold counts until nothing that is masked has only one possible value."""
        self._doubt(self.counts)
        while open_ := self._open():
            self._withhold(open_)
            self.pinned.clear()

    def restore(self) -> None:
        """Show again what need not be withheld: what is needed first, then large counts."""
        given = [n for n in self.counts if self._is_masked(n) and not is_few(self.counts[n])]
        for name in sorted(given, key=self._cost, reverse=True):
            before, next_, others = set(self.shown), name, self.others
            while next_ and not is_few(self.counts[next_]):
                self.shown.add(next_)  # and what then can be worked out, as it is not small
                for gone in (one for one in self.others if next_ in one):
                    self._doubt(gone)
                self.others = [one for one in self.others if next_ not in one]
                next_ = self._open()
            if next_:
                known = set(map(id, others))
                found = [one for one in self.others if id(one) not in known]
                self.shown, self.others = before, others + found
                self.doubtful.clear()
                self.pinned.clear()

    def _doubt(self, names: Iterable[str]) -> None:
        for name in names:
            heappush(self.doubtful, (self.places[name], name))

    def _open(self) -> str:
        """Return the first masked count that has only one possible value, empty without one."""
        while self.doubtful:
            _, name = self.doubtful[0]
            if self._is_masked(name) and not self._has_another(name):
                return name
            heappop(self.doubtful)
        return ""

    def _is_masked(self, name: str) -> bool:
        return name not in self.shown and (name in self.printed or is_few(self.counts[name]))

    def _withhold(self, name: str) -> None:
        """Take away one more thing that readers know: the next smallest count, else a "<5"."""
        reached = self._reached(name)
        near = {cell for place in self.of[name] for cell in self.sums[place].cells}
        shown = reached & self.shown
        choice = shown - self.needed or shown
        if choice:
            taken = min(choice, key=lambda cell: (cell not in near, self._cost(cell)))
            self.shown.remove(taken)
            self._doubt([taken])
        elif few := {name} & self.few or reached & self.few:
            self.few.remove(min(few))
        else:
            heappop(self.doubtful)  # the sums alone tell it: nothing is left to withhold

    def _cost(self, name: str) -> tuple[bool, int, str]:
        """Order the counts by how much is lost without them."""
        return (name in self.needed, self.counts[name], name)

    def _reached(self, name: str) -> set[str]:
        """Return the counts that are tied to this one by sums over what is not shown."""
        found, waiting, passed = {name}, [name], set[int]()
        while waiting:
            for place in self.of[waiting.pop()]:
                if place not in passed:
                    passed.add(place)
                    new = set(self.sums[place].cells) - found
                    found |= new
                    waiting += new - self.shown
        return found

    def _has_another(self, name: str) -> bool:
        """Whether a count could be another than it is, for all that readers know."""
        if name in self.pinned:
            return False
        if any(name in one for one in self.others):
            return True
        cells = self._reached(name)
        most = 2 * max(self.counts[cell] for cell in cells) + 2 * FEW
        domains = {cell: self._domain(cell, most) for cell in cells}
        search = _Search(
            sums=self.sums,
            of=self.of,
            hints=self.counts,
            holes={cell for cell in cells if self._has_hole(cell)},
        )
        within = {place for cell in cells - self.shown for place in self.of[cell]}
        left = search.narrowed(domains, within) or {}
        self.pinned |= {cell for cell, (low, high) in left.items() if low == high}
        if name in self.pinned or not left:
            return False
        tried = [*(self.counts[name] + step for step in _NEAR), 0, FEW]
        if name in search.holes:
            tried = [other for other in tried if not is_few(other)]
        for reach in _REACHES:
            near = left
            if reach is not None:
                close = self._within(domains, reach) | {name: domains[name]}
                near = search.narrowed(close, within) or {}
            for other in tried:
                found = None
                if near and other != self.counts[name]:
                    found = search.find(near, name, other)
                if found is not None:
                    differing = (cell for cell in found if found[cell][0] != self.counts[cell])
                    self.others.append(frozenset(differing))
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
        withheld = name in self.printed and name not in self.shown
        return withheld and not is_few(self.counts[name])

    def _domain(self, name: str, most: int) -> tuple[int, int]:
        if name in self.shown:
            return (self.counts[name], self.counts[name])
        return (1, FEW - 1) if name in self.few else (0, most)


@dataclass(slots=True, kw_only=True)
class _Search:
    """Looks for whole numbers that fit all sums, near the true ones first."""

    sums: Sequence[Sum]
    of: Mapping[str, Collection[int]]
    hints: Mapping[str, int]
    holes: Collection[str]
    steps: int = 0

    def find(self, domains: _Domains, name: str, value: int) -> _Domains | None:
        """Return a table that fits, with this value; the domains are as the sums leave them."""
        low, high = domains[name]
        if not low <= value <= high:
            return None
        self.steps = 0
        return self._run(domains, name, value, list(domains))

    def _run(
        self, domains: _Domains, name: str, value: int, open_: Sequence[str]
    ) -> _Domains | None:
        """Return a table that fits, each domain a single number; nothing where there is none."""
        if self.steps > _STEPS:
            return None
        narrowed = self.narrowed(domains | {name: (value, value)}, self.of[name])
        if narrowed is None:
            return None
        open_ = [one for one in open_ if narrowed[one][0] < narrowed[one][1]]
        if not open_:
            return narrowed
        self.steps += 1
        next_ = min(open_, key=lambda one: (narrowed[one][1] - narrowed[one][0], one))
        low, high = narrowed[next_]
        tried = sorted(range(low, high + 1), key=lambda value: abs(value - self.hints[next_]))
        if next_ in self.holes:
            tried = [value for value in tried if not is_few(value)]
        found = (self._run(narrowed, next_, value, open_) for value in tried)
        return next((table for table in found if table is not None), None)

    def narrowed(self, domains: _Domains, places: Iterable[int]) -> _Domains | None:
        """Return the domains that the sums leave, nothing where they leave none.

        The search for them begins with the sums at these places.
        """
        found, waiting = dict(domains), set(places)
        while waiting:
            one = self.sums[waiting.pop()]
            for name, low, high in _implied(one, found):
                old = found[name]
                new = (max(old[0], low), min(old[1], high))
                if name in self.holes:
                    new = (FEW if is_few(new[0]) else new[0], 0 if is_few(new[1]) else new[1])
                if new[0] > new[1]:
                    return None
                if new != old:
                    found[name] = new
                    waiting.update(self.of[name])
        return found


def _implied(one: Sum, domains: _Domains) -> Iterator[tuple[str, int, int]]:
    """Yield the bounds that a sum sets to its counts, none where all are known and it holds."""
    lows = sum(domains[part][0] for part in one.parts)
    highs = sum(domains[part][1] for part in one.parts)
    least, most = domains[one.total]
    if lows == highs == least == most:
        return
    yield one.total, lows, highs
    for part in one.parts:
        low, high = domains[part]
        yield part, least - (highs - high), most - (lows - low)
