"""SAS transport files, version 5: what agencies take, and what it cannot hold is refused by name.

The format has names of 8 characters, labels of 40, texts of 200 bytes, no declared character set,
and the floating-point numbers of a mainframe. Nothing is cut off, renamed or transliterated behind
anybody's back: each thing that does not fit is a problem with its place.

References
----------
SAS Institute: The Record Layout of a SAS Version 5 or 6 Data Set in SAS Transport (XPORT) Format
(TS-140).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.core.errors import UsageError
from clinval.core.files import whole
from clinval.core.problems import Place, Problem
from clinval.exports.short_names import LONGEST_LABEL, Names, ShortName

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from clinval.exports.datasets import Column, Dataset

__all__ = ["cannot_hold", "names_cannot_stand", "write_transport"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,7}")
_LONGEST_TEXT = 200  # bytes
_LARGEST, _SMALLEST = 1e74, 1e-78  # beyond, numbers of a mainframe are cut to their limits
_FORMATS = {"date": "DATE9", "datetime": "DATETIME20"}


def names_cannot_stand(dataset: Dataset, names: Names, file: str) -> Iterator[Problem]:
    """Yield which names and labels the format cannot hold, and which names stand twice.

    Parameters
    ----------
    dataset
        The table.
    names
        How its columns are called; a column without a name is as good as one that does not fit.
    file
        The file of names that a person would change.
    """
    seen: set[str] = set()
    long, wide = [], []
    for column, short in _kept(dataset, names):
        if not _NAME.fullmatch(short.name) or short.name.upper() in seen:
            long.append(short.name or column.name)
        if len(short.label) > LONGEST_LABEL or not short.label.isascii():
            wide.append(column.name)
        seen.add(short.name.upper())
    for kind, found in (("xpt-name", long), ("xpt-label", wide)):
        if found:
            about = {"form": dataset.name, "file": file, "count": len(found)}
            yield _problem(kind, dataset, {**about, "names": ", ".join(found)})


def cannot_hold(dataset: Dataset, names: Names, file: str) -> Iterator[Problem]:
    """Yield the columns with values that the format cannot hold, each with its first row."""
    import numpy as np

    for column, _ in _kept(dataset, names):
        about: dict[str, object] = {"form": dataset.name, "name": column.name, "file": file}
        if column.kind in ("integer", "number"):
            values = np.abs(dataset.frame[column.name].to_numpy(dtype=float))
            beyond = np.isfinite(values) & (values != 0)
            beyond &= (values > _LARGEST) | (values < _SMALLEST)
            yield from _first("xpt-number", dataset, beyond | np.isinf(values), about)
        elif column.kind in ("text", "time"):
            texts = [text or "" for text in dataset.values(column)]
            wide = np.array([not text.isascii() for text in texts], dtype=bool)
            long = np.array([len(text.encode()) > _LONGEST_TEXT for text in texts], dtype=bool)
            yield from _first("xpt-text-characters", dataset, wide, about)
            yield from _first("xpt-text-long", dataset, long, about)


def _first(
    kind: str, dataset: Dataset, rows: NDArray[np.bool_], about: dict[str, object]
) -> Iterator[Problem]:
    if rows.any():
        keys = sorted((c for c in dataset.columns if c.key), key=lambda column: column.key)
        at = int(rows.argmax())
        key = " ".join(str(dataset.frame[column.name].iloc[at]) for column in keys)
        yield _problem(kind, dataset, {**about, "count": int(rows.sum()), "key": key or at + 1})


def _problem(kind: str, dataset: Dataset, about: dict[str, object]) -> Problem:
    return Problem(kind=kind, place=Place(file=f"{dataset.name.lower()}.xpt"), parameters=about)


def _kept(dataset: Dataset, names: Names) -> Iterator[tuple[Column, ShortName]]:
    """Yield the columns that go into the file, with how they are called there."""
    for column in dataset.columns:
        short = names.get((dataset.name, column.name), ShortName(name="", label=""))
        if short.keep:
            yield column, short


def write_transport(dataset: Dataset, path: Path, names: Names) -> None:
    """Write a table that the format can hold; see :func:`cannot_hold`.

    Raises
    ------
    UsageError
        When the package that writes the format is not installed.
    """
    try:
        import pyreadstat
    except ImportError as error:
        raise UsageError.of(
            "export-needs-package", Place(file=path.name), package="pyreadstat"
        ) from error
    import pandas as pd

    kept = list(_kept(dataset, names))
    frame = pd.DataFrame({short.name: _values(dataset, column) for column, short in kept})
    with whole(path) as part:
        pyreadstat.write_xport(
            frame,
            str(part),
            file_label="",
            column_labels=[short.label for _, short in kept],
            table_name=dataset.name.upper(),
            file_format_version=5,
            variable_format={
                short.name: _FORMATS[column.kind]
                for column, short in kept
                if column.kind in _FORMATS
            },
        )


def _values(dataset: Dataset, column: Column) -> pd.Series[Any]:
    """Return a column as the format has it: numbers, days or seconds since 1960, or texts."""
    import numpy as np
    import pandas as pd

    values = dataset.frame[column.name]
    if column.kind in ("integer", "number"):
        return values.astype(float)
    if column.kind in ("date", "datetime"):
        seconds = values.to_numpy().astype("datetime64[s]")
        since = (seconds - np.datetime64("1960-01-01T00:00:00")) / np.timedelta64(1, "s")
        return pd.Series(since // 86_400 if column.kind == "date" else since)
    return values.astype(object).where(values.notna(), "").astype(str)
