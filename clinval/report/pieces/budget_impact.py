"""What a payer spends with the product and without it, year by year."""

from __future__ import annotations

from typing import Any

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Paragraph, Rich, Row, Table, runs
from clinval.report.figures import Tornado, TornadoRow
from clinval.report.pieces import Aspect
from clinval.report.pieces.common import in_parts, printed_text, with_reasons
from clinval.report.pieces.declared_inputs import inputs_table
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_PLAIN = ("eligible", "growth", "uptake")  # inputs that are no money


def headline(endpoint: Any, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the added spending of all years."""
    what = view.texts("budget.headline", years=endpoint.years, currency=endpoint.currency)
    limits = view.limits(endpoint, names=("impact_low", "impact_high"))
    return what, (view.statistic(endpoint, "impact"),), limits


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return that nothing is tested."""
    del endpoint
    return view.texts("hypothesis.none")


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the whole result: nothing of it comes from centers or subjects."""
    return [*result(endpoint, view), *_tornado(endpoint, view)] if which == "decision" else []


def result(endpoint: Any, view: View) -> list[Block]:
    """Return the budget by year, its scenarios, and where it comes from."""
    what = view.texts(
        "budget.what",
        payer=view.say(endpoint.payer),
        population=view.say(endpoint.population),
        price_year=endpoint.price_year,
        currency=endpoint.currency,
    )
    return [
        Paragraph(text=what),
        _years(endpoint, view),
        *_saving(endpoint, view),
        *_scenarios(endpoint, view),
        _inputs(endpoint, view),
    ]


def _years(endpoint: Any, view: View) -> Block:
    rows = []
    for year in range(1, endpoint.years + 1):
        cells: list[Rich] = [
            (view.statistic(endpoint, f"{name}.{year}"),)
            for name in ("people", "input.uptake", "with", "without")
        ]
        label = str(endpoint.first_year + year - 1)
        rows.append(Row(cells=(label, *cells, _impact(endpoint, view, f".{year}"))))
    total = view.texts("budget.total")
    rows.append(Row(cells=(total, "", "", "", "", _impact(endpoint, view, "")), summary=True))
    names = ("people", "uptake", "with", "without", "impact")
    columns = (
        Column(header=view.texts("investment.year"), share=1.4),
        *(
            Column(header=view.texts(f"budget.column.{name}"), share=share, align="right")
            for name, share in zip(names, (1.5, 1.2, 2, 2, 3.4), strict=True)
        ),
    )
    caption = view.texts(
        "table.budget", endpoint=view.say(endpoint.label), currency=endpoint.currency
    )
    note = view.texts("budget.note", level=f"{endpoint.level:.0%}", draws=f"{endpoint.draws:,}")
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=(note,), dense=True)


def _impact(endpoint: Endpoint, view: View, suffix: str) -> Rich:
    """Return the added spending, with the limits of the draws where something is uncertain."""
    number = view.statistic(endpoint, f"impact{suffix}")
    record = view.record(endpoint.id, endpoint.set, f"impact_low{suffix}")
    if record is None or record.undefined:
        return (number,)
    limits = view.limits(endpoint, names=(f"impact_low{suffix}", f"impact_high{suffix}"))
    return runs(view.texts.rich("result.interval", estimate=number, interval=limits))


def _saving(endpoint: Any, view: View) -> list[Block]:
    text = view.texts.rich(
        "budget.saving",
        share=view.statistic(endpoint, "probability_saving"),
        person=view.statistic(endpoint, "per_person"),
        currency=endpoint.currency,
    )
    return [Paragraph(text=with_reasons(view, text))]


def _scenarios(endpoint: Any, view: View) -> list[Block]:
    if not endpoint.scenarios:
        return []
    years = range(1, endpoint.years + 1)
    parts: list[tuple[str, dict[str, str]]] = [(view.texts("budget.base"), {})]
    notes: list[Rich] = []
    for scenario in endpoint.scenarios:
        label, group = view.say(scenario.label), {"scenario": scenario.id}
        parts.append((label, group))
        replaced = in_parts(
            view,
            (
                view.texts.rich(
                    "budget.replaced",
                    name=_label(name, endpoint, view),
                    value=view.statistic(endpoint, f"input.{name}", group),
                    source=view.say(entered.source),
                )
                for name, entered in scenario.inputs.entered()
            ),
        )
        notes.append(view.texts.rich("label.value", name=label, value=replaced))
    rows = tuple(
        Row(
            cells=(
                label,
                *((view.statistic(endpoint, f"impact.{year}", group),) for year in years),
                (view.statistic(endpoint, "impact", group),),
            )
        )
        for label, group in parts
    )
    columns = (
        Column(header=view.texts("budget.scenario"), share=3),
        *(
            Column(header=str(endpoint.first_year + year - 1), share=1.4, align="right")
            for year in years
        ),
        Column(header=view.texts("budget.total"), share=1.6, align="right"),
    )
    caption = view.texts(
        "table.budget.scenarios", endpoint=view.say(endpoint.label), currency=endpoint.currency
    )
    return [Table(caption=caption, columns=columns, rows=rows, notes=tuple(notes), dense=True)]


def _label(name: str, endpoint: Any, view: View) -> str:
    """Return what an input is called, of a list with its calendar year."""
    key, _, year = name.partition(".")
    label = view.texts(f"budget.input.{key}")
    return f"{label} {endpoint.first_year + int(year) - 1}" if year else label


def _tornado(endpoint: Any, view: View) -> list[Block]:
    """Return the swing of each uncertain input; one alone is no picture."""
    rows, drawn = [], []
    for name, _ in endpoint.entered():
        low, high = (
            view.record(endpoint.id, endpoint.set, f"tornado_{end}.{name}")
            for end in ("low", "high")
        )
        if low is None or high is None:
            continue
        drawn += [low.id, high.id]
        ends = [
            printed_text(view.statistic(endpoint, f"input_{end}.{name}")) for end in ("low", "high")
        ]
        rows.append(
            TornadoRow(
                label=_label(name, endpoint, view),
                low=view.value(endpoint, f"tornado_low.{name}"),
                high=view.value(endpoint, f"tornado_high.{name}"),
                low_input=ends[0],
                high_input=ends[1],
            )
        )
    base = view.value(endpoint, "impact")
    if len(rows) < 2 or base is None:
        return []
    impact = printed_text(view.statistic(endpoint, "impact"))
    words = [
        view.texts("label.value", name=row.label, value=f"{row.low_input}–{row.high_input}")
        for row in rows
    ]
    axis = view.texts("budget.headline", years=endpoint.years, currency=endpoint.currency)
    chart = Tornado(
        rows=tuple(rows),
        base=base,
        base_label=view.texts("label.value", name=view.texts("budget.base"), value=impact),
        low_label=view.texts("budget.low"),
        high_label=view.texts("budget.high"),
        axis=axis,
    )
    return [
        Figure(
            caption=view.texts("figure.budget", endpoint=view.say(endpoint.label)),
            chart=chart,
            alternative=view.texts(
                "figure.budget.alternative", base=impact, rows=view.listed(words, parts=True)
            ),
            anchor=f"fig.{endpoint.id}",
            notes=(view.texts("figure.budget.note", level=f"{endpoint.level:.0%}"),),
            records=tuple(drawn),
        )
    ]


def _unit(name: str, endpoint: Any) -> str:
    return "" if name.startswith(_PLAIN) else str(endpoint.currency)


def _inputs(endpoint: Any, view: View) -> Block:
    rows = [
        (_label(name, endpoint, view), name, _unit(name, endpoint), entered)
        for name, entered in endpoint.entered()
    ]
    caption = view.texts("table.budget.inputs", endpoint=view.say(endpoint.label))
    return inputs_table(endpoint, view, rows, caption)
