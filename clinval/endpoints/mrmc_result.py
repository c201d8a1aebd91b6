"""The result of a reader study: its design and counts, the difference, components of variance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.endpoints.engines import recompute
from clinval.endpoints.hypothesis import hypothesis
from clinval.endpoints.reads_planned import not_made

if TYPE_CHECKING:
    from clinval.endpoints.kind import Context
    from clinval.endpoints.mrmc_study import ReaderStudy
    from clinval.endpoints.reader_reads import StudyReads

__all__ = ["record_again", "record_design", "record_missing", "record_result"]

_COMPONENTS = (
    "ms_modality", "ms_reader", "ms_reader_modality", "var_reader", "var_reader_modality",
    "var_reader_observed", "var_error", "cov1", "cov2", "cov3", "variance",
)  # fmt: skip
_DESIGNS = {
    "crossed_readers": ("crossed",),
    "paired": ("crossed",),
    "split_plot": ("split_plot",),
    "parallel": ("cases_nested_in_modalities", "readers_nested_in_modalities"),
}  # what a declared design is called by its reads


def record_design(every: StudyReads, part: StudyReads, context: Context) -> None:
    """Record the design that the reads have, and their counts."""
    from clinval import stats

    recorder, declared = context.recorder, context.data.protocol.design.type
    recorder.add("design_declared", declared)
    reads = len(part.score)
    recorder.add("readers", len(part.read_by), n=reads)
    recorder.add("reads", reads, unit="rows", n=reads)
    for reason, count in (every.unused | {"no_truth": len(every.score) - reads}).items():
        recorder.add(f"unused.{reason}", count, unit="rows", n=reads)
    if not reads:
        recorder.add("design", None, reason="no read of a case with a known truth")
        return
    found: Any = stats.find("mrmc.design")(**part.arguments())
    recorder.add("design", found.name, n=reads, method=found.method)
    same = found.name in _DESIGNS.get(declared, ())
    recorder.add("design_as_declared", "yes" if same else "no", method=found.method)
    lacking = not_made(part, context.data)
    if lacking is None:
        missing, method = found.missing_reads, found.method
    else:
        missing, method = int(lacking.sum()), ""
    recorder.add("missing_reads", missing, unit="rows", n=reads, method=method)


def record_missing(part: StudyReads, context: Context) -> None:
    """Record the subjects of the set without a read and a truth, of all and by center."""
    import numpy as np

    recorder, names = context.recorder, context.data.site_names
    site = context.data.site_of_subject
    absent = context.member.copy()
    absent[part.subject[part.cases]] = False
    recorder.add("missing", int(absent.sum()), unit="subjects")
    by_site = np.bincount(site[absent], minlength=len(names))
    for name, value in zip(names, by_site.tolist(), strict=True):
        recorder.add("missing", value, group={"site": name}, unit="subjects")


def record_result(study: ReaderStudy) -> Any:
    """Record the result and return it: estimate, interval, tests, verdict, variances."""
    recorder, part, claim = study.context.recorder, study.reads, study.endpoint.hypothesis
    result = study.fit(part)
    recorder.add("covariance", study.covariance)
    for name, bound in (("bound_low", claim.above), ("bound_high", claim.below)):
        if bound is not None:
            recorder.add(name, bound, unit=study.unit_of_difference)
    word = study.record(result, part, {})
    study.record_tests(result, part, {})
    if study.endpoint.comparison == "non_inferiority" and word == "met":
        # after non-inferiority, superiority may be read from the same interval at no cost
        beyond = hypothesis("superiority", study.endpoint.direction, None, level=claim.level)
        recorder.add("superiority", beyond.verdict(result.ci_low, result.ci_high))
        ((side, bound),) = beyond.sides
        test = study.test(result, part, side, bound)
        renamed = {"p_value": "superiority_p_value"}
        recorder.result(test, {"p_value": "p"}, n=len(part.cases), rename=renamed)
    study.record_arms(result, part, {})
    there = {name: "variance" for name in _COMPONENTS if hasattr(result, name)}
    recorder.result(result, there, n=len(part.cases))
    below = list(getattr(result, "negative_components", ()))
    if (getattr(result, "variance", None) or 0.0) < 0:
        below.append("variance")
    recorder.add("negative_variance", ", ".join(below) or "none", n=len(below))
    recorder.add("negative_variance_policy", study.endpoint.negative_variance)
    return result


def record_again(study: ReaderStudy, result: Any) -> None:
    """Record what a second engine makes of the reads, and whether it agrees with the result."""
    if result.estimate is None:
        return
    part, recorder = study.reads, study.context.recorder
    options, arguments = study.options(part, {}), tuple(part.arguments().values())
    unit, n = study.unit_of_difference, len(part.cases)
    recompute(result, result.method, arguments, options, recorder=recorder, unit=unit, n=n)
