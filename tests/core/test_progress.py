"""Progress is for people at a terminal: elsewhere nothing is printed, and items pass through."""

import io
import sys

import pytest

from clinval.core.progress import SILENT, shown


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_nothing_is_printed_where_there_is_no_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with shown() as progress:
        assert progress is SILENT
        assert list(progress.steps([1, 2, 3], "work")) == [1, 2, 3]
        assert sys.stderr.getvalue() == ""
    assert capsys.readouterr().out == ""


def test_a_bar_is_drawn_on_a_terminal_and_not_on_standard_output(capsys, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with shown() as progress:
        assert list(progress.steps(iter("ab"), "first work")) == ["a", "b"]
        assert list(progress.steps([1, 2, 3], "second work")) == [1, 2, 3]
        assert list(progress.steps([], "nothing to do")) == []
    assert "second work" in terminal.getvalue()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_items_are_taken_one_by_one_and_what_is_raised_comes_through(terminal, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    taken = []

    def items():
        for item in range(5):
            taken.append(item)
            yield item
        raise RuntimeError("at the end")

    with shown() as progress:
        steps = progress.steps(items(), "work", total=5)
        assert [next(steps), next(steps)] == [0, 1]
        assert taken == [0, 1]
        with pytest.raises(RuntimeError, match="at the end"):
            list(steps)
