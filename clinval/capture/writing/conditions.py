"""Rules of the protocol as Excel formulas, for the colours of a sheet.

Only rules that compare single cells with constants are translated. A rule that is not gets no
colour; the return is checked against the rule itself in any case.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinval.core.expressions import parse
from clinval.protocol.forms import MISSING_CODES

if TYPE_CHECKING:
    from clinval.protocol.forms import Field

__all__ = ["Formula", "code_of", "known", "translate"]

_OPERATORS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_REVERSED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "<>", "<>": "="}
_LONGEST = 2000  # characters; beyond, a formula is more likely to annoy Excel than to help anyone


@dataclass(frozen=True, slots=True)
class Formula:
    """A rule with three outcomes as two formulas: it is true, it is false; else it is unknown."""

    true: str
    false: str


Column = Callable[[str], "tuple[Field, str] | None"]
"""Gives a field and its cell by name, such as ``$D3``; ``None`` for a field without column."""


class _NotTranslatableError(Exception):
    """The rule uses more of the rule language than is translated."""


def translate(rule: str, column: Column) -> Formula | None:
    """Return a rule as formulas, ``None`` where it is not simple enough."""
    try:
        formula = _Translation(column).of(parse(rule).node)
    except _NotTranslatableError:
        return None
    return formula if max(len(formula.true), len(formula.false)) <= _LONGEST else None


def code_of(cell: str) -> str:
    """Return the formula for the code of a cell: what stands before the bar, if there is one."""
    return f'TRIM(LEFT({cell},FIND("|",{cell}&"|")-1))'


def known(cell: str) -> str:
    """Return the formula for whether a cell holds a value: not empty, and no missing code."""
    code = code_of(cell)
    tests = [f'{code}<>"{word}"' for word in ("", *MISSING_CODES)]
    return f"AND({','.join(tests)})"


class _Translation:
    def __init__(self, column: Column) -> None:
        self._column = column

    def of(self, node: ast.expr) -> Formula:
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                parts = [self.of(value) for value in values]
                return Formula(
                    _call("AND", [part.true for part in parts]),
                    _call("OR", [part.false for part in parts]),
                )
            case ast.BoolOp(values=values):
                parts = [self.of(value) for value in values]
                return Formula(
                    _call("OR", [part.true for part in parts]),
                    _call("AND", [part.false for part in parts]),
                )
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                part = self.of(operand)
                return Formula(part.false, part.true)
            case ast.Call(func=ast.Name(id="missing" | "present" as name), args=[ast.Name(id=of)]):
                there = known(self._cell(of)[1])
                absent = f"NOT({there})"
                return Formula(absent, there) if name == "missing" else Formula(there, absent)
            case ast.Compare(left=left, ops=ops, comparators=rights):
                return self._chain(left, ops, rights)
        raise _NotTranslatableError

    def _chain(self, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr]) -> Formula:
        parts = []
        for op, right in zip(ops, rights, strict=True):
            parts.append(self._comparison(left, op, right))
            left = right
        return Formula(
            _call("AND", [part.true for part in parts]), _call("OR", [part.false for part in parts])
        )

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Formula:
        if isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.List | ast.Tuple):
            within = self._within(left, right.elts)
            return within if isinstance(op, ast.In) else Formula(within.false, within.true)
        symbol = {ast.Eq: "=", ast.NotEq: "<>", **_OPERATORS}.get(type(op))
        if symbol is None:
            raise _NotTranslatableError
        if isinstance(left, ast.Name):
            return self._single(left, symbol, right)
        return self._single(right, _REVERSED[symbol], left)

    def _within(self, name: ast.expr, constants: list[ast.expr]) -> Formula:
        words = [code for part in constants if (code := _code(part)) is not None]
        field, cell = self._cell(name.id) if isinstance(name, ast.Name) else (None, "")
        if field is None or field.numeric or field.temporal or len(words) < len(constants):
            parts = [self._single(name, "=", item) for item in constants]
            return Formula(
                _call("OR", [part.true for part in parts]),
                _call("AND", [part.false for part in parts]),
            )
        # one look into all codes: lists of many would make the formula too long
        listed = "&".join(f'"{word}|"' for word in words)
        found = f'ISNUMBER(FIND("|"&{code_of(cell)}&"|","|"&{listed}))'
        there = known(cell)
        return Formula(f"AND({there},{found})", f"AND({there},NOT({found}))")

    def _single(self, name: ast.expr, symbol: str, constant: ast.expr) -> Formula:
        if not isinstance(name, ast.Name):
            raise _NotTranslatableError
        try:
            value = ast.literal_eval(constant)
        except ValueError as error:
            raise _NotTranslatableError from error
        field, cell = self._cell(name.id)
        if field.numeric and isinstance(value, int | float):
            # a scale shows its code before a label, so its number has to be taken out
            number = f'IFERROR(VALUE({code_of(cell)}),"")' if field.type == "scale" else cell
            there = f"ISNUMBER({number})"
            pair = [f"{number}{sign}{value!r}" for sign in (symbol, _OPPOSITE[symbol])]
        elif isinstance(value, str) and symbol in ("=", "<>") and not field.temporal:
            quoted = value.replace('"', '""')
            there = known(cell)
            pair = [f'{code_of(cell)}{sign}"{quoted}"' for sign in (symbol, _OPPOSITE[symbol])]
        else:
            raise _NotTranslatableError
        return Formula(f"AND({there},{pair[0]})", f"AND({there},{pair[1]})")

    def _cell(self, name: str) -> tuple[Field, str]:
        found = self._column(name)
        if found is None:
            raise _NotTranslatableError
        return found


def _code(node: ast.expr) -> str | None:
    """Return a constant that is a code, which holds neither bar nor quotation mark."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) and not set(value) & {"|", '"'} else None


def _call(function: str, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{function}({','.join(parts)})"
