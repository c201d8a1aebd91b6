"""Life of components, money and the day of a scanner, each beside a library that does it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from money import internal_rates, strategies
from ratio import Ratio, against

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the discrete-event model

_FITS = 20  # of clinval, for one of the peer
_DRAWS = 10_000  # two days each, with and without the product
_PEER_DAYS = 300


def measure() -> Iterator[Ratio]:
    """Compare a Weibull fit, a hospital's chain, rates of return and draws of strategies."""
    yield _weibull()
    yield _chain()
    yield from internal_rates()
    yield strategies()


def _weibull() -> Ratio:
    """150 tubes, about half of them censored; limits of scale, shape and B10 included."""
    import numpy as np
    from lifelines import WeibullFitter

    from clinval.stats.reliability import survival

    draw = np.random.default_rng(1)
    life, end = 140_000 * draw.weibull(1.6, 150), draw.uniform(0, 250_000, 150)
    time, event = np.minimum(life, end), (life <= end).astype(int)

    def fits() -> None:
        for _ in range(_FITS):
            survival.weibull(time, event)

    taken, peer_taken = against(fits, lambda: WeibullFitter().fit(time, event), times=7)
    return Ratio(
        task="Weibull fit of 150 lives",
        peer="lifelines WeibullFitter",
        taken=taken / _FITS,
        peer_taken=peer_taken,
        limit=1 / 300,
    )


def _chain() -> Ratio:
    """Draws of a hospital's inputs, simulated days with and without the product, and its money."""
    import numpy as np
    import simpy_clinic

    from clinval.stats.roi import chain, uncertain

    values = {
        "room": 24.0, "saved": 6.0, "open_minutes_per_day": 720.0, "demand_per_day": 30.0,
        "operating_days_per_year": 250.0, "changeover_minutes": 5.0, "purchase": 140_000.0,
        "contribution_per_exam": 95.0, "licence_and_service_per_year": 30_000.0,
        "no_show_share": 0.08, "urgent_per_day": 1.5, "room_time_cv": 0.25,
        "overtime_limit_minutes": 60.0, "overtime_cost_per_hour": 180.0,
    }  # fmt: skip
    inputs = {
        "saved": uncertain.student(6, 0.5, 40),
        "demand_per_day": uncertain.triangular(30, 26, 34),
    }
    frame = chain.Frame(years=5, rate=0.05)

    def draws() -> None:
        generator = np.random.default_rng(1)
        every = {**values, **uncertain.draw(generator, inputs, _DRAWS)}
        days = chain.draw_days(generator, [every], frame, 2 * _DRAWS)
        chain.outcome(every, frame, days)

    plan = {
        "open_time": 720.0, "slot_time": 29.0, "slots": 24.0, "booked": 24.0, "exam_time": 24.0,
        "exam_cv": 0.25, "changeover": 5.0, "no_show": 0.08, "urgent": 1.5,
        "overtime_limit": 60.0, "scanners": 1, "teams": 1,
    }  # fmt: skip
    chance = simpy_clinic.Fresh(1, _PEER_DAYS, plan)

    def peer() -> None:
        for day in range(_PEER_DAYS):
            simpy_clinic.Day(plan, chance, day).run()

    taken, peer_taken = against(draws, peer, times=3)
    return Ratio(
        task="chain of a hospital, 10,000 draws, a day",
        peer="simpy, a day of one scanner",
        taken=1000 * taken / (4 * _DRAWS),
        peer_taken=1000 * peer_taken / _PEER_DAYS,
        limit=1 / 20,
        unit="ms",
    )
