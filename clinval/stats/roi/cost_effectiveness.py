"""Cost-effectiveness of strategies from draws of their cost and effect.

The draws are long columns of equal length: cost, effect, strategy and draw, every draw with every
strategy once. Net benefit is willingness to pay x effect - cost, in money.
"""

from __future__ import annotations

from clinval.stats.roi._frontier import Frontier, frontier
from clinval.stats.roi._information import (
    AcceptabilityCurve,
    PartialInformation,
    PerfectInformation,
    ceac,
    evpi,
    evppi,
)
from clinval.stats.roi._net_benefit import (
    IncrementalNetBenefit,
    IncrementalRatio,
    NormalNetBenefit,
    icer,
    incremental_net_benefit,
    normal_net_benefit,
)

__all__ = [
    "AcceptabilityCurve",
    "Frontier",
    "IncrementalNetBenefit",
    "IncrementalRatio",
    "NormalNetBenefit",
    "PartialInformation",
    "PerfectInformation",
    "ceac",
    "evpi",
    "evppi",
    "frontier",
    "icer",
    "incremental_net_benefit",
    "normal_net_benefit",
]
