"""The summary for readers who are no experts: sentences made by rule from the records.

It follows the headings of the Commission's guidance on the summary of a clinical investigation
report (2023/C 163/06). What has no interval is not stated.
"""

from __future__ import annotations

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Bullets, Facts, Heading, Paragraph, Rich, Strong
from clinval.report.pieces import of_kind
from clinval.report.pieces.common import MONEY, unit_words, verdict_of
from clinval.report.pieces.mrmc_methods import in_plain_words
from clinval.report.view import View

__all__ = ["lay_summary"]


def lay_summary(view: View) -> list[Block]:
    """Return title, purpose, device and methods, results and conclusion in plain words."""
    blocks: list[Block] = []
    for name, part in (
        ("information", _information),
        ("purpose", _purpose),
        ("methods", _methods),
        ("results", _results),
        ("conclusion", _conclusion),
    ):
        title = view.texts(f"lay.{name}")
        blocks += [Heading(level=2, text=title, anchor=f"lay.{name}"), *part(view)]
    return blocks


def _information(view: View) -> list[Block]:
    study = view.protocol.study
    missing = view.texts("not_supplied")
    period = view.protocol.narrative.get("period")
    rows: tuple[tuple[str, Rich], ...] = (
        (view.texts("cover.study"), f"{study.id}, {view.say(study.title)}"),
        (view.texts("cover.registration"), study.registration or missing),
        (view.texts("cover.sponsor"), study.sponsor),
        (view.texts("cover.contact"), study.contact or missing),
        (view.texts("lay.period"), view.say(period) if period else missing),
    )
    return [Facts(rows=rows)]


def _purpose(view: View) -> list[Block]:
    declared = view.protocol.product
    words = view.texts(
        "lay.purpose.text", product=declared.name, use=view.say(declared.intended_use)
    )
    asked = (
        view.say(endpoint.label)
        for endpoint in view.protocol.endpoints
        if endpoint.role == "primary"
    )
    main = view.texts("lay.asked", endpoints=view.listed(asked, parts=True))
    return [Paragraph(text=words), Paragraph(text=main)]


def _methods(view: View) -> list[Block]:
    declared = view.protocol
    counted = view.record("disposition", "", "received")
    words = view.texts.rich(
        "lay.methods.text",
        design=view.say(declared.design.description),
        received=view.number(counted),
        countries=view.listed(dict.fromkeys(site.country for site in declared.sites)),
    )
    return [
        Paragraph(text=view.say(declared.product.description)),
        Paragraph(text=words),
        *(Paragraph(text=said) for said in in_plain_words(view)),
    ]


def _results(view: View) -> list[Block]:
    roles = ("primary", "secondary", "safety")
    found = [e for role in roles for e in view.protocol.endpoints if e.role == role]
    money = [e for e in found if e.kind in MONEY]
    items = tuple(_sentence(endpoint, view) for endpoint in found if endpoint not in money)
    return [Paragraph(text=view.texts("lay.results.how")), Bullets(items=items)]


def _sentence(endpoint: Endpoint, view: View) -> Rich:
    """Return a result as a sentence, with its interval; none where there is no interval."""
    what, estimate, limits = of_kind(endpoint.kind).headline(endpoint, view)
    name = Strong(view.say(endpoint.label))
    if not _known(view, estimate) or not _known(view, limits):
        return view.texts.rich("lay.result.none", endpoint=name)
    sentence = view.texts.rich(
        "lay.result",
        endpoint=name,
        what=what,
        estimate=estimate,
        unit=_unit(view, estimate),
        interval=limits,
        level=f"{endpoint.level:.0%}",
    )
    verdict = verdict_of(endpoint, view)
    return (*sentence, view.texts(f"lay.verdict.{verdict}"))


def _known(view: View, text: Rich) -> bool:
    """Whether a text holds numbers, all of them defined."""
    records = [view.results.get(getattr(run, "record", "")) for run in text]
    found = [record for record in records if record is not None]
    return bool(found) and not any(record.undefined for record in found)


def _unit(view: View, estimate: Rich) -> str:
    records = (view.results.get(getattr(run, "record", "")) for run in estimate)
    unit = next((record.unit for record in records if record is not None), "")
    return "" if unit == "proportion" else unit_words(view, unit)


def _conclusion(view: View) -> list[Block]:
    record = view.results.get("study.claim")
    word = str(record.value) if record else "undefined"
    primaries = [e for e in view.protocol.endpoints if e.role == "primary"]
    if all(verdict_of(endpoint, view) == "none" for endpoint in primaries):
        word = "none"
    return [
        Paragraph(text=view.texts(f"claim.study.{word}") + view.texts("sentence.end")),
        Paragraph(text=view.texts("lay.conclusion.caution")),
    ]
