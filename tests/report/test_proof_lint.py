"""Each rule of those who take submissions finds what breaks it, and nothing in what keeps it."""

from __future__ import annotations

import io

import pikepdf
import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from clinval.core.i18n import LANGUAGES, catalogue
from clinval.core.resources import folder
from clinval.report.proof import lint as linting
from clinval.report.proof.lint import destination_of, destinations, lint

A4 = (595.28, 841.89)
NAME = "001_Report.pdf"
CONTENT = catalogue(folder("reports") / "submission.yaml")


def _as_it_is(pdf):
    """Change nothing."""
    del pdf


def canvas(path, size=A4):
    pdfmetrics.registerFont(TTFont("Test", str(folder("reports") / "fonts/NotoSans-Regular.ttf")))
    return Canvas(str(path), pagesize=size, initialFontName="Test", pdfVersion=(1, 7))


@pytest.fixture
def good(tmp_path):
    """Return a file that breaks no rule: six numbered pages with links, bookmarks and margins."""
    path = tmp_path / NAME
    made = canvas(path)
    for page in range(1, 7):
        made.setFont("Test", 10)
        made.bookmarkPage(f"p{page}")
        made.addOutlineEntry(f"Page {page}", f"p{page}")
        made.drawString(72, 700, "Text of the page")
        made.drawString(72, 40, f"Page {page} of 6")
        if page == 1:
            made.linkRect("", "p1", (72, 600, 200, 612))
        made.showPage()
    made.showOutline()
    made.save()
    return path


def rules(path, destination="fda", name=""):
    return {finding.rule: finding for finding in lint(path, destination, name)}


def changed(path, change, **how):
    out = io.BytesIO()
    with pikepdf.open(path) as pdf:
        change(pdf)
        pdf.save(out, **how)
    path.write_bytes(out.getvalue())
    return path


@pytest.mark.parametrize("destination", ["eu", "fda", "nmpa"])
def test_a_file_that_keeps_the_rules_is_not_objected_to(good, destination):
    assert lint(good, destination) == []


def test_every_rule_has_words_a_check_and_a_source():
    assert set(CONTENT["rules"]) == set(linting._RULES)
    assert destinations() == ["eu", "fda", "nmpa"]
    used = set()
    for held in CONTENT["destinations"].values():
        for rule, setting in held.items():
            used.add(rule)
            assert setting["source"] in CONTENT["sources"], rule
            assert setting["status"] in ("verified", "unverified"), rule
            assert setting.get("level", "error") in ("error", "advice"), rule
    assert used == set(CONTENT["rules"])
    for words in CONTENT["rules"].values():
        assert set(words) == set(LANGUAGES)
    assert destination_of("fda.en") == "fda"
    assert destination_of("hospital.en") == ""


# ---------------------------------------------------------------------- the file


def test_size(good, monkeypatch):
    monkeypatch.setattr(
        linting, "facts_of", lambda path, name: larger(linting_facts(path, name), 50_000_001)
    )
    found = rules(good)["size"]
    assert "50.0 MB" in found.line("en")


linting_facts = linting.facts_of


def larger(facts, size):
    import dataclasses

    return dataclasses.replace(facts, size=size)


@pytest.mark.parametrize("name", ["report.pdf", "01_Report.pdf", "001_Bericht ä.pdf", "001_.pdf"])
def test_name(good, name):
    assert rules(good, name=name)["name"].level == "error"
    assert "name" not in rules(good, "nmpa", name=name)


def test_version_and_part(good):
    changed(good, _as_it_is, force_version="2.0")
    assert rules(good)["version"].facts["found"] == "2.0"

    def part(pdf):
        with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
            metadata["pdfaid:part"] = "3"

    changed(good, part)
    assert rules(good)["archive"].facts == {"page": 0, "found": "3", "parts": "1, 2"}
    assert "archive" not in rules(good, "eu")


def test_encryption(good):
    changed(good, _as_it_is, encryption=pikepdf.Encryption(owner="o", user=""))
    assert {"encryption"} <= set(rules(good))


def test_bookmarks_and_how_it_opens(good):
    def closed(pdf):
        pdf.Root.PageMode = pikepdf.Name.UseNone

    def none(pdf):
        del pdf.Root.Outlines

    assert set(rules(changed(good, closed))) == {"opening"}
    assert set(rules(changed(good, none))) == {"bookmarks"}


def test_contents_without_links(good):
    def unlinked(pdf):
        del pdf.pages[0].obj.Annots

    assert set(rules(changed(good, unlinked))) == {"contents"}


def test_attachments(good):
    def attach(pdf):
        pdf.attachments["results.json"] = b"{}"

    assert "results.json" in rules(changed(good, attach))["attachments"].line("en")
    assert "attachments" not in rules(good, "eu")


@pytest.mark.parametrize("where", ["names", "open", "page", "link"])
def test_javascript(good, where):
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")

    def add(pdf):
        if where == "names":
            pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary())
        elif where == "open":
            pdf.Root.OpenAction = script
        elif where == "page":
            pdf.pages[2].obj.AA = pikepdf.Dictionary(O=script)
        else:
            pdf.pages[0].obj.Annots[0].A = script

    for destination in destinations():
        assert "javascript" in rules(changed(good, add), destination)


def test_annotations(good):
    def note(pdf):
        made = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[90, 90, 100, 100]
        )
        pdf.pages[3].obj.Annots = pikepdf.Array([made])

    found = rules(changed(good, note))["annotations"]
    assert found.pages == (4,)


def test_signature(good):
    def sign(pdf):
        field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="S", V=pikepdf.Dictionary())
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))

    assert "signature" in rules(changed(good, sign), "nmpa")


# ---------------------------------------------------------------------- the pages


def drawn(path, draw, size=A4):
    """Return a file of one page that ``draw`` draws on, with its number."""
    made = canvas(path, size)
    made.setFont("Test", 10)
    made.drawString(100, 100, "1")
    draw(made)
    made.save()
    return path


def test_a_font_that_is_not_embedded(tmp_path):
    def draw(made):
        made.setFont("Helvetica", 10)
        made.drawString(100, 300, "Text")

    found = rules(drawn(tmp_path / NAME, draw))["fonts"]
    assert found.facts == {"page": 1, "what": "Helvetica"}


def test_letters_by_the_size_they_are_seen_in(tmp_path):
    def small(made):
        made.setFont("Test", 18)
        made.scale(0.4, 0.4)
        made.drawString(400, 600, "Tiny")

    def large(made):
        made.setFont("Test", 5)
        made.scale(2, 2)
        made.drawString(50, 200, "Large")

    found = rules(drawn(tmp_path / NAME, small))["letters"]
    assert found.facts == {"page": 1, "found": "7.2", "what": "Tiny", "least": 9}
    assert "letters" not in rules(drawn(tmp_path / NAME, large))


@pytest.mark.parametrize(
    ("x", "y", "side"),
    [(40, 400, "left"), (560, 400, "right"), (300, 830, "top"), (300, 10, "bottom")],
)
def test_text_in_a_margin(tmp_path, x, y, side):
    found = rules(drawn(tmp_path / NAME, lambda made: made.drawString(x, y, "Text")))["margins"]
    assert found.facts["side"] == side
    assert found.facts["what"] == "Text"
    assert side in found.line("en")


def test_lines_and_turned_text_in_a_margin(tmp_path):
    def line(made):
        made.line(100, 400, 590, 400)

    def turned(made):
        made.rotate(90)
        made.drawString(400, -20, "Text")

    for draw, what in ((line, "drawing"), (turned, "Text")):
        assert rules(drawn(tmp_path / NAME, draw))["margins"].facts["what"] == what


def test_a_page_on_its_side_has_its_wide_margin_at_the_top(tmp_path):
    wide = (A4[1], A4[0])
    near_left = drawn(tmp_path / NAME, lambda made: made.drawString(30, 300, "Text"), wide)
    assert "margins" not in rules(near_left)
    near_top = drawn(tmp_path / NAME, lambda made: made.drawString(300, 560, "Text"), wide)
    assert rules(near_top)["margins"].facts["side"] == "top"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_is_shown_turned_is_measured_as_shown(tmp_path, turn):
    path = drawn(tmp_path / NAME, lambda made: made.drawString(300, 400, "Text"))

    def rotate(pdf):
        pdf.pages[0].obj.Rotate = turn

    assert set(rules(changed(path, rotate))) <= set()
    edge = drawn(tmp_path / NAME, lambda made: made.drawString(300, 5, "Text"))
    shown = {90: "left", 180: "top", 270: "right"}[turn]
    assert rules(changed(edge, rotate))["margins"].facts["side"] == shown


def test_paper(tmp_path):
    for size, odd in (((612, 792), False), ((792, 612), False), ((500, 500), True)):
        path = drawn(tmp_path / NAME, lambda made: made.drawString(200, 200, "Text"), size)
        assert ("page-size" in rules(path)) is odd


def test_page_numbers(good):
    def without(pdf):
        stream = pdf.pages[4].obj.Contents
        stream.write(stream.read_bytes().replace(b"Page 5 of 6", b"Page 4 of 6"))

    def first(pdf):
        stream = pdf.pages[0].obj.Contents
        stream.write(stream.read_bytes().replace(b"Page 1 of 6", b""))

    assert rules(changed(good, first)) == {}
    assert rules(changed(good, without), "nmpa")["page-numbers"].pages == (5,)


def test_a_page_without_text(tmp_path):
    path = tmp_path / NAME
    made = canvas(path)
    made.rect(100, 100, 200, 200, fill=1)
    made.save()
    assert "searchable" in rules(path)


@pytest.mark.parametrize("mark", ["SYNTHETIC DATA", "INTERIM"])
def test_marks_say_that_a_file_is_not_for_submission(tmp_path, mark):
    path = drawn(tmp_path / NAME, lambda made: made.drawString(100, 300, mark))
    for destination in destinations():
        found = rules(path, destination)["marks"]
        assert found.level == "error"
        assert "not for submission" in found.line("en")


def test_findings_are_said_in_both_languages_with_their_source(tmp_path):
    path = drawn(tmp_path / "report.pdf", lambda made: made.drawString(40, 300, "INTERIM"))
    for finding in lint(path, "fda"):
        assert finding.file == "report.pdf"
        assert (
            "FDA" in finding.line("en")
            or "CDER" in finding.line("en")
            or "clinval" in (finding.line("en"))
        )
        assert finding.line("zh") != finding.line("en")
        assert {"rule", "pages", "says", "do", "source", "status"} <= set(finding.plain())
