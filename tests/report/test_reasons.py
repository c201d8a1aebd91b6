"""Every reason why a number is undefined has its words in each language, and no other has."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import clinval
from clinval.core.i18n import LANGUAGES, catalogue
from clinval.core.records import Record, Results
from clinval.core.resources import folder
from clinval.report.texts import Texts
from clinval.report.view import View

PACKAGE = Path(clinval.__file__).parent
FILES = sorted(
    [
        *PACKAGE.glob("stats/**/*.py"),
        *PACKAGE.glob("endpoints/*.py"),
        PACKAGE / "study" / "baseline.py",
        PACKAGE / "study" / "disposition.py",
    ]
)
REASONS = catalogue(folder("reports") / "text" / "reasons.yaml")


class Source:
    """The reasons in a file. One that is built in a way this does not follow is an error."""

    def __init__(self, path):
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        self.module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
        self.functions = {
            node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)
        }

    def helpers(self):
        """Yield the name of each function or class that takes a reason by place, and the place."""
        for owner in ast.walk(self.tree):
            for node in ast.iter_child_nodes(owner):
                if not isinstance(node, ast.FunctionDef):
                    continue
                names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
                if "reason" in names:
                    of_class = isinstance(owner, ast.ClassDef)
                    name = owner.name if node.name == "__init__" else node.name
                    yield name, names.index("reason") - of_class

    def reasons(self, helpers):
        """Return the texts that are given as a reason, by name or by place."""
        found = set()
        for node, function in self.nodes(self.tree, None):
            assert not (isinstance(node, ast.Constant) and node.value == "reason"), self.at(node)
            if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "reason":
                found |= self.texts(node.value, function) if node.value else set()
            if not isinstance(node, ast.Call):
                continue
            for keyword in node.keywords:
                if keyword.arg == "reason":
                    found |= self.texts(keyword.value, function)
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if len(node.args) > helpers.get(name, len(node.args)):
                found |= self.texts(node.args[helpers[name]], function)
        return found - {""}

    def nodes(self, node, function):
        """Yield every node below a node, with the function that it stands in."""
        for child in ast.iter_child_nodes(node):
            yield child, function
            inner = child if isinstance(child, ast.FunctionDef) else function
            yield from self.nodes(child, inner)

    def texts(self, node, function):
        match node:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.IfExp(body=first, orelse=second):
                return self.texts(first, function) | self.texts(second, function)
            case ast.BoolOp(values=values):
                return set().union(*(self.texts(value, function) for value in values))
            case ast.Attribute(attr="reason"):
                return set()  # of a result that got it where this sees it
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                return self.constant(getattr(self.module, module), name, node)
            case ast.Name(id=name):
                return self.named(name, function, node)
            case ast.Subscript(value=ast.Name(id=name)):
                table = getattr(self.module, name, None)
                assert isinstance(table, dict), f"{self.at(node)}: {name} is no table of texts"
                return set(table.values())
            case ast.Call(func=ast.Name(id=name)) if name in self.functions:
                called = self.functions[name]
                returns = [part for part in ast.walk(called) if isinstance(part, ast.Return)]
                return set().union(*(self.texts(part.value, called) for part in returns))
        raise AssertionError(f"{self.at(node)}: this test cannot see which text this is")

    def named(self, name, function, node):
        if function is None:
            return self.constant(self.module, name, node)
        values = list(_assigned(name, function))
        stored = [
            part
            for part in ast.walk(function)
            if isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store)
        ]
        assert len(values) == len(stored), f"{self.at(node)}: {name} is set in a way not followed"
        if values:
            return set().union(*(self.texts(value, function) for value in values))
        if any(part.arg == name for part in ast.walk(function.args) if isinstance(part, ast.arg)):
            assert name == "reason", f"{self.at(node)}: call the parameter reason"
            return set()  # the callers are seen
        return self.constant(self.module, name, node)

    def constant(self, module, name, node):
        value = getattr(module, name, None)
        assert isinstance(value, str), f"{self.at(node)}: {name} is no text of a module"
        return {value}

    def at(self, node):
        return f"{self.path}:{node.lineno}"


def _assigned(name, function):
    """Yield the expressions that a name of a function is set to."""
    for node in ast.walk(function):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == name:
            yield node.value
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if getattr(target, "id", "") == name:
                yield node.value
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=True)
                yield from (value for part, value in pairs if getattr(part, "id", "") == name)


def in_source():
    """Return every reason, with the file that it stands in."""
    sources = [Source(path) for path in FILES]
    helpers = {name: place for source in sources for name, place in source.helpers()}
    assert helpers["NotEstimableError"] == 0
    return {
        reason: source.path.relative_to(PACKAGE).as_posix()
        for source in sources
        for reason in source.reasons(helpers)
    }


def test_every_reason_has_its_words_and_all_words_are_used():
    found = in_source()
    assert {reason: found[reason] for reason in found.keys() - REASONS.keys()} == {}
    assert REASONS.keys() - found.keys() == set()
    assert len(found) > 60


@pytest.mark.parametrize("english", sorted(REASONS))
def test_a_reason_is_one_short_phrase_in_every_language(english):
    assert set(REASONS[english]) == set(LANGUAGES) - {"en"}
    assert english[0].islower()
    assert english[-1].isalnum()
    assert len(english) < 65
    assert not re.search(r"\bthere (is|are)\b|\bsites?\b|centre", english)
    chinese = REASONS[english]["zh"]
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert not chinese.endswith("。")


def test_a_view_gives_the_reason_in_its_language():
    record = Record(
        id="a", endpoint="P1", analysis_set="FAS", statistic="p_value", value=None,
        undefined=True, reason="no discordant pair",
    )  # fmt: skip
    results = Results(provenance={}, records=(record,))
    english, chinese = (
        View(protocol=None, results=results, language=language) for language in ("en", "zh")
    )
    assert english.reason(record) == "no discordant pair"
    assert chinese.reason(record) == "无不一致对"
    assert chinese.reason(None) == ""


def test_words_of_another_version_stay_as_they_are():
    assert Texts("zh").reason("a reason that was dropped") == "a reason that was dropped"
