"""A reader study from the raw rows: every number again by counting pairs and by loops."""

import kit
import numpy as np
import pandas as pd
import pytest
import reader_study as made
from scipy import stats

from clinval.core.errors import AnalysisError
from clinval.core.records import Results
from clinval.report.disclosure import hidden
from clinval.study.data import StudyData

MARGIN = {"value": 0.1, **kit.MARGIN}
SEX = {"subgroups": {"sex": {"label": "Sex", "field": "sex", "minimum": 12}}}


def check(found, place, difference, level=0.95):
    estimate, se, df = difference
    half = stats.t.ppf((1 + level) / 2, df) * se
    expected = {"estimate": estimate, "se": se, "ci_low": estimate - half,
                "ci_high": estimate + half}  # fmt: skip
    if place.startswith(("site", "without_site", "subgroup")):
        del expected["se"]
    for name, value in expected.items():
        assert found[f"{place}.{name}"] == pytest.approx(value, abs=1e-9), (place, name)


def one_sided(difference, bound):
    estimate, se, df = difference
    return stats.t.sf((estimate - bound) / se, df)


@pytest.fixture(scope="module")
def study():
    """A store with a crossed study, which tests analyse in other ways."""
    with kit.opened() as store:
        kit.fill(store, made.declared(), made.population())
        yield store


def values(store, **said):
    recorder = kit.analyze(StudyData(made.declared(**said), store))
    return {record.id.removeprefix("P1.FAS."): record.value for record in recorder.records}


@pytest.fixture(scope="module")
def crossed():
    tables = made.population()
    return tables, kit.run(made.declared(subgroups=["sex"], study=SEX), tables)


def test_the_difference_by_the_model_of_readers_and_cases(crossed):
    tables, records = crossed
    found, frame = kit.values(records), made.judged(tables)
    scores, truth = made.table(frame)
    theta, covariance = made.areas(scores, truth)
    expected = made.rockette(theta, covariance)
    check(found, "all", expected)
    estimate, se, df = expected
    assert found["all.p_value"] == pytest.approx(one_sided(expected, 0.0))
    assert found["all.p_value_difference"] == pytest.approx(2 * stats.t.sf(abs(estimate / se), df))
    assert found["all.verdict"] == ("met" if found["all.ci_low"] > 0 else "not_met")
    assert (found["all.covariance"], found["all.second_engine"]) == ("delong", "agrees")
    assert (found["all.n"], found["all.diseased"]) == (len(truth), truth.sum())
    assert found["all.nondiseased"] == (~truth).sum()
    assert (found["all.readers"], found["all.reads"]) == (4, len(frame))
    assert (found["all.design"], found["all.design_as_declared"]) == ("crossed", "yes")
    assert found["all.missing_reads"] == 0
    assert found["all.missing"] == len(tables["F04"]) - len(truth)
    assert found["all.unused.no_truth"] == len(tables["F07"]) - len(frame)
    for place, arm in enumerate(made.ARMS):
        assert found[f"arm={arm}.estimate"] == pytest.approx(theta[place].mean())
        for reader, area in zip(made.READERS, theta[place], strict=True):
            assert found[f"reader={reader}+arm={arm}.estimate"] == pytest.approx(area)
    variances = np.diag(covariance).reshape(theta.shape)
    for place, reader in enumerate(made.READERS):
        cross = covariance[place, len(made.READERS) + place]
        alone = theta[1, place] - theta[0, place]
        error = np.sqrt(variances[:, place].sum() - 2 * cross)
        check(found, f"reader={reader}", (alone, error, np.inf))


def test_the_three_inferences_stand_beside_each_other(crossed):
    tables, records = crossed
    found = kit.values(records)
    theta, covariance = made.areas(*made.table(made.judged(tables)))
    for target in ("readers_cases", "cases", "readers"):
        expected = made.rockette(theta, covariance, target)
        check(found, f"target={target}", expected)
        assert found[f"target={target}.p_value"] == pytest.approx(one_sided(expected, 0.0))
    assert found["target=readers_cases.estimate"] == found["all.estimate"]


def test_other_methods_stand_beside_the_declared_one(crossed):
    tables, records = crossed
    found = kit.values(records)
    again = made.rockette(*made.left_out(*made.table(made.judged(tables))))
    check(found, "method=jackknife", again)
    others = {name.split(".")[0] for name in found if name.startswith("method=")}
    assert others == {f"method={name}" for name in
                      ("jackknife", "unbiased", "u_statistic", "v_statistic",
                       "dorfman_berbaum_metz")}  # fmt: skip
    # pseudovalues of the jackknife give the same test as its covariance
    assert found["method=dorfman_berbaum_metz.se"] == pytest.approx(found["method=jackknife.se"])
    assert records["method=u_statistic.estimate"].method == "mrmc.u_statistic"


def test_every_center_all_without_it_and_subgroups(crossed):
    tables, records = crossed
    found, frame = kit.values(records), made.judged(tables)
    parts = {f"site={site}": frame[frame["site_id"] == site] for site in made.SIZES}
    parts |= {f"without_site={site}": frame[frame["site_id"] != site] for site in made.SIZES}
    parts |= {f"subgroup=sex+level={sex}": frame[frame["sex"] == sex] for sex in ("female", "male")}
    for place, part in parts.items():
        scores, truth = made.table(part)
        check(found, place, made.rockette(*made.areas(scores, truth)))
        if "without" not in place:
            assert found[f"{place}.n"] == len(truth)
            assert found[f"{place}.diseased"] == truth.sum()
    assert found["site=S04.n"] == 0
    assert found["subgroup=sex.levels_shown"] == 2


def test_a_subgroup_below_its_minimum_has_counts_only(study):
    few = {"subgroups": {"sex": {"label": "Sex", "field": "sex", "minimum": 30}}}
    found = values(study, subgroups=["sex"], study=few)
    level = "subgroup=sex+level=male"
    assert found[f"{level}.estimate"] is None
    assert found[f"{level}.n"] > 0
    assert found["subgroup=sex.levels_shown"] == 0


def test_the_lower_limit_decides_non_inferiority(study):
    # the loss that the interval still allows: the arms turned round, so that there is one
    turned = {"compare": {"test": "REF", "reference": "TEST"}, "comparison": "non_inferiority"}
    low = values(study, **turned, margin={"value": 0.5, **kit.MARGIN})["all.ci_low"]
    for factor, word in ((0.99, "not_met"), (1.01, "met")):
        found = values(study, **turned, margin={"value": -low * factor, **kit.MARGIN})
        assert found["all.verdict"] == word
        assert (found["all.p_value"] < 0.025) == (word == "met")
        assert found["all.bound_low"] == pytest.approx(low * factor)


def test_equivalence_takes_the_larger_p(study):
    found = values(study, comparison="equivalence", margin=MARGIN)
    assert found["all.p_value"] == max(found["all.p_low"], found["all.p_high"])
    assert (found["all.bound_low"], found["all.bound_high"]) == (-0.1, 0.1)


@pytest.mark.parametrize("said", [
    {"metric": "sensitivity", "threshold": 4.0},
    {"metric": "specificity", "measure": 'call == "positive"'},
])  # fmt: skip
def test_calls_of_readers(said, study):
    found = values(study, **said)
    frame = made.judged(made.population())
    frame["called"] = (
        (frame["confidence"] >= 4) if "threshold" in said else frame["call"] == "positive"
    ).astype(float)
    calls, truth = made.table(frame, "called")
    right = calls[..., truth] if said["metric"] == "sensitivity" else 1 - calls[..., ~truth]
    share, n = right.mean(axis=-1), right.shape[-1]
    for place, arm in enumerate(made.ARMS):
        assert found[f"arm={arm}.estimate"] == pytest.approx(share[place].mean())
    covariance = np.cov(right.reshape(8, n)) / n
    check(found, "all", made.rockette(share, covariance))
    assert found["all.covariance"] == "delong"


def test_missing_reads_and_the_cases_read_completely():
    tables = made.population(seed=7, gaps=0.04)
    found = kit.values(kit.run(made.declared(), tables))
    frame = made.judged(tables)
    assert found["all.missing_reads"] == 8 * frame["subject_id"].nunique() - len(frame)
    assert (found["all.design"], found["all.covariance"]) == ("unbalanced", "jackknife")
    assert found["all.design_as_declared"] == "no"
    whole = frame.groupby("subject_id").filter(lambda rows: len(rows) == 8)
    check(found, "analysis=complete_cases", made.rockette(*made.left_out(*made.table(whole))))
    one = found["reader=R1+arm=TEST.n"]
    assert one == ((frame["reader_id"] == "R1") & (frame["arm"] == "TEST")).sum()


def test_groups_of_readers_with_cases_of_their_own():
    tables = made.population(seed=14)
    first = tables["F07"]["subject_id"].str[-1].isin(list("02468"))
    early = tables["F07"]["reader_id"].isin(["R1", "R2"])
    tables["F07"] = tables["F07"][first == early]
    tables["F07"] = tables["F07"].drop(index=tables["F07"].index[[3, 40]])
    blocks = [{"id": "B1", "readers": ["R1", "R2"], "subjects": {"every": 2, "offset": 1}},
              {"id": "B2", "readers": ["R3", "R4"], "subjects": {"every": 2}}]  # fmt: skip
    declared = made.declared(design="split_plot", study={"reading": {"blocks": blocks}})
    found = kit.values(kit.run(declared, tables))
    frame = made.judged(tables)
    check(found, "all", made.rockette(*made.without_each(frame)))
    assert (found["all.design"], found["all.design_as_declared"]) == ("split_plot", "yes")
    assert (found["all.missing_reads"], found["all.covariance"]) == (2, "jackknife")
    assert found["all.second_engine"] == "agrees"
    whole = frame.groupby("subject_id").filter(lambda rows: len(rows) == 4)
    assert found["analysis=complete_cases.n"] == whole["subject_id"].nunique()
    assert found["all.n"] - found["analysis=complete_cases.n"] == 2
    check(found, "analysis=complete_cases", made.rockette(*made.without_each(whole)))
    assert found["reader=R1.reads"] == (frame["reader_id"] == "R1").sum()
    others = {name.split(".")[0] for name in found if name.startswith("method=")}
    assert others == {"method=unbiased", "method=u_statistic", "method=v_statistic"}


def test_versions_of_the_truth():
    tables = made.population(seed=1, unclear=0.2)
    versions = [{"id": "wide", "label": "wide", "reference": made.WIDER},
                {"id": "turned", "label": "turned round", "reference": {
                    **made.REFERENCE, "positive": made.REFERENCE["negative"],
                    "negative": made.REFERENCE["positive"]}}]  # fmt: skip
    found = kit.values(kit.run(made.declared(truth_versions=versions), tables))
    scores, truth = made.table(made.judged(tables, unclear=1.0))
    check(found, "truth=wide", made.rockette(*made.areas(scores, truth)))
    assert found["truth=wide.n"] == len(truth) > found["all.n"]
    assert found["truth=wide.changed"] == 0
    assert found["truth=turned.changed"] == found["all.n"]
    assert found["truth=turned.estimate"] == pytest.approx(-found["all.estimate"])
    assert found["truth=wide.verdict"] == found["all.verdict"] != found["truth=turned.verdict"]
    assert found["all.verdict_by_truth"] == "turned"
    # without a verdict, and with one that stays, the side of zero is what changes
    worse = {"compare": {"test": "REF", "reference": "TEST"}, "truth_versions": versions}
    found = kit.values(kit.run(made.declared(**worse), made.population(seed=1, unclear=0.0)))
    assert found["truth=wide.verdict"] == found["all.verdict"] == "not_met"
    assert found["all.verdict_by_truth"] == "turned"


def test_what_casts_doubt_on_reads():
    tables = made.population(seed=9)
    turned = tables["F07"]["reader_id"] == "R2"
    tables["F07"].loc[turned, "confidence"] = 6 - tables["F07"].loc[turned, "confidence"]
    panel = [{"site_id": "S01", "reader_id": r, "on_truth_panel": "yes" if r == "R3" else "no"}
             for r in made.READERS]  # fmt: skip
    declared = made.declared(
        forms=("F03", "F04", "F06", "F07"),
        design={"type": "crossed_readers", "washout_days": 28},
    )
    found = kit.values(kit.run(declared, {**tables, "F03": pd.DataFrame(panel)}))
    assert found["all.below_half"] == "R2"
    assert found["all.readers_on_truth_panel"] == "R3"
    wide = made.judged(tables).pivot_table(
        index=["reader_id", "subject_id"], columns="arm", values="read_date", aggfunc="first"
    )
    days = (wide["TEST"] - wide["REF"]).dt.days.abs()
    assert found["all.washout_declared"] == 28
    assert found["all.washout_shortest"] == days.min()
    assert found["all.washout_short"] == (days < 28).sum() > 0
    assert found["reader=R1.washout_short"] == (days["R1"] < 28).sum()


def test_curves_of_readers_and_their_vertical_average(study):
    recorder = kit.analyze(StudyData(made.declared(), study))
    series = {one.id.removeprefix("P1.FAS."): one.columns for one in recorder.series}
    assert set(series) == {f"roc.{arm}{end}" for arm in made.ARMS
                           for end in ("", *(f".{r}" for r in made.READERS))}  # fmt: skip
    for arm in made.ARMS:
        average = series[f"roc.{arm}"]
        false, true = np.array(average["false_positive"]), np.array(average["true_positive"])
        assert (np.diff(false) >= 0).all()
        assert (np.diff(true) >= -1e-12).all()
        areas = [recorder.value("estimate", {"reader": r, "arm": arm}) for r in made.READERS]
        # the area of a vertical average is the average area, but for the steps of the grid
        assert np.trapezoid(true, false) == pytest.approx(np.mean(areas), abs=0.01)
        at = 0.3
        heights = []
        for reader in made.READERS:
            own = series[f"roc.{arm}.{reader}"]
            points = [[0.0, *sorted(own[f"{kind}_positive"])] for kind in ("false", "true")]
            heights.append(np.interp(at, *points))
        assert np.interp(at, false, true) == pytest.approx(np.mean(heights))


def test_lesions_are_clustered_in_their_subjects():
    tables = made.population(seed=11)
    rows = [tables["F07"].assign(lesion=float(k)) for k in (1, 2)]
    rows[1]["confidence"] = np.clip(rows[1]["confidence"] + 1, 1, 5)
    form = {"use": "F07", "keys": ["subject_id", "arm", "reader_id", "lesion"], "rows": "open",
            "add": [{"id": "lesion", "type": "integer", "label": "Lesion",
                     "required": True}]}  # fmt: skip
    declared = made.declared(forms=("F04", "F06", form), target="lesion")
    found = kit.values(kit.run(declared, {**tables, "F07": pd.concat(rows)}))
    subjects = made.judged(tables)["subject_id"].nunique()
    assert (found["all.n"], found["all.cases"]) == (subjects, 2 * subjects)
    assert found["all.covariance"] == "clustered"
    assert not [name for name in found if name.startswith("method=")]
    assert found["all.se"] > 0


@pytest.mark.parametrize("method", ["u_statistic", "v_statistic", "dorfman_berbaum_metz"])
def test_other_declared_methods(method, crossed, study):
    found, beside = values(study, method=method), kit.values(crossed[1])
    for name in ("estimate", "se", "ci_low", "ci_high", "p_value_difference"):
        assert found[f"all.{name}"] == beside[f"method={method}.{name}"], name
    assert found["all.p_value"] == pytest.approx(found["all.p_value_difference"] / 2)
    assert found["method=delong.estimate"] == beside["all.estimate"]
    assert found["target=cases.estimate"] is not None


def test_one_arm_one_reader_one_class_and_no_reads():
    tables = made.population(seed=12)
    rows = tables["F07"]

    def run(kept, **said):
        return kit.run(made.declared(**said), {**tables, "F07": kept})

    records = run(rows[rows["arm"] == "TEST"])
    assert records["all.estimate"].reason == "no read in one of the two arms"
    assert records["all.verdict"].value == "undefined"
    records = run(rows[rows["reader_id"] == "R1"])
    assert records["all.estimate"].value is not None
    assert records["all.ci_low"].undefined
    assert not records["target=cases.ci_low"].undefined
    ill = tables["F06"][tables["F06"]["reference_result"] == "positive"]["subject_id"]
    records = run(rows[rows["subject_id"].isin(ill)], metric="specificity", threshold=4.0)
    assert records["all.estimate"].undefined
    assert records["all.verdict"].value == "undefined"
    records = run([])
    assert records["all.estimate"].reason == "no read of a case with a known truth"
    assert records["all.n"].value == 0


def test_a_second_read_of_the_same_case_and_arm_stops():
    tables = made.population(seed=13)
    again = tables["F07"].iloc[[0]].assign(site_id="S02")
    with pytest.raises(AnalysisError):
        kit.run(made.declared(), {**tables, "F07": pd.concat([tables["F07"], again])})


def test_centers_differ_or_not_with_readers_fixed(crossed):
    tables, records = crossed
    found, frame = kit.values(records), made.judged(tables)

    def q(parts):
        alone = [made.rockette(*made.areas(*made.table(part)), "cases") for _, part in parts]
        difference, error = np.array([(d, se) for d, se, _ in alone]).T
        weight = error**-2
        return (weight * (difference - np.average(difference, weights=weight)) ** 2).sum()

    for prefix, column in (("all.q", "site_id"), ("subgroup=sex.interaction_q", "sex")):
        groups = frame.groupby(column)
        expected = q(groups)
        assert found[prefix] == pytest.approx(expected)
        p = prefix.replace("_q", "_p_value") if "_q" in prefix else "all.q_p_value"
        assert found[p] == pytest.approx(stats.chi2.sf(expected, len(groups) - 1))
    # pairs of cases within centers only, weighted by n1 n0 / (n1 + n0)
    weights, areas = [], []
    for _, part in frame.groupby("site_id"):
        scores, truth = made.table(part)
        weights.append(truth.sum() * (~truth).sum() / len(truth))
        areas.append(made.areas(scores, truth)[0])
    theta = np.average(areas, axis=0, weights=weights)
    within = theta[1].mean() - theta[0].mean()
    assert found["analysis=stratified.estimate"] == pytest.approx(within)
    assert records["all.q"].method == "mrmc.obuchowski_rockette_stratified"


def test_arms_turned_round_and_another_scale_of_the_same_order(crossed, study):
    found = kit.values(crossed[1])
    turned = {"compare": {"test": "REF", "reference": "TEST"}, "measure": "confidence * 2 + 1"}
    again = values(study, **turned)
    for one, other in (("estimate", "estimate"), ("ci_low", "ci_high"), ("ci_high", "ci_low")):
        assert again[f"all.{one}"] == pytest.approx(-found[f"all.{other}"])
    assert again["all.p_value"] == pytest.approx(1 - found["all.p_value"])
    assert again["arm=TEST.estimate"] == pytest.approx(found["arm=TEST.estimate"])


def test_a_covariance_of_crossed_studies_without_all_reads():
    tables = made.population(seed=7, gaps=0.04)
    records = kit.run(made.declared(covariance="delong"), tables)
    assert records["all.estimate"].reason.startswith("the method needs every read")
    assert records["all.verdict"].value == "undefined"
    assert not records["method=jackknife.ci_low"].undefined


def test_superiority_is_read_after_non_inferiority(study):
    found = values(study, comparison="non_inferiority", margin=MARGIN)
    assert (found["all.verdict"], found["all.superiority"]) == ("met", "met")
    assert found["all.superiority_p_value"] == pytest.approx(found["all.p_value_difference"] / 2)


def test_few_diseased_cases_of_a_site_cannot_be_worked_out():
    sizes = {"S01": 16, "S02": 14, "S03": 9}
    tables = made.population(seed=15, sizes=sizes, unclear=0.0)
    with kit.data(made.declared(), tables) as data:
        recorder = kit.analyze(data)
        results = Results(provenance={}, records=tuple(recorder.records), series=())
        names = {
            site: {
                statistic: f"P1.FAS.site={site}{statistic}"
                for statistic in (
                    ".n",
                    ".diseased",
                    ".nondiseased",
                    ".estimate",
                    ".ci_low",
                    "+arm=TEST.estimate",
                    "+arm=REF.ci_high",
                )
            }
            for site in sizes
        }
        masked = {
            site: hidden(data.protocol, results, site, set(of_site.values()))
            for site, of_site in names.items()
        }
    few, own = masked["S03"], names["S03"]
    assert recorder.value("diseased", {"site": "S03"}) < 5 <= recorder.value("diseased")
    assert few[own[".diseased"]] == "few"
    # one of the other two is not printed either, and nothing that follows from them
    assert own[".nondiseased"] in few or own[".n"] in few
    for name in (".estimate", ".ci_low", "+arm=TEST.estimate", "+arm=REF.ci_high"):
        assert few[own[name]] == "withheld", name
    assert masked["S01"] == {}
