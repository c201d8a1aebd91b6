"""In which order each reader reads: sessions, places in them, and which arm of a case comes first.

The order follows from the protocol and its seed alone, so that lists can be written again and
returns be held against them.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from clinval.protocol.reading_plan import ReadingPlan, reads_of

if TYPE_CHECKING:
    import numpy as np

    from clinval.protocol.model import Protocol

__all__ = ["PlacedRead", "reading_order"]


class PlacedRead(NamedTuple):
    """A read with its place in a reader's list; sessions and places are counted from 1."""

    session: int
    place: int
    site: str
    subject: str
    arm: str


class _Case(NamedTuple):
    site: str
    subject: str


def reading_order(protocol: Protocol) -> dict[str, list[PlacedRead]]:
    """Return what each reader reads, in order; a reader without reads has an empty list.

    Notes
    -----
    ``balanced``: cases that the same readers read in the same arms are put in random order center
    by center. The first of them is read in the first arm first by the first of these readers, in
    the second arm first by the second, and so on in turn, case by case. So for every reader, within
    every center and over all, the arms are first equally often (but for one case of a group), and
    for every case they are first for as many readers.

    Within a session cases are in random order, another one for each reader and session. Where a
    session holds several arms of a case, all cases are read in their first arm before any is read
    in its second; with ``reference_first`` the arms of a case follow each other.
    """
    plan = protocol.reading or ReadingPlan()
    sequences = _sequences(protocol, plan)
    return {reader.id: _placed(protocol, plan, sequences, reader.id) for reader in protocol.readers}


def _generator(protocol: Protocol, name: str) -> np.random.Generator:
    import numpy as np

    return np.random.default_rng([protocol.seed, zlib.crc32(f"reading list {name}".encode())])


def _sequences(
    protocol: Protocol, plan: ReadingPlan
) -> dict[str, list[tuple[_Case, tuple[str, ...]]]]:
    """Return the cases of each reader, with the arms in the order in which they are read."""
    draw = _generator(protocol, "order")
    found: dict[str, list[tuple[_Case, tuple[str, ...]]]] = {r.id: [] for r in protocol.readers}
    for readers, cases in _groups(protocol).items():
        for turn, case in enumerate(_shuffled_by_site(cases, draw)):
            for number, (reader, arms) in enumerate(readers):
                match plan.order:
                    case "balanced":
                        first = (turn + number) % len(arms)
                        sequence = (*arms[first:], *arms[:first])
                    case "random":
                        sequence = tuple(arms[at] for at in draw.permutation(len(arms)))
                    case "reference_first":
                        reference = protocol.arm("reference")
                        last = [arm for arm in arms if not reference or arm != reference.id]
                        sequence = (*(arm for arm in arms if arm not in last), *last)
                found[reader].append((case, sequence))
    return found


def _groups(protocol: Protocol) -> dict[tuple[tuple[str, tuple[str, ...]], ...], list[_Case]]:
    """Return the cases by who reads them in which arms."""
    groups: dict[tuple[tuple[str, tuple[str, ...]], ...], list[_Case]] = {}
    for site in protocol.sites:
        readers: dict[str, dict[str, tuple[str, ...]]] = {}
        for read in reads_of(protocol, site.id):
            arms = readers.setdefault(read.subject, {})
            arms[read.reader] = (*arms.get(read.reader, ()), read.arm)
        for subject, arms in readers.items():
            groups.setdefault(tuple(arms.items()), []).append(_Case(site.id, subject))
    return groups


def _shuffled_by_site(cases: list[_Case], draw: np.random.Generator) -> list[_Case]:
    """Return cases in random order within each site, site after site."""
    keys = draw.random(len(cases))
    sites = {site: at for at, site in enumerate(dict.fromkeys(case.site for case in cases))}
    order = sorted(range(len(cases)), key=lambda at: (sites[cases[at].site], keys[at]))
    return [cases[at] for at in order]


def _placed(
    protocol: Protocol,
    plan: ReadingPlan,
    sequences: dict[str, list[tuple[_Case, tuple[str, ...]]]],
    reader: str,
) -> list[PlacedRead]:
    """Return the reads of a reader in order."""
    draw = _generator(protocol, reader)
    together = plan.order == "reference_first"
    sessions: dict[int, list[tuple[tuple[float, ...], _Case, str]]] = {}
    for session in range(plan.sessions):
        keys = draw.random(len(sequences[reader]))
        for key, (case, arms) in zip(keys.tolist(), sequences[reader], strict=True):
            for turn, arm in enumerate(arms):
                if turn * plan.sessions // len(arms) == session:
                    order = (key, turn) if together else (turn, key)
                    sessions.setdefault(session + 1, []).append((order, case, arm))
    return [
        PlacedRead(session, place, case.site, case.subject, arm)
        for session, reads in sessions.items()
        for place, (_, case, arm) in enumerate(sorted(reads), start=1)
    ]
