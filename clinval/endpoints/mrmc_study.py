"""A reader study on an analysis set: its reads, how they are analysed, how a result is recorded."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.core.results import Estimate
from clinval.endpoints.hypothesis import Side, inverted_test
from clinval.endpoints.reader_reads import CALLED, StudyReads

if TYPE_CHECKING:
    from clinval.endpoints.kind import Context
    from clinval.endpoints.mrmc import Spec

__all__ = ["LIMITS", "METHODS", "Group", "ReaderStudy"]

Group = Mapping[str, str]

METHODS: Mapping[str, str] = {
    "obuchowski_rockette": "mrmc.obuchowski_rockette",
    "u_statistic": "mrmc.u_statistic",
    "v_statistic": "mrmc.v_statistic",
    "dorfman_berbaum_metz": "mrmc.dorfman_berbaum_metz",
}
LIMITS = ("estimate", "ci_low", "ci_high")

_REFERENCE, _TEST = 0, 1  # places of the arms
_NO_READS = "no read of a case with a known truth"
_ONE_ARM = "no read in one of the two arms"
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
        """Analyse some reads as declared, but for what is changed (``method``, ``random`` ...)."""
        return self._call(METHODS[changes.pop("method", self.endpoint.method)], part, changes)

    def _call(self, call: str, part: StudyReads, changes: Mapping[str, Any]) -> Any:
        from clinval import stats

        endpoint, reason = self.endpoint, _lacking(part)
        if reason:
            return Estimate(
                method=call, estimate=None, undefined=True, reason=reason, level=endpoint.level
            )
        covariance = changes.get("covariance", self.covariance)
        given = {
            "metric": endpoint.metric,
            "covariance": covariance,
            "random": endpoint.random,
            "threshold": endpoint.cut,
            "fpr_max": endpoint.fpr_max,
            "cluster": part.subject[part.case] if covariance == "clustered" else None,
            "test": _TEST,
            "reference": _REFERENCE,
            "negative_variance": endpoint.negative_variance,
            "level": endpoint.level,
        }
        function = stats.find(call)
        known = inspect.signature(function).parameters
        given |= changes
        return function(**part.arguments(), **{key: given[key] for key in given if key in known})

    def test(self, part: StudyReads, side: Side, bound: float, **changes: Any) -> Any:
        """Return the one-sided test of a bound that agrees with the interval."""
        call = METHODS[changes.get("method", self.endpoint.method)]
        if _lacking(part) or not _has_test(call):
            return inverted_test(lambda level: self.fit(part, level=level, **changes), side, bound)
        rest = {key: value for key, value in changes.items() if key != "method"}
        return self._call(f"{call}_test", part, {**rest, "margin": bound, "alternative": side})

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
        units = dict.fromkeys((*LIMITS, "se"), self.unit_of_difference)
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
        if "method" in changes and not _has_test(METHODS[changes["method"]]):
            sides = ()  # of a method that only stands beside, none is searched for
        names = ("p_value",) if len(sides) == 1 else ("p_low", "p_high")
        found = [self.test(part, side, bound, **changes) for side, bound in sides]
        for test, name in zip(found, names, strict=False):
            recorder.result(test, {"p_value": "p"}, group=group, n=n, rename={"p_value": name})
        if len(found) > 1:
            p = [test.p_value for test in found]
            larger = None if None in p else max(p)
            recorder.add("p_value", larger, group=group, unit="p", n=n, reason=_ONE_SIDE)

    def record_arms(self, result: Any, part: StudyReads, group: Group) -> None:
        """Record the metric of each arm, the mean of its readers, with its interval."""
        for place, arm in enumerate(self.reads.arms):
            for name, values in self._columns(result, "by_modality").items():
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


def _has_test(call: str) -> bool:
    """Whether a method has a test against a margin."""
    from clinval import stats

    module, _, name = call.partition(".")
    return f"{name}_test" in stats.methods(module)


def _lacking(part: StudyReads) -> str:
    """Return why reads cannot be compared at all, empty where they can."""
    if not len(part.score):
        return _NO_READS
    return "" if (part.arm == _TEST).any() and (part.arm == _REFERENCE).any() else _ONE_ARM
