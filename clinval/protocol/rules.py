"""Check a rule against the forms it reads: columns exist, codes exist, types fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clinval.core.expressions import Expression, ExpressionError, Truth, parse
from clinval.protocol.forms import ENROLMENT, Form

__all__ = ["Reporter", "check_rule"]

Reporter = Callable[..., None]
"""Called as ``report(kind, path, offset=0, **parameters)``."""


def check_rule(
    text: str,
    forms: Mapping[str, Form],
    home: str,
    report: Reporter,
    path: tuple[str | int, ...] = (),
    *,
    gives: Literal["truth", "number", "either"] = "truth",
    counts: bool | None = None,
) -> Expression | None:
    """Parse a rule and check it; ``None`` when it cannot be used.

    Parameters
    ----------
    text
        The rule.
    forms
        The study's forms by id.
    home
        The form whose columns the rule reads without naming a form.
    report
        Where problems go.
    path
        Path of the rule, handed on to ``report``.
    gives
        What the rule has to result in.
    counts
        Whether it may count rows of forms; where nothing is said, on the enrolment form only.
    """
    try:
        expression = parse(text)
    except ExpressionError as error:
        report(error.kind, path, offset=error.offset, **error.parameters)
        return None
    may_count = home == ENROLMENT if counts is None else counts
    names = _names_exist(expression, forms, home, report, path, may_count=may_count)
    codes = _codes_exist(expression, forms, home, report, path)
    if names and codes and _types_fit(expression, forms, home, gives, report, path):
        return expression
    return None


def _names_exist(
    expression: Expression,
    forms: Mapping[str, Form],
    home: str,
    report: Reporter,
    path: tuple[str | int, ...],
    *,
    may_count: bool,
) -> bool:
    sound = True
    for name, offset in expression.forms:
        if name not in forms:
            report("rule-form-unknown", path, offset=offset, form=name)
        elif not may_count:
            report("rule-counts-elsewhere", path, offset=offset, form=name)
        elif forms[name].field("subject_id") is None:
            report("rule-form-without-subjects", path, offset=offset, form=name)
        else:
            continue
        sound = False
    for (form_id, name), offset in zip(expression.names, expression.offsets, strict=True):
        form = forms.get(form_id or home)
        if form is not None and name and form.field(name) is None:
            close = _close(name, form)
            if any(name in field.codelist for field in form.fields):
                report("rule-code-unquoted", path, offset=offset, form=form.id, code=name)
            else:
                report(
                    "rule-column-unknown",
                    path,
                    offset=offset,
                    form=form.id,
                    column=name,
                    close=close,
                )
            sound = False
    return sound


def _codes_exist(
    expression: Expression,
    forms: Mapping[str, Form],
    home: str,
    report: Reporter,
    path: tuple[str | int, ...],
) -> bool:
    sound = True
    for form_id, name, value, offset in expression.literals:
        form = forms.get(form_id or home)
        field = form.field(name) if form else None
        codes = field.codelist if field else {}
        if codes and str(value) not in codes:
            known = ", ".join(codes)
            report("rule-code-unknown", path, offset=offset, column=name, code=value, codes=known)
            sound = False
    return sound


def _types_fit(
    expression: Expression,
    forms: Mapping[str, Form],
    home: str,
    gives: str,
    report: Reporter,
    path: tuple[str | int, ...],
) -> bool:
    """Evaluate the rule over no rows at all: what does not fit shows without any data."""
    from clinval.core.evaluation import sort_of

    scope = _NoRows(forms, home)
    try:
        result = expression.truth(scope) if gives == "truth" else expression.evaluate(scope)
    except ExpressionError as error:
        report(error.kind, path, offset=error.offset, **error.parameters)
        return False
    if gives == "number" and sort_of(result) != "number":
        report("rule-is-a-truth", path, rule=expression.text)
        return False
    return True


@dataclass(frozen=True)
class _Texts:
    """A text column without rows; looks like a pandas ``Categorical``."""

    codes: Any
    categories: Any

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.categories


class _NoRows:
    def __init__(self, forms: Mapping[str, Form], home: str) -> None:
        self._forms = forms
        self._home = home

    def column(self, name: str) -> Any:
        import numpy as np

        field = self._forms[self._home].field(name)
        if field is None or not (field.numeric or field.temporal):
            return _Texts(np.empty(0, dtype=np.int32), np.empty(0, dtype=object))
        return np.empty(0, dtype="datetime64[s]" if field.temporal else np.float64)

    def aggregate(self, function: str, form: str, condition: Expression | None) -> Any:
        import numpy as np

        if condition is not None:
            condition.truth(_NoRows(self._forms, form))
        if function == "count":
            return np.empty(0)
        return Truth(np.empty(0, dtype=bool), np.empty(0, dtype=bool))


def _close(name: str, form: Form) -> str:
    from difflib import get_close_matches

    names = [field.id for field in form.fields]
    return ", ".join(get_close_matches(name, names, n=3, cutoff=0.5) or names)
