import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.agreement import repeatability

quick = settings(deadline=None, max_examples=50, derandomize=True)
cell = st.one_of(st.none(), st.integers(0, 100))
tables = st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=8)


@quick
@given(tables, st.sampled_from([0.9, 0.95]))
def test_pooled_variance_of_replicates(table, level):
    rows = [[value for value in row if value is not None] for row in table]
    subjects = sum(1 for row in rows if row)
    rows = [row for row in rows if len(row) > 1]
    result = repeatability.within_subject(table, level=level)
    assert result.n == subjects
    if not rows:
        assert (result.estimate, result.reason) == (None, "no subject has a replicate")
        return
    df = sum(len(row) - 1 for row in rows)
    variance = sum((len(row) - 1) * np.var(row, ddof=1) for row in rows) / df
    assert result.df == df
    assert result.estimate == pytest.approx(math.sqrt(variance))
    tails = scipy_stats.chi2.ppf([(1 + level) / 2, (1 - level) / 2], df)
    wanted = np.sqrt(df * variance / tails)
    assert (result.ci_low, result.ci_high) == pytest.approx(tuple(wanted))
    factor = math.sqrt(2) * 1.959963984540054
    assert result.repeatability_coefficient == pytest.approx(factor * result.estimate)
    assert result.repeatability_coefficient_ci_high == pytest.approx(factor * result.ci_high)


def test_two_replicates_differ_by_less_than_the_coefficient():
    rng = np.random.default_rng(9)
    table = rng.normal(50, 9, (4000, 1)) + 2 * rng.normal(size=(4000, 2))
    result = repeatability.within_subject(table, coverage=0.9)
    within = np.abs(table[:, 0] - table[:, 1]) < result.repeatability_coefficient
    assert within.mean() == pytest.approx(0.9, abs=0.015)


def test_edges():
    same = repeatability.within_subject([[0.1, 0.1], [0.7, 0.7]])
    assert (same.estimate, same.ci_high, same.undefined) == (0, 0, False)
    assert repeatability.within_subject([]).n == 0
    with pytest.raises(ValueError, match="coverage"):
        repeatability.within_subject([[1, 2]], coverage=0)
    with pytest.raises(ValueError, match="numbers"):
        repeatability.within_subject([[1, 2], [3]])
