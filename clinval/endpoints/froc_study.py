"""A study of marks on an analysis set: how its figures are computed and recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.core.results import TestResult
from clinval.endpoints.mrmc_study import ReaderStudy, unusable
from clinval.endpoints.reader_strata import against_bound, put_together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clinval.endpoints.hypothesis import Side
    from clinval.endpoints.marks import MarkedReads
    from clinval.endpoints.mrmc_study import Group

__all__ = ["FrocStudy", "record_figures", "record_points"]

SHARES = ("hr_sensitivity", "hr_specificity", "max_llf")
"""The figures that are shares of cases or of lesions."""

_REFERENCE, _TEST = 0, 1  # places of the arms
_POINTS = 400  # of a curve that is drawn; more are not seen


class FrocStudy(ReaderStudy):
    """A reader study whose reads hold marks: a figure of merit takes the place of the metric."""

    __slots__ = ()

    if TYPE_CHECKING:
        endpoint: Any
        reads: Any

    @property
    def unit(self) -> str:
        """The unit of the figure."""
        return "proportion" if self.endpoint.figure in SHARES else ""

    @property
    def unit_of_difference(self) -> str:
        """The unit of a difference of the figure."""
        return "proportion_difference" if self.endpoint.figure in SHARES else ""

    def fit(self, part: Any, **changes: Any) -> Any:
        """Analyse some reads as declared, but for what is changed (``random``, ``level``).

        The method ``stratified`` puts the differences within each ``stratum`` together.
        """
        if changes.get("method") == "stratified":
            return put_together(
                lambda own: self._figure(own, random="cases"),
                part,
                changes["stratum"],
                self.endpoint.level,
            )
        return self._figure(part, random=changes.get("random", self.endpoint.random))

    def test(  # the result that is there tells every test
        self,
        result: Any,
        part: Any,  # noqa: ARG002
        side: Side,
        bound: float,
        **changes: Any,  # noqa: ARG002
    ) -> TestResult:
        """Return the one-sided test of a bound that agrees with the interval of a result."""
        own = result.method.startswith("froc.")
        return against_bound(result, side, bound, "froc.figure_test" if own else "")

    def _figure(self, part: MarkedReads, *, random: str) -> Any:
        """Return the figure of some reads."""
        from clinval import stats

        call, level = f"froc.{self.endpoint.figure}", self.endpoint.level
        nothing = unusable(call, part, level)
        if nothing is not None:
            return nothing
        function: Any = stats.find(call)
        return function(
            **part.tables(), random=random, test=_TEST, reference=_REFERENCE, level=level
        )

    def options(self, part: Any, changes: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return what figures are told of some marks, as declared but for what is changed."""
        return {"random": self.endpoint.random, "level": self.endpoint.level, **changes}

    def count(self, part: Any, group: Group) -> None:
        """Record how many subjects and lesions there are."""
        super().count(part, group)
        lesions = int(part.lesions[part.cases].sum())
        self.context.recorder.add("lesions", lesions, group=group, unit="rows", n=lesions)

    def _columns(self, result: Any, ending: str) -> dict[str, Any]:
        """Return the figure, its limits and its error by arm, None where there are none."""
        names = {"estimate": "fom", "ci_low": "ci_low", "ci_high": "ci_high", "se": "se"}
        return {name: getattr(result, f"{column}_{ending}", None) for name, column in names.items()}


def record_figures(study: FrocStudy) -> None:
    """Record the other figures that the endpoint asks for: difference, interval, arms."""
    recorder, part = study.context.recorder, study.reads
    for figure in study.endpoint.also_figures:
        if figure == study.endpoint.figure:
            continue
        beside = study.endpoint.model_copy(update={"figure": figure})
        other = FrocStudy(
            endpoint=beside, context=study.context, reads=part, covariance="jackknife"
        )
        result, group = other.fit(part), {"figure": figure}
        other.record(result, part, group, decides=False)
        recorder.result(result, {"p_value_difference": "p"}, group=group, n=len(part.cases))
        other.record_arms(result, part, group)


def record_points(study: FrocStudy) -> None:
    """Record the points of the FROC and AFROC curves of each arm, and of each reader in it."""
    import numpy as np

    from clinval.stats.reader_study import froc

    part, recorder = study.reads, study.context.recorder
    for arm, label in enumerate(part.arms):
        own = np.unique(part.reader[part.arm == arm]).tolist()
        for reader in (None, *own) if own else ():
            found = froc.curve(**part.tables(), modality=arm, reader=reader)
            if found.undefined:
                continue
            name = label if reader is None else f"{label}.{part.readers[reader]}"
            kept = np.unique(
                np.linspace(0, len(found.lesions) - 1, min(len(found.lesions), _POINTS)).astype(int)
            )
            for kind, column in (("froc", "nonlesion_marks"), ("afroc", "false_positive")):
                recorder.points(
                    f"{kind}.{name}",
                    {
                        column: np.array(getattr(found, column))[kept],
                        "lesions": np.array(found.lesions)[kept],
                    },
                )
