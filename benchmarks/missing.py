"""Tipping maps of 41 x 41 cells, against the analysis of one completed data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from ratio import Ratio, against

from clinval.stats._checks import FloatArray
from clinval.stats.comparison import mean_difference, paired_difference, risk_difference
from clinval.stats.missing import missing_data

_CELLS = 41
_LIMIT = 200.0
_REPEATED = 50  # a single analysis is too short for the clock
_X1, _X2, _OBSERVED, _MISSING = 136, 138, 160, _CELLS - 1
_PAIRS = (90, 15, 12, 23, 15, 15, 15, 15, 10)  # 40 results of each arm are missing
_SUBJECTS = 400  # every tenth without a score


def measure() -> Iterator[Ratio]:
    """Compare CPU seconds of a map with those of a single analysis."""
    taken, repeated = against(_map_binary, _repeated(_single_binary))
    yield Ratio(
        task="tipping map, 41 x 41, proportions",
        peer="risk_difference.miettinen_nurminen",
        taken=1e3 * taken,
        peer_taken=1e3 * repeated / _REPEATED,
        limit=_LIMIT,
        unit="ms",
    )
    taken, repeated = against(_map_paired, _repeated(_single_paired))
    yield Ratio(
        task="tipping map, 41 x 41, paired proportions",
        peer="paired_difference.tango",
        taken=1e3 * taken,
        peer_taken=1e3 * repeated / _REPEATED,
        limit=_LIMIT,
        unit="ms",
    )
    score, arm, baseline = _trial()
    shifts = np.linspace(-2, 2, _CELLS)
    completed = np.where(np.isnan(score), 0.0, score)
    taken, repeated = against(
        lambda: missing_data.tipping_map_normal(
            score, arm, shifts, shifts, margin=-0.3, baseline=baseline, seed=1
        ),
        _repeated(lambda: mean_difference.ancova(completed, arm, baseline)),
    )
    yield Ratio(
        task="tipping map, 41 x 41, means",
        peer="mean_difference.ancova",
        taken=1e3 * taken,
        peer_taken=1e3 * repeated / _REPEATED,
        limit=_LIMIT,
        unit="ms",
    )
    test, reference = _pairs()
    completed = np.where(np.isnan(test), 0.0, test), np.where(np.isnan(reference), 0.0, reference)
    taken, repeated = against(
        lambda: missing_data.tipping_map_paired_normal(
            test, reference, shifts, shifts, margin=-0.3, seed=1
        ),
        _repeated(lambda: mean_difference.paired_t(*completed)),
    )
    yield Ratio(
        task="tipping map, 41 x 41, means of pairs",
        peer="mean_difference.paired_t",
        taken=1e3 * taken,
        peer_taken=1e3 * repeated / _REPEATED,
        limit=_LIMIT,
        unit="ms",
    )


def _map_binary() -> object:
    counts = (_X1, _OBSERVED, _MISSING, _X2, _OBSERVED, _MISSING)
    result = missing_data.tipping_map_binary(*counts, margin=-0.1)
    if result.n_cells != _CELLS**2:
        raise RuntimeError("not every cell was computed")
    return result


def _single_binary() -> object:
    n = _OBSERVED + _MISSING
    return risk_difference.miettinen_nurminen(_X1, n, _X2, n)


def _map_paired() -> object:
    result = missing_data.tipping_map_paired_binary(*_PAIRS, margin=-0.1)
    if result.n_cells != _CELLS**2:
        raise RuntimeError("not every cell was computed")
    return result


def _single_paired() -> object:
    return paired_difference.tango(120, 25, 22, 53)


def _repeated(analysis: Callable[[], object]) -> Callable[[], None]:
    def work() -> None:
        for _ in range(_REPEATED):
            analysis()

    return work


def _trial() -> tuple[FloatArray, FloatArray, FloatArray]:
    draw = np.random.default_rng(1)
    arm = np.repeat([1.0, 0.0], _SUBJECTS // 2)
    baseline = draw.normal(size=_SUBJECTS)
    score = baseline + draw.normal(size=_SUBJECTS)
    score[::10] = np.nan
    return score, arm, baseline


def _pairs() -> tuple[FloatArray, FloatArray]:
    draw = np.random.default_rng(1)
    subject = draw.normal(size=_SUBJECTS)
    test, reference = (subject + draw.normal(size=_SUBJECTS) for _ in range(2))
    test[::10] = reference[5::20] = np.nan
    return test, reference
