"""A cluster bootstrap of 10,000 draws over 200 clusters, against scipy's BCa of their sums."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from ratio import Ratio, against
from scipy import stats

from clinval.stats.comparison.mean_difference import cluster_bootstrap

_CLUSTERS, _MOST_READINGS, _DRAWS = 200, 9, 10_000


def measure() -> Iterator[Ratio]:
    """Compare seconds: ours of readings and their clusters, scipy's of sums made beforehand."""
    random = np.random.default_rng(1)
    size = random.integers(1, _MOST_READINGS + 1, _CLUSTERS)
    cluster = np.repeat(np.arange(_CLUSTERS), size)
    reference = random.normal(5, 1, len(cluster))
    test = reference + random.gamma(1, 1, _CLUSTERS)[cluster] + random.normal(0, 1, len(cluster))
    labels = [f"case {code:03d}" for code in cluster]
    sums = np.bincount(cluster, test - reference), size.astype(float)

    def ours() -> object:
        return cluster_bootstrap(test, reference, labels, draws=_DRAWS)

    def peer() -> object:
        return stats.bootstrap(
            sums,
            lambda total, size, axis=-1: total.sum(axis=axis) / size.sum(axis=axis),
            paired=True,
            vectorized=True,
            n_resamples=_DRAWS,
            method="BCa",
            rng=np.random.default_rng(1),
        )

    taken, peer_taken = against(ours, peer)
    yield Ratio(
        task="cluster bootstrap, 10,000 x 200",
        peer="scipy.stats.bootstrap, BCa",
        taken=taken,
        peer_taken=peer_taken,
        limit=1.0,
    )
