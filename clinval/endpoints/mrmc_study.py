"""A reader study on an analysis set: its reads, how they are analysed, how a result is recorded."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.core.results import Estimate, TestResult
from clinval.endpoints.hypothesis import Side
from clinval.endpoints.reader_reads import CALLED, StudyReads

if TYPE_CHECKING:
    from clinval.endpoints.kind import Context
    from clinval.endpoints.mrmc import Spec

__all__ = ["LIMITS", "METHODS", "ROCKETTE", "Group", "ReaderStudy", "unusable"]

Group = Mapping[str, str]

METHODS: Mapping[str, str] = {
    "obuchowski_rockette": "mrmc.obuchowski_rockette",
    "u_statistic": "mrmc.u_statistic",
    "v_statistic": "mrmc.v_statistic",
    "dorfman_berbaum_metz": "mrmc.dorfman_berbaum_metz",
}
ROCKETTE = "obuchowski_rockette"

_STRATIFIED = "mrmc.obuchowski_rockette_stratified"
_MOMENTS = ("mrmc.u_statistic", "mrmc.v_statistic")
LIMITS = ("estimate", "ci_low", "ci_high")

_REFERENCE, _TEST = 0, 1  # places of the arms
_NO_READS = "no read of a case with a known truth"
_ONE_ARM = "no read in one of the two arms"
_NOT_CROSSED = "the method needs every read of every reader in both arms"
_ONE_SIDE = "one of the two tests has no p value"
_NOT_GIVEN = "the method does not give this number"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderStudy:
    """An endpoint on an analysis set: everything that is computed of it starts here.

    Attributes
    ----------
    reads
        The reads of cases with a known truth.
    covariance
        The covariance of the estimates that is used, whether or not the protocol named it.
    """

    endpoint: Spec
    context: Context
    reads: StudyReads
    covariance: str

    @property
    def unit(self) -> str:
        """The unit of the metric."""
        return "proportion" if self.endpoint.metric in CALLED else ""

    @property
    def unit_of_difference(self) -> str:
        """The unit of a difference of the metric."""
        return "proportion_difference" if self.endpoint.metric in CALLED else ""

    @property
    def unit_of_case(self) -> str:
        """What a case is counted as."""
        return "rows" if self.reads.targets else "subjects"

    # ------------------------------------------------------------------ analysis

    def fit(self, part: StudyReads, **changes: Any) -> Any:
        """Analyse some reads as declared, but for what is changed (``method``, ``random`` ...).

        The method ``stratified`` is the model of readers with the strata of ``stratum``.
        """
        name = changes.pop("method", self.endpoint.method)
        return self._call(METHODS.get(name, _STRATIFIED), part, changes)

    def _call(self, call: str, part: StudyReads, changes: Mapping[str, Any]) -> Any:
        from clinval import stats

        given, function = self.options(part, changes), stats.find(call)
        known = inspect.signature(function).parameters
        reason = _lacking(part)
        if not reason and not part.crossed and _only_crossed(call, given, known):
            reason = _NOT_CROSSED
        if reason:
            level = self.endpoint.level
            return Estimate(method=call, estimate=None, undefined=True, reason=reason, level=level)
        return function(**part.arguments(), **{key: given[key] for key in given if key in known})

    def options(self, part: StudyReads, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return what methods are told of some reads, as declared but for what is changed."""
        endpoint = self.endpoint
        covariance = changes.get("covariance", self.covariance)
        if covariance == "delong" and endpoint.covariance is None and not part.crossed:
            covariance = "jackknife"  # a part of a study, or another truth, may lack reads
        return {
            "metric": endpoint.metric,
            "random": endpoint.random,
            "threshold": endpoint.cut,
            "fpr_max": endpoint.fpr_max,
            "cluster": part.subject[part.case] if covariance == "clustered" else None,
            "test": _TEST,
            "reference": _REFERENCE,
            "negative_variance": endpoint.negative_variance,
            "level": endpoint.level,
            **changes,
            "covariance": covariance,
        }

    def test(
        self, result: Any, part: StudyReads, side: Side, bound: float, **changes: Any
    ) -> TestResult:
        """Return the one-sided test of a bound that agrees with the interval of a result."""
        from clinval.stats.reader_study._reader_study import margin_tested

        call = METHODS.get(changes.pop("method", self.endpoint.method), _STRATIFIED)
        if result.undefined:
            return TestResult(
                method=call, p_value=None, undefined=True, reason=result.reason or _NOT_GIVEN
            )
        if call in _MOMENTS:
            found: TestResult = self._call(
                f"{call}_test", part, {**changes, "margin": bound, "alternative": side}
            )
            return found
        # of the model of readers the same result tells every test: nothing is computed again
        df = getattr(result, "df_difference", getattr(result, "df2", None))
        statistic, p_value = margin_tested(result.estimate, result.se, df, bound, side)
        own = call == METHODS[ROCKETTE]
        method = f"{call}_test" if own else call
        return TestResult(method=method, statistic=statistic, df=df, p_value=p_value)

    # ------------------------------------------------------------------ records

    def count(self, part: StudyReads, group: Group) -> None:
        """Record how many subjects and cases there are."""
        recorder, cases, unit = self.context.recorder, len(part.cases), self.unit_of_case
        subjects, ill = part.subjects, part.diseased
        recorder.add("n", subjects, group=group, unit="subjects", n=subjects)
        if self.reads.targets:
            recorder.add("cases", cases, group=group, unit=unit, n=cases)
        recorder.add("diseased", ill, group=group, unit=unit, n=cases)
        recorder.add("nondiseased", cases - ill, group=group, unit=unit, n=cases)

    def record(self, result: Any, part: StudyReads, group: Group, *, decides: bool = True) -> str:
        """Record a difference with its interval and what it shows, and return that word."""
        units = dict.fromkeys(_numbers(group), self.unit_of_difference)
        self.context.recorder.result(result, units, group=group, n=len(part.cases))
        word = self.endpoint.hypothesis.verdict(result.ci_low, result.ci_high)
        if decides and word != "none":
            self.context.recorder.add("verdict", word, group=group)
        return word

    def record_tests(self, result: Any, part: StudyReads, group: Group, **changes: Any) -> None:
        """Record the test of no difference, and the one-sided p of what is to be shown.

        Of an equivalence there are both p values and the larger one.
        """
        recorder, n = self.context.recorder, len(part.cases)
        for name in ("statistic", "df", "df2"):
            if getattr(result, name, None) is not None:
                recorder.result(result, {name: ""}, group=group, n=n)
        both = "p_value_difference"
        of = both if hasattr(result, both) else "p_value"
        recorder.result(result, {of: "p"}, group=group, n=n, rename={of: both})
        sides = self.endpoint.hypothesis.sides
        names = ("p_value",) if len(sides) == 1 else ("p_low", "p_high")
        found = [self.test(result, part, side, bound, **changes) for side, bound in sides]
        for test, name in zip(found, names, strict=False):
            recorder.result(test, {"p_value": "p"}, group=group, n=n, rename={"p_value": name})
        if len(found) > 1:
            p = [test.p_value for test in found if test.p_value is not None]
            larger = max(p) if len(p) == len(found) else None
            recorder.add("p_value", larger, group=group, unit="p", n=n, reason=_ONE_SIDE)

    def record_arms(self, result: Any, part: StudyReads, group: Group) -> None:
        """Record the metric of each arm, the mean of its readers, with its interval."""
        for place, arm in enumerate(self.reads.arms):
            columns = self._columns(result, "by_modality")
            for name, values in ((name, columns[name]) for name in _numbers(group)):
                value = values[place] if values else None
                self.add(name, value, result, {**group, "arm": arm}, len(part.cases))

    def record_readers(self, fixed: Any, part: StudyReads) -> None:
        """Record each reader by himself: metric by arm, difference, interval, p.

        Parameters
        ----------
        fixed
            The result for these readers (cases random).
        part
            The reads that it is of.
        """
        import numpy as np

        recorder, level = self.context.recorder, self.endpoint.level
        by_arm, alone = self._columns(fixed, "by_reader_modality"), {}
        for name in (*LIMITS, "se", "p_value"):
            alone[name] = getattr(fixed, f"{name}_by_reader", None)
        for place, code in enumerate(np.unique(part.reader).tolist()):
            own, group = part.reader == code, {"reader": part.readers[code]}
            reads = int(own.sum())
            recorder.add("reads", reads, group=group, unit="rows", n=reads)
            for name, values in alone.items():
                unit = "p" if name == "p_value" else self.unit_of_difference
                recorder.add(
                    name,
                    values[place] if values else None,
                    group=group,
                    unit=unit,
                    n=reads,
                    method=fixed.method,
                    level=level if "ci_" in name else None,
                    reason=fixed.reason or _NOT_GIVEN,
                )
            for arm, label in enumerate(part.arms):
                at, n = {**group, "arm": label}, int((own & (part.arm == arm)).sum())
                recorder.add("n", n, group=at, unit="rows", n=n)
                for name, table in by_arm.items():
                    self.add(name, table[place][arm] if table else None, fixed, at, n)

    def _columns(self, result: Any, ending: str) -> dict[str, Any]:
        """Return the metric, its limits and its error by arm, None where there are none."""
        metric = self.endpoint.metric.removeprefix("partial_")
        names = {"estimate": metric, "ci_low": "ci_low", "ci_high": "ci_high"}
        return {
            name: getattr(result, f"{column}_{ending}", None)
            for name, column in (names | {"se": "se"}).items()
        }

    def add(self, name: str, value: Any, result: Any, group: Group, n: int) -> None:
        """Record a number on the scale of the metric."""
        self.context.recorder.add(
            name,
            value,
            group=group,
            unit=self.unit,
            n=n,
            method=result.method,
            level=self.endpoint.level if "ci_" in name else None,
            reason=result.reason or _NOT_GIVEN,
        )


def _numbers(group: Group) -> tuple[str, ...]:
    """Return what is recorded of a difference: of parts of the cases no standard error."""
    parts = {"site", "without_site", "subgroup"} & set(group)
    return LIMITS if parts else (*LIMITS, "se")


def _only_crossed(call: str, given: Mapping[str, Any], known: Collection[str]) -> bool:
    """Whether a method, or the covariance that it is to use, is of crossed studies only."""
    if call == METHODS["dorfman_berbaum_metz"]:
        return True
    needed = "covariance" in known and given["random"] != "readers"
    return needed and bool(given["covariance"] == "delong")


def _lacking(part: StudyReads) -> str:
    """Return why reads cannot be compared at all, empty where they can."""
    if not len(part.score):
        return _NO_READS
    return "" if (part.arm == _TEST).any() and (part.arm == _REFERENCE).any() else _ONE_ARM


def unusable(call: str, part: StudyReads, level: float) -> Estimate | None:
    """Return what a method says of reads that cannot be compared, ``None`` of others."""
    reason = _lacking(part)
    if not reason:
        return None
    return Estimate(method=call, estimate=None, undefined=True, reason=reason, level=level)
