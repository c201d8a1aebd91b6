"""Records: everything that a person will read, one statistic each, with where it comes from.

The shape follows the analysis results of CDISC: what was computed (endpoint, analysis set,
group, statistic), the number, and how (method, level, n). A report prints records and nothing
else, so a number on a page can be followed back to its method and its rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from clinval.core.files import sha256_of_json, write

__all__ = ["Group", "Record", "Results", "Series", "UnusableResultsError"]

_ALWAYS = ("id", "endpoint", "statistic", "value")  # of a record, in every line of results.json


class UnusableResultsError(ValueError):
    """A file is not what :meth:`Results.save` wrote: edited, cut off, or of another form."""


Group = Mapping[str, str]
Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One statistic.

    Attributes
    ----------
    id
        Unique and speaking: ``P1.FAS.site=S01.estimate``.
    endpoint
        Id of the endpoint, or the part of the study that is counted (``disposition``).
    analysis_set
        Id of the analysis set, empty where none applies.
    group
        What the number is restricted to: ``{"site": "S01"}``, ``{"without_site": "S01"}``,
        ``{"readers": "R1+R2"}``; empty for all.
    statistic
        ``estimate``, ``ci_low``, ``p_value``, ``n``, ``verdict`` ...
    value
        The number, or a word for a verdict; ``None`` when undefined.
    unit
        ``proportion``, ``ratio``, ``s``, ``EUR`` ...; empty for pure numbers and words.
    n
        How many units of analysis stand behind the number.
    method
        ``<module>.<function>`` of the statistic, empty for counts and inputs.
    level
        Level of the interval a limit belongs to.
    undefined, reason
        True and why, when the number has no value.
    inputs
        SHA-256 of the rows that the number was computed from.
    """

    id: str
    endpoint: str
    analysis_set: str = ""
    group: Group = field(default_factory=dict)
    statistic: str
    value: Value
    unit: str = ""
    n: int | None = None
    method: str = ""
    level: float | None = None
    undefined: bool = False
    reason: str = ""
    inputs: str = ""


_FIELDS = tuple(part.name for part in fields(Record))


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Points of a figure: columns of equal length that no single record can hold."""

    id: str
    columns: Mapping[str, list[float | int | str | None]]


@dataclass(frozen=True, kw_only=True)
class Results:
    """The result of an analysis: provenance, records in order, and series for figures."""

    provenance: Mapping[str, Any]
    records: tuple[Record, ...]
    series: tuple[Series, ...] = ()
    _by_id: dict[str, Record] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_id.update((record.id, record) for record in self.records)
        if len(self._by_id) != len(self.records):
            count = Counter(record.id for record in self.records)
            twice = ", ".join(name for name, times in count.items() if times > 1)
            raise ValueError(f"record ids are not unique: {twice}")

    def __getitem__(self, record_id: str) -> Record:
        return self._by_id[record_id]

    def get(self, record_id: str) -> Record | None:
        """Return a record, or ``None``."""
        return self._by_id.get(record_id)

    def where(self, **values: object) -> Iterator[Record]:
        """Yield the records whose fields have these values, in order."""
        found: Iterable[Record] = self.records
        if "statistic" in values:  # a report asks for one statistic after the other
            found = self._by_statistic.get(str(values["statistic"]), ())
        elif "endpoint" in values:
            found = self._by_endpoint.get(str(values["endpoint"]), ())
        for record in found:
            if all(getattr(record, name) == value for name, value in values.items()):
                yield record

    @cached_property
    def _by_statistic(self) -> dict[str, list[Record]]:
        return _grouped((record.statistic, record) for record in self.records)

    @cached_property
    def _by_endpoint(self) -> dict[str, list[Record]]:
        return _grouped((record.endpoint, record) for record in self.records)

    def points(self, series_id: str) -> Series | None:
        """Return a series, or ``None``."""
        return next((series for series in self.series if series.id == series_id), None)

    @cached_property
    def sha256(self) -> str:
        """Hash of the canonical JSON of the results."""
        return sha256_of_json(self._content())

    def _content(self) -> dict[str, Any]:
        return {
            "provenance": dict(self.provenance),
            "records": [_slim(record) for record in self.records],
            "series": [
                {"id": series.id, "columns": dict(series.columns)} for series in self.series
            ],
        }

    def save(self, path: Path) -> None:
        """Write ``results.json``: one record a line, so that versions can be compared.

        Its hash is the one that reports print, and shows whether it has been edited.
        """
        content = self._content()
        lines = ["{", f'"provenance": {_text(content["provenance"])},', '"records": [']
        lines += _rows(content["records"])
        lines += ["],", '"series": [']
        lines += _rows(content["series"])
        lines += ["],", f'"sha256": {_text(self.sha256)}', "}", ""]
        write(path, "\n".join(lines))

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read ``results.json``.

        Raises
        ------
        UnusableResultsError
            When it is not what :meth:`save` wrote.
        """
        results, sha256 = cls.read(path)
        if results.sha256 != sha256:
            raise UnusableResultsError(f"{path.name}: the hash is not that of the content")
        return results

    @classmethod
    def read(cls, path: Path) -> tuple[Results, str]:
        """Read ``results.json``, edited or not; return also the hash that it says it has.

        Raises
        ------
        UnusableResultsError
            When it has another form.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            results = cls(
                provenance=content["provenance"],
                records=tuple(Record(**record) for record in content["records"]),
                series=tuple(Series(**series) for series in content["series"]),
            )
            sha256 = str(content["sha256"])
            results.sha256  # noqa: B018 - what has no canonical form is not of this form
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            raise UnusableResultsError(f"{path.name}: {error}") from error
        return results, sha256


def _grouped(pairs: Iterable[tuple[str, Record]]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for key, record in pairs:
        found.setdefault(key, []).append(record)
    return found


def _slim(record: Record) -> dict[str, Any]:
    """Leave out what is empty, so that a line says what it has to say."""
    values = ((name, getattr(record, name)) for name in _FIELDS)
    return {
        name: value
        for name, value in values
        if name in _ALWAYS or (value is not None and value is not False and value not in ("", {}))
    }


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)


def _rows(items: Iterable[object]) -> list[str]:
    texts = [_text(item) for item in items]
    return [text + "," for text in texts[:-1]] + texts[-1:]
