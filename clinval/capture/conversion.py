"""What becomes of single values when the protocol is amended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING, Any, Literal

from clinval.core.expressions import Expression, parse
from clinval.protocol.base import Text
from clinval.study.returns import MISSING

if TYPE_CHECKING:
    import pandas as pd

    from clinval.protocol.forms import Field

__all__ = ["WHY", "Action", "Cells", "Outcome", "computed", "fitted"]

Action = Literal["carried", "converted", "asked", "dropped"]

WHY: Mapping[str, Text] = {
    "same": Text(en="means the same", zh="含义不变"),
    "renamed": Text(en="the field has another name", zh="字段已更名"),
    "rule": Text(en="computed by the declared rule", zh="按声明的规则计算"),
    "recoded": Text(en="the code was changed as declared", zh="代码按声明变更"),
    "code-gone": Text(en="the list no longer has this code", zh="列表中已无此代码"),
    "code-means-other": Text(en="the code now means something else", zh="该代码现表示其他含义"),
    "type-changed": Text(
        en="the field is of another type and no rule is declared", zh="字段类型已变且未声明规则"
    ),
    "unit-changed": Text(
        en="the unit has changed and no rule is declared", zh="单位已变且未声明规则"
    ),
    "outside": Text(en="outside of the limits of the new version", zh="超出新版本的限值"),
    "pattern": Text(
        en="not of the form that the new version asks for", zh="不符合新版本要求的格式"
    ),
    "not-whole": Text(en="no whole number comes of the declared rule", zh="按声明的规则得不到整数"),
    "not-computed": Text(
        en="the declared rule gives no number here", zh="按声明的规则此处得不到数值"
    ),
    "not-accepted": Text(
        en="was not accepted; the value stands in the old workbook only",
        zh="未被接受；该值仅见于原工作簿",
    ),
    "field-gone": Text(en="the new version does not ask for it", zh="新版本不再采集"),
    "form-gone": Text(en="the new version does not use the form", zh="新版本不使用该表单"),
}
"""Why something became of a cell."""

_NUMBERS = ("integer", "number")
_LISTED = ("choice", "scale")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a value; ``value`` is what is filled in, ``None`` where nothing is."""

    old: str
    action: Action
    why: str
    value: object = None

    @property
    def shown(self) -> str:
        """The new value as text."""
        return "" if self.value is None else _text(self.value)


@dataclass(slots=True)
class Cells:
    """The values of a form's rows by field, with the codes for why some are missing."""

    frame: pd.DataFrame
    _missing: list[dict[str, str]] = member(default_factory=list)

    def __post_init__(self) -> None:
        for text in self.frame[MISSING]:
            parts = text.split(";") if isinstance(text, str) else []
            self._missing.append(dict(part.partition("=")[::2] for part in parts))

    def column(self, name: str) -> Any:
        """Return a column as rules read it: floats, ``datetime64``, a ``Categorical`` of texts."""
        import pandas as pd

        values = self.frame[name]
        return pd.Categorical(values) if values.dtype == object else values.to_numpy()

    def aggregate(self, function: str, form: str, condition: Expression | None) -> Any:
        """Refuse: a rule of an amendment reads the row at hand and nothing else."""
        raise ValueError(f"a rule of an amendment cannot ask {function}({form}, {condition})")

    def values(self, name: str) -> list[Any]:
        """Return the values of a field, ``None`` where there is none."""
        values = self.frame[name]
        return values.astype(object).where(values.notna(), None).tolist()

    def missing(self, row: int, name: str) -> str:
        """Return why a value is missing, empty where nothing was said."""
        return self._missing[row].get(name, "")

    def entered(self, name: str) -> Iterator[tuple[int, str]]:
        """Yield the rows in which something stands, and what, as text."""
        for row, value in enumerate(self.values(name)):
            said = self.missing(row, name) if value is None else _text(value)
            if said:
                yield row, said


def fitted(
    cells: Cells, was: Field, now: Field, codes: Mapping[str, str]
) -> Iterator[tuple[int, Outcome]]:
    """Yield what becomes of each value of a field that has a successor."""
    values = cells.values(was.id)
    for row, said in cells.entered(was.id):
        value = values[row]
        if value is None:  # ND, NA, UNK mean the same everywhere
            yield row, Outcome(old=said, action="carried", why="same", value=said)
        else:
            yield row, _fit(value, said, was, now, codes)


def _fit(value: Any, said: str, was: Field, now: Field, codes: Mapping[str, str]) -> Outcome:
    if said in codes:
        why = "recoded" if codes[said] != said else "same"
        action: Action = "converted" if codes[said] != said else "carried"
        return Outcome(old=said, action=action, why=why, value=codes[said])
    why = _obstacle(value, said, was, now)
    if why:
        return Outcome(old=said, action="asked", why=why)
    return Outcome(
        old=said, action="carried", why="same" if was.id == now.id else "renamed", value=value
    )


def _obstacle(value: Any, said: str, was: Field, now: Field) -> str:
    """Return why a value cannot stand in the new field, empty where it can."""
    alike = {was.type, now.type} <= set(_NUMBERS) or {was.type, now.type} <= set(_LISTED)
    if was.type != now.type and not alike:
        return "type-changed"
    if (was.unit or "") != (now.unit or ""):
        return "unit-changed"
    if now.type in _LISTED:
        label = now.codelist.get(said)
        if label is None:
            return "code-gone"
        return "" if was.codelist[said].en == label.en else "code-means-other"
    return _beyond(value, now)


def _beyond(value: Any, field: Field) -> str:
    """Return why a value is not one of the new field's, empty where it is."""
    if field.type == "integer" and not float(value).is_integer():
        return "not-whole"
    if field.numeric and field.range:
        low, high = field.range
        if (isinstance(low, float) and value < low) or (isinstance(high, float) and value > high):
            return "outside"
    if field.type == "text" and field.pattern and not re.fullmatch(field.pattern, str(value)):
        return "pattern"
    return ""


def computed(
    cells: Cells, rule: str, field: Field
) -> tuple[tuple[str, ...], Iterator[tuple[int, Outcome]]]:
    """Return the fields that a rule reads, and what becomes of their rows.

    Parameters
    ----------
    cells
        The old rows.
    rule
        Over the old fields; it gives a number.
    field
        The new field.
    """
    expression = parse(rule)
    names = tuple(dict.fromkeys(name for _, name in expression.names))
    return names, _computed(cells, expression, names, field)


def _computed(
    cells: Cells, expression: Expression, names: tuple[str, ...], field: Field
) -> Iterator[tuple[int, Outcome]]:
    results = expression.evaluate(cells)
    said: dict[int, dict[str, str]] = {}
    for name in names:
        for row, text in cells.entered(name):
            said.setdefault(row, {})[name] = text
    for row, texts in sorted(said.items()):
        result = float(results[row])
        old = next(iter(texts.values())) if len(names) == 1 else _pairs(texts)
        missing = next((code for name in names if (code := cells.missing(row, name))), "")
        if result == result:  # noqa: PLR0124 - a number
            why = _beyond(result, field)
            if why:
                yield row, Outcome(old=old, action="asked", why=why)
            else:
                yield row, Outcome(old=old, action="converted", why="rule", value=result)
        elif missing:
            yield row, Outcome(old=old, action="carried", why="same", value=missing)
        else:
            yield row, Outcome(old=old, action="asked", why="not-computed")


def _pairs(texts: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={text}" for name, text in texts.items())


def _text(value: Any) -> str:
    """Return a value as text: whole numbers without a point, moments in ISO 8601."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "isoformat"):
        text = str(value.isoformat(sep=" ") if hasattr(value, "hour") else value.isoformat())
        return text.removesuffix(" 00:00:00")
    return str(value)
