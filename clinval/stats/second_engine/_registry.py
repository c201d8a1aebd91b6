"""Which methods the second engine computes again, by which road."""

from __future__ import annotations

import importlib
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.core.results import Estimate
from clinval.stats._checks import NotEstimableError
from clinval.stats.second_engine._answer import NO_RESULT, Answer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SecondEngine", "recomputed_methods", "second_engine"]

_TOLERANCE = 1e-6

# file of this package -> its road, as reports name it, and the function that recomputes each method
_FILES = {
    "_likelihood_of_arms": (
        "restricted_likelihood",
        {
            "clustered_difference.rao_scott_miettinen_nurminen": "clustered_miettinen_nurminen",
            "odds_ratio.miettinen_nurminen": "odds_ratio",
            "risk_difference.farrington_manning": "farrington_manning",
            "risk_difference.miettinen_nurminen": "miettinen_nurminen",
            "risk_ratio.koopman": "koopman",
            "risk_ratio.miettinen_nurminen": "risk_ratio",
        },
    ),
    "_likelihood_of_strata": (
        "restricted_likelihood",
        {
            "stratified_difference.miettinen_nurminen": "miettinen_nurminen",
            "stratified_difference.summary_score": "summary_score",
        },
    ),
    "_likelihood_of_pairs": (
        "restricted_likelihood",
        {
            "paired_difference.tango": "tango",
            "paired_ratio.tang": "tang",
            "stratified_paired_difference.tango": "stratified_tango",
        },
    ),
    "_fractions": (
        "exact_fractions",
        {
            "paired_difference.bonett_price": "bonett_price",
            "paired_difference.newcombe": "paired_newcombe",
            "stratified_difference.mantel_haenszel_sato": "sato",
            "stratified_difference.mantel_haenszel_wald": "mantel_haenszel_wald",
            "stratified_difference.newcombe_effective_n": "newcombe_effective_n",
            "stratified_difference.newcombe_yan_su": "newcombe_yan_su",
        },
    ),
    "_enumeration": (
        "enumeration",
        {
            "location_ratio.hodges_lehmann_paired": "hodges_lehmann_ratio",
            "location_shift.hodges_lehmann": "hodges_lehmann",
            "location_shift.hodges_lehmann_paired": "hodges_lehmann_paired",
            "risk_difference.chan_zhang": "chan_zhang",
        },
    ),
    "_all_pairs": (
        "enumeration",
        {
            "auc.delong": "delong",
            "auc.delong_logit": "delong_logit",
            "auc.newcombe": "newcombe",
            "auc_difference.delong": "delong_difference",
            "clustered_auc.obuchowski": "clustered",
            "clustered_auc.obuchowski_difference": "clustered_difference",
        },
    ),
    "_reader_differences": (
        "enumeration",
        {
            "mrmc.obuchowski_rockette": "differences_of_readers",
        },
    ),
    "_weights_of_subjects": (
        "weights",
        {
            "auc.partial_delong": "partial",
            "auc_difference.partial_delong": "partial_difference",
        },
    ),
    "_numerical_likelihood": (
        "numerical_likelihood",
        {
            "mean_difference.paired_random_site": "paired_random_site",
            "mean_difference.random_site_kenward_roger": "random_site_kenward_roger",
            "mean_difference.random_site_satterthwaite": "random_site_satterthwaite",
            "mean_ratio.geometric_random_site": "geometric_random_site",
            "mean_ratio.geometric_two_stage": "geometric_two_stage",
        },
    ),
    "_ordinal_likelihood": (
        "numerical_likelihood",
        {
            "ordinal_odds_ratio.proportional_odds": "proportional_odds",
        },
    ),
    "_library_proportions": (
        "library",
        {
            "clustered_paired_difference.cluster_robust": "paired_cluster_robust",
            "clustered_proportion.ratio_estimator": "ratio_estimator",
            "odds_ratio.conditional_exact": "conditional_exact",
            "odds_ratio.woolf": "woolf",
            "paired_odds_ratio.conditional_exact": "paired_conditional_exact",
            "proportion.agresti_coull": "agresti_coull",
            "proportion.clopper_pearson": "clopper_pearson",
            "proportion.jeffreys": "jeffreys",
            "proportion.logit": "logit",
            "proportion.wilson": "wilson",
            "risk_difference.agresti_caffo": "agresti_caffo",
            "risk_difference.newcombe": "newcombe",
            "risk_difference.wald": "wald",
            "risk_ratio.katz": "katz",
            "stratified_difference.tdas": "tdas",
            "stratified_odds_ratio.mantel_haenszel": "mantel_haenszel_odds_ratio",
        },
    ),
    "_library_measurements": (
        "library",
        {
            "mean_difference.ancova": "ancova",
            "mean_difference.paired_t": "paired_t",
            "mean_difference.student": "student",
            "mean_difference.welch": "welch",
            "mean_ratio.fieller": "fieller",
            "mean_ratio.fieller_paired": "fieller_paired",
            "mean_ratio.geometric_paired": "geometric_paired",
            "mean_ratio.geometric_welch": "geometric_welch",
            "win_probability.brunner_munzel": "brunner_munzel",
            "win_probability.paired_clustered": "paired_clustered",
        },
    ),
    "_library_survival": (
        "library",
        {
            "time_to_event.cox_breslow": "cox_breslow",
            "time_to_event.cox_efron": "cox_efron",
            "time_to_event.rmst_difference": "rmst_difference",
            "time_to_event.rmst_ratio": "rmst_ratio",
        },
    ),
}
_ROADS = {
    method: (file, function, road)
    for file, (road, functions) in _FILES.items()
    for method, function in functions.items()
}


@dataclass(frozen=True, slots=True)
class SecondEngine:
    """Computes the result of one method again.

    Attributes
    ----------
    method
        ``second_engine.<road>``, the name of the road in reports.
    tolerance
        The largest difference that still counts as agreement (see :func:`agrees`).
    """

    method: str
    tolerance: float
    _file: str
    _function: str

    def __call__(self, *args: Any, level: float = 0.95, **keywords: Any) -> Estimate:
        """Return the estimate with its interval.

        Parameters
        ----------
        *args, **keywords
            What the method takes; it has taken the same arguments, so they are not checked again.
        level
            Two-sided level of the interval.

        Returns
        -------
        Estimate
            Undefined where the method is, and where this road is too long for the data or comes
            to no result (a reason of ``OUT_OF_REACH``). It raises nothing and warns of nothing.
        """
        road: Callable[..., Answer] = getattr(
            importlib.import_module(f"clinval.stats.second_engine.{self._file}"), self._function
        )
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                answer = road(*args, level=level, **keywords)
            except NotEstimableError as problem:
                return self._undefined(level, problem.reason)
            except (ArithmeticError, MemoryError, RuntimeError, ValueError):
                return self._undefined(level, NO_RESULT)
        estimate, low, high = (_finite(v) for v in (answer.estimate, answer.low, answer.high))
        reason = answer.reason
        if not reason and None in {estimate, low, high}:
            reason = "not a finite number"
        return Estimate(
            method=self.method,
            estimate=estimate,
            ci_low=low,
            ci_high=high,
            level=level,
            n=answer.n,
            undefined=bool(reason),
            reason=reason,
        )

    def _undefined(self, level: float, reason: str) -> Estimate:
        return Estimate(
            method=self.method, estimate=None, level=level, undefined=True, reason=reason
        )


def second_engine(name: str) -> SecondEngine | None:
    """Return what computes a method again, None where there is no second engine.

    Parameters
    ----------
    name
        ``<module>.<function>`` of the method.

    Examples
    --------
    >>> engine = second_engine("paired_difference.tango")
    >>> again = engine(43, 0, 1, 0)
    >>> again.method, round(again.ci_low, 4), round(again.ci_high, 4)
    ('second_engine.restricted_likelihood', -0.1181, 0.0594)
    >>> second_engine("paired_difference.mcnemar_test") is None
    True
    """
    if name not in _ROADS:
        return None
    file, function, road = _ROADS[name]
    return SecondEngine(f"second_engine.{road}", _TOLERANCE, file, function)


def recomputed_methods() -> tuple[str, ...]:
    """Return the names of the methods that have a second engine, in alphabetical order."""
    return tuple(sorted(_ROADS))


def _finite(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(value)
