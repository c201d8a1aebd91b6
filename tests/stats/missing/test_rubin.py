import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats as scipy_stats

from clinval.stats.missing import missing_data as md

quick = settings(deadline=None, max_examples=80, derandomize=True)

analyses = st.lists(
    st.tuples(st.integers(-200, 200), st.integers(1, 100)), min_size=2, max_size=12
).map(lambda rows: tuple([value / 100 for value in column] for column in zip(*rows, strict=True)))


@quick
@given(analyses, st.one_of(st.none(), st.integers(1, 500)), st.sampled_from([0.8, 0.95]))
def test_rules_written_out(data, df_complete, level):
    y, s = data
    m = len(y)
    mean = sum(y) / m
    within = sum(error**2 for error in s) / m
    between = sum((value - mean) ** 2 for value in y) / (m - 1)
    added = (1 + 1 / m) * between
    total = within + added
    result = md.rubin(y, s, df_complete=df_complete, level=level)
    assert result.estimate == pytest.approx(mean, abs=1e-12)
    assert result.variance_within == pytest.approx(within)
    assert result.variance_between == pytest.approx(between, abs=1e-12)
    assert result.variance == pytest.approx(total)
    assert result.se == pytest.approx(math.sqrt(total))
    assert result.fraction_missing == pytest.approx(added / total, abs=1e-12)
    assert result.relative_increase == pytest.approx(added / within, abs=1e-12)
    df = math.inf if between < 1e-20 else (m - 1) * (total / added) ** 2
    if df_complete is not None:
        observed = (df_complete + 1) / (df_complete + 3) * df_complete * within / total
        df = observed if df == math.inf else df * observed / (df + observed)
    assert (math.inf if result.df is None else result.df) == pytest.approx(df)
    quantile = scipy_stats.t if df < math.inf else scipy_stats.norm
    half = quantile.ppf((1 + level) / 2, *([df] if df < math.inf else [])) * math.sqrt(total)
    assert result.ci_low == pytest.approx(mean - half, abs=1e-9)
    assert result.ci_high == pytest.approx(mean + half, abs=1e-9)
    assert result.imputations == m


@quick
@given(analyses, st.floats(-5, 5), st.floats(0.01, 100))
def test_scale_and_shift_pass_through(data, shift, unit):
    y, s = map(np.array, data)
    one = md.rubin(y, s, df_complete=30)
    moved = md.rubin(unit * y + shift, unit * s, df_complete=30)
    assert moved.estimate == pytest.approx(unit * one.estimate + shift, abs=1e-9)
    assert moved.se == pytest.approx(unit * one.se)
    assert moved.df == pytest.approx(one.df)


def test_nothing_missing_is_the_analysis_of_complete_data():
    normal = md.rubin([0.3] * 5, [0.1] * 5)
    assert (normal.df, normal.variance_between, normal.undefined) == (None, 0, False)
    assert normal.ci_high == pytest.approx(0.3 + 1.959963984540054 * 0.1)
    student = md.rubin([0.3] * 5, [0.1] * 5, df_complete=10)
    assert student.df == pytest.approx(10 * 11 / 13)
    assert student.ci_high == pytest.approx(0.3 + scipy_stats.t.ppf(0.975, 110 / 13) * 0.1)
    # and there is no jump to it
    nearly = md.rubin([0.3, 0.3, 0.3, 0.3, 0.3 + 1e-9], [0.1] * 5, df_complete=10)
    assert nearly.ci_high == pytest.approx(student.ci_high, rel=1e-8)


def test_one_imputation_says_nothing_of_its_own_error():
    one = md.rubin([0.3], [0.1])
    assert (one.estimate, one.se, one.ci_low, one.undefined) == (0.3, None, None, True)
    assert one.reason == "fewer than two imputations"
    assert md.rubin([], []).estimate is None


@pytest.mark.parametrize(
    ("estimates", "errors", "options", "message"),
    [
        ([1, 2], [1], {}, "lengths differ: estimates 2, standard_errors 1"),
        ([1, math.nan], [1, 1], {}, "estimates holds a missing"),
        ([1, 2], [1, 0], {}, "standard_errors must be above 0"),
        ([1, 2], [1, 1], {"df_complete": 0}, "df_complete must be above 0"),
        ([1, 2], [1, 1], {"df_complete": math.inf}, "df_complete must be a finite number"),
        ([1, 2], [1, 1], {"level": 95}, "level must lie strictly"),
    ],
)
def test_invalid(estimates, errors, options, message):
    with pytest.raises(ValueError, match=message):
        md.rubin(estimates, errors, **options)
