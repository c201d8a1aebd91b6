"""The lines of the command line in Chinese, and how a language is chosen."""

import ast
import re
import string
from pathlib import Path

import click
import pytest

import clinval
from clinval.cli.main import cli
from clinval.core.i18n import catalogue, language, pick, set_language, tr

PACKAGE = Path(clinval.__file__).parent
CHINESE = catalogue(PACKAGE / "core" / "text" / "commands.zh.yaml")


def lines():
    """Return the English of every line that is translated by ``tr``."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tr":
                (text,) = node.args
                assert isinstance(text, ast.Constant), f"{path}:{node.lineno} is no plain text"
                found.add(text.value)
    return found


def labels():
    """Return the English of every label of a progress bar."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "steps":
                label = node.args[1]
                assert isinstance(label, ast.Constant), f"{path}:{node.lineno} is no plain text"
                found.add(label.value)
    return found


def helps():
    """Return the English of every line of help."""
    context = click.Context(cli)
    found = {"Options", "Commands"}
    for command in every(cli, context):
        found |= {" ".join(part.split()) for part in command.help.split("\n\n")}
        found |= {
            option.help for option in command.get_params(context) if getattr(option, "help", None)
        }
    return found


def every(command, context):
    """Yield a command and, of a group, the commands in it."""
    yield command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from every(command.get_command(context, name), context)


def placeholders(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.fixture(autouse=True)
def _no_language(monkeypatch):
    for variable in ("CLINVAL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    set_language(None)
    yield
    set_language(None)


def test_every_line_has_its_chinese_and_no_other_line_has():
    assert set(CHINESE) == lines() | helps() | labels()
    assert len(CHINESE) > 30


@pytest.mark.parametrize("english", sorted(CHINESE))
def test_a_translation_has_the_same_placeholders_and_indentation(english):
    chinese = CHINESE[english]
    assert placeholders(chinese) == placeholders(english)
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert (
        chinese[: len(chinese) - len(chinese.lstrip())]
        == english[: len(english) - len(english.lstrip())]
    )


def test_lines_are_translated_when_chinese_is_chosen():
    assert tr("Reports:") == "Reports:"
    set_language("zh")
    assert tr("Reports:") == "报告："
    assert tr("not in the catalogue") == "not in the catalogue"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "ZH_TW"}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_MESSAGES": "zh_CN", "LANG": "en_US"}, "zh"),
        ({"CLINVAL_LANG": "zh", "LC_ALL": "en_US"}, "zh"),
        ({"CLINVAL_LANG": "en", "LC_ALL": "zh_CN"}, "en"),
    ],
)
def test_the_language_is_that_of_the_environment(environment, expected, monkeypatch):
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert language() == expected


def test_a_chosen_language_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("CLINVAL_LANG", "zh")
    set_language("en")
    assert language() == "en"
    set_language(None)
    assert language() == "zh"


def test_text_that_is_not_translated_is_english():
    assert pick({"en": "Site", "zh": "中心"}, "zh") == "中心"
    assert pick({"en": "Site", "zh": ""}, "zh") == "Site"
    assert pick({"en": "Site"}, "zh") == "Site"
    assert pick({"en": "Site", "zh": "中心"}) == "Site"
