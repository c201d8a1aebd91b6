"""The protocol library: list its entries, make a study from one, fill one for a demonstration."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from clinval.app.folder import StudyFolder
from clinval.core.errors import UsageError
from clinval.core.files import write
from clinval.core.problems import Place
from clinval.core.resources import folder

__all__ = ["Entry", "entries", "entry", "filled", "new_study", "recipe"]

_RECIPE = "synthetic.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the library; ``content`` is its protocol as written."""

    name: str
    path: Path
    content: Mapping[str, Any]

    @property
    def title(self) -> Mapping[str, str]:
        """Title by language."""
        title: Mapping[str, str] = self.content["study"]["title"]
        return title

    @property
    def readme(self) -> str:
        """What the entry is for, with the evidence for its margins."""
        return (self.path / "README.md").read_text(encoding="utf-8")


def entries() -> list[Entry]:
    """Return the entries of the library in order of their names."""
    yaml = YAML(typ="safe", pure=True)
    return [
        Entry(
            name=path.parent.name,
            path=path.parent,
            content=yaml.load(path.read_text(encoding="utf-8")),
        )
        for path in sorted(folder("protocols").glob("*/protocol.yaml"))
    ]


def entry(name: str) -> Entry:
    """Return an entry by name.

    Raises
    ------
    UsageError
        When there is none of that name.
    """
    found = entries()
    for candidate in found:
        if candidate.name == name:
            return candidate
    names = ", ".join(candidate.name for candidate in found)
    raise UsageError.of("library-entry-unknown", Place(file="library"), name=name, entries=names)


def new_study(root: Path, name: str) -> StudyFolder:
    """Make a study folder from an entry of the library.

    Raises
    ------
    UsageError
        When there is no such entry, or the folder is in use.
    """
    return _make(root, (entry(name).path / "protocol.yaml").read_text(encoding="utf-8"))


def recipe(name: str) -> Mapping[str, Any]:
    """Return the recipe by which an entry's made-up data arise.

    Raises
    ------
    UsageError
        When there is no such entry, or it has no made-up data.
    """
    path = entry(name).path / _RECIPE
    if not path.is_file():
        names = ", ".join(found.name for found in entries() if (found.path / _RECIPE).is_file())
        place = Place(file="library")
        raise UsageError.of("library-entry-without-data", place, name=name, entries=names)
    content: Mapping[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return content


def filled(root: Path, name: str, additions: Mapping[str, Any]) -> StudyFolder:
    """Make a study folder from an entry with what the entry leaves open filled in.

    Parameters
    ----------
    root
        The folder.
    name
        Name of the entry.
    additions
        Dotted path (list items by their id, sizes by their endpoint) to the value set there.
    """
    yaml = YAML()
    yaml.width = 100
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load((entry(name).path / "protocol.yaml").read_text(encoding="utf-8"))
    for path, value in additions.items():
        *parents, last = path.split(".")
        place = content
        for part in parents:
            place = _within(place, part)
        place[last] = value
    stream = io.StringIO()
    yaml.dump(content, stream)
    return _make(root, stream.getvalue())


def _within(place: Any, part: str) -> Any:
    if isinstance(place, list):
        return next(item for item in place if part in (item.get("id"), item.get("endpoint")))
    return place[part]


def _make(root: Path, protocol: str) -> StudyFolder:
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageError.of("folder-not-empty", Place(file=root.name or str(root)))
    study = StudyFolder(root)
    study.inbox.mkdir(parents=True, exist_ok=True)
    schema = folder("protocols") / "protocol.schema.json"
    # the copy lies beside its schema, so that an editor completes and checks it
    text = protocol.replace("$schema=../protocol.schema.json", "$schema=protocol.schema.json")
    write(study.protocol_path, text)
    shutil.copyfile(schema, root / schema.name)
    return study
