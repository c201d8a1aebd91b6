"""What a clinical evaluation in the EU takes from the report: pillars, inserts, release.

Pillars are those of MDCG 2020-1; the headings of the inserts and the release checklist follow
MEDDEV 2.7/1 rev. 4 (A9, A10), in words of our own.
"""

from __future__ import annotations

from clinval.report.blocks import Block, Column, PageOf, Paragraph, Rich, Row, Strong, Table
from clinval.report.composed import Composed
from clinval.report.pieces.common import in_parts, results_of
from clinval.report.view import View

__all__ = ["cer_inserts", "cer_release", "three_pillars"]

# Where the evidence of each pillar stands: the pieces that show it.
_PILLARS = {
    "association": ("narrative.state_of_the_art", "narrative.background", "narrative.literature"),
    "technical": ("repeatability", "failures", "data_integrity", "narrative.inputs"),
    "clinical": ("primary_results", "secondary_results", "poolability", "conclusions"),
}

# The headings of a clinical evaluation report and the piece that their content stands in.
_HEADINGS = {
    "1": "conclusions", "2": "product", "3": "narrative.state_of_the_art", "4.1": "design",
    "4.2": "narrative.equivalence", "4.3": "primary_results", "4.4": "narrative.literature",
    "4.5": "limits", "4.6.1": "adverse_events", "4.6.2": "benefit_and_risk",
    "4.6.3": "primary_results", "4.6.4": "device_deficiencies", "5": "conclusions",
    "6": "narrative.next_evaluation", "7": "signatures", "8": "narrative.evaluators",
    "9": "narrative.literature",
}  # fmt: skip
_RELEASE = 9  # questions before a clinical evaluation report is released


def three_pillars(view: View, composed: Composed) -> list[Block]:
    """Return where the report has its evidence for each of the three pillars."""
    rows = []
    for pillar, pieces in _PILLARS.items():
        rows.append(
            Row(
                cells=(
                    (Strong(view.texts(f"pillar.{pillar}")),),
                    view.texts(f"pillar.{pillar}.asks"),
                    "",
                    "",
                )
            )
        )
        rows += _places(view, composed, pieces)
    columns = (
        Column(header=view.texts("pillar"), share=2.2),
        Column(header=view.texts("pillar.asks"), share=3.6),
        Column(header=view.texts("table.section"), share=3.4),
        Column(header=view.texts("table.page"), share=0.8, align="right"),
    )
    return [Table(caption=view.texts("table.pillars"), columns=columns, rows=tuple(rows))]


def cer_inserts(view: View, composed: Composed) -> list[Block]:
    """Return for each heading of a clinical evaluation report what this report gives to it."""
    words: dict[str, Rich] = {
        "1": results_of(view, "primary"),
        "2": view.texts("label.value", name=f"{view.protocol.product.name} "
                        f"{view.protocol.product.version}",
                        value=view.say(view.protocol.product.intended_use)),
        "4.1": view.texts("cer.evaluation", study=view.protocol.study.id,
                          design=view.texts(f"design.type.{view.protocol.design.type}")),
        "4.3": _held(view),
        "4.6.1": results_of(view, "safety"),
        "4.6.3": in_parts(view, [results_of(view, "primary"), results_of(view, "secondary")]),
    }  # fmt: skip
    rows = []
    for number, piece in _HEADINGS.items():
        anchor = composed.anchor_of(piece)
        page: Rich = (PageOf(anchor),) if anchor else view.texts("value.none")
        heading = f"{number} {view.texts(f'cer.{number}')}"
        rows.append(Row(cells=(heading, words.get(number, view.texts("cer.see")), page)))
    columns = (
        Column(header=view.texts("cer.heading"), share=2.8),
        Column(header=view.texts("cer.insert"), share=6.4),
        Column(header=view.texts("table.page"), share=0.8, align="right"),
    )
    table = Table(caption=view.texts("table.cer"), columns=columns, rows=tuple(rows))
    return [Paragraph(text=view.texts("cer.what")), table]


def cer_release(view: View, composed: Composed) -> list[Block]:
    """Return the questions to be answered before a clinical evaluation report is released."""
    del composed
    rows = tuple(
        Row(cells=(f"{number}", view.texts(f"cer.release.{number}"), view.texts("cover.yes_no")))
        for number in range(1, _RELEASE + 1)
    )
    columns = (
        Column(header=view.texts("table.number"), share=0.6),
        Column(header=view.texts("cer.question"), share=7),
        Column(header=view.texts("cer.answer"), share=1.8),
    )
    note = view.texts("cer.release.note")
    caption = view.texts("table.release")
    return [Table(caption=caption, columns=columns, rows=rows, notes=(note,))]


def _places(view: View, composed: Composed, pieces: tuple[str, ...]) -> list[Row]:
    """Return the sections of some pieces, each once, with their pages."""
    found: dict[str, Row] = {}
    for placed in composed.placed:
        if placed.piece in pieces and placed.anchor not in found:
            supplied = placed.supplied
            title = placed.title if supplied else view.texts("label.missing", name=placed.title)
            found[placed.anchor] = Row(cells=("", "", title, (PageOf(placed.anchor),)))
    return list(found.values())


def _held(view: View) -> Rich:
    """Return the clinical data of this study, as those that the manufacturer holds."""
    return view.texts.rich(
        "cer.held",
        study=view.protocol.study.id,
        received=view.number(view.record("disposition", "", "received")),
        sites=view.listed(site.id for site in view.protocol.sites),
    )
