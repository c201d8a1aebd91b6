"""Costs and effects of two arms, and what a unit of effect is worth, from the raw rows."""

import kit
import numpy as np
import pandas as pd
import pytest

from clinval.stats.roi import cost_effectiveness as ce

SITES = ("S01", "S02", "S03", "S04", "S05")
SIZES = {"S01": 60, "S02": 45, "S03": 30, "S04": 1}  # nobody at S05
DECIDED = {**kit.QUALITY, "id": "Z1", "combine": "all"}


def sourced(value, **more):
    return {"value": value, "source": "a price list", **more}


ROOM = {
    "id": "room", "label": "room", "form": "F05", "measure": "room_time_min",
    "where": 'completed == "yes"', "price": sourced(3.0),
}  # fmt: skip
LICENCE = {"id": "licence", "label": "licence", "test": sourced(12), "reference": sourced(0)}
USABLE = {
    "label": "usable", "unit": "a usable examination", "direction": "higher_is_better",
    "form": "F05", "measure": 'repeated == "no"', "where": 'completed == "yes"',
}  # fmt: skip
E1 = {
    "id": "E1", "kind": "cost_effectiveness", "effect": USABLE, "costs": [ROOM, LICENCE],
    "thresholds": [sourced(100), sourced(0)], "currency": "EUR", "price_year": 2026,
    "perspective": "hospital", "horizon": "the examination", "draws": 2000,
}  # fmt: skip


def declared(design="paired", **said):
    decided = DECIDED if design == "paired" else {
        **DECIDED, "method": "miettinen_nurminen", "centers": "pooled",
    }  # fmt: skip
    return kit.protocol(design=design, sites=SITES, endpoints=[decided, E1 | said])


def population(seed=3, sizes=SIZES, *, design="paired"):
    """Return room times and repeats; some not completed, some times missing."""
    draw = np.random.default_rng(seed)
    people, rows = kit.enrolled(sizes), []
    for number, (site, subject) in enumerate(
        zip(people["site_id"], people["subject_id"], strict=True)
    ):
        base = 30 * np.exp(draw.normal(0, 0.15)) * (1.2 if site == "S02" else 1.0)
        arms = ("TEST", "REF") if design == "paired" else (("TEST", "REF")[number % 2],)
        for arm in arms:
            test = arm == "TEST"
            lost = draw.random(2) < 0.04 if sizes[site] > 1 else (False, False)
            rows.append(
                {"site_id": site, "subject_id": subject, "arm": arm,
                 "completed": "no" if lost[0] else "yes",
                 "repeated": "yes" if draw.random() < (0.05 if test else 0.2) else "no",
                 "room_time_min": None if lost[1]
                 else round(float(base * (0.8 if test else 1) + draw.normal(0, 1)), 1)}
            )  # fmt: skip
    return {"F04": people, "F05": pd.DataFrame(rows)}


def subjects(tables, site=None):
    """Return a row a subject with all values in both arms: minutes and use by arm."""
    rows = tables["F05"][tables["F05"]["completed"] == "yes"].dropna(subset=["room_time_min"])
    rows = rows.assign(use=(rows["repeated"] == "no").astype(float))
    wide = rows.pivot_table(
        index=["site_id", "subject_id"], columns="arm", values=["room_time_min", "use"]
    ).dropna()
    return wide if site is None else wide.xs(site, level="site_id")


def differences(wide, price=3.0, licence=12.0):
    time, use = wide["room_time_min"], wide["use"]
    return price * (time["TEST"] - time["REF"]) + licence, use["TEST"] - use["REF"]


def test_costs_effects_and_net_benefit_are_those_of_the_rows():
    tables = population()
    records = kit.run(declared(), tables, "E1")
    found = kit.values(records)
    whole = subjects(tables)
    cost, gain = differences(whole)
    assert found["all.n"] == len(whole)
    assert found["all.missing"] == sum(SIZES.values()) - len(whole) > 0
    assert found["all.cost_test.room"] == pytest.approx(3 * whole["room_time_min"]["TEST"].mean())
    assert found["all.cost_test.licence"] == 12
    assert found["all.cost_reference"] == pytest.approx(3 * whole["room_time_min"]["REF"].mean())
    assert found["all.effect_test"] == pytest.approx(whole["use"]["TEST"].mean())
    assert found["all.cost_difference"] == pytest.approx(cost.mean())
    assert found["all.gain"] == pytest.approx(gain.mean())
    worth = 100 * gain - cost
    error = worth.std(ddof=1) / len(worth) ** 0.5
    assert found["all.net_benefit.1"] == pytest.approx(worth.mean())
    assert found["all.net_benefit.2"] == pytest.approx(-cost.mean())
    # of many subjects the drawn limits are those of the normal distribution, within their noise
    assert found["all.net_benefit_low.1"] == pytest.approx(
        worth.mean() - 1.96 * error, abs=error / 5
    )
    assert found["all.net_benefit_high.1"] == pytest.approx(
        worth.mean() + 1.96 * error, abs=error / 5
    )
    normal = ce.normal_net_benefit(worth.mean(), error)
    assert found["all.probability.1"] == pytest.approx(normal.probability_positive, abs=0.02)
    assert found["all.evpi.1"] == pytest.approx(normal.evpi, abs=error / 50)
    # nothing but the study is uncertain, so that knowing it is knowing everything
    assert found["all.evppi.1.study"] == pytest.approx(found["all.evpi.1"], abs=error / 50)
    assert records["all.net_benefit.1"].unit == "EUR/subject"


def test_a_ratio_comes_with_its_quadrant():
    tables = population()
    found = kit.run(declared(), tables, "E1")
    cost, gain = differences(subjects(tables))
    assert cost.mean() < 0 < gain.mean()
    assert found["all.quadrant"].value == "SE"
    assert found["all.status"].value == "dominant"
    assert found["all.icer"].reason == "the test strategy dominates"
    dear = {**LICENCE, "test": sourced(60)}
    found = kit.values(kit.run(declared(costs=[ROOM, dear]), tables, "E1"))
    cost, gain = differences(subjects(tables), licence=60)
    assert found["all.quadrant"] == "NE"
    assert found["all.icer"] == pytest.approx(cost.mean() / gain.mean())
    shares = [found[f"all.share.{name}"] for name in ("NE", "SE", "SW", "NW")]
    assert sum(shares) == pytest.approx(1, abs=0.01)


def test_centers_by_themselves_and_without_each():
    tables = population()
    records = kit.run(declared(), tables, "E1")
    for site in ("S01", "S02", "S03"):
        cost, gain = differences(subjects(tables, site))
        assert records[f"site={site}.n"].value == len(cost)
        assert records[f"site={site}.cost_difference"].value == pytest.approx(cost.mean())
        worth = 100 * gain - cost
        assert records[f"site={site}.net_benefit.1"].value == pytest.approx(worth.mean())
        error = worth.std() / len(worth) ** 0.5
        low, high = (records[f"site={site}.net_benefit_{end}.1"].value for end in ("low", "high"))
        assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)
        rest = subjects(tables).drop(site, level="site_id")
        cost, _ = differences(rest)
        without = records[f"without_site={site}.cost_difference"].value
        assert without == pytest.approx(cost.mean())
    assert records["site=S04.net_benefit_low.1"].reason == "fewer than two subjects"
    assert records["site=S04.net_benefit.1"].value is not None
    assert records["site=S05.n"].value == 0


def test_a_parallel_design_draws_each_arm_by_itself():
    tables = population(design="parallel")
    found = kit.values(kit.run(declared("parallel"), tables, "E1"))
    rows = tables["F05"][tables["F05"]["completed"] == "yes"].dropna(subset=["room_time_min"])
    test, reference = (rows[rows["arm"] == arm]["room_time_min"] for arm in ("TEST", "REF"))
    assert found["all.n_test"] == len(test)
    assert found["all.n_reference"] == len(reference)
    assert found["all.cost_difference"] == pytest.approx(3 * (test.mean() - reference.mean()) + 12)
    error = 3 * (test.var() / len(test) + reference.var() / len(reference)) ** 0.5
    width = found["all.cost_difference_high"] - found["all.cost_difference_low"]
    assert width == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_a_center_with_one_arm_has_no_difference():
    tables = population(design="parallel")
    records = kit.run(declared("parallel", resample="centers"), tables, "E1")
    assert records["site=S04.n"].value == 1
    assert records["site=S04.cost_difference"].reason == "an arm has no subject"
    reason = "a center has no subject in one of the arms"
    assert records["all.net_benefit_low.1"].reason == reason
    assert records["all.net_benefit.1"].value is not None


def test_whole_centers_are_drawn_where_the_protocol_says_so():
    tables = population(sizes={"S01": 40, "S02": 40, "S03": 40, "S04": 40, "S05": 40})
    found = kit.values(kit.run(declared(resample="centers"), tables, "E1"))
    cost, _ = differences(subjects(tables))
    centers = cost.groupby("site_id").agg(["sum", "count"]).to_numpy()
    random = np.random.default_rng(1)
    chosen = centers[random.integers(0, 5, (20_000, 5))].sum(axis=1)
    low, high = np.quantile(chosen[:, 0] / chosen[:, 1], [0.025, 0.975])
    assert found["all.cost_difference_low"] == pytest.approx(low, abs=(high - low) / 15)
    assert found["all.cost_difference_high"] == pytest.approx(high, abs=(high - low) / 15)
    one = kit.run(declared(resample="centers"), population(sizes={"S01": 20}), "E1")
    assert one["all.net_benefit_low.1"].reason == "fewer than two centers"


def test_declared_inputs_with_limits_are_drawn_and_worth_knowing():
    tables = population()
    licence = {**LICENCE, "test": sourced(20, low=0, high=40)}
    found = kit.values(kit.run(declared(costs=[ROOM, licence]), tables, "E1"))
    assert found["all.input.licence.test"] == 20
    assert found["all.input_high.licence.test"] == 40
    narrow = kit.values(kit.run(declared(), tables, "E1"))
    widths = [
        values["all.cost_difference_high"] - values["all.cost_difference_low"]
        for values in (found, narrow)
    ]
    assert widths[0] > 5 * widths[1]
    # of two independent parts the price is the one that decides at a threshold of 0
    assert found["all.evppi.2.licence.test"] > 10 * found["all.evppi.2.study"]
    assert found["all.evppi.2.licence.test"] <= found["all.evpi.2"]


def test_everything_may_be_declared_and_money_converted():
    effect = {
        "label": "e", "unit": "u", "direction": "lower_is_better",
        "test": sourced(4), "reference": sourced(10, low=8, high=12, distribution="uniform"),
    }  # fmt: skip
    cost = {"id": "all", "label": "c", "test": sourced(300), "reference": sourced(100),
            "currency": "CNY"}  # fmt: skip
    rates = {"CNY": sourced(0.125, date=kit.DATE)}
    said = {"effect": effect, "costs": [cost], "exchange_rates": rates}
    records = kit.run(declared(**said), {}, "E1")
    found = kit.values(records)
    assert found["all.cost_difference"] == 25
    assert found["all.gain"] == 6
    assert found["all.icer"] == pytest.approx(25 / 6)
    assert found["all.gain_low"] == pytest.approx(4.1, abs=0.05)
    assert "all.n" not in found
    sure = {**effect, "reference": sourced(10)}
    records = kit.run(declared(**said | {"effect": sure}), {}, "E1")
    assert records["all.probability.1"].reason == "no input is uncertain"
    assert records["all.net_benefit.1"].value == 575


def test_nobody():
    records = kit.run(declared(), {"F04": kit.enrolled({"S01": 2}), "F05": []}, "E1")
    for name in ("icer", "cost_test", "gain", "net_benefit.1", "probability.1", "evpi.1"):
        assert records[f"all.{name}"].reason == "no subject has all costs and the effect"


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({"costs": [{k: v for k, v in ROOM.items() if k != "price"}]}, ["quantity-source"]),
        ({"costs": [{**ROOM, "test": sourced(1)}]}, ["quantity-source"]),
        ({"costs": [{"id": "x", "label": "x", "test": sourced(1)}]}, ["quantity-source"]),
        ({"costs": [ROOM, ROOM]}, ["item-twice"]),
        ({"costs": [{**ROOM, "price": sourced(3, low=4, high=5)}]}, ["input-limits"]),
        ({"costs": [{**ROOM, "currency": "USD"}]}, ["exchange-rate-missing"]),
        ({"exchange_rates": {"EUR": sourced(1)}}, ["exchange-rate-own"]),
        ({"costs": [{**ROOM, "measure": "room_time"}]}, ["rule-column-unknown"]),
        ({"costs": [{**ROOM, "measure": 'repeated == "no"'}]}, ["rule-is-a-truth"]),
        ({"costs": [{**ROOM, "form": "F06"}]}, ["endpoint-form-unused"]),
        ({"effect": {**USABLE, "combine": "mean"}}, ["design-does-not-fit"]),
        ({"thresholds": [sourced(5), sourced(5)]}, ["item-twice"]),
        ({"thresholds": [sourced(5), {"value": 6}]}, ["key-missing"]),
    ],
)  # fmt: skip
def test_what_the_protocol_cannot_say(said, kinds):
    assert kit.problems(sites=SITES, endpoints=[DECIDED, E1 | said]) == kinds


def test_a_price_year_has_to_be_given():
    bare = {key: value for key, value in E1.items() if key != "price_year"}
    assert kit.problems(sites=SITES, endpoints=[DECIDED, bare]) == ["key-missing"]
    goal = {
        "id": "Z1", "kind": "performance_goal", "form": "F05", "measure": 'repeated == "no"',
        "method": "wilson", "goal": {"value": 0.5, **kit.MARGIN},
    }  # fmt: skip
    found = kit.problems(design="single_arm", sites=SITES, endpoints=[goal, E1])
    assert found == ["design-does-not-fit"]
