"""Which readers an endpoint of agreement shows: each pair or all, and how many before it is cut."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.protocol.endpoint import Endpoint
from clinval.report.view import View

__all__ = [
    "coefficient_name",
    "groups_of",
    "in_full",
    "shown",
    "together",
]

_ROWS = 12  # pairs in a table or forest; beyond, the lowest of them and all readers together
_BY_CENTER = 3  # groups with a forest of centers each; beyond, all readers together


def groups_of(endpoint: Endpoint, view: View) -> list[str]:
    """Return the readers of each coefficient: pairs, all of them, or one with his sessions."""
    found = (
        record.group["readers"]
        for record in view.results.where(
            endpoint=endpoint.id, analysis_set=endpoint.set, statistic="estimate"
        )
        if set(record.group) == {"readers"}
    )
    return list(dict.fromkeys(found))


def together(endpoint: Endpoint, view: View) -> Mapping[str, str] | None:
    """Return the group of all readers together, where pairs have a coefficient of their own."""
    for record in view.results.where(
        endpoint=endpoint.id, analysis_set=endpoint.set, statistic="estimate"
    ):
        if record.group.get("analysis") == "together" and len(record.group) == 2:
            return {"readers": record.group["readers"], "analysis": "together"}
    return None


def shown(endpoint: Endpoint, view: View) -> list[str]:
    """Return the groups of a table: all, or those that agree least where there are too many."""
    groups = groups_of(endpoint, view)
    if len(groups) <= _ROWS:
        return groups

    def value(readers: str) -> float:
        found = view.value(endpoint, "estimate", {"readers": readers})
        return 2.0 if found is None else found

    return sorted(groups, key=value)[:_ROWS]


def in_full(endpoint: Endpoint, view: View) -> list[Mapping[str, str]]:
    """Return the groups whose centers are drawn: each where they are few, else all together."""
    groups = groups_of(endpoint, view)
    everybody = together(endpoint, view)
    if everybody is not None and len(groups) > _BY_CENTER:
        return [everybody]
    return [{"readers": readers} for readers in groups[:_BY_CENTER]]


def coefficient_name(endpoint: Endpoint, view: View, group: Mapping[str, str] | None = None) -> str:
    """Return the coefficient's name with its variant: weights, form, metric."""
    found = view.results.where(endpoint=endpoint.id, statistic="estimate")
    wanted = {"readers"} if group is None else set(group)
    record = next(
        (
            r
            for r in found
            if r.method and set(r.group) == wanted and (group is None or r.group == group)
        ),
        None,
    )
    call = record.method.removesuffix("_bootstrap") if record else ""
    name = view.texts.method(call)["name"] if call else ""
    weights = getattr(endpoint, "weights", "unweighted")
    metric = getattr(endpoint, "metric", "nominal")
    if getattr(endpoint, "coefficient", "") == "icc":
        return view.texts("label.variant", name=name, variant=getattr(endpoint, "icc_form", ""))
    if weights != "unweighted":
        return view.texts("label.variant", name=name, variant=view.texts(f"weights.{weights}"))
    if metric != "nominal":
        return view.texts("label.variant", name=name, variant=view.texts(f"metric.{metric}"))
    return name
