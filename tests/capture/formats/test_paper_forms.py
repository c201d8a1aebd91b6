"""Forms on paper: what is printed, in which language, and that a lost sheet is known again."""

import re

import pikepdf
import pypdfium2
import pytest

from clinval.app.crf import paper_forms
from clinval.capture.instrument import instrument
from clinval.capture.rule_words import rule_in_words
from clinval.core.errors import ReportError
from clinval.protocol.base import Text
from clinval.protocol.forms import FieldChange, FormUse
from clinval.report.blocks import Questions
from clinval.report.pdf.layout import lay_out
from clinval.report.pdf.questions import QuestionsBox
from clinval.report.pdf.styles import HEIGHT, styles
from clinval.report.pdf.tables import TableBox
from clinval.report.pdf.writer import write

SHA = "0123456789abcdef" * 4


def made_of(protocol, *languages, **more):
    return instrument(protocol, "S01", protocol_sha256=SHA, languages=languages, **more)


def printed(made, path):
    write(paper_forms(made), path)
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path)]


@pytest.fixture(scope="module")
def pages(make_protocol, tmp_path_factory):
    """The texts of the pages by language."""
    folder = tmp_path_factory.mktemp("paper")
    protocol = make_protocol()
    return {
        "+".join(languages): printed(made_of(protocol, *languages), folder / f"{languages}.pdf")
        for languages in (("en",), ("zh",), ("en", "zh"))
    }


@pytest.mark.parametrize("languages", ["en", "zh", "en+zh"])
def test_each_page_says_for_which_site_and_protocol_it_is(pages, languages):
    assert len(pages[languages]) >= 4
    for page in pages[languages]:
        assert f"S01 · 1.0 · SHA-256 {SHA}" in page
        assert ("SYNTHETIC DATA" if "en" in languages else "合成数据") in page


def test_each_language_alone_and_both_together(pages):
    texts = {name: " ".join(found) for name, found in pages.items()}
    assert "Scan time" in texts["en"]
    assert not re.search("[\u4e00-\u9fff]", re.sub(r"深度学习.*", "", texts["en"]))
    assert "扫描时间" in texts["zh"]
    assert "Scan time" not in texts["zh"]
    assert "Scan time" in texts["en+zh"]
    assert "扫描时间" in texts["en+zh"]


def test_a_page_that_goes_on_says_again_what_it_is_about(make_protocol, tmp_path):
    pages = printed(made_of(make_protocol(forms=("F07",)), "en", "zh"), tmp_path / "f07.pdf")
    on = [page for page in pages if "(continued)" in page and "F07 Read" in page]
    assert on
    for page in on:
        for key in ("F07.subject_id", "F07.arm", "F07.reader_id"):
            assert key in page


def test_skip_instructions_name_the_question_by_its_number(pages):
    text = re.sub(r"\s+", " ", " ".join(pages["en"]))
    assert "Only if 4 (Enrolled) is “Yes”" in text
    assert "Only if 3 (Scan completed) is “Yes” or 4 (Reason not completed) is answered" in text
    assert "仅当第4项（已入组）为“是”" in re.sub(r"\s+", "", " ".join(pages["zh"]))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("age_years >= 18", "7 (Age) is at least 18 years"),
        ("18 < age_years", None),
        ("missing(sex) or present(indication)", "6 (Sex) has no value or 8 (Reason for the exam)"),
        ("sex in ['female', 'other'] and (eligible == 'no' or enrolled != 'no')", "“Female” or"),
        ("age_years * 2 > 30", ""),
        ("days(a, b) > 2", ""),
        ("not (age_years > 30)", ""),
    ],
)
def test_rules_in_words(make_protocol, rule, words):
    from clinval.capture.instrument import Rule

    made = made_of(make_protocol(), "en")
    form = made.form("F04")
    asked = [item for item in form.items if item.type != "site"]
    numbers = {item.field: number for number, item in enumerate(asked, start=1)}
    found = rule_in_words(Rule(text=rule, reads=()), form, made, numbers)
    if words == "":
        assert found is None  # the rule itself is printed then
    else:
        assert (words or "7 (Age) is above 18 years") in found["en"]


def test_a_rule_without_words_is_printed_as_it_is(make_protocol, tmp_path):
    use = FormUse(use="F04", change={"sex": FieldChange(when="age_years * 2 > 30")})
    pages = printed(
        made_of(make_protocol(forms=("F04",), uses={"F04": use}), "en"), tmp_path / "a.pdf"
    )
    assert "Only if age_years * 2 > 30" in " ".join(pages)


def test_boxes_have_room_for_the_largest_value_that_is_accepted(make_protocol):
    document = paper_forms(made_of(make_protocol(), "en"))
    answers = {
        row.name: row.answer
        for block in document.blocks
        if isinstance(block, Questions)
        for row in block.rows
    }
    assert answers["F04.age_years"].boxes == "###"
    assert answers["F05.scan_time_s"].boxes == "####.##"
    assert answers["F05.scan_time_s"].after == "s"
    assert answers["F05.acquisition_date"].boxes == "####-##-##"
    assert answers["F05.start_time"].boxes == "####-##-## ##:##"
    assert answers["F05.table_time"].boxes == "##:##"
    assert answers["F04.subject_id"].boxes == "#######"
    assert answers["F04.indication"].lines == 2
    assert [code for code, _ in answers["F04.sex"].choices] == ["female", "male", "other"]


def test_keys_have_no_square_for_a_missing_value(make_protocol):
    document = paper_forms(made_of(make_protocol(), "en"))
    rows = [row for block in document.blocks if isinstance(block, Questions) for row in block.rows]
    missing = {row.name: row.missing for row in rows}
    assert missing["F05.arm"] == ()
    assert missing["F05.scan_time_s"] == ("ND", "NA", "UNK")


def test_a_third_language_is_printed_and_named_as_what_it_is(make_protocol, tmp_path):
    german = {
        "Sex": "Geschlecht", "Female": "weiblich", "Enrolled": "Eingeschlossen", "Yes": "Ja",
        "Only if {rule}": "Nur falls {rule}", "{item} is {value}": "{item} gleich {value}",
    }  # fmt: skip
    made = made_of(make_protocol(forms=("F04",)), "de", catalogues={"de": german})
    text = re.sub(r"\s+", " ", " ".join(printed(made, tmp_path / "de.pdf")))
    assert "Geschlecht" in text
    assert "Nur falls 4 (Eingeschlossen) gleich “Ja”" in text
    with pikepdf.open(tmp_path / "de.pdf") as pdf:
        assert str(pdf.Root.Lang) == "de"


def test_a_character_that_no_font_has_is_named(make_protocol, tmp_path):
    use = FormUse(use="F04", change={"sex": FieldChange(label=Text(en="Sex \u0e01"))})
    made = made_of(make_protocol(forms=("F04",), uses={"F04": use}), "en")
    with pytest.raises(ReportError) as caught:
        printed(made, tmp_path / "a.pdf")
    assert caught.value.problems[0].kind == "glyph-missing"


def test_the_same_protocol_gives_the_same_bytes(make_protocol, tmp_path):
    made = made_of(make_protocol(forms=("F04",)), "zh")
    for name in ("a.pdf", "b.pdf"):
        printed(made, tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


@pytest.mark.parametrize("languages", [("en",), ("en", "zh")])
def test_no_page_is_overfull_and_no_title_stands_alone(make_protocol, languages):
    document = paper_forms(made_of(make_protocol(forms=("F08", "F11", "F14")), *languages))
    pages = lay_out(document, styles("en")).pages
    assert len(pages) > 5
    for page in pages:
        assert page.used <= HEIGHT
        assert isinstance(page.boxes[-1][1], QuestionsBox | TableBox)


def test_a_long_list_is_asked_for_by_code_where_its_form_goes_on(make_protocol, tmp_path):
    pages = printed(made_of(make_protocol(forms=("F11",)), "en"), tmp_path / "f11.pdf")
    first, on = (page for page in pages if "F11 Finance department" in page and "F11.input" in page)
    assert "Purchase price" in first
    assert "Purchase price purchase" not in " ".join(on.split())
