"""Which reads are made in a study of a named design."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clinval.stats._checks import check_option, finite
from clinval.stats.planning._reader_study_power import whole_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DESIGNS", "reads_made"]

DESIGNS = (
    "crossed",
    "split_plot",
    "cases_nested_in_readers",
    "cases_nested_in_modalities",
    "readers_nested_in_modalities",
    "unpaired",
    "partially_paired",
)
_OTHER_READERS = ("readers_nested_in_modalities", "unpaired")
_OTHER_CASES = ("cases_nested_in_modalities", "unpaired")


def reads_made(
    design: str,
    n_readers: int,
    cases: tuple[int, int],
    *,
    n_blocks: int = 1,
    missing: float = 0.0,
    rng: np.random.Generator,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which reads are made, of diseased and of other cases: (2, all readers, cases).

    Parameters
    ----------
    design
        One of ``DESIGNS``. Of a partially paired one, half of the cases are read in both
        modalities, a quarter in each of them alone.
    n_readers
        Readers of each modality, 2 or more.
    cases
        Diseased and other cases.
    n_blocks
        Blocks of a split plot.
    missing
        Share of reads that are not made, below 1; which ones is drawn.
    rng
        Where they are drawn from.
    """
    check_option("design", design, DESIGNS)
    readers = whole_number("n_readers", n_readers, 2)
    blocks = whole_number("n_blocks", n_blocks, 1)
    if (blocks > 1) != (design == "split_plot") or blocks > readers:
        raise ValueError('n_blocks from 2 to n_readers and design="split_plot" go together')
    if not 0 <= finite("missing", missing) < 1:
        raise ValueError(f"missing must be a share below 1, not {missing!r}")
    parts = readers if design == "cases_nested_in_readers" else blocks
    found = []
    for n in cases:
        case = np.arange(n)
        read = np.ones((2, readers, n), dtype=np.bool_)
        read &= (np.arange(readers) * parts // readers)[:, None] == case % parts
        if design in _OTHER_CASES:
            read &= np.arange(2)[:, None, None] == case % 2
        if design == "partially_paired":
            alone = np.array([1, 0])[:, None, None] + 2
            read &= case % 4 != alone
        if design in _OTHER_READERS:
            none = np.zeros_like(read[0])
            read = np.stack([np.vstack([read[0], none]), np.vstack([none, read[1]])])
        read &= rng.random(read.shape) >= missing
        found.append(read)
    ill, well = found
    return ill, well
