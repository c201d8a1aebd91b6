"""What must not be stored, and what messages may show."""

import pytest

from clinval.capture.echo import Echo
from clinval.capture.phi import identifies

ECHO = Echo(["S01-001", "S02-017", "TEST", "REF", "R1"], ["s", "mGy*cm"])

# ---------------------------------------------------------------------- what identifies


@pytest.mark.parametrize(
    "text",
    [
        "write to wang.fang@hospital.cn",
        "110101199003070038",
        "ID 110101 19900307 0038",
        "13800138000",
        "tel. 138 0013 8000",
        "+86 13800138000",
        "+49 30 1234567",
        "010-62345678",
        "(617) 555-0123",
        "MRN: 445566",
        "病历号 20031234",
        "住院号：88231",
        "DOB 1961",
        "date of birth 3.4.1961",
        "born on 3 April",
        "出生日期1961-04-03",
        "patient name Wang",
        "姓名：王芳",
        "姓名 王芳",
        "王芳女士",
        "Mrs. Smith did not feel well",
        "Frau Müller",
        "Name: Wang",
        "born 1961-04-03",
        "1961年4月3日出生",
        "patient_id=445566",
        "Patient-ID 445566",
        "hospital no. 445566",
        "accession number 44556677",
        "Pat.-Nr. 44556",
        "登记号 445566",
        "就诊卡号445566",
        "030/1234567",
        "123-45-6789",
    ],
)
def test_what_identifies_a_patient(text):
    assert identifies(text)


@pytest.mark.parametrize(
    "text",
    [
        "knee pain after sport, 3 weeks",
        "2.1.0 build 45",
        "RECON-2.1",
        "SN13800138000",
        "(01)00844588003288(17)141120(10)7654321D",
        "110101199003070039",  # wrong check character: a number like any other
        "motion artifact in series 3, repeated at 09:30",
        "2026-03-04",
        "newborn phantom",
        "膝关节疼痛3周",
        "10.0.19045.3570",
        "brand name unknown to me",
        "case 12 of 20",
        "MR imaging at 3 T",
        "Ms 25 after the pulse",
        "patient moved 3 times",
        "生产日期 2026-03-05",
        "患者配合差，重扫2次",
    ],
)
def test_what_does_not(text):
    assert not identifies(text)


# ---------------------------------------------------------------------- echo


@pytest.mark.parametrize(
    "value",
    [
        "45,2", "<0.1", "1,234 s", "04/03/2025", "2025年3月4日", "S01-999", "TEST", "R7",
        "N/A", "无", 270.5, "3-Mar-26", "March 5, 2026",
    ],
)  # fmt: skip
def test_harmless_values_are_shown(value):
    assert str(ECHO(value)) == str(value)


@pytest.mark.parametrize(
    "value",
    [
        "Wang Fang", "王芳", "13800138000", "138-0013-8000-99", "110101199003071230", 123456789,
        "S03-Wang", "TESTER", "1 2 3 4 5 6 7 8 9 0 1 2 3", "a" * 100,
    ],
)  # fmt: skip
def test_values_that_may_identify_are_described(value):
    text = ECHO(value)
    length = len(str(value))
    assert text.en == f"text of {length} characters"
    assert text.zh == f"{length} 个字符的文本"
