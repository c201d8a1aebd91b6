"""What is recorded of a coefficient of some readers: pooled, by center, without each, beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.endpoints.agreement_panel import record_panel, record_raw
from clinval.endpoints.coefficients import Coefficient
from clinval.endpoints.kind import Context
from clinval.endpoints.rating_matrix import Ratings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate
    from clinval.endpoints.reader_agreement import Spec
    from clinval.endpoints.recorder import Recorder

__all__ = ["Group"]

_LIMITS = ("estimate", "ci_low", "ci_high")
_COMPONENTS = dict.fromkeys(
    (
        "within_center", "within_center_ci_low", "within_center_ci_high",
        "same_reader", "same_reader_ci_low", "same_reader_ci_high",
        "variance_center", "variance_subject", "variance_reader", "variance_subject_reader",
        "variance_session", "variance_residual",
    ),
    "",
)  # fmt: skip
"""What icc.components gives beside the coefficient, where the design has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The ratings of some readers and the coefficient that is estimated of them."""

    ratings: Ratings
    group: Mapping[str, str]
    coefficient: Coefficient
    endpoint: Spec
    context: Context

    @property
    def recorder(self) -> Recorder:
        """Where the records go."""
        return self.context.recorder

    def record(self, *, full: bool) -> None:
        """Record the coefficient, and in full its centers, its bootstrap and its panel."""
        import numpy as np

        site, names = self.ratings.site, self.context.data.site_names
        self._record(np.ones(len(site), dtype=bool), self.group)
        if not full:
            return
        self._record_other_interval()
        if not self.endpoint.measured:
            record_raw(self.ratings, self.coefficient, self.group, self.recorder)
            record_panel(self.ratings, self.coefficient, self.group, self.recorder)
        occupied = np.unique(site).tolist()
        for place, name in enumerate(names):
            group = {**self.group, "site": name}
            if place in occupied:
                self._record(site == place, group)
            else:
                self.recorder.add("n", 0, group=group, unit="images", n=0)
        if len(occupied) > 1:
            for place in occupied:
                self._record(site != place, {**self.group, "without_site": names[place]})
        self._record_homogeneity()

    def _fit(self, ratings: Ratings) -> Estimate:
        """Return the coefficient, with the interval that was declared."""
        if self.endpoint.interval == "bootstrap":
            drawn = self._drawn(ratings)
            if drawn is not None:
                return drawn
        return self.coefficient.fit(ratings)

    def _drawn(self, ratings: Ratings) -> Estimate | None:
        seed = int(self.context.random().integers(2**31))
        return self.coefficient.bootstrap(ratings, draws=self.endpoint.draws, seed=seed)

    def _record(self, mask: NDArray[np.bool_], group: Mapping[str, str]) -> None:
        import numpy as np

        recorder, ratings = self.recorder, self.ratings.of(mask)
        several = int((ratings.rated >= 2).sum())
        if "without_site" not in group:
            complete, n = int(ratings.complete.sum()), len(ratings.values)
            recorder.add("n", complete, group=group, unit="images", n=complete)
            recorder.add("rated_twice", several, group=group, unit="images", n=n)
            recorder.add("rated", n, group=group, unit="images", n=n)
            patients = len(np.unique(ratings.patient[ratings.rated >= 2]))
            recorder.add("patients", patients, group=group, unit="subjects", n=patients)
        result: Any = self._fit(ratings)
        used = getattr(result, "n", None)
        n = several if used is None else used
        recorder.result(result, dict.fromkeys(_LIMITS, ""), group=group, n=n)
        agreements = ("observed_agreement", "expected_agreement")
        if self.endpoint.coefficient == "kappa" and "without_site" not in group:
            found = [name for name in agreements if hasattr(result, name)]
            recorder.result(result, dict.fromkeys(found, "proportion"), group=group, n=n)
        if hasattr(result, "p_value") and self.endpoint.coefficient == "kendall_w":
            names = {"statistic": "", "df": "", "p_value": "p"}
            recorder.result(result, names, group=group, n=n)
        if self.coefficient.call == "icc.components" and group == self.group:
            recorder.result(result, _COMPONENTS, group={**group, "analysis": "components"}, n=n)
        if self.endpoint.goal is not None and set(group) <= {"readers", "without_site"}:
            self._decide(getattr(result, "ci_low", None), group)

    def _decide(self, low: float | None, group: Mapping[str, str]) -> None:
        goal = self.endpoint.goal
        if goal is None or goal.value is None:
            return
        self.recorder.add("goal", goal.value, group=group)
        met = "undefined" if low is None else "met" if low > goal.value else "not_met"
        self.recorder.add("verdict", met, group=group)

    def _record_other_interval(self) -> None:
        """Record the interval that was not declared beside the one that was."""
        declared = self.endpoint.interval == "bootstrap"
        other = self.coefficient.fit(self.ratings) if declared else self._drawn(self.ratings)
        if other is None:
            return
        group = {**self.group, "analysis": "analytic" if declared else "bootstrap"}
        result: Any = other
        n = int((self.ratings.rated >= 2).sum())
        self.recorder.result(result, dict.fromkeys(_LIMITS, ""), group=group, n=n)
        for name, unit in (("clusters", "subjects"), ("draws", ""), ("undefined_draws", "")):
            if hasattr(result, name):
                self.recorder.result(result, {name: unit}, group=group, n=n)

    def _record_homogeneity(self) -> None:
        """Record whether the coefficient differs between the centers where it has an error."""
        import numpy as np

        names = {"q": "q", "df": "q_df", "p_value": "q_p_value"}
        site = self.ratings.site
        usable = np.zeros(len(site), dtype=bool)
        count = 0
        for place in np.unique(site):
            here = site == place
            alone: Any = self.coefficient.fit(self.ratings.of(here))
            if getattr(alone, "se", None):
                usable |= here
                count += 1
        kept = self.ratings.of(usable)
        result = self.coefficient.stratified(kept) if count > 1 else None
        recorder, group = self.recorder, self.group
        if result is None:
            if count < 2 and self.coefficient.has_stratified:
                recorder.add("centers_with_error", count, group=group, unit="centers")
                for statistic in names.values():
                    reason = "fewer than two centers with an error"
                    recorder.add(statistic, None, group=group, reason=reason)
            return
        recorder.add("centers_with_error", count, group=group, unit="centers")
        units = {"q": "", "df": "", "p_value": "p"}
        n = int((kept.complete if self.coefficient.complete else kept.rated >= 2).sum())
        recorder.result(result, units, rename=names, group=group, n=n)
        pooled = {**group, "analysis": "inverse_variance"}
        recorder.result(result, dict.fromkeys(_LIMITS, ""), group=pooled, n=n)
