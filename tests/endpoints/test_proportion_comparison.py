"""Two proportions: cells, estimates and verdicts, once more from the raw rows."""

import kit
import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from scipy import stats

SITES = ("S01", "S02", "S03", "S04")
QUIET = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def endpoint(**said):
    base = {
        **kit.QUALITY,
        "form": "F07",
        "measure": "image_quality >= 3",
        "combine": "majority",
    }
    return base | said


def paired(readers=("R1", "R2", "R3"), **said):
    return kit.protocol(
        design="crossed_readers", sites=SITES, readers=readers, endpoints=[endpoint(**said)]
    )


def parallel(**said):
    base = {"method": "miettinen_nurminen"} | said
    return kit.protocol(design="parallel", sites=SITES, endpoints=[endpoint(**base)])


def population(seed, sizes, *, arms=("TEST", "REF"), gap=0.1, missing=0.1):
    """Return enrolment and reads; some of nobody, some of screen failures, some missing."""
    draw = np.random.default_rng(seed)
    people = kit.enrolled(sizes)
    people["enrolled"] = draw.choice(["yes", "no"], len(people), p=[0.9, 0.1])
    rows = []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        ability = draw.normal(3.3, 0.8)
        for arm in arms if isinstance(arms, tuple) else [arms[subject]]:
            if draw.random() < missing:
                continue
            for reader in ("R1", "R2", "R3"):
                score = np.clip(round(draw.normal(ability + gap * (arm == "TEST"), 0.6)), 1, 5)
                rows.append(
                    {"site_id": site, "subject_id": subject, "arm": arm, "reader_id": reader,
                     "image_quality": None if draw.random() < missing else float(score)}
                )  # fmt: skip
    rows += [
        {"site_id": "S01", "subject_id": "S01-900", "arm": arm, "reader_id": "R1",
         "image_quality": 5.0}
        for arm in ("TEST", "REF")
    ]  # fmt: skip
    return {"F04": people, "F07": pd.DataFrame(rows)}


def outcomes(tables):
    """Return a frame with a row a subject of the set: site, and success (or NaN) by arm."""
    scored = tables["F07"].dropna(subset=["image_quality"])
    share = (scored["image_quality"] >= 3).groupby([scored["subject_id"], scored["arm"]]).mean()
    success = (share > 0.5).astype(float).unstack("arm")  # noqa: PD010
    success = success.reindex(columns=["TEST", "REF"])
    people = tables["F04"][tables["F04"]["enrolled"] == "yes"].set_index("subject_id")
    return people[["site_id"]].join(success)


def fourfold(frame):
    test, reference = frame["TEST"], frame["REF"]
    return (
        int(((test == 1) & (reference == 1)).sum()),
        int(((test == 1) & (reference == 0)).sum()),
        int(((test == 0) & (reference == 1)).sum()),
        int(((test == 0) & (reference == 0)).sum()),
    )


def twofold(frame):
    test, reference = frame["TEST"].dropna(), frame["REF"].dropna()
    return int(test.sum()), len(test), int(reference.sum()), len(reference)


def close(found, place, expected):
    for statistic, value in zip(("estimate", "ci_low", "ci_high"), expected, strict=False):
        assert found[f"{place}.{statistic}"] == pytest.approx(value, abs=2e-7), (place, statistic)


def decided(found, place, bound, *, side=1):
    """Return what the recorded limit says against a bound."""
    limit = found[f"{place}.ci_low" if side > 0 else f"{place}.ci_high"]
    return "met" if side * (limit - bound) > 0 else "not_met"


SIZES = {"S01": 25, "S02": 14, "S03": 6}  # and nobody at S04


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("missing", ["exclude", "failure"])
@pytest.mark.parametrize("direction", ["higher_is_better", "lower_is_better"])
def test_a_paired_comparison_over_centers(seed, missing, direction):
    tables = population(seed, SIZES)
    records = kit.run(paired(missing=missing, direction=direction), tables)
    found = kit.values(records)
    frame = outcomes(tables)
    absent = frame[["TEST", "REF"]].isna().any(axis=1)
    used = frame[~absent]
    if missing == "failure":
        used = frame.fillna(0.0 if direction == "higher_is_better" else 1.0)
    by_site = {site: used[used["site_id"] == site] for site in SITES}
    # counts
    assert found["all.n"] == len(used)
    assert found["all.missing"] == absent.sum()
    assert found["all.missing_as_failure"] == (absent.sum() if missing == "failure" else 0)
    if missing == "exclude":
        assert found["all.n"] + found["all.missing"] == len(frame)
    for site in SITES:
        here = frame["site_id"] == site
        assert found[f"site={site}.n"] == len(by_site[site])
        assert found[f"site={site}.missing"] == (absent & here).sum()
        cells = [found[f"site={site}.{cell}"] for cell in ("n11", "n10", "n01", "n00")]
        assert tuple(cells) == fourfold(by_site[site])
    assert found["all.proportion_test"] == pytest.approx(used["TEST"].mean())
    assert found["all.proportion_reference"] == pytest.approx(used["REF"].mean())
    # estimates: pooled, each center, without each center
    strata = {site: fourfold(rows) for site, rows in by_site.items() if len(rows)}
    *pooled, score = oracle.tango(strata.values())
    close(found, "all", pooled)
    side = 1 if direction == "higher_is_better" else -1
    bound = -0.1 * side
    assert found["all.bound_low" if side > 0 else "all.bound_high"] == bound
    assert ("all.bound_high" if side > 0 else "all.bound_low") not in found
    z = score(bound)
    assert found["all.statistic"] == pytest.approx(z, abs=1e-6)
    assert found["all.p_value"] == pytest.approx(stats.norm.sf(side * z), abs=1e-7)
    assert found["all.verdict"] == decided(found, "all", bound, side=side)
    for site, table in strata.items():
        close(found, f"site={site}", oracle.tango([table])[:3])
        rest = [other for name, other in strata.items() if name != site]
        close(found, f"without_site={site}", oracle.tango(rest)[:3])
        assert found[f"without_site={site}.verdict"] == decided(
            found, f"without_site={site}", bound, side=side
        )
    flips = [
        site for site in strata if found[f"without_site={site}.verdict"] != found["all.verdict"]
    ]
    assert found["all.centers_that_flip"] == (", ".join(flips) or "none")
    assert records["all.centers_that_flip"].n == len(flips)
    q, df = oracle.tango_heterogeneity(strata.values())
    assert (found["all.q_df"], found["site=S04.n"]) == (df, 0)
    assert found["all.q"] == pytest.approx(q, rel=1e-6)
    assert found["all.q_p_value"] == pytest.approx(stats.chi2.sf(q, df), rel=1e-6)
    assert not any(name.startswith(("site=S04.est", "without_site=S04")) for name in found)


@pytest.mark.parametrize("method", ["tango", "newcombe", "bonett_price"])
def test_a_pooled_paired_comparison(method):
    tables = population(3, SIZES)
    found = kit.values(kit.run(paired(method=method, centers="pooled"), tables))
    frame = outcomes(tables).dropna()
    n11, n10, n01, n00 = fourfold(frame)
    n = len(frame)
    if method == "tango":
        expected = oracle.tango([(n11, n10, n01, n00)])[:3]
    elif method == "bonett_price":
        p, q = (n10 + 1) / (n + 2), (n01 + 1) / (n + 2)
        half = oracle.quantile() * np.sqrt((p + q - (p - q) ** 2) / (n + 2))
        expected = ((n10 - n01) / n, p - q - half, p - q + half)
    else:
        expected = ((n10 - n01) / n, *_newcombe_paired(n11, n10, n01, n00))
    close(found, "all", expected)
    assert (found["all.p_value"] < 0.025) == (found["all.verdict"] == "met")


def _newcombe_paired(n11, n10, n01, n00):
    n = n11 + n10 + n01 + n00
    d = (n10 - n01) / n
    (l1, u1), (l2, u2) = (
        stats.binomtest(x, n).proportion_ci(method="wilson") for x in (n11 + n10, n11 + n01)
    )
    p1, p2 = (n11 + n10) / n, (n11 + n01) / n
    product = (n11 + n10) * (n01 + n00) * (n11 + n01) * (n10 + n00)
    a = n11 * n00 - n10 * n01
    phi = (max(a - n / 2, 0) if a > 0 else a) / np.sqrt(product) if product else 0.0
    low = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    high = (u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2
    return d - np.sqrt(low), d + np.sqrt(high)


def groups(seed, sizes):
    """Return a parallel study: each subject in one arm; one center has one arm only."""
    draw = np.random.default_rng(seed)
    people = kit.enrolled(sizes)
    arms = dict(zip(people["subject_id"], draw.choice(["TEST", "REF"], len(people)), strict=True))
    arms |= {name: "TEST" for name in arms if name.startswith("S03")}
    tables = population(seed, sizes, arms=arms)
    reads = tables["F07"]
    unreadable = reads["subject_id"].isin(reads["subject_id"].unique()[3:9])
    reads.loc[unreadable, "image_quality"] = np.nan
    return tables, arms


@pytest.mark.parametrize("missing", ["exclude", "failure"])
@pytest.mark.parametrize("centers", ["stratified", "pooled"])
def test_a_parallel_comparison(missing, centers):
    tables, arms = groups(4, SIZES)
    records = kit.run(parallel(missing=missing, centers=centers), tables)
    found = kit.values(records)
    frame = outcomes(tables)
    arm = pd.Series(arms).reindex(frame.index)
    seen = frame.index.isin(tables["F07"]["subject_id"])  # else nobody knows the arm
    absent = frame[["TEST", "REF"]].isna().all(axis=1)
    used = frame.copy()
    if missing == "failure":
        for name in ("TEST", "REF"):
            used.loc[absent & seen & (arm == name), name] = 0.0
    assert found["all.missing"] == absent.sum()
    assert found["all.missing_as_failure"] == (absent & seen).sum() * (missing == "failure")
    assert (absent & seen).sum() > 0
    by_site = {site: twofold(used[used["site_id"] == site]) for site in SITES}
    for site, cells in by_site.items():
        assert tuple(found[f"site={site}.{c}"] for c in ("x1", "n1", "x2", "n2")) == cells
        assert found[f"site={site}.n"] == cells[1] + cells[3]
    whole = twofold(used)
    assert found["all.n"] == whole[1] + whole[3]
    assert found["all.proportion_test"] == pytest.approx(whole[0] / whole[1])
    both = [cells for cells in by_site.values() if cells[1] and cells[3]]
    strata = both if centers == "stratified" else [whole]
    *pooled, score = oracle.miettinen_nurminen(strata)
    close(found, "all", pooled)
    assert found["all.p_value"] == pytest.approx(stats.norm.sf(score(-0.1)), abs=1e-7)
    if centers == "stratified":
        # S03 has one arm only: its subjects say nothing about the difference, and are counted
        assert found["all.left_out"] == by_site["S03"][1] > 0
        assert records["all.estimate"].n == found["all.n"] - found["all.left_out"]
    for site in ("S01", "S02"):
        close(found, f"site={site}", oracle.miettinen_nurminen([by_site[site]])[:3])
        rest = [by_site[other] for other in SITES if other != site]
        if centers == "pooled":
            rest = [tuple(map(sum, zip(*rest, strict=True)))]
        close(found, f"without_site={site}", oracle.miettinen_nurminen(rest)[:3])
    for limit in ("estimate", "ci_low", "ci_high"):
        assert records[f"site=S03.{limit}"].undefined
    assert found["all.q_df"] == len(both) - 1


def _wald(x1, n1, x2, n2):
    p1, p2 = x1 / n1, x2 / n2
    half = oracle.quantile() * np.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
    return p1 - p2 - half, p1 - p2 + half


def _newcombe(x1, n1, x2, n2):
    (l1, u1), (l2, u2) = (
        stats.binomtest(x, n).proportion_ci(method="wilson") for x, n in ((x1, n1), (x2, n2))
    )
    p1, p2 = x1 / n1, x2 / n2
    low = np.hypot(p1 - l1, u2 - p2)
    return p1 - p2 - low, p1 - p2 + np.hypot(u1 - p1, p2 - l2)


UNPAIRED = {
    "newcombe": _newcombe,
    "agresti_caffo": lambda x1, n1, x2, n2: _wald(x1 + 1, n1 + 2, x2 + 1, n2 + 2),
    "wald": _wald,
}


@pytest.mark.parametrize("method", sorted(UNPAIRED))
def test_other_methods_for_parallel_groups(method):
    tables, _ = groups(6, SIZES)
    found = kit.values(kit.run(parallel(method=method, centers="pooled"), tables))
    x1, n1, x2, n2 = twofold(outcomes(tables))
    close(found, "all", (x1 / n1 - x2 / n2, *UNPAIRED[method](x1, n1, x2, n2)))


def test_sato_over_centers():
    tables, _ = groups(7, SIZES)
    found = kit.values(kit.run(parallel(method="mantel_haenszel_sato"), tables))
    frame = outcomes(tables)
    strata = [twofold(frame[frame["site_id"] == site]) for site in SITES]
    x1, n1, x2, n2 = np.array([s for s in strata if s[1] and s[3]], dtype=float).T
    n = n1 + n2
    w = n1 * n2 / n
    d = (w * (x1 / n1 - x2 / n2)).sum() / w.sum()
    p = ((n1**2 * x2 - n2**2 * x1 + n1 * n2 * (n2 - n1) / 2) / n**2).sum()
    q = ((x1 * (n2 - x2) + x2 * (n1 - x1)) / (2 * n)).sum()
    half = oracle.quantile() * np.sqrt(d * p + q) / w.sum()
    close(found, "all", (d, d - half, d + half))


@pytest.mark.parametrize(
    ("comparison", "direction", "margin", "low", "high"),
    [
        ("non_inferiority", "higher_is_better", 0.1, -0.1, None),
        ("non_inferiority", "lower_is_better", 0.1, None, 0.1),
        ("equivalence", "higher_is_better", 0.3, -0.3, 0.3),
        ("superiority", "higher_is_better", None, 0.0, None),
        ("superiority", "lower_is_better", None, None, 0.0),
        ("superiority", "higher_is_better", 0.05, 0.05, None),
        ("superiority", "lower_is_better", 0.05, None, -0.05),
    ],
)
def test_the_bounds_and_the_verdict(comparison, direction, margin, low, high):
    said = {"comparison": comparison, "direction": direction}
    said["margin"] = {"value": margin, **kit.MARGIN} if margin else None
    verdicts = set()
    for gap in (-1.0, 0.0, 1.0):
        records = kit.run(paired(**said), population(8, {"S01": 60, "S02": 60}, gap=gap))
        found = kit.values(records)
        assert found.get("all.bound_low") == low
        assert found.get("all.bound_high") == high
        for place in ("all", "without_site=S01", "without_site=S02"):
            verdict = found.get(f"{place}.verdict", "none")
            above = low is None or found[f"{place}.ci_low"] > low
            below = high is None or found[f"{place}.ci_high"] < high
            expected = "met" if above and below else "not_met"
            assert verdict == expected
            verdicts.add(verdict)
        # the test agrees with the interval; of an equivalence it is the weaker of two
        assert (found["all.p_value"] < 0.025) == (found["all.verdict"] == "met")
        if comparison == "equivalence":
            assert found["all.p_value"] == max(found["all.p_low"], found["all.p_high"])
        superior = {"higher_is_better": found["all.ci_low"] > 0}.get(
            direction, found["all.ci_high"] < 0
        )
        if comparison == "non_inferiority" and found["all.verdict"] == "met":
            assert found["all.superiority"] == ("met" if superior else "not_met")
        else:
            assert "all.superiority" not in found
    assert len(verdicts) == 2


def test_an_estimate_has_no_bounds_and_no_verdict():
    primary = {**kit.QUALITY, "id": "P0", "combine": "all"}
    said = {"comparison": "estimation", "margin": None, "role": "secondary"}
    declared = kit.protocol(
        design="crossed_readers", sites=SITES, endpoints=[primary, endpoint(**said)]
    )
    found = kit.values(kit.run(declared, population(8, {"S01": 60, "S02": 60}), "P1"))
    assert found["all.ci_low"] < found["all.estimate"] < found["all.ci_high"]
    decided = ("verdict", "bound_low", "bound_high", "p_value", "superiority")
    assert {name for name in found if name.endswith(decided)} == {"all.verdict", "all.q_p_value"}
    assert found["all.verdict"] == "none"


def test_the_level_is_that_of_the_protocol():
    tables = population(9, SIZES)
    records = kit.run(paired(level=0.9), tables)
    frame = outcomes(tables).dropna()
    strata = [fourfold(frame[frame["site_id"] == site]) for site in SITES]
    close(kit.values(records), "all", oracle.tango(strata, level=0.9)[:3])
    assert records["all.ci_low"].level == records["site=S01.ci_high"].level == 0.9
    assert records["all.estimate"].level is None


# ------------------------------------------------------------------- corners


def fixed(pairs, site="S01"):
    """Return tables from (test, reference) of each subject; ``None`` is missing."""
    people = kit.enrolled({site: len(pairs)})
    rows = [
        {"site_id": site, "subject_id": subject, "arm": arm, "reader_id": "R1",
         "image_quality": None if value is None else 5.0 * value or 1.0}
        for subject, pair in zip(people["subject_id"], pairs, strict=True)
        for arm, value in zip(("TEST", "REF"), pair, strict=True)
    ]  # fmt: skip
    return {"F04": people, "F07": rows}


def test_no_discordant_pair_still_has_an_interval():
    found = kit.values(kit.run(paired(), fixed([(1, 1)] * 30 + [(0, 0)] * 10)))
    assert found["all.estimate"] == 0
    assert found["all.ci_high"] == pytest.approx(0.0876, abs=5e-5)  # published for n = 40
    assert found["all.ci_low"] == pytest.approx(-found["all.ci_high"])
    assert found["all.verdict"] == "met"


def test_all_successes_everywhere():
    found = kit.values(kit.run(paired(), fixed([(1, 1)] * 5)))
    assert (found["all.proportion_test"], found["all.estimate"]) == (1.0, 0.0)
    assert found["all.verdict"] == "not_met"


def test_one_center_has_no_other_to_be_held_against():
    records = kit.run(paired(), fixed([(1, 1)] * 5 + [(1, 0)] * 3))
    assert not any("without_site" in name for name in records)
    assert "all.centers_that_flip" not in records
    assert records["all.q"].undefined
    assert records["site=S01.estimate"].value == records["all.estimate"].value
    assert records["all.verdict"].value in ("met", "not_met")


def test_a_center_with_one_subject_counts():
    tables = fixed([(1, 1)] * 9)
    single = fixed([(0, 1)], "S02")
    tables = {
        "F04": pd.concat([tables["F04"], single["F04"]]),
        "F07": tables["F07"] + single["F07"],
    }
    found = kit.values(kit.run(paired(), tables))
    assert (found["site=S02.n"], found["site=S02.estimate"]) == (1, -1.0)
    close(found, "all", oracle.tango([(9, 0, 0, 0), (0, 0, 1, 0)])[:3])


@pytest.mark.parametrize(
    "tables",
    [
        fixed([(None, None)] * 4),
        fixed([(1, None)] * 4),
        {"F04": kit.enrolled({"S01": 3})},
        {"F04": kit.enrolled({"S01": 3}), "F07": []},
        {"F04": []},
        {},
    ],
    ids=["no scores", "one arm", "no reads", "empty form", "nobody", "nothing"],
)
@pytest.mark.parametrize("declared", [paired(), parallel()], ids=["paired", "parallel"])
def test_without_results_everything_is_undefined_and_counted(tables, declared):
    records = kit.run(declared, tables)
    found = kit.values(records)
    paired_design = declared.design.paired
    for statistic in ("estimate", "ci_low", "ci_high", "q", "q_p_value"):
        if f"all.{statistic}" in records:
            assert records[f"all.{statistic}"].undefined
    assert found["all.verdict"] == "undefined"
    one_arm = not paired_design and len(tables.get("F07", ())) and found["all.n1"]
    assert found["all.missing"] == (0 if one_arm else len(tables.get("F04", ())))
    assert found["all.n"] == (4 if one_arm else 0)


def test_missing_counts_as_failed_also_when_all_are_missing():
    found = kit.values(kit.run(paired(missing="failure"), fixed([(None, 1)] * 12)))
    assert (found["all.n"], found["all.missing"], found["all.n01"]) == (12, 12, 12)
    assert found["all.verdict"] == "not_met"


@QUIET
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from([0, 1, None]), st.sampled_from([0, 1, None])), max_size=7
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["exclude", "failure"]),
)
def test_records_hold_together_whatever_the_data(centers, missing):
    tables = {"F04": [], "F07": []}
    for site, pairs in zip(SITES, centers, strict=False):
        own = fixed(pairs, site)
        tables["F04"] += own["F04"].to_dict("records")
        tables["F07"] += own["F07"]
    found = kit.values(kit.run(PROPERTY[missing], tables))  # the kit checks every record
    used = [found[f"site={site}.n"] for site in SITES]
    assert sum(used) == found["all.n"]
    assert sum(found[f"all.{cell}"] for cell in ("n11", "n10", "n01", "n00")) == found["all.n"]
    if found["all.ci_low"] is None:
        assert found["all.verdict"] == "undefined"
    else:
        assert found["all.verdict"] == decided(found, "all", found["all.bound_low"])
        assert found["all.ci_low"] <= found["all.estimate"] <= found["all.ci_high"]


PROPERTY = {missing: paired(missing=missing) for missing in ("exclude", "failure")}
