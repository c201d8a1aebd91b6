"""Simulated reader studies: their scores, their variance components, and how they are analysed."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from clinval.stats.planning import mrmc_power
from clinval.stats.reader_study import mrmc, reader_simulation as simulation
from clinval.stats.reader_study._latent_components import Cases, latent_of, parts_of
from clinval.stats.reader_study._roe_metz import STRUCTURES, Latent, of_structure
from clinval.stats.reader_study._simulated_designs import DESIGNS, reads_made
from clinval.stats.reader_study._simulated_studies import Tally, batches, results, tally
from clinval.stats.reader_study._trials import made, needed, planned

quick = settings(deadline=None, max_examples=20, derandomize=True)
NAMES = ("var_reader", "var_reader_modality", "var_error", "cov1", "cov2", "cov3")


def trial(design="crossed", readers=3, cases=(14, 16), accuracies=(0.8, 0.85), **more):
    blocks = 2 if design == "split_plot" else 1
    missing = more.pop("missing", 0.0)
    readers = 4 if design == "split_plot" else readers
    ill, well = reads_made(
        design, readers, cases, n_blocks=blocks, missing=missing, rng=np.random.default_rng(3)
    )
    return planned(of_structure("HH", 0.85, b=0.8), accuracies, ill, well, **more)


@pytest.fixture(scope="module")
def areas():
    """Areas of a thousand studies of four readers, by pairs of cases that are counted."""
    plan = trial(readers=4, cases=(15, 20))
    grid = made(plan, 1000, np.random.default_rng(1))
    x, y = grid.diseased[..., :, None], grid.nondiseased[..., None, :]
    return np.mean((x > y) + (x == y) / 2, axis=(-2, -1))


def test_scores_have_the_areas_and_components_that_are_computed(areas):
    assert areas.mean(axis=(0, 2)) == pytest.approx([0.8, 0.85], abs=0.005)
    found = parts_of(
        of_structure("HH", 0.85, b=0.8),
        (0.8, 0.85),
        Cases(metric="auc", diseased=15, nondiseased=20),
    )
    apart = areas - areas.mean(axis=(0, 2), keepdims=True)
    whole = np.einsum("sij,skl->ijkl", apart, apart) / len(apart)
    readers = range(4)
    pairs = list(itertools.permutations(readers, 2))
    cov2 = np.mean([[whole[i, j, i, k] for j, k in pairs] for i in (0, 1)])
    cov3 = np.mean([whole[0, j, 1, k] for j, k in pairs])
    same_reader = np.mean([whole[0, j, 1, j] for j in readers])
    variance = np.mean([whole[i, j, i, j] for i in (0, 1) for j in readers])
    assert found.cov2 == pytest.approx(cov2, rel=0.1)
    assert found.cov3 == pytest.approx(cov3, rel=0.2)
    assert found.var_reader + found.cov1 == pytest.approx(same_reader, rel=0.1)
    total = found.var_reader + found.var_reader_modality + found.var_error
    assert total == pytest.approx(variance, rel=0.06)


@quick
@given(
    st.lists(st.floats(0.02, 1), min_size=4, max_size=4),
    st.floats(0.001, 0.1),
    st.floats(0.001, 0.1),
    st.sampled_from(["auc", "sensitivity", "specificity"]),
    st.sampled_from([0.7, 1.0, 1.3]),
    st.floats(0.6, 0.95),
)
def test_scores_come_back_from_their_components(of_cases, reader, crossed, metric, b, accuracy):
    case, case_modality, reader_case, error = np.array(of_cases) / sum(of_cases)
    latent = Latent(
        reader=reader, reader_modality=crossed, case=case, case_modality=case_modality,
        reader_case=reader_case, error=error, b=b,
    )  # fmt: skip
    cases = Cases(metric=metric, diseased=40, nondiseased=70)
    parts = parts_of(latent, (accuracy, accuracy), cases)
    assert parts.var_error > max(parts.cov1, parts.cov2) > min(parts.cov1, parts.cov2) > parts.cov3
    back = latent_of(parts, accuracy, cases, b)
    for name in ("reader", "reader_modality", "case", "case_modality", "reader_case", "error"):
        assert getattr(back, name) == pytest.approx(getattr(latent, name), abs=1e-6), name


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("metric", ["auc", "specificity"])
def test_many_studies_at_once_are_analysed_as_each_is_alone(design, metric):
    ties = {"categories": 4} if metric == "auc" else {}
    plan = trial(design, metric=metric, missing=0.05, covariance="jackknife", **ties)
    seed = np.random.SeedSequence(9)
    found = results(plan, 2, seed)
    grid = made(needed(plan), 2, np.random.default_rng(seed))
    for study in range(2):
        ill = grid.diseased[study]
        if metric == "specificity":  # whose diseased cases are read, with whatever score
            ill = np.where(plan.diseased, 1.0, np.nan)
        scores = np.concatenate([ill, grid.nondiseased[study]], axis=-1)
        modality, reader, case = np.nonzero(~np.isnan(scores))
        alone = mrmc.obuchowski_rockette(
            scores[modality, reader, case], (case < 14).astype(int), reader, modality, case,
            metric=metric, threshold=0.0 if metric == "specificity" else None,
            covariance="jackknife",
        )  # fmt: skip
        for ours, theirs in zip(
            (found.estimate, found.se, found.low, found.high),
            (alone.estimate, alone.se, alone.ci_low, alone.ci_high),
            strict=True,
        ):
            assert ours[study] == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("method", ["u_statistic", "v_statistic"])
@pytest.mark.parametrize("metric", ["auc", "sensitivity"])
def test_other_methods_are_simulated_one_study_at_a_time(method, metric):
    plan = trial(metric=metric, method=method)
    seed = np.random.SeedSequence(4)
    found = results(plan, 2, seed)
    grid = made(plan, 2, np.random.default_rng(seed))
    scores = np.concatenate([grid.diseased[1], grid.nondiseased[1]], axis=-1)
    modality, reader, case = np.nonzero(~np.isnan(scores))
    alone = getattr(mrmc, method)(
        scores.ravel(), (case < 14).astype(int), reader, modality, case,
        metric=metric, threshold=0.0 if metric == "sensitivity" else None,
    )  # fmt: skip
    assert found.estimate[1] == pytest.approx(alone.estimate, rel=1e-12)
    assert found.low[1] == pytest.approx(alone.ci_low, rel=1e-9)
    assert found.high[1] == pytest.approx(alone.ci_high, rel=1e-9)


@pytest.mark.parametrize("design", DESIGNS)
def test_reads_have_the_design_that_was_asked_for(design):
    plan = trial(design, cases=(8, 12))
    wanted = {"unpaired": "readers_nested_in_modalities"}.get(design, design)
    assert plan.design.name == wanted
    assert plan.design.missing_reads == 0
    if design == "unpaired":
        assert plan.design.nesting == "cases_in_modalities"
    scattered = trial(design, cases=(8, 12), missing=0.3)
    assert scattered.design.reads < plan.design.reads


def test_reads_of_a_study_can_be_analysed():
    reads = simulation.roe_metz(4, 20, 30, 0.8, 0.85, categories=5, missing=0.1, seed=4)
    assert reads.design == "unbalanced"
    rows = (reads.score, reads.truth, reads.reader, reads.modality, reads.case)
    found = mrmc.obuchowski_rockette(*rows, covariance="jackknife")
    assert not found.undefined
    assert reads == simulation.roe_metz(4, 20, 30, 0.8, 0.85, categories=5, missing=0.1, seed=4)
    other = simulation.roe_metz(4, 20, 30, 0.8, 0.85, categories=5, missing=0.1, seed=5)
    assert other.score != reads.score


def test_categories_have_the_areas_and_are_used_alike():
    plan = trial(cases=(40, 40), categories=4)
    grid = made(plan, 300, np.random.default_rng(2))
    used = np.unique(np.concatenate([grid.diseased, grid.nondiseased]), return_counts=True)
    assert used[0].tolist() == [0, 1, 2, 3]
    assert used[1] / used[1].sum() == pytest.approx(0.25, abs=0.03)
    x, y = grid.diseased[..., :, None], grid.nondiseased[..., None, :]
    areas = np.mean((x > y) + (x == y) / 2, axis=(-2, -1))
    assert areas.mean(axis=(0, 2)) == pytest.approx([0.8, 0.85], abs=0.006)
    with pytest.raises(ValueError, match="2 categories do not reach"):
        planned(
            plan.latent, (0.6, 0.99999), plan.diseased, plan.nondiseased, categories=2,
            usual=(0.6, 0.61),
        )  # fmt: skip


def test_batches_add_up_to_the_same_in_any_order():
    plan = trial(cases=(300, 300), readers=4)
    todo = batches(plan, 500, np.random.SeedSequence(6))
    assert len(todo) > 2
    assert sum(number for number, _ in todo) == 500
    todo = todo[:3]
    bounds = [(0.0, None), (-0.05, 0.05)]
    forward = [tally(plan, number, seed, bounds) for number, seed in todo]
    backward = [tally(plan, number, seed, bounds) for number, seed in reversed(todo)]
    assert forward == backward[::-1]
    assert forward[0] != forward[1]
    total = forward[0][0] + forward[1][0]
    assert total.studies == todo[0][0] + todo[1][0]
    assert total.shown == forward[0][0].shown + forward[1][0].shown
    assert Tally(studies=100, shown=20).error == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("design", "readers", "blocks"), [("crossed", 6, 1), ("split_plot", 8, 2), ("unpaired", 8, 1)]
)
def test_the_power_is_that_of_the_formula(design, readers, blocks):
    parts = simulation.components(0.8, 0.9, 50, 50, structure="HL")
    planned_power = mrmc_power.obuchowski_rockette(
        effect=0.1, n_readers=readers, n_cases=200, n_cases_pilot=100,
        **{name: getattr(parts, name) for name in NAMES}, design=design, n_blocks=blocks,
    )  # fmt: skip
    found = simulation.rejection_rate(
        readers, 100, 100, 0.8, 0.9, structure="HL", design=design, n_blocks=blocks,
        n_studies=400, covariance="jackknife",
    )  # fmt: skip
    assert found.without_result == 0
    assert found.rejection_rate == pytest.approx(planned_power.power, abs=0.07)
    assert found.mean_estimate == pytest.approx(0.1, abs=0.01)
    assert found.mean_se == pytest.approx(found.sd_estimate, rel=0.2)


def test_the_error_of_the_first_kind_is_about_its_level():
    said = {"structure": "HL", "n_studies": 1500, "alpha": 0.05}
    equal = simulation.rejection_rate(5, 30, 30, 0.85, 0.85, **said, categories=5)
    assert equal.rejection_rate < 0.07
    assert equal.coverage == pytest.approx(1 - equal.rejection_rate)
    at_the_margin = simulation.rejection_rate(
        5, 30, 30, 0.85, 0.8, **said, margin=-0.05, alternative="greater", metric="specificity"
    )
    assert 0.02 < at_the_margin.rejection_rate < 0.08
    other_side = simulation.rejection_rate(
        5, 30, 30, 0.85, 0.8, **said, margin=-0.05, alternative="less", metric="specificity"
    )
    assert other_side.rejection_rate < 0.08
    assert equal.monte_carlo_se == pytest.approx(
        (equal.rejection_rate * (1 - equal.rejection_rate) / 1500) ** 0.5
    )


def test_equivalence_has_to_be_shown_on_both_sides():
    said = {"margin": 0.1, "alpha": 0.05, "n_studies": 300}
    both = simulation.rejection_rate(5, 60, 60, 0.85, 0.85, **said, alternative="equivalence")
    one = simulation.rejection_rate(
        5, 60, 60, 0.85, 0.85, **{**said, "margin": -0.1}, alternative="greater"
    )
    assert 0 < both.rejection_rate < one.rejection_rate


@pytest.mark.parametrize("structure", STRUCTURES)
def test_structures_are_ordered_as_their_letters_say(structure):
    found = simulation.components(0.85, 0.85, 50, 50, structure=structure)
    other = {"H": "L", "L": "H"}
    of_cases = simulation.components(
        0.85, 0.85, 50, 50, structure=other[structure[0]] + structure[1]
    )
    of_readers = simulation.components(
        0.85, 0.85, 50, 50, structure=structure[0] + other[structure[1]]
    )
    assert (found.cov3 > of_cases.cov3) == (structure[0] == "H")
    assert (found.var_reader > of_readers.var_reader) == (structure[1] == "H")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n_readers": 1}, "n_readers must be a whole number, 2 or more"),
        ({"n_diseased": 1}, "n_diseased must be a whole number, 2 or more"),
        ({"auc_test": 1.0}, "auc_test must lie strictly between 0 and 1"),
        ({"structure": "MM"}, "structure must be one of HH, HL, LH, LL"),
        ({"variances": [1, 2]}, "variances must be six numbers"),
        ({"variances": [0, 0, -1, 1, 1, 1]}, "variances must be six numbers"),
        ({"b": 0}, "b must be above 0"),
        ({"categories": 1}, "categories must be a whole number, 2 or more"),
        ({"categories": 2000}, "categories must be 1000 or fewer"),
        ({"design": "latin"}, "design must be one of"),
        ({"n_blocks": 2}, "go together"),
        ({"missing": 1.0}, "missing must be a share below 1"),
        ({"seed": -1}, "seed must be a whole number, 0 or more"),
    ],
)
def test_what_cannot_be_is_a_value_error(changed, said):
    arguments = {
        "n_readers": 3, "n_diseased": 10, "n_nondiseased": 10,
        "auc_reference": 0.8, "auc_test": 0.8,
    }  # fmt: skip
    with pytest.raises(ValueError, match=said):
        simulation.roe_metz(**{**arguments, **changed})
    for more in ({"covariance": "clustered"}, {"metric": "partial_auc"}):
        with pytest.raises(ValueError, match="must be one of"):
            simulation.rejection_rate(**arguments, **more)


def test_components_that_no_scores_have_are_value_errors():
    cases = Cases(metric="auc", diseased=40, nondiseased=40)
    parts = parts_of(of_structure("LL", 0.85), (0.85, 0.85), cases)
    said = {name: getattr(parts, name) for name in NAMES}
    for changed, words in (
        ({"var_reader": 0.3}, "var_reader is larger"),
        ({"cov1": 0.95 * parts.var_error, "cov2": 0.95 * parts.var_error}, "leave scores no"),
        ({"cov2": 1.2 * parts.var_error}, "cov2 is larger"),
    ):
        with pytest.raises(ValueError, match=words):
            latent_of(type(parts)(**{**said, **changed}), 0.85, cases)
