"""The rule language: its logic against a second evaluator, its errors, and what it keeps out."""

import datetime
import math
import string
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings, strategies as st

from clinval.core.evaluation import sort_of
from clinval.core.expressions import Expression, ExpressionError, Truth, parse

# ---------------------------------------------------------------------- a second evaluator
# Rules as plain tuples, evaluated row by row in plain Python; None is unknown.

NUMBERS = ("n1", "n2")
TEXTS = ("t1", "t2")
TIMES = ("d1", "d2")
WORDS = ("a", "b", "It's", "膝")
DAY = datetime.datetime(2026, 1, 1)  # noqa: DTZ001 - sites give local times without a zone


def written(rule):
    """Return a rule of tuples as the text of a rule."""
    match rule:
        case ("column", name):
            return name
        case ("constant", value):
            return repr(value)
        case ("not" | "-" as sign, inner):
            return f"({sign} {written(inner)})"
        case ("in" | "not in" as word, left, items):
            return f"({written(left)} {word} [{', '.join(map(repr, items))}])"
        case ("chain", first, second, third, low, high):
            return f"({written(first)} {low} {written(second)} {high} {written(third)})"
        case ("call", function, *arguments):
            return f"{function}({', '.join(map(written, arguments))})"
        case (operator, left, right):
            return f"({written(left)} {operator} {written(right)})"
    raise AssertionError(rule)


def value_of(rule, row):
    """Return what a rule gives on one row; None where it is unknown."""
    match rule:
        case ("column", name):
            return row[name]
        case ("constant", value):
            return value
        case ("and" | "or" as word, left, right):
            sides = [value_of(left, row), value_of(right, row)]
            decisive = word == "or"
            if decisive in sides:
                return decisive
            return None if None in sides else not decisive
        case ("call", "missing" | "present" as function, inner):
            return (value_of(inner, row) is None) == (function == "missing")
        case ("not", inner):
            inside = value_of(inner, row)
            return None if inside is None else not inside
        case ("chain", first, second, third, low, high):
            return value_of(("and", (low, first, second), (high, second, third)), row)
        case ("in" | "not in" as word, left, items):
            inside = value_of(left, row)
            return None if inside is None else (inside in items) == (word == "in")
        case ("-", inner):
            return number(lambda x: -x, value_of(inner, row))
        case ("call", "abs", inner):
            return number(abs, value_of(inner, row))
        case ("call", "log", inner):
            return number(math.log, value_of(inner, row))
        case ("call", "minutes" | "days" as function, start, end):
            times = value_of(start, row), value_of(end, row)
            if None in times:
                return None
            seconds = (times[1] - times[0]).total_seconds()
            return seconds / (60 if function == "minutes" else 86400)
        case (operator, left, right):
            sides = value_of(left, row), value_of(right, row)
            return None if None in sides else number(OPERATORS[operator], *sides)
    raise AssertionError(rule)


def number(function, *values):
    if None in values:
        return None
    try:
        result = function(*values)
    except (ArithmeticError, ValueError):
        return None
    return result if not isinstance(result, float) or math.isfinite(result) else None


OPERATORS = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
}
COMPARE = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
SAME = st.sampled_from(["==", "!="])

# small whole numbers, so that sums and products are exact and equal values are met
values = st.integers(-3, 3).map(float)
numbers = st.recursive(
    st.one_of(
        st.tuples(st.just("column"), st.sampled_from(NUMBERS)),
        st.tuples(st.just("constant"), st.one_of(values, st.integers(-3, 3))),
        st.tuples(
            st.just("call"),
            st.sampled_from(["minutes", "days"]),
            *[st.tuples(st.just("column"), st.sampled_from(TIMES))] * 2,
        ),
    ),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        st.tuples(st.just("-"), inner),
        st.tuples(st.just("call"), st.sampled_from(["abs", "log"]), inner),
    ),
    max_leaves=4,
)
texts = st.one_of(
    st.tuples(st.just("column"), st.sampled_from(TEXTS)),
    st.tuples(st.just("constant"), st.sampled_from(WORDS)),
)
times = st.tuples(st.just("column"), st.sampled_from(TIMES))
truths = st.recursive(
    st.one_of(
        st.tuples(COMPARE, numbers, numbers),
        st.tuples(st.just("chain"), numbers, numbers, numbers, COMPARE, COMPARE),
        st.tuples(SAME, texts, texts),
        st.tuples(COMPARE, times, times),
        st.tuples(st.sampled_from(["in", "not in"]), numbers, st.lists(values, min_size=1)),
        st.tuples(
            st.sampled_from(["in", "not in"]),
            texts,
            st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
        ),
        st.tuples(
            st.just("call"),
            st.sampled_from(["missing", "present"]),
            st.one_of(numbers, texts, times),
        ),
    ),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
        st.tuples(st.just("not"), inner),
        st.tuples(st.just("call"), st.sampled_from(["missing", "present"]), inner),
    ),
    max_leaves=6,
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            **dict.fromkeys(NUMBERS, st.none() | values),
            **dict.fromkeys(TEXTS, st.none() | st.sampled_from(WORDS)),
            **dict.fromkeys(
                TIMES,
                st.none() | st.integers(0, 4000).map(lambda m: DAY + datetime.timedelta(minutes=m)),
            ),
        }
    ),
    min_size=1,
    max_size=6,
)


@dataclass
class Rows:
    """Rows as columns; counts over other forms are answered from a table."""

    rows: list
    counts: dict | None = None

    def column(self, name):
        found = [row[name] for row in self.rows]
        if name in NUMBERS:
            return np.array([np.nan if value is None else value for value in found], dtype=float)
        if name in TIMES:
            return np.array([value or "NaT" for value in found], dtype="datetime64[s]")
        return pd.Categorical(found)

    def aggregate(self, function, form, condition):
        return self.counts[function, form, condition and condition.text]


@settings(max_examples=300, deadline=None)
@given(truths, rows)
@example(("not", ("==", ("column", "n1"), ("constant", 1.0))), [dict.fromkeys(("n1",), None)])
def test_truth_is_that_of_kleene(rule, table):
    text = written(rule)
    try:
        expression = parse(text)
    except ExpressionError as error:
        assert error.kind == "rule-reads-nothing"  # noqa: PT017 - the only way not to be a rule
        return
    found = expression.truth(Rows(table))
    for index, row in enumerate(table):
        expected = value_of(rule, row)
        known = np.broadcast_to(found.known, len(table))[index]
        true = np.broadcast_to(found.true, len(table))[index]
        assert (bool(true) if known else None) == expected, (text, row)


@settings(max_examples=200, deadline=None)
@given(numbers, rows)
def test_numbers_are_those_of_plain_arithmetic(rule, table):
    try:
        expression = parse(written(rule))
    except ExpressionError as error:
        assert error.kind == "rule-reads-nothing"  # noqa: PT017 - the only way not to be a rule
        return
    found = expression.evaluate(Rows(table))
    assert sort_of(found) == "number"
    for value, row in zip(np.broadcast_to(found, len(table)), table, strict=True):
        expected = value_of(rule, row)
        assert (expected is None) == bool(np.isnan(value))
        assert expected is None or value == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_names_of_columns_are_noted_once_with_where_they_are_first_read():
    text = "t1 == 'a' and any(F05, t2 in ['x', 'y'] and n1 > -1) or t1 != n2"
    rule = parse(text)
    assert rule.names == (("", "t1"), ("F05", "t2"), ("F05", "n1"), ("", "n2"))
    assert [text[offset:][:2] for offset in rule.offsets] == ["t1", "t2", "n1", "n2"]
    assert [(form, text[offset:][:3]) for form, offset in rule.forms] == [("F05", "F05")]
    assert [(*literal[:3], text[literal[3] :][:2]) for literal in rule.literals] == [
        ("", "t1", "a", "'a"),
        ("F05", "t2", "x", "'x"),
        ("F05", "t2", "y", "'y"),
        ("F05", "n1", -1, "-1"),
    ]


def test_a_literal_counts_on_either_side_and_in_chains():
    rule = parse("'a' == t1 and 1 <= n1 <= 5 and n2 not in [1, -2]")
    assert [literal[:3] for literal in rule.literals] == [
        ("", "t1", "a"), ("", "n1", 1), ("", "n1", 5), ("", "n2", 1), ("", "n2", -2),
    ]  # fmt: skip


def test_line_breaks_do_not_matter():
    rule = parse("  n1 > 1\r\n\tand\nn2 > 1\n")
    assert rule.names == (("", "n1"), ("", "n2"))
    assert rule.offsets == (2, 15)


# ---------------------------------------------------------------------- counts over forms


def test_counts_are_asked_of_the_scope_with_their_condition():
    counts = {
        ("count", "F05", None): np.array([0.0, 2.0]),
        ("any", "F05", "n1 > 1"): Truth(np.array([True, False]), np.array([True, True])),
        ("all", "F07", "t1 == 'a'"): Truth(np.array([False, True]), np.array([False, True])),
    }
    scope = Rows([{"n1": None}] * 2, counts)

    class Checked(Rows):
        def aggregate(self, function, form, condition):
            part = condition and condition.text[slice(*span(condition))]
            return counts[function, form, part]

    scope = Checked(scope.rows)
    text = "count(F05) == 2 or any(F05, n1 > 1) and not all(F07, t1 == 'a')"
    truth = parse(text).truth(scope)
    assert truth.true.tolist() == [False, True]
    assert truth.known.tolist() == [False, True]


def span(condition):
    return condition.node.col_offset, condition.node.end_col_offset


def test_errors_inside_a_count_point_into_the_whole_rule():
    class Inner(Rows):
        def aggregate(self, function, form, condition):
            del function, form
            return condition.truth(self)

    text = "n1 > 1 and any(F05, n1 + t1 > 2)"
    with pytest.raises(ExpressionError) as caught:
        parse(text).truth(Inner([{"n1": 1.0, "t1": "a"}]))
    assert text[caught.value.offset :].startswith("t1 > 2")


# ---------------------------------------------------------------------- errors

HERE = "«"
REFUSED = {
    "rule-malformed": [
        "«", "« ", "n1 «= 1", "n1 > 1 «AND n2", "«(n1 > 1", "n1 > 1«)", "t1 == «“a”", "n1 «≥ 1",
        "膝 == '膝膝' and «$", "n1 =«", "t1 == «'a", "a «b",
    ],
    "rule-not-in-language": [
        "«t1.upper() == 'A'", "«t1[0] == 'a'", "«(lambda: n1)()", "«[x for x in t1]",
        "(«n1 := 2) > 1", "«f'{t1}' == t2", "«n1 if n2 else n1 > 1",
        "«n1 ** 2 > 1", "«n1 % 2 == 1", "«n1 // 2 == 1", "«~n1 > 1", "«+n1 > 1", "«n1 is n2",
        "n1 == «None", "t1 == «True", "n1 == «1j", "t1 == «b'a'", "n1 == «...", "n1 == «1e400",
        "n1 == «{1}", "n1 == «[1]", "abs(«*n1) > 1", "abs(«**n1) > 1",
        "any(F05, «t1 = 'a')", "n1 in «[1] in [2]", "n1 > 1 «# and n2 > 1", "«await_(n1).x",
        "n1 > «9" + "9" * 400, "膝 == '膝' and «t1.x", "«yield_.x", "n1 in [1] and «n1 @ n2",
    ],
    "rule-reads-nothing": ["«1 == 1", "«'a'", "«missing(5)", "«5"],
    "rule-needs-list": [
        "t1 in «'ab'", "t1 in «t2", "t1 in «[]", "t1 in «['a', t2]", "t1 in «[None]",
        "t1 in «[True]", "t1 in «[-'a']", "t1 in «[*t2]", "t1 not in «{'a'}", "n1 in «[1j]",
    ],
    "rule-unknown-function": [
        "«empty(t1)", "n1 > 1 and «__import__('os')", "«eval('1')", "膝 == '膝' or «len(t1) > 2",
    ],
    "rule-arguments": ["«missing()", "«missing(t1, t2)", "«minutes(d1) > 1", "«abs(n1, n2) > 1"],
    "rule-nested": ["any(F05, «count(F07) > 1)", "any(F05, n1 > 1 and «any(F07, n1 > 1))"],
    "rule-needs-form": ["«any(F05)", "«any('F05', n1 > 1)", "«count()", "«count(F05, n1, n2) > 1"],
    "rule-too-deep": [
        "not " * 50 + "«not missing(n1)", "«n1" + " + 1" * 60 + " > 1",
        "abs(" * 49 + "«n1" + ")" * 49 + " > 1",
    ],
}  # fmt: skip
TYPES = {
    "rule-is-a-number": [
        "«n1", "n1 > 1 and «n2", "«t1 or n1 > 1", "not «d1", "n1 > 1 or «count(F05)",
        "not (n1 > 1 and «t1)",
    ],
    "rule-mixes-types": [
        "«n1 == 'a'", "«t1 == n1", "«t1 == 1", "«d1 < '2026-01-01'", "«d1 == n1", "t1 in [«1]",
        "n1 in [1, «'a']", "«missing(n1) == 1", "n1 > 1 and («n1 > 1) == (n2 > 1)", "«'a' < n1",
        "1 < «n1 < 'a'", "«any(F05, n1 > 1) > 0",
    ],
    "rule-texts-have-no-order": ["«t1 < t2", "«t1 >= 'a'", "«'a' > t1", "n1 > 1 and «t1 <= t1"],
    "rule-calculates-with-text": [
        "1 + «t1 > 2", "«d1 - d2 > 5", "«d1 + 1 > d2", "- «t1 > 1", "-«d1 == d2", "abs(«t1) > 1",
        "log(«d1) > 1", "n1 * «'2' > 1", "n1 + («n1 > 1) > 1", "n1 / «missing(n1) > 1",
    ],
    "rule-needs-times": [
        "minutes(d1, «n1) > 1", "days(«t1, d1) > 1", "days(d1, «'2026-01-01') > 1",
        "minutes(«n1 > 1, d1) > 1",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "marked"), [(kind, text) for kind in REFUSED for text in REFUSED[kind]]
)
def test_what_is_not_of_the_language_is_refused_where_it_is(kind, marked):
    offset, text = marked.index(HERE), marked.replace(HERE, "")
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert (caught.value.kind, caught.value.offset) == (kind, min(offset, max(len(text) - 1, 0)))


@pytest.mark.parametrize(
    ("kind", "marked"), [(kind, text) for kind in TYPES for text in TYPES[kind]]
)
@pytest.mark.parametrize("rows", [0, 2])
def test_what_does_not_fit_is_refused_where_it_is_with_and_without_rows(kind, marked, rows):
    truth = Truth(np.zeros(rows, dtype=bool), np.ones(rows, dtype=bool))
    counts = {("count", "F05"): np.zeros(rows), ("any", "F05"): truth}

    class Counting(Rows):
        def aggregate(self, function, form, condition):
            del condition
            return counts[function, form]

    row = {"n1": 1.0, "n2": 1.0, "t1": "a", "t2": "a", "d1": DAY, "d2": DAY}
    expression = parse(marked.replace(HERE, ""))
    with pytest.raises(ExpressionError) as caught:
        expression.truth(Counting([row] * rows))
    assert (caught.value.kind, caught.value.offset) == (kind, marked.index(HERE))


def test_a_rule_as_long_as_a_protocol_allows_is_no_burden():
    assert parse(" or ".join(["n1 > 1"] * 400)).names == (("", "n1"),)
    assert len(parse(f"t1 in {list(range(800))!r}").literals) == 800


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000 + "n1" + ")" * 3000,
        "not " * 5000 + "n1",
        "-" * 5000 + "n1 > 1",
        "n1" + ".x" * 5000,
        "n1" + "[0]" * 5000,
        "n1 if n1 else " * 3000 + "n1",
        "lambda: " * 3000 + "n1",
        "n1" + " ** n1" * 5000,
        "n1 < " * 5000 + "n1 + t1.x",
        "f(" * 3000 + "n1" + ")" * 3000,
        "n1 == " + "1" * 10_000,
        '"' + "x" * 1_000_000 + '".x == t1',
        "'\\d' == t1",
        "n1 > 1or n2",
        "\x00n1 > 1",
        "n1 > 1\x00",
        "\ufeffn1 > 1",
        "n1 > 1;n2",
        "import os",
        "n1 > 1\\",
        "\ud800",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_huge_and_strange_texts_are_refused_without_harm(text):
    with pytest.raises(ExpressionError):
        parse(text)


fragments = st.sampled_from(
    [
        "n1", "t1", "d1", "F05", "1", "-2.5", "'a'", "None", "True", "...", "b'x'", "1j", "x",
        " and ", " or ", " not ", " in ", " is ", " if ", " else ", " for ", "lambda", "await ",
        "yield ", ":=", "==", "!=", "<", ">=", "=", "+", "-", "*", "**", "/", "//", "%", "@", "&",
        "|", "~", "(", ")", "[", "]", "{", "}", ",", ".", ":", ";", "#", "\\", "\n", "f'{n1}'",
        "missing", "any", "all", "count", "abs", "minutes", "__class__", "'", '"', "膝", "，",
    ]
)  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(st.lists(fragments, max_size=12).map("".join) | st.text(string.printable, max_size=30))
@example("any(F05, n1 > 1")
@example("n1 in [1] in [2]")
def test_whatever_is_written_is_a_rule_or_refused(text):
    """Nothing but the language gets through; what does can be evaluated, or is refused then."""
    try:
        rule = parse(text)
    except ExpressionError as error:
        assert 0 <= error.offset <= max(len(text) - 1, 0)  # noqa: PT017 - both ways are checked
        return
    assert isinstance(rule, Expression)
    assert all(0 <= offset < len(text) for offset in rule.offsets)

    class Anything(Rows):
        def column(self, name):
            return super().column(name) if name in (*NUMBERS, *TEXTS, *TIMES) else np.ones(2)

        def aggregate(self, function, form, condition):
            del form
            if condition is not None:
                condition.truth(self)
            yes = np.ones(2, dtype=bool)
            return np.ones(2) if function == "count" else Truth(yes, yes)

    row = {"n1": 1.0, "n2": None, "t1": "a", "t2": None, "d1": DAY, "d2": None}
    try:
        result = rule.evaluate(Anything([row] * 2))
    except ExpressionError as error:
        assert 0 <= error.offset < len(text)  # noqa: PT017 - both ways are checked
        return
    assert sort_of(result) in ("truth", "number", "text", "time")
