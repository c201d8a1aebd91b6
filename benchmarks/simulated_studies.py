"""A thousand simulated reader studies: all at once, against the single analysis in a loop."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from ratio import Ratio, against

_STUDIES, _READERS, _CASES = 1000, 5, 50  # cases of each class
_LOOPED = 100  # of the 1,000 studies of the loop, whose time is multiplied


def measure() -> Iterator[Ratio]:
    """Compare CPU seconds of the analysis; the reads are ready made for both."""
    from clinval.stats.reader_study import mrmc
    from clinval.stats.reader_study._analysis import Asked, estimated_on
    from clinval.stats.reader_study._model import reader_model
    from clinval.stats.reader_study._roe_metz import of_structure
    from clinval.stats.reader_study._trials import made, planned

    read = np.ones((2, _READERS, _CASES), dtype=np.bool_)
    trial = planned(of_structure("HL", 0.855), (0.85, 0.85), read, read)
    grid = made(trial, _STUDIES, np.random.default_rng(1))
    scores = np.concatenate([grid.diseased, grid.nondiseased], axis=-1)
    modality, reader, case = (index.ravel() for index in np.indices(scores.shape[1:]))
    truth = (case < _CASES).astype(int)

    def at_once() -> object:
        return reader_model(*estimated_on(grid, Asked("auc", "delong")))

    def one_by_one() -> list[object]:
        return [
            mrmc.obuchowski_rockette(study.ravel(), truth, reader, modality, case)
            for study in scores[:_LOOPED]
        ]

    taken, looped = against(at_once, one_by_one)
    yield Ratio(
        task="1,000 reader studies of 5 x 100",
        peer="the single analysis in a loop",
        taken=taken,
        peer_taken=looped * _STUDIES / _LOOPED,
        limit=1 / 5,
    )
