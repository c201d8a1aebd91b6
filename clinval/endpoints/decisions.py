"""What the study may claim: endpoints decided together, as the protocol declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinval.core.records import Record
from clinval.endpoints.interim import is_tested
from clinval.endpoints.recorder import Recorder
from clinval.protocol.model import Protocol
from clinval.protocol.multiplicity import Multiplicity

__all__ = ["decisions"]

_WORDS = {"met": "shown", "not_met": "not_shown"}
_SLACK = 1e-12  # relative: 2 x 0.0125 is alpha, whatever floating point makes of it
_ABOVE = 1e-9  # relative: above alpha by more than the slack, and by less than anybody reads


def decisions(protocol: Protocol, records: Sequence[Record]) -> list[Record]:
    """Return what may be claimed of each endpoint of the family, and of the study.

    A claim is ``shown``, ``not_shown``, ``not_tested`` (an earlier endpoint of a sequence was
    not shown, no share of alpha has reached it, or no look at the data has) or ``undefined``.
    Single, co-primary and ordered endpoints are decided by their own intervals, the others by
    their adjusted p values. The study shows what it set out to show when all its primary
    endpoints are shown; where they are not all needed, a part of it when some are.
    """
    plan = protocol.multiplicity
    sets = {endpoint.id: endpoint.set for endpoint in protocol.endpoints}
    primaries = [endpoint.id for endpoint in protocol.endpoints if endpoint.role == "primary"]
    family = plan.family(primaries) if plan is not None else primaries
    looked_at = protocol.interim.endpoints if protocol.interim is not None else ()
    verdicts = {
        name: _verdict(name, sets[name], records, at_look=name in looked_at) for name in family
    }
    written: list[Record] = []
    if plan is not None and plan.adjusts:
        p_values = _p_values(family, sets, verdicts, records, plan.alpha)
        adjusted = _adjusted(plan, family, p_values)
        claims = _by_p_values(plan, adjusted, p_values)
        written = [_adjusted_p(name, sets[name], value, plan) for name, value in adjusted.items()]
    else:
        sequential = plan is not None and plan.procedure == "fixed_sequence"
        tested = {name for name in family if is_tested(protocol, name, records)}
        claims = _by_intervals(family, verdicts, tested, sequential=sequential)
        # p values of looks are held against the level of the look: there is none for all of them
        if plan is not None and sequential and protocol.interim is None:
            running = _running(family, sets, records)
            written = [_adjusted_p(name, sets[name], p, plan) for name, p in running.items()]
    partly = plan is not None and (plan.adjusts or plan.procedure == "fixed_sequence")
    whole = _whole([claims[name] for name in primaries], partly=partly)
    return [
        *(_claim(f"{name}.claim", name, sets[name], word) for name, word in claims.items()),
        _claim("study.claim", "study", "", whole),
        *written,
        *(_plan(plan) if plan is not None else ()),
    ]


def _by_intervals(
    family: Sequence[str], verdicts: Mapping[str, str], tested: set[str], *, sequential: bool
) -> dict[str, str]:
    """Return the claims of endpoints that are decided by their own intervals."""
    claims: dict[str, str] = {}
    stopped = False
    for name in family:
        word = _WORDS.get(verdicts[name], "undefined") if name in tested else "not_tested"
        claims[name] = "not_tested" if stopped else word
        stopped = stopped or (sequential and word != "shown")
    return claims


def _by_p_values(
    plan: Multiplicity, adjusted: Mapping[str, float | None], p_values: Mapping[str, float | None]
) -> dict[str, str]:
    """Return the claims of endpoints that are decided by adjusted p values."""
    shown = {
        name
        for name, value in adjusted.items()
        if value is not None and value <= plan.alpha * (1 + _SLACK)
    }
    holding = plan.reached(shown) if plan.procedure == "graphical" else set(adjusted)
    claims = {}
    for name in adjusted:
        word = "undefined" if p_values[name] is None else "not_shown"
        claims[name] = "shown" if name in shown else word if name in holding else "not_tested"
    return claims


def _p_values(
    family: Sequence[str],
    sets: Mapping[str, str],
    verdicts: Mapping[str, str],
    records: Sequence[Record],
    alpha: float,
) -> dict[str, float | None]:
    """Return the p values that are adjusted; ``None`` for an endpoint that is undecided.

    The interval decides what is shown at full alpha. Where it does not exclude the margin, a p
    value of alpha itself (equality at the margin) does not reject at full alpha either.
    """
    found = {name: _p_value(name, sets[name], records) for name in family}
    for name, value in found.items():
        if verdicts[name] not in _WORDS:
            found[name] = None
        elif value is not None and verdicts[name] == "not_met":
            found[name] = max(value, alpha * (1 + _ABOVE))
    return found


def _adjusted(
    plan: Multiplicity, family: Sequence[str], p_values: Mapping[str, float | None]
) -> dict[str, float | None]:
    """Return adjusted p values; an undefined p value counts as 1 for the other endpoints."""
    from clinval import stats

    p = [1.0 if p_values[name] is None else p_values[name] for name in family]
    options: dict[str, Any] = {}
    if plan.procedure == "graphical":
        passed = {(edge.from_, edge.to): edge.weight for edge in plan.transitions}
        options = {
            "hypothesis_weights": [plan.weights.get(name, 0.0) for name in family],
            "transitions": [[passed.get((a, b), 0.0) for b in family] for a in family],
            "alpha": plan.alpha,
        }
    result: Any = stats.find(f"multiplicity.{plan.procedure}")(p, **options)
    return {
        name: None if p_values[name] is None else value
        for name, value in zip(family, result.adjusted_p, strict=True)
    }


def _running(
    family: Sequence[str], sets: Mapping[str, str], records: Sequence[Record]
) -> dict[str, float | None]:
    """Return the adjusted p values of a sequence; none from the first endpoint without one on."""
    from clinval.stats.decisions import multiplicity

    found: dict[str, float | None] = dict.fromkeys(family)
    p: list[float] = []
    for name in family:
        value = _p_value(name, sets[name], records)
        if value is None:
            break
        p.append(value)
    found.update(zip(family, multiplicity.fixed_sequence(p).adjusted_p, strict=False))
    return found


def _whole(claims: Sequence[str], *, partly: bool) -> str:
    if claims and all(word == "shown" for word in claims):
        return "shown"
    if partly and "shown" in claims:
        return "shown_in_part"
    if "not_shown" in claims:
        return "not_shown"
    return "not_tested" if "not_tested" in claims and "undefined" not in claims else "undefined"


def _verdict(endpoint: str, set_id: str, records: Sequence[Record], *, at_look: bool) -> str:
    """Return the verdict of an endpoint: the worst one where it has several (pairs of readers).

    At a look it is the verdict of the repeated interval.
    """
    within = {"look"} if at_look else {"readers"}
    found = [
        str(record.value)
        for record in records
        if record.endpoint == endpoint
        and record.analysis_set == set_id
        and record.statistic == "verdict"
        and (set(record.group) == within or not (at_look or record.group))
    ]
    for word in ("undefined", "not_met", "met"):
        if word in found:
            return word
    return "undefined"


def _p_value(endpoint: str, set_id: str, records: Sequence[Record]) -> float | None:
    """Return the one-sided p value of an endpoint as a whole."""
    wanted = f"{endpoint}.{set_id}.all.p_value"
    value = next((record.value for record in records if record.id == wanted), None)
    return None if value is None else float(value)


def _plan(plan: Multiplicity) -> list[Record]:
    """Return what the procedure shares out: alpha, and of a graph its weights and transitions."""
    recorder = Recorder(endpoint="multiplicity", analysis_set="")
    recorder.add("alpha", plan.alpha)
    if plan.procedure == "graphical":
        for name in plan.nodes:
            recorder.add("weight", plan.weights.get(name, 0.0), group={"endpoint": name})
    for edge in plan.transitions:
        recorder.add("transition", edge.weight, group={"from": edge.from_, "to": edge.to})
    return recorder.records


def _adjusted_p(name: str, set_id: str, value: float | None, plan: Multiplicity) -> Record:
    return Record(
        id=f"{name}.adjusted_p",
        endpoint=name,
        analysis_set=set_id,
        statistic="adjusted_p",
        value=value,
        unit="p",
        method=f"multiplicity.{plan.procedure}",
        undefined=value is None,
        reason="" if value is not None else _no_p(plan),
    )


def _no_p(plan: Multiplicity) -> str:
    if plan.procedure == "fixed_sequence":
        return "no p value, or none of an endpoint before it"
    return "the endpoint is undecided"


def _claim(record_id: str, endpoint: str, set_id: str, word: str) -> Record:
    return Record(
        id=record_id, endpoint=endpoint, analysis_set=set_id, statistic="claim", value=word
    )
