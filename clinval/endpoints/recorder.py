"""Writes records with consistent ids: ``<endpoint>.<set>.<group>.<statistic>``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clinval.core.records import Record, Series, Value
from clinval.core.results import plain

if TYPE_CHECKING:
    from clinval.core.results import Result

__all__ = ["Recorder"]


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Collects the records of one endpoint on one analysis set."""

    endpoint: str
    analysis_set: str
    records: list[Record] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    inputs: str = ""

    def add(
        self,
        statistic: str,
        value: Any,
        *,
        group: Mapping[str, str] | None = None,
        unit: str = "",
        n: int | None = None,
        method: str = "",
        level: float | None = None,
        reason: str = "",
    ) -> None:
        """Record one number; what is none, or not finite, is undefined and has a reason."""
        plain_value: Value = value.item() if hasattr(value, "item") else value
        if isinstance(plain_value, float) and not math.isfinite(plain_value):
            plain_value = None
        self.records.append(
            Record(
                id=self.id_of(statistic, group),
                endpoint=self.endpoint,
                analysis_set=self.analysis_set,
                group=dict(group or {}),
                statistic=statistic,
                value=plain_value,
                unit=unit,
                n=None if n is None else int(n),
                method=method,
                level=level,
                undefined=plain_value is None,
                reason=(reason or "not a finite number") if plain_value is None else "",
                inputs=self.inputs,
            )
        )

    def value(self, statistic: str, group: Mapping[str, str] | None = None) -> Value:
        """Return what was recorded of a statistic, None where nothing was."""
        wanted = self.id_of(statistic, group)
        return next((r.value for r in reversed(self.records) if r.id == wanted), None)

    def id_of(self, statistic: str, group: Mapping[str, str] | None = None) -> str:
        """Return the id of a record of this endpoint and set."""
        place = "+".join(f"{name}={value}" for name, value in (group or {}).items()) or "all"
        parts = (self.endpoint, self.analysis_set, place, statistic)
        return ".".join(part for part in parts if part)

    def result(
        self,
        result: Result,
        attributes: Mapping[str, str],
        *,
        group: Mapping[str, str] | None = None,
        n: int | None = None,
        rename: Mapping[str, str] | None = None,
        transform: Callable[[float], float] | None = None,
    ) -> None:
        """Record attributes of a statistic, each with its unit.

        Parameters
        ----------
        result
            What the statistical function returned.
        attributes
            Attribute name to unit.
        group, n
            As in :meth:`add`.
        rename
            Attribute name to the statistic's name, where they differ.
        transform
            Applied to every number (the exponential for what was computed on logs).
        """
        content = plain(result)
        for name, unit in attributes.items():
            value: Any = content.get(name)
            if transform is not None and isinstance(value, float):
                value = _finite(transform, value)
            self.add(
                (rename or {}).get(name, name),
                value,
                group=group,
                unit=unit,
                n=n,
                method=result.method,
                level=content.get("level") if "ci_" in name or "prediction_" in name else None,  # type: ignore[arg-type]
                reason=result.reason or "the method does not give this number",
            )

    def keep_rows(self, name: str, columns: Mapping[str, Any]) -> None:
        """Keep the rows that numbers were computed from, to be written beside the results."""
        self.rows[f"{self.endpoint}.{self.analysis_set}.{name}"] = columns

    def points(self, name: str, columns: Mapping[str, Any]) -> None:
        """Record the points of a figure."""
        self.series.append(
            Series(
                id=f"{self.endpoint}.{self.analysis_set}.{name}",
                columns={
                    key: values.tolist() if hasattr(values, "tolist") else list(values)
                    for key, values in columns.items()
                },
            )
        )


def _finite(transform: Callable[[float], float], value: float) -> float | None:
    try:
        return transform(value)
    except OverflowError:
        return None
