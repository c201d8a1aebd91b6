"""Made-up lives of components: in each place of a hospital one after the other, as they fail."""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from clinval.protocol.model import Protocol

__all__ = ["lives"]

_YEAR = 365.25


def lives(
    protocol: Protocol, form: str, recipe: Mapping[str, Any], seed: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a form of components by site, one row a component.

    A component lives for a number of scan seconds that is Weibull distributed, unless it is taken
    out before for another reason. What ended before ``observed_from`` is in nobody's records, so
    that what was older then entered late; what still works on the last day is censored.

    Parameters
    ----------
    protocol
        The study.
    form
        The form that the rows are of, as it names the stream of random numbers.
    recipe
        ``places`` (scanners a site), ``began``, ``observed_from`` and ``until`` (days);
        ``columns`` (written in each row); ``components`` (each with ``serial``, ``columns``,
        ``shape`` and ``scale`` of its life, and ``from`` and ``share``: from when on how many of
        the components that are mounted are of it; the last one is mounted otherwise);
        ``seconds_per_day`` (median) with ``spread`` of places; ``seconds_per_exposure``;
        ``arcs_per_year``; ``worn`` (share of the ends of life that were noticed beforehand);
        ``taken_out`` (reason to rate a year); ``downtime_hours`` (median by reason) with
        ``downtime_spread``.
    seed
        Of the study's made-up data.
    """
    import numpy as np

    made: dict[str, list[dict[str, Any]]] = {}
    for site in protocol.sites:
        draw = np.random.default_rng([seed, zlib.crc32(f"{form}.{site.id}".encode())])
        rows: list[dict[str, Any]] = []
        for place in range(1, int(recipe["places"].get(site.id, 0)) + 1):
            for row in _succession(recipe, draw):
                number = sum(other["investigational"] == row["investigational"] for other in rows)
                row["component_serial"] += f"-{site.id}-{number + 1:02d}"
                row["scanner_serial"] = f"{site.id}-{place}"
                rows.append({"site_id": site.id, **recipe["columns"], **row})
        made[site.id] = rows
    return made


def _succession(recipe: Mapping[str, Any], draw: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Yield the components of one place that were in use on or after ``observed_from``."""
    import numpy as np

    began, observed_from, until = (
        datetime.date.fromisoformat(str(recipe[name]))
        for name in ("began", "observed_from", "until")
    )
    use = float(recipe["seconds_per_day"])
    use *= float(np.exp(float(recipe["spread"]) * draw.standard_normal()))
    installed = began + datetime.timedelta(days=int(draw.integers(0, 365)))
    while installed < until:
        mounted = _mounted(recipe["components"], installed, draw)
        ended, reason = _end(recipe, mounted, use, draw)
        over = installed + datetime.timedelta(days=ended)
        taken_out, end = over <= until, min(over, until)
        if end > observed_from:
            yield {
                "component_serial": mounted["serial"],
                **mounted["columns"],
                **_counted(recipe, installed, observed_from, end, use, draw),
                "status": "taken_out" if taken_out else "in_use",
                "end_reason": reason if taken_out else None,
                "downtime_hours": _standstill(recipe, reason, draw) if taken_out else None,
            }
        installed = over + datetime.timedelta(days=1)


def _mounted(
    components: list[Mapping[str, Any]], day: datetime.date, draw: np.random.Generator
) -> Mapping[str, Any]:
    """Return the component that is mounted on a day."""
    *earlier, last = components
    for component in earlier:
        offered = day >= datetime.date.fromisoformat(str(component["from"]))
        if offered and draw.random() < float(component["share"]):
            return component
    return last


def _end(
    recipe: Mapping[str, Any], mounted: Mapping[str, Any], use: float, draw: np.random.Generator
) -> tuple[int, str]:
    """Return after how many days a component is taken out, and why."""
    life = float(mounted["scale"]) * float(draw.weibull(float(mounted["shape"]))) / use
    ends = {"wear" if draw.random() < float(recipe["worn"]) else "failure": life}
    for reason, rate in recipe["taken_out"].items():
        ends[reason] = float(draw.exponential(_YEAR / float(rate)))
    reason = min(ends, key=lambda name: ends[name])
    return max(round(ends[reason]), 8), reason


def _counted(
    recipe: Mapping[str, Any],
    installed: datetime.date,
    observed_from: datetime.date,
    end: datetime.date,
    use: float,
    draw: np.random.Generator,
) -> dict[str, Any]:
    """Return dates and counters, those of the first observation where it was not installation."""
    a_second = float(recipe["seconds_per_exposure"])
    seconds = round(use * (end - installed).days)
    years = (end - installed).days / _YEAR
    row = {
        "installed_date": installed.isoformat(),
        "end_date": end.isoformat(),
        "scan_seconds": seconds,
        "exposures": round(seconds / a_second),
        "arcs": int(draw.poisson(float(recipe["arcs_per_year"]) * years)),
    }
    if installed < observed_from:
        before = round(use * (observed_from - installed).days)
        row |= {
            "observed_from": observed_from.isoformat(),
            "scan_seconds_from": before,
            "exposures_from": round(before / a_second),
        }
    return row


def _standstill(recipe: Mapping[str, Any], reason: str, draw: np.random.Generator) -> float | None:
    """Return hours that the scanner stood still at the end of a life, none at another end."""
    import numpy as np

    noise = float(recipe["downtime_spread"]) * draw.standard_normal()
    median = recipe["downtime_hours"].get(reason)
    return None if median is None else round(float(median) * float(np.exp(noise)), 1)
