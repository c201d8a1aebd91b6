"""What reports show of marks of readers, and of a product alone against readers."""

from __future__ import annotations

import functools

import kit
import marks_study
import pytest
import reader_study
import test_ai_versus_readers as product_study
from test_hard_studies import wrong
from test_pieces import plain, seen

from clinval.core.i18n import LANGUAGES
from clinval.report.blocks import Callout, Document, Figure, Paragraph, Table, numbers
from clinval.report.figures import PairedDots, Roc
from clinval.report.numbers import printed
from clinval.report.pdf import write
from clinval.report.pieces import in_full, of_kind
from clinval.report.pieces.lay import lay_summary
from clinval.report.pieces.mrmc_targets import inference_targets, reader_study_methods

CALLS = {"metric": "sensitivity", "threshold": 4.0,
         "product": {**product_study.PRODUCT, "threshold": 60.0}}  # fmt: skip
STUDIES = {
    "froc": (marks_study.declared, marks_study.population),
    "marks": (functools.partial(marks_study.declared, figure="max_nlf", random="cases"),
              marks_study.population),
    "ai": (product_study.declared, product_study.population),
    "calls": (functools.partial(product_study.declared, **CALLS, random="cases"),
              product_study.population),
}  # fmt: skip


@functools.cache
def analysed(which):
    declared, population = STUDIES[which]
    protocol = declared()
    with kit.data(protocol, population()) as data:
        recorder = kit.analyze(data, "P1")
    return protocol, recorder.records, recorder.series


def view(which, language="en"):
    return seen(*analysed(which), language)


def blocks_of(shown):
    [endpoint] = shown.protocol.endpoints
    return [
        *of_kind(endpoint.kind).result(endpoint, shown),
        *in_full(endpoint, shown),
        *reader_study_methods(shown),
        *inference_targets(shown),
    ]


def figures(blocks, anchor):
    return [b for b in blocks if isinstance(b, Figure) and b.anchor == f"fig.P1.{anchor}"]


def said(blocks):
    return " ".join(plain(b.text) for b in blocks if isinstance(b, Callout | Paragraph))


@pytest.mark.parametrize(
    ("which", "language"),
    [
        ("froc", "en"),
        ("froc", "zh"),
        ("marks", "en"),
        ("ai", "zh"),
        ("calls", "en"),
        ("calls", "zh"),
    ],
)
def test_every_number_is_a_record_and_the_pages_hold_it(which, language, tmp_path):
    shown = view(which, language)
    assert shown.texts.has(f"kind.{shown.protocol.endpoints[0].kind}")
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


def test_the_curves_of_marks_end_where_marks_end():
    shown = view("froc")
    blocks = blocks_of(shown)
    brief, full = figures(blocks, "froc")
    assert brief.chart == full.chart
    most = max(x for curve in full.chart.readers for x in curve.false_positive)
    assert most <= full.chart.end < most + 0.25
    assert [curve.label for curve in full.chart.curves] == ["new", "old"]
    assert len(full.chart.readers) == 2 * len(marks_study.READERS)
    estimate = shown.value(shown.protocol.endpoints[0], "estimate", {"arm": "TEST"})
    assert printed(estimate) in full.chart.curves[0].area
    [afroc] = figures(blocks, "afroc")
    assert afroc.chart.end is None
    assert any(isinstance(b.chart, PairedDots) for b in blocks if isinstance(b, Figure))


def test_marks_are_counted_and_the_other_figures_stand_beside():
    shown = view("froc")
    blocks = blocks_of(shown)
    lesions = len(marks_study.population()["F13"])
    assert f"{lesions} lesions by the reference standard" in said(blocks)
    caption = shown.texts("table.froc.figures", endpoint="P1", set="FAS")
    [table] = [b for b in blocks if isinstance(b, Table) and b.caption == caption]
    names = [plain(row.cells[0]) for row in table.rows]
    assert names == [shown.texts(f"metric.{name}") for name in
                     ("hr_sensitivity", "hr_specificity", "max_llf", "max_nlf")]  # fmt: skip


def test_the_product_stands_among_its_readers():
    shown = view("ai")
    brief, full = figures(blocks_of(shown), "roc")
    assert isinstance(full.chart, Roc)
    assert brief.chart == full.chart
    assert [curve.label for curve in full.chart.curves] == ["new", "old"]
    assert len(full.chart.readers) == len(reader_study.READERS)
    assert not any(curve.points for curve in full.chart.curves)


def test_calls_are_points_and_the_product_is_on_its_curve():
    shown = view("calls")
    [_, figure] = figures(blocks_of(shown), "roc")
    own, mean = figure.chart.curves
    [point] = own.points
    on_curve = zip(own.false_positive, own.true_positive, strict=True)
    assert any(x == pytest.approx(point.false_positive) and y == pytest.approx(point.true_positive)
               for x, y in on_curve)  # fmt: skip
    shares = [reader.point.true_positive for reader in figure.chart.readers]
    assert mean.points[0].true_positive == pytest.approx(sum(shares) / len(shares))
    assert len(figure.chart.readers) == len(reader_study.READERS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_those_of_the_kind(language):
    shown = view("ai", language)
    text = said(blocks_of(shown))
    for key in ("mrmc.distribution.readers_cases", "mrmc.method.estimand"):
        own = shown.texts(f"{key}.ai_versus_readers", metric=shown.texts("metric.auc"))
        assert own in text
        assert own != shown.texts(key, metric=shown.texts("metric.auc"))
    assert "t = " in text
    assert shown.texts("mrmc.design.ai_versus_readers.crossed") in text
    fixed = said(blocks_of(view("calls", language)))
    assert "z = " in fixed
    assert "60" in fixed
    lay = " ".join(plain(b.text) for b in lay_summary(shown) if isinstance(b, Paragraph))
    assert shown.texts("lay.readers.ai_versus_readers").partition("{")[0] in lay
