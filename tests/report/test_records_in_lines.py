"""Records in lines: every id can be put together again, and every printed number leads there."""

from __future__ import annotations

from types import SimpleNamespace

import pdf_reading as read
import pytest
from test_pdf_links import small

from clinval.core.i18n import LANGUAGES
from clinval.core.records import Record, Results
from clinval.report import blocks as b
from clinval.report.composed import Composed
from clinval.report.pdf import write
from clinval.report.pieces.records import close_together, records_in_words
from clinval.report.texts import Texts
from clinval.report.view import View

SITES = [f"S{number:02d}" for number in range(1, 60)]


def records_of(row, language):
    """Read the ids and values of a row as its reader is told to."""
    (head, _, text), found = row.cells[0], []
    for entry in text.split(Texts(language)("join.parts")):
        name, parts, values = entry.partition(": ")
        if not parts:
            name, _, value = entry.partition(" ")
            found.append((f"{head.text}.{name}", value))
            continue
        for pair in values.split(", "):
            place, _, value = pair.partition(" ")
            found.append((f"{head.text}.{name}".replace("\u00b7", place), value))
    return found


def made(place, value, statistic="saved", endpoint="T1"):
    group = dict(part.split("=") for part in place.split("+") if "=" in part)
    return Record(id=f"{endpoint}.FAS.{place}.{statistic}", endpoint=endpoint, analysis_set="FAS",
                  group=group, statistic=statistic, value=value)  # fmt: skip


RECORDS = [
    made("all", 7.123456),
    *(made(f"site={site}", 1234567.5) for site in SITES),
    made("all", 9, "n"),
    made("site=S04", 3, "alone"),
    made("site=S04", 4, "flow.0"),
    made("sites=median", 5, "flow.1"),
    made("arm=TEST+site=S07", 6, "events.F08.serious"),
    *(made("all", year, f"flow.{year}", "V1") for year in range(90)),
]


def view_of(records, language, masks=()):
    results = Results(provenance={}, records=tuple(records))
    return View(protocol=SimpleNamespace(), results=results, language=language, masks=dict(masks))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("records", [RECORDS, RECORDS[:2], RECORDS[-3:]])
def test_every_id_can_be_read_with_its_value(records, language):
    table = close_together(view_of(records, language), records)
    found = dict(pair for row in table.rows for pair in records_of(row, language))
    assert found == {
        record.id: "1234568" if record.value == 1234567.5 else f"{record.value:.6g}"
        for record in records
    }
    assert {name for row in table.rows for name in row.records} == set(found)


def test_what_is_masked_is_listed_and_not_described():
    masked = RECORDS[1].id
    table = close_together(view_of(RECORDS, "en", {masked: "<5"}), RECORDS)
    found = dict(pair for row in table.rows for pair in records_of(row, "en"))
    assert found[masked] == "<5"
    described = {name for row in table.rows for name in row.records}
    assert described == set(found) - {masked}


def test_every_printed_number_leads_to_its_row(tmp_path):
    composed = Composed()
    printed = tuple(run for record in RECORDS for run in (" ", b.Number("1", record.id)))
    composed.blocks.append(b.Paragraph(text=printed))
    parts = records_in_words(view_of(RECORDS, "en"), composed)
    path = tmp_path / "links.pdf"
    write(small(*composed.blocks, b.PageBreak(), *parts), path)
    assert read.links(path) == [(0, 1)] * len(RECORDS)
