"""Words that people write where there is no value, and the code that comes nearest to each."""

from __future__ import annotations

from clinval.protocol.forms import MISSING_CODES

__all__ = ["MISSING_WORDS", "missing_code"]

# 999 and -1 are not among them: as numbers they are values, and outside the range of their field.
_WORDS = {
    "ND": (
        "nd", "n.d.", "n.d", "n/d", "not done", "not performed", "not measured", "not tested",
        "未做", "未查", "未检", "未检查", "未测", "未行", "未进行", "没做",
    ),
    "NA": (
        "na", "n/a", "n.a.", "n.a", "n. a.", "not applicable", "not appl.", "inapplicable",
        "无", "不适用", "不涉及", "无此项", "entfällt", "k.a.",
    ),
    "UNK": (
        "unk", "unk.", "unknown", "not known", "nk", "n.k.", "missing", "null", "?", "??", "？",
        "-", "--", "---", "–", "—", "——", "/", "\\", ".", "...", "…",
        "不详", "未知", "不明", "不清楚", "缺失", "unbekannt", "inconnu",
    ),
}  # fmt: skip

MISSING_WORDS = {word: code for code, words in _WORDS.items() for word in words}


def missing_code(text: str) -> tuple[str, bool] | None:
    """Return the code of a text that stands for a missing value, and whether it is that code.

    Examples
    --------
    >>> missing_code("ND | not done 未做"), missing_code("n/a"), missing_code("0")
    (('ND', True), ('NA', False), None)
    """
    code = text.partition("|")[0].strip()
    if code in MISSING_CODES:
        return code, True
    nearest = MISSING_WORDS.get(text.casefold())
    return None if nearest is None else (nearest, False)
