"""A hospital's case with its own numbers: the analysis once more, from its records alone."""

from pathlib import Path
from types import SimpleNamespace

import business
import kit
import pytest

from clinval.app import own_case
from clinval.core.errors import UsageError
from clinval.core.records import Results

ROI = {"id": "V1", "kind": "return_on_investment", "throughput": "T1", "draws": 1000}
DAY = {"no_show_share": 0.06, "urgent_per_day": 1.2, "room_time_cv": 0.2}


@pytest.fixture
def analysed(monkeypatch):
    """Return a function that analyses a protocol, and then knows its records only."""

    def analyse(money):
        protocol = business.declared(business.throughput(), ROI, money=money)
        records = kit.run(protocol, business.population(1), "V1")
        results = Results(provenance={}, records=tuple(records.values()))
        monkeypatch.setattr(own_case, "usable_results", lambda *_: results)
        folder = SimpleNamespace(protocol=lambda: protocol, protocol_path=Path("protocol.yaml"))
        return lambda site="S01", **numbers: own_case.own_case(folder, site, numbers)

    return analyse


def values(records):
    return {name: record.value for name, record in records.items()}


def test_the_same_numbers_give_the_same_case(analysed):
    found = analysed(business.economics(ALL=DAY))()
    assert found.inputs == {}
    assert values(found.own) == values(found.analysed)
    assert len(found.own) > 60


def test_own_numbers_give_the_case_that_a_protocol_with_them_gives(analysed):
    other = {"demand_per_day": 30, "purchase": 90000, "no_show_share": 0.1}
    expected = analysed(business.economics(ALL=DAY | other))().analysed
    found = analysed(business.economics(ALL=DAY))(volume=30, price=90000, no_show_share=0.1)
    assert values(found.own) == values(expected)
    assert values(found.own) != values(found.analysed)
    assert found.inputs == {
        "demand_per_day": (34, 30), "purchase": (120000, 90000), "no_show_share": (0.06, 0.1)
    }  # fmt: skip


def test_what_another_site_would_tell_of_a_predicted_saving_is_kept(analysed):
    found = analysed(business.economics())(site="S05")
    assert found.analysed["saved_source"].value == "predicted"
    assert found.analysed["value_of_site"].value is not None
    assert values(found.own) == values(found.analysed)


def test_a_number_that_was_uncertain_is_certain_when_it_is_ones_own(analysed):
    money = business.economics()
    money["sites"]["S01"]["purchase"] |= {"low": 100000, "high": 150000}
    found = analysed(money)(price=120000)
    assert "tornado_low.purchase" in found.analysed
    assert "tornado_low.purchase" not in found.own
    assert found.own["npv"].value == found.analysed["npv"].value


@pytest.mark.parametrize(
    ("site", "numbers", "kind"),
    [
        ("S03", {}, "roi-site"),
        ("S99", {}, "roi-site"),
        ("S01", {"beds": 3}, "roi-input"),
        ("S01", {"payers": 3}, "roi-input"),
        ("S01", {"room_minutes_per_exam": 30}, "roi-input"),
        ("S01", {"price": -1}, "roi-value"),
        ("S01", {"no_show_share": 1.5}, "roi-value"),
        ("S01", {"scanners": 1.5}, "roi-value"),
        ("S01", {"urgent_per_day": 1e6}, "roi-value"),
        ("S01", {"price": 1e308}, "roi-value"),
        ("S01", {"volume": float("nan")}, "roi-value"),
        ("S01", {"volume": float("inf")}, "roi-value"),
    ],
)
def test_slips_are_named(analysed, site, numbers, kind):
    with pytest.raises(UsageError) as error:
        analysed(business.economics())(site, **numbers)
    assert [problem.kind for problem in error.value.problems] == [kind]
