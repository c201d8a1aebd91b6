"""Which design the reads of a study have: who read which case in which modality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import Labels, Numbers
from clinval.stats.reader_study._grid import Grid, grid_of
from clinval.stats.reader_study._reads import Reads, coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.stats._checks import IntArray

__all__ = ["DESIGNS", "Design", "design", "recognised"]

DESIGNS = (
    "crossed",
    "split_plot",
    "cases_nested_in_readers",
    "cases_nested_in_modalities",
    "readers_nested_in_modalities",
    "partially_paired",
    "unbalanced",
)

_SLIPS = 0.05  # share of cases without a modality up to which these are missing reads
_SHARED = 0.5  # share of cases from which on readers are of one group, and a case is of a group
_AGREE = 0.9  # share of reads that groups have to explain


@dataclass(frozen=True, slots=True, kw_only=True)
class Design(Result):
    """The design that the reads have, and counts.

    Attributes
    ----------
    name
        One of ``DESIGNS``.
    nesting
        What it makes 0 in the reader model: "none", "cases_in_readers", "cases_in_modalities" or
        "cases_in_both".
    readers, modalities, cases, diseased, nondiseased, reads
        Counts.
    blocks
        Groups of readers with cases of their own; 1 where all readers have the same cases.
    missing_reads
        Reads that the design would have beyond those that there are.
    readers_incomplete
        Readers without a read in one of the modalities.
    dropped
        Rows without a score.
    """

    name: str
    nesting: str
    readers: int
    modalities: int
    cases: int
    diseased: int
    nondiseased: int
    reads: int
    blocks: int
    missing_reads: int
    readers_incomplete: int
    dropped: int


def design(
    score: Numbers, truth: Numbers, reader: Labels, modality: Labels, case: Labels
) -> Design:
    """Recognise the design of a reader study from its reads.

    Parameters
    ----------
    score
        Score of each row (list); ``None`` is a read that was not made.
    truth
        1 for a diseased, 0 for a non-diseased case (list).
    reader, modality, case
        Labels of each row (lists).

    Returns
    -------
    Design
        ``name``: "crossed" (every reader has every case in every modality), "split_plot" (groups
        of readers with cases of their own), "cases_nested_in_readers" (each case has one reader),
        "cases_nested_in_modalities" (each case in one modality), "readers_nested_in_modalities"
        (each reader in one modality), "partially_paired" (some cases lack a modality in all
        readers) or "unbalanced" (reads are missing without such an order), with counts.

    Raises
    ------
    ValueError
        For lists of different length, a truth other than 0 and 1 or not the same in all rows of a
        case, a row without its labels, or two reads of a case by a reader in a modality.

    Notes
    -----
    An order that holds but for missing reads is named, and they are counted against it: cases
    that lack a modality are partly paired by design only where they are more than one in twenty,
    and groups of readers may have some cases in common.

    References
    ----------
    .. [1] Obuchowski, Gallas & Hillis 2012, Acad Radiol 19:1508.

    Examples
    --------
    >>> score, truth = [1, 3, 2, 4, 1, 2, 2, 3], [0, 1] * 4
    >>> reader, modality, case = list("AAAABBBB"), list("xxyyxxyy"), [1, 2] * 4
    >>> found = design(score, truth, reader, modality, case)
    >>> found.name, found.reads, found.missing_reads
    ('crossed', 8, 0)
    """
    return recognised(coded(score, truth, reader, modality, case))


def recognised(reads: Reads, grid: Grid | None = None) -> Design:
    """Return the design of coded reads, whose ``grid`` is made where it is not given."""
    grid = grid_of(reads) if grid is None else grid
    i, j, k = len(reads.modalities), len(reads.readers), len(reads.cases)
    read = ~np.isnan(np.concatenate([grid.diseased, grid.nondiseased], axis=-1))
    by_reader, by_modality, pairs = (np.asarray(read.any(axis=axis)) for axis in range(3))
    in_part = bool(k) and float((~by_modality.all(axis=0)).mean()) > _SLIPS
    groups = _groups(by_reader)
    asked = _asked(by_reader, groups)
    # reads that are asked for: a case that lacks a modality by design lacks it in the plan too
    wanted = asked & by_modality[:, None, :] if in_part else np.broadcast_to(asked, read.shape)
    one_reader = j > 1 and bool((by_reader.sum(axis=0) == 1).all())
    one_modality = i > 1 and bool((by_modality.sum(axis=0) == 1).all())
    if i > 1 and bool((pairs.sum(axis=0) == 1).all()):
        name = "readers_nested_in_modalities"
        wanted = pairs[:, :, None] & by_modality[:, None, :]
    elif one_reader:
        name = "cases_nested_in_readers"
    elif one_modality:
        name = "cases_nested_in_modalities"
    elif in_part:
        name = "partially_paired"
    elif len(groups) > 1:
        name = "split_plot"
    elif read.all():
        name = "crossed"
    else:
        name = "unbalanced"
    diseased = len(grid.diseased_cases)
    return Design(
        method="mrmc.design",
        name=name,
        nesting=_nesting(one_reader=one_reader, one_modality=one_modality),
        readers=j,
        modalities=i,
        cases=k,
        diseased=diseased,
        nondiseased=k - diseased,
        reads=len(reads.score),
        blocks=len(groups),
        missing_reads=int(np.count_nonzero(wanted & ~read)),
        readers_incomplete=int(np.count_nonzero(pairs.sum(axis=0) < i)),
        dropped=reads.dropped,
    )


def _nesting(*, one_reader: bool, one_modality: bool) -> str:
    if one_reader and one_modality:
        return "cases_in_both"
    if one_reader:
        return "cases_in_readers"
    return "cases_in_modalities" if one_modality else "none"


def _groups(by_reader: NDArray[np.bool_]) -> list[IntArray]:
    """Return the groups of readers who share their cases, all readers where there is no order.

    By shape (readers, cases) who read which case. Readers are of one group if they share at least
    half of the cases that either has read. Groups are an order if they share no case at all, or if
    none is a single reader, and nine of ten reads that they would have, and that there are, agree.
    """
    readers = len(by_reader)
    everyone = [np.arange(readers)] if readers else []
    counts = by_reader.sum(axis=1)
    common = by_reader.astype(np.float64) @ by_reader.T
    either = counts[:, None] + counts - common
    groups = _connected(common >= _SHARED * either)
    if len(groups) < 2:
        return everyone
    parts = _connected(common > 0)
    asked = _asked(by_reader, groups)
    both = np.count_nonzero(asked & by_reader)
    alike = both >= _AGREE * max(np.count_nonzero(asked), np.count_nonzero(by_reader))
    if alike and min(map(len, groups)) > 1:
        return groups
    return parts if len(parts) > 1 else everyone


def _asked(by_reader: NDArray[np.bool_], groups: list[IntArray]) -> NDArray[np.bool_]:
    """Return the cases of each reader: those that at least half of a group has read.

    A case that is of no group so is of the one that has read it most.
    """
    if not groups:
        return by_reader
    share = np.stack([by_reader[members].mean(axis=0) for members in groups])
    of_group = (share >= _SHARED) | (share == share.max(axis=0))
    asked = np.zeros_like(by_reader)
    for members, cases in zip(groups, of_group, strict=True):
        asked[members] = cases
    return asked


def _connected(linked: NDArray[np.bool_]) -> list[IntArray]:
    """Return the connected parts of a graph, by its matrix of links."""
    left, found = np.ones(len(linked), dtype=np.bool_), []
    while left.any():
        part = np.arange(len(linked)) == np.argmax(left)
        while True:
            grown = part | linked[part].any(axis=0)
            if (grown == part).all():
                break
            part = grown
        found.append(np.flatnonzero(part))
        left &= ~part
    return found
