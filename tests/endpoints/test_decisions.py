"""What a study may claim follows from the verdicts, by the procedure that was declared."""

import itertools

import kit
import pytest
from hypothesis import assume, given, settings, strategies as st

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


# --- several endpoints by adjusted p values -------------------------------------------------


def one_sided(endpoint, p, *, alpha=0.025, word=None):
    """The p value of an endpoint and the verdict of the interval that agrees with it."""
    value = Record(
        id=f"{endpoint}.FAS.all.p_value",
        endpoint=endpoint,
        analysis_set="FAS",
        statistic="p_value",
        value=p,
        undefined=p is None,
        reason="" if p is not None else "no discordant pair",
    )
    agrees = "undefined" if p is None else "met" if p < alpha else "not_met"
    return [value, verdict(endpoint, word or agrees)]


def decided(plan, p, *, secondary=(), level=0.95, words=None):
    """Return claims and adjusted p values of endpoints by their p values."""
    names = list(p)
    alpha = plan.get("alpha", 0.025)
    endpoints = [
        {**kit.QUALITY, "id": name, "level": level,
         "role": "secondary" if name in secondary else "primary"}
        for name in names
    ]  # fmt: skip
    declared = kit.protocol(
        endpoints=endpoints, multiplicity={"justification": "so it was planned", **plan}
    )
    words = words or {}
    records = [
        record
        for name in names
        for record in one_sided(name, p[name], alpha=alpha, word=words.get(name))
    ]
    found = decisions(declared, records)
    kit.check(found)
    claimed = {r.id.removesuffix(".claim"): r.value for r in found if r.statistic == "claim"}
    adjusted = {r.endpoint: r for r in found if r.statistic == "adjusted_p"}
    return claimed, adjusted, found


def values(adjusted):
    return {name: record.value for name, record in adjusted.items()}


def edges(*transitions):
    return [dict(zip(("from", "to", "weight"), edge, strict=True)) for edge in transitions]


# the worked example of R's p.adjust: 0.01, 0.04, 0.03, 0.005
EXAMPLE = {"P1": 0.01, "P2": 0.04, "P3": 0.03, "P4": 0.005}


@pytest.mark.parametrize(
    ("procedure", "adjusted", "shown"),
    [
        ("bonferroni", (0.04, 0.16, 0.12, 0.02), "P4"),
        ("holm", (0.03, 0.06, 0.06, 0.02), "P4"),
        ("hochberg", (0.03, 0.04, 0.04, 0.02), "P4"),
        ("hommel", (0.03, 0.04, 0.04, 0.02), "P4"),
    ],
)
def test_claims_by_adjusted_p_values(procedure, adjusted, shown):
    claimed, found, _ = decided({"procedure": procedure}, EXAMPLE)
    assert values(found) == pytest.approx(dict(zip(EXAMPLE, adjusted, strict=True)))
    assert all(record.method == f"multiplicity.{procedure}" for record in found.values())
    assert [name for name in EXAMPLE if claimed[name] == "shown"] == [shown]
    assert claimed["P2"] == "not_shown"
    assert claimed["study"] == "shown_in_part"
    # at a one-sided alpha of 0.05, that of intervals at 90 %, the procedures part
    claimed, _, _ = decided({"procedure": procedure, "alpha": 0.05}, EXAMPLE, level=0.9)
    several = EXAMPLE if procedure in ("hochberg", "hommel") else ["P1", "P4"]
    assert [name for name in EXAMPLE if claimed[name] == "shown"] == list(several)
    # at 0.04 the limit of P2 lies on its margin: it shows nothing, and helps nothing else
    claimed, _, _ = decided({"procedure": procedure, "alpha": 0.04}, EXAMPLE, level=0.92)
    assert [name for name in EXAMPLE if claimed[name] == "shown"] == ["P1", "P4"]


@pytest.mark.parametrize("p", [(0.01, 0.013), (0.02, 0.024), (0.03, 0.004), (0.2, 0.3)])
def test_two_endpoints_by_hand(p):
    """Two hypotheses: each procedure in a line of arithmetic."""
    small, large = sorted(p)
    names = dict(zip(("P1", "P2"), p, strict=True))
    first, second = sorted(names, key=names.get)
    wanted = {
        "bonferroni": {first: small <= 0.0125, second: large <= 0.0125},
        "holm": {first: small <= 0.0125, second: small <= 0.0125 and large <= 0.025},
        "hochberg": {
            first: large <= 0.025 or small <= 0.0125,
            second: large <= 0.025,
        },
    }
    wanted["hommel"] = wanted["hochberg"]  # they part from three hypotheses on
    for procedure, shown in wanted.items():
        claimed, _, _ = decided({"procedure": procedure}, names)
        assert {name: claimed[name] == "shown" for name in names} == shown, procedure


def test_a_share_of_alpha_is_reached_by_equality():
    """2 x 0.0125 and 0.01 / 0.4 are alpha itself: the adjusted p value shows it."""
    claimed, found, _ = decided({"procedure": "bonferroni"}, {"P1": 0.0125, "P2": 0.5})
    assert found["P1"].value == 0.025
    assert (claimed["P1"], claimed["P2"], claimed["study"]) == (
        "shown", "not_shown", "shown_in_part",
    )  # fmt: skip
    plan = {
        "procedure": "graphical",
        "weights": {"P1": 0.4, "P2": 0.6},
        "transitions": edges(("P1", "P2", 1), ("P2", "P1", 1)),
    }
    claimed, _, _ = decided(plan, {"P1": 0.01, "P2": 0.02})
    assert claimed == {"P1": "shown", "P2": "shown", "study": "shown"}


@pytest.mark.parametrize("procedure", ["bonferroni", "holm", "hochberg", "hommel"])
def test_at_full_alpha_test_and_interval_say_the_same(procedure):
    """A p value of alpha is a limit on the margin, which shows nothing: nor does the test."""
    for p, word in ((0.025, "not_met"), (0.025 - 1e-12, "met"), (0.025 + 1e-12, "not_met")):
        claimed, _, _ = decided({"procedure": procedure}, {"P1": p}, words={"P1": word})
        assert claimed["P1"] == {"met": "shown", "not_met": "not_shown"}[word]
    # and what is not shown passes nothing on
    graph = {"procedure": "graphical", "weights": {"P1": 1},
             "transitions": edges(("P1", "P2", 1))}  # fmt: skip
    claimed, _, _ = decided(graph, {"P1": 0.025, "P2": 0.001})
    assert claimed == {"P1": "not_shown", "P2": "not_tested", "study": "not_shown"}


@pytest.mark.parametrize("procedure", ["bonferroni", "holm", "hochberg", "hommel"])
def test_an_undefined_p_value_counts_as_1_for_the_others(procedure):
    p = {"P1": 0.008, "P2": None, "P3": 0.012}
    claimed, found, _ = decided({"procedure": procedure}, p)
    _, full, _ = decided({"procedure": procedure}, {**p, "P2": 1.0})
    assert found["P2"].value is None
    assert found["P2"].reason == "the endpoint is undecided"
    assert [found[name].value for name in ("P1", "P3")] == [
        full[name].value for name in ("P1", "P3")
    ]
    assert (claimed["P1"], claimed["P2"]) == ("shown", "undefined")
    # an interval without a limit leaves the endpoint undecided, whatever its test says
    claimed, _, _ = decided({"procedure": procedure}, EXAMPLE, words={"P4": "undefined"})
    assert claimed["P4"] == "undefined"


def test_a_study_of_which_nothing_is_known():
    claimed, _, _ = decided({"procedure": "holm"}, {"P1": None, "P2": None})
    assert claimed == {"P1": "undefined", "P2": "undefined", "study": "undefined"}


# Bretz et al. 2009 as graphicalMCP 0.2.8 decides it; see tests/reference/multiplicity.json
PUBLISHED = {
    "procedure": "graphical",
    "weights": {"P1": 0.5, "P2": 0.5},
    "transitions": edges(("P1", "S1", 1), ("P2", "S2", 1), ("S1", "P2", 1), ("S2", "P1", 1)),
}


def test_the_published_graph():
    p = {"P1": 0.018, "P2": 0.01, "S1": 0.105, "S2": 0.006}
    claimed, found, records = decided(PUBLISHED, p, secondary=("S1", "S2"))
    assert values(found) == pytest.approx({"P1": 0.02, "P2": 0.02, "S1": 0.105, "S2": 0.02})
    assert claimed == {
        "P1": "shown", "P2": "shown", "S1": "not_shown", "S2": "shown", "study": "shown",
    }  # fmt: skip
    drawn = {r.id: r.value for r in records if r.endpoint == "multiplicity"}
    assert drawn == {
        "multiplicity.all.alpha": 0.025,
        "multiplicity.endpoint=P1.weight": 0.5,
        "multiplicity.endpoint=P2.weight": 0.5,
        "multiplicity.endpoint=S1.weight": 0.0,
        "multiplicity.endpoint=S2.weight": 0.0,
        "multiplicity.from=P1+to=S1.transition": 1.0,
        "multiplicity.from=P2+to=S2.transition": 1.0,
        "multiplicity.from=S1+to=P2.transition": 1.0,
        "multiplicity.from=S2+to=P1.transition": 1.0,
    }


def test_what_no_share_of_alpha_reaches_is_not_tested():
    p = {"P1": 0.02, "P2": 0.01, "S1": 0.001, "S2": 0.3}
    claimed, found, _ = decided(PUBLISHED, p, secondary=("S1", "S2"))
    assert claimed == {
        "P1": "not_shown", "P2": "shown", "S1": "not_tested", "S2": "not_shown",
        "study": "shown_in_part",
    }  # fmt: skip
    assert found["S1"].value == pytest.approx(0.04)  # that of P1, which it waits for
    claimed, _, _ = decided(PUBLISHED, {**p, "P2": None}, secondary=("S1", "S2"))
    assert (claimed["P2"], claimed["S2"], claimed["study"]) == (
        "undefined", "not_tested", "not_shown",
    )  # fmt: skip


def test_a_chain_is_a_fixed_sequence():
    graph = {"procedure": "graphical", "weights": {"P1": 1},
             "transitions": edges(("P1", "P2", 1), ("P2", "P3", 1))}  # fmt: skip
    sequence = {"procedure": "fixed_sequence", "order": ["P1", "P2", "P3"]}
    for p in itertools.product((0.001, 0.02, 0.2), repeat=3):
        named = dict(zip(("P1", "P2", "P3"), p, strict=True))
        by_graph, adjusted, _ = decided(graph, named)
        in_order, running, _ = decided(sequence, named)
        assert by_graph == in_order
        assert [r.value for r in running.values()] == pytest.approx(
            list(itertools.accumulate(p, max))
        )
        for name, word in by_graph.items():
            if word != "not_tested" and name != "study":
                assert adjusted[name].value == pytest.approx(running[name].value)


def test_the_adjusted_p_values_of_a_sequence_end_with_the_first_that_has_none():
    plan = {"procedure": "fixed_sequence", "order": ["P1", "P2", "P3"]}
    claimed, found, _ = decided(plan, {"P1": 0.01, "P2": None, "P3": 0.001})
    assert values(found) == {"P1": 0.01, "P2": None, "P3": None}
    assert found["P3"].reason == "no p value, or none of an endpoint before it"
    assert claimed == {
        "P1": "shown", "P2": "undefined", "P3": "not_tested", "study": "shown_in_part",
    }  # fmt: skip
    # an endpoint that is decided without a p value (agreement with a goal) does not stop it
    claimed, found, _ = decided(plan, {"P1": 0.01, "P2": None, "P3": 0.001}, words={"P2": "met"})
    assert claimed["P3"] == "shown"
    assert found["P3"].value is None


# --- properties ----------------------------------------------------------------------------

FAMILY = ("P1", "P2", "P3", "P4")
quick = settings(deadline=None, max_examples=30, derandomize=True)
some_p = st.lists(
    st.one_of(st.floats(0, 0.06), st.floats(0, 1)).map(lambda p: round(p, 5)),
    min_size=4,
    max_size=4,
).filter(lambda p: 0.025 not in p)


def shown_by(plan, p):
    claimed, _, _ = decided(plan, dict(zip(FAMILY, p, strict=True)))
    return {name for name in FAMILY if claimed[name] == "shown"}


@quick
@given(some_p)
def test_each_procedure_shows_what_the_one_before_shows(p):
    by = [shown_by({"procedure": name}, p) for name in ("bonferroni", "holm", "hochberg", "hommel")]
    assert by[0] <= by[1] <= by[2] <= by[3]
    assert by[3] <= {name for name, value in zip(FAMILY, p, strict=True) if value < 0.025}


@quick
@given(some_p)
def test_a_complete_graph_is_holm(p):
    complete = edges(*((a, b, 1 / 3) for a, b in itertools.permutations(FAMILY, 2)))
    graph = {
        "procedure": "graphical",
        "weights": dict.fromkeys(FAMILY, 0.25),
        "transitions": complete,
    }
    assert shown_by(graph, p) == shown_by({"procedure": "holm"}, p)


@st.composite
def graphs(draw):
    """A graph of four endpoints in hundredths: weights and rows that sum to 1 or less."""

    def shares(count):
        cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=count, max_size=count)))
        return [(b - a) / 100 for a, b in itertools.pairwise([0, *cuts])]

    weights = shares(4)
    rows = {a: dict(zip([b for b in FAMILY if b != a], shares(3), strict=True)) for a in FAMILY}
    return weights, rows


def weights_within(subset, weights, rows):
    """The weights of an intersection hypothesis: all others are taken out of the graph."""
    w = dict(zip(FAMILY, weights, strict=True))
    g = {a: {b: rows[a].get(b, 0.0) for b in FAMILY} for a in FAMILY}
    for j in [name for name in FAMILY if name not in subset]:
        left = [name for name in w if name != j]
        new = {}
        for k in left:
            around = 1 - g[k][j] * g[j][k]
            new[k] = {
                m: 0.0 if m == k or around <= 1e-12 else (g[k][m] + g[k][j] * g[j][m]) / around
                for m in left
            }
        w = {k: w[k] + w[j] * g[j][k] for k in left}
        g = new
    return w


@quick
@given(graphs(), some_p)
def test_a_graph_is_the_closed_test_of_its_intersections(graph, p):
    """Shown is what every intersection that holds it rejects by weighted Bonferroni."""
    weights, rows = graph
    assume(sum(weights) > 0)
    passed = [(a, b, share) for a, row in rows.items() for b, share in row.items() if share > 0]
    reachable = {name for name, weight in zip(FAMILY, weights, strict=True) if weight > 0}
    for _ in FAMILY:
        reachable |= {b for a, b, _ in passed if a in reachable}
    assume(reachable == set(FAMILY))  # what can never be tested is an error of the protocol
    of = dict(zip(FAMILY, p, strict=True))
    rejected = set()
    for size in range(1, 5):
        for subset in itertools.combinations(FAMILY, size):
            within = weights_within(subset, weights, rows)
            if any(of[name] <= within[name] * 0.025 * (1 + 1e-9) and within[name] > 0
                   for name in subset):  # fmt: skip
                rejected.add(subset)
    closed = {
        name
        for name in FAMILY
        if all(
            subset in rejected
            for size in range(1, 5)
            for subset in itertools.combinations(FAMILY, size)
            if name in subset
        )
    }
    plan = {
        "procedure": "graphical",
        "weights": dict(zip(FAMILY, weights, strict=True)),
        "transitions": edges(*passed),
    }
    assert shown_by(plan, p) == closed
