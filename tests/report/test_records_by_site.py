"""Records by site stand side by side: each printed number still leads to its place there."""

from __future__ import annotations

from types import SimpleNamespace

import pdf_reading as read
from test_pdf_links import small

from clinval.core.records import Record, Results
from clinval.report import blocks as b
from clinval.report.composed import Composed
from clinval.report.pdf import write
from clinval.report.pieces.records import records_in_words
from clinval.report.view import View

SITES = [f"S{number:02d}" for number in range(1, 10)]


def made(place, value, statistic="saved"):
    group = dict([place.split("=")]) if "=" in place else {}
    return Record(id=f"T1.FAS.{place}.{statistic}", endpoint="T1", analysis_set="FAS", group=group,
                  statistic=statistic, value=value)  # fmt: skip


RECORDS = [
    made("all", 7.123456),
    *(made(f"site={site}", 0.000123456 if site == "S02" else 1234567.0) for site in SITES),
    made("all", 9, "n"),
    made("site=S04", 3, "alone"),
]


def appendix(records):
    composed = Composed()
    printed = tuple(run for record in records for run in (" ", b.Number("1", record.id)))
    composed.blocks.append(b.Paragraph(text=printed))
    results = Results(provenance={}, records=tuple(records))
    view = View(protocol=SimpleNamespace(), results=results, language="en")
    return composed.blocks[0], records_in_words(view, composed)


def test_a_statistic_is_a_row_and_a_site_a_column():
    _, parts = appendix(RECORDS)
    alone, first, second = (part for part in parts if isinstance(part, b.Table))
    assert [row.cells for row in alone.rows] == [
        ((b.Number("T1.FAS.all.n", "T1.FAS.all.n"),), "9",
         (b.Number("T1.FAS.site=S04.alone", "T1.FAS.site=S04.alone"),), "3"),
    ]  # fmt: skip
    heads = [column.header for table in (first, second) for column in table.columns[1:]]
    assert heads == ["all", *(f"site={site}" for site in SITES)]
    [row] = first.rows
    assert row.cells[:4] == ("T1.FAS.·.saved", "7.1235", "1234567", "0.000123")
    ids = [name for table in (first, second) for name in table.rows[0].records]
    assert ids == [record.id for record in RECORDS if record.statistic == "saved"]


def test_every_printed_number_leads_to_a_row(tmp_path):
    text, parts = appendix(RECORDS)
    path = tmp_path / "links.pdf"
    write(small(text, b.PageBreak(), *parts), path)
    assert read.links(path) == [(0, 1)] * len(RECORDS)
