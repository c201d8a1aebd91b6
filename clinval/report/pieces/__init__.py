"""The pieces that reports are made of.

A piece is a function ``(view) -> blocks``. A report's definition names the pieces it wants; what
shows an endpoint belongs to the endpoint's kind and is found by it, so that a new kind brings its
own pieces along. ``narrative.<slot>`` is the piece of the sponsor's words in a slot.

A closing piece, ``(view, composed) -> blocks``, looks at what stands before it: the appendix of
records, for one.
"""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.protocol.endpoint import Endpoint
    from clinval.report.blocks import Block, Rich
    from clinval.report.composed import Composed
    from clinval.report.view import View

__all__ = [
    "CLOSING",
    "COVER",
    "PIECES",
    "Aspect",
    "KindPieces",
    "closing_piece",
    "cover_fact",
    "in_full",
    "kinds",
    "known_fact",
    "known_piece",
    "of_kind",
    "piece",
    "similar",
    "slot_of",
]

Aspect = Literal["decision", "sites", "counts", "missing", "subgroups"]
"""A part of a result: what was decided and by which numbers, how it varies across centers, the
counts by center, what it is under other assumptions on missing results, and by subgroup."""

PIECES = {
    "abbreviations": "clinval.report.pieces.methods",
    "across_sites": "clinval.report.pieces.outcomes",
    "across_subgroups": "clinval.report.pieces.outcomes",
    "adverse_events": "clinval.report.pieces.events",
    "amendments": "clinval.report.pieces.amendments",
    "analysis_sets": "clinval.report.pieces.population",
    "arms": "clinval.report.pieces.design",
    "arms_and_sites": "clinval.report.pieces.design",
    "at_a_glance": "clinval.report.pieces.summary",
    "baseline": "clinval.report.pieces.baseline",
    "benefit_and_risk": "clinval.report.pieces.claims",
    "cautions": "clinval.report.pieces.integrity",
    "center_summaries": "clinval.report.pieces.organisation",
    "claim_table": "clinval.report.pieces.claims",
    "claims": "clinval.report.pieces.summary",
    "completeness": "clinval.report.pieces.population",
    "conclusions": "clinval.report.pieces.summary",
    "costs_and_benefits": "clinval.report.pieces.business",
    "counts_behind_results": "clinval.report.pieces.outcomes",
    "counts_by_site": "clinval.report.pieces.population",
    "data_integrity": "clinval.report.pieces.integrity",
    "decided_together": "clinval.report.pieces.multiplicity",
    "decision_asked": "clinval.report.pieces.decision",
    "design": "clinval.report.pieces.design",
    "deviations": "clinval.report.pieces.events",
    "device_deficiencies": "clinval.report.pieces.events",
    "disposition": "clinval.report.pieces.population",
    "economic_results": "clinval.report.pieces.outcomes",
    "endpoints_and_methods": "clinval.report.pieces.methods",
    "estimands": "clinval.report.pieces.hypotheses",
    "exclusions_by_reason": "clinval.report.pieces.population",
    "exploratory_results": "clinval.report.pieces.outcomes",
    "failures": "clinval.report.pieces.events",
    "filling_notes": "clinval.report.pieces.conduct",
    "flow": "clinval.report.pieces.population",
    "hypotheses": "clinval.report.pieces.hypotheses",
    "indeterminate": "clinval.report.pieces.conduct",
    "inference_targets": "clinval.report.pieces.mrmc_targets",
    "investigators": "clinval.report.pieces.organisation",
    "key_figures": "clinval.report.pieces.summary",
    "lay_summary": "clinval.report.pieces.lay",
    "limit_claims": "clinval.report.pieces.limit_claims",
    "limits": "clinval.report.pieces.integrity",
    "listings": "clinval.report.pieces.conduct",
    "looks": "clinval.report.pieces.multiplicity",
    "methods_by_endpoint": "clinval.report.pieces.conduct",
    "methods_used": "clinval.report.pieces.methods",
    "missing_rules": "clinval.report.pieces.conduct",
    "model_card": "clinval.report.pieces.to_copy",
    "multiplicity_and_size": "clinval.report.pieces.multiplicity",
    "poolability": "clinval.report.pieces.conduct",
    "primary_decisions": "clinval.report.pieces.outcomes",
    "primary_results": "clinval.report.pieces.outcomes",
    "product": "clinval.report.pieces.design",
    "quality_results": "clinval.report.pieces.outcomes",
    "rating_numbers": "clinval.report.pieces.raters",
    "reader_level": "clinval.report.pieces.outcomes",
    "reader_study_methods": "clinval.report.pieces.mrmc_targets",
    "readers": "clinval.report.pieces.design",
    "reference_interval": "clinval.report.pieces.reference",
    "reference_results": "clinval.report.pieces.reference",
    "reference_standard": "clinval.report.pieces.design",
    "repeatability": "clinval.report.pieces.conduct",
    "safety": "clinval.report.pieces.events",
    "safety_decisions": "clinval.report.pieces.outcomes",
    "safety_in_brief": "clinval.report.pieces.outcomes",
    "safety_results": "clinval.report.pieces.outcomes",
    "second_computations": "clinval.report.pieces.second_engine",
    "secondary_decisions": "clinval.report.pieces.outcomes",
    "secondary_results": "clinval.report.pieces.outcomes",
    "set_definitions": "clinval.report.pieces.population",
    "set_exclusions": "clinval.report.pieces.population",
    "signatures": "clinval.report.pieces.organisation",
    "signatures_and_seals": "clinval.report.pieces.organisation",
    "site_actions": "clinval.report.pieces.site_front",
    "site_components": "clinval.report.pieces.site_components",
    "site_differing": "clinval.report.pieces.site_results",
    "site_flow": "clinval.report.pieces.site_data",
    "site_funnels": "clinval.report.pieces.site_funnels",
    "site_method": "clinval.report.pieces.site_records",
    "site_performance": "clinval.report.pieces.site_results",
    "site_quality": "clinval.report.pieces.site_data",
    "site_readers": "clinval.report.pieces.site_results",
    "site_return": "clinval.report.pieces.investment",
    "site_summary": "clinval.report.pieces.site_front",
    "site_throughput": "clinval.report.pieces.site_results",
    "sites": "clinval.report.pieces.design",
    "software": "clinval.report.pieces.decision",
    "summary_510k": "clinval.report.pieces.to_copy",
    "summary_text": "clinval.report.pieces.design",
    "throughput_results": "clinval.report.pieces.outcomes",
    "under_missing": "clinval.report.pieces.outcomes",
    "versions": "clinval.report.pieces.conduct",
}

CLOSING = {
    "cer_inserts": "clinval.report.pieces.europe",
    "cer_release": "clinval.report.pieces.europe",
    "checklists": "clinval.report.pieces.checklists",
    "contract_questions": "clinval.report.pieces.decision",
    "evidence_by_level": "clinval.report.pieces.decision",
    "gaps": "clinval.report.pieces.checklists",
    "records": "clinval.report.pieces.records",
    "records_in_words": "clinval.report.pieces.records",
    "site_records": "clinval.report.pieces.site_records",
    "three_pillars": "clinval.report.pieces.europe",
}

COVER = dict.fromkeys(
    (
        "audit", "contact", "data", "device", "investigators", "model", "product", "protocol",
        "registration", "report_number", "results", "site", "sites", "sponsor", "study",
        "third_class",
    ),
    "clinval.report.pieces.cover",
)  # fmt: skip

_KINDS = {
    "accuracy_comparison": "clinval.report.pieces.accuracy_pairs",
    "ai_versus_readers": "clinval.report.pieces.ai_versus_readers",
    "budget_impact": "clinval.report.pieces.budget_impact",
    "component_life": "clinval.report.pieces.components",
    "cost_effectiveness": "clinval.report.pieces.cost_effectiveness",
    "diagnostic_accuracy": "clinval.report.pieces.accuracy",
    "failure_rate": "clinval.report.pieces.components",
    "froc": "clinval.report.pieces.froc",
    "interchangeability": "clinval.report.pieces.interchangeability",
    "mean_comparison": "clinval.report.pieces.comparison",
    "method_comparison": "clinval.report.pieces.method_comparison",
    "mrmc": "clinval.report.pieces.mrmc",
    "ownership": "clinval.report.pieces.ownership",
    "performance_goal": "clinval.report.pieces.goal",
    "phantom_comparison": "clinval.report.pieces.phantom",
    "proportion_comparison": "clinval.report.pieces.comparison",
    "rank_comparison": "clinval.report.pieces.comparison",
    "reader_agreement": "clinval.report.pieces.agreement",
    "return_on_investment": "clinval.report.pieces.investment",
    "roc": "clinval.report.pieces.roc",
    "roc_comparison": "clinval.report.pieces.roc_pairs",
    "segmentation_overlap": "clinval.report.pieces.segmentation",
    "throughput": "clinval.report.pieces.throughput",
    "time_to_event": "clinval.report.pieces.comparison",
    "time_trend": "clinval.report.pieces.time_trend",
}


class KindPieces(Protocol):
    """What a kind brings to reports; a module of this package."""

    def headline(self, endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
        """Return the result in one line: what is reported, estimate, interval or detail."""
        ...

    def hypothesis(self, endpoint: Endpoint, view: View) -> Rich:
        """Return what has to be shown, in words."""
        ...

    def result(self, endpoint: Endpoint, view: View) -> list[Block]:
        """Return the result in brief, without what only a reviewer asks for."""
        ...

    def aspect(self, endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
        """Return one aspect of the whole result, nothing where the kind has none of it."""
        ...


def known_piece(name: str) -> bool:
    """Whether a report's definition may name this piece."""
    return name in PIECES or name in CLOSING or slot_of(name) is not None


def known_fact(name: str) -> bool:
    """Whether a report's definition may name this fact of the cover."""
    return name in COVER or slot_of(name) is not None


def slot_of(name: str) -> str | None:
    """Return the slot of ``narrative.<slot>``, nothing where it is not one."""
    from clinval.protocol.narrative import slots

    first, _, slot = name.partition(".")
    return slot if first == "narrative" and slot in slots() else None


def similar(name: str) -> str:
    """Return the names of pieces, slots and facts of the cover that are close to a wrong one."""
    from clinval.protocol.narrative import slots

    names = [*PIECES, *CLOSING, *COVER, *(f"narrative.{slot}" for slot in slots())]
    return ", ".join(get_close_matches(name, names, n=3, cutoff=0.4)) or "..."


def piece(name: str) -> Callable[[View], list[Block]]:
    """Return a piece by name."""
    slot = slot_of(name)
    if slot is not None:
        words: Callable[..., list[Block]] = _load("clinval.report.pieces.narrative", "narrative")
        return partial(words, slot=slot)
    function: Callable[[View], list[Block]] = _load(PIECES[name], name)
    return function


def closing_piece(name: str) -> Callable[[View, Composed], list[Block]] | None:
    """Return a closing piece by name, nothing where the name is that of another piece."""
    if name not in CLOSING:
        return None
    function: Callable[[View, Composed], list[Block]] = _load(CLOSING[name], name)
    return function


def cover_fact(name: str) -> Callable[[View], list[tuple[str, Rich]]]:
    """Return what gives a fact of the cover: names and values, none where there is nothing."""
    function: Callable[[View], list[tuple[str, Rich]]] = _load(COVER[name], name)
    return function


def _load(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def in_full(endpoint: Endpoint, view: View, *aspects: Aspect) -> list[Block]:
    """Return aspects of a result one after the other, all of them where none is named."""
    kind = of_kind(endpoint.kind)
    return [
        block
        for which in aspects or get_args(Aspect)
        for block in kind.aspect(endpoint, view, which)
    ]


def of_kind(kind: str) -> KindPieces:
    """Return what shows endpoints of a kind."""
    return cast("KindPieces", importlib.import_module(_KINDS[kind]))


def kinds() -> tuple[str, ...]:
    """Return the kinds of endpoints that bring pieces along."""
    return tuple(_KINDS)
