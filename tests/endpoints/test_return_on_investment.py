"""Each hospital's business case, once more in plain Python over the very same draws."""

import math
import zlib

import business
import kit
import numpy as np
import pytest
from scipy import optimize, stats

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

    def __init__(self, effect, room, inputs, generator, *, rate=0.05, years=5, draws=1000):
        self.inputs, self.room, self.rate, self.years = inputs, room, rate, years
        mean, scale, df = effect
        shares = stats.norm.cdf(generator.standard_normal(draws))
        self.saved = [mean, *(float(mean + scale * t) for t in stats.t.ppf(shares, df))]
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


def cases(tables, inputs, *, set_id="FAS", sites=("S01", "S02", "S05"), **more):
    """Return the case of each site that can have one."""
    times = business.outcomes(tables, "scan_time_s", "room_time_min")
    found = {}
    for site in sites:
        seeds = [SEED, zlib.crc32(f"V1.{set_id}".encode()), zlib.crc32(site.encode())]
        here = times[times["site_id"] == site]
        effect = (predicted if site == "S05" else own)(times, site)
        room = here["room_time_min.REF"].mean()
        found[site] = Case(effect, room, inputs[site], np.random.default_rng(seeds), **more)
    return found


def own(times, site):
    here = times[times["site_id"] == site]
    saved = here["room_time_min.REF"] - here["room_time_min.TEST"]
    return float(saved.mean()), float(saved.std() / math.sqrt(len(saved))), len(saved) - 1


def predicted(times, site):
    """Return what the other sites say of this one, weighed with what it says itself."""
    saved = times["room_time_min.REF"] - times["room_time_min.TEST"]
    groups = {name: part for name, part in saved.groupby(times["site_id"]) if name != site}
    means = np.array([part.mean() for part in groups.values()])
    errors = np.array([part.var() / len(part) for part in groups.values()])

    def minus_likelihood(tau2):
        weight = 1 / (errors + tau2)
        mean = weight @ means / weight.sum()
        return (np.log(1 / weight).sum() + np.log(weight.sum())
                + weight @ (means - mean) ** 2) / 2  # fmt: skip

    tau2 = optimize.minimize_scalar(minus_likelihood, bounds=(0, 50), method="bounded",
                                    options={"xatol": 1e-12}).x  # fmt: skip
    weight = 1 / (errors + tau2)
    mean, variance = weight @ means / weight.sum(), 1 / weight.sum() + tau2
    mine = saved[times["site_id"] == site]
    within = sum(((part - part.mean()) ** 2).sum() for part in groups.values())
    within /= sum(len(part) - 1 for part in groups.values()) * len(mine)
    precision = 1 / variance + 1 / within
    return ((mean / variance + mine.mean() / within) / precision, precision**-0.5,
            len(groups) - 2)  # fmt: skip


def inputs(**changes):
    every = changes.pop("ALL", {})
    return {site: business.INPUTS | every | changes.get(site, {}) for site in ("S01", "S02", "S05")}


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
    assert units == {"S01": "EUR", "S02": "CNY", "S05": "EUR"}
    # together, in the reporting currency, draw by draw
    euros = {site: np.array(case.npv) for site, case in own.items()}
    euros["S02"] *= 0.125
    total = sum(euros.values())
    groups = {"all": total} | {f"without_site={site}": total - part for site, part in euros.items()}
    for place, draws in groups.items():
        assert records[f"{place}.npv"].unit == "EUR"
        assert found[f"{place}.npv"] == pytest.approx(draws[0])
        check_draws(found, place, draws[1:])
        share = sum(worth > 0 for worth in draws[1:]) / 1000
        assert found[f"{place}.probability_positive"] == pytest.approx(share)
    assert (found["all.sites"], found["all.sites_positive"]) == (
        3,
        sum(draws[0] > 0 for draws in euros.values()),
    )
    worst = min(euros, key=lambda site: euros[site][0])
    assert found["all.worst_site"] == worst
    assert found["all.worst_npv"] == pytest.approx(euros[worst][0])
    assert found["all.worst_probability_positive"] == (euros[worst][1:] > 0).mean()
    each = np.array([draws[0] for draws in euros.values()])
    spread = each.std(ddof=1) * math.sqrt(4 / 3)
    assert found["all.site_mean"] == pytest.approx(each.mean())
    assert (found["all.prediction_low"], found["all.prediction_high"]) == pytest.approx(
        stats.t.interval(0.95, 2, each.mean(), spread)
    )
    # and who has no case is said to have none, and why
    reasons = {site: records[f"site={site}.npv"].reason for site in ("S03", "S04")}
    assert reasons == {
        "S03": "no economic inputs were given",
        "S04": "no subject has both times",
    }
    assert "site=S04.refusal.scan_time" not in records  # nobody was measured, not even scanned
    sources = {site: found[f"site={site}.saved_source"] for site in own}
    assert sources == {"S01": "own", "S02": "own", "S05": "predicted"}
    assert records["all.npv"].inputs == records["site=S01.npv"].inputs != ""


def test_horizon_and_rate():
    money = business.economics(horizon=9, rate=0.11)
    tables = business.population(3)
    records = run(declared(money=money), tables)
    for site, case in cases(tables, inputs(), years=9, rate=0.11).items():
        check_case(records, site, case)


def test_the_payback_is_where_the_running_total_of_the_same_timing_rises_to_0():
    money = business.economics() | {"timing": "mid"}
    found = kit.values(run(declared(money=money), business.population(3)))
    for site in ("S01", "S02"):
        years = range(6)
        total = [found[f"site={site}.cumulative.{year}"] for year in years]
        fine = np.linspace(0, 5, 500_001)
        above = np.interp(fine, years, total) >= 0
        payback = found[f"site={site}.discounted_payback"]
        assert total[-1] == pytest.approx(found[f"site={site}.npv"])
        if payback is not None:
            assert payback == pytest.approx(fine[np.flatnonzero(~above)[-1] + 1], abs=2e-5)
    assert any(found[f"site={site}.discounted_payback"] for site in ("S01", "S02"))


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
    bare = protocol.economics.sites["S01"].model_copy(update={"room_minutes_per_exam": None})
    economics = protocol.economics.model_copy(update={"entered": {"S01": bare}})
    unchecked = protocol.model_copy(update={"economics": economics})
    records = run(unchecked, business.population(8))
    assert records["site=S01.npv"].reason == "no room time is known"
    assert records["site=S01.refusal.scan_time"].reason == "scan time alone makes no return"


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
        "low", "high", "positive", "q25", "q75", "mean", "evpi", "evppi", "site",
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


UNCERTAIN = {
    "demand_per_day": (26, 38),
    "contribution_per_exam": (50, 75),
    "purchase": (1e5, 1.5e5),
}
DAY = {"no_show_share": 0.06, "urgent_per_day": 1.2, "room_time_cv": 0.2, "slot_step_minutes": 1,
       "overtime_limit_minutes": 45, "overtime_cost_per_hour": 150}  # fmt: skip


def with_limits(money, site="S01"):
    for name, (low, high) in UNCERTAIN.items():
        money["sites"][site][name] |= {"low": low, "high": high}
    return money


def test_everything_that_is_asked_of_a_return():
    money = with_limits(business.economics(sites=("S01",), ALL=DAY))
    money["correlations"] = [
        {"between": ["demand_per_day", "contribution_per_exam"], "value": 0.5, "source": "s"}
    ]
    records = run(declared(money=money, subjects_per_month=5, draws=2000), business.population(1))
    found = {
        name.removeprefix("site=S01."): value
        for name, value in kit.values(records).items() if name.startswith("site=S01.")
    }  # fmt: skip
    steps = [value for name, value in found.items() if name.startswith("waterfall.")]
    assert sum(steps[:-1]) == pytest.approx(steps[-1]) == pytest.approx(found["yearly_flow"])
    assert found["waterfall.overtime"] != 0
    assert found["served_test"] + found["no_shows_test"] + found["turned_away_test"] == (
        pytest.approx(min(found["slots_test"], 34) + 1.2)
    )
    swings = {
        name.partition(".")[2]: (found[name], found[name.replace("low", "high")])
        for name in found if name.startswith("tornado_low.")
    }  # fmt: skip
    assert set(swings) == {"saved", *UNCERTAIN}
    widths = [abs(high - low) for low, high in swings.values()]
    assert widths == sorted(widths, reverse=True)
    low, high = swings["purchase"]
    span = found["tornado_to.purchase"] - found["tornado_from.purchase"]
    assert low - high == pytest.approx(span)
    for name in ("evpi", *(f"evppi.{name}" for name in swings), "value_of_month"):
        assert 0 <= found[name] <= found["evpi"] + 1e-6, name
    assert found["break_even_price"] == pytest.approx(120000 + found["npv"])
    ordered = [found[f"cumulative_{name}.5"] for name in ("low", "q25", "q75", "high")]
    assert ordered == sorted(ordered)
    assert records["site=S01.value_of_site"].reason == "the hospital's own data decide"
    assert "site=S01.refusal.irr" not in records


def test_what_is_not_money_is_refused_with_its_reason():
    money = business.economics(ALL={"demand_per_day": 20})
    records = run(declared(money=money), business.population(1))
    assert records["site=S01.refusal.demand"].reason == "slots above demand earn nothing"
    assert records["site=S01.refusal.minutes"].undefined
    assert records["site=S01.extra_exams"].value == 0
    assert records["site=S01.slots_above_demand"].value > 0
    assert records["site=S01.break_even_exams"].value > 0


def test_minutes_are_cash_where_they_spare_a_post():
    post = {"hire_avoided_per_year": 50000, "hire_minutes_per_day": 60, "demand_per_day": 20}
    records = run(declared(money=business.economics(ALL=post)), business.population(1))
    assert records["site=S01.waterfall.hire"].value == 50000
    assert "site=S01.refusal.minutes" not in records


def test_several_rates_are_no_rate():
    """A product that earns in its first year and costs in the others has two internal rates."""
    tables = business.population(1)
    gained = 60 * kit.values(run(declared(), tables))["site=S01.extra_exams"]
    licence = 0.14 / 1.14 * gained
    money = business.economics(
        sites=("S01",),
        S01={"licence_and_service_per_year": licence, "integration_and_training": 0,
             "purchase": (gained - licence) / 2},
    )  # fmt: skip
    money["sites"]["S01"]["ramp_up"] = [{"value": use, "source": "s"} for use in (1, 0, 0, 0, 0)]
    records = run(declared(money=money), tables)
    place = "site=S01"
    assert records[f"{place}.irr"].undefined
    assert records[f"{place}.irr_status"].value == "multiple"
    assert records[f"{place}.refusal.irr"].reason == "several rates solve it"
    roots = [records[f"{place}.irr_root.{number}"].value for number in (1, 2)]
    flows = [records[f"{place}.flow.{year}"].value for year in range(6)]
    for root in roots:
        assert sum(flow / (1 + root) ** year for year, flow in enumerate(flows)) == (
            pytest.approx(0, abs=1e-6 * gained)
        )
