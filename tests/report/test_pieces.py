"""What the pieces of a report say: one result, one name, one unit, and nothing that is not so."""

from __future__ import annotations

import dataclasses

import business
import kit
import pytest
from test_undefined_numbers import (
    differing,
    good,
    money,
    reads,
    results_of,
    scans,
    scored,
    timed,
    varied,
    view_of,
)

from clinval.core.i18n import LANGUAGES
from clinval.core.records import Record, Results
from clinval.endpoints.decisions import decisions
from clinval.endpoints.declared import declared
from clinval.protocol.base import Text
from clinval.report.blocks import (
    Contents,
    Figure,
    Heading,
    Number,
    PageBreak,
    Paragraph,
    Table,
    _texts,
    runs,
)
from clinval.report.composed import Composed
from clinval.report.numbers import interval, printed
from clinval.report.pieces import in_full, of_kind
from clinval.report.pieces.common import verdict_of
from clinval.report.pieces.events import safety
from clinval.report.pieces.hypotheses import hypotheses
from clinval.report.pieces.integrity import cautions, limits
from clinval.report.pieces.methods import methods_used
from clinval.report.pieces.population import counts_by_site
from clinval.report.pieces.records import records
from clinval.report.pieces.summary import at_a_glance, claims, conclusions, key_figures
from clinval.report.profile import Profile, compose
from clinval.report.view import View

SHA = "0" * 64
PROVENANCE = {
    "synthetic": False, "study": "S", "seed": 1, "software": {"clinval": "0"},
    "protocol": {"version": "1.0", "date": "2026-01-01", "sha256": SHA},
    "data": {"version": 1, "state": "locked", "sha256": SHA, "files": []},
    "audit": {"entries": 1, "head": SHA},
}  # fmt: skip


def analysed(study, language="en"):
    """Return the view of a study's protocol and tables, analysed."""
    protocol, tables = study
    records, series = [], []
    with kit.data(protocol, tables) as found:
        for endpoint in protocol.endpoints:
            recorder = kit.analyze(found, endpoint.id)
            records += recorder.records
            series += recorder.series
    records += declared(protocol) + decisions(protocol, records)
    return seen(protocol, records, series, language)


def seen(protocol, records, series=(), language="en", **provenance):
    """Return the view of records."""
    results = Results(
        provenance=PROVENANCE | provenance, records=tuple(records), series=tuple(series)
    )
    return View(protocol=protocol, results=results, language=language)


def result(view, *, brief=False):
    [endpoint] = view.protocol.endpoints
    return of_kind(endpoint.kind).result(endpoint, view) if brief else in_full(endpoint, view)


def said(blocks):
    return "\n".join("".join(map(plain, _texts(block))) + notes_of(block) for block in blocks)


def plain(rich):
    return "".join(run if isinstance(run, str) else run.text for run in runs(rich))


def notes_of(block):
    return getattr(block, "title", "") + getattr(block, "alternative", "")


# ---------------------------------------------------------------------- what was to be shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_was_to_be_shown_nothing_is_undecided(language):
    view = analysed(scored(varied), language)
    assert view.results["P1.claim"].value == "undefined"
    texts = view.texts
    for block in (claims(view)[0], claims(view)[1], *conclusions(view), *at_a_glance(view)):
        for word in ("claim.undefined", "claim.study.undefined", "verdict.undefined"):
            assert texts(word) not in said([block])
    assert claims(view)[0].title == texts("claim.study.none")
    assert texts("claim.none") in said(claims(view))
    assert texts("margin.none") not in said(hypotheses(view))


def test_an_undefined_interval_of_a_hypothesis_is_undecided():
    view = view_of("means, one subject", "en")
    assert claims(view)[0].title == view.texts("claim.study.undefined")
    assert "undecided" in said(at_a_glance(view))


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        (("met", "not_met"), "not_met"),
        (("met", "met"), "met"),
        (("not_met", "undefined"), "undefined"),
        (("none",), "none"),
        ((), "none"),
    ],
)
def test_the_verdict_of_several_pairs_is_the_worst(verdicts, worst):
    view = analysed(scored(varied))
    [endpoint] = view.protocol.endpoints
    found = [
        Record(id=f"P1.{number}", endpoint="P1", analysis_set="FAS", statistic="verdict",
               group={"readers": f"R{number}"}, value=value)
        for number, value in enumerate(verdicts)
    ]  # fmt: skip
    alone = dataclasses.replace(
        Record(id="P1.S01", endpoint="P1", statistic="verdict", value="undefined"),
        analysis_set="FAS", group={"site": "S01"},
    )  # fmt: skip
    assert verdict_of(endpoint, seen(view.protocol, [*found, alone])) == worst


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_result_in_one_line_names_level_set_and_n(language):
    view = analysed(timed(scans({"S01": 6, "S02": 6}, differing)), language)
    level = view.texts("table.interval", level="95%")
    for blocks in (claims(view), conclusions(view)):
        assert level in said(blocks)
        assert "FAS" in said(blocks)
        assert "n = " in said(blocks)
    assert view.texts("effect.difference", unit=view.texts("unit.s")) in said(result(view))


# ---------------------------------------------------------------------- names and units


@pytest.mark.parametrize("name", ["kappa, a constant reader", "ICC, all alike"])
def test_pictures_and_tables_of_pairs_have_names_of_their_own(name):
    view = view_of(name, "en")
    captions = [b.caption for b in result(view) if isinstance(b, Figure | Table)]
    assert len(set(captions)) == len(captions)


def test_room_time_is_saved_in_minutes_and_draws_are_no_confidence_interval():
    view = analysed(money(business.population(1)))
    *_, room, invest = view.protocol.endpoints
    assert " min less (95% CI " in said(of_kind(room.kind).result(room, view))
    case = said(of_kind(invest.kind).result(invest, view))
    assert "95% of the draws: " in case
    assert " CI" not in case
    assert "not discounted" in case
    details = [plain(figure.detail) for figure in key_figures(view)[0].items]
    assert [detail.split(" ")[1] for detail in details] == ["CI", "CI", "of"]
    assert "no confidence interval" in said(at_a_glance(view))


def test_percentages_differ_by_percentage_points():
    seconds = analysed(timed(scans({"S01": 5}, differing)))
    records = [
        dataclasses.replace(record, unit={"s": "percent"}.get(record.unit, record.unit))
        for record in seconds.results.records
    ]
    text = said(result(seen(seconds.protocol, records)))
    assert "Difference of means, test − reference [percentage points]: " in text
    assert "lies below 30.0 percentage points" in text


def test_rows_are_not_called_subjects():
    study = good(reads({"S01": 3, "S02": 4}, varied, ("TEST",)), combine="each",
                 method="ratio_estimator")  # fmt: skip
    view = analysed(study)
    rows = view.results["P1.FAS.all.trials"]
    assert rows.unit == "rows"
    assert f" of {rows.value} rows: " in said(result(view))
    assert f"FAS, n = {rows.value} (rows)" in said(claims(view))


@pytest.mark.parametrize(("low", "told"), [(-0.01, True), (0.0, False)])
def test_a_limit_beyond_all_and_nothing_is_explained(low, told):
    view = analysed(good(reads({"S01": 4}, varied, ("TEST",))))
    records = [
        dataclasses.replace(record, value=low) if record.statistic == "ci_low" else record
        for record in view.results.records
    ]
    assert (view.texts("goal.beyond") in said(result(seen(view.protocol, records)))) == told


@pytest.mark.parametrize("language", LANGUAGES)
def test_readers_without_two_common_images_have_no_picture_and_are_told_why(language):
    def score(number, reader):
        return None if reader == "R3" and number > 0 else varied(number, reader)

    tables = reads({"S01": 6, "S02": 5}, score, ("TEST",))
    view = analysed(scored(score, tables, coefficient="icc", method="reml"), language)
    notes = said(result(view))
    pictures = [b for b in result(view) if isinstance(b, Figure) and b.anchor.endswith(".limits")]
    assert len(pictures) == 1  # R1 and R2
    reason = view.texts.reason("fewer than two images rated by both readers")
    for first, second in (("R1", "R3"), ("R2", "R3")):
        text = view.texts("limits.refused", first=first, second=second, reason=reason)
        assert text in notes


def test_a_row_without_an_estimate_is_short_and_explained_below():
    view = view_of("kappa, one category", "en")
    forest = next(b for b in result(view) if isinstance(b, Figure) and "forest" in b.anchor)
    assert {row.result for row in forest.chart.rows} <= {"no estimate", "no subjects"}
    assert any("expected agreement is 1, so the coefficient is 0/0" in str(n) for n in forest.notes)


# ---------------------------------------------------------------------- counts and limits


def disposition(**values):
    return tuple(
        Record(id=f"disposition.all.{name}", endpoint="disposition", statistic=name, value=value,
               unit="rows")
        for name, value in values.items()
    )  # fmt: skip


def test_limits_name_what_was_held_back_and_the_worst_first():
    protocol, _ = results_of("means, one subject")
    records = disposition(**{"open.error": 2, "open.query": 1, "held.F05": 3})
    view = seen(protocol, records, synthetic=True)
    text = said(limits(view))
    assert text.index("made up") < text.index("not accepted") < text.index("yet to confirm")
    assert "held back" in text
    assert "made up" in said(cautions(view))
    assert cautions(seen(protocol, ())) == []


def test_a_form_without_rows_is_said_in_one_line():
    protocol, _ = results_of("means, one subject")
    form = protocol.form("F05")
    records = disposition(**{"rows.F05": 0, "events.F05.repeated.yes": 0})
    view = seen(protocol, records)
    blocks = safety(view)
    assert not any(isinstance(block, Table) for block in blocks)
    assert f"{view.say(form.name)}: nothing was reported" in said(blocks)


def test_names_of_many_sets_may_be_broken():
    protocol, _ = results_of("means, one subject")
    sets = {f"FAS_{n}": protocol.analysis_sets["FAS"] for n in range(6)}
    many = protocol.model_copy(update={"analysis_sets": sets})
    [table] = counts_by_site(seen(many, ()))
    assert table.dense
    assert [c.header.replace("\u200b", "") for c in table.columns[3:]] == list(sets)


# ---------------------------------------------------------------------- appendix


def test_a_record_names_its_method_by_the_number_in_the_table_of_methods():
    view = analysed(timed(scans({"S01": 6, "S02": 6}, differing)))
    numbers = {row.cells[4]: row.cells[0] for row in methods_used(view)[0].rows}
    every = tuple(Number("", record.id) for record in view.results.records)
    _, table = records(view, Composed([Paragraph(text=every)]))
    for record, row in zip(view.results.records, table.rows, strict=True):
        assert row.cells[0] == (Number(record.id, record.id),)
        assert row.cells[4] == numbers.get(record.method, "")


@pytest.mark.parametrize("name", ["means, two centers", "kappa, a constant reader"])
def test_the_numbers_of_figures_are_in_the_appendix(name):
    view = view_of(name, "en")
    drawn = {record for b in result(view) if isinstance(b, Figure) for record in b.records}
    assert all(b.records for b in result(view) if isinstance(b, Figure))
    wanted = [r.id for r in view.results.records if r.statistic.startswith("count.")]
    assert wanted or "P1.FAS.all.ci_low" in drawn
    assert set(wanted) <= drawn


def test_large_numbers_of_the_appendix_are_those_of_the_text():
    record = Record(id="V1.npv", endpoint="V1", statistic="npv", value=1370208.7, unit="EUR")
    protocol, _ = results_of("means, one subject")
    view = seen(protocol, [record])
    [row] = records(view, Composed([Paragraph(text=(Number("", record.id),))]))[1].rows
    assert row.cells[1] == printed(record.value, "EUR").replace(",", "")


# ---------------------------------------------------------------------- words


def test_an_interval_in_chinese_is_not_taken_for_a_minus():
    assert interval("−3", "−1", "zh") == "−3～−1"
    assert interval("−3", "−1", "en") == "−3 to −1"


def test_a_small_number_is_not_printed_as_zero():
    assert printed(0.00034) == "0.0003"
    assert printed(-0.00034) == "−0.0003"
    assert printed(0.0) == printed(1e-12) == "0.000"


def test_a_folded_chinese_text_has_no_spaces_in_it():
    view = view_of("means, one subject", "zh")
    assert view.say(Text(en="a", zh="第一句。 第二句 MRI 检查")) == "第一句。第二句 MRI 检查"


def test_endpoints_stand_below_their_section_and_a_short_report_has_no_empty_page():
    view = analysed(timed(scans({"S01": 6, "S02": 6}, differing)))
    documents = {
        audience: compose(Profile.load(audience), view.protocol, view.results, "en")
        for audience in ("fda", "hospital")
    }
    levels = {
        audience: {b.anchor: b.level for b in document.blocks if isinstance(b, Heading)}
        for audience, document in documents.items()
    }
    assert levels["fda"]["section.primary"] == 2
    assert levels["fda"]["result.P1"] == 3
    assert levels["hospital"]["result.P1"] == 2
    for audience, follows in (("fda", True), ("hospital", False)):
        blocks = documents[audience].blocks
        place = next(i for i, block in enumerate(blocks) if isinstance(block, Contents))
        assert isinstance(blocks[place + 1], PageBreak) == follows
