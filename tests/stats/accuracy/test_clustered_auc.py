import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from test_auc import pairs, reads

from clinval.stats.accuracy import auc, auc_difference, clustered_auc

quick = settings(deadline=None, max_examples=60, derandomize=True)


@quick
@given(reads(scores=2))
def test_one_unit_a_cluster_is_delong(data):
    truth, test, reference = data
    cluster = np.arange(len(truth))
    one, plain = clustered_auc.obuchowski(truth, test, cluster=cluster), auc.delong(truth, test)
    assert one.variance == pytest.approx(plain.variance, abs=1e-14)
    assert (one.ci_low is None) == (plain.ci_low is None)
    both = clustered_auc.obuchowski_difference(truth, test, reference, cluster=cluster)
    apart = auc_difference.delong(truth, test, reference)
    assert both.estimate == apart.estimate
    assert both.variance == pytest.approx(apart.se**2, abs=1e-14)
    assert both.se_test == pytest.approx(one.se, abs=1e-12)


@quick
@given(reads(scores=2), st.integers(2, 6), st.integers(0, 99))
def test_by_clusters_written_out(data, clusters, seed):
    truth, test, reference = data
    cluster = np.random.default_rng(seed).integers(0, clusters, len(truth))
    found = clustered_auc.obuchowski_difference(truth, test, reference, cluster=cluster)
    above = [pairs(truth, score) for score in (test, reference)]
    of_diseased, of_others = cluster[truth == 1], cluster[truth == 0]
    m, n = above[0].shape
    labels = sorted(set(cluster))
    g, g10, g01 = len(labels), len(set(of_diseased)), len(set(of_others))
    assert found.clusters == g
    if min(g10, g01) < 2:
        assert found.reason == "fewer than two clusters with diseased or with non-diseased units"
        assert found.variance is None
        return
    sums = []
    for psi in above:
        area = psi.mean()
        x = [(psi.mean(1) - area)[of_diseased == k].sum() for k in labels]
        y = [(psi.mean(0) - area)[of_others == k].sum() for k in labels]
        sums.append((np.array(x), np.array(y)))

    def covariance(one, other):
        (xa, ya), (xb, yb) = one, other
        return (
            g10 / (g10 - 1) * (xa * xb).sum() / m**2
            + g01 / (g01 - 1) * (ya * yb).sum() / n**2
            + g / (g - 1) * ((xa * yb).sum() + (xb * ya).sum()) / (m * n)
        )

    a, b = sums
    wanted = covariance(a, a) + covariance(b, b) - 2 * covariance(a, b)
    assert found.variance == pytest.approx(wanted, abs=1e-13)


@pytest.mark.parametrize("one_class_a_patient", [False, True])
def test_the_error_is_that_of_simulated_patients(one_class_a_patient):
    rng = np.random.default_rng(12)
    estimates, clustered, naive = [], [], []
    for _ in range(600):
        patient = np.repeat(np.arange(50), rng.integers(1, 6, 50))
        chance = rng.random(50)[patient] if one_class_a_patient else rng.random(len(patient))
        truth = (chance < 0.4).astype(int)
        score = rng.normal(0, 1.2, 50)[patient] + rng.normal(1.2 * truth, 1)
        result = clustered_auc.obuchowski(truth, score, cluster=patient)
        estimates.append(result.estimate)
        clustered.append(result.variance)
        naive.append(auc.delong(truth, score).variance)
    assert math.sqrt(np.mean(clustered)) == pytest.approx(np.std(estimates), rel=0.1)
    if one_class_a_patient:  # units of a patient say the same twice
        assert np.mean(naive) < 0.7 * np.mean(clustered)


def test_edges():
    alone = clustered_auc.obuchowski([0, 1, 1], [1, 2, 3], cluster=["a", "a", "a"])
    assert (alone.estimate, alone.se, alone.clusters) == (1, None, 1)
    perfect = clustered_auc.obuchowski([0, 1, 0, 1], [1, 3, 2, 4], cluster=list("aabb"))
    assert (perfect.se, perfect.ci_low) == (0, None)
    assert perfect.reason == "the sums of the clusters do not vary"
    none = clustered_auc.obuchowski([1, 1], [1, 2], cluster=["a", "b"])
    assert (none.estimate, none.undefined) == (None, True)
    gaps = clustered_auc.obuchowski([0, 1, 0, 1, 1], [1, 3, 2, 4, None], cluster=list("aabbc"))
    assert (gaps.clusters, gaps.dropped) == (2, 1)  # the cluster without a score is not there
    wide = clustered_auc.obuchowski([0, 0, 1, 1, 0, 1], [1, 2, 2, 3, 2, 5], cluster=list("abcdef"))
    assert (wide.ci_high, wide.undefined) == (1, False)  # cut


def test_invalid_input():
    with pytest.raises(ValueError, match="lengths differ"):
        clustered_auc.obuchowski([0, 1], [1, 2], cluster=["a"])
    with pytest.raises(ValueError, match="lacks a label"):
        clustered_auc.obuchowski([0, 1], [1, 2], cluster=["a", None])
