"""What stands beside limits of agreement: concordance, deviation, bias that grows, a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.endpoints.method_pairs import Pairs
from clinval.endpoints.recorder import Recorder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.method_comparison import Spec

__all__ = ["record_beside"]

_LIMITS = ("estimate", "ci_low", "ci_high")
_LINE = (
    "slope", "slope_ci_low", "slope_ci_high", "intercept", "intercept_ci_low", "intercept_ci_high",
)  # fmt: skip


def record_beside(pairs: Pairs, endpoint: Spec, unit: str, recorder: Recorder) -> None:
    """Record concordance, total deviation, proportional bias, the line, and repeatability."""
    if endpoint.combine == "each":
        _record_components(pairs, endpoint, recorder)
        _record_repeatability(pairs, endpoint, unit, recorder)
    else:
        _record_single(pairs, endpoint, unit, recorder)


def _record_single(pairs: Pairs, endpoint: Spec, unit: str, recorder: Recorder) -> None:
    """Record what a single pair of each subject allows."""
    from clinval.stats.agreement import (
        concordance,
        coverage_probability,
        limits_of_agreement,
        method_comparison,
        total_deviation,
    )

    test, reference, n = pairs.test.tolist(), pairs.reference.tolist(), len(pairs.test)
    lin: Any = concordance.lin(test, reference, level=endpoint.level)
    parts = ("bias_correction", "scale_shift", "location_shift", "correlation")
    names = dict.fromkeys((*_LIMITS, *parts), "")
    recorder.result(lin, names, group={"analysis": "concordance"}, n=n)
    deviation = total_deviation.normal(test, reference)
    recorder.result(deviation, {"estimate": unit}, group={"analysis": "total_deviation"}, n=n)
    if endpoint.goal is not None and endpoint.goal.value and endpoint.method != "log_ratio":
        share = coverage_probability.normal(test, reference, limit=endpoint.goal.value)
        group = {"analysis": "coverage_probability"}
        recorder.result(share, {"estimate": "proportion"}, group=group, n=n)
    slope: Any = limits_of_agreement.proportional_bias(test, reference)
    names = {
        "estimate": "", "p_value": "p", "intercept": unit, "pitman_r": "",
        "pitman_p_value": "p", "spearman_absolute": "",
    }  # fmt: skip
    recorder.result(slope, names, group={"analysis": "proportional_bias"}, n=n)
    if endpoint.regression is not None:
        function = getattr(method_comparison, endpoint.regression)
        deming = endpoint.regression != "passing_bablok"
        options = {"error_ratio": endpoint.error_ratio} if deming else {}
        line = function(test, reference, level=endpoint.level, **options)
        units = {name: unit if name.startswith("intercept") else "" for name in _LINE}
        recorder.result(line, units, group={"analysis": "regression"}, n=n)


def _record_components(pairs: Pairs, endpoint: Spec, recorder: Recorder) -> None:
    """Record concordance from variance components, replicates in the residual."""
    import numpy as np

    from clinval.stats.agreement import concordance

    n = len(pairs.test)
    found: Any = concordance.variance_components(
        np.concatenate([pairs.test, pairs.reference]).tolist(),
        subject=np.tile(pairs.subject, 2).tolist(),
        method=np.repeat([0, 1], n).tolist(),
        level=endpoint.level,
    )
    recorder.result(
        found, dict.fromkeys(_LIMITS, ""), group={"analysis": "concordance"}, n=pairs.subjects
    )


def _record_repeatability(pairs: Pairs, endpoint: Spec, unit: str, recorder: Recorder) -> None:
    """Record how far each method repeats its own values on the same subject."""
    from clinval.stats.agreement import repeatability

    for arm in ("test", "reference"):
        values = _replicates(getattr(pairs, arm), pairs.subject)
        found: Any = repeatability.within_subject(
            values, level=endpoint.level, coverage=endpoint.coverage
        )
        names = (*_LIMITS, "repeatability_coefficient", "repeatability_coefficient_ci_low",
                 "repeatability_coefficient_ci_high")  # fmt: skip
        group = {"analysis": "repeatability", "arm": arm}
        recorder.result(found, dict.fromkeys(names, unit), group=group, n=pairs.subjects)


def _replicates(values: NDArray[np.float64], subject: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return a row a subject with its replicates side by side, NaN where there are fewer."""
    import numpy as np

    order = np.argsort(subject, kind="stable")
    _, row, count = np.unique(subject[order], return_inverse=True, return_counts=True)
    column = np.arange(len(values)) - np.repeat(np.cumsum(count) - count, count)
    matrix = np.full((len(count), int(count.max(initial=0))), np.nan)
    matrix[row, column] = values[order]
    return matrix
