"""Comparison of two proportions: pooled, stratified by center, or of clustered rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field as Setting

from clinval.endpoints.comparing import record_comparison
from clinval.endpoints.comparison import (
    CLUSTERED,
    Methods,
    TwoArms,
    arms_of,
    lint_share,
    lint_two_arms,
)
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Units, apart, in_arm, lint_measured, rows_of, units_of
from clinval.endpoints.sensitivity import Sensitivity, lint_sensitivity, record_sensitivity
from clinval.endpoints.two_arms import Comparison, Count, Sample, record_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import TestResult
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "TESTS", "Spec", "analyze", "lint"]

_UNITS = {"difference": "proportion_difference", "ratio": "ratio", "odds_ratio": "odds_ratio"}


class Spec(TwoArms):
    """Comparison of two proportions; ``measure`` is a rule that is true for a success."""

    estimate: Literal["difference", "ratio", "odds_ratio"] = "difference"
    weights: Literal["mantel_haenszel", "miettinen_nurminen", "inverse_variance"] = Setting(
        default="mantel_haenszel",
        description="of the centers, in the stratified interval of Miettinen and Nurminen",
    )
    sensitivity: Annotated[tuple[Sensitivity, ...], Setting(strict=False)] = Setting(
        default=(), description="what the missing results may have been, shown beside the result"
    )

    clustered_methods: ClassVar[tuple[str, ...]] = (
        "cluster_robust", "rao_scott_miettinen_nurminen",
    )  # fmt: skip

    def options(self, call: str) -> dict[str, Any]:
        """Return the weights of the methods that weigh centers."""
        weighs = call.startswith("stratified_difference.miettinen_nurminen")
        return {"weights": self.weights} if weighs else {}


METHODS: Methods = {
    (True, "difference", "stratified"): {"tango": "stratified_paired_difference.tango"},
    (True, "difference", "pooled"): {
        "tango": "paired_difference.tango",
        "newcombe": "paired_difference.newcombe",
        "bonett_price": "paired_difference.bonett_price",
    },
    (True, "difference", CLUSTERED): {
        "cluster_robust": "clustered_paired_difference.cluster_robust"
    },
    (True, "ratio", "pooled"): {"tang": "paired_ratio.tang"},
    (True, "odds_ratio", "pooled"): {"conditional_exact": "paired_odds_ratio.conditional_exact"},
    (False, "difference", "stratified"): {
        "miettinen_nurminen": "stratified_difference.miettinen_nurminen",
        "mantel_haenszel_sato": "stratified_difference.mantel_haenszel_sato",
        "mantel_haenszel_wald": "stratified_difference.mantel_haenszel_wald",
        "newcombe_effective_n": "stratified_difference.newcombe_effective_n",
        "newcombe_yan_su": "stratified_difference.newcombe_yan_su",
        "summary_score": "stratified_difference.summary_score",
    },
    (False, "difference", "random"): {"tdas": "stratified_difference.tdas"},
    (False, "difference", "pooled"): {
        "miettinen_nurminen": "risk_difference.miettinen_nurminen",
        "farrington_manning": "risk_difference.farrington_manning",
        "newcombe": "risk_difference.newcombe",
        "agresti_caffo": "risk_difference.agresti_caffo",
        "chan_zhang": "risk_difference.chan_zhang",
        "wald": "risk_difference.wald",
    },
    (False, "difference", CLUSTERED): {
        "rao_scott_miettinen_nurminen": "clustered_difference.rao_scott_miettinen_nurminen"
    },
    (False, "ratio", "pooled"): {
        "miettinen_nurminen": "risk_ratio.miettinen_nurminen",
        "koopman": "risk_ratio.koopman",
        "katz": "risk_ratio.katz",
    },
    (False, "odds_ratio", "pooled"): {
        "miettinen_nurminen": "odds_ratio.miettinen_nurminen",
        "woolf": "odds_ratio.woolf",
        "conditional_exact": "odds_ratio.conditional_exact",
    },
    (False, "odds_ratio", "stratified"): {
        "mantel_haenszel": "stratified_odds_ratio.mantel_haenszel"
    },
}

_OF_CENTERS = {
    name: f"heterogeneity.{name}"
    for name in (
        "fixed_effect", "dersimonian_laird", "reml", "paule_mandel", "q_profile", "gail_simon_test",
    )
}  # fmt: skip

# What may be asked for beside the result: tests of no effect, and methods of the centers' effects.
TESTS: Methods = {
    (True, "difference", "pooled"): _OF_CENTERS
    | {
        name: f"paired_difference.{name}"
        for name in ("mcnemar_exact_test", "mcnemar_midp_test", "mcnemar_test")
    },
    (True, "difference", CLUSTERED): {
        name: f"clustered_paired_difference.{name}"
        for name in ("obuchowski_test", "durkalski_test", "yang_test", "eliasziw_test")
    },
    (False, "difference", "pooled"): _OF_CENTERS
    | {
        "suissa_shuster_test": "risk_difference.suissa_shuster_test",
        "fisher_exact_test": "odds_ratio.fisher_exact_test",
        "cochran_mantel_haenszel_test": "stratified_odds_ratio.cochran_mantel_haenszel_test",
    },
    (False, "difference", CLUSTERED): {
        name: f"clustered_difference.{name}" for name in ("gee_independence", "gee_exchangeable")
    },
    (False, "odds_ratio", "pooled"): {
        "fisher_exact_test": "odds_ratio.fisher_exact_test",
        "cochran_mantel_haenszel_test": "stratified_odds_ratio.cochran_mantel_haenszel_test",
    },
}


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    failures = endpoint.missing == "failure"
    lint_measured(endpoint, draft, report, gives="truth", each=True, failures=failures)
    lint_two_arms(endpoint, draft, report, METHODS, TESTS)
    lint_sensitivity(endpoint, draft, report, outcome="binary")
    if endpoint.combine == "each" and failures:
        report(
            "design-does-not-fit",
            ("missing",),
            what="missing: failure",
            design="combine: each",
            remedy="write missing: exclude; how many rows are missing is not known",
        )
    if endpoint.margin is not None and endpoint.estimate == "difference":
        lint_share(endpoint.margin, report, ("margin", "value"))


def analyze(endpoint: Spec, context: Context) -> None:
    """Compare the arms: pooled, by center, without each center, with all that stands beside."""
    import numpy as np

    recorder, arms = context.recorder, arms_of(endpoint, context)
    paired, sites = context.data.protocol.design.paired, len(context.data.site_names)
    everyone = units_of(_one_a_subject(endpoint), context, arms)
    filled, counted = _failures(everyone, endpoint, context, arms)
    sample = _sample(endpoint, context, arms, filled, paired=paired)
    recorder.inputs = filled.sha256
    absent = ~np.isin(everyone.subject, sample.units.subject) | counted
    _record_accounting(
        sample, _by_site(everyone, absent, sites), _by_site(everyone, counted, sites), context
    )
    comparison = Comparison(
        endpoint=endpoint,
        context=context,
        methods=METHODS,
        everyone=everyone,
        sample=sample,
        unit=_UNITS[endpoint.estimate],
        differ=partial(_differ, paired=paired) if _on_cells(endpoint) else None,
    )
    result = record_comparison(comparison)
    if paired and isinstance(sample, _Proportions):
        _record_differing(sample.units, context)
    if not paired and endpoint.centers == "stratified":
        # a center without one of the arms says nothing about their difference
        recorder.add("left_out", sample.n - (result.n or 0), unit="subjects")
    record_sensitivity(
        endpoint,
        context,
        everyone,
        arms=arms,
        paired=paired,
        outcome="binary",
        ratio=False,
        claim=endpoint.hypothesis,
        complete=lambda units: comparison.fit(
            _Proportions.of_units(units, sites, paired=paired), comparison.call
        ),
        unit=comparison.unit,
    )


def _record_differing(units: Units, context: Context) -> None:
    """Record the subjects whose results differ between the arms, for their sites to look at."""
    differ = units.of(units.test != units.reference)
    names = context.data.site_names
    context.recorder.points(
        "differing",
        {
            "site": [names[site] for site in differ.site],
            "subject": context.data.subject_ids[differ.subject],
            "test": differ.test,
            "reference": differ.reference,
        },
    )


def _on_cells(endpoint: Spec) -> bool:
    """Whether the cells by center say all: a difference of subjects, each with one result."""
    return endpoint.estimate == "difference" and endpoint.combine != "each"


def _one_a_subject(endpoint: Spec) -> Spec:
    """Return the endpoint with rows combined, to see who has any, where they stay apart."""
    return (
        endpoint.model_copy(update={"combine": "any"}) if endpoint.combine == "each" else endpoint
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Counts by center; four columns: n11, n10, n01, n00 when paired, else x1, n1, x2, n2."""

    cells: NDArray[np.int64]
    paired: bool

    @property
    def n(self) -> int:
        """Subjects."""
        columns = (0, 1, 2, 3) if self.paired else (1, 3)
        return int(self.cells[:, columns].sum())

    def arguments(self, call: str) -> tuple[Any, ...]:
        """Return the cells, by center for a stratified function, added up for another."""
        if not call.startswith("stratified_"):
            return tuple(self.cells.sum(axis=0).tolist())
        cells = self.cells[self.cells.any(axis=1)]
        if self.paired:
            return cells[:, 1].tolist(), cells[:, 2].tolist(), cells.sum(axis=1).tolist()
        return tuple(cells[:, column].tolist() for column in range(4))

    def counts(self) -> Iterator[Count]:
        """Yield the cells and the proportion of each arm."""
        total = self.cells.sum(axis=0).tolist()
        names = ("n11", "n10", "n01", "n00") if self.paired else ("x1", "n1", "x2", "n2")
        for name, cell in zip(names, total, strict=True):
            yield Count(statistic=name, value=cell, unit="subjects", n=self.n)
        x1, n1, x2, n2 = _marginals(total, paired=self.paired)
        for arm, successes, size in (("test", x1, n1), ("reference", x2, n2)):
            share = successes / size if size else None
            yield Count(
                statistic=f"proportion_{arm}",
                value=share,
                unit="proportion",
                n=size,
                reason="no subject has a result",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proportions(_Cells):
    """Subjects with results, and their counts by center."""

    units: Units

    @classmethod
    def of_units(cls, units: Units, sites: int, *, paired: bool) -> _Proportions:
        import numpy as np

        units = units.of(_known(units, paired=paired))
        test, reference = units.test == 1, units.reference == 1

        def count(mask: Any, code: Any = 0, codes: int = 1) -> NDArray[np.int64]:
            """Return how many there are by site and code."""
            cell = (units.site * codes + code)[mask]
            return np.bincount(cell, minlength=sites * codes).reshape(sites, codes)

        if paired:
            cells = count(slice(None), 2 * ~test + ~reference, 4)
        else:
            has_test, has_reference = ~np.isnan(units.test), ~np.isnan(units.reference)
            columns = (test, has_test, reference, has_reference)
            cells = np.hstack([count(column) for column in columns])
        return cls(cells=cells, paired=paired, units=units)

    def of(self, mask: NDArray[np.bool_]) -> _Proportions:
        """Return the subjects of a mask."""
        return self.of_units(self.units.of(mask), len(self.cells), paired=self.paired)

    def only(self, site: int) -> _Cells:
        """Return the counts of a center."""
        return _Cells(cells=self.cells[[site]], paired=self.paired)

    def without(self, site: int) -> _Cells:
        """Return the counts of all other centers."""
        others = [index for index in range(len(self.cells)) if index != site]
        return _Cells(cells=self.cells[others], paired=self.paired)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clusters:
    """Counts by subject, whose rows stay apart; the columns are those of ``_Cells``."""

    cells: NDArray[np.int64]
    paired: bool
    units: Units

    @property
    def n(self) -> int:
        """Subjects: the clusters."""
        return len(self.units)

    def of(self, mask: NDArray[np.bool_]) -> _Clusters:
        """Return the subjects of a mask."""
        return _Clusters(cells=self.cells[mask], paired=self.paired, units=self.units.of(mask))

    def only(self, site: int) -> _Clusters:
        """Return the subjects of a center."""
        return self.of(self.units.site == site)

    def without(self, site: int) -> _Clusters:
        """Return the subjects of all other centers."""
        return self.of(self.units.site != site)

    def arguments(self, call: str) -> tuple[Any, ...]:  # noqa: ARG002  all take the same
        """Return the counts by cluster; without pairs, each arm has its own clusters."""
        if self.paired:
            return tuple(self.cells.T.tolist())
        in_test, in_reference = self.cells[:, 1] > 0, self.cells[:, 3] > 0
        test, reference = self.cells[in_test], self.cells[in_reference]
        return (*test[:, :2].T.tolist(), *reference[:, 2:].T.tolist())

    def counts(self) -> Iterator[Count]:
        """Yield the cells and the proportion of each arm, of rows."""
        for count in _Cells(cells=self.cells, paired=self.paired).counts():
            rows = count.unit == "subjects"
            yield dataclasses.replace(count, unit="rows") if rows else count


def _sample(
    endpoint: Spec, context: Context, arms: tuple[str, str], filled: Units, *, paired: bool
) -> _Proportions | _Clusters:
    """Return the subjects with results; where rows stay apart, as clusters of them."""
    import numpy as np

    if endpoint.combine != "each":
        return _Proportions.of_units(filled, len(context.data.site_names), paired=paired)
    rows = apart(rows_of(endpoint, context.data, arms, keyed=True))
    subjects = len(context.data.site_of_subject)

    def count(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(rows.subject[mask], minlength=subjects)[filled.subject]

    test, reference = rows.test == 1, rows.reference == 1
    has_test, has_reference = ~np.isnan(rows.test), ~np.isnan(rows.reference)
    if paired:
        both = has_test & has_reference
        masks = (test & reference, test & ~reference, ~test & reference, ~test & ~reference)
        columns = [count(both & mask) for mask in masks]
    else:
        columns = [count(mask) for mask in (test, has_test, reference, has_reference)]
    cells = np.column_stack(columns)
    present = cells.sum(axis=1) > 0
    return _Clusters(cells=cells[present], paired=paired, units=filled.of(present))


def _differ(parts: Sequence[Sample], *, paired: bool) -> TestResult:
    """Test that the difference is the same in all parts, centers pooled in each."""
    import numpy as np

    from clinval.stats.comparison import stratified_difference, stratified_paired_difference

    sums = [part.cells.sum(axis=0) for part in parts if isinstance(part, _Cells)]
    cells = np.array(sums).reshape(-1, 4)
    whole = _Cells(cells=cells, paired=paired)
    if paired:
        return stratified_paired_difference.score_heterogeneity_test(
            *whole.arguments("stratified_paired_difference.score_heterogeneity_test")
        )
    return stratified_difference.score_heterogeneity_test(
        *whole.arguments("stratified_difference.score_heterogeneity_test")
    )


def _known(units: Units, *, paired: bool) -> NDArray[np.bool_]:
    """Return who has the results that count: both of a pair, or one."""
    import numpy as np

    has_test, has_reference = ~np.isnan(units.test), ~np.isnan(units.reference)
    return has_test & has_reference if paired else has_test | has_reference


def _failures(
    units: Units, endpoint: Spec, context: Context, arms: tuple[str, str]
) -> tuple[Units, NDArray[np.bool_]]:
    """Return the units with missing results as failed where the protocol says so, and of whom."""
    import numpy as np

    known = _known(units, paired=context.data.protocol.design.paired)
    counted = np.zeros(len(units), dtype=bool)
    if endpoint.missing != "failure":
        return units, counted
    belongs = in_arm(endpoint, context.data, arms)[units.subject]
    failure = float(endpoint.direction == "lower_is_better")
    filled = {}
    for column, arm in enumerate(("test", "reference")):
        values = getattr(units, arm)
        # of a subject in one arm only, the other arm's result is not missing
        absent = ~known & np.isnan(values) & belongs[:, column]
        filled[arm] = np.where(absent, failure, values)
        counted |= absent
    return dataclasses.replace(units, **filled), counted


def _by_site(units: Units, mask: NDArray[np.bool_], sites: int) -> NDArray[np.intp]:
    import numpy as np

    return np.bincount(units.site[mask], minlength=sites)


def _record_accounting(
    sample: _Proportions | _Clusters,
    missing: NDArray[np.intp],
    counted: NDArray[np.intp],
    context: Context,
) -> None:
    """Record the cells that the result is computed from, and the subjects without a result."""
    recorder, names = context.recorder, context.data.site_names
    recorder.add("n", sample.n, unit="subjects", n=sample.n)
    for statistic, counts in (("missing", missing), ("missing_as_failure", counted)):
        recorder.add(statistic, int(counts.sum()), unit="subjects")
        for site, name in enumerate(names):
            recorder.add(statistic, int(counts[site]), group={"site": name}, unit="subjects")
    parts: list[tuple[Mapping[str, str], Sample]] = [({}, sample)]
    parts += [({"site": name}, sample.only(site)) for site, name in enumerate(names)]
    for group, part in parts:
        record_counts(recorder, part, group)


def _marginals(cells: list[int], *, paired: bool) -> tuple[int, int, int, int]:
    if not paired:
        return cells[0], cells[1], cells[2], cells[3]
    n11, n10, n01, n00 = cells
    total = n11 + n10 + n01 + n00
    return n11 + n10, total, n11 + n01, total
