"""Sample sizes, and the power that a number of subjects gives.

A margin is signed on the scale of its estimand (a ratio stands for itself) and ``alpha`` is
one-sided. A function whose name ends in ``_power`` takes one number of subjects or many.
"""

from __future__ import annotations

from clinval.stats.planning._centers import (
    Allocation,
    DesignEffect,
    Inflated,
    allocation,
    design_effect,
    inflated,
)
from clinval.stats.planning._claims import Power
from clinval.stats.planning._equivalence_sizes import (
    tost_ratio_crossover,
    tost_ratio_crossover_power,
    tost_ratio_paired,
    tost_ratio_paired_power,
)
from clinval.stats.planning._goal_sizes import (
    ExactSize,
    exact_binomial,
    exact_binomial_power,
)
from clinval.stats.planning._mean_sizes import (
    MeanSize,
    mean_difference_normal,
    mean_difference_t,
    mean_difference_t_power,
    paired_mean_difference_t,
    paired_mean_difference_t_power,
)
from clinval.stats.planning._proportion_sizes import (
    ArmSizes,
    PairedSize,
    farrington_manning,
    farrington_manning_power,
    nam,
    nam_power,
)
from clinval.stats.planning._ratio_designs import RatioSize
from clinval.stats.planning._ratio_sizes import (
    non_inferiority_ratio_paired,
    non_inferiority_ratio_paired_power,
    non_inferiority_ratio_parallel,
    non_inferiority_ratio_parallel_power,
)

__all__ = [
    "Allocation",
    "ArmSizes",
    "DesignEffect",
    "ExactSize",
    "Inflated",
    "MeanSize",
    "PairedSize",
    "Power",
    "RatioSize",
    "allocation",
    "design_effect",
    "exact_binomial",
    "exact_binomial_power",
    "farrington_manning",
    "farrington_manning_power",
    "inflated",
    "mean_difference_normal",
    "mean_difference_t",
    "mean_difference_t_power",
    "nam",
    "nam_power",
    "non_inferiority_ratio_paired",
    "non_inferiority_ratio_paired_power",
    "non_inferiority_ratio_parallel",
    "non_inferiority_ratio_parallel_power",
    "paired_mean_difference_t",
    "paired_mean_difference_t_power",
    "tost_ratio_crossover",
    "tost_ratio_crossover_power",
    "tost_ratio_paired",
    "tost_ratio_paired_power",
]
