"""A hospital's case with its own numbers: the analysis once more, from its records alone."""

from pathlib import Path
from types import SimpleNamespace

import business
import kit
import pytest

from clinval.app import own_case
from clinval.core.errors import UsageError
from clinval.core.records import Results
from clinval.endpoints.declared import declared
from clinval.report.blocks import Callout, Figure, Table, runs
from clinval.report.pdf.writer import write

ROI = {"id": "V1", "kind": "return_on_investment", "throughput": "T1", "draws": 1000}
FROM = {
    "data": {"version": 3, "state": "final", "files": []},
    "audit": {"entries": 7, "head": "a" * 64},
    "synthetic": True,
}
DAY = {"no_show_share": 0.06, "urgent_per_day": 1.2, "room_time_cv": 0.2}


@pytest.fixture
def analysed(monkeypatch):
    """Return a function that analyses a protocol, and then knows its records only."""

    def analyse(money):
        protocol = business.declared(business.throughput(), ROI, money=money)
        records = kit.run(protocol, business.population(1), "V1")
        results = Results(provenance=FROM, records=(*declared(protocol), *records.values()))
        monkeypatch.setattr(own_case, "usable_results", lambda *_: results)
        folder = SimpleNamespace(protocol=lambda: protocol, protocol_path=Path("protocol.yaml"))

        def own(site="S01", language="en", **numbers):
            return own_case.own_case(folder, site, numbers, language)

        return own

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


# ---------------------------------------------------------------------- the document


def said(cell):
    return "".join(getattr(run, "text", run) for run in runs(cell))


def test_the_document_sets_own_numbers_beside_those_analysed(analysed):
    money = business.economics(ALL=DAY)
    money["sites"]["S01"]["purchase"] |= {"low": 100000, "high": 150000}
    found = analysed(money)(volume=30, price=90000)
    inputs, case = (block for block in found.document.blocks if isinstance(block, Table))
    assert [[said(cell) for cell in row.cells] for row in inputs.rows] == [
        ["Demand", "exams/day", "34", "30"],
        ["Purchase", "EUR", "120,000 (100,000 to 150,000)", "90,000"],
    ]
    rows = {said(row.cells[0]): [said(cell) for cell in row.cells[1:]] for row in case.rows}
    assert rows["Investment"] == ["EUR", "145,000", "115,000"]
    for records, column in ((found.analysed, 1), (found.own, 2)):
        value = f"{records['npv'].value:,.0f}".replace("-", "\u2212")
        assert rows["Net present value (range)"][column].startswith(f"{value} (")
    assert any(isinstance(block, Figure) for block in found.document.blocks)
    assert "OWN NUMBERS" in found.document.marks


@pytest.mark.parametrize(("numbers", "tone"), [
    ({"volume": 40, "price": 0}, "good"), ({"price": 9_000_000}, "bad"),
])  # fmt: skip
def test_the_limits_of_the_draws_say_whether_it_pays(analysed, numbers, tone):
    found = analysed(business.economics())(**numbers)
    [verdict] = [block for block in found.document.blocks if isinstance(block, Callout)]
    assert verdict.tone == tone
    low, high = found.own["npv_low"].value, found.own["npv_high"].value
    assert (low > 0) == (tone == "good")
    assert (high <= 0) == (tone == "bad")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_document_is_written_in_both_languages(analysed, language, tmp_path):
    found = analysed(business.economics(ALL=DAY))("S02", language, volume=30)
    assert write(found.document, tmp_path / "own.pdf") in (2, 3)
    assert (tmp_path / "own.pdf").read_bytes()[:5] == b"%PDF-"


def test_without_numbers_the_document_says_that_it_is_the_analysis(analysed):
    found = analysed(business.economics())(language="zh")
    assert found.inputs == {}
    [case] = [block for block in found.document.blocks if isinstance(block, Table)]
    assert all(said(row.cells[2]) == said(row.cells[3]) for row in case.rows)
