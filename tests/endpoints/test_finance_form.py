"""A hospital's finance form: read into its economics, or refused input by input with the reason."""

import datetime

import business
import kit
import pytest
from hypothesis import given, settings, strategies as st

from clinval.core.records import Results
from clinval.endpoints.returned_inputs import _REASONS, NOT_BACK, returned_inputs
from clinval.endpoints.throughput import NOT_ANSWERED
from clinval.protocol.economics import MONEY, SiteEconomics, SiteInputs
from clinval.protocol.finance_form import KEPT, answered, with_answers
from clinval.protocol.form_library import library_codelists, library_form
from clinval.report.pieces.finance_form import finance_form
from clinval.report.site_view import only_site
from clinval.report.view import View

YUAN = {name: {"currency": "CNY"} for name in business.INPUTS if name in MONEY}
DAY = datetime.date(2026, 2, 10)
RETURN = {"id": "V1", "kind": "return_on_investment", "throughput": "T1", "draws": 1000}


def stem(code):
    return code.rpartition("_")[0] if code[-1].isdigit() else code


def row(name, **more):
    money = {"currency": "EUR", "price_year": 2026} if stem(name) in MONEY else {}
    return {"input": name, "source": "offer", "source_date": DAY} | money | more


def rows(without=(), **changes):
    """Return the rows of a whole form; ``changes`` are to the fields of a row, by its input."""
    return [
        row(name, **{"value": value} | changes.get(name, {}))
        for name, value in business.INPUTS.items()
        if name not in without
    ] + [row(name, **more) for name, more in changes.items() if name not in business.INPUTS]


def declared(left="form", **more):
    money = business.economics(sites=("S01",))
    money["sites"] |= {"S02": left}
    forms = ["F04", "F05", "F07", "F11"]
    return business.declared(business.throughput(), RETURN, money=money, forms=forms, **more)


def answer(form_rows, left="form", currency="EUR"):
    economics = declared(left).economics
    return answered(economics.left_to_form["S02"], form_rows, currency, economics)


# ---------------------------------------------------------------------- the form and the protocol


def test_the_form_asks_for_what_a_hospital_may_say_and_no_more():
    of_payers = {"payer_share", "reimbursement"}
    asked = {stem(code) for code in library_codelists()["finance_input"]}
    assert asked - of_payers == SiteInputs.model_fields.keys() - {"payers"}
    assert of_payers < asked


@pytest.mark.parametrize("field", ["currency", "price_year"])
def test_the_form_asks_currency_and_year_of_money_and_of_nothing_else(field):
    when = library_form("F11").field(field).when
    for code in library_codelists()["finance_input"]:
        assert (f"'{code}'" in when) == (stem(code) in MONEY), code


def test_a_site_left_to_a_form_that_the_study_does_not_use():
    money = business.economics(sites=("S01",))
    money["sites"]["S02"] = "form"
    found = kit.problems(
        sites=business.SITES, endpoints=[{**kit.QUALITY, "id": "Z1"}, business.throughput()],
        economics=money,
    )  # fmt: skip
    assert found == ["finance-form-missing"]


# ---------------------------------------------------------------------- what comes of the answers


def test_a_whole_form_gives_what_the_same_numbers_in_the_protocol_give():
    made = answer(rows())
    assert made.unusable == made.set_aside == {}
    expected = business.declared(business.throughput(), RETURN).economics.sites["S01"]
    assert {name: each.value for name, each in made.economics.inputs()} == {
        name: each.value for name, each in expected.inputs()
    }
    assert made.economics.purchase.date == DAY
    assert made.economics.purchase.source.en == "offer"


def test_payers_and_years_of_a_ramp_stand_in_their_lists():
    payers = {
        "payer_share_1": {"value": 0.7, "payer": "statutory"},
        "reimbursement_1": {"value": 100, "payer": "statutory", "low": 90, "high": 120},
        "payer_share_2": {"value": 0.3, "payer": "private"},
        "reimbursement_2": {"value": 200, "payer": "private"},
        "variable_cost_per_exam": {"value": 30},
        "ramp_up_1": {"value": 0.5},
    }  # fmt: skip
    made = answer(rows(without=("contribution_per_exam",), **payers))
    assert made.unusable == {}
    assert [payer.name.en for payer in made.economics.payers] == ["statutory", "private"]
    assert made.economics.contribution == pytest.approx(0.7 * 100 + 0.3 * 200 - 30)
    assert [each.value for each in made.economics.ramp_up] == [0.5]


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 1e7), st.floats(0.5, 1), st.floats(1.01, 2))
def test_an_amount_in_another_currency_is_worth_what_the_rates_say(value, low, high):
    limits = {"low": low * value * 0.99, "high": high * value}
    given_ = {"purchase": {"value": value, "currency": "EUR", **limits}}
    made = answer(rows(**{**YUAN, **given_}), currency="CNY").economics
    assert made.purchase.value == pytest.approx(value / 0.125)
    assert made.purchase.high == pytest.approx(high * value / 0.125)
    assert made.contribution_per_exam.value == business.INPUTS["contribution_per_exam"]


SLIPS = {
    "value-missing": ("purchase", {"value": None}),
    "source-missing": ("purchase", {"source": None}),
    "currency-missing": ("purchase", {"currency": None}),
    "rate-missing": ("purchase", {"currency": "USD"}),
    "year-missing": ("purchase", {"price_year": None}),
    "year-other": ("purchase", {"price_year": 2024}),
    "not-possible": ("demand_per_day", {"value": 0.0}),
    "input-limits": ("purchase", {"low": 130000, "high": 140000}),
    "input-lognormal": ("purchase", {"low": 110000, "high": 500000, "distribution": "lognormal"}),
    "input-needs-other": ("hire_avoided_per_year", {"value": 50000}),
}


def test_every_slip_has_its_reason():
    more = {"contribution-missing", "contribution-twice", "nowhere", "payer-shares"}
    assert SLIPS.keys() | more == _REASONS.keys()


@pytest.mark.parametrize("slip", SLIPS)
def test_what_cannot_be_used_is_named_and_nothing_is_computed_without_it(slip):
    name, changes = SLIPS[slip]
    made = answer(rows(**{name: changes}))
    assert made.economics is None
    assert made.unusable == {name: slip}


@pytest.mark.parametrize(
    ("changes", "without", "name"),
    [
        ({"no_show_share": {"value": 6}}, (), "no_show_share"),
        ({"scanners": {"value": 1.5}}, (), "scanners"),
        ({"open_minutes_per_day": {"value": 7200}}, (), "open_minutes_per_day"),
        ({"payer_share_1": {"value": 1, "payer": "all"}}, (), "payer_share"),
        ({}, ("purchase",), "purchase"),
        ({}, ("contribution_per_exam",), "contribution_per_exam"),
    ],
)
def test_impossible_and_missing_inputs_are_named(changes, without, name):
    made = answer(rows(without=without, **changes))
    assert made.economics is None
    assert list(made.unusable) == [name]


@pytest.mark.parametrize(("form", "counts", "aside"), [
    ("fills", 90000, 120000), ("replaces", 120000, 90000),
])  # fmt: skip
def test_an_input_in_both_places_counts_as_the_protocol_says(form, counts, aside):
    left = {"form": form, "purchase": {"value": 90000, "source": "s"},
            "scanners": {"value": 2, "source": "s"}}  # fmt: skip
    made = answer(rows(), left)
    assert made.economics.purchase.value == counts
    assert made.set_aside == {"purchase": aside}
    assert made.economics.scanners.value == 2
    # a slip in a row that does not count does no harm; in one that counts it does
    slip = answer(rows(purchase={"price_year": 2020}), left)
    assert (slip.economics is None) == (form == "replaces")


# ---------------------------------------------------------------------- a study with a form


def study(form_rows, left="form"):
    """Return the protocol with what came back, its records, and those of the return."""
    tables = business.population(1)
    if form_rows is not None:
        tables["F11"] = [{"site_id": "S02", **each} for each in form_rows]
    protocol = declared(left)
    with kit.data(protocol, tables) as data:
        inputs = returned_inputs(data)
        kit.check(inputs.records)
    return inputs, kit.run(inputs.protocol, tables, "V1")


def test_a_study_computes_with_the_form_what_it_computes_with_the_protocol():
    inputs, found = study(rows(**YUAN))
    expected = kit.run(
        business.declared(business.throughput(), RETURN), business.population(1), "V1"
    )
    own = {name for name in expected if name.startswith("site=S02.")}
    assert len(own) > 60
    assert {name: found[name].value for name in own} == {name: expected[name].value for name in own}
    assert kit.values({r.id: r for r in inputs.records}) == {
        "inputs.site=S02.finance_form": "answered"
    }
    again = with_answers(declared(), inputs.kept)
    assert again.economics.sites == inputs.protocol.economics.sites
    assert isinstance(again.economics.sites["S02"], SiteEconomics)


def test_a_form_that_did_not_come_back_leaves_one_hospital_without_a_case():
    inputs, found = study(None)
    assert inputs.kept == {}
    assert [record.reason for record in inputs.records] == [NOT_BACK]
    assert found["site=S02.npv"].reason == NOT_ANSWERED
    assert found["site=S01.npv"].value is not None


def test_a_slip_on_the_form_leaves_one_hospital_without_a_case_and_is_named():
    inputs, found = study(rows(purchase={"price_year": None}))
    reasons = {record.statistic: record.reason for record in inputs.records}
    assert reasons["purchase"] == "an amount without its price year"
    assert reasons["finance_form"] == NOT_ANSWERED
    assert found["site=S02.npv"].reason == NOT_ANSWERED
    assert found["all.npv"].value is not None


def test_reports_say_whose_answers_they_rest_on_and_what_of_them_is_not_used():
    slip = rows(purchase={"price_year": None}, no_show_share={"value": 0.1})
    left = {"form": "fills", "no_show_share": {"value": 0.05, "source": "s"}}
    inputs, _ = study(slip, left)
    results = Results(provenance={}, records=tuple(inputs.records))
    [table] = finance_form(View(inputs.protocol, results, "en"))
    assert [(row.cells[0], row.cells[1], row.cells[3]) for row in table.rows] == [
        ("S02", "The form as a whole", NOT_ANSWERED),
        ("S02", "Purchase", "an amount without its price year"),
        ("S02", "No-shows (share)",
         "Protocol and form both give it; the protocol says that the other one counts."),
    ]  # fmt: skip
    assert table.rows[2].cells[2][0].text == "10.0%"
    whole, _ = study(rows(**YUAN))
    results = Results(provenance={}, records=tuple(whole.records))
    [paragraph] = finance_form(View(whole.protocol, results, "zh"))
    assert paragraph.text.startswith("S02")


def test_a_report_of_another_site_has_nothing_of_the_form():
    inputs, _ = study(rows(**YUAN))
    provenance = {"data": {"files": []}, KEPT: inputs.kept}
    results = Results(provenance=provenance, records=tuple(inputs.records))
    view = only_site(View(inputs.protocol, results, "en", site="S01"))
    assert "offer" not in str(view.protocol.economics)
    assert "offer" not in str(view.results.provenance)
    assert view.results.records == ()
