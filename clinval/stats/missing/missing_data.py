"""Missing results in a comparison of two arms: what they may have been, and what follows.

``worst_case``, ``tipping_point`` and ``tipping_map_binary`` try all that the missing results of
a binary outcome may have been. The others impute them many times over and combine the analyses
by :func:`rubin`: at random, shifted by a delta, or drawn from the reference arm. The functions
with ``paired`` in their name are for subjects with a result in both arms, of which either or both
may be missing.
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
    delta_adjusted_normal,
    jump_to_reference_normal,
    missing_at_random_normal,
    tipping_map_normal,
)
from clinval.stats.missing._paired_binary_outcome import (
    delta_adjusted_paired_binary,
    jump_to_reference_paired_binary,
    missing_at_random_paired_binary,
)
from clinval.stats.missing._paired_completions import (
    tipping_map_paired_binary,
    worst_case_paired,
)
from clinval.stats.missing._paired_normal_outcome import (
    delta_adjusted_paired_normal,
    jump_to_reference_paired_normal,
    missing_at_random_paired_normal,
    tipping_map_paired_normal,
)
from clinval.stats.missing._rubin import PooledEstimate, rubin
from clinval.stats.missing._shifts import TippingMapNormal

__all__ = [
    "PooledEstimate",
    "TippingMapBinary",
    "TippingMapNormal",
    "TippingPoint",
    "delta_adjusted_binary",
    "delta_adjusted_normal",
    "delta_adjusted_paired_binary",
    "delta_adjusted_paired_normal",
    "jump_to_reference_binary",
    "jump_to_reference_normal",
    "jump_to_reference_paired_binary",
    "jump_to_reference_paired_normal",
    "missing_at_random_binary",
    "missing_at_random_normal",
    "missing_at_random_paired_binary",
    "missing_at_random_paired_normal",
    "rubin",
    "tipping_map_binary",
    "tipping_map_normal",
    "tipping_map_paired_binary",
    "tipping_map_paired_normal",
    "tipping_point",
    "worst_case",
    "worst_case_paired",
]
