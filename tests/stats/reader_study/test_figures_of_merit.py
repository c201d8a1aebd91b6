"""Figures of merit through the reader model, against loops and refits; and what is refused."""

import itertools

import numpy as np
import pytest
from figures_by_definition import merit
from scipy import stats

from clinval.stats.reader_study import froc

FIGURES = ("wafroc", "afroc", "wafroc1", "afroc1", "hr_auc", "hr_sensitivity", "hr_specificity",
           "max_llf", "max_nlf")  # fmt: skip
LESIONS = [0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 3, 1, 2]
POOL = {"hr_sensitivity": 1, "max_llf": 1, "hr_specificity": 0, "max_nlf": 0}


def study(seed=3, modalities=("a", "b"), readers=(1, 2, 3), lesions=LESIONS):
    draw = np.random.default_rng(seed)
    marks = []
    for number, modality in enumerate(modalities):
        for reader in readers:
            for case, count in enumerate(lesions):
                beside = draw.poisson(0.7 - 0.2 * number)
                marks += [
                    (modality, reader, case, "NL", None, int(draw.integers(1, 6)))
                    for _ in range(beside)
                ]
                marks += [
                    (modality, reader, case, "LL", lesion, int(draw.integers(1, 6)) + number)
                    for lesion in range(1, count + 1)
                    if draw.random() < 0.6 + 0.1 * number + 0.05 * reader
                ]
    return marks


def given(marks, lesions=LESIONS, reads=None):
    names = ("modality", "reader", "case", "type", "lesion", "rating")
    columns = {f"mark_{name}": [mark[i] for mark in marks] for i, name in enumerate(names)}
    if reads is not None:
        for i, name in enumerate(names[:3]):
            columns[f"read_{name}"] = [read[i] for read in reads]
    truth = [int(count > 0) for count in lesions]
    return columns | {"case": list(range(len(lesions))), "truth": truth, "n_lesions": lesions}


def brute(name, marks, lesions=LESIONS, modalities=("a", "b"), readers=(1, 2, 3)):
    """Return figures by modality and reader and their covariance, every case left out in turn."""
    reads = list(itertools.product(modalities, readers, range(len(lesions))))
    curves = list(itertools.product(modalities, readers))
    whole = [merit(name, (marks, lesions, reads), *curve) for curve in curves]
    wanted = POOL.get(name)
    pool = [k for k, count in enumerate(lesions) if wanted in (None, count > 0)]
    left = np.array(
        [[merit(name, (marks, lesions, reads), *curve, without=k) for k in pool]
         for curve in curves]
    )  # fmt: skip
    return np.array(whole).reshape(len(modalities), -1), (len(pool) - 1) * np.cov(left, ddof=0)


@pytest.mark.parametrize("random", ["readers_cases", "cases", "readers"])
@pytest.mark.parametrize("name", FIGURES)
def test_the_reader_model_of_a_figure(name, random):
    marks = study()
    found = getattr(froc, name)(**given(marks), random=random)
    theta, s = brute(name, marks)
    blocks = s.reshape(2, 3, 2, 3)
    pairs = [(j, k) for j in range(3) for k in range(3) if j != k]
    cov1 = np.mean([blocks[0, j, 1, j] for j in range(3)])
    cov2 = np.mean([blocks[i, j, i, k] for i in range(2) for j, k in pairs])
    cov3 = np.mean([blocks[0, j, 1, k] for j, k in pairs])
    apart = theta[1] - theta[0]
    square = apart.var(ddof=1) / 2  # of reader by modality, with two modalities
    if random == "cases":
        noise, df = np.trace(s) / 6 - cov1 + 2 * (cov2 - cov3), np.inf
    else:
        noise = square + (3 * max(cov2 - cov3, 0) if random == "readers_cases" else 0)
        df = 2 * (noise / square) ** 2
    se = np.sqrt(2 * noise / 3)
    half = stats.t.ppf(0.975, df) * se
    assert found.estimate == pytest.approx(apart.mean(), abs=1e-12)
    assert found.se == pytest.approx(se)
    assert found.ci_low == pytest.approx(apart.mean() - half)
    assert found.ci_high == pytest.approx(apart.mean() + half)
    p = 2 * stats.t.sf(abs(apart.mean()) / se, df)
    assert found.p_value == pytest.approx(p)
    assert found.p_value_difference == pytest.approx(p)
    np.testing.assert_allclose(np.array(found.covariance_matrix, dtype=float), s, atol=1e-14)
    test = froc.figure_test(
        **given(marks), figure=name, margin=-0.1, alternative="greater", random=random
    )
    assert test.p_value == pytest.approx(stats.t.sf((apart.mean() + 0.1) / se, df))
    assert (test.p_value < 0.025) == (found.ci_low > -0.1)


@pytest.mark.parametrize("random", ["readers_cases", "cases", "readers"])
def test_the_test_rejects_exactly_what_the_interval_excludes(random):
    tables = given(study(seed=9))
    found = froc.hr_auc(**tables, random=random)
    for margin in (found.ci_low - 0.01, found.ci_low + 0.01, 0.0, found.ci_high - 0.01,
                   found.ci_high + 0.01):  # fmt: skip
        p = {
            side: froc.figure_test(
                **tables, figure="hr_auc", margin=margin, alternative=side, random=random
            ).p_value
            for side in ("greater", "less", "two-sided")
        }
        assert (p["greater"] < 0.025) == (margin < found.ci_low)
        assert (p["less"] < 0.025) == (margin > found.ci_high)
        assert p["two-sided"] == pytest.approx(2 * min(p["greater"], p["less"]))


def test_equivalence_is_two_tests_and_the_interval_decides():
    marks = study(seed=5)
    found = froc.wafroc(**given(marks), level=0.90)
    for width in np.linspace(0.02, 0.6, 12):
        test = froc.figure_test(**given(marks), margin=width, alternative="equivalence")
        inside = -width < found.ci_low and found.ci_high < width
        assert (test.p_value < 0.05) == inside


def test_each_reader_by_himself():
    marks = study(seed=7)
    found = froc.afroc(**given(marks), random="cases")
    theta, s = brute("afroc", marks)
    for j in range(3):
        se = np.sqrt(s[j, j] + s[j + 3, j + 3] - 2 * s[j, j + 3])
        assert found.se_by_reader[j] == pytest.approx(se)
        assert found.estimate_by_reader[j] == pytest.approx(theta[1, j] - theta[0, j])
        assert found.p_value_by_reader[j] == pytest.approx(
            2 * stats.norm.sf(abs(theta[1, j] - theta[0, j]) / se)
        )
        assert found.se_by_reader_modality[j][1] == pytest.approx(np.sqrt(s[j + 3, j + 3]))


def test_the_order_of_rows_and_the_names_of_labels_do_not_matter():
    marks = study(seed=1)
    draw = np.random.default_rng(0)
    mixed = [marks[k] for k in draw.permutation(len(marks))]
    renamed = [(m.upper(), f"r{r}", *rest) for m, r, *rest in mixed]
    one, two = froc.wafroc(**given(marks)), froc.wafroc(**given(renamed))
    assert one.estimate == pytest.approx(two.estimate, abs=1e-15)
    assert one.p_value == pytest.approx(two.p_value, rel=1e-12)
    assert (two.readers, two.modalities) == (("r1", "r2", "r3"), ("A", "B"))


def test_a_read_that_was_not_made_is_no_read_without_a_mark():
    marks = [mark for mark in study(seed=2) if mark[:3] != ("b", 2, 8)]
    reads = [read for read in itertools.product("ab", (1, 2, 3), range(13)) if read != ("b", 2, 8)]
    made, silent = froc.wafroc(**given(marks, reads=reads)), froc.wafroc(**given(marks))
    assert made.fom_by_reader_modality[1][1] > silent.fom_by_reader_modality[1][1]
    assert made.fom_by_reader_modality[0] == silent.fom_by_reader_modality[0]
    assert (made.design, silent.design) == ("unbalanced", "crossed")
    assert not made.undefined


def test_readers_of_one_modality_each_are_nested():
    reads = [
        read for read in itertools.product("ab", (1, 2, 3, 4), range(13))
        if (read[0] == "a") == (read[1] < 3)
    ]  # fmt: skip
    marks = [m for m in study(readers=(1, 2, 3, 4)) if (m[0] == "a") == (m[1] < 3)]
    found = froc.wafroc(**given(marks, reads=reads))
    assert found.design == "readers_nested_in_modalities"
    assert found.estimate == pytest.approx(np.diff(found.fom_by_modality)[0])
    assert found.se is not None
    assert found.fom_by_reader_modality[0][1] is None
    some = [read for read in reads if read[1] != 4] + [("a", 4, k) for k in range(13)]
    some += [("b", 1, k) for k in range(13)]
    marks = [mark for mark in study(readers=(1, 2, 3, 4)) if mark[:3] in set(some)]
    found = froc.wafroc(**given(marks, reads=some))
    assert found.reason == "a reader has no read in a modality"
    assert found.estimate is None


@pytest.mark.parametrize(
    ("lesions", "readers", "modalities", "name", "reason"),
    [
        ([1, 2, 1], (1, 2), "ab", "wafroc", "no normal case"),
        ([0, 0, 0], (1, 2), "ab", "wafroc", "no abnormal case"),
        ([0, 0, 0], (1, 2), "ab", "max_llf", "no abnormal case"),
        ([1, 1], (1, 2), "ab", "hr_specificity", "no normal case"),
        ([0, 1, 1], (1, 2), "ab", "afroc", "fewer than two normal cases"),
        ([0, 0, 2], (1, 2), "ab", "hr_auc", "fewer than two abnormal cases"),
        ([0, 1, 1], (1, 2), "ab", "max_nlf", "fewer than two normal cases"),
        (LESIONS, (1,), "ab", "wafroc", "fewer than two readers"),
        (LESIONS, (1, 2), "a", "wafroc", "fewer than two modalities"),
    ],
)
def test_what_has_no_value_says_why(lesions, readers, modalities, name, reason):
    marks = study(lesions=lesions, readers=readers, modalities=modalities)
    reads = list(itertools.product(modalities, readers, range(len(lesions))))
    found = getattr(froc, name)(**given(marks, lesions, reads))
    assert found.undefined
    assert found.reason == reason
    assert found.se is None
    test = froc.figure_test(**given(marks, lesions, reads), figure=name)
    assert (test.p_value, test.reason) == (None, reason)


def test_one_class_of_one_case_has_figures_and_no_error():
    lesions = [0, 1, 1]
    reads = list(itertools.product("ab", (1, 2), range(3)))
    found = froc.afroc(**given(study(lesions=lesions, readers=(1, 2)), lesions, reads))
    assert found.estimate is not None
    fixed = froc.afroc(
        **given(study(lesions=lesions, readers=(1, 2)), lesions, reads), random="readers"
    )
    assert fixed.se is not None  # readers alone vary


def test_one_reader_is_enough_where_readers_are_fixed():
    found = froc.wafroc(**given(study(readers=(1,))), random="cases")
    assert not found.undefined
    assert found.se == pytest.approx(found.se_by_reader[0])


def test_all_the_same_has_no_variance():
    marks = [(m, r, k, "LL", 1, 3) for m in "ab" for r in (1, 2) for k in (2, 3)]
    found = froc.wafroc(**given(marks, [0, 0, 1, 1]))
    assert found.fom_by_modality == (1.0, 1.0)
    assert (found.estimate, found.se) == (0.0, None)
    assert found.reason == "the variance of the difference is not above 0"


@pytest.mark.parametrize("random", ["readers_cases", "cases", "readers"])
@pytest.mark.parametrize("name", FIGURES)
def test_the_same_marks_in_both_modalities_have_no_variance(name, random):
    one = study(seed=3, modalities=("a",))
    marks = one + [("b", *mark[1:]) for mark in one]
    found = getattr(froc, name)(**given(marks), random=random)
    assert (found.estimate, found.se, found.p_value) == (0.0, None, None)
    assert found.reason == "the variance of the difference is not above 0"


def test_no_mark_at_all_is_a_half():
    reads = list(itertools.product("ab", (1, 2), range(4)))
    found = froc.wafroc(**given([], [0, 0, 1, 1], reads))
    assert found.fom_by_modality == (0.5, 0.5)


def test_a_row_without_a_rating_is_no_mark_and_names_its_reader():
    marks = [*study(readers=(1, 2)), ("a", 9, 0, "NL", None, None), ("b", 9, 0, "NL", None, None)]
    found = froc.max_nlf(**given(marks))
    assert (found.readers, found.dropped) == (("1", "2", "9"), 2)
    assert found.fom_by_reader_modality[2] == (0.0, 0.0)


BAD = {
    "a case twice": ({"case": [0, 0, *range(2, 13)]}, "case holds a label twice"),
    "truth": ({"truth": [2, *[0] * 6, *[1] * 6]}, "truth must be 1"),
    "no lesion": ({"n_lesions": [0] * 13}, "n_lesions must be 1 or more"),
    "half a lesion": ({"n_lesions": [0] * 7 + [0.5] * 6}, "n_lesions must be a count"),
    "length": ({"truth": [0, 1]}, "lengths differ"),
    "strange case": ({"mark_case": [99]}, "'99', which the table of cases does not have"),
    "type": ({"mark_type": ["TP"]}, "mark_type must be NL"),
    "lesion": ({"mark_lesion": [2]}, "one of 1 to n_lesions"),
    "no lesion number": ({"mark_lesion": [None]}, "one of 1 to n_lesions"),
    "lesion of a normal case": ({"mark_case": [1]}, "one of 1 to n_lesions"),
    "infinite": ({"mark_rating": [float("inf")]}, "mark_rating holds an infinite value"),
    "text": ({"mark_rating": ["high"]}, "mark_rating must hold numbers"),
    "no reader": ({"mark_reader": [None]}, "mark_reader lacks a label"),
    "marks of two lengths": ({"mark_reader": [1, 2]}, "lengths differ"),
    "half the reads": ({"read_case": [1]}, "together, or none"),
    "unmade": (
        {"read_case": [3], "read_reader": [1], "read_modality": ["a"]},
        "read that is not among those made",
    ),
    "unknown modality": ({"test": "c"}, "test is 'c'"),
    "itself": ({"test": "a", "reference": "a"}, "test and reference must be two"),
    "random": ({"random": "all"}, "random must be one of"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused(name):
    changes, message = BAD[name]
    one = given([("a", 1, 7, "LL", 1, 3)]) | changes
    with pytest.raises(ValueError, match=message):
        froc.wafroc(**one)


def test_a_lesion_marked_twice_and_unknown_options_are_refused():
    twice = given([("a", 1, 7, "LL", 1, 3), ("a", 1, 7, "LL", 1, 4)])
    with pytest.raises(ValueError, match="marked twice"):
        froc.wafroc(**twice)
    for option in ({"figure": "roc"}, {"alternative": "better"}, {"margin": float("nan")}):
        with pytest.raises(ValueError, match=next(iter(option))):
            froc.figure_test(**given(study()), **option)


def test_as_many_curves_as_there_are_modalities():
    marks = study(modalities=("a", "b", "c"))
    found = froc.wafroc(**given(marks), test="c", reference="b")
    assert found.df == 2
    assert found.estimate == pytest.approx(found.fom_by_modality[2] - found.fom_by_modality[1])
    assert found.p_value != pytest.approx(found.p_value_difference)
