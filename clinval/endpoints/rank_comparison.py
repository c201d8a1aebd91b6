"""Comparison by order rather than by means: shift, win probability, odds of a higher category."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

from clinval.endpoints.comparing import record_comparison
from clinval.endpoints.comparison import Methods, TwoArms, arms_of, lint_two_arms
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.mean_comparison import Values, lint_numbers, record_accounting, unit_of
from clinval.endpoints.measured import lint_measured, units_of
from clinval.endpoints.two_arms import Comparison

if TYPE_CHECKING:
    from clinval.protocol.draft import Draft

__all__ = ["METHODS", "TESTS", "Spec", "analyze", "lint"]


class Spec(TwoArms):
    """Comparison of scores or times by their order; ``measure`` is a number."""

    estimate: Literal["location_shift", "location_ratio", "win_probability", "odds_ratio"]


METHODS: Methods = {
    (True, "location_shift", "pooled"): {
        "hodges_lehmann_paired": "location_shift.hodges_lehmann_paired"
    },
    (True, "location_ratio", "pooled"): {
        "hodges_lehmann_paired": "location_ratio.hodges_lehmann_paired"
    },
    (True, "win_probability", "pooled"): {"paired_clustered": "win_probability.paired_clustered"},
    (False, "location_shift", "pooled"): {"hodges_lehmann": "location_shift.hodges_lehmann"},
    (False, "win_probability", "pooled"): {"brunner_munzel": "win_probability.brunner_munzel"},
    (False, "odds_ratio", "pooled"): {"proportional_odds": "ordinal_odds_ratio.proportional_odds"},
}

TESTS: Methods = {}

_BY_SUBJECT = "win_probability.paired_clustered"  # the clusters are the subjects

_UNITS = {"location_ratio": "ratio", "win_probability": "probability", "odds_ratio": "odds_ratio"}


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_measured(endpoint, draft, report, gives="number")
    lint_two_arms(endpoint, draft, report, METHODS, TESTS)
    lint_numbers(endpoint, report)


def analyze(endpoint: Spec, context: Context) -> None:
    """Compare the arms: pooled, by center, without each center, with all that stands beside."""
    import numpy as np

    everyone = units_of(endpoint, context, arms_of(endpoint, context))
    context.recorder.inputs = everyone.sha256
    paired, unit = context.data.protocol.design.paired, unit_of(endpoint, context)
    absent = [np.isnan(values) for values in (everyone.test, everyone.reference)]
    usable = everyone.of(~(absent[0] | absent[1]) if paired else ~(absent[0] & absent[1]))
    impossible = np.zeros(len(usable), dtype=bool)
    if endpoint.estimate == "location_ratio":
        impossible = (usable.test <= 0) | (usable.reference <= 0)
        context.recorder.add("not_positive", int(impossible.sum()), unit="subjects")
    sample = _Ranked(units=usable.of(~impossible), paired=paired, unit=unit)
    record_accounting(everyone, sample, context)
    record_comparison(
        Comparison(
            endpoint=endpoint,
            context=context,
            methods=METHODS,
            everyone=everyone,
            sample=sample,
            unit=_UNITS.get(endpoint.estimate, unit),
        )
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Ranked(Values):
    """The subjects with the values whose order counts."""

    def arguments(self, call: str) -> tuple[Any, ...]:
        """Return the values by arm, with the subject for the method that wants it."""
        if call.removesuffix("_test") == _BY_SUBJECT:
            return self.units.test, self.units.reference, self.units.subject
        return Values.arguments(self, call)
