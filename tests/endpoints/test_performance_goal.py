"""A proportion of one arm and its goal, from the raw rows."""

import kit
import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from scipy import stats

SITES = ("S01", "S02", "S03", "S04")
SIZES = {"S01": 25, "S02": 14, "S03": 1}  # nobody at S04
QUIET = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
GOAL = {"value": 0.6, **kit.MARGIN}


def declared(design="single_arm", **said):
    base = {
        "id": "P1",
        "kind": "performance_goal",
        "form": "F07",
        "measure": "image_quality >= 3",
        "combine": "majority",
        "method": "clopper_pearson",
        "goal": GOAL,
    }
    base |= said
    base = {name: value for name, value in base.items() if value is not None}
    return kit.protocol(design=design, sites=SITES, readers=("R1", "R2", "R3"), endpoints=[base])


def population(seed, sizes=SIZES, *, arms=lambda _: ("TEST",)):
    draw = np.random.default_rng(seed)
    people = kit.enrolled(sizes)
    people["enrolled"] = draw.choice(["yes", "no"], len(people), p=[0.9, 0.1])
    rows = [
        {"site_id": site, "subject_id": subject, "arm": arm, "reader_id": reader,
         "image_quality": None if draw.random() < 0.15 else float(draw.integers(1, 6))}
        for site, subject in zip(people["site_id"], people["subject_id"], strict=True)
        for arm in arms(subject)
        for reader in ("R1", "R2", "R3")
        if draw.random() < 0.8
    ]  # fmt: skip
    return {"F04": people, "F07": pd.DataFrame(rows)}


def subjects(tables, arm="TEST"):
    """Return a frame with a row a subject of the set: site, and success (or NaN)."""
    scored = tables["F07"].dropna(subset=["image_quality"])
    scored = scored[scored["arm"] == arm]
    share = (scored["image_quality"] >= 3).groupby(scored["subject_id"]).mean()
    people = tables["F04"][tables["F04"]["enrolled"] == "yes"].set_index("subject_id")
    return people[["site_id"]].assign(
        success=(share > 0.5).astype(float).reindex(people.index), share=share
    )


def exact(x, n, level=0.95):
    interval = stats.binomtest(x, n).proportion_ci(confidence_level=level, method="exact")
    return x / n, interval.low, interval.high


def check_interval(found, place, expected):
    for statistic, value in zip(("estimate", "ci_low", "ci_high"), expected, strict=True):
        assert found[f"{place}.{statistic}"] == pytest.approx(value, abs=1e-9), (place, statistic)


@pytest.mark.parametrize("missing", ["exclude", "failure"])
@pytest.mark.parametrize("direction", ["higher_is_better", "lower_is_better"])
def test_a_single_arm_with_a_goal(missing, direction):
    tables = population(1)
    records = kit.run(declared(missing=missing, direction=direction), tables)
    found = kit.values(records)
    frame = subjects(tables)
    absent, higher = frame["success"].isna(), direction == "higher_is_better"
    used = frame.dropna(subset=["success"])
    if missing == "failure":
        used = frame.fillna({"success": 0.0 if higher else 1.0})
    x, n = int(used["success"].sum()), len(used)
    assert (found["all.x"], found["all.trials"], found["all.n"]) == (x, n, n)
    assert found["all.missing"] == absent.sum() > 0
    assert records["all.x"].unit == "subjects"
    check_interval(found, "all", exact(x, n))
    limit = found["all.ci_low" if higher else "all.ci_high"]

    def word(limit):
        return "met" if (limit > 0.6 if higher else limit < 0.6) else "not_met"

    assert found["all.goal"] == 0.6
    assert found["all.verdict"] == word(limit)
    test = stats.binomtest(x, n, 0.6, alternative="greater" if higher else "less")
    assert found["all.p_value"] == pytest.approx(test.pvalue)
    assert (found["all.p_value"] < 0.025) == (found["all.verdict"] == "met")
    flips, table = [], []
    for site in SITES:
        here, kept = frame[frame["site_id"] == site], used[used["site_id"] == site]
        assert found[f"site={site}.n"] == len(kept)
        assert found[f"site={site}.missing"] == here["success"].isna().sum()
        if not len(kept):
            assert f"site={site}.estimate" not in found
            continue
        x_here = int(kept["success"].sum())
        assert found[f"site={site}.x"] == x_here
        check_interval(found, f"site={site}", exact(x_here, len(kept)))
        assert f"site={site}.verdict" not in found
        check_interval(found, f"without_site={site}", exact(x - x_here, n - len(kept)))
        limits = exact(x - x_here, n - len(kept))
        without = word(limits[1] if higher else limits[2])
        assert found[f"without_site={site}.verdict"] == without
        flips += [site] if without != found["all.verdict"] else []
        table.append((x_here, len(kept) - x_here))
    assert found["all.centers_that_flip"] == (", ".join(flips) or "none")
    chi2 = stats.chi2_contingency(np.array(table), correction=False)
    assert found["all.q"] == pytest.approx(chi2.statistic)
    assert (found["all.q_df"], found["all.q_p_value"]) == (chi2.dof, pytest.approx(chi2.pvalue))


def _wilson(x, n):
    interval = stats.binomtest(x, n).proportion_ci(method="wilson")
    return interval.low, interval.high


def _jeffreys(x, n):
    return tuple(stats.beta.ppf((0.025, 0.975), x + 0.5, n - x + 0.5))


def _agresti_coull(x, n):
    z = oracle.quantile()
    p = (x + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(p * (1 - p) / (n + z**2))
    return p - half, p + half


def _logit(x, n):
    middle = np.log(x / (n - x))
    half = oracle.quantile() * np.sqrt(1 / x + 1 / (n - x))
    return tuple(1 / (1 + np.exp(-np.array([middle - half, middle + half]))))


METHODS = {
    "wilson": _wilson,
    "jeffreys": _jeffreys,
    "agresti_coull": _agresti_coull,
    "logit": _logit,
}


@pytest.mark.parametrize("method", sorted(METHODS))
def test_other_intervals(method):
    tables = population(2)
    found = kit.values(kit.run(declared(method=method), tables))
    used = subjects(tables).dropna(subset=["success"])
    x, n = int(used["success"].sum()), len(used)
    check_interval(found, "all", (x / n, *METHODS[method](x, n)))


def test_without_a_goal_nothing_is_decided():
    protocol = kit.protocol(
        design="single_arm",
        sites=SITES,
        endpoints=[
            {"id": "P1", "kind": "performance_goal", "form": "F05", "method": "wilson",
             "measure": 'repeated == "no"', "goal": GOAL},
            {"id": "S1", "kind": "performance_goal", "form": "F05", "method": "wilson",
             "measure": 'repeated == "no"'},
        ],
    )  # fmt: skip
    people = kit.enrolled({"S01": 3})
    scans = [
        {"site_id": "S01", "subject_id": name, "arm": "TEST", "repeated": said}
        for name, said in zip(people["subject_id"], ("no", "no", "yes"), strict=True)
    ]
    found = kit.values(kit.run(protocol, {"F04": people, "F05": scans}, "S1"))
    check_interval(found, "all", (2 / 3, *_wilson(2, 3)))
    assert not any(name.endswith(("verdict", "goal", "p_value")) for name in found)


def test_rows_that_stay_apart_are_clustered_in_their_subjects():
    tables = population(3)
    said = {"combine": "each", "method": "ratio_estimator"}
    records = kit.run(declared(**said), tables)
    found = kit.values(records)
    frame = subjects(tables)
    scored = tables["F07"].dropna(subset=["image_quality"])
    good = (scored["image_quality"] >= 3).groupby(scored["subject_id"])
    counts = frame.join(pd.DataFrame({"x": good.sum(), "m": good.size()}))
    used = counts.dropna(subset=["m"])

    def ratio(rows):
        x, m = rows["x"].to_numpy(float), rows["m"].to_numpy(float)
        k, p = len(rows), x.sum() / m.sum()
        half = oracle.quantile() * np.sqrt(k / (k - 1) * ((x - p * m) ** 2).sum()) / m.sum()
        return p, p - half, p + half

    assert (found["all.n"], found["all.trials"]) == (len(used), used["m"].sum())
    assert found["all.x"] == used["x"].sum()
    assert records["all.x"].unit == "rows"
    assert found["all.missing"] == len(counts) - len(used)
    check_interval(found, "all", ratio(used))
    check_interval(found, "site=S02", ratio(used[used["site_id"] == "S02"]))
    check_interval(found, "without_site=S01", ratio(used[used["site_id"] != "S01"]))
    assert found["all.verdict"] == ("met" if found["all.ci_low"] > 0.6 else "not_met")
    assert (found["all.p_value"] < 0.025) == (found["all.verdict"] == "met")
    # Pearson's test would take the rows of a subject for independent
    assert records["all.q_p_value"].undefined
    assert "all.q" not in found


def test_an_arm_of_a_paired_study():
    tables = population(4, arms=lambda _: ("TEST", "REF"))
    for arm in ("TEST", "REF"):
        found = kit.values(kit.run(declared("paired", arm=arm), tables))
        used = subjects(tables, arm).dropna(subset=["success"])
        check_interval(found, "all", exact(int(used["success"].sum()), len(used)))
        assert "all.not_in_arm" not in found


@pytest.mark.parametrize("missing", ["exclude", "failure"])
def test_an_arm_of_parallel_groups_does_not_answer_for_the_other(missing):
    tables = population(5, arms=lambda name: ("TEST",) if int(name[-3:]) % 2 else ("REF",))
    found = kit.values(kit.run(declared("parallel", missing=missing), tables))
    frame = subjects(tables)
    seen = tables["F07"][tables["F07"]["arm"] == "TEST"]["subject_id"].unique()
    own = frame[frame.index.isin(seen)]
    used = own.fillna({"success": 0.0}) if missing == "failure" else own.dropna(subset="success")
    assert found["all.not_in_arm"] == len(frame) - len(own) > 0
    assert found["all.missing"] == own["success"].isna().sum()
    assert found["all.n"] == len(used)
    check_interval(found, "all", exact(int(used["success"].sum()), len(used)))


@pytest.mark.parametrize("success", [0.0, 1.0])
def test_all_or_none(success):
    people = kit.enrolled({"S01": 20, "S02": 10})
    reads = [
        {"site_id": name[:3], "subject_id": name, "arm": "TEST", "reader_id": "R1",
         "image_quality": 1 + 4 * success}
        for name in people["subject_id"]
    ]  # fmt: skip
    records = kit.run(declared(), {"F04": people, "F07": reads})
    check_interval(kit.values(records), "all", exact(int(30 * success), 30))
    assert records["all.verdict"].value == ("met" if success else "not_met")
    assert records["all.q"].undefined
    logit = kit.run(declared(method="logit"), {"F04": people, "F07": reads})
    assert logit["all.estimate"].value == success
    assert logit["all.ci_low"].undefined
    assert logit["all.verdict"].value == "undefined"


@pytest.mark.parametrize("combine", ["majority", "each"])
@pytest.mark.parametrize(
    "tables", [{}, {"F04": kit.enrolled({"S01": 3})}], ids=["none", "no reads"]
)
def test_without_results_it_is_undefined(combine, tables):
    said = {"combine": combine}
    said |= {"method": "ratio_estimator"} if combine == "each" else {}
    records = kit.run(declared(**said), tables)
    assert records["all.estimate"].undefined
    assert records["all.missing"].value == len(tables.get("F04", ()))
    assert (records["all.n"].value, records["site=S04.n"].value) == (0, 0)


PROPERTY = {
    "majority": declared(),
    "failure": declared(missing="failure", direction="lower_is_better"),
    "each": declared(combine="each", method="ratio_estimator"),
    "all": declared(combine="all", method="logit"),
}


@QUIET
@given(
    st.lists(st.lists(st.lists(st.sampled_from([None, 1.0, 5.0]), max_size=3), max_size=6),
             max_size=4),
    st.sampled_from(sorted(PROPERTY)),
)  # fmt: skip
def test_records_hold_together_whatever_the_data(centers, which):
    people, reads = [], []
    for site, found in zip(SITES, centers, strict=False):
        own = kit.enrolled({site: len(found)})
        people += own.to_dict("records")
        reads += [
            {"site_id": site, "subject_id": name, "arm": "TEST", "reader_id": f"R{number}",
             "image_quality": score}
            for name, scores in zip(own["subject_id"], found, strict=True)
            for number, score in enumerate(scores, start=1)
        ]  # fmt: skip
    found = kit.values(kit.run(PROPERTY[which], {"F04": people, "F07": reads}))
    counted = found["all.n"] if which == "failure" else found["all.n"] + found["all.missing"]
    assert counted == len(people)
    assert sum(found[f"site={site}.n"] for site in SITES) == found["all.n"]
    low, high = found["all.ci_low"], found["all.ci_high"]
    limit, side = (high, -1) if which == "failure" else (low, 1)
    if limit is None:
        assert found["all.verdict"] == "undefined"
    else:
        assert found["all.verdict"] == ("met" if side * (limit - 0.6) > 0 else "not_met")


def test_clusters_that_all_succeed_reach_no_goal_by_an_interval_without_width():
    tables = population(5)
    tables["F07"]["image_quality"] = 5.0
    records = kit.run(declared(combine="each", method="ratio_estimator"), tables)
    assert records["all.estimate"].value == 1
    assert records["all.ci_low"].undefined
    assert records["all.ci_low"].reason == "the clusters do not differ"
    assert records["all.verdict"].value == "undefined"
    assert records["all.p_value"].undefined
    assert records["all.second_engine"].value == "agrees"
