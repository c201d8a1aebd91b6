"""What cannot be analysed as declared is said when the protocol is read, each misuse by itself."""

import business
import kit
import pytest

MEAN = {
    "id": "P1",
    "kind": "mean_comparison",
    "form": "F05",
    "measure": "scan_time_s",
    "method": "paired_t",
    "centers": "pooled",
    "direction": "lower_is_better",
    "comparison": "superiority",
}
RATIO = {**MEAN, "estimate": "ratio", "method": "geometric_paired"}
READS = {**kit.QUALITY, "form": "F07", "measure": "image_quality >= 3", "combine": "majority"}
GOAL = {
    "id": "P1",
    "kind": "performance_goal",
    "form": "F07",
    "measure": "image_quality >= 3",
    "combine": "majority",
    "method": "wilson",
    "goal": {"value": 0.8, **kit.MARGIN},
}
AGREEMENT = {
    "id": "P1",
    "kind": "reader_agreement",
    "form": "F07",
    "measure": "image_quality",
    "coefficient": "kappa",
    "method": "cohen",
}
ICC = {**AGREEMENT, "coefficient": "icc", "method": "shrout_fleiss"}
MARGIN = {"value": 0.1, **kit.MARGIN}


def changed(base, **changes):
    merged = base | changes
    return {name: value for name, value in merged.items() if value is not ...}


SOUND = {
    "proportion": kit.QUALITY,
    "reads": READS,
    "mean": MEAN,
    "ratio": RATIO,
    "goal": GOAL,
    "failures": changed(READS, missing="failure"),
    "a filter": changed(GOAL, where="session == 1"),
    "rows apart": changed(GOAL, combine="each", method="ratio_estimator"),
    "no goal": changed(GOAL, goal=..., role="secondary"),
    "agreement": AGREEMENT,
    "icc": ICC,
    "reads of a subject": changed(
        READS,
        combine="each",
        centers="pooled",
        method="cluster_robust",
        also_methods=["clustered_paired_difference.obuchowski_test"],
    ),
    "further methods": changed(
        READS,
        also_methods=[
            "paired_difference.newcombe",
            "paired_difference.mcnemar_midp_test",
            "heterogeneity.q_profile",
        ],
    ),
    "order": changed(
        MEAN,
        kind="rank_comparison",
        estimate="location_shift",
        method="hodges_lehmann_paired",
        centers="pooled",
    ),
    "icc with gaps": changed(ICC, method="reml", icc_form="ICC(3,1)"),
    "equivalence": changed(READS, comparison="equivalence"),
    "estimation": changed(READS, comparison="estimation", margin=..., role="secondary"),
    "loss of a ratio": changed(
        RATIO, comparison="non_inferiority", margin={"value": 1.25, **kit.MARGIN}
    ),
}


@pytest.mark.parametrize("name", sorted(SOUND))
def test_sound_endpoints_are_accepted(name):
    endpoint = SOUND[name]
    others = [] if endpoint.get("role") != "secondary" else [changed(kit.QUALITY, id="P0")]
    assert kit.problems(endpoints=[*others, endpoint]) == []


MISUSES = {
    # ---- forms, measures, rows
    "form not used": (changed(READS, form="F06", measure="panel_size > 3"), "endpoint-form-unused"),
    "form without subjects": (changed(MEAN, form="F01", measure="subjects_screened"),
                              "endpoint-form-keys endpoint-form-keys"),
    "form without arms": (changed(READS, form="F04", measure='sex == "male"', combine="only"),
                          "endpoint-form-keys"),
    "column unknown": (changed(MEAN, measure="scan_time"), "rule-column-unknown"),
    "column of the filter unknown": (changed(MEAN, where="nothing > 1"), "rule-column-unknown"),
    "code unknown": (changed(READS, form="F05", measure='repeated == "never"', combine="only"),
                     "rule-code-unknown"),
    "a number for a truth": (changed(READS, measure="image_quality"), "rule-is-a-number"),
    "a truth for a number": (changed(MEAN, measure="scan_time_s > 3"), "rule-is-a-truth"),
    "a filter that is a number": (changed(MEAN, where="scan_time_s"), "rule-is-a-number"),
    "several rows": (changed(READS, combine=...), "rows-exceed-subjects"),
    "failures by a filter": (changed(READS, missing="failure", where="session == 1"),
                             "left-out-fails"),
    "failures of a goal by a filter": (changed(GOAL, missing="failure", where="session == 1"),
                                       "left-out-fails"),
    "mean of truths": (changed(READS, combine="mean"), "design-does-not-fit"),
    "median of truths": (changed(READS, combine="median"), "design-does-not-fit"),
    "truths left apart": (changed(READS, combine="each", method="cluster_robust"),
                          "design-does-not-fit"),
    "method of clusters": (changed(READS, combine="each", centers="pooled"), "method-unknown"),
    "further method of another design": (changed(READS, also_methods=["risk_difference.wald"]),
                                         "method-unknown"),
    "baseline of a paired mean": (changed(MEAN, baseline="age_years"), "baseline-not-used"),
    "clusters and failures": (
        changed(READS, combine="each", centers="pooled", method="cluster_robust",
                missing="failure"), "design-does-not-fit"),
    "majority of numbers": (changed(MEAN, combine="majority"), "design-does-not-fit"),
    "numbers left apart": (changed(MEAN, combine="each"), "design-does-not-fit"),
    "mean of a goal's truths": (changed(GOAL, combine="mean"), "design-does-not-fit"),
    "arm unknown": (changed(READS, compare={"test": "TEST", "reference": "OLD"}), "arm-unknown"),
    "arm of the goal unknown": (changed(GOAL, arm="OLD"), "arm-unknown"),
    # ---- methods
    "method unknown": (changed(READS, method="fisher"), "method-unknown"),
    "method of groups": (changed(READS, method="miettinen_nurminen"), "method-unknown"),
    "method of another centering": (changed(READS, method="newcombe"), "method-unknown"),
    "method of a mean": (changed(MEAN, method="welch"), "method-unknown"),
    "method of a difference": (changed(RATIO, method="paired_t"), "method-unknown"),
    "ratio of proportions": (changed(READS, estimate="ratio", margin={"value": 0.9, **kit.MARGIN}),
                             "method-unknown"),
    "interval of rows": (changed(GOAL, combine="each"), "method-unknown"),
    "interval of subjects": (changed(GOAL, method="ratio_estimator"), "method-unknown"),
    "coefficient without method": (changed(AGREEMENT, method="observed"), "method-unknown"),
    # ---- margins, missing results
    "no margin": (changed(READS, margin=...), "margin-missing"),
    "margin without value": (changed(READS, margin={**kit.MARGIN}), "margin-without-value"),
    "margin without source": (changed(READS, margin={"value": 0.1, "justification": "j"}),
                              "margin-without-source"),
    "margin without reason": (changed(READS, margin={"value": 0.1, "source": "s"}),
                              "margin-without-justification"),
    "margin of an estimation": (changed(READS, comparison="estimation"), "margin-not-used"),
    "margin in percent": (changed(READS, margin={"value": 5.0, **kit.MARGIN}),
                          "value-out-of-limits"),
    "goal in percent": (changed(GOAL, goal={"value": 80.0, **kit.MARGIN}), "value-out-of-limits"),
    "ratio on the wrong side": (changed(RATIO, margin={"value": 1.5, **kit.MARGIN}),
                                "margin-wrong-side"),
    "loss on the wrong side": (changed(RATIO, comparison="non_inferiority",
                                       margin={"value": 0.8, **kit.MARGIN}), "margin-wrong-side"),
    "no goal": (changed(GOAL, goal=...), "margin-missing"),
    "goal without source": (changed(GOAL, goal={"value": 0.8, "justification": "j"}),
                            "margin-without-source"),
    "goal of agreement": (changed(AGREEMENT, goal={"value": 0.6}),
                          "margin-without-source margin-without-justification"),
    "a missing number as failed": (changed(MEAN, missing="failure"), "design-does-not-fit"),
    "missing rows as failed": (changed(GOAL, combine="each", method="ratio_estimator",
                                       missing="failure"), "design-does-not-fit"),
    # ---- readers
    "form without readers": (changed(AGREEMENT, form="F05", measure="scan_time_s"),
                             "endpoint-form-keys"),
    "reader unknown": (changed(AGREEMENT, readers=["R1", "R9"]), "reader-unknown"),
    "reader alone": (changed(AGREEMENT, readers=["R1"]), "readers-too-few"),
    "reader twice": (changed(AGREEMENT, readers=["R1", "R2", "R1"]), "item-twice"),
    "correlation of truths": (changed(ICC, measure="image_quality > 3"), "rule-is-a-truth"),
    "form of reml": (changed(ICC, method="reml", icc_form="ICC(1,1)"), "design-does-not-fit"),
    "goal of reml": (changed(ICC, method="reml", goal={"value": 0.6, **kit.MARGIN}),
                     "design-does-not-fit"),
    # ---- sets
    "set unknown": (changed(READS, set="XYZ"), "set-unknown"),
    "further set unknown": (changed(READS, also_sets=["XYZ"]), "set-unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MISUSES))
def test_each_misuse_is_found_and_nothing_else(name):
    endpoint, kinds = MISUSES[name]
    forms = ["F01", "F04", "F05", "F07"]
    assert kit.problems(endpoints=[endpoint], forms=forms) == sorted(kinds.split())


@pytest.mark.parametrize(
    "endpoint",
    [
        changed(MEAN, measure="software_version"),
        changed(MEAN, measure="completed"),
        changed(MEAN, measure="acquisition_date"),
        changed(ICC, measure="call"),
    ],
    ids=["text", "code", "date", "code of readers"],
)
def test_a_number_is_neither_a_text_nor_a_date(endpoint):
    assert kit.problems(endpoints=[endpoint]) != []


def test_two_arms_need_two_arms():
    for endpoint in (READS, MEAN):
        found = kit.problems(design="single_arm", endpoints=[endpoint])
        assert "design-does-not-fit" in found


def test_groups_have_methods_of_their_own():
    for endpoint, method in (
        (changed(READS, method="miettinen_nurminen"), "tango"),
        (changed(MEAN, method="welch"), "paired_t"),
    ):
        assert kit.problems(design="parallel", endpoints=[endpoint]) == []
        wrong = changed(endpoint, method=method)
        assert kit.problems(design="parallel", endpoints=[wrong]) == ["method-unknown"]


def test_groups_may_have_their_arm_on_the_enrolment_form():
    endpoint = changed(READS, form="F06", measure='reference_result == "positive"',
                       combine="only", method="miettinen_nurminen")  # fmt: skip
    arm = {"id": "arm", "type": "arm", "label": "arm"}
    for enrolment, expected in (
        ("F04", ["endpoint-form-keys"]),
        ({"use": "F04", "add": [arm]}, []),
    ):
        forms = [enrolment, "F05", "F06", "F07"]
        found = kit.problems(design="parallel", endpoints=[endpoint], forms=forms)
        assert found == expected


def test_a_scale_with_its_best_in_the_middle_has_no_better_end():
    forms = ["F04", "F05", {"use": "F07", "change": {"noise": {"target": 3.0}}}]
    endpoint = changed(MEAN, form="F07", measure="noise", combine="mean")
    assert kit.problems(endpoints=[endpoint], forms=forms) == ["target-scale"]
    endpoint["measure"] = "abs(noise - 3)"
    assert kit.problems(endpoints=[endpoint], forms=forms) == []


FIRST = changed(kit.QUALITY, id="Z1")
V1 = {"id": "V1", "kind": "return_on_investment", "throughput": "T1"}


def money(endpoints, *, design="paired", economics=None, **more):
    return kit.problems(
        design=design,
        sites=business.SITES,
        endpoints=[FIRST, *endpoints],
        **({"economics": economics} if economics else {}),
        **more,
    )


def test_throughput_and_investment_need_economics():
    assert money([business.throughput(), V1], economics=business.economics()) == []
    assert money([business.throughput()]) == ["economics-missing"]
    assert money([business.throughput(), V1]) == ["economics-missing"] * 2


def test_scan_time_alone_is_no_room_time():
    endpoint = business.throughput(room_minutes=None)
    found = money([endpoint], economics=business.economics())
    assert found == ["input-room-time-missing"]
    every = business.economics(ALL={"room_minutes_per_exam": 30})
    assert money([endpoint], economics=every) == []


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({"form": "F06"}, ["endpoint-form-unused"]),
        ({"form": "F04", "scan_seconds": "age_years", "room_minutes": "age_years"},
         ["endpoint-form-keys"]),
        ({"scan_seconds": "scan_time"}, ["rule-column-unknown"]),
        ({"room_minutes": "room_time_min > 3"}, ["rule-is-a-truth"]),
        ({"where": "scan_time_s"}, ["rule-is-a-number"]),
    ],
)  # fmt: skip
def test_what_throughput_cannot_read(said, kinds):
    found = money([business.throughput(**said)], economics=business.economics())
    assert found == kinds


def test_throughput_compares_acquisitions_of_the_same_subject():
    first = changed(FIRST, method="miettinen_nurminen")
    found = kit.problems(
        design="parallel",
        sites=business.SITES,
        endpoints=[first, business.throughput()],
        economics=business.economics(),
    )
    assert found == ["design-does-not-fit"]


def test_an_investment_builds_on_throughput():
    found = money([changed(V1, throughput="T9")], economics=business.economics())
    assert found == ["endpoint-unknown"]
    found = money([changed(V1, throughput="Z1")], economics=business.economics())
    assert found == ["design-does-not-fit"]


def test_every_currency_needs_its_rate():
    economics = business.economics()
    economics["exchange_rates"] = {}
    assert money([business.throughput(), V1], economics=economics) == ["exchange-rate-missing"]
