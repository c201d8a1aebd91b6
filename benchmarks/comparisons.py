"""Score and exact inference on proportions: many trials, many strata, and every possible table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ratio import Ratio, against

_TRIALS = 10_000
_PART = 10  # of the trials one in so many is given to the peer, which takes that much longer
_MARGIN = -0.1


def measure() -> Iterator[Ratio]:
    """Compare with loops over statsmodels, one unstratified interval, and scipy's exact test."""
    yield _intervals()
    yield _trials()
    yield _strata()
    yield _exact()


def _intervals() -> Ratio:
    """Arms of different size: no two tables need be alike."""
    import numpy as np
    from statsmodels.stats.proportion import confint_proportions_2indep

    from clinval.stats.comparison import risk_difference

    draw = np.random.default_rng(1)
    n1, n2 = draw.integers(100, 301, (2, _TRIALS))
    x1, x2 = draw.binomial(n1, 0.85), draw.binomial(n2, 0.88)
    part = [column[::_PART].tolist() for column in (x1, n1, x2, n2)]

    def peer() -> None:
        for table in zip(*part, strict=True):
            with contextlib.suppress(ValueError):  # it finds no bracket for some
                confint_proportions_2indep(*table, method="score", compare="diff")

    taken, peer_taken = against(
        lambda: risk_difference.miettinen_nurminen_draws(x1, n1, x2, n2), peer, times=3
    )
    return Ratio(
        task="10,000 Miettinen-Nurminen intervals",
        peer="statsmodels, one by one",
        taken=taken,
        peer_taken=peer_taken * _PART,
        limit=1 / 50,
    )


def _trials() -> Ratio:
    """Trials of one size, as in a simulation of the power."""
    import numpy as np
    from statsmodels.stats.proportion import test_proportions_2indep

    from clinval.stats.comparison import risk_difference

    draw = np.random.default_rng(2)
    x1, x2 = draw.binomial(200, 0.85, _TRIALS), draw.binomial(200, 0.88, _TRIALS)
    pairs = list(zip(x1[::_PART].tolist(), x2[::_PART].tolist(), strict=True))

    def peer() -> None:
        for first, second in pairs:
            test_proportions_2indep(
                first, 200, second, 200, value=_MARGIN, method="score", alternative="larger"
            )

    def simulated() -> None:
        risk_difference.miettinen_nurminen_test_draws(x1, 200, x2, 200, margin=_MARGIN)

    taken, peer_taken = against(simulated, peer, times=9)
    return Ratio(
        task="10,000 non-inferiority trials",
        peer="statsmodels, one by one",
        taken=taken,
        peer_taken=peer_taken * _PART,
        limit=1 / 300,
    )


def _strata() -> Ratio:
    import numpy as np

    from clinval.stats.comparison import risk_difference, stratified_difference

    draw = np.random.default_rng(3)
    n1, n2 = draw.integers(5, 41, (2, 1000))
    x1, x2 = draw.binomial(n1, 0.7), draw.binomial(n2, 0.75)
    taken, peer_taken = against(
        lambda: stratified_difference.miettinen_nurminen(x1, n1, x2, n2),
        lambda: risk_difference.miettinen_nurminen(85, 100, 88, 100),
        times=25,
    )
    return Ratio(
        task="score interval on 1,000 strata",
        peer="one unstratified score interval",
        taken=taken,
        peer_taken=peer_taken,
        limit=20.0,
    )


def _exact() -> Ratio:
    from scipy.stats import barnard_exact

    from clinval.stats.comparison import risk_difference

    taken, peer_taken = against(
        lambda: risk_difference.chan_zhang(85, 100, 88, 100),
        lambda: barnard_exact([[85, 88], [15, 12]]),
        times=9,
    )
    return Ratio(
        task="exact unconditional interval, 100 an arm",
        peer="scipy.stats.barnard_exact, its p",
        taken=taken,
        peer_taken=peer_taken,
        limit=20.0,
    )
