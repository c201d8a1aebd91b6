"""Read YAML 1.2 and remember where every key and value stands.

Values are those of YAML 1.2: ``NO`` is Norway, ``010`` is ten, ``12:30`` is a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.resolver import VersionedResolver

from clinval.core.problems import Place, Problems

__all__ = ["Path", "Scalar", "Source", "Unreadable", "read"]

Path = tuple[str | int, ...]

# A protocol is written by hand; a file beyond this is a mistake or an attack by nested aliases.
_MOST_NODES = 100_000
_DEEPEST = 100
_LONGEST_GAP = 100  # between two characters of a value: a line break and its indentation
_MERGE = "tag:yaml.org,2002:merge"


class Unreadable(str):
    """The text of a value that could not be read, which has been reported."""

    __slots__ = ()


class _Yaml12(VersionedResolver):
    """Reads values as YAML 1.2 does, whatever a file says of itself: ``NO`` stays Norway."""

    processing_version = (1, 2)


@dataclass(frozen=True, slots=True)
class Scalar:
    """Where the characters of a value stand in the text of its file."""

    start: int
    value: str


@dataclass(frozen=True, slots=True)
class Source:
    """The content of a YAML file and the places of its parts, as (line, column) from 1.

    A mapping or list under a key stands where its key does.
    """

    file: str
    content: Any
    text: str = ""
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    scalars: dict[Path, Scalar] = field(default_factory=dict)

    def place(self, path: Path, *, key: bool = False, offset: int = 0) -> Place:
        """Return the place of a value (or of its key); of its nearest parent if it is absent.

        ``offset`` moves on by so many characters, to point inside a text.
        """
        for length in range(len(path), -1, -1):
            part = path[:length]
            position = (self.keys if key else self.values).get(part) or self.values.get(part)
            if position:
                if offset and part == path and path in self.scalars:
                    position = self._inside(self.scalars[path], offset)
                return Place(file=self.file, line=position[0], column=position[1])
        return Place(file=self.file, line=1, column=1)

    def _inside(self, scalar: Scalar, offset: int) -> tuple[int, int]:
        """Return the position of a character of a value, past quotes, escapes and line breaks."""
        index = at = scalar.start
        for character in scalar.value[: offset + 1]:
            if not character.isspace():
                at = max(self.text.find(character, index, index + _LONGEST_GAP), index)
                index = at + 1
        return self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at)

    def rename(self, path: Path, key: str | int) -> None:
        """Let a value that stands under a key count as that of another key."""
        renamed = (*path[:-1], key)
        for places in (self.values, self.keys, self.scalars):
            _rename(places, path, renamed)

    def close_gap(self, path: Path, index: int, length: int) -> None:
        """Renumber the items of a list after one of them has been taken out."""
        for later in range(index, length):
            self.rename((*path, later + 1), later)


def _rename(places: dict[Path, Any], path: Path, renamed: Path) -> None:
    for old in [old for old in places if old[: len(renamed)] == renamed]:
        del places[old]
    for old in [old for old in places if old[: len(path)] == path]:
        places[(*renamed, *old[len(path) :])] = places[old]


def read(text: str, file: str, problems: Problems) -> Source:
    """Read YAML text; what is wrong with it goes to ``problems``.

    Parameters
    ----------
    text
        The text of the file.
    file
        Its name, for the places.
    problems
        Where a syntax error and every duplicate key are reported.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver = _Yaml12
    yaml.composer.warn_double_anchors = False  # YAML lets a name be given anew
    walk = _Walk(yaml, text, file, problems)
    place = Place(file=file, line=1, column=1)
    try:
        root = yaml.compose(text)
        content = None if root is None else walk.content(root, ())
    except YAMLError as error:
        line, column = _where(error, text)
        detail = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        place = Place(file=file, line=line, column=column)
        if "\\t" in detail:
            problems.report("yaml-tab", place)
        else:
            problems.report("yaml-syntax", place, detail=detail)
        return Source(file, None)
    except (RecursionError, _TooLargeError):
        problems.report("yaml-too-large", place)
        return Source(file, None)
    if content is None:
        problems.report("yaml-empty", place)
    return Source(file, content, text, walk.values, walk.keys, walk.scalars)


def _where(error: YAMLError, text: str) -> tuple[int, int]:
    """Return where an error is; of what the end of the file breaks off, where it began."""
    if isinstance(error, MarkedYAMLError):
        mark, began = error.problem_mark, error.context_mark
        if mark is None or (began is not None and mark.index >= len(text.rstrip())):
            mark = began
        return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
    at = getattr(error, "position", 0)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


class _TooLargeError(Exception):
    """More nodes than a protocol can have, nested deeper, or in a circle."""


class _Walk:
    def __init__(self, yaml: YAML, text: str, file: str, problems: Problems) -> None:
        self._yaml = yaml
        self._text = text
        self._file = file
        self._problems = problems
        self._nodes = 0
        self.values: dict[Path, tuple[int, int]] = {}
        self.keys: dict[Path, tuple[int, int]] = {}
        self.scalars: dict[Path, Scalar] = {}

    def content(self, node: Node, path: Path) -> Any:
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(path) > _DEEPEST:
            raise _TooLargeError
        self.values[path] = _position(node)
        if isinstance(node, ScalarNode):
            self.scalars[path] = Scalar(self._start(node), node.value)
            return self._scalar(node)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        return [self.content(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node, own in _pairs(node, set()):
            if not isinstance(key_node, ScalarNode):
                self._report("yaml-key", key_node)
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key in result:
                if own:
                    first = self.keys[here][0]
                    self._report("duplicate-key", key_node, key=key, first_line=first)
                continue
            self.keys[here] = _position(key_node)
            result[key] = self.content(value_node, here)
            if not isinstance(value_node, ScalarNode) or result[key] is None:
                self.values[here] = self.keys[here]
        return result

    def _start(self, node: ScalarNode) -> int:
        """Return where the characters of a value begin, behind its quote or the bar of a block."""
        start: int = node.start_mark.index
        if node.style in ("|", ">"):
            return self._text.find("\n", start) + 1
        return self._text.find(node.style, start) + 1 if node.style else start

    def _scalar(self, node: ScalarNode) -> Any:
        try:
            return self._yaml.constructor.construct_object(node)
        except (YAMLError, ValueError) as error:
            detail = getattr(error, "problem", None) or str(error)
            self._report("yaml-value", node, value=node.value, detail=detail)
            return Unreadable(node.value)

    def _report(self, kind: str, node: Node, **parameters: object) -> None:
        line, column = _position(node)
        place = Place(file=self._file, line=line, column=column)
        self._problems.report(kind, place, **parameters)


def _pairs(node: MappingNode, seen: set[int]) -> Iterator[tuple[Node, Node, bool]]:
    """Yield the keys and values of a mapping, then those it takes over by ``<<`` from others.

    The third is whether they stand in the mapping itself.
    """
    own = not seen
    seen.add(id(node))
    others: list[MappingNode] = []
    for key, value in node.value:
        named = value.value if isinstance(value, SequenceNode) else [value]
        if key.tag == _MERGE and all(isinstance(other, MappingNode) for other in named):
            others += named
        else:
            yield key, value, own
    for other in others:
        if id(other) not in seen:
            yield from _pairs(other, seen)


def _position(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
