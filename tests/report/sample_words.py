"""Names and words of the samples, in English and Chinese."""

from __future__ import annotations

SITES = {
    "en": (
        "Charité – Universitätsmedizin Berlin",
        "Mayo Clinic, Rochester",
        "Kraków University Hospital",
        "Bệnh viện Chợ Rẫy, Ho Chi Minh City",
        "Hacettepe Üniversitesi, Ankara",
        "Peking Union Medical College Hospital",
        "West China Hospital, Sichuan University",
        "Addenbrooke’s Hospital, Cambridge",
        "Hospital Clínic de Barcelona",
        "Fakultní nemocnice v Motole, Praha",
        "AKH Wien",
        "Toranomon Hospital, Tokyo",
    ),
    "zh": (
        "北京协和医院",
        "四川大学华西医院",
        "复旦大学附属中山医院",
        "浙江大学医学院附属第一医院",
        "中山大学附属第一医院",
        "上海交通大学医学院附属瑞金医院",
        "华中科技大学同济医学院附属同济医院",
        "Charité – Universitätsmedizin Berlin",
        "山东大学齐鲁医院",
        "南京鼓楼医院",
        "西安交通大学第一附属医院",
        "中国医科大学附属盛京医院",
    ),
}


def en_zh(language: str, english: str, chinese: str) -> str:
    return chinese if language == "zh" else english
