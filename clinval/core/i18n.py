"""The languages that clinval speaks, and text that exists in each of them."""

from __future__ import annotations

import functools
import os
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LANGUAGES", "catalogue", "language", "pick", "set_language", "tr"]

LANGUAGES = ("en", "zh")

_TEXT = Path(__file__).parent / "text"
_chosen: ContextVar[str | None] = ContextVar("language", default=None)


def language() -> str:
    """Return the language of messages: chosen, else of the environment, else English."""
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    for variable in ("CLINVAL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def set_language(code: str | None) -> None:
    """Choose the language of messages for this process; ``None`` asks the environment again."""
    _chosen.set(code)


def pick(text: Mapping[str, str], code: str | None = None) -> str:
    """Return the text in a language, in English where it has not been translated."""
    return text.get(code or language()) or text["en"]


@functools.cache
def catalogue(path: Path) -> dict[str, Any]:
    """Read a text catalogue: a YAML mapping of keys to texts."""
    from ruamel.yaml import YAML

    content: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return content


def tr(english: str) -> str:
    """Return a line of the command line in the reader's language.

    English stands in the source; other languages are looked up by it, and only when asked for,
    so that an English ``--help`` reads no file.
    """
    if language() == "en":
        return english
    translated: str | None = catalogue(_TEXT / f"commands.{language()}.yaml").get(english)
    return translated or english
