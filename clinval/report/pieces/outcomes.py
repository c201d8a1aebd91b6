"""Results, endpoint by endpoint, each shown the way of its kind: whole, in brief, or by aspect."""

from __future__ import annotations

from collections.abc import Callable

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Heading, Paragraph
from clinval.report.pieces import Aspect, in_full, of_kind
from clinval.report.pieces.common import MONEY
from clinval.report.view import View

__all__ = [
    "across_sites",
    "across_subgroups",
    "counts_behind_results",
    "economic_results",
    "exploratory_results",
    "primary_decisions",
    "primary_results",
    "quality_results",
    "reader_level",
    "safety_decisions",
    "safety_in_brief",
    "safety_results",
    "secondary_decisions",
    "secondary_results",
    "throughput_results",
    "under_missing",
]

_TIMES = ("throughput", "time_trend")
_VALUE = (*_TIMES, *MONEY)
_READERS = "reader_agreement"


# ---------------------------------------------------------------------- in full, by role


def primary_results(view: View) -> list[Block]:
    """Return the primary endpoints in full."""
    return _results(view, lambda endpoint: endpoint.role == "primary")


def secondary_results(view: View) -> list[Block]:
    """Return the secondary endpoints in full."""
    return _results(view, lambda endpoint: endpoint.role == "secondary")


def exploratory_results(view: View) -> list[Block]:
    """Return the exploratory endpoints in full, nothing where there are none."""
    return _results(view, lambda endpoint: endpoint.role == "exploratory", none="")


def safety_results(view: View) -> list[Block]:
    """Return the safety endpoints in full."""
    return _results(view, lambda endpoint: endpoint.role == "safety")


# ---------------------------------------------------------------------- aspect by aspect


def primary_decisions(view: View) -> list[Block]:
    """Return what was decided on the primary endpoints, and by which numbers."""
    return _results(view, lambda endpoint: endpoint.role == "primary", "decision")


def secondary_decisions(view: View) -> list[Block]:
    """Return the same of the others, but for safety and the agreement of readers."""
    return _results(view, _is_secondary, "decision")


def safety_decisions(view: View) -> list[Block]:
    """Return the same of the safety endpoints."""
    return _results(view, lambda endpoint: endpoint.role == "safety", "decision")


def reader_level(view: View) -> list[Block]:
    """Return the agreement of readers, but for what is primary."""
    return _results(
        view,
        lambda endpoint: endpoint.kind == _READERS and endpoint.role != "primary",
        "decision",
        none="results.no_readers",
    )


def across_sites(view: View) -> list[Block]:
    """Return how results vary across centers."""
    return _results(view, lambda _: True, "sites")


def counts_behind_results(view: View) -> list[Block]:
    """Return the counts and fourfold tables by center that results are computed from."""
    return _results(view, lambda _: True, "counts")


def across_subgroups(view: View) -> list[Block]:
    """Return results by subgroup."""
    return _results(view, lambda _: True, "subgroups", none="results.no_subgroups")


def under_missing(view: View) -> list[Block]:
    """Return results under other assumptions on those that are missing or indeterminate."""
    return _results(view, lambda _: True, "missing", none="results.no_sensitivity")


# ---------------------------------------------------------------------- in brief


def safety_in_brief(view: View) -> list[Block]:
    """Return the safety endpoints in brief."""
    return _in_brief(view, lambda endpoint: endpoint.role == "safety")


def quality_results(view: View) -> list[Block]:
    """Return in brief whether the product is as good: all but throughput, money and safety."""
    return _in_brief(
        view, lambda endpoint: endpoint.kind not in _VALUE and endpoint.role != "safety"
    )


def throughput_results(view: View) -> list[Block]:
    """Return times and exams a day."""
    return _in_brief(view, lambda endpoint: endpoint.kind in _TIMES)


def economic_results(view: View) -> list[Block]:
    """Return the business cases, and what else is money."""
    return _in_brief(view, lambda endpoint: endpoint.kind in MONEY)


def _is_secondary(endpoint: Endpoint) -> bool:
    return endpoint.role in ("secondary", "exploratory") and endpoint.kind != _READERS


def _results(
    view: View,
    wanted: Callable[[Endpoint], bool],
    aspect: Aspect | None = None,
    *,
    none: str = "results.none",
) -> list[Block]:
    """Return results in full, or one aspect of them under headings of its own."""
    blocks: list[Block] = []
    for endpoint in filter(wanted, view.protocol.endpoints):
        found = in_full(endpoint, view, *([aspect] if aspect else []))
        if not found:
            continue
        first = aspect in (None, "decision")
        blocks.append(_heading(endpoint, view, "result" if first else str(aspect)))
        if first and endpoint.rationale is not None:
            blocks.append(Paragraph(text=view.say(endpoint.rationale)))
        blocks += found
    if not blocks and none:
        return [Paragraph(text=view.texts(none), style="note")]
    return blocks


def _in_brief(view: View, wanted: Callable[[Endpoint], bool]) -> list[Block]:
    blocks: list[Block] = []
    for endpoint in filter(wanted, view.protocol.endpoints):
        blocks.append(_heading(endpoint, view, "result"))
        blocks += of_kind(endpoint.kind).result(endpoint, view)
    return blocks or [Paragraph(text=view.texts("results.none"), style="note")]


def _heading(endpoint: Endpoint, view: View, anchor: str) -> Block:
    title = f"{endpoint.id} {view.say(endpoint.label)}"
    return Heading(level=2, text=title, anchor=f"{anchor}.{endpoint.id}")
