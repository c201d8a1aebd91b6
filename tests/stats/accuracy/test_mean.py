"""The mean of one sample, of subjects or clustered in them."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from clinval.stats.accuracy import mean

VALUES = st.lists(st.integers(-1000, 1000).map(lambda x: x / 10), min_size=2, max_size=12)


@given(VALUES, st.sampled_from([0.8, 0.95]))
def test_student_is_the_interval_of_the_t_test(values, level):
    found = mean.student(values, level=level)
    assert found.estimate == pytest.approx(np.mean(values))
    assert found.sd == pytest.approx(np.std(values, ddof=1), abs=1e-9)
    if np.ptp(values):
        limits = stats.ttest_1samp(values, 0).confidence_interval(level)
        assert (found.ci_low, found.ci_high) == pytest.approx((limits.low, limits.high))
    else:
        assert (found.ci_low, found.ci_high) == (found.estimate, found.estimate)


@given(VALUES)
def test_a_value_a_cluster_is_student(values):
    one, other = mean.student(values), mean.cluster_robust(values, cluster=range(len(values)))
    assert (one.estimate, one.se) == pytest.approx((other.estimate, other.se), abs=1e-9)
    assert one.ci_low == pytest.approx(other.ci_low, abs=1e-8)


@given(VALUES, st.randoms(use_true_random=False))
def test_values_that_are_repeated_add_no_information(values, random):
    """Each value twice in its cluster: the interval of the values themselves."""
    once = mean.student(values)
    order = [*range(len(values)), *range(len(values))]
    random.shuffle(order)
    twice = mean.cluster_robust([values[i] for i in order], cluster=order)
    assert twice.se == pytest.approx(once.se, abs=1e-9)
    assert (twice.n, twice.clusters) == (2 * len(values), len(values))


def test_clusters_by_the_sandwich_of_a_regression():
    sm = pytest.importorskip("statsmodels.api")
    draw = np.random.default_rng(1)
    cluster = draw.integers(0, 12, 60)
    values = draw.normal(size=60) + draw.normal(size=12)[cluster]
    clusters = len(np.unique(cluster))
    fitted = sm.OLS(values, np.ones(60)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )
    found = mean.cluster_robust(values, cluster=cluster)
    correction = np.sqrt(clusters / (clusters - 1))
    assert found.se == pytest.approx(fitted.bse[0] * correction)
    half = stats.t.ppf(0.975, clusters - 1) * found.se
    assert found.ci_high - found.estimate == pytest.approx(half)


def test_what_has_no_value_says_why():
    assert mean.student([]).reason == "no subject"
    assert mean.student([1.0]).reason == "fewer than two values"
    assert mean.cluster_robust([1.0, 2.0], cluster=["a", "a"]).reason == "fewer than two clusters"


@pytest.mark.parametrize(
    "call",
    [
        lambda: mean.student([1.0, None]),
        lambda: mean.student([1.0, np.inf]),
        lambda: mean.student([1.0, 2.0], level=1.0),
        lambda: mean.cluster_robust([1.0, 2.0], cluster=["a"]),
        lambda: mean.cluster_robust([1.0, 2.0], cluster=["a", None]),
    ],
)
def test_invalid_input_is_refused(call):
    with pytest.raises(ValueError, match=r"\w"):
        call()
