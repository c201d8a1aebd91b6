import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats

from clinval.stats.reader_study import mrmc

quick = settings(deadline=None, max_examples=25, derandomize=True)
METRICS = ("auc", "sensitivity", "specificity")
KINDS = list(itertools.product((True, False), repeat=3))


@st.composite
def studies(draw, *, crossed=False):
    """Return rows (score, truth, reader, modality, case) of a small study of any design."""
    readers, n1, n0 = (draw(st.integers(2, 3)) for _ in range(3))
    truth = [1] * n1 + [0] * n0
    rows = [
        (draw(st.integers(1, 3)), truth[case], f"r{reader}", modality, case)
        for reader in range(readers)
        for modality in "ab"
        for case in range(n1 + n0)
        if crossed or draw(st.integers(0, 5))
    ]
    assume({row[3] for row in rows} == {"a", "b"})
    return rows


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def analysed(function, rows, **options):
    return function(*columns(rows), threshold=2, **options)


def kernel(metric, x, y):
    if metric == "sensitivity":
        return float(x >= 2)
    if metric == "specificity":
        return float(y < 2)
    return (x > y) + (x == y) / 2


def kernels_of(rows, metric, modality):
    """Return every kernel of a modality with its reader and its two cases."""
    reads = [row for row in rows if row[3] == modality]
    return [
        (kernel(metric, x[0], y[0]), (x[2], x[4], y[4]))
        for x in reads
        for y in reads
        if x[1] == 1 and y[1] == 0 and x[2] == y[2]
    ]


def moments_by_pairs(one, other):
    """Return moments and shares of pairs by what two kernels have exactly in common.

    The order is that of the definition: reader and both cases, reader and diseased, reader and
    non-diseased, reader; the same without the reader.
    """
    products = {kind: [] for kind in KINDS}
    for (first, of_first), (second, of_second) in itertools.product(one, other):
        kind = tuple(a == b for a, b in zip(of_first, of_second, strict=True))
        products[kind].append(first * second)
    total = len(one) * len(other)
    means = [np.mean(found) if found else math.nan for found in products.values()]
    return means, [len(found) / total for found in products.values()]


@pytest.mark.parametrize("metric", METRICS)
@quick
@given(studies())
def test_variance_by_all_pairs_of_kernels(metric, rows):
    of = {modality: kernels_of(rows, metric, modality) for modality in "ab"}
    result = analysed(mrmc.u_statistic, rows, metric=metric)
    if not all(of.values()):
        assert result.estimate is None or result.variance is None
        assert result.reason == "no reader with diseased and non-diseased cases"
        return
    means = {modality: np.mean([value for value, _ in of[modality]]) for modality in "ab"}
    by_modality = getattr(result, f"{metric}_by_modality")
    assert by_modality == pytest.approx((means["a"], means["b"]), abs=1e-12)
    assert result.estimate == pytest.approx(means["b"] - means["a"], abs=1e-12)
    variance = 0
    for names, sign, moments, coefficients in (
        ("aa", 1, result.moments_reference, result.coefficients_reference),
        ("bb", 1, result.moments_test, result.coefficients_test),
        ("ab", -2, result.moments_cross, result.coefficients_cross),
    ):
        wanted, shares = moments_by_pairs(of[names[0]], of[names[1]])
        assert [math.nan if m is None else m for m in moments] == pytest.approx(
            wanted, abs=1e-12, nan_ok=True
        )
        shares[7] -= 1
        assert coefficients == pytest.approx(shares, abs=1e-12)
        terms = [c * m for c, m in zip(shares, wanted, strict=True) if abs(c) > 1e-12]
        variance += sign * sum(terms)
    if math.isnan(variance):
        assert result.variance is None
        assert result.undefined
    else:
        assert result.variance == pytest.approx(variance, abs=1e-12)
        assert (result.se is None) == (result.variance < 0)


@pytest.mark.parametrize("metric", METRICS)
@settings(deadline=None, max_examples=5, derandomize=True)
@given(studies(crossed=True))
def test_v_statistic_is_the_variance_of_all_resamples(metric, rows):
    table = {(row[2], row[3], row[4]): row[0] for row in rows}
    readers = sorted({row[2] for row in rows})[:2]
    ill = sorted({row[4] for row in rows if row[1]})[:2]
    well = sorted({row[4] for row in rows if not row[1]})[:2]
    kept = [row for row in rows if row[2] in readers and row[4] in ill + well]
    differences = [
        np.mean(
            [
                kernel(metric, table[r, "b", x], table[r, "b", y])
                - kernel(metric, table[r, "a", x], table[r, "a", y])
                for r in drawn_readers
                for x in drawn_ill
                for y in drawn_well
            ]
        )
        for drawn_readers in itertools.product(readers, repeat=2)
        for drawn_ill in itertools.product(ill, repeat=2)
        for drawn_well in itertools.product(well, repeat=2)
    ]
    result = analysed(mrmc.v_statistic, kept, metric=metric)
    assert result.variance == pytest.approx(np.var(differences), abs=1e-12)


@quick
@given(studies(crossed=True))
def test_crossed_variance_is_that_of_the_reader_model_with_the_unbiased_covariance(rows):
    result = analysed(mrmc.u_statistic, rows)
    if result.se:
        model = mrmc.obuchowski_rockette(*columns(rows), covariance="unbiased")
        if model.cov2 >= model.cov3:
            assert result.se == pytest.approx(model.se, abs=1e-9)


def study(seed=3, readers=4, cases=16, modalities="ab"):
    """Return rows of a crossed study in which a score says something of the truth."""
    random = np.random.default_rng(seed)
    truth = [int(case % 2) for case in range(cases)]
    skill = {(r, m): random.normal(1.0, 0.4) for r in range(readers) for m in modalities}
    level = random.normal(size=cases)
    return [
        (
            round(level[case] + skill[reader, modality] * truth[case] + random.normal(), 1),
            truth[case],
            f"r{reader}",
            modality,
            case,
        )
        for reader in range(readers)
        for modality in modalities
        for case in range(cases)
    ]


def test_degrees_of_freedom_by_their_definition():
    rows = study()
    result = mrmc.u_statistic(*columns(rows))
    of = mrmc.v_statistic(*columns(rows))
    total = 0
    for place, df in ((0, 7), (1, 7), (3, 3)):  # non-diseased, diseased, readers
        component = (
            of.components_reference[place]
            + of.components_test[place]
            - 2 * of.components_cross[place]
        )
        total += component**2 / df**3
    assert result.df == pytest.approx(max(result.variance**2 / total, 3))
    assert result.statistic == pytest.approx(result.estimate / result.se)
    whole = math.floor(result.df)
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(result.statistic), whole))
    half = stats.t.ppf(0.975, whole) * result.se
    assert result.ci_low == pytest.approx(result.estimate - half)
    assert result.p_value_normal == pytest.approx(2 * stats.norm.sf(abs(result.statistic)))
    assert result.ci_high_normal == pytest.approx(result.estimate + 1.959963984540054 * result.se)
    area = result.auc_by_modality[1]
    t = (area - 0.5) / result.se_by_modality[1]
    assert result.p_value_by_modality[1] == pytest.approx(
        2 * stats.t.sf(abs(t), math.floor(result.df_by_modality[1]))
    )


def test_many_degrees_of_freedom_are_normal():
    result = mrmc.v_statistic(*columns(study(seed=4, readers=12, cases=60)))
    assert result.df > 50
    assert (result.p_value, result.ci_low) == (result.p_value_normal, result.ci_low_normal)


@pytest.mark.parametrize("function", [mrmc.u_statistic, mrmc.v_statistic])
def test_readers_that_read_one_modality_only(function):
    rows = [row for row in study() if (row[3] == "a") == (row[2] in {"r0", "r1"})]
    result = function(*columns(rows))
    assert 1 <= result.df < 3  # two readers a modality
    assert result.coefficients_cross[:4] == (0, 0, 0, 0)
    assert result.components_cross[3:] == (None, None, None, None)
    assert result.p_value is not None
    # the cases alone are shared
    assert result.covariance != 0


def test_nothing_shared_has_no_covariance():
    rows = [
        row
        for row in study()
        if (row[3] == "a") == (row[2] in {"r0", "r1"}) == (row[4] < 8)
        and (row[3] == "a") == (row[4] < 8)
    ]
    result = mrmc.u_statistic(*columns(rows))
    assert result.covariance == 0
    assert result.variance == pytest.approx(sum(result.variance_by_modality))


def test_one_modality_is_held_against_guessing():
    rows = study()
    both = mrmc.u_statistic(*columns(rows))
    one = mrmc.u_statistic(*columns([row for row in rows if row[3] == "a"]))
    assert one.estimate == both.auc_by_modality[0]
    assert one.variance == pytest.approx(both.variance_by_modality[0])
    assert one.statistic == pytest.approx((one.estimate - 0.5) / one.se)
    assert (one.p_value, one.ci_low) == (both.p_value_by_modality[0], both.ci_low_by_modality[0])


def test_modalities_are_chosen_by_their_labels():
    rows = study(modalities="abc")
    whole = mrmc.u_statistic(*columns(rows), test="b", reference="c")
    assert whole.modalities == ("a", "b", "c")
    pair = mrmc.u_statistic(*columns([row for row in rows if row[3] in "bc"]))
    assert whole.estimate == -pair.estimate
    assert whole.variance == pytest.approx(pair.variance)
    assert whole.auc_by_modality[1:] == pair.auc_by_modality


NEGATIVE = [
    # reader, modality a, modality b over two diseased and two non-diseased cases
    ("r0", (3, 1, 1, 1), (2, 1, 1, 2)),
    ("r1", (1, 2, 1, 1), (1, 3, 2, 1)),
]


def negative_rows():
    truth = (1, 1, 0, 0)
    return [
        (score, truth[case], reader, modality, case)
        for reader, *reads in NEGATIVE
        for modality, scores in zip("ab", reads, strict=True)
        for case, score in enumerate(scores)
    ]


def test_a_negative_variance_is_reported_or_replaced():
    rows = columns(negative_rows())
    reported = mrmc.u_statistic(*rows)
    assert reported.variance < 0
    assert reported.variance_statistic == "u_statistic"
    assert (reported.se, reported.df, reported.p_value, reported.ci_low) == (None,) * 4
    assert reported.reason == "the estimate of the variance is negative"
    replaced = mrmc.u_statistic(*rows, negative_variance="v_statistic")
    other = mrmc.v_statistic(*rows)
    assert replaced.variance_statistic == "v_statistic"
    assert (replaced.variance, replaced.df, replaced.p_value) == (
        other.variance,
        other.df,
        other.p_value,
    )
    assert replaced.estimate == reported.estimate
    tested = mrmc.u_statistic_test(*rows, margin=-0.1)
    assert (tested.variance, tested.p_value, tested.reason) == (
        reported.variance,
        None,
        reported.reason,
    )


@pytest.mark.parametrize("function", ["u_statistic", "v_statistic"])
@pytest.mark.parametrize("margin", [-0.1, 0.05])
def test_tests_of_a_margin_agree_with_the_interval(function, margin):
    rows = columns(study(seed=5))
    test = getattr(mrmc, f"{function}_test")
    estimated = getattr(mrmc, function)(*rows, level=0.9)
    greater, less, both = (
        test(*rows, margin=margin, alternative=alternative, level=0.9)
        for alternative in ("greater", "less", "two-sided")
    )
    assert greater.statistic == pytest.approx((estimated.estimate - margin) / estimated.se)
    assert (greater.p_value < 0.05) == (estimated.ci_low > margin)
    assert greater.p_value + less.p_value == pytest.approx(1)
    assert both.p_value == pytest.approx(2 * min(greater.p_value, less.p_value))
    assert (greater.ci_low, greater.ci_high) == (estimated.ci_low, estimated.ci_high)
    equivalent = test(*rows, margin=0.3, alternative="equivalence")
    sides = test(*rows, margin=-0.3).p_value, test(*rows, margin=0.3, alternative="less").p_value
    assert equivalent.p_value == pytest.approx(max(sides))


def test_one_reader():
    rows = columns([row for row in study() if row[2] == "r0"])
    unbiased = mrmc.u_statistic(*rows)
    assert unbiased.estimate is not None
    assert (unbiased.variance, unbiased.p_value) == (None, None)
    assert unbiased.reason == "fewer than two readers"
    biased = mrmc.v_statistic(*rows)
    assert biased.components_reference[3] == 0  # of readers there is nothing to see
    assert biased.p_value is not None


@pytest.mark.parametrize("truth", [0, 1])
def test_one_case_of_a_class(truth):
    case = truth  # case 0 is non-diseased, case 1 diseased
    rows = columns([row for row in study() if row[1] != truth or row[4] == case])
    result = mrmc.u_statistic(*rows)
    assert result.estimate is not None
    assert result.reason == "fewer than two diseased or two non-diseased cases"
    assert mrmc.v_statistic(*rows).variance >= 0


def test_one_class_only():
    rows = columns([row for row in study() if row[1] == 1])
    for function in (mrmc.u_statistic, mrmc.v_statistic):
        result = function(*rows)
        assert result.estimate is None
        assert result.auc_by_modality == (None, None)
        assert result.reason == "no reader with diseased and non-diseased cases"


def test_scores_that_are_all_equal_or_separate_everything():
    rows = study()
    equal = columns([(1, *row[1:]) for row in rows])
    perfect = columns([(row[1], *row[1:]) for row in rows])
    for columns_, area in ((equal, 0.5), (perfect, 1.0)):
        for function in (mrmc.u_statistic, mrmc.v_statistic):
            result = function(*columns_)
            assert result.auc_by_modality == (area, area)
            assert (result.variance, result.se, result.p_value) == (0, 0, None)
            assert result.ci_low is None
            assert result.reason == "the variance is 0"


def test_modalities_that_are_read_alike_do_not_differ():
    rows = [row for row in study() if row[3] == "a"]
    twice = columns([*rows, *((*row[:3], "b", row[4]) for row in rows)])
    result = mrmc.u_statistic(*twice)
    assert (result.estimate, result.variance, result.reason) == (0, 0, "the variance is 0")


def test_a_read_not_made_is_a_row_that_is_not_there():
    rows = study()
    gaps = columns(
        [(None if place % 7 == 0 else row[0], *row[1:]) for place, row in enumerate(rows)]
    )
    fewer = columns([row for place, row in enumerate(rows) if place % 7])
    one, other = mrmc.u_statistic(*gaps), mrmc.u_statistic(*fewer)
    assert (one.estimate, one.variance, one.df) == (other.estimate, other.variance, other.df)
    assert (one.dropped, other.dropped) == (len(rows) - other.reads, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "npv"}, "metric must be one of"),
        ({"metric": "sensitivity"}, "sensitivity needs a threshold"),
        ({"metric": "sensitivity", "threshold": math.inf}, "threshold must be a finite number"),
        ({"test": "c"}, "test is 'c', which is none of a, b"),
        ({"test": "a"}, "test and reference are both 'a'"),
        ({"negative_variance": "hide"}, "negative_variance must be one of"),
    ],
)
def test_invalid_options(options, message):
    with pytest.raises(ValueError, match=message):
        mrmc.u_statistic(*columns(study()), **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [*rows, rows[0]], "two reads of case 0"),
        (lambda rows: [(*rows[0][:1], 1, *rows[0][2:]), *rows[1:]], "truth of case 0"),
        (lambda rows: [(None, *row[1:]) for row in rows], "no read with a score"),
    ],
)
def test_invalid_reads(change, message):
    for function in (mrmc.u_statistic, mrmc.v_statistic_test):
        with pytest.raises(ValueError, match=message):
            function(*columns(change(study())))
