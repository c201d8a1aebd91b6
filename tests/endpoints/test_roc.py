"""Areas under the ROC curve, recomputed from the raw rows by counting pairs."""

import accuracy_study as made
import kit
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics

from clinval.core.errors import AnalysisError

GOAL = {"value": 0.6, **kit.MARGIN}
ONE = {"id": "P1", "kind": "roc", "method": "delong", "goal": GOAL, **made.SCORED}
TWO = {
    "id": "P1", "kind": "roc_comparison", "method": "delong", "centers": "pooled",
    "direction": "higher_is_better", "comparison": "non_inferiority",
    "margin": {"value": 0.1, **kit.MARGIN}, **made.SCORED,
}  # fmt: skip
READERS = ("R1", "R2", "R3")


def scores(tables, arm="TEST"):
    """Return the mean score of each subject of the set that has truth and score."""
    frame, rows = made.subjects(tables), tables["F07"]
    rows = rows[rows["arm"] == arm]
    mean = rows.groupby("subject_id")["confidence"].mean()
    return frame.assign(score=mean.reindex(frame.index)).dropna(subset=["truth", "score"])


def placed(frame, column="score"):
    """Return the area and its DeLong variance, by counting every pair."""
    ill = frame.loc[frame["truth"] == 1, column].to_numpy()[:, None]
    well = frame.loc[frame["truth"] == 0, column].to_numpy()[None, :]
    wins = (ill > well) + (ill == well) / 2
    return wins.mean(), wins.mean(axis=1), wins.mean(axis=0)


def error(frame):
    _, v10, v01 = placed(frame)
    return np.sqrt(v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01))


def area(frame, level=0.95):
    """DeLong's interval; of separated classes the exact one, by pairs that share nobody."""
    estimate = placed(frame)[0]
    if estimate == 1:
        pairs = min(frame["truth"].sum(), (1 - frame["truth"]).sum())
        return 1.0, ((1 - level) / 2) ** (1 / pairs), 1.0
    half = stats.norm.ppf((1 + level) / 2) * error(frame)
    return estimate, max(estimate - half, 0), min(estimate + half, 1)


def check(found, place, expected):
    for statistic, value in zip(("estimate", "ci_low", "ci_high"), expected, strict=True):
        assert found[f"{place}.{statistic}"] == pytest.approx(value, abs=1e-9), (place, statistic)


def test_the_area_of_all_and_of_every_center():
    tables = made.population(31, readers=READERS)
    found = kit.values(kit.run(made.declared(ONE), tables))
    frame = scores(tables)
    check(found, "all", area(frame))
    assert found["all.estimate"] == pytest.approx(
        metrics.roc_auc_score(frame["truth"], frame["score"])
    )
    assert (found["all.n"], found["all.diseased"]) == (len(frame), frame["truth"].sum())
    assert found["all.second_engine"] == "agrees"
    low = area(frame)[1]
    assert found["all.verdict"] == ("met" if low > 0.6 else "not_met")
    people = made.subjects(tables)
    none = found["all.no_reference"] + found["all.reference_indeterminate"]
    assert none == people["truth"].isna().sum()
    assert found["all.reference_positive"] == (people["truth"] == 1).sum()
    assert found["all.missing"] == people["truth"].notna().sum() - len(frame)
    for site, here in frame.groupby("site_id"):
        check(found, f"site={site}", area(here))
        check(found, f"without_site={site}", area(frame[frame["site_id"] != site]))
    usable = [here for _, here in frame.groupby("site_id") if placed(here)[0] < 1]
    values = np.array([placed(here)[0] for here in usable])
    weights = np.array([1 / error(here) ** 2 for here in usable])
    center = (weights * values).sum() / weights.sum()
    assert found["all.q"] == pytest.approx((weights * (values - center) ** 2).sum())
    assert found["all.q_df"] == len(usable) - 1 > 0


def test_operating_points_and_the_points_of_the_curve():
    tables = made.population(32)
    said = ONE | {"operating_points": [3, 4], "partial": {"low": 0.8}}
    with kit.data(made.declared(said), tables) as data:
        recorder = kit.analyze(data)
    found = {r.id.removeprefix("P1.FAS."): r.value for r in recorder.records}
    frame = scores(tables)
    for threshold in (3, 4):
        called, ill = frame["score"] >= threshold, frame["truth"] == 1
        place = f"threshold={threshold}"
        x, n = int((called & ill).sum()), int(ill.sum())
        limits = stats.binomtest(x, n).proportion_ci(method="exact")
        assert found[f"{place}.sensitivity"] == pytest.approx(x / n)
        assert found[f"{place}.sensitivity_ci_low"] == pytest.approx(limits.low)
        assert found[f"{place}.specificity"] == pytest.approx((~called & ~ill).sum() / (~ill).sum())
    [series] = [one for one in recorder.series if one.id.endswith(".roc")]
    false, true, _ = metrics.roc_curve(frame["truth"], frame["score"], drop_intermediate=False)
    assert np.allclose(series.columns["false_positive"], false[1:])
    assert np.allclose(series.columns["true_positive"], true[1:])
    whole = metrics.roc_auc_score(frame["truth"], frame["score"], max_fpr=0.2)
    assert found["area=partial.estimate"] == pytest.approx(whole)


def test_separated_scores_get_the_exact_interval_under_its_own_name():
    tables = made.population(33)
    truth = made.subjects(tables)["truth"].to_dict()
    known = [truth.get(subject, 0) == 1 for subject in tables["F07"]["subject_id"]]
    tables["F07"]["confidence"] = np.where(known, 5.0, 1.0)
    records = kit.run(made.declared(ONE), tables)
    frame = scores(tables)
    k = min(frame["truth"].sum(), (1 - frame["truth"]).sum())
    assert records["all.estimate"].value == 1
    assert records["all.ci_low"].value == pytest.approx(0.025 ** (1 / k))
    assert records["all.ci_low"].method == "auc.separated"
    assert records["all.verdict"].value == "met"


def test_rows_apart_are_clusters_and_have_no_binomial_interval():
    tables = made.population(34, readers=READERS)
    said = ONE | {"combine": "each", "method": "obuchowski", "operating_points": [3],
                  "partial": {"low": 0.8}}  # fmt: skip
    records = kit.run(made.declared(said), tables)
    frame, rows = made.subjects(tables), tables["F07"]
    rows = rows[(rows["arm"] == "TEST") & rows["subject_id"].isin(frame.index)]
    rows = rows.assign(truth=frame["truth"].reindex(rows["subject_id"]).to_numpy())
    rows = rows.dropna(subset=["truth"]).rename(columns={"confidence": "score"})
    estimate, v10, v01 = placed(rows)
    ill, well = rows[rows["truth"] == 1], rows[rows["truth"] == 0]
    a = pd.Series(v10 - estimate, ill.index).groupby(ill["subject_id"]).sum()
    b = pd.Series(v01 - estimate, well.index).groupby(well["subject_id"]).sum()
    m, n = len(ill), len(well)
    variance = len(a) / (len(a) - 1) * (a**2).sum() / m**2
    variance += len(b) / (len(b) - 1) * (b**2).sum() / n**2
    assert records["all.estimate"].value == pytest.approx(estimate)
    half = stats.norm.ppf(0.975) * np.sqrt(variance)  # no subject has rows of both classes
    assert records["all.ci_low"].value == pytest.approx(estimate - half)
    assert records["all.n"].value == rows["subject_id"].nunique()
    assert records["threshold=3.sensitivity"].method == "clustered_proportion.ratio_estimator"
    assert records["area=partial.estimate"].undefined
    assert records["all.second_engine"].value == "agrees"


def _probabilities(seed):
    tables = made.population(seed)
    draw = np.random.default_rng(seed)
    rows = tables["F07"]
    p = 1 / (1 + np.exp(-(rows["confidence"] - 3) + 0.2 * draw.normal(size=len(rows))))
    tables["F07"] = rows.assign(reading_time_s=np.round(p, 4))
    return tables


def test_calibration_and_net_benefit_of_probabilities():
    tables = _probabilities(35)
    said = ONE | {"measure": "reading_time_s", "probability": True, "thresholds": [0.2, 0.5]}
    with kit.data(made.declared(said), tables) as data:
        recorder = kit.analyze(data)
    found = {r.id.removeprefix("P1.FAS."): r.value for r in recorder.records}
    frame, rows = made.subjects(tables), tables["F07"]
    p = rows[rows["arm"] == "TEST"].set_index("subject_id")["reading_time_s"]
    frame = frame.assign(p=p.reindex(frame.index)).dropna(subset=["truth", "p"])
    y, p, n = frame["truth"], frame["p"], len(frame)
    assert found["all.brier"] == pytest.approx(metrics.brier_score_loss(y, p))
    assert found["all.observed_expected"] == pytest.approx(y.sum() / p.sum())
    for threshold in (0.2, 0.5):
        called, odds = p >= threshold, threshold / (1 - threshold)
        benefit = ((called & (y == 1)).sum() - odds * (called & (y == 0)).sum()) / n
        place = f"threshold_probability={threshold:g}"
        assert found[f"{place}.net_benefit"] == pytest.approx(benefit)
        everyone = (y.sum() - odds * (n - y.sum())) / n
        assert found[f"{place}.treat_all"] == pytest.approx(everyone)
    sm = pytest.importorskip("statsmodels.api")
    logit = np.log(p / (1 - p))
    large = sm.GLM(y, np.ones(n), family=sm.families.Binomial(), offset=logit).fit()
    slope = sm.GLM(y, sm.add_constant(logit), family=sm.families.Binomial()).fit()
    assert found["all.calibration_in_the_large"] == pytest.approx(large.params.iloc[0], abs=1e-6)
    assert found["all.slope"] == pytest.approx(slope.params.iloc[1], abs=1e-6)
    points = {one.id.rpartition(".")[2]: one.columns for one in recorder.series}
    assert sum(points["calibration"]["n"]) == n
    assert len(points["net_benefit"]["threshold"]) == 99


def test_a_score_that_is_no_probability_stops_the_analysis():
    tables = made.population(36)
    with pytest.raises(AnalysisError) as caught:
        kit.run(made.declared(ONE | {"probability": True}), tables)
    assert [problem.kind for problem in caught.value.problems] == ["score-no-probability"]


def test_two_areas_on_the_same_subjects():
    tables = made.population(37, readers=READERS)
    said = TWO | {"operating_points": [3], "partial": {"low": 0.8}}
    found = kit.values(kit.run(made.declared(said), tables))
    test, reference = scores(tables), scores(tables, "REF")
    both = test.join(reference["score"].rename("score_reference"), how="inner")

    def difference(frame):
        one, v10, v01 = placed(frame)
        other, w10, w01 = placed(frame, "score_reference")
        se = np.sqrt((v10 - w10).var(ddof=1) / len(v10) + (v01 - w01).var(ddof=1) / len(v01))
        half = stats.norm.ppf(0.975) * se
        return one - other, one - other - half, one - other + half

    expected = difference(both)
    check(found, "all", expected)
    assert found["all.verdict"] == ("met" if expected[1] > -0.1 else "not_met")
    se = (expected[2] - expected[1]) / 2 / stats.norm.ppf(0.975)
    assert found["all.p_value"] == pytest.approx(stats.norm.sf((expected[0] + 0.1) / se))
    assert found["all.n"] == len(both)
    people = made.subjects(tables)
    assert found["all.missing"] == len(people) - len(both)
    for site, here in both.groupby("site_id"):
        check(found, f"site={site}", difference(here))
    check(found, "test=test", area(test))
    check(found, "test=reference", area(reference))
    x = (reference["score"] >= 3) & (reference["truth"] == 1)
    sensitivity = x.sum() / (reference["truth"] == 1).sum()
    assert found["test=reference+threshold=3.sensitivity"] == pytest.approx(sensitivity)
    parts = [
        metrics.roc_auc_score(both["truth"], both[name], max_fpr=0.2)
        for name in ("score", "score_reference")
    ]
    assert found["area=partial.estimate"] == pytest.approx(parts[0] - parts[1])


def test_two_areas_of_rows_are_clustered():
    tables = made.population(38, readers=READERS)
    said = TWO | {"combine": "each", "method": "obuchowski_difference"}
    records = kit.run(made.declared(said), tables)
    frame, rows = made.subjects(tables), tables["F07"]
    wide = rows.pivot_table(
        index=["subject_id", "reader_id"], columns="arm", values="confidence", aggfunc="first"
    ).dropna()
    wide["truth"] = frame["truth"].reindex(wide.index.get_level_values(0)).to_numpy()
    wide = wide.dropna()
    areas = [metrics.roc_auc_score(wide["truth"], wide[arm]) for arm in ("TEST", "REF")]
    assert records["all.estimate"].value == pytest.approx(areas[0] - areas[1])
    assert records["all.n"].value == wide.index.get_level_values(0).nunique()
    sites = frame["site_id"].reindex(wide.index.get_level_values(0).unique())
    for site, count in sites.value_counts().items():
        assert records[f"site={site}.n"].value == count
    assert records["all.estimate"].method == "clustered_auc.obuchowski_difference"
    assert records["all.second_engine"].value == "agrees"


@pytest.mark.parametrize(
    ("endpoint", "change", "kind"),
    [
        (ONE, {"combine": "each"}, "method-unknown"),
        (ONE, {"thresholds": [0.2]}, "design-does-not-fit"),
        (ONE, {"partial": {"low": 0.9, "high": 0.9}}, "value-out-of-limits"),
        (ONE, {"measure": 'call == "positive"'}, "rule-is-a-truth"),
        (ONE, {"arm": "OTHER"}, "arm-unknown"),
        (ONE, {"goal": {"value": 60.0, **kit.MARGIN}}, "value-out-of-limits"),
        (TWO, {"probability": True}, "design-does-not-fit"),
        (TWO, {"centers": "stratified"}, "method-unknown"),
        (TWO, {"margin": {"value": 2.0, **kit.MARGIN}}, "value-out-of-limits"),
    ],
)
def test_what_is_wrong_is_named(endpoint, change, kind):
    found = kit.problems(
        design="crossed_readers", sites=made.SITES, readers=READERS,
        forms=["F04", "F05", "F06", "F07"], endpoints=[endpoint | change],
    )  # fmt: skip
    assert kind in found
