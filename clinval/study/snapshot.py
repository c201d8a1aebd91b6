"""Columnar snapshots: the current rows of one form of one site, as a Parquet file in the store.

Texts that repeat are dictionary-coded, so that a million reads of fifty sites load in a fraction
of a second and in little memory, and only the columns that are asked for are read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from clinval.core.files import canonical_json
from clinval.study.meaning import Meaning
from clinval.study.returns import HELD, KEY, MISSING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["column_in", "content_lines", "frames", "meaning", "opened", "pack", "read", "together"]

NO_MEANING: Mapping[str, Meaning] = MappingProxyType({})
NO_FORMER: Mapping[str, Sequence[str]] = MappingProxyType({})
_MEANING = "clinval.meaning"


def pack(frame: pd.DataFrame, meaning: Mapping[str, Meaning] = NO_MEANING) -> bytes:
    """Return a frame, and what its columns mean, as the bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: _array(frame[name]) for name in frame.columns if name != HELD}
    for name, array in columns.items():
        if pa.types.is_string(array.type) and name != KEY:
            coded = array.dictionary_encode()
            columns[name] = coded if 2 * len(coded.dictionary) <= len(array) else array
    repeating = [name for name in columns if not pa.types.is_string(columns[name].type)]
    sink = pa.BufferOutputStream()
    table = pa.table(columns).replace_schema_metadata({_MEANING: canonical_json(meaning)})
    pq.write_table(table, sink, compression="zstd", use_dictionary=repeating)
    return bytes(sink.getvalue())


def opened(content: bytes) -> pq.ParquetFile:
    """Return a snapshot to read columns from."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pq.ParquetFile(pa.BufferReader(content))


def meaning(file: pq.ParquetFile) -> dict[str, Meaning]:
    """Return what the columns of a snapshot meant when they were returned."""
    said = (file.schema_arrow.metadata or {}).get(_MEANING.encode())
    return dict(json.loads(said)) if said else {}


def read(
    file: pq.ParquetFile,
    columns: Sequence[str] | None = None,
    former: Mapping[str, Sequence[str]] = NO_FORMER,
) -> pa.Table:
    """Return the columns of a snapshot (all when not named) that it has.

    ``former`` are the names that columns had before; one that is there under such a name is given
    out under its name of today.
    """
    if columns is None:
        return file.read(use_threads=False)
    places = {name: column_in(file, name, former.get(name, ())) for name in columns}
    present = {place: name for name, place in places.items() if place}
    table = file.read(columns=list(present), use_threads=False)
    return table.rename_columns([present[name] for name in table.column_names])


def column_in(file: pq.ParquetFile, name: str, former: Sequence[str] = ()) -> str:
    """Return the name under which a snapshot has a column, empty where it has none."""
    present = file.schema_arrow.names
    return next((known for known in (name, *former) if known in present), "")


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """Return snapshots one below the other; a column that one does not have is missing there."""
    import pyarrow as pa

    coded = [_coded(table) for table in tables]
    return pa.concat_tables(coded, promote_options="permissive").unify_dictionaries()


def _coded(table: pa.Table) -> pa.Table:
    """Return a table with all its texts coded, whether or not they repeat."""
    import pyarrow as pa

    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type) and field.name != KEY:
            coded = table.column(index).dictionary_encode()
            table = table.set_column(index, field.name, coded)
    return table


def frames(tables: Sequence[pa.Table]) -> pd.DataFrame:
    """Return snapshots one below the other, texts as categories."""
    frame: pd.DataFrame = together(tables).to_pandas(split_blocks=True, self_destruct=True)
    return frame


def content_lines(frame: pd.DataFrame) -> list[str]:
    """Return each row's field values as one JSON text, times in ISO 8601, numbers in full."""
    import pyarrow.compute as pc

    names = [name for name in frame.columns if not name.startswith("_") or name == MISSING]
    parts: list[Any] = []
    for name in names:
        parts += [("," if parts else "{") + json.dumps(name) + ":", _json(_array(frame[name]))]
    return pc.binary_join_element_wise(*parts, "}", "").to_pylist() if len(frame) else []


def _array(values: pd.Series[Any]) -> pa.Array:
    """Return a column as an array of numbers, times or texts."""
    import pandas as pd
    import pyarrow as pa

    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return pa.array(values, from_pandas=True)
    return pa.array(values.astype(object), type=pa.string(), from_pandas=True)


def _json(array: pa.Array) -> pa.Array:
    """Return each value as JSON."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(array.type):
        coded = array.dictionary_encode()
        texts = [json.dumps(text, ensure_ascii=False) for text in coded.dictionary.to_pylist()]
        text = pa.array(texts, pa.string()).take(coded.indices)
    elif pa.types.is_timestamp(array.type):
        seconds = array.cast(pa.timestamp("s")).cast(pa.string())
        moments = pc.replace_substring(seconds, " ", "T")
        text = pc.binary_join_element_wise('"', moments, '"', "")
    else:
        text = array.cast(pa.string())
    return pc.fill_null(text, "null")
