"""What the guide shows a command to print is what it prints; its YAML is YAML."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from clinval.cli.main import main

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide.md"
SHOWN = re.findall(r"^\$ clinval (calc .*)\n((?:(?!\$|```).*\n)*)", GUIDE.read_text(), re.MULTILINE)


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[each[:40] for each, _ in SHOWN])
def test_the_guide_shows_what_is_printed(command, shown, capsys):
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command))
    assert ended.value.code == 0
    assert capsys.readouterr().out == shown


def test_the_guide_has_examples():
    assert len(SHOWN) >= 4


@pytest.mark.parametrize("path", [GUIDE, *sorted(ROOT.glob("protocols/*/README.md"))])
def test_examples_of_protocols_can_be_read(path):
    for block in re.findall(r"```yaml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
        assert isinstance(YAML(typ="safe").load(block), dict | list)
