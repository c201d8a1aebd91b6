"""Looks at accumulating data: which look the data are, at which level it decides, what it says.

At look k an endpoint is decided by its own interval at level 2 Phi(c_k) - 1, the repeated
confidence interval of Jennison and Turnbull (1989): it excludes the margin exactly where the
statistic against the margin exceeds the critical value c_k. So test and interval agree here as
they do without looks.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from clinval.core.records import Record
from clinval.endpoints.recorder import Recorder
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.interim import Interim, too_close
from clinval.protocol.model import Protocol

if TYPE_CHECKING:
    from clinval.stats.decisions.group_sequential import Boundaries

__all__ = [
    "Standing",
    "at_look",
    "decision_level",
    "interim",
    "is_tested",
    "standing",
    "withheld",
]

_NOT_REACHED = "no look has been reached"
_NO_ALPHA = "no alpha is spent at a look"
_TOO_MANY = "the last look is planned at no more subjects"
_OF_BOUNDARIES = ("information", "critical_value", "stage_alpha", "cumulative_alpha")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where data stand in a plan of looks.

    Attributes
    ----------
    look
        The number of the look, from 1; 0 before the first one.
    boundaries
        The boundaries of this look, the ones before and the ones to come; ``None`` where they
        cannot be had.
    reason
        Why nothing is tested; empty where the look is a test.
    """

    look: int
    boundaries: Boundaries | None = None
    reason: str = ""

    @property
    def level(self) -> float | None:
        """The two-sided level of the interval that decides; ``None`` where nothing is tested."""
        if self.reason or self.boundaries is None:
            return None
        return 1 - 2 * self.boundaries.stage_alpha[self.look - 1]


def standing(plan: Interim, n: int) -> Standing:
    """Return which look the data of ``n`` evaluable subjects are, with its boundaries.

    A spending function is read at the information that there is: ``n`` for this look, what is
    declared for the others. At the last look all alpha is spent, whatever its size; the looks
    before it have spent what they had to. Other boundaries stay as planned.
    """
    look = plan.look or sum(item.subjects <= n for item in plan.looks)
    if look == 0 or n == 0:
        return Standing(look=look, reason=_NOT_REACHED)
    if not plan.spends:
        return _stand(look, _planned(plan))
    earlier = [item.taken for item in plan.looks[: look - 1]]
    if earlier and too_close(earlier[-1], n):
        return Standing(look=look, reason="an earlier look had as many subjects")
    before = [taken / plan.subjects for taken in earlier]
    if look == len(plan.looks):
        information = [*(taken / n for taken in earlier), 1.0]
        return _stand(look, _boundaries(plan, information, spending_time=[*before, 1.0]))
    later = [item.subjects for item in plan.looks[look:] if not too_close(n, item.subjects)]
    if not later:
        return Standing(look=look, reason=_TOO_MANY)
    information = [*before, n / plan.subjects, *(size / plan.subjects for size in later)]
    return _stand(look, _boundaries(plan, information))


def decision_level(protocol: Protocol, endpoint: Endpoint, n: int) -> float | None:
    """Return the level of the interval that decides an endpoint, with ``n`` evaluable subjects.

    That is its own level, or that of the look which the data are where it is decided at several
    looks; ``None`` where no look has been reached, and so nothing may be decided.
    """
    plan = protocol.interim
    if plan is None or endpoint.id not in plan.endpoints:
        return endpoint.level
    return standing(plan, n).level


def at_look(protocol: Protocol, endpoint: Endpoint, count: Callable[[], int]) -> Endpoint:
    """Return an endpoint at the level that decides it; as it is where nothing may be decided.

    ``count`` is called for its evaluable subjects where it is decided at several looks.
    """
    if protocol.interim is None or endpoint.id not in protocol.interim.endpoints:
        return endpoint
    level = decision_level(protocol, endpoint, count())
    return endpoint if level is None else endpoint.model_copy(update={"level": level})


def withheld(protocol: Protocol, records: Sequence[Record]) -> list[Record]:
    """Return the records without the verdicts of endpoints that no look has tested yet."""
    plan = protocol.interim
    looked_at = plan.endpoints if plan is not None else ()
    early = {name for name in looked_at if not is_tested(protocol, name, records)}
    return [
        dataclasses.replace(record, value="undefined")
        if record.endpoint in early and record.statistic in ("verdict", "superiority")
        else record
        for record in records
    ]


def is_tested(protocol: Protocol, name: str, records: Sequence[Record]) -> bool:
    """Whether the data at hand are a test of an endpoint; an interim look may be none.

    An endpoint of the family that is not decided at the looks waits for the last of them.
    """
    plan = protocol.interim
    if plan is None:
        return True
    by_id = {record.id: record for record in records}
    if name in plan.endpoints:
        return standing(plan, _n(protocol, name, by_id)).level is not None
    return _current_look(protocol, plan, by_id) == len(plan.looks)


def interim(protocol: Protocol, records: Sequence[Record]) -> list[Record]:
    """Return the records of the plan of looks, and of the look that the data at hand are.

    The plan stands under the endpoint ``interim``, a look a group. What the current look says of
    an endpoint stands under the endpoint, in the group of the look: its boundary as it is with
    the subjects that there are, the repeated interval, the verdict, and before the last look
    conditional power under the observed trend and under the effect that was planned for.
    """
    plan = protocol.interim
    if plan is None:
        return []
    by_id = {record.id: record for record in records}
    recorder = Recorder(endpoint="interim", analysis_set="")
    recorder.add("alpha", plan.alpha)
    planned = _planned(plan)
    for number, look in enumerate(plan.looks, start=1):
        group = {"look": str(number)}
        recorder.add("subjects", look.subjects, group=group, unit="subjects")
        _record_boundary(recorder, planned, number, group)
    recorder.add("current_look", _current_look(protocol, plan, by_id))
    for name in plan.endpoints:
        recorder.records += _of_endpoint(protocol, plan, protocol.endpoint(name), by_id)
    return recorder.records


def _of_endpoint(
    protocol: Protocol, plan: Interim, endpoint: Endpoint, by_id: Mapping[str, Record]
) -> list[Record]:
    """Return what the current look says of an endpoint."""
    n = _n(protocol, endpoint.id, by_id)
    stand = standing(plan, n)
    recorder = Recorder(endpoint=endpoint.id, analysis_set=endpoint.set)
    recorder.add("current_look", stand.look, n=n)
    if stand.look == 0:
        return recorder.records
    group = {"look": str(stand.look)}
    recorder.add("subjects", n, group=group, unit="subjects", n=n)
    if stand.level is None or stand.boundaries is None:
        recorder.add("critical_value", None, group=group, n=n, reason=stand.reason)
        return recorder.records
    _record_boundary(recorder, stand.boundaries, stand.look, group)
    limits = [by_id.get(recorder.id_of(name)) for name in ("ci_low", "ci_high")]
    as_decided = all(
        limit is not None and limit.level is not None and math.isclose(limit.level, stand.level)
        for limit in limits
    )
    for statistic in ("ci_low", "ci_high", "verdict"):
        found = by_id.get(recorder.id_of(statistic))
        if found is None or not as_decided:
            recorder.add(statistic, None, group=group, n=n, reason="the interval has another level")
        else:
            copy = dataclasses.replace(found, id=recorder.id_of(statistic, group), group=group)
            recorder.records.append(copy)
    if stand.look < len(plan.looks):
        p_value = by_id.get(recorder.id_of("p_value"))
        p = p_value.value if p_value is not None else None
        reason = _no_power(plan, endpoint, stand.boundaries, n, p)
        size = next((size for size in protocol.sample_size if size.endpoint == endpoint.id), None)
        for statistic in ("conditional_power", "conditional_power_planned"):
            if reason:
                recorder.add(statistic, None, group=group, unit="proportion", n=n, reason=reason)
        if not reason:
            power = None if size is None else size.power
            _record_power(recorder, plan, stand.boundaries, group, n=n, p=p, power=power)
    return recorder.records


def _no_power(plan: Interim, endpoint: Any, boundaries: Boundaries, n: int, p: Any) -> str:
    """Return why an endpoint has no conditional power, empty where it has."""
    if n >= plan.subjects:
        return _TOO_MANY
    if endpoint.hypothesis.alternative == "two-sided":
        return "conditional power is that of a one-sided test"
    if p is None or not 0 < p < 1:
        return "the p value is undefined, 0 or 1"
    return _NO_ALPHA if boundaries.critical_values[-1] is None else ""


def _record_power(
    recorder: Recorder,
    plan: Interim,
    boundaries: Boundaries,
    group: Mapping[str, str],
    *,
    n: int,
    p: Any,
    power: float | None,
) -> None:
    """Record conditional power under the observed trend, and under the planned effect."""
    from scipy import special

    from clinval.stats.decisions import group_sequential

    z, share, final = -float(special.ndtri(p)), n / plan.subjects, boundaries.critical_values[-1]
    trend = group_sequential.conditional_power_trend(z, share, cast("float", final))
    recorder.result(
        trend, {"power": "proportion"}, group=group, n=n, rename={"power": "conditional_power"}
    )
    name = "conditional_power_planned"
    if power is None:
        reason = "no sample size is declared"
        recorder.add(name, None, group=group, unit="proportion", n=n, reason=reason)
        return
    # the drift at which the planned looks have the power that the sample size is for
    fixed = float(special.ndtri(power)) - float(special.ndtri(plan.alpha))
    drift = fixed * math.sqrt(_planned(plan, beta=1 - power).inflation_factor)
    planned = group_sequential.conditional_power(z, share, cast("float", final), drift)
    recorder.result(planned, {"power": "proportion"}, group=group, n=n, rename={"power": name})


def _record_boundary(
    recorder: Recorder, boundaries: Boundaries, look: int, group: Mapping[str, str]
) -> None:
    at = look - 1
    values = (
        boundaries.information[at],
        boundaries.critical_values[at],
        boundaries.stage_alpha[at],
        boundaries.cumulative_alpha[at],
    )
    for statistic, value in zip(_OF_BOUNDARIES, values, strict=True):
        recorder.add(statistic, value, group=group, method=boundaries.method, reason=_NO_ALPHA)


def _current_look(protocol: Protocol, plan: Interim, by_id: Mapping[str, Record]) -> int:
    """Return the look that all endpoints have reached."""
    return min(standing(plan, _n(protocol, name, by_id)).look for name in plan.endpoints)


def _n(protocol: Protocol, name: str, by_id: Mapping[str, Record]) -> int:
    """Return the evaluable subjects of an endpoint on its own set."""
    found = by_id.get(f"{name}.{protocol.endpoint(name).set}.all.n")
    return int(found.value) if found is not None and found.value is not None else 0


def _stand(look: int, boundaries: Boundaries) -> Standing:
    # a level so close to 1 that floating point does not tell them apart is no test either
    none = 1 - 2 * boundaries.stage_alpha[look - 1] >= 1
    return Standing(look=look, boundaries=boundaries, reason=_NO_ALPHA if none else "")


def _planned(plan: Interim, *, beta: float = 0.1) -> Boundaries:
    return _boundaries(plan, [look.subjects / plan.subjects for look in plan.looks], beta=beta)


def _boundaries(plan: Interim, information: Sequence[float], **options: Any) -> Boundaries:
    from clinval import stats

    if plan.gamma is not None:
        options["gamma"] = plan.gamma
    function = stats.find(f"group_sequential.{plan.boundary}")
    return cast("Boundaries", function(information, alpha=plan.alpha, **options))
