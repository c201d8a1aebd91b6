"""What is no time, no money and no life ends in words for people: at the command line, in the PDF.

The files are workbooks as sites return them, and the commands are those a user types.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import value_study

from clinval.cli.main import main
from clinval.core.i18n import set_language
from clinval.core.records import Results
from clinval.report.texts import Texts

sys.path.append(str(Path(__file__).parents[1] / "report"))  # PDFs are read back there

_FINE, _USAGE, _PROTOCOL, _DATA = 0, 2, 3, 4


def run(capsys, *arguments, lang="en"):
    """Run a command as a user does; return how it ended and what it said."""
    with pytest.raises(SystemExit) as ended:
        main(["--lang", lang, *map(str, arguments)])
    set_language(None)
    said = capsys.readouterr() if capsys else None
    return ended.value.code, said.out + said.err if said else ""


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """A study whose sites return what cannot be, through every command to its PDFs."""
    root = value_study.written(tmp_path_factory.mktemp("value") / "study")
    value_study.sent_back(root)
    assert run(None, "ingest", "--study", root)[0] == _DATA  # a scan of -720 s
    assert run(None, "analyze", "--study", root)[0] == _FINE
    return root


@pytest.fixture(scope="module")
def results(studied):
    return Results.load(studied / "results" / "results.json")


@pytest.fixture(scope="module")
def printed(studied):
    """Everything the two dossiers say, without spaces."""
    import pdf_reading

    return {
        lang: pdf_reading.flat(studied / "reports" / f"hospital.{lang}.pdf")
        for lang in ("en", "zh")
    }


def test_a_duration_below_zero_is_named_with_its_cell(capsys, studied):
    code, said = run(capsys, "status", "--study", studied, "--defects")
    assert code == _FINE
    assert "S02.xlsx!F05!" in said
    assert "-720" in said


def test_ends_before_their_starts_are_counted_by_site_and_printed(results, printed):
    counts = {
        site: [results[f"T1.FAS.site={site}.room.{name}"].value for name in ("rows", "negative")]
        for site in value_study.SITES
    }
    assert counts == {"S01": [28, 1], "S02": [16, 0], "S03": [24, 0], "S04": [12, 12]}
    visits = [row for site in value_study.SITES for row in value_study.returned(site)["F05"]]
    past = [row for row in visits if row["room_in"][:10] < row["room_out"][:10]]
    assert results["T1.FAS.all.room.midnight"].value == len(past) > 0
    assert "13thatdonotendaftertheystart" in printed["en"]
    assert "结束不晚于开始13行" in printed["zh"]


PRINTED = {
    "T1.FAS.site=S04.saved": "no subject has both times",
    "V1.FAS.site=S04.npv": "no subject has both times",
    "V1.FAS.site=S01.irr": "several rates solve it",
    "V1.FAS.site=S03.payback": "the cumulative flow ends below 0",
    "V1.FAS.site=S02.break_even_exams": "a unit earns nothing",
    "V1.FAS.site=S02.break_even_price": "the product does not pay even as a gift",
    "L2.FAS.clock=calendar.shape": "fewer than two distinct failure times",
    "L2.FAS.all.estimate": "fewer than two distinct failure times",
    "L4.FAS.clock=calendar.scale": "fewer than two distinct failure times",
    "L3.FAS.clock=calendar.b10": "no failure",
    "R3.FAS.all.mtbf": "no failure",
    "W2.FAS.site=S01.difference": "fewer than two distinct failure times",
}
RECORDED = {
    "V1.FAS.site=S01.refusal.irr": "several rates solve it",
    "V1.FAS.site=S03.refusal.demand": "slots above demand earn nothing",
    "V1.FAS.site=S03.refusal.minutes": "no slot, overtime or post turns the minutes into cash",
    "V1.FAS.site=S02.refusal.minutes": "no slot, overtime or post turns the minutes into cash",
}


@pytest.mark.parametrize("record", [*PRINTED, *RECORDED])
def test_what_cannot_be_computed_says_why_in_both_languages(record, results, printed):
    reason = (PRINTED | RECORDED)[record]
    assert results[record].value is None
    assert results[record].reason == reason
    chinese = Texts("zh").reason(reason)
    assert chinese != reason
    if record in PRINTED:
        assert "".join(reason.split()) in printed["en"]
        assert "".join(chinese.split()) in printed["zh"]


def test_refusals_are_worded_for_a_hospital_with_the_number_that_is_known(printed):
    for words in (
        "No revenue above demand (S03: 6,500 slots a year)",
        "Minutes are not money here (S02: ",
        "No single internal rate of return (S01: ",
    ):
        assert "".join(words.split()) in printed["en"], words
    for words in ("超出需求的号源不计收益（S03：每年6,500个号源）", "不给出单一内部收益率（S01："):
        assert words in printed["zh"], words


def test_what_can_be_computed_beside_it_is(results):
    """Zero volume earns nothing and costs all; no failure still bounds the rate from above."""
    lost = results["V1.FAS.site=S03.npv"].value
    assert lost == results["V1.FAS.site=S02.npv"].value < -145_000
    assert results["V1.FAS.site=S03.probability_positive"].value == 0
    assert results["V1.FAS.site=S01.irr_status"].value == "multiple"
    assert results["R3.FAS.all.rate_ci_high"].value > 0
    assert results["R3.FAS.all.mtbf_lower_bound"].value > 0
    assert results["L2.FAS.clock=calendar.median"].value == 400
    assert results["L1.FAS.clock=calendar.shape"].value > 1


def test_money_adds_up(results):
    """Sites to all of them in one currency, steps to their total, parts to their cost."""
    sites = {site: results[f"V1.FAS.site={site}.npv"].value for site in ("S01", "S02", "S03")}
    euros = {site: npv * (0.125 if site == "S02" else 1) for site, npv in sites.items()}
    assert results["V1.FAS.all.npv"].value == pytest.approx(sum(euros.values()))
    for site, part in euros.items():
        rest = results[f"V1.FAS.without_site={site}.npv"].value
        assert rest == pytest.approx(sum(euros.values()) - part)
        names = ("minutes", "grid", "demand", "day", "overtime", "hire", "downtime", "running")
        steps = [results[f"V1.FAS.site={site}.waterfall.{name}"].value for name in names]
        total = results[f"V1.FAS.site={site}.waterfall.total"].value
        assert sum(steps) == pytest.approx(total)
        flows = [results[f"V1.FAS.site={site}.flow.{year}"].value for year in range(4)]
        discounted = sum(flow / 1.05**year for year, flow in enumerate(flows))
        assert sites[site] == pytest.approx(discounted)
    apart = {}
    for site in ("S01", "S02"):
        costs = {}
        for component in ("test", "reference"):
            place = f"W1.FAS.site={site}+component={component}"
            costs[component] = results[f"{place}.cost"].value
            parts = [
                record.value for record in results.records if record.id.startswith(f"{place}.part.")
            ]
            assert sum(parts) == pytest.approx(costs[component])
        apart[site] = costs["test"] - costs["reference"]
        assert results[f"W1.FAS.site={site}.difference"].value == pytest.approx(apart[site])
    together = apart["S01"] + 0.125 * apart["S02"]
    assert results["W1.FAS.all.difference"].value == pytest.approx(together)


def test_one_site_stands_for_itself_and_for_no_other(tmp_path, capsys):
    root = value_study.written(tmp_path / "one", sites=("S01",))
    value_study.sent_back(root)
    assert run(capsys, "analyze", "--study", root, "--no-report")[0] == _FINE
    results = Results.load(root / "results" / "results.json")
    for name in ("saved", "saved_ci_low", "saved_ci_high"):
        assert results[f"T1.FAS.all.{name}"].value == results[f"T1.FAS.site=S01.{name}"].value
    assert results["T1.FAS.all.i2"].reason == "fewer than two centers with an error"
    for name in ("prediction_low", "prediction_high"):
        reason = results[f"V1.FAS.all.{name}"].reason
        assert reason == "fewer than two centers have a business case"
        assert Texts("zh").reason(reason) != reason


def without(key):
    money = value_study.economics()
    del money[key]
    return money


@pytest.mark.parametrize(
    ("money", "code"),
    [
        (value_study.economics(exchange_rates={}), "P106"),
        (without("price_year"), "P010"),
        (value_study.economics(price_year=26), "P128"),
        (value_study.economics(horizon_years=0), "P128"),
    ],
    ids=["no rate", "no price year", "price year", "no years"],
)
def test_money_that_cannot_be_added_up_stops_the_check(money, code, tmp_path, capsys):
    root = value_study.written(tmp_path / "study", money=money)
    said = {}
    for lang in ("en", "zh"):
        ended, said[lang] = run(capsys, "check", root / "protocol.yaml", lang=lang)
        assert ended == _PROTOCOL
        assert re.search(rf"protocol\.yaml:\d+:\d+ {code} ", said[lang])
    assert said["en"] != said["zh"]
    ended, stopped = run(capsys, "analyze", "--study", root)
    assert ended == _PROTOCOL
    assert code in stopped


def test_scan_time_alone_makes_no_return(tmp_path, capsys):
    content = list(value_study.endpoints())
    content[1] = {"id": "T1", "kind": "throughput", "scan_seconds": "scan_time_s"}
    root = value_study.written(tmp_path / "study", endpoints=content)
    ended, said = run(capsys, "check", root / "protocol.yaml")
    assert ended == _PROTOCOL
    assert "P108" in said
    assert "scan time alone is not room time" in said


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (("--site", "S04"), "U081"),
        (("--site", "S01", "--set", "volume=-3"), "U083"),
        (("--site", "S01", "--set", "volume=many"), None),
        (("--site", "S01", "--set", "volumes=3"), "U082"),
    ],
)
def test_a_hospital_asks_for_what_cannot_be(said, code, studied, capsys):
    ended, answer = run(capsys, "roi", "--study", studied, *said)
    assert ended == _USAGE
    assert code is None or code in answer
    assert "Traceback" not in answer


def test_a_hospital_without_a_patient_of_its_own_earns_nothing(studied, capsys):
    ended, answer = run(capsys, "roi", "--study", studied, "--site", "S01", "--set", "volume=0")
    assert ended == _FINE
    assert re.search(r"Extra exams a year .* 1,500 .* 0 ", answer)
    assert "the product does not pay even as a gift" in answer
