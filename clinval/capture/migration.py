"""Carry what a site filled in for one version of the protocol over into the template of another.

What means the same is carried; what the new version declares is renamed, converted or recoded;
whatever else stood in the old workbook is asked again or dropped, and is in the report with its
value. Nothing is converted that was not declared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING

from clinval.capture.conversion import Action, Cells, Outcome, computed, fitted
from clinval.core.problems import Severity
from clinval.protocol.amendments import Amendment
from clinval.protocol.base import Text
from clinval.protocol.diff import renamed_fields
from clinval.study.returns import KEY, SHEET_ROW

if TYPE_CHECKING:
    import pandas as pd

    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol
    from clinval.study.returns import Defect, FormReturn, WorkbookReturn

__all__ = ["Migrated", "MovedCell", "migrate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedCell:
    """What became of one cell.

    Attributes
    ----------
    form, key
        Whose it is.
    place
        Where it stood in the old workbook: sheet and cell, or sheet and row.
    field, new_field
        The fields, before and after; the new one empty where the value has no place.
    old, new
        The values; the new one empty where it is asked or dropped.
    action
        ``carried``, ``converted``, ``asked`` or ``dropped``.
    why
        Key of a text that says why.
    """

    form: str
    key: str
    place: str
    field: str
    new_field: str
    old: str
    new: str
    action: Action
    why: str


@dataclass(slots=True, kw_only=True)
class Migrated:
    """What to fill into the new template, form by form, and the report on every cell."""

    content: dict[str, list[dict[str, object]]] = member(default_factory=dict)
    cells: list[MovedCell] = member(default_factory=list)

    def count(self, action: Action) -> int:
        """Return how many cells had this done to them."""
        return sum(cell.action == action for cell in self.cells)


def migrate(returned: WorkbookReturn, old: Protocol, new: Protocol) -> Migrated:
    """Return what a workbook filled in for ``old`` holds in terms of ``new``.

    Parameters
    ----------
    returned
        The workbook, read with the protocol that it was made for.
    old, new
        That protocol, and the one in force.

    Notes
    -----
    Rows that were held back are carried too: what is wrong with them shows again when the new
    workbook is taken in. A value that was not accepted has no content to carry; it is asked.
    """
    moved = Migrated()
    said = new.amendments.get(old.study.version) or Amendment(reason=Text(en="-"))
    names = renamed_fields(old, new)
    for part in returned.forms:
        before = old.form(part.form)
        after = next((form for form in new.forms if form.id == part.form), None)
        _Form(part, before, after, said, names.get(part.form, {})).move(moved)
    entered = {part.form: part.frame for part in returned.forms}
    for defect in returned.defects:
        if _was_rejected(defect, entered.get(defect.form)):
            place = defect.problem.place
            moved.cells.append(
                MovedCell(
                    form=defect.form, key=defect.key, place=f"{place.sheet}!{place.cell}",
                    field=defect.field,
                    new_field=names.get(defect.form, {}).get(defect.field, defect.field),
                    old="", new="", action="asked", why="not-accepted",
                )
            )  # fmt: skip
    return moved


def _was_rejected(defect: Defect, frame: pd.DataFrame | None) -> bool:
    """Whether a defect is about a cell whose content was not taken over into the rows."""
    kind, severity = defect.problem.kind, defect.problem.severity
    if severity is not Severity.ERROR or kind == "required-is-empty" or frame is None:
        return False
    if not defect.key or defect.field not in frame:
        return False
    return bool(frame[defect.field][frame[KEY] == defect.key].isna().all())


class _Form:
    """Moves the rows of one form."""

    def __init__(
        self,
        part: FormReturn,
        before: Form,
        after: Form | None,
        said: Amendment,
        names: Mapping[str, str],
    ) -> None:
        self._part = part
        self._before = before
        self._after = after
        self._rules = said.converted.get(part.form, {})
        self._codes = said.recoded.get(part.form, {})
        self._former = {to: name for name, to in names.items()}
        self._cells = Cells(part.frame)

    def move(self, moved: Migrated) -> None:
        rows: list[dict[str, object]] = [{} for _ in range(len(self._part.frame))]
        used: set[str] = set()
        for field in self._after.fields if self._after else ():
            read, outcomes = self._outcomes(field)
            used.update(read)
            for row, outcome in outcomes:
                if outcome.value is not None:
                    rows[row][field.id] = outcome.value
                moved.cells.append(self._cell(row, ", ".join(read), field.id, outcome))
        for field in self._before.fields:
            if field.id not in used:
                why = "field-gone" if self._after else "form-gone"
                for row, old in self._cells.entered(field.id):
                    outcome = Outcome(old=old, action="dropped", why=why)
                    moved.cells.append(self._cell(row, field.id, "", outcome))
        if self._after:
            moved.content[self._part.form] = rows

    def _outcomes(self, field: Field) -> tuple[tuple[str, ...], Iterator[tuple[int, Outcome]]]:
        """Return the old fields that a new one comes from, and what becomes of their rows."""
        if field.id in self._rules:
            return computed(self._cells, self._rules[field.id], field)
        name = self._former.get(field.id, field.id)
        was = self._before.field(name)
        if was is None:
            return (), iter(())
        return (name,), fitted(self._cells, was, field, self._codes.get(field.id, {}))

    def _cell(self, row: int, name: str, new_name: str, outcome: Outcome) -> MovedCell:
        frame = self._part.frame
        return MovedCell(
            form=self._part.form,
            key=str(frame[KEY].iloc[row]),
            place=f"{self._part.sheet}!{int(frame[SHEET_ROW].iloc[row])}",
            field=name,
            new_field=new_name,
            old=outcome.old,
            new=outcome.shown,
            action=outcome.action,
            why=outcome.why,
        )
