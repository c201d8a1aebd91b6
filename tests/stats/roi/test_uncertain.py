"""Uncertain inputs against the distributions of scipy, and how they go together."""

import numpy as np
import pytest
from scipy import stats

from clinval.stats.roi import uncertain

SHARES = np.linspace(0.001, 0.999, 41)
SAME = {
    "triangular": (uncertain.triangular(3, 1, 9), stats.triang(0.25, 1, 8)),
    "at its lower limit": (uncertain.triangular(1, 1, 9), stats.triang(0, 1, 8)),
    "at its upper limit": (uncertain.triangular(9, 1, 9), stats.triang(1, 1, 8)),
    "uniform": (uncertain.uniform(3, 1, 9), stats.uniform(1, 8)),
    "student": (uncertain.student(6, 0.5, 7), stats.t(7, 6, 0.5)),
    "lognormal": (
        uncertain.lognormal(6, 4, 9),
        stats.lognorm(np.log(9 / 4) / (2 * stats.norm.ppf(0.975)), scale=6),
    ),
}


@pytest.mark.parametrize(("made", "expected"), SAME.values(), ids=SAME)
def test_quantiles_are_those_of_scipy(made, expected):
    assert made.quantile(SHARES) == pytest.approx(expected.ppf(SHARES))
    assert made.limits(0.9) == pytest.approx(tuple(expected.ppf([0.05, 0.95])))


def test_inputs_go_together_as_declared():
    inputs = {"a": SAME["triangular"][0], "b": SAME["lognormal"][0], "c": SAME["student"][0]}
    together = {("a", "b"): 0.6, ("b", "c"): -0.4, ("a", "elsewhere"): 0.9}
    drawn = uncertain.draw(np.random.default_rng(1), inputs, 40_000, together)
    ranks = {name: stats.norm.ppf((stats.rankdata(x) - 0.5) / 40_000) for name, x in drawn.items()}
    for (one, other), expected in {("a", "b"): 0.6, ("b", "c"): -0.4, ("a", "c"): 0.0}.items():
        assert np.corrcoef(ranks[one], ranks[other])[0, 1] == pytest.approx(expected, abs=0.02)
    for name, label in (("a", "triangular"), ("b", "lognormal"), ("c", "student")):
        assert stats.kstest(drawn[name], SAME[label][1].cdf).pvalue > 1e-3


def test_what_is_drawn_of_an_input_does_not_depend_on_those_that_follow():
    inputs = {"a": SAME["triangular"][0], "b": SAME["uniform"][0]}
    alone = uncertain.draw(np.random.default_rng(1), {"a": inputs["a"]}, 50)
    both = uncertain.draw(np.random.default_rng(1), inputs, 50, {("a", "b"): 0.5})
    assert (alone["a"] == both["a"]).all()
    assert uncertain.draw(np.random.default_rng(1), {}, 50) == {}


def test_what_cannot_be_is_refused():
    inputs = dict.fromkeys("abc", SAME["uniform"][0])
    impossible = {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}
    with pytest.raises(ValueError, match="together"):
        uncertain.draw(np.random.default_rng(1), inputs, 5, impossible)
    for wrong in ((3, 4, 9), (3, 1, 2), (3, 3, 3), (float("nan"), 1, 2)):
        with pytest.raises(ValueError, match=r"hold|finite"):
            uncertain.triangular(*wrong)
    with pytest.raises(ValueError, match="above 0"):
        uncertain.lognormal(1, 0, 2)
    with pytest.raises(ValueError, match="above 0"):
        uncertain.student(1, 0, 3)
