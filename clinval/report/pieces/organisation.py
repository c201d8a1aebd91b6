"""People and institutions: investigators, signatures, and the summary of each center's trial."""

from __future__ import annotations

from collections.abc import Iterator

from clinval.protocol.endpoint import Endpoint
from clinval.protocol.model import Site
from clinval.report.blocks import Block, Column, Facts, Heading, Paragraph, Rich, Row, Table
from clinval.report.pieces.centers import site_label
from clinval.report.pieces.common import undefined_notes, unit_words
from clinval.report.view import View

__all__ = ["center_summaries", "investigators", "signatures", "signatures_and_seals"]

_WHERE = "disposition"
_PERSON = ("sign.name", "sign.signature", "sign.date")
_ESTIMATES = (  # of an endpoint at a site, by kind: its number and its limits
    ("estimate", "ci_low", "ci_high"),
    ("npv", "npv_low", "npv_high"),  # before the minutes that it rests on
    ("saved", "saved_ci_low", "saved_ci_high"),
)


def investigators(view: View) -> list[Block]:
    """Return institution, country and principal investigator of each site."""
    missing = view.texts("not_supplied")
    rows = tuple(
        Row(cells=(site.id, view.say(site.name), site.country, site.investigator or missing))
        for site in view.protocol.sites
    )
    columns = (
        Column(header=view.texts("table.site"), share=1),
        Column(header=view.texts("table.institution"), share=4),
        Column(header=view.texts("table.country"), share=1),
        Column(header=view.texts("table.investigator"), share=3),
    )
    return [Table(caption=view.texts("table.investigators"), columns=columns, rows=rows)]


def signatures(view: View) -> list[Block]:
    """Return the boxes in which those who answer for the report sign."""
    roles = [view.texts(f"sign.{role}") for role in ("sponsor", "coordinating", "statistician")]
    return [
        Paragraph(text=view.texts("sign.what", hash=view.results.sha256)),
        _boxes(view, [*roles, *_investigators(view)], _PERSON),
    ]


def signatures_and_seals(view: View) -> list[Block]:
    """Return the boxes of investigators' signatures and of institutions' seals."""
    bodies = [view.say(site.name) for site in view.protocol.sites]
    bodies.append(view.texts("sign.of_sponsor", sponsor=view.protocol.study.sponsor))
    return [
        Paragraph(text=view.texts("sign.what", hash=view.results.sha256)),
        _boxes(view, [view.texts("sign.coordinating"), *_investigators(view)], _PERSON),
        _boxes(view, bodies, ("sign.seal", "sign.date")),
    ]


def center_summaries(view: View) -> list[Block]:
    """Return for each center what it did and found, with boxes for signature and seal."""
    return [block for site in view.protocol.sites for block in _summary(view, site)]


def _investigators(view: View) -> list[str]:
    return [view.texts("sign.site", site=site_label(view, site.id)) for site in view.protocol.sites]


def _boxes(view: View, roles: list[str], keys: tuple[str, ...]) -> Block:
    """Return a box for each who signs, with room for each thing to be put there."""
    lines = "\n\n".join(view.texts("sign.line", what=view.texts(key)) for key in keys)
    return Facts(rows=tuple((role, lines) for role in roles))


def _summary(view: View, site: Site) -> Iterator[Block]:
    group = {"site": site.id}
    label = site_label(view, site.id)
    yield Heading(level=2, text=label, anchor=f"center.{site.id}")
    counts: list[tuple[str, Rich]] = [
        (view.texts(key), (view.number(view.record(_WHERE, set_id, statistic, group)),))
        for key, set_id, statistic in (
            ("center.planned", "", "planned"),
            ("center.received", "", "received"),
        )
    ]
    counts += [
        (
            view.texts("center.in_set", set=view.say(declared.label)),
            (view.number(view.record(_WHERE, name, "n", group)),),
        )
        for name, declared in view.protocol.analysis_sets.items()
    ]
    counts += [
        (view.say(form.name), (view.number(view.record(_WHERE, "", f"rows.{form.id}", group)),))
        for form in view.protocol.forms
        if form.id in ("F08", "F09", "F10")
    ]
    yield Facts(
        rows=(
            (view.texts("table.investigator"), site.investigator or view.texts("not_supplied")),
            (view.texts("table.equipment"), site.equipment or view.texts("not_supplied")),
        )
    )
    yield Facts(rows=tuple(counts))
    rows = [row for e in view.protocol.endpoints if (row := _row(e, view, site)) is not None]
    if rows:
        columns = (
            Column(header=view.texts("table.endpoint"), share=4),
            Column(header="n", share=0.8, align="right"),
            Column(header=view.texts("table.estimate"), share=1.4, align="right"),
            Column(header=view.texts("table.interval.any"), share=2.4, align="right"),
        )
        yield Table(
            caption=view.texts("table.center", site=label),
            columns=columns,
            rows=tuple(rows),
            notes=(view.texts("center.note"), *undefined_notes(view, rows)),
            dense=True,
        )
    yield _boxes(view, [view.texts("sign.investigator")], (*_PERSON, "sign.seal"))


def _row(endpoint: Endpoint, view: View, site: Site) -> Row | None:
    """Return what an endpoint gave at a site, nothing where it is not given by site."""
    group = {"site": site.id}
    for estimate, low, high in _ESTIMATES:
        record = view.record(endpoint.id, endpoint.set, estimate, group)
        if record is None:
            continue
        n = view.statistic(endpoint, "n", group)
        limits = view.limits(endpoint, group, names=(low, high))
        name = f"{endpoint.id} {view.say(endpoint.label)}"
        unit = unit_words(view, record.unit).strip()
        label = view.texts("site.with_unit", name=name, unit=unit) if unit else name
        return Row(cells=(label, (n,), (view.number(record),), limits))
    return None
