"""What simulated reader studies came to, as blocks of the plan: tables and curves."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.core.records import Record
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Number, Rich, Row, Strong, Table
from clinval.report.figures import Panel, Panels, PowerCurve
from clinval.report.numbers import factor, printed
from clinval.report.pieces.common import printed_text, undefined_notes, unit_words
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
    expected: dict[str, list[dict[str, str]]] = {}
    for endpoint in endpoints:
        groups = _scenarios(view, endpoint)
        named = f"{endpoint.id} {view.say(endpoint.label)}"
        if not groups:
            continue
        blocks.append(_rates(view, endpoint))
        if "structure" not in groups[0]:
            expected[named] = groups
            continue
        panels: dict[str, list[dict[str, str]]] = {}
        for group in groups:
            title = view.texts(f"plan.simulated.structure.{group['structure']}")
            panels.setdefault(title, []).append(group)
        caption = view.texts("plan.simulated.figure.of", endpoint=named)
        blocks.append(_curves(view, caption, panels))
    if expected:
        blocks.append(_curves(view, view.texts("plan.simulated.figure"), expected))
    return blocks


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
    found, said = (
        view.record(_DESIGN, "", name, {"endpoint": endpoint.id})
        for name in ("simulated.var_error", "assumption.var_error")
    )
    if found is not None and said is not None:
        numbers = {"found": _four(found), "said": _four(said)}
        return view.texts.rich("plan.simulated.pilot", **numbers)
    return view.texts(f"plan.simulated.{_word(view, endpoint, 'status')}")


def _four(record: Record) -> Number:
    """Return a variance with four digits."""
    return Number(f"{record.value:.4g}", record.id)


def _rates(view: View, endpoint: Endpoint) -> Block:
    """Return how often studies of an endpoint show what is to be shown, by true difference."""
    estimates = ("mean_estimate", "sd_estimate", "mean_se")
    rows, units = [], set()
    for group in _scenarios(view, endpoint):
        names = ("true_difference", "role", "wanted", "rate", "rate_error", *estimates, "coverage")
        record = {name: view.record(_DESIGN, "", name, group) for name in names}
        difference, role, wanted = (record[name] for name in ("true_difference", "role", "wanted"))
        units.add("" if difference is None else unit_words(view, difference.unit).strip())
        what = view.texts.rich(
            f"plan.simulated.role.{'' if role is None else role.value}",
            wanted="" if wanted is None else view.number(wanted),
        )
        rows.append(
            Row(
                cells=(
                    group.get("structure", view.texts("plan.simulated.protocol")),
                    (view.number(difference, suffix=False),),
                    what,
                    (view.number(record["rate"]), " ± ", view.number(record["rate_error"])),
                    *((view.number(record[name], suffix=False),) for name in estimates),
                    (view.number(record["coverage"]),),
                )
            )
        )
    shares = {
        "scores": 1.0, "true_difference": 1.3, "role": 2.4, "rate": 1.8,
        **dict.fromkeys(estimates, 1.3), "coverage": 1.1,
    }  # fmt: skip
    columns = tuple(
        Column(
            header=view.texts(f"plan.simulated.column.{name}"),
            share=share,
            align="left" if name in ("scores", "role") else "right",
        )
        for name, share in shares.items()
    )
    structures = any("structure" in group for group in _scenarios(view, endpoint))
    notes: tuple[Rich, ...] = (
        view.texts("plan.simulated.rates.note"),
        *(view.texts("plan.simulated.unit", unit=words) for words in sorted(units) if words),
        *((view.texts("plan.simulated.structures"),) if structures else ()),
        *undefined_notes(view, rows),
    )
    caption = view.texts(
        "plan.simulated.rates", endpoint=endpoint.id, label=view.say(endpoint.label)
    )
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)


# ---------------------------------------------------------------------- curves


def _curves(view: View, caption: str, groups_of: Mapping[str, list[dict[str, str]]]) -> Block:
    """Return the share of studies that show it over the true difference, a panel a title."""
    panels, records, spoken = [], [], []
    for title, groups in groups_of.items():
        curve, used = _curve(view, groups)
        panels.append(Panel(title=title, chart=curve))
        records += used
        marks = view.listed((label for *_, label in curve.marks), parts=True)
        spoken.append(view.texts("plan.figure.curve", endpoint=title, marks=marks))
    return Figure(
        caption=caption,
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
