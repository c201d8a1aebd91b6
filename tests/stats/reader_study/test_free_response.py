"""Figures of merit of free response against loops over lesions and cases, and their jackknife."""

import numpy as np
import pytest
from figures_by_definition import merit
from hypothesis import given, settings, strategies as st

from clinval.stats.reader_study import froc
from clinval.stats.reader_study._free_response import FIGURES
from clinval.stats.reader_study._marks import coded_marks


@st.composite
def studies(draw, *, missing=False):
    """Return a table of marks, of cases and of reads, as lists of tuples."""
    lesions = draw(st.lists(st.integers(0, 3), min_size=4, max_size=8))
    lesions = [0, 0, 1, 2, *lesions]
    rating = st.integers(1, 4)
    marks, reads = [], []
    for modality in ("a", "b"):
        for reader in (1, 2):
            for case, count in enumerate(lesions):
                # two cases of each class are always read
                if missing and case > 3 and draw(st.booleans()):
                    continue
                reads.append((modality, reader, case))
                read = (modality, reader, case)
                marks += [
                    (*read, "NL", None, value) for value in draw(st.lists(rating, max_size=2))
                ]
                found = [n for n in range(1, count + 1) if draw(st.booleans())]
                marks += [(*read, "LL", number, draw(rating)) for number in found]
    return marks, lesions, reads


def columns(marks):
    names = ("modality", "reader", "case", "type", "lesion", "rating")
    return {name: [mark[place] for mark in marks] for place, name in enumerate(names)}


def coded(study):
    marks, lesions, reads = study
    truth = [float(count > 0) for count in lesions]
    table = dict(zip(("modality", "reader", "case"), zip(*reads, strict=True), strict=True))
    return coded_marks(columns(marks), list(range(len(lesions))), truth, lesions, table)


@pytest.mark.parametrize("name", FIGURES)
@given(study=studies(missing=True))
@settings(max_examples=8, deadline=None)
def test_each_figure_and_each_case_left_out(name, study):
    result = FIGURES[name](coded(study))
    _, lesions, reads = study
    pool = {"hr_sensitivity": 1, "max_llf": 1, "hr_specificity": 0, "max_nlf": 0}.get(name)
    left = [k for k, count in enumerate(lesions) if pool is None or (count > 0) == pool]
    for i, modality in enumerate("ab"):
        for j, reader in enumerate((1, 2)):
            whole = merit(name, study, modality, reader)
            assert result.figure[i, j] == pytest.approx(whole, abs=1e-12)
            for place, case in enumerate(left):
                alone = (
                    merit(name, study, modality, reader, without=case)
                    if (modality, reader, case) in reads
                    else whole
                )
                assert result.without[i, j, place] == pytest.approx(alone, abs=1e-12)


@given(study=studies(), stretch=st.floats(0.1, 10))
@settings(max_examples=10, deadline=None)
def test_only_the_order_of_ratings_counts(study, stretch):
    marks, lesions, reads = study
    other = [(*mark[:5], float(np.exp(stretch * mark[5]))) for mark in marks]
    for name, figure in FIGURES.items():
        one, two = figure(coded(study)).figure, figure(coded((other, lesions, reads))).figure
        np.testing.assert_array_equal(one, two)
        assert (one >= 0).all()
        assert name == "max_nlf" or (one <= 1).all()


@given(study=studies())
@settings(max_examples=10, deadline=None)
def test_the_area_under_the_points_is_the_figure(study):
    marks, lesions, reads = study
    names = ("modality", "reader", "case")
    table = {f"mark_{name}": column for name, column in columns(marks).items()}
    table |= {f"read_{name}": [read[i] for read in reads] for i, name in enumerate(names)}
    table |= {"case": list(range(len(lesions))), "n_lesions": lesions}
    table |= {"truth": [int(count > 0) for count in lesions]}
    as_coded = coded(study)
    for i, modality in enumerate("ab"):
        for j, reader in enumerate((1, 2)):
            points = froc.curve(**table, modality=modality, reader=reader)
            x, rises = np.append(points.false_positive, 1.0), {}
            for name in ("lesions", "weighted_lesions"):
                y = np.append(getattr(points, name), 1.0)
                rises[name] = float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())
            assert rises["lesions"] == pytest.approx(FIGURES["afroc"](as_coded).figure[i, j])
            weighted = FIGURES["wafroc"](as_coded).figure[i, j]
            assert rises["weighted_lesions"] == pytest.approx(weighted)
            assert points.lesions[-1] == pytest.approx(FIGURES["max_llf"](as_coded).figure[i, j])
            assert points.nonlesion_marks[-1] == pytest.approx(as_coded.nonlesion[i, j].mean())
        mean = froc.curve(**table, modality=modality)
        assert mean.lesions[-1] == pytest.approx(FIGURES["max_llf"](as_coded).figure[i].mean())
        assert mean.readers == 2
        assert (np.diff(mean.threshold[1:]) < 0).all()


def test_a_curve_without_a_class_of_cases_is_none():
    mark = {f"mark_{name}": [value] for name, value in
            zip(("modality", "reader", "case", "type", "lesion", "rating"),
                ("a", 1, 0, "NL", None, 3), strict=True)}  # fmt: skip
    for lesions, reason in (([0, 0], "no abnormal case"), ([1, 2], "no normal case")):
        truth = [int(count > 0) for count in lesions]
        found = froc.curve(**mark, case=[0, 1], truth=truth, n_lesions=lesions, modality="a")
        assert (found.reason, found.lesions) == (reason, ())


def test_all_found_and_nothing_else_is_exactly_one():
    lesions = [0, 0, 3, 7, 6]
    marks = [
        ("a", 1, k, "LL", number, 1) for k, n in enumerate(lesions) for number in range(1, n + 1)
    ]
    reads = [("a", 1, case) for case in range(5)]
    for name in ("wafroc", "afroc", "wafroc1", "afroc1", "hr_auc"):
        assert FIGURES[name](coded((marks, lesions, reads))).figure[0, 0] == 1.0, name
