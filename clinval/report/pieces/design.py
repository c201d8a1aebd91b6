"""The product, the study, its arms, sites and readers, as the protocol declares them."""

from __future__ import annotations

from clinval.report.blocks import Block, Column, Facts, Paragraph, Rich, Row, Table
from clinval.report.view import View

__all__ = [
    "arms",
    "arms_and_sites",
    "design",
    "product",
    "readers",
    "reference_standard",
    "sites",
    "summary_text",
]


def summary_text(view: View) -> list[Block]:
    """Return the study in the sponsor's words."""
    summary = view.protocol.study.summary
    return [Paragraph(text=view.say(summary), style="lead")] if summary else []


def product(view: View) -> list[Block]:
    """Return the product, its intended use and what it is compared with."""
    declared = view.protocol.product
    rows: list[tuple[str, Rich]] = [
        (view.texts("product.name"), declared.name),
        (view.texts("product.version"), declared.version),
        (view.texts("product.manufacturer"), declared.manufacturer),
        (view.texts("product.kind"), view.texts(f"product.kind.{declared.kind}")),
        (view.texts("product.description"), view.say(declared.description)),
        (view.texts("product.intended_use"), view.say(declared.intended_use)),
    ]
    comparator = view.protocol.comparator
    if comparator is not None:
        words = view.texts(
            "label.value", name=view.say(comparator.name), value=view.say(comparator.description)
        )
        rows.append((view.texts("product.comparator"), words))
    return [Facts(rows=tuple(rows))]


def design(view: View) -> list[Block]:
    """Return how the study was laid out, and who reads what where readers have blocks."""
    declared = view.protocol.design
    rows: list[tuple[str, Rich]] = [
        (view.texts("design.type"), view.texts(f"design.type.{declared.type}")),
        (view.texts("design.description"), view.say(declared.description)),
    ]
    for name in ("order", "blinding"):
        text = getattr(declared, name)
        words = view.say(text) if text else view.texts("not_supplied")
        rows.append((view.texts(f"design.{name}"), words))
    if declared.washout_days is not None:
        words = view.texts("design.washout.days", days=declared.washout_days)
        rows.append((view.texts("design.washout"), words))
    reading = view.protocol.reading
    if reading is not None:
        order = view.texts(f"design.reading.{reading.order}", seed=view.protocol.seed)
        words = view.texts("design.reading.sessions", sessions=reading.sessions, order=order)
        rows.append((view.texts("design.reading"), words))
    regions = view.listed(view.texts(f"region.{region}") for region in view.protocol.regions)
    rows.append((view.texts("design.regions"), regions))
    return [Facts(rows=tuple(rows)), *_blocks(view)]


def _blocks(view: View) -> list[Block]:
    """Return the blocks of readers, nothing where every reader reads everything."""
    rows = []
    for block in view.protocol.reading_blocks:
        chosen, everything = block.subjects, view.texts("reading.all")
        subjects = view.listed(chosen.sites) if chosen.sites else everything
        if chosen.every > 1:
            subjects = view.texts(
                "reading.every", subjects=subjects, every=chosen.every, first=chosen.offset + 1
            )
        arms = view.listed(block.arms) if block.arms else everything
        rows.append(Row(cells=(block.id, view.listed(block.readers), subjects, arms)))
    if not rows:
        return []
    columns = (
        Column(header=view.texts("table.block"), share=1),
        Column(header=view.texts("table.readers"), share=2.5),
        Column(header=view.texts("table.block_cases"), share=3),
        Column(header=view.texts("table.arms"), share=1.5),
    )
    return [Table(caption=view.texts("table.blocks"), columns=columns, rows=tuple(rows))]


def arms_and_sites(view: View) -> list[Block]:
    """Return the tables of arms, sites and readers."""
    return [*arms(view), *sites(view), *readers(view)]


def arms(view: View) -> list[Block]:
    """Return the arms."""
    columns = (
        Column(header=view.texts("table.arm"), share=1),
        Column(header=view.texts("table.role"), share=1),
        Column(header=view.texts("table.label"), share=4),
    )
    rows = tuple(
        Row(cells=(arm.id, view.texts(f"arm.{arm.role}"), view.say(arm.label)))
        for arm in view.protocol.arms
    )
    return [Table(caption=view.texts("table.arms"), columns=columns, rows=rows)]


def readers(view: View) -> list[Block]:
    """Return the readers, nothing where the study has none."""
    if not view.protocol.readers:
        return []
    columns = (
        Column(header=view.texts("table.reader"), share=1),
        Column(header=view.texts("table.label"), share=3),
        Column(header=view.texts("table.experience"), share=2, align="right"),
    )
    missing = view.texts("not_supplied")
    rows = []
    for reader in view.protocol.readers:
        years = reader.experience_years
        experience = missing if years is None else f"{years:g}"
        rows.append(Row(cells=(reader.id, view.say(reader.label), experience)))
    caption = view.texts("table.readers.caption")
    return [Table(caption=caption, columns=columns, rows=tuple(rows))]


def sites(view: View) -> list[Block]:
    """Return the sites, with their investigators where any was named."""
    named = any(site.investigator for site in view.protocol.sites)
    missing = view.texts("not_supplied")
    rows = []
    for site in view.protocol.sites:
        planned = view.number(view.record("disposition", "", "planned", {"site": site.id}))
        investigator = (site.investigator or missing,) if named else ()
        rows.append(
            Row(
                cells=(
                    site.id,
                    view.say(site.name),
                    site.country,
                    *investigator,
                    site.equipment or missing,
                    (planned,),
                )
            )
        )
    investigators = (Column(header=view.texts("table.investigator"), share=2.4),) if named else ()
    columns = (
        Column(header=view.texts("table.site"), share=1),
        Column(header=view.texts("table.name"), share=4),
        Column(header=view.texts("table.country"), share=1.2),
        *investigators,
        Column(header=view.texts("table.equipment"), share=3),
        Column(header=view.texts("table.planned"), share=1.5, align="right"),
    )
    return [Table(caption=view.texts("table.sites"), columns=columns, rows=tuple(rows))]


def reference_standard(view: View) -> list[Block]:
    """Return how the reference standard was set, or that the study has none."""
    declared = view.protocol.design.reference_standard
    if declared is None:
        return [Paragraph(text=view.texts("reference.none"))]
    blocks: list[Block] = [Paragraph(text=view.say(declared))]
    if view.protocol.truth_panel:
        members = view.listed(view.protocol.truth_panel)
        blocks.append(Paragraph(text=view.texts("reference.panel", members=members)))
    return blocks
