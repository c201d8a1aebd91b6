"""Comparison of two proportions: paired or not, pooled or stratified by center."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinval.endpoints.comparison import (
    Methods,
    TwoArms,
    arms_of,
    lint_share,
    lint_two_arms,
    record_centers,
    record_decision,
)
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Units, in_arm, lint_measured, units_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate
    from clinval.protocol.draft import Draft

__all__ = ["Spec", "analyze", "lint"]


_UNIT = "proportion_difference"


class Spec(TwoArms):
    """Comparison of two proportions; ``measure`` is a rule that is true for a success."""


METHODS: Methods = {
    (True, "difference", "stratified"): {"tango": "stratified_paired_difference.tango"},
    (True, "difference", "pooled"): {
        "tango": "paired_difference.tango",
        "newcombe": "paired_difference.newcombe",
        "bonett_price": "paired_difference.bonett_price",
    },
    (False, "difference", "stratified"): {
        "miettinen_nurminen": "stratified_difference.miettinen_nurminen",
        "mantel_haenszel_sato": "stratified_difference.mantel_haenszel_sato",
    },
    (False, "difference", "pooled"): {
        "miettinen_nurminen": "risk_difference.miettinen_nurminen",
        "farrington_manning": "risk_difference.farrington_manning",
        "newcombe": "risk_difference.newcombe",
        "agresti_caffo": "risk_difference.agresti_caffo",
        "wald": "risk_difference.wald",
    },
}

# The test that agrees with the interval, where there is one against a margin.
TESTS = {
    "stratified_paired_difference.tango": "stratified_paired_difference.tango_test",
    "paired_difference.tango": "paired_difference.nam_test",
    "stratified_difference.miettinen_nurminen": "stratified_difference.miettinen_nurminen_test",
    "risk_difference.miettinen_nurminen": "risk_difference.miettinen_nurminen_test",
    "risk_difference.farrington_manning": "risk_difference.farrington_manning_test",
}

# What a single center is estimated with.
ALONE = {
    "stratified_paired_difference.tango": "paired_difference.tango",
    "stratified_difference.miettinen_nurminen": "risk_difference.miettinen_nurminen",
    "stratified_difference.mantel_haenszel_sato": "risk_difference.miettinen_nurminen",
}


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    failures = endpoint.missing == "failure"
    lint_measured(endpoint, draft, report, gives="truth", failures=failures)
    lint_two_arms(endpoint, draft, report, METHODS)
    if endpoint.margin is not None:
        lint_share(endpoint.margin, report, ("margin", "value"))


def analyze(endpoint: Spec, context: Context) -> None:
    """Compare the arms: pooled, by center, without each center, with heterogeneity."""
    from clinval import stats

    recorder = context.recorder
    paired = context.data.protocol.design.paired
    arms = arms_of(endpoint, context)
    units = units_of(endpoint, context, arms)
    recorder.inputs = units.sha256
    tables = _tables(units, endpoint, context, arms, paired=paired)
    _record_accounting(tables, context)
    call = METHODS[paired, endpoint.estimate, endpoint.centers][endpoint.method]
    result = tables.fit(call, endpoint.level)
    record = _Record(context, endpoint)
    record(result, {}, tables.n)
    if not paired and endpoint.centers == "stratified":
        # a center without one of the arms says nothing about their difference
        recorder.add("left_out", tables.n - (result.n or 0), unit="subjects")
    claim = endpoint.hypothesis
    if call in TESTS and claim.alternative != "two-sided":
        test = tables.fit(TESTS[call], None, margin=claim.bound, alternative=claim.alternative)
        recorder.result(test, {"statistic": "", "p_value": "p"}, n=tables.n)
    record_decision(endpoint, context, result, _UNIT)
    by_itself = ALONE.get(call, call)
    record_centers(
        endpoint,
        context,
        counts=dict(enumerate(tables.sizes.tolist())),
        alone=lambda site: tables.only(site).fit(by_itself, endpoint.level),
        without=lambda site: tables.without(site).fit(call, endpoint.level),
        record=record,
    )
    heterogeneity = stats.find(
        "stratified_paired_difference.score_heterogeneity_test"
        if paired
        else "stratified_difference.score_heterogeneity_test"
    )
    between = heterogeneity(*tables.strata())
    names = {"statistic": "q", "df": "q_df", "p_value": "q_p_value"}
    recorder.result(between, {"statistic": "", "df": "", "p_value": "p"}, rename=names, n=tables.n)


@dataclass(frozen=True, slots=True)
class _Record:
    context: Context
    endpoint: Spec

    def __call__(self, result: Estimate, group: Mapping[str, str], n: int) -> None:
        used = n if result.n is None else result.n
        self.context.recorder.result(
            result, {"estimate": _UNIT, "ci_low": _UNIT, "ci_high": _UNIT}, group=group, n=used
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """Counts by center; four columns: n11, n10, n01, n00 when paired, else x1, n1, x2, n2.

    ``missing`` are the subjects without a result, ``counted`` those of them that count as failed.
    """

    cells: NDArray[np.int64]
    paired: bool
    missing: NDArray[np.int64]
    counted: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Subjects by center."""
        columns = (0, 1, 2, 3) if self.paired else (1, 3)
        total: NDArray[np.int64] = self.cells[:, columns].sum(axis=1)
        return total

    @property
    def n(self) -> int:
        return int(self.sizes.sum())

    def only(self, site: int) -> _Tables:
        return self._of([site])

    def without(self, site: int) -> _Tables:
        return self._of([index for index in range(len(self.cells)) if index != site])

    def _of(self, sites: list[int]) -> _Tables:
        return _Tables(
            cells=self.cells[sites],
            paired=self.paired,
            missing=self.missing[sites],
            counted=self.counted[sites],
        )

    def strata(self) -> tuple[list[int], ...]:
        """Return the arguments of a stratified function, centers without subjects left out."""
        cells = self.cells[self.sizes > 0]
        if self.paired:
            return cells[:, 1].tolist(), cells[:, 2].tolist(), cells.sum(axis=1).tolist()
        return tuple(cells[:, column].tolist() for column in range(4))

    def fit(self, call: str, level: float | None, **options: Any) -> Any:
        """Call a statistical function on the tables, stratified or pooled as its name says."""
        from clinval import stats

        if level is not None:
            options["level"] = level
        if call.startswith("stratified_"):
            return stats.find(call)(*self.strata(), **options)
        return stats.find(call)(*self.cells.sum(axis=0).tolist(), **options)


def _tables(
    units: Units, endpoint: Spec, context: Context, arms: tuple[str, str], *, paired: bool
) -> _Tables:
    import numpy as np

    sites = len(context.data.site_names)
    test, reference = units.test == 1, units.reference == 1
    has_test, has_reference = ~np.isnan(units.test), ~np.isnan(units.reference)
    missing = ~(has_test & has_reference) if paired else ~(has_test | has_reference)
    failed = np.zeros_like(missing)
    if endpoint.missing == "failure":
        belongs = in_arm(endpoint, context.data, arms)[units.subject]
        for arm, success, has in ((0, test, has_test), (1, reference, has_reference)):
            # of a subject in one arm only, the other arm's result is not missing
            counted = missing & ~has & belongs[:, arm]
            success[counted] = endpoint.direction == "lower_is_better"
            has[counted] = failed[counted] = True

    def count(mask: NDArray[np.bool_], code: Any = 0, codes: int = 1) -> NDArray[np.int64]:
        """Return how many there are by site and code."""
        cell = (units.site * codes + code)[mask]
        return np.bincount(cell, minlength=sites * codes).reshape(sites, codes)

    if paired:
        cells = count(has_test & has_reference, 2 * ~test + ~reference, 4)
    else:
        cells = np.hstack([count(test), count(has_test), count(reference), count(has_reference)])
    return _Tables(
        cells=cells, paired=paired, missing=count(missing)[:, 0], counted=count(failed)[:, 0]
    )


def _record_accounting(tables: _Tables, context: Context) -> None:
    """Record the cells that the result is computed from, and the subjects without a result."""
    recorder, names = context.recorder, context.data.site_names
    cells = ("n11", "n10", "n01", "n00") if tables.paired else ("x1", "n1", "x2", "n2")
    total = tables.cells.sum(axis=0)
    recorder.add("n", tables.n, unit="subjects", n=tables.n)
    for statistic, counts in (("missing", tables.missing), ("missing_as_failure", tables.counted)):
        recorder.add(statistic, int(counts.sum()), unit="subjects")
        for site, name in enumerate(names):
            recorder.add(statistic, int(counts[site]), group={"site": name}, unit="subjects")
    for column, cell in enumerate(cells):
        recorder.add(cell, int(total[column]), unit="subjects", n=tables.n)
        for site, name in enumerate(names):
            recorder.add(
                cell, int(tables.cells[site, column]), group={"site": name}, unit="subjects",
                n=int(tables.sizes[site]),
            )  # fmt: skip
    x1, n1, x2, n2 = _marginals(total.tolist(), paired=tables.paired)
    for arm, successes, size in (("test", x1, n1), ("reference", x2, n2)):
        recorder.add(
            f"proportion_{arm}", successes / size if size else None, unit="proportion", n=size,
            reason="no subject has a result",
        )  # fmt: skip


def _marginals(cells: list[int], *, paired: bool) -> tuple[int, int, int, int]:
    if not paired:
        return cells[0], cells[1], cells[2], cells[3]
    n11, n10, n01, n00 = cells
    total = n11 + n10 + n01 + n00
    return n11 + n10, total, n11 + n01, total
