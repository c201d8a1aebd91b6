"""What has changed between two versions of a protocol, and what each change touches.

The two models are compared leaf by leaf, so that nothing can differ without being named; items of
lists are told apart by their ids, so that an order or a neighbour changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from clinval.core.files import canonical_json
from clinval.protocol.references import References
from clinval.protocol.touching import ORDER, Touch, touched

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol

__all__ = ["Change", "Difference", "differences", "renamed_fields"]

_ID_KEYS = ("id", "endpoint", "audience")  # what tells the items of a list apart
_LONGEST = 300  # characters of a value in a table
_Path = tuple[str, ...]
Kind = Literal["added", "removed", "renamed", "changed", "reordered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change.

    Attributes
    ----------
    part
        Section of the protocol: ``forms``, ``endpoints``, ``sites`` ...
    item
        What in it: ``F05.scan_time_s``, ``P1``, ``S03``; empty for a section without items.
    kind
        What was done.
    aspect
        Which of its keys: ``unit``, ``codes.3``, ``margin.value``; empty for the whole item.
    old, new
        The values before and after, as a person writes them; empty where there is none.
    touches
        ``administrative``, ``capture`` (what sites fill in), or ``endpoint`` (an endpoint or one of
        its analysis sets).
    endpoints
        The endpoints that refer to what has changed.
    """

    part: str
    item: str
    kind: Kind
    aspect: str
    old: str
    new: str
    touches: Touch
    endpoints: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the change as JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "endpoints": list(self.endpoints)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Every change from one version to another, in the order of the protocol."""

    study: str
    old_version: str
    new_version: str
    changes: tuple[Change, ...]

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints that a change touches."""
        return tuple(
            dict.fromkeys(
                name
                for change in self.changes
                if change.touches == "endpoint"
                for name in change.endpoints
            )
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as JSON has it."""
        return {
            "study": self.study,
            "from": self.old_version,
            "to": self.new_version,
            "endpoints": list(self.endpoints),
            "changes": [change.as_dict() for change in self.changes],
        }

    def touching(self, touch: Touch) -> tuple[Change, ...]:
        """Return the changes of a class."""
        return tuple(change for change in self.changes if change.touches == touch)


def differences(old: Protocol, new: Protocol) -> Difference:
    """Return what has changed.

    Parameters
    ----------
    old, new
        The version in force and the one that is to replace it.
    """
    moved = {(form, name): to for form, names in renamed_fields(old, new).items()
             for name, to in names.items()}  # fmt: skip
    before, after = References(old), References(new)
    found = []
    for path, was, now in _compare(_content(old), _content(new), (), moved):
        kind = _kind(path, was, now)
        touch, endpoints = touched(path, before, after)
        part, item, aspect = _named(path)
        found.append(
            Change(
                part=part, item=item, kind=kind, aspect="id" if kind == "renamed" else aspect,
                old=_shown(was), new=_shown(now), touches=touch, endpoints=endpoints,
            )
        )  # fmt: skip
    return Difference(
        study=new.study.id,
        old_version=old.study.version,
        new_version=new.study.version,
        changes=tuple(found),
    )


def renamed_fields(old: Protocol, new: Protocol) -> dict[str, dict[str, str]]:
    """Return, by form, which fields have another name: old to new.

    Those that the new version declares, and those that are alike in all but their name.
    """
    said = new.amendments.get(old.study.version)
    found: dict[str, dict[str, str]] = {}
    for form in old.forms:
        after = next((other for other in new.forms if other.id == form.id), None)
        if after is None:
            continue
        declared = dict(said.renamed.get(form.id, {})) if said else {}
        names = {name: to for name, to in declared.items() if form.field(name)}
        gone = [f for f in form.fields if after.field(f.id) is None and f.id not in names]
        come = [f for f in after.fields if form.field(f.id) is None]
        free = [f for f in come if f.id not in names.values()]
        for field in gone:
            alike = [o for o in free if o.model_copy(update={"id": field.id}) == field]
            if len(alike) == 1:
                names[field.id] = alike[0].id
                free.remove(alike[0])
        if names:
            found[form.id] = names
    return found


# ---------------------------------------------------------------------- comparing


class _Absent:
    """Stands where a version has nothing."""


_ABSENT = _Absent()


@dataclass(frozen=True)
class _Renamed:
    """A name, where the item itself stays."""

    name: str


_Moved = Mapping[tuple[str, str], str]  # fields with another name: (form, old name) to new name


def _renames(path: _Path, old: _Items, new: _Items, moved: _Moved) -> dict[str, str]:
    """Return the items of a list that have another name: old to new."""
    if len(path) == 3 and path[0] == "forms" and path[2] == "fields":
        return {name: to for (form, name), to in moved.items() if form == path[1]}
    names: dict[str, str] = {}
    for gone in (name for name in old if name not in new and len(path) == 1):
        come = [name for name in new if name not in old and name not in names.values()]
        alike = [name for name in come if _same_but_name(old[gone], new[name])]
        if len(alike) == 1:
            names[gone] = alike[0]
    return names


def _same_but_name(old: Any, new: Any) -> bool:
    keys = {"id", "use"}
    return isinstance(old, dict) and {k: v for k, v in old.items() if k not in keys} == {
        k: v for k, v in new.items() if k not in keys
    }


class _Items(dict[str, Any]):
    """A list whose items have ids: by id, in the order of the list."""


def _content(protocol: Protocol) -> dict[str, Any]:
    content: dict[str, Any] = protocol.model_dump(mode="json")
    return {name: _keyed(value) for name, value in content.items()}


def _keyed(value: Any) -> Any:
    """Return content with the items of lists by their ids."""
    if isinstance(value, dict):
        return {str(key): _keyed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        for key in _ID_KEYS:
            if value and all(isinstance(item, dict) and key in item for item in value):
                names = [str(item[key]) for item in value]
                if len(set(names)) == len(names):
                    return _Items(zip(names, map(_keyed, value), strict=True))
        return [_keyed(item) for item in value]
    return value


def _compare(old: Any, new: Any, path: _Path, moved: _Moved) -> Iterator[tuple[_Path, Any, Any]]:
    """Yield what differs, as (path, before, after)."""
    if isinstance(old, _Items) != isinstance(new, _Items):  # an empty list has no items to key
        old, new = (_Items() if side == [] else side for side in (old, new))
    if old == new and not isinstance(old, _Items):
        return
    if not (_is_branch(old) and _is_branch(new)):
        if old != new:
            yield path, old, new
        return
    names = (
        _renames(path, old, new, moved)
        if isinstance(old, _Items) and isinstance(new, _Items)
        else {}
    )
    back = {to: name for name, to in names.items()}
    for name in dict.fromkeys((*old, *new)):
        if name in back and name not in old:
            continue  # said where it had its old name
        to = names.get(name, name)
        if name in names:
            yield (*path, name), _Renamed(name), _Renamed(to)
            yield from _compare(_unnamed(old.get(name)), _unnamed(new.get(to)), (*path, to), moved)
        else:
            yield from _compare(
                old.get(name, _ABSENT), new.get(name, _ABSENT), (*path, name), moved
            )
    if isinstance(old, _Items):
        kept = [names.get(name, name) for name in old if names.get(name, name) in new]
        order = [name for name in new if name in kept]
        if kept != order:
            yield (*path, ORDER), kept, order


def _unnamed(item: Any) -> Any:
    return {key: value for key, value in item.items() if key not in ("id", "use")}


def _is_branch(value: Any) -> bool:
    """Whether a value has parts to compare; a text in two languages is one value."""
    return isinstance(value, dict) and not _is_text(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"en", "zh"}


# ---------------------------------------------------------------------- saying it


def _kind(path: _Path, was: Any, now: Any) -> Kind:
    if isinstance(was, _Renamed):
        return "renamed"
    if path[-1] == ORDER:
        return "reordered"
    if was is _ABSENT or was is None:
        return "added"
    return "removed" if now is _ABSENT or now is None else "changed"


def _named(path: _Path) -> tuple[str, str, str]:
    """Return section, item and aspect of a path."""
    part, *rest = path
    if part == "forms" and len(rest) > 1 and rest[1] in ("fields", "checks"):
        if len(rest) < 3 or rest[2] == ORDER:
            return part, rest[0], rest[1]
        return part, f"{rest[0]}.{rest[2]}", ".".join(rest[3:])
    if part in _WITHOUT_ITEMS:
        return part, "", ".".join(rest)
    if not rest or rest[0] == ORDER:
        return part, "", ""
    return part, rest[0], ".".join(name for name in rest[1:] if name != ORDER)


_WITHOUT_ITEMS = frozenset(
    ("study", "product", "comparator", "design", "subjects", "reading", "multiplicity", "interim",
     "economics", "checks", "privacy", "dicom")
)  # fmt: skip


def _shown(value: Any) -> str:
    """Return a value as a person writes it."""
    if value is _ABSENT or value is None:
        return ""
    if isinstance(value, _Renamed):
        return value.name
    if _is_text(value):
        text = value["en"] if not value["zh"] else f"{value['en']} / {value['zh']}"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))
    elif isinstance(value, dict | list):
        text = canonical_json(_plain(value))
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _plain(value: Any) -> Any:
    """Return content without what is empty, so that an added item says what it has to say."""
    if _is_text(value):
        return value["en"]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v not in (None, "", [], {}, False)}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
