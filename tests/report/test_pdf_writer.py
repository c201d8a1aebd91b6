from __future__ import annotations

from dataclasses import replace

import pdf_reading as read
import pikepdf
import pytest
from sample_charts import SITES
from sample_report import document, hard, small

from clinval.core.errors import ReportError
from clinval.report import blocks as b
from clinval.report.pdf import write
from clinval.report.pdf.layout import lay_out
from clinval.report.pdf.styles import HEIGHT, MARGIN, PAGE_HEIGHT, PAGE_WIDTH, WIDTH, styles

LANGUAGES = ("en", "zh")
FULL_WIDTH_BLANK = 5.0  # points: half of a full-width bracket hangs over the margin, without ink


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def sample(language, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / f"sample.{language}.pdf"
    write(document(language), path)
    return path


@pytest.fixture(scope="module")
def hard_sample(language, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / f"hard.{language}.pdf"
    write(hard(language), path)
    return path


def test_the_same_document_gives_the_same_bytes(sample, language, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    again = tmp_path / "again.pdf"
    write(document(language), again)
    assert again.read_bytes() == sample.read_bytes()


def test_other_words_give_another_identity(tmp_path):
    for name in ("one", "two"):
        write(small(b.Paragraph(text=name)), tmp_path / name)
    first, second = (pikepdf.open(tmp_path / name).trailer.ID for name in ("one", "two"))
    assert bytes(first[0]) != bytes(second[0])
    assert bytes(first[1]) != bytes(second[1])


def test_all_fonts_are_embedded_and_ours(sample, hard_sample):
    for path in (sample, hard_sample):
        found = read.fonts(path)
        assert all(found.values())
        assert {name.rpartition("+")[2].partition("-")[0] for name in found} <= {
            "NotoSans", "NotoSansSC",
        }  # fmt: skip
        content = read.source(path)
        assert b"/NotoSans" in content or b"+NotoSans" in content
        assert b"Helvetica" not in content
        assert b"Times" not in content


def test_the_outline_is_the_headings(sample, language):
    headings = [block for block in document(language).blocks if isinstance(block, b.Heading)]
    outline = read.outline(sample)
    assert [(level, title) for level, title, _ in outline] == [
        (heading.level - 1, heading.text) for heading in headings
    ]
    pages = read.text(sample)
    for _, title, page in outline:
        assert "".join(title.split()) in "".join(pages[page].split())


def test_a_level_that_was_left_out_is_closed_up(tmp_path):
    path = tmp_path / "levels.pdf"
    headings = [b.Heading(level=n, text=f"Level {n}", anchor=f"a{n}") for n in (2, 3, 1, 3)]
    write(small(*headings), path)
    assert [level for level, _, _ in read.outline(path)] == [0, 1, 0, 1]


def test_the_contents_name_the_pages_of_the_headings(sample):
    contents = read.text(sample)[1]
    for level, title, page in read.outline(sample):
        if level < 2:
            entry = contents[contents.index(title) + len(title) :].split()
            assert entry[0] == str(page + 1)


def test_what_the_study_does_not_supply_is_said(tmp_path):
    path = tmp_path / "gap.pdf"
    write(small(b.NotSupplied(slot="ethics", text="Ethics: not supplied.")), path)
    assert "Ethics: not supplied." in read.text(path)[0]


def test_words_of_both_languages_can_be_read_back(sample, language):
    found = read.flat(sample)
    for site in SITES[language]:
        assert "".join(site.split()) in found
    for words in {"en": ["Nguyễn", "τ²=0.0001", "−0.6(−2.1to0.9)"], "zh": ["非劣效成立", "Łódź"]}[
        language
    ]:
        assert words in found


def test_rare_hanzi_of_names_can_be_read_back(tmp_path):
    path = tmp_path / "names.pdf"
    write(small(b.Paragraph(text="研究者：张喆、郑𬭎、冯𫖯"), language="zh"), path)
    assert "张喆、郑𬭎、冯𫖯" in read.flat(path)


def test_tables_and_figures_are_numbered(sample, language):
    found = read.flat(sample)
    for kind, count in (({"en": "Table", "zh": "表"}, 4), ({"en": "Figure", "zh": "图"}, 9)):
        for number in range(1, count + 1):
            assert f"{kind[language]}{number}" in found


def test_every_page_has_marks_and_all_but_the_cover_header_and_number(sample, language):
    report = document(language)
    pages = ["".join(page.split()) for page in read.text(sample)]
    footer = {"en": "Page{}of{}", "zh": "第{}页共{}页"}[language]
    for number, page in enumerate(pages, start=1):
        for mark in report.marks:
            assert "".join(mark.split()) in page
        assert ("".join(report.header.split()) in page) == (number > 1)
        assert (footer.format(number, len(pages)) in page) == (number > 1)


def test_nothing_is_drawn_in_the_margins_but_header_and_footer(sample, hard_sample):
    for path in (sample, hard_sample):
        for (width, height), difference in read.ink(path):
            assert (width, height) == (round(PAGE_WIDTH + 0.5), round(PAGE_HEIGHT + 0.5))
            whole = difference.getbbox()
            assert whole[0] >= MARGIN - 2
            assert whole[2] <= PAGE_WIDTH - MARGIN + 2
            assert whole[1] >= 24  # survives printing on US Letter
            assert whole[3] <= PAGE_HEIGHT - 24
            body_top, body_foot = int(MARGIN) - 1, int(MARGIN + HEIGHT) + 2
            gap = difference.crop((0, int(MARGIN) - 8, width, body_top))
            assert gap.getbbox() is None
            gap = difference.crop((0, body_foot, width, int(PAGE_HEIGHT - 46)))
            assert gap.getbbox() is None


def test_document_properties(sample, language):
    with pikepdf.open(sample) as pdf:
        assert pdf.pdf_version == "1.7"
        assert pdf.Root.Lang == {"en": "en-US", "zh": "zh-CN"}[language]
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert pdf.Root.PageMode == "/UseOutlines"
    import pypdfium2

    properties = pypdfium2.PdfDocument(sample).get_metadata_dict()
    report = document(language)
    assert properties["Title"] == report.title
    assert properties["Author"] == report.author
    assert properties["CreationDate"].startswith("D:2000")


def test_the_structure_names_what_is_drawn(sample):
    with pikepdf.open(sample) as pdf:
        found = list(read.elements(pdf))
        tags = {str(element.S)[1:] for element in found}
        wanted = ("H1", "H2", "P", "L", "LI", "Table", "TR", "TH", "TD", "Figure", "Link")
        assert set(wanted) <= tags
        figures = [element for element in found if element.S == "/Figure"]
        assert len(figures) > 10
        assert all(str(element.Alt) for element in figures)


def test_marked_content_is_balanced_and_complete(sample):
    with pikepdf.open(sample) as pdf:
        for page in pdf.pages:
            depth = texts = 0
            for _, operator in pikepdf.parse_content_stream(page, "BDC BMC EMC BT"):
                if str(operator) == "BT":
                    texts += 1
                    assert depth == 1
                else:
                    depth += -1 if str(operator) == "EMC" else 1
            assert depth == 0
            assert texts


def test_a_figure_says_in_words_what_it_shows(tmp_path):
    from sample_charts import matrix

    figure = b.Figure(caption="Matrix", chart=matrix("en"), alternative="Readers agree: 😀")
    path = tmp_path / "figure.pdf"
    write(small(figure), path)
    with pikepdf.open(path) as pdf:
        [drawn] = [element for element in read.elements(pdf) if element.S == "/Figure"]
        assert str(drawn.Alt) == figure.alternative


@pytest.fixture
def glyph_missing(monkeypatch):
    """The kind stands in the catalogue of problems, which others write."""
    from clinval.core import problems

    known = dict(problems.kinds())
    words = {"says": "{character} {code_point} in {text}", "do": "replace it"}
    known.setdefault("glyph-missing", {"code": "R001", "en": words, "zh": words})
    monkeypatch.setattr(problems, "kinds", lambda: known)


@pytest.mark.usefixtures("glyph_missing")
def test_characters_without_a_glyph_stop_the_report_all_at_once(tmp_path):
    from sample_charts import matrix

    chart = replace(matrix("en"), row_title="Reader ⛄")
    blocks = (
        b.Paragraph(text=("Happy 😀 ", b.Number("\x01", "r"))),
        b.Figure(caption="c", chart=chart, alternative="not drawn: 🎉"),
        b.Table(caption="t", columns=(b.Column(header="สวัสดี"),), rows=(b.Row(cells=("fine",)),)),
    )
    path = tmp_path / "never.pdf"
    with pytest.raises(ReportError) as caught:
        write(small(*blocks), path)
    found = {problem.parameters["character"] for problem in caught.value.problems}
    assert found == {"😀", "\x01", "⛄", *"สวัสดี"}
    one = next(p for p in caught.value.problems if p.parameters["character"] == "😀")
    assert one.kind == "glyph-missing"
    assert one.place.file == "A study"
    assert one.parameters["code_point"] == "U+1F600"
    assert "Happy 😀" in str(one.parameters["text"])
    assert not path.exists()


def test_an_empty_document_and_empty_blocks(tmp_path):
    path = tmp_path / "empty.pdf"
    write(small(), path)
    blocks = (
        b.Paragraph(text=""), b.Bullets(items=()), b.KeyFigures(items=()), b.Facts(rows=()),
        b.Callout(title="", text=""), b.PageBreak(), b.PageBreak(),
        b.Table(caption="", columns=(b.Column(header="x"),), rows=()),
    )  # fmt: skip
    write(small(*blocks), path)
    assert len(read.text(path)) == 2


def test_a_cover_with_more_facts_than_fit_goes_on(tmp_path):
    facts = tuple((f"Name {n}", f"value {n}") for n in range(60))
    cover = b.Cover(kicker="k", title="T " * 60, subtitle="s " * 200, facts=facts, notices=("n",))
    path = tmp_path / "cover.pdf"
    write(small(cover, b.Paragraph(text="after")), path)
    pages = read.text(path)
    assert all(f"value {n}" in " ".join(pages) for n in range(60))
    assert "after" not in pages[1]


def test_key_figures_too_wide_for_their_cards_stay_inside(tmp_path):
    items = tuple(
        b.KeyFigure(
            value=f"−123,456,789.{n} EUR per examination", label="label " * 9, detail="d " * 40
        )
        for n in range(5)
    )
    path = tmp_path / "cards.pdf"
    write(small(b.KeyFigures(items=items)), path)
    ((_, difference),) = read.ink(path)
    assert difference.getbbox()[2] <= MARGIN + WIDTH + 2


def test_a_large_document_is_written_in_seconds(tmp_path):
    import time

    from sample_blocks import figure, site_table
    from sample_charts import bland_altman, cash, flow, forest, intervals, matrix

    charts = [forest, intervals, flow, bland_altman, matrix, cash]
    blocks = [site_table("en", 25, f"Table {n}") for n in range(40)]
    blocks += [figure("Figure", charts[n % 6]("en")) for n in range(30)]
    begin = time.process_time()
    write(small(*(replace(x, anchor="") for x in blocks)), tmp_path / "large.pdf")
    assert time.process_time() - begin < 8  # takes about one


def languages(path):
    """The language of each text that says one, by the element's tag."""
    with pikepdf.open(path) as pdf:
        return [(str(e.S)[1:], str(e.Lang)) for e in read.elements(pdf) if "/Lang" in e]


@pytest.mark.parametrize(
    ("language", "words", "code"),
    [("en", "北京协和医院", "zh-CN"), ("zh", "Charité Berlin", "en-US")],
)
def test_words_of_the_other_language_say_so(language, words, code, tmp_path):
    path = tmp_path / "words.pdf"
    own = {"en": "A hospital", "zh": "一家医院"}[language]
    table = b.Table(
        caption=own, columns=(b.Column(header=own), b.Column(header="n")),
        rows=(b.Row(cells=(words, "12.5%")), b.Row(cells=(own, "95% CI"))),
    )  # fmt: skip
    record = b.Paragraph(text=(own, b.Number(words, "r"), own))
    write(small(b.Paragraph(text=(own, b.Strong(words))), table, record, language=language), path)
    assert languages(path) == [("Span", code), ("TD", code), ("Span", code)]
    with pikepdf.open(path) as pdf:
        assert pdf.Root.Lang != code
        [called] = [str(e.T) for e in read.elements(pdf) if "/T" in e]
        assert called == "r"


def test_what_both_languages_write_alike_is_of_neither(tmp_path):
    for language in ("en", "zh"):
        path = tmp_path / f"{language}.pdf"
        texts = ("95% CI", "12.5 mm", "PPS", "S01", "p < 0.001", "τ²", "2.0")
        write(small(*(b.Paragraph(text=text) for text in texts), language=language), path)
        assert languages(path) == []


@pytest.mark.parametrize("lines", range(28, 42))
def test_what_introduces_a_list_stands_on_its_page(lines):
    """At some of these lengths it would be the last thing on the first page."""
    blocks = (
        *(b.Paragraph(text=f"Line {number}") for number in range(lines)),
        b.Paragraph(text="What follows:"),
        b.Bullets(items=("one", "two")),
    )
    pages = lay_out(small(*blocks), styles("en")).pages
    places = [index for index, page in enumerate(pages) for _ in page.boxes]
    assert places[lines] == places[lines + 1]
