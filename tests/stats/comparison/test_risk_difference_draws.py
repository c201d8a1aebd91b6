import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats.comparison import risk_difference as rd

quick = settings(deadline=None, max_examples=40, derandomize=True)
ALTERNATIVES = ["greater", "less", "two-sided"]
arm = st.integers(0, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
trials = st.lists(st.tuples(arm, arm), min_size=1, max_size=8).map(
    lambda rows: tuple([row[side][part] for row in rows] for side in (0, 1) for part in (0, 1))
)


def number(value):
    return np.nan if value is None else value


@quick
@given(trials, st.sampled_from([0.5, 0.9, 0.95]))
def test_draws_are_the_single_intervals(data, level):
    single = [rd.miettinen_nurminen(*row, level=level) for row in zip(*data, strict=True)]
    low, high = rd.miettinen_nurminen_draws(*data, level=level)
    np.testing.assert_allclose(low, [number(r.ci_low) for r in single], atol=1e-13)
    np.testing.assert_allclose(high, [number(r.ci_high) for r in single], atol=1e-13)


@quick
@given(trials, st.sampled_from([-0.2, 0.0, 0.35]), st.sampled_from(ALTERNATIVES))
def test_draws_are_the_single_tests(data, margin, alternative):
    options = {"margin": margin, "alternative": alternative}
    single = [rd.miettinen_nurminen_test(*row, **options) for row in zip(*data, strict=True)]
    drawn = rd.miettinen_nurminen_test_draws(*data, **options)
    np.testing.assert_allclose(drawn, [number(r.p_value) for r in single], rtol=1e-12)


@pytest.mark.parametrize(("n1", "n2"), [(40, 30), (3000, 2000)])
def test_one_size_for_all_draws(n1, n2):
    # small arms repeat tables, which are then counted once; large arms do not
    rng = np.random.default_rng(2)
    x1, x2 = rng.binomial(n1, 0.8, 2000), rng.binomial(n2, 0.7, 2000)
    each = np.full(2000, n1), np.full(2000, n2)
    one = rd.miettinen_nurminen_draws(x1, n1, x2, n2)
    np.testing.assert_array_equal(one, rd.miettinen_nurminen_draws(x1, each[0], x2, each[1]))
    np.testing.assert_array_equal(one, rd.miettinen_nurminen_draws(x1, n1, x2, each[1]))
    for alternative in ALTERNATIVES:
        options = {"margin": -0.1, "alternative": alternative}
        np.testing.assert_array_equal(
            rd.miettinen_nurminen_test_draws(x1, n1, x2, n2, **options),
            rd.miettinen_nurminen_test_draws(x1, each[0], x2, each[1], **options),
        )


def test_size_and_coverage_at_the_margin():
    rng = np.random.default_rng(3)
    x1, x2 = rng.binomial(200, 0.75, 40_000), rng.binomial(200, 0.85, 40_000)
    rejected = rd.miettinen_nurminen_test_draws(x1, 200, x2, 200, margin=-0.1) < 0.025
    assert 0.0225 < rejected.mean() < 0.0275  # three standard errors
    low, high = rd.miettinen_nurminen_draws(x1, 200, x2, 200)
    inside = (low <= -0.1) & (high >= -0.1)
    assert 0.945 < inside.mean() < 0.955


def test_undefined_draws_are_nan():
    low, high = rd.miettinen_nurminen_draws([0, 3], [0, 5], [1, 2], [4, 4])
    assert np.isnan([low[0], high[0]]).all()
    assert not np.isnan([low[1], high[1]]).any()
    p = rd.miettinen_nurminen_test_draws([0, 0, 3], [0, 5, 5], [1, 0, 2], 4)
    assert np.isnan(p).tolist() == [True, True, False]
    assert rd.miettinen_nurminen_draws([], 5, [], 5).shape == (2, 0)


def test_invalid_input():
    for function in (rd.miettinen_nurminen_draws, rd.miettinen_nurminen_test_draws):
        with pytest.raises(ValueError, match="lengths differ: x1 2, x2 1"):
            function([1, 2], 5, [1], 5)
        with pytest.raises(ValueError, match="lengths differ: x1 2, n2 3"):
            function([1, 2], 5, [1, 2], [5, 5, 5])
        with pytest.raises(ValueError, match="more successes than subjects"):
            function([1, 6], 5, [1, 2], 5)
        with pytest.raises(ValueError, match="x2 must be a count"):
            function([1, 2], 5, [1, -2], 5)
        with pytest.raises(ValueError, match="n1 must be a count"):
            function([1, 2], 5.5, [1, 2], 5)
    with pytest.raises(ValueError, match="level"):
        rd.miettinen_nurminen_draws([1], 5, [1], 5, level=0)
    with pytest.raises(ValueError, match="margin"):
        rd.miettinen_nurminen_test_draws([1], 5, [1], 5, margin=2)
    with pytest.raises(ValueError, match="alternative"):
        rd.miettinen_nurminen_test_draws([1], 5, [1], 5, alternative="bigger")
