"""A reader study by center, without each center, and in subgroups; whether these differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.endpoints.mrmc_study import LIMITS
from clinval.endpoints.subgroups import levels_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.mrmc_study import Group, ReaderStudy

__all__ = ["record_centers", "record_subgroups"]

_TOO_FEW = "fewer subjects than the protocol asks for"
_NOT_KNOWN = "missing"  # the level of subjects of whom it is not known
_FEW = "fewer than two levels with an error"


def record_centers(study: ReaderStudy) -> None:
    """Record every center by itself, all without it, whether centers differ, and the strata.

    Cases are compared within their center only in the stratified analysis, which stands beside
    the result.
    """
    recorder, names, reads = study.context.recorder, study.context.data.site_names, study.reads
    site = reads.site
    occupied = []
    for place, name in enumerate(names):
        part = reads.of_cases(site == place)
        study.count(part, {"site": name})
        if not len(part.score):
            continue
        occupied.append(place)
        result = study.fit(part)
        study.record(result, part, {"site": name}, decides=False)
        study.record_arms(result, part, {"site": name})
    if len(occupied) < 2:
        return
    overall, changed = recorder.value("verdict"), []
    for place in occupied:
        part = reads.of_cases(site != place)
        group = {"without_site": names[place]}
        word = study.record(study.fit(part), part, group)
        changed += [names[place]] if word != overall else []
    if overall is not None:
        recorder.add("centers_that_flip", ", ".join(changed) or "none", n=len(changed))
    _record_strata(study, site, {}, "q")


def record_subgroups(study: ReaderStudy) -> None:
    """Record every level of every subgroup, and a test of interaction.

    Below the subgroup's minimum there are counts, but no estimate.
    """
    recorder, data, reads = study.context.recorder, study.context.data, study.reads
    for name in study.endpoint.subgroups:
        subgroup = data.protocol.subgroups[name]
        levels, code = levels_of(subgroup, data)
        of_case = code[reads.subject]
        shown = of_case.copy()
        for index, level in enumerate(levels):
            part, group = reads.of_cases(of_case == index), {"subgroup": name, "level": level}
            study.count(part, group)
            if part.subjects >= subgroup.minimum:
                result = study.fit(part)
                study.record(result, part, group, decides=False)
                study.record_arms(result, part, group)
                continue
            shown[of_case == index] = -1
            _record_nothing(study, group)
        unknown = reads.of_cases(of_case < 0).subjects
        group = {"subgroup": name, "level": _NOT_KNOWN}
        recorder.add("n", unknown, group=group, unit="subjects", n=unknown)
        few = len(set(shown[reads.cases].tolist()) - {-1})
        recorder.add("levels_shown", few, group={"subgroup": name}, unit="levels")
        _record_strata(study, shown, {"subgroup": name}, "interaction")


def _record_nothing(study: ReaderStudy, group: Group) -> None:
    """Record that a level has too few subjects for an estimate."""
    places = [(group, study.unit_of_difference)]
    places += [({**group, "arm": arm}, study.unit) for arm in study.reads.arms]
    for place, unit in places:
        for name in LIMITS:
            study.context.recorder.add(name, None, group=place, unit=unit, reason=_TOO_FEW)


def _record_strata(
    study: ReaderStudy, stratum: NDArray[np.intp], group: Group, prefix: str
) -> None:
    """Record whether the difference is the same in all strata of cases, readers fixed.

    Of centers the result of comparisons within centers stands beside the pooled one.

    Parameters
    ----------
    study
        The study.
    stratum
        By case; cases below 0 belong to none.
    group, prefix
        Where the records go: ``q``, or ``interaction_q`` of a subgroup.
    """
    recorder, part = study.context.recorder, study.reads.of_cases(stratum >= 0)
    names = ("q", "q_df", "q_p_value")
    if prefix != "q":
        names = (f"{prefix}_q", f"{prefix}_df", f"{prefix}_p_value")
    if len(set(stratum[part.cases].tolist())) < 2:
        for name in names:
            unit = "p" if name.endswith("p_value") else ""
            recorder.add(name, None, group=group, unit=unit, reason=_FEW)
        return
    labels = stratum[part.case]
    found = study.fit(part, method="stratified", stratum=labels)
    for name, attribute in zip(names, ("q", "q_df", "q_p_value"), strict=True):
        value = getattr(found, attribute, None) if getattr(found, "q", None) is not None else None
        recorder.add(
            name,
            value,
            group=group,
            unit="p" if name.endswith("p_value") else "",
            n=len(part.cases),
            method=found.method,
            reason=found.reason or _FEW,
        )
    if prefix == "q":
        beside = {"analysis": "stratified"}
        study.record(found, part, beside)
        study.record_tests(found, part, beside, method="stratified")
