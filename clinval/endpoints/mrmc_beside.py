"""What stands beside the result of a reader study: what else could have been declared.

The inference to other readers and cases, to other cases and to other readers; the other methods
and covariances; the other versions of the truth; the cases that were read completely.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clinval.endpoints.mrmc_study import ROCKETTE
from clinval.endpoints.reader_reads import truth_of_cases
from clinval.endpoints.reads_planned import not_made

if TYPE_CHECKING:
    from clinval.endpoints.mrmc_study import ReaderStudy
    from clinval.endpoints.reader_reads import StudyReads

__all__ = ["record_complete", "record_methods", "record_targets", "record_truths"]

TARGETS = ("readers_cases", "cases", "readers")


def record_targets(study: ReaderStudy) -> Any:
    """Record the three inferences beside each other; return the one to other cases.

    A method that knows only one of them (U- and V-statistic) leaves the others to the model of
    Obuchowski and Rockette; the method stands with each number.
    """
    declared, part = study.endpoint, study.reads
    moments = declared.method in ("u_statistic", "v_statistic")
    fixed = None
    for target in TARGETS:
        changes: dict[str, Any] = {"random": target}
        if moments and target != declared.random:
            changes |= {"method": ROCKETTE, "negative_variance": "report"}
        result, group = study.fit(part, **changes), {"target": target}
        study.record(result, part, group)
        study.record_tests(result, part, group, **changes)
        if target == "cases":
            fixed = result
    if declared.method == ROCKETTE:
        return fixed
    return study.fit(part, random="cases", method=ROCKETTE, negative_variance="report")


def record_methods(study: ReaderStudy) -> None:
    """Record the result by the methods and covariances that were not declared."""
    part = study.reads
    for name, changes in _others(study):
        result, group = study.fit(part, **changes), {"method": name}
        study.record(result, part, group)
        study.record_tests(result, part, group, **changes)


def _others(study: ReaderStudy) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the other ways that fit metric and design, by name."""
    declared, metric = study.endpoint, study.endpoint.metric
    crossed = study.reads.crossed
    if study.reads.targets:
        return  # only the clustered covariance knows that targets share a subject
    plain = {"negative_variance": "report"}
    delong = ["delong"] if crossed and metric != "partial_auc" else []
    for covariance in (*delong, "jackknife", *(["unbiased"] if metric == "auc" else [])):
        if declared.method != ROCKETTE or covariance != study.covariance:
            changes = plain | {"method": ROCKETTE, "covariance": covariance}
            yield covariance, changes
    moments = ["u_statistic", "v_statistic"] if metric != "partial_auc" else []
    for method in (*moments, *(["dorfman_berbaum_metz"] if crossed else [])):
        if method != declared.method:
            yield method, plain | {"method": method}


def record_complete(study: ReaderStudy) -> None:
    """Record the result of the cases of which no planned read is missing, where some are."""
    missing = not_made(study.reads, study.context.data)
    if missing is None or not missing.any():
        return
    part = study.reads.of_cases(missing == 0)
    if not len(part.score):
        return
    group = {"analysis": "complete_cases"}
    study.count(part, group)
    result = study.fit(part)
    study.record(result, part, group)
    study.record_tests(result, part, group)


def record_truths(study: ReaderStudy, every: StudyReads) -> None:
    """Record the result by the other versions of the truth, and those that change what it shows.

    That is the verdict, or on which side of zero the interval lies, if on any.

    Parameters
    ----------
    study
        The study by the declared reference.
    every
        The reads of cases with and without a truth.
    """
    import numpy as np

    recorder, data = study.context.recorder, study.context.data
    changed = []
    for version in study.endpoint.truth_versions:
        group = {"truth": version.id}
        other = study.endpoint.model_copy(update={"reference": version.reference})
        truth = truth_of_cases(other, every, data)
        part = every.judged(truth)
        study.count(part, group)
        both = ~np.isnan(truth) & ~np.isnan(every.truth)
        differ = int((both & (truth != every.truth)).sum())
        recorder.add("changed", differ, group=group, unit=study.unit_of_case, n=int(both.sum()))
        again = replace(study, reads=part)
        result = again.fit(part)
        again.record(result, part, group)
        again.record_tests(result, part, group)
        again.record_arms(result, part, group)
        if _shown(study, group) != _shown(study, {}):
            changed.append(version.id)
    if study.endpoint.truth_versions:
        recorder.add("verdict_by_truth", ", ".join(changed) or "none", n=len(changed))


def _shown(study: ReaderStudy, group: dict[str, str]) -> tuple[object, int | None]:
    """Return what a recorded interval shows: the verdict, and the side of zero that it lies on."""
    names = ("verdict", "ci_low", "ci_high")
    verdict, low, high = (study.context.recorder.value(name, group) for name in names)
    if not isinstance(low, float) or not isinstance(high, float):
        return verdict, None
    return verdict, (low > 0) - (high < 0)
