"""What reports say of inference: whether a decision holds, and what it was held against."""

from __future__ import annotations

import dataclasses
import functools
from types import SimpleNamespace

import inference_records as made
import kit
import pdf_reading as read
import pytest
from test_pieces import PROVENANCE, analysed, said, seen
from test_undefined_numbers import differing, scans, timed, words

from clinval.core.i18n import LANGUAGES, catalogue
from clinval.core.resources import folder
from clinval.protocol.base import Text
from clinval.report.blocks import Callout, Figure, Number, Paragraph, Table, numbers, runs
from clinval.report.pdf import write
from clinval.report.pieces import in_full, of_kind
from clinval.report.pieces.common import verdict_of
from clinval.report.pieces.effect import scale_of
from clinval.report.pieces.hypotheses import estimands, hypotheses
from clinval.report.pieces.integrity import limits
from clinval.report.pieces.methods import methods_used
from clinval.report.pieces.multiplicity import decided_together, looks, multiplicity_and_size
from clinval.report.pieces.second_engine import second_computations
from clinval.report.pieces.summary import claims, conclusions
from clinval.report.profile import Profile, compose

PD, TANGO = "proportion_difference", "stratified_paired_difference.tango"
OTHER = "clustered_paired_difference.cluster_robust"
SCREENED = {"exclude": [{"when": 'enrolled == "no"', "reason": "screen failure"}]}
VALUES = (-0.01, -0.04, 0.02)


# What an analysis records beside the result; tests put their own in its place.
BESIDE = ("center_model", "center_models_agree", "prediction_verdict", "second_engine",
          "second_engine_difference")  # fmt: skip


@functools.cache
def plain(language="en", **said_of):
    """Return a comparison of proportions as it was before: two sets, one of them analyzed."""
    endpoint = kit.QUALITY | {"also_sets": ["PPS"]} | said_of
    protocol = kit.protocol(
        sites=("S01", "S02"), sets={"FAS": SCREENED, "PPS": SCREENED}, endpoints=[endpoint]
    )
    view = analysed((protocol, scans({"S01": 8, "S02": 7}, differing)), language)
    records = [
        r
        for r in view.results.records
        if r.statistic not in BESIDE and not {"engine", "center_model", "not_in"} & set(r.group)
    ]
    own = [r for r in records if r.id.startswith("P1.FAS.all.")]
    beside = [
        dataclasses.replace(r, id=r.id.replace(".FAS.", ".PPS."), analysis_set="PPS") for r in own
    ]
    return seen(protocol, [*records, *beside], (), language)


def with_records(view, *records, series=(), **protocol):
    """Return the view with more records, and more said in the protocol."""
    declared = view.protocol.model_copy(update=protocol)
    together = {r.id: r for r in (*view.results.records, *records)}
    return seen(declared, together.values(), series, view.language)


def result(view, *, brief=False):
    [endpoint] = view.protocol.endpoints
    return of_kind(endpoint.kind).result(endpoint, view) if brief else in_full(endpoint, view)


def table(blocks, view, key, **blanks):
    """Return the table whose caption is a text of the catalogue."""
    caption = view.texts(key, **blanks)
    return next(b for b in blocks if isinstance(b, Table) and b.caption == caption)


def tables(blocks):
    return [block.caption for block in blocks if isinstance(block, Table | Figure)]


def text_of(cell):
    return "".join(run if isinstance(run, str) else run.text for run in runs(cell))


def everything(language="en", **said_of):
    """Return a view with all records of inference that a comparison may have."""
    view = plain(language, **said_of)
    records = [
        *made.sets("P1", "FAS", "PPS", PD, TANGO),
        *made.centers("P1", "FAS", PD, OTHER, "stratified", VALUES),
        *made.second("P1", "FAS", PD, VALUES, road=OTHER),
        *made.other_methods("P1", "FAS", PD, {
            "tango": ("paired_difference.tango", VALUES, "met"),
            "mcnemar": ("paired_difference.mcnemar_midp_test", 0.625, None),
        }),
        *made.subgroups("P1", "FAS", PD, TANGO, {
            "sex": ({"F": (9, VALUES), "M": (4, None), "missing": (2, None)}, 0.81),
            "region": ({"EU": (15, VALUES)}, None),
        }, cells=("n11", "n10", "n01", "n00")),
        *made.sensitivity("P1", "FAS", PD, {
            "worst_case": ("missing_data.worst_case", (-0.1, -0.3, 0.1), "not_met", {}),
            "delta_adjusted": ("missing_data.delta_adjusted_binary", VALUES, "met", {
                "fraction_missing": 0.04, "imputations": 100, "delta_test": -1.0,
            }),
        }),
        *made.margin("P1", PD),
    ]  # fmt: skip
    found, series = made.tipping_map("P1", "FAS", range(4), range(3), lambda t, r: t > r)
    [endpoint] = view.protocol.endpoints
    return with_records(
        view, *records, *found, series=[series],
        endpoints=(endpoint.model_copy(update={"estimand": made.estimand()}),),
        subgroups={"sex": made.subgroup("Sex", "性别", "sex"),
                   "region": made.subgroup("Region", "地区")},
    )  # fmt: skip


# ---------------------------------------------------------------------- all together


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_is_a_record_and_what_is_undefined_says_why(language):
    view = everything(language)
    blocks = [*hypotheses(view), *estimands(view), *result(view), *second_computations(view)]
    printed = 0
    for block in blocks:
        for number in numbers((block,)):
            record = view.results[number.record]
            printed += 1
            if record.undefined and number.text:
                assert view.reason(record) in words(block), record.id
    assert printed > 100


def test_without_the_new_records_nothing_new_is_printed():
    view = plain()
    name = {"endpoint": "P1"}
    assert tables(result(view)) == [
        view.texts("table.by_arm", set="FAS", **name),
        view.texts("figure.intervals", **name),
        view.texts("figure.forest", set="FAS", **name),
        view.texts("table.heterogeneity", **name),
        view.texts("figure.without", set="FAS", **name),
        view.texts("table.cells", set="FAS", **name),
    ]
    assert second_computations(view) == estimands(view) == []


def test_a_board_is_shown_the_decision_and_no_more_pages():
    assert tables(result(everything(), brief=True)) == tables(result(plain(), brief=True))
    assert "tipping" not in said(result(everything(), brief=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_report_can_be_printed(language, tmp_path):
    view = everything(language)
    results = dataclasses.replace(view.results, provenance=PROVENANCE)
    document = compose(Profile.load("eu"), view.protocol, results, language)
    path = tmp_path / "report.pdf"
    write(document, path)
    shown = read.flat(path)
    for key in ("sensitivity.worst_case.what", "tipping.boundary", "estimand.strategy.composite",
                "second.what", "evidence.note", "hypothesis.side.above"):  # fmt: skip
        text = view.texts(key, alpha="0.025", level="95%") if "side" in key else view.texts(key)
        assert "".join(text.split()) in shown, key
    assert all(target >= 0 for _, target in read.links(path))


# ---------------------------------------------------------------------- hypotheses


@pytest.mark.parametrize(
    ("said_of", "null", "alternative"),
    [
        ({}, "θ ≤ −10.0", "θ > −10.0"),
        ({"direction": "lower_is_better"}, "θ ≥ 10.0", "θ < 10.0"),
        ({"comparison": "equivalence"}, "θ ≤ −10.0 or θ ≥ 10.0", "−10.0 < θ < 10.0"),
        ({"comparison": "superiority", "margin": None}, "θ ≤ 0.0", "θ > 0.0"),
    ],
)
def test_a_hypothesis_is_a_formula_with_linked_bounds(said_of, null, alternative):
    view = plain(**said_of)
    [row] = table(hypotheses(view), view, "table.tests").rows
    assert [text_of(cell) for cell in row.cells[1:3]] == [null, alternative]
    bounds = {run.record for cell in row.cells for run in runs(cell) if isinstance(run, Number)}
    assert bounds <= {"P1.FAS.all.bound_low", "P1.FAS.all.bound_high"}
    assert "α = 0.025" in row.cells[4]
    assert "FAS; stratified by center" in row.cells[5]


def test_what_is_estimated_only_has_no_formula():
    only = kit.QUALITY | {"id": "S1", "comparison": "estimation"}
    del only["margin"]
    view = analysed((kit.protocol(endpoints=[kit.QUALITY, only]), {}))
    assert len(table(hypotheses(view), view, "table.tests").rows) == 1


def test_a_goal_is_a_formula_too():
    goal = {"id": "P1", "kind": "performance_goal", "form": "F05", "measure": 'repeated == "no"',
            "method": "clopper_pearson", "goal": {"value": 0.9, **kit.MARGIN}}  # fmt: skip
    view = analysed((kit.protocol(design="single_arm", endpoints=[goal]), {}))
    [row] = table(hypotheses(view), view, "table.tests").rows
    assert [text_of(cell) for cell in row.cells[1:3]] == ["θ ≤ 90.0%", "θ > 90.0%"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_evidence_of_a_margin_and_its_source(language):
    view = everything(language)
    [endpoint] = view.protocol.endpoints
    source = Text(en="A meta-analysis", zh="一项荟萃分析")
    evidence = type("Evidence", (), {"source": source})()
    margin = endpoint.margin.model_copy(update={"evidence": evidence})
    declared = endpoint.model_copy(update={"margin": margin})
    view = with_records(view, endpoints=(declared,))
    found = table(hypotheses(view), view, "table.evidence")
    assert [text_of(cell) for cell in found.rows[0].cells[2:]] == ["12.0", "50.0%", "6.0", "−10.0"]
    assert any(source.in_(language) in note for note in found.notes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_estimand_has_its_five_attributes(language):
    view = everything(language)
    [found] = estimands(view)
    text = said([found])
    for name in ("population", "treatment", "variable", "event", "summary"):
        assert view.texts(f"estimand.{name}") in text
    assert view.texts("estimand.strategy.treatment_policy") in text
    assert view.texts("effect.proportion_difference") in text  # derived, not declared


# ---------------------------------------------------------------------- sets


def test_sets_stand_side_by_side_with_the_subjects_between_them():
    view = everything()
    found = table(result(view), view, "table.sets_side_by_side", endpoint="P1")
    rows = [[text_of(cell) for cell in row.cells] for row in found.rows]
    assert [row[0] for row in rows] == ["FAS (FAS)", "PPS (PPS)", "in FAS, not in PPS"]
    assert rows[2][1:3] == ["12", "−8.3"]
    assert rows[0][4] == view.statistic(view.protocol.endpoints[0], "p_value").text
    assert view.texts("sets.agree", sets="FAS, PPS") in said(result(view))


@pytest.mark.parametrize("language", LANGUAGES)
def test_sets_that_disagree_are_told_loudly(language):
    view = with_records(plain(language), *made.sets("P1", "FAS", "PPS", PD, TANGO, agree="no"))
    title = view.texts("sets.disagree", endpoint="P1")
    found = [b for b in result(view) if isinstance(b, Callout) and b.title == title]
    assert [callout.tone for callout in found] == ["bad"]
    assert found[0].text.count(view.texts("verdict.met")) == 2


# ---------------------------------------------------------------------- centers


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("agree", ["yes", "no"])
def test_both_models_of_centers_and_whether_they_agree(agree, language):
    records = made.centers("P1", "FAS", PD, OTHER, "stratified", VALUES, agree=agree)
    view = with_records(plain(language), *records)
    blocks = result(view)
    found = table(blocks, view, "table.center_models", endpoint="P1")
    assert text_of(found.rows[0].cells[0]) == view.texts("centers.stratified")
    assert text_of(found.rows[1].cells[0]) == view.texts("center_model.random")
    title = view.texts("center_model.disagree", endpoint="P1")
    loud = [b for b in blocks if isinstance(b, Callout) and b.title == title]
    assert len(loud) == (agree == "no")
    calm = view.texts("center_model.agree")
    assert any(isinstance(b, Paragraph) and b.text == calm for b in blocks) == (agree == "yes")


@pytest.mark.parametrize(
    ("word", "key"), [("met", "prediction.met"), ("not_met", "prediction.not_met")]
)
def test_a_prediction_interval_is_held_against_the_margin(word, key):
    base = analysed(timed(scans({"S01": 6, "S02": 6, "S03": 5}, differing)))
    low = base.results["P1.FAS.all.prediction_low"]
    added = made.Made("P1", "FAS", "s", "")
    added.add("prediction_verdict", word)
    records = [r for r in base.results.records if not r.statistic.startswith("prediction")]
    limits = [
        dataclasses.replace(low, id=f"P1.FAS.all.prediction_{side}", statistic=f"prediction_{side}",
                            value=value, undefined=False, reason="")
        for side, value in (("low", -95.0), ("high", -66.0))
    ]  # fmt: skip
    view = seen(base.protocol, [*records, *limits, *added.records])
    blocks = result(view)
    assert view.texts(key) in said(blocks)
    forest = next(b for b in blocks if isinstance(b, Figure) and b.anchor.endswith(".forest"))
    assert forest.chart.prediction_result == "(−95 to −66)"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_decision_that_hangs_on_a_center_says_so(language):
    view = plain(language)
    changed = [
        dataclasses.replace(r, value="S02", n=1) if r.statistic == "centers_that_flip" else r
        for r in view.results.records
    ]
    hanging = seen(view.protocol, changed, (), language)
    text = "S02"
    for brief in (True, False):
        callout = result(hanging, brief=brief)[0]
        assert text in text_of(callout.text)
        assert text not in text_of(result(view, brief=brief)[0].text)


# ---------------------------------------------------------------------- second computation


def test_a_second_computation_is_one_line_beside_and_one_row_behind():
    view = everything()
    line = ": agrees; largest difference 3.2×10⁻¹⁰."
    assert line in said(result(view))
    [row] = second_computations(view)[0].rows
    assert text_of(row.cells[5]) == "3.2×10⁻¹⁰"
    assert text_of(row.cells[6]) == "agrees"


def test_a_result_without_a_second_computation_says_why():
    view = with_records(plain(), *made.second("P1", "FAS", PD, None, road=""))
    assert "Second engine: none (no second computation)." in said(result(view))
    [found] = second_computations(view)
    assert "no second computation" in words(found)


# ---------------------------------------------------------------------- methods


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_methods_stand_below_the_declared_one_with_their_names_elsewhere(language):
    view = everything(language)
    found = table(result(view), view, "table.other_methods", endpoint="P1")
    first, tango, mcnemar = found.rows
    assert view.texts("other_methods.declared") in text_of(first.cells[0])
    assert tango.cells[1] == "R ratesci; PropCIs"
    assert text_of(mcnemar.cells[4]) == "0.6250"
    assert text_of(mcnemar.cells[3]) == view.texts("value.none")


def test_names_elsewhere_are_for_reviewers_and_in_the_table_of_methods():
    study = kit.protocol(design="parallel", endpoints=[
        kit.QUALITY | {"method": "miettinen_nurminen", "centers": "pooled"}
    ])  # fmt: skip
    view = analysed((study, {}))
    elsewhere = "SAS PROC FREQ RISKDIFF(CL=MN); R ratesci::scoreci; gsDesign::ciBinomial"
    assert f"The same elsewhere: {elsewhere}." in said(result(view))
    assert "ratesci" not in said(result(view, brief=True))
    by_call = {row.cells[4]: row.cells[5] for row in methods_used(view)[0].rows}
    assert by_call["risk_difference.miettinen_nurminen"] == elsewhere


def test_names_elsewhere_need_no_translation():
    for call, entry in catalogue(folder("reports") / "text" / "methods.yaml").items():
        for key in entry.keys() - {"en", "zh", "reference"}:
            assert key in ("sas", "r"), call
            assert entry[key].isascii(), call


def test_the_summary_score_is_not_taken_for_the_stratified_interval():
    methods = catalogue(folder("reports") / "text" / "methods.yaml")
    summary = "PROC FREQ COMMONRISKDIFF(CL=SCORE)"
    named = [call for call, entry in methods.items() if entry.get("sas") == summary]
    assert named == ["stratified_difference.summary_score"]


def test_a_method_of_the_centers_gives_what_it_has():
    added = made.Made("P1", "FAS", "", "heterogeneity.reml")
    group = {"method": "heterogeneity.reml"}
    for name, value in (("q_p_value", 0.25), ("tau2_low", 0.001), ("tau2_high", 0.4)):
        added.add(
            name, value, group, "p" if name == "q_p_value" else "", method="heterogeneity.reml"
        )
    view = with_records(plain(), *added.records)
    row = table(result(view), view, "table.other_methods", endpoint="P1").rows[1]
    assert [text_of(cell) for cell in row.cells[2:5]] == ["–", "0.001 to 0.400", "0.2500"]
    assert "Random effects" in text_of(row.cells[0])


# ---------------------------------------------------------------------- missing results


@pytest.mark.parametrize("language", LANGUAGES)
def test_sensitivity_analyses_say_what_they_assume(language):
    view = everything(language)
    found = table(result(view), view, "table.sensitivity", endpoint="P1", set="FAS")
    declared, worst, delta = ([text_of(cell) for cell in row.cells] for row in found.rows)
    assert declared[1] == view.texts("missing.rule.exclude")
    assert worst[-1] == view.texts("verdict.not_met")
    assert worst[4] == view.texts("value.none")
    assert delta[4] == "4.0%"
    assert "−1.000" in delta[1]
    assert "100" in delta[1]


@pytest.mark.parametrize(
    ("said_of", "point", "key"),
    [
        ({}, None, "exclude"),
        ({"missing": "failure"}, (0.0, 0.0), "failure"),
        ({"missing": "failure", "direction": "lower_is_better"}, (2.0, 3.0), "failure"),
    ],
)
def test_the_map_of_missing_results_marks_the_declared_analysis(said_of, point, key):
    view = everything(**said_of)
    figure = next(b for b in result(view) if isinstance(b, Figure) and "tipping" in b.anchor)
    chart = figure.chart
    assert (chart.reference, chart.test) == ((0, 1, 2), (0, 1, 2, 3))
    assert chart.shown == tuple(tuple(t > r for r in range(3)) for t in range(4))
    rates = [view.results[f"P1.FAS.all.proportion_{arm}"].value for arm in ("reference", "test")]
    assert chart.point == (point or (2 * rates[0], 3 * rates[1]))
    assert chart.point_label == view.texts(f"tipping.point.{key}")
    assert "Met in 6 of 12 combinations" in said([figure])
    assert "0: 3 of 4; 1: 2 of 4; 2: 1 of 4" in figure.alternative


def test_the_map_of_scores_is_of_shifts():
    base = analysed(timed(scans({"S01": 6, "S02": 6}, differing)))
    shifts = (-5.0, 0.0, 5.0)
    found, series = made.tipping_map("P1", "FAS", shifts, shifts, lambda t, r: t <= r)
    view = with_records(base, *found, series=[series])
    figure = next(b for b in result(view) if isinstance(b, Figure) and "tipping" in b.anchor)
    assert figure.chart.point == (0.0, 0.0)
    assert figure.chart.x_axis == "Shift of missing values: old [s]"


def test_values_of_a_ratio_are_multiplied():
    times = {"estimate": "ratio", "method": "geometric_paired",
             "margin": {"value": 1.1, **kit.MARGIN}}  # fmt: skip
    base = analysed(timed(scans({"S01": 6, "S02": 6}, differing), **times))
    factors = (0.5, 1.0, 2.0)
    found, series = made.tipping_map("P1", "FAS", factors, factors, lambda t, r: t <= r)
    shifted = made.sensitivity("P1", "FAS", "ratio", {
        "delta_adjusted": ("missing_data.delta_adjusted_normal", (0.8, 0.7, 0.9), "met",
                           {"delta_test": 1.2}),
    })  # fmt: skip
    view = with_records(base, *found, *shifted, series=[series])
    figure = next(b for b in result(view) if isinstance(b, Figure) and "tipping" in b.anchor)
    assert figure.chart.point == (1.0, 1.0)
    assert figure.chart.x_axis == "Factor on missing values: old"
    assert "factor on the test arm 1.200" in said(result(view))


def test_a_map_that_cannot_be_had_says_why():
    added = made.Made("P1", "FAS", "", "")
    added.add("n_shown", None, {"sensitivity": "tipping_map"}, reason="no subject has a result")
    view = with_records(plain(), *added.records)
    assert view.texts("tipping.none", reason="no subject has a result") in said(result(view))


# ---------------------------------------------------------------------- subgroups


def test_nobody_without_a_level_is_no_row():
    records = made.subgroups(
        "P1", "FAS", PD, TANGO, {"sex": ({"F": (15, VALUES), "missing": (0, None)}, 1.0)}
    )
    view = with_records(plain(), *records)
    found = table(result(view), view, "table.subgroups", endpoint="P1", set="FAS")
    assert [text_of(row.cells[0]) for row in found.rows] == ["sex", "F"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_subgroups_have_their_names_interactions_and_counts(language):
    view = everything(language)
    blocks = result(view)
    forest = next(b for b in blocks if isinstance(b, Figure) and "subgroups" in b.anchor)
    headings = [row for row in forest.chart.rows if row.heading]
    assert [row.label for row in headings] == {
        "en": ["Sex", "Region"], "zh": ["性别", "地区"],
    }[language]  # fmt: skip
    assert headings[0].result == view.texts("subgroup.interaction", p="0.8100")
    small = next(row for row in forest.chart.rows if row.n == "4")
    assert small.estimate is None
    assert small.result == view.texts("forest.no_estimate")
    assert forest.chart.rows[-1].summary
    found = table(blocks, view, "table.subgroups", endpoint="P1", set="FAS")
    assert text_of(found.rows[0].cells[-1]) == "0.8100"
    missing = next(r for r in found.rows if r.cells[0] == view.texts("subgroup.missing"))
    assert text_of(missing.cells[1]) == "2"
    assert any(view.texts.reason(made.FEW) in str(note) for note in found.notes)


# ---------------------------------------------------------------------- whether it holds


def test_every_look_at_the_decision_stands_in_one_table():
    view = everything()
    found = table(result(view), view, "table.robust", endpoint="P1")
    answers = {row.cells[0]: text_of(row.cells[1]) for row in found.rows}
    assert answers == {
        view.texts("robust.without"): "yes",
        view.texts("robust.sets"): "yes",
        view.texts("robust.models"): "yes",
        view.texts("robust.second"): "agrees",
        view.texts("robust.prediction"): "met",
        "Missing results: worst case": "not met",
        "Missing results: delta-adjusted": "met",
        view.texts("robust.map"): "met in 6 of 12 combinations",
    }


def test_only_the_declared_analysis_gives_the_verdict():
    view = plain()
    [endpoint] = view.protocol.endpoints
    beside = made.Made("P1", "FAS", PD, "")
    for group in ({"sensitivity": "worst_case"}, {"center_model": "random"}, {"method": "m"}):
        beside.add("verdict", "undefined", group)
    assert verdict_of(endpoint, view) == "not_met"
    assert verdict_of(endpoint, with_records(view, *beside.records)) == "not_met"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_decision_does_not_stand_up_to_is_a_limit_of_the_results(language):
    holds = with_records(everything(language))
    broken = with_records(
        plain(language),
        *made.sets("P1", "FAS", "PPS", PD, TANGO, agree="no"),
        *made.centers("P1", "FAS", PD, OTHER, "stratified", VALUES, agree="no"),
        *made.second("P1", "FAS", PD, VALUES, road=OTHER, word="disagrees"),
    )
    for key in ("sets_agree", "center_models_agree", "second_engine"):
        text = broken.texts(f"limits.{key}", endpoint="P1")
        assert text in said(limits(broken))
        assert text not in said(limits(holds))


# ---------------------------------------------------------------------- several endpoints


@functools.cache
def family(language="en"):
    """Return the view of two primary endpoints and a secondary one, without their results."""
    endpoints = [kit.QUALITY, kit.QUALITY | {"id": "P2", "role": "primary"},
                 kit.QUALITY | {"id": "S1"}]  # fmt: skip
    return seen(kit.protocol(endpoints=endpoints), [], (), language)


DECIDED = {
    "P1": ("FAS", 0.004, 0.0080, "shown"),
    "P2": ("FAS", 0.02, 0.0400, "not_shown"),
    "S1": ("FAS", 0.01, None, "not_tested"),
}


def decided(procedure, language="en", **graph):
    plan = SimpleNamespace(
        procedure=procedure, order=(), justification=made.Text(en="why", zh="因")
    )
    records = made.decided_together(DECIDED, procedure, **graph)
    return with_records(family(language), *records, multiplicity=plan)


GRAPH = {
    "weights": {"P1": 0.5, "P2": 0.5, "S1": 0.0},
    "transitions": [("P1", "P2", 0.5), ("P1", "S1", 0.5), ("P2", "P1", 1.0)],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_endpoints_decided_together_have_raw_and_adjusted_p_values_and_claims(language):
    view = decided("graphical", language, **GRAPH)
    blocks = decided_together(view)
    found = table(blocks, view, "table.decided_together")
    rows = [[text_of(cell) for cell in row.cells] for row in found.rows]
    assert rows[0][1:] == ["0.500", "0.0040", "0.0080", view.texts("claim.shown")]
    assert rows[2][3:] == [view.texts("value.undefined"), view.texts("claim.not_tested")]
    assert any(view.texts.reason("the endpoint is undecided") in str(note) for note in found.notes)
    assert any("0.025" in text_of(note) for note in found.notes)
    assert said(blocks).count(view.texts("claim.procedure.graphical")) == 1


def test_the_graph_is_that_of_the_records():
    [figure] = [b for b in decided_together(decided("graphical", **GRAPH)) if isinstance(b, Figure)]
    chart = figure.chart
    assert [(node.label, node.weight, node.tone) for node in chart.nodes] == [
        ("P1", "weight 0.5", "good"), ("P2", "weight 0.5", "bad"), ("S1", "weight 0", "neutral"),
    ]  # fmt: skip
    assert [(e.start, e.end, e.weight) for e in chart.edges] == [
        (0, 1, "0.5"), (0, 2, "0.5"), (1, 0, "1"),
    ]  # fmt: skip
    assert "P1 passes on 0.5 to S1" in figure.alternative
    assert set(figure.records) == {
        "multiplicity.endpoint=P1.weight", "multiplicity.endpoint=P2.weight",
        "multiplicity.endpoint=S1.weight", "multiplicity.from=P1+to=P2.transition",
        "multiplicity.from=P1+to=S1.transition", "multiplicity.from=P2+to=P1.transition",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("procedure", "weights", "edges"),
    [
        ("holm", ["1/3", "1/3", "1/3"], [(a, b, "1/2") for a, b in
                                         [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]]),
        ("fixed_sequence", ["1", "0", "0"], [(0, 1, "1"), (1, 2, "1")]),
    ],
)  # fmt: skip
def test_procedures_that_are_graphs_by_definition_are_drawn(procedure, weights, edges):
    [figure] = [b for b in decided_together(decided(procedure)) if isinstance(b, Figure)]
    assert [node.weight for node in figure.chart.nodes] == [f"weight {w}" for w in weights]
    assert [(e.start, e.end, e.weight) for e in figure.chart.edges] == edges


@pytest.mark.parametrize("procedure", ["bonferroni", "hochberg", "hommel"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_other_procedures_have_no_graph_and_are_named(procedure, language):
    view = decided(procedure, language)
    blocks = decided_together(view)
    assert not any(isinstance(block, Figure) for block in blocks)
    assert view.texts(f"claim.procedure.{procedure}") in said(blocks)
    assert "0.025" in said(multiplicity_and_size(view))


def test_where_no_p_value_was_adjusted_nothing_is_added():
    assert decided_together(family()) == looks(family()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_study_that_was_not_tested_yet_says_so(language):
    view = decided("graphical", language)
    records = [
        dataclasses.replace(r, value="not_tested") if r.statistic == "claim" else r
        for r in view.results.records
    ]
    verdicts = [made.Made(name, "FAS", PD, "") for name in DECIDED]
    for verdict in verdicts:
        verdict.add("verdict", "not_met")
    records += [record for verdict in verdicts for record in verdict.records]
    waiting = seen(view.protocol, records, (), language)
    assert claims(waiting)[0].title == view.texts("claim.study.not_tested")
    assert view.texts("claim.not_tested") in said(claims(waiting))
    assert len(conclusions(waiting)) == 2


# ---------------------------------------------------------------------- looks


@pytest.mark.parametrize("language", LANGUAGES)
def test_looks_have_their_boundaries_and_the_current_one_its_interval(language):
    view = plain(language)
    view = with_records(view, *made.looks("P1", "FAS", PD, current=2))
    blocks = looks(view)
    plan = table(blocks, view, "table.looks")
    rows = [[text_of(cell) for cell in row.cells] for row in plan.rows]
    assert rows[1] == [view.texts("looks.now", look=2), "180", "0.667", "2.511", "0.006", "0.006"]
    assert [row.summary for row in plan.rows] == [False, True, False]
    [figure] = [b for b in blocks if isinstance(b, Figure)]
    assert [look.current for look in figure.chart.looks] == [False, True, False]
    assert "2.511" in figure.alternative
    found = table(blocks, view, "table.repeated")
    [row] = [[text_of(cell) for cell in row.cells] for row in found.rows]
    assert row[4].startswith("−4.1")
    assert row[5:7] == [view.texts("verdict.met"), "97.0%"]
    assert view.texts.reason("no sample size is declared") in said([found])


def test_before_the_first_look_nothing_is_decided():
    view = with_records(plain(), *made.looks("P1", "FAS", PD, current=0))
    blocks = looks(view)
    assert view.texts("looks.before") in said(blocks)
    assert not any("Repeated" in str(block) for block in blocks)


# ---------------------------------------------------------------------- times to an event


@pytest.mark.parametrize("language", LANGUAGES)
def test_times_to_an_event_are_drawn_with_the_numbers_at_risk(language):
    base = analysed(timed(scans({"S01": 6, "S02": 6}, differing)), language)
    timed_view = with_records(base, series=[made.curves("P1", "FAS")])
    for brief in (True, False):
        blocks = result(timed_view, brief=brief)
        [figure] = [b for b in blocks if isinstance(b, Figure) and "survival" in b.anchor]
    test, reference = figure.chart.curves
    assert [test.label, reference.label] == ["new", "old"]
    assert test.at_risk == (4, 3, 1)
    assert reference.low == (None, 0.1)
    unit = base.texts("unit.s")
    assert figure.chart.x_axis == base.texts("survival.time", unit=unit)
    assert "50%" in figure.alternative


@pytest.mark.parametrize("kind", ["rank_comparison", "time_to_event"])
def test_new_kinds_are_shown_as_comparisons(kind):
    view = plain()
    [endpoint] = view.protocol.endpoints
    pieces = of_kind(kind)
    renamed = endpoint.model_copy(update={"kind": kind})
    assert pieces.headline(renamed, view)[1] == pieces.headline(endpoint, view)[1]
    assert view.texts(f"kind.{kind}")


@pytest.mark.parametrize(
    ("kind", "unit", "words", "null"),
    [
        ("mean_comparison", "ratio", "Ratio of geometric means", 1.0),
        ("proportion_comparison", "ratio", "Risk ratio", 1.0),
        ("proportion_comparison", "odds_ratio", "Odds ratio", 1.0),
        ("rank_comparison", "ratio", "Ratio of locations", 1.0),
        ("rank_comparison", "probability", "Probability that a test value is higher", 0.5),
        ("rank_comparison", "s", "Shift of location", 0.0),
        ("time_to_event", "hazard_ratio", "Hazard ratio", 1.0),
        ("time_to_event", "time_ratio", "Ratio of restricted mean times", 1.0),
        ("time_to_event", "days", "Difference of restricted mean times", 0.0),
    ],
)
def test_every_effect_has_its_name_and_its_null(kind, unit, words, null):
    view = plain()
    [endpoint] = view.protocol.endpoints
    records = [dataclasses.replace(r, unit=unit if r.unit == PD else r.unit)
               for r in view.results.records]  # fmt: skip
    other = seen(view.protocol, records)
    renamed = endpoint.model_copy(update={"kind": kind})
    assert text_of(of_kind(kind).headline(renamed, other)[0]).startswith(words)
    scale = scale_of(renamed, other)
    assert scale.null == null
    assert scale.kind == ("log" if null == 1 else "linear")
