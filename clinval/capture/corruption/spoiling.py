"""Put mistakes into clean workbooks, and tell which findings are about which mistake."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING, Any, cast

from clinval.capture.corruption.mistake import CellMistake, Hand, Mistake, Target
from clinval.capture.layout import SITE_ID, columns_of
from clinval.capture.reading.findings import cell_name
from clinval.capture.reading.forms import TOLD_ONCE

if TYPE_CHECKING:
    from clinval.protocol.forms import Field, Form
    from clinval.study.returns import Defect

__all__ = ["Injection", "Places", "told"]

_TRIED = 300  # cells of a field, before another field is tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """A mistake that was made: in which file, and there in which cell.

    ``form`` is empty for a mistake of the file, ``row`` is 0 for one of a sheet.
    """

    mistake: Mistake
    file: str
    form: str = ""
    field: str = ""
    row: int = 0
    cell: str = ""

    def __str__(self) -> str:
        return "!".join(part for part in (self.file, self.form, self.cell) if part)

    def is_told_by(self, defect: Defect) -> bool:
        """Whether a finding says what the mistake is, where it is.

        What cannot be known may be told all the same, by any finding in its form.
        """
        problem = defect.problem
        if not self.mistake.known:
            return (problem.place.file, defect.form) == (self.file, self.form)
        if problem.kind not in self.mistake.says or problem.place.file != self.file:
            return False
        if not isinstance(self.mistake, CellMistake):
            return self.form in ("", defect.form)
        if problem.kind in TOLD_ONCE:
            return (defect.form, defect.field) == (self.form, self.field)
        if self.mistake.at == "form":
            return defect.form == self.form
        return defect.form == self.form and (
            problem.place.cell in (self.cell, str(self.row))  # checks across forms name the row
            if self.mistake.at == "cell"
            else _row(problem.place.cell) == self.row
        )

    def explains(self, defect: Defect) -> bool:
        """Whether a finding is of the mistake, or of what follows from it."""
        if self.is_told_by(defect):
            return True
        problem = defect.problem
        of_it = problem.kind in (*self.mistake.also, *self.mistake.says)
        if not of_it or problem.place.file != self.file:
            return False
        if not self.row:
            return True
        in_row = defect.form == self.form and _row(problem.place.cell) == self.row
        return in_row or problem.kind in self.mistake.also


def _row(cell: str) -> int:
    return int("".join(character for character in cell if character.isdigit()) or 0)


def told(injections: Iterable[Injection], defects: Iterable[Defect]) -> list[Injection]:
    """Return the injections that were told.

    A remark told once a column has to count every cell that was spoilt there.
    """
    found = list(defects)
    ready = []
    alike: dict[tuple[str, str, str, str], list[Injection]] = {}
    for injection in injections:
        defect = next((one for one in found if injection.is_told_by(one)), None)
        if defect is None:
            continue
        if injection.row and defect.problem.kind in TOLD_ONCE:
            at = (injection.file, defect.problem.kind, injection.form, injection.field)
            alike.setdefault(at, []).append(injection)
        else:
            ready.append(injection)
    for (file, kind, form, field), several in alike.items():
        counted = sum(
            int(str(one.problem.parameters.get("count", 1)))
            for one in found
            if (one.problem.place.file, one.problem.kind, one.form, one.field)
            == (file, kind, form, field)
        )
        if counted >= len(several):
            ready += several
    return ready


@dataclass(slots=True, kw_only=True)
class Places:
    """The cells of a workbook that may still be spoilt: a row takes one mistake."""

    hand: Hand
    file: str
    _free: dict[str, list[dict[str, Any]]] = member(default_factory=dict)

    def __post_init__(self) -> None:
        """Note every row that somebody has begun."""
        for form, frame in self.hand.frames.items():
            kept = frame.astype(object).where(frame.notna(), None)
            self._free[form] = cast("list[dict[str, Any]]", kept.to_dict("records"))

    def spoil(self, mistake: CellMistake, draw: random.Random) -> Injection | None:
        """Make a mistake in a cell that it can happen to, ``None`` where there is none."""
        choices = [
            (form, field)
            for form in self.hand.protocol.asked_forms
            if self._free.get(form.id)
            for field in form.fields
            if field.type in mistake.types
            and field.id != SITE_ID
            and (field.id in form.keys) is mistake.keys
        ]
        for form, field in draw.sample(choices, len(choices)):
            rows = self._free[form.id]
            for record in draw.sample(rows, min(len(rows), _TRIED)):
                target = self._target(form, field, record)
                if target is not None and mistake.fits(target):
                    rows.remove(record)
                    return self._make(mistake, target, draw)
        return None

    def _target(self, form: Form, field: Field, record: Mapping[str, Any]) -> Target | None:
        if record.get(field.id) is None:
            return None
        return Target(
            protocol=self.hand.protocol,
            site=self.hand.site,
            form=form,
            field=field,
            row=int(record["_row"]),
            value=record[field.id],
            values=record,
            sheet=self.hand.book[form.id],
        )

    def _make(self, mistake: CellMistake, target: Target, draw: random.Random) -> Injection:
        entered = mistake.write(target, draw)
        if mistake.at != "row" or entered is not None:
            target.cell.value = entered
        if mistake.number_format:
            target.cell.number_format = mistake.number_format
        names = [field.id for field in columns_of(target.form)]
        return Injection(
            mistake=mistake,
            file=self.file,
            form=target.form.id,
            field=target.field.id,
            row=target.row,
            cell=cell_name(target.row, names.index(target.field.id) + 1),
        )
