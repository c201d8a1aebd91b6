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
    r"|\(?0\d{2,4}\)?[ /-]\d{6,8}"  # 010-62345678, 030/1234567
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"  # (617) 555-0123
    r"|\d{3}-\d{2}-\d{4}"  # 123-45-6789, a social security number
    r")(?![0-9A-Za-z])",
    re.ASCII,
)
_WITH_NUMBER = re.compile(
    r"(?:\b(?:tel|phone|mobile|fax|mrn|medical record|patient[ _-]?(?:id|no|number)"
    r"|record (?:no|number)|insurance|ssn|nhs|passport)(?:\b|_)"
    r"|电话|手机|病历号|住院号|门诊号|病案号|身份证|医保号|护照|床号)"
    r"\D{0,12}\d{2,}",
    re.IGNORECASE,
)
# what may also lead to a harmless number, unless that is a long one
_WITH_LONG_NUMBER = re.compile(
    r"(?:\b(?:hosp(?:ital|\.)?[ _-]?(?:id|no|number)|pat(?:ient|\.)?[ _-]{0,2}(?:nr|nummer)|pid"
    r"|case[ _-]?(?:id|no|number)|accession[ _-]?(?:id|no|number)?|acc\.?[ _-]?(?:no|nr)"
    r"|chart (?:no|number)|fallnummer|mr ?#)"
    r"|登记号|检查号|影像号|放射号|就诊号|就诊卡|ID号|病历|微信|QQ)"
    r"[^\d\n]{0,8}\d{4,}",
    re.IGNORECASE,
)
_BIRTH = re.compile(
    r"\b(?:d\.?o\.?b\.?|date of birth|birth ?da(?:te|y)|born (?:on|in)|geburtsdatum|geb\. ?am"
    r"|date de naissance|fecha de nacimiento)(?!\w)|\bborn\W{1,3}\d|\by\.?o\.?b\b\W{0,3}\d"
    r"|\bb\. ?\d{1,4}[-./]\d|出生日期|出生于|出生年月|生日|生于\W{0,2}\d"
    r"|\d ?[年月日] ?(?:出生|生(?!产|化|理|长|命))",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?:patient(?:'s)? name|full name|first name|last name|surname|family name)\b\s*\W?\s*\w"
    r"|(?:^|[;,.]\s*)(?:pt\.? )?name\s*[:=]\s*\w"
    r"|(?:姓名|患者名|病人名)\s*(?:是|为|[:：=])|姓名\s+\w",
    re.IGNORECASE | re.MULTILINE,
)
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Herrn?|Frau|Mme|Sra?)\b\.? [A-Z][a-zà-ÿ]+")
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕"
    "丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严"
)
_CHINESE_TITLE = re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}(?:先生|女士|小姐|阿姨|大爷)")
# what most texts have none of: seven digits that belong together, a word that leads to more
_SEVEN_DIGITS = re.compile(r"\d(?:[ ./()-]{0,3}\d){6}", re.ASCII)
_LEADS = (
    "birth", "born", "dob", "d.o.b", "geb", "naissance", "nacimiento", "name", "tel", "phone",
    "mobile", "fax", "mrn", "record", "patient", "insurance", "ssn", "nhs", "passport", "生",
    "姓名", "人名", "者名", "号", "电话", "手机", "身份证", "护照", "hosp", "pat", "pid", "case",
    "acc", "chart", "fallnummer", "mr", "yob", "y.o.b", "b.", "病历", "就诊卡", "微信", "qq",
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
    if _TITLE.search(text) or _CHINESE_TITLE.search(text):
        return True
    folded = text.casefold()
    if not any(lead in folded for lead in _LEADS):
        return False
    return any(pattern.search(text) for pattern in (_WITH_NUMBER, _WITH_LONG_NUMBER, _BIRTH, _NAME))


def _is_prc_identity(number: str) -> bool:
    """Return whether the last character is the check character of the first seventeen."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return _CHECK[total % 11] == number[17].upper()
