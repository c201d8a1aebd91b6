"""One hospital's business case: its effect and its economics, carried through draws to money."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.endpoints import throughput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.economics import Economics, Input, SiteEconomics
    from clinval.stats.roi.chain import Frame, Outcome
    from clinval.stats.roi.uncertain import Uncertain
    from clinval.stats.throughput.days import Chance

__all__ = [
    "Case",
    "Effect",
    "NoEffect",
    "Simulation",
    "case",
    "distribution",
    "effects",
    "simulate",
]

_TOO_FEW = "fewer than two subjects with both times"
_DAYS = 4000  # for the estimate and what is compared with it
_DAYS_A_DRAW = 2
_BY_CHANCE = ("no_show_share", "urgent_per_day", "room_time_cv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Minutes saved an examination at one hospital: Student's t around ``saved``.

    ``source`` is "own" or "predicted"; ``room`` is today's room time in minutes, ``n`` the
    hospital's own subjects, ``further_site`` the share of the variance that one more site in the
    study would take away (none where the hospital's own subjects decide).
    """

    saved: float
    scale: float
    df: float
    source: str
    room: float
    n: int
    further_site: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEffect:
    """Why a hospital has no effect."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A hospital's numbers by name, and the distributions of those that are uncertain."""

    effect: Effect
    values: Mapping[str, float]
    inputs: Mapping[str, Uncertain]
    frame: Frame
    correlations: Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The outcome at the estimates and at each draw, and the draws of the uncertain inputs."""

    center: Outcome
    draws: Outcome
    drawn: Mapping[str, NDArray[np.float64]]
    chance: Chance


def effects(times: Sequence[throughput.SiteTimes], own_from: int) -> dict[str, Effect | NoEffect]:
    """Return each site's effect, or why it has none.

    Parameters
    ----------
    times
        Of every site.
    own_from
        Subjects from which on a site's own mean stands alone.

    Notes
    -----
    A site with fewer is predicted: what the other sites say of a further one (random sites, t
    with two degrees of freedom fewer than there are of them), weighed with its own subjects by
    their precision, the variance within sites being that of all of them. With fewer than three
    others nothing is predicted.
    """
    return {site.site: _effect(site, times, own_from) for site in times}


def _effect(
    site: throughput.SiteTimes, times: Sequence[throughput.SiteTimes], own_from: int
) -> Effect | NoEffect:
    n = len(site.saved)
    if math.isnan(site.reference_room):
        reason = throughput.NO_TIMES if site.measured else throughput.NO_ROOM_TIME
        return NoEffect(reason=reason)
    predicted = _predicted(site, times) if n < own_from else None
    if predicted is not None:
        (saved, scale, df, further), source = predicted, "predicted"
    elif n >= 2:
        saved, scale = float(site.saved.mean()), float(site.saved.std(ddof=1)) / n**0.5
        df, further, source = n - 1, 0.0, "own"
    else:
        return NoEffect(reason=_TOO_FEW)
    return Effect(
        saved=saved, scale=scale, df=df, source=source, room=site.reference_room, n=n,
        further_site=further,
    )  # fmt: skip


def _predicted(
    site: throughput.SiteTimes, times: Sequence[throughput.SiteTimes]
) -> tuple[float, float, int, float] | None:
    """Return mean, scale, degrees of freedom and what one more site tells of a further one."""
    from clinval.stats.centers import heterogeneity

    others = [other.saved for other in times if other is not site and len(other.saved) >= 2]
    others = [saved for saved in others if saved.std() > 0]
    if len(others) < 3:
        return None
    pooled = heterogeneity.reml(
        [float(saved.mean()) for saved in others],
        [float(saved.std(ddof=1)) / len(saved) ** 0.5 for saved in others],
    )
    assert pooled.estimate is not None  # noqa: S101 - three centers have a mean
    assert pooled.se is not None and pooled.tau2 is not None  # noqa: PT018, S101
    mean, before = pooled.estimate, pooled.se**2 + pooled.tau2
    after = before - pooled.se**2 / (len(others) + 1)
    if len(site.saved):
        squares = sum(float(saved.var()) * len(saved) for saved in others)
        within = squares / sum(len(saved) - 1 for saved in others) / len(site.saved)
        mean += before / (before + within) * (float(site.saved.mean()) - mean)
        before, after = (1 / (1 / variance + 1 / within) for variance in (before, after))
    return mean, before**0.5, len(others) - 2, 1 - after / before


def case(effect: Effect, site: SiteEconomics, economics: Economics) -> Case:
    """Return a hospital's case from its effect and its economics."""
    from clinval.stats.roi import uncertain
    from clinval.stats.roi.chain import Frame

    values = {"saved": effect.saved, "room": effect.room}
    inputs = {}
    if effect.scale > 0:
        inputs["saved"] = uncertain.student(effect.saved, effect.scale, effect.df)
    for name, entered in site.inputs():
        if name.startswith("ramp_up") or name == "room_minutes_per_exam":
            continue
        values[name] = float(entered.value)
        made = distribution(entered)
        if made is not None:
            inputs[name] = made
    return Case(
        effect=effect,
        values=values,
        inputs=inputs,
        frame=Frame(
            years=economics.horizon_years,
            rate=economics.discount_rate.value,
            inflation=economics.inflation.value if economics.inflation else 0.0,
            timing=economics.timing,
            ramp_up=tuple(share.value for share in site.ramp_up),
        ),
        correlations={(each.between[0], each.between[1]): each.value
                      for each in economics.correlations},
    )  # fmt: skip


def distribution(entered: Input) -> Uncertain | None:
    """Return the distribution of an input that was entered with its limits, None without."""
    from clinval.protocol.economics import Uncertain as Entered
    from clinval.stats.roi import uncertain

    if not isinstance(entered, Entered) or entered.low is None or entered.high is None:
        return None
    make: Callable[..., Uncertain] = getattr(uncertain, entered.distribution)
    return make(entered.value, entered.low, entered.high)


def simulate(case: Case, draws: int, level: float, seed: int, site: str) -> Simulation:
    """Carry a case through: the same seed and site give the same numbers.

    Without no-shows, urgent patients and spread of room times a day is its slots, and a few days
    tell as much as many.
    """
    import numpy as np

    from clinval.stats.roi import chain, uncertain

    generator = np.random.default_rng([*divmod(seed, 2**32), zlib.crc32(site.encode())])
    drawn = uncertain.draw(generator, case.inputs, draws, case.correlations)
    by_chance = any(case.values.get(name) for name in _BY_CHANCE)
    every: dict[str, float | NDArray[np.float64]] = {**case.values, **drawn}
    ends = [
        {**case.values, name: end}
        for name, made in case.inputs.items()
        for end in made.limits(level)
    ]
    few = chain.draw_days(generator, [case.values, *ends], case.frame, _DAYS if by_chance else 8)
    many = chain.draw_days(
        generator, [every], case.frame, draws * (_DAYS_A_DRAW if by_chance else 1)
    )
    return Simulation(
        center=chain.outcome(case.values, case.frame, few),
        draws=chain.outcome(every, case.frame, many),
        drawn=drawn,
        chance=few,
    )
