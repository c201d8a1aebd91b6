"""What a value of a field stands for; kept with the rows, so that no later protocol bends it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinval.protocol.forms import Field

__all__ = ["Meaning", "difference", "meaning_of"]

Meaning = Mapping[str, Any]


def meaning_of(field: Field) -> dict[str, Any]:
    """Return what a value of a field stands for; limits and texts of help are not part of it."""
    return {
        "type": field.type,
        "unit": field.unit or "",
        "codes": {code: label.en for code, label in field.codelist.items()},
    }


def difference(was: Meaning, now: Meaning, same: Collection[str] = ()) -> str:
    """Return how a meaning has changed, such as ``s -> min``; empty where it has not.

    Codes that came or went change no value that both know; nor do those that mean the ``same``
    under another label.

    Examples
    --------
    >>> no = {"type": "choice", "unit": "", "codes": {"1": "Poor"}}
    >>> difference(no, {**no, "codes": {"1": "Excellent", "2": "Good"}})
    '1: Poor -> Excellent'
    """
    changes = [
        f"{was[name] or '-'} -> {now[name] or '-'}"
        for name in ("type", "unit")
        if was[name] != now[name]
    ]
    changes += [
        f"{code}: {label} -> {now['codes'][code]}"
        for code, label in was["codes"].items()
        if now["codes"].get(code, label) != label and code not in same
    ]
    return "; ".join(changes[:3])
