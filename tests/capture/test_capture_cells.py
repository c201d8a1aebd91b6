"""What single cells may hold, and what is made of it."""

import datetime

import pytest

from clinval.capture.echo import Echo
from clinval.capture.reading.choices import Choices
from clinval.capture.reading.identifiers import Identifiers
from clinval.capture.reading.missing import missing_code
from clinval.capture.reading.moments import read_date, read_datetime, read_time
from clinval.capture.reading.quantities import read_number
from clinval.capture.reading.reading import narrow, tidy
from clinval.capture.reading.texts import read_text
from clinval.protocol.base import Text
from clinval.protocol.forms import Field


def local(*parts):
    return datetime.datetime(*parts)  # noqa: DTZ001 - sites write local times


ECHO = Echo(["S01-001", "S02-017", "TEST", "REF", "R1"], ["s", "mGy*cm"])
EPOCH = local(1899, 12, 30)

# ---------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("cell", "value", "remark"),
    [
        (45, 45.0, ""),
        (3.0, 3.0, ""),
        ("45.2", 45.2, "read-number-from-text"),
        ("-3", -3.0, "read-number-from-text"),
        ("1e3", 1000.0, "read-number-from-text"),
        ("2.5E-3", 0.0025, "read-number-from-text"),
        (".5", 0.5, "read-number-from-text"),
        ("45,2", 45.2, "read-decimal-comma"),
        ("0,123", 0.123, "read-decimal-comma"),
        ("1234,567", 1234.567, "read-decimal-comma"),
        ("1.234,5", 1234.5, "read-thousands"),
        ("1,234.5", 1234.5, "read-thousands"),
        ("1,234,567", 1234567.0, "read-thousands"),
        ("1.234.567", 1234567.0, "read-thousands"),
        ("1 234,5", 1234.5, "read-thousands"),
        ("1'234", 1234.0, "read-thousands"),
    ],
)
def test_numbers_that_are_read(cell, value, remark):
    reading = read_number(cell, ECHO)
    assert (reading.value, reading.problem) == (value, "")
    assert reading.remarks == ((remark,) if remark else ())


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("1,234", "number-ambiguous"),
        ("-12,345", "number-ambiguous"),
        ("<0.1", "number-with-comparison"),
        ("≥ 5", "number-with-comparison"),
        ("~30", "number-with-comparison"),
        ("约30", "number-with-comparison"),
        ("45 s", "number-not-read"),
        ("12-15", "number-not-read"),
        ("10²", "number-not-read"),
        ("1,23,4", "number-not-read"),
        ("nan", "number-not-read"),
        ("inf", "number-not-read"),
        ("1e999", "number-not-read"),
        (10**400, "number-not-read"),
        (float("inf"), "number-not-read"),
        ("٣", "number-not-read"),
        (True, "truth-for-number"),
        (local(2026, 3, 4), "date-for-number"),
        (datetime.time(4, 30), "date-for-number"),
        (datetime.timedelta(hours=30), "date-for-number"),
    ],
)
def test_numbers_that_are_not(cell, problem):
    reading = read_number(cell, ECHO)
    assert (reading.value, reading.problem) == (None, problem)


# ---------------------------------------------------------------------- dates and times

FOURTH = local(2025, 3, 4)


@pytest.mark.parametrize(
    ("cell", "day", "remarks"),
    [
        (FOURTH, FOURTH, ()),
        (datetime.date(2025, 3, 4), FOURTH, ()),
        ("2025-03-04", FOURTH, ("read-date-from-text",)),
        ("2025/3/4", FOURTH, ("read-date-from-text",)),
        ("2025.03.04", FOURTH, ("read-date-from-text",)),
        ("2025年3月4日", FOURTH, ("read-date-from-text",)),
        ("20250304", FOURTH, ("read-date-from-text",)),
        (20250304, FOURTH, ("read-date-from-text",)),
        ("13/03/2025", local(2025, 3, 13), ("read-date-from-text",)),
        ("03/25/2025", local(2025, 3, 25), ("read-date-from-text",)),
        ("04.04.2025", local(2025, 4, 4), ("read-date-from-text",)),
        ("4 Mar 2025", FOURTH, ("read-date-from-text",)),
        ("04-March-2025", FOURTH, ("read-date-from-text",)),
        ("March 4, 2025", FOURTH, ("read-date-from-text",)),
        (45720, FOURTH, ("date-from-number",)),
        (local(2025, 3, 4, 9, 30), FOURTH, ("time-dropped",)),
        ("2025-03-04T09:30:00", FOURTH, ("read-date-from-text", "time-dropped")),
    ],
)
def test_dates_that_are_read(cell, day, remarks):
    reading = read_date(cell, ECHO, EPOCH)
    assert (reading.value, reading.problem, reading.remarks) == (day, "", remarks)


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("04/03/2025", "date-ambiguous"),
        ("4.3.2025", "date-ambiguous"),
        ("3-Mar-26", "date-not-read"),
        ("31/02/2025", "date-not-read"),
        ("2025-02-30", "date-not-read"),
        ("04/03/25", "date-not-read"),
        ("March 2025", "date-not-read"),
        ("2025-03-04T10:00:00Z", "date-not-read"),
        ("soon", "date-not-read"),
        (3.5, "date-not-read"),
        (99999999, "date-not-read"),
        (True, "date-not-read"),
        (float("inf"), "date-not-read"),
        (datetime.time(9, 30), "date-not-read"),
        (datetime.timedelta(days=2), "date-not-read"),
    ],
)
def test_dates_that_are_not(cell, problem):
    assert read_date(cell, ECHO, EPOCH).problem == problem


@pytest.mark.parametrize(
    ("cell", "moment", "remarks"),
    [
        ("2025-03-04 09:30", local(2025, 3, 4, 9, 30), ("read-date-from-text",)),
        ("2025年3月4日 9时30分", local(2025, 3, 4, 9, 30), ("read-date-from-text",)),
        ("13/03/2025 2:05 PM", local(2025, 3, 13, 14, 5), ("read-date-from-text",)),
        (
            local(2025, 3, 4, 9, 29, 59, 999_900),
            local(2025, 3, 4, 9, 30),
            (),
        ),
        (FOURTH, FOURTH, ("time-missing",)),
        ("2025-03-04", FOURTH, ("read-date-from-text", "time-missing")),
        (local(9999, 12, 31, 23, 59, 59, 999_999), local(9999, 12, 31), ("time-missing",)),
    ],
)
def test_dates_with_time(cell, moment, remarks):
    reading = read_datetime(cell, ECHO, EPOCH)
    assert (reading.value, reading.remarks) == (moment, remarks)


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        (datetime.time(9, 30), "09:30"),
        (datetime.time(9, 30, 15), "09:30:15"),
        (local(1900, 1, 1, 9, 30), "09:30"),
        (datetime.timedelta(hours=9, minutes=30), "09:30"),
        ("9:30", "09:30"),
        ("9:30:15", "09:30:15"),
        ("9:30 pm", "21:30"),
        ("12:05 am", "00:05"),
        ("9点30分", "09:30"),
        (0.5, "12:00"),
    ],
)
def test_times_of_day(cell, time):
    assert read_time(cell, ECHO).value == time


@pytest.mark.parametrize(
    "cell", ["25:00", "9:75", "13:00 pm", "noon", 9, datetime.timedelta(days=2)]
)
def test_times_that_are_not(cell):
    assert read_time(cell, ECHO).problem == "date-not-read"


# ---------------------------------------------------------------------- codes

QUALITY = Field(
    id="quality",
    type="scale",
    label=Text(en="Quality"),
    codes={"1": Text(en="Poor", zh="差"), "2": Text(en="Good", zh="好")},
)
YES_NO = Field(
    id="done",
    type="choice",
    label=Text(en="Done"),
    codes={"yes": Text(en="Yes", zh="是"), "no": Text(en="No", zh="否")},
)


@pytest.mark.parametrize(
    ("cell", "value", "remarks"),
    [
        ("1 | Poor 差", 1.0, ()),
        ("1", 1.0, ()),
        (1, 1.0, ()),
        (2.0, 2.0, ()),
        ("2.0", 2.0, ()),
        ("Poor", 1.0, ("read-label",)),
        ("差", 1.0, ("read-label",)),
        ("2｜好", 2.0, ("read-full-width",)),
        ("１", 1.0, ("read-full-width",)),
        ("1 | Poor 差 ", 1.0, ("read-trimmed",)),
    ],
)
def test_scales(cell, value, remarks):
    reading = Choices(QUALITY, QUALITY.codelist, ECHO).read(cell)
    assert (reading.value, reading.remarks, reading.problem) == (value, remarks, "")


@pytest.mark.parametrize(
    ("cell", "value", "remarks"),
    [
        ("yes", "yes", ()),
        ("YES", "yes", ("read-label",)),
        ("是", "yes", ("read-label",)),
        (True, "yes", ("read-truth",)),
        (False, "no", ("read-truth",)),
    ],
)
def test_choices(cell, value, remarks):
    reading = Choices(YES_NO, YES_NO.codelist, ECHO).read(cell)
    assert (reading.value, reading.remarks) == (value, remarks)


@pytest.mark.parametrize("cell", [3, 1.5, "9 | Perfect", "maybe", True, FOURTH, float("inf")])
def test_unknown_codes(cell):
    reading = Choices(QUALITY, QUALITY.codelist, ECHO).read(cell)
    assert (reading.problem, reading.value) == ("code-unknown", None)


def test_a_label_of_two_codes_stands_for_neither():
    codes = {"1": Text(en="Bad"), "2": Text(en="Bad"), "3": Text(en="Good")}
    field = Field(id="q", type="scale", label=Text(en="Q"), codes=codes)
    assert Choices(field, codes, ECHO).read("bad").problem == "code-unknown"


# ---------------------------------------------------------------------- missing values


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("N/A", "NA"), ("n.a.", "NA"), ("na", "NA"), ("无", "NA"), ("不适用", "NA"), ("未做", "ND"),
        ("n.d.", "ND"), ("nd", "ND"), ("not done", "ND"), ("-", "UNK"), ("—", "UNK"), ("/", "UNK"),
        ("unknown", "UNK"), ("不详", "UNK"), ("?", "UNK"),
    ],
)  # fmt: skip
def test_words_for_a_missing_value(cell, code):
    assert missing_code(cell) == (code, False)


@pytest.mark.parametrize("code", ["ND", "NA", "UNK"])
def test_missing_codes(code):
    assert missing_code(code) == (code, True)
    assert missing_code(f"{code} | whatever") == (code, True)


@pytest.mark.parametrize("cell", ["999", "-1", "0", "none of these", "normal"])
def test_values_that_only_look_like_missing(cell):
    assert missing_code(cell) is None


# ---------------------------------------------------------------------- identifiers

SUBJECTS = Identifiers(
    [f"S01-{n:03d}" for n in range(1, 41)],
    ECHO,
    elsewhere={"S02-017": "S02"},
    problem="key-unknown",
)


@pytest.mark.parametrize(
    ("cell", "remarks"),
    [
        ("S01-012", ()),
        (" S01-012", ("read-trimmed",)),
        ("s01-012", ("identifier-adjusted",)),
        ("S01–012", ("identifier-adjusted",)),
        ("S01 - 012", ("identifier-adjusted",)),
        ("Ｓ０１-０１２", ("read-full-width",)),
    ],
)
def test_identifiers_that_are_read(cell, remarks):
    reading = SUBJECTS.read(cell)
    assert (reading.value, reading.remarks) == ("S01-012", remarks)


@pytest.mark.parametrize(
    ("cell", "close"),
    [
        ("S01-12", "S01-012"),
        ("S01-0012", "S01-012"),
        (12, "S01-012"),
        ("12", "S01-012"),
        ("S01-O12", "S01-012"),
    ],
)
def test_identifiers_that_are_only_suggested(cell, close):
    reading = SUBJECTS.read(cell)
    assert (reading.value, reading.problem) == (None, "key-unknown")
    assert close in reading.parameters["close"]


def test_112_may_have_been_12():
    reading = Identifiers(["10", "11", "12"], ECHO, problem="key-unknown").read("112")
    assert "12" in reading.parameters["close"]
    assert Identifiers(["10", "11", "12"], ECHO, problem="key-unknown").read(12.0).value == "12"


def test_a_subject_of_another_site_is_told_as_such():
    reading = SUBJECTS.read("S02-017")
    assert (reading.problem, reading.parameters["site"]) == ("subject-of-other-site", "S02")


def test_the_name_of_a_patient_in_an_identifier_is_not_repeated():
    reading = SUBJECTS.read("Wang Fang")
    assert reading.problem == "key-unknown"
    assert "Wang" not in str(dict(reading.parameters))


# ---------------------------------------------------------------------- texts

TEXT = Field(id="comment", type="text", label=Text(en="Comment"))
COIL = Field(id="coil", type="text", label=Text(en="Coil"), pattern="[A-Z]{2,8}")


@pytest.mark.parametrize(
    ("cell", "value", "remarks"),
    [
        ("knee pain", "knee pain", ()),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0", ()),
        ("+49", "+49", ()),
        ("@home", "@home", ()),
        ("图像清晰，无伪影。", "图像清晰，无伪影。", ()),
        ("a\u200bb\u00a0", "ab", ("read-trimmed",)),
        ("line_x000D_\nline", "line\nline", ("read-trimmed",)),
        (2.1, "2.1", ("read-text-from-number",)),
        (7, "7", ("read-text-from-number",)),
        (True, "TRUE", ("read-text-from-number",)),
    ],
)
def test_texts(cell, value, remarks):
    reading = read_text(cell, TEXT)
    assert (reading.value, reading.remarks) == (value, remarks)


@pytest.mark.parametrize(
    ("cell", "field", "problem"),
    [
        (FOURTH, TEXT, "date-for-text"),
        ("x" * 2001, TEXT, "text-too-long"),
        ("knee", COIL, "text-not-of-form"),
        ("call 13800138000", TEXT, "text-identifies"),
    ],
)
def test_texts_that_are_not_stored(cell, field, problem):
    reading = read_text(cell, field)
    assert (reading.value, reading.problem) == (None, problem)


def test_blanks_are_nothing():
    for text in ("", "  ", "\u00a0", "\u200b"):
        assert not read_text(text, TEXT).given
    assert tidy("\u3000 a \ufeff")[0] == "a"


def test_only_width_is_narrowed():
    assert narrow("ＡＢ１２，．－")[0] == "AB12,.-"
    assert narrow("10²½")[0] == "10²½"
