"""One hospital's return with its own numbers, beside what the study's report says of it."""

from __future__ import annotations

from collections.abc import Sequence

from clinval.core.records import Record, Results
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.model import Protocol
from clinval.report.blocks import (
    Block,
    Callout,
    Column,
    Document,
    Facts,
    Heading,
    Paragraph,
    Rich,
    Row,
    Table,
    Tone,
    runs,
)
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import interval_words, undefined_notes, unit_words
from clinval.report.pieces.cover import audit
from clinval.report.pieces.investment_inputs import input_label
from clinval.report.pieces.investment_pictures import board
from clinval.report.pieces.investment_tables import refusals
from clinval.report.view import View

__all__ = ["compose"]

_ROWS = (
    "saved", "extra_exams", "slots_above_demand", "investment", "yearly_cost", "yearly_flow", "npv",
    "probability_positive", "payback", "discounted_payback", "irr", "break_even_exams",
    "break_even_price",
)  # fmt: skip
_WITH_LIMITS = ("saved", "extra_exams", "npv")
_TONES: dict[str, Tone] = {"pays": "good", "undecided": "neutral", "does_not_pay": "bad"}


def compose(
    endpoint: Endpoint,
    site: str,
    changed: Sequence[str],
    analysed: tuple[Protocol, Results],
    own: tuple[Protocol, Results],
    language: str,
) -> Document:
    """Return a hospital's case as a document of two pages or so.

    Parameters
    ----------
    endpoint, site
        The return on investment, and whose.
    changed
        Names of the inputs that the hospital put in.
    analysed, own
        Protocol and results of the study, and those with the hospital's own numbers.
    language
        Of the document.
    """
    then, now = (View(*pair, language, site=site) for pair in (analysed, own))
    study, results = now.protocol.study, analysed[1]
    title = now.texts("own_case.title", site=site_label(now, site))
    text = now.texts.rich(
        "own_case.what",
        saved=now.statistic(endpoint, "saved", {"site": site}),
        hash=results.sha256[:8],
        data=str(results.provenance["data"]["version"]),
    )
    blocks: list[Block] = [
        Heading(level=1, text=title, anchor="own_case"),
        Paragraph(text=text),
        _verdict(endpoint, site, then, now),
        *_inputs(site, changed, then, now),
        _numbers(endpoint, site, then, now),
        *refusals(endpoint, now),
        *board(endpoint, now, site),
        Facts(rows=tuple(audit(then))),
    ]
    return Document(
        language=language,
        title=f"{study.id}: {title}",
        author=study.sponsor,
        header=now.texts("own_case.header", study=study.id, site=site),
        footer=now.texts(
            "footer",
            version=study.version,
            data=results.provenance["data"]["version"],
            hash=results.sha256[:8],
        ),
        marks=(*now.marks, now.texts("own_case.mark")),
        blocks=tuple(blocks),
    )


def _verdict(endpoint: Endpoint, site: str, then: View, now: View) -> Block:
    """Return whether it pays, by the limits of the draws, and what the study's report says."""
    group = {"site": site}
    low, high = (now.value(endpoint, name, group) for name in ("npv_low", "npv_high"))
    word = "undecided"
    if low is not None and low > 0:
        word = "pays"
    elif high is not None and high <= 0:
        word = "does_not_pay"
    return Callout(
        title=now.texts(f"own_case.{word}"),
        text=now.texts.rich(
            "own_case.worth", own=_worth(endpoint, site, now), analysed=_worth(endpoint, site, then)
        ),
        tone=_TONES[word],
    )


def _worth(endpoint: Endpoint, site: str, view: View) -> Rich:
    group = {"site": site}
    limits = view.limits(endpoint, group, names=("npv_low", "npv_high"))
    return view.texts.rich(
        "own_case.npv",
        npv=view.statistic(endpoint, "npv", group),
        currency=view.protocol.site(site).currency,
        interval=interval_words(endpoint, view, limits),
        probability=view.statistic(endpoint, "probability_positive", group),
    )


def _inputs(site: str, changed: Sequence[str], then: View, now: View) -> list[Block]:
    """Return the inputs that were put in, with what they were; those that are left, unchanged."""
    if not changed:
        return [Paragraph(text=now.texts("own_case.unchanged"))]
    group = {"site": site}
    rows = []
    for name in changed:
        record = now.record("inputs", "", name, group)
        before: Rich = (then.number(then.record("inputs", "", name, group)),)
        limits = then.limits("inputs", group, names=(f"{name}.low", f"{name}.high"))
        if then.record("inputs", "", f"{name}.low", group) is not None:
            before = (*before, " (", *runs(limits), ")")
        label = input_label(now, name, site).partition(" [")[0]
        rows.append(Row(cells=(label, _unit(now, record), before, (now.number(record),))))
    return [
        Table(
            caption=now.texts("table.own_case.inputs"),
            columns=_columns(now, "table.input"),
            rows=tuple(rows),
            notes=(now.texts("own_case.certain"),),
        )
    ]


def _numbers(endpoint: Endpoint, site: str, then: View, now: View) -> Block:
    """Return each number of the case beside what it was."""
    group = {"site": site}
    rows = []
    for name in _ROWS:
        record = now.record(endpoint.id, endpoint.set, name, group)
        if record is None:
            continue
        folded = now.texts(f"investment.column.{name}").split("\n")
        label = ("" if now.language == "zh" else " ").join(folded).partition("[")[0].strip()
        cells = (_number(endpoint, name, group, then), _number(endpoint, name, group, now))
        rows.append(Row(cells=(label, _unit(now, record), *cells)))
    return Table(
        caption=now.texts("table.own_case"),
        columns=_columns(now, "table.measure"),
        rows=tuple(rows),
        notes=(
            now.texts("investment.note", level=f"{endpoint.level:.0%}"),
            *undefined_notes(then, rows, "own_case.undefined.analysed"),
            *undefined_notes(now, rows, "own_case.undefined.own"),
        ),
    )


def _unit(view: View, record: Record | None) -> str:
    """Return a number's unit in words; that of a share stands behind it already."""
    return unit_words(view, record.unit).strip() if record and record.unit != "proportion" else ""


def _number(endpoint: Endpoint, name: str, group: dict[str, str], view: View) -> Rich:
    number: Rich = (view.statistic(endpoint, name, group),)
    limits = view.limits(endpoint, group, names=(f"{name}_low", f"{name}_high"))
    return (*number, " (", *limits, ")") if name in _WITH_LIMITS else number


def _columns(view: View, first: str) -> tuple[Column, ...]:
    return (
        Column(header=view.texts(first), share=2.6),
        Column(header=view.texts("table.unit"), share=1),
        Column(header=view.texts("own_case.analysed"), share=2.2, align="right"),
        Column(header=view.texts("own_case.own"), share=2.2, align="right"),
    )
