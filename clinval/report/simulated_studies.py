"""What simulated reader studies came to, as blocks of the plan: tables and curves."""

from __future__ import annotations

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Rich, Row, Strong, Table
from clinval.report.figures import Panel, Panels, PowerCurve
from clinval.report.numbers import factor, printed
from clinval.report.pieces.common import printed_text, undefined_notes
from clinval.report.view import View

__all__ = ["simulated_studies"]

_DESIGN = "design"
_BESIDE = 2  # curves in a row


def simulated_studies(view: View) -> list[Block]:
    """Return what was simulated, what it came to and its curves; nothing where nothing was."""
    endpoints = [one for one in view.protocol.endpoints if _of(view, one, "status") is not None]
    if not endpoints:
        return []
    blocks = [_designs(view, endpoints)]
    if any(_scenarios(view, endpoint) for endpoint in endpoints):
        blocks.append(_rates(view, endpoints))
    return [*blocks, *(_curves(view, one) for one in endpoints if _scenarios(view, one))]


def _of(view: View, endpoint: Endpoint, name: str) -> Record | None:
    return view.record(_DESIGN, "", f"simulated.{name}", {"endpoint": endpoint.id})


def _word(view: View, endpoint: Endpoint, name: str) -> str:
    record = _of(view, endpoint, name)
    return "" if record is None else str(record.value)


def _scenarios(view: View, endpoint: Endpoint) -> list[dict[str, str]]:
    """Return the groups of the true differences of an endpoint, in the order of the records."""
    found = view.results.where(endpoint=_DESIGN, statistic="rate")
    return [dict(one.group) for one in found if one.group["endpoint"] == endpoint.id]


# ---------------------------------------------------------------------- tables


def _designs(view: View, endpoints: list[Endpoint]) -> Block:
    """Return what the studies of each endpoint have in common."""
    names = ("readers", "cases", "diseased", "reads", "accuracy")
    rows = []
    for endpoint in endpoints:
        design = _word(view, endpoint, "design")
        numbers: list[Rich] = [(view.number(_of(view, endpoint, name)),) for name in names]
        rows.append(
            Row(
                cells=(
                    (Strong(endpoint.id), " " + view.say(endpoint.label)),
                    view.texts(f"plan.simulated.design.{design}") if design else "",
                    *numbers,
                    _assumed(view, endpoint),
                )
            )
        )
    headers = [view.texts(f"plan.simulated.column.{name}") for name in ("design", *names)]
    columns = (
        Column(header=view.texts("table.endpoint"), share=2.6),
        Column(header=headers[0], share=1.7),
        *(Column(header=header, share=1.15, align="right") for header in headers[1:]),
        Column(header=view.texts("plan.simulated.column.assumed"), share=3.4),
    )
    first = next(
        (_of(view, one, "studies") for one in endpoints if _of(view, one, "studies")), None
    )
    notes: tuple[Rich, ...] = ()
    if first is not None:
        seed = view.record(_DESIGN, "", "simulated.seed", {"endpoint": first.group["endpoint"]})
        notes = (
            view.texts.rich(
                "plan.simulated.note", n=view.number(first), seed=str(seed.value if seed else "")
            ),
        )
    caption = view.texts("plan.simulated.designs")
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)


def _assumed(view: View, endpoint: Endpoint) -> Rich:
    rate = _of(view, endpoint, "rate")
    if rate is not None:
        return view.texts("plan.simulated.not", reason=view.reason(rate))
    return view.texts(f"plan.simulated.{_word(view, endpoint, 'status')}")


def _rates(view: View, endpoints: list[Endpoint]) -> Block:
    """Return how often studies show what is to be shown, by true difference."""
    names = ("mean_estimate", "sd_estimate", "mean_se", "coverage")
    rows = []
    for endpoint in endpoints:
        for group in _scenarios(view, endpoint):
            record = {
                name: view.record(_DESIGN, "", name, group)
                for name in ("true_difference", "role", "wanted", "rate", "rate_error", *names)
            }
            role = record["role"]
            wanted = record["wanted"]
            what = view.texts.rich(
                f"plan.simulated.role.{'' if role is None else role.value}",
                wanted="" if wanted is None else view.number(wanted),
            )
            rows.append(
                Row(
                    cells=(
                        (Strong(endpoint.id),),
                        group.get("structure", view.texts("plan.simulated.protocol")),
                        (view.number(record["true_difference"], suffix=False),),
                        what,
                        (view.number(record["rate"]), " ± ", view.number(record["rate_error"])),
                        *((view.number(record[name], suffix=False),) for name in names),
                    )
                )
            )
    columns = (
        Column(header=view.texts("table.endpoint"), share=1),
        Column(header=view.texts("plan.simulated.column.scores"), share=1.2),
        Column(header=view.texts("plan.simulated.column.true_difference"), align="right"),
        Column(header=view.texts("plan.simulated.column.role"), share=2.6),
        Column(header=view.texts("plan.simulated.column.rate"), share=1.8, align="right"),
        *(
            Column(header=view.texts(f"plan.simulated.column.{name}"), share=1.2, align="right")
            for name in names
        ),
    )
    structures = any("structure" in one for e in endpoints for one in _scenarios(view, e))
    notes: tuple[Rich, ...] = (
        view.texts("plan.simulated.rates.note"),
        *((view.texts("plan.simulated.structures"),) if structures else ()),
        *undefined_notes(view, rows),
    )
    caption = view.texts("plan.simulated.rates")
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)


# ---------------------------------------------------------------------- curves


def _curves(view: View, endpoint: Endpoint) -> Block:
    """Return the share of studies that show it over the true difference, by structure."""
    groups = _scenarios(view, endpoint)
    panels, records, spoken = [], [], []
    for structure in dict.fromkeys(group.get("structure", "") for group in groups):
        own = [group for group in groups if group.get("structure", "") == structure]
        title = view.texts(f"plan.simulated.structure.{structure}") if structure else endpoint.id
        curve, used = _curve(view, own)
        panels.append(Panel(title=title, chart=curve))
        records += used
        marks = view.listed((label for *_, label in curve.marks), parts=True)
        spoken.append(view.texts("plan.figure.curve", endpoint=title, marks=marks))
    return Figure(
        caption=view.texts(
            "plan.simulated.figure", endpoint=endpoint.id, label=view.say(endpoint.label)
        ),
        chart=Panels(panels=tuple(panels), columns=min(_BESIDE, len(panels))),
        alternative=view.texts(
            "plan.simulated.alternative", curves=view.listed(spoken, parts=True)
        ),
        records=tuple(records),
    )


def _curve(view: View, groups: list[dict[str, str]]) -> tuple[PowerCurve, list[str]]:
    points: list[tuple[float, float]] = []
    marks: list[tuple[float, float, str]] = []
    records: list[str] = []
    wanted, wanted_label, unit = 0.0, "", ""
    for group in groups:
        found = {
            name: view.record(_DESIGN, "", name, group)
            for name in ("true_difference", "rate", "role", "wanted")
        }
        difference, rate, role = found["true_difference"], found["rate"], found["role"]
        if difference is None or rate is None or role is None:
            continue
        x, y = (
            float(one.value) for one in (difference, rate) if isinstance(one.value, float | int)
        )
        unit = difference.unit
        points.append((x * factor(unit), y))
        records += [difference.id, rate.id]
        at, share = printed(x, unit, suffix=False), printed_text(view.number(rate))
        if role.value != "other":
            words = view.texts(f"plan.simulated.mark.{role.value}", at=at, rate=share)
            marks.append((x * factor(unit), y, words))
        level = found["wanted"]
        if level is not None and isinstance(level.value, float):
            wanted, said = level.value, printed_text(view.number(level))
            wanted_label = view.texts(f"plan.simulated.wanted.{role.value}", wanted=said)
    points.sort()
    curve = PowerCurve(
        subjects=tuple(x for x, _ in points),
        power=tuple(y for _, y in points),
        wanted=wanted,
        wanted_label=wanted_label,
        marks=tuple(marks),
        x_axis=view.texts("plan.simulated.x.points" if unit else "plan.simulated.x"),
        y_axis=view.texts("plan.simulated.y"),
    )
    return curve, records
