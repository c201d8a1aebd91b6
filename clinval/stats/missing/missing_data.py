"""Missing results in a comparison of two arms: what they may have been, and what follows.

``worst_case``, ``tipping_point`` and ``tipping_map_binary`` try all that the missing results of
a binary outcome may have been. The others impute them many times over and combine the analyses
by :func:`rubin`: at random, shifted by a delta, or drawn from the reference arm.
"""

from __future__ import annotations

from clinval.stats.missing._binary_outcome import (
    delta_adjusted_binary,
    jump_to_reference_binary,
    missing_at_random_binary,
)
from clinval.stats.missing._completions import (
    TippingMapBinary,
    TippingPoint,
    tipping_map_binary,
    tipping_point,
    worst_case,
)
from clinval.stats.missing._normal_outcome import (
    TippingMapNormal,
    delta_adjusted_normal,
    jump_to_reference_normal,
    missing_at_random_normal,
    tipping_map_normal,
)
from clinval.stats.missing._rubin import PooledEstimate, rubin

__all__ = [
    "PooledEstimate",
    "TippingMapBinary",
    "TippingMapNormal",
    "TippingPoint",
    "delta_adjusted_binary",
    "delta_adjusted_normal",
    "jump_to_reference_binary",
    "jump_to_reference_normal",
    "missing_at_random_binary",
    "missing_at_random_normal",
    "rubin",
    "tipping_map_binary",
    "tipping_map_normal",
    "tipping_point",
    "worst_case",
]
