"""Rules of the protocol in the languages of other programs, with what is missing left unknown.

A rule has three outcomes: true, false, unknown. The languages of forms have two, so each rule
becomes two conditions, for where it is true and for where it is false; where neither holds, it is
unknown. A rule that a language cannot say is `Untranslatable`, with the reason: it is named in the
notes of the output, and the return is checked against the rule itself in any case.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from clinval.core.expressions import AGGREGATES, parse
from clinval.protocol.base import Text

if TYPE_CHECKING:
    from clinval.capture.instrument import Form, Item, Rule

__all__ = ["Conditions", "Dialect", "Untranslatable"]

_SIGNS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}

# Why a rule is not said in a format; `Untranslatable.reason` is one of these.
ROWS = Text(en="it looks at rows of another form", zh="规则涉及其他表单的行")
FUNCTION = Text(en="the format has no such function", zh="该格式无此函数")
FIELD = Text(en="it reads a field that the form does not have", zh="规则涉及表单中没有的字段")
SHAPE = Text(en="it compares what the format cannot compare", zh="规则中的比较无法用该格式表达")


class Untranslatable(Exception):  # noqa: N818 - not an error: it is caught and said in the notes
    """A rule that a format cannot say."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Conditions:
    """A rule as two conditions of another language: for where it is true and where it is false."""

    true: str
    false: str


@dataclass(frozen=True, slots=True)
class _Operand:
    """A part of a comparison: its text, the items it reads, and what it divides by."""

    text: str
    reads: tuple[Item, ...] = ()
    divisors: tuple[str, ...] = ()
    item: Item | None = None  # where it is one item
    value: float | str | None = None  # where it is a constant


class Dialect(ABC):
    """How one program writes conditions."""

    equal: ClassVar[str] = "="
    unequal: ClassVar[str]
    divided: ClassVar[str]

    @abstractmethod
    def name(self, item: Item) -> str:
        """Return how an item is named in a condition."""

    @abstractmethod
    def known(self, item: Item) -> str:
        """Return the condition that an item has a value, and no missing code."""

    @abstractmethod
    def unknown(self, item: Item) -> str:
        """Return the condition that it has none."""

    @abstractmethod
    def constant(self, value: float | str, item: Item | None) -> str:
        """Return a constant, as it is compared with an item."""

    @abstractmethod
    def elapsed(self, unit: str, first: Item, last: Item) -> str:
        """Return the ``minutes`` or ``days`` from a moment to another."""

    @abstractmethod
    def moments(self, left: str, sign: str, right: str) -> str:
        """Return the comparison of two moments."""

    def absolute(self, text: str) -> str:
        """Return the absolute value of a number."""
        return f"abs({text})"

    def translate(self, rule: Rule, form: Form) -> Conditions:
        """Return a rule about the rows of a form.

        Raises
        ------
        Untranslatable
            When this language cannot say it.
        """
        return _Translation(self, form.item).of(parse(rule.text).node)


class _Translation:
    def __init__(self, dialect: Dialect, find: Callable[[str], Item | None]) -> None:
        self._dialect = dialect
        self._find = find

    def of(self, node: ast.expr) -> Conditions:
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self.of(value) for value in values]
                true, false = ("and", "or") if isinstance(op, ast.And) else ("or", "and")
                return Conditions(
                    _joined(true, [part.true for part in parts]),
                    _joined(false, [part.false for part in parts]),
                )
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                part = self.of(operand)
                return Conditions(part.false, part.true)
            case ast.Call(func=ast.Name(id="missing" | "present" as name), args=[ast.Name(id=of)]):
                item = self._item(of)
                there, absent = self._dialect.known(item), self._dialect.unknown(item)
                return Conditions(absent, there) if name == "missing" else Conditions(there, absent)
            case ast.Call(func=ast.Name(id=name)) if name in AGGREGATES:
                raise Untranslatable(ROWS)
            case ast.Compare(left=left, ops=ops, comparators=rights):
                return self._chain(left, ops, rights)
        raise Untranslatable(SHAPE)

    def _chain(self, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr]) -> Conditions:
        parts = []
        for op, right in zip(ops, rights, strict=True):
            if isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.List | ast.Tuple):
                parts.append(self._within(left, right.elts, within=isinstance(op, ast.In)))
            else:
                parts.append(self._comparison(left, _SIGNS[type(op)], right))
            left = right
        return Conditions(
            _joined("and", [part.true for part in parts]),
            _joined("or", [part.false for part in parts]),
        )

    def _within(self, left: ast.expr, options: Sequence[ast.expr], *, within: bool) -> Conditions:
        operand = self._operand(left)
        sides = [self._operand(option) for option in options]
        found = _joined("or", [self._compared(operand, "==", side) for side in sides])
        others = [self._compared(operand, "!=", side) for side in sides]
        away = _joined("and", [*map(self._dialect.known, operand.reads), *others])
        return Conditions(found, away) if within else Conditions(away, found)

    def _comparison(self, left: ast.expr, sign: str, right: ast.expr) -> Conditions:
        one, other = self._operand(left), self._operand(right)
        return Conditions(
            self._guarded(one, sign, other), self._guarded(one, _OPPOSITE[sign], other)
        )

    def _guarded(self, one: _Operand, sign: str, other: _Operand) -> str:
        """Return a comparison that holds only where everything it reads has a value."""
        compared = self._compared(one, sign, other)
        kinds = {(side.item is not None, side.value is not None) for side in (one, other)}
        if sign == "==" and kinds == {(True, False), (False, True)}:
            return compared  # what equals a constant has a value
        read = (*one.reads, *other.reads)
        divisors = [
            f"{text} {self._dialect.unequal} {self._dialect.constant(0.0, None)}"
            for text in (*one.divisors, *other.divisors)
        ]
        return _joined("and", [*map(self._dialect.known, read), *divisors, compared])

    def _compared(self, one: _Operand, sign: str, other: _Operand) -> str:
        left, right = self._sides(one, other)
        shown = {"==": self._dialect.equal, "!=": self._dialect.unequal}.get(sign, sign)
        if any(side.item and side.item.type in ("date", "datetime") for side in (one, other)):
            return self._dialect.moments(left, shown, right)
        return f"{left} {shown} {right}"

    def _sides(self, one: _Operand, other: _Operand) -> tuple[str, str]:
        """Return the texts of both sides, constants written for what they are compared with."""
        sides = []
        for side, opposite in ((one, other), (other, one)):
            constant = side.value is not None
            sides.append(
                self._dialect.constant(side.value, opposite.item)
                if constant and side.value is not None
                else side.text
            )
        return sides[0], sides[1]

    def _operand(self, node: ast.expr) -> _Operand:
        match node:
            case ast.Constant(value=int() | float() | str() as value):
                constant = value if isinstance(value, str) else float(value)
                return _Operand(self._dialect.constant(constant, None), value=constant)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return _Operand(self._dialect.constant(-float(number), None), value=-float(number))
            case ast.Name(id=name):
                item = self._item(name)
                return _Operand(self._dialect.name(item), (item,), item=item)
            case ast.BinOp(left=left, op=op, right=right):
                return self._arithmetic(left, _ARITHMETIC[type(op)], right)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._operand(operand)
                return _Operand(f"(0 - {inner.text})", inner.reads, inner.divisors)
            case ast.Call(func=ast.Name(id="abs"), args=[argument]):
                inner = self._operand(argument)
                return _Operand(self._dialect.absolute(inner.text), inner.reads, inner.divisors)
            case ast.Call(
                func=ast.Name(id="minutes" | "days" as unit),
                args=[ast.Name(id=first), ast.Name(id=last)],
            ):
                items = (self._item(first), self._item(last))
                return _Operand(self._dialect.elapsed(unit, *items), items)
            case ast.Call(func=ast.Name(id=name)):
                raise Untranslatable(ROWS if name in AGGREGATES else FUNCTION)
        raise Untranslatable(SHAPE)

    def _arithmetic(self, left: ast.expr, sign: str, right: ast.expr) -> _Operand:
        one, other = self._operand(left), self._operand(right)
        reads = (*one.reads, *other.reads)
        divisors = (*one.divisors, *other.divisors)
        if sign == "/":
            sign = self._dialect.divided
            divisors += (other.text,) if other.reads else ()
        return _Operand(f"({one.text} {sign} {other.text})", reads, divisors)

    def _item(self, name: str) -> Item:
        item = self._find(name)
        if item is None:
            raise Untranslatable(FIELD)
        return item


def _joined(word: str, parts: Sequence[str]) -> str:
    """Return parts joined by a word, in brackets where there are several."""
    parts = list(dict.fromkeys(parts))
    return parts[0] if len(parts) == 1 else f"({f' {word} '.join(parts)})"
