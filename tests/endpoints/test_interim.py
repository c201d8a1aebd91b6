"""Looks at accumulating data: which look it is, at which level it decides, what may be claimed."""

import dataclasses
import itertools
import math

import kit
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats
from test_whole_study import study

from clinval.app.analysis import analyze
from clinval.core.records import Record
from clinval.endpoints.decisions import decisions
from clinval.endpoints.interim import at_look, decision_level, interim, standing, withheld
from clinval.protocol.interim import Interim, too_close
from clinval.stats.comparison import paired_difference
from clinval.stats.decisions import group_sequential as gs

norm = scipy_stats.norm
quick = settings(deadline=None, max_examples=30, derandomize=True)

SIZE = {"endpoint": "P1", "subjects": 220, "alpha": 0.025, "power": 0.9,
        "assumptions": "a", "source": "s"}  # fmt: skip
LOOKS = [{"subjects": 110}, {"subjects": 220}]


def plan(boundary="lan_demets_obrien_fleming", looks=LOOKS, **more):
    said = {"endpoints": ["P1"], "boundary": boundary, "looks": looks, **more}
    if boundary == "hwang_shih_decani":
        said["gamma"] = -4.0
    return said


def protocol(said, *, endpoints=(kit.QUALITY,), sizes=(SIZE,), **more):
    return kit.protocol(
        sites={"S01": {"planned_subjects": 200}, "S02": {"planned_subjects": 200}},
        endpoints=[{"role": "primary", **endpoint} for endpoint in endpoints],
        interim=said,
        sample_size=list(sizes),
        **more,
    )


def found(declared, n, p, low, high=0.1, *, level=..., endpoint="P1"):
    """Return what an analysis records of an endpoint, with the verdict of its interval."""
    if level is ...:
        level = decision_level(declared, declared.endpoint(endpoint), n)
    own = declared.endpoint(endpoint)
    met = own.hypothesis.verdict(low, high)
    values = {"n": n, "p_value": p, "ci_low": low, "ci_high": high, "verdict": met}
    return [
        Record(
            id=f"{endpoint}.FAS.all.{name}",
            endpoint=endpoint,
            analysis_set="FAS",
            statistic=name,
            value=value,
            n=n,
            level=(level or own.level) if name.startswith("ci") else None,
            undefined=value is None,
            reason="no discordant pair" if value is None else "",
        )
        for name, value in values.items()
    ]


def said_of(declared, records):
    """Return the records of the looks, and the claims, by id."""
    records = withheld(declared, records)
    looked = interim(declared, records)
    decided = decisions(declared, [*records, *looked])
    kit.check([*records, *looked, *decided])
    return {record.id: record for record in (*looked, *decided)}


# --- which look it is ----------------------------------------------------------------------


@pytest.mark.parametrize(("n", "look"), [(0, 0), (109, 0), (110, 1), (219, 1), (220, 2), (300, 2)])
def test_the_look_is_the_last_one_whose_subjects_are_reached(n, look):
    declared = protocol(plan())
    stand = standing(declared.interim, n)
    assert stand.look == look
    level = decision_level(declared, declared.endpoint("P1"), n)
    assert level == stand.level
    assert (level is None) == (look == 0)
    if n == 110:
        assert level == pytest.approx(2 * norm.cdf(2.96258804273) - 1, rel=1e-9)
    if n == 220:
        assert level == pytest.approx(2 * norm.cdf(1.96859564632) - 1, rel=1e-9)


def test_a_look_may_be_declared():
    """It was taken a little early: less alpha is spent than was planned for it."""
    early = standing(protocol(plan(look=1)).interim, 100)
    assert early.look == 1
    spent = 2 * norm.sf(norm.isf(0.0125) / math.sqrt(100 / 220))
    assert early.boundaries.cumulative_alpha[0] == pytest.approx(spent)
    assert early.level == pytest.approx(1 - 2 * spent)


def test_an_endpoint_that_is_decided_once_keeps_its_level():
    second = {**kit.QUALITY, "id": "P2", "level": 0.9, "role": "secondary"}
    declared = protocol(plan(), endpoints=(kit.QUALITY, second))
    assert decision_level(declared, declared.endpoint("P2"), 5) == 0.9
    assert decision_level(kit.protocol(), kit.protocol().endpoint("P1"), 5) == 0.95
    assert at_look(declared, declared.endpoint("P2"), None) is declared.endpoint("P2")
    assert at_look(declared, declared.endpoint("P1"), lambda: 20) is declared.endpoint("P1")
    assert at_look(declared, declared.endpoint("P1"), lambda: 110).level == pytest.approx(0.996949)


# --- information ---------------------------------------------------------------------------


def test_a_spending_function_is_read_at_the_subjects_that_there_are():
    looks = [{"subjects": 100}, {"subjects": 200}, {"subjects": 300}]
    stand = standing(Interim(**plan(looks=looks)), 120)
    assert stand.look == 1
    assert stand.boundaries == gs.lan_demets_obrien_fleming([120 / 300, 200 / 300, 1])
    later = [{"subjects": 100, "analyzed": 120}, *looks[1:]]
    stand = standing(Interim(**plan(looks=later)), 230)
    assert stand.boundaries == gs.lan_demets_obrien_fleming([120 / 300, 230 / 300, 1])
    # a look to come that is planned at no more than what there is now is left out
    stand = standing(Interim(**plan(looks=looks, look=1)), 200)
    assert stand.boundaries == gs.lan_demets_obrien_fleming([200 / 300, 1])


@pytest.mark.parametrize("n", [230, 300, 330])
def test_the_last_look_spends_what_is_left_whatever_its_size(n):
    looks = [{"subjects": 100, "analyzed": 110}, {"subjects": 200}, {"subjects": 300}]
    stand = standing(Interim(**plan("lan_demets_pocock", looks=looks, look=3)), n)
    at_first = gs.lan_demets_pocock([110 / 300, 200 / 300, 1])
    assert stand.boundaries.cumulative_alpha == pytest.approx(at_first.cumulative_alpha)
    assert stand.boundaries.critical_values[:2] == pytest.approx(at_first.critical_values[:2])
    assert stand.boundaries.information == pytest.approx((110 / n, 200 / n, 1))
    if n == 300:
        assert stand.boundaries.critical_values == pytest.approx(at_first.critical_values)


@pytest.mark.parametrize("boundary", ["obrien_fleming", "pocock"])
def test_boundaries_without_a_spending_function_stay_as_planned(boundary):
    looks = [{"subjects": 100}, {"subjects": 150}, {"subjects": 300}]
    design = getattr(gs, boundary)([1 / 3, 1 / 2, 1])
    for n, look in ((100, 1), (130, 1), (180, 2), (300, 3), (350, 3)):
        stand = standing(Interim(**plan(boundary, looks=looks)), n)
        assert (stand.look, stand.boundaries) == (look, design)


@pytest.mark.parametrize(
    ("looks", "look", "n", "reason"),
    [
        (LOOKS, 2, 110, "an earlier look had as many subjects"),
        (LOOKS, 1, 220, "the last look is planned at no more subjects"),
        (LOOKS, 1, 0, "no look has been reached"),
        ([{"subjects": 1}, {"subjects": 2000}], 1, 1, "no alpha is spent at a look"),
        ([{"subjects": 12}, {"subjects": 200}], 1, 12, "no alpha is spent at a look"),
    ],
)
def test_a_look_that_cannot_be_a_test_says_why(looks, look, n, reason):
    declared = protocol(plan(looks=looks, look=look), sizes=())
    stand = standing(declared.interim, n)
    assert (stand.level, stand.reason) == (None, reason)
    said = said_of(declared, found(declared, n, 0.0001, 0.05))
    value = said.get(f"P1.FAS.look={look}.critical_value")
    assert value.reason == reason
    assert said["P1.claim"].value == "not_tested"
    assert said["study.claim"].value == "not_tested"


# --- what is recorded ----------------------------------------------------------------------


def test_the_plan_and_the_look_are_recorded():
    declared = protocol(plan())
    said = said_of(declared, found(declared, 120, 0.01, -0.12))
    design = gs.lan_demets_obrien_fleming([0.5, 1])
    for look in (1, 2):
        for statistic, of in (
            ("critical_value", "critical_values"),
            ("stage_alpha", "stage_alpha"),
            ("cumulative_alpha", "cumulative_alpha"),
            ("information", "information"),
        ):
            record = said[f"interim.look={look}.{statistic}"]
            assert record.value == getattr(design, of)[look - 1]
            assert record.method == "group_sequential.lan_demets_obrien_fleming"
        assert said[f"interim.look={look}.subjects"].value == 110 * look
    assert said["interim.all.current_look"].value == 1
    assert said["interim.all.alpha"].value == 0.025
    actual = gs.lan_demets_obrien_fleming([120 / 220, 1])
    assert said["P1.FAS.look=1.subjects"].value == 120
    assert said["P1.FAS.look=1.information"].value == pytest.approx(120 / 220)
    assert said["P1.FAS.look=1.critical_value"].value == actual.critical_values[0]
    assert said["P1.FAS.look=1.ci_low"].value == -0.12
    assert said["P1.FAS.look=1.ci_low"].level == pytest.approx(1 - 2 * actual.stage_alpha[0])
    assert said["P1.FAS.look=1.verdict"].value == "not_met"
    assert said["P1.claim"].value == "not_shown"
    # conditional power, by the formula of Lan and Wittes
    z, t, c = norm.isf(0.01), 120 / 220, actual.critical_values[1]
    drift = (norm.isf(0.025) + norm.isf(0.1)) * math.sqrt(design.inflation_factor)
    for statistic, mean in (
        ("conditional_power", z / math.sqrt(t)),
        ("conditional_power_planned", drift),
    ):
        power = norm.cdf((z * math.sqrt(t) + mean * (1 - t) - c) / math.sqrt(1 - t))
        assert said[f"P1.FAS.look=1.{statistic}"].value == pytest.approx(power)


def test_before_the_first_look_nothing_is_decided():
    declared = protocol(plan())
    records = found(declared, 60, 0.00001, 0.01)
    said = said_of(declared, records)
    assert said["interim.all.current_look"].value == 0
    assert said["P1.FAS.all.current_look"].value == 0
    assert not [name for name in said if name.startswith("P1.FAS.look=")]
    assert (said["P1.claim"].value, said["study.claim"].value) == ("not_tested", "not_tested")
    verdicts = [r.value for r in withheld(declared, records) if r.statistic == "verdict"]
    assert verdicts == ["undefined"]
    assert withheld(kit.protocol(), records) == records


def test_an_interval_of_another_level_decides_nothing():
    declared = protocol(plan())
    said = said_of(declared, found(declared, 110, 0.00001, 0.01, level=0.95))
    for statistic in ("ci_low", "ci_high", "verdict"):
        record = said[f"P1.FAS.look=1.{statistic}"]
        assert (record.value, record.reason) == (None, "the interval has another level")
    assert said["P1.claim"].value == "undefined"


@pytest.mark.parametrize(
    ("n", "p", "comparison", "sizes", "reasons"),
    [
        (110, None, "non_inferiority", (SIZE,), ["the p value is undefined, 0 or 1"] * 2),
        (110, 0.0, "non_inferiority", (SIZE,), ["the p value is undefined, 0 or 1"] * 2),
        (110, 0.1, "equivalence", (SIZE,), ["conditional power is that of a one-sided test"] * 2),
        (110, 0.1, "non_inferiority", (), ["", "no sample size is declared"]),
        (220, 0.1, "non_inferiority", (SIZE,), [None, None]),
    ],
)
def test_conditional_power_or_why_there_is_none(n, p, comparison, sizes, reasons):
    declared = protocol(plan(), endpoints=({**kit.QUALITY, "comparison": comparison},), sizes=sizes)
    said = said_of(declared, found(declared, n, p, -0.2))
    names = ("conditional_power", "conditional_power_planned")
    shown = [said.get(f"P1.FAS.look={n // 110}.{name}") for name in names]
    assert [record and record.reason for record in shown] == reasons


def test_boundaries_as_planned_with_more_subjects_than_planned():
    declared = protocol(plan("pocock", look=1))
    said = said_of(declared, found(declared, 230, 0.001, -0.05))
    power = said["P1.FAS.look=1.conditional_power"]
    assert power.reason == "the last look is planned at no more subjects"
    assert said["P1.claim"].value == "shown"


# --- several endpoints ---------------------------------------------------------------------

BOTH = [{**kit.QUALITY, "id": name} for name in ("P1", "P2")]


def both(procedure, looked_at, one, other):
    order = {"order": ["P1", "P2"]} if procedure == "fixed_sequence" else {}
    declared = protocol(
        {**plan(), "endpoints": looked_at},
        endpoints=BOTH,
        multiplicity={"procedure": procedure, "justification": "j", **order},
    )
    records = [
        record
        for name, (n, low) in (("P1", one), ("P2", other))
        for record in found(declared, n, 0.01, low, endpoint=name)
    ]
    said = said_of(declared, records)
    assert not any(name.endswith("adjusted_p") for name in said)
    return [said[f"{name}.claim"].value for name in ("P1", "P2", "study")]


def test_all_endpoints_at_the_looks():
    at = ["P1", "P2"]
    assert both("co_primary", at, (110, -0.05), (110, -0.05)) == ["shown"] * 3
    assert both("co_primary", at, (110, -0.05), (110, -0.2)) == ["shown", "not_shown", "not_shown"]
    # one of them has not reached the look
    assert both("co_primary", at, (110, -0.05), (100, -0.05)) == [
        "shown", "not_tested", "not_tested",
    ]  # fmt: skip
    assert both("fixed_sequence", at, (110, -0.05), (110, -0.05)) == ["shown"] * 3
    assert both("fixed_sequence", at, (110, -0.2), (110, -0.05)) == [
        "not_shown", "not_tested", "not_shown",
    ]  # fmt: skip


def test_an_endpoint_that_waits_for_the_last_look():
    for procedure in ("co_primary", "fixed_sequence"):
        whole = "not_tested" if procedure == "co_primary" else "shown_in_part"
        assert both(procedure, ["P1"], (110, -0.05), (110, -0.05)) == [
            "shown", "not_tested", whole,
        ]  # fmt: skip
        assert both(procedure, ["P1"], (220, -0.05), (220, -0.05)) == ["shown"] * 3


# --- test and interval, and the level of all looks ------------------------------------------


@quick
@given(
    st.integers(0, 40), st.integers(0, 40), st.integers(110, 219),
    st.sampled_from(["lan_demets_obrien_fleming", "lan_demets_pocock", "hwang_shih_decani",
                     "obrien_fleming", "pocock"]),
)  # fmt: skip
def test_the_repeated_interval_excludes_the_margin_where_the_test_rejects(b, c, n, boundary):
    stand = standing(Interim(**plan(boundary)), n)
    cells = (n - b - c, b, c, 0)
    interval = paired_difference.tango(*cells, level=stand.level)
    test = paired_difference.nam_test(*cells, margin=-0.1)
    stage_alpha = stand.boundaries.stage_alpha[0]
    if not math.isclose(test.p_value, stage_alpha, rel_tol=1e-6):
        assert (interval.ci_low > -0.1) == (test.p_value < stage_alpha)


@pytest.mark.parametrize("boundary", ["lan_demets_obrien_fleming", "lan_demets_pocock", "pocock"])
def test_at_the_margin_all_looks_together_keep_the_level(boundary):
    """Studies at the margin itself, looked at three times, the first look at another size."""
    looks = [{"subjects": 300}, {"subjects": 600}, {"subjects": 900}]
    first = 330 if boundary != "pocock" else 300
    sizes = (first, 600, 1000 if boundary != "pocock" else 900)
    taken = [{**looks[0], "analyzed": first}, *looks[1:]]
    draw, times = np.random.default_rng(3), 6000
    steps = np.diff(sizes, prepend=0)
    # only in the test arm 0.05, only in the reference arm 0.15: the difference is the margin
    cells = np.stack(
        [draw.multinomial(step, [0.6, 0.05, 0.15, 0.2], times) for step in steps]
    ).cumsum(axis=0)
    rejected = np.zeros(times, dtype=bool)
    for look, n in enumerate(sizes, start=1):
        stand = standing(Interim(**plan(boundary, looks=taken, look=look)), n)
        # the interval excludes the margin where Nam's statistic exceeds the critical value
        z = np.array([statistic(b, c, n) for b, c in cells[look - 1][:, 1:3]])
        rejected |= z > norm.isf((1 - stand.level) / 2)
    assert rejected.mean() == pytest.approx(0.025, abs=4 * math.sqrt(0.025 * 0.975 / times))
    without = norm.isf(0.025)
    naive = np.zeros(times, dtype=bool)
    for look, n in enumerate(sizes, start=1):
        naive |= np.array([statistic(b, c, n) for b, c in cells[look - 1][:, 1:3]]) > without
    assert naive.mean() > 0.04  # looks without a plan


def statistic(b, c, n, d=-0.1):
    """Nam's statistic against the margin, by its formula."""
    linear, constant = -b - c + (2 * n - b + c) * d, -c * d * (1 - d)
    q = (math.sqrt(linear**2 - 8 * n * constant) - linear) / (4 * n)
    return (b - c - n * d) / math.sqrt(n * (2 * q + d * (1 - d)))


# --- a study from its data -------------------------------------------------------------------


def tables(sizes, failures):
    """Acquisitions in both arms; so many subjects of a site have a repeated one in the test arm."""
    enrolment, rows = kit.enrolled(sizes), []
    for site in sizes:
        own = enrolment["subject_id"][enrolment["site_id"] == site]
        for number, subject in enumerate(own):
            for arm in ("TEST", "REF"):
                bad = arm == "TEST" and number < failures
                rows.append({"site_id": site, "subject_id": subject, "arm": arm,
                             "repeated": "yes" if bad else "no"})  # fmt: skip
    return {"F04": enrolment, "F05": pd.DataFrame(rows)}


@pytest.mark.parametrize(
    ("per_site", "failures", "claim"),
    [(20, 0, "not_tested"), (60, 0, "shown"), (60, 6, "not_shown")],
)
def test_a_study_at_its_first_look(tmp_path, per_site, failures, claim):
    said = kit.content(
        sites={"S01": {"planned_subjects": 200}, "S02": {"planned_subjects": 200}},
        endpoints=[{**kit.QUALITY, "also_sets": ["PPS"]}],
        sets={"FAS": {}, "PPS": {"within": "FAS"}},
        interim=plan(),
        sample_size=[SIZE],
    )
    rows = tables({"S01": per_site, "S02": per_site}, failures)
    results = analyze(study(tmp_path / "study", rows, said))
    kit.check(results.records)
    assert results["P1.claim"].value == claim
    own = results["P1.FAS.all.ci_low"]
    if claim == "not_tested":
        assert own.level == 0.95
        assert results["P1.FAS.all.verdict"].value == "undefined"
        return
    design = gs.lan_demets_obrien_fleming([120 / 220, 1])
    for set_id in ("FAS", "PPS"):
        low = results[f"P1.{set_id}.all.ci_low"]
        assert low.level == pytest.approx(1 - 2 * design.stage_alpha[0])
    repeated = results["P1.FAS.look=1.ci_low"]
    assert dataclasses.replace(repeated, id=own.id, group={}) == own
    met = results["P1.FAS.all.p_value"].value < design.stage_alpha[0]
    assert (own.value > -0.1) == met == (claim == "shown")
    assert results["P1.FAS.look=1.verdict"].value == results["P1.FAS.all.verdict"].value


def test_every_boundary_and_look_gives_records_that_hold():
    boundaries = ("lan_demets_obrien_fleming", "lan_demets_pocock", "hwang_shih_decani",
                  "obrien_fleming", "pocock")  # fmt: skip
    for boundary, n, p in itertools.product(boundaries, (5, 110, 150, 220, 400), (0.0001, 0.4)):
        declared = protocol(plan(boundary))
        said = said_of(declared, found(declared, n, p, 0.0 if p < 0.01 else -0.2))
        assert said["P1.claim"].value in ("shown", "not_shown", "not_tested")


@pytest.mark.parametrize("last", [1000, 2003, 7919])
def test_looks_as_close_as_a_protocol_may_declare_them_have_boundaries(last):
    for fewer in range(last - last // 200, last):
        if not too_close(fewer, last):
            looks = [{"subjects": fewer}, {"subjects": last}, {"subjects": 3 * last}]
            closest = Interim(**plan(looks=looks))
    for n in (fewer, last, 3 * last):
        assert standing(closest, n).level is not None
    assert standing(closest, closest.looks[0].subjects).look == 1
