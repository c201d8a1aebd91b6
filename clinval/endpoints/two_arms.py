"""The analysis that every comparison of two arms goes through, whatever is compared."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from clinval.endpoints.comparison import CLUSTERED, Methods, TwoArms
from clinval.endpoints.hypothesis import Side, hypothesis, inverted_test
from clinval.endpoints.kind import Context
from clinval.endpoints.margin_evidence import record_synthesis

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate, TestResult
    from clinval.endpoints.measured import Units
    from clinval.endpoints.recorder import Recorder

__all__ = ["Comparison", "Count", "Sample", "Subjects", "record_counts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What is said of an arm by itself; ``reason`` says why there is no value."""

    statistic: str
    value: float | None
    unit: str
    n: int
    reason: str = ""


Group = Mapping[str, str]

# The test of a margin that agrees with an interval is named after it; this one is not.
_TESTS = {"paired_difference.tango": "paired_difference.nam_test"}


class Sample(Protocol):
    """Subjects with results, as the arguments of statistical functions."""

    @property
    def n(self) -> int:
        """Subjects."""
        ...

    def arguments(self, call: str) -> tuple[Any, ...]:
        """Return the data as a method takes them."""
        ...

    def counts(self) -> Iterator[Count]:
        """Yield what is said of each arm by itself."""
        ...


class Subjects(Sample, Protocol):
    """All subjects with results, of whom parts can be taken."""

    @property
    def units(self) -> Units:
        """The subjects, in the order of masks."""
        ...

    def of(self, mask: NDArray[np.bool_]) -> Subjects:
        """Return the subjects of a mask over the units."""
        ...

    def only(self, site: int) -> Sample:
        """Return the subjects of a center."""
        ...

    def without(self, site: int) -> Sample:
        """Return the subjects of all other centers."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An endpoint on one analysis set: everything that is computed of it starts here.

    Attributes
    ----------
    everyone
        The subjects of the set, with and without results.
    sample
        Those with results.
    unit
        Unit of the effect.
    differ
        The test that the effect is the same in all parts, where the kind has one of its own;
        otherwise Cochran's Q of their estimates.
    """

    endpoint: TwoArms
    context: Context
    methods: Methods
    everyone: Units
    sample: Subjects
    unit: str
    differ: Callable[[Sequence[Sample]], TestResult] | None = None

    @property
    def call(self) -> str:
        """The declared method."""
        endpoint, paired = self.endpoint, self.context.data.protocol.design.paired
        return self.methods[paired, endpoint.estimate, endpoint.center_model][endpoint.method]

    def proposed(self, model: str) -> str | None:
        """Return the method that is proposed for another model of centers."""
        paired = self.context.data.protocol.design.paired
        offered = self.methods.get((paired, self.endpoint.estimate, model), {})
        return next(iter(offered.values()), None)

    @property
    def alone(self) -> str:
        """What a single center is estimated with."""
        if self.endpoint.center_model in ("pooled", CLUSTERED):
            return self.call
        return self.proposed("pooled") or self.call

    def fit(self, sample: Sample, call: str, **options: Any) -> Any:
        """Call a method on a sample; without options, for its interval at the declared level."""
        from clinval import stats

        function = stats.find(call)
        known = inspect.signature(function).parameters
        given = {"level": self.endpoint.level, "seed": self.context.seed}
        given |= self.options(sample, call) | options
        return function(
            *sample.arguments(call), **{key: given[key] for key in given if key in known}
        )

    def options(self, sample: Sample, call: str) -> dict[str, Any]:  # noqa: ARG002  kinds add theirs
        """Return what a method is told of a sample beside its data, the level and the seed."""
        return self.endpoint.options(call)

    def record(self, result: Estimate, group: Group, n: int) -> None:
        """Record an estimate and its interval."""
        limits = dict.fromkeys(("estimate", "ci_low", "ci_high"), self.unit)
        n = n if result.n is None else result.n
        self.context.recorder.result(result, limits, group=group, n=n)

    def verdict(self, result: Estimate, group: Group) -> str:
        """Record and return the verdict of an interval, where something is to be shown."""
        word = self.endpoint.hypothesis.verdict(result.ci_low, result.ci_high)
        if word != "none":
            self.context.recorder.add("verdict", word, group=group)
        return word

    def result(self) -> Estimate:
        """Record the result: estimate, interval, bounds, p value and verdict."""
        recorder, claim, endpoint = self.context.recorder, self.endpoint.hypothesis, self.endpoint
        result: Estimate = self.fit(self.sample, self.call)
        self.record(result, {}, self.sample.n)
        recorder.add("center_model", endpoint.center_model)
        for name, unit in (("df", ""), ("reduction_percent", "percent")):
            if hasattr(result, name):
                recorder.result(result, {name: unit}, n=result.n)
        if endpoint.comparison == "estimation":
            self._record_no_effect(result)
        for name, bound in (("bound_low", claim.above), ("bound_high", claim.below)):
            if bound is not None:
                recorder.add(name, bound, unit=self.unit)
        self._record_tests()
        verdict = claim.verdict(result.ci_low, result.ci_high)
        recorder.add("verdict", verdict)
        if endpoint.comparison == "non_inferiority" and verdict == "met":
            # after non-inferiority, superiority may be read from the same interval at no cost
            beyond = hypothesis(
                "superiority", endpoint.direction, None, scale=endpoint.scale, level=claim.level
            )
            recorder.add("superiority", beyond.verdict(result.ci_low, result.ci_high))
            ((side, bound),) = beyond.sides
            self._record_test(side, bound, "superiority_p_value")
        if endpoint.margin is not None:
            record_synthesis(endpoint.margin, claim, result, recorder)
        return result

    def _record_no_effect(self, result: Estimate) -> None:
        """Record the test of no effect that the method brings: nothing is to be shown by it."""
        units = {"statistic": "", "p_value": "p"}
        present = {name: unit for name, unit in units.items() if hasattr(result, name)}
        self.context.recorder.result(result, present, n=result.n)

    def _record_tests(self) -> None:
        """Record the one-sided p towards the margin; of an equivalence, both and the larger."""
        sides = self.endpoint.hypothesis.sides
        if len(sides) == 1:
            self._record_test(*sides[0], "p_value")
        elif sides:
            found = [
                self._record_test(side, bound, name)
                for (side, bound), name in zip(sides, ("p_low", "p_high"), strict=True)
            ]
            p = None if None in found else max(p for p in found if p is not None)
            reason = "one of the two tests has no p value"
            self.context.recorder.add("p_value", p, unit="p", n=self.sample.n, reason=reason)

    def _record_test(self, side: Side, bound: float, name: str) -> float | None:
        """Record the p value of one side: the method's own, or by inverting its interval."""
        recorder, test, n = self.context.recorder, _test_of(self.call), self.sample.n
        if _draws(self.call):
            # its limits end with the furthest draw, beyond which every p would look small
            recorder.add(name, None, unit="p", n=n, reason="a bootstrap interval has no p value")
            return None
        if test is None:
            inverted = inverted_test(
                lambda level: self.fit(self.sample, self.call, level=level), side, bound
            )
            recorder.result(inverted, {"p_value": "p"}, n=n, rename={"p_value": name})
            return inverted.p_value
        claim = self.endpoint.hypothesis
        margin = bound - claim.null if self.endpoint.scale == "probability" else bound
        result = self.fit(self.sample, test, margin=margin, alternative=side)
        rename = {"p_value": name}
        if name == "p_value":
            recorder.result(result, {"statistic": ""}, n=n)
        recorder.result(result, {"p_value": "p"}, n=n, rename=rename)
        found: float | None = result.p_value
        return found

    def centers(self) -> dict[int, Estimate]:
        """Record each center by itself and the result without it; return the centers' estimates."""
        recorder, names = self.context.recorder, self.context.data.site_names
        sizes = self.sizes()
        alone: dict[int, Estimate] = {}
        for site, name in enumerate(names):
            group, n = {"site": name}, sizes[site]
            recorder.add("n", n, group=group, unit="subjects", n=n)
            if n:
                alone[site] = self.fit(self.sample.only(site), self.alone)
                self.record(alone[site], group, n)
        if len(alone) < 2:
            return alone
        words = {}
        for site in alone:
            group = {"without_site": names[site]}
            rest = self.fit(self.sample.without(site), self.call)
            self.record(rest, group, self.sample.n - sizes[site])
            words[names[site]] = self.verdict(rest, group)
        overall = recorder.value("verdict")
        if overall != "none":
            changed = [name for name, word in words.items() if word != overall]
            recorder.add("centers_that_flip", ", ".join(changed) or "none", n=len(changed))
        return alone

    def sizes(self) -> list[int]:
        """Return the subjects with results by site."""
        import numpy as np

        sites = len(self.context.data.site_names)
        sizes: list[int] = np.bincount(self.sample.units.site, minlength=sites).tolist()
        return sizes

    def on_line(self, result: Estimate) -> tuple[float, float] | None:
        """Return an estimate and its standard error on the scale where effects add up.

        That is the logarithm of a ratio. Without a standard error they are read from the
        interval, its middle and its width, which score intervals have where no variance is seen.
        """
        from scipy.special import ndtri

        log = self.endpoint.scale == "ratio"
        error = getattr(result, "log_se", None) or getattr(result, "se", None)
        if result.estimate is not None and error and (result.estimate > 0 or not log):
            return (math.log(result.estimate) if log else result.estimate), error
        low, high = result.ci_low, result.ci_high
        if low is None or high is None or hasattr(result, "se") or hasattr(result, "log_se"):
            return None
        if log:
            if low <= 0:
                return None
            low, high = math.log(low), math.log(high)
        width = high - low
        if not 0 < width < math.inf:
            return None
        return (low + high) / 2, width / (2 * float(ndtri((1 + result.level) / 2)))

    def from_line(self, value: float) -> float:
        """Return a number of that scale as an effect."""
        return math.exp(value) if self.endpoint.scale == "ratio" else value


def record_counts(recorder: Recorder, sample: Sample, group: Group) -> None:
    """Record what is said of each arm of a sample by itself."""
    for count in sample.counts():
        recorder.add(
            count.statistic,
            count.value,
            group=group,
            unit=count.unit,
            n=count.n,
            reason=count.reason,
        )


def _draws(call: str) -> bool:
    """Whether a method draws numbers: its interval cannot be had at every level."""
    from clinval import stats

    return "draws" in inspect.signature(stats.find(call)).parameters


def _test_of(call: str) -> str | None:
    """Return the test that agrees with an interval, where there is one against a margin."""
    from clinval import stats

    test = _TESTS.get(call, f"{call}_test")
    module, _, name = test.partition(".")
    return test if name in stats.methods(module) else None
