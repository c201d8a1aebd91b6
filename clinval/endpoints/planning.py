"""What the protocol plans for an endpoint: what it expects, what that needs, what power it has."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.endpoints.hypothesis import Hypothesis
from clinval.endpoints.kind import Report
from clinval.endpoints.reader_planning import (
    PlannedReaders,
    expected_of,
    family_of_readers,
    planned_readers,
)
from clinval.endpoints.sizing import (
    FAMILIES,
    OF_READERS,
    Expected,
    Family,
    Needed,
    needed,
    power_at,
)
from clinval.protocol.endpoint import Endpoint, Margin
from clinval.protocol.model import SampleSize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.draft import Draft

__all__ = ["USUAL_POWER", "Enrolment", "Plan", "lint_size", "plan_of", "with_margin"]

USUAL_POWER = 0.9  # shown, and said to be only that, where the protocol declares none
_COMMON = ("prevalence", "icc", "cluster_size", "cluster_size_cv")
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What lies between independent results and subjects to enrol.

    Attributes
    ----------
    design_effect
        How many times as many results clusters need as independent ones.
    results
        Results of a subject: one, or the rows that stay apart.
    share
        Share of those enrolled who have a result on the analysis set.
    cluster_size, cluster_size_cv
        What the design effect rests on; ``None`` where results are independent.
    """

    design_effect: float = 1.0
    results: float = 1.0
    share: float = 1.0
    cluster_size: float | None = None
    cluster_size_cv: float | None = None

    def subjects(self, n: float, parts: Sequence[float]) -> int:
        """Return the subjects with a result behind so many independent results, whole by arm."""
        return self._whole(n, parts, 1.0)

    def to_enrol(self, n: float, parts: Sequence[float]) -> int:
        """Return the subjects to enrol for so many independent results, whole by arm."""
        return self._whole(n, parts, self.share)

    def _whole(self, n: float, parts: Sequence[float], share: float) -> int:
        from clinval.stats.planning import sample_size

        effect = self.design_effect / self.results
        return sum(
            sample_size.inflated(
                n * part, design_effect=effect, dropout=1 - share
            ).sample_size
            for part in parts
        )  # fmt: skip

    def with_result(self, enrolled: int) -> int:
        """Return how many of those enrolled can be expected to have a result."""
        return math.floor(enrolled * self.share + _ROUNDING * enrolled)

    def independent(self, subjects: float) -> float:
        """Return the independent results that subjects with a result amount to."""
        return subjects * self.results / self.design_effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the protocol plans for an endpoint.

    Attributes
    ----------
    family
        How it is sized; ``None`` where there is no formula for it.
    claim
        What has to be shown; ``None`` where it is only estimated.
    analysis
        Function that decides it.
    alpha, power
        One-sided level and wanted power.
    expected
        The planning assumptions; ``None`` where some are ``missing``.
    misplaced
        Assumptions that say nothing about this endpoint.
    declared, planned
        Subjects with a result that the protocol names, and those that the sites plan to enrol.
    """

    endpoint: Endpoint
    family: Family | None
    claim: Hypothesis | None
    analysis: str
    alpha: float
    power: float
    expected: Expected | None
    missing: tuple[str, ...]
    misplaced: tuple[str, ...]
    enrolment: Enrolment
    declared: int | None
    planned: int

    @property
    def bounded(self) -> bool:
        """Whether it is known what has to be shown."""
        return self.claim is not None and bool(self.claim.sides)

    def needed(self, expected: Expected, claim: Hypothesis, power: float | None = None) -> Needed:
        """Return the size for other expectations, another claim or another power."""
        return needed(expected, claim, self.alpha, self.power if power is None else power)

    def power_of(self, subjects: Sequence[int]) -> NDArray[np.float64]:
        """Return the power at numbers of subjects with a result, all arms together."""
        import numpy as np

        if self.expected is None or self.claim is None:
            raise ValueError(f"{self.endpoint.id} has no complete plan")
        n = self.enrolment.independent(1.0) * np.asarray(subjects, dtype=np.float64)
        return power_at(self.expected, self.claim, self.alpha, n)


def plan_of(
    endpoint: Endpoint,
    size: SampleSize | None,
    *,
    paired: bool,
    planned: Sequence[int],
    readers: PlannedReaders | None = None,
) -> Plan:
    """Return the plan of an endpoint.

    Parameters
    ----------
    endpoint
        The endpoint.
    size
        What the protocol says of its size, if anything.
    paired
        Whether each subject has a result in every arm.
    planned
        Subjects that each site plans to enrol.
    readers
        The readers of a reader study.
    """
    estimate = str(getattr(endpoint, "estimate", ""))
    family = FAMILIES.get((endpoint.kind, estimate, paired))
    of_readers = family in OF_READERS
    if of_readers:
        family = family_of_readers(family, endpoint, readers)
    given = size.planning.written if size is not None and size.planning is not None else {}
    keys = _chosen(family, given)
    missing = tuple(key for key in keys if key not in given)
    clustered = getattr(endpoint, "combine", "only") == "each"
    if of_readers:  # whose rows of a subject are reads of one case, unless it has targets
        clustered = getattr(endpoint, "target", None) is not None
    if clustered:  # rows of a subject are its cluster
        missing += tuple(key for key in ("icc", "cluster_size") if key not in given)
    allowed = {*keys, *_COMMON, *(family.optional if family else ())}
    expected = None
    if family is not None and of_readers and readers is not None and not missing:
        expected = expected_of(family, endpoint, given, readers)
    elif family is not None and not missing:
        effect, spread = family.read(given)
        expected = Expected(
            family=family,
            effect=effect,
            spread=spread,
            allocation=given.get("allocation_ratio", 1.0),
        )
    share = 1.0 if size is None else size.enrolled_share
    claim = _claim(endpoint)
    return Plan(
        endpoint=endpoint,
        family=family,
        claim=claim,
        analysis=_analysis(endpoint, paired=paired),
        alpha=round((1 - endpoint.level) / 2, 12) if size is None else size.alpha,
        power=USUAL_POWER if size is None else size.power,
        expected=expected,
        missing=missing,
        misplaced=tuple(key for key in given if key not in allowed),
        enrolment=_enrolment(given, share, planned, clustered=clustered),
        declared=None if size is None else size.subjects,
        planned=sum(planned),
    )


def _chosen(family: Family | None, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the set of assumptions that was begun, the first where none was."""
    if family is None:
        return ()
    return max(family.keys, key=lambda keys: sum(key in given for key in keys) / len(keys))


def _claim(endpoint: Endpoint) -> Hypothesis | None:
    """Return what has to be shown of an endpoint, if anything; a bound may be open."""
    goal = getattr(endpoint, "goal", None)
    decided = getattr(endpoint, "comparison", "estimation") != "estimation" or goal is not None
    claim = getattr(endpoint, "hypothesis", None)
    return claim if decided and isinstance(claim, Hypothesis) else None


def _analysis(endpoint: Endpoint, *, paired: bool) -> str:
    """Return the function that decides an endpoint, empty where it has none."""
    from clinval.endpoints import KINDS
    from clinval.endpoints.comparison import TwoArms

    name = str(getattr(endpoint, "method", ""))
    if isinstance(endpoint, TwoArms):
        methods = getattr(KINDS[endpoint.kind], "METHODS", {})
        key = (paired, endpoint.estimate, endpoint.center_model)
        return str(methods.get(key, {}).get(name, ""))
    if endpoint.kind == "mrmc":
        return str(getattr(KINDS["mrmc"], "METHODS", {}).get(name, ""))
    if endpoint.kind == "ai_versus_readers":
        return "mrmc.ai_versus_readers"
    if endpoint.kind in ("performance_goal", "diagnostic_accuracy"):
        clustered = getattr(endpoint, "combine", "only") == "each"
        return f"clustered_proportion.{name}" if clustered else f"proportion.{name}"
    return ""


def _enrolment(
    given: Mapping[str, Any], share: float, planned: Sequence[int], *, clustered: bool
) -> Enrolment:
    """Return what clusters and losses cost; without a size of its own, a cluster is a center."""
    if "icc" not in given:
        return Enrolment(share=share)
    from clinval.stats.planning import sample_size

    mean = statistics.fmean(planned) if planned else 1.0
    size = given.get("cluster_size", max(mean * share, 1.0))
    by_center = "cluster_size" not in given and len(planned) > 1
    variation = given.get("cluster_size_cv", statistics.pstdev(planned) / mean if by_center else 0)
    effect = sample_size.design_effect(given["icc"], size, cluster_size_cv=variation)
    return Enrolment(
        design_effect=effect.design_effect,
        results=size if clustered else 1.0,
        share=share,
        cluster_size=size,
        cluster_size_cv=variation,
    )


def with_margin(endpoint: Endpoint, value: float) -> Hypothesis | None:
    """Return the claim of an endpoint if its margin or goal were another one."""
    name = "goal" if hasattr(endpoint, "goal") else "margin"
    return _claim(endpoint.model_copy(update={name: Margin(value=value)}))


# ---------------------------------------------------------------------- checks of the protocol


def lint_size(endpoint: Endpoint, size: SampleSize, draft: Draft, report: Report) -> None:
    """Report planning assumptions that do not fit, and a plan that has too little power."""
    if draft.design is None or size.planning is None:
        return
    planned = [site.planned_subjects for _, site in draft.sites]
    blocks = draft.reading.blocks if draft.reading else ()
    plan = plan_of(
        endpoint,
        size,
        paired=draft.design.paired,
        planned=planned,
        readers=planned_readers(endpoint, draft.written_items("readers"), blocks),
    )
    if plan.family is None:
        report("planning-not-used", ("planning",), of=endpoint.id)
        return
    wanted = ", ".join(_chosen(plan.family, size.planning.written))
    for key in plan.misplaced:
        report("planning-key", ("planning", key), of=endpoint.id, key=key, keys=wanted)
    if plan.missing:
        missing = ", ".join(plan.missing)
        report("planning-incomplete", ("planning",), of=endpoint.id, missing=missing)
    elif plan.expected is not None and not plan.expected.possible:
        kind = "planning-components" if plan.family in OF_READERS else "planning-impossible"
        report(kind, ("planning",), of=endpoint.id, keys=wanted)
    elif not plan.bounded:
        if plan.claim is not None and size.subjects is None and endpoint.role == "primary":
            report("sample-size-missing", (), endpoint=endpoint.id)
    elif draft.planned_subjects() is not None:
        _lint_power(plan, report)


def _lint_power(plan: Plan, report: Report) -> None:
    expected, claim = plan.expected, plan.claim
    if expected is None or claim is None:
        return
    needed = plan.needed(expected, claim)
    if needed.n is None:
        report("planning-hopeless", ("planning",), of=plan.endpoint.id)
        return
    subjects = plan.enrolment.subjects(needed.n, expected.parts)
    counted = plan.declared
    if counted is None:
        report("subjects-not-declared", (), of=plan.endpoint.id, needed=subjects)
        counted = plan.enrolment.with_result(plan.planned)
    reached = plan.power_of([counted])[0]
    if counted >= subjects or reached >= plan.power:  # that of an exact test goes up and down
        return
    found = {
        "of": plan.endpoint.id,
        "power": f"{reached:.1%}",
        "wanted": f"{plan.power:.1%}",
    }
    if plan.declared is not None:
        report("subjects-too-few", ("subjects",), subjects=counted, needed=subjects, **found)
        return
    enrol = plan.enrolment.to_enrol(needed.n, expected.parts)
    report("enrolment-too-small", ("planning",), planned=plan.planned, needed=enrol, **found)
