"""Tables with a read a row, whatever their columns are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from clinval.capture.reader_study.cells import Cells, heading_key
from clinval.capture.reader_study.reads import TRUTH_READERS
from clinval.core.problems import Place, Problems

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["COLUMNS", "long_table", "parquet_table"]

# What a column is for, and the headings under which it is found without being named.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "reader": ("reader", "readerid", "阅片者", "阅片者编号"),
    "modality": ("modality", "modalityid", "treatment", "treatmentid", "arm", "组别"),
    "case": ("case", "caseid", "subject", "subjectid", "病例", "受试者编号"),
    "truth": ("truth", "金标准"),
    "score": ("score", "rating", "评分"),
}


def long_table(
    tables: Iterable[Cells], chosen: Mapping[str, str], problems: Problems
) -> Cells | None:
    """Return the table of reads with its columns called by what they are for.

    Parameters
    ----------
    tables
        The tables of the file; the first that has all columns is taken.
    chosen
        Headings by what the columns are for, where the user names them.
    problems
        Takes what the first table lacks, where none has all.
    """
    lacking: Cells | None = None
    missing: list[str] = []
    for cells in tables:
        names = {**_recognised(cells), **{k: v for k, v in chosen.items() if v in cells.columns}}
        missing_here = [
            name
            for name in COLUMNS
            if name not in names and not (name == "truth" and _has_truth_rows(cells, names))
        ]
        missing_here += [name for name, heading in chosen.items() if heading not in cells.columns]
        if not missing_here:
            return cells.named(names)
        if lacking is None:
            lacking, missing = cells, missing_here
    if lacking is not None:
        line = 0 if lacking.sheet else 1
        place = Place(file=lacking.file, sheet=lacking.sheet, line=line, column=line)
        for name in dict.fromkeys(missing):
            problems.report(
                "reads-column-missing",
                place,
                column=chosen.get(name, name),
                name=name,
                columns=", ".join(lacking.columns) or "-",
            )
    return None


def _recognised(cells: Cells) -> dict[str, str]:
    """Return headings by what their columns are for."""
    found = {}
    for name, keys in COLUMNS.items():
        headings = {heading_key(heading): heading for heading in reversed(cells.columns)}
        heading = next((headings[key] for key in keys if key in headings), None)
        if heading is not None:
            found[name] = heading
    return found


def _has_truth_rows(cells: Cells, names: Mapping[str, str]) -> bool:
    """Tell whether the truth stands in rows of a reader of its own."""
    if "reader" not in names:
        return False
    return any(reader.casefold() in TRUTH_READERS for reader in cells.columns[names["reader"]])


def parquet_table(path: Path, file: str) -> Cells:
    """Return the table of a Parquet file.

    Raises
    ------
    RefusedError
        When it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from clinval.capture.reader_study.cells import text_of
    from clinval.capture.reading.package import RefusedError
    from clinval.capture.reading.sheets import MOST_COLUMNS

    try:
        table = pq.read_table(path)
        names = table.column_names[:MOST_COLUMNS]
        texts = [
            [text_of(value) for value in column.to_pylist()]
            for column in table.columns[: len(names)]
        ]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RefusedError("reads-file-unknown") from error
    rows = list(zip(*texts, strict=True))
    return Cells.of(names, rows, range(1, len(rows) + 1), file=file)
