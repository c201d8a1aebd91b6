"""What was amended while the study ran, and which endpoints it touches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clinval.report.blocks import Block, Column, Paragraph, Row, Strong, Table
from clinval.report.view import View

__all__ = ["amendments"]

_LONGEST = 90  # characters of a value in the table; the audit trail has it whole
_ADMINISTRATIVE = "administrative"


def amendments(view: View) -> list[Block]:
    """Return each amendment: when, by whom, why, and a table of what it changed.

    Administrative changes are counted; what touches data or endpoints is listed.
    """
    blocks: list[Block] = []
    for amendment in view.results.provenance.get("amendments", ()):
        changes = amendment["changes"]
        listed = [change for change in changes if change["touches"] != _ADMINISTRATIVE]
        said = view.texts(
            "amendments.applied",
            date=amendment["at_utc"][:10],
            actor=amendment["actor"],
            reason=amendment["reason"],
            administrative=len(changes) - len(listed),
        )
        title = view.texts("amendments.versions", old=amendment["from"], new=amendment["to"])
        blocks.append(Paragraph(text=(Strong(title), " ", said)))
        if listed:
            blocks.append(_table(view, amendment, listed))
    return blocks


def _table(view: View, amendment: Mapping[str, Any], changes: list[Mapping[str, Any]]) -> Table:
    shares = {"what": 3.0, "change": 2.0, "old": 3.0, "new": 3.0, "touches": 2.4}
    return Table(
        caption=view.texts("table.amendment", old=amendment["from"], new=amendment["to"]),
        columns=tuple(
            Column(header=view.texts(f"amendments.{name}"), share=share)
            for name, share in shares.items()
        ),
        rows=tuple(
            Row(
                cells=(
                    _name(change),
                    view.texts(f"amendments.kind.{change['kind']}"),
                    _short(change["old"]),
                    _short(change["new"]),
                    _touched(view, change),
                )
            )
            for change in changes
        ),
        dense=True,
    )


def _name(change: Mapping[str, Any]) -> str:
    """Return what was changed, as the protocol names it: ``forms F05.scan_time_s: range``."""
    place = f"{change['part']} {change['item']}".strip()
    return f"{place}: {change['aspect']}" if change["aspect"] else place


def _touched(view: View, change: Mapping[str, Any]) -> str:
    touches = view.texts(f"amendments.touches.{change['touches']}")
    return f"{touches}: {', '.join(change['endpoints'])}" if change["endpoints"] else touches


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
