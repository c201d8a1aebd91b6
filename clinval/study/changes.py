"""Compare what a site returns with what it returned before, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.study.returns import KEY, MISSING
from clinval.study.snapshot import content_lines

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FieldChange", "Merged", "merge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of one row that got another value."""

    key: str
    field: str
    old: object
    new: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The current rows after a return, and how they differ from those before it.

    ``frame`` is in the order of the keys, so that it depends on what the rows say alone.
    ``absent`` are the keys that were there before and are not in the return; they are kept in
    ``frame`` unless the return withdraws them.
    """

    frame: pd.DataFrame
    added: int
    changes: tuple[FieldChange, ...]
    absent: tuple[str, ...]


def merge(
    current: pd.DataFrame | None,
    returned: pd.DataFrame,
    *,
    withdraw: bool,
    held: Iterable[str] = (),
    lost: Iterable[str] = (),
) -> Merged:
    """Return the current rows after ``returned`` has come in.

    Parameters
    ----------
    current
        The rows of the form and site until now, ``None`` at the first return.
    returned
        The usable rows of the return.
    withdraw
        Whether rows that the return does not have are dropped.
    held
        Keys of the rows of the return that are not usable: they are not absent, and what was
        there before stands until they are usable.
    lost
        Fields that the return does not have: what was there before stands. So do columns that the
        protocol no longer asks for.

    Raises
    ------
    ValueError
        When two usable rows have the same key.
    """
    import pandas as pd

    if not returned[KEY].is_unique:
        twice = returned[KEY][returned[KEY].duplicated()].iloc[0]
        raise ValueError(f"two usable rows have the key {twice!r}")
    if current is None:
        frame = returned.sort_values(KEY, ignore_index=True)
        return Merged(frame=frame, added=len(returned), changes=(), absent=())
    returned = _with_lost(current, returned, set(lost))
    old = pd.Series(content_lines(current), index=pd.Index(current[KEY]), dtype=object)
    new = pd.Series(content_lines(returned), index=pd.Index(returned[KEY]), dtype=object)
    gone = ~old.index.isin(new.index)
    absent = gone & ~old.index.isin(list(held))
    known = new.index.isin(old.index)
    both = new.index[known]
    differing = both[(old.reindex(both).to_numpy() != new[known].to_numpy())]
    changes = [
        change
        for key in sorted(differing)
        for change in _changes(key, str(old.loc[key]), str(new.loc[key]))
    ]
    kept = current[gone & ~absent if withdraw else gone]
    frame = pd.concat([returned, kept], ignore_index=True) if len(kept) else returned
    return Merged(
        frame=frame.sort_values(KEY, ignore_index=True),
        added=int((~known).sum()),
        changes=tuple(changes),
        absent=tuple(sorted(old.index[absent])),
    )


def _with_lost(current: pd.DataFrame, returned: pd.DataFrame, lost: set[str]) -> pd.DataFrame:
    """Return the rows of a return, with what was there before in columns that it does not have."""
    have = [str(name) for name in returned]
    had = [str(name) for name in current]
    gone = [name for name in had if name not in have and not name.startswith("_")]
    names = [name for name in had if name in gone or (name in lost and name in have)]
    if not names:
        return returned
    import pandas as pd

    before = current.set_index(KEY).reindex(returned[KEY])
    kept = {
        name: (
            before[name].astype(object) if before[name].dtype == "category" else before[name]
        ).to_numpy()
        for name in names
    }
    order = {name: index for index, name in enumerate([*have, *gone])}
    missing = []
    for earlier, said in zip(before[MISSING].astype(object), returned[MISSING], strict=True):
        parts = said.split(";") if isinstance(said, str) else []
        if isinstance(earlier, str):
            parts += [part for part in earlier.split(";") if part.partition("=")[0] in names]
        parts.sort(key=lambda part: order[part.partition("=")[0]])
        missing.append(";".join(parts) or None)
    kept[MISSING] = pd.Series(missing, returned.index, dtype=object).to_numpy()
    return returned.assign(**kept)


def _changes(key: str, old: str, new: str) -> list[FieldChange]:
    before, after = json.loads(old), json.loads(new)
    return [
        FieldChange(key=key, field=name, old=before.get(name), new=after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
