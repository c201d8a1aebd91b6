"""What the bytes of a sheet tell and the library that reads its cells does not.

Merged ranges, hidden rows and columns, whether there are formulas, which is the last row with a
value: found in the same pass that unpacks the sheet, by looking for bytes instead of parsing it
a second time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["LAST_ROW", "SheetFacts", "SheetScan"]

LAST_ROW = 1_048_576  # of a sheet; a higher number is not from a spreadsheet
_LARGEST_PIECE = 32 << 20  # bytes of a sheet between two rows; more is held by no honest file
_ENDS_A_NAME = (b" ", b"\t", b"\r", b"\n", b"/", b">")
_NUMBER = re.compile(rb"""[^>]*\sr=["'](\d{1,7})["']""")
_HIDDEN = re.compile(rb"""\shidden=["'](?:1|true)["']""")
_ROOT = re.compile(rb"<(?:(\w+):)?worksheet[\s>]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFacts:
    """What a sheet is like.

    Attributes
    ----------
    last_row
        Number of the last row with a value.
    valued_rows
        How many rows have a value.
    in_order
        Whether the rows rise, lie within what a sheet can have, and come to an end.
    merged
        Merged ranges, such as ``C5:C7``.
    hidden_rows, hidden_columns
        Whether some are hidden.
    formulas
        Whether a cell has a formula.
    """

    last_row: int = 0
    valued_rows: int = 0
    in_order: bool = True
    merged: tuple[str, ...] = ()
    hidden_rows: bool = False
    hidden_columns: bool = False
    formulas: bool = False


class SheetScan:
    """Takes the bytes of a sheet piece by piece."""

    def __init__(self, prefix: bytes) -> None:
        self._row = b"<" + prefix + b"row"
        self._end = b"</" + prefix + b"sheetData"
        self._empty = b"<" + prefix + b"sheetData/>"
        v, i = b"<" + prefix + b"v", b"<" + prefix + b"is"
        self._values = (v + b">", v + b" ", i + b">", i + b" ")
        self._formula = b"<" + prefix + b"f"
        self._formulas = tuple(self._formula + end for end in (b">", b" ", b"/"))
        self._hidden_column = re.compile(
            b"<" + prefix + rb"""col\s[^>]*\bhidden=["'](?:1|true)["']"""
        )
        self._merged_cell = re.compile(
            b"<" + prefix + rb"""mergeCell\s[^>]*\bref=["']([A-Z0-9:$]{1,30})["']"""
        )
        self._rest = b""
        self._before_rows = True
        self._last = self._last_valued = self._valued = 0
        self._in_order = True
        self._ended = False
        self._look_closer = False
        self._hidden_rows = self._hidden_columns = self._has_formulas = False
        self._merged: list[str] = []

    @classmethod
    def of(cls, head: bytes) -> SheetScan | None:
        """Return a scan for a part that begins like this, ``None`` when it is no sheet."""
        root = _ROOT.search(head)
        if root is None:
            return None
        return cls(root[1] + b":" if root[1] else b"")

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        buffer = self._rest + chunk
        # what most sheets have none of is looked for in many rows at once
        if not self._has_formulas and self._formula in buffer:
            self._has_formulas = any(tag in buffer for tag in self._formulas)
        self._look_closer = not self._hidden_rows and b"hidden=" in buffer
        pieces = buffer.split(self._row)
        self._rest = pieces.pop()
        self._take_all(pieces)
        if len(self._rest) > _LARGEST_PIECE:
            self._in_order = False
            self._rest = b""

    def facts(self) -> SheetFacts:
        """Return what was found, once all bytes were taken."""
        self._look_closer = b"hidden=" in self._rest
        self._take(self._rest)
        return SheetFacts(
            last_row=self._last_valued,
            valued_rows=self._valued,
            in_order=self._in_order and self._ended,
            merged=tuple(self._merged),
            hidden_rows=self._hidden_rows,
            hidden_columns=self._hidden_columns,
            formulas=self._has_formulas,
        )

    def _take_all(self, pieces: list[bytes]) -> None:
        """Take what stands between the beginnings of rows; nearly all are numbered, with values."""
        last, valued, value, end = self._last, 0, self._values[0], self._end
        usual = not (self._look_closer or self._before_rows)
        for piece in pieces:
            if usual and piece.startswith(b' r="') and value in piece and end not in piece:
                try:
                    number = int(piece[4 : piece.find(b'"', 4)])
                except ValueError:
                    number = 0
                if last < number <= LAST_ROW:
                    last, valued = number, valued + 1
                    continue
            if valued:
                self._last = self._last_valued = last
                self._valued, valued = self._valued + valued, 0
            self._take(piece)
            last = self._last
            usual = not (self._look_closer or self._before_rows)
        if valued:
            self._last = self._last_valued = last
            self._valued += valued

    def _take(self, piece: bytes) -> None:
        """Take what stands between the beginnings of two rows."""
        if self._before_rows:
            self._hidden_columns = self._hidden_column.search(piece) is not None
            self._before_rows = False
            self._ended = self._end in piece or self._empty in piece
            self._find_merged(piece)
        elif piece[:1] in _ENDS_A_NAME:
            self._take_row(piece)
        else:  # another tag that begins like a row: <rowBreaks>
            self._find_merged(piece)

    def _take_row(self, piece: bytes) -> None:
        last = self._last
        # quickly, for r comes first in what the usual programs write
        end = piece.find(b'"', 4)
        digits = piece[4:end] if piece.startswith(b' r="') else _row_number(piece)
        try:
            number = int(digits) if digits else last + 1
        except ValueError:
            number = 0
        if not last < number <= LAST_ROW:
            self._in_order = False
        self._last = number
        value, spaced, inline, inline_spaced = self._values
        if value in piece or inline in piece or spaced in piece or inline_spaced in piece:
            self._last_valued = number
            self._valued += 1
        if self._look_closer and not self._hidden_rows:
            self._hidden_rows = _HIDDEN.search(piece[: piece.find(b">")]) is not None
        if self._end in piece:
            self._ended = True
            self._find_merged(piece)

    def _find_merged(self, piece: bytes) -> None:
        self._merged += [match[1].decode() for match in self._merged_cell.finditer(piece)]


def _row_number(piece: bytes) -> bytes:
    found = _NUMBER.match(piece)
    return found[1] if found else b""
