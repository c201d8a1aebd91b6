"""Components in service: from the rows of a form to lives, one a component, on several clocks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Setting

from clinval.core.expressions import parse
from clinval.endpoints.kind import Context, Report
from clinval.protocol.base import Identifier, Section, Words
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate, TestResult
    from clinval.endpoints.hypothesis import Hypothesis, Side
    from clinval.endpoints.recorder import Recorder
    from clinval.protocol.draft import Draft
    from clinval.study.data import StudyData

__all__ = [
    "Clock",
    "Components",
    "Lives",
    "chosen_rows",
    "lint_components",
    "lint_sets",
    "lives_of",
    "numbers",
    "record_decision",
    "truths",
]


class Clock(Section):
    """A way to count the life of a component: days since installation, or its use."""

    id: Identifier
    unit: Literal["days", "h", "s", "exposures", "exams"]
    life: Words = Setting(
        description="life of a component that is out of use, or of every component: a field or rule"
    )
    seen: Words | None = Setting(
        default=None,
        description="life so far of one that is still in use, where another rule gives it",
    )
    entry: Words | None = Setting(
        default=None,
        description="life that a component already had when its observation began; none is 0, "
        "but for components that `delayed` is true for",
    )


class Components(Endpoint):
    """An endpoint of the rows of a form of which each is one component.

    ``failed`` is a rule that is true where a component is out of use because it failed; one that
    was taken out for another reason, or is still in use, is censored. ``over`` is true where a
    component is out of use: of these it has to be known whether they failed. Without it, that is
    every component but those whose life is known only as far as it was ``seen``. ``delayed`` is
    true for components that were observed from a later age on, so that their entry has to be known
    on every clock. ``test`` is true for the components under test; the others are the reference.
    Components belong to no subject: the analysis set leaves none out, ``where`` does.
    """

    form: Annotated[str, Setting(pattern=r"^F\d{2}$")]
    where: Words | None = None
    over: Words | None = None
    failed: Words
    delayed: Words | None = None
    test: Words | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """The lives of components on one clock, one element a component that can be used.

    The others are counted by why not: neither under test nor the reference, as far as anybody
    knows (``no_component``), without a time, or failed without one (``no_time``), out of use for a
    reason that nobody knows (``no_cause``), with a life that is not above 0 (``no_life``), observed
    from an age on that nobody knows (``no_entry``), or only after their end (``late``).
    ``component`` is 1 under test, 0 for the reference;
    ``row`` is the row of the form.
    """

    time: NDArray[np.float64]
    event: NDArray[np.intp]
    entry: NDArray[np.float64]
    component: NDArray[np.intp]
    site: NDArray[np.intp]
    row: NDArray[np.intp]
    left_out: dict[str, NDArray[np.bool_]]
    component_of_row: NDArray[np.intp]
    site_of_row: NDArray[np.intp]

    def exposure(self, here: NDArray[np.bool_]) -> tuple[int, float]:
        """Return failures and time in service under observation of some components."""
        return int(self.event[here].sum()), float((self.time[here] - self.entry[here]).sum())

    def parts(
        self, *, compared: bool, sites: tuple[str, ...] = ()
    ) -> Iterator[tuple[dict[str, str], NDArray[np.bool_], NDArray[np.bool_]]]:
        """Yield groups, with the lives and the rows of the form in each."""
        import numpy as np

        yield {}, np.ones(len(self.time), bool), np.ones(len(self.site_of_row), bool)
        for name, code in (("test", 1), ("reference", 0)) if compared else ():
            yield {"component": name}, self.component == code, self.component_of_row == code
        for index, name in enumerate(sites):
            yield {"site": name}, self.site == index, self.site_of_row == index

    def record_counts(
        self,
        here: NDArray[np.bool_],
        rows: NDArray[np.bool_],
        group: dict[str, str],
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        """Record how many components there are, what became of them, and what was left out."""
        n = int(here.sum())
        failures, served = self.exposure(here)
        for statistic, value in (
            ("n", n),
            ("failures", failures),
            ("censored", n - failures),
            ("delayed", int((self.entry[here] > 0).sum())),
            *((reason, int((out & rows).sum())) for reason, out in self.left_out.items()),
        ):
            recorder.add(statistic, value, group=group, unit="components", n=n)
        recorder.add("time_in_service", served, group=group, unit=clock.unit, n=n)

    @property
    def sha256(self) -> str:
        """Hash of the lives, for the provenance of what is computed from them."""
        import numpy as np

        digest = hashlib.sha256()
        for array in (self.time, self.event, self.entry, self.component):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def lint_components(
    endpoint: Components,
    clocks: Mapping[tuple[str | int, ...], Clock],
    draft: Draft,
    report: Report,
) -> None:
    """Report what is wrong with the form and the rules; ``clocks`` are by their path."""
    lint_sets(endpoint, report)
    if endpoint.form not in draft.forms:
        if endpoint.form not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", ("form",), form=endpoint.form)
        return
    for name in ("where", "over", "failed", "delayed", "test"):
        rule = getattr(endpoint, name)
        if rule:
            check_rule(rule, draft.forms, endpoint.form, report, (name,))
    for path, clock in clocks.items():
        for name in ("life", "seen", "entry"):
            rule = getattr(clock, name)
            if rule:
                place = (*path, name)
                check_rule(rule, draft.forms, endpoint.form, report, place, gives="number")


def lint_sets(endpoint: Endpoint, report: Report) -> None:
    """Report further analysis sets, which leave no component out."""
    if endpoint.also_sets:
        report(
            "design-does-not-fit",
            ("also_sets",),
            what="also_sets",
            design=endpoint.kind,
            remedy="leave it out: components belong to no subject, so that each set gives the same",
        )


def record_decision(
    claim: Hypothesis,
    result: Estimate,
    test: Callable[[Side, float], TestResult],
    unit: str,
    n: int,
    recorder: Recorder,
) -> None:
    """Record an estimate with its interval, the bounds, the tests towards them, and the verdict."""
    recorder.result(result, dict.fromkeys(("estimate", "ci_low", "ci_high"), unit), n=n)
    for name, bound in (("bound_low", claim.above), ("bound_high", claim.below)):
        if bound is not None:
            recorder.add(name, bound, unit=unit)
    names = ("p_value",) if len(claim.sides) == 1 else ("p_low", "p_high")
    found = []
    for (side, bound), name in zip(claim.sides, names, strict=False):
        towards = test(side, bound)
        recorder.result(towards, {"p_value": "p"}, rename={"p_value": name}, n=n)
        found.append(towards.p_value)
    if len(found) == 2:
        larger = None if None in found else max(p for p in found if p is not None)
        recorder.add("p_value", larger, unit="p", n=n, method=result.method, reason=result.reason)
    recorder.add("verdict", claim.verdict(result.ci_low, result.ci_high))


def lives_of(endpoint: Components, clock: Clock, context: Context) -> Lives:
    """Return the lives of the components on a clock."""
    import numpy as np

    data, form = context.data, endpoint.form
    known, failed = truths(endpoint.failed, data, form)
    component = np.zeros(len(known), dtype=np.intp)
    which = np.ones(len(known), dtype=bool)
    if endpoint.test:
        which, of_test = truths(endpoint.test, data, form)
        component = np.where(which, of_test, -1).astype(np.intp)
    time = numbers(clock.life, data, form)
    over = np.ones(len(known), dtype=bool)
    if clock.seen is not None:
        over = ~np.isnan(time)
        # when a component failed is not when it was last seen in use
        seen = np.where(failed & known, np.nan, numbers(clock.seen, data, form))
        time = np.where(over, time, seen)
    if endpoint.over:
        is_over = truths(endpoint.over, data, form)
        over = is_over[1] | ~is_over[0]
    entry = np.zeros(len(time)) if clock.entry is None else numbers(clock.entry, data, form)
    needed = np.zeros(len(time), dtype=bool)
    if endpoint.delayed and clock.entry is not None:
        told, later = truths(endpoint.delayed, data, form)
        needed = told & later & np.isnan(entry)
    entry = np.maximum(np.nan_to_num(entry), 0.0)
    left_out = {
        "no_component": ~which,
        "no_time": np.isnan(time),
        "no_life": time <= 0,
        "no_cause": (time > 0) & over & ~known,
        "no_entry": (time > 0) & needed,
        "late": (time > 0) & (entry >= time),
    }
    usable = chosen_rows(endpoint, context)
    for name, excluded in left_out.items():
        left_out[name] = usable & excluded
        usable &= ~excluded
    site = data.site_of_row(form)
    return Lives(
        time=time[usable],
        event=(failed & known)[usable].astype(np.intp),
        entry=entry[usable],
        component=component[usable],
        site=site[usable],
        row=np.flatnonzero(usable),
        left_out=left_out,
        component_of_row=component,
        site_of_row=site,
    )


def chosen_rows(endpoint: Components, context: Context) -> NDArray[np.bool_]:
    """Return which rows of the form the endpoint is about."""
    import numpy as np

    if endpoint.where is None:
        return np.ones(context.data.rows(endpoint.form), dtype=bool)
    known, true = truths(endpoint.where, context.data, endpoint.form)
    return known & true


def truths(rule: str, data: StudyData, form: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where a rule is known, and where it is true."""
    expression = parse(rule)
    data.read(form, [name for _, name in expression.names])
    truth = expression.truth(data.scope(form))
    return truth.known, truth.true


def numbers(rule: str, data: StudyData, form: str) -> NDArray[np.float64]:
    """Return the values of a rule, NaN where they are missing."""
    import numpy as np

    expression = parse(rule)
    data.read(form, [name for _, name in expression.names])
    return np.asarray(expression.evaluate(data.scope(form)), dtype=np.float64)
