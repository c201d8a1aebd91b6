"""The sentences that are to be said of the product, each with the limit that decides it."""

from __future__ import annotations

from collections.abc import Mapping

from clinval.core.records import Record
from clinval.protocol.claims import Claim
from clinval.report.blocks import Block, Column, Rich, Row, Strong, Table, runs
from clinval.report.pieces.common import in_parts, undefined_notes, unit_words, word
from clinval.report.view import View

__all__ = ["limit_claims"]


def limit_claims(view: View) -> list[Block]:
    """Return a row for each claim: what has to be passed, estimate, deciding limit, decision."""
    claims = view.protocol.claims
    if not claims:
        return []
    rows = [_row(claim, view) for claim in claims]
    columns = (
        Column(header=view.texts("table.claim"), share=3.4),
        Column(header=view.texts("table.has_to_be_shown"), share=3),
        Column(header=view.texts("table.estimate"), share=1.3, align="right"),
        Column(header=view.texts("limit_claims.limit"), share=1.3, align="right"),
        Column(header=view.texts("table.decision"), share=1.9),
    )
    notes: list[Rich] = [view.texts("limit_claims.note")]
    if view.results.where(endpoint="claims", statistic="decision", value="estimate_only"):
        notes.append(view.texts("limit_claims.estimate_only"))
    sources = [
        view.texts("label.value", name=claim.id, value=view.say(claim.source)) for claim in claims
    ]
    notes += [_by_site(claim, view) for claim in claims if claim.at == "every_site"]
    notes.append(view.texts("limit_claims.sources", sources=view.listed(sources, parts=True)))
    return [
        Table(
            caption=view.texts("table.limit_claims"),
            columns=columns,
            rows=tuple(rows),
            notes=(*notes, *undefined_notes(view, rows)),
            dense=True,
        )
    ]


def _row(claim: Claim, view: View) -> Row:
    """Return the row of a claim; where each site decides, it counts those that show it."""
    set_id, whole = view.protocol.endpoint(claim.endpoint).set, {"claim": claim.id}
    text: Rich = (Strong(claim.id), " " + view.say(claim.text))
    estimate, limit, decision = _decided(set_id, whole, view)
    if claim.at != "every_site":
        threshold = view.record("claims", set_id, "threshold", whole)
        return Row(cells=(text, _what(claim, view, threshold), estimate, limit, decision))
    shown = view.record("claims", set_id, "sites_shown", whole)
    sites = view.texts.rich(
        "limit_claims.sites", shown=view.number(shown), sites=str((shown and shown.n) or 0)
    )
    return Row(cells=(text, _what(claim, view, None), "", sites, decision))


def _by_site(claim: Claim, view: View) -> Rich:
    """Return the limit that decides at each site, and what it decides."""
    set_id = view.protocol.endpoint(claim.endpoint).set
    parts = []
    for site in view.protocol.sites:
        group = {"claim": claim.id, "site": site.id}
        estimate = view.record("claims", set_id, "estimate", group)
        if estimate is not None:
            _, limit, decision = _decided(set_id, group, view)
            unit = unit_words(view, estimate.unit)
            parts.append(
                view.texts.rich(
                    "limit_claims.at_site", site=site.id, limit=(*runs(limit), unit),
                    decision=decision,
                )
            )  # fmt: skip
    return view.texts.rich("limit_claims.by_site", claim=claim.id, sites=in_parts(view, parts))


def _what(claim: Claim, view: View, threshold: Record | None) -> Rich:
    """Return what has to be shown; at every site the threshold is in the site's own currency."""
    endpoint = view.protocol.endpoint(claim.endpoint)
    side = "above" if claim.above is not None else "below"
    kind = "draws" if endpoint.kind == "return_on_investment" else "confidence"
    kind = "prediction" if claim.at == "further_site" else kind
    unit = "" if threshold is None else unit_words(view, threshold.unit)
    bound = f"{claim.threshold:g}" if threshold is None else view.number(threshold)
    return view.texts.rich(
        f"limit_claims.{side}" + (".each" if threshold is None else ""),
        limit=view.texts(f"limit_claims.{kind}", level=f"{endpoint.level:.0%}"),
        bound=(bound, unit),
        endpoint=claim.endpoint,
    )


def _decided(set_id: str, group: Mapping[str, str], view: View) -> tuple[Rich, Rich, Rich]:
    """Return estimate, deciding limit and decision."""
    estimate, limit = (
        (view.number(view.record("claims", set_id, name, group)),) for name in ("estimate", "limit")
    )
    decision = view.record("claims", set_id, "decision", group)
    return estimate, limit, word(view, decision, "limit_claims.decision")
