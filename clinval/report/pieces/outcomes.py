"""Results, endpoint by endpoint, each shown the way of its kind."""

from __future__ import annotations

from collections.abc import Callable

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Heading, Paragraph
from clinval.report.pieces import of_kind
from clinval.report.view import View

__all__ = [
    "economic_results",
    "exploratory_results",
    "primary_results",
    "quality_results",
    "safety_in_brief",
    "safety_results",
    "secondary_results",
    "throughput_results",
]

_VALUE = ("throughput", "return_on_investment")


def primary_results(view: View) -> list[Block]:
    """Return the primary endpoints in full."""
    return _results(view, lambda endpoint: endpoint.role == "primary")


def secondary_results(view: View) -> list[Block]:
    """Return the secondary endpoints in full."""
    return _results(view, lambda endpoint: endpoint.role == "secondary")


def exploratory_results(view: View) -> list[Block]:
    """Return the exploratory endpoints in full."""
    return _results(view, lambda endpoint: endpoint.role == "exploratory")


def safety_results(view: View) -> list[Block]:
    """Return the safety endpoints in full."""
    return _results(view, lambda endpoint: endpoint.role == "safety")


def safety_in_brief(view: View) -> list[Block]:
    """Return the safety endpoints in brief."""
    return _results(view, lambda endpoint: endpoint.role == "safety", brief=True)


def quality_results(view: View) -> list[Block]:
    """Return in brief whether the product is as good: all but throughput, money and safety."""
    return _results(
        view,
        lambda endpoint: endpoint.kind not in _VALUE and endpoint.role != "safety",
        brief=True,
    )


def throughput_results(view: View) -> list[Block]:
    """Return times and exams a day."""
    return _results(view, lambda endpoint: endpoint.kind == "throughput", brief=True)


def economic_results(view: View) -> list[Block]:
    """Return the business cases."""
    return _results(view, lambda endpoint: endpoint.kind == "return_on_investment", brief=True)


def _results(view: View, wanted: Callable[[Endpoint], bool], *, brief: bool = False) -> list[Block]:
    blocks: list[Block] = []
    for endpoint in view.protocol.endpoints:
        if not wanted(endpoint):
            continue
        title = f"{endpoint.id} {view.say(endpoint.label)}"
        blocks.append(Heading(level=2, text=title, anchor=f"result.{endpoint.id}"))
        if endpoint.rationale is not None and not brief:
            blocks.append(Paragraph(text=view.say(endpoint.rationale)))
        blocks += of_kind(endpoint.kind).result(endpoint, view, brief=brief)
    return blocks or [Paragraph(text=view.texts("results.none"), style="note")]
