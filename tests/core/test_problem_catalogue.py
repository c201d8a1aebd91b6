"""The catalogue of problems and the program agree; every text exists in both languages."""

import ast
import re
import string
from pathlib import Path

import pytest

import clinval
from clinval.core.i18n import LANGUAGES, catalogue
from clinval.core.problems import Place, Problem, Problems, Severity, kinds

PACKAGE = Path(clinval.__file__).parent
CATALOGUES = sorted((PACKAGE / "core" / "text" / "problems").glob("*.yaml"))
LETTERS = {
    "protocol": "P", "submission": "S", "capture": "S", "analysis": "A", "report": "R",
    "usage": "U",
}  # fmt: skip
LETTERS |= {path.stem: "S" for path in CATALOGUES if path.stem.startswith("capture_")}
REPORTERS = ("report", "_report", "_cross_report", "within", "of", "ExpressionError")
NOT_PARAMETERS = {"place", "path", "offset", "kind", "problem"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}


def uses():
    """Yield where the program names a kind: file, line, kind, names of parameters or ``None``.

    The names are ``None`` where the call hands on parameters that are made elsewhere.
    """
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            function = getattr(node.func, "id", getattr(node.func, "attr", ""))
            words = {word.arg: word.value for word in node.keywords}
            kind = node.args[0] if node.args and function in REPORTERS else words.get("kind")
            kind = words.get("problem", kind)
            if not isinstance(kind, ast.Constant) or not is_kind(kind.value):
                continue
            given = words.get("parameters")
            if isinstance(given, ast.Dict) and None not in given.keys:
                names = {key.value for key in given.keys}
            elif given is None and None not in words and function in REPORTERS:
                names = set(words) - NOT_PARAMETERS
            else:
                names = None
            yield f"{path.relative_to(PACKAGE)}:{node.lineno}", kind.value, names


def is_kind(value):
    return isinstance(value, str) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", value) is not None


def placeholders(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


USES = list(uses())


def letter(path):
    """Return the letter of the codes of a catalogue; ``capture_phi`` is one of ``capture``."""
    return LETTERS[path.stem.partition("_")[0]]


def test_there_is_a_catalogue_for_each_letter():
    assert {letter(path) for path in CATALOGUES} == set(LETTERS.values())


def test_no_kind_stands_in_two_catalogues_and_no_code_twice():
    everything = [kind for path in CATALOGUES for kind in catalogue(path)]
    assert len(everything) == len(set(everything)) == len(kinds())
    codes = [texts["code"] for texts in kinds().values()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_codes_begin_with_the_letter_of_their_catalogue(path):
    for kind, texts in catalogue(path).items():
        assert re.fullmatch(letter(path) + r"\d{3}", texts["code"]), kind
        assert texts.get("severity", "error") in list(Severity), kind


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_text_exists_in_both_languages_with_the_same_placeholders(path):
    for kind, texts in catalogue(path).items():
        assert set(texts) <= {"code", "severity", *LANGUAGES}, kind
        for part in ("says", "do"):
            english, chinese = texts["en"][part], texts["zh"][part]
            assert set(texts["en"]) == set(texts["zh"]) == {"says", "do"}, kind
            words = re.sub(r"\{[^}]*\}", "", chinese)
            assert CHINESE.search(words) or not re.search(r"[A-Za-z]", words), kind
            assert not CHINESE.search(english), kind
            assert not english.endswith("."), kind
            assert not chinese.endswith("。"), kind
            named = {re.sub("_zh$", "", name) for name in placeholders(chinese)}
            assert named == {re.sub("_zh$", "", name) for name in placeholders(english)}, kind


def test_every_kind_that_the_program_names_exists():
    assert len(USES) > 120
    assert {kind for _, kind, _ in USES} - set(kinds()) == set()


def test_every_kind_that_exists_is_named_by_the_program():
    literals = {
        node.value
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(kinds()) - literals == set()


@pytest.mark.parametrize(
    ("where", "kind", "names"),
    [
        pytest.param(where, kind, names, id=f"{where}-{kind}")
        for where, kind, names in USES
        if names is not None
    ],
)
def test_every_message_can_be_written_with_the_parameters_that_it_is_given(where, kind, names):
    del where
    needed = {
        name
        for language in LANGUAGES
        for part in ("says", "do")
        for name in placeholders(kinds()[kind][language][part])
    }
    if kinds()[kind]["code"].startswith("S"):
        names = names | {"field", "field_zh"}  # which a helper adds
    assert needed <= names
    problem = Problem(kind=kind, place=Place(file="f"), parameters=dict.fromkeys(needed, "x"))
    assert problem.line("en") != problem.line("zh")


# ---------------------------------------------------------------------- problems themselves


def test_places_are_written_as_people_look_them_up():
    assert str(Place(file="p.yaml", line=3, column=7)) == "p.yaml:3:7"
    assert str(Place(file="S01.xlsx", sheet="F05", cell="D17")) == "S01.xlsx!F05!D17"
    assert str(Place(file="S01.xlsx", sheet="F05")) == "S01.xlsx!F05"
    assert str(Place(file="S01.xlsx")) == "S01.xlsx"


def test_a_problem_stays_on_one_line_whatever_is_in_the_file():
    problem = Problem(
        kind="yaml-syntax",
        place=Place(file="p.yaml", line=1, column=1),
        parameters={"detail": "a\n  b\t{c}\r\nd"},
    )
    assert "this is not YAML: a b {c} d - mend" in problem.line("en")
    assert problem.line("zh").startswith("p.yaml:1:1 P003 ")


def test_problems_come_in_the_order_of_the_file_and_once():
    found = Problems()
    here, later = Place(file="p", line=2, column=9), Place(file="p", line=10, column=1)
    found.report("key-missing", later, key="b")
    found.report("key-missing", here, key="a")
    found.report("yaml-not-mapping", here)
    found.report("key-missing", later, key="b")
    found.report("key-missing", later, key="c")
    assert [(problem.place.line, problem.code) for problem in found] == [
        (2, "P006"), (2, "P010"), (10, "P010"), (10, "P010"),
    ]  # fmt: skip
    assert len(found) == 4
    again = Problems(found)
    again.extend(found)
    assert list(again) == list(found)


def test_only_errors_stop():
    found = Problems()
    place = Place(file="p", line=1, column=1)
    found.report("washout-short", place, days=1, least=28)
    assert found.errors == []
    found.report("yaml-empty", place)
    assert [problem.severity for problem in found.errors] == [Severity.ERROR]
