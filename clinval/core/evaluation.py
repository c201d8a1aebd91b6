"""Evaluate rules over columns: three-valued logic, whole arrays at a time.

What a rule means stands with the language, in :mod:`clinval.core.expressions`.
"""

from __future__ import annotations

import ast
import operator
from typing import Any, Literal

import numpy as np

from clinval.core.expressions import (
    AGGREGATES,
    ARITHMETIC,
    COMPARISONS,
    Expression,
    ExpressionError,
    Scope,
    Truth,
    written,
)

__all__ = ["Evaluation", "sort_of"]

_MINUTES = 60.0
_DAYS = 86400.0


class Evaluation:
    """Evaluates the syntax tree of a rule over whole columns."""

    def __init__(self, scope: Scope, text: str) -> None:
        self._scope = scope
        self._text = text

    def of(self, node: ast.expr) -> Any:
        """Return an array of numbers or times, texts, or the truth of each row."""
        match node:
            case ast.Name(id=name):
                return self._scope.column(name)
            case ast.Constant(value=str(value)):
                return value
            case ast.Constant(value=value):
                return np.float64(value)  # type: ignore[arg-type]
            case ast.BoolOp(op=op, values=values):
                return _logic([self.truth(value) for value in values], isinstance(op, ast.And))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _negation(self.truth(operand))
            case ast.UnaryOp(operand=operand):
                return -self._number(operand)
            case ast.BinOp(left=left, op=op, right=right):
                with np.errstate(all="ignore"):
                    result = ARITHMETIC[type(op)](self._number(left), self._number(right))
                return _finite(result)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self._compare(left, ops, comparators)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self._call(function, arguments)
        raise AssertionError(ast.dump(node))  # parse() lets nothing else through

    def truth(self, node: ast.expr) -> Truth:
        """Return the truth of a part that has to be true or false."""
        result = self.of(node)
        if not isinstance(result, Truth):
            part = written(node, self._text)
            raise ExpressionError("rule-is-a-number", node.col_offset, rule=part)
        return result

    def _number(self, node: ast.expr) -> Any:
        result = self.of(node)
        if sort_of(result) != "number":
            raise ExpressionError("rule-calculates-with-text", node.col_offset)
        return result

    def _compare(self, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr]) -> Truth:
        truths = []
        value = self.of(left)
        for op, right in zip(ops, rights, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                assert isinstance(right, ast.List | ast.Tuple)  # noqa: S101 - parse() saw to it
                equal = [
                    _comparison(operator.eq, value, self.of(item), item.col_offset)
                    for item in right.elts
                ]
                found = _logic(equal, conjunction=False)
                truths.append(found if isinstance(op, ast.In) else _negation(found))
                break  # parse() lets nothing follow a list
            other = self.of(right)
            truths.append(_comparison(COMPARISONS[type(op)], value, other, left.col_offset))
            left, value = right, other
        return _logic(truths, conjunction=True)

    def _call(self, function: str, arguments: list[ast.expr]) -> Any:
        if function in AGGREGATES:
            form, *rest = arguments
            assert isinstance(form, ast.Name)  # noqa: S101 - parse() saw to it
            condition = Expression(self._text, rest[0]) if rest else None
            return self._scope.aggregate(function, form.id, condition)
        if function in ("missing", "present"):
            known = _known(self.of(arguments[0]))
            return Truth(known if function == "present" else ~known, np.ones_like(known))
        if function == "abs":
            return np.abs(self._number(arguments[0]))
        if function == "log":
            with np.errstate(all="ignore"):
                return _finite(np.log(self._number(arguments[0])))
        first, second = (self._time(argument, function) for argument in arguments)
        span = (second - first) / np.timedelta64(1, "s")
        return span / (_MINUTES if function == "minutes" else _DAYS)

    def _time(self, node: ast.expr, function: str) -> Any:
        result = self.of(node)
        if sort_of(result) != "time":
            raise ExpressionError("rule-needs-times", node.col_offset, function=function)
        return result


def sort_of(value: Any) -> Literal["truth", "text", "time", "number"]:
    """Return what the values of a column, or of a part of a rule, are."""
    if isinstance(value, Truth):
        return "truth"
    if isinstance(value, str) or hasattr(value, "categories"):
        return "text"
    return "time" if value.dtype.kind == "M" else "number"


def _logic(truths: list[Truth], conjunction: bool) -> Truth:
    """Kleene's ``and`` (or ``or``): decided as soon as one side decides it."""
    first, *others = truths
    true, false = first.true & first.known, first.known & ~first.true
    for other in others:
        other_true, other_false = other.true & other.known, other.known & ~other.true
        if conjunction:
            true, false = true & other_true, false | other_false
        else:
            true, false = true | other_true, false & other_false
    return Truth(true, true | false)


def _negation(truth: Truth) -> Truth:
    return Truth(truth.known & ~truth.true, truth.known)


def _comparison(compare: Any, left: Any, right: Any, offset: int) -> Truth:
    sorts = {sort_of(left), sort_of(right)}
    if "truth" in sorts or len(sorts) > 1:
        raise ExpressionError("rule-mixes-types", offset)
    known = _known(left) & _known(right)
    if sorts != {"text"}:
        true = compare(left, right)
    elif compare in (operator.eq, operator.ne):
        same = _same_text(left, right)
        true = same if compare is operator.eq else ~same
    else:
        raise ExpressionError("rule-texts-have-no-order", offset)
    return Truth(np.asarray(true, dtype=bool) & known, known)


def _same_text(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        left, right = right, left
    if isinstance(left, str):
        return np.bool_(left == right)
    if isinstance(right, str):
        return np.isin(left.codes, np.flatnonzero(np.asarray(left.categories) == right))
    return np.asarray(left, dtype=object) == np.asarray(right, dtype=object)


def _finite(values: Any) -> Any:
    """Return numbers with what has no value (a division by zero) missing."""
    return np.where(np.isfinite(values), values, np.nan)


def _known(values: Any) -> Any:
    if isinstance(values, str):
        return np.True_
    if isinstance(values, Truth):
        return values.known
    if hasattr(values, "categories"):
        return np.asarray(values.codes) >= 0
    return ~(np.isnat(values) if values.dtype.kind == "M" else np.isnan(values))
