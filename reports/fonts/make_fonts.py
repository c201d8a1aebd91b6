# ruff: noqa: INP001 - a script, no package
"""Make the font files of this folder: ``python make_fonts.py NotoSansSC[wght].ttf UNIHAN``.

Needs fonttools, Debian's fonts-noto-core (Noto Sans, Noto Sans Math, Noto Sans Symbols), the
variable Noto Sans SC with TrueType outlines, and the folder with Unihan's tables of Debian's
unicode-data. The same inputs give the same bytes.
"""

from __future__ import annotations

import bz2
import contextlib
import sys
from pathlib import Path
from typing import Any

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

HERE = Path(__file__).parent
NOTO = Path("/usr/share/fonts/truetype/noto")

# Latin with its extensions (Vietnamese, Polish, Czech, Turkish ...), Greek, Cyrillic, punctuation,
# superscripts, currency signs, letter-like signs. Combining marks are left out on purpose: without
# shaping they would stand beside their letter.
TEXT = (
    (0x0020, 0x007E), (0x00A0, 0x024F), (0x0259, 0x0259), (0x02BB, 0x02BC), (0x02C6, 0x02DD),
    (0x0370, 0x03FF), (0x0400, 0x052F), (0x1E00, 0x1EFF),
    (0x2002, 0x200B), (0x2010, 0x2027), (0x202F, 0x203A), (0x2044, 0x2044), (0x2070, 0x209C),
    (0x20A0, 0x20BF), (0x2103, 0x2122), (0x2126, 0x212B), (0x2150, 0x215E),
)  # fmt: skip

# Beside the hanzi: ASCII (spaces may follow hanzi), punctuation, full-width forms.
CHINESE = ((0x0020, 0x007E), (0x00A0, 0x00A0), (0x3000, 0x303F), (0xFF00, 0xFFEF))

# What Noto Sans itself lacks, from Noto Sans Math: it is drawn to stand beside Noto Sans.
MATH = "−≤≥≠≈≡∼≅∝∞√∑∏∫∂∆∈∉∩∪⊂⊆∧∨∥⊥∘∙⋅→←↑↓↔⇒⇔"
SIGNS = "✓✗■□▲△▼▽◆◇●○★☆"  # from Noto Sans Symbols 2

Glyph = list[tuple[str, tuple[Any, ...]]]


def main(chinese: Path, unihan: Path) -> None:
    """Write the four fonts."""
    wanted = gb2312() | standard(unihan)
    for low, high in CHINESE:
        wanted |= set(range(low, high + 1))
    for weight, value in (("Regular", 400), ("Bold", 700)):
        latin(weight).save(HERE / f"NotoSans-{weight}.ttf")
        font = instantiateVariableFont(TTFont(chinese, recalcTimestamp=False), {"wght": value})
        reduce(font, wanted)
        name(font, "Noto Sans SC", "NotoSansSC", weight)
        font.save(HERE / f"NotoSansSC-{weight}.ttf")


def gb2312() -> set[int]:
    """Return the characters of GB 2312: hanzi, kana, punctuation, signs."""
    found = set()
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            with contextlib.suppress(UnicodeDecodeError):
                found.add(ord(bytes((high, low)).decode("gb2312")))
    return found


def standard(unihan: Path) -> set[int]:
    """Return the 8,105 hanzi of the Table of General Standard Chinese Characters of 2013."""
    found = set()
    for path in sorted(unihan.glob("Unihan_*.txt.bz2")):
        with bz2.open(path, "rt", encoding="utf-8") as lines:
            found |= {int(line[2:].split()[0], 16) for line in lines if "\tkTGH\t" in line}
    return found


def reduce(font: TTFont, wanted: set[int]) -> None:
    """Leave out of a font what nobody needs."""
    options = Options(
        layout_features=[], hinting=False, notdef_outline=True, name_IDs=["*"], drop_tables=["DSIG"]
    )
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)


def latin(weight: str) -> TTFont:
    """Return Noto Sans in a weight, with the signs it lacks, without what nobody needs."""
    font = TTFont(NOTO / f"NotoSans-{weight}.ttf", recalcTimestamp=False)
    for source, characters in (("NotoSansMath", MATH), ("NotoSansSymbols2", SIGNS)):
        other = TTFont(NOTO / f"{source}-Regular.ttf")
        for character in characters:
            add(font, character, outline(other, character), advance(other, character))
    if weight == "Bold":
        for character, glyph in bold_signs(font).items():
            add(font, character, glyph, advance(font, "="))
        arrows = TTFont(NOTO / "NotoSansSymbols-Bold.ttf")
        for character in "→←↑↓↔":
            add(font, character, outline(arrows, character), advance(arrows, character))
    wanted = {code for low, high in TEXT for code in range(low, high + 1)}
    reduce(font, wanted | {ord(character) for character in MATH + SIGNS})
    name(font, "Noto Sans", "NotoSans", weight)
    return font


def bold_signs(font: TTFont) -> dict[str, Glyph]:
    """Compose the bold signs of comparison from the bold font's own parts.

    Noto Sans Math has no bold; a light sign between bold digits looks like a mistake.
    """
    left, right, middle, thick = 43, 528, 354, 96
    bar = rectangle(left, middle - thick // 2, right, middle + thick // 2)
    foot = rectangle(left, 14, right, 14 + thick)
    less, greater, tilde = (outline(font, character) for character in "<>~")
    slash: Glyph = [
        ("moveTo", ((150, 82),)), ("lineTo", ((322, 622),)), ("lineTo", ((421, 622),)),
        ("lineTo", ((249, 82),)), ("closePath", ()),
    ]  # fmt: skip
    return {
        "−": bar,
        "≤": moved(less, 66) + foot,
        "≥": moved(greater, 66) + foot,
        "≠": outline(font, "=") + slash,
        "≈": moved(tilde, 100) + moved(tilde, -96),
    }


def rectangle(left: int, bottom: int, right: int, top: int) -> Glyph:
    """Return a box, drawn clockwise as TrueType wants it."""
    corners = [(left, top), (right, top), (right, bottom)]
    lines = [("lineTo", (corner,)) for corner in corners]
    return [("moveTo", ((left, bottom),)), *lines, ("closePath", ())]


def moved(glyph: Glyph, up: int) -> Glyph:
    """Return a glyph moved up."""
    pen = DecomposingRecordingPen({})
    target = TransformPen(pen, (1, 0, 0, 1, 0, up))
    for operator, arguments in glyph:
        getattr(target, operator)(*arguments)
    return list(pen.value)


def outline(font: TTFont, character: str) -> Glyph:
    """Return the outline of a character, without references to other glyphs."""
    glyphs = font.getGlyphSet()
    pen = DecomposingRecordingPen(glyphs)
    glyphs[font.getBestCmap()[ord(character)]].draw(pen)
    return list(pen.value)


def advance(font: TTFont, character: str) -> int:
    """Return how far a character moves the pen."""
    width: int = font["hmtx"][font.getBestCmap()[ord(character)]][0]
    return width


def add(font: TTFont, character: str, glyph: Glyph, width: int) -> None:
    """Put a character into a font, or in the place of the one it has."""
    label = f"uni{ord(character):04X}"
    pen = TTGlyphPen(None)
    for operator, arguments in glyph:
        getattr(pen, operator)(*arguments)
    drawn = pen.glyph()
    if label not in font.getGlyphOrder():
        font.setGlyphOrder([*font.getGlyphOrder(), label])
    font["glyf"][label] = drawn
    drawn.recalcBounds(font["glyf"])
    font["hmtx"][label] = (width, getattr(drawn, "xMin", 0))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[ord(character)] = label


def name(font: TTFont, family: str, postscript: str, weight: str) -> None:
    """Set the names a PDF shows; the licence and the copyright stay as they are."""
    names = font["name"]
    for identifier in (16, 17, 21, 22, 25):
        names.removeNames(nameID=identifier)
    texts = {
        1: family,
        2: weight,
        3: f"{postscript}-{weight}; subset for clinval",
        4: f"{family} {weight}",
        6: f"{postscript}-{weight}",
    }
    for identifier, text in texts.items():
        names.removeNames(nameID=identifier)
        names.setName(text, identifier, 3, 1, 0x409)
    bold = weight == "Bold"
    font["OS/2"].usWeightClass = 700 if bold else 400
    font["OS/2"].fsSelection = 0x20 if bold else 0x40
    font["head"].macStyle = 1 if bold else 0


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
