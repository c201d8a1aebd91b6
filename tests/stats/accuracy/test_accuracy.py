import dataclasses
import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.proportion import proportion_confint

from clinval.stats.accuracy import accuracy as ac

quick = settings(deadline=None, max_examples=60, derandomize=True)
cells = st.tuples(*[st.integers(0, 60)] * 4)
filled = st.tuples(*[st.integers(1, 60)] * 4)
Z = 1.959963984540054


# ---------------------------------------------------------------------- one test


@quick
@given(cells)
def test_proportions_are_those_of_statsmodels(counts):
    tp, fp, fn, tn = counts
    result = ac.two_by_two(*counts)
    for name, x, n in (
        ("sensitivity", tp, tp + fn),
        ("specificity", tn, fp + tn),
        ("ppv", tp, tp + fp),
        ("npv", tn, tn + fn),
        ("accuracy", tp + tn, sum(counts)),
        ("prevalence", tp + fn, sum(counts)),
    ):
        found = [getattr(result, name + part) for part in ("", "_ci_low", "_ci_high")]
        if n == 0:
            assert found == [None] * 3
            assert result.undefined
        else:
            low, high = proportion_confint(x, n, method="beta")
            assert found == pytest.approx([x / n, low if x else 0, high if x < n else 1], abs=1e-9)


@quick
@given(filled)
def test_ratios_are_those_of_the_log_scale(counts):
    tp, fp, fn, tn = counts
    result = ac.two_by_two(*counts)
    table = Table2x2(np.array([[tp, fp], [fn, tn]]))
    assert result.diagnostic_odds_ratio == pytest.approx(table.oddsratio)
    assert result.diagnostic_odds_ratio_ci_low == pytest.approx(table.oddsratio_confint()[0])
    # a likelihood ratio is a risk ratio of a positive (negative) result
    for name, (a, b) in (("lr_pos", (tp, fp)), ("lr_neg", (fn, tn))):
        risks = Table2x2(np.array([[a, tp + fn - a], [b, fp + tn - b]]))
        assert getattr(result, name) == pytest.approx(risks.riskratio)
        assert getattr(result, f"{name}_ci_high") == pytest.approx(risks.riskratio_confint()[1])
    assert result.diagnostic_odds_ratio == pytest.approx(result.lr_pos / result.lr_neg)
    assert result.youden == pytest.approx(result.sensitivity + result.specificity - 1, abs=1e-12)
    if result.number_needed_to_diagnose is None:
        assert result.reason == "sensitivity and specificity add up to 1"
    else:
        assert result.number_needed_to_diagnose * result.youden == pytest.approx(1)


@quick
@given(cells)
def test_what_is_missing_says_why_and_what_is_there_is_finite(counts):
    for result in (
        ac.two_by_two(*counts),
        ac.mercaldo(*counts, prevalence=0.1),
        ac.indeterminate(counts[:3], counts[1:]),
        ac.leisenring(counts, counts[::-1]),
        ac.kosinski(counts, counts[::-1]),
        ac.moskowitz_pepe(counts, counts[::-1]),
        ac.relative(counts, counts[::-1]),
        ac.gu_pepe(counts, counts[::-1]),
    ):
        numbers = [
            v for k, v in dataclasses.asdict(result).items() if k not in {"method", "reason"}
        ]
        assert all(v is None or math.isfinite(v) for v in numbers)
        assert (None in numbers) == result.undefined == bool(result.reason), result


def test_zero_cells_leave_the_other_numbers():
    result = ac.two_by_two(20, 0, 3, 77)
    assert (result.specificity, result.specificity_ci_high) == (1, 1)
    assert (result.lr_pos, result.diagnostic_odds_ratio) == (None, None)
    assert result.lr_neg == pytest.approx(3 / 23)
    assert result.reason == "a ratio has a zero cell"
    assert ac.two_by_two(0, 0, 0, 0).reason == "no subject in a denominator"


@quick
@given(filled, st.floats(0.001, 0.999))
def test_predictive_values_follow_bayes(counts, prevalence):
    tp, fp, fn, tn = counts
    result = ac.mercaldo(*counts, prevalence=prevalence)
    se, sp = tp / (tp + fn), tn / (fp + tn)
    ppv = se * prevalence / (se * prevalence + (1 - sp) * (1 - prevalence))
    npv = sp * (1 - prevalence) / (sp * (1 - prevalence) + (1 - se) * prevalence)
    assert (result.ppv, result.npv) == pytest.approx((ppv, npv))
    assert 0 < result.ppv_ci_low < ppv < result.ppv_ci_high < 1
    # the log odds after a positive result are those before it and log LR+, whose error is known
    measures = ac.two_by_two(*counts)
    odds = prevalence / (1 - prevalence)
    low, high = measures.lr_pos_ci_low * odds, measures.lr_pos_ci_high * odds
    assert result.ppv_ci_low == pytest.approx(low / (1 + low))
    assert result.ppv_ci_high == pytest.approx(high / (1 + high))


def test_predictive_values_at_the_edges():
    certain = ac.mercaldo(10, 0, 0, 10, prevalence=0.5)
    assert (certain.ppv, certain.npv, certain.ppv_ci_low) == (1, 1, None)
    none = ac.mercaldo(0, 0, 5, 5, prevalence=0.5)  # nobody is called positive
    assert (none.ppv, none.npv, none.undefined) == (None, 0.5, True)
    assert ac.mercaldo(0, 2, 0, 5, prevalence=0.5).npv is None


@quick
@given(st.tuples(*[st.integers(0, 40)] * 3), st.tuples(*[st.integers(0, 40)] * 3))
def test_indeterminate_results_counted_either_way_enclose_every_way(diseased, others):
    result = ac.indeterminate(diseased, others)
    (tp, unclear, fn), (fp, open_, tn) = diseased, others
    if sum(diseased):
        for called in range(unclear + 1):
            value = (tp + called) / sum(diseased)
            assert result.sensitivity_as_negative <= value <= result.sensitivity_as_positive
        one = ac.two_by_two(tp, fp, fn + unclear, tn + open_)
        assert result.sensitivity_as_negative == one.sensitivity
        assert result.specificity_as_negative == one.specificity
        assert result.sensitivity_as_negative_ci_low == one.sensitivity_ci_low
    if tp + fn:
        assert result.sensitivity_excluded == tp / (tp + fn)
    if sum(others):
        assert result.specificity_as_positive <= result.specificity_as_negative
        assert result.indeterminate_nondiseased == open_ / sum(others)
    without = ac.indeterminate((tp, 0, fn), (fp, 0, tn))
    if tp + fn:
        assert without.sensitivity_as_positive == without.sensitivity_excluded


# ---------------------------------------------------------------------- paired tests

DISEASED, HEALTHY = (319, 22, 78, 32), (31, 22, 53, 155)


def calls(diseased, healthy, *, positive):
    """One row a call of a test: subject, whether of the test, whether right about the disease."""
    rows, subject = [], 0
    results = ((1, 1), (1, 0), (0, 1), (0, 0))
    for group, sick in ((diseased, 1), (healthy, 0)):
        for count, (test, reference) in zip(group, results, strict=True):
            for _ in range(count):
                subject += 1
                for value, arm in ((test, 1), (reference, 0)):
                    if value == positive:
                        rows.append((subject, arm, int(sick == positive)))
    return np.array(rows).T


@pytest.mark.parametrize(("name", "positive"), [("ppv", 1), ("npv", 0)])
@pytest.mark.parametrize("tables", [(DISEASED, HEALTHY), ((20, 9, 3, 8), (4, 6, 5, 30))])
def test_leisenring_is_the_score_test_of_estimating_equations(name, positive, tables):
    subject, arm, right = calls(*tables, positive=positive)
    family = sm.families.Binomial()
    null = sm.GEE(right, np.ones((len(arm), 1)), groups=subject, family=family)
    full = sm.GEE(right, np.column_stack([np.ones(len(arm)), arm]), groups=subject, family=family)
    full.fit()
    score = full.compare_score_test(null.fit())
    result = ac.leisenring(*tables)
    assert getattr(result, f"{name}_statistic") == pytest.approx(score["statistic"], rel=1e-6)
    assert getattr(result, f"{name}_p_value") == pytest.approx(score["p-value"], rel=1e-5)


@quick
@given(filled, filled)
def test_kosinski_by_subjects(diseased, healthy):
    result = ac.kosinski(diseased, healthy)
    for name, positive in (("ppv", 1), ("npv", 0)):
        subject, arm, right = calls(diseased, healthy, positive=positive)
        pooled = right.mean()
        twice = np.isin(subject, subject[arm == 1]) & np.isin(subject, subject[arm == 0])
        test, reference = (right[arm == k] for k in (1, 0))
        common = ((right - pooled)[twice & (arm == 1)] ** 2).sum()
        variance = pooled * (1 - pooled) * (1 / len(test) + 1 / len(reference))
        variance -= 2 * common / (len(test) * len(reference))
        wanted = (test.mean() - reference.mean()) ** 2 / variance
        assert getattr(result, f"{name}_statistic") == pytest.approx(wanted)


def test_sizes_of_the_tests_under_equal_predictive_values():
    rng = np.random.default_rng(8)
    # exchangeable tests: the same chance for "test only" and "reference only"
    rejected = np.zeros(3)
    for _ in range(1500):
        diseased = rng.multinomial(120, (0.6, 0.15, 0.15, 0.1))
        healthy = rng.multinomial(150, (0.1, 0.12, 0.12, 0.66))
        results = (
            ac.leisenring(diseased, healthy).ppv_p_value,
            ac.kosinski(diseased, healthy).ppv_p_value,
            ac.moskowitz_pepe(diseased, healthy).ppv_p_value,
        )
        rejected += np.array(results) < 0.05
    assert (abs(rejected / 1500 - 0.05) < 0.02).all()


def multinomial_error(function, counts):
    """Delta method over multinomial counts, numerically."""
    counts = np.array(counts, float)
    n, gradient = counts.sum(), np.zeros(len(counts))
    for cell in range(len(counts)):
        step = np.zeros(len(counts))
        step[cell] = 1e-4
        gradient[cell] = (function(counts + step) - function(counts - step)) / 2e-4
    p = counts / n
    return math.sqrt(n * gradient @ (np.diag(p) - np.outer(p, p)) @ gradient)


@quick
@given(filled, filled)
def test_errors_of_logarithms_by_the_delta_method(diseased, healthy):
    result = ac.moskowitz_pepe(diseased, healthy)

    def log_ppv(c):
        return math.log((c[0] + c[1]) / (c[0] + c[1] + c[4] + c[5])) - math.log(
            (c[0] + c[2]) / (c[0] + c[2] + c[4] + c[6])
        )

    wanted = multinomial_error(log_ppv, diseased + healthy)
    assert result.ppv_ratio_se_log == pytest.approx(wanted, rel=1e-4)
    assert math.log(result.ppv_ratio) == pytest.approx(log_ppv(diseased + healthy), abs=1e-9)

    def log_calls(c):
        return math.log((c[0] + c[1]) / (c[0] + c[2]))

    among = [multinomial_error(log_calls, group) for group in (diseased, healthy)]
    relative = ac.relative(diseased, healthy)
    assert relative.sensitivity_ratio_se_log == pytest.approx(among[0], rel=1e-4)
    ratios = ac.gu_pepe(diseased, healthy)
    assert ratios.lr_pos_ratio_se_log == pytest.approx(math.hypot(*among), rel=1e-4)
    high = relative.sensitivity_ratio * math.exp(Z * among[0])
    assert relative.sensitivity_ratio_ci_high == pytest.approx(high, rel=1e-4)


@quick
@given(filled, filled)
def test_exchanging_the_tests_turns_the_sign(diseased, healthy):
    turned = [(a, c, b, d) for a, b, c, d in (diseased, healthy)]
    for function in (ac.leisenring, ac.kosinski):
        one, other = function(diseased, healthy), function(*turned)
        assert one.ppv_difference == pytest.approx(-other.ppv_difference, abs=1e-12)
        assert one.npv_statistic == pytest.approx(other.npv_statistic, abs=1e-9)
    for function, name in (
        (ac.moskowitz_pepe, "ppv"),
        (ac.relative, "specificity"),
        (ac.gu_pepe, "lr_neg"),
    ):
        one, other = function(diseased, healthy), function(*turned)
        assert getattr(one, f"{name}_ratio") * getattr(other, f"{name}_ratio") == pytest.approx(1)
        assert getattr(one, f"{name}_ratio_ci_low") == pytest.approx(
            1 / getattr(other, f"{name}_ratio_ci_high")
        )


def test_paired_tests_at_the_edges():
    same = ac.leisenring([9, 0, 0, 1], [2, 0, 0, 8])
    assert (same.ppv_difference, same.ppv_statistic) == (0, None)
    assert same.reason == "the predictive values do not vary"
    silent = ac.moskowitz_pepe([0, 5, 0, 5], [0, 1, 0, 9])  # the reference calls nobody positive
    assert (silent.ppv_test, silent.ppv_reference, silent.ppv_ratio) == (5 / 6, None, None)
    assert silent.npv_ratio is not None
    assert silent.reason == "a test makes no such call"
    wrong = ac.moskowitz_pepe([0, 5, 0, 5], [0, 1, 3, 9])
    assert wrong.reason == "a test makes no correct call: a logarithm is infinite"
    agreed = ac.relative([9, 0, 0, 1], [2, 3, 0, 8])
    assert (agreed.sensitivity_ratio, agreed.sensitivity_p_value) == (1, None)
    assert agreed.reason == "no discordant pair"
    assert ac.relative([0, 0, 0, 0], [2, 3, 0, 8]).specificity_ratio is not None
    assert ac.gu_pepe([0, 5, 1, 5], [0, 0, 3, 9]).lr_pos_test is None


def test_invalid_input():
    for counts in ((1, -1, 2, 3), (1, 2.5, 2, 3), (1, None, 2, 3), (1, 10**400, 2, 3)):
        with pytest.raises(ValueError, match="fp"):
            ac.two_by_two(*counts)
    with pytest.raises(ValueError, match="prevalence"):
        ac.mercaldo(1, 2, 3, 4, prevalence=0)
    for function in (ac.leisenring, ac.kosinski, ac.moskowitz_pepe, ac.relative, ac.gu_pepe):
        with pytest.raises(ValueError, match="healthy must be"):
            function([1, 2, 3, 4], [1, 2, 3])
        with pytest.raises(ValueError, match="diseased must be a count"):
            function([1, 2, 3, -4], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="nondiseased must be"):
        ac.indeterminate([1, 2, 3], [1, 2])
