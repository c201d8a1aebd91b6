"""The fourfold table of a test against the truth, and every measure that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from clinval.endpoints.clusters import with_width

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate
    from clinval.endpoints.recorder import Recorder

__all__ = ["CLUSTERED", "QUANTITIES", "RATIOS", "Calls", "Quantity", "record_measures"]

CLUSTERED = "ratio_estimator"
"""The interval of a proportion of rows that are clustered in subjects."""

RATIOS = {"lr_pos": "ratio", "lr_neg": "ratio", "diagnostic_odds_ratio": "odds_ratio"}
"""Measures with an interval that are no proportions, and their units."""

_NOT_INDEPENDENT = "rows of one subject are not independent"
_NO_CASE = "no subject has a result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls beside their truth, one element a case that counts.

    ``clustered`` cases are rows, several of which may belong to a subject: binomial intervals are
    not for them.
    """

    truth: NDArray[np.bool_]
    call: NDArray[np.bool_]
    subject: NDArray[np.intp]
    site: NDArray[np.intp]
    clustered: bool

    def of(self, mask: NDArray[np.bool_]) -> Calls:
        """Return the cases of a mask."""
        return replace(
            self,
            truth=self.truth[mask],
            call=self.call[mask],
            subject=self.subject[mask],
            site=self.site[mask],
        )

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def cells(self) -> dict[str, int]:
        """True and false positives and negatives."""
        return {
            "tp": int((self.truth & self.call).sum()),
            "fp": int((~self.truth & self.call).sum()),
            "fn": int((self.truth & ~self.call).sum()),
            "tn": int((~self.truth & ~self.call).sum()),
        }

    def call_of(self, method: str) -> str:
        """Return the statistical function of an interval."""
        return f"{'clustered_proportion' if self.clustered else 'proportion'}.{method}"

    def arguments(self, quantity: Quantity) -> tuple[Any, Any]:
        """Return successes and trials; lists by subject where cases are clustered in subjects."""
        import numpy as np

        success, trial = quantity(self)
        if not self.clustered:
            return int((success & trial).sum()), int(trial.sum())
        _, cluster = np.unique(self.subject, return_inverse=True)
        size = int(cluster.max(initial=-1)) + 1
        x = np.bincount(cluster[success & trial], minlength=size)
        n = np.bincount(cluster[trial], minlength=size)
        return x[n > 0].tolist(), n[n > 0].tolist()

    def fit(self, quantity: Quantity, method: str, level: float) -> Estimate:
        """Return the interval of a proportion."""
        from clinval import stats
        from clinval.core.results import Estimate

        call = self.call_of(method)
        if not quantity(self)[1].any():
            return Estimate(
                method=call, estimate=None, level=level, n=0, undefined=True, reason=_NO_CASE
            )
        x, n = self.arguments(quantity)
        result = cast("Estimate", stats.find(call)(x, n, level=level))
        return with_width(result) if self.clustered else result

    def record(
        self,
        name: str,
        group: Mapping[str, str],
        recorder: Recorder,
        method: str,
        level: float,
    ) -> None:
        """Record a proportion of the table and its interval under its own name."""
        result = self.fit(QUANTITIES[name], method, level)
        names = {"estimate": name, "ci_low": f"{name}_ci_low", "ci_high": f"{name}_ci_high"}
        recorder.result(
            result, dict.fromkeys(names, "proportion"), group=group, rename=names, n=result.n
        )


Quantity = Callable[[Calls], "tuple[NDArray[np.bool_], NDArray[np.bool_]]"]
"""Gives what counts as a success, and which cases are tried."""


def _everyone(calls: Calls) -> NDArray[np.bool_]:
    return calls.truth | ~calls.truth


QUANTITIES: Mapping[str, Quantity] = {
    "sensitivity": lambda calls: (calls.call, calls.truth),
    "specificity": lambda calls: (~calls.call, ~calls.truth),
    "accuracy": lambda calls: (calls.call == calls.truth, _everyone(calls)),
    "ppv": lambda calls: (calls.truth, calls.call),
    "npv": lambda calls: (~calls.truth, ~calls.call),
    "prevalence": lambda calls: (calls.truth, _everyone(calls)),
}
"""The proportions of a fourfold table."""


def record_measures(
    calls: Calls,
    group: Mapping[str, str],
    recorder: Recorder,
    method: str,
    level: float,
    prevalences: tuple[float, ...] = (),
) -> None:
    """Record every measure of a fourfold table.

    Parameters
    ----------
    calls
        The cases.
    group, recorder
        Where the records go.
    method, level
        The interval of proportions, and the level of all.
    prevalences
        Prevalences for which predictive values are given as well.
    """
    from clinval.stats.accuracy import accuracy

    for name in QUANTITIES:
        calls.record(name, group, recorder, method, level)
    cells = tuple(calls.cells.values())
    whole = accuracy.two_by_two(*cells, level=level)
    recorder.result(
        whole, {"youden": "", "number_needed_to_diagnose": ""}, group=group, n=len(calls)
    )
    for name, unit in RATIOS.items():
        limits = (f"{name}_ci_low", f"{name}_ci_high")
        if calls.clustered:
            recorder.result(whole, {name: unit}, group=group, n=len(calls))
            for limit in limits:
                recorder.add(limit, None, group=group, unit=unit, reason=_NOT_INDEPENDENT)
        else:
            units = dict.fromkeys((name, *limits), unit)
            recorder.result(whole, units, group=group, n=len(calls))
    for prevalence in prevalences:
        at = {**group, "prevalence": f"{prevalence:g}"}
        names = [f"{name}{end}" for name in ("ppv", "npv") for end in ("", "_ci_low", "_ci_high")]
        if calls.clustered:
            for name in names:
                recorder.add(name, None, group=at, unit="proportion", reason=_NOT_INDEPENDENT)
            continue
        given = accuracy.mercaldo(*cells, prevalence=prevalence, level=level)
        recorder.result(given, dict.fromkeys(names, "proportion"), group=at, n=len(calls))
