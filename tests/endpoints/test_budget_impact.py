"""What a payer spends with the product and without it, counted again year by year."""

import kit
import pytest

from clinval.stats.roi import budget_impact

DECIDED = {**kit.QUALITY, "id": "Z1", "combine": "all"}


def sourced(value, **more):
    return {"value": value, "source": "a payer", **more}


B1 = {
    "id": "B1", "kind": "budget_impact", "payer": "p", "population": "all adults",
    "currency": "EUR", "price_year": 2026, "first_year": 2027, "eligible": sourced(1000),
    "growth": sourced(0.1), "uptake": [sourced(0.2), sourced(0.5), sourced(0.9)],
    "cost_new": sourced(50), "cost_old": sourced(30), "offset": sourced(5), "draws": 1000,
}  # fmt: skip


def run(**said):
    declared = kit.protocol(endpoints=[DECIDED, B1 | said])
    return kit.run(declared, {}, "B1")


def test_each_year_is_spent_and_not_discounted():
    found = kit.values(run())
    people = [1000, 1100, 1210]
    for year, (count, share) in enumerate(zip(people, (0.2, 0.5, 0.9), strict=True), 1):
        spent = count * (share * 45 + (1 - share) * 30)
        assert found[f"all.people.{year}"] == pytest.approx(count)
        assert found[f"all.with.{year}"] == pytest.approx(spent)
        assert found[f"all.without.{year}"] == pytest.approx(count * 30)
    known = budget_impact.undiscounted(1000, 0.1, [0.2, 0.5, 0.9], 50, 30, offset=5)
    assert found["all.impact"] == pytest.approx(known.estimate)
    assert [found[f"all.impact.{year}"] for year in (1, 2, 3)] == pytest.approx(
        list(known.cost_by_year)
    )
    assert found["all.per_person"] == pytest.approx(known.cost_by_year[0] / 1000)


def test_what_is_bought_and_what_some_have_already():
    without = [sourced(0.1), sourced(0.2), sourced(0.2)]
    found = kit.values(run(uptake_without=without, one_off=sourced(7000), fixed=sourced(400)))
    more = [
        budget_impact.undiscounted(1000, 0.1, shares, 50, 30, offset=5).cost_by_year
        for shares in ([0.2, 0.5, 0.9], [0.1, 0.2, 0.2])
    ]
    expected = [one - other + 400 for one, other in zip(*more, strict=True)]
    expected[0] += 7000
    assert [found[f"all.impact.{year}"] for year in (1, 2, 3)] == pytest.approx(expected)


def test_scenarios_replace_inputs_and_nothing_else():
    slow = {"id": "slow", "label": "slow", "inputs": {"uptake": [sourced(0.1)] * 3}}
    dear = {"id": "dear", "label": "dear", "inputs": {"cost_new": sourced(80)}}
    found = kit.values(run(scenarios=[slow, dear]))
    slower = budget_impact.undiscounted(1000, 0.1, [0.1] * 3, 50, 30, offset=5)
    dearer = budget_impact.undiscounted(1000, 0.1, [0.2, 0.5, 0.9], 80, 30, offset=5)
    assert found["scenario=slow.impact"] == pytest.approx(slower.estimate)
    assert found["scenario=slow.impact.2"] == pytest.approx(slower.cost_by_year[1])
    assert found["scenario=dear.impact"] == pytest.approx(dearer.estimate)


def test_uncertain_inputs_give_limits_and_the_widest_comes_first():
    records = run(
        cost_new=sourced(50, low=30, high=70, distribution="uniform"),
        eligible=sourced(1000, low=900, high=1100, distribution="uniform"),
    )
    found = kit.values(records)
    one = budget_impact.undiscounted(1000, 0.1, [0.2, 0.5, 0.9], 1, 0).estimate  # of 1 money
    assert found["all.impact_low"] == pytest.approx(one * (31 - 35), rel=0.1)
    assert found["all.impact_high"] == pytest.approx(one * (69 - 35), rel=0.1)
    assert found["all.impact_mean"] == pytest.approx(found["all.impact"], rel=0.1)
    assert found["all.probability_saving"] == pytest.approx(5 / 40, abs=0.04)
    assert found["all.tornado_low.cost_new"] == pytest.approx(one * (31 - 35))
    order = [name for name in found if name.startswith("all.tornado_low.")]
    assert order == ["all.tornado_low.cost_new", "all.tornado_low.eligible"]
    assert run()["all.impact_low"].reason == "no input is uncertain"


def test_nobody_is_eligible():
    records = run(eligible=sourced(0))
    assert records["all.impact"].value == 0
    assert records["all.per_person"].reason == "nobody is eligible"


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({"uptake_without": [sourced(0.1)]}, ["uptake-years"]),
        ({"scenarios": [{"id": "a", "label": "a", "inputs": {"uptake": [sourced(0.1)]}}]},
         ["uptake-years"]),
        ({"scenarios": [{"id": "a", "label": "a", "inputs": {}}]}, ["scenario-empty"]),
        ({"scenarios": [{"id": "a", "label": "a", "inputs": {"fixed": sourced(1)}}] * 2},
         ["item-twice"]),
        ({"uptake": [sourced(1.2)]}, ["value-out-of-limits"]),
        ({"uptake": [sourced(0.5, low=0.6, high=0.7)]}, ["input-limits"]),
        ({"eligible": sourced(-1)}, ["value-out-of-limits"]),
        ({"cost_new": {"value": 3}}, ["key-missing"]),
    ],
)  # fmt: skip
def test_what_the_protocol_cannot_say(said, kinds):
    assert kit.problems(endpoints=[DECIDED, B1 | said]) == kinds


def test_the_price_year_has_to_be_given():
    bare = {key: value for key, value in B1.items() if key != "price_year"}
    assert kit.problems(endpoints=[DECIDED, bare]) == ["key-missing"]
