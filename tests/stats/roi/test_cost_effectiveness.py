import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import integrate, special, stats as scipy_stats

from clinval.stats.roi import budget_impact, cost_effectiveness as ce

few = settings(deadline=None, max_examples=30, derandomize=True)


def long(cost, effect, labels="abcdefgh"):
    """Turn tables of draws by strategies into long columns, in a scrambled order."""
    n, k = np.shape(cost)
    order = np.random.default_rng(5).permutation(n * k)
    strategy = np.tile(list(labels[:k]), n)[order]
    return (
        np.ravel(cost)[order],
        np.ravel(effect)[order],
        strategy,
        np.repeat(np.arange(n), k)[order],
    )


def brute_force(cost, effect, threshold):
    """Probability of being best, EVPI and best strategy, draw by draw."""
    n, k = np.shape(cost)
    wins, highest, totals = [0.0] * k, 0.0, [0.0] * k
    for c, e in zip(cost, effect, strict=True):
        benefit = [threshold * e[s] - c[s] for s in range(k)]
        top = max(benefit)
        winners = [s for s in range(k) if benefit[s] == top]
        for s in winners:
            wins[s] += 1 / len(winners)
        highest += top
        totals = [a + b for a, b in zip(totals, benefit, strict=True)]
    return [w / n for w in wins], highest / n - max(totals) / n, totals.index(max(totals))


whole_tables = st.integers(1, 4).flatmap(
    lambda k: st.lists(
        st.lists(st.tuples(st.integers(-6, 6), st.integers(-4, 4)), min_size=k, max_size=k),
        min_size=1,
        max_size=12,
    )
)


@few
@given(whole_tables, st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_curve_and_information_draw_by_draw_with_ties(table, thresholds):
    cost, effect = np.array(table, float)[..., 0], np.array(table, float)[..., 1]
    columns = long(cost, effect)
    curve = ce.ceac(*columns, willingness_to_pay=thresholds)
    perfect = ce.evpi(*columns, willingness_to_pay=thresholds)
    for place, threshold in enumerate(thresholds):
        wins, value, best = brute_force(cost, effect, threshold)
        ours = [row[place] for row in curve.probability_by_strategy_threshold]
        assert ours == pytest.approx(wins, abs=1e-12)
        assert perfect.evpi_by_threshold[place] == pytest.approx(value, abs=1e-9)
        assert perfect.best_strategy_by_threshold[place] == "abcd"[best]
        assert perfect.evpi_by_threshold[place] >= 0


def test_many_draws_against_the_table_of_net_benefits():
    rng = np.random.default_rng(2)
    effect = rng.normal([1.0, 1.2, 1.15], 0.3, (4000, 3))
    cost = rng.gamma(20, [50, 90, 70], (4000, 3))
    thresholds = rng.permutation(np.linspace(0, 9000, 60))
    columns = long(cost, effect)
    benefit = effect[:, :, None] * thresholds - cost[:, :, None]
    best = np.eye(3)[benefit.argmax(axis=1)].mean(axis=0)
    curve = ce.ceac(*columns, willingness_to_pay=thresholds)
    np.testing.assert_allclose(curve.probability_by_strategy_threshold, best.T, atol=1e-12)
    value = benefit.max(axis=1).mean(axis=0) - benefit.mean(axis=0).max(axis=0)
    perfect = ce.evpi(*columns, willingness_to_pay=thresholds)
    np.testing.assert_allclose(perfect.evpi_by_threshold, value, rtol=1e-9, atol=1e-9)


def test_incremental_net_benefit_and_its_signs():
    rng = np.random.default_rng(3)
    cost, effect = rng.normal(100, 30, (500, 2)), rng.normal(1, 0.5, (500, 2))
    columns = long(cost, effect)
    forth = ce.incremental_net_benefit(
        *columns, test_strategy="b", reference_strategy="a", willingness_to_pay=50
    )
    back = ce.incremental_net_benefit(
        *columns, test_strategy="a", reference_strategy="b", willingness_to_pay=50
    )
    benefit = 50 * (effect[:, 1] - effect[:, 0]) - (cost[:, 1] - cost[:, 0])
    assert forth.estimate == pytest.approx(benefit.mean())
    assert back.estimate == pytest.approx(-forth.estimate)
    assert back.icer == pytest.approx(forth.icer)
    assert forth.probability_positive + back.probability_positive == pytest.approx(1)
    same = ce.incremental_net_benefit(
        [1, 2], [1, 1], ["a", "b"], [1, 1],
        test_strategy="b", reference_strategy="a", willingness_to_pay=5,
    )  # fmt: skip
    assert (same.icer, same.estimate, same.probability_positive) == (None, -1.0, 0.0)


@few
@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=6, unique=True)
)
def test_frontier_by_its_definition(points):
    labels = "abcdef"[: len(points)]
    cost, effect = zip(*points, strict=True)
    result = ce.frontier(cost, effect, list(labels))
    for place, (c, e) in enumerate(points):
        others = [p for p in points if p != (c, e)]
        if any(oc <= c and oe >= e for oc, oe in others):
            wanted = "dominated"
        elif any(
            e1 < e < e2 and c >= c1 + (c2 - c1) * (e - e1) / (e2 - e1) - 1e-12
            for (c1, e1), (c2, e2) in itertools.permutations(others, 2)
        ):
            wanted = "extended_dominated"
        else:
            wanted = "non_dominated"
        assert result.status_by_strategy[place] == wanted
    ratios = [
        ratio
        for _, ratio in sorted(zip(cost, result.icer_by_strategy, strict=True), key=lambda x: x[0])
        if ratio is not None
    ]
    assert ratios == sorted(ratios)
    assert len(ratios) == result.status_by_strategy.count("non_dominated") - 1


def test_of_equal_strategies_the_first_stays():
    result = ce.frontier([1, 1, 3], [2, 2, 4], ["x", "y", "z"])
    assert result.status_by_strategy == ("non_dominated", "dominated", "non_dominated")
    assert result.icer_by_strategy == (None, None, 1.0)


def test_quadrants_and_axes():
    found = {
        (dc, de): (ce.icer(dc, de).quadrant, ce.icer(dc, de).status)
        for dc in (-1, 0, 1)
        for de in (-1, 0, 1)
    }
    assert found == {
        (-1, -1): ("SW", "trade_off"), (-1, 0): (None, "dominant"), (-1, 1): ("SE", "dominant"),
        (0, -1): (None, "dominated"), (0, 0): (None, "equal"), (0, 1): (None, "dominant"),
        (1, -1): ("NW", "dominated"), (1, 0): (None, "dominated"), (1, 1): ("NE", "trade_off"),
    }  # fmt: skip
    assert ce.icer(3, 0).undefined
    with pytest.raises(ValueError, match="delta_effect must be a finite number"):
        ce.icer(1, math.nan)


def test_normal_net_benefit_by_integration():
    for mean, sd in ((1200, 3000), (-50, 20), (0, 5), (400, 10)):
        law = scipy_stats.norm(mean, sd)
        gain = integrate.quad(lambda x, law=law: x * law.pdf(x), 0, mean + 40 * sd, limit=200)[0]
        result = ce.normal_net_benefit(mean, sd)
        assert result.evpi == pytest.approx(max(gain - max(mean, 0), 0), abs=1e-6 * sd)
        assert result.probability_positive == pytest.approx(law.sf(0))
    assert ce.normal_net_benefit(3, 0).probability_positive == 1
    assert ce.normal_net_benefit(0, 0) == ce.normal_net_benefit(-1, 0)
    with pytest.raises(ValueError, match="sd must not be negative"):
        ce.normal_net_benefit(1, -1)


def linear_model(side):
    """Net benefit 100 + 300 x + 200 y of standard normal x and y; z has no part in it.

    x and y go through a grid of quantiles, side by side, so that they are independent exactly.
    """
    quantiles = special.ndtri((np.arange(side) + 0.5) / side)
    quantiles /= quantiles.std()
    x, y = np.repeat(quantiles, side), np.tile(quantiles, side)
    z = np.random.default_rng(4).normal(size=side**2)
    benefit = 100 + 300 * x + 200 * y
    cost = np.column_stack([np.zeros(side**2), -benefit])
    return long(cost, np.zeros_like(cost)), {"x": x, "y": y, "z": z}


def test_partial_information_of_a_linear_model_is_that_of_the_normal():
    columns, known = linear_model(50)
    draw = columns[3]
    for names, sd in ((["x"], 300), (["y"], 200), (["x", "y"], math.hypot(300, 200))):
        result = ce.evppi(*columns, [known[n][draw] for n in names], willingness_to_pay=[0])
        wanted = ce.normal_net_benefit(100, sd).evpi
        assert result.evppi_by_threshold[0] == pytest.approx(wanted, rel=0.02)
        assert result.evppi_by_threshold[0] <= result.evpi_by_threshold[0]
    nothing = ce.evppi(*columns, [known["z"][draw]], willingness_to_pay=[0])
    assert nothing.evppi_by_threshold[0] < 0.01 * nothing.evpi_by_threshold[0]
    both = ce.evppi(*columns, [known["x"][draw], known["y"][draw]], willingness_to_pay=[0])
    assert both.evppi_by_threshold[0] == pytest.approx(both.evpi_by_threshold[0], rel=1e-6)


def test_partial_information_by_groups_of_a_parameter_with_two_values():
    rng = np.random.default_rng(7)
    x = rng.integers(0, 2, 5000)
    benefit = np.where(x == 1, 40.0, -30.0) + rng.normal(0, 60, 5000)
    cost = np.column_stack([np.zeros(5000), -benefit])
    columns = long(cost, np.zeros_like(cost))
    result = ce.evppi(*columns, [x[columns[3]]], willingness_to_pay=[0])
    groups = sum((x == v).mean() * max(benefit[x == v].mean(), 0) for v in (0, 1))
    assert result.evppi_by_threshold[0] == pytest.approx(groups - max(benefit.mean(), 0), rel=0.01)


def test_partial_information_needs_draws():
    columns, known = linear_model(6)
    result = ce.evppi(*columns, [known["x"][columns[3]]], willingness_to_pay=[0, 1])
    assert result.evppi_by_threshold is None
    assert result.reason == "too few draws for the regression on the parameters"
    assert len(result.evpi_by_threshold) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strategy": ["a", "a", "a", "b"]}, "draw 1 has strategy a 2 times"),
        ({"draw": [1, 1, 2]}, "lengths differ"),
        ({"cost": [1, 2, math.nan, 3]}, "cost holds a missing or infinite value"),
        ({"cost": [], "effect": [], "strategy": [], "draw": []}, "cost is empty"),
        ({"willingness_to_pay": []}, "willingness_to_pay must hold"),
        ({"willingness_to_pay": [-1]}, "willingness_to_pay must hold"),
    ],
)
def test_draws_that_do_not_fit(change, message):
    given_ = {
        "cost": [1, 2, 3, 4], "effect": [1, 1, 1, 2], "strategy": ["a", "b", "a", "b"],
        "draw": [1, 1, 2, 2], "willingness_to_pay": [10],
    } | change  # fmt: skip
    with pytest.raises(ValueError, match=message):
        ce.ceac(**given_)


def test_other_arguments_that_do_not_fit():
    columns = [1, 2, 3, 4], [1, 1, 1, 2], ["a", "b", "a", "b"], [1, 1, 2, 2]
    with pytest.raises(ValueError, match="test_strategy must be one of a, b, not 'c'"):
        ce.incremental_net_benefit(
            *columns, test_strategy="c", reference_strategy="a", willingness_to_pay=1
        )
    with pytest.raises(ValueError, match="the same in all rows of a draw"):
        ce.evppi(*columns, [[1, 2, 3, 3]], willingness_to_pay=[1])
    with pytest.raises(ValueError, match="parameters is empty"):
        ce.evppi(*columns, [], willingness_to_pay=[1])
    with pytest.raises(ValueError, match="cost is empty"):
        ce.frontier([], [], [])


@few
@given(
    st.floats(0, 1e4), st.floats(-0.2, 0.2), st.lists(st.floats(0, 1), min_size=1, max_size=6),
    st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3),
)  # fmt: skip
def test_budget_impact_year_by_year(eligible, growth, uptake, new, old, offset):
    result = budget_impact.undiscounted(eligible, growth, uptake, new, old, offset=offset)
    people, total = eligible, 0.0
    for share, cost in zip(uptake, result.cost_by_year, strict=True):
        assert cost == pytest.approx(people * share * (new - old - offset), abs=1e-6)
        total += cost
        people *= 1 + growth
    assert result.estimate == pytest.approx(total, abs=1e-6)


def test_budget_impact_of_nobody_and_of_nonsense():
    assert budget_impact.undiscounted(0, 0.1, [0.5], 9, 3).estimate == 0
    for arguments, message in (
        ((-1, 0, [0.5], 9, 3), "eligible must not be negative"),
        ((10, -1, [0.5], 9, 3), "growth must be above -1"),
        ((10, 0, [], 9, 3), "uptake is empty"),
        ((10, 0, [1.5], 9, 3), "uptake must hold shares"),
    ):
        with pytest.raises(ValueError, match=message):
            budget_impact.undiscounted(*arguments)
