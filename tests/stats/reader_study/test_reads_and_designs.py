"""Labels, placement values, leading axes and the design that reads have."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats._labels import group_codes
from clinval.stats.accuracy import _placements as of_one_curve
from clinval.stats.reader_study import mrmc
from clinval.stats.reader_study._covariance import clustered, delong, jackknife, unbiased
from clinval.stats.reader_study._model import RANDOM, reader_model
from clinval.stats.reader_study._placements import binary, pair_products, placements
from clinval.stats.reader_study._reads import label_codes

quick = settings(deadline=None, max_examples=40, derandomize=True)


@quick
@given(
    st.lists(st.integers(-3, 12), max_size=20), st.sampled_from([int, str, float, "i2", "U3", "O"])
)
def test_codes_are_those_of_the_sorted_labels(values, kind):
    given_ = np.array(values, dtype=kind) if isinstance(kind, str) else list(map(kind, values))
    found = label_codes("reader", given_)
    labels, codes = group_codes("reader", values)
    assert found.labels == tuple(str(int(label)) for label in labels)
    assert found.codes.tolist() == codes.tolist()


def test_labels_of_several_kinds_are_one_text():
    found = label_codes("case", [1, 1.0, "1", True, "x", 2.5, np.float64(7), np.int64(1)])
    assert found.labels == ("1", "2.5", "7", "x")
    assert found.codes.tolist() == [0, 0, 0, 0, 3, 1, 2, 0]
    wide = label_codes("case", np.array([10**12, -5, 10**12]))
    assert wide.labels == ("-5", "1000000000000")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), None])
def test_a_label_that_is_none_is_named(value):
    with pytest.raises(ValueError, match="reader "):
        label_codes("reader", ["a", value])


@quick
@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 9))
def test_placements_are_those_of_each_curve_alone(n1, n0, seed):
    random = np.random.default_rng(seed)
    x, y = (random.integers(0, 4, (2, 3, n)).astype(float) for n in (n1, n0))
    for scores in (x, y):
        scores[random.random(scores.shape) < 0.2] = np.nan
        scores[random.random(scores.shape) < 0.1] = -np.inf
    found = placements(x, y)
    for place in np.ndindex(2, 3):
        first, second = (s[place][~np.isnan(s[place])] for s in (x, y))
        if not (len(first) and len(second)):
            assert np.isnan(found.estimate[place])
            continue
        finite = np.where(np.isneginf(np.append(first, second)), -99, np.append(first, second))
        alone = of_one_curve.placements(np.arange(len(finite)) < len(first), finite)
        assert found.estimate[place] == alone.auc
        for name in ("diseased", "nondiseased"):
            values = getattr(found, name)[place]
            assert np.allclose(values[~np.isnan(values)], getattr(alone, name))


def test_products_of_pairs_in_blocks_are_those_of_all_pairs(monkeypatch):
    random = np.random.default_rng(1)
    x, y = random.integers(0, 4, (3, 7)).astype(float), random.integers(0, 4, (3, 5)).astype(float)
    x[1, 2] = y[0, 0] = np.nan
    psi = ((x[:, :, None] > y[:, None]) * 1.0 + (x[:, :, None] >= y[:, None])) / 2
    flat = psi.reshape(3, -1)
    monkeypatch.setattr("clinval.stats.reader_study._placements._NUMBERS", 40)
    assert np.array_equal(pair_products(x, y), flat @ flat.T)


@pytest.mark.parametrize("random", RANDOM)
def test_many_studies_at_once_are_each_study_alone(random):
    draw = np.random.default_rng(2)
    x, y = draw.integers(1, 6, (5, 2, 3, 8)) + 1.0, draw.integers(1, 6, (5, 2, 3, 9)) * 1.0
    placed = placements(x, y)
    clusters = (np.arange(8) // 2, np.arange(9) // 2)
    of_binary = binary(x, y, 3, "sensitivity")
    roads = {
        "delong": (delong(placed), lambda k: delong(placements(x[k], y[k]))),
        "jackknife": (
            jackknife(of_binary),
            lambda k: jackknife(binary(x[k], y[k], 3, "sensitivity")),
        ),
        "unbiased": (unbiased(x, y), lambda k: unbiased(x[k], y[k])),
        "clustered": (
            clustered(placed, clusters),
            lambda k: clustered(placements(x[k], y[k]), clusters),
        ),
    }
    for together, alone in roads.values():
        models = reader_model(*together, random=random)
        for k in range(5):
            model = reader_model(*alone(k), random=random)
            for name in ("estimate", "se", "df2", "p_value", "p_value_difference", "ci_low"):
                assert getattr(models, name)[k] == pytest.approx(getattr(model, name), nan_ok=True)
            assert np.allclose(models.ci_high_by_modality[k], model.ci_high_by_modality)


# ---------------------------------------------------------------------- designs


def found(read):
    """Recognise reads, a boolean array (modality, reader, case)."""
    modality, reader, case = np.nonzero(read)
    score = np.arange(len(case))
    return mrmc.design(score, case % 2, reader, modality, case)


def full(i=2, j=4, k=12):
    return np.ones((i, j, k), dtype=bool)


def test_crossed_and_with_a_missing_read():
    assert found(full()).name == "crossed"
    read = full()
    read[1, 2, 3] = False
    result = found(read)
    assert (result.name, result.missing_reads, result.reads) == ("unbalanced", 1, 95)
    assert (result.readers, result.modalities, result.diseased, result.nondiseased) == (4, 2, 6, 6)


def test_split_plot_keeps_its_name_when_reads_are_missing():
    read = full()
    read[:, :2, 6:] = read[:, 2:, :6] = False
    result = found(read)
    assert (result.name, result.blocks, result.missing_reads) == ("split_plot", 2, 0)
    read[0, 0, 0] = False
    result = found(read)
    assert (result.name, result.blocks, result.missing_reads) == ("split_plot", 2, 1)


def test_cases_nested_in_readers_in_modalities_and_in_both():
    read = np.zeros((2, 4, 12), dtype=bool)
    read[:, np.arange(12) % 4, np.arange(12)] = True
    assert (found(read).name, found(read).nesting) == (
        "cases_nested_in_readers",
        "cases_in_readers",
    )
    read = full()
    read[0, :, 6:] = read[1, :, :6] = False
    result = found(read)
    assert (result.name, result.nesting) == ("cases_nested_in_modalities", "cases_in_modalities")
    read &= (np.arange(12) % 4 == np.arange(4)[:, None])[None]
    assert found(read).nesting == "cases_in_both"


def test_partially_paired_and_nested_readers():
    read = full()
    read[0, :, :3] = False
    result = found(read)
    assert (result.name, result.missing_reads) == ("partially_paired", 0)
    read = full()
    read[0, :2] = read[1, 2:] = False
    result = found(read)
    assert (result.name, result.readers_incomplete) == ("readers_nested_in_modalities", 4)
    read = full()
    read[0, 0] = False
    assert (found(read).name, found(read).readers_incomplete) == ("unbalanced", 1)


def test_one_reader_one_modality_or_no_read():
    assert found(full(j=1)).name == "crossed"
    assert found(full(i=1)).name == "crossed"
    nothing = mrmc.design([], [], [], [], [])
    assert (nothing.readers, nothing.reads, nothing.missing_reads) == (0, 0, 0)


def test_cases_nested_in_readers_and_modalities_have_no_covariance():
    random = np.random.default_rng(4)
    score = random.normal(size=(2, 3, 8)) + np.arange(8) % 2
    modality, reader, case = np.indices(score.shape)
    rows = [score.ravel(), case.ravel() % 2, reader.ravel(), modality.ravel()]
    by = {
        "cases_in_readers": (reader * 8 + case, ("cov2", "cov3")),
        "cases_in_modalities": (modality * 8 + case, ("cov1", "cov3")),
        "cases_in_both": ((modality * 3 + reader) * 8 + case, ("cov1", "cov2", "cov3")),
    }
    for labels, none in by.values():
        for options in ({"covariance": "unbiased"}, {"covariance": "jackknife"}):
            result = mrmc.obuchowski_rockette(*rows, labels.ravel(), **options)
            for name in ("cov1", "cov2", "cov3"):
                assert (getattr(result, name) == 0) == (name in none)
        partial = mrmc.obuchowski_rockette(
            *rows, labels.ravel(), metric="partial_auc", fpr_max=0.4, covariance="jackknife"
        )
        assert {getattr(partial, name) for name in none} == {0}


# ---------------------------------------------------------------------- any reads


@st.composite
def any_reads(draw):
    """Return rows of a study of any design, some scores missing, often with ties."""
    i, j, k = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 6))
    cells = list(np.ndindex(i, j, k))
    cells = [cell for cell in cells if draw(st.integers(0, 4))]
    score = [draw(st.sampled_from([1.0, 2.0, 3.0, None])) for _ in cells]
    truth = [draw(st.integers(0, 1)) for _ in range(k)]
    columns = [list(column) for column in zip(*cells, strict=True)] or [[], [], []]
    return {
        "score": score,
        "truth": [truth[cell[2]] for cell in cells],
        "reader": columns[1],
        "case": columns[2],
    }, columns[0]


def tried(call):
    """Return the result of a call, or the words of its refusal."""
    try:
        return call()
    except ValueError as problem:
        return str(problem)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    any_reads(),
    st.sampled_from(["auc", "sensitivity", "specificity", "partial_auc"]),
    st.sampled_from(["jackknife", "unbiased", "clustered", "delong"]),
    st.sampled_from(RANDOM),
    st.sampled_from(["report", "truncate"]),
)
def test_any_reads_give_a_test_or_a_reason(rows, metric, covariance, random, policy):
    reads, modality = rows
    options = {"metric": metric, "covariance": covariance, "random": random}
    options |= {"threshold": 2, "fpr_max": 0.5, "cluster": [case // 2 for case in reads["case"]]}
    everyone = [f"{reader} {arm}" for reader, arm in zip(reads["reader"], modality, strict=True)]
    calls = (
        lambda: mrmc.obuchowski_rockette(
            **reads, modality=modality, **options, negative_variance=policy
        ),
        lambda: mrmc.obuchowski_rockette_stratified(
            **reads, modality=modality, stratum=[case % 2 for case in reads["case"]], **options
        ),
        lambda: mrmc.dorfman_berbaum_metz(
            **reads, modality=modality, metric=metric, random=random, threshold=2, fpr_max=0.5
        ),
        lambda: mrmc.ai_versus_readers(**reads | {"reader": everyone}, ai=everyone[0], **options),
    )
    for call in calls[: 4 if reads["reader"] else 3]:
        result = tried(call)
        if isinstance(result, str):
            assert any(word in result for word in ("covariance", "ai is", "pseudovalues"))
            continue
        assert result.undefined == bool(result.reason)
        assert result.undefined == (result.se is None) == (result.p_value is None)
        if not result.undefined:
            assert result.ci_low < result.estimate < result.ci_high
            assert 0 <= result.p_value <= 1
