"""Numbers lead to their records, records back to their numbers, and nothing leads nowhere."""

from __future__ import annotations

import pdf_reading as read
import pytest
from sample_charts import matrix
from sample_report import document, small

from clinval.report import blocks as b
from clinval.report.pdf import write


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_link_leads_somewhere(language, tmp_path):
    path = tmp_path / "sample.pdf"
    write(document(language), path)
    found = read.links(path)
    assert len(found) > 50
    assert all(target >= 0 for _, target in found)


def test_numbers_lead_to_their_records_and_only_to_those_there_are(tmp_path):
    number = b.Number("95.2", "sens | 北京 | 1")
    missing = b.Number("0.1", "nobody knows")
    records = b.Table(
        caption="Records", anchor="records",
        columns=(b.Column(header="Record"), b.Column(header="Value")),
        rows=(b.Row(cells=((b.Number(number.record, number.record),), "95.2")),),
    )  # fmt: skip
    path = tmp_path / "links.pdf"
    write(small(b.Paragraph(text=("A ", number, " b ", missing)), b.PageBreak(), records), path)
    assert read.links(path) == [(0, 1)]


def test_a_page_number_is_that_of_its_anchor_and_leads_there(tmp_path):
    there = b.Heading(level=1, text="There", anchor="there")
    path = tmp_path / "pages.pdf"
    text = b.Paragraph(text=("See page ", b.PageOf("there")))
    write(small(text, b.PageBreak(), b.PageBreak(), there), path)
    assert "See page 2" in read.text(path)[0]
    assert read.links(path) == [(0, 1)]


def test_a_table_of_another_name_defines_no_records(tmp_path):
    number = b.Number("95.2", "sens")
    table = b.Table(
        caption="No records", anchor="recordings", columns=(b.Column(header="Value"),),
        rows=(b.Row(cells=((number,),)),),
    )  # fmt: skip
    path = tmp_path / "none.pdf"
    write(small(b.Paragraph(text=(number,)), table), path)
    assert read.links(path) == []


def test_a_number_in_a_repeated_note_is_a_link_where_it_stands_first(tmp_path):
    columns = (b.Column(header="Record"),)
    rows = tuple(b.Row(cells=((b.Number(f"r{n}", f"r{n}"),),)) for n in range(150))
    notes = (("A ", b.Number("1", "r7")),)
    table = b.Table(caption="c", columns=columns, rows=rows, notes=notes, anchor="records")
    path = tmp_path / "notes.pdf"
    write(small(table), path)
    assert len(read.text(path)) > 2
    assert read.links(path) == [(0, 0)]


def page(*records):
    """A page of its own that prints records."""
    text = tuple(run for record in records for run in (" ", b.Number("95.2", record)))
    return b.Paragraph(text=text), b.PageBreak()


def register(*records):
    """The table that leads back."""
    columns = (b.Column(header="Record"), b.Column(header="Pages"))
    cells = (((b.Number(record, record),), (b.PagesOf(record),)) for record in records)
    rows = tuple(b.Row(cells=both) for both in cells)
    return b.Table(caption="Records", anchor="records", columns=columns, rows=rows)


def test_a_record_names_the_pages_that_print_it_and_leads_there(tmp_path):
    path = tmp_path / "back.pdf"
    write(small(*page("one"), *page("two"), *page("one"), register("one", "two", "none")), path)
    assert "one 1, 3" in read.text(path)[3]
    assert "two 2" in read.text(path)[3]
    assert sorted(read.links(path)) == [(0, 3), (1, 3), (2, 3), (3, 0), (3, 1), (3, 2)]


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "1, 3–5, 7, 8"), ("zh", "1、3～5、7、8")]
)
def test_pages_in_a_row_are_named_by_the_first_and_the_last(language, expected, tmp_path):
    path = tmp_path / "long.pdf"
    names = ("one", "x", "one", "one", "one", "x", "one", "one")
    blocks = [block for name in names for block in page(name)]
    write(small(*blocks, register("one"), language=language), path)
    found = "".join(read.text(path)[8].split())
    assert "".join(expected.split()) in found
    assert {target for source, target in read.links(path) if source == 8} == {0, 2, 4, 6, 7}


def test_what_prints_a_record_may_be_anything(tmp_path):
    number = (b.Number("95.2", "one"),)
    printing = (
        b.Bullets(items=(number,)),
        b.Callout(title="c", text=number),
        b.NotSupplied(slot="s", text=number),
        b.KeyFigures(items=(b.KeyFigure(value=number, label="l"),)),
        b.Facts(rows=(("name", number),)),
        b.Table(caption="c", columns=(b.Column(header="x"),), rows=(b.Row(cells=(number,)),)),
        b.Figure(caption="f", chart=matrix("en"), alternative="a", records=("one",)),
        b.Cover(kicker="k", title="t", subtitle="s", facts=(("name", number),)),
    )
    for block in printing:
        path = tmp_path / "any.pdf"
        write(small(b.Paragraph(text="-"), b.PageBreak(), block, register("one")), path)
        last = len(read.text(path)) - 1
        assert (last, 1) in read.links(path), type(block)


def test_pages_behind_the_table_are_named_and_headings_stay_with_it(tmp_path):
    path = tmp_path / "behind.pdf"
    names = [f"r{n}" for n in range(120)]
    heading = b.Heading(level=1, text="Appendix", anchor="appendix")
    blocks = (*page("r0"), heading, register(*names), b.PageBreak(), *page("r1"))
    write(small(*blocks), path)
    pages = read.text(path)
    assert "Appendix" in pages[1]
    assert "Table 1" in pages[1]
    last = len(pages) - 1
    assert f"r1 {last + 1} " in pages[1]
    assert (1, last) in read.links(path)
