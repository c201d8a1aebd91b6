"""What the guide shows a command to print is what it prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from clinval.cli.main import main

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"
SHOWN = re.findall(r"^\$ clinval (calc .*)\n((?:(?!\$|```).*\n)*)", GUIDE.read_text(), re.MULTILINE)


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[each[:40] for each, _ in SHOWN])
def test_the_guide_shows_what_is_printed(command, shown, capsys):
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command))
    assert ended.value.code == 0
    assert capsys.readouterr().out == shown


def test_the_guide_has_examples():
    assert len(SHOWN) >= 4
