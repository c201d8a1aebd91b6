"""Statistics: a module is an estimand, a function is a method.

Every function is pure: arrays in, a frozen result out. It is found by the name
``<module>.<function>`` that the protocol, ``clinval calc`` and the reference cases use.
"""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.core.results import Result

__all__ = ["MODULES", "find", "methods"]

MODULES = {
    "accuracy": "clinval.stats.accuracy.accuracy",
    "agreement": "clinval.stats.agreement.agreement",
    "agreement_sample_size": "clinval.stats.planning.agreement_sample_size",
    "auc": "clinval.stats.accuracy.auc",
    "auc_difference": "clinval.stats.accuracy.auc_difference",
    "auc_power": "clinval.stats.planning.auc_power",
    "auc_sample_size": "clinval.stats.planning.auc_sample_size",
    "availability": "clinval.stats.reliability.availability",
    "budget_impact": "clinval.stats.roi.budget_impact",
    "calibration": "clinval.stats.accuracy.calibration",
    "capacity": "clinval.stats.throughput.capacity",
    "cash_flow": "clinval.stats.roi.cash_flow",
    "clinic_day": "clinval.stats.throughput.clinic_day",
    "clustered_auc": "clinval.stats.accuracy.clustered_auc",
    "clustered_difference": "clinval.stats.comparison.clustered_difference",
    "clustered_paired_difference": "clinval.stats.comparison.clustered_paired_difference",
    "clustered_proportion": "clinval.stats.accuracy.clustered_proportion",
    "concordance": "clinval.stats.agreement.concordance",
    "cost_effectiveness": "clinval.stats.roi.cost_effectiveness",
    "coverage_probability": "clinval.stats.agreement.coverage_probability",
    "duration": "clinval.stats.throughput.duration",
    "expected_renewals": "clinval.stats.reliability.expected_renewals",
    "failure_rate": "clinval.stats.reliability.failure_rate",
    "froc": "clinval.stats.reader_study.froc",
    "group_sequential": "clinval.stats.decisions.group_sequential",
    "heterogeneity": "clinval.stats.centers.heterogeneity",
    "icc": "clinval.stats.agreement.icc",
    "image_quality": "clinval.stats.imaging.image_quality",
    "interchangeability": "clinval.stats.agreement.interchangeability",
    "kappa": "clinval.stats.agreement.kappa",
    "kendall_w": "clinval.stats.agreement.kendall_w",
    "limits_of_agreement": "clinval.stats.agreement.limits_of_agreement",
    "location_ratio": "clinval.stats.comparison.location_ratio",
    "location_shift": "clinval.stats.comparison.location_shift",
    "margin": "clinval.stats.planning.margin",
    "mean": "clinval.stats.accuracy.mean",
    "mean_difference": "clinval.stats.comparison.mean_difference",
    "mean_ratio": "clinval.stats.comparison.mean_ratio",
    "method_comparison": "clinval.stats.agreement.method_comparison",
    "missing_data": "clinval.stats.missing.missing_data",
    "mrmc": "clinval.stats.reader_study.mrmc",
    "mrmc_power": "clinval.stats.planning.mrmc_power",
    "mrmc_sample_size": "clinval.stats.planning.mrmc_sample_size",
    "multiplicity": "clinval.stats.decisions.multiplicity",
    "net_benefit": "clinval.stats.accuracy.net_benefit",
    "odds_ratio": "clinval.stats.comparison.odds_ratio",
    "ordinal_odds_ratio": "clinval.stats.comparison.ordinal_odds_ratio",
    "paired_difference": "clinval.stats.comparison.paired_difference",
    "paired_odds_ratio": "clinval.stats.comparison.paired_odds_ratio",
    "paired_ratio": "clinval.stats.comparison.paired_ratio",
    "proportion": "clinval.stats.accuracy.proportion",
    "queue": "clinval.stats.throughput.queue",
    "rate_ratio": "clinval.stats.reliability.rate_ratio",
    "reader_simulation": "clinval.stats.reader_study.reader_simulation",
    "repeatability": "clinval.stats.agreement.repeatability",
    "risk_difference": "clinval.stats.comparison.risk_difference",
    "risk_ratio": "clinval.stats.comparison.risk_ratio",
    "sample_size": "clinval.stats.planning.sample_size",
    "segmentation": "clinval.stats.accuracy.segmentation",
    "sites": "clinval.stats.centers.sites",
    "stratified_difference": "clinval.stats.comparison.stratified_difference",
    "stratified_odds_ratio": "clinval.stats.comparison.stratified_odds_ratio",
    "stratified_paired_difference": "clinval.stats.comparison.stratified_paired_difference",
    "survival": "clinval.stats.reliability.survival",
    "time_to_event": "clinval.stats.comparison.time_to_event",
    "time_trend": "clinval.stats.throughput.time_trend",
    "total_deviation": "clinval.stats.agreement.total_deviation",
    "win_probability": "clinval.stats.comparison.win_probability",
}


def find(call: str) -> Callable[..., Result]:
    """Return the function behind ``<module>.<function>``.

    Raises
    ------
    KeyError
        When there is no such module or no such public function in it.
    """
    module_name, _, function_name = call.partition(".")
    if module_name not in MODULES or function_name not in methods(module_name):
        raise KeyError(call)
    function: Callable[..., Result] = getattr(
        importlib.import_module(MODULES[module_name]), function_name
    )
    return function


def methods(module_name: str) -> tuple[str, ...]:
    """Return the names of the methods of one estimand, in alphabetical order.

    A function whose name ends in ``_draws`` computes many draws of a simulation and returns an
    array: it is no method.

    Examples
    --------
    >>> "tango" in methods("paired_difference")
    True
    """
    module = importlib.import_module(MODULES[module_name])
    return tuple(
        sorted(
            name
            for name in module.__all__
            if inspect.isfunction(getattr(module, name)) and not name.endswith("_draws")
        )
    )
