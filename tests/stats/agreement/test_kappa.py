import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats as scipy_stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from clinval.stats._agreement_weights import WEIGHTS, weight_matrix
from clinval.stats.agreement import agreement, kappa

quick = settings(deadline=None, max_examples=60, derandomize=True)


@st.composite
def tables(draw, largest=30):
    q = draw(st.integers(2, 4))
    rows = [[draw(st.integers(0, largest)) for _ in range(q)] for _ in range(q)]
    assume(sum(map(sum, rows)) > 0)
    return rows


@st.composite
def ratings(draw, raters=3, missing=True):
    label = st.sampled_from([1, 2, 3, 4, None] if missing else [1, 2, 3, 4])
    rows = draw(
        st.lists(st.lists(label, min_size=raters, max_size=raters), min_size=3, max_size=14)
    )
    assume(any(sum(value is not None for value in row) > 1 for row in rows))
    return rows


def expanded(table):
    return [
        [i + 1, j + 1]
        for i, row in enumerate(table)
        for j, cell in enumerate(row)
        for _ in range(cell)
    ]


# --- Cohen ----------------------------------------------------------------------------------


@quick
@given(tables())
def test_cohen_against_statsmodels_and_sklearn(table):
    counts = np.array(table)
    pairs = expanded(table)
    for weights, sm_name, sk_name in (
        ("unweighted", None, None),
        ("linear", "linear", "linear"),
        ("quadratic", "quadratic", "quadratic"),
    ):
        result = kappa.cohen(table=table, weights=weights)
        assert result.observed_agreement is not None
        if result.estimate is None:
            assert result.expected_agreement == pytest.approx(1)
            continue
        with np.errstate(all="ignore"):  # statsmodels takes roots of negative rounding errors
            wanted = cohens_kappa(counts, wt=sm_name, return_results=True)
        assert result.estimate == pytest.approx(wanted.kappa, abs=1e-9)
        assert result.se == pytest.approx(np.nan_to_num(wanted.std_kappa), abs=1e-7)
        labels = list(range(1, len(table) + 1))
        first, second = zip(*pairs, strict=True)
        score = cohen_kappa_score(first, second, labels=labels, weights=sk_name)
        assert result.estimate == pytest.approx(score, abs=1e-9)
        test = kappa.cohen_test(table=table, weights=weights)
        assert test.se_null == pytest.approx(np.nan_to_num(wanted.std_kappa0), abs=1e-7)
        if test.p_value is not None:
            assert test.statistic == pytest.approx(wanted.z_value, rel=1e-6, abs=1e-9)
            assert test.p_value == pytest.approx(2 * scipy_stats.norm.sf(abs(test.statistic)))


@quick
@given(tables(8))
def test_a_table_is_its_subjects(table):
    pairs, categories = expanded(table), list(range(1, len(table) + 1))
    for weights in WEIGHTS:
        for function in (kappa.cohen, kappa.fleiss, kappa.gwet):
            one = function(table=table, weights=weights)
            other = function(pairs, weights=weights, categories=categories)
            assert one.n == other.n
            for name in ("estimate", "se", "ci_low", "expected_agreement"):
                if getattr(one, name) is None:
                    assert getattr(other, name) is None
                else:
                    assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9)


@quick
@given(tables())
def test_cohen_properties(table):
    transposed = [list(row) for row in zip(*table, strict=True)]
    for weights in WEIGHTS:
        result = kappa.cohen(table=table, weights=weights)
        if result.estimate is None:
            continue
        assert result.estimate <= 1 + 1e-12
        assert result.ci_low <= result.estimate <= result.ci_high
        swapped = kappa.cohen(table=transposed, weights=weights)
        assert (result.estimate, result.se) == pytest.approx(
            (swapped.estimate, swapped.se), abs=1e-9
        )
        perfect = kappa.cohen(table=np.diag(np.sum(table, axis=1)), weights=weights)
        if perfect.estimate is not None:
            assert (perfect.estimate, perfect.se) == (pytest.approx(1), 0)


def test_the_error_of_kappa_is_that_of_simulated_tables():
    rng = np.random.default_rng(4)
    p = np.array([[0.30, 0.08, 0.02], [0.05, 0.25, 0.05], [0.02, 0.06, 0.17]])
    draws = rng.multinomial(400, p.ravel(), 1500).reshape(-1, 3, 3)
    results = [kappa.cohen(table=table, weights="quadratic") for table in draws]
    spread = np.std([result.estimate for result in results])
    assert np.mean([result.se for result in results]) == pytest.approx(spread, rel=0.06)


def test_the_null_error_is_that_of_independent_raters():
    rng = np.random.default_rng(5)
    p = np.outer([0.5, 0.3, 0.2], [0.4, 0.4, 0.2])
    draws = rng.multinomial(300, p.ravel(), 1500).reshape(-1, 3, 3)
    statistics = [kappa.cohen_test(table=table).statistic for table in draws]
    assert np.std(statistics) == pytest.approx(1, rel=0.06)


def test_cohen_drops_incomplete_pairs():
    complete = [[1, 1], [2, 2], [1, 2], [1, 1]]
    result = kappa.cohen([*complete, [2, None], [None, 1], [None, None]])
    assert result == kappa.cohen(complete)
    assert result.n == 4
    # a label that only a dropped subject has is not observed
    assert kappa.cohen([*complete, [9, None]], weights="linear") == kappa.cohen(
        complete, weights="linear"
    )
    with_nan = np.array([*complete, [2, np.nan]], dtype=float)
    assert kappa.cohen(with_nan) == result
    # a third column without any rating is no rater
    assert kappa.cohen([[a, None, b] for a, b in complete]) == result


def test_text_categories_go_by_their_declared_order():
    rows = [
        ["poor", "fair"],
        ["good", "good"],
        ["fair", "fair"],
        ["poor", "poor"],
        ["good", "fair"],
    ]
    codes = {"poor": 1, "fair": 2, "good": 3}
    numbers = [[codes[a], codes[b]] for a, b in rows]
    declared = kappa.cohen(rows, weights="linear", categories=["poor", "fair", "good"])
    assert declared == kappa.cohen(numbers, weights="linear")
    # without an order the alphabet decides, which is another coefficient
    assert kappa.cohen(rows, weights="linear").estimate != pytest.approx(declared.estimate)


def test_one_category_and_constant_raters():
    for function in (kappa.cohen, kappa.fleiss, kappa.gwet):
        result = function([[1, 1]] * 8)
        assert (result.estimate, result.se, result.ci_low) == (None, None, None)
        assert (result.observed_agreement, result.n, result.undefined) == (1, 8, True)
    assert kappa.gwet([[1, 1]] * 8, categories=[1, 2]).estimate == 1
    assert kappa.gwet(table=[[8, 0], [0, 0]]).ci_low == 1
    assert kappa.cohen(table=[[8, 0], [0, 0]]).estimate is None
    assert kappa.gwet(table=[[8]]).estimate is None
    constant = kappa.cohen([[1, 1], [1, 2], [1, 1]])
    assert constant.estimate == 0
    test = kappa.cohen_test([[1, 1], [1, 2], [1, 1]])
    assert (test.estimate, test.se_null, test.p_value, test.undefined) == (0, 0, None, True)
    assert kappa.cohen_test([[1, 1]] * 8).estimate is None


def test_no_subjects():
    for function in (kappa.cohen, kappa.cohen_test, kappa.fleiss, kappa.gwet):
        for rows in ([], [[None, None]], [[1, None], [None, 2]]):
            result = function(rows)
            assert (result.estimate, result.undefined) == (None, True)
    assert kappa.cohen(table=[[0, 0], [0, 0]]).n == 0
    lonely = kappa.fleiss([[1, 2]])
    assert (lonely.estimate, lonely.se) == (-1, None)
    assert lonely.reason == "fewer than two subjects"


# --- strata -----------------------------------------------------------------------------------


@quick
@given(st.lists(tables(12), min_size=1, max_size=3), st.integers(0, 99))
def test_strata_are_pooled_by_inverse_variance(strata, seed):
    q = max(map(len, strata))
    rows, labels = [], []
    for number, table in enumerate(strata):
        rows += expanded(table)
        labels += [f"site {number}"] * len(expanded(table))
    categories = list(range(1, q + 1))
    order = np.random.default_rng(seed).permutation(len(rows))
    result = kappa.cohen_stratified(
        [rows[i] for i in order], strata=[labels[i] for i in order], categories=categories
    )
    each = [kappa.cohen(expanded(table), categories=categories) for table in strata]
    for got, name in (
        (result.estimate_by_stratum, "estimate"),
        (result.se_by_stratum, "se"),
        (result.ci_low_by_stratum, "ci_low"),
        (result.ci_high_by_stratum, "ci_high"),
    ):
        for one, wanted in zip(got, each, strict=True):
            assert (one is None) == (getattr(wanted, name) is None)
            if one is not None:
                assert one == pytest.approx(getattr(wanted, name), abs=1e-9)
    if any(not one.se for one in each):
        assert (result.estimate, result.q, result.undefined) == (None, None, True)
        return
    w = np.array([1 / one.se**2 for one in each])
    k = np.array([one.estimate for one in each])
    pooled = (w * k).sum() / w.sum()
    assert result.estimate == pytest.approx(pooled)
    assert result.se == pytest.approx(w.sum() ** -0.5)
    assert result.q == pytest.approx((w * (k - pooled) ** 2).sum(), abs=1e-9)
    assert result.df == len(each) - 1
    if len(each) > 1:
        assert result.p_value == pytest.approx(scipy_stats.chi2.sf(result.q, result.df))
    else:
        assert (result.p_value, result.undefined) == (None, True)


def test_strata_with_missing_ratings():
    rows = [[1, 1], [2, 2], [1, 2], [2, 2], [1, None], [2, 1], [1, 1], [2, 2]]
    strata = ["A", "A", "A", "A", "C", "B", "B", "B"]
    result = kappa.cohen_stratified(rows, strata=strata)
    assert len(result.estimate_by_stratum) == 2  # site C has no complete pair
    assert result.n == 7
    assert kappa.cohen_stratified([[1, None]], strata=["A"]).undefined
    with pytest.raises(ValueError, match="lengths differ: ratings 8, strata 7"):
        kappa.cohen_stratified(rows, strata=strata[:-1])
    with pytest.raises(ValueError, match="strata lacks a label"):
        kappa.cohen_stratified(rows, strata=[None, *strata[1:]])


# --- Fleiss and Gwet --------------------------------------------------------------------------


def brute_force(rows, weights, kind):
    """Count agreeing pairs of ratings subject by subject, in plain loops."""
    rows = [[value for value in row if value is not None] for row in rows]
    rows = [row for row in rows if row]
    labels = sorted({value for row in rows for value in row})
    w = weight_matrix(weights, labels)
    place = {label: i for i, label in enumerate(labels)}
    agreement_of = [
        np.mean([w[place[a], place[b]] for a, b in itertools.permutations(row, 2)])
        for row in rows
        if len(row) > 1
    ]
    share = [np.mean([np.mean([v == label for v in row]) for row in rows]) for label in labels]
    q = len(labels)
    if kind == "fleiss":
        expected = sum(w[i, j] * share[i] * share[j] for i in range(q) for j in range(q))
    else:
        expected = w.sum() / (q * (q - 1)) * sum(p * (1 - p) for p in share) if q > 1 else 1.0
    return float(np.mean(agreement_of)), expected


@pytest.mark.parametrize("weights", WEIGHTS)
@settings(deadline=None, max_examples=25, derandomize=True)
@given(rows=ratings())
def test_coefficients_by_brute_force(weights, rows):
    for function, kind in ((kappa.fleiss, "fleiss"), (kappa.gwet, "gwet")):
        observed, expected = brute_force(rows, weights, kind)
        result = function(rows, weights=weights)
        assert result.observed_agreement == pytest.approx(observed, abs=1e-12)
        if expected > 1 - 1e-12:
            assert result.estimate is None
        else:
            assert result.expected_agreement == pytest.approx(expected, abs=1e-12)
            assert result.estimate == pytest.approx((observed - expected) / (1 - expected))


@settings(deadline=None, max_examples=25, derandomize=True)
@given(rows=ratings(missing=False), weights=st.sampled_from(WEIGHTS))
def test_the_linearised_error_is_the_influence_of_subjects(rows, weights):
    labels = sorted({value for row in rows for value in row})
    assume(len(labels) > 1)
    w, n = weight_matrix(weights, labels), len(rows)
    counts = np.array([[row.count(label) for label in labels] for row in rows], float)
    m = counts.sum(axis=1)
    own = (counts * (counts @ w.T - 1)).sum(axis=1) / (m * (m - 1))

    def coefficient(mass, kind):
        share, observed = mass @ (counts / m[:, None]), mass @ own
        if kind == "fleiss":
            expected = share @ w @ share
        else:
            q = len(labels)
            expected = w.sum() / (q * (q - 1)) * (share @ (1 - share))
        return (observed - expected) / (1 - expected)

    for function, kind in ((kappa.fleiss, "fleiss"), (kappa.gwet, "gwet")):
        result = function(rows, weights=weights)
        if result.estimate is None or 1 - result.expected_agreement < 0.05:
            continue
        flat, step = np.full(n, 1 / n), 1e-6
        influence = []
        for i in range(n):
            toward = np.eye(n)[i] - flat
            up, down = (coefficient(flat + s * step * toward, kind) for s in (1, -1))
            influence.append((up - down) / (2 * step))
        wanted = math.sqrt(np.sum(np.square(influence)) / (n * (n - 1)))
        assert result.se == pytest.approx(wanted, abs=2e-6)
        t = scipy_stats.t.ppf(0.975, n - 1)
        assert result.ci_low == pytest.approx(result.estimate - t * result.se)
        assert result.ci_high == pytest.approx(min(1, result.estimate + t * result.se))


@quick
@given(ratings(missing=False))
def test_fleiss_against_statsmodels(rows):
    labels = sorted({value for row in rows for value in row})
    assume(len(labels) > 1)
    counts = np.array([[row.count(label) for label in labels] for row in rows])
    result = kappa.fleiss(rows)
    assert result.estimate == pytest.approx(fleiss_kappa(counts), abs=1e-9)
    # one category against all others is Fleiss' kappa of two categories
    for label, value in zip(labels, result.estimate_by_category, strict=True):
        other = kappa.fleiss([[v == label for v in row] for row in rows])
        assert value == pytest.approx(other.estimate, abs=1e-9)


@quick
@given(ratings(), st.integers(0, 99))
def test_order_of_subjects_and_raters_does_not_matter(rows, seed):
    rng = np.random.default_rng(seed)
    subjects, raters = rng.permutation(len(rows)), rng.permutation(3)
    shuffled = [[rows[i][j] for j in raters] for i in subjects]
    for function in (kappa.fleiss, kappa.gwet):
        one, other = function(rows, weights="linear"), function(shuffled, weights="linear")
        if one.estimate is None:
            assert other.estimate is None
            continue
        assert one.estimate <= 1 + 1e-12
        assert one.estimate == pytest.approx(other.estimate, abs=1e-9)
        if one.se is not None:
            assert one.se == pytest.approx(other.se, abs=1e-9)


def test_by_category_needs_complete_unweighted_ratings():
    rows = [[1, 1, 2], [2, 2, 2], [1, 2, 1]]
    assert len(kappa.fleiss(rows).estimate_by_category) == 2
    assert kappa.fleiss(rows, weights="linear").estimate_by_category is None
    assert kappa.fleiss([[1, 1, None], *rows]).estimate_by_category is None
    declared = kappa.fleiss(rows, categories=[1, 2, 3])
    assert declared.estimate == pytest.approx(kappa.fleiss(rows).estimate)
    assert declared.estimate_by_category[2] is None
    assert declared.undefined


def test_a_hundred_thousand_subjects():
    rng = np.random.default_rng(6)
    truth = rng.integers(0, 4, 100_000)
    rows = np.where(
        rng.random((100_000, 3)) < 0.8, truth[:, None], rng.integers(0, 4, (100_000, 3))
    ).astype(float)
    rows[rng.random(rows.shape) < 0.05] = np.nan
    fleiss, gwet = kappa.fleiss(rows), kappa.gwet(rows)
    # two raters agree when neither guesses (.64) or a guess happens to be right
    agreeing = 0.64 + 0.36 / 4
    assert fleiss.observed_agreement == pytest.approx(agreeing, abs=0.005)
    assert fleiss.estimate == pytest.approx(0.64, abs=0.01)
    assert gwet.estimate == pytest.approx(0.64, abs=0.01)
    assert 0 < fleiss.se < 0.003
    texts = np.array(["none", "mild", "moderate", "severe"])[truth]
    pairs = np.column_stack([texts, np.roll(texts, 1)])
    assert abs(kappa.cohen(pairs).estimate) < 0.01


# --- PABAK and input --------------------------------------------------------------------------


@quick
@given(*[st.integers(0, 60)] * 4)
def test_pabak(n11, n10, n01, n00):
    n = n11 + n10 + n01 + n00
    result = kappa.pabak(n11, n10, n01, n00)
    if n == 0:
        assert (result.estimate, result.undefined) == (None, True)
        return
    exact = scipy_stats.binomtest(n11 + n00, n).proportion_ci(method="exact")
    assert result.estimate == pytest.approx(2 * (n11 + n00) / n - 1)
    assert result.ci_low == pytest.approx(2 * exact.low - 1, abs=1e-9)
    assert result.ci_high == pytest.approx(2 * exact.high - 1, abs=1e-9)
    assert agreement.two_by_two(n11, n10, n01, n00).observed_agreement == pytest.approx(
        (result.estimate + 1) / 2
    )


@pytest.mark.parametrize("function", [kappa.cohen, kappa.cohen_test, kappa.fleiss, kappa.gwet])
def test_invalid_input(function):
    rows = [[1, 2], [2, 2]]
    with pytest.raises(ValueError, match="either ratings or table"):
        function(rows, table=[[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="either ratings or table"):
        function()
    with pytest.raises(ValueError, match="table must be square"):
        function(table=[[1, 2, 3], [4, 5, 6]])
    with pytest.raises(ValueError, match="table must"):
        function(table=[[1, 2], [3]])
    with pytest.raises(ValueError, match="table must hold counts"):
        function(table=[[5, -1], [2, 4]])
    with pytest.raises(ValueError, match="weights must be one of"):
        function(rows, weights="cubic")
    with pytest.raises(ValueError, match="ratings holds 3, which is not among the categories"):
        function([[1, 3], [2, 2]], categories=[1, 2])
    with pytest.raises(ValueError, match="label twice"):
        function(rows, categories=[1, 2, 2])
    with pytest.raises(ValueError, match="missing label"):
        function(rows, categories=[1, None])
    with pytest.raises(ValueError, match="table has 2 categories, 3 are declared"):
        function(table=[[1, 2], [3, 4]], categories=["a", "b", "c"])
    with pytest.raises(ValueError, match="rows of different length"):
        function([[1, 2], [1]])
    with pytest.raises(ValueError, match="list of rows"):
        function([1, 2, 3])
    with pytest.raises(ValueError, match="all numbers or all text"):
        function([[1, "2"], [2, 2]])


def test_cohen_wants_two_raters():
    for function in (kappa.cohen, kappa.cohen_test):
        with pytest.raises(ValueError, match=r"two raters \(columns\), not 3"):
            function([[1, 2, 1], [2, 2, 1]])
        with pytest.raises(ValueError, match="not 1"):
            function([[1], [2]])
    with pytest.raises(ValueError, match="must be a matrix"):
        kappa.cohen(np.zeros(3))
    with pytest.raises(ValueError, match="alternative"):
        kappa.cohen_test([[1, 2]], alternative="x")
    for function in (kappa.cohen, kappa.fleiss, kappa.gwet):
        with pytest.raises(ValueError, match="level"):
            function([[1, 2]], level=1)
    with pytest.raises(ValueError, match="n10 must be a count"):
        kappa.pabak(1, -2, 3, 4)
    with pytest.raises(ValueError, match="level"):
        kappa.pabak(1, 2, 3, 4, level=0)
