"""Agreement between readers, or of readers with themselves: by pair, by center and pooled."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Setting

from clinval.core.errors import AnalysisError
from clinval.core.problems import Place
from clinval.endpoints.agreement_group import Group
from clinval.endpoints.agreement_pairs import PAIRS_IN_FULL, record_differences, record_matrix
from clinval.endpoints.coefficients import (
    BOOTSTRAPPED,
    BY_PAIR,
    METHODS,
    NO_INTERVAL,
    UNWEIGHTED,
    Coefficient,
)
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.rating_matrix import Ratings
from clinval.endpoints.ratings import Rated, long_ratings, record_data
from clinval.endpoints.ratings_lint import Need, lint_rated, number_of_categories
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import lint_margin

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "PAIRS_IN_FULL", "Spec", "analyze", "lint"]

_REML_FORMS = ("ICC(2,1)", "ICC(3,1)")
_OF_ALL = {
    "kappa.cohen": "kappa.conger", "kappa.cohen_clustered": "kappa.conger",
    "kappa.scott": "kappa.fleiss", "kappa.pabak": "kappa.brennan_prediger",
}  # fmt: skip
"""What stands for all readers together where a coefficient is one of pairs."""


class Spec(Rated):
    """Agreement between readers of the same images, or of readers with themselves.

    What is rated is a row of the form without its reader: a subject, or a subject and arm.
    ``measure`` is a field (its codes give the order of the categories) or a rule.
    """

    coefficient: Literal["kappa", "agreement", "icc", "kendall_w"]
    method: str
    between: Literal["readers", "sessions"] = Setting(
        default="readers",
        description="sessions: each reader with his or her own readings, told apart by `replicate`",
    )
    weights: Literal["unweighted", "linear", "quadratic", "radical", "ratio", "ordinal"] = (
        "unweighted"
    )
    metric: Literal["nominal", "ordinal", "interval", "ratio"] = Setting(
        default="nominal", description="of Krippendorff's alpha"
    )
    icc_form: Literal["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"] = (
        "ICC(2,1)"
    )
    interval: Literal["analytic", "bootstrap"] = Setting(
        default="analytic",
        description="what decides; bootstrap draws patients again within their centers",
    )
    draws: Annotated[int, Setting(ge=200, le=100_000)] = 2000
    goal: Margin | None = Setting(
        default=None, description="what the lower limit has to exceed, if anything"
    )

    @property
    def call(self) -> str:
        """Name of the statistical function."""
        return f"{self.coefficient}.{self.method}"

    @property
    def declared_coefficient(self) -> Coefficient:
        """The coefficient with the options that it takes."""
        return Coefficient(
            call=self.call,
            weights=self.weights,
            metric=self.metric,
            form=self.icc_form,
            level=self.level,
        )

    @property
    def measured(self) -> bool:
        """Whether ratings are numbers without categories."""
        return self.coefficient in ("icc", "kendall_w")

    @property
    def need(self) -> Need:
        """What the method has to know of categories."""
        if self.weights == "ratio" or self.metric in ("interval", "ratio"):
            return "number"
        if self.weights != "unweighted" or self.metric == "ordinal":
            return "order"
        return "list" if self.method in ("gwet", "brennan_prediger") else "none"


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    form = lint_rated(endpoint, draft, report, measured=endpoint.measured, need=endpoint.need)
    if form is None:
        return
    if endpoint.method not in METHODS[endpoint.coefficient]:
        report(
            "method-unknown",
            ("method",),
            method=endpoint.method,
            estimand=endpoint.coefficient,
            methods=", ".join(METHODS[endpoint.coefficient]),
        )
    for key, design, remedy in _misfits(endpoint, number_of_categories(endpoint, form)):
        value = getattr(endpoint, key)
        what = "a goal" if key == "goal" else f"{key}: {value}"
        report("design-does-not-fit", (key,), what=what, design=design, remedy=remedy)
    given = len(endpoint.readers or draft.readers)
    if given < 2 and endpoint.between == "readers":
        report("readers-too-few", ("readers",), method=endpoint.call, needed=2, given=given)
    if endpoint.goal is not None:
        lint_margin(endpoint.goal, draft, report, ("goal",), of=endpoint.id)


def _misfits(endpoint: Spec, categories: int | None) -> Iterator[tuple[str, str, str]]:
    """Yield the keys that do not go together, with what they do not fit and the remedy."""
    call = endpoint.call
    if call in ("icc.reml", "icc.components") and endpoint.icc_form not in _REML_FORMS:
        yield "icc_form", call, f"write one of: {', '.join(_REML_FORMS)}"
    if endpoint.weights != "unweighted" and call in UNWEIGHTED:
        yield "weights", call, "drop the key; krippendorff has a metric instead"
    if endpoint.metric != "nominal" and call != "kappa.krippendorff":
        yield "metric", call, "drop the key, or write method: krippendorff"
    if call == "kappa.pabak" and categories not in (None, 2):
        yield "method", f"{categories} categories", "write brennan_prediger"
    if endpoint.interval == "bootstrap" and call not in BOOTSTRAPPED:
        yield "interval", call, "write interval: analytic"
    elif endpoint.goal is not None and endpoint.interval == "analytic" and call in NO_INTERVAL:
        other = "write interval: bootstrap" if call in BOOTSTRAPPED else "choose another method"
        remedy = "write method: shrout_fleiss" if call == "icc.reml" else other
        yield "goal", call, f"{remedy}; a goal is decided by a limit, and {call} gives none"
    if call == "icc.components" and endpoint.between == "sessions":
        yield "between", call, "drop the key; the components tell sessions and readers apart"
    if endpoint.between == "sessions" and endpoint.replicate is None:
        yield "between", "one without replicate", "name the key that tells repeats apart"
    if endpoint.repeats == "mean" and not endpoint.measured:
        yield "repeats", "one of categories", "write first; categories have no mean"


def analyze(endpoint: Spec, context: Context) -> None:
    """Estimate agreement: of all readers or of each pair, by center and without each center."""
    repeated = endpoint.between == "sessions" or endpoint.call == "icc.components"
    long = long_ratings(endpoint, context, measured=endpoint.measured, repeated=repeated)
    recorder = context.recorder
    recorder.inputs = long.sha256
    names = "+".join(long.readers)
    of_data = {"readers": names, "analysis": "data"}
    if endpoint.between == "sessions":
        record_data(long, _reasons(long.unused), of_data, recorder)
        for place, reader in enumerate(long.readers):
            own = long.by_session(place)
            _refuse_sessions(own, reader, endpoint)
            group = {"readers": reader}
            recorder.add("sessions", "+".join(own.raters) or "none", group=group)
            if len(own.raters) < 2:
                recorder.add("n", 0, group=group, unit="images", n=0)
                recorder.add("estimate", None, group=group, reason="fewer than two sessions")
                continue
            _analyze_group(own, reader, endpoint, context, full=True)
            if endpoint.coefficient == "icc":
                record_differences(own, reader, endpoint, recorder)
        return
    ratings = long.by_reader(endpoint.repeats)
    unused = long.counts(ratings, endpoint.repeats)
    record_data(long, _reasons(unused), of_data, recorder)
    everybody = tuple(range(len(ratings.raters)))
    if endpoint.call not in BY_PAIR:
        single = ratings.among(everybody)
        every = long.by_reading() if endpoint.call == "icc.components" else single
        _analyze_group(every, names, endpoint, context, full=True)
        if endpoint.coefficient == "icc":
            record_differences(single, names, endpoint, recorder)
        return
    pairs = list(itertools.combinations(everybody, 2))
    full = len(pairs) <= PAIRS_IN_FULL
    for pair in pairs:
        both = ratings.among(pair)
        _analyze_group(both, "+".join(both.raters), endpoint, context, full=full)
    if len(pairs) > 1:
        _analyze_all(ratings.among(everybody), names, endpoint, context)


def _reasons(unused: Mapping[str, int]) -> dict[str, int]:
    """Return why ratings are not used; every arm is a case of its own."""
    return {reason: count for reason, count in unused.items() if reason != "other_arm"}


def _refuse_sessions(ratings: Ratings, reader: str, endpoint: Spec) -> None:
    """Stop where a coefficient of two is asked of a reader with more sessions."""
    if endpoint.call in BY_PAIR and len(ratings.raters) > 2:
        raise AnalysisError.of(
            "sessions-several",
            Place(file=f"endpoint {endpoint.id}"),
            method=endpoint.call,
            reader=reader,
            sessions=len(ratings.raters),
        )


def _analyze_all(ratings: Ratings, names: str, endpoint: Spec, context: Context) -> None:
    """Record the coefficient that stands for all readers together, with its centers."""
    coefficient = Coefficient(
        call=_OF_ALL[endpoint.call], weights=endpoint.weights, level=endpoint.level
    )
    Group(
        ratings=ratings,
        group={"readers": names, "analysis": "together"},
        coefficient=coefficient,
        endpoint=endpoint,
        context=context,
    ).record(full=True)


def _analyze_group(
    ratings: Ratings, readers: str, endpoint: Spec, context: Context, *, full: bool
) -> None:
    """Record what there is to say of a group of readers, or of a reader's sessions."""
    group = {"readers": readers}
    coefficient = endpoint.declared_coefficient
    Group(
        ratings=ratings,
        group=group,
        coefficient=coefficient,
        endpoint=endpoint,
        context=context,
    ).record(full=full)
    if not full:
        return
    if len(ratings.raters) == 2 and not endpoint.measured:
        record_matrix(ratings, group, context.recorder)
