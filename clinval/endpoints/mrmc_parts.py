"""A reader study by center, without each center, and in subgroups; whether these differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinval.endpoints.subgroups import levels_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.mrmc_study import Group, ReaderStudy

__all__ = ["record_centers", "record_subgroups"]

_LIMITS = ("estimate", "ci_low", "ci_high")
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
            for statistic in _LIMITS:
                recorder.add(
                    statistic, None, group=group, unit=study.unit_of_difference, reason=_TOO_FEW
                )
        unknown = reads.of_cases(of_case < 0).subjects
        group = {"subgroup": name, "level": _NOT_KNOWN}
        recorder.add("n", unknown, group=group, unit="subjects", n=unknown)
        few = len(set(shown[reads.cases].tolist()) - {-1})
        recorder.add("levels_shown", few, group={"subgroup": name}, unit="levels")
        _record_strata(study, shown, {"subgroup": name}, "interaction")


def _record_strata(
    study: ReaderStudy, stratum: NDArray[np.intp], group: Group, prefix: str
) -> None:
    """Record whether the difference is the same in all strata of cases, readers fixed.

    Parameters
    ----------
    study
        The study.
    stratum
        By case; cases below 0 belong to none.
    group, prefix
        Where the records go: ``q``, or ``interaction_q`` of a subgroup.
    """
    from clinval.stats.centers import heterogeneity

    recorder = study.context.recorder
    part = study.reads.of_cases(stratum >= 0)
    test = {"q": "", "q_df": "", "q_p_value": "p"}
    names = test if prefix == "q" else {f"{prefix}_{name}": unit for name, unit in test.items()}
    errors = []
    for place in sorted(set(stratum[part.cases].tolist())):
        own = part.of_cases(stratum == place)
        alone = study.fit(own, method="obuchowski_rockette", random="cases")
        if alone.estimate is not None and alone.se:
            errors.append((alone.estimate, alone.se))
    if len(errors) < 2:
        for name, unit in names.items():
            recorder.add(name, None, group=group, unit=unit, reason=_FEW)
        return
    found = heterogeneity.fixed_effect(*zip(*errors, strict=True))
    q, df, p = names
    recorder.result(
        found,
        {"q": "", "q_p_value": "p"},
        group=group,
        n=len(errors),
        rename={"q": q, "q_p_value": p},
    )
    recorder.add(df, len(errors) - 1, group=group, n=len(errors), method=found.method)
