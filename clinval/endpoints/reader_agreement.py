"""Agreement between readers, or of readers with themselves: by pair, by center and pooled."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.core.errors import AnalysisError
from clinval.core.problems import Place
from clinval.endpoints.agreement_panel import LARGEST_MATRIX, record_panel, record_raw
from clinval.endpoints.coefficients import (
    BOOTSTRAPPED,
    BY_PAIR,
    METHODS,
    NO_INTERVAL,
    UNWEIGHTED,
    Coefficient,
    counts_of_pairs,
)
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.ratings import Rated, Ratings, long_ratings, record_data
from clinval.endpoints.ratings_lint import Need, lint_rated, number_of_categories
from clinval.protocol.endpoint import Margin
from clinval.protocol.lint import lint_margin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate
    from clinval.endpoints.recorder import Recorder
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "PAIRS_IN_FULL", "Spec", "analyze", "lint"]

PAIRS_IN_FULL = 10
"""Pairs of readers up to which each is shown in full: by center, without each center, counts."""

_REML_FORMS = ("ICC(2,1)", "ICC(3,1)")
_OF_ALL = {
    "kappa.cohen": "kappa.conger", "kappa.cohen_clustered": "kappa.conger",
    "kappa.scott": "kappa.fleiss", "kappa.pabak": "kappa.brennan_prediger",
}  # fmt: skip
"""What stands for all readers together where a coefficient is one of pairs."""

_LIMITS = ("estimate", "ci_low", "ci_high")
_COMPONENTS = dict.fromkeys(
    (
        "within_center", "within_center_ci_low", "within_center_ci_high",
        "same_reader", "same_reader_ci_low", "same_reader_ci_high",
        "variance_center", "variance_subject", "variance_reader", "variance_subject_reader",
        "variance_session", "variance_residual",
    ),
    "",
)  # fmt: skip
"""What icc.components gives beside the coefficient, where the design has it."""


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
                _record_differences(own, reader, endpoint, recorder)
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
            _record_differences(single, names, endpoint, recorder)
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
    _Group(
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
    _Group(
        ratings=ratings,
        group=group,
        coefficient=coefficient,
        endpoint=endpoint,
        context=context,
    ).record(full=full)
    if not full:
        return
    if len(ratings.raters) == 2 and not endpoint.measured:
        _record_matrix(ratings, group, context.recorder)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The ratings of some readers and the coefficient that is estimated of them."""

    ratings: Ratings
    group: Mapping[str, str]
    coefficient: Coefficient
    endpoint: Spec
    context: Context

    @property
    def recorder(self) -> Recorder:
        return self.context.recorder

    def record(self, *, full: bool) -> None:
        """Record the coefficient, and in full its centers, its bootstrap and its panel."""
        import numpy as np

        site, names = self.ratings.site, self.context.data.site_names
        self._record(np.ones(len(site), dtype=bool), self.group)
        if not full:
            return
        self._record_other_interval()
        if not self.endpoint.measured:
            record_raw(self.ratings, self.coefficient, self.group, self.recorder)
            record_panel(self.ratings, self.coefficient, self.group, self.recorder)
        occupied = np.unique(site).tolist()
        for place, name in enumerate(names):
            group = {**self.group, "site": name}
            if place in occupied:
                self._record(site == place, group)
            else:
                self.recorder.add("n", 0, group=group, unit="images", n=0)
        if len(occupied) > 1:
            for place in occupied:
                self._record(site != place, {**self.group, "without_site": names[place]})
        self._record_homogeneity()

    def _fit(self, ratings: Ratings) -> Estimate:
        """Return the coefficient, with the interval that was declared."""
        if self.endpoint.interval == "bootstrap":
            drawn = self._drawn(ratings)
            if drawn is not None:
                return drawn
        return self.coefficient.fit(ratings)

    def _drawn(self, ratings: Ratings) -> Estimate | None:
        seed = int(self.context.random().integers(2**31))
        return self.coefficient.bootstrap(ratings, draws=self.endpoint.draws, seed=seed)

    def _record(self, mask: NDArray[np.bool_], group: Mapping[str, str]) -> None:
        import numpy as np

        recorder, ratings = self.recorder, self.ratings.of(mask)
        several = int((ratings.rated >= 2).sum())
        if "without_site" not in group:
            complete, n = int(ratings.complete.sum()), len(ratings.values)
            recorder.add("n", complete, group=group, unit="images", n=complete)
            recorder.add("rated_twice", several, group=group, unit="images", n=n)
            recorder.add("rated", n, group=group, unit="images", n=n)
            patients = len(np.unique(ratings.patient[ratings.rated >= 2]))
            recorder.add("patients", patients, group=group, unit="subjects", n=patients)
        result: Any = self._fit(ratings)
        used = getattr(result, "n", None)
        n = several if used is None else used
        recorder.result(result, dict.fromkeys(_LIMITS, ""), group=group, n=n)
        agreements = ("observed_agreement", "expected_agreement")
        if self.endpoint.coefficient == "kappa" and "without_site" not in group:
            found = [name for name in agreements if hasattr(result, name)]
            recorder.result(result, dict.fromkeys(found, "proportion"), group=group, n=n)
        if hasattr(result, "p_value") and self.endpoint.coefficient == "kendall_w":
            names = {"statistic": "", "df": "", "p_value": "p"}
            recorder.result(result, names, group=group, n=n)
        if self.coefficient.call == "icc.components" and group == self.group:
            recorder.result(result, _COMPONENTS, group={**group, "analysis": "components"}, n=n)
        if self.endpoint.goal is not None and set(group) <= {"readers", "without_site"}:
            self._decide(getattr(result, "ci_low", None), group)

    def _decide(self, low: float | None, group: Mapping[str, str]) -> None:
        goal = self.endpoint.goal
        if goal is None or goal.value is None:
            return
        self.recorder.add("goal", goal.value, group=group)
        met = "undefined" if low is None else "met" if low > goal.value else "not_met"
        self.recorder.add("verdict", met, group=group)

    def _record_other_interval(self) -> None:
        """Record the interval that was not declared beside the one that was."""
        declared = self.endpoint.interval == "bootstrap"
        other = self.coefficient.fit(self.ratings) if declared else self._drawn(self.ratings)
        if other is None:
            return
        group = {**self.group, "analysis": "analytic" if declared else "bootstrap"}
        result: Any = other
        n = int((self.ratings.rated >= 2).sum())
        self.recorder.result(result, dict.fromkeys(_LIMITS, ""), group=group, n=n)
        for name, unit in (("clusters", "subjects"), ("draws", ""), ("undefined_draws", "")):
            if hasattr(result, name):
                self.recorder.result(result, {name: unit}, group=group, n=n)

    def _record_homogeneity(self) -> None:
        """Record whether the coefficient differs between the centers where it has an error."""
        import numpy as np

        names = {"q": "q", "df": "q_df", "p_value": "q_p_value"}
        site = self.ratings.site
        usable = np.zeros(len(site), dtype=bool)
        count = 0
        for place in np.unique(site):
            here = site == place
            alone: Any = self.coefficient.fit(self.ratings.of(here))
            if getattr(alone, "se", None):
                usable |= here
                count += 1
        kept = self.ratings.of(usable)
        result = self.coefficient.stratified(kept) if count > 1 else None
        recorder, group = self.recorder, self.group
        if result is None:
            if count < 2 and self.coefficient.has_stratified:
                recorder.add("centers_with_error", count, group=group, unit="centers")
                for statistic in names.values():
                    reason = "fewer than two centers with an error"
                    recorder.add(statistic, None, group=group, reason=reason)
            return
        recorder.add("centers_with_error", count, group=group, unit="centers")
        units = {"q": "", "df": "", "p_value": "p"}
        n = int((kept.complete if self.coefficient.complete else kept.rated >= 2).sum())
        recorder.result(result, units, rename=names, group=group, n=n)
        pooled = {**group, "analysis": "inverse_variance"}
        recorder.result(result, dict.fromkeys(_LIMITS, ""), group=pooled, n=n)


def _record_matrix(ratings: Ratings, group: Mapping[str, str], recorder: Recorder) -> None:
    if len(ratings.labels) > LARGEST_MATRIX:
        return
    table = counts_of_pairs(ratings)
    total = int(table.sum())
    for row, column in itertools.product(range(len(ratings.labels)), repeat=2):
        recorder.add(
            f"count.{ratings.labels[row]}.{ratings.labels[column]}",
            int(table[row, column]),
            group=group,
            unit="images",
            n=total,
        )


def _record_differences(ratings: Ratings, readers: str, endpoint: Spec, recorder: Recorder) -> None:
    """Record the limits of agreement of each pair, or of all readers with their mean."""
    pairs = list(itertools.combinations(range(len(ratings.raters)), 2))
    if len(pairs) <= PAIRS_IN_FULL:
        for pair in pairs:
            both = ratings.among(pair)
            name = "+".join(both.raters) if endpoint.between == "readers" else readers
            _record_limits(both, name, endpoint, recorder)
    if len(pairs) > 1 and endpoint.between == "readers":
        _record_with_mean(ratings, readers, endpoint, recorder)


def _record_with_mean(ratings: Ratings, readers: str, endpoint: Spec, recorder: Recorder) -> None:
    """Record how far a reader lies from the mean of all, on the cases that all rated."""
    from clinval.stats.agreement import limits_of_agreement

    complete = ratings.values[ratings.complete]
    result = limits_of_agreement.with_mean(complete, level=endpoint.level)
    names = ("loa_low", "loa_low_ci_low", "loa_low_ci_high",
             "loa_high", "loa_high_ci_low", "loa_high_ci_high")  # fmt: skip
    group = {"readers": readers, "analysis": "with_mean"}
    recorder.result(result, dict.fromkeys(names, "points"), group=group, n=len(complete))


def _record_limits(ratings: Ratings, name: str, endpoint: Spec, recorder: Recorder) -> None:
    """Record the limits of agreement of two readers, with the points of the figure."""
    from clinval.stats.agreement import limits_of_agreement

    both = ratings.values[ratings.complete]
    pair = {"readers": name, "analysis": "limits"}
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
    columns = {"mean": both.mean(axis=1), "difference": both[:, 0] - both[:, 1]}
    recorder.points(f"limits.{name}", columns)
