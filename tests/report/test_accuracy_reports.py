"""A study of diagnostic accuracy from its data to its reports."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from pathlib import Path

import accuracy_reports as made
import kit
import pdf_reading as read
import pytest
from test_hard_studies import wrong

from clinval.core.records import Results
from clinval.report.blocks import Figure, NotSupplied, Table, numbers
from clinval.report.checklists import load
from clinval.report.figures import Calibration, DecisionCurve, Roc
from clinval.report.numbers import printed
from clinval.report.pdf import write
from clinval.report.pieces import in_full, of_kind
from clinval.report.pieces.checklists import answer
from clinval.report.pieces.conduct import indeterminate
from clinval.report.pieces.reference import reference_interval, reference_results
from clinval.report.profile import Profile, audiences, compose
from clinval.report.view import View

LANGUAGES = ("en", "zh")


@functools.cache
def study():
    with tempfile.TemporaryDirectory() as folder:
        return made.study(Path(folder))


def view(language="en"):
    protocol, results = study()
    return View(protocol=protocol, results=results, language=language)


def figures(blocks, chart):
    return [b for b in blocks if isinstance(b, Figure) and isinstance(b.chart, chart)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("audience", sorted(audiences()))
def test_every_report_is_made_and_keeps_its_texts_apart_and_inside(audience, language, tmp_path):
    protocol, results = study()
    profile = Profile.load(audience)
    site = protocol.sites[0].id if profile.each_site else ""
    path = tmp_path / "report.pdf"
    write(compose(profile, protocol, results, language, site), path)
    assert wrong(path) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_of_an_agency_prints_the_records(language, tmp_path):
    protocol, results = study()
    path = tmp_path / "fda.pdf"
    write(compose(Profile.load("fda"), protocol, results, language), path)
    said = read.flat(path)
    for name in ("P1.FAS.all.estimate", "P1.FAS.all.ppv", "S2.FAS.all.estimate",
                 "S2.FAS.all.slope", "S3.FAS.test=reference.estimate"):  # fmt: skip
        record = results[name]
        assert printed(record.value, record.unit) in said, name
    for cell in ("tp", "fp", "fn", "tn"):
        assert str(results[f"P1.FAS.all.{cell}"].value) in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_shows_its_pictures_and_every_number_is_a_record(language):
    seen = view(language)
    drawn = {}
    for endpoint in seen.protocol.endpoints:
        blocks = [*in_full(endpoint, seen), *of_kind(endpoint.kind).result(endpoint, seen)]
        drawn[endpoint.id] = blocks
        for number in numbers(tuple(blocks)):
            assert seen.results.get(number.record) is not None, number
        for block in blocks:
            if isinstance(block, Table):
                assert len({len(row.cells) for row in block.rows} | {len(block.columns)}) == 1
            if isinstance(block, Figure):
                assert block.alternative
                assert block.records
    [both, _] = figures(drawn["S3"], Roc)  # in full and in brief
    assert len(both.chart.curves) == 2
    assert all(len(curve.points) == 1 for curve in both.chart.curves)
    [calibration] = figures(drawn["S2"], Calibration)
    assert sum(group.n for group in calibration.chart.groups) == seen.results["S2.FAS.all.n"].value
    [benefit] = figures(drawn["S2"], DecisionCurve)
    assert [len(line.benefit) for line in benefit.chart.lines] == [99, 99, 99]
    [roc, _] = figures(drawn["S2"], Roc)
    point = roc.chart.curves[0].points[0]
    record = seen.results["S2.FAS.threshold=0.3.sensitivity"]
    assert point.true_positive == record.value
    low = seen.results["S2.FAS.threshold=0.3.specificity_ci_high"].value
    assert point.false_positive_limits[0] == pytest.approx(1 - low)


def test_indeterminate_calls_are_shown_in_each_way_with_the_declared_one_marked():
    seen = view()
    endpoint = seen.protocol.endpoint("P1")
    [table] = [b for b in of_kind(endpoint.kind).aspect(endpoint, seen, "missing")
               if isinstance(b, Table)]  # fmt: skip
    ways = [row.cells[0] for row in table.rows]
    assert len(ways) == 4
    [declared] = [way for way in ways if "declared" in way]
    assert declared.startswith("wrong")


def test_indeterminate_calls_stand_among_the_results_that_are_none():
    seen = view()
    [table] = [block for block in indeterminate(seen) if isinstance(block, Table)]
    said = {
        (row.cells[0][0].text, row.cells[3][0].record): row.cells[4]
        for row in table.rows
        if row.cells[3][0].record.endswith(".indeterminate")
    }
    assert set(said) == {
        ("P1", "P1.FAS.all.indeterminate"), ("S4", "S4.FAS.all.indeterminate"),
    }  # fmt: skip
    assert said["P1", "P1.FAS.all.indeterminate"].endswith("wrong, whatever the truth")


def _answers(protocol, results):
    """Return how STARD is answered in the report of an agency, item by item."""
    from clinval.report import profile as composing

    kept = {}
    original = composing._composed

    def spy(*arguments):
        kept["composed"] = original(*arguments)
        return kept["composed"]

    composing._composed = spy
    try:
        compose(Profile.load("fda"), protocol, results, "en")
    finally:
        composing._composed = original
    seen = View(protocol=protocol, results=results, language="en")
    items = load("stard-2015").items
    return {item.number: answer(item, seen, kept["composed"]).kind for item in items}


def test_stard_is_filled_from_the_run():
    protocol, results = study()
    found = _answers(protocol, results)
    for number in ("5", "10b", "12b", "14", "15", "16", "19", "20", "22", "23", "24"):
        assert found[number] == "answered", number
    # what the sponsor has to say is not made up
    assert found["6"] == found["9"] == "not_supplied"
    without = Results(
        provenance=results.provenance,
        records=tuple(r for r in results.records if not r.statistic.startswith("days_")),
        series=results.series,
    )
    assert _answers(protocol, without)["22"] == "not_supplied"
    [block] = reference_interval(replace(view(), results=without))
    assert isinstance(block, NotSupplied)


def test_the_rules_of_the_reference_are_printed_once():
    seen = view()
    [table] = reference_results(seen)
    rules = [note for note in table.notes if "reference_result ==" in str(note)]
    assert len(rules) == 1
    assert 'reference_result == "positive"' in rules[0]
    assert [row.cells[2][0].record for row in table.rows] == [
        f"{name}.FAS.all.reference_positive" for name in ("P1", "S2", "S4")
    ]


def test_a_study_of_few_is_reported_without_numbers_that_do_not_exist(tmp_path):
    """Nobody has the condition at one center, and scores separate the classes."""
    protocol, results = made.study(tmp_path / "study", seed=3, sizes={"S01": 4, "S02": 2})
    for audience in ("fda", "nmpa", "site"):
        profile = Profile.load(audience)
        site = "S02" if profile.each_site else ""
        path = tmp_path / f"{audience}.pdf"
        write(compose(profile, protocol, results, "en", site), path)
        assert wrong(path) == [], audience


def test_the_kit_checks_every_record():
    kit.check(study()[1].records)
