"""Scores against a reference standard: the ROC curve, operating points, calibration, benefit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.core.errors import AnalysisError
from clinval.core.problems import Place
from clinval.endpoints.cases import Cases
from clinval.endpoints.clusters import with_width
from clinval.endpoints.fourfold import CLUSTERED, Calls
from clinval.protocol.base import Section

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.results import Estimate
    from clinval.endpoints.recorder import Recorder

__all__ = ["OfScores", "Partial", "Scores", "record_probabilities", "record_scores"]

Group = Mapping[str, str]

_NOT_INDEPENDENT = "rows of one subject are not independent"
_POINTS = 400  # of a curve that is drawn; more are not seen
_SHARE = Annotated[float, Setting(ge=0, le=1)]


class Partial(Section):
    """The part of the ROC curve that an area is also given of."""

    focus: Literal["specificity", "sensitivity"] = "specificity"
    low: _SHARE = 0.9
    high: _SHARE = 1.0


class OfScores(Section):
    """The keys of an endpoint whose measure is a score, higher where the condition is likelier."""

    partial: Partial | None = None
    operating_points: Annotated[tuple[float, ...], Setting(strict=False)] = Setting(
        default=(), description="scores from which on a call is positive: shown on the curve"
    )
    probability: bool = Setting(
        default=False, description="the score is a probability: calibration and net benefit"
    )
    thresholds: Annotated[
        tuple[Annotated[float, Setting(gt=0, lt=1)], ...], Setting(strict=False)
    ] = Setting(default=(), description="threshold probabilities at which benefit is recorded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Scores beside their truth, one element a case with both.

    ``clustered`` cases are rows, several of which may belong to a subject.
    """

    truth: NDArray[np.bool_]
    score: NDArray[np.float64]
    subject: NDArray[np.intp]
    site: NDArray[np.intp]
    clustered: bool

    @classmethod
    def of_cases(cls, cases: Cases, *, clustered: bool) -> Scores:
        """Return the cases that have a reference and a score."""
        kept = cases.of(cases.known)
        return cls(
            truth=kept.truth == 1,
            score=kept.value,
            subject=kept.subject,
            site=kept.site,
            clustered=clustered,
        )

    def of(self, mask: NDArray[np.bool_]) -> Scores:
        """Return the cases of a mask."""
        return replace(
            self,
            truth=self.truth[mask],
            score=self.score[mask],
            subject=self.subject[mask],
            site=self.site[mask],
        )

    def __len__(self) -> int:
        return len(self.truth)

    def called(self, threshold: float) -> Calls:
        """Return the calls of an operating point: positive from the threshold on."""
        return Calls(
            truth=self.truth,
            call=self.score >= threshold,
            subject=self.subject,
            site=self.site,
            clustered=self.clustered,
        )

    def area(self, method: str, level: float) -> Estimate:
        """Return the area under the curve.

        One of 0 or 1 has no variance by DeLong: it gets the exact interval of separated classes,
        under its own name, and clustered rows get none.
        """
        from clinval.stats.accuracy import auc, clustered_auc

        if self.clustered:
            return with_width(
                clustered_auc.obuchowski(self.truth, self.score, cluster=self.subject, level=level)
            )
        result: Estimate = getattr(auc, method)(self.truth, self.score, level=level)
        if result.estimate in (0.0, 1.0) and method != "newcombe":
            return auc.separated(self.truth, self.score, level=level)
        return result


def record_scores(
    scores: Scores, endpoint: OfScores, group: Group, recorder: Recorder, level: float
) -> None:
    """Record the curve, its operating points, a part of its area, and what probabilities tell.

    Parameters
    ----------
    scores
        The cases of one test.
    endpoint
        Says which points and which part.
    group, recorder, level
        Where the records go, and the level of intervals.
    """
    from clinval.stats.accuracy import auc

    n = len(scores)
    unit = "rows" if scores.clustered else "subjects"
    ill = int(scores.truth.sum())
    recorder.add("diseased", ill, group=group, unit=unit, n=n)
    recorder.add("healthy", n - ill, group=group, unit=unit, n=n)
    curve = auc.curve(scores.truth, scores.score)
    if not curve.undefined:
        _record_curve(curve, group, recorder)
    method = CLUSTERED if scores.clustered else "clopper_pearson"
    for threshold in endpoint.operating_points:
        at = {**group, "threshold": f"{threshold:g}"}
        calls = scores.called(threshold)
        for statistic, count in calls.cells.items():
            recorder.add(statistic, count, group=at, unit=unit, n=n)
        for name in ("sensitivity", "specificity", "ppv", "npv"):
            calls.record(name, at, recorder, method, level)
    if endpoint.partial is not None:
        at = {**group, "area": "partial"}
        limits = ("estimate", "ci_low", "ci_high")
        if scores.clustered:
            for limit in limits:
                recorder.add(limit, None, group=at, reason=_NOT_INDEPENDENT)
        else:
            part = auc.partial_delong(
                scores.truth, scores.score, corrected=True, level=level,
                **endpoint.partial.model_dump(),
            )  # fmt: skip
            recorder.result(part, dict.fromkeys(limits, ""), group=at, n=part.n)


def _record_curve(curve: Any, group: Group, recorder: Recorder) -> None:
    """Record the points of the curve, thinned where there are more than can be seen."""
    import numpy as np

    false, true = 1 - np.array(curve.specificity), np.array(curve.sensitivity)
    threshold = np.array(curve.threshold)
    kept = np.unique(np.linspace(0, len(true) - 1, min(len(true), _POINTS)).round().astype(int))
    name = "roc." + group["test"] if "test" in group else "roc"
    columns = {"false_positive": false, "true_positive": true, "threshold": threshold}
    recorder.points(name, {key: values[kept] for key, values in columns.items()})


def record_probabilities(scores: Scores, endpoint: Any, recorder: Recorder, level: float) -> None:
    """Record calibration and net benefit of scores that are probabilities.

    Raises
    ------
    AnalysisError
        When a score is no probability.
    """
    import numpy as np

    from clinval.stats.accuracy import calibration, net_benefit

    outside = int(((scores.score < 0) | (scores.score > 1)).sum())
    if outside:
        raise AnalysisError.of(
            "score-no-probability", Place(file=f"endpoint {endpoint.id}"), rows=outside
        )
    truth, p, n = scores.truth, scores.score, len(scores)
    fitted = calibration.logistic(truth, p, level=level)
    limits = ("", "_ci_low", "_ci_high")
    names = [f"{name}{end}" for name in ("calibration_in_the_large", "slope") for end in limits]
    if scores.clustered:
        names = [name for name in names if "_ci_" not in name]
    recorder.result(fitted, dict.fromkeys(names, ""), n=n)
    for name, result in (
        ("brier", calibration.brier(truth, p)),
        ("observed_expected", calibration.observed_expected(truth, p)),
    ):
        recorder.result(result, {"estimate": ""}, rename={"estimate": name}, n=n)
    if not n:
        return
    grouped = calibration.curve(truth, p, level=level)
    points: dict[str, Any] = {
        "predicted": grouped.predicted_by_group,
        "observed": grouped.observed_by_group,
        "n": grouped.n_by_group,
    }
    if not scores.clustered:  # their intervals are binomial
        points["low"] = grouped.observed_ci_low_by_group
        points["high"] = grouped.observed_ci_high_by_group
    recorder.points("calibration", points)
    grid = np.round(np.arange(0.01, 1.0, 0.01), 2)
    benefit = net_benefit.vickers_elkin(truth, p, threshold=grid)
    recorder.points(
        "net_benefit",
        {"threshold": grid, "test": benefit.estimate, "all": benefit.treat_all},
    )
    for threshold in endpoint.thresholds:
        at = net_benefit.vickers_elkin(truth, p, threshold=[threshold])
        group = {"threshold_probability": f"{threshold:g}"}
        for name, values in (("net_benefit", at.estimate), ("treat_all", at.treat_all)):
            value = values[0] if values else None
            recorder.add(name, value, group=group, n=n, method=at.method, reason=at.reason)
