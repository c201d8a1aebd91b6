"""Accuracy against a reference standard, recomputed from the raw rows."""

import accuracy_study as made
import kit
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clinval.core.errors import AnalysisError

ONE = {"id": "P1", "kind": "diagnostic_accuracy", "quantity": "sensitivity", "arm": "TEST",
       "method": "clopper_pearson", "goal": made.GOAL, **made.CALLED}  # fmt: skip


def exact(x, n, level=0.95):
    interval = stats.binomtest(int(x), int(n)).proportion_ci(confidence_level=level, method="exact")
    return x / n, interval.low, interval.high


def check(found, place, expected, name=""):
    names = ("estimate", "ci_low", "ci_high") if not name else (
        name, f"{name}_ci_low", f"{name}_ci_high",
    )  # fmt: skip
    for statistic, value in zip(names, expected, strict=True):
        assert found[f"{place}.{statistic}"] == pytest.approx(value, abs=1e-9), (place, statistic)


def judged(tables, way="exclude", missing="exclude"):
    """Return the subjects that count, with truth and call as 0 and 1, by the written rules."""
    frame = made.subjects(tables)
    said = made.calls(tables).reindex(frame.index)
    call = said.map({"positive": 1.0, "negative": 0.0})
    wrong = 1 - frame["truth"]
    unclear = said == "not_evaluable"
    fill = {"exclude": np.nan, "failure": wrong, "positive": 1.0, "negative": 0.0}[way]
    call = call.where(~unclear, fill)
    if missing == "failure":
        call = call.where(~said.isna(), wrong)
    return frame.assign(call=call).dropna(subset=["truth", "call"])


def cells(frame):
    ill, called = frame["truth"] == 1, frame["call"] == 1
    return [int(n) for n in ((ill & called).sum(), (~ill & called).sum(),
                             (ill & ~called).sum(), (~ill & ~called).sum())]  # fmt: skip


OF = {  # which of tp, fp, fn, tn are successes, and which are tried
    "sensitivity": ((0,), (0, 2)),
    "specificity": ((3,), (3, 1)),
    "ppv": ((0,), (0, 1)),
    "npv": ((3,), (3, 2)),
    "accuracy": ((0, 3), (0, 1, 2, 3)),
}


def counts(name, table):
    return tuple(sum(table[cell] for cell in chosen) for chosen in OF[name])


@pytest.mark.parametrize("quantity", sorted(OF))
@pytest.mark.parametrize("way", ["exclude", "failure", "positive", "negative"])
def test_every_number_from_the_raw_rows(quantity, way):
    tables = made.population(3)
    said = ONE | {"quantity": quantity, "indeterminate": way, "where": 'reader_id == "R1"'}
    records = kit.run(made.declared(said), tables)
    found = kit.values(records)
    frame = judged(tables, way)
    tp, fp, fn, tn = cells(frame)
    assert [found[f"all.{cell}"] for cell in ("tp", "fp", "fn", "tn")] == [tp, fp, fn, tn]
    x, n = counts(quantity, (tp, fp, fn, tn))
    assert (found["all.x"], found["all.trials"], found["all.n"]) == (x, n, len(frame))
    check(found, "all", exact(x, n))
    for name in OF:
        check(found, "all", exact(*counts(name, (tp, fp, fn, tn))), name)
    test = stats.binomtest(x, n, 0.6, alternative="greater")
    assert found["all.p_value"] == pytest.approx(test.pvalue)
    verdict = "met" if exact(x, n)[1] > 0.6 else "not_met"
    assert found["all.verdict"] == verdict
    table, flips = [], []
    for site in made.SITES:
        here, rest = frame[frame["site_id"] == site], frame[frame["site_id"] != site]
        assert found[f"site={site}.n"] == len(here)
        if not len(here):
            assert f"site={site}.estimate" not in found
            continue
        x_here, n_here = counts(quantity, cells(here))
        check(found, f"site={site}", exact(x_here, n_here))
        x_rest, n_rest = counts(quantity, cells(rest))
        check(found, f"without_site={site}", exact(x_rest, n_rest))
        word = "met" if exact(x_rest, n_rest)[1] > 0.6 else "not_met"
        assert found[f"without_site={site}.verdict"] == word
        flips += [site] if word != verdict else []
        table.append((x_here, n_here - x_here))
    assert found["all.centers_that_flip"] == (", ".join(flips) or "none")
    chi2 = stats.chi2_contingency(np.array(table), correction=False)
    assert (found["all.q"], found["all.q_p_value"]) == (
        pytest.approx(chi2.statistic), pytest.approx(chi2.pvalue),
    )  # fmt: skip
    assert found["all.second_engine"] == "agrees"


def test_ratios_by_their_formulas_and_predictive_values_at_a_prevalence():
    tables = made.population(4)
    said = ONE | {"where": 'reader_id == "R1"', "prevalences": [0.05]}
    found = kit.values(kit.run(made.declared(said), tables))
    tp, fp, fn, tn = cells(judged(tables))
    ill, well, z = tp + fn, fp + tn, stats.norm.ppf(0.975)
    for name, (a, b) in {"lr_pos": (tp, fp), "lr_neg": (fn, tn)}.items():
        ratio = (a / ill) / (b / well)
        half = z * np.sqrt(1 / a - 1 / ill + 1 / b - 1 / well)
        check(found, "all", (ratio, ratio * np.exp(-half), ratio * np.exp(half)), name)
    ratio = tp * tn / (fp * fn)
    half = z * np.sqrt(1 / tp + 1 / fp + 1 / fn + 1 / tn)
    expected = (ratio, ratio * np.exp(-half), ratio * np.exp(half))
    check(found, "all", expected, "diagnostic_odds_ratio")
    se, sp, p = tp / ill, tn / well, 0.05
    assert found["all.youden"] == pytest.approx(se + sp - 1)
    ppv = p * se / (p * se + (1 - p) * (1 - sp))
    npv = (1 - p) * sp / ((1 - p) * sp + p * (1 - se))
    assert found["prevalence=0.05.ppv"] == pytest.approx(ppv)
    assert found["prevalence=0.05.npv"] == pytest.approx(npv)
    logit = np.log(ppv / (1 - ppv))
    half = z * np.sqrt((1 - se) / (se * ill) + sp / ((1 - sp) * well))
    assert found["prevalence=0.05.ppv_ci_low"] == pytest.approx(1 / (1 + np.exp(half - logit)))


def test_nobody_is_lost_and_indeterminate_calls_are_shown_each_way():
    tables = made.population(5)
    said = ONE | {"where": 'reader_id == "R1"', "missing": "failure"}
    found = kit.values(kit.run(made.declared(said), tables))
    frame = made.subjects(tables)
    said = made.calls(tables).reindex(frame.index)
    with_truth = frame["truth"].notna()
    raw = tables["F06"].set_index("subject_id")["reference_result"].reindex(frame.index)
    expected = {
        "missing": (with_truth & said.isna()).sum(),
        "indeterminate": (with_truth & (said == "not_evaluable")).sum(),
        "no_reference": raw.isna().sum(),
        "reference_indeterminate": (raw == "indeterminate").sum(),
    }
    assert {name: found[f"all.{name}"] for name in expected} == expected
    assert all(expected.values())
    for name, count in expected.items():
        assert sum(found[f"site={site}.{name}"] for site in made.SITES) == count
    whole = found["all.n"] + sum(expected.values()) - expected["missing"]
    assert whole == len(frame)  # the missing count as failures, so they are among n
    for way in ("exclude", "failure", "positive", "negative"):
        tp, fp, fn, tn = cells(judged(tables, way, "failure"))
        place = f"indeterminate={way}"
        check(found, place, exact(tp, tp + fn), "sensitivity")
        check(found, place, exact(tn, tn + fp), "specificity")
        check(found, place, exact(tp, tp + fn))
    low, high = (found[f"indeterminate={way}.estimate"] for way in ("failure", "positive"))
    assert low < found["indeterminate=exclude.estimate"] < high


def _clustered(tables):
    """Return truth and call of each read of the test arm, beside its subject."""
    frame, rows = made.subjects(tables), tables["F07"]
    rows = rows[(rows["arm"] == "TEST") & rows["call"].isin(["positive", "negative"])]
    rows = rows[rows["subject_id"].isin(frame.index)]
    rows = rows.assign(truth=frame["truth"].reindex(rows["subject_id"]).to_numpy())
    return rows.dropna(subset=["truth"])


def test_rows_that_stay_apart_are_clustered_in_subjects():
    tables = made.population(6, readers=("R1", "R2", "R3"))
    said = ONE | {"combine": "each", "method": "ratio_estimator"}
    records = kit.run(made.declared(said), tables)
    found, rows = kit.values(records), _clustered(tables)
    ill = rows[rows["truth"] == 1]
    by = ill.assign(hit=ill["call"] == "positive").groupby("subject_id")["hit"]
    x, n, m = by.sum(), by.size(), by.ngroups
    p = x.sum() / n.sum()
    se = np.sqrt(m / (m - 1) * ((x - p * n) ** 2).sum()) / n.sum()
    half = stats.norm.ppf(0.975) * se
    check(found, "all", (p, p - half, p + half))
    assert found["all.trials"] == len(ill) > m
    assert records["all.tp"].unit == "rows"
    assert found["all.n"] == rows["subject_id"].nunique()
    assert found["all.lr_pos"] == pytest.approx(p / (1 - found["all.specificity"]))
    assert records["all.lr_pos_ci_low"].undefined
    assert "not independent" in records["all.lr_pos_ci_low"].reason
    assert records["all.q_p_value"].undefined
    binomial = [r for r in records.values() if r.method.startswith("proportion.")]
    assert binomial == []


def test_clusters_without_variance_have_no_made_up_interval():
    tables = made.population(7, readers=("R1", "R2"), unclear=0)
    tables["F07"]["call"] = "positive"
    said = ONE | {"combine": "each", "method": "ratio_estimator"}
    records = kit.run(made.declared(said), tables)
    assert records["all.estimate"].value == 1
    assert records["all.ci_low"].undefined
    assert records["all.verdict"].value == "undefined"


def test_a_majority_of_readers_is_one_call_a_subject():
    tables = made.population(8, readers=("R1", "R2", "R3"))
    found = kit.values(kit.run(made.declared(ONE | {"combine": "majority"}), tables))
    rows = _clustered(tables)
    share = (rows["call"] == "positive").groupby(rows["subject_id"]).mean() > 0.5
    truth = rows.groupby("subject_id")["truth"].first()
    assert found["all.tp"] == int((share & (truth == 1)).sum())
    assert found["all.n"] == len(share)


def test_several_reads_are_not_taken_for_one():
    tables = made.population(9, readers=("R1", "R2"))
    said = ONE | {"where": 'image_quality == 3 or reader_id in ["R1", "R2"]'}
    with pytest.raises(AnalysisError) as caught:
        kit.run(made.declared(said), tables)
    [problem] = caught.value.problems
    assert problem.kind == "rows-not-independent"
    assert "ratio_estimator" in problem.line("en")
    assert "ratio_estimator" in problem.line("zh")


def test_subgroups_are_counted_again():
    tables = made.population(10)
    sex = {"label": "Sex", "field": "sex", "minimum": 5}
    said = ONE | {"where": 'reader_id == "R1"', "subgroups": ["sex"]}
    found = kit.values(kit.run(made.declared(said, subgroups={"sex": sex}), tables))
    table = []
    for level, frame in judged(tables).groupby("sex"):
        tp, _, fn, _ = cells(frame)
        place = f"subgroup=sex+level={level}"
        check(found, place, exact(tp, tp + fn))
        assert (found[f"{place}.tp"], found[f"{place}.n"]) == (tp, len(frame))
        table.append((tp, fn))
    chi2 = stats.chi2_contingency(np.array(table), correction=False)
    assert found["subgroup=sex.interaction_p_value"] == pytest.approx(chi2.pvalue)


def test_a_lesion_finds_its_own_reference_and_a_missed_row_is_counted():
    lesion = {"id": "lesion", "type": "integer", "label": "Lesion", "required": True}
    forms = [
        "F04",
        "F05",
        {"use": "F06", "keys": ["subject_id", "lesion"], "add": [lesion]},
        {"use": "F07", "keys": ["subject_id", "arm", "reader_id", "lesion"], "add": [lesion]},
    ]
    said = ONE | {"combine": "each", "method": "ratio_estimator"}
    protocol = made.declared(said)
    protocol = kit.protocol(
        design="crossed_readers", sites=made.SITES, readers=("R1",), forms=forms, endpoints=[said]
    )
    people = kit.enrolled({"S01": 12, "S02": 10})
    draw = np.random.default_rng(11)
    truth, reads = [], []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        for number in range(1, int(draw.integers(1, 4)) + 1):
            key = {"site_id": site, "subject_id": subject, "lesion": float(number)}
            result = "positive" if draw.random() < 0.6 else "negative"
            truth.append(key | {"reference_result": result})
            if draw.random() < 0.85:
                call = "positive" if (draw.random() < 0.8) == (result == "positive") else "negative"
                reads.append(key | {"arm": "TEST", "reader_id": "R1", "call": call})
    tables = {"F04": people, "F06": pd.DataFrame(truth), "F07": pd.DataFrame(reads)}
    found = kit.values(kit.run(protocol, tables))
    keys = ["subject_id", "lesion"]
    both = tables["F06"].merge(tables["F07"], on=keys, how="left")
    hit = both["call"] == "positive"
    assert found["all.tp"] == int((hit & (both["reference_result"] == "positive")).sum())
    assert found["all.tn"] == int(
        ((both["call"] == "negative") & (both["reference_result"] == "negative")).sum()
    )
    assert found["all.rows_missing"] == int(both["call"].isna().sum()) > 0


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"negative": 'call == "no"'}, "rule-code-unknown"),
        ({"reference": made.REFERENCE | {"form": "F09"}}, "endpoint-form-unused"),
        ({"reference": made.REFERENCE | {"positive": "reference == 1"}}, "rule-column-unknown"),
        ({"combine": "each"}, "method-unknown"),
        ({"method": "ratio_estimator", "combine": "majority"}, "method-unknown"),
        ({"combine": "only"}, "rows-exceed-subjects"),
        ({"subgroups": ["age"], "combine": "majority"}, "subgroup-unknown"),
        ({"arm": "OTHER", "combine": "majority"}, "arm-unknown"),
        ({"goal": {"value": 60.0, **kit.MARGIN}, "combine": "majority"}, "value-out-of-limits"),
    ],
)
def test_what_is_wrong_is_named(change, kind):
    said = ONE | change
    found = kit.problems(
        design="crossed_readers", sites=made.SITES, readers=("R1", "R2"),
        forms=["F04", "F05", "F06", "F07"], endpoints=[said],
    )  # fmt: skip
    assert kind in found


def test_a_reference_that_contradicts_itself_or_the_two_rules_stop_the_analysis():
    tables = made.population(12)
    both = made.REFERENCE | {"negative": 'reference_result != "indeterminate"'}
    said = ONE | {"where": 'reader_id == "R1"', "reference": both}
    with pytest.raises(AnalysisError) as caught:
        kit.run(made.declared(said), tables)
    assert [problem.kind for problem in caught.value.problems] == ["call-is-both"]


LESION = {"id": "lesion", "type": "integer", "label": "Lesion", "required": True}
BY_LESION = ["F04", "F05", "F07", {"use": "F06", "keys": ["subject_id", "lesion"], "add": [LESION]}]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"combine": "majority"}, "reference-not-by-subject"),
        ({"combine": "each", "method": "ratio_estimator"}, "reference-key"),
    ],
)
def test_rows_that_find_no_reference_are_named(change, kind):
    found = kit.problems(
        design="crossed_readers", sites=made.SITES, readers=("R1", "R2"), forms=BY_LESION,
        endpoints=[ONE | change],
    )  # fmt: skip
    assert found == [kind]


def test_a_subject_with_and_without_the_condition_stops_the_analysis():
    tables = made.population(13, readers=("R1", "R2"))
    reference = {"form": "F07", "positive": "confidence >= 4", "negative": "confidence < 4"}
    said = ONE | {"combine": "majority", "reference": reference}
    with pytest.raises(AnalysisError) as caught:
        kit.run(made.declared(said), tables)
    [problem] = caught.value.problems
    assert problem.kind == "reference-contradicts"
    rows = tables["F07"].dropna(subset=["confidence"])
    high = (rows["confidence"] >= 4).groupby(rows["subject_id"])
    assert problem.parameters["subjects"] == int((high.any() & ~high.all()).sum())


def test_the_days_between_test_and_reference_are_those_of_the_subjects_that_are_judged():
    tables = made.population(14)
    draw = np.random.default_rng(14)
    days = draw.integers(-10, 60, len(tables["F06"])).astype(float)
    days[::7] = np.nan
    tables["F06"]["days_to_reference"] = days
    found = kit.values(kit.run(made.declared(ONE | {"where": 'reader_id == "R1"'}), tables))
    frame = made.subjects(tables)
    judged = frame.index[frame["truth"].notna()]
    known = tables["F06"].set_index("subject_id")["days_to_reference"].reindex(judged).dropna()
    assert found["all.days_median"] == pytest.approx(known.median())
    assert (found["all.days_least"], found["all.days_greatest"]) == (known.min(), known.max())
    assert found["all.reference_positive"] == (frame["truth"] == 1).sum()
    assert found["all.reference_negative"] == (frame["truth"] == 0).sum()
