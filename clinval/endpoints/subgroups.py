"""The result in declared subgroups, and whether it differs between them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from clinval.core.results import Estimate
from clinval.endpoints.two_arms import Comparison, Subjects, record_counts
from clinval.protocol.lint import ENROLMENT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.subgroups import Subgroup
    from clinval.study.data import StudyData

__all__ = ["levels_of", "record_subgroups"]

_TOO_FEW = "fewer subjects than the protocol asks for"
_NOT_KNOWN = "missing"  # the level of subjects of whom it is not known


def record_subgroups(comparison: Comparison) -> None:
    """Record every level of every subgroup of the endpoint, and a test of interaction.

    Below the subgroup's minimum there are counts, but no estimate: it would not be one of the
    subgroup, but of a few people.
    """
    data, units = comparison.context.data, comparison.sample.units
    for name in comparison.endpoint.subgroups:
        subgroup = data.protocol.subgroups[name]
        levels, code = levels_of(subgroup, data)
        code = code[units.subject]
        parts = {level: comparison.sample.of(code == index) for index, level in enumerate(levels)}
        results = {
            level: _record_level(comparison, {"subgroup": name, "level": level}, part, subgroup)
            for level, part in parts.items()
        }
        unknown = int((code < 0).sum())
        group = {"subgroup": name, "level": _NOT_KNOWN}
        comparison.context.recorder.add("n", unknown, group=group, unit="subjects", n=unknown)
        _record_interaction(comparison, name, parts, results)


def _record_level(
    comparison: Comparison, group: dict[str, str], part: Subjects, subgroup: Subgroup
) -> Estimate | None:
    recorder = comparison.context.recorder
    recorder.add("n", part.n, group=group, unit="subjects", n=part.n)
    record_counts(recorder, part, group)
    if part.n < subgroup.minimum:
        for name in ("estimate", "ci_low", "ci_high"):
            recorder.add(name, None, group=group, unit=comparison.unit, n=part.n, reason=_TOO_FEW)
        return None
    # a level within a single center has no centers to tell apart
    several = len(set(part.units.site.tolist())) > 1
    result: Estimate = comparison.fit(part, comparison.call if several else comparison.alone)
    comparison.record(result, group, part.n)
    return result


def _record_interaction(
    comparison: Comparison,
    name: str,
    parts: dict[str, Subjects],
    results: dict[str, Estimate | None],
) -> None:
    """Record a test that the effect is the same at all levels that are shown."""
    from clinval.stats.centers import heterogeneity

    recorder, group = comparison.context.recorder, {"subgroup": name}
    shown = {level: result for level, result in results.items() if result is not None}
    recorder.add("levels_shown", len(shown), group=group, unit="levels")
    names = {
        "statistic": "interaction_q",
        "df": "interaction_df",
        "p_value": "interaction_p_value",
    }
    units = {"statistic": "", "df": "", "p_value": "p"}
    if comparison.differ is not None:
        test = comparison.differ([parts[level] for level in shown])
        recorder.result(test, units, group=group, rename=names, n=comparison.sample.n)
        return
    lines = [comparison.on_line(result) for result in shown.values()]
    effects = [line for line in lines if line is not None]
    if len(effects) < 2:
        reason = "fewer than two levels with an error"
        recorder.add("interaction_p_value", None, group=group, unit="p", reason=reason)
        return
    estimates, errors = zip(*effects, strict=True)
    fixed = heterogeneity.fixed_effect(estimates, errors)
    recorder.add("interaction_df", len(effects) - 1, group=group, method=fixed.method)
    renamed = {"q": "interaction_q", "q_p_value": "interaction_p_value"}
    recorder.result(fixed, {"q": "", "q_p_value": "p"}, group=group, rename=renamed, n=len(effects))


def levels_of(subgroup: Subgroup, data: StudyData) -> tuple[list[str], NDArray[np.intp]]:
    """Return the levels of a subgroup, and by subject the index of its level, -1 if not known."""
    import numpy as np

    sites = data.site_of_subject
    if subgroup.sites:
        names = data.site_names
        of_site = np.full(len(names), -1, dtype=np.intp)
        for index, members in enumerate(subgroup.sites.values()):
            of_site[[names.index(member) for member in members]] = index
        return list(subgroup.sites), of_site[sites]
    form = subgroup.form or ENROLMENT
    field = data.protocol.form(form).field(subgroup.field or "")
    column = data.column(form, subgroup.field or "")
    if field is not None and field.numeric:
        levels, of_row = _bands(np.asarray(column, dtype=np.float64), subgroup.bands)
    else:
        declared = list(field.codelist) if field is not None and field.codelist else []
        levels = declared or [str(name) for name in column.categories]
        place = [levels.index(str(name)) for name in column.categories]
        of_row = np.array([*place, -1], dtype=np.intp)[column.codes]
    if data.protocol.form(form).keys == ("site_id",):
        by_site = np.full(len(data.site_names) + 1, -1, dtype=np.intp)
        by_site[data.site_of_row(form)] = of_row
        code = by_site[:-1][sites]
    else:
        code = np.full(len(sites) + 1, -1, dtype=np.intp)
        code[data.subject_of_row(form)] = of_row
        code = code[:-1]
    present = np.unique(code[code >= 0])
    renumbered = np.full(len(levels) + 1, -1, dtype=np.intp)
    renumbered[present] = np.arange(len(present))
    return [levels[index] for index in present], renumbered[code]


def _bands(
    values: NDArray[np.float64], cuts: tuple[float, ...]
) -> tuple[list[str], NDArray[np.intp]]:
    """Return the bands between cuts, or without cuts the values themselves."""
    import numpy as np

    known = ~np.isnan(values)
    if not cuts:
        distinct = np.unique(values[known])
        index = np.searchsorted(distinct, values)
        return [f"{value:g}" for value in distinct], np.where(known, index, -1)
    inner = [f"{low:g}–<{high:g}" for low, high in pairwise(cuts)]
    names = [f"<{cuts[0]:g}", *inner, f"≥{cuts[-1]:g}"]
    return names, np.where(known, np.searchsorted(cuts, values, side="right"), -1)
