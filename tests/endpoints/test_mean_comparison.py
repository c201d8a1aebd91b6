"""Two means, or geometric means: summaries, estimates and verdicts, from the raw rows."""

import kit
import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from scipy import stats

SITES = ("S01", "S02", "S03", "S04", "S05")
SIZES = {"S01": 9, "S02": 8, "S03": 7, "S04": 1}  # one subject at S04, nobody at S05
QUIET = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def declared(design="paired", *, beside=(), **said):
    base = {
        "id": "P1",
        "kind": "mean_comparison",
        "form": "F05",
        "measure": "scan_time_s",
        "where": 'completed == "yes"',
        "direction": "lower_is_better",
        "comparison": "non_inferiority",
        "margin": {"value": 30.0, **kit.MARGIN},
    }
    return kit.protocol(design=design, sites=SITES, endpoints=[*beside, base | said])


def population(seed, sizes=SIZES, *, design="paired"):
    """Return scan times that differ by site; some not completed, some missing, one impossible."""
    draw = np.random.default_rng(seed)
    people = kit.enrolled(sizes)
    rows = []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        base = 400 * np.exp(draw.normal(0, 0.2))
        effect = {"S01": 0.6, "S02": 0.75, "S03": 0.5}.get(site, 0.65)
        arms = ("TEST", "REF") if design == "paired" else (draw.choice(["TEST", "REF"]),)
        for arm in arms:
            time = base * (effect if arm == "TEST" else 1) * np.exp(draw.normal(0, 0.1))
            rows.append(
                {"site_id": site, "subject_id": subject, "arm": arm,
                 "completed": draw.choice(["yes", "no", None], p=[0.92, 0.05, 0.03]),
                 "scan_time_s": None if draw.random() < 0.05 else round(time, 1)}
            )  # fmt: skip
    rows.append({"site_id": "S01", "subject_id": "nobody", "arm": "TEST", "completed": "yes",
                 "scan_time_s": 1.0})  # fmt: skip
    return {"F04": people, "F05": pd.DataFrame(rows)}


def outcomes(tables):
    """Return a frame with a row a subject: site, and time (or NaN) by arm."""
    done = tables["F05"][tables["F05"]["completed"] == "yes"]
    times = done.pivot_table(index="subject_id", columns="arm", values="scan_time_s")
    people = tables["F04"].set_index("subject_id")
    return people[["site_id"]].join(times.reindex(columns=["TEST", "REF"]))


def close(found, place, expected, tolerance=1e-9):
    """Assert an estimate and its limits, to a share of the width of the interval."""
    width = expected[2] - expected[1]
    for statistic, value in zip(("estimate", "ci_low", "ci_high"), expected, strict=True):
        limit = pytest.approx(value, abs=tolerance * width)
        assert found[f"{place}.{statistic}"] == limit, (place, statistic)


def check_counts(found, frame, used):
    """Assert the counts and each arm's summary, over all centers and by center."""
    assert found["all.n"] == len(used)
    assert found["all.n"] + found["all.missing"] == len(frame)
    for site in SITES:
        here, kept = frame[frame["site_id"] == site], used[used["site_id"] == site]
        assert found[f"site={site}.n"] == len(kept)
        assert found[f"site={site}.missing"] == len(here) - len(kept)
        for arm, column in (("test", "TEST"), ("reference", "REF")):
            check_summary(found, f"site={site}", arm, kept[column].dropna())
    for arm, column in (("test", "TEST"), ("reference", "REF")):
        check_summary(found, "all", arm, used[column].dropna())


def check_summary(found, place, arm, values):
    if not len(values) and place != "all":
        assert f"{place}.mean_{arm}" not in found
        return
    assert found[f"{place}.mean_{arm}"] == pytest.approx(values.mean())
    assert found[f"{place}.median_{arm}"] == pytest.approx(values.median())
    sd = found[f"{place}.sd_{arm}"]
    assert sd == (pytest.approx(values.std()) if len(values) > 1 else None)


def ratios(frame):
    return np.log(frame["TEST"] / frame["REF"]).to_numpy()


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("estimate", ["difference", "ratio"])
def test_pairs_over_random_centers(seed, estimate):
    ratio = estimate == "ratio"
    said = {"estimate": estimate, "centers": "random", "method": "paired_random_site"}
    if ratio:
        said |= {"method": "geometric_random_site", "margin": {"value": 1.1, **kit.MARGIN}}
    tables = population(seed)
    found = kit.values(kit.run(declared(**said), tables))
    frame = outcomes(tables)
    used = frame.dropna()
    check_counts(found, frame, used)

    def gaps(rows):
        return ratios(rows) if ratio else (rows["TEST"] - rows["REF"]).to_numpy()

    def shown(values):
        return tuple(np.exp(values[:3])) if ratio else values[:3]

    close(found, "all", shown(oracle.random_site(gaps(used), used["site_id"])), 2e-5)
    estimates, errors = [], []
    for site, rows in used.groupby("site_id"):
        rest = used[used["site_id"] != site]
        close(
            found,
            f"without_site={site}",
            shown(oracle.random_site(gaps(rest), rest["site_id"])),
            1e-4,
        )
        if len(rows) == 1:
            assert found[f"site={site}.estimate"] == pytest.approx(shown(gaps(rows))[0])
            assert found[f"site={site}.ci_low"] is None
            continue
        close(found, f"site={site}", shown(oracle.mean_interval(gaps(rows))))
        estimates.append(gaps(rows).mean())
        errors.append(gaps(rows).std(ddof=1) / np.sqrt(len(rows)))
    assert found["all.centers_without_error"] == used["site_id"].nunique() - len(estimates)
    expected = oracle.between_centers(estimates, errors)
    for name in ("q", "q_p_value", "i2", "tau2"):
        assert found[f"all.{name}"] == pytest.approx(expected[name], rel=1e-4, abs=1e-4), name
    for name in ("prediction_low", "prediction_high"):
        value = np.exp(expected[name]) if ratio else expected[name]
        assert found[f"all.{name}"] == pytest.approx(value, rel=1e-4), name
    bound = 1.1 if ratio else 30.0
    assert found["all.bound_high"] == bound
    assert found["all.verdict"] == ("met" if found["all.ci_high"] < bound else "not_met")
    assert "all.bound_low" not in found


def test_pairs_pooled():
    tables = population(3)
    found = kit.values(kit.run(declared(method="paired_t", centers="pooled"), tables))
    used = outcomes(tables).dropna()
    result = stats.ttest_rel(used["TEST"], used["REF"])
    interval = result.confidence_interval()
    close(found, "all", ((used["TEST"] - used["REF"]).mean(), interval.low, interval.high))
    assert found["all.df"] == len(used) - 1
    # the test is the one against the margin, not of no difference
    against = stats.ttest_1samp(used["TEST"] - used["REF"], 30.0, alternative="less")
    assert found["all.statistic"] == pytest.approx(against.statistic)
    assert found["all.p_value"] == pytest.approx(against.pvalue)


def test_pairs_as_a_ratio_of_geometric_means():
    said = {
        "estimate": "ratio",
        "method": "geometric_paired",
        "centers": "pooled",
        "comparison": "superiority",
        "margin": {"value": 0.7, **kit.MARGIN},
    }
    tables = population(4)
    tables["F05"].loc[0, ["completed", "scan_time_s"]] = ["yes", 0.0]  # has no logarithm
    records = kit.run(declared(**said), tables)
    found, frame = kit.values(records), outcomes(tables)
    impossible = (frame[["TEST", "REF"]] <= 0).any(axis=1)
    used = frame[~impossible].dropna()
    assert found["all.not_positive"] == impossible.sum() == 1
    check_counts(found, frame, used)
    close(found, "all", np.exp(oracle.mean_interval(ratios(used))))
    assert found["all.reduction_percent"] == pytest.approx(100 * (1 - found["all.estimate"]))
    assert found["all.verdict"] == ("met" if found["all.ci_high"] < 0.7 else "not_met")
    # the p is of the claim; the method's own, of no effect, is another
    p = stats.ttest_1samp(ratios(used), np.log(0.7), alternative="less").pvalue
    assert found["all.p_value"] == pytest.approx(p, rel=1e-9)
    assert records["all.estimate"].unit == "ratio"
    assert records["all.mean_test"].unit == "s"


def test_pairs_in_two_stages():
    said = {
        "estimate": "ratio",
        "method": "geometric_two_stage",
        "centers": "two_stage",
        "comparison": "estimation",
        "margin": None,
        "role": "secondary",
    }
    primary = {**kit.QUALITY, "id": "P0", "combine": "all"}
    tables = population(5, {"S01": 9, "S02": 8, "S03": 7})
    found = kit.values(kit.run(declared(beside=[primary], **said), tables, "P1"))
    used = outcomes(tables).dropna()
    logs = used.groupby("site_id")[["TEST", "REF"]].apply(lambda rows: pd.Series(ratios(rows)))
    groups = [rows.dropna().to_numpy() for _, rows in logs.groupby(level=0)]
    y = np.array([g.mean() for g in groups])
    v = np.array([g.var(ddof=1) / len(g) for g in groups])
    tau2 = oracle.between_centers(y, np.sqrt(v))["tau2"]
    w = 1 / (v + tau2)
    mean = np.average(y, weights=w)
    error = np.sqrt((w * (y - mean) ** 2).sum() / ((len(y) - 1) * w.sum()))
    half = stats.t.ppf(0.975, len(y) - 1) * error
    close(found, "all", np.exp([mean, mean - half, mean + half]), 1e-5)
    assert found["all.verdict"] == "none"
    assert not any(name.endswith(("centers_that_flip", "bound_low")) for name in found)


@pytest.mark.parametrize(
    ("method", "same"), [("welch", False), ("student", True), ("geometric_welch", None)]
)
def test_groups_pooled(method, same):
    said = {"method": method, "centers": "pooled"}
    if same is None:
        said |= {"estimate": "ratio", "margin": {"value": 1.2, **kit.MARGIN}}
    tables = population(6, {"S01": 30, "S02": 20}, design="parallel")
    found = kit.values(kit.run(declared("parallel", **said), tables))
    frame = outcomes(tables)
    used = frame[frame[["TEST", "REF"]].notna().any(axis=1)]
    check_counts(found, frame, used)

    def expected(rows):
        test, reference = rows["TEST"].dropna(), rows["REF"].dropna()
        if same is None:
            test, reference = np.log(test), np.log(reference)
        interval = stats.ttest_ind(test, reference, equal_var=bool(same)).confidence_interval()
        values = (test.mean() - reference.mean(), interval.low, interval.high)
        return np.exp(values) if same is None else values

    close(found, "all", expected(used))
    for site in ("S01", "S02"):
        close(found, f"site={site}", expected(used[used["site_id"] == site]))
        close(found, f"without_site={site}", expected(used[used["site_id"] != site]))
    if same is not None:
        test = stats.ttest_ind(
            used["TEST"].dropna() - 30.0, used["REF"].dropna(), equal_var=same, alternative="less"
        )
        assert found["all.p_value"] == pytest.approx(test.pvalue)


def test_groups_over_random_centers():
    said = {"method": "random_site_satterthwaite", "centers": "random"}
    sizes = {"S01": 14, "S02": 12, "S03": 10}
    tables = population(7, sizes, design="parallel")
    found = kit.values(kit.run(declared("parallel", **said), tables))
    long = tables["F05"][tables["F05"]["completed"] == "yes"].dropna(subset=["scan_time_s"])
    long = long[long["subject_id"] != "nobody"]
    design = np.stack([np.ones(len(long)), long["arm"] == "TEST"], axis=1)
    close(found, "all", oracle.random_site(long["scan_time_s"], long["site_id"], design)[:3], 1e-4)
    here = long[long["site_id"] == "S01"]
    test, reference = (here[here["arm"] == arm]["scan_time_s"] for arm in ("TEST", "REF"))
    interval = stats.ttest_ind(test, reference, equal_var=False).confidence_interval()
    close(found, "site=S01", (test.mean() - reference.mean(), interval.low, interval.high))


@pytest.mark.parametrize("comparison", ["non_inferiority", "superiority", "equivalence"])
@pytest.mark.parametrize("direction", ["higher_is_better", "lower_is_better"])
def test_the_test_agrees_with_the_interval(comparison, direction):
    verdicts = set()
    for margin in (1.0, 100.0, 200.0, 400.0):
        said = {
            "comparison": comparison,
            "direction": direction,
            "method": "paired_t",
            "centers": "pooled",
            "margin": {"value": margin, **kit.MARGIN},
        }
        records = kit.run(declared(**said), population(8))
        found = kit.values(records)
        low, high = found.get("all.bound_low"), found.get("all.bound_high")
        assert {r.unit for r in records.values() if r.statistic.startswith("bound_")} == {"s"}
        above = low is None or found["all.ci_low"] > low
        below = high is None or found["all.ci_high"] < high
        assert found["all.verdict"] == ("met" if above and below else "not_met")
        verdicts.add(found["all.verdict"])
        if comparison == "equivalence":
            assert (low, high) == (-margin, margin)
            assert found["all.p_value"] == max(found["all.p_low"], found["all.p_high"])
        else:
            assert (low is None) != (high is None)
        assert (found["all.p_value"] < 0.025) == (found["all.verdict"] == "met")
    # the test arm is much faster: some margins are too small or too large, and some never matter
    alone = {
        ("superiority", "higher_is_better"): {"not_met"},
        ("non_inferiority", "lower_is_better"): {"met"},
    }
    assert verdicts == alone.get((comparison, direction), {"met", "not_met"})


@pytest.mark.parametrize("design", ["paired", "parallel"])
@pytest.mark.parametrize(
    ("comparison", "direction", "margins"),
    [
        ("non_inferiority", "lower_is_better", (1.01, 1.5)),
        ("superiority", "lower_is_better", (0.3, 0.62, 0.66, 0.99)),
        ("non_inferiority", "higher_is_better", (0.3, 0.62, 0.66, 0.99)),
    ],
)
def test_a_ratio_is_tested_on_logarithms(design, comparison, direction, margins):
    method = {"paired": "geometric_paired", "parallel": "geometric_welch"}[design]
    tables = population(8, design=design)
    frame = np.log(outcomes(tables)[["TEST", "REF"]])
    for margin in margins:
        said = {
            "comparison": comparison,
            "direction": direction,
            "method": method,
            "centers": "pooled",
            "estimate": "ratio",
            "margin": {"value": margin, **kit.MARGIN},
        }
        records = kit.run(declared(design, **said), tables)
        found = kit.values(records)
        above = comparison == "non_inferiority" and direction == "higher_is_better"
        bound = records["all.bound_low" if above else "all.bound_high"]
        assert (bound.value, bound.unit) == (margin, "ratio")
        way = "greater" if above else "less"
        if design == "paired":
            logs = frame["TEST"] - frame["REF"]
            p = stats.ttest_1samp(logs.dropna(), np.log(margin), alternative=way).pvalue
        else:
            shifted = frame["TEST"].dropna() - np.log(margin)
            p = stats.ttest_ind(
                shifted, frame["REF"].dropna(), equal_var=False, alternative=way
            ).pvalue
        assert found["all.p_value"] == pytest.approx(p, rel=1e-9)
        assert (p < 0.025) == (found["all.verdict"] == "met")


def test_a_measure_without_a_unit_counts_points():
    said = {"measure": "abs(scan_time_s - 400)", "method": "paired_t", "centers": "pooled"}
    tables = population(9)
    records = kit.run(declared(**said), tables)
    used = (outcomes(tables)[["TEST", "REF"]] - 400).abs().dropna()
    assert records["all.estimate"].value == pytest.approx((used["TEST"] - used["REF"]).mean())
    assert records["all.estimate"].unit == "s"  # of the only field
    said["measure"] = "scan_time_s + room_time_min"
    assert kit.run(declared(**said), tables)["all.estimate"].unit == "points"
    for function, unit in (("days", "days"), ("minutes", "min")):
        said["measure"] = f"{function}(acquisition_date, acquisition_date)"
        assert kit.run(declared(**said), tables)["all.mean_test"].unit == unit


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"F04": kit.enrolled({"S01": 3})},
        {"F04": kit.enrolled({"S01": 3}), "F05": []},
        {
            "F04": kit.enrolled({"S01": 1}),
            "F05": [
                {"site_id": "S01", "subject_id": "S01-001", "arm": arm, "completed": "yes",
                 "scan_time_s": 100.0}
                for arm in ("TEST", "REF")
            ],
        },
    ],
    ids=["nothing", "no scans", "empty form", "one subject"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("design", "method", "centers", "estimate"),
    [
        ("paired", "paired_t", "pooled", "difference"),
        ("paired", "paired_random_site", "random", "difference"),
        ("paired", "geometric_paired", "pooled", "ratio"),
        ("paired", "geometric_random_site", "random", "ratio"),
        ("paired", "geometric_two_stage", "two_stage", "ratio"),
        ("parallel", "welch", "pooled", "difference"),
        ("parallel", "student", "pooled", "difference"),
        ("parallel", "random_site_satterthwaite", "random", "difference"),
        ("parallel", "geometric_welch", "pooled", "ratio"),
    ],
)
def test_too_few_subjects_leave_it_undefined(tables, design, method, centers, estimate):
    margin = {"value": 1.1 if estimate == "ratio" else 30.0, **kit.MARGIN}
    said = {"method": method, "centers": centers, "estimate": estimate, "margin": margin}
    records = kit.run(declared(design, **said), tables)  # the kit checks every record
    assert records["all.ci_low"].undefined
    assert records["all.verdict"].value == "undefined"
    assert records["all.i2"].undefined


def test_a_center_where_everything_is_alike_has_no_error_and_is_counted():
    rows = [
        {"site_id": site, "subject_id": f"{site}-{number:03d}", "arm": arm, "completed": "yes",
         "scan_time_s": time + (number if site == "S01" else 0) * (arm == "TEST")}
        for site in ("S01", "S02", "S03")
        for number in (1, 2, 3)
        for arm, time in (("TEST", 100.0), ("REF", 200.0))
    ]  # fmt: skip
    tables = {"F04": kit.enrolled({"S01": 3, "S02": 3, "S03": 3}), "F05": rows}
    records = kit.run(declared(method="paired_t", centers="pooled"), tables)
    assert records["all.centers_without_error"].value == 2
    assert records["all.i2"].undefined
    assert records["site=S02.estimate"].value == -100.0


PROPERTY = {
    method: declared(method=method, centers=centers, estimate=estimate, margin=margin)
    for method, centers, estimate, margin in (
        ("paired_t", "pooled", "difference", {"value": 1.0, **kit.MARGIN}),
        ("paired_random_site", "random", "difference", {"value": 1.0, **kit.MARGIN}),
        ("geometric_random_site", "random", "ratio", {"value": 1.1, **kit.MARGIN}),
        ("geometric_two_stage", "two_stage", "ratio", {"value": 1.1, **kit.MARGIN}),
    )
}
times = st.sampled_from([None, 0.0, 1.0, 2.0, 1e-3, 1e6])


@QUIET
@given(
    st.lists(st.lists(st.tuples(times, times), max_size=4), max_size=5),
    st.sampled_from(sorted(PROPERTY)),
)
def test_records_hold_together_whatever_the_data(centers, method):
    people, rows = [], []
    for site, pairs in zip(SITES, centers, strict=False):
        own = kit.enrolled({site: len(pairs)})
        people += own.to_dict("records")
        rows += [
            {"site_id": site, "subject_id": subject, "arm": arm, "completed": "yes",
             "scan_time_s": time}
            for subject, pair in zip(own["subject_id"], pairs, strict=True)
            for arm, time in zip(("TEST", "REF"), pair, strict=True)
        ]  # fmt: skip
    found = kit.values(kit.run(PROPERTY[method], {"F04": people, "F05": rows}))
    assert found["all.n"] + found["all.missing"] == len(people)
    high, bound = found["all.ci_high"], found["all.bound_high"]
    word = "undefined" if high is None else "met" if high < bound else "not_met"
    assert found["all.verdict"] == word
