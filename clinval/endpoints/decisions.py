"""What the study may claim: primary endpoints decided together, as the protocol declared."""

from __future__ import annotations

from collections.abc import Sequence

from clinval.core.records import Record
from clinval.protocol.model import Protocol

__all__ = ["decisions"]


def decisions(protocol: Protocol, records: Sequence[Record]) -> list[Record]:
    """Return one record ``claim`` for each endpoint that is decided, and one for the study.

    These are the primary endpoints and, in a fixed sequence, whatever stands in its order. A
    claim is ``shown``, ``not_shown``, ``not_tested`` (an earlier endpoint of a fixed sequence
    was not shown) or ``undefined``. The study shows what it set out to show when all its primary
    endpoints are shown, in a fixed sequence a part of it when some are.
    """
    sets = {endpoint.id: endpoint.set for endpoint in protocol.endpoints}
    primaries = [endpoint.id for endpoint in protocol.endpoints if endpoint.role == "primary"]
    plan = protocol.multiplicity
    sequential = plan is not None and plan.procedure == "fixed_sequence"
    order = list(dict.fromkeys(plan.order)) if sequential and plan is not None else primaries
    claims: dict[str, str] = {}
    stopped = False
    for name in order:
        verdict = _verdict(name, sets[name], records)
        word = {"met": "shown", "not_met": "not_shown"}.get(verdict, "undefined")
        claims[name] = "not_tested" if sequential and stopped else word
        stopped = stopped or word != "shown"
    whole = _whole([claims[name] for name in primaries], sequential=sequential)
    return [
        *(_record(f"{name}.claim", name, sets[name], word) for name, word in claims.items()),
        _record("study.claim", "study", "", whole),
    ]


def _whole(claims: Sequence[str], *, sequential: bool) -> str:
    if claims and all(word == "shown" for word in claims):
        return "shown"
    if sequential and "shown" in claims:
        return "shown_in_part"
    return "not_shown" if "not_shown" in claims else "undefined"


def _verdict(endpoint: str, set_id: str, records: Sequence[Record]) -> str:
    """Return the verdict of an endpoint: the worst one where it has several (pairs of readers)."""
    found = [
        str(record.value)
        for record in records
        if record.endpoint == endpoint
        and record.analysis_set == set_id
        and record.statistic == "verdict"
        and not {"site", "without_site"} & set(record.group)
    ]
    for word in ("undefined", "not_met", "met"):
        if word in found:
            return word
    return "undefined"


def _record(record_id: str, endpoint: str, set_id: str, word: str) -> Record:
    return Record(
        id=record_id, endpoint=endpoint, analysis_set=set_id, statistic="claim", value=word
    )
