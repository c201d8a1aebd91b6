import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.agreement import interchangeability as inter

quick = settings(deadline=None, max_examples=40, derandomize=True)


@st.composite
def studies(draw, gaps=True):
    subjects, readers = draw(st.integers(3, 8)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    subject, reader, arm = (grid.ravel() for grid in np.indices((subjects, readers, 2)))
    value = np.clip(rng.integers(1, 5, subjects)[subject] + rng.integers(-1, 2, len(subject)), 1, 4)
    kept = rng.random(len(value)) > (0.2 if gaps else 0)
    order = rng.permutation(int(kept.sum()))
    columns = {"value": value, "subject": subject, "reader": reader, "arm": arm}
    return {name: column[kept][order].tolist() for name, column in columns.items()}


def pairs_of(study, distance, cluster=None):
    """Return one row for each pair of reads by different readers: cluster, crossed, distance."""
    rows = []
    value, subject, reader, arm = (study[name] for name in ("value", "subject", "reader", "arm"))
    for i, j in itertools.combinations(range(len(value)), 2):
        if subject[i] != subject[j] or reader[i] == reader[j] or arm[i] == arm[j] == 1:
            continue
        group = (cluster or subject)[i]
        rows.append((group, arm[i] != arm[j], distance(value[i], value[j])))
    return pd.DataFrame(rows, columns=["cluster", "crossed", "apart"])


@quick
@given(studies(), st.booleans(), st.booleans())
def test_the_index_from_every_pair_of_reads(study, linear, clustered):
    categories = [1, 2, 3, 4]
    cluster = [subject // 2 for subject in study["subject"]] if clustered else None
    pairs = pairs_of(study, lambda a, b: abs(a - b) / 3 if linear else float(a != b), cluster)
    result = inter.individual_equivalence(
        **study,
        cluster=cluster,
        categories=categories,
        weights="linear" if linear else "unweighted",
    )
    assert result.pairs_test_reference == pairs.crossed.sum()
    assert result.pairs_reference_reference == (~pairs.crossed).sum()
    if pairs.crossed.all() or not pairs.crossed.any():
        assert (result.estimate, result.undefined) == (None, True)
        return
    rates = pairs.groupby("crossed").apart.mean()
    assert result.disagreement_test_reference == pytest.approx(rates[True])
    assert result.estimate == pytest.approx(rates[True] - rates[False])
    influence = np.where(
        pairs.crossed,
        (pairs.apart - rates[True]) / pairs.crossed.sum(),
        -(pairs.apart - rates[False]) / (~pairs.crossed).sum(),
    )
    m = result.clusters
    if m < 2:
        assert result.se is None
        return
    u = pd.Series(influence).groupby(pairs.cluster).sum()
    se = math.sqrt(m / (m - 1) * (u**2).sum())
    assert result.se == pytest.approx(se, abs=1e-12)
    half = scipy_stats.t.ppf(0.975, m - 1) * se
    assert result.ci_high == pytest.approx(result.estimate + half)


@quick
@given(studies(), st.floats(-0.3, 0.5))
def test_test_and_interval_say_the_same(study, margin):
    interval = inter.individual_equivalence(**study, level=0.9)
    test = inter.individual_equivalence_test(**study, margin=margin)
    assert test.estimate == interval.estimate
    if test.p_value is not None and abs(interval.ci_high - margin) > 1e-9:
        assert (test.p_value < 0.05) == (interval.ci_high < margin)


@quick
@given(studies(gaps=False))
def test_same_reads_with_test_and_reference_have_no_excess(study):
    frame = pd.DataFrame(study).sort_values(["subject", "reader", "arm"])
    frame["value"] = frame.groupby(["subject", "reader"]).value.transform("first")
    result = inter.individual_equivalence(**frame.to_dict("list"))
    assert result.estimate == pytest.approx(0, abs=1e-12)
    # the names of subjects, readers and categories do not matter
    renamed = inter.individual_equivalence(
        value=[f"v{value}" for value in study["value"]],
        subject=[f"s{9 - name}" for name in study["subject"]],
        reader=[f"r{9 - name}" for name in study["reader"]],
        arm=study["arm"],
    )
    plain = inter.individual_equivalence(**study)
    assert renamed.estimate == plain.estimate
    assert renamed.se == pytest.approx(plain.se)


def noisy_study(rng, subjects, slip):
    """Four readers; with the test they slip with probability ``slip``, else 0.1."""
    truth = rng.integers(0, 2, subjects)
    subject, reader, arm = (grid.ravel() for grid in np.indices((subjects, 4, 2)))
    slips = rng.random(len(subject)) < np.where(arm == 1, slip, 0.1)
    return {"value": truth[subject] ^ slips, "subject": subject, "reader": reader, "arm": arm}


def test_the_interval_covers():
    rng = np.random.default_rng(31)
    # two reads that slip with p and q disagree with probability p (1 - q) + q (1 - p)
    wanted = 0.2 * 0.9 + 0.1 * 0.8 - 2 * 0.1 * 0.9
    hits = by_gee = 0
    for _ in range(400):
        study = noisy_study(rng, 60, 0.2)
        result = inter.individual_equivalence(**study)
        hits += result.ci_low <= wanted <= result.ci_high
        gee = inter.gee_exchangeable(**study)
        by_gee += gee.ci_low <= wanted <= gee.ci_high
    assert 0.92 < hits / 400 < 0.98
    assert 0.91 < by_gee / 400 < 0.98


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_gee_agrees_with_statsmodels(seed):
    import statsmodels.api as sm

    rng = np.random.default_rng(seed)
    study = {name: column.tolist() for name, column in noisy_study(rng, 25, 0.25).items()}
    kept = np.flatnonzero(rng.random(len(study["value"])) > 0.15)
    study = {name: [column[i] for i in kept] for name, column in study.items()}
    pairs = pairs_of(study, lambda a, b: float(a != b)).sort_values("cluster", kind="stable")
    model = sm.GEE(
        pairs.apart,
        sm.add_constant(pairs.crossed.astype(float)),
        groups=pairs.cluster,
        family=sm.families.Binomial(),
        cov_struct=sm.cov_struct.Exchangeable(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = model.fit(maxiter=500, ctol=1e-12)
    result = inter.gee_exchangeable(**study)
    assert math.log(result.odds_ratio) == pytest.approx(fit.params.iloc[1], rel=1e-5, abs=1e-7)
    width = math.log(result.odds_ratio_ci_high / result.odds_ratio_ci_low) / 2
    assert width == pytest.approx(1.959963984540054 * fit.bse.iloc[1], rel=1e-5)
    assert result.working_correlation == pytest.approx(fit.cov_struct.dep_params, rel=1e-4)
    rate = 1 / (1 + math.exp(-fit.params.iloc[0]))
    assert result.disagreement_reference_reference == pytest.approx(rate, rel=1e-5)


def test_bootstrap_agrees_with_the_linearised_error():
    study = noisy_study(np.random.default_rng(7), 80, 0.15)
    center = study["subject"] % 3
    plain = inter.individual_equivalence(**study)
    result = inter.individual_equivalence_bootstrap(**study, strata=center, draws=4000, seed=2)
    assert result.estimate == plain.estimate
    assert result.se == pytest.approx(plain.se, rel=0.1)
    assert (result.clusters, result.n, result.undefined_draws) == (80, 80, 0)
    assert result.ci_low == pytest.approx(plain.ci_low, abs=0.02)


def test_edges():
    reads = {"subject": [1, 1, 1, 1], "reader": ["A", "B", "A", "B"], "arm": [0, 0, 1, 1]}
    one = inter.individual_equivalence([0, 0, 0, 1], **reads)
    assert (one.estimate, one.se, one.ci_low) == (0.5, None, None)
    assert one.reason == "fewer than two clusters"
    missing = inter.individual_equivalence([0, None, 0, 1], **reads)
    assert missing.reason == "no pair of reads of one of both kinds"
    none = inter.individual_equivalence([], subject=[], reader=[], arm=[])
    assert (none.estimate, none.n, none.clusters) == (None, 0, 0)
    doubled = {name: column * 2 for name, column in reads.items()}
    doubled["subject"] = [1] * 4 + [2] * 4
    same = inter.individual_equivalence_test([0] * 8, **doubled, margin=0.1)
    assert (same.estimate, same.se, same.p_value) == (0, 0, None)
    assert same.reason == "the clusters do not differ"
    gee = inter.gee_exchangeable([0] * 8, **doubled)
    assert (gee.estimate, gee.reason) == (None, "all pairs of one kind agree, or none")
    # one category, declared among others
    linear = inter.individual_equivalence(
        [2] * 8, **doubled, weights="linear", categories=[1, 2, 3]
    )
    assert linear.estimate == 0


def test_invalid_input():
    reads = {"subject": [1, 1, 2, 2], "reader": ["A", "B", "A", "B"], "arm": [0, 1, 0, 1]}
    with pytest.raises(ValueError, match="not among the categories"):
        inter.individual_equivalence([1, 2, 3, 1], **reads, categories=[1, 2])
    with pytest.raises(ValueError, match="twice"):
        inter.individual_equivalence([1, 2, 2, 1], **reads, categories=[1, 2, 2])
    with pytest.raises(ValueError, match="two reads of a subject"):
        inter.individual_equivalence([1, 2, 2, 1], **{**reads, "reader": ["A"] * 4, "arm": [0] * 4})
    with pytest.raises(ValueError, match="arm must be 1"):
        inter.individual_equivalence([1, 2, 2, 1], **{**reads, "arm": [0, 1, 2, 1]})
    with pytest.raises(ValueError, match="two clusters"):
        inter.individual_equivalence([1, 2, 2, 1], **reads, cluster=["p", "q", "p", "p"])
    with pytest.raises(ValueError, match="lengths differ"):
        inter.individual_equivalence([1, 2, 2], **reads)
    with pytest.raises(ValueError, match="two strata"):
        inter.individual_equivalence_bootstrap(
            [1, 2, 2, 1], **reads, strata=["x", "y", "x", "x"], seed=1
        )
    with pytest.raises(ValueError, match="0 or 1"):
        inter.gee_exchangeable([1, 2, 3, 1], **reads, weights="linear")
    with pytest.raises(ValueError, match="margin"):
        inter.individual_equivalence_test([1, 2, 2, 1], **reads, margin=math.inf)
