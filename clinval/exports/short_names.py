"""Short names and labels for SAS transport files: a table that a person can read and change."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinval.core.csv_tables import write_rows
from clinval.core.errors import UsageError
from clinval.core.problems import Place

if TYPE_CHECKING:
    from clinval.exports.datasets import Column, Dataset

__all__ = [
    "LONGEST_LABEL",
    "LONGEST_NAME",
    "Names",
    "ShortName",
    "as_they_are",
    "propose",
    "read_names",
    "write_names",
]

LONGEST_NAME, LONGEST_LABEL = 8, 40
_HEADER = ("form", "field", "name", "label", "keep")
_LARGEST = 5_000_000  # bytes of a file of names


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortName:
    """How a column is called in a transport file, and whether it goes into it."""

    name: str
    label: str
    keep: bool = True


Names = Mapping[tuple[str, str], ShortName]
"""By form and field."""


def as_they_are(datasets: Iterable[Dataset]) -> Names:
    """Return the names and labels of the study itself."""
    return {
        (dataset.name, column.name): ShortName(name=column.name, label=_label(column))
        for dataset in datasets
        for column in dataset.columns
    }


def propose(datasets: Iterable[Dataset]) -> Names:
    """Return names and labels that fit, each name once in its table.

    A name that is too long loses its vowels from the end, then its end; a number tells apart what
    has become alike.
    """
    proposed: dict[tuple[str, str], ShortName] = {}
    for dataset in datasets:
        taken: set[str] = set()
        for column in dataset.columns:
            name = _shortened(column.name)
            number = 2
            while name in taken:
                end = str(number)
                name, number = _shortened(column.name)[: LONGEST_NAME - len(end)] + end, number + 1
            taken.add(name)
            label = _cut(_plain(_label(column)) or column.name)
            proposed[dataset.name, column.name] = ShortName(name=name, label=label)
    return proposed


def _label(column: Column) -> str:
    return f"{column.label.en} [{column.unit}]" if column.unit else column.label.en


def _shortened(name: str) -> str:
    """Return a name of at most eight letters, digits and underscores.

    Examples
    --------
    >>> _shortened("scan_time_s"), _shortened("arm"), _shortened("affects_primary")
    ('SCANTIMS', 'ARM', 'AFFCTSPR')
    """
    if len(name) <= LONGEST_NAME:
        return name.upper()
    letters = list(name.replace("_", "").upper())
    for index in range(len(letters) - 1, 0, -1):
        if len(letters) > LONGEST_NAME and letters[index] in "AEIOU":
            del letters[index]
    return "".join(letters)[:LONGEST_NAME]


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join(decomposed.encode("ascii", "ignore").decode().split())


def _cut(label: str) -> str:
    """Return a label of at most forty characters, cut between words where it can be."""
    if len(label) <= LONGEST_LABEL:
        return label
    words = re.sub(r"\s+\S*$", "", label[: LONGEST_LABEL + 1])
    return words if len(words) > LONGEST_LABEL // 2 else label[:LONGEST_LABEL]


def write_names(path: Path, names: Names) -> None:
    """Write names as CSV, for a person to change."""
    rows: Sequence[Sequence[object]] = [
        (form, field, short.name, short.label, "yes" if short.keep else "no")
        for (form, field), short in names.items()
    ]
    write_rows(path, _HEADER, rows)


def read_names(path: Path) -> dict[tuple[str, str], ShortName]:
    """Return the names of a CSV.

    Raises
    ------
    UsageError
        When the file cannot be read or has not these columns.
    """
    place = Place(file=path.name)
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError.of("xpt-names-file", place, detail=f"> {_LARGEST} bytes")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in _HEADER if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageError.of("xpt-names-file", place, detail=f"no column {missing[0]}")
            return {(row["form"], row["field"]): _name_of(row) for row in reader}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError.of("xpt-names-file", place, detail=str(error)) from error


def _name_of(row: Mapping[str, str | None]) -> ShortName:
    name, label, keep = ((row[column] or "").strip() for column in ("name", "label", "keep"))
    return ShortName(
        name=name, label=label, keep=keep.lower() not in ("no", "n", "0", "false", "否")
    )
