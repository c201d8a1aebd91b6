"""Sizes: those of the statistics called by hand, and the power that simulated studies have."""

import math

import kit
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.endpoints.planning import plan_of, with_margin
from clinval.endpoints.sizing import FAMILIES
from clinval.endpoints.what_if import table_of
from clinval.protocol.endpoint import Margin
from clinval.stats.accuracy import proportion
from clinval.stats.comparison import mean_difference, paired_difference, risk_difference
from clinval.stats.planning import sample_size

MARGIN = {"value": 0.05, **kit.MARGIN}
PROPORTION = {**kit.QUALITY, "margin": MARGIN}
UNPAIRED = {**PROPORTION, "method": "farrington_manning", "centers": "pooled"}
MEAN = {
    "id": "P1", "kind": "mean_comparison", "form": "F05", "measure": "scan_time_s",
    "method": "paired_t", "centers": "pooled", "direction": "lower_is_better",
    "comparison": "non_inferiority", "margin": {"value": 20, **kit.MARGIN},
}  # fmt: skip
RATIO = {**MEAN, "estimate": "ratio", "method": "geometric_paired", "comparison": "superiority",
         "margin": {"value": 0.5, **kit.MARGIN}}  # fmt: skip
GOAL = {
    "id": "P1", "kind": "performance_goal", "form": "F05", "measure": 'repeated == "no"',
    "method": "clopper_pearson", "arm": "TEST", "goal": {"value": 0.85, **kit.MARGIN},
}  # fmt: skip
LOSS = {**MEAN, "method": "welch"}


def changed(base, **changes):
    return {key: value for key, value in (base | changes).items() if value is not ...}


def plan(endpoint, planning=None, *, paired=True, planned=(60, 40), **size):
    """Return the plan of an endpoint of a small study."""
    declared = None
    if planning is not None or size:
        declared = {
            "endpoint": "P1", "alpha": 0.025, "power": 0.9, "assumptions": "a", "source": "s",
            **({"planning": planning} if planning is not None else {}), **size,
        }  # fmt: skip
    protocol = kit.protocol(
        design="paired" if paired else "parallel",
        endpoints=[endpoint],
        sample_size=[declared] if declared else [],
        sites={f"S{n:02d}": {"planned_subjects": count} for n, count in enumerate(planned, 1)},
    )
    found = protocol.sample_size[0] if declared else None
    return plan_of(protocol.endpoints[0], found, paired=paired, planned=planned)


def needed(found):
    return found.needed(found.expected, found.claim).n


# ---------------------------------------------------------------------- sizes by hand


def test_pairs_are_sized_by_nam():
    for planning in (
        {"p10": 0.05, "p01": 0.05},
        {"p_test": 0.9, "p_reference": 0.9, "discordance": 0.1},
    ):
        assert needed(plan(PROPORTION, planning)) == pytest.approx(461.399, abs=1e-3)
    worse = plan(PROPORTION, {"p10": 0.06, "p01": 0.08})
    assert needed(worse) == pytest.approx(sample_size.nam(0.06, 0.08, margin=-0.05).n_pairs)


def test_a_lower_rate_that_is_better_has_its_margin_above():
    found = plan(changed(PROPORTION, direction="lower_is_better"), {"p10": 0.03, "p01": 0.06})
    by_hand = sample_size.nam(0.03, 0.06, margin=0.05, alternative="less")
    assert needed(found) == pytest.approx(by_hand.n_pairs)


def test_two_arms_are_sized_by_farrington_and_manning():
    found = plan(
        UNPAIRED, {"p_test": 0.9, "p_reference": 0.88, "allocation_ratio": 2}, paired=False
    )
    by_hand = sample_size.farrington_manning(0.9, 0.88, margin=-0.05, ratio=2)
    assert needed(found) == pytest.approx(by_hand.n_total)
    total = by_hand.sample_size_test + by_hand.sample_size_reference
    assert found.enrolment.subjects(needed(found), found.expected.parts) == total
    power = sample_size.farrington_manning_power(100, 0.9, 0.88, margin=-0.05, ratio=2).power
    assert found.power_of([300]) == pytest.approx(power)


def test_means_are_sized_by_the_t_test():
    found = plan(MEAN, {"difference": 5, "sd_difference": 60})
    by_hand = sample_size.paired_mean_difference_t(60, margin=20, difference=5)
    assert needed(found) == pytest.approx(by_hand.n_pairs)
    same = plan(MEAN, {"difference": 5, "sd": 60, "correlation": 0.5})
    assert needed(same) == pytest.approx(needed(found))
    arms = plan(LOSS, {"difference": 0, "sd": 60}, paired=False)
    by_hand = sample_size.mean_difference_t(60, margin=20)
    assert needed(arms) == pytest.approx(by_hand.n_total)
    assert arms.enrolment.subjects(needed(arms), arms.expected.parts) == by_hand.sample_size


def test_ratios_are_sized_on_the_log_scale():
    found = plan(RATIO, {"true_ratio": 0.44, "cv_within": 0.2})
    by_hand = sample_size.non_inferiority_ratio_paired(
        0.2, theta0=0.44, margin=0.5, power=0.9, alternative="less"
    )
    assert needed(found) == by_hand.sample_size
    arms = plan(changed(RATIO, method="geometric_welch"), {"true_ratio": 0.44, "cv": 0.4},
                paired=False)  # fmt: skip
    by_hand = sample_size.non_inferiority_ratio_parallel(
        0.4, theta0=0.44, margin=0.5, power=0.9, alternative="less"
    )
    assert needed(arms) == by_hand.sample_size


@pytest.mark.parametrize(("direction", "p"), [("higher_is_better", 0.92), ("lower_is_better", 0.8)])
def test_a_goal_is_sized_by_the_exact_test(direction, p):
    found = plan(changed(GOAL, direction=direction), {"p_expected": p})
    by_hand = sample_size.exact_binomial(p, goal=0.85)
    assert needed(found) == by_hand.sample_size_stable
    assert (found.power_of(range(int(needed(found)), int(needed(found)) + 100)) >= 0.9).all()


def test_superiority_without_a_margin_is_against_no_difference():
    found = plan(
        changed(PROPORTION, comparison="superiority", margin=...), {"p10": 0.2, "p01": 0.1}
    )
    by_hand = sample_size.nam(0.2, 0.1, margin=0, alternative="greater")
    assert needed(found) == pytest.approx(by_hand.n_pairs)


def test_equivalence_needs_both_sides():
    equal = changed(PROPORTION, comparison="equivalence")
    found = plan(equal, {"p10": 0.05, "p01": 0.05})
    # each side may fail half as often
    one_side = sample_size.nam(0.05, 0.05, margin=-0.05, power=0.95).sample_size
    assert abs(needed(found) - one_side) <= 1
    power = found.power_of([500])[0]
    sides = [sample_size.nam_power(500, 0.05, 0.05, margin=m).power[0] for m in (-0.05, 0.05)]
    assert power == pytest.approx(sum(sides) - 1)
    ratio = changed(RATIO, comparison="equivalence", margin={"value": 1.25, **kit.MARGIN})
    by_hand = sample_size.tost_ratio_paired(0.25, theta0=1, power=0.9, alpha=0.025)
    assert needed(plan(ratio, {"true_ratio": 1.0, "cv_within": 0.25})) == by_hand.sample_size


# ---------------------------------------------------------------------- from results to enrolment


def test_losses_and_clusters_are_multiplied_and_rounded_once():
    planning = {"p10": 0.05, "p01": 0.05, "prevalence": 0.5, "icc": 0.1, "cluster_size": 5,
                "cluster_size_cv": 0.4}  # fmt: skip
    found = plan(PROPORTION, planning, dropout=0.2)
    effect = 1 + ((1 + 0.4**2) * 5 - 1) * 0.1
    assert found.enrolment.design_effect == pytest.approx(effect)
    n = needed(found)
    assert found.enrolment.subjects(n, (1.0,)) == math.ceil(n * effect)
    assert found.enrolment.to_enrol(n, (1.0,)) == math.ceil(n * effect / 0.4)
    assert found.enrolment.with_result(100) == 40


def test_without_a_size_a_cluster_is_a_center_as_planned():
    found = plan(PROPORTION, {"p10": 0.05, "p01": 0.05, "icc": 0.02}, planned=(90, 60, 30))
    assert found.enrolment.cluster_size == pytest.approx(60)
    assert found.enrolment.cluster_size_cv == pytest.approx(np.std([90, 60, 30]) / 60)


def test_rows_that_stay_apart_are_clustered_in_their_subjects():
    rows = changed(GOAL, combine="each", method="ratio_estimator")
    assert plan(rows, {"p_expected": 0.92}).missing == ("icc", "cluster_size")
    found = plan(rows, {"p_expected": 0.92, "icc": 0.2, "cluster_size": 4})
    n = sample_size.exact_binomial(0.92, goal=0.85).sample_size_stable
    effect = 1 + 3 * 0.2
    assert found.enrolment.subjects(n, (1.0,)) == math.ceil(n * effect / 4)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.01, 0.2), st.floats(-0.02, 0.05), st.floats(0, 0.5), st.floats(0, 0.3),
    st.floats(1, 30), st.floats(0.7, 0.97),
)  # fmt: skip
def test_the_number_needed_has_the_power_and_hardly_more(spread, gain, lost, icc, size, power):
    planning = {"p10": spread / 2 + max(gain, 0), "p01": spread / 2 - min(gain, 0), "icc": icc,
                "cluster_size": size}  # fmt: skip
    protocol = kit.protocol(endpoints=[PROPORTION], sample_size=[{
        "endpoint": "P1", "alpha": 0.025, "power": power, "dropout": lost, "assumptions": "a",
        "source": "s", "planning": planning,
    }])  # fmt: skip
    found = plan_of(protocol.endpoints[0], protocol.sample_size[0], paired=True, planned=(30, 30))
    subjects = found.enrolment.subjects(needed(found), (1.0,))
    enrolled = found.enrolment.to_enrol(needed(found), (1.0,))
    reached = found.power_of([subjects, subjects - 1])
    assert reached[0] >= power - 1e-9
    assert subjects == 1 or reached[1] < power + 1e-9
    assert found.enrolment.with_result(enrolled) >= subjects - 1
    assert (np.diff(found.power_of(range(1, 400, 7))) >= -1e-12).all()


# ---------------------------------------------------------------------- simulated studies


def within(shown, power):
    """Whether a share of simulated studies agrees with a power, by four standard errors."""
    return abs(np.mean(shown) - power) < 4 * math.sqrt(power * (1 - power) / len(shown)) + 0.012


def test_simulated_pairs_have_the_power():
    found = plan(PROPORTION, {"p10": 0.04, "p01": 0.05})
    n = math.ceil(needed(found))
    draw = np.random.default_rng(20260301)
    cells = draw.multinomial(n, [0.85, 0.04, 0.05, 0.06], size=600)
    shown = [paired_difference.tango(*row.tolist()).ci_low > -0.05 for row in cells]
    assert within(shown, found.power_of([n])[0])


def test_simulated_arms_have_the_power():
    found = plan(UNPAIRED, {"p_test": 0.9, "p_reference": 0.9}, paired=False)
    n = math.ceil(needed(found) / 2)
    x = np.random.default_rng(20260302).binomial(n, 0.9, size=(600, 2)).tolist()
    shown = [risk_difference.farrington_manning(a, n, b, n).ci_low > -0.05 for a, b in x]
    assert within(shown, found.power_of([2 * n])[0])


def test_simulated_means_have_the_power():
    found = plan(MEAN, {"difference": 5, "sd_difference": 40})
    n = math.ceil(needed(found))
    draws = np.random.default_rng(20260303).normal(5, 40, size=(600, n))
    shown = [mean_difference.paired_t(row, np.zeros(n)).ci_high < 20 for row in draws]
    assert within(shown, found.power_of([n])[0])


def test_simulated_goals_have_the_power():
    found = plan(GOAL, {"p_expected": 0.92})
    n = int(needed(found))
    x = np.random.default_rng(20260304).binomial(n, 0.92, size=2000).tolist()
    low = {count: proportion.clopper_pearson(count, n).ci_low for count in set(x)}
    assert within([low[count] > 0.85 for count in x], found.power_of([n])[0])


# ---------------------------------------------------------------------- what cannot be sized


@pytest.mark.parametrize(
    ("endpoint", "planning", "missing"),
    [
        (PROPORTION, {}, ("p10", "p01")),
        (PROPORTION, {"p10": 0.1}, ("p01",)),
        (PROPORTION, {"p_test": 0.9, "discordance": 0.1}, ("p_reference",)),
        (MEAN, {"difference": 0, "sd": 3}, ("correlation",)),
        (RATIO, {"cv_within": 0.3}, ("true_ratio",)),
        (GOAL, {"prevalence": 0.3}, ("p_expected",)),
    ],
)
def test_assumptions_that_are_missing_are_those_of_the_set_that_was_begun(
    endpoint, planning, missing
):
    found = plan(endpoint, planning)
    assert found.missing == missing
    assert found.expected is None


@pytest.mark.parametrize(
    ("endpoint", "planning", "reason"),
    [
        (PROPORTION, {"p10": 0.02, "p01": 0.08}, "the expected effect is not beyond the bound"),
        (PROPORTION, {"p10": 0.02, "p01": 0.07}, "the expected effect is not beyond the bound"),
        (GOAL, {"p_expected": 0.85}, "the expected effect is not beyond the bound"),
        (GOAL, {"p_expected": 0.8}, "the expected effect is not beyond the bound"),
        (RATIO, {"true_ratio": 0.5, "cv_within": 0.2},
         "the expected effect is not beyond the bound"),
        (GOAL, {"p_expected": 0.85001}, "more than ten million subjects are needed"),
        (MEAN, {"difference": 19.9999, "sd_difference": 90},
         "more than ten million subjects are needed"),
        (changed(PROPORTION, comparison="equivalence"), {"p10": 0.14999, "p01": 0.1},
         "more than ten million subjects are needed"),
    ],
)  # fmt: skip
def test_what_no_number_of_subjects_shows_has_a_reason(endpoint, planning, reason):
    found = plan(endpoint, planning)
    outcome = found.needed(found.expected, found.claim)
    assert (outcome.n, outcome.reason) == (None, reason)


def test_nothing_that_a_protocol_may_say_brings_the_check_down():
    extreme = [1e-300, 1e-12, 1e12, 1e300]
    for first in extreme:
        for second in extreme:
            kit.problems(
                endpoints=[MEAN], sample_size=[size(difference=first, sd_difference=second)]
            )
            kit.problems(
                endpoints=[MEAN], sample_size=[size(difference=-first, sd_difference=second)]
            )
            kit.problems(endpoints=[RATIO], sample_size=[size(true_ratio=first, cv_within=second)])
    for share in (0, 1e-300, 1e-9, 0.15, 0.5, 1 - 1e-12, 1):
        kit.problems(endpoints=[GOAL], sample_size=[size(p_expected=share)])
        kit.problems(endpoints=[PROPORTION], sample_size=[size(p10=share, p01=0)])
        kit.problems(endpoints=[PROPORTION], sample_size=[size(p10=share, p01=share / 2, icc=1)])


def size(**planning):
    return {"endpoint": "P1", "alpha": 0.025, "power": 0.9, "assumptions": "a", "source": "s",
            "planning": planning}  # fmt: skip


def test_kinds_without_a_formula_say_so():
    kinds = {kind for kind, _, _ in FAMILIES}
    assert kinds == {
        "proportion_comparison", "mean_comparison", "performance_goal", "accuracy_comparison",
        "diagnostic_accuracy", "mrmc", "ai_versus_readers",
    }  # fmt: skip
    agreement = {"id": "A1", "kind": "reader_agreement", "form": "F07", "measure": "image_quality",
                 "coefficient": "kappa", "method": "cohen"}  # fmt: skip
    found = kit.problems(
        endpoints=[kit.QUALITY, agreement], multiplicity=None,
        sample_size=[{**size(p10=0.1), "endpoint": "A1"}],
    )  # fmt: skip
    assert "planning-not-used" in found


def test_accuracy_is_sized_like_the_proportion_that_it_is():
    """A sensitivity against a goal, and one of two tests, need as many as the proportions do."""
    goal = {"value": 0.8, **kit.MARGIN}
    reference = {"form": "F06", "positive": "panel_size >= 3", "negative": "panel_size < 3"}
    against = {"form": "F05", "measure": 'repeated == "no"', "negative": 'repeated == "yes"',
               "reference": reference}  # fmt: skip
    alone = {"id": "P1", "kind": "diagnostic_accuracy", "quantity": "sensitivity", **against,
             "method": "clopper_pearson", "goal": goal, "where": 'arm == "TEST"'}  # fmt: skip
    two = {**kit.QUALITY, "kind": "accuracy_comparison", "quantity": "sensitivity", **against}
    plain = {"id": "P1", "kind": "performance_goal", "form": "F05", "method": "clopper_pearson",
             "measure": 'repeated == "no"', "goal": goal, "where": 'arm == "TEST"'}  # fmt: skip
    forms = ["F04", "F05", "F06", "F07"]
    planning = {"p_expected": 0.9, "prevalence": 0.4}
    for one, other, planned in (
        (alone, plain, planning),
        (two, kit.QUALITY, {"p10": 0.05, "p01": 0.05}),
    ):
        found = [
            kit.problems(forms=forms, endpoints=[said], sample_size=[size(**planned)])
            for said in (one, other)
        ]
        assert found[0] == found[1]
        plans = [
            plan_of(protocol.endpoints[0], protocol.sample_size[0], paired=True, planned=[30, 30])
            for protocol in (
                kit._read(kit.content(
                    forms=forms, endpoints=[said], sample_size=[size(**planned)]
                )).protocol
                for said in (one, other)
            )
        ]  # fmt: skip
        needs = [plan.needed(plan.expected, plan.claim).n for plan in plans]
        assert needs[0] == needs[1] > 30


# ---------------------------------------------------------------------- other assumptions


def test_the_table_holds_the_plan_itself():
    found = plan(PROPORTION, {"p10": 0.04, "p01": 0.06}, dropout=0.1)
    table = table_of(found)
    assert (table.rows, table.columns, table.assumed) == ("discordance", "difference", True)
    [own] = [c for c in table.cells if (c.row, c.column) == (0.1, -0.02)]
    assert own.to_enrol == found.enrolment.to_enrol(needed(found), (1.0,))
    by_row = {}
    for cell in table.cells:
        by_row.setdefault(cell.row, []).append((cell.column, cell.to_enrol))
    for cells in by_row.values():
        sizes = [n for _, n in sorted(cells) if n is not None]
        assert sizes == sorted(sizes, reverse=True)


def test_where_the_margin_is_open_the_table_is_of_margins():
    endpoint = plan(PROPORTION, {"p10": 0.05, "p01": 0.05}).endpoint
    claim = with_margin(endpoint, 0.08)
    assert (claim.above, claim.below) == (-0.08, None)
    draft = endpoint.model_copy(update={"margin": Margin(status="none_found")})
    open_ = plan_of(draft, None, paired=True, planned=(30, 30))
    assert open_.claim is not None
    assert not open_.bounded
    table = table_of(open_)
    assert (table.columns, table.assumed) == ("margin", False)
    for cell in table.cells:
        half = cell.row / 2
        by_hand = sample_size.nam(half, half, margin=-cell.column).sample_size
        assert cell.to_enrol == by_hand


def test_of_a_goal_the_table_is_over_power():
    table = table_of(plan(GOAL, {"p_expected": 0.92}))
    assert (table.rows, table.columns) == ("power", "p_expected")
    assert {cell.row for cell in table.cells} == {0.8, 0.85, 0.9, 0.95}
    for cell in table.cells:
        by_hand = sample_size.exact_binomial(cell.column, goal=0.85, power=cell.row)
        assert cell.to_enrol == by_hand.sample_size_stable


@pytest.mark.parametrize("endpoint", [PROPORTION, MEAN, RATIO, GOAL,
                                      changed(PROPORTION, comparison="superiority", margin=...),
                                      changed(MEAN, comparison="superiority", margin=...),
                                      changed(RATIO, comparison="superiority", margin=...),
                                      changed(RATIO, comparison="equivalence")])  # fmt: skip
def test_without_assumptions_there_is_a_table_for_orientation(endpoint):
    table = table_of(plan(endpoint))
    assert not table.assumed
    numbers = [cell.to_enrol for cell in table.cells]
    assert sum(number is not None for number in numbers) > len(numbers) / 2
