"""What the product costs and brings, whether a unit of its effect is worth its price."""

from __future__ import annotations

from typing import Any

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Paragraph, Rich, Row, Table, runs
from clinval.report.pieces import Aspect
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import (
    in_parts,
    set_label,
    undefined_notes,
    with_reasons,
)
from clinval.report.pieces.cost_pictures import (
    CORNERS,
    acceptability,
    arm_name,
    plane,
    threshold_text,
    words_of,
)
from clinval.report.pieces.declared_inputs import inputs_table
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_ARMS = ("test", "reference")


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the net benefit at the first threshold."""
    threshold = threshold_text(endpoint, view, 1)
    what = view.texts("worth.headline", threshold=threshold, **words_of(endpoint, view))
    names = ("net_benefit_low.1", "net_benefit_high.1")
    return what, (view.statistic(endpoint, "net_benefit.1"),), view.limits(endpoint, names=names)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return that nothing is tested."""
    del endpoint
    return view.texts("hypothesis.none")


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return costs and effects, what they are worth, and how both vary across centers."""
    return [
        *_what(endpoint, view),
        _arms(endpoint, view),
        *_ratio(endpoint, view),
        _thresholds(endpoint, view),
        *plane(endpoint, view),
        *_sites(endpoint, view),
        *_inputs(endpoint, view),
    ]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the whole result, or how it varies across centers."""
    if which == "decision":
        return _whole(endpoint, view)
    return _sites(endpoint, view) if which == "sites" else []


def _whole(endpoint: Endpoint, view: View) -> list[Block]:
    return [
        *_what(endpoint, view),
        _arms(endpoint, view),
        *_ratio(endpoint, view),
        _thresholds(endpoint, view),
        *plane(endpoint, view),
        *acceptability(endpoint, view),
        *_inputs(endpoint, view),
    ]


def _measured(endpoint: Any) -> bool:
    """Whether subjects of the study have any of the costs or the effect."""
    return any(quantity.measured for quantity in (*endpoint.costs, endpoint.effect))


def _what(endpoint: Any, view: View) -> list[Block]:
    texts = view.texts
    paragraphs: list[Rich] = [
        texts(
            "worth.what",
            perspective=view.say(endpoint.perspective),
            horizon=view.say(endpoint.horizon),
            price_year=endpoint.price_year,
            currency=endpoint.currency,
            set=set_label(view, endpoint.set),
        )
    ]
    key = "declared" if not _measured(endpoint) else endpoint.resample
    level = f"{endpoint.level:.0%}"
    paragraphs.append(texts(f"worth.draws.{key}", draws=f"{endpoint.draws:,}", level=level))
    if _measured(endpoint):
        counted = texts.rich(
            "worth.counted",
            n=view.statistic(endpoint, "n"),
            missing=view.statistic(endpoint, "missing"),
        )
        paragraphs.append(counted)
    return [Paragraph(text=text) for text in paragraphs]


def _arms(endpoint: Any, view: View) -> Block:
    """Return the costs of both arms, part by part, and their effect."""
    rows = [
        _arm_row(endpoint, view, view.say(cost.label), f".{cost.id}", indent=1)
        for cost in endpoint.costs
    ]
    label = view.texts("worth.cost", currency=endpoint.currency)
    effect = view.texts("worth.effect", effect=view.say(endpoint.effect.label))
    rows += [
        _arm_row(endpoint, view, label, "", limits="cost_difference"),
        _arm_row(endpoint, view, effect, "", statistic="effect", limits="gain"),
    ]
    columns = (
        Column(header=view.texts("worth.item"), share=3.6),
        *(Column(header=arm_name(view, arm), share=1.8, align="right") for arm in _ARMS),
        Column(header=view.texts("worth.difference"), share=3, align="right"),
    )
    better = view.texts(f"worth.gain.{endpoint.effect.direction}")
    return Table(
        caption=view.texts("table.worth", endpoint=view.say(endpoint.label), set=endpoint.set),
        columns=columns,
        rows=tuple(rows),
        notes=(better, *undefined_notes(view, rows)),
        dense=True,
    )


def _arm_row(
    endpoint: Endpoint,
    view: View,
    label: str,
    part: str,
    *,
    statistic: str = "cost",
    limits: str = "",
    indent: int = 0,
) -> Row:
    cells: list[Rich] = [(view.statistic(endpoint, f"{statistic}_{arm}{part}"),) for arm in _ARMS]
    cells.append(
        _with_limits(endpoint, view, limits)
        if limits
        else (view.statistic(endpoint, f"cost_difference{part}"),)
    )
    return Row(cells=(label, *cells), summary=bool(limits), indent=indent)


def _with_limits(
    endpoint: Endpoint,
    view: View,
    statistic: str,
    suffix: str = "",
    group: dict[str, str] | None = None,
) -> Rich:
    """Return a number with the limits of the draws behind it."""
    number = view.statistic(endpoint, f"{statistic}{suffix}", group)
    names = (f"{statistic}_low{suffix}", f"{statistic}_high{suffix}")
    limits = view.limits(endpoint, group, names=names)
    if isinstance(limits, str):
        return (number,)
    return runs(view.texts.rich("result.interval", estimate=number, interval=limits))


def _ratio(endpoint: Any, view: View) -> list[Block]:
    """Return the ratio in the words of its quadrant, and the draws in each quadrant."""
    quadrant = view.word(endpoint, "quadrant")
    status = view.word(endpoint, "status")
    if status == "undefined":
        return []
    key = quadrant if status == "trade_off" else status
    parts = {**words_of(endpoint, view), "icer": view.statistic(endpoint, "icer")}
    text = view.texts.rich(f"worth.ratio.{key}", **parts)
    if view.record(endpoint.id, endpoint.set, "share.NE") is not None:
        shares = {name: view.statistic(endpoint, f"share.{name}") for name in (*CORNERS, "axis")}
        text = (*runs(text), *runs(view.texts.rich("worth.shares", **shares)))
    return [Paragraph(text=text)]


def _thresholds(endpoint: Any, view: View) -> Block:
    rows = []
    for number, threshold in enumerate(endpoint.thresholds, 1):
        suffix = f".{number}"
        rows.append(
            Row(
                cells=(
                    (view.statistic(endpoint, f"threshold{suffix}"),),
                    _with_limits(endpoint, view, "net_benefit", suffix),
                    (view.statistic(endpoint, f"probability{suffix}"),),
                    (view.statistic(endpoint, f"evpi{suffix}"),),
                    view.say(threshold.source),
                )
            )
        )
    words = words_of(endpoint, view)
    columns = (
        Column(header=view.texts("worth.column.threshold", **words), share=2, align="right"),
        Column(header=view.texts("worth.column.benefit", **words), share=3, align="right"),
        Column(header=view.texts("worth.column.probability"), share=1.6, align="right"),
        Column(header=view.texts("worth.column.evpi", **words), share=2, align="right"),
        Column(header=view.texts("table.source"), share=2.6),
    )
    notes = (
        view.texts("worth.note", level=f"{endpoint.level:.0%}"),
        *undefined_notes(view, rows),
    )
    caption = view.texts("table.worth.thresholds", endpoint=view.say(endpoint.label))
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=notes, dense=True)


def _inputs(endpoint: Any, view: View) -> list[Block]:
    """Return the declared inputs, the rates, and what it would be worth to know each."""
    texts = view.texts
    labels = {cost.id: view.say(cost.label) for cost in endpoint.costs}
    labels["effect"] = view.say(endpoint.effect.label)
    money = {cost.id: cost.currency or endpoint.currency for cost in endpoint.costs} | {
        "effect": ""
    }
    rows = []
    for name, entered in endpoint.inputs():
        of, _, what = name.rpartition(".")
        rows.append((texts(f"worth.input.{what}", name=labels[of]), name, money[of], entered))
    rates: list[Rich] = [
        texts.rich(
            "investment.rate",
            currency=currency,
            rate=view.number(view.record(endpoint.id, endpoint.set, f"rate.{currency}")),
            reporting=endpoint.currency,
            source=view.say(rate.source),
        )
        for currency, rate in endpoint.exchange_rates.items()
    ]
    blocks: list[Block] = []
    if rows:
        caption = texts("table.worth.inputs", endpoint=view.say(endpoint.label))
        blocks.append(inputs_table(endpoint, view, rows, caption, tuple(rates)))
    known = [(label, name) for label, name, _, _ in rows] + [(texts("worth.input.study"), "study")]
    worth: list[Rich] = []
    for label, name in known:
        record = view.record(endpoint.id, endpoint.set, f"evppi.1.{name}")
        if record is not None:
            worth.append(texts.rich("worth.known", name=label, value=view.number(record)))
    if worth:
        known_words = in_parts(view, worth)
        words = texts.rich("worth.knowing", rows=known_words, currency=endpoint.currency)
        blocks.append(Paragraph(text=with_reasons(view, words)))
    return blocks


def _sites(endpoint: Any, view: View) -> list[Block]:
    """Return costs, effects and net benefit by center, and the net benefit without each."""
    if not _measured(endpoint):
        return []
    rows = []
    for site in view.protocol.sites:
        group, without = {"site": site.id}, {"without_site": site.id}
        rows.append(
            Row(
                cells=(
                    site_label(view, site.id),
                    (view.statistic(endpoint, "n", group),),
                    _with_limits(endpoint, view, "cost_difference", "", group),
                    _with_limits(endpoint, view, "gain", "", group),
                    _with_limits(endpoint, view, "net_benefit", ".1", group),
                    (view.statistic(endpoint, "net_benefit.1", without),),
                )
            )
        )
    words = words_of(endpoint, view)
    columns = (
        Column(header=view.texts("table.site"), share=2),
        Column(header="n", share=0.7, align="right"),
        Column(header=view.texts("worth.column.cost", **words), share=2.6, align="right"),
        Column(header=view.texts("worth.column.gain"), share=2.6, align="right"),
        Column(header=view.texts("worth.column.benefit", **words), share=2.8, align="right"),
        Column(header=view.texts("worth.column.without"), share=1.7, align="right"),
    )
    note = view.texts.rich(
        "worth.sites.note",
        threshold=view.statistic(endpoint, "threshold.1"),
        level=f"{endpoint.level:.0%}",
        **words,
    )
    return [
        Table(
            caption=view.texts("table.worth.sites", endpoint=view.say(endpoint.label)),
            columns=columns,
            rows=tuple(rows),
            notes=(note, *undefined_notes(view, rows)),
            dense=True,
        )
    ]
