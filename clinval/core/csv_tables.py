"""Write tables as CSV that a spreadsheet opens without running anything in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.core.files import whole, write

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["harmless", "starts_formula", "write_columns", "write_rows"]

_MARK = "\ufeff"  # of byte order; without it Excel does not take a file for UTF-8
_STARTS_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # the wide ones count in East Asian Excel


def harmless(text: str) -> str:
    """Return text that a spreadsheet takes for text, not for a formula.

    Examples
    --------
    >>> harmless("=HYPERLINK(...)"), harmless("S01-001")
    ("'=HYPERLINK(...)", 'S01-001')
    """
    return "'" + text if starts_formula(text) else text


def starts_formula(text: str) -> bool:
    """Return whether a spreadsheet may take a text for a formula."""
    return text.startswith(_STARTS_FORMULA)


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a small table."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    for row in (header, *rows):
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    write(path, _MARK + stream.getvalue())


def write_columns(path: Path, columns: Mapping[str, Any]) -> None:
    """Write a large table by columns: arrays of numbers, and categoricals or indexes of texts."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    arrays = [_array(values) for values in columns.values()]
    table = pa.Table.from_arrays(arrays, names=[harmless(name) for name in columns])
    with whole(path) as part, part.open("wb") as stream:
        stream.write(_MARK.encode())
        pa_csv.write_csv(table, stream)


def _array(values: Any) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    if hasattr(values, "categories"):
        texts = _harmless(pa.array(values.categories.astype(str), pa.string()))
        codes = pa.array(values.codes.astype(np.int32), mask=values.codes < 0)
        return pa.DictionaryArray.from_arrays(codes, texts).cast(pa.string())
    array = pa.array(values, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array if pa.types.is_primitive(array.type) else _harmless(array.cast(pa.string()))


def _harmless(texts: pa.Array) -> pa.Array:
    """Return what :func:`harmless` makes of each text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    starts = pa.array(list(_STARTS_FORMULA), pa.string())
    formula = pc.is_in(pc.utf8_slice_codeunits(texts, 0, 1), value_set=starts)
    return pc.if_else(formula, pc.binary_join_element_wise("'", texts, ""), texts)
