"""How the sites of a study spread: what a site is told of the others, and never more.

A site's report shows the other sites only as quantiles, and only where at least five of them have
the value: among fewer, a range would be somebody's result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clinval.core.records import Record, Series
from clinval.protocol.model import Protocol

__all__ = ["FEWEST", "QUANTILES", "data_shares", "site_spread"]

FEWEST = 5
"""Sites with a value, below which nothing is said of the others."""

QUANTILES = ("least", "lower_quartile", "median", "upper_quartile", "greatest")

_MONEY = ("ownership", "return_on_investment")
_LEVELS = (("95", 0.95), ("998", 0.998))
_SIZES = 60  # points of a funnel's limits
_CELLS = ("trials", "n11", "n1")  # counts of an endpoint that say what it counts
_LIMITS = ("_low", "_high")  # of intervals and ranges: not a value of the site


def data_shares(records: Sequence[Record]) -> list[Record]:
    """Return, for each form, the share of enrolled subjects without all its rows.

    By site and for all; ids are ``disposition.site=S01.share_incomplete.F05``.
    """
    counts = {record.id: record for record in records if record.endpoint == "disposition"}
    found = []
    for record in counts.values():
        name, _, form = record.statistic.partition(".")
        if name != "without":
            continue
        prefix = record.id.removesuffix(record.statistic)
        enrolled = counts[f"{prefix}enrolled"].value
        gaps = [counts[f"{prefix}{part}.{form}"].value for part in ("without", "incomplete")]
        n = int(str(enrolled))
        share = sum(int(str(gap)) for gap in gaps) / n if n else None
        found.append(
            replace(
                record,
                id=f"{prefix}share_incomplete.{form}",
                statistic=f"share_incomplete.{form}",
                value=share,
                unit="proportion",
                n=n,
                undefined=share is None,
                reason="" if n else "nobody was enrolled",
            )
        )
    return found


def site_spread(protocol: Protocol, records: Sequence[Record]) -> tuple[list[Record], list[Series]]:
    """Return quantiles across sites of every number by site, and the limits of funnels.

    A quantile's id is ``<endpoint>.<set>.sites=median.<statistic>``, its ``n`` the sites that have
    a value. Money, declared inputs and who the subjects are stay with their site, and so do limits
    of intervals. The
    limits of a funnel are a series ``<endpoint>.<set>.funnel.<statistic>`` for each proportion of
    subjects: ``size``, and ``low_95``, ``high_95``, ``low_998``, ``high_998``.
    """
    private = {e.id for e in protocol.endpoints if e.kind in _MONEY}
    private |= {"inputs", "baseline"}
    shown = [record for record in records if _is_shown(record) and record.endpoint not in private]
    groups: dict[tuple[str, ...], list[Record]] = {}
    for record in shown:
        rest = (f"{name}={value}" for name, value in record.group.items() if name != "site")
        key = (record.endpoint, record.analysis_set, *rest, record.statistic)
        groups.setdefault(key, []).append(record)
    by_id = {record.id: record for record in records}
    found: list[Record] = []
    series: list[Series] = []
    for sites in groups.values():
        units = {record.unit for record in sites}
        if len(sites) >= FEWEST and len(units) == 1:
            found += _quantiles(sites)
            series += _funnel(sites, by_id)
    return found, series


def _is_shown(record: Record) -> bool:
    return (
        "site" in record.group
        and isinstance(record.value, int | float)
        and not isinstance(record.value, bool)
        and not record.statistic.endswith(_LIMITS)
    )


def _quantiles(sites: Sequence[Record]) -> list[Record]:
    from clinval.stats.centers.sites import quantiles

    first, result = sites[0], quantiles([float(str(record.value)) for record in sites])
    found = []
    for name in QUANTILES:
        group = {key: value for key, value in first.group.items() if key != "site"}
        group["sites"] = name
        value = getattr(result, name)
        if all(isinstance(record.value, int) for record in sites) and value == int(value):
            value = int(value)
        found.append(
            Record(
                id=_id(first.endpoint, first.analysis_set, group, first.statistic),
                endpoint=first.endpoint,
                analysis_set=first.analysis_set,
                group=group,
                statistic=first.statistic,
                value=value,
                unit=first.unit,
                n=result.n,
                method=result.method,
                inputs=first.inputs,
            )
        )
    return found


def _funnel(sites: Sequence[Record], by_id: Mapping[str, Record]) -> list[Series]:
    """Return the limits of a proportion by size, from the smallest site to the largest.

    There are none where rows of one subject are counted: chance does not move them apart.
    """
    from clinval.stats.centers.sites import binomial_limits

    first = sites[0]
    if first.unit != "proportion" or set(first.group) != {"site"}:
        return []
    counts = (by_id.get(_id(first.endpoint, first.analysis_set, {}, name)) for name in _CELLS)
    if any(count is not None and count.unit == "rows" for count in counts):
        return []
    whole = by_id.get(_id(first.endpoint, first.analysis_set, {}, first.statistic))
    if whole is None or not isinstance(whole.value, float):
        return []
    sizes = _sizes([record.n for record in sites if record.n])
    columns: dict[str, list[float | int | str | None]] = {"size": [*sizes]}
    for name, level in _LEVELS:
        limits = [binomial_limits(whole.value, size, level=level) for size in sizes]
        columns[f"low_{name}"] = [limit.low for limit in limits]
        columns[f"high_{name}"] = [limit.high for limit in limits]
    return [
        Series(
            id=".".join(
                part
                for part in (first.endpoint, first.analysis_set, "funnel", first.statistic)
                if part
            ),
            columns=columns,
        )
    ]


def _sizes(sites: Sequence[int]) -> list[int]:
    """Return sizes from the smallest site to the largest, all of them or evenly spread."""
    least, greatest = min(sites), max(sites)
    points = min(greatest - least + 1, _SIZES)
    return sorted(
        {round(least + (greatest - least) * k / max(points - 1, 1)) for k in range(points)}
    )


def _id(endpoint: str, set_id: str, group: Mapping[str, str], statistic: str) -> str:
    place = "+".join(f"{name}={value}" for name, value in group.items()) or "all"
    return ".".join(part for part in (endpoint, set_id, place, statistic) if part)
