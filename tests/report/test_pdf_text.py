from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from clinval.report.blocks import Number, Strong
from clinval.report.pdf import fonts
from clinval.report.pdf.breaking import HALF
from clinval.report.pdf.styles import Style
from clinval.report.pdf.text import balanced, lay, longest_word, plain, shortened

STYLE = Style(size=10, leading=14)
JUSTIFIED = STYLE.but(justify=True)


def lines(rich, width, language="en", style=STYLE):
    return ["".join(piece.text for piece in line.pieces).rstrip() for line in
            lay(rich, style, width, language)]  # fmt: skip


def test_latin_breaks_at_spaces_and_in_compounds():
    assert lines("a non-inferiority margin", 60) == ["a non-", "inferiority", "margin"]


def test_numbers_stay_whole_and_with_their_units():
    for text in ("90.1-94.3", "90.1–94.3", "1,204", "n = 40", "95% CI", "6 mm"):
        assert lines(f"{'word ' * 6}{text}", 150)[-1].endswith(text)


def test_the_limits_of_an_interval_stay_together():
    rich = ("word " * 6 + "(", Number("37,985", "a"), " to ", Number("192,548", "b"), ")")
    for width in (100, 130, 150):
        assert "37,985 to 192,548" in lines(rich, width)[-1]
    assert lines("from here to there", 60) == ["from here to", "there"]  # not of numbers


def test_identifiers_break_behind_separators():
    assert lines("R-P1-SENS.site.S03.estimate", 80) == ["R-P1-SENS.site.", "S03.estimate"]


def test_chinese_breaks_anywhere_but_before_closing_and_after_opening_marks():
    text = "受试者（成人）完成了检查，并且签署了知情同意书。"
    for width in range(20, 200, 3):
        for line in lines(text, width, "zh"):
            assert line[0] not in "，。）"
            assert line[-1] != "（"


def test_chinese_and_latin_stand_apart_and_marks_close_up():
    (line,) = lay("共1204例（95%）。", STYLE, 500, "zh")
    digits = next(piece for piece in line.pieces if piece.text == "1204")
    assert digits.x == pytest.approx(10 + 2)
    full = sum(fonts.width(p.text, p.font, 10) for p in line.pieces)
    assert line.width == pytest.approx(full + 2 * 2 - 2 * 10 * HALF)


def test_latin_in_chinese_documents_is_set_in_the_latin_face():
    found = fonts.runs("采用DR-AI 3.2版", language="zh")
    assert ("NotoSans", "DR-AI 3.2") in found
    assert fonts.runs("“好”", language="zh") == [("NotoSansSC", "“好”")]
    assert fonts.runs("Cohen’s κ", language="zh") == [("NotoSans", "Cohen’s κ")]
    assert fonts.runs("“good”", language="en") == [("NotoSans", "“good”")]


def test_chinese_running_text_fills_the_measure():
    text = "本试验由独立专家组依据随访结果确定参考标准，全部统计量均由锁定数据计算得出。" * 4
    found = lay(text, JUSTIFIED, 200, "zh")
    assert all(line.width == 200 for line in found[:-1])
    assert found[-1].width < 200


def test_marks_survive():
    rich = ("The value ", Number("95.2%", "r1"), " is ", Strong("good"), ".")
    (line,) = lay(rich, STYLE, 500, "en")
    assert [piece.record for piece in line.pieces if piece.record] == ["r1"]
    assert any(piece.font == "NotoSans-Bold" and piece.text == "good" for piece in line.pieces)


def test_a_line_end_of_the_author_is_kept():
    assert lines("one\ntwo", 500) == ["one", "two"]


def test_shortened_texts_end_in_an_ellipsis():
    (line,) = shortened("A very long name of a hospital", STYLE, 60, "en")
    assert line.width <= 60
    assert line.pieces[-1].text.endswith("…")
    assert len(shortened("受试者撤回知情同意书并退出试验", STYLE, 50, "zh", 2)) == 2


def test_balanced_lines_leave_no_word_alone():
    found = balanced("Peking Union Medical College Hospital of Beijing", STYLE, 200, "en")
    assert len(found) == 2
    assert min(line.width for line in found) > 0.6 * max(line.width for line in found)


letters = st.text(
    st.sampled_from("abcXYZ019 .,-/_()%中文试验，。（）“”：～—é≤±−\u00a0\u200b\n"), max_size=120
)


@settings(max_examples=300, deadline=None)
@given(letters, st.floats(12, 300), st.sampled_from(["en", "zh"]), st.booleans())
def test_no_character_is_lost_and_no_line_too_wide(text, width, language, justify):
    style = STYLE.but(justify=justify)
    found = lay(text, style, width, language)
    drawn = "".join(piece.text for line in found for piece in line.pieces)
    blank = str.maketrans("", "", " \u200b\n")
    assert drawn.translate(blank) == text.translate(blank)
    for line in found:
        assert line.width <= width + 0.02
        for piece in line.pieces:
            trailing = 10 * HALF + fonts.width(" ", piece.font, 10)
            assert piece.x >= -10 * HALF
            assert piece.x + piece.width <= width + trailing


@settings(deadline=None)
@given(letters, st.sampled_from(["en", "zh"]))
def test_a_column_of_the_longest_word_breaks_no_word(text, language):
    width = longest_word(text, STYLE, language)
    for line in lay(text, STYLE, max(width, 1.0), language):
        assert line.width <= max(width, 1.0) + 0.02


def test_plain():
    assert plain(("a", Number("1", "r"), Strong("b"))) == "a1b"


def test_the_font_files_have_their_names_and_the_same_characters():
    from reportlab.pdfbase.ttfonts import TTFontFile

    from clinval.core.resources import folder

    home = folder("reports") / "fonts"
    for family in ("NotoSans", "NotoSansSC"):
        characters = []
        for weight in ("Regular", "Bold"):
            font = TTFontFile(str(home / f"{family}-{weight}.ttf"))
            assert font.name.decode() == f"{family}-{weight}"
            assert "Thin" not in str(font.fullName)
            assert ord(" ") in font.charToGlyph  # words of either face end in a space
            characters.append(set(font.charToGlyph))
        assert characters[0] == characters[1]
        assert "SIL OPEN FONT LICENSE" in (home / f"OFL-{family}.txt").read_text(encoding="utf-8")


def test_names_and_signs_of_the_studied_countries_have_glyphs():
    fonts.check(
        [
            "Nguyễn Thị Hằng, Łódź, Żółć, Příliš žluťoučký kůň, Çağrı Şahin, Ångström, ßüöä, Œuvre",
            "Ελληνικά αβγδκρστ ΔΣΧ², Українська Ґґ Її, Қазақ ә, Österreich, İstanbul, Ñandú",
            "≤ ≥ ± − × ÷ ≈ ≠ ∞ √ Σ ∑ → ← ↑ ↓ ✓ ✗ ° ′ ″ µ ‰ € £ ¥ ₹ ₩ ₫ ₺ ₽ ₴ ½ ¹²³⁴⁵⁶⁷⁸⁹⁰⁻⁺ⁿ",
            "₀₁₂ ™ ® © № ℃",
            "“”‘’„‚«»‹›–—…·•†‡§¶ \u00a0\u2009\u202f\u2011",
            "张喆 陈堃 李昇 王珺 赵赟 孙祎 周翀 吴燚 郑𬭎 冯𫖯",
            "北京协和医院，（“试验”）；：！？、《》【】～％￥①",
        ],
        "names",
    )
