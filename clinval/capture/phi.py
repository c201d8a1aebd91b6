"""Find what identifies a patient in a free text, in English and Chinese.

A light gate: it knows numbers, names and words that have no business in a study's comment. What it
finds is not stored and not shown; who wrote it can look at the cell.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Literal

from clinval.capture.phi_names import has_name

__all__ = ["KINDS", "Kind", "identifies", "kinds_in"]

Kind = Literal[
    "email",
    "phone",
    "identity_number",
    "record_number",
    "birth",
    "name",
    "address",
    "age",
    "account",
]
KINDS: tuple[Kind, ...] = (
    "email", "phone", "identity_number", "record_number", "birth", "name", "address", "age",
    "account",
)  # fmt: skip
"""What may identify a patient in a text; ``age`` is one over 89."""

_EMAIL = re.compile(r"\w@[\w-]{1,64}\.\w|\w ?[(\[]at[)\]] ?[\w-]{1,64}\.\w", re.IGNORECASE)
_PRC_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z.])(\d{6})[ -]?((?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
    r"[ -]?(\d{3}[\dXx])(?![0-9A-Za-z])",
    re.ASCII,
)
_HONG_KONG_IDENTITY = re.compile(r"(?<![A-Za-z])[A-Z]{1,2}\d{6} ?\([0-9A]\)")
_CHINESE_MOBILE = re.compile(
    r"(?<![0-9A-Za-z.])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9A-Za-z])", re.ASCII
)
_PHONE = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"\+\d{1,3}[ ./()-]{0,2}(?:\d[ ./()-]{0,2}){6,13}\d"  # +49 30 1234567
    r"|\(?0\d{2,4}\)?[ /-]\d{6,8}"  # 010-62345678, 030/1234567
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"  # (617) 555-0123
    r")(?![0-9A-Za-z])",
    re.ASCII,
)
_SOCIAL_SECURITY = re.compile(r"(?<![0-9A-Za-z-])\d{3}-\d{2}-\d{4}(?![0-9A-Za-z-])", re.ASCII)
_CALL = re.compile(
    r"(?:\b(?:tel|phone|mobile|fax|cell|call(?: back)?(?: at| on)?|telefon)(?:\b|_)"
    r"|电话|手机|致电|拨打|传真)"
    r"[^\d\n]{0,12}\d(?:[ -]?\d){4,}",
    re.IGNORECASE,
)
_WITH_NUMBER = re.compile(
    r"(?:\b(?:mrn|medical record|patient[ _-]?(?:id|no|number)"
    r"|record (?:no|number)|insurance|ssn|nhs|passport)(?:\b|_|(?=\d))"
    r"|病历号|住院号|门诊号|病案号|身份证|医保号|医保卡|社保号|护照|床号)"
    r"\D{0,12}\d{2,}",
    re.IGNORECASE,
)
# what may also lead to a harmless number, unless that is a long one
_WITH_LONG_NUMBER = re.compile(
    r"(?:\b(?:hosp(?:ital|\.)?[ _-]?(?:id|no|number)|pat(?:ient|\.)?[ _-]{0,2}(?:nr|nummer)|pid"
    r"|case[ _-]?(?:id|no|number)|accession[ _-]?(?:id|no|number)?|acc\.?[ _-]?(?:no|nr)"
    r"|chart (?:no|number)|fallnummer|mr ?#|versichertennummer|health card|chart ?#"
    r"|account (?:no|number))"
    r"|登记号|检查号|影像号|放射号|就诊号|就诊卡|ID号|病历|病案|条码号)"
    r"[^\d\n]{0,8}\d{4,}",
    re.IGNORECASE,
)
_PLATE = re.compile(
    "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·• ]?"
    "[A-HJ-NP-Z0-9]{5}(?![A-Za-z0-9])"
)
_DATE = r"(?:19|20)\d\d ?[-./年] ?\d{1,2}(?: ?[-./月] ?\d{1,2})?"
_BIRTH = re.compile(
    r"\b(?:d\.?o\.?b\.?|date of birth|birth ?da(?:te|y)|geburtsdatum|date de naissance"
    r"|fecha de nacimiento)(?:[^\w,.;]{0,3}|[^\w,.;]{1,3}(?:is|was|on) )\d"
    r"|\b(?:born (?:on|in)|geb\. ?am) \w|\bborn\W{1,3}\d|\by\.?o\.?b\b\W{0,3}\d"
    r"|\bb\. ?\d{1,4}[-./]\d|\*\s?\d{1,2}\.\d{1,2}\.(?:19|20)\d\d"
    r"|(?:出生日期|出生年月日?|生日(?!期))\D{0,6}\d|出生于|生于\W{0,2}\d"
    r"|\d ?[年月日] ?(?:出生|生(?!产|化|理|长|命|效|物))"
    rf"|(?:[男女]性?|\b(?:male|female|[MF]))[ ,，、/]{{1,3}}{_DATE}(?!\d)",
    re.IGNORECASE,
)
_US_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY"
    "|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_ADDRESS = re.compile(
    r"\b\d{1,5}[A-Za-z]?,? (?:[NSEW]\.? )?(?:[A-Z][a-z'’]+ |\d+(?:st|nd|rd|th) ){1,3}(?<!Hard )"
    r"(?:Street|St\.|St\b(?= ?[,;]|$)|Avenue|Ave\b|Road|Rd\b|Lane|Drive|Boulevard|Blvd\b|Terrace)"
    r"|\b[A-ZÄÖÜ][a-zäöüß]+(?:straße|strasse|str\.|allee|gasse) \d{1,4}\b"
    r"|\b\d{1,4},? (?:rue|avenue|boulevard) (?:de|du|des|d'|[A-Z])"
    r"|\b[Aa]pt\.? ?#?\d{1,4}[A-Z]?\b|\bP\.? ?O\.? Box \d"
    r"|\b(?:[Zz]ip|ZIP)(?: ?code)?\W{0,3}\d{5}\b|\bPLZ\W{0,3}\d{5}\b"
    r"|\b[Pp]ost(?:al )?code\W{0,3}[A-Z0-9]{3,}"
    rf"|\b[A-Z][a-z]+,? (?:{_US_STATES}) \d{{5}}\b"
    r"|\b(?:[Ll]ives|[Ll]iving|[Rr]esid(?:es|ing)) (?:at|on|in) (?:\d|[A-Z][a-z])"
    r"|\b(?:[Hh]ome|[Pp]ostal|[Mm]ailing|[Ss]treet) address\W{1,3}\w"
    r"|(?:^|[;,.] ?)[Aa]ddress ?[:=] ?\w"
    r"|(?<![电通线回气油水管旁])(?:路|街|大道|胡同|弄|巷) ?\d{1,5} ?(?:号|弄)"
    r"|\d ?(?:栋|幢|号楼) ?\d{1,4} ?(?:单元|室|号)|\d ?单元 ?\d{1,4}"
    r"|(?:小区|花园|公寓|家园)\s?\d+ ?(?:栋|幢|号|座)"
    r"|(?:住址|家庭地址|通[讯信]地址|联系地址|户籍|家住(?!外地|本地|附近|农村|郊区|较远)|居住于|现居|籍贯)\s*[:：是为在]?"
    r"\s*[\u4e00-\u9fff\d]"
    r"|地址\s*[:：]\s*[\u4e00-\u9fff]|邮编\D{0,3}\d{6}"
    r"|[\u4e00-\u9fff]{2,7}(?:省|自治区|市)[\u4e00-\u9fff]{1,7}(?:区|县|市)"
    r"[\u4e00-\u9fff]{1,12}?(?:街道|镇|乡|村|路|街|小区)"
    r"|[\u4e00-\u9fff]{1,4}县[\u4e00-\u9fff]{1,5}[乡镇][\u4e00-\u9fff]{1,5}村",
    re.MULTILINE,
)
_OLD = r"(?<![\d.,])(?:9\d|1[0-2]\d)"
_NO_AGE = r" ?(?:[%.+]|mm|ms|days?|weeks?|months?|min|and over|or (?:over|older))"
_AGE = re.compile(
    rf"{_OLD}[ -]?(?:(?:years?|yrs?)[ -](?:old|of age)|y\.?/?o\b|y[ -]old|ans\b|Jahre alt)"
    rf"|\b(?:aged?|age of)\W{{0,3}}{_OLD}\b(?!{_NO_AGE})"
    rf"|{_OLD} ?周?岁(?!以上|及以上)",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"(?:\b(?:wechat|weixin|whatsapp|telegram)|微信)(?: ?(?:id|号|no))?\W{0,3}[A-Za-z0-9_-]{5,}"
    r"|\bQQ ?(?:号|[:：]| )\W{0,2}\d{5,}"
    r"|https?://[^\s\u4e00-\u9fff]*\d{4}"
    r"|[A-Za-z]:\\(?:Users|Documents and Settings)\\\w|(?:^|\s)/(?:home|Users)/\w",
    re.IGNORECASE,
)

# what most texts have none of: seven digits that belong together, a word that leads to more
_SEVEN_DIGITS = re.compile(r"\d(?:[ ./()-]{0,3}\d){6}", re.ASCII)
_DIGITS = re.compile(r"\d")
_LEADS_NUMBER = re.compile(
    r"mrn|record|patient|insurance|ssn|nhs|passport|hosp|pat[ ._-]|pid|case|acc|chart|fallnummer"
    r"|mr ?#|versich|health card|号|身份证|医保|护照|病历|病案|就诊卡",
    re.IGNORECASE,
)
_NAME_POSSIBLE = re.compile(r"[A-ZÀ-Þ][A-Za-z]|name|\^|[\u4e00-\u9fff]", re.IGNORECASE)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CHECK = "10X98765432"


def identifies(text: str) -> bool:
    """Return whether a text holds something that may identify a patient.

    Examples
    --------
    >>> identifies("knee pain after sport"), identifies("call 13800138000")
    (False, True)
    """
    return bool(kinds_in(text))


@functools.lru_cache(maxsize=10_000)  # what sites choose from lists comes again and again
def kinds_in(text: str) -> tuple[Kind, ...]:
    """Return what in a text may identify a patient, by kind; never the thing itself.

    Examples
    --------
    >>> kinds_in("患者王芳，电话 13800138000")
    ('phone', 'name')
    """
    return tuple(kind for kind, found in zip(KINDS, _looks(text), strict=True) if found)


def _looks(text: str) -> Iterator[bool]:
    """Yield for each kind, in the order of `KINDS`, whether a text has it."""
    digits = _DIGITS.search(text) is not None
    many = digits and _SEVEN_DIGITS.search(text) is not None
    leads = digits and _LEADS_NUMBER.search(text) is not None
    yield _has(text, _EMAIL)
    yield (many and _has(text, _CHINESE_MOBILE, _PHONE)) or (digits and _has(text, _CALL))
    yield (many and _has_identity_number(text)) or (not text.isascii() and _has(text, _PLATE))
    yield leads and _has(text, _WITH_NUMBER, _WITH_LONG_NUMBER)
    yield _has(text, _BIRTH)
    yield _has(text, _NAME_POSSIBLE) and has_name(text)
    yield _has(text, _ADDRESS)
    yield digits and _has(text, _AGE)
    yield _has(text, _ACCOUNT)


def _has(text: str, *patterns: re.Pattern[str]) -> bool:
    return any(pattern.search(text) for pattern in patterns)


def _has_identity_number(text: str) -> bool:
    if _has(text, _SOCIAL_SECURITY, _HONG_KONG_IDENTITY):
        return True
    return any(_is_prc_identity("".join(found.groups())) for found in _PRC_IDENTITY.finditer(text))


def _is_prc_identity(number: str) -> bool:
    """Return whether the last character is the check character of the first seventeen."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return _CHECK[total % 11] == number[17].upper()
