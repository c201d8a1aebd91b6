"""What stands beside a result: subgroups, the other model of centers, sets, margins' evidence."""

import kit
import numpy as np
import pytest
from scipy import stats
from test_every_method import SITES, tables

from clinval.core.records import Record
from clinval.endpoints.declared import declared as declared_numbers
from clinval.endpoints.sets import sets_agreement
from clinval.endpoints.subgroups import levels_of
from clinval.stats.centers import heterogeneity
from clinval.stats.comparison import mean_difference, paired_difference

QUALITY = {
    "id": "P1",
    "kind": "proportion_comparison",
    "form": "F07",
    "measure": "image_quality >= 4",
    "combine": "majority",
    "method": "tango",
    "centers": "stratified",
    "direction": "higher_is_better",
    "comparison": "non_inferiority",
    "margin": {"value": 0.3, **kit.MARGIN},
}
SUBGROUPS = {
    "sex": {"label": "sex", "field": "sex"},
    "age": {"label": "age", "field": "age_years", "bands": [40, 65]},
    "region": {"label": "region", "sites": {"north": ["S01", "S02"], "south": ["S03"]}},
    "small": {"label": "small", "field": "sex", "minimum": 1000},
}


def study(**said):
    return kit.protocol(
        design="crossed_readers",
        sites=SITES,
        readers=("R1", "R2", "R3"),
        endpoints=[QUALITY | said],
        subgroups=SUBGROUPS,
    )


def outcomes():
    """Return one row a subject: site, sex, age, and success in either arm."""
    made = tables(paired=True)
    good = made["F07"]["image_quality"] >= 4
    share = good.groupby([made["F07"]["subject_id"], made["F07"]["arm"]]).mean().unstack("arm")
    return made["F04"].set_index("subject_id").join(share > 0.5)


def cells(frame):
    test, reference = frame["TEST"], frame["REF"]
    pairs = ((True, True), (True, False), (False, True), (False, False))
    return [int(((test == a) & (reference == b)).sum()) for a, b in pairs]


def test_subgroups_are_the_same_analysis_of_their_subjects():
    found = kit.run(study(subgroups=["sex", "age", "region"]), tables(paired=True))
    frame = outcomes()
    parts = {
        "sex+level=male": frame[frame["sex"] == "male"],
        "sex+level=female": frame[frame["sex"] == "female"],
        "age+level=<40": frame[frame["age_years"] < 40],
        "age+level=40–<65": frame[frame["age_years"].between(40, 65, inclusive="left")],
        "age+level=≥65": frame[frame["age_years"] >= 65],
        "region+level=north": frame[frame["site_id"] != "S03"],
        "region+level=south": frame[frame["site_id"] == "S03"],
    }
    for name, part in parts.items():
        of = f"subgroup={name}."
        n11, n10, n01, n00 = cells(part)
        assert [found[f"{of}{cell}"].value for cell in ("n11", "n10", "n01", "n00")] == [
            n11, n10, n01, n00,
        ]  # fmt: skip
        assert found[f"{of}n"].value == len(part)
        if len(part) >= 10:
            assert found[f"{of}estimate"].value == pytest.approx((n10 - n01) / len(part))
            assert found[f"{of}ci_low"].value < found[f"{of}estimate"].value
        else:
            assert found[f"{of}estimate"].reason == "fewer subjects than the protocol asks for"
    for name in ("sex", "age"):
        q, df = (found[f"subgroup={name}.interaction_{s}"].value for s in ("q", "df"))
        assert df == found[f"subgroup={name}.levels_shown"].value - 1
        p = found[f"subgroup={name}.interaction_p_value"].value
        assert p == pytest.approx(stats.chi2.sf(q, df))
    # a single level that is shown has none to differ from
    assert found["subgroup=region.levels_shown"].value == 1
    assert found["subgroup=region.interaction_p_value"].undefined


def test_a_subgroup_within_one_center_has_no_centers_to_tell_apart():
    regions = {"region": {**SUBGROUPS["region"], "minimum": 5}}
    said = kit.protocol(
        design="crossed_readers", sites=SITES, readers=("R1", "R2", "R3"), subgroups=regions,
        endpoints=[QUALITY | {"subgroups": ["region"]}],
    )  # fmt: skip
    frame, found = outcomes(), kit.run(said, tables(paired=True))
    alone = paired_difference.tango(*cells(frame[frame["site_id"] == "S03"]))
    south = found["subgroup=region+level=south.ci_low"]
    assert (south.method, south.value) == (alone.method, pytest.approx(alone.ci_low))


def test_below_the_minimum_there_are_counts_but_no_estimate():
    found = kit.run(study(subgroups=["small"]), tables(paired=True))
    records = [
        record for name, record in found.items() if name.startswith("subgroup=small+level=f")
    ]
    assert {record.statistic for record in records if not record.undefined} == {
        "n", "n11", "n10", "n01", "n00", "proportion_test", "proportion_reference",
    }  # fmt: skip
    assert found["subgroup=small.levels_shown"].value == 0
    assert found["subgroup=small.interaction_p_value"].undefined


def test_subjects_whose_level_is_not_known_are_counted():
    made = dict(tables(paired=True))
    made["F04"] = made["F04"].assign(sex=[None, None, *made["F04"]["sex"][2:]])
    found = kit.run(study(subgroups=["sex"]), made)
    assert found["subgroup=sex+level=missing.n"].value == 2
    with kit.data(study(), made) as data:
        levels, code = levels_of(data.protocol.subgroups["sex"], data)
    assert levels == ["female", "male"]
    assert (code < 0).sum() == 2


def test_the_other_model_of_centers_takes_them_as_random():
    found = kit.run(study(), tables(paired=True))
    lines = []
    z = stats.norm.ppf(0.975)
    for site in SITES:
        low, high = (found[f"site={site}.ci_{side}"].value for side in ("low", "high"))
        lines.append(((low + high) / 2, (high - low) / (2 * z)))
    estimates, errors = zip(*lines, strict=True)
    between = heterogeneity.reml(estimates, errors)
    other = {name: found[f"center_model=random.{name}"].value for name in ("estimate", "ci_low")}
    assert other["estimate"] == pytest.approx(between.estimate)
    assert other["ci_low"] == pytest.approx(between.hartung_knapp_ci_low)
    assert found["all.prediction_low"].value == pytest.approx(between.prediction_low)
    agree = found["center_model=random.verdict"].value == found["all.verdict"].value
    assert found["all.center_models_agree"].value == ("yes" if agree else "no")


def test_centers_declared_random_are_also_shown_fixed():
    said = {"kind": "mean_comparison", "measure": "image_quality", "combine": "mean",
            "method": "paired_random_site", "centers": "random"}  # fmt: skip
    made = tables(paired=True)
    found = kit.run(study(**said), made)
    scores = made["F07"].groupby(["subject_id", "arm"])["image_quality"].mean().unstack("arm")
    fixed = mean_difference.paired_t(scores["TEST"].to_numpy(), scores["REF"].to_numpy())
    assert found["center_model=fixed.estimate"].method == "mean_difference.paired_t"
    assert found["center_model=fixed.ci_low"].value == pytest.approx(fixed.ci_low)


@pytest.mark.parametrize(
    ("words", "agree"), [(("met", "met"), "yes"), (("met", "not_met"), "no"), (("met",), None)]
)
def test_sets_that_say_the_same(words, agree):
    sets = ("FAS", "PPS")
    protocol = kit.protocol(
        endpoints=[kit.QUALITY | {"also_sets": ["PPS"]}], sets={name: {} for name in sets}
    )
    records = [
        Record(id=f"P1.{name}.all.verdict", endpoint="P1", analysis_set=name,
               statistic="verdict", value=word)
        for name, word in zip(sets, words, strict=False)
    ]  # fmt: skip
    found = {record.id: record.value for record in sets_agreement(protocol, records)}
    assert found == ({} if agree is None else {"P1.FAS.all.sets_agree": agree})


@pytest.mark.parametrize(
    ("endpoint", "history", "m1", "m2"),
    [
        # 0.36 (0.25, 0.53): half of the effect on the log scale may be lost
        ({"estimate": "odds_ratio", "method": "woolf", "direction": "lower_is_better",
          "margin": 1.3}, (0.361, 0.248, 0.527), 1 / 0.527, np.exp(0.5 * np.log(1 / 0.527))),
        ({"estimate": "odds_ratio", "method": "woolf", "margin": 0.8},
         (2.5, 1.6, 4.0), 1 / 1.6, np.exp(-0.5 * np.log(1.6))),
        ({"estimate": "difference", "method": "wald", "margin": 0.05}, (0.2, 0.1, 0.3), 0.1, 0.05),
    ],
)  # fmt: skip
def test_the_evidence_of_a_margin(endpoint, history, m1, m2):
    evidence = dict(zip(("estimate", "ci_low", "ci_high"), history, strict=True))
    margin = {"value": endpoint["margin"], **kit.MARGIN, "evidence": {**evidence, "source": "s"}}
    said = kit.QUALITY | {"centers": "pooled"} | endpoint | {"margin": margin}
    protocol = kit.protocol(design="parallel", endpoints=[said])
    found = {record.id: record.value for record in declared_numbers(protocol)}
    assert found["inputs.endpoint=P1.margin_m1"] == pytest.approx(m1)
    assert found["inputs.endpoint=P1.margin_m2"] == pytest.approx(m2)
    assert found["inputs.endpoint=P1.preserve"] == 0.5
