"""The fonts: which face shows which character, how wide it is, and what no face can show.

Latin letters and digits are always set in Noto Sans and Chinese in Noto Sans SC, whatever the
language of the document. A character that neither has is a problem of the document: it is found
before anything is drawn and never left out silently.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from clinval.core.errors import ReportError
from clinval.core.problems import Place, Problem
from clinval.core.resources import folder

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check", "face", "foreign", "measure", "normal", "runs", "width"]

LATIN, CHINESE = "NotoSans", "NotoSansSC"
_FILES = {
    f"{family}{suffix}": f"{family}-{weight}.ttf"
    for family in (LATIN, CHINESE)
    for suffix, weight in (("", "Regular"), ("-Bold", "Bold"))
}

# Signs that both faces have and that are full-width in Chinese, unless they stand within Latin.
_QUOTES = frozenset("“”‘’")
_SHARED = _QUOTES | frozenset("—…")
_SPOKEN = {
    "zh": re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]"),
    "en": re.compile(r"[^\W\d_]{3}[a-zà-ž]"),
}
_INVISIBLE = dict.fromkeys((0x00AD, 0x2060, 0xFEFF))  # soft hyphen, joiner, byte order mark
_SPACES = {0x09: " ", 0x0B: " ", 0x0C: " ", 0x85: " ", 0x2028: "\n", 0x2029: "\n"}
_CLEAN = {**_INVISIBLE, **_SPACES}
_LAYOUT = frozenset("\n\u200b")  # said to the line breaker, never drawn


@functools.cache
def _faces() -> dict[str, Any]:
    """Load and register the four fonts, once a process."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    home = folder("reports") / "fonts"
    faces = {name: TTFont(name, str(home / file)) for name, file in _FILES.items()}
    for font in faces.values():
        pdfmetrics.registerFont(font)
    return faces


@functools.cache
def _advances(name: str) -> dict[str, float]:
    """Return how far each character of a font moves the pen, at size 1."""
    ttf = _faces()[name].face
    return {
        chr(code): ttf.charWidths.get(code, ttf.defaultWidth) / 1000 for code in ttf.charToGlyph
    }


def face(*, bold: bool = False, chinese: bool = False) -> str:
    """Return the name of a font."""
    name = CHINESE if chinese else LATIN
    _faces()
    return f"{name}-Bold" if bold else name


def normal(text: str) -> str:
    r"""Return a text in composed form, with plain spaces and line ends.

    Examples
    --------
    >>> normal("Nguye\u0302\u0303n\r\nTra\u0302\u0300n") == "Nguyễn\nTrần"
    True
    """
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return composed.translate(_CLEAN)


def runs(text: str, *, bold: bool = False, language: str = "en") -> list[tuple[str, str]]:
    """Split a text into runs of one font, Latin first.

    Examples
    --------
    >>> runs("灵敏度为 95.0%")
    [('NotoSansSC', '灵敏度为'), ('NotoSans', ' 95.0%')]
    """
    latin, chinese = face(bold=bold), face(bold=bold, chinese=True)
    if text.isascii():
        return [(latin, text)] if text else []
    known = _advances(latin)
    found: list[tuple[str, str]] = []
    start, current = 0, ""
    for index, character in enumerate(text):
        foreign = character not in known and character not in _LAYOUT
        wide = character in _SHARED and language == "zh" and not _within_latin(text, index)
        name = chinese if foreign or wide else latin
        if name != current:
            if index:
                found.append((current, text[start:index]))
            start, current = index, name
    return [*found, (current, text[start:])]


def _within_latin(text: str, index: int) -> bool:
    """Whether Latin stands on both sides of a quotation mark, or before a dash or an ellipsis."""
    sides = [text[max(index - 1, 0) : index]]
    if text[index] in _QUOTES:
        sides.append(text[index + 1 : index + 2])
    return all(side.isalnum() and ord(side) < 0x2000 for side in sides)


@functools.lru_cache(maxsize=50_000)
def foreign(text: str, name: str, language: str) -> str:
    """Return the language of a run of one font where it is not the document's, else nothing.

    Abbreviations, units and identifiers without a word are of no language.

    Examples
    --------
    >>> foreign("北京协和医院", "NotoSansSC", "en"), foreign("Tango", "NotoSans", "zh")
    ('zh', 'en')
    >>> foreign("95% CI", "NotoSans", "zh"), foreign("，", "NotoSansSC", "en")
    ('', '')
    """
    other = "zh" if name.startswith(CHINESE) else "en"
    if other == language:
        return ""
    return other if _SPOKEN[other].search(text) else ""


@functools.lru_cache(maxsize=50_000)  # a text is measured for its column, then for its line
def width(text: str, name: str, size: float) -> float:
    """Return the width of a text in one font."""
    advances = _advances(name)
    return size * sum([advances.get(character, 0.0) for character in text])


def measure(text: str, size: float, *, bold: bool = False, language: str = "en") -> float:
    """Return the width of a text that may need both fonts."""
    parts = runs(normal(text), bold=bold, language=language)
    return sum(width(part, name, size) for name, part in parts)


def check(texts: Iterable[str], title: str) -> None:
    """Raise once for all characters of a document that no font can show.

    Raises
    ------
    ReportError
        With one problem of the kind ``glyph-missing`` for each such character.
    """
    known = _LAYOUT.union(_advances(LATIN)).union(_advances(CHINESE))
    missing: dict[str, str] = {}
    for text in texts:
        if not text.isascii() or not text.isprintable():
            for character in set(normal(text)) - known:
                missing.setdefault(character, text)
    if missing:
        raise ReportError(
            Problem(
                kind="glyph-missing",
                place=Place(file=title),
                parameters={
                    "character": character,
                    "code_point": f"U+{ord(character):04X}",
                    "text": _excerpt(missing[character], character),
                },
            )
            for character in sorted(missing)
        )


def _excerpt(text: str, character: str) -> str:
    """Return the words around a character, so that its author finds it."""
    flat = " ".join(normal(text).split())
    at = max(flat.find(character), 0)
    start, end = max(at - 30, 0), at + 30
    return f"{'…' if start else ''}{flat[start:end]}{'…' if end < len(flat) else ''}"
