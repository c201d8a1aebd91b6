"""What it costs to own a component, hospital by hospital: costs, replacements, what was entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Paragraph, Rich, Row, Table, runs
from clinval.report.pieces import Aspect
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import interval_words, undefined_notes, with_reasons
from clinval.report.pieces.effect import unit_name
from clinval.report.pieces.ownership_inputs import component_inputs
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_SIDES = ("test", "reference")
_PARTS = ("first", "units", "warranty", "work", "service", "lost_exams")
_TOTALS = ("cost", "annual_cost")
_RANGES = ("difference_low", "difference_high")


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the difference in cost of all hospitals together."""
    record = view.record(endpoint.id, endpoint.set, "difference")
    what = view.texts("ownership.difference", currency=record.unit if record else "")
    return what, (view.statistic(endpoint, "difference"),), view.limits(endpoint, names=_RANGES)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return that nothing is tested."""
    del endpoint
    return view.texts("hypothesis.none")


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the whole result: it is one by hospital already."""
    return result(endpoint, view) if which == "decision" else []


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return each hospital's costs, all together, where they come from, and what was entered."""
    economics = view.protocol.economics
    if economics is None or not economics.ownership:
        return []
    what = view.texts(
        "ownership.what",
        years=economics.horizon_years,
        price_year=economics.price_year,
        perspective=view.say(economics.perspective),
        life=getattr(endpoint, "life", ""),
    )
    blocks: list[Block] = [Paragraph(text=what), _costs(endpoint, view), *_together(endpoint, view)]
    sites = [site for site in economics.ownership if _known(endpoint, view, site)]
    if sites:
        blocks += [_replacements(endpoint, view, sites), _parts(endpoint, view, sites)]
    return [*blocks, *component_inputs(view)]


def _known(endpoint: Endpoint, view: View, site: str) -> bool:
    return view.value(endpoint, "difference", {"site": site}) is not None


def _with_range(
    endpoint: Endpoint, view: View, statistic: str, group: Mapping[str, str], *, suffix: bool = True
) -> Rich:
    """Return a number with its range in brackets, alone where it has none."""
    number = view.statistic(endpoint, statistic, group, suffix=suffix)
    names = (f"{statistic}_low", f"{statistic}_high")
    if view.value(endpoint, names[0], group) is None:
        return (number,)
    return (*runs((number,)), " (", *runs(view.limits(endpoint, group, names=names)), ")")


def _costs(endpoint: Endpoint, view: View) -> Block:
    """Return each hospital's costs, a row a hospital."""
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        label = view.texts("ownership.site", site=site.id, currency=site.currency)
        if not _known(endpoint, view, site.id):
            record = view.record(endpoint.id, endpoint.set, "difference", group)
            rows.append(Row(cells=(label, "", "", view.reason(record), "", "")))
            continue
        cells: list[Rich] = [
            (view.statistic(endpoint, "cost", group | {"component": side}),) for side in _SIDES
        ]
        cells.append(_with_range(endpoint, view, "difference", group))
        cells += [
            (view.statistic(endpoint, name, group),)
            for name in ("probability_cheaper", "break_even_price")
        ]
        rows.append(Row(cells=(label, *cells)))
    shares = {
        "cost.test": 1.6, "cost.reference": 1.6, "difference": 4, "probability": 1.3, "price": 1.6,
    }  # fmt: skip
    columns = (
        Column(header=view.texts("table.site"), share=1.3),
        *(
            Column(header=view.texts(f"ownership.column.{name}"), share=share, align="right")
            for name, share in shares.items()
        ),
    )
    note = view.texts("ownership.note", level=f"{endpoint.level:.0%}")
    return Table(
        caption=view.texts("table.ownership", endpoint=view.say(endpoint.label)),
        columns=columns,
        rows=tuple(rows),
        notes=(note, *undefined_notes(view, rows)),
        dense=True,
    )


def _together(endpoint: Endpoint, view: View) -> list[Block]:
    """Return all hospitals together, the worst one, and what a further one may expect."""
    record = view.record(endpoint.id, endpoint.set, "difference")
    if record is None or record.undefined:
        return []
    worst = view.word(endpoint, "worst_site")
    text = view.texts.rich(
        "ownership.together",
        cheaper=view.statistic(endpoint, "sites_cheaper"),
        sites=view.statistic(endpoint, "sites"),
        difference=view.statistic(endpoint, "difference"),
        currency=record.unit,
        interval=interval_words(endpoint, view, view.limits(endpoint, names=_RANGES)),
        probability=view.statistic(endpoint, "probability_cheaper"),
        worst=site_label(view, worst),
        worst_difference=view.statistic(endpoint, "difference", {"site": worst}),
        worst_currency=view.protocol.site(worst).currency,
        further=view.limits(endpoint, names=("prediction_low", "prediction_high")),
    )
    return [Paragraph(text=with_reasons(view, text))]


def _replacements(endpoint: Any, view: View, sites: Sequence[str]) -> Block:
    """Return replacements, reserves and standstill, a row a component at a hospital."""
    shown = {
        "renewals": 1.8, "reserve": 1.1, "claims_reserve": 1.2, "spares": 1.0, "downtime": 2.2,
        "lost_exams": 2.0, "availability": 1.3,
    }  # fmt: skip
    rows = []
    for group in _groups(sites):
        cells: list[Rich] = [
            _with_range(endpoint, view, name, group)
            if name in ("renewals", "downtime", "lost_exams")
            else (view.statistic(endpoint, name, group),)
            for name in shown
        ]
        rows.append(Row(cells=(*_labels(view, group), *cells)))
    columns = (
        Column(header=view.texts("table.site"), share=0.9),
        Column(header=view.texts("components.component"), share=1.5),
        *(
            Column(header=view.texts(f"ownership.column.{name}"), share=share, align="right")
            for name, share in shown.items()
        ),
    )
    level = f"{endpoint.reserve_level:.0%}"
    notes: list[Rich] = [view.texts("ownership.replacements.note", level=level)]
    notes += [*_lives(endpoint, view), *undefined_notes(view, rows)]
    spared = [site for site in sites if view.value(endpoint, "lost_per_day", {"site": site}) == 0]
    if spared:
        notes.append(view.texts("ownership.none_lost", sites=view.listed(spared)))
    return Table(
        caption=view.texts("table.ownership.replacements"),
        columns=columns,
        rows=tuple(rows),
        notes=tuple(notes),
        dense=True,
    )


def _lives(endpoint: Endpoint, view: View) -> list[Rich]:
    """Return what the lives are taken from, where all sites are shown together."""
    found: list[Rich] = []
    for side in _SIDES:
        group = {"component": side}
        life = view.record(endpoint.id, endpoint.set, "mean_life", group)
        if life is None:
            continue
        said = list(
            view.texts.rich(
                "ownership.life",
                component=view.texts(f"components.{side}"),
                failures=view.statistic(endpoint, "failures", group),
                n=view.statistic(endpoint, "n", group),
                life=_with_range(endpoint, view, "mean_life", group),
                unit=unit_name(view, life.unit),
                longest=view.statistic(endpoint, "longest_seen", group),
            )
        )
        for name in ("stopped_share", "downtime_mean"):
            record = view.record(endpoint.id, endpoint.set, name, group)
            if record is not None:
                words = view.texts.rich(f"ownership.{name}", value=view.number(record))
                said += words
        found.append(tuple(said))
    return found


def _parts(endpoint: Endpoint, view: View, sites: Sequence[str]) -> Block:
    """Return what the cost is made of, a row a component at a hospital; no part that nobody has."""
    groups = _groups(sites)
    parts = [
        part
        for part in _PARTS
        if any(view.value(endpoint, f"part.{part}", group) for group in groups)
    ]
    shown = {f"part.{part}": part for part in parts} | {name: name for name in _TOTALS}
    rows = []
    for group in groups:
        cells = [(view.statistic(endpoint, name, group),) for name in shown]
        site, component = _labels(view, group)
        currency = view.protocol.site(group["site"]).currency
        label = view.texts("ownership.site", site=site, currency=currency)
        rows.append(Row(cells=(label, component, *cells)))
    columns = (
        Column(header=view.texts("table.site"), share=1.4),
        Column(header=view.texts("components.component"), share=1.3),
        *(
            Column(header=view.texts(f"ownership.part.{name}"), share=1.2, align="right")
            for name in shown.values()
        ),
    )
    caption = view.texts("table.ownership.parts")
    note = view.texts("ownership.parts.note")
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=(note,), dense=True)


def _groups(sites: Sequence[str]) -> list[dict[str, str]]:
    return [{"site": site, "component": side} for site in sites for side in _SIDES]


def _labels(view: View, group: Mapping[str, str]) -> tuple[str, str]:
    return group["site"], view.texts(f"components.{group['component']}")
