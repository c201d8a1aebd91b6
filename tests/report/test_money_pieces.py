"""Pages of money: pictures from records, refusals in words, inputs with range and source."""

from __future__ import annotations

from dataclasses import replace

import business
import kit
import pytest
from test_pieces import analysed, plain, said

from clinval.core.i18n import LANGUAGES
from clinval.report.blocks import Figure, Table
from clinval.report.figures import Acceptability, CashFlow, NpvProfile, Tornado, Waterfall
from clinval.report.pieces import of_kind
from clinval.report.pieces.investment import site_return
from clinval.report.site_view import only_site

RANGES = {"demand_per_day": (30, 39), "purchase": (110_000, 130_000)}
INVEST = {"id": "I1", "kind": "return_on_investment", "throughput": "T1", "draws": 1000}
PLAN, TARIFF = {"source": "plan"}, {"source": "tariff"}


def study(*, ranges=(), sites=None, **changes):
    """A study whose hospitals entered ranges, with sources and dates, and other inputs."""
    economics = business.economics(**changes)
    for site in economics["sites"].values():
        for name in ranges:
            low, high = RANGES[name]
            dated = {"source": f"the ledger of {name}", "date": kit.DATE}
            site[name] |= {"low": low, "high": high} | dated
    for site, more in (sites or {}).items():
        economics["sites"][site] |= more
        economics["sites"][site] = {k: v for k, v in economics["sites"][site].items() if v}
    return business.declared(business.throughput(), INVEST, money=economics), (
        business.population(1)
    )


def shown(view, which="brief"):
    endpoint = view.protocol.endpoint("I1")
    kind = of_kind(endpoint.kind)
    return kind.result(endpoint, view) if which == "brief" else kind.aspect(endpoint, view, which)


def charts(blocks, kind):
    figures = [block for block in blocks if isinstance(block, Figure)]
    return [p.chart for figure in figures for p in figure.chart.panels if isinstance(p.chart, kind)]


@pytest.fixture(scope="module")
def rich():
    half = {"value": 0.5} | PLAN
    payers = [
        {"name": name, "share": half, "reimbursement": {"value": value} | TARIFF}
        for name, value in (("Public", 70), ("Private", 90))
    ]
    years = [half, *[{"value": share / 10} | PLAN for share in range(6, 10)] * 3]
    more = {
        "contribution_per_exam": None, "payers": payers,
        "variable_cost_per_exam": {"value": 20} | PLAN, "ramp_up": years,
    }  # fmt: skip
    return analysed(study(ranges=("demand_per_day", "purchase"), sites={"S02": more}))


@pytest.fixture(scope="module")
def simple():
    return analysed(study())


@pytest.fixture(scope="module")
def idle():
    """Hospitals with hardly any patients."""
    return analysed(study(ALL={"demand_per_day": 5}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_draws_records_and_says_them(rich, language):
    view = replace(rich, language=language)
    for which in ("brief", "sites"):
        for figure in (block for block in shown(view, which) if isinstance(block, Figure)):
            assert figure.records
            assert all(view.results.get(name) is not None for name in figure.records)
            for panel in figure.chart.panels:
                assert panel.title in figure.alternative
    waterfalls = charts(shown(view, "sites"), Waterfall)
    assert len(waterfalls) == 3  # hospitals with a case
    for chart in waterfalls:
        *steps, total = chart.steps
        assert total.total
        assert sum(step.value for step in steps) == pytest.approx(total.value)
        assert all(step.text in said(shown(view, "sites")) for step in chart.steps)
    for chart in charts(shown(view), CashFlow):
        for low, q25, q75, high in zip(
            chart.cumulative_low, chart.cumulative_q25, chart.cumulative_q75,
            chart.cumulative_high, strict=True,
        ):  # fmt: skip
            assert low <= q25 <= q75 <= high
    for chart in charts(shown(view), Tornado):
        labels = {row.label: row for row in chart.rows}
        demand = labels[" ".join(view.texts("input.demand_per_day").split())]
        low, high = float(demand.low_input), float(demand.high_input)
        assert 30 < low < 34 < high < 39
        assert view.texts("input.saved") in labels


def test_the_worst_the_middle_and_the_best_are_shown_and_why(simple):
    view = simple
    pictures = [block for block in shown(view) if isinstance(block, Figure)]
    texts = view.texts
    found = {name: view.word("I1", f"{name}_site", set_id="FAS")
             for name in ("worst", "median", "best")}  # fmt: skip
    for figure, (role, site) in zip(pictures, found.items(), strict=False):
        assert figure.caption.startswith(site)
        assert texts(f"investment.role.{role}") in figure.caption
    npv = {site: view.value("I1", "npv", {"site": site}, set_id="FAS") for site in found.values()}
    euros = {site: value * (0.125 if site == "S02" else 1) for site, value in npv.items()}
    assert sorted(euros, key=euros.get) == list(found.values())
    assert view.word("I1", "worst_site", set_id="FAS") == found["worst"]


def test_a_return_by_price_falls_to_nothing_and_names_the_price(rich):
    found = charts(shown(rich), Acceptability)
    assert len(found) == 3
    for chart in found:
        [curve] = chart.curves
        assert list(curve.probability) == sorted(curve.probability, reverse=True)
        assert curve.probability[-1] < 0.01
        assert chart.threshold == 120000
        assert "120,000" in chart.threshold_label


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusals_stand_in_words_with_their_hospital(idle, language):
    view = replace(idle, language=language)
    text = said(shown(view))
    for name in ("demand", "minutes"):
        first = (
            view.texts(f"investment.refusal.{name}", sites="").partition("(")[0].partition("（")[0]
        )
        assert first in text
    slots = view.statistic("I1", "slots_above_demand", {"site": "S01"}, set_id="FAS")
    assert "S01" in text
    assert slots.text in text


def test_several_rates_are_shown_instead_of_one(simple):
    flow = simple.value("I1", "yearly_flow", {"site": "S01"}, set_id="FAS")
    use = [{"value": share} | PLAN for share in (1, 1, 0, 0, 0)]
    price = 2 * flow - 3 * business.INPUTS["licence_and_service_per_year"] - 25_000 + 1_500
    more = {"ramp_up": use, "purchase": {"value": price} | PLAN}
    view = analysed(study(sites={"S01": more}))
    assert view.record("I1", "FAS", "refusal.irr", {"site": "S01"}) is not None
    blocks = shown(view)
    [profile] = charts(blocks, NpvProfile)
    roots = [view.value("I1", f"irr_root.{n}", {"site": "S01"}, set_id="FAS") for n in (1, 2)]
    assert [root.rate for root in profile.roots] == roots
    text = said(blocks)
    assert "No single internal rate of return (S01: " in text
    assert all(root.label in text for root in profile.roots)
    for root in roots:  # the drawn curve changes its sign at each root
        below = [v for rate, v in zip(profile.rates, profile.npv, strict=True) if rate < root]
        above = [v for rate, v in zip(profile.rates, profile.npv, strict=True) if rate > root]
        assert below[-1] * above[0] < 0


def test_inputs_stand_side_by_side_with_range_and_source(rich):
    view = rich
    [table] = [
        b for b in shown(view) if isinstance(b, Table) and b.caption == view.texts("table.inputs")
    ]
    assert [column.header for column in table.columns[1:]] == [
        "S01 [EUR]", "S02 [CNY]", "S04 [EUR]", "S05 [EUR]",
    ]  # fmt: skip
    rows = {plain(row.cells[0]): [plain(cell) for cell in row.cells[1:]] for row in table.rows}
    assert rows["Demand [exams/day]"][0] == "34 (30 to 39) [a]"
    assert rows["Days a year"][0] == "250"  # the usual source has no letter
    years = ["50.0%", *["60.0%", "70.0%", "80.0%", "90.0%"] * 3]  # year 10 does not precede year 2
    assert rows["Share of full use"][1] == " / ".join(f"{year} [b]" for year in years)
    assert rows["Share of full use"][0] == view.texts("value.none")
    assert rows["Reimbursement an exam"][1] == "70 [c] / 90 [c]"
    notes = " ".join(plain(note) for note in table.notes)
    for words in ("Without a letter: s.", "[a] the ledger of demand_per_day, " + kit.DATE + ".",
                  "Prices of 2026.", "Payers: S02: Public, Private"):  # fmt: skip
        assert words in notes


def test_a_hospital_sees_its_own_return_and_no_other(rich):
    view = replace(rich, site="S02")
    seen = only_site(view)
    places = {
        series.id.split(".")[2] for series in seen.results.series if series.id.startswith("I1")
    }
    assert places == {"S02"}
    blocks = site_return(seen)
    text = said(blocks)
    assert "S02 [CNY]" in text
    assert not any(other in text for other in ("S01", "S05"))
    assert charts(blocks, Waterfall)
    assert seen.record("inputs", "", "discount_rate") is not None


def test_a_study_without_money_says_nothing_of_it(simple):
    view = simple
    none = view.protocol.model_copy(update={"endpoints": view.protocol.endpoints[:1]})
    assert site_return(replace(view, protocol=none, site="S01")) == []
