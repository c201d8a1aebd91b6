"""Reader studies are sized by what the protocol plans, and simulated as it declares them."""

from types import SimpleNamespace

import joblib
import kit
import numpy as np
import pytest

from clinval.endpoints.design import design, plan_in
from clinval.endpoints.hypothesis import hypothesis
from clinval.endpoints.planning import plan_of
from clinval.endpoints.reader_planning import PlannedReaders, planned_readers
from clinval.endpoints.scenarios import scenarios
from clinval.endpoints.simulated_cases import planned_reads
from clinval.endpoints.simulation import simulate, to_simulate
from clinval.endpoints.what_if import table_of
from clinval.protocol.endpoint import Margin
from clinval.stats.planning import mrmc_power, mrmc_sample_size
from clinval.stats.reader_study import reader_simulation

REFERENCE = {"form": "F06", "positive": 'reference_result == "positive"',
             "negative": 'reference_result == "negative"'}  # fmt: skip
STUDY = {"id": "P1", "kind": "mrmc", "form": "F07", "measure": "confidence",
         "comparison": "superiority", "reference": REFERENCE}  # fmt: skip
CALLS = {**STUDY, "metric": "specificity", "measure": 'call == "positive"',
         "comparison": "non_inferiority", "margin": {"value": 0.05, **kit.MARGIN}}  # fmt: skip
READERS = ("R1", "R2", "R3", "R4")
PARTS = {"var_reader_modality": 0.0002, "cov1": 0.00046, "cov2": 0.00042, "cov3": 0.0003,
         "var_error": 0.0011}  # fmt: skip
PILOT = {"difference": 0.06, "n_cases_pilot": 114, **PARTS}
SCORES = {"accuracy": 0.86, "diseased_share": 0.4}
STRUCTURE = {"difference": 0.06, "structure": "HL", **SCORES}
BLOCKS = {"blocks": [
    {"id": "one", "readers": ["R1", "R2"], "subjects": {"every": 2, "offset": 0}},
    {"id": "two", "readers": ["R3", "R4"], "subjects": {"every": 2, "offset": 1}},
]}  # fmt: skip


def study(endpoint=STUDY, planning=None, *, blocks=False, check=True, **size):
    """Return a protocol with a reader study, and what is planned of it."""
    declared = {"endpoint": "P1", "alpha": 0.025, "power": 0.8, "assumptions": "a", "source": "s",
                "planning": planning, **size}  # fmt: skip
    parts = {
        "design": "split_plot" if blocks else "crossed_readers",
        "readers": READERS,
        "forms": ["F04", "F05", "F06", "F07"],
        "sites": {"S01": {"planned_subjects": 31}, "S02": {"planned_subjects": 20}},
        "endpoints": [endpoint],
        **({"sample_size": [declared]} if planning is not None else {}),
        **({"reading": BLOCKS} if blocks else {}),
    }
    return kit.protocol(**parts) if check else kit.problems(**parts)


def plan_from(protocol):
    size = protocol.sample_size[0] if protocol.sample_size else None
    return plan_in(protocol, protocol.endpoints[0], size, [31, 20])


def recorded(records):
    """Return the values by the rest of the id."""
    return {record.id.removeprefix("design.endpoint=P1"): record.value for record in records}


# ---------------------------------------------------------------------- sizes


def test_a_pilot_sizes_a_reader_study():
    plan = plan_from(study(planning=PILOT))
    by_hand = mrmc_sample_size.obuchowski_rockette(
        effect=0.06, n_readers=4, n_cases_pilot=114, **PARTS, alternative="greater", alpha=0.025,
        power=0.8,
    )  # fmt: skip
    assert plan.needed(plan.expected, plan.claim).n == by_hand.sample_size
    power = mrmc_power.obuchowski_rockette(
        effect=0.06, n_readers=4, n_cases=48, n_cases_pilot=114, **PARTS, alternative="greater",
        alpha=0.025,
    )  # fmt: skip
    assert plan.power_of([48])[0] == pytest.approx(power.power)


def test_blocks_and_margins_are_part_of_the_size():
    split = plan_from(study(CALLS, {**PILOT, "difference": 0.0}, blocks=True))
    by_hand = mrmc_sample_size.obuchowski_rockette(
        effect=0.0, n_readers=4, n_cases_pilot=114, **PARTS, alternative="greater", alpha=0.025,
        margin=-0.05, power=0.8, design="split_plot", n_blocks=2,
    )  # fmt: skip
    assert split.needed(split.expected, split.claim).n == by_hand.sample_size
    both = {**STUDY, "comparison": "equivalence", "margin": {"value": 0.08, **kit.MARGIN}}
    plan = plan_from(study(both, {**PILOT, "difference": 0.0}))
    needed = plan.needed(plan.expected, plan.claim).n
    one = mrmc_sample_size.obuchowski_rockette(
        effect=0.0, n_readers=4, n_cases_pilot=114, **PARTS, alternative="equivalence",
        alpha=0.025, margin=0.08, power=0.8,
    )  # fmt: skip
    assert needed == pytest.approx(one.sample_size, abs=1)


def test_a_structure_stands_in_for_a_pilot():
    plan = plan_from(study(CALLS, {**STRUCTURE, "difference": 0.02}))
    parts = reader_simulation.components(0.86, 0.88, 20, 30, metric="specificity", structure="HL")
    power = mrmc_power.obuchowski_rockette(
        effect=0.02, n_readers=4, n_cases=50, n_cases_pilot=50,
        **{name: getattr(parts, name) for name in (*PARTS, "var_reader")},
        alternative="greater", alpha=0.025, margin=-0.05,
    )  # fmt: skip
    assert plan.power_of([50])[0] == pytest.approx(power.power, rel=1e-3)


def test_other_numbers_of_readers_are_shown():
    table = table_of(plan_from(study(planning=PILOT)))
    assert (table.rows, table.columns) == ("n_readers", "difference")
    rows = sorted({cell.row for cell in table.cells})
    assert rows == [4, 6, 8, 12]
    sizes = {(cell.row, cell.column): cell.to_enrol for cell in table.cells}
    assert sizes[12, 0.06] < sizes[6, 0.06] < sizes[4, 0.06]
    assert table_of(plan_from(study())) is None
    split = table_of(plan_from(study(planning=PILOT, blocks=True)))
    assert min(cell.row for cell in split.cells) == 4


def test_only_the_readers_of_the_endpoint_count():
    protocol = study({**STUDY, "readers": ["R1", "R2", "R3"]}, PILOT)
    assert plan_from(protocol).expected.spread == 3
    split = study(blocks=True)
    found = planned_readers(split.endpoints[0], READERS, split.reading.blocks)
    assert (found.number, found.blocks) == (4, 2)


def test_a_product_alone_is_sized_against_its_readers():
    alone = {"id": "P1", "kind": "ai_versus_readers", "comparison": "non_inferiority"}
    given = {"difference": 0.0, "n_cases_pilot": 120, "var_reader": 0.0005, "cov2": 0.0006,
             "var_error": 0.0009}  # fmt: skip
    endpoint = SimpleNamespace(
        **alone, random="readers_cases", level=0.95, role="primary", readers=(),
        hypothesis=hypothesis("non_inferiority", "higher_is_better", Margin(value=0.05)),
    )  # fmt: skip
    size = study(planning=PILOT).sample_size[0]
    size = size.model_copy(update={"planning": type(size.planning)(**given)})
    found = {
        random: plan_of(
            SimpleNamespace(**{**vars(endpoint), "random": random}), size, paired=False,
            planned=[30], readers=PlannedReaders(9, 1),
        )
        for random in ("readers_cases", "cases")
    }  # fmt: skip
    plan = found["readers_cases"]
    by_hand = mrmc_sample_size.ai_versus_readers(
        effect=0.0, n_readers=9, **{name: given[name] for name in list(given)[1:]},
        margin=-0.05, alternative="greater", alpha=0.025, power=0.8,
    )  # fmt: skip
    assert plan.needed(plan.expected, plan.claim).n == by_hand.sample_size
    assert plan.analysis in plan.family.agrees
    assert found["cases"].family is None


def test_targets_of_a_subject_are_clusters():
    lesion = {"id": "lesion", "type": "integer", "label": "L", "required": True}
    lesions = {"use": "F07", "keys": ["subject_id", "arm", "reader_id", "lesion"],
               "rows": "open", "add": [lesion]}  # fmt: skip
    protocol = kit.protocol(
        design="crossed_readers", readers=READERS, forms=["F04", "F05", "F06", lesions],
        endpoints=[{**STUDY, "target": "lesion"}],
        sample_size=[{"endpoint": "P1", "alpha": 0.025, "power": 0.8, "assumptions": "a",
                      "source": "s", "planning": {**PILOT, "icc": 0.4, "cluster_size": 2}}],
    )  # fmt: skip
    plan = plan_in(protocol, protocol.endpoints[0], protocol.sample_size[0], [30, 30])
    assert plan.enrolment.design_effect == pytest.approx(1.4)
    values = recorded(simulate(protocol, 5, workers=1))
    assert values[".simulated.status"] == "not_simulated"


@pytest.mark.parametrize(
    ("planning", "kind"),
    [
        ({"difference": 0.06, "structure": "HL"}, "planning-incomplete"),
        ({**PILOT, "cov1": 0.5}, "planning-components"),
        ({**STRUCTURE, "difference": 0.2}, "planning-components"),
        ({**PILOT, "p_test": 0.9}, "planning-key"),
        ({**PILOT, "difference": 0.001}, "planning-hopeless"),
        (PILOT, "enrolment-too-small"),
    ],
)
def test_slips_of_planning_are_named(planning, kind):
    assert kind in study(planning=planning, check=False)


# ---------------------------------------------------------------------- simulation


@pytest.mark.parametrize("blocks", [False, True])
def test_reads_are_those_of_sites_and_blocks(blocks):
    protocol = study(planning=PILOT, blocks=blocks)
    reads = planned_reads(protocol, protocol.endpoints[0], 46, 0.4)
    cases = reads.diseased.shape[-1], reads.nondiseased.shape[-1]
    assert cases == (18, 28)
    for part in (reads.diseased, reads.nondiseased):
        assert (part[0] == part[1]).all()
        by_reader = part[0].sum(axis=-1)
        if blocks:
            assert (part[0, :2].any(axis=0) ^ part[0, 2:].any(axis=0)).all()
            assert by_reader.max() - by_reader.min() <= 2
        else:
            assert (by_reader == part.shape[-1]).all()


def test_compared_arms_keep_their_places():
    turned = {**STUDY, "compare": {"test": "REF", "reference": "TEST"}}
    protocol = study(turned, PILOT)
    assert planned_reads(protocol, protocol.endpoints[0], 51, 0.5).diseased.all()


def test_numbers_do_not_depend_on_the_workers():
    protocol = study(planning={**PILOT, **SCORES})
    alone = simulate(protocol, 600, workers=1)
    with joblib.parallel_config(backend="threading"):  # which need not be started
        assert alone == simulate(protocol, 600, workers=2)
    assert [record.value for record in alone if record.statistic == "rate_error"]


def test_the_bound_and_what_is_expected_are_simulated():
    protocol = study(planning={**STRUCTURE, "categories": 5}, dropout=0.1)
    values = recorded(simulate(protocol, 400, workers=1))
    assert values[".simulated.status"] == "assumed"
    assert (values[".simulated.cases"], values[".simulated.diseased"]) == (45, 18)
    assert values[".simulated.seed"] == protocol.seed
    assert values["+difference=0.role"] == "bound"
    assert values["+difference=0.wanted"] == 0.025
    assert values["+difference=0.rate"] < 0.06
    assert values["+difference=0.03.role"] == "other"
    assert values["+difference=0.06.wanted"] == 0.8
    rate = values["+difference=0.06.rate"]
    plan = plan_from(protocol)
    assert rate == pytest.approx(plan.power_of([45])[0], abs=0.1)
    error = values["+difference=0.06.rate_error"]
    assert error == pytest.approx((rate * (1 - rate) / 400) ** 0.5)
    assert values["+difference=0.06.mean_estimate"] == pytest.approx(0.06, abs=0.01)


def test_the_margin_of_calls_is_where_the_error_of_the_first_kind_is_measured():
    protocol = study(CALLS, {**PILOT, **SCORES, "difference": 0.0}, blocks=True)
    records = simulate(protocol, 300, workers=1)
    values = recorded(records)
    assert values[".simulated.design"] == "split_plot"
    assert values[".simulated.method"] == "obuchowski_rockette"
    assert values["+difference=-0.05.role"] == "bound"
    assert values["+difference=-0.05.rate"] < 0.08
    units = {record.unit for record in records if record.statistic == "mean_estimate"}
    assert units == {"proportion_difference"}
    assert 0 < values[".simulated.var_error"] != PARTS["var_error"]


def test_where_nothing_is_expected_structures_are_for_orientation():
    values = recorded(simulate(study(), 20, workers=1))
    assert values[".simulated.status"] == "orientation"
    rates = [name for name in values if name.endswith(".rate")]
    assert len(rates) == 4 * 4
    assert "+structure=LL+difference=0.05.rate" in values
    assert not any(name.endswith(".wanted") and "difference=0.05" in name for name in values)


@pytest.mark.parametrize(
    ("endpoint", "planning", "reason"),
    [
        ({**STUDY, "metric": "partial_auc", "fpr_max": 0.2}, None, "a partial area is not"),
        (STUDY, PILOT, "no difference, accuracy or diseased_share"),
        (STUDY, {**PILOT, **SCORES, "var_reader": 0.2}, "no scores have these"),
        (STUDY, {**STRUCTURE, "accuracy": 0.6, "difference": 0.399, "categories": 2}, "so few"),
        ({**STUDY, "margin": {"value": 0.4, **kit.MARGIN}}, None, "the metric of the test arm"),
    ],
)
def test_what_is_not_simulated_says_why(endpoint, planning, reason):
    protocol = study(endpoint, planning)
    [rate] = [r for r in simulate(protocol, 10, workers=1) if r.statistic == "simulated.rate"]
    assert rate.undefined
    assert reason in rate.reason


@pytest.mark.parametrize("method", ["u_statistic", "dorfman_berbaum_metz"])
def test_the_declared_method_is_simulated(method):
    values = recorded(simulate(study({**STUDY, "method": method}, STRUCTURE), 8, workers=1))
    assert values[".simulated.method"] == method
    assert values["+difference=0.06.mean_se"] > 0


def test_studies_too_small_for_a_result_show_nothing():
    few = kit.protocol(
        design="crossed_readers", readers=READERS, forms=["F04", "F05", "F06", "F07"],
        sites={"S01": {"planned_subjects": 2}}, endpoints=[STUDY],
    )  # fmt: skip
    values = recorded(simulate(few, 10, workers=1))
    assert values["+structure=HH+difference=0.rate"] == 0
    assert values["+structure=HH+difference=0.without_result"] == 10
    assert values["+structure=HH+difference=0.coverage"] is None


def test_what_is_only_estimated_is_not_to_be_simulated():
    estimated = kit.protocol(
        design="crossed_readers", readers=READERS, forms=["F04", "F05", "F06", "F07"],
        endpoints=[kit.QUALITY, {**STUDY, "id": "S1", "comparison": "estimation"}],
    )  # fmt: skip
    assert to_simulate(estimated) == []
    assert simulate(estimated, 10) == []
    assert [endpoint.id for endpoint in to_simulate(study())] == ["P1"]


def test_scenarios_draw_from_seeds_of_their_own():
    protocol = study(planning=STRUCTURE)
    endpoint, plan = protocol.endpoints[0], plan_from(protocol)
    found = scenarios(endpoint, plan, protocol.sample_size[0].planning.written, protocol)
    states = [tuple(one.seed.generate_state(4)) for one in found]
    assert len(set(states)) == len(found) == 3
    other = protocol.model_copy(update={"seed": protocol.seed + 1})
    moved = scenarios(endpoint, plan, protocol.sample_size[0].planning.written, other)
    assert tuple(moved[0].seed.generate_state(4)) not in states
    assert np.isfinite([one.difference for one in found]).all()


def test_sizes_and_curves_are_recorded():
    records, series = design(study(planning={**PILOT, **SCORES}))
    values = recorded(records)
    assert values[".status"] == "sized"
    assert values[".agrees"] == "yes"
    assert values[".assumption.n_cases_pilot"] == 114
    assert [one.id for one in series] == ["design.endpoint=P1.power"]
    powers = series[0].columns["power"]
    assert powers == sorted(powers)
