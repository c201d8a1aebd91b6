"""Each hospital's case and what its decision turns on, all together, and what is not counted."""

from __future__ import annotations

from collections.abc import Sequence

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Bullets, Column, Number, Paragraph, Rich, Row, Table, runs
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import in_parts, interval_words, undefined_notes, with_reasons
from clinval.report.view import View

__all__ = ["cases", "decisions", "refusals", "together"]

_CASE = {
    "saved": (2.0, ("saved_low", "saved_high")),
    "extra_exams": (2.2, ("extra_exams_low", "extra_exams_high")),
    "investment": (1.3, None),
    "yearly_cost": (1.1, None),
    "yearly_flow": (1.2, None),
    "npv": (3.0, ("npv_low", "npv_high")),
    "probability_positive": (1.1, None),
}
_DECISION = {
    "payback": 1.0, "discounted_payback": 1.3, "irr": 1.2, "break_even_exams": 1.4,
    "break_even_price": 1.3, "evpi": 1.2, "value_of_month": 1.2, "value_of_site": 1.2,
}  # fmt: skip
_IF_ANY = ("value_of_month", "value_of_site")  # columns that are there for somebody
_REFUSALS = ("scan_time", "demand", "minutes", "irr")


def cases(endpoint: Endpoint, view: View) -> Table:
    """Return each hospital's case: minutes, exams and money, those uncertain with their range."""
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        numbers = [_ranged(endpoint, view, name, limits, group)
                   for name, (_, limits) in _CASE.items()]  # fmt: skip
        record = view.record(endpoint.id, endpoint.set, "npv", group)
        if record is None or record.undefined:
            number = view.number(record)
            numbers = [(number,) if name == "npv" else "" for name in _CASE]
        rows.append(Row(cells=(f"{site.id} [{site.currency}]", *numbers)))
    columns = (
        _first(view),
        *(
            Column(header=view.texts(f"investment.column.{name}"), share=share, align="right")
            for name, (share, _) in _CASE.items()
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


def decisions(endpoint: Endpoint, view: View) -> list[Block]:
    """Return payback, rate, break-even and the value of knowing more, a row a hospital."""
    sites = [
        site
        for site in view.protocol.sites
        if view.value(endpoint, "npv", {"site": site.id}) is not None
    ]
    if not sites:
        return []
    names = [
        name
        for name in _DECISION
        if name not in _IF_ANY
        or any(view.value(endpoint, name, {"site": site.id}) is not None for site in sites)
    ]
    rows = [
        Row(cells=(f"{site.id} [{site.currency}]",
                   *((view.statistic(endpoint, name, {"site": site.id}),) for name in names)))
        for site in sites
    ]  # fmt: skip
    columns = (
        _first(view),
        *(
            Column(
                header=view.texts(f"investment.column.{name}"),
                share=_DECISION[name],
                align="right",
            )
            for name in names
        ),
    )
    return [
        Table(
            caption=view.texts("table.investment.decision"),
            columns=columns,
            rows=tuple(rows),
            notes=(
                view.texts("investment.decision.note"),
                *(view.texts(f"investment.decision.{name}") for name in _IF_ANY if name in names),
                *undefined_notes(view, rows),
            ),
            dense=True,
        )
    ]


def together(endpoint: Endpoint, view: View) -> list[Block]:
    """Return all hospitals together, the worst of them, and what a further one may expect."""
    record = view.record(endpoint.id, endpoint.set, "npv")
    if record is None or record.undefined:
        return []
    worst = view.word(endpoint, "worst_site")
    pooled = view.texts.rich(
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
        probability=view.statistic(endpoint, "worst_probability_positive"),
    )
    further = view.texts.rich(
        "investment.further",
        limits=view.limits(endpoint, names=("prediction_low", "prediction_high")),
        currency=record.unit,
        level=f"{endpoint.level:.0%}",
        mean=view.statistic(endpoint, "site_mean"),
    )
    return [Paragraph(text=pooled), Paragraph(text=with_reasons(view, further))]


def refusals(endpoint: Endpoint, view: View) -> list[Block]:
    """Return what was not counted as money and what was not computed, with why, by hospital."""
    items = []
    for name in _REFUSALS:
        sites = [
            site.id
            for site in view.protocol.sites
            if view.record(endpoint.id, endpoint.set, f"refusal.{name}", {"site": site.id})
        ]
        if sites:
            where = in_parts(view, [_where(endpoint, view, name, site) for site in sites])
            items.append(view.texts.rich(f"investment.refusal.{name}", sites=where))
    if not items:
        return []
    return [Paragraph(text=view.texts("investment.refusals")), Bullets(items=tuple(items))]


def _where(endpoint: Endpoint, view: View, refusal: str, site: str) -> Rich:
    """Return a hospital with the number that its refusal is about."""
    group = {"site": site}
    if refusal == "demand":
        number: Rich = (view.statistic(endpoint, "slots_above_demand", group),)
    elif refusal == "irr":
        number = _roots(endpoint, view, group)
    elif refusal == "minutes":
        number = (view.statistic(endpoint, "saved", group),)
    else:
        return site
    return view.texts.rich(f"investment.refusal.{refusal}.at", site=site, number=number)


def _roots(endpoint: Endpoint, view: View, group: dict[str, str]) -> Rich:
    found: list[Number | str] = []
    while view.record(endpoint.id, endpoint.set, f"irr_root.{len(found) + 1}", group) is not None:
        found.append(view.statistic(endpoint, f"irr_root.{len(found) + 1}", group))
    joined: list[Number | str] = []
    for root in found:
        joined += [view.texts("join.words"), root] if joined else [root]
    return tuple(joined)


def _first(view: View) -> Column:
    return Column(header=view.texts("investment.column.site"), share=1.2)


def _ranged(
    endpoint: Endpoint,
    view: View,
    name: str,
    names: tuple[str, str] | None,
    group: dict[str, str],
) -> Rich:
    """Return a number, with its limits where it has some."""
    number = view.statistic(endpoint, name, group)
    limits: Sequence[object] | str = (
        view.limits(endpoint, group, names=names) if names is not None else ""
    )
    if isinstance(limits, str):
        return (number,)
    return (number, " (", *runs(view.limits(endpoint, group, names=names or ("", ""))), ")")


def _flat(endpoint: Endpoint, view: View, site: str) -> bool:
    """Whether the range of a hospital's extra exams has no width."""
    low, high = (
        view.value(endpoint, name, {"site": site})
        for name in ("extra_exams_low", "extra_exams_high")
    )
    return low is not None and low == high
