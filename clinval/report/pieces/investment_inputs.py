"""What hospitals entered: each input with range, source and date, and how money is converted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from string import ascii_lowercase

from clinval.protocol.economics import Economics, Input, SiteEconomics
from clinval.report.blocks import Block, Column, Rich, Row, Run, Table, runs
from clinval.report.view import View

__all__ = ["input_label", "inputs"]

_ACROSS = 6  # hospitals side by side in a table
_LISTS = {"payer_share": "payers", "reimbursement": "payers"}

_Entered = Mapping[str, Mapping[str, Input]]  # by hospital and name
_Source = tuple[str, str]  # in words, and its date


def input_label(view: View, name: str, site: str = "") -> str:
    """Return an input's name; of one out of a list with its payer or number."""
    base, _, number = name.partition(".")
    words = view.texts(f"input.{base}").replace("\n[", " [")
    label = words.replace("\n", " " if view.language == "en" else "")
    if not number:
        return label
    economics = view.protocol.economics
    payers = economics.sites[site].payers if economics and site in economics.sites else ()
    which = view.say(payers[int(number) - 1].name) if base in _LISTS and payers else number
    return view.texts("input.of_list", input=label, which=which)


def inputs(view: View) -> list[Block]:
    """Return the inputs of the hospitals side by side; of one hospital with source and date."""
    economics = view.protocol.economics
    if economics is None or not economics.sites:
        return []
    entered = {site: dict(one.inputs()) for site, one in economics.sites.items()}
    names = sorted(dict.fromkeys(name for one in entered.values() for name in one), key=_order)
    notes = _money_notes(view, economics)
    if len(entered) == 1:
        return [_listed(view, *next(iter(entered.items())), names, notes)]
    sites = list(entered)
    parts = [sites[start : start + _ACROSS] for start in range(0, len(sites), _ACROSS)]
    return [_beside(view, {site: entered[site] for site in part}, names, notes) for part in parts]


def _order(name: str) -> tuple[int, int]:
    """Return where an input stands: in the order of the protocol's keys."""
    base, _, number = name.partition(".")
    key = _LISTS.get(base, base)
    return list(SiteEconomics.model_fields).index(key), int(number or 0)


def _source(view: View, entered: Input) -> _Source:
    return view.say(entered.source), entered.date.isoformat() if entered.date else ""


def _beside(view: View, entered: _Entered, names: Sequence[str], notes: Sequence[Rich]) -> Table:
    """Return a row an input and a column a hospital; letters name the sources but the usual one."""
    found = Counter(
        _source(view, one[name]) for name in names for one in entered.values() if name in one
    )
    usual = max(found, key=lambda source: found[source])
    others = [source for source in found if source != usual]
    marks = {usual: ""} | {source: f" [{_letter(number)}]" for number, source in enumerate(others)}
    rows = []
    for base in dict.fromkeys(name.partition(".")[0] for name in names):
        of_list = [name for name in names if name.partition(".")[0] == base]
        if not any(name in one for name in of_list for one in entered.values()):
            continue
        cells = [
            _values(view, site, {n: marks[_source(view, one[n])] for n in of_list if n in one})
            for site, one in entered.items()
        ]
        rows.append(Row(cells=(input_label(view, base), *cells)))
    key = "investment.source.others" if others else "investment.source.all"
    said = [view.texts(key, source=_dated(view, usual))]
    said += [
        view.texts("investment.source", letter=marks[source].strip(" []"),
                   source=_dated(view, source))
        for source in others
    ]  # fmt: skip
    columns = (
        Column(header=view.texts("table.input"), share=2.2),
        *(
            Column(header=f"{site} [{view.protocol.site(site).currency}]", share=1.4, align="right")
            for site in entered
        ),
    )
    return Table(
        caption=view.texts("table.inputs"),
        columns=columns,
        rows=tuple(rows),
        notes=(_one_note(view, said), *notes, *_payers(view, entered)),
        dense=True,
    )


def _listed(
    view: View, site: str, entered: Mapping[str, Input], names: Sequence[str],
    notes: Sequence[Rich],
) -> Table:  # fmt: skip
    """Return a row an input, with its range, source and date."""
    rows = []
    for name in names:
        group = {"site": site}
        limits = view.limits("inputs", group, names=(f"{name}.low", f"{name}.high"), suffix=True)
        source, date = _source(view, entered[name])
        rows.append(
            Row(
                cells=(
                    input_label(view, name, site),
                    (view.number(view.record("inputs", "", name, group)),),
                    limits,
                    source,
                    date or view.texts("value.none"),
                )
            )
        )
    columns = (
        Column(header=view.texts("table.input"), share=3.0),
        Column(header=view.texts("table.value"), share=1.3, align="right"),
        Column(header=view.texts("investment.range"), share=2.0, align="right"),
        Column(header=view.texts("table.source"), share=3.0),
        Column(header=view.texts("investment.date"), share=1.2),
    )
    currency = view.protocol.site(site).currency
    caption = view.texts("table.inputs.own", currency=currency)
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(notes), dense=True)


def _values(view: View, site: str, marks: Mapping[str, str]) -> Rich:
    """Return inputs of a hospital, each with its range where it has one and its source."""
    cell: list[Run] = []
    group = {"site": site}
    for name, mark in marks.items():
        cell += [" / "] if cell else []
        cell.append(view.number(view.record("inputs", "", name, group)))
        if view.record("inputs", "", f"{name}.low", group) is not None:
            limits = view.limits("inputs", group, names=(f"{name}.low", f"{name}.high"))
            cell += [" (", *runs(limits), ")"]
        cell += [mark] if mark else []
    return tuple(cell) if cell else view.texts("value.none")


def _payers(view: View, sites: Iterable[str]) -> list[Rich]:
    """Return who pays at each hospital, in the order of their numbers."""
    economics = view.protocol.economics
    said = [
        view.texts("label.value", name=site, value=view.listed(view.say(p.name) for p in payers))
        for site in sites
        if economics is not None and (payers := economics.sites[site].payers)
    ]
    return [view.texts("investment.payers", payers=view.listed(said, parts=True))] if said else []


def _letter(number: int) -> str:
    """Return a, b, ... z, a1, b1 ... by a number from 0."""
    turn, place = divmod(number, len(ascii_lowercase))
    return ascii_lowercase[place] + (str(turn) if turn else "")


def _dated(view: View, source: _Source) -> str:
    words, date = source
    return view.texts("investment.dated", source=words, date=date) if date else words


def _money_notes(view: View, economics: Economics) -> list[Rich]:
    """Return price year, rates and correlations, each with source and date."""
    notes: list[Rich] = [view.texts("investment.price_year", year=economics.price_year)]
    for key, rate in (("discount", economics.discount_rate), ("inflation", economics.inflation)):
        if rate is not None:
            name = "discount_rate" if key == "discount" else key
            notes.append(
                view.texts.rich(
                    f"investment.{key}",
                    rate=view.number(view.record("inputs", "", name)),
                    source=_dated(view, _source(view, rate)),
                )
            )
    used = {view.protocol.site(site).currency for site in economics.sites}
    notes += [
        view.texts.rich(
            "investment.rate",
            currency=currency,
            rate=view.number(view.record("inputs", "", f"exchange_rate.{currency}")),
            reporting=economics.reporting_currency,
            source=_dated(view, _source(view, rate)),
        )
        for currency, rate in economics.exchange_rates.items()
        if currency in used
    ]
    notes += [
        view.texts.rich(
            "investment.correlation",
            inputs=view.listed(input_label(view, name) for name in one.between),
            value=view.number(view.record("inputs", "", f"correlation.{'+'.join(one.between)}")),
            source=view.say(one.source),
        )
        for one in economics.correlations
    ]
    return [_one_note(view, notes)]


def _one_note(view: View, sentences: Iterable[Rich]) -> Rich:
    """Return sentences one behind the other."""
    joined: list[Run] = []
    for sentence in sentences:
        joined += [" "] if joined and view.language == "en" else []
        joined += runs(sentence)
    return tuple(joined)
