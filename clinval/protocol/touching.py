"""What a change of a protocol touches: nothing but words, what sites fill in, or an endpoint.

A change touches an endpoint when the endpoint, in the version that it is left in or the one that it
comes in with, is computed from what has changed, or when the change says who belongs to one of its
analysis sets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from clinval.protocol.references import WORDS, References

__all__ = ["ORDER", "Touch", "touched"]

ORDER = "(order)"
"""Stands at the end of the path to a list of which only the order has changed."""

Touch = Literal["administrative", "capture", "endpoint"]
_Found = Callable[[References], tuple[str, ...]]
_Path = tuple[str, ...]

# Sections of which no number and no form depends on a word.
_WORDS_ONLY = (
    "narrative",
    "regions",
    "reports",
    "comparator",
    "codelists",
    "amendments",
    "clinval",
)

# Of a field: what only guides the one who fills it in.
_GUIDANCE = ("label", "help", "expected", "required", "pattern", ORDER)


def touched(path: _Path, before: References, after: References) -> tuple[Touch, tuple[str, ...]]:
    """Return the class of a change and the endpoints that refer to what has changed.

    Parameters
    ----------
    path
        Where in the protocol, ids in place of positions; ``ORDER`` for the order of a list.
    before, after
        Who refers to what in the two versions.
    """

    def either(found: _Found) -> tuple[str, ...]:
        names = {*found(before), *found(after)}
        return tuple(dict.fromkeys(n for n in (*after.every, *before.every) if n in names))

    section, rest = path[0], path[1:]
    if section in _WORDS_ONLY:
        return "administrative", ()
    if section == "forms":
        return _form(rest, either)
    touch, found = _section(section, rest)
    endpoints = either(found) if found else ()
    if touch == "endpoint" and not endpoints:
        return "administrative", ()
    return touch, endpoints


def _form(
    rest: _Path, either: Callable[[_Found], tuple[str, ...]]
) -> tuple[Touch, tuple[str, ...]]:
    """Return what a change of a form touches; a field by whom it is read."""
    form = rest[0]
    if len(rest) > 2 and rest[1] == "fields" and rest[2] != ORDER:
        name = rest[2]
        endpoints = either(lambda refs: refs.reading(form, name))
        guides = len(rest) > 3 and rest[3] in _GUIDANCE
        return ("capture" if guides or not endpoints else "endpoint"), endpoints
    endpoints = either(lambda refs: refs.reading_form(form))
    whole = len(rest) == 1 or rest[1] in ("keys", "rows")
    return ("endpoint" if whole and endpoints else "capture"), endpoints if whole else ()


def _section(section: str, rest: _Path) -> tuple[Touch, _Found | None]:
    """Return what a change outside of the forms touches, and how its endpoints are found."""
    item, key = (rest[0] if rest else ""), (rest[1] if len(rest) > 1 else "")
    match section, item, key:
        case "study" | "product" | "design", _, _:
            return _head(section, item)
        case "endpoints", _, key if key in (*WORDS, ORDER) or item == ORDER:
            return "administrative", lambda refs: refs.named_in([item])
        case "endpoints", _, _:
            return "endpoint", lambda refs: refs.named_in([item])
        case "analysis_sets", _, "label":
            return "administrative", lambda refs: refs.on_set(item)
        case "analysis_sets", _, _:
            return "endpoint", lambda refs: refs.on_set(item)
        case "subgroups", _, key if key != "label":
            return "endpoint", lambda refs: refs.in_subgroup(item)
        case "arms" | "sites" | "readers" | "truth_panel" | "reading", _, _:
            return _people_and_places(section, item, key)
        case "subjects" | "subject_ids" | "checks" | "privacy" | "dicom", _, _:
            return "capture", None
        case "multiplicity" | "interim", _, _:
            return "endpoint", lambda refs: refs.named_in(_ids(refs, section)) or refs.every
        case "sample_size", _, key if key not in ("source", "assumptions"):
            return "endpoint", lambda refs: refs.named_in([item])
        case "claims", _, key if key != "source":
            return "endpoint", lambda refs: refs.named_in(
                [claim.endpoint for claim in refs.protocol.claims if claim.id == item]
            )
        case "economics", _, _:
            return "endpoint", lambda refs: refs.economic
        case "seed", _, _:
            return "endpoint", lambda refs: refs.every
    return "administrative", None


def _head(section: str, item: str) -> tuple[Touch, _Found | None]:
    """Return what a change of the study, the product or the design touches."""
    if (section, item) in (("product", "version"), ("design", "type")) or not item:
        return "endpoint", lambda refs: refs.every
    if (section, item) in (("design", "washout_days"), ("study", "return_by")):
        return "capture", None
    return "administrative", None


def _people_and_places(section: str, item: str, key: str) -> tuple[Touch, _Found | None]:
    """Return what a change of arms, sites, readers or who reads what touches."""
    if item == ORDER:
        return "capture", None
    if section == "sites":
        if key == "currency":
            return "endpoint", lambda refs: refs.economic
        return _of_item(key, ("name", "language", "planned_subjects", "time_zone"), "site")
    if section == "arms":
        return _of_item(key, ("label",), "arm")
    if section == "readers":
        return _of_item(key, ("label",), "reader")
    return "endpoint", lambda refs: refs.reading_type("reader")


def _of_item(key: str, captured: tuple[str, ...], kind: str) -> tuple[Touch, _Found | None]:
    if not key or key == "role":  # it came, went, or stands for something else
        if kind == "reader":
            return "endpoint", lambda refs: refs.reading_type("reader")
        return "endpoint", lambda refs: refs.every
    return ("capture" if key in captured else "administrative"), None


def _ids(refs: References, section: str) -> Any:
    """Return what a section says in a version, to find the endpoints that it names."""
    part = getattr(refs.protocol, section)
    parts = part if isinstance(part, tuple) else [part] if part is not None else []
    return [each.model_dump(mode="json") for each in parts]
