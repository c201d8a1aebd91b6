"""Costs of ownership against a plain simulation of one component after the other."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats.reliability import expected_renewals
from clinval.stats.roi import cash_flow, ownership
from clinval.stats.roi.chain import Frame

FRAME = Frame(years=6, rate=0.06, inflation=0.02, timing="mid")
DRAWS = 20_000


def component(draws=DRAWS, *, shape=1.7, scale=2.2, **more):
    numbers = {"price": 100.0, "replacement_cost": 10.0, "service": 4.0, "downtime_hours": 30.0}
    return ownership.Component(
        shape=np.full(draws, shape), scale=np.full(draws, scale), **(numbers | more)
    )


USE = ownership.Use(units=2, lost_per_hour=0.2, contribution=3.0)


def one_by_one(made, histories, rng, *, exchange_at=np.inf, term=0.0, pro_rata=False, keep=False):
    """Return the mean of what one history after the other comes to, written down event by event."""
    sums = dict.fromkeys(("failures", "exchanges", "claims", "hours", "cost"), 0.0)
    k, eta = float(made.shape[0]), float(made.scale[0])

    def worth(year):
        return 1.02**year * 1.06 ** -(year - 0.5)

    for _ in range(histories):
        cost = USE.units * 100.0
        cost += sum(USE.units * 4.0 * worth(year) for year in range(1, 7))
        for _ in range(USE.units):
            clock, left = 0.0, term
            while True:
                life = eta * rng.weibull(k)
                clock += min(life, exchange_at)
                if clock > 6:
                    break
                year = int(np.ceil(clock))
                paid, hours = 100.0, 30.0
                if life >= exchange_at:
                    sums["exchanges"] += 1
                    hours, left = 5.0, term
                else:
                    sums["failures"] += 1
                    if life < left:
                        sums["claims"] += 1
                        paid = 100.0 * (1 - (left - life) / term) if pro_rata else 0.0
                        left = left - life if keep else term
                    else:
                        left = term
                sums["hours"] += hours
                cost += (paid + 10.0 + hours * 0.2 * 3.0) * worth(year)
        sums["cost"] += cost
    return {name: total / histories for name, total in sums.items()}


@pytest.mark.parametrize(
    ("said", "policy"),
    [
        ({}, {}),
        (
            {"exchange_at": 2.5, "term": 1.5, "pro_rata": True},
            {"exchange_at": 2.5, "warranty": 1.5, "pro_rata": True},
        ),
        ({"term": 3.0, "keep": True}, {"warranty": 3.0, "remaining": True}),
    ],
)
def test_costs_are_those_of_one_component_after_the_other(said, policy):
    made = component(exchange_hours=5.0, policy=ownership.Policy(**policy))
    found = ownership.outcome(made, USE, FRAME, np.random.default_rng(1))
    plain = one_by_one(made, 1500, np.random.default_rng(2), **said)
    for name, expected in plain.items():
        drawn = getattr(found, name)
        error = drawn.std() * (1 / DRAWS + 1 / 1500) ** 0.5
        assert drawn.mean() == pytest.approx(expected, abs=4.5 * error + 1e-9), name


def test_without_exchange_replacements_are_those_of_the_renewal_function():
    found = ownership.outcome(component(), USE, FRAME, np.random.default_rng(3))
    exact = expected_renewals.weibull_reserve(1.7, 2.2, 6, ages=[0, 0])
    assert found.renewals.mean() == pytest.approx(exact.estimate, rel=0.01)
    assert ownership.enough(found.renewals, 0.95) == exact.reserve
    # what is wanted in a lead time as long as the horizon is what is wanted in the horizon
    assert ownership.spares(found.histories, DRAWS, 6, 9, 0.95) == exact.reserve
    assert ownership.spares(found.histories, DRAWS, 6, 0.02, 0.95) <= 1


@settings(max_examples=15, deadline=None)
@given(
    st.floats(0.6, 5), st.floats(0.5, 8), st.floats(0.1, 3), st.booleans(), st.booleans(),
    st.integers(1, 4), st.sampled_from(["end", "mid"]),
)  # fmt: skip
def test_money_adds_up(shape, scale, warranty, pro_rata, remaining, units, timing):
    policy = ownership.Policy(
        exchange_at=1.5 * scale, warranty=warranty, pro_rata=pro_rata, remaining=remaining
    )
    made = component(50, shape=shape, scale=scale, policy=policy, varies=True)
    use = ownership.Use(units=units, lost_per_hour=0.1, contribution=5.0)
    frame = Frame(years=4, rate=0.03, timing=timing)
    found = ownership.outcome(made, use, frame, np.random.default_rng(4))
    worth = cash_flow.npv_draws(0.03, found.flows, timing=timing)
    assert found.cost == pytest.approx(worth)
    assert (found.parts["warranty"] <= 0).all()
    assert (found.claims <= found.failures).all()
    assert found.renewals == pytest.approx(found.failures + found.exchanges)
    bought = found.parts["first"] + found.parts["units"] + found.parts["warranty"]
    assert bought == pytest.approx(100 * found.per_price)
    dearer = component(50, shape=shape, scale=scale, policy=policy, varies=True, price=103.0)
    again = ownership.outcome(dearer, use, frame, np.random.default_rng(4))
    assert again.cost - found.cost == pytest.approx(3 * found.per_price)


def test_a_first_component_that_came_with_the_scanner_is_not_paid_for():
    found = ownership.outcome(component(10, first_price=0.0), USE, FRAME, np.random.default_rng(5))
    assert (found.parts["first"] == 0).all()
    assert (found.flows[:, 0] == 0).all()
    assert found.per_price == pytest.approx((found.parts["units"]) / 100)


def test_a_scanner_stands_still_for_no_longer_than_there_are_hours():
    made = component(50, scale=0.5, downtime_hours=1e6)
    found = ownership.outcome(made, USE, FRAME, np.random.default_rng(6))
    assert (found.hours <= 2 * 6 * ownership.HOURS).all()
    assert found.hours.max() == 2 * 6 * ownership.HOURS


@pytest.mark.parametrize(
    ("scanners", "each", "demand", "lost"),
    [(1, 30, 50, 30), (1, 30, 12, 12), (2, 30, 50, 20), (2, 30, 28, 0), (3, 10, 40, 10)],
)
def test_exams_are_lost_only_up_to_demand_and_where_no_other_scanner_has_room(
    scanners, each, demand, lost
):
    assert ownership.lost_per_day(scanners, each, demand) == lost


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": 0}, "shape must be above 0"),
        ({"exchange_at": -1}, "exchange_at must be above 0"),
        ({"warranty": 0}, "warranty must be above 0"),
        ({"kind": "half"}, "kind"),
        ({"replaced": "never"}, "replaced"),
        ({"draws": 1}, "two histories"),
        ({"exchange_at": 0.01}, "too many"),
    ],
)
def test_slips_of_the_simulation_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        expected_renewals.simulation(**({"shape": 2, "scale": 3, "horizon": 8} | changes))
