from __future__ import annotations

import pdf_reading as read
import pytest
from hypothesis import given, settings, strategies as st

from clinval.report import blocks as b
from clinval.report.pdf import write
from clinval.report.pdf.boxes import Box, Break, paginate
from clinval.report.pdf.grid import widths
from clinval.report.pdf.styles import HEIGHT, WIDTH, styles
from clinval.report.pdf.tables import TableBox, facts, table
from clinval.report.pdf.text import natural_width
from clinval.report.proof import reading
from clinval.report.proof.comparing import differing_numbers


def make(rows, **more):
    columns = (b.Column(header="Site"), b.Column(header="Cases (n)", align="right"))
    return b.Table(
        caption="Cases by site",
        columns=columns,
        rows=tuple(rows),
        notes=("A note on cases.",),
        **more,
    )


def plain_rows(count):
    return [b.Row(cells=(f"site-{n:04d}", str(n))) for n in range(count)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_split_table_loses_no_row_and_repeats_header_caption_and_notes(tmp_path, language):
    path = tmp_path / "long.pdf"
    document = b.Document(
        language=language, title="t", author="a", header="h", footer="f", marks=(),
        blocks=(make(plain_rows(300)),),
    )  # fmt: skip
    write(document, path)
    pages = read.text(path)
    assert len(pages) > 5
    found = [word for page in pages for word in page.split() if word.startswith("site-")]
    assert found == [f"site-{n:04d}" for n in range(300)]
    continued = {"en": "Table 1 (continued)", "zh": "（续）"}[language]
    for number, page in enumerate(pages):
        assert "Cases (n)" in page
        assert "Cases by site" in page
        assert page.count("A note on cases.") == 1
        assert (continued in page) == (number > 0)


def test_five_thousand_rows_are_written_in_seconds(tmp_path):
    import time

    path = tmp_path / "very_long.pdf"
    cells = ("a center with a name", "1,234", "95.1", "90.2 to 98.0", "0", "R-P1-SENS.S03", "text")
    long = b.Table(
        caption="Long",
        columns=tuple(b.Column(header=f"Column {n}") for n in range(7)),
        rows=tuple(b.Row(cells=cells) for _ in range(5000)),
    )
    document = b.Document(
        language="en", title="t", author="a", header="h", footer="f", marks=(), blocks=(long,)
    )
    begin = time.process_time()
    write(document, path)
    assert time.process_time() - begin < 15  # takes about three


def parts_of(block, language="en", room=HEIGHT):
    (box,) = table(block, 1, styles(language), language)
    return [box for page in paginate([box], room) for _, box in page.boxes]


def test_parts_of_a_table_fit_their_pages_and_none_is_empty():
    for part in parts_of(make(plain_rows(500))):
        assert part.height <= HEIGHT
        assert part._end > part._start


def test_a_part_never_begins_with_a_summary_or_an_indented_row():
    rows = []
    for group in range(120):
        rows.append(b.Row(cells=(f"group {group}", "")))
        rows += [b.Row(cells=(f"member {n}", "1"), indent=1) for n in range(3)]
    rows.append(b.Row(cells=("All", "360"), summary=True))
    for part in parts_of(make(rows)):
        first = part._plan.rows.rows[part._start]
        assert not first.joined
        assert not first.summary


def test_a_row_longer_than_a_page_is_cut_and_complete(tmp_path):
    words = [f"word{n:05d}" for n in range(3000)]
    path, text = tmp_path / "tall.pdf", " ".join(words)
    document = b.Document(
        language="en", title="t", author="a", header="h", footer="f", marks=(),
        blocks=(make([b.Row(cells=(text, "1"))]), b.Facts(rows=(("n", text),))),
    )  # fmt: skip
    write(document, path)
    found = [word for page in read.text(path) for word in page.split() if word.startswith("word")]
    assert found == words * 2


def test_a_short_table_is_not_cut():
    short = table(make(plain_rows(12)), 1, styles("en"), "en")[0]
    filler = Filler(HEIGHT - 120)
    pages = paginate([filler, short], HEIGHT)
    assert [len(page.boxes) for page in pages] == [1, 1]


class Filler(Box):
    def __init__(self, height, *, keep=False):
        self.height, self.keep = height, keep

    def draw(self, surface, x, top):
        pass


def test_what_is_kept_with_the_next_moves_with_it():
    boxes = [Filler(600), Filler(20, keep=True), Filler(10, keep=True), Filler(200)]
    pages = paginate(boxes, 700)
    assert [len(page.boxes) for page in pages] == [1, 3]


def test_breaks_make_no_empty_pages():
    pages = paginate([Break(), Filler(10), Break(), Break(), Filler(10), Break()], 700)
    assert [len(page.boxes) for page in pages] == [1, 1]


def test_notes_longer_than_a_third_of_a_page_follow_once():
    notes = tuple(f"Note {n}: " + "words " * 60 for n in range(20))
    block = b.Table(
        caption="c", columns=(b.Column(header="x"),), rows=(b.Row(cells=("1",)),) * 100, notes=notes
    )
    boxes = table(block, 1, styles("en"), "en")
    assert isinstance(boxes[0], TableBox)
    assert len(boxes) == 21


texts = st.text(
    st.sampled_from("ab cdefghij-_./0123456789，。（）中文字符宽度测试 "), min_size=0, max_size=60
)


@settings(deadline=None, max_examples=60)
@given(st.data(), st.integers(1, 9), st.sampled_from(["en", "zh"]))
def test_no_cell_is_wider_than_its_column_and_no_table_than_the_page(data, count, language):
    columns = tuple(
        b.Column(
            header=data.draw(texts),
            share=data.draw(st.floats(0.1, 9)),
            align=data.draw(st.sampled_from(["left", "right", "center"])),
        )
        for _ in range(count)
    )
    rows = tuple(
        b.Row(
            cells=tuple(data.draw(texts) for _ in range(count)), indent=data.draw(st.integers(0, 2))
        )
        for _ in range(3)
    )
    block = b.Table(caption="c", columns=columns, rows=rows)
    for box in table(block, 1, styles(language), language):
        plan = box._plan
        ends = [a + w for a, w in zip(plan.columns.lefts, plan.columns.widths, strict=True)]
        assert ends[-1] <= WIDTH
        assert all(left >= end for left, end in zip(plan.columns.lefts[1:], ends, strict=False))
        for row in (plan.head, *plan.rows.rows):
            for index, cell in enumerate(row.cells):
                room = plan.columns.widths[index] - (0 if index else row.indent)
                assert all(line.width <= room + 0.1 for line in cell if len(line.pieces) > 1 or
                           len(line.pieces[0].text if line.pieces else "") > 1)  # fmt: skip


@given(
    st.lists(st.tuples(st.floats(0.01, 9), st.floats(0, 300), st.floats(0, 300)), min_size=1),
    st.floats(10, 500),
)
def test_widths_fill_the_room_and_keep_the_words_whole(columns, total):
    shares, least, natural = zip(*columns, strict=True)
    natural = [max(pair) for pair in zip(least, natural, strict=True)]
    found = widths(shares, least, natural, total)
    assert sum(found) == pytest.approx(total)
    if sum(least) < total:
        assert all(has >= need - 1e-6 for has, need in zip(found, least, strict=True))


def test_a_table_of_many_columns_is_set_smaller_before_its_words_are_broken(tmp_path):
    path = tmp_path / "many.pdf"
    sets = ["FAS", "FAS_POS", "FAS_NEG", "PPS_POS", "PPS_NEG", "SAF", "FLAGGED", "CONTROL"]
    heads = ["Site", "Planned", "Returned", *sets]
    wide = b.Table(
        caption="Subjects by site",
        columns=tuple(b.Column(header=head, align="right") for head in heads),
        rows=tuple(b.Row(cells=("S01 Example Hospital", *["120"] * 10)) for _ in range(3)),
    )
    document = b.Document(
        language="en", title="t", author="a", header="h", footer="f", marks=(), blocks=(wide,),
    )  # fmt: skip
    write(document, path)
    [page] = read.text(path)
    assert [head for head in heads if head not in page.split()] == []


def test_a_table_too_wide_for_the_page_goes_on_by_columns(tmp_path):
    path = tmp_path / "wide.pdf"
    heads = [f"Changeover{number:02d}" for number in range(17)]
    wide = b.Table(
        caption="What each hospital entered",
        columns=tuple(b.Column(header=head, align="right") for head in ("Site", *heads)),
        rows=tuple(
            b.Row(cells=(f"S{site:02d}", *(f"{site * 1000 + at}.{at}" for at in range(17))))
            for site in range(1, 13)
        ),
        notes=(("A note on all columns, with ", b.Number("5.0%", "inputs.all.rate"), "."),),
    )  # fmt: skip
    document = b.Document(
        language="en", title="t", author="a", header="h", footer="f", marks=(), blocks=(wide,),
    )  # fmt: skip
    write(document, path)
    found = " ".join(read.text(path)).split()
    parts = len(table(wide, 1, styles("en"), "en"))
    assert parts > 1
    assert [found.count(head) for head in heads] == [1] * 17
    assert all(found.count(cell) == 1 for row in wide.rows for cell in row.cells[1:])
    assert all(found.count(row.cells[0]) == parts for row in wide.rows)
    text = " ".join(found)
    assert text.count("(continued) What each hospital entered") == parts - 1
    assert text.count("A note on all columns, with 5.0%.") == parts
    assert differing_numbers(document, reading.read(path)) == []  # it is a new number only once


def test_a_few_long_texts_take_no_room_from_a_column_that_is_long_throughout():
    ids = [f"disposition.site=S{n:02d}.events.F08.event_type.device_deficiency" for n in range(60)]
    rows = [b.Row(cells=(name, "0", "events")) for name in ids]
    rows[7] = b.Row(cells=(ids[7], "undefined: the cumulative flow ends below 0, " * 3, "years"))
    block = b.Table(
        caption="Records",
        columns=(
            b.Column(header="Record"),
            b.Column(header="Value"),
            b.Column(header="Unit"),
        ),
        rows=tuple(rows),
        dense=True,
    )
    [plan] = [box._plan for box in table(block, 1, styles("en"), "en")]
    assert sum(len(row.cells[0]) > 1 for row in plan.rows.rows) == 0


def test_a_short_list_of_facts_is_not_cut():
    block = b.Facts(rows=tuple((f"Name {n}", "value") for n in range(8)))
    [box] = facts(block, styles("en"), "en")
    assert box.least == box.height
    block = b.Facts(rows=tuple((f"Name {n}", "value") for n in range(80)))
    [box] = facts(block, styles("en"), "en")
    assert box.least < box.height / 10


def columns_of(texts, language="en", **more):
    columns = (b.Column(header="Value", align="decimal", **more), b.Column(header="x", share=9))
    rows = tuple(b.Row(cells=(text, "")) for text in texts)
    block = b.Table(caption="c", columns=columns, rows=rows)
    [box] = table(block, 1, styles(language), language)
    plan = box._plan
    return plan.columns, [row.cells[0] for row in plan.rows.rows]


def points(texts, language="en"):
    """How far the decimal point of each text stands from the right edge of its column."""
    style = styles(language).cell
    _, cells = columns_of(texts, language)
    found = []
    for text, (line,) in zip(texts, cells, strict=True):
        natural = natural_width(text, style, language)
        behind = natural_width(text[len(text.split(".")[0].rstrip("% 个")) :], style, language)
        found.append(line.width - natural + behind)
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_decimal_points_stand_below_each_other(language):
    texts = ("0.434", "−12.5", "104,226", "2.5%", "7.0 个", "< 0.001")
    found = points(texts, language)
    assert max(found) - min(found) < 0.01
    assert max(found) > 0


def test_a_text_that_is_no_number_keeps_to_the_right():
    columns, cells = columns_of(("0.4", "12.345", "undefined: 2.5 of 7", "3 of the many subjects"))
    for (line,) in cells[2:]:
        assert line.width == pytest.approx(sum(piece.width for piece in line.pieces))
        assert line.width <= columns.widths[0]


def test_an_aligned_number_never_leaves_its_column():
    texts = ("123,456,789.1", "0.123456789", "1 EUR a day")
    columns, cells = columns_of(texts, share=0.01)
    for lines in cells:
        for line in lines:
            assert line.width <= columns.widths[0] + 0.02
