"""Life of components, money and the day of a scanner, each beside a library that does it."""

from __future__ import annotations

from collections.abc import Iterator

from ratio import Ratio, against

_FITS = 20  # of clinval, for one of the peer


def measure() -> Iterator[Ratio]:
    """Compare a Weibull fit with lifelines."""
    yield _weibull()


def _weibull() -> Ratio:
    """150 tubes, about half of them censored; limits of scale, shape and B10 included."""
    import numpy as np
    from lifelines import WeibullFitter

    from clinval.stats.reliability import survival

    draw = np.random.default_rng(1)
    life, end = 140_000 * draw.weibull(1.6, 150), draw.uniform(0, 250_000, 150)
    time, event = np.minimum(life, end), (life <= end).astype(int)

    def fits() -> None:
        for _ in range(_FITS):
            survival.weibull(time, event)

    taken, peer_taken = against(fits, lambda: WeibullFitter().fit(time, event), times=7)
    return Ratio(
        task="Weibull fit of 150 lives",
        peer="lifelines WeibullFitter",
        taken=taken / _FITS,
        peer_taken=peer_taken,
        limit=1 / 300,
    )
