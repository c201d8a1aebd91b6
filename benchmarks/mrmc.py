"""Reader studies: the analysis beside the sort of the same scores, and what memory it takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import simulated_studies
from ratio import Ratio, against

_READERS, _CASES, _MODALITIES = 20, 1000, 2
_LARGE = 5000


def measure() -> Iterator[Ratio]:
    """Compare CPU seconds with those of sorting the scores once per reader and modality."""
    yield from _analysis()
    yield _memory()
    yield from simulated_studies.measure()


def _analysis() -> Iterator[Ratio]:
    from clinval.stats.reader_study import mrmc

    table = _study(_CASES)
    curves = table["score"].reshape(-1, _CASES)
    text = table | {name: table[name].astype(str) for name in ("reader", "modality", "case")}

    def sort() -> None:
        for curve in curves:
            np.argsort(curve)

    task = f"{_READERS} readers x {_CASES} cases x {_MODALITIES}"
    for name, rows, limit in (("codes", table, 15), ("text labels", text, 40)):
        taken, sorted_in = against(lambda rows=rows: mrmc.obuchowski_rockette(**rows), sort, 15)
        yield Ratio(
            task=f"{task}, {name}",
            peer="numpy argsort of the same scores",
            taken=taken,
            peer_taken=sorted_in,
            limit=limit,
        )
    taken, delong = against(
        lambda: mrmc.obuchowski_rockette(**table, covariance="jackknife"),
        lambda: mrmc.obuchowski_rockette(**table),
        15,
    )
    yield Ratio(
        task=f"{task}, jackknife",
        peer="DeLong",
        taken=taken,
        peer_taken=delong,
        limit=1.5,
    )


def _memory() -> Ratio:
    from clinval.stats.reader_study import mrmc

    table = _study(_LARGE)
    mrmc.obuchowski_rockette(**_study(10))  # what is imported is not counted
    tracemalloc.start()
    mrmc.obuchowski_rockette(**table, covariance="jackknife")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Ratio(
        task=f"{_READERS} readers x {_LARGE} cases x {_MODALITIES}, memory",
        peer="the scores themselves",
        taken=peak / 1e6,
        peer_taken=table["score"].nbytes / 1e6,
        limit=16,
        unit="MB",
    )


def _study(cases: int) -> dict[str, np.ndarray]:
    """Return reads in order of modality, reader and case; continuous scores, codes of labels."""
    random = np.random.default_rng(1)
    truth = np.arange(cases) % 2
    shape = (_MODALITIES, _READERS, cases)
    score = random.normal(size=shape) + random.normal(size=cases) + 1.5 * truth
    modality, reader, case = np.indices(shape)
    return {
        "score": score.ravel(),
        "truth": np.broadcast_to(truth, shape).ravel(),
        "reader": reader.ravel(),
        "modality": modality.ravel(),
        "case": case.ravel(),
    }
