"""What a study may claim follows from the verdicts, by the procedure that was declared."""

import itertools

import kit
import pytest

from clinval.core.records import Record
from clinval.endpoints.decisions import decisions
from clinval.endpoints.declared import declared

WORDS = {"met": "shown", "not_met": "not_shown", "undefined": "undefined"}


def protocol(names, procedure, order=(), secondary=()):
    endpoints = [{**kit.QUALITY, "id": name, "role": "primary"} for name in names]
    endpoints += [{**kit.QUALITY, "id": name, "role": "secondary"} for name in secondary]
    plan = {"procedure": procedure, "order": list(order), "justification": "so it was planned"}
    return kit.protocol(endpoints=endpoints, multiplicity=plan)


def verdict(endpoint, word, *, set_id="FAS", **group):
    place = "+".join(f"{name}={value}" for name, value in group.items()) or "all"
    return Record(
        id=f"{endpoint}.{set_id}.{place}.verdict",
        endpoint=endpoint,
        analysis_set=set_id,
        group=group,
        statistic="verdict",
        value=word,
    )


def claims(declared, verdicts):
    records = [verdict(name, word) for name, word in verdicts.items()]
    found = decisions(declared, records)
    kit.check(found)
    return {r.id.removesuffix(".claim"): r.value for r in found if r.statistic == "claim"}


@pytest.mark.parametrize("word", sorted(WORDS))
def test_a_single_endpoint_decides(word):
    found = claims(protocol(["P1"], "single_primary"), {"P1": word, "S1": "not_met"})
    assert found == {"P1": WORDS[word], "study": WORDS[word]}


@pytest.mark.parametrize("words", list(itertools.product(sorted(WORDS), repeat=2)))
def test_endpoints_that_all_have_to_be_shown(words):
    found = claims(
        protocol(["P1", "P2"], "co_primary"), dict(zip(("P1", "P2"), words, strict=True))
    )
    assert (found["P1"], found["P2"]) == tuple(WORDS[word] for word in words)
    whole = "not_shown" if "not_met" in words else "undefined"
    assert found["study"] == ("shown" if set(words) == {"met"} else whole)


SEQUENCE = protocol(["P1", "P2", "P3"], "fixed_sequence", ["P2", "P1", "P3"])


@pytest.mark.parametrize("words", list(itertools.product(sorted(WORDS), repeat=3)))
def test_a_sequence_stops_at_the_first_that_is_not_shown(words):
    order = ("P2", "P1", "P3")
    found = claims(SEQUENCE, dict(zip(order, words, strict=True)))
    expected, going = [], True
    for word in words:
        expected.append(WORDS[word] if going else "not_tested")
        going = going and word == "met"
    assert [found[name] for name in order] == expected
    if words[0] != "met":
        assert found["study"] == WORDS[words[0]]
    else:
        assert found["study"] == ("shown" if set(words) == {"met"} else "shown_in_part")


def test_a_sequence_may_go_on_to_secondary_endpoints():
    """Such an endpoint is claimed in its turn, and one that fails stops what stands behind it."""
    declared = protocol(
        ["P1", "P2"], "fixed_sequence", ["P1", "S1", "P2", "S2"], secondary=["S1", "S2", "S3"]
    )
    found = claims(declared, dict.fromkeys(("P1", "P2", "S1", "S2", "S3"), "met"))
    assert found == dict.fromkeys(("P1", "S1", "P2", "S2", "study"), "shown")
    found = claims(declared, {"P1": "met", "S1": "not_met", "P2": "met", "S2": "met"})
    assert found == {
        "P1": "shown",
        "S1": "not_shown",
        "P2": "not_tested",
        "S2": "not_tested",
        "study": "shown_in_part",
    }
    found = claims(declared, {"P1": "met", "S1": "met", "P2": "met", "S2": "not_met"})
    assert found["study"] == "shown"  # it set out to show its primary endpoints


def test_only_the_verdict_of_the_whole_on_the_own_set_counts():
    records = [
        verdict("P1", "met"),
        verdict("P1", "not_met", set_id="PPS"),
        verdict("P1", "not_met", site="S01"),
        verdict("P1", "undefined", without_site="S01"),
    ]
    records += [verdict("P1", "not_met", look="1"), verdict("P1", "not_met", engine="second")]
    found = decisions(protocol(["P1"], "single_primary"), records)
    assert [r.value for r in found if r.statistic == "claim"] == ["shown", "shown"]


@pytest.mark.parametrize(
    ("words", "claim"),
    [
        (("met", "met"), "shown"),
        (("met", "not_met"), "not_shown"),
        (("undefined", "not_met"), "undefined"),
        ((), "undefined"),
    ],
)
def test_an_endpoint_with_several_verdicts_is_as_good_as_its_worst(words, claim):
    records = [
        verdict("P1", word, readers=f"R1+R{number}") for number, word in enumerate(words, start=2)
    ]
    found = decisions(protocol(["P1"], "single_primary"), records)
    assert found[0].value == claim


def test_every_declared_number_is_a_record():
    size = {"endpoint": "P1", "subjects": 40, "alpha": 0.025, "power": 0.9, "dropout": 0.1,
            "assumptions": "a", "source": "s"}  # fmt: skip
    entered = {"value": 12.5, "source": "s"}
    names = ("open_minutes_per_day", "operating_days_per_year", "demand_per_day",
             "changeover_minutes", "contribution_per_exam", "purchase",
             "integration_and_training", "licence_and_service_per_year")  # fmt: skip
    economics = {
        "perspective": "Hospital",
        "price_year": 2026,
        "horizon_years": 5,
        "discount_rate": {"value": 0.05, "source": "s"},
        "reporting_currency": "EUR",
        "exchange_rates": {"USD": {"value": 0.9, "source": "s"}},
        "sites": {"S02": dict.fromkeys(names, entered)},
    }
    sites = {"S01": {}, "S02": {"currency": "USD"}}
    found = declared(kit.protocol(sites=sites, sample_size=[size], economics=economics))
    kit.check(found)
    values = {record.id: (record.value, record.unit) for record in found}
    assert values["inputs.endpoint=P1.subjects"] == (40, "subjects")
    assert values["inputs.endpoint=P1.alpha"] == (0.025, "")
    assert values["inputs.all.discount_rate"] == (0.05, "proportion")
    assert values["inputs.all.exchange_rate.USD"] == (0.9, "rate")
    assert values["inputs.site=S02.demand_per_day"] == (12.5, "exams/day")
    assert values["inputs.site=S02.purchase"] == (12.5, "USD")
    assert "inputs.site=S02.room_minutes_per_exam" not in values
    assert len([name for name in values if name.startswith("inputs.site=")]) == len(names)
    assert declared(kit.protocol()) == []
