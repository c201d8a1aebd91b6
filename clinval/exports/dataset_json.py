"""Dataset-JSON 1.1 of CDISC, as one JSON document or as lines (NDJSON).

Numbers are written so that reading them gives the same double again; moments are ISO 8601 texts,
which no epoch can shift. Identifiers are those of the ODM metadata that clinval writes.

References
----------
CDISC Dataset-JSON 1.1, https://github.com/cdisc-org/DataExchange-DatasetJson
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinval.core.files import whole
from clinval.exports.datasets import About, Column, Dataset

if TYPE_CHECKING:
    from clinval.exports.datasets import Kind

__all__ = ["write_dataset_json"]

_VERSION = "1.1.0"
_TYPES: dict[Kind, str] = {
    "text": "string",
    "integer": "integer",
    "number": "double",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
}


def write_dataset_json(dataset: Dataset, path: Path, about: About, *, lines: bool = False) -> None:
    """Write a table.

    Parameters
    ----------
    dataset
        The table.
    path
        The file, written whole or not at all.
    about
        What the file says about itself.
    lines
        Whether the metadata and each row are lines of their own.
    """
    head = _head(dataset, about)
    rows = _rows(dataset)
    with whole(path) as part, part.open("w", encoding="utf-8", newline="\n") as stream:
        if lines:
            stream.write(_text(head) + "\n")
            stream.writelines(row + "\n" for row in rows)
        else:
            stream.write(_text(head)[:-1] + ',"rows":[')
            stream.writelines(("," if index else "") + "\n" + row for index, row in enumerate(rows))
            stream.write("\n]}\n")


def _head(dataset: Dataset, about: About) -> dict[str, Any]:
    return {
        "datasetJSONCreationDateTime": about.created,
        "datasetJSONVersion": _VERSION,
        "fileOID": f"{about.study}.{about.data_version}.{dataset.name}",
        "dbLastModifiedDateTime": about.data_time,
        "originator": about.sponsor,
        "sourceSystem": {"name": "clinval", "version": about.software},
        "studyOID": about.study,
        "metaDataVersionOID": about.metadata,
        "itemGroupOID": f"IG.{dataset.name}",
        "records": len(dataset.frame),
        "name": dataset.name,
        "label": dataset.label.en,
        "columns": [_column(dataset, column) for column in dataset.columns],
    }


def _column(dataset: Dataset, column: Column) -> dict[str, Any]:
    label = f"{column.label.en} [{column.unit}]" if column.unit else column.label.en
    said: dict[str, Any] = {
        "itemOID": f"IT.{dataset.name}.{column.name}",
        "name": column.name,
        "label": label,
        "dataType": _TYPES[column.kind],
    }
    if column.kind == "text":
        said["length"] = max(1, *(len(text or "") for text in dataset.values(column)), 1)
    if column.key:
        said["keySequence"] = column.key
    return said


def _rows(dataset: Dataset) -> Iterator[str]:
    columns = [dataset.values(column) for column in dataset.columns]
    for row in zip(*columns, strict=True):
        yield _text(row)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
