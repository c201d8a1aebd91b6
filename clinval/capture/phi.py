"""Find what identifies a patient in a free text, in English and Chinese.

A light gate: it knows numbers and words that have no business in a study's comment. What it
finds is not stored and not shown; who wrote it can look at the cell.
"""

from __future__ import annotations

import re

__all__ = ["identifies"]

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_PRC_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z.])(\d{6})[ -]?((?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
    r"[ -]?(\d{3}[\dXx])(?![0-9A-Za-z])",
    re.ASCII,
)
_CHINESE_MOBILE = re.compile(
    r"(?<![0-9A-Za-z.])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9A-Za-z])", re.ASCII
)
_PHONE = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"\+\d{1,3}[ ./()-]{0,2}(?:\d[ ./()-]{0,2}){6,13}\d"  # +49 30 1234567
    r"|\(?0\d{2,4}\)?[ -]\d{6,8}"  # 010-62345678
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"  # (617) 555-0123
    r")(?![0-9A-Za-z])",
    re.ASCII,
)
_WITH_NUMBER = re.compile(
    r"(?:\b(?:tel|phone|mobile|fax|mrn|medical record|patient (?:id|no|number)|record (?:no|number)"
    r"|insurance|ssn|nhs|passport)\b"
    r"|电话|手机|病历号|住院号|门诊号|病案号|身份证|医保号|护照|床号)"
    r"\D{0,12}\d{2,}",
    re.IGNORECASE,
)
_BIRTH = re.compile(
    r"\b(?:d\.?o\.?b\.?|date of birth|birth ?da(?:te|y)|born (?:on|in)|geburtsdatum|geb\. ?am"
    r"|date de naissance|fecha de nacimiento)(?!\w)|出生日期|出生于|出生年月|生日",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?:patient(?:'s)? name|full name|first name|last name|surname|family name)\b\s*\W?\s*\w"
    r"|(?:姓名|患者名|病人名)\s*(?:是|为|[:：=])",
    re.IGNORECASE,
)
# what most texts have none of: seven digits that belong together, a word that leads to more
_SEVEN_DIGITS = re.compile(r"\d(?:[ ./()-]{0,3}\d){6}", re.ASCII)
_LEADS = (
    "birth", "born", "dob", "d.o.b", "geb", "naissance", "nacimiento", "name", "tel", "phone",
    "mobile", "fax", "mrn", "record", "patient", "insurance", "ssn", "nhs", "passport", "生",
    "姓名", "人名", "者名", "号", "电话", "手机", "身份证", "护照",
)  # fmt: skip
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CHECK = "10X98765432"


def identifies(text: str) -> bool:
    """Return whether a text holds something that may identify a patient.

    Examples
    --------
    >>> identifies("knee pain after sport"), identifies("call 13800138000")
    (False, True)
    """
    if "@" in text and _EMAIL.search(text):
        return True
    if _SEVEN_DIGITS.search(text):
        if _CHINESE_MOBILE.search(text) or _PHONE.search(text):
            return True
        if any(_is_prc_identity("".join(found.groups())) for found in _PRC_IDENTITY.finditer(text)):
            return True
    folded = text.casefold()
    if not any(lead in folded for lead in _LEADS):
        return False
    return any(pattern.search(text) for pattern in (_WITH_NUMBER, _BIRTH, _NAME))


def _is_prc_identity(number: str) -> bool:
    """Return whether the last character is the check character of the first seventeen."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return _CHECK[total % 11] == number[17].upper()
