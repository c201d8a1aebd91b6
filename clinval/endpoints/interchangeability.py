"""Interchangeability: whether readers disagree more once one of them has the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.endpoints.hypothesis import Hypothesis
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Compare
from clinval.endpoints.rating_matrix import LongRatings
from clinval.endpoints.ratings import Rated, long_ratings, record_data
from clinval.endpoints.ratings_lint import Need, lint_rated
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import lint_margin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "Spec", "analyze", "lint"]

METHODS = ("individual_equivalence",)

_INDEX = ("estimate", "ci_low", "ci_high")
_PARTS = {
    "disagreement_test_reference": "proportion",
    "disagreement_reference_reference": "proportion",
    "pairs_test_reference": "rows",
    "pairs_reference_reference": "rows",
    "clusters": "subjects",
}


class Spec(Rated):
    """The individual equivalence index of two arms that the same readers read.

    Disagreement of a reader with the test and another with the reference, minus that of two
    readers with the reference; its upper limit has to lie below the margin.
    """

    compare: Compare | None = None
    method: str = "individual_equivalence"
    weights: Literal["unweighted", "linear", "quadratic"] = "unweighted"
    draws: Annotated[int, Setting(ge=200, le=100_000)] = 2000
    margin: Margin | None = None

    @property
    def comparison(self) -> Literal["non_inferiority", "estimation"]:
        """What is to be shown, as comparisons say it."""
        return "estimation" if self.margin is None else "non_inferiority"

    @property
    def direction(self) -> Literal["lower_is_better"]:
        """Less disagreement is better."""
        return "lower_is_better"

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown: the upper limit lies below the margin."""
        value = self.margin.value if self.margin else None
        return Hypothesis(
            comparison="non_inferiority", above=None, below=value, null=0.0, level=self.level
        )


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    need: Need = "none" if endpoint.weights == "unweighted" else "order"
    form = lint_rated(endpoint, draft, report, measured=False, need=need)
    if endpoint.method not in METHODS:
        report(
            "method-unknown",
            ("method",),
            method=endpoint.method,
            estimand="interchangeability",
            methods=", ".join(METHODS),
        )
    if form is not None and "arm" not in form.keys:
        report("endpoint-form-keys", ("form",), form=form.id, key="arm")
    for role in ("test", "reference") if endpoint.compare else ():
        arm = getattr(endpoint.compare, role)
        if arm not in draft.written_ids("arms"):
            report("arm-unknown", ("compare", role), arm=arm)
    if draft.design is not None and not draft.design.paired:
        report(
            "design-does-not-fit",
            ("kind",),
            what=endpoint.kind,
            design=draft.design.type,
            remedy="every reader reads each subject with both; use a paired or crossed design",
        )
    if endpoint.repeats != "only" or endpoint.replicate is not None:
        report(
            "design-does-not-fit",
            ("replicate",),
            what="replicate",
            design=endpoint.kind,
            remedy="keep one reading of each arm with where",
        )
    given = len(endpoint.readers or draft.readers)
    if given < 2:
        report("readers-too-few", ("readers",), method=endpoint.method, needed=2, given=given)
    if endpoint.margin is not None or endpoint.role == "primary":
        lint_margin(endpoint.margin, draft, report, ("margin",), of=endpoint.id)
    value = endpoint.margin.value if endpoint.margin else None
    if value is not None and value >= 1:
        report("value-out-of-limits", ("margin", "value"), value=value, limit="< 1")


def analyze(endpoint: Spec, context: Context) -> None:
    """Estimate the index: of all, by center, without each center; decide by its upper limit."""
    import numpy as np

    recorder, names = context.recorder, context.data.site_names
    arms = _arms(endpoint, context)
    reads = long_ratings(endpoint, context, arms=arms)
    recorder.inputs = reads.sha256
    index = _Index(reads=reads, endpoint=endpoint, context=context)
    site = reads.site[reads.case]
    index.record(np.ones(len(site), dtype=bool), {})
    index.record_bootstrap()
    margin = endpoint.hypothesis.below
    if margin is not None:
        recorder.add("bound_high", margin, unit="proportion_difference")
        index.record_test(margin)
    unused = {k: n for k, n in reads.unused.items() if k not in ("repeated", "alone")}
    record_data(reads, unused, {"analysis": "data"}, recorder)
    occupied = np.unique(site).tolist()
    for place, name in enumerate(names):
        if place in occupied:
            index.record(site == place, {"site": name})
        else:
            recorder.add("n", 0, group={"site": name}, unit="subjects", n=0)
    if len(occupied) < 2:
        return
    for place in occupied:
        index.record(site != place, {"without_site": names[place]})
    if margin is not None:
        _record_flips(context, [names[place] for place in occupied])


def _arms(endpoint: Spec, context: Context) -> tuple[str, str]:
    """Return the reference and the test arm: their places are what the statistic calls them."""
    if endpoint.compare is not None:
        return endpoint.compare.reference, endpoint.compare.test
    found: list[Any] = [context.data.protocol.arm(role) for role in ("reference", "test")]
    reference, test = (arm.id if arm else "" for arm in found)
    return reference, test


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """The reads of an endpoint, and how the index of some of them is recorded."""

    reads: LongRatings
    endpoint: Spec
    context: Context

    def arguments(self, mask: NDArray[np.bool_]) -> dict[str, Any]:
        """Return what the statistic is given of the reads of a mask."""
        reads = self.reads
        return {
            "value": reads.value[mask].tolist(),
            "subject": reads.case[mask].tolist(),
            "reader": reads.reader[mask].tolist(),
            "arm": reads.arm[mask].tolist(),
            "cluster": reads.patient[reads.case[mask]].tolist(),
            "weights": self.endpoint.weights,
            "categories": list(reads.levels) or None,
        }

    def record(self, mask: NDArray[np.bool_], group: Mapping[str, str]) -> None:
        """Record the index of some reads, and but for a single center the verdict."""
        import numpy as np

        from clinval.stats.agreement import interchangeability

        recorder = self.context.recorder
        subjects = len(np.unique(self.reads.patient[self.reads.case[mask]]))
        if "without_site" not in group:
            recorder.add("n", subjects, group=group, unit="subjects", n=subjects)
        low = high = None
        if not mask.any():
            for name in _INDEX:
                unit = "proportion_difference"
                recorder.add(name, None, group=group, unit=unit, reason="no rating")
        else:
            result = interchangeability.individual_equivalence(
                **self.arguments(mask), level=self.endpoint.level
            )
            low, high = result.ci_low, result.ci_high
            units = dict.fromkeys(_INDEX, "proportion_difference")
            if "without_site" not in group:
                units |= _PARTS
            recorder.result(result, units, group=group, n=subjects)
        verdict = self.endpoint.hypothesis.verdict(low, high)
        if verdict != "none" and "site" not in group:
            recorder.add("verdict", verdict, group=group)

    def record_bootstrap(self) -> None:
        """Record the interval of patients drawn again within their centers, beside the other."""
        import numpy as np

        from clinval.stats.agreement import interchangeability

        if not len(self.reads.value):
            return
        everyone = np.ones(len(self.reads.value), dtype=bool)
        drawn = interchangeability.individual_equivalence_bootstrap(
            **self.arguments(everyone),
            strata=self.reads.site[self.reads.case].tolist(),
            draws=self.endpoint.draws,
            seed=int(self.context.random().integers(2**31)),
            level=self.endpoint.level,
        )
        units = dict.fromkeys(_INDEX, "proportion_difference")
        units |= {"clusters": "subjects", "draws": ""}
        subjects = len(np.unique(self.reads.patient))
        self.context.recorder.result(drawn, units, group={"analysis": "bootstrap"}, n=subjects)

    def record_test(self, margin: float) -> None:
        """Record the p value of the test that agrees with the upper limit."""
        import numpy as np

        from clinval.stats.agreement import interchangeability

        everyone = np.ones(len(self.reads.value), dtype=bool)
        if not len(everyone):
            return
        test = interchangeability.individual_equivalence_test(
            **self.arguments(everyone), margin=margin
        )
        subjects = len(np.unique(self.reads.patient))
        self.context.recorder.result(test, {"p_value": "p"}, n=subjects)


def _record_flips(context: Context, names: list[str]) -> None:
    """Record the centers without which the verdict is another one."""
    recorder = context.recorder
    overall = recorder.value("verdict")
    changed = [
        name for name in names if recorder.value("verdict", {"without_site": name}) != overall
    ]
    recorder.add("centers_that_flip", ", ".join(changed) or "none", n=len(changed))
