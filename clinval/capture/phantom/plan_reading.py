"""Read the plan of a phantom; every slip is named with its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from clinval.capture.phantom.plan import (
    MEASURES,
    Cnr,
    Detectability,
    Measure,
    Mtf,
    Nps,
    Plan,
    Uniformity,
)
from clinval.capture.phantom.slices import SAID
from clinval.core.errors import UsageError
from clinval.core.problems import Place, Problems
from clinval.core.resources import folder
from clinval.protocol.parts import PartReader
from clinval.protocol.source import Path as At, Source, read

__all__ = ["library_plans", "plan_path", "read_plan"]

_LIBRARY = "phantoms"


def library_plans() -> list[str]:
    """Return the names of the plans that come with the program.

    Examples
    --------
    >>> library_plans()
    ['water-cylinder']
    """
    return sorted(path.stem for path in (folder("site_templates") / _LIBRARY).glob("*.yaml"))


def plan_path(name: str) -> Path:
    """Return the file of a plan: one of the library by its name, or a path."""
    if name in library_plans():
        return folder("site_templates") / _LIBRARY / f"{name}.yaml"
    return Path(name)


def read_plan(path: Path) -> Plan:
    """Read a plan.

    Raises
    ------
    UsageError
        With every slip in it, each at its line, or when there is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        place, names = Place(file=path.name), ", ".join(library_plans())
        raise UsageError.of("plan-unreadable", place, names=names) from error
    except UnicodeDecodeError as error:
        raise UsageError.of("not-utf8", Place(file=path.name)) from error
    problems = Problems()
    source = read(text, path.name, problems)
    plan = _parsed(source, problems)
    if plan is None or list(problems):
        raise UsageError(problems)
    return plan


def _parsed(source: Source, problems: Problems) -> Plan | None:
    content = source.content
    if not isinstance(content, dict):
        if content is not None:
            problems.report("yaml-not-mapping", source.place(()))
        return None
    reader = PartReader(source, problems)
    plan: Plan | None = reader.read(Plan, content, ())
    if plan is None:
        return None
    measures = _measures(plan.measures, reader)
    _check(plan, measures, reader)
    return plan.model_copy(update={"measures": tuple(measures.values())})


def _measures(written: Sequence[Any], reader: PartReader) -> dict[int, Measure]:
    """Return the measures by their place in the list, each read as its kind has it."""
    found: dict[int, Measure] = {}
    for index, item in enumerate(written):
        at: At = ("measures", index)
        kind = item.get("kind") if isinstance(item, dict) else None
        if kind not in MEASURES:
            close = get_close_matches(str(kind), MEASURES, n=1)
            place, kinds = reader.source.place((*at, "kind")), ", ".join(close or MEASURES)
            reader.problems.report("plan-measure-unknown", place, wanted=kind, kinds=kinds)
            if not close:
                continue
            kind = item["kind"] = close[0]  # which leaves no doubt, and may hide no other slip
        measure = reader.read(MEASURES[kind], item, at)
        if measure is not None:
            found[index] = measure
    return found


# ---------------------------------------------------------------------- what does not fit together


def _check(plan: Plan, measures: Mapping[int, Measure], reader: PartReader) -> None:
    def report(kind: str, at: At, **parameters: Any) -> None:
        # what was left out because of a slip of its own is there, and not unknown
        if parameters.get("name") not in reader.unsound:
            reader.problems.report(kind, reader.source.place(at), **parameters)

    for key, ids in (
        ("layers", [layer.id for layer in plan.layers]),
        ("regions", [region.id for region in plan.regions]),
        ("measures", [measure.id for measure in measures.values()]),
    ):
        for name, times in Counter(ids).items():
            if times > 1:
                report("plan-twice", (key, len(ids) - 1 - ids[::-1].index(name), "id"), name=name)
    if plan.find.by == "cylinder" and plan.find.diameter_mm is None:
        report("key-missing", ("find",), key="diameter_mm")
    for index, layer in enumerate(plan.layers):
        if layer.from_mm >= layer.to_mm:
            report("plan-layer-empty", ("layers", index, "to_mm"), layer=layer.id)
    _check_regions(plan, report)
    for index, settings in enumerate(plan.settings):
        for name in settings.series:
            if name not in SAID:
                close = get_close_matches(name, SAID, n=1) or SAID
                at: At = ("settings", index, "series", name)
                report("plan-name-unknown", at, name=name, names=", ".join(close))
    for index, measure in measures.items():
        _check_measure(plan, measure, measures, ("measures", index), report)


def _check_regions(plan: Plan, report: Any) -> None:
    layers = [layer.id for layer in plan.layers]
    diameter = plan.find.diameter_mm
    for index, region in enumerate(plan.regions):
        at: At = ("regions", index)
        if region.layer is not None and region.layer not in layers:
            names = ", ".join(layers) or "-"
            report("plan-name-unknown", (*at, "layer"), name=region.layer, names=names)
        if diameter is not None and region.reach > diameter / 2:
            report(
                "plan-region-outside", (*at, "id"), region=region.id,
                reach=f"{region.reach:.1f}", radius=f"{diameter / 2:g}",
            )  # fmt: skip


def _check_measure(
    plan: Plan, measure: Measure, measures: Mapping[int, Measure], at: At, report: Any
) -> None:
    """Report regions that there are not, and measures that do not fit what they rest on."""
    known = {region.id: region for region in plan.regions}
    used = list(measure.regions_used())
    for key, name in used:
        if name not in known:
            close = get_close_matches(name, known, n=1) or list(known)
            report("plan-name-unknown", (*at, *key), name=name, names=", ".join(close))
    regions = [known[name] for _, name in used if name in known]
    if isinstance(measure, Mtf | Nps) and any(region.shape != "square" for region in regions):
        report("plan-region-not-square", (*at, used[0][0][0]), measure=measure.id)
    if isinstance(measure, Nps) and len({region.size_mm for region in regions}) > 1:
        report("plan-regions-differ", (*at, "regions"), measure=measure.id)
    sound = (None, *(layer.id for layer in plan.layers))
    layers = {region.layer for region in regions if region.layer in sound}
    if isinstance(measure, Nps | Uniformity | Cnr) and len(layers) > 1:
        report("plan-layers-differ", (*at, "id"), measure=measure.id)
    if isinstance(measure, Cnr) and measure.signal == measure.background:
        report("plan-regions-same", (*at, "background"), measure=measure.id)
    if isinstance(measure, Detectability):
        for name, wanted in (("mtf", Mtf), ("nps", Nps)):
            names = [one.id for one in measures.values() if isinstance(one, wanted)]
            if getattr(measure, name) not in names:
                wrong = getattr(measure, name)
                report("plan-name-unknown", (*at, name), name=wrong, names=", ".join(names) or "-")
