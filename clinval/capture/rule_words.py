"""Rules in words, for people who fill forms on paper: “3 (Scan completed) is “Yes””."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from clinval.capture.said import Words, limit_text
from clinval.core.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clinval.capture.instrument import Form, Instrument, Rule, Texts

__all__ = ["rule_in_words"]

_WORDS = {
    ast.Eq: "is", ast.NotEq: "is_not", ast.Lt: "less", ast.LtE: "less_equal",
    ast.Gt: "greater", ast.GtE: "greater_equal",
}  # fmt: skip
_REVERSED = {"less": "greater", "less_equal": "greater_equal"}
_REVERSED |= {after: before for before, after in _REVERSED.items()}


class _NoWordsError(Exception):
    """The rule is more than a person would be asked to work out."""


def rule_in_words(
    rule: Rule, form: Form, made: Instrument, numbers: Mapping[str, int]
) -> Texts | None:
    """Return a rule in words, or ``None`` where it compares more than items with constants.

    Parameters
    ----------
    rule
        The rule.
    form
        Its form.
    made
        The instrument that the form is of.
    numbers
        The number of each question by field.
    """
    node = parse(rule.text).node
    try:
        return {
            language: _Saying(form, made, numbers, language).of(node) for language in made.languages
        }
    except _NoWordsError:
        return None


class _Saying:
    """Says rules of a form in one language."""

    def __init__(
        self, form: Form, made: Instrument, numbers: Mapping[str, int], language: str
    ) -> None:
        self._form, self._made, self._numbers = form, made, numbers
        self._words, self._language = Words(made), language

    def of(self, node: ast.expr) -> str:
        match node:
            case ast.BoolOp(op=op, values=values):
                word = self._word("and" if isinstance(op, ast.And) else "or")
                parts = [self.of(value) for value in values]
                return word.join(
                    f"({part})" if isinstance(value, ast.BoolOp) else part
                    for part, value in zip(parts, values, strict=True)
                )
            case ast.Call(func=ast.Name(id="missing" | "present" as name), args=[ast.Name(id=of)]):
                return self._word(name, item=self._item(of))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._comparison(left, op, right)
        raise _NoWordsError

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
        if isinstance(op, ast.In | ast.NotIn) and isinstance(left, ast.Name):
            codes = [ast.literal_eval(part) for part in getattr(right, "elts", ())]
            said = self._word("list").join(self._value(left.id, code) for code in codes)
            word = "is" if isinstance(op, ast.In) else "is_not"
            return self._word(word, item=self._item(left.id), value=said)
        word = _WORDS.get(type(op), "")
        if not isinstance(left, ast.Name):
            left, right, word = right, left, _REVERSED.get(word, word)
        if not word or not isinstance(left, ast.Name):
            raise _NoWordsError
        try:
            value = ast.literal_eval(right)
        except ValueError as error:
            raise _NoWordsError from error
        return self._word(word, item=self._item(left.id), value=self._value(left.id, value))

    def _item(self, name: str) -> str:
        item = self._form.item(name)
        if item is None or name not in self._numbers:
            raise _NoWordsError
        label = item.label[self._language]
        return self._word("question", number=self._numbers[name], label=label)

    def _value(self, name: str, value: float | str) -> str:
        item = self._form.item(name)
        code = value if isinstance(value, str) else limit_text(float(value))
        label = self._made.codes_of(item).get(code) if item else None
        if label:
            return self._word("quoted", text=label[self._language])
        unit = f" {item.unit}" if item and item.unit else ""
        return code + unit

    def _word(self, name: str, **parameters: object) -> str:
        return self._words(f"rules.{name}", **parameters)[self._language]
