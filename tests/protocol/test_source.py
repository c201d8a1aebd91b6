"""YAML as protocols are written in it: values, places, and what is refused."""

import datetime
import io
import re
import time
import warnings

import pytest
from hypothesis import given, settings, strategies as st
from ruamel.yaml import YAML
from sound_study import SOUND, marked, named, reading

from clinval.core.problems import Problems
from clinval.protocol.source import read


def content(text):
    """Return what a sound text holds."""
    problems = Problems()
    found = read(text, "p.yaml", problems).content
    assert [problem.line("en") for problem in problems] == []
    return found


def found(text):
    """Return places and kinds of what is wrong with a text as YAML."""
    problems = Problems()
    read(text, "p.yaml", problems)
    return [(problem.place.line, problem.place.column, problem.kind) for problem in problems]


# ---------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"), ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("y", "y"),
        ("true", True), ("false", False), ("null", None), ("~", None), ("", None),
        ("010", 10), ("0o10", 8), ("0x1F", 31), ("1e-3", 0.001), ("1E3", 1000.0), (".5", 0.5),
        ("-5", -5), ("+5", 5), ("5.", 5.0), ("12:30:45", "12:30:45"), ("12:30", "12:30"),
        ("2026-03-02", datetime.date(2026, 3, 2)), ("'2026-03-02'", "2026-03-02"),
        ("1,5", "1,5"), ("1.5.2", "1.5.2"), ("3 T", "3 T"), ("'010'", "010"), ('"1e-3"', "1e-3"),
        ("中心", "中心"), ("５", "５"), ("a#b", "a#b"), ("a # b", "a"), ("'it''s'", "it's"),
        ('"a\\tb"', "a\tb"), (">-\n  a\n  b\n", "a b"), ("|-\n  a\n  b\n", "a\nb"),
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(written, value):
    read_value = content(f"key: {written}")["key"]
    assert read_value == value
    assert type(read_value) is type(value)


def test_keys_are_texts():
    assert content("NO: 1\n010: 2\n2026-01-01: 3\ntrue: 4\nnull: 5\n") == {
        "NO": 1, "010": 2, "2026-01-01": 3, "true": 4, "null": 5,
    }  # fmt: skip


def test_an_alias_stands_for_a_copy_at_its_own_key():
    text = "a: &hospital {n: 1}\nb: *hospital\nc: [*hospital, *hospital]\n"
    problems = Problems()
    source = read(text, "p.yaml", problems)
    assert source.content == {"a": {"n": 1}, "b": {"n": 1}, "c": [{"n": 1}, {"n": 1}]}
    source.content["b"]["n"] = 2
    assert source.content["a"] == {"n": 1}
    assert source.values["b",] == (2, 1)
    assert source.values["b", "n"] == source.values["a", "n"] == (1, 18)


def test_an_anchor_may_be_given_anew_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert content("a: &x 1\nb: &x 2\nc: *x\n") == {"a": 1, "b": 2, "c": 2}


def test_line_ends_and_byte_order_mark_do_not_matter(tmp_path):
    plain = reading(SOUND, tmp_path).protocol
    for changed in (SOUND.replace("\n", "\r\n"), "\ufeff" + SOUND):
        assert reading(changed, tmp_path).protocol == plain
    slip = SOUND.replace("kind: software", "kind: firmware").replace("\n", "\r\n")
    (line,) = [n for n, text in enumerate(slip.split("\r\n"), 1) if "firmware" in text]
    assert named("\ufeff" + slip, tmp_path) == [(line, 9, "value-not-of-list")]


# ---------------------------------------------------------------------- places

words = st.text("abc XYZ089.-é膝", min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)
scalars = st.one_of(
    words, st.integers(-99, 9999), st.booleans(), st.sampled_from([0.5, 1e-3, -2.25]),
    st.sampled_from(["a: b", "it's", 'say "so"', "#1", "- x", "NO", "010", "12:30", "x  y", "[a"]),
)  # fmt: skip
keys = st.text("abcdefgh_", min_size=1, max_size=6)
trees = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(keys, inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)


def leaves(tree, path=()):
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(tree, list):
        for index, inner in enumerate(tree):
            yield from leaves(inner, (*path, index))
    else:
        yield path, tree


@settings(max_examples=150, deadline=None)
@given(trees, st.booleans(), st.sampled_from([2, 4]), st.sampled_from([40, 4000]))
def test_each_place_is_where_its_scalar_and_its_key_begin(tree, flow, indent, width):
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = flow
    yaml.indent = indent
    yaml.width = width
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(tree, stream)
    text = stream.getvalue()
    source = read(text, "p.yaml", Problems())
    assert source.content == yaml.load(text)
    lines = text.splitlines()
    for path, value in leaves(source.content):
        line, column = source.values[path]
        there = lines[line - 1][column - 1 :]
        if isinstance(value, str):
            assert there.lstrip("'\"").startswith(re.split(r"['\"\\ ]", value)[0]), (path, there)
        else:
            begins = YAML(typ="safe", pure=True).load(re.split(r"[ ,\]}]", there)[0])
            assert begins == value
        for length in range(1, len(path) + 1):
            if isinstance(path[length - 1], str):
                line, column = source.keys[path[:length]]
                key = re.escape(path[length - 1])
                assert re.match(rf"['\"]?{key}['\"]?\s*:|\? ", lines[line - 1][column - 1 :])
    for path in source.values:
        parent = source.content
        for part in path:
            parent = parent[part]
        if isinstance(parent, dict | list) and path and isinstance(path[-1], str):
            assert source.values[path] == source.keys[path]


@pytest.mark.parametrize(
    "text",
    [
        "a:\n  when: x = «foo(y)\n",
        "a:\n  when: 'x = «foo(y)'\n",
        'a:\n  when: "x = «foo(y)"\n',
        "a: {b: 1, when: 'it''s = «foo(y)'}\n",
        'a: {when: "say \\"so\\" = «foo(y)"}\n',
        "a:\n  when: >-\n    x =\n    «foo(y)\n",
        "a:\n  when: |\n    x =\n      «foo(y)\n",
        "a:\n  when: >2-\n    x = «foo(y)\n",
        "a:\n  when: x\n    =\n\n    «foo(y)\n",
        'a:\n  when: "x\\\n    \\ = «foo(y)"\n',
        "a:\n  when: 膝 = «foo(y)\n",
        "- - x\n  - {when: '«foo(y)'}\n",
        "a:\r\n  when: 'x\r\n    «foo(y)'\r\n",
    ],
)
def test_a_place_inside_a_text_is_found_past_quotes_escapes_and_line_breaks(text):
    clean, ((line, column),) = marked(text)
    source = read(clean, "p.yaml", Problems())
    (path,) = [path for path in source.values if path and path[-1] == "when"]
    value = source.content
    for part in path:
        value = value[part]
    offset = value.index("foo")
    place = source.place(path, offset=offset)
    if offset:
        assert (place.line, place.column) == (line, column)
    else:  # the start of a text is its quote
        assert (place.line, place.column) == (line, column - 1)


tokens = st.lists(st.text("ab1>|膝'\"\\\\=()", min_size=1, max_size=5), min_size=1, max_size=6)
STYLES = {
    "'": lambda words: "'" + " ".join(words).replace("'", "''") + "'",
    '"': lambda words: '"' + " ".join(words).replace("\\", "\\\\").replace('"', '\\"') + '"',
    "|": lambda words: "|-\n      " + "\n      ".join(words),
    ">": lambda words: ">-\n      " + "\n      ".join(words),
}


@settings(max_examples=150, deadline=None)
@given(tokens, st.sampled_from(sorted(STYLES)))
def test_every_character_of_a_text_is_found_in_every_style(words, style):
    text = f"a:\n  - when: {STYLES[style](words)}\n    then: x\n"
    source = read(text, "p.yaml", Problems())
    path = ("a", 0, "when")
    value = source.content["a"][0]["when"]
    assert value == (" " if style != "|" else "\n").join(words)
    assert text.split("\n")[1][source.values[path][1] - 1] == style
    lines = text.split("\n")
    before = (0, 0)
    for offset, character in enumerate(value):
        if offset and not character.isspace():
            place = source.place(path, offset=offset)
            assert lines[place.line - 1][place.column - 1] == character
            assert (place.line, place.column) > before
            before = (place.line, place.column)


def test_what_is_absent_is_looked_for_in_the_nearest_parent():
    source = read("a:\n  b:\n    - {c: 1}\n", "p.yaml", Problems())
    assert str(source.place(("a", "b", 0, "d", "e"))) == "p.yaml:3:7"
    assert str(source.place(("a", "b", 7))) == "p.yaml:2:3"
    assert str(source.place(("a", "b"), key=True)) == "p.yaml:2:3"
    assert str(source.place(("x",))) == "p.yaml:1:1"
    assert str(source.place(("a", "b", 0, "d"), offset=5)) == "p.yaml:3:7"


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "text",
    [
        "a: b«: c\n", "a: «@x\n", "a: «`x`\n",
        "a: «%x\n", "a: «[1, 2\n", "a: «{b: 1\n", "a: «'x\nb: y\n", 'a: «"x\n',
        "a: «*nope\n", "a: 1\n«--- \nb: 2\n", "a: 1\n«- b\n", 'a: "x«\\q"\n', "a: x\n b«: y\n",
        "a: «\x00\n", "a: 1\nb: x«\x07\n", "a: [1, 2«}\n",
    ],
)  # fmt: skip
def test_bad_yaml_is_named_where_it_is(text):
    clean, (place,) = marked(text)
    column = place[1] + (1 if "\\q" in text else 0)
    assert found(clean) == [(place[0], column, "yaml-syntax")]


@pytest.mark.parametrize("text", ["a:«\tb\n", "«\ta: b\n", "a: b\n«\tc: d\n", "a: b«\t\n"])
def test_a_tab_is_named_where_it_is(text):
    clean, places = marked(text)
    assert found(clean) == [(*places[0], "yaml-tab")]


def test_values_are_those_of_yaml_1_2_whatever_the_file_says_of_itself():
    source = read("%YAML 1.1\n---\na: NO\nb: 010\n", "p.yaml", Problems())
    assert source.content == {"a": "NO", "b": 10}


def test_keys_are_taken_over_from_other_mappings():
    problems = Problems()
    text = """\
a: &a {x: 1, y: 2}
b: &b {y: 3, z: 4}
c: {<<: *a, y: 5}
d:
  <<: [*b, *a]
  w: 6
"""
    source = read(text, "p.yaml", problems)
    assert source.content["c"] == {"x": 1, "y": 5}
    assert source.content["d"] == {"x": 1, "y": 3, "z": 4, "w": 6}
    assert str(source.place(("d", "z"))) == "p.yaml:2:17"
    assert not list(problems)


@pytest.mark.parametrize(
    "text", ["a: &a {<<: *a, b: 1}\n", "a: &a {<<: [*a, *a]}\n", "a: {<<: [&b {<<: *b, c: 1}]}\n"]
)
def test_keys_that_are_taken_over_in_a_circle_are_read_once(text):
    assert found(text) == []


def test_what_is_taken_over_twice_is_a_key_of_its_own_only_once():
    assert found("a: &a {x: 1}\nb: {<<: *a, x: 2, «x: 3}\n".replace("«", "")) == [
        (2, 19, "duplicate-key")
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "   \n", "# nothing\n", "---\n", "null", "~"])
def test_an_empty_file(text, tmp_path):
    assert named(text, tmp_path) == [(1, 1, "yaml-empty")]
    assert reading(text, tmp_path).protocol is None


@pytest.mark.parametrize("text", ["- a\n- b\n", "just a text", "5", "[1, 2]", "[]", "false"])
def test_a_file_that_is_no_mapping(text, tmp_path):
    assert named(text, tmp_path) == [(1, 1, "yaml-not-mapping")]


def test_duplicate_keys_at_any_depth():
    text = "a: {b: 1, «b: 2}\nc:\n  - d: 1\n    «d: 2\n    «'d': 3\n«a: 4\n"
    clean, places = marked(text)
    assert found(clean) == [(*place, "duplicate-key") for place in places]
    assert read(clean, "p.yaml", Problems()).content == {"a": {"b": 1}, "c": [{"d": 1}]}


def test_keys_that_are_no_words():
    text = "a: 1\n«{site}: 2\n? «[x, y]\n: 3\nb: 4\n"
    clean, places = marked(text)
    assert found(clean) == [(*place, "yaml-key") for place in places]
    assert read(clean, "p.yaml", Problems()).content == {"a": 1, "b": 4}


@pytest.mark.parametrize(
    "value", ["2026-02-30", "!!int x", "!secret x", "!!python/name:os.system x"]
)
def test_values_that_cannot_be_read_stay_texts_and_are_named_once(value, tmp_path):
    assert found(f"a: {value}\n") == [(1, 4, "yaml-value")]
    text = SOUND.replace("date: 2026-03-02", f"date: {value}")
    assert [kind for *_, kind in named(text, tmp_path)] == ["yaml-value"]


def test_bytes_that_are_no_utf8(tmp_path):
    before, after = SOUND.split("North Hospital")
    text = before.encode() + "Hôpital du Nord".encode("latin-1") + after.encode()
    line = before.count("\n") + 1
    assert named(text, tmp_path) == [(line, len("    name: H") + 1, "not-utf8")]
    assert named(SOUND.encode("utf-16"), tmp_path) == [(1, 1, "not-utf8")]
    chinese = before + "东"
    column = len(chinese.split("\n")[-1]) + 1
    assert named(chinese.encode() + b"\xff", tmp_path) == [(line, column, "not-utf8")]


def test_files_that_cannot_be_read(tmp_path):
    from clinval.endpoints import KINDS
    from clinval.protocol.reading import read_protocol

    for path in (tmp_path / "none.yaml", tmp_path):
        result = read_protocol(path, KINDS)
        assert result.protocol is None
        assert result.sha256 == ""
        assert [problem.kind for problem in result.problems] == ["protocol-unreadable"]


# ---------------------------------------------------------------------- attacks


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a, *a]\n",
        "a: &a {b: *a}\n",
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
        "[" * 150 + "]" * 150,
        "".join(" " * n + "a:\n" for n in range(150)),
        "- " * 150 + "x",
        "a: " + "[" * 1500,
    ],
    ids=["loop", "loop of mappings", "bomb", "deep flow", "deep block", "deep lists", "open"],
)
def test_loops_bombs_and_depths_are_refused_quickly(text, tmp_path):
    started = time.process_time()
    ((*_, kind),) = named(text, tmp_path)
    assert kind == "yaml-too-large"
    assert time.process_time() - started < 10


def test_a_large_file_is_refused_without_being_read_through(tmp_path):
    text = "".join(f"key{n}: a value of some length\n" for n in range(320_000))
    assert len(text) > 10_000_000
    started = time.process_time()
    assert named(text, tmp_path) == [(1, 1, "yaml-too-large")]
    assert time.process_time() - started < 1
