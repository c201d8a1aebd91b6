"""Interchangeability of two arms by the reads of the same readers, from the raw rows."""

import itertools

import kit
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clinval.core.errors import AnalysisError

SITES = ("S01", "S02", "S03")
READERS = ("R1", "R2", "R3")
MARGIN = {"value": 0.1, **kit.MARGIN}


def declared(**said):
    base = {"id": "P1", "kind": "interchangeability", "form": "F07", "measure": "call",
            "where": 'call in ["positive", "negative"]', "margin": MARGIN}  # fmt: skip
    endpoint = {key: value for key, value in (base | said).items() if value is not None}
    return kit.protocol(
        design="crossed_readers", sites=SITES, readers=READERS, endpoints=[endpoint]
    )


def reads(seed=1, gaps=0.1, wrong=0.1):
    draw = np.random.default_rng(seed)
    people = kit.enrolled({"S01": 30, "S02": 25})
    rows = []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        truth = draw.random() < 0.4
        for arm, reader in itertools.product(("TEST", "REF"), READERS):
            if draw.random() >= gaps:
                said = truth ^ (draw.random() < wrong)
                rows.append({"site_id": site, "subject_id": subject, "arm": arm,
                             "reader_id": reader, "call": "positive" if said else "negative",
                             "image_quality": float(draw.integers(1, 6))})  # fmt: skip
    return {"F04": people, "F07": pd.DataFrame(rows)}


def index(frame, cost):
    """Return both rates of disagreement and the index with its error, pair by pair."""
    sums = []
    for _, own in frame.groupby("subject_id"):
        cell = {(row.arm, row.reader_id): row.value for row in own.itertuples()}
        crossed = [
            cost(cell["TEST", a], cell["REF", b])
            for a, b in itertools.permutations(READERS, 2)
            if ("TEST", a) in cell and ("REF", b) in cell
        ]
        within = [
            cost(cell["REF", a], cell["REF", b])
            for a, b in itertools.combinations(READERS, 2)
            if ("REF", a) in cell and ("REF", b) in cell
        ]
        sums.append((sum(crossed), len(crossed), sum(within), len(within)))
    s = np.array(sums, dtype=float)
    total = s.sum(axis=0)
    rates = total[0] / total[1], total[2] / total[3]
    u = (s[:, 0] - rates[0] * s[:, 1]) / total[1] - (s[:, 2] - rates[1] * s[:, 3]) / total[3]
    m = len(s)
    se = np.sqrt(m / (m - 1) * (u**2).sum())
    half = stats.t.ppf(0.975, m - 1) * se
    return rates, rates[0] - rates[1], half, se, m


def test_the_index_of_all_by_center_and_without_each():
    tables = reads()
    records = kit.run(declared(), tables)
    found = kit.values(records)
    frame = tables["F07"].assign(value=tables["F07"]["call"])
    for group, part in {
        "all": frame,
        "site=S02": frame[frame["site_id"] == "S02"],
        "without_site=S02": frame[frame["site_id"] != "S02"],
    }.items():
        rates, estimate, half, se, m = index(part, lambda a, b: float(a != b))
        assert found[f"{group}.estimate"] == pytest.approx(estimate)
        assert found[f"{group}.ci_low"] == pytest.approx(estimate - half)
        assert found[f"{group}.ci_high"] == pytest.approx(estimate + half)
        if group != "without_site=S02":
            assert found[f"{group}.disagreement_test_reference"] == pytest.approx(rates[0])
            assert found[f"{group}.disagreement_reference_reference"] == pytest.approx(rates[1])
        if group == "all":
            p = stats.t.cdf((estimate - 0.1) / se, m - 1)
            assert found["all.p_value"] == pytest.approx(p)
            assert found["all.verdict"] == ("met" if estimate + half < 0.1 else "not_met")
            assert (found["all.verdict"] == "met") == (p < 0.025)
    assert found["site=S03.n"] == 0
    assert found["all.bound_high"] == 0.1


@pytest.mark.parametrize("factor", [0.99, 1.01])
def test_the_upper_limit_decides(factor):
    tables = reads(seed=2)
    high = kit.values(kit.run(declared(), tables))["all.ci_high"]
    margin = {"value": high * factor, **kit.MARGIN}
    found = kit.values(kit.run(declared(margin=margin), tables))
    assert found["all.verdict"] == ("met" if factor > 1 else "not_met")
    assert "all.centers_that_flip" in found


def test_weights_of_a_scale():
    tables = reads(seed=3)
    said = {"measure": "image_quality", "where": None, "weights": "linear"}
    found = kit.values(kit.run(declared(**said), tables))
    frame = tables["F07"].assign(value=tables["F07"]["image_quality"])
    _, estimate, half, *_ = index(frame, lambda a, b: abs(a - b) / 4)
    assert found["all.estimate"] == pytest.approx(estimate)
    assert found["all.ci_high"] == pytest.approx(estimate + half)


def test_what_is_not_used_is_counted():
    tables = reads(seed=4, gaps=0.0)
    tables["F07"].loc[:4, "call"] = "not_evaluable"
    tables["F07"].loc[5:6, "call"] = None
    tables["F04"].loc[0, "enrolled"] = "no"
    found = kit.values(kit.run(declared(), tables))
    out = tables["F07"]["subject_id"] == tables["F04"]["subject_id"][0]
    assert found["analysis=data.unused.not_in_set"] == out.sum() == 6
    assert found["analysis=data.unused.left_out"] == 1  # the missing call, of the next subject
    assert found["analysis=data.ratings"] == len(tables["F07"]) - 6 - 1


def test_one_subject_has_no_interval():
    tables = reads(gaps=0.0)
    first = tables["F07"]["subject_id"] == tables["F04"]["subject_id"][0]
    records = kit.run(declared(), {**tables, "F07": tables["F07"][first]})
    assert records["all.ci_high"].undefined
    assert records["all.verdict"].value == "undefined"


def test_nothing_read_has_no_index():
    records = kit.run(declared(), {**reads(), "F07": []})
    assert records["all.estimate"].reason == "no rating"
    assert records["all.verdict"].value == "undefined"


def test_a_second_read_of_the_same_arm_stops():
    tables = reads(gaps=0.0)
    again = tables["F07"].iloc[[0]].assign(site_id="S02")
    tables["F07"] = pd.concat([tables["F07"], again])
    with pytest.raises(AnalysisError):
        kit.run(declared(), tables)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"margin": None}, "margin-missing"),
        ({"margin": {"value": 5.0, **kit.MARGIN}}, "value-out-of-limits"),
        ({"readers": ["R1"]}, "readers-too-few"),
        ({"weights": "linear"}, "categories-unordered"),
        ({"method": "individual"}, "method-unknown"),
        ({"compare": {"test": "TEST", "reference": "OLD"}}, "arm-unknown"),
        ({"form": "F05", "measure": "repeated", "where": None}, "endpoint-form-keys"),
    ],
)
def test_each_misuse_is_found(changes, kind):
    base = {"id": "P1", "kind": "interchangeability", "form": "F07", "measure": "call",
            "margin": MARGIN}  # fmt: skip
    endpoint = {key: value for key, value in (base | changes).items() if value is not None}
    assert kind in kit.problems(design="crossed_readers", readers=READERS, endpoints=[endpoint])
