"""Say what stands in a cell, unless it might identify a patient.

Messages are stored, sent and printed. A value is shown only when it cannot be more than a number,
a date, a unit, a word for a missing value or an identifier of the study; anything else is
described by its length. One function decides, for every message.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from clinval.capture.reading.missing import MISSING_WORDS
from clinval.protocol.base import Text

__all__ = ["Echo"]

_MOST_DIGITS = 12
_LONGEST_RUN = 8
_UNITS = (
    "s", "sec", "ms", "min", "h", "d", "years", "days", "mm", "cm", "m", "mGy", "Gy", "mSv",
    "uSv", "kV", "mA", "mAs", "T", "mT", "kg", "g", "MBq", "mCi", "kBq", "mL", "ml",
    "年", "月", "日", "号", "时", "点", "分", "秒", "岁", "天", "E", "e", "am", "pm", "AM", "PM",
)  # fmt: skip
_PUNCTUATION = re.compile(r"[\s\d.,:;/\\|+\-*%<>=≤≥~±^()\[\]?!_–—−'\"#°µ，。：；、（）]*", re.ASCII)
_WORD = re.compile(r"[^\W\d_]+")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]{0,6}"
_NAMED_DATE = re.compile(
    rf"\d{{1,2}}(?:st|nd|rd|th)?[-./ ]{{1,2}}{_MONTH}[-./, ]{{1,2}}\d{{2,4}}"
    rf"|{_MONTH}[-./ ]{{1,2}}\d{{1,2}}(?:st|nd|rd|th)?[-./, ]{{1,2}}\d{{2,4}}",
    re.IGNORECASE | re.ASCII,
)


class Echo:
    """Shows values of cells in messages.

    Parameters
    ----------
    identifiers
        Identifiers of the study: what differs from one of them only in its digits may be shown.
    units
        Units of the study's fields.
    """

    def __init__(self, identifiers: Iterable[str] = (), units: Iterable[str] = ()) -> None:
        shapes = sorted({re.sub(r"\d+", r"\\d{1,8}", re.escape(name)) for name in identifiers})
        self._identifier = re.compile("|".join(shapes) or r"(?!)", re.ASCII)
        self._words = {*_UNITS, *units, *MISSING_WORDS}
        for unit in units:
            self._words.update(_WORD.findall(unit))

    def __call__(self, value: object) -> Text:
        """Return a value as messages may show it, or what kind of text it is.

        Examples
        --------
        >>> str(Echo()("45,2 s")), str(Echo()("Wang")), Echo()("王芳").zh
        ('45,2 s', 'text of 4 characters', '2 个字符的文本')
        """
        text = _plain(value)
        if self._harmless(text):
            return Text(en=text or "''", zh=text or "''")
        return Text(en=f"text of {len(text)} characters", zh=f"{len(text)} 个字符的文本")

    def _harmless(self, text: str) -> bool:
        digits = re.findall(r"\d+", text)
        # a number may be broken up by separators, as phone numbers are
        if sum(map(len, digits)) > _MOST_DIGITS or any(len(run) > _LONGEST_RUN for run in digits):
            return False
        if len(text) > 60:
            return False
        if self._identifier.fullmatch(text) or text.casefold() in self._words:
            return True
        if _NAMED_DATE.fullmatch(text):
            return True
        rest = _WORD.sub(lambda match: "" if match[0] in self._words else match[0], text)
        return _PUNCTUATION.fullmatch(rest) is not None


def _plain(value: object) -> str:
    if isinstance(value, datetime.datetime):
        form = "%Y-%m-%d" if value.time() == datetime.time() else "%Y-%m-%d %H:%M"
        return value.strftime(form) if value.year >= 1000 else value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()
