"""Return on investment, hospital by hospital."""

from __future__ import annotations

from clinval.protocol.economics import Economics
from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Paragraph, Rich, Row, Table, runs
from clinval.report.figures import CashFlow, Panel, Panels
from clinval.report.pieces import Aspect
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import (
    interval_words,
    printed_text,
    set_label,
    undefined_notes,
)
from clinval.report.pieces.finance_form import finance_form
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_LINES = ("flow", "cumulative", "cumulative_low", "cumulative_high")


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the net present value of all hospitals together."""
    record = view.record(endpoint.id, endpoint.set, "npv")
    what = view.texts("investment.npv", currency=record.unit if record else "")
    names = ("npv_low", "npv_high")
    return what, (view.statistic(endpoint, "npv"),), view.limits(endpoint, names=names)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return that nothing is tested."""
    del endpoint
    return view.texts("hypothesis.none")


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the whole result: it is one by hospital already."""
    return result(endpoint, view) if which == "decision" else []


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return each hospital's case, all together, its inputs, and the money over the years."""
    economics = view.protocol.economics
    years = economics.horizon_years if economics else 0
    blocks: list[Block] = [
        Paragraph(
            text=view.texts(
                "investment.what",
                years=years,
                set=set_label(view, endpoint.set),
                price_year=economics.price_year if economics else "",
                perspective=view.say(economics.perspective) if economics else "",
            )
        ),
        _table(endpoint, view),
        *_together(endpoint, view),
    ]
    return [*blocks, *_inputs(view), *finance_form(view), *_charts(endpoint, view, years)]


def _table(endpoint: Endpoint, view: View) -> Block:
    statistics = ("extra_exams", "investment", "yearly_flow", "npv", "probability_positive",
                  "payback")  # fmt: skip
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        record = view.record(endpoint.id, endpoint.set, "npv", group)
        if record is None or record.undefined:
            rows.append(Row(cells=(site.id, "", *[""] * 3, view.reason(record), "", "")))
            continue
        numbers: list[Rich] = [(view.statistic(endpoint, name, group),) for name in statistics]
        for index, name in ((0, "extra_exams"), (3, "npv")):
            limits = view.limits(endpoint, group, names=(f"{name}_low", f"{name}_high"))
            if not isinstance(limits, str):
                numbers[index] = (*runs(numbers[index]), " (", *limits, ")")
        rows.append(Row(cells=(site.id, record.unit, *numbers)))
    columns = (
        Column(header=view.texts("table.site"), share=1),
        Column(header=view.texts("table.currency"), share=1.1),
        *(
            Column(header=view.texts(f"investment.column.{name}"), share=share, align="right")
            for name, share in zip(statistics, (2.2, 1.4, 1.5, 3.2, 1.3, 1.2), strict=True)
        ),
    )
    notes: list[Rich] = [view.texts("investment.note", level=f"{endpoint.level:.0%}")]
    if any(_flat(endpoint, view, site.id) for site in view.protocol.sites):
        notes.append(view.texts("investment.flat"))
    return Table(
        caption=view.texts("table.investment"),
        columns=columns,
        rows=tuple(rows),
        notes=(*notes, *undefined_notes(view, rows)),
        dense=True,
    )


def _flat(endpoint: Endpoint, view: View, site: str) -> bool:
    """Whether the range of a hospital's extra exams has no width."""
    low, high = (
        view.value(endpoint, name, {"site": site})
        for name in ("extra_exams_low", "extra_exams_high")
    )
    return low is not None and low == high


def _together(endpoint: Endpoint, view: View) -> list[Block]:
    record = view.record(endpoint.id, endpoint.set, "npv")
    if record is None or record.undefined:
        return []
    worst = view.word(endpoint, "worst_site")
    text = view.texts.rich(
        "investment.together",
        positive=view.statistic(endpoint, "sites_positive"),
        sites=view.statistic(endpoint, "sites"),
        npv=view.statistic(endpoint, "npv"),
        currency=record.unit,
        interval=interval_words(
            endpoint, view, view.limits(endpoint, names=("npv_low", "npv_high"))
        ),
        worst=site_label(view, worst),
        worst_npv=view.statistic(endpoint, "npv", {"site": worst}),
        worst_currency=view.protocol.site(worst).currency,
    )
    return [Paragraph(text=text)]


def _charts(endpoint: Endpoint, view: View, years: int) -> list[Block]:
    """Return the course of the money at each site, small charts side by side."""
    panels, words, drawn = [], [], []
    for site in view.protocol.sites:
        group = {"site": site.id}
        records = {
            name: [
                view.record(endpoint.id, endpoint.set, f"{name}.{year}", group)
                for year in range(years + 1)
            ]
            for name in _LINES
        }
        found = [record for line in records.values() for record in line if record is not None]
        if len(found) < len(_LINES) * (years + 1):
            continue
        drawn += [record.id for record in found]
        name = site_label(view, site.id)
        panels.append(
            Panel(title=f"{name} [{site.currency}]", chart=_course(endpoint, view, site.id, years))
        )
        npv = view.statistic(endpoint, "npv", group)
        value = f"{printed_text(npv)} {site.currency}"
        words.append(view.texts("label.value", name=name, value=value))
    if not panels:
        return []
    return [
        Figure(
            caption=view.texts("figure.cash"),
            chart=Panels(panels=tuple(panels)),
            alternative=view.texts("figure.cash.alternative", rows=view.listed(words, parts=True)),
            anchor=f"fig.{endpoint.id}",
            notes=(view.texts("figure.cash.note", level=f"{endpoint.level:.0%}"),),
            records=tuple(drawn),
        )
    ]


def _course(endpoint: Endpoint, view: View, site: str, years: int) -> CashFlow:
    group = {"site": site}
    lines = {
        name: tuple(
            view.value(endpoint, f"{name}.{year}", group) or 0.0 for year in range(years + 1)
        )
        for name in _LINES
    }
    payback = view.value(endpoint, "discounted_payback", group)
    after = printed_text(view.statistic(endpoint, "discounted_payback", group))
    return CashFlow(
        flows=lines["flow"],
        cumulative=lines["cumulative"],
        cumulative_low=lines["cumulative_low"],
        cumulative_high=lines["cumulative_high"],
        axis=view.protocol.site(site).currency,
        year_label=view.texts("investment.year"),
        flow_label="",  # the figure's note names bars and line once for all panels
        cumulative_label="",
        payback=payback,
        payback_label=view.texts("investment.payback", years=after) if payback else "",
    )


def _inputs(view: View) -> list[Block]:
    """Return what each hospital entered, a row a hospital, and where the numbers come from."""
    economics = view.protocol.economics
    if economics is None:
        return []
    names = list(
        dict.fromkeys(name for inputs in economics.sites.values() for name, _ in inputs.inputs())
    )
    rows = tuple(
        Row(
            cells=(
                site_id,
                view.protocol.site(site_id).currency,
                *((view.number(view.record("inputs", "", name, {"site": site_id})),)
                  for name in names),
            )
        )
        for site_id in economics.sites
    )  # fmt: skip
    columns = (
        Column(header=view.texts("table.site"), share=1),
        Column(header=view.texts("table.currency"), share=1.1),
        *(
            Column(header=view.texts(f"input.{name.partition('.')[0]}"), share=1.6, align="right")
            for name in names
        ),
    )
    notes: list[Rich] = [
        view.texts.rich(
            "investment.discount",
            rate=view.number(view.record("inputs", "", "discount_rate")),
            source=view.say(economics.discount_rate.source),
        )
    ]
    notes += [
        view.texts.rich(
            "investment.rate",
            currency=currency,
            rate=view.number(view.record("inputs", "", f"exchange_rate.{currency}")),
            reporting=economics.reporting_currency,
            source=view.say(rate.source),
        )
        for currency, rate in economics.exchange_rates.items()
    ]
    notes += _sources(view, economics)
    return [
        Table(
            caption=view.texts("table.inputs"),
            columns=columns,
            rows=rows,
            notes=tuple(notes),
            dense=True,
        )
    ]


def _sources(view: View, economics: Economics) -> list[Rich]:
    """Return each source with the inputs taken from it."""
    found: dict[str, list[str]] = {}
    for site_id, inputs in economics.sites.items():
        for name, entered in inputs.inputs():
            label = view.texts(f"input.{name.partition('.')[0]}").partition("[")[0].strip()
            found.setdefault(view.say(entered.source), []).append(f"{site_id} {label}")
    if len(found) == 1:
        return [view.texts("investment.source.all", source=next(iter(found)))]
    return [
        view.texts("investment.source", source=source, inputs=view.listed(where))
        for source, where in found.items()
    ]
