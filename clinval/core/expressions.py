"""The rule language of protocols and forms: ``room_time_min * 60 < scan_time_s``.

Rules are short Python-like expressions over the columns of a form. They are parsed once, checked
against the columns that exist, and evaluated over whole columns at a time. What is missing is
unknown, not false: a comparison with a missing value is unknown, ``not`` of unknown is unknown,
and a rule fires only where it is true (Kleene's three values, as in SQL).

==========================  ==================================================================
``==  !=  <  <=  >  >=``    comparison; may be chained: ``1 <= score <= 5``
``in  not in``              membership: ``arm in ["TEST", "REF"]``
``and  or  not``            logic
``+  -  *  /``              arithmetic
``missing(x) present(x)``   whether a value is there
``abs(x) log(x)``           absolute value, natural logarithm
``minutes(a, b)``           minutes from time ``a`` to time ``b``; ``days(a, b)`` likewise
``any(F05, rule)``          whether a row of that form fulfils the rule, for the same subject
``all(F05, rule)``          whether every row does (and there is one)
``count(F05, rule)``        how many do; without a rule, how many there are
==========================  ==================================================================
"""

from __future__ import annotations

import ast
import io
import operator
import re
import tokenize
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "AGGREGATES",
    "ARITHMETIC",
    "COMPARISONS",
    "Expression",
    "ExpressionError",
    "Scope",
    "Truth",
    "parse",
    "written",
]

_FUNCTIONS = {"missing": 1, "present": 1, "abs": 1, "log": 1, "minutes": 2, "days": 2}
AGGREGATES = ("any", "all", "count")
COMPARISONS = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
ARITHMETIC = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_DEEPEST = 50  # levels; a rule that nests deeper is a mistake or an attack
_LARGEST = 1e300  # of a number; beyond, it would be taken for infinite


class ExpressionError(ValueError):
    """A rule that cannot be used.

    ``kind`` and ``parameters`` are those of the catalogue of problems, ``offset`` counts
    characters from the start of the rule.
    """

    def __init__(self, kind: str, offset: int = 0, **parameters: object) -> None:
        super().__init__(f"{kind} at {offset}: {parameters}")
        self.kind = kind
        self.offset = offset
        self.parameters = parameters


@dataclass(frozen=True, slots=True)
class Truth:
    """Three-valued truth of each row: true, false, or (where not ``known``) unknown."""

    true: NDArray[np.bool_]
    known: NDArray[np.bool_]


class Scope(Protocol):
    """Where a rule finds its columns.

    A column is an array of floats (NaN = missing), of ``datetime64`` (NaT = missing), or a pandas
    ``Categorical`` of texts.
    """

    def column(self, name: str) -> Any:
        """Return a column by name."""
        ...

    def aggregate(self, function: str, form: str, condition: Expression | None) -> Any:
        """Return, for each row, ``any``, ``all`` or ``count`` of a rule over another form."""
        ...


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed rule.

    Attributes
    ----------
    text
        The rule as it was written.
    node
        Its syntax tree; ``col_offset`` counts characters from the start of the text.
    names
        The columns it reads, each with the form it is read from (empty: the form at hand).
    offsets
        Where in the text each of the names is first read.
    forms
        The forms whose rows it counts: (form, offset).
    literals
        The constants that columns are compared with: (form, column, constant, offset).
    """

    text: str
    node: ast.expr
    names: tuple[tuple[str, str], ...] = ()
    offsets: tuple[int, ...] = ()
    forms: tuple[tuple[str, int], ...] = ()
    literals: tuple[tuple[str, str, object, int], ...] = ()

    def evaluate(self, scope: Scope) -> Any:
        """Return an array of numbers, or the :class:`Truth` of each row."""
        from clinval.core.evaluation import Evaluation

        return Evaluation(scope, self.text).of(self.node)

    def truth(self, scope: Scope) -> Truth:
        """Return the truth of each row."""
        from clinval.core.evaluation import Evaluation

        return Evaluation(scope, self.text).truth(self.node)


def parse(text: str) -> Expression:
    """Parse a rule.

    Raises
    ------
    ExpressionError
        When the text is not of the language.

    Examples
    --------
    >>> parse("any(F05, arm == 'TEST') and present(age)").names
    (('F05', 'arm'), ('', 'age'))
    >>> parse("__import__('os')")
    Traceback (most recent call last):
    ...
    clinval.core.expressions.ExpressionError: rule-unknown-function at 0: {'function': '__import__'}
    """
    line = re.sub(r"[\r\n\f\v]", " ", text)  # on one line, each character in its place
    start = len(line) - len(line.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python only frowns at is not of the language
            node = ast.parse(line.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        offset = start + (getattr(error, "offset", 0) or 0) - 1
        raise ExpressionError(
            "rule-malformed", max(min(offset, len(text) - 1), 0), rule=text
        ) from error
    _count_characters(node, line.strip(), start)
    _refuse_comment(line.strip(), start)
    walk = _Walk(text)
    walk.check(node)
    if not walk.names:
        raise ExpressionError("rule-reads-nothing", rule=text)
    return Expression(
        text=text,
        node=node,
        names=tuple(walk.names),
        offsets=tuple(walk.names.values()),
        forms=tuple(walk.forms.items()),
        literals=tuple(walk.literals),
    )


def _count_characters(node: ast.expr, line: str, start: int) -> None:
    """Count the places of a tree, which Python gives in bytes of the line, in characters."""
    content = line.encode()
    for part in ast.walk(node):
        if isinstance(part, ast.expr | ast.keyword):
            end = part.end_col_offset or 0
            part.col_offset = start + len(content[: part.col_offset].decode())
            part.end_col_offset = start + len(content[:end].decode())


def _refuse_comment(line: str, start: int) -> None:
    """Refuse a comment: what follows a # would silently not be part of the rule."""
    if "#" not in line:
        return
    for token in tokenize.generate_tokens(io.StringIO(line).readline):
        if token.type == tokenize.COMMENT:
            raise ExpressionError("rule-not-in-language", start + token.start[1], part="#")


class _Walk:
    """Goes through a syntax tree, lets only the rule language pass, and notes what it reads."""

    def __init__(self, text: str) -> None:
        self.names: dict[tuple[str, str], int] = {}
        self.forms: dict[str, int] = {}
        self.literals: list[tuple[str, str, object, int]] = []
        self._text = text
        self._form = ""
        self._depth = 0

    def check(self, node: ast.expr) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("rule-too-deep", node.col_offset)
        match node:
            case ast.Name(id=name):
                self.names.setdefault((self._form, name), node.col_offset)
            case ast.Constant() if _is_constant(node):
                pass
            case ast.BoolOp(values=values):
                for value in values:
                    self.check(value)
            case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
                self.check(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                self.check(left)
                self.check(right)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                self._comparison(left, ops, comparators)
            case ast.Call(keywords=[word, *_]):  # most often a single = for an ==
                raise self._foreign(word)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                self._call(function, arguments, node)
            case _:
                raise self._foreign(node)
        self._depth -= 1

    def _foreign(self, node: ast.expr | ast.keyword) -> ExpressionError:
        return ExpressionError(
            "rule-not-in-language", node.col_offset, part=written(node, self._text)[:40]
        )

    def _comparison(self, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr]) -> None:
        self.check(left)
        for op, right in zip(ops, rights, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                if right is not rights[-1]:
                    raise self._foreign(right)  # a list is compared no further
                items = right.elts if isinstance(right, ast.List | ast.Tuple) else []
                if not items or not all(_is_constant(item) for item in items):
                    raise ExpressionError("rule-needs-list", right.col_offset)
                for item in items:
                    self._note_literal(left, item)
            elif type(op) in COMPARISONS:
                self.check(right)
                self._note_literal(left, right)
                self._note_literal(right, left)
            else:
                raise ExpressionError("rule-not-in-language", left.col_offset, part="is")
            left = right

    def _note_literal(self, name: ast.expr, value: ast.expr) -> None:
        if isinstance(name, ast.Name) and _is_constant(value):
            constant = ast.literal_eval(value)
            self.literals.append((self._form, name.id, constant, value.col_offset))

    def _call(self, function: str, arguments: list[ast.expr], node: ast.expr) -> None:
        if function in AGGREGATES:
            self._aggregate(function, arguments, node)
        elif function not in _FUNCTIONS:
            raise ExpressionError("rule-unknown-function", node.col_offset, function=function)
        elif len(arguments) != _FUNCTIONS[function]:
            raise ExpressionError(
                "rule-arguments", node.col_offset, function=function, number=_FUNCTIONS[function]
            )
        else:
            for argument in arguments:
                self.check(argument)

    def _aggregate(self, function: str, arguments: list[ast.expr], node: ast.expr) -> None:
        if self._form:
            raise ExpressionError("rule-nested", node.col_offset, function=function)
        least = 1 if function == "count" else 2
        form = arguments[0] if arguments else None
        if not least <= len(arguments) <= 2 or not isinstance(form, ast.Name):
            raise ExpressionError("rule-needs-form", node.col_offset, function=function)
        self.forms.setdefault(form.id, form.col_offset)
        if len(arguments) == 1:
            self.names.setdefault((form.id, ""), form.col_offset)
            return
        self._form = form.id
        self.check(arguments[1])
        self._form = ""


def _is_constant(node: ast.expr) -> bool:
    """Whether a node is a text or a number, which may have a minus."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _is_number(node.operand)
    return _is_number(node) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_number(node: ast.expr) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def written(node: ast.expr | ast.keyword, text: str) -> str:
    """Return a part of a rule as it was written."""
    return text[node.col_offset : node.end_col_offset]
