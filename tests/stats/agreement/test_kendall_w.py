import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.agreement import kendall_w

quick = settings(deadline=None, max_examples=60, derandomize=True)
tables = st.integers(2, 8).flatmap(
    lambda raters: st.lists(
        st.lists(st.integers(0, 6), min_size=raters, max_size=raters), min_size=2, max_size=9
    )
)


@quick
@given(tables)
def test_against_friedman(table):
    values = np.array(table)
    result = kendall_w.kendall(table)
    if all(np.ptp(column) == 0 for column in values.T):
        assert (result.estimate, result.undefined) == (None, True)
        return
    m, n = values.shape[1], len(values)
    assert 0 <= result.estimate <= 1 + 1e-12
    assert (result.n, result.raters, result.df) == (n, m, n - 1)
    if m > 2 and n > 2:
        wanted = scipy_stats.friedmanchisquare(*values)
        assert result.statistic == pytest.approx(wanted.statistic, abs=1e-9)
        assert result.p_value == pytest.approx(wanted.pvalue, abs=1e-9)


@quick
@given(st.integers(2, 6), st.integers(3, 8), st.integers(0, 9999))
def test_without_ties_w_is_the_mean_rank_correlation(m, n, seed):
    values = np.random.default_rng(seed).normal(size=(n, m))
    w = kendall_w.kendall(values).estimate
    correlations = [
        scipy_stats.spearmanr(values[:, a], values[:, b]).statistic
        for a, b in itertools.combinations(range(m), 2)
    ]
    assert (m * w - 1) / (m - 1) == pytest.approx(np.mean(correlations), abs=1e-9)
    assert kendall_w.kendall(values, tie_corrected=False).estimate == pytest.approx(w)
    assert kendall_w.kendall(np.exp(3 * values)).estimate == pytest.approx(w)


def test_edges():
    assert kendall_w.kendall([[1, 10], [2, 20], [3, 30]]).estimate == 1
    one_constant = kendall_w.kendall([[1, 5], [2, 5], [3, 5]])
    assert one_constant.estimate == pytest.approx(12 * 2 / (4 * 24 - 2 * 24))
    assert kendall_w.kendall([[1], [2]]).reason == "fewer than two subjects or raters"
    assert kendall_w.kendall([]).undefined
    # an empty rater and an empty subject are dropped
    dropped = kendall_w.kendall([[1, 2, None], [2, 1, None], [None, None, None], [3, 3, None]])
    assert (dropped.n, dropped.raters) == (3, 2)
    with pytest.raises(ValueError, match="lacks a value"):
        kendall_w.kendall([[1, 2], [2, None]])
    with pytest.raises(ValueError, match="numbers"):
        kendall_w.kendall([["a", "b"]])
