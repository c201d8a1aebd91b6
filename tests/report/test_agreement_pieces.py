"""What reports show of agreement: panels, pairs that are cut, ratings unused, limits, repeats."""

from __future__ import annotations

import itertools

import hard_studies as hard
import kit
import numpy as np
import pandas as pd
import pytest

from clinval.core.i18n import LANGUAGES
from clinval.core.records import Results
from clinval.endpoints.declared import declared
from clinval.report.blocks import Callout, Figure, NotSupplied, Paragraph, Table, _texts, runs
from clinval.report.figures import AgreementMatrix, BlandAltman, Forest
from clinval.report.pieces import in_full, of_kind
from clinval.report.pieces.conduct import repeatability
from clinval.report.pieces.effect import metric_name
from clinval.report.pieces.raters import rating_numbers
from clinval.report.view import View

SITES = ("S01", "S02")
SCORES = {"id": "P1", "kind": "reader_agreement", "form": "F07", "measure": "image_quality",
          "coefficient": "kappa", "method": "cohen"}  # fmt: skip
SESSIONS = [
    "F04", "F05", {"use": "F07", "keys": ["subject_id", "arm", "reader_id", "session"]},
]  # fmt: skip


def tables(readers, sessions=(1.0,), sizes=(9, 7), seed=1):
    draw = np.random.default_rng(seed)
    people = kit.enrolled(dict(zip(SITES, sizes, strict=True)))
    reads, scans = [], []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        truth, size = draw.integers(1, 5), draw.normal(300, 50)
        for arm in ("TEST", "REF"):
            row = {"site_id": site, "subject_id": subject, "arm": arm}
            scans.append(row | {"scan_time_s": float(round(size + draw.normal(0, 15)))})
            reads += [
                row
                | {"reader_id": reader, "session": session,
                   "image_quality": float(np.clip(truth + draw.integers(-1, 2), 1, 5)),
                   "reading_time_s": float(round(size + draw.normal(0, 15)))}
                for reader, session in itertools.product(readers, sessions)
            ]  # fmt: skip
    return {"F04": people, "F05": pd.DataFrame(scans), "F07": pd.DataFrame(reads)}


def view(language, *endpoints, readers=3, forms=("F04", "F05", "F07"), **data):
    names = tuple(f"R{number:02d}" for number in range(1, readers + 1))
    protocol = kit.protocol(
        design="crossed_readers", sites=SITES, readers=names, forms=list(forms),
        endpoints=endpoints,
    )  # fmt: skip
    records, series = [], []
    with kit.data(protocol, tables(names, **data)) as found:
        for endpoint in protocol.endpoints:
            recorder = kit.analyze(found, endpoint.id)
            records += recorder.records
            series += recorder.series
    results = Results(
        provenance={"synthetic": True}, records=(*records, *declared(protocol)),
        series=tuple(series),
    )  # fmt: skip
    return View(protocol=protocol, results=results, language=language)


def shown(seen, which=None):
    [endpoint, *_] = seen.protocol.endpoints
    return in_full(endpoint, seen, *([which] if which else []))


def of(blocks, chart):
    return [block for block in blocks if isinstance(block, Figure) and type(block.chart) is chart]


def table(blocks, caption):
    [found] = [b for b in blocks if isinstance(b, Table) and caption == b.caption]
    return found


def said(text):
    return "".join(run if isinstance(run, str) else run.text for run in runs(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_kappa_never_stands_without_its_panel(language):
    seen = view(language, SCORES)
    blocks = shown(seen, "decision")
    panel = table(blocks, seen.texts("table.panel", endpoint="P1", set="FAS"))
    assert [said(row.cells[0]) for row in panel.rows] == ["R01/R02", "R01/R03", "R02/R03"]
    headers = [column.header for column in panel.columns]
    for call in ("kappa.cohen", "kappa.gwet", "kappa.brennan_prediger"):
        assert seen.texts.method(call)["name"] in headers
    by_category = table(blocks, seen.texts("table.by_category", endpoint="P1", set="FAS"))
    assert len(by_category.rows) == 3 * 5
    first = seen.value("P1", "specific_agreement", {"readers": "R01+R02", "category": "1"},
                       set_id="FAS")  # fmt: skip
    assert said(by_category.rows[0].cells[2]) == f"{first:.1%}"
    assert len(of(blocks, AgreementMatrix)) == 3
    [pairs] = of(blocks, Forest)
    assert [row.summary for row in pairs.chart.rows] == [False, False, False, True]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_has_both_intervals_and_says_whose_images_they_are(language):
    seen = view(language, SCORES, {**SCORES, "id": "S1", "interval": "bootstrap"})
    for endpoint, key in zip(seen.protocol.endpoints, ("bootstrap", "analytic"), strict=True):
        [coefficients, *_] = [
            b for b in in_full(endpoint, seen, "decision") if isinstance(b, Table)
        ]
        level = "95%"
        headers = [column.header for column in coefficients.columns]
        assert seen.texts(f"agreement.interval.{key}", level=level) in headers
        notes = [said(note) for note in coefficients.notes]
        clustered = seen.texts("agreement.clustered", images="32", patients="16")
        assert clustered in notes
        assert said(coefficients.rows[-1].cells[0]).startswith("R01/R02/R03")
        assert coefficients.rows[-1].summary


@pytest.mark.parametrize("readers", [5, 13])
def test_what_is_printed_does_not_grow_with_the_pairs(readers):
    seen = view("en", SCORES, readers=readers)
    blocks = shown(seen)
    [coefficients, *_] = [b for b in blocks if isinstance(b, Table)]
    pairs = readers * (readers - 1) // 2
    assert len(coefficients.rows) == min(pairs, 12) + 1
    cut = seen.texts("agreement.cut", shown=12, all=pairs)
    assert (cut in [said(n) for n in coefficients.notes]) == (pairs > 12)
    estimates = [seen.results[runs(row.cells[2])[0].record].value for row in coefficients.rows[:-1]]
    if pairs > 12:  # those that agree least
        every = sorted(
            record.value
            for record in seen.results.where(endpoint="P1", statistic="estimate")
            if set(record.group) == {"readers"}
        )
        assert estimates == every[:12]
    assert len(of(blocks, AgreementMatrix)) == (6 if pairs <= 10 else 0)
    assert len(of(shown(seen, "sites"), Forest)) == 2  # of all readers together, and without each
    text = " ".join(said(text) for block in blocks for text in _texts(block))
    assert ("R01/R02/R03/R04/R05/R06" in text) is False


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_with_his_own_sessions(language):
    endpoint = {**SCORES, "replicate": "session", "between": "sessions"}
    seen = view(language, endpoint, forms=SESSIONS, sessions=(1.0, 2.0))
    blocks = shown(seen, "decision")
    [coefficients, *_] = [b for b in blocks if isinstance(b, Table)]
    label = seen.texts("agreement.sessions", reader="R01", sessions="1/2")
    assert said(coefficients.rows[0].cells[0]) == label
    matrix = of(blocks, AgreementMatrix)[0].chart
    assert matrix.row_title == seen.texts("agreement.session", reader="R01", session="1")
    assert matrix.column_title == seen.texts("agreement.session", reader="R01", session="2")
    [text] = repeatability(seen)
    assert isinstance(text, Paragraph)
    assert said(text.text) == seen.texts("repeatability.repeats", endpoints="P1 P1")


def test_where_nothing_measures_repeats_the_page_says_so():
    first, second = repeatability(view("en", SCORES))
    assert isinstance(first, NotSupplied)
    assert "P1" in said(second.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_readers_images_and_ratings_as_analysed(language):
    seen = view(language, {**SCORES, "where": 'arm == "TEST"'}, {**kit.QUALITY, "id": "S1"})
    [numbers] = rating_numbers(seen)
    [row] = numbers.rows  # a comparison of proportions has no readers
    assert [said(cell) for cell in row.cells[1:6]] == ["3", "16", "16", "1", "48"]
    assert seen.texts("unused.left_out") in said(row.cells[6])
    assert "48" in said(row.cells[6])
    counts = table(shown(seen, "counts"), seen.texts("table.unused", endpoint="P1", set="FAS"))
    values = {said(row.cells[0]): said(row.cells[1]) for row in counts.rows}
    assert values.pop(seen.texts("unused.left_out")) == "48"
    assert set(values.values()) == {"0"}


LIMITS = {"id": "P1", "kind": "method_comparison", "form": "F05", "measure": "scan_time_s",
          "method": "exact", "regression": "deming"}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [200.0, 5.0])
def test_limits_of_agreement_against_a_clinical_limit(language, value):
    seen = view(language, {**LIMITS, "goal": {"value": value, **kit.MARGIN}})
    blocks = shown(seen, "decision")
    [decision] = [b for b in blocks if isinstance(b, Callout)]
    met = value > 100
    assert decision.tone == ("good" if met else "bad")
    [figure] = of(blocks, BlandAltman)
    assert figure.chart.accepted == (-value, value)
    assert figure.chart.subject == ()  # a pair a subject: nothing to link
    assert f"{value:.0f}" in figure.alternative
    beside = table(blocks, seen.texts("table.method_beside", endpoint="P1", set="FAS"))
    names = [said(row.cells[0]) for row in beside.rows]
    for line in ("concordance", "coverage_probability", "proportional_bias", "slope"):
        assert seen.texts(f"method.line.{line}", unit="") in names
    of_site = table(shown(seen, "counts"), seen.texts("table.method_sites", endpoint="P1",
                                                      set="FAS"))  # fmt: skip
    assert len(of_site.rows) == 3
    what, estimate, interval = of_kind("method_comparison").headline(seen.protocol.endpoints[0],
                                                                     seen)  # fmt: skip
    assert said(estimate) != said(interval) != what


def test_replicates_of_a_subject_are_linked():
    endpoint = {**LIMITS, "form": "F07", "measure": "reading_time_s", "combine": "each",
                "method": "replicates_varying", "regression": None}  # fmt: skip
    del endpoint["regression"]
    seen = view("en", {**kit.QUALITY, "id": "P0"}, {**endpoint, "id": "S1"}, readers=2)
    blocks = in_full(seen.protocol.endpoint("S1"), seen, "decision")
    [figure] = of(blocks, BlandAltman)
    chart = figure.chart
    assert len(set(chart.subject)) == 16
    assert len(chart.subject) == len(chart.mean) == 32
    assert chart.lower[1:] == (None, None)
    assert seen.texts("limits.links") in [said(note) for note in figure.notes]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [0.9, 0.001])
def test_interchangeability_against_its_margin(language, value):
    endpoint = {"id": "P1", "kind": "interchangeability", "form": "F07",
                "measure": "image_quality", "margin": {"value": value, **kit.MARGIN}}  # fmt: skip
    seen = view(language, endpoint)
    [decision] = [b for b in shown(seen, "decision") if isinstance(b, Callout)]
    word = "met" if value > 0.5 else "not_met"
    assert decision.title == seen.texts(f"verdict.interchangeability.{word}", endpoint="P1")
    counts = shown(seen, "counts")[0]
    assert len(counts.rows) == 3
    [forest, *_] = of(shown(seen, "sites"), Forest)
    assert forest.chart.margin == value


def test_forty_readers_stay_a_few_pages(tmp_path):
    protocol, results = hard.made(
        tmp_path, {"S01": 5, "S02": 4}, readers=40, endpoints=(hard.PAIRS,),
        design="crossed_readers",
    )  # fmt: skip
    seen = View(protocol=protocol, results=results, language="en")
    blocks = shown(seen)
    assert len([b for b in blocks if isinstance(b, Figure)]) < 8
    assert sum(len(b.rows) for b in blocks if isinstance(b, Table)) < 60


def test_the_metric_of_a_coefficient_is_none_of_readers_against_a_truth():
    seen = view("en", SCORES)
    [endpoint] = seen.protocol.endpoints
    for metric in ("nominal", "ordinal"):
        said = endpoint.model_copy(update={"metric": metric})
        assert metric_name(said, seen) == ""
