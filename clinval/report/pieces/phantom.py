"""Phantom measurements with the component under test and the one before: decision and scanners."""

from __future__ import annotations

from typing import Any

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Callout, Column, Paragraph, Rich, Row, Table, runs
from clinval.report.pieces import Aspect, comparison
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import (
    method_note,
    tone,
    undefined_notes,
    with_reasons,
)
from clinval.report.pieces.effect import arm_ids, arm_labels, effect_words, unit_name
from clinval.report.view import View

__all__ = ["aspect", "columns", "headline", "hypothesis", "result", "scanner_rows"]


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the difference or ratio with its interval."""
    estimate = view.statistic(endpoint, "estimate", suffix=False)
    return effect_words(endpoint, view), (estimate,), view.limits(endpoint)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return what has to be shown, in words."""
    return comparison.hypothesis(endpoint, view)


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return the decision, and what is within specification."""
    return [_decision(endpoint, view), *_within(endpoint, view)]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return the whole result at once: scanners are few."""
    if which != "decision":
        return []
    return [*result(endpoint, view), _scanners(endpoint, view)]


def _decision(endpoint: Endpoint, view: View) -> Block:
    verdict = view.word(endpoint, "verdict")
    ids, names = arm_ids(endpoint, view), arm_labels(endpoint, view)
    mean = view.record(endpoint.id, endpoint.set, "mean", {"arm": ids["test"]})
    text = view.texts.rich(
        "phantom.decision",
        effect=effect_words(endpoint, view),
        estimate=view.statistic(endpoint, "estimate", suffix=False),
        interval=view.limits(endpoint),
        level=f"{endpoint.level:.0%}",
        n=view.statistic(endpoint, "n"),
        settings=view.statistic(endpoint, "settings"),
        test=names["test"],
        reference=names["reference"],
        mean_test=view.statistic(endpoint, "mean", {"arm": ids["test"]}),
        mean_reference=view.statistic(endpoint, "mean", {"arm": ids["reference"]}),
        unit=unit_name(view, mean.unit if mean else ""),
    )
    key = "phantom.not_tested" if verdict == "none" else "phantom.to_show"
    shown = view.texts.rich(key, hypothesis=hypothesis(endpoint, view))
    text = with_reasons(view, (*runs(text), *runs(shown)))
    if verdict == "none":
        return Paragraph(text=text)
    declared = getattr(endpoint, "comparison", "estimation")
    title = view.texts(f"verdict.{declared}.{verdict}", endpoint=view.say(endpoint.label))
    return Callout(title=title, text=text, tone=tone(verdict))


def _within(endpoint: Endpoint, view: View) -> list[Block]:
    """Return of how many scanners every measurement is within specification."""
    if not getattr(endpoint, "specification", None):
        return []
    ids, names = arm_ids(endpoint, view), arm_labels(endpoint, view)
    parts: list[Any] = []
    for role, arm in ids.items():
        parts += runs(
            view.texts.rich(
                "phantom.within",
                arm=names[role],
                within=view.statistic(endpoint, "within", {"arm": arm}),
                specified=view.statistic(endpoint, "specified", {"arm": arm}),
            )
        )
    return [Paragraph(text=tuple(parts))]


def scanner_rows(endpoint: Endpoint, view: View) -> list[Row]:
    """Return a row for each scanner of the sites in view: its settings and its estimate."""
    rows = []
    for site in view.protocol.sites:
        number = 1
        while view.record(endpoint.id, endpoint.set, "estimate", _group(site.id, number)):
            group = _group(site.id, number)
            label = view.texts("phantom.scanner", site=site_label(view, site.id), number=number)
            cells = (
                (view.statistic(endpoint, "settings", group),),
                (view.statistic(endpoint, "estimate", group, suffix=False),),
            )
            rows.append(Row(cells=(label, *cells)))
            number += 1
    return rows


def columns(endpoint: Endpoint, view: View) -> tuple[Column, ...]:
    """Return the columns of a table of scanners."""
    return (
        Column(header=view.texts("phantom.of"), share=2.0),
        Column(header=view.texts("phantom.settings"), share=1.0, align="right"),
        Column(header=_effect(endpoint, view), share=2.4, align="right"),
    )


def _effect(endpoint: Endpoint, view: View) -> str:
    """Return what is estimated of a scanner, also where the result of all of them is not shown."""
    found = view.results.where(endpoint=endpoint.id, statistic="estimate")
    unit = next((record.unit for record in found), "")
    name = "ratio" if unit == "ratio" else "difference"
    return view.texts(f"effect.phantom_comparison.{name}", unit=unit_name(view, unit))


def _scanners(endpoint: Endpoint, view: View) -> Block:
    rows = scanner_rows(endpoint, view)
    whole: Rich = (view.statistic(endpoint, "estimate", suffix=False),)
    if view.value(endpoint, "ci_low") is not None:
        whole = (*runs(whole), " (", *runs(view.limits(endpoint)), ")")
    settings = (view.statistic(endpoint, "settings"),)
    rows.append(Row(cells=(view.texts("phantom.all"), settings, whole), summary=True))
    notes = view.texts.rich(
        "phantom.note",
        not_paired=view.statistic(endpoint, "not_paired"),
        missing=view.statistic(endpoint, "missing"),
    )
    return Table(
        caption=view.texts("table.phantom", endpoint=view.say(endpoint.label)),
        columns=columns(endpoint, view),
        rows=tuple(rows),
        notes=(notes, *method_note(endpoint, view), *undefined_notes(view, rows)),
        dense=True,
    )


def _group(site: str, number: int) -> dict[str, str]:
    return {"site": site, "scanner": str(number)}
