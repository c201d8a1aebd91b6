"""Agreement between readers: chance-corrected and raw, by pair, by center and pooled."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.core.errors import AnalysisError
from clinval.core.expressions import parse
from clinval.core.problems import Place
from clinval.endpoints.kind import Context, Report
from clinval.protocol.base import Identifier, Words
from clinval.protocol.endpoint import Endpoint, Margin
from clinval.protocol.lint import lint_margin
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "Spec", "analyze", "lint"]

METHODS = {
    "kappa": ("cohen", "fleiss", "gwet"),
    "agreement": ("observed",),
    "icc": ("shrout_fleiss", "reml"),
}
_BY_PAIR = ("kappa.cohen",)
_REML_FORMS = ("ICC(2,1)", "ICC(3,1)")
_LARGEST_MATRIX = 15  # categories; beyond, a table of counts is no picture any more


class Spec(Endpoint):
    """Agreement between readers of the same images.

    What is rated is a row of the form without its reader: a subject, or a subject and arm.
    ``measure`` is a field (its codes give the order of the categories).
    """

    form: Annotated[str, Setting(pattern=r"^F\d{2}$")]
    measure: Words
    where: Words | None = None
    readers: Annotated[tuple[Identifier, ...], Setting(strict=False)] = Setting(
        default=(), description="all readers where none are named"
    )
    coefficient: Literal["kappa", "agreement", "icc"]
    method: str
    weights: Literal["unweighted", "linear", "quadratic"] = "unweighted"
    icc_form: Literal["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"] = (
        "ICC(2,1)"
    )
    goal: Margin | None = Setting(
        default=None, description="what the lower limit has to exceed, if anything"
    )

    @property
    def call(self) -> str:
        """Name of the statistical function."""
        return f"{self.coefficient}.{self.method}"


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    form = draft.forms.get(endpoint.form)
    if form is None:
        if endpoint.form not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", ("form",), form=endpoint.form)
        return
    for key in ("subject_id", "reader_id"):
        if key not in form.keys:
            report("endpoint-form-keys", ("form",), form=form.id, key=key)
    gives: Literal["number", "either"] = "number" if endpoint.coefficient == "icc" else "either"
    check_rule(endpoint.measure, draft.forms, form.id, report, ("measure",), gives=gives)
    if endpoint.where:
        check_rule(endpoint.where, draft.forms, form.id, report, ("where",))
    if endpoint.method not in METHODS[endpoint.coefficient]:
        report(
            "method-unknown",
            ("method",),
            method=endpoint.method,
            estimand=endpoint.coefficient,
            methods=", ".join(METHODS[endpoint.coefficient]),
        )
    declared = draft.written_ids("readers")
    for index, reader in enumerate(endpoint.readers):
        if reader not in declared:
            report("reader-unknown", ("readers", index), reader=reader)
    if endpoint.call == "icc.reml" and endpoint.icc_form not in _REML_FORMS:
        report(
            "design-does-not-fit",
            ("icc_form",),
            what=endpoint.icc_form,
            design=endpoint.call,
            remedy=f"write one of: {', '.join(_REML_FORMS)}",
        )
    given = len(endpoint.readers or draft.readers)
    if given < 2:
        report("readers-too-few", ("readers",), method=endpoint.call, needed=2, given=given)
    if endpoint.goal is not None:
        lint_margin(endpoint.goal, draft, report, ("goal",), of=endpoint.id)
        if endpoint.call == "icc.reml":
            report(
                "design-does-not-fit",
                ("goal",),
                what="a goal",
                design=endpoint.call,
                remedy="write method: shrout_fleiss; a goal is decided by a limit, and icc.reml "
                "gives none",
            )


def analyze(endpoint: Spec, context: Context) -> None:
    """Estimate agreement: of all readers or of each pair, by center and without each center."""
    ratings = _Ratings.build(endpoint, context)
    context.recorder.inputs = ratings.sha256
    if endpoint.call in _BY_PAIR:
        groups: list[tuple[int, ...]] = list(itertools.combinations(range(len(ratings.readers)), 2))
    else:
        groups = [tuple(range(len(ratings.readers)))]
    for members in groups:
        _analyze_group(ratings.among(members), endpoint, context)


def _analyze_group(ratings: _Ratings, endpoint: Spec, context: Context) -> None:
    import numpy as np

    names = context.data.site_names
    readers = {"readers": "+".join(ratings.readers)}
    everyone = np.ones(len(ratings.site), dtype=bool)
    _record(ratings, everyone, readers, endpoint, context)
    occupied = [site for site in range(len(names)) if (ratings.site == site).any()]
    for site, name in enumerate(names):
        group = {**readers, "site": name}
        if site in occupied:
            _record(ratings, ratings.site == site, group, endpoint, context)
        else:
            context.recorder.add("n", 0, group=group, unit="images", n=0)
    if len(occupied) > 1:
        for site in occupied:
            group = {**readers, "without_site": names[site]}
            _record(ratings, ratings.site != site, group, endpoint, context)
    if endpoint.call == "kappa.cohen":
        _record_homogeneity(ratings, readers, endpoint, context)
    if len(ratings.readers) == 2 and endpoint.coefficient != "icc":
        _record_matrix(ratings, readers, context)
    if endpoint.coefficient == "icc":
        for pair in itertools.combinations(range(len(ratings.readers)), 2):
            _record_limits(ratings.among(pair), context, endpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratings:
    """Ratings of the set: one row a rated image, one column a reader, NaN where missing."""

    values: NDArray[np.float64]
    site: NDArray[np.intp]
    readers: tuple[str, ...]
    labels: tuple[str, ...]  # of the categories, in order; empty for a measurement
    levels: tuple[float, ...]  # value of each category

    @property
    def sha256(self) -> str:
        from clinval.core.files import sha256_of_bytes

        return sha256_of_bytes(self.values.tobytes() + self.site.tobytes())

    def among(self, members: Sequence[int]) -> _Ratings:
        """Return the ratings of some readers, of the images that one of them rated."""
        import numpy as np

        values = self.values[:, list(members)]
        rated = ~np.isnan(values).all(axis=1)
        return _Ratings(
            values=values[rated],
            site=self.site[rated],
            readers=tuple(self.readers[member] for member in members),
            labels=self.labels,
            levels=self.levels,
        )

    @classmethod
    def build(cls, endpoint: Spec, context: Context) -> _Ratings:
        import numpy as np

        data = context.data
        form = data.protocol.form(endpoint.form)
        readers = endpoint.readers or tuple(reader.id for reader in data.protocol.readers)
        value, labels, levels = _values(endpoint, context)
        subject = data.subject_of_row(form.id)
        column = data.column(form.id, "reader_id")
        place = [readers.index(name) if name in readers else -1 for name in column.categories]
        reader = np.where(column.codes < 0, -1, np.array([*place, -1])[column.codes])
        keep = (subject >= 0) & (reader >= 0)
        keep[keep] &= context.member[subject[keep]]
        if endpoint.where:
            truth = parse(endpoint.where).truth(data.scope(form.id))
            keep &= truth.true & truth.known
        target, targets, first = _targets(form.keys, data, form.id, subject, keep)
        _refuse_twice(target * len(readers) + reader[keep], subject[keep], endpoint, context)
        values = np.full((targets, len(readers)), np.nan)
        values[target, reader[keep]] = value[keep]
        if not levels and endpoint.coefficient != "icc":
            # numbers that no code list declares: those of these readers and images only, since
            # a category that is declared and not used changes coefficients and weights
            levels = tuple(np.unique(values[~np.isnan(values)]).tolist())
            labels = tuple(f"{level:g}" for level in levels)
        return cls(
            values=values,
            site=data.site_of_subject[first],
            readers=readers,
            labels=labels,
            levels=levels,
        )


def _values(
    endpoint: Spec, context: Context
) -> tuple[NDArray[np.float64], tuple[str, ...], tuple[float, ...]]:
    """Return the rating of each row as a number, with the labels and values of the categories."""
    import numpy as np

    from clinval.core.expressions import Truth

    data = context.data
    form = data.protocol.form(endpoint.form)
    field = form.field(endpoint.measure)
    result: Any = parse(endpoint.measure).evaluate(data.scope(form.id))
    if isinstance(result, Truth):
        value = np.where(result.known, result.true.astype(float), np.nan)
        return value, ("no", "yes"), (0.0, 1.0)
    if hasattr(result, "categories"):
        codes = list(field.codelist) if field else sorted(result.categories)
        order = [codes.index(name) if name in codes else -1 for name in result.categories]
        index = np.array([*order, -1])[result.codes]
        return (
            np.where(index < 0, np.nan, index),
            tuple(codes),
            tuple(map(float, range(len(codes)))),
        )
    value = np.asarray(result, dtype=float)
    if endpoint.coefficient == "icc":
        return value, (), ()
    if field is None or not field.codelist:
        return value, (), ()
    levels = sorted(float(code) for code in field.codelist)
    return value, tuple(f"{level:g}" for level in levels), tuple(levels)


def _targets(
    keys: Sequence[str], data: Any, form: str, subject: NDArray[np.intp], keep: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], int, NDArray[np.intp]]:
    """Return the number of what is rated by kept row, how many there are, the subject of each."""
    import numpy as np

    code = subject[keep].astype(np.int64)
    for key in keys:
        if key in ("subject_id", "reader_id"):
            continue
        column = data.column(form, key)
        part = column.codes[keep] if hasattr(column, "codes") else column[keep]
        _, part = np.unique(part, return_inverse=True)
        code = code * (int(part.max(initial=0)) + 1) + part
    _, first, target = np.unique(code, return_index=True, return_inverse=True)
    return target, len(first), subject[keep][first]


def _refuse_twice(
    cell: NDArray[np.intp], subject: NDArray[np.intp], endpoint: Spec, context: Context
) -> None:
    """Stop where a reader rated the same image twice: nobody knows which rating counts."""
    import numpy as np

    _, first, count = np.unique(cell, return_index=True, return_counts=True)
    several = np.sort(subject[first[count > 1]])
    if len(several):
        raise AnalysisError.of(
            "rows-not-combined",
            Place(file=f"endpoint {endpoint.id}"),
            subjects=len(np.unique(several)),
            form=endpoint.form,
            first=context.data.subject_ids[int(several[0])],
        )


def _record(
    ratings: _Ratings,
    mask: NDArray[np.bool_],
    group: Mapping[str, str],
    endpoint: Spec,
    context: Context,
) -> None:
    import numpy as np

    recorder = context.recorder
    values = ratings.values[mask]
    complete = int((~np.isnan(values)).all(axis=1).sum())
    several = int(((~np.isnan(values)).sum(axis=1) >= 2).sum())
    if "without_site" not in group:
        recorder.add("n", complete, group=group, unit="images", n=complete)
        recorder.add("rated_twice", several, group=group, unit="images", n=len(values))
        recorder.add("rated", len(values), group=group, unit="images", n=len(values))
    result = _fit(values, ratings, endpoint)
    n = result.n if result.n is not None else several
    recorder.result(result, {"estimate": "", "ci_low": "", "ci_high": ""}, group=group, n=n)
    if endpoint.coefficient == "kappa" and "without_site" not in group:
        recorder.result(
            result,
            {"observed_agreement": "proportion", "expected_agreement": "proportion"},
            group=group,
            n=n,
        )
    if endpoint.goal is not None and "site" not in group:
        bound, low = endpoint.goal.value, getattr(result, "ci_low", None)
        if bound is not None:
            recorder.add("goal", bound, group=group)
            met = "undefined" if low is None else "met" if low > bound else "not_met"
            recorder.add("verdict", met, group=group)


def _fit(values: NDArray[np.float64], ratings: _Ratings, endpoint: Spec) -> Estimate:
    import numpy as np

    from clinval import stats

    function = stats.find(endpoint.call)
    result: Any
    if endpoint.coefficient == "icc":
        if endpoint.method == "shrout_fleiss":
            whole = values[~np.isnan(values).any(axis=1)]
            result = function(whole, form=endpoint.icc_form, level=endpoint.level)
        else:
            result = function(values, form=endpoint.icc_form)
    elif endpoint.call == "kappa.cohen":
        result = function(
            table=_table(values, ratings.levels), weights=endpoint.weights,
            categories=list(ratings.levels), level=endpoint.level,
        )  # fmt: skip
    else:
        result = function(
            values, weights=endpoint.weights, categories=list(ratings.levels),
            level=endpoint.level,
        )  # fmt: skip
    return result  # type: ignore[no-any-return]


def _table(values: NDArray[np.float64], levels: Sequence[float]) -> NDArray[np.int64]:
    """Return the counts of pairs of ratings of two readers."""
    import numpy as np

    both = values[~np.isnan(values).any(axis=1)]
    size = len(levels)
    index = np.searchsorted(np.asarray(levels), both)
    return np.bincount(index[:, 0] * size + index[:, 1], minlength=size * size).reshape(size, size)


def _record_homogeneity(
    ratings: _Ratings, readers: Mapping[str, str], endpoint: Spec, context: Context
) -> None:
    """Record whether kappa differs between the centers where it has a standard error."""
    import numpy as np

    from clinval.stats.agreement import kappa

    names = {"q": "q", "df": "q_df", "p_value": "q_p_value"}
    usable = np.zeros(len(ratings.site), dtype=bool)
    count = 0
    for site in np.unique(ratings.site):
        here = ratings.site == site
        alone: Any = _fit(ratings.values[here], ratings, endpoint)
        if alone.se is not None and alone.se > 0:
            usable |= here
            count += 1
    complete = usable & ~np.isnan(ratings.values).any(axis=1)
    recorder = context.recorder
    recorder.add("centers_with_error", count, group=readers, unit="centers")
    if count < 2:
        for statistic in names.values():
            recorder.add(
                statistic, None, group=readers, reason="fewer than two centers with an error"
            )
        return
    result = kappa.cohen_stratified(
        ratings.values[complete],
        strata=ratings.site[complete],
        weights=endpoint.weights,
        categories=list(ratings.levels),
        level=endpoint.level,
    )
    units = {"q": "", "df": "", "p_value": "p"}
    recorder.result(result, units, rename=names, group=readers, n=int(complete.sum()))


def _record_matrix(ratings: _Ratings, readers: Mapping[str, str], context: Context) -> None:
    if len(ratings.labels) > _LARGEST_MATRIX:
        return
    table = _table(ratings.values, ratings.levels)
    total = int(table.sum())
    for row, column in itertools.product(range(len(ratings.labels)), repeat=2):
        context.recorder.add(
            f"count.{ratings.labels[row]}.{ratings.labels[column]}",
            int(table[row, column]),
            group=readers,
            unit="images",
            n=total,
        )


def _record_limits(ratings: _Ratings, context: Context, endpoint: Spec) -> None:
    """Record the limits of agreement of two readers, with the points of the figure."""
    import numpy as np

    from clinval.stats.agreement import limits_of_agreement

    both = ratings.values[~np.isnan(ratings.values).any(axis=1)]
    pair = {"readers": "+".join(ratings.readers), "analysis": "limits"}
    recorder = context.recorder
    if len(both) < 2:
        recorder.add(
            "estimate", None, group=pair, reason="fewer than two images rated by both readers"
        )
        return
    result = limits_of_agreement.bland_altman(both[:, 0], both[:, 1], level=endpoint.level)
    names = (
        "estimate", "ci_low", "ci_high", "sd",
        "loa_low", "loa_low_ci_low", "loa_low_ci_high",
        "loa_high", "loa_high_ci_low", "loa_high_ci_high",
    )  # fmt: skip
    recorder.result(result, dict.fromkeys(names, "points"), group=pair, n=len(both))
    name = "limits." + "+".join(ratings.readers)
    recorder.points(name, {"mean": both.mean(axis=1), "difference": both[:, 0] - both[:, 1]})
