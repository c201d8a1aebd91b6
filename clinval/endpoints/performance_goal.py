"""A proportion of one arm, with or without a goal that it has to reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from clinval.core.records import Record
from clinval.endpoints.clusters import with_width
from clinval.endpoints.comparison import lint_share
from clinval.endpoints.engines import recompute
from clinval.endpoints.hypothesis import Hypothesis, inverted_test
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Measured, combined, in_arm, lint_measured, rows_of
from clinval.protocol.base import Identifier
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import lint_margin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "Spec", "analyze", "lint"]

METHODS = ("clopper_pearson", "wilson", "jeffreys", "agresti_coull", "logit")
_CLUSTERED = "ratio_estimator"


class Spec(Measured):
    """A proportion of one arm; ``measure`` is a rule that is true for a success."""

    arm: Identifier | None = None
    direction: Literal["higher_is_better", "lower_is_better"] = "higher_is_better"
    goal: Margin | None = None
    method: str
    missing: Literal["exclude", "failure"] = "exclude"

    clustered_methods: ClassVar[tuple[str, ...]] = (_CLUSTERED,)

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown: the limit on the worse side lies beyond the goal."""
        value = self.goal.value if self.goal else None
        higher = self.direction == "higher_is_better"
        return Hypothesis(
            comparison="superiority",
            above=value if higher else None,
            below=None if higher else value,
            null=0.0,
            level=self.level,
        )


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    failures = endpoint.missing == "failure"
    lint_measured(endpoint, draft, report, gives="truth", each=True, failures=failures)
    if endpoint.combine == "each" and failures:
        report(
            "design-does-not-fit",
            ("missing",),
            what="missing: failure",
            design="combine: each",
            remedy="write missing: exclude; how many rows are missing is not known",
        )
    offered = (_CLUSTERED,) if endpoint.combine == "each" else METHODS
    if endpoint.method not in offered:
        clustered = "a proportion of rows clustered in subjects"
        report(
            "method-unknown",
            ("method",),
            method=endpoint.method,
            estimand=clustered if endpoint.combine == "each" else "a proportion of subjects",
            methods=", ".join(offered),
        )
    if endpoint.arm is not None and endpoint.arm not in draft.written_ids("arms"):
        report("arm-unknown", ("arm",), arm=endpoint.arm)
    if endpoint.goal is not None or endpoint.role == "primary":
        lint_margin(endpoint.goal, draft, report, ("goal",), of=endpoint.id)
    if endpoint.goal is not None:
        lint_share(endpoint.goal, report, ("goal", "value"))


def analyze(endpoint: Spec, context: Context) -> None:
    """Estimate the proportion: pooled, by center, without each center, with homogeneity."""
    import numpy as np

    from clinval.stats.accuracy import proportion

    sample = _Sample.build(endpoint, context)
    recorder, names = context.recorder, context.data.site_names
    recorder.inputs = sample.sha256
    everyone = np.ones(len(sample.n), dtype=bool)
    _record(sample, everyone, {}, endpoint, context)
    if len(sample.n):
        _record_test(sample, everyone, endpoint, context)
        _record_second_engine(sample, everyone, endpoint, context)
    occupied = [site for site in range(len(names)) if (sample.site == site).any()]
    for site, name in enumerate(names):
        here = sample.site == site
        recorder.add("missing", sample.missing_by_site[site], group={"site": name}, unit="subjects")
        if site in occupied:
            _record(sample, here, {"site": name}, endpoint, context)
        else:
            recorder.add("n", 0, group={"site": name}, unit="subjects", n=0)
    if not context.data.protocol.design.paired:
        recorder.add("not_in_arm", sample.not_in_arm, unit="subjects")
    if len(occupied) < 2:
        return
    for site in occupied:
        _record(sample, sample.site != site, {"without_site": names[site]}, endpoint, context)
    _record_flips(context, [names[site] for site in occupied])
    if endpoint.combine == "each":
        reason = "rows of one subject are not independent"
        recorder.add("q_p_value", None, unit="p", n=len(sample.n), reason=reason)
        return
    x = [int(sample.x[sample.site == site].sum()) for site in occupied]
    n = [int(sample.n[sample.site == site].sum()) for site in occupied]
    between = proportion.homogeneity_test(x, n)
    recorder.result(
        between,
        {"statistic": "", "df": "", "p_value": "p"},
        rename={"statistic": "q", "df": "q_df", "p_value": "q_p_value"},
        n=sum(n),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """Successes and trials by subject (one trial each, unless rows stay apart)."""

    x: NDArray[np.float64]
    n: NDArray[np.float64]
    site: NDArray[np.intp]
    missing_by_site: list[int]
    not_in_arm: int

    @property
    def sha256(self) -> str:
        from clinval.core.files import sha256_of_bytes

        return sha256_of_bytes(b"".join(a.tobytes() for a in (self.x, self.n, self.site)))

    @classmethod
    def build(cls, endpoint: Spec, context: Context) -> _Sample:
        import numpy as np

        data = context.data
        test = data.protocol.arm("test")
        arms = (endpoint.arm or (test.id if test else ""),)
        rows = rows_of(endpoint, data, arms)
        site = data.site_of_subject
        candidates = context.member & in_arm(endpoint, data, arms)[:, 0]
        if endpoint.combine == "each":
            known = ~np.isnan(rows.value)
            n = np.bincount(rows.subject[known], minlength=len(site)).astype(float)
            x = np.bincount(rows.subject[known], rows.value[known], minlength=len(site))
        else:
            value = combined(rows, endpoint, data, 1)[:, 0]
            n = (~np.isnan(value)).astype(float)
            x = np.nan_to_num(value)
        absent = candidates & (n == 0)
        missing = np.bincount(site[absent], minlength=len(data.site_names))
        if endpoint.missing == "failure":
            n[absent] = 1.0
            x[absent] = 0.0 if endpoint.direction == "higher_is_better" else 1.0
        used = candidates & (n > 0)
        return cls(
            x=x[used].astype(float),
            n=n[used],
            site=site[used],
            missing_by_site=missing.tolist(),
            not_in_arm=int((context.member & ~candidates).sum()),
        )

    def fit(self, mask: NDArray[np.bool_], endpoint: Spec, level: float = 0) -> Estimate:
        """Return the proportion of a mask, at the endpoint's level or at another."""
        from clinval import stats

        function = stats.find(_call(endpoint))
        arguments = self.arguments(mask, endpoint)
        result = cast("Estimate", function(*arguments, level=level or endpoint.level))
        return with_width(result) if endpoint.combine == "each" else result

    def arguments(self, mask: NDArray[np.bool_], endpoint: Spec) -> tuple[Any, Any]:
        """Return successes and trials, by subject where rows stay apart."""
        x, n = self.x[mask].astype(int), self.n[mask].astype(int)
        if endpoint.combine == "each":
            return x.tolist(), n.tolist()
        return int(x.sum()), int(n.sum())


def _call(endpoint: Spec) -> str:
    """Return the statistical method of the endpoint."""
    module = "clustered_proportion" if endpoint.combine == "each" else "proportion"
    return f"{module}.{endpoint.method}"


def _record_test(
    sample: _Sample, everyone: NDArray[np.bool_], endpoint: Spec, context: Context
) -> None:
    """Record the p value of the goal that agrees with the interval."""
    from clinval.stats.accuracy import proportion

    recorder, n = context.recorder, int(sample.n.sum())
    for side, bound in endpoint.hypothesis.sides:
        if endpoint.method == "clopper_pearson":
            x, trials = sample.arguments(everyone, endpoint)
            test = proportion.binomial_test(x, trials, null=bound, alternative=side)
            recorder.result(test, {"p_value": "p"}, n=n)
            continue
        inverted = inverted_test(lambda level: sample.fit(everyone, endpoint, level), side, bound)
        recorder.result(inverted, {"p_value": "p"}, n=n)


def _record_second_engine(
    sample: _Sample, everyone: NDArray[np.bool_], endpoint: Spec, context: Context
) -> None:
    """Compute the proportion a second time, in another way, and record whether both agree."""
    result = sample.fit(everyone, endpoint)
    recompute(
        result,
        _call(endpoint),
        sample.arguments(everyone, endpoint),
        {"level": endpoint.level},
        recorder=context.recorder,
        unit="proportion",
        n=int(sample.n.sum()),
    )


def _record(
    sample: _Sample,
    mask: NDArray[np.bool_],
    group: dict[str, str],
    endpoint: Spec,
    context: Context,
) -> None:
    recorder = context.recorder
    trials = int(sample.n[mask].sum())
    subjects = int(mask.sum())
    if "without_site" not in group:
        recorder.add("n", subjects, group=group, unit="subjects", n=subjects)
        unit = "rows" if endpoint.combine == "each" else "subjects"
        recorder.add("x", int(sample.x[mask].sum()), group=group, unit=unit, n=trials)
        recorder.add("trials", trials, group=group, unit=unit, n=subjects)
    if not group:
        recorder.add("missing", sum(sample.missing_by_site), unit="subjects")
    limits = ("estimate", "ci_low", "ci_high")
    low = high = None
    if trials == 0:
        for statistic in limits:
            recorder.add(
                statistic, None, group=group, unit="proportion", reason="no subject has a result"
            )
    else:
        result = sample.fit(mask, endpoint)
        low, high = result.ci_low, result.ci_high
        recorder.result(result, dict.fromkeys(limits, "proportion"), group=group, n=trials)
    claim = endpoint.hypothesis
    verdict = claim.verdict(low, high)
    if verdict != "none" and "site" not in group:
        if not group:
            recorder.add("goal", claim.bound, unit="proportion")
        recorder.add("verdict", verdict, group=group)


def _record_flips(context: Context, names: list[str]) -> None:
    """Record the centers without which the verdict is another one."""
    recorder = context.recorder
    by_id: dict[str, Record] = {record.id: record for record in recorder.records}
    overall = by_id.get(recorder.id_of("verdict"))
    if overall is None:
        return
    changed = [
        name
        for name in names
        if by_id[recorder.id_of("verdict", {"without_site": name})].value != overall.value
    ]
    recorder.add("centers_that_flip", ", ".join(changed) or "none", n=len(changed))
