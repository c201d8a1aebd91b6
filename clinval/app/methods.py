"""Call a statistical method by its name, and run reference cases against all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from clinval import stats
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.core.results import plain

__all__ = ["calculate", "parse_arguments", "signature"]


def calculate(call: str, arguments: Mapping[str, Any]) -> dict[str, object]:
    """Return the attributes of a method's result as plain values.

    Raises
    ------
    UsageError
        When there is no such method, or it does not take these arguments.
    """
    function = _find(call)
    try:
        return plain(function(**arguments))
    except (ArithmeticError, IndexError, MemoryError, TypeError, ValueError) as error:
        place = Place(file=call)
        raise UsageError.of("arguments-unreadable", place, detail=str(error)) from error


def signature(call: str) -> str:
    """Return how a method is called, with the first line of its documentation."""
    import inspect

    function = _find(call)
    summary = (inspect.getdoc(function) or "").partition("\n")[0]
    return f"{call}{inspect.signature(function)}\n{summary}"


def parse_arguments(text: str, source: str) -> Mapping[str, Any]:
    """Return the arguments that a JSON text holds.

    Raises
    ------
    UsageError
        When it is not a JSON object.
    """
    place = Place(file=source, line=1, column=1)
    try:
        content = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        place = Place(file=source, line=error.lineno, column=error.colno)
        raise UsageError.of("arguments-unreadable", place, detail=error.msg) from error
    except (RecursionError, ValueError) as error:
        raise UsageError.of("arguments-unreadable", place, detail=str(error)) from error
    if not isinstance(content, dict):
        raise UsageError.of("arguments-unreadable", place, detail="not an object")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name stands twice")
    return content


def _find(call: str) -> Any:
    try:
        return stats.find(call)
    except KeyError as error:
        close = get_close_matches(call, _names(), n=3) or sorted(stats.MODULES)
        raise UsageError.of(
            "method-not-found", Place(file="calc"), name=call, close=", ".join(close)
        ) from error


def _names() -> Sequence[str]:
    return [f"{module}.{method}" for module in stats.MODULES for method in stats.methods(module)]
