"""Internal rates of return and cost-effectiveness of many draws, each beside a library."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from ratio import Ratio, against

__all__ = ["internal_rates", "strategies"]

_SERIES, _MONTHS = 1_000, 60
_DRAWS, _THRESHOLDS = 10_000, 501


def internal_rates() -> Iterator[Ratio]:
    """1,000 series of 61 monthly flows: an outlay, then income."""
    import numpy_financial
    import pyxirr

    from clinval.stats.roi.cash_flow import irr_draws

    draw = np.random.default_rng(1)
    flows = np.column_stack(
        [-draw.uniform(3e5, 8e5, _SERIES), draw.uniform(5e3, 2e4, (_SERIES, _MONTHS))]
    )
    for name, peer, limit, of in (
        ("numpy_financial.irr", numpy_financial.irr, 1 / 10, flows[:50]),
        ("pyxirr.irr", pyxirr.irr, 3.0, flows),
    ):
        taken, peer_taken = against(
            lambda: irr_draws(flows), lambda peer=peer, of=of: [peer(row) for row in of]
        )
        yield Ratio(
            task="1,000 internal rates of 61 months",
            peer=name,
            taken=taken,
            peer_taken=peer_taken * len(flows) / len(of),
            limit=limit,
        )


def strategies() -> Ratio:
    """Compare acceptability and value of information, from long columns with labels."""
    from clinval.stats.roi import cost_effectiveness

    draw = np.random.default_rng(2)
    effect = draw.normal([1.0, 1.1, 1.2], 0.3, (_DRAWS, 3))
    cost = draw.gamma(20, [500, 700, 900], (_DRAWS, 3))
    thresholds = np.linspace(0, 100_000, _THRESHOLDS)
    columns = (
        cost.ravel(), effect.ravel(), np.tile(["A", "B", "C"], _DRAWS),
        np.repeat(np.arange(_DRAWS), 3),
    )  # fmt: skip
    lines = np.column_stack([effect.ravel(), -cost.ravel()])
    at = np.vstack([thresholds, np.ones(_THRESHOLDS)])

    def ours() -> None:
        cost_effectiveness.ceac(*columns, willingness_to_pay=thresholds)
        cost_effectiveness.evpi(*columns, willingness_to_pay=thresholds)

    taken, peer_taken = against(
        ours, lambda: (lines @ at).reshape(_DRAWS, 3, _THRESHOLDS).max(axis=1)
    )
    return Ratio(
        task="CEAC and EVPI, 10,000 x 3 x 501",
        peer="numpy, one product and one maximum",
        taken=taken,
        peer_taken=peer_taken,
        limit=2.0,
    )
