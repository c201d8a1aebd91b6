"""Marks of readers in two arms, from the raw rows."""

import kit
import marks_study as made
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clinval.core.errors import AnalysisError
from clinval.stats.reader_study import froc

MARGIN = {"value": 0.1, **kit.MARGIN}
SEX = {"subgroups": {"sex": {"label": "Sex", "field": "sex", "minimum": 12}}}


@pytest.fixture(scope="module")
def study():
    tables = made.population()
    return tables, kit.run(made.declared(subgroups=["sex"], study=SEX), tables)


def test_each_figure_lesion_by_lesion(study):
    tables, records = study
    found = kit.values(records)
    for arm in made.ARMS:
        areas = [made.weighted_area(tables, arm, reader) for reader in made.READERS]
        for reader, area in zip(made.READERS, areas, strict=True):
            assert found[f"reader={reader}+arm={arm}.estimate"] == pytest.approx(area)
        assert found[f"arm={arm}.estimate"] == pytest.approx(np.mean(areas))
    apart = found["arm=TEST.estimate"] - found["arm=REF.estimate"]
    assert found["all.estimate"] == pytest.approx(apart)


def test_the_result_with_all_that_stands_beside(study):
    tables, records = study
    found = kit.values(records)
    given = made.arguments(tables)
    for target in ("readers_cases", "cases", "readers"):
        expected = froc.wafroc(**given, test="TEST", reference="REF", random=target)
        for name in ("estimate", "se", "ci_low", "ci_high", "p_value_difference"):
            value = getattr(expected, name)
            assert found[f"target={target}.{name}"] == pytest.approx(value), (target, name)
            if target == "readers_cases":
                assert found[f"all.{name}"] == pytest.approx(value)
    expected = froc.wafroc(**given, test="TEST", reference="REF")
    test = froc.figure_test(**given, test="TEST", reference="REF", alternative="greater")
    assert found["all.p_value"] == pytest.approx(test.p_value)
    assert found["all.verdict"] == ("met" if expected.ci_low > 0 else "not_met")
    for name in ("var_reader", "var_reader_modality", "var_error", "cov1", "cov2", "cov3"):
        assert found[f"all.{name}"] == pytest.approx(getattr(expected, name))
    for figure in ("hr_sensitivity", "hr_specificity", "max_llf", "max_nlf"):
        other = getattr(froc, figure)(**given, test="TEST", reference="REF")
        assert found[f"figure={figure}.estimate"] == pytest.approx(other.estimate)
        assert found[f"figure={figure}+arm=TEST.estimate"] == pytest.approx(
            other.fom_by_modality[other.modalities.index("TEST")]
        )
    assert records["figure=max_llf.estimate"].unit == "proportion_difference"


def test_what_there_is_is_counted(study):
    tables, records = study
    found = kit.values(records)
    ill = (tables["F06"]["reference_result"] == "positive").sum()
    assert (found["all.n"], found["all.diseased"]) == (len(tables["F04"]), ill)
    assert found["all.lesions"] == len(tables["F13"])
    assert found["all.marks"] == (tables["F12"]["mark_type"] != "none").sum()
    assert found["all.reads"] == len(tables["F04"]) * 6
    assert (found["all.readers"], found["all.missing_reads"]) == (3, 0)
    assert found["all.design"] == "crossed"


def test_centers_and_subgroups(study):
    tables, records = study
    found = kit.values(records)
    people = tables["F04"]
    parts = {f"site={site}": people["site_id"] == site for site in made.SIZES}
    parts |= {f"without_site={site}": people["site_id"] != site for site in made.SIZES}
    parts |= {f"subgroup=sex+level={sex}": people["sex"] == sex for sex in ("female", "male")}
    for place, mask in parts.items():
        subjects = set(people.loc[mask, "subject_id"])
        expected = froc.wafroc(**made.arguments(tables, subjects), test="TEST", reference="REF")
        assert found[f"{place}.estimate"] == pytest.approx(expected.estimate), place
        assert found[f"{place}.ci_low"] == pytest.approx(expected.ci_low), place
    assert found["site=S03.n"] == 0
    assert found["site=S01.lesions"] == (tables["F13"]["site_id"] == "S01").sum()
    alone = [
        froc.wafroc(
            **made.arguments(tables, set(people.loc[people["site_id"] == site, "subject_id"])),
            test="TEST", reference="REF", random="cases",
        )
        for site in made.SIZES
    ]  # fmt: skip
    weights = np.array([1 / one.se**2 for one in alone])
    values = np.array([one.estimate for one in alone])
    mean = (weights * values).sum() / weights.sum()
    assert found["analysis=stratified.estimate"] == pytest.approx(mean)
    q = (weights * (values - mean) ** 2).sum()
    assert found["all.q"] == pytest.approx(q)
    assert found["all.q_p_value"] == pytest.approx(stats.chi2.sf(q, 1))
    z = mean * np.sqrt(weights.sum())
    assert found["analysis=stratified.p_value"] == pytest.approx(stats.norm.sf(z))
    assert found["subgroup=sex.interaction_df"] == 1


def test_the_points_of_the_curves(study):
    tables, _ = study
    with kit.data(made.declared(), tables) as found:
        recorder = kit.analyze(found)
    series = {one.id.removeprefix("P1.FAS."): one.columns for one in recorder.series}
    curve = series["froc.TEST.R2"]
    rows = tables["F12"]
    own = rows[(rows["arm"] == "TEST") & (rows["reader_id"] == "R2")]
    hits = (own["mark_type"] == "lesion").sum()
    assert curve["lesions"][-1] == pytest.approx(hits / len(tables["F13"]))
    beside = (own["mark_type"] == "non_lesion").sum()
    assert curve["nonlesion_marks"][-1] == pytest.approx(beside / len(tables["F04"]))
    assert set(series) == {
        f"{kind}.{arm}{reader}"
        for kind in ("froc", "afroc") for arm in made.ARMS
        for reader in ("", *(f".{name}" for name in made.READERS))
    }  # fmt: skip


def test_a_read_that_is_not_there_is_missing_and_one_without_a_mark_is_not():
    tables = made.population(seed=3, gaps=0.1)
    found = kit.values(kit.run(made.declared(), tables))
    expected = froc.wafroc(**made.arguments(tables), test="TEST", reference="REF")
    assert found["all.estimate"] == pytest.approx(expected.estimate)
    assert found["all.se"] == pytest.approx(expected.se)
    assert found["all.missing_reads"] == expected.missing_reads > 0
    assert "analysis=complete_cases.estimate" in found


def test_a_count_of_lesions_in_the_reference():
    tables = made.population(seed=2)
    counts = tables["F13"].groupby("subject_id").size()
    rows = tables["F12"]
    beyond = rows["lesion_number"] > rows["subject_id"].map(counts)
    rows.loc[beyond, "mark_type"] = "non_lesion"
    rows.loc[beyond, "lesion_number"] = np.nan
    tables["F04"]["age_years"] = tables["F04"]["subject_id"].map(counts).fillna(0.0)
    found = kit.values(
        kit.run(made.declared(lesions={"form": "F04", "count": "age_years"}), tables)
    )
    assert found["all.lesions"] == counts.sum()
    hits = rows[rows["mark_type"] == "lesion"]
    share = (hits["arm"] == "TEST").sum() / (3 * counts.sum())
    assert found["figure=max_llf+arm=TEST.estimate"] == pytest.approx(share)


@pytest.mark.parametrize(("figure", "factor"), [("wafroc", 0.99), ("max_nlf", 1.01)])
def test_the_limit_on_the_worse_side_decides(figure, factor):
    tables = made.population(seed=4)
    said = {"figure": figure, "comparison": "non_inferiority"}
    wide = {"value": 5.0 if figure == "max_nlf" else 0.9, **kit.MARGIN}
    turned = {"compare": {"test": "REF", "reference": "TEST"}}
    found = kit.values(kit.run(made.declared(**said, **turned, margin=wide), tables))
    worst = found["all.ci_high"] if figure == "max_nlf" else -found["all.ci_low"]
    margin = {"value": worst * factor, **kit.MARGIN}
    found = kit.values(kit.run(made.declared(**said, **turned, margin=margin), tables))
    assert found["all.verdict"] == ("met" if factor > 1 else "not_met")
    assert (found["all.p_value"] < 0.025) == (factor > 1)


def test_a_lesion_marked_twice_counts_once_with_its_highest_mark(study):
    tables, records = study
    before = kit.values(records)
    rows = tables["F12"]
    first = rows[rows["mark_type"] == "lesion"].head(1)
    again = first.assign(mark_number=50.0, rating=first["rating"] - 1)
    after = kit.values(kit.run(made.declared(), {**tables, "F12": pd.concat([rows, again])}))
    assert after["all.marks_repeated"] == 1
    assert before["all.marks_repeated"] == 0
    assert after["all.estimate"] == before["all.estimate"]


def broken(change):
    tables = made.population(seed=6)
    change(tables)
    return tables


def _no_rating(tables):
    tables["F12"].loc[tables["F12"]["mark_type"] == "lesion", "rating"] = np.nan


def _unknown_lesion(tables):
    tables["F12"].loc[tables["F12"]["mark_type"] == "lesion", "lesion_number"] = 3.0


def _no_lesion(tables):
    tables["F13"] = tables["F13"].iloc[0:0]


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (_no_rating, "mark-not-rated", {}),
        (_unknown_lesion, "lesion-unknown", {}),
        (_no_lesion, "lesions-contradict", {}),
        (lambda _: None, "mark-is-both", {"elsewhere": "mark_type != 'none'"}),
    ],
)
def test_marks_that_contradict_the_reference_stop(change, kind, said):
    with pytest.raises(AnalysisError) as caught:
        kit.run(made.declared(**said), broken(change))
    assert caught.value.problems[0].kind == kind


@pytest.mark.parametrize("arms", [(), ("TEST",)])
def test_nothing_read_in_an_arm_has_no_figure(arms):
    tables = made.population(seed=1)
    rows = tables["F12"][tables["F12"]["arm"].isin(arms)]
    records = kit.run(made.declared(), {**tables, "F12": rows})
    assert records["all.estimate"].undefined
    assert records["all.verdict"].value == "undefined"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"comparison": "non_inferiority"}, "margin-missing"),
        ({"comparison": "estimation", "margin": MARGIN}, "margin-not-used"),
        ({"margin": {"value": 2.0, **kit.MARGIN}}, "value-out-of-limits"),
        ({"readers": ["R1"]}, "readers-too-few"),
        ({"readers": ["R1", "R9"]}, "reader-unknown"),
        ({"lesion": "rating_of_what"}, "rule-column-unknown"),
        ({"localised": "rating"}, "rule-is-a-number"),
        ({"lesions": {"form": "F05"}}, "endpoint-form-unused"),
        ({"lesions": {"form": "F13", "count": "lesion_number"}}, "lesions-not-by-subject"),
        ({"form": "F06", "measure": "panel_size"}, "endpoint-form-keys"),
        ({"compare": {"test": "R1", "reference": "R2", "by": "reader"}}, "design-does-not-fit"),
        ({"combine": "mean"}, "value-not-of-list"),
        ({"subgroups": ["age"]}, "subgroup-unknown"),
    ],
)
def test_each_misuse_is_found(changes, kind):
    base = {"id": "P1", "kind": "froc", "form": "F12", "reference": made.REFERENCE,
            "comparison": "superiority"}  # fmt: skip
    found = kit.problems(
        design="crossed_readers",
        readers=made.READERS,
        forms=["F04", "F06", "F12", "F13"],
        endpoints=[base | changes],
    )
    assert kind in found


def test_an_endpoint_without_a_slip_has_no_problem():
    base = {"id": "P1", "kind": "froc", "form": "F12", "reference": made.REFERENCE,
            "comparison": "superiority"}  # fmt: skip
    forms = ["F04", "F06", "F12", "F13"]
    assert kit.problems(
        design="crossed_readers", readers=made.READERS, forms=forms, endpoints=[base]
    ) == []  # fmt: skip
