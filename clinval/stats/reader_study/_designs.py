"""Which design the reads of a study have: who read which case in which modality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinval.core.results import Result
from clinval.stats._checks import Labels, Numbers
from clinval.stats.reader_study._grid import Grid, grid_of
from clinval.stats.reader_study._reads import Reads, coded

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
        Groups of readers that share no case with another group.
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
    A group of readers is a connected part of the graph of readers and cases. Missing reads are
    counted against the design that is named; an order that holds but for missing reads is named.

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
    blocks, expected = _blocks(by_reader, by_modality)
    one_reader = j > 1 and bool((by_reader.sum(axis=0) == 1).all())
    one_modality = i > 1 and bool((by_modality.sum(axis=0) == 1).all())
    nested = i > 1 and bool((pairs.sum(axis=0) == 1).all())
    if nested:
        name = "readers_nested_in_modalities"
        expected = int(sum(by_modality.sum(axis=1) * pairs.sum(axis=1)))
    elif one_reader:
        name = "cases_nested_in_readers"
    elif one_modality:
        name = "cases_nested_in_modalities"
    elif not by_modality.all():
        name = "partially_paired"
    elif blocks > 1:
        name = "split_plot"
    elif len(reads.score) == expected:
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
        blocks=blocks,
        missing_reads=expected - len(reads.score),
        readers_incomplete=int(np.count_nonzero(pairs.sum(axis=0) < i)),
        dropped=reads.dropped,
    )


def _nesting(*, one_reader: bool, one_modality: bool) -> str:
    if one_reader and one_modality:
        return "cases_in_both"
    if one_reader:
        return "cases_in_readers"
    return "cases_in_modalities" if one_modality else "none"


def _blocks(by_reader: np.ndarray, by_modality: np.ndarray) -> tuple[int, int]:
    """Return the connected groups of readers, and the reads if each were complete.

    Complete means every reader of a group with every case of the group in each modality in which
    the case was read by anyone.
    """
    left, blocks, expected = np.ones(len(by_reader), dtype=np.bool_), 0, 0
    modalities = by_modality.sum(axis=0)
    while left.any():
        cases = by_reader[np.argmax(left)]
        while True:
            members = by_reader[:, cases].any(axis=1)
            grown = by_reader[members].any(axis=0)
            if (grown == cases).all():
                break
            cases = grown
        left &= ~members
        blocks += 1
        expected += int(np.count_nonzero(members)) * int(modalities[cases].sum())
    return blocks, expected
