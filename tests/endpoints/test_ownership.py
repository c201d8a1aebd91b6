"""The cost of owning components, recomputed from the lives by renewal functions."""

import kit
import numpy as np
import pytest
from ownership_study import costs, declared, devices, economics, said
from test_components import lives

from clinval.stats.reliability import availability, expected_renewals, survival

YEARS, RATE = 8, 0.05


@pytest.fixture(scope="module")
def plain():
    return kit.run(declared(), devices(), "W1")


def fits(tables):
    _, usable, _ = lives(tables)
    return {
        name: survival.weibull(*(usable.loc[usable["test"] == test, c] for c in ("time", "event")))
        for name, test in (("test", True), ("reference", False))
    }


def replaced_by_year(fit, units):
    until = [
        expected_renewals.weibull(fit.shape, fit.scale, year * 365.25).estimate
        for year in range(YEARS + 1)
    ]
    return units * np.diff(until)


def test_costs_follow_from_the_lives_and_the_renewal_function(plain):
    found = kit.values(plain)
    worth = (1 + RATE) ** -np.arange(1.0, YEARS + 1)
    expected = {}
    for name, fit in fits(devices()).items():
        place = f"site=S01+component={name}"
        assert found[f"component={name}.shape"] == pytest.approx(fit.shape)
        by_year = replaced_by_year(fit, 2)
        lost = 48 * 10 * 250 / 8766  # exams of a failure
        each = {"first": 120_000, "units": 60_000 * by_year @ worth, "warranty": 0.0,
                "work": 4000 * by_year @ worth, "service": 18_000 * worth.sum(),
                "lost_exams": 80 * lost * by_year @ worth}  # fmt: skip
        expected[name] = sum(each.values())
        for part, value in each.items():
            assert found[f"{place}.part.{part}"] == pytest.approx(value, rel=0.01, abs=1e-9)
        assert found[f"{place}.renewals"] == pytest.approx(by_year.sum(), rel=0.01)
        assert found[f"{place}.lost_exams"] == pytest.approx(lost * by_year.sum(), rel=0.01)
        assert found[f"{place}.downtime"] == pytest.approx(48 * found[f"{place}.failures"])
        assert found[f"{place}.cost"] == pytest.approx(expected[name], rel=0.005)
        annuity = found[f"{place}.cost"] / worth.sum()
        assert found[f"{place}.annual_cost"] == pytest.approx(annuity)
        flows = [found[f"{place}.flow.{year}"] for year in range(YEARS + 1)]
        assert flows[0] + flows[1:] @ worth == pytest.approx(found[f"{place}.cost"])
        known = expected_renewals.weibull_reserve(fit.shape, fit.scale, 8 * 365.25, ages=[0, 0])
        assert found[f"{place}.reserve_known_life"] == known.reserve
        assert found[f"{place}.reserve"] >= known.reserve
    difference = expected["test"] - expected["reference"]
    assert found["site=S01.difference"] == pytest.approx(difference, abs=4000)
    assert found["site=S01.lost_per_day"] == (50 - 30) * 0.5


def test_the_ranges_are_of_lives_not_known_and_of_chance(plain):
    found = kit.values(plain)
    tables = devices()
    _, usable, _ = lives(tables)
    here = usable[usable["test"]]
    shape, scale = survival.weibull_draws(here["time"], here["event"], draws=4000, seed=99)
    counts = expected_renewals.weibull_draws(shape, scale, 8 * 365.25, ages=[0, 0], seed=98)
    low, high = np.quantile(counts.sum(axis=1), [0.025, 0.975])
    assert found["site=S01+component=test.renewals_low"] == pytest.approx(low, abs=1)
    assert found["site=S01+component=test.renewals_high"] == pytest.approx(high, abs=1)
    for statistic in ("cost", "lost_exams", "downtime", "availability"):
        place = f"site=S01+component=reference.{statistic}"
        assert found[f"{place}_low"] < found[place] < found[f"{place}_high"]


def test_sites_are_added_up_in_one_currency_and_the_worst_is_named(plain):
    found = kit.values(plain)
    in_euro = {"S01": 1.0, "S02": 0.125}
    own = {site: found[f"site={site}.difference"] * rate for site, rate in in_euro.items()}
    assert found["all.difference"] == pytest.approx(sum(own.values()))
    assert found["without_site=S01.difference"] == pytest.approx(own["S02"])
    for name in ("test", "reference"):
        parts = [found[f"site={s}+component={name}.cost"] * r for s, r in in_euro.items()]
        assert found[f"component={name}.cost"] == pytest.approx(sum(parts))
    assert found["all.worst_site"] == max(own, key=own.get)
    assert found["all.worst_difference"] == max(own.values())
    assert found["all.sites_cheaper"] == sum(value < 0 for value in own.values())
    assert (found["all.sites"], plain["all.difference"].n) == (2, 2)
    assert found["all.prediction_low"] < found["all.site_mean"] < found["all.prediction_high"]
    assert plain["site=S03.difference"].reason == "no economic inputs were given"


def test_at_the_break_even_price_both_cost_the_same(plain):
    even = kit.values(plain)["site=S01.break_even_price"]
    again = economics({"S01": costs(test={"price": even}), "S02": costs()})
    found = kit.values(kit.run(declared(money=again), devices(), "W1"))
    assert found["site=S01.difference"] == pytest.approx(0, abs=1e-3)
    assert found["site=S01.break_even_price"] == pytest.approx(even)
    # the draws of one site do not depend on what the other entered
    assert found["site=S02.difference"] == kit.values(plain)["site=S02.difference"]


def test_a_component_that_is_dearer_even_as_a_gift_has_no_break_even_price():
    dear = economics({"S01": costs(test={"service_per_year": 900_000})})
    records = kit.run(declared(money=dear), devices(), "W1")
    assert records["site=S01.break_even_price"].reason.endswith("dearer even as a gift")
    assert kit.values(records)["site=S01.probability_cheaper"] == 0
    assert records["all.prediction_low"].undefined  # one site tells nothing of a further one
    free = {"price": 0, "first_price": 5}
    none = kit.run(declared(money=economics({"S01": costs(test=free)})), devices(), "W1")
    assert none["site=S01+component=test.part.units"].value == 0


def test_warranty_exchange_and_spares():
    term = {"kind": "free", "until": {"value": 400, "source": "s"}}
    rest = term | {"kind": "pro_rata", "replaced": "remaining_term"}
    sites = {
        "S01": costs(test={"warranty": term, "lead_time_days": 20},
                     reference={"warranty": rest, "exchange_at": 600,
                                "exchange_downtime_hours": 6}),
    }  # fmt: skip
    records = kit.run(declared(money=economics(sites)), devices(), "W1")
    found = kit.values(records)
    for name, fit in fits(devices()).items():
        policy = {
            "test": {"warranty": 400.0},
            "reference": {"warranty": 400.0, "kind": "pro_rata", "replaced": "remaining_term",
                          "exchange_at": 600.0},
        }[name]  # fmt: skip
        one = expected_renewals.simulation(fit.shape, fit.scale, 8 * 365.25, **policy, seed=7)
        place = f"site=S01+component={name}"
        for statistic in ("failures", "exchanges", "claims"):
            expected = 2 * getattr(one, statistic)
            assert found[f"{place}.{statistic}"] == pytest.approx(expected, rel=0.05, abs=0.01)
        assert found[f"{place}.part.warranty"] < 0
        assert found[f"{place}.claims_reserve"] >= found[f"{place}.claims"] // 1
    place = "site=S01+component=reference"
    hours = 48 * found[f"{place}.failures"] + 6 * found[f"{place}.exchanges"]
    assert found[f"{place}.downtime"] == pytest.approx(hours)
    assert records[f"{place}.reserve_known_life"].undefined
    assert records[f"{place}.spares"].reason == "no lead time was declared"
    assert found["site=S01+component=test.spares"] in (0, 1)


def test_no_exam_is_lost_where_the_other_scanner_has_room():
    roomy = economics({"S01": costs(demand_per_day=28)})
    records = kit.run(declared(money=roomy), devices(), "W1")
    assert records["site=S01.lost_per_day"].value == 0
    assert records["site=S01.refusal.lost_exams"].undefined
    assert records["site=S01+component=test.part.lost_exams"].value == 0
    assert records["site=S01+component=test.downtime"].value > 0
    later = economics({"S01": costs(made_up_share=1)})
    assert kit.run(declared(money=later), devices(), "W1")["site=S01.lost_per_day"].value == 0


def test_hours_of_standstill_from_the_data():
    tables = devices(hours=[10, 30, 80])
    taken = {"downtime_hours": None}
    money = economics({"S01": costs(test=taken, reference=taken)})
    changed = declared(money=money, downtime="downtime_hours")
    records = kit.run(changed, tables, "W1")
    found = kit.values(records)
    _, usable, _ = lives(tables)
    for name, test in (("test", True), ("reference", False)):
        here = usable[usable["test"] == test]
        hours = tables["F02"].loc[here.index[here["event"] == 1], "downtime_hours"]
        assert found[f"component={name}.downtime_n"] == len(hours)
        assert found[f"component={name}.downtime_mean"] == pytest.approx(hours.mean())
        up = [24 * here["time"].sum() / len(hours)] * len(hours)
        share = availability.exponential_f(up, hours)
        assert found[f"component={name}.availability_observed"] == pytest.approx(share.estimate)
        low = f"component={name}.availability_observed_ci_low"
        assert found[low] == pytest.approx(share.ci_low)
        place = f"site=S01+component={name}"
        expected = hours.mean() * found[f"{place}.failures"]
        assert found[f"{place}.downtime"] == pytest.approx(expected, rel=0.02)
    unknown = kit.run(changed, devices(hours=[None]), "W1")
    assert "known hours of standstill" in unknown["site=S01.difference"].reason


def test_failures_that_were_noticed_in_time_do_not_stop_the_scanner():
    tables = devices(hours=[10, 30, 80])
    taken = {"downtime_hours": None, "exchange_downtime_hours": 4}
    money = economics({"S01": costs(test=taken, reference=taken)})
    said = {"downtime": "downtime_hours", "stops": 'replacement_reason == "failure"'}
    found = kit.values(kit.run(declared(money=money, **said), tables, "W1"))
    _, usable, _ = lives(tables)
    rows = tables["F02"].loc[usable.index[usable["event"] == 1]]
    for name, code in (("test", "yes"), ("reference", "no")):
        ended = rows[rows["investigational"] == code]
        stops = ended["replacement_reason"] == "failure"
        share = stops.mean()
        assert 0 < share < 1
        assert found[f"component={name}.stopped_share"] == pytest.approx(share)
        mean = ended.loc[stops, "downtime_hours"].mean()
        assert found[f"component={name}.downtime_mean"] == pytest.approx(mean)
        place = f"site=S01+component={name}"
        each = share * mean + (1 - share) * 4
        expected = each * found[f"{place}.failures"]
        assert found[f"{place}.downtime"] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("failed", "reason"),
    [(0, "no failure"), (1, "fewer than two distinct failure times")],
)
def test_nothing_follows_from_fewer_than_two_failures(failed, reason):
    records = kit.run(declared(), devices(failed=failed), "W1")
    assert records["site=S01.difference"].reason == reason
    assert records["all.difference"].undefined
    assert records["component=test.refusal.life"].undefined
    assert records["component=test.n"].value > 20


def test_an_unused_component_and_one_that_is_used_up_too_soon_have_no_case():
    sites = {"S01": costs(use_per_year=0), "S02": costs(use_per_year=10**6)}
    records = kit.run(declared(money=economics(sites)), devices(), "W1")
    assert records["site=S01.difference"].reason == "the components are not used"
    assert "too many lives" in records["site=S02.difference"].reason


def test_limits_of_inputs_widen_the_ranges(plain):
    wide = {"value": 60000, "low": 20000, "high": 100000, "source": "s"}
    sites = {"S01": costs(reference={"price": wide}, test={"first_price": wide}), "S02": costs()}
    found = kit.values(kit.run(declared(money=economics(sites)), devices(), "W1"))
    before = kit.values(plain)
    place = "site=S01+component=reference"
    widths = [found[f"{place}.cost_high"] - found[f"{place}.cost_low"],
              before[f"{place}.cost_high"] - before[f"{place}.cost_low"]]  # fmt: skip
    assert widths[0] > 1.2 * widths[1]
    assert found[f"{place}.cost"] == pytest.approx(before[f"{place}.cost"], rel=0.01)


USED = {"id": "use", "unit": "s", "life": "scan_seconds"}
HOURS = {"downtime_hours": None}


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, []),
        ({"life": "Z1"}, ["design-does-not-fit"]),
        ({"life": "L9"}, ["endpoint-unknown"]),
        ({"also_sets": ["FAS2"]}, ["design-does-not-fit", "set-unknown"]),
        ({"clock": "use"}, ["clock-unknown"]),
        ({"downtime": "downtime_hours"}, ["downtime-twice"] * 4),
        ({"stops": "downtime_hours"}, ["rule-is-a-number"]),
        ({"downtime": "hours"}, ["downtime-twice"] * 4 + ["rule-column-unknown"]),
        ({"money": economics({})}, ["ownership-missing"]),
        ({"money": economics({"S01": costs(test=HOURS)})}, ["downtime-missing"]),
        ({"money": economics({"S09": costs()})}, ["site-unknown"]),
        ({"money": economics(exchange_rates={})}, ["exchange-rate-missing"]),
        (
            {"money": economics({"S01": costs(test={"exchange_downtime_hours": 3})})},
            ["input-needs-other"],
        ),
        (
            {"money": economics(
                {"S01": costs(demand_per_day={"value": 5, "low": 6, "high": 7, "source": "s"})}
            )},
            ["input-limits"],
        ),
    ],
)  # fmt: skip
def test_slips_are_named(changes, kinds):
    changed = said(**{name: value for name, value in changes.items() if name != "life"})
    changed["endpoints"][2] |= {"life": changes["life"]} if "life" in changes else {}
    assert kit.problems(**changed) == kinds


def test_slips_of_the_life_endpoint_are_named():
    life = said()["endpoints"][1]
    alone = {key: value for key, value in life.items() if key != "test"}
    assert kit.problems(**said(life=alone)) == ["ownership-needs-test"]
    used = life | {"clocks": [USED]}
    assert kit.problems(**said(life=used)) == ["use-missing"] * 2
    known = economics({"S01": costs(use_per_year=90_000)})
    assert kit.problems(**said(life=used, money=known)) == []
