"""Read a part of a protocol: say what is wrong with it, and go on with what was meant.

A slip that leaves no doubt (a misspelt key, a number in quotes, a word that is nearly right) is
reported and then undone, so that it does not hide what else is wrong with the part.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from clinval.core.problems import Place, Problems
from clinval.protocol.forms import FormUse
from clinval.protocol.source import Path, Source, Unreadable

__all__ = ["PartReader"]

_KINDS = {
    "bool_type": "value-not-yes-no",
    "date_type": "value-not-date",
    "dict_type": "value-not-mapping",
    "finite_number": "value-not-number",
    "float_type": "value-not-number",
    "greater_than": "value-out-of-limits",
    "greater_than_equal": "value-out-of-limits",
    "int_from_float": "value-not-whole",
    "int_type": "value-not-whole",
    "less_than": "value-out-of-limits",
    "less_than_equal": "value-out-of-limits",
    "literal_error": "value-not-of-list",
    "model_type": "value-not-mapping",
    "string_pattern_mismatch": "value-not-of-form",
    "string_too_long": "value-too-long",
    "string_too_short": "value-missing",
    "string_type": "value-not-text",
    "too_short": "value-missing",
    "tuple_type": "value-not-list",
}
"""Kind of problem by the type of a validation error; any other is ``value-wrong``."""

_LIMITS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_KEY = "[key]"  # the end of the location of an error in a key

Detail = Mapping[str, Any]
"""A validation error as pydantic gives it: type, loc, input, ctx."""


@dataclass(frozen=True, slots=True)
class PartReader:
    """Reads the parts of one file."""

    source: Source
    problems: Problems
    unsound: set[str] = field(default_factory=set)
    """Names of what was written but could not be kept."""
    wrong: dict[Path, Place] = field(default_factory=dict)
    """Where single values and items of lists stand that have been reported."""

    def read(self, annotation: Any, content: Any, place: Path) -> Any:
        """Return a part as its type, as it was meant where it is not sound.

        An item of a list or mapping that cannot be understood is left out of it; where that does
        not help, the part is ``None``.

        Parameters
        ----------
        annotation
            The type of the part.
        content
            What the file holds; slips that leave no doubt are undone in it.
        place
            The path of the part.
        """
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        details = _errors(adapter, content)
        if not details:
            return adapter.validate_python(content)
        while unknown := [detail for detail in details if detail["type"] == "extra_forbidden"]:
            for detail in unknown:
                *parents, key = detail["loc"]
                path = _path(content, parents)
                known = list(_keys(annotation, path))
                self.unknown_key(_at(content, path), key, known, (*place, *path))
            details = _errors(adapter, content)
        self._explain(details, annotation, content, place)
        _undo(details, content)
        while details := _errors(adapter, content, strict=False):
            if not self._leave_out(_path(content, details[0]["loc"]), annotation, content, place):
                self.unsound.add(_name(content))
                return None
        return adapter.validate_python(content, strict=False)

    def _leave_out(self, path: Path, annotation: Any, content: Any, place: Path) -> bool:
        """Take the innermost item of a list or mapping that holds a path out of the content."""
        for length in range(len(path), 0, -1):
            above, key = path[: length - 1], path[length - 1]
            holder = _at(content, above)
            if isinstance(holder, list):
                self.unsound.add(_name(holder.pop(int(key))))
                self.source.close_gap((*place, *above), int(key), len(holder))
                return True
            if not any(_keys(annotation, above)):
                self.unsound.add(str(key))
                del holder[key]
                return True
        return False

    def unknown_key(self, holder: dict[str, Any], key: str, known: list[str], place: Path) -> None:
        """Report a key that does not exist, and take it for the one it is close to."""
        close = get_close_matches(key, known, n=1)
        self.problems.report(
            "yaml-key-unknown",
            self.source.place((*place, key), key=True),
            key=key,
            allowed=", ".join(close or sorted(known)),
        )
        value = holder.pop(key)
        if close and close[0] not in holder:
            holder[close[0]] = value
            self.source.rename((*place, key), close[0])

    def _explain(self, details: list[Detail], annotation: Any, content: Any, place: Path) -> None:
        """Say validation errors in the words of the catalogue, one for each value."""
        values: dict[Path, list[Detail]] = {}
        for detail in details:
            path = _path(content, detail["loc"])
            if detail["type"] == "missing" and isinstance(detail["loc"][-1], str):
                self._report("key-missing", (*place, *path), key=detail["loc"][-1])
            elif detail["loc"][-1:] == (_KEY,):
                example = _example(annotation, detail["ctx"]["pattern"])
                self.problems.report(
                    "value-not-of-form",
                    self.source.place((*place, *path), key=True),
                    value=repr(path[-1]),
                    example=example,
                )
            else:
                values.setdefault(path, []).append(detail)
        for path, found in values.items():
            # the members of a union complain of the whole and of its parts: the parts say more
            if any(other[: len(path)] == path and other != path for other in values):
                continue
            self._explain_value(found, annotation, content, place, path)

    def _explain_value(
        self, found: list[Detail], annotation: Any, content: Any, place: Path, path: Path
    ) -> None:
        value = _at(content, path)
        if isinstance(value, Unreadable):
            return
        kinds = {_kind(detail) for detail in found}
        kind = kinds.pop() if len(kinds) == 1 else "value-wrong"
        context = found[0].get("ctx", {})
        parameters: dict[str, Any] = {}
        if value is None:
            kind = "value-missing"
        elif kind == "value-not-of-list":
            parameters = {"allowed": ", ".join(_words(found[0]))}
        elif kind == "value-not-of-form":
            parameters = {"example": _example(annotation, context["pattern"])}
        elif kind == "value-not-mapping":
            parameters = {"keys": ", ".join(_keys(annotation, path)) or "..."}
        elif kind == "value-out-of-limits":
            ((sign, limit),) = context.items()
            parameters = {"limit": f"{_LIMITS[sign]} {limit:g}"}
        elif kind == "value-too-long":
            parameters = {"limit": context["max_length"]}
        if kind != "value-missing":
            parameters["value"] = self._shown(value, (*place, *path))
        here = (*place, *path)
        if here in self.source.scalars or isinstance(here[-1], int):
            self.wrong[here] = self.source.place(here)
        self._report(kind, here, **parameters)

    def _shown(self, value: Any, path: Path) -> str:
        """Return a value as it stands in the file, not too long."""
        scalar = self.source.scalars.get(path)
        text = scalar.value if scalar and not isinstance(value, str) else repr(value)
        return text if len(text) <= 60 else text[:57] + "..."

    def _report(self, kind: str, path: Path, **parameters: Any) -> None:
        self.problems.report(kind, self.source.place(path), **parameters)


def _errors(adapter: TypeAdapter[Any], content: Any, strict: bool | None = None) -> list[Detail]:
    try:
        adapter.validate_python(content, strict=strict)
    except ValidationError as error:
        return list(error.errors(include_url=False))
    return []


def _kind(detail: Detail) -> str:
    if detail["type"] == "model_type" and detail["ctx"]["class_name"] == "Text":
        return "value-not-text"
    return _KINDS.get(detail["type"], "value-wrong")


def _words(detail: Detail) -> list[str]:
    """Return the words that a list allows; pydantic gives them as ``'a', 'b' or 'c'``."""
    return [word for word in detail["ctx"]["expected"].split("'") if word not in ("", ", ", " or ")]


def _undo(details: list[Detail], content: Any) -> None:
    """Undo what leaves no doubt, and what no check across parts depends on."""
    for detail in details:
        path, meant = _path(content, detail["loc"]), _meant(detail)
        if detail["type"] == "missing" and detail["loc"][-1] == "en":
            _at(content, path)["en"] = "?"
        elif path and meant is not None:
            _at(content, path[:-1])[path[-1]] = meant


def _meant(detail: Detail) -> Any:
    """Return what was meant by a value, or what does no harm; ``None`` where there is a doubt."""
    value, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            return next(iter(get_close_matches(str(value), _words(detail), n=1)), None)
        case "string_type" if not isinstance(value, dict | list | None):
            return str(value)  # a number or date without quotes
        case "model_type" if _kind(detail) == "value-not-text":
            return "?"
        case "string_too_long":
            return value[: context["max_length"]]
        case "date_type":
            return datetime.date.min
        case "int_type" if isinstance(value, float) and math.isfinite(value):
            return round(value)
        case "greater_than" if value < 0:
            return -value  # the size of a loss, with its sign
        case "less_than" if value <= 100:
            return value / 100  # per cent
        case "greater_than_equal" | "less_than_equal":
            return float(*context.values())
    return None


def _name(content: Any) -> str:
    """Return the id of an item, the form that it uses, or the item itself."""
    if isinstance(content, dict):
        return str(content.get("id", content.get("use", "")))
    return str(content)


def _path(content: Any, location: list[Any] | tuple[Any, ...]) -> Path:
    """Return the part of a location that is in the content: no missing key, no union member."""
    path = []
    for part in location:
        try:
            content = content[part]
        except (IndexError, KeyError, TypeError):
            continue
        path.append(part)
    return tuple(path)


def _at(content: Any, path: Path) -> Any:
    for part in path:
        content = content[part]
    return content


def _keys(annotation: Any, path: Path) -> Iterator[str]:
    """Yield the keys that a type knows at a path inside it."""
    if get_origin(annotation) in (Annotated, Union, UnionType):
        for member in get_args(annotation):
            yield from _keys(member, path)
    elif not path:
        fields = getattr(annotation, "model_fields", {})
        yield from (field.alias or name for name, field in fields.items())
    elif hasattr(annotation, "model_fields"):
        written = {each.alias or name: each for name, each in annotation.model_fields.items()}
        if path[0] in written:
            yield from _keys(written[str(path[0])].annotation, path[1:])
    elif get_args(annotation):
        key_type_or_item, *rest = get_args(annotation)  # of a mapping, or of a tuple
        inner = rest[0] if isinstance(path[0], str) else key_type_or_item
        yield from _keys(inner, path[1:])


def _example(annotation: Any, pattern: str) -> str:
    """Return an example of a text that fits a pattern, from beside the pattern in the model."""
    # a kind of endpoint that names a form has the pattern, but not always the example
    parts: list[Any] = [FormUse.model_json_schema(), TypeAdapter(annotation).json_schema()]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            if part.get("pattern") == pattern and "examples" in part:
                return str(part["examples"][0])
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return pattern
