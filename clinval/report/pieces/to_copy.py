"""Tables that are ready to be copied: the 510(k) summary and the model card."""

from __future__ import annotations

from clinval.report.blocks import Block, Facts, Heading, Rich
from clinval.report.pieces.common import results_of
from clinval.report.pieces.narrative import fact
from clinval.report.view import View

__all__ = ["model_card", "summary_510k"]


def summary_510k(view: View) -> list[Block]:
    """Return the clinical performance part of a 510(k) summary, as a table."""
    declared = view.protocol
    product = declared.product
    rows: list[tuple[str, Rich]] = [
        (view.texts("cover.device"), f"{product.name} {product.version}"),
        (view.texts("product.manufacturer"), product.manufacturer),
        (view.texts("product.intended_use"), view.say(product.intended_use)),
        (view.texts("copy.technology"), view.say(product.description)),
        fact(view, "predicate"),
        (view.texts("copy.study"), _study(view)),
        (view.texts("copy.results"), results_of(view, "primary")),
        (view.texts("copy.safety"), results_of(view, "safety")),
    ]
    title = view.texts("copy.summary_510k")
    heading = Heading(level=2, text=title, anchor="copy.summary_510k")
    return [heading, Facts(rows=tuple(rows))]


def model_card(view: View) -> list[Block]:
    """Return the model card: what the model is, takes, gives, was made from, and achieves."""
    product = view.protocol.product
    slots = ("inputs", "outputs", "threshold", "training_data", "limitations")
    rows: list[tuple[str, Rich]] = [
        (view.texts("product.name"), f"{product.name} {product.version}"),
        (view.texts("product.intended_use"), view.say(product.intended_use)),
        *(fact(view, slot) for slot in slots),
        (view.texts("copy.evaluated"), _study(view)),
        (view.texts("copy.results"), results_of(view, "primary")),
    ]
    heading = Heading(level=2, text=view.texts("copy.model_card"), anchor="copy.model_card")
    return [heading, Facts(rows=tuple(rows))]


def _study(view: View) -> Rich:
    """Return the study in one line: design, subjects, sites."""
    received = view.record("disposition", "", "received")
    return view.texts.rich(
        "copy.study.text",
        study=view.protocol.study.id,
        design=view.texts(f"design.type.{view.protocol.design.type}"),
        received=view.number(received),
        sites=view.listed(site.id for site in view.protocol.sites),
    )
