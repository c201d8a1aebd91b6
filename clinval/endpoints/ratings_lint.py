"""What may be wrong with an endpoint on ratings: readers, categories and their order, repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from clinval.core.expressions import ExpressionError, parse
from clinval.endpoints.kind import Report
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    from clinval.endpoints.ratings import Rated
    from clinval.protocol.draft import Draft
    from clinval.protocol.forms import Field, Form

__all__ = ["Need", "lint_rated", "names_of", "number_of_categories"]

Need = Literal["number", "order", "list", "none"]
"""What a method has to know of categories: they are numbers, their order, all of them, nothing."""

_REPEATS = ("session",)  # keys of the form library that count a reader's readings of a case


def lint_rated(
    endpoint: Rated, draft: Draft, report: Report, *, measured: bool, need: Need = "none"
) -> Form | None:
    """Report what is wrong with the rows, readers and categories; return the form if it is there.

    ``measured`` says whether ratings are measurements.
    """
    form = draft.forms.get(endpoint.form)
    if form is None:
        if endpoint.form not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", ("form",), form=endpoint.form)
        return None
    for key in ("subject_id", "reader_id"):
        if key not in form.keys:
            report("endpoint-form-keys", ("form",), form=form.id, key=key)
    gives: Literal["number", "either"] = "number" if measured else "either"
    check_rule(endpoint.measure, draft.forms, form.id, report, ("measure",), gives=gives)
    if endpoint.where:
        check_rule(endpoint.where, draft.forms, form.id, report, ("where",))
    declared = draft.written_ids("readers")
    for index, reader in enumerate(endpoint.readers):
        if reader not in declared:
            report("reader-unknown", ("readers", index), reader=reader)
    _repeats(endpoint, form, report)
    _categories(endpoint, form, report, measured=measured, need=need)
    return form


def _repeats(endpoint: Rated, form: Form, report: Report) -> None:
    """Report repeats that would be taken for further cases, and what does not tell them apart."""
    key = endpoint.replicate
    if key is not None and (key not in form.keys or key in ("subject_id", "reader_id", "arm")):
        keys = [k for k in form.keys if k not in ("subject_id", "reader_id", "arm")]
        report(
            "replicate-not-key", ("replicate",), form=form.id, key=key, keys=", ".join(keys) or "-"
        )
    if key is None and endpoint.repeats != "only":
        report(
            "design-does-not-fit",
            ("repeats",),
            what=f"repeats: {endpoint.repeats}",
            design="an endpoint without replicate",
            remedy="name the key that tells repeats apart under replicate",
        )
    for name in form.keys:
        field = form.field(name)
        counts = name in _REPEATS or (field is not None and field.temporal)
        if counts and name != key and name not in names_of(endpoint.where):
            report("repeats-as-cases", ("replicate",), form=form.id, key=name)


def names_of(rule: str | None) -> set[str]:
    """Return the columns that a rule reads; one that cannot be read is reported elsewhere."""
    try:
        return {name for _, name in parse(rule).names} if rule else set()
    except ExpressionError:
        return set()


def _categories(endpoint: Rated, form: Form, report: Report, *, measured: bool, need: Need) -> None:
    field = form.field(endpoint.measure)
    said = endpoint.categories
    if said and (measured or field is None):
        report(
            "design-does-not-fit",
            ("categories",),
            what="a list of categories",
            design="measurement" if measured else "rule",
            remedy="drop the key; a measurement has no categories, and those of a rule are no, yes",
        )
        return
    if field is None:
        return
    known = [*field.codelist]
    for index, name in enumerate(said):
        numeric = isinstance(name, int | float) if field.numeric else isinstance(name, str)
        if (known and str(name) not in known) or not numeric:
            codes = ", ".join(known) or ("numbers" if field.numeric else "texts")
            report(
                "category-unknown", ("categories", index), category=name, field=field.id,
                codes=codes,
            )  # fmt: skip
    if measured or said or field.numeric:
        return
    if not known and need != "none":
        report("categories-undeclared", ("measure",), field=field.id)
    elif need == "number":
        report(
            "design-does-not-fit",
            ("measure",),
            what=f"{field.id}, whose categories are words,",
            design="weights or metric of numbers",
            remedy="use unweighted, linear, quadratic or ordinal",
        )
    elif need == "order" and field.type != "scale" and len(known) > 2:
        report("categories-unordered", ("categories",), field=field.id, codes=", ".join(known))


def number_of_categories(endpoint: Rated, form: Form) -> int | None:
    """Return how many categories a measure has; ``None`` where only the data say it."""
    field: Field | None = form.field(endpoint.measure)
    if endpoint.categories:
        return len(endpoint.categories)
    if field is not None:
        return len(field.codelist) or None
    return None
