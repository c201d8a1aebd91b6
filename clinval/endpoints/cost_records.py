"""Records of a cost-effectiveness endpoint; their names stand in ``cost_effectiveness``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clinval.endpoints.cost_draws import Means, Outcome, Resources, outcome, resources
from clinval.endpoints.kind import Context
from clinval.endpoints.uncertain_inputs import distributions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.cost_effectiveness import Spec
    from clinval.endpoints.recorder import Recorder

__all__ = ["record"]

_NET_BENEFIT = "cost_effectiveness.incremental_net_benefit"
_SURE = "no input is uncertain"
_NOBODY = "no subject has all costs and the effect"
_EMPTY = "an arm has no subject"
_TOO_FEW = "fewer than two subjects"
_TOO_FEW_CENTERS = "fewer than two centers"
_EMPTY_ARM = "a center has no subject in one of the arms"
_SHOWN = 500  # draws in the picture of the plane
_STEPS = 51  # thresholds of the acceptability curve
_QUADRANTS = {"NE": (1, 1), "SE": (-1, 1), "SW": (-1, -1), "NW": (1, -1)}
Group = Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The outcome at the data, and in draws, of these means, or why there are none."""

    center: Outcome | None
    draws: Outcome | None = None
    means: Means | None = None
    reason: str
    n: int


class _Study:
    """An endpoint on a set: its data, its declared inputs and their draws."""

    def __init__(self, endpoint: Spec, context: Context) -> None:
        from clinval.stats.roi import uncertain

        self.endpoint = endpoint
        self.data: Resources = resources(endpoint, endpoint.costs, endpoint.effect, context)
        self.values, self.uncertain = distributions(endpoint.inputs())
        self.generator = context.random()
        self.drawn = uncertain.draw(self.generator, self.uncertain, endpoint.draws)
        self.rates = {name: rate.value for name, rate in endpoint.exchange_rates.items()}

    def found(self, data: Resources, by: str) -> _Found:
        """Return the outcome of some subjects, drawn by subjects or by centers."""
        if not self.data.names:
            drawn = self._outcome(None, self.values | self.drawn) if self.drawn else None
            reason = "" if self.drawn else _SURE
            return _Found(center=self._outcome(None, self.values), draws=drawn, reason=reason, n=0)
        means, reason = data.means(), _why_no_draws(data, by)
        center = None if means is None else self._outcome(means, self.values)
        if reason:
            return _Found(center=center, reason=reason, n=data.n)
        many = data.drawn(self.generator, self.endpoint.draws, by)
        draws = self._outcome(many, self.values | self.drawn)
        return _Found(center=center, draws=draws, means=many, reason="", n=data.n)

    def _outcome(self, means: Means | None, values: Mapping[str, Any]) -> Outcome:
        endpoint = self.endpoint
        names = self.data.names
        return outcome(endpoint.costs, endpoint.effect, means, names, values, self.rates)


def _why_no_draws(data: Resources, by: str) -> str:
    """Say why nothing can be drawn with replacement, by subjects or by centers; or nothing."""
    import numpy as np

    if not (data.in_test.any() and data.in_reference.any()):
        return _EMPTY if data.n else _NOBODY
    if by == "subjects":
        return _TOO_FEW if min(data.in_test.sum(), data.in_reference.sum()) < 2 else ""
    centers = np.unique(data.site[data.in_test])
    if not np.array_equal(centers, np.unique(data.site[data.in_reference])):
        return _EMPTY_ARM
    return _TOO_FEW_CENTERS if len(centers) < 2 else ""


def record(endpoint: Spec, context: Context) -> None:
    """Record the endpoint on one analysis set."""
    import numpy as np

    study, recorder = _Study(endpoint, context), context.recorder
    data = study.data
    recorder.inputs = data.sha256
    _record_inputs(endpoint, recorder)
    if data.names:
        recorder.add("n", data.n, unit="subjects", n=data.n)
        recorder.add("missing", len(data.site) - data.n, unit="subjects")
        for arm in ("test", "reference") if not data.paired else ():
            count = int(getattr(data, f"in_{arm}").sum())
            recorder.add(f"n_{arm}", count, unit="subjects", n=count)
    whole = study.found(data, endpoint.resample)
    _record_arms(whole, endpoint, recorder)
    _record_differences(whole, {}, endpoint, recorder)
    _record_plane(whole, endpoint, recorder)
    _record_thresholds(whole, study, recorder)
    if not data.names:
        return
    counted = data.in_test | data.in_reference
    names = context.data.site_names
    for site, name in enumerate(names):
        group = {"site": name}
        here = data.of(data.site == site)
        recorder.add("n", here.n, group=group, unit="subjects", n=here.n)
        if here.n:
            _record_differences(study.found(here, "subjects"), group, endpoint, recorder)
    present = np.unique(data.site[counted])
    for site in present if len(present) > 1 else ():
        rest = study.found(data.of(data.site != site), endpoint.resample)
        _record_differences(rest, {"without_site": names[site]}, endpoint, recorder)


def _record_inputs(endpoint: Spec, recorder: Recorder) -> None:
    """Record the declared inputs, with their limits, and the rates."""
    own = {cost.id: cost.currency or endpoint.currency for cost in endpoint.costs}
    for name, entered in endpoint.inputs():
        of, _, what = name.rpartition(".")
        unit = f"{own[of]}/{'unit' if what == 'price' else 'subject'}" if of in own else ""
        recorder.add(f"input.{name}", entered.value, unit=unit)
        if entered.low is not None:
            recorder.add(f"input_low.{name}", entered.low, unit=unit)
            recorder.add(f"input_high.{name}", entered.high, unit=unit)
    for currency, rate in endpoint.exchange_rates.items():
        recorder.add(f"rate.{currency}", rate.value, unit="rate")


def _money(endpoint: Spec) -> str:
    return f"{endpoint.currency}/subject"


def _per_unit(endpoint: Spec) -> str:
    return f"{endpoint.currency}/unit"


def _record_arms(found: _Found, endpoint: Spec, recorder: Recorder) -> None:
    """Record cost and effect of each arm, and the costs that they are made of."""
    for cost in endpoint.costs:
        part = None
        if found.center is not None:
            parts = found.center.parts
            part = float(parts[cost.id, "test"] - parts[cost.id, "reference"])
        recorder.add(
            f"cost_difference.{cost.id}", part, unit=_money(endpoint), n=found.n,
            reason=found.reason,
        )  # fmt: skip
    for arm in ("test", "reference"):
        center = found.center
        whole = None if center is None else float(center.cost(arm))
        effect = None if center is None else float(center.effect[arm])
        money = _money(endpoint)
        recorder.add(f"cost_{arm}", whole, unit=money, n=found.n, reason=found.reason)
        for cost in endpoint.costs:
            part = None if center is None else float(center.parts[cost.id, arm])
            recorder.add(f"cost_{arm}.{cost.id}", part, unit=money, n=found.n, reason=found.reason)
        recorder.add(f"effect_{arm}", effect, unit="", n=found.n, reason=found.reason)


def _record_differences(found: _Found, group: Group, endpoint: Spec, recorder: Recorder) -> None:
    """Record the differences and the net benefit at each threshold, with limits."""
    center, draws = found.center, found.draws
    rows: list[tuple[str, str, str, str, Any]] = [
        ("cost_difference", "", _money(endpoint), "", lambda of: of.dearer),
        ("gain", "", "", "", lambda of: of.gain),
    ]
    for number, threshold in enumerate(endpoint.thresholds, 1):

        def worth(of: Outcome, value: float = threshold.value) -> Any:
            return value * of.gain - of.dearer

        rows.append(("net_benefit", f".{number}", _money(endpoint), _NET_BENEFIT, worth))
    for statistic, suffix, unit, method, read in rows:
        value = None if center is None else float(read(center))
        recorder.add(
            f"{statistic}{suffix}", value, group=group, unit=unit, n=found.n, method=method,
            reason=found.reason,
        )  # fmt: skip
        _record_limits(
            statistic, suffix, None if draws is None else read(draws), group, unit, method, found,
            endpoint, recorder,
        )  # fmt: skip
        if statistic == "net_benefit":
            share = None if draws is None else float((read(draws) > 0).mean())
            recorder.add(
                f"probability{suffix}", share, group=group, unit="proportion", n=endpoint.draws,
                method=method, reason=found.reason,
            )  # fmt: skip


def _record_limits(
    statistic: str,
    suffix: str,
    values: NDArray[np.float64] | None,
    group: Group,
    unit: str,
    method: str,
    found: _Found,
    endpoint: Spec,
    recorder: Recorder,
) -> None:
    """Record the quantiles of the draws that hold the middle of them."""
    import numpy as np

    tails = (1 - endpoint.level) / 2, (1 + endpoint.level) / 2
    limits = (None, None) if values is None else np.quantile(values, tails)
    for name, value in zip(("low", "high"), limits, strict=True):
        recorder.add(
            f"{statistic}_{name}{suffix}", value, group=group, unit=unit, n=found.n, method=method,
            level=endpoint.level, reason=found.reason,
        )  # fmt: skip


def _record_plane(found: _Found, endpoint: Spec, recorder: Recorder) -> None:
    """Record the ratio, its quadrant, and the draws in each quadrant."""
    import numpy as np

    from clinval.stats.roi import cost_effectiveness

    if found.center is None:
        recorder.add("icer", None, unit=_per_unit(endpoint), reason=found.reason)
        recorder.add("quadrant", None, reason=found.reason)
        recorder.add("status", None, reason=found.reason)
        return
    ratio = cost_effectiveness.icer(float(found.center.dearer), float(found.center.gain))
    recorder.result(
        ratio, {"estimate": _per_unit(endpoint)}, rename={"estimate": "icer"}, n=found.n
    )
    recorder.add(
        "quadrant", ratio.quadrant, method=ratio.method, n=found.n,
        reason="cost or effect does not differ",
    )  # fmt: skip
    recorder.add("status", ratio.status, method=ratio.method, n=found.n)
    draws = found.draws
    if draws is None:
        return
    dearer, gain = np.broadcast_arrays(draws.dearer, draws.gain)
    for name, (dear, better) in _QUADRANTS.items():
        share = float(((np.sign(dearer) == dear) & (np.sign(gain) == better)).mean())
        recorder.add(f"share.{name}", share, unit="proportion", n=len(gain))
    axis = float(((dearer == 0) | (gain == 0)).mean())
    recorder.add("share.axis", axis, unit="proportion", n=len(gain))
    every = max(len(gain) // _SHOWN, 1)
    recorder.points("plane", {"gain": gain[::every], "cost": dearer[::every]})


def _record_thresholds(found: _Found, study: _Study, recorder: Recorder) -> None:
    """Record what certainty would be worth at each threshold, and the acceptability curve."""
    import numpy as np

    from clinval.stats.roi import cost_effectiveness

    endpoint = study.endpoint
    wanted = [threshold.value for threshold in endpoint.thresholds]
    for number, value in enumerate(wanted, 1):
        unit = _per_unit(endpoint) if value % 1 else endpoint.currency  # no cents where none are
        recorder.add(f"threshold.{number}", value, unit=unit)
    parameters = _parameters(study, found)
    if found.draws is None:
        for number in range(1, len(wanted) + 1):
            for statistic in ("net_benefit_mean", "evpi"):
                recorder.add(
                    f"{statistic}.{number}", None, unit=_money(endpoint), reason=found.reason
                )
        return
    long = _long(found.draws, endpoint.draws)
    for number, value in enumerate(wanted, 1):
        mean = cost_effectiveness.incremental_net_benefit(
            *long, test_strategy="test", reference_strategy="reference", willingness_to_pay=value
        )
        renamed = {"estimate": f"net_benefit_mean.{number}"}
        recorder.result(mean, {"estimate": _money(endpoint)}, rename=renamed, n=endpoint.draws)
    perfect = cost_effectiveness.evpi(*long, willingness_to_pay=wanted)
    partial = {
        name: cost_effectiveness.evppi(
            *long, [np.tile(column, 2) for column in columns], willingness_to_pay=wanted
        )
        for name, columns in parameters.items()
    }
    for place in range(len(wanted)):
        recorder.add(
            f"evpi.{place + 1}", perfect.evpi_by_threshold[place], unit=_money(endpoint),
            n=endpoint.draws, method=perfect.method,
        )  # fmt: skip
        for name, known in partial.items():
            worth = known.evppi_by_threshold
            recorder.add(
                f"evppi.{place + 1}.{name}", None if worth is None else worth[place],
                unit=_money(endpoint), n=endpoint.draws, method=known.method, reason=known.reason,
            )  # fmt: skip
    values = np.linspace(0, 2 * max(*wanted, 0) or 1.0, _STEPS)
    curve = cost_effectiveness.ceac(*long, willingness_to_pay=values.tolist())
    by_label = dict(zip(curve.strategies, curve.probability_by_strategy_threshold, strict=True))
    recorder.points("acceptability", {"value": values, **by_label})


def _long(
    draws: Outcome, number: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str], NDArray[np.intp]]:
    """Return cost, effect, strategy and draw as long columns; a better effect is a higher one."""
    import numpy as np

    def column(value: Any) -> NDArray[np.float64]:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), number)

    cost = np.concatenate([column(draws.cost(arm)) for arm in ("test", "reference")])
    effect = np.concatenate([column(draws.gain), np.zeros(number)])
    strategy = ["test"] * number + ["reference"] * number
    return cost, effect, strategy, np.tile(np.arange(number), 2)


def _parameters(study: _Study, found: _Found) -> dict[str, list[NDArray[np.float64]]]:
    """Return what could be known: each declared input, and what the study measured."""
    known = {name: [drawn] for name, drawn in study.drawn.items()}
    if found.means is not None:
        known["study"] = list((found.means.test - found.means.reference).T)
    return known
