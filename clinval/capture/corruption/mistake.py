"""What a mistake is: how it gets into a workbook, and what has to be said about it."""

from __future__ import annotations

import functools
import io
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from clinval.capture.layout import columns_of, is_planned
from clinval.protocol.base import Text

if TYPE_CHECKING:
    import pandas as pd

    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol

__all__ = [
    "CHECKS",
    "FAMILIES",
    "CellMistake",
    "FileMistake",
    "Hand",
    "Mistake",
    "SheetMistake",
    "Target",
]

CHECKS = (
    "check-fires", "critical-check-fires", "study-check-fires", "critical-study-check-fires",
    "deviation-not-recorded",
)  # fmt: skip
"""Kinds of problems that say that a check of a form or of the study fires."""

FAMILIES: Mapping[str, Text] = {
    "file": Text(en="file", zh="文件"),
    "version": Text(en="template and version", zh="模板与版本"),
    "sheet": Text(en="sheets", zh="工作表"),
    "heading": Text(en="headings and columns", zh="表头与列"),
    "row": Text(en="rows", zh="行"),
    "key": Text(en="identifiers", zh="标识"),
    "number": Text(en="numbers and units", zh="数值与单位"),
    "date": Text(en="dates and times", zh="日期与时间"),
    "code": Text(en="codes", zh="编码"),
    "missing": Text(en="missing values", zh="缺失值"),
    "text": Text(en="free text and identity", zh="自由文本与身份信息"),
    "cross": Text(en="across fields, forms and reads", zh="跨字段、跨表与阅片"),
    "program": Text(en="what programs do", zh="软件所致"),
    "silent": Text(en="cannot be known from the file", zh="仅凭文件无法得知"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A kind of mistake.

    Attributes
    ----------
    id, family, what
        Its name, the family it belongs to, and what happened, for people.
    says
        Kinds of problems of which one has to be told where it is. A mistake that is known and
        says nothing does no harm: nothing must be said of it.
    also
        Kinds of problems that may be told besides, in the same file, as consequences.
    known
        Whether it can be known from what the sites returned.
    """

    id: str
    family: str
    what: Text
    says: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A filled cell of a clean workbook, to be spoilt.

    ``value`` is what was read from it, ``values`` what was read from the cells of its row.
    """

    protocol: Protocol
    site: str
    form: Form
    field: Field
    row: int
    value: Any
    values: Mapping[str, Any]
    sheet: Any

    @property
    def cell(self) -> Any:
        """The cell itself."""
        return self.beside(self.field.id)

    def beside(self, name: str) -> Any:
        """Return the cell of another field in the same row."""
        names = [field.id for field in columns_of(self.form)]
        return self.sheet.cell(self.row, names.index(name) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellMistake(Mistake):
    """A mistake in one cell of a field.

    Attributes
    ----------
    types
        Types of the fields in which it happens.
    write
        Returns what the cell holds afterwards.
    fits
        Whether it can happen to a cell.
    keys
        Whether it happens to keys; other mistakes never do.
    number_format
        The format of the cell afterwards, where it matters.
    at
        Where it is told: at its cell, anywhere in its row, or in its form.
    """

    types: tuple[str, ...]
    write: Callable[[Target, random.Random], object]
    fits: Callable[[Target], bool] = bool
    keys: bool = False
    number_format: str = ""
    at: Literal["cell", "row", "form"] = "cell"


@dataclass(frozen=True, kw_only=True)
class Hand:
    """A clean workbook in the hand of somebody who is about to spoil it.

    Attributes
    ----------
    frames
        What was read from it, by form; see `clinval.study.returns`.
    content
        The same, as the writer of templates takes it.
    clean
        The bytes of the file.
    """

    protocol: Protocol
    site: str
    frames: Mapping[str, pd.DataFrame]
    content: Mapping[str, Sequence[Mapping[str, object]]]
    clean: bytes

    @functools.cached_property
    def book(self) -> Any:
        """The workbook, as a spreadsheet program has it open."""
        import openpyxl

        return openpyxl.load_workbook(io.BytesIO(self.clean))

    def form(self, draw: random.Random, *, planned: bool = True) -> Form:
        """Return a form that has at least three rows, at random."""
        forms = [
            form
            for form in self.protocol.asked_forms
            if len(self.frames.get(form.id, ())) > 2 and is_planned(form) is planned
        ]
        return draw.choice(forms)

    def rows(self, form: str) -> list[int]:
        """Return the numbers of the rows of a form that somebody has begun."""
        return [int(row) for row in self.frames[form]["_row"]]

    def columns(self, form: Form) -> dict[str, int]:
        """Return the columns of a form's fields, as spreadsheets count."""
        return {field.id: at for at, field in enumerate(columns_of(form), start=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetMistake(Mistake):
    """A mistake in a sheet or the workbook as a whole.

    ``spoil`` changes the workbook and returns the name of the form it is told of, empty when it is
    told of the file.
    """

    spoil: Callable[[Hand, random.Random], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMistake(Mistake):
    """A mistake in the bytes of a file; ``spoil`` returns what is sent instead."""

    spoil: Callable[[Hand, random.Random], bytes]
