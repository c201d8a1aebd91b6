"""The evidence that a margin is reasoned from: the reference's effect, and what has to be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.endpoints.hypothesis import Hypothesis
from clinval.endpoints.kind import Report
from clinval.protocol.endpoint import Evidence, Margin

if TYPE_CHECKING:
    from clinval.core.results import Estimate
    from clinval.endpoints.recorder import Recorder

__all__ = ["lint_evidence", "record_evidence", "record_synthesis"]

_SYNTHESIS = {"statistic": "synthesis_statistic", "p_value": "synthesis_p_value"}


def _margins(evidence: Evidence, null: float) -> tuple[float, float] | None:
    """Return M1 and M2 as the protocol writes margins, or None where there is no effect to keep.

    M1 is the whole effect that the reference is known to have, by the limit nearest to no
    effect; M2 is what of it may be lost. On a ratio both are ratios on the worse side of 1.
    """
    from clinval.stats.planning import margin

    low, high = sorted((evidence.ci_low, evidence.ci_high))
    if not low <= evidence.estimate <= high or low <= null <= high:
        return None
    if not null:
        whole = min(abs(low), abs(high))
        return whole, (1 - evidence.preserve) * whole
    if low <= 0:
        return None
    benefit = low > null  # the function is of an undesirable event: it becomes rarer
    interval = _mirrored(evidence.estimate, low, high, benefit)
    result = margin.fixed_margin(*interval, preserve=evidence.preserve)
    if result.m1 is None or result.m2 is None:
        return None
    return (1 / result.m1, 1 / result.m2) if benefit else (result.m1, result.m2)


def _mirrored(
    estimate: float, low: float, high: float, benefit: bool
) -> tuple[float, float, float]:
    """Return a ratio and its limits as those of the event's absence where more of it is better."""
    return (1 / estimate, 1 / high, 1 / low) if benefit else (estimate, low, high)


def lint_evidence(of: str, margin: Margin, claim: Hypothesis, report: Report) -> None:
    """Report evidence that shows no effect, and a margin that gives away more than M2."""
    if margin.evidence is None:
        return
    found = _margins(margin.evidence, claim.null)
    if found is None:
        report("evidence-without-effect", ("margin", "evidence"), of=of)
        return
    value, (_, m2) = margin.value, found
    if value is None or claim.comparison != "non_inferiority":
        return
    # a ratio below 1 gives away the more, the smaller it is
    beyond = value < m2 if claim.null and m2 < claim.null else value > m2
    if beyond:
        report(
            "margin-beyond-evidence", ("margin", "value"), of=of, value=f"{value:g}", m2=f"{m2:.4g}"
        )


def record_evidence(endpoint: str, margin: Margin, claim: Hypothesis, recorder: Recorder) -> None:
    """Record the historical effect, M1 and M2 of an endpoint."""
    evidence = margin.evidence
    if evidence is None:
        return
    group = {"endpoint": endpoint}
    unit = "ratio" if claim.null else ""
    for name in ("estimate", "ci_low", "ci_high"):
        recorder.add(f"historical_{name}", getattr(evidence, name), group=group, unit=unit)
    recorder.add("preserve", evidence.preserve, group=group, unit="proportion")
    m1, m2 = _margins(evidence, claim.null) or (None, None)
    method = "margin.fixed_margin" if claim.null else ""
    reason = "the historical interval includes no effect"
    for name, value in (("margin_m1", m1), ("margin_m2", m2)):
        recorder.add(name, value, group=group, unit=unit, method=method, reason=reason)


def record_synthesis(
    margin: Margin, claim: Hypothesis, result: Estimate, recorder: Recorder
) -> None:
    """Record the synthesis test of the preserved share, the errors of both taken together."""
    from clinval.stats.planning import margin as margins

    evidence = margin.evidence
    limits = (result.estimate, result.ci_low, result.ci_high)
    if evidence is None or not claim.null or claim.comparison != "non_inferiority":
        return
    if _margins(evidence, claim.null) is None or any(not x or x <= 0 for x in limits):
        return
    first, last = sorted((evidence.ci_low, evidence.ci_high))
    benefit = first > claim.null
    estimate, low, high = (float(x) for x in limits if x is not None)
    test = margins.synthesis_test(
        *_mirrored(evidence.estimate, first, last, benefit),
        *_mirrored(estimate, low, high, benefit),
        preserve=evidence.preserve,
        level=claim.level,
    )
    recorder.result(test, {"statistic": "", "p_value": "p"}, rename=_SYNTHESIS, n=result.n)
