"""Units as scanners write them: every spelling gives the number that pencil and paper give."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from clinval.capture.dicom.dose.units import converted, exact_sum, quantum, same_unit, summed
from clinval.capture.dicom.measured import UNITS

# What one of it is in ours. Those above the line stand in real files; the rest is as likely.
SPELLINGS = [
    ("mGy.cm", "mGy*cm", "1"), ("mGycm", "mGy*cm", "1"), ("Gy.m2", "Gy*cm2", "10000"),
    ("Gym2", "Gy*cm2", "10000"), ("dGy.cm2", "Gy*cm2", "0.1"), ("Gy.cm^2", "Gy*cm2", "1"),
    ("Gy", "mGy", "1000"), ("mGy", "mGy", "1"), ("s", "s", "1"), ("ms", "s", "0.001"),
    ("MBq", "MBq", "1"),
    # ----
    ("mGy*cm", "mGy*cm", "1"), ("mGy cm", "mGy*cm", "1"), ("mGy-cm", "mGy*cm", "1"),
    ("cm.mGy", "mGy*cm", "1"), ("Gy.cm", "mGy*cm", "1000"), ("Gy.m", "mGy*cm", "100000"),
    ("mGy.cm{32 cm phantom}", "mGy*cm", "1"), ("uGy.m2", "Gy*cm2", "0.01"),
    ("\u00b5Gym\u00b2", "Gy*cm2", "0.01"), ("\u03bcGy\u00b7m\u00b2", "Gy*cm2", "0.01"),
    ("cGy.cm2", "Gy*cm2", "0.01"), ("cGycm2", "Gy*cm2", "0.01"), ("mGy.cm2", "Gy*cm2", "0.001"),
    ("mGy.m2", "Gy*cm2", "10"), ("Gy.cm**2", "Gy*cm2", "1"), ("Gy*cm*cm", "Gy*cm2", "1"),
    ("dGy*cm2", "Gy*cm2", "0.1"), ("uGy.cm2", "Gy*cm2", "0.000001"), ("cGy", "mGy", "10"),
    ("dGy", "mGy", "100"), ("uGy", "mGy", "0.001"), ("gray", "mGy", "1000"), ("mgy", "mGy", "1"),
    ("msec", "s", "0.001"), ("sec", "s", "1"), ("seconds", "s", "1"), ("min", "s", "60"),
    ("us", "s", "0.000001"), ("h", "s", "3600"), ("Bq", "MBq", "0.000001"), ("kBq", "MBq", "0.001"),
    ("GBq", "MBq", "1000"), ("mCi", "MBq", "37"), ("uCi", "MBq", "0.037"), ("mm", "cm", "0.1"),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "ours", "factor"), SPELLINGS)
@settings(max_examples=15)
@given(digits=st.integers(0, 10**12), places=st.integers(-20, 20))
def test_spellings_are_converted_exactly(unit, ours, factor, digits, places):
    number = f"{digits}E{places:+03d}"
    quantity = converted(number, unit, ours)
    assert quantity.value == float(Decimal(number) * Decimal(factor))
    assert quantity.original == f"{number} {unit}"
    assert quantity.flags == ()


@pytest.mark.parametrize("unit", [*UNITS.values()])
def test_our_units_are_understood(unit):
    assert converted("2.5", unit, unit).value == 2.5


@pytest.mark.parametrize(
    ("number", "unit", "flag"),
    [
        ("", "mGy", "empty"),
        ("1\\2", "mGy", "several_values"),
        ("10.50/ 15.00", "mGy", "not_a_number"),
        ("1,5", "mGy", "not_a_number"),
        ("nan", "mGy", "not_a_number"),
        ("Infinity", "mGy", "not_a_number"),
        ("1e99999999999", "mGy", "not_a_number"),
        ("1_000", "mGy", "not_a_number"),
        ("\u0661", "mGy", "not_a_number"),  # a digit of another script
        ("1", "", "unit_missing"),
        ("1", "MGy", "unit_unknown"),  # a megagray, or a milligray in capitals
        ("1", "rem", "unit_unknown"),
        ("1", "m" * 100_000, "unit_unknown"),
        ("1", "mGy.cm", "unit_of_another_kind"),
        ("-1", "mGy", "negative"),
    ],
)
def test_what_cannot_be_a_dose_is_none_and_says_why(number, unit, flag):
    quantity = converted(number, unit, "mGy")
    assert quantity.value is None
    assert quantity.flags == (flag,)
    assert len(quantity.original) <= 80


def test_the_code_of_a_unit_goes_before_its_name():
    assert converted("1", "Gy", "mGy", meaning="Gray").flags == ()
    assert converted("1", "Gy", "mGy", meaning="mGy").flags == ("unit_contradicts_its_name",)
    assert converted("1", "Gy", "mGy", meaning="mGy").value == 1000
    named = converted("1", "99XYZ", "mGy", meaning="mGy")
    assert (named.value, named.flags) == (1, ("unit_by_its_name",))
    assert converted("1", "", "mGy", meaning="mGy").original == "1 mGy"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_text_makes_it_fail(number, unit, meaning):
    for ours in set(UNITS.values()):
        quantity = converted(number, unit, ours, meaning=meaning)
        assert quantity.value is None or math.isfinite(quantity.value)
        assert quantity.value is not None or quantity.flags


def test_units_are_the_same_whatever_their_spelling():
    assert same_unit("mGycm", "mGy.cm")
    assert not same_unit("mGy", "Gy")
    assert not same_unit("furlong", "furlong")  # what cannot be read is the same as nothing


NUMBERS = st.lists(st.decimals("0", "1e6", places=4), min_size=1, max_size=12)


@given(NUMBERS, st.randoms())
def test_sums_are_those_of_paper_in_any_order(numbers, random):
    values = [float(number) for number in numbers]
    expected = float(sum(numbers))
    assert exact_sum(values) == expected
    random.shuffle(values)
    assert exact_sum(values) == expected


@given(st.lists(st.decimals("0.001", "1e4", places=6), min_size=1, max_size=12), st.integers(0, 4))
def test_rounding_explains_no_more_than_half_a_digit_each(numbers, places):
    texts = [f"{number:.{places}f} mGy" for number in numbers]
    rounded = sum(Decimal(text.split()[0]) for text in texts)
    apart = abs(float(rounded - sum(numbers)))
    assert apart <= sum(quantum(text, "mGy") for text in texts) / 2 + 1e-9


def test_one_digit_is_worth_what_its_unit_is_worth():
    assert quantum("0.0000023900 Gym2", "Gy*cm2") == 1e-6
    assert quantum("126.596 dGy.cm2", "Gy*cm2") == pytest.approx(1e-4)
    assert quantum("7 mGy", "mGy") == 1
    assert quantum("", "mGy") == 0


def test_sums_say_what_is_said_of_their_parts():
    parts = [converted("1", "mGy", "mGy"), converted("", "", "mGy")]
    assert summed(parts).value == 1
    assert summed(parts).flags == ("empty",)
    assert summed(parts[1:]).value is None
