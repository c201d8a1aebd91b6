"""The analysis that every estimate of one arm goes through: pooled, by center, by subgroup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import Field as Setting

from clinval.endpoints.hypothesis import Hypothesis, Side, inverted_test
from clinval.endpoints.kind import Context
from clinval.endpoints.subgroups import levels_of
from clinval.protocol.base import Identifier, Section
from clinval.protocol.endpoint import Margin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate, TestResult
    from clinval.endpoints.kind import Report
    from clinval.protocol.draft import Draft

__all__ = ["Goal", "Single", "lint_subgroups_named"]

Group = Mapping[str, str]

_LIMITS = ("estimate", "ci_low", "ci_high")
_TOO_FEW = "fewer subjects than the protocol asks for"
_NOT_INDEPENDENT = "rows of one subject are not independent"
_FEW_LEVELS = "fewer than two levels with an error"
_FEW_CENTERS = "fewer than two centers with an error"
_NOT_KNOWN = "missing"  # the level of subjects of whom it is not known


class Goal(Section):
    """The keys of an endpoint that is held against a goal."""

    direction: Literal["higher_is_better", "lower_is_better"] = "higher_is_better"
    goal: Margin | None = None
    subgroups: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="declared subgroups that the result is also shown for"
    )
    level: float

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


class Part(Protocol):
    """Cases with results, of which parts can be taken."""

    @property
    def subject(self) -> NDArray[np.intp]:
        """The subject of each case."""
        ...

    @property
    def site(self) -> NDArray[np.intp]:
        """The center of each case."""
        ...

    def of(self, mask: NDArray[np.bool_]) -> Any:
        """Return the cases of a mask."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """An endpoint of one arm on an analysis set: everything that is computed of it starts here.

    Attributes
    ----------
    endpoint
        An endpoint with a ``hypothesis``, a ``level`` and ``subgroups``.
    sample
        The cases with results.
    unit
        Unit of the estimate.
    fit
        The estimate of a part, at a level.
    describe
        Records what is said of a part beside its estimate (counts), by its group.
    differ
        The test that all parts are alike, where the kind has one of its own; otherwise Cochran's Q
        of the estimates and their standard errors.
    test
        The test of the goal, where it is not the inverted interval.
    independent
        Whether cases are independent; where they are not, no test compares proportions.
    """

    endpoint: Any
    context: Context
    sample: Part
    unit: str
    fit: Callable[[Any, float], Estimate]
    describe: Callable[[Any, Group], None]
    differ: Callable[[Sequence[Any]], TestResult] | None = None
    test: Callable[[Any, Side, float], TestResult] | None = None
    independent: bool = True

    def record(self) -> Estimate:
        """Record the result, its test, every center, all without each, and the subgroups."""
        recorder, claim = self.context.recorder, self.endpoint.hypothesis
        result = self.estimate(self.sample, {})
        if claim.sides:
            recorder.add("goal", claim.bound, unit=self.unit)
            recorder.add("verdict", claim.verdict(result.ci_low, result.ci_high))
            self._record_test(result)
        self._centers()
        for name in self.endpoint.subgroups:
            self._subgroup(name)
        return result

    def estimate(self, part: Any, group: Group) -> Estimate:
        """Record the estimate of a part and its interval, and return it."""
        result = self.fit(part, self.endpoint.level)
        if "without_site" not in group:
            n = _subjects(part)
            self.context.recorder.add("n", n, group=group, unit="subjects", n=n)
            self.describe(part, group)
        units = dict.fromkeys(_LIMITS, self.unit)
        n_used = _subjects(part) if result.n is None else result.n
        self.context.recorder.result(result, units, group=group, n=n_used)
        return result

    def _record_test(self, result: Estimate) -> None:
        """Record the p value of the goal that agrees with the interval."""
        for side, bound in self.endpoint.hypothesis.sides:
            if self.test is not None:
                found = self.test(self.sample, side, bound)
            else:
                found = inverted_test(lambda level: self.fit(self.sample, level), side, bound)
            self.context.recorder.result(found, {"p_value": "p"}, n=result.n)

    def _centers(self) -> None:
        """Record each center by itself, all without it, and how centers differ."""
        recorder, names = self.context.recorder, self.context.data.site_names
        alone: dict[int, Estimate] = {}
        for site, name in enumerate(names):
            part = self.sample.of(self.sample.site == site)
            if len(part.site):
                alone[site] = self.estimate(part, {"site": name})
            else:
                recorder.add("n", 0, group={"site": name}, unit="subjects", n=0)
                self.describe(part, {"site": name})
        if len(alone) < 2:
            return
        overall, changed = recorder.value("verdict"), []
        for site in alone:
            group = {"without_site": names[site]}
            rest = self.estimate(self.sample.of(self.sample.site != site), group)
            if overall is not None:
                word = self.endpoint.hypothesis.verdict(rest.ci_low, rest.ci_high)
                recorder.add("verdict", word, group=group)
                changed += [names[site]] if word != overall else []
        if overall is not None:
            recorder.add("centers_that_flip", ", ".join(changed) or "none", n=len(changed))
        parts = [self.sample.of(self.sample.site == site) for site in alone]
        self._differ(parts, list(alone.values()), {}, "q")

    def _subgroup(self, name: str) -> None:
        """Record every level of a subgroup, and a test that they are alike.

        Below the subgroup's minimum there are counts, but no estimate.
        """
        recorder, data = self.context.recorder, self.context.data
        subgroup = data.protocol.subgroups[name]
        levels, code = levels_of(subgroup, data)
        of_case = code[self.sample.subject]
        parts, results = [], []
        for index, level in enumerate(levels):
            part, group = self.sample.of(of_case == index), {"subgroup": name, "level": level}
            if _subjects(part) >= subgroup.minimum:
                parts.append(part)
                results.append(self.estimate(part, group))
                continue
            n = _subjects(part)
            recorder.add("n", n, group=group, unit="subjects", n=n)
            self.describe(part, group)
            for statistic in _LIMITS:
                recorder.add(statistic, None, group=group, unit=self.unit, n=n, reason=_TOO_FEW)
        unknown = _subjects(self.sample.of(of_case < 0))
        group = {"subgroup": name, "level": _NOT_KNOWN}
        recorder.add("n", unknown, group=group, unit="subjects", n=unknown)
        recorder.add("levels_shown", len(parts), group={"subgroup": name}, unit="levels")
        self._differ(parts, results, {"subgroup": name}, "interaction")

    def _differ(
        self, parts: Sequence[Any], results: Sequence[Estimate], group: Group, prefix: str
    ) -> None:
        """Record whether parts are alike: ``q``, or ``interaction_q`` of a subgroup."""
        from clinval.stats.centers import heterogeneity

        recorder, n = self.context.recorder, len(self.sample.site)
        q, p = ("q", "q_p_value") if prefix == "q" else (f"{prefix}_q", f"{prefix}_p_value")
        df = f"{prefix}_df"
        units = {"statistic": "", "df": "", "p_value": "p"}
        names = {"statistic": q, "df": df, "p_value": p}
        if self.independent and len(parts) > 1 and self.differ is not None:
            recorder.result(self.differ(parts), units, group=group, rename=names, n=n)
            return
        known = [(result.estimate, getattr(result, "se", None)) for result in results]
        usable = [(estimate, se) for estimate, se in known if estimate is not None and se]
        if not self.independent or len(usable) < 2:
            few = _FEW_CENTERS if prefix == "q" else _FEW_LEVELS
            reason = few if self.independent else _NOT_INDEPENDENT
            for name, statistic in names.items():
                unit = units[name]
                recorder.add(statistic, None, group=group, unit=unit, n=n, reason=reason)
            return
        estimates, errors = zip(*usable, strict=True)
        between = heterogeneity.reml(estimates, errors, level=self.endpoint.level)
        recorder.add(df, len(usable) - 1, group=group, n=len(usable), method=between.method)
        shown = {"q": "", "q_p_value": "p"} | ({"i2": "percent"} if prefix == "q" else {})
        renamed = {"q": q, "q_p_value": p}
        recorder.result(between, shown, group=group, rename=renamed, n=len(usable))


def _subjects(part: Any) -> int:
    import numpy as np

    return len(np.unique(part.subject))


def lint_subgroups_named(endpoint: Any, draft: Draft, report: Report) -> None:
    """Report subgroups that the protocol does not declare."""
    for position, name in enumerate(endpoint.subgroups):
        if name not in draft.written_ids("subgroups"):
            report("subgroup-unknown", ("subgroups", position), subgroup=name)
