"""What each hospital entered on its components, and where it was taken from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clinval.protocol.component_costs import Ownership
from clinval.protocol.economics import Input
from clinval.report.blocks import Block, Column, Rich, Row, Table, runs
from clinval.report.pieces.effect import unit_name
from clinval.report.view import View

__all__ = ["component_inputs"]

_SIDES = ("test", "reference")
_ABREAST = 5  # hospitals in one table


def component_inputs(view: View) -> list[Block]:
    """Return the inputs of each hospital, a row an input, a column a hospital."""
    economics = view.protocol.economics
    every = economics.ownership if economics else {}
    names = list(every)
    return [
        _inputs(view, {site: every[site] for site in names[start : start + _ABREAST]})
        for start in range(0, len(names), _ABREAST)
    ]


def _inputs(view: View, owned: Mapping[str, Ownership]) -> Block:
    """Return what some hospitals entered, a row an input, and where it was taken from."""
    entered = {
        site: {(side, name): value for side, name, value in inputs.inputs()}
        for site, inputs in owned.items()
    }
    keys = dict.fromkeys(key for inputs in entered.values() for key in inputs)
    # those of the hospital first, then those of each component
    order = sorted(keys, key=lambda key: ("", *_SIDES).index(key[0]))
    rows = []
    for side, name in order:
        unit = next((record.unit for site in owned
                     if (record := _record(view, name, side, site)) is not None), "")  # fmt: skip
        label = view.texts(f"ownership.input.{name}")
        if unit and len(unit) != len("EUR"):
            label = view.texts("ownership.unit", name=label, unit=unit_name(view, unit))
        cells = [
            _entered(view, name, side, site, owned[site]) if (side, name) in entered[site] else ""
            for site in owned
        ]
        of = view.texts(f"components.{side}") if side else view.texts("ownership.hospital")
        rows.append(Row(cells=(of, label, *cells)))
    notes = [*_rates(view, owned), *_sources(view, entered)]
    columns = (
        Column(header=view.texts("components.component"), share=1.4),
        Column(header=view.texts("table.input"), share=3),
        *(
            Column(
                header=view.texts("ownership.site", site=site,
                                  currency=view.protocol.site(site).currency),
                share=2, align="right",
            )
            for site in owned
        ),
    )  # fmt: skip
    caption = view.texts("table.ownership.inputs")
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(notes), dense=True)


def _record(view: View, name: str, side: str, site: str) -> Any:
    group = {"site": site} | ({"component": side} if side else {})
    return view.record("inputs", "", f"ownership.{name}", group)


def _entered(view: View, name: str, side: str, site: str, owned: Ownership) -> Rich:
    """Return an input, with its limits in brackets; of a warranty, what it is."""
    group = {"site": site} | ({"component": side} if side else {})
    number = view.number(_record(view, name, side, site))
    if name == "warranty_until":
        warranty = getattr(owned, side).warranty
        keys = (warranty.kind, warranty.replaced)
        words = (view.texts(f"ownership.warranty.{key}") for key in keys)
        return (number, view.texts("join.words"), view.listed(words))
    names = (f"ownership.{name}.low", f"ownership.{name}.high")
    if view.record("inputs", "", names[0], group) is None:
        return (number,)
    limits = view.limits("inputs", group, set_id="", names=names)
    return (number, " (", *runs(limits), ")")


def _rates(view: View, owned: Mapping[str, Ownership]) -> list[Rich]:
    """Return the discount rate, and the exchange rates of these hospitals, with their sources."""
    economics = view.protocol.economics
    assert economics is not None  # noqa: S101 - hospitals have entered something
    notes = [
        view.texts.rich(
            "investment.discount",
            rate=view.number(view.record("inputs", "", "discount_rate")),
            source=_dated(view, economics.discount_rate),
        )
    ]
    used = {view.protocol.site(site).currency for site in owned}
    notes += [
        view.texts.rich(
            "investment.rate",
            currency=currency,
            rate=view.number(view.record("inputs", "", f"exchange_rate.{currency}")),
            reporting=economics.reporting_currency,
            source=_dated(view, rate),
        )
        for currency, rate in economics.exchange_rates.items()
        if currency in used
    ]
    return notes


def _dated(view: View, entered: Input) -> str:
    """Return the source of an input, with its date."""
    source = view.say(entered.source)
    return view.listed((source, entered.date.isoformat())) if entered.date else source


def _sources(view: View, entered: Mapping[str, Mapping[tuple[str, str], Input]]) -> list[Rich]:
    """Return each source with the inputs taken from it, and at which hospitals if not at all."""
    found: dict[str, dict[str, list[str]]] = {}
    given: dict[str, int] = {}
    for site, inputs in entered.items():
        for (side, name), value in inputs.items():
            source = _dated(view, value)
            label = view.texts(f"ownership.input.{name}")
            if side:
                component = view.texts(f"components.{side}")
                label = view.texts("label.value", name=component, value=label)
            found.setdefault(source, {}).setdefault(label, []).append(site)
            given[label] = given.get(label, 0) + 1
    if len(found) == 1:
        return [view.texts("investment.source.all", source=next(iter(found)))]
    notes: list[Rich] = []
    for source, labels in found.items():
        words = [
            label
            if len(sites) == given[label]
            else view.texts("ownership.of_sites", name=label, sites=view.listed(sites))
            for label, sites in labels.items()
        ]
        said = view.listed(words, parts=True)
        notes.append(view.texts("ownership.source", source=source, inputs=said))
    return notes
