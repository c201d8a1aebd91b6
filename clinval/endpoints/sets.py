"""The verdicts of an endpoint on its analysis sets, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from clinval.core.records import Record
from clinval.protocol.model import Protocol

__all__ = ["sets_agreement"]


def sets_agreement(protocol: Protocol, records: Sequence[Record]) -> list[Record]:
    """Return, for each endpoint shown on several sets, whether all of them say the same."""
    verdicts = {
        (record.endpoint, record.analysis_set): record.value
        for record in records
        if record.statistic == "verdict" and not record.group
    }
    found = []
    for endpoint in protocol.endpoints:
        sets = (endpoint.set, *endpoint.also_sets)
        words = {verdicts.get((endpoint.id, name)) for name in sets}
        if len(sets) > 1 and not words & {None, "none"}:
            found.append(
                Record(
                    id=f"{endpoint.id}.{endpoint.set}.all.sets_agree",
                    endpoint=endpoint.id,
                    analysis_set=endpoint.set,
                    statistic="sets_agree",
                    value="yes" if len(words) == 1 else "no",
                )
            )
    return found
