"""The pieces that reports are made of.

A piece is a function ``(view) -> blocks``. A report's definition names the pieces it wants; what
shows an endpoint belongs to the endpoint's kind and is found by it, so that a new kind brings its
own pieces along.

A closing piece, ``(view, composed) -> blocks``, looks at what stands before it: the appendix of
records, for one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinval.protocol.endpoint import Endpoint
    from clinval.report.blocks import Block, Rich
    from clinval.report.composed import Composed
    from clinval.report.view import View

__all__ = ["CLOSING", "PIECES", "KindPieces", "closing_piece", "kinds", "of_kind", "piece"]

PIECES = {
    "abbreviations": "clinval.report.pieces.methods",
    "analysis_sets": "clinval.report.pieces.population",
    "arms_and_sites": "clinval.report.pieces.design",
    "at_a_glance": "clinval.report.pieces.summary",
    "cautions": "clinval.report.pieces.integrity",
    "claims": "clinval.report.pieces.summary",
    "completeness": "clinval.report.pieces.population",
    "conclusions": "clinval.report.pieces.summary",
    "counts_by_site": "clinval.report.pieces.population",
    "data_integrity": "clinval.report.pieces.integrity",
    "decided_together": "clinval.report.pieces.multiplicity",
    "design": "clinval.report.pieces.design",
    "disposition": "clinval.report.pieces.population",
    "economic_results": "clinval.report.pieces.outcomes",
    "endpoints_and_methods": "clinval.report.pieces.methods",
    "estimands": "clinval.report.pieces.hypotheses",
    "exploratory_results": "clinval.report.pieces.outcomes",
    "hypotheses": "clinval.report.pieces.hypotheses",
    "key_figures": "clinval.report.pieces.summary",
    "limits": "clinval.report.pieces.integrity",
    "looks": "clinval.report.pieces.multiplicity",
    "methods_used": "clinval.report.pieces.methods",
    "multiplicity_and_size": "clinval.report.pieces.multiplicity",
    "primary_results": "clinval.report.pieces.outcomes",
    "product": "clinval.report.pieces.design",
    "quality_results": "clinval.report.pieces.outcomes",
    "reference_standard": "clinval.report.pieces.design",
    "safety": "clinval.report.pieces.population",
    "safety_in_brief": "clinval.report.pieces.outcomes",
    "safety_results": "clinval.report.pieces.outcomes",
    "second_computations": "clinval.report.pieces.second_engine",
    "secondary_results": "clinval.report.pieces.outcomes",
    "sites": "clinval.report.pieces.design",
    "summary_text": "clinval.report.pieces.design",
    "throughput_results": "clinval.report.pieces.outcomes",
}

CLOSING = {
    "checklists": "clinval.report.pieces.checklists",
    "gaps": "clinval.report.pieces.checklists",
    "records": "clinval.report.pieces.records",
    "records_in_words": "clinval.report.pieces.records",
}

_KINDS = {
    "mean_comparison": "clinval.report.pieces.comparison",
    "performance_goal": "clinval.report.pieces.goal",
    "proportion_comparison": "clinval.report.pieces.comparison",
    "rank_comparison": "clinval.report.pieces.comparison",
    "reader_agreement": "clinval.report.pieces.agreement",
    "return_on_investment": "clinval.report.pieces.investment",
    "throughput": "clinval.report.pieces.throughput",
    "time_to_event": "clinval.report.pieces.comparison",
}


class KindPieces(Protocol):
    """What a kind brings to reports; a module of this package."""

    def headline(self, endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
        """Return the result in one line: what is reported, estimate, interval or detail."""
        ...

    def hypothesis(self, endpoint: Endpoint, view: View) -> Rich:
        """Return what has to be shown, in words."""
        ...

    def result(self, endpoint: Endpoint, view: View, *, brief: bool) -> list[Block]:
        """Return the whole result; ``brief`` leaves out what only a reviewer asks for."""
        ...


def piece(name: str) -> Callable[[View], list[Block]]:
    """Return a piece by name."""
    function: Callable[[View], list[Block]] = getattr(importlib.import_module(PIECES[name]), name)
    return function


def closing_piece(name: str) -> Callable[[View, Composed], list[Block]] | None:
    """Return a closing piece by name, nothing where the name is that of another piece."""
    if name not in CLOSING:
        return None
    function: Callable[[View, Composed], list[Block]] = getattr(
        importlib.import_module(CLOSING[name]), name
    )
    return function


def of_kind(kind: str) -> KindPieces:
    """Return what shows endpoints of a kind."""
    return cast("KindPieces", importlib.import_module(_KINDS[kind]))


def kinds() -> tuple[str, ...]:
    """Return the kinds of endpoints that bring pieces along."""
    return tuple(_KINDS)
