"""What reports show of a reader study: arms, readers, what it is inferred to, what casts doubt."""

from __future__ import annotations

import functools
from dataclasses import replace

import kit
import pandas as pd
import pytest
import reader_study as made
from test_hard_studies import wrong
from test_pieces import plain, said, seen

from clinval.core.i18n import LANGUAGES
from clinval.core.records import Record
from clinval.report.blocks import Callout, Document, Figure, Number, Table, numbers, runs
from clinval.report.checklists import load
from clinval.report.figures import PairedDots, Roc
from clinval.report.numbers import printed
from clinval.report.pdf import write
from clinval.report.pieces import in_full, of_kind
from clinval.report.pieces.common import joined
from clinval.report.pieces.hypotheses import hypotheses
from clinval.report.pieces.integrity import limits
from clinval.report.pieces.lay import lay_summary
from clinval.report.pieces.mrmc_methods import method_paragraph, result_paragraph
from clinval.report.pieces.mrmc_readers import MOST
from clinval.report.pieces.mrmc_targets import inference_targets, reader_study_methods
from clinval.report.pieces.mrmc_words import cautions

SEX = {"subgroups": {"sex": {"label": "Sex", "field": "sex", "minimum": 12}}}
TRUTHS = [{"id": "T1", "label": "unclear is present", "reference": made.WIDER}]
SPECIFICITY = {"metric": "specificity", "threshold": 4.0, "comparison": "non_inferiority",
               "margin": {"value": 0.05, **kit.MARGIN}}  # fmt: skip
PLACE = {"endpoint": "P1", "analysis_set": "FAS"}


@functools.cache
def analysed(which="auc"):
    """Return protocol, records and series of a study of four readers."""
    declared = {
        "auc": functools.partial(
            made.declared, subgroups=["sex"], study=SEX, truth_versions=TRUTHS
        ),
        "specificity": functools.partial(made.declared, **SPECIFICITY),
    }[which]()
    with kit.data(declared, made.population(gaps=0.02 if which == "auc" else 0.0)) as data:
        recorder = kit.analyze(data, "P1")
    return declared, recorder.records, recorder.series


def view(language="en", which="auc", *, put=(), without=(), **of_endpoint):
    """Return the view of a study, with records put in the place of others, and some taken away."""
    protocol, records, series = analysed(which)
    together = {r.id: r for r in (*records, *put)}
    kept = [r for r in together.values() if not any(name in r.id for name in without)]
    endpoint = protocol.endpoints[0].model_copy(update=of_endpoint)
    return seen(protocol.model_copy(update={"endpoints": (endpoint,)}), kept, series, language)


def word(statistic, value, n=None, **more):
    return Record(id=f"P1.FAS.all.{statistic}", statistic=statistic, value=value, n=n, **PLACE,
                  **more)  # fmt: skip


def blocks_of(view):
    [endpoint] = view.protocol.endpoints
    return [
        *of_kind(endpoint.kind).result(endpoint, view),
        *in_full(endpoint, view),
        *reader_study_methods(view),
        *inference_targets(view),
    ]


def of(blocks, chart):
    return [b.chart for b in blocks if isinstance(b, Figure) and isinstance(b.chart, chart)]


def table(blocks, view, key):
    caption = view.texts(key, endpoint=view.say(view.protocol.endpoints[0].label), set="FAS")
    [found] = [b for b in blocks if isinstance(b, Table) and b.caption == caption]
    return found


def cells(row):
    return [plain(cell) for cell in row.cells]


@pytest.mark.parametrize("which", ["auc", "specificity"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_is_a_record_and_the_pages_hold_it(which, language, tmp_path):
    shown = view(language, which)
    blocks = blocks_of(shown)
    for number in numbers(tuple(blocks)):
        assert shown.results.get(number.record) is not None, number
    for block in blocks:
        if isinstance(block, Table):
            assert len({len(row.cells) for row in block.rows} | {len(block.columns)}) == 1
        if isinstance(block, Figure):
            assert block.alternative
            assert block.records
    path = tmp_path / "study.pdf"
    write(
        Document(
            language=language, title="t", author="a", header="h", footer="f", marks=(),
            blocks=tuple(block for block in blocks if not getattr(block, "anchor", "")),
        ),
        path,
    )  # fmt: skip
    assert wrong(path) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_decision_names_both_arms_and_what_it_is_inferred_to(language):
    for target in ("readers_cases", "cases", "readers"):
        shown = view(language, random=target)
        decision = next(b for b in blocks_of(shown) if isinstance(b, Callout))
        text = plain(decision.text)
        assert shown.texts(f"mrmc.target.{target}") in text
        for name in ("arm=TEST.estimate", "arm=REF.estimate", "all.estimate", "all.readers",
                     "all.diseased", "all.reads"):  # fmt: skip
            record = shown.results[f"P1.FAS.{name}"]
            assert Number(printed(record.value, record.unit, suffix=False), record.id) in runs(
                decision.text
            )
    [endpoint] = shown.protocol.endpoints
    what, estimate, _ = of_kind("mrmc").headline(endpoint, shown)
    assert shown.texts("metric.auc") in what
    assert estimate[0].record == "P1.FAS.all.estimate"


@pytest.mark.parametrize("covariance", ["delong", "jackknife"])
def test_the_table_of_tests_names_the_covariance_that_was_used(covariance):
    shown = view(put=[word("covariance", covariance)])
    tests = [b for b in hypotheses(shown) if isinstance(b, Table)][-1]
    how = cells(tests.rows[0])[-1]
    assert shown.texts(f"mrmc.covariance.{covariance}") in how
    assert how.count("Obuchowski-Rockette") == 1


def test_superiority_is_read_after_non_inferiority():
    shown = view(which="specificity", put=[
        word("verdict", "met"), word("superiority", "not_met"),
        word("superiority_p_value", 0.3141, unit="p"),
    ])  # fmt: skip
    decision = next(b for b in blocks_of(shown) if isinstance(b, Callout))
    assert "non-inferiority: not shown (one-sided p = 0.3141)" in plain(decision.text)
    alone = view(which="specificity", without=["all.superiority"])
    assert "uperiority, read" not in said(blocks_of(alone))


def test_the_unit_of_calls_is_that_of_shares():
    shown = view(which="specificity")
    blocks = blocks_of(shown)
    decision = next(b for b in blocks if isinstance(b, Callout))
    assert "percentage points (95% CI" in plain(decision.text)
    assert "specificity (score ≥ 4)" in plain(decision.text)
    by_reader = table(blocks, shown, "table.mrmc.readers")
    assert [column.header for column in by_reader.columns[2:4]] == ["new [%]", "old [%]"]
    [dots, _] = of(blocks, PairedDots)  # in brief and in full: a curve says nothing of a threshold
    assert dots.factor == 100
    assert dots.axis == "specificity (score ≥ 4) [%]"
    assert dots.margin == pytest.approx(-0.05)


def test_readers_are_drawn_and_listed_with_both_arms():
    shown = view()
    blocks = blocks_of(shown)
    [dots] = of(blocks, PairedDots)
    assert [row.label for row in dots.rows] == [*made.READERS, "All readers"]
    for row in dots.rows[:-1]:
        at = f"P1.FAS.reader={row.label}"
        assert row.test == shown.results[f"{at}+arm=TEST.estimate"].value
        assert row.reference == shown.results[f"{at}+arm=REF.estimate"].value
        assert row.low == shown.results[f"{at}.ci_low"].value
    assert dots.rows[-1].summary
    assert dots.rows[-1].estimate == shown.results["P1.FAS.all.estimate"].value
    listed = table(blocks, shown, "table.mrmc.readers")
    first = cells(listed.rows[0])
    assert first[0] == "R1"
    assert first[1] == str(shown.results["P1.FAS.reader=R1.reads"].value)
    assert first[-1] == printed(shown.results["P1.FAS.reader=R1.p_value"].value, "p")
    assert cells(listed.rows[-1])[-1] == printed(
        shown.results["P1.FAS.all.p_value_difference"].value, "p"
    )


def _many(count):
    """Return records of so many readers, and one of them without a read of the other arm."""
    found = []
    for index in range(count):
        reader = {"reader": f"X{index:02d}"}
        values = {"estimate": index / 100, "ci_low": index / 100 - 0.1, "ci_high": 0.9}
        for name, value in values.items():
            found.append(_reader(reader, name, None if index == 7 else value))
        for arm, value in (("TEST", 0.8), ("REF", None if index == 7 else 0.8 - index / 100)):
            found.append(_reader({**reader, "arm": arm}, "estimate", value))
    return found


def _reader(group, name, value):
    place = "+".join(f"{key}={value}" for key, value in group.items())
    missing = value is None
    return Record(
        id=f"P1.FAS.{place}.{name}", group=group, statistic=name, value=value,
        undefined=missing, reason="no read in one of the two arms" if missing else "", **PLACE,
    )  # fmt: skip


def test_of_very_many_readers_those_furthest_out_are_drawn_and_all_are_listed():
    shown = view(put=_many(50), without=["reader=R"])
    [endpoint] = shown.protocol.endpoints
    blocks = in_full(endpoint, shown, "decision")
    [figure] = [b for b in blocks if isinstance(b, Figure) and isinstance(b.chart, PairedDots)]
    drawn = [row.label for row in figure.chart.rows[:-1]]
    assert len(drawn) == MOST
    assert {"X01", "X49"} <= set(drawn)
    assert "X25" not in drawn
    assert shown.texts("figure.mrmc.readers.cut", shown=MOST, all=50) in figure.notes
    listed = table(blocks, shown, "table.mrmc.readers")
    assert len(listed.rows) == 51
    assert any("X07" in plain(note) for note in listed.notes)  # why it has no difference
    whole = in_full(endpoint, view(put=_many(12), without=["reader=R"]), "decision")
    [figure] = [b for b in whole if isinstance(b, Figure) and isinstance(b.chart, PairedDots)]
    [seventh] = [row for row in figure.chart.rows if row.label == "X07"]
    assert (seventh.test, seventh.reference, seventh.estimate) == (0.8, None, None)
    assert seventh.result == shown.texts("mrmc.row.none")


def test_curves_are_averages_with_those_of_readers_behind_them():
    [roc, _] = of(blocks_of(view()), Roc)  # in brief and in full
    assert [curve.label for curve in roc.curves] == ["new", "old"]
    assert [curve.of for curve in roc.readers] == [0] * 4 + [1] * 4
    assert all(curve.point is None for curve in roc.readers)
    assert "4 readers" in roc.curves[0].area


def test_readers_stand_at_the_threshold_on_their_curves():
    shown = view(which="specificity")
    [roc] = of(blocks_of(shown), Roc)
    arms = ["TEST"] * 4 + ["REF"] * 4
    for curve, arm, reader in zip(roc.readers, arms, made.READERS * 2, strict=True):
        specificity = shown.results[f"P1.FAS.reader={reader}+arm={arm}.estimate"].value
        assert 1 - curve.point.false_positive == pytest.approx(specificity)


# ---------------------------------------------------------------------- what casts doubt

DOUBTS = {
    "below_half": word("below_half", "R1, R3", 2),
    "verdict_by_truth": word("verdict_by_truth", "T1", 1),
    "readers_on_truth_panel": word("readers_on_truth_panel", "R2", 1),
    "washout_short": word("washout_short", 6, 160, unit="rows"),
    "design_as_declared": word("design_as_declared", "no"),
    "missing_reads": word("missing_reads", 11, unit="rows"),
    "negative_variance": word("negative_variance", "var_reader, cov2_minus_cov3", 2),
}
SOUND = (
    *(word(name, "none", 0) for name in ("below_half", "verdict_by_truth",
                                         "readers_on_truth_panel", "negative_variance")),
    word("washout_short", 0, 160, unit="rows"), word("design_as_declared", "yes"),
    word("missing_reads", 0, unit="rows"), word("readers", 12), word("design", "split_plot"),
    word("washout_declared", 28, unit="days"), word("washout_shortest", 9, unit="days"),
)  # fmt: skip
SAID = {
    "below_half": ("R1, R3", "R1、R3"),
    "verdict_by_truth": ("unclear is present", "unclear is present"),
    "readers_on_truth_panel": ("R2", "R2"),
    "washout_short": ("shortest is 9 days", "最短 9 天"),
    "design_as_declared": ("split-plot", "裂区"),
    "missing_reads": ("11 reads", "缺失 11 次"),
    "negative_variance": ("Variance of readers, covariance 2 − covariance 3", "阅片者方差"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_doubt_is_said_where_it_is_one(language):
    sound = view(language, put=SOUND)
    [endpoint] = sound.protocol.endpoints
    assert cautions(endpoint, sound) == []
    for name, record in DOUBTS.items():
        shown = view(language, put=(*SOUND, record))
        text = said(cautions(endpoint, shown))
        assert SAID[name][LANGUAGES.index(language)] in text, name
        [title, bullets] = cautions(endpoint, shown)
        assert title.text[0].text == shown.texts("mrmc.cautions")
        assert len(bullets.items) == 1
        assert text in said(blocks_of(shown))
        weighs = name in ("below_half", "verdict_by_truth", "readers_on_truth_panel",
                          "washout_short")  # fmt: skip
        assert (plain(bullets.items[0]) in said(limits(shown))) == weighs


def test_missing_reads_are_one_doubt_not_two():
    put = (*SOUND, DOUBTS["missing_reads"], DOUBTS["design_as_declared"],
           word("design", "unbalanced"))  # fmt: skip
    shown = view(put=put)
    [_, bullets] = cautions(shown.protocol.endpoints[0], shown)
    assert [plain(item)[:8] for item in bullets.items] == ["11 reads"]


def test_few_readers_are_a_doubt_only_where_other_readers_are_meant():
    shown = view(put=SOUND, without=["all.readers"])
    few = view(put=(*SOUND, word("readers", 4)))
    [endpoint] = few.protocol.endpoints
    assert "Only 4 readers" in said(cautions(endpoint, few))
    fixed = endpoint.model_copy(update={"random": "cases"})
    assert cautions(fixed, few) == []
    assert cautions(endpoint, shown) == []


# ---------------------------------------------------------------------- what stands behind it


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_targets_stand_beside_each_other_with_the_declared_one_marked(language):
    shown = view(language)
    targets = table(inference_targets(shown), shown, "table.mrmc.targets")
    assert [row.summary for row in targets.rows] == [True, False, False]
    assert cells(targets.rows[0])[0].endswith(shown.texts("mrmc.target.declared"))
    for row, target in zip(targets.rows, ("readers_cases", "cases", "readers"), strict=True):
        at = f"P1.FAS.target={target}"
        assert cells(row)[2] == printed(shown.results[f"{at}.se"].value)
        assert cells(row)[-2] == printed(shown.results[f"{at}.p_value"].value, "p")
    verdicts = dict.fromkeys(("all", "target=readers_cases", "target=cases"), "met")
    put = [
        replace(shown.results[f"P1.FAS.{place}.verdict"], value=value)
        for place, value in (verdicts | {"target=readers": "not_met"}).items()
    ]
    differs = view(language, put=put)
    notes = table(inference_targets(differs), differs, "table.mrmc.targets").notes
    name = differs.texts("mrmc.target.name.readers")
    assert differs.texts("mrmc.target.differs", targets=name) in notes


def test_other_methods_are_named_and_the_statistic_has_its_own_degrees_of_freedom():
    shown = view()
    rows = {cells(row)[0]: row for row in
            table(inference_targets(shown), shown, "table.mrmc.methods").rows}  # fmt: skip
    one_shot = cells(rows["U-statistic (Gallas)"])
    assert one_shot[4] == printed(shown.results["P1.FAS.method=u_statistic.df"].value)
    other = replace(shown.results["P1.FAS.method=u_statistic.verdict"], value="undefined")
    notes = table(inference_targets(view(put=[other])), shown, "table.mrmc.methods").notes
    assert shown.texts("mrmc.methods.differs", methods="U-statistic (Gallas)") in notes
    unbiased = cells(rows["Obuchowski-Rockette, unbiased U-statistics"])
    assert unbiased[4] == printed(shown.results["P1.FAS.method=unbiased.df2"].value)


@pytest.mark.parametrize(
    ("policy", "words", "said_of"),
    [
        ("report", "report", {}),
        ("truncate", "truncate", {}),
        ("report", "report.cases", {"random": "cases"}),
        ("report", "report.u_statistic", {"method": "u_statistic"}),
    ],
)
def test_components_have_four_digits_and_negative_ones_say_what_was_done(policy, words, said_of):
    put = (
        DOUBTS["negative_variance"], word("negative_variance_policy", policy),
        word("cov3", -3.16049e-5, unit="variance"),
        word("var_reader", 0.00034661371, unit="variance"),
    )  # fmt: skip
    shown = view(put=put, **said_of)
    components = table(inference_targets(shown), shown, "table.mrmc.components")
    values = {cells(row)[0]: cells(row)[2] for row in components.rows}
    assert values["Covariance 3"] == "−3.160×10⁻⁵"
    assert values["Variance of readers"] == "0.0003466"
    [note, *_] = components.notes
    assert "Variance of readers, covariance 2 − covariance 3" in plain(note)
    assert shown.texts(f"mrmc.method.policy.{words}") in plain(note)


@pytest.mark.parametrize(
    ("said_of", "words", "statistic"),
    [
        ({}, ("unbiased", "weights every reader alike", "Hillis"), "F = "),
        ({"random": "cases"}, ("chi-square and normal",), "chi-square = "),
        ({"random": "readers"}, ("reader × arm",), "F = "),
        ({"method": "u_statistic"}, ("U-statistic", "count by their pairs"), "t = "),
        ({"method": "dorfman_berbaum_metz", "random": "cases"}, ("arm × case",), "chi-square = "),
    ],
)
def test_how_it_was_computed_is_said_in_words(said_of, words, statistic):
    no_df2 = [word("df2", None, undefined=True)] if said_of.get("random") == "cases" else []
    put = (word("covariance", "unbiased"), *no_df2)
    shown = view(put=put, without=["all.df2"] if no_df2 else (), **said_of)
    [endpoint] = shown.protocol.endpoints
    text = plain(method_paragraph(endpoint, shown))
    alike = ("count alike",) if "weights every reader alike" in words else ()
    for part in (*(w for w in words if w != "weights every reader alike"), *alike):
        assert part in text, part
    assert shown.texts(f"mrmc.target.{endpoint.random}") in text
    assert text in said(reader_study_methods(shown))
    tested = plain(result_paragraph(endpoint, shown))
    assert statistic in tested
    assert shown.texts("mrmc.design.unbalanced") in tested


def test_versions_of_the_truth_stand_beside_each_other():
    shown = view()
    rows = table(blocks_of(shown), shown, "table.mrmc.truth").rows
    assert [cells(row)[0] for row in rows] == ["As declared; it decides", "unclear is present"]
    for row, place in zip(rows, ("all", "truth=T1"), strict=True):
        assert cells(row)[1] == str(shown.results[f"P1.FAS.{place}.diseased"].value)
    assert cells(rows[1])[3] == str(shown.results["P1.FAS.truth=T1.changed"].value)


def test_centers_have_their_cases_and_complete_cases_stand_beside_all():
    shown = view()
    blocks = blocks_of(shown)
    sites = table(blocks, shown, "table.mrmc.sites")
    assert [cells(row)[1] for row in sites.rows[:2]] == [
        str(shown.results[f"P1.FAS.site={site}.diseased"].value) for site in made.SITES[:2]
    ]
    [endpoint] = shown.protocol.endpoints
    missing = in_full(endpoint, shown, "missing")
    [complete] = [b for b in missing if isinstance(b, Table)]
    assert shown.texts("mrmc.analysis.complete_cases") in cells(complete.rows[1])


def test_subgroups_have_their_cases_and_both_arms():
    shown = view()
    [endpoint] = shown.protocol.endpoints
    [levels] = [b for b in in_full(endpoint, shown, "subgroups") if isinstance(b, Table)]
    [row] = [row for row in levels.rows if cells(row)[0] == "Female"]
    at = "P1.FAS.subgroup=sex+level=female"
    assert cells(row)[1:5] == [
        printed(shown.results[f"{at}{name}"].value)
        for name in (".n", ".diseased", ".nondiseased", "+arm=TEST.estimate")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_those_who_are_no_experts_read_what_readers_did(language):
    shown = view(language)
    [endpoint] = shown.protocol.endpoints
    meaning = shown.texts("lay.metric.auc")
    assert meaning in said(lay_summary(shown))
    assert meaning in said(of_kind("mrmc").result(endpoint, shown))
    received = Record(id="disposition.all.received", endpoint="disposition", statistic="received",
                      value=42)  # fmt: skip
    text = said(lay_summary(view(language, put=[received])))
    assert str(shown.results["P1.FAS.all.diseased"].value) in text


def test_nothing_is_shown_of_reads_that_say_nothing():
    tables = made.population()
    tables["F07"] = tables["F07"][tables["F07"]["arm"] == "TEST"]
    declared = made.declared(truth_versions=TRUTHS)
    with kit.data(declared, tables) as data:
        recorder = kit.analyze(data, "P1")
    shown = seen(declared, recorder.records, recorder.series)
    blocks = blocks_of(shown)
    decision = next(b for b in blocks if isinstance(b, Callout))
    assert decision.tone == "neutral"
    assert "no read in one of the two arms" in plain(decision.text)


def test_checklists_of_accuracy_are_for_reader_studies_too():
    protocol, _, _ = analysed()
    assert load("stard-2015").applies.unmet(protocol) == ""
    [item] = [item for item in load("claim").items if item.number == "18"]
    assert item.applies.unmet(protocol) == ""


LESIONS = {"use": "F07", "keys": ["subject_id", "arm", "reader_id", "lesion"], "rows": "open",
           "add": [{"id": "lesion", "type": "integer", "label": "Lesion",
                    "required": True}]}  # fmt: skip


def test_targets_are_counted_as_cases():
    tables = made.population()
    twice = [tables["F07"].assign(lesion=number) for number in (1.0, 2.0)]
    tables["F07"] = pd.concat(twice)
    declared = made.declared(forms=("F04", "F05", "F06", LESIONS), target="lesion")
    with kit.data(declared, tables) as data:
        recorder = kit.analyze(data, "P1")
    shown = seen(declared, recorder.records, recorder.series)
    [endpoint] = declared.endpoints
    subjects, cases = (shown.results[f"P1.FAS.all.{name}"].value for name in ("n", "cases"))
    assert cases == 2 * subjects
    blocks = blocks_of(shown)
    decision = next(b for b in blocks if isinstance(b, Callout))
    assert f"{cases} cases" in plain(decision.text)
    line = joined(endpoint, shown, of_kind("mrmc").headline(endpoint, shown))
    assert f"n = {cases} (rows)" in plain(line)
    assert "targets clustered in subjects" in said(reader_study_methods(shown))
