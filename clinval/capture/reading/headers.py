"""Find the headings of a form on a sheet, wherever somebody has moved them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING

from clinval.capture.layout import FIRST_ROW, ID_ROW, SITE_ID, columns_of, heading
from clinval.capture.reading.reading import narrow, tidy

if TYPE_CHECKING:
    from clinval.protocol.forms import Field, Form

__all__ = ["SEARCHED", "Header", "Headings"]

SEARCHED = 20  # rows, from the top, in which headings are looked for
_REMEMBERED = 2_048  # texts: each sheet is held against the headings of each form
_ENOUGH = 0.3  # of the columns, to take a row for that of the headings

Row = Sequence[object]


@dataclass(slots=True, kw_only=True)
class Header:
    """Where the columns of a form are.

    Attributes
    ----------
    score
        Which part of the columns was found.
    row
        Number of the row with the ids (with the labels, where there are no ids).
    first
        Number of the first row that may hold data.
    positions
        Column of each field, as spreadsheets count.
    renamed
        Fields found by their label only.
    twice
        Further columns with the id of a field.
    """

    score: float
    row: int
    first: int
    positions: dict[str, int] = member(default_factory=dict)
    renamed: list[str] = member(default_factory=list)
    twice: list[tuple[str, int]] = member(default_factory=list)

    @property
    def moved(self) -> bool:
        """Whether it is not where the template had it."""
        return self.row != ID_ROW or self.first != FIRST_ROW


class Headings:
    """The headings of one form, by id and by label."""

    def __init__(self, form: Form, sites: Sequence[str]) -> None:
        self._columns = columns_of(form)
        self._ids = {field.id: field.id for field in self._columns}
        self._sites = set(sites)
        self._labels: dict[str, str | None] = {}
        for field in self._columns:
            for text in _labels_of(field):
                # a label of two fields names neither
                known = self._labels.get(text, field.id)
                self._labels[text] = field.id if known == field.id else None

    def find(self, numbers: Sequence[int], rows: Sequence[Row]) -> Header | None:
        """Return where the headings are among the first rows, ``None`` where they are not."""
        first = zip(numbers[: SEARCHED + 2], rows, strict=False)
        top = [(number, row) for number, row in first if number <= SEARCHED]
        best: Header | None = None
        for by_label in (False, True):
            for index, (number, row) in enumerate(top):
                named = self._named(row, by_label=by_label)
                score = len(set(named.values())) / len(self._columns)
                enough = score >= _ENOUGH and len(named) >= min(2, len(self._columns))
                if enough and (best is None or score > best.score):
                    best = self._header(number, score, named, top[index + 1 :], by_label)
            if best is not None:
                return best
        return None

    def repeats(self, row: Row, header: Header) -> bool:
        """Whether a row of the data is the headings once more."""
        ids = labels = 0
        for name, position in header.positions.items():
            text = _text(row[position - 1]) if position <= len(row) else ""
            ids += text == name
            labels += bool(text) and self._labels.get(_squashed(text)) == name
        return max(ids, labels) >= max(2, len(header.positions) / 2)

    def _named(self, row: Row, *, by_label: bool) -> dict[int, str]:
        """Return the fields that the cells of a row name, by column."""
        named = {}
        for position, cell in enumerate(row, start=1):
            text = _text(cell)
            if text:
                name = self._labels.get(_squashed(text)) if by_label else self._ids.get(text)
                if name:
                    named[position] = name
        return named

    def _header(
        self,
        number: int,
        score: float,
        named: dict[int, str],
        below: Sequence[tuple[int, Row]],
        by_label: bool,
    ) -> Header:
        header = Header(score=score, row=number, first=number + 1)
        for position, name in named.items():
            if name in header.positions:
                header.twice.append((name, position))
            else:
                header.positions[name] = position
        if by_label:
            return header
        if below and below[0][0] == number + 1:
            labels = self._named(below[0][1], by_label=True)
            if labels or not self._holds_site(below[0][1], header):
                header.first = number + 2
            for position, name in labels.items():
                if name not in header.positions and position not in named:
                    header.positions[name] = position
                    header.renamed.append(name)
        return header

    def _holds_site(self, row: Row, header: Header) -> bool:
        """Whether a row begins as a row of data does; a translated heading does not."""
        position = header.positions.get(SITE_ID, 0)
        return not 0 < position <= len(row) or _text(row[position - 1]).upper() in {
            site.upper() for site in self._sites
        }


def _text(cell: object) -> str:
    return _plain(cell) if isinstance(cell, str) else ""


@functools.lru_cache(_REMEMBERED)
def _plain(text: str) -> str:
    return narrow(tidy(text)[0])[0]


def _labels_of(field: Field) -> set[str]:
    texts = {heading(field, "en"), heading(field, "zh"), field.label.en, field.label.zh or ""}
    return {_squashed(text) for text in texts} - {""}


@functools.lru_cache(_REMEMBERED)
def _squashed(text: str) -> str:
    """Return a heading without blanks, and without the line of unit, limits and mark."""
    lines = [line.strip() for line in narrow(text)[0].strip().split("\n")]
    if len(lines) > 1 and lines[-1][:1] in "*([≥≤-0123456789":
        del lines[-1]
    return "".join("".join(lines).casefold().split())
