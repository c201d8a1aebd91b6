"""A product alone against the readers of the other arm, from the raw rows."""

import kit
import numpy as np
import pandas as pd
import pytest
import reader_study as made
from scipy import stats

from clinval.core.errors import AnalysisError
from clinval.endpoints.behind import behind
from clinval.study.analysis_sets import memberships

MARGIN = {"value": 0.2, **kit.MARGIN}
SCORE = {"id": "ai_score", "type": "number", "label": {"en": "Score", "zh": "评分"}}
FORMS = ["F04", {"use": "F05", "add": [SCORE]}, "F06", "F07"]
PRODUCT = {"form": "F05", "measure": "ai_score"}
BASE = {"id": "P1", "kind": "ai_versus_readers", "form": "F07", "measure": "confidence",
        "product": PRODUCT, "comparison": "non_inferiority", "margin": MARGIN,
        "reference": made.REFERENCE}  # fmt: skip
SEX = {"subgroups": {"sex": {"label": "Sex", "field": "sex", "minimum": 12}}}


def declared(study=None, **said):
    endpoint = {key: value for key, value in (BASE | said).items() if value is not None}
    return kit.protocol(
        design="crossed_readers", sites=made.SITES, readers=made.READERS, forms=FORMS,
        endpoints=[endpoint], **(study or {}),
    )  # fmt: skip


def population(seed=1, *, lost=0):
    """Return the tables of a reader study, with a score of the product of each exam."""
    tables = made.population(seed)
    draw = np.random.default_rng(seed + 100)
    people = tables["F04"]
    ill = people["subject_id"].map(tables["F06"].set_index("subject_id")["reference_result"])
    score = np.round(draw.normal(0, 20, len(people)) + 25 * (ill == "positive") + 50)
    exams = people[["site_id", "subject_id"]].assign(arm="TEST", ai_score=score)
    return {**tables, "F05": exams.iloc[lost:]}


def frames(tables, **parts):
    """Return scores of the reader arm by reader (rows) and case, truth, and the product's."""
    frame = made.judged(tables)
    frame = frame[frame["arm"] == "REF"]
    for column, value in parts.items():
        frame = frame[frame[column] == value]
    scores = frame.pivot_table(index="reader_id", columns="subject_id", values="confidence")
    truth = frame.groupby("subject_id")["truth"].first().reindex(scores.columns) == 1
    product = tables["F05"].set_index("subject_id")["ai_score"].reindex(scores.columns)
    kept = product.notna().to_numpy()
    return scores.to_numpy()[:, kept], truth.to_numpy()[kept], product.to_numpy()[kept]


def area(score, ill):
    x, y = score[ill][:, None], score[~ill][None, :]
    return float(((x > y) + 0.5 * (x == y)).mean())


def expected(scores, ill, product, metric=area):
    """Return the difference, its error and degrees of freedom, every case left out in turn."""

    def differences(kept):
        own = metric(product[kept], ill[kept])
        return np.array([own - metric(score[kept], ill[kept]) for score in scores])

    n, everyone = len(ill), np.ones(len(ill), dtype=bool)
    whole, left = differences(everyone), []
    for case in range(n):
        kept = everyone.copy()
        kept[case] = False
        left.append(differences(kept))
    covariance = (n - 1) * np.cov(np.array(left).T, ddof=0)
    j = len(whole)
    square = whole.var(ddof=1)
    between = max(covariance[~np.eye(j, dtype=bool)].mean(), 0)
    noise = square + j * between
    return whole.mean(), np.sqrt(noise / j), noise**2 / (square**2 / (j - 1))


@pytest.fixture(scope="module")
def study():
    tables = population()
    return tables, kit.run(declared(subgroups=["sex"], study=SEX), tables)


def check(found, place, difference):
    estimate, se, df = difference
    half = stats.t.ppf(0.975, df) * se
    assert found[f"{place}.estimate"] == pytest.approx(estimate, abs=1e-9), place
    if place == "all":  # parts have their limits only
        assert found["all.se"] == pytest.approx(se)
    assert found[f"{place}.ci_low"] == pytest.approx(estimate - half), place
    assert found[f"{place}.ci_high"] == pytest.approx(estimate + half), place


def test_the_difference_by_the_model_of_one_treatment(study):
    tables, records = study
    found = kit.values(records)
    scores, ill, product = frames(tables)
    estimate, se, df = expected(scores, ill, product)
    check(found, "all", (estimate, se, df))
    assert found["all.p_value"] == pytest.approx(stats.t.sf((estimate + 0.2) / se, df))
    assert found["all.p_value_difference"] == pytest.approx(2 * stats.t.sf(abs(estimate) / se, df))
    assert (found["all.verdict"] == "met") == (found["all.ci_low"] > -0.2)
    assert found["all.bound_low"] == -0.2
    assert found["arm=TEST.estimate"] == pytest.approx(area(product, ill))
    means = [area(score, ill) for score in scores]
    assert found["arm=REF.estimate"] == pytest.approx(np.mean(means))
    assert found["arm=REF.ci_low"] < np.mean(means) < found["arm=REF.ci_high"]
    assert found["all.var_reader_observed"] == pytest.approx(np.var(means, ddof=1))
    for reader, mean in zip(made.READERS, means, strict=True):
        assert found[f"reader={reader}+arm=REF.estimate"] == pytest.approx(mean)
        assert found[f"reader={reader}+arm=TEST.estimate"] == found["arm=TEST.estimate"]
        apart = found[f"reader={reader}.estimate"]
        assert apart == pytest.approx(area(product, ill) - mean)
    assert (found["all.n"], found["all.diseased"]) == (len(ill), ill.sum())
    assert (found["all.readers"], found["all.reads"]) == (4, 4 * len(ill))


def test_what_stands_beside(study):
    tables, records = study
    found = kit.values(records)
    assert found["target=readers_cases.ci_low"] == found["all.ci_low"]
    assert found["target=cases.se"] != found["target=readers.se"]
    for site in made.SIZES:
        check(found, f"site={site}", expected(*frames(tables, site_id=site)))
    check(found, "subgroup=sex+level=male", expected(*frames(tables, sex="male")))
    assert found["site=S04.n"] == 0
    assert "without_site=S01.verdict" in found
    assert found["all.q_df"] == 2
    assert "analysis=stratified.estimate" in found
    assert found["all.unused.no_product"] == 0


def test_curves_of_the_product_and_of_the_readers(study):
    tables, _ = study
    _, ill, product = frames(tables)
    with kit.data(declared(), tables) as data:
        recorder = kit.analyze(data)
    series = {one.id.removeprefix("P1.FAS."): one.columns for one in recorder.series}
    assert set(series) == {"roc.TEST", "roc.TEST.product", "roc.REF"} | {
        f"roc.REF.{reader}" for reader in made.READERS
    }
    curve = series["roc.TEST.product"]
    order = np.lexsort((curve["true_positive"], curve["false_positive"]))
    x = np.append(0, np.array(curve["false_positive"])[order])
    y = np.append(0, np.array(curve["true_positive"])[order])
    assert float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum()) == pytest.approx(area(product, ill))


def test_calls_of_readers_against_a_product_with_its_own_threshold():
    tables = population(seed=2)
    said = {"metric": "sensitivity", "threshold": 4.0, "product": {**PRODUCT, "threshold": 60.0}}
    with kit.data(declared(**said), tables) as data:
        recorder = kit.analyze(data)
    prefix = "P1.FAS."
    found = {record.id.removeprefix(prefix): record.value for record in recorder.records}
    scores, ill, product = frames(tables)
    own = (product[ill] >= 60).mean()
    each = (scores[:, ill] >= 4).mean(axis=1)
    assert found["arm=TEST.estimate"] == pytest.approx(own)
    assert found["all.estimate"] == pytest.approx(own - each.mean())
    points = {one.id.removeprefix(prefix): one.columns for one in recorder.series}
    assert {"points.TEST", "points.REF", "roc.TEST", "roc.REF.R1"} <= set(points)
    assert points["points.REF"]["true_positive"] == pytest.approx(each.tolist())
    false = (scores[:, ~ill] >= 4).mean(axis=1)
    assert points["points.REF"]["false_positive"] == pytest.approx(false.tolist())
    assert points["points.TEST"]["true_positive"] == pytest.approx([own])


def test_calls_by_rules():
    tables = population(seed=2)
    said = {"metric": "specificity", "measure": 'call == "positive"',
            "product": {"form": "F05", "measure": "ai_score >= 60"}}  # fmt: skip
    found = kit.values(kit.run(declared(**said), tables))
    _, ill, product = frames(tables)
    assert found["arm=TEST.estimate"] == pytest.approx((product[~ill] < 60).mean())


def test_a_case_without_a_result_of_the_product_is_counted_and_left_out():
    tables = population(seed=3, lost=2)
    found = kit.values(kit.run(declared(), tables))
    check(found, "all", expected(*frames(tables)))
    assert found["all.unused.no_product"] == 8
    assert found["all.missing"] == len(tables["F04"]) - found["all.n"]


def test_two_results_of_the_product_of_a_subject_stop():
    tables = population()
    again = tables["F05"].iloc[[0]].assign(ai_score=1.0, acquisition_number=2.0)
    tables["F05"] = pd.concat([tables["F05"], again])
    form = {"use": "F05", "add": [SCORE], "keys": ["subject_id", "arm", "ai_score"]}
    protocol = kit.protocol(
        design="crossed_readers", sites=made.SITES, readers=made.READERS,
        forms=["F04", form, "F06", "F07"], endpoints=[BASE],
    )  # fmt: skip
    with pytest.raises(AnalysisError) as caught:
        kit.run(protocol, tables)
    assert caught.value.problems[0].kind == "rows-not-combined"


def test_the_rows_behind_a_number_are_those_of_the_product_or_of_the_readers(study):
    tables, records = study
    with kit.data(declared(subgroups=["sex"], study=SEX), tables) as data:
        sets = memberships(data)
        product, reader, all_ = (
            behind(records[name], data, sets)
            for name in ("arm=TEST.estimate", "reader=R2+arm=REF.estimate", "all.estimate")
        )
    assert (product.form, product.fields, len(product.rows)) == ("F05", ("ai_score",), 42)
    reads = tables["F07"][tables["F07"]["arm"] == "REF"]
    assert (reader.form, len(reader.rows)) == ("F07", (reads["reader_id"] == "R2").sum())
    assert len(all_.rows) == len(reads)


def test_nothing_read_has_no_difference():
    records = kit.run(declared(), {**population(), "F07": []})
    assert records["all.estimate"].undefined
    assert records["all.verdict"].value == "undefined"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"margin": None}, "margin-missing"),
        ({"comparison": "estimation"}, "margin-not-used"),
        ({"margin": {"value": 2.0, **kit.MARGIN}}, "value-out-of-limits"),
        ({"readers": ["R1"]}, "readers-too-few"),
        ({"product": {"form": "F08", "measure": "x"}}, "endpoint-form-unused"),
        ({"product": {"form": "F05", "measure": "ai_scores"}}, "rule-column-unknown"),
        ({"metric": "sensitivity", "threshold": 3.0}, "key-missing"),
        ({"product": {**PRODUCT, "threshold": 3.0}}, "design-does-not-fit"),
        ({"target": "session"}, "design-does-not-fit"),
        ({"covariance": "unbiased", "metric": "partial_auc", "fpr_max": 0.2},
         "design-does-not-fit"),
        ({"compare": {"test": "R1", "reference": "R2", "by": "reader"}}, "design-does-not-fit"),
        ({"subgroups": ["age"]}, "subgroup-unknown"),
        ({}, None),
    ],
)  # fmt: skip
def test_each_misuse_is_found(changes, kind):
    endpoint = {key: value for key, value in (BASE | changes).items() if value is not None}
    found = kit.problems(
        design="crossed_readers", readers=made.READERS, forms=FORMS, endpoints=[endpoint]
    )
    assert kind in found if kind else not found
