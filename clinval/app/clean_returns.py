"""Workbooks without a mistake: what a study has stored, but the rows that anything is asked of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.app.folder import StudyFolder
from clinval.app.returned_files import take
from clinval.study.returns import KEY, MISSING, SHEET_ROW
from clinval.study.store import StudyStore

if TYPE_CHECKING:
    import pandas as pd

    from clinval.protocol.model import Protocol
    from clinval.study.returns import Defect

__all__ = ["CleanReturn", "Content", "clean_returns"]

_TRIES = 5  # times that rows with findings are left out, before a site is given up

Content = dict[str, list[dict[str, object]]]
"""Rows by form, as the writer of templates takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanReturn:
    """The workbook of a site: its bytes, what was written into it, what is read from it."""

    file: bytes
    content: Content
    frames: Mapping[str, pd.DataFrame]


def clean_returns(folder: StudyFolder, scratch: Path) -> dict[str, CleanReturn]:
    """Return the clean workbook of each site; a site whose rows are never clean has none.

    Parameters
    ----------
    folder
        A study with data.
    scratch
        A folder to write into.
    """
    protocol, sha256 = folder.protocol(), folder.protocol_sha256()
    found = {}
    with StudyStore(folder.store_path, protocol.study.id) as store:
        for site in protocol.sites:
            content = {form.id: _stored(store, form.id, site.id) for form in protocol.asked_forms}
            clean = _cleaned(protocol, sha256, site.id, content, scratch)
            if clean is not None:
                found[site.id] = clean
    return found


def _cleaned(
    protocol: Protocol, sha256: str, site: str, content: Content, scratch: Path
) -> CleanReturn | None:
    from clinval.capture.template import write_template

    path = scratch / f"{site}.xlsx"
    for _ in range(_TRIES):
        if not any(content.values()):
            return None
        write_template(protocol, site, path, protocol_sha256=sha256, content=content)
        [returned] = take(path, StudyFolder(scratch), protocol).returns
        frames = {form.form: form.frame for form in returned.forms}
        if not returned.defects:
            return CleanReturn(file=path.read_bytes(), content=content, frames=frames)
        content = _without(content, frames, returned.defects, protocol)
    return None


def _stored(store: StudyStore, form: str, site: str) -> list[dict[str, object]]:
    """Return the current rows of a form as the writer of templates takes them."""
    frame = store.current(form, site)
    return [] if frame is None else [_entered(row) for row in frame.to_dict("records")]


def _entered(row: Mapping[Any, Any]) -> dict[str, object]:
    import pandas as pd

    entered: dict[str, object] = {}
    for name, value in row.items():
        if str(name).startswith("_") or pd.isna(value):
            continue
        if isinstance(value, pd.Timestamp):
            whole = value == value.normalize()
            entered[name] = value.date().isoformat() if whole else value.isoformat(" ")
        elif isinstance(value, float) and value.is_integer():
            entered[name] = int(value)
        else:
            entered[name] = value
    missing = row.get(MISSING)
    for part in missing.split(";") if isinstance(missing, str) else ():
        name, _, code = part.partition("=")
        entered[name] = code
    return entered


def _without(
    content: Content,
    frames: Mapping[str, pd.DataFrame],
    defects: Iterable[Defect],
    protocol: Protocol,
) -> Content:
    """Return the content without the rows that something was found in."""
    doubtful: dict[str, set[str]] = {}
    for defect in defects:
        frame = frames.get(defect.form)
        digits = "".join(filter(str.isdigit, defect.problem.place.cell))
        if frame is None or not digits:
            return {}  # what is wrong with a whole sheet does not go away with a row
        keys = frame.loc[frame[SHEET_ROW] == int(digits), KEY]
        doubtful.setdefault(defect.form, set()).update(map(str, keys))
    return {
        form: [
            row for row in rows
            if " | ".join(str(row.get(key)) for key in protocol.form(form).keys)
            not in doubtful.get(form, ())
        ]
        for form, rows in content.items()
    }  # fmt: skip
