"""Sensitivity and specificity of two tests on the same subjects, recomputed from the raw rows."""

import accuracy_study as made
import kit
import numpy as np
import pytest
from scipy import stats

from clinval.stats.accuracy import accuracy

ONE = {
    "id": "P1", "kind": "accuracy_comparison", "quantity": "sensitivity", "method": "tango",
    "centers": "pooled", "direction": "higher_is_better", "comparison": "non_inferiority",
    "margin": {"value": 0.1, **kit.MARGIN}, "where": 'reader_id == "R1"', **made.CALLED,
}  # fmt: skip
CALLS = {"positive": 1.0, "negative": 0.0}


def pairs(tables, value, wrong=None):
    """Return the correct calls of both arms, of those whose truth is the value."""
    frame = made.subjects(tables)
    frame = frame[frame["truth"] == value]
    both = [made.calls(tables, arm).reindex(frame.index) for arm in ("TEST", "REF")]
    found = [said.map(CALLS).where(said != "not_evaluable", wrong) for said in both]
    known = found[0].notna() & found[1].notna()
    test, reference = (said[known] == value for said in found)
    return frame[known].assign(test=test, reference=reference)


def cells(frame):
    test, reference = frame["test"], frame["reference"]
    return [int(n) for n in ((test & reference).sum(), (test & ~reference).sum(),
                             (~test & reference).sum(), (~test & ~reference).sum())]  # fmt: skip


@pytest.mark.parametrize(("quantity", "truth"), [("sensitivity", 1.0), ("specificity", 0.0)])
@pytest.mark.parametrize("way", ["exclude", "failure"])
def test_it_is_the_comparison_of_proportions_of_those_it_is_about(quantity, truth, way):
    tables = made.population(21)
    said = ONE | {"quantity": quantity, "indeterminate": way}
    found = kit.values(kit.run(made.declared(said), tables))
    frame = pairs(tables, truth, 1 - truth if way == "failure" else None)
    n11, n10, n01, n00 = cells(frame)
    assert [found[f"all.{cell}"] for cell in ("n11", "n10", "n01", "n00")] == [n11, n10, n01, n00]
    assert found["all.estimate"] == pytest.approx((n10 - n01) / len(frame))
    for site, here in frame.groupby("site_id"):
        assert found[f"site={site}.n"] == len(here)
        assert [found[f"site={site}.{c}"] for c in ("n11", "n10", "n01", "n00")] == cells(here)
    # the same by the other kind, on a set that a rule of the protocol restricts
    word = "positive" if truth else "negative"
    only = {
        "exclude": [
            {"when": 'enrolled == "no"', "reason": "screen failure"},
            {"when": f'count(F06, reference_result == "{word}") == 0', "reason": "other"},
        ]
    }
    shown = {name: value for name, value in ONE.items() if name not in (
        "quantity", "negative", "reference",
    )}  # fmt: skip
    kept = 'reader_id == "R1"'
    if way == "exclude":
        kept += ' and call in ["positive", "negative"]'
    other = shown | {
        "kind": "proportion_comparison", "measure": f'call == "{word}"', "where": kept,
    }  # fmt: skip
    again = kit.values(kit.run(made.declared(other, sets={"FAS": only}), tables))
    for name in ("all.ci_low", "all.ci_high", "all.p_value", "all.verdict", "all.q_p_value"):
        assert found[name] == again[name], name


def test_each_test_by_itself_and_what_pairs_of_calls_say():
    tables = made.population(22)
    found = kit.values(kit.run(made.declared(ONE), tables))
    frame = made.subjects(tables).dropna(subset=["truth"])
    for role, arm in (("test", "TEST"), ("reference", "REF")):
        called = made.calls(tables, arm).reindex(frame.index).map(CALLS)
        known = called.notna()
        ill, positive = frame["truth"][known] == 1, called[known] == 1
        place = f"test={role}"
        assert found[f"{place}.tp"] == int((ill & positive).sum())
        x, n = int((ill & positive).sum()), int(positive.sum())
        limits = stats.binomtest(x, n).proportion_ci(method="exact")
        assert found[f"{place}.ppv"] == pytest.approx(x / n)
        assert found[f"{place}.ppv_ci_low"] == pytest.approx(limits.low)
    ill, well = cells(pairs(tables, 1.0)), cells(pairs(tables, 0.0))
    for name, (n11, n10, n01, n00) in (("sensitivity", ill), ("specificity", well)):
        place = f"paired={name}"
        assert found[f"{place}.estimate"] == pytest.approx((n10 - n01) / (n11 + n10 + n01 + n00))
        exact = stats.binomtest(n10, n10 + n01).pvalue
        assert found[f"{place}.p_value"] == pytest.approx(exact)
        ratio = (n11 + n10) / (n11 + n01)
        half = stats.norm.ppf(0.975) * np.sqrt((n10 + n01) / ((n11 + n10) * (n11 + n01)))
        assert found[f"paired=relative.{name}_ratio"] == pytest.approx(ratio)
        low = ratio * np.exp(-half)
        assert found[f"paired=relative.{name}_ratio_ci_low"] == pytest.approx(low)
    healthy = [well[3], well[2], well[1], well[0]]  # positive calls among those without it
    for call in ("kosinski", "moskowitz_pepe"):
        expected = getattr(accuracy, call)(ill, healthy)
        for name in ("ppv_p_value", "npv_p_value", "ppv_test", "npv_reference"):
            assert found[f"paired={call}.{name}"] == pytest.approx(getattr(expected, name))
    ratios = accuracy.gu_pepe(ill, healthy)
    assert found["paired=gu_pepe.lr_pos_ratio"] == pytest.approx(ratios.lr_pos_ratio)


def test_rows_of_one_subject_are_clusters():
    tables = made.population(23, readers=("R1", "R2", "R3"))
    said = ONE | {"combine": "each", "method": "cluster_robust", "where": None}
    said = {name: value for name, value in said.items() if value is not None}
    records = kit.run(made.declared(said), tables)
    frame, rows = made.subjects(tables), tables["F07"]
    rows = rows[rows["call"].isin(CALLS)].assign(good=lambda t: t["call"] == "positive")
    wide = rows.pivot_table(
        index=["subject_id", "reader_id"], columns="arm", values="good", aggfunc="first"
    ).dropna()
    wide = wide[frame["truth"].reindex(wide.index.get_level_values(0)).to_numpy() == 1]
    difference = wide["TEST"].astype(float).mean() - wide["REF"].astype(float).mean()
    assert records["all.estimate"].value == pytest.approx(difference)
    assert records["all.n"].value == wide.index.get_level_values(0).nunique()
    assert not [name for name in records if name.startswith("paired=")]
    assert records["test=test.sensitivity"].method == "clustered_proportion.ratio_estimator"
    assert records["test=test.lr_pos_ci_low"].undefined


def test_a_missing_call_that_fails_is_not_left_out_as_indeterminate():
    found = kit.problems(
        design="crossed_readers", sites=made.SITES, readers=("R1",),
        forms=["F04", "F05", "F06", "F07"],
        endpoints=[ONE | {"missing": "failure", "where": "image_quality > 1"}],
    )  # fmt: skip
    assert "design-does-not-fit" in found


READERS = {"compare": {"test": "R2", "reference": "R1", "by": "reader"}, "where": 'arm == "TEST"'}


def test_two_readers_of_the_same_subjects_are_compared():
    tables = made.population(24, readers=("R1", "R2"))
    found = kit.values(kit.run(made.declared(ONE | READERS), tables))
    frame = made.subjects(tables)
    frame = frame[frame["truth"] == 1]
    both = [made.calls(tables, "TEST", reader).reindex(frame.index) for reader in ("R2", "R1")]
    known = both[0].isin(CALLS) & both[1].isin(CALLS)
    test, reference = (said[known] == "positive" for said in both)
    expected = cells(frame[known].assign(test=test, reference=reference))
    assert [found[f"all.{cell}"] for cell in ("n11", "n10", "n01", "n00")] == expected
    rows = tables["F07"]
    rows = rows[(rows["arm"] == "TEST") & (rows["reader_id"] == "R2")]
    hits = rows[rows["call"] == "positive"]["subject_id"].isin(frame.index).sum()
    assert found["test=test.tp"] == hits


@pytest.mark.parametrize(
    ("compare", "design", "kind"),
    [
        ({"test": "R9"}, "crossed_readers", "reader-unknown"),
        ({}, "parallel", "design-does-not-fit"),
        ({"test": "NEW", "reference": "OLD", "by": "arm"}, "crossed_readers", "arm-unknown"),
    ],
)
def test_readers_that_cannot_be_compared_are_named(compare, design, kind):
    said = ONE | READERS | {"compare": READERS["compare"] | compare}
    found = kit.problems(
        design=design, sites=made.SITES, readers=("R1", "R2"),
        forms=["F04", "F05", "F06", "F07"], endpoints=[said],
    )  # fmt: skip
    assert kind in found
