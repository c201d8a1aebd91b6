"""Overlap of segmentations, one value a subject or a structure, recomputed from the raw rows."""

import kit
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clinval.core.errors import AnalysisError

SITES = ("S01", "S02", "S03")
STRUCTURE = {"id": "structure", "type": "integer", "label": "Structure", "required": True}
DICE = {"id": "dice", "type": "number", "label": "Dice", "range": [0, 1]}
DISTANCE = {"id": "hd95_mm", "type": "number", "unit": "mm", "label": "Hausdorff distance, 95 %"}
FORMS = [
    "F04",
    "F05",
    {
        "use": "F07",
        "keys": ["subject_id", "arm", "structure"],
        "add": [STRUCTURE, DICE, DISTANCE],
    },
]
ONE = {"id": "P1", "kind": "segmentation_overlap", "form": "F07", "measure": "dice",
       "where": "structure == 1", "method": "student",
       "goal": {"value": 0.8, **kit.MARGIN}}  # fmt: skip


def declared(**said):
    base = {name: value for name, value in (ONE | said).items() if value is not None}
    return kit.protocol(
        design="single_arm", sites=SITES, forms=FORMS, endpoints=[base],
        subgroups={"sex": {"label": "Sex", "field": "sex", "minimum": 4}},
    )  # fmt: skip


def population(seed):
    draw = np.random.default_rng(seed)
    people = kit.enrolled({"S01": 14, "S02": 9})  # nobody at S03
    people["enrolled"] = draw.choice(["yes", "no"], len(people), p=[0.9, 0.1])
    people["sex"] = draw.choice(["male", "female"], len(people))
    rows = []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        ability = draw.normal(0.87, 0.05)
        for structure in (1, 2, 3):
            if draw.random() < 0.9:
                dice = float(np.clip(round(draw.normal(ability, 0.03), 3), 0, 1))
                rows.append(
                    {"site_id": site, "subject_id": subject, "arm": "TEST",
                     "structure": float(structure), "dice": dice,
                     "hd95_mm": round(20 * (1 - dice), 2)}
                )  # fmt: skip
    return {"F04": people, "F07": pd.DataFrame(rows)}


def used(tables):
    people = tables["F04"][tables["F04"]["enrolled"] == "yes"]
    return tables["F07"].merge(people[["subject_id", "sex"]], on="subject_id")


def interval(values):
    limits = stats.ttest_1samp(values, 0).confidence_interval()
    return np.mean(values), limits.low, limits.high


def check(found, place, expected):
    for statistic, value in zip(("estimate", "ci_low", "ci_high"), expected, strict=True):
        assert found[f"{place}.{statistic}"] == pytest.approx(value, abs=1e-9), (place, statistic)


def test_one_structure_of_each_subject():
    tables = population(1)
    found = kit.values(kit.run(declared(subgroups=["sex"]), tables))
    rows = used(tables)
    first = rows[rows["structure"] == 1]
    check(found, "all", interval(first["dice"]))
    assert found["all.n"] == len(first)
    assert found["all.median"] == pytest.approx(first["dice"].median())
    assert found["all.lower_quartile"] == pytest.approx(first["dice"].quantile(0.25))
    assert found["all.sd"] == pytest.approx(first["dice"].std())
    people = (tables["F04"]["enrolled"] == "yes").sum()
    assert found["all.missing"] == people - len(first) > 0
    for site in ("S01", "S02"):
        check(found, f"site={site}", interval(first.loc[first["site_id"] == site, "dice"]))
        check(found, f"without_site={site}", interval(first.loc[first["site_id"] != site, "dice"]))
    assert found["site=S03.n"] == 0
    low, p = found["all.ci_low"], found["all.p_value"]
    assert found["all.verdict"] == ("met" if low > 0.8 else "not_met")
    assert p == pytest.approx(stats.ttest_1samp(first["dice"], 0.8, alternative="greater").pvalue)
    for sex, here in first.groupby("sex"):
        check(found, f"subgroup=sex+level={sex}", interval(here["dice"]))


def test_structures_of_a_subject_are_clusters():
    tables = population(2)
    said = {"combine": "each", "method": "cluster_robust", "where": None}
    records = kit.run(declared(**said), tables)
    rows = used(tables)
    by = (rows["dice"] - rows["dice"].mean()).groupby(rows["subject_id"]).sum()
    m = len(by)
    se = np.sqrt(m / (m - 1) * (by**2).sum()) / len(rows)
    half = stats.t.ppf(0.975, m - 1) * se
    mean = rows["dice"].mean()
    check(kit.values(records), "all", (mean, mean - half, mean + half))
    assert (records["all.n"].value, records["all.trials"].value) == (m, len(rows))
    assert records["all.trials"].unit == "rows"


def test_a_distance_has_its_unit_and_is_better_where_it_is_lower():
    tables = population(3)
    said = {"measure": "hd95_mm", "direction": "lower_is_better",
            "goal": {"value": 5.0, **kit.MARGIN}}  # fmt: skip
    records = kit.run(declared(**said), tables)
    rows = used(tables)
    first = rows[rows["structure"] == 1]["hd95_mm"]
    check(kit.values(records), "all", interval(first))
    assert records["all.estimate"].unit == records["all.median"].unit == "mm"
    high = records["all.ci_high"].value
    assert records["all.verdict"].value == ("met" if high < 5 else "not_met")


def test_rows_of_a_subject_are_not_taken_for_subjects():
    with pytest.raises(AnalysisError) as caught:
        kit.run(declared(where="structure <= 2"), population(4))
    [problem] = caught.value.problems
    assert problem.kind == "rows-not-independent"
    assert "cluster_robust" in problem.line("en")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"combine": "each"}, "method-unknown"),
        ({"method": "cluster_robust"}, "method-unknown"),
        ({"measure": "dice > 0.8"}, "rule-is-a-truth"),
        ({"arm": "OTHER"}, "arm-unknown"),
        ({"where": None}, "rows-exceed-subjects"),
    ],
)
def test_what_is_wrong_is_named(change, kind):
    base = {name: value for name, value in (ONE | change).items() if value is not None}
    found = kit.problems(design="single_arm", sites=SITES, forms=FORMS, endpoints=[base])
    assert kind in found
