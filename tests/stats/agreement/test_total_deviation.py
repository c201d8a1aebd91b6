import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.agreement import coverage_probability, total_deviation

quick = settings(deadline=None, max_examples=60, derandomize=True)
value = st.floats(-100, 100).map(lambda x: round(x, 2))
pairs = st.lists(st.tuples(value, value), min_size=2, max_size=12)


@quick
@given(pairs, st.floats(0.05, 0.99))
def test_the_index_has_its_coverage(rows, coverage):
    test, reference = zip(*rows, strict=True)
    d = np.subtract(test, reference)
    result = total_deviation.normal(test, reference, coverage=coverage)
    back = coverage_probability.normal(test, reference, limit=result.estimate)
    if np.ptp(d) < 1e-9:
        assert result.estimate == pytest.approx(abs(d[0]), abs=1e-9)
        return
    assert back.estimate == pytest.approx(coverage, abs=1e-9)
    mean, sd = d.mean(), d.std(ddof=1)
    limit = result.estimate
    share = scipy_stats.norm.cdf(limit, mean, sd) - scipy_stats.norm.cdf(-limit, mean, sd)
    assert share == pytest.approx(coverage, abs=1e-9)
    z = scipy_stats.norm.ppf((1 + coverage) / 2)
    assert result.approximation == pytest.approx(z * math.sqrt(mean**2 + sd**2))
    swapped = total_deviation.normal(reference, test, coverage=coverage)
    assert swapped.estimate == pytest.approx(limit, rel=1e-9)


def test_shares_of_large_samples():
    rng = np.random.default_rng(10)
    d = rng.normal(1, 2, 40_000)
    index = total_deviation.normal(d, 0 * d).estimate
    assert (np.abs(d) <= index).mean() == pytest.approx(0.9, abs=0.005)
    assert coverage_probability.normal(d, 0 * d, limit=3).estimate == pytest.approx(
        (np.abs(d) <= 3).mean(), abs=0.005
    )


def test_edges():
    assert total_deviation.normal([1], [2]).reason == "fewer than two pairs"
    assert coverage_probability.normal([], [], limit=1).reason == "fewer than two pairs"
    same = total_deviation.normal([0.3, 0.5], [0.2, 0.4])
    assert same.estimate == pytest.approx(0.1)
    assert same.approximation == pytest.approx(1.6448536269514722 * 0.1)
    assert coverage_probability.normal([1, 2], [3, 4], limit=2).estimate == 1
    assert coverage_probability.normal([1, 2], [3, 4], limit=1.9).estimate == 0
    assert coverage_probability.normal([1, 2], [1, 4], limit=0).estimate == 0
    for limit in (-1, math.nan, math.inf):
        with pytest.raises(ValueError, match="limit must"):
            coverage_probability.normal([1, 2], [1, 4], limit=limit)
    with pytest.raises(ValueError, match="coverage"):
        total_deviation.normal([1, 2], [1, 4], coverage=1.5)
