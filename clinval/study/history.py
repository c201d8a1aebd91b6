"""What codes have meant in every version, so that none comes to mean something else.

A code that was once used stays what it was, even after it was taken out of the list: values under
it lie in the store, in filled templates and in exports.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from clinval.core.problems import Place, Problem
from clinval.protocol.amendments import reworded
from clinval.study import snapshot
from clinval.study.meaning import Meaning, meaning_of

if TYPE_CHECKING:
    from clinval.protocol.model import Protocol
    from clinval.study.store import StudyStore

__all__ = ["Earlier", "amendments", "meanings_of", "reused_codes", "stored_meanings"]

Earlier = tuple[str, str, Mapping[str, Meaning]]
"""Where it comes from (a version of the protocol or of the data), the form, and its fields."""


def meanings_of(protocol: Protocol) -> Iterator[Earlier]:
    """Yield what the fields of a protocol mean, form by form."""
    for form in protocol.forms:
        meanings = {field.id: meaning_of(field) for field in form.fields}
        yield f"version {protocol.study.version}", form.id, meanings


def stored_meanings(store: StudyStore) -> Iterator[Earlier]:
    """Yield what the columns of every snapshot meant, whether or not it is still the newest."""
    for form, version, content in store.every_snapshot():
        yield f"data version {version}", form, snapshot.meaning(snapshot.opened(content))


def amendments(store: StudyStore) -> list[dict[str, Any]]:
    """Return what the audit trail says of each amendment: versions, when, who, why, changes."""
    query = "SELECT at_utc, actor, reason, detail FROM audit WHERE action = 'amend' ORDER BY seq"
    found = []
    for at_utc, actor, reason, detail in store.select(query):
        said = json.loads(detail)
        if "changes" in said:  # it may have been taken out of the trail
            versions = {side: said[side]["version"] for side in ("from", "to")}
            when = {"at_utc": at_utc, "actor": actor, "reason": reason}
            found.append({**versions, **when, "changes": said["changes"]})
    return found


def reused_codes(protocol: Protocol, earlier: Iterable[Earlier], file: str) -> Iterator[Problem]:
    """Yield each code that has meant something else before.

    Parameters
    ----------
    protocol
        The version that is to be in force.
    earlier
        What the fields meant before, in the store and in earlier versions.
    file
        Name of the protocol's file, for the place.
    """
    fields = {
        (form.id, field.id): meaning_of(field)["codes"]
        for form in protocol.forms
        for field in form.fields
    }
    said: set[tuple[str, str, str]] = set()
    for source, form, meanings in earlier:
        for name, was in meanings.items():
            now = fields.get((form, name), {})
            for code in was["codes"].keys() & now.keys():
                label, new = was["codes"][code], now[code]
                known = (form, name, code) in said or code in reworded(protocol, form, name)
                if label != new and not known:
                    said.add((form, name, code))
                    parameters = {
                        "form": form, "field": name, "code": code, "was": label, "now": new,
                        "version": source,
                    }  # fmt: skip
                    place = Place(file=file)
                    yield Problem(kind="code-reused", place=place, parameters=parameters)
