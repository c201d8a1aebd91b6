"""Sensitivity of a comparison to what its missing results may have been.

The protocol declares analyses beside the deciding one; each is recorded in a group of its own. The
worst case is the deciding analysis once more, on completed data. The others leave centers aside:
they are the pooled methods of ``missing_data``, as their names say.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.endpoints.kind import Context, Report
from clinval.endpoints.measured import Measured, Units, in_arm
from clinval.protocol.base import Section

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate
    from clinval.endpoints.hypothesis import Hypothesis
    from clinval.protocol.draft import Draft

__all__ = ["Outcome", "Sensitivity", "Shifts", "lint_sensitivity", "record_sensitivity"]

Outcome = Literal["binary", "normal"]

_MOST_LOG_ODDS = 10.0  # beyond, every imputed result is the same
_MOST_FACTOR = 100.0
_AXIS = 41  # numbers of successes an arm that a tipping map tries at most


class Shifts(Section):
    """The shifts of imputed values that a tipping map tries in either arm, evenly spaced."""

    low: float = Setting(description="in the unit of the measure; of a ratio, a factor")
    high: float
    steps: Annotated[int, Setting(ge=2, le=101)] = 41


class Sensitivity(Section):
    """An analysis of what the missing results may have been.

    ``delta_test`` and ``delta_reference`` shift what is imputed in an arm: in log odds of a
    success, in the unit of the measure, or, of a ratio, as a factor.
    """

    analysis: Literal[
        "worst_case", "at_random", "delta_adjusted", "jump_to_reference", "tipping_map"
    ]
    imputations: Annotated[int, Setting(ge=2, le=10_000)] = 100
    delta_test: float | None = None
    delta_reference: float | None = None
    deltas: Shifts | None = None


# What the imputations of an outcome estimate.
_IMPUTED = {"binary": ("difference",), "normal": ("difference", "ratio")}

# Ratios of arithmetic means; what is imputed on the logarithm is a ratio of geometric ones.
_ARITHMETIC = ("fieller", "fieller_paired")

_FUNCTIONS = {
    "at_random": "missing_at_random",
    "delta_adjusted": "delta_adjusted",
    "jump_to_reference": "jump_to_reference",
    "tipping_map": "tipping_map",
}


def lint_sensitivity(endpoint: Any, draft: Draft, report: Report, *, outcome: Outcome) -> None:
    """Report an analysis that a comparison cannot have, or that does not say what it needs."""
    if draft.design is None or draft.design.type == "single_arm":
        return  # said of the endpoint itself
    offered = _offered(endpoint, outcome)
    seen: set[str] = set()
    for position, asked in enumerate(endpoint.sensitivity):
        here = ("sensitivity", position)
        if asked.analysis in seen:
            report("item-twice", (*here, "analysis"), item=asked.analysis)
        elif asked.analysis not in offered:
            said = ("comparison", "estimate", "method", "combine")
            of = ", ".join(f"{key}: {getattr(endpoint, key)}" for key in said)
            report(
                "design-does-not-fit",
                (*here, "analysis"),
                what=f"sensitivity: {asked.analysis}",
                design=f"{endpoint.kind} ({of})",
                remedy=f"write one of: {', '.join(offered)}" if offered else "drop sensitivity",
            )
        else:
            _lint_keys(asked, endpoint, report, here, outcome)
        seen.add(asked.analysis)


def _offered(endpoint: Any, outcome: Outcome) -> list[str]:
    """Return the analyses that an endpoint can have."""
    if endpoint.combine == "each":
        return []  # rows apart have no result of a subject that could be missing
    offered = []
    if outcome == "binary" and endpoint.comparison != "equivalence":
        # equivalence has a worst case on either side, and only the map shows both
        offered.append("worst_case")
    if endpoint.estimate in _IMPUTED[outcome] and endpoint.method not in _ARITHMETIC:
        offered += _FUNCTIONS
    return offered


def _lint_keys(
    asked: Sensitivity,
    endpoint: Any,
    report: Report,
    here: tuple[str | int, ...],
    outcome: Outcome,
) -> None:
    shifted = asked.analysis == "delta_adjusted"
    mapped = asked.analysis == "tipping_map" and outcome == "normal"
    imputed = mapped or asked.analysis not in ("tipping_map", "worst_case")
    used = {
        "analysis": True,
        "imputations": imputed,
        "delta_test": shifted,
        "delta_reference": shifted,
        "deltas": mapped,
    }
    for key in sorted(asked.model_fields_set):
        if not used[key]:
            report("sensitivity-key-unused", (*here, key), key=key, analysis=asked.analysis)
    needed = ("delta_test", "delta_reference") if shifted else ("deltas",) if mapped else ()
    if needed and all(getattr(asked, key) is None for key in needed):
        keys = "deltas: {low, high}" if mapped else " or ".join(needed)
        report("sensitivity-shift-missing", here, analysis=asked.analysis, keys=keys)
    ratio = endpoint.estimate == "ratio"
    for path, value in _shifts(asked, used):
        if ratio and not 1 / _MOST_FACTOR <= value <= _MOST_FACTOR:
            limit = f"between {1 / _MOST_FACTOR:g} and {_MOST_FACTOR:g} (a factor)"
            report("value-out-of-limits", (*here, *path), value=value, limit=limit)
        elif outcome == "binary" and abs(value) > _MOST_LOG_ODDS:
            limit = f"between {-_MOST_LOG_ODDS:g} and {_MOST_LOG_ODDS:g} (log odds)"
            report("value-out-of-limits", (*here, *path), value=value, limit=limit)
    if mapped and asked.deltas is not None and asked.deltas.low >= asked.deltas.high:
        low, high = asked.deltas.low, asked.deltas.high
        report("value-out-of-limits", (*here, "deltas", "high"), value=high, limit=f"> {low:g}")


def _shifts(asked: Sensitivity, used: Mapping[str, bool]) -> list[tuple[tuple[str, ...], float]]:
    """Return the declared shifts that are used, each with its path."""
    found: list[tuple[tuple[str, ...], float | None]] = []
    if used["delta_test"]:
        found = [(("delta_test",), asked.delta_test), (("delta_reference",), asked.delta_reference)]
    elif used["deltas"] and asked.deltas is not None:
        found = [(("deltas", "low"), asked.deltas.low), (("deltas", "high"), asked.deltas.high)]
    return [(path, value) for path, value in found if value is not None]


def record_sensitivity(
    endpoint: Any,
    context: Context,
    units: Units,
    *,
    arms: tuple[str, str],
    paired: bool,
    outcome: Outcome,
    ratio: bool,
    claim: Hypothesis,
    complete: Callable[[Units], Estimate],
    unit: str,
    baseline: NDArray[np.float64] | None = None,
) -> None:
    """Record each declared analysis of the missing results in its own group.

    Parameters
    ----------
    endpoint
        Declares the analyses in ``sensitivity``, its direction and level.
    units
        The subjects of the set, NaN where a result is missing; of a ratio, values above 0.
    arms
        Ids of the test and the reference arm.
    paired
        Whether every subject has a result in both arms.
    outcome, ratio
        1 and 0 for successes, or numbers; and whether the effect is a ratio of them, which is
        then imputed and analyzed on the logarithm.
    claim
        What has to be shown.
    complete
        The endpoint's own method, for completed units.
    unit
        Unit of the effect.
    baseline
        Of numbers in groups, a covariate of each unit, which the imputations and their analysis
        then use; a unit without one is left out.
    """
    if not endpoint.sensitivity:
        return
    results = _Results.of(endpoint, context, units, arms, baseline, paired=paired)
    analyses = _Analyses(endpoint, context, results, outcome, ratio, claim, unit)
    for asked in endpoint.sensitivity:
        if not paired:
            left_out = results.left_out
            context.recorder.add("left_out", left_out, group=_group(asked), unit="subjects")
        match asked.analysis:
            case "worst_case":
                higher = endpoint.direction == "higher_is_better"
                completed = results.completed(test=float(not higher), reference=float(higher))
                analyses.record_effect(asked, complete(completed))
            case "tipping_map":
                analyses.record_map(asked)
            case _:
                analyses.record_imputed(asked)


def _group(asked: Sensitivity) -> dict[str, str]:
    return {"sensitivity": asked.analysis}


@dataclasses.dataclass(frozen=True, slots=True)
class _Results:
    """The subjects, and in which arms each has or should have a result (two columns)."""

    units: Units
    expected: NDArray[np.bool_]
    paired: bool
    baseline: NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls,
        endpoint: Measured,
        context: Context,
        units: Units,
        arms: tuple[str, str],
        baseline: NDArray[np.float64] | None,
        *,
        paired: bool,
    ) -> _Results:
        import numpy as np

        has = ~np.isnan(np.column_stack([units.test, units.reference]))
        if paired:
            return cls(units, np.ones_like(has), paired)
        # of a subject with a result in one arm, the other arm's is not missing
        without = ~has.any(axis=1, keepdims=True)
        belongs = in_arm(endpoint, context.data, arms)[units.subject]
        expected = has | (without & belongs)
        if baseline is not None:
            expected &= ~np.isnan(baseline)[:, None]
        return cls(units, expected, paired, baseline)

    @property
    def left_out(self) -> int:
        """Subjects without a result of whom nothing says their arm, or without a baseline."""
        return int((~self.expected.any(axis=1)).sum())

    def gaps(self, arm: int) -> NDArray[np.bool_]:
        """Return which subjects have no result in an arm, and should."""
        import numpy as np

        values = (self.units.test, self.units.reference)[arm]
        gaps: NDArray[np.bool_] = np.isnan(values) & self.expected[:, arm]
        return gaps

    def completed(self, test: float, reference: float) -> Units:
        """Return the units with every missing result of an arm set to one value."""
        import numpy as np

        return dataclasses.replace(
            self.units,
            test=np.where(self.gaps(0), test, self.units.test),
            reference=np.where(self.gaps(1), reference, self.units.reference),
        )

    def counts(self) -> dict[str, Any]:
        """Return the arguments of the methods for proportions."""
        import numpy as np

        if not self.paired:
            values = (self.units.test, self.units.reference)
            return {
                f"{name}{arm + 1}": int(mask.sum())
                for arm in (0, 1)
                for name, mask in (
                    ("x", values[arm] == 1),
                    ("observed", ~np.isnan(values[arm])),
                    ("missing", self.gaps(arm)),
                )
            }
        states = [
            np.where(np.isnan(values), 2, 1 - (values == 1))
            for values in (self.units.test, self.units.reference)
        ]
        cells = np.bincount(3 * states[0] + states[1], minlength=9)
        names = ("n11", "n10", "n1m", "n01", "n00", "n0m", "nm1", "nm0", "nmm")
        return dict(zip(names, cells.tolist(), strict=True))

    def values(self, *, ratio: bool) -> dict[str, Any]:
        """Return the arguments of the methods for numbers, of a ratio their logarithms."""
        import numpy as np

        test, reference = (
            np.log(values) if ratio else values
            for values in (self.units.test, self.units.reference)
        )
        if self.paired:
            return {"test": test, "reference": reference}
        first, second = self.expected.T
        arguments = {
            "score": np.concatenate([test[first], reference[second]]),
            "arm": np.repeat([1, 0], [first.sum(), second.sum()]),
        }
        if self.baseline is not None:
            own = self.baseline
            arguments["baseline"] = np.concatenate([own[first], own[second]])
        return arguments


@dataclasses.dataclass(frozen=True, slots=True)
class _Analyses:
    """Runs the analyses of one endpoint and records what they give."""

    endpoint: Any
    context: Context
    results: _Results
    outcome: Outcome
    ratio: bool
    claim: Hypothesis
    unit: str

    def record_effect(
        self,
        asked: Sensitivity,
        result: Estimate,
        transform: Callable[[float], float] | None = None,
    ) -> None:
        """Record an estimate with its limits and what they say of the claim."""
        recorder, group = self.context.recorder, _group(asked)
        effect = dict.fromkeys(("estimate", "ci_low", "ci_high"), self.unit)
        recorder.result(result, effect, group=group, n=result.n, transform=transform)
        limits = (
            limit if limit is None or transform is None else transform(limit)
            for limit in (result.ci_low, result.ci_high)
        )
        recorder.add("verdict", self.claim.verdict(*limits), group=group)

    def record_imputed(self, asked: Sensitivity) -> None:
        """Record the combined analysis of imputed data, with its shifts where it has some."""
        recorder, group, shifts = self.context.recorder, _group(asked), {}
        if asked.analysis == "delta_adjusted":
            unit = "" if self.outcome == "binary" else self.unit
            for name in ("delta_test", "delta_reference"):
                declared = getattr(asked, name)
                shift = (1.0 if self.ratio else 0.0) if declared is None else declared
                recorder.add(name, shift, group=group, unit=unit)
                shifts[name] = math.log(shift) if self.ratio else shift
        result = self._call(asked, **shifts, **self._imputations(asked))
        self.record_effect(asked, result, math.exp if self.ratio else None)
        imputed = {"fraction_missing": "proportion", "df": "", "imputations": ""}
        recorder.result(result, imputed, group=group, n=result.n)

    def record_map(self, asked: Sensitivity) -> None:
        """Record how many of the tried cells show the claim, and all of them as points."""
        import numpy as np

        recorder, group = self.context.recorder, _group(asked)
        absent = [int(self.results.gaps(arm).sum()) for arm in (0, 1)]
        for arm, number in zip(("test", "reference"), absent, strict=True):
            recorder.add(f"missing_{arm}", number, group=group, unit="subjects")
        deltas = asked.deltas
        if deltas is None:
            axes = [np.unique(np.linspace(0, number, _AXIS).round()) for number in absent]
            tried: dict[str, Any] = {"successes_test": axes[0], "successes_reference": axes[1]}
        else:
            space: Any = np.geomspace if self.ratio else np.linspace
            axes = [space(deltas.low, deltas.high, deltas.steps)] * 2
            shifts = np.log(axes[0]) if self.ratio else axes[0]
            tried = {"deltas_test": shifts, "deltas_reference": shifts}
            tried |= self._imputations(asked)
        bound = self.claim.bound
        result = self._call(asked, margin=math.log(bound) if self.ratio else bound, **tried)
        recorder.result(result, {"n_cells": ""}, group=group)
        if result.undefined:
            recorder.add("n_shown", None, group=group, method=result.method, reason=result.reason)
            return
        cells = {
            name: np.ravel(getattr(result, name)) for name in ("estimate", "ci_low", "ci_high")
        }
        if self.ratio:
            cells = {name: np.exp(values) for name, values in cells.items()}
        verdicts = list(map(self.claim.verdict, cells["ci_low"], cells["ci_high"]))
        shown = [None if verdict == "none" else int(verdict == "met") for verdict in verdicts]
        if "none" not in verdicts:
            recorder.add("n_shown", verdicts.count("met"), group=group, method=result.method)
        places = np.meshgrid(*axes, indexing="ij")
        columns = {"test": places[0].ravel(), "reference": places[1].ravel(), **cells}
        recorder.points("tipping_map", {**columns, "shown": shown})

    def _imputations(self, asked: Sensitivity) -> dict[str, int]:
        # one seed for all analyses: a shift by nothing gives what no shift gives
        seed = int(self.context.random().integers(2**32))
        return {"seed": seed, "imputations": asked.imputations}

    def _call(self, asked: Sensitivity, **options: Any) -> Any:
        """Call the pooled method of an analysis on the results."""
        from clinval import stats

        paired = "_paired" if self.results.paired else ""
        name = f"missing_data.{_FUNCTIONS[asked.analysis]}{paired}_{self.outcome}"
        binary = self.outcome == "binary"
        data = self.results.counts() if binary else self.results.values(ratio=self.ratio)
        return stats.find(name)(**data, level=self.endpoint.level, **options)
