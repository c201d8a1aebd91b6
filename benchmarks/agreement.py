"""Agreement and accuracy of readers at 100,000 cases, and the bootstrap of a weighted kappa."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from ratio import Ratio, against

from clinval.stats._checks import FloatArray, IntArray

_CASES, _READERS, _CATEGORIES = 100_000, 4, 5
_BOOTSTRAP_CASES, _DRAWS = 1000, 10_000
_LOOPED = 500  # of the 10,000 draws of the loop, whose time is multiplied
_FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")


def measure() -> Iterator[Ratio]:
    """Compare CPU seconds with those of each peer, which gets its input ready made."""
    yield _bootstrap()
    reads = _reads(_CASES, _READERS)
    yield from _coefficients(reads)
    yield _alpha(reads)
    yield _icc(reads)
    yield _delong()


def _bootstrap() -> Ratio:
    from sklearn.metrics import cohen_kappa_score

    from clinval.stats.agreement import kappa

    reads = _reads(_BOOTSTRAP_CASES, 2)
    random = np.random.default_rng(1)

    def loop() -> FloatArray:
        drawn = np.empty(_LOOPED)
        for place in range(_LOOPED):
            cases = random.integers(0, _BOOTSTRAP_CASES, _BOOTSTRAP_CASES)
            drawn[place] = cohen_kappa_score(*reads[cases].T, weights="quadratic")
        return np.quantile(drawn, [0.025, 0.975])

    taken, looped = against(
        lambda: kappa.cohen_bootstrap(reads, weights="quadratic", draws=_DRAWS, seed=1), loop
    )
    return Ratio(
        task="weighted kappa, bootstrap, 10,000 x 1,000",
        peer="sklearn cohen_kappa_score, a draw a call",
        taken=taken,
        peer_taken=looped * _DRAWS / _LOOPED,
        limit=1 / 100,
    )


def _coefficients(reads: IntArray) -> Iterator[Ratio]:
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    from clinval.stats.agreement import kappa

    tasks: dict[str, Callable[..., object]] = {"Fleiss": kappa.fleiss, "Gwet": kappa.gwet}
    for name, task in tasks.items():
        taken, peer_taken = against(
            lambda task=task: task(reads), lambda: fleiss_kappa(aggregate_raters(reads)[0])
        )
        yield Ratio(
            task=f"{name} with interval, 4 x 100,000",
            peer="statsmodels fleiss_kappa and its table",
            taken=taken,
            peer_taken=peer_taken,
            limit=1 / 2,
        )


def _alpha(reads: IntArray) -> Ratio:
    import krippendorff

    from clinval.stats.agreement import kappa

    random = np.random.default_rng(2)
    gaps = np.where(random.random(reads.shape) < 0.1, np.nan, reads)
    by_reader = np.ascontiguousarray(gaps.T)
    taken, peer_taken = against(
        lambda: kappa.krippendorff(gaps, metric="ordinal"),
        lambda: krippendorff.alpha(by_reader, level_of_measurement="ordinal"),
    )
    return Ratio(
        task="Krippendorff with interval, 4 x 100,000",
        peer="krippendorff.alpha, no interval",
        taken=taken,
        peer_taken=peer_taken,
        limit=1.0,
    )


def _icc(reads: IntArray) -> Ratio:
    import pandas as pd
    import pingouin

    from clinval.stats.agreement import icc

    scores = reads + np.random.default_rng(3).normal(size=reads.shape)
    table = pd.DataFrame(
        {
            "case": np.repeat(np.arange(_CASES), _READERS),
            "reader": np.tile(np.arange(_READERS), _CASES),
            "score": scores.ravel(),
        }
    )
    taken, peer_taken = against(
        lambda: [icc.shrout_fleiss(scores, form=form) for form in _FORMS],
        lambda: pingouin.intraclass_corr(table, "case", "reader", "score"),
        times=3,
    )
    return Ratio(
        task="ICC, six forms, 4 x 100,000",
        peer="pingouin.intraclass_corr",
        taken=taken,
        peer_taken=peer_taken,
        limit=1 / 5,
    )


def _delong() -> Ratio:
    from MLstatkit import Delong_test

    from clinval.stats.accuracy import auc_difference

    random = np.random.default_rng(4)
    truth = random.integers(0, 2, _CASES)
    test = np.round(random.normal(truth, 1), 2)  # some hundred distinct scores, with ties
    reference = np.round(test + random.normal(size=_CASES), 2)
    taken, peer_taken = against(
        lambda: auc_difference.delong(truth, test, reference),
        lambda: Delong_test(truth, test, reference),
    )
    return Ratio(
        task="DeLong, paired, 100,000",
        peer="MLstatkit Delong_test",
        taken=taken,
        peer_taken=peer_taken,
        limit=1 / 2,
    )


def _reads(cases: int, readers: int) -> IntArray:
    random = np.random.default_rng(5)
    truth = random.integers(1, _CATEGORIES + 1, cases)
    guess = random.integers(1, _CATEGORIES + 1, (cases, readers))
    return np.where(random.random((cases, readers)) < 0.7, truth[:, None], guess)
