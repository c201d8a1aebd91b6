"""Claims, decided by a limit of what was estimated and never by the estimate.

Records of a claim (endpoint ``claims``, on the set of the endpoint that it is about; group
``claim``, and ``site`` where each site decides):

* ``threshold``, ``estimate``, ``limit``: the number to be passed, what was estimated, and the
  limit on the side of the threshold, which decides
* ``decision``: ``shown`` (the limit passes the threshold), ``estimate_only`` (the estimate passes
  it, the limit does not: the claim is not shown), ``not_shown``, ``not_tested`` (the endpoint is
  one of those that are tested in an order, and its turn did not come), undefined without a limit

Where each site decides, the claim as a whole is shown when it is shown at every site;
``sites_shown`` counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinval.core.errors import AnalysisError
from clinval.core.problems import Place
from clinval.core.records import Record
from clinval.endpoints.recorder import Recorder
from clinval.protocol.claims import Claim
from clinval.protocol.model import Protocol

__all__ = ["claims"]

_NO_LIMIT = "the number has no limits"
_NO_SITE = "no center has this number"
_PREDICTED = ("estimate", "saved", "site_mean")
"""Statistics whose prediction for a further site is recorded."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The records of one endpoint on its own set, by group and statistic."""

    by_group: Mapping[tuple[tuple[str, str], ...], Mapping[str, Record]]

    @classmethod
    def of(cls, endpoint: str, set_id: str, records: Iterable[Record]) -> _Found:
        found: dict[tuple[tuple[str, str], ...], dict[str, Record]] = {}
        for record in records:
            if record.endpoint == endpoint and record.analysis_set == set_id:
                group = tuple(record.group.items())
                found.setdefault(group, {})[record.statistic] = record
        return cls(found)

    def sites(self, statistic: str) -> list[str]:
        """Return the sites that have a statistic, also an undefined one."""
        return [
            group[0][1]
            for group, found in self.by_group.items()
            if len(group) == 1 and group[0][0] == "site" and statistic in found
        ]

    def known(self) -> list[str]:
        """Return the statistics that have limits."""
        return sorted({
            name
            for found in self.by_group.values()
            for name in found
            if any(limit in found for limit in _limits(name, "low"))
        })  # fmt: skip


def claims(protocol: Protocol, records: Sequence[Record]) -> list[Record]:
    """Return the decision on each claim of the protocol, from the records of its endpoint.

    Raises
    ------
    AnalysisError
        When a claim is about a number that its endpoint does not give.
    """
    written: list[Record] = []
    verdicts = {record.endpoint: record.value for record in records if record.statistic == "claim"}
    for claim in protocol.claims:
        set_id = protocol.endpoint(claim.endpoint).set
        found = _Found.of(claim.endpoint, set_id, records)
        if not any(claim.statistic in by_name for by_name in found.by_group.values()):
            known = ", ".join(found.known())
            raise AnalysisError.of(
                "claim-statistic-unknown", Place(file="protocol.yaml"), claim=claim.id,
                statistic=claim.statistic, endpoint=claim.endpoint, known=known or "-",
            )  # fmt: skip
        recorder = Recorder(endpoint="claims", analysis_set=set_id)
        waiting = verdicts.get(claim.endpoint) == "not_tested"
        _decide(claim, found, recorder, waiting=waiting)
        written += recorder.records
    return written


def _decide(claim: Claim, found: _Found, recorder: Recorder, *, waiting: bool) -> None:
    whole = {"claim": claim.id}
    if claim.at != "every_site":
        _one(claim, found.by_group.get((), {}), whole, recorder, waiting=waiting)
        return
    sites = found.sites(claim.statistic)
    words = [
        _one(claim, found.by_group[(("site", site),)], {**whole, "site": site}, recorder,
             waiting=waiting)
        for site in sites
    ]  # fmt: skip
    shown = words.count("shown")
    recorder.add("sites_shown", shown, group=whole, unit="sites", n=len(sites))
    word = "not_tested" if waiting else "shown" if sites and shown == len(sites) else "not_shown"
    recorder.add("decision", word if sites else None, group=whole, reason=_NO_SITE)


def _one(
    claim: Claim,
    found: Mapping[str, Record],
    group: dict[str, str],
    recorder: Recorder,
    *,
    waiting: bool,
) -> str | None:
    """Record and return the decision of a claim by one limit."""
    estimate = found.get(claim.statistic)
    limit = _limit(claim, found)
    unit = estimate.unit if estimate is not None else ""
    recorder.add("threshold", claim.threshold, group=group, unit=unit)
    word = None
    for statistic, record in (("estimate", estimate), ("limit", limit)):
        value = record.value if record is not None and not record.undefined else None
        recorder.add(
            statistic, value, group=group, unit=unit,
            n=None if record is None else record.n,
            method="" if record is None else record.method,
            level=None if record is None else record.level, reason=_NO_LIMIT,
        )  # fmt: skip
        passes = isinstance(value, int | float) and _passes(claim, float(value))
        if statistic == "estimate":
            word = "estimate_only" if passes else "not_shown"
        elif not isinstance(value, int | float):
            word = None
        elif passes:
            word = "shown"
    word = "not_tested" if waiting and word is not None else word
    recorder.add("decision", word, group=group, reason=_NO_LIMIT)
    return word


def _passes(claim: Claim, value: float) -> bool:
    return value > claim.threshold if claim.above is not None else value < claim.threshold


def _limit(claim: Claim, found: Mapping[str, Record]) -> Record | None:
    """Return the limit that decides."""
    side = "low" if claim.above is not None else "high"
    if claim.at == "further_site":
        return found.get(f"prediction_{side}") if claim.statistic in _PREDICTED else None
    return next((found[n] for n in _limits(claim.statistic, side) if n in found), None)


def _limits(statistic: str, side: str) -> tuple[str, ...]:
    """Return what the limit of a statistic may be called."""
    if statistic == "estimate":
        return (f"ci_{side}",)
    return f"{statistic}_ci_{side}", f"{statistic}_{side}"
