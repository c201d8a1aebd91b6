"""Each hospital's business case, once more in plain Python over the very same draws."""

import math
import zlib

import business
import kit
import numpy as np
import pytest
from scipy import optimize

V1 = {"id": "V1", "kind": "return_on_investment", "throughput": "T1", "draws": 1000}
SEED = 7


def declared(*endpoints, money=None, seed=SEED, **said):
    return business.declared(
        business.throughput(), {**V1, **said}, *endpoints, money=money, seed=seed
    )


def run(declared, tables):
    return kit.run(declared, tables, "V1")


class Case:
    """One hospital: its yearly flows at the estimate and at each draw, one after the other."""

    def __init__(self, saved, room, inputs, generator, *, rate=0.05, years=5, draws=1000):
        self.inputs, self.room, self.rate, self.years = inputs, room, rate, years
        n = len(saved)
        error = saved.std(ddof=1) / math.sqrt(n)
        deviations = generator.standard_t(n - 1, draws)
        self.saved = [float(saved.mean()), *(float(saved.mean() + error * t) for t in deviations)]
        self.extra = [self._extra(minutes) for minutes in self.saved]
        self.flows = [self._flows(extra) for extra in self.extra]
        self.npv = [self.worth(flows) for flows in self.flows]

    def _slots(self, slot):
        return math.floor(self.inputs["open_minutes_per_day"] / max(slot, 1e-6) + 1e-9)

    def _extra(self, minutes):
        slot, demand = self.room + self.inputs["changeover_minutes"], self.inputs["demand_per_day"]
        before, after = min(self._slots(slot), demand), min(self._slots(slot - minutes), demand)
        return self.inputs["operating_days_per_year"] * (after - before)

    def _flows(self, extra):
        yearly = extra * self.inputs["contribution_per_exam"]
        yearly -= self.inputs["licence_and_service_per_year"]
        return [-self.invested, *[yearly] * self.years]

    @property
    def invested(self):
        return self.inputs["purchase"] + self.inputs["integration_and_training"]

    def worth(self, flows, until=None):
        kept = flows if until is None else flows[: until + 1]
        return sum(flow / (1 + self.rate) ** year for year, flow in enumerate(kept))

    def payback(self, *, discounted=False):
        """Return when the money is back, by steps of a part of a year; ``None`` if never."""
        total = 0.0
        for year, flow in enumerate(self.flows[0]):
            value = flow / (1 + self.rate) ** year if discounted else flow
            if total < 0 <= total + value:
                return year - 1 + -total / value
            total += value
        return None

    def internal_rate(self):
        def worth(rate):
            return sum(flow / (1 + rate) ** year for year, flow in enumerate(self.flows[0]))

        return optimize.brentq(worth, -0.99, 100)


def cases(tables, inputs, *, set_id="FAS", sites=("S01", "S02"), **more):
    """Return the case of each site that can have one."""
    generator = np.random.default_rng([SEED, zlib.crc32(f"V1.{set_id}".encode())])
    times = business.outcomes(tables, "scan_time_s", "room_time_min")
    found = {}
    for site in sites:
        here = times[times["site_id"] == site]
        saved = (here["room_time_min.REF"] - here["room_time_min.TEST"]).to_numpy()
        room = here["room_time_min.REF"].mean()
        found[site] = Case(saved, room, inputs[site], generator, **more)
    return found


def inputs(**changes):
    every = changes.pop("ALL", {})
    return {site: business.INPUTS | every | changes.get(site, {}) for site in ("S01", "S02")}


def check_draws(found, place, draws, statistic="npv"):
    low, high = np.quantile(draws, [0.025, 0.975])
    assert found[f"{place}.{statistic}_low"] == pytest.approx(low)
    assert found[f"{place}.{statistic}_high"] == pytest.approx(high)


def check_case(records, site, case):
    found, place = kit.values(records), f"site={site}"
    assert found[f"{place}.investment"] == case.invested
    assert found[f"{place}.yearly_cost"] == case.inputs["licence_and_service_per_year"]
    assert found[f"{place}.yearly_flow"] == pytest.approx(case.flows[0][1])
    assert found[f"{place}.extra_exams"] == pytest.approx(case.extra[0])
    check_draws(found, place, case.extra[1:], "extra_exams")
    assert found[f"{place}.npv"] == pytest.approx(case.npv[0])
    check_draws(found, place, case.npv[1:])
    share = sum(worth > 0 for worth in case.npv[1:]) / len(case.npv[1:])
    assert found[f"{place}.probability_positive"] == pytest.approx(share)
    for statistic, expected in (
        ("payback", case.payback()),
        ("discounted_payback", case.payback(discounted=True)),
    ):
        value = found[f"{place}.{statistic}"]
        assert value == (None if expected is None else pytest.approx(expected)), statistic
        assert bool(records[f"{place}.{statistic}"].reason) == (expected is None)
    for year in range(case.years + 1):
        assert found[f"{place}.flow.{year}"] == pytest.approx(case.flows[0][year])
        running = [case.worth(flows, year) for flows in case.flows]
        assert found[f"{place}.cumulative.{year}"] == pytest.approx(running[0])
        low, high = np.quantile(running[1:], [0.025, 0.975])
        assert found[f"{place}.cumulative_low.{year}"] == pytest.approx(low)
        assert found[f"{place}.cumulative_high.{year}"] == pytest.approx(high)
    assert f"{place}.cumulative.{case.years + 1}" not in found


@pytest.mark.parametrize("seed", [1, 2])
def test_each_hospital_and_all_together(seed):
    changes = {"S02": {"purchase": 850000, "contribution_per_exam": 120, "demand_per_day": 62}}
    money = business.economics(**changes)
    tables = business.population(seed)
    records = run(declared(money=money), tables)
    found = kit.values(records)
    own = cases(tables, inputs(**changes))
    for site, case in own.items():
        check_case(records, site, case)
        if sum(case.flows[0]) > 0:
            assert found[f"site={site}.irr"] == pytest.approx(case.internal_rate())
    units = {site: records[f"site={site}.npv"].unit for site in own}
    assert units == {"S01": "EUR", "S02": "CNY"}
    # together, in the reporting currency, draw by draw
    euros = {"S01": own["S01"].npv, "S02": [worth * 0.125 for worth in own["S02"].npv]}
    total = [sum(pair) for pair in zip(*euros.values(), strict=True)]
    groups = {"all": total, "without_site=S01": euros["S02"], "without_site=S02": euros["S01"]}
    for place, draws in groups.items():
        assert records[f"{place}.npv"].unit == "EUR"
        assert found[f"{place}.npv"] == pytest.approx(draws[0])
        check_draws(found, place, draws[1:])
        share = sum(worth > 0 for worth in draws[1:]) / 1000
        assert found[f"{place}.probability_positive"] == pytest.approx(share)
    assert (found["all.sites"], found["all.sites_positive"]) == (
        2,
        sum(draws[0] > 0 for draws in euros.values()),
    )
    assert found["all.worst_site"] == min(euros, key=lambda site: euros[site][0])
    # and who has no case is said to have none, and why
    reasons = {site: records[f"site={site}.npv"].reason for site in ("S03", "S04", "S05")}
    assert reasons == {
        "S03": "no economic inputs were given",
        "S04": "fewer than two subjects with both times",
        "S05": "fewer than two subjects with both times",
    }
    assert records["all.npv"].inputs == records["site=S01.npv"].inputs != ""


def test_horizon_and_rate():
    money = business.economics(horizon=9, rate=0.11)
    tables = business.population(3)
    records = run(declared(money=money), tables)
    for site, case in cases(tables, inputs(), years=9, rate=0.11).items():
        check_case(records, site, case)


def test_a_rate_of_nothing_adds_up():
    tables = business.population(3)
    found = kit.values(run(declared(money=business.economics(rate=0.0)), tables))
    assert found["site=S01.npv"] == pytest.approx(
        5 * found["site=S01.yearly_flow"] - found["site=S01.investment"]
    )
    assert found["site=S01.payback"] == found["site=S01.discounted_payback"]


def test_exams_above_demand_earn_nothing():
    changes = {"ALL": {"demand_per_day": 30}}
    tables = business.population(4)
    records = run(declared(money=business.economics(**changes)), tables)
    found = kit.values(records)
    for site, case in cases(tables, inputs(**changes)).items():
        check_case(records, site, case)
    slots = 720 // (business.outcomes(tables, "scan_time_s", "room_time_min").query(
        'site_id == "S01"'
    )["room_time_min.REF"].mean() + 5)  # fmt: skip
    assert found["site=S01.extra_exams"] == 250 * (30 - slots)


def test_a_product_that_pays_nowhere():
    changes = {"ALL": {"contribution_per_exam": 1}}
    tables = business.population(5)
    records = run(declared(money=business.economics(**changes)), tables)
    found = kit.values(records)
    own = cases(tables, inputs(**changes))
    for site, case in own.items():
        check_case(records, site, case)
        assert case.payback() is None
        assert records[f"site={site}.payback"].undefined
        assert found[f"site={site}.probability_positive"] == 0.0
    assert found["all.sites_positive"] == 0
    assert found["all.probability_positive"] == 0.0
    assert found["all.npv"] < found["without_site=S01.npv"]


def test_a_slower_product_costs_exams():
    tables = business.population(6, faster=1.4)
    records = run(declared(), tables)
    for site, case in cases(tables, inputs()).items():
        assert case.extra[0] < 0
        check_case(records, site, case)
        assert records[f"site={site}.yearly_flow"].value < -30000


def test_a_gift_has_no_rate_of_return():
    """Without an investment there is nothing that a rate could be of."""
    changes = {"ALL": {"purchase": 0, "integration_and_training": 0}}
    tables = business.population(7)
    records = run(declared(money=business.economics(**changes)), tables)
    assert records["site=S01.investment"].value == 0
    assert records["site=S01.irr"].undefined
    assert records["site=S01.npv"].value > 0
    assert records["site=S01.probability_positive"].value == 1.0


def test_a_saving_beyond_the_slot_is_no_case():
    money = business.economics(ALL={"room_minutes_per_exam": 1.0, "changeover_minutes": 1})
    protocol = business.declared(business.throughput(room_minutes=None), V1, money=money)
    records = run(protocol, business.population(8))
    for site in ("S01", "S02"):
        assert records[f"site={site}.npv"].reason == "the slot would have no length"
    assert records["all.npv"].reason == "no center has a business case"


def test_room_time_that_nobody_entered_is_no_case():
    """The throughput says why; here it must not be taken for missing subjects."""
    money = business.economics(sites=("S01",), S01={"room_minutes_per_exam": 30.0})
    protocol = business.declared(business.throughput(room_minutes=None), V1, money=money)
    records = run(protocol, business.population(8))
    assert records["site=S01.npv"].value is not None
    assert records["site=S02.npv"].reason == "no economic inputs were given"


def test_draws_repeat_with_the_seed_and_do_not_depend_on_other_endpoints():
    tables = business.population(9)
    alone = kit.values(run(declared(), tables))
    assert kit.values(run(declared(), tables)) == alone
    scan = {"id": "A1", "kind": "mean_comparison", "form": "F05", "measure": "scan_time_s",
            "where": 'completed == "yes"', "method": "paired_t", "centers": "pooled",
            "direction": "lower_is_better", "comparison": "superiority"}  # fmt: skip
    with kit.data(declared(scan, {**V1, "id": "V2"}), tables) as data:
        first = [kit.analyze(data, name) for name in ("A1", "V2", "V1")][-1]
    with_others = {record.id.removeprefix("V1.FAS."): record.value for record in first.records}
    assert with_others == alone
    other = kit.values(run(declared(seed=8), tables))
    differing = {name for name in alone if alone[name] != other[name]}
    assert differing
    assert {name.split(".")[1].rsplit("_", 1)[-1] for name in differing} <= {
        "low", "high", "positive",
    }  # fmt: skip


def test_the_number_of_draws_is_that_of_the_protocol():
    tables = business.population(10)
    records = run(declared(draws=2000), tables)
    assert records["site=S01.probability_positive"].n == 2000
    for site, case in cases(tables, inputs(), draws=2000).items():
        check_case(records, site, case)


@pytest.mark.parametrize(
    "tables", [{}, {"F04": kit.enrolled({"S01": 4})}], ids=["none", "no scans"]
)
def test_without_data_there_is_no_case(tables):
    records = run(declared(), tables)
    assert records["all.npv"].reason == "no center has a business case"
    assert all(record.undefined for record in records.values())
