"""The demonstration: a whole study from its recipe to its PDFs."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil

import pypdfium2
import pytest
from click.testing import CliRunner

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.app.library import recipe
from clinval.app.reporting import report
from clinval.app.status import status
from clinval.cli.checks import deviations
from clinval.cli.value import roi
from clinval.core.errors import ReportError
from clinval.core.i18n import catalogue
from clinval.core.records import Results
from clinval.core.resources import folder
from clinval.study.store import StudyStore
from clinval.study.study_checks import study_findings


def pages(path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    return [page.get_textpage().get_text_range() for page in document]


def test_six_sites_in_three_countries_come_back(demonstration):
    protocol = demonstration.folder.protocol()
    assert len({site.country for site in protocol.sites}) == 3
    assert [i.receipt.status for i in demonstration.ingested] == ["accepted"] * 6


def test_mistakes_are_found_in_two_workbooks_and_nowhere_else(demonstration):
    faulty = {i.receipt.site for i in demonstration.ingested if i.defects}
    assert faulty == {mistake["site"] for mistake in recipe("dl-mri-fast")["mistakes"]}
    assert len(faulty) == 2


def test_the_study_as_a_whole_is_asked_nothing_beyond(demonstration):
    protocol = demonstration.folder.protocol()
    with StudyStore(demonstration.folder.store_path, protocol.study.id) as store:
        assert study_findings(protocol, store) == []


def test_deviations_stand_with_the_sets_of_their_subjects(demonstration):
    study = str(demonstration.folder.root)
    ran = CliRunner().invoke(deviations, ["--study", study])
    assert ran.exit_code == 0, ran.output
    assert re.search(r"S01-012 .* major +recorded +FAS, SAF ", ran.output)
    log = json.loads(CliRunner().invoke(deviations, ["--study", study, "--json"]).output)
    assert [each["recorded"] for each in log] == [True] * 3


def test_each_mistake_is_named_in_its_sheet(demonstration):
    for mistake in recipe("dl-mri-fast")["mistakes"]:
        [ingested] = [i for i in demonstration.ingested if i.receipt.site == mistake["site"]]
        places = [d.problem.place for d in ingested.defects]
        assert any(place.sheet == mistake["form"] for place in places), mistake


def test_the_pdfs_are_those_the_protocol_asks_for(demonstration):
    names = [path.name for path in demonstration.reports]
    of_sites = [f"site.S{n:02d}.{code}.pdf" for code in ("en", "zh") for n in range(1, 7)]
    dossiers = ["hospital.en.pdf", "hospital.zh.pdf"]
    assert names == ["fda.en.pdf", "eu.en.pdf", "nmpa.zh.pdf", *dossiers, *of_sites]


def test_every_page_says_that_the_data_are_made_up(demonstration):
    for path in demonstration.reports:
        words = "虚构数据" if path.name.endswith("zh.pdf") else "SYNTHETIC DATA"
        assert all(words in text for text in pages(path)), path.name


@pytest.mark.release
def test_the_pdfs_keep_to_the_standards_of_archives_and_for_all_readers(demonstration):
    from vera import verdicts

    for path, found in verdicts(demonstration.reports).items():
        assert [one.broken for one in found] == [(), ()], path.name
        assert found[1].flavour == "ua1"


def test_exclusions_add_up_to_the_total(demonstration):
    results = Results.load(demonstration.folder.results_path)
    for name, declared in demonstration.folder.protocol().analysis_sets.items():
        excluded = sum(
            results[f"disposition.{name}.all.excluded.{k}"].value
            for k in range(len(declared.exclude))
        )
        candidates = results[f"disposition.{name}.all.candidates"].value
        assert results[f"disposition.{name}.all.n"].value == candidates - excluded


def test_a_second_analysis_changes_no_byte(demonstration):
    before = demonstration.folder.results_path.read_bytes()
    analyze(demonstration.folder)
    assert demonstration.folder.results_path.read_bytes() == before


def test_rows_behind_the_numbers_lie_beside_the_results(demonstration):
    rows = demonstration.folder.results / "rows" / "analysis_sets.csv"
    results = Results.load(demonstration.folder.results_path)
    lines = rows.read_text().splitlines()
    assert len(lines) - 1 == results["disposition.all.received"].value


def test_results_are_one_record_a_line(demonstration):
    lines = demonstration.folder.results_path.read_text().splitlines()
    of_records = [line for line in lines if line.startswith('{"') and '"statistic"' in line]
    records = [json.loads(line.rstrip(",")) for line in of_records]
    assert len(records) == len(Results.load(demonstration.folder.results_path).records)


@pytest.mark.parametrize("site", ["S03", "S05"])
def test_status_counts_what_is_open(demonstration, site):
    [found] = [s for s in status(demonstration.folder).sites if s.site == site]
    [ingested] = [i for i in demonstration.ingested if i.receipt.site == site]
    errors = [d for d in ingested.defects if d.problem.severity == "error"]
    assert found.not_accepted == len(errors)
    assert found.held == ingested.receipt.held


def test_the_two_languages_print_the_same_numbers(demonstration):
    """Numbers come from records only, so the languages cannot differ; verdicts are worded."""
    from collections import Counter

    from clinval.report.blocks import numbers
    from clinval.report.profile import Profile, compose

    protocol = demonstration.folder.protocol()
    results = Results.load(demonstration.folder.results_path)
    for profile in map(Profile.load, ("fda", "eu", "nmpa", "hospital")):
        printed = [
            Counter(
                (number.record, "" if isinstance(value, bool | str) else number.text)
                for number in numbers(compose(profile, protocol, results, code).blocks)
                for value in [results[number.record].value]
                if value is not None
            )
            for code in ("en", "zh")
        ]
        assert printed[0] == printed[1]
        assert len(printed[0]) > 300


def test_every_printed_number_has_its_record(demonstration):
    from clinval.report.blocks import numbers
    from clinval.report.numbers import power_of_ten, printed
    from clinval.report.profile import Profile, compose

    protocol = demonstration.folder.protocol()
    results = Results.load(demonstration.folder.results_path)
    words = set(catalogue(folder("reports") / "text" / "en.yaml").values())
    for audience in ("fda", "eu", "nmpa", "hospital"):
        document = compose(Profile.load(audience), protocol, results, "en")
        for number in numbers(document.blocks):
            record = results[number.record]
            if number.text in ("", record.id) or record.undefined:
                continue
            if isinstance(record.value, bool | str) and number.text in words:
                continue  # a verdict, in the words of the report
            forms = {
                printed(value, record.unit, suffix=suffix)
                for value in (record.value, record.n)
                for suffix in (True, False)
            } | {printed(record.n, "subjects")}
            if record.statistic == "second_engine_difference":  # it is nearly 0
                forms = {power_of_ten(record.value)}
            assert number.text in forms, (number, record)


def test_a_finance_department_that_answers_on_its_form_has_its_case(demonstration, tmp_path):
    results = Results.load(demonstration.folder.results_path)
    protocol = demonstration.folder.protocol()
    assert list(protocol.economics.left_to_form) == ["S05"]
    assert results.get("inputs.site=S05.finance_form").value == "answered"
    # 40,500 EUR at 0.9 EUR a USD
    licence = results.get("inputs.site=S05.licence_and_service_per_year")
    assert (licence.value, licence.unit) == (pytest.approx(45_000), "USD")
    assert results.get("V1.FAS.site=S05.npv").value is not None
    # the claims of the library entry, each by the limit that decides
    claims = {name: results.get(f"claims.FAS.claim={name}.decision").value for name in ("C1", "C2")}
    assert claims == {"C1": "shown", "C2": "estimate_only"}

    file = tmp_path / "own.pdf"
    study = str(demonstration.folder.root)
    asked = ["--study", study, "--site", "S05", "--set", "volume=36", "--pdf", str(file)]
    ran = CliRunner().invoke(roi, asked)
    assert ran.exit_code == 0, ran.output
    npv = results.get("V1.FAS.site=S05.npv").value
    shown = f"{npv:,.0f}".replace("-", "\u2212")
    assert shown in ran.output
    text = " ".join(pages(file))
    assert shown in text
    assert "SYNTHETIC DATA" in text
    assert "OWN NUMBERS" in text


def test_each_result_that_decides_was_computed_twice(demonstration):
    results = Results.load(demonstration.folder.results_path)
    words = {
        (record.endpoint, record.analysis_set): record.value
        for record in results.where(statistic="second_engine")
    }
    decided = {
        (record.endpoint, record.analysis_set)
        for record in results.where(statistic="verdict", group={})
        if record.value != "none"
    }
    assert words == dict.fromkeys(words, "agrees")
    assert decided <= set(words)
    maps = [series.id for series in results.series if series.id.endswith("tipping_map")]
    assert {"P1.FAS.tipping_map", "P1.PPS.tipping_map"} <= set(maps)


def test_engines_that_disagree_stop_every_report(demonstration, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(demonstration.folder.root, root)
    folder = StudyFolder(root)
    results = Results.load(folder.results_path)
    records = [
        dataclasses.replace(record, value="disagrees")
        if record.id == "P1.FAS.all.second_engine"
        else record
        for record in results.records
    ]
    dataclasses.replace(results, records=tuple(records)).save(folder.results_path)
    with pytest.raises(ReportError) as stopped:
        report(folder)
    assert [problem.kind for problem in stopped.value.problems] == ["engines-disagree"]
    assert "P1 (FAS)" in stopped.value.problems[0].line("en")
